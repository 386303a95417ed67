package roster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/org"
	"aval/internal/policy"
)

// WorkJob does the next step of an import; it is to be given to the handler Work,
// and WorkTime to do it.
const (
	WorkJob  job.Kind = "roster.import"
	WorkTime          = 6 * time.Hour
)

// UploadTime is how long a set may take to come in, over a school's slow line.
const UploadTime = time.Hour

// patience is how long a preview waits for a person: then its set is removed.
const patience = 7 * 24 * time.Hour

// Upload keeps a set, sealed, and has it found out what an import would do:
// Progress tells when that is known, and Confirm does it. It refuses (Invalid) what
// is no set; what is wrong within it is told later.
func (s *Service) Upload(ctx context.Context, actor policy.Actor, path string) (ImportID, error) {
	return s.admit(ctx, actor, s.zipped(path), Looking, "")
}

// UploadFrom is Upload of a zip that comes in as it is read. It refuses (Invalid) one
// that is cut short.
func (s *Service) UploadFrom(ctx context.Context, actor policy.Actor, zip io.Reader) (ImportID, error) {
	in := &incoming{zip: zip}
	return s.admit(ctx, actor, func(w io.Writer) error {
		n, err := io.Copy(w, io.LimitReader(in, s.MaxUpload()+1))
		switch {
		case in.cut:
			return fault.New(fault.Invalid, "roster.upload_cut")
		case err == nil && n > s.MaxUpload():
			return fault.New(fault.Invalid, "roster.set_too_large")
		}
		return err
	}, Looking, "")
}

// MaxUpload is how many bytes of a set UploadFrom takes.
func (s *Service) MaxUpload() int64 { return s.Limits.orDefault().Total }

// incoming notes whether a set did not come to its end.
type incoming struct {
	zip io.Reader
	cut bool
}

func (in *incoming) Read(b []byte) (int, error) {
	n, err := in.zip.Read(b)
	in.cut = err != nil && !errors.Is(err, io.EOF)
	return n, err
}

// Begin keeps a set, sealed, and has it imported without anybody looking first. One
// that would retire too many pupils waits, previewed, for a person.
func (s *Service) Begin(ctx context.Context, actor policy.Actor, path string, told ...Told) (ImportID, error) {
	return s.admit(ctx, actor, s.zipped(path), Waiting, words(told))
}

func words(told []Told) string {
	if slices.Contains(told, RetireMost) {
		return string(RetireMost)
	}
	return ""
}

func (s *Service) admit(ctx context.Context, actor policy.Actor, set pourer, state State, told string) (ImportID, error) {
	if err := actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return "", err
	}
	p := Progress{ID: ImportID(db.NewID()), Actor: actor.ID, State: state, told: told}
	key, err := s.keep(actor.Board, p.ID, set)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		keys, err := s.names.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		if p.setKey, err = keys.Seal(keyPlace(p.ID), key); err != nil {
			return err
		}
		if err := insert(ctx, tx, p); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "roster.received", "roster:"+string(p.ID), audit.Under("6.3e"), audit.Note(told)); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, WorkJob, string(p.ID))
	})
	if err != nil {
		return "", errors.Join(err, s.discard(actor.Board, p.ID))
	}
	return p.ID, nil
}

// Confirm has a previewed set imported. It refuses (Invalid) one that would retire
// too many pupils when it is not told RetireMost, and (Conflict) one that is not
// waiting for a person.
func (s *Service) Confirm(ctx context.Context, actor policy.Actor, id ImportID, told ...Told) error {
	return s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Find(policy.RosterImport); err != nil {
			return err
		}
		p, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if p.State != Previewed {
			return fault.New(fault.Conflict, "roster.import_over")
		}
		if p.Stops && !slices.Contains(told, RetireMost) {
			return fault.Form(map[string]string{"retire": "roster.retire_unconfirmed"})
		}
		if err := tell(ctx, tx, id, words(told)); err != nil {
			return err
		}
		if err := move(ctx, tx, id, Waiting, Previewed); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "roster.confirmed", "roster:"+string(id), audit.Under("6.3e"), audit.Note(words(told))); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, WorkJob, string(id))
	})
}

// Cancel ends an import whose rows are not being merged yet, and removes its set.
// It refuses (Conflict) one that is too far.
func (s *Service) Cancel(ctx context.Context, actor policy.Actor, id ImportID) error {
	err := s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Find(policy.RosterImport); err != nil {
			return err
		}
		p, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		if p.State.Over() {
			return fault.New(fault.Conflict, "roster.import_over")
		}
		if err := move(ctx, tx, id, Cancelled, Looking, Previewed, Waiting, Staging); err != nil {
			return fault.New(fault.Conflict, "roster.import_merging")
		}
		if err := forget(ctx, tx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "roster.cancelled", "roster:"+string(id), audit.Under("6.3e"))
	})
	if err != nil {
		return err
	}
	return s.discard(actor.Board, id)
}

// Progress reads how far an import is, for whom may read the roster.
func (s *Service) Progress(ctx context.Context, actor policy.Actor, id ImportID) (p Progress, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Find(policy.RosterRead); err != nil {
			return err
		}
		p, err = get(ctx, tx, id)
		return err
	})
	p.setKey = nil
	return p, err
}

// Last reads the board's imports, also those that are under way or were refused,
// the last first, for whom may read the roster.
func (s *Service) Last(ctx context.Context, actor policy.Actor, limit int) (all []Progress, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RosterRead, policy.Scope{}); err != nil {
			return err
		}
		all, err = last(ctx, tx, limit)
		return err
	})
	for i := range all {
		all[i].setKey = nil
	}
	return all, err
}

// Schools are the names of the board's schools by the roster's own identifiers, for
// whom may read the roster.
func (s *Service) Schools(ctx context.Context, actor policy.Actor) (names map[string]string, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RosterRead, policy.Scope{}); err != nil {
			return err
		}
		all, err := org.All(ctx, tx)
		names = make(map[string]string, len(all))
		for _, o := range all {
			names[o.SourceID] = o.Name
		}
		return err
	})
	return names, err
}

// Work is the handler of WorkJob: it does what is left of an import. It may run
// twice, and on two machines: what is done is not done again.
func (s *Service) Work(ctx context.Context, boardID, id string) error {
	p, key, err := s.take(ctx, boardID, ImportID(id))
	switch {
	case fault.Is(err, fault.NotFound):
		return err
	case err != nil:
		return s.settle(ctx, boardID, ImportID(id), err)
	case p.State.Over(), p.State == Previewed:
		return nil
	}
	if p.State == Naming {
		return s.goOn(ctx, boardID, p, key)
	}
	if key == nil {
		return nil // a foreground import's own
	}
	actor, err := s.actor(ctx, boardID, p.Actor)
	if err != nil {
		return err
	}
	open := s.sealed(boardID, p.ID, key)
	if p.State != Looking {
		_, err = s.bring(ctx, actor, p, open)
	}
	if stop, ok := fault.As(err); ok && stop.Key == "roster.retires_most" {
		p.State, err = Looking, s.moveTo(ctx, boardID, p.ID, Looking, Merging)
	}
	if p.State == Looking && err == nil {
		return s.show(ctx, boardID, p, open)
	}
	return s.settle(ctx, boardID, p.ID, err)
}

// goOn finishes an import that a program's end cut after its roster was in step. Who
// answers for pupils, and when they were born, is told by the set alone: where it was not kept, or is lost, the
// next import tells it.
func (s *Service) goOn(ctx context.Context, boardID string, p Progress, key []byte) error {
	if key != nil {
		open := s.sealed(boardID, p.ID, key)
		err := s.bringGuardians(ctx, boardID, open, *p.Report)
		if err == nil {
			err = s.bringBirths(ctx, boardID, p.ID, open)
		}
		if _, lost := fault.As(err); err != nil && !lost {
			return err
		}
	}
	return s.settle(ctx, boardID, p.ID, s.name(ctx, boardID, p.ID))
}

// show finds out what an import would do, and keeps it for a person to look at.
func (s *Service) show(ctx context.Context, boardID string, p Progress, open opener) error {
	preview, err := s.look(ctx, boardID, open, func(rows int) error {
		return s.advance(ctx, boardID, p.ID, Looking, rows, 0)
	})
	if err == nil {
		err = s.db.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error { return keepPreview(ctx, tx, p.ID, preview) })
		if fault.Is(err, fault.Conflict) { // cancelled meanwhile
			return nil
		}
		return err
	}
	return s.settle(ctx, boardID, p.ID, err)
}

// settle ends an import that is in or was refused, and removes its set. What is a
// mistake of ours, or a program's end, is tried again.
func (s *Service) settle(ctx context.Context, boardID string, id ImportID, err error) error {
	refusal, ok := fault.As(err)
	switch {
	case err != nil && !ok:
		return err
	case ok && refusal.Key != "roster.import_over": // else cancelled, or done by another
		if err := s.over(ctx, boardID, id, refusal); err != nil {
			return err
		}
	}
	return s.discard(boardID, id)
}

// take reads an import and opens the key of its set; nil where none is kept.
func (s *Service) take(ctx context.Context, boardID string, id ImportID) (p Progress, key []byte, err error) {
	err = s.db.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		if p, err = get(ctx, tx, id); err != nil || p.setKey == nil {
			return err
		}
		keys, err := s.names.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		key, err = keys.Open(keyPlace(id), p.setKey)
		return err
	})
	return p, key, err
}

// actor is the clock in the name of who asked for the import.
func (s *Service) actor(ctx context.Context, boardID, asked string) (actor policy.Actor, err error) {
	err = s.db.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		b, err := board.Get(ctx, tx, boardID)
		if err != nil {
			return err
		}
		pack, err := b.Policy()
		actor = policy.System(boardID, pack, "job")
		actor.ID = asked
		return err
	})
	return actor, err
}

// Resume leaves the jobs of the imports of a board that a program's end cut, and
// removes the sets for which nobody came. It is done when a program starts, and daily.
func (s *Service) Resume(ctx context.Context, boardID string) error {
	kept := map[string]bool{}
	err := s.db.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		all, err := waiting(ctx, tx)
		if err != nil {
			return err
		}
		for _, p := range all {
			old := tx.Now.Sub(p.At) > patience
			switch {
			case p.State == Previewed && old, p.setKey == nil && p.State != Naming && old:
				err = end(ctx, tx, p.ID, Cut, nil)
			case p.State == Previewed, p.setKey == nil && p.State != Naming:
				kept[string(p.ID)] = true
			default:
				kept[string(p.ID)] = true
				err = job.Enqueue(ctx, tx, WorkJob, string(p.ID))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.sweep(boardID, kept)
}

// sweep removes the sets that belong to no import that is to be.
func (s *Service) sweep(boardID string, kept map[string]bool) error {
	if s.Folder == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(s.Folder, boardID, "*"))
	if err != nil {
		return fmt.Errorf("sweep kept sets: %w", err)
	}
	for _, path := range files {
		info, err := os.Stat(path)
		fresh := err == nil && time.Since(info.ModTime()) < time.Hour // its row may not be there yet
		if err != nil || kept[filepath.Base(path)] || fresh {
			continue
		}
		if err := s.discard(boardID, ImportID(filepath.Base(path))); err != nil {
			return err
		}
	}
	return nil
}
