package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/policy"
	"aval/internal/roster"
	"aval/internal/vault"
)

// The jobs that are left: PullJob where something is to be fetched, for the handler
// Work; ImportJob once all of it was, for the handler Bring, which may take as long
// as an import does.
const (
	PullJob   job.Kind = "source.pull"
	ImportJob job.Kind = "source.import"
)

// Service is what people do with the sources of a roster. They are for who may
// import one.
type Service struct {
	DB      *db.DB
	Vault   *vault.Vault
	Rosters *roster.Service
	Folder  string // where sets are made, for this program's eyes only
	Open    bool   // the operator lets sources stand at private addresses
	Limits  Limits

	// Patience is the first wait after a trouble that may pass; two seconds when zero.
	Patience time.Duration
}

// Listed is a source and its last fetch.
type Listed struct {
	Source
	Last Pull // without ID when there was none
}

func may(actor policy.Actor) error { return actor.Allow(policy.RosterImport, policy.Scope{}) }

// List answers the sources in use, by name.
func (s *Service) List(ctx context.Context, actor policy.Actor) (list []Listed, err error) {
	if err := may(actor); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		known, err := all(ctx, tx)
		if err != nil {
			return err
		}
		for _, k := range known {
			last, err := pulls(ctx, tx, k.ID, 1)
			if err != nil {
				return err
			}
			l := Listed{Source: k.Source}
			if len(last) > 0 {
				l.Last = last[0]
			}
			list = append(list, l)
		}
		return nil
	})
	return list, err
}

// historyShown is how many fetches a source's page tells of.
const historyShown = 30

// View is a source as its page shows it; without its secret.
type View struct {
	Source
	Pulls []Pull // the last first
	Next  time.Time
}

// View shows a source and its last fetches.
func (s *Service) View(ctx context.Context, actor policy.Actor, id ID) (v View, err error) {
	if err := actor.Find(policy.RosterImport); err != nil {
		return v, err
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		k, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		v.Source = k.Source
		v.Next = k.nextDue(tx.Now)
		v.Pulls, err = pulls(ctx, tx, id, historyShown)
		return err
	})
	return v, err
}

// Add keeps a new source, its secret sealed.
func (s *Service) Add(ctx context.Context, actor policy.Actor, t Terms) (made Source, err error) {
	if err := may(actor); err != nil {
		return made, err
	}
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := t.check(s.Open, true); err != nil {
			return fault.Under(err, "6.3e")
		}
		made = Source{ID: ID(db.NewID()), Terms: t, MadeBy: actor.ID, MadeAt: tx.Now, Version: 1}
		sealed, err := s.seal(ctx, tx, made.ID, t.Secret)
		if err != nil {
			return err
		}
		made.Secret = ""
		if err := insert(ctx, tx, made, sealed); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "source.added", Subject(made.ID), audit.Under("6.3e"), audit.Note(made.plan()))
	})
	return made, err
}

func (s *Service) seal(ctx context.Context, tx *db.Tx, id ID, secret string) ([]byte, error) {
	keys, err := s.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, err
	}
	return keys.Seal(secretPlace(id), []byte(secret))
}

// plan is what the trail keeps of a source's terms.
func (s Source) plan() string {
	return fmt.Sprintf("edition=%s every=%s full_days=%d", s.Edition, s.Every, s.FullDays)
}

// Edit keeps other terms. An empty secret leaves the one that is kept, unless it
// would be sent elsewhere than before: then it is to be typed again.
func (s *Service) Edit(ctx context.Context, actor policy.Actor, id ID, t Terms, version int64) error {
	if err := actor.Find(policy.RosterImport); err != nil {
		return err
	}
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		k, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		sealed := k.sealed
		if t.Secret != "" {
			if sealed, err = s.seal(ctx, tx, id, t.Secret); err != nil {
				return err
			}
		}
		typed := t.Secret
		if err := t.check(s.Open, false); err != nil {
			return fault.Under(err, "6.3e")
		}
		if typed == "" && t.moved(k.Terms) {
			return fault.Under(fault.Form(map[string]string{"secret": "source.secret_again"}), "6.3e")
		}
		t.Secret = ""
		k.Terms, k.Version = t, version
		if err := update(ctx, tx, &k.Source, sealed); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "source.edited", Subject(id), audit.Under("6.3e"), audit.Note(k.plan()))
	})
}

// Remove puts a source out of use: its secret is forgotten, its history stays. What
// is being fetched of it is dropped; the roster stays as it is.
func (s *Service) Remove(ctx context.Context, actor policy.Actor, id ID) error {
	if err := actor.Find(policy.RosterImport); err != nil {
		return err
	}
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		k, err := get(ctx, tx, id)
		if err != nil {
			return err
		}
		sealed, err := s.seal(ctx, tx, id, "")
		if err != nil {
			return err
		}
		open, err := pulls(ctx, tx, id, 1)
		if err != nil {
			return err
		}
		for _, p := range open {
			if err := drop(ctx, tx, p); err != nil {
				return err
			}
		}
		k.RemovedAt = tx.Now
		if err := update(ctx, tx, &k.Source, sealed); err != nil {
			return err
		}
		if err := policy.Mark(ctx, tx, control, Subject(id), policy.Conform); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "source.removed", Subject(id), audit.Under("6.3e"))
	})
}

// drop ends a pull that is open, and deletes what it fetched.
func drop(ctx context.Context, tx *db.Tx, p Pull) error {
	if p.State.Open() {
		p.State, p.EndedAt, p.AgainAt = Dropped, tx.Now, time.Time{}
		if err := updatePull(ctx, tx, &p); err != nil {
			return err
		}
	}
	return deletePages(ctx, tx, p.ID)
}

// Tried is what a test of the connection found.
type Tried struct {
	Trouble string // "" when it went well
	At      string // "token" or the collection
	Orgs    int    // organisations that the source says it has; -1 when it does not say
}

// Try asks a source for a token and for one organisation, and keeps nothing.
func (s *Service) Try(ctx context.Context, actor policy.Actor, id ID) (tried Tried, err error) {
	if err := actor.Find(policy.RosterImport); err != nil {
		return tried, err
	}
	var t Terms
	if err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		if t, err = s.opened(ctx, tx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "source.tried", Subject(id), audit.Under("6.3e"))
	}); err != nil {
		return tried, err
	}
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	c := newClient(t, s.Limits, s.Open)
	defer c.close()
	tried.At = "token"
	if _, err = c.sign(ctx); err == nil {
		tried.At = collections[0]
		var a answer
		if a, err = c.get(ctx, collections[0], "limit=1&offset=0"); err == nil {
			_, err = readPage(collections[0], a.body, dirt{})
		}
		tried.Orgs = a.total
	}
	var why *trouble
	if errors.As(err, &why) {
		tried.Trouble = why.code
		return tried, nil
	}
	return tried, err
}

// tryTime is how long a person waits for a test of the connection.
const tryTime = 20 * time.Second

// opened is a source with its secret.
func (s *Service) opened(ctx context.Context, tx *db.Tx, id ID) (t Terms, err error) {
	keys, err := s.Vault.Keys(ctx, tx)
	if err != nil {
		return t, err
	}
	k, err := get(ctx, tx, id)
	if err != nil {
		return t, err
	}
	secret, err := keys.Open(secretPlace(id), k.sealed)
	if err != nil {
		return t, err
	}
	t = k.Terms
	t.Secret = string(secret)
	return t, nil
}

// Start begins a fetch, and leaves it to a job: of everything when whole, else of
// what changed since the last. A fetch that failed not long ago goes on from its
// last page. It refuses (Conflict) a source that is being fetched, or whose last
// fetch waits for a person.
func (s *Service) Start(ctx context.Context, actor policy.Actor, id ID, whole bool) (p Pull, err error) {
	return s.start(ctx, actor, id, whole, true)
}

func (s *Service) start(ctx context.Context, actor policy.Actor, id ID, whole, leave bool) (p Pull, err error) {
	if err := actor.Find(policy.RosterImport); err != nil {
		return p, err
	}
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if p, err = s.next(ctx, tx, actor, id, whole); err != nil {
			return err
		}
		note := fmt.Sprintf("pull=%s whole=%t", p.ID, p.Whole)
		if err := audit.Write(ctx, tx, actor, "source.started", Subject(id), audit.Under("6.3e"), audit.Note(note)); err != nil || !leave {
			return err
		}
		return job.Enqueue(ctx, tx, PullJob, p.ID)
	})
	return p, err
}

// next is the pull that is begun: the last one, if it may go on, or a new one.
func (s *Service) next(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID, whole bool) (p Pull, err error) {
	if err := tx.Alone(ctx, Subject(id)); err != nil {
		return p, err
	}
	k, err := get(ctx, tx, id)
	if err != nil {
		return p, err
	}
	last, err := pulls(ctx, tx, id, 1)
	if err != nil {
		return p, err
	}
	if len(last) > 0 {
		p = last[0]
		switch {
		case p.State == Held:
			return p, fault.New(fault.Conflict, "source.held").Under("6.3e")
		case p.State.Open():
			return p, fault.New(fault.Conflict, "source.running").Under("6.3e")
		case p.resumes(tx.Now) && (p.Whole || !whole):
			p.State, p.Tries, p.AgainAt, p.EndedAt, p.Trouble, p.TroubleAt = Fetching, 0, time.Time{}, time.Time{}, "", ""
			return p, updatePull(ctx, tx, &p)
		}
		if err := deletePages(ctx, tx, p.ID); err != nil {
			return p, err
		}
	}
	if err := forget(ctx, tx, id, tx.Now.AddDate(-1, 0, 0)); err != nil {
		return p, err
	}
	p = Pull{ID: db.NewID(), SourceID: id, State: Fetching, Whole: true, StartedBy: actor.ID, StartedAt: tx.Now, TouchedAt: tx.Now,
		PageSize: s.Limits.orDefault().Size, Version: 1}
	if !whole {
		if p.Since, err = since(ctx, tx, k.Source); err != nil {
			return p, err
		}
		p.Whole = p.Since.IsZero()
	}
	return p, insertPull(ctx, tx, p)
}

// since is the moment from which changes are asked for; zero when everything is due.
func since(ctx context.Context, tx *db.Tx, s Source) (time.Time, error) {
	full, err := lastDone(ctx, tx, s.ID, true)
	if err != nil || len(full) == 0 || full[0].StartedAt.Before(tx.Now.AddDate(0, 0, -s.FullDays)) {
		return time.Time{}, err
	}
	if full[0].Counts.Warnings["changes_refused"] > 0 { // it does not tell them
		return time.Time{}, nil
	}
	last, err := lastDone(ctx, tx, s.ID, false)
	if err != nil || len(last) == 0 || last[0].AsOf.IsZero() {
		return time.Time{}, err
	}
	return last[0].AsOf.Add(-overlap), nil
}

// Accept imports a fetch that is held, though many pupils would leave.
func (s *Service) Accept(ctx context.Context, actor policy.Actor, id ID, pull string) error {
	return s.decide(ctx, actor, id, pull, "source.accepted", func(ctx context.Context, tx *db.Tx, p Pull) error {
		p.State, p.Accepted, p.Trouble, p.TroubleAt = Importing, actor.ID, "", ""
		if err := updatePull(ctx, tx, &p); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, ImportJob, p.ID)
	})
}

// Drop puts a fetch aside that is held, or that does not end: nothing of it is imported.
func (s *Service) Drop(ctx context.Context, actor policy.Actor, id ID, pull string) error {
	return s.decide(ctx, actor, id, pull, "source.dropped", drop)
}

func (s *Service) decide(ctx context.Context, actor policy.Actor, id ID, pull, action string,
	how func(context.Context, *db.Tx, Pull) error) error {
	if err := actor.Find(policy.RosterImport); err != nil {
		return err
	}
	var p Pull
	err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		if _, err := get(ctx, tx, id); err != nil {
			return err
		}
		if p, err = getPull(ctx, tx, pull); err != nil {
			return err
		}
		if p.SourceID != id {
			return fault.Missing()
		}
		if p.State != Held && (action == "source.accepted" || p.State != Fetching) {
			return fault.New(fault.Conflict, "source.not_held").Under("6.3e")
		}
		if err := how(ctx, tx, p); err != nil {
			return err
		}
		note := fmt.Sprintf("pull=%s left=%d of=%d", p.ID, p.Counts.Left, p.Counts.Active)
		return audit.Write(ctx, tx, actor, action, Subject(id), audit.Under("6.3e"), audit.Note(note))
	})
	if err != nil {
		return err
	}
	return s.unshown(ctx, actor, p)
}
