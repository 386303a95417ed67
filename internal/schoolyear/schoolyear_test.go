package schoolyear

import "testing"

func TestTheYearThatRuns(t *testing.T) {
	last := Session{Kind: "schoolYear", Start: "2025-08-25", End: "2026-06-24", Year: "2026"}
	next := Session{Kind: "schoolYear", Start: "2026-08-24", End: "2027-06-24", Year: "2027"}
	early := Session{Kind: "term", Start: "2026-06-01", End: "2026-12-01", Year: "2027"}
	gone := last
	gone.Gone = true
	for name, c := range map[string]struct {
		own      Year
		sessions []Session
		day      string
		want     Year
	}{
		"no session at all: the calendar":        {"", nil, "2026-11-22", "2027"},
		"the board's own word comes first":       {"2026", []Session{last, next}, "2026-11-22", "2026"},
		"the session of the day":                 {"", []Session{last, next}, "2026-05-01", "2026"},
		"its last day":                           {"", []Session{last, next}, "2026-06-23", "2026"},
		"the summer, when the next is there":     {"", []Session{last, next}, "2026-07-15", "2027"},
		"the days before July, between the two":  {"", []Session{last, next}, "2026-06-25", "2026"},
		"two years at once: the later":           {"", []Session{last, early}, "2026-06-10", "2027"},
		"a session that left the roster is none": {"", []Session{gone, next}, "2026-05-01", "2026"},
	} {
		if got := current(c.own, c.sessions, c.day); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if Year("2027").String() != "2026-2027" || Year("27").OK() || !Year("2027").OK() {
		t.Error("how a year is written")
	}
}
