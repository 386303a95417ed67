package disclosure_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/catalogue"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/licence"
)

func keys(fields map[disclosure.Field]bool) string {
	var list []string
	for _, f := range disclosure.Fields {
		if fields[f] {
			list = append(list, string(f))
		}
	}
	return strings.Join(list, " ")
}

func TestTerms(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `[]`)
		id := w.licence(nil)
		for _, c := range []struct{ name, kinds, promised, domain, leaves, stays string }{
			{"a decision without a list", `[]`, "", "", "login_name", ""},
			{"pseudonyms", `["pseudonym"]`, "", "", "login_name", ""},
			{"a grade brings the groups", `["pseudonym","grade"]`, "", "", "login_name grade groups", ""},
			{"a name without an undertaking", `["full_name","grade"]`, "", "", "login_name grade groups", "given_name family_name"},
			{"the same with one for the first name", `["full_name"]`, `["given_name"]`, "", "login_name given_name", "family_name"},
			{"an undertaking for what was not decided", `["pseudonym"]`, `["email","given_name"]`, "", "login_name", ""},
			{"an address with none", `["email","family_contact"]`, "", "", "login_name", "email guardians"},
			{"an address of the board’s own domain", `["email"]`, "", "alias.example", "login_name email", ""},
			{"a birth date shows nobody", `["birth_date"]`, "", "", "login_name birth_date", ""},
		} {
			w.decides(catalogue.Conditional, c.kinds)
			w.exec(`DELETE FROM undertaking WHERE board_id = $1`)
			if c.promised != "" {
				w.promise(c.promised)
			}
			w.catchAll(c.domain)
			terms, err := w.terms(id)
			var stays []string
			for _, s := range terms.Withheld {
				stays = append(stays, string(s.Field))
			}
			if err != nil || keys(terms.Fields) != c.leaves || strings.Join(stays, " ") != c.stays || terms.Sector != string(w.platform) {
				t.Errorf("%s: %q leaves, %v stays, sector %s, %v; want %q and %q", c.name, keys(terms.Fields), stays, terms.Sector, err, c.leaves, c.stays)
			}
		}
		w.decides(catalogue.Approved, `["none"]`)
		if _, err := w.terms(id); !fault.Is(err, fault.Conflict) {
			t.Errorf("a platform that receives nothing: %v", err)
		}
		w.decides(catalogue.Refused, `["pseudonym"]`)
		if _, err := w.terms(id); !fault.Is(err, fault.Conflict) {
			t.Errorf("a refused platform: %v", err)
		}
		w.decides(catalogue.Approved, `["pseudonym"]`)
		w.now = noon.AddDate(1, 0, 0)
		if _, err := w.terms(id); !fault.Is(err, fault.Conflict) {
			t.Errorf("a licence that is over: %v", err)
		}
		if _, err := w.terms("nobody"); !fault.Is(err, fault.NotFound) {
			t.Errorf("no licence: %v", err)
		}
	})
}

const whole = "class:c1 class:c2 course:m4 enrollment:e-p1 enrollment:e-p2 enrollment:e-p4 enrollment:e-p5 enrollment:e-t1 enrollment:e-t2 " +
	"org:b org:s1 org:s2 session:y user:p1 user:p2 user:p3 user:p4 user:p5 user:p6 user:t1 user:t2"

func (w *world) want(t *testing.T, id licence.ID, when, want string) {
	t.Helper()
	if list, _, _ := w.shown(id); strings.Join(list, " ") != want {
		t.Errorf("%s: %s, want %s", when, strings.Join(list, " "), want)
	}
}

func TestRefreshFollowsTheRoster(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["pseudonym","grade"]`)
		id := w.licence(nil)
		w.refresh(id)
		w.want(t, id, "the first time", whole)
		_, before, was := w.shown(id)
		for name, value := range before {
			if _, subject, _ := strings.Cut(name, ":"); len(value) != 26 || value == subject {
				t.Errorf("%s is disclosed as %q", name, value)
			}
		}

		w.now = noon.Add(time.Hour)
		w.exec(`UPDATE person SET family_name = 'Autre', updated_at = $2 WHERE board_id = $1 AND id = 'p1'`, w.now)
		w.refresh(id)
		if _, values, at := w.shown(id); !equal(values, before) || !equalTimes(at, was) {
			t.Error("what a platform does not see was told as a change")
		}
		w.exec(`UPDATE person SET grade = '05' WHERE board_id = $1 AND id = 'p1'`)
		w.refresh(id)
		_, _, at := w.shown(id)
		if !at["user:p1"].Equal(w.now) || !at["user:p2"].Equal(noon) {
			t.Errorf("after a change of grade: p1 at %s, p2 at %s", at["user:p1"], at["user:p2"])
		}

		w.exec(`UPDATE person SET status = 'tobedeleted' WHERE board_id = $1 AND id = 'p1'`)
		w.exec(`UPDATE enrollment SET status = 'tobedeleted' WHERE board_id = $1 AND id IN ('e-p4', 'e-p5')`)
		w.refresh(id)
		w.want(t, id, "when one left and a class is empty", "class:c1 -class:c2 course:m4 -enrollment:e-p1 enrollment:e-p2 -enrollment:e-p4 -enrollment:e-p5 enrollment:e-t1 -enrollment:e-t2 "+
			"org:b org:s1 org:s2 session:y -user:p1 user:p2 user:p3 user:p4 user:p5 user:p6 user:t1 -user:t2")

		w.exec(`UPDATE person SET status = 'active' WHERE board_id = $1 AND id = 'p1'`)
		w.exec(`UPDATE enrollment SET status = 'active' WHERE board_id = $1`)
		w.refresh(id)
		w.want(t, id, "when they are back", whole)
		if _, values, _ := w.shown(id); !equal(values, before) {
			t.Error("who comes back has another pseudonym")
		}

		w.exec(`UPDATE course SET status = 'tobedeleted' WHERE board_id = $1`)
		w.refresh(id)
		w.want(t, id, "when the course is gone", strings.Replace(whole, "course:m4", "course:c1 course:c2 -course:m4", 1))
		w.exec(`UPDATE course SET status = 'active' WHERE board_id = $1`)
		w.refresh(id)
		w.want(t, id, "when it is back", strings.Replace(whole, "course:m4", "-course:c1 -course:c2 course:m4", 1))

		w.decides(catalogue.Approved, `["pseudonym"]`)
		w.refresh(id)
		list, _, _ := w.shown(id)
		if left := slices.DeleteFunc(list, func(s string) bool { return strings.HasPrefix(s, "-") }); strings.Join(left, " ") !=
			"org:b org:s1 org:s2 user:p1 user:p2 user:p3 user:p4 user:p5 user:p6 user:t1 user:t2" {
			t.Errorf("without groups: %v", left)
		}
	})
}

func TestRefreshStaysWithinTheLicence(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["pseudonym","grade"]`)
		for _, c := range []struct {
			name   string
			change func(*licence.Licence)
			want   string
		}{
			{"a school", func(l *licence.Licence) { l.Scope, l.OrgID, l.Payer = licence.School, "s2", "s2" },
				"class:c2 course:m4 enrollment:e-p4 enrollment:e-p5 enrollment:e-t2 org:b org:s2 session:y user:p4 user:p5 user:p6 user:t2"},
			{"a class", func(l *licence.Licence) {
				l.Scope, l.OrgID, l.Payer, l.Audience.Classes = licence.Class, "s1", "s1", []string{"c1"}
			},
				"class:c1 course:m4 enrollment:e-p1 enrollment:e-p2 enrollment:e-t1 org:b org:s1 session:y user:p1 user:p2 user:t1"},
			{"a school of the board’s", func(l *licence.Licence) { l.Audience.Schools = []string{"s1"} },
				"class:c1 course:m4 enrollment:e-p1 enrollment:e-p2 enrollment:e-t1 org:b org:s1 session:y user:p1 user:p2 user:p3 user:t1"},
			{"a grade that nobody is in", func(l *licence.Licence) { l.Audience.Grades = []string{"06"} }, "org:b session:y"},
		} {
			w.exec(`UPDATE person SET grade = '06' WHERE board_id = $1 AND id = 'p6'`)
			id := w.licence(c.change)
			w.exec(`UPDATE person SET grade = '04' WHERE board_id = $1 AND id = 'p6'`)
			w.refresh(id)
			w.want(t, id, c.name, c.want)
		}
	})
}

func TestWhatWasDisclosedGoesWithTheLicence(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["pseudonym","grade"]`)
		id := w.licence(nil)
		w.refresh(id)
		_, before, _ := w.shown(id)

		w.decides(catalogue.Refused, `["pseudonym","grade"]`)
		w.refresh(id)
		gone := "-" + strings.ReplaceAll(whole, " ", " -")
		w.want(t, id, "refused", gone)
		w.decides(catalogue.Approved, `["pseudonym","grade"]`)
		w.refresh(id)
		if _, values, _ := w.shown(id); !equal(values, before) {
			t.Error("approved again, with other pseudonyms")
		}

		w.now = noon.AddDate(0, 9, 0)
		w.refresh(id)
		w.want(t, id, "over", gone)
		if n := w.count(`retired_on = ''`); n != 0 {
			t.Errorf("%d pseudonyms are left after the last licence", n)
		}
		next := w.licence(func(l *licence.Licence) { l.StartsOn, l.EndsOn = "2027-08-20", "2028-06-30" })
		w.refresh(next)
		_, after, _ := w.shown(next)
		for name, value := range after {
			if before[name] == value {
				t.Errorf("%s has the pseudonym of the licence before", name)
			}
		}
	})
}

func equal(a, b map[string]string) bool {
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return len(a) == len(b)
}

func equalTimes(a, b map[string]time.Time) bool {
	for k, v := range a {
		if !b[k].Equal(v) {
			return false
		}
	}
	return len(a) == len(b)
}
