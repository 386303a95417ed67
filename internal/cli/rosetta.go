package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"aval/internal/app"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/sheet"
	"aval/internal/usage"
)

type pseudonymRosetta struct {
	boardFlag
	File     string `arg:"" help:"File that the platform exported, CSV or XLSX, with a column of login names." type:"existingfile"`
	Platform string `required:"" help:"Its name in the catalogue, or its id."`
	Out      string `required:"" help:"Where the file with names goes; nothing may be there yet."`
	Reason   string `default:"progress" help:"Code of the policy pack's reveal_reasons: progress, support."`
	Note     string `help:"At most 300 characters."`
	Keep     bool   `help:"Keep today's date on each pupil's account."`
}

func (c pseudonymRosetta) Run(h *house) error {
	file, err := limited(c.File)
	if err != nil {
		return err
	}
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		platform, err := c.platform(h, a, actor)
		if err != nil {
			return err
		}
		out, err := os.OpenFile(c.Out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("make the file with names: %w", err)
		}
		p := i18n.For(h.flags.Lang)
		said, err := a.Usage.Rosetta(h.ctx, actor, usage.Ask{Platform: platform, Reason: c.Reason, Note: c.Note, Keep: c.Keep, File: file,
			Columns: [3]string{p.T("usage.family_name"), p.T("usage.given_name"), p.T("usage.class")}})
		if err == nil {
			err = said.Table.Write(out)
		}
		if err := errors.Join(err, out.Close()); err != nil {
			return errors.Join(err, os.Remove(c.Out))
		}
		return h.print(progressJSON(said), func(w io.Writer) { progressText(w, p, said) })
	})
}

// limited reads a file; of one that is too large, enough for it to be refused.
func limited(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, fmt.Errorf("open the file: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(f, sheet.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	return data, nil
}

// platform finds the one that was named among those that a licence covers.
func (c pseudonymRosetta) platform(h *house, a *app.App, actor policy.Actor) (catalogue.ID, error) {
	platforms, err := a.Usage.Platforms(h.ctx, actor)
	if err != nil {
		return "", err
	}
	for _, p := range platforms {
		if string(p.ID) == c.Platform || db.Fold(p.Name) == db.Fold(c.Platform) {
			return p.ID, nil
		}
	}
	return "", fault.Form(map[string]string{"platform": "usage.platform_required"})
}

func progressJSON(a usage.Answer) any {
	type measure struct {
		Column  string  `json:"column"`
		Median  float64 `json:"median"`
		Rows    int     `json:"rows"`
		Percent bool    `json:"percent"`
	}
	type class struct {
		ID       string    `json:"id"`
		Class    string    `json:"class"`
		School   string    `json:"school"`
		Pupils   int       `json:"pupils"`
		Seen     int       `json:"seen"`
		Measures []measure `json:"measures"`
	}
	classes := make([]class, len(a.Classes))
	for i, c := range a.Classes {
		classes[i] = class{c.Class, c.Title, c.School, c.Pupils, c.Seen, []measure{}}
		for _, m := range c.Measures {
			classes[i].Measures = append(classes[i].Measures, measure(m))
		}
	}
	return map[string]any{"names": a.Names, "known": a.Known, "kept": a.Kept, "classes": classes}
}

func progressText(w io.Writer, p *i18n.Printer, a usage.Answer) {
	_, _ = fmt.Fprintln(w, p.N("usage.known", a.Known, a.Names))
	for _, c := range a.Classes {
		cells := []string{c.Title, c.School, p.T("usage.seen_of", c.Seen, c.Pupils)}
		if c.Class == "" {
			cells[0] = p.T("usage.no_class")
		}
		for _, m := range c.Measures {
			if m.Rows == 0 {
				continue
			}
			median := p.Decimal(m.Median)
			if m.Percent {
				median = p.T("usage.percent", median)
			}
			cells = append(cells, m.Column+" "+median)
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
}
