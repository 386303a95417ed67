package birth

import (
	"context"

	"aval/internal/db"
	"aval/internal/vault"
)

// Table names what follows a pupil whose two records become one.
func (g *Register) Table() string { return "birth" }

// IDsOf answers the pupil's own id where their day of birth is kept.
func (g *Register) IDsOf(ctx context.Context, tx *db.Tx, personID string) (kept []string, err error) {
	rows, err := sealedOf(ctx, tx, []string{personID})
	for _, r := range rows {
		kept = append(kept, r.person)
	}
	return kept, err
}

// Pass makes the day of one pupil another's, of whom none is kept, and answers whose it
// was, if it did.
func (g *Register) Pass(ctx context.Context, tx *db.Tx, kept []string, from, to string) (passed []string, err error) {
	if len(kept) == 0 {
		return nil, nil
	}
	keys, err := g.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	days, err := g.Of(ctx, tx, []string{from, to})
	if err != nil || days[from] == "" || days[to] != "" {
		return nil, err
	}
	if err := erase(ctx, tx, []string{from}); err != nil {
		return nil, err
	}
	return kept, put(ctx, tx, keys, map[string]string{to: days[from]})
}

// Sealed gives the vault the way to seal the days again.
func Sealed() vault.Resealer { return sealedRows{} }

type sealedRows struct{}

const older = ` FROM birth WHERE board_id = $1 AND substr(sealed, 1, 5) <> $2`

// Reseal implements vault.Resealer.
func (sealedRows) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, after string, limit int) (last string, err error) {
	old, err := db.All(ctx, tx, scan, `SELECT person_id, sealed`+older+` AND person_id > $3 ORDER BY person_id LIMIT $4`,
		tx.Board, keys.Prefix(), after, limit)
	if err != nil {
		return "", err
	}
	for _, r := range old {
		last = r.person
		day, err := keys.Open(place(r.person), r.sealed)
		if err != nil {
			continue // changed or moved: Older counts it
		}
		sealed, err := keys.Seal(place(r.person), day)
		if err != nil {
			return "", err
		}
		if _, err := tx.Exec(ctx, `UPDATE birth SET sealed = $1 WHERE board_id = $2 AND person_id = $3 AND sealed = $4`,
			sealed, tx.Board, r.person, r.sealed); err != nil {
			return "", err
		}
	}
	return last, nil
}

// Older implements vault.Resealer.
func (sealedRows) Older(ctx context.Context, tx *db.Tx, keys *vault.Keys) (int, error) {
	return db.One(ctx, tx, func(r db.Row) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	}, `SELECT count(*)`+older, tx.Board, keys.Prefix())
}
