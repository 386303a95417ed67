// Package inventory is what everyone at a board may know of its platforms: which
// class of information each may receive, which were refused and why (model
// directives D-03, D-04 and D-43 of policy B; policy A, 2.1), and those found in
// use that nobody had asked for.
//
//	found --Settle: a request was made, or the use was stopped--> requested | stopped
package inventory

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/catalogue"
	"aval/internal/classification"
	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

// clause is what asks a board for the list; the catalogue's where nothing does.
func clause(p *policy.Pack) string { return p.First("D-04", "2.1") }

// Item is a platform that was decided on.
type Item struct {
	decision.PublishedItem
	Class *classification.Level // the highest that it may receive; nil when nobody said
	Owner string                // who answers for that information: a role or an account
}

// May tells whether the platform is authorised.
func (i Item) May() bool { return i.Result != decision.Refused }

// Filter is what is looked for in the list.
type Filter struct {
	Typed   string // a name, a vendor, or a part of either
	Class   string // that the platform must be able to receive
	Refused bool   // those that were refused, instead
}

// takes tells whether a platform is among what is looked for.
func (f Filter) takes(i Item, s classification.Scheme) bool {
	if f.Refused == i.May() {
		return false
	}
	if f.Class != "" && (i.Class == nil || !s.Holds(i.Class.Code, f.Class)) {
		return false
	}
	typed := db.Fold(f.Typed)
	return typed == "" || strings.Contains(db.Fold(i.Name+" "+i.Vendor), typed)
}

// List is the platforms of a board, by name.
type List struct {
	Board  string // its name
	Scheme classification.Scheme
	Items  []Item
	Total  int // before anything was looked for
}

// State is what became of a platform that was found in use.
type State string

// The states.
const (
	Open      State = "open"
	Requested State = "requested" // somebody has asked for it since
	Stopped   State = "stopped"   // it is used no more
)

// Outcomes are the ways to settle it, in the order shown.
var Outcomes = []State{Requested, Stopped}

// Found is a platform that somebody saw in use without a request.
type Found struct {
	ID        string
	Platform  catalogue.ID
	Name      string // of the platform
	NotedBy   string
	Noter     string // name of who noted it; empty to who may not read it
	NotedAt   time.Time
	SeenOn    string // 2026-11-20
	Text      string
	Personal  bool   // someone's information was in it
	Class     string // of that information, where the board has a scheme and somebody said
	State     State
	Request   request.ID
	Reason    string
	SettledBy string
	SettledAt time.Time // zero until then
}

// Subject names it in the trail and in the marks of controls.
func (f Found) Subject() string { return "found:" + f.ID }

// Scope says where it stands, for a permission to be asked.
func (f Found) Scope() policy.Scope { return policy.Scope{Owner: f.NotedBy, State: string(f.State)} }

// Seen is what somebody types of a platform in use.
type Seen struct {
	Platform string // its name
	URL      string
	On       string
	Text     string // where, and what for
	Personal string // yes or no
	Class    string // may be empty
}

const maxText = 2000

// check refuses what does not say everything, field by field.
func (in *Seen) check(s classification.Scheme, pack *policy.Pack, today string) error {
	in.Text, in.On, in.Platform = i18n.Clean(in.Text), i18n.Clean(in.On), i18n.Clean(in.Platform)
	fields := map[string]string{}
	if in.Platform == "" {
		fields["platform"] = "inventory.platform_required"
	}
	switch _, err := time.Parse(time.DateOnly, in.On); {
	case in.On == "":
		fields["on"] = "inventory.day_required"
	case err != nil:
		fields["on"] = "inventory.day_wrong"
	case in.On > today:
		fields["on"] = "inventory.day_future"
	}
	words(fields, "text", in.Text, "inventory.text_required")
	if in.Personal != "yes" && in.Personal != "no" {
		fields["personal"] = "inventory.personal_required"
	}
	if in.Class != "" && s.Place(in.Class) < 0 {
		fields["class"] = "classification.class_required"
	}
	return fault.Under(fault.Form(fields), clause(pack))
}

// settle closes it, once, with a reason; a request must be there to be named.
func (f *Found) settle(as State, reason string, asked request.ID, by string, now time.Time, pack *policy.Pack) error {
	if f.State != Open {
		return fault.New(fault.Conflict, "inventory.settled").Under(clause(pack))
	}
	reason = i18n.Clean(reason)
	fields := map[string]string{}
	if !slices.Contains(Outcomes, as) {
		fields["outcome"] = "inventory.outcome_required"
	} else if as == Requested && asked == "" {
		fields["outcome"] = "inventory.no_request"
	}
	words(fields, "reason", reason, "inventory.reason_required")
	if err := fault.Form(fields); err != nil {
		return fault.Under(err, clause(pack))
	}
	if as == Requested {
		f.Request = asked
	}
	f.State, f.Reason, f.SettledBy, f.SettledAt = as, reason, by, now
	return nil
}

// above tells whether a class was seen where it may not go.
func above(s classification.Scheme, p catalogue.Platform, ceiling *classification.Choice, class string) bool {
	if class == "" {
		return false
	}
	return !p.Status.Usable() || ceiling != nil && !s.Holds(ceiling.Class, class)
}

func words(fields map[string]string, field, text, missing string) {
	switch {
	case text == "":
		fields[field] = missing
	case utf8.RuneCountInString(text) > maxText:
		fields[field] = "inventory.text_long"
	}
}
