package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"aval/internal/fault"
	"aval/internal/person"
)

// reader builds a set, file by file, in the order in which files refer to each other.
type reader struct {
	pack    *pack
	set     *Set
	known   map[string]map[string]int // file → source id → place in the set
	skipped map[string]map[string]bool
	roles   map[string][]person.Role // what each user is, by user
	posts   map[string][]RoleRow     // where each user is that, in version 1.1
	taught  map[string]EnrollmentRow // one enrolment of each user, to infer a role
}

// Read reads a OneRoster set from a zip or a folder. It refuses (Invalid) what is
// no such set, what is unsafe to open, and a set whose files are not those that
// its manifest lists; everything else is repaired and counted, or a defect.
func Read(path string) (set Set, err error) {
	pack, err := openPack(path, &set.notes)
	if err != nil {
		return Set{}, err
	}
	defer func() { err = errors.Join(err, pack.done()) }()
	err = read(pack, &set)
	return set, err
}

func read(p *pack, set *Set) error {
	rd := &reader{pack: p, set: set, known: map[string]map[string]int{}, skipped: map[string]map[string]bool{},
		roles: map[string][]person.Role{}, posts: map[string][]RoleRow{}, taught: map[string]EnrollmentRow{}}
	if err := rd.manifest(); err != nil {
		return err
	}
	takers := map[string]func(*row){
		"orgs": rd.org, "academicSessions": rd.session, "courses": rd.course, "classes": rd.class,
		"users": rd.user, "roles": rd.role, "enrollments": rd.enrollment,
	}
	for _, file := range kept {
		rd.known[file], rd.skipped[file] = map[string]int{}, map[string]bool{}
		if set.Modes[file] == Absent {
			continue
		}
		data, err := p.read(file)
		if err != nil {
			return err
		}
		t, err := newTable(file, set.Version, set.Modes[file], data, &set.notes)
		met := 0
		if err == nil {
			err = t.each(func(r *row) {
				met++
				takers[file](r)
				if r.bad {
					set.aside[file] = append(set.aside[file], r.id)
				}
			})
		}
		if err != nil && !errors.Is(err, errNoRow) {
			return err
		}
		if met == 0 { // an empty file must not read as "everyone is gone"
			set.notes.warn("file_empty")
			set.Modes[file] = Absent
		}
	}
	rd.finish()
	return nil
}

// manifest learns what the set is. Without one it is of version 1.0, if its
// files are; what a manifest says must be what is there.
func (rd *reader) manifest() error {
	set, p := rd.set, rd.pack
	set.Modes, set.aside = map[string]Mode{}, map[string][]string{}
	if !p.has("manifest") {
		return rd.withoutManifest()
	}
	says, err := rd.properties()
	if err != nil {
		return err
	}
	switch version := says["oneroster.version"]; {
	case strings.HasPrefix(version, "1.2"):
		set.Version = "1.2"
	case strings.HasPrefix(version, "1.1"):
		set.Version = "1.1"
	default:
		return fault.New(fault.Invalid, "roster.version_unknown")
	}
	if says["manifest.version"] != "1.0" {
		set.notes.warn("manifest_version")
	}
	for _, file := range Files {
		mode := Mode(strings.ToLower(says["file."+file]))
		switch {
		case mode == "" && set.Version == "1.1" && only12[file] && !p.has(file):
			mode = Absent
		case mode == "":
			set.notes.warn("manifest_incomplete")
			mode = Absent
			if p.has(file) {
				mode = Bulk
			}
		case mode != Absent && mode != Bulk && mode != Delta, (mode != Absent) != p.has(file):
			return fault.New(fault.Invalid, "roster.manifest_differs", file+".csv")
		}
		set.Modes[file] = mode
		if mode != Absent && !slices.Contains(kept, file) {
			set.notes.warn("file_not_kept")
		}
	}
	return rd.rolesSomewhere()
}

func (rd *reader) withoutManifest() error {
	set, p := rd.set, rd.pack
	if len(p.members) == 0 {
		return fault.New(fault.Invalid, "roster.set_empty")
	}
	set.Version = "1.0"
	set.notes.warn("manifest_missing")
	for _, file := range Files {
		set.Modes[file] = Absent
		switch {
		case p.has(file) && !only10[file]:
			return fault.New(fault.Invalid, "roster.manifest_missing")
		case p.has(file):
			set.Modes[file] = Bulk
			if !slices.Contains(kept, file) {
				set.notes.warn("file_not_kept")
			}
		}
	}
	return nil
}

// rolesSomewhere makes a 1.2 set without roles.csv readable as 1.1, which many
// systems still write under the later name.
func (rd *reader) rolesSomewhere() error {
	set := rd.set
	if set.Version == "1.2" && set.Modes["users"] == Bulk && set.Modes["roles"] == Absent {
		set.notes.warn("roles_in_users")
		set.Version = "1.1"
	}
	if set.Version == "1.1" && set.Modes["roles"] != Absent {
		return fault.New(fault.Invalid, "roster.manifest_differs", "roles.csv")
	}
	return nil
}

// properties reads manifest.csv.
func (rd *reader) properties() (map[string]string, error) {
	data, err := rd.pack.read("manifest")
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	says := map[string]string{}
	for first := true; ; first = false {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return says, nil
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "roster.file_unreadable", "manifest.csv")
		}
		if len(cells) < 2 {
			continue
		}
		if first && (cells[0] != "propertyName" || cells[1] != "value") {
			rd.set.notes.warn("manifest_header")
		}
		says[strings.TrimSpace(cells[0])] = strings.TrimSpace(cells[1])
	}
}

// put keeps a row; a record given twice stands once, as it was said last.
func put[T any](rd *reader, r *row, list *[]T, id string, value T) {
	if r.bad {
		return
	}
	if at, twice := rd.known[r.t.file][id]; twice {
		r.warn("duplicate_row")
		(*list)[at] = value
		return
	}
	rd.known[r.t.file][id] = len(*list)
	*list = append(*list, value)
}

// resolves tells whether a reference leads somewhere. One to a file that is not
// the whole truth is looked up in the board's tables later.
func (rd *reader) resolves(file, id string) bool {
	if rd.set.Modes[file] != Bulk {
		return true
	}
	_, ok := rd.known[file][id]
	return ok
}

func (rd *reader) org(r *row) {
	o := OrgRow{Mark: r.mark(), Name: r.need("name"), Identifier: r.text("identifier"), Parent: r.text("parentSourcedId")}
	switch kind := r.need("type"); strings.ToLower(kind) {
	case "school", "department":
		o.Kind = strings.ToLower(kind)
	case "district":
		o.Kind = "board"
	case "":
	default:
		r.warn("org_type_ignored")
		rd.skipped["orgs"][o.SourceID] = true
		return
	}
	switch sector := r.text("metadata.sector"); strings.ToLower(sector) {
	case "", "youth", "other":
		o.Sector = strings.ToLower(sector)
	default:
		r.warn("sector_unknown")
	}
	o.Language = strings.ToLower(r.text("metadata.language"))
	if r.text("metadata.underDeputy") != "" {
		o.UnderDeputy = "false"
		if r.yes("metadata.underDeputy") {
			o.UnderDeputy = "true"
		}
	}
	put(rd, r, &rd.set.Orgs, o.SourceID, o)
}

func (rd *reader) session(r *row) {
	s := SessionRow{Mark: r.mark(), Title: r.need("title"), Kind: r.want("type"), Start: r.date("startDate"),
		End: r.date("endDate"), Parent: r.text("parentSourcedId")}
	for name, value := range map[string]string{"startDate": s.Start, "endDate": s.End} {
		if value == "" {
			if r.text(name) == "" {
				r.defect("required_missing", name)
			}
			r.bad = true
		}
	}
	if !r.bad {
		s.SchoolYear = r.schoolYear(s)
	}
	put(rd, r, &rd.set.Sessions, s.SourceID, s)
}

// schoolYear is the year in which the school year ends, however it was written.
func (r *row) schoolYear(s SessionRow) string {
	written, end := r.text("schoolYear"), s.End[:4]
	switch {
	case written == "":
		if r.t.version != "1.0" {
			r.warn("school_year_missing")
		}
		return end
	case len(written) == 4 && isDigits(written):
		if s.Kind == "schoolYear" && written == s.Start[:4] && written < end {
			r.warn("school_year_start")
			return end
		}
		return written
	case len(written) == 9 && isDigits(written[:4]) && isDigits(written[5:]):
		r.warn("school_year_range")
		return written[5:]
	case len(written) == 7 && isDigits(written[:4]) && isDigits(written[5:]):
		r.warn("school_year_range")
		return written[:2] + written[5:]
	}
	r.warn("school_year_unreadable")
	return end
}

func isDigits(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < '0' || c > '9' })
}

func (rd *reader) course(r *row) {
	c := CourseRow{Mark: r.mark(), Title: r.need("title"), Code: r.text("courseCode"), Org: r.want("orgSourcedId")}
	c.Org = rd.optional(r, "orgs", "orgSourcedId", c.Org)
	put(rd, r, &rd.set.Courses, c.SourceID, c)
}

// optional empties a reference that leads nowhere: a defect, but the row stands.
func (rd *reader) optional(r *row, file, field, id string) string {
	if id == "" || rd.skipped[file][id] {
		return ""
	}
	if !rd.resolves(file, id) {
		r.defect("reference_unresolved", field)
		return ""
	}
	return id
}

// required leaves a row aside whose reference leads nowhere.
func (rd *reader) required(r *row, file, field string) string {
	id := r.need(field)
	if id != "" && !rd.resolves(file, id) {
		r.spoil("reference_unresolved", field)
	}
	return id
}

func (rd *reader) class(r *row) {
	c := ClassRow{Mark: r.mark(), Title: r.need("title"), Code: r.text("classCode"), Kind: r.want("classType"),
		School: rd.required(r, "orgs", "schoolSourcedId"), Grade: strings.Join(r.grades(), ",")}
	c.Course = rd.optional(r, "courses", "courseSourcedId", r.want("courseSourcedId"))
	c.Subject = strings.Join(r.list("subjects"), ", ")
	switch folded := strings.ToLower(c.Kind); folded {
	case "homeroom", "scheduled":
		if folded != c.Kind {
			r.warn("class_type_form")
		}
		c.Kind = folded
	default:
		if c.Kind != "" {
			r.warn("class_type_form")
		}
		c.Kind = "scheduled"
	}
	terms := r.list("termSourcedIds")
	if len(terms) == 0 {
		r.want("termSourcedIds")
	}
	for _, term := range terms {
		rd.optional(r, "academicSessions", "termSourcedIds", term)
	}
	put(rd, r, &rd.set.Classes, c.SourceID, c)
}

func (rd *reader) user(r *row) {
	u := UserRow{Mark: r.mark(), Given: r.need("givenName"), Family: r.need("familyName"), Email: r.text("email"),
		Number: r.text("identifier")}
	r.want("username")
	r.want("enabledUser")
	if words := r.grades(); len(words) > 0 {
		u.Grade = words[0]
	}
	if u.Email != "" && strings.Count(u.Email, "@") != 1 {
		r.warn("email_form")
		u.Email = ""
	}
	if rd.set.Version != "1.2" {
		if !rd.rolesOf(r, u) {
			return
		}
	}
	put(rd, r, &rd.set.Users, u.SourceID, u)
}

// rolesOf reads the one role that version 1.1 gives to a user in each of the
// user's schools. It answers false for a guardian, who is left aside.
func (rd *reader) rolesOf(r *row, u UserRow) bool {
	word := r.need("role")
	orgs := r.list("orgSourcedIds")
	if len(orgs) == 0 {
		r.want("orgSourcedIds")
	}
	delete(rd.roles, u.SourceID)
	delete(rd.posts, u.SourceID)
	for _, org := range append(orgs, "")[:max(len(orgs), 1)] {
		org = rd.optional(r, "orgs", "orgSourcedIds", org)
		role, known := rd.roleOf(r, word, org)
		if known == guardian {
			r.warn("guardian_ignored")
			rd.skipped["users"][u.SourceID] = true
			return false
		}
		if r.bad || known == unmapped {
			continue
		}
		rd.roles[u.SourceID] = append(rd.roles[u.SourceID], role)
		if org != "" {
			post := RoleRow{Mark: u.Mark, User: u.SourceID, Org: org, Role: role}
			rd.posts[u.SourceID] = append(rd.posts[u.SourceID], post)
		}
	}
	return true
}

// meaning says how we take the word for a role.
type meaning int

const (
	mapped meaning = iota
	guardian
	unmapped
)

// roleOf gives our role for the standard's word. Who administers a school is its
// principal, assistants and vice-principals too (1.3 g); who administers a
// department is its head.
func (rd *reader) roleOf(r *row, word, org string) (person.Role, meaning) {
	switch strings.ToLower(word) {
	case "student":
		return person.Pupil, mapped
	case "teacher":
		return person.Teacher, mapped
	case "aide", "counselor", "proctor", "ext:professional":
		return person.Professional, mapped
	case "administrator", "principal", "siteadministrator", "ext:viceprincipal", "ext:departmenthead":
		return rd.directs(org), mapped
	case "districtadministrator", "systemadministrator":
		return person.Administrator, mapped
	case "guardian", "parent", "relative":
		return "", guardian
	case "":
		return "", unmapped
	}
	r.warn("role_unmapped")
	return "", unmapped
}

func (rd *reader) directs(org string) person.Role {
	if at, ok := rd.known["orgs"][org]; ok {
		switch rd.set.Orgs[at].Kind {
		case "department":
			return person.DepartmentHead
		case "board":
			return person.Administrator
		}
	}
	return person.Principal
}

func (rd *reader) role(r *row) {
	role := RoleRow{Mark: r.mark(), User: rd.required(r, "users", "userSourcedId")}
	org := r.need("orgSourcedId")
	if rd.skipped["orgs"][org] {
		return
	}
	if org != "" && !rd.resolves("orgs", org) {
		r.spoil("reference_unresolved", "orgSourcedId")
	}
	r.want("roleType")
	role.Org = org
	var known meaning
	role.Role, known = rd.roleOf(r, r.need("role"), org)
	switch {
	case known == guardian:
		r.warn("guardian_ignored")
		rd.skipped["roles"][role.User] = true
		return
	case known == unmapped || r.bad:
		return
	case !role.Gone:
		rd.roles[role.User] = append(rd.roles[role.User], role.Role)
	}
	put(rd, r, &rd.set.Roles, role.SourceID, role)
}

func (rd *reader) enrollment(r *row) {
	user := r.text("userSourcedId")
	if rd.skipped["users"][user] || rd.skipped["roles"][user] && len(rd.roles[user]) == 0 {
		r.warn("guardian_ignored")
		return
	}
	e := EnrollmentRow{Mark: r.mark(), Class: rd.required(r, "classes", "classSourcedId"),
		User: rd.required(r, "users", "userSourcedId"), Begin: r.date("beginDate"), End: r.date("endDate")}
	e.Main = r.yes("primary")
	rd.sameSchool(r, e)
	var known meaning
	e.Role, known = rd.roleOf(r, r.need("role"), "")
	if known == guardian {
		r.warn("guardian_ignored")
		return
	}
	if known == unmapped || r.bad {
		return
	}
	if _, met := rd.taught[e.User]; !met && !e.Gone && len(rd.roles[e.User]) == 0 {
		rd.taught[e.User] = e
	}
	put(rd, r, &rd.set.Enrollments, e.SourceID, e)
}

// sameSchool counts an enrolment that puts a class in another school: the class knows better.
func (rd *reader) sameSchool(r *row, e EnrollmentRow) {
	school := r.want("schoolSourcedId")
	if at, ok := rd.known["classes"][e.Class]; ok && school != "" && rd.set.Classes[at].School != school {
		r.warn("enrollment_school_differs")
	}
}

// finish checks what could not be checked on the way: parents, and what everyone is.
func (rd *reader) finish() {
	set := rd.set
	for i, o := range set.Orgs {
		set.Orgs[i].Parent = rd.parent("orgs", o.Mark, o.Parent)
	}
	for i, s := range set.Sessions {
		set.Sessions[i].Parent = rd.parent("academicSessions", s.Mark, s.Parent)
	}
	left := map[string]bool{}
	set.Users = slices.DeleteFunc(set.Users, func(u UserRow) bool {
		if len(rd.roles[u.SourceID]) > 0 {
			return false
		}
		if rd.skipped["roles"][u.SourceID] {
			left[u.SourceID] = true
			return true
		}
		if !rd.infer(u) && set.Modes["users"] == Bulk && !u.Gone {
			set.notes.defect("role_missing", "users.csv", u.Row, "role")
			set.aside["users"] = append(set.aside["users"], u.SourceID)
			left[u.SourceID] = true
			return true
		}
		return false
	})
	if len(left) > 0 {
		set.Enrollments = slices.DeleteFunc(set.Enrollments, func(e EnrollmentRow) bool { return left[e.User] })
		set.Roles = slices.DeleteFunc(set.Roles, func(r RoleRow) bool { return left[r.User] })
	}
	for i, u := range set.Users {
		set.Users[i].Kind = kindOf(rd.roles[u.SourceID])
		set.Roles = append(set.Roles, rd.posts[u.SourceID]...)
	}
}

// infer takes what someone is from a class that they are in.
func (rd *reader) infer(u UserRow) bool {
	e, ok := rd.taught[u.SourceID]
	if !ok {
		return false
	}
	rd.set.notes.warn("role_inferred")
	rd.roles[u.SourceID] = []person.Role{e.Role}
	if at, ok := rd.known["classes"][e.Class]; ok {
		role := RoleRow{Mark: u.Mark, User: u.SourceID, Org: rd.set.Classes[at].School, Role: e.Role}
		rd.set.Roles = append(rd.set.Roles, role)
	}
	return true
}

func (rd *reader) parent(file string, m Mark, id string) string {
	if id == "" || rd.skipped[file][id] {
		return ""
	}
	if id == m.SourceID || !rd.resolves(file, id) {
		rd.set.notes.defect("reference_unresolved", file+".csv", m.Row, "parentSourcedId")
		return ""
	}
	return id
}

// kindOf is staff as soon as one role is not a pupil's; nothing when no role is known.
func kindOf(roles []person.Role) person.Kind {
	kind := person.Kind("")
	for _, role := range roles {
		if role != person.Pupil {
			return person.Staff
		}
		kind = person.Student
	}
	return kind
}
