package source

import (
	"context"

	"aval/internal/db"
	"aval/internal/vault"
)

// Sealed are the tables with sealed columns, for the keys to be replaced.
func Sealed() []vault.Resealer {
	return []vault.Resealer{
		sealed{older: olderSecrets, update: `UPDATE roster_source SET secret = $1 WHERE board_id = $2 AND id = $3 AND secret = $4`,
			place: func(id string) vault.Place { return secretPlace(ID(id)) }},
		sealed{older: olderPages, update: `UPDATE roster_page SET sealed = $1 WHERE board_id = $2 AND id = $3 AND sealed = $4`,
			place: pagePlace},
	}
}

const (
	olderSecrets = `SELECT id, secret AS sealed FROM roster_source WHERE board_id = $1 AND substr(secret, 1, 5) <> $2` //nolint:gosec // a statement
	olderPages   = `SELECT id, sealed FROM roster_page WHERE board_id = $1 AND substr(sealed, 1, 5) <> $2`
)

// sealed is a table with one sealed column.
type sealed struct {
	older, update string
	place         func(id string) vault.Place
}

type sealedRow struct {
	id   string
	text []byte
}

// Reseal implements vault.Resealer.
func (s sealed) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, after string, limit int) (last string, err error) {
	old, err := db.All(ctx, tx, func(r db.Row) (row sealedRow, err error) {
		err = r.Scan(&row.id, &row.text)
		return row, err
	}, s.older+` AND id > $3 ORDER BY id LIMIT $4`, tx.Board, keys.Prefix(), after, limit)
	if err != nil {
		return "", err
	}
	for _, row := range old {
		last = row.id
		plain, err := keys.Open(s.place(row.id), row.text)
		if err != nil {
			continue // changed or moved: Older counts it
		}
		is, err := keys.Seal(s.place(row.id), plain)
		if err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, s.update, is, tx.Board, row.id, row.text); err != nil {
			return "", err
		}
	}
	return last, nil
}

// Older implements vault.Resealer.
func (s sealed) Older(ctx context.Context, tx *db.Tx, keys *vault.Keys) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*) FROM (`+s.older+`) AS old`, tx.Board, keys.Prefix())
}
