package sheet_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"aval/internal/fault"
	"aval/internal/sheet"
)

func TestReadCSV(t *testing.T) {
	want := sheet.Table{Format: sheet.CSV, Comma: ';', Header: []string{"Élève", "Note"}, Rows: [][]string{{"bkrt-4827", "12,5"}, {"", "3"}}}
	for name, data := range map[string]string{
		"UTF-8":           "Élève;Note\nbkrt-4827;12,5\n;3\n",
		"with a mark":     "\ufeffÉlève;Note\r\nbkrt-4827;12,5\r\n;3\r\n",
		"empty lines":     "\n;;\nÉlève;Note\n\nbkrt-4827;12,5;\n;;\n;3\n",
		"Windows-1252":    "\xc9l\xe8ve;Note\nbkrt-4827;12,5\n;3",
		"UTF-16":          "\xff\xfe\xc9\x00l\x00\xe8\x00v\x00e\x00;\x00N\x00o\x00t\x00e\x00\n\x00b\x00k\x00r\x00t\x00-\x004\x008\x002\x007\x00;\x001\x002\x00,\x005\x00\n\x00;\x003\x00",
		"quotes where no": "Élève;Note\nbkrt-4827;12,5\n;\"3\"\n",
	} {
		got, err := sheet.Read([]byte(data))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for comma, data := range map[rune]string{',': "a,b\n1,2\n", '\t': "a\tb\n1\t2\n"} {
		if got, err := sheet.Read([]byte(data)); err != nil || got.Comma != comma || len(got.Header) != 2 {
			t.Errorf("%q: %+v, %v", comma, got, err)
		}
	}
}

func TestReadXLSX(t *testing.T) {
	f := excelize.NewFile()
	for at, v := range map[string]any{"A2": "User", "B2": "Score", "A3": "bkrt-4827", "B3": 0.125, "A5": "dxmp-3964", "B5": 12} {
		if err := f.SetCellValue("Sheet1", at, v); err != nil {
			t.Fatal(err)
		}
	}
	var data bytes.Buffer
	if err := f.Write(&data); err != nil {
		t.Fatal(err)
	}
	got, err := sheet.Read(data.Bytes())
	want := sheet.Table{Format: sheet.XLSX, Header: []string{"User", "Score"}, Rows: [][]string{{"bkrt-4827", "0.125"}, {"dxmp-3964", "12"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// far is a small workbook whose only row holds one cell, in the last column there is.
func far(t *testing.T) []byte {
	f := excelize.NewFile()
	if err := f.SetCellValue("Sheet1", "XFD1", "a"); err != nil {
		t.Fatal(err)
	}
	var data bytes.Buffer
	if err := f.Write(&data); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// What is refused is refused before it takes the machine's memory: a row that is
// too wide is not held until the others are read.
func TestARowTooWideEndsTheReading(t *testing.T) {
	data := []byte(strings.Repeat("a,", sheet.MaxColumns) + "a\n" + strings.Repeat("1\n", sheet.MaxRows))
	if n := testing.AllocsPerRun(1, func() { _, _ = sheet.Read(data) }); n > 1000 {
		t.Errorf("%.0f allocations: the rest was read", n)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		key  string
	}{
		"nothing":          {nil, "sheet.empty"},
		"a header alone":   {[]byte("a;b\n"), "sheet.empty"},
		"blanks":           {[]byte(" ; \n\n"), "sheet.empty"},
		"a picture":        {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "sheet.not_a_table"},
		"half a zip":       {[]byte("PK\x03\x04 and no more"), "sheet.not_a_table"},
		"too many columns": {[]byte(strings.Repeat("a,", 300) + "a\n1\n"), "sheet.too_large"},
		"too many rows":    {[]byte("a\n" + strings.Repeat("1\n", sheet.MaxRows+1)), "sheet.too_large"},
		"too many cells":   {[]byte(strings.Repeat("a,", 150) + "a\n" + strings.Repeat("1\n", 50_000)), "sheet.too_large"},
		"a row of commas":  {bytes.Repeat([]byte(","), sheet.MaxCells+1), "sheet.too_large"},
		"far columns":      {far(t), "sheet.too_large"},
		"too many bytes":   {make([]byte, sheet.MaxBytes+1), "sheet.too_large"},
	} {
		_, err := sheet.Read(c.data)
		if f, ok := fault.As(err); !ok || f.Key != c.key || f.Kind != fault.Invalid {
			t.Errorf("%s: %v, want %s", name, err, c.key)
		}
	}
}

// What is written is read again as it was, but that nothing is a formula.
func TestWrittenIsRead(t *testing.T) {
	cell := rapid.StringMatching(`[=+\-@]?[ a-zé0-9;,"'%.\n-]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 5).Draw(t, "width")
		row := func() []string {
			cells := rapid.SliceOfN(cell, width, width).Draw(t, "cells")
			cells[width-1] = "x" + cells[width-1] // the last is never blank
			return cells
		}
		table := sheet.Table{Format: rapid.SampledFrom([]sheet.Format{sheet.CSV, sheet.XLSX}).Draw(t, "format"), Header: row()}
		if table.Format == sheet.CSV {
			table.Comma = ';'
		}
		for range rapid.IntRange(1, 6).Draw(t, "rows") {
			table.Rows = append(table.Rows, row())
		}
		var out bytes.Buffer
		if err := table.Write(&out); err != nil {
			t.Fatal(err)
		}
		got, err := sheet.Read(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		same := func(a, b []string) {
			for i := range a {
				if sheet.Harmless(a[i]) != b[i] {
					t.Errorf("%q became %q", a[i], b[i])
				}
			}
		}
		same(table.Header, got.Header)
		for i := range table.Rows {
			same(table.Rows[i], got.Rows[i])
		}
	})
}

// A stranger's file is a table whose rows are as wide as its header, or is refused.
func FuzzRead(f *testing.F) {
	var book bytes.Buffer
	if err := (sheet.Table{Format: sheet.XLSX, Header: []string{"Nom"}, Rows: [][]string{{"a"}}}).Write(&book); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"Nom;Note\na;1\n", "a,\"b\nc\"\n,,,\n", "\xff\xfea\x00\n\x00b\x00", "\ufeffa\tb\n1\t\"", book.String()} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := sheet.Read(data)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		for _, cells := range table.Rows {
			if len(cells) != len(table.Header) {
				t.Fatalf("%d cells under %d", len(cells), len(table.Header))
			}
		}
	})
}

func TestHarmless(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "bkrt-4827": "bkrt-4827", "-5": "-5", "+12,5 %": "+12,5 %", "=1+1": "'=1+1", "+cmd": "'+cmd", "-cmd|x": "'-cmd|x", "@SUM(A1)": "'@SUM(A1)",
		"\t=1": "'\t=1", "-": "'-",
	} {
		if got := sheet.Harmless(cell); got != want {
			t.Errorf("%q: %q, want %q", cell, got, want)
		}
	}
}

func ExampleTable_Write() {
	var out bytes.Buffer
	_ = sheet.Table{Format: sheet.CSV, Header: []string{"nom"}, Rows: [][]string{{"=1+1"}}}.Write(&out)
	fmt.Printf("%q\n", out.String())
	// Output: "\ufeffnom\r\n'=1+1\r\n"
}
