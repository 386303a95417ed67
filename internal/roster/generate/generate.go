// Package generate makes the roster of a school board that does not exist: nine
// schools, about 4,500 pupils, three languages of instruction, an adult
// education centre, departments, and the staff who teach and direct. The same
// seed gives the same board to the byte. It is written as a strict OneRoster
// 1.2.1 set, for demonstrations, tests and benchmarks.
package generate

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"aval/internal/db"
)

// Options vary the board; the zero value is the board of the demonstration.
type Options struct {
	Name   string // of the board
	Pupils int    // about how many; 4,500 when zero
	Year   int    // in which the school year ends; 2027 when zero
}

// File is one CSV file of the set, its rows in the order of its columns.
type File struct {
	Name    string // without .csv
	Columns []string
	Rows    [][]string
}

// Set is a OneRoster 1.2 set that holds no real person.
type Set struct {
	Files []File
}

// Board makes a board from a seed.
func Board(seed uint64, o Options) Set {
	if o.Name == "" {
		o.Name = "Commission scolaire des Rivières-du-Nord"
	}
	if o.Pupils == 0 {
		o.Pupils = 4500
	}
	if o.Year == 0 {
		o.Year = 2027
	}
	m := &maker{rand: rand.New(rand.NewPCG(seed, 0x61_76_61_6c)), o: o, rows: map[string][][]string{}} //nolint:gosec // invented people, not secrets
	m.calendar()
	m.board = m.org(o.Name, "district", "", place{})
	m.person("fr", "districtAdministrator", m.board, "")
	for _, s := range services {
		m.department(s)
	}
	for i, p := range places {
		m.school(i, p)
	}
	return m.set()
}

// maker gathers rows, each as its columns' values.
type maker struct {
	rand    *rand.Rand
	o       Options
	rows    map[string][][]string
	board   string
	year    string
	terms   []string
	begin   string
	end     string
	courses map[string]string // by language, level and code
	people  int
}

// add keeps a row of a bulk file: status and dateLastModified hold no value.
func (m *maker) add(file string, cells ...string) string {
	id := m.id()
	m.rows[file] = append(m.rows[file], append([]string{id, "", ""}, cells...))
	return id
}

func (m *maker) id() string {
	a, b := m.rand.Uint64(), m.rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

// calendar is the school year and its two halves; ends are exclusive.
func (m *maker) calendar() {
	end := strconv.Itoa(m.o.Year)
	begin := strconv.Itoa(m.o.Year - 1)
	m.begin, m.end = begin+"-08-24", end+"-06-24"
	m.year = m.add("academicSessions", begin+"-"+end, "schoolYear", m.begin, m.end, "", end)
	m.terms = []string{
		m.add("academicSessions", "1", "semester", m.begin, end+"-01-25", m.year, end),
		m.add("academicSessions", "2", "semester", end+"-01-25", m.end, m.year, end),
	}
	m.courses = map[string]string{}
}

func (m *maker) org(name, kind, underDeputy string, p place) string {
	number := strconv.Itoa(100 + len(m.rows["orgs"]))
	return m.add("orgs", name, kind, number, m.board, p.language, p.sector, underDeputy)
}

func (m *maker) department(s service) {
	id := m.org(s.name, "department", strconv.FormatBool(s.underDeputy), place{})
	m.person(m.language(""), "siteAdministrator", id, "")
	for range s.staff {
		m.person(m.language(""), "counselor", id, "")
	}
}

// language is mostly the school's own, as families are.
func (m *maker) language(school string) string {
	if school != "" && m.rand.IntN(4) > 0 {
		return school
	}
	return []string{"fr", "en", "cr"}[m.rand.IntN(3)]
}

func pick(m *maker, list []string) string { return list[m.rand.IntN(len(list))] }

// person makes a user and the role that they hold at one place.
func (m *maker) person(language, role, org, grade string) string {
	m.people++
	first := pick(m, given[language])
	last := pick(m, familyHead[language]) + pick(m, familyTail[language])
	username := strings.ReplaceAll(db.Fold(first)+"."+db.Fold(last), " ", "") + strconv.Itoa(m.people)
	domain, number := "@personnel.example", fmt.Sprintf("E%06d", m.people)
	if role == "student" {
		domain, number = "@eleves.example", fmt.Sprintf("P%06d", m.people)

	}
	id := m.add("users", "true", username, "", first, last, "", number, username+domain, "", "", "", grade, "", "",
		"", "", "", org, "")
	m.add("roles", id, "primary", role, m.begin, m.end, org, "")
	return id
}

func (m *maker) course(language, level string, s subject) string {
	key := language + level + s.code
	if id, ok := m.courses[key]; ok {
		return id
	}
	id := m.add("courses", m.year, s.in(language), strings.ToUpper(language)+"-"+s.code+"-"+level, level, m.board, s.in(language), s.code)
	m.courses[key] = id
	return id
}

// class makes a class, its teacher's enrolment and its pupils'.
func (m *maker) class(school string, p place, level, group string, s subject, teacher string, pupils []string) {
	kind, grades := "scheduled", level
	if s.code == homeroom.code {
		kind = "homeroom"
	}
	title := s.in(p.language) + " " + level + group
	id := m.add("classes", title, grades, m.course(p.language, level, s), s.code+"-"+level+group, kind, "", school,
		strings.Join(m.terms, ","), s.in(p.language), s.code, "")
	m.add("enrollments", id, school, teacher, "teacher", "true", m.begin, m.end)
	for _, pupil := range pupils {
		m.add("enrollments", id, school, pupil, "student", "", m.begin, m.end)
	}
}

// school fills a place with those who direct, help, teach and learn there.
func (m *maker) school(at int, p place) {
	id := m.org(p.name, "school", "", p)
	m.person(m.language(p.language), "principal", id, "")
	m.person(m.language(p.language), "siteAdministrator", id, "") // the vice-principal
	m.person(m.language(p.language), "counselor", id, "")
	m.person(m.language(p.language), "aide", id, "")
	if p.sector == "other" {
		m.adults(id, p)
		return
	}
	size := m.o.Pupils * 24 / 25 / (len(places) - 1)
	size += size * (at%3 - 1) / 8 // some communities are larger
	m.primary(id, p, size*8/13)
	m.secondary(id, p, size*5/13)
}

var primaryLevels = []string{"PK", "KG", "01", "02", "03", "04", "05", "06"}
var secondaryLevels = []string{"07", "08", "09", "10", "11"}

func (m *maker) staff(school string, p place, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = m.person(m.language(p.language), "teacher", school, "")
	}
	return list
}

// groups shares the pupils of a level among groups of at most 26.
func (m *maker) groups(school string, p place, level string, size int) [][]string {
	groups := make([][]string, (size+25)/26)
	for i := range size {
		pupil := m.person(m.language(p.language), "student", school, level)
		groups[i%len(groups)] = append(groups[i%len(groups)], pupil)
	}
	return groups
}

func letter(i int) string { return string(rune('A' + i%26)) }

func (m *maker) primary(school string, p place, size int) {
	specialists := m.staff(school, p, len(primary)-2)
	for _, level := range primaryLevels {
		for g, pupils := range m.groups(school, p, level, max(1, size/len(primaryLevels)+m.rand.IntN(5)-2)) {
			teacher := m.staff(school, p, 1)[0]
			m.class(school, p, level, letter(g), homeroom, teacher, pupils)
			for i, s := range primary {
				who := teacher
				if i >= 2 {
					who = specialists[i-2]
				}
				m.class(school, p, level, letter(g), s, who, pupils)
			}
		}
	}
}

func (m *maker) secondary(school string, p place, size int) {
	teachers := m.staff(school, p, len(secondary))
	for l, level := range secondaryLevels {
		for g, pupils := range m.groups(school, p, level, max(1, size/len(secondaryLevels)+m.rand.IntN(5)-2)) {
			m.class(school, p, level, letter(g), homeroom, teachers[(l+g)%len(teachers)], pupils)
			for i, s := range secondary {
				m.class(school, p, level, letter(g), s, teachers[i], pupils)
			}
		}
	}
}

func (m *maker) adults(school string, p place) {
	teachers := m.staff(school, p, len(adult))
	for g, pupils := range m.groups(school, p, "UG", max(1, m.o.Pupils/25)) {
		for i, s := range adult {
			m.class(school, p, "UG", letter(g), s, teachers[i], pupils)
		}
	}
}
