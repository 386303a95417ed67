package roster

import (
	"aval/internal/grade"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"aval/internal/fault"
)

func scanAll(src io.Reader, l Limits) (rows [][]string, odd bool, err error) {
	s := newScanner("users", src, l.orDefault())
	for {
		cells, err := s.next()
		if errors.Is(err, io.EOF) {
			return rows, odd, nil
		}
		if err != nil {
			return rows, odd, err
		}
		odd = odd || s.cr
		rows = append(rows, slices.Clone(cells))
	}
}

func TestRowsAreCutAsASpreadsheetReadsThem(t *testing.T) {
	cases := []struct {
		name, text string
		want       [][]string
	}{
		{"nothing", "", nil},
		{"either line end", "a,b\r\nc,d\n", [][]string{{"a", "b"}, {"c", "d"}}},
		{"no last line end", "a,b", [][]string{{"a", "b"}}},
		{"a blank line", "a\n\nb\n", [][]string{{"a"}, {""}, {"b"}}},
		{"empty cells", ",,\n", [][]string{{"", "", ""}}},
		{"commas and line ends in quotes", "\"a,b\",\"c\nd\"\ne\n", [][]string{{"a,b", "c\nd"}, {"e"}}},
		{"doubled quotes", `"a""b",c`, [][]string{{`a"b`, "c"}}},
		{"an empty quoted cell", `"",x`, [][]string{{"", "x"}}},
		{"a quote that is misplaced", "a\"b,\"c\"d\",e\n", [][]string{{`a"b`, `c"d`, "e"}}},
		{"a quote that is never closed", "a,\"b\nc", [][]string{{"a", "b\nc"}}},
		{"a carriage return within a cell", "a\rb,c\n", [][]string{{"a\rb", "c"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text)),
				iotest.DataErrReader(strings.NewReader(c.text))} {
				rows, _, err := scanAll(src, Limits{})
				if err != nil || !slices.EqualFunc(rows, c.want, slices.Equal) {
					t.Errorf("rows %q, %v, want %q", rows, err, c.want)
				}
			}
		})
	}
}

func TestARowHasABoundAndABreakIsSaid(t *testing.T) {
	limits := Limits{Line: 100, Columns: 3}
	for text, fine := range map[string]bool{
		strings.Repeat("a", 98) + "\n":          true,
		strings.Repeat("a", 200) + "\n":         false,
		"\"" + strings.Repeat("a\n", 60) + "\"": false,
		"a,b,c\n":                               true,
		"a,b,c,d\n":                             false,
		"\"a\",b,c,d\n":                         false,
	} {
		_, _, err := scanAll(strings.NewReader(text), limits)
		if f, ok := fault.As(err); fine != (err == nil) || !fine && (!ok || f.Key != "roster.row_too_long") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	broken := errors.New("broken")
	if _, _, err := scanAll(io.MultiReader(strings.NewReader("a,b\n\"c"), iotest.ErrReader(broken)), Limits{}); !errors.Is(err, broken) {
		t.Errorf("a stream that breaks: %v", err)
	}
}

// FuzzScan holds the scanner against encoding/csv, which is as lazy about quotes
// but reads no blank line and takes CRLF within quotes for a line feed.
func FuzzScan(f *testing.F) {
	for _, text := range []string{"a,b\r\nc,d\n", "\"a,b\",\"c\nd\"\ne\n", `"a""b",c`, "a\"b,\"c\"d\",e\n", "\n\n,\n\"", "\"\r\n\",\r", "\"\n", "é;\xff,\x00\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, odd, err := scanAll(iotest.HalfReader(strings.NewReader(text)), Limits{})
		if err != nil {
			if _, ok := fault.As(err); !ok {
				t.Fatalf("scan: %v, want a refusal", err)
			}
			return
		}
		if odd {
			return
		}
		r := csv.NewReader(strings.NewReader(text))
		r.LazyQuotes, r.FieldsPerRecord = true, -1
		want, err := r.ReadAll()
		if err != nil {
			t.Fatalf("encoding/csv: %v", err)
		}
		rows = slices.DeleteFunc(rows, func(cells []string) bool { return len(cells) == 1 && cells[0] == "" })
		want = slices.DeleteFunc(want, func(cells []string) bool { return len(cells) == 1 && cells[0] == "" })
		if !slices.EqualFunc(rows, want, slices.Equal) {
			t.Fatalf("%q: rows %q, want %q", text, rows, want)
		}
	})
}

// FuzzValues reads a stranger's values; what is taken for right can be read.
func FuzzValues(f *testing.F) {
	for _, text := range []string{"2026-02-29", "2026/02/28", "2026-2027", "26-27", "TRUE", "{a:b},{c:d}", "ext:x", "2026-11-22T00:42:52.110Z", "Sec 4"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		day, dirt := dayOf(text)
		if day != "" && !isDay(day) {
			t.Errorf("%q is read as %q", text, day)
		}
		if text != "" && dirt == "" && day != text {
			t.Errorf("%q is changed to %q unsaid", text, day)
		}
		if year, _ := schoolYearOf(text, "schoolYear", "2026-08-24", "2027-06-24"); len(year) != 4 || !isDigits(year) {
			t.Errorf("school year %q of %q", year, text)
		}
		if word, _, ok := grade.Usual(grade.Ontario).Read(text); ok && text != "" && grade.CEDS(word) != word {
			t.Errorf("grade %q of %q", word, text)
		}
		if value, dirt := truthOf(text); value && dirt == "" && text != "true" {
			t.Errorf("%q is true", text)
		}
		if gone, dirt := goneOf(text); gone && dirt == "" && text != "tobedeleted" {
			t.Errorf("%q is gone", text)
		}
		if isMoment(text) && !isDay(text[:10]) || areUserIDs(text) && !strings.HasPrefix(text, "{") || isExtension(text) && text == "ext:" {
			t.Errorf("%q passes", text)
		}
	})
}
