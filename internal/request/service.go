package request

import (
	"context"
	"slices"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/org"
	"aval/internal/policy"
)

// Notice is the job that tells people of what has just happened to a request.
const Notice job.Kind = "notice.request"

// Service is what people do with requests.
type Service struct {
	db *db.DB
}

// New gives the requests of every board in the database.
func New(d *db.DB) *Service { return &Service{db: d} }

// Create opens a draft. It keeps whatever was typed, however little; it refuses a
// platform that needs no request (2.1) and one for which a request already stands.
func (s *Service) Create(ctx context.Context, actor policy.Actor, d Draft) (r Request, err error) {
	var refusal error
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		at, err := place(ctx, tx, actor, d.Org)
		if err != nil {
			return err
		}
		r = Request{OrgID: at, AuthorID: actor.ID, AuthorRole: roleAt(actor, at), Kind: Full, State: Drafted,
			StateAt: tx.Now, CreatedAt: tx.Now}
		if err := actor.Allow(policy.RequestCreate, r.Scope()); err != nil {
			return err
		}
		if err := accept(ctx, tx, actor, r, &d); err != nil {
			return err
		}
		p, err := named(ctx, tx, actor, d)
		if err != nil {
			return err
		}
		r.PlatformID, r.Classes, r.Subjects = p.ID, d.Classes, d.Subjects
		if refusal, err = before(ctx, tx, actor, &r, p); err != nil || refusal != nil {
			return err
		}
		if d.Follows != "" && d.Follows != r.FollowsID {
			if r.FollowsID, err = follows(ctx, tx, r, d.Follows); err != nil {
				return err
			}
		}
		if err := r.edit(actor.ID, d); err != nil {
			return err
		}
		if err := insert(ctx, tx, &r); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "request.drafted", r.Subject())
	})
	if err == nil {
		err = refusal
	}
	return r, err
}

// Edit keeps what was typed in a draft or a returned request. The version is the
// one that was read: a Conflict says that somebody was faster. Whoever may
// authorise a request that the IT service passed on completes it here.
func (s *Service) Edit(ctx context.Context, actor policy.Actor, id ID, d Draft, version int64) (r Request, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if r, err = Get(ctx, tx, id); err != nil {
			return err
		}
		do, in := policy.RequestEdit, Drafted
		if r.orphan() && actor.ID != r.AuthorID {
			do, in = policy.RequestAuthorise, Submitted
		}
		if err := may(actor, do, r, in); err != nil {
			return err
		}
		if err := accept(ctx, tx, actor, r, &d); err != nil {
			return err
		}
		if err := r.edit(actor.ID, d); err != nil {
			return err
		}
		r.Version = version
		if err := Update(ctx, tx, &r); err != nil {
			return err
		}
		if err := setClasses(ctx, tx, r); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "request.edited", r.Subject())
	})
	return r, err
}

// Submit sends a described draft to the principal or department head who may
// authorise it (2.2 b); their own goes straight to evaluation. It refuses what
// needs no request (2.1) or does not say what it must (2.2 a).
func (s *Service) Submit(ctx context.Context, actor policy.Actor, id ID) (r Request, err error) {
	var refusal error
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if r, err = Get(ctx, tx, id); err != nil {
			return err
		}
		if err := may(actor, policy.RequestSubmit, r, Drafted); err != nil {
			return err
		}
		p, err := catalogue.Get(ctx, tx, r.PlatformID)
		if err != nil {
			return err
		}
		was := r
		if refusal, err = before(ctx, tx, actor, &r, p); err != nil || refusal != nil {
			r = was
			return err
		}
		named, err := teaches(ctx, tx, actor, r)
		if err != nil {
			return err
		}
		if err := with(r.submit(actor.ID, named, tx.Now), r.whose(actor.Pack)); err != nil {
			return err
		}
		if r.Pack == nil {
			r.Pack = actor.Pack
			if err := keepPack(ctx, tx, r); err != nil {
				return err
			}
		}
		if err := keep(ctx, tx, actor, &r, "request.submitted", "2.2a"); err != nil {
			return err
		}
		return sent(ctx, tx, actor, r)
	})
	if err == nil {
		err = refusal
	}
	return r, err
}

// sent marks what a submission shows, and the author's own signature.
func sent(ctx context.Context, tx *db.Tx, actor policy.Actor, r Request) error {
	if err := mark(ctx, tx, r, policy.Conform, "request.described"); err != nil {
		return err
	}
	if r.FollowsID != "" && r.NewSecurity != "" {
		if err := mark(ctx, tx, r, policy.Conform, "request.new_security"); err != nil {
			return err
		}
	}
	if len(r.Subjects) > 0 {
		if err := mark(ctx, tx, r, policy.Conform, controlSubjects); err != nil {
			return err
		}
	}
	if r.State != Authorised {
		return mark(ctx, tx, r, policy.Waiting, "request.authorised")
	}
	if err := audit.Write(ctx, tx, actor, "request.authorised", r.Subject(), audit.Under("2.2b")); err != nil {
		return err
	}
	return markAuthorised(ctx, tx, r)
}

// Authorise lets a request go to evaluation (2.2 b), with a word to its author or none.
func (s *Service) Authorise(ctx context.Context, actor policy.Actor, id ID, reason string) (Request, error) {
	return s.act(ctx, actor, id, policy.RequestAuthorise, Submitted, func(ctx context.Context, tx *db.Tx, r *Request) error {
		role := actor.RoleFor(policy.RequestAuthorise, r.Scope())
		as := audit.As(actor.GrantFor(policy.RequestAuthorise, r.Scope()))
		var whose error
		if r.orphan() {
			whose = r.whose(actor.Pack)
		}
		if err := with(r.authorise(actor.ID, role, reason, tx.Now), whose); err != nil {
			return err
		}
		if err := keep(ctx, tx, actor, r, "request.authorised", "2.2b", as); err != nil {
			return err
		}
		if err := mark(ctx, tx, *r, policy.Conform, "request.described"); err != nil {
			return err
		}
		return markAuthorised(ctx, tx, *r)
	})
}

// Return sends a request back to its author with a reason (2.2 b).
func (s *Service) Return(ctx context.Context, actor policy.Actor, id ID, reason string) (Request, error) {
	return s.act(ctx, actor, id, policy.RequestAuthorise, Submitted, func(ctx context.Context, tx *db.Tx, r *Request) error {
		as := audit.As(actor.GrantFor(policy.RequestAuthorise, r.Scope()))
		if err := r.sendBack(reason, tx.Now); err != nil {
			return err
		}
		if err := keep(ctx, tx, actor, r, "request.returned", "2.2b", as); err != nil {
			return err
		}
		return settle(ctx, tx, *r)
	})
}

// Refuse closes a request that is not authorised, with a reason (2.2 b).
func (s *Service) Refuse(ctx context.Context, actor policy.Actor, id ID, reason string) (Request, error) {
	return s.act(ctx, actor, id, policy.RequestAuthorise, Submitted, func(ctx context.Context, tx *db.Tx, r *Request) error {
		as := audit.As(actor.GrantFor(policy.RequestAuthorise, r.Scope()))
		if err := r.refuse(reason, tx.Now); err != nil {
			return err
		}
		if err := keep(ctx, tx, actor, r, "request.refused", "2.2b", as); err != nil {
			return err
		}
		return settle(ctx, tx, *r)
	})
}

// Withdraw is the author's change of mind, until the request is closed.
func (s *Service) Withdraw(ctx context.Context, actor policy.Actor, id ID) (Request, error) {
	return s.act(ctx, actor, id, policy.RequestWithdraw, Submitted, func(ctx context.Context, tx *db.Tx, r *Request) error {
		if err := r.withdraw(actor.ID, tx.Now); err != nil {
			return err
		}
		if err := keep(ctx, tx, actor, r, "request.withdrawn", ""); err != nil {
			return err
		}
		return settle(ctx, tx, *r)
	})
}

// Acknowledge tells the school that its request has reached those who evaluate (2.2 c).
func (s *Service) Acknowledge(ctx context.Context, actor policy.Actor, id ID) (Request, error) {
	return s.act(ctx, actor, id, policy.RequestAcknowledge, Authorised, func(ctx context.Context, tx *db.Tx, r *Request) error {
		if err := r.acknowledge(actor.ID, r.Party(actor, policy.RequestAcknowledge), tx.Now); err != nil {
			return err
		}
		if err := keep(ctx, tx, actor, r, "request.acknowledged", "2.2c"); err != nil {
			return err
		}
		if err := mark(ctx, tx, *r, policy.Waiting, "evaluation.finished", "evaluation.use", "evaluation.security"); err != nil {
			return err
		}
		return mark(ctx, tx, *r, policy.Conform, "request.acknowledged")
	})
}

// Join adds the actor to an open request of the same school or department, in
// place of asking again. Whoever may authorise it has no need to, and whoever
// evaluates it may not.
func (s *Service) Join(ctx context.Context, actor policy.Actor, id ID) (r Request, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if r, err = Get(ctx, tx, id); err != nil {
			return err
		}
		here := slices.Contains(actor.Orgs(policy.Teacher, policy.Professional, policy.Principal, policy.DepartmentHead), r.OrgID)
		if !here || r.State == Drafted && r.AuthorID != actor.ID {
			return fault.Missing()
		}
		if err := may(actor, policy.RequestJoin, r, Submitted); err != nil {
			return err
		}
		if could(actor, policy.RequestAuthorise, r, Submitted) {
			return fault.New(fault.Conflict, "request.join_authoriser").Under("2.2b")
		}
		evaluates, err := evaluates(ctx, tx, r.ID, actor.ID)
		if err != nil {
			return err
		}
		if err := r.join(actor.ID, evaluates); err != nil {
			return err
		}
		if err := addJoiner(ctx, tx, r.ID, actor.ID); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor.Under(r.Pack), "request.joined", r.Subject()); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, Notice, string(r.ID))
	})
	return r, err
}

// Passed is what the IT service knows of a request that it received by mail.
type Passed struct {
	PlatformID   catalogue.ID
	PlatformName string
	URL          string
	Org          string // the school or department that asks
	Note         string
}

// Redirect passes on a request that the IT service received (6.5 a): it stands,
// submitted, at the school or department that asks, which completes it and
// authorises it as its own.
func (s *Service) Redirect(ctx context.Context, actor policy.Actor, in Passed) (r Request, err error) {
	var refusal error
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		r = Request{OrgID: in.Org, AuthorID: actor.ID, AuthorRole: policy.IT, Kind: Full, State: Submitted,
			StateAt: tx.Now, CreatedAt: tx.Now, SubmittedAt: tx.Now, RedirectedBy: actor.ID, Pack: actor.Pack}
		if !actor.Can(policy.RequestRedirect, r.Scope()) {
			return fault.New(fault.Denied, "request.who_redirects").Under("6.5a")
		}
		if in.Org == "" {
			return fault.Form(map[string]string{"org": "request.org_required"})
		}
		at, err := org.Get(ctx, tx, in.Org)
		if err != nil {
			return err
		}
		if at.Status != org.Active || at.Kind == org.Board {
			return fault.Missing()
		}
		d := Draft{PlatformID: in.PlatformID, PlatformName: in.PlatformName, URL: in.URL, Description: in.Note}
		if err := accept(ctx, tx, actor, r, &d); err != nil {
			return renamed(err, map[string]string{"description": "note"})
		}
		p, err := named(ctx, tx, actor, d)
		if err != nil {
			return err
		}
		r.PlatformID, r.Description, r.DataKinds = p.ID, d.Description, d.DataKinds
		if refusal, err = before(ctx, tx, actor, &r, p); err != nil || refusal != nil {
			return err
		}
		if err := insert(ctx, tx, &r); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "request.redirected", r.Subject(), audit.Under("6.5a")); err != nil {
			return err
		}
		if err := mark(ctx, tx, r, policy.Conform, "request.redirected"); err != nil {
			return err
		}
		if err := mark(ctx, tx, r, policy.Waiting, "request.described", "request.authorised"); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, Notice, string(r.ID))
	})
	if err == nil {
		err = refusal
	}
	return r, err
}

// RecordPrivacy writes whether the platform touches personal information and, if
// so, what an assessment done elsewhere says: the days of the assessment and of the
// committee's consultation, and whether what leaves Québec is protected enough
// (obligations QC-PIA-01, QC-PIA-02 and QC-OUT-01). A day that is not known yet
// stays empty. Once an assessment was concluded here, its own words stand.
func (s *Service) RecordPrivacy(ctx context.Context, actor policy.Actor, id ID, p Privacy) (r Request, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		r, err = WritePrivacy(ctx, tx, actor, id, p)
		return err
	})
	return r, err
}

// WritePrivacy is RecordPrivacy within a transaction.
func WritePrivacy(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID, p Privacy) (Request, error) {
	r, err := Get(ctx, tx, id)
	if err != nil {
		return r, err
	}
	if err := may(actor, policy.PrivacyRecord, r, Acknowledged); err != nil {
		return r, err
	}
	if err := r.privacy(p, actor.ID, tx.Now); err != nil {
		return r, err
	}
	if err := Update(ctx, tx, &r); err != nil {
		return r, err
	}
	if err := audit.Write(ctx, tx, actor.Under(r.Pack), "request.privacy_recorded", r.Subject(), audit.Under("QC-PIA-01"), audit.Note("personal="+r.Privacy.Personal)); err != nil {
		return r, err
	}
	return r, markPrivacy(ctx, tx, r.Policy(actor), r)
}

// KeepPrivacy writes what an assessment made here says of a request that is still
// open; a decided one keeps what its decision rested on.
func KeepPrivacy(ctx context.Context, tx *db.Tx, actor policy.Actor, r *Request, p Privacy) error {
	if r.State != Authorised && r.State != Acknowledged && r.State != Evaluated {
		return nil
	}
	r.Privacy, r.PrivacyBy = p, actor.ID
	if err := Update(ctx, tx, r); err != nil {
		return err
	}
	return markPrivacy(ctx, tx, r.Policy(actor), *r)
}

// markPrivacy marks what the law under the board's policy asks for before a decision.
func markPrivacy(ctx context.Context, tx *db.Tx, pack *policy.Pack, r Request) error {
	outcome := func(done string) policy.Outcome {
		if r.Privacy.Personal == "yes" && done == "" {
			return policy.Waiting
		}
		return policy.Conform
	}
	if _, asked := pack.Clause("QC-PIA-01"); !asked {
		return nil // another province's law
	}
	if err := mark(ctx, tx, r, outcome(r.Privacy.PIAOn), "privacy.assessed"); err != nil {
		return err
	}
	if asksCommittee(pack) {
		if err := mark(ctx, tx, r, outcome(r.Privacy.CommitteeOn), "privacy.consulted"); err != nil {
			return err
		}
	}
	if _, asked := pack.Clause("QC-OUT-01"); asked && r.Privacy.Transfer != "" {
		return mark(ctx, tx, r, policy.Conform, "transfer.assessed")
	}
	return nil
}

// act reads a request, asks whether the actor may do this to one in that state,
// and does it, in one transaction.
func (s *Service) act(ctx context.Context, actor policy.Actor, id ID, do policy.Action, in State,
	f func(ctx context.Context, tx *db.Tx, r *Request) error,
) (r Request, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if r, err = Get(ctx, tx, id); err != nil {
			return err
		}
		if err := may(actor, do, r, in); err != nil {
			return err
		}
		return f(ctx, tx, &r)
	})
	return r, err
}

// may asks whether the actor sees the request as it stands and could do this to
// one in the state where it is done: who is late is told so by the rule, and not
// that they may not. A colleague's request may be joined without being seen.
func may(actor policy.Actor, do policy.Action, r Request, in State) error {
	if do != policy.RequestJoin {
		if err := actor.Allow(policy.RequestRead, r.Scope()); err != nil {
			return err
		}
	}
	if could(actor, do, r, in) {
		return nil
	}
	return actor.Allow(do, r.Scope())
}

// could tells whether the actor may do this to the request once it is in a state.
func could(actor policy.Actor, do policy.Action, r Request, in State) bool {
	then := r.Scope()
	then.State = string(in)
	return actor.Can(do, then)
}

// keep writes a request that has moved, who moved it, and the news of it.
func keep(ctx context.Context, tx *db.Tx, actor policy.Actor, r *Request, action, clause string, more ...audit.Detail) error {
	if err := Update(ctx, tx, r); err != nil {
		return err
	}
	if err := audit.Write(ctx, tx, actor.Under(r.Pack), action, r.Subject(), append(more, audit.Under(clause))...); err != nil {
		return err
	}
	return job.Enqueue(ctx, tx, Notice, string(r.ID))
}

// mark keeps what controls see of a request.
func mark(ctx context.Context, tx *db.Tx, r Request, o policy.Outcome, controls ...string) error {
	for _, control := range controls {
		if err := policy.Mark(ctx, tx, control, r.Subject(), o); err != nil {
			return err
		}
	}
	return nil
}

// markAuthorised marks what an authorisation shows: who it was given by (2.2 b),
// that the evaluation comes before the purchase (6.3 b, 6.6 a) and, of a
// department, that the process is applied (6.6 d); the DDL's receipt is awaited.
func markAuthorised(ctx context.Context, tx *db.Tx, r Request) error {
	controls := []string{"request.authorised", "request.before_purchase"}
	at, err := org.Get(ctx, tx, r.OrgID)
	if err != nil {
		return err
	}
	if at.Kind == org.Department {
		controls = []string{"request.authorised", "request.before_purchase.department", "request.department_process"}
	}
	if err := mark(ctx, tx, r, policy.Conform, controls...); err != nil {
		return err
	}
	return mark(ctx, tx, r, policy.Waiting, "request.acknowledged")
}

// settle takes back the marks that wait for a request that waits no more.
func settle(ctx context.Context, tx *db.Tx, r Request) error {
	controls, err := waitingControls(ctx, tx, r.Subject())
	for _, control := range controls {
		if err := policy.Unmark(ctx, tx, control, r.Subject()); err != nil {
			return err
		}
	}
	return err
}

// place is the school or department for which the actor asks: one's own or, for
// who asks for the whole board, any department.
func place(ctx context.Context, tx *db.Tx, actor policy.Actor, typed string) (string, error) {
	orgs := actor.Orgs(policy.Teacher, policy.Professional, policy.Principal, policy.DepartmentHead)
	wide := Wide(actor)
	switch {
	case len(orgs) == 0 && !wide:
		return "", fault.New(fault.Denied, "request.who_asks").Under("2.1")
	case typed == "" && len(orgs) == 1:
		return orgs[0], nil
	case typed == "":
		return "", fault.Form(map[string]string{"org": "request.org_required"})
	case slices.Contains(orgs, typed):
		return typed, nil
	case !wide:
		return "", fault.Missing()
	}
	at, err := org.Get(ctx, tx, typed)
	if err == nil && (at.Kind != org.Department || at.Status != org.Active) {
		err = fault.Missing()
	}
	return typed, err
}

// Wide tells whether the actor, who works for the whole board, may ask for any
// department.
func Wide(actor policy.Actor) bool { return actor.Can(policy.RequestCreate, policy.Scope{}) }

// roleAt is the role in which the actor asks: one's own before one that was lent,
// and the one that signs before the others.
func roleAt(actor policy.Actor, org string) policy.Role {
	for _, lent := range []bool{false, true} {
		for _, role := range []policy.Role{policy.Principal, policy.DepartmentHead, policy.Teacher, policy.Professional} {
			if slices.ContainsFunc(actor.Grants, func(g policy.Grant) bool {
				return g.Role == role && g.Org == org && (g.From != "") == lent
			}) {
				return role
			}
		}
	}
	return actor.RoleFor(policy.RequestCreate, policy.Scope{Org: org})
}
