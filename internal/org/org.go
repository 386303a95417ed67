// Package org is where people learn and work: the board, its schools and its
// departments. They come with the roster; the board says itself which schools
// are of the youth sector, to which policy A applies, and which departments
// stand under the deputy director general (1.3 b).
package org

import (
	"strings"

	"aval/internal/fault"
	"aval/internal/policy"
)

// Kind is what an organisation is.
type Kind string

// The kinds of organisation.
const (
	Board      Kind = "board"
	School     Kind = "school"
	Department Kind = "department"
)

// Sector says whether the policy on platforms for youth applies to a school.
type Sector string

// Adult education and vocational training are the other sector.
const (
	Youth Sector = "youth"
	Other Sector = "other"
)

// Status of a record of the roster.
const (
	Active = "active"
	Gone   = "tobedeleted"
)

// Org is the board, a school or a department. UnderDeputy is true of a
// department that stands under the deputy director general, pedagogy.
type Org struct {
	ID          string
	SourceID    string
	Kind        Kind
	Name        string
	Identifier  string
	ParentID    string
	Sector      Sector
	Language    string
	UnderDeputy bool
	Status      string
}

// Scope is where an organisation stands for a permission.
func (o Org) Scope() policy.Scope { return policy.Scope{Org: o.ID} }

// Covered says that the policy on platforms for youth speaks of it: a school of
// the youth sector (2.1), or a department that stands under the deputy director
// general, pedagogy, which is what the word means alone (1.3 b).
func (o Org) Covered() bool {
	switch o.Kind {
	case School:
		return o.Sector != Other
	case Department:
		return o.UnderDeputy
	}
	return false
}

// setSector is the rule: only schools have a sector, and it is one of two.
func (o *Org) setSector(sector Sector) error {
	if o.Kind != School {
		return fault.New(fault.Conflict, "org.not_a_school")
	}
	if sector != Youth && sector != Other {
		return fault.Form(map[string]string{"sector": "org.sector_unknown"})
	}
	o.Sector = sector
	return nil
}

// markUnderDeputy is the rule: only a department can stand under the deputy (1.3 b).
func (o *Org) markUnderDeputy(under bool) error {
	if o.Kind != Department {
		return fault.New(fault.Conflict, "org.not_a_department").Under("1.3b")
	}
	o.UnderDeputy = under
	return nil
}

const maxName = 200

// newDepartment is the rule: a department has a name of a reasonable length.
func newDepartment(name string, underDeputy bool) (Org, error) {
	fields := map[string]string{}
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "":
		fields["name"] = "org.name_required"
	case len([]rune(name)) > maxName:
		fields["name"] = "org.name_too_long"
	}
	o := Org{Kind: Department, Name: name, Sector: Youth, UnderDeputy: underDeputy, Status: Active}
	return o, fault.Form(fields)
}
