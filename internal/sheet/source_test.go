package sheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"aval/internal/fault"
	"aval/internal/sheet"
)

// walk reads a table to its end.
func walk(data io.ReaderAt, size int64, l sheet.Limits) (s *sheet.Source, rows [][]string, err error) {
	if s, err = sheet.Open(data, size, l); err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	for {
		cells, _, err := s.Next()
		if errors.Is(err, io.EOF) {
			return s, rows, nil
		}
		if err != nil {
			return s, rows, err
		}
		rows = append(rows, append([]string{}, cells...))
	}
}

func utf16le(text string, mark bool) string {
	var b strings.Builder
	if mark {
		b.WriteString("\xff\xfe")
	}
	for _, u := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestASourceSaysHowItIsWritten(t *testing.T) {
	const text = "Fiche;Prénom\n012;Zoé\n345;Noël\n"
	for name, c := range map[string]struct {
		data string
		as   sheet.Encoding
		dirt map[string]int
	}{
		"UTF-8":                  {text, sheet.UTF8, nil},
		"UTF-8 with a mark":      {"\ufeff" + text, sheet.UTF8BOM, nil},
		"UTF-16 with a mark":     {utf16le(text, true), sheet.UTF16, nil},
		"UTF-16 without a mark":  {utf16le(text, false), sheet.UTF16, nil},
		"Latin-1":                {"Fiche;Pr\xe9nom\n012;Zo\xe9\n345;No\xebl\n", sheet.Western, nil},
		"two encodings":          {"Fiche;Prénom\n012;Zo\xe9\n345;Noël\n", sheet.Mixed, nil},
		"CRLF and blank lines":   {"\r\nFiche;Prénom\r\n;\r\n012;Zoé\r\n\r\n345;Noël", sheet.UTF8, nil},
		"a return within a cell": {"Fiche;Prénom\n012;Zoé\n345;\"Noël\r\n\"\n", sheet.UTF8, nil},
		"blanks around":          {" Fiche ; Prénom\n 012;Zoé \n345;Noël;;\n", sheet.UTF8, nil},
	} {
		s, rows, err := walk(strings.NewReader(c.data), int64(len(c.data)), sheet.Limits{})
		if err != nil || s.Comma != ';' || s.Encoding() != c.as || !reflect.DeepEqual(s.Header, []string{"Fiche", "Prénom"}) ||
			!reflect.DeepEqual(rows, [][]string{{"012", "Zoé"}, {"345", "Noël"}}) || len(s.Dirt()) != len(c.dirt) {
			t.Errorf("%s: %+v, %q, %v", name, s, rows, err)
		}
	}
}

func TestRaggedRowsAreCounted(t *testing.T) {
	const data = "a,b,c\n1,2\n1,2,3,4\n\"1\r\n2\",2,3\n1,2,3,\n1,\"2\x01\",3\n"
	s, rows, err := walk(strings.NewReader(data), int64(len(data)), sheet.Limits{})
	want := [][]string{{"1", "2", ""}, {"1", "2", "3"}, {"1 2", "2", "3"}, {"1", "2", "3"}, {"1", "2", "3"}}
	if err != nil || !reflect.DeepEqual(rows, want) ||
		!reflect.DeepEqual(s.Dirt(), map[string]int{"row_short": 1, "row_long": 1, "line_break": 1, "control_character": 1}) {
		t.Errorf("%q, %v, %v", rows, s.Dirt(), err)
	}
}

func TestASheetIsReadAsItShows(t *testing.T) {
	f := excelize.NewFile()
	day, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	for at, v := range map[string]any{"A2": "Fiche", "B2": "Né le", "D2": "École", "A4": 412345678, "B4": 46266, "D4": "é & \"x\"", "A5": "0012", "D5": true} {
		if err := f.SetCellValue("Sheet1", at, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.SetCellStyle("Sheet1", "B4", "B4", day), f.SetCellValue("Sheet1", "A90", " ")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.NewSheet("Notes"); err != nil {
		t.Fatal(err)
	}
	var data bytes.Buffer
	if err := f.Write(&data); err != nil {
		t.Fatal(err)
	}
	s, rows, err := walk(bytes.NewReader(data.Bytes()), int64(data.Len()), sheet.Limits{})
	want := [][]string{{"412345678", "2026-09-01", "", "é & \"x\""}, {"0012", "", "", "true"}}
	if err != nil || s.Format != sheet.XLSX || s.Sheets != 2 || s.Row != 5 || !reflect.DeepEqual(rows, want) ||
		!reflect.DeepEqual(s.Header, []string{"Fiche", "Né le", "", "École"}) {
		t.Errorf("%+v, %q, %v", s, rows, err)
	}
}

// workbook is a zip with the least that a workbook needs, and its sheet as given.
func workbook(t testing.TB, sheet string, more map[string]string) []byte {
	t.Helper()
	files := map[string]string{
		"xl/workbook.xml":            `<workbook><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   sheet,
	}
	for name, text := range more {
		files[name] = text
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func cell(ref, text string) string {
	return `<c r="` + ref + `" t="inlineStr"><is><t>` + text + `</t></is></c>`
}

// noise is a text that packs badly.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	text := make([]byte, n)
	for i := range text {
		text[i] = byte('a' + r.IntN(26))
	}
	return string(text)
}

func rowsXML(rows string) string { return `<worksheet><sheetData>` + rows + `</sheetData></worksheet>` }

// hostile are files that are meant to hurt, or that nobody meant, and what is said of them.
func hostile(t testing.TB) map[string]struct {
	data []byte
	key  string
} {
	head := `<row r="1">` + cell("A1", "Fiche") + `</row>`
	return map[string]struct {
		data []byte
		key  string
	}{
		"nothing":              {nil, "sheet.no_rows"},
		"blanks":               {[]byte(" ,\n\n,,\n"), "sheet.no_rows"},
		"a picture":            {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00"), "sheet.not_a_table"},
		"half a zip":           {[]byte("PK\x03\x04 and no more"), "sheet.not_a_table"},
		"a zip of no workbook": {workbook(t, "", map[string]string{"xl/workbook.xml": "<workbook/>"}), "sheet.not_a_table"},
		"a far row":            {workbook(t, rowsXML(head+`<row r="1048576">`+cell("A1048576", "1")+`</row>`), nil), "sheet.beyond"},
		"a far column":         {workbook(t, rowsXML(head+`<row r="2">`+cell("XFD2", "1")+`</row>`), nil), "sheet.beyond"},
		"beyond every column":  {workbook(t, rowsXML(head+`<row r="2">`+cell("ZZZZZZZZZZ2", "1")+`</row>`), nil), "sheet.beyond"},
		"rows out of order":    {workbook(t, rowsXML(`<row r="3">`+cell("A3", "1")+`</row>`+head), nil), "sheet.not_a_table"},
		"a text that is not":   {workbook(t, rowsXML(head+`<row r="2"><c r="A2" t="s"><v>7</v></c></row>`), nil), "sheet.not_a_table"},
		"an open element":      {workbook(t, `<worksheet><sheetData>`+head+`<row r="2"><c r="A2">`, nil), "sheet.not_a_table"},
		"deep elements":        {workbook(t, strings.Repeat("<a>", 1000), nil), "sheet.not_a_table"},
		"a long attribute":     {workbook(t, `<worksheet x="`+noise(1<<20)+`"/>`, nil), "sheet.row_too_long"},
		"a long text":          {workbook(t, rowsXML(head+`<row r="2">`+cell("A2", noise(1<<20))+`</row>`), nil), "sheet.row_too_long"},
		"a text in pieces":     {workbook(t, rowsXML(head+`<row r="2">`+cell("A2", strings.ReplaceAll(noise(1<<20), "a", "<!-- -->"))+`</row>`), nil), "sheet.row_too_long"},
		"a bomb": {workbook(t, rowsXML(head), map[string]string{"xl/sharedStrings.xml": strings.Repeat("<si><t>a</t></si>", 1<<20)}),
			"sheet.beyond"},
		"a quote never closed": {[]byte("a;b\n\"" + strings.Repeat("1;2\n", 1<<18)), "sheet.row_too_long"},
		"a row of commas":      {bytes.Repeat([]byte(","), 1<<22), "sheet.row_too_long"},
		"too many columns":     {[]byte(strings.Repeat("a,", 300) + "a\n1\n"), "sheet.beyond"},
		"too many rows":        {[]byte("a\n" + strings.Repeat("1\n", 1_000_001)), "sheet.beyond"},
	}
}

func TestWhatHurtsIsRefusedInASentence(t *testing.T) {
	for name, c := range hostile(t) {
		_, _, err := walk(bytes.NewReader(c.data), int64(len(c.data)), sheet.Limits{})
		if f, ok := fault.As(err); !ok || f.Key != c.key || f.Kind != fault.Invalid {
			t.Errorf("%s: %v, want %s", name, err, c.key)
		}
	}
}

// A limit is the caller's to set.
func TestLimitsAreSettings(t *testing.T) {
	const data = "a,b\n1,2\n3,4\n"
	book := workbook(t, rowsXML(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`), map[string]string{"xl/sharedStrings.xml": "<sst><si><t>abcdefgh</t></si></sst>"})
	for name, c := range map[string]struct {
		data []byte
		l    sheet.Limits
	}{
		"of bytes":   {[]byte(data), sheet.Limits{File: 5}},
		"of columns": {[]byte(data), sheet.Limits{Columns: 1}},
		"of rows":    {[]byte(data), sheet.Limits{Rows: 2}},
		"of members": {book, sheet.Limits{Members: 2}},
		"of a file":  {book, sheet.Limits{Member: 20}},
		"of texts":   {book, sheet.Limits{Texts: 4}},
	} {
		_, _, err := walk(bytes.NewReader(c.data), int64(len(c.data)), c.l)
		if f, ok := fault.As(err); !ok || f.Key != "sheet.beyond" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// sparse are ten gigabytes of nothing.
type sparse struct{}

func (sparse) ReadAt(p []byte, _ int64) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// Refusing takes less than 64 MB, whatever the file, and leaves nothing on the disk.
func TestRefusingTakesLittle(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	files := hostile(t)
	debug.SetGCPercent(20)
	defer debug.SetGCPercent(100)
	if _, _, err := walk(sparse{}, 10<<30, sheet.Limits{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("ten gigabytes: %v", err)
	}
	if _, _, err := walk(sparse{}, 10<<30, sheet.Limits{File: 11 << 30}); !fault.Is(err, fault.Invalid) {
		t.Errorf("ten gigabytes in one cell: %v", err)
	}
	for name, c := range files {
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		stop, most := make(chan struct{}), make(chan uint64)
		go func() {
			var m runtime.MemStats
			top := uint64(0)
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for {
				runtime.ReadMemStats(&m)
				top = max(top, m.HeapAlloc)
				select {
				case <-stop:
					most <- top
					return
				case <-tick.C:
				}
			}
		}()
		s, err := sheet.Open(bytes.NewReader(c.data), int64(len(c.data)), sheet.Limits{})
		for err == nil {
			_, _, err = s.Next()
		}
		if s != nil {
			if err := s.Close(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		close(stop)
		if top := <-most; top > before.HeapAlloc+64<<20 {
			t.Errorf("%s: %d MB", name, (top-before.HeapAlloc)>>20)
		}
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("left on the disk: %v, %v", left, err)
	}
}

// A stranger's file gives rows as wide as its header, or is refused.
func FuzzOpenCSV(f *testing.F) {
	for _, seed := range []string{"Nom;Note\na;1\n", "a,\"b\nc\"\n,,,\n", "\xff\xfea\x00\n\x00b\x00", "\ufeffa\tb\n1\t\"", "a\x00\n\x00", utf16le("é;b\n1;2\n", false)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(checkSource)
}

// FuzzOpenXLSX gives the reader a workbook whose sheet, texts and styles are the stranger's.
func FuzzOpenXLSX(f *testing.F) {
	f.Add(rowsXML(`<row r="1">`+cell("A1", "Nom")+`</row><row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" s="1"><v>46266</v></c></row>`),
		`<sst><si><t>a</t></si></sst>`, `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`)
	f.Add(rowsXML(`<row><c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c></row>`), "", "")
	f.Fuzz(func(t *testing.T, rows, texts, styles string) {
		checkSource(t, workbook(t, rows, map[string]string{"xl/sharedStrings.xml": texts, "xl/styles.xml": styles}))
	})
}

func checkSource(t *testing.T, data []byte) {
	s, rows, err := walk(bytes.NewReader(data), int64(len(data)), sheet.Limits{})
	if err != nil {
		if !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
		return
	}
	for _, cells := range rows {
		if len(cells) != len(s.Header) || strings.ContainsAny(fmt.Sprint(cells), "\x00\r\n") {
			t.Fatalf("%q under %q", cells, s.Header)
		}
	}
}
