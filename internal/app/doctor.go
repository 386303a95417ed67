package app

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"aval/internal/adoption"
	"aval/internal/blob"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/mail"
	"aval/internal/pseudonym"
	"aval/internal/seal"
	"aval/internal/vault"
)

// State is what a check found.
type State string

// What a check may find.
const (
	OK   State = "ok"
	Warn State = "warn"
	Bad  State = "bad"
)

// Check is one silent precondition, and what was found.
type Check struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	Key   string `json:"-"`
	Args  []any  `json:"-"`
}

// Doctor looks at everything that must hold without saying so: the database
// with its settings, roles and schema, the keys, the evidence folder, the
// clock, the post and Chromium.
func Doctor(ctx context.Context, c Config) []Check {
	var checks []Check
	add := func(name string, state State, key string, args ...any) {
		checks = append(checks, Check{Name: name, State: state, Key: key, Args: args})
	}
	d, err := db.Open(ctx, c.DB)
	if err == nil {
		defer func() { _ = d.Close() }() // only read
		err = d.Check(ctx)
	}
	var sound *db.DB
	if err != nil {
		add("database", Bad, "doctor.db_bad", err.Error())
	} else {
		sound = d
		add("database", OK, "doctor.db", string(d.Engine()))
		checks = append(checks, clock(ctx, d))
	}
	if _, err := seal.Open(keyDir(c)); err != nil {
		checks = append(checks, bad("keys", err, "doctor.keys_bad"))
	} else {
		add("keys", OK, "doctor.keys")
	}
	checks = append(checks, sealed(ctx, c, sound)...)
	if sound != nil {
		checks = append(checks, policies(ctx, sound)...)
	}
	if err := os.MkdirAll(filepath.Join(c.Data, "evidence"), 0o700); err != nil {
		add("evidence", Bad, "doctor.blobs_bad", err.Error())
	} else if store, err := blob.Open(filepath.Join(c.Data, "evidence")); err != nil {
		add("evidence", Bad, "doctor.blobs_bad", err.Error())
	} else {
		_ = store.Close() // only opened to see that it opens
		add("evidence", OK, "doctor.blobs")
	}
	sender, err := mail.Open(c.SMTP, c.MailFrom)
	switch {
	case err != nil:
		add("mail", Bad, "doctor.mail_bad", err.Error())
	case sender.Silent():
		add("mail", Warn, "doctor.mail_none")
	default:
		if err := sender.Check(ctx); err != nil {
			add("mail", Bad, "doctor.mail_bad", err.Error())
		} else {
			add("mail", OK, "doctor.mail")
		}
	}
	if path, ok := Chromium(); ok {
		add("chromium", OK, "doctor.chromium", path)
	} else {
		add("chromium", Warn, "doctor.chromium_none")
	}
	return checks
}

// sealed opens the keys of every board with the master key, since a lost one
// is only missed when somebody asks for what it guards. Without a sound
// database (nil) it looks at the master key alone, and makes none. What the keys
// open is looked at too.
func sealed(ctx context.Context, c Config, d *db.DB) []Check {
	var master seal.Master
	var err error
	if d == nil {
		master, err = seal.ReadMaster(keyDir(c))
	} else {
		master, err = openMaster(ctx, c, d)
	}
	var boards []board.Board
	if err == nil && d != nil {
		boards, err = (&board.Service{DB: d}).List(ctx)
	}
	v := &vault.Service{Vault: vault.New(master), DB: d}
	for _, b := range boards {
		if err == nil {
			err = v.Check(ctx, b.ID)
		}
	}
	if err != nil {
		return []Check{bad("vault", err, "doctor.vault_bad")}
	}
	checks := []Check{{Name: "vault", State: OK, Key: "doctor.vault"}}
	if d == nil {
		return checks
	}
	return append(checks, names(ctx, d, &pseudonym.Names{Vault: v.Vault}, boards)...)
}

// names looks for login names that were tampered with.
func names(ctx context.Context, d *db.DB, n *pseudonym.Names, boards []board.Board) (checks []Check) {
	for _, b := range boards {
		unsound := 0
		err := d.Read(ctx, b.ID, func(ctx context.Context, tx *db.Tx) (err error) {
			unsound, err = n.Unsound(ctx, tx)
			return err
		})
		switch {
		case err != nil:
			checks = append(checks, bad("names", err, "doctor.vault_bad"))
		case unsound > 0:
			checks = append(checks, Check{Name: "names", State: Bad, Key: "doctor.names_bad", Args: []any{unsound, b.ID}})
		}
	}
	if len(checks) == 0 {
		checks = append(checks, Check{Name: "names", State: OK, Key: "doctor.names"})
	}
	return checks
}

// policies looks for the versions that every board refers to.
func policies(ctx context.Context, d *db.DB) (checks []Check) {
	boards, err := (&board.Service{DB: d}).List(ctx)
	if err != nil {
		return []Check{bad("policies", err, "doctor.db_bad")}
	}
	for _, b := range boards {
		missing, err := (&adoption.Service{DB: d}).Missing(ctx, b.ID)
		if err != nil {
			checks = append(checks, bad("policies", err, "doctor.db_bad"))
		}
		for _, named := range missing {
			checks = append(checks, Check{Name: "policies", State: Bad, Key: "adoption.missing", Args: []any{named, b.ID}})
		}
	}
	if len(checks) == 0 {
		checks = append(checks, Check{Name: "policies", State: OK, Key: "doctor.policies"})
	}
	return checks
}

// bad is a check that failed: a refusal says it in its own words.
func bad(name string, err error, otherwise string) Check {
	if f, ok := fault.As(err); ok {
		return Check{Name: name, State: Bad, Key: f.Key, Args: f.Args}
	}
	return Check{Name: name, State: Bad, Key: otherwise, Args: []any{err.Error()}}
}

// clock compares the machine's time with the youngest board: a clock that went
// back would write a trail out of order.
func clock(ctx context.Context, d *db.DB) Check {
	var newest time.Time
	err := d.SystemRead(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := db.All(ctx, tx, func(row db.Row) (t time.Time, err error) {
			err = row.Scan(&t)
			return t, err
		}, `SELECT created_at FROM board ORDER BY created_at DESC LIMIT 1`)
		if len(all) > 0 {
			newest = all[0]
		}
		return err
	})
	now := time.Now().UTC()
	if err != nil || newest.After(now) || now.Year() < 2026 {
		return Check{Name: "clock", State: Bad, Key: "doctor.clock_bad"}
	}
	return Check{Name: "clock", State: OK, Key: "doctor.clock", Args: []any{strings.TrimSuffix(now.Format(time.RFC3339), "Z") + " UTC"}}
}

// Chromium finds the browser that prints letters to PDF.
func Chromium() (path string, ok bool) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}
