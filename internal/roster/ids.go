package roster

import "hash/maphash"

// seed is of this run: nobody can choose ids that meet.
var seed = maphash.MakeSeed()

// hash stands for an identifier where it is not kept. Among three million ids,
// two meet once in four million runs.
func hash(id string) uint64 { return maphash.String(seed, id) }

// ids are the identifiers that a file holds.
type ids struct {
	seen  map[uint64]struct{} // where rows are not kept
	place map[string]int      // where they are: at which place of the list each stands
}

func newIDs(keep bool) *ids {
	if keep {
		return &ids{place: map[string]int{}}
	}
	return &ids{seen: map[uint64]struct{}{}}
}

func (s *ids) has(id string) (ok bool) {
	if s.place != nil {
		_, ok = s.place[id]
		return ok
	}
	_, ok = s.seen[hash(id)]
	return ok
}

// put adds an id, or answers where it stands already.
func (s *ids) put(id string, at int) (place int, twice bool) {
	if s.place != nil {
		if place, twice = s.place[id]; !twice {
			s.place[id] = at
		}
		return place, twice
	}
	before := len(s.seen)
	s.seen[hash(id)] = struct{}{}
	return 0, len(s.seen) == before
}

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
