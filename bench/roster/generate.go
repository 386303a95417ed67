package main

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"

	"aval/internal/roster"
)

// maker writes one set, file by file, without keeping its rows.
type maker struct {
	rand  *rand.Rand
	zip   *zip.Writer
	out   *bufio.Writer
	file  string
	rows  int
	modes map[string]bool
}

const (
	perSchool = 400
	perClass  = 25
	subjects  = 8
)

// generate writes a strict 1.2 set of n pupils, each in eight classes, and answers its rows.
func generate(path string, n int) (rows int, err error) {
	f, err := os.Create(path) //nolint:gosec // in our own folder
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	m := &maker{rand: rand.New(rand.NewPCG(7, 7)), zip: zip.NewWriter(f), modes: map[string]bool{}} //nolint:gosec // invented people
	m.board(n)
	return m.rows, m.zip.Close()
}

func (m *maker) id() string {
	a, b := m.rand.Uint64(), m.rand.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

func (m *maker) ids(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = m.id()
	}
	return list
}

// begin opens the next file of the set.
func (m *maker) begin(file string) {
	m.file = file
	w, err := m.zip.Create(file + ".csv")
	if err != nil {
		panic(err) // the next write to the zip says so too
	}
	m.out = bufio.NewWriterSize(w, 1<<16)
	if file == "manifest" {
		_, _ = io.WriteString(m.out, "propertyName,value\r\n")
		return
	}
	m.modes[file] = true
	names := roster.Layout("1.2", file)
	for i, name := range names {
		names[i] = strings.TrimRight(name, "*")
	}
	_, _ = io.WriteString(m.out, strings.Join(names, ",")+"\r\n")
}

func (m *maker) end() { _ = m.out.Flush() } // an error stays until the zip is closed

// row writes the cells of a row, of a full set.
func (m *maker) row(id string, cells ...string) {
	m.rows++
	_, _ = m.out.WriteString(id + ",,," + strings.Join(cells, ",") + "\r\n")
}

func (m *maker) board(n int) {
	year, board := m.id(), m.id()
	schools := m.ids((n + perSchool - 1) / perSchool)
	groups := (n + perClass - 1) / perClass
	classes, courses, pupils := m.ids(groups*subjects), m.ids(subjects), m.ids(n)
	teachers := m.ids(groups)
	school := func(group int) string { return schools[group*perClass/perSchool] }

	m.begin("academicSessions")
	m.row(year, "2026-2027", "schoolYear", "2026-08-24", "2027-06-24", "", "2027")
	m.end()
	m.begin("orgs")
	m.row(board, "Commission scolaire du Banc", "district", "1", "")
	for i, id := range schools {
		m.row(id, fmt.Sprintf("École de l’Établi %d", i), "school", fmt.Sprint(100+i), board)
	}
	m.end()
	m.begin("courses")
	for i, id := range courses {
		m.row(id, year, fmt.Sprintf("Matière %d", i), fmt.Sprint("M", i), "04", board, "", "")
	}
	m.end()
	m.begin("classes")
	for i, id := range classes {
		m.row(id, fmt.Sprintf("Groupe %d", i), "04", courses[i%subjects], fmt.Sprint("G", i), "scheduled", "", school(i/subjects), year, "", "", "")
	}
	m.end()
	m.users(pupils, "P", "04", func(i int) string { return school(i / perClass) }, teachers, school)
	m.begin("enrollments")
	for i, class := range classes {
		group := i / subjects
		m.row(m.id(), class, school(group), teachers[group], "teacher", "true", "2026-08-24", "2027-06-24")
		for p := group * perClass; p < min((group+1)*perClass, n); p++ {
			m.row(m.id(), class, school(group), pupils[p], "student", "", "2026-08-24", "2027-06-24")
		}
	}
	m.end()
	m.manifest()
}

var givens = []string{"Alizéa", "Bastien", "Clorinde", "Doriane", "Édouin", "Florimond", "Gaëlla", "Hélori", "Isaline", "Jovien"}
var families = []string{"Beaumaraise", "Clairivette", "Montlunaire", "Fontchampot", "Valbrisac", "Rochenouet", "Bellesaulaie"}

// users writes pupils, teachers and the roles of both.
func (m *maker) users(pupils []string, letter, grade string, of func(int) string, teachers []string, at func(int) string) {
	m.begin("users")
	person := func(id, number, grade, place string) {
		given, family := givens[m.rand.IntN(len(givens))], families[m.rand.IntN(len(families))]
		m.row(id, "true", strings.ToLower(number), "", given, family, "", number, strings.ToLower(number)+"@ecole.example", "", "", "", grade,
			"", "", "", "", "", place, "")
	}
	for i, id := range pupils {
		person(id, fmt.Sprintf("%s%07d", letter, i), gradeOf(i, grade), of(i))
	}
	for i, id := range teachers {
		person(id, fmt.Sprintf("E%07d", i), "", at(i))
	}
	m.end()
	m.begin("roles")
	for i, id := range pupils {
		m.row(m.id(), id, "primary", "student", "2026-08-24", "2027-06-24", of(i), "")
	}
	for i, id := range teachers {
		m.row(m.id(), id, "primary", "teacher", "2026-08-24", "2027-06-24", at(i), "")
	}
	m.end()
}

func (m *maker) manifest() {
	m.begin("manifest")
	_, _ = io.WriteString(m.out, "manifest.version,1.0\r\noneroster.version,1.2\r\n")
	for _, file := range roster.Files {
		mode := "absent"
		if m.modes[file] {
			mode = "bulk"
		}
		_, _ = io.WriteString(m.out, "file."+file+","+mode+"\r\n")
	}
	m.end()
}
