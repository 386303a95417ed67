package inventory

import (
	"context"

	"aval/internal/db"
)

const fields = `f.id, f.platform_id, p.name, f.noted_by, f.noted_at, f.seen_on, f.text, f.personal, f.class, f.state, f.request_id,
	f.reason, f.settled_by, f.settled_at`

const from = ` FROM found_platform f JOIN platform p ON p.board_id = f.board_id AND p.id = f.platform_id`

func scan(row db.Row) (f Found, err error) {
	err = row.Scan(&f.ID, &f.Platform, &f.Name, &f.NotedBy, &f.NotedAt, &f.SeenOn, &f.Text, &f.Personal, &f.Class, &f.State, &f.Request,
		&f.Reason, &f.SettledBy, db.When(&f.SettledAt))
	return f, err
}

// Get reads a platform that was found in use, or answers NotFound.
func Get(ctx context.Context, tx *db.Tx, id string) (Found, error) {
	return db.One(ctx, tx, scan, `SELECT `+fields+from+` WHERE f.board_id = $1 AND f.id = $2`, tx.Board, id)
}

// found lists them, the open ones first and the latest first; all, or an account's own.
func found(ctx context.Context, tx *db.Tx, account string, all bool) ([]Found, error) {
	return db.All(ctx, tx, scan, `SELECT `+fields+from+` WHERE f.board_id = $1 AND (CAST($3 AS boolean) OR f.noted_by = $2)
		ORDER BY CASE WHEN f.state = 'open' THEN 0 ELSE 1 END, f.noted_at DESC, f.id LIMIT 500`, tx.Board, account, all)
}

func insert(ctx context.Context, tx *db.Tx, f Found) error {
	_, err := tx.Exec(ctx, `INSERT INTO found_platform (board_id, id, platform_id, noted_by, noted_at, seen_on, text, personal, class, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		tx.Board, f.ID, string(f.Platform), f.NotedBy, f.NotedAt, f.SeenOn, f.Text, f.Personal, f.Class, string(f.State))
	return err
}

// settle keeps what became of it; of two who settle it at once, the second is a Conflict.
func settle(ctx context.Context, tx *db.Tx, f Found) error {
	return db.Changed(tx.Exec(ctx, `UPDATE found_platform SET state = $3, request_id = $4, reason = $5, settled_by = $6, settled_at = $7
		WHERE board_id = $1 AND id = $2 AND state = 'open'`,
		tx.Board, f.ID, string(f.State), string(f.Request), f.Reason, f.SettledBy, db.Moment(f.SettledAt)))
}
