package rights

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/vault"
)

// ID names a request, a notice, a consent or a batch within its board.
type ID string

// Kind is what somebody asks for.
type Kind string

// The kinds of requests. A complaint has no time limit in the laws at hand.
const (
	Access     Kind = "access"
	Correction Kind = "correction"
	Complaint  Kind = "complaint"
)

// Kinds lists every kind.
var Kinds = []Kind{Access, Correction, Complaint}

// State is how far a request is.
type State string

// The states of a request.
const (
	Open     State = "open"
	Answered State = "answered"
	Closed   State = "closed"
)

// Outcome is what a request was answered.
type Outcome string

// Outcomes lists every answer.
var Outcomes = []Outcome{"granted", "partly", "refused"}

// Private is what a request says of people: it is sealed as one.
type Private struct {
	Asker    string `json:"asker"`             // who asks
	Contact  string `json:"contact,omitempty"` // where they are answered
	About    string `json:"about,omitempty"`   // about whom, when it is no pupil of the roster
	Wanted   string `json:"wanted,omitempty"`  // in a few words
	Reasons  string `json:"reasons,omitempty"` // of an answer that does not grant everything
	Recourse string `json:"recourse,omitempty"`
	Why      string `json:"why,omitempty"` // it was closed without an answer
}

// Request is a request for access or correction, or a complaint.
type Request struct {
	ID         ID
	Number     string
	Kind       Kind
	State      State
	PersonID   string // the pupil whom it is about; empty when Private says who
	Private    Private
	ReceivedOn string
	DueOn      string // the last day to answer; empty where the law sets none
	ExtendedOn string // the day of the extension's notice
	Outcome    Outcome
	AnsweredOn string
	ClosedOn   string
	EnteredBy  string
	EnteredAt  time.Time
	Version    int64
}

// Subject names a request in the trail and in the marks of controls.
func (r Request) Subject() string { return "rights:" + string(r.ID) }

// Scope is where a request stands, for a permission to be asked.
func (r Request) Scope() policy.Scope {
	return policy.Scope{Owner: r.EnteredBy, State: string(r.State)}
}

// Late tells whether its time limit has passed without an answer.
func (r Request) Late(today string) bool {
	return r.State == Open && r.DueOn != "" && r.DueOn < today
}

// Left is how many days remain to answer; negative when it is late.
func (r Request) Left(today string) int {
	due, err1 := time.Parse(time.DateOnly, r.DueOn)
	now, err2 := time.Parse(time.DateOnly, today)
	if err1 != nil || err2 != nil {
		return 0
	}
	return int(due.Sub(now).Hours() / 24)
}

// Extends is how many days the board's law lets the time limit be extended by, with
// a notice inside the first period; 0 when it does not, or no longer.
func (r Request) Extends(p *policy.Pack, today string) int {
	more, ok := figure(p, "access_extension")
	if !ok || r.State != Open || r.Kind == Complaint || r.ExtendedOn != "" || today > r.DueOn {
		return 0
	}
	return more.Value
}

// answering is the clause that sets the time limit.
func answering(p *policy.Pack) string { return cite(p, "QC-RIGHT-01", "ON-RIGHT-01") }

// enter checks a request as it is entered, and computes its time limit.
func (r *Request) enter(p *policy.Pack, today string) error {
	v := &r.Private
	tidy(&v.Asker, &v.Contact, &v.About, &v.Wanted, &r.ReceivedOn, &r.PersonID)
	f := form{}
	if !slices.Contains(Kinds, r.Kind) {
		f["kind"] = "rights.kind_required"
	}
	f.text("asker", v.Asker, MaxLine, "rights.asker_required")
	f.text("contact", v.Contact, MaxLine, "")
	f.text("wanted", v.Wanted, MaxText, "")
	f.text("about", v.About, MaxLine, "")
	if (r.PersonID == "") == (v.About == "") {
		f["about"] = "rights.about_required"
	}
	f.past("received_on", r.ReceivedOn, "", today, "")
	if err := f.refuse(answering(p)); err != nil {
		return err
	}
	if limit, ok := figure(p, "access_request"); ok && r.Kind != Complaint {
		r.DueOn = addDays(r.ReceivedOn, limit.Value)
	}
	r.State, r.Private.Reasons, r.Private.Recourse, r.Private.Why = Open, "", "", ""
	return nil
}

// extend moves the time limit, once, by what the law allows at most.
func (r *Request) extend(p *policy.Pack, notifiedOn string, days int64, today string) error {
	clause := answering(p)
	more, ok := figure(p, "access_extension")
	switch {
	case r.State != Open:
		return fault.New(fault.Conflict, "rights.not_open").Under(clause)
	case !ok || r.Kind == Complaint:
		return fault.New(fault.Conflict, "rights.no_extension").Under(clause)
	case r.ExtendedOn != "":
		return fault.New(fault.Conflict, "rights.extended_already").Under(clause)
	}
	tidy(&notifiedOn)
	f := form{}
	f.past("notified_on", notifiedOn, r.ReceivedOn, today, "rights.before_received")
	if f["notified_on"] == "" && notifiedOn > r.DueOn {
		f["notified_on"] = "rights.notice_late"
	}
	if days < 1 || days > int64(more.Value) {
		f["days"] = "rights.days_wrong"
	}
	if err := f.refuse(clause); err != nil {
		return err
	}
	r.ExtendedOn, r.DueOn = notifiedOn, addDays(r.DueOn, int(days))
	return nil
}

// Answer is what is answered: what is not granted in full has its reasons, and says
// what the person may do about it.
type Answer struct {
	Outcome           Outcome
	Reasons, Recourse string
	On                string
}

func (r *Request) answer(p *policy.Pack, a Answer, today string) error {
	if r.State != Open {
		return fault.New(fault.Conflict, "rights.not_open").Under(answering(p))
	}
	tidy(&a.Reasons, &a.Recourse, &a.On)
	f := form{}
	reasons, recourse := "", ""
	if a.Outcome != "granted" {
		reasons, recourse = "rights.reasons_required", "rights.recourse_required"
	}
	if !slices.Contains(Outcomes, a.Outcome) {
		f["outcome"], reasons, recourse = "rights.outcome_required", "", ""
	}
	f.text("reasons", a.Reasons, MaxText, reasons)
	f.text("recourse", a.Recourse, MaxText, recourse)
	f.past("answered_on", a.On, r.ReceivedOn, today, "rights.before_received")
	if err := f.refuse(answering(p)); err != nil {
		return err
	}
	r.State, r.Outcome, r.AnsweredOn = Answered, a.Outcome, a.On
	r.Private.Reasons, r.Private.Recourse = a.Reasons, a.Recourse
	return nil
}

// close ends a request that was answered or, with the reason, one that was withdrawn.
func (r *Request) close(p *policy.Pack, why, on, today string) error {
	if r.State == Closed {
		return fault.New(fault.Conflict, "rights.closed_already").Under(answering(p))
	}
	tidy(&why, &on)
	f := form{}
	since, required := r.AnsweredOn, ""
	if r.State == Open {
		since, required = r.ReceivedOn, "rights.why_required"
	}
	f.text("why", why, MaxText, required)
	f.past("closed_on", on, since, today, "rights.before_answered")
	if err := f.refuse(answering(p)); err != nil {
		return err
	}
	r.State, r.ClosedOn, r.Private.Why = Closed, on, why
	return nil
}

// mark says what the control of the time limit sees of a request.
func (r Request) mark(ctx context.Context, tx *db.Tx) error {
	see := func(kept bool, as policy.Outcome) error {
		if !kept {
			as = policy.Exception
		}
		return policy.Mark(ctx, tx, ControlAnswered, r.Subject(), as)
	}
	switch {
	case r.DueOn == "":
		return nil
	case r.AnsweredOn != "":
		return see(r.AnsweredOn <= r.DueOn, policy.Conform)
	case r.State == Closed:
		return policy.Unmark(ctx, tx, ControlAnswered, r.Subject())
	}
	return see(!r.Late(i18n.DayOf(tx.Now)), policy.Waiting)
}

// Enter keeps a request that came in, by whatever way, and computes by which day it
// is answered.
func (s *Service) Enter(ctx context.Context, actor policy.Actor, r Request) (Request, error) {
	err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RightsManage, policy.Scope{}); err != nil {
			return err
		}
		if err := r.enter(actor.Pack, i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		keys, err := s.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		if r.PersonID != "" {
			p, err := pupil(ctx, tx, r.PersonID)
			if err != nil {
				return unknownPupil(err, answering(actor.Pack))
			}
			r.PersonID = p.ID
		}
		r.ID, r.EnteredBy, r.EnteredAt, r.Version = ID(db.NewID()), actor.ID, tx.Now, 1
		if err := insertRequest(ctx, tx, keys, &r); err != nil {
			return err
		}
		if err := r.mark(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "rights.entered", r.Subject(), audit.Under(answering(actor.Pack)),
			audit.Note(fmt.Sprintf("kind=%s due=%s", r.Kind, r.DueOn)))
	})
	return r, err
}

// change is what every act on a request shares.
func (s *Service) change(
	ctx context.Context, actor policy.Actor, id ID, act string, do func(r *Request, today string) error,
) (r Request, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		keys, err := s.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		if r, err = getRequest(ctx, tx, keys, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.RightsManage, r.Scope()); err != nil {
			return err
		}
		if err := do(&r, i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		if err := updateRequest(ctx, tx, keys, &r); err != nil {
			return err
		}
		if err := r.mark(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "rights."+act, r.Subject(), audit.Under(answering(actor.Pack)),
			audit.Note(fmt.Sprintf("state=%s due=%s", r.State, r.DueOn)))
	})
	return r, err
}

// Extend gives more time to answer: once, by at most what the law of the board
// allows, with the day of the notice to who asks, inside the first period.
func (s *Service) Extend(ctx context.Context, actor policy.Actor, id ID, notifiedOn string, days int64) (Request, error) {
	return s.change(ctx, actor, id, "extended", func(r *Request, today string) error {
		return r.extend(actor.Pack, notifiedOn, days, today)
	})
}

// Answer keeps what was answered and when. An answer after the time limit is kept,
// and is an exception to the clause.
func (s *Service) Answer(ctx context.Context, actor policy.Actor, id ID, a Answer) (Request, error) {
	return s.change(ctx, actor, id, "answered", func(r *Request, today string) error { return r.answer(actor.Pack, a, today) })
}

// Close ends a request on a day: after its answer or, with the reason, without one.
func (s *Service) Close(ctx context.Context, actor policy.Actor, id ID, why, on string) (Request, error) {
	return s.change(ctx, actor, id, "closed", func(r *Request, today string) error { return r.close(actor.Pack, why, on, today) })
}

// RequestView is a request as its page shows it.
type RequestView struct {
	Request
	Pupil   string // name of the pupil whom it is about
	Today   string
	Extends int  // days by which it may still be extended
	May     bool // the actor may change it
}

// Request answers one request with what is sealed of it.
func (s *Service) Request(ctx context.Context, actor policy.Actor, id ID) (v RequestView, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		keys, err := s.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		if v.Request, err = getRequest(ctx, tx, keys, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.RightsRead, v.Scope()); err != nil {
			return err
		}
		v.Today, v.May = i18n.DayOf(tx.Now), actor.Can(policy.RightsManage, v.Scope())
		v.Extends = v.Request.Extends(actor.Pack, v.Today)
		if v.PersonID != "" {
			p, err := person.Get(ctx, tx, v.PersonID)
			if err != nil {
				return err
			}
			v.Pupil = p.Name()
		}
		return nil
	})
	return v, err
}

// Requests lists the requests, those that are open first, by the day by which they
// are answered. What is sealed stays so.
func (s *Service) Requests(ctx context.Context, actor policy.Actor) (list []Request, today string, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RightsRead, policy.Scope{}); err != nil {
			return err
		}
		today = i18n.DayOf(tx.Now)
		list, err = requests(ctx, tx)
		return err
	})
	return list, today, err
}

// Due answers the requests that await an answer of the actor; none to who does not
// answer them.
func (s *Service) Due(ctx context.Context, actor policy.Actor) (list []Request, today string, err error) {
	if !actor.Can(policy.RightsManage, policy.Scope{}) {
		return nil, "", nil
	}
	list, today, err = s.Requests(ctx, actor)
	return slices.DeleteFunc(list, func(r Request) bool { return r.State != Open }), today, err
}

// Sweep looks at a board's requests and platforms on a new day: a request whose time
// limit has passed, and a platform that runs without its notice to parents, are
// exceptions.
func (s *Service) Sweep(ctx context.Context, actor policy.Actor) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		late, err := lateRequests(ctx, tx, i18n.DayOf(tx.Now))
		if err != nil {
			return err
		}
		for _, id := range late {
			if err := policy.Mark(ctx, tx, ControlAnswered, Request{ID: id}.Subject(), policy.Exception); err != nil {
				return err
			}
		}
		return markParents(ctx, tx, actor.Pack, "")
	})
}

// pupil reads a pupil by the id or by the number that the roster gives them.
func pupil(ctx context.Context, tx *db.Tx, typed string) (person.Person, error) {
	id, err := pupilID(ctx, tx, typed)
	if err != nil {
		return person.Person{}, err
	}
	return person.Get(ctx, tx, id)
}

// unknownPupil says beside the field that the roster has no such pupil.
func unknownPupil(err error, clause string) error {
	if fault.Is(err, fault.NotFound) {
		return form{"person": "rights.pupil_unknown"}.refuse(clause)
	}
	return err
}

// ---- what is sealed

func requestPlace(id ID) vault.Place {
	return vault.Place{Table: "rights_request", Column: "sealed", Row: string(id)}
}

func sealPrivate(keys *vault.Keys, id ID, p Private) ([]byte, error) {
	plain, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("what is sealed of a request: %w", err)
	}
	return keys.Seal(requestPlace(id), plain)
}

func openPrivate(keys *vault.Keys, id ID, sealed []byte) (p Private, err error) {
	plain, err := keys.Open(requestPlace(id), sealed)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(plain, &p); err != nil {
		return p, fmt.Errorf("what is sealed of request %s: %w", id, err)
	}
	return p, nil
}
