package incident

import (
	"slices"
	"strings"
	"time"

	"aval/internal/fault"
	"aval/internal/i18n"
)

// To is whom a notice is for.
type To string

// The commission of the board's law, the people concerned, and everyone where
// these cannot all be reached or there is no time to lose.
const (
	Commission To = "commission"
	People     To = "people"
	Public     To = "public"
)

// Tos lists whom a notice may be for.
var Tos = []To{Commission, People, Public}

// Notice is a notice of an incident, in both languages: drafted from the entry,
// then in a person's words, each version kept, until it is sent.
type Notice struct {
	ID        string
	Incident  ID
	To        To
	Fr, En    string
	Reason    string // of a public notice
	DraftedBy string
	DraftedAt time.Time
	SentOn    string // a day; empty until somebody notes it
	SentBy    string
	ChangedBy string
	ChangedAt time.Time
	Version   int64
}

// Text is the notice in a language.
func (n Notice) Text(lang string) string {
	if lang == "en" {
		return n.En
	}
	return n.Fr
}

// ToComplete counts the elements that a draft marked and that nobody has written.
func (n Notice) ToComplete() (left int) {
	for _, lang := range i18n.Languages {
		left += strings.Count(n.Text(lang), i18n.For(lang).T("incident.draft.to_complete"))
	}
	return left
}

// longest is that of a notice, in characters.
const longest = 20_000

// write replaces the texts of a notice that is not sent.
func (n *Notice) write(t Test, fr, en string) error {
	if n.SentOn != "" {
		return fault.New(fault.Conflict, "incident.notice_sent").Under(n.clause(t))
	}
	n.Fr, n.En = i18n.Clean(fr), i18n.Clean(en)
	f := form{}
	f.text("text_fr", n.Fr, longest, "incident.notice_required")
	f.text("text_en", n.En, longest, "incident.notice_required")
	return f.refuse(n.clause(t))
}

// send notes the day on which a notice went out; a public one says why.
func (n *Notice) send(i Incident, on, reason, by, today string) error {
	if n.SentOn != "" {
		return fault.New(fault.Conflict, "incident.notice_sent").Under(n.clause(i.Test))
	}
	on, reason = i18n.Clean(on), i18n.Clean(reason)
	f := form{}
	f.past("sent_on", on, i.AwareOn, today, "incident.before_aware")
	required := ""
	if n.To == Public {
		required = "incident.public_reason"
	}
	f.text("reason", reason, MaxText, required)
	if err := f.refuse(n.clause(i.Test)); err != nil {
		return err
	}
	n.SentOn, n.SentBy, n.Reason = on, by, reason
	return nil
}

func (n Notice) clause(t Test) string {
	if n.To == Commission {
		return t.under(clauseCommission)
	}
	return t.under(clausePeople)
}

// sent says that a notice of a kind went out.
func sent(notices []Notice, to To) bool {
	return slices.ContainsFunc(notices, func(n Notice) bool { return n.To == to && n.SentOn != "" })
}

// told says that the commission was told, and the people, each or in public.
func told(notices []Notice) bool {
	return sent(notices, Commission) && (sent(notices, People) || sent(notices, Public))
}

// draft writes a notice from what was entered, in one language: the elements of
// r. 3.1, s. 5 for the people, of s. 3 for the commission. What nobody
// entered is marked, for a person to complete.
func draft(w Words, to To) string {
	title, opening := "incident.draft.title."+string(to), "incident.draft.opening."+string(to)
	var b strings.Builder
	b.WriteString(w.P.T(title) + "\n\n" + w.P.T(opening+"."+string(w.Incident.Test), w.Board) + "\n")
	for _, part := range parts(to, w.Incident.Test) {
		text := w.part(part)
		if text == "" {
			text = w.P.T("incident.draft.to_complete")
		}
		b.WriteString("\n" + w.P.T("incident.draft."+part) + "\n" + text + "\n")
	}
	return strings.TrimSpace(b.String())
}

// parts are the elements of a notice, in the law's order.
func parts(to To, t Test) []string {
	if to != Commission {
		return []string{"information", "circumstances", "dates", "measures", "advice", "contact"}
	}
	list := []string{"body", "contact", "information", "circumstances", "cause", "dates", "aware", "people", "risk", "told", "measures"}
	if t == Serious {
		list = slices.Insert(list, 8, "here")
		list = append(list, "elsewhere")
	}
	return list
}

// part is an element of a notice; empty when nobody entered it.
func (w Words) part(name string) string {
	i := w.Incident
	switch name {
	case "body":
		return w.Board
	case "contact":
		return i.Contact
	case "information":
		return i.Information
	case "circumstances":
		return i.Circumstances
	case "cause":
		return i.Cause
	case "dates":
		return w.Dates()
	case "aware":
		return w.P.Day(i.AwareOn)
	case "people":
		return w.People()
	case "risk":
		return w.Risk()
	case "told":
		return w.Told()
	case "measures":
		return w.Measures()
	case "advice":
		return i.Advice
	}
	return ""
}

// Words says an incident in one language, for the register, its page and the notices.
type Words struct {
	P        *i18n.Printer
	Incident Incident
	Notices  []Notice
	Board    string
	Names    map[string]string // of its schools
}

// Dates is when it happened: a day or a period, or an approximation.
func (w Words) Dates() string {
	text := w.P.Day(w.Incident.From)
	if w.Incident.Until != "" && w.Incident.Until != w.Incident.From {
		text = w.P.T("incident.period", text, w.P.Day(w.Incident.Until))
	}
	if w.Incident.DaysAbout {
		return w.P.T("incident.dates_about", text)
	}
	return text
}

// People is whom it concerns: a number, kinds and schools, never names.
func (w Words) People() string {
	text := w.P.N("incident.persons", int(w.Incident.Count))
	if w.Incident.CountAbout {
		text = w.P.T("incident.count_about", text)
	}
	var kinds []string
	for _, g := range w.Incident.Groups {
		kinds = append(kinds, w.P.T("incident.group."+string(g)))
	}
	for _, id := range w.Incident.Schools {
		if name := w.Names[id]; name != "" {
			kinds = append(kinds, name)
		}
	}
	if len(kinds) == 0 {
		return text
	}
	return w.P.T("incident.persons_of", text, strings.Join(kinds, ", "))
}

// Risk is what leads to the answer, and the answer; empty until a person has given it.
func (w Words) Risk() string {
	r := w.Incident.Risk
	if r == nil {
		return ""
	}
	lines := []string{w.P.T("incident.answer." + r.Answer + "." + string(w.Incident.Test))}
	for _, name := range w.Incident.Test.Factors() {
		lines = append(lines, w.P.T("incident.said", w.P.T("incident.field."+name), r.Factor(name)))
	}
	return strings.Join(append(lines, w.P.T("incident.said", w.P.T("incident.field.reasons"), r.Reasons)), "\n")
}

// Told is whom notice was given, when, and why in public or why not yet; empty
// while nobody was told and nothing holds it.
func (w Words) Told() string {
	var lines []string
	for _, n := range w.Notices {
		to := w.P.T("incident.to." + string(n.To) + "." + string(w.Incident.Test))
		switch {
		case n.SentOn == "":
		case n.Reason != "":
			lines = append(lines, w.P.T("incident.told_why", to, w.P.Day(n.SentOn), n.Reason))
		default:
			lines = append(lines, w.P.T("incident.told", to, w.P.Day(n.SentOn)))
		}
	}
	if w.Incident.Held != "" {
		lines = append(lines, w.P.T("incident.said", w.P.T("incident.field.held"), w.Incident.Held))
	}
	if len(lines) > 0 && !sent(w.Notices, Public) {
		lines = append(lines, w.P.T("incident.no_public"))
	}
	return strings.Join(lines, "\n")
}

// Measures are what was done, each on its day.
func (w Words) Measures() string {
	var lines []string
	for _, m := range w.Incident.Measures {
		line := w.P.T("incident.said", w.P.Day(m.On), m.Text)
		if m.Recipient != "" {
			line = w.P.T("incident.given_to", line, m.Recipient, m.Given)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
