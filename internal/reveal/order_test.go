package reveal_test

import (
	"context"
	"sync"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/policy"
	"aval/internal/reveal"
	"aval/internal/vault"
)

// These are of PostgreSQL, where several write at once.

// untilWaiting waits until n transactions of the database wait for another.
func (w *world) untilWaiting(n int) {
	w.t.Helper()
	for w.count(`SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE NOT l.granted AND a.datname = current_database() AND CAST($1 AS text) <> ''`) < n {
		w.must(w.t.Context().Err())
	}
}

func (w *world) rotate() error {
	keys := &vault.Service{Vault: w.Names.Vault, DB: w.DB, Rows: []vault.Resealer{w.Names, w.Cards}}
	hand := policy.System(w.board, w.pack(), "cli")
	if err := keys.Rotate(w.t.Context(), hand); err != nil {
		return err
	}
	return keys.Reseal(w.t.Context(), w.board, w.board)
}

// A look that waits behind a rotation holds nothing that who has the keys may
// want: it has not taken its turn yet.
func TestALookWaitsForTheKeysBeforeItsTurn(t *testing.T) {
	w := open(t, dbtest.Open(t, db.Postgres))
	teacher, name := w.actor(policy.Teacher, 0), w.names[w.pupils[0][0]]
	_, err := w.look(teacher, name) // its turn has a row
	w.must(err)
	holds, end := make(chan struct{}), make(chan struct{})
	held, rotated, looked := make(chan error, 1), make(chan error, 1), make(chan error, 1)
	go func() {
		held <- w.Write(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.Names.Vault.Keys(ctx, tx); err != nil {
				return err
			}
			close(holds)
			<-end
			_, err := tx.Exec(ctx, `SELECT turns FROM reveal_turn WHERE board_id = $1 FOR UPDATE NOWAIT`, tx.Board)
			return err
		})
	}()
	<-holds
	go func() { rotated <- w.rotate() }()
	w.untilWaiting(1)
	go func() {
		_, err := w.look(teacher, name)
		looked <- err
	}()
	w.untilWaiting(2)
	close(end)
	for what, ended := range map[string]chan error{"who has the keys and wants the turn": held, "the rotation": rotated, "the look": looked} {
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// People look, print and replace passwords while keys are replaced: nobody ends
// in a ring that PostgreSQL must break.
func TestKeysAreReplacedWhilePeopleLook(t *testing.T) {
	w := open(t, dbtest.Open(t, db.Postgres))
	id := w.licence()
	account := w.account(id, w.pupils[0][0])
	teacher, principal := w.actor(policy.Teacher, 0), w.actor(policy.Principal, 0)
	var all sync.WaitGroup
	try := func(what string, times int, f func() error) {
		all.Go(func() {
			for range times {
				if err := f(); err != nil {
					t.Errorf("%s: %v", what, err)
					return
				}
			}
		})
	}
	for range 3 {
		try("a look", 10, func() error {
			_, err := w.look(teacher, w.names[w.pupils[0][1]])
			return err
		})
		try("a new password", 5, func() error {
			_, err := w.Reveal(t.Context(), principal, reveal.Ask{Kind: reveal.Account, Account: account, Renew: true, Reason: "lost_password"})
			return err
		})
	}
	try("a rotation", 5, w.rotate)
	all.Wait()
	if n := w.count(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database() AND CAST($1 AS text) <> ''`); n != 0 {
		t.Errorf("PostgreSQL broke %d rings", n)
	}
	if n := w.count(looks); n != 45 {
		t.Errorf("%d looks were noted, want 45", n)
	}
}
