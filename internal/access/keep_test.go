package access_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/access"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
)

func (w *world) sweep() {
	w.t.Helper()
	w.must(w.Sweep(w.t.Context(), w.board))
}

func TestTheAudienceIsFollowed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.made(func(l *licence.Licence) { l.Seats = 5 })
		file, _ := w.file(id, access.Delta)
		_, err := w.Confirm(t.Context(), w.evaluator(), id, file)
		w.must(err)
		left, stays := w.pupils[0], w.card(id, w.pupils[1])
		before := w.card(id, left)
		w.exec(`UPDATE person_role SET org_id = $2 WHERE board_id = $1 AND person_id = $3`, w.schools[1], left)
		w.sweep()
		if c := w.card(id, left); c.State != access.Suspended || w.card(id, w.pupils[1]) != stays {
			t.Errorf("who left is %s", c.State)
		}
		came := w.add(0, 1)[0]
		w.sweep()
		w.must(w.Run(t.Context(), w.board, string(id))) // the job that the sweep left
		if c := w.counts(id); c.Live() != 5 || len(w.cards(id, came)) != 1 {
			t.Errorf("who came has no account: %+v", c)
		}
		w.exec(`UPDATE person_role SET org_id = $2 WHERE board_id = $1 AND person_id = $3`, w.schools[0], left)
		w.sweep()
		if got := w.mark(access.ControlKept, id); got != "exception" {
			t.Errorf("a pupil of the audience without an account is %q", got)
		}
		if got := w.card(id, left).State; got != access.Suspended {
			t.Errorf("without a free seat who came back is %s", got)
		}
		w.exec(`UPDATE person SET status = 'tobedeleted' WHERE board_id = $1 AND id = $2`, came)
		w.sweep()
		w.sweep()
		if w.card(id, left) != before || w.mark(access.ControlKept, id) != "conform" {
			t.Error("who came back has not the account of before")
		}
		w.must(w.Suspend(t.Context(), w.evaluator(), id, stays.AccountID, access.Misused))
		w.sweep()
		if got := w.card(id, w.pupils[1]).State; got != access.Suspended {
			t.Errorf("the sweep let one go on that somebody stopped: %s", got)
		}
	})
}

func TestAReplacedLoginNameEndsTheAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.made(nil)
		before := w.card(id, w.pupils[0])
		w.write(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.names.Replace(ctx, tx, w.pupils[0])
			return err
		})
		w.sweep()
		w.create(id)
		after := w.card(id, w.pupils[0])
		if after.UserName == before.UserName || after.AccountID == before.AccountID || w.counts(id).By[access.Retired] != 1 {
			t.Errorf("counts: %+v", w.counts(id))
		}
	})
}

func TestTheEndOfALicence(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id, never := w.made(nil), w.made(nil)
		w.file(id, access.Delta)
		card := w.card(id, w.pupils[0])
		w.Clock = func() time.Time { return time.Date(2027, 6, 30, 15, 0, 0, 0, time.UTC) }
		w.sweep()
		if c := w.counts(id); c.By[access.Retired] != 0 {
			t.Fatalf("on its last day: %+v", c)
		}
		w.Clock = func() time.Time { return time.Date(2027, 7, 1, 15, 0, 0, 0, time.UTC) }
		for range 2 {
			w.sweep()
		}
		if c := w.counts(id); c.By[access.Retired] != 5 || c.Live() != 0 || w.mark(access.ControlKept, id) != "" {
			t.Errorf("after it: %+v", c)
		}
		w.read(func(ctx context.Context, tx *db.Tx) error {
			c, err := w.CardOf(ctx, tx, card.AccountID)
			if c.State != access.Retired || c.Password.Text != "" {
				t.Error("a retired account keeps its password")
			}
			left, err2 := db.One(ctx, tx, func(r db.Row) (n int, err error) { err = r.Scan(&n); return n, err },
				`SELECT count(*) FROM pupil_account WHERE board_id = $1 AND (length(password) > 0 OR length(vendor_name) > 0)`, tx.Board)
			if left != 0 || err2 != nil {
				t.Errorf("%d passwords are left, %v", left, err2)
			}
			return err
		})
		wants(t, "Reset", w.Reset(t.Context(), w.evaluator(), card.AccountID), fault.Conflict, "access.retired", "")

		if _, err := w.Deletion(t.Context(), w.evaluator(), never); !fault.Is(err, fault.NotFound) || w.mark(access.ControlDeletion, never) != "" {
			t.Errorf("the vendor was never told, and deletes: %v", err)
		}
		d, err := w.Deletion(t.Context(), w.evaluator(), id)
		if err != nil || d.Accounts != 5 || d.AskedOn != "2027-07-01" || w.mark(access.ControlDeletion, id) != "waiting" {
			t.Errorf("Deletion: %+v %v", d, err)
		}
		w.Clock = func() time.Time { return time.Date(2027, 8, 2, 15, 0, 0, 0, time.UTC) }
		w.sweep()
		if got := w.mark(access.ControlDeletion, id); got != "exception" {
			t.Errorf("a month later it is %s", got)
		}
		for _, c := range []struct{ name, on, by, field string }{
			{"of no day", "hier", "Camille Ortega", "on"}, {"before the end", "2027-06-30", "Camille Ortega", "on"},
			{"of tomorrow", "2027-08-03", "Camille Ortega", "on"}, {"by nobody", "2027-07-15", " ", "by"},
			{"by too many", "2027-07-15", strings.Repeat("é", 201), "by"},
		} {
			f, ok := fault.As(w.Attest(t.Context(), w.evaluator(), id, c.on, c.by))
			if !ok || f.Fields[c.field].Key == "" {
				t.Errorf("Attest %s: %v", c.name, f)
			}
		}
		wants(t, "Attest by the principal", w.Attest(t.Context(), w.as("p", policy.Principal, w.schools[0]), id, "2027-07-15", "x"), fault.Denied, "", "6.1e")
		wants(t, "Attest of what was never asked", w.Attest(t.Context(), w.evaluator(), never, "2027-07-15", "x"), fault.NotFound, "", "")
		w.must(w.Attest(t.Context(), w.evaluator(), id, "2027-07-15", "Camille Ortega"))
		wants(t, "Attest twice", w.Attest(t.Context(), w.evaluator(), id, "2027-07-15", "x"), fault.Conflict, "access.attested_already", "")
		w.sweep()
		if got := w.mark(access.ControlDeletion, id); got != "conform" {
			t.Errorf("attested, it is %s", got)
		}
	})
}

// What a pupil signs in with stands nowhere but sealed: not in the trail, in
// jobs or in any other table.
func TestNothingTellsWhatAPupilSignsInWith(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.made(nil)
		w.file(id, access.Delta)
		w.must(w.Reset(t.Context(), w.as("t", policy.Teacher, w.schools[0], w.classes[0]), w.card(id, w.pupils[0]).AccountID))
		var secrets []string
		for _, c := range w.cards(id, w.pupils...) {
			secrets = append(secrets, c.UserName, strings.ReplaceAll(c.UserName, "-", ""), c.Password.Text)
			if said := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(said, c.UserName) || strings.Contains(said, c.Password.Text) {
				t.Error("a card that is printed by mistake says what it holds")
			}
		}
		for _, s := range slices.Clone(secrets) {
			secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte(s)))
		}
		cells := w.cells()
		if len(cells) < 100 {
			t.Fatalf("%d cells are read", len(cells))
		}
		whole := strings.Join(cells, "\n")
		if !strings.Contains(whole, "access.reset") || !strings.Contains(whole, "Vaudrin0") {
			t.Fatal("the dump does not hold what stands plainly")
		}
		for _, s := range secrets {
			if strings.Contains(whole, s) {
				t.Error("what a pupil signs in with stands plainly in a table")
			}
		}
	})
}

// cells are those of every table, as text.
func (w *world) cells() (cells []string) {
	w.t.Helper()
	tables := `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`
	columns := `SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1`
	if w.Engine() == db.SQLite {
		tables, columns = `SELECT name FROM sqlite_schema WHERE type = 'table'`, `SELECT name FROM pragma_table_info($1)`
	}
	word := func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err }
	w.read(func(ctx context.Context, tx *db.Tx) error {
		all, err := db.All(ctx, tx, word, tables)
		if err != nil {
			return err
		}
		for _, table := range all {
			names, err := db.All(ctx, tx, word, columns, table)
			if err != nil {
				return err
			}
			for _, name := range names {
				some, err := db.All(ctx, tx, func(r db.Row) (cell any, err error) { err = r.Scan(&cell); return cell, err },
					`SELECT "`+name+`" FROM "`+table+`"`)
				if err != nil {
					return err
				}
				for _, cell := range some {
					if b, ok := cell.([]byte); ok {
						cell = string(b)
					}
					cells = append(cells, fmt.Sprint(cell))
				}
			}
		}
		return nil
	})
	return cells
}
