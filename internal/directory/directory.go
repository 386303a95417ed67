// Package directory is how schools look at the roster that they answer for
// (policy A, 1.3 f and 6.3 e): whom it holds, found by name, and how a school, a
// class and a pupil stand in it.
//
//	Search → within reach? → the hour's bound → a page of names, noted → Page
//
// Each look at a list of names, and at a pupil, stands in the trail with its
// count, and an hour has an end; no reason is asked for, since a school sees only
// those whom it teaches. Neither the trail nor an address says what was typed.
// Login names are not here: they come out through reveal alone.
package directory

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/grade"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

// PageSize is how many names a page holds.
const PageSize = 50

// AnHour is how many lists of names, and pupils, one person opens in an hour. It
// lets a school work through September, and nobody copy a board by hand.
const AnHour = 240

// window is how far back the bound looks.
const window = time.Hour

// clause is the one that the directory serves.
const clause = "6.3e"

// Ask is what somebody looks for.
type Ask struct {
	Typed  string // words of a name in any order, each from its beginning; or a number, for who keeps the roster
	School string // id; all of one's schools when empty
	Grade  string // in the words of the roster; all when empty
	After  string // id of the last pupil of the page before
}

// The shortest and the longest that is looked for, in letters.
const (
	shortest = 2
	longest  = 100
)

// words are what is looked for, folded as names are kept. It refuses (Invalid)
// what is too short to be a name, and a number by who does not keep the roster.
func (a Ask) words(numbers bool) (words []string, number string, err error) {
	typed := strings.TrimSpace(a.Typed)
	words = strings.Fields(db.Fold(typed))
	letters := utf8.RuneCountInString(strings.Join(words, ""))
	switch {
	case utf8.RuneCountInString(typed) > longest:
		return nil, "", fault.Form(map[string]string{"name": "directory.name_long"})
	case letters < shortest:
		return nil, "", fault.Form(map[string]string{"name": "directory.name_short"})
	case strings.ContainsFunc(typed, unicode.IsDigit) && !numbers:
		err = fault.Form(map[string]string{"name": "directory.number_kept"})
		return nil, "", fault.Under(err, clause)
	case a.Grade != "" && !slices.Contains(grade.All, a.Grade):
		return nil, "", fault.Form(map[string]string{"grade": "grade.grade_required"})
	case strings.ContainsFunc(typed, unicode.IsDigit):
		number = typed
	}
	return words, number, nil
}

// Found is a pupil on a page of names.
type Found struct {
	person.Person
	Schools []string // names
	Classes []person.Class
}

// Page is a page of those who were found.
type Page struct {
	Found []Found
	Total int
	Next  string // give it as After; empty on the last page
}

// School is a school and how its roster stands.
type School struct {
	org.Org
	Classes, Pupils, Teachers int
	Untaught                  int // classes without a teacher
}

// Group is a class with those who teach it.
type Group struct {
	person.Class
	Teachers []string // names
}

// Member is a teacher of a school.
type Member struct {
	ID, Name string
	Classes  int  // of that school
	Account  bool // signs in to aval
}

// GradeCount is how many pupils of a school are in a grade.
type GradeCount struct {
	Grade  string
	Pupils int
}

// SchoolView is a school's page.
type SchoolView struct {
	School
	Groups  []Group
	Staff   []Member
	ByGrade []GradeCount
}

// Known is a platform that may know a pupil.
type Known struct {
	Licence  licence.ID
	Platform string
	Until    string // its last day
	Read     bool   // the actor may read the licence
}

// PupilView is a pupil's page: where they are in the roster, and which platforms
// may know them. Their number is there for who keeps the roster alone.
type PupilView struct {
	person.Person
	Schools   []org.Org
	Classes   []Group
	Platforms []Known
	Scope     policy.Scope // under which the actor sees it
}

// wait is how many minutes go by until one more may be opened.
func wait(oldest, now time.Time) int {
	return max(int((oldest.Add(window).Sub(now)+time.Minute-1)/time.Minute), 1)
}

// counted says how many of something, for the trail.
func counted(key string, n int) string { return key + "=" + strconv.Itoa(n) }
