package reveal

import (
	"context"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/person"
	"aval/internal/policy"
)

// Whose answers the pupil whose guardians the actor may ask for, and how many single
// look-ups are left to them. It shows no guardian. To others the pupil is not there.
func (s *Service) Whose(ctx context.Context, actor policy.Actor, id string) (p Person, left int, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		f, err := guarded(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		p = f.shown.People[0]
		left, err = singlesLeft(ctx, tx, actor)
		return err
	})
	return p, left, err
}

// byPupil finds who answers for a pupil. Nobody guesses a pupil's id: one out of reach
// is the one NotFound, and does not count.
func (s *Service) byPupil(ctx context.Context, tx *db.Tx, actor policy.Actor, id string) (found, error) {
	f, err := guarded(ctx, tx, actor, id)
	if err != nil {
		return found{}, err
	}
	f.shown.Kin, err = s.Kin.Of(ctx, tx, f.person)
	return f, err
}

func guarded(ctx context.Context, tx *db.Tx, actor policy.Actor, id string) (found, error) {
	p, err := person.Get(ctx, tx, id)
	if err != nil {
		return found{}, err
	}
	f, err := within(ctx, tx, actor, policy.RevealGuardians, p.ID)
	if err == nil && (f.missing != nil || p.Kind != person.Student) {
		err = fault.Missing()
	}
	return f, err
}
