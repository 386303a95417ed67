// Package dbtest gives each test a database of its own, on both engines.
//
// SQLite is always there. PostgreSQL is there when AVAL_TEST_POSTGRES holds
// the DSN of a private server's superuser, or the path of a file with it
// (scripts/pgtest.sh starts one and says where);
// without it the test is seen as skipped, or fails where AVAL_TEST_REQUIRE=1.
// On PostgreSQL the test works as the app does: as a role that owns nothing,
// behind the wall between boards.
package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"aval/internal/db"
)

// Each runs f with a fresh, migrated database on each engine.
func Each(t *testing.T, f func(t *testing.T, d *db.DB)) {
	t.Helper()
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) { f(t, Open(t, engine)) })
	}
}

// Open is one fresh, migrated database, closed and removed when the test ends.
func Open(t testing.TB, engine db.Engine) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), DSN(t, engine), db.Conns(8))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// DSN is the address of a fresh, migrated database, as the app would be given it.
func DSN(t testing.TB, engine db.Engine) string {
	t.Helper()
	if engine == db.SQLite {
		return sqlite(t)
	}
	return postgres(t)
}

// Board adds a board and returns its id.
func Board(t testing.TB, d *db.DB) string {
	t.Helper()
	id := db.NewID()
	err := d.System(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO board (id, name, pack, pack_version, created_at) VALUES ($1, $2, $3, $4, $5)`,
			id, "Centre de services scolaire des Érables", "csc-pan-2023", "1", tx.Now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// refers are the references of a roster that no foreign key looks after.
var refers = []struct{ table, column, to string }{
	{"enrollment", "class_id", "class"}, {"enrollment", "person_id", "person"},
	{"person_role", "person_id", "person"}, {"person_role", "org_id", "org"},
	{"class_term", "class_id", "class"}, {"class_term", "session_id", "academic_session"},
	{"class", "school_id", "org"}, {"person", "board_id", "board"},
}

// Whole fails the test for each reference of a board's roster to what is not there.
func Whole(t testing.TB, d *db.DB, board string) {
	t.Helper()
	for _, r := range refers {
		of := "o.board_id = r.board_id AND o.id = r." + r.column
		if r.to == "board" {
			of = "o.id = r.board_id"
		}
		err := d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			n, err := db.One(ctx, tx, func(row db.Row) (n int, err error) {
				err = row.Scan(&n)
				return n, err
			}, `SELECT count(*) FROM `+r.table+` r WHERE r.board_id = $1 AND NOT EXISTS (SELECT 1 FROM `+r.to+` o WHERE `+of+`)`, tx.Board)
			if n > 0 {
				t.Errorf("%d rows of %s name a %s that is not there", n, r.table, r.to)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Empty is the DSN of a database without a table, as its owner would be given it.
func Empty(t testing.TB, engine db.Engine) string {
	t.Helper()
	if engine == db.SQLite {
		return "sqlite:" + filepath.Join(t.TempDir(), "aval.db")
	}
	return create(t, server(t), "template0")
}

// OwnerExec runs a statement around every guard of the app (the wall, the
// trail that is only added to), as someone with the server in hand could.
func OwnerExec(t testing.TB, d *db.DB, query string, args ...any) {
	t.Helper()
	if s := d.SQLite(); s != nil {
		if _, err := s.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
		return
	}
	admin(t, on(t, server(t), d.Postgres().Config().ConnConfig.Database), func(conn *pgx.Conn) error {
		_, err := conn.Exec(t.Context(), query, args...)
		return err
	})
}

var sqliteFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "aval-dbtest-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in a temporary place harms nothing
	path := filepath.Join(dir, "aval.db")
	if err := db.Migrate(context.Background(), "sqlite:"+path, ""); err != nil {
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // our own temporary file
})

// sqlite copies a file migrated once in the process.
func sqlite(t testing.TB) string {
	t.Helper()
	migrated, err := sqliteFile()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "aval.db")
	if err := os.WriteFile(path, migrated, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

func server(t testing.TB) string {
	t.Helper()
	dsn := os.Getenv("AVAL_TEST_POSTGRES")
	switch {
	case filepath.IsAbs(dsn):
		kept, err := os.ReadFile(dsn) //nolint:gosec // named by who runs the tests
		if err != nil {
			t.Fatal(err)
		}
		return string(kept)
	case dsn != "":
	case os.Getenv("AVAL_TEST_REQUIRE") == "1":
		t.Fatal("AVAL_TEST_POSTGRES is not set, and AVAL_TEST_REQUIRE=1 wants both engines: run the tests through scripts/pgtest.sh")
	default:
		t.Skip("AVAL_TEST_POSTGRES is not set: PostgreSQL is not tested (scripts/pgtest.sh starts one)")
	}
	return dsn
}

var template struct {
	sync.Mutex
	name string
}

// postgres makes a database from a template that is migrated once.
func postgres(t testing.TB) string {
	t.Helper()
	s := server(t)
	template.Lock()
	defer template.Unlock()
	if template.name == "" {
		name := "aval_template_" + fingerprint()
		if err := makeTemplate(t, s, name); err != nil {
			t.Fatal(err)
		}
		template.name = name
	}
	u, err := url.Parse(create(t, s, template.name))
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("role", db.AppRole)
	u.RawQuery = q.Encode()
	return u.String()
}

// makeTemplate migrates a template unless another test process has. It gets
// its name when it is whole, so that a half-made one is never used.
func makeTemplate(t testing.TB, dsn, name string) error {
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // gives the lock back too
	const lock = 0x64627465
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, lock); err != nil {
		return err
	}
	var there bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&there)
	if err != nil || there {
		return err
	}
	draft := name + "_draft"
	for _, s := range []string{`DROP DATABASE IF EXISTS ` + draft + ` WITH (FORCE)`, createDatabase(draft, "template0")} {
		if _, err := conn.Exec(ctx, s); err != nil {
			return err
		}
	}
	if err := db.Migrate(ctx, on(t, dsn, draft), ""); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `ALTER DATABASE `+draft+` RENAME TO `+name)
	return err
}

// create makes a database, dropped when the test ends.
func create(t testing.TB, dsn, from string) string {
	t.Helper()
	name := "aval_test_" + db.NewID()
	admin(t, dsn, func(conn *pgx.Conn) error { return copied(t.Context(), conn, name, from) })
	t.Cleanup(func() {
		admin(t, dsn, func(conn *pgx.Conn) error {
			_, err := conn.Exec(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`)
			return err
		})
	})
	return on(t, dsn, name)
}

func createDatabase(name, from string) string {
	s := `CREATE DATABASE ` + name + ` TEMPLATE ` + from
	if from == "template0" {
		return s + ` ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'`
	}
	return s
}

// copied makes a database as createDatabase does, by copying the template's
// files where they are in memory, which takes a third of the time.
func copied(ctx context.Context, conn *pgx.Conn, name, from string) error {
	var inMemory bool
	err := conn.QueryRow(ctx, `SELECT current_setting('data_directory') LIKE '/dev/shm/%'`).Scan(&inMemory)
	if err != nil {
		return err
	}
	s := createDatabase(name, from)
	if inMemory {
		s += ` STRATEGY file_copy`
	}
	_, err = conn.Exec(ctx, s)
	return err
}

func admin(t testing.TB, dsn string, f func(conn *pgx.Conn) error) {
	t.Helper()
	ctx := context.Background() // cleanups come after the test's own context
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	err = f(conn)
	if e := conn.Close(ctx); err == nil {
		err = e
	}
	if err != nil {
		t.Fatal(err)
	}
}

// on is the DSN of another database of the same server.
func on(t testing.TB, dsn, database string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("AVAL_TEST_POSTGRES is not a postgres:// address")
	}
	u.Path = "/" + database
	return u.String()
}

// fingerprint names the schema: it changes with the files that make it. Where
// they cannot be read, each process has a template of its own.
func fingerprint() string {
	sum := sha256.New()
	_, here, _, _ := runtime.Caller(0)
	dir := filepath.Dir(filepath.Dir(here))
	files, _ := filepath.Glob(filepath.Join(dir, "migrations", "*.sql")) // the pattern is well made
	files = append(files, filepath.Join(dir, "migrate.go"), filepath.Join(dir, "wall.go"),
		filepath.Join(dir, "..", "..", "go.mod"))
	for _, name := range files {
		b, err := os.ReadFile(name) //nolint:gosec // our own source
		if err != nil {
			return db.NewID()
		}
		_, _ = fmt.Fprintf(sum, "%d\n%s", len(b), b) // a hash never fails to write
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}
