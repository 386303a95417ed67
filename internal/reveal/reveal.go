// Package reveal is the only way from what is sealed to a person's eyes: whose
// a login name is, what opens a pupil's account, the accounts of a class, and who
// answers for a pupil.
// A pupil's school knows easily who is behind a login name; the public does
// not (policy A, 1.3 e). So each time someone is shown something, they say why,
// it is noted for the pupil to see, and an hour has an end:
//
//	Ask → their reach? → the hour's quota, or what a second person allowed
//	    → what is asked for, noted in the same transaction → Shown
//
// What cannot be noted is not shown. Neither the note nor the trail says which
// login name it was.
package reveal

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/access"
	"aval/internal/fault"
	"aval/internal/guardian"
	"aval/internal/licence"
	"aval/internal/policy"
)

// Kind is what is shown.
type Kind string

// The kinds.
const (
	Name    Kind = "name"    // whose a login name is
	Account Kind = "account" // the user name and password of one pupil
	Class   Kind = "class"   // those of a class, for one licence

	Guardians Kind = "guardians" // who answers for one pupil
)

// Kinds lists those that Reveal shows.
var Kinds = []Kind{Name, Account, Class, Guardians}

// clause is the one that a kind serves.
func (k Kind) clause() string {
	switch k {
	case Name, Guardians:
		return "1.3e"
	case File:
		return "6.2b"
	}
	return "6.2a"
}

// action is the permission that a kind rests on.
func (k Kind) action() policy.Action { return policy.Action("reveal." + string(k)) }

// Ask is what someone wants to be shown, and why.
type Ask struct {
	Kind    Kind
	Licence licence.ID // of a class set
	Class   string     // its id
	Account string     // its id
	Renew   bool       // it is given another password first, or nothing is: for a card that was lost
	Name    string     // a login name, as it was typed
	Person  string     // id of the pupil whose guardians are asked for
	Reason  string     // code of the pack's reveal_reasons
	Note    string     // may stay empty
}

// maxNote bounds a note, in characters.
const maxNote = 300

// check refuses what is missing or is no reason for this kind.
func (a *Ask) check(pack *policy.Pack) error {
	if !slices.Contains(Kinds, a.Kind) {
		return fault.Form(map[string]string{"kind": "reveal.kind_unknown"})
	}
	a.Name, a.Note = strings.TrimSpace(a.Name), strings.TrimSpace(a.Note)
	fields := map[string]string{}
	for _, must := range []struct {
		kind         Kind
		field, value string
	}{{Name, "name", a.Name}, {Account, "account", a.Account}, {Class, "class", a.Class}, {Class, "licence", string(a.Licence)},
		{Guardians, "person", a.Person}} {
		if a.Kind == must.kind && must.value == "" {
			fields[must.field] = "reveal." + must.field + "_required"
		}
	}
	checkWhy(pack, a.Kind.action(), a.Reason, a.Note, fields)
	return fault.Form(fields)
}

// CheckWhy refuses what is no reason for an action, and a note that is too long.
func CheckWhy(pack *policy.Pack, do policy.Action, reason, note string) error {
	fields := map[string]string{}
	checkWhy(pack, do, reason, note, fields)
	return fault.Form(fields)
}

// checkWhy looks at a reason and a note.
func checkWhy(pack *policy.Pack, do policy.Action, reason, note string, fields map[string]string) {
	if !slices.Contains(pack.RevealReason(reason).For, do) {
		fields["reason"] = "reveal.reason_required"
	}
	if utf8.RuneCountInString(note) > maxNote {
		fields["note"] = "reveal.note_long"
	}
}

// Person is a pupil, as those who may know are told.
type Person struct {
	ID         string
	GivenName  string
	FamilyName string
	Classes    []string // titles
	Grade      string   // in the words of the roster: 04
}

// Shown is what someone was shown. It is kept nowhere.
type Shown struct {
	Kind   Kind
	People []Person
	Cards  []access.Card       // of People, in their order; none of a name
	Kin    []guardian.Guardian // who answers for the one pupil
	Left   int                 // single look-ups left to the actor
	At     time.Time
	Copy   int // which set it is of the class for the licence, from 1
}

// toHandOver are the reasons for which a card is shown so that its pupil has what
// opens the account. Technical support looks, and hands nothing over.
var toHandOver = []string{"class_help", "lost_password", "new_pupil", "printing"}

// handed are the pupils whose cards say a user name, as subjects of a control,
// in one order: two who print the same class at once do not wait in a ring.
func (s Shown) handed() (subjects []string) {
	for _, c := range s.Cards {
		if c.UserName != "" {
			subjects = append(subjects, "person:"+c.PersonID)
		}
	}
	slices.Sort(subjects)
	return subjects
}

// Look is a note of what someone was shown. Nobody was, where Person and Class are empty.
type Look struct {
	ID       string
	At       time.Time
	Actor    string // account, or cli
	Role     policy.Role
	Kind     Kind
	Reason   string
	Note     string
	Licence  licence.ID
	Class    string
	Person   string
	Org      string // the school of whom was shown
	Second   string // who allowed more than the quota
	Approval string
	File     string // of a file that names several classes, the id of its first look, on the others
	Count    int    // people shown

	By, Allowed string // names of Actor and Second, in lists; empty for the operator's own hand
}

// window is how far back an hour's quota looks.
const window = time.Hour

// spent are the moments at which someone was shown singles, or class sets,
// within the last hour and within the quota, oldest first.
type spent []time.Time

// left is how many are left of a quota.
func (s spent) left(quota int) int { return max(0, quota-len(s)) }

// wait is how many minutes go by until the quota holds one more.
func (s spent) wait(quota int, now time.Time) int {
	return int((s[len(s)-quota].Add(window).Sub(now) + time.Minute - 1) / time.Minute)
}

// Approval is leave to be shown more than the quota: so many single look-ups, or
// one class set, for an hour from when a second person gave it.
type Approval struct {
	ID         string
	AskedBy    string
	AskedAt    time.Time
	Org        string // school at which it holds; the whole board when empty
	Sets       bool   // class sets, not single look-ups
	Extra      int
	Reason     string
	Note       string
	ApprovedBy string
	ApprovedAt time.Time // zero until then
	Used       int
}

// mostExtra bounds what is asked for at once; askedFor is how long it may be granted.
const (
	mostExtra = policy.SinglesAnHour
	askedFor  = 24 * time.Hour
)

// check refuses what nobody could grant.
func (a *Approval) check(pack *policy.Pack, do policy.Action) error {
	a.Note = strings.TrimSpace(a.Note)
	fields := map[string]fault.Message{}
	most := mostExtra
	if a.Sets {
		most = 1
	}
	if a.Extra < 1 || a.Extra > most {
		fields["extra"] = fault.Message{Key: "reveal.extra_number", Args: []any{most}}
	}
	for _, single := range []policy.Action{policy.RevealAccount, policy.RevealGuardians} {
		if !a.Sets && slices.Contains(pack.RevealReason(a.Reason).For, single) {
			do = single // single look-ups are of names, of accounts and of guardians
		}
	}
	why := map[string]string{}
	checkWhy(pack, do, a.Reason, a.Note, why)
	for name, key := range why {
		fields[name] = fault.Message{Key: key}
	}
	return fault.FormMsg(fields)
}

// Until is when it ends; it means nothing before someone has given it.
func (a Approval) Until() time.Time { return a.ApprovedAt.Add(window) }

// scope is where an approval stands, for who may give it.
func (a Approval) scope() policy.Scope { return policy.Scope{Owner: a.AskedBy, Org: a.Org} }

// approve is the rule: another person, in time, once.
func (a *Approval) approve(by policy.Actor, now time.Time) error {
	if slices.Contains(by.Hands(policy.RevealApprove, a.scope()), a.AskedBy) {
		return fault.New(fault.Denied, "reveal.approve_own").Under("1.3e")
	}
	if a.ApprovedBy != "" {
		return fault.New(fault.Conflict, "reveal.approved_already")
	}
	if now.Sub(a.AskedAt) >= askedFor {
		return fault.New(fault.Conflict, "reveal.approval_old")
	}
	a.ApprovedBy, a.ApprovedAt = by.ID, now
	return nil
}
