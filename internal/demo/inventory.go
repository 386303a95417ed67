package demo

import (
	"context"

	"aval/internal/inventory"
)

// inventory plans what is found in use that nobody had asked for, and who has read
// the users' duties this year.
func (t *teller) inventory() {
	c := &course{teller: t}
	var stopped inventory.Found
	c.on(33, 9, "platform found in use", func(ctx context.Context) (err error) {
		stopped, err = c.a.Inventory.Note(ctx, c.people["principal"], inventory.Seen{Platform: "Partagirafe", On: c.date(34), Personal: "yes",
			Text: "Les photos d’une sortie y étaient déposées pour les familles."})
		return err
	})
	c.on(30, 14, "use stopped", func(ctx context.Context) error {
		_, err := c.a.Inventory.Settle(ctx, c.people["evaluator"], stopped.ID, inventory.Settlement{Outcome: inventory.Stopped,
			Reason: "Les photos sont reprises dans l’espace de l’école et le dossier est supprimé."})
		return err
	})
	c.on(9, 10, "platform found in use", func(ctx context.Context) error {
		_, err := c.a.Inventory.Note(ctx, c.people["teacher"], inventory.Seen{Platform: "Chronoquiz", On: c.date(9), Personal: "no",
			Text: "Un groupe s’en sert pour réviser, sans compte."})
		return err
	})
	for i, who := range []string{"principal", "evaluator", "evaluation_director", "privacy_officer"} {
		c.on(8-i, 8, "duties read", func(ctx context.Context) error {
			_, err := c.a.Duties.Acknowledge(ctx, c.people[who])
			return err
		})
	}
}
