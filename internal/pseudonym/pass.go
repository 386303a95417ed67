package pseudonym

import (
	"context"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/vault"
)

// Exchange gives the active name of each of two records to the other: what one
// signs in with stays when two records are found to be one pupil. One that has no
// name gives none. Exchanging again undoes it.
func (n *Names) Exchange(ctx context.Context, tx *db.Tx, one, other string) error {
	keys, err := n.begin(ctx, tx)
	if err != nil {
		return err
	}
	held, err := n.held(ctx, tx, keys, []string{one, other})
	if err != nil {
		return err
	}
	first, has := held[one]
	second, hasToo := held[other]
	if has && hasToo { // for a moment the first is nobody's: two active names have no one owner
		if first, err = give(ctx, tx, keys, first, ""); err != nil {
			return err
		}
	}
	if hasToo {
		if _, err := give(ctx, tx, keys, second, one); err != nil {
			return err
		}
	}
	if has {
		_, err = give(ctx, tx, keys, first, other)
	}
	return err
}

// give keeps an entry as another's.
func give(ctx context.Context, tx *db.Tx, keys *vault.Keys, was entry, to string) (is entry, err error) {
	name, _, err := was.open(keys)
	if err != nil {
		return is, err
	}
	is = entry{id: was.id, retiredOn: was.retiredOn}
	if err := is.seal(keys, name, to); err != nil {
		return is, err
	}
	return is, db.Changed(update(ctx, tx, is, was))
}

// LayDown retires the active name of a record that was merged into another, and
// answers whether there was one. Whose it was stays known.
func (n *Names) LayDown(ctx context.Context, tx *db.Tx, personID string) (had bool, err error) {
	keys, err := n.begin(ctx, tx)
	if err != nil {
		return false, err
	}
	macs, err := keys.MACs(ofPerson, personID)
	if err != nil {
		return false, err
	}
	err = retire(ctx, tx, keys, macs, i18n.DayOf(tx.Now))
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// TakeUp makes the name that LayDown retired on a day active again, for the same
// record and nobody else, when the merge is undone. Where several of its names were
// retired that day, or it has another by now, it takes none: Issue gives one.
func (n *Names) TakeUp(ctx context.Context, tx *db.Tx, personID, day string) error {
	keys, err := n.begin(ctx, tx)
	if err != nil {
		return err
	}
	held, err := n.held(ctx, tx, keys, []string{personID})
	if err != nil || len(held) > 0 {
		return err
	}
	macs, err := keys.MACs(ofPerson, personID)
	if err != nil {
		return err
	}
	retired, err := retiredOn(ctx, tx, macs, day)
	if err != nil || len(retired) != 1 {
		return err
	}
	was := retired[0]
	name, person, err := was.open(keys)
	if err != nil {
		return err
	}
	is := entry{id: was.id}
	if err := is.seal(keys, name, person); err != nil {
		return err
	}
	return db.Changed(update(ctx, tx, is, was))
}

func retiredOn(ctx context.Context, tx *db.Tx, personMACs []string, day string) ([]entry, error) {
	args := with(personMACs, tx.Board, day)
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM login_name
		WHERE board_id = $1 AND retired_on = $2 AND person_mac IN `+db.In(3, len(personMACs)), args...)
}

// Holds tells which of some records have an active name. Nothing is opened.
func (n *Names) Holds(ctx context.Context, tx *db.Tx, personIDs []string) (map[string]bool, error) {
	rows, err := n.RowsOf(ctx, tx, personIDs)
	holds := make(map[string]bool, len(rows))
	for id := range rows {
		holds[id] = true
	}
	return holds, err
}
