// Package schoolyear is a year of a board's schools as the roster tells it: its
// sessions, several at once where schools differ, the classes given in each, and
// what is missing before the year can begin. A year is over when the board, or its
// sessions, are in the next; nothing is deleted by that.
package schoolyear

import (
	"strconv"
	"strings"
	"time"

	"aval/internal/fault"
)

// Year is a school year by the calendar year in which it ends, as OneRoster has it: 2027.
type Year string

// OK says that it has the shape of a year.
func (y Year) OK() bool {
	n, err := strconv.Atoi(string(y))
	return err == nil && len(y) == 4 && n >= 1900
}

// String is the year as people say it: 2026-2027.
func (y Year) String() string {
	n, err := strconv.Atoi(string(y))
	if err != nil {
		return string(y)
	}
	return strconv.Itoa(n-1) + "-" + string(y)
}

// YearOf is the school year of a day: the one that begins in July.
func YearOf(day string) Year {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	if t.Month() >= time.July {
		return Year(strconv.Itoa(t.Year() + 1))
	}
	return Year(strconv.Itoa(t.Year()))
}

// Session is a school year of some schools, or a part of one. Its end is exclusive.
type Session struct {
	ID      string
	Title   string
	Kind    string // schoolYear, semester, term or gradingPeriod
	Start   string
	End     string
	Year    Year
	Gone    bool
	Classes int // given in it
}

// holds says that a day is in the session.
func (s Session) holds(day string) bool { return !s.Gone && s.Start <= day && day < s.End }

// current is the year that runs: the board's own word; else that of the sessions of
// this day, the later where they differ; else, in the summer, that of the next
// session; else the calendar's.
func current(own Year, sessions []Session, day string) Year {
	if own != "" {
		return own
	}
	var now, next Session
	for _, s := range sessions {
		switch {
		case s.holds(day):
			if s.Year > now.Year {
				now = s
			}
		case !s.Gone && s.Start > day && (next.Start == "" || s.Start < next.Start):
			next = s
		}
	}
	switch {
	case now.Year != "":
		return now.Year
	case next.Year != "" && next.Year <= YearOf(day):
		return next.Year
	}
	return YearOf(day)
}

// Setting is the year that the board says is the current one; "" leaves it to the sessions.
type Setting struct {
	Year    Year
	Version int64
}

func (s *Setting) check() error {
	s.Year = Year(strings.TrimSpace(string(s.Year)))
	if s.Year != "" && !s.Year.OK() {
		return fault.Form(map[string]string{"year": "schoolyear.year_form"})
	}
	return nil
}

// Listed is a year that the roster knows.
type Listed struct {
	Year     Year
	Sessions int
	Classes  int
	Current  bool
}

// Room is a class.
type Room struct{ ID, Title, School string }

// Teacher is a member of staff, and where they teach.
type Teacher struct{ Name, School string }

// Between is how many pupils learn in two schools at once.
type Between struct {
	One, Other string // names
	Pupils     int
}

// Overview is a year and what it lacks, as far as the reader sees. Lists hold at most 500.
type Overview struct {
	Listed
	Sessions  []Session
	NoTeacher []Room    // classes without a teacher
	NoAccount []Teacher // teachers who cannot sign in
	Between   []Between
}
