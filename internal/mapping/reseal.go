package mapping

import (
	"context"

	"aval/internal/db"
	"aval/internal/vault"
)

// Sealed are the tables with sealed columns, for the keys to be replaced.
func Sealed() []vault.Resealer { return []vault.Resealer{uploads{}} }

// uploads are not sealed again: what waits under an older key is taken away, and is
// sent once more.
type uploads struct{}

const older = ` FROM roster_upload WHERE board_id = $1 AND substr(sealed, 1, 5) <> $2`

// Reseal implements vault.Resealer.
func (uploads) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, _ string, _ int) (string, error) {
	_, err := tx.Exec(ctx, `DELETE`+older, tx.Board, keys.Prefix())
	return "", err
}

// Older implements vault.Resealer.
func (uploads) Older(ctx context.Context, tx *db.Tx, keys *vault.Keys) (int, error) {
	return db.One(ctx, tx, func(row db.Row) (n int, err error) {
		err = row.Scan(&n)
		return n, err
	}, `SELECT count(*)`+older, tx.Board, keys.Prefix())
}
