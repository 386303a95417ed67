package roster

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"

	"aval/internal/db"
)

// digester makes a number of what a record says: two that say something else have
// the same once in many million imports.
type digester struct{ text []byte }

// sum is the digest of a record: even, and not zero.
func (d *digester) sum(file string, values ...string) uint64 {
	d.text = append(append(d.text[:0], file...), 0)
	for _, v := range values {
		d.text = binary.AppendUvarint(d.text, uint64(len(v)))
		d.text = append(d.text, v...)
	}
	sum := sha256.Sum256(d.text)
	return max(binary.BigEndian.Uint64(sum[:8])&^1, 2)
}

// said are the digests of what a board holds of a file, as the last full set told
// it, and which of them the set that is being read repeated: eight bytes each.
type said struct {
	parts  [256]part
	filled int
	unsaid bool // it holds active records too of which it is not known
}

// repeated is the lowest bit of a digest in its place.
const repeated = 1

// place is where a digest stands, or would.
func (s *said) place(digest uint64) *uint64 {
	p := &s.parts[digest>>56]
	at, _ := bits.Mul64(digest<<8, uint64(len(p.slots)))
	for p.slots[at] != 0 && p.slots[at]&^repeated != digest {
		if at++; at == uint64(len(p.slots)) {
			at = 0
		}
	}
	return &p.slots[at]
}

func (s *said) add(digest uint64) {
	p := &s.parts[digest>>56]
	if p.used*8 >= len(p.slots)*7 {
		old := p.slots
		p.slots = make([]uint64, max(16, len(old)*3/2))
		for _, d := range old {
			if d != 0 {
				*s.place(d &^ repeated) = d
			}
		}
	}
	if slot := s.place(digest); *slot == 0 {
		*slot = digest
		p.used++
		s.filled++
	}
}

// repeat answers whether the board holds a record that says just this.
func (s *said) repeat(digest uint64) bool {
	if s.parts[digest>>56].used == 0 {
		return false
	}
	slot := s.place(digest)
	if *slot == 0 {
		return false
	}
	*slot |= repeated
	return true
}

// rest hands on what was not repeated.
func (s *said) rest(f func(digest uint64) error) error {
	for i := range s.parts {
		for _, d := range s.parts[i].slots {
			if d != 0 && d&repeated == 0 {
				if err := f(d); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// saying says, for each file, what the board holds of it, and of posts, whichever file
// tells them. The board is named so that
// SQLite reads the table as it lies: by an index of the board's it would go to each
// record apart. PostgreSQL has the board's wall to choose an index by.
var saying = map[string]string{
	"courses":     `SELECT said FROM course WHERE (board_id = $1) IS TRUE AND (said <> 0 OR status = 'active')`,
	"classes":     `SELECT said FROM class WHERE (board_id = $1) IS TRUE AND (said <> 0 OR status = 'active')`,
	"posts":       `SELECT said FROM person_role WHERE (board_id = $1) IS TRUE`,
	"users":       `SELECT said FROM person WHERE (board_id = $1) IS TRUE AND (said <> 0 OR status = 'active')`,
	"enrollments": `SELECT said FROM enrollment WHERE (board_id = $1) IS TRUE AND (said <> 0 OR status = 'active')`,
}

// saidOf reads what the board holds of a file.
func saidOf(ctx context.Context, d *db.DB, board, file string) (*said, error) {
	held := &said{}
	err := d.Read(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		return db.Each(ctx, tx, func(r db.Row) error {
			var digest int64
			if err := r.Scan(&digest); err != nil {
				return err
			}
			if digest == 0 {
				held.unsaid = true
				return nil
			}
			held.add(uint64(digest)) //nolint:gosec // all bits of it
			return nil
		}, saying[file], tx.Board)
	})
	if err != nil {
		return nil, fmt.Errorf("read what the last set said: %w", err)
	}
	return held, nil
}

// early is what the board holds of a file, read while the files before it are.
type early struct {
	stop func()
	done chan struct{}
	held *said
	err  error
}

func readEarly(ctx context.Context, d *db.DB, board, file string) *early {
	ctx, cancel := context.WithCancel(ctx)
	e := &early{done: make(chan struct{})}
	e.stop = func() {
		cancel()
		<-e.done
	}
	go func() {
		defer close(e.done)
		e.held, e.err = saidOf(ctx, d, board, file)
	}()
	return e
}

// wait answers what was read, once.
func (e *early) wait() (*said, error) {
	<-e.done
	held := e.held
	e.held = nil // else it would stay in memory as long as the import
	return held, e.err
}

// kept64 is a digest as the tables keep it.
func kept64(digest uint64) string { return strconv.FormatInt(int64(digest), 10) } //nolint:gosec // all bits of it
