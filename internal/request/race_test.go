package request_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

// atOnce does the same n times at once and answers each result.
func atOnce[T any](n int, do func(i int) (T, error)) ([]T, []error) {
	results, errs := make([]T, n), make([]error, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { results[i], errs[i] = do(i) })
	}
	wait.Wait()
	return results, errs
}

// one checks that one was done and that the others were told why not.
func one(t *testing.T, what string, errs []error, key string) {
	t.Helper()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if f, ok := fault.As(err); !ok || f.Key != key {
			t.Errorf("%s: %v, want %s", what, err, key)
		}
	}
	if done != 1 {
		t.Errorf("%s: %d times, want once", what, done)
	}
}

// colleagues are teachers of the school of Maude, with her classes.
func (w *world) colleagues(n int) (list []policy.Actor) {
	w.t.Helper()
	for i := range n {
		c := w.maude
		c.ID = fmt.Sprintf("collegue-%d", i)
		w.write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO account (board_id, id, login, name, created_at) VALUES ($1, $2, $3, $4, $5)`,
				tx.Board, c.ID, c.ID, "Compte "+c.ID, tx.Now)
			return err
		})
		list = append(list, c)
	}
	return list
}

func TestManyAskAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := build(t, d), t.Context()
		names := []string{"Zibaline", "ZIBALINE", "Ziba-line", " zibaline ", "Autre nom", "Zibaliné"}
		teachers := w.colleagues(len(names))
		drafts, errs := atOnce(len(names), func(i int) (request.Request, error) {
			in := good(names[i])
			in.URL = "https://zibaline.example"
			return w.s.Create(ctx, teachers[i], in)
		})
		for i, err := range errs {
			if err != nil {
				t.Fatalf("drafted as %q: %v", names[i], err)
			}
			if drafts[i].PlatformID != drafts[0].PlatformID {
				t.Errorf("%q is another platform", names[i])
			}
		}
		_, errs = atOnce(len(names), func(i int) (request.Request, error) { return w.s.Submit(ctx, teachers[i], drafts[i].ID) })
		one(t, "submitted by colleagues", errs, "request.open_exists")
		_, errs = atOnce(len(names), func(int) (request.Request, error) { return w.s.Create(ctx, w.maude, good("Plumarel")) })
		one(t, "drafted by one person", errs, "request.yours_exists")
		_, errs = atOnce(len(names), func(int) (request.Request, error) {
			return w.s.Redirect(ctx, w.ti, request.Passed{PlatformName: "Tabulou", Org: "lac", Note: "Reçu par courriel."})
		})
		one(t, "passed on", errs, "request.yours_exists")
	})
}
