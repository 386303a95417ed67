package catalogue

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/sheet"
)

// Column is a column of a file that is brought in: its code, and the titles that
// files have for it, in French and in English.
type Column struct {
	Code     string
	Titles   []string
	Required bool
}

// Line is a row of the file, what it holds by the column's code.
type Line struct {
	Number int // in the file: the header is 1, and rows without a word are not counted
	Cells  map[string]string
}

// Defect is something to look at in a file: where, and a sentence that says what.
type Defect struct {
	Row    int
	Column string // as the file writes it
	Said   fault.Message
}

// Report is what bringing a file in did, or would do.
type Report struct {
	Rows      int
	Added     int
	Unchanged int
	Defects   []Defect // with one, nothing at all was brought in
	Warnings  []Defect
}

// Intake is a file as it is brought in.
type Intake struct {
	Lines []Line
	Report
	titles map[string]string
}

// ErrUndone undoes the transaction of an intake that is not to be kept.
var ErrUndone = errors.New("nothing is brought in")

// ReadTable reads a CSV or XLSX file whose header names some of the columns, in any
// order. It refuses a file that is no table, that lacks a column it needs, or that
// has one twice; a column that is not known is left out, with a warning.
func ReadTable(data []byte, columns []Column) (*Intake, error) {
	table, err := sheet.Read(data)
	if err != nil {
		return nil, err
	}
	in := &Intake{titles: map[string]string{}}
	codes := make([]string, len(table.Header))
	for i, title := range table.Header {
		at := slices.IndexFunc(columns, func(c Column) bool { return c.bears(title) })
		switch {
		case at < 0 && strings.TrimSpace(title) != "":
			in.Warnings = append(in.Warnings, Defect{Row: 1, Column: title, Said: fault.Message{Key: "intake.column_unknown"}})
		case at >= 0 && in.titles[columns[at].Code] != "":
			return nil, fault.New(fault.Invalid, "intake.column_twice", in.titles[columns[at].Code], title)
		case at >= 0:
			codes[i], in.titles[columns[at].Code] = columns[at].Code, strings.TrimSpace(title)
		}
	}
	for _, c := range columns {
		if c.Required && in.titles[c.Code] == "" {
			return nil, fault.New(fault.Invalid, "intake.column_missing", strings.Join(c.Titles, ", "))
		}
	}
	for i, cells := range table.Rows {
		line := Line{Number: i + 2, Cells: map[string]string{}}
		for j, cell := range cells {
			if codes[j] != "" {
				line.Cells[codes[j]] = strings.TrimSpace(cell)
			}
		}
		in.Lines = append(in.Lines, line)
	}
	in.Rows = len(in.Lines)
	return in, nil
}

func (c Column) bears(title string) bool {
	return slices.ContainsFunc(append([]string{c.Code}, c.Titles...), func(known string) bool {
		return db.Fold(known) == db.Fold(strings.ReplaceAll(title, "_", " ")) || known == strings.TrimSpace(title)
	})
}

// Wrong notes what is wrong with a column of a line.
func (in *Intake) Wrong(l Line, code, key string, args ...any) {
	in.Defects = append(in.Defects, Defect{Row: l.Number, Column: in.title(code), Said: fault.Message{Key: key, Args: args}})
}

// Look notes what is to be looked at in a column of a line, and does not stop it.
func (in *Intake) Look(l Line, code, key string, args ...any) {
	in.Warnings = append(in.Warnings, Defect{Row: l.Number, Column: in.title(code), Said: fault.Message{Key: key, Args: args}})
}

// Refused notes a refusal under the columns that it names; anything else is returned.
func (in *Intake) Refused(l Line, err error) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	for field, m := range f.Fields {
		in.Wrong(l, field, m.Key, m.Args...)
	}
	if len(f.Fields) == 0 {
		in.Wrong(l, "", f.Key, f.Args...)
	}
	return nil
}

// Close ends the transaction's work: it is undone where there is a defect, and where
// it was only tried. Done says so, once the transaction is over.
func (in *Intake) Close(dry bool) error {
	if dry || len(in.Defects) > 0 {
		return ErrUndone
	}
	return nil
}

// Done is the report once the transaction ended with err.
func (in *Intake) Done(err error) (Report, error) {
	if errors.Is(err, ErrUndone) {
		err = nil
	}
	slices.SortStableFunc(in.Defects, func(a, b Defect) int {
		return cmp.Or(a.Row-b.Row, strings.Compare(a.Column, b.Column))
	})
	return in.Report, err
}

func (in *Intake) title(code string) string {
	if title := in.titles[code]; title != "" {
		return title
	}
	return code
}

// Parts are the entries of a cell that holds several: one a line, or between semicolons.
func Parts(cell string) []string {
	return tidy(strings.FieldsFunc(cell, func(r rune) bool { return r == '\n' || r == ';' }), squeeze)
}
