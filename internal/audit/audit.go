// Package audit is the trail: who did what, when and under which clause, in an
// order that cannot be changed without being seen.
//
// Each board has one Merkle tree (golang.org/x/mod/sumdb/tlog). audit_record
// keeps the records, audit_hash the hashes of the tree in the order in which
// it grows, audit_head its size and root. Write gathers; the records are
// appended as the last step of the transaction, so that the head, which
// everyone in the board waits for, is locked for the shortest time and after
// every other row.
//
//	Write, Write … → before commit: lock head → records → hashes → root → commit
//
// Who can write the database can make a new tree that agrees with itself. What
// they cannot do is agree with a checkpoint that left the machine:
// Verify with that anchor says whether the database is older or was rewritten.
//
// A record holds ids, states and counts, never a name or a free text: it stays
// when the person's data goes.
package audit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"aval/internal/fault"
	"aval/internal/policy"
)

// Record is one line of the trail.
type Record struct {
	Seq     int64 // from 0, without gaps, per board
	At      time.Time
	Actor   string // an account's id, or job and cli
	Role    string // under which it acted
	Via     string // web, api, cli or job
	Action  string // such as "request.submitted"
	Subject string // such as "request:" and an id
	Clause  string // of the policy, or ""
	Detail  string // ids, states and counts
}

// Detail adds to a record.
type Detail func(*Record)

// Under names the clause of the policy that the act comes from.
func Under(clause string) Detail { return func(r *Record) { r.Clause = clause } }

// Note adds ids, states and counts; never what a person typed or is called.
func Note(text string) Detail {
	return func(r *Record) { r.Detail = strings.TrimPrefix(r.Detail+" "+text, " ") }
}

// As names the grant that let the actor act, in place of the furthest of their
// roles; when it was delegated, the record says for whom.
func As(g policy.Grant) Detail {
	return func(r *Record) {
		r.Role = string(g.Role)
		if g.From != "" {
			Note("for account:" + g.From)(r)
		}
	}
}

// maxText bounds a column of a record.
const maxText = 500

// check refuses what must not get into the trail: it would be our mistake.
func (r Record) check() error {
	if r.Actor == "" || r.Action == "" || r.Subject == "" {
		return errors.New("audit: a record needs an actor, an action and a subject")
	}
	for _, s := range r.texts() {
		if len(s) > maxText || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
			return fmt.Errorf("audit: text of %s is too long or not plain", r.Action)
		}
	}
	return nil
}

func (r Record) texts() []string {
	return []string{r.Actor, r.Role, r.Via, r.Action, r.Subject, r.Clause, r.Detail}
}

// encode is what the tree hashes: the version of this encoding, board, number,
// moment and texts, each as its length in bytes, a colon, itself and a comma,
// so that no two records encode alike. A change of it is a new version.
func (r Record) encode(board string) []byte {
	fields := append([]string{
		"aval-audit-1", board, strconv.FormatInt(r.Seq, 10), r.At.UTC().Format("2006-01-02T15:04:05.000000Z"),
	}, r.texts()...)
	var b []byte
	for _, f := range fields {
		b = strconv.AppendInt(b, int64(len(f)), 10)
		b = append(append(append(b, ':'), f...), ',')
	}
	return b
}

// frontier holds the last whole node of each level of a growing tree: all that
// the next record's hashes and the root are made of.
type frontier [63]tlog.Hash

// ReadHashes answers tlog, which asks for no other nodes than these.
func (f *frontier) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, _ := tlog.SplitStoredHashIndex(index)
		hashes[i] = f[level]
	}
	return hashes, nil
}

// add grows the tree by record seq and answers the nodes that this completes,
// from its leaf up.
func (f *frontier) add(seq int64, leaf tlog.Hash) ([]tlog.Hash, error) {
	hashes, err := tlog.StoredHashesForRecordHash(seq, leaf, f)
	copy(f[:], hashes)
	return hashes, err
}

// nodes are the stored hashes that a frontier of that size is made of.
func nodes(size int64) []int64 {
	var indexes []int64
	for level := 0; size>>level > 0; level++ {
		if size>>level&1 == 1 {
			indexes = append(indexes, tlog.StoredHashIndex(level, size>>level-1))
		}
	}
	return indexes
}

// Checkpoint is what the house signed of a board's tree at a moment.
type Checkpoint struct {
	Board string
	Size  int64
	Root  tlog.Hash
	At    time.Time
}

const checkpointHeader = "aval audit checkpoint"

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%s\n%d\n%s\n%s\n", checkpointHeader, c.Board, c.Size, c.Root,
		c.At.UTC().Format(time.RFC3339))
}

// ParseCheckpoint reads a signed checkpoint. It refuses one that is none, that
// another key signed, or that was changed since.
func ParseCheckpoint(v note.Verifier, data []byte) (Checkpoint, error) {
	text := strings.ReplaceAll(string(data), "\r\n", "\n") // mail programs write them
	n, err := note.Open([]byte(text), note.VerifierList(v))
	var unknown *note.UnverifiedNoteError
	var forged *note.InvalidSignatureError
	switch {
	case errors.As(err, &unknown):
		return Checkpoint{}, fault.New(fault.Invalid, "audit.anchor_key")
	case errors.As(err, &forged):
		return Checkpoint{}, fault.New(fault.Invalid, "audit.anchor_forged")
	case err != nil:
		return Checkpoint{}, fault.New(fault.Invalid, "audit.anchor_unreadable")
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 6 || lines[0] != checkpointHeader || lines[5] != "" {
		return Checkpoint{}, fault.New(fault.Invalid, "audit.anchor_unreadable")
	}
	size, errSize := strconv.ParseInt(lines[2], 10, 64)
	root, errRoot := tlog.ParseHash(lines[3])
	at, errAt := time.Parse(time.RFC3339, lines[4])
	if errors.Join(errSize, errRoot, errAt) != nil || size < 0 {
		return Checkpoint{}, fault.New(fault.Invalid, "audit.anchor_unreadable")
	}
	return Checkpoint{Board: lines[1], Size: size, Root: root, At: at}, nil
}
