package rights

import (
	"context"
	"fmt"
	"slices"
	"time"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/policy"
)

// Record is a type of records that may be destroyed without a gap in the trail, which
// names none of them but by its id.
type Record string

// What may be destroyed: requests that are closed, consents that have ended, and
// closed incidents.
const (
	OldRequests  Record = "requests"
	OldConsents  Record = "consents"
	OldIncidents Record = "incidents"
)

// Records lists every type.
var Records = []Record{OldRequests, OldConsents, OldIncidents}

// batchSize is how many records one batch holds at most.
const batchSize = 500

// Rule is how long a type of records is kept, as the board's retention calendar says:
// the code of its rule and the years after the record has served. aval ships none.
type Rule struct {
	Record Record
	Code   string
	Years  int64
	SetBy  string
	SetAt  time.Time
}

// least is how many years the law keeps a type of records at least, and the clause.
func least(p *policy.Pack, r Record) (years int64, clause string) {
	if r != OldIncidents {
		return 0, destroying(p)
	}
	if t, ok := figure(p, "incident_register_kept"); ok {
		return int64(t.Value), cite(p, t.Clause)
	}
	return 0, destroying(p)
}

func destroying(p *policy.Pack) string { return cite(p, "QC-RET-01") }

// before is the day before which a record must have served to be destroyed.
func (r Rule) before(today string) string {
	t, err := time.Parse(time.DateOnly, today)
	if err != nil {
		return ""
	}
	return t.AddDate(-int(r.Years), 0, 0).Format(time.DateOnly)
}

// check refuses a rule without its code, and fewer years than the law has.
func (r *Rule) check(p *policy.Pack) error {
	tidy(&r.Code)
	f := form{}
	if !slices.Contains(Records, r.Record) {
		f["record"] = "rights.record_required"
	}
	f.text("code", r.Code, 60, "rights.code_required")
	if r.Years < 0 || r.Years > 100 {
		f["years"] = "rights.years_wrong"
	}
	if err := f.refuse(destroying(p)); err != nil {
		return err
	}
	if years, clause := least(p, r.Record); r.Years < years {
		refusal, _ := fault.As(fault.FormMsg(map[string]fault.Message{"years": {Key: "rights.years_law", Args: []any{years}}}))
		return refusal.Under(clause)
	}
	return nil
}

// Batch is records that have served, proposed by one person and destroyed with the
// approval of another. It tells what, how many, by which rule, who and when; no name.
type Batch struct {
	ID         ID
	Record     Record
	Code       string
	Years      int64
	Before     string // they had served before this day
	Count      int64
	State      string // proposed, destroyed or refused
	ProposedBy string
	ProposedAt time.Time
	ApprovedBy string // or refused by
	ApprovedAt time.Time
}

// The states of a batch.
const (
	Proposed  = "proposed"
	Destroyed = "destroyed"
	Refused   = "refused"
)

// Subject names a batch in the trail and in the marks of controls.
func (b Batch) Subject() string { return "disposal:" + string(b.ID) }

// Scope is where a batch stands, for a permission to be asked.
func (b Batch) Scope() policy.Scope { return policy.Scope{State: b.State} }

// SetRule keeps the rule of the board's calendar for a type of records. It refuses
// fewer years than the law has.
func (s *Service) SetRule(ctx context.Context, actor policy.Actor, r Rule) (Rule, error) {
	err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RightsDispose, policy.Scope{}); err != nil {
			return err
		}
		tidy(&r.Code)
		if err := r.check(actor.Pack); err != nil {
			return err
		}
		r.SetBy, r.SetAt = actor.ID, tx.Now
		if err := saveRule(ctx, tx, r); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "retention.rule_set", "retention:"+string(r.Record), audit.Under(destroying(actor.Pack)),
			audit.Note(fmt.Sprintf("code=%s years=%d", r.Code, r.Years)))
	})
	return r, err
}

// Propose gathers the records of a type that are past its rule. It refuses (Conflict)
// when there is no rule yet, or nothing is past it.
func (s *Service) Propose(ctx context.Context, actor policy.Actor, record Record) (b Batch, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RightsDispose, policy.Scope{}); err != nil {
			return err
		}
		clause := destroying(actor.Pack)
		if !slices.Contains(Records, record) {
			return form{"record": "rights.record_required"}.refuse(clause)
		}
		rules, err := rules(ctx, tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(rules, func(r Rule) bool { return r.Record == record })
		if at < 0 {
			return fault.New(fault.Conflict, "rights.rule_first").Under(clause)
		}
		rule := rules[at]
		b = Batch{ID: ID(db.NewID()), Record: record, Code: rule.Code, Years: rule.Years, Before: rule.before(i18n.DayOf(tx.Now)), State: Proposed,
			ProposedBy: actor.ID, ProposedAt: tx.Now}
		ids, err := served(ctx, tx, record, b.Before)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return fault.New(fault.Conflict, "rights.nothing_served").Under(clause)
		}
		b.Count = int64(len(ids))
		if err := insertBatch(ctx, tx, b, ids); err != nil {
			return err
		}
		if err := policy.Mark(ctx, tx, ControlDestroyed, b.Subject(), policy.Waiting); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "retention.proposed", b.Subject(), audit.Under(clause), audit.Note(b.note()))
	})
	return b, err
}

// note is the destruction's record in the trail.
func (b Batch) note() string {
	return fmt.Sprintf("record=%s count=%d code=%s years=%d before=%s", b.Record, b.Count, b.Code, b.Years, b.Before)
}

// Decide ends a batch: another person than the one who proposed it approves, and the
// records are destroyed at once; or the batch is refused and they stay.
func (s *Service) Decide(ctx context.Context, actor policy.Actor, id ID, answer string) (b Batch, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		clause := destroying(actor.Pack)
		if b, err = getBatch(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.RightsDispose, policy.Scope{}); err != nil {
			return fault.Missing()
		}
		switch {
		case b.State != Proposed:
			return fault.New(fault.Conflict, "rights.batch_done").Under(clause)
		case answer != "approve" && answer != "refuse":
			return form{"answer": "rights.answer_required"}.refuse(clause)
		case answer == "approve" && slices.Contains(actor.Hands(policy.RightsDispose, policy.Scope{}), b.ProposedBy):
			return fault.New(fault.Conflict, "rights.second_person").Under(clause)
		}
		b.State, b.ApprovedBy, b.ApprovedAt = Refused, actor.ID, tx.Now
		if answer == "approve" {
			b.State = Destroyed
			if b.Count, err = destroy(ctx, tx, actor, b); err != nil {
				return err
			}
		}
		if err := endBatch(ctx, tx, b); err != nil {
			return err
		}
		if b.State == Refused {
			err = policy.Unmark(ctx, tx, ControlDestroyed, b.Subject())
		} else {
			err = policy.Mark(ctx, tx, ControlDestroyed, b.Subject(), policy.Conform)
		}
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "retention."+b.State, b.Subject(), audit.Under(clause), audit.Note(b.note()))
	})
	return b, err
}

// destroy deletes the records of a batch, and answers how many: one that was taken up
// again since stays.
func destroy(ctx context.Context, tx *db.Tx, actor policy.Actor, b Batch) (n int64, err error) {
	switch b.Record {
	case OldRequests:
		return deleteRequests(ctx, tx, b)
	case OldConsents:
		return deleteConsents(ctx, tx, b)
	}
	ids, err := batchItems(ctx, tx, b.ID)
	for _, id := range ids {
		gone, err := incident.Destroy(ctx, tx, actor, incident.ID(id))
		if err != nil {
			return n, err
		}
		if gone {
			n++
		}
	}
	return n, err
}

// Retention is what the page on destruction shows.
type Retention struct {
	Rules   []Rule
	Due     map[Record]int // records that are past their rule, and in no batch
	Batches []Batch        // the last first
	People  map[string]string
	Clause  string
}

// Retention answers the rules, what is past them, and what was destroyed.
func (s *Service) Retention(ctx context.Context, actor policy.Actor) (r Retention, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RightsDispose, policy.Scope{}); err != nil {
			return err
		}
		r.Clause = destroying(actor.Pack)
		if r.Rules, err = rules(ctx, tx); err != nil {
			return err
		}
		r.Due = map[Record]int{}
		for _, rule := range r.Rules {
			ids, err := served(ctx, tx, rule.Record, rule.before(i18n.DayOf(tx.Now)))
			if err != nil {
				return err
			}
			r.Due[rule.Record] = len(ids)
		}
		if r.Batches, err = batches(ctx, tx); err != nil {
			return err
		}
		var ids []string
		for _, b := range r.Batches {
			ids = append(ids, b.ProposedBy, b.ApprovedBy)
		}
		r.People, err = account.Names(ctx, tx, ids)
		return err
	})
	return r, err
}

// BatchView is a batch as its page shows it.
type BatchView struct {
	Batch
	People map[string]string
	May    bool // the actor may approve it: another person proposed it
}

// Batch answers one batch.
func (s *Service) Batch(ctx context.Context, actor policy.Actor, id ID) (v BatchView, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if !actor.Can(policy.RightsDispose, policy.Scope{}) {
			return fault.Missing()
		}
		if v.Batch, err = getBatch(ctx, tx, id); err != nil {
			return err
		}
		v.May = !slices.Contains(actor.Hands(policy.RightsDispose, policy.Scope{}), v.ProposedBy)
		v.People, err = account.Names(ctx, tx, []string{v.ProposedBy, v.ApprovedBy})
		return err
	})
	return v, err
}
