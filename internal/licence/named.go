package licence

import (
	"context"
	"fmt"

	"aval/internal/db"
)

// NamedFor answers the licences whose audience names a person, sorted.
func NamedFor(ctx context.Context, tx *db.Tx, personID string) ([]string, error) {
	return db.All(ctx, tx, scanText, `SELECT licence_id FROM licence_audience
		WHERE board_id = $1 AND kind = 'person' AND value = $2 ORDER BY licence_id`, tx.Board, personID)
}

// Name makes the audiences of some licences name a person too.
func Name(ctx context.Context, tx *db.Tx, licences []string, personID string) error {
	rows := make([][]any, len(licences))
	for i, id := range licences {
		rows[i] = []any{id, "person", personID}
	}
	columns := []string{"licence_id", "kind", "value"}
	if err := db.Bulk(ctx, tx, "licence_audience", columns, columns, rows); err != nil {
		return fmt.Errorf("name in audiences: %w", err)
	}
	return nil
}

// Unname makes them name a person no more.
func Unname(ctx context.Context, tx *db.Tx, licences []string, personID string) error {
	_, err := tx.Exec(ctx, `DELETE FROM licence_audience WHERE board_id = $1 AND kind = 'person' AND value = $2
		AND licence_id IN `+db.In(3, len(licences)), listArgs(tx.Board, append([]string{personID}, licences...))...)
	if err != nil {
		return fmt.Errorf("drop from audiences: %w", err)
	}
	return nil
}
