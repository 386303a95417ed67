package app

import (
	"context"
	"errors"
)

// rosterImported is the handler of roster.imported: what rests on the roster becomes
// what the roster is, each part whatever happens to the others.
func (a *App) rosterImported(ctx context.Context, boardID, id string) error {
	return errors.Join(
		a.Access.Sweep(ctx, boardID),
		a.Disclosures.Sweep(ctx, boardID, id),
		a.CheckCorrections(ctx, boardID),
	)
}
