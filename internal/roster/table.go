package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"aval/internal/fault"
	"aval/internal/org"
)

// table is one CSV file being read.
type table struct {
	file    string
	version string
	mode    Mode
	notes   *notes
	head    map[string]int
	width   int
	csv     *csv.Reader
}

// row is one line of it. A row that misses what we cannot do without is bad.
type row struct {
	t     *table
	cells []string
	n     int
	id    string
	bad   bool
}

var errNoRow = errors.New("no row")

// newTable reads the header. It answers errNoRow for a file without a data row.
func newTable(file, version string, mode Mode, data []byte, n *notes) (*table, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		n.warn("encoding_repaired")
		latin, err := charmap.Windows1252.NewDecoder().Bytes(data)
		if err != nil {
			return nil, fault.New(fault.Invalid, "roster.file_unreadable", file+".csv")
		}
		data = latin
	}
	t := &table{file: file, version: version, mode: mode, notes: n, head: map[string]int{}}
	t.csv = csv.NewReader(bytes.NewReader(data))
	t.csv.FieldsPerRecord, t.csv.LazyQuotes, t.csv.ReuseRecord = -1, true, true
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		n.warn("semicolons")
		t.csv.Comma = ';'
	}
	header, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, errNoRow
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "roster.file_unreadable", file+".csv")
	}
	return t, t.header(header)
}

// header finds the columns wherever they stand.
func (t *table) header(cells []string) error {
	t.width = len(cells)
	layout := Layout(t.version, t.file)
	var order []int
	for i, cell := range cells {
		name := strings.TrimSpace(cell)
		if later, ok := oldNames[name]; ok && t.version == "1.0" && (t.file != "courses" || name != "orgSourcedId") {
			name = later
		}
		at := slices.IndexFunc(layout, func(c string) bool { return strings.EqualFold(strings.TrimRight(c, "*"), name) })
		switch {
		case at >= 0 && strings.TrimRight(layout[at], "*") != name:
			t.notes.warn("column_case")
			name = strings.TrimRight(layout[at], "*")
		case at < 0 && !strings.HasPrefix(name, "metadata.") && t.version != "1.0":
			t.notes.warn("column_unknown")
		}
		if _, twice := t.head[name]; twice {
			t.notes.warn("column_twice")
			continue
		}
		t.head[name] = i
		if at >= 0 {
			order = append(order, at)
		}
	}
	if !slices.IsSorted(order) && t.version != "1.0" {
		t.notes.warn("column_order")
	}
	for _, column := range layout {
		name := strings.TrimRight(column, "*")
		if _, ok := t.head[name]; ok || t.version == "1.0" && !strings.HasSuffix(column, "**") {
			continue
		}
		if strings.HasSuffix(column, "**") {
			return fault.New(fault.Invalid, "roster.column_missing", name, t.file+".csv")
		}
		t.notes.warn("column_missing")
	}
	return nil
}

// each hands every row to f. A record given twice counts once: the later row stands.
func (t *table) each(f func(r *row)) error {
	for n := 2; ; n++ {
		cells, err := t.csv.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.New(fault.Invalid, "roster.file_unreadable", t.file+".csv")
		}
		if len(cells) == 1 && strings.TrimSpace(cells[0]) == "" || blank(cells) {
			t.notes.warn("row_blank")
			continue
		}
		switch {
		case len(cells) < t.width:
			t.notes.warn("row_short")
		case len(cells) > t.width && !blank(cells[t.width:]):
			t.notes.warn("row_long")
		}
		f(&row{t: t, cells: cells, n: n})
	}
}

func blank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return c != "" })
}

func (r *row) warn(code string)          { r.t.notes.warn(code) }
func (r *row) defect(code, field string) { r.t.notes.defect(code, r.t.file+".csv", r.n, field) }

// spoil leaves the row aside: it cannot stand without this field.
func (r *row) spoil(code, field string) {
	r.bad = true
	r.defect(code, field)
}

// text is a cell, trimmed and without what no database keeps.
func (r *row) text(name string) string {
	i, ok := r.t.head[name]
	if !ok || i >= len(r.cells) {
		return ""
	}
	cell := r.cells[i]
	value := strings.TrimSpace(cell)
	if strings.ContainsFunc(value, unicode.IsControl) {
		r.warn("control_character")
		value = strings.Join(strings.FieldsFunc(value, unicode.IsControl), " ")
	}
	if len(value) > maxText {
		r.warn("value_cut")
		value = strings.ToValidUTF8(value[:maxText], "")
	}
	return strings.Clone(value)
}

// maxText is far above what the standard asks to support (255 characters).
const maxText = 2000

// need is a cell without which the row is left aside.
func (r *row) need(name string) string {
	value := r.text(name)
	if value == "" {
		r.spoil("required_missing", name)
	}
	return value
}

// want counts a required cell that is missing and that we can do without.
func (r *row) want(name string) string {
	value := r.text(name)
	if value == "" && r.t.version != "1.0" {
		r.warn("required_missing")
	}
	return value
}

// list splits a cell of several values.
func (r *row) list(name string) []string {
	var values []string
	for value := range strings.SplitSeq(r.text(name), ",") {
		if value = strings.TrimSpace(value); value != "" {
			values = append(values, value)
		}
	}
	return values
}

// yes reads a boolean however it is written.
func (r *row) yes(name string) bool {
	value := r.text(name)
	switch value {
	case "true":
		return true
	case "false", "":
		return false
	}
	switch strings.ToLower(value) {
	case "true", "1", "yes", "y", "oui", "vrai":
		r.warn("boolean_form")
		return true
	case "false", "0", "no", "n", "non", "faux":
		r.warn("boolean_form")
		return false
	}
	r.warn("boolean_unreadable")
	return false
}

// date reads a day however it is written, as long as it can be read one way only.
func (r *row) date(name string) string {
	value := r.text(name)
	if value == "" {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, value); err == nil {
		return value
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006/01/02", "20060102", "2006-1-2"} {
		if day, err := time.Parse(form, value); err == nil {
			r.warn("date_form")
			return day.Format(time.DateOnly)
		}
	}
	r.defect("date_unreadable", name)
	return ""
}

// mark reads the three columns with which every file begins.
func (r *row) mark() Mark {
	m := Mark{SourceID: r.need("sourcedId"), Row: r.n}
	r.id = m.SourceID
	switch {
	case len(m.SourceID) > 255:
		r.spoil("id_too_long", "sourcedId")
	case strings.HasPrefix(m.SourceID, org.ByHand):
		r.spoil("id_reserved", "sourcedId")
	case strings.ContainsFunc(m.SourceID, notGUID):
		r.warn("id_form")
	}
	status, modified := r.text("status"), r.text("dateLastModified")
	switch status {
	case "", "active":
	case "tobedeleted":
		m.Gone = true
	default:
		switch strings.ToLower(status) {
		case "active":
		case "tobedeleted", "inactive", "deleted":
			m.Gone = true
		default:
			r.warn("status_unknown")
		}
		r.warn("status_form")
	}
	switch {
	case r.t.mode == Delta && (status == "" || modified == ""):
		r.warn("delta_row_without_status")
	case r.t.mode == Bulk && r.t.version != "1.0" && (status != "" || modified != ""):
		r.warn("bulk_row_with_status")
	}
	return m
}

func notGUID(c rune) bool {
	return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune(".-_/@", c)
}
