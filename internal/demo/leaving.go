package demo

import (
	"context"

	"aval/internal/correction"
	"aval/internal/disclosure"
	"aval/internal/i18n"
)

// leaving plans what a platform undertakes, so that names may leave for it.
func (t *teller) leaving() {
	c := &course{teller: t}
	c.on(40, 10, "undertaking", func(ctx context.Context) error {
		_, err := c.a.Disclosures.Undertake(ctx, c.people["evaluator"], c.platforms["Classavoine"].ID, disclosure.Promise{
			Form:       disclosure.Agreement,
			Text:       "Entente de service avec le conseil, article 7, signée à l’ouverture de la licence.",
			Fields:     []disclosure.Field{disclosure.GivenName, disclosure.FamilyName},
			Conditions: "Les noms servent à afficher les groupes, rien d’autre.\nSeul le personnel de l’école les voit.\nTout est détruit 30 jours après la fin de la licence.",
			StartsOn:   c.date(40), EndsOn: i18n.DayOf(c.now.AddDate(1, 0, 0)),
		})
		return err
	})
}

// corrections plans what teachers find wrong in the roster: one done at the source,
// one taken, one that waits.
func (t *teller) corrections() {
	c := &course{teller: t}
	var first, second correction.ID
	ask := func(who, given, family, text string, id *correction.ID) func(context.Context) error {
		return func(ctx context.Context) error {
			made, err := c.a.Corrections.Ask(ctx, c.people[who], correction.Ask{Kind: correction.Missing,
				Class: c.people[who].Classes[0], Given: given, Family: family, Text: text})
			*id = made.ID
			return err
		}
	}
	c.on(16, 9, "correction asked for", ask("teacher_2", "Maëlle", "Boisclairin", "Arrivée au début du mois.", &first))
	c.on(14, 10, "correction done", func(ctx context.Context) error {
		_, err := c.a.Corrections.Done(ctx, c.people["it"], first, "Inscription ajoutée au système de gestion scolaire.")
		return err
	})
	c.on(5, 9, "correction asked for", ask("teacher_3", "Oscar", "Fieldmoor", "Joined the class on Monday.", &second))
	c.on(4, 11, "correction taken", func(ctx context.Context) error {
		_, err := c.a.Corrections.Take(ctx, c.people["it"], second)
		return err
	})
	c.on(2, 15, "correction asked for", ask("teacher", "Théo", "Rivemont", "Présent en classe depuis jeudi.", &second))
}
