package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"aval/internal/db"
)

const (
	board     = "bench"
	perSchool = 400
	perClass  = 25
	subjects  = 8
)

// someone is a pupil of the roster.
var someone string

// furnish makes a board of n pupils whose licence, of the whole board, tells of groups.
func furnish(ctx context.Context, d *db.DB, n int) error {
	if err := d.System(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO board (id, name, pack, pack_version, created_at) VALUES ($1, 'Bench', 'csc-pan-2023', '1', $2)`, board, tx.Now)
		return err
	}); err != nil {
		return err
	}
	if err := d.Write(ctx, board, licensed); err != nil {
		return err
	}
	for school := 0; school*perSchool < n; school++ {
		if err := d.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
			return furnishSchool(ctx, tx, fmt.Sprintf("s%04d", school), min(perSchool, n-school*perSchool))
		}); err != nil {
			return err
		}
	}
	return analyse(ctx)
}

// licensed makes the platform, a decision that names the grade, and the licence.
func licensed(ctx context.Context, tx *db.Tx) error {
	for _, s := range []string{
		`INSERT INTO account (board_id, id, login, name, created_at) VALUES ($1, 'x', 'x', 'x', $2)`,
		`INSERT INTO org (board_id, id, source_id, kind, name, updated_at) VALUES ($1, 'b', 'b', 'board', 'Bench', $2)`,
		`INSERT INTO platform (board_id, id, name, status, decision_id, created_at) VALUES ($1, 'p1', 'Tabulou', 'approved', 'd1', $2)`,
		`INSERT INTO request (board_id, id, number, platform_id, org_id, author_id, author_role, data_kinds, state, state_at, created_at)
			VALUES ($1, 'r1', '2026-001', 'p1', 'b', 'x', 'teacher', '["pseudonym","grade"]', 'decided', $2, $2)`,
		`INSERT INTO decision (board_id, id, request_id, platform_id, org_id, use_result, use_reasons, security_result, security_reasons, overall,
			decided_by, decided_at) VALUES ($1, 'd1', 'r1', 'p1', 'b', 'approved', '', 'approved', '', 'approved', 'x', $2)`,
	} {
		if _, err := tx.Exec(ctx, s, tx.Board, tx.Now); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO licence (board_id, id, platform_id, scope, org_id, payer, starts_on, ends_on, recorded_by, created_at)
		VALUES ($1, 'l1', 'p1', 'board', '', 'ddl', $3, '2099-01-01', 'bench', $2)`, tx.Board, tx.Now, tx.Now.AddDate(0, 0, -1).Format("2006-01-02"))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO academic_session (board_id, id, source_id, title, kind, start_date, end_date, school_year)
		VALUES ($1, 'y', 'y', '2026-2027', 'schoolYear', '2026-08-24', '2027-06-25', '2027')`, tx.Board)
	return err
}

func furnishSchool(ctx context.Context, tx *db.Tx, school string, n int) error {
	var people, roles, classes, enrolments [][]any
	put := func(kind, role string) string {
		id := db.NewID()
		people = append(people, []any{id, id, kind, "Alizéa", "Beaumaraise", "04", tx.Now})
		roles = append(roles, []any{id, school, role})
		return id
	}
	enrol := func(class, person, role string) {
		id := db.NewID()
		enrolments = append(enrolments, []any{id, id, class, person, role})
	}
	for begun := 0; begun < n; begun += perClass {
		var group []string
		for range min(perClass, n-begun) {
			group = append(group, put("student", "student"))
		}
		someone = group[0]
		teacher := put("staff", "teacher")
		for i := range subjects {
			class := db.NewID()
			classes = append(classes, []any{class, class, school, fmt.Sprintf("40%d", i)})
			enrol(class, teacher, "teacher")
			for _, pupil := range group {
				enrol(class, pupil, "student")
			}
		}
	}
	for _, t := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"org", []string{"id", "source_id", "kind", "name", "parent_id", "updated_at"},
			[][]any{{school, school, "school", "École " + school, "b", tx.Now}}},
		{"person", []string{"id", "source_id", "kind", "given_name", "family_name", "grade", "updated_at"}, people},
		{"person_role", []string{"person_id", "org_id", "role"}, roles},
		{"class", []string{"id", "source_id", "school_id", "title"}, classes},
		{"enrollment", []string{"id", "source_id", "class_id", "person_id", "role"}, enrolments},
	} {
		if err := db.Bulk(ctx, tx, t.table, t.columns, nil, t.rows); err != nil {
			return err
		}
	}
	return nil
}

// analyse tells PostgreSQL what its tables hold, as its own autovacuum does in a day.
func analyse(ctx context.Context) error {
	if *owner == "" {
		return nil
	}
	conn, err := pgx.Connect(ctx, *owner)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `VACUUM ANALYZE`)
	return errors.Join(err, conn.Close(ctx))
}
