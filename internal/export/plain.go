package export

import (
	"context"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/guard"
	"aval/internal/person"
)

// plain is one table of the pupils, a row each, its columns chosen by a person.
func (x *source) plain(s Shape) table {
	t := table{file: s.Name()}
	for _, c := range s.Columns {
		t.columns = append(t.columns, x.held(c))
	}
	t.rows = func(ctx context.Context, tx *db.Tx, emit func([]guard.Somebody, []string) error) error {
		groups, err := x.groupsOf(ctx, tx, s)
		if err != nil {
			return err
		}
		births, err := x.birthsOf(ctx, tx, s)
		if err != nil {
			return err
		}
		cells, line := make([]string, len(s.Columns)), 1
		return x.eachUser(ctx, tx, true, func(u disclosure.User) error {
			if u.Role != person.Pupil {
				return nil
			}
			line++
			x.met(u, line)
			about := x.about(u.Value)
			for _, class := range groups.of[u.Value] {
				about = append(about, x.classes[class]...)
				if g := x.standing[class]; g.row == 0 {
					g.row = line
				}
			}
			for i, c := range s.Columns {
				cells[i] = oneLine(x.cell(c, u, groups, births))
			}
			return emit(about, cells)
		})
	}
	return t
}

// held is a column for the guard.
func (x *source) held(c Column) guard.Column {
	g := guard.Column{Title: c.Title}
	switch c.Holds {
	case HoldsGiven, HoldsFamily:
		g.Let = []guard.Code{guard.Name} // allowed refuses it where it does not leave
	case HoldsBirth:
		g.Let = []guard.Code{guard.BirthDate}
	case HoldsEmail:
		x.address(&g)
	case HoldsLogin:
		g.Login = true
	case HoldsSchool:
		g.Public = x.public
	case HoldsPseudonym, HoldsGrade, HoldsClasses, HoldsText:
	}
	return g
}

func (x *source) cell(c Column, u disclosure.User, groups memberships, births map[string]string) string {
	switch c.Holds {
	case HoldsPseudonym:
		return u.Value
	case HoldsLogin:
		return u.Login
	case HoldsGiven:
		return u.GivenName
	case HoldsFamily:
		return u.FamilyName
	case HoldsEmail:
		return u.Email
	case HoldsBirth:
		return births[u.Value]
	case HoldsGrade:
		return u.Grade
	case HoldsSchool:
		names := make([]string, len(u.Orgs))
		for i, org := range u.Orgs {
			names[i] = x.schools[org]
		}
		return strings.Join(names, ", ")
	case HoldsClasses:
		var titles []string
		for _, class := range groups.of[u.Value] {
			titles = append(titles, groups.title[class])
		}
		slices.Sort(titles)
		return strings.Join(titles, ", ")
	case HoldsText:
	}
	return c.Text
}

// birthsOf reads the days of birth, by pseudonym, where a column holds them.
func (x *source) birthsOf(ctx context.Context, tx *db.Tx, s Shape) (map[string]string, error) {
	if !s.holds(HoldsBirth) {
		return nil, nil
	}
	days := map[string]string{}
	return days, x.eachBirth(ctx, tx, func(b disclosure.Birth) error {
		days[b.Value] = b.Day
		return nil
	})
}

func (s Shape) holds(h Held) bool {
	return slices.ContainsFunc(s.Columns, func(c Column) bool { return c.Holds == h })
}

// memberships are the classes of each pupil.
type memberships struct {
	of    map[string][]string
	title map[string]string
}

// groupsOf reads them where a column holds them.
func (x *source) groupsOf(ctx context.Context, tx *db.Tx, s Shape) (m memberships, err error) {
	m = memberships{map[string][]string{}, map[string]string{}}
	if !s.holds(HoldsClasses) {
		return m, nil
	}
	if err := x.eachClass(ctx, tx, func(c disclosure.Class) error {
		x.standing[c.Value], m.title[c.Value] = &group{}, c.Title
		return nil
	}); err != nil {
		return m, err
	}
	return m, x.eachEnrollment(ctx, tx, func(e disclosure.Enrollment) error {
		if e.Role == person.Pupil {
			m.of[e.User] = append(m.of[e.User], e.Class)
			x.standing[e.Class].pupils++
		}
		return nil
	})
}
