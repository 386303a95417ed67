package catalogue

import (
	"context"

	"aval/internal/db"
	"aval/internal/policy"
)

// listColumns are those of a board's own list of platforms.
var listColumns = []Column{
	{Code: "name", Titles: []string{"nom", "name", "plateforme", "platform"}, Required: true},
	{Code: "vendor", Titles: []string{"fournisseur", "vendor", "éditeur", "publisher"}},
	{Code: "url", Titles: []string{"site", "adresse", "website", "address", "site web"}},
	{Code: "summary_fr", Titles: []string{"résumé", "description", "résumé français", "french summary"}},
	{Code: "summary_en", Titles: []string{"summary", "résumé anglais", "english summary"}},
	{Code: "aliases", Titles: []string{"autres noms", "other names", "alias"}},
	{Code: "functions", Titles: []string{"fonctions", "functions"}},
}

// Import puts the platforms of a board's own list in the catalogue, all of them or, where
// a row is wrong, none; dry only says what it would do. A platform that the catalogue
// has already, by its name or its site, is left as it is. A name that is near another
// is a warning.
func (s *Service) Import(ctx context.Context, actor policy.Actor, data []byte, dry bool) (Report, error) {
	in, err := ReadTable(data, listColumns)
	if err != nil {
		return Report{}, err
	}
	return in.Done(s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueEdit, policy.Scope{}); err != nil {
			return err
		}
		rows := map[ID]int{}
		for _, l := range in.Lines {
			if err := in.platform(ctx, tx, actor, l, rows); err != nil {
				return err
			}
		}
		return in.Close(dry)
	}))
}

// platform brings one platform in; rows are the lines of those that came before it.
func (in *Intake) platform(ctx context.Context, tx *db.Tx, actor policy.Actor, l Line, rows map[ID]int) error {
	d := Draft{Name: l.Cells["name"], Vendor: l.Cells["vendor"], URL: l.Cells["url"], SummaryFr: l.Cells["summary_fr"],
		SummaryEn: l.Cells["summary_en"], Aliases: Parts(l.Cells["aliases"]), Functions: codesOf(actor.Pack, Parts(l.Cells["functions"]))}
	checked := d
	if err := checked.clean(knownTo(actor.Pack)); err != nil {
		return in.Refused(l, err)
	}
	known, found, err := FindByName(ctx, tx, checked.Name, checked.URL)
	switch {
	case err != nil:
		return err
	case found && rows[known.ID] > 0:
		in.Wrong(l, "name", "intake.row_twice", rows[known.ID])
		return nil
	case found:
		if db.Fold(known.Name) != db.Fold(checked.Name) {
			in.Look(l, "name", "intake.known_as", known.Name)
		}
		in.Unchanged++
		return nil
	}
	if err := in.near(ctx, tx, actor.Pack, l, checked.Name); err != nil {
		return err
	}
	p, err := Add(ctx, tx, actor, d)
	if err != nil {
		return in.Refused(l, err)
	}
	rows[p.ID] = l.Number
	in.Added++
	return nil
}

// near warns of a platform whose name resembles a new one.
func (in *Intake) near(ctx context.Context, tx *db.Tx, pack *policy.Pack, l Line, name string) error {
	hits, err := Search(ctx, tx, pack, name)
	if err != nil {
		return err
	}
	if len(hits) > 0 && (hits[0].Why == ByName || hits[0].Why == ByAlias) {
		in.Look(l, "name", "intake.near", hits[0].Platform.Name)
	}
	return nil
}

// codesOf answers the codes of functions that are written by code or by title; what is
// neither is left as it is, for the rule to refuse.
func codesOf(pack *policy.Pack, written []string) []string {
	codes := make([]string, len(written))
	for i, w := range written {
		codes[i] = w
		for _, f := range pack.Functions {
			if db.Fold(w) == db.Fold(f.Title.Fr) || db.Fold(w) == db.Fold(f.Title.En) {
				codes[i] = f.Code
			}
		}
	}
	return codes
}
