package roster

import (
	"errors"

	"aval/internal/fault"
)

// Options say how a set is validated.
type Options struct {
	Strict bool   // to the letter of the CSV binding, as for certification
	Limits Limits // what is left at zero has its default
}

// Check is what a validation found. Scripts read it: its JSON form is a promise.
type Check struct {
	Version     string    `json:"version"` // 1.0, 1.1 or 1.2; empty when the set could not be opened
	Strict      bool      `json:"strict"`
	Refused     bool      `json:"refused"`
	Students    int       `json:"students"`
	Staff       int       `json:"staff"`
	Schools     int       `json:"schools"`
	Classes     int       `json:"classes"`
	Enrollments int       `json:"enrollments"`
	Rows        int       `json:"rows"`
	Warnings    []Warning `json:"warnings"`
	Found       []Warning `json:"found"`   // defects by code: all of them
	Defects     []Defect  `json:"defects"` // the first of them
}

// Validate reads a OneRoster set from a zip or a folder in a stream, without a
// database, and tells what is wrong with it: never a value, only its place.
//
// A tolerant validation finds what an import would: dirt that has one meaning is
// a warning; a defect leaves a row aside, and the set is not refused for it. A
// strict one takes every deviation from the CSV binding 1.2.1 (or 1.1, or 1.0,
// when the set says so) for a defect, and refuses a set that has one; its counts
// are of rows as they stand. Line ends of a line feed alone pass.
//
// A set that cannot be read to its end is refused with an error (Invalid); what
// was found until then is in the answer.
func Validate(path string, o Options) (c Check, err error) {
	var set Set
	limits := o.Limits.orDefault()
	set.notes.strict, set.notes.listed = o.Strict, limits.Listed
	c.Strict = o.Strict
	pack, err := openPack(path, limits, &set.notes)
	if err == nil {
		rd := newReader(pack, &set, nil)
		if o.Strict {
			err = (&binding{reader: rd}).read()
		} else {
			err = rd.read()
		}
		c.count(rd)
		err = errors.Join(err, pack.done())
	}
	c.Version, c.Warnings, c.Found, c.Defects = set.Version, set.Warnings(), counted(set.notes.met), set.Defects()
	c.Refused = err != nil || o.Strict && len(c.Found) > 0
	if f, ok := fault.As(err); ok {
		return c, f
	}
	return c, err
}

func (c *Check) count(rd *reader) {
	c.Students, c.Staff, c.Schools = rd.counts.Students, rd.counts.Staff, rd.counts.Schools
	c.Classes, c.Enrollments = rd.counts.Classes, rd.counts.Enrollments
	c.Rows = rd.pack.met
}
