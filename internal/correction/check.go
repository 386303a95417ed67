package correction

import (
	"context"
	"slices"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/roster"
)

// batch is how many corrections one transaction looks at.
const batch = 100

// Check looks at what the roster now says of the corrections that wait or are
// done and not yet seen: one that waits and is shown is done, by nobody's hand;
// of one that is done it notes whether it shows. A day that has passed is an
// exception. It is done after each import and once a day, and may be cut anywhere.
func (s *Service) Check(ctx context.Context, actor policy.Actor) error {
	after := ID("")
	for {
		last, err := s.checkSome(ctx, actor, after)
		if err != nil || last == "" {
			return err
		}
		after = last
	}
}

func (s *Service) checkSome(ctx context.Context, actor policy.Actor, after ID) (last ID, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		ids, err := unseen(ctx, tx, after, batch)
		if err != nil || len(ids) == 0 {
			return err
		}
		keys, err := s.Vault.Keys(ctx, tx)
		if fault.Is(err, fault.Conflict) {
			return nil // shredded: nothing can be opened any more
		}
		if err != nil {
			return err
		}
		imported, err := lastImport(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			last = id
			c, err := get(ctx, tx, keys, id)
			if err != nil {
				return err
			}
			n, err := now(ctx, tx, c)
			if err != nil {
				return err
			}
			waited := c.Waits()
			if c.show(c.seen(n), imported, tx.Now) {
				if err := update(ctx, tx, keys, &c); err != nil {
					return err
				}
				if err := audit.Write(ctx, tx, actor, "correction.shown", Subject(id), audit.Under(clause),
					audit.Note("shown="+string(c.Shown))); err != nil {
					return err
				}
			}
			if err := mark(ctx, tx, c); err != nil {
				return err
			}
			if waited && !c.Waits() {
				if err := job.Enqueue(ctx, tx, Answered, string(id)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return last, err
}

// lastImport is when the roster last came in; long ago where it never did.
func lastImport(ctx context.Context, tx *db.Tx) (at time.Time, err error) {
	done, err := roster.History(ctx, tx, 1)
	if len(done) > 0 {
		at = done[0].At
	}
	return at, err
}

// now reads what the roster says of whom a correction is about.
func now(ctx context.Context, tx *db.Tx, c Correction) (n Now, err error) {
	if c.Kind == Missing {
		n.Named, err = named(ctx, tx, c)
		return n, err
	}
	if n.Person, err = person.Get(ctx, tx, c.PersonID); err != nil {
		return n, gone(err)
	}
	if c.OtherID != "" {
		if n.Other, err = person.Get(ctx, tx, c.OtherID); err != nil && gone(err) != nil {
			return n, err
		}
	}
	posts, err := person.Posts(ctx, tx, c.PersonID)
	if err != nil {
		return n, err
	}
	for _, p := range posts {
		if p.Role == person.Pupil {
			n.Schools = append(n.Schools, p.OrgID)
		}
	}
	classes, err := person.ClassesOf(ctx, tx, c.PersonID)
	for _, k := range classes {
		n.Classes = append(n.Classes, k.ID)
	}
	return n, err
}

// gone takes who is no longer kept for one who left.
func gone(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// named tells whether an active pupil of the school, and of the class where one
// is named, bears the name of who is missing.
func named(ctx context.Context, tx *db.Tx, c Correction) (bool, error) {
	found, err := bearing(ctx, tx, c.OrgID, called(c.Words.Given, c.Words.Family))
	if err != nil || c.ClassID == "" {
		return len(found) > 0, err
	}
	pupils, err := person.InClass(ctx, tx, c.ClassID)
	return slices.ContainsFunc(pupils, func(p person.Person) bool { return slices.Contains(found, p.ID) }), err
}

// Purge takes away the corrections of a board that were closed more than a year ago.
func (s *Service) Purge(ctx context.Context, board string) error {
	return s.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		old, err := closedBefore(ctx, tx, tx.Now.AddDate(-keptYears, 0, 0))
		if err != nil {
			return err
		}
		for _, id := range old {
			if err := policy.Unmark(ctx, tx, control, Subject(id)); err != nil {
				return err
			}
			if err := remove(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}
