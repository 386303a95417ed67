package disclosure_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/person"
)

func (w *world) count(where string) (n int) {
	w.t.Helper()
	w.must(w.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = db.One(ctx, tx, func(r db.Row) (n int, err error) {
			err = r.Scan(&n)
			return n, err
		}, `SELECT count(*) FROM pairwise WHERE board_id = $1 AND `+where, tx.Board)
		return err
	}))
	return n
}

func (w *world) ensure(sector string, ids ...string) (values map[string]string) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) (err error) {
		values, err = disclosure.Ensure(ctx, tx, sector, disclosure.OfUser, ids)
		return err
	})
	return values
}

// leads answers whose a pseudonym is; "" when it leads nowhere.
func (w *world) leads(sector, value string) string {
	w.t.Helper()
	return w.words(`SELECT subject_id FROM pairwise WHERE board_id = $1 AND sector = $2 AND value = $3 AND retired_on = ''`, sector, value)
}

func TestPseudonymsArePairwise(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		one, two := w.ensure("x", "p1", "p2", "p1"), w.ensure("y", "p1")
		if one["p1"] == "" || one["p1"] == one["p2"] || one["p1"] == two["p1"] {
			t.Errorf("pseudonyms %v and %v", one, two)
		}
		if again := w.ensure("x", "p1", "p3"); again["p1"] != one["p1"] {
			t.Errorf("asked again: %v, was %v", again, one)
		}
		if got := w.leads("x", one["p1"]); got != "p1" {
			t.Errorf("leads to %q", got)
		}
		if got := w.leads("y", one["p1"]); got != "" {
			t.Errorf("the pseudonym of another sector leads to %q", got)
		}
	})
}

func TestAMergeKeepsAliasesAndIsUndone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		both, only := w.ensure("x", "p1", "p2"), w.ensure("y", "p1")
		move := func(f func(context.Context, *db.Tx, disclosure.Kind, string, string) error, from, to string) {
			t.Helper()
			w.write(func(ctx context.Context, tx *db.Tx) error { return f(ctx, tx, disclosure.OfUser, from, to) })
		}
		move(disclosure.Move, "p1", "p2")
		if got := w.leads("x", both["p1"]); got != "p2" {
			t.Errorf("the alias leads to %q", got)
		}
		if now := w.ensure("x", "p2"); now["p2"] != both["p2"] {
			t.Error("the survivor has another pseudonym where it had its own")
		}
		if now := w.ensure("y", "p2"); now["p2"] != only["p1"] {
			t.Error("a platform that knew only the other would know nobody")
		}
		move(disclosure.Move, "p2", "p3")
		if got := w.leads("x", both["p1"]); got != "p3" {
			t.Errorf("after a second merge the alias leads to %q", got)
		}
		move(disclosure.MoveBack, "p2", "p3")
		move(disclosure.MoveBack, "p1", "p2")
		if got, other := w.leads("x", both["p1"]), w.leads("x", both["p2"]); got != "p1" || other != "p2" {
			t.Errorf("undone, they lead to %q and %q", got, other)
		}
		if now := w.ensure("x", "p1", "p2"); now["p1"] != both["p1"] || now["p2"] != both["p2"] {
			t.Errorf("undone: %v, were %v", now, both)
		}
		if now := w.ensure("y", "p1", "p2"); now["p1"] != only["p1"] || now["p2"] == only["p1"] {
			t.Errorf("undone, elsewhere: %v, was %v", now, only)
		}
	})
}

func TestAMergeIsToldToPlatforms(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["pseudonym"]`)
		id := w.licence(nil)
		w.refresh(id)
		_, before, _ := w.shown(id)
		w.write(func(ctx context.Context, tx *db.Tx) error {
			return disclosure.Move(ctx, tx, disclosure.OfUser, "p2", "p1")
		})
		w.exec(`UPDATE person SET status = 'tobedeleted' WHERE board_id = $1 AND id = 'p2'`)
		left, err := job.Left(t.Context(), w.DB)
		if err != nil || left[disclosure.RefreshJob] == 0 {
			t.Errorf("jobs left: %v, %v", left, err)
		}
		w.refresh(id)
		if _, after, _ := w.shown(id); after["user:p1"] != before["user:p1"] || after["-user:p2"] != before["user:p2"] {
			t.Errorf("p1 is %q, was %q; p2 %q, was %q", after["user:p1"], before["user:p1"], after["-user:p2"], before["user:p2"])
		}
	})
}

func TestRotationLeadsNowhere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["pseudonym","grade"]`)
		id := w.licence(nil)
		w.refresh(id)
		_, before, _ := w.shown(id)
		w.write(func(ctx context.Context, tx *db.Tx) error {
			return disclosure.Rotate(ctx, tx, string(w.platform), disclosure.OfUser)
		})
		if got := w.leads(string(w.platform), before["user:p1"]); got != "" {
			t.Errorf("the pseudonym that was leads to %q", got)
		}
		w.now = noon.Add(time.Hour)
		w.refresh(id)
		_, after, at := w.shown(id)
		if after["user:p1"] == before["user:p1"] || after["-user:p1"] != before["user:p1"] || after["class:c1"] != before["class:c1"] {
			t.Errorf("p1 %q and %q, was %q; c1 %q, was %q", after["user:p1"], after["-user:p1"], before["user:p1"], after["class:c1"], before["class:c1"])
		}
		if !at["enrollment:e-p1"].Equal(w.now) || after["enrollment:e-p1"] != before["enrollment:e-p1"] {
			t.Error("an enrolment does not tell that whom it names has another pseudonym")
		}
	})
}

// What went with the old pseudonyms leads to none of the new: neither by what it names
// nor by what belongs to it, whatever was refused or came back meanwhile.
func TestWhatIsGoneLeadsToNoNewPseudonym(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, between := range map[string]func(id licence.ID){
			"at once": func(licence.ID) {},
			"while the platform is refused": func(id licence.ID) {
				w.decides(catalogue.Refused, `["pseudonym","grade"]`)
				w.refresh(id)
			},
		} {
			w.now = w.now.Add(time.Hour)
			w.decides(catalogue.Approved, `["pseudonym","grade"]`)
			id := w.licence(nil)
			w.refresh(id)
			_, before, _ := w.shown(id)
			w.now = w.now.Add(time.Hour)
			w.write(func(ctx context.Context, tx *db.Tx) error { return disclosure.Rotate(ctx, tx, string(w.platform)) })
			tick := w.now
			w.Clock = func() time.Time { tick = tick.Add(time.Millisecond); return tick } // no two steps at one moment
			between(id)
			w.decides(catalogue.Approved, `["pseudonym","grade"]`)
			w.refresh(id)
			terms, err := w.terms(id)
			w.must(err)
			w.write(func(ctx context.Context, tx *db.Tx) error {
				seats, err := disclosure.Enrollments(ctx, tx, terms, disclosure.Query{})
				gone := 0
				for _, e := range seats {
					if e.Status == person.Active {
						continue
					}
					gone++
					subject, err := db.One(ctx, tx, func(r db.Row) (s string, err error) {
						err = r.Scan(&s)
						return s, err
					}, `SELECT subject_id FROM disclosed WHERE board_id = $1 AND licence_id = $2 AND value = $3`, tx.Board, string(id), e.Value)
					if err != nil {
						return err
					}
					who := strings.TrimPrefix(subject, "e-")
					if e.User != before["user:"+who] {
						t.Errorf("%s: the old enrolment of %s names another user than it did", name, who)
					}
					if e.Class != before["class:c1"] && e.Class != before["class:c2"] {
						t.Errorf("%s: the old enrolment of %s names another class than it did", name, who)
					}
				}
				if gone != 6 {
					t.Errorf("%s: %d enrolments are gone", name, gone)
				}
				for of, ref := range map[string]disclosure.Ref{"class": {Kind: disclosure.OfClass, Value: before["class:c1"]},
					"school": {Kind: disclosure.OfOrg, Value: before["org:s1"]}} {
					list, err := disclosure.Users(ctx, tx, nil, terms, disclosure.Query{Of: []disclosure.Ref{ref}})
					if err != nil || len(list) > 0 {
						t.Errorf("%s: %d users of the old %s, %v", name, len(list), of, err)
					}
				}
				list, err2 := disclosure.Classes(ctx, tx, terms, disclosure.Query{Of: []disclosure.Ref{{Kind: disclosure.OfUser, Value: before["user:p1"]}}})
				if err2 != nil || len(list) > 0 {
					t.Errorf("%s: %d classes of an old user, %v", name, len(list), err2)
				}
				return err
			})
			w.Clock = func() time.Time { return w.now }
		}
	})
}

// Where who left is today is not told, be it asked of them, of a filter or of the school.
func TestWhereSomebodyWhoLeftIsIsNotTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(catalogue.Approved, `["pseudonym","grade"]`)
		id := w.licence(func(l *licence.Licence) { l.Audience.Grades = []string{"04"} })
		w.refresh(id)
		w.now = noon.Add(time.Hour)
		w.exec(`UPDATE person SET grade = '05' WHERE board_id = $1 AND id = 'p1'`)
		w.exec(`UPDATE person_role SET org_id = 's2' WHERE board_id = $1 AND person_id = 'p1'`)
		w.refresh(id)
		terms, err := w.terms(id)
		w.must(err)
		_, values, _ := w.shown(id)
		gone, school, board := values["-user:p1"], values["org:s2"], values["org:b"]
		w.write(func(ctx context.Context, tx *db.Tx) error {
			list, err := disclosure.Users(ctx, tx, nil, terms, disclosure.Query{Value: gone})
			if err != nil || len(list) != 1 || !slices.Equal(list[0].Orgs, []string{board}) {
				t.Errorf("who left is told at %+v, %v", list, err)
			}
			for name, q := range map[string]disclosure.Query{
				"a filter":   {Value: gone, Where: []disclosure.Clause{{Column: "orgs", Op: disclosure.Equal, Value: school}}},
				"the school": {Value: gone, Of: []disclosure.Ref{{Kind: disclosure.OfOrg, Value: school}}},
			} {
				if n, err := disclosure.Count(ctx, tx, terms, disclosure.OfUser, q); err != nil || n != 0 {
					t.Errorf("%s finds who left: %d, %v", name, n, err)
				}
			}
			return nil
		})
	})
}

func TestARotationMakesAddressesAnew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.catchAll("alias.example")
		w.decides(catalogue.Approved, `["email"]`)
		id := w.licence(nil)
		w.refresh(id)
		terms, err := w.terms(id)
		w.must(err)
		addresses := func() (all []string) {
			w.write(func(ctx context.Context, tx *db.Tx) error {
				list, err := disclosure.Users(ctx, tx, nil, terms, disclosure.Query{})
				for _, u := range list {
					if u.Status == person.Active {
						all = append(all, u.Email)
					}
				}
				return err
			})
			return all
		}
		before := addresses()
		w.write(func(ctx context.Context, tx *db.Tx) error { return disclosure.Rotate(ctx, tx, string(w.platform)) })
		w.refresh(id)
		after := addresses()
		if len(before) != 8 || len(after) != 8 {
			t.Errorf("%d addresses, then %d", len(before), len(after))
		}
		for _, a := range after {
			if a == "" || slices.Contains(before, a) {
				t.Errorf("the address %q outlived its pseudonym", a)
			}
		}
	})
}
