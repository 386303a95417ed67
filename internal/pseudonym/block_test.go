package pseudonym

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// name makes a name of eight signs, whether the code has it or not.
func name(signs string) Name {
	var n Name
	copy(n.signs[:], strings.ReplaceAll(signs, "-", ""))
	return n
}

func TestBlocks(t *testing.T) {
	b := NewBlocklist([]string{"Mîskaw", "wdj"})
	for _, c := range []struct {
		name, signs string
		want        bool
	}{
		{"a name like any other", "bkrt-4827", false},
		{"French, without its vowels", "mrdh-2345", true},
		{"at the end of the letters", "hmrd-2345", true},
		{"a sacre", "tbrn-2345", true},
		{"a sacre with k for c", "hkrs-2345", true},
		{"English, with v for u", "fvck-2345", true},
		{"q for k", "hfcq-2345", true},
		{"q is not read as c", "hfqc-2345", false},
		{"an abbreviation", "hntm-2345", true},
		{"an abbreviation may be no other letters", "hnt7-2345", false},
		{"the beast", "bkrt-2666", true},
		{"69 in the midst", "bkrt-2692", true},
		{"88 at the end", "bkrt-2488", true},
		{"96 is not 69", "bkrt-2964", false},
		{"across the hyphen: sh-7", "bksh-7345", true},
		{"across the hyphen: f-49 is fag", "bkhf-4932", true},
		{"digits read as letters: 455", "bkrt-4552", true},
		{"two digits are not read as letters where vowels are missing", "bkhp-7523", false},
		{"a slur with a doubled consonant", "nggr-2345", true},
		{"and with a single one", "hngr-2345", true},
		{"a board's word, with its accent, by its consonants", "mskw-2345", true},
		{"a board's word with z for s", "mzkw-2345", true},
		{"a board's abbreviation", "hwdj-2345", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := b.Blocks(name(c.signs)); got != c.want {
				t.Errorf("Blocks(%s): %v, want %v", c.signs, got, c.want)
			}
		})
	}
	if NewBlocklist(nil).Blocks(name("mskw-2345")) {
		t.Error("one board's word is blocked for all")
	}
}

// No name with b, k and r side by side is left to a board that blocks bkr, however
// k is spelt; all the others still are.
func TestNoNameHoldsABoardsWord(t *testing.T) {
	with, without := NewBlocklist([]string{"bkr"}), NewBlocklist(nil)
	shown, free := 0, 0
	for index := range uint32(codewords) {
		first, second := letters[index%19], letters[index/19%19]
		if first != 'b' && second != 'b' {
			continue
		}
		n := at(index)
		text := string(n.signs[:half])
		if !strings.Contains(text, "bkr") && !strings.Contains(text, "bcr") && !strings.Contains(text, "bqr") {
			continue
		}
		shown++
		if !with.Blocks(n) {
			t.Fatalf("%s is given", n)
		}
		if !without.Blocks(n) {
			free++
		}
	}
	if free < shown/2 {
		t.Errorf("of %d names %d are free where the word is not blocked", shown, free)
	}
}

func TestWordsThatCannotBeSpeltBlockNothing(t *testing.T) {
	with, without := NewBlocklist([]string{"", "=", "b", "ilou", "ᑭᔅᑭᓄ", "lll", "bcdfghjkm", "10"}), NewBlocklist(nil)
	if with.Share() != without.Share() {
		t.Errorf("share %v, want %v", with.Share(), without.Share())
	}
}

// Each of our words blocks some name, or it would stand there for nothing.
func TestEachWordOfTheHouseBlocksSomething(t *testing.T) {
	for _, word := range Words(blocklist) {
		spellings := 0
		spell(word, func([]byte) { spellings++ })
		if spellings == 0 {
			t.Errorf("%s: our signs cannot spell it", word)
		}
	}
	if share := NewBlocklist(nil).Share(); share < 0.10 || share > 0.155 {
		t.Errorf("the house's list blocks %.1f %% of all names", 100*share)
	}
}

// The machine finds what looking for each spelling finds.
func TestTheMachineIsTheLongWayRound(t *testing.T) {
	var all []string
	for _, word := range Words(blocklist) {
		spell(word, func(s []byte) { all = append(all, string(s)) })
	}
	b := NewBlocklist(nil)
	rapid.Check(t, func(t *rapid.T) {
		n := anyName(t)
		if rapid.Bool().Draw(t, "plant") { // half of them hold a spelling for sure
			planted := rapid.SampledFrom(all).Draw(t, "spelling")
			cut := strings.IndexAny(planted+"2", digits)
			copy(n.signs[half-cut:], planted)
		}
		want := false
		for _, s := range all {
			want = want || strings.Contains(string(n.signs[:]), s)
		}
		if got := b.Blocks(n); got != want {
			t.Fatalf("Blocks(%s): %v, want %v", n, got, want)
		}
	})
}
