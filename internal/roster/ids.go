package roster

import (
	"hash/maphash"
	"math/bits"
)

// seed is of this run: nobody can choose ids that meet.
var seed = maphash.MakeSeed()

// hash stands for an identifier where it is not kept. Among two million ids, two
// meet once in nine million runs.
func hash(id string) uint64 { return maphash.String(seed, id) }

// hashes is a set of hashes in little memory: parts that grow one after another,
// by half, each searched from where a hash would like to stand.
type hashes struct {
	parts [256]part
}

type part struct {
	slots []uint64 // zero is free
	used  int
}

// slot is where a hash stands, or the free place where it would.
func (p *part) slot(h uint64) *uint64 {
	at, _ := bits.Mul64(h<<8, uint64(len(p.slots))) // the first eight bits chose the part
	for p.slots[at] != 0 && p.slots[at] != h {
		if at++; at == uint64(len(p.slots)) {
			at = 0
		}
	}
	return &p.slots[at]
}

func (s *hashes) has(h uint64) bool {
	h = max(h, 1)
	p := &s.parts[h>>56]
	return p.used > 0 && *p.slot(h) == h
}

// add answers whether the hash was new.
func (s *hashes) add(h uint64) bool {
	h = max(h, 1)
	p := &s.parts[h>>56]
	if p.used*8 >= len(p.slots)*7 {
		p.grow()
	}
	slot := p.slot(h)
	if *slot == h {
		return false
	}
	*slot = h
	p.used++
	return true
}

func (p *part) grow() {
	old := p.slots
	p.slots = make([]uint64, max(16, len(old)*3/2))
	for _, h := range old {
		if h != 0 {
			*p.slot(h) = h
		}
	}
}

// ids are the identifiers that a file holds.
type ids struct{ seen hashes }

func (s *ids) has(id string) bool { return s.seen.has(hash(id)) }

// put answers whether the id was new.
func (s *ids) put(id string) bool { return s.seen.add(hash(id)) }

// user is what was read of one user.
type user struct {
	row uint32
	what
}

type what uint16

const (
	standing    what = 1 << iota // the row is kept
	gone                         // it says that the user is
	pupil                        // in one role at least
	staff                        // in one role at least
	guardians                    // the row, or a role, is a guardian's
	leftAside                    // the row is a guardian's
	taughtOne                    // is in a class
	learnsThere                  // as a pupil
	dropped                      // is left aside in the end
)

func (w what) is(any what) bool { return w&any != 0 }
