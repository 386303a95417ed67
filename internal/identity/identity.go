// Package identity is who is who on the roster. A pupil is an id that never
// changes; numbers, names and the ids of the source are what is known of them. Two
// records may be one child, and one record two children: only a person says so
// (policy A, 6.5 d).
//
//	candidates (from the data) --Compare--> both records, the look noted
//	  --Merge--> one record, the other's source id leads to it
//	  --Part---> two children, and the pair is shown no more
//	record --Split--> two records
//	each --Undo, within 30 days--> as it was
//
// An act keeps exactly what it moved. Nothing is merged by itself, and no internal
// id is ever given to somebody else.
package identity

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/fault"
	"aval/internal/grade"
	"aval/internal/person"
)

// Kind is what was decided.
type Kind string

// The kinds.
const (
	Merged Kind = "merge" // two records were one child
	Split  Kind = "split" // one record was two children
	Parted Kind = "part"  // two records are two children
)

// Undoable is how long an act may be undone.
const Undoable = 30 * 24 * time.Hour

// Act is what a person decided about two records.
type Act struct {
	ID       string
	Kind     Kind
	First    string // who survives a merge, or was there before a split
	Second   string
	DoneBy   string
	DoneAt   time.Time
	UndoneBy string
	UndoneAt time.Time // zero while it stands

	By, Unby string       // names of who did and undid it, in lists
	Moved    map[Item]int // how many of each it moved, in lists
}

// Until is the moment from which it can no longer be undone.
func (a Act) Until() time.Time { return a.DoneAt.Add(Undoable) }

// Open says that it stands and can be undone at a moment.
func (a Act) Open(now time.Time) bool { return a.UndoneBy == "" && now.Before(a.Until()) }

// undo is the rule: once, and in time.
func (a *Act) undo(by string, now time.Time) error {
	if a.UndoneBy != "" {
		return fault.New(fault.Conflict, "identity.undone_already")
	}
	if !a.Open(now) {
		return fault.New(fault.Conflict, "identity.too_late")
	}
	a.UndoneBy, a.UndoneAt = by, now
	return nil
}

// Item is what an act moves.
type Item string

// The items; the rows of a table are called after it.
const (
	Enrollment  Item = "enrollment"
	Role        Item = "role"         // org:role that the second record held
	RoleAdded   Item = "role_added"   // org:role that the first was given by it
	Audience    Item = "audience"     // licence that names them; was "both" where it named the first too
	Source      Item = "source"       // source id that leads elsewhere now; was whose it was
	Standing    Item = "standing"     // of a record; was its status
	Grade       Item = "grade"        // of a record; was its grade
	OwnSource   Item = "own_source"   // of a record; was its source id
	LoginGiven  Item = "login_given"  // the login names changed places
	LoginClosed Item = "login_closed" // one was retired; was the day
)

// Shown are the items that a list of acts counts.
var Shown = []Item{Enrollment, Role, "consent", "rights_request", "reveal", Audience, Source}

// moved is one item as it is kept.
type moved struct {
	Item Item
	ID   string
	Was  string
}

// Stays is whose login name a merged pupil signs in with from now on.
type Stays string

// Rest is what becomes of the other login name.
type Rest string

// The answers to the two questions about login names.
const (
	OfFirst  Stays = "first"
	OfSecond Stays = "second"

	Retire Rest = "retire" // it is nobody's from now on
	Keep   Rest = "keep"   // who asks whose it is, is told the pupil; it opens no account
)

// Merge says that two records are one child. Of login names it need say nothing where
// not both records have one: who has one keeps it.
type Merge struct {
	First  string // survives
	Second string
	Login  Stays
	Other  Rest
}

// check is what must be said of two records, which both have a login name or not.
func (m Merge) check(both bool) error {
	fields := map[string]string{}
	if m.First == "" || m.First == m.Second || m.Second == "" {
		fields["first"] = "identity.first_required"
	}
	if both && m.Login != OfFirst && m.Login != OfSecond {
		fields["login"] = "identity.login_required"
	}
	if both && m.Other != Retire && m.Other != Keep {
		fields["other"] = "identity.other_required"
	}
	return fault.Form(fields)
}

// pupils refuses what is not two pupils.
func pupils(list ...person.Person) error {
	if slices.ContainsFunc(list, func(p person.Person) bool { return p.Kind != person.Student }) {
		return fault.New(fault.Conflict, "identity.pupils_only")
	}
	return nil
}

// Division says that one record is two children, and what is the second's.
type Division struct {
	Person                               string
	GivenName, FamilyName, Number, Grade string   // of the second
	Schools                              []string // ids of those where the second learns
	Leaves                               []string // ids of those where the first learns no more
	Enrollments                          []string // that are the second's
	Consents                             []string // that are the second's
	Sources                              []string // source ids under which the source knows the second
	Login                                Stays    // who keeps the login name, where there is one; the other is given one
}

const mostName = 100

// check is what must be said of a record, which has a login name or not.
func (d *Division) check(holds bool) error {
	fields := map[string]string{}
	for name, text := range map[string]*string{"given_name": &d.GivenName, "family_name": &d.FamilyName} {
		*text = strings.TrimSpace(*text)
		if *text == "" {
			fields[name] = "identity." + name + "_required"
		} else if utf8.RuneCountInString(*text) > mostName {
			fields[name] = "identity.name_long"
		}
	}
	if d.Number = strings.TrimSpace(d.Number); utf8.RuneCountInString(d.Number) > mostName {
		fields["number"] = "identity.name_long"
	}
	if d.Grade != "" && !slices.Contains(grade.All, d.Grade) {
		fields["grade"] = "grade.grade_required"
	}
	if len(d.Schools) == 0 {
		fields["schools"] = "identity.schools_required"
	}
	if holds && d.Login != OfFirst && d.Login != OfSecond {
		fields["login"] = "identity.login_required"
	}
	return fault.Form(fields)
}
