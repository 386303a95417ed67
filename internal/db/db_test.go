package db_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
)

const insertMark = `INSERT INTO control_mark (board_id, control, subject, outcome, note, at) VALUES ($1, $2, $3, $4, $5, $6)`

func mark(ctx context.Context, tx *db.Tx, subject string) error {
	_, err := tx.Exec(ctx, insertMark, tx.Board, "request.described", subject, "conform", "", tx.Now)
	return err
}

func number(r db.Row) (n int64, err error) {
	err = r.Scan(&n)
	return n, err
}

func word(r db.Row) (s string, err error) {
	err = r.Scan(&s)
	return s, err
}

func instant(r db.Row) (at time.Time, err error) {
	err = r.Scan(&at)
	return at, err
}

// marks counts a board's marks as a transaction of that board sees them.
func marks(t *testing.T, d *db.DB, board string) int64 {
	t.Helper()
	var n int64
	err := d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = db.One(ctx, tx, number, `SELECT count(*) FROM control_mark WHERE board_id = $1`, tx.Board)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWrite(t *testing.T) {
	passedOver := func(ctx context.Context, tx *db.Tx) error {
		_ = mark(ctx, tx, "one")
		_ = mark(ctx, tx, "one") // fails, and is passed over
		return nil
	}
	errOurs := errors.New("ours")
	cases := []struct {
		name string
		do   func(ctx context.Context, tx *db.Tx) error
		fail bool
		left int64
	}{
		{"a good day is kept", func(ctx context.Context, tx *db.Tx) error { return mark(ctx, tx, "one") }, false, 1},
		{"an error leaves nothing", func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(mark(ctx, tx, "one"), errOurs)
		}, true, 0},
		{"a failed statement dooms the rest", passedOver, true, 0},
		{"a hook is done before the commit", func(ctx context.Context, tx *db.Tx) error {
			tx.BeforeCommit(func(ctx context.Context) error {
				tx.BeforeCommit(func(ctx context.Context) error { return mark(ctx, tx, "three") })
				return mark(ctx, tx, "two")
			})
			return mark(ctx, tx, "one")
		}, false, 3},
		{"a hook's error leaves nothing", func(ctx context.Context, tx *db.Tx) error {
			tx.BeforeCommit(func(context.Context) error { return errOurs })
			return mark(ctx, tx, "one")
		}, true, 0},
		{"a statement passed over in a hook dooms the rest", func(ctx context.Context, tx *db.Tx) error {
			tx.BeforeCommit(func(ctx context.Context) error { return passedOver(ctx, tx) })
			return nil
		}, true, 0},
		{"a late error of an answer is seen", func(ctx context.Context, tx *db.Tx) error {
			_ = mark(ctx, tx, "one")
			_, _ = db.One(ctx, tx, word, insertMark+` RETURNING subject`, tx.Board, "request.described", "one", "conform", "", tx.Now)
			return nil
		}, true, 0},
		{"a text with a zero byte is refused", func(ctx context.Context, tx *db.Tx) error { return mark(ctx, tx, "a\x00b") }, true, 0},
		{"a text that is not UTF-8 is refused", func(ctx context.Context, tx *db.Tx) error { return mark(ctx, tx, "a\xff") }, true, 0},
		{"a board that is not there is refused", func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, insertMark, "nowhere", "request.described", "one", "conform", "", tx.Now)
			return err
		}, true, 0},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				board := dbtest.Board(t, d)
				err := d.Write(t.Context(), board, c.do)
				if (err != nil) != c.fail {
					t.Errorf("Write: %v, want an error: %v", err, c.fail)
				}
				if n := marks(t, d, board); n != c.left {
					t.Errorf("%d marks, want %d", n, c.left)
				}
			})
		}
	})
}

func TestNothingIsLeftBehind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		panicked := func(f func()) (v any) {
			defer func() { v = recover() }()
			f()
			return nil
		}
		write := func(ctx context.Context, then func(ctx context.Context)) error {
			return d.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
				if err := mark(ctx, tx, "one"); err != nil {
					return err
				}
				then(ctx)
				return nil
			})
		}
		if v := panicked(func() { _ = write(t.Context(), func(context.Context) { panic("ours") }) }); v != "ours" {
			t.Errorf("a panic came out as %v", v)
		}
		nothing := func(context.Context, *db.Tx) error { return nil }
		for name, nested := range map[string]func(ctx context.Context){
			"Write":      func(ctx context.Context) { _ = d.Write(ctx, board, nothing) },
			"Read":       func(ctx context.Context) { _ = d.Read(ctx, board, nothing) },
			"System":     func(ctx context.Context) { _ = d.System(ctx, nothing) },
			"SystemRead": func(ctx context.Context) { _ = d.SystemRead(ctx, nothing) },
		} {
			if v := panicked(func() { _ = write(t.Context(), nested) }); v == nil {
				t.Errorf("%s inside Write did not panic", name)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		if err := write(ctx, func(context.Context) { cancel() }); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled Write: %v", err)
		}
		if n := marks(t, d, board); n != 0 {
			t.Errorf("%d marks left, want none", n)
		}
		if err := write(t.Context(), func(context.Context) {}); err != nil {
			t.Errorf("the writer is not free: %v", err)
		}
	})
}

func TestBoardIDs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, board := range []string{"", "É", "a'b", "a b", strings.Repeat("a", 41)} {
			err := d.Write(t.Context(), board, func(context.Context, *db.Tx) error { return nil })
			if err == nil {
				t.Errorf("Write for the board %q was let through", board)
			}
		}
	})
}

func TestReadOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		err := d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) error { return mark(ctx, tx, "one") })
		if err == nil {
			t.Error("a Read wrote")
		}
		// A Read keeps its picture while others write.
		err = d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			const count = `SELECT count(*) FROM control_mark WHERE board_id = $1`
			before, err := db.One(ctx, tx, number, count, tx.Board)
			if err != nil {
				return err
			}
			if err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error { return mark(ctx, tx, "one") }); err != nil {
				return err
			}
			after, err := db.One(ctx, tx, number, count, tx.Board)
			if before != after {
				t.Errorf("a Read counted %d, then %d", before, after)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestAfterItsEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		var kept *db.Tx
		err := d.Write(t.Context(), board, func(_ context.Context, tx *db.Tx) error { kept = tx; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if err := mark(t.Context(), kept, "late"); err == nil {
			t.Error("a transaction was used after its end")
		}
	})
}

func TestTimes(t *testing.T) {
	eastern := time.FixedZone("", -5*3600)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Clock = func() time.Time { return time.Date(2026, 11, 20, 23, 30, 0, 123456789, eastern) }
		want := time.Date(2026, 11, 21, 4, 30, 0, 123456000, time.UTC)
		board := dbtest.Board(t, d)
		err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			if !tx.Now.Equal(want) || tx.Now.Location() != time.UTC {
				t.Errorf("Now is %v, want %v", tx.Now, want)
			}
			// What is not tx.Now is cut to the microsecond and moved to UTC as well.
			_, err := tx.Exec(ctx, insertMark, tx.Board, "c", "s", "conform", "", d.Clock())
			if err != nil {
				return err
			}
			for _, query := range []string{
				`SELECT at FROM control_mark WHERE board_id = $1`,
				`SELECT max(at) FROM control_mark WHERE board_id = $1`,
				`SELECT coalesce(at, at) FROM control_mark WHERE board_id = $1`,
			} {
				if got, err := db.One(ctx, tx, instant, query, tx.Board); err != nil || got != want {
					t.Errorf("%s: %v, %v, want %v", query, got, err, want)
				}
			}
			maybe := func(r db.Row) (at time.Time, err error) {
				at = want
				err = r.Scan(db.When(&at))
				return at, err
			}
			if got, err := db.One(ctx, tx, maybe, `SELECT min(at) FROM control_mark WHERE board_id = $1`, tx.Board); err != nil || got != want {
				t.Errorf("the first: %v, %v, want %v", got, err, want)
			}
			got, err := db.One(ctx, tx, maybe, `SELECT max(at) FROM control_mark WHERE board_id = $1 AND at > $2`, tx.Board, want)
			if err != nil || !got.IsZero() {
				t.Errorf("after the last: %v, %v", got, err)
			}
			if _, err := db.One(ctx, tx, instant, `SELECT max(at) FROM control_mark WHERE board_id = $1 AND at > $2`, tx.Board, want); err == nil {
				t.Error("NULL became a moment")
			}
			n, err := db.One(ctx, tx, number, `SELECT count(*) FROM control_mark WHERE board_id = $1 AND at >= $2 AND at < $3`,
				tx.Board, want.In(eastern), want.Add(time.Microsecond))
			if n != 1 {
				t.Errorf("a range across zones holds %d, want 1", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestArguments(t *testing.T) {
	type id string
	type count int
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			name, none := "nom", (*time.Time)(nil)
			_, err := tx.Exec(ctx, `INSERT INTO platform (board_id, id, name, vendor, decided_at, created_at, version)
				VALUES ($1, $2, $3, $4, $5, $6, $7)`, tx.Board, id("p"), &name, "", none, tx.Now, count(3))
			if err != nil {
				return err
			}
			type platform struct {
				id      id
				name    string
				decided *time.Time
				version count
			}
			p, err := db.One(ctx, tx, func(r db.Row) (p platform, err error) {
				err = r.Scan(&p.id, &p.name, &p.decided, &p.version)
				return p, err
			}, `SELECT id, name, decided_at, version FROM platform WHERE board_id = $1 AND id IN `+db.In(2, 2), tx.Board, id("p"), "q")
			if err != nil || p != (platform{"p", "nom", nil, 3}) {
				t.Errorf("got %v, %v", p, err)
			}
			_, err = db.One(ctx, tx, word, `SELECT name FROM platform WHERE board_id = $1 AND id IN `+db.In(2, 0), tx.Board)
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("no row: %v, want NotFound", err)
			}
			all, err := db.All(ctx, tx, word, `SELECT name FROM platform WHERE board_id = $1 AND id = $2`, tx.Board, "q")
			if err != nil || len(all) != 0 {
				t.Errorf("All of none: %v, %v", all, err)
			}
			err = db.Changed(tx.Exec(ctx, `UPDATE platform SET name = $3 WHERE board_id = $1 AND id = $2 AND version = $4`, tx.Board, "p", "n", 2))
			if !fault.Is(err, fault.Conflict) {
				t.Errorf("an old version: %v, want Conflict", err)
			}
			// NULL or a value, in one statement.
			n, err := db.One(ctx, tx, number, `SELECT count(*) FROM platform WHERE board_id = $1 AND (CAST($2 AS text) IS NULL OR name = $2)`, tx.Board, nil)
			if n != 1 {
				t.Errorf("any name: %d, want 1", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestBulk(t *testing.T) {
	columns := []string{"id", "source_id", "kind", "given_name", "family_name", "updated_at"}
	orgColumns := []string{"id", "source_id", "kind", "name", "updated_at"}
	rows := func(n int, family string, at time.Time) [][]any {
		all := make([][]any, n)
		for i := range all {
			all[i] = []any{fmt.Sprintf("p%06d", i), fmt.Sprintf("s%06d", i), "student", "Prénom", family, at}
		}
		return all
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, n := range []int{3, 20_000} {
			board := dbtest.Board(t, d)
			bulk := func(key []string, rows [][]any) (took time.Duration, err error) {
				start := time.Now()
				err = d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
					return db.Bulk(ctx, tx, "person", columns, key, rows)
				})
				return time.Since(start), err
			}
			families := func() []string {
				t.Helper()
				var all []string
				err := d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) (err error) {
					all, err = db.All(ctx, tx, word,
						`SELECT family_name || ' ' || count(*) FROM person WHERE board_id = $1 GROUP BY family_name ORDER BY family_name`, tx.Board)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				return all
			}
			at := d.Clock()
			inserted, err := bulk(nil, rows(n, "Premier", at))
			if err != nil {
				t.Fatal(err)
			}
			// The first one again, twice: the last wins.
			second := append(rows(n, "Second", at), rows(1, "Dernier", at)...)
			updated, err := bulk([]string{"id"}, second)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := fmt.Sprint(families()), fmt.Sprintf("[Dernier 1 Second %d]", n-1); got != want {
				t.Errorf("%d rows: %s, want %s", n, got, want)
			}
			if _, err := bulk(nil, rows(n, "Encore", at)); err == nil {
				t.Error("a plain insert went over rows already there")
			}
			if _, err := bulk([]string{"absent"}, rows(n, "Encore", at)); err == nil {
				t.Error("a key that is not a column was taken")
			}
			t.Logf("%d rows: inserted in %v, updated in %v", n, inserted, updated)
		}
		board := dbtest.Board(t, d)
		err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			// Twice in one transaction, the second time over what is there; a table that is all key; no row at all.
			all := make([][]any, 700)
			for i := range all {
				all[i] = []any{tx.Board, 2000 + i, 1}
			}
			for range 2 {
				err := db.Bulk(ctx, tx, "request_number", []string{"board_id", "year", "last"}, []string{"board_id", "year"}, all)
				if err != nil {
					return err
				}
				if err := db.Bulk(ctx, tx, "org", orgColumns, []string{"id"}, [][]any{{"o", "o", "school", "École", tx.Now}}); err != nil {
					return err
				}
				if err := db.Bulk(ctx, tx, "person", columns, []string{"id"}, rows(1, "Seul", tx.Now)); err != nil {
					return err
				}
				roles := []string{"person_id", "org_id", "role"}
				if err := db.Bulk(ctx, tx, "person_role", roles, roles, [][]any{{"p000000", "o", "student"}}); err != nil {
					return err
				}
				if err := db.Bulk(ctx, tx, "audit_hash", []string{"idx", "hash"}, nil, nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestMigrate(t *testing.T) {
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			dsn := dbtest.Empty(t, engine)
			unmigrated, err := db.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "empty.db"))
			if err != nil {
				t.Fatal(err)
			}
			if err := unmigrated.Check(t.Context()); err == nil {
				t.Error("an empty database was found ready")
			}
			if err := unmigrated.Close(); err != nil {
				t.Error(err)
			}
			// Four at once, then again.
			errs := make(chan error, 4)
			for range cap(errs) {
				go func() { errs <- db.Migrate(t.Context(), dsn, "") }()
			}
			for range cap(errs) {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
			if err := db.Migrate(t.Context(), dsn, ""); err != nil {
				t.Error(err)
			}
			d, err := db.Open(t.Context(), dsn, db.Role(db.AppRole))
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Check(t.Context()); err != nil {
				t.Error(err)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	for _, dsn := range []string{"", "sqlite:", "sqlite::memory:", "mysql://user:secret@host/aval", "postgres://user:secret@127.0.0.1:1/aval"} {
		d, err := db.Open(t.Context(), dsn)
		if err == nil {
			_ = d.Close()
			t.Errorf("Open(%q) went well", dsn)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("Open tells a password: %v", err)
		}
	}
	strange := "sqlite:" + filepath.Join(t.TempDir(), "a b?#é%.db")
	if err := db.Migrate(t.Context(), strange, ""); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), strange)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Check(t.Context()), d.Close()); err != nil {
		t.Error(err)
	}
}

func TestManyWriters(t *testing.T) {
	const writers, each = 8, 10
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
						_, err := tx.Exec(ctx, `INSERT INTO request_number (board_id, year, last) VALUES ($1, $2, 1)
							ON CONFLICT (board_id, year) DO UPDATE SET last = request_number.last + 1`, tx.Board, 2026)
						if err != nil {
							return err
						}
						return mark(ctx, tx, fmt.Sprint(w, "-", i))
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if n := marks(t, d, board); n != writers*each {
			t.Errorf("%d marks, want %d", n, writers*each)
		}
	})
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		" École  secondaire ":    "ecole secondaire",
		"Cœur-de-l’Île":          "coeur de l ile",
		"Cœur d'Ægir":            "coeur d aegir",
		"GÉNIALLY!":              "genially",
		"E\u0301cole":            "ecole", // the accent apart
		"« Ça va ? »":            "ca va",
		"3e secondaire, gr. 12":  "3e secondaire gr 12",
		"Scratch\u00a03.0":       "scratch 3 0",
		"---":                    "",
		"ᐃᓄᒃᑎᑐᑦ":                 "ᐃᓄᒃᑎᑐᑦ",
		"Straße, Søren, Łukasz,": "strasse soren lukasz",
	} {
		if got := db.Fold(in); got != want {
			t.Errorf("Fold(%q): %q, want %q", in, got, want)
		}
		if again := db.Fold(db.Fold(in)); again != db.Fold(in) {
			t.Errorf("Fold(%q) twice: %q", in, again)
		}
	}
}

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := db.NewID()
		if len(id) != 26 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" || seen[id] {
			t.Fatalf("NewID: %q", id)
		}
		seen[id] = true
	}
}

func TestIn(t *testing.T) {
	for _, c := range []struct {
		start, n int
		want     string
	}{{2, 0, "(NULL)"}, {1, 1, "($1)"}, {3, 3, "($3,$4,$5)"}} {
		if got := db.In(c.start, c.n); got != c.want {
			t.Errorf("In(%d, %d): %s, want %s", c.start, c.n, got, c.want)
		}
	}
}

func TestSystemOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		const name = `SELECT id FROM board WHERE id = $1`
		if _, err := db.SystemOne(t.Context(), d, word, name, "nowhere"); !fault.Is(err, fault.NotFound) {
			t.Errorf("what is not there: %v, want not found", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := db.SystemOne(gone, d, word, name, board); !errors.Is(err, context.Canceled) {
			t.Errorf("for someone who left: %v", err)
		}
		if got, err := db.SystemOne(t.Context(), d, word, name, board); err != nil || got != board {
			t.Errorf("%q, %v, want %q", got, err, board)
		}
		err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error { return mark(ctx, tx, "one") })
		if err != nil {
			t.Fatal(err)
		}
		if d.Engine() == db.Postgres {
			n, err := db.SystemOne(t.Context(), d, number, `SELECT count(*) FROM control_mark WHERE board_id = $1`, board)
			if n != 0 || err != nil {
				t.Errorf("it sees %d rows of a board, %v", n, err)
			}
		}
		defer func() {
			if recover() == nil {
				t.Error("it ran inside a transaction")
			}
		}()
		_ = d.Read(t.Context(), board, func(ctx context.Context, _ *db.Tx) error {
			_, err := db.SystemOne(ctx, d, word, name, board)
			return err
		})
	})
}

func TestReadAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board, other := dbtest.Board(t, d), dbtest.Board(t, d)
		const marks = `SELECT subject FROM control_mark WHERE board_id = $1 ORDER BY subject`
		for _, b := range []string{board, other} {
			err := d.Write(t.Context(), b, func(ctx context.Context, tx *db.Tx) error {
				return errors.Join(mark(ctx, tx, "one"), mark(ctx, tx, "two"))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for range 3 { // the second time the statements are known
			got, err := db.ReadAll(t.Context(), d, board, word, marks, board)
			if err != nil || !slices.Equal(got, []string{"one", "two"}) {
				t.Fatalf("%q, %v", got, err)
			}
		}
		if got, err := db.ReadAll(t.Context(), d, board, word, marks, "nowhere"); err != nil || got != nil {
			t.Errorf("nothing: %q, %v", got, err)
		}
		if d.Engine() == db.Postgres { // behind the wall, whatever the statement names
			if got, err := db.ReadAll(t.Context(), d, board, word, marks, other); err != nil || got != nil {
				t.Errorf("over the wall: %q, %v", got, err)
			}
			if n, err := db.SystemOne(t.Context(), d, number, `SELECT count(*) FROM control_mark`); n != 0 || err != nil {
				t.Errorf("the board stays on the connection: %d, %v", n, err)
			}
		}
		if _, err := db.ReadAll(t.Context(), d, board, word, `SELECT nothing FROM nowhere`); err == nil {
			t.Error("a statement that fails is an answer")
		}
		wrong := errors.New("not read")
		_, err := db.ReadAll(t.Context(), d, board, func(db.Row) (string, error) { return "", wrong }, marks, board)
		if !errors.Is(err, wrong) {
			t.Errorf("a row that is not read: %v", err)
		}
		if _, err := db.ReadAll(t.Context(), d, "", word, marks, board); err == nil {
			t.Error("no board is a board")
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := db.ReadAll(gone, d, board, word, marks, board); !errors.Is(err, context.Canceled) {
			t.Errorf("for someone who left: %v", err)
		}
		if got, err := db.ReadAll(t.Context(), d, board, word, marks, board); err != nil || len(got) != 2 {
			t.Errorf("after failures: %q, %v", got, err)
		}
	})
}

// Several answers come in the order of their questions, or none does.
func TestReadEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board, other := dbtest.Board(t, d), dbtest.Board(t, d)
		const marks = `SELECT subject FROM control_mark WHERE board_id = $1 ORDER BY subject`
		const oneOf = `SELECT subject FROM control_mark WHERE board_id = $1 AND subject = $2`
		err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(mark(ctx, tx, "one"), mark(ctx, tx, "two"))
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time the statements are known
			var all, none, two []string
			err := d.ReadEach(t.Context(), board, db.Into(&all, word, marks, board), db.Into(&none, word, oneOf, board, "three"), db.Into(&two, word, oneOf, board, "two"))
			if err != nil || !slices.Equal(all, []string{"one", "two"}) || none != nil || !slices.Equal(two, []string{"two"}) {
				t.Fatalf("%q, %q, %q, %v", all, none, two, err)
			}
		}
		var before, after []string
		wrong := errors.New("not read")
		for name, l := range map[string]db.Look{
			"a statement that fails":   db.Into(new([]string), word, `SELECT nothing FROM nowhere`),
			"an argument that is none": db.Into(new([]string), word, marks, "\xff"),
			"a row that is not read":   db.Into(new([]string), func(db.Row) (string, error) { return "", wrong }, marks, board),
		} {
			if err := d.ReadEach(t.Context(), board, db.Into(&before, word, marks, board), l, db.Into(&after, word, marks, board)); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		if after != nil {
			t.Errorf("after a failure: %q", after)
		}
		if d.Engine() == db.Postgres { // behind the wall, each of them
			var mine, theirs []string
			err := d.ReadEach(t.Context(), other, db.Into(&mine, word, marks, other), db.Into(&theirs, word, marks, board))
			if err != nil || mine != nil || theirs != nil {
				t.Errorf("over the wall: %q, %q, %v", mine, theirs, err)
			}
		}
		if err := d.ReadEach(t.Context(), "", db.Into(&after, word, marks, board)); err == nil {
			t.Error("no board is a board")
		}
	})
}

func TestALockIsSharedOrHeldAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		share := func(ctx context.Context, tx *db.Tx) error { return tx.Share(ctx, "keys") }
		err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			_ = share(ctx, tx)
			_ = tx.Alone(ctx, "keys") // is passed over
			return nil
		})
		if err == nil {
			t.Error("a transaction that shares a lock has it alone")
		}
		err = d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			for range 2 {
				if err := share(ctx, tx); err != nil {
					return err
				}
			}
			return tx.Alone(ctx, "another")
		})
		if err != nil {
			t.Errorf("one lock shared twice and another alone: %v", err)
		}
		err = d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			if err := tx.Alone(ctx, "keys"); err != nil {
				return err
			}
			if err := d.Read(t.Context(), board, share); err != nil {
				t.Errorf("who only reads: %v", err)
			}
			if d.Engine() == db.SQLite { // whoever writes waits there
				return nil
			}
			if err := d.Write(t.Context(), dbtest.Board(t, d), share); err != nil {
				t.Errorf("another board: %v", err)
			}
			waits, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond) // nobody lets it in
			defer cancel()
			if err := d.Write(waits, board, share); err == nil {
				t.Error("shared while another has it alone")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
