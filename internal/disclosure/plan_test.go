package disclosure_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/disclosure"
)

// A page is read in the order of the key, wherever it begins: PostgreSQL's plan
// sorts nothing, reads no whole table and starts no worker, also after it has seen
// the prepared statement often enough to settle on one plan.
func TestThePlanOfAPage(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	w := newReadWorld(t, d)
	w.grow(3000)
	w.read(func(ctx context.Context, tx *db.Tx) error {
		for name, q := range map[string]disclosure.Query{
			"the first page":  {Limit: 100},
			"a page far down": {Limit: 100, After: "x-02500"},
			"one":             {Value: "x-01500", Limit: 1},
		} {
			for range 6 {
				if _, err := disclosure.Users(ctx, tx, nil, w.terms, q); err != nil {
					return err
				}
			}
			text, args, err := disclosure.Reader{Tx: tx}.Statement(ctx, w.terms, disclosure.OfUser, q)
			if err != nil {
				return err
			}
			plan := explain(ctx, t, tx, text, args)
			plan += generic(ctx, t, tx, text, args)
			for _, bad := range []string{"Gather", "Seq Scan on disclosed", "Seq Scan on person ", "Hash Right Join", "Sort Key: d.value"} {
				if strings.Contains(plan, bad) {
					t.Errorf("%s: the plan has %q:\n%s", name, bad, plan)
				}
			}
		}
		return nil
	})
}

// generic is the plan that is kept for every argument.
func generic(ctx context.Context, t *testing.T, tx *db.Tx, text string, args []any) string {
	t.Helper()
	set := func(mode string) {
		if _, err := tx.Exec(ctx, `SET LOCAL plan_cache_mode = `+mode); err != nil {
			t.Fatal(err)
		}
	}
	set("force_generic_plan")
	defer set("force_custom_plan")
	return explain(ctx, t, tx, text, args)
}

func explain(ctx context.Context, t *testing.T, tx *db.Tx, text string, args []any) string {
	t.Helper()
	rows, err := tx.Postgres().Query(ctx, "EXPLAIN "+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	return plan.String()
}

// grow adds pupils to the first licence, and tells PostgreSQL of them.
func (w *readWorld) grow(n int) {
	w.Helper()
	err := w.Write(w.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
		var people, shown, roles [][]any
		for i := range n {
			id, role := fmt.Sprintf("x%05d", i), "student"
			if i%100 == 0 {
				role = "teacher"
			}
			people = append(people, []any{id, id, "student", "Prénom", "Nom", readAt})
			roles = append(roles, []any{id, "s1", role})
			shown = append(shown, []any{"l1", "user", fmt.Sprintf("x-%05d", i), id, role, readAt})
		}
		if err := db.Bulk(ctx, tx, "person", []string{"id", "source_id", "kind", "given_name", "family_name", "updated_at"}, nil, people); err != nil {
			return err
		}
		if err := db.Bulk(ctx, tx, "person_role", []string{"person_id", "org_id", "role"}, nil, roles); err != nil {
			return err
		}
		return db.Bulk(ctx, tx, "disclosed", []string{"licence_id", "kind", "value", "subject_id", "role", "changed_at"}, nil, shown)
	})
	if err != nil {
		w.Fatal(err)
	}
	dbtest.OwnerExec(w.T, w.DB, `ANALYZE`)
}
