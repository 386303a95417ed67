package account

import (
	"context"
	"strings"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/person"
	"aval/internal/policy"
)

const columns = `id, login, name, email, lang, person_id, password, disabled, created_at`

func scan(row db.Row) (a Account, err error) {
	err = row.Scan(&a.ID, &a.Login, &a.Name, &a.Email, &a.Lang, &a.Person, &a.password, &a.Disabled, &a.CreatedAt)
	return a, err
}

// Get reads an account.
func Get(ctx context.Context, tx *db.Tx, id string) (Account, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM account WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

// entry is who an account is, the pack and settings of its board, and one role
// that it holds or one class that it teaches.
type entry struct {
	actor    policy.Actor
	disabled bool
	pack     string
	version  string
	moves    int // how many versions of its policy the board has a day for
	settings string
	grant    policy.Grant // without a role where the line tells none
	class    string       // empty where the line tells none
}

func scanEntry(row db.Row) (e entry, err error) {
	err = row.Scan(&e.actor.ID, &e.actor.Name, &e.actor.Lang, &e.actor.Person, &e.disabled, &e.pack, &e.version, &e.moves, &e.settings,
		&e.grant.Role, &e.grant.Org, &e.grant.From, &e.class)
	return e, err
}

// entriesOf reads an account once for each role that it holds or is lent at a
// moment ($3), and for each class that it teaches, with the policy that its board
// applies that day ($4): one statement, because each page asks for it.
const entriesOf = `SELECT a.id, a.name, a.lang, a.person_id, a.disabled, coalesce(p.pack, b.pack), coalesce(p.version, b.pack_version),
		(SELECT count(*) FROM board_pack c WHERE c.board_id = $1), b.settings,
		coalesce(g.role, ''), coalesce(g.org_id, ''), coalesce(g.from_id, ''), coalesce(g.class_id, '')
	FROM account a JOIN board b ON b.id = a.board_id
	LEFT JOIN board_pack p ON p.board_id = $1 AND p.seq = (SELECT c.seq FROM board_pack c
		WHERE c.board_id = $1 AND c.from_day <= $4 ORDER BY c.from_day DESC, c.seq DESC LIMIT 1)
	LEFT JOIN (
		SELECT role, org_id, '' AS from_id, '' AS class_id FROM account_grant WHERE board_id = $1 AND account_id = $2
		UNION ALL
		SELECT role, org_id, from_id, '' FROM delegation WHERE board_id = $1 AND to_id = $2
			AND starts_at <= $3 AND ends_at > $3 AND ended_at IS NULL
		UNION
		SELECT '', '', '', e.class_id FROM enrollment e JOIN account t ON t.board_id = e.board_id AND t.person_id = e.person_id
			WHERE e.board_id = $1 AND t.id = $2 AND t.person_id <> '' AND e.role = 'teacher' AND e.status = 'active'
	) g ON 1 = 1
	WHERE a.board_id = $1 AND a.id = $2 ORDER BY g.from_id, g.role, g.org_id, g.class_id`

func byLogin(ctx context.Context, tx *db.Tx, login string) (Account, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM account WHERE board_id = $1 AND login = $2`,
		tx.Board, strings.ToLower(strings.TrimSpace(login)))
}

// Holders answers who holds a role at a place (anywhere when orgID is empty),
// those to whom it is lent at this moment included.
func Holders(ctx context.Context, tx *db.Tx, role policy.Role, orgID string) ([]Account, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM account
		WHERE board_id = $1 AND NOT disabled AND id IN (
			SELECT account_id FROM account_grant WHERE board_id = $1 AND role = $2 AND (CAST($3 AS text) = '' OR org_id = $3)
			UNION
			SELECT to_id FROM delegation WHERE board_id = $1 AND role = $2 AND (CAST($3 AS text) = '' OR org_id = $3)
				AND starts_at <= $4 AND ends_at > $4 AND ended_at IS NULL)
		ORDER BY name, id`, tx.Board, string(role), orgID, tx.Now)
}

func personFor(ctx context.Context, tx *db.Tx, n New) (string, error) {
	if n.Person != "" {
		p, err := findPerson(ctx, tx, n.Person)
		if fault.Is(err, fault.NotFound) {
			return "", fault.Form(map[string]string{"person": "account.person_unknown"})
		}
		return p.ID, err
	}
	if n.Email == "" {
		return "", nil
	}
	p, err := person.ByEmail(ctx, tx, n.Email)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return p.ID, err
}

func findPerson(ctx context.Context, tx *db.Tx, id string) (person.Person, error) {
	p, err := person.BySource(ctx, tx, id)
	if fault.Is(err, fault.NotFound) {
		return person.Get(ctx, tx, id)
	}
	return p, err
}

func insert(ctx context.Context, tx *db.Tx, a Account, grants []policy.Grant) error {
	n, err := tx.Exec(ctx, `INSERT INTO account (board_id, id, login, name, email, lang, person_id, password, disabled, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, false, $9) ON CONFLICT DO NOTHING`,
		tx.Board, a.ID, a.Login, a.Name, a.Email, a.Lang, a.Person, a.password, a.CreatedAt)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Form(map[string]string{"login": "account.login_taken"})
	}
	for _, g := range grants {
		if _, err := tx.Exec(ctx, `INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, $2, $3, $4)
			ON CONFLICT DO NOTHING`, tx.Board, a.ID, string(g.Role), g.Org); err != nil {
			return err
		}
	}
	return nil
}

func insertToken(ctx context.Context, tx *db.Tx, accountID, hash, label string) error {
	_, err := tx.Exec(ctx, `INSERT INTO account_token (board_id, hash, account_id, label, created_at) VALUES ($1, $2, $3, $4, $5)`,
		tx.Board, hash, accountID, label, tx.Now)
	return err
}

func tokenOwner(ctx context.Context, tx *db.Tx, hash string) (string, error) {
	return db.One(ctx, tx, func(row db.Row) (id string, err error) {
		err = row.Scan(&id)
		return id, err
	}, `SELECT account_id FROM account_token WHERE board_id = $1 AND hash = $2 AND revoked_at IS NULL`, tx.Board, hash)
}

func insertDelegation(ctx context.Context, tx *db.Tx, d Delegation) error {
	_, err := tx.Exec(ctx, `INSERT INTO delegation (board_id, id, from_id, to_id, role, org_id, starts_at, ends_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, tx.Board, d.ID, d.From, d.To, string(d.Role), d.Org, d.Starts, d.Ends)
	return err
}

func endDelegation(ctx context.Context, tx *db.Tx, id, from string) (int64, error) {
	return tx.Exec(ctx, `UPDATE delegation SET ended_at = $4 WHERE board_id = $1 AND id = $2 AND from_id = $3 AND ended_at IS NULL`,
		tx.Board, id, from, tx.Now)
}

func delegationsFrom(ctx context.Context, tx *db.Tx, from string) ([]Delegation, error) {
	return db.All(ctx, tx, func(row db.Row) (d Delegation, err error) {
		err = row.Scan(&d.ID, &d.From, &d.To, &d.ToName, &d.Role, &d.Org, &d.Starts, &d.Ends)
		return d, err
	}, `SELECT d.id, d.from_id, d.to_id, a.name, d.role, d.org_id, d.starts_at, d.ends_at
		FROM delegation d JOIN account a ON a.board_id = d.board_id AND a.id = d.to_id
		WHERE d.board_id = $1 AND d.from_id = $2 AND d.ended_at IS NULL AND d.ends_at > $3 ORDER BY d.starts_at`, tx.Board, from, tx.Now)
}

func colleaguesOf(ctx context.Context, tx *db.Tx, orgID, except string) ([]Account, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM account
		WHERE board_id = $1 AND NOT disabled AND id <> $3
			AND id IN (SELECT account_id FROM account_grant WHERE board_id = $1 AND org_id = $2)
		ORDER BY name, id`, tx.Board, orgID, except)
}
