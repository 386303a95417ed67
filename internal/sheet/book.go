package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"aval/internal/fault"
)

// book reads the first sheet of an XLSX workbook, cell by cell, out of its zip:
// nothing is unpacked to the disk, and of what is unpacked to memory there are only
// the row and the texts that cells share.
type book struct {
	limits Limits
	sheets int
	files  map[string]*zip.File
	texts  []string
	dates  map[int]bool // styles that show a number as a day
	epoch  time.Time
	cells  *tokens
	row    []string
	n      int
}

const (
	workbook = "xl/workbook.xml"
	deepest  = 64 // elements within each other; a sheet has nine
)

func noTable() error { return fault.New(fault.Invalid, "sheet.not_a_table") }

func openBook(r io.ReaderAt, size int64, l Limits) (*book, error) {
	list := &listReader{ReaderAt: r, left: 1 << 20, bound: true}
	z, err := zip.NewReader(list, size)
	list.bound = false
	if errors.Is(err, errLongList) || err == nil && len(z.File) > l.Members {
		return nil, tooLarge()
	}
	if err != nil {
		return nil, noTable()
	}
	b := &book{limits: l, files: map[string]*zip.File{}, dates: map[int]bool{}, epoch: time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)}
	for _, f := range z.File {
		switch {
		case f.Mode()&fs.ModeType&^fs.ModeDir != 0, f.Flags&1 != 0, f.Method != zip.Store && f.Method != zip.Deflate:
			return nil, noTable()
		case b.files[f.Name] != nil:
			return nil, noTable()
		case b.large(f):
			return nil, tooLarge()
		}
		b.files[f.Name] = f
	}
	for _, step := range []func() error{b.styles, b.shared, b.first} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// listReader bounds how much is read of the list at the end of a zip, which is held
// in memory and of which the zip itself says how long it is.
type listReader struct {
	io.ReaderAt
	left  int
	bound bool
}

var errLongList = errors.New("a long list")

func (r *listReader) ReadAt(p []byte, at int64) (int, error) {
	if r.bound {
		if r.left -= len(p); r.left < 0 {
			return 0, errLongList
		}
	}
	return r.ReaderAt.ReadAt(p, at)
}

// large says that a file of the workbook declares more than it may be.
func (b *book) large(f *zip.File) bool {
	size, packed := f.UncompressedSize64, max(f.CompressedSize64, 1)
	return size > uint64(b.limits.Member) || packed > uint64(b.limits.Member) || //nolint:gosec // a limit is not negative
		size > 1<<20 && size/packed > uint64(b.limits.Ratio) //nolint:gosec // as above
}

// tokens are the parts of an XML file. A part that is too long ends the reading.
type tokens struct {
	x    *xml.Decoder
	row  *rowReader
	file io.Closer
	deep int
}

func (b *book) open(name string) (*tokens, error) {
	f := b.files[name]
	if f == nil {
		return nil, nil
	}
	r, err := f.Open()
	if err != nil {
		return nil, noTable()
	}
	within := io.LimitReader(r, int64(f.UncompressedSize64)+1) //nolint:gosec // large bounds it
	row := &rowReader{from: within, most: b.limits.Line}
	t := &tokens{x: xml.NewDecoder(row), row: row, file: r}
	t.x.Strict = true
	return t, nil
}

func (t *tokens) next() (xml.Token, error) {
	t.row.left = t.row.most
	token, err := t.x.RawToken()
	switch {
	case t.row.over:
		return nil, fault.New(fault.Invalid, "sheet.row_too_long")
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case err != nil:
		return nil, noTable()
	}
	switch token.(type) {
	case xml.StartElement:
		if t.deep++; t.deep > deepest {
			return nil, noTable()
		}
	case xml.EndElement:
		t.deep--
	}
	return token, nil
}

// each hands the parts of a file to f, and answers whether the file is there.
func (b *book) each(name string, f func(xml.Token) error) error {
	t, err := b.open(name)
	if err != nil || t == nil {
		return err
	}
	for {
		token, err := t.next()
		if errors.Is(err, io.EOF) {
			return t.file.Close()
		}
		if err == nil {
			err = f(token)
		}
		if err != nil {
			return errors.Join(err, t.file.Close())
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// shared reads the texts that cells share.
func (b *book) shared() error {
	var text strings.Builder
	left, within, phonetic := b.limits.Texts, false, false
	return b.each("xl/sharedStrings.xml", func(token xml.Token) error {
		switch e := token.(type) {
		case xml.StartElement:
			within = e.Name.Local == "t"
			phonetic = phonetic || e.Name.Local == "rPh"
		case xml.CharData:
			if within && !phonetic {
				if left -= int64(len(e)); left < 0 {
					return tooLarge()
				}
				text.Write(e)
			}
		case xml.EndElement:
			within = false
			switch e.Name.Local {
			case "rPh":
				phonetic = false
			case "si":
				if left -= 16; left < 0 {
					return tooLarge()
				}
				b.texts = append(b.texts, text.String())
				text.Reset()
			}
		}
		return nil
	})
}

// styles learns which styles show a number as a day.
func (b *book) styles() error {
	own, within, styles := map[string]bool{}, false, 0
	return b.each("xl/styles.xml", func(token xml.Token) error {
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "numFmt":
				if len(own) < 10_000 {
					own[attr(e, "numFmtId")] = isDayForm(attr(e, "formatCode"))
				}
			case "cellXfs":
				within = true
			case "xf":
				if !within {
					break
				}
				id, _ := strconv.Atoi(attr(e, "numFmtId"))
				if day, ok := own[attr(e, "numFmtId")]; ok && day || !ok && (id >= 14 && id <= 17 || id == 22) {
					b.dates[styles] = true
				}
				if styles++; styles > 100_000 {
					return tooLarge()
				}
			}
		case xml.EndElement:
			within = within && e.Name.Local != "cellXfs"
		}
		return nil
	})
}

// isDayForm tells whether a format of a spreadsheet shows a day.
func isDayForm(code string) bool {
	plain, quoted := strings.Builder{}, false
	for _, c := range strings.ToLower(code) {
		switch {
		case c == '"' || c == '[' || c == ']':
			quoted = !quoted
		case !quoted:
			plain.WriteRune(c)
		}
	}
	return strings.Contains(plain.String(), "yy") && strings.Contains(plain.String(), "d")
}

// first finds the first sheet and begins to read it.
func (b *book) first() error {
	id, sheet := "", ""
	err := b.each(workbook, func(token xml.Token) error {
		e, ok := token.(xml.StartElement)
		switch {
		case ok && e.Name.Local == "sheet":
			if b.sheets++; b.sheets == 1 {
				id = attr(e, "id")
			}
		case ok && e.Name.Local == "workbookPr" && (attr(e, "date1904") == "1" || attr(e, "date1904") == "true"):
			b.epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = b.each("xl/_rels/workbook.xml.rels", func(token xml.Token) error {
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "Relationship" && id != "" && attr(e, "Id") == id {
			sheet = attr(e, "Target")
		}
		return nil
	})
	if err != nil {
		return err
	}
	if strings.HasPrefix(sheet, "/") {
		sheet = strings.TrimPrefix(sheet, "/")
	} else {
		sheet = path.Join("xl", sheet)
	}
	if b.cells, err = b.open(sheet); err == nil && b.cells == nil {
		err = noTable()
	}
	return err
}

// next answers the next row that has a cell with something in it.
func (b *book) next() ([]string, int, error) {
	b.row = b.row[:0]
	for {
		token, err := b.cells.next()
		if err != nil {
			return nil, 0, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "row":
				if err := b.begin(attr(e, "r")); err != nil {
					return nil, 0, err
				}
			case "c":
				if err := b.cell(e); err != nil {
					return nil, 0, err
				}
			}
		case xml.EndElement:
			if e.Name.Local == "row" && len(b.row) > 0 {
				return b.row, b.n, nil
			}
		}
	}
}

func (b *book) begin(written string) error {
	b.row = b.row[:0]
	if written == "" {
		b.n++
		return nil
	}
	n, err := strconv.Atoi(written)
	if err != nil || n <= b.n {
		return noTable() // rows stand in their order
	}
	b.n = n
	return nil
}

// cell reads one cell up to its end. One that holds nothing takes no place.
func (b *book) cell(e xml.StartElement) error {
	kind, style := attr(e, "t"), attr(e, "s")
	at := len(b.row)
	if ref := attr(e, "r"); ref != "" {
		at = columnOf(ref)
	}
	value, within, phonetic, deep := strings.Builder{}, false, false, b.cells.deep
	for b.cells.deep >= deep {
		token, err := b.cells.next()
		if errors.Is(err, io.EOF) {
			return noTable()
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			within = e.Name.Local == "v" || e.Name.Local == "t"
			phonetic = phonetic || e.Name.Local == "rPh"
		case xml.EndElement:
			within, phonetic = false, phonetic && e.Name.Local != "rPh"
		case xml.CharData:
			if within && !phonetic {
				if value.Len()+len(e) > b.limits.Line {
					return fault.New(fault.Invalid, "sheet.row_too_long")
				}
				value.Write(e)
			}
		}
	}
	text, err := b.value(kind, style, value.String())
	if err != nil || strings.TrimSpace(text) == "" {
		return err
	}
	if at < len(b.row) {
		return noTable() // cells stand in their order
	}
	if at >= b.limits.Columns {
		return tooLarge()
	}
	for len(b.row) < at {
		b.row = append(b.row, "")
	}
	b.row = append(b.row, text)
	return nil
}

// columnOf is the place of a cell, from zero; one that is not written well is beyond every limit.
func columnOf(ref string) int {
	at := 0
	for _, c := range ref {
		switch {
		case c >= 'A' && c <= 'Z' && at < 1<<20:
			at = at*26 + int(c-'A') + 1
		case c >= '0' && c <= '9' && at > 0:
			return at - 1
		default:
			return 1 << 20
		}
	}
	return 1 << 20
}

// value is what a cell holds, as text: a day as 2026-09-01, a whole number in full.
func (b *book) value(kind, style, raw string) (string, error) {
	switch kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(raw))
		if raw == "" {
			return "", nil
		}
		if err != nil || i < 0 || i >= len(b.texts) {
			return "", noTable()
		}
		return b.texts[i], nil
	case "inlineStr", "str", "d":
		return raw, nil
	case "b":
		return map[string]string{"1": "true", "0": "false"}[raw], nil
	case "e":
		return "", nil
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(raw), 64)
	if err != nil {
		return raw, nil //nolint:nilerr // no number is a text
	}
	if s, err := strconv.Atoi(style); err == nil && b.dates[s] && n >= 1 && n < 2_958_466 {
		return b.epoch.AddDate(0, 0, int(n)).Format(time.DateOnly), nil
	}
	if whole := int64(n); float64(whole) == n && n > -1e15 && n < 1e15 {
		return strconv.FormatInt(whole, 10), nil
	}
	return raw, nil
}

func (b *book) encoding() Encoding { return UTF8 }

func (b *book) close() error { return b.cells.file.Close() }
