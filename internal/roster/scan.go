package roster

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"aval/internal/fault"
)

// scanner cuts CSV (RFC 4180) into rows as it comes in. It holds one row at a
// time, and refuses one that is longer than a limit: a quote that is never closed
// would else hold the rest of the file. A quote where none may stand is taken as
// a sign like another, as encoding/csv does with LazyQuotes; a blank line is a
// row of one empty cell, as in a spreadsheet.
type scanner struct {
	file    string
	src     io.Reader
	comma   byte
	line    int // bytes that a row may have
	columns int // cells that a row may have

	buf        []byte
	begin, end int // of what was read and not yet cut
	eof        bool

	cells []string // of the row
	text  []byte   // of a row that holds quotes, unquoted
	ends  []int    // of its cells in text
	plain bool     // the row holds printable ASCII only
	stray bool     // a quote stands where none may
	cr    bool     // a carriage return stands within a cell
}

func newScanner(file string, src io.Reader, l Limits) *scanner {
	return &scanner{file: file, src: src, comma: ',', line: l.Line, columns: l.Columns, buf: make([]byte, min(64<<10, l.Line+1))}
}

// fill reads more. It answers io.EOF when there is no more.
func (s *scanner) fill() error {
	if s.eof {
		return io.EOF
	}
	if s.begin > 0 {
		copy(s.buf, s.buf[s.begin:s.end])
		s.begin, s.end = 0, s.end-s.begin
	}
	if s.end == len(s.buf) {
		if s.end > s.line {
			return fault.New(fault.Invalid, "roster.row_too_long", s.file+".csv")
		}
		s.buf = append(s.buf, make([]byte, min(len(s.buf), s.line+1-s.end))...)
	}
	n, err := s.src.Read(s.buf[s.end:])
	s.end += n
	if errors.Is(err, io.EOF) {
		s.eof = true
		return nil
	}
	return err
}

// peek shows the first bytes, at most n.
func (s *scanner) peek(n int) ([]byte, error) {
	for s.end-s.begin < n && !s.eof {
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
	return s.buf[s.begin:min(s.end, s.begin+n)], nil
}

// next cuts the next row into cells, which hold until the row after it. It
// answers io.EOF after the last.
func (s *scanner) next() ([]string, error) {
	s.stray, s.cr = false, false
	from := 0 // what was looked at before
	for {
		at := bytes.IndexByte(s.buf[s.begin+from:s.end], '\n')
		if at >= 0 || s.eof {
			break
		}
		from = s.end - s.begin
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
	if s.begin == s.end {
		return nil, io.EOF
	}
	line := s.buf[s.begin:s.end]
	if at := bytes.IndexByte(line, '\n'); at >= 0 {
		line = line[:at+1]
	}
	if bytes.IndexByte(line, '"') >= 0 {
		return s.quoted()
	}
	s.begin += len(line)
	line = withoutEnd(line)
	s.cr = bytes.IndexByte(line, '\r') >= 0
	s.plain = isPlain(line)
	return s.cut(string(line))
}

// withoutEnd takes the end of the line away.
func withoutEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

func isPlain(text []byte) bool {
	for _, c := range text {
		if c-0x20 >= 0x5f {
			return false
		}
	}
	return true
}

// cut parts a row that holds no quote.
func (s *scanner) cut(line string) ([]string, error) {
	cells := s.cells[:0]
	for {
		at := strings.IndexByte(line, s.comma)
		if at < 0 || len(cells) == s.columns {
			break
		}
		cells = append(cells, line[:at])
		line = line[at+1:]
	}
	cells = append(cells, line)
	s.cells = cells
	if len(cells) > s.columns {
		return nil, fault.New(fault.Invalid, "roster.row_too_long", s.file+".csv")
	}
	return cells, nil
}

// quoted cuts a row that holds a quote, which may go over several lines.
func (s *scanner) quoted() ([]string, error) {
	for {
		used, whole := s.unquote(s.buf[s.begin:s.end])
		if whole {
			s.begin += used
			break
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
	if len(s.ends) > s.columns {
		return nil, fault.New(fault.Invalid, "roster.row_too_long", s.file+".csv")
	}
	s.plain = isPlain(s.text)
	all, cells, from := string(s.text), s.cells[:0], 0
	for _, end := range s.ends {
		cells = append(cells, all[from:end])
		from = end
	}
	s.cells = cells
	return cells, nil
}

// unquote puts a row's cells end to end. It answers how many bytes the row took,
// or that the row does not end in them.
func (s *scanner) unquote(data []byte) (used int, whole bool) {
	s.text, s.ends, s.stray, s.cr = s.text[:0], s.ends[:0], false, false
	i := 0
	for {
		var more bool
		if i < len(data) && data[i] == '"' {
			i, more = s.within(data, i+1)
		} else {
			i, more = s.bare(data, i)
		}
		switch {
		case more:
			return 0, false
		case i < len(data) && data[i] == s.comma:
			s.ends = append(s.ends, len(s.text))
			i++
		default: // the end of the line, or of the file
			s.ends = append(s.ends, len(s.text))
			return min(i+1, len(data)), true
		}
	}
}

// bare reads a cell that does not begin with a quote, up to its comma or line feed.
func (s *scanner) bare(data []byte, i int) (end int, more bool) {
	begin := i
	for i < len(data) && data[i] != s.comma && data[i] != '\n' {
		i++
	}
	if i == len(data) && !s.eof {
		return 0, true
	}
	cell := data[begin:i]
	if i == len(data) || data[i] == '\n' {
		cell = withoutEnd(cell)
	}
	s.stray = s.stray || bytes.IndexByte(cell, '"') >= 0
	s.cr = s.cr || bytes.IndexByte(cell, '\r') >= 0
	s.text = append(s.text, cell...)
	return i, false
}

// within reads a cell after its opening quote, up to the comma or line feed behind its closing one.
func (s *scanner) within(data []byte, i int) (end int, more bool) {
	for {
		at := bytes.IndexByte(data[i:], '"')
		if at < 0 {
			if !s.eof {
				return 0, true
			}
			s.stray = true // never closed
			s.take(data[i:])
			return len(data), false
		}
		s.take(data[i : i+at])
		i += at + 1
		rest := data[i:]
		switch {
		case len(rest) < 2 && !s.eof:
			return 0, true
		case len(rest) == 0, rest[0] == s.comma, rest[0] == '\n':
			return i, false
		case rest[0] == '\r' && (len(rest) == 1 || rest[1] == '\n'):
			return i + 1, false
		case rest[0] == '"':
			i++
		default:
			s.stray = true
		}
		s.text = append(s.text, '"')
	}
}

func (s *scanner) take(part []byte) {
	s.cr = s.cr || bytes.IndexByte(part, '\r') >= 0
	s.text = append(s.text, part...)
}
