package reveal_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/reveal"
)

// file asks for the names of some pupils.
func (w *world) file(pupils ...string) reveal.FileAsk {
	w.t.Helper()
	n := reveal.FileAsk{Subject: "platform:x", Reason: "progress"}
	for _, id := range pupils {
		name, err := pseudonym.Parse(w.names[id])
		w.must(err)
		n.Names = append(n.Names, name)
	}
	return n
}

// join is a file read by itself, as the use case that reads it would.
func (w *world) join(a policy.Actor, n reveal.FileAsk) (shown reveal.Joined, err error) {
	err = w.Write(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
		shown, err = w.Join(ctx, tx, a, n)
		return err
	})
	if err == nil {
		err = shown.Refused
	}
	return shown, err
}

// everyone are the pupils of both schools.
func (w *world) everyone() []string {
	return append(append([]string{}, w.pupils[0]...), w.pupils[1]...)
}

// Each is shown their own pupils, and of the rest not even that they are somebody's.
func TestAFileNamesThoseInReachAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		unknown := w.file(w.everyone()...)
		free, err := pseudonym.Draw(strings.NewReader(strings.Repeat("abcdefghijklmnop", 99)), nil)
		w.must(err)
		unknown.Names = append(unknown.Names, free)
		for _, c := range []struct {
			by   policy.Actor
			want []string
		}{
			{w.actor(policy.Teacher, 0), w.pupils[0]}, {w.actor(policy.Teacher, 1), w.pupils[1]},
			{w.actor(policy.Principal, 0), w.pupils[0]}, {w.actor(policy.Evaluator, -1), w.everyone()},
			{policy.System(w.board, w.pack(), "cli"), w.everyone()},
		} {
			j, err := w.join(c.by, unknown)
			w.must(err)
			if len(j.Of) != len(c.want) {
				t.Errorf("%s is shown %d pupils, want %d", c.by.ID, len(j.Of), len(c.want))
			}
			for _, id := range c.want {
				name, _ := pseudonym.Parse(w.names[id]) // Issue gave it
				if j.Of[name].ID != id || j.Of[name].In.ID == "" {
					t.Errorf("%s is shown %+v", c.by.ID, j.Of[name])
				}
			}
		}
		for _, by := range []policy.Actor{w.actor(policy.DepartmentHead, 0), w.actor(policy.IT, -1), w.actor(policy.PrivacyOfficer, -1)} {
			if _, err := w.join(by, unknown); !fault.Is(err, fault.Denied) {
				t.Errorf("by %s: %v, want Denied", by.ID, err)
			}
		}
		gone := w.actor(policy.Teacher, 1)
		gone.Classes = nil
		if _, err := w.join(gone, unknown); !fault.Is(err, fault.Denied) {
			t.Errorf("by a teacher without a class: %v", err)
		}
	})
}

func TestAFileIsNotedForEachClassAndCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		evaluator := w.actor(policy.Evaluator, -1)
		n := w.file(w.everyone()...)
		n.Note = "avant les bulletins"
		_, err := w.join(evaluator, n)
		w.must(err)
		for i, class := range w.classes {
			if got := w.count(`SELECT count(*) FROM reveal WHERE board_id = $1 AND kind = 'file' AND count = 3 AND class_id = '` + class +
				`' AND note = 'avant les bulletins' AND person_id = ''`); got != 1 {
				t.Errorf("%d notes of class %d", got, i)
			}
			if got := w.count(`SELECT count(*) FROM audit_record WHERE board_id = $1 AND action = 'reveal.shown' AND clause = '6.2b'
				AND subject = 'class:` + class + `' AND detail LIKE '%platform:x%'`); got != 1 {
				t.Errorf("the trail tells of class %d %d times", i, got)
			}
		}
		if _, err := w.join(evaluator, n); key(err) != "reveal.quota_sets" {
			t.Errorf("a second file in the hour: %v", err)
		}
		if n := w.count(alerts); n != 1 {
			t.Errorf("%d alerts, want 1", n)
		}
		w.now = w.now.Add(time.Hour)
		_, err = w.join(evaluator, n)
		w.must(err)
		p, err := w.Pupil(t.Context(), w.actor(policy.Principal, 0), w.pupils[0][0])
		w.must(err)
		if len(p.Looks) != 2 || p.Looks[0].Kind != reveal.File || p.Looks[0].Reason != "progress" {
			t.Errorf("the pupil's page: %+v", p.Looks)
		}
	})
}

// A file and a class's cards are of one quota; a board may raise it, and a second
// person may allow one more.
func TestAFileIsAClassSetOfTheHour(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, teacher, of := t.Context(), w.actor(policy.Teacher, 0), w.licence()
		cards := reveal.Ask{Kind: reveal.Class, Class: w.classes[0], Licence: of, Reason: "printing"}
		_, err := w.Reveal(ctx, teacher, cards)
		w.must(err)
		if _, err := w.join(teacher, w.file(w.pupils[0]...)); key(err) != "reveal.quota_sets" {
			t.Errorf("a file after the cards: %v", err)
		}
		a, err := w.AskApproval(ctx, teacher, reveal.More{Sets: true, Extra: 1, Reason: "progress"})
		w.must(err)
		_, err = w.Approve(ctx, w.actor(policy.Principal, 0), a.ID)
		w.must(err)
		_, err = w.join(teacher, w.file(w.pupils[0]...))
		w.must(err)
		if n := w.count(`SELECT count(*) FROM reveal WHERE board_id = $1 AND kind = 'file' AND approval_id = '` + a.ID +
			`' AND second_id <> ''`); n != 1 {
			t.Errorf("%d notes name the leave", n)
		}
		if _, err := w.join(teacher, w.file(w.pupils[0]...)); key(err) != "reveal.quota_sets" {
			t.Errorf("twice under one leave: %v", err)
		}
		other := w.actor(policy.Teacher, 1)
		_, err = w.join(other, w.file(w.pupils[1]...))
		w.must(err)
		if _, err := w.Reveal(ctx, other, reveal.Ask{Kind: reveal.Class, Class: w.classes[1], Licence: of, Reason: "printing"}); key(err) != "reveal.quota_sets" {
			t.Errorf("cards after a file: %v", err)
		}
		again, err := w.Reveal(ctx, w.actor(policy.Principal, 0), cards)
		w.must(err)
		if again.Copy != 2 {
			t.Errorf("the files count as printed copies: copy %d", again.Copy)
		}
		other.Settings.ClassSetsAnHour = 2
		_, err = w.join(other, w.file(w.pupils[1]...))
		w.must(err)
		if _, err := w.AskApproval(ctx, w.actor(policy.Evaluator, -1), reveal.More{Sets: true, Extra: 1, Reason: "progress"}); err != nil {
			t.Errorf("an evaluator asks for another file: %v", err)
		}
		if _, err := w.AskApproval(ctx, w.actor(policy.Evaluator, -1), reveal.More{Sets: true, Extra: 1, Reason: "printing"}); !fault.Is(err, fault.Denied) {
			t.Errorf("an evaluator asks for cards: %v", err)
		}
	})
}

func TestAFileOfNobodysIsNotedAndCounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		teacher := w.actor(policy.Teacher, 0)
		_, err := w.join(teacher, w.file(w.pupils[1]...))
		if key(err) != "reveal.file_nobody" || !fault.Is(err, fault.NotFound) {
			t.Errorf("the pupils of others: %v", err)
		}
		if n := w.count(`SELECT count(*) FROM reveal WHERE board_id = $1 AND kind = 'file' AND count = 0 AND class_id = ''`); n != 1 {
			t.Errorf("%d notes", n)
		}
		if n := w.count(`SELECT count(*) FROM audit_record WHERE board_id = $1 AND action = 'reveal.missed'`); n != 1 {
			t.Errorf("the trail tells of it %d times", n)
		}
		if _, err := w.join(teacher, w.file(w.pupils[0]...)); key(err) != "reveal.quota_sets" {
			t.Errorf("the look in vain did not count: %v", err)
		}
	})
}

func TestWhatIsWrongWithAFileIsRefusedAndNotCounted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		many := w.file(w.pupils[0]...)
		for len(many.Names) <= reveal.MostNames {
			many.Names = append(many.Names, many.Names[0])
		}
		for name, c := range map[string]struct {
			change func(*reveal.FileAsk)
			field  string
		}{
			"no reason":            {func(n *reveal.FileAsk) { n.Reason = "" }, "reason"},
			"a reason for a name":  {func(n *reveal.FileAsk) { n.Reason = "conduct" }, "reason"},
			"a long note":          {func(n *reveal.FileAsk) { n.Note = strings.Repeat("é", 301) }, "note"},
			"too many of a school": {func(n *reveal.FileAsk) { n.Names = many.Names }, "file"},
		} {
			n := w.file(w.pupils[0]...)
			c.change(&n)
			for _, by := range []policy.Actor{w.actor(policy.Teacher, 0), w.actor(policy.EvaluationDirector, -1), policy.System(w.board, w.pack(), "cli")} {
				_, err := w.join(by, n)
				if f, ok := fault.As(err); !ok || f.Kind != fault.Invalid || f.Fields[c.field].Key == "" {
					t.Errorf("%s, by %s: %v, want a refusal beside %s", name, by.ID, err, c.field)
				}
			}
		}
		if n := w.count(looks); n != 0 {
			t.Errorf("%d looks were noted", n)
		}
		if _, err := w.Reveal(t.Context(), w.actor(policy.Teacher, 0), reveal.Ask{Kind: reveal.File, Reason: "progress"}); !fault.Is(err, fault.Invalid) {
			t.Errorf("a file through the door of names: %v", err)
		}
	})
}

// Neither the note nor the quota is kept when the use case fails after it.
func TestAFileThatIsNotAnsweredDoesNotCount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		teacher, broken := w.actor(policy.Teacher, 0), errors.New("the disk is full")
		err := w.Write(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.Join(ctx, tx, teacher, w.file(w.pupils[0]...)); err != nil {
				return err
			}
			return broken
		})
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
		if n := w.count(looks); n != 0 {
			t.Errorf("%d looks were kept", n)
		}
		shown, err := w.join(teacher, w.file(w.pupils[0]...))
		w.must(err)
		if len(shown.Of) != pupilsEach {
			t.Errorf("the failed one counted: %+v", shown)
		}
	})
}

// A pupil of several of a teacher's classes is shown with the one that the file is about.
func TestAPupilIsShownInTheClassOfTheFile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		second := db.NewID()
		teacher := w.actor(policy.Teacher, 0)
		teacher.Classes = append(teacher.Classes, second)
		w.write(func(ctx context.Context, tx *db.Tx) error {
			if err := person.SaveClasses(ctx, tx, []person.Class{{ID: second, SourceID: "k9", SchoolID: w.schools[0], Title: "A, en avance", Status: person.Active}}); err != nil {
				return err
			}
			return person.SaveEnrollments(ctx, tx, []person.Enrollment{{ID: "x9", ClassID: second, PersonID: w.pupils[0][1],
				Role: person.Pupil, Status: person.Active}})
		})
		for title, c := range map[string]struct {
			by  policy.Actor
			who []string
		}{
			"Groupe 400":   {teacher, w.pupils[0]},
			"A, en avance": {teacher, w.pupils[0][1:2]},
		} {
			w.now = w.now.Add(time.Hour)
			j, err := w.join(c.by, w.file(c.who...))
			w.must(err)
			for _, m := range j.Of {
				if m.In.Title != title {
					t.Errorf("%s: shown in %s", title, m.In.Title)
				}
			}
		}
		w.now = w.now.Add(time.Hour)
		j, err := w.join(w.actor(policy.Teacher, 0), w.file(w.pupils[0][1]))
		w.must(err)
		for _, m := range j.Of {
			if m.In.ID != w.classes[0] {
				t.Errorf("shown in a class that is another's: %s", m.In.Title)
			}
		}
	})
}

// A stolen session of who sees the whole board names in an hour no more than one file.
func TestNoFileNamesTheBoard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		evaluator, named := w.actor(policy.Evaluator, -1), map[string]bool{}
		for end := w.now.Add(time.Hour); w.now.Before(end); w.now = w.now.Add(10 * time.Minute) {
			for _, pupil := range w.everyone() {
				j, err := w.join(evaluator, w.file(pupil))
				if err != nil && key(err) != "reveal.quota_sets" {
					t.Fatal(err)
				}
				for _, m := range j.Of {
					named[m.ID] = true
				}
			}
		}
		if len(named) != 1 {
			t.Errorf("%d pupils by files of one, want 1", len(named))
		}
	})
}
