package condition_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

type world struct {
	*evaluationtest.World
	t         *testing.T
	s         *condition.Service
	decisions *decision.Service
}

func build(t *testing.T, d *db.DB) world {
	t.Helper()
	w := world{evaluationtest.New(t, d), t, nil, &decision.Service{DB: d}}
	w.s = &condition.Service{DB: d, Blobs: w.Evaluations.Blobs}
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		for _, a := range []policy.Actor{w.Teacher, w.Principal, w.OtherPrincipal, w.Evaluator, w.Director} {
			if _, err := tx.Exec(ctx, `INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, $2, $3, $4)`,
				tx.Board, a.ID, string(a.Grants[0].Role), a.Grants[0].Org); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

// decided decides with two conditions, changed from what is usual, and answers them.
func (w world) decided(change func(*decision.Input)) (decision.Decision, []condition.Listed) {
	w.t.Helper()
	r := w.Acknowledged()
	w.Evaluate(w.Evaluator, r.ID)
	if _, err := w.Requests.RecordPrivacy(w.t.Context(), w.PrivacyOfficer, r.ID, request.Privacy{Personal: "no"}); err != nil {
		w.t.Fatal(err)
	}
	in := decision.Input{
		Use:      decision.Verdict{Result: decision.Conditional, Reasons: "Utile.", Conditions: "- Former deux enseignants"},
		Security: decision.Verdict{Result: decision.Conditional, Reasons: "Presque sûre.", Conditions: "Effacer après 12 mois"},
	}
	if change != nil {
		change(&in)
	}
	d, err := w.decisions.Decide(w.t.Context(), w.Director, r.ID, in)
	if err != nil {
		w.t.Fatal(err)
	}
	list, err := w.s.OfDecision(w.t.Context(), w.Evaluator, string(d.ID))
	if err != nil {
		w.t.Fatal(err)
	}
	return d, list
}

func proof(text string) condition.Proof {
	return condition.Proof{Name: "courriel.txt", Media: "text/plain", Content: strings.NewReader(text)}
}

func (w world) late(actor policy.Actor) (found []condition.Listed) {
	w.t.Helper()
	if err := w.DB.Read(w.t.Context(), w.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		found, err = condition.Late(ctx, tx, actor)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return found
}

func TestWhoFollowsAConditionOfAnApproval(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		_, list := w.decided(nil)
		if len(list) != 2 || list[0].Text != "Former deux enseignants" || list[1].Aspect != "security" || list[1].State != condition.Open {
			t.Fatalf("the conditions of the decision: %+v", list)
		}
		id := list[1].ID
		assign := func(by policy.Actor, owner, due string, version int64) error {
			_, err := w.s.Assign(ctx, by, id, condition.Assignment{Owner: condition.OwnerOf(owner), DueOn: due, Version: version})
			return err
		}
		w.Refused("assigned by another school", assign(w.OtherPrincipal, "principal", "", 1), fault.NotFound, "")
		w.Refused("assigned by the school", assign(w.Principal, "principal", "", 1), fault.Denied, "4.1")
		w.Refused("assigned by IT", assign(w.IT, "principal", "", 1), fault.NotFound, "")
		for _, owner := range []string{"nobody", w.OtherPrincipal.ID, "teacher", "department_head", "operator"} {
			w.Refused("given to "+owner, assign(w.Evaluator, owner, "", 1), fault.Invalid, "")
		}
		for _, day := range []string{"demain", "2026-02-30", "2026-11-01"} {
			w.Refused("due on "+day, assign(w.Evaluator, "principal", day, 1), fault.Invalid, "")
		}
		w.Refused("after somebody faster", assign(w.Evaluator, "principal", "", 7), fault.Conflict, "")
		if err := assign(w.Evaluator, "principal", "2026-11-20", 1); err != nil {
			t.Fatal(err)
		}

		_, err := w.s.Note(ctx, w.Teacher, id, "Le fournisseur répond vendredi.")
		w.Refused("noted by who asked", err, fault.Denied, "4.1")
		_, err = w.s.Note(ctx, w.OtherPrincipal, id, "Bonjour.")
		w.Refused("noted by another school", err, fault.NotFound, "")
		_, err = w.s.Note(ctx, w.Principal, id, "  ")
		w.Refused("an empty note", err, fault.Invalid, "")
		if _, err = w.s.Note(ctx, w.Principal, id, "Le fournisseur répond vendredi."); err != nil {
			t.Fatal(err)
		}
		v, err := w.s.View(ctx, w.Teacher, id)
		if err != nil || len(v.Notes) != 1 || v.Notes[0].Name != "Compte joel" || v.May != (condition.May{}) || len(v.Candidates) > 0 {
			t.Errorf("what who asked reads: %+v, %v", v, err)
		}
		if _, err := w.s.View(ctx, w.OtherPrincipal, id); !fault.Is(err, fault.NotFound) {
			t.Errorf("read by another school: %v", err)
		}
		_, err = w.s.Waive(ctx, w.Evaluator, id, "Plus utile.")
		w.Refused("waived by who does not decide", err, fault.Denied, "4.1")
		_, err = w.s.Waive(ctx, w.Director, id, "")
		w.Refused("waived without a reason", err, fault.Invalid, "")

		seen, err := w.s.OfPlatform(ctx, w.OtherPrincipal, w.Platform.ID)
		if err != nil || len(seen) != 2 || seen[1].DueOn != "2026-11-20" || seen[1].May {
			t.Errorf("what the catalogue shows another school: %+v, %v", seen, err)
		}
		if got := w.Acts(condition.Subject(id)); !slices.Equal(got, []string{"condition.assigned", "condition.noted"}) {
			t.Errorf("the trail: %v", got)
		}
	})
}

func TestAConditionIsMetWithAFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		_, list := w.decided(func(in *decision.Input) {
			in.DueOn, in.Owner = "2026-11-20", condition.Owner{Account: w.Teacher.ID}
		})
		id := list[0].ID
		if list[0].Owner.Account != w.Teacher.ID || list[0].DueOn != "2026-11-20" || list[0].OwnerName != "Compte maude" {
			t.Fatalf("what was said with the decision: %+v", list[0])
		}
		meet := func(by policy.Actor, p condition.Proof) error {
			_, err := w.s.Meet(ctx, by, id, p)
			return err
		}
		w.Refused("met by another school", meet(w.OtherPrincipal, proof("Fait.")), fault.NotFound, "")
		w.Refused("met without a file", meet(w.Teacher, condition.Proof{}), fault.Invalid, "")
		w.Refused("met with nothing in it", meet(w.Teacher, proof("")), fault.Invalid, "")
		w.Refused("met with a program", meet(w.Teacher, condition.Proof{Name: "a.pdf", Media: "application/pdf", Content: strings.NewReader("\x7fELF")}), fault.Invalid, "")

		if got := w.late(w.Teacher); len(got) != 0 {
			t.Errorf("late before its day: %v", got)
		}
		w.Now = w.Now.AddDate(0, 0, 30)
		for who, n := range map[*policy.Actor]int{&w.Teacher: 2, &w.Evaluator: 2, &w.Director: 2, &w.Principal: 0, &w.OtherPrincipal: 0, &w.IT: 0} {
			if got := w.late(*who); len(got) != n {
				t.Errorf("%s is told of %d late conditions, want %d", who.ID, len(got), n)
			}
		}
		if err := w.s.Sweep(ctx, w.Board); err != nil {
			t.Fatal(err)
		}
		if got := w.Mark("decision.transmitted", condition.Subject(id)); got != "exception" {
			t.Errorf("4.1 of a late condition: %q", got)
		}
		if err := meet(w.Teacher, proof("Deux enseignants formés.")); err != nil {
			t.Fatal(err)
		}
		if got := w.Mark("decision.transmitted", condition.Subject(id)); got != "conform" {
			t.Errorf("4.1 of a condition that is met: %q", got)
		}
		w.Refused("met twice", meet(w.Teacher, proof("Fait.")), fault.Conflict, "4.1")
		_, err := w.s.Note(ctx, w.Teacher, id, "Encore.")
		w.Refused("noted once it is met", err, fault.Conflict, "4.1")

		v, err := w.s.View(ctx, w.Principal, id)
		if err != nil || len(v.Files) != 1 || v.Closer != "Compte maude" || v.State != condition.Met {
			t.Fatalf("a condition that is met: %+v, %v", v, err)
		}
		if _, _, err := w.s.File(ctx, w.OtherPrincipal, v.Files[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("its file, to another school: %v", err)
		}
		_, content, err := w.s.File(ctx, w.Evaluator, v.Files[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(content)
		if err != nil || string(text) != "Deux enseignants formés." || content.Close() != nil {
			t.Errorf("its file: %q, %v", text, err)
		}
	})
}

func TestConditionsEndOtherwise(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		first, list := w.decided(func(in *decision.Input) {
			in.DueOn, in.Use.Conditions = "2026-11-20", "Former deux enseignants\nPrévenir les parents"
			in.Security = decision.Verdict{Result: decision.Approved, Reasons: "Sûre."}
		})
		w.Now = w.Now.AddDate(0, 0, 30)
		if err := w.s.Sweep(ctx, w.Board); err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.Waive(ctx, w.Director, list[0].ID, "Le programme a changé."); err != nil {
			t.Fatal(err)
		}
		if got := w.Mark("decision.transmitted", condition.Subject(list[0].ID)); got != "" {
			t.Errorf("4.1 of a waived condition: %q", got)
		}
		_, again := w.decided(nil)
		if len(again) != 2 {
			t.Fatalf("the next decision asks for %+v", again)
		}
		old, err := w.s.OfDecision(ctx, w.Evaluator, string(first.ID))
		if err != nil || old[0].State != condition.Waived || old[0].Reason == "" || old[1].State != condition.Lapsed {
			t.Errorf("what the first decision asked for: %+v, %v", old, err)
		}
		if got := w.Mark("decision.transmitted", condition.Subject(list[1].ID)); got != "" {
			t.Errorf("4.1 of a condition that lapsed: %q", got)
		}
		page, more, err := w.s.Page(ctx, w.Evaluator, condition.Filter{State: condition.Open})
		if err != nil || more || len(page) != 2 || page[0].Platform != "Récitou" || page[0].Org != "École du Grand-Pin" {
			t.Errorf("what is still open: %+v, %v", page, err)
		}
		if page, _, err := w.s.Page(ctx, w.OtherPrincipal, condition.Filter{}); err != nil || len(page) != 0 {
			t.Errorf("what another school lists: %+v, %v", page, err)
		}
		if _, _, err := w.s.Page(ctx, w.IT, condition.Filter{}); !fault.Is(err, fault.Denied) {
			t.Errorf("listed by IT: %v", err)
		}
		if _, err := w.s.OfPlatform(ctx, w.Evaluator, catalogue.ID("nowhere")); !fault.Is(err, fault.NotFound) {
			t.Errorf("the conditions of no platform: %v", err)
		}
	})
}
