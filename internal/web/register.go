package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"aval/internal/fault"
	"aval/internal/incident"
	"aval/internal/policy"
	"aval/internal/register"
	"aval/internal/web/ui"
)

func (s *Server) registers(v *visit) error {
	kinds, err := s.Registers.Kinds(v.actor)
	if err != nil {
		return err
	}
	return v.render(registersPage(v, kinds))
}

func registerAt(k register.Kind) string { return "/registers/" + string(k) }

// registerTable reads the register that the address names, within the days that were asked for.
func (s *Server) registerTable(v *visit) (register.Table, error) {
	read := v.query
	if v.refused != nil {
		read = v.form
	}
	f := register.Filter{From: read("from"), To: read("to")}
	if v.wrong("from") != "" || v.wrong("to") != "" {
		f = register.Filter{} // everything is shown beside the days to mend
	}
	return s.Registers.Read(v.ctx(), v.actor, register.Kind(v.path("kind")), f, v.p.Lang)
}

func (s *Server) register(v *visit) error {
	t, err := s.registerTable(v)
	if f, ok := fault.As(err); ok && len(f.Fields) > 0 && v.refused == nil {
		v.refused, v.status, v.order = f, statusOf(f.Kind), []string{"from", "to"}
		v.r.PostForm = v.r.URL.Query() // what was typed stands in the address
		t, err = s.registerTable(v)
	}
	if err != nil {
		return err
	}
	return v.render(registerPage(v, t))
}

// registerPrint shows the register for paper.
func (s *Server) registerPrint(v *visit) error {
	t, err := s.registerTable(v)
	if err != nil {
		return err
	}
	return v.render(registerPrintPage(v, t))
}

// registerExport answers the register in a file.
func (s *Server) registerExport(v *visit) error {
	format := register.Format(v.form("format"))
	t, err := s.Registers.Export(v.ctx(), v.actor, register.Kind(v.path("kind")), register.Filter{From: v.form("from"), To: v.form("to")}, v.p.Lang, format)
	if err != nil {
		return err
	}
	if format == register.PDF {
		return s.registerPDF(v, t)
	}
	f, err := t.File(format)
	if err != nil {
		return err
	}
	return v.send(f.Name, f.Media, f.Data)
}

func (s *Server) registerPDF(v *visit, t register.Table) error {
	data, err := printPDF(v.ctx(), registerPaper(v, t))
	if errors.Is(err, errNoBrowser) {
		v.status = http.StatusServiceUnavailable
		return v.render(noBrowserPage(v, registerAt(t.Kind), v.T("register.title."+string(t.Kind))))
	}
	if err != nil {
		return fmt.Errorf("print a register: %w", err)
	}
	return v.send(t.Name(register.PDF), "application/pdf", data)
}

// formatOptions are the files that a register is written to.
func formatOptions(v *visit) (options []ui.Option) {
	for _, f := range []register.Format{register.CSV, register.XLSX, register.JSON, register.PDF} {
		options = append(options, ui.Option{Value: string(f), Text: v.T("register.format." + string(f)), Chosen: v.chosen("format", string(f), false)})
	}
	return options
}

// registerHref leads from an entry to what it is about, for who may go there.
func registerHref(v *visit, row register.Row) string {
	kind, id, _ := strings.Cut(row.Subject, ":")
	switch {
	case kind == "incident" && v.may(policy.IncidentRead):
		return incidentAt(incident.ID(id))
	case kind == "licence" && v.may(policy.LicenceRead):
		return "/licences/" + id
	case kind == "decision" && v.may(policy.DecisionRead):
		return "/decisions/" + id
	case kind == "platform" && v.may(policy.CatalogueRead):
		return "/platforms/" + id
	}
	return ""
}

// registerSpan says which days a register covers.
func registerSpan(v *visit, f register.Filter) string {
	switch {
	case f.From != "" && f.To != "":
		return v.T("register.page.between", v.p.Day(f.From), v.p.Day(f.To))
	case f.From != "":
		return v.T("register.page.since", v.p.Day(f.From))
	case f.To != "":
		return v.T("register.page.until", v.p.Day(f.To))
	}
	return v.T("register.page.all")
}
