// Package incident is what a board does about a confidentiality incident
// (A-2.1, ss. 63.8 to 63.11): anyone tells, who answers for privacy enters it in
// the register, a person weighs the risk, those concerned are given notice, and
// the entry is kept.
//
//	told --Open--> open --Close--> closed --an entry that is no longer complete--> open
//	told --SetAside
//
// The entry has the eight fields of the register (A-2.1, r. 3.1, s. 7). Each
// change is a new version and the former stay. People concerned are a number and
// kinds, never names. The software gives no score and counts no hours down: the
// law says « avec diligence » and "as soon as feasible".
package incident

import (
	"slices"
	"time"
	"unicode/utf8"

	"aval/internal/catalogue"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// ID names an incident.
type ID string

// State is how far an incident is.
type State string

// The states of an incident.
const (
	Opened State = "open"
	Closed State = "closed"
)

// Test is the question of the board's law about the risk.
type Test string

// Serious asks for a risk of serious injury (Québec, A-2.1, s. 63.10), Significant
// for a real risk of significant harm (Ontario).
const (
	Serious     Test = "serious"
	Significant Test = "significant"
)

// TestOf is the test of a board's law.
func TestOf(p *policy.Pack) Test {
	if p != nil && p.Jurisdiction == "CA-ON" {
		return Significant
	}
	return Serious
}

// Factors are what the answer rests on, by the names of their fields.
func (t Test) Factors() []string {
	if t == Significant {
		return []string{"sensitivity", "likelihood", "mitigation"}
	}
	return []string{"sensitivity", "misuse", "consequences", "likelihood"}
}

// under is the clause of the law that asks for something, by its Québec number.
func (t Test) under(quebec string) string {
	if t == Significant {
		return "ON-BRE-01"
	}
	return quebec
}

// The clauses of Québec's law.
const (
	clauseWhat       = "QC-INC-01"
	clauseMeasures   = "QC-INC-02"
	clauseRisk       = "QC-INC-03"
	clauseCommission = "QC-INC-04"
	clausePeople     = "QC-INC-05"
	clauseHelpers    = "QC-INC-06"
	clauseRegister   = "QC-INC-07"
	clauseKeep       = "QC-INC-08"
)

// Clause is the clause of the law that asks for a step: report, register, risk,
// measures, commission, people, keep.
func (t Test) Clause(step string) string {
	return t.under(map[string]string{"report": clauseWhat, "register": clauseRegister, "risk": clauseRisk, "measures": clauseMeasures,
		"commission": clauseCommission, "people": clausePeople, "keep": clauseKeep}[step])
}

// Kind is what happened to the information (A-2.1, s. 63.9).
type Kind string

// Kinds lists every kind, in the law's order.
var Kinds = []Kind{"access", "use", "release", "loss", "other"}

// Group is a kind of people.
type Group string

// Groups lists whom an incident may concern.
var Groups = []Group{"students", "parents", "staff", "others"}

// Entry is what the register holds of an incident.
type Entry struct {
	Kind          Kind
	Information   string // personal information concerned, or why it cannot be described
	Circumstances string
	Cause         string
	From, Until   string // days (2026-11-20); Until is empty when it was one day
	DaysAbout     bool   // an approximation
	AwareOn       string // the day on which the board became aware
	Count         int64  // of people concerned
	CountAbout    bool   // an approximation
	Groups        []Group
	Schools       []string // ids
	Platform      catalogue.ID
	Advice        string // what those concerned may do themselves
	Contact       string // where they learn more
	Held          string // why those concerned are not told yet (an inquiry)
	Risk          *Risk  // nil until a person has weighed it
	Measures      []Measure
}

// Risk is how a person answered the test of the law, and why.
type Risk struct {
	Sensitivity  string
	Misuse       string // Québec
	Consequences string // Québec
	Likelihood   string
	Mitigation   string // Ontario
	Answer       string // yes or no
	Reasons      string
	ConsultedOn  string // Québec: the day on which the privacy officer was, when another answers
	By           string
	At           time.Time
}

// Serious says that the answer is yes.
func (r *Risk) Serious() bool { return r != nil && r.Answer == "yes" }

// Factor is what was written of a factor, by the name of its field.
func (r *Risk) Factor(name string) string {
	if text := r.factor(name); text != nil {
		return *text
	}
	return ""
}

func (r *Risk) factor(name string) *string {
	return map[string]*string{"sensitivity": &r.Sensitivity, "misuse": &r.Misuse, "consequences": &r.Consequences,
		"likelihood": &r.Likelihood, "mitigation": &r.Mitigation}[name]
}

// Measure is something done to lessen the harm or so that it does not happen again.
// Recipient and Given say who able to lessen it was told, and what (A-2.1, s. 63.8).
type Measure struct {
	On        string
	Text      string
	Recipient string
	Given     string
}

// Incident is an entry of the register and how it stands.
type Incident struct {
	ID       ID
	Number   string
	Test     Test
	State    State
	OpenedBy string
	OpenedAt time.Time
	ClosedBy string
	ClosedAt time.Time
	Entry
	Act       string // that made this version: opened, corrected, assessed, measured, closed, reopened
	Why       string
	ChangedBy string
	ChangedAt time.Time
	Version   int64
}

// Subject names an incident in the trail and in the marks of controls.
func (i Incident) Subject() string { return "incident:" + string(i.ID) }

// Scope is where an incident stands, for a permission to be asked.
func (i Incident) Scope() policy.Scope {
	return policy.Scope{Owner: i.OpenedBy, State: string(i.State)}
}

// Days are those since the board became aware, until the closing day of one that is closed.
func (i Incident) Days(today string) int {
	if i.State == Closed {
		today = i18n.DayOf(i.ClosedAt)
	}
	from, err1 := time.Parse(time.DateOnly, i.AwareOn)
	to, err2 := time.Parse(time.DateOnly, today)
	if err1 != nil || err2 != nil {
		return 0
	}
	return max(int(to.Sub(from).Hours()/24), 0)
}

// years an entry is kept after the board became aware (A-2.1, r. 3.1, s. 8).
const years = 5

// KeptUntil is the first day on which the entry may be deleted.
func (i Incident) KeptUntil() string {
	aware, err := time.Parse(time.DateOnly, i.AwareOn)
	if err != nil {
		return ""
	}
	return aware.AddDate(years, 0, 0).Format(time.DateOnly)
}

// The longest texts, in characters, and the largest number of people.
const (
	MaxText   = 4000
	MaxLine   = 300
	mostCount = 10_000_000
	mostList  = 200
)

// form gathers what must be mended.
type form map[string]string

func (f form) text(field, text string, most int, required string) {
	switch {
	case text == "" && required != "":
		f[field] = required
	case utf8.RuneCountInString(text) > most:
		f[field] = "incident.text_long"
	}
}

// past is a day that has come, and not before another when that is a day.
func (f form) past(field, on, before, today string, early string) {
	switch _, err := time.Parse(time.DateOnly, on); {
	case on == "":
		f[field] = "incident.day_required"
	case err != nil:
		f[field] = "incident.day_wrong"
	case on > today:
		f[field] = "incident.day_future"
	case before != "" && on < before:
		f[field] = early
	}
}

// refuse answers the form under a clause, or nil.
func (f form) refuse(clause string) error {
	err := fault.Form(f)
	if refusal, ok := fault.As(err); ok {
		return refusal.Under(clause)
	}
	return err
}

// tidy is an entry as it is kept: without what no keyboard types.
func (e Entry) tidy() Entry {
	for _, s := range []*string{&e.Information, &e.Circumstances, &e.Cause, &e.From, &e.Until, &e.AwareOn, &e.Advice, &e.Contact, &e.Held} {
		*s = i18n.Clean(*s)
	}
	e.Groups, e.Schools = once(e.Groups), once(e.Schools)
	return e
}

// check is what the eight fields ask for (A-2.1, r. 3.1, s. 7), as far as they are
// known when an incident is opened or corrected.
func (e Entry) check(t Test, today string) error {
	f := form{}
	if !slices.Contains(Kinds, e.Kind) {
		f["kind"] = "incident.kind_required"
	}
	f.text("information", e.Information, MaxText, "incident.information_required")
	f.text("circumstances", e.Circumstances, MaxText, "incident.circumstances_required")
	f.text("cause", e.Cause, MaxText, "")
	f.past("from", e.From, "", today, "")
	if e.Until != "" {
		f.past("until", e.Until, e.From, today, "incident.until_early")
	}
	f.past("aware_on", e.AwareOn, e.From, today, "incident.aware_early")
	if e.Count < 0 || e.Count > mostCount {
		f["count"] = "incident.count_required"
	}
	unknown := slices.ContainsFunc(e.Groups, func(g Group) bool { return !slices.Contains(Groups, g) })
	if unknown || len(e.Groups) == 0 && e.Count != 0 {
		f["groups"] = "incident.groups_required"
	}
	if len(e.Schools) > mostList {
		f["schools"] = "incident.schools_wrong"
	}
	f.text("advice", e.Advice, MaxText, "")
	f.text("contact", e.Contact, MaxLine, "")
	f.text("held", e.Held, MaxText, "")
	return f.refuse(t.under(clauseRegister))
}

// check is a test answered in full: each factor, the answer, its reasons and, in
// Québec, when the privacy officer was consulted by who is not.
func (r *Risk) check(i Incident, officer bool, today string) error {
	f := form{}
	for _, name := range i.Test.Factors() {
		text := r.factor(name)
		*text = i18n.Clean(*text)
		f.text(name, *text, MaxText, "incident.factor_required")
	}
	if r.Answer != "yes" && r.Answer != "no" {
		f["answer"] = "incident.answer_required"
	}
	r.Reasons, r.ConsultedOn = i18n.Clean(r.Reasons), i18n.Clean(r.ConsultedOn)
	f.text("reasons", r.Reasons, MaxText, "incident.reasons_required")
	if i.Test == Serious && (!officer || r.ConsultedOn != "") {
		f.past("consulted_on", r.ConsultedOn, i.AwareOn, today, "incident.before_aware")
	}
	return f.refuse(i.Test.under(clauseRisk))
}

// check is a measure with its day.
func (m *Measure) check(i Incident, today string) error {
	for _, s := range []*string{&m.On, &m.Text, &m.Recipient, &m.Given} {
		*s = i18n.Clean(*s)
	}
	f := form{}
	f.past("on", m.On, i.From, today, "incident.before_event")
	f.text("text", m.Text, MaxText, "incident.measure_required")
	f.text("recipient", m.Recipient, MaxLine, "")
	f.text("given", m.Given, MaxText, "")
	if len(i.Measures) >= mostList {
		f["text"] = "incident.measures_many"
	}
	clause := clauseMeasures
	if len(f) == 0 {
		clause = clauseHelpers
	}
	switch {
	case m.Recipient == "" && m.Given != "":
		f["recipient"] = "incident.recipient_required"
	case m.Recipient != "" && m.Given == "":
		f["given"] = "incident.given_required"
	}
	return f.refuse(i.Test.under(clause))
}

// complete says what still lacks before an incident may be closed.
func (i Incident) complete(notices []Notice) error {
	switch {
	case i.Risk == nil:
		return fault.New(fault.Conflict, "incident.risk_first").Under(i.Test.under(clauseRisk))
	case len(i.Measures) == 0:
		return fault.New(fault.Conflict, "incident.measure_first").Under(i.Test.under(clauseMeasures))
	case i.Risk.Serious() && !sent(notices, Commission):
		return fault.New(fault.Conflict, "incident.commission_first").Under(i.Test.under(clauseCommission))
	case i.Risk.Serious() && !sent(notices, People) && !sent(notices, Public):
		return fault.New(fault.Conflict, "incident.people_first").Under(i.Test.under(clausePeople))
	}
	return nil
}

// deletable is the rule of retention.
func (i Incident) deletable(today string) error {
	if until := i.KeptUntil(); today < until {
		return fault.New(fault.Conflict, "incident.kept", until).Under(i.Test.under(clauseKeep))
	}
	if i.State != Closed {
		return fault.New(fault.Conflict, "incident.close_first")
	}
	return nil
}

// once drops the empty and the repeated.
func once[S ~string](list []S) []S {
	kept := []S{}
	for _, s := range list {
		if s != "" && !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}
