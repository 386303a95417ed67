package sheet

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode"

	"aval/internal/fault"
)

// Limits bound what is read of a stranger's table, while it is read: what a file
// declares of itself is not trusted. The zero value of a field means its default.
type Limits struct {
	File    int64 // bytes of the file
	Members int   // files in a workbook
	Member  int64 // bytes of one of them, unpacked
	Ratio   int64 // unpacked to packed, of one above a mebibyte
	Texts   int64 // bytes of the texts that a workbook's cells share, held in memory
	Line    int   // bytes of one row
	Columns int   // cells of one row
	Rows    int   // rows, and the number of the last
}

// DefaultLimits leave room for the pupils of a large board, several rows each.
func DefaultLimits() Limits {
	return Limits{File: 256 << 20, Members: 512, Member: 512 << 20, Ratio: 200, Texts: 24 << 20, Line: 256 << 10,
		Columns: MaxColumns, Rows: 1_000_000}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	for _, v := range []struct{ own, usual *int64 }{{&l.File, &d.File}, {&l.Member, &d.Member}, {&l.Ratio, &d.Ratio}, {&l.Texts, &d.Texts}} {
		if *v.own == 0 {
			*v.own = *v.usual
		}
	}
	for _, v := range []struct{ own, usual *int }{{&l.Members, &d.Members}, {&l.Line, &d.Line}, {&l.Columns, &d.Columns}, {&l.Rows, &d.Rows}} {
		if *v.own == 0 {
			*v.own = *v.usual
		}
	}
	return l
}

// Encoding is how the signs of a file are written.
type Encoding string

// The encodings that are recognised. Mixed is UTF-8 with cells of Windows-1252,
// as an old system writes that was moved to a new one.
const (
	UTF8    Encoding = "utf-8"
	UTF8BOM Encoding = "utf-8-bom"
	UTF16   Encoding = "utf-16"
	Western Encoding = "windows-1252" // and Latin-1, which is a part of it
	Mixed   Encoding = "mixed"
)

// Source is a table that is read row by row: a CSV, or the first sheet of an XLSX
// workbook. Its memory is bounded, whatever the file is, and it writes nothing.
type Source struct {
	Format Format
	Comma  rune     // what separates the cells of a CSV
	Header []string // the first row that has a word, trimmed
	Row    int      // of the last Next: a line of a CSV, a row of a sheet
	Sheets int      // of a workbook: the others are not read

	from   rows
	limits Limits
	counts map[string]int
	read   int
}

// rows gives the rows of a file as they stand, with their number; io.EOF ends them.
type rows interface {
	next() (cells []string, n int, err error)
	encoding() Encoding
	close() error
}

// Open begins to read a table of size bytes, up to its header. It refuses (Invalid) a
// file that is too large, no table, or without a word; so does Next. Who opens closes.
func Open(r io.ReaderAt, size int64, l Limits) (s *Source, err error) {
	l = l.orDefault()
	if size > l.File {
		return nil, tooLarge()
	}
	s = &Source{Format: CSV, limits: l, counts: map[string]int{}}
	var first [4]byte
	n, err := r.ReadAt(first[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(first[:n], []byte("PK\x03\x04")) {
		s.Format = XLSX
		book, err := openBook(r, size, l)
		if err != nil {
			return nil, err
		}
		s.from, s.Sheets = book, book.sheets
	} else {
		lines, err := openLines(r, size, l)
		if err != nil {
			return nil, err
		}
		s.from, s.Comma = lines, lines.comma
	}
	if err := s.header(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func tooLarge() error { return fault.New(fault.Invalid, "sheet.beyond") }

// header reads up to the first row that has a word.
func (s *Source) header() error {
	for {
		cells, n, err := s.from.next()
		if errors.Is(err, io.EOF) {
			return fault.New(fault.Invalid, "sheet.no_rows")
		}
		if err != nil {
			return err
		}
		if cells = withoutTail(cells); len(cells) == 0 {
			continue
		}
		if n > s.limits.Rows || len(cells) > s.limits.Columns {
			return tooLarge()
		}
		s.Row = n
		for _, cell := range cells {
			s.Header = append(s.Header, s.text(cell))
		}
		return nil
	}
}

// Next answers the next row that has a word, as wide as the header, each cell trimmed
// and on one line. The cells hold until the row after it. It answers io.EOF after the
// last. A row that holds more than the header does is counted as row_long, and whole
// says false: its cells may stand under the wrong header. One that holds less counts
// as row_short.
func (s *Source) Next() (cells []string, whole bool, err error) {
	for {
		cells, n, err := s.from.next()
		if err != nil {
			return nil, false, err
		}
		short := s.Format == CSV && len(cells) < len(s.Header) // a sheet leaves out what is blank
		if cells = withoutTail(cells); len(cells) == 0 {
			continue
		}
		if short {
			s.counts["row_short"]++
		}
		s.Row = n
		if s.read++; n > s.limits.Rows || s.read > s.limits.Rows || len(cells) > s.limits.Columns {
			return nil, false, tooLarge()
		}
		whole = true
		switch width := len(s.Header); {
		case len(cells) < width:
			cells = append(cells, make([]string, width-len(cells))...)
		case len(cells) > width:
			s.counts["row_long"]++
			whole, cells = false, cells[:width]
		}
		for i, cell := range cells {
			cells[i] = s.text(cell)
		}
		return cells, whole, nil
	}
}

// withoutTail is a row without its last blanks.
func withoutTail(cells []string) []string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// text is a cell on one line, without what no database keeps.
func (s *Source) text(cell string) string {
	if len(cell) > maxCell {
		s.counts["value_cut"]++
		cell = strings.ToValidUTF8(cell[:maxCell], "")
	}
	cell = strings.TrimSpace(cell)
	if !strings.ContainsFunc(cell, unicode.IsControl) {
		return cell
	}
	if strings.ContainsAny(cell, "\r\n") {
		s.counts["line_break"]++
	} else {
		s.counts["control_character"]++
	}
	return strings.Join(strings.FieldsFunc(cell, unicode.IsControl), " ")
}

// Encoding is how the signs of the file are written, as far as it was read.
func (s *Source) Encoding() Encoding { return s.from.encoding() }

// Dirt counts what was repaired, by code.
func (s *Source) Dirt() map[string]int { return s.counts }

// Close ends the reading.
func (s *Source) Close() error { return s.from.close() }
