// Package grade is what a school year of a child's schooling is called. The house
// has one word for each (PK, KG, 01 … 13, and the few of other age groups), those of
// the Common Education Data Standards; a roster writes grades as its schools say
// them, which differs from one province to the next and from one system to the next.
//
//	as written --Vocabulary.Read--> aval's grade --CEDS--> for who insists
//
// A board's vocabulary is its province's, and over it the words that the board adds.
package grade

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"aval/internal/db"
	"aval/internal/fault"
)

// The jurisdictions whose schools we know, as packs write them.
const (
	Quebec  = "CA-QC"
	Ontario = "CA-ON"
)

// All lists every grade, from the youngest on.
var All = []string{"IT", "PR", "PK", "TK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "PS", "UG", "Other"}

// Youth are the grades of the youth sector, from the youngest on: in Québec,
// kindergarten at 4 and 5, elementary 1 to 6 and secondary 1 to 5; elsewhere, Grade 12 too.
func Youth(jurisdiction string) []string {
	last := "12"
	if jurisdiction == Quebec {
		last = "11"
	}
	youth := []string{"PK", "KG"}
	return append(youth, All[slices.Index(All, "01"):slices.Index(All, last)+1]...)
}

// CEDS is a grade as the Common Education Data Standards write it (option set of
// EntryGradeLevel, which OneRoster's grades take): one that is none of theirs is
// Other, and no grade stays none.
func CEDS(grade string) string {
	if grade == "" || slices.Contains(All, grade) {
		return grade
	}
	return "Other"
}

// Vocabulary says, for each folded word of a roster, which grade is meant.
type Vocabulary map[string]string

// Read answers the grade that is meant by what a roster writes; mapped says that it
// wrote another word, ok that the word is known. Nothing written is no grade, which is known.
func (v Vocabulary) Read(written string) (grade string, mapped, ok bool) {
	written = strings.TrimSpace(written)
	if written == "" {
		return "", false, true
	}
	folded := db.Fold(written)
	if grade, ok := v[folded]; ok {
		return grade, grade != written, true
	}
	if slices.Contains(All, written) {
		return written, false, true
	}
	for _, each := range All {
		if folded == strings.ToLower(each) {
			return each, true, true
		}
	}
	if len(folded) == 1 && folded[0] >= '1' && folded[0] <= '9' {
		return "0" + folded, true, true
	}
	return "", false, false
}

// common are the words that mean the same in each province.
var common = Vocabulary{
	"k": "KG", "k4": "PK", "k5": "KG", "jk": "PK", "sk": "KG", "kindergarten": "KG", "pre kindergarten": "PK", "prek": "PK", "pre k": "PK",
	"junior kindergarten": "PK", "senior kindergarten": "KG", "maternelle 4": "PK", "maternelle 4 ans": "PK", "maternelle 5": "KG",
	"maternelle 5 ans": "KG", "m4": "PK", "m5": "KG", "4 ans": "PK", "5 ans": "KG", "prescolaire 4": "PK", "prescolaire 4 ans": "PK",
	"prescolaire 5": "KG", "prescolaire 5 ans": "KG", "jardin": "KG", "jardin d enfants": "KG", "adulte": "UG", "adult": "UG",
}

// said are the words that one province's schools say otherwise than another's.
var said = map[string]Vocabulary{
	Quebec:  {"maternelle": "KG", "prescolaire": "KG", "prematernelle": "PK"},
	Ontario: {"maternelle": "PK", "m": "PK", "j": "KG", "prematernelle": "PK"},
}

// Usual is the vocabulary of a jurisdiction; Québec's for one whose schools we do not know.
func Usual(jurisdiction string) Vocabulary {
	v := maps.Clone(common)
	own, ok := said[jurisdiction]
	if !ok {
		own = said[Quebec]
	}
	maps.Copy(v, own)
	for n := 1; n <= 13; n++ {
		v.year(n)
	}
	for n := 1; n <= 6; n++ {
		for _, word := range []string{"primaire %", "p%", "%p", "primaire p%", "% primaire", "%e primaire", "%e annee primaire", "elementary %", "primary %"} {
			v[with(word, n)] = two(n)
		}
	}
	v["1re primaire"], v["1re annee primaire"] = "01", "01"
	for n := 1; n <= 5; n++ {
		for _, word := range []string{"secondaire %", "sec %", "s%", "%s", "% sec", "%e sec", "%e secondaire", "secondary %", "sec%"} {
			v[with(word, n)] = two(n + 6)
		}
	}
	v["1re secondaire"], v["1re sec"] = "07", "07"
	return v
}

// year adds the ways in which a grade is said by its number alone.
func (v Vocabulary) year(n int) {
	for _, word := range []string{"%", "grade %", "gr %", "g%", "annee %", "year %", "%e", "%e annee", "%eme annee", "%e an", "%th grade"} {
		v[with(word, n)] = two(n)
	}
	if n < 4 {
		ordinal := strconv.Itoa(n) + []string{"re", "nde", "e"}[n-1]
		english := strconv.Itoa(n) + []string{"st", "nd", "rd"}[n-1]
		v[ordinal], v[ordinal+" annee"], v[english+" grade"] = two(n), two(n), two(n)
	}
	if n == 1 {
		v["1ere annee"], v["1ere"] = "01", "01"
	}
	v["grade "+two(n)] = two(n)
}

func with(word string, n int) string { return strings.Replace(word, "%", strconv.Itoa(n), 1) }

// two writes a number as a grade: 04.
func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// Word is one that a board adds: how its roster writes a grade.
type Word struct {
	Folded  string
	Written string
	Grade   string
}

const (
	longest = 60
	most    = 200 // words that a board adds
)

// check refuses what is no word, and no grade.
func (w *Word) check() error {
	fields := map[string]string{}
	w.Written = strings.TrimSpace(w.Written)
	w.Folded = db.Fold(w.Written)
	switch {
	case w.Folded == "":
		fields["written"] = "grade.written_required"
	case utf8.RuneCountInString(w.Written) > longest:
		fields["written"] = "grade.written_long"
	}
	if !slices.Contains(All, w.Grade) {
		fields["grade"] = "grade.grade_required"
	}
	return fault.Form(fields)
}
