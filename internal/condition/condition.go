// Package condition follows what an approval asks for: each condition of a
// decision, who sees to it, by which day, and how it ended (policy A, 4.1: the
// school or department abides by what was decided).
//
//	open --Meet (a file that shows it)--> met
//	  |----Waive (why)------------------> waived
//	  '----another decision on the platform--> lapsed
//
// The words of a condition stand in the decision, which is never rewritten; what
// is kept here is what became of them.
package condition

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/catalogue"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

// ID names a condition within its board.
type ID string

// State is how far a condition is.
type State string

// The states: one that is open is still to be met.
const (
	Open   State = "open"
	Met    State = "met"
	Waived State = "waived"
	Lapsed State = "lapsed" // another decision on the platform took the place of its own
)

// States lists them in the order shown.
var States = []State{Open, Met, Waived, Lapsed}

// Owner is who sees to a condition: a person's account, or whoever holds a role at
// the school or department that asked or, for the roles of the whole board, in the
// evaluating service. The zero Owner is nobody yet.
type Owner struct {
	Account string
	Role    policy.Role
}

// OwnerOf reads an owner as a form or a program writes it: a role or an account.
func OwnerOf(typed string) Owner {
	if role := policy.Role(typed); slices.Contains(policy.Roles, role) {
		return Owner{Role: role}
	}
	return Owner{Account: typed}
}

// Code writes what OwnerOf reads; empty for nobody.
func (o Owner) Code() string {
	if o.Role != "" {
		return string(o.Role)
	}
	return o.Account
}

// Condition is one line of what a decision asks for.
type Condition struct {
	ID         ID
	PlatformID catalogue.ID
	DecisionID string            // of aval, or recorded from before
	RequestID  request.ID        // empty for a decision from before
	OrgID      string            // the school or department that asked; empty likewise
	Aspect     evaluation.Aspect // empty likewise
	Place      int               // among those of its decision, from one
	Text       string
	State      State
	Owner      Owner
	DueOn      string // 2026-12-15, the last day; empty for none
	MadeAt     time.Time
	ClosedBy   string
	ClosedAt   time.Time // zero while open
	Reason     string    // why it was waived
	Version    int64

	asked []string // who asked for the platform: they may read it
}

// Subject names a condition in the trail and in the marks of controls.
func Subject(id ID) string { return "condition:" + string(id) }

// Scope says where the condition stands, for a permission to be asked: its owner's,
// the school's or department's, and known to who asked for the platform.
func (c Condition) Scope() policy.Scope {
	return policy.Scope{Owner: c.Owner.Account, Also: c.asked, Org: c.OrgID, State: string(c.State)}
}

// Overdue tells whether its day has passed while it is open.
func (c Condition) Overdue(today string) bool {
	return c.State == Open && c.DueOn != "" && c.DueOn < today
}

// Awaits tells whether the actor is the one who sees to it: its owner, or the
// evaluating service.
func (c Condition) Awaits(actor policy.Actor) bool {
	switch {
	case actor.Can(policy.ConditionManage, c.Scope()):
		return true
	case c.Owner.Role != "":
		return slices.ContainsFunc(actor.Grants, func(g policy.Grant) bool {
			return g.Role == c.Owner.Role && (g.Org == "" || g.Org == c.OrgID)
		})
	}
	return c.Owner.Account != "" && c.Owner.Account == actor.ID
}

// Lines gives the conditions of a text that has one a line.
func Lines(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "-•▪")); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// CheckDue says what is wrong with a day by which something is due, or "": it is a
// day of the calendar, not past.
func CheckDue(day, today string) (key string) {
	switch _, err := time.Parse(time.DateOnly, day); {
	case day == "":
		return ""
	case err != nil:
		return "condition.day_wrong"
	case day < today:
		return "condition.day_past"
	}
	return ""
}

// longest is the longest note or reason.
const longest = 10000

// assign gives the condition an owner and a day, or takes them back.
func (c *Condition) assign(owner Owner, due string, known []Candidate, today string) error {
	if err := c.open(); err != nil {
		return err
	}
	fields := map[string]string{}
	due = strings.TrimSpace(due)
	if key := CheckDue(due, today); key != "" && due != c.DueOn {
		fields["due_on"] = key
	}
	if owner != (Owner{}) && owner != c.Owner && !among(known, owner) {
		fields["owner"] = "condition.owner_unknown"
	}
	if err := fault.Form(fields); err != nil {
		return err
	}
	c.Owner, c.DueOn = owner, due
	return nil
}

// open refuses what is done to a condition that is closed.
func (c Condition) open() error {
	if c.State != Open {
		return fault.New(fault.Conflict, "condition.closed").Under("4.1")
	}
	return nil
}

// close ends the condition.
func (c *Condition) close(as State, by string, now time.Time) {
	c.State, c.ClosedBy, c.ClosedAt = as, by, now
}

// words is a text that must be there, no longer than a page.
func words(field, typed, missing string) (string, error) {
	typed = i18n.Clean(typed)
	switch {
	case typed == "" && missing != "":
		return "", fault.Form(map[string]string{field: missing})
	case utf8.RuneCountInString(typed) > longest:
		return "", fault.Form(map[string]string{field: "condition.text_long"})
	}
	return typed, nil
}

// Candidate is somebody who may be asked to see to a condition.
type Candidate struct {
	Owner Owner
	Name  string // of the account; empty for a role, which the pack names
}

func among(known []Candidate, owner Owner) bool {
	return slices.ContainsFunc(known, func(c Candidate) bool { return c.Owner == owner })
}

// Note is a word on how it goes.
type Note struct {
	ID     string
	At     time.Time
	Author string // account
	Name   string // of the author
	Text   string
}

// File is what shows that a condition is met.
type File struct {
	ID          string
	ConditionID ID
	Name, Media string
	Size        int64
	SHA256      string
	AddedBy     string
	AddedAt     time.Time
}
