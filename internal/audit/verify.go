package audit

import (
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"aval/internal/db"
	"aval/internal/fault"
)

// Report is what Verify found. Problem is empty when the trail is whole, else
// the key of a sentence; FirstBad is the first record that is wrong, missing
// or too many, or -1 when none can be named. LastBad is the same record, or
// the end of the stretch that FirstBad begins where only a stretch is certain.
type Report struct {
	Board    string
	Size     int64
	Root     string
	At       time.Time // of the last record
	FirstBad int64
	LastBad  int64
	Problem  string
	Anchor   *Checkpoint // compared with, or nil
}

// Whole tells that nothing was found.
func (r Report) Whole() bool { return r.Problem == "" }

// Message is the finding as a sentence.
func (r Report) Message() fault.Message {
	switch r.Problem {
	case "":
		if r.Anchor != nil {
			return fault.Message{Key: "audit.whole_anchored", Args: []any{int(r.Size), r.Anchor.At}}
		}
		return fault.Message{Key: "audit.whole", Args: []any{int(r.Size)}}
	case stretchChanged, hashChanged:
		return fault.Message{Key: r.Problem, Args: []any{r.FirstBad, r.LastBad}}
	case anchorOlder, anchorRewritten:
		return fault.Message{Key: r.Problem, Args: []any{r.Size, r.Anchor.Size}}
	case hashAdded, headChanged, headMissing, anchorBoard:
		return fault.Message{Key: r.Problem}
	}
	return fault.Message{Key: r.Problem, Args: []any{r.FirstBad}}
}

// What Verify may find.
const (
	recordChanged   = "audit.record_changed"   // the row is not what was hashed
	recordMissing   = "audit.record_missing"   // a hole
	recordAdded     = "audit.record_added"     // a row that the head does not know
	stretchChanged  = "audit.stretch_changed"  // one of these rows, its own hash changed with it
	tailCut         = "audit.tail_cut"         // the last records are gone
	hashChanged     = "audit.hash_changed"     // records are whole, hashes over them are not
	hashAdded       = "audit.hash_added"       // a hash that no record asks for
	headChanged     = "audit.head_changed"     // records and hashes agree, the head does not
	headMissing     = "audit.head_missing"     // records without a head
	anchorBoard     = "audit.anchor_board"     // a checkpoint of another board
	anchorOlder     = "audit.anchor_older"     // the database ends before the checkpoint
	anchorRewritten = "audit.anchor_rewritten" // another history than the checkpoint's
)

// Verify computes a board's tree anew from its records and compares it with
// the stored hashes, the head and, when given, a checkpoint that was kept
// elsewhere. It reads in pages, within one snapshot. The error is for what kept
// it from reading; what is wrong with the trail is in the report.
func Verify(ctx context.Context, d *db.DB, board string, anchor *Checkpoint) (report Report, err error) {
	err = d.Read(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		v := verification{report: Report{Board: board, FirstBad: -1, LastBad: -1, Anchor: anchor}}
		if err := v.run(ctx, tx); err != nil {
			return fmt.Errorf("verify trail: %w", err)
		}
		report = v.report
		return nil
	})
	return report, err
}

// verification is one walk over a board's trail.
type verification struct {
	report Report
	head   head
	headed bool
	tree   frontier
	count  int64 // records without a hole
	hole   bool  // more records follow after a hole
	atHead tlog.Hash
	atAnch tlog.Hash
	spare  bool // hashes that no record asks for
}

func (v *verification) found(problem string, first, last int64) {
	if v.report.Problem == "" {
		v.report.Problem, v.report.FirstBad, v.report.LastBad = problem, first, last
	}
}

func (v *verification) run(ctx context.Context, tx *db.Tx) (err error) {
	if v.head, v.headed, err = readHead(ctx, tx); err != nil {
		return err
	}
	v.report.Size, v.report.Root = v.head.size, v.head.root
	if err := v.walk(ctx, tx); err != nil {
		return err
	}
	if err := v.conclude(); err != nil {
		return err
	}
	if v.report.Problem == "" && v.report.Anchor != nil {
		v.compare(*v.report.Anchor)
	}
	return nil
}

// walk computes the tree record by record and notes the first stored hash that
// is not the computed one.
func (v *verification) walk(ctx context.Context, tx *db.Tx) error {
	records := pages[Record]{key: func(r Record) int64 { return r.Seq }, read: func(after int64) ([]Record, error) {
		return recordsToVerify(ctx, tx, after, pageSize)
	}}
	hashes := pages[storedHash]{key: func(h storedHash) int64 { return h.index }, read: func(after int64) ([]storedHash, error) {
		return hashesAfter(ctx, tx, after, pageSize)
	}}
	for ; ; v.count++ {
		if err := v.mark(); err != nil {
			return err
		}
		r, ok, err := records.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if r.Seq < v.count { // below zero
			v.found(recordAdded, v.count, v.count)
			v.count-- // it is passed over
			continue
		}
		if r.Seq > v.count {
			v.hole = true
			break
		}
		v.report.At = r.At
		added, err := v.tree.add(r.Seq, tlog.RecordHash(r.encode(tx.Board)))
		if err != nil {
			return err
		}
		for level, computed := range added {
			same, err := v.matches(&hashes, tlog.StoredHashIndex(level, r.Seq>>level), computed)
			if err != nil {
				return err
			}
			first := r.Seq >> level << level
			switch {
			case same:
			case level == 0:
				v.found(recordChanged, first, first)
			default:
				v.found(stretchChanged, first, r.Seq)
			}
		}
	}
	_, more, err := hashes.peek()
	v.spare = v.spare || more
	return err
}

// mark keeps the root at the sizes that it is compared at.
func (v *verification) mark() (err error) {
	if v.count == v.head.size {
		if v.atHead, err = tlog.TreeHash(v.count, &v.tree); err != nil {
			return err
		}
	}
	if a := v.report.Anchor; a != nil && v.count == a.Size {
		v.atAnch, err = tlog.TreeHash(v.count, &v.tree)
	}
	return err
}

// matches tells whether the stored hash of that index is the computed one.
// Stored hashes that no record asks for are passed over.
func (v *verification) matches(hashes *pages[storedHash], index int64, computed tlog.Hash) (bool, error) {
	for {
		h, ok, err := hashes.peek()
		if err != nil || !ok || h.index > index {
			return false, err
		}
		hashes.drop()
		if h.index == index {
			return h.hash == computed.String(), nil
		}
		v.spare = true
	}
}

// conclude names what the walk saw. The head's root covers every record: where
// it agrees, the records are whole and only hashes can be wrong.
func (v *verification) conclude() error {
	all, err := tlog.TreeHash(v.count, &v.tree)
	if err != nil {
		return err
	}
	size, agrees := v.head.size, v.count >= v.head.size && v.atHead.String() == v.head.root
	switch {
	case v.report.Problem == recordAdded: // before the first
	case v.hole && v.count < size:
		v.found(recordMissing, v.count, v.count)
	case !v.headed && v.count > 0:
		v.found(headMissing, -1, -1)
	case agrees && v.report.FirstBad >= size:
		v.report.Problem, v.report.FirstBad, v.report.LastBad = recordAdded, size, size
	case agrees && v.report.Problem != "":
		v.report.Problem = hashChanged
	case agrees && (v.count > size || v.hole):
		v.found(recordAdded, size, size)
	case agrees && v.spare:
		v.found(hashAdded, -1, -1)
	case agrees:
	case all.String() == v.head.root && !v.spare: // only the size is another
		v.found(headChanged, -1, -1)
	case v.count < size:
		v.found(tailCut, v.count, size-1)
	case v.count > size:
		v.found(recordAdded, size, size)
	default:
		v.found(headChanged, -1, -1)
	}
	return nil
}

// compare holds the trail against what was signed earlier.
func (v *verification) compare(a Checkpoint) {
	switch {
	case a.Board != v.report.Board:
		v.found(anchorBoard, -1, -1)
	case a.Size > v.head.size:
		v.found(anchorOlder, v.head.size, a.Size-1)
	case a.Root != v.atAnch:
		v.found(anchorRewritten, -1, -1)
	}
}

// pageSize is how many rows are held at once.
const pageSize = 2000

// pages walks over rows in the order of their key, a page at a time.
type pages[T any] struct {
	read    func(after int64) ([]T, error)
	key     func(T) int64
	page    []T
	last    int64
	started bool
	ended   bool
}

func (p *pages[T]) peek() (row T, ok bool, err error) {
	if len(p.page) == 0 && !p.ended {
		if !p.started {
			p.last, p.started = math.MinInt64, true
		}
		if p.page, err = p.read(p.last); err != nil {
			return row, false, err
		}
		if p.ended = len(p.page) < pageSize; len(p.page) > 0 {
			p.last = p.key(p.page[len(p.page)-1])
		}
	}
	if len(p.page) == 0 {
		return row, false, nil
	}
	return p.page[0], true, nil
}

func (p *pages[T]) drop() { p.page = p.page[1:] }

func (p *pages[T]) next() (T, bool, error) {
	row, ok, err := p.peek()
	if ok {
		p.drop()
	}
	return row, ok, err
}
