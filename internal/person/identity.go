package person

import (
	"context"
	"fmt"
	"slices"
	"time"

	"aval/internal/db"
	"aval/internal/i18n"
)

// ByHand begins the source id of a record that no source tells of, such as the
// second of two children who were one record: a full set retires it not.
const ByHand = "aval:"

// Rows are those of a table that say in person_id whose they are, and have an id.
// Who keeps such a table names it, so that its rows follow a pupil whose two
// records become one.
type Rows struct {
	Table string
	Also  string // what else is set when a row passes, such as "said = 0"; may be empty
}

// Following are the tables of this package whose rows follow.
func Following() []Rows { return []Rows{{Table: "enrollment", Also: "said = 0"}} }

// Of answers the ids of someone's rows, sorted.
func (r Rows) Of(ctx context.Context, tx *db.Tx, personID string) ([]string, error) {
	return db.All(ctx, tx, scanText, `SELECT id FROM `+r.Table+` WHERE board_id = $1 AND person_id = $2 ORDER BY id`, tx.Board, personID)
}

// Pass gives rows of one person to another; one that is no longer the first's stays where it is.
func (r Rows) Pass(ctx context.Context, tx *db.Tx, ids []string, from, to string) error {
	set := `person_id = $2`
	if r.Also != "" {
		set += `, ` + r.Also
	}
	for some := range slices.Chunk(ids, 500) {
		args := []any{tx.Board, to, from}
		for _, id := range some {
			args = append(args, id)
		}
		if _, err := tx.Exec(ctx, `UPDATE `+r.Table+` SET `+set+` WHERE board_id = $1 AND person_id = $3 AND id IN `+db.In(4, len(some)), args...); err != nil {
			return fmt.Errorf("pass rows of %s: %w", r.Table, err)
		}
	}
	return nil
}

func scanText(r db.Row) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

// Leads answers the own source id of who is meant by each id that was another
// record's before a merge, by that id.
func Leads(ctx context.Context, tx *db.Tx) (map[string]string, error) {
	pairs, err := db.All(ctx, tx, func(r db.Row) (p [2]string, err error) {
		err = r.Scan(&p[0], &p[1])
		return p, err
	}, `SELECT a.source_id, p.source_id FROM person_alias a JOIN person p ON p.board_id = a.board_id AND p.id = a.person_id
		WHERE a.board_id = $1`, tx.Board)
	to := make(map[string]string, len(pairs))
	for _, p := range pairs {
		to[p[0]] = p[1]
	}
	return to, err
}

// AliasesOf answers the source ids that lead to someone beside their own, sorted.
func AliasesOf(ctx context.Context, tx *db.Tx, personID string) ([]string, error) {
	return db.All(ctx, tx, scanText, `SELECT source_id FROM person_alias WHERE board_id = $1 AND person_id = $2 ORDER BY source_id`,
		tx.Board, personID)
}

// Survivor answers who a record's pupil is since it was merged with another: the
// same id where it was not.
func Survivor(ctx context.Context, tx *db.Tx, id string) (string, error) {
	found, err := db.All(ctx, tx, scanText, `SELECT a.person_id FROM person p
		JOIN person_alias a ON a.board_id = p.board_id AND a.source_id = p.source_id
		WHERE p.board_id = $1 AND p.id = $2`, tx.Board, id)
	if err != nil || len(found) == 0 {
		return id, err
	}
	return found[0], nil
}

// Lead makes source ids lead to someone.
func Lead(ctx context.Context, tx *db.Tx, sourceIDs []string, to string) error {
	rows := make([][]any, len(sourceIDs))
	for i, id := range sourceIDs {
		rows[i] = []any{id, to}
	}
	if err := db.Bulk(ctx, tx, "person_alias", []string{"source_id", "person_id"}, []string{"source_id"}, rows); err != nil {
		return fmt.Errorf("keep aliases: %w", err)
	}
	return nil
}

// Unlead makes source ids lead to nobody else.
func Unlead(ctx context.Context, tx *db.Tx, sourceIDs []string) error {
	_, err := tx.Exec(ctx, `DELETE FROM person_alias WHERE board_id = $1 AND source_id IN `+db.In(2, len(sourceIDs)), db.Args(sourceIDs, tx.Board)...)
	if err != nil {
		return fmt.Errorf("drop aliases: %w", err)
	}
	return nil
}

// Stand keeps whether someone is there, under which source id and in which grade;
// the next import compares the whole record, and its posts, anew.
func Stand(ctx context.Context, tx *db.Tx, p Person) error {
	if _, err := tx.Exec(ctx, `UPDATE person_role SET said = 0 WHERE board_id = $1 AND person_id = $2`, tx.Board, p.ID); err != nil {
		return fmt.Errorf("compare roles anew: %w", err)
	}
	return db.Changed(tx.Exec(ctx, `UPDATE person SET status = $1, source_id = $2, grade = $3, said = 0, updated_at = $4
		WHERE board_id = $5 AND id = $6`, p.Status, p.SourceID, p.Grade, tx.Now, tx.Board, p.ID))
}

// PassHistory gives what someone's attributes were to another, save lines that the
// other has too; the acts by which it passed are kept with each, the last first.
func PassHistory(ctx context.Context, tx *db.Tx, from, to, act string) error {
	_, err := tx.Exec(ctx, `UPDATE person_was SET person_id = $1, moved_by = CAST($2 AS text) || moved_by
		WHERE board_id = $3 AND person_id = $4 AND NOT EXISTS (SELECT 1 FROM person_was o WHERE o.board_id = $3 AND o.person_id = $1
			AND o.attribute = person_was.attribute AND o.import_id = person_was.import_id AND o.was = person_was.was)`,
		to, act+" ", tx.Board, from)
	if err != nil {
		return fmt.Errorf("pass history: %w", err)
	}
	return nil
}

// ReturnHistory gives back what an act passed.
func ReturnHistory(ctx context.Context, tx *db.Tx, act, to string) error {
	_, err := tx.Exec(ctx, `UPDATE person_was SET person_id = $1, moved_by = substr(moved_by, $2)
		WHERE board_id = $3 AND moved_by LIKE $4`, to, len(act)+2, tx.Board, act+" %")
	if err != nil {
		return fmt.Errorf("return history: %w", err)
	}
	return nil
}

// Was is what someone's attribute was, until when.
type Was struct {
	Attribute string
	Value     string
	Until     string // day
}

func scanWas(r db.Row) (w Was, err error) {
	var until time.Time
	err = r.Scan(&w.Attribute, &w.Value, &until)
	w.Until = i18n.DayOf(until)
	return w, err
}

// History reads what someone's attributes were, the last first.
func History(ctx context.Context, tx *db.Tx, personID string) ([]Was, error) {
	return db.All(ctx, tx, scanWas, `SELECT attribute, was, until_at FROM person_was
		WHERE board_id = $1 AND person_id = $2 ORDER BY until_at DESC, attribute, was LIMIT 100`, tx.Board, personID)
}

// LeadStaged makes what a set says under an id that leads to someone be said of
// them: before the stage is taken. Where the set holds the record under its own id
// too, that one tells their name and grade, and the other their schools and classes.
// An id that the set says is gone says nothing of who is known under another; under
// their own, a set of changes alone does not say it: the next full one does.
func LeadStaged(ctx context.Context, tx *db.Tx) error {
	n, err := db.One(ctx, tx, func(r db.Row) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	}, `SELECT count(*) FROM person_alias WHERE board_id = $1`, tx.Board)
	if err != nil || n == 0 {
		return err
	}
	const (
		led = `person_alias a JOIN person p ON p.board_id = a.board_id AND p.id = a.person_id`
		// told: the full set repeats the record as it stands, so that it is not staged
		told = `p.status = 'active' AND p.said <> 0 AND p.said NOT IN (SELECT said FROM staged_unseen WHERE file = 'users')
			AND EXISTS (SELECT 1 FROM staged_unseen WHERE file = 'users')`
		alias = `staged_person.source_id IN (SELECT source_id FROM person_alias WHERE board_id = $1)`
	)
	return all(ctx, tx, []step{
		{"forget ids that are gone", `DELETE FROM staged_person WHERE staged_person.status <> 'active' AND ` + alias},
		{"keep who is known under another id", `DELETE FROM staged_person WHERE staged_person.status <> 'active' AND EXISTS (SELECT 1 FROM ` + led + `
			WHERE a.board_id = $1 AND p.source_id = staged_person.source_id AND (
				NOT EXISTS (SELECT 1 FROM staged_unseen WHERE file = 'users') OR ` + told + `
				OR EXISTS (SELECT 1 FROM staged_person s WHERE s.source_id = a.source_id)))`},
		{"prefer the own id", `DELETE FROM staged_person WHERE EXISTS (SELECT 1 FROM ` + led + `
			WHERE a.board_id = $1 AND a.source_id = staged_person.source_id AND (` + told + `
				OR EXISTS (SELECT 1 FROM staged_person s WHERE s.source_id = p.source_id)))`},
		{"keep one of several", `DELETE FROM staged_person WHERE EXISTS (SELECT 1 FROM person_alias a
			JOIN person_alias b ON b.board_id = a.board_id AND b.person_id = a.person_id
			JOIN staged_person s ON s.source_id = b.source_id
			WHERE a.board_id = $1 AND a.source_id = staged_person.source_id AND s.line > staged_person.line)`},
		{"lead people", lead("staged_person", "source_id", "")},
		{"lead roles", lead("staged_post", "person", "")},
		{"lead enrolments", lead("staged_enrollment", "person", "")},
		{"lead what could not be read", lead("staged_aside", "source_id", `file = 'users' AND `)},
	})
}

// lead makes a column of the stage say the own id of whom it leads to.
func lead(table, column, where string) string {
	return `UPDATE ` + table + ` SET ` + column + ` = (SELECT p.source_id FROM person_alias a
		JOIN person p ON p.board_id = a.board_id AND p.id = a.person_id WHERE a.board_id = $1 AND a.source_id = ` + table + `.` + column + `)
		WHERE ` + where + column + ` IN (SELECT source_id FROM person_alias WHERE board_id = $1)`
}
