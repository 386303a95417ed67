package roster

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"aval/internal/db"
	"aval/internal/person"
)

// held is what the board already holds of a record: the id that stays its own.
type held struct {
	id, source string
	kind       person.Kind
	gone       bool
}

func scanHeld(r db.Row) (held, error) {
	var h held
	var status string
	err := r.Scan(&h.id, &h.source, &h.kind, &status)
	h.gone = status != person.Active
	return h, err
}

// holding says, for each file, what the board holds of it.
var holding = map[string]string{
	"academicSessions": `SELECT id, source_id, '', status FROM academic_session WHERE board_id = $1`,
	"courses":          `SELECT id, source_id, '', status FROM course WHERE board_id = $1`,
	"classes":          `SELECT id, source_id, '', status FROM class WHERE board_id = $1`,
	"users":            `SELECT id, source_id, kind, status FROM person WHERE board_id = $1`,
	"enrollments":      `SELECT id, source_id, '', status FROM enrollment WHERE board_id = $1`,
}

func heldOf(ctx context.Context, tx *db.Tx, file string) (map[string]held, error) {
	list, err := db.All(ctx, tx, scanHeld, holding[file], tx.Board)
	if err != nil {
		return nil, fmt.Errorf("read what is held: %w", err)
	}
	bySource := make(map[string]held, len(list))
	for _, h := range list {
		bySource[h.source] = h
	}
	return bySource, nil
}

// peopleOf reads everyone of the board, also who is gone, by source id.
func peopleOf(ctx context.Context, tx *db.Tx) (map[string]*known, error) {
	list, err := db.All(ctx, tx, func(r db.Row) (*known, error) {
		var k known
		err := r.Scan(&k.SourceID, &k.Kind, &k.GivenName, &k.FamilyName, &k.Email, &k.Number, &k.Grade, &k.Status)
		return &k, err
	}, `SELECT source_id, kind, given_name, family_name, email, number, grade, status FROM person WHERE board_id = $1`, tx.Board)
	if err != nil {
		return nil, fmt.Errorf("read who is known: %w", err)
	}
	people := make(map[string]*known, len(list))
	for _, k := range list {
		people[k.SourceID] = k
	}
	places, err := db.All(ctx, tx, func(r db.Row) (at [2]string, err error) {
		err = r.Scan(&at[0], &at[1])
		return at, err
	}, `SELECT p.source_id, o.source_id FROM person_role r
		JOIN person p ON p.board_id = r.board_id AND p.id = r.person_id
		JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id
		WHERE r.board_id = $1 AND r.role = $2`, tx.Board, string(person.Pupil))
	if err != nil {
		return nil, fmt.Errorf("read where pupils learn: %w", err)
	}
	for _, at := range places {
		people[at[0]].schools = append(people[at[0]].schools, at[1])
	}
	return people, nil
}

func saveSessions(ctx context.Context, tx *db.Tx, rows [][]any) error {
	return db.Bulk(ctx, tx, "academic_session", []string{"board_id", "id", "source_id", "title", "kind", "start_date",
		"end_date", "school_year", "parent_id", "status"}, []string{"board_id", "id"}, rows)
}

func saveCourses(ctx context.Context, tx *db.Tx, rows [][]any) error {
	return db.Bulk(ctx, tx, "course", []string{"board_id", "id", "source_id", "org_id", "title", "code", "status"},
		[]string{"board_id", "id"}, rows)
}

func retireSessions(ctx context.Context, tx *db.Tx, ids []string) error {
	_, err := tx.Exec(ctx, `UPDATE academic_session SET status = 'tobedeleted'
		WHERE board_id = $1 AND id IN `+db.In(2, len(ids)), with(tx.Board, ids)...)
	return err
}

func retireCourses(ctx context.Context, tx *db.Tx, ids []string) error {
	_, err := tx.Exec(ctx, `UPDATE course SET status = 'tobedeleted'
		WHERE board_id = $1 AND id IN `+db.In(2, len(ids)), with(tx.Board, ids)...)
	return err
}

func with(first string, rest []string) []any {
	args := append(make([]any, 0, len(rest)+1), first)
	for _, v := range rest {
		args = append(args, v)
	}
	return args
}

// Done is one import that was made.
type Done struct {
	ID     string
	At     time.Time
	Actor  string
	Report Report
}

// History reads the imports of the board, the last first.
func History(ctx context.Context, tx *db.Tx, limit int) ([]Done, error) {
	return db.All(ctx, tx, scanDone, `SELECT id, at, actor, counts FROM roster_import
		WHERE board_id = $1 ORDER BY at DESC, id LIMIT `+strconv.Itoa(limit), tx.Board)
}

func scanDone(r db.Row) (Done, error) {
	var d Done
	var counts string
	if err := r.Scan(&d.ID, &d.At, &d.Actor, &counts); err != nil {
		return Done{}, err
	}
	if err := json.Unmarshal([]byte(counts), &d.Report); err != nil {
		return Done{}, fmt.Errorf("counts of import %s: %w", d.ID, err)
	}
	return d, nil
}

func saveDone(ctx context.Context, tx *db.Tx, d Done) error {
	counts, err := json.Marshal(d.Report)
	if err != nil {
		return fmt.Errorf("counts of import: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO roster_import (board_id, id, at, actor, counts) VALUES ($1, $2, $3, $4, $5)`,
		tx.Board, d.ID, d.At, d.Actor, string(counts))
	return err
}
