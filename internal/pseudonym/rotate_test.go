package pseudonym_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/pseudonym"
	"aval/internal/vault"
)

func (w *world) status() vault.Status {
	w.t.Helper()
	st, err := w.keys.Status(w.t.Context(), w.operator())
	w.must(err)
	return st
}

func (w *world) macs() (macs []string) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *db.Tx) (err error) {
		macs, err = db.All(ctx, tx, func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err },
			`SELECT name_mac || person_mac FROM login_name WHERE board_id = $1 ORDER BY id`, tx.Board)
		return err
	})
	return macs
}

func TestKeysAreReplaced(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 450) // more than two batches
		w.issue(ids)
		names, before, old := w.named(ids), w.status(), w.macs()
		if len(before.Keys) != 1 || before.Older != 0 || before.Made.IsZero() || !before.Rotated.IsZero() {
			t.Fatalf("before: %+v", before)
		}
		w.must(w.keys.Rotate(t.Context(), w.operator()))
		between := w.status()
		if len(between.Keys) != 2 || between.Keys[0] == before.Keys[0] || between.Older != 450 || between.Rotated.IsZero() {
			t.Errorf("between: %+v", between)
		}
		if !maps.Equal(names, w.named(ids)) {
			t.Error("names are not found while keys are replaced")
		}

		// The job is cut after one batch, and begun again.
		cut, cancel := context.WithCancel(t.Context())
		stopping := &vault.Service{Vault: w.keys.Vault, DB: w.DB, Rows: []vault.Resealer{cutter{w.Names, cancel}}}
		if err := stopping.Reseal(cut, w.board, w.board); err == nil {
			t.Fatal("a job that was cut ends well")
		}
		if !maps.Equal(names, w.named(ids)) || w.status().Older != 450 {
			t.Error("the batch that was cut left something")
		}
		w.must(w.keys.Reseal(t.Context(), w.board, w.board))
		after := w.status()
		if !slices.Equal(after.Keys, between.Keys[:1]) || after.Older != 0 {
			t.Errorf("after: %+v", after)
		}
		if !maps.Equal(names, w.named(ids)) {
			t.Error("names are others than before")
		}
		for i, mac := range w.macs() {
			if slices.Contains(old, mac) {
				t.Fatalf("row %d still has its MAC of before", i)
			}
		}
		w.must(w.keys.Reseal(t.Context(), w.board, w.board)) // twice does no harm
		if again := w.status(); !slices.Equal(again.Keys, after.Keys) {
			t.Errorf("the second time: %+v", again)
		}
	})
}

// Whoever seals under a key has committed before it is dropped.
func TestWhoSealsIsWaitedFor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		early, late := w.pupils(w.school, 1), w.pupils(w.school, 1)
		w.issue(early)
		_, other := w.program()
		replaced := make(chan error, 1)
		w.write(func(ctx context.Context, tx *db.Tx) error {
			w.must(w.Issue(ctx, tx, late))
			go func() {
				err := other.Rotate(t.Context(), w.operator())
				if err == nil {
					err = other.Reseal(t.Context(), w.board, w.board)
				}
				replaced <- err
			}()
			select {
			case err := <-replaced:
				t.Errorf("the keys are replaced under who seals: %v", err)
			case <-time.After(300 * time.Millisecond): // as long as it takes where nobody waits
			}
			return nil
		})
		if t.Failed() {
			return
		}
		w.must(<-replaced)
		if names := w.named(append(early, late...)); len(names) != 2 || len(w.status().Keys) != 1 {
			t.Errorf("%d names are read, want 2", len(names))
		}
	})
}

// Rotate leaves the job that ends it.
func TestTheJobSealsAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.issue(w.pupils(w.school, 5))
		w.must(w.keys.Rotate(t.Context(), w.operator()))
		done := make(chan error, 1)
		stop, err := job.Run(t.Context(), w.DB, map[job.Kind]job.Handler{
			vault.ResealJob: func(ctx context.Context, board, id string) error {
				err := w.keys.Reseal(ctx, board, id)
				done <- err
				return err
			},
		}, job.Options{})
		w.must(err)
		w.must(<-done)
		w.must(stop(t.Context()))
		if st := w.status(); len(st.Keys) != 1 || st.Older != 0 {
			t.Errorf("after the job: %+v", st)
		}
	})
}

// cutter ends the context after the first batch was sealed again.
type cutter struct {
	*pseudonym.Names
	cut context.CancelFunc
}

func (c cutter) Reseal(ctx context.Context, tx *db.Tx, keys *vault.Keys, after string, limit int) (string, error) {
	last, err := c.Names.Reseal(ctx, tx, keys, after, limit)
	c.cut()
	return last, err
}

// A row that nobody can open holds the older keys back and nothing else.
func TestAChangedRowHoldsTheKeysBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 10)
		w.issue(ids)
		names := w.named(ids)
		dbtest.OwnerExec(t, w.DB, `UPDATE login_name SET person = name WHERE id = (SELECT min(id) FROM login_name)`)
		w.must(w.keys.Rotate(t.Context(), w.operator()))
		w.must(w.keys.Reseal(t.Context(), w.board, w.board))
		if st := w.status(); len(st.Keys) != 2 || st.Older != 1 {
			t.Errorf("status: %+v, want the older key for one row", st)
		}
		whole := 0
		w.read(func(ctx context.Context, tx *db.Tx) error {
			for _, id := range ids {
				if name, err := w.Of(ctx, tx, id); err == nil && name.String() == names[id] {
					whole++
				}
			}
			return nil
		})
		if whole != 9 {
			t.Errorf("%d names are read, want 9", whole)
		}
	})
}

// Two programs read, look up, issue and replace names without a stop while a
// third replaces the keys three times over: nobody is ever refused, and nobody
// has two names or none.
func TestKeysAreReplacedWhilePeopleWork(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 240)
		later := w.pupils(w.school, 120)
		w.issue(ids)
		names := w.named(ids[:200]) // the others are replaced meanwhile
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var looks atomic.Int64
		work := func(f func(round int) error) {
			wg.Go(func() {
				for round := 0; ctx.Err() == nil; round++ {
					if err := f(round); err != nil {
						t.Errorf("while keys are replaced: %v", err)
						return
					}
				}
			})
		}
		for range 2 {
			program, _ := w.program()
			work(func(round int) error {
				id := ids[round*7%200]
				return w.Read(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
					name, err := program.Of(ctx, tx, id)
					if err != nil {
						return err
					}
					who, err := program.Who(ctx, tx, name)
					if err == nil && (who != id || name.String() != names[id]) {
						t.Error("a name is another's")
					}
					looks.Add(1)
					return err
				})
			})
			work(func(round int) error {
				return w.Write(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
					if _, err := program.Of(ctx, tx, ids[200+round%40]); err != nil {
						return err
					}
					name, err := program.Replace(ctx, tx, ids[200+round%40])
					if err != nil {
						return err
					}
					who, err := program.Who(ctx, tx, name)
					if err == nil && who != ids[200+round%40] {
						t.Error("a new name is another's")
					}
					return err
				})
			})
			work(func(round int) error {
				from := round * 3 % len(later)
				return w.Write(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
					return program.Issue(ctx, tx, later[from:min(from+5, len(later))])
				})
			})
		}
		for range 3 {
			w.must(w.keys.Rotate(t.Context(), w.operator()))
			_, other := w.program() // two replicas may have the job
			wg.Go(func() {
				if err := other.Reseal(t.Context(), w.board, w.board); err != nil {
					t.Errorf("Reseal by another: %v", err)
				}
			})
			w.must(w.keys.Reseal(t.Context(), w.board, w.board))
		}
		for looks.Load() < 20 && !t.Failed() { // the work overlaps even on a slow machine
			w.must(w.keys.Reseal(t.Context(), w.board, w.board))
		}
		stop()
		wg.Wait()
		w.must(w.keys.Reseal(t.Context(), w.board, w.board))
		if st := w.status(); len(st.Keys) != 1 || st.Older != 0 {
			t.Errorf("in the end: %+v", st)
		}
		w.issue(later)
		if !maps.Equal(names, w.named(ids[:200])) {
			t.Error("names have changed")
		}
		all := append(slices.Clone(ids), later...)
		distinct := map[string]bool{}
		for _, name := range w.named(all) {
			distinct[name] = true
		}
		if n := w.count(`SELECT count(*) FROM login_name WHERE board_id = $1 AND retired_on = ''`); n != len(all) || len(distinct) != len(all) {
			t.Errorf("%d pupils have %d names in %d active rows", len(all), len(distinct), n)
		}
	})
}

func TestShreddedNamesAreGone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 3)
		w.issue(ids)
		w.must(w.keys.Shred(t.Context(), w.operator()))
		for _, program := range []*pseudonym.Names{w.Names, func() *pseudonym.Names { n, _ := w.program(); return n }()} {
			err := w.Write(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
				_, err := program.Of(ctx, tx, ids[0])
				if f, ok := fault.As(err); !ok || f.Key != "vault.shredded" {
					t.Errorf("Of: %v", err)
				}
				return program.Issue(ctx, tx, ids)
			})
			if f, ok := fault.As(err); !ok || f.Key != "vault.shredded" {
				t.Errorf("Issue: %v", err)
			}
		}
	})
}
