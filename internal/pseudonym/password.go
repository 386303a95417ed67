package pseudonym

import (
	_ "embed"
	"io"
	"math"
	"slices"
	"strings"
	"sync"

	"aval/internal/db"
)

// Kind is a shape of password. docs/adr/0006-passwords-by-age.md weighs them.
type Kind string

const (
	// PictureAndWord is a drawn thing and an easy word: tortue-jardin.
	PictureAndWord Kind = "picture_and_word"
	// TwoWordsDigits is two easy words and two digits: ruban-moulin-52.
	TwoWordsDigits Kind = "two_words_digits"
	// ThreeWords is three words.
	ThreeWords Kind = "three_words"
	// FourWords is four words, never fewer than 15 signs.
	FourWords Kind = "four_words"
)

// Kinds lists the kinds from the easiest to the hardest to guess.
var Kinds = []Kind{PictureAndWord, TwoWordsDigits, ThreeWords, FourWords}

// Password is a secret to be printed on a card. Picture is the drawing that
// stands beside its first word, in the pictures sprite; empty where there is
// none. Printing the value by mistake shows nothing of it.
type Password struct {
	Text    string
	Picture string
}

func (Password) String() string { return "(password)" }

// GoString keeps the secret out of %#v.
func (p Password) GoString() string { return p.String() }

var (
	//go:embed words_fr.txt
	frenchText string
	//go:embed words_en.txt
	englishText string
	//go:embed pictures.txt
	picturesText string
)

// vocabulary is what the passwords of a language are made of. words holds the
// easy ones first.
type vocabulary struct {
	pictures, drawn []string // a picture's id, and its word
	easy, words     []string
}

var vocabularies = sync.OnceValue(func() map[string]vocabulary {
	pictures := Words(picturesText)
	read := func(text string, column int) vocabulary {
		easy, _, _ := strings.Cut(text, "# More")
		v := vocabulary{words: Words(text)}
		v.easy = v.words[:len(Words(easy))]
		for row := range slices.Chunk(pictures, 3) {
			v.pictures = append(v.pictures, row[0])
			v.drawn = append(v.drawn, row[column])
		}
		return v
	}
	return map[string]vocabulary{"fr": read(frenchText, 1), "en": read(englishText, 2)}
})

// vocabularyOf answers the words of a language; what we do not speak is French.
func vocabularyOf(lang string) vocabulary {
	if v, ok := vocabularies()[lang]; ok {
		return v
	}
	return vocabularies()["fr"]
}

// Pictures lists the ids of the drawings.
func Pictures() []string { return slices.Clone(vocabularyOf("fr").pictures) }

// endings are the two digits of a password: none of the numbers that a name may not show.
var endings = func() []string {
	var all []string
	for _, tens := range digits {
		for _, ones := range digits {
			if pair := string(tens) + string(ones); pair != "69" && pair != "88" {
				all = append(all, pair)
			}
		}
	}
	return all
}()

// slots answers what a password of a kind is put together from, in order. No
// word stands in it twice.
func (v vocabulary) slots(kind Kind) [][]string {
	switch kind {
	case PictureAndWord:
		return [][]string{v.drawn, v.easy}
	case TwoWordsDigits:
		return [][]string{v.easy, v.easy, endings}
	case ThreeWords:
		return [][]string{v.words, v.words, v.words}
	default:
		return [][]string{v.words, v.words, v.words, v.words}
	}
}

// Generate draws a password of a kind in a language, each one as likely as the
// next. A kind we do not know is taken for FourWords.
func Generate(rand io.Reader, kind Kind, lang string) (Password, error) {
	var drawn [4]string
	v := vocabularyOf(lang)
	d := dice{from: rand}
	p := Password{}
	slots := v.slots(kind)
	for i, slot := range slots {
		index, err := d.below(uint32(len(slot))) //nolint:gosec // some hundreds
		for err == nil && slices.Contains(drawn[:i], slot[index]) {
			index, err = d.below(uint32(len(slot))) //nolint:gosec // some hundreds
		}
		if err != nil {
			return Password{}, err
		}
		drawn[i] = slot[index]
		if kind == PictureAndWord && i == 0 {
			p.Picture = v.pictures[index]
		}
	}
	p.Text = strings.Join(drawn[:len(slots)], "-")
	return p, nil
}

// Bits answers how many bits of chance a password of a kind holds: who knows
// this program and its lists needs 2 to the Bits tries to be sure, half as many
// on average.
func Bits(kind Kind, lang string) float64 {
	v := vocabularyOf(lang)
	slots := v.slots(kind)
	total := 0.0
	for i, slot := range slots {
		left := len(slot)
		for _, before := range slots[:i] {
			if &before[0] == &slot[0] { // drawn from the same list: no longer there
				left--
			}
		}
		total += math.Log2(float64(left))
	}
	return total
}

// Normal writes a typed password as it was printed, for comparison: lower
// case, without accents, and hyphens for whatever stood between its words.
func Normal(typed string) string { return strings.ReplaceAll(db.Fold(typed), " ", "-") }

// examples show each kind. A word of each stands in none of our lists: it is
// nobody's password.
var examples = map[string]map[Kind]Password{
	"fr": {
		PictureAndWord: {Text: "tortue-balise", Picture: "turtle"}, TwoWordsDigits: {Text: "clocher-pommier-52"},
		ThreeWords: {Text: "clocher-pommier-balise"}, FourWords: {Text: "clocher-pommier-balise-jardin"},
	},
	"en": {
		PictureAndWord: {Text: "turtle-chapel", Picture: "turtle"}, TwoWordsDigits: {Text: "chapel-saucer-52"},
		ThreeWords: {Text: "chapel-saucer-garden"}, FourWords: {Text: "chapel-saucer-garden-ribbon"},
	},
}

// Example is a password of a kind that is nobody's, in French or English.
func Example(kind Kind, lang string) Password {
	if of, ok := examples[lang]; ok {
		return of[kind]
	}
	return examples["fr"][kind]
}
