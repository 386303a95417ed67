package reveal_test

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
	"aval/internal/guardian"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/reveal"
	"aval/internal/seal"
	"aval/internal/vault"
)

// world is a board with two schools, a class in each, and pupils who have names.
type world struct {
	*db.DB
	*reveal.Service
	t       *testing.T
	now     time.Time
	board   string
	schools [2]string
	classes [2]string
	pupils  [2][]string
	names   map[string]string // login names by person
	access  *access.Service
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
	cards := &access.Accounts{Names: names}
	w.access = access.New(d, cards)
	w.Service = &reveal.Service{DB: d, Names: names, Cards: cards, Kin: &guardian.Register{Vault: names.Vault}}
	var people []person.Person
	var posts []person.Post
	var enrolled []person.Enrollment
	var orgs []org.Org
	var classes []person.Class
	for i := range 2 {
		w.schools[i], w.classes[i] = db.NewID(), db.NewID()
		orgs = append(orgs, org.Org{ID: w.schools[i], SourceID: fmt.Sprint("s", i), Kind: org.School,
			Name: fmt.Sprint("École ", i), Sector: org.Youth, Status: org.Active})
		classes = append(classes, person.Class{ID: w.classes[i], SourceID: fmt.Sprint("k", i), SchoolID: w.schools[i],
			Title: fmt.Sprint("Groupe 40", i), Grade: "04", Status: person.Active})
		for n := range pupilsEach {
			id := db.NewID()
			w.pupils[i] = append(w.pupils[i], id)
			people = append(people, person.Person{ID: id, SourceID: "u" + id, Kind: person.Student, GivenName: fmt.Sprintf("Prénom%d%d", i, n),
				FamilyName: fmt.Sprintf("Outarde%d%d", i, n), Grade: "04", Status: person.Active})
			posts = append(posts, person.Post{PersonID: id, OrgID: w.schools[i], Role: person.Pupil})
			enrolled = append(enrolled, person.Enrollment{ID: "e" + id, ClassID: w.classes[i], PersonID: id,
				Role: person.Pupil, Status: person.Active})
		}
	}
	w.write(func(ctx context.Context, tx *db.Tx) error {
		for _, keep := range []func() error{
			func() error { return org.SaveAll(ctx, tx, orgs) },
			func() error { return person.SaveAll(ctx, tx, people) },
			func() error { return person.SavePosts(ctx, tx, posts) },
			func() error { return person.SaveClasses(ctx, tx, classes) },
			func() error { return person.SaveEnrollments(ctx, tx, enrolled) },
			func() error { return w.Names.Issue(ctx, tx, append(w.pupils[0], w.pupils[1]...)) },
		} {
			if err := keep(); err != nil {
				return err
			}
		}
		names, err := w.Names.OfMany(ctx, tx, append(w.pupils[0], w.pupils[1]...))
		for id, name := range names {
			w.names[id] = name.String()
		}
		return err
	})
	return w
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

// look asks whose a login name is.
func (w *world) look(a policy.Actor, name string) (reveal.Shown, error) {
	return w.Reveal(w.t.Context(), a, reveal.Ask{Kind: reveal.Name, Name: name, Reason: "class_help"})
}

// licence is one for the whole board, whose accounts are made.
func (w *world) licence() licence.ID {
	w.t.Helper()
	var platform catalogue.Platform
	hand := policy.System(w.board, w.pack(), "cli")
	w.write(func(ctx context.Context, tx *db.Tx) (err error) {
		if platform, err = catalogue.Add(ctx, tx, hand, catalogue.Draft{Name: "Tabulou", Functions: []string{"mathematics"}}); err != nil {
			return err
		}
		return catalogue.SetResult(ctx, tx, platform.ID, catalogue.Approved, "", catalogue.Quebec, "x")
	})
	l, err := licence.New(w.DB, contract.Gate).Record(w.t.Context(), hand, licence.Licence{PlatformID: platform.ID, Scope: licence.Board,
		Payer: licence.DDL, StartsOn: "2026-08-31", EndsOn: "2027-06-30", AccountKind: licence.LoginName})
	w.must(err)
	_, err = w.access.Create(w.t.Context(), w.actor(policy.Evaluator, -1), l.ID)
	w.must(err)
	w.must(w.access.Run(w.t.Context(), w.board, string(l.ID)))
	return l.ID
}

// account is the id of a pupil's account.
func (w *world) account(id licence.ID, pupil string) (account string) {
	w.t.Helper()
	w.must(w.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
		cards, err := w.Cards.CardsOf(ctx, tx, id, []string{pupil})
		if err == nil {
			account = cards[0].AccountID
		}
		return err
	}))
	return account
}

func (w *world) count(query string) (n int) {
	w.t.Helper()
	w.must(w.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = db.One(ctx, tx, func(r db.Row) (n int, err error) {
			err = r.Scan(&n)
			return n, err
		}, query, tx.Board)
		return err
	}))
	return n
}

const (
	looks  = `SELECT count(*) FROM reveal WHERE board_id = $1`
	told   = `SELECT count(*) FROM audit_record WHERE board_id = $1 AND action LIKE 'reveal.%'`
	alerts = `SELECT count(*) FROM audit_record WHERE board_id = $1 AND action = 'reveal.quota'`
)
