package db_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
)

// subjects is a stage of one table, of which each row becomes a mark.
var subjects = []db.StageTable{{Name: "staged_subject", Columns: "line bigint NOT NULL, subject text NOT NULL"}}

func fillWith(list ...string) func(context.Context, *db.Stage) error {
	return func(_ context.Context, s *db.Stage) error {
		for i, v := range list {
			if err := s.Put("staged_subject", strconv.Itoa(i), v); err != nil {
				return err
			}
		}
		return s.Key("staged_subject", "subject")
	}
}

func keepStaged(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO control_mark (board_id, control, subject, outcome, note, at)
		SELECT CAST($1 AS text), 'request.described', s.subject, 'conform', '', $2 FROM staged_subject s`, tx.Board, tx.Now)
	return err
}

// leftBeside are the files of stages that stand beside a SQLite database.
func leftBeside(t *testing.T, path string) (left []string) {
	t.Helper()
	all, err := filepath.Glob(path + "-stage-*")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(name string) bool { return strings.HasSuffix(name, "lock") })
}

func TestAStageIsAllOrNothing(t *testing.T) {
	errOurs := errors.New("ours")
	for _, c := range []struct {
		name string
		fill func(context.Context, *db.Stage) error
		f    func(context.Context, *db.Tx) error
		left int64
	}{
		{"a good day is kept", fillWith("one", "two"), keepStaged, 2},
		{"nothing staged is nothing kept", fillWith(), keepStaged, 0},
		{"what fills it fails", func(ctx context.Context, s *db.Stage) error {
			return errors.Join(fillWith("one")(ctx, s), errOurs)
		}, keepStaged, 0},
		{"what follows it fails", fillWith("one", "two"), func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(keepStaged(ctx, tx), errOurs)
		}, 0},
		{"a statement fails and is passed over", fillWith("one", "one"), func(ctx context.Context, tx *db.Tx) error {
			_ = keepStaged(ctx, tx)
			return nil
		}, 0},
		{"a row of the wrong width", func(_ context.Context, s *db.Stage) error { return s.Put("staged_subject", "1") }, keepStaged, 0},
		{"a row for no table", func(_ context.Context, s *db.Stage) error { return s.Put("person", "1", "2") }, keepStaged, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				b := dbtest.Board(t, d)
				err := d.StageAndWrite(t.Context(), b, subjects, c.fill, c.f)
				if got := marks(t, d, b); (err != nil) != (c.left == 0 && c.name != "nothing staged is nothing kept") || got != c.left {
					t.Errorf("kept %d, want %d: %v", got, c.left, err)
				}
				// The next one is not in the way of what went wrong.
				if err := d.StageAndWrite(t.Context(), b, subjects, fillWith("three"), keepStaged); err != nil || marks(t, d, b) != c.left+1 {
					t.Errorf("the next: %v", err)
				}
			})
		})
	}
}

func TestAStageHoldsWhatWasPut(t *testing.T) {
	strange := []string{"", `a\b`, "tab\there", "line\nbreak", "return\rhere", `\N`, `\.`, "'; DROP TABLE person; --", "œuvre « é »", strings.Repeat("long ", 50_000)}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var got []string
		err := d.StageAndRead(t.Context(), dbtest.Board(t, d), subjects, fillWith(strange...), func(ctx context.Context, tx *db.Tx) (err error) {
			got, err = db.All(ctx, tx, word, `SELECT subject FROM staged_subject ORDER BY line`)
			return err
		})
		if err != nil || !slices.Equal(got, strange) {
			t.Errorf("%.200q, %v", got, err)
		}
	})
}

func TestWhoOnlyLooksKeepsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := dbtest.Board(t, d)
		_ = d.StageAndRead(t.Context(), b, subjects, fillWith("one"), keepStaged) // whether it is refused or forgotten
		if n := marks(t, d, b); n != 0 {
			t.Errorf("kept %d", n)
		}
	})
}

func TestOthersGoOnBesideAStage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := dbtest.Board(t, d)
		fill := func(ctx context.Context, s *db.Stage) error {
			// While a set is read, others write.
			if err := d.Write(ctx, b, func(ctx context.Context, tx *db.Tx) error { return mark(ctx, tx, "other") }); err != nil {
				return err
			}
			return fillWith("one", "two")(ctx, s)
		}
		err := d.StageAndWrite(t.Context(), b, subjects, fill, func(ctx context.Context, tx *db.Tx) error {
			if err := keepStaged(ctx, tx); err != nil {
				return err
			}
			// While it is merged, others read what stood before.
			if n := marks(t, d, b); n != 1 {
				t.Errorf("others see %d marks", n)
			}
			return nil
		})
		if n := marks(t, d, b); err != nil || n != 3 {
			t.Errorf("in the end %d marks: %v", n, err)
		}
	})
}

// A set of which nothing is new keeps the connection silent for as long as it is read.
func TestAStageMayBeSilentForLong(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	err := d.StageAndWrite(t.Context(), dbtest.Board(t, d), subjects, fillWith(), func(ctx context.Context, tx *db.Tx) error {
		limit, err := db.One(ctx, tx, word, `SELECT current_setting('idle_in_transaction_session_timeout')`)
		if limit != "0" {
			t.Errorf("it is ended after %s", limit)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAStageThatWasKilledIsSweptByTheNext(t *testing.T) {
	dsn := dbtest.DSN(t, db.SQLite)
	path := strings.TrimPrefix(dsn, "sqlite:")
	d, err := db.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := os.WriteFile(path+"-stage-killed", []byte("names"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := dbtest.Board(t, d)
	seen := func(context.Context, *db.Tx) error {
		left := leftBeside(t, path)
		if len(left) != 1 || strings.HasSuffix(left[0], "killed") {
			t.Errorf("beside the database: %v", left)
			return nil
		}
		info, err := os.Stat(left[0])
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the stage's file: %v, %v", info.Mode(), err)
		}
		return nil
	}
	if err := d.StageAndWrite(t.Context(), b, subjects, fillWith("one"), seen); err != nil {
		t.Fatal(err)
	}
	if left := leftBeside(t, path); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = d.StageAndWrite(ctx, b, subjects, fillWith("two"), func(ctx context.Context, tx *db.Tx) error {
		defer cancel()
		return keepStaged(ctx, tx)
	})
	if n := marks(t, d, b); !errors.Is(err, context.Canceled) || n != 0 || len(leftBeside(t, path)) > 0 {
		t.Errorf("one that was cancelled: %d marks, %v", n, err)
	}
}
