// Package person is who the roster knows: pupils and staff, what they are in
// which school or department, and the classes that they share. It is written by
// an import of the roster and read by everyone else.
package person

import (
	"strings"

	"aval/internal/db"
)

// Kind separates those whom the policy protects from those who act under it.
type Kind string

// Everyone on the roster is a pupil or a member of staff.
const (
	Student Kind = "student"
	Staff   Kind = "staff"
)

// Role is what someone is in a school or department, or in a class.
type Role string

// Assistant and vice-principals are principals (policy A, 1.3 g).
const (
	Pupil          Role = "student"
	Teacher        Role = "teacher"
	Professional   Role = "professional"
	Principal      Role = "principal"
	DepartmentHead Role = "department_head"
	Administrator  Role = "administrator"
)

// Status of a record of the roster. One that is gone is kept until its day of
// purge, so that what happened stays explained.
const (
	Active = "active"
	Gone   = "tobedeleted"
)

// Person is a pupil or a member of staff.
type Person struct {
	ID         string
	SourceID   string
	Kind       Kind
	GivenName  string
	FamilyName string
	Email      string
	Number     string
	Grade      string
	Status     string
}

// Name is how a person is called in a list that is already closed to others.
func (p Person) Name() string { return strings.TrimSpace(p.GivenName + " " + p.FamilyName) }

// search is the folded text by which a person is found.
func (p Person) search() string { return db.Fold(p.FamilyName + " " + p.GivenName) }

// Post is one role that a person holds in one school or department.
type Post struct {
	PersonID string
	OrgID    string
	Role     Role
}

// Class is a group of pupils of one school.
type Class struct {
	ID       string
	SourceID string
	SchoolID string
	CourseID string
	Title    string
	Code     string
	Grade    string
	Kind     string
	Subject  string
	Status   string
	Pupils   int // counted when read
}

// Enrollment puts a person in a class. Its end is exclusive, its id the roster's own.
type Enrollment struct {
	ID       string
	ClassID  string
	PersonID string
	Role     Role
	Main     bool
	Begin    string
	End      string
	Status   string
}
