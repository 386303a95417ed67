package generate

import (
	"archive/zip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"aval/internal/roster"
)

// set puts the rows under their columns and tells in the manifest what is there.
func (m *maker) set() Set {
	extra := map[string][]string{"orgs": {"metadata.language", "metadata.sector", "metadata.underDeputy"}}
	manifest := File{Name: "manifest", Columns: []string{"propertyName", "value"}, Rows: [][]string{
		{"manifest.version", "1.0"}, {"oneroster.version", "1.2"},
	}}
	var files []File
	for _, name := range roster.Files {
		mode := "absent"
		if rows := m.rows[name]; len(rows) > 0 {
			mode = "bulk"
			f := File{Name: name, Rows: rows}
			for _, column := range roster.Layout("1.2", name) {
				f.Columns = append(f.Columns, strings.TrimRight(column, "*"))
			}
			f.Columns = append(f.Columns, extra[name]...)
			files = append(files, f)
		}
		manifest.Rows = append(manifest.Rows, []string{"file." + name, mode})
	}
	manifest.Rows = append(manifest.Rows, []string{"source.systemName", "aval"}, []string{"source.systemCode", "aval-generate"})
	return Set{Files: append([]File{manifest}, files...)}
}

// Rows are a file's, or none.
func (s Set) Rows(name string) [][]string {
	if i := slices.IndexFunc(s.Files, func(f File) bool { return f.Name == name }); i >= 0 {
		return s.Files[i].Rows
	}
	return nil
}

// WriteZip writes the set as one zip, its files at the root.
func (s Set) WriteZip(w io.Writer) error {
	z := zip.NewWriter(w)
	for _, f := range s.Files {
		head := &zip.FileHeader{Name: f.Name + ".csv", Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
		member, err := z.CreateHeader(head)
		if err != nil {
			return fmt.Errorf("write %s.csv: %w", f.Name, err)
		}
		if err := f.write(member); err != nil {
			return err
		}
	}
	return z.Close()
}

// SaveZip writes the set as a new zip file.
func (s Set) SaveZip(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // the caller's own file
	if err != nil {
		return err
	}
	return errors.Join(s.WriteZip(f), f.Close())
}

// SaveFolder writes the set as files of a folder that exists.
func (s Set) SaveFolder(folder string) error {
	for _, file := range s.Files {
		f, err := os.OpenFile(filepath.Join(folder, file.Name+".csv"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // names are the standard's
		if err != nil {
			return err
		}
		if err := errors.Join(file.write(f), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (f File) write(w io.Writer) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(f.Columns); err != nil {
		return fmt.Errorf("write %s.csv: %w", f.Name, err)
	}
	if err := c.WriteAll(f.Rows); err != nil {
		return fmt.Errorf("write %s.csv: %w", f.Name, err)
	}
	return nil
}
