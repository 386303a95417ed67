package identity_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/access"
	"aval/internal/birth"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/identity"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/reveal"
	"aval/internal/rights"
	"aval/internal/seal"
	"aval/internal/vault"
)

// world is a board with two schools, a class in each, and pupils: old is of the
// first, new of the second, both named alike under one number.
type world struct {
	*db.DB
	*identity.Service
	t        *testing.T
	now      time.Time
	board    string
	schools  [2]string
	classes  [2]string
	old, new string
	other    string // a pupil of the first school, another child
	adult    string // a teacher
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := open(t, d)
		f(t, w)
		dbtest.Whole(t, d, w.board)
	})
}

func open(t *testing.T, d *db.DB) *world {
	t.Helper()
	master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{DB: d, t: t, now: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC), old: db.NewID(), new: db.NewID(), other: db.NewID(), adult: db.NewID()}
	d.Clock = func() time.Time { return w.now }
	w.board = dbtest.Board(t, d)
	names := &pseudonym.Names{Vault: vault.New(master)}
	reveals := &reveal.Service{DB: d, Names: names, Cards: &access.Accounts{Names: names}}
	w.Service = &identity.Service{DB: d, Names: names, Reveals: reveals,
		Rows: slices.Concat(person.Following(), rights.Following(), reveal.Following())}
	var orgs []org.Org
	var classes []person.Class
	for i := range 2 {
		w.schools[i], w.classes[i] = db.NewID(), db.NewID()
		orgs = append(orgs, org.Org{ID: w.schools[i], SourceID: fmt.Sprint("s", i), Kind: org.School, Name: fmt.Sprint("École ", i),
			Sector: org.Youth, Status: org.Active})
		classes = append(classes, person.Class{ID: w.classes[i], SourceID: fmt.Sprint("k", i), SchoolID: w.schools[i],
			Title: fmt.Sprint("Groupe 40", i), Grade: "04", Status: person.Active})
	}
	people := []person.Person{
		{ID: w.old, SourceID: "u-old", Kind: person.Student, GivenName: "Amélie", FamilyName: "Outarde", Number: "1001", Grade: "04", Status: person.Active},
		{ID: w.new, SourceID: "u-new", Kind: person.Student, GivenName: "Amelie", FamilyName: "Outarde", Number: "1001", Grade: "05", Status: person.Active},
		{ID: w.other, SourceID: "u-other", Kind: person.Student, GivenName: "Basile", FamilyName: "Pic", Number: "1002", Grade: "04", Status: person.Active},
		{ID: w.adult, SourceID: "u-adult", Kind: person.Staff, GivenName: "Carole", FamilyName: "Merle", Status: person.Active},
	}
	posts := []person.Post{{PersonID: w.old, OrgID: w.schools[0], Role: person.Pupil}, {PersonID: w.new, OrgID: w.schools[1], Role: person.Pupil},
		{PersonID: w.other, OrgID: w.schools[0], Role: person.Pupil}, {PersonID: w.adult, OrgID: w.schools[0], Role: person.Teacher}}
	enrolled := []person.Enrollment{
		{ID: "e1", ClassID: w.classes[0], PersonID: w.old, Role: person.Pupil, Status: person.Active},
		{ID: "e2", ClassID: w.classes[1], PersonID: w.new, Role: person.Pupil, Status: person.Active}}
	w.write(func(ctx context.Context, tx *db.Tx) error {
		for _, keep := range []func() error{
			func() error { return org.SaveAll(ctx, tx, orgs) },
			func() error { return person.SaveAll(ctx, tx, people) },
			func() error { return person.SavePosts(ctx, tx, posts) },
			func() error { return person.SaveClasses(ctx, tx, classes) },
			func() error { return person.SaveEnrollments(ctx, tx, enrolled) },
			func() error { return names.Issue(ctx, tx, []string{w.old, w.new, w.other}) },
			func() error { return w.was(ctx, tx, w.new, "grade", "04") },
			func() error { return w.was(ctx, tx, w.old, "grade", "03") },
		} {
			if err := keep(); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *world) was(ctx context.Context, tx *db.Tx, id, attribute, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO person_was (board_id, person_id, attribute, was, until_at, import_id) VALUES ($1, $2, $3, $4, $5, 'i1')`,
		tx.Board, id, attribute, value, tx.Now)
	return err
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

func (w *world) as(role policy.Role, at string) policy.Actor {
	w.t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	w.must(err)
	return policy.Actor{ID: "a-" + string(role), Board: w.board, Lang: "fr", Via: "web", Pack: pack, Grants: []policy.Grant{{Role: role, Org: at}}}
}

func (w *world) keeper() policy.Actor { return w.as(policy.IT, "") }

// state is all that an act may move, as lines.
func (w *world) state() string {
	w.t.Helper()
	var lines []string
	w.must(w.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
		for _, query := range []string{
			`SELECT 'person ' || id || ' ' || source_id || ' ' || status || ' ' || grade FROM person WHERE board_id = $1 ORDER BY 1`,
			`SELECT 'enrollment ' || id || ' ' || person_id FROM enrollment WHERE board_id = $1 ORDER BY 1`,
			`SELECT 'role ' || person_id || ' ' || org_id || ' ' || role FROM person_role WHERE board_id = $1 ORDER BY 1`,
			`SELECT 'alias ' || source_id || ' ' || person_id FROM person_alias WHERE board_id = $1 ORDER BY 1`,
			`SELECT 'was ' || person_id || ' ' || attribute || ' ' || was FROM person_was WHERE board_id = $1 ORDER BY 1`,
			`SELECT 'named ' || licence_id || ' ' || value FROM licence_audience WHERE board_id = $1 ORDER BY 1`,
		} {
			found, err := db.All(ctx, tx, func(r db.Row) (s string, err error) {
				err = r.Scan(&s)
				return s, err
			}, query, tx.Board)
			if err != nil {
				return err
			}
			lines = append(lines, found...)
		}
		names, err := w.Names.OfMany(ctx, tx, []string{w.old, w.new, w.other})
		for _, id := range []string{w.old, w.new, w.other} {
			lines = append(lines, "login "+id+" "+names[id].String())
		}
		return err
	}))
	return strings.Join(lines, "\n")
}

func (w *world) logins(ids ...string) map[string]string {
	w.t.Helper()
	texts := map[string]string{}
	w.must(w.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
		names, err := w.Names.OfMany(ctx, tx, ids)
		for id, name := range names {
			texts[id] = name.String()
		}
		return err
	}))
	return texts
}

func refused(t *testing.T, err error, kind fault.Kind, key string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Kind != kind || key != "" && f.Key != key {
		t.Fatalf("got %v, want %v %s", err, kind, key)
	}
}

func usual(first, second string) identity.Merge {
	return identity.Merge{First: first, Second: second, Login: identity.OfFirst, Other: identity.Retire}
}

func TestWhoMayNotMerge(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before := w.state()
		for _, role := range []policy.Role{policy.Teacher, policy.Principal, policy.Evaluator, policy.PrivacyOfficer} {
			_, err := w.Merge(t.Context(), w.as(role, w.schools[0]), usual(w.old, w.new))
			refused(t, err, fault.Denied, "")
			_, err = w.Candidates(t.Context(), w.as(role, w.schools[0]), "")
			refused(t, err, fault.Denied, "")
			_, err = w.Compare(t.Context(), w.as(role, w.schools[0]), w.old, w.new)
			refused(t, err, fault.Denied, "")
		}
		for name, m := range map[string]identity.Merge{
			"first": {First: w.old, Second: w.old, Login: identity.OfFirst, Other: identity.Retire},
			"login": {First: w.old, Second: w.new, Other: identity.Retire},
			"other": {First: w.old, Second: w.new, Login: identity.OfFirst},
		} {
			_, err := w.Merge(t.Context(), w.keeper(), m)
			f, _ := fault.As(err)
			if f == nil || f.Fields[name].Key == "" {
				t.Errorf("without %s: %v", name, err)
			}
		}
		_, err := w.Merge(t.Context(), w.keeper(), usual(w.old, "nobody"))
		refused(t, err, fault.NotFound, "")
		_, err = w.Merge(t.Context(), w.keeper(), usual(w.old, w.adult))
		refused(t, err, fault.Conflict, "identity.pupils_only")
		if after := w.state(); after != before {
			t.Errorf("a refusal changed something:\n%s\n%s", before, after)
		}
	})
}

func TestAMergeMovesAllAndIsUndone(t *testing.T) {
	for _, login := range []identity.Stays{identity.OfFirst, identity.OfSecond} {
		for _, rest := range []identity.Rest{identity.Retire, identity.Keep} {
			t.Run(string(login)+"-"+string(rest), func(t *testing.T) {
				each(t, func(t *testing.T, w *world) { mergeAndUndo(t, w, login, rest) })
			})
		}
	}
}

func TestNobodyIsAskedOfLoginNamesThatAreNot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		keeper := w.keeper()
		w.must(w.Write(t.Context(), keeper.Board, func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Names.LayDown(ctx, tx, w.new)
			return err
		}))
		was := w.logins(w.old)[w.old]
		_, err := w.Merge(t.Context(), keeper, identity.Merge{First: w.new, Second: w.old})
		w.must(err)
		if now := w.logins(w.new)[w.new]; now != was || was == "" {
			t.Errorf("the child signs in as %q and did as %q", now, was)
		}
	})
}

// Which login name a child has is sealed, and no refresh compares it: the platforms to
// which it leaves are told when it is another.
func TestAPlatformIsToldOfAnotherLoginName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.discloses(w.old)
		step := func(name string, told bool) {
			t.Helper()
			w.must(w.Read(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
				at, err := db.One(ctx, tx, func(r db.Row) (at time.Time, err error) {
					err = r.Scan(&at)
					return at, err
				}, `SELECT changed_at FROM disclosed WHERE board_id = $1 AND licence_id = 'l1' AND subject_id = $2`, tx.Board, w.old)
				if at.Equal(w.now) != told {
					t.Errorf("%s: told at %s, it is %s", name, at, w.now)
				}
				return err
			}))
			w.now = w.now.Add(time.Minute)
		}
		step("disclosed", true)
		a, err := w.Merge(t.Context(), w.keeper(), identity.Merge{First: w.old, Second: w.new, Login: identity.OfFirst, Other: identity.Retire})
		w.must(err)
		step("merged under its own", false)
		_, err = w.Undo(t.Context(), w.keeper(), a.ID)
		w.must(err)
		step("apart again", false)
		a, err = w.Merge(t.Context(), w.keeper(), identity.Merge{First: w.old, Second: w.new, Login: identity.OfSecond, Other: identity.Retire})
		w.must(err)
		step("merged under the other's", true)
		_, err = w.Undo(t.Context(), w.keeper(), a.ID)
		w.must(err)
		step("apart again, under its own", true)
		division := identity.Division{Person: w.old, GivenName: "Amaël", FamilyName: "Outarde", Grade: "05",
			Schools: []string{w.schools[0]}, Login: identity.OfSecond}
		a, err = w.Split(t.Context(), w.keeper(), division)
		w.must(err)
		step("split, and the name is the other's", true)
		_, err = w.Undo(t.Context(), w.keeper(), a.ID)
		w.must(err)
		step("one again, under its own", true)
	})
}

// discloses is a platform that is told of a pupil, and of the login name.
func (w *world) discloses(pupil string) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		p, err := catalogue.Add(ctx, tx, w.keeper(), catalogue.Draft{Name: "Tabulou", Functions: []string{"mathematics"}})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO licence (board_id, id, platform_id, scope, org_id, payer, starts_on, ends_on, account_kind,
				recorded_by, created_at)
			VALUES ($1, 'l1', $2, 'school', $3, $3, '2026-08-31', '2027-06-30', 'login_name', 'someone', $4)`,
			tx.Board, string(p.ID), w.schools[0], tx.Now); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO disclosed (board_id, licence_id, kind, value, subject_id, role, changed_at)
			VALUES ($1, 'l1', 'user', 'x', $2, 'student', $3)`, tx.Board, pupil, tx.Now)
		return err
	})
}

func mergeAndUndo(t *testing.T, w *world, login identity.Stays, rest identity.Rest) {
	before, names := w.state(), w.logins(w.old, w.new)
	a, err := w.Merge(t.Context(), w.keeper(), identity.Merge{First: w.old, Second: w.new, Login: login, Other: rest})
	w.must(err)
	after := w.state()
	for _, want := range []string{"person " + w.new + " u-new tobedeleted", "alias u-new " + w.old, "was " + w.old + " grade 04",
		"role " + w.old + " " + w.schools[1] + " student", "role " + w.old + " " + w.schools[0] + " student"} {
		if !strings.Contains(after, want) {
			t.Errorf("no %q in\n%s", want, after)
		}
	}
	if strings.Contains(after, "enrollment") && strings.Count(after, " "+w.new) != 2 { // its record and its line of login names
		t.Errorf("the second record still holds something:\n%s", after)
	}
	stays, gone := names[w.old], names[w.new]
	if login == identity.OfSecond {
		stays, gone = gone, stays
	}
	now := w.logins(w.old, w.new)
	if now[w.old] != stays || (rest == identity.Keep) != (now[w.new] == gone) {
		t.Errorf("login names are %v, they were %v", now, names)
	}
	_, err = w.Merge(t.Context(), w.keeper(), usual(w.other, w.new))
	refused(t, err, fault.Conflict, "identity.merged_already")

	w.now = w.now.Add(29 * 24 * time.Hour)
	_, err = w.Undo(t.Context(), w.as(policy.Teacher, w.schools[0]), a.ID)
	refused(t, err, fault.NotFound, "")
	_, err = w.Undo(t.Context(), w.keeper(), a.ID)
	w.must(err)
	if again := w.state(); again != before {
		t.Errorf("undone is not as it was:\n%s\n%s", before, again)
	}
	_, err = w.Undo(t.Context(), w.keeper(), a.ID)
	refused(t, err, fault.Conflict, "identity.undone_already")
}

func TestUndoInOrderAndInTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		before := w.state()
		first, err := w.Merge(t.Context(), w.keeper(), usual(w.old, w.new))
		w.must(err)
		w.now = w.now.Add(time.Hour)
		second, err := w.Merge(t.Context(), w.keeper(), usual(w.other, w.old))
		w.must(err)
		if s := w.state(); !strings.Contains(s, "alias u-new "+w.other) || !strings.Contains(s, "alias u-old "+w.other) {
			t.Errorf("an earlier source id leads elsewhere:\n%s", s)
		}
		_, err = w.Undo(t.Context(), w.keeper(), first.ID)
		refused(t, err, fault.Conflict, "identity.later_first")
		for _, id := range []string{second.ID, first.ID} {
			_, err = w.Undo(t.Context(), w.keeper(), id)
			w.must(err)
		}
		if again := w.state(); again != before {
			t.Errorf("undone is not as it was:\n%s\n%s", before, again)
		}
		a, err := w.Merge(t.Context(), w.keeper(), usual(w.old, w.new))
		w.must(err)
		w.now = w.now.Add(identity.Undoable)
		_, err = w.Undo(t.Context(), w.keeper(), a.ID)
		refused(t, err, fault.Conflict, "identity.too_late")
	})
}

func TestASurvivorThatWasGoneIsThereAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(func(ctx context.Context, tx *db.Tx) error { return person.Retire(ctx, tx, []string{w.old}) })
		before := w.state()
		found, err := w.Candidates(t.Context(), w.keeper(), identity.Returned)
		w.must(err)
		if len(found.List) != 1 || found.List[0].First.ID != w.old || found.List[0].Second.ID != w.new || !found.List[0].First.Gone {
			t.Fatalf("candidates: %+v", found)
		}
		a, err := w.Merge(t.Context(), w.keeper(), usual(w.old, w.new))
		w.must(err)
		if s := w.state(); !strings.Contains(s, "person "+w.old+" u-old active 05") {
			t.Errorf("not there again:\n%s", s)
		}
		_, err = w.Undo(t.Context(), w.keeper(), a.ID)
		w.must(err)
		if again := w.state(); again != before {
			t.Errorf("undone is not as it was:\n%s\n%s", before, again)
		}
	})
}

func TestASplitMovesWhatIsChosenAndIsUndone(t *testing.T) {
	for _, login := range []identity.Stays{identity.OfFirst, identity.OfSecond} {
		t.Run(string(login), func(t *testing.T) {
			each(t, func(t *testing.T, w *world) { splitAndUndo(t, w, login) })
		})
	}
}

func splitAndUndo(t *testing.T, w *world, login identity.Stays) {
	_, err := w.Merge(t.Context(), w.keeper(), usual(w.old, w.new))
	w.must(err)
	w.now = w.now.Add(40 * 24 * time.Hour)
	before, names := w.state(), w.logins(w.old)
	records, err := w.Compare(t.Context(), w.keeper(), w.old)
	w.must(err)
	d := identity.Division{Person: w.old, GivenName: "Anouk", FamilyName: "Outarde", Grade: "05", Schools: []string{w.schools[1]},
		Leaves: []string{w.schools[1]}, Sources: []string{"u-old", "u-new"}, Login: login}
	for _, c := range records[0].Classes {
		if c.Name == "Groupe 401" {
			d.Enrollments = append(d.Enrollments, c.ID)
		}
	}
	_, err = w.Split(t.Context(), w.as(policy.Principal, w.schools[0]), d)
	refused(t, err, fault.Denied, "")
	wrong := d
	wrong.Enrollments = []string{"of-somebody-else"}
	_, err = w.Split(t.Context(), w.keeper(), wrong)
	refused(t, err, fault.NotFound, "")
	_, err = w.Split(t.Context(), w.keeper(), identity.Division{Person: w.old})
	if f, _ := fault.As(err); f == nil || len(f.Fields) != 4 {
		t.Errorf("an empty form: %v", err)
	}
	a, err := w.Split(t.Context(), w.keeper(), d)
	w.must(err)
	after, now := w.state(), w.logins(w.old, a.Second)
	for _, want := range []string{"person " + a.Second + " u-old active 05", "alias u-new " + a.Second, "person " + w.old + " aval:" + w.old,
		"role " + a.Second + " " + w.schools[1] + " student", "enrollment " + d.Enrollments[0] + " " + a.Second} {
		if !strings.Contains(after, want) {
			t.Errorf("no %q in\n%s", want, after)
		}
	}
	keeps, given := w.old, a.Second
	if login == identity.OfSecond {
		keeps, given = given, keeps
	}
	if now[keeps] != names[w.old] || now[given] == "" || now[given] == now[keeps] {
		t.Errorf("login names are %v, they were %v", now, names)
	}
	_, err = w.Undo(t.Context(), w.keeper(), a.ID)
	w.must(err)
	if again := w.state(); strings.Replace(again, "person "+a.Second+" aval:"+a.Second+" tobedeleted 05\n", "", 1) != before {
		t.Errorf("undone is not as it was:\n%s\n%s", before, again)
	}
}

func TestTheDataShowsCandidatesAndNamesNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(func(ctx context.Context, tx *db.Tx) error {
			if err := w.was(ctx, tx, w.other, "given_name", "Denis"); err != nil {
				return err
			}
			if err := w.was(ctx, tx, w.other, "family_name", "Geai"); err != nil {
				return err
			}
			return person.SavePosts(ctx, tx, []person.Post{{PersonID: w.other, OrgID: w.schools[1], Role: person.Pupil}})
		})
		found, err := w.Candidates(t.Context(), w.keeper(), "")
		w.must(err)
		want := map[identity.Sign]int{identity.Known: 1, identity.SameNumber: 0, identity.Returned: 0, identity.Renamed: 1, identity.TwoSchools: 1}
		for sign, n := range want {
			if found.Counts[sign] != n {
				t.Errorf("%s: %d, want %d", sign, found.Counts[sign], n)
			}
		}
		if len(found.List) != 3 || strings.Contains(fmt.Sprintf("%+v", found), "Outarde") {
			t.Errorf("candidates: %+v", found)
		}
		_, err = w.Candidates(t.Context(), w.keeper(), "height")
		refused(t, err, fault.NotFound, "")
		for _, c := range found.List {
			_, err := w.Part(t.Context(), w.keeper(), c.First.ID, c.Second.ID)
			w.must(err)
		}
		found, err = w.Candidates(t.Context(), w.keeper(), "")
		w.must(err)
		if len(found.List) != 0 {
			t.Errorf("settled, and shown again: %+v", found)
		}
		list, err := w.Acts(t.Context(), w.keeper(), time.Time{})
		w.must(err)
		if len(list) != 3 {
			t.Errorf("acts: %+v", list)
		}
	})
}

// Whoever compares is told whether two children were born on one day, and not which.
func TestTwoRecordsAreComparedByTheirDayOfBirth(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			first, second string
			want          identity.Born
		}{{"", "", identity.Unknown}, {"2016-05-06", "", identity.Unknown}, {"2016-05-06", "2016-05-06", identity.SameDay}, {"2016-05-06", "2016-05-07", identity.OtherDay}} {
			w.must(w.Write(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
				return (&birth.Register{Vault: w.Names.Vault}).Begin(nil).Keep(ctx, tx, []birth.Row{{SourceID: "u-old", Day: c.first}, {SourceID: "u-new", Day: c.second}})
			}))
			records, err := w.Compare(t.Context(), w.keeper(), w.old, w.new)
			w.must(err)
			if records[0].Born != c.want || records[1].Born != c.want {
				t.Errorf("%q and %q: %s, %s, want %s", c.first, c.second, records[0].Born, records[1].Born, c.want)
			}
		}
		alone, err := w.Compare(t.Context(), w.keeper(), w.old)
		w.must(err)
		if alone[0].Born != "" {
			t.Errorf("of one record: %s", alone[0].Born)
		}
	})
}

func TestALookAtTwoRecordsIsNotedForBothAndHasAnEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		keeper := w.keeper()
		keeper.Settings.SinglesAnHour = 3
		records, err := w.Compare(t.Context(), keeper, w.old, w.new)
		w.must(err)
		if len(records) != 2 || records[0].GivenName != "Amélie" || len(records[1].Classes) != 1 || !records[0].Login || len(records[0].Was) != 1 {
			t.Errorf("records: %+v", records)
		}
		_, err = w.Compare(t.Context(), keeper, w.old, w.new)
		refused(t, err, fault.Conflict, "reveal.quota_singles")
		pupil, err := w.Reveals.Pupil(t.Context(), w.as(policy.PrivacyOfficer, ""), w.new)
		w.must(err)
		if len(pupil.Looks) == 0 || pupil.Looks[0].Kind != reveal.Record || pupil.Looks[0].Reason != reveal.SameChild {
			t.Errorf("looks: %+v", pupil.Looks)
		}
	})
}
