package cli

import (
	"fmt"
	"io"

	"aval/internal/app"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/roster"
)

type rosterCmds struct {
	Validate rosterValidate `cmd:"" help:"Say what is wrong with a OneRoster CSV set; needs no database."`
	Import   rosterImport   `cmd:"" help:"Import a OneRoster CSV set (1.0, 1.1 or 1.2; zip or folder), or a plain CSV or XLSX by a mapping."`
	Map      rosterMap      `cmd:"" help:"Make a OneRoster set of a plain CSV or XLSX by a mapping, or save one."`
	Pull     rosterPull     `cmd:"" help:"Fetch from a OneRoster service that the board's sources name, and import."`
	Source   sourceCmds     `cmd:"" help:"OneRoster services from which the roster is fetched."`
}

type rosterImport struct {
	boardFlag
	plainFlags
	Path   string `arg:"" help:"Zip file or folder; with --mapping, a CSV or XLSX of pupils."`
	Dry    bool   `name:"dry-run" help:"Say what it would do, by counts; write nothing."`
	Later  bool   `name:"later" help:"Leave it to the program that serves, which may be followed on the page of the roster."`
	Retire bool   `name:"retire-most" help:"Go on where more pupils would be retired than the board's setting lets."`
}

func (c rosterImport) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		if c.Mapping != "" {
			return c.plain(h, a, actor)
		}
		if c.Dry {
			return c.preview(h, a, actor)
		}
		var told []roster.Told
		if c.Retire {
			told = append(told, roster.RetireMost)
		}
		if c.Later {
			return c.leave(h, a, actor, told)
		}
		report, err := a.Rosters.Import(h.ctx, actor, c.Path, told...)
		if err != nil {
			return err
		}
		if err := h.print(report, func(w io.Writer) { sayReport(w, report) }); err != nil {
			return err
		}
		if len(report.Defects) > 0 {
			return errSaid
		}
		return nil
	})
}

func sayReport(w io.Writer, report roster.Report) {
	_, _ = fmt.Fprintf(w, "students %d, staff %d, schools %d, classes %d, enrollments %d\n",
		report.Students, report.Staff, report.Schools, report.Classes, report.Enrollments)
	sayDirt(w, report.Warnings, report.Defects)
}

func sayDirt(w io.Writer, warnings []roster.Warning, defects []roster.Defect) {
	for _, warning := range warnings {
		_, _ = fmt.Fprintf(w, "warning %s: %d\n", warning.Code, warning.Count)
	}
	for _, d := range defects {
		_, _ = fmt.Fprintf(w, "defect %s: %s, row %d, %s\n", d.Code, d.File, d.Row, d.Field)
	}
}

// leave keeps the set for the program that serves.
func (c rosterImport) leave(h *house, a *app.App, actor policy.Actor, told []roster.Told) error {
	id, err := a.Rosters.Begin(h.ctx, actor, c.Path, told...)
	if err != nil {
		return err
	}
	return h.print(struct {
		ID roster.ImportID `json:"id"`
	}{id}, func(w io.Writer) { _, _ = fmt.Fprintln(w, id) })
}

func (c rosterImport) preview(h *house, a *app.App, actor policy.Actor) error {
	preview, err := a.Rosters.Preview(h.ctx, actor, c.Path)
	if err != nil {
		return err
	}
	return h.print(preview, func(w io.Writer) { sayPreview(w, i18n.For(h.flags.Lang), preview) })
}

func sayPreview(w io.Writer, p *i18n.Printer, preview roster.Preview) {
	for _, of := range []struct {
		who string
		roster.Changes
	}{{"pupils", preview.Pupils}, {"staff", preview.Others}} {
		_, _ = fmt.Fprintf(w, "%s: added %d, moved %d, left %d, changed %d\n", of.who, of.Added, of.Moved, of.Left, of.Changed)
	}
	for _, s := range preview.BySchool {
		_, _ = fmt.Fprintf(w, "school %s: added %d, arrived %d, departed %d, left %d, changed %d\n",
			s.School, s.Added, s.Arrived, s.Departed, s.Left, s.Changed)
	}
	for _, odd := range preview.Suspicious {
		_, _ = fmt.Fprintf(w, "suspicious %s: %d (%s)\n", odd.Code, odd.Count, p.T("roster.suspicious."+odd.Code))
	}
	_, _ = fmt.Fprintf(w, "warnings %d, defects %d\n", len(preview.Warnings), len(preview.Defects))
	if preview.Stops {
		_, _ = fmt.Fprintln(w, p.T("roster.preview_stops"))
	}
}

type rosterValidate struct {
	Path   string `arg:"" help:"Zip file or folder."`
	Strict bool   `help:"To the letter of the standard: every deviation is a defect, and one refuses the set."`
}

// Run says the place of what is wrong, never the value. It fails where the set
// would be refused.
func (c rosterValidate) Run(h *house) error {
	check, err := roster.Validate(c.Path, roster.Options{Strict: c.Strict})
	refusal, ok := fault.As(err)
	if err != nil && !ok {
		return err
	}
	p := i18n.For(h.flags.Lang)
	answer := struct {
		roster.Check
		Refusal string `json:"refusal,omitempty"` // the sentence's key
	}{Check: check}
	if ok {
		answer.Refusal = refusal.Key
	}
	if err := h.print(answer, func(w io.Writer) { sayCheck(w, p, check) }); err != nil {
		return err
	}
	if ok {
		return refusal
	}
	if check.Refused {
		return errSaid
	}
	return nil
}

func sayCheck(w io.Writer, p *i18n.Printer, c roster.Check) {
	for _, d := range c.Defects {
		_, _ = fmt.Fprintf(w, "%s %s %d %s: %s\n", d.Code, d.File, d.Row, d.Field, p.T("roster.defect."+d.Code))
	}
	for _, f := range c.Found {
		_, _ = fmt.Fprintf(w, "defects %s: %d\n", f.Code, f.Count)
	}
	for _, warning := range c.Warnings {
		_, _ = fmt.Fprintf(w, "warning %s: %d\n", warning.Code, warning.Count)
	}
	_, _ = fmt.Fprintf(w, "students %d, staff %d, schools %d, classes %d, enrollments %d\n",
		c.Students, c.Staff, c.Schools, c.Classes, c.Enrollments)
}
