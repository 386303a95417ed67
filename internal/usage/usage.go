// Package usage reads what platforms say of their use. Those that know pupils by
// their login names export files that tell a teacher nothing: Rosetta gives such
// a file back with the pupils' names beside, and where each class stands (policy
// A, 6.2 b). The names are joined here and leave with the file; aval keeps how
// many there were, and not the file.
package usage

import (
	"cmp"
	"html"
	"slices"
	"strconv"
	"strings"

	"aval/internal/fault"
	"aval/internal/pseudonym"
	"aval/internal/sheet"
)

// named is a table and the login name that each of its rows is about.
type named struct {
	sheet.Table
	column int
	rows   map[int]pseudonym.Name // by row; a row without a name is about nobody
}

// read finds the column of login names: the one where most cells are such names,
// and at least half of those that hold something.
func read(data []byte) (n named, err error) {
	t, err := sheet.Read(data)
	if err != nil {
		return n, err
	}
	for column := range t.Header {
		rows, filled := map[int]pseudonym.Name{}, 0
		for i, cells := range t.Rows {
			if strings.TrimSpace(cells[column]) == "" {
				continue
			}
			filled++
			if name, err := pseudonym.Parse(cells[column]); err == nil {
				rows[i] = name
			}
		}
		if len(rows) > len(n.rows) && 2*len(rows) >= filled {
			n = named{Table: t, column: column, rows: rows}
		}
	}
	if len(n.rows) == 0 {
		return n, fault.New(fault.Invalid, "usage.no_names")
	}
	return n, nil
}

// names are the login names of the table, each once.
func (n named) names() []pseudonym.Name {
	var names []pseudonym.Name
	seen := map[string]bool{}
	for i := range n.Rows {
		if name, ok := n.rows[i]; ok && !seen[name.String()] {
			seen[name.String()] = true
			names = append(names, name)
		}
	}
	return names
}

// pupil is one whose login name the table holds.
type pupil struct {
	ID, GivenName, FamilyName string
	Class, Title              string // id, and what it is called
}

// joined is the table with three columns before the others, filled for the rows
// that are about one of these pupils (by login name).
func (n named) joined(of map[string]pupil, columns [3]string) sheet.Table {
	t := n.Table
	t.Header = append(columns[:], n.Header...)
	t.Rows = make([][]string, len(n.Rows))
	for i, cells := range n.Rows {
		p := of[n.rows[i].String()]
		t.Rows[i] = append([]string{p.FamilyName, p.GivenName, p.Title}, cells...)
	}
	return t
}

// What a file with names may hold at most. It goes out in the page, and an XLSX
// of more is written by way of the disk, where no name may be.
const (
	MaxText  = 2 << 20 // bytes
	MaxCells = 100_000
)

// fits refuses a table that does not.
func fits(t sheet.Table) error {
	cells, text := len(t.Header)+3, 0
	cells *= len(t.Rows) + 1
	for _, row := range append([][]string{t.Header}, t.Rows...) {
		for _, cell := range row {
			text += len(html.EscapeString(cell)) // as a page and a workbook write it
		}
	}
	if cells > MaxCells || text > MaxText {
		return fault.New(fault.Invalid, "usage.too_large")
	}
	return nil
}

// Measure is a column of numbers and its median for a class; Rows is of how many,
// and none has no median.
type Measure struct {
	Column  string
	Median  float64
	Rows    int
	Percent bool // each is written with the sign
}

// Progress is where a class stands in the file; of pupils who are in none, Class is empty.
type Progress struct {
	Class    string // id
	Title    string
	School   string // name
	Pupils   int    // of the class
	Seen     int    // of whom the file speaks
	Measures []Measure
}

// progress tells where each class stands, by title: how many of its pupils the
// file speaks of, and the median of each column of numbers over its rows.
func (n named) progress(of map[string]pupil) []Progress {
	rows := map[string][]int{}
	by := map[string]*Progress{}
	counted := map[string]bool{}
	for i := range n.Rows {
		p, ok := of[n.rows[i].String()]
		if !ok {
			continue
		}
		rows[p.Class] = append(rows[p.Class], i)
		if by[p.Class] == nil {
			by[p.Class] = &Progress{Class: p.Class, Title: p.Title}
		}
		if !counted[p.ID] {
			counted[p.ID] = true
			by[p.Class].Seen++
		}
	}
	numbers := n.numbers()
	all := make([]Progress, 0, len(by))
	for class, c := range by {
		for _, column := range numbers {
			c.Measures = append(c.Measures, n.measure(rows[class], column))
		}
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b Progress) int { return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Class, b.Class)) })
	return all
}

// most is how many columns of numbers a page can show.
const most = 6

// numbers are the first columns whose cells are numbers, wherever they hold something.
func (n named) numbers() []int {
	var columns []int
	for column := range n.Header {
		filled := 0
		all := column != n.column && strings.TrimSpace(n.Header[column]) != ""
		for i := range n.Rows {
			cell := strings.TrimSpace(n.Rows[i][column])
			if _, about := n.rows[i]; !about || cell == "" {
				continue
			}
			_, ok := value(cell)
			all, filled = all && ok, filled+1
		}
		if all && filled > 0 && len(columns) < most {
			columns = append(columns, column)
		}
	}
	return columns
}

func (n named) measure(rows []int, column int) Measure {
	var values []float64
	signs := 0
	for _, i := range rows {
		if v, ok := value(n.Rows[i][column]); ok {
			values = append(values, v)
			signs += strings.Count(n.Rows[i][column], "%")
		}
	}
	m := Measure{Column: n.Header[column], Rows: len(values)}
	if m.Rows == 0 {
		return m
	}
	m.Percent = signs == m.Rows
	slices.Sort(values)
	middle := m.Rows / 2
	m.Median = values[middle]
	if m.Rows%2 == 0 {
		m.Median = (values[middle-1] + values[middle]) / 2
	}
	return m
}

// value reads a number as French or English files write it: 12,5, 12.5, 80 %.
func value(cell string) (float64, bool) {
	cell = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "%", "", ",", ".").Replace(cell)
	v, err := strconv.ParseFloat(cell, 64)
	return v, err == nil && !strings.ContainsAny(cell, "xXnNiI_pPeE")
}
