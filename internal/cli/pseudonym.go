package cli

import (
	"fmt"
	"io"
	"strings"

	"aval/internal/app"
	"aval/internal/reveal"
)

type pseudonymCmds struct {
	Find pseudonymFind `cmd:"" help:"Say whose a login name is; it is noted, and counts in the hour's quota."`
}

type pseudonymFind struct {
	boardFlag
	Name   string `arg:"" help:"Login name, as it was typed."`
	Reason string `required:"" help:"Code of the policy pack's reveal_reasons: class_help, handed_in, conduct, support."`
	Note   string `help:"At most 300 characters."`
}

func (c pseudonymFind) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		shown, err := a.Reveals.Reveal(h.ctx, actor, reveal.Ask{Kind: reveal.Name, Name: c.Name, Reason: c.Reason, Note: c.Note})
		if err != nil {
			return err
		}
		p := shown.People[0] // one name is one pupil's
		return h.print(map[string]any{"id": p.ID, "given_name": p.GivenName, "family_name": p.FamilyName, "classes": p.Classes,
			"grade": p.Grade, "left": shown.Left}, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "%s %s\t%s\t%s\n", p.GivenName, p.FamilyName, strings.Join(p.Classes, ", "), p.Grade)
		})
	})
}
