package disclosure

import (
	"context"
	"fmt"
	"slices"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/request"
)

// TermsEver is TermsOf for a licence of any day, also of a platform that is refused
// since: what it discloses or did, under an earlier decision or an undertaking that is
// over too. It refuses (Conflict) where no decision lets the platform receive anything.
func TermsEver(ctx context.Context, tx *db.Tx, l licence.Licence) (Terms, error) {
	p, err := catalogue.Get(ctx, tx, l.PlatformID)
	if err != nil {
		return Terms{}, err
	}
	kinds, err := KindsEver(ctx, tx, p)
	if err != nil {
		return Terms{}, err
	}
	promised, err := promisedEver(ctx, tx, p.ID, i18n.DayOf(tx.Now))
	if err != nil {
		return Terms{}, err
	}
	return termsOf(ctx, tx, l, kinds, promised)
}

// KindsEver are the kinds of information that the decision on a platform names, then
// those of earlier decisions under which it was used: what it was told it still knows.
// There are none where it was decided on before aval.
func KindsEver(ctx context.Context, tx *db.Tx, p catalogue.Platform) (kinds []string, err error) {
	texts, err := db.All(ctx, tx, word, `SELECT r.data_kinds FROM decision d
		JOIN request r ON r.board_id = d.board_id AND r.id = d.request_id
		WHERE d.board_id = $1 AND (d.id = $2 OR d.platform_id = $3 AND d.overall <> 'refused')
		ORDER BY CASE WHEN d.id = $2 THEN 0 ELSE 1 END, d.decided_at DESC, d.id`, tx.Board, p.DecisionID, string(p.ID))
	if err != nil {
		return nil, err
	}
	for _, text := range texts {
		named, err := kindsIn(text)
		if err != nil {
			return nil, fmt.Errorf("data kinds of a decision on %s: %w", p.ID, err)
		}
		for _, kind := range named {
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	if len(kinds) > 1 { // nothing, under one decision, and something under another
		kinds = slices.DeleteFunc(kinds, func(kind string) bool { return kind == request.NoData })
	}
	return kinds, nil
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
