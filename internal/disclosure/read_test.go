package disclosure_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/person"
)

// readWorld is a board with two licences: the first shows two pupils and a
// teacher of one class, the second another pupil.
type readWorld struct {
	*testing.T
	*db.DB
	board string
	terms disclosure.Terms
	other disclosure.Terms
}

var readAt = time.Date(2026, 11, 20, 15, 4, 5, 123_456_000, time.UTC)

func newReadWorld(t *testing.T, d *db.DB) *readWorld {
	w := &readWorld{T: t, DB: d, board: dbtest.Board(t, d)}
	w.exec(`INSERT INTO platform (board_id, id, name, status, created_at) VALUES ($1, 'p1', 'Tabulou', 'approved', $2)`, readAt)
	for _, l := range []string{"l1", "l2"} {
		w.exec(`INSERT INTO licence (board_id, id, platform_id, scope, org_id, payer, starts_on, ends_on, recorded_by, created_at)
			VALUES ($1, $2, 'p1', 'school', 's1', 's1', '2026-08-31', '2027-06-30', 'someone', $3)`, l, readAt)
	}
	w.exec(`INSERT INTO org (board_id, id, source_id, kind, name, parent_id, updated_at) VALUES
		($1, 'b1', 'b1', 'board', 'Centre de services des Érables', '', $2), ($1, 's1', 's1', 'school', 'École des Pins', 'b1', $2)`, readAt)
	for _, p := range []struct{ id, kind, given, family, grade string }{
		{"u1", "student", "Tamarin", "Outarde", "03"}, {"u2", "student", "Zibeline", "Épervier", "04"},
		{"u3", "student", "Lynx", "Balbuzard", "03"}, {"t1", "staff", "Carcajou", "Huard", ""}} {
		w.exec(`INSERT INTO person (board_id, id, source_id, kind, given_name, family_name, email, number, grade, updated_at)
			VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9)`, p.id, p.kind, p.given, p.family, p.given+"@exemple.test", "N"+p.id, p.grade, readAt)
		role := map[string]string{"student": "student", "staff": "teacher"}[p.kind]
		w.exec(`INSERT INTO person_role (board_id, person_id, org_id, role) VALUES ($1, $2, 's1', $3)`, p.id, role)
	}
	w.exec(`INSERT INTO academic_session (board_id, id, source_id, title, kind, start_date, end_date, school_year) VALUES
		($1, 'y1', 'y1', '2026-2027', 'schoolYear', '2026-08-31', '2027-06-30', '2027')`)
	w.exec(`INSERT INTO course (board_id, id, source_id, org_id, title, code) VALUES ($1, 'k1', 'k1', 's1', 'Mathématique', 'MAT-3')`)
	w.exec(`INSERT INTO class (board_id, id, source_id, school_id, course_id, title, grade) VALUES ($1, 'c1', 'c1', 's1', 'k1', 'Groupe 301', '03')`)
	for i, e := range []struct{ person, role string }{{"u1", "student"}, {"u2", "student"}, {"t1", "teacher"}} {
		w.exec(`INSERT INTO enrollment (board_id, id, class_id, person_id, role) VALUES ($1, $2, 'c1', $3, $4)`,
			fmt.Sprintf("e%d", i+1), e.person, e.role)
	}
	w.terms = disclosure.Terms{Licence: licence.Licence{ID: "l1"}, Sector: "p1", Fields: map[disclosure.Field]bool{disclosure.Groups: true, disclosure.Grade: true}}
	w.other = disclosure.Terms{Licence: licence.Licence{ID: "l2"}, Sector: "p1", Fields: map[disclosure.Field]bool{disclosure.Groups: true}}
	for i, r := range []string{"user u1 student", "user u2 student", "user t1 teacher", "org b1", "org s1", "session y1",
		"course k1", "class c1", "enrollment e1", "enrollment e2", "enrollment e3"} {
		w.show("l1", r, readAt.Add(time.Duration(i)*time.Second))
	}
	w.show("l2", "user u3 student", readAt)
	return w
}

func (w *readWorld) exec(query string, args ...any) {
	w.Helper()
	err := w.Write(w.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, append([]any{tx.Board}, args...)...)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// show puts a row among what a licence shows: "user u1 student" under the pseudonym v-u1.
func (w *readWorld) show(licence, what string, at time.Time) {
	w.Helper()
	f := append(strings.Fields(what), "")
	w.exec(`INSERT INTO disclosed (board_id, licence_id, kind, value, subject_id, role, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		licence, f[0], "v-"+f[1], f[1], f[2], at)
}

func (w *readWorld) read(f func(ctx context.Context, tx *db.Tx) error) {
	w.Helper()
	if err := w.Read(w.Context(), w.board, f); err != nil {
		w.Fatal(err)
	}
}

func (w *readWorld) users(t disclosure.Terms, q disclosure.Query) (values []string) {
	w.Helper()
	w.read(func(ctx context.Context, tx *db.Tx) error {
		list, err := disclosure.Users(ctx, tx, nil, t, q)
		for _, u := range list {
			values = append(values, strings.TrimPrefix(u.Value, "v-"))
		}
		n, countErr := disclosure.Count(ctx, tx, t, disclosure.OfUser, q)
		if q.Limit == 0 && (countErr != nil || n != len(list)) {
			w.Errorf("Count(%+v): %d %v, want %d", q, n, countErr, len(list))
		}
		return err
	})
	return values
}

func TestNothingLeavesThatTheTermsHold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newReadWorld(t, d)
		w.terms.Fields = nil
		w.read(func(ctx context.Context, tx *db.Tx) error {
			people, err := disclosure.Users(ctx, tx, nil, w.terms, disclosure.Query{})
			if err != nil || len(people) != 3 {
				t.Errorf("%d users, %v", len(people), err)
			}
			for _, u := range people {
				if u.GivenName+u.FamilyName+u.Email+u.Grade+u.Login != "" || len(u.Orgs) != 1 || u.Orgs[0] != "v-s1" {
					t.Errorf("a user under no term: %+v", u)
				}
			}
			classes, err1 := disclosure.Classes(ctx, tx, w.terms, disclosure.Query{})
			courses, err2 := disclosure.Courses(ctx, tx, w.terms, disclosure.Query{})
			seats, err3 := disclosure.Enrollments(ctx, tx, w.terms, disclosure.Query{})
			if err1 != nil || err2 != nil || err3 != nil || len(classes)+len(courses)+len(seats) != 0 {
				t.Errorf("groups leave without being let out: %v %v %v", classes, courses, seats)
			}
			n, err := disclosure.Count(ctx, tx, w.terms, disclosure.OfClass, disclosure.Query{})
			if n != 0 {
				t.Errorf("%d classes are counted", n)
			}
			_, err4 := disclosure.Users(ctx, tx, nil, w.terms, disclosure.Query{Of: []disclosure.Ref{{Kind: disclosure.OfClass, Value: "v-c1"}}})
			if !fault.Is(err4, fault.NotFound) {
				t.Errorf("users of a class that does not leave: %v", err4)
			}
			return err
		})
	})
}

// What a filter or an order answers tells nothing of what is not shown.
func TestFiltersSeeWhatIsShown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newReadWorld(t, d)
		named := w.terms
		named.Fields = map[disclosure.Field]bool{disclosure.GivenName: true, disclosure.FamilyName: true}
		where := func(column string, op disclosure.Op, value string) disclosure.Query {
			return disclosure.Query{Where: []disclosure.Clause{{Column: column, Op: op, Value: value}}}
		}
		at := readAt.Format("2006-01-02T15:04:05.000Z")
		for _, c := range []struct {
			name  string
			terms disclosure.Terms
			q     disclosure.Query
			want  string
		}{
			{"a name that does not leave", w.terms, where("family_name", disclosure.Equal, "Outarde"), ""},
			{"another name than that", w.terms, where("family_name", disclosure.Differs, "Outarde"), ""},
			{"a part of an address that does not leave", named, where("email", disclosure.Contains, "@"), ""},
			{"the order of names that do not leave", w.terms, disclosure.Query{Sort: "family_name"}, "t1 u1 u2"},
			{"a name that leaves", named, where("family_name", disclosure.Equal, "Outarde"), "u1"},
			{"not that name", named, where("family_name", disclosure.Differs, "Outarde"), "t1 u2"},
			{"a part of a name, in its own letters", named, where("given_name", disclosure.Contains, "ar"), "t1 u1"},
			{"a sign of LIKE is a sign", named, where("given_name", disclosure.Contains, "%"), ""},
			{"a quote is a sign", named, where("given_name", disclosure.Equal, "' OR 1 = 1 --"), ""},
			{"the order of names", named, disclosure.Query{Sort: "family_name", Desc: true}, "u2 u1 t1"},
			{"a role", w.terms, where("role", disclosure.Equal, "teacher"), "t1"},
			{"only a role", w.terms, disclosure.Query{Only: []string{"student"}}, "u1 u2"},
			{"a school", w.terms, where("orgs", disclosure.Equal, "v-s1"), "t1 u1 u2"},
			{"changed then", w.terms, where("changed_at", disclosure.Equal, at), "u1"},
			{"changed after", w.terms, where("changed_at", disclosure.Above, at), "t1 u2"},
			{"changed then or after", w.terms, where("changed_at", disclosure.AtLeast, at), "t1 u1 u2"},
			{"changed before", w.terms, where("changed_at", disclosure.Below, at), ""},
			{"changed then or before", w.terms, where("changed_at", disclosure.AtMost, at), "u1"},
			{"changed at another time", w.terms, where("changed_at", disclosure.Differs, at), "t1 u2"},
			{"pupils of a class", w.terms, disclosure.Query{Of: []disclosure.Ref{{Kind: disclosure.OfClass, Value: "v-c1", Role: person.Pupil}}}, "u1 u2"},
			{"of a class and its school", w.terms, disclosure.Query{Of: []disclosure.Ref{{Kind: disclosure.OfClass, Value: "v-c1", Role: person.Teacher}, {Kind: disclosure.OfOrg, Value: "v-s1"}}}, "t1"},
			{"after one", w.terms, disclosure.Query{After: "v-t1", Limit: 1}, "u1"},
			{"passed over", w.terms, disclosure.Query{Offset: 2, Limit: 5}, "u2"},
			{"one", w.terms, disclosure.Query{Value: "v-u2"}, "u2"},
			{"one of another licence", w.terms, disclosure.Query{Value: "v-u3"}, ""},
			{"the other licence's", w.other, disclosure.Query{}, "u3"},
			{"two clauses", w.terms, disclosure.Query{Where: []disclosure.Clause{{"grade", "=", "03"}, {"grade", "=", "04"}}}, ""},
			{"either clause", w.terms, disclosure.Query{Any: true, Where: []disclosure.Clause{{"grade", "=", "03"}, {"grade", "=", "04"}}}, "u1 u2"},
		} {
			if got := strings.Join(w.users(c.terms, c.q), " "); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
	})
}

// Of who is gone no more is told than that they are.
func TestWhoIsGoneIsAPseudonym(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newReadWorld(t, d)
		for _, f := range disclosure.Fields {
			w.terms.Fields[f] = true
		}
		w.exec(`UPDATE disclosed SET status = 'tobedeleted' WHERE board_id = $1 AND kind = 'user'`)
		w.read(func(ctx context.Context, tx *db.Tx) error {
			people, err := disclosure.Users(ctx, tx, nil, w.terms, disclosure.Query{})
			for _, u := range people {
				if u.GivenName+u.FamilyName+u.Email+u.Grade != "" || u.Status != person.Gone {
					t.Errorf("%+v", u)
				}
			}
			return err
		})
		q := disclosure.Query{Where: []disclosure.Clause{{Column: "family_name", Op: disclosure.Differs, Value: "x"}}}
		if got := w.users(w.terms, q); len(got) != 0 {
			t.Errorf("found by name: %v", got)
		}
	})
}

func TestTheOtherObjects(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newReadWorld(t, d)
		of := func(kind disclosure.Kind, value string) disclosure.Query {
			return disclosure.Query{Of: []disclosure.Ref{{Kind: kind, Value: value}}}
		}
		w.read(func(ctx context.Context, tx *db.Tx) error {
			schools, err := disclosure.Orgs(ctx, tx, w.terms, disclosure.Query{Only: []string{"school"}})
			if err != nil || len(schools) != 1 || schools[0].Parent != "v-b1" || schools[0].Name != "École des Pins" {
				t.Errorf("schools: %+v %v", schools, err)
			}
			all, err := disclosure.Orgs(ctx, tx, w.terms, disclosure.Query{})
			if err != nil || len(all) != 2 || all[0].Kind != "district" {
				t.Errorf("organisations: %+v %v", all, err)
			}
			for name, q := range map[string]disclosure.Query{"all": {}, "of a school": of(disclosure.OfOrg, "v-s1"), "of a course": of(disclosure.OfCourse, "v-k1"),
				"of a pupil": of(disclosure.OfUser, "v-u2"), "of a year": of(disclosure.OfSession, "v-y1")} {
				list, err := disclosure.Classes(ctx, tx, w.terms, q)
				if err != nil || len(list) != 1 || list[0].Course != "v-k1" || list[0].School != "v-s1" || !slices.Equal(list[0].Sessions, []string{"v-y1"}) {
					t.Errorf("classes %s: %+v %v", name, list, err)
				}
			}
			for name, q := range map[string]disclosure.Query{"all": {}, "of a school": of(disclosure.OfOrg, "v-s1"), "of a class": of(disclosure.OfClass, "v-c1")} {
				list, err := disclosure.Enrollments(ctx, tx, w.terms, q)
				if err != nil || len(list) != 3 || list[0].User != "v-u1" || list[0].Class != "v-c1" || list[0].School != "v-s1" {
					t.Errorf("enrolments %s: %+v %v", name, list, err)
				}
			}
			courses, err := disclosure.Courses(ctx, tx, w.terms, of(disclosure.OfOrg, "v-s1"))
			if err != nil || len(courses) != 1 || courses[0].Org != "v-s1" || courses[0].Title != "Mathématique" {
				t.Errorf("courses: %+v %v", courses, err)
			}
			years, err := disclosure.Sessions(ctx, tx, w.terms, disclosure.Query{})
			if err != nil || len(years) != 1 || years[0].SchoolYear != "2027" {
				t.Errorf("sessions: %+v %v", years, err)
			}
			return err
		})
	})
}

// A merge leaves the old pseudonym as an alias of who remains.
func TestAnAliasLeadsToTheSurvivor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newReadWorld(t, d)
		w.exec(`INSERT INTO pairwise (board_id, sector, value, kind, subject_id, alias, issued_on) VALUES
			($1, 'p1', 'old', 'user', 'u1', true, '2026-09-01'), ($1, 'p2', 'elsewhere', 'user', 'u1', true, '2026-09-01'),
			($1, 'p1', 'other', 'user', 'u3', true, '2026-09-01')`)
		w.read(func(ctx context.Context, tx *db.Tx) error {
			got, err := disclosure.Survivor(ctx, tx, w.terms, disclosure.OfUser, "old")
			if err != nil || got != "v-u1" {
				t.Errorf("the survivor: %q %v", got, err)
			}
			for _, value := range []string{"elsewhere", "other", "none", "v-u1"} {
				if _, err := disclosure.Survivor(ctx, tx, w.terms, disclosure.OfUser, value); !fault.Is(err, fault.NotFound) {
					t.Errorf("%s: %v, want nothing", value, err)
				}
			}
			return nil
		})
	})
}
