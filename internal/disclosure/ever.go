package disclosure

import (
	"context"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/licence"
)

// TermsEver is TermsOf for a licence of any day, also of a platform that is refused
// since: what it discloses or did. It refuses (Conflict) a decision that says that
// the platform receives nothing.
func TermsEver(ctx context.Context, tx *db.Tx, l licence.Licence) (Terms, error) {
	p, err := catalogue.Get(ctx, tx, l.PlatformID)
	if err != nil {
		return Terms{}, err
	}
	return termsOf(ctx, tx, l, p)
}

// SectorOf answers whose pseudonyms a platform sees, and the platforms that see the same.
func SectorOf(ctx context.Context, tx *db.Tx, id catalogue.ID) (sector string, shared []catalogue.ID, err error) {
	if sector, _, err = sectorOf(ctx, tx, id); err != nil {
		return "", nil, err
	}
	others, err := db.All(ctx, tx, word, `SELECT p.id FROM platform p
		LEFT JOIN platform_sector s ON s.board_id = p.board_id AND s.platform_id = p.id
		WHERE p.board_id = $1 AND COALESCE(s.sector, p.id) = $2 AND p.id <> $3 ORDER BY p.id`, tx.Board, sector, string(id))
	for _, o := range others {
		shared = append(shared, catalogue.ID(o))
	}
	return sector, shared, err
}
