package catalogue

import "strings"

// A whole slip of the hand costs ten; the likelier slips cost less.
const slip = 10

// near holds what replacing one letter by another costs.
var near = nearness()

func nearness() (t [128][128]uint8) {
	for i := range t {
		for j := range t[i] {
			t[i][j] = slip
		}
		t[i][i] = 0
	}
	set := func(cost uint8, pairs ...string) {
		for _, p := range pairs {
			for i := range len(p) {
				for j := range len(p) {
					if i != j && t[p[i]][p[j]] > cost {
						t[p[i]][p[j]] = cost
					}
				}
			}
		}
	}
	// Letters that sound alike.
	set(3, "yi", "ckq", "sz", "o0", "l1", "i1", "vw")
	set(4, "sc", "gj")
	set(7, "aeiouy", "mn", "dt", "bp", "fv", "gk", "sx", "kx")
	// Letters that are neighbours on the keyboard (QWERTY, as in Québec).
	rows := []string{"qwertyuiop", "asdfghjkl", "zxcvbnm"}
	for r, row := range rows {
		for i := range len(row) {
			if i+1 < len(row) {
				set(7, row[i:i+2])
			}
			if r+1 < len(rows) {
				for _, j := range []int{i - 1, i} {
					if j >= 0 && j < len(rows[r+1]) {
						set(8, string([]byte{row[i], rows[r+1][j]}))
					}
				}
			}
		}
	}
	return t
}

// replaced is the cost of typing b for a.
func replaced(a, b rune) int {
	if a == b {
		return 0
	}
	if a < 128 && b < 128 {
		return int(near[a][b])
	}
	return slip
}

// extra is the cost of a letter that one side has and the other has not: little for a
// letter doubled and for an h, which nobody hears.
func extra(w []rune, i int) int {
	switch {
	case i > 0 && w[i] == w[i-1], i+1 < len(w) && w[i] == w[i+1]:
		return 3
	case w[i] == 'h':
		return 5
	case i == len(w)-1 && i > 2 && (w[i] == 'e' || w[i] == 's' || w[i] == 't' || w[i] == 'x' || w[i] == 'd'):
		return 4
	}
	return slip
}

const longest = 64 // letters of a word that are compared

// distance is the least cost (Damerau-Levenshtein, two neighbours exchanged once) to
// turn what was typed into the whole name, and into the best beginning of it. Either is
// more than limit when it cannot be had within limit.
func distance(typed, name []rune, limit int) (whole, start int) {
	typed, name = typed[:min(len(typed), longest)], name[:min(len(name), longest)]
	var rows [3][longest + 1]int
	var costs [longest]int
	for j := range name {
		costs[j] = extra(name, j)
		rows[0][j+1] = rows[0][j] + costs[j]
	}
	before, last, row := &rows[2], &rows[0], &rows[1]
	for i, a := range typed {
		drop := extra(typed, i)
		row[0] = last[0] + drop
		least := row[0]
		for j, b := range name {
			c := last[j] + replaced(a, b)
			c = min(c, last[j+1]+drop, row[j]+costs[j])
			if i > 0 && j > 0 && a == name[j-1] && b == typed[i-1] && a != b {
				c = min(c, before[j-1]+8)
			}
			row[j+1] = c
			least = min(least, c)
		}
		if least > limit {
			return limit + 1, limit + 1
		}
		before, last, row = last, row, before
	}
	start = last[0]
	for j := 1; j <= len(name); j++ {
		start = min(start, last[j])
	}
	return last[len(name)], start
}

// said is a group of letters and how it is said. A capital stands for a sound that no
// single letter writes.
type said struct {
	letters, sound string
	before         string // the letters one of which must follow; any when empty
	unless         string // the letters none of which may follow
}

const vowelsAfterNasal = "aeiouynmh"

// sounds are the groups by their first letter, the longest first: French before English.
var sounds = [26][]said{
	0: {{letters: "aille", sound: "ai"}, {letters: "ault", sound: "o"}, {letters: "aux", sound: "o"},
		{letters: "ain", sound: "I", unless: vowelsAfterNasal}, {letters: "aim", sound: "I", unless: vowelsAfterNasal},
		{letters: "au", sound: "o"}, {letters: "ai", sound: "e"}, {letters: "ay", sound: "e"},
		{letters: "an", sound: "A", unless: vowelsAfterNasal}, {letters: "am", sound: "A", unless: vowelsAfterNasal}},
	'c' - 'a': {{letters: "ch", sound: "C"}, {letters: "ck", sound: "k"}, {letters: "c", sound: "s", before: "eiy"},
		{letters: "c", sound: "k"}},
	'e' - 'a': {{letters: "eille", sound: "ei"}, {letters: "eaux", sound: "o"}, {letters: "eau", sound: "o"},
		{letters: "ein", sound: "I", unless: vowelsAfterNasal}, {letters: "eu", sound: "e"}, {letters: "ee", sound: "i"},
		{letters: "ea", sound: "i"}, {letters: "ei", sound: "e"}, {letters: "ey", sound: "e"},
		{letters: "en", sound: "A", unless: vowelsAfterNasal}, {letters: "em", sound: "A", unless: vowelsAfterNasal}},
	'g' - 'a': {{letters: "gu", sound: "g", before: "eiy"}, {letters: "gn", sound: "n"}, {letters: "g", sound: "j", before: "eiy"}},
	'h' - 'a': {{letters: "h"}},
	'i' - 'a': {{letters: "ille", sound: "i"}, {letters: "in", sound: "I", unless: vowelsAfterNasal},
		{letters: "im", sound: "I", unless: vowelsAfterNasal}},
	'k' - 'a': {{letters: "kn", sound: "n"}},
	'o' - 'a': {{letters: "oeu", sound: "e"}, {letters: "oe", sound: "e"}, {letters: "oo", sound: "u"}, {letters: "ou", sound: "u"},
		{letters: "on", sound: "O", unless: vowelsAfterNasal}, {letters: "om", sound: "O", unless: vowelsAfterNasal}},
	'p' - 'a': {{letters: "ph", sound: "f"}},
	'q' - 'a': {{letters: "qu", sound: "k"}, {letters: "q", sound: "k"}},
	's' - 'a': {{letters: "sch", sound: "C"}, {letters: "sh", sound: "C"}, {letters: "sc", sound: "s", before: "eiy"}},
	't' - 'a': {{letters: "tion", sound: "siO"}, {letters: "th", sound: "t"}},
	'u' - 'a': {{letters: "ue", sound: "u"}, {letters: "un", sound: "I", unless: vowelsAfterNasal}},
	'w' - 'a': {{letters: "wh", sound: "v"}, {letters: "w", sound: "v"}},
	'x' - 'a': {{letters: "x", sound: "ks"}},
	'y' - 'a': {{letters: "yn", sound: "I", unless: vowelsAfterNasal}, {letters: "ym", sound: "I", unless: vowelsAfterNasal},
		{letters: "y", sound: "i"}},
	'z' - 'a': {{letters: "z", sound: "s"}},
}

// sound writes a folded word as it is said, so that two spellings of one sound are equal.
func sound(word string) string {
	for _, end := range []string{"er", "ez", "et", "ed"} {
		if len(word) > 4 && strings.HasSuffix(word, end) {
			word = word[:len(word)-1]
			break
		}
	}
	if len(word) > 3 {
		word = strings.TrimSuffix(word, "x")
	}
	out := make([]byte, 0, len(word)+4)
	for i := 0; i < len(word); {
		sound, n := say(word[i:])
		for j := range len(sound) {
			if k := len(out); k == 0 || out[k-1] != sound[j] { // a letter doubled is said once
				out = append(out, sound[j])
			}
		}
		i += n
	}
	if short := strings.TrimRight(string(out), "estd"); len(short) >= 3 { // a short word keeps its end
		return short
	}
	return string(out)
}

// say gives the first sound of what is left of a word, and how many letters write it.
func say(rest string) (sound string, n int) {
	if c := rest[0]; c >= 'a' && c <= 'z' {
		for _, s := range sounds[c-'a'] {
			if !strings.HasPrefix(rest, s.letters) {
				continue
			}
			n, next := len(s.letters), byte(0)
			if n < len(rest) {
				next = rest[n]
			}
			if (s.before == "" || strings.IndexByte(s.before, next) >= 0) && strings.IndexByte(s.unless, next) < 0 {
				return s.sound, n
			}
		}
	}
	return rest[:1], 1
}
