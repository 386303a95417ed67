package db

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// StageTable is a table of a stage: its name and its columns as SQL writes them.
// Names must be none of the house's tables.
type StageTable struct{ Name, Columns string }

func (t StageTable) width() int { return strings.Count(t.Columns, ",") + 1 }

// Stage is where rows wait before they go into the tables: tables that nobody
// else sees, which are gone when it ends, however that ends. Rows go in as they
// come, in little memory; a transaction then joins them with the board's tables.
// On PostgreSQL they are temporary tables, filled by COPY within that very
// transaction, which a table behind the wall refuses; on SQLite a file beside the
// database, filled without its lock, so that others write meanwhile.
//
// Put is for one goroutine.
type Stage struct {
	tables map[string]*waiting
	work   chan func() error // batches on their way, in their order
	done   chan struct{}
	failed atomic.Pointer[error]
	rows   int
	send   func(t *waiting) func() error // makes a batch into work
}

// waiting is the batch of one table that is being gathered.
type waiting struct {
	StageTable
	text   bytes.Buffer // PostgreSQL: lines of COPY
	values []string     // SQLite
	keys   []string     // columns to make quick, SQLite
	rows   int
}

// Of text, and of values, that go in at once.
const (
	stageText   = 512 << 10
	stageValues = 20_000
)

// Put adds a row to a table of the stage. Numbers are in decimal, booleans 1 or 0.
func (s *Stage) Put(table string, values ...string) error {
	t := s.tables[table]
	if t == nil || len(values) != t.width() {
		return fmt.Errorf("stage: a row of %d values for %s", len(values), table)
	}
	s.rows++
	t.rows++
	if s.send == nil {
		return errors.New("stage: it is closed")
	}
	if t.values != nil {
		t.values = append(t.values, values...)
		if len(t.values)+len(values) > stageValues {
			return s.flush(t)
		}
		return nil
	}
	for i, v := range values {
		if i > 0 {
			t.text.WriteByte('\t')
		}
		copyCell(&t.text, v)
	}
	t.text.WriteByte('\n')
	if t.text.Len() > stageText {
		return s.flush(t)
	}
	return nil
}

var copyEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

// copyCell writes a value as COPY reads it.
func copyCell(b *bytes.Buffer, v string) {
	for i := range len(v) {
		if c := v[i]; c == '\\' || c < 0x20 {
			_, _ = copyEscapes.WriteString(b, v) // a buffer takes all
			return
		}
	}
	b.WriteString(v)
}

func (s *Stage) flush(t *waiting) error {
	if t.rows == 0 {
		return nil
	}
	if err := s.failed.Load(); err != nil {
		return *err
	}
	s.work <- s.send(t)
	t.rows = 0
	return nil
}

// begin starts the one goroutine that sends batches, while the next is gathered.
func (s *Stage) begin(tables []StageTable, send func(t *waiting) func() error, lite bool) {
	s.tables, s.send = map[string]*waiting{}, send
	for _, t := range tables {
		w := &waiting{StageTable: t}
		if lite {
			w.values = make([]string, 0, stageValues)
		}
		s.tables[t.Name] = w
	}
	s.work, s.done = make(chan func() error, 1), make(chan struct{})
	go func() {
		defer close(s.done)
		for do := range s.work {
			if s.failed.Load() != nil {
				continue
			}
			if err := do(); err != nil {
				err = fmt.Errorf("stage: %w", err)
				s.failed.Store(&err)
			}
		}
	}()
}

// end sends what is left, unless what filled it failed, and waits.
func (s *Stage) end(err error) error {
	for _, t := range s.tables {
		if err == nil {
			err = s.flush(t)
		}
	}
	s.send = nil
	close(s.work)
	<-s.done
	if failed := s.failed.Load(); failed != nil && err == nil {
		err = *failed
	}
	return err
}

// StageAndWrite lets fill put rows on a stage, then runs f in one transaction of
// the board that sees the stage's tables, and commits: all of it or nothing. Only
// one of a board is under way at a time; others wait. fill gets a context without a
// transaction; it may open others. tx.Now is the moment at which f begins.
func (d *DB) StageAndWrite(ctx context.Context, board string, tables []StageTable, fill func(context.Context, *Stage) error,
	f func(context.Context, *Tx) error) error {
	return d.stage(ctx, board, tables, true, fill, f)
}

// StageAndRead is StageAndWrite for who only looks: nothing is kept, nobody waits.
func (d *DB) StageAndRead(ctx context.Context, board string, tables []StageTable, fill func(context.Context, *Stage) error,
	f func(context.Context, *Tx) error) error {
	return d.stage(ctx, board, tables, false, fill, f)
}

func (d *DB) stage(ctx context.Context, board string, tables []StageTable, keep bool, fill func(context.Context, *Stage) error,
	f func(context.Context, *Tx) error) error {
	if ctx.Value(inside{}) != nil {
		panic("db: a stage within a transaction")
	}
	if err := boardID(board); err != nil {
		return err
	}
	tx := &Tx{Board: board, ReadOnly: !keep, engine: d.engine}
	if d.engine == SQLite {
		return d.stageSQLite(ctx, tx, tables, keep, fill, f)
	}
	return d.stagePostgres(ctx, tx, tables, keep, fill, f)
}

// play runs f over what was staged, and commits what is to be kept.
func (d *DB) play(ctx context.Context, tx *Tx, keep bool, f func(context.Context, *Tx) error) error {
	tx.Now = moment(d.Clock())
	defer func() { tx.ended = true }()
	if err := tx.run(context.WithValue(ctx, inside{}, true), f); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil || !keep {
		return err
	}
	if err := tx.commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
