package access_test

import (
	"context"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/licence"
)

// seenOn counts the accounts of a licence by the day on which they were seen in use.
func (w *world) seenOn(id licence.ID) map[string]int {
	w.t.Helper()
	by := map[string]int{}
	w.read(func(ctx context.Context, tx *db.Tx) error {
		days, err := db.All(ctx, tx, func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err },
			`SELECT seen_on FROM pupil_account WHERE board_id = $1 AND licence_id = $2`, tx.Board, string(id))
		for _, day := range days {
			by[day]++
		}
		return err
	})
	return by
}

func TestTheDayAnAccountWasSeenInUse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id, other := w.made(nil), w.made(nil)
		saw := func(persons ...string) {
			w.write(func(ctx context.Context, tx *db.Tx) error { return w.Seen(ctx, tx, id, persons) })
		}
		saw()
		saw(w.far[0], "nobody")
		if by := w.seenOn(id); by[""] != 5 {
			t.Fatalf("who has no account there is seen: %v", by)
		}
		before := w.card(id, w.pupils[0])
		saw(w.pupils[0], w.pupils[1], w.far[0], w.pupils[0])
		if by := w.seenOn(id); by["2026-11-20"] != 2 || by[""] != 3 || w.seenOn(other)[""] != 5 {
			t.Errorf("seen on: %v, elsewhere %v", by, w.seenOn(other))
		}
		if w.card(id, w.pupils[0]) != before {
			t.Error("being seen changed the account")
		}
		w.Clock = func() time.Time { return time.Date(2026, 11, 19, 15, 0, 0, 0, time.UTC) }
		saw(w.pupils[0])
		if by := w.seenOn(id); by["2026-11-20"] != 2 {
			t.Errorf("an earlier day took the place of a later one: %v", by)
		}
		w.Clock = func() time.Time { return time.Date(2026, 12, 1, 15, 0, 0, 0, time.UTC) }
		saw(w.pupils[0])
		if by := w.seenOn(id); by["2026-12-01"] != 1 || by["2026-11-20"] != 1 {
			t.Errorf("the day did not move: %v", by)
		}
	})
}
