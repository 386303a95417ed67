package contract

import (
	"slices"
	"strconv"
	"time"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/policy"
)

// Role is what a file shows.
type Role string

// What was agreed, undertakings of secrecy, and what a verification rests on.
const (
	Agreed  Role = "agreed"
	Secrecy Role = "secrecy"
	Proof   Role = "proof"
)

// FileRoles lists them.
var FileRoles = []Role{Agreed, Secrecy, Proof}

// File is attached to a contract.
type File struct {
	ID         string
	ContractID ID
	Role       Role
	Name       string
	Media      string
	Size       int64
	SHA256     string
	AddedBy    string
	AddedAt    time.Time
}

// Topic is what a verification looks at.
type Topic string

// Topics lists what may be verified.
var Topics = []Topic{"soc2", "pentest", "mfa", "subprocessors", "retention", "remote", "other"}

// The results of a verification.
const (
	Held    = "held"
	NotHeld = "not_held"
)

// Check is a verification of the vendor: due on a day, then done with its result.
type Check struct {
	ID         string
	ContractID ID
	Topic      Topic
	DueOn      string
	DoneOn     string // empty while it is awaited
	Result     string
	Findings   string
	ReviewedBy string // account
	PlannedBy  string
	PlannedAt  time.Time
}

// Subject names a verification in the trail and in the marks of controls.
func (k Check) Subject() string { return "contract_check:" + k.ID }

// Overdue tells whether its day has passed and it is not done.
func (k Check) Overdue(today string) bool { return k.DoneOn == "" && k.DueOn < today }

// check refuses a verification that is wrong when it is planned: its day is to come.
func (k *Check) check(today string, p *policy.Pack) error {
	k.DueOn = i18n.Clean(k.DueOn)
	f := form{}
	if !slices.Contains(Topics, k.Topic) {
		f["topic"] = "contract.topic_required"
	}
	f.day("due_on", k.DueOn, "contract.day_required")
	if f["due_on"] == "" && k.DueOn < today {
		f["due_on"] = "contract.day_past"
	}
	return f.refuse(under(p, clauseVerified, clauseOverseen))
}

// close keeps the result of a verification, once.
func (k *Check) close(done Check, by, today string, p *policy.Pack) error {
	clause := under(p, clauseVerified, clauseOverseen)
	if k.DoneOn != "" {
		return fault.New(fault.Conflict, "contract.check_done").Under(clause)
	}
	k.DoneOn, k.Result, k.Findings, k.ReviewedBy = i18n.Clean(done.DoneOn), done.Result, i18n.Clean(done.Findings), by
	f := form{}
	f.day("done_on", k.DoneOn, "contract.day_required")
	if f["done_on"] == "" && k.DoneOn > today {
		f["done_on"] = "contract.day_future"
	}
	if k.Result != Held && k.Result != NotHeld {
		f["result"] = "contract.result_required"
	}
	f.text("findings", k.Findings, MaxText, "contract.findings_required")
	return f.refuse(clause)
}

// Notice is what the vendor told of a violation, and the incident that it opened.
type Notice struct {
	ID         string
	ContractID ID
	ReceivedOn string
	ReceivedBy string // account
	Told       string
	Incident   incident.ID
	Number     string // of the incident; empty once it is deleted
	RecordedAt time.Time
}

// Warning is a vendor's notice as it is typed: with what the register of incidents needs.
type Warning struct {
	ReceivedOn  string // the day on which the board became aware
	Told        string
	Kind        incident.Kind
	Information string
	From        string // when it happened, or about
	Count       int64
	Groups      []incident.Group
}

// entry is the incident that a warning opens.
func (w Warning) entry(c Contract) incident.Entry {
	return incident.Entry{Kind: w.Kind, Information: w.Information, Circumstances: w.Told, From: w.From, DaysAbout: true,
		AwareOn: w.ReceivedOn, Count: w.Count, CountAbout: true, Groups: w.Groups, Platform: c.PlatformID}
}

// Deletion is what is awaited of the vendor for the pupils' accounts of a licence that is over.
type Deletion struct {
	Licence    string
	AskedOn    string
	AttestedOn string // empty while it is awaited
}

// TaskKind is what somebody has to see to.
type TaskKind string

// A licence that runs without a contract, a verification that is overdue, and a
// vendor that has not attested that nothing is kept.
const (
	Lacking     TaskKind = "lacking"
	Overdue     TaskKind = "overdue"
	Destruction TaskKind = "destruction"
)

// Task is something to see to about a vendor.
type Task struct {
	Kind       TaskKind
	ContractID ID     // empty when Lacking
	PlatformID string // by which a contract is recorded when Lacking
	Platform   string // name
	Topic      Topic  // when Overdue
	Since      string // the day since which it awaits
	Clause     string
}

func line(i int) string { return "_" + strconv.Itoa(i+1) }
