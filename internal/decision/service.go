package decision

import (
	"context"
	"fmt"
	"slices"

	"aval/internal/assessment"
	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/classification"
	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/request"
)

// NoticeContest is the job that tells people of a disagreement or of its answer.
const NoticeContest job.Kind = "notice.contest"

// The controls of section 4, and of who decides.
const (
	controlMade        = "decision.made"
	controlProtects    = "decision.protects"
	controlEvaluated   = "evaluation.finished"
	controlTransmitted = "decision.transmitted"
	controlContest     = "contest.use"
	controlAssessed    = "privacy.assessed"
	controlConsulted   = "privacy.consulted"
)

// Service is what people do with decisions.
type Service struct{ DB *db.DB }

// Preparation is what the director reads before deciding.
type Preparation struct {
	Request     request.Request
	Platform    catalogue.Platform
	Evaluations map[evaluation.Aspect]evaluation.Evaluation
	Judged      []evaluation.Invitation // departments that were asked for their own judgement
	Owners      []condition.Candidate   // who may be asked to see to the conditions
	SamePerson  bool                    // who wrote on an aspect is about to decide
	Refusal     error                   // why it may not be decided now, whatever is typed; nil when it may
	Approval    error                   // why it may not be approved, though it may be refused; nil when it may
}

// Prepare shows a request that waits for a decision, and what stands in its way.
func (s *Service) Prepare(ctx context.Context, actor policy.Actor, id request.ID) (p Preparation, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		p, err = prepare(ctx, tx, actor, id)
		return err
	})
	return p, err
}

func prepare(ctx context.Context, tx *db.Tx, actor policy.Actor, id request.ID) (p Preparation, err error) {
	if p.Request, err = request.Get(ctx, tx, id); err != nil {
		return p, err
	}
	if err := may(actor, policy.DecisionDecide, p.Request); err != nil {
		return p, err
	}
	if p.Platform, err = catalogue.Get(ctx, tx, p.Request.PlatformID); err != nil {
		return p, err
	}
	if p.Evaluations, err = evaluation.Of(ctx, tx, id); err != nil {
		return p, err
	}
	if p.Judged, err = evaluation.Judgements(ctx, tx, id); err != nil {
		return p, err
	}
	if p.Owners, err = condition.Candidates(ctx, tx, p.Request.OrgID); err != nil {
		return p, err
	}
	writers, err := evaluation.Writers(ctx, tx, id)
	if err != nil {
		return p, err
	}
	p.SamePerson = slices.ContainsFunc(actor.Hands(policy.DecisionDecide, p.Request.Scope()), func(hand string) bool {
		return slices.Contains(writers, hand)
	})
	if p.Refusal = stand(actor, p, tx); p.Refusal == nil {
		if p.Refusal, err = classification.Stands(ctx, tx, actor, p.Request); err != nil {
			return p, err
		}
	}
	p.Approval = assessment.MayApprove(ctx, tx, p.Request.Policy(actor), p.Request, p.Evaluations[evaluation.Security].Location)
	if _, refused := fault.As(p.Approval); p.Approval != nil && !refused {
		return p, p.Approval
	}
	return p, nil
}

// stand refuses a decision that nothing typed could mend: one too early or too
// late, by who asked (4.1), by who evaluated, or before the law allows it.
func stand(actor policy.Actor, p Preparation, tx *db.Tx) error {
	switch {
	case p.Request.State == request.Decided:
		return fault.New(fault.Conflict, "decision.already_decided").Under("4.1")
	case p.Request.State != request.Evaluated:
		return fault.New(fault.Conflict, "decision.not_evaluated").Under("3.1")
	case p.Request.Party(actor, policy.DecisionDecide):
		return fault.New(fault.Denied, "decision.asked").Under("4.1")
	}
	if p.SamePerson && !actor.Settings.JoinEvaluatorDecider {
		return fault.New(fault.Denied, "decision.same_person").Under("4.1")
	}
	return privacy(p.Request.Policy(actor), p.Request.Privacy, tx.Now)
}

// Decide gives the decision, aspect by aspect, and transmits it to the school or
// department (4.1); the catalogue shows it. It is refused before the evaluation
// is finished (3.1), to who asked, to who evaluated unless the board lets them
// (then as an exception that says why), and in Québec before the privacy
// assessment and the committee (QC-PIA-01, QC-PIA-02); to approve is refused while
// what leaves Québec was not found protected enough (QC-OUT-01).
func (s *Service) Decide(ctx context.Context, actor policy.Actor, id request.ID, in Input) (d Decision, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		p, err := prepare(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if p.Refusal != nil {
			return p.Refusal
		}
		actor := actor.Under(p.Request.Pack)
		if err := in.check(p, actor.Pack, i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		if p.Approval != nil && Overall(in.Use.Result, in.Security.Result) != Refused {
			return p.Approval
		}
		// The request first: of two who decide at once, its version lets one through,
		// and none where the evaluation was reopened since it was read.
		closed, err := request.MarkDecided(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if closed.Version != p.Request.Version+1 {
			return fault.New(fault.Conflict, "conflict.changed")
		}
		d = decide(p, in)
		d.ID, d.DecidedBy, d.DecidedAt, d.Version = ID(db.NewID()), actor.ID, tx.Now, 1
		if err := insert(ctx, tx, d); err != nil {
			return err
		}
		if err := show(ctx, tx, d, in.Owner); err != nil {
			return err
		}
		if err := mark(ctx, tx, actor.Pack, p, d); err != nil {
			return err
		}
		if err := renewed(ctx, tx, d); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "decision.made", d.Subject(), audit.Under("4.1"),
			audit.Note(fmt.Sprintf("request=%s use=%s security=%s overall=%s same_person=%t",
				d.RequestID, d.Use.Result, d.Security.Result, d.Overall, p.SamePerson))); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, request.Notice, string(d.RequestID))
	})
	return d, err
}

// show brings a decision to the catalogue and to the platform's licences, and
// begins to follow what it asks for.
func show(ctx context.Context, tx *db.Tx, d Decision, owner condition.Owner) error {
	hosting := catalogue.Hosting(d.Findings[evaluation.Security].Location)
	if hosting == "" {
		hosting = catalogue.HostingUnknown
	}
	if err := catalogue.SetResult(ctx, tx, d.PlatformID, catalogue.Status(d.Overall), d.Conditions(), hosting,
		string(d.ID)); err != nil {
		return err
	}
	if err := follow(ctx, tx, d, owner); err != nil {
		return err
	}
	return licence.AfterDecision(ctx, tx, d.PlatformID)
}

// Sweep begins to follow the conditions of the board's decisions that were made
// before conditions were followed, where the decision still counts.
func (s *Service) Sweep(ctx context.Context, board string) error {
	return s.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		all, err := unfollowed(ctx, tx)
		if err != nil {
			return err
		}
		for _, d := range all {
			if err := follow(ctx, tx, d, condition.Owner{}); err != nil {
				return err
			}
		}
		return nil
	})
}

func follow(ctx context.Context, tx *db.Tx, d Decision, owner condition.Owner) error {
	return condition.Follow(ctx, tx, condition.Begin{PlatformID: d.PlatformID, DecisionID: string(d.ID), RequestID: d.RequestID,
		OrgID: d.OrgID, At: d.DecidedAt, Asked: d.asks(), Owner: owner, DueOn: d.DueOn})
}

// mark says what the controls of a decision saw.
func mark(ctx context.Context, tx *db.Tx, pack *policy.Pack, p Preparation, d Decision) error {
	type seen struct {
		control, subject string
		outcome          policy.Outcome
	}
	made, protects := policy.Conform, policy.Conform
	if d.against(evaluation.Use) || d.against(evaluation.Security) {
		made = policy.Exception
	}
	if d.against(evaluation.Security) {
		protects = policy.Exception
	}
	all := []seen{
		{controlMade, d.Subject(), made},
		{controlProtects, d.Subject(), protects},
		{controlTransmitted, d.Subject(), policy.Waiting},
	}
	if p.SamePerson { // the board allows it; the evaluation's clause shows each time
		all = append(all, seen{controlEvaluated, d.Subject(), policy.Exception})
	}
	if _, asked := pack.Clause(clausePIA); asked {
		all = append(all, seen{controlAssessed, p.Request.Subject(), policy.Conform})
	}
	if _, asked := pack.Clause(clauseCommittee); asked {
		all = append(all, seen{controlConsulted, p.Request.Subject(), policy.Conform})
	}
	for _, m := range all {
		if err := policy.Mark(ctx, tx, m.control, m.subject, m.outcome); err != nil {
			return err
		}
	}
	return inventoried(ctx, tx, pack, p, d)
}

// may asks permission as things stand, and lets through who could do it at the
// moment made for it: the rule then says that it is too early or too late.
func may(actor policy.Actor, do policy.Action, r request.Request) error {
	now := r.Scope()
	if err := actor.Allow(policy.RequestRead, now); err != nil {
		return err
	}
	then := now
	then.State = string(request.Evaluated)
	if actor.Can(do, now) || actor.Can(do, then) {
		return nil
	}
	then.State = string(request.Decided)
	return actor.Allow(do, then) // who reads it one day is told no, others that there is nothing
}

// about is a decision and what it is about.
type about struct {
	Decision
	request request.Request
}

// read finds a decision that the actor may read.
func read(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID) (a about, err error) {
	if a.Decision, err = Get(ctx, tx, id); err != nil {
		return a, err
	}
	if a.request, err = request.Get(ctx, tx, a.RequestID); err != nil {
		return a, err
	}
	return a, actor.Allow(policy.DecisionRead, a.request.Scope())
}

// Acknowledge is the school's or department's receipt of the decision (4.1),
// given once.
func (s *Service) Acknowledge(ctx context.Context, actor policy.Actor, id ID) (d Decision, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		a, err := read(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.DecisionAcknowledge, a.request.Scope()); err != nil {
			return err
		}
		d = a.Decision
		if err := d.receive(actor.ID, tx.Now); err != nil {
			return err
		}
		if err := update(ctx, tx, &d); err != nil {
			return err
		}
		if err := policy.Mark(ctx, tx, controlTransmitted, d.Subject(), policy.Conform); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor.Under(a.request.Pack), "decision.acknowledged", d.Subject(), audit.Under("4.1")); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, request.Notice, string(d.RequestID))
	})
	return d, err
}

// Contest says that the school or department disagrees. About use, its
// explanation goes to the appeal authority (4.1 a), once; about security it is
// always refused: only a new request may be made (4.1 b, see Renew).
func (s *Service) Contest(
	ctx context.Context, actor policy.Actor, id ID, aspect evaluation.Aspect, explanation string,
) (c Contest, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		a, err := read(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.DecisionContest, a.request.Scope()); err != nil {
			return err
		}
		if c, err = open(a.Decision, aspect, explanation); err != nil {
			return err
		}
		if _, already, err := contestOf(ctx, tx, id); err != nil || already {
			if err == nil {
				err = fault.New(fault.Conflict, "decision.contest_exists").Under("4.1a")
			}
			return err
		}
		// Of two who disagree at once, the decision's version lets one through.
		if err := update(ctx, tx, &a.Decision); err != nil {
			return err
		}
		c.ID, c.OpenedBy, c.OpenedAt = db.NewID(), actor.ID, tx.Now
		if err := insertContest(ctx, tx, c); err != nil {
			return err
		}
		if err := policy.Mark(ctx, tx, controlContest, a.Subject(), policy.Waiting); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor.Under(a.request.Pack), "contest.opened", a.Subject(), audit.Under("4.1a"), audit.Note("contest="+c.ID)); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, NoticeContest, c.ID)
	})
	return c, err
}

// AnswerContest records the appeal authority's talk with the director and the
// next step (4.1 a). To evaluate again opens a request that follows the first.
// Who disagreed, who decided and who evaluated do not answer.
func (s *Service) AnswerContest(ctx context.Context, actor policy.Actor, contestID string, in Answer) (c Contest, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if c, err = GetContest(ctx, tx, contestID); err != nil {
			return err
		}
		a, err := read(ctx, tx, actor, c.DecisionID)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.ContestAnswer, a.request.Scope()); err != nil {
			return err
		}
		writers, err := evaluation.Writers(ctx, tx, a.RequestID)
		if err != nil {
			return err
		}
		if judge(actor, a, c, writers) {
			return fault.New(fault.Denied, "decision.contest_own").Under("4.1a")
		}
		if err := c.answer(in, tx.Now); err != nil {
			return err
		}
		c.AnsweredBy = actor.ID
		if c.NextStep == Reevaluate {
			again, err := request.Reevaluate(ctx, tx, actor, a.request)
			if err != nil {
				return err
			}
			c.FollowUp = again.ID
		}
		if err := updateContest(ctx, tx, &c); err != nil {
			return err
		}
		if err := policy.Mark(ctx, tx, controlContest, a.Subject(), policy.Conform); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor.Under(a.request.Pack), "contest.answered", a.Subject(), audit.Under("4.1a"),
			audit.Note("contest="+c.ID+" next="+string(c.NextStep))); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, NoticeContest, c.ID)
	})
	return c, err
}

// judge is true when the actor, or the person in whose place the actor acts, has
// a side in the disagreement.
func judge(actor policy.Actor, a about, c Contest, writers []string) bool {
	return a.request.Party(actor, policy.ContestAnswer) ||
		slices.ContainsFunc(actor.Hands(policy.ContestAnswer, a.request.Scope()), func(hand string) bool {
			return hand == c.OpenedBy || hand == a.DecidedBy || slices.Contains(writers, hand)
		})
}

// Renew makes the only request that may speak of a decided security again: one
// that lists what the platform has gained since (4.1 b). It is signed by the
// principal or department head who asks.
func (s *Service) Renew(ctx context.Context, actor policy.Actor, id ID, newSecurity string) (r request.Request, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		a, err := read(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.DecisionContest, a.request.Scope()); err != nil {
			return err
		}
		if r, err = request.Renew(ctx, tx, actor, a.request, i18n.Clean(newSecurity)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor.Under(a.request.Pack), "decision.renewed", a.Subject(), audit.Under("4.1b"),
			audit.Note("request="+string(r.ID)))
	})
	return r, err
}
