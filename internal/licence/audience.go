package licence

import (
	"slices"
	"strings"

	"aval/internal/db"
)

// Audience narrows a licence to some of the pupils of its reach: those whose school is among
// Schools, if it names any, and whose grade is among Grades, if it names any; and besides
// them the pupils of Classes, and People. An empty one is every youth pupil of the reach of a
// school or of the board. A department has no pupils of its own: its licence is for those
// that it names. One class and one person are always named.
type Audience struct {
	Schools []string
	Grades  []string // in the words of the roster: KG, 04
	Classes []string
	People  []string // pupils; what Record is given may be their number in the roster
}

// Empty tells that nothing narrows the reach.
func (a Audience) Empty() bool { return !a.wide() && len(a.Classes) == 0 && len(a.People) == 0 }

// wide tells that it names schools or grades.
func (a Audience) wide() bool { return len(a.Schools) > 0 || len(a.Grades) > 0 }

// mostNamed bounds each list.
const mostNamed = 5000

// check says which parts belong to a reach, and which it needs.
func (a Audience) check(r Reach, fields map[string]string) {
	if len(a.Schools) > 0 && r.AtSchool() {
		fields["schools"] = "licence.schools_unwanted"
	}
	if len(a.Grades) > 0 && (r == Individual || r == Class) {
		fields["grades"] = "licence.grades_unwanted"
	}
	if len(a.Classes) > 0 && r == Individual {
		fields["classes"] = "licence.classes_unwanted"
	}
	if len(a.People) > 0 && r != Individual && r != Class {
		fields["people"] = "licence.people_unwanted"
	}
	switch {
	case r == Class && len(a.Classes) == 0:
		fields["classes"] = "licence.classes_required"
	case r == Individual && len(a.People) == 0:
		fields["people"] = "licence.people_required"
	}
	for name, list := range map[string][]string{"schools": a.Schools, "grades": a.Grades, "classes": a.Classes, "people": a.People} {
		if len(list) > mostNamed {
			fields[name] = "licence.too_many"
		}
	}
}

// tidy is an audience whose lists are sorted, without blanks or doubles.
func (a Audience) tidy() Audience {
	return Audience{Schools: tidy(a.Schools), Grades: tidy(a.Grades), Classes: tidy(a.Classes), People: trim(a.People)}
}

// trim leaves the order alone: a refusal tells which of the list is wrong.
func trim(list []string) (kept []string) {
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

func tidy(list []string) []string {
	kept := trim(list)
	slices.Sort(kept)
	return slices.Compact(kept)
}

// Group is pupils that are asked about together: those of a class in one grade, or all of a
// school when Class is empty.
type Group struct {
	School string
	Class  string
	Grade  string
}

// covers says whether the licence holds that day for every pupil of these groups. Without a
// group, only one for everyone does.
func (l Licence) covers(groups []Group, day string) bool {
	if !l.Runs(day) {
		return false
	}
	if len(groups) == 0 {
		return l.Scope == Board && l.Audience.Empty()
	}
	return !slices.ContainsFunc(groups, func(g Group) bool { return !l.coversGroup(g) })
}

func (l Licence) coversGroup(g Group) bool {
	a := l.Audience
	switch {
	case l.Scope.AtSchool() && g.School != l.OrgID:
		return false
	case g.Class != "" && slices.Contains(a.Classes, g.Class):
		return true
	case l.Scope == Individual, l.Scope == Class, l.Scope == Department && !a.wide():
		return false
	case a.Empty():
		return true
	}
	return a.wide() && (len(a.Schools) == 0 || slices.Contains(a.Schools, g.School)) &&
		(len(a.Grades) == 0 || slices.Contains(a.Grades, g.Grade))
}

// shortestName is the length from which a name in an address is one.
const shortestName = 3

// ShowsName tells whether an address gives its owner away (5.1.2): the part before the @
// holds the given or the family name, or a word of one, or the initial and the family name.
func ShowsName(given, family, address string) bool {
	local, _, _ := strings.Cut(address, "@")
	local = letters(local)
	names := slices.Concat(strings.Fields(db.Fold(given)), strings.Fields(db.Fold(family)), []string{letters(given), letters(family)})
	if g := []rune(letters(given)); len(g) > 0 && letters(family) != "" {
		names = append(names, string(g[0])+letters(family))
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return len([]rune(name)) >= shortestName && strings.Contains(local, name)
	})
}

// letters is a folded text without its spaces.
func letters(s string) string { return strings.ReplaceAll(db.Fold(s), " ", "") }
