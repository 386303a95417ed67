// Package db keeps the house's tables: one SQLite file, or PostgreSQL, behind
// one SQL text.
//
// A transaction is opened for a board (Write, Read); what comes before a board
// is known goes through System and SystemRead. A function given a *Tx joins
// that transaction; opening another inside it panics, because on SQLite it
// would wait for itself for ever.
//
//	err := d.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
//		n, err := tx.Exec(ctx, `UPDATE … WHERE board_id = $1 AND id = $2 AND version = $3`, …)
//		return db.Changed(n, err)
//	})
//
// What differs between the engines is in dialect.go (and the wall of
// PostgreSQL in wall.go); nobody else asks which one is there.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Engine is what keeps the tables.
type Engine string

// The two engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// DB is an open database. It is safe for use by several goroutines.
type DB struct {
	// Clock tells the moment of each transaction. Tests may set it before the first one.
	Clock func() time.Time

	engine  Engine
	path    string        // of SQLite's file
	writer  *sql.DB       // the one connection that writes (SQLite), or all of them (PostgreSQL)
	readers *sql.DB       // SQLite only
	queue   chan struct{} // SQLite only: a fair queue before the writer
	pool    *pgxpool.Pool // PostgreSQL only
}

// Option changes how a database is opened.
type Option func(*options)

type options struct {
	role  string
	conns int32
}

// Role makes PostgreSQL sessions act as the given role from their first
// statement, as if the DSN ended in ?role=name. The login of the DSN must be
// a member of it. SQLite has no roles and takes no notice.
func Role(name string) Option { return func(o *options) { o.role = name } }

// Conns sets how many connections a PostgreSQL pool may hold (16 unless told).
func Conns(n int) Option {
	return func(o *options) {
		if n > 0 && n < 10_000 {
			o.conns = int32(n) //nolint:gosec // between 1 and 9999
		}
	}
}

// Open opens the database at dsn: "sqlite:PATH" or "postgres://…". It does not
// migrate. On PostgreSQL it refuses a role that walks through the wall between
// boards: a superuser, one with BYPASSRLS, or the owner of the tables.
func Open(ctx context.Context, dsn string, opts ...Option) (*DB, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	d := &DB{Clock: time.Now}
	if err := d.open(ctx, dsn, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), d.Close())
	}
	return d, nil
}

// Close waits for running transactions and closes the database.
func (d *DB) Close() error {
	var errs []error
	if d.readers != nil {
		errs = append(errs, d.readers.Close())
	}
	if d.writer != nil {
		errs = append(errs, d.writer.Close())
	}
	if d.pool != nil {
		d.pool.Close()
	}
	return errors.Join(errs...)
}

// Engine tells which engine keeps the tables, for what reports on it.
func (d *DB) Engine() Engine { return d.engine }

// SQLite is the writing handle of a SQLite database, nil on PostgreSQL. Only package job has a use for it.
func (d *DB) SQLite() *sql.DB {
	if d.engine != SQLite {
		return nil
	}
	return d.writer
}

// Postgres is the pool of a PostgreSQL database, nil on SQLite. Only package job has a use for it.
func (d *DB) Postgres() *pgxpool.Pool { return d.pool }

// Write runs f in a transaction of one board, then what was left to
// BeforeCommit, and commits; an error, a panic, an ended context or a failed
// statement leaves nothing behind. It panics inside another transaction.
func (d *DB) Write(ctx context.Context, board string, f func(ctx context.Context, tx *Tx) error) error {
	if err := boardID(board); err != nil {
		return err
	}
	return d.transact(ctx, board, false, f)
}

// Read runs f over one unchanging picture of a board's tables. It panics inside another transaction.
func (d *DB) Read(ctx context.Context, board string, f func(ctx context.Context, tx *Tx) error) error {
	if err := boardID(board); err != nil {
		return err
	}
	return d.transact(ctx, board, true, f)
}

// System is Write for the tables that come before a board is known (board,
// session, jobs). On PostgreSQL it sees no row of a board's tables.
func (d *DB) System(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	return d.transact(ctx, "", false, f)
}

// SystemRead is Read for the tables that come before a board is known.
func (d *DB) SystemRead(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	return d.transact(ctx, "", true, f)
}

// SystemOne is One in a SystemRead of its own: one statement, which needs no transaction around it.
func SystemOne[T any](ctx context.Context, d *DB, scan func(Row) (T, error), query string, args ...any) (T, error) {
	return One(ctx, d.alone(ctx, ""), scan, query, args...)
}

// ReadAll is All in a Read of its own: one statement, which needs no transaction
// around it, and one round trip on PostgreSQL. It is for look-ups by key, whose
// plan does not depend on what is looked for.
func ReadAll[T any](ctx context.Context, d *DB, board string, scan func(Row) (T, error), query string, args ...any) (all []T, err error) {
	if err := d.ReadEach(ctx, board, Into(&all, scan, query, args...)); err != nil {
		return nil, err
	}
	return all, nil
}

// Look is one statement of ReadEach, and what is done with each row of its answer.
type Look struct {
	query string
	args  []any
	row   func(Row) error
}

// Into is a look that adds the rows of its answer to a list.
func Into[T any](list *[]T, scan func(Row) (T, error), query string, args ...any) Look {
	return Look{query, args, func(r Row) error {
		v, err := scan(r)
		if err == nil {
			*list = append(*list, v)
		}
		return err
	}}
}

// ReadEach is ReadAll for several statements, one after the other and still in one
// round trip.
func (d *DB) ReadEach(ctx context.Context, board string, looks ...Look) error {
	if err := boardID(board); err != nil {
		return err
	}
	tx := d.alone(ctx, board)
	if d.engine == Postgres {
		for i, l := range looks {
			args, err := tx.ready(l.args)
			if err != nil {
				return err
			}
			looks[i].args = args
		}
		return d.eachPostgres(ctx, board, looks)
	}
	for _, l := range looks {
		if err := tx.each(ctx, l.row, l.query, l.args...); err != nil {
			return err
		}
	}
	return nil
}

// alone is for one statement without a transaction around it.
func (d *DB) alone(ctx context.Context, board string) *Tx {
	if ctx.Value(inside{}) != nil {
		panic("db: a transaction within a transaction")
	}
	tx := &Tx{Board: board, Now: moment(d.Clock()), engine: d.engine, q: d.readers}
	if d.engine == Postgres {
		tx.q = d.writer
	}
	return tx
}

// A board's id goes unquoted by a driver into SET LOCAL: the pattern has no quote in it.
var boardPattern = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

func boardID(board string) error {
	if !boardPattern.MatchString(board) {
		return fmt.Errorf("db: %q is not a board's id", board)
	}
	return nil
}

// inside marks the context of a transaction.
type inside struct{}

func (d *DB) transact(ctx context.Context, board string, readOnly bool, f func(context.Context, *Tx) error) error {
	if ctx.Value(inside{}) != nil {
		panic("db: a transaction within a transaction")
	}
	tx := &Tx{Board: board, Now: moment(d.Clock()), ReadOnly: readOnly, engine: d.engine}
	end, err := d.begin(ctx, tx, readOnly)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer end()
	defer func() { tx.ended = true }()
	if err := tx.run(context.WithValue(ctx, inside{}, true), f); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := tx.commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// moment is t as both engines keep it: UTC, to the microsecond.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
