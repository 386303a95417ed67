package adoption

import (
	"context"
	"fmt"
	"slices"
	"time"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// Signature says that a person compared what a pack says with the texts.
type Signature struct {
	Pack    string
	Version string
	By      string      // name
	Role    policy.Role // in which they signed
	At      time.Time

	digest string
}

// Signatures are those of a board.
type Signatures []Signature

// Of finds who signed this very text of a pack.
func (all Signatures) Of(p *policy.Pack) (Signature, bool) {
	at := slices.IndexFunc(all, func(s Signature) bool {
		return s.Pack == p.ID && s.Version == p.Version && s.digest == p.Digest()
	})
	if at < 0 {
		return Signature{}, false
	}
	return all[at], true
}

// Signatures answers those given at a board. It asks nobody's permission: that a
// policy was compared with the texts is for all who read it.
func (s *Service) Signatures(ctx context.Context, boardID string) (all Signatures, err error) {
	if !board.IsID(boardID) {
		return nil, fault.Missing()
	}
	err = s.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		all, err = signatures(ctx, tx)
		return err
	})
	return all, err
}

// Sign says that the actor compared a pack (id@version) with the texts. It refuses
// who is no person of the board, a pack that the board neither applies nor is to
// apply, and with a Conflict a text that was signed already.
func (s *Service) Sign(ctx context.Context, actor policy.Actor, named string) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.PolicyVerify, policy.Scope{}); err != nil {
			return err
		}
		if _, err := account.Get(ctx, tx, actor.ID); err != nil {
			return fault.New(fault.Denied, "adoption.person").Under(Clause)
		}
		p, err := inUse(ctx, tx, named)
		if err != nil {
			return err
		}
		grant := actor.GrantFor(policy.PolicyVerify, policy.Scope{})
		fresh, err := insertSignature(ctx, tx, p, actor.ID, grant.Role)
		if err != nil {
			return err
		}
		if !fresh {
			return fault.New(fault.Conflict, "adoption.signed").Under(Clause)
		}
		return audit.Write(ctx, tx, actor, "policy.verified", "board:"+tx.Board, audit.As(grant), audit.Under(Clause),
			audit.Note(fmt.Sprintf("pack=%s sha256=%s", p.Named(), p.Digest())))
	})
}

// inUse finds a pack among those that the board applies or is to apply, laws included.
func inUse(ctx context.Context, tx *db.Tx, named string) (*policy.Pack, error) {
	all, err := board.Policies(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, a := range all[max(board.On(all, i18n.DayOf(tx.Now)), 0):] {
		p, err := policy.Find(a.Pack, a.Version)
		if err != nil {
			return nil, err
		}
		for _, each := range append([]*policy.Pack{p}, p.Laws...) {
			if each.Named() == named {
				return each, nil
			}
		}
	}
	return nil, fault.Missing()
}
