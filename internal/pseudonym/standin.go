package pseudonym

import (
	"io"
	"strings"

	"aval/internal/fault"
)

const (
	letters = "bcdfghjkmnpqrstvwxz"
	digits  = "23456789"
)

// Name is a login name: four letters, a hyphen, four digits.
type Name struct{ text string }

// Blocklist holds what no name may say.
type Blocklist struct{}

// Draw draws a name.
func Draw(rand io.Reader, _ *Blocklist) (Name, error) {
	b := make([]byte, 8)
	if _, err := io.ReadFull(rand, b); err != nil {
		return Name{}, err
	}
	for i := range b {
		if i < 4 {
			b[i] = letters[int(b[i])%len(letters)]
		} else {
			b[i] = digits[int(b[i])%len(digits)]
		}
	}
	return Name{text: string(b[:4]) + "-" + string(b[4:])}, nil
}

// Parse reads a name as it was typed.
func Parse(typed string) (Name, error) {
	s := strings.ToLower(strings.NewReplacer(" ", "", "-", "").Replace(typed))
	if len(s) != 8 || strings.Trim(s[:4], letters) != "" || strings.Trim(s[4:], digits) != "" {
		return Name{}, fault.New(fault.NotFound, "not_found")
	}
	return Name{text: s[:4] + "-" + s[4:]}, nil
}

// String is the name as it is printed.
func (n Name) String() string { return n.text }
