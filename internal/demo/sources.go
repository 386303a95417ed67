package demo

import (
	"context"

	"aval/internal/source"
)

// sources are the services from which the roster may be fetched; nothing answers at
// their addresses, so that they are fetched on demand alone.
func (t *teller) sources(ctx context.Context) error {
	for _, of := range []source.Terms{
		terms("Système de gestion scolaire", source.V12, "https://sgs.example/ims/oneroster/rostering/v1p2", "https://sgs.example/oauth/token"),
		terms("Formation des adultes", source.V11, "https://adultes.example/ims/oneroster/v1p1", "https://adultes.example/token"),
	} {
		if _, err := t.a.Sources.Add(ctx, t.operator, of); err != nil {
			return err
		}
	}
	return nil
}

func terms(name string, edition source.Edition, base, token string) source.Terms {
	return source.Terms{Name: name, Edition: edition, BaseURL: base, TokenURL: token, ClientID: "aval", Secret: "secret inventé",
		Every: source.Never, Hour: 4, FullDays: 7}
}
