// Package licence is the right to use an approved platform: for whom, until when, and who
// pays for it (policy A, 1.3 d, 2.1 and 4.2).
//
// A licence is recorded only for a platform that was approved, with or without conditions.
// A platform that is approved and under a licence that covers her pupils is a teacher's to
// use without asking: Answer tells her so before she asks.
//
//	to come --StartsOn--> running --EndsOn, or End--> over
//
// One that still runs when its platform is refused is an exception to 4.1 until it is over.
package licence

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"aval/internal/catalogue"
	"aval/internal/fault"
	"aval/internal/policy"
)

// ID names a licence within its board.
type ID string

// Reach is for whom a licence is, before its audience narrows it.
type Reach string

// From one person to everyone.
const (
	Individual Reach = "individual"
	Class      Reach = "class"
	School     Reach = "school"
	Department Reach = "department"
	Board      Reach = "board"
)

// Reaches lists them in that order.
var Reaches = []Reach{Individual, Class, School, Department, Board}

// AtSchool tells whether the licence belongs to one school, which OrgID names.
func (r Reach) AtSchool() bool { return r == Individual || r == Class || r == School }

// DDL is the payer that is the evaluating service itself; any other payer is the id of a
// school or of a department.
const DDL = "ddl"

// AccountKind is what a pupil signs in to the platform with.
type AccountKind string

// From nothing to what tells most.
const (
	NoAccount  AccountKind = "none"
	LoginName  AccountKind = "login_name"  // the borrowed name that the board gives (5.1.1)
	VendorName AccountKind = "vendor_name" // a name that the platform gives
	BoardEmail AccountKind = "board_email" // the pupil's address; not where it shows a name (5.1.2)
)

// AccountKinds lists them in that order.
var AccountKinds = []AccountKind{NoAccount, LoginName, VendorName, BoardEmail}

// Licence is one right to use, free or bought.
type Licence struct {
	ID         ID
	PlatformID catalogue.ID
	Scope      Reach
	OrgID      string // the school or department; empty for the whole board
	Payer      string // DDL, or a school's or department's id
	// Seats is how many pupils may have an account at a time; zero is without limit. It may
	// be less than the audience: accounts then stop at the seats.
	Seats       int64
	CostCents   int64
	StartsOn    string // 2026-08-31
	EndsOn      string // the last day that was foreseen, included
	EndedOn     string // the last day, included, of one that was ended before; else empty
	Audience    Audience
	AccountKind AccountKind
	SignInURL   string   // https, or empty
	Columns     []Column // of the file that the platform makes accounts from, in its order
	RecordedBy  string
	CreatedAt   time.Time
	Version     int64
}

// Held is what a column of the accounts' file holds of each pupil.
type Held string

// What may leave the board in that file; a name may not.
const (
	HoldsLogin    Held = "login_name"
	HoldsPassword Held = "password"
	HoldsGroup    Held = "group"
	HoldsText     Held = "text" // the same text in each row, as a vendor's "role"
)

// Helds lists them in that order.
var Helds = []Held{HoldsLogin, HoldsPassword, HoldsGroup, HoldsText}

// Column is one column of the accounts' file: its title as the platform wants it, and what
// it holds.
type Column struct {
	Name  string
	Holds Held
	Text  string // only with HoldsText
}

// Last is the last day of the licence, included.
func (l Licence) Last() string {
	if l.EndedOn != "" && l.EndedOn < l.EndsOn {
		return l.EndedOn
	}
	return l.EndsOn
}

// Runs tells whether the licence holds on a day (2026-11-20).
func (l Licence) Runs(day string) bool { return l.StartsOn <= day && day <= l.Last() }

// org is the little of an organisation that the rules look at.
type org struct {
	ID    string
	Kind  string
	Youth bool
}

// kindOf answers what one of the places is; "" for one that the board does not have.
func kindOf(places []org, id string) string {
	for _, o := range places {
		if o.ID == id {
			return o.Kind
		}
	}
	return ""
}

// most is the largest number of seats, and of cents, that anyone may mean.
const most = 1_000_000_000

// check is what can be seen of a licence by itself: its reach, that it has a payer (4.2), its
// period, its audience and its accounts. places are the organisations that it names and
// that the board has.
func (l Licence) check(places []org) error {
	fields := map[string]string{}
	l.checkReach(places, fields)
	l.checkPeriod(fields)
	l.Audience.check(l.Scope, fields)
	l.checkAccounts(fields)
	if k := kindOf(places, l.Payer); l.Payer != DDL && k != "school" && k != "department" {
		fields["payer"] = "licence.payer_required"
	}
	if err := fault.Form(fields); err != nil {
		if f, ok := fault.As(err); ok && fields["payer"] != "" {
			return f.Under("4.2")
		}
		return err
	}
	return nil
}

// pays is the rule of 4.2: the evaluating service pays for the licences that it takes for
// the whole board (a); the school or the department pays for its own, and may pay for one
// that serves the whole board (b).
func (l Licence) pays(places []org) error {
	kind := kindOf(places, l.Payer)
	switch {
	case l.Scope == Board:
		return nil
	case l.Payer == DDL:
		return wrongPayer("licence.ddl_pays_board_only")
	case l.Scope == Department && l.Payer != l.OrgID, kind == "school" && l.Payer != l.OrgID:
		return wrongPayer("licence.payer_other")
	}
	return nil
}

func wrongPayer(key string) error {
	f := fault.New(fault.Invalid, key).Under("4.2b")
	f.Fields = map[string]fault.Message{"payer": {Key: key}}
	return f
}

func (l Licence) checkReach(places []org, fields map[string]string) {
	switch {
	case !slices.Contains(Reaches, l.Scope):
		fields["scope"] = "licence.scope_wrong"
	case l.Scope.AtSchool() && kindOf(places, l.OrgID) != "school":
		fields["org_id"] = "licence.school_required"
	case l.Scope == Department && kindOf(places, l.OrgID) != "department":
		fields["org_id"] = "licence.department_required"
	case l.Scope == Board && l.OrgID != "":
		fields["org_id"] = "licence.org_unwanted"
	}
	if l.Seats < 0 || l.Seats > most {
		fields["seats"] = "licence.number_wrong"
	}
	if l.CostCents < 0 || l.CostCents > most {
		fields["cost"] = "licence.number_wrong"
	}
}

func (l Licence) checkPeriod(fields map[string]string) {
	starts, err1 := time.Parse(time.DateOnly, l.StartsOn)
	if err1 != nil {
		fields["starts_on"] = "licence.day_wrong"
	}
	ends, err2 := time.Parse(time.DateOnly, l.EndsOn)
	if err2 != nil {
		fields["ends_on"] = "licence.day_wrong"
	} else if err1 == nil && ends.Before(starts) {
		fields["ends_on"] = "licence.ends_before"
	}
}

// The longest address, the most columns and the longest title of one.
const (
	longestURL    = 500
	mostColumns   = 40
	longestColumn = 100
)

func (l Licence) checkAccounts(fields map[string]string) {
	if !slices.Contains(AccountKinds, l.AccountKind) {
		fields["account_kind"] = "licence.account_kind_wrong"
	}
	if u, err := url.Parse(l.SignInURL); l.SignInURL != "" &&
		(err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(l.SignInURL) > longestURL) {
		fields["sign_in_url"] = "licence.url_wrong"
	}
	if len(l.Columns) > 0 && l.AccountKind != LoginName && l.AccountKind != VendorName {
		fields["columns"] = "licence.columns_unwanted"
	} else if !l.columnsOK() {
		fields["columns"] = "licence.columns_wrong"
	}
}

// columnsOK wants titles that differ, and the login name where that is what pupils sign in with.
func (l Licence) columnsOK() bool {
	if len(l.Columns) > mostColumns {
		return false
	}
	login := len(l.Columns) == 0 || l.AccountKind != LoginName
	titles := map[string]bool{}
	for _, c := range l.Columns {
		title := strings.TrimSpace(c.Name)
		if title == "" || titles[title] || len([]rune(c.Name+c.Text)) > longestColumn || strings.ContainsAny(c.Name+c.Text, "\r\n") ||
			!slices.Contains(Helds, c.Holds) || c.Holds != HoldsText && c.Text != "" {
			return false
		}
		titles[title] = true
		login = login || c.Holds == HoldsLogin
	}
	return login
}

// end is the rule: a licence that is not over ends on a day of its period; one that is still
// to come may end before it begins.
func (l *Licence) end(on, today string) error {
	switch _, err := time.Parse(time.DateOnly, on); {
	case l.EndedOn != "":
		return fault.New(fault.Conflict, "licence.already_ended")
	case today > l.EndsOn:
		return fault.New(fault.Conflict, "licence.already_over")
	case err != nil:
		return fault.Form(map[string]string{"on": "licence.day_wrong"})
	case on < min(l.StartsOn, today) || on > l.EndsOn:
		return fault.Form(map[string]string{"on": "licence.end_outside"})
	}
	l.EndedOn = on
	return nil
}

// clause is the paragraph of 4.2 under which the payer pays.
func (l Licence) clause() string {
	if l.Payer == DDL {
		return "4.2a"
	}
	return "4.2b"
}

// unapproved is the clause against which it would be bought for a platform that
// is not approved: what was refused is abided by (4.1); what nobody evaluated is
// evaluated first, at a school (6.3 b) and in a department (6.6 a).
func (l Licence) unapproved(p catalogue.Status, places []org) string {
	if p == catalogue.Refused {
		return "4.1"
	}
	switch kindOf(places, l.Payer) {
	case "department":
		return "6.6a"
	case "school":
		return "6.3b"
	}
	return "2.1"
}

// Place is where the licence stands, for a permission to be asked: its school or
// department; for the whole board, the one that pays, or the board itself.
func (l Licence) Place() policy.Scope {
	switch {
	case l.Scope != Board:
		return policy.Scope{Org: l.OrgID}
	case l.Payer != DDL:
		return policy.Scope{Org: l.Payer}
	}
	return policy.Scope{}
}
