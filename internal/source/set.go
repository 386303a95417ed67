package source

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"aval/internal/person"
	"aval/internal/roster"
)

// written are the files of a set made from a source.
var written = []string{"orgs", "academicSessions", "courses", "classes", "users", "roles", "enrollments"}

// setWriter writes a OneRoster 1.2 set, file by file, as lines come.
type setWriter struct {
	folder string
	whole  bool
	now    string
	files  map[string]*csvFile
	seen   map[string]bool // roles of the set, by their place
	dirt   dirt
}

type csvFile struct {
	file    *os.File
	out     *csv.Writer
	columns []string
	width   []string // cells of one line, used again
	rows    int
}

func newSetWriter(folder string, whole bool, now time.Time, d dirt) (*setWriter, error) {
	w := &setWriter{folder: folder, whole: whole, now: now.UTC().Format(moment), files: map[string]*csvFile{},
		seen: map[string]bool{}, dirt: d}
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return nil, fmt.Errorf("set: %w", err)
	}
	if err := os.RemoveAll(folder); err != nil { // of a time that was cut
		return nil, fmt.Errorf("set: %w", err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, fmt.Errorf("set: %w", err)
	}
	return w, nil
}

// add writes lines. In a full set who is gone has no line, and no line says when;
// in one of changes each line says both.
func (w *setWriter) add(file string, lines []row) error {
	for _, line := range lines {
		if w.whole {
			if line["status"] == gone {
				continue
			}
			line["status"], line["dateLastModified"] = "", ""
		} else if line["dateLastModified"] == "" {
			line["dateLastModified"] = w.now
		}
		if w.whole && file == "classes" {
			w.detach(line)
		}
		if line["status"] == gone && incomplete(file, line) {
			w.dirt["gone_incomplete"]++ // the next full fetch takes it away
			continue
		}
		if file == "roles" {
			w.seen[place(line["userSourcedId"], line["orgSourcedId"], line["role"])] = true
		}
		if err := w.line(file, line); err != nil {
			return err
		}
	}
	return nil
}

// detach leaves out what a class refers to in a collection that the source does not have.
func (w *setWriter) detach(line row) {
	for file, column := range map[string]string{"courses": "courseSourcedId", "academicSessions": "termSourcedIds"} {
		if w.files[file] == nil {
			line[column] = ""
		}
	}
}

// needed are the cells without which a line is left aside.
var needed = func() map[string][]string {
	cells := map[string][]string{}
	for _, file := range written {
		for _, column := range roster.Layout("1.2", file) {
			if name, vital := strings.CutSuffix(column, "**"); vital {
				cells[file] = append(cells[file], name)
			}
		}
	}
	return cells
}()

func incomplete(file string, line row) bool {
	for _, name := range needed[file] {
		if line[name] == "" {
			return true
		}
	}
	return false
}

func (w *setWriter) line(file string, line row) error {
	f := w.files[file]
	if f == nil {
		var err error
		if f, err = w.open(file); err != nil {
			return err
		}
	}
	for i, name := range f.columns {
		f.width[i] = line[name]
	}
	f.rows++
	return f.out.Write(f.width)
}

func (w *setWriter) open(file string) (*csvFile, error) {
	at, err := os.OpenFile(filepath.Join(w.folder, file+".csv"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("set: %w", err)
	}
	f := &csvFile{file: at, out: csv.NewWriter(at)}
	w.files[file] = f
	for _, column := range roster.Layout("1.2", file) {
		f.columns = append(f.columns, strings.TrimRight(column, "*"))
	}
	if file == "orgs" {
		f.columns = append(f.columns, orgMetadata...)
	}
	f.width = make([]string, len(f.columns))
	return f, f.out.Write(f.columns)
}

// taken writes the lines of roles that people of a set of changes no longer have:
// the source says which roles they have, not which they lost.
func (w *setWriter) taken(held []heldRole) error {
	for _, h := range held {
		role, kept := h.word(), false
		for _, same := range sameRoles[role] {
			kept = kept || w.seen[place(h.user, h.org, same)]
		}
		if kept {
			continue
		}
		line := roleRow(row{"sourcedId": h.user, "status": gone, "dateLastModified": w.now}, role, h.org)
		line["roleType"] = "primary"
		if err := w.line("roles", line); err != nil {
			return err
		}
	}
	return nil
}

func place(user, org, role string) string {
	return user + "\x00" + org + "\x00" + strings.ToLower(role)
}

// heldRole is a role that the board holds of somebody.
type heldRole struct {
	user, org string // source ids
	role      person.Role
}

// word is one of the standard's words that roster reads as the role.
func (h heldRole) word() string {
	switch h.role {
	case person.Pupil:
		return "student"
	case person.Teacher:
		return "teacher"
	case person.Professional:
		return "aide"
	case person.Administrator:
		return "districtAdministrator"
	}
	return "principal" // of a school, or the head of a department
}

// sameRoles are the words, in lower case, that say the same of somebody as the first.
var sameRoles = map[string][]string{
	"student":               {"student"},
	"teacher":               {"teacher"},
	"aide":                  {"aide", "counselor", "proctor", "ext:professional"},
	"principal":             {"principal", "administrator", "siteadministrator", "ext:viceprincipal", "ext:departmenthead"},
	"districtAdministrator": {"districtadministrator", "systemadministrator", "principal", "administrator", "siteadministrator"},
}

// close writes the manifest and closes the files. It answers how many lines there are.
func (w *setWriter) close() (lines int, err error) {
	var errs []error
	for _, f := range w.files {
		f.out.Flush()
		errs = append(errs, f.out.Error(), f.file.Close())
		lines += f.rows
	}
	if err := errors.Join(errs...); err != nil {
		return 0, fmt.Errorf("set: %w", err)
	}
	return lines, w.manifest()
}

func (w *setWriter) manifest() (err error) {
	at, err := os.OpenFile(filepath.Join(w.folder, "manifest.csv"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("set: %w", err)
	}
	mode := roster.Delta
	if w.whole {
		mode = roster.Bulk
	}
	out := csv.NewWriter(at)
	lines := [][]string{{"propertyName", "value"}, {"manifest.version", "1.0"}, {"oneroster.version", "1.2"}}
	for _, file := range roster.Files {
		is := roster.Absent
		if w.files[file] != nil {
			is = mode
		}
		lines = append(lines, []string{"file." + file, string(is)})
	}
	if err := errors.Join(out.WriteAll(lines), at.Close()); err != nil {
		return fmt.Errorf("set: %w", err)
	}
	return nil
}
