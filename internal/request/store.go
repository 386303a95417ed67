package request

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

var fieldList = strings.Fields(`id number platform_id org_id author_id author_role kind description usage missing data_kinds
	cost_cents pupils new_security follows_id state state_at reason created_at pack pack_version submitted_at authorised_at authorised_by
	acknowledged_at acknowledged_by evaluated_at decided_at closed_at redirected_by personal pia_on committee_on transfer assessment_id
	privacy_by version`)

// columns are those of a request, under the alias r.
var columns = "r." + strings.Join(fieldList, ", r.")

// from is what columns are read from.
const from = ` FROM request r`

func scan(row db.Row) (r Request, err error) {
	err = scanInto(row, &r)
	return r, err
}

// scanInto reads a request and the columns that follow it.
func scanInto(row db.Row, r *Request, more ...any) error {
	var kinds, pack, version string
	into := make([]any, 0, len(fieldList)+len(more))
	into = append(into, &r.ID, &r.Number, &r.PlatformID, &r.OrgID, &r.AuthorID, &r.AuthorRole, &r.Kind, &r.Description,
		&r.Usage, &r.Missing, &kinds, &r.CostCents, &r.Pupils, &r.NewSecurity, &r.FollowsID, &r.State, &r.StateAt,
		&r.Reason, &r.CreatedAt, &pack, &version, db.When(&r.SubmittedAt), db.When(&r.AuthorisedAt), &r.AuthorisedBy,
		db.When(&r.AcknowledgedAt), &r.AcknowledgedBy, db.When(&r.EvaluatedAt), db.When(&r.DecidedAt),
		db.When(&r.ClosedAt), &r.RedirectedBy, &r.Privacy.Personal, &r.Privacy.PIAOn, &r.Privacy.CommitteeOn,
		&r.Privacy.Transfer, &r.Privacy.Assessment, &r.PrivacyBy, &r.Version)
	if err := row.Scan(append(into, more...)...); err != nil {
		return err
	}
	if pack != "" {
		var err error
		if r.Pack, err = policy.Find(pack, version); err != nil {
			return err
		}
	}
	if list, ok := plainList(kinds); ok {
		r.DataKinds = list
	} else if err := json.Unmarshal([]byte(kinds), &r.DataKinds); err != nil {
		return fmt.Errorf("read the data kinds of a request: %w", err)
	}
	return nil
}

// plainList reads a JSON list of words without an escape, as json.Marshal writes
// the codes of a pack, many times faster than package json does.
func plainList(text string) ([]string, bool) {
	words, ok := strings.CutPrefix(text, `["`)
	words, closed := strings.CutSuffix(words, `"]`)
	if !ok || !closed || strings.Contains(words, `\`) {
		return nil, false
	}
	list := strings.Split(words, `","`)
	return list, !slices.ContainsFunc(list, func(word string) bool { return strings.Contains(word, `"`) })
}

func scanText[T ~string](row db.Row) (s T, err error) {
	err = row.Scan(&s)
	return s, err
}

// Get answers a request with its classes and joiners, or the one NotFound.
func Get(ctx context.Context, tx *db.Tx, id ID) (Request, error) {
	r, err := db.One(ctx, tx, scan, `SELECT `+columns+from+` WHERE r.board_id = $1 AND r.id = $2`, tx.Board, string(id))
	if err != nil {
		return r, err
	}
	err = withPeople(ctx, tx, &r)
	return r, err
}

// withPeople reads the classes, the subjects and the joiners of a request.
func withPeople(ctx context.Context, tx *db.Tx, r *Request) (err error) {
	r.Classes, err = db.All(ctx, tx, scanText[string], `SELECT class_id FROM request_class
		WHERE board_id = $1 AND request_id = $2 ORDER BY class_id`, tx.Board, string(r.ID))
	if err != nil {
		return err
	}
	r.Subjects, err = db.All(ctx, tx, scanText[string], `SELECT subject FROM request_subject
		WHERE board_id = $1 AND request_id = $2 ORDER BY subject`, tx.Board, string(r.ID))
	if err != nil {
		return err
	}
	r.Joiners, err = db.All(ctx, tx, scanText[string], `SELECT account_id FROM request_joiner
		WHERE board_id = $1 AND request_id = $2 ORDER BY joined_at, account_id`, tx.Board, string(r.ID))
	return err
}

// values are those of columns, the version aside.
func (r Request) values() []any {
	kinds := []byte("[]")
	if len(r.DataKinds) > 0 {
		kinds, _ = json.Marshal(r.DataKinds) // strings always marshal
	}
	var pack, version string
	if r.Pack != nil {
		pack, version = r.Pack.ID, r.Pack.Version
	}
	return []any{string(r.ID), r.Number, string(r.PlatformID), r.OrgID, r.AuthorID, string(r.AuthorRole), string(r.Kind),
		r.Description, r.Usage, r.Missing, string(kinds), r.CostCents, r.Pupils, r.NewSecurity, string(r.FollowsID),
		string(r.State), r.StateAt, r.Reason, r.CreatedAt, pack, version, db.Moment(r.SubmittedAt), db.Moment(r.AuthorisedAt),
		r.AuthorisedBy, db.Moment(r.AcknowledgedAt), r.AcknowledgedBy, db.Moment(r.EvaluatedAt), db.Moment(r.DecidedAt),
		db.Moment(r.ClosedAt), r.RedirectedBy, r.Privacy.Personal, r.Privacy.PIAOn, r.Privacy.CommitteeOn,
		r.Privacy.Transfer, r.Privacy.Assessment, r.PrivacyBy}
}

// insert numbers a new request and keeps it with its classes.
func insert(ctx context.Context, tx *db.Tx, r *Request) (err error) {
	year := tx.Now.In(i18n.Zone).Year()
	last, err := db.One(ctx, tx, func(row db.Row) (n int64, err error) {
		err = row.Scan(&n)
		return n, err
	},
		`INSERT INTO request_number (board_id, year, last) VALUES ($1, $2, 1)
		ON CONFLICT (board_id, year) DO UPDATE SET last = request_number.last + 1 RETURNING last`, tx.Board, year)
	if err != nil {
		return fmt.Errorf("number a request: %w", err)
	}
	r.ID, r.Number, r.Version = ID(db.NewID()), fmt.Sprintf("%d-%04d", year, last), 1
	_, err = tx.Exec(ctx, `INSERT INTO request (board_id, `+strings.Join(fieldList, ", ")+`)
		VALUES ($1, `+strings.TrimPrefix(db.In(2, len(fieldList)), "("), append(append([]any{tx.Board}, r.values()...), r.Version)...)
	if err != nil {
		return err
	}
	return setClasses(ctx, tx, *r)
}

// Update keeps a request whole, joiners aside, unless somebody else changed it
// since it was read: then it is a Conflict.
func Update(ctx context.Context, tx *db.Tx, r *Request) error {
	v := r.values()
	err := db.Changed(tx.Exec(ctx, `UPDATE request SET platform_id = $3, org_id = $4, author_id = $5, author_role = $6, kind = $7,
		description = $8, usage = $9, missing = $10, data_kinds = $11, cost_cents = $12, pupils = $13, new_security = $14,
		follows_id = $15, state = $16, state_at = $17, reason = $18, submitted_at = $19, authorised_at = $20,
		authorised_by = $21, acknowledged_at = $22, acknowledged_by = $23, evaluated_at = $24, decided_at = $25,
		closed_at = $26, redirected_by = $27, personal = $28, pia_on = $29, committee_on = $30, transfer = $31,
		assessment_id = $32, privacy_by = $33, version = version + 1 WHERE board_id = $1 AND id = $2 AND version = $34`,
		slices.Concat([]any{tx.Board, v[0]}, v[2:18], v[21:], []any{r.Version})...))
	if err != nil {
		return err
	}
	r.Version++
	return nil
}

// keepPack keeps the version of the policy that a request was submitted under.
func keepPack(ctx context.Context, tx *db.Tx, r Request) error {
	return db.Changed(tx.Exec(ctx, `UPDATE request SET pack = $3, pack_version = $4 WHERE board_id = $1 AND id = $2`,
		tx.Board, string(r.ID), r.Pack.ID, r.Pack.Version))
}

// setClasses keeps which classes a request names, and whose data it is about.
func setClasses(ctx context.Context, tx *db.Tx, r Request) error {
	if err := setSubjects(ctx, tx, r); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM request_class WHERE board_id = $1 AND request_id = $2`,
		tx.Board, string(r.ID)); err != nil {
		return err
	}
	for _, class := range r.Classes {
		if _, err := tx.Exec(ctx, `INSERT INTO request_class (board_id, request_id, class_id) VALUES ($1, $2, $3)`,
			tx.Board, string(r.ID), class); err != nil {
			return err
		}
	}
	return nil
}

func addJoiner(ctx context.Context, tx *db.Tx, id ID, account string) error {
	_, err := tx.Exec(ctx, `INSERT INTO request_joiner (board_id, request_id, account_id, joined_at)
		VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, tx.Board, string(id), account, tx.Now)
	return err
}

// evaluates tells whether an account wrote on the evaluation of a request.
func evaluates(ctx context.Context, tx *db.Tx, id ID, account string) (bool, error) {
	found, err := db.All(ctx, tx, scanText[string], `SELECT w.account_id FROM evaluation_writer w
		JOIN evaluation e ON e.board_id = w.board_id AND e.id = w.evaluation_id
		WHERE w.board_id = $1 AND e.request_id = $2 AND w.account_id = $3`, tx.Board, string(id), account)
	return len(found) > 0, err
}

// OpenFor answers the open requests of the board for a platform, oldest first,
// with their joiners. It asks nobody's permission: filter by Scope what is shown.
func OpenFor(ctx context.Context, tx *db.Tx, platform catalogue.ID) ([]Request, error) {
	args := []any{tx.Board, string(platform)}
	for _, s := range open {
		args = append(args, string(s))
	}
	list, err := db.All(ctx, tx, scan, `SELECT `+columns+from+` WHERE r.board_id = $1 AND r.platform_id = $2
		AND r.state IN `+db.In(3, len(open))+` ORDER BY r.created_at, r.id`, args...)
	for i := range list {
		if err == nil {
			err = withPeople(ctx, tx, &list[i])
		}
	}
	return list, err
}

// waitingControls answers the controls that wait for something of a subject.
func waitingControls(ctx context.Context, tx *db.Tx, subject string) ([]string, error) {
	return db.All(ctx, tx, scanText[string], `SELECT control FROM control_mark
		WHERE board_id = $1 AND subject = $2 AND outcome = $3 ORDER BY control`, tx.Board, subject, string(policy.Waiting))
}

// standing answers the request that stands in the way of a new one for the same
// platform by the same school or department: an open one, or the author's own
// that is not sent. It holds the platform: of several who ask at once, each sees
// the one before.
func standing(ctx context.Context, tx *db.Tx, platform catalogue.ID, org, author string, except ID) (Request, error) {
	if err := catalogue.Hold(ctx, tx, platform); err != nil {
		return Request{}, err
	}
	args := []any{tx.Board, string(platform), org, string(Drafted), string(Returned), author, string(except)}
	for _, s := range open {
		args = append(args, string(s))
	}
	return db.One(ctx, tx, scan, `SELECT `+columns+from+` WHERE r.board_id = $1 AND r.platform_id = $2 AND r.org_id = $3
		AND (r.state IN `+db.In(8, len(open))+` OR r.state IN ($4, $5) AND r.author_id = $6) AND r.id <> $7
		ORDER BY r.created_at, r.id LIMIT 1`, args...)
}

// disputed answers the request whose decision did not approve the platform's
// security for this school or department: only a request that follows it, with
// new security functions, may come after (4.1 b). Empty when there is none.
func disputed(ctx context.Context, tx *db.Tx, platform catalogue.ID, org string) (ID, error) {
	id, err := db.One(ctx, tx, scanText[ID], `SELECT request_id FROM decision
		WHERE board_id = $1 AND platform_id = $2 AND org_id = $3 AND security_result <> 'approved'
			AND decided_at = (SELECT max(decided_at) FROM decision WHERE board_id = $1 AND platform_id = $2 AND org_id = $3)
		ORDER BY id LIMIT 1`, tx.Board, string(platform), org)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return id, err
}

// took answers what each request that was closed since then took, from its first
// submission: decided, or refused after it was authorised.
func took(ctx context.Context, tx *db.Tx, since time.Time) ([]time.Duration, error) {
	return db.All(ctx, tx, func(row db.Row) (time.Duration, error) {
		var submitted, closed time.Time
		err := row.Scan(&submitted, &closed)
		return closed.Sub(submitted), err
	}, `SELECT submitted_at, closed_at FROM request WHERE board_id = $1 AND state IN ('decided', 'refused')
		AND submitted_at IS NOT NULL AND authorised_at IS NOT NULL AND closed_at >= $2 AND closed_at <= $3`, tx.Board, since, tx.Now)
}

// names answers the names of accounts.
func names(ctx context.Context, tx *db.Tx, ids ...string) (map[string]string, error) {
	args := []any{tx.Board}
	for _, id := range ids {
		if id != "" && !slices.Contains(args[1:], any(id)) {
			args = append(args, id)
		}
	}
	found := map[string]string{}
	if len(args) == 1 {
		return found, nil
	}
	list, err := db.All(ctx, tx, func(row db.Row) (pair [2]string, err error) {
		err = row.Scan(&pair[0], &pair[1])
		return pair, err
	},
		`SELECT id, name FROM account WHERE board_id = $1 AND id IN `+db.In(2, len(args)-1), args...)
	for _, pair := range list {
		found[pair[0]] = pair[1]
	}
	return found, err
}

// reachColumns are those that a permission compares in a list of requests.
var reachColumns = policy.Columns{
	Owner: "r.author_id",
	Also: `(r.redirected_by = %s OR EXISTS (SELECT 1 FROM request_joiner j
		WHERE j.board_id = r.board_id AND j.request_id = r.id AND j.account_id = %s))`,
	Org:     "r.org_id",
	State:   "r.state",
	Pack:    "r.pack",
	Version: "r.pack_version",
}

// itemFrom and itemColumns read a request with the names that a list shows.
const (
	itemFrom = ` FROM request r
		JOIN platform p ON p.board_id = r.board_id AND p.id = r.platform_id
		JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id
		JOIN account a ON a.board_id = r.board_id AND a.id = r.author_id`
	itemColumns = `, p.name, o.name, o.kind, a.name,
		COALESCE((SELECT d.overall FROM decision d WHERE d.board_id = r.board_id AND d.request_id = r.id), '')`
)

func scanItem(row db.Row) (i Item, err error) {
	err = scanInto(row, &i.Request, &i.Platform, &i.Org, &i.OrgKind, &i.Author, &i.Result)
	return i, err
}
