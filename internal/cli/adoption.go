package cli

import (
	"fmt"
	"io"

	"aval/internal/adoption"
	"aval/internal/app"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

type policyVersions struct{ boardFlag }

func (c policyVersions) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		all, err := a.Adoptions.Versions(h.ctx, actor)
		if err != nil {
			return err
		}
		type version struct {
			Pack    string `json:"pack"`
			Version string `json:"version"`
			From    string `json:"from"`
			Now     bool   `json:"now"`
			Planned bool   `json:"planned"`
		}
		list := make([]version, 0, len(all))
		for _, v := range all {
			list = append(list, version{v.Pack, v.Version, v.FromDay, v.Now, v.Planned})
		}
		return h.print(map[string]any{"versions": list}, func(w io.Writer) {
			for _, v := range all {
				_, _ = fmt.Fprintf(w, "%s  %s\n", v.FromDay, v.Policy.Named())
			}
		})
	})
}

type policyMove struct {
	boardFlag
	Pack    string `required:"" help:"Id of the pack."`
	Version string `required:"" help:"Its version."`
	On      string `required:"" help:"Day from which the board applies it (2026-11-22), or today."`
	DryRun  bool   `help:"Show what would change; keep nothing."`
	Shown   string `help:"What --dry-run called what it showed: refused if anything changed since."`
}

func (c policyMove) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		if _, err := policy.Find(c.Pack, c.Version); err != nil {
			return err
		}
		ask := adoption.Ask{Pack: c.Pack, Version: c.Version, On: c.On, Shown: c.Shown}
		if ask.On == "today" {
			ask.On = i18n.DayOf(a.DB.Clock())
		}
		do := a.Adoptions.Move
		if c.DryRun {
			do = a.Adoptions.Show
		}
		plan, err := do(h.ctx, actor, ask)
		if err != nil {
			return err
		}
		return h.sayPlan(plan, !c.DryRun)
	})
}

// sayPlan prints what a move changes.
func (h *house) sayPlan(plan adoption.Plan, made bool) error {
	p := i18n.For(h.flags.Lang)
	return h.print(map[string]any{
		"from": plan.From.Named(), "to": plan.To.Named(), "on": plan.On, "made": made, "shown": plan.Shown,
		"changes": some(plan.Changes), "laws_gone": some(plan.LawsGone), "laws_new": some(plan.LawsNew),
		"files": some(plan.Files), "counts": some(plan.Counts()), "lost": some(plan.Lost),
	}, func(w io.Writer) {
		h.sayChanges(w, plan.Changes)
		for _, law := range plan.LawsGone {
			_, _ = fmt.Fprintln(w, p.T("adoption.law_gone", law))
		}
		for _, law := range plan.LawsNew {
			_, _ = fmt.Fprintln(w, p.T("adoption.law_new", law))
		}
		for _, l := range plan.Lost {
			role := plan.From.RoleTitle(l.Role).In(p.Lang)
			if l.Do == "" {
				_, _ = fmt.Fprintln(w, p.N("adoption.lost_role", l.Holders, role))
			} else {
				_, _ = fmt.Fprintln(w, p.N("adoption.lost_right", l.Holders, role, p.T("policy.action."+string(l.Do))))
			}
		}
		_, _ = fmt.Fprintln(w, p.N("adoption.files", len(plan.Files)))
		for _, f := range plan.Files {
			_, _ = fmt.Fprintf(w, "  %s  %s@%s  %s\n", f.Number, f.Pack, f.Version, p.T("request.state."+string(f.State)))
		}
		key := "adoption.would"
		if made {
			key = "adoption.made"
		}
		_, _ = fmt.Fprintln(w, p.T(key, plan.To.Named(), p.Day(plan.On)))
		if !made {
			_, _ = fmt.Fprintln(w, "--shown "+plan.Shown)
		}
	})
}

// some is a list that is printed as one when it is empty.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

type policyCancel struct{ boardFlag }

func (c policyCancel) Run(h *house) error {
	return h.with(func(a *app.App) error {
		actor, err := c.actor(h, a)
		if err != nil {
			return err
		}
		all, err := a.Adoptions.Versions(h.ctx, actor)
		if err != nil {
			return err
		}
		last := all[len(all)-1]
		if !last.Planned {
			return fault.New(fault.Conflict, "adoption.none_planned")
		}
		if err := a.Adoptions.Cancel(h.ctx, actor, last.ID); err != nil {
			return err
		}
		return h.print(map[string]string{"cancelled": last.Policy.Named(), "on": last.FromDay}, func(w io.Writer) {
			_, _ = fmt.Fprintln(w, i18n.For(h.flags.Lang).T("adoption.cancelled", last.Policy.Named()))
		})
	})
}
