package export_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/export"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/seal"
	"aval/internal/vault"
)

var noon = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// world is a board of two schools, each with a class of six pupils and its teacher,
// and a platform that is approved for what a test says.
type world struct {
	*db.DB
	t        *testing.T
	board    string
	now      time.Time
	platform catalogue.ID
	keys     *vault.Service
	names    *pseudonym.Names
	*export.Service
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
	v := vault.New(master)
	w := &world{DB: d, t: t, board: dbtest.Board(t, d), now: noon, names: &pseudonym.Names{Vault: v}}
	d.Clock = func() time.Time { return w.now }
	w.Service = &export.Service{DB: d, Names: w.names}
	w.keys = &vault.Service{Vault: v, DB: d, Rows: []vault.Resealer{w.names, export.Sealed()}}
	w.write(func(ctx context.Context, tx *db.Tx) error {
		if err := org.SaveAll(ctx, tx, []org.Org{
			{ID: "b", SourceID: "b", Kind: org.Board, Name: "Conseil des Aulnes", Sector: org.Youth, Status: org.Active},
			{ID: "s1", SourceID: "s1", Kind: org.School, Name: "École Nolwenn-Tessandier", Sector: org.Youth, Status: org.Active},
			{ID: "s2", SourceID: "s2", Kind: org.School, Name: "Rapids School", Sector: org.Youth, Status: org.Active},
		}); err != nil {
			return err
		}
		if err := person.SaveClasses(ctx, tx, []person.Class{
			{ID: "c1", SourceID: "c1", SchoolID: "s1", CourseID: "m4", Title: "Groupe 401", Code: "=4+01", Subject: "Algèbre, géométrie", Status: person.Active},
			{ID: "c2", SourceID: "c2", SchoolID: "s2", Title: "Room \"B\", 402", Kind: "homeroom", Status: person.Active},
		}); err != nil {
			return err
		}
		p, err := catalogue.Add(ctx, tx, w.hand(), catalogue.Draft{Name: "Tabulou", Functions: []string{"mathematics"}})
		w.platform = p.ID
		if err != nil {
			return err
		}
		return w.people(ctx, tx)
	})
	w.exec(`INSERT INTO course (board_id, id, source_id, org_id, title) VALUES ($1, 'm4', 'm4', 'b', 'Mathématique 4')`)
	w.exec(`INSERT INTO academic_session (board_id, id, source_id, title, kind, start_date, end_date, school_year)
		VALUES ($1, 'y', 'y', '2026-2027', 'schoolYear', '2026-08-31', '2027-07-01', '2027')`)
	return w
}

// people are invented: each name stands once, so that it is found wherever it leaks.
func (w *world) people(ctx context.Context, tx *db.Tx) error {
	var people []person.Person
	var posts []person.Post
	var in []person.Enrollment
	var pupils []string
	put := func(id, given, family string, kind person.Kind, role person.Role, n int) {
		school, class := fmt.Sprintf("s%d", n), fmt.Sprintf("c%d", n)
		people = append(people, person.Person{ID: id, SourceID: "source-" + id, Kind: kind, GivenName: given, FamilyName: family,
			Email: strings.ToLower(given) + "@eleves.example", Number: "07" + id[1:] + "4411", Grade: "04", Status: person.Active})
		posts = append(posts, person.Post{PersonID: id, OrgID: school, Role: role})
		in = append(in, person.Enrollment{ID: "e-" + id, ClassID: class, PersonID: id, Role: role, Main: true,
			Begin: "2026-08-31", End: "2027-06-24", Status: person.Active})
	}
	for i, given := range []string{"Oriane", "Maïté", "Zéphyrin", "Cléophée", "Ysaline", "Loevan", "Aubérie", "Sidoine", "Thaïs", "Malo", "Perle", "Quentin"} {
		id := fmt.Sprintf("p%d", 100+i)
		put(id, given, []string{"Vaudrin", "Œuvray", "Balbuzard", "Tessandier", "Huardin", "Mésangeau"}[i%6]+strings.Repeat("i", i/6), person.Student, person.Pupil, 1+i/6)
		pupils = append(pupils, id)
	}
	put("t201", "Lysandre", "Vantadour", person.Staff, person.Teacher, 1)
	put("t202", "Philémon", "Courtepaille", person.Staff, person.Teacher, 2)
	if err := person.SaveAll(ctx, tx, people); err != nil {
		return err
	}
	if err := person.SavePosts(ctx, tx, posts); err != nil {
		return err
	}
	if err := person.SaveEnrollments(ctx, tx, in); err != nil {
		return err
	}
	return w.names.Issue(ctx, tx, pupils)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(what string, err error, key string) {
	w.t.Helper()
	if f, ok := fault.As(err); !ok || f.Key != key {
		w.t.Errorf("%s: %v, want %s", what, err, key)
	}
}

func (w *world) write(f func(context.Context, *db.Tx) error) {
	w.t.Helper()
	w.must(w.Write(w.t.Context(), w.board, f))
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, append([]any{tx.Board}, args...)...)
		return err
	})
}

func (w *world) hand() policy.Actor {
	pack, err := policy.Shipped("csc-pan-2023")
	w.must(err)
	return policy.System(w.board, pack, "cli")
}

// as is somebody of the evaluating service; the id tells two apart.
func (w *world) as(id string, role policy.Role) policy.Actor {
	return policy.Actor{ID: id, Board: w.board, Lang: "fr", Via: "web", Pack: w.hand().Pack, Grants: []policy.Grant{{Role: role}}}
}

func (w *world) one() policy.Actor { return w.as("a-1", policy.Evaluator) }
func (w *world) two() policy.Actor { return w.as("a-2", policy.EvaluationDirector) }

// licence is for the whole board, of a platform that is approved for some kinds of information.
func (w *world) licence(kinds string) licence.ID {
	w.t.Helper()
	id := db.NewID()
	w.exec(`INSERT INTO account (board_id, id, login, name, created_at) VALUES ($1, $2, $2, 'x', $3)`, id, noon)
	w.exec(`INSERT INTO request (board_id, id, number, platform_id, org_id, author_id, author_role, data_kinds, state, state_at, created_at)
		VALUES ($1, $2, $2, $3, 's1', $2, 'teacher', $4, 'decided', $5, $5)`, id, string(w.platform), kinds, noon)
	w.exec(`INSERT INTO decision (board_id, id, request_id, platform_id, org_id, use_result, use_reasons, security_result, security_reasons, overall, decided_by, decided_at)
		VALUES ($1, $2, $2, $3, 's1', 'approved', '', 'approved', '', 'approved', $2, $4)`, id, string(w.platform), noon)
	w.write(func(ctx context.Context, tx *db.Tx) error {
		return catalogue.SetResult(ctx, tx, w.platform, catalogue.Approved, "", catalogue.Quebec, id)
	})
	l, err := licence.New(w.DB, contract.Gate).Record(w.t.Context(), w.two(), licence.Licence{PlatformID: w.platform, Scope: licence.Board,
		Payer: licence.DDL, StartsOn: "2026-08-31", EndsOn: "2027-06-30", AccountKind: licence.LoginName})
	w.must(err)
	return l.ID
}

// promise records, past the use case, an undertaking for some fields.
func (w *world) promise(fields string) {
	w.t.Helper()
	w.exec(`INSERT INTO undertaking (board_id, id, platform_id, kind, text, fields, starts_on, ends_on, recorded_by, recorded_at)
		VALUES ($1, $2, $3, 'agreement', 'x', $4, '2026-09-01', '2026-12-31', 'x', $5)`, db.NewID(), string(w.platform), fields, noon)
}

func (w *world) settings(s policy.Settings) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error { return board.SetSettings(ctx, tx, s) })
}

// asked is an export that was asked for and made.
func (w *world) asked(id licence.ID, shape export.Shape) export.Export {
	w.t.Helper()
	e, err := w.Ask(w.t.Context(), w.one(), id, shape)
	w.must(err)
	w.must(w.Make(w.t.Context(), w.board, string(e.ID)))
	return w.get(id, e.ID)
}

func (w *world) get(id licence.ID, e export.ID) export.Export {
	w.t.Helper()
	v, err := w.View(w.t.Context(), w.one(), id)
	w.must(err)
	for _, x := range v.Exports {
		if x.ID == e {
			return x
		}
	}
	w.t.Fatalf("no export %s", e)
	return export.Export{}
}

// handed is the file of an export, asked, approved and downloaded.
func (w *world) handed(id licence.ID, shape export.Shape) []byte {
	w.t.Helper()
	e := w.asked(id, shape)
	if e.State != export.Ready {
		w.t.Fatalf("%s is %s: %v %s", shape.Profile, e.State, e.Stops, e.Why)
	}
	_, err := w.Approve(w.t.Context(), w.two(), id, e.ID)
	w.must(err)
	f, err := w.Download(w.t.Context(), w.one(), id, e.ID)
	w.must(err)
	if int64(len(f.Data)) != e.Size || f.Name != e.Name() {
		w.t.Errorf("%d bytes in %s, want %d in %s", len(f.Data), f.Name, e.Size, e.Name())
	}
	return f.Data
}

// kept writes a file for what reads files.
func (w *world) kept(data []byte) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "export.zip")
	w.must(os.WriteFile(path, data, 0o600))
	return path
}

// files are the tables of a zip by their names, each row by its titles.
func (w *world) files(data []byte) map[string][]map[string]string {
	w.t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	w.must(err)
	files := map[string][]map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		w.must(err)
		text, err := io.ReadAll(r)
		w.must(err)
		files[f.Name] = w.rows(text)
	}
	return files
}

func (w *world) rows(text []byte) (rows []map[string]string) {
	w.t.Helper()
	if bytes.Count(text, []byte("\n")) != bytes.Count(text, []byte("\r\n")) {
		w.t.Error("a line does not end in CRLF")
	}
	all, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	w.must(err)
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, title := range all[0] {
			row[title] = cells[i]
		}
		rows = append(rows, row)
	}
	return rows
}
