package reveal

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// Outlier is someone whose looks of a week a second person should read again.
// Being one is no fault: each sign is a question to ask.
type Outlier struct {
	Actor string // account, or cli
	By    string // the account's name; empty for the operator's own hand
	Role  policy.Role
	Looks int    // in the week
	Signs []Sign // at least one, in the order of Codes
}

// Sign is one reason why somebody is an outlier.
type Sign struct {
	Code  Code
	Count int // what the code counts, in the week
	Most  int // how many are nothing unusual
}

// Message is the sentence that says it.
func (s Sign) Message() fault.Message {
	return fault.Message{Key: "reveal.sign." + string(s.Code), Args: []any{s.Count, s.Most}}
}

// Code says what a sign counts.
type Code string

// The codes.
const (
	Many      Code = "many"       // looks; the most is that of the role, or Alone
	Alone     Code = "alone"      // looks of someone with too few of their role to compare with
	SamePupil Code = "same_pupil" // looks at one pupil, the one most looked at
	OffHours  Code = "off_hours"  // looks before 7:00, from 18:00 on or on a weekend, in Québec
	InVain    Code = "in_vain"    // login names that were nobody's, or of a pupil out of reach
	AtQuota   Code = "at_quota"   // times that the hour's quota was reached, once an hour at most
)

// Codes lists every code.
var Codes = []Code{Many, Alone, SamePupil, OffHours, InVain, AtQuota}

// What is nothing unusual in a week. Somebody is listed beyond these, and only
// beyond fewest looks in all.
const (
	// Two looks a school day list nobody, whatever they are.
	fewest = 10
	// An account that a young pupil forgets every school day, and once more on
	// some of them: beyond that, it is the pupil and not the account.
	mostOfOnePupil = 8
	// Cards are printed on a Sunday: one look a class. Ten are an evening's search.
	mostOffHours = 10
	// A mistyped name is told from a name before it counts (two names are two
	// slips apart). What is left are names of others' pupils, old ones, and guesses.
	mostInVain = 5
	// A class moves to a new platform twice in a week; hardly three times.
	mostAtQuota = 2
)

// How many looks hardly anybody of a role goes beyond: their median and 3.5
// standard deviations, estimated from the median of the distances to it, as
// Iglewicz and Hoaglin do (How to Detect and Handle Outliers, 1993). Unlike a
// mean, it does not move with the few that one is looking for.
const (
	deviations = 3.5 * 1.4826
	// Weeks of others before one compares: fewer say nothing about a role.
	enough = 12
	// Who has no colleagues to be compared with is listed beyond one full hour.
	mostAlone = policy.SinglesAnHour
	// How many weeks before are compared with: two months forget the rush of September.
	weeksBefore = 8
)

// Week is the time from a Monday, in Québec, to the next.
type Week struct{ From, To time.Time }

// LastWeek is the last that is over.
func LastWeek(now time.Time) Week {
	now = now.In(i18n.Zone)
	sinceMonday := (int(now.Weekday()) + 6) % 7
	to := time.Date(now.Year(), now.Month(), now.Day()-sinceMonday, 0, 0, 0, 0, i18n.Zone)
	return Week{From: to.AddDate(0, 0, -7), To: to}
}

// before is the week that so many weeks lie before.
func (w Week) before(weeks int) Week {
	return Week{From: w.From.AddDate(0, 0, -7*weeks), To: w.To.AddDate(0, 0, -7*weeks)}
}

// weekFrom is the week of a Monday, as key writes it.
func weekFrom(monday string) (Week, error) {
	from, err := time.ParseInLocation(time.DateOnly, monday, i18n.Zone)
	return Week{From: from, To: from.AddDate(0, 0, 7)}, err
}

func (w Week) key() string { return w.From.Format(time.DateOnly) }

// LastDay is the Sunday.
func (w Week) LastDay() time.Time { return w.To.AddDate(0, 0, -1) }

// Tally is how often someone looked in one week under a role; who did not look
// has none.
type Tally struct {
	Actor string
	Role  policy.Role
	Looks int
}

// Outliers reads a week of looks and lists the outliers, those with the most
// signs first. The tallies are those of the weeks before; quota says how often
// each actor reached the hour's quota. Everybody is compared with the others of
// their role: those weeks, and this one, so that the first week of school, when
// all print cards, lists nobody for it. Their own weeks before do not speak for them.
func Outliers(week []Look, before []Tally, quota map[string]int) (list []Outlier) {
	by := map[string][]Look{}
	for _, l := range week {
		by[l.Actor] = append(by[l.Actor], l)
	}
	all := slices.Clone(before)
	for _, looks := range by {
		all = append(all, tally(looks)...)
	}
	for actor, looks := range by {
		if len(looks) <= fewest {
			continue
		}
		o := Outlier{Actor: actor, Looks: len(looks), Signs: often(looks, all)}
		o.Role = tally(looks)[0].Role
		for _, s := range []Sign{
			{SamePupil, ofOnePupil(looks), mostOfOnePupil},
			{OffHours, count(looks, offHours), mostOffHours},
			{InVain, count(looks, func(l Look) bool { return l.Count == 0 }), mostInVain},
			{AtQuota, quota[actor], mostAtQuota},
		} {
			if s.Count > s.Most {
				o.Signs = append(o.Signs, s)
			}
		}
		if len(o.Signs) > 0 {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b Outlier) int {
		return cmp.Or(len(b.Signs)-len(a.Signs), b.Looks-a.Looks, cmp.Compare(a.Actor, b.Actor))
	})
	return list
}

// tally counts somebody's looks by role, the role of most first.
func tally(looks []Look) (list []Tally) {
	roles := map[policy.Role]int{}
	for _, l := range looks {
		roles[l.Role]++
	}
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		list = append(list, Tally{Actor: looks[0].Actor, Role: role, Looks: roles[role]})
	}
	slices.SortStableFunc(list, func(a, b Tally) int { return b.Looks - a.Looks })
	return list
}

// often is the sign of who looks more than others of their role, at most one.
func often(looks []Look, all []Tally) []Sign {
	for _, own := range tally(looks) {
		var others []int
		for _, t := range all {
			if t.Role == own.Role && t.Actor != own.Actor {
				others = append(others, t.Looks)
			}
		}
		s := Sign{Code: Alone, Count: own.Looks, Most: mostAlone}
		if len(others) >= enough {
			s.Code, s.Most = Many, most(others)
		}
		if s.Count > s.Most {
			return []Sign{s}
		}
	}
	return nil
}

// most is how many looks hardly anybody goes beyond where these are usual.
func most(looks []int) int {
	middle := median(looks)
	apart := make([]int, len(looks))
	for i, n := range looks {
		apart[i] = max(n-middle, middle-n)
	}
	return max(fewest, middle+int(deviations*float64(max(1, median(apart)))))
}

// median is the middle one, the higher of two.
func median(numbers []int) int { return slices.Sorted(slices.Values(numbers))[len(numbers)/2] }

func count(looks []Look, f func(Look) bool) (n int) {
	for _, l := range looks {
		if f(l) {
			n++
		}
	}
	return n
}

// ofOnePupil counts the looks at the one pupil most looked at, class sets apart.
func ofOnePupil(looks []Look) (n int) {
	of := map[string]int{}
	for _, l := range looks {
		if l.Person != "" {
			of[l.Person]++
			n = max(n, of[l.Person])
		}
	}
	return n
}

// offHours tells whether a look was made when no school is open. Holidays and
// the evenings of adult education are not known here.
func offHours(l Look) bool {
	at := l.At.In(i18n.Zone)
	day := at.Weekday()
	return day == time.Saturday || day == time.Sunday || at.Hour() < 7 || at.Hour() >= 18
}
