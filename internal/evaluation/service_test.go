package evaluation_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/evaluation"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

func TestWhoMayNotEvaluate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		r := w.Asked()
		save := func(by policy.Actor) error {
			_, err := w.Evaluations.Save(t.Context(), by, r.ID, evaluation.Use, w.Complete(evaluation.Use), 0)
			return err
		}
		w.Refused("before the acknowledgement", save(w.Evaluator), fault.Conflict, "2.2c")
		if _, err := w.Requests.Acknowledge(t.Context(), w.Evaluator, r.ID); err != nil {
			t.Fatal(err)
		}
		w.Refused("by the teacher who asked", save(w.Teacher), fault.Denied, "3.1")
		w.Refused("by the principal", save(w.Principal), fault.Denied, "3.1")
		w.Refused("by another school", save(w.OtherPrincipal), fault.NotFound, "")
		w.Refused("by the appeal authority", save(w.Appeal), fault.NotFound, "")
		w.Refused("by the privacy officer", save(w.PrivacyOfficer), fault.Denied, "3.1")

		both := w.Teacher // who asked, and evaluates too
		both.Grants = append(slices.Clone(both.Grants), policy.Grant{Role: policy.Evaluator})
		w.Refused("by who asked, evaluator or not", save(both), fault.Denied, "3.1")
		signed := w.Principal
		signed.Grants = append(slices.Clone(signed.Grants), policy.Grant{Role: policy.Evaluator})
		w.Refused("by who authorised", save(signed), fault.Denied, "3.1")
		lent := w.Evaluator2
		lent.Grants = []policy.Grant{{Role: policy.Evaluator, From: w.Teacher.ID}}
		w.Refused("in the place of who asked", save(lent), fault.Denied, "3.1")

		_, err := w.Evaluations.View(t.Context(), w.Teacher, r.ID, evaluation.Use)
		w.Refused("read by the teacher before the decision", err, fault.NotFound, "")
		if got := w.Acts("request:" + string(r.ID)); slices.Contains(got, "evaluation.saved") {
			t.Errorf("a refusal left %v in the trail", got)
		}
	})
}

func TestSaveKeepsADraftAndSeesWhoWasFaster(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		r := w.Acknowledged()
		in := evaluation.Input{Criteria: map[string]evaluation.Judgement{"3.2.1": {Rating: evaluation.Partly, Note: "La 5e année manque.\x00"}}}
		e, err := w.Evaluations.Save(t.Context(), w.Evaluator, r.ID, evaluation.Use, in, 0)
		if err != nil || e.Version != 1 {
			t.Fatalf("Save: %+v, %v", e, err)
		}
		_, err = w.Evaluations.Save(t.Context(), w.Evaluator2, r.ID, evaluation.Use, evaluation.Input{}, 0)
		w.Refused("a second first draft", err, fault.Conflict, "")

		in = evaluation.Input{Criteria: map[string]evaluation.Judgement{"3.2.2": {Rating: evaluation.Met}}, Summary: "À suivre"}
		if e, err = w.Evaluations.Save(t.Context(), w.Evaluator2, r.ID, evaluation.Use, in, e.Version); err != nil || e.Version != 2 {
			t.Fatalf("Save again: %+v, %v", e, err)
		}
		v, err := w.Evaluations.View(t.Context(), w.Evaluator, r.ID, evaluation.Use)
		if err != nil {
			t.Fatal(err)
		}
		if v.Rows[0].Note != "La 5e année manque." || v.Rows[0].Rating != evaluation.Partly || v.Rows[1].Rating != evaluation.Met {
			t.Errorf("rows: %+v, %+v", v.Rows[0], v.Rows[1])
		}
		if len(v.Rows) != 13 || v.Evaluator != "Compte rosa" || v.Evaluation.Rated() != 2 || !v.MayWrite || v.Other.Version != 0 {
			t.Errorf("view: %d rows by %q, %+v", len(v.Rows), v.Evaluator, v.Evaluation)
		}
		if got := w.Mark("evaluation.use", "request:"+string(r.ID)); got != "waiting" {
			t.Errorf("evaluation.use: %q, want waiting", got)
		}
	})
}

func TestFinishRefusesThenLeavesTheDraft(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		r := w.Acknowledged()
		in := w.Complete(evaluation.Security)
		in.Location, in.LocationReason = evaluation.Elsewhere, "Rien d’autre ne lit le syllabique."
		_, err := w.Evaluations.Finish(t.Context(), w.Evaluator, r.ID, evaluation.Security, in, 0)
		w.Refused("an equivalent that nobody looked at", err, fault.Invalid, "3.3a")
		v, err := w.Evaluations.View(t.Context(), w.Evaluator, r.ID, evaluation.Security)
		if err != nil || v.Evaluation.Version != 0 {
			t.Fatalf("after a refusal: %+v, %v", v.Evaluation, err)
		}
		if len(v.Equivalents) != 1 || v.Equivalents[0].Platform.ID != w.Nearby.ID || !v.PupilData || len(v.Ladder) != 3 {
			t.Fatalf("equivalents: %+v", v.Equivalents)
		}

		in.Looked = []string{string(w.Nearby.ID)}
		e, err := w.Evaluations.Finish(t.Context(), w.Evaluator, r.ID, evaluation.Security, in, 0)
		if err != nil || !e.Finished() || !slices.Equal(e.Looked, in.Looked) {
			t.Fatalf("Finish: %+v, %v", e, err)
		}
		for control, want := range map[string]string{
			"evaluation.location": "exception", "evaluation.security": "conform", "evaluation.security.b": "conform",
			"evaluation.security.e": "conform", "evaluation.finished": "waiting",
		} {
			if got := w.Mark(control, "request:"+string(r.ID)); got != want {
				t.Errorf("%s: %q, want %q", control, got, want)
			}
		}
		_, err = w.Evaluations.Save(t.Context(), w.Evaluator, r.ID, evaluation.Security, in, e.Version)
		w.Refused("a finished aspect", err, fault.Conflict, "3.1")
	})
}

func TestBothAspectsMakeItEvaluated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		r := w.Acknowledged()
		before := w.Left(request.Notice)
		w.Evaluate(w.Evaluator, r.ID)
		got, err := w.Requests.View(t.Context(), w.Evaluator, r.ID)
		if err != nil || got.State != request.Evaluated {
			t.Fatalf("state: %s, %v", got.State, err)
		}
		subject := "request:" + string(r.ID)
		controls := []string{"evaluation.finished", "evaluation.use", "evaluation.security", "evaluation.location"}
		for _, n := range strings.Fields("1 2 3 4 5 6 7 8 9 10 11 12 13") {
			controls = append(controls, "evaluation.use."+n)
		}
		for _, control := range controls {
			if got := w.Mark(control, subject); got != "conform" {
				t.Errorf("%s: %q, want conform", control, got)
			}
		}
		if got := w.Left(request.Notice) - before; got != 1 {
			t.Errorf("notices: %d, want 1", got)
		}
		acts := w.Acts(subject)
		if !slices.Equal(acts[len(acts)-3:], []string{"evaluation.finished", "evaluation.finished", "request.evaluated"}) {
			t.Errorf("acts: %v", acts)
		}
		_, err = w.Evaluations.Save(t.Context(), w.Evaluator, r.ID, evaluation.Use, evaluation.Input{}, 1)
		w.Refused("once evaluated", err, fault.Conflict, "3.1")
	})
}

// Two people who close the two aspects at once must leave an evaluated request.
func TestTwoFinishAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		r := w.Acknowledged()
		var wait sync.WaitGroup
		errs := make([]error, len(evaluation.Aspects))
		for i, aspect := range evaluation.Aspects {
			by := []policy.Actor{w.Evaluator, w.Evaluator2}[i]
			wait.Go(func() {
				_, errs[i] = w.Evaluations.Finish(t.Context(), by, r.ID, aspect, w.Complete(aspect), 0)
			})
		}
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		got, err := w.Requests.View(t.Context(), w.Evaluator, r.ID)
		if err != nil || got.State != request.Evaluated {
			t.Fatalf("state: %s, %v", got.State, err)
		}
	})
}

func TestEvidence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		r := w.Acknowledged()
		add := func(by policy.Actor, criterion, name, media, content string) (evaluation.Evidence, error) {
			return w.Evaluations.AddEvidence(t.Context(), by, r.ID, evaluation.Security, criterion,
				evaluation.File{Name: name, Media: media, Content: strings.NewReader(content)})
		}
		const pdf = "%PDF-1.7\nLettre du fournisseur"
		_, err := add(w.Principal, "3.3b", "lettre.pdf", "application/pdf", pdf)
		w.Refused("by the school", err, fault.Denied, "3.1")
		_, err = add(w.OtherPrincipal, "3.3b", "lettre.pdf", "application/pdf", pdf)
		w.Refused("by another school", err, fault.NotFound, "")
		_, err = add(w.Evaluator, "3.2.1", "lettre.pdf", "application/pdf", pdf)
		w.Refused("for the other aspect's criterion", err, fault.Invalid, "")
		_, err = add(w.Evaluator, "3.3b", "lettre.pdf", "application/pdf", "<html><script>x()</script>")
		w.Refused("a page in a letter's clothes", err, fault.Invalid, "")
		_, err = add(w.Evaluator, "3.3b", "vide.pdf", "application/pdf", "")
		w.Refused("an empty file", err, fault.Invalid, "")
		_, err = add(w.Evaluator, "3.3b", "gros.pdf", "application/pdf", pdf+strings.Repeat("x", evaluation.MaxEvidence))
		w.Refused("a file too large", err, fault.Invalid, "")

		v, err := add(w.Evaluator, "3.3b", `..\..\Lettre du 12 nov.pdf`, "application/pdf", pdf)
		if err != nil || v.Name != "Lettre du 12 nov.pdf" || v.Media != "application/pdf" || v.Size != int64(len(pdf)) {
			t.Fatalf("AddEvidence: %+v, %v", v, err)
		}
		got, content, err := w.Evaluations.Evidence(t.Context(), w.Director, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(content)
		if err := errors.Join(err, content.Close()); err != nil || string(text) != pdf || got.SHA256 != v.SHA256 {
			t.Fatalf("Evidence: %q, %+v, %v", text, got, err)
		}
		_, _, err = w.Evaluations.Evidence(t.Context(), w.OtherPrincipal, v.ID)
		w.Refused("read by another school", err, fault.NotFound, "")
		_, _, err = w.Evaluations.Evidence(t.Context(), w.Teacher, v.ID)
		w.Refused("read by the teacher before the decision", err, fault.NotFound, "")

		// A file does not push out what is being typed.
		if _, err := w.Evaluations.Save(t.Context(), w.Evaluator, r.ID, evaluation.Security, evaluation.Input{}, 0); err != nil {
			t.Fatalf("Save after a file: %v", err)
		}
		page, err := w.Evaluations.View(t.Context(), w.Evaluator, r.ID, evaluation.Security)
		if err != nil || len(page.Rows[1].Evidence) != 1 {
			t.Fatalf("view: %+v, %v", page.Rows, err)
		}
	})
}
