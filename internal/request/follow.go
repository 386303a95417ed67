package request

import (
	"context"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/policy"
)

// MarkEvaluated says that both aspects of a request are evaluated (3.1). Who
// finishes the evaluation asks the permission and leaves the notice.
func MarkEvaluated(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID) (r Request, err error) {
	if r, err = Get(ctx, tx, id); err != nil {
		return r, err
	}
	if err := r.evaluated(tx.Now); err != nil {
		return r, err
	}
	if err := Update(ctx, tx, &r); err != nil {
		return r, err
	}
	return r, audit.Write(ctx, tx, actor.Under(r.Pack), "request.evaluated", r.Subject(), audit.Under("3.1"))
}

// Reopen takes an evaluated request back to those who evaluate (3.1). Who reopens
// the evaluation asks the permission.
func Reopen(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID) (r Request, err error) {
	if r, err = Get(ctx, tx, id); err != nil {
		return r, err
	}
	if err := r.reopened(tx.Now); err != nil {
		return r, err
	}
	if err := Update(ctx, tx, &r); err != nil {
		return r, err
	}
	return r, audit.Write(ctx, tx, actor.Under(r.Pack), "request.reopened", r.Subject(), audit.Under("3.1"))
}

// MarkDecided closes a request with its decision (4.1). Who decides asks the
// permission, looks at what the law wants first, and leaves the notice.
func MarkDecided(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID) (r Request, err error) {
	if r, err = Get(ctx, tx, id); err != nil {
		return r, err
	}
	if err := r.decided(tx.Now); err != nil {
		return r, err
	}
	if err := Update(ctx, tx, &r); err != nil {
		return r, err
	}
	return r, audit.Write(ctx, tx, actor.Under(r.Pack), "request.decided", r.Subject(), audit.Under("4.1"))
}

// Renew opens the new request that may follow a decision about security, only
// with new security functions (4.1 b): the same asking, under the signature of
// the principal or department head who acts. Who calls it asks the permission.
func Renew(ctx context.Context, tx *db.Tx, actor policy.Actor, earlier Request, newSecurity string) (r Request, err error) {
	refusal, err := outside(ctx, tx, actor.Pack, earlier.OrgID)
	if err == nil {
		err = refusal
	}
	if err != nil {
		return r, err
	}
	if r, err = again(ctx, tx, earlier); err != nil {
		return r, err
	}
	r.AuthorID, r.AuthorRole, r.RedirectedBy = actor.ID, roleAt(actor, earlier.OrgID), ""
	d := Draft{NewSecurity: newSecurity}
	if err := d.check(func(string) bool { return true }); err != nil {
		return r, err
	}
	r.NewSecurity = d.NewSecurity
	if err := r.submit(actor.ID, false, tx.Now); err != nil {
		return r, err
	}
	r.Pack = actor.Pack
	if err := insert(ctx, tx, &r); err != nil {
		return r, err
	}
	if err := audit.Write(ctx, tx, actor, "request.submitted", r.Subject(), audit.Under("4.1b")); err != nil {
		return r, err
	}
	if err := sent(ctx, tx, actor, r); err != nil {
		return r, err
	}
	return r, job.Enqueue(ctx, tx, Notice, string(r.ID))
}

// Reevaluate opens the request by which the appeal authority has a platform
// evaluated again (4.1 a): the same asking by the same people, authorised as it
// was. Who calls it asks the permission.
func Reevaluate(ctx context.Context, tx *db.Tx, actor policy.Actor, earlier Request) (r Request, err error) {
	return EvaluateAgain(ctx, tx, actor, earlier, "4.1a")
}

// EvaluateAgain opens the request by which the evaluating service evaluates a decided
// platform again, under the clause that asks for it: the same asking by the same
// people, authorised as it was. Who calls it asks the permission.
func EvaluateAgain(ctx context.Context, tx *db.Tx, actor policy.Actor, earlier Request, clause string) (r Request, err error) {
	if r, err = again(ctx, tx, earlier); err != nil {
		return r, err
	}
	r.move(Authorised, tx.Now)
	r.SubmittedAt, r.AuthorisedAt, r.AuthorisedBy, r.Pack = tx.Now, tx.Now, earlier.AuthorisedBy, actor.Pack
	if err := insert(ctx, tx, &r); err != nil {
		return r, err
	}
	if err := audit.Write(ctx, tx, actor, "request.reevaluation_ordered", r.Subject(), audit.Under(clause)); err != nil {
		return r, err
	}
	if err := mark(ctx, tx, r, policy.Conform, "request.described"); err != nil {
		return r, err
	}
	if err := markAuthorised(ctx, tx, r); err != nil {
		return r, err
	}
	return r, job.Enqueue(ctx, tx, Notice, string(r.ID))
}

// again makes the draft of a request that follows a decided one.
func again(ctx context.Context, tx *db.Tx, e Request) (Request, error) {
	if e.State != Decided {
		return Request{}, fault.New(fault.Conflict, "request.not_decided").Under("4.1")
	}
	other, err := standing(ctx, tx, e.PlatformID, e.OrgID, "", "")
	if err == nil {
		return Request{}, fault.New(fault.Conflict, "request.open_exists", string(other.ID), other.Number)
	}
	if !fault.Is(err, fault.NotFound) {
		return Request{}, err
	}
	return Request{
		PlatformID: e.PlatformID, OrgID: e.OrgID, AuthorID: e.AuthorID, AuthorRole: e.AuthorRole, Kind: e.Kind,
		Description: e.Description, Usage: e.Usage, Missing: e.Missing, DataKinds: e.DataKinds, CostCents: e.CostCents,
		Pupils: e.Pupils, FollowsID: e.ID, State: Drafted, StateAt: tx.Now, CreatedAt: tx.Now, Classes: e.Classes, Subjects: e.Subjects,
		RedirectedBy: e.RedirectedBy,
	}, nil
}
