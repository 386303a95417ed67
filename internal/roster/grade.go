package roster

import (
	"strings"

	"aval/internal/db"
)

// grades are the words of the common vocabulary (CEDS) that sets use.
var grades = map[string]bool{
	"IT": true, "PR": true, "PK": true, "TK": true, "KG": true, "01": true, "02": true, "03": true, "04": true,
	"05": true, "06": true, "07": true, "08": true, "09": true, "10": true, "11": true, "12": true, "13": true,
	"PS": true, "UG": true, "Other": true,
}

// spoken are the grades as schools of Québec and Ontario say them.
var spoken = map[string]string{
	"k": "KG", "k4": "PK", "k5": "KG", "jk": "PK", "sk": "KG", "kindergarten": "KG", "pre kindergarten": "PK",
	"prek": "PK", "maternelle": "KG", "maternelle 4": "PK", "maternelle 4 ans": "PK", "maternelle 5": "KG",
	"maternelle 5 ans": "KG", "m4": "PK", "m5": "KG", "prescolaire": "KG",
	"primaire 1": "01", "primaire 2": "02", "primaire 3": "03", "primaire 4": "04", "primaire 5": "05",
	"primaire 6": "06", "p1": "01", "p2": "02", "p3": "03", "p4": "04", "p5": "05", "p6": "06",
	"secondaire 1": "07", "secondaire 2": "08", "secondaire 3": "09", "secondaire 4": "10", "secondaire 5": "11",
	"sec 1": "07", "sec 2": "08", "sec 3": "09", "sec 4": "10", "sec 5": "11",
	"secondary 1": "07", "secondary 2": "08", "secondary 3": "09", "secondary 4": "10", "secondary 5": "11",
	"s1": "07", "s2": "08", "s3": "09", "s4": "10", "s5": "11", "adulte": "UG", "adult": "UG",
}

// grade gives the common word for a grade as it was written.
func grade(written string) (word string, mapped, ok bool) {
	if written == "" || grades[written] {
		return written, false, true
	}
	folded := db.Fold(written)
	if word, ok := spoken[folded]; ok {
		return word, true, true
	}
	if upper := strings.ToUpper(folded); grades[upper] {
		return upper, true, true
	}
	number := strings.TrimPrefix(strings.TrimPrefix(folded, "grade "), "annee ")
	if len(number) == 1 {
		number = "0" + number
	}
	if grades[number] {
		return number, true, true
	}
	return "", false, false
}

// grades reads a list of grades into the common words.
func (r *row) grades() []string {
	var words []string
	for _, written := range r.list("grades") {
		word, mapped, ok := grade(written)
		switch {
		case !ok:
			r.warn("grade_unmapped")
			continue
		case mapped:
			r.warn("grade_mapped")
		}
		words = append(words, word)
	}
	return words
}
