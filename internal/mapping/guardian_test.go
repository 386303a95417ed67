package mapping_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/guardian"
	"aval/internal/mapping"
	"aval/internal/roster"
)

const guardiansCSV = "Fiche;Nom;Prénom;Lien;Courriel;Téléphone;Adresse;Langue;Ordonnance\n" +
	"0012345;Tamarin;Ève;Mère;eve@maison.example;555 0101;1, rue des Lilas;fr;\n" +
	"0012345;Vinaigrier;Guy;Père;guy@maison.example;555 0102;2, rue des Lilas;fr;Aucun contact\n" +
	"0012346;Tamarin;Ève;Tutrice;eve@maison.example;555 0101;1, rue des Lilas;fr;\n" +
	"0099999;Thuya;Léo;Père;;;;;\n"

func (w *world) kin(text string) {
	w.t.Helper()
	all := files(pupilsCSV, staffCSV)
	all[mapping.Guardians] = input(text)
	if _, _, err := w.s.Import(w.t.Context(), w.actor, "GPI", all); err != nil {
		w.t.Fatal(err)
	}
}

// of are those who answer for a pupil, "relation given family, phone [restriction]".
func (w *world) of(number string) (list []string) {
	w.t.Helper()
	err := w.d.Read(w.t.Context(), w.actor.Board, func(ctx context.Context, tx *db.Tx) error {
		id, err := db.One(ctx, tx, func(row db.Row) (id string, err error) {
			err = row.Scan(&id)
			return id, err
		}, `SELECT id FROM person WHERE board_id = $1 AND number = $2`, tx.Board, number)
		if err != nil {
			return err
		}
		all, err := (&guardian.Register{Vault: w.s.Vault}).Of(ctx, tx, id)
		for _, g := range all {
			list = append(list, strings.Join([]string{g.Relation, g.Name(), g.Phone, g.Address, g.Email, g.Language, g.Restriction}, "|"))
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// stamps are when each guardian was written, with what is kept of them.
func (w *world) stamps() (text string) {
	w.t.Helper()
	err := w.d.Read(w.t.Context(), w.actor.Board, func(ctx context.Context, tx *db.Tx) error {
		for _, query := range []string{
			`SELECT id || source_mac || digest || ' ' || CAST(updated_at AS text) || COALESCE(CAST(length(sealed) AS text), '') FROM guardian WHERE board_id = $1 ORDER BY id`,
			`SELECT guardian_id || person_id || digest FROM guardian_of WHERE board_id = $1 ORDER BY guardian_id, person_id`,
		} {
			list, err := db.All(ctx, tx, func(row db.Row) (s string, err error) {
				err = row.Scan(&s)
				return s, err
			}, query, tx.Board)
			if err != nil {
				return err
			}
			text += strings.Join(list, "\n") + "\n\n"
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

func (w *world) isOf(number string, want ...string) {
	w.t.Helper()
	if got := w.of(number); strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.t.Errorf("who answers for %s: %q, want %q", number, got, want)
	}
}

func TestWhoAnswersForAPupil(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := usual(pupilsCSV, staffCSV)
		p, err := mapping.Look(input(guardiansCSV), int64(len(guardiansCSV)), w.s.Limits)
		if err != nil {
			t.Fatal(err)
		}
		m.Parts[mapping.Guardians] = mapping.Form{Columns: mapping.Suggest(mapping.Guardians, p.Header())}
		all := files(pupilsCSV, staffCSV)
		all[mapping.Guardians] = input(guardiansCSV)
		if _, err := w.s.Define(t.Context(), w.actor, m, all); err != nil {
			t.Fatal(err)
		}
		w.kin(guardiansCSV)
		const mother = "Ève Tamarin|555 0101|1, rue des Lilas|eve@maison.example|fr|"
		father := "Père|Guy Vinaigrier|555 0102|2, rue des Lilas|guy@maison.example|fr|Aucun contact"
		w.isOf("0012345", father, "Mère|"+mother) // the restriction first
		w.isOf("0012346", "Tutrice|"+mother)
		w.isOf("0012347")

		// The same again touches nothing; a file without guardians says nothing of them.
		before := w.stamps()
		w.kin(guardiansCSV)
		if _, _, err := w.s.Import(t.Context(), w.actor, "GPI", files(pupilsCSV, staffCSV)); err != nil {
			t.Fatal(err)
		}
		if after := w.stamps(); after != before || strings.Contains(strings.ToLower(after), "tamarin") {
			t.Errorf("nothing changed, and this did:\n%s\n%s", before, after)
		}

		// What changed is changed; who is no longer there is erased, and so is who has no pupil left.
		w.kin(strings.NewReplacer("555 0102", "555 0199", "Aucun contact", "").Replace(guardiansCSV))
		w.isOf("0012345", "Mère|"+mother, "Père|Guy Vinaigrier|555 0199|2, rue des Lilas|guy@maison.example|fr|")
		w.kin("Fiche;Nom;Prénom;Lien;Courriel;Téléphone;Adresse;Langue;Ordonnance\n0012346;Tamarin;Ève;Tutrice;eve@maison.example;555 0101;1, rue des Lilas;fr;\n")
		w.isOf("0012345")
		w.isOf("0012346", "Tutrice|"+mother)
		if n := strings.Count(w.stamps(), "\n"); n != 4 {
			t.Errorf("more than one guardian and one tie is kept:\n%s", w.stamps())
		}
	})
}

// A OneRoster set says who answers for a pupil at the pupil, at the guardian or at
// both; a set of changes changes what it speaks of alone.
func TestGuardiansOfAOneRosterSet(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bring := func(manifest, users string) {
			t.Helper()
			dir := t.TempDir()
			for name, text := range map[string]string{
				"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.orgs,bulk\n" + manifest,
				"orgs.csv":     "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\ns1,,,École,school,071,\n",
				"users.csv":    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,givenName,familyName,identifier,email,sms,phone,agentSourcedIds\n" + users,
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := w.s.Rosters.Import(t.Context(), w.actor, dir, roster.RetireMost); err != nil {
				t.Fatal(err)
			}
		}
		bring("file.users,bulk\n", "p1,,,true,s1,student,p1,Zoé,Érable,1,,,,\"g1,t1\"\ng1,,,true,s1,parent,g1,Ève,Tamarin,,eve@maison.example,555 1,,\n"+
			"p2,,,true,s1,student,p2,Luc,Orme,2,,,,\ng2,,,true,s1,relative,g2,Guy,Thuya,,,,555 2,p2\nt1,,,true,s1,teacher,t1,Ugo,Pin,3,,,,\n")
		w.isOf("1", "|Ève Tamarin|555 1||eve@maison.example||")
		w.isOf("2", "|Guy Thuya|555 2||||")
		bring("file.users,delta\n", "p1,active,2026-11-22T00:00:00Z,true,s1,student,p1,Zoé,Érable,1,,,,\"g1,g3\"\n"+
			"g3,active,2026-11-22T00:00:00Z,true,s1,guardian,g3,Ada,Aulne,,,,,\n")
		w.isOf("1", "|Ada Aulne|||||", "|Ève Tamarin|555 1||eve@maison.example||")
		w.isOf("2", "|Guy Thuya|555 2||||")
		bring("file.users,delta\n", "g1,tobedeleted,2026-11-22T00:00:00Z,true,s1,parent,g1,Ève,Tamarin,,,,,\n")
		w.isOf("1", "|Ada Aulne|||||")
		bring("file.users,delta\n", "p2,tobedeleted,2026-11-22T00:00:00Z,true,s1,student,p2,Luc,Orme,2,,,,\ng4,active,2026-11-22T00:00:00Z,true,s1,parent,g4,X,Y,,,,,\n")
		w.isOf("2")
	})
}

// A file of parents often says whose each column is.
func TestColumnsOfParentsAreKnownByTheirHeaders(t *testing.T) {
	is := mapping.Suggest(mapping.Guardians, []string{"Fiche élève", "Nom parent", "Prénom du répondant", "Lien", "Courriel parent", "Guardian phone"})
	want := map[mapping.Field]string{mapping.Pupil: "Fiche élève", mapping.Family: "Nom parent", mapping.Given: "Prénom du répondant",
		mapping.Relation: "Lien", mapping.Email: "Courriel parent", mapping.Phone: "Guardian phone"}
	if !maps.Equal(is, want) {
		t.Errorf("got %v, want %v", is, want)
	}
}
