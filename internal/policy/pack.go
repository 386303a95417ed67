package policy

import (
	"slices"
	"time"
)

// Text is a sentence in both languages; each is an original.
type Text struct {
	Fr string `yaml:"fr" json:"fr"`
	En string `yaml:"en" json:"en"`
}

// In gives the text in a language; French where the language is neither.
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.En
	}
	return t.Fr
}

// Mode says what the system does for a clause.
type Mode string

// The modes of a clause.
const (
	Defines  Mode = "defines"  // the clause gives a word its meaning
	Enforces Mode = "enforces" // the system refuses what the clause forbids
	Monitors Mode = "monitors" // the system counts who follows it and who does not
	Records  Mode = "records"  // the system keeps a dated act
	Planned  Mode = "planned"  // a later capability will carry it
)

// Kind says what a pack puts in plain words.
type Kind string

// The kinds of packs. One that says none is a board's policy.
const (
	OfLaw    Kind = "law"
	OfPolicy Kind = "policy"
)

// Confidence says how well the source of a clause was read.
type Confidence string

// The provision itself was seen; a secondary source, an older version or the
// matching article of another act; only a note by others.
const (
	High   Confidence = "H"
	Medium Confidence = "M"
	Low    Confidence = "L"
)

// ToVerify is the status of a clause whose text in force nobody has read yet.
const ToVerify = "to_verify"

// Clause is one article of a policy or of a law, in our own plain words.
// Control names what in the code carries it (see Controls); a planned clause
// names the capability that will.
type Clause struct {
	ID         string     `yaml:"id"`
	Section    string     `yaml:"section"` // the section it stands in, for the page
	Title      Text       `yaml:"title"`
	Text       Text       `yaml:"text"`
	Control    string     `yaml:"control"`
	Mode       Mode       `yaml:"mode"`
	Capability string     `yaml:"capability"`
	Cite       Text       `yaml:"cite"`       // where a law says it, or where a model was seen; a policy's own articles need none
	Confidence Confidence `yaml:"confidence"` // every clause of a law has one
	Status     string     `yaml:"status"`     // "" or ToVerify

	// Obligations are the numbers under which the study of laws and policies
	// (docs/obligations.md) knows what the clause asks, beside its own.
	Obligations []string `yaml:"obligations"`

	// KnownAs are the numbers by which the program knows the clause: those of the
	// policy it was first written for.
	KnownAs []string `yaml:"known_as"`

	Pack string `yaml:"-"` // the pack that holds it
}

// Section is a heading of the policy. What stands under a model is our
// proposal, for the board to put its own text in place of.
type Section struct {
	ID    string `yaml:"id"`
	Title Text   `yaml:"title"`
	Model bool   `yaml:"model"`
}

// Joined holds where the actor joined the thing (Scope.Also) without being its author.
const Joined Relation = "joined"

// Relations lists the relations, nearest first.
var Relations = []Relation{Own, Joined, Class, School, Department, Board}

// Permission is one row of the table of who may do what: a role, an action, the
// relation it asks for, the states it holds in (none: all), the clause it rests on.
type Permission struct {
	Role     Role
	Do       Action
	Relation Relation
	States   []string
	Clause   string
}

// RoleName is the title that a board gives to a generic role.
type RoleName struct {
	Role  Role `yaml:"role"`
	Title Text `yaml:"title"`
}

// Term is a word of a closed vocabulary: a function of platforms, a name the
// policy uses.
type Term struct {
	Code   string `yaml:"code"`
	Family string `yaml:"family"`
	Title  Text   `yaml:"title"`
}

// RevealReason is why someone may be shown what is sealed, and for which of the
// three actions it is a reason.
type RevealReason struct {
	Code  string   `yaml:"code"`
	For   []Action `yaml:"for"`
	Title Text     `yaml:"title"`
}

// DataKind is a kind of information that a platform may want about pupils.
type DataKind struct {
	Code     string `yaml:"code"`
	Title    Text   `yaml:"title"`
	Personal bool   `yaml:"personal"`
}

// DataClass is a level of a scheme by which information is sorted, the most open
// first: who answers for it and who keeps it, the kinds of information that make
// one think of it, and the role from which a decision is taken, by tier of risk.
type DataClass struct {
	Code   string   `yaml:"code"`
	Title  Text     `yaml:"title"`
	About  Text     `yaml:"about"`
	Colour string   `yaml:"colour"`
	Kinds  []string `yaml:"kinds"`
	Owner  Role     `yaml:"owner"`
	Keeper Role     `yaml:"keeper"`
	Low    Role     `yaml:"low"`
	Medium Role     `yaml:"medium"`
	High   Role     `yaml:"high"`
}

// Duty is one thing that whoever uses platforms undertakes, once a school year.
type Duty struct {
	Code  string `yaml:"code"`
	Title Text   `yaml:"title"`
}

// Pupils is the code of those whose data ask for classes and grades, among DataSubjects.
const Pupils = "pupils"

// Criterion is one thing an evaluation looks at. Its ID is its clause's; one that
// the board added beside its policy has no clause.
type Criterion struct {
	ID       string `yaml:"id" json:"id"`
	Clause   string `yaml:"clause" json:"clause,omitempty"`
	Name     Text   `yaml:"name" json:"name"`
	Question Text   `yaml:"question" json:"question"`
	Location bool   `yaml:"location" json:"location,omitempty"` // answered by a rung of the ladder
	Own      bool   `yaml:"-" json:"own,omitempty"`             // the board's, not the policy's
}

// Question is one that a privacy assessment asks, in the words of the law that wants it.
type Question struct {
	Code     string   `yaml:"code"`
	Step     int      `yaml:"step"` // from 1 to 4
	Kind     string   `yaml:"kind"` // "" for words, or one of QuestionKinds
	Title    Text     `yaml:"title"`
	Hint     Text     `yaml:"hint"`
	From     []string `yaml:"from"`     // what may fill it in beforehand, the first that has something to say
	Decide   bool     `yaml:"decide"`   // never filled in beforehand: a person decides
	Short    bool     `yaml:"short"`    // asked by the short form too
	Optional bool     `yaml:"optional"` // may stay without an answer
	When     []string `yaml:"when"`     // asked where one of these questions
	Is       []string `yaml:"is"`       // has one of these answers
	Clause   string   `yaml:"clause"`   // that wants it
}

// QuestionKinds are the kinds of answers chosen among few: yes or no; low, medium
// or high; short or full; a place, from Québec to abroad.
var QuestionKinds = []string{"yesno", "weight", "depth", "place"}

// Aspect is a side of the evaluation: use, security. One that names another as
// its conclusion is judged there, with its criteria after the other's own.
type Aspect struct {
	ID         string      `yaml:"id"`
	Clause     string      `yaml:"clause"`
	Title      Text        `yaml:"title"`
	Conclusion string      `yaml:"conclusion"`
	Criteria   []Criterion `yaml:"criteria"`
}

// Rung is a place where data may be kept, from the first choice to the last,
// and what choosing it asks for.
type Rung struct {
	Code        string `yaml:"code"`
	Title       Text   `yaml:"title"`
	Requires    Text   `yaml:"requires"`
	Reason      bool   `yaml:"reason"`      // a written reason is needed
	Equivalents bool   `yaml:"equivalents"` // closer equivalents must be looked at
}

// Bound says on which side of a threshold one may stand.
type Bound string

// The bounds.
const (
	AtLeast Bound = "at_least"
	AtMost  Bound = "at_most"
)

// Threshold is a figure that the text itself sets: a time limit, an age, how
// long a thing is kept. Other figures are the board's own settings. A policy may
// be stricter than a law under it, never looser.
type Threshold struct {
	Code   string `yaml:"code"`
	Clause string `yaml:"clause"`
	Bound  Bound  `yaml:"bound"`
	Value  int    `yaml:"value"`
	Unit   string `yaml:"unit"` // one of Units
}

// Units are what thresholds count.
var Units = []string{"days", "business_days", "months", "years", "age"}

// Pack is a written policy as data: its clauses, who may do what, its criteria
// and its words. A pack that nobody signed off has VerifiedBy empty.
type Pack struct {
	ID              string       `yaml:"id"`
	Kind            Kind         `yaml:"kind"` // OfPolicy when it says none
	Version         string       `yaml:"version"`
	Jurisdiction    string       `yaml:"jurisdiction"`
	Title           Text         `yaml:"title"`
	OfficialVersion string       `yaml:"official_version"` // the text this pack puts in plain words
	Resolution      string       `yaml:"resolution"`
	InForce         string       `yaml:"in_force"` // 2023-06-08
	Requires        []string     `yaml:"requires"`
	VerifiedBy      string       `yaml:"verified_by"`
	VerifiedOn      string       `yaml:"verified_on"`
	Sections        []Section    `yaml:"sections"`
	Clauses         []Clause     `yaml:"clauses"` // its own; those of Laws are found by Clause and All
	Names           []Term       `yaml:"names"`   // how this policy calls the board, the evaluating service, …
	Roles           []RoleName   `yaml:"roles"`
	Permissions     []Permission `yaml:"-"`
	Functions       []Term       `yaml:"functions"`
	Families        []Term       `yaml:"families"`
	DataKinds       []DataKind   `yaml:"data_kinds"`
	DataSubjects    []Term       `yaml:"data_subjects"` // whose data a platform may hold; a request says which
	DataClasses     []DataClass  `yaml:"data_classes"`  // a model, until the board has its own scheme
	Authorities     []Role       `yaml:"authorities"`   // who may decide, from the one who may the least
	DutiesVersion   string       `yaml:"duties_version"`
	Duties          []Duty       `yaml:"duties"`
	Aspects         []Aspect     `yaml:"aspects"`
	Ladder          []Rung       `yaml:"ladder"`
	Thresholds      []Threshold  `yaml:"thresholds"`

	RevealReasons  []RevealReason `yaml:"reveal_reasons"`
	RefusalReasons []Term         `yaml:"refusal_reasons"` // why a platform was refused, as anyone may read it
	Assessment     []Question     `yaml:"assessment"`      // the form of its privacy assessment; see AssessmentForm
	Registers      []string       `yaml:"registers"`       // that it asks the board to keep; those of Laws are found by Kept
	ContractItems  []ContractItem `yaml:"contract_items"`  // that a vendor's contract must say; those of Laws are found by Checklist

	Laws []*Pack `yaml:"-"` // the packs that it requires, in their order
}

// Verified says whether a person signed the pack off.
func (p *Pack) Verified() bool { return p.VerifiedBy != "" && p.VerifiedOn != "" }

// InForceOn is the day the policy came into force; the zero time when unknown.
func (p *Pack) InForceOn() time.Time {
	t, err := time.Parse(time.DateOnly, p.InForce)
	if err != nil {
		return time.Time{}
	}
	return t
}

// All gives the pack's clauses, then those of the laws under it.
func (p *Pack) All() []Clause {
	all := append([]Clause(nil), p.Clauses...)
	for _, law := range p.Laws {
		all = append(all, law.All()...)
	}
	return all
}

// Clause finds a clause of the pack or of the laws under it, by its own number
// or by the one the program knows it by.
func (p *Pack) Clause(id string) (Clause, bool) {
	if c, ok := p.find(func(c *Clause) bool { return c.ID == id }); ok {
		return c, true
	}
	return p.find(func(c *Clause) bool { return slices.Contains(c.KnownAs, id) })
}

func (p *Pack) find(is func(*Clause) bool) (Clause, bool) {
	for i := range p.Clauses {
		if is(&p.Clauses[i]) {
			return p.Clauses[i], true
		}
	}
	for _, law := range p.Laws {
		if c, ok := law.find(is); ok {
			return c, true
		}
	}
	return Clause{}, false
}

// Cite is the number that this policy gives to a clause which the program knows
// by another; the same number where it gives none.
func (p *Pack) Cite(id string) string {
	if p == nil || id == "" {
		return id
	}
	if c, ok := p.Clause(id); ok {
		return c.ID
	}
	return id
}

// Threshold finds a figure of the policy, else of a law under it: a policy is
// never looser than a law.
func (p *Pack) Threshold(code string) (Threshold, bool) {
	for _, each := range append([]*Pack{p}, p.Laws...) {
		for _, t := range each.Thresholds {
			if t.Code == code {
				return t, true
			}
		}
	}
	return Threshold{}, false
}

// Function finds a function of platforms.
func (p *Pack) Function(code string) (Term, bool) { return term(p.Functions, code) }

// Family finds a family of functions.
func (p *Pack) Family(code string) (Term, bool) { return term(p.Families, code) }

// Name is how the policy calls a thing ("evaluating", "appeal", …); the code itself when it has no word.
func (p *Pack) Name(code string) Text {
	if t, ok := term(p.Names, code); ok {
		return t.Title
	}
	return Text{Fr: code, En: code}
}

// RevealReason finds a reason by its code; the code itself when it is none of the pack's.
func (p *Pack) RevealReason(code string) RevealReason {
	for _, r := range p.RevealReasons {
		if r.Code == code {
			return r
		}
	}
	return RevealReason{Code: code, Title: Text{Fr: code, En: code}}
}

// ReasonsFor lists the reasons to be shown something.
func (p *Pack) ReasonsFor(do Action) (list []RevealReason) {
	for _, r := range p.RevealReasons {
		if slices.Contains(r.For, do) {
			list = append(list, r)
		}
	}
	return list
}

// DataSubject finds whose data a platform may hold.
func (p *Pack) DataSubject(code string) (Term, bool) { return term(p.DataSubjects, code) }

// First is the first of some clauses that the pack or a law under it has; "" when none.
func (p *Pack) First(ids ...string) string {
	for _, id := range ids {
		if _, ok := p.Clause(id); ok {
			return id
		}
	}
	return ""
}

// Everywhere tells that the policy speaks of every school and department of the
// board: no clause of it says which departments it means.
func (p *Pack) Everywhere() bool {
	_, says := p.find(func(c *Clause) bool { return c.Control == "term.department" })
	return !says
}

// AssessmentForm is the form of the board's privacy assessment: the pack's own, or
// that of the first law under it which has one.
func (p *Pack) AssessmentForm() []Question {
	if len(p.Assessment) > 0 {
		return p.Assessment
	}
	for _, law := range p.Laws {
		if form := law.AssessmentForm(); len(form) > 0 {
			return form
		}
	}
	return nil
}

// RefusalReason finds a reason for a refusal.
func (p *Pack) RefusalReason(code string) (Term, bool) { return term(p.RefusalReasons, code) }

// DataKind finds a kind of information.
func (p *Pack) DataKind(code string) (DataKind, bool) {
	for _, k := range p.DataKinds {
		if k.Code == code {
			return k, true
		}
	}
	return DataKind{}, false
}

// Aspect finds a side of the evaluation, with the criteria of those that are
// judged in it.
func (p *Pack) Aspect(id string) (Aspect, bool) {
	at := slices.IndexFunc(p.Aspects, func(a Aspect) bool { return a.ID == id })
	if at < 0 {
		return Aspect{}, false
	}
	found := p.Aspects[at]
	found.Criteria = slices.Clone(found.Criteria)
	for _, a := range p.Aspects {
		if a.Conclusion == id {
			found.Criteria = append(found.Criteria, a.Criteria...)
		}
	}
	return found, true
}

// Criterion finds a criterion in any aspect.
func (p *Pack) Criterion(id string) (Criterion, bool) {
	for _, a := range p.Aspects {
		for _, c := range a.Criteria {
			if c.ID == id {
				return c, true
			}
		}
	}
	return Criterion{}, false
}

// Rung finds a place on the location ladder.
func (p *Pack) Rung(code string) (Rung, bool) {
	for _, r := range p.Ladder {
		if r.Code == code {
			return r, true
		}
	}
	return Rung{}, false
}

// RoleTitle is the title the board gives to a role; the role's own name when it gives none.
func (p *Pack) RoleTitle(role Role) Text {
	for _, r := range p.Roles {
		if r.Role == role {
			return r.Title
		}
	}
	return Text{Fr: string(role), En: string(role)}
}

func term(terms []Term, code string) (Term, bool) {
	for _, t := range terms {
		if t.Code == code {
			return t, true
		}
	}
	return Term{}, false
}
