package cli

import (
	"fmt"
	"io"

	"aval/internal/app"
	"aval/internal/i18n"
	"aval/internal/org"
)

type orgCmds struct {
	List   orgList   `cmd:"" help:"List schools and departments, with what the policy makes of each."`
	Sector orgSector `cmd:"" help:"Say whether a school is of the youth sector (2.1)."`
	Deputy orgDeputy `cmd:"" help:"Say whether a department stands under the deputy director general, pedagogy (1.3 b)."`
	Add    orgAdd    `cmd:"" help:"Add a department that the roster does not know."`
}

// orgLine is an organisation as programs read it.
type orgLine struct {
	ID          string `json:"id"`
	SourceID    string `json:"source_id"`
	Kind        string `json:"kind"`
	Name        string `json:"name"`
	Sector      string `json:"sector,omitempty"`
	UnderDeputy bool   `json:"under_deputy,omitempty"`
	Covered     bool   `json:"covered"`
}

func lineOf(o org.Org) orgLine {
	line := orgLine{ID: o.ID, SourceID: o.SourceID, Kind: string(o.Kind), Name: o.Name, UnderDeputy: o.UnderDeputy, Covered: o.Covered()}
	if o.Kind == org.School {
		line.Sector = string(o.Sector)
	}
	return line
}

// said is what a person reads of an organisation, in one line.
func (l orgLine) said(p *i18n.Printer) string {
	what := ""
	switch {
	case l.Kind == string(org.School):
		what = p.T("org.sector." + l.Sector)
	case l.UnderDeputy:
		what = p.T("org.under_deputy")
	}
	return fmt.Sprintf("%s  %-10s  %s  %s", l.ID, p.T("org.kind."+l.Kind), l.Name, what)
}

func (h *house) printOrgs(value any, lines ...orgLine) error {
	return h.print(value, func(w io.Writer) {
		for _, l := range lines {
			_, _ = fmt.Fprintln(w, l.said(i18n.For(h.flags.Lang)))
		}
	})
}

type orgList struct{ boardFlag }

func (c orgList) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		found, err := a.Orgs.List(h.ctx, actor, "")
		if err != nil {
			return err
		}
		lines := make([]orgLine, 0, len(found))
		for _, o := range found {
			lines = append(lines, lineOf(o))
		}
		return h.printOrgs(lines, lines...)
	})
}

type orgSector struct {
	boardFlag
	Org    string `arg:"" help:"School: id, source id or name."`
	Sector string `arg:"" help:"youth or other."`
}

func (c orgSector) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		o, err := a.Orgs.SetSector(h.ctx, actor, c.Org, org.Sector(c.Sector))
		if err != nil {
			return err
		}
		return h.printOrgs(lineOf(o), lineOf(o))
	})
}

type orgDeputy struct {
	boardFlag
	Org   string `arg:"" help:"Department: id, source id or name."`
	Under string `arg:"" help:"yes or no." enum:"yes,no"`
}

func (c orgDeputy) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		o, err := a.Orgs.MarkUnderDeputy(h.ctx, actor, c.Org, c.Under == "yes")
		if err != nil {
			return err
		}
		return h.printOrgs(lineOf(o), lineOf(o))
	})
}

type orgAdd struct {
	boardFlag
	Name  string `arg:"" help:"Name of the department."`
	Under bool   `name:"under-deputy" help:"It stands under the deputy director general, pedagogy (1.3 b)."`
}

func (c orgAdd) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		o, err := a.Orgs.AddDepartment(h.ctx, actor, c.Name, c.Under)
		if err != nil {
			return err
		}
		return h.printOrgs(lineOf(o), lineOf(o))
	})
}
