package decision_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/sheet"
)

// list writes a board's list of decisions as a spreadsheet does.
func list(t *testing.T, rows ...[]string) []byte {
	t.Helper()
	var b bytes.Buffer
	table := sheet.Table{Format: sheet.XLSX, Header: []string{"Plateforme", "Date", "Résultat", "Conditions", "Décidée par"}, Rows: rows}
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecisionsFromBeforeAval(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		system := policy.System(w.Board, w.Pack, "cli")
		bring := func(by policy.Actor, dry bool, rows ...[]string) catalogue.Report {
			t.Helper()
			report, err := w.s.Import(ctx, by, list(t, rows...), dry)
			if err != nil {
				t.Fatal(err)
			}
			return report
		}
		good := []string{"recitou", "45050", "Approuvée avec conditions", "Pseudonymes\nSans courriel", "Comité"}
		_, err := w.s.Import(ctx, w.Principal, list(t, good), false)
		w.Refused("brought in by a school", err, fault.Denied, "2.1")
		_, err = w.s.Import(ctx, system, []byte("Plateforme,Date\nRécitou,2023-05-04\n"), false)
		w.Refused("without results", err, fault.Invalid, "")
		_, err = w.s.Import(ctx, system, []byte("%PDF-1.7\x00"), false)
		w.Refused("no table", err, fault.Invalid, "")

		report := bring(system, false, good,
			[]string{"Ailleurs", "2023-05-04", "Refusée"}, []string{"Récitou", "2026-11-03", "Refusée"}, []string{"Récitou", "hier", "peut-être"},
			[]string{"Récitou", "2023-05-05", "Approuvée", "Une"}, []string{"Récitou", "2023-05-06", "Conditionnelle"},
			[]string{"Récitou", "2023-05-07", "Refusée", "", strings.Repeat("x", 201)})
		var rows []int
		for _, defect := range report.Defects {
			rows = append(rows, defect.Row)
			if defect.Column == "" || defect.Said.Key == "" {
				t.Errorf("a defect says nothing: %+v", defect)
			}
		}
		if len(rows) != 7 || rows[0] != 3 || rows[6] != 8 {
			t.Errorf("defects in rows %v", rows)
		}
		if p := w.shown(t); p.Status != catalogue.Unknown {
			t.Errorf("half of a file was brought in: %+v", p)
		}
		if report := bring(system, true, good); report.Added != 1 || w.shown(t).Status != catalogue.Unknown {
			t.Errorf("tried only: %+v, %s", report, w.shown(t).Status)
		}
		if report := bring(system, false, good, []string{"Récitou", "2022-01-10", "Refusée"}); report.Added != 2 || len(report.Defects) > 0 {
			t.Fatalf("brought in: %+v", report)
		}
		p := w.shown(t)
		if p.Status != catalogue.Conditional || !p.Before || p.DecidedAt.Format("2006-01-02") != "2023-05-04" {
			t.Errorf("the last one counts: %+v", p)
		}
		v, err := w.s.Earlier(ctx, w.Teacher, p.DecisionID)
		if err != nil || v.By != "Comité" || v.On != "2023-05-04" || !v.Counts() {
			t.Errorf("what is known of it: %+v, %v", v, err)
		}
		if _, err := w.s.Earlier(ctx, w.Teacher, "nobody"); !fault.Is(err, fault.NotFound) {
			t.Errorf("one that is not there: %v", err)
		}
		if got := w.Mark("decision.made", decision.EarlierSubject(p.DecisionID)); got != string(policy.Before) {
			t.Errorf("aval saw it: %q", got)
		}
		_, coverage, err := policy.Coverage(ctx, d, policy.Actor{ID: "s", Board: w.Board, Pack: w.Pack, Grants: []policy.Grant{{Role: policy.Secretary}}})
		if err != nil || coverage[0].ID != "1.1a" || coverage[0].Before != 2 || coverage[0].Conform != 0 {
			t.Errorf("1.1a counts %+v, %v", coverage[0], err)
		}
		follow := &condition.Service{DB: d}
		asked, err := follow.OfPlatform(ctx, w.Teacher, p.ID)
		if err != nil || len(asked) != 2 || asked[1].Text != "Sans courriel" || asked[0].State != condition.Open {
			t.Errorf("its conditions: %+v, %v", asked, err)
		}
		before := p.Version
		if report := bring(system, false, good); report.Unchanged != 1 || report.Added != 0 || w.shown(t).Version != before {
			t.Errorf("twice is not once: %+v", report)
		}

		// What aval decides takes its place, and no list goes behind it.
		made := w.decided(t, good2())
		if p := w.shown(t); p.Before || p.DecisionID != string(made.ID) {
			t.Errorf("after a decision of aval's: %+v", p)
		}
		report = bring(system, false, []string{"Récitou", w.Now.Format("2006-01-02"), "Refusée"})
		if len(report.Defects) != 1 || report.Defects[0].Said.Key != "earlier.after_aval" {
			t.Errorf("one from before, after: %+v", report)
		}
		if report := bring(system, false, []string{"Récitou", "2020-02-02", "Refusée"}); report.Added != 1 || w.shown(t).DecisionID != string(made.ID) {
			t.Errorf("an old one takes the place of aval's: %+v", w.shown(t))
		}
	})
}

// good2 is a decision without conditions.
func good2() decision.Input {
	in := good()
	in.Security = decision.Verdict{Result: decision.Approved, Reasons: "Sûre."}
	return in
}

// shown is the platform as the catalogue has it.
func (w world) shown(t *testing.T) catalogue.Platform {
	t.Helper()
	p, err := catalogue.New(w.DB).Platform(t.Context(), w.Teacher, w.Platform.ID)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Conditions of decisions that were made before they were followed are taken up, once.
func TestConditionsOfOldDecisionsAreTakenUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		made := w.decided(t, good())
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM condition WHERE board_id = $1`, tx.Board)
			return err
		})
		follow := &condition.Service{DB: d}
		for range 2 {
			if err := w.s.Sweep(t.Context(), w.Board); err != nil {
				t.Fatal(err)
			}
			list, err := follow.OfDecision(t.Context(), w.Director, string(made.ID))
			if err != nil || len(list) != 2 || !list[0].MadeAt.Equal(made.DecidedAt) || list[0].State != condition.Open {
				t.Errorf("taken up: %+v, %v", list, err)
			}
		}
	})
}
