package db_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
)

// indexesOf are the names of the indexes of the enrolments.
func indexesOf(ctx context.Context, t *testing.T, tx *db.Tx) []string {
	t.Helper()
	query := `SELECT indexname FROM pg_indexes WHERE tablename = 'enrollment' ORDER BY indexname`
	if tx.SQLite() != nil {
		query = `SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'enrollment' ORDER BY name`
	}
	names, err := db.All(ctx, tx, func(r db.Row) (name string, err error) { err = r.Scan(&name); return name, err }, query)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// filled fills the enrolments with one, and answers their indexes before, meanwhile and after.
func filled(t *testing.T, d *db.DB, board, id string, end error) (before, meanwhile, after []string, err error) {
	t.Helper()
	err = d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
		before = indexesOf(ctx, t, tx)
		return tx.Fill(ctx, "enrollment", func() error {
			meanwhile = indexesOf(ctx, t, tx)
			_, err := tx.Exec(ctx, `INSERT INTO enrollment (board_id, id, class_id, person_id, role) VALUES ($1, $2, 'c', 'p', 'student')`, tx.Board, id)
			return errors.Join(err, end)
		})
	})
	_ = d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
		after = indexesOf(ctx, t, tx)
		return nil
	})
	return before, meanwhile, after, err
}

// A table that is filled has the indexes that it had, and meanwhile none where it held nothing.
func TestATableIsFilledBeforeItsIndexes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		before, meanwhile, after, err := filled(t, d, board, "first", nil)
		if err != nil || len(before) != 3 || len(meanwhile) > 0 || !slices.Equal(before, after) {
			t.Errorf("%v; it had %v, meanwhile %v, now %v", err, before, meanwhile, after)
		}
		before, meanwhile, after, err = filled(t, d, board, "second", nil)
		if err != nil || !slices.Equal(before, meanwhile) || !slices.Equal(before, after) {
			t.Errorf("once it holds something: %v; it had %v, meanwhile %v, now %v", err, before, meanwhile, after)
		}
	})
}

func TestAFillThatFailsLeavesTheIndexes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		stop := errors.New("stop")
		before, _, after, err := filled(t, d, dbtest.Board(t, d), "refused", stop)
		if !errors.Is(err, stop) || len(before) != 3 || !slices.Equal(before, after) {
			t.Errorf("%v; it had %v, now %v", err, before, after)
		}
	})
}

// Who fills a table that others read does not keep them waiting, nor waits for them long.
func TestATableThatIsReadIsFilledWithItsIndexes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		err := d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			if _, err := db.All(ctx, tx, func(r db.Row) (id string, err error) { err = r.Scan(&id); return id, err },
				`SELECT id FROM enrollment WHERE board_id = $1`, tx.Board); err != nil {
				return err
			}
			_, _, _, err := filled(t, d, board, "first", nil)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A key that is made after a table was filled refuses what breaks it, and nothing is kept.
func TestAFilledTableKeepsItsKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			return tx.Fill(ctx, "enrollment", func() error {
				_, err := tx.Exec(ctx, `INSERT INTO enrollment (board_id, id, class_id, person_id, role)
					VALUES ($1, 'one', 'c', 'p', 'student'), ($1, 'one', 'd', 'q', 'student')`, tx.Board)
				return err
			})
		})
		if err == nil {
			t.Error("two enrolments of one id were taken")
		}
		var n int
		err = d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			return db.Each(ctx, tx, func(db.Row) error { n++; return nil }, `SELECT 1 FROM enrollment WHERE board_id = $1`, tx.Board)
		})
		if err != nil || n > 0 {
			t.Errorf("%d enrolments were kept: %v", n, err)
		}
	})
}
