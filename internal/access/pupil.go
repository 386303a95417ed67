package access

import (
	"context"
	"slices"
	"strings"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/person"
	"aval/internal/policy"
)

// Pupil is one pupil's accounts, as who keeps them may see them.
type Pupil struct {
	Person   person.Person
	Classes  []string // titles
	Accounts []PupilAccount
}

// PupilAccount is where one account stands.
type PupilAccount struct {
	Place
	Platform  string
	SentOn    string
	SeenOn    string
	ChangedOn string
}

// Resumes tells whether somebody may let it go on.
func (a PupilAccount) Resumes() bool {
	return (&Account{State: a.State, ByHand: a.ByHand}).letOn() == nil
}

// Suspends tells whether somebody may stop it.
func (a PupilAccount) Suspends() bool { return (&Account{State: a.State}).suspend(Asked) == nil }

// Of answers the accounts of a pupil that are not retired, by platform, to who
// keeps them; of anyone else it is the one NotFound.
func (s *Service) Of(ctx context.Context, actor policy.Actor, personID string) (p Pupil, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		p, err = s.pupil(ctx, tx, actor, personID)
		return err
	})
	return p, err
}

// One answers one of them, of a licence.
func (s *Service) One(ctx context.Context, actor policy.Actor, id licence.ID, accountID string) (p Pupil, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if _, err := allowed(ctx, tx, actor, policy.AccessManage, id); err != nil {
			return err
		}
		a, err := get(ctx, tx, accountID)
		if err != nil {
			return err
		}
		whose, err := s.whose(ctx, tx, a)
		if err != nil {
			return err
		}
		if p, err = s.pupil(ctx, tx, actor, whose.ID); err != nil {
			return err
		}
		p.Accounts = slices.DeleteFunc(p.Accounts, func(x PupilAccount) bool { return x.AccountID != accountID || x.Licence != id })
		if len(p.Accounts) == 0 {
			return fault.Missing()
		}
		return nil
	})
	return p, err
}

func (s *Accounts) pupil(ctx context.Context, tx *db.Tx, actor policy.Actor, personID string) (p Pupil, err error) {
	if p.Person, err = person.Get(ctx, tx, personID); err != nil {
		return p, err
	}
	if p.Person.Kind != person.Student {
		return p, fault.Missing()
	}
	if err := may(ctx, tx, actor, policy.AccessManage, personID); err != nil {
		return p, err
	}
	classes, err := person.ClassesOf(ctx, tx, personID)
	if err != nil {
		return p, err
	}
	for _, c := range classes {
		p.Classes = append(p.Classes, c.Title)
	}
	places, err := s.places(ctx, tx, []string{personID})
	if err != nil {
		return p, err
	}
	for _, at := range places {
		a, err := get(ctx, tx, at.AccountID)
		if err != nil {
			return p, err
		}
		l, err := licence.Get(ctx, tx, at.Licence)
		if err != nil {
			return p, err
		}
		on, err := catalogue.Get(ctx, tx, l.PlatformID)
		if err != nil {
			return p, err
		}
		p.Accounts = append(p.Accounts, PupilAccount{Place: at, Platform: on.Name, SentOn: a.SentOn, SeenOn: a.SeenOn, ChangedOn: a.ChangedOn})
	}
	slices.SortFunc(p.Accounts, func(a, b PupilAccount) int {
		return strings.Compare(db.Fold(a.Platform)+a.AccountID, db.Fold(b.Platform)+b.AccountID)
	})
	return p, nil
}
