package request

import (
	"context"
	"math"
	"slices"
	"time"

	"aval/internal/db"
	"aval/internal/policy"
)

// recently is how far back the honest clock looks, and enough how many closed
// requests it needs before it says a number.
const (
	recently = 365 * 24 * time.Hour
	enough   = 10
)

// Clock says how long requests took, as it was and not as a promise, how old
// this one is, and whom it waits for.
type Clock struct {
	Closed int  // requests decided, or refused after they were authorised, within a year
	TooFew bool // under ten closed: Median and P90 would tell nothing, and are zero
	Median int  // half of them took so many days or fewer
	P90    int  // nine in ten took so many days or fewer
	Age    int  // whole days since this request was first submitted, to its closing
	Holder Holder
}

// Holder is whom a request waits for: a role, and the accounts that hold it there.
type Holder struct {
	Role  policy.Role
	Names []string // none when nobody holds the role
	IDs   []string
	Org   string // the school or department, where the role is held at one
}

// Percentiles answers the median and the 90th percentile by nearest rank: the
// value at position ceil(p × n) of the sorted durations, so that it is one that
// truly happened. None of none is zero.
func Percentiles(durations []time.Duration) (median, p90 time.Duration) {
	if len(durations) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(durations))
	rank := func(percent int) time.Duration { return sorted[(percent*len(sorted)+99)/100-1] }
	return rank(50), rank(90)
}

// tell makes the clock's numbers of what recently closed requests took. Days are
// rounded up, so that "so many days or fewer" is true.
func tell(took []time.Duration) Clock {
	c := Clock{Closed: len(took), TooFew: len(took) < enough}
	if !c.TooFew {
		median, p90 := Percentiles(took)
		c.Median, c.P90 = daysUp(median), daysUp(p90)
	}
	return c
}

const day = 24 * time.Hour

// daysUp counts days begun.
func daysUp(d time.Duration) int { return int(math.Ceil(d.Hours() / 24)) }

// days counts whole days between two moments.
func days(from, to time.Time) int {
	if from.IsZero() || to.Before(from) {
		return 0
	}
	return int(to.Sub(from) / day)
}

// Age is how many whole days the request has been out of its author's hands.
func (r Request) Age(now time.Time) int {
	if !r.ClosedAt.IsZero() {
		now = r.ClosedAt
	}
	return days(r.SubmittedAt, now)
}

// Pace is the clock of the whole board, for whoever has not asked yet.
func (s *Service) Pace(ctx context.Context, actor policy.Actor) (c Clock, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		c, err = pace(ctx, tx)
		return err
	})
	return c, err
}

// Clock is the honest clock of one request, for whoever may read it.
func (s *Service) Clock(ctx context.Context, actor policy.Actor, id ID) (c Clock, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		r, err := Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.RequestRead, r.Scope()); err != nil {
			return err
		}
		c, err = clock(ctx, tx, r)
		return err
	})
	return c, err
}

func clock(ctx context.Context, tx *db.Tx, r Request) (Clock, error) {
	c, err := pace(ctx, tx)
	if err != nil {
		return c, err
	}
	c.Age = r.Age(tx.Now)
	c.Holder, err = holder(ctx, tx, r)
	return c, err
}

func pace(ctx context.Context, tx *db.Tx) (Clock, error) {
	took, err := took(ctx, tx, tx.Now.Add(-recently))
	if err != nil {
		return Clock{}, err
	}
	return tell(took), nil
}
