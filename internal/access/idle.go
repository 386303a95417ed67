package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/policy"
)

// Idle is why an account that goes on seems to serve nobody.
type Idle string

// From the surest sign to the weakest.
const (
	Gone        Idle = "gone"        // its pupil is no longer of the audience
	Unconfirmed Idle = "unconfirmed" // sent, and the platform never confirmed it
	Unseen      Idle = "unseen"      // the platform's files tell of others, not of this one
)

// Idles lists them in that order.
var Idles = []Idle{Gone, Unconfirmed, Unseen}

// How many days pass before an account is Unconfirmed or Unseen: a vendor's month,
// and longer than the summer's beginning or the winter's holidays.
const (
	UnconfirmedDays = 30
	UnseenDays      = 60
)

// idle is the rule; "" of an account that serves, or is stopped. in tells that its
// pupil is of the audience, watched that files of the platform tell who uses it.
func (a Account) idle(today time.Time, in, watched bool) Idle {
	before := func(days int) string { return i18n.DayOf(today.AddDate(0, 0, -days)) }
	switch {
	case !a.open():
		return ""
	case !in:
		return Gone
	case a.State == Sent && a.SentOn < before(UnconfirmedDays):
		return Unconfirmed
	case watched && a.State != ToCreate && max(a.SeenOn, a.SentOn, a.ChangedOn) < before(UnseenDays):
		return Unseen
	}
	return ""
}

// watched tells whether a file of the platform ever told of one of these accounts.
func watched(accounts []Account) bool {
	return slices.ContainsFunc(accounts, func(a Account) bool { return a.SeenOn != "" })
}

// IdleLicence is a licence and its accounts that seem to serve nobody.
type IdleLicence struct {
	licence.Listed
	Accounts int // that go on
	Idle     map[Idle]int
}

// All counts the accounts that seem to serve nobody.
func (l IdleLicence) All() int { return l.Idle[Gone] + l.Idle[Unconfirmed] + l.Idle[Unseen] }

// IdleOfBoard answers, by platform, the licences whose accounts the actor keeps and
// of which some seem to serve nobody.
func (s *Service) IdleOfBoard(ctx context.Context, actor policy.Actor) (list []IdleLicence, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		held, err := s.kept(ctx, tx, actor)
		if err != nil {
			return err
		}
		for _, k := range held {
			one := IdleLicence{Listed: k.Listed, Idle: map[Idle]int{}}
			for _, a := range k.accounts {
				if a.open() {
					one.Accounts++
				}
				if why := a.idle(tx.Now, k.in[a.LoginID] != "", k.watched); why != "" {
					one.Idle[why]++
				}
			}
			if one.All() > 0 {
				list = append(list, one)
			}
		}
		return nil
	})
	return list, err
}

// SuspendIdle stops together the accounts of a licence that seem to serve nobody
// for one reason, if they are still as many as the actor was shown. It answers how
// many were stopped.
func (s *Service) SuspendIdle(ctx context.Context, actor policy.Actor, id licence.ID, idle Idle, shown int) (stopped int, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := allowed(ctx, tx, actor, policy.AccessManage, id)
		if err != nil {
			return err
		}
		if !slices.Contains(Idles, idle) {
			return fault.Form(map[string]string{"idle": "access.idle_required"})
		}
		if err := hold(ctx, tx, id); err != nil {
			return err
		}
		held, err := s.heldOf(ctx, tx, l)
		if err != nil {
			return err
		}
		for _, a := range held.accounts {
			if a.idle(tx.Now, held.in[a.LoginID] != "", held.watched) != idle {
				continue
			}
			if err := a.suspend(idle.why()); err != nil {
				return err
			}
			if err := update(ctx, tx, &a); err != nil {
				return err
			}
			stopped++
		}
		if stopped != shown || stopped == 0 {
			return fault.New(fault.Conflict, "access.idle_changed", stopped)
		}
		return audit.Write(ctx, tx, actor, "access.idle_suspended", licence.Subject(id), audit.Under("6.1e"),
			audit.Note(fmt.Sprintf("accounts=%d idle=%s", stopped, idle)))
	})
	if err != nil {
		return 0, err
	}
	return stopped, nil
}

// why is the reason that an account which is stopped so keeps: one whose pupil left
// goes on by itself when the pupil is back.
func (i Idle) why() Why {
	if i == Gone {
		return ""
	}
	return Unused
}
