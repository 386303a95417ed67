package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"aval/internal/app"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/seal"
)

type vaultCmds struct {
	Status vaultStatus `cmd:"" help:"Say how the keys of sealed columns stand."`
	Rotate vaultRotate `cmd:"" help:"Seal under new keys from now on; serve seals the older rows again."`
	Shred  vaultShred  `cmd:"" help:"Destroy a board's keys: nobody reads what they sealed again."`
	Rewrap vaultRewrap `cmd:"" help:"Put the keys of every board under another master key (then start serve again with it)."`
}

type vaultStatus struct{ boardFlag }

func (c vaultStatus) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		st, err := a.Vault.Status(h.ctx, actor)
		if err != nil {
			return err
		}
		return h.print(st, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "keys %s, older rows %d, master %s\n", strings.Join(st.Keys, " "), st.Older, st.Master)
			for _, moment := range []struct {
				what string
				at   time.Time
			}{{"made", st.Made}, {"rotated", st.Rotated}, {"shredded", st.Shredded}} {
				if !moment.at.IsZero() {
					_, _ = fmt.Fprintf(w, "%s %s\n", moment.what, moment.at.Format(time.RFC3339))
				}
			}
		})
	})
}

type vaultRotate struct{ boardFlag }

func (c vaultRotate) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err == nil {
			err = a.Vault.Rotate(h.ctx, actor)
		}
		return h.said(err, "cli.vault_rotated")
	})
}

type vaultShred struct {
	boardFlag
	Yes bool `help:"Yes, destroy the keys for good."`
}

func (c vaultShred) Run(h *house) error {
	if !c.Yes {
		return fault.New(fault.Invalid, "cli.vault_sure")
	}
	config := h.config()
	config.KeyLost = true // it may be: that is one reason to come here
	return h.withConfig(config, func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err == nil {
			err = a.Vault.Shred(h.ctx, actor)
		}
		return h.said(err, "cli.vault_shredded")
	})
}

type vaultRewrap struct {
	NewKey string `name:"new-key" required:"" help:"Folder of the new vault.key; one is made when there is none."`
}

func (c vaultRewrap) Run(h *house) error {
	return h.with(func(a *app.App) error {
		next, err := seal.OpenMaster(c.NewKey)
		if err != nil {
			return err
		}
		if err := a.Vault.Appoint(h.ctx, next); err != nil {
			return err
		}
		boards, err := a.Boards.List(h.ctx) // after Appoint: no board is missed
		if err != nil {
			return err
		}
		for _, b := range boards {
			pack, err := b.Policy()
			if err == nil {
				err = a.Vault.Rewrap(h.ctx, policy.System(b.ID, pack, "cli"), next)
			}
			if err != nil {
				return fmt.Errorf("board %s: %w", b.ID, err)
			}
		}
		return h.said(nil, "cli.vault_rewrapped")
	})
}

// said prints the sentence of what was done, unless it was not.
func (h *house) said(err error, key string) error {
	if err != nil || h.flags.JSON {
		return err
	}
	_, err = fmt.Fprintln(h.stdout, i18n.For(h.flags.Lang).T(key))
	return err
}
