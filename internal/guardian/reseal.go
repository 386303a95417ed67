package guardian

import (
	"context"

	"aval/internal/db"
	"aval/internal/vault"
)

// Sealed are the tables with sealed columns, for the keys to be replaced.
func Sealed() []vault.Resealer { return []vault.Resealer{sealedRows{}, sealedTies{}} }

type sealedRows struct{}

const olderRows = ` FROM guardian WHERE board_id = $1 AND substr(sealed, 1, 5) <> $2`

// Reseal implements vault.Resealer.
func (sealedRows) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, after string, limit int) (last string, err error) {
	old, err := db.All(ctx, tx, func(row db.Row) (s sealedTie, err error) {
		err = row.Scan(&s.guardian, &s.row)
		return s, err
	}, `SELECT id, sealed`+olderRows+` AND id > $3 ORDER BY id LIMIT $4`, tx.Board, keys.Prefix(), after, limit)
	if err != nil {
		return "", err
	}
	for _, s := range old {
		last = s.guardian
		var r Row
		if open(keys, place(s.guardian), s.row, &r) != nil {
			continue // changed or moved: Older counts it
		}
		plain, digests, err := written(keys, ofRow, r)
		if err != nil {
			return "", err
		}
		sealed, err := keys.Seal(place(s.guardian), plain)
		if err != nil {
			return "", err
		}
		mac, err := keys.MAC(bySource, r.SourceID)
		if err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `UPDATE guardian SET sealed = $1, source_mac = $2, digest = $3 WHERE board_id = $4 AND id = $5 AND sealed = $6`,
			sealed, mac, digests[0], tx.Board, s.guardian, s.row); err != nil {
			return "", err
		}
	}
	return last, nil
}

// Older implements vault.Resealer.
func (sealedRows) Older(ctx context.Context, tx *db.Tx, keys *vault.Keys) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*)`+olderRows, tx.Board, keys.Prefix())
}

func scanCount(row db.Row) (n int, err error) {
	err = row.Scan(&n)
	return n, err
}

type sealedTies struct{}

const olderTies = ` FROM guardian_of WHERE board_id = $1 AND substr(sealed, 1, 5) <> $2`

// Reseal implements vault.Resealer.
func (sealedTies) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, after string, limit int) (last string, err error) {
	old, err := db.All(ctx, tx, func(row db.Row) (s sealedTie, err error) {
		err = row.Scan(&s.guardian, &s.pupil, &s.tie)
		return s, err
	}, `SELECT guardian_id, person_id, sealed`+olderTies+` AND guardian_id || '/' || person_id > $3
		ORDER BY guardian_id || '/' || person_id LIMIT $4`, tx.Board, keys.Prefix(), after, limit)
	if err != nil {
		return "", err
	}
	for _, s := range old {
		last = s.guardian + "/" + s.pupil
		var t Tie
		if open(keys, tiePlace(s.guardian, s.pupil), s.tie, &t) != nil {
			continue // as above
		}
		plain, digests, err := written(keys, ofTie, t)
		if err != nil {
			return "", err
		}
		sealed, err := keys.Seal(tiePlace(s.guardian, s.pupil), plain)
		if err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `UPDATE guardian_of SET sealed = $1, digest = $2 WHERE board_id = $3 AND guardian_id = $4 AND person_id = $5 AND sealed = $6`,
			sealed, digests[0], tx.Board, s.guardian, s.pupil, s.tie); err != nil {
			return "", err
		}
	}
	return last, nil
}

// Older implements vault.Resealer.
func (sealedTies) Older(ctx context.Context, tx *db.Tx, keys *vault.Keys) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*)`+olderTies, tx.Board, keys.Prefix())
}
