package pseudonym

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

const million = 1_000_000

// code is a name's place among all strings of four letters and four digits.
func code(n Name) int {
	c := 0
	for i, sign := range n.signs {
		c = c*len(signsAt(i)) + valueAt(i, sign)
	}
	return c
}

func valueAt(position int, sign byte) int {
	if position < half {
		return number(sign)
	}
	return int(sign - digits[0])
}

// rude is what we look for ourselves, not asking the list that drew.
var rude = strings.Fields(`69 88 666 mrd fck fvck kkk ngr nggr pvt pd tg ss tbrn crs krs btch sht sh7
	cnt cvnt dck ntm fdp 455 f49 f46 sqw svg xxx thc prn pns cck vtf ffs`)

// A million names from a seeded source: the same on each run.
func TestAMillionNames(t *testing.T) {
	blocked := NewBlocklist(nil)
	source := rand.NewChaCha8([32]byte([]byte("a million names, always the same")))
	taken := make([]uint64, 19*19*19*19*8*8*8*8/64+1)
	has := func(c int) bool { return taken[c/64]>>(c%64)&1 == 1 }
	names := make([]Name, 0, million)
	var seen [length][19]int
	draws := 0
	for ; len(names) < million; draws++ {
		n, err := Draw(source, blocked)
		if err != nil {
			t.Fatal(err)
		}
		for i, sign := range n.signs {
			seen[i][valueAt(i, sign)]++
		}
		if c := code(n); !has(c) {
			taken[c/64] |= 1 << (c % 64)
			names = append(names, n)
		}
	}

	t.Run("no blocked string", func(t *testing.T) {
		var all strings.Builder
		for _, n := range names {
			all.Write(append(n.signs[:], '\n'))
		}
		for _, text := range rude {
			if strings.Contains(all.String(), text) {
				t.Errorf("a name shows %s", text)
			}
		}
	})
	t.Run("as many repetitions as chance makes", func(t *testing.T) { repetitions(t, draws, blocked) })
	t.Run("each sign as often as allowed names have it", func(t *testing.T) { frequencies(t, &seen, draws, blocked) })
	t.Run("no name tells the next", func(t *testing.T) { sequence(t, names) })
	t.Run("two edits between any two", func(t *testing.T) { neighbours(t, names, has) })
}

// repetitions: n draws from N names that are equally likely give N(1-(1-1/N)^n)
// different ones; the difference from n has about the variance of a Poisson
// count. Five standard deviations happen once in two million seeds.
func repetitions(t *testing.T, draws int, blocked *Blocklist) {
	free := codewords * (1 - blocked.Share())
	want := float64(draws) - free*-math.Expm1(float64(draws)*math.Log1p(-1/free))
	if got := float64(draws - million); math.Abs(got-want) > 5*math.Sqrt(want) {
		t.Errorf("%.0f repetitions, want about %.0f", got, want)
	}
}

// frequencies: chi-square of each position against the names that the list
// leaves, all counted. With k signs a position has k-1 degrees of freedom; the
// bounds 65 (18) and 43 (7) are passed by chance once in some three million.
func frequencies(t *testing.T, seen *[length][19]int, draws int, blocked *Blocklist) {
	var allowed [length][19]int
	total := 0
	for index := range uint32(codewords) {
		n := at(index)
		if blocked.Blocks(n) {
			continue
		}
		total++
		for i, sign := range n.signs {
			allowed[i][valueAt(i, sign)]++
		}
	}
	if share := 1 - float64(total)/codewords; math.Abs(share-blocked.Share()) > 1e-12 {
		t.Errorf("counted, %v of all names are blocked; Share says %v", share, blocked.Share())
	}
	for i := range length {
		chi := 0.0
		for value := range signsAt(i) {
			want := float64(draws) * float64(allowed[i][value]) / float64(total)
			chi += (float64(seen[i][value]) - want) * (float64(seen[i][value]) - want) / want
		}
		bound := 65.0
		if i >= half {
			bound = 43
		}
		if chi > bound {
			t.Errorf("position %d: chi-square %.1f, bound %.0f", i+1, chi, bound)
		}
	}
}

// sequence: in the order drawn, neighbours correlate no more than chance lets
// them (a million pairs: five standard deviations are 0.005), half the steps go
// up, and steps of one are as rare as they must be.
func sequence(t *testing.T, names []Name) {
	var sum, squares, products float64
	up, ones := 0, 0
	for i, n := range names {
		x := float64(code(n))
		sum += x
		squares += x * x
		if i == 0 {
			continue
		}
		before := code(names[i-1])
		products += x * float64(before)
		if code(n) > before {
			up++
		}
		if d := code(n) - before; d >= -32 && d <= 32 {
			ones++
		}
	}
	mean := sum / million
	r := (products/(million-1) - mean*mean) / (squares/million - mean*mean)
	if math.Abs(r) > 0.005 {
		t.Errorf("serial correlation %.5f", r)
	}
	if math.Abs(float64(up)-million/2) > 5*math.Sqrt(million/12) { // ups and downs alternate: a twelfth, not a quarter
		t.Errorf("%d steps go up", up)
	}
	if ones > 10 { // 64 places of 534 million, a million times: 0.1 on average
		t.Errorf("%d steps are within 32 of each other", ones)
	}
}

// neighbours looks up every string one edit away that has the form of a name:
// one sign changed, or two neighbours exchanged. Other edits give another length.
func neighbours(t *testing.T, names []Name, has func(int) bool) {
	for _, n := range names {
		from := code(n)
		place := 1
		for i := length - 1; i >= 0; i-- {
			size, value := len(signsAt(i)), valueAt(i, n.signs[i])
			for other := range size {
				if other != value && has(from+(other-value)*place) {
					t.Fatalf("a name is one sign away from %s", n)
				}
			}
			place *= size
		}
		for i := range length - 1 {
			m := n
			m.signs[i], m.signs[i+1] = n.signs[i+1], n.signs[i]
			if i != half-1 && m != n && has(code(m)) {
				t.Fatalf("%s and %s are one exchange apart", n, m)
			}
		}
	}
}
