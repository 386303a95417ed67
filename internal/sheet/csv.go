package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"aval/internal/fault"
)

const mark = "\ufeff"

func readCSV(data []byte) (Table, error) {
	text, err := decoded(data)
	if err != nil {
		return Table{}, err
	}
	t := Table{Format: CSV, Comma: comma(text)}
	if bytes.Count(text, []byte(string(t.Comma))) > MaxCells { // a row of them is in memory before its width is known
		return Table{}, fault.New(fault.Invalid, "sheet.too_large")
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = t.Comma, -1, true
	var rows [][]string
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, t.take(rows)
		}
		if err != nil {
			return Table{}, fault.New(fault.Invalid, "sheet.not_a_table")
		}
		if rows, err = kept(rows, cells); err != nil {
			return Table{}, err
		}
	}
}

// decoded is the text of a file, without its byte order mark.
func decoded(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		text, _, err := transform.Bytes(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder(), data)
		if err != nil {
			return nil, fault.New(fault.Invalid, "sheet.not_a_table")
		}
		return text, nil
	}
	data = bytes.TrimPrefix(data, []byte(mark))
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, fault.New(fault.Invalid, "sheet.not_a_table")
	}
	if utf8.Valid(data) {
		return data, nil
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return nil, fmt.Errorf("read Windows-1252: %w", err) // it knows every byte
	}
	return text, nil
}

// comma is what separates most cells of the first line that has a word, outside
// of quotes.
func comma(text []byte) rune {
	counts := map[rune]int{}
	quoted, word := false, false
	for _, c := range string(text) {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
			word = true
		case c == '\n' && word:
			return most(counts)
		case c == '\n':
			clear(counts)
		case c == ',' || c == ';' || c == '\t':
			counts[c]++
		case c != ' ' && c != '\r':
			word = true
		}
	}
	return most(counts)
}

func most(counts map[rune]int) rune {
	best := ','
	for _, c := range []rune{';', '\t'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}

func (t Table) writeCSV(w io.Writer) error {
	comma := string(t.Comma)
	if t.Comma == 0 {
		comma = ","
	}
	out := bufio.NewWriter(w)
	_, _ = out.WriteString(mark) // Flush tells
	for _, cells := range t.lines() {
		for i, cell := range cells {
			if i > 0 {
				_, _ = out.WriteString(comma)
			}
			_, _ = out.WriteString(quoted(cell))
		}
		_, _ = out.WriteString("\r\n")
	}
	return out.Flush()
}

// quoted is a cell in quotes where it holds what might part cells for some reader.
func quoted(cell string) string {
	if !strings.ContainsAny(cell, ",;\t\"\r\n") && strings.TrimSpace(cell) == cell {
		return cell
	}
	return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
}
