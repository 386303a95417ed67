package decision_test

import (
	"context"
	"slices"
	"testing"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

func TestReevaluate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx, first := t.Context(), w.decided(t, good())
		again := func(by policy.Actor, cause decision.Cause, reason string) error {
			_, err := w.s.Reevaluate(ctx, by, first.ID, cause, reason)
			return err
		}
		w.Refused("by the teacher", again(w.Teacher, decision.Terms, "Nouvelles conditions."), fault.Denied, "3.1")
		w.Refused("by another school", again(w.OtherPrincipal, decision.Terms, "Nouvelles conditions."), fault.NotFound, "")
		w.Refused("for no cause", again(w.Evaluator, "", ""), fault.Invalid, "3.1")
		w.Refused("for an unknown cause", again(w.Evaluator, "boredom", "Ennui."), fault.Invalid, "3.1")
		_, err := w.Evaluations.Reopen(ctx, w.Evaluator, first.RequestID, evaluation.Use)
		w.Refused("by reopening what was decided on", err, fault.Conflict, "3.1")

		r, err := w.s.Reevaluate(ctx, w.Evaluator, first.ID, decision.Terms, "Le fournisseur change ses conditions.")
		if err != nil || r.FollowsID != first.RequestID || r.State != request.Authorised {
			t.Fatalf("Reevaluate: %+v, %v", r, err)
		}
		w.Refused("while it is under way", again(w.Evaluator, decision.Terms, "Encore."), fault.Conflict, "")
		if _, err := w.Requests.Acknowledge(ctx, w.Evaluator2, r.ID); err != nil {
			t.Fatal(err)
		}
		v, err := w.Evaluations.View(ctx, w.Evaluator2, r.ID, evaluation.Security)
		if err != nil || !v.Rows[1].Carried || v.Rows[1].Rating != evaluation.Met || v.Evaluation.Location != evaluation.Quebec ||
			v.Evaluation.Recommendation != "" || v.Evaluation.Source.Kind != "terms" {
			t.Fatalf("carried over: %+v, %v", v.Rows[1], err)
		}
		in := w.Complete(evaluation.Security)
		_, err = w.Evaluations.Finish(ctx, w.Evaluator2, r.ID, evaluation.Security, in, v.Evaluation.Version)
		w.Refused("before each is confirmed", err, fault.Invalid, "3.3")
		in.Criteria["3.3b"] = evaluation.Judgement{Rating: evaluation.Partly, Note: "Les nouvelles conditions cèdent les données."}
		for id := range in.Criteria {
			in.Confirm = append(in.Confirm, id)
		}
		e, err := w.Evaluations.Finish(ctx, w.Evaluator2, r.ID, evaluation.Security, in, v.Evaluation.Version)
		if err != nil || !e.Criteria["3.3b"].Changed() || e.Criteria["3.3c"].Changed() || e.Criteria["3.3c"].Carried {
			t.Fatalf("Finish: %+v, %v", e.Criteria, err)
		}
		use := w.Complete(evaluation.Use)
		for id := range use.Criteria {
			use.Confirm = append(use.Confirm, id)
		}
		if _, err := w.Evaluations.Finish(ctx, w.Evaluator2, r.ID, evaluation.Use, use, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Requests.RecordPrivacy(ctx, w.PrivacyOfficer, r.ID,
			request.Privacy{Personal: "yes", PIAOn: "2026-10-20", CommitteeOn: "2026-10-27"}); err != nil {
			t.Fatal(err)
		}
		w.Now = w.Now.AddDate(0, 0, 1)
		after := good()
		after.Use.Result = decision.Refused
		second, err := w.s.Decide(ctx, w.Director, r.ID, after)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			p, err := catalogue.Get(ctx, tx, first.PlatformID)
			if err != nil || p.Status != catalogue.Refused {
				t.Errorf("the catalogue shows %+v, %v", p.Status, err)
			}
			kept, err := decision.Get(ctx, tx, first.ID)
			if err != nil || kept.Findings[evaluation.Security].Criteria["3.3b"].Rating != "met" {
				t.Errorf("the first decision rests on %+v, %v", kept.Findings[evaluation.Security], err)
			}
			return nil
		})
		if got := w.Mark("renewal.evaluated", first.Subject()); got != "conform" {
			t.Errorf("renewal.evaluated: %q", got)
		}
		w.Refused("of a decision that another has followed", again(w.Evaluator, decision.Terms, "Encore."), fault.Conflict, "3.1")
		if got := second.Findings[evaluation.Security].Criteria["3.3b"].Rating; got != "partly" {
			t.Errorf("the second rests on %q", got)
		}
		if acts := w.Acts(first.Subject()); !slices.Contains(acts, "decision.reevaluated") {
			t.Errorf("acts: %v", acts)
		}
	})
}

func TestTheBoardsOwnCycle(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx, first := t.Context(), w.decided(t, good())
		by := w.Evaluator
		look := func(want int, overdue bool) {
			t.Helper()
			list, err := w.s.Due(ctx, by)
			if err != nil || len(list) != want || want > 0 && list[0].Overdue != overdue {
				t.Errorf("Due: %+v, %v, want %d", list, err, want)
			}
		}
		w.Now = w.Now.AddDate(5, 0, 0)
		look(0, false) // the board has no cycle
		by.Settings = policy.Settings{ReevaluateMonths: 24, ReminderDays: 30}
		w.Now = w.Now.AddDate(-5, 23, -10)
		look(0, false)
		w.Now = w.Now.AddDate(0, 0, 20)
		look(1, false)
		sweep := func(want string) {
			t.Helper()
			if err := w.s.SweepDue(ctx, w.Board, by.Settings); err != nil || w.Mark("renewal.evaluated", first.Subject()) != want {
				t.Errorf("swept: %q, %v, want %q", w.Mark("renewal.evaluated", first.Subject()), err, want)
			}
		}
		sweep("waiting")
		w.Now = w.Now.AddDate(0, 1, 0)
		look(1, true)
		sweep("exception")
		if list, err := w.s.Due(ctx, w.Teacher); err != nil || len(list) != 0 {
			t.Errorf("a teacher is asked for %+v, %v", list, err)
		}
		if _, err := w.s.Reevaluate(ctx, by, first.ID, decision.Cycle, "Deux ans ont passé."); err != nil {
			t.Fatal(err)
		}
		look(0, false)
	})
}
