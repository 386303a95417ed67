package access

import (
	"context"
	"slices"

	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/licence"
)

// Seen keeps that the accounts of some people on a licence were seen in use on
// this day: a day, and no moment. Who has no account there that goes on is
// passed over.
func (s *Accounts) Seen(ctx context.Context, tx *db.Tx, id licence.ID, persons []string) error {
	rows, err := s.Names.RowsOf(ctx, tx, persons)
	if err != nil {
		return err
	}
	logins := make([]string, 0, len(rows))
	for _, login := range rows {
		logins = append(logins, login)
	}
	slices.Sort(logins)
	for part := range slices.Chunk(logins, 500) {
		if _, err := tx.Exec(ctx, `UPDATE pupil_account SET seen_on = $3
			WHERE board_id = $1 AND licence_id = $2 AND seen_on < $3 AND state <> 'retired' AND login_id IN `+db.In(4, len(part)),
			db.Args(part, tx.Board, string(id), i18n.DayOf(tx.Now))...); err != nil {
			return err
		}
	}
	return nil
}
