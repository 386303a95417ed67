package governance

import (
	"strconv"
	"time"
)

// Year is a school year, by the calendar year in which it begins: it runs from
// 1 July to 30 June.
type Year int

// YearOf is the school year of a day.
func YearOf(day string) Year {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0
	}
	if t.Month() < time.July {
		return Year(t.Year() - 1)
	}
	return Year(t.Year())
}

// First is the first day of the year.
func (y Year) First() string { return strconv.Itoa(int(y)) + "-07-01" }

// Last is the last day of the year.
func (y Year) Last() string { return strconv.Itoa(int(y)+1) + "-06-30" }

// String is the year as people say it: 2026-2027.
func (y Year) String() string { return strconv.Itoa(int(y)) + "-" + strconv.Itoa(int(y)+1) }

// The season of attestations, in days before and after the end of the year.
const (
	seasonBefore = 60
	seasonAfter  = 92
)

func (y Year) around(days int) string {
	last, err := time.Parse(time.DateOnly, y.Last())
	if err != nil {
		return ""
	}
	return last.AddDate(0, 0, days).Format(time.DateOnly)
}

// Opens is the day from which one may attest for the year.
func (y Year) Opens() string { return y.around(-seasonBefore) }

// Closes is the last day of the season.
func (y Year) Closes() string { return y.around(seasonAfter) }

// Season is the year for which attestations are awaited on a day, if any.
func Season(today string) (Year, bool) {
	for _, y := range []Year{YearOf(today), YearOf(today) - 1} {
		if y.Opens() <= today && today <= y.Closes() {
			return y, true
		}
	}
	return 0, false
}

// Attestable are the years for which one may attest on a day, the latest first:
// that which ends soon, and that which ended last.
func Attestable(today string) (years []Year) {
	if now := YearOf(today); now.Opens() <= today {
		years = append(years, now)
	}
	return append(years, YearOf(today)-1)
}

// Attestation is a manager's word that a school or department applied the policy
// in a school year, with what it did not apply (policy A, 7.2).
type Attestation struct {
	ID         string
	Year       Year
	Org        string // id; empty for the evaluating service itself
	Exceptions string
	SignedBy   string
	SignedAt   time.Time
}

// attested names a school's or department's attestation for a year in the trail
// and in the marks of controls.
func attested(y Year, orgID string) string {
	return "attestation:" + strconv.Itoa(int(y)) + "/" + orgID
}

// Subject names an attestation in the trail and in the marks of controls.
func (a Attestation) Subject() string { return attested(a.Year, a.Org) }
