package account

import (
	"context"
	"slices"

	"aval/internal/db"
)

// Names answers how the accounts with these ids are called; one that the board
// does not have is left out.
func Names(ctx context.Context, tx *db.Tx, ids []string) (map[string]string, error) {
	names := map[string]string{}
	for part := range slices.Chunk(ids, 500) {
		args := []any{tx.Board}
		for _, id := range part {
			args = append(args, id)
		}
		found, err := db.All(ctx, tx, func(row db.Row) (pair [2]string, err error) {
			err = row.Scan(&pair[0], &pair[1])
			return pair, err
		}, `SELECT id, name FROM account WHERE board_id = $1 AND id IN `+db.In(2, len(part)), args...)
		if err != nil {
			return nil, err
		}
		for _, pair := range found {
			names[pair[0]] = pair[1]
		}
	}
	return names, nil
}
