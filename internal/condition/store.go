package condition

import (
	"context"
	"slices"
	"strconv"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

const columns = `c.id, c.platform_id, c.decision_id, c.request_id, c.org_id, c.aspect, c.place, c.text, c.state,
	c.owner_id, c.owner_role, c.due_on, c.made_at, c.closed_by, c.closed_at, c.reason, c.version`

func (c *Condition) into() []any {
	return []any{&c.ID, &c.PlatformID, &c.DecisionID, &c.RequestID, &c.OrgID, &c.Aspect, &c.Place, &c.Text, &c.State,
		&c.Owner.Account, &c.Owner.Role, &c.DueOn, &c.MadeAt, &c.ClosedBy, db.When(&c.ClosedAt), &c.Reason, &c.Version}
}

func scan(row db.Row) (c Condition, err error) {
	err = row.Scan(c.into()...)
	return c, err
}

// get reads a condition and who asked for its platform, or answers NotFound.
func get(ctx context.Context, tx *db.Tx, id ID) (Condition, error) {
	c, err := db.One(ctx, tx, scan, `SELECT `+columns+` FROM condition c WHERE c.board_id = $1 AND c.id = $2`, tx.Board, string(id))
	if err != nil || c.RequestID == "" {
		return c, err
	}
	r, err := request.Get(ctx, tx, c.RequestID)
	scope := r.Scope()
	c.asked = append([]string{scope.Owner}, scope.Also...)
	return c, err
}

// reach are the columns that a permission compares.
var reach = policy.Columns{
	Owner: "c.owner_id",
	Also: `(EXISTS (SELECT 1 FROM request r WHERE r.board_id = c.board_id AND r.id = c.request_id AND (r.author_id = %s OR r.redirected_by = %s))
		OR EXISTS (SELECT 1 FROM request_joiner j WHERE j.board_id = c.board_id AND j.request_id = c.request_id AND j.account_id = %s))`,
	Org:   "c.org_id",
	State: "c.state",
}

// Filter says which conditions are listed.
type Filter struct {
	State    State // all when empty
	Overdue  bool  // only those whose day has passed
	Platform catalogue.ID
	Decision string
	Part     int // from one
}

// pageSize is how many conditions a page lists.
const pageSize = 100

// listed reads the conditions that the actor may read, by platform, the day that comes first
// first; one more than a page, where a part is asked for.
func listed(ctx context.Context, tx *db.Tx, actor policy.Actor, f Filter) ([]Listed, error) {
	query := `SELECT ` + columns + `, p.name, COALESCE(o.name, ''), COALESCE(a.name, '') FROM condition c
		JOIN platform p ON p.board_id = c.board_id AND p.id = c.platform_id
		LEFT JOIN org o ON o.board_id = c.board_id AND o.id = c.org_id
		LEFT JOIN account a ON a.board_id = c.board_id AND a.id = c.owner_id
		WHERE c.board_id = $1`
	args := []any{tx.Board}
	hold := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	if f.State != "" {
		query += ` AND c.state = ` + hold(string(f.State))
	}
	if f.Overdue {
		query += ` AND c.state = 'open' AND c.due_on <> '' AND c.due_on < ` + hold(i18n.DayOf(tx.Now))
	}
	if f.Platform != "" {
		query += ` AND c.platform_id = ` + hold(string(f.Platform))
	}
	if f.Decision != "" {
		query += ` AND c.decision_id = ` + hold(f.Decision)
	}
	where, more := actor.Reach(policy.ConditionRead).Where(actor, reach, len(args)+1)
	args = append(args, more...)
	query += ` AND ` + where + ` ORDER BY p.search, p.id, CASE WHEN c.due_on = '' THEN 1 ELSE 0 END, c.due_on, c.made_at, c.place`
	if f.Part > 0 {
		query += ` LIMIT ` + hold(pageSize+1) + ` OFFSET ` + hold((f.Part-1)*pageSize)
	}
	return db.All(ctx, tx, func(row db.Row) (l Listed, err error) {
		err = row.Scan(append(l.into(), &l.Platform, &l.Org, &l.OwnerName)...)
		l.Late = l.Overdue(i18n.DayOf(tx.Now))
		return l, err
	}, query, args...)
}

// Seen answers the platforms' names of the conditions among these that the actor may read.
func Seen(ctx context.Context, tx *db.Tx, actor policy.Actor, ids []string) (map[string]string, error) {
	names := map[string]string{}
	for part := range slices.Chunk(ids, 500) {
		args := []any{tx.Board}
		for _, id := range part {
			args = append(args, id)
		}
		where, more := actor.Reach(policy.ConditionRead).Where(actor, reach, len(args)+1)
		found, err := db.All(ctx, tx, func(row db.Row) (pair [2]string, err error) {
			err = row.Scan(&pair[0], &pair[1])
			return pair, err
		}, `SELECT c.id, p.name FROM condition c JOIN platform p ON p.board_id = c.board_id AND p.id = c.platform_id
			WHERE c.board_id = $1 AND c.id IN `+db.In(2, len(part))+` AND `+where, append(args, more...)...)
		if err != nil {
			return nil, err
		}
		for _, pair := range found {
			names[pair[0]] = pair[1]
		}
	}
	return names, nil
}

// of reads every condition of a decision, in its order.
func of(ctx context.Context, tx *db.Tx, decisionID string) ([]Condition, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM condition c WHERE c.board_id = $1 AND c.decision_id = $2 ORDER BY c.place`,
		tx.Board, decisionID)
}

// OfDecisions reads every condition of some decisions, in their order.
func OfDecisions(ctx context.Context, tx *db.Tx, ids []string) (map[string][]Condition, error) {
	by := map[string][]Condition{}
	for part := range slices.Chunk(ids, 500) {
		args := []any{tx.Board}
		for _, id := range part {
			args = append(args, id)
		}
		found, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM condition c WHERE c.board_id = $1 AND c.decision_id IN `+
			db.In(2, len(part))+` ORDER BY c.decision_id, c.place`, args...)
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			by[c.DecisionID] = append(by[c.DecisionID], c)
		}
	}
	return by, nil
}

// openOf reads the open conditions of a platform.
func openOf(ctx context.Context, tx *db.Tx, platform catalogue.ID) ([]Condition, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM condition c
		WHERE c.board_id = $1 AND c.platform_id = $2 AND c.state = 'open' ORDER BY c.id`, tx.Board, string(platform))
}

// late reads the open conditions of a board whose day has passed.
func late(ctx context.Context, tx *db.Tx, today string) ([]ID, error) {
	return db.All(ctx, tx, func(row db.Row) (id ID, err error) {
		err = row.Scan(&id)
		return id, err
	}, `SELECT id FROM condition WHERE board_id = $1 AND state = 'open' AND due_on <> '' AND due_on < $2 ORDER BY id`, tx.Board, today)
}

func insert(ctx context.Context, tx *db.Tx, c Condition) error {
	_, err := tx.Exec(ctx, `INSERT INTO condition (board_id, id, platform_id, decision_id, request_id, org_id, aspect, place, text,
			state, owner_id, owner_role, due_on, made_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		tx.Board, string(c.ID), string(c.PlatformID), c.DecisionID, string(c.RequestID), c.OrgID, string(c.Aspect), c.Place, c.Text,
		string(c.State), c.Owner.Account, string(c.Owner.Role), c.DueOn, c.MadeAt, c.Version)
	return err
}

// update keeps what became of a condition, unless somebody was faster.
func update(ctx context.Context, tx *db.Tx, c *Condition) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE condition SET state = $4, owner_id = $5, owner_role = $6, due_on = $7, closed_by = $8,
			closed_at = $9, reason = $10, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, string(c.ID), c.Version, string(c.State),
		c.Owner.Account, string(c.Owner.Role), c.DueOn, c.ClosedBy, db.Moment(c.ClosedAt), c.Reason))
	if err == nil {
		c.Version++
	}
	return err
}

func insertNote(ctx context.Context, tx *db.Tx, id ID, n Note) error {
	_, err := tx.Exec(ctx, `INSERT INTO condition_note (board_id, id, condition_id, at, author_id, text) VALUES ($1, $2, $3, $4, $5, $6)`,
		tx.Board, n.ID, string(id), n.At, n.Author, n.Text)
	return err
}

func notes(ctx context.Context, tx *db.Tx, id ID) ([]Note, error) {
	return db.All(ctx, tx, func(row db.Row) (n Note, err error) {
		err = row.Scan(&n.ID, &n.At, &n.Author, &n.Text, &n.Name)
		return n, err
	}, `SELECT n.id, n.at, n.author_id, n.text, COALESCE(a.name, '') FROM condition_note n
		LEFT JOIN account a ON a.board_id = n.board_id AND a.id = n.author_id
		WHERE n.board_id = $1 AND n.condition_id = $2 ORDER BY n.at, n.id`, tx.Board, string(id))
}

const fileColumns = `id, condition_id, name, media, size, sha256, added_by, added_at`

func scanFile(row db.Row) (f File, err error) {
	err = row.Scan(&f.ID, &f.ConditionID, &f.Name, &f.Media, &f.Size, &f.SHA256, &f.AddedBy, &f.AddedAt)
	return f, err
}

func insertFile(ctx context.Context, tx *db.Tx, f File) error {
	_, err := tx.Exec(ctx, `INSERT INTO condition_file (board_id, id, condition_id, name, media, size, sha256, added_by, added_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, tx.Board, f.ID, string(f.ConditionID), f.Name, f.Media, f.Size, f.SHA256,
		f.AddedBy, f.AddedAt)
	return err
}

func getFile(ctx context.Context, tx *db.Tx, id string) (File, error) {
	return db.One(ctx, tx, scanFile, `SELECT `+fileColumns+` FROM condition_file WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

func files(ctx context.Context, tx *db.Tx, id ID) ([]File, error) {
	return db.All(ctx, tx, scanFile, `SELECT `+fileColumns+` FROM condition_file
		WHERE board_id = $1 AND condition_id = $2 ORDER BY added_at, id`, tx.Board, string(id))
}

// Candidates answers who may be asked to see to a condition: whoever directs the
// school or department, the evaluating service and its direction, then the people
// of both by name.
func Candidates(ctx context.Context, tx *db.Tx, orgID string) ([]Candidate, error) {
	var list []Candidate
	if orgID != "" {
		kind, err := db.One(ctx, tx, func(row db.Row) (kind string, err error) {
			err = row.Scan(&kind)
			return kind, err
		}, `SELECT kind FROM org WHERE board_id = $1 AND id = $2`, tx.Board, orgID)
		if err != nil {
			return nil, err
		}
		head := policy.Principal
		if kind == "department" {
			head = policy.DepartmentHead
		}
		list = append(list, Candidate{Owner: Owner{Role: head}})
	}
	list = append(list, Candidate{Owner: Owner{Role: policy.Evaluator}}, Candidate{Owner: Owner{Role: policy.EvaluationDirector}})
	people, err := db.All(ctx, tx, func(row db.Row) (c Candidate, err error) {
		err = row.Scan(&c.Owner.Account, &c.Name)
		return c, err
	}, `SELECT a.id, a.name FROM account a WHERE a.board_id = $1 AND NOT a.disabled AND EXISTS (SELECT 1 FROM account_grant g
			WHERE g.board_id = a.board_id AND g.account_id = a.id AND (g.role IN ('evaluator', 'evaluation_director')
				OR g.org_id <> '' AND g.org_id = $2 AND g.role IN ('teacher', 'professional', 'principal', 'department_head')))
		ORDER BY a.name, a.id`, tx.Board, orgID)
	return append(list, people...), err
}

// accountName reads a person's name; "" for nobody.
func accountName(ctx context.Context, tx *db.Tx, id string) (string, error) {
	return name(db.All(ctx, tx, text, `SELECT name FROM account WHERE board_id = $1 AND id = $2`, tx.Board, id))
}

// orgName reads how a school or department is called; "" for none.
func orgName(ctx context.Context, tx *db.Tx, id string) (string, error) {
	return name(db.All(ctx, tx, text, `SELECT name FROM org WHERE board_id = $1 AND id = $2`, tx.Board, id))
}

func name(found []string, err error) (string, error) {
	if len(found) == 0 {
		return "", err
	}
	return found[0], err
}

func text(row db.Row) (s string, err error) {
	err = row.Scan(&s)
	return s, err
}
