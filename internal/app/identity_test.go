package app_test

import (
	"context"

	"aval/internal/db"
)

// twoPupils are two pupils of the board, the same each time.
func (b *board) twoPupils() (ids []string) {
	b.t.Helper()
	b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) (err error) {
		ids, err = db.All(ctx, tx, text, `SELECT id FROM person WHERE board_id = $1 AND kind = 'student' AND status = 'active'
			ORDER BY source_id DESC LIMIT 2`, tx.Board)
		return err
	}))
	return ids
}

// actID is an act about a record, which changes nothing when it is undone.
func (b *board) actID() string {
	b.t.Helper()
	pupil := b.twoPupils()[0]
	a, err := b.Identity.Part(b.t.Context(), b.system(), pupil, pupil)
	b.must(err)
	return a.ID
}
