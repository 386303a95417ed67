package identity

import (
	"context"

	"aval/internal/db"
	"aval/internal/policy"
)

// Glances answers one record, or two, without a name, to who keeps the roster: what
// is seen before Compare.
func (s *Service) Glances(ctx context.Context, actor policy.Actor, ids ...string) (list []Glance, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RosterMerge, policy.Scope{}); err != nil {
			return err
		}
		of := map[string]Glance{}
		for _, id := range ids {
			p, err := standing(ctx, tx, id)
			if err != nil {
				return err
			}
			if err := pupils(p); err != nil {
				return err
			}
		}
		if err := glances(ctx, tx, ids, of); err != nil {
			return err
		}
		for _, id := range ids {
			list = append(list, of[id])
		}
		return nil
	})
	return list, err
}
