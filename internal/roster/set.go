package roster

import (
	"errors"
	"slices"
)

// Read reads a OneRoster set from a zip or a folder whole into memory, within the
// default limits: for small sets. It refuses (Invalid) what is no such set, what is
// unsafe to open, and a set whose files are not those that its manifest lists;
// everything else is repaired and counted, or a defect.
func Read(path string) (set Set, err error) {
	limits := DefaultLimits()
	set.notes.listed = limits.Listed
	pack, err := openPack(path, limits, &set.notes)
	if err != nil {
		return Set{}, err
	}
	defer func() { err = errors.Join(err, pack.done()) }()
	c := &collector{set: &set, nobodies: map[string]bool{}}
	if err := newReader(pack, &set, c).read(); err != nil {
		return set, err
	}
	set.Enrollments = slices.DeleteFunc(set.Enrollments, func(e EnrollmentRow) bool { return c.nobodies[e.User] })
	set.Roles = slices.DeleteFunc(set.Roles, func(r RoleRow) bool { return c.nobodies[r.User] })
	return set, nil
}

// collector keeps all rows of a set.
type collector struct {
	set      *Set
	nobodies map[string]bool
}

// gather adds a row, in the place of the one that told the same record before.
func gather[T any](list *[]T, again bool, same func(T) bool, row T) error {
	if at := -1; again {
		if at = slices.IndexFunc(*list, same); at >= 0 {
			(*list)[at] = row
			return nil
		}
	}
	*list = append(*list, row)
	return nil
}

func (c *collector) opening(string) error { return nil }

func (c *collector) course(row CourseRow, again bool) error {
	return gather(&c.set.Courses, again, func(r CourseRow) bool { return r.SourceID == row.SourceID }, row)
}

func (c *collector) class(row ClassRow, again bool) error {
	return gather(&c.set.Classes, again, func(r ClassRow) bool { return r.SourceID == row.SourceID }, row)
}

func (c *collector) role(row RoleRow, again bool) error {
	return gather(&c.set.Roles, again, func(r RoleRow) bool { return r.SourceID == row.SourceID }, row)
}

func (c *collector) enrollment(row EnrollmentRow, again bool) error {
	return gather(&c.set.Enrollments, again, func(r EnrollmentRow) bool { return r.SourceID == row.SourceID }, row)
}

func (c *collector) user(row UserRow) error {
	c.set.Users = append(c.set.Users, row)
	return nil
}

func (c *collector) aside(string, string) error { return nil }

func (c *collector) nobody(id string) error {
	c.nobodies[id] = true
	return nil
}
