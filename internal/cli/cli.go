// Package cli is the operator's door: what one does with aval from a terminal.
//
// Exit codes: 0 done, 1 refused or failed (a sentence on standard error), 2
// wrong use. Where a command prints data, --json prints it for programs.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"aval/internal/app"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

type house struct {
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	flags  *commands
	pack   *policy.Pack // of the board that the command is about
}

type commands struct {
	DB      string `help:"Database: sqlite:PATH or postgres://…" env:"AVAL_DB" default:"sqlite:aval.db"`
	Owner   string `help:"PostgreSQL owner's address, for migrate (else --db)." env:"AVAL_DB_OWNER"`
	AppRole string `help:"PostgreSQL role that the program serves as." env:"AVAL_DB_ROLE" default:"aval_app"`
	Private bool   `name:"private-sources" help:"Let rosters be fetched from private addresses, and over http from this machine." env:"AVAL_PRIVATE_SOURCES"`
	Data    string `help:"Folder of keys and evidence files (default: beside the SQLite file, else ./aval-data)." env:"AVAL_DATA"`
	Packs   string `help:"Folder of the operator's own policy packs, beside those that ship." env:"AVAL_PACKS"`
	Rows    int    `name:"roster-rows" help:"Rows that a roster's set may have; people and classes count for three, roles for two." env:"AVAL_ROSTER_ROWS" default:"0"`
	Lang    string `help:"Language of sentences: fr or en." env:"AVAL_LANG" default:"fr" enum:"fr,en"`
	JSON    bool   `name:"json" help:"Print data as JSON."`

	Serve      serveCmd       `cmd:"" help:"Serve the web pages and the API."`
	Demo       demoCmd        `cmd:"" help:"Make a throw-away board and serve it."`
	Migrate    migrateCmd     `cmd:"" help:"Bring the database to this version."`
	Doctor     doctorCmd      `cmd:"" help:"Check every silent precondition."`
	Board      boardCmds      `cmd:"" help:"School boards."`
	User       userCmds       `cmd:"" help:"Accounts of the staff."`
	Token      tokenCmds      `cmd:"" help:"Tokens of programs."`
	Roster     rosterCmds     `cmd:"" help:"Rosters."`
	Org        orgCmds        `cmd:"" help:"Schools and departments: of whom the policy speaks."`
	Catalogue  catalogueCmds  `cmd:"" help:"Platforms."`
	Licence    licenceCmds    `cmd:"" help:"Licences."`
	Evaluation evaluationCmds `cmd:"" help:"Evaluations that leave the board, or come from another."`
	Decision   decisionCmds   `cmd:"" help:"Decisions."`
	Audit      auditCmds      `cmd:"" help:"The trail."`
	Policy     policyCmds     `cmd:"" help:"Policy packs."`
	Pseudonym  pseudonymCmds  `cmd:"" help:"Login names of pupils."`
	Vault      vaultCmds      `cmd:"" help:"Keys of sealed columns."`
	Register   registerCmds   `cmd:"" help:"Registers that the law asks of the board."`
	Report     reportCmds     `cmd:"" help:"Reports to the council."`
	Version    versionCmd     `cmd:"" help:"Print the version."`
}

// Main runs one command and answers its exit code.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var flags commands
	h := &house{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, flags: &flags}
	done := -1
	parser, err := kong.New(&flags, kong.Name("aval"), kong.Writers(stdout, stderr), kong.Bind(h),
		kong.Description("Runs a school board's policy on digital learning platforms."),
		kong.Exit(func(code int) { done = code }))
	if err != nil {
		return h.fail(err)
	}
	parsed, err := parser.Parse(args)
	if done >= 0 { // --help
		return done
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "aval: %v\n", err)
		return 2
	}
	if err := h.stock(); err != nil {
		return h.fail(err)
	}
	if err := parsed.Run(h); err != nil {
		return h.fail(err)
	}
	return 0
}

// errSaid is a failure whose sentence has been printed.
var errSaid = errors.New("said")

func (h *house) fail(err error) int {
	if errors.Is(err, errSaid) {
		return 1
	}
	f, ok := fault.As(err)
	if !ok {
		_, _ = fmt.Fprintf(h.stderr, "aval: %v\n", err)
		return 1
	}
	p := i18n.For(h.flags.Lang)
	_, _ = fmt.Fprintln(h.stderr, p.Fault(f))
	for _, m := range f.Fields {
		_, _ = fmt.Fprintln(h.stderr, "- "+p.Message(m))
	}
	if f.Clause != "" {
		_, _ = fmt.Fprintln(h.stderr, p.Citing(h.pack.Cite).Clause(f.Clause))
	}
	return 1
}

// stock reads the operator's own packs, and says everything that is wrong in them.
func (h *house) stock() error {
	if h.flags.Packs == "" {
		return nil
	}
	err := policy.Stock(h.flags.Packs)
	var problems policy.Problems
	if errors.As(err, &problems) {
		return h.sayProblems(problems)
	}
	return err
}

// print answers data: as JSON when asked for, else as one line per field.
func (h *house) print(v any, plain func(w io.Writer)) error {
	if h.flags.JSON || plain == nil {
		enc := json.NewEncoder(h.stdout)
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	}
	plain(h.stdout)
	return nil
}

func (h *house) config() app.Config {
	c := app.Config{DB: h.flags.DB, Data: h.flags.Data, Private: h.flags.Private, Rows: h.flags.Rows}
	if c.Data == "" {
		c.Data = "aval-data"
		if path, ok := strings.CutPrefix(c.DB, "sqlite:"); ok {
			c.Data = filepath.Join(filepath.Dir(path), "aval-data")
		}
	}
	return c
}

// post is where letters go, for the commands that send some.
type post struct {
	SMTP     string `name:"smtp" help:"Mail server, smtp://host:port; without one nothing is mailed." env:"AVAL_SMTP"`
	MailFrom string `help:"Sender of notices." env:"AVAL_MAIL_FROM"`
}

func (p post) into(c app.Config) app.Config {
	c.SMTP, c.MailFrom = p.SMTP, p.MailFrom
	return c
}

// with opens the house for one command.
func (h *house) with(f func(a *app.App) error) error { return h.withConfig(h.config(), f) }

func (h *house) withConfig(c app.Config, f func(a *app.App) error) error {
	a, err := app.Open(h.ctx, c)
	if err != nil {
		return err
	}
	err = f(a)
	if cerr := a.Close(); err == nil {
		err = cerr
	}
	return err
}

type versionCmd struct{}

func (versionCmd) Run(h *house) error {
	v := app.Version()
	return h.print(map[string]string{"version": v}, func(w io.Writer) { _, _ = fmt.Fprintln(w, "aval "+v) })
}

func writeFile(path string, data []byte) error {
	if path == "-" {
		_, err := os.Stdout.Write(data)
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
