package pseudonym_test

import (
	"context"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/person"
	"aval/internal/pseudonym"
)

func (w *world) unsound() (n int) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = w.Unsound(ctx, tx)
		return err
	})
	return n
}

func (w *world) replace(id string) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Replace(ctx, tx, id)
		return err
	})
}

// Who can write the tables makes no retired name active again, and retires none,
// before or after the keys were replaced.
func TestARetiredNameIsNotMadeActiveAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 3)
		w.issue(ids)
		first := w.named(ids)
		w.replace(ids[0])
		w.must(w.keys.Rotate(t.Context(), w.operator()))
		w.must(w.keys.Reseal(t.Context(), w.board, w.board))
		w.replace(ids[1])
		if st := w.status(); len(st.Keys) != 1 || st.Older != 0 || w.unsound() != 0 {
			t.Fatalf("%+v, and %d rows are not as they were left", st, w.unsound())
		}
		second := w.named(ids)

		dbtest.OwnerExec(t, w.DB, `UPDATE login_name SET retired_on = '2026-09-01' WHERE retired_on = ''`)
		dbtest.OwnerExec(t, w.DB, `UPDATE login_name SET retired_on = '' WHERE retired_on <> '2026-09-01'`)
		for _, id := range ids {
			for _, text := range []string{first[id], second[id]} {
				name, err := pseudonym.Parse(text)
				w.must(err)
				w.read(func(ctx context.Context, tx *db.Tx) error {
					if who, err := w.Who(ctx, tx, name); !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
						t.Errorf("Who: %q, %v", who, err)
					}
					if _, err := w.Of(ctx, tx, id); !fault.Is(err, fault.Conflict) && id != ids[2] {
						t.Errorf("Of: %v, want a Conflict", err)
					}
					return nil
				})
			}
		}
		if n := w.unsound(); n != 5 {
			t.Errorf("%d rows are found, want all 5", n)
		}
		err := w.Write(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Replace(ctx, tx, ids[0])
			return err
		})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("Replace of one that was made active again: %v", err)
		}

		// A pupil who is purged is forgotten all the same.
		w.write(func(ctx context.Context, tx *db.Tx) error {
			w.must(person.Retire(ctx, tx, ids[:1]))
			return w.Retire(ctx, tx, ids[0])
		})
		if n := w.count(`SELECT count(*) FROM login_name WHERE board_id = $1 AND person_mac = '' AND length(person) = 0`); n != 2 {
			t.Errorf("%d names are nobody's, want both of the one who was purged", n)
		}
	})
}

// What was moved or changed is counted.
func TestRowsThatWereChangedAreCounted(t *testing.T) {
	for what, do := range map[string]func(*world){
		"MACs exchanged":      func(w *world) { w.exchange("person_mac") },
		"names exchanged":     func(w *world) { w.exchange("name") },
		"persons blanked":     func(w *world) { dbtest.OwnerExec(w.t, w.DB, `UPDATE login_name SET person = substr(person, 1, 0)`) },
		"the keys are others": func(w *world) { dbtest.OwnerExec(w.t, w.DB, `DELETE FROM vault_key`) },
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.issue(w.pupils(w.school, 2))
				do(w)
				if n := w.unsound(); n != 2 {
					t.Errorf("%d rows are found, want 2", n)
				}
			})
		})
	}
}

// Without the keys of its names a board is given no others, and none in their place.
func TestNoNameIsGivenOverLostKeys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 3)
		w.issue(ids[:2])
		dbtest.OwnerExec(t, w.DB, `DELETE FROM vault_key`)
		other, _ := w.program()
		for what, do := range map[string]func(context.Context, *db.Tx) error{
			"Ready": func(ctx context.Context, tx *db.Tx) error { return other.Ready(ctx, tx) },
			"Issue": func(ctx context.Context, tx *db.Tx) error { return other.Issue(ctx, tx, ids) },
			"Replace": func(ctx context.Context, tx *db.Tx) error {
				_, err := w.Replace(ctx, tx, ids[0])
				return err
			},
		} {
			if f, ok := fault.As(w.Write(t.Context(), w.board, do)); !ok || f.Key != "pseudonym.keys_gone" {
				t.Errorf("%s: %v", what, f)
			}
		}
		if n := w.count(`SELECT count(*) FROM vault_key WHERE board_id = $1`); n != 0 {
			t.Error("other keys were made")
		}
	})
}

func TestAShreddedBoardHasNothingToBeFound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.issue(w.pupils(w.school, 2))
		w.must(w.keys.Shred(t.Context(), w.operator()))
		if n := w.unsound(); n != 0 {
			t.Errorf("%d rows are found", n)
		}
	})
}
