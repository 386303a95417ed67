package guard_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/guard"
	"aval/internal/i18n"
	"aval/internal/person"
	"aval/internal/policy"
)

// learnt is the roster of a board on which these people are.
func learnt(t testing.TB, d *db.DB, s policy.Settings, people ...person.Person) (r *guard.Roster) {
	t.Helper()
	d.Clock = func() time.Time { return time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC) }
	board := dbtest.Board(t, d)
	err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) (err error) {
		for i := range people {
			people[i].SourceID, people[i].Status = people[i].ID, person.Active
		}
		if err := person.SaveAll(ctx, tx, people); err != nil {
			return err
		}
		r, err = guard.Learn(ctx, tx, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func some() []person.Person {
	return []person.Person{
		{ID: "eve", Kind: person.Student, GivenName: "Maëlle-Ève", FamilyName: "Outarde-Roy", Number: "0412377"},
		{ID: "noa", Kind: person.Student, GivenName: "Noa", FamilyName: "Œuvray", Number: "55"},
		{ID: "rose", Kind: person.Student, GivenName: "Rose", FamilyName: "Marin", Number: "0412378"},
		{ID: "teacher", Kind: person.Staff, GivenName: "Lysandre", FamilyName: "de la Vantadour"},
		{ID: "other", Kind: person.Staff, GivenName: "Baptiste", FamilyName: "Français"},
		{ID: "li", Kind: person.Student, GivenName: "Ann", FamilyName: "Ly", Number: "991"},
	}
}

func TestWhatStopsAFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := learnt(t, d, policy.Settings{PlainWords: "Rose"}, some()...)
		for _, c := range []struct {
			name   string
			column guard.Column
			about  string
			cell   string
			want   guard.Code
		}{
			{"a pseudonym", guard.Column{}, "eve", "q3lz5ihxlcvdn7nhoogm5abcde", ""},
			{"a title of a class", guard.Column{}, "eve teacher", "Groupe 301 – Mathématique", ""},
			{"one's own given name", guard.Column{}, "eve", "maelle", guard.Name},
			{"one's own family name in a text, without accents", guard.Column{}, "noa", "Groupe OEUVRAY", guard.Name},
			{"a short family name of one's own", guard.Column{}, "li", "Groupe Ly", guard.Name},
			{"the teacher's name in the title of the class", guard.Column{}, "eve teacher", "Groupe Vantadour 301", guard.Name},
			{"a family name of somebody else, which may be a word", guard.Column{}, "eve", "Français 301", ""},
			{"a particle of the teacher's name", guard.Column{}, "teacher", "École de la Rive", ""},
			{"whole name of somebody else", guard.Column{}, "noa", "Groupe de Maëlle-Ève Outarde", guard.Name},
			{"whole name, the other way round", guard.Column{}, "", "OUTARDE-ROY, Maelle", guard.Name},
			{"an initial and a family name", guard.Column{}, "", "4e, L. Vantadour", ""},
			{"an initial and the whole family name", guard.Column{}, "", "4e, L. de la Vantadour", guard.Name},
			{"a civility and a family name", guard.Column{}, "eve", "Classe de Mme Français", guard.Name},
			{"a civility and a family name with particles", guard.Column{}, "", "Mme de la Vantadour", guard.Name},
			{"a word that the board says is none", guard.Column{}, "rose", "Groupe Rose", ""},
			{"that word beside the family name", guard.Column{}, "", "Rose Marin", guard.Name},
			{"a name where it may stand", guard.Column{Let: []guard.Code{guard.Name}}, "eve", "Outarde-Roy", ""},
			{"a name in the title of a column", guard.Column{Title: "Rose Marin"}, "", "", guard.Name},
			{"a school that is called as somebody is", guard.Column{Public: map[string]bool{"ecole rose marin": true}}, "", "École Rose-Marin", ""},
			{"one's own number", guard.Column{}, "eve", "0412377", guard.Number},
			{"one's own number in a text", guard.Column{}, "li", "301/991", guard.Number},
			{"a short number of one of several", guard.Column{}, "li eve", "301/991", ""},
			{"the number of one of several", guard.Column{}, "li eve", "0412377", guard.Number},
			{"a number too short to be one", guard.Column{}, "noa", "55", ""},
			{"somebody else's number in a text", guard.Column{}, "noa", "Groupe 0412377", guard.Number},
			{"a code that is nobody's number", guard.Column{}, "eve", "132208", ""},
			{"a birth date", guard.Column{}, "", "2014-03-09", guard.BirthDate},
			{"a birth date in figures", guard.Column{}, "", "20140309", guard.BirthDate},
			{"a birth date in letters", guard.Column{}, "", "né le 9 mars 2014", guard.BirthDate},
			{"a birth date as Americans write it", guard.Column{}, "", "March 9, 2014", guard.BirthDate},
			{"a birth date with strokes", guard.Column{}, "", "09/03/2014", guard.BirthDate},
			{"the first day of school", guard.Column{}, "", "2026-08-31", ""},
			{"what is no day", guard.Column{}, "", "2014-13-40", ""},
			{"a birth date where it may stand", guard.Column{Let: []guard.Code{guard.BirthDate}}, "", "2014-03-09", ""},
			{"an address", guard.Column{}, "noa", "qwk29@exemple.test", guard.Email},
			{"an address where it may stand", guard.Column{Let: []guard.Code{guard.Email}}, "noa", "noa@exemple.test", ""},
			{"a login name of chance", guard.Column{Login: true}, "eve", "bkrt-4827", ""},
			{"a login name with the family name", guard.Column{Login: true}, "noa", "noeuvray2", guard.Login},
			{"a login name that begins as the family name", guard.Column{Login: true}, "eve", "outa04", guard.Login},
			{"a login name with the number", guard.Column{Login: true}, "eve", "bk-0412377", guard.Login},
			{"a login name of chance with the figures of a short number", guard.Column{Login: true}, "li", "bkrt-991", ""},
			{"a pseudonym in place of a login name", guard.Column{Login: true}, "noa", "q3lz5ihxnoadn7nhoogm5abcde", ""},
			{"an address of the board's domain for such", guard.Column{Domain: "alias.test"}, "noa", "q3lz5@alias.test", ""},
			{"an address of another domain", guard.Column{Domain: "alias.test"}, "noa", "q3lz5@exemple.test", guard.Email},
			{"a password", guard.Column{Drawn: true}, "rose", "marin-bleu-tortue", ""},
			{"a word of the binding", guard.Column{Words: []string{"student"}}, "", "student", ""},
		} {
			g := r.Watch()
			t.Run(c.name, func(t *testing.T) {
				where, row := "1", 1 // the title itself
				if c.column.Title == "" {
					c.column.Title, where, row = "cell", "cell", 2
				}
				g.Table("x.csv", []guard.Column{c.column}).Row(people(t, r, c.about), []string{c.cell})
				var got guard.Code
				stops := g.Stops()
				for _, s := range stops {
					if s.File != "x.csv" || s.Column != where || s.Row != row || s.Rows != 1 {
						t.Errorf("stopped at %+v", s)
					}
				}
				if len(stops) > 0 {
					got = stops[0].Code
				}
				if c.column.Login && len(stops) > 1 { // a number in it is told of, too
					got = stops[1].Code
				}
				if got != c.want {
					t.Errorf("%q is stopped for %q, want %q (%v)", c.cell, got, c.want, stops)
				}
			})
		}
	})
}

// A file that is stopped is refused in words that lead to the place and tell nobody.
func TestARefusalSaysWhere(t *testing.T) {
	d := dbtest.Open(t, db.SQLite)
	g := learnt(t, d, policy.Settings{}, some()...).Watch()
	table := g.Table("comptes.csv", []guard.Column{{Title: "login"}, {Title: "Marin, Rose"}, {Title: "groupe"}})
	table.Row(nil, []string{"bkrt-4827", "x", "Groupe 301"})
	table.Row(nil, []string{"bkrt-4826", "x", "Groupe de Noa Œuvray"})
	table.Row(nil, []string{"bkrt-4825", "x", "Groupe de Noa Œuvray"})
	f := guard.Refusal(g.Stops())
	if f == nil || f.Kind != fault.Conflict || f.Clause != "1.3e" || guard.Refusal(nil) != nil {
		t.Fatalf("refused as %v", f)
	}
	for lang, want := range map[string][]string{
		"fr": {"comptes.csv, colonne « 2 », ligne 1 :", "colonne « groupe », ligne 3 : nom de quelqu’un (2 lignes en tout)"},
		"en": {"comptes.csv, column “2”, row 1:", "column “groupe”, row 3: somebody’s name (2 rows in all)"}} {
		said := strings.ReplaceAll(i18n.For(lang).Fault(f), "\u00a0", " ")
		for _, part := range want {
			if !strings.Contains(said, part) {
				t.Errorf("%s: %q lacks %q", lang, said, part)
			}
		}
		for _, name := range []string{"Marin", "Rose", "Noa", "uvray"} {
			if strings.Contains(said, name) {
				t.Errorf("%s: %q tells %q", lang, said, name)
			}
		}
	}
}

func people(t testing.TB, r *guard.Roster, ids string) (about []guard.Somebody) {
	t.Helper()
	for _, id := range strings.Fields(ids) {
		p, ok := r.Person(id)
		if !ok {
			t.Fatalf("%s is not on the roster", id)
		}
		about = append(about, p)
	}
	return about
}

// What is somebody's own name is a word where it stands in many rows that are not theirs.
func TestAWordThatIsAName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := learnt(t, d, policy.Settings{}, some()...)
		for _, c := range []struct {
			name string
			away int // other classes with the word
			own  int // classes of who bears it
			want int
		}{
			{"in no other row", 0, 1, 1}, {"in two others", 2, 1, 1}, {"in three others", 3, 1, 0}, {"in fewer than in their own", 3, 4, 4},
		} {
			g := r.Watch()
			table := g.Table("classes.csv", []guard.Column{{Title: "title"}})
			for i := range c.away {
				table.Row(people(t, r, "eve"), []string{fmt.Sprintf("Français %d", i)})
			}
			for i := range c.own {
				table.Row(people(t, r, "other"), []string{fmt.Sprintf("Français 2%d", i)})
			}
			rows := 0
			for _, s := range g.Stops() {
				rows += s.Rows
			}
			if rows != c.want {
				t.Errorf("%s: %d rows stop, want %d", c.name, rows, c.want)
			}
		}
	})
}

// A column that was mistaken for another is found although no row tells its own people's names.
func TestAColumnOfNames(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := learnt(t, d, policy.Settings{}, some()...)
		g := r.Watch()
		table := g.Table("users.csv", []guard.Column{{Title: "sourcedId"}, {Title: "familyName"}, {Title: "identifier"}})
		for i, cells := range [][]string{{"a", "Marin", "0412378"}, {"b", "Ly", "0412377"}, {"c", "Français", "1"}, {"d", "Œuvray", "2"}} {
			table.Row(people(t, r, []string{"eve", "li", "noa", "rose"}[i]), cells)
		}
		want := []guard.Stop{
			{File: "users.csv", Column: "familyName", Code: guard.Name, Row: 2, Rows: 3},
			{File: "users.csv", Column: "identifier", Code: guard.Number, Row: 2, Rows: 2},
		}
		if got := g.Stops(); !slices.Equal(got, want) {
			t.Errorf("stopped at %+v, want %+v", got, want)
		}
	})
}

func TestAGroupThatIsTooSmall(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, c := range []struct {
			settings policy.Settings
			pupils   int
			want     int
		}{{policy.Settings{}, 4, 1}, {policy.Settings{}, 5, 0}, {policy.Settings{}, 0, 0},
			{policy.Settings{OwnSmallestGroup: 3}, 2, 1}, {policy.Settings{OwnSmallestGroup: 3}, 3, 0}, {policy.Settings{OwnSmallestGroup: 1}, 1, 0}} {
			g := learnt(t, d, c.settings).Watch()
			g.Group("classes.csv", "title", 7, c.pupils)
			g.Group("classes.csv", "title", 3, c.pupils)
			got := g.Stops()
			if len(got) != c.want || c.want > 0 && got[0] != (guard.Stop{File: "classes.csv", Column: "title", Code: guard.SmallGroup, Row: 3, Rows: 2}) {
				t.Errorf("%d pupils, at least %d: stopped at %+v", c.pupils, c.settings.SmallestGroup(), got)
			}
		}
	})
}

// BenchmarkGuard looks at 60,000 rows beside a roster of as many.
func BenchmarkGuard(b *testing.B) {
	d := dbtest.Open(b, db.SQLite)
	var all []person.Person
	for i := range 60_000 {
		all = append(all, person.Person{ID: db.NewID(), Kind: person.Student, GivenName: fmt.Sprintf("Oriane%d", i%900),
			FamilyName: fmt.Sprintf("Vaudrin%d", i%7000), Number: fmt.Sprintf("%07d", i)})
	}
	r := learnt(b, d, policy.Settings{}, all...)
	columns := make([]guard.Column, 20)
	for i := range columns {
		columns[i].Title = fmt.Sprintf("column %d", i)
	}
	for b.Loop() {
		g := r.Watch()
		table := g.Table("users.csv", columns)
		cells := make([]string, len(columns))
		for i := range 60_000 {
			cells[0], cells[1], cells[2], cells[3] = all[i].ID, "true", "Élève", "2026-08-31"
			p, _ := r.Person(all[i].ID)
			table.Row([]guard.Somebody{p}, cells)
		}
		if stops := g.Stops(); len(stops) > 0 {
			b.Fatal(stops)
		}
	}
}
