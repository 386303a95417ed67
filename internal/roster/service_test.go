package roster_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/roster"
	"aval/internal/roster/generate"
	"aval/internal/seal"
	"aval/internal/vault"
)

// house is a board with its hands: one that may import and one that may not.
type house struct {
	*db.DB
	t       *testing.T
	board   string
	it      policy.Actor
	teacher policy.Actor
	*roster.Service
	names *pseudonym.Names
}

func each(t *testing.T, f func(t *testing.T, h house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
		if err != nil {
			t.Fatal(err)
		}
		board := dbtest.Board(t, d)
		actor := func(id string, role policy.Role) policy.Actor {
			return policy.Actor{ID: id, Board: board, Via: "web", Pack: pack, Grants: []policy.Grant{{Role: role}}}
		}
		names := &pseudonym.Names{Vault: vault.New(master)}
		f(t, house{d, t, board, actor("a-it", policy.IT), actor("a-teacher", policy.Teacher), roster.New(d, names), names})
		dbtest.Whole(t, d, board)
	})
}

func (h house) bring(path string) roster.Report {
	h.t.Helper()
	r, err := h.Import(h.t.Context(), h.it, path)
	if err != nil {
		h.t.Fatalf("Import: %v", err)
	}
	return r
}

func (h house) read(f func(ctx context.Context, tx *db.Tx) error) {
	h.t.Helper()
	if err := h.Read(h.t.Context(), h.board, f); err != nil {
		h.t.Fatal(err)
	}
}

func (h house) person(source string) (p person.Person) {
	h.read(func(ctx context.Context, tx *db.Tx) (err error) {
		p, err = person.BySource(ctx, tx, source)
		return err
	})
	return p
}

func TestOnlyWhoMayImports(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		_, err := h.Import(t.Context(), h.teacher, "nowhere")
		if !fault.Is(err, fault.Denied) && !fault.Is(err, fault.NotFound) {
			t.Errorf("Import by a teacher: %v", err)
		}
		if _, err := h.Import(t.Context(), h.it, "nowhere"); !fault.Is(err, fault.Invalid) {
			t.Errorf("Import of nothing: %v, want Invalid", err)
		}
	})
}

func TestImportCountsMarksAndTells(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		r := h.bring(folder(t, small()))
		got, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"students":2,"staff":2,"schools":1,"classes":2,"enrollments":4,"births":0,` +
			`"warnings":[{"code":"guardian_ignored","count":1}],"defects":[]}`
		if string(got) != want {
			t.Errorf("report %s, want %s", got, want)
		}
		h.read(func(ctx context.Context, tx *db.Tx) error {
			done, err := roster.History(ctx, tx, 5)
			if err != nil || len(done) != 1 || done[0].Actor != "a-it" || !reflect.DeepEqual(done[0].Report, r) {
				t.Fatalf("History: %+v %v", done, err)
			}
			trail, err := audit.ForSubject(ctx, tx, "roster:"+done[0].ID)
			if err != nil || len(trail) != 1 || trail[0].Action != "roster.imported" || trail[0].Clause != "6.3e" {
				t.Errorf("trail: %+v %v", trail, err)
			}
			if err == nil && strings.Contains(trail[0].Detail, "Quorvath") {
				t.Error("the trail says a name")
			}
			outcome, err := db.One(ctx, tx, func(r db.Row) (s string, err error) {
				err = r.Scan(&s)
				return s, err
			},
				`SELECT outcome FROM control_mark WHERE board_id = $1 AND control = 'roster.kept'`, tx.Board)
			if outcome != string(policy.Conform) {
				t.Errorf("mark %q, want conform", outcome)
			}
			return err
		})
	})
}

// The news of an import goes out before the names are given: a platform that came for its
// pupils meanwhile, and to which the names leave, is told of them anew.
func TestAPlatformIsToldOfALoginNameThatComesLater(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, small()))
		pupil := h.person("u1").ID
		early := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
		err := h.Write(t.Context(), h.board, func(ctx context.Context, tx *db.Tx) error {
			if _, err := h.names.LayDown(ctx, tx, pupil); err != nil {
				return err
			}
			p, err := catalogue.Add(ctx, tx, h.it, catalogue.Draft{Name: "Tabulou", Functions: []string{"mathematics"}})
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO licence (board_id, id, platform_id, scope, org_id, payer, starts_on, ends_on, account_kind,
					recorded_by, created_at)
				VALUES ($1, 'l1', $2, 'board', '', 'ddl', '2026-08-31', '2027-06-30', 'login_name', 'someone', $3)`,
				tx.Board, string(p.ID), early); err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `INSERT INTO disclosed (board_id, licence_id, kind, value, subject_id, role, changed_at)
				VALUES ($1, 'l1', 'user', 'x', $2, 'student', $3)`, tx.Board, pupil, early)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		told := func() (at time.Time) {
			h.read(func(ctx context.Context, tx *db.Tx) (err error) {
				at, err = db.One(ctx, tx, func(r db.Row) (at time.Time, err error) {
					err = r.Scan(&at)
					return at, err
				}, `SELECT changed_at FROM disclosed WHERE board_id = $1 AND licence_id = 'l1'`, tx.Board)
				return err
			})
			return at
		}
		h.bring(folder(t, small()))
		first := told()
		if !first.After(early) {
			t.Errorf("told at %s, as before", first)
		}
		h.bring(folder(t, small()))
		if again := told(); !again.Equal(first) {
			t.Error("told of a name that it knew")
		}
	})
}

func TestPupilsAreGivenLoginNames(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		names := func() (macs []string) {
			h.read(func(ctx context.Context, tx *db.Tx) (err error) {
				macs, err = db.All(ctx, tx, func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err },
					`SELECT name_mac FROM login_name WHERE board_id = $1 AND retired_on = '' ORDER BY id`, tx.Board)
				return err
			})
			return macs
		}
		h.bring(folder(t, small()))
		first := names()
		if len(first) != 2 {
			t.Fatalf("%d login names, want one for each of two pupils", len(first))
		}
		h.bring(folder(t, small()))
		if again := names(); !slices.Equal(again, first) {
			t.Error("another import gave other names")
		}
	})
}

func TestAShreddedBoardImportsNothing(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, small()))
		dbtest.OwnerExec(t, h.DB, `UPDATE vault_key SET shredded_at = created_at`)
		set := small()
		set["users.csv"] = strings.ReplaceAll(set["users.csv"], "Marquenoix", "Bravelune")
		_, err := h.Import(t.Context(), h.it, folder(t, set))
		if f, ok := fault.As(err); !ok || f.Key != "vault.shredded" {
			t.Errorf("Import: %v", err)
		}
		if p := h.person("u2"); p.FamilyName != "Marquenoix" {
			t.Error("a row was written before the import was refused")
		}
	})
}

func TestClassesAndPupilsAreFound(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(zipped(t, small()))
		teacher := h.person("t1")
		h.read(func(ctx context.Context, tx *db.Tx) error {
			classes, err := person.ClassesOf(ctx, tx, teacher.ID)
			if err != nil || len(classes) != 1 || classes[0].Title != "Arts A" || classes[0].Pupils != 2 || classes[0].Grade != "03" {
				t.Fatalf("ClassesOf: %+v %v", classes, err)
			}
			all, err := person.ClassesOfSchool(ctx, tx, classes[0].SchoolID)
			if err != nil || len(all) != 2 {
				t.Fatalf("ClassesOfSchool: %+v %v", all, err)
			}
			n, err := person.PupilsIn(ctx, tx, []string{all[0].ID, all[1].ID})
			if err != nil || n != 2 {
				t.Errorf("PupilsIn: %d %v, want the two pupils once each", n, err)
			}
			n, err = person.PupilsOf(ctx, tx, classes[0].SchoolID)
			if err != nil || n != 2 {
				t.Errorf("PupilsOf: %d %v, want 2", n, err)
			}
			found, err := person.ByEmail(ctx, tx, " ORSANE@ecole.example ")
			if err != nil || found.ID != teacher.ID {
				t.Errorf("ByEmail: %v", err)
			}
			if _, err := person.ByEmail(ctx, tx, ""); !fault.Is(err, fault.NotFound) {
				t.Errorf("ByEmail of nothing: %v, want NotFound", err)
			}
			heads, err := person.Holding(ctx, tx, person.Principal, classes[0].SchoolID)
			if err != nil || len(heads) != 1 || heads[0].SourceID != "p1" {
				t.Errorf("Holding: %+v %v", heads, err)
			}
			return nil
		})
	})
}

func TestImportAgainKeepsIdsAndRetiresTheAbsent(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, small()))
		before := h.person("u1")
		files := small()
		swap("users.csv", "u2,,,true,s1,student,u2,,Zibeline,Marquenoix,,P2,,,,,03,\n", "")(t, files)
		swap("enrollments.csv", "e2,,,k1,s1,u2,student,,,\n", "")(t, files)
		swap("users.csv", "Zibeline,Quorvath,,P1,,,,,03", "Zibeline,Quorvath,,P1,,,,,04")(t, files)
		r := h.bring(folder(t, files))
		if got := codes(r.Warnings)["absent_retired"]; got != 2 {
			t.Errorf("%d retired, want a pupil and an enrolment", got)
		}
		if after := h.person("u1"); after.ID != before.ID || after.Grade != "04" {
			t.Errorf("after the second import: %q %q", after.ID, after.Grade)
		}
		if gone := h.person("u2"); gone.Status != person.Gone {
			t.Errorf("status of the absent pupil: %s", gone.Status)
		}
		h.bring(folder(t, small()))
		if back := h.person("u2"); back.Status != person.Active {
			t.Errorf("status of the pupil who came back: %s", back.Status)
		}
	})
}

func TestADefectiveRowIsNotGone(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, small()))
		files := small()
		swap("users.csv", "Marquenoix", "")(t, files)
		if r := h.bring(folder(t, files)); len(r.Defects) != 2 {
			t.Errorf("defects: %+v, want the pupil and the enrolment", r.Defects)
		}
		if p := h.person("u2"); p.Status != person.Active || p.FamilyName != "Marquenoix" {
			t.Errorf("the pupil whose row is defective became %s", p.Status)
		}
	})
}

func TestWhatTheBoardSaidStaysWhereTheFileIsSilent(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, small()))
		orgs := org.New(h.DB)
		var school org.Org
		h.read(func(ctx context.Context, tx *db.Tx) (err error) {
			school, err = org.BySource(ctx, tx, "s1")
			return err
		})
		if _, err := orgs.SetSector(t.Context(), h.it, school.ID, org.Other); err != nil {
			t.Fatalf("SetSector: %v", err)
		}
		added, err := orgs.AddDepartment(t.Context(), h.it, "Service des arts", true)
		if err != nil {
			t.Fatalf("AddDepartment: %v", err)
		}
		h.bring(folder(t, small()))
		h.read(func(ctx context.Context, tx *db.Tx) error {
			again, err := org.Get(ctx, tx, school.ID)
			if err != nil || again.Sector != org.Other {
				t.Errorf("sector after an import: %s %v", again.Sector, err)
			}
			kept, err := org.Get(ctx, tx, added.ID)
			if err != nil || kept.Status != org.Active || !kept.UnderDeputy {
				t.Errorf("department after an import: %+v %v", kept, err)
			}
			return nil
		})
	})
}

func TestADeltaTellsChangesOnly(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, small()))
		const at = ",2026-11-22T00:42:52.110Z,"
		r := h.bring(folder(t, map[string]string{
			"manifest.csv": strings.NewReplacer("file.users,bulk", "file.users,delta", "file.enrollments,bulk", "file.enrollments,delta",
				"bulk", "absent").Replace(small()["manifest.csv"]),
			"users.csv":       users11 + "u1,tobedeleted" + at + "true,s1,student,u1,,Zibeline,Quorvath,,P1,,,,,03,\n",
			"enrollments.csv": enrollments + "e9,active" + at + "k2,s1,u2,student,,,\ne8,active" + at + "k7,s1,u2,student,,,\n",
		}))
		want := []roster.Defect{{Code: "reference_unresolved", File: "enrollments.csv", Row: 3, Field: "classSourcedId"}}
		if !slices.Equal(r.Defects, want) || r.Enrollments != 1 || len(r.Warnings) != 0 {
			t.Errorf("report %+v", r)
		}
		if gone, stays := h.person("u1"), h.person("u2"); gone.Status != person.Gone || stays.Status != person.Active {
			t.Errorf("after the delta: %s, %s", gone.Status, stays.Status)
		}
	})
}

func TestADeltaClosesNoCircle(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		const at = ",2026-11-22T00:42:52.110Z,"
		set := small()
		set["academicSessions.csv"] += "y2,,,Term,term,2026-08-24,2026-12-18,y1,2027\n"
		h.bring(folder(t, set))
		r := h.bring(folder(t, map[string]string{
			"manifest.csv": strings.NewReplacer("file.orgs,bulk", "file.orgs,delta", "file.academicSessions,bulk", "file.academicSessions,delta",
				"bulk", "absent").Replace(small()["manifest.csv"]),
			"orgs.csv": strings.SplitAfter(small()["orgs.csv"], "\n")[0] + "b1,active" + at + "Board,district,1,s1\n",
			"academicSessions.csv": strings.SplitAfter(small()["academicSessions.csv"], "\n")[0] +
				"y1,active" + at + "Year,schoolYear,2026-08-24,2027-06-24,y2,2027\n",
		}))
		want := []roster.Defect{{Code: "parent_circle", File: "orgs.csv", Row: 2, Field: "parentSourcedId"},
			{Code: "parent_circle", File: "academicSessions.csv", Row: 2, Field: "parentSourcedId"}}
		if !slices.Equal(r.Defects, want) {
			t.Errorf("report %+v", r)
		}
		h.read(func(ctx context.Context, tx *db.Tx) error {
			for _, table := range []string{"org", "academic_session"} {
				below, err := db.All(ctx, tx, func(r db.Row) (id string, err error) {
					err = r.Scan(&id)
					return id, err
				}, `SELECT source_id FROM `+table+` WHERE board_id = $1 AND parent_id <> '' ORDER BY source_id`, tx.Board)
				if err != nil || len(below) != 1 || below[0] == "b1" || below[0] == "y1" {
					t.Errorf("below another in %s: %v %v", table, below, err)
				}
			}
			return nil
		})
	})
}

func TestAGeneratedBoardIsImportedWithoutDirt(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		path := filepath.Join(t.TempDir(), "set.zip")
		if err := generate.Board(3, generate.Options{Pupils: 900}).SaveZip(path); err != nil {
			t.Fatal(err)
		}
		r := h.bring(path)
		if r.Schools != 9 || len(r.Warnings)+len(r.Defects) > 0 || r.Students < 800 || r.Students > 1000 {
			t.Errorf("report %+v", r)
		}
		h.read(func(ctx context.Context, tx *db.Tx) error {
			schools, err := org.List(ctx, tx, org.School)
			languages, other := map[string]bool{}, 0
			for _, s := range schools {
				languages[s.Language] = true
				if s.Sector == org.Other {
					other++
				}
				heads, err := person.Holding(ctx, tx, person.Principal, s.ID)
				if err != nil || len(heads) != 2 {
					t.Errorf("%d principals of a school (%v), want one and a vice-principal", len(heads), err)
				}
			}
			if err != nil || len(languages) != 3 || other != 1 {
				t.Errorf("languages %v, %d of the other sector, %v", languages, other, err)
			}
			departments, err := org.List(ctx, tx, org.Department)
			if err != nil || !slices.ContainsFunc(departments, func(o org.Org) bool { return o.UnderDeputy }) ||
				!slices.ContainsFunc(departments, func(o org.Org) bool { return !o.UnderDeputy }) {
				t.Errorf("departments %+v %v", departments, err)
			}
			return nil
		})
	})
}

func TestTwoBoardsDoNotMeet(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, small()))
		first := h.person("u1")
		other := h
		other.board = dbtest.Board(t, h.DB)
		other.it.Board = other.board
		other.bring(folder(t, small()))
		if second := other.person("u1"); second.ID == first.ID {
			t.Error("one id for people of two boards")
		}
		err := h.Read(t.Context(), other.board, func(ctx context.Context, tx *db.Tx) error {
			_, err := person.Get(ctx, tx, first.ID)
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("Get from another board: %v, want NotFound", err)
		}
	})
}

// save writes a generated set.
func save(t testing.TB, path string, pupils int) {
	t.Helper()
	if err := generate.Board(3, generate.Options{Pupils: pupils}).SaveZip(path); err != nil {
		t.Fatal(err)
	}
}
