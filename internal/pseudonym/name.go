// Package pseudonym gives every pupil of the youth sector what they sign in to
// platforms with (policy A, 5.1): a login name that tells nothing of them, kept
// by Names, and passwords fit for their age.
//
// A login name is four letters and four digits, such as bkrt-4827. It is drawn
// from chance alone, never from the pupil. Names are the words of a code that
// finds errors: a name with one sign wrong, missing or too many, or with two
// neighbours exchanged, is nobody's name, so that a slip of the fingers never
// opens another pupil's account.
//
//	no name --Issue--> active --Replace--> retired, and another active
//	                          --Retire---> retired, and nobody's
//
// A name stays with its pupil over years and schools, also while the roster
// does not hold them: pupils come back. A retired name is never given again.
// Both the name and whose it is are sealed (package vault): the tables alone
// do not join a pupil to a login name.
//
// Names asks for no permission and writes nothing to the trail: its methods join
// the transaction of a use case, which does both. What a board chooses, the kinds
// of password by grade and words that no name may show, is Service's.
package pseudonym

import (
	"io"
	"math/bits"
	"strings"
	"unicode"

	"aval/internal/fault"
)

// The signs of a name: no vowel, so that words do not form, and none of
// 0 o 1 i l y, which are taken for one another.
const (
	letters = "bcdfghjkmnpqrstvwxz"
	digits  = "23456789"
	half    = 4 // letters, then as many digits
	length  = 2 * half
)

// The check: the values of the signs (b is 0 … z is 18, 2 is 0 … 9 is 7), each
// times its weight, add up to a multiple of 19. As 19 is prime and the weights
// are 1 to 8, changing one sign changes the sum, and so does exchanging any two
// that differ.
const modulus = len(letters)

func weight(position int) int { return position + 1 }

// codewords counts the names of the code: 28,094,464.
const codewords = 19 * 19 * 19 * 8 * 8 * 8 * 8

// Name is a login name. It compares with ==; the zero Name is none.
type Name struct{ signs [length]byte }

// Zero tells whether this is no name.
func (n Name) Zero() bool { return n == Name{} }

// String writes the name as it is printed: bkrt-4827. The zero Name is empty.
func (n Name) String() string {
	if n.Zero() {
		return ""
	}
	var text [length + 1]byte
	copy(text[:], n.signs[:half])
	text[half] = '-'
	copy(text[half+1:], n.signs[half:])
	return string(text[:])
}

// tries is how often Draw draws before it holds the blocklist for too wide.
const tries = 1000

// Draw draws a name, each one that is not blocked as likely as the next. A nil
// Blocklist is the house's own. Draw does not know the names already given:
// who keeps them draws again. It refuses when the list leaves next to no name.
func Draw(rand io.Reader, blocked *Blocklist) (Name, error) {
	if blocked == nil {
		blocked = house()
	}
	d := dice{from: rand}
	for range tries {
		index, err := d.below(codewords)
		if err != nil {
			return Name{}, err
		}
		if n := at(index); !blocked.Blocks(n) {
			return n, nil
		}
	}
	return Name{}, fault.New(fault.Conflict, "pseudonym.blocklist_too_wide")
}

// Sample draws that many different names.
func Sample(rand io.Reader, blocked *Blocklist, count int) ([]Name, error) {
	names := make([]Name, 0, count)
	seen := make(map[Name]bool, count)
	for len(names) < count {
		n, err := Draw(rand, blocked)
		if err != nil {
			return nil, err
		}
		if !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	return names, nil
}

// at answers the codeword of an index below codewords: every sign but the
// fourth letter is chosen, and that letter makes the sum come out.
func at(index uint32) Name {
	const check, inverse = half - 1, 5 // 4, the weight of the fourth letter, times 5 is 1 modulo 19
	var n Name
	rest, sum := int(index), 0
	for i := range length {
		if i == check {
			continue
		}
		set := signsAt(i)
		value := rest % len(set)
		rest /= len(set)
		sum += weight(i) * value
		n.signs[i] = set[value]
	}
	n.signs[check] = letters[(modulus-sum%modulus)*inverse%modulus]
	return n
}

func signsAt(position int) string {
	if position < half {
		return letters
	}
	return digits
}

// Parse reads a name as a person types it: in any case, with spaces and
// hyphens anywhere or nowhere. It refuses what is no name of the code, which
// no look-up is needed to know.
func Parse(typed string) (Name, error) {
	var n Name
	count, sum, misplaced := 0, 0, false
	for _, r := range typed {
		if separates(r) {
			continue
		}
		known := strings.IndexRune(letters+digits, unicode.ToLower(r))
		if known < 0 {
			return Name{}, fault.New(fault.Invalid, "pseudonym.name_sign")
		}
		if count < length {
			sign := (letters + digits)[known]
			value := strings.IndexByte(signsAt(count), sign)
			misplaced = misplaced || value < 0
			sum += weight(count) * value
			n.signs[count] = sign
		}
		count++
	}
	switch {
	case count == 0:
		return Name{}, fault.New(fault.Invalid, "pseudonym.name_missing")
	case count != length || misplaced:
		return Name{}, fault.New(fault.Invalid, "pseudonym.name_form")
	case sum%modulus != 0:
		return Name{}, fault.New(fault.Invalid, "pseudonym.name_mistyped")
	}
	return n, nil
}

// separates tells spaces, hyphens and dashes of any kind, and the signs nobody
// sees that come along with a copied text.
func separates(r rune) bool {
	const minus = '\u2212'
	return r == minus || unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf)
}

// dice draws numbers from a source of random bytes.
type dice struct {
	from io.Reader
	buf  [4]byte
}

// below answers a number from 0 to n-1, each as likely: numbers of as many
// bits as n needs are drawn until one is below n.
func (d *dice) below(n uint32) (uint32, error) {
	size := bits.Len32(n - 1)
	buf := d.buf[:(size+7)/8]
	for {
		if _, err := io.ReadFull(d.from, buf); err != nil {
			return 0, err
		}
		var v uint32
		for _, b := range buf {
			v = v<<8 | uint32(b)
		}
		if v &= 1<<size - 1; v < n {
			return v, nil
		}
	}
}
