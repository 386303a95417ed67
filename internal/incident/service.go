package incident

import (
	"context"
	"slices"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/job"
	"aval/internal/org"
	"aval/internal/policy"
)

// The controls that incidents carry.
const (
	ControlRegistered = "incident.registered"  // QC-INC-01, QC-INC-07
	ControlRisk       = "incident.risk_tested" // QC-INC-03
	ControlNotified   = "incident.notified"    // QC-INC-04, QC-INC-05
	ControlMeasured   = "incident.measured"    // QC-INC-02
	ControlKept       = "register.kept"        // QC-INC-08
)

// Reported is the job that tells who answers for privacy of a report.
const Reported job.Kind = "notice.incident"

// Service is what people do about incidents.
type Service struct {
	DB *db.DB
}

// Report keeps what an employee tells of something that may have happened, and
// lets those who answer for privacy know.
func (s *Service) Report(ctx context.Context, actor policy.Actor, told Told) (r Report, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.IncidentReport, policy.Scope{Owner: actor.ID}); err != nil {
			return err
		}
		if err := told.check(TestOf(actor.Pack), i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		r = Report{ID: db.NewID(), By: actor.ID, At: tx.Now, Told: told, State: Received}
		if err := insertReport(ctx, tx, r); err != nil {
			return err
		}
		if err := policy.Mark(ctx, tx, ControlRegistered, r.Subject(), policy.Waiting); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "incident.reported", r.Subject(), audit.Under(TestOf(actor.Pack).under(clauseWhat))); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, Reported, r.ID)
	})
	return r, err
}

// Mine answers what the actor told, the latest first: that it was received and
// how far it is, and no more.
func (s *Service) Mine(ctx context.Context, actor policy.Actor) (reports []Report, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.IncidentReport, policy.Scope{Owner: actor.ID}); err != nil {
			return err
		}
		reports, err = reportsBy(ctx, tx, actor.ID)
		for i := range reports {
			reports[i] = reports[i].own()
		}
		return err
	})
	return reports, err
}

// Waiting answers the reports that await an answer of the actor, the oldest first;
// none to who does not answer them.
func (s *Service) Waiting(ctx context.Context, actor policy.Actor) (reports []Report, err error) {
	if !actor.Can(policy.IncidentManage, policy.Scope{}) {
		return nil, nil
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		reports, err = Unanswered(ctx, tx)
		return err
	})
	return reports, err
}

// ReportToTake answers a report to who may enter it in the register.
func (s *Service) ReportToTake(ctx context.Context, actor policy.Actor, id string) (r Report, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		r, err = takes(ctx, tx, actor, id)
		return err
	})
	return r, err
}

// takes is a report that the actor may answer.
func takes(ctx context.Context, tx *db.Tx, actor policy.Actor, id string) (r Report, err error) {
	if r, err = GetReport(ctx, tx, id); err != nil {
		return r, err
	}
	if err := actor.Allow(policy.IncidentManage, r.Scope()); err != nil {
		return Report{}, err
	}
	return r, nil
}

// SetAside answers a report that tells of no incident, with the reason; a report
// is answered once.
func (s *Service) SetAside(ctx context.Context, actor policy.Actor, id, reason string) (r Report, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if r, err = takes(ctx, tx, actor, id); err != nil {
			return err
		}
		if r.State != Received {
			return fault.New(fault.Conflict, "incident.report_answered")
		}
		f := form{}
		r.Reason = i18n.Clean(reason)
		f.text("reason", r.Reason, MaxText, "incident.aside_reason")
		if err := f.refuse(TestOf(actor.Pack).under(clauseWhat)); err != nil {
			return err
		}
		r.AnsweredBy, r.AnsweredAt, r.State = actor.ID, tx.Now, Aside
		if err := answerReport(ctx, tx, r); err != nil {
			return err
		}
		if err := policy.Unmark(ctx, tx, ControlRegistered, r.Subject()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "incident.set_aside", r.Subject(), audit.Under(TestOf(actor.Pack).under(clauseWhat)))
	})
	return r, err
}

// Open enters an incident in the register, from a report that it then answers or
// from none. Every incident is entered, also one without a serious risk.
func (s *Service) Open(ctx context.Context, actor policy.Actor, e Entry, report string) (i Incident, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		i, err = Open(ctx, tx, actor, e, report)
		return err
	})
	return i, err
}

// Open is the use case within a transaction.
func Open(ctx context.Context, tx *db.Tx, actor policy.Actor, e Entry, report string) (i Incident, err error) {
	if err := actor.Allow(policy.IncidentManage, policy.Scope{}); err != nil {
		return i, err
	}
	e.Risk, e.Measures = nil, nil
	i = Incident{Test: TestOf(actor.Pack), State: Opened, OpenedBy: actor.ID, OpenedAt: tx.Now, Entry: e.tidy(),
		Act: "opened", ChangedBy: actor.ID, ChangedAt: tx.Now}
	if err := i.enter(ctx, tx); err != nil {
		return i, err
	}
	if err := insert(ctx, tx, &i); err != nil {
		return i, err
	}
	if report != "" {
		if err := i.answers(ctx, tx, actor, report); err != nil {
			return i, err
		}
	}
	for control, outcome := range map[string]policy.Outcome{ControlRegistered: policy.Conform, ControlKept: policy.Conform,
		ControlRisk: policy.Waiting, ControlMeasured: policy.Waiting} {
		if err := policy.Mark(ctx, tx, control, i.Subject(), outcome); err != nil {
			return i, err
		}
	}
	return i, audit.Write(ctx, tx, actor, "incident.opened", i.Subject(), audit.Under(i.Test.under(clauseRegister)))
}

// enter refuses an entry that is wrong, or names what the board does not have.
func (i *Incident) enter(ctx context.Context, tx *db.Tx) error {
	if err := i.check(i.Test, i18n.DayOf(tx.Now)); err != nil {
		return err
	}
	if i.Platform != "" {
		if _, err := catalogue.Get(ctx, tx, i.Platform); err != nil {
			return err
		}
	}
	names, err := schools(ctx, tx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(i.Schools, func(id string) bool { return names[id] == "" }) {
		return form{"schools": "incident.schools_wrong"}.refuse(i.Test.under(clauseRegister))
	}
	return nil
}

// answers says of a report that it is entered as this incident.
func (i *Incident) answers(ctx context.Context, tx *db.Tx, actor policy.Actor, report string) error {
	r, err := takes(ctx, tx, actor, report)
	if err != nil {
		return err
	}
	if r.State != Received {
		return fault.New(fault.Conflict, "incident.report_answered")
	}
	r.Incident, r.AnsweredBy, r.AnsweredAt = i.ID, actor.ID, tx.Now
	if err := answerReport(ctx, tx, r); err != nil {
		return err
	}
	return policy.Unmark(ctx, tx, ControlRegistered, r.Subject())
}

// schools are the names of the board's schools and departments by id.
func schools(ctx context.Context, tx *db.Tx) (map[string]string, error) {
	all, err := org.All(ctx, tx)
	names := map[string]string{}
	for _, o := range all {
		if o.Kind != org.Board {
			names[o.ID] = o.Name
		}
	}
	return names, err
}

// change is what every act on an incident shares: who may, the act itself, a new
// version, and the incident open again when it no longer holds as closed.
func (s *Service) change(
	ctx context.Context, actor policy.Actor, id ID, act, clause string, do func(context.Context, *db.Tx, *Incident) error,
) (i Incident, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		i, err = change(ctx, tx, actor, id, act, clause, do)
		return err
	})
	return i, err
}

func change(
	ctx context.Context, tx *db.Tx, actor policy.Actor, id ID, act, clause string, do func(context.Context, *db.Tx, *Incident) error,
) (i Incident, err error) {
	if i, err = managed(ctx, tx, actor, id); err != nil {
		return i, err
	}
	i.Act, i.Why, i.ChangedBy, i.ChangedAt = act, "", actor.ID, tx.Now
	if err := do(ctx, tx, &i); err != nil {
		return i, err
	}
	notices, err := NoticesOf(ctx, tx, id)
	if err != nil {
		return i, err
	}
	if i.State == Closed && i.complete(notices[id]) != nil {
		i.State, i.ClosedBy, i.ClosedAt = Opened, "", time.Time{}
	}
	if err := update(ctx, tx, &i); err != nil {
		return i, err
	}
	if err := i.mark(ctx, tx, notices[id]); err != nil {
		return i, err
	}
	return i, audit.Write(ctx, tx, actor, "incident."+act, i.Subject(), audit.Under(i.Test.under(clause)),
		audit.Note(detail("version", version(i.Version), "state", string(i.State))))
}

// managed is an incident that the actor may change.
func managed(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID) (i Incident, err error) {
	if i, err = Get(ctx, tx, id); err != nil {
		return i, err
	}
	if err := actor.Allow(policy.IncidentManage, i.Scope()); err != nil {
		return Incident{}, err
	}
	return i, nil
}

// mark says what the controls see of an incident as it stands.
func (i Incident) mark(ctx context.Context, tx *db.Tx, notices []Notice) error {
	done := func(yes bool) policy.Outcome {
		if yes {
			return policy.Conform
		}
		return policy.Waiting
	}
	if err := policy.Mark(ctx, tx, ControlRisk, i.Subject(), done(i.Risk != nil)); err != nil {
		return err
	}
	if err := policy.Mark(ctx, tx, ControlMeasured, i.Subject(), done(len(i.Measures) > 0)); err != nil {
		return err
	}
	if !i.Risk.Serious() {
		return policy.Unmark(ctx, tx, ControlNotified, i.Subject())
	}
	return policy.Mark(ctx, tx, ControlNotified, i.Subject(), done(told(notices)))
}

// Correct replaces what was entered, its risk and measures aside, with the reason;
// the former version is kept. Version is the one that was looked at: of two who
// correct at once the second is told (Conflict).
func (s *Service) Correct(ctx context.Context, actor policy.Actor, id ID, e Entry, why string, seen int64) (Incident, error) {
	return s.change(ctx, actor, id, "corrected", clauseRegister, func(ctx context.Context, tx *db.Tx, i *Incident) error {
		if seen != i.Version {
			return db.Changed(0, nil)
		}
		e.Risk, e.Measures = i.Risk, i.Measures
		i.Entry, i.Why = e.tidy(), i18n.Clean(why)
		err := i.enter(ctx, tx)
		f := form{}
		f.text("why", i.Why, MaxText, "incident.why_required")
		return both(err, f.refuse(i.Test.under(clauseRegister)))
	})
}

// both is a refusal of the fields of two.
func both(one, two error) error {
	a, ok1 := fault.As(one)
	b, ok2 := fault.As(two)
	switch {
	case one == nil || ok1 && ok2 && len(a.Fields) == 0:
		return two
	case !ok1 || !ok2 || len(a.Fields) == 0:
		return one
	}
	fields := map[string]fault.Message{}
	for _, f := range []*fault.Fault{a, b} {
		for name, m := range f.Fields {
			fields[name] = m
		}
	}
	err := fault.FormMsg(fields)
	if f, ok := fault.As(err); ok {
		return f.Under(a.Clause)
	}
	return err
}

// Assess keeps how a person answers the risk test of the board's law, with the
// factors and the reasons. Nothing is suggested.
func (s *Service) Assess(ctx context.Context, actor policy.Actor, id ID, r Risk) (Incident, error) {
	return s.change(ctx, actor, id, "assessed", clauseRisk, func(_ context.Context, tx *db.Tx, i *Incident) error {
		if err := r.check(*i, actor.Has(policy.PrivacyOfficer), i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		r.By, r.At = actor.ID, tx.Now
		i.Risk = &r
		return nil
	})
}

// Measure adds something that was done, or puts it in place of another that was
// noted wrongly: replaces counts from one, 0 is none.
func (s *Service) Measure(ctx context.Context, actor policy.Actor, id ID, m Measure, replaces int) (Incident, error) {
	return s.change(ctx, actor, id, "measured", clauseMeasures, measured(m, replaces))
}

// Measured is Measure, of something new, within a transaction.
func Measured(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID, m Measure) (Incident, error) {
	return change(ctx, tx, actor, id, "measured", clauseMeasures, measured(m, 0))
}

func measured(m Measure, replaces int) func(context.Context, *db.Tx, *Incident) error {
	return func(_ context.Context, tx *db.Tx, i *Incident) error {
		if replaces < 0 || replaces > len(i.Measures) {
			return form{"replaces": "incident.replaces_wrong"}.refuse(i.Test.under(clauseMeasures))
		}
		if err := m.check(*i, i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		list := slices.Clone(i.Measures)
		if replaces > 0 {
			list[replaces-1] = m
		} else {
			list = append(list, m)
		}
		slices.SortStableFunc(list, func(a, b Measure) int { return strings.Compare(a.On, b.On) })
		i.Measures = list
		return nil
	}
}

// Close ends what was to be done, once the risk is weighed, a measure is noted
// and, where it is serious, notice was given. Later changes are still versions.
func (s *Service) Close(ctx context.Context, actor policy.Actor, id ID, why string) (Incident, error) {
	return s.change(ctx, actor, id, "closed", clauseRegister, func(ctx context.Context, tx *db.Tx, i *Incident) error {
		if i.State == Closed {
			return fault.New(fault.Conflict, "incident.closed_already")
		}
		notices, err := NoticesOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := i.complete(notices[id]); err != nil {
			return err
		}
		i.Why = i18n.Clean(why)
		f := form{}
		f.text("closing", i.Why, MaxText, "incident.closing_required")
		i.State, i.ClosedBy, i.ClosedAt = Closed, actor.ID, tx.Now
		return f.refuse(i.Test.under(clauseRegister))
	})
}

// Delete takes an entry out of the register, five years after the board became
// aware at the soonest: before, it is refused under the law's clause.
func (s *Service) Delete(ctx context.Context, actor policy.Actor, id ID) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		i, err := managed(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := i.deletable(i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		return i.destroy(ctx, tx, actor)
	})
}

// Destroy is Delete in the transaction of a disposal that a second person approved. It
// answers false, and leaves the entry, when its time has not come or it is open again.
func Destroy(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID) (gone bool, err error) {
	i, err := Get(ctx, tx, id)
	switch {
	case fault.Is(err, fault.NotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	if refusal := i.deletable(i18n.DayOf(tx.Now)); refusal != nil {
		return false, nil //nolint:nilerr // an entry that must stay is left, and the batch goes on
	}
	return true, i.destroy(ctx, tx, actor)
}

func (i Incident) destroy(ctx context.Context, tx *db.Tx, actor policy.Actor) error {
	for _, control := range []string{ControlRegistered, ControlRisk, ControlNotified, ControlMeasured, ControlKept} {
		if err := policy.Unmark(ctx, tx, control, i.Subject()); err != nil {
			return err
		}
	}
	if err := remove(ctx, tx, i.ID); err != nil {
		return err
	}
	return audit.Write(ctx, tx, actor, "incident.deleted", i.Subject(), audit.Under(i.Test.under(clauseKeep)),
		audit.Note(detail("aware", i.AwareOn)))
}
