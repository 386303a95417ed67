package governance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/blob"
	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/policy"
)

// Service is what people do around the policy.
type Service struct {
	DB     *db.DB
	Blobs  *blob.Store
	Agenda []Source // what waits for the committee, area by area
}

// Item is something that waits for the committee, since a day.
type Item struct {
	Kind string // governance.agenda.<kind> says what is asked
	Name string
	Href string
	On   string
}

// Source answers what an area has for the committee and the actor may read.
type Source func(ctx context.Context, tx *db.Tx, actor policy.Actor) ([]Item, error)

// OpenIncidents are the confidentiality incidents that are not closed.
func OpenIncidents(ctx context.Context, tx *db.Tx, actor policy.Actor) (items []Item, err error) {
	if !actor.Can(policy.IncidentRead, policy.Scope{}) {
		return nil, nil
	}
	all, err := incident.All(ctx, tx, "", "")
	for _, i := range all {
		if i.State == incident.Opened {
			items = append(items, Item{Kind: "incident", Name: i.Number, Href: "/incidents/" + string(i.ID), On: i.AwareOn})
		}
	}
	return items, err
}

// Upload is a file as somebody sends it.
type Upload struct {
	Name    string
	Media   string // as the sender says
	Content io.Reader
}

// read answers a file as it will be kept, of the kinds and the size that evidence
// may have; without ID when none was sent.
func (u Upload) read() (f File, content []byte, err error) {
	if u.Content == nil {
		return f, nil, nil
	}
	if content, err = io.ReadAll(io.LimitReader(u.Content, evaluation.MaxEvidence+1)); err != nil {
		return f, nil, fmt.Errorf("read a file: %w", err)
	}
	f = File{ID: db.NewID(), Size: int64(len(content))}
	f.Name, f.Media, err = evaluation.CheckFile(content, u.Name, u.Media)
	return f, content, err
}

// keep puts a file among the board's, then does what records it; when that fails,
// nothing of the file is left.
func (s *Service) keep(ctx context.Context, board string, f File, content []byte, record func(context.Context, *db.Tx, File) error) error {
	if f.ID != "" {
		var err error
		if f.Size, f.SHA256, err = s.Blobs.Put(ctx, board, f.ID, bytes.NewReader(content), evaluation.MaxEvidence); err != nil {
			return err
		}
	}
	err := s.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error { return record(ctx, tx, f) })
	if err != nil && f.ID != "" {
		return errors.Join(err, s.Blobs.Delete(context.WithoutCancel(ctx), board, f.ID))
	}
	return err
}

// Record keeps an act with its day; it is for those who govern. It refuses, under
// the clause that asks for the act, what its kind must say and does not.
func (s *Service) Record(ctx context.Context, actor policy.Actor, a Act, paper Upload) (Act, error) {
	if err := actor.Allow(policy.GovernanceRecord, policy.Scope{}); err != nil {
		return a, err
	}
	k, known := kindOf(actor.Pack, a.Kind)
	if !known {
		return a, fault.Form(map[string]string{"kind": "governance.kind_required"})
	}
	f, content, err := a.read(k, paper, i18n.DayOf(s.DB.Clock()), k.Clause(actor.Pack))
	if err != nil {
		return a, err
	}
	a = a.tidy(k)
	err = s.keep(ctx, actor.Board, f, content, func(ctx context.Context, tx *db.Tx, f File) error {
		a.ID, a.File, a.RecordedBy, a.RecordedAt = ID(db.NewID()), f, actor.ID, tx.Now
		if err := insertAct(ctx, tx, a); err != nil {
			return err
		}
		if err := settle(ctx, tx, k); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "governance.recorded", a.Subject(), audit.Under(k.Clause(actor.Pack)),
			audit.Note("kind="+k.Code+" on="+a.On+digest(f)))
	})
	return a, err
}

// read refuses an act that does not say what its kind must, and answers its file;
// one that the kind does not take is left aside.
func (a Act) read(k Kind, paper Upload, today, clause string) (f File, content []byte, err error) {
	wrong := form{}
	a.tidy(k).check(k, today, wrong)
	if asked, must := k.Asks(Paper); asked {
		f, content, err = paper.read()
		if err := wrong.take(err); err != nil {
			return f, nil, err
		}
		if f.ID == "" && must {
			wrong.wrong("file", "governance.file_required")
		}
	}
	return f, content, wrong.refuse(clause)
}

func digest(f File) string {
	if f.ID == "" {
		return ""
	}
	return " sha256=" + f.SHA256
}

// End says that an act stands no more from a day on, and why: a mandate is over,
// rules were repealed, it was recorded by mistake.
func (s *Service) End(ctx context.Context, actor policy.Actor, id ID, on, why string) (a Act, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if a, err = seen(ctx, tx, actor, policy.GovernanceRecord, id); err != nil {
			return err
		}
		if a.EndedOn != "" {
			return fault.New(fault.Conflict, "governance.ended")
		}
		k, known := kindOf(actor.Pack, a.Kind)
		clause := ""
		if known {
			clause = k.Clause(actor.Pack)
		}
		a.EndedOn, a.EndedWhy, a.EndedBy = i18n.Clean(on), i18n.Clean(why), actor.ID
		wrong := form{}
		wrong.past("ended_on", a.EndedOn, i18n.DayOf(tx.Now))
		if wrong["ended_on"].Key == "" && a.EndedOn < a.On {
			wrong.wrong("ended_on", "governance.end_early")
		}
		wrong.text("why", a.EndedWhy, MaxText, true)
		if err := wrong.refuse(clause); err != nil {
			return err
		}
		if err := endAct(ctx, tx, a); err != nil {
			return err
		}
		if known {
			if err := settle(ctx, tx, k); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "governance.ended", a.Subject(), audit.Under(clause), audit.Note("on="+a.EndedOn))
	})
	return a, err
}

// seen is an act to which the actor may do this; who may not read acts finds none.
func seen(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, id ID) (Act, error) {
	if !actor.Can(policy.GovernanceRead, policy.Scope{}) {
		return Act{}, fault.Missing()
	}
	a, err := getAct(ctx, tx, id)
	if err != nil {
		return a, err
	}
	return a, actor.Allow(do, policy.Scope{})
}

// Act answers an act and the names of those who recorded and ended it.
func (s *Service) Act(ctx context.Context, actor policy.Actor, id ID) (a Act, people map[string]string, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if a, err = seen(ctx, tx, actor, policy.GovernanceRead, id); err != nil {
			return err
		}
		people, err = account.Names(ctx, tx, []string{a.RecordedBy, a.EndedBy})
		return err
	})
	return a, people, err
}

// Paper opens the file of an act; who calls closes it. NotFound when it has none.
func (s *Service) Paper(ctx context.Context, actor policy.Actor, id ID) (f File, content io.ReadCloser, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		a, err := seen(ctx, tx, actor, policy.GovernanceRead, id)
		f = a.File
		if err == nil && f.ID == "" {
			return fault.Missing()
		}
		return err
	})
	if err != nil {
		return File{}, nil, err
	}
	content, err = s.Blobs.Get(ctx, actor.Board, f.ID)
	return f, content, err
}

// Group is a kind of acts, with those that stand and those of the past.
type Group struct {
	Kind
	Clause   string
	Standing []Act
	Past     []Act
	Late     bool // the next is overdue
}

// Overview is what those who govern see at once.
type Overview struct {
	Groups []Group
	Agenda []Item
	May    bool // record
	Today  string
}

// Overview answers the acts of the board by kind, and what waits for the committee.
func (s *Service) Overview(ctx context.Context, actor policy.Actor) (o Overview, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.GovernanceRead, policy.Scope{}); err != nil {
			return err
		}
		o.May, o.Today = actor.Can(policy.GovernanceRecord, policy.Scope{}), i18n.DayOf(tx.Now)
		all, err := acts(ctx, tx, "")
		if err != nil {
			return err
		}
		for _, k := range KindsOf(actor.Pack) {
			o.Groups = append(o.Groups, group(actor.Pack, k, all, o.Today))
		}
		for _, source := range s.Agenda {
			items, err := source(ctx, tx, actor)
			if err != nil {
				return err
			}
			o.Agenda = append(o.Agenda, items...)
		}
		return nil
	})
	return o, err
}

func group(p *policy.Pack, k Kind, all []Act, today string) Group {
	g := Group{Kind: k, Clause: k.Clause(p), Standing: k.Standing(all)}
	for _, a := range all {
		if a.Kind == k.Code && !slices.ContainsFunc(g.Standing, func(s Act) bool { return s.ID == a.ID }) {
			g.Past = append(g.Past, a)
		}
	}
	g.Late = slices.ContainsFunc(g.Standing, func(a Act) bool { return a.Overdue(today) })
	return g
}

// Overdue answers the acts whose next is overdue, to those who record them.
func (s *Service) Overdue(ctx context.Context, actor policy.Actor) (late []Act, err error) {
	if !actor.Can(policy.GovernanceRecord, policy.Scope{}) {
		return nil, nil
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		all, err := acts(ctx, tx, "")
		for _, k := range KindsOf(actor.Pack) {
			for _, a := range k.Standing(all) {
				if a.Overdue(i18n.DayOf(tx.Now)) {
					late = append(late, a)
				}
			}
		}
		return err
	})
	return late, err
}

// Target is the usual time to answer that the board published (D-13), as it said
// it; "" when it published none. Anyone who may read the policy may.
func (s *Service) Target(ctx context.Context, actor policy.Actor) (said string, err error) {
	k, asked := kindOf(actor.Pack, "target")
	if !asked {
		return "", nil
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.PolicyRead, policy.Scope{}); err != nil {
			return err
		}
		all, err := acts(ctx, tx, k.Code)
		if standing := k.Standing(all); len(standing) > 0 {
			said = standing[0].Note
		}
		return err
	})
	return said, err
}

// settle marks what the control of a kind sees today: each act that stands, one
// whose next is overdue, and that none stands where one is awaited.
func settle(ctx context.Context, tx *db.Tx, k Kind) error {
	all, err := acts(ctx, tx, k.Code)
	if err != nil {
		return err
	}
	standing := k.Standing(all)
	for _, a := range all {
		switch {
		case !slices.ContainsFunc(standing, func(s Act) bool { return s.ID == a.ID }):
			err = policy.Unmark(ctx, tx, k.Control, a.Subject())
		case a.Overdue(i18n.DayOf(tx.Now)):
			err = policy.Mark(ctx, tx, k.Control, a.Subject(), policy.Exception)
		default:
			err = policy.Mark(ctx, tx, k.Control, a.Subject(), policy.Conform)
		}
		if err != nil {
			return err
		}
	}
	awaited := "governance:" + k.Code
	if k.Waits && len(standing) == 0 {
		return policy.Mark(ctx, tx, k.Control, awaited, policy.Waiting)
	}
	return policy.Unmark(ctx, tx, k.Control, awaited)
}

// Sweep marks what a day brings to the actor's board: acts that are awaited or
// overdue, and attestations of a season.
func (s *Service) Sweep(ctx context.Context, actor policy.Actor) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		for _, k := range KindsOf(actor.Pack) {
			if err := settle(ctx, tx, k); err != nil {
				return err
			}
		}
		return sweepAttestations(ctx, tx)
	})
}
