package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"aval/internal/app"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/source"
)

type sourceCmds struct {
	Add  sourceAdd  `cmd:"" help:"Add a source; the client's secret is read from standard input."`
	List sourceList `cmd:"" help:"List the sources and how their last fetch went."`
}

type sourceAdd struct {
	boardFlag
	Name     string `required:"" help:"What people call it."`
	Edition  string `help:"OneRoster version: 1.2 or 1.1." default:"1.2" enum:"1.1,1.2"`
	URL      string `name:"url" required:"" help:"Base address, up to and without the name of a collection."`
	TokenURL string `name:"token-url" required:"" help:"Address at which a token is asked for."`
	ClientID string `name:"client-id" required:""`
	Every    string `help:"none, hourly, daily or weekly." default:"none" enum:"none,hourly,daily,weekly"`
	Hour     int    `help:"Hour of the day, for daily and weekly." default:"4"`
	Weekday  int    `help:"0 is Sunday, for weekly." default:"0"`
	FullDays int    `name:"full-days" help:"Days after which everything is fetched again." default:"7"`
}

func (c sourceAdd) Run(h *house) error {
	secret, err := io.ReadAll(io.LimitReader(h.stdin, 16<<10))
	if err != nil {
		return fmt.Errorf("read the secret: %w", err)
	}
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		made, err := a.Sources.Add(h.ctx, actor, source.Terms{Name: c.Name, Edition: source.Edition(c.Edition), BaseURL: c.URL,
			TokenURL: c.TokenURL, ClientID: c.ClientID, Secret: strings.TrimRight(string(secret), "\r\n"), Every: source.Every(c.Every),
			Hour: c.Hour, Weekday: c.Weekday, FullDays: c.FullDays})
		if err != nil {
			return err
		}
		return h.print(map[string]string{"id": string(made.ID), "name": made.Name},
			func(w io.Writer) { _, _ = fmt.Fprintln(w, made.ID) })
	})
}

type sourceList struct {
	boardFlag
}

// pulled is a fetch as scripts read it: its JSON form is a promise.
type pulled struct {
	ID      string        `json:"id"`
	State   string        `json:"state"`
	Whole   bool          `json:"whole"`
	Started time.Time     `json:"started"`
	Ended   time.Time     `json:"ended,omitzero"`
	Trouble string        `json:"trouble,omitempty"` // code
	At      string        `json:"trouble_at,omitempty"`
	Counts  source.Counts `json:"counts"`
}

func pulledOf(p source.Pull) pulled {
	return pulled{ID: p.ID, State: string(p.State), Whole: p.Whole, Started: p.StartedAt, Ended: p.EndedAt, Trouble: p.Trouble,
		At: p.TroubleAt, Counts: p.Counts}
}

func (c sourceList) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		list, err := a.Sources.List(h.ctx, actor)
		if err != nil {
			return err
		}
		type line struct {
			ID    string  `json:"id"`
			Name  string  `json:"name"`
			Every string  `json:"every"`
			Last  *pulled `json:"last,omitempty"`
		}
		lines := []line{}
		for _, l := range list {
			one := line{ID: string(l.ID), Name: l.Name, Every: string(l.Every)}
			if l.Last.ID != "" {
				last := pulledOf(l.Last)
				one.Last = &last
			}
			lines = append(lines, one)
		}
		return h.print(lines, func(w io.Writer) {
			for _, l := range list {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.ID, l.Name, l.Every, l.Last.State)
			}
		})
	})
}

type rosterPull struct {
	boardFlag
	Source string `arg:"" help:"The source's id or name."`
	Whole  bool   `name:"full" help:"Everything, not what changed since the last time."`
}

// Run fetches in the foreground: one that was cut goes on from its last page. It
// fails where nothing was imported in the end.
func (c rosterPull) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		from, err := a.Sources.Find(h.ctx, actor, c.Source)
		if err != nil {
			return err
		}
		pull, err := a.Sources.Pull(h.ctx, actor, from.ID, c.Whole)
		if err != nil {
			return err
		}
		if err := h.print(pulledOf(pull), func(w io.Writer) { sayPull(w, pull) }); err != nil {
			return err
		}
		if pull.State == source.Done {
			return nil
		}
		_, _ = fmt.Fprintln(h.stderr, i18n.For(h.flags.Lang).Fault(whyNot(pull)))
		return errSaid
	})
}

// whyNot is why a fetch brought nothing.
func whyNot(p source.Pull) *fault.Fault {
	return fault.New(fault.Conflict, p.Reason())
}

func sayPull(w io.Writer, p source.Pull) {
	_, _ = fmt.Fprintf(w, "%s: %d pages\n", p.State, p.Counts.Pages)
	for _, of := range []map[string]int{p.Counts.Records, p.Counts.Warnings} {
		var names []string
		for name := range of {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			_, _ = fmt.Fprintf(w, "%s: %d\n", name, of[name])
		}
	}
}
