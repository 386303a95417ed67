package policy

import (
	"fmt"
	"strconv"

	"aval/internal/fault"
)

// Problem is one thing wrong in the file of a pack, and where it stands.
type Problem struct {
	File    string
	Line    int    // from 1
	Column  int    // from 1, in characters
	Key     string // of the sentence, whose first arguments are the place
	Args    []any
	Excerpt string // the line, or what stands around the place in a long one
	Mark    int    // where in the excerpt, from 0, in characters
}

// Place is file:line:column, which editors lead to.
func (p Problem) Place() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Message is the sentence.
func (p Problem) Message() fault.Message {
	return fault.Message{Key: p.Key, Args: append([]any{p.File, strconv.Itoa(p.Line), strconv.Itoa(p.Column)}, p.Args...)}
}

// Problems refuse a pack: everything that is wrong in it, file by file, in the
// order of the lines. As a fault they are the first of them, Invalid.
type Problems []Problem

func (ps Problems) Error() string {
	return fmt.Sprintf("%d problems, the first at %s: %s", len(ps), ps[0].Place(), ps[0].Key)
}

// Unwrap gives the first as a refusal.
func (ps Problems) Unwrap() error {
	m := ps[0].Message()
	return fault.New(fault.Invalid, m.Key, m.Args...)
}

// excerptWidth is how much of a line is shown, in characters.
const excerptWidth = 100

// excerpt is what stands around a column, and where in it the column is.
func excerpt(line string, column int) (string, int) {
	runes := []rune(line)
	at := min(max(column-1, 0), len(runes))
	from := max(0, min(at-excerptWidth/2, len(runes)-excerptWidth))
	to := min(len(runes), from+excerptWidth)
	shown := make([]rune, 0, to-from)
	for _, c := range runes[from:to] {
		if c < ' ' || c == 0x7f {
			c = ' ' // a tab or an escape would move what is shown
		}
		shown = append(shown, c)
	}
	return string(shown), at - from
}
