package rights

import (
	"context"

	"aval/internal/db"
)

func saveRule(ctx context.Context, tx *db.Tx, r Rule) error {
	_, err := tx.Exec(ctx, `INSERT INTO retention_rule (board_id, kind, code, years, set_by, set_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (board_id, kind) DO UPDATE SET code = excluded.code, years = excluded.years, set_by = excluded.set_by, set_at = excluded.set_at`,
		tx.Board, string(r.Record), r.Code, r.Years, r.SetBy, r.SetAt)
	return err
}

func rules(ctx context.Context, tx *db.Tx) ([]Rule, error) {
	return db.All(ctx, tx, func(row db.Row) (r Rule, err error) {
		err = row.Scan(&r.Record, &r.Code, &r.Years, &r.SetBy, &r.SetAt)
		return r, err
	}, `SELECT kind, code, years, set_by, set_at FROM retention_rule WHERE board_id = $1 ORDER BY kind DESC`, tx.Board)
}

// served reads the records of a type that had served before a day and are in no batch
// that awaits an answer.
func served(ctx context.Context, tx *db.Tx, record Record, before string) ([]ID, error) {
	const free = ` NOT IN (SELECT i.item_id FROM disposal_item i WHERE i.board_id = $1) ORDER BY id LIMIT $3`
	switch record {
	case OldRequests:
		return db.All(ctx, tx, scanID, `SELECT id FROM rights_request WHERE board_id = $1 AND state = 'closed' AND closed_on < $2 AND id`+free,
			tx.Board, before, batchSize)
	case OldConsents:
		return db.All(ctx, tx, scanID, `SELECT id FROM consent WHERE board_id = $1 AND CASE WHEN withdrawn_on <> '' THEN withdrawn_on
			WHEN expires_on <> '' THEN expires_on ELSE given_on END < $2 AND id`+free, tx.Board, before, batchSize)
	}
	return db.All(ctx, tx, scanID, `SELECT id FROM incident WHERE board_id = $1 AND state = 'closed' AND aware_on < $2 AND id`+free,
		tx.Board, before, batchSize)
}

const batchColumns = `id, kind, code, years, ended_before, count, state, proposed_by, proposed_at, approved_by, approved_at`

func scanBatch(row db.Row) (b Batch, err error) {
	err = row.Scan(&b.ID, &b.Record, &b.Code, &b.Years, &b.Before, &b.Count, &b.State, &b.ProposedBy, &b.ProposedAt, &b.ApprovedBy,
		db.When(&b.ApprovedAt))
	return b, err
}

func getBatch(ctx context.Context, tx *db.Tx, id ID) (Batch, error) {
	return db.One(ctx, tx, scanBatch, `SELECT `+batchColumns+` FROM disposal WHERE board_id = $1 AND id = $2`, tx.Board, string(id))
}

func batches(ctx context.Context, tx *db.Tx) ([]Batch, error) {
	return db.All(ctx, tx, scanBatch, `SELECT `+batchColumns+` FROM disposal WHERE board_id = $1 ORDER BY proposed_at DESC, id LIMIT 200`, tx.Board)
}

func insertBatch(ctx context.Context, tx *db.Tx, b Batch, ids []ID) error {
	if _, err := tx.Exec(ctx, `INSERT INTO disposal (board_id, id, kind, code, years, ended_before, count, state, proposed_by, proposed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, tx.Board, string(b.ID), string(b.Record), b.Code, b.Years, b.Before, b.Count, b.State,
		b.ProposedBy, b.ProposedAt); err != nil {
		return err
	}
	rows := make([][]any, len(ids))
	for i, id := range ids {
		rows[i] = []any{string(b.ID), string(id)}
	}
	return db.Bulk(ctx, tx, "disposal_item", []string{"disposal_id", "item_id"}, nil, rows)
}

// endBatch keeps how a batch ended, and forgets which records it held.
func endBatch(ctx context.Context, tx *db.Tx, b Batch) error {
	if err := db.Changed(tx.Exec(ctx, `UPDATE disposal SET state = $3, count = $4, approved_by = $5, approved_at = $6
		WHERE board_id = $1 AND id = $2 AND state = 'proposed'`, tx.Board, string(b.ID), b.State, b.Count, b.ApprovedBy, b.ApprovedAt)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM disposal_item WHERE board_id = $1 AND disposal_id = $2`, tx.Board, string(b.ID))
	return err
}

func batchItems(ctx context.Context, tx *db.Tx, id ID) ([]ID, error) {
	return db.All(ctx, tx, scanID, `SELECT item_id FROM disposal_item WHERE board_id = $1 AND disposal_id = $2 ORDER BY item_id`, tx.Board, string(id))
}

func deleteRequests(ctx context.Context, tx *db.Tx, b Batch) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM rights_request WHERE board_id = $1 AND state = 'closed' AND closed_on < $3 AND id IN (
		SELECT i.item_id FROM disposal_item i WHERE i.board_id = $1 AND i.disposal_id = $2)`, tx.Board, string(b.ID), b.Before)
}

func deleteConsents(ctx context.Context, tx *db.Tx, b Batch) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM consent WHERE board_id = $1 AND id IN (
		SELECT i.item_id FROM disposal_item i WHERE i.board_id = $1 AND i.disposal_id = $2)`, tx.Board, string(b.ID))
}
