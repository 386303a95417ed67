package reveal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/policy"
	"aval/internal/reveal"
)

func key(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Key
	}
	return fmt.Sprint(err)
}

func TestWhatIsAskedWronglyIsRefusedAndNotCounted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		teacher := w.actor(policy.Teacher, 0)
		good := reveal.Ask{Kind: reveal.Name, Name: w.names[w.pupils[0][0]], Reason: "class_help"}
		for name, c := range map[string]struct {
			change func(*reveal.Ask)
			field  string
		}{
			"nothing":                  {func(a *reveal.Ask) { a.Kind = "" }, "kind"},
			"no name":                  {func(a *reveal.Ask) { a.Name = " " }, "name"},
			"what no name can be":      {func(a *reveal.Ask) { a.Name = "Belloq" }, "name"},
			"no reason":                {func(a *reveal.Ask) { a.Reason = "" }, "reason"},
			"a reason of its own":      {func(a *reveal.Ask) { a.Reason = "curious" }, "reason"},
			"a reason for other kinds": {func(a *reveal.Ask) { a.Reason = "lost_password" }, "reason"},
			"a long note":              {func(a *reveal.Ask) { a.Note = strings.Repeat("é", 301) }, "note"},
		} {
			ask := good
			c.change(&ask)
			_, err := w.Reveal(t.Context(), teacher, ask)
			if f, ok := fault.As(err); !ok || f.Kind != fault.Invalid || f.Fields[c.field].Key == "" {
				t.Errorf("%s: %v, want %s refused", name, err, c.field)
			}
		}
		if _, err := w.look(w.actor(policy.Secretary, -1), good.Name); !fault.Is(err, fault.Denied) {
			t.Errorf("by a role that may look nowhere: %v, want a denial", err)
		} else if f, _ := fault.As(err); f.Clause != "1.3e" {
			t.Errorf("denied under %q", f.Clause)
		}
		if n := w.count(looks) + w.count(told); n != 0 {
			t.Errorf("%d looks were noted", n)
		}
	})
}

func TestWhoIsNobodyAndWhoIsOutOfReachAreOneAnswer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		away, gone := w.names[w.pupils[1][0]], w.names[w.pupils[0][0]]
		w.write(func(ctx context.Context, tx *db.Tx) error { // the name is retired: nobody's
			_, err := w.Names.Replace(ctx, tx, w.pupils[0][0])
			return err
		})
		for _, role := range []policy.Role{policy.Teacher, policy.Principal} {
			a := w.actor(role, 0)
			for i, name := range []string{away, gone} {
				_, err := w.look(a, name)
				if f, ok := fault.As(err); !ok || f.Kind != fault.NotFound || f.Key != "reveal.nobody" || len(f.Args) > 0 {
					t.Errorf("%s: %v, want the one sentence", role, err)
				}
				left, err := w.Left(t.Context(), a)
				w.must(err)
				if left != 59-i {
					t.Errorf("%s: %d left, want %d: it counts", role, left, 59-i)
				}
			}
		}
		if n := w.count(`SELECT count(*) FROM reveal WHERE board_id = $1 AND (person_id <> '' OR org_id <> '' OR count <> 0)`); n != 0 {
			t.Errorf("%d notes say who it was", n)
		}
		if n := w.count(`SELECT count(*) FROM audit_record WHERE board_id = $1 AND action = 'reveal.missed'`); n != 4 {
			t.Errorf("the trail tells of %d, want 4", n)
		}
	})
}

func TestASchoolKnowsWhoItIs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		pupil := w.pupils[0][1]
		typed := " " + strings.ToUpper(strings.ReplaceAll(w.names[pupil], "-", " "))
		for i, a := range []policy.Actor{w.actor(policy.Teacher, 0), w.actor(policy.Principal, 0), w.actor(policy.Evaluator, -1),
			policy.System(w.board, w.pack(), "cli")} {
			shown, err := w.look(a, typed)
			if err != nil {
				t.Fatalf("%s: %v", a.ID, err)
			}
			if len(shown.People) != 1 || shown.People[0].ID != pupil || shown.People[0].FamilyName != "Outarde01" ||
				shown.People[0].Classes[0] != "Groupe 400" || shown.Left != 59 || !shown.At.Equal(w.now) {
				t.Errorf("%s: %+v", a.ID, shown)
			}
			if n := w.count(looks); n != i+1 {
				t.Errorf("%s: %d notes, want %d", a.ID, n, i+1)
			}
		}
		if n := w.count(`SELECT count(*) FROM audit_record WHERE board_id = $1 AND action = 'reveal.shown' AND clause = '1.3e'
			AND subject = 'person:` + pupil + `'`); n != 4 {
			t.Errorf("the trail tells of %d, want 4", n)
		}
		p, err := w.Pupil(t.Context(), w.actor(policy.Teacher, 0), pupil)
		w.must(err)
		if len(p.Looks) != 4 || p.Looks[0].Reason != "class_help" || p.Schools[0] != "École 0" {
			t.Errorf("the pupil's page: %+v", p)
		}
		for _, stranger := range []policy.Actor{w.actor(policy.Teacher, 1), w.actor(policy.Principal, 1), w.actor(policy.Evaluator, -1)} {
			if _, err := w.Pupil(t.Context(), stranger, pupil); !fault.Is(err, fault.NotFound) {
				t.Errorf("the page, by %s: %v", stranger.ID, err)
			}
		}
		for a, want := range map[string]int{"teacher": 1, "principal": 4, "secretary": 4} {
			at := map[string]int{"teacher": 0, "principal": 0, "secretary": -1}[a]
			list, err := w.List(t.Context(), w.actor(policy.Role(a), at), reveal.Filter{})
			w.must(err)
			if len(list) != want {
				t.Errorf("%s reads %d looks, want %d", a, len(list), want)
			}
		}
	})
}

// Nothing in the notes or the trail leads to the login name or its row.
func TestTheNameIsNotNoted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		name := w.names[w.pupils[0][0]]
		_, err := w.look(w.actor(policy.Teacher, 0), name)
		w.must(err)
		w.must(w.Read(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
			text := func(r db.Row) (s string, err error) {
				err = r.Scan(&s)
				return s, err
			}
			ids, err := db.All(ctx, tx, text, `SELECT id FROM login_name WHERE board_id = $1`, tx.Board)
			if err != nil {
				return err
			}
			all, err := db.All(ctx, tx, text, `SELECT id || actor_id || reason || note || licence_id || class_id || person_id
				FROM reveal WHERE board_id = $1 UNION ALL SELECT subject || detail FROM audit_record WHERE board_id = $1`, tx.Board)
			for _, row := range all {
				for _, secret := range append(ids, name, strings.ReplaceAll(name, "-", "")) {
					if strings.Contains(row, secret) {
						t.Errorf("%q leads to the login name", row)
					}
				}
			}
			return err
		}))
	})
}

func TestWhatCannotBeNotedIsNotShown(t *testing.T) {
	for table, broken := range map[string][2]string{
		"the trail": {
			`CREATE TRIGGER broken BEFORE INSERT ON audit_record BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`,
			`ALTER TABLE audit_record ADD CONSTRAINT broken CHECK (board_id = '') NOT VALID`},
		"the note": {
			`CREATE TRIGGER broken BEFORE INSERT ON reveal BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`,
			`ALTER TABLE reveal ADD CONSTRAINT broken CHECK (board_id = '') NOT VALID`},
	} {
		t.Run(table, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				engine := 0
				if w.Engine() == db.Postgres {
					engine = 1
				}
				dbtest.OwnerExec(t, w.DB, broken[engine])
				shown, err := w.look(w.actor(policy.Teacher, 0), w.names[w.pupils[0][0]])
				if _, refusal := fault.As(err); err == nil || refusal {
					t.Errorf("Reveal: %v, want our mistake", err)
				}
				if len(shown.People) != 0 || shown.Left != 0 {
					t.Errorf("it is shown all the same: %+v", shown)
				}
				left, err := w.Left(t.Context(), w.actor(policy.Teacher, 0))
				w.must(err)
				if n := w.count(looks) + w.count(told); n != 0 || left != 60 {
					t.Errorf("%d notes, %d left: it was counted", n, left)
				}
			})
		})
	}
}

func TestAnHourHasAnEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		teacher := w.actor(policy.Teacher, 0)
		teacher.Settings.SinglesAnHour = 2
		name := w.names[w.pupils[0][0]]
		for range 2 {
			_, err := w.look(teacher, name)
			w.must(err)
			w.now = w.now.Add(20 * time.Minute)
		}
		_, err := w.look(teacher, name)
		f, ok := fault.As(err)
		if !ok || f.Kind != fault.Conflict || f.Key != "reveal.quota_singles" || f.Clause != "1.3e" || f.Args[0] != 20 {
			t.Fatalf("a third look: %v, want to wait 20 minutes", err)
		}
		if n := w.count(looks); n != 2 {
			t.Errorf("%d notes, want 2", n)
		}
		if n := w.count(alerts); n != 1 {
			t.Errorf("%d alerts, want the one of the hour", n)
		}
		left, err := job.Left(t.Context(), w.DB)
		w.must(err)
		if left[reveal.Alert] != 1 {
			t.Errorf("%d letters await, want 1", left[reveal.Alert])
		}
		w.now = w.now.Add(20 * time.Minute)
		if _, err := w.look(teacher, name); err != nil {
			t.Errorf("an hour after the first: %v", err)
		}
		if _, err := w.look(teacher, name); key(err) != "reveal.quota_singles" {
			t.Errorf("the second is still in the hour: %v", err)
		}
		if _, err := w.look(w.actor(policy.Principal, 0), name); err != nil {
			t.Errorf("another person: %v", err)
		}
	})
}

func TestTwoAtOnceDoNotBothTakeTheLastOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		teacher := w.actor(policy.Teacher, 0)
		teacher.Settings.SinglesAnHour = 3
		name := w.names[w.pupils[0][0]]
		errs := make(chan error, 8)
		var all sync.WaitGroup
		for range cap(errs) {
			all.Go(func() {
				_, err := w.look(teacher, name)
				errs <- err
			})
		}
		all.Wait()
		close(errs)
		shown := 0
		for err := range errs {
			switch {
			case err == nil:
				shown++
			case key(err) != "reveal.quota_singles":
				t.Error(err)
			}
		}
		if n := w.count(looks); shown != 3 || n != 3 {
			t.Errorf("%d were shown and %d noted, want 3", shown, n)
		}
	})
}

func TestASecondPersonMayAllowMore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		teacher, principal := w.actor(policy.Teacher, 0), w.actor(policy.Principal, 0)
		teacher.Settings.SinglesAnHour = 1
		name := w.names[w.pupils[0][0]]
		for _, wrong := range []reveal.More{{Extra: 0, Reason: "class_help"}, {Extra: 61, Reason: "class_help"}, {Extra: 5},
			{Sets: true, Extra: 2, Reason: "printing"}} {
			if _, err := w.AskApproval(ctx, teacher, wrong); !fault.Is(err, fault.Invalid) {
				t.Errorf("asking %+v: %v, want a refusal", wrong, err)
			}
		}
		if _, err := w.AskApproval(ctx, w.actor(policy.Secretary, -1), reveal.More{Extra: 2, Reason: "class_help"}); !fault.Is(err, fault.Denied) {
			t.Errorf("asking without looking: %v", err)
		}
		a, err := w.AskApproval(ctx, teacher, reveal.More{Extra: 2, Reason: "class_help"})
		w.must(err)
		both := principal // the same person teaches and heads the school
		both.ID = teacher.ID
		for _, c := range []struct {
			by   policy.Actor
			kind fault.Kind
		}{{teacher, fault.Denied}, {both, fault.Denied}, {w.actor(policy.Principal, 1), fault.NotFound}, {w.actor(policy.Evaluator, -1), fault.NotFound}} {
			if _, err := w.Approve(ctx, c.by, a.ID); !fault.Is(err, c.kind) {
				t.Errorf("allowed by %s: %v, want kind %v", c.by.ID, err, c.kind)
			}
		}
		list, err := w.Pending(ctx, principal)
		if err != nil || len(list) != 1 || list[0].School != "École 0" {
			t.Fatalf("Pending: %+v, %v", list, err)
		}
		_, err = w.Approve(ctx, principal, a.ID)
		w.must(err)
		if _, err := w.Approve(ctx, principal, a.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("allowed twice: %v", err)
		}
		for i := range 3 {
			shown, err := w.look(teacher, name)
			w.must(err)
			if shown.Left != 2-i {
				t.Errorf("%d left, want %d", shown.Left, 2-i)
			}
		}
		if _, err := w.look(teacher, name); key(err) != "reveal.quota_singles" {
			t.Errorf("beyond what was allowed: %v", err)
		}
		if n := w.count(`SELECT count(*) FROM reveal WHERE board_id = $1 AND second_id <> '' AND approval_id <> ''`); n != 2 {
			t.Errorf("%d notes name the second person, want 2", n)
		}
	})
}

func TestLeaveEnds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		teacher, principal := w.actor(policy.Teacher, 0), w.actor(policy.Principal, 0)
		name := w.names[w.pupils[0][0]]
		old, err := w.AskApproval(ctx, teacher, reveal.More{Extra: 2, Reason: "class_help"})
		w.must(err)
		w.now = w.now.Add(24 * time.Hour)
		if _, err := w.Approve(ctx, principal, old.ID); key(err) != "reveal.approval_old" {
			t.Errorf("allowed a day later: %v", err)
		}
		a, err := w.AskApproval(ctx, teacher, reveal.More{Extra: 60, Reason: "class_help"})
		w.must(err)
		_, err = w.Approve(ctx, principal, a.ID)
		w.must(err)
		w.now = w.now.Add(time.Hour)
		teacher.Settings.SinglesAnHour = 1
		_, err = w.look(teacher, name)
		w.must(err)
		if _, err := w.look(teacher, name); key(err) != "reveal.quota_singles" {
			t.Errorf("an hour after it was allowed: %v", err)
		}
		if _, err := w.Approve(ctx, principal, "none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("an approval that is none: %v", err)
		}
	})
}

// A session that somebody stole tries every ten seconds for an hour, with names
// that it found in a file of the platform.
func TestAStolenSessionObtainsNoMoreThanItsQuota(t *testing.T) {
	for _, thief := range []struct {
		role   policy.Role
		school int
	}{{policy.Teacher, 0}, {policy.Evaluator, -1}} {
		t.Run(string(thief.role), func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				a := w.actor(thief.role, thief.school)
				names := []string{w.names[w.pupils[0][0]], w.names[w.pupils[1][0]], w.names[w.pupils[0][1]]}
				tried, answered := 0, 0
				for end := w.now.Add(time.Hour); w.now.Before(end); w.now = w.now.Add(10 * time.Second) {
					_, err := w.look(a, names[tried%len(names)])
					tried++
					switch {
					case err == nil || fault.Is(err, fault.NotFound):
						answered++
					case key(err) != "reveal.quota_singles":
						t.Fatal(errors.Unwrap(err), err)
					}
					if tried%50 == 0 { // and to help itself
						m, err := w.AskApproval(t.Context(), a, reveal.More{Extra: 60, Reason: "class_help"})
						w.must(err)
						if _, err := w.Approve(t.Context(), a, m.ID); err == nil {
							t.Error("it allowed itself more")
						}
					}
				}
				if tried != 360 || answered != policy.SinglesAnHour {
					t.Errorf("of %d tries %d were answered, want %d", tried, answered, policy.SinglesAnHour)
				}
				if n := w.count(looks); n != policy.SinglesAnHour {
					t.Errorf("%d notes", n)
				}
				if n := w.count(alerts); n != 1 {
					t.Errorf("%d alerts in the hour, want 1", n)
				}
			})
		})
	}
}
