package evaluation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/evaluation"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

func TestReopen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		ctx, r := t.Context(), w.Asked()
		subject := r.Subject()
		reopen := func(by policy.Actor) error {
			_, err := w.Evaluations.Reopen(ctx, by, r.ID, evaluation.Security)
			return err
		}
		state := func(want request.State) {
			t.Helper()
			if got, err := w.Requests.View(ctx, w.Evaluator, r.ID); err != nil || got.State != want ||
				got.EvaluatedAt.IsZero() != (want != request.Evaluated) {
				t.Errorf("state: %s since %v, %v, want %s", got.State, got.EvaluatedAt, err, want)
			}
		}
		w.Refused("before the acknowledgement", reopen(w.Evaluator), fault.Conflict, "2.2c")
		if _, err := w.Requests.Acknowledge(ctx, w.Evaluator, r.ID); err != nil {
			t.Fatal(err)
		}
		w.Refused("before it is finished", reopen(w.Evaluator), fault.Conflict, "3.1")
		in := w.Complete(evaluation.Security)
		in.Location, in.LocationReason, in.Looked = evaluation.Elsewhere, "Pas offert ici.", []string{string(w.Nearby.ID)}
		if _, err := w.Evaluations.Finish(ctx, w.Evaluator, r.ID, evaluation.Security, in, 0); err != nil {
			t.Fatal(err)
		}
		w.Refused("by the teacher who asked", reopen(w.Teacher), fault.Denied, "3.1")
		w.Refused("by another school", reopen(w.OtherPrincipal), fault.NotFound, "")
		w.Refused("by another evaluator", reopen(w.Evaluator2), fault.Denied, "3.1")
		w.Refused("by the director", reopen(w.Director), fault.Denied, "3.1")
		if v, err := w.Evaluations.View(ctx, w.Evaluator2, r.ID, evaluation.Security); err != nil || v.MayReopen {
			t.Errorf("the page offers it to another evaluator, %v", err)
		}
		if acts := w.Acts(subject); slices.Contains(acts, "evaluation.reopened") || w.Mark("evaluation.location", subject) != "exception" {
			t.Errorf("refusals left %v", acts)
		}

		// While the other aspect is under way, the request stays where it is.
		if v, err := w.Evaluations.View(ctx, w.Evaluator, r.ID, evaluation.Security); err != nil || !v.MayReopen || v.MayWrite {
			t.Errorf("the page: %+v, %v", v.MayReopen, err)
		}
		if err := reopen(w.Evaluator); err != nil {
			t.Fatal(err)
		}
		state(request.Acknowledged)
		v, err := w.Evaluations.View(ctx, w.Evaluator, r.ID, evaluation.Security)
		if err != nil || v.Evaluation.Finished() || !v.MayWrite || v.MayReopen || v.Evaluation.LocationReason != "Pas offert ici." {
			t.Errorf("reopened: %+v, %v", v.Evaluation, err)
		}
		for control, want := range map[string]string{
			"evaluation.security": "waiting", "evaluation.location": "", "evaluation.security.b": "", "evaluation.finished": "waiting",
		} {
			if got := w.Mark(control, subject); got != want {
				t.Errorf("%s: %q, want %q", control, got, want)
			}
		}

		// An evaluated request goes back, and forth again.
		in.Location = evaluation.Quebec
		if _, err := w.Evaluations.Finish(ctx, w.Evaluator, r.ID, evaluation.Security, in, v.Evaluation.Version); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Evaluations.Finish(ctx, w.Evaluator2, r.ID, evaluation.Use, w.Complete(evaluation.Use), 0); err != nil {
			t.Fatal(err)
		}
		state(request.Evaluated)
		lent := w.IT // acts in the place of who finished
		lent.Grants = []policy.Grant{{Role: policy.Evaluator, From: w.Evaluator.ID}}
		if err := reopen(lent); err != nil {
			t.Fatal(err)
		}
		state(request.Acknowledged)
		acts := w.Acts(subject)
		if got := acts[len(acts)-3:]; !slices.Equal(got, []string{"request.evaluated", "evaluation.reopened", "request.reopened"}) {
			t.Errorf("acts: %v", got)
		}
		if _, err := w.Evaluations.Finish(ctx, w.Evaluator, r.ID, evaluation.Security, in, 4); err != nil {
			t.Fatal(err)
		}
		state(request.Evaluated)
		if got := w.Mark("evaluation.location", subject); got != "conform" {
			t.Errorf("evaluation.location: %q, want conform", got)
		}
	})
}

// One reopens an aspect while another finishes the other: the request is
// evaluated if, and only if, both aspects are finished.
func TestReopenWhileTheOtherFinishes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		r := w.Acknowledged()
		if _, err := w.Evaluations.Finish(t.Context(), w.Evaluator, r.ID, evaluation.Security, w.Complete(evaluation.Security), 0); err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		var reopened, finished error
		wait.Go(func() { _, reopened = w.Evaluations.Reopen(t.Context(), w.Evaluator, r.ID, evaluation.Security) })
		wait.Go(func() {
			_, finished = w.Evaluations.Finish(t.Context(), w.Evaluator2, r.ID, evaluation.Use, w.Complete(evaluation.Use), 0)
		})
		wait.Wait()
		if finished != nil || reopened != nil {
			t.Fatalf("finished: %v, reopened: %v", finished, reopened)
		}
		if got, err := w.Requests.View(t.Context(), w.Evaluator, r.ID); err != nil || got.State != request.Acknowledged {
			t.Errorf("state: %s, %v, want acknowledged", got.State, err)
		}
	})
}

func TestWithdrawEvidence(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		ctx, r := t.Context(), w.Acknowledged()
		add := func(aspect evaluation.Aspect, criterion string) string {
			t.Helper()
			v, err := w.Evaluations.AddEvidence(ctx, w.Evaluator, r.ID, aspect, criterion,
				evaluation.File{Name: "lettre.pdf", Media: "application/pdf", Content: strings.NewReader("%PDF-1.7\nLettre")})
			if err != nil {
				t.Fatal(err)
			}
			return v.ID
		}
		kept, gone, other := add(evaluation.Security, "3.3b"), add(evaluation.Security, "3.3b"), add(evaluation.Use, "3.2.1")
		save := func(by policy.Actor, version int64, files ...string) error {
			_, err := w.Evaluations.Save(ctx, by, r.ID, evaluation.Security, evaluation.Input{Withdraw: files}, version)
			return err
		}
		w.Refused("by the teacher who asked", save(w.Teacher, 0, gone), fault.Denied, "3.1")
		w.Refused("by another school", save(w.OtherPrincipal, 0, gone), fault.NotFound, "")
		w.Refused("a file of the other aspect", save(w.Evaluator, 0, gone, other), fault.NotFound, "")
		w.Refused("no file at all", save(w.Evaluator, 0, "rien"), fault.NotFound, "")
		shown := func(want ...string) {
			t.Helper()
			v, err := w.Evaluations.View(ctx, w.Evaluator, r.ID, evaluation.Security)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range v.Rows[1].Evidence {
				got = append(got, f.ID)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("shown: %v, want %v", got, want)
			}
		}
		shown(kept, gone)

		if err := save(w.Evaluator2, 0, gone); err != nil {
			t.Fatal(err)
		}
		shown(kept)
		_, _, err := w.Evaluations.Evidence(ctx, w.Evaluator, gone)
		w.Refused("opened once withdrawn", err, fault.NotFound, "")
		w.Refused("withdrawn twice", save(w.Evaluator, 1, gone), fault.NotFound, "")
		if acts := w.Acts(r.Subject()); !slices.Contains(acts, "evaluation.evidence_withdrawn") {
			t.Errorf("acts: %v", acts)
		}
		err = d.Read(ctx, w.Board, func(ctx context.Context, tx *db.Tx) error {
			row, err := db.One(ctx, tx, func(row db.Row) (s string, err error) {
				var by string
				var at time.Time
				err = row.Scan(&by, db.When(&at))
				return fmt.Sprintf("%s %t", by, at.Equal(w.Now)), err
			}, `SELECT withdrawn_by, withdrawn_at FROM evidence WHERE board_id = $1 AND id = $2`, tx.Board, gone)
			if row != w.Evaluator2.ID+" true" {
				t.Errorf("the row says %s", row)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}

		if _, err := w.Evaluations.Finish(ctx, w.Evaluator, r.ID, evaluation.Security, w.Complete(evaluation.Security), 1); err != nil {
			t.Fatal(err)
		}
		w.Refused("from a finished aspect", save(w.Evaluator, 2, kept), fault.Conflict, "3.1")
		shown(kept)
	})
}
