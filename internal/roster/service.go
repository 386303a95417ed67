package roster

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/policy"
	"aval/internal/pseudonym"
)

// Service is what people do with the roster.
type Service struct {
	db    *db.DB
	names *pseudonym.Names
	one   sync.Mutex // one import at a time: two would give one record two ids
}

// New makes the service over a database and the login names of its pupils.
func New(d *db.DB, names *pseudonym.Names) *Service { return &Service{db: d, names: names} }

// Told is what an import is told beside its set.
type Told string

// RetireMost lets an import retire as many pupils as the set no longer holds.
const RetireMost Told = "retire_most"

// Import reads a OneRoster set from a zip or a folder and brings the board's
// roster to what it says (policy A, 6.3 e). Records keep their ids from one
// import to the next; what a bulk file no longer holds is marked tobedeleted.
//
// Every pupil of the youth sector who has no login name is given one (5.1.1).
//
// It writes in short transactions, so that others work meanwhile: an import
// that was cut is made whole by importing again. It refuses (Invalid) what Read
// refuses and (Conflict) a board that can be given no login names, or a full set
// that would retire more than one pupil in twenty (and ten at least) when it was
// not told RetireMost: all before anything is written.
func (s *Service) Import(ctx context.Context, actor policy.Actor, path string, told ...Told) (Report, error) {
	if err := actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return Report{}, err
	}
	set, err := Read(path)
	if err != nil {
		return Report{}, err
	}
	s.one.Lock()
	defer s.one.Unlock()
	in := &intake{db: s.db, names: s.names, actor: actor, set: &set, most: slices.Contains(told, RetireMost)}
	if err := in.run(ctx); err != nil {
		return Report{}, err
	}
	return s.record(ctx, actor, set.report(in.kinds), in.named)
}

// record says who imported what, and marks the roster as kept; one with defects
// is an exception.
func (s *Service) record(ctx context.Context, actor policy.Actor, r Report, named int) (Report, error) {
	done := Done{ID: db.NewID(), Actor: actor.ID, Report: r}
	err := s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		done.At = tx.Now
		if err := saveDone(ctx, tx, done); err != nil {
			return err
		}
		subject := "roster:" + done.ID
		kept := policy.Conform
		if len(r.Defects) > 0 {
			kept = policy.Exception
		}
		if err := policy.Mark(ctx, tx, "roster.kept", subject, kept); err != nil {
			return err
		}
		note := fmt.Sprintf("students=%d staff=%d schools=%d classes=%d enrollments=%d warnings=%d defects=%d names=%d",
			r.Students, r.Staff, r.Schools, r.Classes, r.Enrollments, len(r.Warnings), len(r.Defects), named)
		if err := disclosure.RosterChanged(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "roster.imported", subject, audit.Under("6.3e"), audit.Note(note))
	})
	return r, err
}

// History reads the board's last imports, for whom may read the roster.
func (s *Service) History(ctx context.Context, actor policy.Actor, limit int) (list []Done, err error) {
	if err := actor.Allow(policy.RosterRead, policy.Scope{}); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		list, err = History(ctx, tx, limit)
		return err
	})
	return list, err
}
