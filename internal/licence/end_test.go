package licence_test

import (
	"context"
	"testing"
	"time"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
)

func TestEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		at := now
		d.Clock = func() time.Time { return at }
		id, approved, _ := board(t, d)
		s, director := licence.New(d, contract.Gate), actor(t, id, policy.EvaluationDirector, "")
		record := func(change func(*licence.Licence)) licence.ID {
			t.Helper()
			l := one(approved, licence.Board, licence.Audience{})
			change(&l)
			l, err := s.Record(t.Context(), director, l)
			if err != nil {
				t.Fatal(err)
			}
			return l.ID
		}
		running := record(func(*licence.Licence) {})
		over := record(func(l *licence.Licence) { l.StartsOn, l.EndsOn = "2025-08-31", "2026-11-19" })
		ahead := record(func(l *licence.Licence) { l.StartsOn = "2027-01-10" })
		other := dbtest.Board(t, d)
		for _, c := range []struct {
			name  string
			actor policy.Actor
			id    licence.ID
			on    string
			kind  fault.Kind
			field string
		}{
			{"by a teacher", actor(t, id, policy.Teacher, "s1"), running, "2026-11-20", fault.NotFound, ""},
			{"by a principal, of the board's", actor(t, id, policy.Principal, "s1"), running, "2026-11-20", fault.NotFound, ""},
			{"from another board", actor(t, other, policy.EvaluationDirector, ""), running, "2026-11-20", fault.NotFound, ""},
			{"of nothing", director, "none", "2026-11-20", fault.NotFound, ""},
			{"on no day", director, running, "bientôt", fault.Invalid, "on"},
			{"before it began", director, running, "2026-08-30", fault.Invalid, "on"},
			{"after its end", director, running, "2027-07-01", fault.Invalid, "on"},
			{"of one that is over", director, over, "2026-11-19", fault.Conflict, ""},
			{"long before one that is to come", director, ahead, "2026-11-19", fault.Invalid, "on"},
		} {
			_, err := s.End(t.Context(), c.actor, c.id, c.on)
			f, ok := fault.As(err)
			if !ok || f.Kind != c.kind || c.field != "" && f.Fields[c.field].Key == "" {
				t.Errorf("End %s: %v, want kind %v beside %q", c.name, err, c.kind, c.field)
			}
		}
		for l, on := range map[licence.ID]string{running: " 2026-11-20 ", ahead: "2026-11-20"} {
			if got, err := s.End(t.Context(), director, l, on); err != nil || got.Last() != "2026-11-20" {
				t.Errorf("End: %s %v", got.Last(), err)
			}
		}
		if _, err := s.End(t.Context(), director, running, "2026-11-20"); !fault.Is(err, fault.Conflict) {
			t.Errorf("End twice: %v", err)
		}
		for day, want := range map[string]bool{"2026-11-20": true, "2026-11-21": false, "2027-02-01": false} {
			err := d.Read(t.Context(), id, func(ctx context.Context, tx *db.Tx) error {
				_, covered, err := licence.Covers(ctx, tx, approved, []licence.Group{{School: "s1"}}, day)
				if err != nil || covered != want {
					t.Errorf("Covers on %s: %v %v, want %v", day, covered, err, want)
				}
				trail, err := audit.ForSubject(ctx, tx, licence.Subject(running))
				if err == nil && (len(trail) != 2 || trail[1].Action != "licence.ended" || trail[1].Detail != "on=2026-11-20") {
					t.Errorf("the trail: %v", trail)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A licence that runs when its platform is refused is an exception to 4.1 until it is over:
// ended by hand, or swept once its last day has passed.
func TestALicenceForWhatWasRefusedIsAnException(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		at := now
		d.Clock = func() time.Time { return at }
		id, approved, _ := board(t, d)
		s, director := licence.New(d, contract.Gate), actor(t, id, policy.EvaluationDirector, "")
		record := func(from, to string) licence.ID {
			t.Helper()
			l := one(approved, licence.Board, licence.Audience{})
			l.StartsOn, l.EndsOn = from, to
			l, err := s.Record(t.Context(), director, l)
			if err != nil {
				t.Fatal(err)
			}
			return l.ID
		}
		over, ended := record("2025-08-31", "2026-11-19"), record("2026-08-31", "2027-06-30")
		later, short := record("2026-08-31", "2027-06-29"), record("2026-08-31", "2026-11-30")
		decide := func(status catalogue.Status) {
			t.Helper()
			err := d.Write(t.Context(), id, func(ctx context.Context, tx *db.Tx) error {
				if err := catalogue.SetResult(ctx, tx, approved, status, "", catalogue.Quebec, "y"); err != nil {
					return err
				}
				return licence.AfterDecision(ctx, tx, approved)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		exceptions := func(when string, want ...licence.ID) {
			t.Helper()
			if err := s.Sweep(t.Context(), id); err != nil {
				t.Fatalf("Sweep %s: %v", when, err)
			}
			_, rows, err := policy.Coverage(t.Context(), d, director)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				if row.ID == "4.1" && row.Exceptions != int64(len(want)) {
					t.Errorf("%s: 4.1 has %d exceptions, want %d", when, row.Exceptions, len(want))
				}
			}
			for _, l := range want {
				if v, err := s.View(t.Context(), director, l); err != nil || !v.Exception {
					t.Errorf("%s: View is no exception: %v", when, err)
				}
			}
		}
		decide(catalogue.Conditional)
		exceptions("while it is approved")
		decide(catalogue.Refused)
		exceptions("once it is refused", ended, later, short)
		if v, err := s.View(t.Context(), director, over); err != nil || v.Exception {
			t.Errorf("a licence that was over: %v", err)
		}
		for l, on := range map[licence.ID]string{ended: "2026-11-20", later: "2026-12-05"} {
			if _, err := s.End(t.Context(), director, l, on); err != nil {
				t.Fatal(err)
			}
		}
		exceptions("once one ended that day and one is to end", later, short)
		at = now.AddDate(0, 0, 10)
		exceptions("on the last day of one", later, short)
		at = now.AddDate(0, 0, 11)
		exceptions("the day after", later)
		at = now.AddDate(0, 0, 16)
		exceptions("the day after the other's")
		decide(catalogue.Approved)
		kept := record("2026-08-31", "2027-06-30")
		decide(catalogue.Refused)
		exceptions("refused again", kept)
		decide(catalogue.Approved)
		exceptions("approved again")
	})
}
