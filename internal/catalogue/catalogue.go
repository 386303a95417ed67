// Package catalogue is the board's list of learning platforms: what each one is,
// what it can do, and the result of its evaluation.
//
//	unknown --decision--> approved | conditional | refused   (and again, at each decision)
//
// A person finds a platform by whatever she remembers of it (see Search), and two
// platforms are compared by the functions they share, taken from the closed
// vocabulary of the board's pack.
package catalogue

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"aval/internal/db"
	"aval/internal/fault"
)

// ID names a platform within its board.
type ID string

// Status is the result that the catalogue shows.
type Status string

// The results: no decision yet, then the overall result of the last decision.
const (
	Unknown     Status = "unknown"
	Approved    Status = "approved"
	Conditional Status = "conditional"
	Refused     Status = "refused"
)

// Statuses lists every status, in the order in which people read them.
var Statuses = []Status{Approved, Conditional, Refused, Unknown}

// Valid says that the status is one of the four.
func (s Status) Valid() bool { return slices.Contains(Statuses, s) }

// Usable says that the platform may be licensed: approved, with or without conditions.
func (s Status) Usable() bool { return s == Approved || s == Conditional }

// Hosting is where pupils' data would rest, in the order of the policy's ladder (3.3 a).
type Hosting string

// The rungs of the ladder, and the answer of a platform nobody has looked at.
const (
	Quebec         Hosting = "qc"
	Canada         Hosting = "ca"
	Elsewhere      Hosting = "elsewhere"
	HostingUnknown Hosting = "unknown"
)

// Hostings lists the ladder from the top.
var Hostings = []Hosting{Quebec, Canada, Elsewhere, HostingUnknown}

// Valid says that the hosting is a rung of the ladder or unknown.
func (h Hosting) Valid() bool { return slices.Contains(Hostings, h) }

// Draft is what people write about a platform; decisions write the rest.
type Draft struct {
	Name, Vendor, URL    string
	SummaryFr, SummaryEn string
	Aliases, Domains     []string
	Functions            []string
}

// Platform is one learning platform, as the whole board sees it.
type Platform struct {
	ID ID
	Draft
	Status     Status
	Hosting    Hosting
	Conditions string
	DecisionID string    // the decision that gave the status; empty while unknown
	DecidedAt  time.Time // zero while unknown
	Before     bool      // the decision was made before aval, and recorded since
	CreatedAt  time.Time
	Version    int64
}

// Summary is the summary in a language, or in the other one where there is none.
func (p Platform) Summary(lang string) string {
	if lang == "en" && p.SummaryEn != "" || p.SummaryFr == "" {
		return p.SummaryEn
	}
	return p.SummaryFr
}

// How long each written field may be.
const (
	maxName    = 120
	maxURL     = 500
	maxSummary = 1000
	maxList    = 20
)

// clean trims what was typed, learns the domain from the address, and refuses,
// field by field, what could not be kept. known says whether a function is in
// the board's vocabulary.
func (d *Draft) clean(known func(code string) bool) error {
	d.Name, d.Vendor = squeeze(d.Name), squeeze(d.Vendor)
	d.URL, d.SummaryFr, d.SummaryEn = legible(d.URL), legible(d.SummaryFr), legible(d.SummaryEn)
	fields := map[string]string{}
	switch {
	case d.Name == "" || compact(d.Name) == "":
		fields["name"] = "catalogue.name_required"
	case utf8.RuneCountInString(d.Name) > maxName:
		fields["name"] = "catalogue.name_long"
	}
	if utf8.RuneCountInString(d.Vendor) > maxName {
		fields["vendor"] = "catalogue.name_long"
	}
	if d.URL != "" {
		if address, err := Address(d.URL); err != nil {
			fields["url"] = "catalogue.url_wrong"
		} else {
			d.URL = address
		}
	}
	for field, text := range map[string]string{"summary_fr": d.SummaryFr, "summary_en": d.SummaryEn} {
		if utf8.RuneCountInString(text) > maxSummary {
			fields[field] = "catalogue.summary_long"
		}
	}
	d.Aliases, d.Domains, d.Functions = tidy(d.Aliases, squeeze), tidy(d.Domains, host), tidy(d.Functions, squeeze)
	if h := host(d.URL); h != "" && !slices.Contains(d.Domains, h) {
		d.Domains = append(d.Domains, h)
	}
	for field, list := range map[string][]string{"aliases": d.Aliases, "domains": d.Domains, "functions": d.Functions} {
		if len(list) > maxList || slices.ContainsFunc(list, func(s string) bool { return utf8.RuneCountInString(s) > maxName }) {
			fields[field] = "catalogue.list_long"
		}
	}
	if slices.ContainsFunc(d.Functions, func(code string) bool { return !known(code) }) {
		fields["functions"] = "catalogue.function_unknown"
	}
	return fault.Form(fields)
}

// Address is a web address made whole: a scheme is added where none was typed. It
// refuses what is not a page of the web, so that a link made from it is safe.
func Address(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if !strings.Contains(typed, "://") {
		typed = "https://" + typed
	}
	u, err := url.Parse(typed)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || len(typed) > maxURL ||
		!strings.Contains(strings.Trim(u.Hostname(), "."), ".") || strings.ContainsAny(u.Hostname(), " %<>\"'") {
		return "", fault.New(fault.Invalid, "catalogue.url_wrong")
	}
	u.Host = strings.ToLower(u.Host)
	return u.String(), nil
}

// legible trims, and drops what no keyboard types: broken letters and control characters
// other than new lines and tabs.
func legible(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s))
}

// squeeze makes one line of a text, and one space of many.
func squeeze(s string) string { return strings.Join(strings.Fields(legible(s)), " ") }

// tidy mends each entry, and drops the empty and the repeated.
func tidy(list []string, mend func(string) string) []string {
	out := []string{}
	for _, s := range list {
		if s = mend(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// compact is a name as search compares it: folded, without spaces.
func compact(name string) string { return strings.ReplaceAll(db.Fold(name), " ", "") }

// Match is an approved platform beside the functions somebody wants.
type Match struct {
	Platform Platform
	Shared   []string // the wanted functions that it has
	Missing  []string // the wanted functions that it has not
	Total    int      // how many are wanted
}

// rank orders what resembles: most shared functions first, then the highest rung of
// the ladder, then without conditions, then by name.
func rank(a, b Match) int {
	if n := len(b.Shared) - len(a.Shared); n != 0 {
		return n
	}
	if n := slices.Index(Hostings, a.Platform.Hosting) - slices.Index(Hostings, b.Platform.Hosting); n != 0 {
		return n
	}
	if n := slices.Index(Statuses, a.Platform.Status) - slices.Index(Statuses, b.Platform.Status); n != 0 {
		return n
	}
	return strings.Compare(compact(a.Platform.Name), compact(b.Platform.Name))
}

// match compares a platform with the wanted functions.
func match(p Platform, wanted []string) Match {
	m := Match{Platform: p, Total: len(wanted)}
	for _, f := range wanted {
		if slices.Contains(p.Functions, f) {
			m.Shared = append(m.Shared, f)
		} else {
			m.Missing = append(m.Missing, f)
		}
	}
	return m
}
