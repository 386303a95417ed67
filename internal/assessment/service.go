package assessment

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"aval/internal/audit"
	"aval/internal/blob"
	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

// The controls that assessments carry, each by the request.
const (
	controlConsulted = "privacy.consulted"
	controlPortable  = "assessment.portable"
	controlMitigated = "assessment.mitigated"
	controlTransfer  = "transfer.assessed"
)

// controls are those that a concluded assessment settles, and the clause of each.
var controls = map[string]string{
	"assessment.depth":    "QC-PIA-03",
	controlPortable:       "QC-PIA-04",
	"technology.told":     "QC-TECH-01",
	"technology.defaults": "QC-TECH-02",
	"technology.decides":  "QC-TECH-03",
	controlMitigated:      clauseMitigated,
}

// Service is what people do with assessments.
type Service struct {
	DB    *db.DB
	Blobs *blob.Store
}

// Open begins the assessment of a request that is with those who evaluate; one that
// is begun is answered as it stands. To open it says that personal information is
// touched.
func (s *Service) Open(ctx context.Context, actor policy.Actor, id request.ID) (a Assessment, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		r, err := request.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.RequestRead, r.Scope()); err != nil {
			return err
		}
		if err := may(actor, policy.AssessmentWrite, r); err != nil {
			return err
		}
		all, err := editions(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(all) > 0 {
			a = all[0]
			return nil
		}
		if r.State != request.Authorised && r.State != request.Acknowledged && r.State != request.Evaluated {
			return fault.New(fault.Conflict, "request.privacy_not_now").Under(ClauseAssessed)
		}
		a = begin(actor, r, tx.Now)
		if err := insert(ctx, tx, a); err != nil {
			return err
		}
		p := r.Privacy
		p.Personal = "yes"
		if err := request.KeepPrivacy(ctx, tx, actor, &r, p); err != nil {
			return err
		}
		for control, clause := range controls {
			if _, asked := actor.Pack.Clause(clause); !asked {
				continue
			}
			if err := policy.Mark(ctx, tx, control, r.Subject(), policy.Waiting); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "assessment.opened", Subject(a.ID), audit.Under(ClauseAssessed), audit.Note("request="+string(id)))
	})
	return a, err
}

// begin is the first edition.
func begin(actor policy.Actor, r request.Request, now time.Time) Assessment {
	return Assessment{ID: ID(db.NewID()), RequestID: r.ID, PlatformID: r.PlatformID, Edition: 1, State: Draft,
		Answers: map[string]Answer{}, Risks: []Risk{}, StartedBy: actor.ID, StartedAt: now, WrittenBy: actor.ID, WrittenAt: now, Version: 1}
}

// may asks permission to act on the assessment of a request; who asked for the
// platform does not assess it.
func may(actor policy.Actor, do policy.Action, r request.Request) error {
	if err := actor.Allow(do, r.Scope()); err != nil {
		return err
	}
	if r.Party(actor, do) {
		return fault.New(fault.Denied, "assessment.asked").Under(ClauseAssessed)
	}
	return nil
}

// readable lets an actor read: to who asked for the platform nothing is there.
func readable(actor policy.Actor, do policy.Action, r request.Request) error {
	if r.Party(actor, do) {
		return fault.Missing()
	}
	return actor.Allow(do, r.Scope())
}

// seen is an edition to which the actor may do this, and its request.
func seen(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, id ID) (a Assessment, r request.Request, err error) {
	if a, err = get(ctx, tx, id); err != nil {
		return a, r, err
	}
	if r, err = request.Get(ctx, tx, a.RequestID); err != nil {
		return a, r, err
	}
	if err := readable(actor, policy.AssessmentRead, r); err != nil {
		return a, r, err
	}
	if do == policy.AssessmentRead {
		return a, r, nil
	}
	return a, r, may(actor, do, r)
}

// Write keeps what was typed on a draft, which may be incomplete.
func (s *Service) Write(ctx context.Context, actor policy.Actor, id ID, in Input) (a Assessment, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		var r request.Request
		if a, r, err = seen(ctx, tx, actor, policy.AssessmentWrite, id); err != nil {
			return err
		}
		k, err := fill(ctx, tx, actor, r)
		if err != nil {
			return err
		}
		owners, err := owners(ctx, tx, r.OrgID)
		if err != nil {
			return err
		}
		if err := a.write(in, actor.Pack.AssessmentForm(), k.filled, owners); err != nil {
			return err
		}
		a.Version, a.WrittenBy, a.WrittenAt = in.Version, actor.ID, tx.Now
		if err := update(ctx, tx, &a); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "assessment.written", Subject(id), audit.Under(ClauseAssessed))
	})
	return a, err
}

// owners are those who may see to a mitigation: whoever may see to a condition, and
// those who answer for privacy and for the machines.
func owners(ctx context.Context, tx *db.Tx, org string) ([]condition.Candidate, error) {
	list, err := condition.Candidates(ctx, tx, org)
	for _, role := range []policy.Role{policy.PrivacyOfficer, policy.IT} {
		list = append(list, condition.Candidate{Owner: condition.Owner{Role: role}})
	}
	return list, err
}

// Conclude closes a draft, with what is typed last, as the privacy officer: from then on it is not rewritten,
// and the request may be decided on it. It is refused while a question that is asked
// has no answer, a high risk no mitigation or nobody who sees to it, or the pupils'
// data another place than the evaluation found.
func (s *Service) Conclude(ctx context.Context, actor policy.Actor, id ID, in Input) (a Assessment, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		var r request.Request
		if a, r, err = seen(ctx, tx, actor, policy.AssessmentConclude, id); err != nil {
			return err
		}
		k, err := fill(ctx, tx, actor, r)
		if err != nil {
			return err
		}
		form := actor.Pack.AssessmentForm()
		owners, err := owners(ctx, tx, r.OrgID)
		if err != nil {
			return err
		}
		if err := a.write(in, form, k.filled, owners); err != nil {
			return err
		}
		a = a.with(k)
		if err := a.conclude(form, k.place, actor.Pack, actor.ID, tx.Now); err != nil {
			return err
		}
		a.Version, a.WrittenBy, a.WrittenAt = in.Version, actor.ID, tx.Now
		if err := update(ctx, tx, &a); err != nil {
			return err
		}
		p := r.Privacy
		p.Personal, p.PIAOn, p.Assessment, p.Transfer = "yes", i18n.DayOf(tx.Now), string(a.ID), ""
		if a.Leaves(form) {
			p.Transfer = a.Answers[askAdequate].Value
		}
		if err := request.KeepPrivacy(ctx, tx, actor, &r, p); err != nil {
			return err
		}
		if err := a.mark(ctx, tx, actor.Pack, r, p.Transfer); err != nil {
			return err
		}
		if p.Transfer != "" {
			if err := contract.Mitigations(ctx, tx, actor, a.PlatformID, a.measures()); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "assessment.concluded", Subject(id), audit.Under(ClauseAssessed),
			audit.Note("edition="+strconv.FormatInt(a.Edition, 10)+" depth="+a.Depth(form)+" transfer="+p.Transfer))
	})
	return a, err
}

// mark says what the controls of a concluded assessment saw.
func (a Assessment) mark(ctx context.Context, tx *db.Tx, pack *policy.Pack, r request.Request, transfer string) error {
	for control, clause := range controls {
		if _, asked := pack.Clause(clause); !asked {
			continue
		}
		outcome := policy.Conform
		if control == controlPortable && a.Answers[askPortable].Value == "no" {
			outcome = policy.Exception
		}
		if err := policy.Mark(ctx, tx, control, r.Subject(), outcome); err != nil {
			return err
		}
	}
	if transfer == "" {
		return policy.Unmark(ctx, tx, controlTransfer, r.Subject())
	}
	return policy.Mark(ctx, tx, controlTransfer, r.Subject(), policy.Conform)
}

// Correct begins another edition of a concluded assessment, with the reason; the
// earlier one stands until the new one is concluded, and is never changed.
func (s *Service) Correct(ctx context.Context, actor policy.Actor, id ID, why string) (a Assessment, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		was, r, err := seen(ctx, tx, actor, policy.AssessmentConclude, id)
		if err != nil {
			return err
		}
		switch {
		case was.State == Draft:
			return fault.New(fault.Conflict, "assessment.not_concluded").Under(ClauseAssessed)
		case was.Replaced:
			return fault.New(fault.Conflict, "assessment.replaced").Under(ClauseAssessed)
		}
		why = i18n.Clean(why)
		switch n := len([]rune(why)); {
		case n == 0:
			return fault.Form(map[string]string{"reason": "assessment.reason_required"})
		case n > maxText:
			return fault.Form(map[string]string{"reason": "assessment.text_long"})
		}
		a = begin(actor, r, tx.Now)
		a.Edition, a.Corrects, a.Why = was.Edition+1, was.ID, why
		a.Answers, a.Risks = maps.Clone(was.Answers), slices.Clone(was.Risks)
		if err := insert(ctx, tx, a); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "assessment.corrected", Subject(a.ID), audit.Under(ClauseAssessed), audit.Note("of="+string(was.ID)))
	})
	return a, err
}

// Consult records what the committee said on a day (QC-PIA-02). One held after the
// decision is kept too, and counted as an exception.
func (s *Service) Consult(ctx context.Context, actor policy.Actor, id ID, c Consultation) (_ Consultation, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		_, r, err := seen(ctx, tx, actor, policy.AssessmentConsult, id)
		if err != nil {
			return err
		}
		if _, asked := actor.Pack.Clause(ClauseCommittee); !asked {
			return fault.New(fault.Conflict, "assessment.no_committee")
		}
		if err := c.check(i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		c.ID, c.RecordedBy, c.RecordedAt, c.Late = db.NewID(), actor.ID, tx.Now, late(r, c.HeldOn)
		if err := insertConsultation(ctx, tx, r.ID, c); err != nil {
			return err
		}
		p := r.Privacy
		if p.CommitteeOn == "" || c.HeldOn < p.CommitteeOn {
			p.CommitteeOn = c.HeldOn
		}
		if err := request.KeepPrivacy(ctx, tx, actor, &r, p); err != nil {
			return err
		}
		if c.Late && r.Privacy.CommitteeOn == "" {
			if err := policy.Mark(ctx, tx, controlConsulted, r.Subject(), policy.Exception); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "assessment.consulted", Subject(id), audit.Under(ClauseCommittee), audit.Note("held="+c.HeldOn))
	})
	return c, err
}

// late tells whether a day comes after the decision.
func late(r request.Request, day string) bool {
	return !r.DecidedAt.IsZero() && day > i18n.DayOf(r.DecidedAt)
}

// Filter says which assessments are listed.
type Filter struct {
	State State // all when empty
	Part  int   // from one
}

// Listed is an edition and how what it is about is called.
type Listed struct {
	Assessment
	Platform string
	Number   string // of the request
	Org      string
}

// Page answers a part of the assessments that the actor may read, the latest edition
// of each, the last written first; more says that another part follows.
func (s *Service) Page(ctx context.Context, actor policy.Actor, f Filter) (list []Listed, more bool, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if len(actor.Reach(policy.AssessmentRead).Rules) == 0 {
			return actor.Allow(policy.AssessmentRead, policy.Scope{})
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

// View is an edition as its page shows it: with what was filled in beforehand, where
// it is a draft.
type View struct {
	Listed
	Request   request.Request
	Form      []policy.Question
	Place     evaluation.Location // where the evaluation found the pupils' data; empty before
	Committee []Consultation
	Asks      bool // the law wants the committee consulted
	Editions  []Assessment
	Owners    []condition.Candidate
	Writer    string // names
	Concluder string
	Vetting   []File // only for who may read them
	May       May
}

// May is what the page offers to who reads it.
type May struct{ Write, Conclude, Correct, Consult, Attach, SeeVetting bool }

// Differs tells whether the evaluation found the pupils' data elsewhere than the
// edition says.
func (v View) Differs() bool {
	return v.Place != evaluation.Unsaid && v.Answers[askHosting].Value != "" && v.Answers[askHosting].Value != string(v.Place)
}

// View shows an edition to who may read it.
func (s *Service) View(ctx context.Context, actor policy.Actor, id ID) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		v, err = view(ctx, tx, actor, id)
		return err
	})
	return v, err
}

func view(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID) (v View, err error) {
	a, r, err := seen(ctx, tx, actor, policy.AssessmentRead, id)
	if err != nil {
		return v, err
	}
	k, err := fill(ctx, tx, actor, r)
	if err != nil {
		return v, err
	}
	v.Assessment, v.Request, v.Number, v.Place, v.Form = a.with(k), r, r.Number, k.place, actor.Pack.AssessmentForm()
	_, v.Asks = actor.Pack.Clause(ClauseCommittee)
	p, err := catalogue.Get(ctx, tx, a.PlatformID)
	if err != nil {
		return v, err
	}
	v.Platform = p.Name
	for name, read := range map[*string]struct{ query, id string }{
		&v.Org:       {`SELECT name FROM org WHERE board_id = $1 AND id = $2`, r.OrgID},
		&v.Writer:    {`SELECT name FROM account WHERE board_id = $1 AND id = $2`, a.WrittenBy},
		&v.Concluder: {`SELECT name FROM account WHERE board_id = $1 AND id = $2`, a.ConcludedBy},
	} {
		if *name, err = textOf(ctx, tx, read.query, read.id); err != nil {
			return v, err
		}
	}
	if v.Committee, err = consultations(ctx, tx, r.ID); err != nil {
		return v, err
	}
	for i := range v.Committee {
		v.Committee[i].Late = late(r, v.Committee[i].HeldOn)
	}
	if v.Editions, err = editions(ctx, tx, r.ID); err != nil {
		return v, err
	}
	if v.Owners, err = owners(ctx, tx, r.OrgID); err != nil {
		return v, err
	}
	v.May = mayDo(actor, a, r, v.Asks)
	v.May.Correct = v.May.Correct && v.Editions[0].ID == a.ID
	if v.May.SeeVetting {
		v.Vetting, err = files(ctx, tx, r.ID, Vetting)
	}
	return v, err
}

func mayDo(actor policy.Actor, a Assessment, r request.Request, committee bool) May {
	can := func(do policy.Action) bool { return may(actor, do, r) == nil }
	return May{Write: a.State == Draft && can(policy.AssessmentWrite), Conclude: a.State == Draft && can(policy.AssessmentConclude),
		Correct: a.State == Concluded && !a.Replaced && can(policy.AssessmentConclude), Consult: committee && can(policy.AssessmentConsult),
		Attach: can(policy.VettingAttach), SeeVetting: can(policy.VettingRead)}
}

// Of is what stands beside the record of a request's privacy: its latest edition, if
// there is one and the actor may read it, whether the actor may open one, and the
// files of an assessment done without aval.
type Of struct {
	Latest *Assessment
	May    bool
	Files  []File
}

// OfRequest answers what stands beside a request that the actor may read.
func (s *Service) OfRequest(ctx context.Context, actor policy.Actor, id request.ID) (o Of, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		r, err := request.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.RequestRead, r.Scope()); err != nil {
			return err
		}
		if r.Party(actor, policy.AssessmentRead) || !actor.Can(policy.AssessmentRead, r.Scope()) {
			return nil
		}
		all, err := editions(ctx, tx, id)
		if err != nil {
			return err
		}
		if len(all) > 0 {
			o.Latest = &all[0]
		}
		o.May = may(actor, policy.AssessmentWrite, r) == nil
		o.Files, err = files(ctx, tx, id, Outside)
		return err
	})
	return o, err
}
