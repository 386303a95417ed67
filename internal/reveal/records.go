package reveal

import (
	"cmp"
	"context"
	"fmt"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/person"
	"aval/internal/policy"
)

// Record is what the roster holds of a pupil, shown to who keeps it: it comes
// through Records, within the use case that reads the record.
const Record Kind = "record"

// SameChild is the one reason for which records are compared; each pack has its title.
const SameChild = "same_child"

// Records notes, for each of some pupils, that their record is shown for this
// permission: each is a single look-up, within the hour's quota. Where the quota is
// spent it answers the refusal (Conflict, under 1.3 e): nothing is to be shown, and
// the transaction is to be kept.
func (s *Service) Records(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, people []string) (refused, err error) {
	if _, err := s.Names.Vault.Keys(ctx, tx); err != nil { // before the turn: one order everywhere
		return nil, err
	}
	for _, id := range people {
		h, err := hourOf(ctx, tx, actor, false)
		if err != nil {
			return nil, err
		}
		leave, refusal := h.allow("")
		if refusal != nil {
			return refusal, h.alert(ctx, tx, actor)
		}
		grant := actor.GrantFor(do, policy.Scope{})
		look := Look{ID: db.NewID(), At: tx.Now, Actor: actor.ID, Role: cmp.Or(grant.Role, actor.Main()), Kind: Record, Reason: SameChild,
			Person: id, Second: leave.ApprovedBy, Approval: leave.ID, Count: 1}
		if err := insert(ctx, tx, look); err != nil {
			return nil, err
		}
		if h.last(leave) {
			if err := h.alert(ctx, tx, actor); err != nil {
				return nil, err
			}
		}
		if err := audit.Write(ctx, tx, actor, "reveal.shown", "person:"+id, audit.Under("1.3e"), audit.As(grant),
			audit.Note(fmt.Sprintf("kind=%s reason=%s count=1", Record, SameChild))); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// Following are the tables whose rows follow a pupil whose two records become one: who
// looked stays for the pupil to see.
func Following() []person.Rows { return []person.Rows{{Table: "reveal"}} }
