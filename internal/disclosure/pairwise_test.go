package disclosure_test

import (
	"context"
	"testing"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/job"
)

func (w *world) count(where string) (n int) {
	w.t.Helper()
	w.must(w.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = db.One(ctx, tx, func(r db.Row) (n int, err error) {
			err = r.Scan(&n)
			return n, err
		}, `SELECT count(*) FROM pairwise WHERE board_id = $1 AND `+where, tx.Board)
		return err
	}))
	return n
}

func (w *world) ensure(sector string, ids ...string) (values map[string]string) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) (err error) {
		values, err = disclosure.Ensure(ctx, tx, sector, disclosure.OfUser, ids)
		return err
	})
	return values
}

// leads answers whose a pseudonym is; "" when it leads nowhere.
func (w *world) leads(sector, value string) string {
	w.t.Helper()
	return w.words(`SELECT subject_id FROM pairwise WHERE board_id = $1 AND sector = $2 AND value = $3 AND retired_on = ''`, sector, value)
}

func TestPseudonymsArePairwise(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one, two := w.ensure("x", "p1", "p2", "p1"), w.ensure("y", "p1")
		if one["p1"] == "" || one["p1"] == one["p2"] || one["p1"] == two["p1"] {
			t.Errorf("pseudonyms %v and %v", one, two)
		}
		if again := w.ensure("x", "p1", "p3"); again["p1"] != one["p1"] {
			t.Errorf("asked again: %v, was %v", again, one)
		}
		if got := w.leads("x", one["p1"]); got != "p1" {
			t.Errorf("leads to %q", got)
		}
		if got := w.leads("y", one["p1"]); got != "" {
			t.Errorf("the pseudonym of another sector leads to %q", got)
		}
	})
}

func TestAMergeKeepsAliasesAndIsUndone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		both, only := w.ensure("x", "p1", "p2"), w.ensure("y", "p1")
		move := func(f func(context.Context, *db.Tx, disclosure.Kind, string, string) error, from, to string) {
			t.Helper()
			w.write(func(ctx context.Context, tx *db.Tx) error { return f(ctx, tx, disclosure.OfUser, from, to) })
		}
		move(disclosure.Move, "p1", "p2")
		if got := w.leads("x", both["p1"]); got != "p2" {
			t.Errorf("the alias leads to %q", got)
		}
		if now := w.ensure("x", "p2"); now["p2"] != both["p2"] {
			t.Error("the survivor has another pseudonym where it had its own")
		}
		if now := w.ensure("y", "p2"); now["p2"] != only["p1"] {
			t.Error("a platform that knew only the other would know nobody")
		}
		move(disclosure.Move, "p2", "p3")
		if got := w.leads("x", both["p1"]); got != "p3" {
			t.Errorf("after a second merge the alias leads to %q", got)
		}
		move(disclosure.MoveBack, "p2", "p3")
		move(disclosure.MoveBack, "p1", "p2")
		if got, other := w.leads("x", both["p1"]), w.leads("x", both["p2"]); got != "p1" || other != "p2" {
			t.Errorf("undone, they lead to %q and %q", got, other)
		}
		if now := w.ensure("x", "p1", "p2"); now["p1"] != both["p1"] || now["p2"] != both["p2"] {
			t.Errorf("undone: %v, were %v", now, both)
		}
		if now := w.ensure("y", "p1", "p2"); now["p1"] != only["p1"] || now["p2"] == only["p1"] {
			t.Errorf("undone, elsewhere: %v, was %v", now, only)
		}
	})
}

func TestAMergeIsToldToPlatforms(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["pseudonym"]`)
		id := w.licence(nil)
		w.refresh(id)
		_, before, _ := w.shown(id)
		w.write(func(ctx context.Context, tx *db.Tx) error {
			return disclosure.Move(ctx, tx, disclosure.OfUser, "p2", "p1")
		})
		w.exec(`UPDATE person SET status = 'tobedeleted' WHERE board_id = $1 AND id = 'p2'`)
		left, err := job.Left(t.Context(), w.DB)
		if err != nil || left[disclosure.RefreshJob] == 0 {
			t.Errorf("jobs left: %v, %v", left, err)
		}
		w.refresh(id)
		if _, after, _ := w.shown(id); after["user:p1"] != before["user:p1"] || after["-user:p2"] != before["user:p2"] {
			t.Errorf("p1 is %q, was %q; p2 %q, was %q", after["user:p1"], before["user:p1"], after["-user:p2"], before["user:p2"])
		}
	})
}

func TestRotationLeadsNowhere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["pseudonym","grade"]`)
		id := w.licence(nil)
		w.refresh(id)
		_, before, _ := w.shown(id)
		w.write(func(ctx context.Context, tx *db.Tx) error {
			return disclosure.Rotate(ctx, tx, string(w.platform), disclosure.OfUser)
		})
		if got := w.leads(string(w.platform), before["user:p1"]); got != "" {
			t.Errorf("the pseudonym that was leads to %q", got)
		}
		w.now = noon.Add(time.Hour)
		w.refresh(id)
		_, after, at := w.shown(id)
		if after["user:p1"] == before["user:p1"] || after["-user:p1"] != before["user:p1"] || after["class:c1"] != before["class:c1"] {
			t.Errorf("p1 %q and %q, was %q; c1 %q, was %q", after["user:p1"], after["-user:p1"], before["user:p1"], after["class:c1"], before["class:c1"])
		}
		if !at["enrollment:e-p1"].Equal(w.now) || after["enrollment:e-p1"] != before["enrollment:e-p1"] {
			t.Error("an enrolment does not tell that whom it names has another pseudonym")
		}
	})
}
