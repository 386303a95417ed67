package governance

import (
	"time"

	"aval/internal/i18n"
)

// Interpretation is how the director of the evaluating service understands a
// clause, with its date. It is never changed: it is withdrawn, or another comes
// in its place.
type Interpretation struct {
	ID         string
	Clause     string
	QuestionFr string
	QuestionEn string
	AnswerFr   string
	AnswerEn   string
	GivenOn    string
	GivenBy    string
	GivenAt    time.Time
	EndedBy    string
	EndedAt    time.Time // zero while it stands
	EndedWhy   string    // of one that was withdrawn
	ReplacedBy string    // the id of the one that came in its place
}

// Subject names an interpretation in the trail and in the marks of controls.
func (i Interpretation) Subject() string { return "interpretation:" + i.ID }

// Stands says that it was neither withdrawn nor replaced.
func (i Interpretation) Stands() bool { return i.EndedAt.IsZero() }

// Question is what was asked, in a language.
func (i Interpretation) Question(lang string) string {
	if lang == "en" {
		return i.QuestionEn
	}
	return i.QuestionFr
}

// Answer is how the clause is understood, in a language.
func (i Interpretation) Answer(lang string) string {
	if lang == "en" {
		return i.AnswerEn
	}
	return i.AnswerFr
}

// check is what an interpretation must say, in both languages.
func (i *Interpretation) check(today string) error {
	wrong := form{}
	for field, s := range map[string]*string{"question_fr": &i.QuestionFr, "question_en": &i.QuestionEn,
		"answer_fr": &i.AnswerFr, "answer_en": &i.AnswerEn} {
		*s = i18n.Clean(*s)
		wrong.text(field, *s, MaxText, true)
	}
	i.GivenOn = i18n.Clean(i.GivenOn)
	wrong.past("given_on", i.GivenOn, today)
	return wrong.refuse(clauseApplied)
}

// clauseOfficial and clauseApplied are by which the program knows the clauses on
// the official text and on who answers for the policy.
const (
	clauseOfficial = "7.1"
	clauseApplied  = "7.2"
)
