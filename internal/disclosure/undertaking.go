package disclosure

import (
	"slices"
	"time"
	"unicode/utf8"

	"aval/internal/catalogue"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// UndertakingID names an undertaking within its board.
type UndertakingID string

// Form is in which words a platform undertook something (5.2).
type Form string

// The forms.
const (
	PolicyText Form = "policy_text" // its own policies say it
	Agreement  Form = "agreement"   // it signed it with the board
)

// Forms lists them in that order.
var Forms = []Form{PolicyText, Agreement}

// Promise is what a platform that insists on names or addresses undertakes.
type Promise struct {
	Form       Form
	Text       string  // where it stands: the title, the article, the address
	Fields     []Field // that may leave because of it
	Conditions string  // that the platform imposes on itself
	StartsOn   string  // 2026-09-01
	EndsOn     string  // the last day, included
}

// Undertaking is a promise that the board recorded.
type Undertaking struct {
	ID         UndertakingID
	PlatformID catalogue.ID
	Promise
	EndedOn    string // the day on which it was ended early, from which it holds no more; else empty
	RecordedBy string
	RecordedAt time.Time
	Version    int64
}

// Subject names an undertaking in the trail.
func (u Undertaking) Subject() string { return "undertaking:" + string(u.ID) }

// Holds tells whether it is in force on a day (2026-11-20).
func (u Undertaking) Holds(day string) bool {
	return u.StartsOn <= day && day <= u.EndsOn && (u.EndedOn == "" || day < u.EndedOn)
}

// Over tells whether it holds no more.
func (u Undertaking) Over(day string) bool {
	return day > u.EndsOn || u.EndedOn != "" && day >= u.EndedOn
}

// control carries 5.2.
const control = "pseudonym.conditions"

// clause is the one of undertakings.
const clause = "5.2"

// longest is the longest text.
const longest = 10000

// check refuses a promise that does not say everything, or that speaks of what the
// decision does not let the platform have.
func (p *Promise) check(named map[Field]bool, today string) error {
	fields := map[string]string{}
	if !slices.Contains(Forms, p.Form) {
		fields["form"] = "disclosure.form_required"
	}
	p.Text, p.Conditions = words(p.Text, "text", fields), words(p.Conditions, "conditions", fields)
	p.checkFields(named, fields)
	starts, ends := dayWrong(p.StartsOn), dayWrong(p.EndsOn)
	if starts {
		fields["starts_on"] = "disclosure.day_required"
	}
	switch {
	case ends:
		fields["ends_on"] = "disclosure.day_required"
	case !starts && p.EndsOn < p.StartsOn:
		fields["ends_on"] = "disclosure.ends_before"
	case p.EndsOn < today:
		fields["ends_on"] = "disclosure.ends_past"
	}
	return fault.Under(fault.Form(fields), clause)
}

func (p *Promise) checkFields(named map[Field]bool, fields map[string]string) {
	slices.Sort(p.Fields)
	p.Fields = slices.Compact(p.Fields)
	switch {
	case len(p.Fields) == 0:
		fields["fields"] = "disclosure.fields_required"
	case slices.ContainsFunc(p.Fields, func(f Field) bool { return !f.Shows() }):
		fields["fields"] = "disclosure.fields_unknown"
	case slices.ContainsFunc(p.Fields, func(f Field) bool { return !named[f] }):
		fields["fields"] = "disclosure.fields_undecided"
	}
}

// words is a text that must be there.
func words(typed, field string, fields map[string]string) string {
	typed = i18n.Clean(typed)
	switch {
	case typed == "":
		fields[field] = "disclosure." + field + "_required"
	case utf8.RuneCountInString(typed) > longest:
		fields[field] = "disclosure.text_long"
	}
	return typed
}

func dayWrong(day string) bool {
	_, err := time.Parse(time.DateOnly, day)
	return err != nil
}

// end is the rule: one that holds or is to come may be ended, on the day itself.
func (u *Undertaking) end(today string) error {
	if u.Over(today) {
		return fault.New(fault.Conflict, "disclosure.undertaking_over").Under(clause)
	}
	u.EndedOn = today
	return nil
}

// may refuses who does not see to undertakings.
func may(actor policy.Actor) error { return actor.Allow(policy.DisclosureManage, policy.Scope{}) }
