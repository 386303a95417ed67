package correction_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aval/internal/correction"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/seal"
	"aval/internal/vault"
)

// world is a board with two schools and three pupils.
type world struct {
	*correction.Service
	t     *testing.T
	db    *db.DB
	keys  *vault.Vault
	board string
	pack  *policy.Pack
	now   time.Time
}

func each(t *testing.T, f func(w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"csc-pan-2023", "conseil-infonuagique-2026"} {
			pack, err := policy.Shipped(name)
			if err != nil {
				t.Fatal(err)
			}
			w := &world{t: t, db: d, pack: pack, now: time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)}
			d.Clock = func() time.Time { return w.now }
			w.board = dbtest.Board(t, d)
			w.keys = vault.New(master)
			w.Service = &correction.Service{DB: d, Vault: w.keys}
			w.fill()
			f(w)
		}
	})
}

func pupil(id, given, family, grade string) person.Person {
	return person.Person{ID: id, SourceID: id, Kind: person.Student, GivenName: given, FamilyName: family, Grade: grade, Status: person.Active}
}

func (w *world) fill() {
	class := func(id, school string) person.Class {
		return person.Class{ID: id, SourceID: id, SchoolID: school, Title: "Groupe " + id, Grade: "04", Status: person.Active}
	}
	in := func(class, who string, role person.Role) person.Enrollment {
		return person.Enrollment{ID: class + who, ClassID: class, PersonID: who, Role: role, Status: person.Active}
	}
	w.write(func(ctx context.Context, tx *db.Tx) error {
		return errors.Join(org.SaveAll(ctx, tx, []org.Org{
			{ID: "s1", SourceID: "s1", Kind: org.School, Name: "École A", Sector: org.Youth, Status: org.Active},
			{ID: "s2", SourceID: "s2", Kind: org.School, Name: "École B", Sector: org.Youth, Status: org.Active}}),
			person.SaveAll(ctx, tx, []person.Person{pupil("e1", "Ana", "Vornik", "04"), pupil("e2", "Anna", "Vornik", "04"), pupil("e3", "Béa", "Zyqu", "05")}),
			person.SavePosts(ctx, tx, []person.Post{{PersonID: "e1", OrgID: "s1", Role: person.Pupil}, {PersonID: "e2", OrgID: "s1", Role: person.Pupil},
				{PersonID: "e3", OrgID: "s2", Role: person.Pupil}}),
			person.SaveClasses(ctx, tx, []person.Class{class("k1", "s1"), class("k2", "s1"), class("k3", "s2")}),
			person.SaveEnrollments(ctx, tx, []person.Enrollment{in("k1", "e1", person.Pupil), in("k2", "e2", person.Pupil), in("k3", "e3", person.Pupil)}))
	})
}

func (w *world) write(f func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), w.board, f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) as(role policy.Role, at string, classes ...string) policy.Actor {
	return policy.Actor{ID: "a-" + string(role) + at, Board: w.board, Via: "web", Lang: "fr", Pack: w.pack,
		Grants: []policy.Grant{{Role: role, Org: at}}, Classes: classes}
}

func (w *world) teacher() policy.Actor { return w.as(policy.Teacher, "s1", "k1") }

func (w *world) it() policy.Actor { return w.as(policy.IT, "") }

func (w *world) ask(in correction.Ask) correction.Correction {
	w.t.Helper()
	c, err := w.Ask(w.t.Context(), w.as(policy.Principal, "s1"), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// imported says that the roster came in, and looks at what it now says.
func (w *world) imported() {
	w.t.Helper()
	w.now = w.now.Add(time.Hour)
	w.write(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO roster_import (board_id, id, at, actor, counts) VALUES ($1, $2, $3, 'cli', '{}')`, tx.Board, db.NewID(), tx.Now)
		return err
	})
	if err := w.Check(w.t.Context(), policy.System(w.board, w.pack, "job")); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(id correction.ID) correction.View {
	w.t.Helper()
	v, err := w.View(w.t.Context(), w.it(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) outcome(id correction.ID) (o string) {
	w.write(func(ctx context.Context, tx *db.Tx) (err error) {
		o, err = db.One(ctx, tx, func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err },
			`SELECT outcome FROM control_mark WHERE board_id = $1 AND control = 'roster.kept' AND subject = $2`, tx.Board, correction.Subject(id))
		return err
	})
	return o
}

func TestWhoMayNotSayWhatIsWrong(t *testing.T) {
	each(t, func(w *world) {
		for name, c := range map[string]struct {
			who  policy.Actor
			in   correction.Ask
			kind fault.Kind
		}{
			"a pupil of another class":     {w.teacher(), correction.Ask{Kind: correction.Left, Person: "e2"}, fault.NotFound},
			"a pupil of another school":    {w.as(policy.Principal, "s1"), correction.Ask{Kind: correction.Left, Person: "e3"}, fault.NotFound},
			"a pupil that is not":          {w.as(policy.Principal, "s1"), correction.Ask{Kind: correction.Left, Person: "e9"}, fault.NotFound},
			"missing from another's class": {w.teacher(), correction.Ask{Kind: correction.Missing, Class: "k2", Given: "Zoé", Family: "Pilk"}, fault.NotFound},
			"missing from a whole school":  {w.teacher(), correction.Ask{Kind: correction.Missing, School: "s1", Given: "Zoé", Family: "Pilk"}, fault.NotFound},
			"an evaluator":                 {w.as(policy.Evaluator, ""), correction.Ask{Kind: correction.Left, Person: "e1"}, fault.NotFound},
			"no kind":                      {w.teacher(), correction.Ask{Person: "e1"}, fault.Invalid},
			"a name without a family":      {w.teacher(), correction.Ask{Kind: correction.Name, Person: "e1", Given: "Ana"}, fault.Invalid},
			"a long name":                  {w.teacher(), correction.Ask{Kind: correction.Name, Person: "e1", Given: strings.Repeat("é", 201), Family: "V"}, fault.Invalid},
			"no grade":                     {w.teacher(), correction.Ask{Kind: correction.Grade, Person: "e1"}, fault.Invalid},
			"a grade that nobody is in":    {w.teacher(), correction.Ask{Kind: correction.Grade, Person: "e1", Grade: "77"}, fault.Invalid},
			"no class":                     {w.teacher(), correction.Ask{Kind: correction.Class, Person: "e1"}, fault.Invalid},
			"a class of another school":    {w.teacher(), correction.Ask{Kind: correction.Class, Person: "e1", ToClass: "k3"}, fault.Invalid},
			"out of a class of others":     {w.teacher(), correction.Ask{Kind: correction.Class, Person: "e1", Class: "k2"}, fault.Invalid},
			"no school":                    {w.teacher(), correction.Ask{Kind: correction.School, Person: "e1"}, fault.Invalid},
			"the same school":              {w.teacher(), correction.Ask{Kind: correction.School, Person: "e1", School: "s1"}, fault.Invalid},
			"two records, one unsaid":      {w.teacher(), correction.Ask{Kind: correction.Twice, Person: "e1"}, fault.Invalid},
			"two records, not alike":       {w.teacher(), correction.Ask{Kind: correction.Twice, Person: "e1", Other: "e3"}, fault.Invalid},
			"what the roster says":         {w.teacher(), correction.Ask{Kind: correction.Grade, Person: "e1", Grade: "04"}, fault.Conflict},
			"missing and there":            {w.teacher(), correction.Ask{Kind: correction.Missing, Class: "k1", Given: "ANA", Family: "Vornik"}, fault.Conflict},
		} {
			if _, err := w.Ask(t.Context(), c.who, c.in); !fault.Is(err, c.kind) {
				t.Errorf("%s: %v, want kind %d", name, err, c.kind)
			}
		}
	})
}

func TestWhoReadsAndSettles(t *testing.T) {
	each(t, func(w *world) {
		c, err := w.Ask(t.Context(), w.teacher(), correction.Ask{Kind: correction.Name, Person: "e1", Given: "Anaïs", Family: "Vornik", Text: "  Sa mère l’a dit. "})
		if err != nil {
			t.Fatal(err)
		}
		for name, who := range map[string]policy.Actor{"another teacher": w.as(policy.Teacher, "s2", "k3"), "another principal": w.as(policy.Principal, "s2"),
			"a secretary": w.as(policy.Secretary, "")} {
			if _, err := w.View(t.Context(), who, c.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("View by %s: %v, want NotFound", name, err)
			}
		}
		for name, act := range map[string]func(context.Context, policy.Actor, correction.ID) (correction.Correction, error){
			"Take": w.Take,
			"Done": func(ctx context.Context, a policy.Actor, id correction.ID) (correction.Correction, error) {
				return w.Done(ctx, a, id, "")
			},
			"Refuse": func(ctx context.Context, a policy.Actor, id correction.ID) (correction.Correction, error) {
				return w.Refuse(ctx, a, id, "Non.")
			},
		} {
			if _, err := act(t.Context(), w.teacher(), c.ID); !fault.Is(err, fault.Denied) {
				t.Errorf("%s by who asked: %v, want Denied", name, err)
			}
		}
		if _, err := w.Refuse(t.Context(), w.it(), c.ID, " \n"); !fault.Is(err, fault.Invalid) {
			t.Errorf("Refuse without a reason: %v", err)
		}
		if _, err := w.Take(t.Context(), w.it(), c.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Take(t.Context(), w.it(), c.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("Take twice: %v", err)
		}
		if _, err := w.Refuse(t.Context(), w.it(), c.ID, "L’acte de naissance dit Ana."); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Done(t.Context(), w.it(), c.ID, ""); !fault.Is(err, fault.Conflict) {
			t.Errorf("Done once it is closed: %v", err)
		}
		v, err := w.View(t.Context(), w.teacher(), c.ID)
		if err != nil || v.State != correction.Refused || v.Words.Answer != "L’acte de naissance dit Ana." || v.Words.Text != "Sa mère l’a dit." || v.Settle {
			t.Errorf("View by who asked: %+v, %v", v, err)
		}
		list, err := w.List(t.Context(), w.as(policy.Principal, "s1"), correction.Filter{State: correction.Refused})
		if err != nil || len(list) != 1 || list[0].Pupil != "Ana Vornik" || list[0].Words != (correction.Words{}) {
			t.Errorf("List: %+v, %v", list, err)
		}
		if list, err := w.List(t.Context(), w.as(policy.Principal, "s2"), correction.Filter{}); err != nil || len(list) != 0 {
			t.Errorf("List of another school: %+v, %v", list, err)
		}
		if _, err := w.List(t.Context(), w.as(policy.Evaluator, ""), correction.Filter{}); !fault.Is(err, fault.Denied) {
			t.Errorf("List by an evaluator: %v", err)
		}
		if got := w.outcome(c.ID); got != "conform" {
			t.Errorf("the control saw %s, want conform", got)
		}
	})
}

func TestAnImportShowsIt(t *testing.T) {
	each(t, func(w *world) {
		asked := map[string]correction.ID{}
		for name, in := range map[string]correction.Ask{
			"name":    {Kind: correction.Name, Person: "e1", Given: "Anaïs", Family: "Vornik"},
			"grade":   {Kind: correction.Grade, Person: "e1", Grade: "05"},
			"class":   {Kind: correction.Class, Person: "e1", Class: "k1", ToClass: "k2"},
			"school":  {Kind: correction.School, Person: "e1", School: "s2"},
			"twice":   {Kind: correction.Twice, Person: "e1", Other: "e2"},
			"left":    {Kind: correction.Left, Person: "e2"},
			"missing": {Kind: correction.Missing, Class: "k1", Given: "Zoé", Family: "Pilk"},
		} {
			asked[name] = w.ask(in).ID
		}
		w.imported()
		for name, id := range asked {
			if v := w.view(id); v.State != correction.Open {
				t.Errorf("%s before the source is mended: %s", name, v.State)
			}
		}
		w.write(func(ctx context.Context, tx *db.Tx) error {
			moved := person.Enrollment{ID: "k1e1", ClassID: "k2", PersonID: "e1", Role: person.Pupil, Status: person.Active}
			in := person.Enrollment{ID: "k1e4", ClassID: "k1", PersonID: "e4", Role: person.Pupil, Status: person.Active}
			return errors.Join(person.SaveAll(ctx, tx, []person.Person{pupil("e1", "Anaïs", "Vornik", "05"), pupil("e4", "Zoé", "Pilk", "04")}),
				person.Retire(ctx, tx, []string{"e2"}),
				person.SavePosts(ctx, tx, []person.Post{{PersonID: "e1", OrgID: "s2", Role: person.Pupil}, {PersonID: "e4", OrgID: "s1", Role: person.Pupil}}),
				person.SaveEnrollments(ctx, tx, []person.Enrollment{moved, in}))
		})
		w.imported()
		for name, id := range asked {
			v := w.view(id)
			if v.State != correction.Done || v.Shown != correction.Yes || v.ClosedBy != "" || w.outcome(id) != "conform" {
				t.Errorf("%s: %s %s by %q, %s", name, v.State, v.Shown, v.ClosedBy, w.outcome(id))
			}
		}
	})
}

func TestWhatIsDoneAndDoesNotShowIsAnException(t *testing.T) {
	each(t, func(w *world) {
		c := w.ask(correction.Ask{Kind: correction.Grade, Person: "e1", Grade: "05"})
		if _, err := w.Done(t.Context(), w.it(), c.ID, "Fait."); err != nil {
			t.Fatal(err)
		}
		if err := w.Check(t.Context(), policy.System(w.board, w.pack, "job")); err != nil {
			t.Fatal(err)
		}
		if v := w.view(c.ID); v.Shown != correction.Unseen || w.outcome(c.ID) != "conform" {
			t.Errorf("before an import: %q, %s", v.Shown, w.outcome(c.ID))
		}
		w.imported()
		if v := w.view(c.ID); v.Shown != correction.No || w.outcome(c.ID) != "exception" {
			t.Errorf("after one that does not show it: %q, %s", v.Shown, w.outcome(c.ID))
		}
		w.write(func(ctx context.Context, tx *db.Tx) error {
			return person.SaveAll(ctx, tx, []person.Person{pupil("e1", "Ana", "Vornik", "05")})
		})
		w.imported()
		if v := w.view(c.ID); v.Shown != correction.Yes || w.outcome(c.ID) != "conform" {
			t.Errorf("after one that shows it: %q, %s", v.Shown, w.outcome(c.ID))
		}
	})
}

func TestADayThatPassesAndAYear(t *testing.T) {
	each(t, func(w *world) {
		c := w.ask(correction.Ask{Kind: correction.Left, Person: "e1"})
		count := func() (n correction.Count) {
			w.write(func(ctx context.Context, tx *db.Tx) (err error) {
				n, err = correction.Waiting(ctx, tx, w.it())
				return err
			})
			return n
		}
		if n := count(); n.Waiting != 1 || n.Overdue != 0 || w.outcome(c.ID) != "waiting" {
			t.Errorf("at first: %+v, %s", n, w.outcome(c.ID))
		}
		w.now = w.now.AddDate(0, 0, correction.Days+1)
		w.imported()
		if n := count(); n.Overdue != 1 || n.Days != correction.Days+1 || w.outcome(c.ID) != "exception" {
			t.Errorf("overdue: %+v, %s", n, w.outcome(c.ID))
		}
		if _, err := w.Done(t.Context(), w.it(), c.ID, ""); err != nil {
			t.Fatal(err)
		}
		if err := w.Purge(t.Context(), w.board); err != nil || w.view(c.ID).State != correction.Done {
			t.Errorf("Purge too early: %v", err)
		}
		w.now = w.now.AddDate(1, 0, 1)
		if err := w.Purge(t.Context(), w.board); err != nil {
			t.Fatal(err)
		}
		if _, err := w.View(t.Context(), w.it(), c.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("after a year: %v, want NotFound", err)
		}
	})
}

func TestItsWordsAreSealedAndSealedAgain(t *testing.T) {
	each(t, func(w *world) {
		c := w.ask(correction.Ask{Kind: correction.Missing, Class: "k1", Given: "Zoé", Family: "Pilkington", Text: "Arrivée lundi."})
		kept := func() (sealed []byte) {
			w.write(func(ctx context.Context, tx *db.Tx) (err error) {
				sealed, err = db.One(ctx, tx, func(r db.Row) (b []byte, err error) { err = r.Scan(&b); return b, err },
					`SELECT sealed FROM correction WHERE board_id = $1 AND id = $2`, tx.Board, string(c.ID))
				return err
			})
			return sealed
		}
		before := kept()
		if bytes.Contains(before, []byte("Pilkington")) || bytes.Contains(before, []byte("lundi")) {
			t.Error("the words lie open")
		}
		keeper := &vault.Service{Vault: w.keys, DB: w.db, Rows: []vault.Resealer{correction.Sealed()}}
		if err := keeper.Rotate(t.Context(), policy.System(w.board, w.pack, "cli")); err != nil {
			t.Fatal(err)
		}
		if err := keeper.Reseal(t.Context(), w.board, w.board); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(before[:5], kept()[:5]) {
			t.Error("not sealed again under the newest key")
		}
		if v := w.view(c.ID); v.Words.Family != "Pilkington" {
			t.Errorf("opened: %+v", v.Words)
		}
	})
}
