package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
)

// gatheredKey is where a transaction keeps the records that wait for its end.
type gatheredKey struct{}

// Write records that the actor did something to a subject. The record is
// appended just before the transaction commits, or not at all.
func Write(_ context.Context, tx *db.Tx, actor policy.Actor, action, subject string, details ...Detail) error {
	if actor.Board != tx.Board {
		return fmt.Errorf("audit: an actor of another board writes %s", action)
	}
	r := Record{At: tx.Now, Actor: actor.ID, Role: string(actor.Main()), Via: actor.Via, Action: action, Subject: subject}
	for _, add := range details {
		add(&r)
	}
	r.Clause = actor.Pack.Cite(r.Clause)
	if err := r.check(); err != nil {
		return err
	}
	gathered, _ := tx.Value(gatheredKey{}).([]Record)
	tx.SetValue(gatheredKey{}, append(gathered, r))
	if len(gathered) == 0 {
		tx.BeforeCommit(func(ctx context.Context) error {
			gathered, _ := tx.Value(gatheredKey{}).([]Record)
			tx.SetValue(gatheredKey{}, nil)
			return appendRecords(ctx, tx, gathered)
		})
	}
	return nil
}

// appendRecords grows the board's tree. The lock of its head is the last that
// the transaction takes and keeps other writers of the board waiting.
func appendRecords(ctx context.Context, tx *db.Tx, records []Record) error {
	size, err := growHead(ctx, tx, int64(len(records)))
	if err != nil {
		return fmt.Errorf("lock trail: %w", err)
	}
	first := size - int64(len(records))
	f, err := readFrontier(ctx, tx, first)
	if err != nil {
		return err
	}
	var hashes []storedHash
	for i := range records {
		seq := first + int64(i)
		records[i].Seq = seq
		added, err := f.add(seq, tlog.RecordHash(records[i].encode(tx.Board)))
		if err != nil {
			return fmt.Errorf("hash record: %w", err)
		}
		for level, h := range added {
			hashes = append(hashes, storedHash{tlog.StoredHashIndex(level, seq>>level), h.String()})
		}
	}
	root, err := tlog.TreeHash(size, f)
	if err != nil {
		return fmt.Errorf("hash trail: %w", err)
	}
	if err := insertRecords(ctx, tx, records); err != nil {
		return fmt.Errorf("append to trail: %w", err)
	}
	if err := insertHashes(ctx, tx, hashes); err != nil {
		return fmt.Errorf("append hashes: %w", err)
	}
	return setRoot(ctx, tx, root.String())
}

// Service is what people do with the trail.
type Service struct {
	DB *db.DB
}

// maxPage bounds what one page of the trail holds.
const maxPage = 500

// List answers the records after number after (-1 for all), oldest first, at
// most limit of them.
func (s *Service) List(ctx context.Context, actor policy.Actor, after int64, limit int) (records []Record, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.AuditRead, policy.Scope{}); err != nil {
			return err
		}
		records, err = recordsAfter(ctx, tx, after, min(max(limit, 1), maxPage))
		return err
	})
	return records, err
}

// Latest answers the records before number before (0 or less for the end of
// the trail), newest first, at most limit of them.
func (s *Service) Latest(ctx context.Context, actor policy.Actor, before int64, limit int) (records []Record, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.AuditRead, policy.Scope{}); err != nil {
			return err
		}
		records, err = recordsBefore(ctx, tx, before, min(max(limit, 1), maxPage))
		return err
	})
	return records, err
}

// Checkpoint signs the board's trail as it stands, to be kept away from this
// machine, and records that it did. It refuses a trail whose head and hashes
// disagree.
func (s *Service) Checkpoint(ctx context.Context, actor policy.Actor, signer note.Signer) (signed []byte, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.AuditAnchor, policy.Scope{}); err != nil {
			return err
		}
		c, err := checkpoint(ctx, tx)
		if err != nil {
			return err
		}
		if signed, err = note.Sign(&note.Note{Text: c.text()}, signer); err != nil {
			return fmt.Errorf("sign checkpoint: %w", err)
		}
		return Write(ctx, tx, actor, "audit.anchored", "board:"+tx.Board, Note(fmt.Sprintf("size=%d root=%s", c.Size, c.Root)))
	})
	if err != nil {
		return nil, err
	}
	return signed, nil
}

// LastCheckpoint answers when one was last signed through a door (web, api, cli
// or job); zero when never.
func LastCheckpoint(ctx context.Context, tx *db.Tx, via string) (at time.Time, err error) {
	found, err := db.All(ctx, tx, func(row db.Row) (at time.Time, err error) {
		err = row.Scan(&at)
		return at, err
	}, `SELECT at FROM audit_record WHERE board_id = $1 AND subject = $2 AND action = 'audit.anchored' AND via = $3
		ORDER BY seq DESC LIMIT 1`, tx.Board, "board:"+tx.Board, via)
	if err != nil || len(found) == 0 {
		return time.Time{}, err
	}
	return found[0], nil
}

func checkpoint(ctx context.Context, tx *db.Tx) (c Checkpoint, err error) {
	h, _, err := readHead(ctx, tx)
	if err != nil {
		return c, err
	}
	f, err := readFrontier(ctx, tx, h.size)
	if errors.Is(err, errHashes) {
		return c, fault.New(fault.Conflict, "audit.not_whole")
	}
	if err != nil {
		return c, err
	}
	root, err := tlog.TreeHash(h.size, f)
	if err != nil {
		return c, fmt.Errorf("hash trail: %w", err)
	}
	if root.String() != h.root {
		return c, fault.New(fault.Conflict, "audit.not_whole")
	}
	return Checkpoint{Board: tx.Board, Size: h.size, Root: root, At: tx.Now}, nil
}
