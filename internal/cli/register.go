package cli

import (
	"aval/internal/app"
	"aval/internal/register"
)

type registerCmds struct {
	Export registerExport `cmd:"" help:"Write a register to a file; it is noted in the trail."`
}

type registerExport struct {
	boardFlag
	Kind   string `required:"" enum:"incidents,releases,files,refusals,inventory" help:"incidents, releases, files, refusals or inventory, as the board's law asks for."`
	Format string `enum:"csv,xlsx,json" default:"csv" help:"csv, xlsx or json."`
	From   string `help:"First day (2026-11-20)."`
	To     string `help:"Last day, included."`
	Out    string `default:"-" help:"File to write; - is standard output."`
}

func (c registerExport) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		format := register.Format(c.Format)
		t, err := a.Registers.Export(h.ctx, actor, register.Kind(c.Kind), register.Filter{From: c.From, To: c.To}, h.flags.Lang, format)
		if err != nil {
			return err
		}
		f, err := t.File(format)
		if err != nil {
			return err
		}
		if c.Out == "-" {
			_, err = h.stdout.Write(f.Data)
			return err
		}
		return writeFile(c.Out, f.Data)
	})
}
