package correction

import (
	"context"

	"aval/internal/db"
	"aval/internal/vault"
)

// Sealed is the table with sealed columns, for the keys to be replaced.
type Sealed struct{}

type sealedRow struct {
	id     ID
	sealed []byte
}

const older = ` FROM correction WHERE board_id = $1 AND substr(sealed, 1, 5) <> $2`

// Reseal implements vault.Resealer.
func (Sealed) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, after string, limit int) (last string, err error) {
	old, err := db.All(ctx, tx, func(in db.Row) (r sealedRow, err error) {
		err = in.Scan(&r.id, &r.sealed)
		return r, err
	}, `SELECT id, sealed`+older+` AND id > $3 ORDER BY id LIMIT $4`, tx.Board, keys.Prefix(), after, limit)
	if err != nil {
		return "", err
	}
	for _, r := range old {
		last = string(r.id)
		plain, err := keys.Open(place(r.id), r.sealed)
		if err != nil {
			continue // changed or moved: Older counts it
		}
		again, err := keys.Seal(place(r.id), plain)
		if err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `UPDATE correction SET sealed = $1 WHERE board_id = $2 AND id = $3 AND sealed = $4`,
			again, tx.Board, string(r.id), r.sealed); err != nil {
			return "", err
		}
	}
	return last, nil
}

// Older implements vault.Resealer.
func (Sealed) Older(ctx context.Context, tx *db.Tx, keys *vault.Keys) (int, error) {
	return db.One(ctx, tx, func(in db.Row) (n int, err error) {
		err = in.Scan(&n)
		return n, err
	}, `SELECT count(*)`+older, tx.Board, keys.Prefix())
}
