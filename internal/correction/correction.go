// Package correction is what a school says is wrong in the roster (policy A,
// 6.3 e), and what becomes of it. The roster is not mended here: who keeps the
// source mends it there, and the next import shows it.
//
//	open --Take--> taken --Done--> done (the next import says whether the roster shows it)
//	  |              |--an import that shows it--> done
//	  '--------------'--Refuse (why)--> refused
//
// What is said names children: it is sealed (see package vault), and is in no
// trail, no letter and no mark.
package correction

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/person"
	"aval/internal/policy"
)

// ID names a correction within its board.
type ID string

// Kind is what is wrong.
type Kind string

// The kinds: of a pupil, and a pupil who is missing.
const (
	Name    Kind = "name"
	Grade   Kind = "grade"
	Class   Kind = "class"
	School  Kind = "school"
	Left    Kind = "left"  // the roster still holds them
	Twice   Kind = "twice" // two records of one child
	Missing Kind = "missing"
)

// Kinds lists them in the order shown.
var Kinds = []Kind{Name, Grade, Class, School, Left, Twice, Missing}

// State is how far a correction is.
type State string

// The states.
const (
	Open    State = "open"
	Taken   State = "taken"
	Done    State = "done"
	Refused State = "refused"
)

// States lists them in the order shown.
var States = []State{Open, Taken, Done, Refused}

// Shown is whether the roster says it, once a correction is done.
type Shown string

// Before the first import after it was done, nothing is known.
const (
	Unseen Shown = ""
	Yes    Shown = "yes"
	No     Shown = "no"
)

// Days is in how many days who keeps the source sees to it; after them it is overdue.
const Days = 10

// keptYears is how long a closed correction is kept.
const keptYears = 1

// clause is the one that corrections serve.
const clause = "6.3e"

// control carries it: a correction waits, is an exception while overdue, and
// conforms once it is done or answered.
const control = "roster.kept"

// Words are what is sealed.
type Words struct {
	Given, Family string // the right name, or that of who is missing
	Grade         string // the right one, in the words of the roster
	Text          string
	Answer        string // why it was refused, or what was done
}

// Correction is one thing that a school says.
type Correction struct {
	ID        ID
	Kind      Kind
	PersonID  string // the pupil; empty for one who is missing
	OtherID   string // the other record of the same child
	ClassID   string // in which the pupil is wrongly, or from which one is missing
	ToClassID string // in which the pupil should be
	OrgID     string // the school that says it
	ToOrgID   string // at which the pupil should be
	Words     Words
	State     State
	AskedBy   string
	AskedAt   time.Time
	DueOn     string // the last day (2026-12-15)
	TakenBy   string
	TakenAt   time.Time
	ClosedBy  string // empty when an import showed it
	ClosedAt  time.Time
	Shown     Shown
	ShownAt   time.Time
	Version   int64
}

// Subject names a correction in the trail and in the marks of controls.
func Subject(id ID) string { return "correction:" + string(id) }

// Scope is where a correction stands, for a permission to be asked.
func (c Correction) Scope() policy.Scope {
	return policy.Scope{Owner: c.AskedBy, Org: c.OrgID, State: string(c.State)}
}

// Waits tells that nobody has closed it.
func (c Correction) Waits() bool { return c.State == Open || c.State == Taken }

// Overdue tells whether its day has passed while it waits.
func (c Correction) Overdue(today string) bool { return c.Waits() && c.DueOn < today }

// The longest texts, in characters.
const (
	MaxText = 2000
	MaxName = 200
)

// tidy is what was said without what no keyboard types.
func (w Words) tidy() Words {
	for _, s := range []*string{&w.Given, &w.Family, &w.Grade, &w.Text} {
		*s = i18n.Clean(*s)
	}
	return w
}

// check is what each kind needs to be found again at the source.
func (c Correction) check() error {
	fields := map[string]string{}
	need := func(field, value string) {
		if value == "" {
			fields[field] = "correction." + field + "_required"
		}
	}
	switch c.Kind {
	case Name:
		need("given", c.Words.Given)
		need("family", c.Words.Family)
	case Missing:
		need("given", c.Words.Given)
		need("family", c.Words.Family)
	case Grade:
		need("grade", c.Words.Grade)
	case Class:
		if c.ClassID == "" && c.ToClassID == "" {
			fields["to_class"] = "correction.class_required"
		}
	case School:
		need("school", c.ToOrgID)
	case Twice:
		if c.OtherID == "" {
			need("text", c.Words.Text)
		}
	case Left:
	default:
		fields["kind"] = "correction.kind_required"
	}
	for field, text := range map[string]string{"given": c.Words.Given, "family": c.Words.Family} {
		if utf8.RuneCountInString(text) > MaxName {
			fields[field] = "correction.name_long"
		}
	}
	if utf8.RuneCountInString(c.Words.Text) > MaxText {
		fields["text"] = "correction.text_long"
	}
	return fault.Under(fault.Form(fields), clause)
}

// waits refuses what is done to a correction that is closed.
func (c Correction) waits() error {
	if !c.Waits() {
		return fault.New(fault.Conflict, "correction.closed_conflict").Under(clause)
	}
	return nil
}

// take says that somebody sees to it.
func (c *Correction) take(by string, now time.Time) error {
	if err := c.waits(); err != nil {
		return err
	}
	if c.State == Taken {
		return fault.New(fault.Conflict, "correction.taken").Under(clause)
	}
	c.State, c.TakenBy, c.TakenAt = Taken, by, now
	return nil
}

// end closes it; a refusal says why.
func (c *Correction) end(as State, answer, by string, now time.Time) error {
	if err := c.waits(); err != nil {
		return err
	}
	answer = i18n.Clean(answer)
	switch {
	case as == Refused && answer == "":
		return fault.Under(fault.Form(map[string]string{"reason": "correction.reason_required"}), clause)
	case utf8.RuneCountInString(answer) > MaxText:
		return fault.Form(map[string]string{map[State]string{Refused: "reason", Done: "note"}[as]: "correction.text_long"})
	}
	c.State, c.Words.Answer, c.ClosedBy, c.ClosedAt = as, answer, by, now
	return nil
}

// Now is what the roster says today of those whom a correction is about.
type Now struct {
	Person  person.Person
	Other   person.Person
	Schools []string // ids of the pupil's
	Classes []string // ids of the pupil's
	Named   bool     // an active pupil of the school, and of the class, bears the name
}

// seen tells whether the roster says what a correction asks for.
func (c Correction) seen(n Now) bool {
	here := n.Person.Status == person.Active
	switch c.Kind {
	case Name:
		return here && n.Person.GivenName == c.Words.Given && n.Person.FamilyName == c.Words.Family
	case Grade:
		return here && n.Person.Grade == c.Words.Grade
	case Class:
		out := c.ClassID == "" || !slices.Contains(n.Classes, c.ClassID)
		in := c.ToClassID == "" || slices.Contains(n.Classes, c.ToClassID)
		return here && out && in
	case School:
		return here && slices.Contains(n.Schools, c.ToOrgID)
	case Left:
		return !here || !slices.Contains(n.Schools, c.OrgID)
	case Twice:
		return c.OtherID != "" && (c.OtherID == c.PersonID || !here || n.Other.Status != person.Active)
	case Missing:
		return n.Named
	}
	return false
}

// show keeps what the roster says, and answers whether that is news: it closes one
// that waits; of one that is done it says that the roster shows it, or, once an
// import has come since, that it does not.
func (c *Correction) show(yes bool, imported, now time.Time) bool {
	said := c.Shown
	switch {
	case c.Waits() && yes:
		c.State, c.ClosedAt, said = Done, now, Yes
	case c.State == Done && yes:
		said = Yes
	case c.State == Done && imported.After(c.ClosedAt):
		said = No
	}
	if said == c.Shown {
		return false
	}
	c.Shown, c.ShownAt = said, now
	return true
}

// called is a name as two that mean the same are compared.
func called(given, family string) string { return db.Fold(strings.TrimSpace(family + " " + given)) }
