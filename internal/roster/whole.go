package roster

import (
	"slices"

	"aval/internal/person"
)

// finish checks what could not be checked on the way: parents, and what everyone is.
func (rd *reader) finish() {
	rd.ancestors()
	set := rd.set
	if rd.roleless() {
		left := func(id string) bool { return rd.about(id).is(dropped) }
		for _, u := range set.Users {
			if left(u.SourceID) && !rd.about(u.SourceID).is(guardians) {
				set.aside["users"] = append(set.aside["users"], u.SourceID)
			}
		}
		set.Users = slices.DeleteFunc(set.Users, func(u UserRow) bool { return left(u.SourceID) })
		set.Enrollments = slices.DeleteFunc(set.Enrollments, func(e EnrollmentRow) bool { return left(e.User) })
		set.Roles = slices.DeleteFunc(set.Roles, func(r RoleRow) bool { return left(r.User) })
	}
	for i, u := range set.Users {
		rd.post(u)
		set.Users[i].Kind = kindOf(rd.about(u.SourceID))
	}
	rd.count()
}

// ancestors checks references within one file, now that all of it was read.
func (rd *reader) ancestors() {
	lost := map[int]bool{} // rows whose parent is nowhere
	for _, file := range []string{"orgs", "academicSessions"} {
		clear(lost)
		rows := []int{}
		for id, p := range rd.parents[file] {
			switch {
			case rd.skipped[file][p.id]:
				lost[p.row] = true // above the school board: not ours
			case id == p.id || rd.set.Modes[file] == Bulk && !rd.holds(file, p.id):
				lost[p.row] = true
				rows = append(rows, p.row)
			}
		}
		rd.set.notes.inOrder("reference_unresolved", file+".csv", rows, "parentSourcedId")
		rd.orphan(file, lost)
	}
}

// holds tells whether a row of the file that may have a parent, or be one, is there.
func (rd *reader) holds(file string, id uint64) bool {
	_, ok := rd.hashes[file][id]
	return ok
}

// orphan empties the references of rows whose parent is nowhere.
func (rd *reader) orphan(file string, lost map[int]bool) {
	if file == "orgs" {
		for i, o := range rd.set.Orgs {
			if lost[o.Row] {
				rd.set.Orgs[i].Parent = ""
			}
		}
		return
	}
	for i, s := range rd.set.Sessions {
		if lost[s.Row] {
			rd.set.Sessions[i].Parent = ""
		}
	}
}

// roleless finds who is nothing, not even by a class, and so is left aside. It
// answers whether there is anyone.
func (rd *reader) roleless() (any bool) {
	rows := []int{}
	for key, u := range rd.users {
		switch {
		case !u.is(standing) || u.is(pupil|staff):
			continue
		case u.is(guardians):
		case u.is(taughtOne):
			rd.set.notes.warn("role_inferred")
			continue
		case rd.set.Modes["users"] == Bulk && !u.is(gone):
			rows = append(rows, int(u.row))
		default:
			continue
		}
		any = true
		u.what |= dropped
		rd.users[key] = u
	}
	rd.set.notes.inOrder("role_missing", "users.csv", rows, "role")
	return any
}

// post says where a user of the set is what, of version 1.1 or taken from a class.
func (rd *reader) post(u UserRow) {
	rd.set.Roles = append(rd.set.Roles, rd.posts[u.SourceID]...)
	if rd.about(u.SourceID).is(pupil | staff) {
		return
	}
	e, ok := rd.taught[u.SourceID]
	if !ok {
		return
	}
	rd.learn(u.SourceID, of(e.Role))
	if at, ok := rd.known["classes"].place[e.Class]; ok {
		role := RoleRow{Mark: u.Mark, User: u.SourceID, Org: rd.set.Classes[at].School, Role: e.Role}
		rd.set.Roles = append(rd.set.Roles, role)
	}
}

// count counts who stands in a set whose rows are not kept.
func (rd *reader) count() {
	for _, o := range rd.orgs {
		if o.kind == "school" && !o.gone {
			rd.counts.Schools++
		}
	}
	for _, u := range rd.users {
		switch {
		case !u.is(standing) || u.is(gone|dropped):
		case u.is(staff), !u.is(pupil|learnsThere) && u.is(taughtOne):
			rd.counts.Staff++
		case u.is(pupil | learnsThere):
			rd.counts.Students++
		}
	}
}

// kindOf is staff as soon as one role is not a pupil's; nothing when no role is known.
func kindOf(w what) person.Kind {
	switch {
	case w.is(staff):
		return person.Staff
	case w.is(pupil):
		return person.Student
	}
	return ""
}
