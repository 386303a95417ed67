package pseudonym

import (
	"context"
	"slices"

	"aval/internal/db"
	"aval/internal/vault"
)

// Unsound counts the rows of the board that are not as they were left: changed,
// moved, made active again or sealed under keys that are gone. It opens every
// row; a shredded board has none that could be. Who puts a whole row of an
// earlier day back in its place is not found.
func (n *Names) Unsound(ctx context.Context, tx *db.Tx) (count int, err error) {
	at, err := vault.ShreddedAt(ctx, tx)
	if err != nil || !at.IsZero() {
		return 0, err
	}
	keys, err := n.Vault.Keys(ctx, tx)
	if err != nil {
		return 0, err
	}
	rows, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM login_name WHERE board_id = $1`, tx.Board)
	if err != nil {
		return 0, err
	}
	for _, e := range rows {
		sound, err := e.sound(keys)
		if err != nil {
			return 0, err
		}
		if !sound {
			count++
		}
	}
	return count, nil
}

// sound tells whether a row opens, holds what its MACs are of, and is somebody's
// while it is active.
func (e *entry) sound(keys *vault.Keys) (bool, error) {
	text, person, err := e.open(keys)
	if err == nil {
		_, err = Parse(text)
	}
	if err != nil || person == "" && (e.retiredOn == "" || e.personMAC != "") {
		return false, nil //nolint:nilerr // what does not open is what is looked for
	}
	of := func(label, value, kept string) (bool, error) {
		macs, err := keys.MACs(label, value)
		return slices.Contains(macs, kept), err
	}
	if ok, err := of(ofName, text, e.nameMAC); err != nil || !ok || person == "" {
		return ok, err
	}
	return of(ofPerson, person, e.personMAC)
}
