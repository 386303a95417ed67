// Package access is the accounts of pupils on the platforms of licences, which
// the evaluating service opens and keeps (policy A, 6.1 e).
//
//	to_create --download--> sent --Confirm--> confirmed
//	sent, confirmed --Reset--> reset_pending --download--> sent
//	any of these --Suspend, or no longer of the audience--> suspended --back--> as before
//	any --the licence is over--> retired, and its password is erased
//
// A pupil signs in with their login name, their address of the board or the
// name that the platform gives (schedule A, first paragraph). Whose an account
// is, only its login name tells. What the platform is told goes out in a file
// that one person prepares, another approves, and the first downloads once.
package access

import (
	"slices"

	"aval/internal/catalogue"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/pseudonym"
)

// State is where an account stands.
type State string

// From the day it is made to the end of its licence.
const (
	ToCreate     State = "to_create"     // the platform does not know it yet
	Sent         State = "sent"          // it was in a file that was downloaded
	Confirmed    State = "confirmed"     // the platform took the file
	ResetPending State = "reset_pending" // its new password is for the next file
	Suspended    State = "suspended"     // the pupil left the audience, or someone stopped it
	Retired      State = "retired"       // over; without a password
)

// States lists them in that order.
var States = []State{ToCreate, Sent, Confirmed, ResetPending, Suspended, Retired}

// Why is why somebody stopped an account. A closed list: what is written of a
// pupil is no free text.
type Why string

// From what the pupil did to what the school asks.
const (
	Exposed Why = "exposed" // others know the password
	Misused Why = "misused"
	Asked   Why = "asked" // by the school or the parents
	Away    Why = "away"  // the pupil left, and the roster does not know it yet
	Unused  Why = "unused"
)

// Whys lists them in that order.
var Whys = []Why{Exposed, Misused, Asked, Away, Unused}

// Account is a pupil's right to enter one platform.
type Account struct {
	ID        string
	LicenceID licence.ID
	LoginID   string // row of the login name, which alone tells whose it is
	State     State
	Was       State // what a suspended one goes back to
	ByHand    bool  // somebody suspended it, and must let it go on
	Why       Why   // of one that somebody suspended
	SentOn    string
	SeenOn    string // the day on which a file of the platform last told of it; "" before
	ChangedOn string
	Version   int64

	password   []byte // sealed
	vendorName []byte // sealed
}

// Card is what a pupil signs in with. It is shown only to who may see it, by
// package reveal.
type Card struct {
	AccountID string
	PersonID  string
	Kind      licence.AccountKind
	UserName  string             // "" while the platform's name is not known
	Password  pseudonym.Password // empty where the pupil has one elsewhere, and of a retired account
	State     State
}

// String keeps a card out of a log.
func (Card) String() string { return "(card)" }

// GoString does too.
func (c Card) GoString() string { return c.String() }

// ours tells whether the board makes the passwords: those of its addresses are
// kept with the addresses.
func ours(kind licence.AccountKind) bool {
	return kind == licence.LoginName || kind == licence.VendorName
}

// usable is the rule of who may have accounts: the licence says what pupils sign
// in with, runs today (2.1), and its platform is approved (4.1).
func usable(l licence.Licence, p catalogue.Status, today string) error {
	switch {
	case l.AccountKind == licence.NoAccount:
		return fault.New(fault.Conflict, "access.no_accounts").Under("A.0")
	case !p.Usable():
		return fault.New(fault.Conflict, "access.platform_not_approved").Under("4.1")
	case !l.Runs(today):
		return fault.New(fault.Conflict, "access.licence_not_running").Under("2.1")
	}
	return nil
}

// open tells whether the pupil may sign in, or will once the platform knows.
func (a Account) open() bool { return a.State != Suspended && a.State != Retired }

// reset is the rule: a password is replaced while the account goes on. One that
// the platform does not know yet only gets another.
func (a *Account) reset(kind licence.AccountKind) error {
	switch {
	case !ours(kind):
		return fault.New(fault.Conflict, "access.password_elsewhere").Under("A.0")
	case a.State == Suspended:
		return fault.New(fault.Conflict, "access.reset_suspended")
	case a.State == Retired:
		return fault.New(fault.Conflict, "access.retired")
	case a.State != ToCreate:
		a.State = ResetPending
	}
	return nil
}

// suspend is the rule: an account that goes on is stopped, and remembers where
// it stood; for a reason if somebody does it, for none when the pupil left the
// audience.
func (a *Account) suspend(why Why) error {
	switch a.State {
	case Suspended:
		return fault.New(fault.Conflict, "access.already_suspended")
	case Retired:
		return fault.New(fault.Conflict, "access.retired")
	}
	a.State, a.Was, a.ByHand, a.Why = Suspended, a.State, why != "", why
	return nil
}

// resume is the rule: a suspended account goes on from where it stood.
func (a *Account) resume() error {
	if a.State != Suspended {
		return fault.New(fault.Conflict, "access.not_suspended")
	}
	a.State, a.Was, a.ByHand, a.Why = a.Was, "", false, ""
	return nil
}

// letOn is the rule: somebody lets go on what somebody stopped; one whose pupil
// left comes back with the pupil.
func (a *Account) letOn() error {
	if a.State == Suspended && !a.ByHand {
		return fault.New(fault.Conflict, "access.resume_left")
	}
	return a.resume()
}

// retire ends an account for good; its password and the platform's name are erased.
func (a *Account) retire() {
	a.State, a.Was, a.ByHand, a.Why = Retired, "", false, ""
	a.password, a.vendorName = []byte{}, []byte{}
}

// provisioned are the states of which a file of that kind speaks.
func (k FileKind) provisioned() []State {
	if k == Delta {
		return []State{ToCreate, ResetPending}
	}
	return []State{ToCreate, Sent, Confirmed, ResetPending}
}

// known tells whether a kind of file is one.
func (k FileKind) known() bool { return slices.Contains(FileKinds, k) }

// FileKind says of which accounts a file speaks.
type FileKind string

// All accounts that go on, or those of which the platform does not know something.
const (
	Full  FileKind = "full"
	Delta FileKind = "delta"
)

// FileKinds lists them, the usual one first.
var FileKinds = []FileKind{Delta, Full}

// Counts is how the accounts of a licence stand.
type Counts struct {
	By     map[State]int
	Pupils int   // of the audience, on this day's roster
	Seats  int64 // 0 is without limit
	Left   int   // suspended because the pupil left the audience
}

// Live counts the accounts that take a seat.
func (c Counts) Live() int {
	return c.By[ToCreate] + c.By[Sent] + c.By[Confirmed] + c.By[ResetPending] + c.By[Suspended] - c.Left
}

// Lacking counts the pupils of the audience who have no account.
func (c Counts) Lacking() int { return max(0, c.Pupils-c.Live()) }

// Free counts the seats that are left; -1 is without limit.
func (c Counts) Free() int { return free(c.Seats, c.Live()) }

// Unseated counts the pupils for whom there is no seat.
func (c Counts) Unseated() int {
	if c.Seats == 0 {
		return 0
	}
	return max(0, c.Lacking()-c.Free())
}

func free(seats int64, live int) int {
	if seats == 0 {
		return -1
	}
	return max(0, int(seats)-live)
}
