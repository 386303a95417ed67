package provider

import (
	"aval/internal/credential"
	"aval/internal/disclosure"
	"aval/internal/person"
)

// op is one of the 41 read operations: which objects, of which, and what opens it.
type op struct {
	path  string // after the version's base
	kind  disclosure.Kind
	only  string // role of the users, kind of the organisations and sessions
	one   bool   // the object that {id} names
	of    []owner
	seat  person.Role // of users in a class
	birth bool        // demographics
}

// owner is an object of the path that the rows belong to; each belongs to the next.
type owner struct {
	kind disclosure.Kind
	name string // in the path
	only string
}

func (o op) needs() credential.Right {
	switch {
	case o.birth:
		return credential.Demographics
	case len(o.of) > 0:
		return credential.Roster
	}
	return credential.Core
}

// rows is what is read: of users, themselves or when they were born.
func (o op) rows() disclosure.Kind {
	if o.birth {
		return disclosure.OfBirth
	}
	return o.kind
}

// words of an envelope, singular and plural.
var envelopes = map[disclosure.Kind][2]string{
	disclosure.OfUser: {"user", "users"}, disclosure.OfOrg: {"org", "orgs"}, disclosure.OfSession: {"academicSession", "academicSessions"},
	disclosure.OfCourse: {"course", "courses"}, disclosure.OfClass: {"class", "classes"}, disclosure.OfEnrollment: {"enrollment", "enrollments"},
}

func (o op) envelope() string {
	if o.birth {
		return "demographics"
	}
	words := envelopes[o.kind]
	if o.one {
		return words[0]
	}
	return words[1]
}

const (
	pupils   = string(person.Pupil)
	teachers = string(person.Teacher)
)

// operations lists the 41.
func operations() (all []op) {
	for _, o := range []op{
		{path: "academicSessions", kind: disclosure.OfSession},
		{path: "classes", kind: disclosure.OfClass},
		{path: "courses", kind: disclosure.OfCourse},
		{path: "demographics", kind: disclosure.OfUser, birth: true},
		{path: "enrollments", kind: disclosure.OfEnrollment},
		{path: "gradingPeriods", kind: disclosure.OfSession, only: "gradingPeriod"},
		{path: "orgs", kind: disclosure.OfOrg},
		{path: "schools", kind: disclosure.OfOrg, only: "school"},
		{path: "students", kind: disclosure.OfUser, only: pupils},
		{path: "teachers", kind: disclosure.OfUser, only: teachers},
		{path: "terms", kind: disclosure.OfSession, only: "term"},
		{path: "users", kind: disclosure.OfUser},
	} {
		single := o
		single.path, single.one = o.path+"/{id}", true
		all = append(all, o, single)
	}
	class := owner{kind: disclosure.OfClass, name: "id"}
	school := owner{kind: disclosure.OfOrg, name: "id", only: "school"}
	within := []owner{{kind: disclosure.OfClass, name: "class"}, school}
	user := func(role string) []owner { return []owner{{kind: disclosure.OfUser, name: "id", only: role}} }
	term := []owner{{kind: disclosure.OfSession, name: "id", only: "term"}}
	return append(all,
		op{path: "classes/{id}/students", kind: disclosure.OfUser, of: []owner{class}, seat: person.Pupil},
		op{path: "classes/{id}/teachers", kind: disclosure.OfUser, of: []owner{class}, seat: person.Teacher},
		op{path: "courses/{id}/classes", kind: disclosure.OfClass, of: []owner{{kind: disclosure.OfCourse, name: "id"}}},
		op{path: "schools/{id}/classes", kind: disclosure.OfClass, of: []owner{school}},
		op{path: "schools/{id}/courses", kind: disclosure.OfCourse, of: []owner{school}},
		op{path: "schools/{id}/enrollments", kind: disclosure.OfEnrollment, of: []owner{school}},
		op{path: "schools/{id}/students", kind: disclosure.OfUser, only: pupils, of: []owner{school}},
		op{path: "schools/{id}/teachers", kind: disclosure.OfUser, only: teachers, of: []owner{school}},
		op{path: "schools/{id}/terms", kind: disclosure.OfSession, only: "term", of: []owner{school}},
		op{path: "schools/{id}/classes/{class}/enrollments", kind: disclosure.OfEnrollment, of: within},
		op{path: "schools/{id}/classes/{class}/students", kind: disclosure.OfUser, of: within, seat: person.Pupil},
		op{path: "schools/{id}/classes/{class}/teachers", kind: disclosure.OfUser, of: within, seat: person.Teacher},
		op{path: "students/{id}/classes", kind: disclosure.OfClass, of: user(pupils)},
		op{path: "teachers/{id}/classes", kind: disclosure.OfClass, of: user(teachers)},
		op{path: "terms/{id}/classes", kind: disclosure.OfClass, of: term},
		op{path: "terms/{id}/gradingPeriods", kind: disclosure.OfSession, only: "gradingPeriod", of: term},
		op{path: "users/{id}/classes", kind: disclosure.OfClass, of: user("")},
	)
}
