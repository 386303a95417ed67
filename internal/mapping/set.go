package mapping

import (
	"archive/zip"
	"bufio"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"crypto/sha256"

	"aval/internal/roster"
)

// written are the files of a set that a mapping makes, and what each is. Who is not
// in users is gone; schools, years, courses and days of birth are only added to.
var written = map[string]roster.Mode{
	"orgs": roster.Delta, "academicSessions": roster.Delta, "courses": roster.Delta, "users": roster.Bulk, "roles": roster.Bulk,
	"classes": roster.Bulk, "enrollments": roster.Bulk, "demographics": roster.Delta,
}

// more are the columns that a file has beyond the standard's: what the standard has no
// place for.
var more = map[string][]string{
	"users": {"metadata.address", "metadata.language"},
	"roles": {"metadata.pupilSourcedId", "metadata.relation", "metadata.restriction"},
}

// set is a OneRoster folder being written.
type set struct {
	dir   string
	now   string // dateLastModified of the rows of changes
	files map[string]*file
}

type file struct {
	to      *os.File
	buffer  *bufio.Writer
	csv     *csv.Writer
	columns map[string]int
	cells   []string
	rows    int
}

func newSet(dir, now string) (*set, error) {
	s := &set{dir: dir, now: now, files: map[string]*file{}}
	for name := range written {
		to, err := os.OpenFile(filepath.Join(dir, name+".csv"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("write a set: %w", err), s.close())
		}
		f := &file{to: to, buffer: bufio.NewWriter(to), columns: map[string]int{}}
		f.csv = csv.NewWriter(f.buffer)
		f.csv.UseCRLF = true
		s.files[name] = f
		var header []string
		for _, column := range append(roster.Layout("1.2", name), more[name]...) {
			column = strings.TrimRight(column, "*")
			f.columns[column] = len(header)
			header = append(header, column)
		}
		f.cells = make([]string, len(header))
		if err := f.csv.Write(header); err != nil {
			return nil, errors.Join(fmt.Errorf("write a set: %w", err), s.close())
		}
	}
	return s, nil
}

// row adds one; what it does not say is left empty.
func (s *set) row(name, id string, cells map[string]string) error {
	f := s.files[name]
	clear(f.cells)
	f.cells[0] = id
	if written[name] == roster.Delta {
		f.cells[1], f.cells[2] = "active", s.now
	}
	for column, text := range cells {
		f.cells[f.columns[column]] = text
	}
	f.rows++
	return f.csv.Write(f.cells)
}

// end writes the manifest, and takes away files that say nothing.
func (s *set) end() error {
	if err := s.close(); err != nil {
		return err
	}
	var manifest strings.Builder
	manifest.WriteString("propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.2\r\n")
	for _, name := range roster.Files {
		mode := roster.Absent
		if f := s.files[name]; f != nil {
			if mode = written[name]; f.rows == 0 {
				mode = roster.Absent
				if err := os.Remove(filepath.Join(s.dir, name+".csv")); err != nil {
					return err
				}
			}
		}
		fmt.Fprintf(&manifest, "file.%s,%s\r\n", name, mode)
	}
	manifest.WriteString("source.systemName,aval\r\nsource.systemCode,aval\r\n")
	return os.WriteFile(filepath.Join(s.dir, "manifest.csv"), []byte(manifest.String()), 0o600)
}

func (s *set) close() error {
	var errs []error
	for _, f := range s.files {
		f.csv.Flush()
		errs = append(errs, f.csv.Error(), f.buffer.Flush(), f.to.Close())
	}
	return errors.Join(errs...)
}

// Zip writes the set of a folder as one file.
func Zip(dir string, to io.Writer) error {
	z := zip.NewWriter(to)
	err := z.AddFS(os.DirFS(dir))
	return errors.Join(err, z.Close())
}

// sourceID makes an identifier of what a file calls something: the same of the same,
// and another of another. Signs that the standard does not allow are written as their
// code; what is too long, by its hash.
func sourceID(kind string, parts ...string) string {
	var b strings.Builder
	b.WriteString(kind)
	for _, part := range parts {
		b.WriteByte('.')
		for i := range len(part) {
			c := part[i]
			switch {
			case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_':
				b.WriteByte(c)
			default:
				fmt.Fprintf(&b, "@%02x", c)
			}
		}
	}
	if b.Len() <= 255 {
		return b.String()
	}
	sum := sha256.Sum256([]byte(b.String()))
	return kind + ".." + hex.EncodeToString(sum[:])
}
