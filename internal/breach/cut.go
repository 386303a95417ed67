package breach

import (
	"context"
	"fmt"
	"time"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/policy"
)

const (
	// passwordsAtOnce and namesAtOnce are how many one transaction makes.
	passwordsAtOnce = 200
	namesAtOnce     = 50
	// spell is how long one job works before it leaves the rest to another.
	spell = 20 * time.Second
)

// Run is the handler of CutJob. Each transaction keeps how far it is: cut anywhere,
// the job goes on from there, and nothing is made anew twice.
func (s *Service) Run(ctx context.Context, boardID, id string) error {
	actor, err := s.clock(ctx, boardID)
	if err != nil {
		return err
	}
	began := time.Now()
	for {
		over, err := s.work(ctx, actor, ID(id))
		if err != nil || over {
			return err
		}
		if time.Since(began) > spell {
			return s.DB.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error { return job.Enqueue(ctx, tx, CutJob, id) })
		}
	}
}

// clock is the actor of the jobs of a board.
func (s *Service) clock(ctx context.Context, boardID string) (actor policy.Actor, err error) {
	var b board.Board
	err = s.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) (err error) {
		b, err = board.Get(ctx, tx, boardID)
		return err
	})
	if err != nil {
		return actor, err
	}
	pack, err := b.Policy()
	return policy.System(boardID, pack, "job"), err
}

// work does a part of a step, and answers whether all is over.
func (s *Service) work(ctx context.Context, actor policy.Actor, id ID) (over bool, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Alone(ctx, "breach cut "+string(id)); err != nil {
			return err
		}
		b, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if b.State != Cutting {
			over = true
			return nil
		}
		if b.Step == stepEnd {
			over = true
			return b.end(ctx, tx, actor)
		}
		last, n, err := s.part(ctx, tx, actor, b)
		if err != nil {
			return err
		}
		b.Done += n
		if b.After = last; last == "" {
			b.Step = b.next(b.Step)
		}
		return update(ctx, tx, &b)
	})
	return over, err
}

// part does some of a step after an id; last is empty when the step is done.
func (s *Service) part(ctx context.Context, tx *db.Tx, actor policy.Actor, b Breach) (last string, n int, err error) {
	switch b.Step {
	case stepPseudonyms:
		sector, _, err := disclosure.SectorOf(ctx, tx, b.Platform)
		if err != nil {
			return "", 0, err
		}
		if err := disclosure.Rotate(ctx, tx, sector); err != nil {
			return "", 0, err
		}
		return "", 1, audit.Write(ctx, tx, actor, "breach.pseudonyms", Subject(b.ID), audit.Under(under(actor)))
	case stepPasswords:
		return s.Accounts.RenewSome(ctx, tx, actor, b.Platform, b.After, passwordsAtOnce)
	case stepNames:
		return s.rename(ctx, tx, actor, b)
	}
	return "", 0, fmt.Errorf("breach %s: step %q", b.ID, b.Step)
}

// rename gives other login names to some of those concerned; who has none is left so.
func (s *Service) rename(ctx context.Context, tx *db.Tx, actor policy.Actor, b Breach) (last string, n int, err error) {
	ids, err := concerned(ctx, tx, b.ID, b.After, namesAtOnce)
	if err != nil || len(ids) == 0 {
		return "", 0, err
	}
	for _, id := range ids {
		if _, err := s.Names.Replace(ctx, tx, id); err != nil && !fault.Is(err, fault.NotFound) {
			return "", 0, err
		}
	}
	return ids[len(ids)-1], len(ids), audit.Write(ctx, tx, actor, "breach.renamed", Subject(b.ID), audit.Under(under(actor)),
		audit.Note(fmt.Sprintf("people=%d", len(ids))))
}

// end closes the work, and notes it in the register where the incident is.
func (b *Breach) end(ctx context.Context, tx *db.Tx, actor policy.Actor) error {
	b.State, b.EndedAt, b.Done = Done, tx.Now, b.Total
	if err := update(ctx, tx, b); err != nil {
		return err
	}
	if err := audit.Write(ctx, tx, actor, "breach.done", Subject(b.ID), audit.Under(under(actor))); err != nil {
		return err
	}
	if b.Incident == "" {
		return nil
	}
	return b.measured(ctx, tx, actor)
}

// kept is how long it is known whom a breach concerns: the time to give notice.
const kept = 1

// Purge forgets whom the breaches of a board concerned a year after they were asked about.
func (s *Service) Purge(ctx context.Context, boardID string) error {
	return s.DB.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		return forgetBefore(ctx, tx, tx.Now.AddDate(-kept, 0, 0))
	})
}
