package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/pseudonym"
)

// MakeJob is left by Ask, to be given to the handler Make.
const MakeJob job.Kind = "export.make"

// Service is what people do with the files of licences. Who may is who may provision
// accounts: both are files for a vendor, behind which two people stand.
type Service struct {
	DB    *db.DB
	Names *pseudonym.Names
}

// seen is a licence that the actor may read; any other is the one NotFound.
func seen(ctx context.Context, tx *db.Tx, actor policy.Actor, id licence.ID) (licence.Licence, error) {
	l, err := licence.Get(ctx, tx, id)
	if err == nil && !actor.Can(policy.LicenceRead, l.Place()) {
		return licence.Licence{}, fault.Missing()
	}
	return l, err
}

// allowed is seen for someone who may also do this with its files.
func allowed(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, id licence.ID) (licence.Licence, error) {
	l, err := seen(ctx, tx, actor, id)
	if err != nil {
		return l, err
	}
	return l, actor.Allow(do, l.Place())
}

// Ask asks for a file of what a licence lets its platform know: a job makes it, the
// guard looks at it, and it waits for a second person. It takes the place of one that
// was not handed out. It refuses (Conflict) a licence that lets nothing out, and a
// shape that needs what the terms hold back (3.3 c, 5.2).
func (s *Service) Ask(ctx context.Context, actor policy.Actor, id licence.ID, shape Shape) (e Export, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if _, err := allowed(ctx, tx, actor, policy.AccessProvision, id); err != nil {
			return err
		}
		if err := replaced(ctx, tx, id); err != nil {
			return err
		}
		e, err = ask(ctx, tx, actor, id, shape.tidy(), "")
		return err
	})
	return e, err
}

// ask keeps an export that is to be made, and leaves the job.
func ask(ctx context.Context, tx *db.Tx, actor policy.Actor, id licence.ID, shape Shape, by RouteID) (Export, error) {
	e := Export{ID: ID(db.NewID()), LicenceID: id, Route: by, Shape: shape, State: Asked, AskedBy: actor.ID, AskedAt: tx.Now, Version: 1}
	if err := shape.check(); err != nil {
		return e, err
	}
	t, err := disclosure.TermsOf(ctx, tx, id)
	if err != nil {
		return e, err
	}
	if err := shape.allowed(t); err != nil {
		return e, err
	}
	if err := insert(ctx, tx, e); err != nil {
		return e, err
	}
	if err := e.write(ctx, tx, actor, "export.asked"); err != nil {
		return e, err
	}
	return e, job.Enqueue(ctx, tx, MakeJob, string(e.ID))
}

// write says what was done with an export: which fields and how much, never what was in it.
func (e Export) write(ctx context.Context, tx *db.Tx, actor policy.Actor, act string) error {
	note := fmt.Sprintf("export:%s profile=%s", e.ID, e.Profile)
	if e.Digest != "" {
		fields := make([]string, len(e.Fields))
		for i, f := range e.Fields {
			fields[i] = string(f)
		}
		note += fmt.Sprintf(" rows=%d fields=%s sha256=%s", e.Rows(), strings.Join(fields, ","), e.Digest)
	}
	for _, stop := range e.Stops {
		note += fmt.Sprintf(" stop=%s/%s rows=%d", stop.File, stop.Code, stop.Rows)
	}
	if e.SentTo != "" {
		note += " to=" + e.SentTo
	}
	return audit.Write(ctx, tx, actor, act, licence.Subject(e.LicenceID), audit.Under("6.1e"), audit.Note(note))
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
	actor = policy.System(boardID, pack, "job")
	actor.Settings = b.Settings
	return actor, err
}

// Make is the handler of MakeJob: it brings what the licence discloses to today's
// roster, writes the file and lets the guard look at it. A file for a route goes on
// its way.
func (s *Service) Make(ctx context.Context, boardID, id string) error {
	actor, err := s.clock(ctx, boardID)
	if err != nil {
		return err
	}
	var e Export
	err = s.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) (err error) {
		e, err = get(ctx, tx, ID(id))
		return err
	})
	if err != nil || e.State != Asked {
		return err
	}
	if err := disclosure.Refresh(ctx, s.DB, boardID, e.LicenceID); err != nil {
		return err
	}
	file, made, err := s.draft(ctx, actor, e)
	if f, ok := fault.As(err); ok {
		e.State, e.Why = Refused, f.Key
		if len(f.Args) > 0 {
			e.Why = "export.terms_changed"
		}
		return s.close(ctx, actor, e, "export.refused")
	}
	if err != nil {
		return err
	}
	defer discard(file)
	if e.Route != "" {
		return s.deliver(ctx, actor, e, file, made)
	}
	e.take(made, Ready)
	return s.close(ctx, actor, e, "export."+string(e.State))
}

// close keeps how an export ended, and says so.
func (s *Service) close(ctx context.Context, actor policy.Actor, e Export, act string) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := update(ctx, tx, &e); err != nil {
			return err
		}
		return e.write(ctx, tx, actor, act)
	})
}

// draft writes the file to where nobody but the program reads it.
func (s *Service) draft(ctx context.Context, actor policy.Actor, e Export) (file *os.File, made Made, err error) {
	if file, err = os.CreateTemp("", "aval-export-*"); err != nil {
		return nil, made, fmt.Errorf("draft an export: %w", err)
	}
	_ = os.Remove(file.Name()) // where it may: a draft without a name outlives no crash; discard tries again
	defer func() {
		if err != nil {
			discard(file)
			file = nil
		}
	}()
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		t, err := disclosure.TermsOf(ctx, tx, e.LicenceID)
		if err != nil {
			return err
		}
		made, err = write(ctx, tx, s.Names, t, e.Shape, actor.Settings, file)
		return err
	})
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	return file, made, err
}

// discard ends a draft.
func discard(file *os.File) {
	_ = file.Close()           // it was read, or is of no use
	_ = os.Remove(file.Name()) // the place is temporary
}

// Approve is a second person's word that the file may leave.
func (s *Service) Approve(ctx context.Context, actor policy.Actor, id licence.ID, export ID) (e Export, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := allowed(ctx, tx, actor, policy.AccessApprove, id)
		if err != nil {
			return err
		}
		if e, err = of(ctx, tx, id, export); err != nil {
			return err
		}
		if err := e.approve(actor, actor.Hands(policy.AccessApprove, l.Place()), tx.Now); err != nil {
			return err
		}
		if err := update(ctx, tx, &e); err != nil {
			return err
		}
		return e.write(ctx, tx, actor, "export.approved")
	})
	return e, err
}

// of is an export of this licence; any other is the one NotFound.
func of(ctx context.Context, tx *db.Tx, id licence.ID, export ID) (Export, error) {
	e, err := get(ctx, tx, export)
	if err == nil && e.LicenceID != id {
		return Export{}, fault.Missing()
	}
	return e, err
}

// File is what is handed out.
type File struct {
	Name, Media string
	Data        []byte
}

// Download makes the file again and hands it out, once, to who asked for it and after
// another approved it. It refuses (Conflict) one that is no longer what was approved.
func (s *Service) Download(ctx context.Context, actor policy.Actor, id licence.ID, export ID) (f File, err error) {
	var e Export
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		if _, err := allowed(ctx, tx, actor, policy.AccessProvision, id); err != nil {
			return err
		}
		e, err = of(ctx, tx, id, export)
		return err
	})
	if err != nil {
		return f, err
	}
	if e.State != Approved { // nothing to make: said before the work
		return f, e.download(actor, Made{}, e.AskedAt)
	}
	file, made, err := s.draft(ctx, actor, e)
	if err != nil {
		return f, err
	}
	defer discard(file)
	f = File{Name: e.Name(), Media: e.Media(), Data: make([]byte, made.Size)} // once, and not as it grows
	if _, err := io.ReadFull(file, f.Data); err != nil {
		return File{}, fmt.Errorf("hand out an export: %w", err)
	}
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := e.download(actor, made, tx.Now); err != nil {
			return err
		}
		if err := update(ctx, tx, &e); err != nil {
			return err
		}
		return e.write(ctx, tx, actor, "export.sent")
	})
	if err != nil {
		return File{}, err
	}
	return f, nil
}

// WriteOut is Ask and Download in one, by the operator's own hand at the machine, which
// holds the database anyway: the trail names it. It refuses (Denied) anybody else.
// Where the guard stops it, the answer says so, nothing is written, and that is kept.
func (s *Service) WriteOut(ctx context.Context, actor policy.Actor, id licence.ID, shape Shape, to io.Writer) (e Export, err error) {
	if actor.Via != "cli" {
		return e, fault.New(fault.Denied, "denied").Under("6.1e")
	}
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if _, err := allowed(ctx, tx, actor, policy.AccessProvision, id); err != nil {
			return err
		}
		shape = shape.tidy()
		if err := shape.check(); err != nil {
			return err
		}
		e = Export{ID: ID(db.NewID()), LicenceID: id, Shape: shape, State: Asked, AskedBy: actor.ID, AskedAt: tx.Now, Version: 1}
		return nil
	})
	if err != nil {
		return e, err
	}
	if err := disclosure.Refresh(ctx, s.DB, actor.Board, id); err != nil {
		return e, err
	}
	file, made, err := s.draft(ctx, actor, e)
	if err != nil {
		return e, err
	}
	defer discard(file)
	e.take(made, Sent)
	if err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := insert(ctx, tx, e); err != nil {
			return err
		}
		if e.State == Sent {
			e.SentBy, e.SentAt = actor.ID, tx.Now
		}
		if err := update(ctx, tx, &e); err != nil {
			return err
		}
		return e.write(ctx, tx, actor, "export."+string(e.State))
	}); err != nil || e.State != Sent {
		return e, err
	}
	if _, err := io.Copy(to, file); err != nil {
		return e, fmt.Errorf("write the export: %w", err)
	}
	return e, nil
}

// How long, in years, it is known what left: as long as the register of an incident
// with it must be kept; and what was asked for and never left.
const (
	keptSent = 5
	keptElse = 1
)

// Purge forgets what was asked for long ago on a board. The trail keeps that it was.
func (s *Service) Purge(ctx context.Context, boardID string) error {
	return s.DB.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		return forgetBefore(ctx, tx, tx.Now.AddDate(-keptSent, 0, 0), tx.Now.AddDate(-keptElse, 0, 0))
	})
}

// View is what the page of a licence's exports shows.
type View struct {
	Licence    licence.Licence
	Terms      disclosure.Terms
	Why        *fault.Fault // why nothing leaves, or nil
	Exports    []Export
	Routes     []Route
	People     map[string]string // names of who did something, by account
	MayAsk     bool
	MayApprove bool
}

// View answers what left and what is to, for who may read the licence.
func (s *Service) View(ctx context.Context, actor policy.Actor, id licence.ID) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if v.Licence, err = seen(ctx, tx, actor, id); err != nil {
			return err
		}
		v.MayAsk, v.MayApprove = actor.Can(policy.AccessProvision, v.Licence.Place()), actor.Can(policy.AccessApprove, v.Licence.Place())
		if v.Terms, err = disclosure.TermsOf(ctx, tx, id); err != nil {
			if !errors.As(err, &v.Why) {
				return err
			}
		}
		if v.Exports, err = ofLicence(ctx, tx, id); err != nil {
			return err
		}
		if v.Routes, err = routesOf(ctx, tx, id); err != nil {
			return err
		}
		v.People, err = account.Names(ctx, tx, v.hands())
		return err
	})
	return v, err
}

func (v *View) hands() (ids []string) {
	for _, e := range v.Exports {
		ids = append(ids, e.AskedBy, e.ApprovedBy, e.SentBy)
	}
	for _, r := range v.Routes {
		ids = append(ids, r.RecordedBy, r.ApprovedBy, r.EndedBy)
	}
	return ids
}
