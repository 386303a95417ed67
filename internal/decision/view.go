package decision

import (
	"context"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

// View is a decision as its page shows it.
type View struct {
	Decision Decision
	Request  request.Request
	Platform catalogue.Platform
	Org      string // name of the school or department
	Decider  string // name
	Receiver string // name; "" until it is received
	Contest  *Contest
	May      May
}

// May is what the page offers to who reads it.
type May struct {
	Acknowledge bool
	Contest     bool // about use
	Renew       bool // about security
	Answer      bool
	Reevaluate  bool // nothing more recent counts, and nobody is at it
}

// View shows a decision to whom it concerns.
func (s *Service) View(ctx context.Context, actor policy.Actor, id ID) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		v, err = view(ctx, tx, actor, id)
		return err
	})
	return v, err
}

// ForRequest shows the decision of a request; NotFound before there is one.
func (s *Service) ForRequest(ctx context.Context, actor policy.Actor, id request.ID) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		d, there, err := For(ctx, tx, id)
		if err != nil {
			return err
		}
		if !there {
			return fault.Missing()
		}
		v, err = view(ctx, tx, actor, d.ID)
		return err
	})
	return v, err
}

// ForContest shows the decision that a contest is about.
func (s *Service) ForContest(ctx context.Context, actor policy.Actor, contestID string) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		c, err := GetContest(ctx, tx, contestID)
		if err != nil {
			return err
		}
		v, err = view(ctx, tx, actor, c.DecisionID)
		return err
	})
	return v, err
}

func view(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID) (v View, err error) {
	a, err := read(ctx, tx, actor, id)
	if err != nil {
		return v, err
	}
	v.Decision, v.Request = a.Decision, a.request
	if v.Platform, err = catalogue.Get(ctx, tx, a.PlatformID); err != nil {
		return v, err
	}
	n, err := readNames(ctx, tx, a.request, a.Decision)
	if err != nil {
		return v, err
	}
	v.Org, v.Decider = n.org, n.decider
	if v.Receiver, err = accountName(ctx, tx, a.ReceivedBy); err != nil {
		return v, err
	}
	c, contested, err := contestOf(ctx, tx, id)
	if err != nil {
		return v, err
	}
	writers, err := evaluation.Writers(ctx, tx, a.RequestID)
	if err != nil {
		return v, err
	}
	scope := a.request.Scope()
	answers := actor.Can(policy.ContestAnswer, scope)
	v.May = May{
		Acknowledge: !a.Received() && actor.Can(policy.DecisionAcknowledge, scope),
		Contest:     !contested && actor.Can(policy.DecisionContest, scope),
		Renew:       actor.Can(policy.DecisionContest, scope),
		Answer:      contested && !c.Answered() && answers && !judge(actor, a, c, writers),
	}
	if v.May.Reevaluate, err = mayReevaluate(ctx, tx, actor, a); err != nil {
		return v, err
	}
	if contested {
		if !answers && !actor.Can(policy.DecisionDecide, scope) {
			c.TalkNote = "" // between the appeal authority and the director
		}
		v.Contest = &c
	}
	return v, nil
}
