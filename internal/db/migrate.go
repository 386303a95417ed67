package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the database at dsn to this program's schema: our tables,
// the jobs' tables, and on PostgreSQL the wall and the app's role (AppRole if
// appRole is ""), which it makes without login if there is none. There dsn is
// the owner's. Several programs may start it at once: one works, the others
// wait. Running it again changes nothing.
func Migrate(ctx context.Context, dsn, appRole string) error {
	engine, rest, err := engineOf(dsn)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if engine == SQLite {
		err = migrateSQLite(ctx, rest)
	} else {
		if appRole == "" {
			appRole = AppRole
		}
		err = migratePostgres(ctx, rest, appRole)
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func migrateSQLite(ctx context.Context, path string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	unlock, err := lockFile(ctx, path+".lock")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	// Ours alone to read, and so are the files that SQLite puts beside it.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator's own path
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	w, err := openWriter(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	p, err := provider(goose.DialectSQLite3, w)
	if err != nil {
		return err
	}
	if err := upTo(ctx, p, w, SQLite); err != nil {
		return err
	}
	return jobTables(ctx, riversqlite.New(w))
}

// lockFile waits for a lock that ends with its holder, however that ends.
func lockFile(ctx context.Context, path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // beside the operator's own file
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) //nolint:gosec // a file descriptor fits an int
		if err == nil {
			return f.Close, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", filepath.Base(path), err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), f.Close())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// migrateLock is the advisory lock of migrate: "aval" in bytes.
const migrateLock = 0x6176616c

func migratePostgres(ctx context.Context, dsn, appRole string) (err error) {
	pool, err := openPool(ctx, dsn, options{conns: 4})
	if err != nil {
		return err
	}
	defer pool.Close()
	held, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer held.Release()
	conn := held.Conn()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, migrateLock); err != nil {
		return err
	}
	defer func() {
		_, e := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, migrateLock)
		err = errors.Join(err, e)
	}()
	if err := migrateTables(ctx, pool, conn); err != nil {
		return err
	}
	return admitApp(ctx, conn, appRole)
}

// migrateTables lowers the wall only if there is something to migrate, and
// raises it whatever happened: the app behind it may be running.
func migrateTables(ctx context.Context, pool *pgxpool.Pool, conn *pgx.Conn) (err error) {
	defer func() { err = errors.Join(err, raiseWall(context.WithoutCancel(ctx), conn)) }()
	s := stdlib.OpenDBFromPool(pool)
	defer func() { err = errors.Join(err, s.Close()) }()
	p, err := provider(goose.DialectPostgres, s)
	if err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return err
	}
	if pending {
		if err := lowerWall(ctx, conn); err != nil {
			return err
		}
		if err := upTo(ctx, p, s, Postgres); err != nil {
			return err
		}
	}
	return jobTables(ctx, riverpgxv5.New(pool))
}

func provider(dialect goose.Dialect, s *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, s, dir, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}

// upTo migrates to this program's schema, and runs the engine's own statements.
func upTo(ctx context.Context, p *goose.Provider, s *sql.DB, engine Engine) error {
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	for _, query := range own[engine] {
		if _, err := s.ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// jobTables migrates River's own tables. Not in one transaction: PostgreSQL
// does not let a migration use an enum value that another added in the same.
func jobTables[T any](ctx context.Context, driver riverdriver.Driver[T]) error {
	m, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// Check tells what stands in the way of serving: a schema that is not this
// program's, or a PostgreSQL database that does not sort texts as SQLite does.
func (d *DB) Check(ctx context.Context) error {
	return d.SystemRead(ctx, func(ctx context.Context, tx *Tx) error {
		names, err := fs.Glob(migrations, "migrations/*.sql")
		if err != nil {
			return err
		}
		number := func(r Row) (n int, err error) {
			err = r.Scan(&n)
			return n, err
		}
		n, err := One(ctx, tx, number, `SELECT count(*) FROM goose_db_version WHERE version_id > 0 AND is_applied`)
		if err != nil {
			return fmt.Errorf("the database is not migrated: %w", err)
		}
		if n != len(names) {
			return fmt.Errorf("the database has %d migrations, this program %d: run aval migrate", n, len(names))
		}
		return tx.sorted(ctx)
	})
}
