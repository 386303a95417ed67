package main

import (
	"bufio"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the driver

	"aval/internal/db"
)

// copied is the floor: the rows as they come, in one transaction, into tables of
// texts whose first column has the given key, or none. On PostgreSQL one COPY a
// file, read while the next rows are checked; on SQLite inserts by the hundred.
func copied(ctx context.Context, engine db.Engine, dir, path, key string, rows int) error {
	sink, err := openSink(ctx, engine, dir, key)
	if err != nil {
		return err
	}
	n, err := floor(path, sink.put)
	if err == nil && n != rows {
		err = fmt.Errorf("the floor read %d rows of %d", n, rows)
	}
	return errors.Join(err, sink.end(err == nil))
}

type sink interface {
	put(file string, cells []string) error
	end(keep bool) error // commits, and removes the tables after
}

func openSink(ctx context.Context, engine db.Engine, dir, key string) (sink, error) {
	if engine == db.SQLite {
		return openLite(ctx, filepath.Join(dir, "floor"+strings.TrimSpace(key)+".db"), key)
	}
	conn, err := pgx.Connect(ctx, cmp.Or(*owner, *dsn))
	if err != nil {
		return nil, err
	}
	tx, err := conn.Begin(ctx)
	return &pgSink{ctx: ctx, conn: conn, tx: tx, key: key}, err
}

func table(file, key string, width int) string {
	columns := "c0 text" + key
	for i := 1; i < width; i++ {
		columns += fmt.Sprintf(", c%d text", i)
	}
	return "CREATE TABLE floor_" + strings.ToLower(file) + " (" + columns + ")"
}

type pgSink struct {
	ctx  context.Context
	conn *pgx.Conn
	tx   pgx.Tx
	key  string
	made []string
	to   *bufio.Writer
	pipe *io.PipeWriter
	done chan error
}

func (s *pgSink) put(file string, cells []string) error {
	if len(s.made) == 0 || s.made[len(s.made)-1] != file {
		if err := s.next(file, len(cells)); err != nil {
			return err
		}
	}
	for i, cell := range cells {
		if i > 0 {
			_ = s.to.WriteByte('\t') // an error stays until the flush
		}
		if strings.ContainsAny(cell, "\\\t\n") {
			return errFloor // the generated sets hold none
		}
		_, _ = s.to.WriteString(cell) // an error stays until the flush
	}
	return s.to.WriteByte('\n')
}

func (s *pgSink) next(file string, width int) error {
	if err := s.close(); err != nil {
		return err
	}
	if _, err := s.tx.Exec(s.ctx, table(file, s.key, width)); err != nil {
		return err
	}
	from, to := io.Pipe()
	s.made, s.pipe, s.to, s.done = append(s.made, file), to, bufio.NewWriterSize(to, 512<<10), make(chan error, 1)
	go func() {
		_, err := s.tx.Conn().PgConn().CopyFrom(s.ctx, from, "COPY floor_"+strings.ToLower(file)+" FROM STDIN")
		s.done <- errors.Join(err, from.CloseWithError(err))
	}()
	return nil
}

func (s *pgSink) close() error {
	if s.to == nil {
		return nil
	}
	err := errors.Join(s.to.Flush(), s.pipe.Close())
	s.to = nil
	return errors.Join(err, <-s.done)
}

func (s *pgSink) end(keep bool) error {
	err := s.close()
	if err != nil || !keep {
		return errors.Join(err, s.tx.Rollback(s.ctx), s.conn.Close(s.ctx))
	}
	err = s.tx.Commit(s.ctx)
	for _, file := range s.made {
		_, e := s.conn.Exec(s.ctx, "DROP TABLE floor_"+strings.ToLower(file))
		err = errors.Join(err, e)
	}
	return errors.Join(err, s.conn.Close(s.ctx))
}

// hundred is how many rows an insert of the floor takes.
const hundred = 100

type liteSink struct {
	ctx    context.Context
	handle *sql.DB
	tx     *sql.Tx
	key    string
	file   string
	width  int
	cells  []any
	full   *sql.Stmt
}

func openLite(ctx context.Context, path, key string) (sink, error) {
	handle, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	handle.SetMaxOpenConns(1)
	tx, err := handle.BeginTx(ctx, nil)
	return &liteSink{ctx: ctx, handle: handle, tx: tx, key: key}, err
}

func (s *liteSink) put(file string, cells []string) (err error) {
	if file != s.file {
		if err := s.flush(); err != nil {
			return err
		}
		if _, err := s.tx.ExecContext(s.ctx, table(file, s.key, len(cells))); err != nil {
			return err
		}
		s.file, s.width = file, len(cells)
		if s.full, err = s.tx.PrepareContext(s.ctx, s.insert(hundred)); err != nil {
			return err
		}
	}
	for _, cell := range cells {
		s.cells = append(s.cells, strings.Clone(cell)) // the reader writes over it
	}
	if len(s.cells) == hundred*s.width {
		_, err = s.full.ExecContext(s.ctx, s.cells...)
		s.cells = s.cells[:0]
	}
	return err
}

func (s *liteSink) insert(rows int) string {
	row := "(?" + strings.Repeat(",?", s.width-1) + ")"
	return "INSERT INTO floor_" + strings.ToLower(s.file) + " VALUES " + row + strings.Repeat(","+row, rows-1) //nolint:gosec // our own names and marks of values
}

func (s *liteSink) flush() error {
	if len(s.cells) == 0 {
		return nil
	}
	_, err := s.tx.ExecContext(s.ctx, s.insert(len(s.cells)/s.width), s.cells...)
	s.cells = s.cells[:0]
	return err
}

func (s *liteSink) end(keep bool) error {
	err := s.flush()
	if err != nil || !keep {
		return errors.Join(err, s.tx.Rollback(), s.handle.Close())
	}
	return errors.Join(s.tx.Commit(), s.handle.Close())
}
