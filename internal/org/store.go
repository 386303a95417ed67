package org

import (
	"context"
	"fmt"

	"aval/internal/db"
	"aval/internal/fault"
)

// ByHand begins the source id of what the board added itself: an import leaves it alone.
const ByHand = "aval:"

const columns = `id, source_id, kind, name, identifier, parent_id, sector, language, under_deputy, status`

func scan(r db.Row) (Org, error) {
	var o Org
	err := r.Scan(&o.ID, &o.SourceID, &o.Kind, &o.Name, &o.Identifier, &o.ParentID, &o.Sector, &o.Language,
		&o.UnderDeputy, &o.Status)
	return o, err
}

// Get reads one organisation, also one that is gone.
func Get(ctx context.Context, tx *db.Tx, id string) (Org, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM org WHERE board_id = $1 AND id = $2`, tx.Board, id)
}

// BySource reads the organisation that the roster calls by this id.
func BySource(ctx context.Context, tx *db.Tx, sourceID string) (Org, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM org WHERE board_id = $1 AND source_id = $2`, tx.Board, sourceID)
}

// List reads the active organisations of a kind by name, all kinds when it is empty.
func List(ctx context.Context, tx *db.Tx, kind Kind) ([]Org, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM org
		WHERE board_id = $1 AND status = 'active' AND (kind = $2 OR $3 = '') ORDER BY name, id`,
		tx.Board, string(kind), string(kind))
}

// All reads every organisation, also those that are gone.
func All(ctx context.Context, tx *db.Tx) ([]Org, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM org WHERE board_id = $1 ORDER BY id`, tx.Board)
}

// Find takes an organisation as a person names it: by its source id, its own id or its name.
func Find(ctx context.Context, tx *db.Tx, typed string) (Org, error) {
	o, err := BySource(ctx, tx, typed)
	if !fault.Is(err, fault.NotFound) {
		return o, err
	}
	all, err := All(ctx, tx)
	if err != nil {
		return o, err
	}
	for _, o := range all {
		if o.ID == typed || db.Fold(o.Name) == db.Fold(typed) {
			return o, nil
		}
	}
	return Org{}, fault.Missing()
}

// Save keeps one organisation, new or changed.
func Save(ctx context.Context, tx *db.Tx, o Org) error { return SaveAll(ctx, tx, []Org{o}) }

// SaveAll keeps many organisations by their ids.
func SaveAll(ctx context.Context, tx *db.Tx, orgs []Org) error {
	rows := make([][]any, len(orgs))
	for i, o := range orgs {
		rows[i] = []any{tx.Board, o.ID, o.SourceID, string(o.Kind), o.Name, o.Identifier, o.ParentID, string(o.Sector),
			o.Language, o.UnderDeputy, o.Status, tx.Now}
	}
	err := db.Bulk(ctx, tx, "org", []string{"board_id", "id", "source_id", "kind", "name", "identifier", "parent_id",
		"sector", "language", "under_deputy", "status", "updated_at"}, []string{"board_id", "id"}, rows)
	if err != nil {
		return fmt.Errorf("keep organisations: %w", err)
	}
	return nil
}

// Retire marks organisations that the roster no longer holds.
func Retire(ctx context.Context, tx *db.Tx, ids []string) error {
	args := []any{tx.Board, tx.Now}
	for _, id := range ids {
		args = append(args, id)
	}
	_, err := tx.Exec(ctx, `UPDATE org SET status = 'tobedeleted', updated_at = $2
		WHERE board_id = $1 AND id IN `+db.In(3, len(ids)), args...)
	if err != nil {
		return fmt.Errorf("retire organisations: %w", err)
	}
	return nil
}
