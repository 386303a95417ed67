package disclosure

import (
	"context"

	"aval/internal/catalogue"
	"aval/internal/db"
)

// sectorOf answers whose pseudonyms a platform sees, and how often they were made
// anew: its own until something else was chosen.
func sectorOf(ctx context.Context, tx *db.Tx, id catalogue.ID) (sector string, rotation int64, err error) {
	type row struct {
		sector   string
		rotation int64
	}
	rows, err := db.All(ctx, tx, func(r db.Row) (s row, err error) {
		err = r.Scan(&s.sector, &s.rotation)
		return s, err
	}, `SELECT sector, rotation FROM platform_sector WHERE board_id = $1 AND platform_id = $2`, tx.Board, string(id))
	if err != nil || len(rows) == 0 {
		return string(id), 0, err
	}
	return rows[0].sector, rows[0].rotation, nil
}

// settle writes down the sector of a platform about which nothing was chosen, once
// something is about to leave for it.
func settle(ctx context.Context, tx *db.Tx, t Terms, by string) error {
	there, err := db.All(ctx, tx, word, `SELECT sector FROM platform_sector WHERE board_id = $1 AND platform_id = $2`,
		tx.Board, string(t.Platform))
	if err != nil || len(there) > 0 {
		return err
	}
	if err := writes(tx); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO platform_sector (board_id, platform_id, sector, chosen_by, chosen_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (board_id, platform_id) DO NOTHING`, tx.Board, string(t.Platform), t.Sector, by, tx.Now)
	return err
}

// ofSector answers the licences, of any day, of the platforms of a sector.
func ofSector(ctx context.Context, tx *db.Tx, sector string) ([]string, error) {
	return db.All(ctx, tx, word, `SELECT l.id FROM licence l
		LEFT JOIN platform_sector s ON s.board_id = l.board_id AND s.platform_id = l.platform_id
		WHERE l.board_id = $1 AND COALESCE(s.sector, l.platform_id) = $2 ORDER BY l.id`, tx.Board, sector)
}

// isIssued tells whether pseudonyms were ever made for a platform.
func isIssued(ctx context.Context, tx *db.Tx, id catalogue.ID) (bool, error) {
	some, err := db.All(ctx, tx, word, `SELECT 'x' FROM licence l WHERE l.board_id = $1 AND l.platform_id = $2
			AND EXISTS (SELECT 1 FROM disclosed d WHERE d.board_id = l.board_id AND d.licence_id = l.id)
		UNION ALL SELECT 'x' WHERE EXISTS (SELECT 1 FROM pairwise w WHERE w.board_id = $1 AND w.sector = $2)`, tx.Board, string(id))
	return len(some) > 0, err
}

func setSector(ctx context.Context, tx *db.Tx, id catalogue.ID, sector string, rotation int64, by string) error {
	_, err := tx.Exec(ctx, `INSERT INTO platform_sector (board_id, platform_id, sector, chosen_by, chosen_at, rotation)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (board_id, platform_id) DO UPDATE SET sector = excluded.sector,
		chosen_by = excluded.chosen_by, chosen_at = excluded.chosen_at, rotation = excluded.rotation`,
		tx.Board, string(id), sector, by, tx.Now, rotation)
	return err
}
