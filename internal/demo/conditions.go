package demo

import (
	"context"
	"fmt"

	"aval/internal/condition"
	"aval/internal/decision"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// before brings in what the board had decided before aval, from a list of its own.
func (t *teller) before(ctx context.Context) error {
	day := func(ago int) string { return i18n.DayOf(t.day(ago, 12, 0)) }
	list := "plateforme,date,résultat,conditions,hébergement,décidée par,référence\n" +
		"Fractignole," + day(900) + ",approuvée,,Québec,Comité des plateformes,CP-14\n" +
		"Café Syntaxe," + day(780) + ",approuvée avec conditions,Sans nom de famille | Comptes effacés en juin,Canada,Comité des plateformes,CP-22\n" +
		"Loopwattle," + day(610) + ",refusée,,hors du Canada,Comité des plateformes,CP-31\n"
	report, err := t.a.Decisions.Import(ctx, t.operator, []byte(list), false)
	if err == nil && len(report.Defects) > 0 {
		err = fmt.Errorf("row %d: %s", report.Defects[0].Row, report.Defects[0].Said.Key)
	}
	return err
}

// followed are conditions of a decision that are followed: who sees to each, and when it was or is due.
var followed = []struct {
	of    string
	place int
	to    string      // a person
	role  policy.Role // or a role
	due   int         // days ago; ahead when below zero
	note  string
}{
	{of: "Récitou professional", place: 1, to: "professional", due: 12,
		note: "Le réglage est trouvé, mais le fournisseur doit l’ouvrir pour toute l’école. Relancé le lundi."},
	{of: "Récitou professional", place: 2, role: policy.Principal, due: -40},
}

// follow plans what becomes of some conditions.
func (t *teller) follow(threads map[string]*thread) {
	for _, f := range followed {
		th := threads[f.of]
		t.then(th, 60, 9, "condition", func(ctx context.Context) error {
			c, err := t.condition(ctx, th.decision, f.place)
			if err != nil {
				return err
			}
			owner := condition.Owner{Role: f.role, Account: t.people[f.to].ID}
			_, err = t.a.Conditions.Assign(ctx, t.people["evaluator"], c.ID, condition.Assignment{Owner: owner,
				DueOn: i18n.DayOf(t.now.AddDate(0, 0, -f.due)), Version: c.Version})
			return err
		})
		if f.note == "" {
			continue
		}
		t.then(th, 20, 15, "note on a condition", func(ctx context.Context) error {
			c, err := t.condition(ctx, th.decision, f.place)
			if err != nil {
				return err
			}
			_, err = t.a.Conditions.Note(ctx, t.people[f.to], c.ID, f.note)
			return err
		})
	}
}

// condition is one of a decision's.
func (t *teller) condition(ctx context.Context, id decision.ID, place int) (c condition.Condition, err error) {
	list, err := t.a.Conditions.OfDecision(ctx, t.people["evaluator"], string(id))
	if err != nil {
		return c, err
	}
	if len(list) < place {
		return c, fmt.Errorf("the decision has %d conditions", len(list))
	}
	return list[place-1].Condition, nil
}
