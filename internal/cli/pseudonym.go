package cli

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"os"

	"aval/internal/pseudonym"
)

type pseudonymCmds struct {
	Sample pseudonymSample `cmd:"" help:"Print login names that belong to nobody, one a line; needs no database."`
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
