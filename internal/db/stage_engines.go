package db

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// manyStaged is the number of rows from which joining all at once is quicker than
// looking each up: PostgreSQL cannot know, as nobody has counted what the
// transaction has just written, or what the last one did.
const manyStaged = 1_000

// planOnce has PostgreSQL plan the look-up of a foreign key once, not for each row
// that is written, and anew for this transaction: a plan made when a table was
// small would read all of it for each row.
const planOnce = "DISCARD PLANS; SET LOCAL plan_cache_mode = force_generic_plan;"

func (d *DB) stagePostgres(ctx context.Context, tx *Tx, tables []StageTable, keep bool, fill func(context.Context, *Stage) error,
	f func(context.Context, *Tx) error) error {
	end, err := d.beginPostgres(ctx, tx, false)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer end()
	if keep {
		if err := tx.Alone(ctx, "stage"); err != nil {
			return err
		}
	}
	conn := tx.pg.Conn().PgConn()
	if _, err := conn.Exec(ctx, createStage("TEMPORARY TABLE ", " ON COMMIT DROP", tables)+"SET LOCAL work_mem = '128MB'; SET LOCAL default_statistics_target = 10; SET LOCAL idle_in_transaction_session_timeout = 0").ReadAll(); err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	var s Stage
	s.begin(tables, func(t *waiting) func() error {
		text, name := bytes.Clone(t.text.Bytes()), quote(t.Name)
		t.text.Reset()
		return func() error {
			_, err := conn.CopyFrom(ctx, bytes.NewReader(text), "COPY "+name+" FROM STDIN")
			return err
		}
	}, false)
	if err := s.end(fill(ctx, &s)); err != nil {
		return err
	}
	ready := planOnce
	for _, t := range tables {
		ready += "ANALYZE " + quote(t.Name) + ";"
	}
	if s.rows > manyStaged {
		ready += "SET LOCAL enable_nestloop = off"
	}
	if _, err := conn.Exec(ctx, ready).ReadAll(); err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	return d.play(ctx, tx, keep, f)
}

// createStage ends each statement with a semicolon.
func createStage(kind, after string, tables []StageTable) string {
	var b strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&b, "CREATE %s%s (%s)%s;\n", kind, quote(t.Name), t.Columns, after)
	}
	return b.String()
}

// Key makes rows of the stage quick to find by a column, where the engine does not
// see to it itself. It is called by fill, after the last row.
func (s *Stage) Key(table, column string) error {
	t := s.tables[table]
	if t == nil {
		return fmt.Errorf("stage: no table %s", table)
	}
	if t.values == nil { // PostgreSQL hashes
		return nil
	}
	if err := s.flush(t); err != nil {
		return err
	}
	t.keys = append(t.keys, column)
	s.work <- s.send(t)
	return nil
}

const stageSuffix = "-stage-"

func (d *DB) stageSQLite(ctx context.Context, tx *Tx, tables []StageTable, keep bool, fill func(context.Context, *Stage) error,
	f func(context.Context, *Tx) error) (err error) {
	if keep {
		unlock, err := lockFile(ctx, d.path+stageSuffix+"lock")
		if err != nil {
			return err
		}
		defer func() { _ = unlock() }() // the lock ends with its file
	}
	if err := d.sweepStages(); err != nil {
		return err
	}
	path := d.path + stageSuffix + NewID()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // beside the operator's own file
	if err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(path)) }()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { //nolint:gosec // a file descriptor fits an int
		return fmt.Errorf("stage: %w", err)
	}
	if err := fillSQLite(ctx, path, tables, fill); err != nil {
		return err
	}
	handle := d.readers
	if keep {
		handle = d.writer
		select {
		case d.queue <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		defer func() { <-d.queue }()
	}
	return d.playSQLite(ctx, tx, handle, path, keep, f)
}

// sweepStages removes what programs left that were killed: rows of a roster.
func (d *DB) sweepStages() error {
	left, err := filepath.Glob(d.path + stageSuffix + "*")
	if err != nil {
		return err
	}
	for _, path := range left {
		if strings.HasSuffix(path, stageSuffix+"lock") {
			continue
		}
		file, err := os.Open(path) //nolint:gosec // beside the operator's own file
		if err != nil {
			continue // another swept it
		}
		if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil { //nolint:gosec // a file descriptor fits an int
			_ = os.Remove(path) // another swept it
		}
		_ = file.Close() // only locked
	}
	return nil
}

// fillSQLite writes the stage's file without a journal: it is of use only whole.
func fillSQLite(ctx context.Context, path string, tables []StageTable, fill func(context.Context, *Stage) error) (err error) {
	handle, err := openHandle(sqliteDSN(path, "_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=locking_mode(EXCLUSIVE)"+
		"&_pragma=cache_size(-32768)&_pragma=temp_store(FILE)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, handle.Close()) }()
	handle.SetMaxOpenConns(1)
	if _, err := handle.ExecContext(ctx, createStage("TABLE ", "", tables)); err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	lite, err := handle.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = lite.Rollback() }() // after a commit: sql.ErrTxDone
	var s Stage
	s.begin(tables, func(t *waiting) func() error {
		values, width, name, keys := t.values, t.width(), quote(t.Name), t.keys
		t.values, t.keys = make([]string, 0, stageValues), nil
		return func() error {
			for _, key := range keys {
				if _, err := lite.ExecContext(ctx, "CREATE INDEX "+quote(t.Name+"_"+key)+" ON "+name+" ("+quote(key)+")"); err != nil {
					return err
				}
			}
			return insertStaged(ctx, lite, name, width, values)
		}
	}, true)
	if err := s.end(fill(ctx, &s)); err != nil {
		return err
	}
	return lite.Commit()
}

// insertStaged puts many rows in by a statement.
func insertStaged(ctx context.Context, lite *sql.Tx, name string, width int, values []string) error {
	size := stageValues / 10 / width * width
	args := make([]any, 0, size)
	for len(values) > 0 {
		some := values[:min(size, len(values))]
		values = values[len(some):]
		args = args[:0]
		for _, v := range some {
			args = append(args, v)
		}
		row := "(?" + strings.Repeat(",?", width-1) + ")"
		query := "INSERT INTO " + name + " VALUES " + row + strings.Repeat(","+row, len(some)/width-1) //nolint:gosec // our own names and marks of values
		if _, err := lite.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}

// playSQLite runs f on a connection that sees the stage's file too.
func (d *DB) playSQLite(ctx context.Context, tx *Tx, handle *sql.DB, path string, keep bool, f func(context.Context, *Tx) error) (err error) {
	conn, err := handle.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `ATTACH DATABASE $1 AS stage`, path); err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	after := context.WithoutCancel(ctx)
	defer func() { // what the merge took is given back now, not kept for the next
		_, e := conn.ExecContext(after, `PRAGMA cache_size = -16000; DETACH DATABASE stage; PRAGMA shrink_memory`)
		err = errors.Join(err, e)
	}()
	// What is written before the commit stays in memory as long as it may: what does not goes to the log twice.
	if _, err := conn.ExecContext(ctx, `PRAGMA stage.journal_mode = OFF; PRAGMA cache_size = -32768`); err != nil {
		return fmt.Errorf("stage: %w", err)
	}
	lite, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = lite.Rollback() }() // after a commit: sql.ErrTxDone
	tx.q, tx.lite = lite, lite
	return d.play(ctx, tx, keep, f)
}
