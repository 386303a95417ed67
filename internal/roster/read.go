package roster

import (
	"errors"
	"slices"
	"strings"

	"aval/internal/fault"
	"aval/internal/person"
)

// reader reads a set file by file, in the order in which files refer to each
// other: whole into memory, or only to count and check.
type reader struct {
	pack    *pack
	set     *Set
	keep    bool                         // rows are kept in the set
	known   map[string]*ids              // by file
	skipped map[string]map[uint64]bool   // by file, what was left aside on purpose
	parents map[string]map[uint64]parent // by file, references to rows that may come later
	hashes  map[string]map[uint64]bool   // by file, of rows that may have a parent
	orgs    map[uint64]place
	schools map[uint64]uint64 // of classes
	users   map[uint64]user
	posts   map[string][]RoleRow     // where each user is what, in version 1.1, of rows that are kept
	taught  map[string]EnrollmentRow // one enrolment of each user, to infer a role, of rows that are kept
	counts  Report                   // of rows that are not kept
}

// place is what was read of an organisation.
type place struct {
	kind string
	gone bool
}

// parent is a reference within one file.
type parent struct {
	row int
	id  uint64
}

func newReader(p *pack, set *Set, keep bool) *reader {
	rd := &reader{pack: p, set: set, keep: keep, known: map[string]*ids{}, skipped: map[string]map[uint64]bool{},
		parents: map[string]map[uint64]parent{"orgs": {}, "academicSessions": {}},
		hashes:  map[string]map[uint64]bool{"orgs": {}, "academicSessions": {}}, orgs: map[uint64]place{},
		schools: map[uint64]uint64{}, users: map[uint64]user{}, posts: map[string][]RoleRow{}, taught: map[string]EnrollmentRow{}}
	for _, file := range Files {
		rd.known[file], rd.skipped[file] = newIDs(keep), map[uint64]bool{}
	}
	return rd
}

// Read reads a OneRoster set from a zip or a folder, within the default limits.
// It refuses (Invalid) what is no such set, what is unsafe to open, and a set
// whose files are not those that its manifest lists; everything else is repaired
// and counted, or a defect.
func Read(path string) (set Set, err error) {
	limits := DefaultLimits()
	set.notes.listed = limits.Listed
	pack, err := openPack(path, limits, &set.notes)
	if err != nil {
		return Set{}, err
	}
	defer func() { err = errors.Join(err, pack.done()) }()
	err = newReader(pack, &set, true).read()
	return set, err
}

func (rd *reader) read() error {
	set := rd.set
	if err := rd.manifest(); err != nil {
		return err
	}
	takers := map[string]func(*row){
		"orgs": rd.org, "academicSessions": rd.session, "courses": rd.course, "classes": rd.class,
		"users": rd.user, "roles": rd.role, "enrollments": rd.enrollment,
	}
	for _, file := range kept {
		if set.Modes[file] == Absent {
			continue
		}
		take := takers[file]
		met, err := rd.file(file, func(r *row) error {
			take(r)
			if r.bad && rd.keep {
				set.aside[file] = append(set.aside[file], r.id)
			}
			return nil
		})
		if err != nil {
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

// file reads one file in a stream and answers how many rows it has.
func (rd *reader) file(file string, take func(*row) error) (met int, err error) {
	src, err := rd.pack.open(file)
	if err != nil {
		return 0, err
	}
	defer func() { _ = src.Close() }() // only read
	t, err := newTable(file, rd.set.Version, rd.set.Modes[file], src, rd.pack)
	if errors.Is(err, errNoRow) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	err = t.each(2, func(r *row) error {
		met++
		return take(r)
	})
	return met, err
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
	switch version := says["oneroster.version"].value; {
	case strings.HasPrefix(version, "1.2"):
		set.Version = "1.2"
	case strings.HasPrefix(version, "1.1"):
		set.Version = "1.1"
	default:
		return fault.New(fault.Invalid, "roster.version_unknown")
	}
	if said := says["oneroster.version"]; said.value != set.Version {
		set.notes.dirt("version_form", "manifest.csv", said.row, "oneroster.version")
	}
	if said := says["manifest.version"]; said.value != "1.0" {
		set.notes.dirt("manifest_version", "manifest.csv", said.row, "manifest.version")
	}
	for _, file := range Files {
		if set.Modes[file], err = rd.modeOf(file, says["file."+file]); err != nil {
			return err
		}
	}
	return rd.rolesSomewhere()
}

// modeOf is what a file is: as the manifest says, which must be what is there.
func (rd *reader) modeOf(file string, said property) (Mode, error) {
	set, has := rd.set, rd.pack.has(file)
	mode := Mode(strings.ToLower(said.value))
	switch {
	case mode == "" && set.Version == "1.1" && only12[file] && !has:
		return Absent, nil
	case mode == "":
		set.notes.dirt("manifest_incomplete", "manifest.csv", 0, "file."+file)
		mode = Absent
		if has {
			mode = Bulk
		}
	case mode != Absent && mode != Bulk && mode != Delta, (mode != Absent) != has:
		if !set.notes.strict {
			return "", fault.New(fault.Invalid, "roster.manifest_differs", file+".csv")
		}
		set.notes.defect("manifest_differs", "manifest.csv", said.row, "file."+file)
		mode = Absent
		if has {
			mode = Bulk
		}
	case string(mode) != said.value:
		set.notes.dirt("manifest_mode_form", "manifest.csv", said.row, "file."+file)
	}
	if mode != Absent && !slices.Contains(kept, file) && !set.notes.strict {
		set.notes.warn("file_not_kept")
	}
	return mode, nil
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
			if !slices.Contains(kept, file) && !set.notes.strict {
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
	if set.notes.strict {
		return nil
	}
	if set.Version == "1.2" && set.Modes["users"] == Bulk && set.Modes["roles"] == Absent {
		set.notes.warn("roles_in_users")
		set.Version = "1.1"
	}
	if set.Version == "1.1" && set.Modes["roles"] != Absent {
		return fault.New(fault.Invalid, "roster.manifest_differs", "roles.csv")
	}
	return nil
}

// property is what the manifest says of one thing.
type property struct {
	value string
	row   int
}

// properties reads manifest.csv.
func (rd *reader) properties() (map[string]property, error) {
	src, err := rd.pack.open("manifest")
	if err != nil {
		return nil, err
	}
	defer func() { _ = src.Close() }() // only read
	t := &table{file: "manifest", notes: rd.pack.notes, width: 2,
		scan: newScanner("manifest", src, rd.pack.limits), pack: rd.pack}
	if err := t.encoding(); err != nil {
		return nil, err
	}
	says := map[string]property{}
	header := true
	err = t.each(1, func(r *row) error {
		name, value := strings.TrimSpace(r.cells[0]), ""
		if len(r.cells) > 1 {
			value = strings.TrimSpace(r.cells[1])
		}
		if header {
			header = false
			if name != "propertyName" || value != "value" {
				t.dirt("manifest_header", 1, "")
			} else {
				return nil
			}
		}
		rd.property(says, t, name, property{value, r.n})
		return nil
	})
	return says, err
}

// property keeps what the manifest says; what it says last stands.
func (rd *reader) property(says map[string]property, t *table, name string, said property) {
	file, ofFile := strings.CutPrefix(name, "file.")
	switch name {
	case "manifest.version", "oneroster.version", "source.systemName", "source.systemCode":
	default:
		if !ofFile || !slices.Contains(Files, file) {
			t.dirt("manifest_unknown", said.row, "")
			return
		}
	}
	if _, twice := says[name]; twice {
		t.dirt("manifest_twice", said.row, name)
	}
	says[name] = said
}

// put keeps a row; a record given twice stands once, as it was said last. It
// answers whether the row is the first of its record.
func put[T any](rd *reader, r *row, list *[]T, id string, value T) bool {
	if r.bad {
		return false
	}
	at, twice := rd.known[r.t.file].put(id, len(*list))
	switch {
	case twice:
		r.warn("duplicate_row")
		if rd.keep {
			(*list)[at] = value
		}
	case rd.keep:
		*list = append(*list, value)
	}
	return !twice
}

// resolves tells whether a reference leads somewhere. One to a file that is not
// the whole truth is looked up in the board's tables later.
func (rd *reader) resolves(file, id string) bool {
	return rd.set.Modes[file] != Bulk || rd.known[file].has(id)
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
		rd.skipped["orgs"][hash(o.SourceID)] = true
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
	if !r.bad {
		rd.under(r, o.SourceID, o.Parent)
		rd.orgs[hash(o.SourceID)] = place{o.Kind, o.Gone}
	}
}

// under keeps a reference within one file until all of it is read.
func (rd *reader) under(r *row, id, to string) {
	rd.hashes[r.t.file][hash(id)] = true
	if to != "" {
		rd.parents[r.t.file][hash(id)] = parent{r.n, hash(to)}
	} else {
		delete(rd.parents[r.t.file], hash(id))
	}
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
	if !r.bad {
		rd.under(r, s.SourceID, s.Parent)
	}
}

// schoolYear is the year in which the school year ends, however it was written.
func (r *row) schoolYear(s SessionRow) string {
	value, dirt := schoolYearOf(r.text("schoolYear"), s.Kind, s.Start, s.End)
	if dirt != "" && (dirt != "school_year_missing" || r.t.version != "1.0") {
		r.warn(dirt)
	}
	return value
}

// schoolYearOf reads a school year beside the days on which a session begins and
// ends, and says what is wrong with how it is written.
func schoolYearOf(written, kind, start, end string) (value, dirt string) {
	switch {
	case written == "":
		return end[:4], "school_year_missing"
	case len(written) == 4 && isDigits(written):
		if kind == "schoolYear" && written == start[:4] && written < end[:4] {
			return end[:4], "school_year_start"
		}
		return written, ""
	case len(written) == 9 && isDigits(written[:4]) && isDigits(written[5:]):
		return written[5:], "school_year_range"
	case len(written) == 7 && isDigits(written[:4]) && isDigits(written[5:]):
		return written[:2] + written[5:], "school_year_range"
	}
	return end[:4], "school_year_unreadable"
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return false
		}
	}
	return true
}

func (rd *reader) course(r *row) {
	c := CourseRow{Mark: r.mark(), Title: r.need("title"), Code: r.text("courseCode"), Org: r.want("orgSourcedId")}
	c.Org = rd.optional(r, "orgs", "orgSourcedId", c.Org)
	put(rd, r, &rd.set.Courses, c.SourceID, c)
}

// optional empties a reference that leads nowhere: a defect, but the row stands.
func (rd *reader) optional(r *row, file, field, id string) string {
	if id == "" || len(rd.skipped[file]) > 0 && rd.skipped[file][hash(id)] {
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
	if put(rd, r, &rd.set.Classes, c.SourceID, c) && !c.Gone {
		rd.counts.Classes++
	}
	if !r.bad {
		rd.schools[hash(c.SourceID)] = hash(c.School)
	}
}

func (rd *reader) user(r *row) {
	u := UserRow{Mark: r.mark(), Given: r.need("givenName"), Family: r.need("familyName"), Email: r.text("email"),
		Number: r.text("identifier"), Username: r.want("username")}
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
	if !r.bad {
		rd.stands(u)
	}
}

func (rd *reader) stands(u UserRow) {
	key := hash(u.SourceID)
	was := rd.users[key]
	was.row, was.what = uint32(u.Row), was.what&^gone|standing //nolint:gosec // rows are bounded
	if u.Gone {
		was.what |= gone
	}
	rd.users[key] = was
}

// learn notes something of a user.
func (rd *reader) learn(id string, w what) {
	key := hash(id)
	was := rd.users[key]
	if was.what|w != was.what {
		was.what |= w
		rd.users[key] = was
	}
}

// about is what was learnt of a user.
func (rd *reader) about(id string) what { return rd.users[hash(id)].what }

// of says whether a role is a pupil's.
func of(role person.Role) what {
	if role == person.Pupil {
		return pupil
	}
	return staff
}

// rolesOf reads the one role that version 1.1 gives to a user in each of the
// user's schools. It answers false for a guardian, who is left aside.
func (rd *reader) rolesOf(r *row, u UserRow) bool {
	word := r.need("role")
	orgs := r.list("orgSourcedIds")
	if len(orgs) == 0 {
		r.want("orgSourcedIds")
	}
	delete(rd.users, hash(u.SourceID))
	delete(rd.posts, u.SourceID)
	for _, org := range append(orgs, "")[:max(len(orgs), 1)] {
		org = rd.optional(r, "orgs", "orgSourcedIds", org)
		role, known := rd.roleOf(r, word, org)
		if known == guardian {
			r.warn("guardian_ignored")
			rd.learn(u.SourceID, leftAside)
			return false
		}
		if r.bad || known == unmapped {
			continue
		}
		rd.learn(u.SourceID, of(role))
		if org != "" && rd.keep {
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
	switch rd.orgs[hash(org)].kind {
	case "department":
		return person.DepartmentHead
	case "board":
		return person.Administrator
	}
	return person.Principal
}

func (rd *reader) role(r *row) {
	role := RoleRow{Mark: r.mark(), User: rd.required(r, "users", "userSourcedId")}
	org := r.need("orgSourcedId")
	if len(rd.skipped["orgs"]) > 0 && rd.skipped["orgs"][hash(org)] {
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
		rd.learn(role.User, guardians)
		return
	case known == unmapped || r.bad:
		return
	case !role.Gone:
		rd.learn(role.User, of(role.Role))
	}
	put(rd, r, &rd.set.Roles, role.SourceID, role)
}

func (rd *reader) enrollment(r *row) {
	user := r.text("userSourcedId")
	about := rd.about(user)
	if about.is(leftAside) || about.is(guardians) && !about.is(pupil|staff) {
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
	if !e.Gone && !about.is(pupil|staff|taughtOne) {
		rd.teaches(e)
	}
	if put(rd, r, &rd.set.Enrollments, e.SourceID, e) && !e.Gone {
		rd.counts.Enrollments++
	}
}

// teaches remembers the first class of a user of whom no role is known.
func (rd *reader) teaches(e EnrollmentRow) {
	if rd.keep {
		rd.taught[e.User] = e
	}
	if e.Role == person.Pupil {
		rd.learn(e.User, taughtOne|learnsThere)
		return
	}
	rd.learn(e.User, taughtOne)
}

// sameSchool counts an enrolment that puts a class in another school: the class knows better.
func (rd *reader) sameSchool(r *row, e EnrollmentRow) {
	school := r.want("schoolSourcedId")
	if at, ok := rd.schools[hash(e.Class)]; ok && school != "" && at != hash(school) {
		r.warn("enrollment_school_differs")
	}
}
