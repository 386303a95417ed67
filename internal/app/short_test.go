//go:build !long

package app_test

import (
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
)

// engines is where forms are filled in and every door is tried by everyone. A
// form and a permission are read before a table is, so the quick suite does it on
// SQLite alone, and looks for what one board sees of another there; make test does
// on both.
func engines(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run(string(db.SQLite), func(t *testing.T) { f(t, dbtest.Open(t, db.SQLite)) })
}

// walked is on how many of the policies every door is tried; make test does on all.
const walked = 1

// sequences is how many of them the quick suite tries on an engine under a policy.
const sequences = 40
