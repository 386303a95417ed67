package access_test

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
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/seal"
	"aval/internal/vault"
)

var now = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// world is a board with two schools, a class in each, and one approved platform.
type world struct {
	*db.DB
	t        *testing.T
	board    string
	schools  []string
	classes  []string
	pupils   []string // of the first school, the first three in its class
	far      []string // of the second
	platform catalogue.ID
	keys     *vault.Service
	names    *pseudonym.Names
	*access.Service
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, open(t, d)) })
}

func open(t *testing.T, d *db.DB) *world {
	t.Helper()
	d.Clock = func() time.Time { return now }
	master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	v := vault.New(master)
	w := &world{DB: d, t: t, board: dbtest.Board(t, d), names: &pseudonym.Names{Vault: v}}
	accounts := &access.Accounts{Names: w.names}
	w.keys = &vault.Service{Vault: v, DB: d, Rows: []vault.Resealer{w.names, accounts}}
	w.Service = access.New(d, accounts)
	w.schools, w.classes = []string{db.NewID(), db.NewID()}, []string{db.NewID(), db.NewID()}
	w.write(func(ctx context.Context, tx *db.Tx) error {
		if err := org.SaveAll(ctx, tx, []org.Org{
			{ID: w.schools[0], SourceID: "s1", Kind: org.School, Name: "École des Outardes", Sector: org.Youth, Language: "fr", Status: org.Active},
			{ID: w.schools[1], SourceID: "s2", Kind: org.School, Name: "Rapids School", Sector: org.Youth, Language: "en", Status: org.Active},
		}); err != nil {
			return err
		}
		if err := person.SaveClasses(ctx, tx, []person.Class{
			{ID: w.classes[0], SourceID: "c1", SchoolID: w.schools[0], Title: "401", Code: "401-A", Status: person.Active},
			{ID: w.classes[1], SourceID: "c2", SchoolID: w.schools[1], Title: "Room of Marelle Vantadour", Code: "R-2", Status: person.Active},
		}); err != nil {
			return err
		}
		p, err := catalogue.Add(ctx, tx, w.hand(), catalogue.Draft{Name: "Tabulou", Functions: []string{"mathematics"}})
		if err != nil {
			return err
		}
		w.platform = p.ID
		return catalogue.SetResult(ctx, tx, p.ID, catalogue.Approved, "", catalogue.Quebec, "x")
	})
	w.pupils, w.far = w.add(0, 5), w.add(1, 3)
	return w
}

// add adds so many pupils to a school, the first three of them to its class.
func (w *world) add(school, count int) (ids []string) {
	w.t.Helper()
	var people []person.Person
	var posts []person.Post
	var in []person.Enrollment
	for i := range count {
		id := db.NewID()
		ids = append(ids, id)
		people = append(people, person.Person{ID: id, SourceID: "u" + id, Kind: person.Student, GivenName: fmt.Sprintf("Oriane%d", i),
			FamilyName: fmt.Sprintf("Vaudrin%d", i), Email: fmt.Sprintf("k%d.%d@eleves.example", school, i), Grade: "04", Status: person.Active})
		posts = append(posts, person.Post{PersonID: id, OrgID: w.schools[school], Role: person.Pupil})
		if i < 3 {
			in = append(in, person.Enrollment{ID: "e" + id, ClassID: w.classes[school], PersonID: id, Role: person.Pupil, Status: person.Active})
		}
	}
	w.write(func(ctx context.Context, tx *db.Tx) error {
		if err := person.SaveAll(ctx, tx, people); err != nil {
			return err
		}
		if err := person.SavePosts(ctx, tx, posts); err != nil {
			return err
		}
		if err := person.SaveEnrollments(ctx, tx, in); err != nil {
			return err
		}
		return w.names.Issue(ctx, tx, ids)
	})
	return ids
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

func (w *world) hand() policy.Actor {
	pack, err := policy.Shipped("csc-pan-2023")
	w.must(err)
	return policy.System(w.board, pack, "cli")
}

// as is somebody; the id tells two of one role apart.
func (w *world) as(id string, role policy.Role, at string, classes ...string) policy.Actor {
	return policy.Actor{ID: id, Board: w.board, Lang: "fr", Via: "web", Pack: w.hand().Pack, Classes: classes,
		Grants: []policy.Grant{{Role: role, Org: at}}}
}

func (w *world) evaluator() policy.Actor { return w.as("a-1", policy.Evaluator, "") }

// licence records one for the first school.
func (w *world) licence(change func(*licence.Licence)) licence.ID {
	w.t.Helper()
	l := licence.Licence{PlatformID: w.platform, Scope: licence.School, OrgID: w.schools[0], Payer: w.schools[0],
		StartsOn: "2026-08-31", EndsOn: "2027-06-30", AccountKind: licence.LoginName}
	if change != nil {
		change(&l)
	}
	l, err := licence.New(w.DB, contract.Gate).Record(w.t.Context(), w.hand(), l)
	w.must(err)
	return l.ID
}

func everyone(l *licence.Licence) { l.Scope, l.OrgID, l.Payer = licence.Board, "", licence.DDL }

// made is a licence whose accounts are made.
func (w *world) made(change func(*licence.Licence)) licence.ID {
	w.t.Helper()
	id := w.licence(change)
	w.create(id)
	return id
}

func (w *world) create(id licence.ID) {
	w.t.Helper()
	_, err := w.Create(w.t.Context(), w.evaluator(), id)
	w.must(err)
	w.must(w.Run(w.t.Context(), w.board, string(id)))
}

func (w *world) counts(id licence.ID) access.Counts {
	w.t.Helper()
	c, err := w.Counts(w.t.Context(), w.evaluator(), id)
	w.must(err)
	return c
}

func (w *world) cards(id licence.ID, people ...string) (cards []access.Card) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *db.Tx) (err error) {
		cards, err = w.CardsOf(ctx, tx, id, people)
		return err
	})
	return cards
}

func (w *world) card(id licence.ID, person string) access.Card {
	w.t.Helper()
	cards := w.cards(id, person)
	if len(cards) != 1 {
		w.t.Fatalf("%d cards", len(cards))
	}
	return cards[0]
}

// exec changes what another package keeps, as its owner would.
func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, append([]any{tx.Board}, args...)...)
		return err
	})
}

// marks counts what a control saw of a licence, by outcome.
func (w *world) mark(control string, id licence.ID) (outcome string) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *db.Tx) error {
		found, err := db.All(ctx, tx, func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err },
			`SELECT outcome FROM control_mark WHERE board_id = $1 AND control = $2 AND subject = $3`, tx.Board, control, licence.Subject(id))
		if len(found) > 0 {
			outcome = found[0]
		}
		return err
	})
	return outcome
}

func wants(t *testing.T, what string, err error, kind fault.Kind, key, clause string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Kind != kind || key != "" && f.Key != key || f.Clause != clause {
		t.Errorf("%s: %v, want %v %s under %q", what, err, kind, key, clause)
	}
}
