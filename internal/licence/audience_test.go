package licence_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
)

// one is a licence of a reach, paid by who must, for an audience.
func one(p catalogue.ID, r licence.Reach, a licence.Audience) licence.Licence {
	l := licence.Licence{PlatformID: p, Scope: r, Payer: licence.DDL, Audience: a, StartsOn: "2026-08-31", EndsOn: "2027-06-30"}
	switch {
	case r.AtSchool():
		l.OrgID, l.Payer = "s1", "s1"
	case r == licence.Department:
		l.OrgID, l.Payer = "d1", "d1"
	}
	return l
}

func TestAudienceIsOfTheReach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Clock = func() time.Time { return now }
		id, approved, _ := board(t, d)
		s, director := licence.New(d, contract.Gate), actor(t, id, policy.EvaluationDirector, "")
		some := func(list ...string) []string { return list }
		for _, c := range []struct {
			name     string
			reach    licence.Reach
			audience licence.Audience
			kind     fault.Kind
			field    string
		}{
			{"classes without a class", licence.Class, licence.Audience{}, fault.Invalid, "classes"},
			{"a person without a person", licence.Individual, licence.Audience{People: some(" ")}, fault.Invalid, "people"},
			{"a school and schools", licence.School, licence.Audience{Schools: some("s1")}, fault.Invalid, "schools"},
			{"classes and a grade", licence.Class, licence.Audience{Classes: some("c1"), Grades: some("03")}, fault.Invalid, "grades"},
			{"a person and a class", licence.Individual, licence.Audience{People: some("p1"), Classes: some("c1")}, fault.Invalid, "classes"},
			{"the board and a person", licence.Board, licence.Audience{People: some("p1")}, fault.Invalid, "people"},
			{"a class of another school", licence.Class, licence.Audience{Classes: some("c1", "c2")}, fault.Invalid, "classes"},
			{"a class that is nobody's", licence.Class, licence.Audience{Classes: some("none")}, fault.NotFound, ""},
			{"a school that is nobody's", licence.Board, licence.Audience{Schools: some("s1", "none")}, fault.NotFound, ""},
			{"a department as a school", licence.Board, licence.Audience{Schools: some("d1")}, fault.Invalid, "schools"},
			{"a centre for adults", licence.Board, licence.Audience{Schools: some("a1")}, fault.Invalid, "schools"},
			{"a grade that no pupil of the school is in", licence.School, licence.Audience{Grades: some("UG")}, fault.Invalid, "grades"},
			{"a pupil of another school", licence.Individual, licence.Audience{People: some("p1", "p4")}, fault.Invalid, "people"},
			{"a pupil who is gone", licence.Individual, licence.Audience{People: some("N-p6")}, fault.Invalid, "people"},
			{"nobody's number", licence.Individual, licence.Audience{People: some("N-p1", "N-p99")}, fault.Invalid, "people"},
			{"more people than a list holds", licence.Individual, licence.Audience{People: slices.Repeat(some("p1"), 5001)}, fault.Invalid, "people"},
		} {
			_, err := s.Record(t.Context(), director, one(approved, c.reach, c.audience))
			f, ok := fault.As(err)
			if !ok || f.Kind != c.kind || c.field != "" && f.Fields[c.field].Key == "" {
				t.Errorf("Record for %s: %v, want kind %v beside %q", c.name, err, c.kind, c.field)
			}
		}
		if left, err := s.List(t.Context(), director, approved); err != nil || len(left) != 0 {
			t.Fatalf("after refusals: %v %v", left, err)
		}
	})
}

func TestPupils(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Clock = func() time.Time { return now }
		id, approved, _ := board(t, d)
		s, director := licence.New(d, contract.Gate), actor(t, id, policy.EvaluationDirector, "")
		some := func(list ...string) []string { return list }
		class := func(school, class, grade string) licence.Group {
			return licence.Group{School: school, Class: class, Grade: grade}
		}
		for _, c := range []struct {
			name     string
			reach    licence.Reach
			audience licence.Audience
			pupils   []string
			covers   []licence.Group
			not      []licence.Group
		}{
			{"the board", licence.Board, licence.Audience{}, some("p1", "p2", "p3", "p4", "p5"),
				[]licence.Group{{School: "s2"}, class("s1", "c1", "03")}, nil},
			{"one school of the board", licence.Board, licence.Audience{Schools: some("s2")}, some("p4", "p5"),
				[]licence.Group{{School: "s2"}, class("s2", "c2", "06")}, []licence.Group{{School: "s1"}, class("s1", "c1", "03")}},
			{"a grade of the board", licence.Board, licence.Audience{Grades: some("03")}, some("p1", "p2", "p4"),
				[]licence.Group{class("s1", "c1", "03"), class("s2", "c2", "03")}, []licence.Group{{School: "s1"}, class("s2", "c2", "06")}},
			{"a grade of one school", licence.Board, licence.Audience{Schools: some("s2"), Grades: some("03")}, some("p4"),
				[]licence.Group{class("s2", "c2", "03")}, []licence.Group{class("s1", "c1", "03"), class("s2", "c2", "06")}},
			{"a grade, and a class besides", licence.Board, licence.Audience{Grades: some("06"), Classes: some("c1")}, some("p1", "p2", "p3", "p5"),
				[]licence.Group{class("s1", "c1", "03"), class("s2", "c2", "06")}, []licence.Group{class("s2", "c2", "03")}},
			{"a school", licence.School, licence.Audience{}, some("p1", "p2", "p3"),
				[]licence.Group{{School: "s1"}}, []licence.Group{{School: "s2"}, class("s2", "c2", "03")}},
			{"a grade of a school", licence.School, licence.Audience{Grades: some("06")}, some("p3"),
				[]licence.Group{class("s1", "c9", "06")}, []licence.Group{{School: "s1"}, class("s1", "c1", "03"), class("s2", "c2", "06")}},
			{"a class", licence.Class, licence.Audience{Classes: some("c1", "c1 ")}, some("p1", "p2"),
				[]licence.Group{class("s1", "c1", "03")}, []licence.Group{{School: "s1"}, class("s1", "c9", "03")}},
			{"a class and a pupil by number", licence.Class, licence.Audience{Classes: some("c1"), People: some("N-p3")}, some("p1", "p2", "p3"),
				nil, []licence.Group{{School: "s1"}}},
			{"one person", licence.Individual, licence.Audience{People: some("N-p3", "p3")}, some("p3"),
				nil, []licence.Group{{School: "s1"}, class("s1", "c1", "03")}},
			{"a department", licence.Department, licence.Audience{}, nil, nil, []licence.Group{{School: "s1"}, {School: "d1"}}},
			{"a department's school", licence.Department, licence.Audience{Schools: some("s1")}, some("p1", "p2", "p3"),
				[]licence.Group{{School: "s1"}}, []licence.Group{{School: "s2"}}},
		} {
			l, err := s.Record(t.Context(), director, one(approved, c.reach, c.audience))
			if err != nil {
				t.Errorf("Record for %s: %v", c.name, err)
				continue
			}
			err = d.Read(t.Context(), id, func(ctx context.Context, tx *db.Tx) error {
				kept, err := licence.Get(ctx, tx, l.ID)
				if err != nil || fmt.Sprint(kept.Audience) != fmt.Sprint(l.Audience) {
					t.Errorf("%s is kept for %v, recorded for %v: %v", c.name, kept.Audience, l.Audience, err)
				}
				got, err := licence.Pupils(ctx, tx, kept)
				if err != nil || !slices.Equal(got, c.pupils) {
					t.Errorf("Pupils of %s: %v %v, want %v", c.name, got, err, c.pupils)
				}
				if n, err := licence.Size(ctx, tx, kept); err != nil || n != len(c.pupils) {
					t.Errorf("Size of %s: %d %v", c.name, n, err)
				}
				for _, p := range []string{"p1", "p2", "p3", "p4", "p5", "p6", "p7", "none"} {
					if got, err := licence.Holds(ctx, tx, kept, p); err != nil || got != slices.Contains(c.pupils, p) {
						t.Errorf("Holds %s of %s: %v %v", p, c.name, got, err)
					}
				}
				for _, groups := range map[bool][]licence.Group{true: c.covers, false: c.not} {
					for _, g := range groups {
						found, covered, err := licence.Covers(ctx, tx, approved, []licence.Group{g}, "2026-11-20")
						want := slices.Contains(c.covers, g)
						if err != nil || covered != want || covered && found.ID != l.ID {
							t.Errorf("Covers %v by %s: %v %v, want %v", g, c.name, covered, err, want)
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.End(t.Context(), director, l.ID, "2026-11-19"); err != nil { // so that it does not cover the next
				t.Fatal(err)
			}
		}
	})
}

// A licence for grade 3 does not cover a class in which one pupil is in grade 6.
func TestAnswerLooksAtEachPupil(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Clock = func() time.Time { return now }
		id, approved, _ := board(t, d)
		s, director := licence.New(d, contract.Gate), actor(t, id, policy.EvaluationDirector, "")
		if _, err := s.Record(t.Context(), director, one(approved, licence.Board, licence.Audience{Grades: []string{"03"}})); err != nil {
			t.Fatal(err)
		}
		for class, want := range map[string]licence.Standing{"c1": licence.Licensed, "c2": licence.ApprovedElsewhere, "": licence.ApprovedElsewhere} {
			a := actor(t, id, policy.Teacher, "s1")
			if class != "" {
				a.Classes = []string{class}
			}
			got, err := s.Answer(t.Context(), a, approved)
			by, err2 := s.Standings(t.Context(), a, []catalogue.ID{approved})
			if err != nil || err2 != nil || got.Standing != want || by[approved] != want {
				t.Errorf("Answer for class %q: %s %s %v %v, want %s", class, got.Standing, by[approved], err, err2, want)
			}
		}
	})
}

func TestAccounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Clock = func() time.Time { return now }
		id, approved, _ := board(t, d)
		s, director := licence.New(d, contract.Gate), actor(t, id, policy.EvaluationDirector, "")
		login := licence.Column{Name: "Username", Holds: licence.HoldsLogin}
		with := func(f func(*licence.Licence)) licence.Licence {
			l := one(approved, licence.Board, licence.Audience{})
			l.AccountKind = licence.LoginName
			f(&l)
			return l
		}
		for _, c := range []struct {
			name, field, clause string
			l                   licence.Licence
		}{
			{"of no kind", "account_kind", "", with(func(l *licence.Licence) { l.AccountKind = "face" })},
			{"with addresses that show names", "account_kind", "5.1.2", with(func(l *licence.Licence) { l.AccountKind = licence.BoardEmail })},
			{"at an address in clear", "sign_in_url", "", with(func(l *licence.Licence) { l.SignInURL = "http://tabulou.example" })},
			{"at an address with a password", "sign_in_url", "", with(func(l *licence.Licence) { l.SignInURL = "https://a:b@tabulou.example" })},
			{"at no address", "sign_in_url", "", with(func(l *licence.Licence) { l.SignInURL = "tabulou" })},
			{"with columns and no file", "columns", "", with(func(l *licence.Licence) { l.AccountKind, l.Columns = licence.NoAccount, []licence.Column{login} })},
			{"without the login name", "columns", "", with(func(l *licence.Licence) { l.Columns = []licence.Column{{Name: "Group", Holds: licence.HoldsGroup}} })},
			{"with a title twice", "columns", "", with(func(l *licence.Licence) { l.Columns = []licence.Column{login, login} })},
			{"with a name", "columns", "", with(func(l *licence.Licence) { l.Columns = []licence.Column{login, {Name: "First", Holds: "given_name"}} })},
		} {
			_, err := s.Record(t.Context(), director, c.l)
			f, ok := fault.As(err)
			if !ok || f.Kind != fault.Invalid || f.Fields[c.field].Key == "" || f.Clause != c.clause {
				t.Errorf("accounts %s: %v, want %s under %q", c.name, err, c.field, c.clause)
			}
			if ok && c.clause == "5.1.2" && fmt.Sprint(f.Args) != "[2]" {
				t.Errorf("accounts %s: %v, want the two who are seen", c.name, f.Args)
			}
		}
		if left, err := s.List(t.Context(), director, approved); err != nil || len(left) != 0 {
			t.Fatalf("after refusals: %v %v", left, err)
		}
		columns := []licence.Column{login, {Name: "Password", Holds: licence.HoldsPassword}, {Name: "Role", Holds: licence.HoldsText, Text: "student"}}
		for name, l := range map[string]licence.Licence{
			"login names": with(func(l *licence.Licence) { l.SignInURL, l.Columns = "https://tabulou.example/eleves", columns }),
			"addresses that show nothing": {PlatformID: approved, Scope: licence.Class, OrgID: "s1", Payer: "s1", AccountKind: licence.BoardEmail,
				Audience: licence.Audience{Classes: []string{"c1"}}, StartsOn: "2026-08-31", EndsOn: "2027-06-30"},
		} {
			l, err := s.Record(t.Context(), director, l)
			if err != nil {
				t.Errorf("Record with %s: %v", name, err)
				continue
			}
			v, err := s.View(t.Context(), director, l.ID)
			if err != nil || v.AccountKind != l.AccountKind || v.SignInURL != l.SignInURL || !slices.Equal(v.Columns, l.Columns) {
				t.Errorf("View with %s: %+v %v", name, v.Licence, err)
			}
		}
	})
}
