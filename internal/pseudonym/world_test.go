package pseudonym_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/seal"
	"aval/internal/vault"
)

// world is a board with a school of the youth sector and a centre of the other,
// and two programs at work on it.
type world struct {
	*db.DB
	t      *testing.T
	board  string
	school string
	centre string
	master seal.Master
	*pseudonym.Names
	keys *vault.Service
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, open(t, d)) })
}

func open(t *testing.T, d *db.DB) *world {
	t.Helper()
	master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	return found(t, d, master)
}

// found founds a board under a master key.
func found(t *testing.T, d *db.DB, master seal.Master) *world {
	t.Helper()
	w := &world{DB: d, t: t, board: dbtest.Board(t, d), school: db.NewID(), centre: db.NewID(), master: master}
	w.Names, w.keys = w.program()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		return org.SaveAll(ctx, tx, []org.Org{
			{ID: w.school, SourceID: "s1", Kind: org.School, Name: "École des Outardes", Sector: org.Youth, Status: org.Active},
			{ID: w.centre, SourceID: "s2", Kind: org.School, Name: "Centre des Rapides", Sector: org.Other, Status: org.Active},
		})
	})
	return w
}

// program is a program of its own on the same database: another replica.
func (w *world) program() (*pseudonym.Names, *vault.Service) {
	v := vault.New(w.master)
	n := &pseudonym.Names{Vault: v}
	return n, &vault.Service{Vault: v, DB: w.DB, Rows: []vault.Resealer{n}}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(f func(context.Context, *db.Tx) error) {
	w.t.Helper()
	w.must(w.Write(w.t.Context(), w.board, f))
}

func (w *world) read(f func(context.Context, *db.Tx) error) {
	w.t.Helper()
	w.must(w.Read(w.t.Context(), w.board, f))
}

func (w *world) operator() policy.Actor {
	w.t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	w.must(err)
	return policy.System(w.board, pack, "cli")
}

// pupils adds so many to a school or centre.
func (w *world) pupils(at string, count int) (ids []string) {
	w.t.Helper()
	var people []person.Person
	var posts []person.Post
	for i := range count {
		id := db.NewID()
		ids = append(ids, id)
		people = append(people, person.Person{ID: id, SourceID: "u" + id, Kind: person.Student, GivenName: fmt.Sprintf("Prénom%d", i),
			FamilyName: fmt.Sprintf("Outarde%d", i), Status: person.Active})
		posts = append(posts, person.Post{PersonID: id, OrgID: at, Role: person.Pupil})
	}
	w.write(func(ctx context.Context, tx *db.Tx) error {
		if err := person.SaveAll(ctx, tx, people); err != nil {
			return err
		}
		return person.SavePosts(ctx, tx, posts)
	})
	return ids
}

func (w *world) issue(ids []string) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error { return w.Issue(ctx, tx, ids) })
}

// named are the names of some people, as text.
func (w *world) named(ids []string) map[string]string {
	w.t.Helper()
	texts := map[string]string{}
	w.read(func(ctx context.Context, tx *db.Tx) error {
		names, err := w.OfMany(ctx, tx, ids)
		for id, name := range names {
			texts[id] = name.String()
		}
		return err
	})
	return texts
}

func (w *world) count(query string) (n int) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = db.One(ctx, tx, func(r db.Row) (n int, err error) {
			err = r.Scan(&n)
			return n, err
		}, query, tx.Board)
		return err
	})
	return n
}
