package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"aval/internal/app"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/portable"
)

type evaluationCmds struct {
	Export evaluationExport `cmd:"" help:"Write the signed file of an evaluation; it is noted in the trail."`
	Import evaluationImport `cmd:"" help:"Begin an evaluation as a draft with another board's signed file."`
	Verify evaluationVerify `cmd:"" help:"Verify a signed file; needs no database."`
}

type evaluationExport struct {
	boardFlag
	Request string `required:"" help:"Number of the request, such as 2026-0147."`
	Out     string `default:"-" help:"File to write; - is standard output."`
}

func (c evaluationExport) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		id, err := a.Portable.Numbered(h.ctx, actor, c.Request)
		if err != nil {
			return err
		}
		_, data, err := a.Portable.Export(h.ctx, actor, id)
		if err != nil {
			return err
		}
		if c.Out == "-" {
			_, err = h.stdout.Write(data)
			return err
		}
		return writeFile(c.Out, data)
	})
}

type evaluationImport struct {
	boardFlag
	Request string `required:"" help:"Number of the request whose evaluation begins with it."`
	File    string `arg:"" help:"Signed file."`
}

func (c evaluationImport) Run(h *house) error {
	data, err := readSigned(c.File)
	if err != nil {
		return err
	}
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		id, err := a.Portable.Numbered(h.ctx, actor, c.Request)
		if err != nil {
			return err
		}
		signed, err := a.Portable.Import(h.ctx, actor, id, data)
		if err != nil {
			return err
		}
		known, err := a.Portable.Known(h.ctx, actor, signed.Fingerprint())
		if err != nil {
			return err
		}
		return h.tell(signed, "portable.imported", known)
	})
}

type evaluationVerify struct {
	File string `arg:"" help:"Signed file."`
}

func (c evaluationVerify) Run(h *house) error {
	data, err := readSigned(c.File)
	if err != nil {
		return err
	}
	signed, err := portable.Read(data)
	if err != nil {
		return err
	}
	return h.tell(signed, "portable.verified", "")
}

// tell says who signed a file; known is the name that the board knows the signer by.
func (h *house) tell(s portable.Signed, key, known string) error {
	e := s.Evaluation
	out := map[string]any{"board": e.Board, "fingerprint": s.Fingerprint(), "signed_on": e.SignedOn, "platform": e.Platform.Name, "known_as": known}
	return h.print(out, func(w io.Writer) {
		p := i18n.For(h.flags.Lang)
		_, _ = fmt.Fprintln(w, p.T(key, e.Platform.Name, e.Board, s.Fingerprint(), p.Day(e.SignedOn)))
	})
}

// readSigned reads a file that is not larger than one may be.
func readSigned(path string) (data []byte, err error) {
	f, err := os.Open(path) //nolint:gosec // the path comes from the operator's own command
	if err != nil {
		return nil, fault.New(fault.Invalid, "portable.no_file")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, portable.MaxSize+1))
}
