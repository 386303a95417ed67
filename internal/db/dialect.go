package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// engineOf tells the engine of a DSN; for SQLite, rest is the file's absolute path.
func engineOf(dsn string) (engine Engine, rest string, err error) {
	switch {
	case strings.HasPrefix(dsn, "sqlite:"):
		path := strings.TrimPrefix(dsn, "sqlite:")
		if path == "" || path == ":memory:" {
			return "", "", errors.New("sqlite: needs the path of a file, as in sqlite:/var/lib/aval/aval.db")
		}
		path, err = filepath.Abs(path)
		return SQLite, path, err
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return Postgres, dsn, nil
	}
	// The DSN may hold a password: it is not repeated.
	return "", "", errors.New("the address of a database begins with sqlite: or postgres://")
}

func (d *DB) open(ctx context.Context, dsn string, o options) error {
	engine, rest, err := engineOf(dsn)
	if err != nil {
		return err
	}
	d.engine = engine
	if engine == SQLite {
		return d.openSQLite(ctx, rest)
	}
	return d.openPostgres(ctx, rest, o)
}

// begin opens a transaction: it sets how the Tx speaks and commits, and
// answers what ends it (nothing is left to undo after a commit).
func (d *DB) begin(ctx context.Context, tx *Tx, readOnly bool) (end func(), err error) {
	switch {
	case d.engine == Postgres:
		return d.beginPostgres(ctx, tx, readOnly)
	case readOnly:
		return beginSQLite(ctx, tx, d.readers, func() {})
	}
	select {
	case d.queue <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return beginSQLite(ctx, tx, d.writer, func() { <-d.queue })
}

// commit ends the transaction well. It is not cut off by the context: we would not know what was kept.
func (tx *Tx) commit(ctx context.Context) error {
	if tx.pg != nil {
		return tx.pg.Commit(context.WithoutCancel(ctx))
	}
	return tx.lite.Commit()
}

// placeholders is a row of n, after the first ones. SQLite's driver looks
// numbered ones up by name, which is slow for thousands of them.
func (tx *Tx) placeholders(after, n int) string {
	if tx.engine == SQLite {
		return "(?" + strings.Repeat(",?", n-1) + ")"
	}
	return In(after+1, n)
}

// Share holds the board's lock of that name until the transaction ends, with all
// others who share it, while nobody has it Alone. Asking again costs nothing. In a
// transaction that only reads nothing is held, and on SQLite who writes is alone
// already.
func (tx *Tx) Share(ctx context.Context, name string) error {
	if tx.ReadOnly || tx.Value(shared(name)) != nil {
		return nil
	}
	tx.SetValue(shared(name), true)
	return tx.lock(ctx, name, `SELECT pg_advisory_xact_lock_shared($1)`)
}

// Alone holds the board's lock of that name until the transaction ends, while
// nobody shares it. It waits for those who share it already, and for nobody who
// asks later: sharers without a gap do not keep it out. A transaction that shares
// it may not ask (two of them would wait for each other).
func (tx *Tx) Alone(ctx context.Context, name string) error {
	if tx.Value(shared(name)) != nil {
		return tx.Doom(fmt.Errorf("db: %s is shared by the transaction that would have it alone", name))
	}
	return tx.lock(ctx, name, `SELECT pg_advisory_xact_lock($1)`)
}

// InOrder has the statements that follow, until the transaction ends, join their
// tables one after the other as they are written, by their indexes: for work by key
// over tables that grow under it, of which PostgreSQL's statistics know nothing yet.
// SQLite joins so what is written CROSS JOIN.
func (tx *Tx) InOrder(ctx context.Context) error {
	if tx.engine == SQLite {
		return nil
	}
	for _, setting := range []string{"join_collapse_limit = 1", "enable_hashjoin = off", "enable_mergejoin = off",
		"enable_bitmapscan = off", "enable_sort = off"} {
		if _, err := tx.Exec(ctx, `SET LOCAL `+setting); err != nil {
			return fmt.Errorf("join in order: %w", err)
		}
	}
	return nil
}

// shared is the key of a lock that the transaction shares.
type shared string

// lock asks by a statement of its own: what the next one reads is as it stands
// once the lock is held.
func (tx *Tx) lock(ctx context.Context, name, query string) error {
	if tx.engine == SQLite {
		return nil
	}
	sum := sha256.Sum256([]byte("aval lock\n" + tx.Board + "\n" + name))   // no board's id has a line break
	_, err := tx.Exec(ctx, query, int64(binary.BigEndian.Uint64(sum[:8]))) //nolint:gosec // any 64 bits will do
	if err != nil {
		return fmt.Errorf("wait for %s: %w", name, err)
	}
	return nil
}

// SQLite.

// A connection keeps pages of the file by it, so many thousand bytes when negative: the
// two million that are SQLite's own are too few for indexes of random ids.
const (
	sqliteBoth   = "_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_time_format=sqlite&_timezone=UTC&_dqs=0"
	sqliteWriter = sqliteBoth + "&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-16000)&_txlock=immediate"
	sqliteReader = sqliteBoth + "&mode=ro&_query_only=1&_pragma=cache_size(-8000)&_txlock=deferred"
)

func (d *DB) openSQLite(ctx context.Context, path string) (err error) {
	d.path, d.queue = path, make(chan struct{}, 1)
	if d.writer, err = openWriter(ctx, path); err != nil {
		return err
	}
	// After the writer: a reader cannot make the file, nor set it to WAL.
	if d.readers, err = openHandle(sqliteDSN(path, sqliteReader)); err != nil {
		return err
	}
	d.readers.SetMaxOpenConns(8)
	d.readers.SetMaxIdleConns(8)
	return pragmas(ctx, d.readers, map[string]string{"query_only": "1", "foreign_keys": "1", "busy_timeout": "10000"})
}

func openWriter(ctx context.Context, path string) (*sql.DB, error) {
	w, err := openHandle(sqliteDSN(path, sqliteWriter))
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	w.SetMaxIdleConns(1)
	err = pragmas(ctx, w, map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000",
	})
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func sqliteDSN(path, query string) string {
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query}).String()
}

// pragmas reads settings back: a misspelt one is otherwise silently the default.
func pragmas(ctx context.Context, s *sql.DB, want map[string]string) error {
	for name, w := range want {
		var got string
		if err := s.QueryRowContext(ctx, "PRAGMA "+name).Scan(&got); err != nil {
			return fmt.Errorf("pragma %s: %w", name, err)
		}
		if got != w {
			return fmt.Errorf("pragma %s is %s, want %s", name, got, w)
		}
	}
	return nil
}

func beginSQLite(ctx context.Context, tx *Tx, s *sql.DB, free func()) (func(), error) {
	t, err := s.BeginTx(ctx, nil)
	if err != nil {
		free()
		return nil, err
	}
	tx.q, tx.lite = t, t
	return func() {
		_ = t.Rollback() // after a commit: sql.ErrTxDone
		free()
	}, nil
}

// PostgreSQL.

// poolConfig reads a DSN and settles what we do not leave to defaults; what the DSN itself sets, it keeps.
func poolConfig(dsn string, o options) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(dsn, "pool_max_conns=") {
		cfg.MaxConns = 16
	}
	if o.conns > 0 {
		cfg.MaxConns = o.conns
	}
	params := cfg.ConnConfig.RuntimeParams
	for name, value := range map[string]string{
		"application_name":                    "aval",
		"idle_in_transaction_session_timeout": "60000",
		// Generic and parallel plans are a ruin for pages of ten rows.
		"plan_cache_mode":                 "force_custom_plan",
		"max_parallel_workers_per_gather": "0",
		// Compiling a statement takes longer than most of ours take to run.
		"jit": "off",
	} {
		if _, set := params[name]; !set {
			params[name] = value
		}
	}
	params["timezone"] = "UTC"
	if o.role != "" {
		params["role"] = o.role
	}
	return cfg, nil
}

func openPool(ctx context.Context, dsn string, o options) (*pgxpool.Pool, error) {
	cfg, err := poolConfig(dsn, o)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}

func (d *DB) openPostgres(ctx context.Context, dsn string, o options) (err error) {
	if d.pool, err = openPool(ctx, dsn, o); err != nil {
		return err
	}
	d.writer = stdlib.OpenDBFromPool(d.pool)
	return behindWall(ctx, d.pool)
}

// beginPostgres opens a pgx.Tx on the raw connection behind a sql.Conn, so
// that database/sql and the jobs speak in one transaction. The board goes
// with BEGIN, in one round trip.
func (d *DB) beginPostgres(ctx context.Context, tx *Tx, readOnly bool) (end func(), err error) {
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	begin := "begin"
	if readOnly {
		begin += " isolation level repeatable read read only"
	}
	begin += "; set local app.board = '" + tx.Board + "'" // boardPattern has no quote
	err = conn.Raw(func(c any) error {
		pg, err := c.(*stdlib.Conn).Conn().BeginTx(ctx, pgx.TxOptions{BeginQuery: begin})
		tx.pg = pg
		return err
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	tx.q = conn
	return func() {
		_ = tx.pg.Rollback(context.WithoutCancel(ctx)) // after a commit: pgx.ErrTxClosed
		_ = conn.Close()                               // the pool destroys a connection still in a transaction
	}, nil
}

// sorted refuses a PostgreSQL database whose texts are not UTF-8 in the order of their bytes.
func (tx *Tx) sorted(ctx context.Context) error {
	if tx.engine == SQLite {
		return nil
	}
	word := func(r Row) (s string, err error) {
		err = r.Scan(&s)
		return s, err
	}
	collation, err := One(ctx, tx, word, `
		SELECT pg_encoding_to_char(encoding) || ' ' || datcollate FROM pg_database WHERE datname = current_database()`)
	if err != nil {
		return err
	}
	switch collation {
	case "UTF8 C", "UTF8 C.UTF-8", "UTF8 C.utf8":
		return nil
	}
	return fmt.Errorf("the database is in %s: make it in UTF8 with the collation C", collation)
}

// eachPostgres reads answers for one board in one round trip: the board and the
// statements go in one batch, which PostgreSQL takes as one transaction. Their plans
// are kept: planning a look-up by key takes longer than the look-up.
func (d *DB) eachPostgres(ctx context.Context, board string, looks []Look) error {
	var batch pgx.Batch
	batch.Queue(`SELECT set_config('app.board', $1, true), set_config('plan_cache_mode', 'force_generic_plan', true)`, board)
	for _, l := range looks {
		batch.Queue(l.query, l.args...)
	}
	answers := d.pool.SendBatch(ctx, &batch)
	defer func() { _ = answers.Close() }() // for the early return; the errors that count are seen below
	if _, err := answers.Exec(); err != nil {
		return err
	}
	for _, l := range looks {
		if err := answered(answers, l.row); err != nil {
			return err
		}
	}
	return answers.Close()
}

// answered hands on the rows of a batch's next answer.
func answered(answers pgx.BatchResults, f func(Row) error) error {
	rows, err := answers.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	r := &row{rows: rows}
	for rows.Next() {
		if err := f(r); err != nil {
			return err
		}
	}
	rows.Close()
	return rows.Err()
}
