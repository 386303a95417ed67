package duty_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/duty"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/policy"
)

func TestYear(t *testing.T) {
	for day, want := range map[string]string{"2026-06-30": "2025-2026", "2026-07-02": "2026-2027", "2027-01-10": "2026-2027"} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := duty.Year(at.Add(12 * time.Hour)); got != want {
			t.Errorf("%s: %s, want %s", day, got, want)
		}
	}
}

func TestDutiesAreReadOnceASchoolYear(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := evaluationtest.New(t, d)
		granted(t, w)
		s := &duty.Service{DB: d}
		ctx := t.Context()
		_, _, err := s.Missing(ctx, w.Teacher)
		w.Refused("a teacher reads who has not", err, fault.Denied, "2.1")
		names := func(by policy.Actor) (all []string) {
			_, people, err := s.Missing(ctx, by)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range people {
				all = append(all, p.Account)
			}
			return all
		}
		if got := names(w.Principal); !slices.Equal(got, []string{w.Principal.ID, w.Teacher.ID}) {
			t.Errorf("of the school: %v", got)
		}
		if got := names(w.Director); len(got) < 10 {
			t.Errorf("of the board: %v", got)
		}
		for range 2 { // a second time changes nothing
			if _, err := s.Acknowledge(ctx, w.Teacher); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.Acts("account:" + w.Teacher.ID); len(got) != 1 {
			t.Errorf("the trail: %v", got)
		}
		if got := names(w.Principal); !slices.Equal(got, []string{w.Principal.ID}) {
			t.Errorf("after one did: %v", got)
		}
		m, err := s.Mine(ctx, w.Teacher)
		if err != nil || !m.Done() {
			t.Errorf("mine: %+v, %v", m, err)
		}
		newer := *w.Teacher.Pack
		newer.DutiesVersion = "2027-1"
		again := w.Teacher
		again.Pack = &newer
		if m, err := s.Mine(ctx, again); err != nil || m.Done() || !m.Before {
			t.Errorf("in other words: %+v, %v", m, err)
		}
		w.Now = w.Now.AddDate(1, 0, 0)
		if m, err := s.Mine(ctx, w.Teacher); err != nil || m.Done() {
			t.Errorf("the next school year: %+v, %v", m, err)
		}
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
