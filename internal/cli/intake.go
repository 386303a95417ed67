package cli

import (
	"fmt"
	"io"
	"os"

	"aval/internal/app"
	"aval/internal/catalogue"
	"aval/internal/i18n"
	"aval/internal/sheet"
)

type catalogueCmds struct {
	Import catalogueImport `cmd:"" help:"Put the board's own list of platforms in the catalogue (CSV or XLSX)."`
}

type decisionCmds struct {
	Import decisionImport `cmd:"" help:"Record what the board decided before aval (CSV or XLSX)."`
}

// intakeFlags are those of a file that is brought in.
type intakeFlags struct {
	boardFlag
	Path string `arg:"" help:"CSV or XLSX file; its first row names the columns."`
	Dry  bool   `name:"dry-run" help:"Say what it would do; write nothing."`
}

// read reads the file, not more than a table may hold.
func (f intakeFlags) read() ([]byte, error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	return io.ReadAll(io.LimitReader(file, sheet.MaxBytes+1))
}

type catalogueImport struct{ intakeFlags }

func (c catalogueImport) Run(h *house) error {
	data, err := c.read()
	if err != nil {
		return err
	}
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		report, err := a.Catalogue.Import(h.ctx, actor, data, c.Dry)
		if err != nil {
			return err
		}
		return h.printIntake(report, c.Dry)
	})
}

type decisionImport struct{ intakeFlags }

func (c decisionImport) Run(h *house) error {
	data, err := c.read()
	if err != nil {
		return err
	}
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		report, err := a.Decisions.Import(h.ctx, actor, data, c.Dry)
		if err != nil {
			return err
		}
		return h.printIntake(report, c.Dry)
	})
}

// intakeDefect is what is to be looked at, as programs read it.
type intakeDefect struct {
	Row    int    `json:"row"`
	Column string `json:"column"`
	Code   string `json:"code"`
	Said   string `json:"said"`
}

// printIntake says what was done; a file that was not brought in fails.
func (h *house) printIntake(r catalogue.Report, dry bool) error {
	p := i18n.For(h.flags.Lang)
	written := func(list []catalogue.Defect) []intakeDefect {
		out := []intakeDefect{}
		for _, d := range list {
			out = append(out, intakeDefect{d.Row, d.Column, d.Said.Key, p.Message(d.Said)})
		}
		return out
	}
	defects, warnings := written(r.Defects), written(r.Warnings)
	if len(defects) > 0 {
		r.Added, r.Unchanged = 0, 0
	}
	if err := h.print(map[string]any{"rows": r.Rows, "added": r.Added, "unchanged": r.Unchanged, "defects": defects, "warnings": warnings},
		func(w io.Writer) {
			for _, d := range warnings {
				_, _ = fmt.Fprintln(w, p.T("intake.warning", d.Row, d.Column, d.Said))
			}
			key := "intake.done"
			if dry {
				key = "intake.dry"
			}
			if len(defects) == 0 {
				_, _ = fmt.Fprintln(w, p.N(key, r.Added, p.Int(int64(r.Unchanged))))
			}
		}); err != nil {
		return err
	}
	if len(defects) == 0 {
		return nil
	}
	for _, d := range defects {
		_, _ = fmt.Fprintln(h.stderr, p.T("intake.row", d.Row, d.Column, d.Said))
	}
	_, _ = fmt.Fprintln(h.stderr, p.T("intake.undone"))
	return errSaid
}
