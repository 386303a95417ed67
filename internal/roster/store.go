package roster

import (
	"context"
	"fmt"
	"slices"

	"aval/internal/db"
)

// session is an academic session as the board keeps it.
type session struct{ id, source, title, kind, start, end, year, parent, status string }

// allSessions reads those of the board, also those that are gone, by source id.
func allSessions(ctx context.Context, tx *db.Tx) (map[string]session, error) {
	all := map[string]session{}
	err := db.Each(ctx, tx, func(r db.Row) error {
		var s session
		err := r.Scan(&s.id, &s.source, &s.title, &s.kind, &s.start, &s.end, &s.year, &s.parent, &s.status)
		all[s.source] = s
		return err
	}, `SELECT id, source_id, title, kind, start_date, end_date, school_year, parent_id, status FROM academic_session WHERE board_id = $1`, tx.Board)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return all, nil
}

func saveSessions(ctx context.Context, tx *db.Tx, list []session) error {
	rows := make([][]any, len(list))
	for i, s := range list {
		rows[i] = []any{tx.Board, s.id, s.source, s.title, s.kind, s.start, s.end, s.year, s.parent, s.status, tx.Now}
	}
	return db.Bulk(ctx, tx, "academic_session", []string{"board_id", "id", "source_id", "title", "kind", "start_date",
		"end_date", "school_year", "parent_id", "status", "updated_at"}, []string{"board_id", "id"}, rows)
}

func retireSessions(ctx context.Context, tx *db.Tx, ids []string) error {
	_, err := tx.Exec(ctx, `UPDATE academic_session SET status = 'tobedeleted', updated_at = $2
		WHERE board_id = $1 AND id IN `+db.In(3, len(ids)), append([]any{tx.Board, tx.Now}, anys(ids)...)...)
	return err
}

// ofCourse resolves what a staged course refers to: an organisation that is not known is none.
const ofCourse = `(SELECT c.source_id, c.id, COALESCE(o.id, '') AS org_id, c.title, c.code, c.status, c.said FROM staged_course c
	LEFT JOIN org o ON o.board_id = $1 AND o.source_id = c.org) s`

// takeCourses brings courses in step with the stage.
func takeCourses(ctx context.Context, tx *db.Tx) error {
	for _, query := range []string{
		`UPDATE course SET org_id = s.org_id, title = s.title, code = s.code, status = s.status, said = s.said, updated_at = (SELECT at FROM staged_import)
			FROM ` + ofCourse + ` WHERE course.board_id = $1 AND course.source_id = s.source_id
			AND (course.org_id, course.title, course.code, course.status) <> (s.org_id, s.title, s.code, s.status)`,
		`UPDATE course SET said = s.said FROM staged_course s
			WHERE course.board_id = $1 AND course.source_id = s.source_id AND course.said <> s.said`,
		`INSERT INTO course (board_id, id, source_id, org_id, title, code, status, said, updated_at)
			SELECT CAST($1 AS text), s.id, s.source_id, s.org_id, s.title, s.code, s.status, s.said, (SELECT at FROM staged_import)
			FROM ` + ofCourse + ` WHERE NOT EXISTS (SELECT 1 FROM course c WHERE c.board_id = $1 AND c.source_id = s.source_id)`,
	} {
		if _, err := tx.Exec(ctx, query, tx.Board); err != nil {
			return fmt.Errorf("keep courses: %w", err)
		}
	}
	return nil
}

// retireCourses marks the courses that a full file no longer holds, and says how many.
func retireCourses(ctx context.Context, tx *db.Tx) (int, error) {
	n, err := tx.Exec(ctx, `UPDATE course SET status = 'tobedeleted', said = 0, updated_at = $2 WHERE board_id = $1 AND status = 'active'
		AND said IN (SELECT said FROM staged_unseen WHERE file = 'courses')
		AND NOT EXISTS (SELECT 1 FROM staged_course s WHERE s.source_id = course.source_id)
		AND NOT EXISTS (SELECT 1 FROM staged_aside a WHERE a.file = 'courses' AND a.source_id = course.source_id)`, tx.Board, tx.Now)
	return int(n), err
}

func anys(list []string) []any {
	all := make([]any, len(list))
	for i, v := range list {
		all[i] = v
	}
	return all
}

// inParts does something with a list, as many at a time as a statement takes.
func inParts(list []string, do func(some []string) error) error {
	for some := range slices.Chunk(list, 1000) {
		if err := do(some); err != nil {
			return err
		}
	}
	return nil
}
