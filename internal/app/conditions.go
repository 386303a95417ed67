package app

import (
	"context"

	"aval/internal/job"
)

const following job.Kind = "condition.sweep"

// FollowConditions is the handler of condition.sweep: on each board it looks for the conditions
// whose day has passed, and for vendors without a contract or whose verification is overdue.
func (a *App) FollowConditions(ctx context.Context, _, _ string) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		if err := a.Decisions.Sweep(ctx, b.ID); err != nil {
			return err
		}
		if err := a.Conditions.Sweep(ctx, b.ID); err != nil {
			return err
		}
		if err := a.Contracts.Sweep(ctx, b.ID); err != nil {
			return err
		}
	}
	return nil
}
