package pseudonym

import (
	"context"
	"fmt"
	"slices"

	"aval/internal/db"
)

// Held is a login name as other tables point to it: by the id of its row, never
// by whose it is.
type Held struct {
	ID      string
	Person  string // "" of a retired one whose person was purged
	Name    Name
	Retired bool
}

// RowsOf answers the ids of the rows of the active names of those of some
// people who have one, by person. Nothing is opened: thousands take a moment.
func (n *Names) RowsOf(ctx context.Context, tx *db.Tx, personIDs []string) (map[string]string, error) {
	keys, err := n.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows := make(map[string]string, len(personIDs))
	for some := range slices.Chunk(personIDs, batch) {
		held, err := n.held(ctx, tx, keys, some)
		if err != nil {
			return nil, err
		}
		for person, e := range held {
			rows[person] = e.id
		}
	}
	return rows, nil
}

// ByRow answers the names of some rows, also retired ones, by the id of the row.
// It refuses (Conflict) when one of them was changed or moved in the database.
func (n *Names) ByRow(ctx context.Context, tx *db.Tx, ids []string) (map[string]Held, error) {
	keys, err := n.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	found := make(map[string]Held, len(ids))
	for some := range slices.Chunk(ids, batch) {
		rows, err := inRows(ctx, tx, some)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			text, person, err := row.open(keys)
			if err != nil {
				return nil, err
			}
			name, err := Parse(text)
			if err != nil {
				return nil, fmt.Errorf("a login name was kept that is none: %w", err)
			}
			found[row.id] = Held{ID: row.id, Person: person, Name: name, Retired: row.retiredOn != ""}
		}
	}
	return found, nil
}

func inRows(ctx context.Context, tx *db.Tx, ids []string) ([]entry, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM login_name WHERE board_id = $1 AND id IN `+db.In(2, len(ids)), with(ids, tx.Board)...)
}
