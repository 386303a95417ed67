package vault

import (
	"context"
	"fmt"

	"aval/internal/db"
)

// Column is the Resealer of a table whose rows have one sealed column, sealed for
// Place{Table, Name, the row's id}. ID is the column of the id, or "" when that is id.
// A row in which it is empty has nothing sealed.
type Column struct{ Table, Name, ID string }

func (c Column) id() string {
	if c.ID == "" {
		return "id"
	}
	return c.ID
}

func (c Column) older() string {
	return ` FROM ` + c.Table + ` WHERE board_id = $1 AND length(` + c.Name + `) > 0 AND substr(` + c.Name + `, 1, 5) <> $2`
}

type sealedRow struct {
	id   string
	text []byte
}

// Reseal implements Resealer.
func (c Column) Reseal(ctx context.Context, tx *db.Tx, keys *Keys, after string, limit int) (last string, err error) {
	old, err := db.All(ctx, tx, func(r db.Row) (row sealedRow, err error) {
		err = r.Scan(&row.id, &row.text)
		return row, err
	}, `SELECT `+c.id()+`, `+c.Name+c.older()+` AND `+c.id()+` > $3 ORDER BY `+c.id()+` LIMIT $4`, tx.Board, keys.Prefix(), after, limit)
	if err != nil {
		return "", fmt.Errorf("sealed rows of %s: %w", c.Table, err)
	}
	for _, row := range old {
		last = row.id
		place := Place{Table: c.Table, Column: c.Name, Row: row.id}
		plain, err := keys.Open(place, row.text)
		if err != nil {
			continue // changed or moved: Older counts it
		}
		again, err := keys.Seal(place, plain)
		if err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `UPDATE `+c.Table+` SET `+c.Name+` = $1 WHERE board_id = $2 AND `+c.id()+` = $3 AND `+c.Name+` = $4`,
			again, tx.Board, row.id, row.text); err != nil {
			return "", fmt.Errorf("seal rows of %s again: %w", c.Table, err)
		}
	}
	return last, nil
}

// Older implements Resealer.
func (c Column) Older(ctx context.Context, tx *db.Tx, keys *Keys) (int, error) {
	return db.One(ctx, tx, func(r db.Row) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	}, `SELECT count(*)`+c.older(), tx.Board, keys.Prefix())
}
