package db

import (
	"crypto/rand"
	"encoding/base32"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"aval/internal/fault"
)

var lower32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID is a new id: 128 random bits, 26 characters.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: the program ends instead
	return IDOf(b)
}

// IDOf is how 128 bits are written as an id.
func IDOf(b [16]byte) string { return lower32.EncodeToString(b[:]) }

// In is the list of n placeholders from $start on: In(3, 3) is "($3,$4,$5)".
// A list of none, "(NULL)", is in nothing.
func In(start, n int) string {
	if n <= 0 {
		return "(NULL)"
	}
	var b strings.Builder
	for i := range n {
		b.WriteByte("(,"[min(i, 1)])
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(start + i))
	}
	b.WriteByte(')')
	return b.String()
}

// Changed turns a statement that changed no row into a Conflict: someone else
// was there first. It takes what Exec answered.
func Changed(n int64, err error) error {
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "conflict.changed")
	}
	return nil
}

var unaccented = strings.NewReplacer("œ", "oe", "æ", "ae", "ß", "ss", "ø", "o", "đ", "d", "ł", "l", "ð", "d", "þ", "th")

func beyondASCII(r rune) bool { return r >= utf8.RuneSelf }

// Fold is a text as it is searched: lower case, no accents, œ and æ in two
// letters, one space in place of punctuation.
func Fold(s string) string {
	if strings.IndexFunc(s, beyondASCII) >= 0 {
		s = unaccented.Replace(strings.ToLower(norm.NFKD.String(s)))
	} else {
		s = strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case unicode.Is(unicode.M, r): // the accent, now apart from its letter
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(r)
		default:
			space = true
		}
	}
	return b.String()
}

// Args are the arguments of a statement that ends with a list: what stands first, then
// the list (see In).
func Args[T ~string](list []T, first ...any) []any {
	for _, v := range list {
		first = append(first, string(v))
	}
	return first
}
