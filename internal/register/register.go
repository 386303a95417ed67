// Package register writes the registers that the law asks of a board from what
// the house already knows: confidentiality incidents, releases of personal
// information, files of personal information, refused platforms, and the
// inventory of tools used with students. Nothing is typed twice, and nothing is
// invented: what aval does not hold stays empty and is marked, to be completed.
package register

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/sheet"
)

// Kind is one of policy.Registers.
type Kind string

// The registers.
const (
	Incidents Kind = "incidents" // r. 3.1, s. 7
	Releases  Kind = "releases"  // s. 67.3
	Files     Kind = "files"     // s. 76
	Refusals  Kind = "refusals"
	Inventory Kind = "inventory" // Ontario, students under 18
)

// columns are the fields of each register, in the law's order.
var columns = map[Kind][]string{
	Incidents: {"number", "pi_description", "circumstances", "incident_date", "aware_date", "persons_count", "risk_elements",
		"notice_dates", "measures"},
	Releases:  {"platform", "since", "until", "information_type", "recipient", "purpose", "outside", "reason"},
	Files:     {"file", "information", "purposes", "management", "source", "persons", "access", "security"},
	Refusals:  {"platform", "vendor", "decided_on", "place", "aspects", "reasons", "codes", "status"},
	Inventory: {"tool", "vendor", "status", "data_elements", "purpose", "users", "notice", "audience_channel", "sent_before"},
}

// clauses are those of the laws that ask for each register.
var clauses = map[Kind]string{Incidents: "QC-INC-07", Releases: "QC-REG-COM", Files: "QC-REG-FILES", Inventory: "ON-TECH-01"}

// Clause is the clause that asks for a register; "" when the board's laws have none.
func (k Kind) Clause(p *policy.Pack) string {
	if _, ok := p.Clause(clauses[k]); ok {
		return clauses[k]
	}
	return ""
}

// Filter is the days within which an entry falls; either may be empty. An incident
// falls on the day of awareness, a release on those of its licence, a refusal on
// that of its decision; what stands today has no day.
type Filter struct{ From, To string }

func (f Filter) check() error {
	fields := map[string]string{}
	for name, on := range map[string]string{"from": f.From, "to": f.To} {
		if _, err := time.Parse(time.DateOnly, on); on != "" && err != nil {
			fields[name] = "register.day_wrong"
		}
	}
	if len(fields) == 0 && f.From != "" && f.To != "" && f.To < f.From {
		fields["to"] = "register.to_early"
	}
	return fault.Form(fields)
}

// holds says that a day, or days from one to another, fall within the filter.
func (f Filter) holds(from, to string) bool {
	return (f.From == "" || to >= f.From) && (f.To == "" || from <= f.To)
}

// Cell is what an entry says under a column. Missing is what aval does not hold
// and somebody must complete.
type Cell struct {
	Text    string
	Missing bool
}

// Row is an entry, of a subject such as "incident:" and an id.
type Row struct {
	Subject string
	Cells   []Cell
}

// Table is a register in one language.
type Table struct {
	Kind    Kind
	Lang    string
	Board   string // name
	Filter  Filter
	MadeAt  time.Time
	Columns []string // keys
	Rows    []Row
}

// Format is how a register is written to a file.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
	JSON Format = "json"
	PDF  Format = "pdf" // printed by the pages
)

// Formats lists those that File writes.
var Formats = []Format{CSV, XLSX, JSON}

// File is a register in a file.
type File struct {
	Name, Media string
	Data        []byte
}

// Name is that of a file of the register in a format.
func (t Table) Name(f Format) string {
	return fmt.Sprintf("%s-%s.%s", t.Kind, i18n.DayOf(t.MadeAt), f)
}

// File writes the register: a table whose cells run as a formula in no
// spreadsheet, or JSON with the columns' keys, in which what is missing is null.
func (t Table) File(f Format) (File, error) {
	file := File{Name: t.Name(f)}
	switch f {
	case JSON:
		var b bytes.Buffer
		w := json.NewEncoder(&b)
		w.SetEscapeHTML(false)
		w.SetIndent("", "  ")
		err := w.Encode(t.data())
		file.Media, file.Data = "application/json", b.Bytes()
		return file, err
	case CSV, XLSX:
		var b bytes.Buffer
		s := t.sheet(sheet.Format(f))
		err := s.Write(&b)
		file.Media, file.Data = s.Format.Media(), b.Bytes()
		return file, err
	}
	return file, fault.Form(map[string]string{"format": "register.format_unknown"})
}

// sheet is the register as a table; in French, cells stand apart by semicolons, as
// a French Excel reads them.
func (t Table) sheet(f sheet.Format) sheet.Table {
	p := i18n.For(t.Lang)
	s := sheet.Table{Format: f, Comma: ','}
	if t.Lang == "fr" {
		s.Comma = ';'
	}
	for _, key := range t.Columns {
		s.Header = append(s.Header, p.T(t.Heading(key)))
	}
	for _, row := range t.Rows {
		cells := make([]string, len(row.Cells))
		for i, c := range row.Cells {
			if cells[i] = c.Text; c.Missing {
				cells[i] = p.T("register.to_complete")
			}
		}
		s.Rows = append(s.Rows, cells)
	}
	return s
}

// data is the register as programs read it.
func (t Table) data() any {
	p := i18n.For(t.Lang)
	type column struct {
		Key   string `json:"key"`
		Title string `json:"title"`
	}
	out := struct {
		Register string               `json:"register"`
		Board    string               `json:"board"`
		Language string               `json:"language"`
		MadeAt   time.Time            `json:"made_at"`
		From     string               `json:"from,omitempty"`
		To       string               `json:"to,omitempty"`
		Columns  []column             `json:"columns"`
		Entries  []map[string]*string `json:"entries"`
	}{string(t.Kind), t.Board, t.Lang, t.MadeAt, t.Filter.From, t.Filter.To, []column{}, []map[string]*string{}}
	for _, key := range t.Columns {
		out.Columns = append(out.Columns, column{key, p.T(t.Heading(key))})
	}
	for _, row := range t.Rows {
		entry := map[string]*string{}
		for i, c := range row.Cells {
			if entry[t.Columns[i]] = nil; !c.Missing {
				entry[t.Columns[i]] = &c.Text
			}
		}
		out.Entries = append(out.Entries, entry)
	}
	return out
}

// Heading is the key of the words over a column.
func (t Table) Heading(column string) string { return "register." + string(t.Kind) + "." + column }

// Missing counts the cells to complete.
func (t Table) Missing() (n int) {
	for _, row := range t.Rows {
		for _, c := range row.Cells {
			if c.Missing {
				n++
			}
		}
	}
	return n
}

// text is a cell that says something, or is to be completed.
func text(s string) Cell { return Cell{Text: s, Missing: s == ""} }

// said is a cell that may say nothing.
func said(s string) Cell { return Cell{Text: s} }

// kept is a kind that the board's law asks for; of any other there is nothing.
func kept(p *policy.Pack, k Kind) error {
	if _, known := columns[k]; !known || !slices.Contains(p.Kept(), string(k)) {
		return fault.Missing()
	}
	return nil
}

// Dated says that the entries of a register fall on days.
func (k Kind) Dated() bool { return k == Incidents || k == Releases || k == Refusals }
