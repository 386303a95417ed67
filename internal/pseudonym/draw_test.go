package pseudonym

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/seal"
	"aval/internal/vault"
)

// A name that was given once is not free, also when it is retired and its row
// is under an older key.
func TestARetiredNameIsTaken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
		if err != nil {
			t.Fatal(err)
		}
		n := &Names{Vault: vault.New(master)}
		given, err := Parse("kcqj-2625")
		if err != nil {
			t.Fatal(err)
		}
		free, err := Parse("qbmc-5767")
		if err != nil {
			t.Fatal(err)
		}
		err = d.Write(t.Context(), dbtest.Board(t, d), func(ctx context.Context, tx *db.Tx) error {
			keys, err := n.begin(ctx, tx)
			if err != nil {
				return err
			}
			e := entry{id: db.NewID()}
			if err := e.seal(keys, given.String(), "p1"); err != nil {
				return err
			}
			if err := insert(ctx, tx, []entry{e}, "2026-09-01"); err != nil {
				return err
			}
			if err := retire(ctx, tx, keys, []string{e.personMAC}, "2026-09-02"); err != nil {
				return err
			}
			taken, err := n.taken(ctx, tx, keys, []Name{given, free})
			if !taken[given.String()] || taken[free.String()] {
				t.Errorf("taken are %v", taken)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestShuffle(t *testing.T) {
	var ids []string
	for range 200 {
		ids = append(ids, db.NewID())
	}
	was := slices.Clone(ids)
	if err := shuffle(ids); err != nil {
		t.Fatal(err)
	}
	same := 0
	for i := range ids {
		if ids[i] == was[i] {
			same++
		}
	}
	if same > 20 {
		t.Errorf("%d of 200 stand where they stood", same)
	}
	slices.Sort(ids)
	slices.Sort(was)
	if !slices.Equal(ids, was) {
		t.Error("somebody is lost or twice there")
	}
}
