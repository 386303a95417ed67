package mapping

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// undated is a day whose form only the whole column tells.
type undated struct {
	id, day, month, year string // day and month as if the day came first
	row                  int
}

// orders are what the days of a column that end with the year showed so far.
type orders struct {
	wait              []undated
	dayFirst, dayLast bool // a number above twelve stood there
}

var yearLast = regexp.MustCompile(`^([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})$`)

// born keeps the day of birth of a pupil's row: written year first, at once; else when
// all rows have been seen.
func (c *conversion) born(r *reader, id string) error {
	text := strings.TrimSpace(r.text(Birth))
	if text == "" {
		return nil
	}
	for _, form := range []string{time.DateOnly, "2006/01/02", "2006.01.02", "20060102", "2006-1-2", "2006/1/2"} {
		if day, err := time.Parse(form, text); err == nil {
			return c.birth(id, day)
		}
	}
	parts := yearLast.FindStringSubmatch(text)
	if parts == nil {
		c.defect("date_unreadable", Pupils, r.row, Birth)
		return nil
	}
	c.days.dayFirst = c.days.dayFirst || above(parts[1])
	c.days.dayLast = c.days.dayLast || above(parts[2])
	c.days.wait = append(c.days.wait, undated{id, parts[1], parts[2], parts[3], r.row})
	return nil
}

func above(month string) bool {
	n, _ := strconv.Atoi(month) // two digits at most
	return n > 12
}

// date keeps the days that waited, where the column showed in which order it is: that a
// day comes first or last is never guessed.
func (c *conversion) date() error {
	for _, u := range c.days.wait {
		if c.days.dayFirst == c.days.dayLast {
			c.defect("date_ambiguous", Pupils, u.row, Birth)
			continue
		}
		if c.days.dayLast {
			u.day, u.month = u.month, u.day
		}
		day, err := time.Parse("2-1-2006", u.day+"-"+u.month+"-"+u.year)
		if err != nil {
			c.defect("date_unreadable", Pupils, u.row, Birth)
			continue
		}
		c.warn["date_form"]++
		if err := c.birth(u.id, day); err != nil {
			return err
		}
	}
	return nil
}

func (c *conversion) birth(id string, day time.Time) error {
	return c.set.row("demographics", id, map[string]string{"birthDate": day.Format(time.DateOnly)})
}
