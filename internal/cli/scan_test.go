package cli_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// scanner finds any of very many texts in bytes, in one pass: the first signs of
// each are looked for in a small map of bits, then compared.
type scanner struct {
	bits [1 << 18]uint64
	of   map[uint64][]needle
}

// needle is one way in which a secret could stand somewhere.
type needle struct {
	text   string
	alone  bool // only with no letter or digit beside it: too short to mean anything within an id
	secret int
}

const head = 6 // signs that every needle has, at least

func newScanner(secrets []string) *scanner {
	s := &scanner{of: map[uint64][]needle{}}
	for i, secret := range secrets {
		for _, n := range forms(secret) {
			n.secret = i
			key := keyOf(n.text)
			s.of[key] = append(s.of[key], n)
			bit := spread(key)
			s.bits[bit>>6] |= 1 << (bit & 63)
		}
	}
	return s
}

// forms are the ways in which a secret could stand in a file: plainly, in capitals,
// without its hyphens, in hexadecimal digits, and in base64 at each of its phases.
func forms(secret string) []needle {
	all := []needle{{text: secret}, {text: strings.ToUpper(secret)}}
	bare := strings.ReplaceAll(secret, "-", "")
	all = append(all, needle{text: bare, alone: true}, needle{text: strings.ToUpper(bare), alone: true},
		needle{text: hex.EncodeToString([]byte(secret))}, needle{text: hex.EncodeToString([]byte(bare))})
	for phase := range 3 { // without the signs that neighbours would share
		coded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", phase) + secret))
		all = append(all, needle{text: coded[min(4, phase*4) : len(coded)/4*4]})
	}
	return slices.DeleteFunc(all, func(n needle) bool { return len(n.text) < head })
}

func keyOf(text string) (key uint64) {
	for i := range head {
		key = key<<8 | uint64(text[i])
	}
	return key
}

func spread(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> 40 }

// in answers the secrets that stand in the bytes.
func (s *scanner) in(b []byte) (found []int) {
	var key uint64
	for i, c := range b {
		key = (key<<8 | uint64(c)) & (1<<(8*head) - 1)
		bit := spread(key)
		if s.bits[bit>>6]&(1<<(bit&63)) == 0 || i < head-1 {
			continue
		}
		at := i - head + 1
		for _, n := range s.of[key] {
			if bytes.HasPrefix(b[at:], []byte(n.text)) && (!n.alone || stands(b, at, len(n.text))) {
				found = append(found, n.secret)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// stands tells whether no letter or digit is beside some bytes.
func stands(b []byte, at, length int) bool {
	sign := func(i int) bool {
		return i >= 0 && i < len(b) && (b[i] >= '0' && b[i] <= '9' || b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z')
	}
	return !sign(at-1) && !sign(at+length)
}

// A scan that finds nothing proves nothing unless it would find.
func TestTheScanFinds(t *testing.T) {
	secrets := []string{"bkrt-4827", "lune-riz", "ruban-moulin-52", "feuille-bourdon"}
	s := newScanner(secrets)
	for i, secret := range secrets {
		for _, n := range forms(secret) {
			hay := "id:9f3a\x00" + n.text + "\n{x}"
			if got := s.in([]byte(hay)); len(got) != 1 || got[0] != i {
				t.Errorf("%q is not found in %q", secret, hay)
			}
		}
		within := base64.StdEncoding.EncodeToString([]byte("ab" + secret + "cd"))
		if got := s.in([]byte(within)); len(got) != 1 {
			t.Errorf("%q is not found in base64", secret)
		}
	}
	for _, calm := range []string{"", "bkrt", "xbkrt4827abc", "ruban, moulin, 52", "feuille bourdon"} {
		if got := s.in([]byte(calm)); len(got) != 0 {
			t.Errorf("%q is taken for secret %d", calm, got)
		}
	}
}
