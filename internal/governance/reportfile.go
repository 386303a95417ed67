package governance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/sheet"
)

// Written is a report in a file.
type Written struct {
	Name, Media string
	Data        []byte
}

// File writes the report as csv or json; the pages print it. It refuses another
// format.
func (r Report) File(format, lang string, p *policy.Pack) (Written, error) {
	w := Written{Name: "aval-" + r.Year.String() + "." + format}
	var out bytes.Buffer
	switch format {
	case "csv":
		w.Media = sheet.CSV.Media()
		if err := r.table(i18n.For(lang)).Write(&out); err != nil {
			return w, fmt.Errorf("write a report: %w", err)
		}
	case "json":
		w.Media = "application/json"
		encoder := json.NewEncoder(&out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(r.said(lang, p)); err != nil {
			return w, fmt.Errorf("write a report: %w", err)
		}
	default:
		return w, fault.Form(map[string]string{"format": "governance.format_unknown"})
	}
	w.Data = out.Bytes()
	return w, nil
}

// Columns are the figures of a line, in their order: governance.report.<column>
// heads each.
var Columns = []string{"requests", "approved", "conditional", "refused", "days", "overdue", "licences", "incidents", "exceptions"}

// Figures are those of a line, in the order of Columns; "" where there is none.
func (l Line) Figures() []string {
	figures := make([]string, 0, len(Columns))
	for _, n := range []int{l.Requests, l.Approved, l.Conditional, l.Refused, l.Days, l.Overdue, l.Licences, l.Incidents, l.Exceptions} {
		text := strconv.Itoa(n)
		if n < 0 {
			text = ""
		}
		figures = append(figures, text)
	}
	return figures
}

func (r Report) table(p *i18n.Printer) sheet.Table {
	t := sheet.Table{Format: sheet.CSV, Comma: ',', Header: []string{p.T("governance.report.org")}}
	if p.Lang == "fr" {
		t.Comma = ';'
	}
	for _, c := range Columns {
		t.Header = append(t.Header, p.T("governance.report."+c))
	}
	t.Header = append(t.Header, p.T("governance.report.attested"))
	add := func(name string, l Line, attested string) {
		t.Rows = append(t.Rows, append(append([]string{name}, l.Figures()...), attested))
	}
	for _, l := range r.Lines {
		name := l.Name
		if l.Org == "" {
			name = p.T("governance.report.whole")
		}
		add(name, l, l.Attested)
	}
	add(p.T("governance.report.total"), r.Total, "")
	return t
}

type lineJSON struct {
	Org         string `json:"org"`
	Name        string `json:"name"`
	Requests    int    `json:"requests"`
	Approved    int    `json:"approved"`
	Conditional int    `json:"conditional"`
	Refused     int    `json:"refused"`
	Days        *int   `json:"days"`
	Overdue     int    `json:"conditions_overdue"`
	Licences    int    `json:"licences"`
	Incidents   int    `json:"incidents"`
	Exceptions  int    `json:"exceptions"`
	Attested    string `json:"attested,omitempty"`
	Reserves    bool   `json:"with_exceptions,omitempty"`
}

func saidLine(l Line) lineJSON {
	out := lineJSON{Org: l.Org, Name: l.Name, Requests: l.Requests, Approved: l.Approved, Conditional: l.Conditional, Refused: l.Refused,
		Overdue: l.Overdue, Licences: l.Licences, Incidents: l.Incidents, Exceptions: l.Exceptions, Attested: l.Attested, Reserves: l.Reserves}
	if l.Days >= 0 {
		out.Days = &l.Days
	}
	return out
}

// said is the report as programs read it.
func (r Report) said(lang string, p *policy.Pack) any {
	type refusal struct {
		Platform string   `json:"platform"`
		Org      string   `json:"org"`
		On       string   `json:"on"`
		Reasons  []string `json:"reasons"`
	}
	type exception struct {
		Clause string `json:"clause"`
		Count  int64  `json:"count"`
	}
	out := struct {
		Board      string      `json:"board"`
		Year       string      `json:"year"`
		From       string      `json:"from"`
		Until      string      `json:"until"`
		Since      string      `json:"since"`
		MadeAt     time.Time   `json:"made_at"`
		Lines      []lineJSON  `json:"lines"`
		Total      lineJSON    `json:"total"`
		Refused    []refusal   `json:"refused"`
		Exceptions []exception `json:"exceptions"`
	}{Board: r.Board, Year: r.Year.String(), From: r.Year.First(), Until: r.Until, Since: r.Since, MadeAt: r.MadeAt,
		Lines: []lineJSON{}, Total: saidLine(r.Total), Refused: []refusal{}, Exceptions: []exception{}}
	for _, l := range r.Lines {
		out.Lines = append(out.Lines, saidLine(l))
	}
	for _, f := range r.Refused {
		out.Refused = append(out.Refused, refusal{f.Platform, f.Org, f.On, f.Said(lang, p)})
	}
	for _, e := range r.Exceptions {
		out.Exceptions = append(out.Exceptions, exception(e))
	}
	return out
}

// Said are the reasons in words.
func (f Refusal) Said(lang string, p *policy.Pack) []string {
	said := make([]string, 0, len(f.Reasons))
	for _, code := range f.Reasons {
		if reason, known := p.RefusalReason(code); known {
			code = reason.Title.In(lang)
		}
		said = append(said, code)
	}
	return said
}
