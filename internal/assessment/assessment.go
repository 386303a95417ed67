// Package assessment weighs what a platform does with personal information before
// the board approves it: in Québec the assessment of s. 63.5 of, with the
// transfer of s. 70.1 and the technology of ss. 63.7, 65.0.1 and 65.2; in Ontario
// the ten elements of a written assessment. The law pack under a board's policy
// holds the questions; the rules here are the same for both.
//
//	Open --> draft --Write--> draft --Conclude (privacy officer)--> concluded
//	                                   concluded --Correct (why)--> another draft
//
// What the request and the evaluation already say is filled in beforehand and
// marked; a person decides the rest, and concludes. What is concluded is never
// rewritten: a correction is a new edition that names the earlier one. Beside it
// stand the committee's opinions and files; a confidential report on a platform is
// shown to those who evaluate, each time with a note in the trail.
package assessment

import (
	"slices"
	"strconv"
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

// ID names an edition of an assessment.
type ID string

// State is how far an edition is.
type State string

// The states. A concluded edition that a later one corrects is still shown.
const (
	Draft     State = "draft"
	Concluded State = "concluded"
)

// States lists them in the order shown.
var States = []State{Draft, Concluded}

// The clauses that the rules cite, by the numbers of the Québec pack; those of
// Ontario's that ask the same are found by Pack.Clause.
const (
	ClauseAssessed  = "QC-PIA-01"
	ClauseCommittee = "QC-PIA-02"
	ClauseTransfer  = "QC-OUT-01"
	clauseMitigated = "ON-TECH-03"
)

// The questions that rules speak of; a pack may lack any of them.
const (
	askDepth    = "depth"
	askPortable = "portable"
	askHosting  = "place_hosting"
	askAdequate = "transfer_adequate"
	askFinally  = "conclusion"
)

// Decisive tells whether the answer to a question settles something: no program, and
// nothing filled in beforehand, ever gives it.
func Decisive(q policy.Question) bool {
	return slices.Contains([]string{askDepth, askAdequate, askFinally}, q.Code)
}

// Answer is what an edition says to a question, and where it came from: the source
// that filled it in ("request.usage", "evaluation.place"), or "" for a person.
type Answer struct {
	Value string
	From  string
}

// Assessment is one edition of the assessment of one request.
type Assessment struct {
	ID          ID
	RequestID   request.ID
	PlatformID  catalogue.ID
	Edition     int64 // from one, within the request
	Corrects    ID    // the edition that it takes the place of; empty for the first
	Why         string
	State       State
	Answers     map[string]Answer // by the code of the question
	Risks       []Risk
	StartedBy   string
	StartedAt   time.Time
	WrittenBy   string
	WrittenAt   time.Time
	ConcludedBy string
	ConcludedAt time.Time // zero until then
	Replaced    bool      // a later edition is concluded
	Version     int64
}

// Subject names an edition in the trail.
func Subject(id ID) string { return "assessment:" + string(id) }

// Depth is "short", "full", or "" before a person has chosen; full where the law
// knows one form only.
func (a Assessment) Depth(form []policy.Question) string {
	if !slices.ContainsFunc(form, func(q policy.Question) bool { return q.Code == askDepth }) {
		return "full"
	}
	return a.Answers[askDepth].Value
}

// Suggested is the depth that the five factors point to, for a person to choose by:
// full as soon as one is high or two are medium, short when all are known and low;
// "" before that.
func (a Assessment) Suggested(form []policy.Question) string {
	medium, unknown := 0, 0
	for _, q := range form {
		if q.Kind != "weight" {
			continue
		}
		switch a.Answers[q.Code].Value {
		case "high":
			return "full"
		case "medium":
			medium++
		case "":
			unknown++
		}
	}
	switch {
	case medium > 1:
		return "full"
	case unknown > 0:
		return ""
	}
	return "short"
}

// Asked tells whether a question is to be answered, as those that are asked are answered.
func (a Assessment) Asked(form []policy.Question, q policy.Question) bool {
	return len(q.When) == 0 || slices.ContainsFunc(form, func(before policy.Question) bool {
		return slices.Contains(q.When, before.Code) && slices.Contains(q.Is, a.Answers[before.Code].Value) && a.Asked(form, before)
	})
}

// Required tells whether the edition cannot be concluded without the answer.
func (a Assessment) Required(form []policy.Question, q policy.Question) bool {
	return !q.Optional && a.Asked(form, q) && (q.Short || a.Depth(form) != "short")
}

// Leaves tells whether some place of the assessment is outside Québec, or unknown.
func (a Assessment) Leaves(form []policy.Question) bool {
	return slices.ContainsFunc(form, func(q policy.Question) bool {
		return q.Kind == "place" && outside(evaluation.Location(a.Answers[q.Code].Value))
	})
}

// outside says that a place is not in Québec; what nobody knows is not.
func outside(l evaluation.Location) bool {
	return l != evaluation.Unsaid && l != evaluation.Quebec && l != nowhere
}

// nowhere is the place of a service that there is not.
const nowhere evaluation.Location = "none"

// choices are the answers of each kind of question.
var choices = map[string][]string{
	"yesno":  {"yes", "no"},
	"weight": {"low", "medium", "high"},
	"depth":  {"short", "full"},
	"place":  {string(evaluation.Quebec), string(evaluation.Canada), string(evaluation.Elsewhere), string(evaluation.Unknown), string(nowhere)},
}

// Choices are the answers that a question may have, in the order shown; none where
// it is answered in words.
func Choices(q policy.Question) []string { return choices[q.Kind] }

// Risk is something that may go wrong, how likely it is, what it would mean, what
// makes it less so, and who sees to that.
type Risk struct {
	Text        string
	Likelihood  string // of Likelihoods
	Consequence string // of Consequences
	Mitigation  string
	Owner       string // as condition.OwnerOf reads it
}

// Likelihoods and Consequences are the words for a risk, from the least.
var (
	Likelihoods  = []string{"rare", "possible", "likely"}
	Consequences = []string{"minor", "serious", "severe"}
)

// High tells whether a risk is: severe and possible, or serious and likely, or more.
func (r Risk) High() bool {
	return slices.Index(Likelihoods, r.Likelihood)+slices.Index(Consequences, r.Consequence) >= 3
}

// measures are what makes the risks less.
func (a Assessment) measures() (list []string) {
	for _, r := range a.Risks {
		if r.Mitigation != "" {
			list = append(list, r.Mitigation)
		}
	}
	return list
}

// blank is a risk of which nothing was said.
func (r Risk) blank() bool { return r == Risk{} }

// The longest texts, and the most risks.
const (
	maxText  = 10000
	maxRisks = 50
)

// Input is what was typed. Questions that are not among the answers stay as they
// are, and so do the risks when there are none (nil).
type Input struct {
	Answers map[string]string
	Risks   []Risk
	Version int64 // that was read
}

// write puts what was typed on a draft. It refuses words that no form offers and
// texts too long, and nothing else: a draft may be incomplete.
func (a *Assessment) write(in Input, form []policy.Question, filled map[string]Answer, owners []condition.Candidate) error {
	if err := a.open(); err != nil {
		return err
	}
	fields := map[string]string{}
	for code := range in.Answers {
		at := slices.IndexFunc(form, func(q policy.Question) bool { return q.Code == code })
		switch {
		case at < 0:
			fields["answers"] = "assessment.question_unknown"
		case utf8.RuneCountInString(in.Answers[code]) > maxText:
			fields["answers."+code] = "assessment.text_long"
		case in.Answers[code] != "" && Choices(form[at]) != nil && !slices.Contains(Choices(form[at]), in.Answers[code]):
			fields["answers."+code] = "assessment.choice_unknown"
		}
	}
	risks := a.checkRisks(in.Risks, owners, fields)
	if err := fault.Form(fields); err != nil {
		return err
	}
	if a.Answers == nil {
		a.Answers = map[string]Answer{}
	}
	for code, typed := range in.Answers {
		a.Answers[code] = Answer{Value: i18n.Clean(typed)}
		if f, ok := filled[code]; ok && f.Value == a.Answers[code].Value {
			a.Answers[code] = f
		}
	}
	if in.Risks != nil {
		a.Risks = risks
	}
	return nil
}

// checkRisks looks at what was typed of risks; it answers those that say something.
func (a *Assessment) checkRisks(typed []Risk, owners []condition.Candidate, fields map[string]string) (risks []Risk) {
	if len(typed) > maxRisks {
		fields["risks"] = "assessment.risks_many"
	}
	for i, r := range typed {
		at := "risks." + strconv.Itoa(i) + "."
		r.Text, r.Mitigation = i18n.Clean(r.Text), i18n.Clean(r.Mitigation)
		switch {
		case r.blank():
			continue
		case r.Text == "":
			fields[at+"text"] = "assessment.risk_required"
		case utf8.RuneCountInString(r.Text) > maxText:
			fields[at+"text"] = "assessment.text_long"
		}
		if r.Likelihood != "" && !slices.Contains(Likelihoods, r.Likelihood) {
			fields[at+"likelihood"] = "assessment.choice_unknown"
		}
		if r.Consequence != "" && !slices.Contains(Consequences, r.Consequence) {
			fields[at+"consequence"] = "assessment.choice_unknown"
		}
		if utf8.RuneCountInString(r.Mitigation) > maxText {
			fields[at+"mitigation"] = "assessment.text_long"
		}
		kept := slices.ContainsFunc(a.Risks, func(was Risk) bool { return was.Owner == r.Owner })
		if r.Owner != "" && !kept && !slices.ContainsFunc(owners, func(c condition.Candidate) bool { return c.Owner.Code() == r.Owner }) {
			fields[at+"owner"] = "condition.owner_unknown"
		}
		risks = append(risks, r)
	}
	return risks
}

// open refuses what is done to an edition that is concluded.
func (a Assessment) open() error {
	if a.State != Draft {
		return fault.New(fault.Conflict, "assessment.concluded").Under(ClauseAssessed)
	}
	return nil
}

// conclude closes a draft: every question that is asked has an answer, each high
// risk a mitigation and somebody who sees to it, and the place of the pupils' data
// is where the evaluation found it.
func (a *Assessment) conclude(form []policy.Question, place evaluation.Location, pack *policy.Pack, by string, now time.Time) error {
	if err := a.open(); err != nil {
		return err
	}
	fields, clause := map[string]string{}, ""
	lack := func(field, key, under string) {
		if fields[field] = key; clause == "" {
			clause = under
		}
	}
	for _, q := range form {
		switch {
		case a.Required(form, q) && a.Answers[q.Code].Value == "":
			lack("answers."+q.Code, "assessment.answer_required", q.Clause)
		case q.Code == askHosting && place != evaluation.Unsaid && a.Answers[q.Code].Value != string(place):
			lack("answers."+q.Code, "assessment.place_differs", ClauseTransfer)
		}
	}
	under := riskClause(pack)
	if len(a.Risks) == 0 && a.Depth(form) != "short" {
		lack("risks", "assessment.risks_required", under)
	}
	for i, r := range a.Risks {
		at := "risks." + strconv.Itoa(i) + "."
		if r.Likelihood == "" {
			lack(at+"likelihood", "assessment.answer_required", under)
		}
		if r.Consequence == "" {
			lack(at+"consequence", "assessment.answer_required", under)
		}
		if r.High() && r.Mitigation == "" {
			lack(at+"mitigation", "assessment.mitigation_required", under)
		}
		if r.High() && r.Owner == "" {
			lack(at+"owner", "assessment.owner_required", under)
		}
	}
	err := fault.Form(fields)
	if f, ok := fault.As(err); ok {
		return f.Under(clause)
	}
	a.State, a.ConcludedBy, a.ConcludedAt = Concluded, by, now
	return nil
}

// riskClause is what asks for mitigations: the law on technology for the young where
// there is one, else the one on assessments.
func riskClause(pack *policy.Pack) string {
	if _, asked := pack.Clause(clauseMitigated); asked {
		return clauseMitigated
	}
	return ClauseAssessed
}

// Consultation is what the committee on access to information and privacy said of a
// request, on a day.
type Consultation struct {
	ID         string
	HeldOn     string // 2026-11-20
	Present    string // who took part
	Opinion    string
	Measures   string // that it suggested
	RecordedBy string
	RecordedAt time.Time
	Late       bool // held after the decision
}

// check refuses a consultation that does not say when, who and what.
func (c *Consultation) check(today string) error {
	c.HeldOn, c.Present, c.Opinion, c.Measures = i18n.Clean(c.HeldOn), i18n.Clean(c.Present), i18n.Clean(c.Opinion), i18n.Clean(c.Measures)
	fields := map[string]string{}
	switch at, err := time.Parse(time.DateOnly, c.HeldOn); {
	case err != nil || at.Year() < 2000:
		fields["held_on"] = "request.date_wrong"
	case c.HeldOn > today:
		fields["held_on"] = "request.date_future"
	}
	for field, text := range map[string]string{"present": c.Present, "opinion": c.Opinion, "measures": c.Measures} {
		switch {
		case text == "" && field != "measures":
			fields[field] = "assessment.answer_required"
		case utf8.RuneCountInString(text) > maxText:
			fields[field] = "assessment.text_long"
		}
	}
	err := fault.Form(fields)
	if f, ok := fault.As(err); ok {
		return f.Under(ClauseCommittee)
	}
	return nil
}
