package roster

import (
	"slices"
	"strconv"
	"testing"
)

func TestNobodyIsAStraggler(t *testing.T) {
	for _, n := range []int{0, 1, 199, 200, 201, 401, 4501, 60_001} {
		list := make([]string, n)
		for i := range list {
			list[i] = strconv.Itoa(i)
		}
		parts := evenly(list, 200)
		if got := slices.Concat(parts...); !slices.Equal(got, list) {
			t.Errorf("%d: %d are in parts", n, len(got))
		}
		for _, p := range parts {
			if len(p) > 200 || n > 200 && len(p) < 100 {
				t.Errorf("%d: a part of %d", n, len(p))
			}
		}
	}
}
