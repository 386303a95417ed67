package pseudonym

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"aval/internal/fault"
)

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, typed, want string }{
		{"nothing", "", "pseudonym.name_missing"},
		{"only blanks and hyphens", " - \t–", "pseudonym.name_missing"},
		{"a vowel", "bart-4827", "pseudonym.name_sign"},
		{"an l", "blrt-4827", "pseudonym.name_sign"},
		{"a zero", "bkrt-4820", "pseudonym.name_sign"},
		{"a sign of another alphabet", "бkrt-4827", "pseudonym.name_sign"},
		{"a mark", "bkrt_4827", "pseudonym.name_sign"},
		{"bytes that are no text", "bkrt\xff4827", "pseudonym.name_sign"},
		{"seven signs", "bkrt-482", "pseudonym.name_form"},
		{"nine signs", "bkrt-48272", "pseudonym.name_form"},
		{"digits first", "4827-bkrt", "pseudonym.name_form"},
		{"a whole page", strings.Repeat("bkrt-4827 ", 10_000), "pseudonym.name_form"},
		{"the example of our texts, so that it is nobody's", "bkrt-4827", "pseudonym.name_mistyped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := Parse(c.typed)
			if f, ok := fault.As(err); !ok || f.Kind != fault.Invalid || f.Key != c.want || !n.Zero() {
				t.Errorf("Parse: %v, %v, want %s", n, err, c.want)
			}
		})
	}
}

func TestDrawFails(t *testing.T) {
	broken := errors.New("no chance today")
	if _, err := Draw(iotest.ErrReader(broken), nil); !errors.Is(err, broken) {
		t.Errorf("without chance: %v", err)
	}
	var all []string
	for _, letter := range letters {
		all = append(all, "="+string(letter)+string(letter))
		for _, other := range letters {
			all = append(all, "="+string(letter)+string(other))
		}
	}
	wide := NewBlocklist(all)
	if _, err := Draw(rand.Reader, wide); !fault.Is(err, fault.Conflict) || wide.Share() != 1 {
		t.Errorf("where every name is blocked: %v, share %v", err, wide.Share())
	}
}

func anyName(t *rapid.T) Name { return at(rapid.Uint32Range(0, codewords-1).Draw(t, "index")) }

func TestANameReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := anyName(t)
		if got, err := Parse(n.String()); err != nil || got != n {
			t.Fatalf("%s: %v, %v", n, got, err)
		}
		// As people type: case, and blanks and hyphens wherever they fall.
		var typed strings.Builder
		for _, r := range n.String() {
			typed.WriteString(rapid.SampledFrom([]string{"", "", "", " ", "-", "–", "\u00a0", "\u200b", "\u2212"}).Draw(t, "between"))
			if r == '-' {
				continue
			}
			if rapid.Bool().Draw(t, "upper") {
				r = []rune(strings.ToUpper(string(r)))[0]
			}
			typed.WriteRune(r)
		}
		if got, err := Parse(typed.String()); err != nil || got != n {
			t.Fatalf("%s typed %q: %v, %v", n, typed.String(), got, err)
		}
	})
}

// Every edit of a name, not a sample of them: one sign changed, put in or left
// out, or two neighbours exchanged, the hyphen being one of the signs.
func TestNoEditOfANameIsAnotherName(t *testing.T) {
	const typeable = "abcdefghijklmnopqrstuvwxyz0123456789- "
	rapid.Check(t, func(t *rapid.T) {
		n := anyName(t)
		text := n.String()
		try := func(edited string) {
			if got, err := Parse(edited); err == nil && got != n {
				t.Fatalf("%s typed %q is %s", text, edited, got)
			} else if strings.ReplaceAll(edited, "-", "") != strings.ReplaceAll(text, "-", "") && err == nil &&
				strings.TrimSpace(edited) == edited && !strings.Contains(edited, " ") {
				t.Fatalf("%s typed %q is taken for a name", text, edited)
			}
		}
		for i := range len(text) + 1 {
			for _, r := range typeable {
				try(text[:i] + string(r) + text[i:])
				if i < len(text) {
					try(text[:i] + string(r) + text[i+1:])
				}
			}
			if i < len(text) {
				try(text[:i] + text[i+1:])
			}
			if i+1 < len(text) {
				try(text[:i] + text[i+1:i+2] + text[i:i+1] + text[i+2:])
			}
		}
		signs := strings.ReplaceAll(text, "-", "") // the neighbours on both sides of the hyphen
		try(signs[:3] + signs[4:5] + signs[3:4] + signs[5:])
	})
}

func TestEveryIndexIsItsOwnName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint32Range(0, codewords-1).Draw(t, "a"), rapid.Uint32Range(0, codewords-1).Draw(t, "b")
		if (a == b) != (at(a) == at(b)) {
			t.Fatalf("%d and %d: %s and %s", a, b, at(a), at(b))
		}
	})
	if at(0).Zero() || at(0).String() != "bbbb-2222" || at(codewords - 1).String()[5:] != "9999" {
		t.Errorf("ends: %s, %s", at(0), at(codewords-1))
	}
	if (Name{}).String() != "" {
		t.Errorf("no name is written %q", Name{})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "bkrt-4827", "BBBB 2222", "b\xffbb", "bbbb2222–"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		n, err := Parse(typed)
		if err != nil {
			if _, ok := fault.As(err); !ok || !n.Zero() {
				t.Fatalf("%q: %v, %v", typed, n, err)
			}
			return
		}
		if again, err := Parse(n.String()); err != nil || again != n {
			t.Fatalf("%q is %s, which is %v, %v", typed, n, again, err)
		}
	})
}

func BenchmarkDraw(b *testing.B) {
	blocked := NewBlocklist(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Draw(rand.Reader, blocked); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("BBBB 2222"); err != nil {
			b.Fatal(err)
		}
	}
}
