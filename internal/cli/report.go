package cli

import (
	"bytes"
	"fmt"

	"aval/internal/app"
	"aval/internal/governance"
	"aval/internal/i18n"
	"aval/internal/web"
)

type reportCmds struct {
	Yearly reportYearly `cmd:"" help:"Write the report of a school year to the council; it is noted in the trail."`
}

type reportYearly struct {
	boardFlag
	Year   int    `required:"" help:"Calendar year in which the school year begins: 2026 for 2026-2027."`
	Format string `enum:"html,csv,json" default:"html" help:"html, csv or json."`
	Out    string `default:"-" help:"File to write; - is standard output."`
}

func (c reportYearly) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		r, err := a.Governance.Yearly(h.ctx, actor, governance.Year(c.Year))
		if err != nil {
			return err
		}
		var data []byte
		if c.Format == "html" {
			var page bytes.Buffer
			if err := web.ReportFile(i18n.For(h.flags.Lang).Citing(actor.Pack.Cite), actor.Pack, r).Render(h.ctx, &page); err != nil {
				return fmt.Errorf("write a report: %w", err)
			}
			data = page.Bytes()
		} else {
			f, err := r.File(c.Format, h.flags.Lang, actor.Pack)
			if err != nil {
				return err
			}
			data = f.Data
		}
		if c.Out == "-" {
			_, err = h.stdout.Write(data)
			return err
		}
		return writeFile(c.Out, data)
	})
}
