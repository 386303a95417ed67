package web

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"aval/internal/i18n"
	"aval/internal/licence"
)

// perPage is how many cards of 92 by 48 mm a page of either paper holds.
const perPage = 10

// Papers that cards are printed on; the first is Canada's.
const (
	paperLetter = "letter"
	paperA4     = "a4"
)

var papers = []string{paperLetter, paperA4}

// cardSheet is what is printed of a class on one platform, or of one of its pupils.
type cardSheet struct {
	Platform string
	Kind     licence.AccountKind
	SignIn   string // the platform's own sign-in page, which the QR code opens; may be empty
	Class    string
	School   string
	Lang     string // of the school: the cards speak it, whoever prints them
	Paper    string
	Copy     int // the nth printed; zero for one pupil's card
	At       time.Time
	Reason   string // as the pack words it
	Back     string // the class's page
	Renewed  bool   // the password was replaced: an older card is void
	Cards    []card
}

// card is one pupil's. Number is their place on the class's list, zero where it is not known.
type card struct {
	Given, Family string
	Number        int
	UserName      string // empty while the platform has not given it: there is a line to write it on
	Password      string // empty where the platform keeps none that we know
	Picture       string // the address of the drawing beside the password; empty where there is none
}

// pages cuts the cards into pages.
func (s cardSheet) pages() [][]card { return slices.Collect(slices.Chunk(s.Cards, perPage)) }

// words speaks the language of the school.
func (s cardSheet) words() *i18n.Printer { return i18n.For(s.Lang) }

// userNameKey is the word for what a pupil of the licence signs in with.
func (s cardSheet) userNameKey() string {
	switch s.Kind {
	case licence.BoardEmail:
		return "card.email"
	case licence.VendorName:
		return "card.vendor_name"
	}
	return "card.user_name"
}

// title names the sheet without naming a pupil: browsers remember titles.
func (s cardSheet) title(v *visit) string {
	if len(s.Cards) == 1 {
		return v.T("card.title_one", s.Class, s.Platform)
	}
	return v.T("card.title", s.Class, s.Platform)
}

// noted says that printing was written down, and why.
func (s cardSheet) noted(v *visit) string {
	if s.Copy == 0 {
		return v.T("card.noted_one", s.Reason)
	}
	return v.T("card.noted", s.Copy, s.Reason)
}

// foot is the line at the head of each page that tells one printed page from another.
func (s cardSheet) foot(page, pages int) string {
	w := s.words()
	where := w.T("card.page", page, pages)
	if s.Copy == 0 {
		return strings.Join([]string{s.School, w.Date(s.At), where}, ", ")
	}
	return strings.Join([]string{s.School, w.T("card.copy", s.Copy), w.Date(s.At), where}, ", ")
}

// size makes a text smaller whose longest word does not stand on a line of so many letters.
func size(line int, words ...string) string {
	for _, word := range words {
		if utf8.RuneCountInString(word) > line {
			return "is-long"
		}
	}
	return ""
}

// parts are the words of a name, where a line may break.
func parts(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '-' })
}

// modulesMost is the finest code that a phone reads from 18 mm of paper.
const modulesMost = 57

// drawnCode is a QR code as the path of an SVG, and the box it stands in with
// the quiet zone of four modules that the standard asks for.
type drawnCode struct{ box, path string }

// drawCode draws the code of an address, the one thing that it holds. An
// address too long to be read at the size of a card has none.
func drawCode(address string) (c drawnCode, ok bool) {
	if address == "" {
		return drawnCode{}, false
	}
	code, err := qr.Encode(address, qr.M, qr.Auto)
	if err != nil || code.Bounds().Dx() > modulesMost {
		code, err = qr.Encode(address, qr.L, qr.Auto)
	}
	if err != nil || code.Bounds().Dx() > modulesMost {
		return drawnCode{}, false
	}
	side := code.Bounds().Dx()
	return drawnCode{box: fmt.Sprintf("-4 -4 %d %d", side+8, side+8), path: trace(code)}, true
}

// trace draws each run of dark modules of a row as a rectangle.
func trace(code barcode.Barcode) string {
	var path strings.Builder
	side := code.Bounds().Dx()
	dark := func(x, y int) bool {
		if x == side {
			return false
		}
		r, _, _, _ := code.At(x, y).RGBA()
		return r == 0
	}
	for y := range side {
		for x := 0; x < side; x++ {
			from := x
			for dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	return path.String()
}
