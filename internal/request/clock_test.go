package request

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestPercentiles(t *testing.T) {
	upTo := func(n int) (list []time.Duration) {
		for i := range n {
			list = append(list, time.Duration(i+1)*day)
		}
		rand.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list
	}
	for _, c := range []struct{ n, median, p90 int }{
		{0, 0, 0}, {1, 1, 1}, {2, 1, 2}, {3, 2, 3}, {10, 5, 9}, {11, 6, 10}, {20, 10, 18}, {37, 19, 34}, {100, 50, 90}, {101, 51, 91},
	} {
		median, p90 := Percentiles(upTo(c.n))
		if median != time.Duration(c.median)*day || p90 != time.Duration(c.p90)*day {
			t.Errorf("of %d: %v and %v, want days %d and %d", c.n, median, p90, c.median, c.p90)
		}
	}
}

func TestTell(t *testing.T) {
	nine := make([]time.Duration, 9)
	if c := tell(nine); !c.TooFew || c.Closed != 9 || c.Median != 0 || c.P90 != 0 {
		t.Errorf("of nine: %+v, want too few to tell", c)
	}
	var ten []time.Duration
	for i := range 10 {
		ten = append(ten, time.Duration(i)*day+time.Hour) // an hour into the next day
	}
	if c := tell(ten); c.TooFew || c.Median != 5 || c.P90 != 9 {
		t.Errorf("of ten: %+v, want 5 and 9 days begun", c)
	}
}
