package adoption

import (
	"context"
	"fmt"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// Service is what those who keep a board's policy do.
type Service struct{ DB *db.DB }

// Version is a version that the board applied, applies or is to apply.
type Version struct {
	board.Applied
	Policy  *policy.Pack
	By      string // name of who moved the board to it; empty for the first and from a terminal
	Now     bool   // it applies today
	Planned bool   // its day is to come
}

// Versions answers the versions of the actor's board, in the order of their days.
func (s *Service) Versions(ctx context.Context, actor policy.Actor) (list []Version, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.PolicyMove, policy.Scope{}); err != nil {
			return err
		}
		all, err := board.Policies(ctx, tx)
		if err != nil {
			return err
		}
		ids := make([]string, len(all))
		for i, a := range all {
			ids[i] = a.MovedBy
		}
		names, err := account.Names(ctx, tx, ids)
		if err != nil {
			return err
		}
		today := i18n.DayOf(tx.Now)
		for i, a := range all {
			v := Version{Applied: a, By: names[a.MovedBy], Now: i == board.On(all, today), Planned: i > 0 && a.FromDay > today}
			if v.Policy, err = policy.Find(a.Pack, a.Version); err != nil {
				return err
			}
			list = append(list, v)
		}
		return nil
	})
	return list, err
}

// Show answers what a move would change; nothing is kept.
func (s *Service) Show(ctx context.Context, actor policy.Actor, ask Ask) (p Plan, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		p, err = show(ctx, tx, actor, ask)
		return err
	})
	return p, err
}

// Move has the board apply another version of its policy from a day. It refuses a
// day that is past, a second move while one is planned, and with a Conflict a
// move that would change something else than what was shown.
func (s *Service) Move(ctx context.Context, actor policy.Actor, ask Ask) (p Plan, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := board.Hold(ctx, tx); err != nil {
			return err
		}
		if p, err = show(ctx, tx, actor, ask); err != nil {
			return err
		}
		if ask.Shown != "" && ask.Shown != p.Shown {
			return fault.New(fault.Conflict, "adoption.changed").Under(Clause)
		}
		if err := board.Apply(ctx, tx, board.Applied{FromDay: p.On, Pack: p.To.ID, Version: p.To.Version, MovedBy: actor.ID}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "policy.moved", "board:"+tx.Board, audit.Under(Clause),
			audit.Note(fmt.Sprintf("from=%s to=%s on=%s files=%d lost=%d", p.From.Named(), p.To.Named(), p.On, len(p.Files), len(p.Lost))))
	})
	return p, err
}

// Cancel takes back a move before its day; on it, and after, it is a Conflict.
// Who may move nothing finds none.
func (s *Service) Cancel(ctx context.Context, actor policy.Actor, id string) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if !actor.Can(policy.PolicyMove, policy.Scope{}) {
			return fault.Missing()
		}
		all, err := board.Policies(ctx, tx)
		if err != nil {
			return err
		}
		for _, a := range all {
			if a.ID != id {
				continue
			}
			if a.FromDay <= i18n.DayOf(tx.Now) {
				return fault.New(fault.Conflict, "adoption.begun").Under(Clause)
			}
			if err := board.Unplan(ctx, tx, id); err != nil {
				return err
			}
			return audit.Write(ctx, tx, actor, "policy.move_cancelled", "board:"+tx.Board, audit.Under(Clause),
				audit.Note(fmt.Sprintf("to=%s@%s on=%s", a.Pack, a.Version, a.FromDay)))
		}
		return fault.Missing()
	})
}

func show(ctx context.Context, tx *db.Tx, actor policy.Actor, ask Ask) (p Plan, err error) {
	if err := actor.Allow(policy.PolicyMove, policy.Scope{}); err != nil {
		return p, err
	}
	all, err := board.Policies(ctx, tx)
	if err != nil {
		return p, err
	}
	p.On = ask.On
	if p.To, err = ask.check(all, i18n.DayOf(tx.Now)); err != nil {
		return p, err
	}
	now := all[len(all)-1]
	if p.From, err = policy.Find(now.Pack, now.Version); err != nil {
		return p, err
	}
	p.Changes = policy.Diff(p.From, p.To)
	p.LawsGone, p.LawsNew = without(p.From.Requires, p.To.Requires), without(p.To.Requires, p.From.Requires)
	if p.Files, err = open(ctx, tx); err != nil {
		return p, err
	}
	held, err := holders(ctx, tx)
	if err != nil {
		return p, err
	}
	p.Lost = lost(p.From, p.To, held)
	return p, p.seal(all)
}

// Missing answers the versions (id@version) that a board refers to and the program
// cannot find: files under them could not be read.
func (s *Service) Missing(ctx context.Context, boardID string) (missing []string, err error) {
	err = s.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		all, err := referred(ctx, tx)
		for _, named := range all {
			if _, err := policy.Find(named[0], named[1]); err != nil {
				missing = append(missing, named[0]+"@"+named[1])
			}
		}
		return err
	})
	return missing, err
}
