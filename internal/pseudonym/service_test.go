package pseudonym_test

import (
	"context"
	"maps"
	"sync"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/person"
	"aval/internal/pseudonym"
)

func TestWhoIsGivenAName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		young, adult, gone, enrolled := w.pupils(w.school, 3), w.pupils(w.centre, 1), w.pupils(w.school, 1), w.pupils(w.centre, 1)
		staff := person.Person{ID: db.NewID(), SourceID: "t1", Kind: person.Staff, GivenName: "Camille", FamilyName: "Bernache", Status: person.Active}
		w.write(func(ctx context.Context, tx *db.Tx) error {
			class := person.Class{ID: db.NewID(), SourceID: "k1", SchoolID: w.school, Title: "Groupe", Kind: "scheduled", Status: person.Active}
			w.must(person.SaveAll(ctx, tx, []person.Person{staff}))
			w.must(person.SavePosts(ctx, tx, []person.Post{{PersonID: staff.ID, OrgID: w.school, Role: person.Teacher}}))
			w.must(person.SaveClasses(ctx, tx, []person.Class{class}))
			w.must(person.SaveEnrollments(ctx, tx, []person.Enrollment{{ID: "e1", ClassID: class.ID,
				PersonID: enrolled[0], Role: person.Pupil, Status: person.Active}}))
			return person.Retire(ctx, tx, gone)
		})
		all := append(append(append(append([]string{staff.ID, "nobody"}, young...), adult...), gone...), enrolled...)
		lacking := func() (ids []string) {
			w.read(func(ctx context.Context, tx *db.Tx) (err error) {
				ids, err = w.Lacking(ctx, tx)
				return err
			})
			return ids
		}
		if n := len(lacking()); n != 4 {
			t.Errorf("%d pupils lack a name, want 4", n)
		}
		w.issue(all)
		names := w.named(all)
		for _, id := range append(young, enrolled...) {
			if names[id] == "" {
				t.Errorf("a pupil of the youth sector has no name")
			}
		}
		if len(names) != 4 || len(lacking()) != 0 {
			t.Errorf("%d people have a name and %d lack one, want 4 and 0", len(names), len(lacking()))
		}
		w.issue(all)
		if again := w.named(all); !maps.Equal(names, again) {
			t.Error("issued again, the names are others")
		}
		for _, control := range []string{"pseudonym.assigned", "pseudonym.random"} {
			if n := w.count(`SELECT count(*) FROM control_mark WHERE board_id = $1 AND outcome = 'conform' AND control = '` + control + `'`); n != 4 {
				t.Errorf("%s has %d marks, want 4", control, n)
			}
		}

		// Pupils come back: the name stays.
		w.write(func(ctx context.Context, tx *db.Tx) error { return person.Retire(ctx, tx, young) })
		w.issue(all)
		if again := w.named(all); !maps.Equal(names, again) {
			t.Error("a pupil who left has lost the name")
		}
	})
}

func TestANameFindsItsPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 5)
		w.read(func(ctx context.Context, tx *db.Tx) error { // before there are keys
			if _, err := w.Of(ctx, tx, ids[0]); !fault.Is(err, fault.NotFound) {
				t.Errorf("Of who has no name: %v", err)
			}
			return nil
		})
		w.issue(ids)
		other := found(t, w.DB, w.master)
		other.issue(other.pupils(other.school, 1))
		w.read(func(ctx context.Context, tx *db.Tx) error {
			for _, id := range ids {
				name, err := w.Of(ctx, tx, id)
				w.must(err)
				if who, err := w.Who(ctx, tx, name); err != nil || who != id {
					t.Errorf("Who: %q, %v, want %q", who, err, id)
				}
			}
			if _, err := w.Of(ctx, tx, "nobody"); !fault.Is(err, fault.NotFound) {
				t.Errorf("Of nobody: %v", err)
			}
			if _, err := w.Who(ctx, tx, pseudonym.Name{}); !fault.Is(err, fault.NotFound) {
				t.Errorf("Who bears no name: %v", err)
			}
			return nil
		})
		other.read(func(ctx context.Context, tx *db.Tx) error {
			if _, err := other.Of(ctx, tx, ids[0]); !fault.Is(err, fault.NotFound) {
				t.Errorf("Of another board's pupil: %v", err)
			}
			return nil
		})
	})
}

func TestANameEndsOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 2)
		w.issue(ids)
		first := w.named(ids)
		try := func(f func(context.Context, *db.Tx) error) error { return w.Write(t.Context(), w.board, f) }
		err := try(func(ctx context.Context, tx *db.Tx) error { return w.Retire(ctx, tx, ids[0]) })
		if f, ok := fault.As(err); !ok || f.Key != "pseudonym.still_needed" || f.Clause != "5.1.1" {
			t.Errorf("Retire of an active pupil: %v", err)
		}
		err = try(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Replace(ctx, tx, "nobody")
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("Replace of nobody's: %v", err)
		}

		old, err := pseudonym.Parse(first[ids[0]])
		w.must(err)
		w.write(func(ctx context.Context, tx *db.Tx) error {
			is, err := w.Replace(ctx, tx, ids[0])
			if err == nil && is == old {
				t.Error("replaced by itself")
			}
			return err
		})
		second := w.named(ids)
		if second[ids[0]] == first[ids[0]] || second[ids[1]] != first[ids[1]] {
			t.Error("Replace did not give another name to the one person")
		}
		w.read(func(ctx context.Context, tx *db.Tx) error {
			if _, err := w.Who(ctx, tx, old); !fault.Is(err, fault.NotFound) {
				t.Errorf("Who has a retired name: %v", err)
			}
			return nil
		})

		w.write(func(ctx context.Context, tx *db.Tx) error {
			w.must(person.Retire(ctx, tx, ids[:1]))
			return w.Retire(ctx, tx, ids[0])
		})
		if names := w.named(ids); len(names) != 1 {
			t.Errorf("%d names are left, want 1", len(names))
		}
		if n := w.count(`SELECT count(*) FROM login_name WHERE board_id = $1 AND retired_on <> '' AND person_mac = '' AND length(person) = 0`); n != 2 {
			t.Errorf("%d names are nobody's, want both of the one who was purged", n)
		}
		if n := w.count(`SELECT count(*) FROM control_mark WHERE board_id = $1 AND control LIKE 'pseudonym.%'`); n != 2 {
			t.Errorf("%d marks are left, want the other pupil's 2", n)
		}
	})
}

func TestARowThatWasMovedSaysNothing(t *testing.T) {
	for what, do := range map[string]func(*world){
		"names exchanged":        func(w *world) { w.exchange("name") },
		"persons exchanged":      func(w *world) { w.exchange("person") },
		"MACs exchanged":         func(w *world) { w.exchange("person_mac") }, // each opens, and is the other's
		"columns exchanged":      func(w *world) { dbtest.OwnerExec(w.t, w.DB, `UPDATE login_name SET name = person, person = name`) },
		"a row under another id": func(w *world) { dbtest.OwnerExec(w.t, w.DB, `UPDATE login_name SET id = 'x' || id`) },
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				ids := w.pupils(w.school, 2)
				w.issue(ids)
				do(w)
				w.read(func(ctx context.Context, tx *db.Tx) error {
					for _, id := range ids {
						if name, err := w.Of(ctx, tx, id); !fault.Is(err, fault.Conflict) {
							t.Errorf("Of: %v, %v, want a Conflict", name, err)
						}
					}
					return nil
				})
			})
		})
	}
}

// exchange gives each of two rows the other's column.
func (w *world) exchange(column string) {
	w.t.Helper()
	type cell struct {
		id    string
		value any
	}
	var rows []cell
	w.read(func(ctx context.Context, tx *db.Tx) (err error) {
		rows, err = db.All(ctx, tx, func(r db.Row) (c cell, err error) {
			err = r.Scan(&c.id, &c.value)
			return c, err
		}, `SELECT id, `+column+` FROM login_name WHERE board_id = $1`, tx.Board)
		return err
	})
	if column == "person_mac" { // unique: make room
		dbtest.OwnerExec(w.t, w.DB, `UPDATE login_name SET person_mac = id`)
	}
	for i, r := range rows {
		dbtest.OwnerExec(w.t, w.DB, `UPDATE login_name SET `+column+` = $1 WHERE id = $2`, rows[1-i].value, r.id)
	}
}

// A name whose person was blanked is refused, not answered as nobody's.
func TestABlankedRowSaysNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 1)
		w.issue(ids)
		name, err := pseudonym.Parse(w.named(ids)[ids[0]])
		w.must(err)
		dbtest.OwnerExec(t, w.DB, `UPDATE login_name SET person = substr(person, 1, 0)`)
		w.read(func(ctx context.Context, tx *db.Tx) error {
			if who, err := w.Who(ctx, tx, name); !fault.Is(err, fault.Conflict) {
				t.Errorf("Who: %q, %v, want a Conflict", who, err)
			}
			if _, err := w.Of(ctx, tx, ids[0]); !fault.Is(err, fault.Conflict) {
				t.Errorf("Of: %v, want a Conflict", err)
			}
			return nil
		})
	})
}

func TestManyIssueAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 60)
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				names, _ := w.program()
				err := w.Write(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
					return names.Issue(ctx, tx, ids[i*5:min(len(ids), i*5+40)])
				})
				if err != nil {
					t.Errorf("Issue: %v", err)
				}
			})
		}
		wg.Wait()
		seen := map[string]bool{}
		for _, name := range w.named(ids) {
			seen[name] = true
		}
		if rows := w.count(`SELECT count(*) FROM login_name WHERE board_id = $1`); len(seen) != 60 || rows != 60 {
			t.Errorf("%d pupils have %d names in %d rows", len(ids), len(seen), rows)
		}
	})
}
