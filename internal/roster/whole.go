package roster

import (
	"iter"
	"maps"

	"aval/internal/person"
)

// finish checks what could not be checked on the way: parents, and what everyone
// is. Then it hands the users on.
func (rd *reader) finish() error {
	rd.ancestors()
	rd.roleless()
	rd.count()
	if rd.taker == nil || rd.set.Modes["users"] == Absent {
		return rd.failed
	}
	return rd.people()
}

// people reads users.csv again, now that it is known what everyone is, and hands
// each on once, as the file's last row says them. What was wrong was said before.
func (rd *reader) people() error {
	pack := *rd.pack
	pack.notes, pack.left, pack.rows = &notes{}, pack.limits.Total, pack.limits.Rows
	again := *rd
	again.pack = &pack
	_, err := again.file("users", func(r *row) error {
		u := rd.userOf(r)
		about := rd.users[hash(u.SourceID)]
		if r.bad || !about.is(standing) || int(about.row) != r.n {
			return nil
		}
		if about.is(dropped) {
			return rd.nobody(u.SourceID, about.what)
		}
		var posts []RoleRow
		if rd.set.Version != "1.2" {
			posts, _ = again.postsOf(r, u)
		}
		u.Kind = kindOf(about.what)
		if in, ok := rd.taught[hash(u.SourceID)]; ok && !about.is(pupil|staff) {
			u.Kind = kindOf(of(in.role))
			if school, known := rd.schools[in.class]; known {
				posts = append(posts, RoleRow{Mark: u.Mark, User: u.SourceID, Org: rd.orgs[school].id, Role: in.role})
			}
		}
		for _, p := range posts {
			rd.hand(func(t taker) error { return t.role(p, false) })
		}
		rd.hand(func(t taker) error { return t.user(u) })
		return rd.failed
	})
	return err
}

// nobody leaves a user aside who is nothing; a guardian is none of ours, not left aside.
func (rd *reader) nobody(id string, about what) error {
	if !about.is(guardians) {
		rd.hand(func(t taker) error { return t.aside("users", id) })
	}
	rd.hand(func(t taker) error { return t.nobody(id) })
	return rd.failed
}

// ancestors checks references within one file, now that all of it was read.
func (rd *reader) ancestors() {
	lost := map[int]bool{} // rows whose parent is nowhere
	for _, file := range []string{"orgs", "academicSessions"} {
		clear(lost)
		rows := []int{}
		for _, p := range rd.parents[file] {
			switch {
			case rd.skipped[file][p.id]:
				lost[p.row] = true // above the school board: not ours
			case rd.set.Modes[file] == Bulk && !rd.holds(file, p.id):
				lost[p.row] = true
				rows = append(rows, p.row)
			}
		}
		rd.set.notes.inOrder("reference_unresolved", file+".csv", rows, "parentSourcedId")
		for _, row := range rd.circles(file) {
			lost[row] = true
		}
		rd.orphan(file, lost)
	}
}

// circles tells of the rows of a file that are above themselves, and answers them.
func (rd *reader) circles(file string) (rows []int) {
	parents := rd.parents[file]
	for _, id := range inCircles(maps.Keys(parents), func(id uint64) (uint64, bool) {
		p, up := parents[id]
		return p.id, up
	}) {
		rows = append(rows, parents[id].row)
	}
	rd.set.notes.inOrder("parent_circle", file+".csv", rows, "parentSourcedId")
	return rows
}

// inCircles finds who are above themselves.
func inCircles[K comparable](all iter.Seq[K], parent func(K) (K, bool)) (found []K) {
	seen := map[K]K{} // from which the way up met it first
	for from := range all {
		id := from
		for {
			up, ok := parent(id)
			if _, met := seen[id]; met || !ok {
				break
			}
			seen[id] = from
			id = up
		}
		if by, met := seen[id]; !met || by != from {
			continue
		}
		for at := id; ; {
			found = append(found, at)
			if at, _ = parent(at); at == id {
				break
			}
		}
	}
	return found
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

// roleless finds who is nothing, not even by a class, and so is left aside.
func (rd *reader) roleless() {
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
		u.what |= dropped
		rd.users[key] = u
	}
	rd.set.notes.inOrder("role_missing", "users.csv", rows, "role")
}

// count counts who stands.
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
