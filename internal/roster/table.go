package roster

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
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
	columns []column
	full    bool           // columns are all that the standard has
	head    map[string]int // where each column stands
	width   int
	scan    *scanner
	pack    *pack

	utf8, latin bool // signs of either encoding were met
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
func newTable(file, version string, mode Mode, src io.Reader, p *pack) (*table, error) {
	t := &table{file: file, version: version, mode: mode, notes: p.notes, columns: columnsOf(version, file), full: true,
		head: map[string]int{}, scan: newScanner(file, src, p.limits), pack: p}
	if len(t.columns) == 0 {
		t.columns, t.full = begin, false
	}
	if err := t.encoding(); err != nil {
		return nil, err
	}
	if err := t.separator(); err != nil {
		return nil, err
	}
	cells, err := t.scan.next()
	if errors.Is(err, io.EOF) {
		return nil, errNoRow
	}
	if err != nil {
		return nil, err
	}
	t.signs(cells, 1)
	return t, t.header(cells)
}

// encoding leaves a byte order mark behind, and says when a file is in UTF-16,
// which no system writes on purpose.
func (t *table) encoding() error {
	first, err := t.scan.peek(4)
	if err != nil {
		return err
	}
	switch {
	case bytes.HasPrefix(first, []byte("\ufeff")):
		t.scan.begin += len("\ufeff")
	case len(first) >= 2 && (first[0] == 0xff && first[1] == 0xfe || first[0] == 0xfe && first[1] == 0xff),
		len(first) == 4 && (first[0] == 0) != (first[1] == 0) && (first[2] == 0) == (first[0] == 0) && (first[3] == 0) == (first[1] == 0):
		return fault.New(fault.Invalid, "roster.file_utf16", t.file+".csv")
	}
	return nil
}

// separator learns from the header whether a spreadsheet wrote semicolons for commas,
// and refuses rows that end with a carriage return alone: all would read as one.
func (t *table) separator() error {
	first, err := t.scan.peek(4 << 10)
	if err != nil {
		return err
	}
	first, _, _ = bytes.Cut(first, []byte("\n"))
	if bytes.IndexByte(bytes.TrimRight(first, "\r"), '\r') >= 0 {
		return fault.New(fault.Invalid, "roster.file_line_ends", t.file+".csv")
	}
	if bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		t.dirt("semicolons", 1, "")
		t.scan.comma = ';'
	}
	return nil
}

func (t *table) dirt(code string, row int, field string) {
	t.notes.dirt(code, t.file+".csv", row, field)
}

// header finds the columns wherever they stand.
func (t *table) header(cells []string) error {
	t.width = len(cells)
	t.arrange(cells)
	for _, c := range t.columns {
		if _, ok := t.head[c.name]; ok || t.version == "1.0" && c.need < vital {
			continue
		}
		if c.need == vital && !t.notes.strict {
			return fault.New(fault.Invalid, "roster.column_missing", c.name, t.file+".csv")
		}
		t.dirt("column_missing", 1, c.name)
	}
	return nil
}

// arrange learns where each column stands. A column that the standard does not
// have is told by its place: a file without a header begins with someone's name.
func (t *table) arrange(cells []string) {
	last, extra, ordered := -1, false, t.version != "1.0"
	for i, cell := range cells {
		name, place := strings.TrimSpace(cell), "#"+strconv.Itoa(i+1)
		if later, ok := oldNames[name]; ok && t.version == "1.0" && (t.file != "courses" || name != "orgSourcedId") {
			name = later
		}
		at := slices.IndexFunc(t.columns, func(c column) bool { return strings.EqualFold(c.name, name) })
		metadata := strings.HasPrefix(name, "metadata.")
		switch {
		case at >= 0:
			place = t.columns[at].name
			if name != place || t.notes.strict && cell != strings.TrimSpace(cell) {
				t.dirt("column_case", 1, place)
			}
			name = place
		case !metadata && t.version != "1.0" && t.full:
			t.dirt("column_unknown", 1, place)
		}
		if _, twice := t.head[name]; twice {
			t.dirt("column_twice", 1, place)
			continue
		}
		t.head[name] = i
		misplaced := at >= 0 && (at < last || extra || !t.full && at != i) || !t.full && extra && !metadata
		if ordered && misplaced {
			t.dirt("column_order", 1, place)
			ordered = false
		}
		last, extra = max(last, at), extra || metadata
	}
}

// each hands every row to f, until f refuses; the first has this number.
func (t *table) each(first int, f func(r *row) error) error {
	r := row{t: t}
	for n := first; ; n++ {
		cells, err := t.scan.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		t.pack.met++
		if t.pack.rows -= max(1, weights[t.file]); t.pack.rows < 0 {
			return fault.New(fault.Invalid, "roster.set_too_large")
		}
		if blank(cells) {
			t.dirt("row_blank", n, "")
			continue
		}
		t.shape(cells, n)
		r.cells, r.n, r.id, r.bad = cells, n, "", false
		if err := f(&r); err != nil {
			return err
		}
	}
}

// shape tells what is wrong with a row before its cells are looked at.
func (t *table) shape(cells []string, n int) {
	switch {
	case len(cells) < t.width:
		t.dirt("row_short", n, "")
	case len(cells) > t.width && (t.notes.strict || !blank(cells[t.width:])):
		t.dirt("row_long", n, "")
	}
	t.signs(cells, n)
}

// signs tells what is wrong with the signs of a row, whatever its cells mean.
func (t *table) signs(cells []string, n int) {
	if t.scan.stray {
		t.dirt("quote_form", n, "")
	}
	if t.scan.cr {
		t.dirt("carriage_return", n, "")
	}
	if t.scan.plain {
		return
	}
	if t.notes.strict && slices.ContainsFunc(cells, hasControl) {
		t.dirt("control_character", n, "")
	}
	t.repair(cells, n)
}

// hasControl tells whether a cell holds what RFC 4180 allows in none: a line feed
// may stand between quotes, and of a carriage return the scanner tells.
func hasControl(cell string) bool {
	return strings.ContainsFunc(cell, func(c rune) bool { return unicode.IsControl(c) && c != '\n' && c != '\r' })
}

// repair reads cells that are not UTF-8 as the encoding of old systems. Each kind
// of dirt is said once of a file.
func (t *table) repair(cells []string, n int) {
	for i, cell := range cells {
		if utf8.ValidString(cell) {
			if !t.utf8 && hasHigh(cell) {
				t.utf8 = true
				t.mixed(n)
			}
			continue
		}
		if !t.latin {
			t.latin = true
			t.dirt("encoding_repaired", n, "")
			t.mixed(n)
		}
		cells[i], _ = charmap.Windows1252.NewDecoder().String(cell) // every byte is a sign of it
	}
}

func (t *table) mixed(n int) {
	if t.utf8 && t.latin {
		t.dirt("encoding_mixed", n, "")
	}
}

func hasHigh(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
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
	value := strings.TrimSpace(r.cells[i])
	if value != "" && len(value) < len(r.cells[i]) {
		r.warn("spaces_removed")
	}
	if !r.t.scan.plain && strings.ContainsFunc(value, unicode.IsControl) {
		r.warn("control_character")
		value = strings.Join(strings.FieldsFunc(value, unicode.IsControl), " ")
	}
	if len(value) > maxText {
		r.warn("value_cut")
		value = strings.ToValidUTF8(value[:maxText], "")
	}
	r.cells[i] = value // so that what was repaired is counted once
	return value
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

// spelt is a word of a column's list as the standard spells it, and a word of no
// list as it stands.
func (r *row) spelt(name, word string) string {
	for i := range r.t.columns {
		c := &r.t.columns[i]
		if c.name != name || slices.Contains(c.words, word) {
			continue
		}
		at := slices.IndexFunc(c.words, func(w string) bool { return strings.EqualFold(w, word) })
		if at < 0 {
			return word
		}
		if r.t.version != "1.0" {
			r.warn("word_form")
		}
		return c.words[at]
	}
	return word
}

// ids splits a cell of several ids, between which nothing stands but a comma.
func (r *row) ids(name string) []string {
	values := r.list(name)
	if strings.Join(values, ",") != r.text(name) {
		r.warn("list_form")
	}
	return values
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
	value, dirt := truthOf(r.text(name))
	if dirt != "" {
		r.warn(dirt)
	}
	return value
}

// truthOf reads a boolean, and says what is wrong with how it is written.
func truthOf(written string) (value bool, dirt string) {
	switch written {
	case "true":
		return true, ""
	case "false", "":
		return false, ""
	}
	switch strings.ToLower(written) {
	case "true", "1", "yes", "y", "oui", "vrai":
		return true, "boolean_form"
	case "false", "0", "no", "n", "non", "faux":
		return false, "boolean_form"
	}
	return false, "boolean_unreadable"
}

// date reads a day however it is written, as long as it can be read one way only.
func (r *row) date(name string) string {
	value, dirt := dayOf(r.text(name))
	switch dirt {
	case "date_unreadable":
		r.defect(dirt, name)
	case "date_form":
		r.warn(dirt)
	}
	return value
}

// inOrder counts an end that comes before its beginning: which of them is wrong is
// not known, and both stay. That they are one day is how many write the last one.
func (r *row) inOrder(begin, end string) {
	if begin != "" && end != "" && end < begin {
		r.defect("dates_reversed", "endDate")
	}
}

// dayOf reads a day, and says what is wrong with how it is written.
func dayOf(written string) (value, dirt string) {
	if written == "" || isDay(written) {
		return written, ""
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006/01/02", "20060102", "2006-1-2"} {
		if day, err := time.Parse(form, written); err == nil {
			return day.Format(time.DateOnly), "date_form"
		}
	}
	return "", "date_unreadable"
}

// isDay tells whether a text is a day of the calendar, YYYY-MM-DD.
func isDay(s string) bool {
	if len(s) != len(time.DateOnly) || s[4] != '-' || s[7] != '-' || !isDigits(s[:4]) || !isDigits(s[5:7]) || !isDigits(s[8:]) {
		return false
	}
	if number(s[8:]) <= 28 && s[8:] != "00" && number(s[5:7]) <= 12 && s[5:7] != "00" {
		return true // in any month
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func number(twoDigits string) int { return int(twoDigits[0]-'0')*10 + int(twoDigits[1]-'0') }

// mark reads the three columns with which every file begins.
func (r *row) mark() Mark {
	m := Mark{SourceID: r.need("sourcedId"), Row: r.n}
	r.id = m.SourceID
	switch {
	case len(m.SourceID) > maxID:
		r.spoil("id_too_long", "sourcedId")
	case strings.HasPrefix(m.SourceID, org.ByHand):
		r.spoil("id_reserved", "sourcedId")
	case !isGUID(m.SourceID):
		r.warn("id_form")
	}
	status, modified := r.text("status"), r.text("dateLastModified")
	var dirt string
	if m.Gone, dirt = goneOf(status); dirt != "" {
		r.warn(dirt)
	}
	switch {
	case r.t.mode == Delta && (status == "" || modified == ""):
		r.warn("delta_row_without_status")
	case r.t.mode == Bulk && r.t.version != "1.0" && (status != "" || modified != ""):
		r.warn("bulk_row_with_status")
	}
	return m
}

// maxID is the length of the longest identifier: fewer than 256 characters.
const maxID = 255

// goneOf reads a status, and says what is wrong with how it is written.
func goneOf(status string) (gone bool, dirt string) {
	switch status {
	case "", "active":
		return false, ""
	case "tobedeleted":
		return true, ""
	}
	switch strings.ToLower(status) {
	case "active":
		return false, "status_form"
	case "tobedeleted", "inactive", "deleted":
		return true, "status_form"
	}
	return false, "status_unknown"
}

// isGUID tells whether an identifier holds only signs that the standard allows.
func isGUID(id string) bool {
	for i := range len(id) {
		if !guidSigns[id[i]] {
			return false
		}
	}
	return true
}

var guidSigns = func() (signs [256]bool) {
	for _, c := range []byte("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_/@") {
		signs[c] = true
	}
	return signs
}()
