//go:build !long

package app_test

import (
	"testing"

	"aval/internal/db"
)

// engines is where forms are filled in and every door is tried by everyone. A
// form and a permission are read before a table is, so the quick suite does it on
// SQLite alone, and looks for what one board sees of another there; with the tag
// long it is done on PostgreSQL.
func engines(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	on(t, db.SQLite, f)
}

// walk runs a test that goes through every door, under the first of the policies;
// with the tag long, where the quick suite did not walk.
func walk(t *testing.T, test func(t *testing.T, b *board)) {
	t.Helper()
	onPolicies(t, engines, policies[:1], test)
}

// sequences is how many of them the quick suite tries on an engine under a policy.
const sequences = 40
