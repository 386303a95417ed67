// Package licence is the right to use an approved platform: for whom, until when, and who
// pays for it (policy A, 1.3 d, 2.1 and 4.2).
//
// A licence is recorded only for a platform that was approved, with or without conditions.
// A platform that is approved and under a licence that covers her pupils is a teacher's to
// use without asking: Answer tells her so before she asks.
package licence

import (
	"slices"
	"time"

	"aval/internal/catalogue"
	"aval/internal/fault"
	"aval/internal/policy"
)

// ID names a licence within its board.
type ID string

// Reach is for whom a licence is.
type Reach string

// From one person to everyone.
const (
	Individual Reach = "individual"
	School     Reach = "school"
	Department Reach = "department"
	Board      Reach = "board"
)

// Reaches lists them in that order.
var Reaches = []Reach{Individual, School, Department, Board}

// DDL is the payer that is the evaluating service itself; any other payer is the id of a
// school or of a department.
const DDL = "ddl"

// Licence is one right to use, free or bought.
type Licence struct {
	ID         ID
	PlatformID catalogue.ID
	Scope      Reach
	OrgID      string // the school or department; empty for the whole board
	Payer      string // DDL, or a school's or department's id
	Seats      int64  // zero is without limit
	CostCents  int64
	StartsOn   string // 2026-08-31
	EndsOn     string // the last day, included
	RecordedBy string
	CreatedAt  time.Time
	Version    int64
}

// org is the little of an organisation that the rules look at.
type org struct {
	ID   string
	Kind string
}

// check is the rule of policy A, 4.2: who may pay for what. places are the organisations
// that the licence names and that the board has.
func (l Licence) check(places []org) error {
	fields := map[string]string{}
	if !slices.Contains(Reaches, l.Scope) {
		fields["scope"] = "licence.scope_wrong"
	}
	kind := func(id string) string {
		for _, o := range places {
			if o.ID == id {
				return o.Kind
			}
		}
		return ""
	}
	switch l.Scope {
	case Individual, School:
		if kind(l.OrgID) != "school" {
			fields["org_id"] = "licence.school_required"
		}
	case Department:
		if kind(l.OrgID) != "department" {
			fields["org_id"] = "licence.department_required"
		}
	case Board:
		if l.OrgID != "" {
			fields["org_id"] = "licence.org_unwanted"
		}
	}
	if k := kind(l.Payer); l.Payer != DDL && k != "school" && k != "department" {
		fields["payer"] = "licence.payer_required"
	}
	starts, err1 := time.Parse(time.DateOnly, l.StartsOn)
	if err1 != nil {
		fields["starts_on"] = "licence.day_wrong"
	}
	ends, err2 := time.Parse(time.DateOnly, l.EndsOn)
	if err2 != nil {
		fields["ends_on"] = "licence.day_wrong"
	} else if err1 == nil && ends.Before(starts) {
		fields["ends_on"] = "licence.ends_before"
	}
	if l.Seats < 0 || l.Seats > most {
		fields["seats"] = "licence.number_wrong"
	}
	if l.CostCents < 0 || l.CostCents > most {
		fields["cost"] = "licence.number_wrong"
	}
	if err := fault.Form(fields); err != nil {
		if f, ok := fault.As(err); ok && fields["payer"] != "" {
			return f.Under("4.2")
		}
		return err
	}
	if l.Payer == DDL && l.Scope != Board {
		return payerRefused("licence.ddl_pays_board_only")
	}
	return nil
}

// payerRefused says beside the payer who pays for what (4.2 b).
func payerRefused(key string) error {
	f := fault.New(fault.Invalid, key).Under("4.2b")
	f.Fields = map[string]fault.Message{"payer": {Key: key}}
	return f
}

// most is the largest number of seats, and of cents, that anyone may mean.
const most = 1_000_000_000

// clause is the paragraph of 4.2 under which the payer pays.
func (l Licence) clause() string {
	if l.Payer == DDL {
		return "4.2a"
	}
	return "4.2b"
}

// unapproved is the clause against which it would be bought for a platform that
// is not approved: what was refused is abided by (4.1); what nobody evaluated is
// evaluated first, at a school (6.3 b) and in a department (6.6 a).
func (l Licence) unapproved(p catalogue.Status, places []org) string {
	if p == catalogue.Refused {
		return "4.1"
	}
	for _, o := range places {
		switch {
		case o.ID != l.Payer:
		case o.Kind == "department":
			return "6.6a"
		case o.Kind == "school":
			return "6.3b"
		}
	}
	return "2.1"
}

// place is where the licence stands, for a permission to be asked: its school or
// department; for the whole board, the one that pays, or the board itself.
func (l Licence) place() policy.Scope {
	switch {
	case l.Scope != Board:
		return policy.Scope{Org: l.OrgID}
	case l.Payer != DDL:
		return policy.Scope{Org: l.Payer}
	}
	return policy.Scope{}
}

// covers says whether the licence holds that day for every pupil of these schools. The
// licence of one person or of a department covers no school.
func (l Licence) covers(schools []string, day string) bool {
	if day < l.StartsOn || day > l.EndsOn {
		return false
	}
	switch l.Scope {
	case Board:
		return true
	case School:
		return len(schools) > 0 && !slices.ContainsFunc(schools, func(s string) bool { return s != l.OrgID })
	}
	return false
}

// Standing is the answer that a person has before she asks.
type Standing string

// The answers. Whether a request is already open is for who reads requests to add.
const (
	Licensed          Standing = "licensed"           // approved, under a licence that covers her pupils: nothing to ask (2.1)
	ApprovedElsewhere Standing = "approved_elsewhere" // approved, but no licence covers her pupils: a short request
	Refused           Standing = "refused"            // refused, on the day that the platform tells
	Unknown           Standing = "unknown"            // never decided: a full request
)

// Answer is what the catalogue and the licences say of a platform to one person.
type Answer struct {
	Standing Standing
	Platform catalogue.Platform // with its conditions and the day of its decision
	Licence  Licence            // the licence that covers her pupils, when Licensed
	Schools  []string           // the schools that were looked at
	Similar  []catalogue.Match  // approved platforms that do some of the same, each with its own standing
}

// Clause is the clause that answers, when one does.
func (a Answer) Clause() string {
	if a.Standing == Licensed {
		return "2.1"
	}
	return ""
}

// standing is the rule of 2.1.
func standing(p catalogue.Platform, licensed bool) Standing {
	switch {
	case p.Status.Usable() && licensed:
		return Licensed
	case p.Status.Usable():
		return ApprovedElsewhere
	case p.Status == catalogue.Refused:
		return Refused
	}
	return Unknown
}
