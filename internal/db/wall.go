package db

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The wall is row-level security on every table that has a board_id: a
// transaction sees and writes the rows of the board it was opened for. It is
// put up by reading the catalogue, so that no table is forgotten. It guards
// against a forgotten WHERE, not against injected SQL. SQLite has none.
//
// Three roles meet it. The owner (migrate) is held back by FORCE, except while
// it migrates. The app owns nothing and is always behind it. A backup needs a
// role with BYPASSRLS, which the administrator makes.

// AppRole is the role of the app unless told otherwise.
const AppRole = "aval_app"

const wallPolicy = "board_wall"

type boardTable struct {
	Name    string
	Enabled bool
	Forced  bool
	Policy  bool
}

// boardTables lists the tables with a board_id and what stands on each.
func boardTables(ctx context.Context, q pgxQuerier) ([]boardTable, error) {
	rows, err := q.Query(ctx, `
		SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
			EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = $1)
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'board_id' AND NOT a.attisdropped
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
		ORDER BY c.relname`, wallPolicy)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[boardTable])
}

type pgxQuerier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// lowerWall lets the owner see the rows it migrates. The app stays behind its policies.
func lowerWall(ctx context.Context, conn *pgx.Conn) error {
	tables, err := boardTables(ctx, conn)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if !t.Forced {
			continue
		}
		if _, err := conn.Exec(ctx, `ALTER TABLE `+quote(t.Name)+` NO FORCE ROW LEVEL SECURITY`); err != nil {
			return err
		}
	}
	return nil
}

// raiseWall puts the wall on every board's table that lacks a piece of it.
func raiseWall(ctx context.Context, conn *pgx.Conn) error {
	tables, err := boardTables(ctx, conn)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, t := range tables {
			var statements []string
			if !t.Policy {
				const own = `(board_id = current_setting('app.board', true))`
				statements = append(statements, `CREATE POLICY `+wallPolicy+` ON `+quote(t.Name)+` USING `+own+` WITH CHECK `+own)
			}
			if !t.Enabled || !t.Forced {
				statements = append(statements,
					`ALTER TABLE `+quote(t.Name)+` ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`)
			}
			for _, s := range statements {
				if _, err := tx.Exec(ctx, s); err != nil {
					return fmt.Errorf("the wall of %s: %w", t.Name, err)
				}
			}
		}
		return nil
	})
}

// appendOnly are the tables that the app adds to and never rewrites: the trail.
var appendOnly = []string{"audit_record", "audit_hash"}

// admitApp makes the app's role if there is none and gives it what the app
// needs: the rows of the tables, never the tables themselves; and the two functions by
// which Fill has the indexes of an empty one made later (own.go).
func admitApp(ctx context.Context, conn *pgx.Conn, role string) error {
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)`, role).Scan(&there); err != nil {
		return err
	}
	name := quote(role)
	if !there {
		// Roles belong to the whole server: another database's migrate may be making it too.
		_, err := conn.Exec(ctx, `DO $$ BEGIN
			CREATE ROLE `+name+` NOLOGIN;
			GRANT `+name+` TO CURRENT_USER;
			EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
			END $$`)
		if err != nil {
			return fmt.Errorf("make the role %s (or have the administrator make it): %w", role, err)
		}
	}
	var schema string
	if err := conn.QueryRow(ctx, `SELECT current_schema()`).Scan(&schema); err != nil {
		return err
	}
	statements := []string{
		`GRANT USAGE ON SCHEMA ` + quote(schema) + ` TO ` + name,
		`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ` + quote(schema) + ` TO ` + name,
		`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ` + quote(schema) + ` TO ` + name,
		`REVOKE UPDATE, DELETE ON ` + strings.Join(appendOnly, ", ") + ` FROM ` + name,
		`REVOKE INSERT, UPDATE, DELETE ON goose_db_version, river_migration FROM ` + name,
		`GRANT EXECUTE ON FUNCTION enrollment_unindexed(), enrollment_indexed() TO ` + name,
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("admit %s: %w", role, err)
			}
		}
		return nil
	})
}

// behindWall refuses a role that the wall does not hold.
func behindWall(ctx context.Context, pool *pgxpool.Pool) error {
	var role string
	var above, owner bool
	err := pool.QueryRow(ctx, `
		SELECT r.rolname, r.rolsuper OR r.rolbypassrls, EXISTS (
			SELECT 1 FROM pg_class c
			JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'board_id' AND NOT a.attisdropped
			WHERE c.relkind IN ('r', 'p') AND c.relowner = r.oid AND c.relnamespace = current_schema()::regnamespace)
		FROM pg_roles r WHERE r.rolname = current_user`).Scan(&role, &above, &owner)
	switch {
	case err != nil:
		return err
	case above:
		return errors.New("the role " + role + " is above row-level security: serve as another, as in ?role=" + AppRole)
	case owner:
		return errors.New("the role " + role + " owns the tables: serve as another, as in ?role=" + AppRole)
	}
	return nil
}
