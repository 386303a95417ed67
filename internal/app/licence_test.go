package app_test

import (
	"testing"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/request"
)

// A refusal makes an exception of 4.1 of each licence that runs for the platform, and the clock
// takes it back, on every board, once its last day has passed.
func TestALicenceThatRunsDespiteARefusal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		boards := []*board{h.build(t, "erables", "Vorn"), h.build(t, "bouleaux", "Zyqu")}
		exceptions := func(when string, want int64) {
			t.Helper()
			if err := h.SweepLicences(t.Context(), "", ""); err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			for _, b := range boards {
				if got := b.coverage("4.1").Exceptions; got != want {
					t.Errorf("%s: 4.1 has %d exceptions on %s, want %d", when, got, b.id, want)
				}
			}
		}
		for _, b := range boards {
			r := b.to(request.Evaluated)
			b.result(r.PlatformID, catalogue.Approved) // by an earlier decision
			b.must(b.record("principal", r.PlatformID, nil))
			_, err := b.decide(r.ID, func(in *decision.Input) {
				in.Use = decision.Verdict{Result: decision.Refused, Reasons: "Rien du programme."}
			})
			b.must(err)
		}
		exceptions("once it is refused", 1)
		d.Clock = func() time.Time { return time.Date(2099, 12, 31, 17, 0, 0, 0, time.UTC) }
		exceptions("on its last day", 1)
		d.Clock = func() time.Time { return time.Date(2100, 1, 1, 17, 0, 0, 0, time.UTC) }
		exceptions("the day after", 0)
	})
}
