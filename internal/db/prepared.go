package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"modernc.org/sqlite"
)

// mostPrepared is how many statements a connection of SQLite keeps. The house
// has fewer texts than that; those made of lists of any length stay a few.
const mostPrepared = 500

// openHandle is sql.Open for SQLite, on connections that keep their statements
// prepared, as pgx's do: to read a statement is a good part of a short answer.
// SQLite itself reads one again after a change of the tables.
func openHandle(dsn string) (*sql.DB, error) {
	base, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector{base}), nil
}

type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	base, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{liteConn: base.(liteConn), prepared: map[string]*statement{}}, nil
}

// liteConn is what database/sql asks of SQLite's connection.
type liteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is a connection that keeps its statements; database/sql lets one goroutine at a time at it.
type conn struct {
	liteConn
	prepared map[string]*statement
}

type statement struct {
	liteStatement
	busy bool // its rows are being read
}

type liteStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// statement answers the free statement of a text; nil when it is being read, or enough are kept.
func (c *conn) statement(ctx context.Context, query string) (*statement, error) {
	s := c.prepared[query]
	switch {
	case s != nil && s.busy, s == nil && len(c.prepared) >= mostPrepared:
		return nil, nil
	case s != nil:
		return s, nil
	}
	base, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s = &statement{liteStatement: base.(liteStatement)}
	c.prepared[query] = s
	return s, nil
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 { // a script, or said once
		return c.liteConn.ExecContext(ctx, query, args)
	}
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.liteConn.ExecContext(ctx, query, args)
	}
	return s.ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.liteConn.QueryContext(ctx, query, args)
	}
	base, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &answer{Rows: base, of: s}, nil
}

// Close implements driver.Conn: a connection closes once its statements are.
func (c *conn) Close() error {
	var errs []error
	for _, s := range c.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.liteConn.Close())...)
}

// answer gives its statement back once it is read.
type answer struct {
	driver.Rows
	of *statement
}

func (a *answer) Close() error {
	a.of.busy = false
	return a.Rows.Close()
}
