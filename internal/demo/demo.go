// Package demo makes a school board that does not exist and lives its last ten
// months through the use cases themselves, under a clock set in the past: what
// the pages show is what people did, with its trail, its marks and its letters.
// Every name, platform and text is invented.
package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"aval/internal/app"
	"aval/internal/catalogue"
	"aval/internal/catalogue/samples"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/roster/generate"
)

// The board of the demonstration.
const (
	Name    = "Commission scolaire du Bois-Clair"
	BoardID = "bois-clair"
	packID  = "csc-pan-2023"
)

// days is how far back the board begins.
const days = 310

// Login is what somebody signs in with, and the token of their programs.
type Login struct {
	Login    string `json:"login"`
	Password string `json:"password"`
	Token    string `json:"token"`
}

// Sheet is demo.json. Scripts read it: its form is a promise.
type Sheet struct {
	Address string           `json:"address"`
	Board   string           `json:"board"`
	Roles   map[string]Login `json:"roles"`  // one for each role of the policy
	Others  map[string]Login `json:"others"` // their colleagues
}

// Save writes the sheet for its owner's eyes.
func (s Sheet) Save(path string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("demo sheet: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Chmod(path, 0o600) // one that was there keeps its own mode otherwise
}

// ReadSheet reads a sheet that was saved.
func ReadSheet(path string) (s Sheet, err error) {
	text, err := os.ReadFile(path) //nolint:gosec // the caller's own file
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("demo sheet: %w", err)
	}
	return s, nil
}

// Make fills an empty, migrated database with the board. The same seed makes the
// same people; passwords and tokens are new each time. It gives the database its
// clock back when it ends.
func Make(ctx context.Context, a *app.App, seed uint64) (Sheet, error) {
	clock := a.DB.Clock
	defer func() { a.DB.Clock = clock }()
	t := &teller{a: a, now: clock(), people: map[string]policy.Actor{}, platforms: map[string]catalogue.Platform{},
		hosting: map[string]catalogue.Hosting{}, authorisers: map[string]string{}, places: map[string]string{}}
	a.DB.Clock = func() time.Time { return t.at }
	t.at = t.day(days, 8, 30)

	b, err := a.Boards.Create(ctx, BoardID, Name, packID)
	if err != nil {
		return Sheet{}, fmt.Errorf("demo board: %w", err)
	}
	if t.pack, err = b.Policy(); err != nil {
		return Sheet{}, err
	}
	t.operator = policy.System(b.ID, t.pack, "cli")
	if err := t.roster(ctx, seed); err != nil {
		return Sheet{}, fmt.Errorf("demo roster: %w", err)
	}
	if err := t.guardians(ctx); err != nil {
		return Sheet{}, fmt.Errorf("demo guardians: %w", err)
	}
	sheet, err := t.hire(ctx)
	if err != nil {
		return Sheet{}, fmt.Errorf("demo accounts: %w", err)
	}
	if err := t.catalogue(ctx); err != nil {
		return Sheet{}, fmt.Errorf("demo catalogue: %w", err)
	}
	if err := t.before(ctx); err != nil {
		return Sheet{}, fmt.Errorf("demo list: %w", err)
	}
	if err := t.a.Boards.Change(ctx, t.operator, policy.Settings{PublicDecisions: true}); err != nil {
		return Sheet{}, fmt.Errorf("demo settings: %w", err)
	}
	if err := t.live(ctx); err != nil {
		return Sheet{}, err
	}
	return sheet, nil
}

// teller lives the board's months in order.
type teller struct {
	a           *app.App
	pack        *policy.Pack
	operator    policy.Actor
	now         time.Time // when the demonstration is made
	at          time.Time // the moment being lived
	people      map[string]policy.Actor
	authorisers map[string]string // by school or department
	places      map[string]string // ids by name
	platforms   map[string]catalogue.Platform
	hosting     map[string]catalogue.Hosting
	events      []event
}

// day is a moment so many days ago; a week-end's is the Friday's before.
func (t *teller) day(ago, hour, minute int) time.Time {
	d := t.now.In(i18n.Zone).AddDate(0, 0, -ago)
	switch d.Weekday() {
	case time.Saturday:
		d = d.AddDate(0, 0, -1)
	case time.Sunday:
		d = d.AddDate(0, 0, -2)
	}
	return time.Date(d.Year(), d.Month(), d.Day(), hour, minute, 0, 0, i18n.Zone)
}

// roster imports a generated set as an operator would: from a zip.
func (t *teller) roster(ctx context.Context, seed uint64) error {
	year := t.now.In(i18n.Zone).Year()
	if t.now.In(i18n.Zone).Month() >= time.August {
		year++
	}
	dir, err := os.MkdirTemp("", "aval-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in a temporary place harms nothing
	path := filepath.Join(dir, "oneroster.zip")
	set := generate.Board(seed, generate.Options{Name: Name, Year: year})
	if err := set.SaveZip(path); err != nil {
		return err
	}
	if _, err := t.a.Rosters.Import(ctx, t.operator, path); err != nil {
		return err
	}
	if err := t.doubts(ctx, set); err != nil {
		return err
	}
	if err := t.mappings(ctx); err != nil {
		return err
	}
	return t.sources(ctx)
}

// catalogue adds the sixty invented platforms; decisions give them their results.
func (t *teller) catalogue(ctx context.Context) error {
	return t.a.DB.Write(ctx, BoardID, func(ctx context.Context, tx *db.Tx) error {
		for _, s := range samples.All() {
			p, err := catalogue.Add(ctx, tx, t.people["evaluator"], s.Draft)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			t.platforms[s.Name], t.hosting[s.Name] = p, s.Hosting
		}
		return nil
	})
}
