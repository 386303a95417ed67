package mapping_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"aval/internal/birth"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/mapping"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/roster"
	"aval/internal/seal"
	"aval/internal/sheet"
	"aval/internal/vault"
)

const pupilsCSV = "No fiche;Nom;Prénom;École;Nom école;Niveau;Groupe;Titulaire\r\n" +
	"0012345;Érable;Zoé;071;École des Pins;Secondaire 1;101;\"Cèdre, Luc\"\r\n" +
	"0012346;Orme;Noël;071;École des Pins;Secondaire 1;101, 102;\r\n" +
	"0012347;Saule;Aïda;072;École des Bouleaux;4;41;\r\n"

const staffCSV = "Matricule,Nom complet,École,Fonction\n900,\"Cèdre, Luc\",071,Enseignant\n901,\"Aulne, Ève\",071,Direction\n"

type world struct {
	t       testing.TB
	d       *db.DB
	s       *mapping.Service
	actor   policy.Actor
	teacher policy.Actor
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
		if err != nil {
			t.Fatal(err)
		}
		v := vault.New(master)
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		rosters := roster.New(d, &pseudonym.Names{Vault: v})
		actor := policy.System(board, pack, "cli")
		f(t, &world{t: t, d: d, s: &mapping.Service{DB: d, Vault: v, Rosters: rosters}, actor: actor,
			teacher: policy.Actor{ID: "t", Board: board, Pack: pack, Grants: []policy.Grant{{Role: policy.Teacher}}}})
	})
}

func input(text string) mapping.Input {
	return mapping.Input{ReaderAt: strings.NewReader(text), Size: int64(len(text))}
}

func files(pupils, staff string) map[mapping.Part]mapping.Input {
	all := map[mapping.Part]mapping.Input{mapping.Pupils: input(pupils)}
	if staff != "" {
		all[mapping.Staff] = input(staff)
	}
	return all
}

// usual is a mapping as a person confirms it: what the headers suggest.
func usual(pupils, staff string) mapping.Mapping {
	m := mapping.Mapping{Name: "GPI", Body: mapping.Body{Covers: mapping.Board, Split: ",", Parts: map[mapping.Part]mapping.Form{}}}
	for part, text := range map[mapping.Part]string{mapping.Pupils: pupils, mapping.Staff: staff} {
		if text == "" {
			continue
		}
		p, err := mapping.Look(input(text), int64(len(text)), sheet.Limits{})
		if err != nil {
			panic(err)
		}
		m.Parts[part] = mapping.Form{Columns: mapping.Suggest(part, p.Header())}
	}
	return m
}

func (w *world) define(m mapping.Mapping, pupils, staff string) mapping.Mapping {
	w.t.Helper()
	m, err := w.s.Define(w.t.Context(), w.actor, m, files(pupils, staff))
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) bring(pupils, staff string) (mapping.Report, roster.Report) {
	w.t.Helper()
	r, done, err := w.s.Import(w.t.Context(), w.actor, "GPI", files(pupils, staff), roster.RetireMost)
	if err != nil {
		w.t.Fatal(err)
	}
	return r, done
}

// known are those of the board, "family given number grade status: posts".
func (w *world) known() (list []string) {
	w.t.Helper()
	err := w.d.Read(w.t.Context(), w.actor.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		list, err = db.All(ctx, tx, func(row db.Row) (string, error) {
			var p person.Person
			var role, school string
			err := row.Scan(&p.FamilyName, &p.GivenName, &p.Number, &p.Grade, &p.Status, &role, &school)
			return strings.Join([]string{p.FamilyName, p.GivenName, p.Number, p.Grade, p.Status, role, school}, " "), err
		}, `SELECT p.family_name, p.given_name, p.number, p.grade, p.status, COALESCE(r.role, ''), COALESCE(o.name, '') FROM person p
			LEFT JOIN person_role r ON r.board_id = p.board_id AND r.person_id = p.id
			LEFT JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id WHERE p.board_id = $1`, tx.Board)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// seats are who is in which class, "class school: family role".
func (w *world) seats() (list []string) {
	w.t.Helper()
	err := w.d.Read(w.t.Context(), w.actor.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		list, err = db.All(ctx, tx, func(row db.Row) (string, error) {
			var class, school, who, role string
			err := row.Scan(&class, &school, &who, &role)
			return class + " " + school + ": " + who + " " + role, err
		}, `SELECT c.title, o.name, p.family_name, e.role FROM enrollment e JOIN class c ON c.board_id = e.board_id AND c.id = e.class_id
			JOIN org o ON o.board_id = c.board_id AND o.id = c.school_id JOIN person p ON p.board_id = e.board_id AND p.id = e.person_id
			WHERE e.board_id = $1 AND e.status = 'active' AND c.status = 'active'`, tx.Board)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func TestWhoMayNotMap(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		_, list := w.s.List(ctx, w.teacher)
		_, get := w.s.Get(ctx, w.teacher, "GPI")
		_, send := w.s.Send(ctx, w.teacher, "", mapping.Pupils, []byte(pupilsCSV))
		_, draft := w.s.Draft(ctx, w.teacher, "x")
		_, define := w.s.Define(ctx, w.teacher, usual(pupilsCSV, ""), files(pupilsCSV, ""))
		_, _, preview := w.s.Preview(ctx, w.teacher, "GPI", files(pupilsCSV, ""))
		_, _, imported := w.s.Import(ctx, w.teacher, "GPI", files(pupilsCSV, ""))
		for name, err := range map[string]error{"list": list, "get": get, "send": send, "define": define, "preview": preview, "import": imported} {
			if !fault.Is(err, fault.Denied) {
				t.Errorf("%s: %v, want Denied", name, err)
			}
		}
		for name, err := range map[string]error{"draft": draft, "forget": w.s.Forget(ctx, w.teacher, "x")} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v, want NotFound", name, err)
			}
		}
	})
}

func TestAPlainFileIsImportedAgainAndAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.define(usual(pupilsCSV, staffCSV), pupilsCSV, staffCSV)
		latin, err := charmap.Windows1252.NewEncoder().String(pupilsCSV)
		if err != nil {
			t.Fatal(err)
		}
		r, done := w.bring(latin, staffCSV)
		if r.Encodings[mapping.Pupils] != "windows-1252" || r.Pupils != 3 || r.Staff != 2 || r.NewSchools != 2 || r.Kept != 0 ||
			len(r.Warnings)+len(r.Defects) != 0 || len(done.Defects) != 0 {
			t.Errorf("first: %+v, %+v", r, done)
		}
		people := []string{
			"Aulne Ève 901  active principal École des Pins", "Cèdre Luc 900  active teacher École des Pins",
			"Orme Noël 0012346 07 active student École des Pins", "Saule Aïda 0012347 04 active student École des Bouleaux",
			"Érable Zoé 0012345 07 active student École des Pins"}
		if got := w.known(); !slices.Equal(got, people) {
			t.Errorf("people: %q", got)
		}
		seats := []string{"101 École des Pins: Cèdre teacher", "101 École des Pins: Orme student", "101 École des Pins: Érable student",
			"102 École des Pins: Orme student", "41 École des Bouleaux: Saule student"}
		if got := w.seats(); !slices.Equal(got, seats) {
			t.Errorf("seats: %q", got)
		}
		w.bring(latin, staffCSV)
		if got := w.known(); !slices.Equal(got, people) {
			t.Errorf("people, again: %q", got)
		}
		// The staff stay where no file speaks of them; a pupil left, another moved and
		// changed her name: she is the same by her number.
		r, _ = w.bring(strings.NewReplacer("0012346;Orme;Noël;071;École des Pins;Secondaire 1;101, 102;\r\n", "",
			"0012347;Saule;Aïda;072;École des Bouleaux;4;41;", "0012347;Saule-Orme;Aïda;071;;Secondaire 1;101;").Replace(pupilsCSV), "")
		if r.Kept != 2 || r.NewSchools != 0 {
			t.Errorf("third: %+v", r)
		}
		people = []string{
			"Aulne Ève 901  active principal École des Pins", "Cèdre Luc 900  active teacher École des Pins",
			"Orme Noël 0012346 07 tobedeleted student École des Pins", "Saule-Orme Aïda 0012347 07 active student École des Pins",
			"Érable Zoé 0012345 07 active student École des Pins"}
		if got := w.known(); !slices.Equal(got, people) {
			t.Errorf("people, at last: %q", got)
		}
		if got := w.seats(); !slices.Contains(got, "101 École des Pins: Cèdre teacher") {
			t.Errorf("seats, at last: %q", got)
		}
	})
}

func TestAFileOfOneSchoolLeavesTheOthers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := usual(pupilsCSV, staffCSV)
		m.Covers = mapping.Schools
		w.define(m, pupilsCSV, staffCSV)
		w.bring(pupilsCSV, staffCSV)
		others := "Saule Aïda 0012347 04 active student École des Bouleaux"
		r, _ := w.bring("No fiche;Nom;Prénom;École;Nom école;Niveau;Groupe;Titulaire\n0012345;Érable;Zoé;071;;;101;\n", "")
		got := w.known()
		if r.Kept != 3 || !slices.Contains(got, others) || !slices.Contains(got, "Orme Noël 0012346 07 tobedeleted student École des Pins") {
			t.Errorf("%+v: %q", r, got)
		}
		if seats := w.seats(); !slices.Equal(seats, []string{"101 École des Pins: Érable student", "41 École des Bouleaux: Saule student"}) {
			t.Errorf("seats: %q", seats)
		}
	})
}

// A set of ours passes the standard to the letter.
func TestTheSetIsStrict(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.define(usual(pupilsCSV, staffCSV), pupilsCSV, staffCSV)
		path := filepath.Join(t.TempDir(), "set.zip")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.s.Write(t.Context(), w.actor, "GPI", files(pupilsCSV, staffCSV), f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		check, err := roster.Validate(path, roster.Options{Strict: true})
		for _, found := range check.Found {
			if found.Code != "value_not_listed" && found.Code != "word_unknown" { // grades keep the words of the school
				t.Errorf("%+v", check.Defects)
				break
			}
		}
		if err != nil || check.Students != 3 || check.Staff != 2 {
			t.Errorf("%+v, %v", check, err)
		}
	})
}

// Deviations of a file, and what becomes of them.
func TestDeviations(t *testing.T) {
	head := "No fiche;Nom;Prénom;École;Nom école;Niveau;Groupe;Titulaire\n"
	each(t, func(t *testing.T, w *world) {
		m := usual(pupilsCSV, "")
		m.Digits = 7
		w.define(m, pupilsCSV, "")
		w.bring(pupilsCSV, "")
		for name, c := range map[string]struct {
			rows     string
			warnings []roster.Warning
			defects  []roster.Defect
			left     int // pupils, of three
		}{
			"columns in another order": {"", nil, nil, 2},
			"a pupil on two rows":      {head + "0012345;Érable;Zoé;071;;;101;\n0012345;Érable;Zoé;071;;;102;\n", nil, nil, 2},
			"zeros lost":               {head + "12345;Érable;Zoé;071;;;101;\n", []roster.Warning{{Code: "number_filled", Count: 1}}, nil, 2},
			"digits lost":              {head + "\"1,23E+08\";Érable;Zoé;071;;;;\n0012346;Orme;Noël;071;;;;\n", nil, []roster.Defect{{Code: "number_rounded", File: "pupils", Row: 2, Field: "number"}}, 2},
			"one number, two names": {head + "0012345;Érable;Zoé;071;;;101;\n0012345;Orme;Luc;071;;;101;\n", nil,
				[]roster.Defect{{Code: "number_twice", File: "pupils", Row: 3, Field: "number"}}, 2},
			"no number":              {head + ";Érable;Zoé;071;;;101;\n0012346;Orme;Noël;071;;;;\n", nil, []roster.Defect{{Code: "required_missing", File: "pupils", Row: 2, Field: "number"}}, 2},
			"no school, kept":        {head + "0012345;Érable;Zoé;;;;101;\n", nil, []roster.Defect{{Code: "required_missing", File: "pupils", Row: 2, Field: "school"}}, 2},
			"a name too few":         {head + "0012345;Érable;;071;;;101;\n", nil, []roster.Defect{{Code: "required_missing", File: "pupils", Row: 2, Field: "family"}}, 2},
			"a row too long":         {head + "0012345;Érable;Zoé;071;;;101;;x\n", nil, []roster.Defect{{Code: "row_long", File: "pupils", Row: 2}}, 2},
			"a row too short":        {head + "0012345;Érable;Zoé;071\n", []roster.Warning{{Code: "row_short", Count: 1}}, nil, 2},
			"a return in a cell":     {head + "0012345;\"Éra\nble\";Zoé;071;;;101;\n", []roster.Warning{{Code: "line_break", Count: 1}}, nil, 2},
			"an unknown teacher":     {head + "0012345;Érable;Zoé;071;;;101;Inconnu\n", []roster.Warning{{Code: "teacher_unknown", Count: 1}}, nil, 2},
			"a column twice, unread": {"Note;Note;" + head + "x;y;0012345;Érable;Zoé;071;;;101;\n", []roster.Warning{{Code: "column_twice", Count: 1}}, nil, 2},
		} {
			if c.rows == "" {
				c.rows = "Groupe;Titulaire;Prénom;Nom;École;Nom école;Niveau;No fiche\n101;;Zoé;Érable;071;;;0012345\n"
			}
			r, p, err := w.s.Preview(t.Context(), w.actor, "GPI", files(c.rows, ""))
			if err != nil || !reflect.DeepEqual(append([]roster.Warning{}, r.Warnings...), append([]roster.Warning{}, c.warnings...)) ||
				!reflect.DeepEqual(append([]roster.Defect{}, r.Defects...), append([]roster.Defect{}, c.defects...)) || len(p.Defects) > 0 {
				t.Errorf("%s: %+v, %+v, %v", name, r, p.Defects, err)
			}
			if p.Pupils.Left != c.left {
				t.Errorf("%s: %d would leave, want %d", name, p.Pupils.Left, c.left)
			}
		}
	})
}

// births are the days that are kept, by number.
func (w *world) births() string {
	w.t.Helper()
	var list []string
	err := w.d.Read(w.t.Context(), w.actor.Board, func(ctx context.Context, tx *db.Tx) error {
		var ids []string
		numbers := map[string]string{}
		err := db.Each(ctx, tx, func(row db.Row) error {
			var id, number string
			err := row.Scan(&id, &number)
			ids, numbers[id] = append(ids, id), number
			return err
		}, `SELECT id, number FROM person WHERE board_id = $1`, tx.Board)
		if err != nil {
			return err
		}
		days, err := (&birth.Register{Vault: w.s.Vault}).Of(ctx, tx, ids)
		for id, day := range days {
			list = append(list, numbers[id]+"="+day)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// A day of birth is read as it is written, and never guessed: what is not written year
// first is what the whole column shows.
func TestDaysOfBirth(t *testing.T) {
	head := "No fiche;Nom;Prénom;École;Date de naissance\n"
	file := func(one, other string) string {
		return head + "1;Érable;Zoé;071;" + one + "\n2;Orme;Noël;071;" + other + "\n"
	}
	each(t, func(t *testing.T, w *world) {
		w.define(usual(file("2015-02-03", ""), ""), file("2015-02-03", ""), "")
		for _, c := range []struct {
			name, one, other, want string
			defects                []string
		}{
			{"year first", "2015-02-03", "2016/04/05", "1=2015-02-03 2=2016-04-05", nil},
			{"nothing said: it stays", "", "20160406", "1=2015-02-03 2=2016-04-06", nil},
			{"day first, as one row shows", "03/02/2015", "25/04/2016", "1=2015-02-03 2=2016-04-25", nil},
			{"month first, as one row shows", "02-03-2015", "04-26-2016", "1=2015-02-03 2=2016-04-26", nil},
			{"no row shows it", "02/03/2014", "04/05/2014", "1=2015-02-03 2=2016-04-26", []string{"date_ambiguous", "date_ambiguous"}},
			{"rows that contradict each other", "25/03/2014", "04/26/2014", "1=2015-02-03 2=2016-04-26", []string{"date_ambiguous", "date_ambiguous"}},
			{"no day", "hier", "31/02/2014", "1=2015-02-03 2=2016-04-26", []string{"date_unreadable", "date_unreadable"}},
		} {
			r, _ := w.bring(file(c.one, c.other), "")
			var codes []string
			for _, d := range r.Defects {
				codes = append(codes, d.Code)
			}
			if got := w.births(); got != c.want || !slices.Equal(codes, c.defects) {
				t.Errorf("%s: %s, %v, want %s, %v", c.name, got, codes, c.want, c.defects)
			}
		}
	})
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.define(usual(pupilsCSV, ""), pupilsCSV, "")
		for name, c := range map[string]struct{ text, key string }{
			"a header alone":        {"No fiche;Nom;Prénom;École;Nom école;Niveau;Groupe;Titulaire\n", "sheet.no_rows"},
			"no header":             {"0012345;Érable;Zoé;071;a;b;c;d\n", "mapping.no_header"},
			"a column gone":         {strings.Replace(pupilsCSV, "No fiche", "Numéro", 1), "mapping.file_lacks"},
			"a column twice, read":  {strings.Replace(pupilsCSV, "Nom école", "NOM", 1), "mapping.file_lacks"},
			"another column, twice": {strings.Replace(pupilsCSV, "No fiche;", "Nom;No fiche;", 1), "mapping.file_twice"},
			"one column":            {"Élèves\nZoé\n", "mapping.one_column"},
			"nothing":               {"", "sheet.no_rows"},
		} {
			_, _, err := w.s.Preview(t.Context(), w.actor, "GPI", files(c.text, ""))
			if f, ok := fault.As(err); !ok || f.Key != c.key {
				t.Errorf("%s: %v, want %s", name, err, c.key)
			}
		}
		if _, _, err := w.s.Preview(t.Context(), w.actor, "GPI", files(pupilsCSV, staffCSV)); !fault.Is(err, fault.Invalid) {
			t.Errorf("a file that it does not read: %v", err)
		}
		if _, _, err := w.s.Preview(t.Context(), w.actor, "another", files(pupilsCSV, "")); !fault.Is(err, fault.NotFound) {
			t.Errorf("no mapping of that name: %v", err)
		}
		bad := mapping.Mapping{Name: " ", Body: mapping.Body{Covers: "x", Split: "--", Digits: 99, Parts: map[mapping.Part]mapping.Form{
			mapping.Pupils: {Columns: map[mapping.Field]string{mapping.School: "Écoles"}}}}}
		_, err := w.s.Define(t.Context(), w.actor, bad, files(pupilsCSV, ""))
		f, _ := fault.As(err)
		if f == nil {
			t.Fatalf("Define: %v", err)
		}
		for _, field := range []string{"name", "covers", "split", "digits", "pupils.number", "pupils.school", "pupils.given", "pupils.family"} {
			if _, said := f.Fields[field]; !said {
				t.Errorf("nothing is said of %s: %v", field, f.Fields)
			}
		}
	})
}

func TestAMappingIsKeptByVersionsAndRecognised(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		if m := w.define(usual(pupilsCSV, ""), pupilsCSV, ""); m.Version != 1 {
			t.Errorf("first: version %d", m.Version)
		}
		if m := w.define(usual(pupilsCSV, ""), pupilsCSV, ""); m.Version != 1 {
			t.Errorf("the same: version %d", m.Version)
		}
		changed := usual(pupilsCSV, "")
		changed.Split = "/"
		if m := w.define(changed, pupilsCSV, ""); m.Version != 2 {
			t.Errorf("changed: version %d", m.Version)
		}
		list, err := w.s.List(ctx, w.actor)
		if err != nil || len(list) != 1 || list[0].Version != 2 {
			t.Errorf("List: %+v, %v", list, err)
		}
		id, err := w.s.Send(ctx, w.actor, "", mapping.Pupils, []byte(pupilsCSV))
		if err != nil {
			t.Fatal(err)
		}
		d, err := w.s.Draft(ctx, w.actor, id)
		if err != nil || d.Mapping.Name != "GPI" || d.Mapping.Split != "/" || len(d.Changes) > 0 {
			t.Errorf("recognised: %+v, %v", d, err)
		}
		column := d.Profiles[mapping.Pupils].Columns[0]
		if column.Filled != 3 || column.Shape != mapping.Digits || column.Min != 7 || column.Max != 7 {
			t.Errorf("shape: %+v", column)
		}
		other := strings.Replace(strings.Replace(pupilsCSV, "Niveau", "Degré", 1), "Titulaire", "Titulaire;Local", 1)
		if id, err = w.s.Send(ctx, w.actor, id, mapping.Pupils, []byte(other)); err != nil {
			t.Fatal(err)
		}
		d, err = w.s.Draft(ctx, w.actor, id)
		want := mapping.Change{Gone: []string{"Niveau"}, New: []string{"Degré", "Local"}}
		if err != nil || d.Mapping.Name != "GPI" || !reflect.DeepEqual(d.Changes[mapping.Pupils], want) {
			t.Errorf("changed headers: %+v, %v", d.Changes, err)
		}
		// What another account sent is not there; nor what was forgotten.
		another := w.actor
		another.ID = "another"
		if _, err := w.s.Draft(ctx, another, id); !fault.Is(err, fault.NotFound) {
			t.Errorf("of another account: %v", err)
		}
		if err := w.s.Forget(ctx, w.actor, id); err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.Draft(ctx, w.actor, id); !fault.Is(err, fault.NotFound) {
			t.Errorf("forgotten: %v", err)
		}
	})
}

// How a file was read is told for as long as its import is known: to who may read the
// roster of that board alone, and without a cell of it.
func TestHowAFileWasReadIsKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.s.Rosters.Folder = t.TempDir()
		twice := pupilsCSV + "0012347;Saule;Aïda;072;École des Bouleaux;4;41;\r\n;Frêne;Luc;072;École des Bouleaux;4;41;\r\n"
		w.define(usual(twice, ""), twice, "")
		id, err := w.s.Send(ctx, w.actor, "", mapping.Pupils, []byte(twice))
		if err != nil {
			t.Fatal(err)
		}
		r, at, err := w.s.Begin(ctx, w.actor, id, "GPI")
		if err != nil || len(r.Defects) == 0 {
			t.Fatalf("Begin: %+v, %v", r, err)
		}
		kept, err := w.s.ReportOf(ctx, w.actor, at)
		if err != nil || !reflect.DeepEqual(kept.Defects, r.Defects) || !reflect.DeepEqual(kept.Warnings, r.Warnings) || kept.Pupils != r.Pupils {
			t.Errorf("kept: %+v, %v, want %+v", kept, err, r)
		}
		if text := fmt.Sprint(kept); strings.Contains(text, "Frêne") || strings.Contains(text, "0012347") {
			t.Errorf("a cell is kept: %s", text)
		}
		stranger := w.actor
		stranger.Board = dbtest.Board(t, w.d)
		for name, actor := range map[string]policy.Actor{"a teacher": w.teacher, "another board": stranger} {
			if _, err := w.s.ReportOf(ctx, actor, at); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v, want NotFound", name, err)
			}
		}
		if _, err := w.s.ReportOf(ctx, w.actor, "none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("of a set: %v, want NotFound", err)
		}
	})
}
