package condition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/blob"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

// control carries 4.1: a condition that was met counts, one that is overdue is an
// exception until it is closed or given another day.
const control = "decision.transmitted"

// Service is what people do with conditions.
type Service struct {
	DB    *db.DB
	Blobs *blob.Store
}

// Listed is a condition and how what it names is called.
type Listed struct {
	Condition
	Platform  string
	Org       string
	OwnerName string // of an owner who is a person
	Late      bool   // overdue today
}

// Page answers a part of the conditions that the actor may read, by platform and by
// day; more says that another follows.
func (s *Service) Page(ctx context.Context, actor policy.Actor, f Filter) (list []Listed, more bool, err error) {
	f.Part = max(f.Part, 1)
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if len(actor.Reach(policy.ConditionRead).Rules) == 0 {
			return actor.Allow(policy.ConditionRead, policy.Scope{})
		}
		if f.State != "" && !slices.Contains(States, f.State) {
			return fault.Missing()
		}
		list, err = listed(ctx, tx, actor, f)
		if len(list) > pageSize {
			list, more = list[:pageSize], true
		}
		return err
	})
	return list, more, err
}

// OfDecision answers the conditions of a decision that the actor may read, in its order.
func (s *Service) OfDecision(ctx context.Context, actor policy.Actor, decisionID string) (list []Listed, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		list, err = listed(ctx, tx, actor, Filter{Decision: decisionID})
		return err
	})
	slices.SortFunc(list, func(a, b Listed) int { return a.Place - b.Place })
	return list, err
}

// Public is a condition as the whole board sees it: no word on who sees to it.
type Public struct {
	ID    ID
	Text  string
	State State
	DueOn string
	Late  bool
	May   bool // the actor may read more of it
}

// OfPlatform answers the conditions of the decision that counts for a platform, to
// whoever may read the catalogue.
func (s *Service) OfPlatform(ctx context.Context, actor policy.Actor, id catalogue.ID) (list []Public, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		p, err := catalogue.Get(ctx, tx, id)
		if err != nil || p.DecisionID == "" {
			return err
		}
		all, err := of(ctx, tx, p.DecisionID)
		if err != nil {
			return err
		}
		readable, err := listed(ctx, tx, actor, Filter{Decision: p.DecisionID})
		for _, c := range all {
			list = append(list, Public{ID: c.ID, Text: c.Text, State: c.State, DueOn: c.DueOn, Late: c.Overdue(i18n.DayOf(tx.Now)),
				May: slices.ContainsFunc(readable, func(l Listed) bool { return l.ID == c.ID })})
		}
		return err
	})
	return list, err
}

// Late answers the overdue conditions that await the actor: its owner's, and all of
// them to the evaluating service.
func Late(ctx context.Context, tx *db.Tx, actor policy.Actor) ([]Listed, error) {
	if len(actor.Reach(policy.ConditionRead).Rules) == 0 {
		return nil, nil
	}
	list, err := listed(ctx, tx, actor, Filter{Overdue: true, Part: 1})
	return slices.DeleteFunc(list, func(l Listed) bool { return !l.Awaits(actor) }), err
}

// View is a condition as its page shows it.
type View struct {
	Listed
	Notes      []Note
	Files      []File
	Closer     string      // name of who met or waived it
	Candidates []Candidate // only where the actor may assign it
	May        May
}

// May is what the page offers to who reads it.
type May struct{ Assign, Answer, Waive bool }

// View shows a condition to whom it concerns.
func (s *Service) View(ctx context.Context, actor policy.Actor, id ID) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		v, err = view(ctx, tx, actor, id)
		return err
	})
	return v, err
}

func view(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID) (v View, err error) {
	c, err := seen(ctx, tx, actor, policy.ConditionRead, id)
	if err != nil {
		return v, err
	}
	v.Condition, v.Late = c, c.Overdue(i18n.DayOf(tx.Now))
	p, err := catalogue.Get(ctx, tx, c.PlatformID)
	if err != nil {
		return v, err
	}
	v.Platform = p.Name
	if v.Org, err = orgName(ctx, tx, c.OrgID); err != nil {
		return v, err
	}
	if v.OwnerName, err = accountName(ctx, tx, c.Owner.Account); err != nil {
		return v, err
	}
	if v.Closer, err = accountName(ctx, tx, c.ClosedBy); err != nil {
		return v, err
	}
	if v.Notes, err = notes(ctx, tx, id); err != nil {
		return v, err
	}
	if v.Files, err = files(ctx, tx, id); err != nil {
		return v, err
	}
	open := c.State == Open
	v.May = May{Assign: open && actor.Can(policy.ConditionManage, c.Scope()), Answer: open && actor.Can(policy.ConditionAnswer, c.Scope()),
		Waive: open && actor.Can(policy.ConditionWaive, c.Scope())}
	if v.May.Assign {
		v.Candidates, err = Candidates(ctx, tx, c.OrgID)
	}
	return v, err
}

// seen is a condition to which the actor may do this.
func seen(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, id ID) (Condition, error) {
	c, err := get(ctx, tx, id)
	if err != nil {
		return c, err
	}
	return c, actor.Allow(do, c.Scope())
}

// Assignment is who sees to a condition, and by which day.
type Assignment struct {
	Owner   Owner
	DueOn   string
	Version int64 // that was read
}

// Assign says who sees to a condition and by which day, or takes either back; it is
// the evaluating service's to say, while the condition is open. A day is today at
// the earliest; the owner is one of Candidates.
func (s *Service) Assign(ctx context.Context, actor policy.Actor, id ID, a Assignment) (c Condition, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if c, err = seen(ctx, tx, actor, policy.ConditionManage, id); err != nil {
			return err
		}
		known, err := Candidates(ctx, tx, c.OrgID)
		if err != nil {
			return err
		}
		if err := c.assign(a.Owner, a.DueOn, known, i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		c.Version = a.Version
		if err := update(ctx, tx, &c); err != nil {
			return err
		}
		if err := mark(ctx, tx, c); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "condition.assigned", Subject(id), audit.Under("4.1"),
			audit.Note(fmt.Sprintf("owner=%s due=%s", c.Owner.Code(), c.DueOn)))
	})
	return c, err
}

// Note keeps a word on how it goes, with its date.
func (s *Service) Note(ctx context.Context, actor policy.Actor, id ID, text string) (n Note, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		c, err := seen(ctx, tx, actor, policy.ConditionAnswer, id)
		if err != nil {
			return err
		}
		if err := c.open(); err != nil {
			return err
		}
		if text, err = words("note", text, "condition.note_required"); err != nil {
			return err
		}
		n = Note{ID: db.NewID(), At: tx.Now, Author: actor.ID, Text: text}
		if err := insertNote(ctx, tx, id, n); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "condition.noted", Subject(id), audit.Under("4.1"))
	})
	return n, err
}

// Proof is what shows that a condition is met: a file, of the kinds and the size
// that evidence may have, and a word beside it if need be.
type Proof struct {
	Note    string
	Name    string
	Media   string // as the sender says
	Content io.Reader
}

// Meet closes an open condition with the file that shows it is met.
func (s *Service) Meet(ctx context.Context, actor policy.Actor, id ID, p Proof) (c Condition, err error) {
	// Who may not answer leaves nothing in the files.
	if err := s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if c, err = seen(ctx, tx, actor, policy.ConditionAnswer, id); err != nil {
			return err
		}
		return c.open()
	}); err != nil {
		return c, err
	}
	f, content, err := p.check(actor)
	if err != nil {
		return c, err
	}
	if f.Size, f.SHA256, err = s.Blobs.Put(ctx, actor.Board, f.ID, bytes.NewReader(content), evaluation.MaxEvidence); err != nil {
		return c, err
	}
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		c, err = meet(ctx, tx, actor, id, f, i18n.Clean(p.Note))
		return err
	})
	if err != nil {
		return c, errors.Join(err, s.Blobs.Delete(context.WithoutCancel(ctx), actor.Board, f.ID))
	}
	return c, nil
}

// check refuses a file that is none, and a note that is too long.
func (p Proof) check(actor policy.Actor) (f File, content []byte, err error) {
	if _, err := words("met_note", p.Note, ""); err != nil {
		return f, nil, err
	}
	if p.Content == nil {
		return f, nil, fault.Form(map[string]string{"file": "condition.file_required"})
	}
	if content, err = io.ReadAll(io.LimitReader(p.Content, evaluation.MaxEvidence+1)); err != nil {
		return f, nil, fmt.Errorf("read a file: %w", err)
	}
	f = File{ID: db.NewID(), AddedBy: actor.ID}
	f.Name, f.Media, err = evaluation.CheckFile(content, p.Name, p.Media)
	return f, content, err
}

func meet(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID, f File, note string) (Condition, error) {
	c, err := seen(ctx, tx, actor, policy.ConditionAnswer, id)
	if err != nil {
		return c, err
	}
	if err := c.open(); err != nil {
		return c, err
	}
	c.close(Met, actor.ID, tx.Now)
	if err := update(ctx, tx, &c); err != nil {
		return c, err
	}
	f.ConditionID, f.AddedAt = id, tx.Now
	if err := insertFile(ctx, tx, f); err != nil {
		return c, err
	}
	if note != "" {
		if err := insertNote(ctx, tx, id, Note{ID: db.NewID(), At: tx.Now, Author: actor.ID, Text: note}); err != nil {
			return c, err
		}
	}
	if err := mark(ctx, tx, c); err != nil {
		return c, err
	}
	return c, audit.Write(ctx, tx, actor, "condition.met", Subject(id), audit.Under("4.1"),
		audit.Note("file="+f.ID+" sha256="+f.SHA256))
}

// Waive closes an open condition that need not be met, with the reason; it is for who decides.
func (s *Service) Waive(ctx context.Context, actor policy.Actor, id ID, reason string) (c Condition, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if c, err = seen(ctx, tx, actor, policy.ConditionWaive, id); err != nil {
			return err
		}
		if err := c.open(); err != nil {
			return err
		}
		if c.Reason, err = words("reason", reason, "condition.reason_required"); err != nil {
			return err
		}
		c.close(Waived, actor.ID, tx.Now)
		if err := update(ctx, tx, &c); err != nil {
			return err
		}
		if err := mark(ctx, tx, c); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "condition.waived", Subject(id), audit.Under("4.1"))
	})
	return c, err
}

// File opens a file for whoever may read its condition; who calls closes it.
func (s *Service) File(ctx context.Context, actor policy.Actor, id string) (f File, content io.ReadCloser, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if f, err = getFile(ctx, tx, id); err != nil {
			return err
		}
		_, err = seen(ctx, tx, actor, policy.ConditionRead, f.ConditionID)
		return err
	})
	if err != nil {
		return File{}, nil, err
	}
	content, err = s.Blobs.Get(ctx, actor.Board, f.ID)
	return f, content, err
}

// mark says what 4.1 saw of a condition.
func mark(ctx context.Context, tx *db.Tx, c Condition) error {
	switch {
	case c.State == Met:
		return policy.Mark(ctx, tx, control, Subject(c.ID), policy.Conform)
	case c.Overdue(i18n.DayOf(tx.Now)):
		return policy.Mark(ctx, tx, control, Subject(c.ID), policy.Exception)
	}
	return policy.Unmark(ctx, tx, control, Subject(c.ID))
}

// Begin is what a decision asks for, to be followed from its day.
type Begin struct {
	PlatformID catalogue.ID
	DecisionID string
	RequestID  request.ID
	OrgID      string
	At         time.Time // of the decision
	Asked      []Asked
	Owner      Owner
	DueOn      string
}

// Asked is a condition in the decision's own words.
type Asked struct {
	Aspect evaluation.Aspect
	Text   string
}

// Follow begins to follow the conditions of a decision, in its transaction. Those of
// the platform's earlier decisions that are open lapse: it is the last that counts.
func Follow(ctx context.Context, tx *db.Tx, b Begin) error {
	if err := lapse(ctx, tx, b.PlatformID); err != nil {
		return err
	}
	for i, a := range b.Asked {
		c := Condition{ID: ID(db.NewID()), PlatformID: b.PlatformID, DecisionID: b.DecisionID, RequestID: b.RequestID, OrgID: b.OrgID,
			Aspect: a.Aspect, Place: i + 1, Text: strings.TrimSpace(a.Text), State: Open, Owner: b.Owner, DueOn: b.DueOn, MadeAt: b.At, Version: 1}
		if err := insert(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

func lapse(ctx context.Context, tx *db.Tx, platform catalogue.ID) error {
	all, err := openOf(ctx, tx, platform)
	if err != nil {
		return err
	}
	for _, c := range all {
		c.close(Lapsed, "", tx.Now)
		if err := update(ctx, tx, &c); err != nil {
			return err
		}
		if err := mark(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

// Sweep marks the conditions of a board whose day has passed.
func (s *Service) Sweep(ctx context.Context, board string) error {
	return s.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		overdue, err := late(ctx, tx, i18n.DayOf(tx.Now))
		if err != nil {
			return err
		}
		subjects := make([]string, len(overdue))
		for i, id := range overdue {
			subjects[i] = Subject(id)
		}
		return policy.MarkAll(ctx, tx, control, subjects, policy.Exception)
	})
}
