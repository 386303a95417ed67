// Package rights is what the people whom a board knows may ask of it and must be
// told: requests for access and correction and complaints, the notices and the
// confidentiality policy, consents, and the destruction of what has served.
//
//	request  open --Answer--> answered --Close--> closed    or --Close (withdrawn)--> closed
//	notice   draft --Publish--> published, and dated when it was given
//	consent  given or refused --Withdraw--> withdrawn
//	batch    proposed --Approve, by a second person--> destroyed
//
// Time limits, ages and clauses come from the laws that the board's policy rests
// on; where a board's law does not have a clause, nothing is cited. Who asks and
// who signs is sealed (see package vault), and is in no trail and no mark.
package rights

import (
	"time"
	"unicode/utf8"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/reveal"
	"aval/internal/vault"
)

// The controls that this package carries.
const (
	ControlAnswered   = "rights.answered"     // QC-RIGHT-01, ON-RIGHT-01
	ControlDestroyed  = "retention.destroyed" // QC-RET-01
	ControlPolicy     = "notice.policy"       // QC-POL-01
	ControlCollection = "notice.collection"   // QC-NOT-01, ON-NOT-01
	ControlParents    = "notice.parents"      // ON-TECH-02, D-42
	ControlSigner     = "consent.signer"      // QC-MIN-01, ON-MIN-01
	ControlQuality    = "consent.quality"     // QC-MIN-02
	ControlChild      = "consent.child"       // QC-MIN-03, D-38
	ControlKept       = "consent.kept"        // D-39
)

// Service is what people do with it.
type Service struct {
	DB      *db.DB
	Vault   *vault.Vault
	Reveals *reveal.Service // who looked at a pupil's name
}

// figure is a threshold of the policy or of a law under it: the policy may be
// stricter, so its own comes first.
func figure(p *policy.Pack, code string) (policy.Threshold, bool) {
	if p == nil {
		return policy.Threshold{}, false
	}
	for _, t := range p.Thresholds {
		if t.Code == code {
			return t, true
		}
	}
	for _, law := range p.Laws {
		if t, ok := figure(law, code); ok {
			return t, true
		}
	}
	return policy.Threshold{}, false
}

// cite is the first of some clauses that the policy or a law under it has; "" when
// it has none of them.
func cite(p *policy.Pack, ids ...string) string {
	for _, id := range ids {
		if p == nil {
			break
		}
		if c, ok := p.Clause(id); ok {
			return c.ID
		}
	}
	return ""
}

// The longest texts, in characters.
const (
	MaxText = 4000
	MaxLine = 300
)

// form gathers what must be mended.
type form map[string]string

// text refuses a text that is too long or, where one is required, missing.
func (f form) text(field, text string, most int, required string) {
	switch {
	case text == "" && required != "":
		f[field] = required
	case utf8.RuneCountInString(text) > most:
		f[field] = "rights.text_long"
	}
}

// day refuses what is no day of the calendar.
func (f form) day(field, on string) bool {
	_, err := time.Parse(time.DateOnly, on)
	switch {
	case on == "":
		f[field] = "rights.day_required"
	case err != nil:
		f[field] = "rights.day_wrong"
	}
	return err == nil
}

// past refuses a day to come, and one before another.
func (f form) past(field, on, before, today, early string) {
	switch {
	case !f.day(field, on):
	case on > today:
		f[field] = "rights.day_future"
	case before != "" && on < before:
		f[field] = early
	}
}

// refuse answers the form under a clause, or nil.
func (f form) refuse(clause string) error {
	err := fault.Form(f)
	if refusal, ok := fault.As(err); ok {
		return refusal.Under(clause)
	}
	return err
}

// tidy trims texts, and drops what no keyboard types.
func tidy(texts ...*string) {
	for _, s := range texts {
		*s = i18n.Clean(*s)
	}
}

// addDays is a day some days later.
func addDays(day string, days int) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, days).Format(time.DateOnly)
}
