// Package breach is what a board does in the first minutes after a platform was
// broken into (A-2.1, s. 63.8): it asks what the platform knew, cuts it off, and
// begins the entry of the register.
//
//	Ask --> asked --Cut--> cutting --(a job)--> done
//	  '--Open--> the incident of the register, whose measures say what was cut
//
// The answer holds schools, counts and fields, and names nobody. Cutting off makes
// the platform's pseudonyms anew, and the passwords of its accounts; login names,
// which other platforms share, only when a person chooses it and says why.
package breach

import (
	"slices"
	"time"
	"unicode/utf8"

	"aval/internal/catalogue"
	"aval/internal/disclosure"
	"aval/internal/export"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/licence"
	"aval/internal/policy"
)

// ID names a breach within its board.
type ID string

// State is how far a breach is.
type State string

// The states.
const (
	Asked   State = "asked"
	Cutting State = "cutting"
	Done    State = "done"
)

// Exposure is what the platform knew of who pupils are.
type Exposure string

// Unknown is of a platform decided on before aval, whose decision has no list.
const (
	Pseudonyms Exposure = "pseudonyms"
	More       Exposure = "more"
	Unknown    Exposure = "unknown"
)

// nameless are the kinds of information that tell nobody who a pupil is.
var nameless = []string{"none", "pseudonym", "grade", "results"}

// School is how many pupils and classes of a school are concerned.
type School struct {
	ID              string
	Pupils, Classes int
}

// Licence is a right under which the platform knew pupils.
type Licence struct {
	ID           licence.ID
	Starts, Last string
	Accounts     licence.AccountKind
	Disclosed    bool // aval let rows out under it; else its audience of today is counted
}

// Export is a file that left for the platform.
type Export struct {
	At      time.Time
	Profile export.Profile
	Fields  []disclosure.Field
	Rows    int
}

// Read is the last day on which the platform read by itself.
type Read struct {
	At      time.Time // the last time
	Objects int64     // that day
}

// Answer is what the platform knew, in counts.
type Answer struct {
	Pupils, Teachers, Classes int
	Schools                   []School // by number of pupils
	Licences                  []Licence
	Declared                  []string           // kinds of information that its decisions name, the latest first
	Left                      []disclosure.Field // that left by aval
	Exposure                  Exposure
	Since                     string         // the first day of the first licence
	Changed                   time.Time      // when what it sees last changed; zero where nothing left by aval
	Export                    *Export        // the last that left for it
	Read                      *Read          // the last by its credential
	Shared                    []catalogue.ID // platforms that see the same pseudonyms
	Passwords                 int
}

// exposed is the rule: pseudonyms alone, only when neither what left, nor how pupils
// sign in, nor what the decision names tells who somebody is.
func (a Answer) exposed() Exposure {
	shows := func(f disclosure.Field) bool { return f.Shows() || f == disclosure.BirthDate }
	address := func(l Licence) bool { return l.Accounts == licence.BoardEmail }
	says := func(kind string) bool { return !slices.Contains(nameless, kind) }
	switch {
	case slices.ContainsFunc(a.Left, shows), slices.ContainsFunc(a.Licences, address), slices.ContainsFunc(a.Declared, says):
		return More
	case len(a.Declared) == 0:
		return Unknown
	}
	return Pseudonyms
}

// Choice is what is made anew.
type Choice struct {
	Pseudonyms, Passwords, Names bool
	Reason                       string // why login names are
}

// Breach is a question about a platform and what followed.
type Breach struct {
	ID       ID
	Platform catalogue.ID
	Incident incident.ID // of the register; empty until there is one
	State    State
	Answer   Answer
	AskedBy  string
	AskedAt  time.Time
	Choice
	CutBy   string
	CutAt   time.Time
	Step    step
	After   string
	Done    int
	Total   int
	EndedAt time.Time
	Version int64
}

// Subject names a breach in the trail.
func Subject(id ID) string { return "breach:" + string(id) }

// Scope is where a breach stands, for a permission to be asked.
func (b Breach) Scope() policy.Scope { return policy.Scope{Owner: b.AskedBy, State: string(b.State)} }

// step is what the job works on.
type step string

// The steps, in their order.
const (
	stepPseudonyms step = "pseudonyms"
	stepPasswords  step = "passwords"
	stepNames      step = "names"
	stepEnd        step = ""
)

var steps = []step{stepPseudonyms, stepPasswords, stepNames, stepEnd}

// next is the step of the choice that comes after another; the first after "".
func (c Choice) next(after step) step {
	wanted := map[step]bool{stepPseudonyms: c.Pseudonyms, stepPasswords: c.Passwords, stepNames: c.Names}
	from := 0
	if after != stepEnd {
		from = slices.Index(steps, after) + 1
	}
	for _, s := range steps[from:] {
		if wanted[s] {
			return s
		}
	}
	return stepEnd
}

// MaxReason is the longest reason, in characters.
const MaxReason = 1000

// cut is the rule: once, something at least, and login names with a reason.
func (b *Breach) cut(c Choice, by string, now time.Time, under string) error {
	if b.State != Asked {
		return fault.New(fault.Conflict, "breach.cut_already").Under(under)
	}
	c.Reason = i18n.Clean(c.Reason)
	fields := map[string]string{}
	if !c.Pseudonyms && !c.Passwords && !c.Names {
		fields["pseudonyms"] = "breach.choice_required"
	}
	switch {
	case c.Names && c.Reason == "":
		fields["reason"] = "breach.reason_required"
	case utf8.RuneCountInString(c.Reason) > MaxReason:
		fields["reason"] = "breach.reason_long"
	}
	if err := fault.Form(fields); err != nil {
		return fault.Under(err, under)
	}
	b.State, b.Choice, b.CutBy, b.CutAt, b.Step = Cutting, c, by, now, c.next(stepEnd)
	if c.Pseudonyms {
		b.Total++
	}
	if c.Passwords {
		b.Total += b.Answer.Passwords
	}
	if c.Names {
		b.Total += b.Answer.Pupils
	}
	return nil
}
