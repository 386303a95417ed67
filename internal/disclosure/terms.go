package disclosure

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/request"
)

// lets says which fields leave for each kind of information that a decision may name.
var lets = map[string][]Field{
	"first_name":     {GivenName},
	"full_name":      {GivenName, FamilyName},
	"email":          {Email},
	"birth_date":     {BirthDate},
	"grade":          {Grade, Groups},
	"family_contact": {Guardians},
}

// needsUndertaking is why a field that shows who somebody is stays (5.2).
const needsUndertaking = "disclosure.needs_undertaking"

// TermsOf answers under which terms a licence discloses today. It refuses
// (Conflict) a licence that does not run, whose platform is not approved, or
// whose decision says that the platform receives nothing.
func TermsOf(ctx context.Context, tx *db.Tx, id licence.ID) (Terms, error) {
	l, err := licence.Get(ctx, tx, id)
	if err != nil {
		return Terms{}, err
	}
	p, err := catalogue.Get(ctx, tx, l.PlatformID)
	if err != nil {
		return Terms{}, err
	}
	switch {
	case !l.Runs(i18n.DayOf(tx.Now)):
		return Terms{}, fault.New(fault.Conflict, "disclosure.not_running")
	case !p.Status.Usable():
		return Terms{}, fault.New(fault.Conflict, "disclosure.not_approved").Under("4.1")
	}
	kinds, err := decided(ctx, tx, p.DecisionID)
	if err != nil {
		return Terms{}, err
	}
	promised, err := promisedFields(ctx, tx, p.ID, i18n.DayOf(tx.Now))
	if err != nil {
		return Terms{}, err
	}
	return termsOf(ctx, tx, l, kinds, promised)
}

func termsOf(ctx context.Context, tx *db.Tx, l licence.Licence, kinds []string, promised map[Field]bool) (t Terms, err error) {
	if slices.Contains(kinds, request.NoData) {
		return t, fault.New(fault.Conflict, "disclosure.nothing_decided").Under("3.3c")
	}
	b, err := board.Get(ctx, tx, tx.Board)
	if err != nil {
		return t, err
	}
	t = Terms{Licence: l, Platform: l.PlatformID, Aliases: b.Settings.CatchAll}
	t.Fields, t.Withheld = filter(kinds, l.AccountKind == licence.LoginName, t.Aliases != "", promised)
	t.Sector, t.rotation, err = sectorOf(ctx, tx, l.PlatformID)
	return t, err
}

// filter is the rule: of what the decision names, what shows who somebody is stays
// unless it was promised for; an address that is not their own shows nobody.
func filter(kinds []string, logins, aliases bool, promised map[Field]bool) (leaves map[Field]bool, stays []Withheld) {
	leaves = map[Field]bool{}
	if logins {
		leaves[LoginName] = true
	}
	named := map[Field]bool{}
	for _, kind := range kinds {
		for _, f := range lets[kind] {
			named[f] = true
		}
	}
	for _, f := range Fields {
		switch {
		case !named[f]:
		case !f.Shows() || promised[f] || f == Email && aliases:
			leaves[f] = true
		default:
			stays = append(stays, Withheld{Field: f, Why: needsUndertaking})
		}
	}
	return leaves, stays
}

// decided answers the kinds of information that a decision says the platform
// needs; none of one that was made before aval.
func decided(ctx context.Context, tx *db.Tx, decision string) (kinds []string, err error) {
	texts, err := db.All(ctx, tx, word, `SELECT r.data_kinds FROM decision d
		JOIN request r ON r.board_id = d.board_id AND r.id = d.request_id
		WHERE d.board_id = $1 AND d.id = $2`, tx.Board, decision)
	if err != nil || len(texts) == 0 {
		return nil, err
	}
	if kinds, err = kindsIn(texts[0]); err != nil {
		return nil, fmt.Errorf("data kinds of decision %s: %w", decision, err)
	}
	return kinds, nil
}

func kindsIn(text string) (kinds []string, err error) {
	err = json.Unmarshal([]byte(text), &kinds)
	return kinds, err
}
