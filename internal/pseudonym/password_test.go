package pseudonym

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math"
	mathrand "math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"aval/internal/fault"
)

func TestGenerateFails(t *testing.T) {
	broken := errors.New("no chance today")
	for _, kind := range Kinds {
		if p, err := Generate(iotest.ErrReader(broken), kind, "fr"); !errors.Is(err, broken) || p != (Password{}) {
			t.Errorf("%s without chance: %v, %v", kind, p, err)
		}
	}
}

func TestAPasswordIsNotPrintedByMistake(t *testing.T) {
	p := Password{Text: "ruban-moulin-52", Picture: "turtle"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if got := fmt.Sprintf(format, p); strings.Contains(got, "ruban") {
			t.Errorf("%s prints %s", format, got)
		}
	}
}

func TestWordLists(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]{3,7}$`)
	for _, lang := range []string{"fr", "en"} {
		v := vocabularies()[lang]
		if len(v.pictures) != 64 || len(v.easy) < 512 || len(v.words) < 1024 {
			t.Errorf("%s: %d pictures, %d easy words, %d words", lang, len(v.pictures), len(v.easy), len(v.words))
		}
		all := slices.Sorted(slices.Values(slices.Concat(v.drawn, v.words)))
		for i, word := range all {
			if !form.MatchString(word) {
				t.Errorf("%s: %q is not three to seven letters", lang, word)
			}
			if i > 0 && strings.HasPrefix(word, all[i-1]) { // sorted: a beginning stands right before
				t.Errorf("%s: %s begins with %s", lang, word, all[i-1])
			}
		}
	}
	if ids := slices.Sorted(slices.Values(Pictures())); len(slices.Compact(ids)) != 64 {
		t.Error("a picture stands twice")
	}
}

// homophones may not stand in one list together: a child who says a password
// aloud must not have two ways to write it.
var homophones = map[string]string{
	"fr": `mer mere maire/pain pin/mur mure/reine renne/pouce pousse/encre ancre/conte compte/date datte/
		port porc/lac laque/cane canne/balai ballet/saule sole/cygne signe/menthe mante/foie foi fois/sel selle/
		tante tente/voie voix/vin vingt/sang cent/eau haut/cour cours/chaine chene/fil file/lait laid/poids pois`,
	"en": `oar ore/knot not/board bored/flour flower/hair hare/pail pale/pear pair/sail sale/sea see/son sun/steal steel/
		tail tale/week weak/witch which/night knight/hole whole/meat meet/mail male/plain plane/road rode/root route/
		bee be/bear bare/berry bury/mussel muscle/pedal petal/peak peek/sauce source/steak stake/stair stare/wood would`,
}

func TestNoTwoWordsSoundAlike(t *testing.T) {
	for lang, groups := range homophones {
		v := vocabularies()[lang]
		for group := range strings.SplitSeq(groups, "/") {
			var there []string
			for _, word := range strings.Fields(group) {
				if slices.Contains(v.words, word) || slices.Contains(v.drawn, word) {
					there = append(there, word)
				}
			}
			if len(there) > 1 {
				t.Errorf("%s: %v sound alike", lang, there)
			}
		}
	}
}

// No word holds a blocked one of five letters or more, none is a shorter one,
// and no two words run together make one across the hyphen.
func TestNoRudeWord(t *testing.T) {
	var long, short []string
	for _, word := range Words(blocklist) {
		if word = strings.TrimPrefix(word, "="); len(word) > 4 {
			long = append(long, word)
		} else {
			short = append(short, word)
		}
	}
	rudeWord := regexp.MustCompile(strings.Join(long, "|"))
	for _, lang := range []string{"fr", "en"} {
		v := vocabularies()[lang]
		for _, word := range slices.Concat(v.drawn, v.words) {
			if hit := rudeWord.FindString(word); hit != "" || slices.Contains(short, word) {
				t.Errorf("%s: %s is or holds a rude word %s", lang, word, hit)
			}
		}
	}
	for _, ending := range endings {
		if slices.Contains(short, ending) {
			t.Errorf("the ending %s is blocked in names", ending)
		}
	}
}

func TestGenerate(t *testing.T) {
	shapes := map[Kind]string{
		PictureAndWord: `^[a-z]{3,7}-[a-z]{3,7}$`,
		TwoWordsDigits: `^[a-z]{3,7}-[a-z]{3,7}-[2-9]{2}$`,
		ThreeWords:     `^[a-z]{3,7}(-[a-z]{3,7}){2}$`,
		FourWords:      `^[a-z]{3,7}(-[a-z]{3,7}){3}$`,
	}
	for _, lang := range []string{"fr", "en"} {
		v := vocabularies()[lang]
		for _, kind := range Kinds {
			shape := regexp.MustCompile(shapes[kind])
			for range 2000 {
				p, err := Generate(rand.Reader, kind, lang)
				if err != nil {
					t.Fatal(err)
				}
				parts := strings.Split(p.Text, "-")
				if !shape.MatchString(p.Text) || Normal(p.Text) != p.Text {
					t.Fatalf("%s, %s: %q", lang, kind, p.Text)
				}
				if slices.Sort(parts); len(slices.Compact(parts)) != strings.Count(p.Text, "-")+1 {
					t.Fatalf("%s, %s: %q has a word twice", lang, kind, p.Text)
				}
				first, _, _ := strings.Cut(p.Text, "-")
				if i := slices.Index(v.pictures, p.Picture); kind == PictureAndWord && v.drawn[i] != first ||
					kind != PictureAndWord && p.Picture != "" {
					t.Fatalf("%s, %s: %q beside the picture %q", lang, kind, p.Text, p.Picture)
				}
			}
		}
	}
}

// Uniform: chi-square of each word's count, bound at the mean and six standard
// deviations of a chi-square of k-1 degrees (k-1, and 2(k-1) its variance).
func TestEachWordIsAsLikely(t *testing.T) {
	source := mathrand.NewChaCha8([32]byte([]byte("passwords, always the same ones.")))
	const draws = 200_000
	counts := [2]map[string]int{{}, {}}
	for range draws {
		p, err := Generate(source, PictureAndWord, "fr")
		if err != nil {
			t.Fatal(err)
		}
		picture, word, _ := strings.Cut(p.Text, "-")
		counts[0][picture]++
		counts[1][word]++
	}
	for i, k := range []int{64, len(vocabularies()["fr"].easy)} {
		chi, want := 0.0, float64(draws)/float64(k)
		for _, n := range counts[i] {
			chi += (float64(n) - want) * (float64(n) - want) / want
		}
		if free := float64(k - 1); len(counts[i]) != k || chi > free+6*math.Sqrt(2*free) {
			t.Errorf("list %d: %d words of %d, chi-square %.0f", i, len(counts[i]), k, chi)
		}
	}
}

// below rejects; a remainder would give the first 64 of 192 twice as often as
// the others.
func TestBelowIsUniform(t *testing.T) {
	d := dice{from: mathrand.NewChaCha8([32]byte([]byte("three quarters of a byte, always")))}
	low := 0
	for range 90_000 {
		n, err := d.below(192)
		if err != nil {
			t.Fatal(err)
		}
		if n >= 192 {
			t.Fatalf("below 192 is %d", n)
		}
		if n < 64 {
			low++
		}
	}
	if low < 29_300 || low > 30_700 { // 30,000, and five times its deviation of 141
		t.Errorf("the first third came %d times of 90,000", low)
	}
	if n, err := d.below(1); n != 0 || err != nil {
		t.Errorf("below 1: %d, %v", n, err)
	}
}

func TestBits(t *testing.T) {
	for _, lang := range []string{"fr", "en", "cr"} {
		for i, want := range []float64{15, 23.9, 29.9, 39.9} {
			if got := Bits(Kinds[i], lang); got < want || got > want+0.2 {
				t.Errorf("%s, %s: %.2f bits, want %.1f", lang, Kinds[i], got, want)
			}
		}
	}
}

func TestNormal(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{" Ruban  Tortue 52 ", "ruban-tortue-52"},
		{"RUBAN–TORTUE_52", "ruban-tortue-52"},
		{"élan.forêt", "elan-foret"},
		{"rubantortue", "rubantortue"},
		{"--", ""},
	} {
		if got := Normal(c.typed); got != c.want {
			t.Errorf("Normal(%q): %q, want %q", c.typed, got, c.want)
		}
	}
}

func TestKindFor(t *testing.T) {
	chosen := Choices{"01": TwoWordsDigits, "05": "one_letter", "08": PictureAndWord, "10": ThreeWords}
	for _, c := range []struct {
		grade string
		want  Kind
	}{
		{"PK", PictureAndWord}, {"KG", PictureAndWord}, {"02", PictureAndWord},
		{"01", TwoWordsDigits},                         // the board's choice
		{"05", TwoWordsDigits}, {"03", TwoWordsDigits}, // no such kind: the house's
		{"07", ThreeWords}, {"09", FourWords}, {"11", FourWords},
		{"08", ThreeWords}, {"10", FourWords}, // easier to guess than the house's: the house's
		{"UG", FourWords}, {"", FourWords}, {"Other", FourWords},
	} {
		if got := KindFor(c.grade, chosen); got != c.want {
			t.Errorf("KindFor(%q): %s, want %s", c.grade, got, c.want)
		}
	}
}

func TestChoicesAreOfOurKinds(t *testing.T) {
	if err := (Choices{"01": ThreeWords, "07": FourWords, "UG": FourWords, "02": PictureAndWord}).Check(); err != nil {
		t.Errorf("kinds of ours: %v", err)
	}
	for _, c := range []struct {
		grade string
		kind  Kind
		key   string
	}{
		{"01", "password123", "pseudonym.kind_unknown"},
		{"02", "", "pseudonym.kind_unknown"},
		{"6e année", ThreeWords, "pseudonym.grade_unknown"},
		{"", ThreeWords, "pseudonym.grade_unknown"},
		{"03", PictureAndWord, "pseudonym.kind_weak"},
		{"08", TwoWordsDigits, "pseudonym.kind_weak"},
		{"11", ThreeWords, "pseudonym.kind_weak"},
		{"UG", ThreeWords, "pseudonym.kind_weak"},
	} {
		f, ok := fault.As(Choices{c.grade: c.kind}.Check())
		if !ok || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields["grade_"+c.grade].Key != c.key {
			t.Errorf("%q, %q: %v", c.grade, c.kind, f)
		}
	}
}

// No kind that a board may choose is easier to guess than the house's.
func TestAChoiceIsNeverEasierToGuess(t *testing.T) {
	for _, grade := range append(slices.Collect(maps.Keys(byGrade)), elder...) {
		kinds := KindsFor(grade)
		if kinds[0] != UsualFor(grade) {
			t.Errorf("%s: %s comes first", grade, kinds[0])
		}
		for _, kind := range kinds {
			if Bits(kind, "fr") < Bits(UsualFor(grade), "fr") || Bits(kind, "en") < Bits(UsualFor(grade), "en") {
				t.Errorf("%s may have %s", grade, kind)
			}
		}
	}
}

// An example has the shape of its kind, and is no password that is ever drawn.
func TestAnExampleIsNobodysPassword(t *testing.T) {
	for _, lang := range []string{"fr", "en"} {
		v := vocabularyOf(lang)
		for _, kind := range Kinds {
			e := Example(kind, lang)
			parts, slots, foreign := strings.Split(e.Text, "-"), v.slots(kind), false
			if len(parts) != len(slots) || (e.Picture != "") != (kind == PictureAndWord) {
				t.Errorf("%s, %s: %q", lang, kind, e.Text)
				continue
			}
			for i, part := range parts {
				foreign = foreign || !slices.Contains(slots[i], part)
			}
			if !foreign {
				t.Errorf("%s, %s: %q may be drawn", lang, kind, e.Text)
			}
			if e.Picture != "" && v.drawn[slices.Index(v.pictures, e.Picture)] != parts[0] {
				t.Errorf("%s: the picture is not of %s", lang, parts[0])
			}
		}
	}
}
