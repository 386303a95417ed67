package roster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/internal/fault"
	"aval/internal/grade"
	"aval/internal/person"
)

// reader reads a set file by file, in the order in which files refer to each
// other. It remembers which records there are, and hands the rows on.
type reader struct {
	pack    *pack
	set     *Set
	taker   taker                        // who is given the rows; nil where they are only counted and checked
	failed  error                        // of the taker
	known   map[string]*ids              // by file
	skipped map[string]map[uint64]bool   // by file, what was left aside on purpose
	parents map[string]map[uint64]parent // by file, references to rows that may come later
	hashes  map[string]map[uint64]bool   // by file, of rows that may have a parent
	orgs    map[uint64]place
	schools map[uint64]uint64 // of classes
	users   map[uint64]user
	taught  map[uint64]taught // one enrolment of each user of whom no role is known
	counts  Report
	words   grade.Vocabulary // how the set writes grades
	today   time.Time
}

// taker is given the rows of a set: organisations and sessions once the set is
// read, the others as they come, but users last, since what someone is stands in
// other files. again says that an earlier row told the same record, which no
// longer counts.
type taker interface {
	opening(file string) error // before the rows of a file
	course(c CourseRow, again bool) error
	class(c ClassRow, again bool) error
	role(r RoleRow, again bool) error
	enrollment(e EnrollmentRow, again bool) error
	user(u UserRow) error
	aside(file, id string) error // a row that is left aside: its record is still there
	nobody(id string) error      // a user who is nothing: left aside, with all that others say of them
}

// taught is a class in which someone is, and as what.
type taught struct {
	class uint64
	role  person.Role
}

// place is what was read of an organisation.
type place struct {
	id, kind string
	gone     bool
}

// parent is a reference within one file.
type parent struct {
	row int
	id  uint64
}

func newReader(p *pack, set *Set, t taker) *reader {
	rd := &reader{words: grade.Usual(grade.Quebec), today: time.Now(), pack: p, set: set, taker: t, known: map[string]*ids{}, skipped: map[string]map[uint64]bool{},
		parents: map[string]map[uint64]parent{"orgs": {}, "academicSessions": {}},
		hashes:  map[string]map[uint64]bool{"orgs": {}, "academicSessions": {}}, orgs: map[uint64]place{},
		schools: map[uint64]uint64{}, users: map[uint64]user{}, taught: map[uint64]taught{}}
	for _, file := range Files {
		rd.known[file], rd.skipped[file] = &ids{}, map[uint64]bool{}
	}
	return rd
}

func (rd *reader) read() error {
	set := rd.set
	if err := rd.manifest(); err != nil {
		return err
	}
	takers := map[string]func(*row){
		"orgs": rd.org, "academicSessions": rd.session, "courses": rd.course, "classes": rd.class,
		"users": rd.user, "roles": rd.role, "enrollments": rd.enrollment, "demographics": rd.birth,
	}
	for _, file := range kept {
		if set.Modes[file] == Absent {
			continue
		}
		take := takers[file]
		if rd.hand(func(t taker) error { return t.opening(file) }); rd.failed != nil {
			return rd.failed
		}
		met, err := rd.file(file, func(r *row) error {
			take(r)
			if r.bad {
				rd.hand(func(t taker) error { return t.aside(file, r.id) })
			}
			return rd.failed
		})
		if err != nil {
			return err
		}
		if met == 0 { // an empty file must not read as "everyone is gone"
			set.notes.warn("file_empty")
			set.Modes[file] = Absent
		}
		if !refersTo(file) {
			rd.known[file] = nil // nobody refers to it: its ids are let go
		}
	}
	return rd.finish()
}

// hand gives something to who takes the rows, if anyone does.
func (rd *reader) hand(give func(t taker) error) {
	if rd.taker != nil && rd.failed == nil {
		rd.failed = give(rd.taker)
	}
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
	set.Modes, set.places = map[string]Mode{}, map[string]map[string]int{}
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
	if err := t.separator(); err != nil {
		return nil, err
	}
	says := map[string]property{}
	header := true
	err = t.each(1, func(r *row) error {
		name, value := strings.TrimSpace(r.cells[0]), ""
		spaced := name != r.cells[0]
		if len(r.cells) > 1 {
			value = strings.TrimSpace(r.cells[1])
			spaced = spaced || value != r.cells[1]
		}
		if spaced {
			t.dirt("manifest_spaces", r.n, "")
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

// put notes a row's record. Of one given twice what was said last stands. It
// answers whether the row stands, and whether it is the first of its record.
func (rd *reader) put(r *row, id string) (stands, first bool) {
	if r.bad {
		return false, false
	}
	first = rd.known[r.t.file].put(id)
	if !first {
		r.warn("duplicate_row")
	}
	return true, first
}

// few keeps a row of a file that has few, in its place.
func few[T any](rd *reader, file string, list *[]T, id string, value T) {
	if rd.taker == nil {
		return
	}
	if at, twice := rd.set.places[file][id]; twice {
		(*list)[at] = value
		return
	}
	if rd.set.places[file] == nil {
		rd.set.places[file] = map[string]int{}
	}
	rd.set.places[file][id] = len(*list)
	*list = append(*list, value)
}

// resolves tells whether a reference leads somewhere. One to a file that is not
// the whole truth is looked up in the board's tables later.
func (rd *reader) resolves(file, id string) bool {
	return rd.set.Modes[file] != Bulk || rd.known[file].has(id)
}

func (rd *reader) org(r *row) {
	o := OrgRow{Mark: r.mark(), Name: r.need("name"), Identifier: r.text("identifier"), Parent: r.text("parentSourcedId")}
	switch kind := r.spelt("type", r.need("type")); kind {
	case "school", "department":
		o.Kind = kind
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
	if stands, _ := rd.put(r, o.SourceID); stands {
		few(rd, "orgs", &rd.set.Orgs, o.SourceID, o)
		rd.under(r, o.SourceID, o.Parent)
		rd.orgs[hash(o.SourceID)] = place{strings.Clone(o.SourceID), o.Kind, o.Gone}
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
	s := SessionRow{Mark: r.mark(), Title: r.need("title"), Kind: r.spelt("type", r.want("type")), Start: r.date("startDate"),
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
		r.inOrder(s.Start, s.End)
	}
	if stands, _ := rd.put(r, s.SourceID); stands {
		few(rd, "academicSessions", &rd.set.Sessions, s.SourceID, s)
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
	last := end[:4]
	if kind == "schoolYear" && start < end && strings.HasSuffix(end, "-01-01") { // which is exclusive
		last = fmt.Sprintf("%04d", int(end[0]-'0')*1000+int(end[1]-'0')*100+number(end[2:])-1)
	}
	switch {
	case written == "":
		return last, "school_year_missing"
	case len(written) == 4 && isDigits(written):
		if kind == "schoolYear" && written == start[:4] && written < last {
			return last, "school_year_start"
		}
		if kind == "schoolYear" && start < end && written != last {
			return written, "school_year_differs"
		}
		return written, ""
	case len(written) == 9 && isDigits(written[:4]) && isDigits(written[5:]):
		return written[5:], "school_year_range"
	case len(written) == 7 && isDigits(written[:4]) && isDigits(written[5:]):
		return written[:2] + written[5:], "school_year_range"
	}
	return last, "school_year_unreadable"
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
	if stands, first := rd.put(r, c.SourceID); stands {
		rd.hand(func(t taker) error { return t.course(c, !first) })
	}
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
		School: rd.required(r, "orgs", "schoolSourcedId"), Grade: strings.Join(r.grades(rd.words), ",")}
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
	terms := r.ids("termSourcedIds")
	if len(terms) == 0 {
		r.want("termSourcedIds")
	}
	for _, term := range terms {
		if term = rd.optional(r, "academicSessions", "termSourcedIds", term); term != "" {
			c.Terms = append(c.Terms, term)
		}
	}
	stands, first := rd.put(r, c.SourceID)
	if first && !c.Gone {
		rd.counts.Classes++
	}
	if stands {
		rd.schools[hash(c.SourceID)] = hash(c.School)
		rd.hand(func(t taker) error { return t.class(c, !first) })
	}
}

func (rd *reader) user(r *row) {
	u := rd.userOf(r)
	if rd.set.Version != "1.2" {
		_, are := rd.postsOf(r, u)
		delete(rd.users, hash(u.SourceID))
		if are != 0 {
			rd.learn(u.SourceID, are)
		}
		if are.is(leftAside) {
			return
		}
	}
	if stands, _ := rd.put(r, u.SourceID); stands {
		rd.stands(u)
	}
}

// userOf reads a row of users.csv, but what the user is.
func (rd *reader) userOf(r *row) UserRow {
	u := UserRow{Mark: r.mark(), Given: r.need("givenName"), Family: r.need("familyName"), Email: r.text("email"),
		Number: r.text("identifier"), Username: r.want("username")}
	r.want("enabledUser")
	if words := r.grades(rd.words); len(words) > 0 {
		u.Grade = words[0]
	}
	if u.Email != "" && strings.Count(u.Email, "@") != 1 {
		r.warn("email_form")
		u.Email = ""
	}
	return u
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
