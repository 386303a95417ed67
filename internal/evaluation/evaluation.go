// Package evaluation is what the digital learning service thinks of a requested
// platform, in two aspects (policy A, 3.1): its use in schools (the 13 criteria
// of 3.2) and the security of the pupils' personal information (the 5 of 3.3).
//
//	(nothing) --Save--> draft --Save--> draft --Finish--> finished --Reopen--> draft
//
// A criterion is rated or plainly left aside; the evaluator recommends, and a
// director decides later. When both aspects are finished, the request is
// evaluated. Who asked for the platform never evaluates it.
//
// An evaluation keeps the criteria it began with: the policy's and those that the
// board added. The direction may have an aspect written twice, by two who do not
// see each other's; one of them or the direction then concludes. Departments may be
// invited to a judgement of their own (6.6 c). What was carried over from an earlier
// evaluation, or from another board's, counts once somebody has confirmed it.
package evaluation

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

// ID names an evaluation: one aspect of one request.
type ID string

// Aspect is one of the two sides that 3.1 asks to look at.
type Aspect string

// The aspects of 3.1.
const (
	Use      Aspect = "use"
	Security Aspect = "security"
)

// Aspects are both, in the policy's order.
var Aspects = []Aspect{Use, Security}

// ParseAspect refuses as NotFound a word that is no aspect: it comes from an address.
func ParseAspect(s string) (Aspect, error) {
	if a := Aspect(s); slices.Contains(Aspects, a) {
		return a, nil
	}
	return "", fault.Missing()
}

// Clause is where the policy speaks of the aspect.
func (a Aspect) Clause() string {
	if a == Use {
		return "3.2"
	}
	return "3.3"
}

// Rating is what the evaluator finds for one criterion.
type Rating string

// The ratings. NotConsidered is a choice of the evaluator: 3.2 and 3.3 say what
// the service may take into account, not what it must.
const (
	Unrated       Rating = ""
	Met           Rating = "met"
	Partly        Rating = "partly"
	Unmet         Rating = "unmet"
	NotConsidered Rating = "not_considered"
)

// Ratings are the choices of a criterion, in the order shown.
var Ratings = []Rating{Met, Partly, Unmet, NotConsidered}

// Location is where the pupils' data are kept: a rung of the pack's ladder (3.3 a).
type Location string

// The rungs of the shipped packs, and the answer of who could not find out,
// which weighs what the last rung weighs.
const (
	Unsaid    Location = ""
	Quebec    Location = "qc"
	Canada    Location = "ca"
	Elsewhere Location = "elsewhere"
	Unknown   Location = "unknown"
)

// Recommendation is what the evaluator advises the director for the aspect.
type Recommendation string

// The recommendations.
const (
	NoAdvice          Recommendation = ""
	Approve           Recommendation = "approve"
	ApproveConditions Recommendation = "approve_conditions"
	Refuse            Recommendation = "refuse"
)

// Recommendations are the choices, in the order shown.
var Recommendations = []Recommendation{Approve, ApproveConditions, Refuse}

// Judgement is the rating of one criterion and the words that carry it.
type Judgement struct {
	Rating  Rating
	Note    string
	Reason  string // why it is not what both evaluators had written
	Carried bool   // taken from Before, and confirmed by nobody yet
	Before  Past   // of the evaluation that this one was carried over from
}

// Past is what an earlier evaluation said of a criterion.
type Past struct {
	Rating Rating
	Note   string
}

// Changed is true of a judgement that says something else than the earlier one.
func (j Judgement) Changed() bool {
	return j.Before.Rating != Unrated && j.Before != Past{Rating: j.Rating, Note: j.Note}
}

// Evaluation is one aspect of one request.
type Evaluation struct {
	ID             ID
	RequestID      request.ID
	Aspect         Aspect
	EvaluatorID    string
	Criteria       map[string]Judgement // by the pack's criterion id
	Location       Location             // security only
	LocationReason string
	Looked         []string // equivalent platforms that the evaluator looked at (3.3 a)
	Recommendation Recommendation
	Summary        string
	FinishedAt     time.Time // zero until then
	UpdatedAt      time.Time
	Version        int64              // 0: nothing typed yet
	Frame          []policy.Criterion // that it began with; none before it begins
	Source         Source             // that it was carried over from
	SecondAt       time.Time          // when a second evaluator was asked for; zero when none was
	Opinions       []Opinion          // what each of two evaluators wrote
	Opinion        string             // whose opinion this is, while two write apart; else empty
}

// Finished is true once the evaluator has closed the aspect.
func (e Evaluation) Finished() bool { return !e.FinishedAt.IsZero() }

// Rated counts the criteria that have an answer, "not considered" included.
func (e Evaluation) Rated() int {
	n := 0
	for _, j := range e.Criteria {
		if j.Rating != Unrated {
			n++
		}
	}
	return n
}

// Input is what the evaluator typed. Criteria not in the map stay as they are.
type Input struct {
	Criteria       map[string]Judgement
	Location       Location
	LocationReason string
	Looked         []string // ids of the equivalents shown, when the evaluator says to have looked
	Recommendation Recommendation
	Summary        string
	Withdraw       []string // ids of the aspect's files that support it no more
	Confirm        []string // criteria whose carried-over judgement still holds
}

// The longest texts; a form says so beside the field.
const (
	maxNote    = 4000
	maxSummary = 10000
)

// facts is what the rules need to know besides what was typed.
type facts struct {
	Criteria    []policy.Criterion // of the aspect, in the pack's order
	Ladder      []policy.Rung      // where data may be kept, best first
	PupilData   bool               // the platform collects information about pupils
	Equivalents []string           // approved on a better rung, sharing functions
}

// rung is the step on which a location stands; an unknown place stands on the last.
func (f facts) rung(l Location) (policy.Rung, bool) {
	for _, r := range f.Ladder {
		if r.Code == string(l) {
			return r, true
		}
	}
	if l == Unknown && len(f.Ladder) > 0 {
		return f.Ladder[len(f.Ladder)-1], true
	}
	return policy.Rung{}, false
}

// location is the criterion that the ladder answers, and its clause.
func (f facts) location() policy.Criterion {
	for _, c := range f.Criteria {
		if c.Location {
			return c
		}
	}
	return policy.Criterion{}
}

// fill puts what was typed on the draft. It refuses words that no form offers
// and texts too long, and nothing else: a draft may be incomplete.
func (e *Evaluation) fill(in Input, f facts) error {
	if e.Finished() {
		return fault.New(fault.Conflict, "evaluation.already_finished").Under("3.1")
	}
	fields := map[string]string{}
	known := map[string]bool{}
	for _, c := range f.Criteria {
		known[c.ID] = true
	}
	for id, j := range in.Criteria {
		switch {
		case !known[id]:
			fields["criteria"] = "evaluation.criterion_unknown"
		case j.Rating != Unrated && !slices.Contains(Ratings, j.Rating):
			fields["rating."+id] = "evaluation.rating_unknown"
		case utf8.RuneCountInString(j.Note) > maxNote:
			fields["note."+id] = "evaluation.note_long"
		case utf8.RuneCountInString(j.Reason) > maxNote:
			fields["reason."+id] = "evaluation.note_long"
		}
	}
	if _, ok := f.rung(in.Location); in.Location != Unsaid && (e.Aspect != Security || !ok) {
		fields["location"] = "evaluation.location_unknown"
	}
	if utf8.RuneCountInString(in.LocationReason) > maxNote {
		fields["location_reason"] = "evaluation.note_long"
	}
	if slices.ContainsFunc(in.Looked, func(id string) bool { return !slices.Contains(f.Equivalents, id) }) {
		fields["looked"] = "evaluation.looked_unknown"
	}
	if in.Recommendation != NoAdvice && !slices.Contains(Recommendations, in.Recommendation) {
		fields["recommendation"] = "evaluation.recommendation_unknown"
	}
	if utf8.RuneCountInString(in.Summary) > maxSummary {
		fields["summary"] = "evaluation.summary_long"
	}
	if err := fault.Form(fields); err != nil {
		return err
	}
	if e.Criteria == nil {
		e.Criteria = map[string]Judgement{}
	}
	for id, j := range in.Criteria {
		e.Criteria[id] = e.Criteria[id].typed(j, slices.Contains(in.Confirm, id))
	}
	e.Location, e.LocationReason = in.Location, i18n.Clean(in.LocationReason)
	if e.Aspect != Security {
		e.LocationReason = ""
	}
	e.Looked = nil
	for _, id := range f.Equivalents {
		if slices.Contains(in.Looked, id) {
			e.Looked = append(e.Looked, id)
		}
	}
	e.Recommendation, e.Summary = in.Recommendation, i18n.Clean(in.Summary)
	return nil
}

// typed is the judgement after what was typed: one that was carried over is so no
// more once it is confirmed or says something else.
func (j Judgement) typed(in Judgement, confirmed bool) Judgement {
	now := Judgement{Rating: in.Rating, Note: i18n.Clean(in.Note), Reason: i18n.Clean(in.Reason), Before: j.Before}
	now.Carried = j.Carried && !confirmed && !now.Changed()
	return now
}

// finish closes the aspect: every criterion has an answer, what is not met says
// why, the location stands on its rung (3.3 a), and there is a recommendation.
func (e *Evaluation) finish(now time.Time, f facts) error {
	if e.Finished() {
		return fault.New(fault.Conflict, "evaluation.already_finished").Under("3.1")
	}
	fields := map[string]string{}
	for _, c := range f.Criteria {
		j := e.Criteria[c.ID]
		switch {
		case j.Rating == Unrated:
			fields["rating."+c.ID] = "evaluation.rating_required"
		case (j.Rating == Unmet || j.Rating == Partly) && j.Note == "":
			fields["note."+c.ID] = "evaluation.note_required"
		case c.Location && f.PupilData && j.Rating == NotConsidered:
			fields["rating."+c.ID] = "evaluation.location_considered"
		case j.Carried:
			fields["rating."+c.ID] = "evaluation.carried_confirm"
		}
	}
	e.reconciled(f, fields)
	if e.Aspect == Security {
		e.locate(f, fields)
	}
	switch {
	case e.Recommendation == NoAdvice:
		fields["recommendation"] = "evaluation.recommendation_required"
	case e.Recommendation != Approve && e.Summary == "":
		fields["summary"] = "evaluation.summary_required"
	}
	if err := fault.Form(fields); err != nil {
		if refusal, ok := fault.As(err); ok {
			return refusal.Under(e.clauseOf(f, fields))
		}
		return err
	}
	e.FinishedAt = now
	return nil
}

// reopen lets the one who finished the aspect write on it again; hands are those
// of who asks it.
func (e *Evaluation) reopen(hands []string) error {
	switch {
	case !e.Finished():
		return fault.New(fault.Conflict, "evaluation.not_finished").Under("3.1")
	case !slices.Contains(hands, e.EvaluatorID):
		return fault.New(fault.Denied, "evaluation.reopen_other").Under("3.1")
	}
	e.FinishedAt = time.Time{}
	return nil
}

// locate checks the ladder: the first rung needs no words; a lower one says why
// not a better one; the lowest also that approved equivalents were looked at.
func (e *Evaluation) locate(f facts, fields map[string]string) {
	if e.Location == Unsaid {
		if f.PupilData {
			fields["location"] = "evaluation.location_required"
		}
		return
	}
	rung, _ := f.rung(e.Location)
	if rung.Reason && e.LocationReason == "" {
		fields["location_reason"] = "evaluation.location_reason_required"
		if rung.Equivalents {
			fields["location_reason"] = "evaluation.location_reason_abroad"
		}
	}
	if !rung.Equivalents {
		return
	}
	for _, id := range f.Equivalents {
		if !slices.Contains(e.Looked, id) {
			fields["looked"] = "evaluation.looked_required"
		}
	}
}

// clauseOf is the clause that an unfinished form falls short of: the ladder's
// when the ladder is at fault, that of the one criterion that is, else the
// aspect's own.
func (e *Evaluation) clauseOf(f facts, fields map[string]string) string {
	for _, name := range []string{"location", "location_reason", "looked"} {
		if _, ok := fields[name]; ok {
			return f.location().Clause
		}
	}
	clauses := map[string]bool{}
	for name := range fields {
		_, id, _ := strings.Cut(name, ".") // rating.3.2.1, note.3.3b
		clause := e.Aspect.Clause()
		for _, c := range f.Criteria {
			if c.ID == id && !c.Own {
				clause = c.Clause
			}
		}
		clauses[clause] = true
	}
	if len(clauses) == 1 {
		for clause := range clauses {
			return clause
		}
	}
	return e.Aspect.Clause()
}

// locationOutcome is what the ladder's control keeps: the lowest rung is an
// exception to be seen, however good its reason.
func (e Evaluation) locationOutcome(f facts) policy.Outcome {
	if rung, ok := f.rung(e.Location); ok && rung.Equivalents {
		return policy.Exception
	}
	return policy.Conform
}

// Evidence is a file that supports the rating of a criterion.
type Evidence struct {
	ID           string
	EvaluationID ID
	Criterion    string
	Name         string // as typed; a text, never a path
	Media        string
	Size         int64
	SHA256       string
	AddedBy      string
	AddedAt      time.Time
	Confidential bool // stays with the board when the evaluation is given away
}
