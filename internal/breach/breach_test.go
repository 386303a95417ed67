package breach_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/access"
	"aval/internal/breach"
	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/incident"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/seal"
	"aval/internal/vault"
)

// world is a board with two schools, a few pupils and a platform that knows them.
type world struct {
	*breach.Service
	t        *testing.T
	db       *db.DB
	board    string
	pack     *policy.Pack
	now      time.Time
	platform catalogue.ID
	licences *licence.Service
	access   *access.Service
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"csc-pan-2023", "conseil-infonuagique-2026"} {
			t.Run(name, func(t *testing.T) { f(t, build(t, d, vault.New(master), name, 6)) })
		}
	})
}

func build(t *testing.T, d *db.DB, v *vault.Vault, name string, pupils int) *world {
	t.Helper()
	pack, err := policy.Shipped(name)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: d, pack: pack, now: time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)}
	d.Clock = func() time.Time { return w.now }
	w.board = dbtest.Board(t, d)
	names := &pseudonym.Names{Vault: v}
	accounts := &access.Accounts{Names: names}
	w.Service = &breach.Service{DB: d, Accounts: accounts, Names: names}
	w.licences, w.access = licence.New(d, contract.Gate), access.New(d, accounts)
	w.fill(names, pupils)
	return w
}

func (w *world) fill(names *pseudonym.Names, n int) {
	w.write(func(ctx context.Context, tx *db.Tx) error {
		var people []person.Person
		var posts []person.Post
		var enrolled []person.Enrollment
		var ids []string
		for i := range n {
			id, school := fmt.Sprintf("e%05d", i), fmt.Sprintf("s%d", i%2+1)
			ids = append(ids, id)
			people = append(people, person.Person{ID: id, SourceID: id, Kind: person.Student, GivenName: "Ana", FamilyName: "Vornik", Grade: "04", Status: person.Active})
			posts = append(posts, person.Post{PersonID: id, OrgID: school, Role: person.Pupil})
			for k := range 8 {
				class := fmt.Sprintf("k%05d", i/50*16+k*2+i%2)
				enrolled = append(enrolled, person.Enrollment{ID: class + id, ClassID: class, PersonID: id, Role: person.Pupil, Status: person.Active})
			}
		}
		var classes []person.Class
		for i := range (n + 49) / 50 * 16 {
			id := fmt.Sprintf("k%05d", i)
			classes = append(classes, person.Class{ID: id, SourceID: id, SchoolID: fmt.Sprintf("s%d", i%2+1), Title: id, Grade: "04", Status: person.Active})
		}
		err := errors.Join(org.SaveAll(ctx, tx, []org.Org{
			{ID: "s1", SourceID: "s1", Kind: org.School, Name: "École A", Sector: org.Youth, Status: org.Active},
			{ID: "s2", SourceID: "s2", Kind: org.School, Name: "École B", Sector: org.Youth, Status: org.Active}}),
			person.SaveAll(ctx, tx, people), person.SavePosts(ctx, tx, posts), person.SaveClasses(ctx, tx, classes), person.SaveEnrollments(ctx, tx, enrolled))
		if err != nil {
			return err
		}
		if n <= 100 {
			if err := names.Issue(ctx, tx, ids); err != nil {
				return err
			}
		}
		p, err := catalogue.Add(ctx, tx, w.as(policy.Operator), catalogue.Draft{Name: "Récitou", Vendor: "Récit inc."})
		if err != nil {
			return err
		}
		w.platform = p.ID
		return catalogue.SetResult(ctx, tx, p.ID, catalogue.Approved, "", catalogue.Quebec, "earlier")
	})
}

func (w *world) write(f func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), w.board, f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) as(role policy.Role) policy.Actor {
	return policy.Actor{ID: "a-" + string(role), Board: w.board, Via: "web", Lang: "fr", Pack: w.pack, Grants: []policy.Grant{{Role: role}}}
}

func (w *world) officer() policy.Actor { return w.as(policy.PrivacyOfficer) }

// licence records one for the whole board.
func (w *world) licence(kind licence.AccountKind, change func(*licence.Licence)) licence.Licence {
	w.t.Helper()
	l := licence.Licence{PlatformID: w.platform, Scope: licence.Board, Payer: licence.DDL, StartsOn: "2026-08-31", EndsOn: "2027-06-30", AccountKind: kind}
	if change != nil {
		change(&l)
	}
	l, err := w.licences.Record(w.t.Context(), w.as(policy.EvaluationDirector), l)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

func (w *world) ask() breach.Breach {
	w.t.Helper()
	b, err := w.Ask(w.t.Context(), w.officer(), w.platform, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func count(ctx context.Context, tx *db.Tx, query string, args ...any) (int, error) {
	return db.One(ctx, tx, func(r db.Row) (n int, err error) { err = r.Scan(&n); return n, err }, query, args...)
}

func TestWhoMayNotAskNorCut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, c := range map[string]struct {
			who      policy.Actor
			platform catalogue.ID
			of       incident.ID
			kind     fault.Kind
		}{
			"a principal":          {w.as(policy.Principal), w.platform, "", fault.Denied},
			"it":                   {w.as(policy.IT), w.platform, "", fault.Denied},
			"no platform":          {w.officer(), "", "", fault.Invalid},
			"a platform of nobody": {w.officer(), "nobody", "", fault.NotFound},
			"no such incident":     {w.officer(), w.platform, "nobody", fault.NotFound},
		} {
			if _, err := w.Ask(t.Context(), c.who, c.platform, c.of); !fault.Is(err, c.kind) {
				t.Errorf("%s: %v, want kind %d", name, err, c.kind)
			}
		}
		b := w.ask()
		if _, err := w.View(t.Context(), w.as(policy.Principal), b.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("View by a principal: %v", err)
		}
		if _, err := w.List(t.Context(), w.as(policy.Secretary)); !fault.Is(err, fault.Denied) {
			t.Errorf("List by a secretary: %v", err)
		}
		for name, c := range map[string]breach.Choice{"nothing": {}, "names without a reason": {Names: true, Reason: " "},
			"a book": {Names: true, Reason: strings.Repeat("é", breach.MaxReason+1)}} {
			_, err := w.Cut(t.Context(), w.officer(), b.ID, c, b.Version)
			f, ok := fault.As(err)
			if !ok || f.Kind != fault.Invalid || f.Clause == "" {
				t.Errorf("Cut %s: %v, want Invalid under a clause", name, err)
			}
		}
		if _, err := w.Cut(t.Context(), w.officer(), b.ID, breach.Choice{Pseudonyms: true}, b.Version-1); !fault.Is(err, fault.Conflict) {
			t.Errorf("Cut of another version: %v", err)
		}
		if _, err := w.Cut(t.Context(), w.as(policy.IT), b.ID, breach.Choice{Pseudonyms: true}, b.Version); !fault.Is(err, fault.NotFound) {
			t.Errorf("Cut by it: %v", err)
		}
		if _, err := w.Cut(t.Context(), w.officer(), b.ID, breach.Choice{Pseudonyms: true}, b.Version); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Cut(t.Context(), w.officer(), b.ID, breach.Choice{Pseudonyms: true}, b.Version+1); !fault.Is(err, fault.Conflict) {
			t.Errorf("Cut twice: %v", err)
		}
	})
}

func TestWhatAPlatformKnows(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if a := w.ask().Answer; a.Pupils != 0 || len(a.Licences) != 0 || a.Exposure != breach.Unknown {
			t.Errorf("without a licence: %+v", a)
		}
		w.licence(licence.NoAccount, func(l *licence.Licence) { l.Audience.Schools = []string{"s1"} })
		a := w.ask().Answer
		if a.Pupils != 3 || len(a.Schools) != 1 || a.Schools[0] != (breach.School{ID: "s1", Pupils: 3, Classes: 8}) || a.Classes != 8 ||
			a.Since != "2026-08-31" || a.Licences[0].Disclosed || !a.Changed.IsZero() {
			t.Errorf("a licence that never let anything out: %+v", a)
		}
		l := w.licence(licence.NoAccount, nil)
		if err := disclosure.Refresh(t.Context(), w.db, w.board, l.ID); err != nil {
			t.Fatal(err)
		}
		w.write(func(ctx context.Context, tx *db.Tx) error { return person.Retire(ctx, tx, []string{"e00001"}) })
		if err := disclosure.Refresh(t.Context(), w.db, w.board, l.ID); err != nil {
			t.Fatal(err)
		}
		a = w.ask().Answer
		if a.Pupils != 6 || len(a.Schools) != 2 || a.Classes != 16 || a.Changed.IsZero() || a.Exposure != breach.Unknown {
			t.Errorf("who left is counted, once: %+v", a)
		}
		w.licence(licence.BoardEmail, func(l *licence.Licence) { l.Audience.Schools = []string{"s2"} })
		if a := w.ask().Answer; a.Exposure != breach.More {
			t.Errorf("with addresses: %+v", a)
		}
		if list, err := w.List(t.Context(), w.officer()); err != nil || len(list) != 1 || list[0].Called != "Récitou" {
			t.Errorf("asked again: %d, %v", len(list), err)
		}
	})
}

// The answer, and the entry of the register, say what last left and when; what once left in
// a file counts, also when the decision lets it out no more.
func TestWhatLastLeft(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.licence(licence.NoAccount, nil)
		if a := w.ask().Answer; a.Export != nil || a.Read != nil || a.Exposure != breach.Unknown {
			t.Errorf("nothing left: %+v", a)
		}
		w.write(func(ctx context.Context, tx *db.Tx) error {
			for _, x := range []struct{ id, state, fields, counts, at string }{
				{"x1", "sent", `["given_name"]`, `[{"file":"users","rows":9}]`, "2026-10-01T12:00:00Z"},
				{"x2", "sent", `["grade"]`, `[{"file":"users","rows":5},{"file":"orgs","rows":2}]`, "2026-11-02T12:00:00Z"},
				{"x3", "stopped", `["birth_date"]`, `[]`, "2026-11-03T12:00:00Z"},
			} {
				at, err := time.Parse(time.RFC3339, x.at)
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `INSERT INTO export (board_id, id, licence_id, profile, state, fields, counts, asked_by, asked_at, sent_at)
					VALUES ($1, $2, $3, 'oneroster-1.2', $4, $5, $6, 'x', $7, $7)`, tx.Board, x.id, string(l.ID), x.state, x.fields, x.counts, at); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, `INSERT INTO credential (board_id, id, licence_id, made_by, made_at) VALUES ($1, 'k', $2, 'x', $3)`,
				tx.Board, string(l.ID), tx.Now)
			if err != nil {
				return err
			}
			for day, objects := range map[string]int{"2026-11-18": 40, "2026-11-19": 0} {
				at, err := time.Parse(time.RFC3339, day+"T15:00:00Z")
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `INSERT INTO credential_use (board_id, credential_id, day, requests, objects, refused, last_at)
					VALUES ($1, 'k', $2, 3, $3, 3, $4)`, tx.Board, day, objects, at); err != nil {
					return err
				}
			}
			return nil
		})
		b := w.ask()
		a := b.Answer
		if a.Export == nil || a.Export.Rows != 7 || a.Export.Profile != "oneroster-1.2" || a.Export.At.Day() != 2 || !slices.Equal(a.Export.Fields, []disclosure.Field{disclosure.Grade}) {
			t.Errorf("the last export: %+v", a.Export)
		}
		if a.Read == nil || a.Read.Objects != 40 || a.Read.At.Day() != 18 {
			t.Errorf("the last reading, of which a refused one is none: %+v", a.Read)
		}
		if a.Exposure != breach.More || !slices.Equal(a.Left, []disclosure.Field{disclosure.Grade, disclosure.GivenName}) {
			t.Errorf("%v left, %s", a.Left, a.Exposure)
		}
		i, err := w.Open(t.Context(), w.officer(), b.ID)
		said := strings.ReplaceAll(i.Circumstances, "\u00a0", " ")
		if err != nil || !strings.Contains(said, "2 nov. 2026") || !strings.Contains(said, "7 lignes") || !strings.Contains(said, "40 enregistrements") {
			t.Errorf("the register says: %s, %v", i.Circumstances, err)
		}
	})
}

// decides approves the platform for some kinds of information.
func (w *world) decides(kinds string) {
	w.t.Helper()
	id := db.NewID()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO account (board_id, id, login, name, created_at) VALUES ($1, $2, $2, 'x', $3)`, tx.Board, id, tx.Now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO request (board_id, id, number, platform_id, org_id, author_id, author_role, data_kinds, state, state_at, created_at)
			VALUES ($1, $2, $2, $3, 's1', $2, 'teacher', $4, 'decided', $5, $5)`, tx.Board, id, string(w.platform), kinds, tx.Now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO decision (board_id, id, request_id, platform_id, org_id, use_result, use_reasons, security_result, security_reasons, overall, decided_by, decided_at)
			VALUES ($1, $2, $2, $3, 's1', 'approved', '', 'approved', '', 'approved', $2, $4)`, tx.Board, id, string(w.platform), tx.Now); err != nil {
			return err
		}
		return catalogue.SetResult(ctx, tx, w.platform, catalogue.Approved, "", catalogue.Quebec, id)
	})
}

// A name that left under an earlier decision, and an undertaking that is over, is known
// to the platform still: pseudonyms alone were not exposed.
func TestWhatAnEarlierDecisionLetOutCounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(`["grade"]`)
		l := w.licence(licence.NoAccount, nil)
		if err := disclosure.Refresh(t.Context(), w.db, w.board, l.ID); err != nil {
			t.Fatal(err)
		}
		if a := w.ask().Answer; a.Exposure != breach.Pseudonyms {
			t.Errorf("a grade: %s", a.Exposure)
		}
		w.now = w.now.Add(time.Hour)
		w.decides(`["full_name"]`)
		w.write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO undertaking (board_id, id, platform_id, kind, text, fields, starts_on, ends_on, ended_on, recorded_by, recorded_at)
				VALUES ($1, 'u', $2, 'agreement', 'x', '["family_name"]', '2026-09-01', '2027-06-30', '2026-10-31', 'x', $3)`, tx.Board, string(w.platform), tx.Now)
			return err
		})
		w.now = w.now.Add(time.Hour)
		w.decides(`["none"]`)
		a := w.ask().Answer
		if a.Exposure != breach.More || !slices.Equal(a.Declared, []string{"full_name", "grade"}) ||
			!slices.Equal(a.Left, []disclosure.Field{disclosure.Grade, disclosure.Groups, disclosure.FamilyName}) {
			t.Errorf("%s, declared %v, left %v", a.Exposure, a.Declared, a.Left)
		}
	})
}

func TestCuttingOffGoesOnWhereItWasCut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.licence(licence.LoginName, nil)
		if err := disclosure.Refresh(t.Context(), w.db, w.board, l.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := w.access.Create(t.Context(), w.as(policy.EvaluationDirector), l.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.access.Run(t.Context(), w.board, string(l.ID)); err != nil {
			t.Fatal(err)
		}
		kept := func() (all map[string]bool, passwords map[string]bool) {
			all, passwords = map[string]bool{}, map[string]bool{}
			w.write(func(ctx context.Context, tx *db.Tx) error {
				read := func(into map[string]bool, query string) error {
					_, err := db.All(ctx, tx, func(r db.Row) (none struct{}, err error) {
						var b []byte
						if err = r.Scan(&b); err == nil {
							into[string(b)] = true
						}
						return none, err
					}, query, tx.Board)
					return err
				}
				return errors.Join(read(all, `SELECT value FROM pairwise WHERE board_id = $1 AND retired_on = '' AND kind = 'user'`),
					read(passwords, `SELECT password FROM pupil_account WHERE board_id = $1`))
			})
			return all, passwords
		}
		pairs, passwords := kept()
		b := w.ask()
		if b.Answer.Passwords != 6 || len(pairs) != 6 || len(passwords) != 6 {
			t.Fatalf("before: %d passwords, %d pseudonyms", b.Answer.Passwords, len(pairs))
		}
		if _, err := w.Cut(t.Context(), w.officer(), b.ID, breach.Choice{Pseudonyms: true, Passwords: true, Names: true, Reason: "Les noms ont circulé."}, b.Version); err != nil {
			t.Fatal(err)
		}
		i, err := w.Open(t.Context(), w.officer(), b.ID)
		if err != nil || i.Count != 6 || i.Platform != w.platform || len(i.Schools) != 2 || len(i.Measures) != 0 ||
			strings.Contains(i.Information+i.Circumstances, "Vornik") {
			t.Fatalf("Open: %+v, %v", i, err)
		}
		if _, err := w.Open(t.Context(), w.officer(), b.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("Open twice: %v", err)
		}
		if err := w.Run(t.Context(), w.board, string(b.ID)); err != nil {
			t.Fatal(err)
		}
		v, err := w.View(t.Context(), w.officer(), b.ID)
		if err != nil || v.State != breach.Done || v.Done != v.Total || v.Total != 13 || v.Number == "" {
			t.Errorf("after: %+v, %v", v.Breach, err)
		}
		if err := disclosure.Refresh(t.Context(), w.db, w.board, l.ID); err != nil {
			t.Fatal(err)
		}
		again, renewed := kept()
		for value := range again {
			if pairs[value] {
				t.Error("a pseudonym is still the same")
			}
		}
		for value := range renewed {
			if passwords[value] {
				t.Error("a password is still the same")
			}
		}
		if len(again) != 6 || len(renewed) != 6 {
			t.Errorf("%d pseudonyms and %d passwords", len(again), len(renewed))
		}
		register := &incident.Service{DB: w.db}
		seen, err := register.View(t.Context(), w.officer(), i.ID, 0)
		if err != nil || len(seen.Measures) != 1 || !strings.Contains(seen.Measures[0].Text, "noms d’utilisateur refaits") {
			t.Errorf("the register: %+v, %v", seen.Measures, err)
		}
		if err := w.Run(t.Context(), w.board, string(b.ID)); err != nil {
			t.Fatal(err)
		}
		if _, same := kept(); fmt.Sprint(same) != fmt.Sprint(renewed) {
			t.Error("a job that runs twice made passwords anew twice")
		}
		w.now = w.now.AddDate(1, 0, 1)
		if err := w.Purge(t.Context(), w.board); err != nil {
			t.Fatal(err)
		}
		w.write(func(ctx context.Context, tx *db.Tx) error {
			n, err := count(ctx, tx, `SELECT count(*) FROM breach_person WHERE board_id = $1`, tx.Board)
			if n != 0 {
				t.Errorf("a year later %d people are still noted", n)
			}
			return err
		})
	})
}
