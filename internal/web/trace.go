package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"aval/internal/desk"
	"aval/internal/fault"
	"aval/internal/governance"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// traceGroup is a section and its clauses.
type traceGroup struct {
	Title   string
	Clauses []traceLine
}

// traceLine is a clause with its own words.
type traceLine struct {
	policy.Traced
	Clause policy.Clause
}

// traceStates are what the trace may be narrowed to.
var traceStates = []string{"", "exceptions", "waiting", "conform", "planned"}

func traced(t policy.Traced, state string) bool {
	switch state {
	case "exceptions":
		return t.Exceptions > 0
	case "waiting":
		return t.Waiting > 0
	case "conform":
		return t.Mode != string(policy.Planned) && t.Exceptions == 0 && t.Waiting == 0
	case "planned":
		return t.Mode == string(policy.Planned)
	}
	return true
}

// policyTrace shows each clause, what carries it, and the exceptions that stand.
func (s *Server) policyTrace(v *visit) error {
	section, state := v.query("section"), v.query("show")
	if !slices.Contains(traceStates, state) {
		return fault.Missing()
	}
	all, err := policy.Trace(v.ctx(), s.DB, v.actor)
	if err != nil {
		return err
	}
	by, subjects := map[string]policy.Traced{}, []string{}
	for _, t := range all {
		by[t.ID] = t
		for _, m := range t.Open {
			subjects = append(subjects, m.Subject)
		}
	}
	naming, err := desk.Name(v.ctx(), s.DB, v.actor, subjects, nil)
	if err != nil {
		return err
	}
	var groups []traceGroup
	sections := []ui.Option{{Value: "", Text: v.T("governance.trace.all_sections"), Chosen: section == ""}}
	for _, g := range clauseGroups(v) {
		sections = append(sections, ui.Option{Value: g.Anchor, Text: g.Title, Chosen: section == g.Anchor})
		if section != "" && section != g.Anchor {
			continue
		}
		group := traceGroup{Title: g.Title}
		for _, c := range g.Clauses {
			if t := by[c.ID]; traced(t, state) {
				group.Clauses = append(group.Clauses, traceLine{Traced: t, Clause: c})
			}
		}
		if len(group.Clauses) > 0 {
			groups = append(groups, group)
		}
	}
	if section != "" && !slices.ContainsFunc(sections, func(o ui.Option) bool { return o.Chosen }) {
		return fault.Missing()
	}
	return v.render(tracePage(v, sections, stateOptions(v, state), groups, naming))
}

func stateOptions(v *visit, state string) (options []ui.Option) {
	for _, each := range traceStates {
		name := each
		if name == "" {
			name = "all"
		}
		options = append(options, ui.Option{Value: each, Text: v.T("governance.trace.show_" + name), Chosen: each == state})
	}
	return options
}

// ---- the yearly report

// reports offers the school years of which a report can be made.
func (s *Server) reports(v *visit) error {
	if err := v.actor.Allow(policy.GovernanceRead, policy.Scope{}); err != nil {
		return err
	}
	now := governance.YearOf(v.today())
	return v.render(reportsPage(v, []governance.Year{now, now - 1, now - 2}))
}

func reportAt(y governance.Year) string { return "/policy/report/" + strconv.Itoa(int(y)) }

// report shows the report of a school year for paper, in the reader's language or
// in the one asked for; under the same address with .pdf, .csv or .json at its
// end, it is a file.
func (s *Server) report(v *visit) error {
	typed, format, _ := strings.Cut(v.path("year"), ".")
	year, err := strconv.Atoi(typed)
	if err != nil || year < 1000 || year > 9999 {
		return fault.Missing()
	}
	if lang := v.query("lang"); slices.Contains(i18n.Languages, lang) {
		v.p = i18n.For(lang).Citing(v.actor.Pack.Cite)
	}
	r, err := s.Governance.Yearly(v.ctx(), v.actor, governance.Year(year))
	if err != nil {
		return err
	}
	switch format {
	case "":
		return v.render(reportPage(v, r))
	case "pdf":
		return s.reportPDF(v, r)
	}
	f, err := r.File(format, v.p.Lang, v.actor.Pack)
	if err != nil {
		return fault.Missing()
	}
	return v.send(f.Name, f.Media, f.Data)
}

func (s *Server) reportPDF(v *visit, r governance.Report) error {
	data, err := printPDF(v.ctx(), reportPaper(v, r))
	if errors.Is(err, errNoBrowser) {
		v.status = http.StatusServiceUnavailable
		return v.render(noBrowserPage(v, reportAt(r.Year), v.T("governance.report.title", r.Year.String())))
	}
	if err != nil {
		return fmt.Errorf("print a report: %w", err)
	}
	return v.send("aval-"+r.Year.String()+"-"+v.p.Lang+".pdf", "application/pdf", data)
}

// lineName is how a line of the report is called; the total comes after all.
func lineName(p *i18n.Printer, r governance.Report, at int) string {
	switch {
	case at == len(r.Lines):
		return p.T("governance.report.total")
	case r.Lines[at].Org == "":
		return p.T("governance.report.whole")
	}
	return r.Lines[at].Name
}

// attestedText says whether the place of a line attested.
func attestedText(p *i18n.Printer, l governance.Line) string {
	switch {
	case l.Reserves:
		return p.T("governance.report.with_exceptions", p.Day(l.Attested))
	case l.Attested != "":
		return p.Day(l.Attested)
	case l.Attests:
		return p.T("governance.report.not_attested")
	}
	return "–"
}
