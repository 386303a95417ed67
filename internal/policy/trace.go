package policy

import (
	"context"

	"aval/internal/db"
)

// openMost is how many exceptions of one control Trace lists; Marks has them all.
const openMost = 50

// Traced is a clause, what carries it, its live counts, and the exceptions that
// stand, the oldest first, each with the moment since which it does.
type Traced struct {
	CoverageRow
	Section string
	Open    []Seen
}

// Trace lists every clause of the board's policy and of the laws under it with
// the exceptions that stand; it is for the same people as Coverage. The clause
// that asks everyone to follow all others (7.2) lists its own alone.
func Trace(ctx context.Context, d *db.DB, a Actor) (traced []Traced, err error) {
	_, rows, err := Coverage(ctx, d, a)
	if err != nil {
		return nil, err
	}
	open, err := db.ReadAll(ctx, d, a.Board, func(row db.Row) (m Seen, err error) {
		err = row.Scan(&m.Control, &m.Subject, &m.Outcome, &m.At)
		return m, err
	}, `SELECT control, subject, outcome, at FROM control_mark WHERE board_id = $1 AND outcome = 'exception'
		ORDER BY at, control, subject`, a.Board)
	if err != nil {
		return nil, err
	}
	by := map[string][]Seen{}
	for _, m := range open {
		if len(by[m.Control]) < openMost {
			by[m.Control] = append(by[m.Control], m)
		}
	}
	for _, r := range rows {
		c, _ := a.Pack.Clause(r.ID) // Coverage read it there
		t := Traced{CoverageRow: r, Section: c.Section}
		if r.Mode != string(Planned) {
			t.Open = by[r.Control]
		}
		traced = append(traced, t)
	}
	return traced, nil
}
