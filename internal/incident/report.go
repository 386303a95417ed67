package incident

import (
	"time"

	"aval/internal/i18n"
	"aval/internal/policy"
)

// Told is what an employee types when something may have happened.
type Told struct {
	NoticedOn string // the day on which it was noticed
	Text      string
	Platform  string // as they call it; may be empty
}

// Report is what an employee told, and what became of it.
type Report struct {
	ID         string
	By         string
	At         time.Time
	Told       Told
	Incident   ID // empty until it is entered in the register
	AnsweredBy string
	AnsweredAt time.Time
	Reason     string // why it was set aside
	State      ReportState
}

// ReportState is what the one who told is shown, and no more.
type ReportState string

// Received until it is answered; then Taken while its incident is open and Done
// once it is closed, or Aside.
const (
	Received ReportState = "received"
	Taken    ReportState = "taken"
	Done     ReportState = "done"
	Aside    ReportState = "aside"
)

// Subject names a report in the trail and in the marks of controls.
func (r Report) Subject() string { return "incident_report:" + r.ID }

// Scope is that of who told.
func (r Report) Scope() policy.Scope { return policy.Scope{Owner: r.By} }

// check is a report that says something, of a day that has come.
func (t *Told) check(test Test, today string) error {
	for _, s := range []*string{&t.NoticedOn, &t.Text, &t.Platform} {
		*s = i18n.Clean(*s)
	}
	f := form{}
	f.past("noticed_on", t.NoticedOn, "", today, "")
	f.text("text", t.Text, MaxText, "incident.told_required")
	f.text("platform", t.Platform, MaxLine, "")
	return f.refuse(test.under(clauseWhat))
}

// for its author's eyes: what they told and its state, not what was answered.
func (r Report) own() Report {
	r.AnsweredBy, r.AnsweredAt, r.Reason, r.Incident = "", time.Time{}, "", ""
	return r
}
