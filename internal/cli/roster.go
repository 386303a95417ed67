package cli

import (
	"fmt"
	"io"

	"aval/internal/app"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/roster"
)

type rosterCmds struct {
	Validate rosterValidate `cmd:"" help:"Say what is wrong with a OneRoster CSV set; needs no database."`
	Import   rosterImport   `cmd:"" help:"Import a OneRoster CSV set (1.1 or 1.2; zip or folder)."`
}

type rosterImport struct {
	boardFlag
	Path string `arg:"" help:"Zip file or folder."`
}

func (c rosterImport) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		report, err := a.Rosters.Import(h.ctx, actor, c.Path)
		if err != nil {
			return err
		}
		if err := h.print(report, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "students %d, staff %d, schools %d, classes %d, enrollments %d\n",
				report.Students, report.Staff, report.Schools, report.Classes, report.Enrollments)
			for _, warning := range report.Warnings {
				_, _ = fmt.Fprintf(w, "warning %s: %d\n", warning.Code, warning.Count)
			}
			for _, d := range report.Defects {
				_, _ = fmt.Fprintf(w, "defect %s: %s, row %d, %s\n", d.Code, d.File, d.Row, d.Field)
			}
		}); err != nil {
			return err
		}
		if len(report.Defects) > 0 {
			return errSaid
		}
		return nil
	})
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
