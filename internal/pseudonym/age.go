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

// KindFor answers the kind of password for a grade: the board's, else the house's.
func KindFor(grade string, chosen Choices) Kind {
	if kind, ok := chosen[grade]; ok && slices.Contains(Kinds, kind) {
		return kind
	}
	if kind, ok := byGrade[grade]; ok {
		return kind
	}
	return FourWords
}

// Check refuses a grade that the roster does not know and a kind that is not
// one of ours: a board chooses among the kinds, and makes none.
func (c Choices) Check() error {
	fields := map[string]string{}
	for grade, kind := range c {
		switch {
		case byGrade[grade] == "" && !slices.Contains(elder, grade):
			fields[grade] = "pseudonym.grade_unknown"
		case !slices.Contains(Kinds, kind):
			fields[grade] = "pseudonym.kind_unknown"
		}
	}
	return fault.Form(fields)
}
