// Package contract is what binds the vendor of a platform: the contract and what it
// says, who undertakes secrecy, on what ground personal information is given, how the
// vendor is watched, and how the board leaves (A-2.1, ss. 67.2 and 70.1; the terms that
// Ontario's regulator expects).
//
//	draft --Conclude (all that the board's law asks for)--> standing --End--> ended
//
// A standing contract may be corrected as far as it still stands. What it must say is
// the checklist of the board's laws (policy.Pack.Checklist).
package contract

import (
	"slices"
	"time"
	"unicode/utf8"

	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// ID names a contract within its board.
type ID string

// State is how far a contract is.
type State string

// The states: only a standing contract lets a licence begin.
const (
	Drafted  State = "draft"
	Standing State = "standing"
	Ended    State = "ended"
)

// Kind is how the vendor was bound.
type Kind string

// Signed by both; or terms that were accepted by a click, which is told apart wherever
// the contract is shown.
const (
	Signed Kind = "signed"
	Click  Kind = "click"
)

// Kinds lists them.
var Kinds = []Kind{Signed, Click}

// Terms are the contract itself, as it is typed.
type Terms struct {
	Kind      Kind
	Contact   string // the vendor's role to write to; no name is needed
	Reference string // the number or the place of the original
	SignedOn  string // days (2026-11-20)
	InForceOn string
	EndsOn    string // its last day; empty for none
}

// Answer is what the contract says of an item of the checklist: where it is found, or
// that it is absent, and then why the risk was accepted and by whom.
type Answer struct {
	Where  string    `json:"where,omitempty"` // page or article
	Absent bool      `json:"absent,omitempty"`
	Risk   string    `json:"risk,omitempty"`
	RiskBy string    `json:"risk_by,omitempty"` // account
	RiskAt time.Time `json:"risk_at,omitzero"`
}

// Choice is how secrecy is settled for those who may read the information (QC-CON-02).
type Choice string

// Undertakings that are attached, or a waiver of the privacy officer; neither is asked
// of another public body or of a member of a professional order.
const (
	Attached     Choice = "attached"
	Waived       Choice = "waived"
	PublicBody   Choice = "public_body"
	Professional Choice = "professional"
)

// Choices lists them; there is no other.
var Choices = []Choice{Attached, Waived, PublicBody, Professional}

// Undertakings is the choice, with its reason, name and date.
type Undertakings struct {
	Choice Choice // empty until somebody chose
	Reason string // of a waiver
	By     string
	At     time.Time
}

// Ground is why personal information may be given to the vendor.
type Ground string

// The grounds: necessary to the board's mission under the contract (67.2), consent, the
// child's clear benefit, or another with its reason.
const (
	Mission Ground = "mission"
	Consent Ground = "consent"
	Benefit Ground = "benefit"
	Other   Ground = "other"
)

// Grounds lists them.
var Grounds = []Ground{Mission, Consent, Benefit, Other}

// Basis is the ground that a person chose.
type Basis struct {
	Ground Ground // empty until somebody chose
	Reason string // of Benefit and Other
	By     string
	At     time.Time
}

// Mitigation is a measure that a transfer assessment asks for, and the clause of the
// contract that carries it (QC-OUT-02).
type Mitigation struct {
	Text  string `json:"text"`
	Where string `json:"where,omitempty"`
}

// Plan is how the board would leave the platform.
type Plan struct {
	Alternatives  []catalogue.ID `json:"alternatives,omitempty"`
	Substitutes   string         `json:"substitutes,omitempty"` // how far they take its place
	Format        string         `json:"format,omitempty"`      // of the export
	TestedOn      string         `json:"tested_on,omitempty"`
	Reintegration string         `json:"reintegration,omitempty"` // into what the data are brought back
	NoticeDays    int64          `json:"notice_days,omitempty"`
	Steps         string         `json:"steps,omitempty"`
	Owner         string         `json:"owner,omitempty"` // as condition.OwnerOf reads it
}

// Written says that there is a plan.
func (p Plan) Written() bool { return p.Format != "" || p.Steps != "" }

// Attestation is the vendor's word that nothing is kept.
type Attestation struct {
	On string
	By string // who wrote for the vendor, by role
}

// Contract is what binds the vendor of a platform.
type Contract struct {
	ID         ID
	PlatformID catalogue.ID
	State      State
	Terms
	EndedOn      string // its last day, where it was ended before
	Items        map[string]Answer
	Mitigations  []Mitigation
	Plan         Plan
	Undertakings Undertakings
	Basis        Basis
	Attestation  Attestation
	RecordedBy   string
	RecordedAt   time.Time
	Version      int64
}

// Subject names a contract in the trail and in the marks of controls.
func (c Contract) Subject() string { return "contract:" + string(c.ID) }

// Scope says where a contract stands, for a permission to be asked: it is the board's.
func (c Contract) Scope() policy.Scope { return policy.Scope{State: string(c.State)} }

// Last is the last day of the contract; empty for none.
func (c Contract) Last() string {
	if c.EndedOn != "" {
		return c.EndedOn
	}
	return c.EndsOn
}

// Stands tells whether it binds the vendor on a day.
func (c Contract) Stands(day string) bool {
	return c.State == Standing && c.InForceOn <= day && (c.EndsOn == "" || c.EndsOn >= day)
}

// Over tells whether it bound the vendor once and does no longer.
func (c Contract) Over(today string) bool {
	return c.State == Ended || c.State == Standing && c.EndsOn != "" && c.EndsOn < today
}

// Accepted tells whether the risk of an absent item was accepted.
func (c Contract) Accepted() bool {
	for _, a := range c.Items {
		if a.Absent && a.Risk != "" {
			return true
		}
	}
	return false
}

// The clauses under which contracts are kept; a board has those of its own laws.
const (
	clauseWritten      = "QC-CON-01"
	clauseUndertakings = "QC-CON-02"
	clauseVerified     = "QC-CON-03"
	clauseTransfer     = "QC-OUT-02"
	clauseTerms        = "ON-CON-01"
	clauseOverseen     = "ON-SAFE-01"
)

// under is the first of some clauses that the board has, or "".
func under(p *policy.Pack, clauses ...string) string {
	for _, id := range clauses {
		if c, ok := p.Clause(id); ok {
			return c.ID
		}
	}
	return ""
}

// asks tells whether a board has a clause.
func asks(p *policy.Pack, clause string) bool { return under(p, clause) != "" }

// written is the clause that asks for a contract.
func written(p *policy.Pack) string { return under(p, clauseWritten, clauseTerms) }

// Outside tells whether what a platform holds is known to lie outside Québec.
func Outside(h catalogue.Hosting) bool { return h == catalogue.Canada || h == catalogue.Elsewhere }

// facts are what the rule of a standing contract looks at beside the contract.
type facts struct {
	pack    *policy.Pack
	outside bool
	files   []File
}

func (f facts) holds(r Role) bool {
	return slices.ContainsFunc(f.files, func(x File) bool { return x.Role == r })
}

// stand is the rule: a contract stands with the file of what was agreed, every item of
// the checklist found in it or, where it is not required, its risk accepted, secrecy
// settled, a ground chosen and, outside Québec, a clause for each mitigation.
func (c Contract) stand(f facts) error {
	if !f.holds(Agreed) {
		return fault.New(fault.Conflict, "contract.file_first").Under(written(f.pack))
	}
	if err := c.checked(f.pack); err != nil {
		return err
	}
	switch {
	case asks(f.pack, clauseUndertakings) && c.Undertakings.Choice == "":
		return fault.New(fault.Conflict, "contract.undertakings_first").Under(clauseUndertakings)
	case asks(f.pack, clauseWritten) && c.Basis.Ground == "":
		return fault.New(fault.Conflict, "contract.basis_first").Under(clauseWritten)
	case f.outside && asks(f.pack, clauseTransfer) && !c.mitigated():
		return fault.New(fault.Conflict, "contract.mitigation_first").Under(clauseTransfer)
	}
	return nil
}

// checked refuses what lacks in the checklist, beside each item, under its clause.
func (c Contract) checked(p *policy.Pack) error {
	fields, clause := form{}, ""
	for _, item := range p.Checklist() {
		a := c.Items[item.Code]
		switch {
		case a.Where != "" || !item.Required && a.Absent && a.Risk != "":
			continue
		case item.Required:
			fields[field(item.Code)] = "contract.item_required"
		case a.Absent:
			fields[field(item.Code)] = "contract.risk_first"
		default:
			fields[field(item.Code)] = "contract.item_open"
		}
		if clause == "" {
			clause = item.Clause
		}
	}
	return fields.refuse(clause)
}

// field is how the form calls an item of the checklist.
func field(code string) string { return "where_" + code }

func (c Contract) mitigated() bool {
	return len(c.Mitigations) > 0 && !slices.ContainsFunc(c.Mitigations, func(m Mitigation) bool { return m.Where == "" })
}

// open refuses what is done to a contract that has ended.
func (c Contract) open(p *policy.Pack) error {
	if c.State == Ended {
		return fault.New(fault.Conflict, "contract.over").Under(written(p))
	}
	return nil
}

// set keeps the terms as they were typed.
func (c *Contract) set(t Terms, clause string) error {
	for _, s := range []*string{&t.Contact, &t.Reference, &t.SignedOn, &t.InForceOn, &t.EndsOn} {
		*s = i18n.Clean(*s)
	}
	f := form{}
	if !slices.Contains(Kinds, t.Kind) {
		f["kind"] = "contract.kind_required"
	}
	f.text("contact", t.Contact, MaxLine, "contract.contact_required")
	f.text("reference", t.Reference, MaxLine, "")
	f.day("signed_on", t.SignedOn, "contract.day_required")
	f.day("in_force_on", t.InForceOn, "contract.day_required")
	f.day("ends_on", t.EndsOn, "")
	if f["ends_on"] == "" && f["in_force_on"] == "" && t.EndsOn != "" && t.EndsOn < t.InForceOn {
		f["ends_on"] = "contract.ends_early"
	}
	c.Terms = t
	return f.refuse(clause)
}

// answer keeps what the contract says of each item; the risk that was accepted for one
// that is still absent stays.
func (c *Contract) answer(items map[string]Answer, p *policy.Pack) error {
	f, kept := form{}, map[string]Answer{}
	for _, item := range p.Checklist() {
		a, was := items[item.Code], c.Items[item.Code]
		a = Answer{Where: i18n.Clean(a.Where), Absent: a.Absent}
		f.text(field(item.Code), a.Where, MaxLine, "")
		switch {
		case a.Where != "" && a.Absent:
			f[field(item.Code)] = "contract.item_both"
		case a.Absent && was.Absent:
			a = was
		}
		if a != (Answer{}) {
			kept[item.Code] = a
		}
	}
	for code := range items {
		if !slices.ContainsFunc(p.Checklist(), func(i policy.ContractItem) bool { return i.Code == code }) {
			f[field(code)] = "contract.item_unknown"
		}
	}
	c.Items = kept
	return f.refuse(written(p))
}

// accept keeps why the risk of an absent item is accepted, and by whom; an item that
// the law requires is not for anybody to do without.
func (c *Contract) accept(code, reason, by string, now time.Time, p *policy.Pack) error {
	list := p.Checklist()
	i := slices.IndexFunc(list, func(i policy.ContractItem) bool { return i.Code == code })
	reason = i18n.Clean(reason)
	f := form{}
	switch {
	case i < 0:
		f["risk_code"] = "contract.item_unknown"
		return f.refuse(written(p))
	case list[i].Required:
		return fault.New(fault.Conflict, "contract.item_required").Under(list[i].Clause)
	case !c.Items[code].Absent:
		f["risk_code"] = "contract.item_present"
	}
	f.text("risk_reason", reason, MaxText, "contract.reason_required")
	if err := f.refuse(list[i].Clause); err != nil {
		return err
	}
	c.Items[code] = Answer{Absent: true, Risk: reason, RiskBy: by, RiskAt: now}
	return nil
}

// undertake keeps the choice about secrecy: attached asks for the file, a waiver for its reason.
func (c *Contract) undertake(u Undertakings, facts facts) error {
	u.Reason = i18n.Clean(u.Reason)
	f := form{}
	switch {
	case !slices.Contains(Choices, u.Choice):
		f["choice"] = "contract.choice_required"
	case u.Choice == Attached && !facts.holds(Secrecy):
		f["choice"] = "contract.secrecy_file"
	case u.Choice == Waived:
		f.text("secrecy_reason", u.Reason, MaxText, "contract.reason_required")
	default:
		u.Reason = ""
	}
	c.Undertakings = u
	return f.refuse(under(facts.pack, clauseUndertakings, clauseTerms))
}

// rest keeps the ground on which information is given.
func (c *Contract) rest(b Basis, p *policy.Pack) error {
	b.Reason = i18n.Clean(b.Reason)
	f, needs := form{}, ""
	if !slices.Contains(Grounds, b.Ground) {
		f["ground"] = "contract.ground_required"
	}
	if b.Ground == Benefit || b.Ground == Other {
		needs = "contract.reason_required"
	}
	f.text("ground_reason", b.Reason, MaxText, needs)
	c.Basis = b
	return f.refuse(written(p))
}

// mitigate replaces the measures; a line without words is left out.
func (c *Contract) mitigate(list []Mitigation, p *policy.Pack) error {
	f, kept := form{}, []Mitigation{}
	for i, m := range list {
		m.Text, m.Where = i18n.Clean(m.Text), i18n.Clean(m.Where)
		at := line(i)
		f.text("measure"+at, m.Text, maxMeasure, "")
		f.text("clause"+at, m.Where, MaxLine, "")
		if m.Text == "" && m.Where != "" {
			f["measure"+at] = "contract.measure_required"
		}
		if m.Text != "" {
			kept = append(kept, m)
		}
	}
	if len(kept) > max(most, len(c.Mitigations)) { // an assessment may have asked for more
		f["measure"+line(0)] = "contract.too_many"
	}
	c.Mitigations = kept
	return f.refuse(under(p, clauseTransfer, clauseTerms))
}

// end is the last day of a contract that stands: today at the latest, and no sooner
// than it was in force.
func (c *Contract) end(on, today string, p *policy.Pack) error {
	if c.State != Standing {
		return fault.New(fault.Conflict, "contract.not_standing").Under(written(p))
	}
	f := form{}
	on = i18n.Clean(on)
	f.day("ended_on", on, "contract.day_required")
	if f["ended_on"] == "" && (on > today || on < c.InForceOn) {
		f["ended_on"] = "contract.end_outside"
	}
	c.State, c.EndedOn = Ended, on
	return f.refuse(written(p))
}

// attest is the vendor's word that nothing is kept: once, after the end.
func (c *Contract) attest(a Attestation, today string, p *policy.Pack) error {
	clause := written(p)
	switch {
	case !c.Over(today):
		return fault.New(fault.Conflict, "contract.not_over").Under(clause)
	case c.Attestation.On != "":
		return fault.New(fault.Conflict, "contract.attested_already").Under(clause)
	}
	a.On, a.By = i18n.Clean(a.On), i18n.Clean(a.By)
	f := form{}
	f.day("attested_on", a.On, "contract.day_required")
	if f["attested_on"] == "" && (a.On > today || a.On < c.Last()) {
		f["attested_on"] = "contract.attested_outside"
	}
	f.text("attested_by", a.By, MaxLine, "contract.attester_required")
	c.Attestation = a
	return f.refuse(clause)
}

// plan keeps how the board would leave.
func (c *Contract) plan(x Plan, known func(catalogue.ID) bool, owners []condition.Candidate, today string, p *policy.Pack) error {
	for _, s := range []*string{&x.Substitutes, &x.Format, &x.TestedOn, &x.Reintegration, &x.Steps, &x.Owner} {
		*s = i18n.Clean(*s)
	}
	f := form{}
	if len(x.Alternatives) > most || slices.ContainsFunc(x.Alternatives, func(id catalogue.ID) bool { return !known(id) }) {
		f["alternatives"] = "contract.alternatives_unknown"
	}
	f.text("substitutes", x.Substitutes, MaxText, "")
	f.text("format", x.Format, MaxLine, "contract.format_required")
	f.day("tested_on", x.TestedOn, "")
	if f["tested_on"] == "" && x.TestedOn > today {
		f["tested_on"] = "contract.day_future"
	}
	f.text("reintegration", x.Reintegration, MaxText, "")
	if x.NoticeDays < 0 || x.NoticeDays > 3650 {
		f["notice_days"] = "contract.notice_days_wrong"
	}
	f.text("steps", x.Steps, MaxText, "contract.steps_required")
	owner := condition.OwnerOf(x.Owner)
	if x.Owner != "" && x.Owner != c.Plan.Owner && !slices.ContainsFunc(owners, func(k condition.Candidate) bool { return k.Owner == owner }) {
		f["owner"] = "condition.owner_unknown"
	}
	c.Plan = x
	return f.refuse(written(p))
}

// The longest texts, in characters, and the longest list.
const (
	MaxText    = 4000
	maxMeasure = 10_000 // as long as an assessment's
	MaxLine    = 300
	most       = 50
)

type form map[string]string

func (f form) text(name, text string, longest int, required string) {
	switch {
	case text == "" && required != "":
		f[name] = required
	case utf8.RuneCountInString(text) > longest:
		f[name] = "contract.text_long"
	}
}

func (f form) day(name, day, required string) {
	_, err := time.Parse(time.DateOnly, day)
	switch {
	case day == "" && required != "":
		f[name] = required
	case day != "" && err != nil:
		f[name] = "contract.day_wrong"
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

// ask adds measures that the contract does not have yet, and tells whether it had to:
// what stood no longer does until a clause carries each.
func (c *Contract) ask(measures []string) (added bool) {
	for _, text := range measures {
		text = i18n.Clean(text)
		if text == "" || slices.ContainsFunc(c.Mitigations, func(m Mitigation) bool { return m.Text == text }) {
			continue
		}
		c.Mitigations, added = append(c.Mitigations, Mitigation{Text: text}), true
	}
	if added && c.State == Standing {
		c.State = Drafted
	}
	return added
}
