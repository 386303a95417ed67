package access_test

import (
	"context"
	"testing"
	"time"

	"aval/internal/access"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
)

// on is a day at the same hour.
func (w *world) on(day string) {
	w.t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	w.must(err)
	w.Clock = func() time.Time { return at.Add(15 * time.Hour) }
}

// sent is a licence whose accounts were sent on the world's day; with confirmed, the platform took them.
func (w *world) sent(confirmed bool, change func(*licence.Licence)) licence.ID {
	w.t.Helper()
	id := w.made(change)
	file, _ := w.file(id, access.Delta)
	if confirmed {
		_, err := w.Confirm(w.t.Context(), w.evaluator(), id, file)
		w.must(err)
	}
	return id
}

func (w *world) teacher(class int) policy.Actor {
	return w.as("t", policy.Teacher, w.schools[class], w.classes[class])
}

func TestStandingIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.made(nil)
		account := w.card(id, w.pupils[0]).AccountID
		principal := w.as("p", policy.Principal, w.schools[0])
		for _, c := range []struct {
			name   string
			actor  policy.Actor
			kind   fault.Kind
			clause string
		}{
			{"a teacher", w.teacher(0), fault.NotFound, ""},
			{"another school's principal", w.as("p", policy.Principal, w.schools[1]), fault.NotFound, ""},
			{"the principal", principal, fault.Denied, "6.1e"},
		} {
			_, err := w.Standing(t.Context(), c.actor, id)
			wants(t, "Standing by "+c.name, err, c.kind, "", c.clause)
			_, err = w.Roll(t.Context(), c.actor, id, w.classes[0])
			wants(t, "Roll by "+c.name, err, c.kind, "", c.clause)
			_, err = w.SuspendIdle(t.Context(), c.actor, id, access.Unconfirmed, 1)
			wants(t, "SuspendIdle by "+c.name, err, c.kind, "", c.clause)
			_, err = w.One(t.Context(), c.actor, id, account)
			wants(t, "One by "+c.name, err, c.kind, "", c.clause)
			_, err = w.Of(t.Context(), c.actor, w.pupils[0])
			wants(t, "Of by "+c.name, err, fault.NotFound, "not_found", "")
			_, err = w.YearEnd(t.Context(), c.actor)
			wants(t, "YearEnd by "+c.name, err, fault.Denied, "", "6.1e")
			_, err = w.Chase(t.Context(), c.actor)
			wants(t, "Chase by "+c.name, err, fault.Denied, "", "6.1e")
			_, err = w.IdleOfBoard(t.Context(), c.actor)
			wants(t, "IdleOfBoard by "+c.name, err, fault.Denied, "", "6.1e")
		}
		for name, err := range map[string]error{
			"a class that has no pupil of it": func() error { _, err := w.Roll(t.Context(), w.evaluator(), id, w.classes[1]); return err }(),
			"no class":                        func() error { _, err := w.Roll(t.Context(), w.evaluator(), id, "none"); return err }(),
			"no account":                      func() error { _, err := w.One(t.Context(), w.evaluator(), id, "none"); return err }(),
			"another licence's account":       func() error { _, err := w.One(t.Context(), w.evaluator(), w.made(nil), account); return err }(),
			"nobody":                          func() error { _, err := w.Of(t.Context(), w.evaluator(), "none"); return err }(),
			"suspending of another licence":   w.Suspend(t.Context(), w.evaluator(), "other", account, access.Asked),
			"resuming of another licence":     w.Resume(t.Context(), w.evaluator(), "other", account),
		} {
			wants(t, name, err, fault.NotFound, "not_found", "")
		}
		for _, why := range []access.Why{"", "he hit somebody"} {
			f, ok := fault.As(w.Suspend(t.Context(), w.evaluator(), id, account, why))
			if !ok || f.Fields["why"].Key != "access.why_required" {
				t.Errorf("Suspend because %q: %v", why, f)
			}
		}
		if w.counts(id).By[access.Suspended] != 0 {
			t.Error("a refusal suspended something")
		}
	})
}

func TestStandingCountsBySchoolAndClass(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.made(func(l *licence.Licence) { everyone(l); l.Seats = 7 })
		w.must(w.Suspend(t.Context(), w.evaluator(), id, w.cards(id, append(w.pupils, w.far...)...)[0].AccountID, access.Asked))
		st, err := w.Standing(t.Context(), w.evaluator(), id)
		w.must(err)
		if st.Licence.Platform != "Tabulou" || len(st.Schools) != 2 || st.Lacking() != 1 || st.MayLoad || st.Watched {
			t.Fatalf("standing: %+v", st)
		}
		pupils, lacking, held := 0, 0, map[access.State]int{}
		for i, s := range st.Schools {
			if s.ID != w.schools[i] || len(s.Classes) != 1 || s.Classes[0].ID != w.classes[i] || s.Classes[0].Pupils != 3 {
				t.Errorf("school %d: %+v", i, s)
			}
			pupils, lacking = pupils+s.Pupils, lacking+s.Lacking()
			for state, n := range s.By {
				held[state] += n
			}
		}
		if pupils != 8 || lacking != 1 || held[access.ToCreate] != 6 || held[access.Suspended] != 1 {
			t.Errorf("%d pupils, %d lack one: %v", pupils, lacking, held)
		}
	})
}

func TestRollAndPupil(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.made(nil)
		w.made(everyone)
		r, err := w.Roll(t.Context(), w.evaluator(), id, w.classes[0])
		w.must(err)
		if len(r.Lines) != 3 || r.Lines[0].Pupil.ID != w.pupils[0] || r.Lines[0].State != access.ToCreate || r.Class.Title != "401" {
			t.Fatalf("roll: %+v", r)
		}
		account := r.Lines[0].AccountID
		w.must(w.Suspend(t.Context(), w.evaluator(), id, account, access.Exposed))
		p, err := w.One(t.Context(), w.evaluator(), id, account)
		w.must(err)
		if len(p.Accounts) != 1 || p.Person.ID != w.pupils[0] || p.Accounts[0].Why != access.Exposed || !p.Accounts[0].Resumes() || p.Accounts[0].Suspends() {
			t.Errorf("one: %+v", p)
		}
		p, err = w.Of(t.Context(), w.evaluator(), w.pupils[0])
		w.must(err)
		if len(p.Accounts) != 2 || p.Accounts[0].Licence == p.Accounts[1].Licence || len(p.Classes) != 1 {
			t.Errorf("of: %+v", p)
		}
		if w.trail("access.suspended") != licence.Subject(id)+" why=exposed" {
			t.Errorf("the trail says %q", w.trail("access.suspended"))
		}
		w.must(w.Resume(t.Context(), w.evaluator(), id, account))
		if p, err = w.One(t.Context(), w.evaluator(), id, account); err != nil || p.Accounts[0].Why != "" || p.Accounts[0].State != access.ToCreate {
			t.Errorf("after Resume: %+v %v", p, err)
		}
	})
}

// trail is the note of the last record of an action.
func (w *world) trail(action string) (note string) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *db.Tx) error {
		notes, err := db.All(ctx, tx, func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err },
			`SELECT detail FROM audit_record WHERE board_id = $1 AND action = $2 ORDER BY seq`, tx.Board, action)
		if len(notes) > 0 {
			note = notes[len(notes)-1]
		}
		return err
	})
	return note
}

func TestIdleAccounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sent, used := w.sent(false, nil), w.sent(true, everyone)
		idle := func(id licence.ID) map[access.Idle]int {
			st, err := w.Standing(t.Context(), w.evaluator(), id)
			w.must(err)
			return st.Idle
		}
		w.on("2026-12-20")
		if len(idle(sent)) != 0 || len(idle(used)) != 0 {
			t.Fatalf("on the thirtieth day: %v %v", idle(sent), idle(used))
		}
		w.on("2026-12-21")
		if got := idle(sent); got[access.Unconfirmed] != 5 || len(idle(used)) != 0 {
			t.Fatalf("on the thirty-first day: %v %v", got, idle(used))
		}
		w.on("2027-01-25")
		if len(idle(used)) != 0 {
			t.Fatalf("without a file of the platform nobody is unseen: %v", idle(used))
		}
		w.write(func(ctx context.Context, tx *db.Tx) error { return w.Seen(ctx, tx, used, w.pupils[:4]) })
		if got := idle(used); got[access.Unseen] != 4 {
			t.Fatalf("unseen: %v", got)
		}
		w.exec(`UPDATE person SET status = 'tobedeleted' WHERE board_id = $1 AND id = $2`, w.pupils[0])
		if got := idle(used); got[access.Gone] != 1 || got[access.Unseen] != 4 {
			t.Fatalf("who left: %v", got)
		}
		list, err := w.IdleOfBoard(t.Context(), w.evaluator())
		if err != nil || len(list) != 2 || list[0].All()+list[1].All() != 10 || list[0].Platform != "Tabulou" {
			t.Fatalf("IdleOfBoard: %+v %v", list, err)
		}
		r, err := w.Roll(t.Context(), w.evaluator(), used, w.classes[1])
		if err != nil || r.Lines[0].Idle != access.Unseen {
			t.Errorf("roll: %+v %v", r, err)
		}

		for name, c := range map[string]struct {
			idle  access.Idle
			shown int
		}{"fewer than shown": {access.Unseen, 5}, "more than shown": {access.Unseen, 3}, "of which there is none": {access.Unconfirmed, 0}} {
			_, err := w.SuspendIdle(t.Context(), w.evaluator(), used, c.idle, c.shown)
			wants(t, "SuspendIdle of "+name, err, fault.Conflict, "access.idle_changed", "")
		}
		_, err = w.SuspendIdle(t.Context(), w.evaluator(), used, "any", 4)
		if f, ok := fault.As(err); !ok || f.Fields["idle"].Key == "" {
			t.Errorf("SuspendIdle for no reason: %v", err)
		}
		if w.counts(used).By[access.Suspended] != 0 {
			t.Fatal("a refusal suspended something")
		}
		n, err := w.SuspendIdle(t.Context(), w.evaluator(), used, access.Unseen, 4)
		w.must(err)
		if c := w.counts(used); n != 4 || c.By[access.Suspended] != 4 || c.Left != 0 || w.trail("access.idle_suspended") != "accounts=4 idle=unseen" {
			t.Errorf("%d stopped: %+v", n, c)
		}
		_, err = w.SuspendIdle(t.Context(), w.evaluator(), used, access.Gone, 1)
		w.must(err)
		w.exec(`UPDATE person SET status = 'active' WHERE board_id = $1 AND id = $2`, w.pupils[0])
		gone := w.card(used, w.pupils[0]).AccountID
		wants(t, "Resume of one whose pupil left", w.Resume(t.Context(), w.evaluator(), used, gone), fault.Conflict, "access.resume_left", "")
		w.sweep()
		if c := w.counts(used); c.By[access.Suspended] != 4 || w.card(used, w.pupils[0]).State != access.Confirmed {
			t.Errorf("who came back: %+v", c)
		}
	})
}

func TestTheYearsEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		told, untold := w.sent(true, nil), w.made(nil)
		long := w.made(func(l *licence.Licence) { everyone(l); l.EndsOn = "2028-06-30" })
		over := w.sent(true, func(l *licence.Licence) { l.EndsOn = "2026-11-25" })
		w.licence(func(l *licence.Licence) { l.AccountKind = licence.NoAccount })
		w.exec(`UPDATE person SET grade = '11' WHERE board_id = $1 AND id = $2`, w.pupils[0])
		w.on("2026-11-26")
		y, err := w.YearEnd(t.Context(), w.evaluator())
		w.must(err)
		if y.First != "2026-07-01" || y.Last != "2027-06-30" || y.Leaving != 1 || y.Names != 8 || len(y.Waiting) != 0 || len(y.Ends) != 3 || len(y.GoOn) != 1 {
			t.Fatalf("year: %+v", y)
		}
		for _, l := range y.Ends {
			want := map[licence.ID]access.YearLine{told: {Accounts: 5, Told: 5, Leaving: 1}, untold: {Accounts: 5, Leaving: 1},
				over: {Accounts: 5, Told: 5, Leaving: 1, Over: true}}[l.ID]
			if l.Accounts != want.Accounts || l.Told != want.Told || l.Leaving != want.Leaving || l.Over != want.Over {
				t.Errorf("line of %s: %+v", l.ID, l)
			}
		}
		if l := y.GoOn[0]; l.ID != long || l.Accounts != 8 || l.Leaving != 1 || y.Retired() != 15 {
			t.Errorf("what goes on: %+v, retired %d", l, y.Retired())
		}
		w.sweep()
		w.on("2026-12-26")
		list, err := w.Chase(t.Context(), w.evaluator())
		if err != nil || len(list) != 1 || list[0].ID != over || list[0].Accounts != 5 || list[0].Days != 30 || list[0].Late {
			t.Fatalf("chase: %+v %v", list, err)
		}
		w.on("2026-12-27")
		if y, err = w.YearEnd(t.Context(), w.evaluator()); err != nil || len(y.Ends) != 2 || len(y.Waiting) != 1 || !y.Waiting[0].Late {
			t.Errorf("a month later: %+v %v", y, err)
		}
		w.must(w.Attest(t.Context(), w.evaluator(), over, "2026-12-27", "Camille Ortega"))
		if list, err = w.Chase(t.Context(), w.evaluator()); err != nil || len(list) != 0 {
			t.Errorf("attested: %+v %v", list, err)
		}
		w.on("2027-07-01")
		if y, err = w.YearEnd(t.Context(), w.evaluator()); err != nil || y.First != "2027-07-01" || y.Last != "2028-06-30" || len(y.Ends) != 3 {
			t.Errorf("on the first day of the next year: %+v %v", y, err)
		}
	})
}

// A pupil who moves to another school keeps the login name; who had the pupil loses
// sight at once, and who has the pupil sees.
func TestAPupilMovesSchool(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		moved := w.pupils[0]
		here, board := w.made(nil), w.made(everyone)
		there := w.made(func(l *licence.Licence) { l.OrgID, l.Payer = w.schools[1], w.schools[1] })
		before, kept := w.card(here, moved), w.card(board, moved)
		w.exec(`UPDATE person_role SET org_id = $2 WHERE board_id = $1 AND person_id = $3`, w.schools[1], moved)
		w.exec(`UPDATE enrollment SET class_id = $2 WHERE board_id = $1 AND person_id = $3`, w.classes[1], moved)

		wants(t, "Reset by who had the pupil, at once", w.Reset(t.Context(), w.teacher(0), before.AccountID), fault.NotFound, "not_found", "")
		wants(t, "Reset by the principal who had the pupil", w.Reset(t.Context(), w.as("p", policy.Principal, w.schools[0]), kept.AccountID), fault.NotFound, "not_found", "")
		room, err := w.Room(t.Context(), w.teacher(0), w.classes[0])
		w.must(err)
		if _, _, ok := room.Find(kept.AccountID); ok || len(room.Pupils) != 2 {
			t.Errorf("the class that was left shows %d pupils", len(room.Pupils))
		}
		room, err = w.Room(t.Context(), w.teacher(1), w.classes[1])
		w.must(err)
		if _, p, ok := room.Find(kept.AccountID); !ok || p.ID != moved {
			t.Error("the new class does not show the pupil's account")
		}

		w.sweep()
		w.must(w.Run(t.Context(), w.board, string(there))) // the job that the sweep left
		if c := w.card(here, moved); c.State != access.Suspended || c.UserName != before.UserName {
			t.Errorf("the account of the school that was left is %s", c.State)
		}
		if w.card(board, moved) != kept {
			t.Error("the account of the board's licence changed")
		}
		if c := w.card(there, moved); c.State != access.ToCreate || c.UserName != before.UserName || c.Password == before.Password {
			t.Errorf("the account of the new school is %s, or has another login name", c.State)
		}
		w.must(w.Reset(t.Context(), w.teacher(1), w.card(there, moved).AccountID))
		w.on("2027-07-01")
		w.sweep()
		if c := w.counts(here); c.By[access.Retired] != 5 {
			t.Errorf("after the licence: %+v", c)
		}
	})
}
