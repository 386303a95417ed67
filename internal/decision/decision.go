// Package decision closes a request: the director of digital learning decides,
// aspect by aspect, and the school or department is told, acknowledges, and may
// disagree (policy A, section 4).
//
//	evaluated --Decide--> decided (transmitted) --Acknowledge--> received
//	                         |--Contest (use)-----> contested --AnswerContest--> answered
//	                         '--Renew (security)--> a new request, with new security functions
//
// A decision is never rewritten, and keeps a copy of the findings that it rests
// on. When the answer to a disagreement is to evaluate again, a request that
// follows the first goes to the evaluators, and its decision counts.
package decision

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

// ID names a decision.
type ID string

// Result is what is decided, for an aspect or overall.
type Result string

// The results, from the mildest to the strictest.
const (
	Approved    Result = "approved"
	Conditional Result = "conditional"
	Refused     Result = "refused"
)

// Results are the choices, in the order shown.
var Results = []Result{Approved, Conditional, Refused}

// Overall is the stricter of two results.
func Overall(use, security Result) Result {
	return Results[max(slices.Index(Results, use), slices.Index(Results, security), 0)]
}

// Verdict is the result of one aspect and the words that carry it.
type Verdict struct {
	Result     Result
	Reasons    string
	Conditions string // one a line; only with a conditional result
}

// List gives the conditions one by one.
func (v Verdict) List() []string { return condition.Lines(v.Conditions) }

// Decision is what the director decided about a request.
type Decision struct {
	ID         ID
	RequestID  request.ID
	PlatformID catalogue.ID
	OrgID      string
	Use        Verdict
	Security   Verdict
	Overall    Result
	DueOn      string   // the day by which its conditions are asked for; empty for none
	Because    []string // why it is refused, as anyone may read it: codes of the pack's refusal_reasons
	Findings   map[evaluation.Aspect]Finding
	Exception  string // why who evaluated also decided; empty when they are two
	DecidedBy  string
	DecidedAt  time.Time
	ReceivedBy string
	ReceivedAt time.Time // zero until then
	Version    int64
}

// Finding is what an aspect's evaluation had found on the day of the decision.
type Finding struct {
	Evaluator      string               `json:"evaluator"`
	FinishedAt     time.Time            `json:"finished_at"`
	Recommendation string               `json:"recommendation"`
	Location       string               `json:"location,omitempty"`
	LocationReason string               `json:"location_reason,omitempty"`
	Looked         []string             `json:"looked,omitempty"`
	Criteria       map[string]Judgement `json:"criteria"`

	Asked     []policy.Criterion `json:"asked,omitempty"`     // the criteria, as they were; none in older decisions
	Originals []Original         `json:"originals,omitempty"` // of two evaluators who wrote apart
	Judged    []DepartmentView   `json:"judged,omitempty"`    // departments that gave their own judgement
}

// Original is what one of two evaluators had written without seeing the other's.
type Original struct {
	Evaluator      string               `json:"evaluator"`
	Recommendation string               `json:"recommendation"`
	Criteria       map[string]Judgement `json:"criteria"`
}

// DepartmentView is a department's own judgement of the aspect (6.6 c).
type DepartmentView struct {
	Org        string               `json:"org"` // name
	Conclusion string               `json:"conclusion"`
	Criteria   map[string]Judgement `json:"criteria"`
}

// asked are the criteria that the finding speaks of: its own or, in a decision
// made before they were kept, those of the policy that it rated.
func (f Finding) asked(pack *policy.Pack, aspect evaluation.Aspect) []policy.Criterion {
	if len(f.Asked) > 0 {
		return f.Asked
	}
	of, _ := pack.Aspect(string(aspect))
	return slices.DeleteFunc(of.Criteria, func(c policy.Criterion) bool { return f.Criteria[c.ID].Rating == "" })
}

// Judgement is the rating of a criterion and its note, as they were.
type Judgement struct {
	Rating string `json:"rating"`
	Note   string `json:"note,omitempty"`
	Reason string `json:"reason,omitempty"` // why it is not what both evaluators had written
}

// found copies an evaluation.
func found(e evaluation.Evaluation) Finding {
	f := Finding{
		Evaluator: e.EvaluatorID, FinishedAt: e.FinishedAt, Recommendation: string(e.Recommendation),
		Location: string(e.Location), LocationReason: e.LocationReason, Looked: e.Looked,
		Criteria: judgements(e.Criteria), Asked: e.Frame,
	}
	for _, o := range e.Opinions {
		f.Originals = append(f.Originals, Original{Evaluator: o.EvaluatorID, Recommendation: string(o.Recommendation),
			Criteria: judgements(o.Criteria)})
	}
	return f
}

func judgements(all map[string]evaluation.Judgement) map[string]Judgement {
	copied := map[string]Judgement{}
	for id, j := range all {
		copied[id] = Judgement{Rating: string(j.Rating), Note: j.Note, Reason: j.Reason}
	}
	return copied
}

// decide makes the decision of what was typed and of what was found.
func decide(p Preparation, in Input) Decision {
	d := Decision{
		RequestID: p.Request.ID, PlatformID: p.Request.PlatformID, OrgID: p.Request.OrgID,
		Use: in.Use, Security: in.Security, Overall: Overall(in.Use.Result, in.Security.Result),
		DueOn: in.DueOn, Because: in.Because, Exception: in.Exception, Findings: map[evaluation.Aspect]Finding{},
	}
	for aspect, e := range p.Evaluations {
		f := found(e)
		for _, i := range p.Judged {
			if i.Aspect == aspect && i.State == evaluation.Judged {
				f.Judged = append(f.Judged, DepartmentView{Org: i.Org, Conclusion: i.Conclusion, Criteria: judgements(i.Ratings)})
			}
		}
		d.Findings[aspect] = f
	}
	return d
}

// Subject names the decision in the trail and in the marks of controls.
func (d Decision) Subject() string { return "decision:" + string(d.ID) }

// Received is true once the school or department acknowledged the decision (4.1).
func (d Decision) Received() bool { return !d.ReceivedAt.IsZero() }

// Of is the verdict of one aspect.
func (d Decision) Of(a evaluation.Aspect) Verdict {
	if a == evaluation.Security {
		return d.Security
	}
	return d.Use
}

// against is true when the platform is let in although the evaluator of the
// aspect advised to refuse it: the director may, and it is seen (1.1).
func (d Decision) against(a evaluation.Aspect) bool {
	return d.Overall != Refused && d.Findings[a].Recommendation == string(evaluation.Refuse)
}

// Conditions are those of both aspects, one a line, as the catalogue shows them.
func (d Decision) Conditions() string {
	return strings.Join(append(d.Use.List(), d.Security.List()...), "\n")
}

// asks lists what the decision asks for, to be followed; nothing of what is refused.
func (d Decision) asks() []condition.Asked {
	var list []condition.Asked
	if d.Overall == Refused {
		return nil
	}
	for _, aspect := range evaluation.Aspects {
		for _, text := range d.Of(aspect).List() {
			list = append(list, condition.Asked{Aspect: aspect, Text: text})
		}
	}
	return list
}

// Input is what the director typed.
type Input struct {
	Use       Verdict
	Security  Verdict
	DueOn     string          // for the conditions of both aspects; may be empty
	Owner     condition.Owner // who sees to them; may be nobody yet
	Because   []string        // with a refusal; may be empty
	Exception string
}

// The longest texts, and the shortest that is an explanation (4.1 a asks for a detailed one).
const (
	maxText        = 10000
	MinExplanation = 40
)

// check refuses a decision that does not say everything, field by field. Who
// evaluated and decides all the same says why.
func (in *Input) check(p Preparation, pack *policy.Pack, today string) error {
	fields := map[string]string{}
	in.Exception = i18n.Clean(in.Exception)
	in.checkFollowed(p.Owners, today, fields)
	in.checkBecause(pack, fields)
	switch {
	case !p.SamePerson:
		in.Exception = ""
	case in.Exception == "":
		fields["exception"] = "decision.exception_required"
	case utf8.RuneCountInString(in.Exception) > maxText:
		fields["exception"] = "decision.text_long"
	}
	in.Use.check("use", fields)
	in.Security.check("security", fields)
	return fault.Form(fields)
}

// checkFollowed looks at who is to see to the conditions, and by when.
func (in *Input) checkFollowed(owners []condition.Candidate, today string, fields map[string]string) {
	in.DueOn = strings.TrimSpace(in.DueOn)
	none := in.said() && Overall(in.Use.Result, in.Security.Result) != Conditional
	switch key := condition.CheckDue(in.DueOn, today); {
	case key != "":
		fields["due_on"] = key
	case in.DueOn != "" && none:
		fields["due_on"] = "decision.due_idle"
	}
	switch nobody := in.Owner == (condition.Owner{}); {
	case nobody:
	case !slices.ContainsFunc(owners, func(c condition.Candidate) bool { return c.Owner == in.Owner }):
		fields["owner"] = "condition.owner_unknown"
	case none:
		fields["owner"] = "decision.due_idle"
	}
}

// checkBecause looks at the reasons of a refusal.
func (in *Input) checkBecause(pack *policy.Pack, fields map[string]string) {
	for _, code := range in.Because {
		if _, known := pack.RefusalReason(code); !known {
			fields["because"] = "decision.because_unknown"
			return
		}
	}
	slices.Sort(in.Because)
	in.Because = slices.Compact(in.Because)
	if len(in.Because) > 0 && in.said() && Overall(in.Use.Result, in.Security.Result) != Refused {
		fields["because"] = "decision.because_idle"
	}
}

// said is true once both results are.
func (in *Input) said() bool {
	return slices.Contains(Results, in.Use.Result) && slices.Contains(Results, in.Security.Result)
}

func (v *Verdict) check(aspect string, fields map[string]string) {
	v.Reasons, v.Conditions = i18n.Clean(v.Reasons), i18n.Clean(v.Conditions)
	switch {
	case v.Result == "":
		fields[aspect+"_result"] = "decision.result_required"
	case !slices.Contains(Results, v.Result):
		fields[aspect+"_result"] = "decision.result_unknown"
	}
	switch {
	case v.Reasons == "":
		fields[aspect+"_reasons"] = "decision.reasons_required"
	case utf8.RuneCountInString(v.Reasons) > maxText:
		fields[aspect+"_reasons"] = "decision.text_long"
	}
	switch {
	case v.Result == Conditional && len(v.List()) == 0:
		fields[aspect+"_conditions"] = "decision.conditions_required"
	case (v.Result == Approved || v.Result == Refused) && v.Conditions != "":
		fields[aspect+"_conditions"] = "decision.conditions_idle"
	case utf8.RuneCountInString(v.Conditions) > maxText:
		fields[aspect+"_conditions"] = "decision.text_long"
	}
}

// The obligations of the Québec pack.
const (
	clausePIA       = "QC-PIA-01"
	clauseCommittee = "QC-PIA-02"
)

// privacy refuses a decision that comes before the privacy assessment is
// concluded and the committee consulted, where the law asks for them.
func privacy(pack *policy.Pack, p request.Privacy, now time.Time) error {
	if _, asked := pack.Clause(clausePIA); !asked {
		return nil
	}
	today := i18n.DayOf(now)
	switch p.Personal {
	case "no":
		return nil
	case "yes":
	default:
		return fault.New(fault.Conflict, "decision.privacy_unsaid").Under(clausePIA)
	}
	if !past(p.PIAOn, today) {
		return fault.New(fault.Conflict, "decision.pia_missing").Under(clausePIA)
	}
	if _, asked := pack.Clause(clauseCommittee); asked && !past(p.CommitteeOn, today) {
		return fault.New(fault.Conflict, "decision.committee_missing").Under(clauseCommittee)
	}
	return nil
}

// past is true of a real day, today at the latest.
func past(day, today string) bool {
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return false
	}
	return day <= today
}

// receive is the school's or department's acknowledgement, given once.
func (d *Decision) receive(by string, now time.Time) error {
	if d.Received() {
		return fault.New(fault.Conflict, "decision.already_received").Under("4.1")
	}
	d.ReceivedBy, d.ReceivedAt = by, now
	return nil
}

// NewSecurityRequired is true when a new request for the platform may only be
// about new security functions (4.1 b): its security was refused, or approved
// with conditions.
func (d Decision) NewSecurityRequired() bool { return d.Security.Result != Approved }

// NextStep is what follows the talk about a disagreement (4.1 a).
type NextStep string

// The next steps.
const (
	Maintain   NextStep = "maintain"
	Reevaluate NextStep = "reevaluate"
	OtherStep  NextStep = "other"
)

// NextSteps are the choices, in the order shown.
var NextSteps = []NextStep{Maintain, Reevaluate, OtherStep}

// Contest is a school's or department's disagreement with the evaluation of use.
type Contest struct {
	ID          string
	DecisionID  ID
	Explanation string
	OpenedBy    string
	OpenedAt    time.Time
	TalkOn      string // the day of the talk with the director, as 2006-01-02
	TalkNote    string
	NextStep    NextStep
	Answer      string
	AnsweredBy  string
	AnsweredAt  time.Time  // zero until then
	FollowUp    request.ID // the request by which it is evaluated again
	Version     int64
}

// Answered is true once the appeal authority has recorded the next step.
func (c Contest) Answered() bool { return !c.AnsweredAt.IsZero() }

// open makes a contest of an explanation. About security there is none: only a
// new request may say otherwise (4.1 b).
func open(d Decision, aspect evaluation.Aspect, explanation string) (Contest, error) {
	if aspect == evaluation.Security {
		return Contest{}, fault.New(fault.Conflict, "decision.contest_security").Under("4.1b")
	}
	if aspect != evaluation.Use {
		return Contest{}, refuse("aspect", "decision.aspect_unknown", "4.1a")
	}
	explanation = i18n.Clean(explanation)
	switch n := utf8.RuneCountInString(explanation); {
	case n == 0:
		return Contest{}, refuse("explanation", "decision.explanation_required", "4.1a")
	case n < MinExplanation:
		return Contest{}, refuse("explanation", "decision.explanation_short", "4.1a", MinExplanation)
	case n > maxText:
		return Contest{}, refuse("explanation", "decision.text_long", "4.1a")
	}
	return Contest{DecisionID: d.ID, Explanation: explanation, Version: 1}, nil
}

func refuse(field, key, clause string, args ...any) error {
	err := fault.FormMsg(map[string]fault.Message{field: {Key: key, Args: args}})
	if refusal, ok := fault.As(err); ok {
		return refusal.Under(clause)
	}
	return err
}

// Answer is what the appeal authority records: the talk with the director and
// the next step (4.1 a).
type Answer struct {
	TalkOn   string
	TalkNote string
	NextStep NextStep
	Answer   string
}

// answer records the talk and the next step, once.
func (c *Contest) answer(a Answer, now time.Time) error {
	if c.Answered() {
		return fault.New(fault.Conflict, "decision.contest_answered").Under("4.1a")
	}
	a.TalkOn, a.TalkNote, a.Answer = i18n.Clean(a.TalkOn), i18n.Clean(a.TalkNote), i18n.Clean(a.Answer)
	fields := map[string]string{}
	today := i18n.DayOf(now)
	switch _, err := time.Parse(time.DateOnly, a.TalkOn); {
	case a.TalkOn == "":
		fields["talk_on"] = "decision.talk_required"
	case err != nil:
		fields["talk_on"] = "decision.day_wrong"
	case a.TalkOn > today:
		fields["talk_on"] = "decision.talk_future"
	case a.TalkOn < i18n.DayOf(c.OpenedAt):
		fields["talk_on"] = "decision.talk_early"
	}
	if utf8.RuneCountInString(a.TalkNote) > maxText {
		fields["talk_note"] = "decision.text_long"
	}
	switch {
	case a.NextStep == "":
		fields["next_step"] = "decision.next_required"
	case !slices.Contains(NextSteps, a.NextStep):
		fields["next_step"] = "decision.next_unknown"
	}
	switch {
	case a.Answer == "":
		fields["answer"] = "decision.answer_required"
	case utf8.RuneCountInString(a.Answer) > maxText:
		fields["answer"] = "decision.text_long"
	}
	if err := fault.Form(fields); err != nil {
		if refusal, ok := fault.As(err); ok {
			return refusal.Under("4.1a")
		}
		return err
	}
	c.TalkOn, c.TalkNote, c.NextStep, c.Answer = a.TalkOn, a.TalkNote, a.NextStep, a.Answer
	c.AnsweredAt = now
	return nil
}
