// Package postgres makes a database for a bench, on the server of scripts/pgtest.sh.
package postgres

import (
	"context"
	"errors"
	"net/url"
	"os"

	"github.com/jackc/pgx/v5"

	"aval/internal/db"
)

// Own makes an empty database on the server that AVAL_TEST_POSTGRES names. It answers
// its addresses, as the app and as the owner, and what drops it once both are closed.
func Own(ctx context.Context) (app, owner string, drop func() error, err error) {
	server := os.Getenv("AVAL_TEST_POSTGRES")
	if text, err := os.ReadFile(server); err == nil { //nolint:gosec // the operator's own
		server = string(text)
	}
	address, err := url.Parse(server)
	if err != nil || server == "" {
		return "", "", nil, errors.New("AVAL_TEST_POSTGRES names no server: run it by scripts/pgtest.sh")
	}
	name := "bench_" + db.NewID()
	do := func(statement string) error {
		conn, err := pgx.Connect(ctx, server)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, statement+` "`+name+`"`)
		return errors.Join(err, conn.Close(ctx))
	}
	if err := do(`CREATE DATABASE`); err != nil {
		return "", "", nil, err
	}
	address.Path = "/" + name
	owner = address.String()
	q := address.Query()
	q.Set("role", db.AppRole)
	address.RawQuery = q.Encode()
	return address.String(), owner, func() error { return do(`DROP DATABASE`) }, nil
}
