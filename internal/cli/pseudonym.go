package cli

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"

	"aval/internal/app"
	"aval/internal/pseudonym"
	"aval/internal/reveal"
)

type pseudonymCmds struct {
	Sample  pseudonymSample  `cmd:"" help:"Print login names that belong to nobody, one a line; needs no database."`
	Find    pseudonymFind    `cmd:"" help:"Say whose a login name is; it is noted, and counts in the hour's quota."`
	Rosetta pseudonymRosetta `cmd:"" help:"Put pupils' names in a platform's file; it is noted for each class, and counts as a class set."`
}

type pseudonymSample struct {
	Count int    `short:"n" default:"10" help:"How many, up to a million."`
	Block string `help:"File of words that no name may show, beside the house's own; # begins a comment." type:"existingfile"`
}

// Validate makes a count out of range wrong use.
func (c pseudonymSample) Validate() error {
	if c.Count < 1 || c.Count > 1_000_000 {
		return fmt.Errorf("--count must be from 1 to 1000000")
	}
	return nil
}

func (c pseudonymSample) Run(h *house) error {
	var extra []string
	if c.Block != "" {
		text, err := os.ReadFile(c.Block)
		if err != nil {
			return fmt.Errorf("read the words: %w", err)
		}
		extra = pseudonym.Words(string(text))
	}
	names, err := pseudonym.Sample(rand.Reader, pseudonym.NewBlocklist(extra), c.Count)
	if err != nil {
		return err
	}
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = n.String()
	}
	return h.print(texts, func(w io.Writer) {
		lines := bufio.NewWriter(w)
		for _, text := range texts {
			_, _ = fmt.Fprintln(lines, text)
		}
		_ = lines.Flush() // the reader left: nothing to tell it
	})
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
