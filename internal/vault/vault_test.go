package vault_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/seal"
	"aval/internal/vault"
)

func master(t *testing.T) seal.Master {
	t.Helper()
	m, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func operator(t *testing.T, board string) policy.Actor {
	t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	return policy.Actor{ID: "a-operator", Board: board, Via: "cli", Pack: pack, Grants: []policy.Grant{{Role: policy.Operator}}}
}

// keys are those of a board, made where it has none.
func keys(t *testing.T, d *db.DB, v *vault.Vault, board string) (k *vault.Keys) {
	t.Helper()
	err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) (err error) {
		k, err = v.Keys(ctx, tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// refused says that an error is the refusal of that key.
func refused(t *testing.T, what string, err error, key string) {
	t.Helper()
	if f, ok := fault.As(err); !ok || f.Key != key || f.Kind != fault.Conflict {
		t.Errorf("%s: %v, want %s", what, err, key)
	}
}

var here = vault.Place{Table: "login_name", Column: "name", Row: "r1"}

func TestAValueOpensInItsPlaceAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := vault.New(master(t))
		k := keys(t, d, v, dbtest.Board(t, d))
		plain := []byte("a secret")
		sealed, err := k.Seal(here, plain)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []vault.Place{
			{"login_name", "name", "r2"}, {"login_name", "person", "r1"}, {"account", "name", "r1"},
			{"login_nam", "ename", "r1"}, {"login_name", "namer", "1"}, {"login_name", "name", ""}, {},
		} {
			_, err := k.Open(p, sealed)
			refused(t, fmt.Sprintf("moved to %v", p), err, "vault.unreadable")
		}
		_, err = keys(t, d, v, dbtest.Board(t, d)).Open(here, sealed)
		refused(t, "moved to another board", err, "vault.unreadable")
		for i := range sealed {
			for bit := range 8 {
				changed := bytes.Clone(sealed)
				changed[i] ^= 1 << bit
				if _, err := k.Open(here, changed); !fault.Is(err, fault.Conflict) {
					t.Errorf("byte %d, bit %d changed: %v", i, bit, err)
				}
			}
			_, err := k.Open(here, sealed[:i])
			refused(t, fmt.Sprintf("cut to %d bytes", i), err, "vault.unreadable")
		}
		_, err = k.Open(here, append(bytes.Clone(sealed), 0))
		refused(t, "with a byte more", err, "vault.unreadable")
		if got, err := k.Open(here, sealed); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("Open: %q, %v", got, err)
		}
		again, err := k.Seal(here, plain)
		if err != nil || bytes.Equal(again, sealed) {
			t.Errorf("sealed twice, it is the same: %v", err)
		}
		if !k.Current(sealed) || k.Current(plain) || k.Current(nil) {
			t.Error("Current does not tell what the newest key sealed")
		}
	})
}

func TestAMACIsOfItsLabelAndBoard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		v := vault.New(master(t))
		one, two := keys(t, d, v, dbtest.Board(t, d)), keys(t, d, v, dbtest.Board(t, d))
		seen := map[string]string{}
		for _, c := range []struct {
			of           *vault.Keys
			label, value string
		}{{one, "name", "bkrt-4827"}, {one, "person", "bkrt-4827"}, {one, "nam", "ebkrt-4827"}, {one, "name", "bkrt-4828"}, {two, "name", "bkrt-4827"}} {
			mac, err := c.of.MAC(c.label, c.value)
			if err != nil || len(mac) != 64 || strings.Trim(mac, "0123456789abcdef") != "" {
				t.Fatalf("MAC: %q, %v", mac, err)
			}
			if other, ok := seen[mac]; ok {
				t.Errorf("%s %s has the MAC of %s", c.label, c.value, other)
			}
			seen[mac] = c.label + " " + c.value
			all, err := c.of.MACs(c.label, c.value)
			if err != nil || !slices.Equal(all, []string{mac}) {
				t.Errorf("MACs: %q, %v, want the one", all, err)
			}
		}
	})
}

func TestABoardHasOneKeyset(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m, board := master(t), dbtest.Board(t, d)
		err := d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			k, err := vault.New(m).Keys(ctx, tx)
			if err != nil {
				return err
			}
			if macs, err := k.MACs("name", "x"); err != nil || len(macs) != 0 {
				t.Errorf("a board without keys finds %q, %v", macs, err)
			}
			if _, err := k.Seal(here, []byte("x")); err == nil {
				t.Error("a board without keys seals")
			}
			if _, err := k.MAC("name", "x"); err == nil {
				t.Error("a board without keys makes a MAC")
			}
			_, err = k.Open(here, []byte("x"))
			refused(t, "Open without keys", err, "vault.unreadable")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}

		// Keys of a transaction that did not commit are nobody's.
		v := vault.New(m)
		_ = d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			if _, err := v.Keys(ctx, tx); err != nil {
				t.Error(err)
			}
			return context.Canceled
		})
		sealed := make([][]byte, 8)
		var wg sync.WaitGroup
		for i := range sealed {
			wg.Go(func() {
				own := vault.New(m) // each a program of its own
				if i == 0 {
					own = v
				}
				err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
					k, err := own.Keys(ctx, tx)
					if err == nil {
						sealed[i], err = k.Seal(here, []byte("x"))
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		k := keys(t, d, v, board)
		for _, s := range sealed {
			if _, err := k.Open(here, s); err != nil {
				t.Errorf("one of those that began at once has other keys: %v", err)
			}
		}
	})
}

func TestOnlyTheOperatorManagesKeys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		s := &vault.Service{Vault: vault.New(master(t)), DB: d}
		for _, role := range policy.Roles {
			if role == policy.Operator {
				continue
			}
			actor := operator(t, board)
			actor.Grants = []policy.Grant{{Role: role}}
			_, err := s.Status(t.Context(), actor)
			for what, err := range map[string]error{"Status": err, "Rotate": s.Rotate(t.Context(), actor),
				"Shred": s.Shred(t.Context(), actor), "Rewrap": s.Rewrap(t.Context(), actor, master(t))} {
				if f, ok := fault.As(err); !ok || f.Kind != fault.Denied || f.Clause != "5.1.2" {
					t.Errorf("%s by %s: %v", what, role, err)
				}
			}
		}
		actor := operator(t, board)
		_, err := s.Status(t.Context(), actor)
		refused(t, "Status of nothing", err, "vault.none")
		refused(t, "Rotate of nothing", s.Rotate(t.Context(), actor), "vault.none")
		refused(t, "Shred of nothing", s.Shred(t.Context(), actor), "vault.none")
		if err := s.Rewrap(t.Context(), actor, master(t)); err != nil {
			t.Errorf("Rewrap of nothing: %v", err)
		}
	})
}

func TestShreddedIsGone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m, board := master(t), dbtest.Board(t, d)
		s, other := &vault.Service{Vault: vault.New(m), DB: d}, vault.New(m)
		actor := operator(t, board)
		keys(t, d, s.Vault, board)
		keys(t, d, other, board)
		if err := s.Shred(t.Context(), actor); err != nil {
			t.Fatal(err)
		}
		for name, v := range map[string]*vault.Vault{"the one that shredded": s.Vault, "another program": other} {
			for what, open := range map[string]func(context.Context, string, func(context.Context, *db.Tx) error) error{"Read": d.Read, "Write": d.Write} {
				err := open(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
					_, err := v.Keys(ctx, tx)
					return err
				})
				refused(t, what+" by "+name, err, "vault.shredded")
			}
		}
		refused(t, "Shred again", s.Shred(t.Context(), actor), "vault.shredded")
		refused(t, "Rotate", s.Rotate(t.Context(), actor), "vault.shredded")
		if err := s.Reseal(t.Context(), board, board); err != nil {
			t.Errorf("the job of a shredded board does not end: %v", err)
		}
		st, err := s.Status(t.Context(), actor)
		if err != nil || st.Shredded.IsZero() || len(st.Keys) != 0 {
			t.Errorf("Status: %+v, %v", st, err)
		}
		if err := s.Check(t.Context(), board); err != nil {
			t.Errorf("Check: %v", err)
		}
		err = d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			n, err := db.One(ctx, tx, func(r db.Row) (n int, err error) { err = r.Scan(&n); return n, err },
				`SELECT CAST(length(aead) + length(prf) AS bigint) FROM vault_key WHERE board_id = $1`, tx.Board)
			if n != 0 {
				t.Errorf("%d bytes of keys are left", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := trail(t, d, board); !slices.Equal(got, []string{"vault.shredded"}) {
			t.Errorf("the trail says %q", got)
		}
	})
}

func TestAnotherMasterKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		old, next, board := master(t), master(t), dbtest.Board(t, d)
		s := &vault.Service{Vault: vault.New(old), DB: d}
		actor := operator(t, board)
		sealed, err := keys(t, d, s.Vault, board).Seal(here, []byte("a secret"))
		if err != nil {
			t.Fatal(err)
		}
		lost := &vault.Service{Vault: vault.New(next), DB: d}
		refused(t, "Check under another key", lost.Check(t.Context(), board), "vault.master_other")
		refused(t, "Rewrap from another key", lost.Rewrap(t.Context(), actor, master(t)), "vault.master_other")
		for range 2 { // the second changes nothing
			if err := s.Rewrap(t.Context(), actor, next); err != nil {
				t.Fatal(err)
			}
		}
		if plain, err := keys(t, d, lost.Vault, board).Open(here, sealed); err != nil || string(plain) != "a secret" {
			t.Errorf("under the new master key: %q, %v", plain, err)
		}
		refused(t, "Check under the old key", s.Check(t.Context(), board), "vault.master_other")
		if got := trail(t, d, board); !slices.Equal(got, []string{"vault.rewrapped"}) {
			t.Errorf("the trail says %q", got)
		}
		dbtest.OwnerExec(t, d, `UPDATE vault_key SET aead = prf`)
		refused(t, "keys that were changed", lost.Check(t.Context(), board), "vault.keys_changed")
	})
}

// While programs serve with the older master key the operator appoints another:
// no board gets keys under the older one any more, and nothing is sealed under it.
func TestNoKeysUnderAMasterKeyThatWasReplaced(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		old, next := master(t), master(t)
		one, two := dbtest.Board(t, d), dbtest.Board(t, d)
		serving := &vault.Service{Vault: vault.New(old), DB: d}
		seal := func(s *vault.Service, board string) error {
			return d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
				k, err := s.Keys(ctx, tx)
				if err == nil {
					_, err = k.Seal(here, []byte("x"))
				}
				return err
			})
		}
		if err := seal(serving, one); err != nil {
			t.Fatal(err)
		}
		foreign := &vault.Service{Vault: vault.New(next), DB: d}
		refused(t, "first keys under a master key that is not the installation's", seal(foreign, two), "vault.master_replaced")

		if err := serving.Appoint(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		if err := seal(serving, one); err != nil {
			t.Errorf("a board that waits to be rewrapped: %v", err)
		}
		refused(t, "first keys under the older master key", seal(serving, two), "vault.master_replaced")
		refused(t, "Check of a board without keys", serving.Check(t.Context(), two), "vault.master_replaced")
		if err := serving.Rewrap(t.Context(), operator(t, one), next); err != nil {
			t.Fatal(err)
		}
		refused(t, "sealing by who has the older master key", seal(serving, one), "vault.master_other")
		for _, board := range []string{one, two} {
			if err := seal(foreign, board); err != nil {
				t.Errorf("under the new master key: %v", err)
			}
			if err := foreign.Check(t.Context(), board); err != nil {
				t.Errorf("Check under the new master key: %v", err)
			}
		}
	})
}

// A first sealing that is under way when the master key is replaced is waited
// for, and rewrapped.
func TestKeysMadeMeanwhileAreRewrapped(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		old, next, board := master(t), master(t), dbtest.Board(t, d)
		s := &vault.Service{Vault: vault.New(old), DB: d}
		actor, rewrapped := operator(t, board), make(chan error, 1)
		err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			go func() {
				err := s.Appoint(t.Context(), next)
				if err == nil {
					err = s.Rewrap(t.Context(), actor, next)
				}
				rewrapped <- err
			}()
			_, err := s.Keys(ctx, tx)
			if f, ok := fault.As(err); ok && f.Key == "vault.master_replaced" { // it came too late, and makes none
				return nil
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-rewrapped; err != nil {
			t.Fatal(err)
		}
		if err := (&vault.Service{Vault: vault.New(next), DB: d}).Check(t.Context(), board); err != nil {
			t.Errorf("keys that were made meanwhile: %v", err)
		}
	})
}

// One board's keys, put in another's place, open nothing there.
func TestKeysOfAnotherBoard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &vault.Service{Vault: vault.New(master(t)), DB: d}
		one, two := dbtest.Board(t, d), dbtest.Board(t, d)
		keys(t, d, s.Vault, one)
		keys(t, d, s.Vault, two)
		dbtest.OwnerExec(t, d, `UPDATE vault_key SET aead = (SELECT k.aead FROM vault_key k WHERE k.board_id = '`+two+`'),
			prf = (SELECT k.prf FROM vault_key k WHERE k.board_id = '`+two+`') WHERE board_id = '`+one+`'`)
		refused(t, "Check", s.Check(t.Context(), one), "vault.keys_changed")
	})
}

func trail(t *testing.T, d *db.DB, board string) (actions []string) {
	t.Helper()
	err := d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) (err error) {
		actions, err = db.All(ctx, tx, func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err },
			`SELECT action FROM audit_record WHERE board_id = $1 ORDER BY seq`, tx.Board)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return actions
}
