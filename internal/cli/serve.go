package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"aval/internal/app"
	"aval/internal/db"
	"aval/internal/demo"
	"aval/internal/i18n"
)

type serveCmd struct {
	Listen  string `help:"Address to listen on." default:"127.0.0.1:8080" env:"AVAL_LISTEN"`
	BaseURL string `name:"base-url" help:"Address that people type, for links in mail (default: where it listens)." env:"AVAL_BASE_URL"`
	Metrics string `help:"Address of a second listener that answers metrics." env:"AVAL_METRICS"`
	post
	JobTime time.Duration `name:"job-time" help:"How long a job, such as sending letters, may take; one cut off by a crash is done again a little later than that." env:"AVAL_JOB_TIME" default:"1m"`
}

// Run serves until it is told to stop. The line "ready http://…" says that it listens.
func (c serveCmd) Run(h *house) error {
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	config := c.into(h.config())
	config.BaseURL, config.JobTime = c.BaseURL, c.JobTime
	if config.BaseURL == "" {
		config.BaseURL = address(listener)
	}
	a, err := app.Open(h.ctx, config)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return h.serve(a, listener, c.Metrics)
}

func address(l net.Listener) string { return "http://" + l.Addr().String() }

func (h *house) serve(a *app.App, listener net.Listener, metrics string) error {
	if err := a.Ready(h.ctx); err != nil {
		return errors.Join(err, listener.Close(), a.Close())
	}
	_, _ = fmt.Fprintln(h.stdout, "ready "+address(listener))
	return errors.Join(a.Serve(h.ctx, listener, metrics), a.Close())
}

type demoCmd struct {
	Listen string `help:"Address to listen on." default:"127.0.0.1:0"`
	Seed   uint64 `help:"Makes other people when changed." default:"1"`
	Keep   bool   `help:"Serve the board made last time, as it was left."`
}

// Run makes the board in the folder demo-data beside the program, writes
// demo.json in the current folder and serves. The board of last time is wiped.
func (c demoCmd) Run(h *house) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	folder := filepath.Join(filepath.Dir(program), "demo-data")
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	a, sheet, err := c.prepare(h, folder, address(listener))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	for _, path := range []string{"demo.json", filepath.Join(folder, "demo.json")} {
		if err := sheet.Save(path); err != nil {
			return errors.Join(err, listener.Close(), a.Close())
		}
	}
	return h.serve(a, listener, "")
}

// prepare opens the demonstration: that of last time, or a new one.
func (c demoCmd) prepare(h *house, folder, base string) (a *app.App, sheet demo.Sheet, err error) {
	config := app.Config{DB: "sqlite:" + filepath.Join(folder, "aval.db"), Data: filepath.Join(folder, "aval-data"), BaseURL: base}
	if c.Keep {
		sheet, err = demo.ReadSheet(filepath.Join(folder, "demo.json"))
		if err == nil {
			sheet.Address = base
			a, err = app.Open(h.ctx, config)
			return a, sheet, err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, sheet, err
		}
	}
	_, _ = fmt.Fprintln(h.stderr, i18n.For(h.flags.Lang).T("demo.making"))
	if err := os.RemoveAll(folder); err != nil {
		return nil, sheet, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, sheet, err
	}
	if err := db.Migrate(h.ctx, config.DB, ""); err != nil {
		return nil, sheet, err
	}
	if a, err = app.Open(h.ctx, config); err != nil {
		return nil, sheet, err
	}
	if sheet, err = demo.Make(h.ctx, a, c.Seed); err != nil {
		return nil, sheet, errors.Join(err, a.Close())
	}
	sheet.Address = base
	_, _ = fmt.Fprintln(h.stderr, i18n.For(h.flags.Lang).T("demo.made"))
	return a, sheet, h.ctx.Err()
}
