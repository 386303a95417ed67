package directory_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/directory"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

// world is a board with two schools, three classes and pupils of invented names.
type world struct {
	*directory.Service
	t     *testing.T
	db    *db.DB
	board string
	pack  *policy.Pack
	now   time.Time
}

func each(t *testing.T, f func(w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, name := range []string{"csc-pan-2023", "conseil-infonuagique-2026"} {
			pack, err := policy.Shipped(name)
			if err != nil {
				t.Fatal(err)
			}
			w := &world{Service: &directory.Service{DB: d}, t: t, db: d, pack: pack, now: time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)}
			d.Clock = func() time.Time { return w.now }
			w.board = dbtest.Board(t, d)
			w.fill()
			f(w)
		}
	})
}

var pupils = []struct{ id, given, family, school, class string }{
	{"e1", "Chloé", "L’Œuvre-Dubé", "s1", "k1"}, {"e2", "Noëlla", "L'Oeuvre", "s1", "k1"}, {"e3", "Dubé", "Lœtitia", "s1", "k2"},
	{"e4", "Chloé", "Dubé", "s2", "k3"}, {"e5", "Lætitia", "Mc Orme", "s2", "k3"},
}

func (w *world) fill() {
	w.write(func(ctx context.Context, tx *db.Tx) error {
		people := []person.Person{{ID: "t1", SourceID: "t1", Kind: person.Staff, GivenName: "Cléo", FamilyName: "Dubé", Status: person.Active}}
		posts := []person.Post{{PersonID: "t1", OrgID: "s1", Role: person.Teacher}}
		enrolled := []person.Enrollment{{ID: "t1k1", ClassID: "k1", PersonID: "t1", Role: person.Teacher, Status: person.Active}}
		for i, p := range pupils {
			people = append(people, person.Person{ID: p.id, SourceID: p.id, Kind: person.Student, GivenName: p.given, FamilyName: p.family,
				Number: fmt.Sprintf("10%d", i), Grade: "04", Email: p.id + "@ecole.example", Status: person.Active})
			posts = append(posts, person.Post{PersonID: p.id, OrgID: p.school, Role: person.Pupil})
			enrolled = append(enrolled, person.Enrollment{ID: p.id, ClassID: p.class, PersonID: p.id, Role: person.Pupil, Status: person.Active})
		}
		class := func(id, school string) person.Class {
			return person.Class{ID: id, SourceID: id, SchoolID: school, Title: "Groupe " + id, Grade: "04", Status: person.Active}
		}
		return errors.Join(org.SaveAll(ctx, tx, []org.Org{
			{ID: "s1", SourceID: "s1", Kind: org.School, Name: "École A", Sector: org.Youth, Status: org.Active},
			{ID: "s2", SourceID: "s2", Kind: org.School, Name: "École B", Sector: org.Youth, Status: org.Active}}),
			person.SaveAll(ctx, tx, people), person.SavePosts(ctx, tx, posts),
			person.SaveClasses(ctx, tx, []person.Class{class("k1", "s1"), class("k2", "s1"), class("k3", "s2")}),
			person.SaveEnrollments(ctx, tx, enrolled))
	})
}

func (w *world) write(f func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), w.board, f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) as(role policy.Role, at string, classes ...string) policy.Actor {
	return policy.Actor{ID: "a-" + string(role) + at, Board: w.board, Via: "web", Lang: "fr", Pack: w.pack,
		Grants: []policy.Grant{{Role: role, Org: at}}, Classes: classes}
}

func TestWhoIsFoundByName(t *testing.T) {
	each(t, func(w *world) {
		it, principal, teacher := w.as(policy.IT, ""), w.as(policy.Principal, "s1"), w.as(policy.Teacher, "s1", "k1")
		for _, c := range []struct {
			who         policy.Actor
			typed, want string
		}{
			{teacher, "dube", "e1"}, {teacher, "DUBÉ chlo", "e1"}, {teacher, "oeuvre", "e1 e2"}, {teacher, "l'œuvre", "e1 e2"},
			{teacher, "loeuvre", ""}, {teacher, "vre", ""}, {teacher, "mc orme", ""}, {teacher, "dube-chloe", "e1"},
			{principal, "dube", "e1 e3"}, {principal, "lœ", "e3"}, {principal, "mc", ""},
			{it, "dube", "e4 e1 e3"}, {it, "laetitia", "e5"}, {it, "LÆTITIA", "e5"}, {it, "104", "e5"}, {it, "10", ""}, {it, "%%", "!"},
		} {
			p, err := w.Search(t.Context(), c.who, directory.Ask{Typed: c.typed})
			var ids []string
			for _, f := range p.Found {
				ids = append(ids, f.ID)
			}
			got := strings.Join(ids, " ")
			if fault.Is(err, fault.Invalid) {
				got = "!"
			}
			if got != c.want {
				t.Errorf("%s looks for %q: %q (%v), want %q", c.who.ID, c.typed, got, err, c.want)
			}
			if p.Total != len(ids) {
				t.Errorf("%q: %d found in all, %d shown", c.typed, p.Total, len(ids))
			}
		}
		p, err := w.Search(t.Context(), it, directory.Ask{Typed: "dube", School: "s2"})
		if err != nil || len(p.Found) != 1 || p.Found[0].Schools[0] != "École B" || p.Found[0].Classes[0].ID != "k3" || p.Found[0].Email != "" {
			t.Errorf("of a school: %+v, %v", p, err)
		}
	})
}

func TestWhoMayNotSearch(t *testing.T) {
	each(t, func(w *world) {
		for who, c := range map[string]struct {
			actor policy.Actor
			typed string
			kind  fault.Kind
		}{
			"an evaluator":          {w.as(policy.Evaluator, ""), "dube", fault.Denied},
			"a secretary":           {w.as(policy.Secretary, ""), "dube", fault.Denied},
			"a teacher by number":   {w.as(policy.Teacher, "s1", "k1"), "100", fault.Invalid},
			"a principal by number": {w.as(policy.Principal, "s1"), "dube 100", fault.Invalid},
			"one letter":            {w.as(policy.Principal, "s1"), " é ", fault.Invalid},
			"nothing":               {w.as(policy.Principal, "s1"), "-’", fault.Invalid},
			"a book":                {w.as(policy.Principal, "s1"), strings.Repeat("é", 101), fault.Invalid},
		} {
			if _, err := w.Search(t.Context(), c.actor, directory.Ask{Typed: c.typed}); !fault.Is(err, c.kind) {
				t.Errorf("%s: %v, want kind %d", who, err, c.kind)
			}
		}
		for who, id := range map[string]string{"another school's": "e4", "nobody": "e9", "a teacher of the school": "t1"} {
			if _, err := w.Pupil(t.Context(), w.as(policy.Principal, "s1"), id); !fault.Is(err, fault.NotFound) {
				t.Errorf("the page of %s: %v, want NotFound", who, err)
			}
		}
		if _, err := w.School(t.Context(), w.as(policy.Teacher, "s1", "k1"), "s1"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a school's page to a teacher: %v", err)
		}
		if _, err := w.Schools(t.Context(), w.as(policy.Teacher, "s1", "k1")); !fault.Is(err, fault.Denied) {
			t.Errorf("the schools to a teacher: %v", err)
		}
		if _, err := w.Teachers(t.Context(), w.as(policy.Teacher, "s1", "k1"), "k2"); !fault.Is(err, fault.NotFound) {
			t.Errorf("who teaches another class: %v", err)
		}
	})
}

func TestAnHourOfNamesHasAnEnd(t *testing.T) {
	each(t, func(w *world) {
		who := w.as(policy.Teacher, "s1", "k1")
		for range directory.AnHour {
			if _, err := w.Pupil(t.Context(), who, "e1"); err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.Search(t.Context(), who, directory.Ask{Typed: "dube"})
		if f, ok := fault.As(err); !ok || f.Kind != fault.Conflict || f.Clause != "6.3e" {
			t.Errorf("one more: %v, want Conflict under 6.3e", err)
		}
		if _, err := w.Pupil(t.Context(), w.as(policy.Teacher, "s2", "k3"), "e4"); err != nil {
			t.Errorf("somebody else: %v", err)
		}
		w.now = w.now.Add(time.Hour + time.Second)
		if _, err := w.Search(t.Context(), who, directory.Ask{Typed: "dube"}); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

func TestALookIsInTheTrailWithoutTheName(t *testing.T) {
	each(t, func(w *world) {
		who := w.as(policy.Teacher, "s1", "k1")
		if _, err := w.Search(t.Context(), who, directory.Ask{Typed: "dube"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Pupil(t.Context(), who, "e1"); err != nil {
			t.Fatal(err)
		}
		w.write(func(ctx context.Context, tx *db.Tx) error {
			trail, err := audit.ForSubject(ctx, tx, "account:"+who.ID)
			if len(trail) != 1 || trail[0].Action != "directory.searched" || regexp.MustCompile(`(?i)\bdub`).MatchString(fmt.Sprint(trail)) {
				t.Errorf("the search: %+v", trail)
			}
			read, err2 := audit.ForSubject(ctx, tx, "person:e1")
			if len(read) != 1 || read[0].Actor != who.ID || w.pack.Cite("6.3e") != w.pack.Cite(read[0].Clause) {
				t.Errorf("the page: %+v", read)
			}
			return errors.Join(err, err2)
		})
	})
}

func TestHowASchoolStands(t *testing.T) {
	each(t, func(w *world) {
		list, err := w.Schools(t.Context(), w.as(policy.IT, ""))
		if err != nil || len(list) != 2 || list[0].Pupils != 3 || list[0].Untaught != 1 || list[1].Classes != 1 || list[1].Teachers != 0 {
			t.Errorf("Schools: %+v, %v", list, err)
		}
		v, err := w.School(t.Context(), w.as(policy.Principal, "s1"), "s1")
		if err != nil || len(v.Groups) != 2 || v.Groups[0].Teachers[0] != "Cléo Dubé" || len(v.Groups[1].Teachers) != 0 ||
			len(v.Staff) != 1 || v.Staff[0].Classes != 1 || v.Staff[0].Account || v.ByGrade[0].Pupils != 3 {
			t.Errorf("School: %+v, %v", v, err)
		}
		p, err := w.Pupil(t.Context(), w.as(policy.IT, ""), "e1")
		if err != nil || p.Number != "100" || p.Email != "" || len(p.Schools) != 1 || p.Classes[0].Teachers[0] != "Cléo Dubé" {
			t.Errorf("Pupil: %+v, %v", p, err)
		}
		if p, err := w.Pupil(t.Context(), w.as(policy.Teacher, "s1", "k1"), "e1"); err != nil || p.Number != "" {
			t.Errorf("to a teacher: %+v, %v", p, err)
		}
		w.write(func(ctx context.Context, tx *db.Tx) error { return person.Retire(ctx, tx, []string{"e1"}) })
		if p, err := w.Pupil(t.Context(), w.as(policy.IT, ""), "e1"); err != nil || p.Status != person.Gone {
			t.Errorf("who left, to who keeps the roster: %+v, %v", p, err)
		}
		if _, err := w.Pupil(t.Context(), w.as(policy.Principal, "s1"), "e1"); !fault.Is(err, fault.NotFound) {
			t.Errorf("who left, to a principal: %v", err)
		}
	})
}

func TestPagesOfNamesGoOnInOneOrder(t *testing.T) {
	each(t, func(w *world) {
		w.write(func(ctx context.Context, tx *db.Tx) error {
			var people []person.Person
			var posts []person.Post
			for i := range 120 {
				id := fmt.Sprintf("x%03d", i)
				people = append(people, person.Person{ID: id, SourceID: id, Kind: person.Student, GivenName: "Ana", FamilyName: fmt.Sprintf("Vorn%c", 'a'+i%7), Status: person.Active})
				posts = append(posts, person.Post{PersonID: id, OrgID: "s1", Role: person.Pupil})
			}
			return errors.Join(person.SaveAll(ctx, tx, people), person.SavePosts(ctx, tx, posts))
		})
		seen, after, pages := map[string]bool{}, "", 0
		for pages < 5 {
			p, err := w.Search(t.Context(), w.as(policy.Principal, "s1"), directory.Ask{Typed: "ana vor", After: after})
			if err != nil || p.Total != 120 {
				t.Fatalf("page %d: %d, %v", pages, p.Total, err)
			}
			for _, f := range p.Found {
				seen[f.ID] = true
			}
			pages++
			if after = p.Next; after == "" {
				break
			}
		}
		if len(seen) != 120 || pages != 3 {
			t.Errorf("%d pupils on %d pages, want 120 on 3", len(seen), pages)
		}
	})
}
