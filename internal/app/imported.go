package app

import (
	"context"
	"errors"

	"aval/internal/roster"
)

// rosterImported is the handler of roster.imported: what rests on the roster becomes
// what the roster is, each part whatever happens to the others.
func (a *App) rosterImported(ctx context.Context, boardID, id string) error {
	actor, err := a.clock(ctx, boardID)
	if err != nil {
		return err
	}
	return errors.Join(
		a.Sources.Imported(ctx, actor, roster.ImportID(id)),
		a.Access.Sweep(ctx, boardID),
		a.Disclosures.Sweep(ctx, boardID, id),
		a.CheckCorrections(ctx, boardID),
	)
}
