package person_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/person"
)

// each gives f a transaction of a board with two schools, and of another board
// that has the same ids under other names.
func each(t *testing.T, f func(ctx context.Context, t *testing.T, tx *db.Tx)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board, other := dbtest.Board(t, d), dbtest.Board(t, d)
		for id, suffix := range map[string]string{board: "", other: " elsewhere"} {
			err := d.Write(t.Context(), id, func(ctx context.Context, tx *db.Tx) error { return keep(ctx, tx, suffix) })
			if err != nil {
				t.Fatal(err)
			}
		}
		err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			f(ctx, t, tx)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func keep(ctx context.Context, tx *db.Tx, suffix string) error {
	var people []person.Person
	for _, p := range []struct {
		id, family string
		kind       person.Kind
	}{
		{"t1", "Cèdre", person.Staff}, {"t2", "Aulne", person.Staff}, {"p1", "Bouleau", person.Staff},
		{"e1", "Érable", person.Student}, {"e2", "Orme", person.Student}, {"e3", "Saule", person.Student},
	} {
		people = append(people, person.Person{ID: p.id, SourceID: "src-" + p.id, Kind: p.kind, GivenName: "Camille",
			FamilyName: p.family + suffix, Email: "C." + p.id + "@Ecole.example", Number: "N" + p.id, Grade: "04", Status: person.Active})
	}
	var enrolled []person.Enrollment
	for _, e := range []struct {
		class, who string
		role       person.Role
	}{{"k1", "t1", person.Teacher}, {"k1", "e1", person.Pupil}, {"k1", "e2", person.Pupil},
		{"k2", "t1", person.Teacher}, {"k2", "e2", person.Pupil}, {"k3", "t2", person.Teacher}, {"k3", "e3", person.Pupil}} {
		enrolled = append(enrolled, person.Enrollment{ID: e.class + e.who, ClassID: e.class,
			PersonID: e.who, Role: e.role, Begin: "2026-08-24", End: "2027-06-24", Status: person.Active})
	}
	return errors.Join(
		org.SaveAll(ctx, tx, []org.Org{
			{ID: "s1", SourceID: "s1", Kind: org.School, Name: "École des Bouleaux", Sector: org.Youth, Status: org.Active},
			{ID: "s2", SourceID: "s2", Kind: org.School, Name: "École des Pins", Sector: org.Youth, Status: org.Active}}),
		person.SaveAll(ctx, tx, people),
		person.SavePosts(ctx, tx, []person.Post{{"t1", "s1", person.Teacher}, {"t2", "s2", person.Teacher},
			{"p1", "s1", person.Principal}, {"p1", "s2", person.Principal},
			{"e1", "s1", person.Pupil}, {"e2", "s1", person.Pupil}, {"e3", "s2", person.Pupil}}),
		person.SaveClasses(ctx, tx, []person.Class{class("k1", "s1", "Lecture"), class("k2", "s1", "Atelier"), class("k3", "s2", "Sciences")}),
		person.SaveEnrollments(ctx, tx, enrolled))
}

func class(id, school, title string) person.Class {
	return person.Class{ID: id, SourceID: "src-" + id, SchoolID: school, CourseID: "c1", Title: title, Code: id, Grade: "04",
		Kind: "scheduled", Subject: "fra", Status: person.Active}
}

// ids answers whom a reading found, in its order.
func ids[T any](t *testing.T, found []T, err error, id func(T) string) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range found {
		all = append(all, id(f))
	}
	return strings.Join(all, " ")
}

func ofPerson(p person.Person) string { return p.ID }
func ofClass(c person.Class) string   { return fmt.Sprintf("%s:%d", c.ID, c.Pupils) }

func TestSomeoneIsFoundInTheirBoard(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, tx *db.Tx) {
		for name, read := range map[string]func() (person.Person, error){
			"an id that nobody has":     func() (person.Person, error) { return person.Get(ctx, tx, "nobody") },
			"an id as a source":         func() (person.Person, error) { return person.BySource(ctx, tx, "t1") },
			"no address":                func() (person.Person, error) { return person.ByEmail(ctx, tx, "  ") },
			"an address of nobody":      func() (person.Person, error) { return person.ByEmail(ctx, tx, "x@ecole.example") },
			"a pupil, by their address": func() (person.Person, error) { return person.ByEmail(ctx, tx, "c.e1@ecole.example") },
		} {
			if p, err := read(); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %q, %v, want NotFound", name, p.ID, err)
			}
		}
		for name, read := range map[string]func() (person.Person, error){
			"by id":      func() (person.Person, error) { return person.Get(ctx, tx, "t1") },
			"by source":  func() (person.Person, error) { return person.BySource(ctx, tx, "src-t1") },
			"by address": func() (person.Person, error) { return person.ByEmail(ctx, tx, " C.T1@Ecole.example ") },
		} {
			p, err := read()
			want := person.Person{ID: "t1", SourceID: "src-t1", Kind: person.Staff, GivenName: "Camille", FamilyName: "Cèdre",
				Email: "c.t1@ecole.example", Number: "Nt1", Grade: "04", Status: person.Active}
			if err != nil || p != want || p.Name() != "Camille Cèdre" {
				t.Errorf("%s: %+v, %v, want %+v", name, p, err, want)
			}
		}
	})
}

func TestWhoHoldsARole(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, tx *db.Tx) {
		for _, c := range []struct {
			role      person.Role
			org, want string
		}{
			{person.Teacher, "", "t2 t1"}, {person.Teacher, "s1", "t1"}, {person.Principal, "", "p1"},
			{person.Professional, "", ""}, {person.Teacher, "nowhere", ""},
		} {
			found, err := person.Holding(ctx, tx, c.role, c.org)
			if got := ids(t, found, err, ofPerson); got != c.want {
				t.Errorf("Holding %s at %q: %q, want %q", c.role, c.org, got, c.want)
			}
		}
		posts, err := person.Posts(ctx, tx, "p1")
		if err != nil || !slices.Equal(posts, []person.Post{{"p1", "s1", person.Principal}, {"p1", "s2", person.Principal}}) {
			t.Errorf("Posts: %v, %v", posts, err)
		}
		if err := person.DropPost(ctx, tx, posts[0]); err != nil {
			t.Fatal(err)
		}
		if posts, err = person.Posts(ctx, tx, "p1"); err != nil || len(posts) != 1 || posts[0].OrgID != "s2" {
			t.Errorf("after DropPost: %v, %v", posts, err)
		}
		if err := person.ClearPosts(ctx, tx, []string{"p1", "t2"}); err != nil {
			t.Fatal(err)
		}
		found, err := person.Holding(ctx, tx, person.Teacher, "")
		if got := ids(t, found, err, ofPerson); got != "t1" {
			t.Errorf("teachers once posts are cleared: %q, want t1", got)
		}
	})
}

func TestWhoIsGoneIsKeptAndNotCounted(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, tx *db.Tx) {
		if err := person.Retire(ctx, tx, []string{"t1", "e2"}); err != nil {
			t.Fatal(err)
		}
		if p, err := person.Get(ctx, tx, "t1"); err != nil || p.Status != person.Gone || p.FamilyName != "Cèdre" {
			t.Errorf("Get: %+v, %v, want who is gone", p, err)
		}
		if _, err := person.ByEmail(ctx, tx, "c.t1@ecole.example"); !fault.Is(err, fault.NotFound) {
			t.Errorf("ByEmail: %v, want NotFound", err)
		}
		found, err := person.Holding(ctx, tx, person.Teacher, "")
		if got := ids(t, found, err, ofPerson); got != "t2" {
			t.Errorf("Holding: %q, want t2", got)
		}
		for where, want := range map[string]int{"": 2, "s1": 1, "s2": 1, "nowhere": 0} {
			if n, err := person.PupilsOf(ctx, tx, where); err != nil || n != want {
				t.Errorf("PupilsOf %q: %d, %v, want %d", where, n, err, want)
			}
		}
		classes, err := person.ClassesOfSchool(ctx, tx, "s1")
		if got := ids(t, classes, err, ofClass); got != "k2:0 k1:1" {
			t.Errorf("ClassesOfSchool: %q, want one pupil left", got)
		}
		if err := person.SaveAll(ctx, tx, []person.Person{{ID: "e2", SourceID: "src-e2", Kind: person.Student, GivenName: "Camille",
			FamilyName: "Orme", Status: person.Active}}); err != nil {
			t.Fatal(err)
		}
		if n, err := person.PupilsOf(ctx, tx, ""); err != nil || n != 3 {
			t.Errorf("PupilsOf, back again: %d, %v, want 3", n, err)
		}
	})
}

func TestClasses(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, tx *db.Tx) {
		if _, err := person.GetClass(ctx, tx, "none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("GetClass: %v, want NotFound", err)
		}
		for _, c := range []struct {
			name string
			read func() ([]person.Class, error)
			want string
		}{
			{"those that a teacher teaches", func() ([]person.Class, error) { return person.ClassesOf(ctx, tx, "t1") }, "k2:1 k1:2"},
			{"those that a pupil follows", func() ([]person.Class, error) { return person.ClassesOf(ctx, tx, "e1") }, "k1:2"},
			{"of a school", func() ([]person.Class, error) { return person.ClassesOfSchool(ctx, tx, "s2") }, "k3:1"},
			{"these, and one that is none", func() ([]person.Class, error) {
				return person.Classes(ctx, tx, []string{"k3", "none", "k1"})
			}, "k1:2 k3:1"},
			{"none", func() ([]person.Class, error) { return person.Classes(ctx, tx, nil) }, ""},
		} {
			found, err := c.read()
			if got := ids(t, found, err, ofClass); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		for want, of := range [][]string{nil, {"k3"}, {"k1", "k2"}, {"k1", "k2", "k3"}} { // who is in two is counted once
			if n, err := person.PupilsIn(ctx, tx, of); err != nil || n != want {
				t.Errorf("PupilsIn %v: %d, %v, want %d", of, n, err, want)
			}
		}
		for _, gone := range []string{`UPDATE class SET status = 'tobedeleted' WHERE board_id = $1 AND id = 'k2'`,
			`UPDATE enrollment SET status = 'tobedeleted' WHERE board_id = $1 AND id IN ('k1e1', 'k3t2')`} {
			if _, err := tx.Exec(ctx, gone, tx.Board); err != nil {
				t.Fatal(err)
			}
		}
		for who, want := range map[string]string{"t1": "k1:1", "t2": "", "e1": "", "e2": "k1:1"} {
			found, err := person.ClassesOf(ctx, tx, who)
			if got := ids(t, found, err, ofClass); got != want {
				t.Errorf("ClassesOf %s, once some are gone: %q, want %q", who, got, want)
			}
		}
		if c, err := person.GetClass(ctx, tx, "k2"); err != nil || c.Status != person.Gone {
			t.Errorf("GetClass of one that is gone: %+v, %v", c, err)
		}
	})
}
