package roster

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/person"
	"aval/internal/policy"
)

// Preview is what an import would do: counts and codes, no names. Scripts read
// it: its JSON form is a promise.
type Preview struct {
	Report
	Pupils     Changes         `json:"pupils"`
	Others     Changes         `json:"others"` // staff
	BySchool   []SchoolChanges `json:"by_school"`
	Suspicious []Warning       `json:"suspicious"`
	Stops      bool            `json:"stops"` // an import would stop: too many pupils would leave
}

// Changes count people. Someone who moved may have changed too.
type Changes struct {
	Added   int `json:"added"`
	Moved   int `json:"moved"` // to other schools
	Left    int `json:"left"`
	Changed int `json:"changed"` // name, number, address or grade
}

// SchoolChanges count the pupils of one school.
type SchoolChanges struct {
	School   string `json:"school"` // as the roster calls it
	Added    int    `json:"added"`
	Arrived  int    `json:"arrived"`  // from another school
	Departed int    `json:"departed"` // to another school
	Left     int    `json:"left"`
	Changed  int    `json:"changed"`
}

// Preview reads a set as Import does and says what it would do to the board's
// people, without writing anything. Suspicious is what a person should look at
// first:
//
//   - number_other_name: a number that belonged to someone of another name
//   - number_twice: pupils who have the number of another pupil
//   - id_changed: people known by number and name who come under another id, and
//     would be retired and added anew
//   - email_reused: an address that belonged to someone of another name
//   - username_twice: user names that another row has
//   - two_schools: pupils in several schools
//   - kind_changed: pupils who became staff, or the reverse
//
// Birth dates are not compared: aval keeps none.
func (s *Service) Preview(ctx context.Context, actor policy.Actor, path string) (Preview, error) {
	if err := actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return Preview{}, err
	}
	set, err := Read(path)
	if err != nil {
		return Preview{}, err
	}
	c := &comparison{set: &set, schools: map[string]*SchoolChanges{}, odd: map[string]int{}}
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		c.held, err = peopleOf(ctx, tx)
		return err
	})
	if err != nil {
		return Preview{}, err
	}
	return c.preview(), nil
}

// known is someone whom the board knows, with the schools in which they learn.
type known struct {
	person.Person
	schools []string
}

// comparison holds a set against the people of a board.
type comparison struct {
	set     *Set
	held    map[string]*known // by source id
	now     map[string][]string
	schools map[string]*SchoolChanges
	odd     map[string]int
	p       Preview
}

func (c *comparison) preview() Preview {
	c.now = map[string][]string{}
	for _, r := range c.set.Roles {
		if r.Role == person.Pupil && !r.Gone && !slices.Contains(c.now[r.User], r.Org) {
			c.now[r.User] = append(c.now[r.User], r.Org)
		}
	}
	kinds := map[string]person.Kind{}
	for _, u := range c.set.Users {
		kinds[u.SourceID] = cmp.Or(u.Kind, c.kindHeld(u.SourceID))
		c.person(u, kinds[u.SourceID])
	}
	c.leave()
	c.strange()
	c.p.Report, c.p.BySchool = c.set.report(kinds), []SchoolChanges{}
	for _, source := range slices.Sorted(maps.Keys(c.schools)) {
		c.p.BySchool = append(c.p.BySchool, *c.schools[source])
	}
	c.p.Suspicious = counted(c.odd)
	return c.p
}

func (c *comparison) kindHeld(source string) person.Kind {
	if was := c.held[source]; was != nil {
		return was.Kind
	}
	return ""
}

func (c *comparison) changes(kind person.Kind) *Changes {
	if kind == person.Student {
		return &c.p.Pupils
	}
	return &c.p.Others
}

func (c *comparison) at(school string) *SchoolChanges {
	if c.schools[school] == nil {
		c.schools[school] = &SchoolChanges{School: school}
	}
	return c.schools[school]
}

// person counts what a row does to someone who stays or comes.
func (c *comparison) person(u UserRow, kind person.Kind) {
	if u.Gone || kind == "" {
		return
	}
	was, schools := c.held[u.SourceID], c.now[u.SourceID]
	if was == nil || was.Status != person.Active {
		c.changes(kind).Added++
		for _, s := range schools {
			c.at(s).Added++
		}
		return
	}
	if kind != was.Kind {
		c.odd["kind_changed"]++
	}
	changed := u.Given != was.GivenName || u.Family != was.FamilyName || !strings.EqualFold(u.Email, was.Email) ||
		u.Number != was.Number || u.Grade != was.Grade
	if changed {
		c.changes(kind).Changed++
	}
	if kind != person.Student {
		return
	}
	if changed {
		for _, s := range schools {
			c.at(s).Changed++
		}
	}
	c.move(was, schools)
}

// move counts a pupil who learns elsewhere than before.
func (c *comparison) move(was *known, schools []string) {
	moved := false
	for _, s := range schools {
		if !slices.Contains(was.schools, s) {
			c.at(s).Arrived++
			moved = true
		}
	}
	if c.set.Version == "1.2" && c.set.Modes["roles"] != Bulk { // who left a school is not said here
		schools = append(slices.Clone(schools), was.schools...)
	}
	for _, s := range was.schools {
		if !slices.Contains(schools, s) {
			c.at(s).Departed++
			moved = true
		}
	}
	if moved {
		c.p.Pupils.Moved++
	}
}

// leave counts who would be retired.
func (c *comparison) leave() {
	leaves := c.set.leaving()
	active := 0
	for source, was := range c.held {
		if was.Status != person.Active {
			continue
		}
		if was.Kind == person.Student {
			active++
		}
		if !leaves(source) {
			continue
		}
		c.changes(was.Kind).Left++
		for _, s := range was.schools {
			c.at(s).Left++
		}
	}
	c.p.Stops = c.set.Modes["users"] == Bulk && most(c.p.Pupils.Left, active) != nil
}

// leaving tells whether someone whom the board knows would be retired.
func (s *Set) leaving() func(source string) bool {
	told := make(map[string]bool, len(s.Users)) // and stays
	for _, u := range s.Users {
		told[u.SourceID] = !u.Gone
	}
	for _, source := range s.aside["users"] {
		told[source] = true
	}
	return func(source string) bool {
		stays, ok := told[source]
		return ok && !stays || !ok && s.Modes["users"] == Bulk
	}
}

// A full set that would retire more than one pupil in twenty is rather one that
// was cut than the end of a school; a handful is not remarkable in a small board.
const (
	retiredPercent = 5
	handful        = 10
)

// most refuses to retire too many pupils without being told to.
func most(left, active int) error {
	if left < handful || left*100 <= active*retiredPercent {
		return nil
	}
	return fault.New(fault.Conflict, "roster.retires_most", left, active)
}

// strange looks for one person taken for another.
func (c *comparison) strange() {
	numbers, addresses := map[string]*known{}, map[string]*known{}
	for _, was := range c.held {
		keep(numbers, was.Number, was)
		keep(addresses, strings.ToLower(was.Email), was)
	}
	taken, names := map[string]bool{}, map[string]bool{}
	leaves := c.set.leaving()
	for _, u := range c.set.Users {
		if u.Gone {
			continue
		}
		if pupil := cmp.Or(u.Kind, c.kindHeld(u.SourceID)) == person.Student; pupil {
			if u.Number != "" && taken[u.Number] {
				c.odd["number_twice"]++
			}
			taken[u.Number] = true
			if len(c.now[u.SourceID]) > 1 {
				c.odd["two_schools"]++
			}
		}
		if u.Username != "" && names[u.Username] {
			c.odd["username_twice"]++
		}
		names[u.Username] = true
		c.number(u, numbers[u.Number], leaves)
		if was := addresses[strings.ToLower(u.Email)]; was != nil && was.SourceID != u.SourceID && !sameName(u, was) {
			c.odd["email_reused"]++
		}
	}
}

// keep files someone under a sign; who is active goes before who is gone.
func keep(by map[string]*known, sign string, who *known) {
	if other := by[sign]; sign != "" && (other == nil || other.Status != person.Active ||
		who.Status == person.Active && who.SourceID < other.SourceID) {
		by[sign] = who
	}
}

// number looks at who had the number of a row before.
func (c *comparison) number(u UserRow, was *known, leaves func(string) bool) {
	switch {
	case was == nil:
	case !sameName(u, was):
		if was.SourceID == u.SourceID || was.Status != person.Active || leaves(was.SourceID) {
			c.odd["number_other_name"]++
		} else if c.set.Modes["users"] != Bulk && was.Kind == person.Student {
			c.odd["number_twice"]++
		}
	case was.SourceID != u.SourceID && (was.Status != person.Active || leaves(was.SourceID)):
		c.odd["id_changed"]++
	}
}

// sameName tells whether two names may be one person's: a given and a family
// name have a word in common, whatever their accents.
func sameName(u UserRow, was *known) bool {
	return shares(u.Given, was.GivenName) && shares(u.Family, was.FamilyName)
}

func shares(a, b string) bool {
	words := strings.Fields(db.Fold(b))
	return slices.ContainsFunc(strings.Fields(db.Fold(a)), func(w string) bool { return slices.Contains(words, w) })
}
