package pseudonym

import (
	_ "embed"
	"strings"
	"sync"

	"aval/internal/db"
)

//go:embed blocklist.txt
var blocklist string

// Blocklist holds the strings that no name may show: French, of Québec and of
// elsewhere, English, and what a board adds. It is safe for use by many at once.
//
// It is a machine that reads a name sign by sign, letters and digits as one
// string: next says where a sign leads from a state, bad which states have
// just seen a blocked string. State 0 is the start.
type Blocklist struct {
	next [][len(letters) + len(digits)]int32
	bad  []bool
}

var house = sync.OnceValue(func() *Blocklist { return NewBlocklist(nil) })

// NewBlocklist makes the house's own list with a board's words added.
//
// A word is blocked in each way our signs may spell it: c, k and q for each
// other, s and z, v or w for u, and digits for the letters they are read as (2
// z, 3 e, 4 a, 5 s, 6 b g, 7 t, 8 b, 9 g q). Where it has three consonants or
// more, vowels may be left out, and a doubled consonant stand once. A word
// that begins with "=" is blocked as it stands and in no other way. Accents and
// case do not count. Words of one sign, and those our signs cannot spell, block
// nothing.
func NewBlocklist(extra []string) *Blocklist { return blocklistOf(append(Words(blocklist), extra...)) }

// blocklistOf is the list of some words alone.
func blocklistOf(words []string) *Blocklist {
	b := &Blocklist{}
	b.state()
	for _, word := range words {
		spell(word, b.add)
	}
	b.link()
	return b
}

// Words reads a list of words: blanks between them, and what follows a # on
// its line is a comment.
func Words(text string) []string {
	var words []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words = append(words, strings.Fields(line)...)
	}
	return words
}

// Blocks tells whether a name shows a blocked string, in its letters, in its
// digits or across the hyphen.
func (b *Blocklist) Blocks(n Name) bool {
	state := int32(0)
	for i := range n.signs {
		state = b.next[state][number(n.signs[i])]
		if b.bad[state] {
			return true
		}
	}
	return false
}

// Share answers which part of all names the list blocks, from 0 to 1.
func (b *Blocklist) Share() float64 {
	type sums = [modulus]int // how many beginnings lead to a state, by what they add up to
	counts := make([]sums, len(b.next))
	counts[0][0] = 1
	for i := range length {
		after := make([]sums, len(b.next))
		for state := range counts {
			for value, sign := range []byte(signsAt(i)) {
				to := b.next[state][number(sign)]
				if b.bad[to] {
					continue
				}
				for sum, count := range counts[state] {
					after[to][(sum+weight(i)*value)%modulus] += count
				}
			}
		}
		counts = after
	}
	free := 0
	for state := range counts {
		free += counts[state][0]
	}
	return 1 - float64(free)/codewords
}

// number counts the signs through: letters, then digits.
func number(sign byte) int {
	if sign <= '9' {
		return len(letters) + int(sign-digits[0])
	}
	return letterNumber[sign-'a']
}

var letterNumber = func() (numbers ['z' - 'a' + 1]int) {
	for i, letter := range []byte(letters) {
		numbers[letter-'a'] = i
	}
	return numbers
}()

func (b *Blocklist) state() int32 {
	b.next = append(b.next, [len(letters) + len(digits)]int32{})
	b.bad = append(b.bad, false)
	return int32(len(b.next) - 1) //nolint:gosec // some thousands
}

// add puts a spelling on the tree.
func (b *Blocklist) add(spelling []byte) {
	at := int32(0)
	for _, sign := range spelling {
		to := b.next[at][number(sign)]
		if to == 0 {
			to = b.state()
			b.next[at][number(sign)] = to
		}
		at = to
	}
	b.bad[at] = true
}

// link makes a machine of the tree (Aho and Corasick, 1975): where no branch
// goes on, reading goes on from the longest end that another spelling begins with.
func (b *Blocklist) link() {
	shorter := make([]int32, len(b.next))
	queue := []int32{0}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		b.bad[at] = b.bad[at] || b.bad[shorter[at]]
		for sign, to := range b.next[at] {
			if to == 0 {
				b.next[at][sign] = b.next[shorter[at]][sign]
				continue
			}
			if at != 0 {
				shorter[to] = b.next[shorter[at]][sign]
			}
			queue = append(queue, to)
		}
	}
}

// readAs says by which of our signs each letter may be spelt.
var readAs = map[rune]string{
	'a': "4", 'b': "b68", 'c': "ck", 'd': "d", 'e': "3", 'f': "f", 'g': "g69", 'h': "h", 'j': "j", 'k': "kcq",
	'm': "m", 'n': "n", 'p': "p", 'q': "qkc9", 'r': "r", 's': "sz5", 't': "t7", 'u': "vw", 'v': "v", 'w': "w",
	'x': "x", 'z': "zs2",
}

// part is one letter of a word: the signs that spell it, and whether it may be left out.
type part struct {
	signs           string
	vowel, optional bool
}

// spell calls add with each spelling of a word that a name has room for.
func spell(word string, add func([]byte)) {
	word, exact := strings.CutPrefix(word, "=")
	folded := strings.ReplaceAll(db.Fold(word), " ", "")
	walk(read(folded, exact), make([]byte, 0, length), false, add)
}

func read(folded string, exact bool) []part {
	var parts []part
	consonants, doubled := 0, 0
	for _, r := range folded {
		p := part{signs: readAs[r], vowel: strings.ContainsRune("aeiouy", r)}
		if exact || '0' <= r && r <= '9' {
			p.signs = string(r)
		} else if !p.vowel {
			consonants++
			if len(parts) > 0 && parts[len(parts)-1].signs == p.signs {
				p.optional = true
				doubled++
			}
		}
		parts = append(parts, p)
	}
	for i, p := range parts {
		parts[i].optional = !exact && (p.vowel && consonants >= 3 || p.optional && consonants-doubled >= 3)
	}
	return parts
}

// walk spells the parts after what stands so far, in every way that is letters,
// then digits. Nobody reads two digits as letters in a word without its vowels.
func walk(parts []part, spelt []byte, skeleton bool, add func([]byte)) {
	if len(parts) == 0 {
		if written := count(spelt); len(spelt) > 1 && (!skeleton || len(spelt)-written < 2) {
			add(spelt)
		}
		return
	}
	if parts[0].optional {
		walk(parts[1:], spelt, skeleton || parts[0].vowel, add)
	}
	for _, sign := range []byte(parts[0].signs) {
		if fits(spelt, sign) {
			walk(parts[1:], append(spelt, sign), skeleton, add)
		}
	}
}

// fits tells whether a name has room for the sign after what is spelt.
func fits(spelt []byte, sign byte) bool {
	written := count(spelt)
	switch {
	case strings.IndexByte(digits, sign) >= 0:
		return len(spelt)-written < half
	case strings.IndexByte(letters, sign) >= 0:
		return written < half && written == len(spelt)
	}
	return false
}

// count counts the letters.
func count(spelt []byte) int {
	n := 0
	for _, sign := range spelt {
		if sign > '9' {
			n++
		}
	}
	return n
}
