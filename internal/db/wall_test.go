package db_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"aval/internal/db"
	"aval/internal/db/dbtest"
)

// The same statement, forgetful of its board, is what the wall is for.
func TestWall(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	ours, theirs := dbtest.Board(t, d), dbtest.Board(t, d)
	for _, board := range []string{ours, theirs} {
		if err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error { return mark(ctx, tx, "one") }); err != nil {
			t.Fatal(err)
		}
	}
	const forgetful = `SELECT count(*) FROM control_mark`
	err := d.Write(t.Context(), ours, func(ctx context.Context, tx *db.Tx) error {
		if n, err := db.One(ctx, tx, number, forgetful); err != nil || n != 1 {
			t.Errorf("a forgetful SELECT sees %d rows (%v), want 1", n, err)
		}
		n, err := tx.Exec(ctx, `UPDATE control_mark SET note = 'x' WHERE board_id = $1`, theirs)
		if n != 0 {
			t.Errorf("%d rows of another board were changed", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Write(t.Context(), ours, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, insertMark, theirs, "c", "s", "conform", "", tx.Now)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "row-level security") {
		t.Errorf("an INSERT for another board: %v, want a refusal of row-level security", err)
	}
	err = d.System(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		n, err := db.One(ctx, tx, number, forgetful)
		if n != 0 {
			t.Errorf("System sees %d rows of boards, want none", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var bare int64
	if err := d.Postgres().QueryRow(t.Context(), forgetful).Scan(&bare); err != nil || bare != 0 {
		t.Errorf("outside a transaction: %d rows (%v), want none", bare, err)
	}
	err = d.Write(t.Context(), ours, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM audit_record WHERE board_id = $1`, tx.Board)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("the app takes from the trail: %v, want permission denied", err)
	}
}

func TestEveryTableIsBehindTheWall(t *testing.T) {
	d := dbtest.Open(t, db.Postgres)
	var with, behind int
	err := d.Postgres().QueryRow(t.Context(), `
		SELECT count(*), count(*) FILTER (WHERE c.relrowsecurity AND c.relforcerowsecurity
			AND EXISTS (SELECT 1 FROM pg_policies p WHERE p.tablename = c.relname AND p.with_check IS NOT NULL))
		FROM information_schema.columns k JOIN pg_class c ON c.relname = k.table_name
		WHERE k.column_name = 'board_id' AND k.table_schema = 'public'`).Scan(&with, &behind)
	if err != nil {
		t.Fatal(err)
	}
	if with < 10 || with != behind {
		t.Errorf("%d of %d tables are behind the wall", behind, with)
	}
}

func TestOpenRefusesWhoIsAboveTheWall(t *testing.T) {
	dsn := dbtest.Empty(t, db.Postgres)
	if err := db.Migrate(t.Context(), dsn, ""); err != nil {
		t.Fatal(err)
	}
	if d, err := db.Open(t.Context(), dsn); err == nil {
		_ = d.Close()
		t.Error("a superuser was let serve")
	}
	d, err := db.Open(t.Context(), dsn, db.Role(db.AppRole))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// An owner that is no superuser migrates, and is held back by FORCE; it may not serve.
func TestPlainOwner(t *testing.T) {
	super := dbtest.Empty(t, db.Postgres)
	owner, app := "aval_owner_"+db.NewID(), "aval_app_"+db.NewID()
	conn, err := pgx.Connect(t.Context(), super)
	if err != nil {
		t.Fatal(err)
	}
	database := conn.Config().Database
	t.Cleanup(func() {
		for _, s := range []string{`DROP OWNED BY ` + app, `DROP ROLE ` + app, `DROP OWNED BY ` + owner, `DROP ROLE ` + owner} {
			if _, err := conn.Exec(context.Background(), s); err != nil {
				t.Error(err)
			}
		}
		_ = conn.Close(context.Background())
	})
	for _, s := range []string{
		`CREATE ROLE ` + owner + ` CREATEROLE`,
		`GRANT CREATE ON DATABASE ` + database + ` TO ` + owner,
		`GRANT CREATE ON SCHEMA public TO ` + owner,
	} {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	dsn := super + "&role=" + owner
	for range 2 {
		if err := db.Migrate(t.Context(), dsn, app); err != nil {
			t.Fatal(err)
		}
	}
	if d, err := db.Open(t.Context(), dsn); err == nil {
		_ = d.Close()
		t.Error("the owner was let serve")
	}
	d, err := db.Open(t.Context(), super, db.Role(app))
	if err != nil {
		t.Fatal(err)
	}
	board := dbtest.Board(t, d)
	if err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error { return mark(ctx, tx, "one") }); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	var n int
	held, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	if err := held.QueryRow(t.Context(), `SELECT count(*) FROM control_mark`).Scan(&n); err != nil || n != 0 {
		t.Errorf("the owner sees %d rows (%v), want none", n, err)
	}
	if err := held.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
