// Package ui holds the pieces that pages are made of: icon, badge, clause chip,
// fields with their errors, tables that become cards on a phone, the path of a
// request, the honest clock. A piece takes texts already in the reader's
// language; those that say words of their own take the printer first. No piece
// sets a style or a script.
package ui

import (
	"math"
	"strconv"
	"time"

	"aval/internal/i18n"
)

// Tone is what a colour means; the word beside it says the same.
type Tone string

// Tones of badges and notes. Name is kept for a child's identity.
const (
	Plain Tone = ""
	OK    Tone = "ok"
	Wait  Tone = "wait"
	Stop  Tone = "stop"
	Info  Tone = "info"
	Name  Tone = "name"
)

func (t Tone) class(base string) string {
	if t == Plain {
		return base
	}
	return base + " is-" + string(t)
}

// noteIcon is the icon of a note that names none.
func noteIcon(t Tone, icon string) string {
	if icon != "" {
		return icon
	}
	switch t {
	case OK:
		return "check-circle-fill"
	case Wait:
		return "hourglass-split"
	case Stop:
		return "x-octagon-fill"
	case Name:
		return "incognito"
	default:
		return "info-circle-fill"
	}
}

// Input is one question of a form: its name, its words, what was typed, and
// what is wrong with it. Label, Hint and Error are in the reader's language.
type Input struct {
	Name     string
	Label    string
	Hint     string
	Error    string
	Value    string
	Type     string // of Text: "text" when empty; "password", "date", "number", "email", "search", "url"
	Complete string // the autocomplete attribute
	Clause   string // the clause that asks for it, such as "2.2a"
	Rows     int    // of Area: 4 when zero
	Max      int    // longest answer, in characters; 0 for none
	Optional bool
	Large    bool // the label is the heading of the page
	Min      string
	Accept   string // of File: the media types it takes
	Multiple bool   // of File
}

func (f Input) class() string {
	if f.Error != "" {
		return "av-field is-error"
	}
	return "av-field"
}

func (f Input) control(base string) string {
	if f.Error != "" {
		return base + " is-invalid"
	}
	return base
}

func (f Input) labelClass() string {
	if f.Large {
		return "form-label h2"
	}
	return "form-label"
}

// described names the hint and the error for who does not see them.
func (f Input) described() string {
	switch {
	case f.Hint != "" && f.Error != "":
		return f.Name + "-hint " + f.Name + "-error"
	case f.Error != "":
		return f.Name + "-error"
	case f.Hint != "":
		return f.Name + "-hint"
	default:
		return ""
	}
}

func (f Input) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func (f Input) rows() string {
	if f.Rows == 0 {
		return "4"
	}
	return strconv.Itoa(f.Rows)
}

// Option is one answer among several.
type Option struct {
	Value, Text string
	Hint        string // a second line under the text of a tile or a box
	Icon        string // of a tile
	Chosen      bool
}

// optionID gives the first answer the field's own id, so that the summary of
// errors leads to it.
func (f Input) optionID(i int) string {
	if i == 0 {
		return f.Name
	}
	return f.Name + "-" + strconv.Itoa(i+1)
}

// Wrong is one answer to look at again.
type Wrong struct{ Field, Text string }

// Card is one thing on the desk: what is to be done, and since when.
type Card struct {
	Days   int
	Late   bool
	Href   string
	Title  string
	Text   string
	Target string // what the board wants it done in
	Tone   Tone
	Icon   string
	Badge  string
	Clause string
}

// State of a step on the path of a request.
type State string

// Steps are done, going on, come back, or still ahead.
const (
	Done State = "done"
	Now  State = "now"
	Back State = "back"
	Next State = "next"
)

// Step is one step on the path of a request; Text says who and when.
type Step struct {
	State  State
	Number int // shown where the step has no icon
	Title  string
	Clause string
	Text   string
}

func (s Step) icon() string {
	switch s.State {
	case Done:
		return "check-lg"
	case Now:
		return "arrow-right"
	case Back:
		return "arrow-return-left"
	default:
		return ""
	}
}

// Time is what the honest clock says: the days of this request, with whom it
// is, and what closed requests took.
type Time struct {
	Days   int
	Holder string // « chez Rosalie Vachon-Ferland, au DDL », in the reader's language; empty when closed
	Half   int    // days within which half of the closed requests were done
	Most   int    // days within which nine in ten were done
	Closed int    // how many requests were closed in the last year
	Enough bool   // whether that is enough to draw a scale
}

// scale places the marks, in percent of the width; the longest takes 90 %.
func (c Time) scale() (now, half, most float64) {
	longest := float64(max(c.Most, c.Days, c.Half, 1))
	at := func(days int) float64 {
		return math.Round(float64(max(days, 0))/longest*900) / 10
	}
	return at(c.Days), at(c.Half), at(c.Most)
}

func percent(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) + "%" }

// anchor keeps a label near the edge of the scale inside it.
func anchor(at float64) string {
	switch {
	case at < 12:
		return "start"
	case at > 80:
		return "end"
	default:
		return "middle"
	}
}

// row places the two labels under the scale on two lines when they would touch.
func row(half, most float64) string {
	if most-half < 30 {
		return "82"
	}
	return "63"
}

func scaleClass(half, most float64) string {
	if most-half < 30 {
		return "is-tall"
	}
	return ""
}

// Column is the head of a column; Number aligns it with its figures.
type Column struct {
	Text   string
	Number bool
	Hidden bool // the word is for who does not see the column
}

// Line is a line of Lines: a name that leads somewhere, and an entry for each of the other columns.
type Line struct {
	Href, Name string
	Entries    []Entry
}

// Entry is a word in a line; with an icon it is a badge.
type Entry struct {
	Text  string
	Whole bool // never broken over two lines
	Tone  Tone
	Icon  string
}

// Filter is a link that narrows a list.
type Filter struct {
	Href, Text string
	Count      int // -1 for none
	Current    bool
}

// DateValue is a day as a date field wants it.
func DateValue(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// clauseHref is where our wording of a clause stands beside the official text.
func clauseHref(p *i18n.Printer, id string) string { return "/policy#" + p.Cited(id) }

func days(p *i18n.Printer, n int) string { return p.N("days", n) }

// Look is the tone and the icon of a state, the same on every page; its word is
// the area's own.
func Look(state string) (Tone, string) {
	look, ok := looks[state]
	if !ok {
		return Plain, "circle"
	}
	return look.tone, look.icon
}

var looks = map[string]struct {
	tone Tone
	icon string
}{
	"draft":        {Plain, "pencil"},
	"submitted":    {Wait, "person-check"},
	"returned":     {Wait, "arrow-return-left"},
	"authorised":   {Info, "inbox"},
	"acknowledged": {Info, "clipboard-check"},
	"evaluated":    {Wait, "hourglass-split"},
	"decided":      {OK, "check-circle-fill"},
	"withdrawn":    {Plain, "archive"},
	"approved":     {OK, "check-circle-fill"},
	"conditional":  {OK, "list-check"},
	"refused":      {Stop, "x-octagon-fill"},
	"contested":    {Wait, "chat-square-text"},
	"overdue":      {Stop, "alarm"},
	"chase":        {Wait, "alarm"},
	"unverified":   {Wait, "patch-question"},

	"assessment.draft":     {Plain, "pencil"},
	"assessment.concluded": {OK, "check-circle-fill"},
	"assessment.replaced":  {Plain, "archive"},

	"condition.open":    {Wait, "hourglass-split"},
	"condition.overdue": {Stop, "alarm"},
	"condition.met":     {OK, "check-circle-fill"},
	"condition.waived":  {Plain, "slash-circle"},
	"condition.lapsed":  {Plain, "archive"},

	"correction.open":    {Wait, "hourglass-split"},
	"correction.taken":   {Info, "person-check"},
	"correction.overdue": {Stop, "alarm"},
	"correction.done":    {OK, "check-circle-fill"},
	"correction.unshown": {Stop, "alarm"},
	"correction.refused": {Plain, "slash-circle"},
}
