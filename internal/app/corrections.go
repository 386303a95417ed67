package app

import (
	"context"

	"aval/internal/job"
)

const correcting job.Kind = "correction.sweep"

// FollowCorrections is the handler of correction.sweep: on each board it looks at what the
// roster now says of what schools found wrong, at days that have passed, and takes away what
// was closed long ago; likewise whom a breach concerned, and what left long ago.
func (a *App) FollowCorrections(ctx context.Context, _, _ string) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		if err := a.CheckCorrections(ctx, b.ID); err != nil {
			return err
		}
		if err := a.Corrections.Purge(ctx, b.ID); err != nil {
			return err
		}
		if err := a.Breaches.Purge(ctx, b.ID); err != nil {
			return err
		}
		if err := a.Exports.Purge(ctx, b.ID); err != nil {
			return err
		}
	}
	return nil
}

// CheckCorrections looks at what schools said is wrong, now that the roster is new.
func (a *App) CheckCorrections(ctx context.Context, boardID string) error {
	actor, err := a.clock(ctx, boardID)
	if err != nil {
		return err
	}
	return a.Corrections.Check(ctx, actor)
}
