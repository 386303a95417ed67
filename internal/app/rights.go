package app

import (
	"context"

	"aval/internal/job"
)

const minding job.Kind = "rights.sweep"

// MindRights is the handler of rights.sweep: on each board it looks for requests whose time limit
// has passed, and for platforms that run without their notice to parents.
func (a *App) MindRights(ctx context.Context, _, _ string) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		actor, err := a.clock(ctx, b.ID)
		if err != nil {
			return err
		}
		if err := a.Rights.Sweep(ctx, actor); err != nil {
			return err
		}
	}
	return nil
}
