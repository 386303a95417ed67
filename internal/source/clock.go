package source

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/policy"
	"aval/internal/roster"
)

const (
	// silent is how long nothing is heard of a pull before it is taken up again:
	// the program that worked on it has died.
	silent = 10 * time.Minute
	// heldFor is how long a fetch waits for a person; then it is no picture of today.
	heldFor = 7 * 24 * time.Hour
)

// Work does the job PullJob: it fetches for a while, and leaves the rest to another
// job, at once or when the source may be asked again. It may run twice.
func (s *Service) Work(ctx context.Context, actor policy.Actor, id string) error {
	p, err := s.work(ctx, actor, id, time.Now().Add(spell))
	if fault.Is(err, fault.NotFound) { // the source was removed
		return nil
	}
	if err != nil {
		return err
	}
	return s.leave(ctx, actor, p)
}

// leave leaves the job that does what is next of a pull, if anything is.
func (s *Service) leave(ctx context.Context, actor policy.Actor, p Pull) error {
	kind := PullJob
	switch p.State {
	case Fetching:
	case Importing:
		kind = ImportJob
	default:
		return nil
	}
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		return job.Later(ctx, tx, kind, p.ID, p.AgainAt)
	})
}

// Bring does the job ImportJob: it imports what was fetched. It may run twice.
func (s *Service) Bring(ctx context.Context, actor policy.Actor, id string) error {
	_, err := s.bring(ctx, actor, id)
	if fault.Is(err, fault.NotFound) { // the source was removed
		return nil
	}
	return err
}

// Pull fetches a source now and answers once it is over: a new fetch, or the one
// that was cut. It refuses (Conflict) a source whose last fetch waits for a person.
func (s *Service) Pull(ctx context.Context, actor policy.Actor, id ID, whole bool) (Pull, error) {
	p, err := s.start(ctx, actor, id, whole, false)
	if f, ok := fault.As(err); ok && f.Key == "source.running" {
		err = nil
	}
	if err != nil {
		return p, err
	}
	for {
		next, err := s.work(ctx, actor, p.ID, time.Now().Add(spell))
		if err == nil && next.State == Importing {
			next, err = s.bring(ctx, actor, p.ID)
		}
		if err != nil {
			return next, err
		}
		if next.State == "" {
			return p, fault.New(fault.Conflict, "source.running").Under("6.3e")
		}
		if p = next; !p.State.Open() || p.State == Held {
			return p, nil
		}
		select {
		case <-ctx.Done():
			return p, ctx.Err()
		case <-time.After(max(0, p.AgainAt.Sub(s.DB.Clock()))):
		}
	}
}

// Find is the source of an id, or of a name that is its own alone.
func (s *Service) Find(ctx context.Context, actor policy.Actor, named string) (Source, error) {
	list, err := s.List(ctx, actor)
	if err != nil {
		return Source{}, err
	}
	var found []Source
	for _, l := range list {
		if string(l.ID) == named {
			return l.Source, nil
		}
		if db.Fold(l.Name) == db.Fold(named) {
			found = append(found, l.Source)
		}
	}
	if len(found) != 1 {
		return Source{}, fault.Missing()
	}
	return found[0], nil
}

// Tick begins what the schedules ask for, takes up again what was cut, and puts
// aside what waited too long for a person. It is the clock's, every hour.
func (s *Service) Tick(ctx context.Context, actor policy.Actor) error {
	s.sweep()
	list, err := s.List(ctx, actor)
	if err != nil {
		return err
	}
	for _, l := range list {
		if err := s.tick(ctx, actor, l); err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

func (s *Service) tick(ctx context.Context, actor policy.Actor, l Listed) error {
	now := s.DB.Clock()
	switch last := l.Last; {
	case last.State == Held && last.TouchedAt.Before(now.Add(-heldFor)):
		return s.Drop(ctx, actor, l.ID, last.ID)
	case last.State == Held:
		return nil
	case last.State.Open():
		quiet := silent
		if last.State == Importing {
			quiet = roster.WorkTime
		}
		if last.TouchedAt.Before(now.Add(-quiet)) && last.AgainAt.Before(now.Add(-quiet)) {
			return s.leave(ctx, actor, last)
		}
	case last.State == Failed && last.EndedAt.Before(now.Add(-forgotten)) && last.Counts.Pages > 0:
		if err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error { return deletePages(ctx, tx, last.ID) }); err != nil {
			return err
		}
	}
	if !l.Last.State.Open() && l.due(latest(l.Last.StartedAt, l.Last.TouchedAt), now) {
		_, err := s.Start(ctx, actor, l.ID, false)
		return err
	}
	return nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sweep removes the sets of programs that died while they imported one.
func (s *Service) sweep() {
	entries, err := os.ReadDir(s.Folder)
	if err != nil {
		return // no set was ever made
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.ModTime().Before(time.Now().Add(-forgotten)) {
			_ = os.RemoveAll(filepath.Join(s.Folder, e.Name())) // tried again in an hour
		}
	}
}
