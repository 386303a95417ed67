package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"aval/internal/fault"
)

// lines reads a CSV, whatever its separator and its encoding.
type lines struct {
	comma rune
	csv   *csv.Reader
	row   *rowReader

	as          Encoding // as the file's first bytes say
	utf8, latin bool     // signs of either encoding were met
}

// rowReader ends a reading whose row does not end: a quote that is never closed
// would else hold the rest of the file.
type rowReader struct {
	from io.Reader
	most int
	left int
	over bool
}

func (r *rowReader) Read(b []byte) (int, error) {
	if r.left <= 0 {
		r.over = true
		return 0, errors.New("a row too long")
	}
	n, err := r.from.Read(b[:min(len(b), r.left)])
	r.left -= n
	if bytes.IndexByte(b[:n], 0) >= 0 {
		return 0, fault.New(fault.Invalid, "sheet.not_a_table")
	}
	return n, err
}

const sniffed = 64 << 10

func openLines(r io.ReaderAt, size int64, l Limits) (*lines, error) {
	first := make([]byte, 4)
	n, err := r.ReadAt(first, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	t := &lines{}
	text := func() io.Reader { return t.decoded(first[:n], io.NewSectionReader(r, 0, size)) }
	head := make([]byte, sniffed)
	m, err := io.ReadFull(text(), head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fault.New(fault.Invalid, "sheet.not_a_table")
	}
	t.comma = comma(head[:m])
	t.row = &rowReader{from: text(), most: l.Line}
	t.csv = csv.NewReader(t.row)
	t.csv.Comma, t.csv.FieldsPerRecord, t.csv.LazyQuotes, t.csv.ReuseRecord = t.comma, -1, true, true
	return t, nil
}

// decoded leaves a byte order mark behind, and turns UTF-16 into UTF-8, whether it
// has a mark or shows in every second byte.
func (t *lines) decoded(first []byte, all io.Reader) io.Reader {
	endian := unicode.LittleEndian
	switch {
	case bytes.HasPrefix(first, []byte(mark)):
		t.as = UTF8BOM
		_, _ = io.CopyN(io.Discard, all, int64(len(mark))) // it is there
		return all
	case bytes.HasPrefix(first, []byte{0xff, 0xfe}), len(first) == 4 && first[0] != 0 && first[1] == 0 && first[2] != 0 && first[3] == 0:
	case bytes.HasPrefix(first, []byte{0xfe, 0xff}), len(first) == 4 && first[0] == 0 && first[1] != 0 && first[2] == 0 && first[3] != 0:
		endian = unicode.BigEndian
	default:
		return all
	}
	t.as = UTF16
	return transform.NewReader(all, unicode.UTF16(endian, unicode.UseBOM).NewDecoder())
}

func (t *lines) next() ([]string, int, error) {
	t.row.left = t.row.most
	cells, err := t.csv.Read()
	if t.row.over {
		return nil, 0, fault.New(fault.Invalid, "sheet.row_too_long")
	}
	if errors.Is(err, io.EOF) {
		return nil, 0, io.EOF
	}
	if f, ok := fault.As(err); ok {
		return nil, 0, f
	}
	if err != nil {
		return nil, 0, fault.New(fault.Invalid, "sheet.not_a_table")
	}
	n, _ := t.csv.FieldPos(0)
	for i, cell := range cells {
		if utf8.ValidString(cell) {
			t.utf8 = t.utf8 || high(cell)
			continue
		}
		t.latin = true
		cells[i], _ = charmap.Windows1252.NewDecoder().String(cell) // every byte is a sign of it
	}
	return cells, n, nil
}

func high(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

func (t *lines) encoding() Encoding {
	switch {
	case t.as == UTF16:
		return UTF16
	case t.latin && t.utf8:
		return Mixed
	case t.latin:
		return Western
	case t.as != "":
		return t.as
	}
	return UTF8
}

func (t *lines) close() error { return nil }
