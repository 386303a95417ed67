package correction

import (
	"context"
	"slices"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/directory"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/job"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/vault"
)

// The jobs: Asked tells who keeps the source, Answered who asked. Their id is the
// correction's.
const (
	Asked    job.Kind = "notice.correction"
	Answered job.Kind = "notice.corrected"
)

// Service is what people do with corrections.
type Service struct {
	DB    *db.DB
	Vault *vault.Vault
}

// Ask is what somebody says is wrong. A pupil is named by Person; who is missing by
// Class or, of a whole school, by School.
type Ask struct {
	Kind          Kind
	Person        string
	Other         string // of Twice
	Class         string // of Class: where the pupil is wrongly; of Missing: from which
	ToClass       string
	School        string // of School: where the pupil should be; of Missing without a class: from which
	Given, Family string
	Grade, Text   string
}

// Ask keeps what a school says is wrong and lets who keeps the source know. It
// refuses (NotFound) a pupil or a class out of the actor's reach, and (Invalid,
// under 6.3 e) what lacks what its kind needs.
func (s *Service) Ask(ctx context.Context, actor policy.Actor, in Ask) (c Correction, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		keys, err := s.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		if c, err = in.place(ctx, tx, actor); err != nil {
			return err
		}
		if err := c.check(); err != nil {
			return err
		}
		if err := in.belongs(ctx, tx, c); err != nil {
			return err
		}
		n, err := now(ctx, tx, c)
		if err != nil {
			return err
		}
		if c.seen(n) {
			return fault.New(fault.Conflict, "correction.said_already").Under(clause)
		}
		if err := insert(ctx, tx, keys, c); err != nil {
			return err
		}
		if err := policy.Mark(ctx, tx, control, Subject(c.ID), policy.Waiting); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "correction.asked", Subject(c.ID), audit.Under(clause), audit.Note("kind="+string(c.Kind))); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, Asked, string(c.ID))
	})
	return c, err
}

// place is the correction where the actor may ask for it.
func (in Ask) place(ctx context.Context, tx *db.Tx, actor policy.Actor) (c Correction, err error) {
	c = Correction{ID: ID(db.NewID()), Kind: in.Kind, State: Open, AskedBy: actor.ID, AskedAt: tx.Now,
		DueOn: i18n.DayOf(tx.Now.AddDate(0, 0, Days)), Version: 1,
		Words: Words{Given: in.Given, Family: in.Family, Grade: in.Grade, Text: in.Text}.tidy()}
	if in.Kind == Missing {
		c.ClassID = in.Class
		c.OrgID, err = in.missingAt(ctx, tx, actor)
		return c, err
	}
	scope, p, err := directory.Reached(ctx, tx, actor, policy.CorrectionAsk, in.Person)
	if err != nil {
		return c, err
	}
	if c.OrgID, err = schoolOf(ctx, tx, actor, scope, p.ID); err != nil {
		return c, err
	}
	c.PersonID = p.ID
	switch in.Kind {
	case Class:
		c.ClassID, c.ToClassID = in.Class, in.ToClass
	case School:
		c.ToOrgID = in.School
	case Twice:
		c.OtherID = in.Other
	}
	return c, nil
}

// missingAt is the school that lacks somebody.
func (in Ask) missingAt(ctx context.Context, tx *db.Tx, actor policy.Actor) (string, error) {
	at := policy.Scope{Org: in.School}
	if in.Class != "" {
		k, err := person.GetClass(ctx, tx, in.Class)
		if err != nil {
			return "", err
		}
		at = policy.Scope{Org: k.SchoolID, Classes: []string{k.ID}}
	} else if o, err := org.Get(ctx, tx, in.School); err != nil || o.Kind != org.School {
		return "", missing(err)
	}
	if !actor.Can(policy.CorrectionAsk, at) {
		return "", fault.Missing()
	}
	return at.Org, nil
}

func missing(err error) error {
	if err == nil {
		return fault.Missing()
	}
	return err
}

// schoolOf is the school in whose name the actor speaks of a pupil: the one under
// which they reach them, or that of the class.
func schoolOf(ctx context.Context, tx *db.Tx, actor policy.Actor, scope policy.Scope, id string) (string, error) {
	if scope.Org != "" {
		return scope.Org, nil
	}
	classes, err := person.ClassesOf(ctx, tx, id)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(classes, func(k person.Class) bool { return slices.Contains(actor.Classes, k.ID) })
	if i < 0 {
		return "", fault.Missing()
	}
	return classes[i].SchoolID, nil
}

// belongs refuses what the form did not offer.
func (in Ask) belongs(ctx context.Context, tx *db.Tx, c Correction) error {
	o, err := offered(ctx, tx, c.Kind, c.PersonID, c.OrgID)
	if err != nil {
		return err
	}
	has := func(list []Choice, id string) bool {
		return id == "" || slices.ContainsFunc(list, func(o Choice) bool { return o.ID == id })
	}
	fields := map[string]string{}
	if c.Kind == Class && !has(o.In, c.ClassID) {
		fields["class"] = "correction.class_elsewhere"
	}
	if !has(o.Classes, c.ToClassID) {
		fields["to_class"] = "correction.class_elsewhere"
	}
	if !has(o.Schools, c.ToOrgID) {
		fields["school"] = "correction.school_elsewhere"
	}
	if !has(o.Others, c.OtherID) {
		fields["other"] = "correction.other_elsewhere"
	}
	if c.Kind == Grade && !slices.Contains(o.Grades, c.Words.Grade) {
		fields["grade"] = "correction.grade_unknown"
	}
	return fault.Form(fields)
}

// List answers the corrections that the actor may read, those that wait first, the
// oldest first; a State or Overdue narrows it. It refuses (Denied) who reads none.
func (s *Service) List(ctx context.Context, actor policy.Actor, f Filter) (list []Listed, err error) {
	if len(actor.Reach(policy.CorrectionRead).Rules) == 0 {
		return nil, actor.Allow(policy.CorrectionRead, policy.Scope{})
	}
	if f.State != "" && !slices.Contains(States, f.State) {
		return nil, fault.Missing()
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		list, err = listed(ctx, tx, actor, f)
		return err
	})
	return list, err
}

// Count is how many corrections await who keeps the source.
type Count struct {
	Waiting, Overdue int
	Days             int // since the oldest was asked
}

// Waiting counts what awaits the actor; nothing where they do not keep the source.
func Waiting(ctx context.Context, tx *db.Tx, actor policy.Actor) (n Count, err error) {
	if !actor.Can(policy.CorrectionSettle, policy.Scope{}) {
		return n, nil
	}
	return waiting(ctx, tx)
}

// View is a correction as its page shows it.
type View struct {
	Listed
	Now     Now
	In      []string // titles of the pupil's classes today
	Closer  string
	Taker   string
	OtherOf string // name of the other record
	Settle  bool   // the actor may take, do or refuse it
}

// View shows a correction to whom it concerns; its words are opened.
func (s *Service) View(ctx context.Context, actor policy.Actor, id ID) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		keys, err := s.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		c, err := seen(ctx, tx, actor, policy.CorrectionRead, keys, id)
		if err != nil {
			return err
		}
		found, err := listed(ctx, tx, actor, Filter{ID: id})
		if err != nil || len(found) != 1 {
			return missing(err)
		}
		v.Listed = found[0]
		v.Correction = c
		if v.Now, err = now(ctx, tx, c); err != nil {
			return err
		}
		classes, err := person.Classes(ctx, tx, v.Now.Classes)
		if err != nil {
			return err
		}
		for _, k := range classes {
			v.In = append(v.In, k.Title)
		}
		v.OtherOf = v.Now.Other.Name()
		names, err := account.Names(ctx, tx, []string{c.TakenBy, c.ClosedBy})
		v.Taker, v.Closer = names[c.TakenBy], names[c.ClosedBy]
		v.Settle = c.Waits() && actor.Can(policy.CorrectionSettle, c.Scope())
		return err
	})
	return v, err
}

// seen is a correction to which the actor may do this.
func seen(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, keys *vault.Keys, id ID) (Correction, error) {
	c, err := get(ctx, tx, keys, id)
	if err != nil {
		return c, err
	}
	return c, actor.Allow(do, c.Scope())
}

// Take says that somebody who keeps the source sees to it.
func (s *Service) Take(ctx context.Context, actor policy.Actor, id ID) (Correction, error) {
	return s.settle(ctx, actor, id, "correction.taken", func(c *Correction, tx *db.Tx) error { return c.take(actor.ID, tx.Now) })
}

// Done says that it was mended at the source; the next import says whether the
// roster shows it. A note may stay empty.
func (s *Service) Done(ctx context.Context, actor policy.Actor, id ID, note string) (Correction, error) {
	return s.settle(ctx, actor, id, "correction.done", func(c *Correction, tx *db.Tx) error { return c.end(Done, note, actor.ID, tx.Now) })
}

// Refuse leaves the roster as it is, and says why.
func (s *Service) Refuse(ctx context.Context, actor policy.Actor, id ID, reason string) (Correction, error) {
	return s.settle(ctx, actor, id, "correction.refused", func(c *Correction, tx *db.Tx) error { return c.end(Refused, reason, actor.ID, tx.Now) })
}

func (s *Service) settle(
	ctx context.Context, actor policy.Actor, id ID, act string, rule func(*Correction, *db.Tx) error,
) (c Correction, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		keys, err := s.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		if c, err = seen(ctx, tx, actor, policy.CorrectionSettle, keys, id); err != nil {
			return err
		}
		if err := rule(&c, tx); err != nil {
			return err
		}
		if err := update(ctx, tx, keys, &c); err != nil {
			return err
		}
		if err := mark(ctx, tx, c); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, act, Subject(id), audit.Under(clause)); err != nil || c.Waits() {
			return err
		}
		return job.Enqueue(ctx, tx, Answered, string(id))
	})
	return c, err
}

// mark says what the control sees of a correction as it stands.
func mark(ctx context.Context, tx *db.Tx, c Correction) error {
	outcome := policy.Conform
	switch {
	case c.Overdue(i18n.DayOf(tx.Now)), c.State == Done && c.Shown == No:
		outcome = policy.Exception
	case c.Waits():
		outcome = policy.Waiting
	}
	return policy.Mark(ctx, tx, control, Subject(c.ID), outcome)
}
