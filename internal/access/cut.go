package access

import (
	"context"
	"fmt"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/licence"
	"aval/internal/policy"
)

// renewed are the accounts of a platform whose password the board gives.
const renewed = ` FROM pupil_account a JOIN licence l ON l.board_id = a.board_id AND l.id = a.licence_id
	WHERE a.board_id = $1 AND l.platform_id = $2 AND a.state <> 'retired' AND l.account_kind IN ('login_name', 'vendor_name')`

// Renewable counts the accounts of a platform whose password the board gives.
func Renewable(ctx context.Context, tx *db.Tx, platform catalogue.ID) (int, error) {
	return db.One(ctx, tx, func(r db.Row) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	}, `SELECT count(*)`+renewed, tx.Board, string(platform))
}

// RenewSome gives other passwords to at most limit of those accounts, in the order of
// their ids after one, as when the platform was broken into; cards that were printed
// open nothing any more. One that is suspended is given one too, for the day on which
// it goes on. It answers the last id, empty when none is left, and how many there were.
// That the actor may is for the caller to look at.
func (s *Accounts) RenewSome(ctx context.Context, tx *db.Tx, actor policy.Actor, platform catalogue.ID, after string, limit int) (last string, n int, err error) {
	ids, err := db.All(ctx, tx, func(r db.Row) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	}, `SELECT a.id`+renewed+` AND a.id > $3 ORDER BY a.id LIMIT $4`, tx.Board, string(platform), after, limit)
	if err != nil || len(ids) == 0 {
		return "", 0, err
	}
	if _, err := s.Names.Vault.Keys(ctx, tx); err != nil { // before the licences' turn: one order everywhere
		return "", 0, err
	}
	held := map[licence.ID]licence.Licence{}
	for _, id := range ids {
		if err := s.renew(ctx, tx, id, held); err != nil {
			return "", 0, err
		}
	}
	return ids[len(ids)-1], len(ids), audit.Write(ctx, tx, actor, "access.renewed", "platform:"+string(platform), audit.Under("6.1e"),
		audit.Note(fmt.Sprintf("accounts=%d", len(ids))))
}

// renew gives one account another password; held are the licences that wait for nobody else.
func (s *Accounts) renew(ctx context.Context, tx *db.Tx, id string, held map[licence.ID]licence.Licence) error {
	a, err := get(ctx, tx, id)
	if err != nil {
		return err
	}
	if _, ok := held[a.LicenceID]; !ok {
		if err := hold(ctx, tx, a.LicenceID); err != nil {
			return err
		}
		if held[a.LicenceID], err = licence.Get(ctx, tx, a.LicenceID); err != nil {
			return err
		}
		if a, err = get(ctx, tx, id); err != nil {
			return err
		}
	}
	switch a.State {
	case Retired:
		return nil
	case Suspended:
		if a.Was != ToCreate {
			a.Was = ResetPending
		}
	default:
		if err := a.reset(held[a.LicenceID].AccountKind); err != nil {
			return err
		}
	}
	if err := s.another(ctx, tx, &a); err != nil {
		return err
	}
	return update(ctx, tx, &a)
}

// another seals another password into an account.
func (s *Accounts) another(ctx context.Context, tx *db.Tx, a *Account) error {
	keys, err := s.Names.Vault.Keys(ctx, tx)
	if err != nil {
		return err
	}
	plain, err := a.opened(keys)
	if err != nil {
		return err
	}
	p, err := s.whose(ctx, tx, *a)
	if err != nil {
		return err
	}
	kinds, err := s.Names.Kinds(ctx, tx)
	if err != nil {
		return err
	}
	if plain.Password, err = p.password(kinds); err != nil {
		return err
	}
	return a.seal(keys, plain)
}
