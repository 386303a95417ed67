package reveal

import (
	"context"
	"fmt"
	"time"

	"aval/internal/db"
	"aval/internal/licence"
	"aval/internal/person"
	"aval/internal/policy"
)

const columns = `id, at, actor_id, role, kind, reason, note, licence_id, class_id, person_id, org_id, second_id, approval_id, file_id, count`

func scan(row db.Row) (l Look, err error) {
	err = row.Scan(&l.ID, &l.At, &l.Actor, &l.Role, &l.Kind, &l.Reason, &l.Note, &l.Licence, &l.Class, &l.Person, &l.Org,
		&l.Second, &l.Approval, &l.File, &l.Count)
	return l, err
}

func insert(ctx context.Context, tx *db.Tx, l Look) error {
	_, err := tx.Exec(ctx, `INSERT INTO reveal (board_id, `+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, tx.Board, l.ID, l.At, l.Actor, string(l.Role),
		string(l.Kind), l.Reason, l.Note, string(l.Licence), l.Class, l.Person, l.Org, l.Second, l.Approval, l.File, l.Count)
	if err != nil {
		return fmt.Errorf("keep reveal: %w", err)
	}
	return nil
}

func scanTime(row db.Row) (t time.Time, err error) {
	err = row.Scan(db.When(&t))
	return t, err
}

func scanCount(row db.Row) (n int, err error) {
	err = row.Scan(&n)
	return n, err
}

// takeTurn makes the actor's other looks wait until the transaction ends, and
// answers when the last alert about them was left.
func takeTurn(ctx context.Context, tx *db.Tx, actorID string) (alerted time.Time, err error) {
	return db.One(ctx, tx, scanTime, `INSERT INTO reveal_turn (board_id, actor_id, turns) VALUES ($1, $2, 1)
		ON CONFLICT (board_id, actor_id) DO UPDATE SET turns = reveal_turn.turns + 1 RETURNING alerted_at`, tx.Board, actorID)
}

func setAlerted(ctx context.Context, tx *db.Tx, actorID string) error {
	return db.Changed(tx.Exec(ctx, `UPDATE reveal_turn SET alerted_at = $1 WHERE board_id = $2 AND actor_id = $3`,
		tx.Now, tx.Board, actorID))
}

// spentBy reads what an actor was shown within the quota in the last hour; a file
// counts once, however many classes it names.
func spentBy(ctx context.Context, tx *db.Tx, actorID string, sets bool) (spent, error) {
	return db.All(ctx, tx, scanTime, `SELECT at FROM reveal WHERE board_id = $1 AND actor_id = $2 AND at > $3
		AND approval_id = '' AND file_id = '' AND (kind IN ('class', 'file')) = $4 ORDER BY at, id`, tx.Board, actorID, tx.Now.Add(-window), sets)
}

// copies counts the sets that were made of a class for a licence.
func copies(ctx context.Context, tx *db.Tx, class string, id licence.ID) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*) FROM reveal WHERE board_id = $1 AND class_id = $2 AND licence_id = $3 AND kind = 'class'`,
		tx.Board, class, string(id))
}

// looksIn reads every look of a week; a file of several classes is one.
func looksIn(ctx context.Context, tx *db.Tx, w Week) ([]Look, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM reveal
		WHERE board_id = $1 AND file_id = '' AND at >= $2 AND at < $3 ORDER BY at, id`,
		tx.Board, w.From, w.To)
}

// tallies counts the looks of a week by actor and role.
func tallies(ctx context.Context, tx *db.Tx, w Week) ([]Tally, error) {
	return db.All(ctx, tx, func(row db.Row) (t Tally, err error) {
		err = row.Scan(&t.Actor, &t.Role, &t.Looks)
		return t, err
	}, `SELECT actor_id, role, count(*) FROM reveal
		WHERE board_id = $1 AND file_id = '' AND at >= $2 AND at < $3 GROUP BY actor_id, role`,
		tx.Board, w.From, w.To)
}

// quotas counts, for each actor who looked in a week, how often the trail tells that they reached the quota.
func quotas(ctx context.Context, tx *db.Tx, w Week) (map[string]int, error) {
	list, err := db.All(ctx, tx, func(row db.Row) (t Tally, err error) {
		err = row.Scan(&t.Actor, &t.Looks)
		return t, err
	}, `SELECT a.actor, count(*) FROM audit_record a
		WHERE a.board_id = $1 AND a.action = 'reveal.quota' AND a.at >= $2 AND a.at < $3
			AND a.subject IN (SELECT 'account:' || r.actor_id FROM reveal r WHERE r.board_id = $1 AND r.at >= $2 AND r.at < $3)
		GROUP BY a.actor`, tx.Board, w.From, w.To)
	by := map[string]int{}
	for _, t := range list {
		by[t.Actor] = t.Looks
	}
	return by, err
}

// insertLetter keeps a letter, unless its account has one of that week.
func insertLetter(ctx context.Context, tx *db.Tx, l Letter) (made bool, err error) {
	n, err := tx.Exec(ctx, `INSERT INTO outlier_letter (board_id, id, week, account_id, left_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (board_id, week, account_id) DO NOTHING`, tx.Board, l.ID, l.Week.key(), l.Account, tx.Now)
	if err != nil {
		return false, fmt.Errorf("keep letter: %w", err)
	}
	return n > 0, nil
}

// GetLetter answers one that was left.
func GetLetter(ctx context.Context, tx *db.Tx, id string) (Letter, error) {
	return db.One(ctx, tx, func(row db.Row) (l Letter, err error) {
		var monday string
		if err = row.Scan(&l.ID, &monday, &l.Account); err != nil {
			return l, err
		}
		l.Week, err = weekFrom(monday)
		return l, err
	}, `SELECT id, week, account_id FROM outlier_letter WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

// licenceOf is the licence that an account is on.
func licenceOf(ctx context.Context, tx *db.Tx, accountID string) (licence.ID, error) {
	return db.One(ctx, tx, func(row db.Row) (id licence.ID, err error) {
		err = row.Scan(&id)
		return id, err
	}, `SELECT licence_id FROM pupil_account WHERE board_id = $1 AND id = $2`, tx.Board, accountID)
}

// about reads the looks at a pupil, alone or with their classes, the newest first.
func about(ctx context.Context, tx *db.Tx, personID string, classes []string, most int) ([]Look, error) {
	args := []any{tx.Board, personID, most}
	or := ""
	if len(classes) > 0 {
		or = ` OR class_id IN ` + db.In(4, len(classes))
		for _, id := range classes {
			args = append(args, id)
		}
	}
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM reveal
		WHERE board_id = $1 AND (person_id = $2`+or+`) ORDER BY at DESC, id DESC LIMIT $3`, args...)
}

const approvalColumns = `id, asked_by, asked_at, org_id, sets, extra, reason, note, approved_by, approved_at,
	(SELECT count(*) FROM reveal r WHERE r.board_id = $1 AND r.approval_id = reveal_approval.id)`

func scanApproval(row db.Row) (a Approval, err error) {
	err = row.Scan(&a.ID, &a.AskedBy, &a.AskedAt, &a.Org, &a.Sets, &a.Extra, &a.Reason, &a.Note, &a.ApprovedBy,
		db.When(&a.ApprovedAt), &a.Used)
	return a, err
}

// GetApproval answers what somebody asked for, given or not.
func GetApproval(ctx context.Context, tx *db.Tx, id string) (Approval, error) {
	return db.One(ctx, tx, scanApproval, `SELECT `+approvalColumns+` FROM reveal_approval WHERE board_id = $1 AND id = $2`,
		tx.Board, id)
}

// granted reads what others allow an actor at this moment, the oldest first.
func granted(ctx context.Context, tx *db.Tx, actorID string, sets bool) ([]Approval, error) {
	return db.All(ctx, tx, scanApproval, `SELECT `+approvalColumns+` FROM reveal_approval
		WHERE board_id = $1 AND asked_by = $2 AND approved_by <> '' AND approved_at > $3 AND sets = $4 ORDER BY approved_at, id`,
		tx.Board, actorID, tx.Now.Add(-window), sets)
}

func insertApproval(ctx context.Context, tx *db.Tx, a Approval) error {
	_, err := tx.Exec(ctx, `INSERT INTO reveal_approval (board_id, id, asked_by, asked_at, org_id, sets, extra, reason, note)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, tx.Board, a.ID, a.AskedBy, a.AskedAt, a.Org, a.Sets, a.Extra, a.Reason, a.Note)
	if err != nil {
		return fmt.Errorf("keep approval: %w", err)
	}
	return nil
}

// keepApproved changes no row, which is a conflict, when somebody was faster.
func keepApproved(ctx context.Context, tx *db.Tx, a Approval) error {
	return db.Changed(tx.Exec(ctx, `UPDATE reveal_approval SET approved_by = $1, approved_at = $2
		WHERE board_id = $3 AND id = $4 AND approved_by = ''`, a.ApprovedBy, a.ApprovedAt, tx.Board, a.ID))
}

// scopes are where a pupil stands, and their classes.
func scopes(ctx context.Context, tx *db.Tx, p person.Person) ([]policy.Scope, []person.Class, error) {
	if p.Status != person.Active {
		return stands(p, nil, nil), nil, nil
	}
	classes, err := person.ClassesOf(ctx, tx, p.ID)
	if err != nil {
		return nil, nil, err
	}
	posts, err := person.Posts(ctx, tx, p.ID)
	return stands(p, classes, posts), classes, err
}

// stands is where a pupil does: their schools, each with all of their classes. Who
// left the roster stands nowhere: only those who see the whole board find them.
func stands(p person.Person, classes []person.Class, posts []person.Post) (all []policy.Scope) {
	if p.Status != person.Active {
		return []policy.Scope{{State: p.Status}}
	}
	in := make([]string, len(classes))
	for i, c := range classes {
		in[i] = c.ID
	}
	for _, post := range posts {
		if post.Role == person.Pupil {
			all = append(all, policy.Scope{Org: post.OrgID, Classes: in, State: p.Status})
		}
	}
	if len(all) == 0 {
		all = []policy.Scope{{Classes: in, State: p.Status}}
	}
	return all
}
