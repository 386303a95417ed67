package roster

import (
	"strings"

	"aval/internal/person"
)

// postsOf reads the one role that version 1.1 gives to a user in each of the
// user's schools, and what they are by it. A guardian is left aside.
func (rd *reader) postsOf(r *row, u UserRow) (posts []RoleRow, are what) {
	word := r.spelt("role", r.need("role"))
	orgs := r.ids("orgSourcedIds")
	if len(orgs) == 0 {
		r.want("orgSourcedIds")
	}
	for _, org := range append(orgs, "")[:max(len(orgs), 1)] {
		org = rd.optional(r, "orgs", "orgSourcedIds", org)
		role, known := rd.roleOf(r, word, org)
		if known == guardian {
			r.warn("guardian_ignored")
			return nil, leftAside
		}
		if r.bad || known == unmapped {
			continue
		}
		are |= of(role)
		if org != "" {
			posts = append(posts, RoleRow{Mark: u.Mark, User: u.SourceID, Org: org, Role: role})
		}
	}
	return posts, are
}

// meaning says how we take the word for a role.
type meaning int

const (
	mapped meaning = iota
	guardian
	unmapped
)

// roleOf gives our role for the standard's word. Who administers a school is its
// principal, assistants and vice-principals too (1.3 g); who administers a
// department is its head.
func (rd *reader) roleOf(r *row, word, org string) (person.Role, meaning) {
	switch strings.ToLower(word) {
	case "student":
		return person.Pupil, mapped
	case "teacher":
		return person.Teacher, mapped
	case "aide", "counselor", "proctor", "ext:professional":
		return person.Professional, mapped
	case "administrator", "principal", "siteadministrator", "ext:viceprincipal", "ext:departmenthead":
		return rd.directs(org), mapped
	case "districtadministrator", "systemadministrator":
		return person.Administrator, mapped
	case "guardian", "parent", "relative":
		return "", guardian
	case "":
		return "", unmapped
	}
	r.warn("role_unmapped")
	return "", unmapped
}

func (rd *reader) directs(org string) person.Role {
	switch rd.orgs[hash(org)].kind {
	case "department":
		return person.DepartmentHead
	case "board":
		return person.Administrator
	}
	return person.Principal
}

func (rd *reader) role(r *row) {
	role := RoleRow{Mark: r.mark(), User: rd.required(r, "users", "userSourcedId")}
	org := r.need("orgSourcedId")
	if len(rd.skipped["orgs"]) > 0 && rd.skipped["orgs"][hash(org)] {
		return
	}
	if org != "" && !rd.resolves("orgs", org) {
		r.spoil("reference_unresolved", "orgSourcedId")
	}
	r.want("roleType")
	role.Org = org
	var known meaning
	role.Role, known = rd.roleOf(r, r.spelt("role", r.need("role")), org)
	switch {
	case known == guardian:
		r.warn("guardian_ignored")
		rd.learn(role.User, guardians)
		return
	case known == unmapped || r.bad:
		return
	case !role.Gone:
		rd.learn(role.User, of(role.Role))
	}
	if stands, first := rd.put(r, role.SourceID); stands {
		rd.hand(func(t taker) error { return t.role(role, !first) })
	}
}

func (rd *reader) enrollment(r *row) {
	user := r.text("userSourcedId")
	about := rd.about(user)
	if about.is(leftAside) || about.is(guardians) && !about.is(pupil|staff) {
		r.warn("guardian_ignored")
		return
	}
	e := EnrollmentRow{Mark: r.mark(), Class: rd.required(r, "classes", "classSourcedId"),
		User: rd.required(r, "users", "userSourcedId"), Begin: r.date("beginDate"), End: r.date("endDate")}
	e.Main = r.yes("primary")
	r.inOrder(e.Begin, e.End)
	rd.sameSchool(r, e)
	var known meaning
	e.Role, known = rd.roleOf(r, r.spelt("role", r.need("role")), "")
	if known == guardian {
		r.warn("guardian_ignored")
		return
	}
	if known == unmapped || r.bad {
		return
	}
	if !e.Gone && !about.is(pupil|staff|taughtOne) {
		rd.teaches(e)
	}
	stands, first := rd.put(r, e.SourceID)
	if first && !e.Gone {
		rd.counts.Enrollments++
	}
	if stands {
		rd.hand(func(t taker) error { return t.enrollment(e, !first) })
	}
}

// teaches remembers the first class of a user of whom no role is known.
func (rd *reader) teaches(e EnrollmentRow) {
	if rd.taker != nil {
		rd.taught[hash(e.User)] = taught{hash(e.Class), e.Role}
	}
	if e.Role == person.Pupil {
		rd.learn(e.User, taughtOne|learnsThere)
		return
	}
	rd.learn(e.User, taughtOne)
}

// sameSchool counts an enrolment that puts a class in another school: the class knows better.
func (rd *reader) sameSchool(r *row, e EnrollmentRow) {
	school := r.want("schoolSourcedId")
	if at, ok := rd.schools[hash(e.Class)]; ok && school != "" && at != hash(school) {
		r.warn("enrollment_school_differs")
	}
}
