package demo

import (
	"context"

	"aval/internal/source"
)

// sources are the services from which the roster may be fetched; nothing answers at
// their addresses, so that they are fetched on demand alone.
func (t *teller) sources(ctx context.Context) error {
	for _, of := range []source.Terms{
		{Name: "Système de gestion scolaire", Edition: source.V12, BaseURL: "https://sgs.example/ims/oneroster/rostering/v1p2",
			TokenURL: "https://sgs.example/oauth/token"},
		{Name: "Formation des adultes", Edition: source.V11, BaseURL: "https://adultes.example/ims/oneroster/v1p1",
			TokenURL: "https://adultes.example/token"},
	} {
		of.ClientID, of.Secret, of.Every, of.Hour, of.FullDays = "aval", "secret inventé", source.Never, 4, 7
		if _, err := t.a.Sources.Add(ctx, t.operator, of); err != nil {
			return err
		}
	}
	return nil
}
