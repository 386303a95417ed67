package app

import (
	"context"

	"aval/internal/job"
)

const (
	following job.Kind = "condition.sweep"
	governing job.Kind = "governance.sweep"
)

// FollowConditions is the handler of condition.sweep: on each board it looks for the conditions,
// the invitations of departments and, where the board has a cycle, the decisions whose day has
// passed, and for vendors without a contract or whose verification is overdue.
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
		if err := a.Evaluations.SweepInvitations(ctx, b.ID); err != nil {
			return err
		}
		if err := a.Decisions.SweepDue(ctx, b.ID, b.Settings); err != nil {
			return err
		}
		if err := a.Contracts.Sweep(ctx, b.ID); err != nil {
			return err
		}
	}
	return nil
}

// SweepGovernance is the handler of governance.sweep: on each board it looks for acts and
// attestations that are awaited or overdue.
func (a *App) SweepGovernance(ctx context.Context, _, _ string) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		actor, err := a.clock(ctx, b.ID)
		if err != nil {
			return err
		}
		if err := a.Governance.Sweep(ctx, actor); err != nil {
			return err
		}
	}
	return nil
}
