package correction

import (
	"context"
	"slices"

	"aval/internal/db"
	"aval/internal/directory"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

// Form is what the page of a new correction shows: about whom or which class it
// is, and what may be named.
type Form struct {
	Kind    Kind
	Person  person.Person
	Class   person.Class // of Missing
	School  org.Org
	Classes []Choice // of Missing: the actor's of the school
	Offer   Offer
}

// Form answers it to who may ask for such a correction.
func (s *Service) Form(ctx context.Context, actor policy.Actor, in Ask) (f Form, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if f.Kind = in.Kind; !slices.Contains(Kinds, f.Kind) {
			return fault.Missing()
		}
		c, err := in.place(ctx, tx, actor)
		if err != nil {
			return err
		}
		if f.School, err = org.Get(ctx, tx, c.OrgID); err != nil {
			return err
		}
		if in.Kind == Missing {
			return f.missing(ctx, tx, actor, in.Class)
		}
		if _, f.Person, err = directory.Reached(ctx, tx, actor, policy.CorrectionAsk, in.Person); err != nil {
			return err
		}
		f.Offer, err = offered(ctx, tx, in.Kind, in.Person, c.OrgID)
		return err
	})
	return f, err
}

// missing reads the classes from which somebody may be said to be missing.
func (f *Form) missing(ctx context.Context, tx *db.Tx, actor policy.Actor, class string) (err error) {
	if class != "" {
		if f.Class, err = person.GetClass(ctx, tx, class); err != nil {
			return err
		}
	}
	all, err := person.ClassesOfSchool(ctx, tx, f.School.ID)
	for _, k := range all {
		if actor.Can(policy.CorrectionAsk, policy.Scope{Org: k.SchoolID, Classes: []string{k.ID}}) {
			f.Classes = append(f.Classes, Choice{k.ID, k.Title})
		}
	}
	return err
}
