package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"aval/internal/account"
	"aval/internal/app"
	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

type migrateCmd struct{}

func (migrateCmd) Run(h *house) error {
	owner := h.flags.Owner
	if owner == "" {
		owner = h.flags.DB
	}
	return db.Migrate(h.ctx, owner, h.flags.AppRole)
}

type boardCmds struct {
	Create boardCreate `cmd:"" help:"Make a board that runs a policy pack."`
}

type boardCreate struct {
	ID   string `help:"Short id (lower-case letters, digits, hyphens); made from chance when left out."`
	Name string `required:"" help:"Name of the school board."`
	Pack string `required:"" help:"Policy pack, such as csc-pan-2023."`
}

// Run migrates a SQLite file on its first use, so that a newcomer needs one command.
func (c boardCreate) Run(h *house) error {
	if strings.HasPrefix(h.flags.DB, "sqlite:") {
		if err := db.Migrate(h.ctx, h.flags.DB, ""); err != nil {
			return err
		}
	}
	return h.with(func(a *app.App) error {
		b, err := a.Boards.Create(h.ctx, c.ID, c.Name, c.Pack)
		if err != nil {
			return err
		}
		return h.print(map[string]string{"id": b.ID, "name": b.Name, "pack": b.Pack, "pack_version": b.PackVersion},
			func(w io.Writer) { _, _ = fmt.Fprintln(w, b.ID) })
	})
}

type boardFlag struct {
	Board string `help:"Board's id; may be left out where there is one board." env:"AVAL_BOARD"`
}

// actor is the operator's own hand on a board.
func (f boardFlag) actor(h *house, a *app.App) (policy.Actor, error) {
	boards, err := a.Boards.List(h.ctx)
	if err != nil {
		return policy.Actor{}, err
	}
	for _, b := range boards {
		if b.ID == f.Board || f.Board == "" && len(boards) == 1 {
			pack, err := b.Policy()
			if err != nil {
				return policy.Actor{}, err
			}
			h.pack = pack
			actor := policy.System(b.ID, pack, "cli")
			actor.Settings = b.Settings
			return actor, nil
		}
	}
	return policy.Actor{}, fault.New(fault.Invalid, "cli.board_unknown")
}

type userCmds struct {
	Create userCreate `cmd:"" help:"Make an account; prints its password once."`
	List   userList   `cmd:"" help:"List the accounts with their roles."`
}

type userCreate struct {
	boardFlag
	Login    string   `required:""`
	Name     string   `required:""`
	Email    string   `help:"Where notices go; also finds the person in the roster."`
	Language string   `help:"fr or en." default:"fr"`
	Role     []string `required:"" help:"Role, or role@organisation (id, source id or name), several times."`
	Person   string   `help:"The roster's person (id or source id)."`
	Stdin    bool     `name:"password-stdin" help:"Read the password from standard input (else one is made)."`
}

func (c userCreate) Run(h *house) error {
	n := account.New{Login: c.Login, Name: c.Name, Email: c.Email, Lang: c.Language, Person: c.Person}
	for _, r := range c.Role {
		role, org, _ := strings.Cut(r, "@")
		n.Grants = append(n.Grants, policy.Grant{Role: policy.Role(role), Org: org})
	}
	if c.Stdin {
		text, err := io.ReadAll(io.LimitReader(h.stdin, 4096))
		if err != nil {
			return fmt.Errorf("read the password: %w", err)
		}
		n.Password = strings.TrimRight(string(text), "\r\n")
	}
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		made, password, err := a.Accounts.Create(h.ctx, actor, n)
		if err != nil {
			return err
		}
		return h.print(map[string]string{"id": made.ID, "login": made.Login, "password": password},
			func(w io.Writer) { _, _ = fmt.Fprintf(w, "%s\t%s\n", made.Login, password) })
	})
}

type tokenCmds struct {
	Create tokenCreate `cmd:"" help:"Make a bearer token for an account; it is shown once."`
	List   tokenList   `cmd:"" help:"List the tokens by number; never what they open with."`
	Revoke tokenRevoke `cmd:"" help:"Make a token open nothing from now on."`
}

type tokenCreate struct {
	boardFlag
	Login string `required:""`
	Label string
}

func (c tokenCreate) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		token, err := a.Accounts.CreateToken(h.ctx, actor, c.Login, c.Label)
		if err != nil {
			return err
		}
		return h.print(map[string]string{"token": token}, func(w io.Writer) { _, _ = fmt.Fprintln(w, token) })
	})
}

type auditCmds struct {
	Verify     auditVerify     `cmd:"" help:"Prove that the trail is whole."`
	Checkpoint auditCheckpoint `cmd:"" help:"Write or mail a signed checkpoint to keep off this machine."`
}

type auditVerify struct {
	boardFlag
	Anchor string `help:"A signed checkpoint that left the machine earlier."`
}

func (c auditVerify) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		var anchor *audit.Checkpoint
		if c.Anchor != "" {
			text, err := os.ReadFile(c.Anchor)
			if err != nil {
				return err
			}
			point, err := audit.ParseCheckpoint(a.Keys.Verifier(actor.Board), text)
			if err != nil {
				return err
			}
			anchor = &point
		}
		report, err := audit.Verify(h.ctx, a.DB, actor.Board, anchor)
		if err != nil {
			return err
		}
		said := report.Message()
		sentence := i18n.For(h.flags.Lang).T(said.Key, said.Args...)
		if err := h.print(map[string]any{"whole": report.Whole(), "records": report.Size, "root": report.Root,
			"problem": report.Problem, "first_bad": report.FirstBad}, func(w io.Writer) {
			if report.Whole() {
				_, _ = fmt.Fprintln(w, sentence)
			}
		}); err != nil {
			return err
		}
		if !report.Whole() {
			_, _ = fmt.Fprintln(h.stderr, sentence)
			return errSaid
		}
		return nil
	})
}

type auditCheckpoint struct {
	boardFlag
	post
	Out  string `help:"File to write (- for standard output)." default:"-"`
	Mail bool   `help:"Mail it to the secretaries instead; serve does so every week."`
}

func (c auditCheckpoint) Run(h *house) error {
	return h.withConfig(c.into(h.config()), func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		if c.Mail {
			return a.MailCheckpoint(h.ctx, actor)
		}
		text, err := a.Audit.Checkpoint(h.ctx, actor, a.Keys.Signer(actor.Board))
		if err != nil {
			return err
		}
		if c.Out == "-" {
			_, err = h.stdout.Write(text)
			return err
		}
		return writeFile(c.Out, text)
	})
}

type doctorCmd struct{ post }

func (c doctorCmd) Run(h *house) error {
	checks := app.Doctor(h.ctx, c.into(h.config()))
	p := i18n.For(h.flags.Lang)
	bad := false
	if h.flags.JSON {
		enc := json.NewEncoder(h.stdout)
		if err := enc.Encode(checks); err != nil {
			return err
		}
	}
	for _, check := range checks {
		bad = bad || check.State == app.Bad
		if !h.flags.JSON {
			_, _ = fmt.Fprintf(h.stdout, "%-7s %s\n", p.T("doctor."+string(check.State)), p.T(check.Key, check.Args...))
		}
	}
	if bad {
		return errSaid
	}
	return nil
}
