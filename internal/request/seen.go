package request

import (
	"context"
	"slices"

	"aval/internal/db"
	"aval/internal/policy"
)

// Seen answers those of some requests that the actor may read, for a page that names them.
func Seen(ctx context.Context, tx *db.Tx, actor policy.Actor, ids []ID) (map[ID]Item, error) {
	seen := map[ID]Item{}
	for part := range slices.Chunk(ids, 500) {
		reach, args := actor.Reach(policy.RequestRead).Where(actor, reachColumns, 2)
		args = append([]any{tx.Board}, args...)
		in := db.In(len(args)+1, len(part))
		for _, id := range part {
			args = append(args, string(id))
		}
		items, err := db.All(ctx, tx, scanItem, `SELECT `+columns+itemColumns+itemFrom+`
			WHERE r.board_id = $1 AND `+reach+` AND r.id IN `+in, args...)
		if err != nil {
			return nil, err
		}
		for _, i := range items {
			seen[i.ID] = i
		}
	}
	return seen, nil
}
