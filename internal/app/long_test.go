//go:build long

package app_test

import (
	"testing"

	"aval/internal/db"
)

// engines is where forms are filled in: with the tag long, where they were not yet.
func engines(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	on(t, db.Postgres, f)
}

// walk goes through every door on PostgreSQL, and under the other policies.
func walk(t *testing.T, test func(t *testing.T, b *board)) {
	t.Helper()
	onPolicies(t, engines, policies[:1], test)
	onPolicies(t, func(t *testing.T, f func(t *testing.T, d *db.DB)) { on(t, db.SQLite, f) }, policies[1:], test)
}

// sequences is how many of them are tried on an engine under a policy.
const sequences = 500
