package reveal_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/job"
	"aval/internal/policy"
	"aval/internal/reveal"
)

// tuesday is a moment of a school day.
var tuesday = time.Date(2026, 11, 17, 10, 0, 0, 0, i18n.Zone)

// series are looks of a teacher, each at another pupil, at a moment, shown; change spoils one.
func series(actor string, n int, change func(i int, l *reveal.Look)) (looks []reveal.Look) {
	for i := range n {
		l := reveal.Look{Actor: actor, Role: policy.Teacher, Kind: reveal.Account, At: tuesday, Person: fmt.Sprint("e", i), Count: 1}
		if change != nil {
			change(i, &l)
		}
		looks = append(looks, l)
	}
	return looks
}

// usual are weeks of twelve teachers who looked 9 to 20 times: their median is
// 15, half of them are at most 3 apart, and the limit is 15 + 5.19×3 = 30.
func usual() (before []reveal.Tally) {
	for i := range 12 {
		before = append(before, reveal.Tally{Actor: fmt.Sprint("other", i), Role: policy.Teacher, Looks: 9 + i})
	}
	return before
}

func TestWhoIsListed(t *testing.T) {
	before := usual()
	at := func(when time.Time, from int) func(int, *reveal.Look) {
		return func(i int, l *reveal.Look) {
			if i >= from {
				l.At = when
			}
		}
	}
	vain := func(from int) func(int, *reveal.Look) {
		return func(i int, l *reveal.Look) {
			if i >= from {
				l.Count, l.Person = 0, ""
			}
		}
	}
	same := func(from int) func(int, *reveal.Look) {
		return func(i int, l *reveal.Look) {
			if i >= from {
				l.Person = "e"
			}
		}
	}
	class := func(i int, l *reveal.Look) { l.Kind, l.Class, l.Person, l.Count = reveal.Class, "k", "", 25 }
	for _, c := range []struct {
		name   string
		looks  []reveal.Look
		before []reveal.Tally
		quota  int
		want   string
	}{
		{"nobody looked", nil, before, 0, ""},
		{"few looks, all at night, at one pupil, at the quota", series("a", 10, func(i int, l *reveal.Look) {
			l.At, l.Person = tuesday.Add(12*time.Hour), "e"
		}), before, 9, ""},
		{"few looks, all in vain", series("a", 10, vain(0)), before, 0, ""},
		{"as many as hardly anybody", series("a", 30, nil), before, 0, ""},
		{"more than hardly anybody", series("a", 31, nil), before, 0, "many 31/30"},
		{"as many, of another role", series("a", 31, func(_ int, l *reveal.Look) { l.Role = policy.Principal }), before, 0, ""},
		{"an hour's worth, and nobody to compare with", series("a", 60, nil), before[:11], 0, ""},
		{"more than an hour's worth, and nobody to compare with", series("a", 61, nil), before[:11], 0, "alone 61/60"},
		{"classes, of a school where others look once", series("a", 11, class), slices.Repeat([]reveal.Tally{{Actor: "b", Role: policy.Teacher, Looks: 1}}, 12), 0, "many 11/10"},
		{"eight looks at one pupil", series("a", 20, same(12)), before, 0, ""},
		{"nine looks at one pupil", series("a", 20, same(11)), before, 0, "same_pupil 9/8"},
		{"twenty classes", series("a", 20, class), before, 0, ""},
		{"at 18 o'clock, ten times", series("a", 20, at(tuesday.Add(8*time.Hour), 10)), before, 0, ""},
		{"at 18 o'clock, eleven times", series("a", 20, at(tuesday.Add(8*time.Hour), 9)), before, 0, "off_hours 11/10"},
		{"at 17:59", series("a", 20, at(tuesday.Add(8*time.Hour-time.Minute), 0)), before, 0, ""},
		{"before 7 o'clock", series("a", 20, at(tuesday.Add(-3*time.Hour-time.Minute), 0)), before, 0, "off_hours 20/10"},
		{"on Saturday at noon", series("a", 20, at(tuesday.AddDate(0, 0, 4), 0)), before, 0, "off_hours 20/10"},
		{"five names of nobody", series("a", 20, vain(15)), before, 0, ""},
		{"six names of nobody", series("a", 20, vain(14)), before, 0, "in_vain 6/5"},
		{"twice at the quota", series("a", 20, nil), before, 2, ""},
		{"three times at the quota", series("a", 20, nil), before, 3, "at_quota 3/2"},
		{"everything", series("a", 40, func(i int, l *reveal.Look) {
			l.At, l.Person = tuesday.Add(12*time.Hour), "e"
			if i < 6 {
				l.Person, l.Count = "", 0
			}
		}), before, 3, "many 40/30, same_pupil 34/8, off_hours 40/10, in_vain 6/5, at_quota 3/2"},
	} {
		list := reveal.Outliers(c.looks, c.before, map[string]int{"a": c.quota})
		got := ""
		if len(list) > 0 {
			var signs []string
			for _, s := range list[0].Signs {
				signs = append(signs, fmt.Sprintf("%s %d/%d", s.Code, s.Count, s.Most))
			}
			got = strings.Join(signs, ", ")
		}
		if got != c.want || len(list) > 1 {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// The first week of school: everyone prints and looks, and nobody stands out.
func TestARushOfAllListsNobody(t *testing.T) {
	var week []reveal.Look
	for i := range 20 {
		week = append(week, series(fmt.Sprint("t", i), 50+i, nil)...)
	}
	if list := reveal.Outliers(week, usual(), nil); len(list) != 0 {
		t.Errorf("listed: %+v", list)
	}
	list := reveal.Outliers(append(week, series("thief", 200, nil)...), usual(), nil)
	if len(list) != 1 || list[0].Actor != "thief" || list[0].Looks != 200 || list[0].Role != policy.Teacher {
		t.Errorf("listed: %+v, want the one who looked at 200", list)
	}
}

// Whoever looks much every week does not make it usual.
func TestOnesOwnWeeksDoNotSpeakForOneself(t *testing.T) {
	before := usual()
	for range 8 {
		before = append(before, reveal.Tally{Actor: "a", Role: policy.Teacher, Looks: 100})
	}
	if list := reveal.Outliers(series("a", 100, nil), before, nil); len(list) != 1 {
		t.Errorf("listed: %+v, want the one", list)
	}
}

func TestAWeekIsFromMondayToMonday(t *testing.T) {
	for now, want := range map[string]string{
		"2026-11-23T04:59:59Z": "2026-11-09", // still Sunday in Québec
		"2026-11-23T05:00:00Z": "2026-11-16",
		"2026-11-29T23:00:00Z": "2026-11-16",
		"2026-11-08T15:00:00Z": "2026-10-26", // the clocks went back on the Sunday of that week
		"2026-03-11T15:00:00Z": "2026-03-02", // and forward on that one
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		w := reveal.LastWeek(at)
		if got := w.From.Format(time.DateOnly); got != want || w.From.Hour() != 0 || w.From.Weekday() != time.Monday ||
			w.To.Hour() != 0 || w.To.Weekday() != time.Monday || w.LastDay().Weekday() != time.Sunday || w.To.After(at) {
			t.Errorf("at %s: %v, want that of %s", now, w, want)
		}
	}
}

// looked keeps looks of a person as if they had been made at a moment.
func (w *world) looked(actor string, role policy.Role, n int, at time.Time) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		for range n {
			if _, err := tx.Exec(ctx, `INSERT INTO reveal (board_id, id, at, actor_id, role, kind, reason, person_id, count)
				VALUES ($1, $2, $3, $4, $5, 'name', 'conduct', $6, 1)`, tx.Board, db.NewID(), at, actor, string(role), db.NewID()); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestTheListOfAWeekIsReadByWhoReadsTheBoard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		monday := time.Date(2026, 11, 16, 0, 0, 0, 0, i18n.Zone)
		for week := range 8 {
			for i := range 2 {
				w.looked(fmt.Sprint("colleague", i), policy.Teacher, 12, monday.AddDate(0, 0, -7*week-5).Add(10*time.Hour))
			}
		}
		w.looked("early", policy.Teacher, 40, monday.Add(-time.Second))   // the week before
		w.looked("late", policy.Teacher, 40, monday.AddDate(0, 0, 7))     // this week, which is not over
		w.looked("few", policy.Teacher, 10, monday)                       // at midnight
		w.looked("busy", policy.Teacher, 18, monday.Add(34*time.Hour))    // Tuesday at 10
		w.looked("sunday", policy.Teacher, 11, monday.Add(167*time.Hour)) // the last hour of the week
		for _, role := range []policy.Role{policy.Teacher, policy.Principal} {
			if _, _, err := w.Outliers(t.Context(), w.actor(role, 0)); !fault.Is(err, fault.Denied) {
				t.Errorf("by a %s: %v, want a denial", role, err)
			}
		}
		if _, _, err := w.Outliers(t.Context(), w.actor(policy.Evaluator, -1)); !fault.Is(err, fault.Denied) {
			t.Errorf("by an evaluator, who reads only their own looks: %v, want a denial", err)
		}
		for _, role := range []policy.Role{policy.PrivacyOfficer, policy.Secretary} {
			week, list, err := w.Outliers(t.Context(), w.actor(role, -1))
			w.must(err)
			if !week.From.Equal(monday) || len(list) != 2 || list[0].Actor != "busy" || list[0].Looks != 18 || list[1].Actor != "sunday" {
				t.Errorf("%s reads %v: %+v", role, week, list)
			}
		}
	})
}

// The trail's word on the quota counts, once for each hour.
func TestHoursAtTheQuotaAreCounted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		teacher := w.actor(policy.Teacher, 0)
		teacher.Settings.SinglesAnHour = 5
		name := w.names[w.pupils[0][0]]
		for range 3 {
			for range 7 {
				_, _ = w.look(teacher, name) // refused at last
			}
			w.now = w.now.Add(2 * time.Hour)
		}
		w.now = w.now.AddDate(0, 0, 7)
		_, list, err := w.Outliers(t.Context(), w.actor(policy.PrivacyOfficer, -1))
		w.must(err)
		if len(list) != 1 || list[0].Looks != 15 || !slices.Contains(list[0].Signs, reveal.Sign{Code: reveal.AtQuota, Count: 3, Most: 2}) {
			t.Errorf("listed: %+v", list)
		}
	})
}

func TestALetterIsLeftOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		hand := policy.System(w.board, w.pack(), "job")
		week := reveal.LastWeek(w.now)
		leave := func(week reveal.Week, accounts ...string) {
			w.write(func(ctx context.Context, tx *db.Tx) error { return reveal.Write(ctx, tx, hand, week, accounts) })
		}
		leave(week)
		leave(week, "one")
		leave(week, "one", "two")
		leave(week, "one", "two")
		leave(reveal.LastWeek(w.now.AddDate(0, 0, 7)), "one")
		left, err := job.Left(t.Context(), w.DB)
		w.must(err)
		if left[reveal.Weekly] != 3 {
			t.Errorf("%d letters await, want 3", left[reveal.Weekly])
		}
		if n := w.count(`SELECT count(*) FROM audit_record WHERE board_id = $1 AND action = 'reveal.outliers'`); n != 3 {
			t.Errorf("the trail tells of %d, want 3", n)
		}
	})
}

func TestEachSignIsASentence(t *testing.T) {
	for _, code := range reveal.Codes {
		for _, lang := range i18n.Languages {
			said := i18n.For(lang).Message(reveal.Sign{Code: code, Count: 1234, Most: 5}.Message())
			if !strings.HasSuffix(said, ".") || strings.Contains(said, "%") || !strings.Contains(strings.ReplaceAll(said, "\u00a0", ","), "1,234") {
				t.Errorf("%s, in %s: %q", code, lang, said)
			}
		}
	}
}
