package inventory_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"aval/internal/classification"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/inventory"
	"aval/internal/policy"
	"aval/internal/request"
)

type world struct {
	*evaluationtest.World
	s  *inventory.Service
	on *policy.Pack
}

func build(t *testing.T, d *db.DB) world {
	t.Helper()
	on, err := policy.Shipped("conseil-infonuagique-2026")
	if err != nil {
		t.Fatal(err)
	}
	return world{evaluationtest.New(t, d), &inventory.Service{DB: d}, on}
}

// b is somebody on a board of policy B.
func (w world) b(a policy.Actor) policy.Actor {
	a.Pack = w.on
	return a
}

func seen(name string) inventory.Seen {
	return inventory.Seen{Platform: name, On: "2026-10-30", Text: "En sixième année.", Personal: "yes", Class: "confidential"}
}

func TestNoteRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		for what, change := range map[string]func(*inventory.Seen){
			"no platform":     func(in *inventory.Seen) { in.Platform = " " },
			"no day":          func(in *inventory.Seen) { in.On = "" },
			"no such day":     func(in *inventory.Seen) { in.On = "2026-02-30" },
			"tomorrow":        func(in *inventory.Seen) { in.On = "2026-11-03" },
			"no text":         func(in *inventory.Seen) { in.Text = "" },
			"a long text":     func(in *inventory.Seen) { in.Text = strings.Repeat("é", 2001) },
			"neither yes, no": func(in *inventory.Seen) { in.Personal = "perhaps" },
			"a strange class": func(in *inventory.Seen) { in.Class = "secret" },
		} {
			in := seen("Boitanuage")
			change(&in)
			_, err := w.s.Note(t.Context(), w.b(w.Teacher), in)
			w.Refused(what, err, fault.Invalid, "D-04")
		}
		in := seen(w.Nearby.Name)
		in.Class = ""
		_, err := w.s.Note(t.Context(), w.b(w.Teacher), in)
		w.Refused("one that is authorised", err, fault.Conflict, "D-04")
		all, err := w.s.Found(t.Context(), w.b(w.Evaluator))
		if err != nil || len(all) > 0 {
			t.Errorf("kept all the same: %v, %v", all, err)
		}
	})
}

func TestWhatIsFoundInUseIsSettled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		f, err := w.s.Note(ctx, w.b(w.Teacher), seen("Boitanuage"))
		if err != nil {
			t.Fatal(err)
		}
		for _, control := range []string{"services.inventoried", "users.watchful", "data.allowed"} {
			if got := w.Mark(control, f.Subject()); got != "exception" {
				t.Errorf("%s: %q", control, got)
			}
		}
		settle := func(by policy.Actor, outcome inventory.State, reason string) error {
			_, err := w.s.Settle(ctx, by, f.ID, inventory.Settlement{Outcome: outcome, Reason: reason})
			return err
		}
		w.Refused("by who noted it", settle(w.b(w.Teacher), inventory.Stopped, "Fini."), fault.NotFound, "")
		w.Refused("by who only reads", settle(w.b(w.PrivacyOfficer), inventory.Stopped, "Fini."), fault.Denied, "D-04")
		w.Refused("without a reason", settle(w.b(w.Evaluator), inventory.Stopped, " "), fault.Invalid, "D-04")
		w.Refused("in no way", settle(w.b(w.Evaluator), "", "Fini."), fault.Invalid, "D-04")
		w.Refused("by a request that nobody made", settle(w.b(w.Evaluator), inventory.Requested, "Bientôt."), fault.Invalid, "D-04")
		others, err := w.s.Found(ctx, w.b(w.Principal))
		if err != nil || len(others) > 0 {
			t.Errorf("a colleague reads it: %v, %v", others, err)
		}
		mine, err := w.s.Found(ctx, w.b(w.Teacher))
		if err != nil || len(mine) != 1 || mine[0].Noter != "" {
			t.Errorf("one's own: %+v, %v", mine, err)
		}
		if err := settle(w.b(w.Evaluator), inventory.Stopped, "Les photos sont reprises."); err != nil {
			t.Fatal(err)
		}
		w.Refused("twice", settle(w.b(w.Evaluator), inventory.Stopped, "Fini."), fault.Conflict, "D-04")
		if got := w.Mark("services.inventoried", f.Subject()); got != "conform" {
			t.Errorf("once it is settled: %q", got)
		}

		r := w.Acknowledged()
		if f, err = w.s.Note(ctx, w.b(w.Teacher), seen(w.Platform.Name)); err != nil {
			t.Fatal(err)
		}
		if err := settle(w.b(w.Evaluator), inventory.Requested, "La demande est là."); err != nil {
			t.Fatal(err)
		}
		if f, err = w.s.One(ctx, w.b(w.Evaluator), f.ID); err != nil || f.Request != r.ID {
			t.Errorf("the request that was made: %q, %v", f.Request, err)
		}
	})
}

func TestTheListSaysWhatEachMayReceive(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		granted(t, w.World)
		r := w.Acknowledged()
		w.Evaluate(w.Evaluator, r.ID)
		if _, err := w.Requests.RecordPrivacy(ctx, w.PrivacyOfficer, r.ID, request.Privacy{Personal: "no"}); err != nil {
			t.Fatal(err)
		}
		classes := &classification.Service{DB: d}
		if _, err := classes.Classify(ctx, w.b(w.Evaluator), r.ID, classification.Input{Class: "confidential", Owner: w.Director.ID,
			Reason: "Des prénoms.", Tier: classification.Low, TierReason: "Peu."}); err != nil {
			t.Fatal(err)
		}
		names := func(f inventory.Filter) (all []string) {
			l, err := w.s.List(ctx, w.b(w.Teacher), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range l.Items {
				all = append(all, i.Name)
			}
			return all
		}
		if got := names(inventory.Filter{Class: "internal"}); len(got) > 0 {
			t.Errorf("before the decision: %v", got)
		}
		decisions := &decision.Service{DB: d}
		if _, err := decisions.Decide(ctx, w.b(w.Director), r.ID, decision.Input{
			Use:      decision.Verdict{Result: decision.Approved, Reasons: "Suit le programme d’études."},
			Security: decision.Verdict{Result: decision.Conditional, Reasons: "Presque.", Conditions: "Effacer chaque été"}}); err != nil {
			t.Fatal(err)
		}
		for class, want := range map[string][]string{"internal": {w.Platform.Name}, "confidential": {w.Platform.Name}, "restricted": nil,
			"": {w.Platform.Name, w.Nearby.Name}} {
			if got := names(inventory.Filter{Class: class}); !slices.Equal(got, want) {
				t.Errorf("for %q: %v, want %v", class, got, want)
			}
		}
		if got := names(inventory.Filter{Typed: "recit"}); !slices.Equal(got, []string{w.Platform.Name}) {
			t.Errorf("looked for: %v", got)
		}
		_, err := w.s.List(ctx, w.b(w.Teacher), inventory.Filter{Class: "secret"})
		w.Refused("a class that is not there", err, fault.NotFound, "")

		in := seen(w.Platform.Name)
		if _, err := w.s.Note(ctx, w.b(w.Teacher), in); !fault.Is(err, fault.Conflict) {
			t.Errorf("used as it may be: %v", err)
		}
		in.Class = "restricted"
		f, err := w.s.Note(ctx, w.b(w.Teacher), in)
		if err != nil || w.Mark("data.allowed", f.Subject()) != "exception" {
			t.Errorf("a class above what it may receive: %v", err)
		}

		l, err := w.s.List(ctx, w.b(w.Teacher), inventory.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"csv", "json", "xlsx"} {
			file, err := l.File(w.on, "fr", format)
			if err != nil || len(file.Data) == 0 {
				t.Errorf("%s: %v", format, err)
			}
			if format == "csv" && (!bytes.Contains(file.Data, []byte("Confidentielle")) || !bytes.Contains(file.Data, []byte("Effacer chaque été")) ||
				bytes.Contains(file.Data, []byte("Compte sol"))) {
				t.Errorf("csv: %s", file.Data)
			}
		}
		_, err = l.File(w.on, "fr", "html")
		w.Refused("another format", err, fault.NotFound, "")
	})
}

// granted gives the people of the world their roles in the database too.
func granted(t *testing.T, w *evaluationtest.World) {
	t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		for _, a := range []policy.Actor{w.Teacher, w.Principal, w.OtherPrincipal, w.Head, w.Evaluator, w.Evaluator2, w.Director, w.Appeal, w.IT, w.PrivacyOfficer} {
			for _, g := range a.Grants {
				if _, err := tx.Exec(ctx, `INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, $2, $3, $4)`,
					tx.Board, a.ID, string(g.Role), g.Org); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
