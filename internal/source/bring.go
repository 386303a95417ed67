package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/roster"
)

// control carries 6.3 e: a roster that was fetched counts, one that could not be is
// an exception until it can.
const control = "roster.kept"

// take makes a set of what was fetched and imports it, as any other. It may be cut
// and done again.
func (f *fetcher) take(ctx context.Context) (err error) {
	folder := filepath.Join(f.Folder, f.pull.ID)
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	lines, err := f.set(ctx, folder)
	var t *trouble
	switch {
	case errors.As(err, &t):
		return f.fail(ctx, t.code, "")
	case err != nil:
		return err
	case lines == 0:
		return f.fail(ctx, nothing, "users")
	}
	var told []roster.Told
	if f.pull.Accepted != "" {
		told = append(told, roster.RetireMost)
	}
	report, err := f.Rosters.Import(ctx, f.actor, folder, told...)
	refusal, ok := fault.As(err)
	switch {
	case err == nil:
		return f.done(ctx, report)
	case !ok:
		return err
	case refusal.Key == "roster.retires_most":
		return f.hold(ctx, folder, refusal.Args)
	}
	return f.fail(ctx, setRefused, "")
}

// set writes what was fetched as a OneRoster 1.2 set, and answers how many people
// are in it; of a set of changes, how many lines.
func (f *fetcher) set(ctx context.Context, folder string) (n int, err error) {
	w, err := newSetWriter(folder, f.pull.Whole, f.pull.StartedAt, f.pull.Counts.Warnings)
	if err != nil {
		return 0, err
	}
	delete(f.pull.Counts.Warnings, "gone_incomplete") // counted anew each time
	var people []string
	for number := 1; number <= f.last.number && err == nil; number++ {
		var lines rows
		if lines, err = f.lines(ctx, number); err != nil {
			break
		}
		for _, file := range written {
			err = errors.Join(err, w.add(file, lines[file]))
		}
		if !f.pull.Whole {
			for _, line := range lines["users"] {
				people = append(people, line["sourcedId"])
			}
		}
	}
	if err == nil && len(people) > 0 {
		err = f.taken(ctx, w, people)
	}
	n, closed := w.close()
	if f.pull.Whole && w.files["users"] == nil {
		n = 0
	}
	return n, errors.Join(err, closed)
}

func (f *fetcher) taken(ctx context.Context, w *setWriter, people []string) error {
	var held []heldRole
	err := f.DB.Read(ctx, f.actor.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		held, err = heldRoles(ctx, tx, people)
		return err
	})
	if err != nil {
		return err
	}
	return w.taken(held)
}

// lines opens one page.
func (f *fetcher) lines(ctx context.Context, number int) (lines rows, err error) {
	err = f.DB.Read(ctx, f.actor.Board, func(ctx context.Context, tx *db.Tx) error {
		found, err := numbered(ctx, tx, f.pull.ID, number)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return stuck(unsealable)
		}
		keys, err := f.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		c, err := found[0].open(keys)
		lines = c.Rows
		return err
	})
	return lines, err
}

// done keeps what the import did; the pages are no longer needed.
func (f *fetcher) done(ctx context.Context, r roster.Report) error {
	return f.end(ctx, Done, "", "", func(p *Pull) {
		p.Counts.Defects = len(r.Defects)
		p.Counts.Import = map[string]int{"students": r.Students, "staff": r.Staff, "schools": r.Schools, "classes": r.Classes,
			"enrollments": r.Enrollments, "warnings": len(r.Warnings)}
	})
}

// hold leaves to a person a set that would retire too many pupils, with an import
// that shows what it would do, and waits for the same person.
func (f *fetcher) hold(ctx context.Context, folder string, args []any) error {
	preview, err := f.Rosters.Upload(ctx, f.actor, folder)
	if err != nil {
		return err
	}
	return f.end(ctx, Held, retiresMost, "users", func(p *Pull) {
		p.Counts.Preview = string(preview)
		if len(args) >= 2 {
			p.Counts.Left, _ = args[0].(int)
			p.Counts.Active, _ = args[1].(int)
		}
	})
}

// Imported ends the fetch that was held and whose set a person had imported from its
// preview; of any other import it does nothing. It may run twice.
func (s *Service) Imported(ctx context.Context, actor policy.Actor, id roster.ImportID) error {
	var waits []Pull
	err := s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		waits, err = held(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range waits {
		if p.Counts.Preview != string(id) {
			continue
		}
		is, err := s.Rosters.Progress(ctx, actor, id)
		if err != nil || is.Report == nil {
			return err
		}
		f := &fetcher{Service: s, actor: actor, pull: p}
		return f.ended(f.done(ctx, *is.Report))
	}
	return nil
}

// unshown sets the preview of a fetch aside that somebody decided on otherwise. One
// that is imported already stays: the same set again changes nothing.
func (s *Service) unshown(ctx context.Context, actor policy.Actor, p Pull) error {
	if p.Counts.Preview == "" {
		return nil
	}
	err := s.Rosters.Cancel(ctx, actor, roster.ImportID(p.Counts.Preview))
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// fail ends a pull. Its pages stay a while if time may mend what went wrong.
func (f *fetcher) fail(ctx context.Context, code, at string) error {
	return f.end(ctx, Failed, code, at, func(*Pull) {})
}

func (f *fetcher) end(ctx context.Context, state State, code, at string, how func(*Pull)) error {
	return f.DB.Write(ctx, f.actor.Board, func(ctx context.Context, tx *db.Tx) error {
		p := &f.pull
		how(p)
		p.State, p.Trouble, p.TroubleAt, p.AgainAt = state, code, at, time.Time{}
		if !state.Open() {
			p.EndedAt = tx.Now
		}
		if err := mine(updatePull(ctx, tx, p)); err != nil {
			return err
		}
		if state == Done || state == Failed && !p.resumes(tx.Now) {
			if err := deletePages(ctx, tx, p.ID); err != nil {
				return err
			}
		}
		seen := policy.Exception
		if state == Done {
			seen = policy.Conform
		}
		if err := policy.Mark(ctx, tx, control, Subject(p.SourceID), seen); err != nil {
			return err
		}
		return audit.Write(ctx, tx, f.actor, "source."+string(state), Subject(p.SourceID), audit.Under("6.3e"), audit.Note(f.summary()))
	})
}

// summary is what the trail keeps of a pull: counts and codes.
func (f *fetcher) summary() string {
	p := f.pull
	said := []string{fmt.Sprintf("pull=%s whole=%t pages=%d", p.ID, p.Whole, p.Counts.Pages)}
	for _, c := range collections {
		said = append(said, fmt.Sprintf("%s=%d", c, p.Counts.Records[c]))
	}
	if p.Trouble != "" {
		said = append(said, "trouble="+p.Trouble)
	}
	return strings.Join(said, " ")
}
