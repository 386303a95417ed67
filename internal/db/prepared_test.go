package db_test

import (
	"database/sql"
	"fmt"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
)

// kept is a SQLite database, whose connections keep their statements, with a table of three words.
func kept(t *testing.T) *sql.Tx {
	t.Helper()
	d := dbtest.Open(t, db.SQLite)
	tx, err := d.SQLite().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	if _, err := tx.ExecContext(t.Context(), `CREATE TABLE word (n bigint, w text); INSERT INTO word VALUES (1, 'un'), (2, 'deux'), (3, 'trois')`); err != nil {
		t.Fatal(err)
	}
	return tx
}

func words(t *testing.T, tx *sql.Tx, query string, args ...any) (all []string) {
	t.Helper()
	rows, err := tx.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var w sql.NullString
		if err := rows.Scan(&w); err != nil {
			t.Fatal(err)
		}
		all = append(all, w.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAKeptStatement(t *testing.T) {
	const from = `SELECT w FROM word WHERE n >= $1 ORDER BY n`
	same := func(t *testing.T, got []string, want string) {
		t.Helper()
		if fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	t.Run("is asked again with other arguments", func(t *testing.T) {
		tx := kept(t)
		same(t, words(t, tx, from, 2), "[deux trois]")
		same(t, words(t, tx, from, 4), "[]")
		same(t, words(t, tx, from, nil), "[]")
		same(t, words(t, tx, from, 1), "[un deux trois]")
	})
	t.Run("is asked again while its rows are read", func(t *testing.T) {
		tx := kept(t)
		outer, err := tx.QueryContext(t.Context(), from, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = outer.Close() }()
		var seen []string
		for outer.Next() {
			var w string
			if err := outer.Scan(&w); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, w)
			same(t, words(t, tx, from, 3), "[trois]")
		}
		if err := outer.Err(); err != nil {
			t.Error(err)
		}
		same(t, seen, "[un deux trois]")
	})
	t.Run("is left in the middle of its rows", func(t *testing.T) {
		tx := kept(t)
		for range 3 {
			var w string
			if err := tx.QueryRowContext(t.Context(), from, 2).Scan(&w); err != nil || w != "deux" {
				t.Fatalf("%q, %v", w, err)
			}
		}
	})
	t.Run("sees the tables change", func(t *testing.T) {
		tx := kept(t)
		const all = `SELECT * FROM word WHERE n = $1`
		var n int
		var w, more string
		same(t, words(t, tx, from, 3), "[trois]")
		if err := tx.QueryRowContext(t.Context(), all, 1).Scan(&n, &w); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), `ALTER TABLE word ADD COLUMN more text DEFAULT 'plus'`); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), `CREATE INDEX word_idx ON word (n)`); err != nil {
			t.Fatal(err)
		}
		same(t, words(t, tx, from, 3), "[trois]")
		if err := tx.QueryRowContext(t.Context(), all, 1).Scan(&n, &w, &more); err != nil || more != "plus" {
			t.Errorf("%q, %v", more, err)
		}
	})
	t.Run("fails, and is asked again", func(t *testing.T) {
		tx := kept(t)
		const insert = `INSERT INTO unique_word VALUES ($1)`
		if _, err := tx.ExecContext(t.Context(), `CREATE TABLE unique_word (w text PRIMARY KEY)`); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"", "refused", ""} {
			_, err := tx.ExecContext(t.Context(), insert, []string{"un", "un", "deux"}[i])
			if (err != nil) != (want != "") {
				t.Errorf("the insert %d: %v", i+1, err)
			}
		}
	})
	t.Run("is one of more than are kept", func(t *testing.T) {
		tx := kept(t)
		for i := range 1200 {
			same(t, words(t, tx, fmt.Sprintf(`SELECT w FROM word WHERE n >= $1 AND n <> %d`, 10+i), 3), "[trois]")
		}
		same(t, words(t, tx, from, 3), "[trois]")
	})
	t.Run("that cannot be read is an error each time", func(t *testing.T) {
		tx := kept(t)
		for range 2 {
			if _, err := tx.ExecContext(t.Context(), `DELETE FROM nowhere WHERE n = $1`, 1); err == nil {
				t.Error("it was read")
			}
		}
	})
}
