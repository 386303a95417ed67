package vault

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/policy"
	"aval/internal/seal"
)

// Resealer is a package that owns a table with sealed columns: it seals its
// rows again when the keys are replaced. Package app gives all of them to the
// service. Both methods join the transaction.
type Resealer interface {
	// Reseal seals again at most limit of the rows that the newest key did not
	// seal, in the order of their ids from after on ("" is the beginning), and
	// makes their MACs anew. It leaves a row as it is that cannot be opened, or
	// that somebody else changed meanwhile. It answers the id of the last row it
	// looked at, "" when there was none.
	Reseal(ctx context.Context, tx *db.Tx, keys *Keys, after string, limit int) (last string, err error)
	// Older counts the rows that the newest key did not seal.
	Older(ctx context.Context, tx *db.Tx, keys *Keys) (int, error)
}

// Service is what the operator does with the keys of a board.
type Service struct {
	*Vault
	DB   *db.DB
	Rows []Resealer
}

// ResealJob is left by Rotate, to be given to the handler Reseal.
const ResealJob job.Kind = "vault.reseal"

// Status says how a board's keys stand.
type Status struct {
	Keys     []string  `json:"keys"`   // ids, the newest first; several while rows are sealed again
	Master   string    `json:"master"` // id of the master key that wraps them
	Made     time.Time `json:"made"`
	Rotated  time.Time `json:"rotated,omitzero"`
	Shredded time.Time `json:"shredded,omitzero"`
	Older    int       `json:"older"` // rows that the newest key did not seal
}

// Status answers how the keys stand, for who may manage them. It refuses
// (Conflict) a board that has sealed nothing.
func (s *Service) Status(ctx context.Context, actor policy.Actor) (st Status, err error) {
	if err := actor.Allow(policy.VaultManage, policy.Scope{}); err != nil {
		return st, err
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		kept, err := none(read(ctx, tx))
		if err != nil {
			return err
		}
		st = Status{Keys: []string{}, Master: kept.master, Made: kept.created, Rotated: kept.rotated, Shredded: kept.gone}
		if kept.shredded() {
			return nil
		}
		set, err := s.unwrap(tx.Board, kept)
		if err != nil {
			return err
		}
		if st.Keys, err = set.ids(); err != nil {
			return err
		}
		st.Older, err = s.older(ctx, tx)
		return err
	})
	return st, err
}

// Rotate adds new keys, under which the board seals from now on, and leaves
// the job that seals the older rows again. Calling it again before the job has
// ended adds another, and does no harm.
func (s *Service) Rotate(ctx context.Context, actor policy.Actor) error {
	if err := actor.Allow(policy.VaultManage, policy.Scope{}); err != nil {
		return err
	}
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		var added string
		err := s.change(ctx, tx, func(kept *row, old set) (set, error) {
			kept.rotated = tx.Now
			next, err := old.rotated()
			if err != nil {
				return set{}, err
			}
			ids, err := next.ids()
			added = strings.Join(ids, ",")
			return next, err
		})
		if err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "vault.rotated", "board:"+tx.Board, audit.Note("keys="+added)); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, ResealJob, tx.Board)
	})
}

// change gives the board another keyset, which nobody holds meanwhile.
func (s *Service) change(ctx context.Context, tx *db.Tx, f func(*row, set) (set, error)) error {
	kept, err := none(lock(ctx, tx))
	if err != nil {
		return err
	}
	if kept.shredded() {
		return fault.New(fault.Conflict, shredded)
	}
	old, err := s.unwrap(tx.Board, kept)
	if err != nil {
		return err
	}
	next, err := f(&kept, old)
	if err != nil {
		return err
	}
	wrapped, err := s.wrap(s.master, tx.Board, next)
	if err != nil {
		return err
	}
	kept.aead, kept.prf, kept.master = wrapped.aead, wrapped.prf, wrapped.master
	return update(ctx, tx, kept)
}

// none tells a board that has sealed nothing from one that is not there.
func none(kept row, err error) (row, error) {
	if fault.Is(err, fault.NotFound) {
		return row{}, fault.New(fault.Conflict, "vault.none")
	}
	return kept, err
}

// shredded is the refusal of a board without keys for ever.
const shredded = "vault.shredded"

const (
	// batch is how many rows one transaction seals again: a fraction of a second.
	batch = 200
	// spell is how long one job works before it leaves the rest to another.
	spell = 30 * time.Second
)

// Reseal is the handler of ResealJob: it seals the older rows of a board again,
// in short transactions, and drops the older keys when no row needs them. It
// may be cut anywhere and begun again. Rows that cannot be opened stay as they
// are, and so do the keys: Status counts them. A board that was shredded has
// nothing to seal.
func (s *Service) Reseal(ctx context.Context, board, id string) error {
	err := s.reseal(ctx, board, id)
	if f, ok := fault.As(err); ok && f.Key == shredded {
		return nil
	}
	if err != nil {
		return fmt.Errorf("seal again: %w", err)
	}
	return nil
}

func (s *Service) reseal(ctx context.Context, board, id string) error {
	until := time.Now().Add(spell)
	for before := math.MaxInt; ; {
		done, err := s.pass(ctx, board, until)
		if err != nil {
			return err
		}
		if !done {
			return s.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
				return job.Enqueue(ctx, tx, ResealJob, id)
			})
		}
		left, err := s.drop(ctx, board)
		if err != nil || left == 0 || left >= before {
			return err
		}
		before = left // somebody changed these while they were sealed again
	}
}

// pass goes through all rows once, or says that its time is up.
func (s *Service) pass(ctx context.Context, board string, until time.Time) (done bool, err error) {
	for _, rows := range s.Rows {
		for after := ""; ; {
			if time.Now().After(until) {
				return false, nil
			}
			err := s.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
				keys, err := s.Keys(ctx, tx)
				if err != nil {
					return err
				}
				after, err = rows.Reseal(ctx, tx, keys, after, batch)
				return err
			})
			if err != nil {
				return false, err
			}
			if after == "" {
				break
			}
		}
	}
	return true, nil
}

// drop leaves the newest keys alone if every row is under them, and answers how
// many are not. Whoever sealed under another has committed by then, and is
// counted: the lock waits for them.
func (s *Service) drop(ctx context.Context, board string) (left int, err error) {
	err = s.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		return s.change(ctx, tx, func(_ *row, old set) (set, error) {
			keys, err := old.keys(board)
			if err != nil {
				return set{}, err
			}
			if left, err = s.count(ctx, tx, keys); err != nil || left > 0 {
				return old, err
			}
			return old.newest()
		})
	})
	return left, err
}

// older counts the rows of the board that its newest key did not seal.
func (s *Service) older(ctx context.Context, tx *db.Tx) (int, error) {
	keys, err := s.Keys(ctx, tx)
	if err != nil {
		return 0, err
	}
	return s.count(ctx, tx, keys)
}

func (s *Service) count(ctx context.Context, tx *db.Tx, keys *Keys) (n int, err error) {
	for _, rows := range s.Rows {
		some, err := rows.Older(ctx, tx, keys)
		if err != nil {
			return 0, err
		}
		n += some
	}
	return n, nil
}

// Shred deletes the keys of the actor's board: what it sealed is readable by
// nobody any more, and it seals nothing again. It cannot be undone here; a
// backup of before opens as long as the master key does.
func (s *Service) Shred(ctx context.Context, actor policy.Actor) error {
	if err := actor.Allow(policy.VaultManage, policy.Scope{}); err != nil {
		return err
	}
	err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		kept, err := none(lock(ctx, tx))
		if err != nil {
			return err
		}
		if kept.shredded() {
			return fault.New(fault.Conflict, shredded)
		}
		kept.aead, kept.prf, kept.gone = []byte{}, []byte{}, tx.Now
		if err := update(ctx, tx, kept); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "vault.shredded", "board:"+tx.Board)
	})
	if err == nil {
		s.forget(actor.Board)
	}
	return err
}

// Appoint makes a master key the one under which boards get their first keys. It
// comes before the Rewrap of every board, while others seal: from then on nobody
// makes keys under another, and boards that get some before are there to be
// rewrapped. It is the operator's, and of no board.
func (s *Service) Appoint(ctx context.Context, next seal.Master) error {
	return s.DB.System(ctx, func(ctx context.Context, tx *db.Tx) error { return succeed(ctx, tx, next.ID()) })
}

// Rewrap wraps the keys of the actor's board under another master key. Nothing
// is sealed again. A board whose keys that key wraps already, that has none or
// that was shredded is left as it is, so that a rewrap that was cut is begun
// again. From then on only a vault over the other master key opens them: a
// program that serves with the older one refuses, and seals nothing under it.
func (s *Service) Rewrap(ctx context.Context, actor policy.Actor, next seal.Master) error {
	if err := actor.Allow(policy.VaultManage, policy.Scope{}); err != nil {
		return err
	}
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		kept, err := lock(ctx, tx)
		if fault.Is(err, fault.NotFound) || err == nil && (kept.shredded() || kept.master == next.ID()) {
			return nil
		}
		if err != nil {
			return err
		}
		set, err := s.unwrap(tx.Board, kept)
		if err != nil {
			return err
		}
		wrapped, err := s.wrap(next, tx.Board, set)
		if err != nil {
			return err
		}
		kept.aead, kept.prf, kept.master = wrapped.aead, wrapped.prf, wrapped.master
		if err := update(ctx, tx, kept); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "vault.rewrapped", "board:"+tx.Board, audit.Note("master="+next.ID()))
	})
}

// Check opens the keys of a board, or sees that they could be made, without
// using them.
func (s *Service) Check(ctx context.Context, board string) error {
	err := s.DB.Read(ctx, board, s.Ready)
	if f, ok := fault.As(err); ok && f.Key == shredded {
		return nil
	}
	return err
}
