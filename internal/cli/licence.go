package cli

import (
	"fmt"
	"io"
	"os"

	"aval/internal/app"
	"aval/internal/export"
	"aval/internal/guard"
	"aval/internal/i18n"
	"aval/internal/licence"
)

type licenceCmds struct {
	Export licenceExport `cmd:"" help:"Write what a licence lets its platform know to a file; the guard reads it first."`
}

type licenceExport struct {
	boardFlag
	ID      string `arg:"" help:"Licence's id."`
	Profile string `required:"" help:"oneroster-1.2, oneroster-1.1 or sds-2.1."`
	Out     string `required:"" help:"File to write; it must not be there yet."`
}

// Run leaves no file where the guard stops it.
func (c licenceExport) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		to, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the path comes from the operator's own flag
		if err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
		e, err := a.Exports.WriteOut(h.ctx, actor, licence.ID(c.ID), export.Shape{Profile: export.Profile(c.Profile)}, to)
		if closed := to.Close(); err == nil {
			err = closed
		}
		if err != nil || e.State != export.Sent {
			_ = os.Remove(c.Out) // nothing of use is in it
		}
		if err != nil {
			return err
		}
		return c.said(h, e)
	})
}

// said tells what was written, or where the guard stopped it.
func (c licenceExport) said(h *house, e export.Export) error {
	p := i18n.For(h.flags.Lang)
	type answer struct {
		State  export.State   `json:"state"`
		Size   int64          `json:"size"`
		SHA256 string         `json:"sha256"`
		Counts []export.Count `json:"counts"`
		Stops  []guard.Stop   `json:"stops"`
	}
	if err := h.print(answer{e.State, e.Size, e.Digest, e.Counts, e.Stops}, func(w io.Writer) {
		for _, n := range e.Counts {
			_, _ = fmt.Fprintf(w, "%s: %d\n", n.File, n.Rows)
		}
		for _, s := range e.Stops {
			_, _ = fmt.Fprintln(w, p.Message(s.Message()))
		}
	}); err != nil {
		return err
	}
	if e.State != export.Sent {
		_, _ = fmt.Fprintln(h.stderr, p.T("export.stopped"))
		return errSaid
	}
	return nil
}
