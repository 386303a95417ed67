package export

import (
	"context"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/guard"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
)

// source is what files are written from: what a licence discloses, and whom each of
// its rows is about, which the guard alone may know.
type source struct {
	names  *pseudonym.Names
	terms  disclosure.Terms
	roster *guard.Roster

	users   map[string]guard.Somebody   // by pseudonym
	classes map[string][]guard.Somebody // who is in a class
	courses map[string][]guard.Somebody // who follows or teaches a course

	top     string            // the board, else a school: where what stands nowhere stands
	schools map[string]string // names by pseudonym
	public  map[string]bool   // their folded names
	years   []string          // the sessions

	standing map[string]*group    // classes that are written
	inGrade  map[[2]string]*group // by school and grade
}

// group is how many pupils it has, and the row that tells of it first.
type group struct{ pupils, row int }

func newSource(ctx context.Context, tx *db.Tx, names *pseudonym.Names, t disclosure.Terms, own policy.Settings) (x *source, err error) {
	x = &source{names: names, terms: t, users: map[string]guard.Somebody{}, schools: map[string]string{}, public: map[string]bool{},
		standing: map[string]*group{}, inGrade: map[[2]string]*group{}}
	if x.roster, err = guard.Learn(ctx, tx, own); err != nil {
		return nil, err
	}
	if err := x.places(ctx, tx); err != nil {
		return nil, err
	}
	of, err := x.whose(ctx, tx, `SELECT d.value, d.subject_id FROM disclosed d
		WHERE d.board_id = $1 AND d.licence_id = $2 AND d.kind = 'user' AND d.status = 'active'`)
	for value, people := range of {
		x.users[value] = people[0]
	}
	if err != nil || !t.Fields[disclosure.Groups] {
		return x, err
	}
	if x.classes, err = x.whose(ctx, tx, `SELECT d.value, e.person_id FROM disclosed d
		JOIN enrollment e ON e.board_id = d.board_id AND e.class_id = d.subject_id AND e.status = 'active'
		WHERE d.board_id = $1 AND d.licence_id = $2 AND d.kind = 'class' AND d.status = 'active'`); err != nil {
		return nil, err
	}
	x.courses, err = x.whose(ctx, tx, `SELECT d.value, e.person_id FROM disclosed d
		JOIN class c ON c.board_id = d.board_id AND c.course_id = d.subject_id AND c.status = 'active'
		JOIN enrollment e ON e.board_id = c.board_id AND e.class_id = c.id AND e.status = 'active'
		WHERE d.board_id = $1 AND d.licence_id = $2 AND d.kind = 'course' AND d.status = 'active'
		UNION SELECT d.value, e.person_id FROM disclosed d
		JOIN enrollment e ON e.board_id = d.board_id AND e.class_id = d.subject_id AND e.status = 'active'
		WHERE d.board_id = $1 AND d.licence_id = $2 AND d.kind = 'course' AND d.status = 'active'`)
	return x, err
}

// whose reads pairs of a pseudonym and a person.
func (x *source) whose(ctx context.Context, tx *db.Tx, query string) (map[string][]guard.Somebody, error) {
	of := map[string][]guard.Somebody{}
	_, err := db.All(ctx, tx, func(r db.Row) (none struct{}, err error) {
		var value, id string
		if err = r.Scan(&value, &id); err == nil {
			if p, ok := x.roster.Person(id); ok {
				of[value] = append(of[value], p)
			}
		}
		return none, err
	}, query, tx.Board, string(x.terms.Licence.ID))
	return of, err
}

// places learns the schools, which are public, and the sessions.
func (x *source) places(ctx context.Context, tx *db.Tx) error {
	err := x.eachOrg(ctx, tx, func(o disclosure.Org) error {
		if x.top == "" || o.Kind == "district" {
			x.top = o.Value
		}
		x.schools[o.Value], x.public[db.Fold(o.Name)] = o.Name, true
		return nil
	})
	if err != nil {
		return err
	}
	err = x.eachSession(ctx, tx, func(s disclosure.Session) error {
		x.years = append(x.years, s.Value)
		return nil
	})
	return err
}

// page is how many rows are read at a time.
const page = 1000

// each reads the standing rows of a kind, in the order of their pseudonyms.
func each[T any](read func(disclosure.Query) ([]T, error), mark func(T) disclosure.Mark, f func(T) error) error {
	q := disclosure.Query{Limit: page}
	for {
		rows, err := read(q)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if m := mark(r); m.Status == person.Active {
				if err := f(r); err != nil {
					return err
				}
			}
		}
		if len(rows) < page {
			return nil
		}
		q.After = mark(rows[len(rows)-1]).Value
	}
}

func (x *source) eachOrg(ctx context.Context, tx *db.Tx, f func(disclosure.Org) error) error {
	return each(func(q disclosure.Query) ([]disclosure.Org, error) { return disclosure.Orgs(ctx, tx, x.terms, q) },
		func(o disclosure.Org) disclosure.Mark { return o.Mark }, func(o disclosure.Org) error {
			if o.Parent == "" && o.Value != x.top && x.top != "" {
				o.Parent = x.top
			}
			return f(o)
		})
}

func (x *source) eachSession(ctx context.Context, tx *db.Tx, f func(disclosure.Session) error) error {
	return each(func(q disclosure.Query) ([]disclosure.Session, error) {
		return disclosure.Sessions(ctx, tx, x.terms, q)
	},
		func(s disclosure.Session) disclosure.Mark { return s.Mark }, f)
}

func (x *source) eachCourse(ctx context.Context, tx *db.Tx, f func(disclosure.Course) error) error {
	return each(func(q disclosure.Query) ([]disclosure.Course, error) { return disclosure.Courses(ctx, tx, x.terms, q) },
		func(c disclosure.Course) disclosure.Mark { return c.Mark }, func(c disclosure.Course) error {
			if c.Org == "" {
				c.Org = x.top
			}
			return f(c)
		})
}

// eachClass reads the classes; one without a session is in all of them, for OneRoster
// wants some.
func (x *source) eachClass(ctx context.Context, tx *db.Tx, f func(disclosure.Class) error) error {
	return each(func(q disclosure.Query) ([]disclosure.Class, error) { return disclosure.Classes(ctx, tx, x.terms, q) },
		func(c disclosure.Class) disclosure.Mark { return c.Mark }, func(c disclosure.Class) error {
			if c.School == "" {
				c.School = x.top
			}
			if len(c.Sessions) == 0 {
				c.Sessions = x.years
			}
			if c.Kind == "" {
				c.Kind = "scheduled"
			}
			return f(c)
		})
}

// eachUser reads the people; login names are opened only where they are wanted.
func (x *source) eachUser(ctx context.Context, tx *db.Tx, logins bool, f func(disclosure.User) error) error {
	names := x.names
	if !logins {
		names = nil
	}
	return each(func(q disclosure.Query) ([]disclosure.User, error) {
		return disclosure.Users(ctx, tx, names, x.terms, q)
	},
		func(u disclosure.User) disclosure.Mark { return u.Mark }, func(u disclosure.User) error {
			if len(u.Orgs) == 0 && x.top != "" {
				u.Orgs = []string{x.top}
			}
			return f(u)
		})
}

// eachBirth reads when the pupils were born, where it leaves.
func (x *source) eachBirth(ctx context.Context, tx *db.Tx, f func(disclosure.Birth) error) error {
	from := disclosure.Reader{Tx: tx, Names: x.names}
	return each(func(q disclosure.Query) ([]disclosure.Birth, error) { return from.Births(ctx, x.terms, q) },
		func(b disclosure.Birth) disclosure.Mark { return b.Mark }, f)
}

// eachEnrollment reads who is in which class, of those that are written.
func (x *source) eachEnrollment(ctx context.Context, tx *db.Tx, f func(disclosure.Enrollment) error) error {
	return each(func(q disclosure.Query) ([]disclosure.Enrollment, error) {
		return disclosure.Enrollments(ctx, tx, x.terms, q)
	},
		func(e disclosure.Enrollment) disclosure.Mark { return e.Mark }, func(e disclosure.Enrollment) error {
			if x.standing[e.Class] == nil || e.User == "" {
				return nil
			}
			if e.School == "" {
				e.School = x.top
			}
			return f(e)
		})
}

// about are whom a user's row is about.
func (x *source) about(value string) []guard.Somebody {
	if p, ok := x.users[value]; ok {
		return []guard.Somebody{p}
	}
	return nil
}

// tables are the files of a shape, in the order in which they are written.
func (x *source) tables(s Shape) []table {
	switch s.Profile {
	case OneRoster12, OneRoster11:
		return x.oneRoster(strings.TrimPrefix(string(s.Profile), "oneroster-"))
	case SDS:
		return x.sds()
	case Plain:
		return []table{x.plain(s)}
	}
	return nil
}

// stands notes a class as it is written.
func (x *source) stands(class string) { x.standing[class] = &group{row: len(x.standing) + 2} }

// met counts a pupil by school and grade.
func (x *source) met(u disclosure.User, row int) {
	if u.Role == person.Pupil && u.Grade != "" {
		for _, org := range u.Orgs {
			at := [2]string{org, u.Grade}
			if x.inGrade[at] == nil {
				x.inGrade[at] = &group{row: row}
			}
			x.inGrade[at].pupils++
		}
	}
}

// groups tells the guard of the groups that the files describe. Where whole names
// leave, a group tells nothing that they do not.
func (x *source) groups(watch *guard.Guard, s Shape) {
	if x.terms.Fields[disclosure.GivenName] && x.terms.Fields[disclosure.FamilyName] {
		return
	}
	class, grade := [2]string{"classes.csv", "title"}, [2]string{"users.csv", "grades"}
	switch s.Profile {
	case OneRoster12, OneRoster11:
	case SDS:
		grade = [2]string{}
	case Plain:
		class, grade = s.place(HoldsClasses), s.place(HoldsGrade)
	}
	if class[1] != "" {
		for _, n := range x.standing {
			watch.Group(class[0], class[1], n.row, n.pupils)
		}
	}
	if grade[1] != "" {
		for _, n := range x.inGrade {
			watch.Group(grade[0], grade[1], n.row, n.pupils)
		}
	}
}

// place is where a plain table says something of a pupil, if it does.
func (s Shape) place(holds Held) [2]string {
	if i := slices.IndexFunc(s.Columns, func(c Column) bool { return c.Holds == holds }); i >= 0 {
		return [2]string{s.Name(), s.Columns[i].Title}
	}
	return [2]string{}
}

// sessions refuses a roster without a session, which OneRoster wants.
func (x *source) sessions(s Shape) error {
	if (s.Profile == OneRoster12 || s.Profile == OneRoster11) && len(x.years) == 0 {
		return fault.New(fault.Conflict, "export.no_session")
	}
	return nil
}
