package pseudonym

import (
	"slices"

	"aval/internal/fault"
)

// Choices are a board's own kinds of password by grade, where they differ from
// the house's. Grades are written as the roster keeps them: PK, KG, 01 … 13.
type Choices map[string]Kind

// byGrade holds the house's kinds. A grade that is not here, such as
// an adult's or an unknown one, gets the kind that is hardest to guess.
var byGrade = map[string]Kind{
	"IT": PictureAndWord, "PR": PictureAndWord, "PK": PictureAndWord, "TK": PictureAndWord, "KG": PictureAndWord,
	"01": PictureAndWord, "02": PictureAndWord,
	"03": TwoWordsDigits, "04": TwoWordsDigits, "05": TwoWordsDigits, "06": TwoWordsDigits,
	"07": ThreeWords, "08": ThreeWords,
}

// elder are the other grades of the roster, for which FourWords is the house's kind.
var elder = []string{"09", "10", "11", "12", "13", "PS", "UG", "Other"}

// UsualFor answers the house's kind for a grade, which is also the easiest to guess that a board may choose.
func UsualFor(grade string) Kind {
	if kind, ok := byGrade[grade]; ok {
		return kind
	}
	return FourWords
}

// KindsFor are the kinds that a board may choose for a grade, the usual one first.
func KindsFor(grade string) []Kind { return Kinds[slices.Index(Kinds, UsualFor(grade)):] }

// KindFor answers the kind of password for a grade: the board's, else the house's.
func KindFor(grade string, chosen Choices) Kind {
	if kind, ok := chosen[grade]; ok && slices.Contains(KindsFor(grade), kind) {
		return kind
	}
	return UsualFor(grade)
}

// Check refuses a grade that the roster does not know, a kind that is not one of
// ours (a board chooses among the kinds, and makes none), and one that is easier
// to guess than the house's for that age. Its fields are grade_ and the grade.
func (c Choices) Check() error {
	fields := map[string]string{}
	for grade, kind := range c {
		switch {
		case byGrade[grade] == "" && !slices.Contains(elder, grade):
			fields["grade_"+grade] = "pseudonym.grade_unknown"
		case !slices.Contains(Kinds, kind):
			fields["grade_"+grade] = "pseudonym.kind_unknown"
		case !slices.Contains(KindsFor(grade), kind):
			fields["grade_"+grade] = "pseudonym.kind_weak"
		}
	}
	return fault.Form(fields)
}

// own are the choices that are not the house's.
func (c Choices) own() Choices {
	own := Choices{}
	for grade, kind := range c {
		if kind != UsualFor(grade) {
			own[grade] = kind
		}
	}
	return own
}
