package mapping

import (
	"errors"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"aval/internal/fault"
	"aval/internal/sheet"
)

// Shape is what the cells of a column look like, without a word of them.
type Shape string

// The shapes; a column of several is a text.
const (
	Nothing   Shape = "nothing"
	Digits    Shape = "digits"
	Day       Shape = "day"
	AnAddress Shape = "email"
	Text      Shape = "text"
)

// Column is a column of a file: its header, and the shape of what stands under it.
type Column struct {
	Header   string
	Filled   int
	Shape    Shape
	Min, Max int // signs of the shortest and of the longest cell
	Twice    bool
}

// Profile is what a person is told of a file before a mapping reads it.
type Profile struct {
	Format   sheet.Format
	Encoding sheet.Encoding
	Comma    rune
	Sheets   int
	Rows     int
	Columns  []Column
	Dirt     map[string]int
}

// Header are the headers of the columns.
func (p Profile) Header() []string {
	list := make([]string, len(p.Columns))
	for i, c := range p.Columns {
		list[i] = c.Header
	}
	return list
}

// Look reads a file to its end and tells its columns by their headers and shapes. It
// refuses (Invalid) what sheet.Open refuses, a file without a row under its header,
// and one whose first row is no header.
func Look(r io.ReaderAt, size int64, l sheet.Limits) (p Profile, err error) {
	s, err := sheet.Open(r, size, l)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := isHeader(s.Header); err != nil {
		return p, err
	}
	p = Profile{Format: s.Format, Comma: s.Comma, Sheets: s.Sheets}
	for _, h := range s.Header {
		_, times := find(s.Header, h)
		p.Columns = append(p.Columns, Column{Header: h, Twice: times > 1 && key(h) != "", Shape: Nothing})
	}
	for {
		cells, _, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return p, err
		}
		p.Rows++
		for i, cell := range cells {
			if cell != "" {
				p.Columns[i].see(cell)
			}
		}
	}
	if p.Rows == 0 {
		return p, fault.New(fault.Invalid, "sheet.no_rows")
	}
	p.Encoding, p.Dirt = s.Encoding(), s.Dirt()
	return p, nil
}

// isHeader refuses a first row that holds what no header is called.
func isHeader(cells []string) error {
	named := 0
	for _, c := range cells {
		switch shapeOf(c) {
		case Digits, Day, AnAddress:
			return fault.New(fault.Invalid, "mapping.no_header")
		case Text:
			named++
		}
	}
	if named < 2 {
		return fault.New(fault.Invalid, "mapping.one_column")
	}
	return nil
}

func (c *Column) see(cell string) {
	shape, n := shapeOf(cell), utf8.RuneCountInString(cell)
	if c.Filled == 0 {
		c.Shape, c.Min, c.Max = shape, n, n
	}
	c.Filled++
	c.Min, c.Max = min(c.Min, n), max(c.Max, n)
	if c.Shape != shape {
		c.Shape = Text
	}
}

func shapeOf(cell string) Shape {
	switch {
	case cell == "":
		return Nothing
	case strings.IndexFunc(cell, func(r rune) bool { return !unicode.IsDigit(r) }) < 0:
		return Digits
	case strings.Count(cell, "@") == 1 && !strings.ContainsAny(cell, " ;,"):
		return AnAddress
	}
	for _, form := range []string{time.DateOnly, "2006/01/02", "02/01/2006", "02-01-2006"} {
		if _, err := time.Parse(form, cell); err == nil {
			return Day
		}
	}
	return Text
}
