package roster

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/grade"
	"aval/internal/job"
	"aval/internal/policy"
	"aval/internal/pseudonym"
)

// Service is what people do with the roster.
type Service struct {
	// Limits bound what a set may be; what is left at zero has its default.
	Limits Limits
	// Folder is where sets wait, sealed, until they are in; Begin and Upload need it.
	Folder string

	db    *db.DB
	names *pseudonym.Names
}

// New makes the service over a database and the login names of its pupils.
func New(d *db.DB, names *pseudonym.Names) *Service { return &Service{db: d, names: names} }

// Told is what an import is told beside its set.
type Told string

// RetireMost lets an import retire as many pupils as the set no longer holds.
const RetireMost Told = "retire_most"

// Imported is left, with the import's id, by the transaction that brought the
// roster in step.
const Imported job.Kind = "roster.imported"

// opener opens a set, wherever it is kept.
type opener func(l Limits, n *notes) (*pack, error)

func (s *Service) inPlace(path string) opener {
	return func(l Limits, n *notes) (*pack, error) { return openPack(path, l, n) }
}

// reading reads a set onto a stage.
type reading struct {
	open    opener
	limits  Limits
	set     Set
	report  Report
	twice   map[string]bool
	unseen  map[string]bool
	unknown int
	rows    int
	every   bool // stages every post
}

func (r *reading) read(s *staging) error {
	r.set = Set{}
	r.set.notes.listed = r.limits.Listed
	pack, err := r.open(r.limits, &r.set.notes)
	if err != nil {
		return err
	}
	s.set, s.again, s.unseen = &r.set, map[string]bool{}, map[string]bool{}
	rd := newReader(pack, &r.set, s)
	if rd.words, err = grade.Read(s.ctx, s.db, s.board); err != nil {
		return errors.Join(err, pack.done())
	}
	defer s.stop()
	if err = rd.read(); err == nil {
		err = s.end()
	}
	r.report, r.twice, r.unseen, r.unknown, r.rows = rd.counts, s.again, s.unseen, s.unknown, s.rows
	return errors.Join(err, pack.done())
}

// Import reads a OneRoster set from a zip or a folder and brings the board's
// roster to what it says (policy A, 6.3 e), in one transaction: all of it or
// nothing. Records keep their ids from one import to the next, and what says the
// same as before is not touched; what a bulk file no longer holds is marked
// tobedeleted; of a person's name, number, grade, kind and schools it is kept what
// they were.
//
// Every pupil of the youth sector who has no login name is given one (5.1.1), in
// short transactions after it: one that was cut there is made whole by the next.
//
// It refuses (Invalid) what Validate refuses and (Conflict) a board that can be
// given no login names, or a full set that would retire more pupils than the
// board's setting lets (and ten at least) when it was not told RetireMost.
func (s *Service) Import(ctx context.Context, actor policy.Actor, path string, told ...Told) (Report, error) {
	if err := actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return Report{}, err
	}
	p := Progress{ID: ImportID(db.NewID()), Actor: actor.ID, State: Waiting, Most: slices.Contains(told, RetireMost)}
	err := s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error { return insert(ctx, tx, p) })
	if err != nil {
		return Report{}, err
	}
	report, err := s.bring(ctx, actor, p, s.inPlace(path))
	if err != nil {
		return Report{}, errors.Join(err, s.over(context.WithoutCancel(ctx), actor.Board, p.ID, err))
	}
	return report, nil
}

// over keeps that an import failed.
func (s *Service) over(ctx context.Context, boardID string, id ImportID, err error) error {
	refusal, ok := fault.As(err)
	state := Cut
	if ok {
		state = Refused
	}
	return s.db.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error { return end(ctx, tx, id, state, refusal) })
}

// percent is how many pupils in a hundred the board lets a set retire.
func (s *Service) percent(ctx context.Context, boardID string) (percent int, err error) {
	err = s.db.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		b, err := board.Get(ctx, tx, boardID)
		percent = b.Settings.Retires()
		return err
	})
	return percent, err
}

// manyRows is how many rows take enough memory to be read that it is given back
// before the merge takes its own.
const manyRows = 500_000

// bring reads a set, merges it and gives names.
func (s *Service) bring(ctx context.Context, actor policy.Actor, p Progress, open opener) (Report, error) {
	percent, err := s.percent(ctx, actor.Board)
	if err == nil {
		err = s.db.Read(ctx, actor.Board, s.names.Ready)
	}
	if err != nil {
		return Report{}, err
	}
	r := &reading{open: open, limits: s.Limits.orDefault()}
	fill := func(ctx context.Context, stage *db.Stage) error {
		if err := s.moveTo(ctx, actor.Board, p.ID, Staging, Waiting, Merging); err != nil {
			return err
		}
		tick := func(rows int) error { return s.advance(ctx, actor.Board, p.ID, Staging, rows, 0) }
		if err := r.read(&staging{ctx: ctx, db: s.db, board: actor.Board, stage: stage, tick: tick, every: r.every}); err != nil {
			return err
		}
		if r.rows > manyRows {
			debug.FreeOSMemory()
		}
		return s.moveTo(ctx, actor.Board, p.ID, Merging, Staging)
	}
	var report Report
	play := func(ctx context.Context, tx *db.Tx) error {
		m := &merge{set: &r.set, twice: r.twice, unseen: r.unseen, unknown: r.unknown, id: string(p.ID), most: p.Most, percent: percent,
			report: r.report}
		if err := m.run(ctx, tx); err != nil {
			return err
		}
		report = m.report
		return record(ctx, tx, actor, p.ID, report)
	}
	err = s.db.StageAndWrite(ctx, actor.Board, stageTables, fill, play)
	if errors.Is(err, errRoleTwice) {
		r.every = true
		err = s.db.StageAndWrite(ctx, actor.Board, stageTables, fill, play)
	}
	if err != nil {
		return Report{}, err
	}
	return report, s.finish(ctx, actor.Board, p.ID, open, report)
}

// finish does what follows a roster that is in step. It may be cut and done again.
func (s *Service) finish(ctx context.Context, boardID string, id ImportID, open opener, r Report) error {
	if err := s.bringGuardians(ctx, boardID, open, r); err != nil {
		return err
	}
	if err := s.bringBirths(ctx, boardID, id, open); err != nil {
		return err
	}
	return s.name(ctx, boardID, id)
}

func (s *Service) moveTo(ctx context.Context, boardID string, id ImportID, to State, from ...State) error {
	return s.db.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error { return move(ctx, tx, id, to, from...) })
}

func (s *Service) advance(ctx context.Context, boardID string, id ImportID, in State, done, all int) error {
	return s.db.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error { return advance(ctx, tx, id, in, done, all) })
}

// record says who imported what, and marks the roster as kept; one with defects
// is an exception.
func record(ctx context.Context, tx *db.Tx, actor policy.Actor, id ImportID, r Report) error {
	if err := keepReport(ctx, tx, id, r); err != nil {
		return err
	}
	subject, outcome := "roster:"+string(id), policy.Conform
	if len(r.Defects) > 0 {
		outcome = policy.Exception
	}
	if err := policy.Mark(ctx, tx, "roster.kept", subject, outcome); err != nil {
		return err
	}
	note := fmt.Sprintf("students=%d staff=%d schools=%d classes=%d enrollments=%d births=%d warnings=%d defects=%d",
		r.Students, r.Staff, r.Schools, r.Classes, r.Enrollments, r.Births, len(r.Warnings), len(r.Defects))
	if err := audit.Write(ctx, tx, actor, "roster.imported", subject, audit.Under("6.3e"), audit.Note(note)); err != nil {
		return err
	}
	return job.Enqueue(ctx, tx, Imported, string(id))
}

// namesBatch is how many login names one transaction gives at most: each is drawn,
// sealed and marked, so that it takes longer than a row of the roster.
const namesBatch = 200

// name gives a login name to every pupil of the youth sector who has none, also
// where an earlier import was cut, and ends the import.
func (s *Service) name(ctx context.Context, boardID string, id ImportID) error {
	var lacking []string
	err := s.db.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) (err error) {
		lacking, err = s.names.Lacking(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	given := 0
	for _, some := range evenly(lacking, namesBatch) {
		given += len(some)
		err := s.db.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
			if err := s.names.Issue(ctx, tx, some); err != nil {
				return err
			}
			if err := disclosure.LoginsChanged(ctx, tx, some...); err != nil { // to whom the news of the import came before
				return err
			}
			return advance(ctx, tx, id, Naming, given, len(lacking))
		})
		if err != nil {
			return err
		}
	}
	return s.db.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error { return end(ctx, tx, id, Finished, nil) })
}

// evenly cuts a list into parts of the same size, or one less: without a last
// part that is a straggler. Who tells from the tables what was written in one
// transaction would learn whose name it is.
func evenly(list []string, most int) [][]string {
	n := (len(list) + most - 1) / most
	parts := make([][]string, n)
	for i := range parts {
		parts[i] = list[i*len(list)/n : (i+1)*len(list)/n]
	}
	return parts
}

// History reads the imports that the board's roster took in, for whom may read the roster.
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
