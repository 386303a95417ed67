// Package roster brings a school board's people into aval and keeps them in
// step: schools, classes, pupils, staff and who is in which class (policy A,
// 1.3 f and 6.3 e). It reads OneRoster CSV sets, versions 1.0, 1.1 and 1.2, as
// pupil-information systems really write them.
//
//	a zip or a folder --Import--> staged (repaired, dirt counted) --> the board's tables
//	                  --Validate--> Check (no rows kept; or to the letter)
//
// A set is read in a stream: what is kept in memory of a row is that it is there.
//
// Dirt that has one possible meaning is repaired and counted as a warning. What
// cannot be repaired is a defect: it names the file, the row and the column, and
// never the value, which may be a child's name. A row is left aside only when it
// cannot stand without what is missing.
package roster

import (
	"cmp"
	"slices"

	"aval/internal/person"
)

// Mode says what a file of the set is.
type Mode string

// A bulk file is the whole truth: what it does not hold is gone. A delta file
// tells changes only.
const (
	Absent Mode = "absent"
	Bulk   Mode = "bulk"
	Delta  Mode = "delta"
)

// Set is what a OneRoster set says, repaired, its references checked.
type Set struct {
	Version     string          // 1.0, 1.1 or 1.2
	Modes       map[string]Mode // by the file's name without .csv
	Orgs        []OrgRow
	Sessions    []SessionRow
	Courses     []CourseRow
	Users       []UserRow
	Roles       []RoleRow
	Classes     []ClassRow
	Enrollments []EnrollmentRow

	notes  notes
	places map[string]map[string]int // of organisations and sessions in their lists
}

// tells is of whom the set tells what they are and where.
func (s *Set) tells() person.Telling {
	switch {
	case s.Version == "1.2" && s.Modes["roles"] != Bulk:
		return person.Changes
	case s.Modes["users"] == Bulk:
		return person.Everyone
	}
	return person.Anew
}

// Mark is where a row stood and whether it says that the record is gone.
type Mark struct {
	SourceID string
	Row      int // as a spreadsheet counts: the header is row 1
	Gone     bool
}

// OrgRow is a board, a school or a department. Sector, Language and UnderDeputy
// are empty when the file says nothing of them.
type OrgRow struct {
	Mark
	Name, Kind, Identifier, Parent string
	Sector, Language, UnderDeputy  string
}

// SessionRow is a school year or a part of it. Its end is exclusive.
type SessionRow struct {
	Mark
	Title, Kind, Start, End, SchoolYear, Parent string
}

// CourseRow is what is taught.
type CourseRow struct {
	Mark
	Title, Code, Org string
}

// UserRow is a pupil or a member of staff.
type UserRow struct {
	Mark
	Kind                                person.Kind // empty in a delta that does not say
	Given, Family, Email, Number, Grade string
	Username                            string // compared, not kept
}

// RoleRow is what someone is somewhere.
type RoleRow struct {
	Mark
	User, Org string
	Role      person.Role
}

// ClassRow is a group of pupils.
type ClassRow struct {
	Mark
	Title, Code, Grade, Kind, Subject, Course, School string
	Terms                                             []string // sessions in which it is given
}

// EnrollmentRow puts someone in a class.
type EnrollmentRow struct {
	Mark
	Class, User string
	Role        person.Role
	Main        bool
	Begin, End  string
}

// Report is what an import did. Scripts read it: its JSON form is a promise.
type Report struct {
	Students    int       `json:"students"`
	Staff       int       `json:"staff"`
	Schools     int       `json:"schools"`
	Classes     int       `json:"classes"`
	Enrollments int       `json:"enrollments"`
	Births      int       `json:"births"` // people of whom the day of birth is told
	Warnings    []Warning `json:"warnings"`
	Defects     []Defect  `json:"defects"`
}

// Warning counts one kind of dirt that was repaired or left aside.
type Warning struct {
	Code  string `json:"code"`
	Count int    `json:"count"`
}

// Defect is what could not be repaired, by its place and never by its value.
type Defect struct {
	Code  string `json:"code"`
	File  string `json:"file"`
	Row   int    `json:"row"`
	Field string `json:"field"`
}

// notes gathers what a reading met.
type notes struct {
	strict  bool // what deviates from the standard is a defect, else repaired and counted
	listed  int  // defects that are listed; more are counted, so that a report stays readable
	counts  map[string]int
	defects []Defect
	met     map[string]int // defects by code
}

// warn counts what is no deviation, or what tolerance repairs.
func (n *notes) warn(code string) { n.warnN(code, 1) }

func (n *notes) warnN(code string, count int) {
	if count == 0 {
		return
	}
	if n.counts == nil {
		n.counts = map[string]int{}
	}
	n.counts[code] += count
}

// dirt is what deviates from the standard and can be repaired.
func (n *notes) dirt(code, file string, row int, field string) {
	if n.strict {
		n.defect(code, file, row, field)
		return
	}
	n.warn(code)
}

func (n *notes) defect(code, file string, row int, field string) {
	if n.met == nil {
		n.met = map[string]int{}
	}
	n.met[code]++
	if len(n.defects) == n.listed {
		n.warn("defects_not_listed")
		return
	}
	n.defects = append(n.defects, Defect{Code: code, File: file, Row: row, Field: field})
}

// inOrder tells of rows that were not met in their order.
func (n *notes) inOrder(code, file string, rows []int, field string) {
	slices.Sort(rows)
	for _, row := range rows {
		n.defect(code, file, row, field)
	}
}

// Warnings are the set's, sorted by code.
func (s *Set) Warnings() []Warning {
	return counted(s.notes.counts)
}

func counted(counts map[string]int) []Warning {
	list := make([]Warning, 0, len(counts))
	for code, count := range counts {
		list = append(list, Warning{Code: code, Count: count})
	}
	slices.SortFunc(list, func(a, b Warning) int { return cmp.Compare(a.Code, b.Code) })
	return list
}

// Defects are the set's, in the order in which they were met.
func (s *Set) Defects() []Defect {
	return append([]Defect{}, s.notes.defects...)
}
