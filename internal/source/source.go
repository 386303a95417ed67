// Package source fetches a board's roster from the systems that keep it: a
// OneRoster service of version 1.1 or 1.2 is read over its REST interface, and
// what it says becomes a OneRoster 1.2 set that goes the way of every set,
// through roster.Service.Import (policy A, 6.3 e).
//
//	fetching --every collection is read--> importing --> done
//	   |  ^ '--trouble that passes: again later'   '--> held (too many pupils would leave) --Accept--> importing
//	   |  '-- a restart: from the last page kept          '--Drop--> dropped
//	   '--trouble that stays, or too often--> failed
//
// Pages are kept sealed while the rest is fetched, and deleted once the set was
// imported or dropped. No message holds a value of what was read.
package source

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/fault"
	"aval/internal/i18n"
)

// ID names a source within its board.
type ID string

// Edition is the version of OneRoster that a source speaks.
type Edition string

// The editions.
const (
	V11 Edition = "1.1"
	V12 Edition = "1.2"
)

// Editions lists them in the order shown.
var Editions = []Edition{V12, V11}

// Every is how often a source is fetched.
type Every string

// The frequencies.
const (
	Never  Every = "none"
	Hourly Every = "hourly"
	Daily  Every = "daily"
	Weekly Every = "weekly"
)

// Frequencies lists them in the order shown.
var Frequencies = []Every{Never, Hourly, Daily, Weekly}

// Terms are what a person says of a source. Secret is only ever typed: kept
// sealed, never read back.
type Terms struct {
	Name     string
	Edition  Edition
	BaseURL  string // up to and without the name of a collection
	TokenURL string
	ClientID string
	Secret   string
	Every    Every
	Hour     int // 0 to 23 in the board's zone, for daily and weekly
	Weekday  int // 0 is Sunday, for weekly
	FullDays int // days after which everything is fetched again
}

// Source is a system from which the roster is fetched.
type Source struct {
	ID ID
	Terms
	MadeBy    string // account
	MadeAt    time.Time
	RemovedAt time.Time // zero while it is in use
	Version   int64
}

// Subject names a source in the trail and in the marks of controls.
func Subject(id ID) string { return "source:" + string(id) }

const (
	maxName   = 200
	maxText   = 1000
	maxSecret = 4000
	maxDays   = 90
)

// check says what is wrong with the terms; secret tells whether one must be typed.
func (t *Terms) check(open bool, secret bool) error {
	t.Name, t.ClientID = i18n.Clean(t.Name), strings.TrimSpace(t.ClientID)
	t.BaseURL, t.TokenURL = strings.TrimRight(strings.TrimSpace(t.BaseURL), "/"), strings.TrimSpace(t.TokenURL)
	fields := map[string]string{}
	text := func(field, value, missing string, most int) {
		switch {
		case value == "":
			fields[field] = missing
		case utf8.RuneCountInString(value) > most:
			fields[field] = "source.too_long"
		}
	}
	text("name", t.Name, "source.name_required", maxName)
	text("client_id", t.ClientID, "source.client_required", maxText)
	if secret {
		text("secret", t.Secret, "source.secret_required", maxSecret)
	} else if len(t.Secret) > maxSecret {
		fields["secret"] = "source.too_long"
	}
	for field, typed := range map[string]string{"base_url": t.BaseURL, "token_url": t.TokenURL} {
		if key := checkAddress(typed, open); key != "" {
			fields[field] = key
		}
	}
	if _, query, _ := strings.Cut(t.BaseURL, "?"); fields["base_url"] == "" && query != "" {
		fields["base_url"] = "source.address_wrong"
	}
	t.checkSchedule(fields)
	return fault.Form(fields)
}

func (t *Terms) checkSchedule(fields map[string]string) {
	if !slices.Contains(Editions, t.Edition) {
		fields["edition"] = "source.edition_required"
	}
	if !slices.Contains(Frequencies, t.Every) {
		fields["every"] = "source.every_required"
	}
	if t.Hour < 0 || t.Hour > 23 {
		fields["hour"] = "source.hour_wrong"
	}
	if t.Weekday < 0 || t.Weekday > 6 {
		fields["weekday"] = "source.weekday_wrong"
	}
	if t.FullDays < 1 || t.FullDays > maxDays {
		fields["full_days"] = "source.days_wrong"
	}
}

// checkAddress says what is wrong with an address, or "". Only https is taken;
// where the operator opened the door to private addresses, http to this machine.
func checkAddress(typed string, open bool) (key string) {
	u, err := url.Parse(typed)
	switch {
	case typed == "":
		return "source.address_required"
	case utf8.RuneCountInString(typed) > maxText:
		return "source.too_long"
	case err != nil || u.Host == "" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || strings.ContainsFunc(typed, isBlank):
		return "source.address_wrong"
	case u.Scheme == "http" && open && loopback(u.Hostname()):
		return ""
	case u.Scheme != "https":
		return "source.address_https"
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !open && private(ip) {
		return "source.address_private"
	}
	return ""
}

func isBlank(r rune) bool { return r <= ' ' || r == 0x7f }

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// reserved are the ranges of addresses that are no place of the public network
// and that netip does not tell by a method.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

// private tells whether an address is none of the public network.
func private(ip netip.Addr) bool {
	ip = ip.Unmap()
	return !ip.IsGlobalUnicast() || ip.IsPrivate() ||
		slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// moved tells whether the secret would be sent elsewhere than before.
func (t Terms) moved(before Terms) bool {
	return t.TokenURL != before.TokenURL || origin(t.BaseURL) != origin(before.BaseURL)
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// lastDue is the latest moment, not after now, at which the source is to be
// fetched by its schedule; zero when it has none.
func (s Source) lastDue(now time.Time) time.Time {
	local := now.In(i18n.Zone)
	day := time.Date(local.Year(), local.Month(), local.Day(), s.Hour, 0, 0, 0, i18n.Zone)
	switch s.Every {
	case Hourly:
		return local.Truncate(time.Hour)
	case Daily:
		if day.After(local) {
			day = day.AddDate(0, 0, -1)
		}
		return day
	case Weekly:
		day = day.AddDate(0, 0, -(int(local.Weekday())-s.Weekday+7)%7)
		if day.After(local) {
			day = day.AddDate(0, 0, -7)
		}
		return day
	}
	return time.Time{}
}

// nextDue is the first moment after now at which the source is to be fetched by its
// schedule; zero when it has none.
func (s Source) nextDue(now time.Time) time.Time {
	at := s.lastDue(now)
	switch s.Every {
	case Hourly:
		return at.Add(time.Hour)
	case Daily:
		return at.AddDate(0, 0, 1)
	case Weekly:
		return at.AddDate(0, 0, 7)
	}
	return at
}

// due tells whether the schedule asks for a fetch that was not begun since.
func (s Source) due(last, now time.Time) bool {
	at := s.lastDue(now)
	return s.RemovedAt.IsZero() && !at.IsZero() && !at.Before(s.MadeAt.Truncate(time.Hour)) && last.Before(at)
}

// State is how far a pull is.
type State string

// The states; those before Done can go on.
const (
	Fetching  State = "fetching"
	Importing State = "importing"
	Held      State = "held" // too many pupils would leave: a person says
	Done      State = "done"
	Failed    State = "failed"
	Dropped   State = "dropped" // by a person, or for a newer one
)

// Open tells whether a pull is not over.
func (s State) Open() bool { return s == Fetching || s == Importing || s == Held }

// Counts are what a pull met; a promise to scripts.
type Counts struct {
	Pages    int            `json:"pages"`
	Records  map[string]int `json:"records"`            // by collection
	Warnings map[string]int `json:"warnings,omitempty"` // dirt that was taken, by code
	Left     int            `json:"left,omitempty"`     // pupils who would leave, of a pull that is held
	Active   int            `json:"active,omitempty"`   // pupils of the board, likewise
	Preview  string         `json:"preview,omitempty"`  // the import that shows what a pull that is held would do
	Defects  int            `json:"defects"`            // of the import
	Import   map[string]int `json:"import,omitempty"`   // what the import brought
}

// Pull is one fetch of a source.
type Pull struct {
	ID        string
	SourceID  ID
	State     State
	Whole     bool      // everything, not what changed since
	Since     time.Time // of one that asks what changed
	AsOf      time.Time // the source's own clock when it began; zero before its first answer
	StartedBy string    // account, or the clock
	StartedAt time.Time
	TouchedAt time.Time
	EndedAt   time.Time // zero while it is open
	AgainAt   time.Time // not before, after a trouble; zero for at once
	Tries     int       // in a row, of what it does now
	PageSize  int
	Trouble   string // the last, by its code
	TroubleAt string // collection, or "token"
	Accepted  string // account of who let pupils leave all the same
	Counts    Counts
	Version   int64
}

// Reason is the key of the sentence that says what the last trouble was.
func (p Pull) Reason() string {
	if p.Trouble == "" {
		return ""
	}
	return "source.trouble." + p.Trouble
}

const (
	// overlap is how far back of the last fetch one asks for changes: clocks
	// differ, and a change may be written after it was dated.
	overlap = time.Hour
	// forgotten is how long pages wait to be taken up again: what is older is no
	// picture of today.
	forgotten = 24 * time.Hour
	// longestWait is the longest that a source may ask us to stay away.
	longestWait = time.Hour
	// maxTries is how often in a row something is tried.
	maxTries = 8
)

// resumes tells whether a pull that failed may go on from its last page.
func (p Pull) resumes(now time.Time) bool {
	return p.State == Failed && p.AsOf.After(now.Add(-forgotten)) && slices.Contains(passing, p.Trouble)
}
