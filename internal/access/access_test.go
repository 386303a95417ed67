package access_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"aval/internal/access"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
)

func TestCreateIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.licence(nil)
		for _, c := range []struct {
			name   string
			actor  policy.Actor
			id     licence.ID
			kind   fault.Kind
			key    string
			clause string
		}{
			{"by a teacher", w.as("t", policy.Teacher, w.schools[0]), id, fault.NotFound, "not_found", ""},
			{"by another school", w.as("p", policy.Principal, w.schools[1]), id, fault.NotFound, "not_found", ""},
			{"by the school's principal", w.as("p", policy.Principal, w.schools[0]), id, fault.Denied, "denied", "6.1e"},
			{"of no licence", w.evaluator(), "none", fault.NotFound, "not_found", ""},
			{"of a licence without accounts", w.evaluator(), w.licence(func(l *licence.Licence) { l.AccountKind = licence.NoAccount }),
				fault.Conflict, "access.no_accounts", "A.0"},
			{"of a licence to come", w.evaluator(), w.licence(func(l *licence.Licence) { l.StartsOn = "2026-11-21" }),
				fault.Conflict, "access.licence_not_running", "2.1"},
			{"of a licence that is over", w.evaluator(), w.licence(func(l *licence.Licence) { l.EndsOn = "2026-11-19" }),
				fault.Conflict, "access.licence_not_running", "2.1"},
		} {
			_, err := w.Create(t.Context(), c.actor, c.id)
			wants(t, "Create "+c.name, err, c.kind, c.key, c.clause)
		}
		w.refuse()
		_, err := w.Create(t.Context(), w.evaluator(), id)
		wants(t, "Create on a refused platform", err, fault.Conflict, "access.platform_not_approved", "4.1")
		w.must(w.Run(t.Context(), w.board, string(id))) // a job that was left before
		if c := w.counts(id); c.Live() != 0 {
			t.Errorf("after refusals: %+v", c)
		}
	})
}

func (w *world) refuse() {
	w.write(func(ctx context.Context, tx *db.Tx) error {
		return catalogue.SetResult(ctx, tx, w.platform, catalogue.Refused, "", catalogue.Quebec, "y")
	})
}

func TestEachPupilOfTheAudienceHasOneAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.licence(nil)
		c, err := w.Create(t.Context(), w.evaluator(), id)
		if err != nil || c.Pupils != 5 || c.Lacking() != 5 || w.mark(access.ControlKept, id) != "waiting" {
			t.Fatalf("Create: %+v %v", c, err)
		}
		for range 2 { // a job may run twice
			w.must(w.Run(t.Context(), w.board, string(id)))
			if c := w.counts(id); c.By[access.ToCreate] != 5 || c.Lacking() != 0 {
				t.Fatalf("after the job: %+v", c)
			}
		}
		if w.mark(access.ControlKept, id) != "conform" || w.mark(access.ControlIdentifiers, id) != "conform" {
			t.Error("the clauses are not marked")
		}
		asked := []string{w.pupils[4], w.far[0], w.pupils[0]}
		cards := w.cards(id, asked...)
		if len(cards) != 2 || cards[0].PersonID != w.pupils[4] || cards[1].PersonID != w.pupils[0] {
			t.Fatalf("cards of %v", cards)
		}
		w.read(func(ctx context.Context, tx *db.Tx) error {
			name, err := w.names.Of(ctx, tx, w.pupils[4])
			if cards[0].UserName != name.String() || cards[0].Password.Text == "" || cards[0].Password == cards[1].Password {
				t.Error("the card is another's, or has no password of its own")
			}
			same, err2 := w.CardOf(ctx, tx, cards[0].AccountID)
			if same != cards[0] || err2 != nil {
				t.Errorf("CardOf: %v", err2)
			}
			_, err2 = w.CardOf(ctx, tx, "none")
			wants(t, "CardOf none", err2, fault.NotFound, "", "")
			return err
		})
	})
}

// More than two batches, by two jobs at a time; then the pupils who came since.
func TestAccountsAreMadeInBatches(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.add(0, 600)
		id := w.licence(nil)
		_, err := w.Create(t.Context(), w.evaluator(), id)
		w.must(err)
		done := make(chan error)
		for range 2 {
			go func() { done <- w.Run(t.Context(), w.board, string(id)) }()
		}
		for range 2 {
			w.must(<-done)
		}
		if c := w.counts(id); c.Live() != 605 || c.Lacking() != 0 {
			t.Fatalf("counts: %+v", c)
		}
		w.add(0, 2)
		if c := w.counts(id); c.Lacking() != 2 {
			t.Errorf("newcomers: %+v", c)
		}
		w.create(id)
		if c := w.counts(id); c.Live() != 607 {
			t.Errorf("after newcomers: %+v", c)
		}
	})
}

func TestAccountsStopAtTheSeats(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.made(func(l *licence.Licence) { l.Seats = 3 })
		if c := w.counts(id); c.Live() != 3 || c.Unseated() != 2 || c.Free() != 0 {
			t.Errorf("counts: %+v", c)
		}
		if got := w.mark(access.ControlKept, id); got != "exception" {
			t.Errorf("two pupils without an account are %q", got)
		}
		_, err := w.Create(t.Context(), w.evaluator(), id)
		wants(t, "Create without a seat", err, fault.Conflict, "access.seats_taken", "6.1e")
		if f, ok := fault.As(err); !ok || !slices.Equal(f.Args, []any{2}) {
			t.Errorf("the refusal counts %v", f.Args)
		}
	})
}

func TestWhatOneSignsInWith(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mail := w.made(func(l *licence.Licence) { l.AccountKind = licence.BoardEmail })
		c := w.card(mail, w.pupils[1])
		if c.UserName != "k0.1@eleves.example" || c.Password.Text != "" || c.State != access.Confirmed {
			t.Errorf("with an address: state %s, user name of %d letters", c.State, len(c.UserName))
		}
		wants(t, "Reset of an address", w.Reset(t.Context(), w.evaluator(), c.AccountID), fault.Conflict, "access.password_elsewhere", "A.0")
		w.exec(`UPDATE person SET email = 'oriane.vaudrin0@eleves.example' WHERE board_id = $1 AND id = $2`, w.add(0, 1)[0])
		w.create(mail)
		if got := w.counts(mail); got.Live() != 5 || got.Lacking() != 1 || w.mark(access.ControlKept, mail) != "exception" {
			t.Errorf("whose address shows a name: %+v", got)
		}

		vendor := w.made(func(l *licence.Licence) { l.AccountKind = licence.VendorName })
		if c := w.card(vendor, w.pupils[1]); c.UserName != "" || c.Password.Text == "" {
			t.Error("the platform's name is known before it is loaded, or there is no password")
		}
	})
}

func TestReset(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.made(nil)
		before := w.card(id, w.pupils[0])
		for name, actor := range map[string]policy.Actor{
			"by the teacher of another class":     w.as("t", policy.Teacher, w.schools[0], w.classes[1]),
			"by the principal of another school":  w.as("p", policy.Principal, w.schools[1]),
			"by a teacher of the school, unclass": w.as("t", policy.Teacher, w.schools[0]),
		} {
			kind, key := fault.NotFound, "not_found"
			err := w.Reset(t.Context(), actor, before.AccountID)
			if len(actor.Classes) == 0 && actor.Has(policy.Teacher) {
				wants(t, "Reset "+name, err, fault.Denied, "denied", "6.2f")
				continue
			}
			wants(t, "Reset "+name, err, kind, key, "")
		}
		wants(t, "Reset by IT", w.Reset(t.Context(), w.as("i", policy.IT, ""), before.AccountID), fault.Denied, "denied", "6.2f")
		wants(t, "Reset of none", w.Reset(t.Context(), w.evaluator(), "none"), fault.NotFound, "", "")
		if w.card(id, w.pupils[0]) != before {
			t.Fatal("a refusal changed the password")
		}
		last := before
		for _, actor := range []policy.Actor{w.as("t", policy.Teacher, w.schools[0], w.classes[0]), w.as("p", policy.Principal, w.schools[0]), w.evaluator()} {
			w.must(w.Reset(t.Context(), actor, before.AccountID))
			after := w.card(id, w.pupils[0])
			if after.Password == last.Password || after.UserName != last.UserName || after.State != access.ToCreate {
				t.Errorf("after Reset by %s: state %s", actor.Main(), after.State)
			}
			last = after
		}
		w.exec(`UPDATE pupil_account SET state = 'confirmed' WHERE board_id = $1`)
		w.must(w.Reset(t.Context(), w.evaluator(), before.AccountID))
		if got := w.card(id, w.pupils[0]).State; got != access.ResetPending {
			t.Errorf("a confirmed account is %s", got)
		}
	})
}

func TestSuspend(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.made(nil)
		c := w.card(id, w.pupils[0])
		wants(t, "Suspend by a teacher", w.Suspend(t.Context(), w.teacher(0), id, c.AccountID, access.Asked), fault.NotFound, "not_found", "")
		wants(t, "Suspend by the principal", w.Suspend(t.Context(), w.as("p", policy.Principal, w.schools[0]), id, c.AccountID, access.Asked), fault.Denied, "", "6.1e")
		wants(t, "Resume of one that goes on", w.Resume(t.Context(), w.evaluator(), id, c.AccountID), fault.Conflict, "access.not_suspended", "")
		w.must(w.Suspend(t.Context(), w.evaluator(), id, c.AccountID, access.Exposed))
		wants(t, "Suspend twice", w.Suspend(t.Context(), w.evaluator(), id, c.AccountID, access.Exposed), fault.Conflict, "access.already_suspended", "")
		wants(t, "Reset of a suspended one", w.Reset(t.Context(), w.evaluator(), c.AccountID), fault.Conflict, "access.reset_suspended", "")
		if got := w.counts(id); got.By[access.Suspended] != 1 || got.Live() != 5 {
			t.Errorf("counts: %+v", got)
		}
		w.must(w.Resume(t.Context(), w.evaluator(), id, c.AccountID))
		if again := w.card(id, w.pupils[0]); again != c {
			t.Errorf("it goes on as %s", again.State)
		}
	})
}

// Keys are replaced under the accounts, and what they keep is the same after.
func TestAccountsAreSealedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.add(0, 250)
		id := w.made(nil)
		people := func() map[string]access.Card {
			by := map[string]access.Card{}
			for _, c := range w.cards(id, w.pupils...) {
				by[c.PersonID] = c
			}
			return by
		}
		before := people()
		w.must(w.keys.Rotate(t.Context(), w.hand()))
		if st, err := w.keys.Status(t.Context(), w.hand()); err != nil || st.Older != 258+255 {
			t.Fatalf("between: %+v %v", st, err)
		}
		if !maps.Equal(people(), before) {
			t.Error("cards are others while keys are replaced")
		}
		w.must(w.keys.Reseal(t.Context(), w.board, w.board))
		if st, err := w.keys.Status(t.Context(), w.hand()); err != nil || st.Older != 0 || len(st.Keys) != 1 {
			t.Errorf("after: %+v %v", st, err)
		}
		if !maps.Equal(people(), before) {
			t.Error("cards are others after keys were replaced")
		}
	})
}

// A password that was moved to another's row is not shown.
func TestAMovedPasswordIsNotOpened(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.made(nil)
		a, b := w.card(id, w.pupils[0]), w.card(id, w.pupils[1])
		w.exec(`UPDATE pupil_account SET password = (SELECT o.password FROM pupil_account o WHERE o.board_id = $1 AND o.id = $2)
			WHERE board_id = $1 AND id = $3`, a.AccountID, b.AccountID)
		w.read(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.CardOf(ctx, tx, b.AccountID)
			wants(t, "CardOf", err, fault.Conflict, "vault.unreadable", "")
			return nil
		})
	})
}
