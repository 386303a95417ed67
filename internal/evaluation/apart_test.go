package evaluation_test

import (
	"context"
	"slices"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/evaluation"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

// grant gives an account its role in the tables too, where candidates are read.
func grant(w *evaluationtest.World, of policy.Actor) {
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO account_grant (board_id, account_id, role) VALUES ($1, $2, $3)`,
			tx.Board, of.ID, string(of.Grants[0].Role))
		return err
	})
}

func TestTwoWriteApartAndOneConcludes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		ctx, r := t.Context(), w.Acknowledged()
		for _, a := range []policy.Actor{w.Evaluator, w.Evaluator2, w.Director} {
			grant(w, a)
		}
		first := w.Complete(evaluation.Use)
		first.Criteria["3.2.1"] = evaluation.Judgement{Rating: evaluation.Partly, Note: "La 5e année manque."}
		if _, err := w.Evaluations.Save(ctx, w.Evaluator, r.ID, evaluation.Use, first, 0); err != nil {
			t.Fatal(err)
		}
		ask := func(by policy.Actor, of string) error {
			return w.Evaluations.AskSecond(ctx, by, r.ID, evaluation.Use, of)
		}
		w.Refused("by an evaluator", ask(w.Evaluator, "rosa"), fault.Denied, "3.1")
		w.Refused("by the teacher", ask(w.Teacher, "rosa"), fault.Denied, "3.1")
		w.Refused("by another school", ask(w.OtherPrincipal, "rosa"), fault.NotFound, "")
		w.Refused("of who has written already", ask(w.Director, "eva"), fault.Invalid, "")
		w.Refused("of who evaluates nothing", ask(w.Director, "priv"), fault.Invalid, "")
		if err := ask(w.Director, "rosa"); err != nil {
			t.Fatal(err)
		}
		w.Refused("a third", ask(w.Director, "sol"), fault.Conflict, "3.1")

		view := func(by policy.Actor) evaluation.View {
			t.Helper()
			v, err := w.Evaluations.View(ctx, by, r.ID, evaluation.Use)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if v := view(w.Evaluator); v.Rows[0].Rating != evaluation.Partly || !v.Apart || !v.MayWrite || v.Evaluation.Version != 1 {
			t.Errorf("the first sees %+v, %+v", v.Rows[0].Judgement, v.Evaluation)
		}
		for _, blind := range []policy.Actor{w.Evaluator2, w.Director, w.PrivacyOfficer} {
			if v := view(blind); v.Rows[0].Rating != evaluation.Unrated || v.Evaluation.Recommendation != "" || len(v.Opinions) != 0 {
				t.Errorf("%s sees the first's: %+v", blind.ID, v.Evaluation)
			}
		}
		if _, err := w.Evaluations.Finish(ctx, w.Director, r.ID, evaluation.Use, first, 0); !fault.Is(err, fault.Denied) {
			t.Errorf("by a third: %v", err)
		}
		if _, err := w.Evaluations.Finish(ctx, w.Evaluator, r.ID, evaluation.Use, first, 1); err != nil {
			t.Fatal(err)
		}
		if v := view(w.Evaluator2); v.Rows[0].Rating != evaluation.Unrated || !v.MayWrite {
			t.Errorf("the second sees what the first finished: %+v", v.Evaluation)
		}
		_, err := w.Evaluations.Reopen(ctx, w.Evaluator, r.ID, evaluation.Use)
		w.Refused("an opinion that was finished", err, fault.Conflict, "3.1")
		if _, err := w.Evaluations.Finish(ctx, w.Evaluator2, r.ID, evaluation.Use, w.Complete(evaluation.Use), 0); err != nil {
			t.Fatal(err)
		}
		if got := w.Mark("evaluation.use", r.Subject()); got == "conform" {
			t.Error("two opinions are taken for a conclusion")
		}

		v := view(w.Director)
		if !v.Reconciling || len(v.Opinions) != 2 || v.Rows[0].Rating != evaluation.Unrated || v.Rows[1].Rating != evaluation.Met ||
			!v.Evaluation.Differs("3.2.1") || v.Evaluation.Differs("3.2.2") || !v.MayWrite {
			t.Fatalf("side by side: %+v", v)
		}
		in := w.Complete(evaluation.Use)
		other := w.Evaluator2
		other.ID = "dora"
		_, err = w.Evaluations.Finish(ctx, other, r.ID, evaluation.Use, in, v.Evaluation.Version)
		w.Refused("concluded by a third evaluator", err, fault.Denied, "3.1")
		_, err = w.Evaluations.Finish(ctx, w.Evaluator, r.ID, evaluation.Use, in, v.Evaluation.Version)
		w.Refused("a changed rating without its reason", err, fault.Invalid, "3.2.1")
		in.Criteria["3.2.1"] = evaluation.Judgement{Rating: evaluation.Met, Reason: "La 5e année est venue en octobre."}
		e, err := w.Evaluations.Finish(ctx, w.Evaluator, r.ID, evaluation.Use, in, v.Evaluation.Version)
		if err != nil || !e.Finished() {
			t.Fatalf("Finish: %+v, %v", e, err)
		}
		after := view(w.Evaluator2)
		if len(after.Opinions) != 2 || after.Opinions[0].Criteria["3.2.1"].Rating != evaluation.Partly ||
			after.Rows[0].Reason != "La 5e année est venue en octobre." || w.Mark("evaluation.use", r.Subject()) != "conform" {
			t.Errorf("what each wrote is lost: %+v", after.Opinions)
		}
		acts := w.Acts(r.Subject())
		if !slices.Contains(acts, "evaluation.second_asked") || !slices.Contains(acts, "evaluation.opinion_finished") {
			t.Errorf("acts: %v", acts)
		}
	})
}

func TestAnEvaluationKeepsTheCriteriaItBeganWith(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		ctx := t.Context()
		in := evaluation.CriterionInput{Aspect: evaluation.Use, Name: policy.Text{Fr: "Empreinte", En: "Footprint"},
			Question: policy.Text{Fr: "Que consomme-t-elle?", En: "What does it consume?"}}
		_, err := w.Evaluations.AddCriterion(ctx, w.Evaluator, in)
		w.Refused("by an evaluator", err, fault.Denied, "3.1")
		_, err = w.Evaluations.AddCriterion(ctx, w.Director, evaluation.CriterionInput{Aspect: "price"})
		w.Refused("without a word", err, fault.Invalid, "")

		r := w.Acknowledged()
		if _, err := w.Evaluations.Save(ctx, w.Evaluator, r.ID, evaluation.Use, evaluation.Input{}, 0); err != nil {
			t.Fatal(err)
		}
		c, err := w.Evaluations.AddCriterion(ctx, w.Director, in)
		if err != nil || !c.Own || c.Clause != "" {
			t.Fatalf("AddCriterion: %+v, %v", c, err)
		}
		_, err = w.Evaluations.AddCriterion(ctx, w.Director, in)
		w.Refused("twice", err, fault.Invalid, "")
		if v, err := w.Evaluations.View(ctx, w.Evaluator, r.ID, evaluation.Use); err != nil || len(v.Rows) != 13 {
			t.Errorf("one that had begun has %d criteria, %v", len(v.Rows), err)
		}
		if _, err := w.Evaluations.Finish(ctx, w.Evaluator, r.ID, evaluation.Use, w.Complete(evaluation.Use), 1); err != nil {
			t.Errorf("one that had begun asks for it: %v", err)
		}

		w.Evaluate(w.Evaluator2, secondRequest(w).ID, c.ID)
		if err := w.Evaluations.RetireCriterion(ctx, w.Director, c.ID); err != nil {
			t.Fatal(err)
		}
		w.Refused("retired twice", w.Evaluations.RetireCriterion(ctx, w.Director, c.ID), fault.Conflict, "")
		w.Refused("one that is none", w.Evaluations.RetireCriterion(ctx, w.Director, "own-x"), fault.NotFound, "")
		list, err := w.Evaluations.Criteria(ctx, w.Director)
		if err != nil || len(list) != 1 || !list[0].Retired() {
			t.Errorf("Criteria: %+v, %v", list, err)
		}
	})
}

// secondRequest is one more acknowledged request, of the department.
func secondRequest(w *evaluationtest.World) request.Request {
	w.T.Helper()
	ctx := w.T.Context()
	r, err := w.Requests.Create(ctx, w.Head, request.Draft{PlatformID: w.Platform.ID, Description: "Lecture.", Usage: "Au service.",
		DataKinds: []string{"first_name"}, Pupils: 3})
	if err == nil {
		r, err = w.Requests.Submit(ctx, w.Head, r.ID)
	}
	if err == nil {
		r, err = w.Requests.Acknowledge(ctx, w.Evaluator, r.ID)
	}
	if err != nil {
		w.T.Fatal(err)
	}
	return r
}

func TestADepartmentGivesItsOwnJudgement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		ctx, r := t.Context(), w.Acknowledged()
		ask := evaluation.Invite{Org: "sped", Criteria: []string{"3.2.1", "3.2.3"}, DueOn: "2026-11-20", Note: "Votre œil de pédagogues."}
		invite := func(by policy.Actor, in evaluation.Invite) error {
			_, err := w.Evaluations.Invite(ctx, by, r.ID, evaluation.Use, in)
			return err
		}
		w.Refused("by the teacher", invite(w.Teacher, ask), fault.Denied, "3.1")
		w.Refused("by another school", invite(w.OtherPrincipal, ask), fault.NotFound, "")
		w.Refused("nobody by no day", invite(w.Evaluator, evaluation.Invite{}), fault.Invalid, "")
		w.Refused("a school", invite(w.Evaluator, evaluation.Invite{Org: "lac", DueOn: "2026-11-20"}), fault.Invalid, "")
		w.Refused("by yesterday", invite(w.Evaluator, evaluation.Invite{Org: "sped", DueOn: "2026-11-01"}), fault.Invalid, "")
		w.Refused("on a criterion of the other aspect",
			invite(w.Evaluator, evaluation.Invite{Org: "sped", DueOn: "2026-11-20", Criteria: []string{"3.3b"}}), fault.Invalid, "")
		i, err := w.Evaluations.Invite(ctx, w.Evaluator, r.ID, evaluation.Use, ask)
		if err != nil || len(i.Criteria) != 2 || w.Mark("department.judged", i.Subject()) != "waiting" {
			t.Fatalf("Invite: %+v, %v", i, err)
		}
		w.Refused("twice", invite(w.Evaluator, ask), fault.Invalid, "")

		_, err = w.Evaluations.Invitation(ctx, w.Principal, i.ID)
		w.Refused("read by a school", err, fault.NotFound, "")
		far := w.Head
		far.Grants = []policy.Grant{{Role: policy.DepartmentHead, Org: "other"}}
		_, err = w.Evaluations.Judge(ctx, far, i.ID, evaluation.Answer{}, 1)
		w.Refused("by another department", err, fault.NotFound, "")
		_, err = w.Evaluations.Judge(ctx, w.Evaluator, i.ID, evaluation.Answer{}, 1)
		w.Refused("by who evaluates", err, fault.Denied, "6.6c")
		_, err = w.Evaluations.Judge(ctx, w.Head, i.ID, evaluation.Answer{Conclusion: "Bien."}, 1)
		w.Refused("without a rating", err, fault.Invalid, "6.6c")
		if list, err := w.Evaluations.Awaiting(ctx, w.Head); err != nil || len(list) != 1 || !list[0].MayAnswer {
			t.Errorf("on the department's desk: %+v, %v", list, err)
		}
		if v, err := w.Evaluations.Invitation(ctx, w.Head, i.ID); err != nil || v.Description == "" || !v.MayAnswer {
			t.Errorf("Invitation: %+v, %v", v, err)
		}

		w.Now = w.Now.AddDate(0, 0, 30)
		if list, err := w.Evaluations.Awaiting(ctx, w.Evaluator); err != nil || len(list) != 1 || !list[0].Late {
			t.Errorf("late, on the evaluator's desk: %+v, %v", list, err)
		}
		if err := w.Evaluations.SweepInvitations(ctx, w.Board); err != nil || w.Mark("department.judged", i.Subject()) != "exception" {
			t.Errorf("late: %q, %v", w.Mark("department.judged", i.Subject()), err)
		}
		answer := evaluation.Answer{Conclusion: "Elle sert le programme.", Ratings: map[string]evaluation.Judgement{
			"3.2.1": {Rating: evaluation.Met}, "3.2.3": {Rating: evaluation.Partly, Note: "Pas de lecture à voix haute."}}}
		if _, err := w.Evaluations.Judge(ctx, w.Head, i.ID, answer, 1); err != nil {
			t.Fatal(err)
		}
		if got := w.Mark("department.judged", i.Subject()); got != "conform" {
			t.Errorf("department.judged: %q", got)
		}
		_, err = w.Evaluations.Decline(ctx, w.Head, i.ID, "Non.", 2)
		w.Refused("declined once given", err, fault.Conflict, "6.6c")
		v, err := w.Evaluations.View(ctx, w.Evaluator, r.ID, evaluation.Use)
		if err != nil || len(v.Invitations) != 1 || v.Invitations[0].Ratings["3.2.3"].Note == "" {
			t.Errorf("beside the evaluator's: %+v, %v", v.Invitations, err)
		}

		ask.DueOn = "2026-12-20"
		again, err := w.Evaluations.Invite(ctx, w.Evaluator, r.ID, evaluation.Use, ask)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Evaluations.Decline(ctx, w.Head, again.ID, " ", 1)
		w.Refused("declined without a reason", err, fault.Invalid, "6.6c")
		if _, err := w.Evaluations.Decline(ctx, w.Head, again.ID, "Personne n’est libre.", 1); err != nil {
			t.Fatal(err)
		}
		if list, err := w.Evaluations.Awaiting(ctx, w.Evaluator); err != nil || len(list) != 1 || list[0].State != evaluation.Declined {
			t.Errorf("declined, on the evaluator's desk: %+v, %v", list, err)
		}
		var wrote []string
		w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			wrote, err = evaluation.Writers(ctx, tx, r.ID)
			return err
		})
		if !slices.Contains(wrote, w.Head.ID) {
			t.Errorf("who judged may decide: %v", wrote)
		}
	})
}
