package roster

import (
	"context"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
)

// batch is how many rows one transaction writes: a fraction of a second, so
// that people who work meanwhile do not notice.
const batch = 1000

// namesBatch is how many login names one transaction gives at most: each is drawn,
// sealed and marked, so that it takes longer than a row of the roster.
const namesBatch = 200

// intake is one import on its way into the tables.
type intake struct {
	db    *db.DB
	names *pseudonym.Names
	actor policy.Actor
	set   *Set

	orgs  map[string]org.Org         // by source id
	held  map[string]map[string]held // file → source id → record
	kinds map[string]person.Kind     // what each user of the set is
	told  map[string]map[string]bool // file → source ids that the set holds
	named int                        // pupils who were given a login name
	most  bool                       // told to retire as many pupils as it takes
}

func (in *intake) run(ctx context.Context) error {
	steps := []func(context.Context) error{
		in.learn, in.guard, in.keepOrgs, in.keepSessions, in.keepCourses, in.keepPeople, in.keepPosts, in.keepClasses,
		in.keepEnrollments, in.retire, in.name,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// learn reads which records the board already holds, so that they keep their ids.
// It refuses a board whose pupils could be given no login name in the end.
func (in *intake) learn(ctx context.Context) error {
	in.orgs, in.held = map[string]org.Org{}, map[string]map[string]held{}
	in.kinds, in.told = map[string]person.Kind{}, map[string]map[string]bool{}
	return in.db.Read(ctx, in.actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := in.names.Ready(ctx, tx); err != nil {
			return err
		}
		all, err := org.All(ctx, tx)
		if err != nil {
			return err
		}
		for _, o := range all {
			in.orgs[o.SourceID] = o
		}
		for file := range holding {
			if in.held[file], err = heldOf(ctx, tx, file); err != nil {
				return err
			}
		}
		return nil
	})
}

// guard stops a full set from retiring most pupils, unless it was told to.
func (in *intake) guard(context.Context) error {
	if in.most || in.set.Modes["users"] != Bulk {
		return nil
	}
	leaves := in.set.leaving()
	left, active := 0, 0
	for source, h := range in.held["users"] {
		if h.gone || h.kind != person.Student {
			continue
		}
		active++
		if leaves(source) {
			left++
		}
	}
	return most(left, active)
}

// id is the record's own, old or new, and notes that the set holds it.
func (in *intake) id(file, source string) string {
	if in.told[file] == nil {
		in.told[file] = map[string]bool{}
	}
	in.told[file][source] = true
	h, ok := in.held[file][source]
	if !ok {
		h = held{id: db.NewID(), source: source}
		in.held[file][source] = h
	}
	return h.id
}

// find follows a reference to a record of the set or of the board.
func (in *intake) find(file, source string) (string, bool) {
	h, ok := in.held[file][source]
	return h.id, ok
}

func status(gone bool) string {
	if gone {
		return person.Gone
	}
	return person.Active
}

// write keeps rows in short transactions.
func write[T any](ctx context.Context, in *intake, rows []T, keep func(context.Context, *db.Tx, []T) error) error {
	for some := range slices.Chunk(rows, batch) {
		err := in.db.Write(ctx, in.actor.Board, func(ctx context.Context, tx *db.Tx) error { return keep(ctx, tx, some) })
		if err != nil {
			return err
		}
	}
	return nil
}

// unresolved is a defect of a reference that neither the set nor the board knows.
func (in *intake) unresolved(file string, m Mark, field string) {
	in.set.notes.defect("reference_unresolved", file+".csv", m.Row, field)
}

// keepOrgs keeps what the board said of an organisation (its sector, its place
// under the deputy) where the file says nothing of it.
func (in *intake) keepOrgs(ctx context.Context) error {
	told := map[string]bool{}
	list := make([]org.Org, 0, len(in.set.Orgs))
	for _, row := range in.set.Orgs {
		told[row.SourceID] = true
		if _, ok := in.orgs[row.SourceID]; !ok {
			in.orgs[row.SourceID] = org.Org{ID: db.NewID(), SourceID: row.SourceID, Sector: org.Youth}
		}
	}
	in.told["orgs"] = told
	for _, row := range in.set.Orgs {
		o := in.orgs[row.SourceID]
		o.Kind, o.Name, o.Identifier, o.Status = org.Kind(row.Kind), row.Name, row.Identifier, status(row.Gone)
		o.ParentID = in.orgs[row.Parent].ID
		if row.Parent != "" && o.ParentID == "" {
			in.unresolved("orgs", row.Mark, "parentSourcedId")
		}
		if row.Sector != "" {
			o.Sector = org.Sector(row.Sector)
		}
		if row.Language != "" {
			o.Language = row.Language
		}
		if row.UnderDeputy != "" {
			o.UnderDeputy = row.UnderDeputy == "true"
		}
		in.orgs[row.SourceID] = o
		list = append(list, o)
	}
	return write(ctx, in, list, org.SaveAll)
}

func (in *intake) keepSessions(ctx context.Context) error {
	for _, s := range in.set.Sessions {
		in.id("academicSessions", s.SourceID)
	}
	rows := make([][]any, 0, len(in.set.Sessions))
	for _, s := range in.set.Sessions {
		parent, ok := in.find("academicSessions", s.Parent)
		if s.Parent != "" && !ok {
			in.unresolved("academicSessions", s.Mark, "parentSourcedId")
		}
		rows = append(rows, []any{in.actor.Board, in.id("academicSessions", s.SourceID), s.SourceID, s.Title, s.Kind, s.Start,
			s.End, s.SchoolYear, parent, status(s.Gone)})
	}
	return write(ctx, in, rows, saveSessions)
}

func (in *intake) keepCourses(ctx context.Context) error {
	rows := make([][]any, 0, len(in.set.Courses))
	for _, c := range in.set.Courses {
		o, ok := in.orgs[c.Org]
		if c.Org != "" && !ok {
			in.unresolved("courses", c.Mark, "orgSourcedId")
		}
		rows = append(rows, []any{in.actor.Board, in.id("courses", c.SourceID), c.SourceID, o.ID, c.Title, c.Code, status(c.Gone)})
	}
	return write(ctx, in, rows, saveCourses)
}

func (in *intake) keepPeople(ctx context.Context) error {
	people := make([]person.Person, 0, len(in.set.Users))
	in.set.Users = slices.DeleteFunc(in.set.Users, func(u UserRow) bool {
		kind := u.Kind
		if kind == "" {
			kind = in.held["users"][u.SourceID].kind
		}
		if kind == "" {
			if !u.Gone {
				in.set.notes.defect("role_missing", "users.csv", u.Row, "role")
			}
			return true
		}
		in.kinds[u.SourceID] = kind
		people = append(people, person.Person{ID: in.id("users", u.SourceID), SourceID: u.SourceID, Kind: kind,
			GivenName: u.Given, FamilyName: u.Family, Email: u.Email, Number: u.Number, Grade: u.Grade, Status: status(u.Gone)})
		return false
	})
	return write(ctx, in, people, person.SaveAll)
}

// keepPosts tells anew what everyone of the set is, or, from a delta of roles,
// adds and takes away.
func (in *intake) keepPosts(ctx context.Context) error {
	var drop, add []person.Post
	for _, r := range in.set.Roles {
		id, ok := in.find("users", r.User)
		if !ok {
			in.unresolved("roles", r.Mark, "userSourcedId")
			continue
		}
		o, ok := in.orgs[r.Org]
		if !ok {
			in.unresolved("roles", r.Mark, "orgSourcedId")
			continue
		}
		post := person.Post{PersonID: id, OrgID: o.ID, Role: r.Role}
		if r.Gone {
			drop = append(drop, post)
		} else {
			add = append(add, post)
		}
	}
	if in.set.Version == "1.2" && in.set.Modes["roles"] != Bulk {
		err := write(ctx, in, drop, func(ctx context.Context, tx *db.Tx, posts []person.Post) error {
			for _, p := range posts {
				if err := person.DropPost(ctx, tx, p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return write(ctx, in, add, person.SavePosts)
	}
	return in.renewPosts(ctx, add)
}

// renewPosts forgets and tells in one transaction, so that nobody is seen without a role.
func (in *intake) renewPosts(ctx context.Context, posts []person.Post) error {
	of := map[string][]person.Post{}
	var ids []string
	for _, u := range in.set.Users {
		id, _ := in.find("users", u.SourceID)
		ids, of[id] = append(ids, id), nil
	}
	for _, p := range posts {
		if _, ok := of[p.PersonID]; !ok {
			ids = append(ids, p.PersonID)
		}
		of[p.PersonID] = append(of[p.PersonID], p)
	}
	return write(ctx, in, ids, func(ctx context.Context, tx *db.Tx, some []string) error {
		if err := person.ClearPosts(ctx, tx, some); err != nil {
			return err
		}
		var theirs []person.Post
		for _, id := range some {
			theirs = append(theirs, of[id]...)
		}
		return person.SavePosts(ctx, tx, theirs)
	})
}

func (in *intake) keepClasses(ctx context.Context) error {
	classes := make([]person.Class, 0, len(in.set.Classes))
	in.set.Classes = slices.DeleteFunc(in.set.Classes, func(c ClassRow) bool {
		school, ok := in.orgs[c.School]
		if !ok {
			in.unresolved("classes", c.Mark, "schoolSourcedId")
			return true
		}
		course, ok := in.find("courses", c.Course)
		if c.Course != "" && !ok {
			in.unresolved("classes", c.Mark, "courseSourcedId")
		}
		classes = append(classes, person.Class{ID: in.id("classes", c.SourceID), SourceID: c.SourceID, SchoolID: school.ID,
			CourseID: course, Title: c.Title, Code: c.Code, Grade: c.Grade, Kind: c.Kind, Subject: c.Subject, Status: status(c.Gone)})
		return false
	})
	return write(ctx, in, classes, person.SaveClasses)
}

func (in *intake) keepEnrollments(ctx context.Context) error {
	list := make([]person.Enrollment, 0, len(in.set.Enrollments))
	in.set.Enrollments = slices.DeleteFunc(in.set.Enrollments, func(e EnrollmentRow) bool {
		class, ok := in.find("classes", e.Class)
		if !ok {
			in.unresolved("enrollments", e.Mark, "classSourcedId")
			return true
		}
		user, ok := in.find("users", e.User)
		if !ok {
			in.unresolved("enrollments", e.Mark, "userSourcedId")
			return true
		}
		list = append(list, person.Enrollment{ID: in.id("enrollments", e.SourceID), SourceID: e.SourceID, ClassID: class,
			PersonID: user, Role: e.Role, Main: e.Main, Begin: e.Begin, End: e.End, Status: status(e.Gone)})
		return false
	})
	return write(ctx, in, list, person.SaveEnrollments)
}

// retire marks what a bulk file no longer holds, and says how much it was.
func (in *intake) retire(ctx context.Context) error {
	retirers := map[string]func(context.Context, *db.Tx, []string) error{
		"enrollments": person.RetireEnrollments, "classes": person.RetireClasses, "users": person.Retire,
		"courses": retireCourses, "academicSessions": retireSessions, "orgs": org.Retire,
	}
	for file, retire := range retirers {
		if in.set.Modes[file] != Bulk {
			continue
		}
		for _, source := range in.set.aside[file] {
			if in.told[file] != nil {
				in.told[file][source] = true
			}
		}
		ids := in.absent(file)
		in.set.notes.warnN("absent_retired", len(ids))
		if err := write(ctx, in, ids, retire); err != nil {
			return err
		}
	}
	return nil
}

// absent are the records that the board holds and a bulk file no longer does.
// What the board added by hand is none of the file's business.
func (in *intake) absent(file string) []string {
	var ids []string
	if file == "orgs" {
		for source, o := range in.orgs {
			if o.Status == org.Active && o.Kind != org.Board && !in.told[file][source] && !strings.HasPrefix(source, org.ByHand) {
				ids = append(ids, o.ID)
			}
		}
		return ids
	}
	for source, h := range in.held[file] {
		if !h.gone && !in.told[file][source] {
			ids = append(ids, h.id)
		}
	}
	return ids
}

// name gives a login name to every pupil of the youth sector who has none, also
// where an earlier import was cut.
func (in *intake) name(ctx context.Context) error {
	var lacking []string
	err := in.db.Read(ctx, in.actor.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		lacking, err = in.names.Lacking(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	in.named = len(lacking)
	for _, some := range evenly(lacking, namesBatch) {
		err := in.db.Write(ctx, in.actor.Board, func(ctx context.Context, tx *db.Tx) error { return in.names.Issue(ctx, tx, some) })
		if err != nil {
			return err
		}
	}
	return nil
}

// evenly cuts a list into parts of the same size, or one less: without a last
// part that is a straggler. Who tells from the tables what was written in one
// transaction would learn whose name it is.
func evenly(list []string, most int) [][]string {
	n := (len(list) + most - 1) / most
	parts := make([][]string, n)
	for i := range parts {
		parts[i] = list[i*len(list)/n : (i+1)*len(list)/n]
	}
	return parts
}
