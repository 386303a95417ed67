package app_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"aval/internal/birth"
	"aval/internal/db"
	"aval/internal/request"
	"aval/internal/roster"
	"aval/internal/vault"
)

// Every table that keeps something sealed has rows on a board that lives, and no row of
// any waits under older keys once these were replaced; what is sealed opens as before.
func TestEverySealedTableIsSealedAgain(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		b.fill()
		b.cards()
		_, err := b.Rosters.Begin(t.Context(), b.system(), b.roster(nil)) // a set that waits, under a key of its own
		b.must(err)
		b.pageOfAFetch()
		b.bear()
		_, _, err = b.Portable.Export(t.Context(), b.as("evaluator"), b.to(request.Decided).ID) // signs, with a key that is kept
		b.must(err)
		b.must(b.Vault.Rotate(t.Context(), b.as("operator")))
		count := func(rows vault.Resealer) (n int) {
			b.must(b.DB.Read(t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
				keys, err := b.Vault.Keys(ctx, tx)
				if err != nil {
					return err
				}
				n, err = rows.Older(ctx, tx, keys)
				return err
			}))
			return n
		}
		for i, rows := range b.Vault.Rows {
			if count(rows) == 0 {
				t.Errorf("%d, %T: the board has no row of it", i, rows)
			}
		}
		b.must(b.Vault.Reseal(t.Context(), b.id, b.id))
		for i, rows := range b.Vault.Rows {
			if n := count(rows); n != 0 {
				t.Errorf("%d, %T: %d rows wait under older keys", i, rows, n)
			}
		}
		status, err := b.Vault.Status(t.Context(), b.as("operator"))
		if err != nil || len(status.Keys) != 1 {
			t.Errorf("keys: %+v, %v, want the newest alone", status, err)
		}
		b.asksForKin() // opens and finds what it did
		var waiting []string
		b.must(b.DB.Read(t.Context(), b.id, func(ctx context.Context, tx *db.Tx) (err error) {
			waiting, err = db.All(ctx, tx, text, `SELECT id FROM roster_import WHERE board_id = $1 AND state = 'waiting'`, tx.Board)
			return err
		}))
		for _, id := range waiting {
			b.must(b.Rosters.Work(t.Context(), b.id, id))
			p, err := b.Rosters.Progress(t.Context(), b.system(), roster.ImportID(id))
			if err != nil || p.State != roster.Finished {
				t.Errorf("the set that waited: %s %+v, %v", p.State, p.Refusal, err)
			}
		}
		if a := b.browse("it", http.MethodGet, "/corrections/"+string(b.wrongName().ID), nil); a.status != http.StatusOK {
			t.Error(fmt.Errorf("a correction: %d", a.status))
		}
	})
}

// bear tells when a pupil was born.
func (b *board) bear() {
	b.t.Helper()
	b.must(b.DB.Write(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
		return (&birth.Register{Vault: b.Vault.Vault}).Begin(nil).Keep(ctx, tx, []birth.Row{{SourceID: "e00", Day: "2016-05-06"}})
	}))
}

// pageOfAFetch keeps what a source answered once.
func (b *board) pageOfAFetch() {
	b.t.Helper()
	_, pull := b.held()
	b.must(b.DB.Write(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
		keys, err := b.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		id := db.NewID()
		sealed, err := keys.Seal(vault.Place{Table: "roster_page", Column: "sealed", Row: id}, []byte("{}"))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO roster_page (board_id, id, pull_id, number, collection, items, digest, sealed)
			VALUES ($1, $2, $3, 1, 'orgs', 0, '', $4)`, tx.Board, id, pull, sealed)
		return err
	}))
}
