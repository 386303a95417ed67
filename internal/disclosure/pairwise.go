package disclosure

import (
	"context"
	"fmt"
	"slices"

	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/job"
)

// Ensure answers the pseudonym of each of these subjects in a sector, and makes
// those that lack. The subjects are of one kind; one named twice is answered once.
func Ensure(ctx context.Context, tx *db.Tx, sector string, kind Kind, ids []string) (map[string]string, error) {
	values := make(map[string]string, len(ids))
	if err := known(ctx, tx, sector, kind, ids, values); err != nil {
		return nil, err
	}
	lack := lacking(ids, values)
	if len(lack) == 0 {
		return values, nil
	}
	if err := writes(tx); err != nil {
		return nil, err
	}
	if err := tx.Alone(ctx, "pairwise "+sector); err != nil {
		return nil, err
	}
	if err := known(ctx, tx, sector, kind, lack, values); err != nil { // somebody else may have made them meanwhile
		return nil, err
	}
	return values, mint(ctx, tx, sector, kind, lacking(lack, values), values)
}

// known adds the pseudonyms that there are to values.
func known(ctx context.Context, tx *db.Tx, sector string, kind Kind, ids []string, values map[string]string) error {
	for part := range slices.Chunk(ids, chunk) {
		found, err := db.All(ctx, tx, scanPair, `SELECT subject_id, value FROM pairwise
			WHERE board_id = $1 AND sector = $2 AND kind = $3 AND retired_on = '' AND NOT alias AND subject_id IN `+db.In(4, len(part)),
			db.Args(part, tx.Board, sector, string(kind))...)
		if err != nil {
			return err
		}
		for _, p := range found {
			values[p.subject] = p.value
		}
	}
	return nil
}

func lacking(ids []string, values map[string]string) (lack []string) {
	for _, id := range ids {
		if values[id] == "" {
			lack = append(lack, id)
		}
	}
	slices.Sort(lack)
	return slices.Compact(lack)
}

// mint makes a pseudonym for subjects that have none; the sector is held alone.
func mint(ctx context.Context, tx *db.Tx, sector string, kind Kind, ids []string, values map[string]string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := writes(tx); err != nil {
		return err
	}
	today := i18n.DayOf(tx.Now)
	rows := make([][]any, len(ids))
	for i, id := range ids {
		values[id] = db.NewID()
		rows[i] = []any{sector, values[id], string(kind), id, today}
	}
	err := db.Bulk(ctx, tx, "pairwise", []string{"sector", "value", "kind", "subject_id", "issued_on"}, nil, rows)
	if err != nil {
		return fmt.Errorf("make pseudonyms: %w", err)
	}
	return nil
}

// Move makes the pseudonyms of a subject those of the one that it was merged with:
// aliases in the sectors where the other has its own, and its own where it has none,
// so that the platform goes on knowing it. MoveBack undoes it to the letter. Whoever
// saw either is told anew.
func Move(ctx context.Context, tx *db.Tx, kind Kind, from, to string) error {
	if _, err := tx.Exec(ctx, `INSERT INTO pairwise_move (board_id, kind, from_id, to_id, sector, value, alias)
		SELECT board_id, kind, subject_id, $4, sector, value, alias FROM pairwise
		WHERE board_id = $1 AND kind = $2 AND subject_id = $3 AND retired_on = ''
		ON CONFLICT (board_id, kind, from_id, to_id, sector, value) DO NOTHING`, tx.Board, string(kind), from, to); err != nil {
		return fmt.Errorf("note pseudonyms: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE pairwise SET subject_id = $4, alias = alias OR EXISTS (SELECT 1 FROM pairwise p
			WHERE p.board_id = pairwise.board_id AND p.sector = pairwise.sector AND p.kind = pairwise.kind AND p.subject_id = $4
			AND p.retired_on = '' AND NOT p.alias)
		WHERE board_id = $1 AND kind = $2 AND subject_id = $3 AND retired_on = ''`, tx.Board, string(kind), from, to); err != nil {
		return fmt.Errorf("move pseudonyms: %w", err)
	}
	return tell(ctx, tx, kind, from, to)
}

// MoveBack undoes Move for the pseudonyms that still stand where it put them.
func MoveBack(ctx context.Context, tx *db.Tx, kind Kind, from, to string) error {
	if _, err := tx.Exec(ctx, `UPDATE pairwise SET subject_id = $3, alias = EXISTS (SELECT 1 FROM pairwise_move m
			WHERE m.board_id = pairwise.board_id AND m.kind = pairwise.kind AND m.from_id = $3 AND m.to_id = $4
			AND m.sector = pairwise.sector AND m.value = pairwise.value AND m.alias)
			OR EXISTS (SELECT 1 FROM pairwise p WHERE p.board_id = pairwise.board_id AND p.sector = pairwise.sector
			AND p.kind = pairwise.kind AND p.subject_id = $3 AND p.retired_on = '' AND NOT p.alias)
		WHERE board_id = $1 AND kind = $2 AND subject_id = $4 AND retired_on = '' AND EXISTS (SELECT 1 FROM pairwise_move m
			WHERE m.board_id = pairwise.board_id AND m.kind = pairwise.kind AND m.from_id = $3 AND m.to_id = $4
			AND m.sector = pairwise.sector AND m.value = pairwise.value)`, tx.Board, string(kind), from, to); err != nil {
		return fmt.Errorf("move pseudonyms back: %w", err)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM pairwise_move WHERE board_id = $1 AND kind = $2 AND from_id = $3 AND to_id = $4`,
		tx.Board, string(kind), from, to); err != nil {
		return fmt.Errorf("forget the move: %w", err)
	}
	return tell(ctx, tx, kind, from, to)
}

// tell leaves a refresh for each licence that saw one of these subjects.
func tell(ctx context.Context, tx *db.Tx, kind Kind, ids ...string) error {
	licences, err := db.All(ctx, tx, word, `SELECT DISTINCT l.id FROM licence l
		JOIN disclosed d ON d.board_id = l.board_id AND d.licence_id = l.id
		WHERE l.board_id = $1 AND d.kind = $2 AND d.subject_id IN `+db.In(3, len(ids))+` ORDER BY l.id`, db.Args(ids, tx.Board, string(kind))...)
	if err != nil {
		return err
	}
	return leave(ctx, tx, licences)
}

func leave(ctx context.Context, tx *db.Tx, licences []string) error {
	for _, id := range licences {
		if err := job.Once(ctx, tx, RefreshJob, id); err != nil {
			return err
		}
	}
	return nil
}

// Rotate makes the pseudonyms of a sector anew, of some kinds or (none named) of
// all: those that were are retired and lead nowhere, the next refresh, which it
// leaves, makes others. Aliases are retired too, and with the pseudonyms of people the
// addresses that stand for theirs, by which the new ones would be known again.
func Rotate(ctx context.Context, tx *db.Tx, sector string, kinds ...Kind) error {
	if err := retire(ctx, tx, sector, kinds); err != nil {
		return err
	}
	if len(kinds) == 0 || slices.Contains(kinds, OfUser) {
		if err := forgetAddresses(ctx, tx, sector); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE platform_sector SET rotation = rotation + 1 WHERE board_id = $1 AND sector = $2`,
		tx.Board, sector); err != nil {
		return fmt.Errorf("count rotation: %w", err)
	}
	licences, err := ofSector(ctx, tx, sector)
	if err != nil {
		return err
	}
	return leave(ctx, tx, licences)
}

// Retire ends every pseudonym and address of a sector: its last licence is over.
func Retire(ctx context.Context, tx *db.Tx, sector string) error {
	if err := retire(ctx, tx, sector, nil); err != nil {
		return err
	}
	return forgetAddresses(ctx, tx, sector)
}

func forgetAddresses(ctx context.Context, tx *db.Tx, sector string) error {
	if _, err := tx.Exec(ctx, `DELETE FROM pairwise_address WHERE board_id = $1 AND sector = $2`, tx.Board, sector); err != nil {
		return fmt.Errorf("forget addresses: %w", err)
	}
	return nil
}

func retire(ctx context.Context, tx *db.Tx, sector string, kinds []Kind) error {
	if err := tx.Alone(ctx, "pairwise "+sector); err != nil {
		return err
	}
	query, args := `UPDATE pairwise SET retired_on = $3 WHERE board_id = $1 AND sector = $2 AND retired_on = ''`,
		[]any{tx.Board, sector, i18n.DayOf(tx.Now)}
	if len(kinds) > 0 {
		query += ` AND kind IN ` + db.In(len(args)+1, len(kinds))
		for _, k := range kinds {
			args = append(args, string(k))
		}
	}
	if _, err := tx.Exec(ctx, query, args...); err != nil {
		return fmt.Errorf("retire pseudonyms: %w", err)
	}
	return nil
}
