package usage_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"aval/internal/access"
	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/reveal"
	"aval/internal/seal"
	"aval/internal/usage"
	"aval/internal/vault"
)

// world is a board with two schools, a class of three pupils in each, and an
// approved platform under a licence of the first school and accounts on it.
type world struct {
	*db.DB
	*usage.Service
	t        *testing.T
	now      time.Time
	board    string
	schools  [2]string
	classes  [2]string
	pupils   [2][]string
	names    map[string]string // login names by person
	platform catalogue.ID
}

const pupilsEach = 3

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, open(t, d)) })
}

func open(t *testing.T, d *db.DB) *world {
	t.Helper()
	master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{DB: d, t: t, now: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC), names: map[string]string{}}
	d.Clock = func() time.Time { return w.now }
	w.board = dbtest.Board(t, d)
	names := &pseudonym.Names{Vault: vault.New(master)}
	accounts := &access.Accounts{Names: names}
	w.Service = &usage.Service{DB: d, Reveals: &reveal.Service{DB: d, Names: names, Cards: accounts}, Accounts: accounts}
	w.write(func(ctx context.Context, tx *db.Tx) error { return w.people(ctx, tx, names) })
	w.platform = w.licensed("Tabulou", licence.Licence{Scope: licence.School, OrgID: w.schools[0], Payer: w.schools[0]})
	return w
}

func (w *world) people(ctx context.Context, tx *db.Tx, names *pseudonym.Names) error {
	var all []string
	for i := range 2 {
		w.schools[i], w.classes[i] = db.NewID(), db.NewID()
		if err := org.SaveAll(ctx, tx, []org.Org{{ID: w.schools[i], SourceID: fmt.Sprint("s", i), Kind: org.School,
			Name: fmt.Sprint("École ", i), Sector: org.Youth, Status: org.Active}}); err != nil {
			return err
		}
		if err := person.SaveClasses(ctx, tx, []person.Class{{ID: w.classes[i], SourceID: fmt.Sprint("k", i), SchoolID: w.schools[i],
			Title: fmt.Sprint("Groupe 40", i), Grade: "04", Status: person.Active}}); err != nil {
			return err
		}
		for n := range pupilsEach {
			id := db.NewID()
			w.pupils[i], all = append(w.pupils[i], id), append(all, id)
			if err := person.SaveAll(ctx, tx, []person.Person{{ID: id, SourceID: "u" + id, Kind: person.Student,
				GivenName: fmt.Sprintf("Prénom%d%d", i, n), FamilyName: fmt.Sprintf("Outarde%d%d", i, n), Grade: "04", Status: person.Active}}); err != nil {
				return err
			}
			if err := person.SavePosts(ctx, tx, []person.Post{{PersonID: id, OrgID: w.schools[i], Role: person.Pupil}}); err != nil {
				return err
			}
			if err := person.SaveEnrollments(ctx, tx, []person.Enrollment{{ID: "e" + id, ClassID: w.classes[i], PersonID: id,
				Role: person.Pupil, Status: person.Active}}); err != nil {
				return err
			}
		}
	}
	if err := names.Issue(ctx, tx, all); err != nil {
		return err
	}
	given, err := names.OfMany(ctx, tx, all)
	for id, name := range given {
		w.names[id] = name.String()
	}
	return err
}

// licensed is a new platform under a licence, with its accounts made.
func (w *world) licensed(name string, l licence.Licence) catalogue.ID {
	w.t.Helper()
	var platform catalogue.Platform
	hand := policy.System(w.board, w.pack(), "cli")
	w.write(func(ctx context.Context, tx *db.Tx) (err error) {
		if platform, err = catalogue.Add(ctx, tx, hand, catalogue.Draft{Name: name, Functions: []string{"mathematics"}}); err != nil {
			return err
		}
		return catalogue.SetResult(ctx, tx, platform.ID, catalogue.Approved, "", catalogue.Quebec, "x")
	})
	l.PlatformID, l.AccountKind = platform.ID, licence.LoginName
	if l.EndsOn == "" {
		l.StartsOn, l.EndsOn = "2026-08-31", "2027-06-30"
	}
	l, err := licence.New(w.DB, contract.Gate).Record(w.t.Context(), hand, l)
	w.must(err)
	if !l.Runs("2026-11-23") {
		return platform.ID
	}
	accounts := access.New(w.DB, w.Accounts)
	_, err = accounts.Create(w.t.Context(), hand, l.ID)
	w.must(err)
	w.must(accounts.Run(w.t.Context(), w.board, string(l.ID)))
	return platform.ID
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

func (w *world) pack() *policy.Pack {
	w.t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	w.must(err)
	return pack
}

// actor has one role at a school, or on the whole board (-1), and teaches its class.
func (w *world) actor(role policy.Role, school int) policy.Actor {
	a := policy.Actor{ID: fmt.Sprint(role, school), Board: w.board, Lang: "fr", Via: "web", Pack: w.pack()}
	g := policy.Grant{Role: role}
	if school >= 0 {
		g.Org = w.schools[school]
		if role == policy.Teacher {
			a.Classes = []string{w.classes[school]}
		}
	}
	a.Grants = []policy.Grant{g}
	return a
}

// rows answers a text of each row.
func (w *world) rows(query string) (all []string) {
	w.t.Helper()
	w.must(w.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) (err error) {
		all, err = db.All(ctx, tx, func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err }, query, tx.Board)
		return err
	}))
	return all
}
