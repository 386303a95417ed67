package access

import (
	"context"

	"aval/internal/db"
	"aval/internal/licence"
	"aval/internal/pseudonym"
	"aval/internal/vault"
)

// Accounts reads what pupils sign in with. Nothing in it asks for a permission
// or writes to the trail: its methods join the transaction of a use case, which
// does both.
type Accounts struct {
	Names *pseudonym.Names
}

// CardOf answers what one account is entered with, or the one NotFound.
func (s *Accounts) CardOf(ctx context.Context, tx *db.Tx, accountID string) (Card, error) {
	a, err := get(ctx, tx, accountID)
	if err != nil {
		return Card{}, err
	}
	cards, err := s.cards(ctx, tx, a.LicenceID, []Account{a})
	if err != nil {
		return Card{}, err
	}
	return cards[0], nil
}

// CardsOf answers the cards of those of some people who have an account on the
// licence that is not retired, in the order asked.
func (s *Accounts) CardsOf(ctx context.Context, tx *db.Tx, id licence.ID, personIDs []string) ([]Card, error) {
	rows, err := s.Names.RowsOf(ctx, tx, personIDs)
	if err != nil {
		return nil, err
	}
	logins := make([]string, 0, len(rows))
	for _, row := range rows {
		logins = append(logins, row)
	}
	found, err := byLogin(ctx, tx, id, logins)
	if err != nil {
		return nil, err
	}
	cards, err := s.cards(ctx, tx, id, found)
	if err != nil {
		return nil, err
	}
	by := make(map[string]Card, len(cards))
	for _, c := range cards {
		by[c.PersonID] = c
	}
	ordered := make([]Card, 0, len(cards))
	for _, person := range personIDs {
		if c, ok := by[person]; ok {
			ordered = append(ordered, c)
			delete(by, person) // asked twice, it is answered once
		}
	}
	return ordered, nil
}

// cards opens accounts of one licence, in their order.
func (s *Accounts) cards(ctx context.Context, tx *db.Tx, id licence.ID, accounts []Account) ([]Card, error) {
	l, err := licence.Get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	keys, err := s.Names.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	logins := make([]string, len(accounts))
	for i, a := range accounts {
		logins[i] = a.LoginID
	}
	held, err := s.Names.ByRow(ctx, tx, logins)
	if err != nil {
		return nil, err
	}
	addresses := map[string]pupil{}
	if l.AccountKind == licence.BoardEmail {
		var people []string
		for _, h := range held {
			people = append(people, h.Person)
		}
		if addresses, err = pupils(ctx, tx, people); err != nil {
			return nil, err
		}
	}
	cards := make([]Card, len(accounts))
	for i, a := range accounts {
		h := held[a.LoginID]
		if cards[i], err = a.card(keys, l.AccountKind, h, addresses[h.Person].Email); err != nil {
			return nil, err
		}
	}
	return cards, nil
}

// card is what the account is entered with.
func (a Account) card(keys *vault.Keys, kind licence.AccountKind, h pseudonym.Held, address string) (Card, error) {
	plain, err := a.opened(keys)
	c := Card{AccountID: a.ID, PersonID: h.Person, Kind: kind, Password: plain.Password, State: a.State}
	switch kind {
	case licence.LoginName:
		c.UserName = h.Name.String()
	case licence.BoardEmail:
		c.UserName = address
	case licence.VendorName:
		c.UserName = plain.VendorName
	}
	return c, err
}
