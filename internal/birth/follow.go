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
func Sealed() vault.Resealer {
	return vault.Column{Table: "birth", Name: "sealed", ID: "person_id"}
}
