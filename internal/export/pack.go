package export

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"

	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/guard"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/sheet"
)

// Made is what was written, and where the guard stops it.
type Made struct {
	Fields []disclosure.Field
	Counts []Count
	Size   int64
	Digest string
	Stops  []guard.Stop
}

// table is one file: its columns, and what gives its rows in their order.
type table struct {
	file    string
	columns []guard.Column
	rows    func(ctx context.Context, tx *db.Tx, row func(about []guard.Somebody, cells []string) error) error
}

// write writes what the terms let out in a shape, in a stream, and lets the guard look
// at each row. What is written may not be handed out where the answer has stops.
func write(ctx context.Context, tx *db.Tx, names *pseudonym.Names, t disclosure.Terms, s Shape, own policy.Settings, to io.Writer) (m Made, err error) {
	if err := s.allowed(t); err != nil {
		return m, err
	}
	x, err := newSource(ctx, tx, names, t, own)
	if err != nil {
		return m, err
	}
	if err := x.sessions(s); err != nil {
		return m, err
	}
	counted := &counter{to: to, sum: sha256.New()}
	var out writer
	switch s.Profile {
	case Plain:
		out = &plainWriter{to: counted}
	case OneRoster12, OneRoster11, SDS:
		out = newZip(counted)
	}
	watch := x.roster.Watch()
	for _, f := range x.tables(s) {
		n, err := f.write(ctx, tx, out, watch)
		if err != nil {
			return m, fmt.Errorf("write %s: %w", f.file, err)
		}
		if n > 0 {
			m.Counts = append(m.Counts, Count{f.file, n})
		}
	}
	if err := manifest(out, s.Profile, m.Counts); err != nil {
		return m, err
	}
	if err := out.close(); err != nil {
		return m, err
	}
	x.groups(watch, s)
	for _, f := range disclosure.Fields {
		if t.Fields[f] {
			m.Fields = append(m.Fields, f)
		}
	}
	m.Size, m.Digest, m.Stops = counted.size, hex.EncodeToString(counted.sum.Sum(nil)), watch.Stops()
	return m, nil
}

// write writes the rows of a file, and begins it with the first: a file without a row
// is none. No cell is taken for a formula by the spreadsheet in which somebody opens it,
// be the file for a program or not: what is typed, as a title, may begin as one does.
func (f table) write(ctx context.Context, tx *db.Tx, out writer, watch *guard.Guard) (n int, err error) {
	var w *lines
	look := watch.Table(f.file, f.columns)
	err = f.rows(ctx, tx, func(about []guard.Somebody, cells []string) error {
		if w == nil {
			if w, err = out.begin(f.file); err != nil {
				return err
			}
			titles := make([]string, len(f.columns))
			for i, c := range f.columns {
				titles[i] = sheet.Harmless(c.Title)
			}
			_ = w.write(titles) // the row after it tells
		}
		look.Row(about, cells)
		for i := range cells {
			cells[i] = sheet.Harmless(cells[i])
		}
		n++
		return w.write(cells)
	})
	if err != nil || w == nil {
		return n, err
	}
	return n, w.out.Flush()
}

// manifest is the file by which a OneRoster set says what it is: every file of the
// version, whole or absent.
func manifest(out writer, p Profile, counts []Count) error {
	version, files := "1.2", files12
	switch p {
	case OneRoster12:
	case OneRoster11:
		version, files = "1.1", files11
	case SDS, Plain:
		return nil
	}
	there := map[string]bool{}
	for _, c := range counts {
		there[c.File] = true
	}
	w, err := out.begin("manifest.csv")
	if err != nil {
		return err
	}
	rows := [][]string{{"propertyName", "value"}, {"manifest.version", "1.0"}, {"oneroster.version", version}}
	for _, name := range files {
		mode := "absent"
		if there[name+".csv"] {
			mode = "bulk"
		}
		rows = append(rows, []string{"file." + name, mode})
	}
	rows = append(rows, []string{"source.systemName", "aval"})
	for _, row := range rows {
		_ = w.write(row) // Flush tells
	}
	return w.out.Flush()
}

// writer is a place for files.
type writer interface {
	begin(file string) (*lines, error)
	close() error
}

// zipWriter packs them at the root of a zip, each time the same to the last byte.
type zipWriter struct{ *zip.Writer }

func newZip(to io.Writer) zipWriter {
	w := zip.NewWriter(to)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	return zipWriter{w}
}

func (z zipWriter) begin(file string) (*lines, error) {
	w, err := z.CreateHeader(&zip.FileHeader{Name: file, Method: zip.Deflate})
	return newLines(w), err
}

func (z zipWriter) close() error { return z.Close() }

// plainWriter is a file by itself.
type plainWriter struct{ to io.Writer }

func (p *plainWriter) begin(string) (*lines, error) { return newLines(p.to), nil }

func (p *plainWriter) close() error { return nil }

// lines writes rows as RFC 4180 has it.
type lines struct{ out *bufio.Writer }

func newLines(to io.Writer) *lines { return &lines{bufio.NewWriter(to)} }

func (l *lines) write(cells []string) error {
	for i, cell := range cells {
		if i > 0 {
			_ = l.out.WriteByte(',') // the last write tells
		}
		if strings.ContainsAny(cell, ",\"\r\n") || strings.TrimSpace(cell) != cell {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		_, _ = l.out.WriteString(cell)
	}
	_, err := l.out.WriteString("\r\n")
	return err
}

// counter counts and sums what goes through.
type counter struct {
	to   io.Writer
	size int64
	sum  hash.Hash
}

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.size += int64(n)
	_, _ = c.sum.Write(p[:n]) // a hash never fails
	return n, err
}
