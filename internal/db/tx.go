package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"aval/internal/fault"
)

// Tx is a transaction, opened for one board. It belongs to one goroutine.
type Tx struct {
	Board string    // "" in System and SystemRead
	Now   time.Time // the moment of everything in it: UTC, to the microsecond

	// ReadOnly says that it was opened to read: a statement that writes would doom it.
	ReadOnly bool

	engine Engine
	q      querier
	lite   *sql.Tx
	pg     pgx.Tx
	hooks  []func(context.Context) error
	values map[any]any
	failed error // the first failed statement
	ended  bool
}

type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// SQLite is the underlying transaction on SQLite, nil on PostgreSQL. Only package job has a use for it.
func (tx *Tx) SQLite() *sql.Tx { return tx.lite }

// Postgres is the underlying transaction on PostgreSQL, nil on SQLite. Only package job has a use for it.
func (tx *Tx) Postgres() pgx.Tx { return tx.pg }

// BeforeCommit leaves work for the end of the transaction. The hooks run in
// the order they were left, once, after all else; one may leave another. A
// hook's error undoes the transaction.
func (tx *Tx) BeforeCommit(f func(ctx context.Context) error) { tx.hooks = append(tx.hooks, f) }

// Value is what SetValue kept under key in this transaction, or nil.
func (tx *Tx) Value(key any) any { return tx.values[key] }

// SetValue keeps v under key until the transaction ends.
func (tx *Tx) SetValue(key, v any) {
	if tx.values == nil {
		tx.values = map[any]any{}
	}
	tx.values[key] = v
}

// Exec runs a statement and answers how many rows it changed. A statement
// that fails dooms its transaction on both engines.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	args, err := tx.ready(args)
	if err != nil {
		return 0, err
	}
	res, err := tx.q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, tx.Doom(err)
	}
	return res.RowsAffected()
}

// Doom makes sure that the transaction will not commit, and returns err. It
// is for statements that went around Exec.
func (tx *Tx) Doom(err error) error {
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

// ready refuses a transaction that is over or doomed, and makes the arguments the same for both engines.
func (tx *Tx) ready(args []any) ([]any, error) {
	if tx.ended {
		return nil, errors.New("db: the transaction is over")
	}
	if tx.failed != nil {
		return nil, fmt.Errorf("db: an earlier statement of the transaction failed: %w", tx.failed)
	}
	same := make([]any, len(args))
	for i, arg := range args {
		v, err := plain(arg)
		if err != nil {
			return nil, tx.Doom(fmt.Errorf("db: argument %d: %w", i+1, err))
		}
		same[i] = v
	}
	return same, nil
}

// run runs f and the hooks, and refuses what a failed statement doomed.
func (tx *Tx) run(ctx context.Context, f func(context.Context, *Tx) error) error {
	if err := f(ctx, tx); err != nil {
		return err
	}
	for len(tx.hooks) > 0 { // a hook may leave another
		hook := tx.hooks[0]
		tx.hooks = tx.hooks[1:]
		if err := hook(ctx); err != nil {
			return err
		}
	}
	if tx.failed != nil {
		return fmt.Errorf("db: a statement failed and was passed over: %w", tx.failed)
	}
	return nil
}

// Row is one row of an answer. Its Scan mends SQLite's times and gives every time in UTC; When is for one that may be NULL.
type Row interface {
	Scan(dest ...any) error
}

// One reads the first row of an answer; with no row it refuses as fault.Missing does.
func One[T any](ctx context.Context, tx *Tx, scan func(Row) (T, error), query string, args ...any) (T, error) {
	var one T
	found := false
	err := tx.each(ctx, func(r Row) error {
		if found {
			return nil // the rest is read so that a late error is seen
		}
		v, err := scan(r)
		one, found = v, true
		return err
	}, query, args...)
	var none T
	switch {
	case err != nil:
		return none, err
	case !found:
		return none, fault.Missing()
	}
	return one, nil
}

// All reads every row of an answer; no row is a nil slice.
func All[T any](ctx context.Context, tx *Tx, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := tx.each(ctx, func(r Row) error {
		v, err := scan(r)
		if err == nil {
			all = append(all, v)
		}
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Each hands every row of an answer on, without keeping them.
func Each(ctx context.Context, tx *Tx, f func(Row) error, query string, args ...any) error {
	return tx.each(ctx, f, query, args...)
}

// each reads an answer to its end and closes it, so that the next statement finds the connection free.
func (tx *Tx) each(ctx context.Context, f func(Row) error, query string, args ...any) error {
	args, err := tx.ready(args)
	if err != nil {
		return err
	}
	rows, err := tx.q.QueryContext(ctx, query, args...)
	if err != nil {
		return tx.Doom(err)
	}
	defer func() { _ = rows.Close() }() // for the early return; the errors that count are seen below
	r := &row{rows: rows}
	for rows.Next() {
		if err := f(r); err != nil {
			return err
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return tx.Doom(err)
	}
	return nil
}

// row is the row of an answer that is being read; its list of places is kept from row to row.
type row struct {
	rows Row
	into []any
}

func (r *row) Scan(dest ...any) error {
	r.into = r.into[:0]
	for _, d := range dest {
		if at, ok := d.(*time.Time); ok {
			d = always{at}
		}
		r.into = append(r.into, d)
	}
	return r.rows.Scan(r.into...)
}

// When is the place of a moment that may not have come yet: NULL is the zero time, as Moment keeps it.
func When(at *time.Time) sql.Scanner { return perhaps{at} }

type (
	always  struct{ at *time.Time }
	perhaps struct{ at *time.Time }
)

// Scan implements sql.Scanner.
func (p always) Scan(v any) (err error) {
	if v == nil {
		return errors.New("db: NULL for a time that is always there")
	}
	*p.at, err = instant(v)
	return err
}

// Scan implements sql.Scanner.
func (p perhaps) Scan(v any) (err error) {
	if v == nil {
		*p.at = time.Time{}
		return nil
	}
	*p.at, err = instant(v)
	return err
}

// instant is a time as either engine gives it, in UTC.
func instant(v any) (time.Time, error) {
	switch v := v.(type) {
	case time.Time:
		return moment(v), nil
	case []byte:
		return instant(string(v))
	case string:
		if t, ok := liteTime(v); ok {
			return moment(t), nil
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05"} {
			if t, err := time.Parse(layout, v); err == nil {
				return moment(t), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("db: not a time: a %T", v)
}

// liteTime reads a time as SQLite's driver writes it, by way of RFC 3339, which
// differs in one letter and which package time reads quickly.
func liteTime(s string) (t time.Time, ok bool) {
	var rfc [len("2006-01-02T15:04:05.999999999-07:00")]byte
	if len(s) < len(time.DateTime) || len(s) > len(rfc) || s[len(time.DateOnly)] != ' ' {
		return t, false
	}
	n := copy(rfc[:], s)
	rfc[len(time.DateOnly)] = 'T'
	err := t.UnmarshalText(rfc[:n])
	return t, err == nil
}

// plain is an argument as both engines take it: an integer, a float, a
// boolean, a text, bytes, a moment or NULL. Texts that PostgreSQL would refuse
// are refused on both.
func plain(arg any) (any, error) {
	switch v := arg.(type) {
	case nil:
		return nil, nil
	case string:
		return text(v)
	case time.Time:
		return moment(v), nil
	case []byte:
		return v, nil
	case driver.Valuer:
		w, err := driver.DefaultParameterConverter.ConvertValue(v)
		if err != nil {
			return nil, err
		}
		return plain(w)
	}
	switch v := reflect.ValueOf(arg); v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return plain(v.Elem().Interface())
	case reflect.String:
		return text(v.String())
	case reflect.Bool:
		return v.Bool(), nil
	default:
		return driver.DefaultParameterConverter.ConvertValue(arg)
	}
}

func text(s string) (any, error) {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return nil, errors.New("a text that is not UTF-8, or holds a zero byte")
	}
	return s, nil
}

// Moment keeps the zero time as NULL.
func Moment(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }
