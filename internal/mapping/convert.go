package mapping

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"aval/internal/db"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/roster"
	"aval/internal/sheet"
)

// Report is what became of the files. Scripts read it: its JSON form is a promise. A
// defect names the part as its file, the row as a spreadsheet counts and the field,
// never what stands there.
type Report struct {
	Mapping    string                  `json:"mapping"`
	Version    int64                   `json:"version"`
	Encodings  map[Part]sheet.Encoding `json:"encodings"`
	Rows       map[Part]int            `json:"rows"`
	Pupils     int                     `json:"pupils"`
	Staff      int                     `json:"staff"`
	Guardians  int                     `json:"guardians"`
	NewSchools int                     `json:"new_schools"`
	Kept       int                     `json:"kept"` // people of whom the files do not speak, and who stay
	Warnings   []roster.Warning        `json:"warnings"`
	Defects    []roster.Defect         `json:"defects"`
}

// conversion is the files of one mapping on their way into a set.
type conversion struct {
	Mapping
	set   *set
	held  held
	r     Report
	warn  map[string]int
	now   time.Time
	names map[string]seen // by source id, who stands in the set
	aside map[string]bool // source ids of rows that were left aside: still there, so not gone

	orgs     map[string]org.Org // by source id
	named    map[string]string  // what a file calls a school → its source id
	schools  map[string]bool    // source ids of those that the pupils' file speaks of
	classes  map[string]*class  // by source id
	done     map[string]bool    // ids of roles and enrolments that were written
	teachers map[string]string  // number or folded name → source id; "" where several have it
	days     orders             // days of birth whose form is not known yet
	guarded  map[string]string  // pupil's source id → school's, for the roles of guardians
}

// seen is who a source id stood for first.
type seen struct {
	name   string
	school string
}

type class struct {
	school, group, grade string
	grades               int // different ones met
}

const listed = 1000

func (c *conversion) defect(code string, p Part, row int, f Field) {
	if len(c.r.Defects) == listed {
		c.warn["defects_not_listed"]++
		return
	}
	c.r.Defects = append(c.r.Defects, roster.Defect{Code: code, File: string(p), Row: row, Field: string(f)})
}

// Input is a file of a part.
type Input struct {
	io.ReaderAt
	Size int64
}

// Convert writes a OneRoster 1.2 set into a folder that is empty: of the files, and of
// what the board holds that they do not speak of. Staff stay where no file of staff is
// there; where a mapping covers schools, so does who is at others.
func (m Mapping) convert(dir string, files map[Part]Input, h held, now time.Time, l sheet.Limits) (r Report, err error) {
	c := &conversion{Mapping: m, held: h, now: now, warn: map[string]int{}, names: map[string]seen{}, aside: map[string]bool{},
		orgs: map[string]org.Org{}, named: map[string]string{}, schools: map[string]bool{}, classes: map[string]*class{},
		done: map[string]bool{}, teachers: map[string]string{}, guarded: map[string]string{},
		r: Report{Mapping: m.Name, Version: m.Version, Encodings: map[Part]sheet.Encoding{}, Rows: map[Part]int{}, Defects: []roster.Defect{}}}
	if c.set, err = newSet(dir, now.UTC().Format("2006-01-02T15:04:05.000Z")); err != nil {
		return r, err
	}
	c.learn(files)
	for _, part := range []Part{Staff, Pupils, Guardians} {
		if in, ok := files[part]; ok && err == nil {
			err = c.file(part, in, l)
		}
	}
	if err == nil && c.r.Pupils+len(c.aside) == 0 {
		err = refuse("mapping.nobody")
	}
	for _, step := range []func() error{c.date, c.carry, c.writeClasses, c.writeOrgs} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		return r, errors.Join(err, c.set.close())
	}
	c.r.Warnings = []roster.Warning{}
	for _, code := range slices.Sorted(maps.Keys(c.warn)) {
		c.r.Warnings = append(c.r.Warnings, roster.Warning{Code: code, Count: c.warn[code]})
	}
	return c.r, c.set.end()
}

// learn files what the board holds under what a file may call it.
func (c *conversion) learn(files map[Part]Input) {
	for _, o := range c.held.orgs {
		c.orgs[o.SourceID] = o
	}
	for _, o := range c.held.orgs {
		if o.Kind != org.School || o.Status != org.Active {
			continue
		}
		for _, name := range []string{o.Name, o.SourceID, o.Identifier} { // the last is the surest
			if name != "" {
				c.named[db.Fold(name)] = o.SourceID
			}
		}
	}
	if _, told := files[Staff]; told {
		return
	}
	for _, p := range c.held.people {
		if p.Kind == person.Staff {
			c.teaches(p.Number, p.GivenName, p.FamilyName, p.SourceID)
		}
	}
}

// teaches files a member of staff under what the pupils' file may call them.
func (c *conversion) teaches(number, given, family, id string) {
	for _, name := range []string{number, family + " " + given, given + " " + family} {
		name = db.Fold(strings.ReplaceAll(name, ",", " "))
		if other, known := c.teachers[name]; known && other != id {
			id = ""
		}
		if name != "" {
			c.teachers[name] = id
		}
	}
}

// file reads one file, row by row.
func (c *conversion) file(part Part, in Input, l sheet.Limits) (err error) {
	s, err := sheet.Open(in, in.Size, l)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	rd := reader{c: c, part: part, form: c.Parts[part], at: map[Field]int{}}
	if err := rd.header(s.Header); err != nil {
		return err
	}
	take := map[Part]func(*reader) error{Pupils: c.pupil, Staff: c.staff, Guardians: c.guardian}[part]
	for {
		cells, whole, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		c.r.Rows[part]++
		rd.cells, rd.row, rd.bad = cells, s.Row, false
		if !whole {
			rd.spoil("row_long", "")
		}
		if err := take(&rd); err != nil {
			return err
		}
	}
	for code, n := range s.Dirt() {
		if code != "row_long" { // each is a defect
			c.warn[code] += n
		}
	}
	if s.Sheets > 1 {
		c.warn["sheet_not_read"] += s.Sheets - 1
	}
	c.r.Encodings[part] = s.Encoding()
	if s.Encoding() == sheet.Mixed {
		c.warn["encoding_mixed"]++
	}
	return noRows(c.r.Rows[part])
}

// reader is one file of a part, at one row.
type reader struct {
	c     *conversion
	part  Part
	form  Form
	at    map[Field]int
	cells []string
	row   int
	bad   bool
}

func (r *reader) spoil(code string, f Field) {
	r.bad = true
	r.c.defect(code, r.part, r.row, f)
}

// header finds the columns that the mapping reads. It refuses a file that lacks one, or
// has it twice.
func (r *reader) header(header []string) error {
	if err := isHeader(header); err != nil {
		return err
	}
	for i, h := range header {
		if _, times := find(header, h); key(h) != "" && times > 1 {
			if at, _ := find(header, h); at != i {
				r.c.warn["column_twice"]++
			}
		}
	}
	twice := ""
	for _, field := range slices.Sorted(maps.Keys(r.form.Columns)) {
		column := r.form.Columns[field]
		at, times := find(header, column)
		if at < 0 {
			return refuse("mapping.file_lacks", column)
		}
		if times > 1 && twice == "" {
			twice = column
		}
		r.at[field] = at
	}
	if twice != "" {
		return refuse("mapping.file_twice", twice)
	}
	return nil
}

// text is what a row says of a field: its cell, or the word that stands for all.
func (r *reader) text(f Field) string {
	if at, ok := r.at[f]; ok && r.cells[at] != "" {
		return r.cells[at]
	}
	return r.form.Constants[f]
}

// need is what a row must say of a field, or it is left aside.
func (r *reader) need(f Field) string {
	text := r.text(f)
	if text == "" && !r.bad {
		r.spoil("required_missing", f)
	}
	return text
}

// rounded is a number of which a spreadsheet has kept the first digits only.
var rounded = regexp.MustCompile(`^[0-9][,.][0-9]+[eE]\+[0-9]+$`)

// number is what a person is known by; one that lost its first zeros gets them back.
func (r *reader) number(f Field) string {
	text := r.need(f)
	if rounded.MatchString(text) {
		r.spoil("number_rounded", f)
		return ""
	}
	if n := r.c.Digits - len(text); n > 0 && text != "" && shapeOf(text) == Digits {
		r.c.warn["number_filled"]++
		text = strings.Repeat("0", n) + text
	}
	return text
}

// names are a given and a family name, apart or as "Family, Given".
func (r *reader) names() (given, family string) {
	given, family = r.text(Given), r.text(Family)
	if whole := r.text(Name); given == "" && family == "" && whole != "" {
		family, given, _ = strings.Cut(whole, ",")
		given, family = strings.TrimSpace(given), strings.TrimSpace(family)
	}
	if (given == "" || family == "") && !r.bad {
		r.spoil("required_missing", Family)
	}
	return given, family
}

// groups are those of a row, each once.
func (r *reader) groups() (list []string) {
	parts := []string{r.text(Group)}
	if r.c.Split != "" {
		parts = strings.Split(parts[0], r.c.Split)
	}
	for _, g := range parts {
		if g = strings.TrimSpace(g); g != "" && !slices.Contains(list, g) {
			list = append(list, g)
		}
	}
	return list
}

// school is the source id of what a row calls a school: one that the board knows by its
// number, its id or its name, or else another.
func (r *reader) school() string {
	code, name := r.need(School), r.text(SchoolName)
	if code == "" {
		return ""
	}
	for _, said := range []string{code, name} {
		if id, ok := r.c.named[db.Fold(said)]; ok && said != "" {
			if o := r.c.orgs[id]; o.ID == "" && o.Name == code && name != "" { // new, and called by its code until now
				o.Name = name
				r.c.orgs[id] = o
			}
			return id
		}
	}
	o := org.Org{SourceID: sourceID("school", db.Fold(code)), Kind: org.School, Name: cmp.Or(name, code), Identifier: code, Status: org.Active}
	r.c.orgs[o.SourceID], r.c.named[db.Fold(code)] = o, o.SourceID
	r.c.r.NewSchools++
	return o.SourceID
}

// once answers whether a row is the first of its person. Another row of the same person
// adds to it; one of another name under the same number is a defect.
func (r *reader) once(id, given, family, school string) (first bool) {
	name := db.Fold(family + "|" + given)
	was, known := r.c.names[id]
	switch {
	case !known:
		r.c.names[id] = seen{name, school}
		return true
	case was.name != name:
		r.spoil("number_twice", Number)
	}
	return false
}

func (c *conversion) pupil(r *reader) error {
	number := r.number(Number)
	given, family := r.names()
	school := r.school()
	id := sourceID("pupil", number)
	if r.bad {
		if number != "" {
			c.aside[id] = true
		}
		return nil
	}
	first := r.once(id, given, family, school)
	if r.bad {
		return nil
	}
	if first {
		c.r.Pupils++
		if err := c.set.row("users", id, map[string]string{"enabledUser": "true", "username": id, "givenName": given, "familyName": family,
			"identifier": number, "email": r.text(Email), "grades": r.text(Grade), "primaryOrgSourcedId": school}); err != nil {
			return err
		}
		if err := c.born(r, id); err != nil {
			return err
		}
	}
	c.schools[school], c.guarded[id] = true, school
	if err := c.post(id, school, "student"); err != nil {
		return err
	}
	return c.seats(r, id, school)
}

// seats puts a pupil in the groups of a row, and who is named there before them.
func (c *conversion) seats(r *reader, id, school string) error {
	for _, group := range r.groups() {
		in := c.class(school, group, r.text(Grade))
		if err := c.seat(in, school, id, "student"); err != nil {
			return err
		}
		teacher := db.Fold(strings.ReplaceAll(r.text(Teacher), ",", " "))
		if teacher == "" {
			continue
		}
		switch who, known := c.teachers[teacher]; {
		case !known:
			c.warn["teacher_unknown"]++
		case who == "":
			c.warn["teacher_ambiguous"]++
		default:
			if err := c.seat(in, school, who, "teacher"); err != nil {
				return err
			}
		}
	}
	return nil
}

// class is the group of a school.
func (c *conversion) class(school, group, grade string) string {
	id := sourceID("class", school, db.Fold(group))
	k := c.classes[id]
	if k == nil {
		k = &class{school: school, group: group}
		c.classes[id] = k
	}
	if grade != "" && k.grade != grade {
		k.grade = grade
		k.grades++
	}
	return id
}

func (c *conversion) post(id, school, role string) error {
	key := sourceID("role", id, school, role)
	if c.done[key] {
		return nil
	}
	c.done[key] = true
	return c.set.row("roles", key, map[string]string{"userSourcedId": id, "roleType": "primary", "role": role, "orgSourcedId": school})
}

func (c *conversion) seat(class, school, id, role string) error {
	key := sourceID("seat", class, id)
	if c.done[key] {
		return nil
	}
	c.done[key] = true
	return c.set.row("enrollments", key, map[string]string{"classSourcedId": class, "schoolSourcedId": school, "userSourcedId": id, "role": role})
}

// jobs are what a file may call a function, and the standard's word.
var jobs = map[string]string{
	"": "teacher", "enseignant": "teacher", "enseignante": "teacher", "teacher": "teacher", "titulaire": "teacher",
	"direction": "principal", "directeur": "principal", "directrice": "principal", "principal": "principal",
	"direction adjointe": "ext:vicePrincipal", "directeur adjoint": "ext:vicePrincipal", "directrice adjointe": "ext:vicePrincipal",
	"vice principal": "ext:vicePrincipal", "professionnel": "ext:professional", "professionnelle": "ext:professional",
	"professional": "ext:professional", "soutien": "aide", "aide": "aide", "counselor": "counselor",
}

func (c *conversion) staff(r *reader) error {
	number := r.number(Number)
	given, family := r.names()
	school := r.school()
	id := sourceID("staff", number)
	if r.bad {
		if number != "" {
			c.aside[id] = true
		}
		return nil
	}
	first := r.once(id, given, family, school)
	if r.bad {
		return nil
	}
	role, known := jobs[db.Fold(strings.ReplaceAll(r.text(Role), "-", " "))]
	if !known {
		c.warn["role_unknown"]++
		role = "aide"
	}
	if first {
		c.r.Staff++
		c.teaches(number, given, family, id)
		if err := c.set.row("users", id, map[string]string{"enabledUser": "true", "username": id, "givenName": given, "familyName": family,
			"identifier": number, "email": r.text(Email), "primaryOrgSourcedId": school}); err != nil {
			return err
		}
	}
	if err := c.post(id, school, role); err != nil {
		return err
	}
	for _, group := range r.groups() {
		if err := c.seat(c.class(school, group, ""), school, id, "teacher"); err != nil {
			return err
		}
	}
	return nil
}

// kinships are what a file may call a guardian, and the standard's word.
var kinships = map[string]string{
	"mere": "parent", "pere": "parent", "mother": "parent", "father": "parent", "parent": "parent", "tuteur": "guardian", "tutrice": "guardian",
	"guardian": "guardian", "legal guardian": "guardian", "repondant": "guardian", "repondante": "guardian",
	"grand mere": "relative", "grand pere": "relative", "oncle": "relative", "tante": "relative", "relative": "relative",
}

func (c *conversion) guardian(r *reader) error {
	pupil := sourceID("pupil", r.number(Pupil))
	given, family := r.names()
	if r.bad {
		return nil
	}
	school, known := c.guarded[pupil]
	if !known {
		c.warn["guardian_of_nobody"]++
		return nil
	}
	number, email := r.text(Number), r.text(Email)
	id := sourceID("guardian", "n", number)
	if number == "" {
		id = sourceID("guardian", "a", hashed(family, given, cmp.Or(email, r.text(Phone), pupil)))
	}
	if first := r.once(id, given, family, ""); r.bad {
		return nil
	} else if first {
		c.r.Guardians++
		if err := c.set.row("users", id, map[string]string{"enabledUser": "true", "username": id, "givenName": given, "familyName": family,
			"identifier": number, "email": email, "phone": r.text(Phone), "metadata.address": r.text(Address),
			"metadata.language": r.text(Language)}); err != nil {
			return err
		}
	}
	relation := r.text(Relation)
	role := cmp.Or(kinships[db.Fold(strings.ReplaceAll(relation, "-", " "))], "guardian")
	key := sourceID("role", id, pupil)
	if c.done[key] {
		c.warn["guardian_twice"]++
		return nil
	}
	c.done[key] = true
	return c.set.row("roles", key, map[string]string{"userSourcedId": id, "roleType": "primary", "role": role, "orgSourcedId": school,
		"metadata.pupilSourcedId": pupil, "metadata.relation": relation, "metadata.restriction": r.text(Restriction)})
}

// writeClasses adds the groups that the files name, in the year that runs.
func (c *conversion) writeClasses() error {
	if len(c.classes) == 0 {
		return nil
	}
	begin := time.Date(c.now.Year(), time.July, 1, 0, 0, 0, 0, time.UTC)
	if c.now.Before(begin) {
		begin = begin.AddDate(-1, 0, 0)
	}
	end := begin.AddDate(1, 0, 0)
	year := sourceID("year", end.Format("2006"))
	if err := c.set.row("academicSessions", year, map[string]string{"title": begin.Format("2006") + "-" + end.Format("2006"), "type": "schoolYear",
		"startDate": begin.Format(time.DateOnly), "endDate": end.Format(time.DateOnly), "schoolYear": end.Format("2006")}); err != nil {
		return err
	}
	courses := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(c.classes)) {
		k := c.classes[id]
		course := sourceID("course", k.school)
		if !courses[course] {
			courses[course] = true
			if err := c.set.row("courses", course, map[string]string{"title": c.orgs[k.school].Name, "orgSourcedId": k.school}); err != nil {
				return err
			}
		}
		grade := k.grade
		if k.grades > 1 {
			grade = ""
		}
		if err := c.set.row("classes", id, map[string]string{"title": k.group, "grades": grade, "courseSourcedId": course, "classCode": k.group,
			"classType": "homeroom", "schoolSourcedId": k.school, "termSourcedIds": year}); err != nil {
			return err
		}
	}
	return nil
}

// writeOrgs says the schools that are new and, as they are, those that others refer to.
func (c *conversion) writeOrgs() error {
	kinds := map[org.Kind]string{org.School: "school", org.Department: "department", org.Board: "district"}
	byID := map[string]string{}
	top := ""
	for _, o := range c.held.orgs {
		byID[o.ID] = o.SourceID
		if o.Kind == org.Board && o.Status == org.Active {
			top = o.SourceID
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.orgs)) {
		o := c.orgs[id]
		if strings.HasPrefix(id, org.ByHand) || o.Status != org.Active {
			continue
		}
		parent := byID[o.ParentID]
		if o.ID == "" {
			parent = top
		}
		if strings.HasPrefix(parent, org.ByHand) {
			parent = ""
		}
		if err := c.set.row("orgs", id, map[string]string{"name": o.Name, "type": kinds[o.Kind], "identifier": o.Identifier,
			"parentSourcedId": parent}); err != nil {
			return err
		}
	}
	return nil
}
