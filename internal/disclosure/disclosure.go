// Package disclosure is what leaves for a platform: whom a licence lets it know,
// under which pseudonyms, and which fields (policy A, 1.3 e, 3.3 c and 5.2).
//
//	licence --TermsOf--> Terms: sector, fields
//	roster + audience --Refresh--> disclosed: one row a person, class, school …
//	disclosed + Terms --Users, Classes …--> rows that hold nothing else
//
// Every way out, the OneRoster provider, an exported file and later a sign-in,
// reads its rows here and nowhere else. A field leaves only when the decision on
// the platform names it among the information that it needs; a name or an
// address, moreover, only under an undertaking that is in force.
//
// A pseudonym is 128 bits of chance, stored, of one subject in one sector, never
// derived and never used twice (OpenID Connect Core 1.0, section 8.1). It is the
// sourcedId of OneRoster; the login name is another thing.
package disclosure

import (
	"time"

	"aval/internal/catalogue"
	"aval/internal/licence"
	"aval/internal/person"
)

// Kind is what a pseudonym stands for.
type Kind string

// The objects of a roster.
const (
	OfUser       Kind = "user"
	OfOrg        Kind = "org"
	OfClass      Kind = "class"
	OfCourse     Kind = "course"
	OfSession    Kind = "session"
	OfEnrollment Kind = "enrollment"

	OfBirth Kind = "birth" // the day of birth of a user, whose pseudonym it has
)

// Field is something of a person or a group that may leave beside pseudonyms.
type Field string

// The fields, from the least to what tells most.
const (
	LoginName  Field = "login_name" // of a licence whose accounts are opened with it (5.1.1)
	Grade      Field = "grade"
	Groups     Field = "groups" // classes, and who is in which
	GivenName  Field = "given_name"
	FamilyName Field = "family_name"
	Email      Field = "email"
	BirthDate  Field = "birth_date"
	Guardians  Field = "guardians" // a parent's name and address
)

// Fields lists them in that order.
var Fields = []Field{LoginName, Grade, Groups, GivenName, FamilyName, Email, BirthDate, Guardians}

// Shows tells that a field says who somebody is: it leaves only under an undertaking (5.2).
func (f Field) Shows() bool {
	return f == GivenName || f == FamilyName || f == Email || f == Guardians
}

// Terms are under which a licence discloses.
type Terms struct {
	Licence  licence.Licence
	Platform catalogue.ID
	Sector   string
	Fields   map[Field]bool // what leaves
	Withheld []Withheld     // what the decision names and yet does not leave
	Aliases  string         // domain of the addresses that leave in place of people's own; empty where those leave

	rotation int64 // how often the pseudonyms of the sector were made anew
}

// Withheld is a field that the decision names and that stays, with the reason as
// the key of a sentence.
type Withheld struct {
	Field Field
	Why   string
}

// Mark is what every row has: its pseudonym, whether it is still there, and when
// that or what it holds last changed.
type Mark struct {
	Value     string // the pseudonym: 26 signs, lower-case base 32
	Status    string // person.Active or person.Gone
	ChangedAt time.Time
}

// User is a pupil of the audience or a teacher of one of its classes. What the
// terms do not let out is empty; references are pseudonyms.
type User struct {
	Mark
	Role                         person.Role // student or teacher
	Login                        string
	GivenName, FamilyName, Email string
	Grade                        string
	Orgs                         []string
}

// Birth is the day on which a pupil of the audience was born, YYYY-MM-DD.
type Birth struct {
	Mark
	Day string
}

// Org is a school of the audience, or the board above it.
type Org struct {
	Mark
	Kind   string // school or district
	Name   string // a board's and a school's name are public; see Terms
	Parent string
}

// Session is a school year or a part of it. Its end is exclusive.
type Session struct {
	Mark
	Title, Kind, Start, End, SchoolYear, Parent string
}

// Course is what a class is taught.
type Course struct {
	Mark
	Title, Code, Org string
}

// Class is a group with a pupil of the audience. Its title holds nobody's name.
type Class struct {
	Mark
	Title, Code, Grade, Kind, Subject string
	Course, School                    string
	Sessions                          []string
}

// Enrollment puts a user in a class. Its end is exclusive.
type Enrollment struct {
	Mark
	Class, School, User string
	Role                person.Role
	Main                bool
	Begin, End          string
}
