package policy_test

import (
	"context"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/policy"
)

func TestCoverage(t *testing.T) {
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		board, other := dbtest.Board(t, d), dbtest.Board(t, d)
		actor := func(role policy.Role) policy.Actor {
			return policy.Actor{ID: "a", Board: board, Pack: pack, Grants: []policy.Grant{{Role: role, Org: "s"}}}
		}
		mark := func(board, control, subject string, o policy.Outcome) {
			t.Helper()
			if err := d.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
				return policy.Mark(ctx, tx, control, subject, o)
			}); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := policy.Coverage(ctx, d, actor(policy.Teacher)); !fault.Is(err, fault.Denied) {
			t.Errorf("a teacher: %v, want denied", err)
		}
		mark(board, "request.authorised", "request:1", policy.Waiting)
		mark(board, "request.authorised", "request:1", policy.Conform)
		mark(board, "request.authorised", "request:2", policy.Waiting)
		mark(board, "licence.payer", "licence:1", policy.Exception)
		mark(board, "privacy.consulted", "request:1", policy.Conform)
		mark(other, "request.authorised", "request:3", policy.Conform)

		id, rows, err := policy.Coverage(ctx, d, actor(policy.Secretary))
		if err != nil || id != "csc-pan-2023" || len(rows) != len(pack.All()) {
			t.Fatalf("Coverage: %q, %d rows, %v; want every clause", id, len(rows), err)
		}
		want := map[string][3]int64{
			"2.2b": {1, 0, 1}, "4.2": {0, 1, 0}, "4.2a": {0, 1, 0}, "4.2b": {0, 1, 0},
			"QC-PIA-02": {1, 0, 0}, "7.2": {2, 1, 1},
		}
		for _, row := range rows {
			if got := [3]int64{row.Conform, row.Exceptions, row.Waiting}; got != want[row.ID] {
				t.Errorf("%s: %v, want %v", row.ID, got, want[row.ID])
			}
		}
		if first := rows[0]; first.ID != "1.1a" || first.Mode != "monitors" || first.Pack != "csc-pan-2023" {
			t.Errorf("first row: %+v", first)
		}
	})
}
