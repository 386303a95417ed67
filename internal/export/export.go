// Package export writes what a licence lets its platform know into files, for
// platforms that do not ask for it themselves (policy A, 1.3 e, 3.3 c, 5.2 and 6.1 e).
//
//	ask --Make--> stopped by the guard, or refused
//	          --> ready --Approve, by another person--> approved --Download, once, by who asked--> sent
//
// or, by a route that a second person approved, over SFTP:
//
//	a route's hour, or Send --Make--> stopped, or refused; or uploaded --> sent, or failed
//
// Its rows come from package disclosure alone: an export can hold nothing that the
// provider would not answer. Before any of it leaves, package guard looks at all of
// it. What left is kept as how much, which fields, and its digest; the bytes are
// kept nowhere: they are made again, the same to the last, when they are handed out.
package export

import (
	"slices"
	"strings"
	"time"

	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/guard"
	"aval/internal/licence"
	"aval/internal/policy"
)

// ID names an export within its board.
type ID string

// State is how far an export has come.
type State string

// The states.
const (
	Asked    State = "asked"    // being made
	Refused  State = "refused"  // not to be made: Why says it
	Stopped  State = "stopped"  // by the guard: Stops says where
	Ready    State = "ready"    // to be approved
	Approved State = "approved" // to be downloaded
	Sent     State = "sent"
	Failed   State = "failed" // could not be uploaded: Why says it
)

// Profile is how the files are written.
type Profile string

// The profiles.
const (
	OneRoster12 Profile = "oneroster-1.2"
	OneRoster11 Profile = "oneroster-1.1"
	SDS         Profile = "sds-2.1" // Microsoft School Data Sync
	Plain       Profile = "plain"   // one table of pupils, its columns chosen by a person
)

// Profiles lists them in that order.
var Profiles = []Profile{OneRoster12, OneRoster11, SDS, Plain}

// Held is what a column of a plain table holds of each pupil.
type Held string

// What a pupil's row may hold, of what the terms let out.
const (
	HoldsPseudonym Held = "pseudonym"
	HoldsLogin     Held = "login_name"
	HoldsGiven     Held = "given_name"
	HoldsFamily    Held = "family_name"
	HoldsEmail     Held = "email"
	HoldsBirth     Held = "birth_date"
	HoldsGrade     Held = "grade"
	HoldsSchool    Held = "school"
	HoldsClasses   Held = "classes" // their titles
	HoldsText      Held = "text"    // the same in each row
)

// Helds lists them in that order.
var Helds = []Held{HoldsPseudonym, HoldsLogin, HoldsGiven, HoldsFamily, HoldsEmail, HoldsBirth, HoldsGrade, HoldsSchool, HoldsClasses, HoldsText}

// needs is the field that must leave for it, if any.
var needs = map[Held]disclosure.Field{HoldsLogin: disclosure.LoginName, HoldsGiven: disclosure.GivenName, HoldsFamily: disclosure.FamilyName,
	HoldsEmail: disclosure.Email, HoldsBirth: disclosure.BirthDate, HoldsGrade: disclosure.Grade, HoldsClasses: disclosure.Groups}

// Column is one column of a plain table: its title as the platform wants it, and what it holds.
type Column struct {
	Title string `json:"title"`
	Holds Held   `json:"holds"`
	Text  string `json:"text,omitempty"` // only with HoldsText
}

// Shape is what is to be written.
type Shape struct {
	Profile Profile
	Columns []Column // of a plain table
}

// The most columns of a plain table, and the longest title or text.
const (
	mostColumns   = 40
	longestColumn = 100
)

// tidy is a shape without blanks around what was typed, and without empty columns.
func (s Shape) tidy() Shape {
	var columns []Column
	for _, c := range s.Columns {
		c.Title, c.Text = strings.TrimSpace(c.Title), strings.TrimSpace(c.Text)
		if c.Title != "" || c.Holds != "" || c.Text != "" {
			columns = append(columns, c)
		}
	}
	s.Columns = columns
	return s
}

// check refuses a profile that does not exist, and columns that say nothing clear.
func (s Shape) check() error {
	fields := map[string]string{}
	switch {
	case !slices.Contains(Profiles, s.Profile):
		fields["profile"] = "export.profile_required"
	case s.Profile != Plain && len(s.Columns) > 0:
		fields["columns"] = "export.columns_unwanted"
	case s.Profile == Plain && !columnsOK(s.Columns):
		fields["columns"] = "export.columns_wrong"
	}
	return fault.Form(fields)
}

func columnsOK(columns []Column) bool {
	titles := map[string]bool{}
	for _, c := range columns {
		if c.Title == "" || titles[c.Title] || len([]rune(c.Title+c.Text)) > longestColumn || strings.ContainsAny(c.Title+c.Text, "\r\n") ||
			!slices.Contains(Helds, c.Holds) || c.Holds != HoldsText && c.Text != "" {
			return false
		}
		titles[c.Title] = true
	}
	return len(columns) > 0 && len(columns) <= mostColumns
}

// allowed refuses a shape that needs a field which the terms hold back (3.3 c, 5.2).
func (s Shape) allowed(t disclosure.Terms) error {
	if (s.Profile == OneRoster12 || s.Profile == OneRoster11) && !t.Fields[disclosure.Groups] {
		return fault.New(fault.Conflict, "export.needs_groups").Under("3.3c")
	}
	for _, c := range s.Columns {
		if f, ok := needs[c.Holds]; ok && !t.Fields[f] {
			clause := "3.3c"
			if slices.ContainsFunc(t.Withheld, func(w disclosure.Withheld) bool { return w.Field == f }) {
				clause = "5.2"
			}
			return fault.New(fault.Conflict, "export.column_held", c.Title).Under(clause)
		}
	}
	return nil
}

// Count is how many rows a file has, its titles apart.
type Count struct {
	File string `json:"file"`
	Rows int    `json:"rows"`
}

// Export is a file that left for a platform, or is to.
type Export struct {
	ID        ID
	LicenceID licence.ID
	Route     RouteID // that sends it, or ""
	Shape
	State      State
	Fields     []disclosure.Field // that the terms let out
	Counts     []Count
	Size       int64
	Digest     string // SHA-256 of the file, in hexadecimal
	Stops      []guard.Stop
	Why        string // key of the sentence that says why it is refused or failed
	AskedBy    string
	AskedAt    time.Time
	ApprovedBy string
	ApprovedAt time.Time
	SentBy     string
	SentAt     time.Time
	SentTo     string // a host and a path; empty of a download
	Tries      int64
	Version    int64
}

// Name is what the file is called: it names nobody.
func (s Shape) Name() string {
	if s.Profile == Plain {
		return "eleves.csv"
	}
	return strings.ReplaceAll(string(s.Profile), ".", "-") + ".zip"
}

// Media is the file's type.
func (s Shape) Media() string {
	if s.Profile == Plain {
		return "text/csv; charset=utf-8"
	}
	return "application/zip"
}

// approve is the rule: a second person stands behind what leaves the board.
func (e *Export) approve(by policy.Actor, hands []string, now time.Time) error {
	switch {
	case e.State != Ready:
		return fault.New(fault.Conflict, "export.not_ready")
	case slices.Contains(hands, e.AskedBy):
		return fault.New(fault.Conflict, "export.own").Under("6.1e")
	}
	e.State, e.ApprovedBy, e.ApprovedAt = Approved, by.ID, now
	return nil
}

// download is the rule: once, by who asked, and what was approved to the last byte.
func (e *Export) download(by policy.Actor, made Made, now time.Time) error {
	switch {
	case e.AskedBy != by.ID:
		return fault.New(fault.Conflict, "export.other").Under("6.1e")
	case e.State == Sent:
		return fault.New(fault.Conflict, "export.sent")
	case e.State != Approved:
		return fault.New(fault.Conflict, "export.unapproved").Under("6.1e")
	case len(made.Stops) > 0 || made.Digest != e.Digest:
		return fault.New(fault.Conflict, "export.changed")
	}
	e.State, e.SentBy, e.SentAt = Sent, by.ID, now
	return nil
}

// take keeps what was made of what was asked; next is its state when nothing stops it.
func (e *Export) take(m Made, next State) {
	e.Fields, e.Counts, e.Size, e.Digest, e.Stops, e.State = m.Fields, m.Counts, m.Size, m.Digest, m.Stops, next
	if len(m.Stops) > 0 {
		e.State, e.Size, e.Digest = Stopped, 0, ""
	}
}

// Rows are those of all files together.
func (e Export) Rows() (n int) {
	for _, c := range e.Counts {
		n += c.Rows
	}
	return n
}
