package assessment

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/policy"
	"aval/internal/request"
)

const columns = `a.id, a.request_id, a.platform_id, a.edition, a.corrects_id, a.why, a.state, a.answers, a.risks,
	a.started_by, a.started_at, a.written_by, a.written_at, a.concluded_by, a.concluded_at, a.version,
	EXISTS (SELECT 1 FROM assessment n WHERE n.board_id = a.board_id AND n.request_id = a.request_id
		AND n.edition > a.edition AND n.state = 'concluded')`

func scan(row db.Row) (a Assessment, err error) { return a, scanInto(row, &a) }

func scanInto(row db.Row, a *Assessment, more ...any) error {
	var answers, risks string
	into := []any{&a.ID, &a.RequestID, &a.PlatformID, &a.Edition, &a.Corrects, &a.Why, &a.State, &answers, &risks, &a.StartedBy,
		&a.StartedAt, &a.WrittenBy, &a.WrittenAt, &a.ConcludedBy, db.When(&a.ConcludedAt), &a.Version, &a.Replaced}
	if err := row.Scan(append(into, more...)...); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(answers), &a.Answers); err != nil {
		return fmt.Errorf("answers of an assessment: %w", err)
	}
	if err := json.Unmarshal([]byte(risks), &a.Risks); err != nil {
		return fmt.Errorf("risks of an assessment: %w", err)
	}
	return nil
}

// get reads an edition, or answers NotFound.
func get(ctx context.Context, tx *db.Tx, id ID) (Assessment, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM assessment a WHERE a.board_id = $1 AND a.id = $2`, tx.Board, string(id))
}

// editions reads those of a request, the latest first.
func editions(ctx context.Context, tx *db.Tx, id request.ID) ([]Assessment, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM assessment a WHERE a.board_id = $1 AND a.request_id = $2
		ORDER BY a.edition DESC`, tx.Board, string(id))
}

// Measures are those that the concluded assessments of a platform ask for where
// information leaves Québec: what a contract that is made later begins with (s. 17).
func Measures(ctx context.Context, tx *db.Tx, platform catalogue.ID) (list []string, err error) {
	all, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM assessment a
		JOIN request r ON r.board_id = a.board_id AND r.id = a.request_id AND r.assessment_id = a.id
		WHERE a.board_id = $1 AND a.platform_id = $2 AND r.transfer <> '' ORDER BY a.concluded_at`, tx.Board, string(platform))
	for _, a := range all {
		list = append(list, a.measures()...)
	}
	return list, err
}

func encoded(a Assessment) (answers, risks string, err error) {
	said, err := json.Marshal(a.Answers)
	if err != nil {
		return "", "", err
	}
	list, err := json.Marshal(a.Risks)
	return string(said), string(list), err
}

// insert keeps a new edition; of two at once, one stands.
func insert(ctx context.Context, tx *db.Tx, a Assessment) error {
	answers, risks, err := encoded(a)
	if err != nil {
		return err
	}
	return db.Changed(tx.Exec(ctx, `INSERT INTO assessment (board_id, id, request_id, platform_id, edition, corrects_id, why, state,
			answers, risks, started_by, started_at, written_by, written_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (board_id, request_id, edition) DO NOTHING`,
		tx.Board, string(a.ID), string(a.RequestID), string(a.PlatformID), a.Edition, string(a.Corrects), a.Why, string(a.State),
		answers, risks, a.StartedBy, a.StartedAt, a.WrittenBy, a.WrittenAt, a.Version))
}

// update keeps a draft as it now reads, or concluded, unless somebody was faster;
// a concluded edition does not change.
func update(ctx context.Context, tx *db.Tx, a *Assessment) error {
	answers, risks, err := encoded(*a)
	if err != nil {
		return err
	}
	if err := db.Changed(tx.Exec(ctx, `UPDATE assessment SET state = $4, answers = $5, risks = $6, written_by = $7, written_at = $8,
			concluded_by = $9, concluded_at = $10, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3 AND state = 'draft'`, tx.Board, string(a.ID), a.Version, string(a.State),
		answers, risks, a.WrittenBy, a.WrittenAt, a.ConcludedBy, db.Moment(a.ConcludedAt))); err != nil {
		return err
	}
	a.Version++
	return nil
}

// reach are the columns that a permission compares: the request's.
var reach = policy.Columns{
	Owner: "r.author_id",
	Also: `(r.redirected_by = %s OR EXISTS (SELECT 1 FROM request_joiner j
		WHERE j.board_id = r.board_id AND j.request_id = r.id AND j.account_id = %s))`,
	Org:   "r.org_id",
	State: "r.state",
}

// pageSize is how many editions a page lists.
const pageSize = 100

// listed reads the latest edition of each request that the actor may read, one more
// than a page, the last written first.
func listed(ctx context.Context, tx *db.Tx, actor policy.Actor, f Filter) ([]Listed, error) {
	args := []any{tx.Board}
	hold := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	query := `SELECT ` + columns + `, p.name, r.number, o.name FROM assessment a
		JOIN request r ON r.board_id = a.board_id AND r.id = a.request_id
		JOIN platform p ON p.board_id = a.board_id AND p.id = a.platform_id
		JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id
		WHERE a.board_id = $1 AND NOT EXISTS (SELECT 1 FROM assessment n WHERE n.board_id = a.board_id
			AND n.request_id = a.request_id AND n.edition > a.edition)`
	if f.State != "" {
		query += ` AND a.state = ` + hold(string(f.State))
	}
	where, more := actor.Reach(policy.AssessmentRead).Where(actor, reach, len(args)+1)
	args = append(args, more...)
	query += ` AND ` + where + ` ORDER BY a.written_at DESC, a.id LIMIT ` + hold(pageSize+1) + ` OFFSET ` + hold((max(f.Part, 1)-1)*pageSize)
	return db.All(ctx, tx, func(row db.Row) (l Listed, err error) {
		err = scanInto(row, &l.Assessment, &l.Platform, &l.Number, &l.Org)
		return l, err
	}, query, args...)
}

// Seen answers the platforms' names of the assessments among these that the actor may read.
func Seen(ctx context.Context, tx *db.Tx, actor policy.Actor, ids []string) (map[string]string, error) {
	names := map[string]string{}
	for part := range slices.Chunk(ids, 500) {
		args := []any{tx.Board}
		for _, id := range part {
			args = append(args, id)
		}
		where, more := actor.Reach(policy.AssessmentRead).Where(actor, reach, len(args)+1)
		found, err := db.All(ctx, tx, func(row db.Row) (pair [2]string, err error) {
			err = row.Scan(&pair[0], &pair[1])
			return pair, err
		}, `SELECT a.id, p.name FROM assessment a JOIN platform p ON p.board_id = a.board_id AND p.id = a.platform_id
			JOIN request r ON r.board_id = a.board_id AND r.id = a.request_id
			WHERE a.board_id = $1 AND a.id IN `+db.In(2, len(part))+` AND `+where, append(args, more...)...)
		if err != nil {
			return nil, err
		}
		for _, pair := range found {
			names[pair[0]] = pair[1]
		}
	}
	return names, nil
}

func insertConsultation(ctx context.Context, tx *db.Tx, id request.ID, c Consultation) error {
	_, err := tx.Exec(ctx, `INSERT INTO consultation (board_id, id, request_id, held_on, present, opinion, measures, recorded_by, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, tx.Board, c.ID, string(id), c.HeldOn, c.Present, c.Opinion, c.Measures,
		c.RecordedBy, c.RecordedAt)
	return err
}

func consultations(ctx context.Context, tx *db.Tx, id request.ID) ([]Consultation, error) {
	return db.All(ctx, tx, func(row db.Row) (c Consultation, err error) {
		err = row.Scan(&c.ID, &c.HeldOn, &c.Present, &c.Opinion, &c.Measures, &c.RecordedBy, &c.RecordedAt)
		return c, err
	}, `SELECT id, held_on, present, opinion, measures, recorded_by, recorded_at FROM consultation
		WHERE board_id = $1 AND request_id = $2 ORDER BY held_on, recorded_at, id`, tx.Board, string(id))
}

const fileColumns = `id, request_id, kind, name, media, size, sha256, added_by, added_at`

func scanFile(row db.Row) (f File, err error) {
	err = row.Scan(&f.ID, &f.RequestID, &f.Kind, &f.Name, &f.Media, &f.Size, &f.SHA256, &f.AddedBy, &f.AddedAt)
	return f, err
}

func insertFile(ctx context.Context, tx *db.Tx, f File) error {
	_, err := tx.Exec(ctx, `INSERT INTO assessment_file (board_id, id, request_id, kind, name, media, size, sha256, added_by, added_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, tx.Board, f.ID, string(f.RequestID), string(f.Kind), f.Name, f.Media,
		f.Size, f.SHA256, f.AddedBy, f.AddedAt)
	return err
}

func getFile(ctx context.Context, tx *db.Tx, id string) (File, error) {
	return db.One(ctx, tx, scanFile, `SELECT `+fileColumns+` FROM assessment_file WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

func files(ctx context.Context, tx *db.Tx, id request.ID, kind FileKind) ([]File, error) {
	return db.All(ctx, tx, scanFile, `SELECT `+fileColumns+` FROM assessment_file
		WHERE board_id = $1 AND request_id = $2 AND kind = $3 ORDER BY added_at, id`, tx.Board, string(id), string(kind))
}

// textOf reads one text of the board; "" where there is none.
func textOf(ctx context.Context, tx *db.Tx, query string, id string) (string, error) {
	found, err := db.All(ctx, tx, func(row db.Row) (s string, err error) {
		err = row.Scan(&s)
		return s, err
	}, query, tx.Board, id)
	if len(found) == 0 {
		return "", err
	}
	return found[0], err
}
