package audit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/policy"
)

func operator(board string) policy.Actor { return policy.System(board, nil, "cli") }

// write commits n records in one transaction.
func write(t testing.TB, d *db.DB, board string, n int) {
	t.Helper()
	err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
		for i := range n {
			err := Write(ctx, tx, operator(board), "thing.done", "thing:"+strconv.Itoa(i), Under("2.2b"), Note("é n="+strconv.Itoa(i)))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func verify(t testing.TB, d *db.DB, board string, anchor *Checkpoint) Report {
	t.Helper()
	r, err := Verify(t.Context(), d, board, anchor)
	if err != nil {
		t.Fatalf("Verify: %v", err)
	}
	return r
}

func TestTheTrailGrowsWhole(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one, two := dbtest.Board(t, d), dbtest.Board(t, d)
		if r := verify(t, d, one, nil); !r.Whole() || r.Size != 0 {
			t.Errorf("empty: %+v", r)
		}
		for _, n := range []int{1, 1, 3, 0, 8, 1} {
			write(t, d, one, n)
			if r := verify(t, d, one, nil); !r.Whole() {
				t.Errorf("after %d more: %+v", n, r)
			}
		}
		write(t, d, two, 2)
		if r := verify(t, d, one, nil); r.Size != 14 || r.FirstBad != -1 || r.Message().Key != "audit.whole" {
			t.Errorf("board one: %+v", r)
		}
		if r := verify(t, d, two, nil); r.Size != 2 {
			t.Errorf("board two: %+v", r)
		}

		list, err := (&Service{DB: d}).List(t.Context(), operator(one), 10, 2)
		if err != nil || len(list) != 2 || list[0].Seq != 11 || list[1].Seq != 12 {
			t.Fatalf("List: %+v, %v", list, err)
		}
		r := list[0]
		r.At, r.Seq = r.At.UTC(), 0
		want := Record{At: r.At, Actor: "cli", Role: "operator", Via: "cli", Action: "thing.done", Subject: "thing:6", Clause: "2.2b", Detail: "é n=6"}
		if r != want {
			t.Errorf("record: %+v, want %+v", r, want)
		}
		latest, err := (&Service{DB: d}).Latest(t.Context(), operator(one), 0, 3)
		if err != nil || len(latest) != 3 || latest[0].Seq != 13 || latest[2].Seq != 11 {
			t.Errorf("Latest: %+v, %v", latest, err)
		}
		if latest, err = (&Service{DB: d}).Latest(t.Context(), operator(one), 11, 1); err != nil || len(latest) != 1 || latest[0].Seq != 10 {
			t.Errorf("Latest before 11: %+v, %v", latest, err)
		}
		err = d.Read(t.Context(), one, func(ctx context.Context, tx *db.Tx) error {
			of, err := ForSubject(ctx, tx, "thing:0")
			if len(of) != 5 {
				t.Errorf("ForSubject: %d records, want 5", len(of))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestWriteRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one, two := dbtest.Board(t, d), dbtest.Board(t, d)
		cut := errors.New("cut")
		for name, do := range map[string]func(ctx context.Context, tx *db.Tx) error{
			"an actor of another board": func(ctx context.Context, tx *db.Tx) error {
				err := Write(ctx, tx, operator(two), "thing.done", "thing:1")
				if _, refusal := fault.As(err); refusal {
					t.Errorf("Write: %v, want a mistake, not a refusal", err)
				}
				return err
			},
			"a record that says nothing": func(ctx context.Context, tx *db.Tx) error {
				return Write(ctx, tx, operator(one), "", "thing:1")
			},
			"a transaction that fails": func(ctx context.Context, tx *db.Tx) error {
				if err := Write(ctx, tx, operator(one), "thing.done", "thing:1"); err != nil {
					t.Error(err)
				}
				return cut
			},
		} {
			if err := d.Write(t.Context(), one, do); err == nil {
				t.Errorf("%s committed", name)
			}
		}
		for _, board := range []string{one, two} {
			if r := verify(t, d, board, nil); !r.Whole() || r.Size != 0 {
				t.Errorf("something was kept: %+v", r)
			}
		}
		teacher := policy.Actor{ID: "t", Board: one, Pack: &policy.Pack{}, Grants: []policy.Grant{{Role: policy.Teacher}}}
		if _, err := (&Service{DB: d}).List(t.Context(), teacher, -1, 10); !fault.Is(err, fault.Denied) {
			t.Errorf("List: %v, want denied", err)
		}
		if _, err := (&Service{DB: d}).Latest(t.Context(), teacher, 0, 10); !fault.Is(err, fault.Denied) {
			t.Errorf("Latest: %v, want denied", err)
		}
		if _, err := (&Service{DB: d}).Checkpoint(t.Context(), teacher, keys(t).Signer(one)); err == nil {
			t.Error("Checkpoint: a teacher signed")
		}
	})
}

// node is the index of a stored hash as SQL text.
func node(level int, n int64) string {
	return strconv.FormatInt(tlog.StoredHashIndex(level, n), 10)
}

func TestTamperingIsFound(t *testing.T) {
	const size = 13
	type tampering struct {
		name    string
		sql     []string // $1 is the board
		problem string
		first   int64
	}
	elsewhere := tlog.RecordHash([]byte("elsewhere")).String()
	swap := func(a, b int) []string {
		return []string{
			fmt.Sprintf(`UPDATE audit_record SET seq = -1 WHERE board_id = $1 AND seq = %d`, a),
			fmt.Sprintf(`UPDATE audit_record SET seq = %d WHERE board_id = $1 AND seq = %d`, a, b),
			fmt.Sprintf(`UPDATE audit_record SET seq = %d WHERE board_id = $1 AND seq = -1`, b),
		}
	}
	add := func(seq int) string {
		return fmt.Sprintf(`INSERT INTO audit_record (board_id, seq, at, actor, role, via, action, subject)
			SELECT board_id, %d, at, actor, role, via, action, subject FROM audit_record WHERE board_id = $1 AND seq = 5`, seq)
	}
	cases := []tampering{
		{"a record deleted", []string{`DELETE FROM audit_record WHERE board_id = $1 AND seq = 4`}, recordMissing, 4},
		{"the first record deleted", []string{`DELETE FROM audit_record WHERE board_id = $1 AND seq = 0`}, recordMissing, 0},
		{"two records swapped", swap(3, 9), recordChanged, 3},
		{"neighbours swapped", swap(6, 7), recordChanged, 6},
		{"a record pushed in", append([]string{
			`UPDATE audit_record SET seq = -seq - 100 WHERE board_id = $1 AND seq >= 5`,
			`UPDATE audit_record SET seq = -seq - 99 WHERE board_id = $1 AND seq < 0`,
			`INSERT INTO audit_record (board_id, seq, at, actor, role, via, action, subject)
				SELECT board_id, 5, at, actor, role, via, 'thing.pushed', subject FROM audit_record WHERE board_id = $1 AND seq = 6`,
		}, `UPDATE audit_head SET size = size + 1 WHERE board_id = $1`), recordChanged, 5},
		{"a record added at the end", []string{add(size)}, recordAdded, size},
		{"a record added with a hole", []string{add(size + 4)}, recordAdded, size},
		{"a record added before the first", []string{add(-3)}, recordAdded, 0},
		{"a record added and counted", []string{add(size), `UPDATE audit_head SET size = size + 1 WHERE board_id = $1`}, recordChanged, size},
		{"the last record cut", []string{`DELETE FROM audit_record WHERE board_id = $1 AND seq = 12`}, tailCut, 12},
		{"the tail cut", []string{`DELETE FROM audit_record WHERE board_id = $1 AND seq >= 10`}, tailCut, 10},
		{"the tail and its hashes cut", []string{`DELETE FROM audit_record WHERE board_id = $1 AND seq >= 10`,
			`DELETE FROM audit_hash WHERE board_id = $1 AND idx >= ` + node(0, 10)}, tailCut, 10},
		{"the tail cut and the size with it", []string{`DELETE FROM audit_record WHERE board_id = $1 AND seq >= 10`,
			`DELETE FROM audit_hash WHERE board_id = $1 AND idx >= ` + node(0, 10),
			`UPDATE audit_head SET size = 10 WHERE board_id = $1`}, headChanged, -1},
		{"everything cut but the head", []string{`DELETE FROM audit_record WHERE board_id = $1`,
			`DELETE FROM audit_hash WHERE board_id = $1`}, tailCut, 0},
		{"the head's size raised", []string{`UPDATE audit_head SET size = 14 WHERE board_id = $1`}, headChanged, -1},
		{"the head's size lowered", []string{`UPDATE audit_head SET size = 12 WHERE board_id = $1`}, headChanged, -1},
		{"the head's size below zero", []string{`UPDATE audit_head SET size = -5 WHERE board_id = $1`}, headChanged, -1},
		{"the head's root edited", []string{`UPDATE audit_head SET root = '` + elsewhere + `' WHERE board_id = $1`}, headChanged, -1},
		{"the head deleted", []string{`DELETE FROM audit_head WHERE board_id = $1`}, headMissing, -1},
		{"a leaf's hash edited", []string{`UPDATE audit_hash SET hash = '` + elsewhere + `' WHERE board_id = $1 AND idx = ` + node(0, 6)}, hashChanged, 6},
		{"the last leaf's hash edited", []string{`UPDATE audit_hash SET hash = '` + elsewhere + `' WHERE board_id = $1 AND idx = ` + node(0, 12)}, hashChanged, 12},
		{"an inner hash edited", []string{`UPDATE audit_hash SET hash = 'x' WHERE board_id = $1 AND idx = ` + node(2, 1)}, hashChanged, 4},
		{"a hash deleted", []string{`DELETE FROM audit_hash WHERE board_id = $1 AND idx = ` + node(0, 8)}, hashChanged, 8},
		{"a hash inserted at the end", []string{`INSERT INTO audit_hash (board_id, idx, hash) VALUES ($1, 1000, 'x')`}, hashAdded, -1},
		{"a hash inserted before the first", []string{`INSERT INTO audit_hash (board_id, idx, hash) VALUES ($1, -1, 'x')`}, hashAdded, -1},
	}
	for column, value := range map[string]string{
		"actor": `'x'`, "role": `'x'`, "via": `'x'`, "action": `'x'`, "subject": `'x'`, "clause": `''`, "detail": `detail || ' '`,
		"at": `'2020-01-01 00:00:00+00:00'`,
	} {
		cases = append(cases, tampering{"the " + column + " of a record changed",
			[]string{`UPDATE audit_record SET ` + column + ` = ` + value + ` WHERE board_id = $1 AND seq = 8`}, recordChanged, 8})
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				board, other := dbtest.Board(t, d), dbtest.Board(t, d)
				for _, n := range []int{1, 5, 7} {
					write(t, d, board, n)
				}
				write(t, d, other, 3)
				for _, sql := range c.sql {
					dbtest.OwnerExec(t, d, sql, board)
				}
				r := verify(t, d, board, nil)
				if r.Problem != c.problem || r.FirstBad != c.first {
					t.Errorf("Verify: %s at %d (to %d), want %s at %d", r.Problem, r.FirstBad, r.LastBad, c.problem, c.first)
				}
				if m := r.Message(); m.Key != c.problem {
					t.Errorf("Message: %+v", m)
				}
				if r := verify(t, d, other, nil); !r.Whole() {
					t.Errorf("the other board: %+v", r)
				}
			})
		}
	})
}

func TestARecordAndItsHashChangedTogether(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		write(t, d, board, 13)
		list, err := (&Service{DB: d}).List(t.Context(), operator(board), 4, 1)
		if err != nil {
			t.Fatal(err)
		}
		r := list[0]
		r.Actor = "other"
		dbtest.OwnerExec(t, d, `UPDATE audit_record SET actor = 'other' WHERE board_id = $1 AND seq = 5`, board)
		dbtest.OwnerExec(t, d, `UPDATE audit_hash SET hash = $2 WHERE board_id = $1 AND idx = `+node(0, 5),
			board, tlog.RecordHash(r.encode(board)).String())
		if r := verify(t, d, board, nil); r.Problem != stretchChanged || r.FirstBad != 4 || r.LastBad != 5 {
			t.Errorf("Verify: %+v, want one of records 4 and 5", r)
		}
	})
}

func TestARowThatCannotBeRead(t *testing.T) {
	d := dbtest.Open(t, db.SQLite) // PostgreSQL does not take such a row
	board := dbtest.Board(t, d)
	write(t, d, board, 6)
	dbtest.OwnerExec(t, d, `UPDATE audit_record SET at = 'yesterday' WHERE board_id = $1 AND seq = 3`, board)
	if r := verify(t, d, board, nil); r.Problem != recordChanged || r.FirstBad != 3 {
		t.Errorf("Verify: %+v, want record 3 changed", r)
	}
}

func TestAnAnchorFindsAnOlderOrAnotherPast(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := keys(t)
		board, other := dbtest.Board(t, d), dbtest.Board(t, d)
		anchor := func(board string) *Checkpoint {
			t.Helper()
			data, err := (&Service{DB: d}).Checkpoint(t.Context(), operator(board), k.Signer(board))
			if err != nil {
				t.Fatal(err)
			}
			c, err := ParseCheckpoint(k.Verifier(board), data)
			if err != nil {
				t.Fatal(err)
			}
			return &c
		}
		empty := anchor(other)
		write(t, d, board, 5)
		early := anchor(board) // of 5 records; it is itself the sixth
		write(t, d, board, 4)
		saved := snapshot(t, d, board)
		write(t, d, board, 3)
		late := anchor(board)

		if early.Size != 5 || late.Size != 13 || empty.Size != 0 {
			t.Errorf("sizes: %d, %d, %d, want 5, 13, 0", early.Size, late.Size, empty.Size)
		}
		for _, a := range []*Checkpoint{early, late} {
			if r := verify(t, d, board, a); !r.Whole() || r.Message().Key != "audit.whole_anchored" {
				t.Errorf("whole trail, anchor of %d: %+v", a.Size, r)
			}
		}
		if r := verify(t, d, other, empty); !r.Whole() {
			t.Errorf("anchor of an empty trail: %+v", r)
		}
		if r := verify(t, d, board, empty); r.Problem != anchorBoard {
			t.Errorf("anchor of another board: %+v", r)
		}

		restore(t, d, board, saved)
		if r := verify(t, d, board, nil); !r.Whole() || r.Size != 10 {
			t.Errorf("an older copy agrees with itself: %+v", r)
		}
		if r := verify(t, d, board, early); !r.Whole() {
			t.Errorf("an older copy agrees with an older anchor: %+v", r)
		}
		if r := verify(t, d, board, late); r.Problem != anchorOlder || r.FirstBad != 10 || r.LastBad != 12 {
			t.Errorf("an older copy: %+v, want records 10 to 12 missing", r)
		}
		write(t, d, board, 6) // and life goes on over it
		if r := verify(t, d, board, late); r.Problem != anchorRewritten {
			t.Errorf("another past: %+v", r)
		}
		dbtest.OwnerExec(t, d, `UPDATE audit_head SET root = 'x' WHERE board_id = $1`, board)
		if _, err := (&Service{DB: d}).Checkpoint(t.Context(), operator(board), k.Signer(board)); !fault.Is(err, fault.Conflict) {
			t.Errorf("Checkpoint over a broken head: %v, want conflict", err)
		}
	})
}

type copied struct {
	head    head
	records []Record
	hashes  []storedHash
}

func snapshot(t *testing.T, d *db.DB, board string) (c copied) {
	t.Helper()
	err := d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) (err error) {
		if c.head, _, err = readHead(ctx, tx); err != nil {
			return err
		}
		if c.records, err = recordsAfter(ctx, tx, -1, 1000); err != nil {
			return err
		}
		c.hashes, err = hashesAfter(ctx, tx, -1, 1000)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func restore(t *testing.T, d *db.DB, board string, c copied) {
	t.Helper()
	for _, table := range []string{"audit_record", "audit_hash", "audit_head"} {
		dbtest.OwnerExec(t, d, `DELETE FROM `+table+` WHERE board_id = $1`, board)
	}
	err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
		if _, err := growHead(ctx, tx, c.head.size); err != nil {
			return err
		}
		if err := setRoot(ctx, tx, c.head.root); err != nil {
			return err
		}
		if err := insertRecords(ctx, tx, c.records); err != nil {
			return err
		}
		return insertHashes(ctx, tx, c.hashes)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWritersAtOnceLeaveAWholeTree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		boards := []string{dbtest.Board(t, d), dbtest.Board(t, d)}
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := range 25 {
					board := boards[min(w/6, 1)]
					err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
						if err := Write(ctx, tx, operator(board), "thing.done", "thing:1"); err != nil {
							return err
						}
						// A row that all of them want, taken after Write was called: the lock of the
						// trail must come after it.
						if err := policy.Mark(ctx, tx, "control", "thing:"+strconv.Itoa((w+i)%3), policy.Conform); err != nil {
							return err
						}
						return Write(ctx, tx, operator(board), "thing.done", "thing:2")
					})
					if err != nil {
						t.Errorf("writer %d: %v", w, err)
						return
					}
				}
			})
		}
		wg.Wait()
		for board, want := range map[string]int64{boards[0]: 6 * 25 * 2, boards[1]: 2 * 25 * 2} {
			if r := verify(t, d, board, nil); !r.Whole() || r.Size != want {
				t.Errorf("Verify: %+v, want %d records", r, want)
			}
		}
	})
}

func TestALongTrailIsReadInPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		write(t, d, board, 2*pageSize+rowsPerInsert+1)
		if r := verify(t, d, board, nil); !r.Whole() || r.Size != 2*pageSize+rowsPerInsert+1 {
			t.Errorf("Verify: %+v", r)
		}
		dbtest.OwnerExec(t, d, `UPDATE audit_record SET action = 'x' WHERE board_id = $1 AND seq = $2`, board, pageSize+7)
		if r := verify(t, d, board, nil); r.FirstBad != pageSize+7 {
			t.Errorf("Verify: %+v, want record %d", r, pageSize+7)
		}
	})
}
