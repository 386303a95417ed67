// Package governance is what stands around a policy: the signed text that the
// secretary keeps (policy A, 7.1), how the director of the evaluating service
// understands a clause and who attests that it was applied (7.2), and the dated
// acts that laws and directives ask of those who govern.
//
//	recorded --another of its kind, where one stands--> past
//	recorded --End--> ended
//
// Nothing here is ever changed or deleted.
package governance

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// ID names an act.
type ID string

// Field is something that an act says.
type Field string

// The fields that a kind of act may ask for; its day is always one.
const (
	Who       Field = "who"       // a person, or several
	Reference Field = "reference" // a resolution, a letter, the codes of rules
	Note      Field = "note"
	Due       Field = "due_on"
	Paper     Field = "file"
)

// Kind is a kind of act: the clause that asks for it and what carries that.
type Kind struct {
	Code    string
	Control string
	Clauses []string // the first that the board's policy or its laws have
	Needs   []Field
	Takes   []Field // that it may say as well
	One     bool    // the last one stands alone
	Waits   bool    // awaited while none stands
	Months  int     // until the next, where the clause asks for another
}

// Kinds lists every kind, in the order in which people read them. Their words
// are governance.kind.<code> and governance.about.<code>.
var Kinds = []Kind{
	{Code: "officer", Control: "governance.officer", Clauses: []string{"QC-ROLE-01"}, Needs: []Field{Who, Reference}, Takes: []Field{Note, Paper}, One: true, Waits: true},
	{Code: "member", Control: "governance.committee", Clauses: []string{"QC-ROLE-02"}, Needs: []Field{Who}, Takes: []Field{Reference, Note}, Waits: true},
	{Code: "meeting", Control: "governance.committee", Clauses: []string{"QC-ROLE-02"}, Needs: []Field{Note}, Takes: []Field{Who, Reference, Paper}},
	{Code: "opinion", Control: "governance.committee", Clauses: []string{"QC-ROLE-02"}, Needs: []Field{Note}, Takes: []Field{Reference, Paper}},
	{Code: "rules", Control: "governance.rules", Clauses: []string{"QC-POL-02"}, Needs: []Field{Reference, Paper}, Takes: []Field{Note, Due}, One: true, Waits: true},
	{Code: "schedule", Control: "retention.schedule", Clauses: []string{"QC-ARC-01"}, Needs: []Field{Reference}, Takes: []Field{Note, Due, Paper}, One: true, Waits: true},
	{Code: "security", Control: "security.kept", Clauses: []string{"QC-SEC-01"}, Needs: []Field{Note}, Takes: []Field{Who, Due, Paper}, One: true, Waits: true, Months: 12},
	{Code: "cyber_contact", Control: "security.maturity", Clauses: []string{"ON-CYB-01"}, Needs: []Field{Who}, Takes: []Field{Reference, Note}, One: true, Waits: true},
	{Code: "maturity", Control: "security.maturity", Clauses: []string{"ON-CYB-01"}, Needs: []Field{Note}, Takes: []Field{Who, Due, Paper}, One: true, Waits: true, Months: 24},
	{Code: "charter", Control: "governance.charter", Clauses: []string{"ON-CHT-01"}, Needs: []Field{Reference}, Takes: []Field{Note, Paper}, One: true},
	{Code: "standards", Control: "governance.standards", Clauses: []string{"D-08"}, Needs: []Field{Note}, Takes: []Field{Who, Reference, Due, Paper}, One: true, Months: 12},
	{Code: "target", Control: "governance.target", Clauses: []string{"D-13"}, Needs: []Field{Note}, Takes: []Field{Reference}, One: true, Waits: true},
	{Code: "review", Control: "policy.reviewed", Clauses: []string{"D-46", "7.2"}, Needs: []Field{Who, Note}, Takes: []Field{Reference, Due, Paper}, One: true, Months: 12},
	{Code: "incident_plan", Control: "incident.planned", Clauses: []string{"D-47"}, Needs: []Field{Note}, Takes: []Field{Who, Due, Paper}, One: true, Waits: true, Months: 12},
}

// Asks says that an act of the kind may say something, and whether it must.
func (k Kind) Asks(f Field) (asked, must bool) {
	must = slices.Contains(k.Needs, f)
	return must || slices.Contains(k.Takes, f), must
}

// Clause is the clause of a policy under which the kind is recorded; "" where
// neither the policy nor a law under it asks for it.
func (k Kind) Clause(p *policy.Pack) string {
	for _, id := range k.Clauses {
		if c, ok := p.Clause(id); ok {
			return c.ID
		}
	}
	return ""
}

// KindsOf lists the kinds that a policy and the laws under it ask for.
func KindsOf(p *policy.Pack) (kinds []Kind) {
	for _, k := range Kinds {
		if k.Clause(p) != "" {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// kindOf finds a kind by its code.
func kindOf(p *policy.Pack, code string) (Kind, bool) {
	kinds := KindsOf(p)
	at := slices.IndexFunc(kinds, func(k Kind) bool { return k.Code == code })
	if at < 0 {
		return Kind{}, false
	}
	return kinds[at], true
}

// File is a text that is kept: its bytes lie in the board's files.
type File struct {
	ID     string
	Name   string
	Media  string
	Size   int64
	SHA256 string
}

// Act is something that those who govern did on a day.
type Act struct {
	ID         ID
	Kind       string
	On         string // day
	Who        string
	Reference  string
	Note       string
	DueOn      string // when the next is due, or ""
	File       File   // without ID when there is none
	RecordedBy string
	RecordedAt time.Time
	EndedOn    string
	EndedBy    string
	EndedWhy   string
}

// Subject names an act in the trail and in the marks of controls.
func (a Act) Subject() string { return "act:" + string(a.ID) }

// Overdue says that the next was due before today.
func (a Act) Overdue(today string) bool { return a.EndedOn == "" && a.DueOn != "" && a.DueOn < today }

// Standing keeps the acts of a kind that stand: those that were not ended or,
// where one stands alone, the last unless it was.
func (k Kind) Standing(acts []Act) (standing []Act) {
	for _, a := range acts {
		if a.Kind == k.Code {
			standing = append(standing, a)
		}
	}
	slices.SortStableFunc(standing, func(a, b Act) int {
		return cmp.Or(strings.Compare(b.On, a.On), b.RecordedAt.Compare(a.RecordedAt))
	})
	if k.One && len(standing) > 1 {
		standing = standing[:1]
	}
	return slices.DeleteFunc(standing, func(a Act) bool { return a.EndedOn != "" })
}

// The longest texts, in characters.
const (
	MaxLine = 300
	MaxText = 4000
)

// tidy is an act as it is kept: without what no keyboard types, nor what its
// kind does not ask for, and with the day of the next.
func (a Act) tidy(k Kind) Act {
	for f, s := range map[Field]*string{Who: &a.Who, Reference: &a.Reference, Note: &a.Note, Due: &a.DueOn} {
		if asked, _ := k.Asks(f); !asked {
			*s = ""
		}
		*s = i18n.Clean(*s)
	}
	a.On = i18n.Clean(a.On)
	if on, err := time.Parse(time.DateOnly, a.On); err == nil && a.DueOn == "" && k.Months > 0 {
		a.DueOn = on.AddDate(0, k.Months, 0).Format(time.DateOnly)
	}
	return a
}

// check is what a kind of act must say.
func (a Act) check(k Kind, today string, wrong form) {
	wrong.past("done_on", a.On, today)
	for f, s := range map[Field]string{Who: a.Who, Reference: a.Reference} {
		_, must := k.Asks(f)
		wrong.text(string(f), s, MaxLine, must)
	}
	_, must := k.Asks(Note)
	wrong.text(string(Note), a.Note, MaxText, must)
	if a.DueOn == "" {
		return
	}
	switch _, err := time.Parse(time.DateOnly, a.DueOn); {
	case err != nil:
		wrong.wrong(string(Due), "governance.day_wrong")
	case a.DueOn <= a.On:
		wrong.wrong(string(Due), "governance.due_early")
	}
}

// form gathers what must be mended.
type form map[string]fault.Message

func (f form) wrong(field, key string, args ...any) { f[field] = fault.Message{Key: key, Args: args} }

func (f form) text(field, text string, most int, must bool) {
	switch {
	case text == "" && must:
		f.wrong(field, "governance.required")
	case utf8.RuneCountInString(text) > most:
		f.wrong(field, "governance.long", most)
	}
}

// day is a calendar day.
func (f form) day(field, on string) {
	switch _, err := time.Parse(time.DateOnly, on); {
	case on == "":
		f.wrong(field, "governance.day_required")
	case err != nil:
		f.wrong(field, "governance.day_wrong")
	}
}

// past is a day that has come.
func (f form) past(field, on, today string) {
	if f.day(field, on); f[field].Key == "" && on > today {
		f.wrong(field, "governance.day_future")
	}
}

// take adds what a file's own check says of it; what is no such refusal comes back.
func (f form) take(err error) error {
	refusal, refused := fault.As(err)
	if !refused || len(refusal.Fields) == 0 {
		return err
	}
	for field, m := range refusal.Fields {
		f[field] = m
	}
	return nil
}

// refuse answers the form under a clause, or nil.
func (f form) refuse(clause string) error {
	err := fault.FormMsg(f)
	if refusal, ok := fault.As(err); ok {
		return refusal.Under(clause)
	}
	return err
}
