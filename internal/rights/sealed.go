package rights

import (
	"context"

	"aval/internal/db"
	"aval/internal/vault"
)

// Sealed are the tables with sealed columns, for the keys to be replaced.
func Sealed() []vault.Resealer { return []vault.Resealer{sealedRequests{}, sealedConsents{}} }

type sealedRequests struct{}

type sealedRow struct {
	id     ID
	sealed []byte
}

func scanSealed(row db.Row) (r sealedRow, err error) {
	err = row.Scan(&r.id, &r.sealed)
	return r, err
}

func scanCount(row db.Row) (n int, err error) {
	err = row.Scan(&n)
	return n, err
}

const olderRequests = ` FROM rights_request WHERE board_id = $1 AND substr(sealed, 1, 5) <> $2`

// Reseal implements vault.Resealer.
func (sealedRequests) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, after string, limit int) (string, error) {
	old, err := db.All(ctx, tx, scanSealed, `SELECT id, sealed`+olderRequests+` AND id > $3 ORDER BY id LIMIT $4`, tx.Board, keys.Prefix(), after, limit)
	if err != nil {
		return "", err
	}
	return again(keys, old, requestPlace, func(id ID, was, is []byte) error {
		_, err := tx.Exec(ctx, `UPDATE rights_request SET sealed = $1 WHERE board_id = $2 AND id = $3 AND sealed = $4`, is, tx.Board, string(id), was)
		return err
	})
}

// Older implements vault.Resealer.
func (sealedRequests) Older(ctx context.Context, tx *db.Tx, keys *vault.Keys) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*)`+olderRequests, tx.Board, keys.Prefix())
}

type sealedConsents struct{}

const olderConsents = ` FROM consent WHERE board_id = $1 AND substr(signer, 1, 5) <> $2`

// Reseal implements vault.Resealer.
func (sealedConsents) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, after string, limit int) (string, error) {
	old, err := db.All(ctx, tx, scanSealed, `SELECT id, signer`+olderConsents+` AND id > $3 ORDER BY id LIMIT $4`, tx.Board, keys.Prefix(), after, limit)
	if err != nil {
		return "", err
	}
	return again(keys, old, consentPlace, func(id ID, was, is []byte) error {
		_, err := tx.Exec(ctx, `UPDATE consent SET signer = $1 WHERE board_id = $2 AND id = $3 AND signer = $4`, is, tx.Board, string(id), was)
		return err
	})
}

// Older implements vault.Resealer.
func (sealedConsents) Older(ctx context.Context, tx *db.Tx, keys *vault.Keys) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*)`+olderConsents, tx.Board, keys.Prefix())
}

// again seals rows under the newest key and keeps each; one that cannot be opened is
// left as it is.
func again(keys *vault.Keys, old []sealedRow, place func(ID) vault.Place, keep func(id ID, was, is []byte) error) (last string, err error) {
	for _, row := range old {
		last = string(row.id)
		plain, err := keys.Open(place(row.id), row.sealed)
		if err != nil {
			continue // changed or moved: Older counts it
		}
		is, err := keys.Seal(place(row.id), plain)
		if err != nil {
			return "", err
		}
		if err := keep(row.id, row.sealed, is); err != nil {
			return "", err
		}
	}
	return last, nil
}
