package classification

import (
	"context"
	"slices"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

// Service is what people do about classes of information.
type Service struct{ DB *db.DB }

// Candidate is who may answer for information, or keep it: whoever holds a role, or
// somebody who works for the whole board.
type Candidate struct{ Code, Name string } // the name is empty for a role, which the pack names

// Settings is a board's scheme as its page shows it.
type Settings struct {
	Scheme     Scheme
	Candidates []Candidate
	MayManage  bool
}

// Settings answers the board's scheme, to whoever may read the catalogue.
func (s *Service) Settings(ctx context.Context, actor policy.Actor) (out Settings, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		if out.Scheme, err = SchemeOf(ctx, tx, actor.Pack); err != nil {
			return err
		}
		out.MayManage = actor.Can(policy.ClassificationManage, policy.Scope{})
		out.Candidates, err = candidates(ctx, tx, actor.Pack)
		return err
	})
	return out, err
}

// Put adds a level to the board's scheme at a place (from 1), or puts it in place
// of the one with its code. Seen is the version that was looked at: of two who
// change the scheme at once, the second is told (Conflict).
func (s *Service) Put(ctx context.Context, actor policy.Actor, l Level, place int, seen int64) (Scheme, error) {
	return s.change(ctx, actor, seen, func(ctx context.Context, tx *db.Tx, scheme *Scheme) error {
		owners, err := candidates(ctx, tx, actor.Pack)
		if err != nil {
			return err
		}
		if l.Code == "" {
			l.Code = db.NewID()
		} else if scheme.Place(l.Code) < 0 {
			return fault.Missing()
		}
		return scheme.put(l, place, actor.Pack, codes(owners))
	})
}

// Remove takes a level out of the scheme; one that was given to a request stays.
func (s *Service) Remove(ctx context.Context, actor policy.Actor, code string, seen int64) (Scheme, error) {
	return s.change(ctx, actor, seen, func(ctx context.Context, tx *db.Tx, scheme *Scheme) error {
		at := scheme.Place(code)
		if at < 0 {
			return fault.Missing()
		}
		given, err := used(ctx, tx, code)
		if err != nil {
			return err
		}
		if given {
			return fault.New(fault.Conflict, "classification.used").Under(Clause(actor.Pack))
		}
		scheme.Levels = slices.Delete(slices.Clone(scheme.Levels), at, at+1)
		return nil
	})
}

func (s *Service) change(
	ctx context.Context, actor policy.Actor, seen int64, do func(context.Context, *db.Tx, *Scheme) error,
) (scheme Scheme, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.ClassificationManage, policy.Scope{}); err != nil {
			return err
		}
		if scheme, err = SchemeOf(ctx, tx, actor.Pack); err != nil {
			return err
		}
		if scheme.Version != seen {
			return fault.New(fault.Conflict, "conflict.changed")
		}
		if err := do(ctx, tx, &scheme); err != nil {
			return err
		}
		if err := insertScheme(ctx, tx, &scheme, actor.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "classification.scheme_changed", "board:"+tx.Board, audit.Under(Clause(actor.Pack)))
	})
	return scheme, err
}

// View is the class of a request as its page shows it.
type View struct {
	Request     request.Request
	Platform    catalogue.Platform
	Scheme      Scheme
	Choice      *Choice // nil before a person has chosen
	By          string  // name of who chose
	Suggested   string  // the level that the kinds of information make one think of
	Candidates  []Candidate
	MayClassify bool
}

// View shows the class of a request to whoever may read its evaluation.
func (s *Service) View(ctx context.Context, actor policy.Actor, id request.ID) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if v.Request, err = request.Get(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.RequestRead, v.Request.Scope()); err != nil {
			return err
		}
		if err := actor.Allow(policy.EvaluationRead, v.Request.Scope()); err != nil {
			return err
		}
		if v.Platform, err = catalogue.Get(ctx, tx, v.Request.PlatformID); err != nil {
			return err
		}
		if v.Scheme, err = SchemeOf(ctx, tx, actor.Pack); err != nil {
			return err
		}
		v.Suggested = v.Scheme.Suggested(v.Request.DataKinds)
		if v.Choice, err = Of(ctx, tx, id); err != nil {
			return err
		}
		if v.Choice != nil {
			if v.By, err = accountName(ctx, tx, v.Choice.By); err != nil {
				return err
			}
		}
		v.MayClassify = actor.Can(policy.EvaluationWrite, v.Request.Scope()) && len(v.Scheme.Levels) > 0 &&
			!v.Request.Party(actor, policy.EvaluationWrite)
		v.Candidates, err = candidates(ctx, tx, actor.Pack)
		return err
	})
	return v, err
}

// Classify gives what a request would hold its class, its owner and its tier of
// risk. It refuses (Denied) who asked for the platform, and (Conflict) where the
// board has no scheme, or where the decision was taken on a lower class.
func (s *Service) Classify(ctx context.Context, actor policy.Actor, id request.ID, in Input) (c Choice, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		r, err := request.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.RequestRead, r.Scope()); err != nil {
			return err
		}
		if err := actor.Allow(policy.EvaluationWrite, r.Scope()); err != nil {
			return err
		}
		c, err = classify(ctx, tx, actor, r, in)
		return err
	})
	return c, err
}

func classify(ctx context.Context, tx *db.Tx, actor policy.Actor, r request.Request, in Input) (c Choice, err error) {
	scheme, err := SchemeOf(ctx, tx, actor.Pack)
	if err != nil {
		return c, err
	}
	was, err := Of(ctx, tx, r.ID)
	if err != nil {
		return c, err
	}
	if err := choose(scheme, r, was, in, r.Party(actor, policy.EvaluationWrite), actor.Pack); err != nil {
		return c, err
	}
	owners, err := candidates(ctx, tx, actor.Pack)
	if err != nil {
		return c, err
	}
	if err := in.check(scheme, actor.Pack, codes(owners)); err != nil {
		return c, err
	}
	c = Choice{Request: r.ID, Platform: r.PlatformID, Class: in.Class, Owner: in.Owner, Reason: in.Reason, Tier: in.Tier,
		TierReason: in.TierReason, By: actor.ID, At: tx.Now, Version: 1}
	if was != nil {
		c.Version = was.Version + 1
	}
	if err := insert(ctx, tx, c); err != nil {
		return c, err
	}
	for _, control := range []string{controlModel, controlQuebec} {
		if err := policy.Mark(ctx, tx, control, r.Subject(), policy.Conform); err != nil {
			return c, err
		}
	}
	return c, audit.Write(ctx, tx, actor, "classification.chosen", r.Subject(), audit.Under(Clause(actor.Pack)),
		audit.Note("class="+c.Class+" tier="+string(c.Tier)))
}

// Stands refuses a decision on what has no class yet, where the board has a scheme,
// and one by who may not decide on that class at that tier of risk.
func Stands(ctx context.Context, tx *db.Tx, actor policy.Actor, r request.Request) (refusal, err error) {
	scheme, err := SchemeOf(ctx, tx, actor.Pack)
	if err != nil || len(scheme.Levels) == 0 {
		return nil, err
	}
	c, err := Of(ctx, tx, r.ID)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return fault.New(fault.Conflict, "classification.first").Under(Clause(actor.Pack)), nil
	}
	return decides(actor, scheme, *c), nil
}

// Awaits tells, of requests that wait for a decision, those that wait for the actor's:
// the role that the scheme names for their class and tier, or else the first of the
// pack's authorities.
func (s *Service) Awaits(ctx context.Context, actor policy.Actor, ids []request.ID) (awaits map[request.ID]bool, err error) {
	awaits = map[request.ID]bool{}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		scheme, err := SchemeOf(ctx, tx, actor.Pack)
		if err != nil {
			return err
		}
		for _, id := range ids {
			c, err := Of(ctx, tx, id)
			if err != nil {
				return err
			}
			awaits[id] = actor.Has(scheme.decider(actor.Pack, c))
		}
		return nil
	})
	return awaits, err
}

// Decided keeps waiting the clause of a board that has no scheme yet.
func Decided(ctx context.Context, tx *db.Tx, pack *policy.Pack, r request.Request) error {
	scheme, err := SchemeOf(ctx, tx, pack)
	if err != nil || len(scheme.Levels) > 0 {
		return err
	}
	return policy.Mark(ctx, tx, controlQuebec, r.Subject(), policy.Waiting)
}

func codes(list []Candidate) []string {
	all := make([]string, len(list))
	for i, c := range list {
		all[i] = c.Code
	}
	return all
}
