package guardian

import (
	"context"
	"fmt"
	"slices"

	"aval/internal/db"
	"aval/internal/vault"
)

// Table names what follows a pupil whose two records become one.
func (g *Register) Table() string { return "guardian_of" }

// IDsOf answers the ids of those who answer for a pupil, sorted.
func (g *Register) IDsOf(ctx context.Context, tx *db.Tx, personID string) ([]string, error) {
	ties, err := tiesOf(ctx, tx, map[string]string{"": personID})
	var ids []string
	for at := range ties {
		ids = append(ids, at[0])
	}
	slices.Sort(ids)
	return ids, err
}

// Pass makes some of those who answer for one pupil answer for another, and answers
// whom it did. Who answers for both already is left with both, unless a court restricts
// them for the first pupil alone: then the two ties change places, so that no order of a
// court is lost.
func (g *Register) Pass(ctx context.Context, tx *db.Tx, ids []string, from, to string) (passed []string, err error) {
	keys, err := g.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		here, found, err := tie(ctx, tx, keys, id, from)
		if err != nil {
			return nil, err
		}
		there, both, err := tie(ctx, tx, keys, id, to)
		if err != nil {
			return nil, err
		}
		if !found || both && (here.Restriction == "" || there.Restriction != "") {
			continue
		}
		passed = append(passed, id)
		if err := untie(ctx, tx, map[[2]string]string{{id, from}: ""}); err != nil {
			return nil, err
		}
		rows := [][]any{}
		add := func(pupil string, t Tie) error {
			row, err := tied(keys, tx, id, pupil, t, nil)
			rows = append(rows, row)
			return err
		}
		if err := add(to, here); err != nil {
			return nil, err
		}
		if both {
			if err := add(from, there); err != nil {
				return nil, err
			}
		}
		if err := keepTies(ctx, tx, rows); err != nil {
			return nil, err
		}
	}
	return passed, nil
}

// tie reads what someone is to a pupil, where they are anything.
func tie(ctx context.Context, tx *db.Tx, keys *vault.Keys, guardian, pupil string) (t Tie, found bool, err error) {
	list, err := db.All(ctx, tx, func(row db.Row) (sealed []byte, err error) {
		err = row.Scan(&sealed)
		return sealed, err
	}, `SELECT sealed FROM guardian_of WHERE board_id = $1 AND guardian_id = $2 AND person_id = $3`, tx.Board, guardian, pupil)
	if err != nil || len(list) == 0 {
		return t, false, err
	}
	return t, true, open(keys, tiePlace(guardian, pupil), list[0], &t)
}

func keepTies(ctx context.Context, tx *db.Tx, rows [][]any) error {
	if err := db.Bulk(ctx, tx, "guardian_of", []string{"board_id", "guardian_id", "person_id", "sealed", "digest"},
		[]string{"board_id", "person_id", "guardian_id"}, rows); err != nil {
		return fmt.Errorf("keep who answers for pupils: %w", err)
	}
	return nil
}
