// Package sheet reads and writes the tables that people exchange as files: CSV
// as spreadsheets write it, and XLSX. What a file holds is read as text; what is
// written runs as a formula in no spreadsheet.
package sheet

import (
	"bytes"
	"slices"
	"strings"

	"aval/internal/fault"
)

// Format is how a table is written.
type Format string

// The formats. A CSV of ours is UTF-8 with a byte order mark, as Excel needs it.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Media is the media type of a format.
func (f Format) Media() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// What a file may hold at most: more is no class list, or is meant to hurt.
const (
	MaxBytes   = 20 << 20
	MaxRows    = 200_000
	MaxColumns = 200
	MaxCells   = 4_000_000 // rows as wide as the widest: few bytes make many
	maxCell    = 10_000    // bytes
)

// Table is a header and its rows; each row has as many cells as the header.
type Table struct {
	Format Format
	Comma  rune // what separates the cells of a CSV
	Header []string
	Rows   [][]string
}

// Read reads a CSV (comma, semicolon or tab; UTF-8 with or without a mark,
// UTF-16 with one, else Windows-1252) or the first sheet of an XLSX. Rows without
// a word are left out; the first that has one is the header. It refuses what is
// empty, too large or no table, without saying what is in it.
func Read(data []byte) (t Table, err error) {
	switch {
	case len(data) > MaxBytes:
		return t, fault.New(fault.Invalid, "sheet.too_large")
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		t, err = readXLSX(data)
	default:
		t, err = readCSV(data)
	}
	if err != nil {
		return Table{}, err
	}
	if len(t.Rows) == 0 {
		return Table{}, fault.New(fault.Invalid, "sheet.empty")
	}
	return t, nil
}

// kept adds a row as it was written, without its last blanks and without the
// memory that they took; it refuses a row that is too wide, and one too many.
func kept(rows [][]string, cells []string) ([][]string, error) {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	if len(rows) > MaxRows || len(cells) > MaxColumns {
		return nil, fault.New(fault.Invalid, "sheet.too_large")
	}
	return append(rows, slices.Clone(cells)), nil
}

// take makes a table of rows as they were written.
func (t *Table) take(rows [][]string) error {
	for _, cells := range rows {
		switch {
		case len(cells) == 0:
		case len(t.Rows) == MaxRows:
			return fault.New(fault.Invalid, "sheet.too_large")
		case t.Header == nil:
			t.Header = cells
		default:
			t.Rows = append(t.Rows, cells)
		}
	}
	width := len(t.Header)
	for _, cells := range t.Rows {
		width = max(width, len(cells))
	}
	if width*(len(t.Rows)+1) > MaxCells {
		return fault.New(fault.Invalid, "sheet.too_large")
	}
	t.Header = widened(t.Header, width)
	for i := range t.Rows {
		t.Rows[i] = widened(t.Rows[i], width)
	}
	return nil
}

func widened(cells []string, width int) []string {
	wide := make([]string, width)
	for i, cell := range cells {
		if len(cell) > maxCell {
			cell = strings.ToValidUTF8(cell[:maxCell], "")
		}
		wide[i] = strings.ReplaceAll(cell, "\x00", "")
	}
	return wide
}

// Harmless is a cell that no spreadsheet takes for a formula: one that begins as
// a formula does is given an apostrophe, unless it is a plain number.
func Harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n|", rune(cell[0])) || number(cell) {
		return cell
	}
	return "'" + cell
}

// number says that a text is digits with a sign, a decimal mark, spaces or a percent.
func number(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return s != "" && strings.ContainsAny(s, "0123456789") && strings.Trim(s, "0123456789., \u00a0\u202f%") == ""
}
