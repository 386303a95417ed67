package db_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
)

// indexesOf are the names of a table's indexes on SQLite; PostgreSQL keeps its own.
func indexesOf(ctx context.Context, t *testing.T, tx *db.Tx) []string {
	t.Helper()
	if tx.SQLite() == nil {
		return nil
	}
	var names string
	err := tx.SQLite().QueryRowContext(ctx, `SELECT group_concat(name, ' ') FROM
		(SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'enrollment' ORDER BY name)`).Scan(&names)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(names)
}

// A table that is filled has the indexes that it had, also where filling it fails; one
// that holds something keeps them all along.
func TestATableIsFilledBeforeItsIndexes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board, stop := dbtest.Board(t, d), errors.New("stop")
		var before []string
		fill := func(id string, away bool, end error) {
			t.Helper()
			err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
				if before == nil {
					before = indexesOf(ctx, t, tx)
				}
				err := tx.Fill(ctx, "enrollment", func() error {
					if is := indexesOf(ctx, t, tx); tx.SQLite() != nil && (len(is) < len(before)) != away {
						t.Errorf("%s: meanwhile it has %v of %v", id, is, before)
					}
					if _, err := tx.Exec(ctx, `INSERT INTO enrollment (board_id, id, class_id, person_id, role) VALUES ($1, $2, 'c', 'p', 'student')`, tx.Board, id); err != nil {
						return err
					}
					return end
				})
				if is := indexesOf(ctx, t, tx); err == nil && !slices.Equal(is, before) {
					t.Errorf("%s: it has %v, want %v", id, is, before)
				}
				return err
			})
			if !errors.Is(err, end) {
				t.Errorf("%s: %v, want %v", id, err, end)
			}
		}
		fill("refused", true, stop)
		fill("first", true, nil)
		fill("second", false, nil)
	})
}
