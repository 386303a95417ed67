package decision_test

import (
	"context"
	"slices"
	"testing"

	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/fault"
	"aval/internal/policy"
)

func TestWhatABoardShowsAnyone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		made := w.decided(t, good())
		read := func(f decision.PublishedFilter) (decision.Published, error) { return w.s.Published(ctx, w.Board, f) }
		for name, id := range map[string]string{"not chosen": w.Board, "no board": "nowhere", "no id": "../x", "nothing": ""} {
			if _, err := w.s.Published(ctx, id, decision.PublishedFilter{}); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := w.s.PublishedOn(ctx, id, w.Platform.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s, one platform: %v", name, err)
			}
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			return board.SetSettings(ctx, tx, policy.Settings{PublicDecisions: true})
		})
		p, err := read(decision.PublishedFilter{})
		if err != nil || len(p.Items) != 2 || p.Items[0].Name != "Récitou" || p.Items[0].Result != decision.Conditional {
			t.Fatalf("what is shown: %+v, %v", p.Items, err)
		}
		if want := []string{"Effacer après 12 mois", "Pseudonymes seulement"}; !slices.Equal(p.Items[0].Conditions, want) {
			t.Errorf("conditions: %q", p.Items[0].Conditions)
		}
		for name, c := range map[string]struct {
			f    decision.PublishedFilter
			want int
		}{
			"by its name, misspelt":      {decision.PublishedFilter{Typed: "recitu"}, 1},
			"by another":                 {decision.PublishedFilter{Typed: "xylophone quantique"}, 0},
			"by a function of both":      {decision.PublishedFilter{Function: w.Pack.Functions[0].Code}, 2},
			"by a function of one":       {decision.PublishedFilter{Function: w.Pack.Functions[1].Code}, 1},
			"by a function of none":      {decision.PublishedFilter{Function: "wellness"}, 0},
			"by a family":                {decision.PublishedFilter{Family: w.Pack.Functions[0].Family}, 2},
			"by a family of none":        {decision.PublishedFilter{Family: "accessibility"}, 0},
			"by a result":                {decision.PublishedFilter{Result: decision.Approved}, 1},
			"by a result of nowhere":     {decision.PublishedFilter{Result: "perhaps"}, 0},
			"by a result that none has":  {decision.PublishedFilter{Result: decision.Refused}, 0},
			"by a function of nowhere":   {decision.PublishedFilter{Function: "<script>"}, 0},
			"by a result and a function": {decision.PublishedFilter{Result: decision.Conditional, Function: w.Pack.Functions[0].Code}, 1},
		} {
			if p, err := read(c.f); err != nil || len(p.Items) != c.want || p.Total != 2 {
				t.Errorf("%s: %d of %d, %v; want %d", name, len(p.Items), p.Total, err, c.want)
			}
		}
		if _, err := w.s.PublishedOn(ctx, w.Board, "nobody"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a platform that is not there: %v", err)
		}

		// What was waived is no longer asked; a refusal gives its reasons, in the pack's own words.
		follow := &condition.Service{DB: d}
		list, err := follow.OfDecision(ctx, w.Director, string(made.ID))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := follow.Waive(ctx, w.Director, list[0].ID, "Réglé."); err != nil {
			t.Fatal(err)
		}
		one, err := w.s.PublishedOn(ctx, w.Board, w.Platform.ID)
		if err != nil || !slices.Equal(one.Items[0].Conditions, []string{"Pseudonymes seulement"}) {
			t.Errorf("after one is waived: %+v, %v", one.Items, err)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE decision SET overall = 'refused', refusal_reasons = '["cost","gone"]' WHERE board_id = $1`, tx.Board)
			if err != nil {
				return err
			}
			return catalogue.SetResult(ctx, tx, w.Platform.ID, catalogue.Refused, "", catalogue.Quebec, string(made.ID))
		})
		one, err = w.s.PublishedOn(ctx, w.Board, w.Platform.ID)
		if err != nil || len(one.Items[0].Conditions) != 0 || len(one.Items[0].Because) != 1 || one.Items[0].Because[0].Code != "cost" {
			t.Errorf("a refusal: %+v, %v", one.Items, err)
		}
	})
}
