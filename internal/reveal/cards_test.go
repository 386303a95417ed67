package reveal_test

import (
	"testing"
	"time"

	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/reveal"
)

func TestAnAccountIsShownToItsSchoolAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		of := w.licence()
		pupil := w.pupils[0][0]
		ask := reveal.Ask{Kind: reveal.Account, Account: w.account(of, pupil), Reason: "lost_password", Note: "à la récréation"}
		for _, c := range []struct {
			by   policy.Actor
			kind fault.Kind
		}{
			{w.actor(policy.Teacher, 1), fault.NotFound}, {w.actor(policy.Principal, 1), fault.NotFound},
			{w.actor(policy.Evaluator, -1), fault.Denied}, {w.actor(policy.EvaluationDirector, -1), fault.Denied},
			{policy.System(w.board, w.pack(), "cli"), fault.Denied},
		} {
			if _, err := w.Reveal(t.Context(), c.by, ask); !fault.Is(err, c.kind) {
				t.Errorf("by %s: %v, want kind %v", c.by.ID, err, c.kind)
			}
		}
		none := ask
		none.Account = "none"
		if _, err := w.Reveal(t.Context(), w.actor(policy.Teacher, 0), none); !fault.Is(err, fault.NotFound) {
			t.Errorf("an account that is none: %v", err)
		}
		if n := w.count(looks); n != 0 {
			t.Errorf("%d were noted", n)
		}
		shown, err := w.Reveal(t.Context(), w.actor(policy.Teacher, 0), ask)
		w.must(err)
		if len(shown.Cards) != 1 || shown.Cards[0].UserName != w.names[pupil] || shown.Cards[0].Password.Text == "" ||
			shown.People[0].ID != pupil || shown.Left != 59 {
			t.Errorf("%+v of %+v, %d left", shown.Cards, shown.People, shown.Left)
		}
		if n := w.count(`SELECT count(*) FROM reveal WHERE board_id = $1 AND kind = 'account' AND licence_id = '` + string(of) +
			`' AND person_id = '` + pupil + `' AND note = 'à la récréation'`); n != 1 {
			t.Errorf("%d notes say which account", n)
		}
		if n := w.count(`SELECT count(*) FROM audit_record WHERE board_id = $1 AND subject = 'person:` + pupil + `' AND clause = '6.2a'
			AND action = 'reveal.shown' AND detail LIKE '%licence:` + string(of) + `%'`); n != 1 {
			t.Errorf("the trail tells of it %d times", n)
		}
	})
}

func TestAClassSetIsShownOnceAnHour(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, of := t.Context(), w.licence()
		ask := reveal.Ask{Kind: reveal.Class, Class: w.classes[0], Licence: of, Reason: "printing"}
		other := w.actor(policy.Teacher, 1)
		if _, err := w.Reveal(ctx, other, ask); !fault.Is(err, fault.NotFound) {
			t.Errorf("by another class's teacher: %v", err)
		}
		if _, err := w.Reveal(ctx, w.actor(policy.Evaluator, -1), ask); !fault.Is(err, fault.Denied) {
			t.Errorf("by an evaluator: %v", err)
		}
		for _, change := range []func(*reveal.Ask){func(a *reveal.Ask) { a.Class = "" }, func(a *reveal.Ask) { a.Licence = "" },
			func(a *reveal.Ask) { a.Reason = "conduct" }} {
			wrong := ask
			change(&wrong)
			if _, err := w.Reveal(ctx, w.actor(policy.Teacher, 0), wrong); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v, want a refusal", wrong, err)
			}
		}
		unknown := ask
		unknown.Licence = "none"
		if _, err := w.Reveal(ctx, w.actor(policy.Teacher, 0), unknown); err == nil {
			t.Error("a licence that is none")
		}
		shown, err := w.Reveal(ctx, w.actor(policy.Teacher, 0), ask)
		w.must(err)
		if len(shown.Cards) != pupilsEach || len(shown.People) != pupilsEach || shown.Copy != 1 {
			t.Errorf("%d cards of %d people, copy %d", len(shown.Cards), len(shown.People), shown.Copy)
		}
		for i, card := range shown.Cards {
			if card.PersonID != shown.People[i].ID || card.PersonID != w.pupils[0][i] {
				t.Errorf("card %d is of another pupil", i)
			}
		}
		if _, err := w.Reveal(ctx, w.actor(policy.Teacher, 0), ask); key(err) != "reveal.quota_sets" {
			t.Errorf("a second set in the hour: %v", err)
		}
		if n := w.count(alerts); n != 1 {
			t.Errorf("%d alerts, want 1", n)
		}
		if _, err := w.look(w.actor(policy.Teacher, 0), w.names[w.pupils[0][0]]); err != nil {
			t.Errorf("a single look-up after a set: %v", err)
		}
		again, err := w.Reveal(ctx, w.actor(policy.Principal, 0), ask)
		w.must(err)
		if again.Copy != 2 {
			t.Errorf("copy %d, want 2", again.Copy)
		}
		p, err := w.Pupil(ctx, w.actor(policy.Principal, 0), w.pupils[0][0])
		w.must(err)
		if len(p.Looks) != 3 {
			t.Errorf("%d looks on the page of a pupil, want the two sets and the single one", len(p.Looks))
		}
	})
}

func TestASecondPersonMayAllowAnotherSet(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, of := t.Context(), w.licence()
		teacher := w.actor(policy.Teacher, 0)
		ask := reveal.Ask{Kind: reveal.Class, Class: w.classes[0], Licence: of, Reason: "printing"}
		_, err := w.Reveal(ctx, teacher, ask)
		w.must(err)
		a, err := w.AskApproval(ctx, teacher, reveal.More{Sets: true, Extra: 1, Reason: "printing"})
		w.must(err)
		if _, err := w.Reveal(ctx, teacher, ask); key(err) != "reveal.quota_sets" {
			t.Errorf("before anyone allowed it: %v", err)
		}
		_, err = w.Approve(ctx, w.actor(policy.Principal, 0), a.ID)
		w.must(err)
		_, err = w.Reveal(ctx, teacher, ask)
		w.must(err)
		if _, err := w.Reveal(ctx, teacher, ask); key(err) != "reveal.quota_sets" {
			t.Errorf("twice under one leave: %v", err)
		}
	})
}

// A stolen teacher's session takes all that it can of every kind, for an hour.
func TestAStolenSessionTakesNoMoreAccountsThanItsQuota(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		of := w.licence()
		teacher := w.actor(policy.Teacher, 0)
		asks := []reveal.Ask{
			{Kind: reveal.Class, Class: w.classes[0], Licence: of, Reason: "printing"},
			{Kind: reveal.Account, Account: w.account(of, w.pupils[0][0]), Reason: "lost_password"},
			{Kind: reveal.Name, Name: w.names[w.pupils[0][1]], Reason: "class_help"},
			{Kind: reveal.Account, Account: w.account(of, w.pupils[1][0]), Reason: "lost_password"}, // of another school
			{Kind: reveal.Class, Class: w.classes[1], Licence: of, Reason: "printing"},
		}
		cards, sets := 0, 0
		for i, end := 0, w.now.Add(time.Hour); w.now.Before(end); i, w.now = i+1, w.now.Add(10*time.Second) {
			shown, err := w.Reveal(t.Context(), teacher, asks[i%len(asks)])
			if err == nil && shown.Kind == reveal.Class {
				sets++
			} else if err == nil {
				cards++
			}
			for _, p := range shown.People {
				if p.ID == w.pupils[1][0] {
					t.Fatal("a pupil of another school")
				}
			}
		}
		if cards != policy.SinglesAnHour || sets != policy.ClassSetsAnHour {
			t.Errorf("%d singles and %d sets were shown, want %d and %d", cards, sets, policy.SinglesAnHour, policy.ClassSetsAnHour)
		}
	})
}

// A lost card: another password and its showing are one act, or neither is.
func TestAPasswordIsReplacedOnlyWhenItIsShown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		teacher, of := w.actor(policy.Teacher, 0), w.licence()
		ask := reveal.Ask{Kind: reveal.Account, Account: w.account(of, w.pupils[0][0]), Reason: "lost_password"}
		before, err := w.Reveal(t.Context(), teacher, ask)
		w.must(err)
		ask.Renew = true
		renewed, err := w.Reveal(t.Context(), teacher, ask)
		w.must(err)
		if renewed.Cards[0].Password == before.Cards[0].Password || renewed.Left != 58 {
			t.Errorf("the password is the same, or %d looks are left", renewed.Left)
		}
		for err == nil {
			_, err = w.look(teacher, w.names[w.pupils[0][1]])
		}
		if _, err := w.Reveal(t.Context(), teacher, ask); key(err) != "reveal.quota_singles" {
			t.Errorf("beyond the quota: %v", err)
		}
		ask.Renew = false
		w.now = w.now.Add(time.Hour)
		after, err := w.Reveal(t.Context(), teacher, ask)
		w.must(err)
		if after.Cards[0].Password != renewed.Cards[0].Password {
			t.Error("the password was replaced, and nobody saw it")
		}
	})
}

// Each pupil whose card is shown to be handed over is counted, once; one that is
// shown for another reason, or refused, is not.
func TestWhoWasHandedTheirAccountIsCounted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.licence()
		account := w.account(id, w.pupils[0][0])
		teacher := w.actor(policy.Teacher, 0)
		for _, c := range []struct {
			what string
			by   policy.Actor
			ask  reveal.Ask
			want int
		}{
			{"the other school's teacher", w.actor(policy.Teacher, 1), reveal.Ask{Kind: reveal.Account, Account: account, Reason: "lost_password"}, 0},
			{"technical support", teacher, reveal.Ask{Kind: reveal.Account, Account: account, Reason: "support"}, 0},
			{"a lost password", teacher, reveal.Ask{Kind: reveal.Account, Account: account, Reason: "lost_password"}, 1},
			{"the same again", teacher, reveal.Ask{Kind: reveal.Account, Account: account, Reason: "class_help"}, 1},
			{"whose a name is", teacher, reveal.Ask{Kind: reveal.Name, Name: w.names[w.pupils[0][1]], Reason: "class_help"}, 1},
			{"the class", teacher, reveal.Ask{Kind: reveal.Class, Class: w.classes[0], Licence: id, Reason: "printing"}, pupilsEach},
			{"a second sheet within the hour", teacher, reveal.Ask{Kind: reveal.Class, Class: w.classes[0], Licence: id, Reason: "printing"}, pupilsEach},
		} {
			_, _ = w.Reveal(t.Context(), c.by, c.ask) // refused or not, the marks say what was seen
			if n := w.count(`SELECT count(*) FROM control_mark WHERE board_id = $1 AND control = 'login.handed' AND outcome = 'conform'`); n != c.want {
				t.Errorf("after %s: %d pupils, want %d", c.what, n, c.want)
			}
		}
	})
}
