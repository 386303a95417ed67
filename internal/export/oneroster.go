package export

import (
	"context"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/guard"
	"aval/internal/person"
	"aval/internal/roster"
)

// The files that a manifest speaks of; those of version 1.1 are fewer.
var (
	files12 = roster.Files
	files11 = slices.DeleteFunc(slices.Clone(roster.Files), func(f string) bool { return only12[f] })
	only12  = map[string]bool{"lineItemLearningObjectiveIds": true, "lineItemScoreScales": true, "resultLearningObjectiveIds": true,
		"resultScoreScales": true, "roles": true, "scoreScales": true, "userProfiles": true, "userResources": true}
)

// words are what some columns may hold; anything else in them is looked at.
var words = map[string][]string{
	"enabledUser": {"true"}, "primary": {"true", "false"}, "role": {"student", "teacher"}, "roleType": {"primary"},
	"classType": {"homeroom", "scheduled"}, "type": {"school", "district", "schoolYear", "semester", "term", "gradingPeriod"},
}

// column is one of a standard's: what may leave in it is what the terms let out.
func (x *source) column(title string) guard.Column {
	c := guard.Column{Title: title, Words: words[title]}
	lets := func(f disclosure.Field, code guard.Code) {
		if x.terms.Fields[f] {
			c.Let = append(c.Let, code)
		}
	}
	switch title {
	case "givenName":
		lets(disclosure.GivenName, guard.Name)
	case "familyName":
		lets(disclosure.FamilyName, guard.Name)
	case "email":
		x.address(&c)
	case "birthDate":
		lets(disclosure.BirthDate, guard.BirthDate)
	case "username":
		c.Login = true
	case "name":
		c.Public = x.public
	}
	return c
}

// address lets people's own addresses out of a column, or those that stand for them.
func (x *source) address(c *guard.Column) {
	switch {
	case !x.terms.Fields[disclosure.Email]:
	case x.terms.Aliases != "":
		c.Domain = x.terms.Aliases
	default:
		c.Let = append(c.Let, guard.Email)
	}
}

// standard is a file whose columns a standard gives: give answers a row's cells by
// their titles; what it leaves out is empty.
func (x *source) standard(file string, titles []string, rows func(context.Context, *db.Tx, func([]guard.Somebody, map[string]string) error) error) table {
	t := table{file: file + ".csv"}
	for _, title := range titles {
		t.columns = append(t.columns, x.column(title))
	}
	cells := make([]string, len(titles))
	t.rows = func(ctx context.Context, tx *db.Tx, row func([]guard.Somebody, []string) error) error {
		return rows(ctx, tx, func(about []guard.Somebody, of map[string]string) error {
			for i, title := range titles {
				cells[i] = oneLine(of[title])
			}
			return row(about, cells)
		})
	}
	return t
}

// oneLine is a text without line ends and without signs that no file should hold.
func oneLine(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
		return s
	}
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)), " ")
}

// layout are the columns of a file of OneRoster.
func layout(version, file string) []string {
	titles := roster.Layout(version, file)
	for i, t := range titles {
		titles[i] = strings.TrimRight(t, "*")
	}
	return titles
}

type row = map[string]string

// oneRoster are the files of the minimum rostering set, in bulk: status and
// dateLastModified stay empty, what left is absent.
func (x *source) oneRoster(version string) []table {
	file := func(name string, rows func(context.Context, *db.Tx, func([]guard.Somebody, row) error) error) table {
		return x.standard(name, layout(version, name), rows)
	}
	tables := []table{file("orgs", x.orgRows), file("academicSessions", x.sessionRows), file("courses", x.courseRows),
		file("classes", x.classRows), file("users", x.userRows)}
	if version == "1.2" {
		tables = append(tables, file("roles", x.roleRows))
	}
	return append(tables, file("enrollments", x.enrollmentRows), file("demographics", x.birthRows))
}

// birthRows has no row where the birth date does not leave, and so no file.
func (x *source) birthRows(ctx context.Context, tx *db.Tx, emit func([]guard.Somebody, row) error) error {
	return x.eachBirth(ctx, tx, func(b disclosure.Birth) error {
		return emit(x.about(b.Value), row{"sourcedId": b.Value, "birthDate": b.Day})
	})
}

func (x *source) orgRows(ctx context.Context, tx *db.Tx, emit func([]guard.Somebody, row) error) error {
	return x.eachOrg(ctx, tx, func(o disclosure.Org) error {
		return emit(nil, row{"sourcedId": o.Value, "name": o.Name, "type": o.Kind, "parentSourcedId": o.Parent})
	})
}

func (x *source) sessionRows(ctx context.Context, tx *db.Tx, emit func([]guard.Somebody, row) error) error {
	return x.eachSession(ctx, tx, func(s disclosure.Session) error {
		return emit(nil, row{"sourcedId": s.Value, "title": s.Title, "type": s.Kind, "startDate": s.Start, "endDate": s.End,
			"schoolYear": s.SchoolYear, "parentSourcedId": s.Parent})
	})
}

func (x *source) courseRows(ctx context.Context, tx *db.Tx, emit func([]guard.Somebody, row) error) error {
	return x.eachCourse(ctx, tx, func(c disclosure.Course) error {
		return emit(x.courses[c.Value], row{"sourcedId": c.Value, "title": c.Title, "courseCode": c.Code, "orgSourcedId": c.Org})
	})
}

func (x *source) classRows(ctx context.Context, tx *db.Tx, emit func([]guard.Somebody, row) error) error {
	return x.eachClass(ctx, tx, func(c disclosure.Class) error {
		x.stands(c.Value)
		return emit(x.classes[c.Value], row{"sourcedId": c.Value, "title": c.Title, "classCode": c.Code, "grades": c.Grade,
			"courseSourcedId": c.Course, "classType": c.Kind, "schoolSourcedId": c.School, "termSourcedIds": strings.Join(c.Sessions, ","),
			"subjects": strings.ReplaceAll(c.Subject, ",", " ")})
	})
}

// Who a person is where their name does not leave: a standard wants one.
var (
	called = map[person.Role]string{person.Pupil: "Élève", person.Teacher: "Enseignant"}
	shown  = 8 // signs of the pseudonym that stand for a family name
)

// named is a user with something in place of a name that does not leave.
func (x *source) named(u disclosure.User) disclosure.User {
	if u.GivenName == "" {
		u.GivenName = called[u.Role]
	}
	if u.FamilyName == "" {
		u.FamilyName = u.Value[:min(shown, len(u.Value))]
	}
	if u.Login == "" {
		u.Login = u.Value
	}
	return u
}

func (x *source) userRows(ctx context.Context, tx *db.Tx, emit func([]guard.Somebody, row) error) error {
	line := 1
	return x.eachUser(ctx, tx, true, func(u disclosure.User) error {
		line++
		x.met(u, line)
		u = x.named(u)
		return emit(x.about(u.Value), row{"sourcedId": u.Value, "enabledUser": "true", "username": u.Login, "givenName": u.GivenName,
			"familyName": u.FamilyName, "email": u.Email, "grades": u.Grade, "primaryOrgSourcedId": strings.Join(u.Orgs[:min(1, len(u.Orgs))], ""),
			"role": string(u.Role), "orgSourcedIds": strings.Join(u.Orgs, ",")})
	})
}

func (x *source) roleRows(ctx context.Context, tx *db.Tx, emit func([]guard.Somebody, row) error) error {
	return x.eachUser(ctx, tx, false, func(u disclosure.User) error {
		for _, org := range u.Orgs {
			if err := emit(x.about(u.Value), row{"sourcedId": u.Value + "." + org, "userSourcedId": u.Value, "roleType": "primary",
				"role": string(u.Role), "orgSourcedId": org}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *source) enrollmentRows(ctx context.Context, tx *db.Tx, emit func([]guard.Somebody, row) error) error {
	return x.eachEnrollment(ctx, tx, func(e disclosure.Enrollment) error {
		primary := "false"
		if e.Role == person.Teacher && e.Main {
			primary = "true"
		}
		if e.Role == person.Pupil {
			x.standing[e.Class].pupils++
		}
		return emit(x.about(e.User), row{"sourcedId": e.Value, "classSourcedId": e.Class, "schoolSourcedId": e.School, "userSourcedId": e.User,
			"role": string(e.Role), "primary": primary, "beginDate": e.Begin, "endDate": e.End})
	})
}
