package decision

import (
	"context"
	"slices"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
)

const earlierFields = `id, platform_id, decided_on, result, conditions, hosting, decided_by, reference, recorded_by, recorded_at`

func scanEarlier(row db.Row) (e Earlier, err error) {
	err = row.Scan(&e.ID, &e.PlatformID, &e.On, &e.Result, &e.Conditions, &e.Hosting, &e.By, &e.Reference, &e.RecordedBy, &e.RecordedAt)
	return e, err
}

func getEarlier(ctx context.Context, tx *db.Tx, id string) (Earlier, error) {
	return db.One(ctx, tx, scanEarlier, `SELECT `+earlierFields+` FROM earlier_decision WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

// recorded finds the decision on the same platform, of the same day, under the same reference.
func recorded(ctx context.Context, tx *db.Tx, e Earlier) (Earlier, bool, error) {
	found, err := db.One(ctx, tx, scanEarlier, `SELECT `+earlierFields+` FROM earlier_decision
		WHERE board_id = $1 AND platform_id = $2 AND decided_on = $3 AND reference = $4`, tx.Board, string(e.PlatformID), e.On, e.Reference)
	if fault.Is(err, fault.NotFound) {
		return Earlier{}, false, nil
	}
	return found, err == nil, err
}

func lastEarlier(ctx context.Context, tx *db.Tx, id catalogue.ID) (Earlier, error) {
	return db.One(ctx, tx, scanEarlier, `SELECT `+earlierFields+` FROM earlier_decision
		WHERE board_id = $1 AND platform_id = $2 ORDER BY decided_on DESC, recorded_at DESC, id DESC LIMIT 1`, tx.Board, string(id))
}

func insertEarlier(ctx context.Context, tx *db.Tx, e Earlier) error {
	_, err := tx.Exec(ctx, `INSERT INTO earlier_decision (board_id, id, platform_id, decided_on, result, conditions, hosting, decided_by,
			reference, recorded_by, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, tx.Board, e.ID, string(e.PlatformID), e.On, string(e.Result), e.Conditions,
		string(e.Hosting), e.By, e.Reference, e.RecordedBy, e.RecordedAt)
	return err
}

// firstOn is the day of the first decision of aval's own on a platform; "" before one.
func firstOn(ctx context.Context, tx *db.Tx, id catalogue.ID) (string, error) {
	found, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM decision WHERE board_id = $1 AND platform_id = $2
		ORDER BY decided_at, id LIMIT 1`, tx.Board, string(id))
	if err != nil || len(found) == 0 {
		return "", err
	}
	return i18n.DayOf(found[0].DecidedAt), nil
}

// EarlierOn answers the platforms that some decisions from before aval are on.
func EarlierOn(ctx context.Context, tx *db.Tx, ids []string) (map[string]catalogue.ID, error) {
	on := map[string]catalogue.ID{}
	for part := range slices.Chunk(ids, 500) {
		args := []any{tx.Board}
		for _, id := range part {
			args = append(args, id)
		}
		found, err := db.All(ctx, tx, scanEarlier, `SELECT `+earlierFields+` FROM earlier_decision WHERE board_id = $1 AND id IN `+
			db.In(2, len(part)), args...)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			on[e.ID] = e.PlatformID
		}
	}
	return on, nil
}
