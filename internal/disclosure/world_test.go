package disclosure_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/disclosure"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

var noon = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// world is a board of two schools: at each, a class of two pupils and a third in none;
// a teacher of each class, one of nobody, a department's clerk.
type world struct {
	*db.DB
	t        *testing.T
	board    string
	now      time.Time
	platform catalogue.ID
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, open(t, d)) })
}

func open(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{DB: d, t: t, board: dbtest.Board(t, d), now: noon}
	d.Clock = func() time.Time { return w.now }
	w.write(func(ctx context.Context, tx *db.Tx) error {
		if err := org.SaveAll(ctx, tx, []org.Org{
			{ID: "b", SourceID: "b", Kind: org.Board, Name: "Conseil des Aulnes", Sector: org.Youth, Status: org.Active},
			{ID: "s1", SourceID: "s1", Kind: org.School, Name: "École des Outardes", Sector: org.Youth, Status: org.Active},
			{ID: "s2", SourceID: "s2", Kind: org.School, Name: "Rapids School", Sector: org.Youth, Status: org.Active},
		}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO course (board_id, id, source_id, org_id, title) VALUES ($1, 'm4', 'm4', 'b', 'Mathématique 4')`, tx.Board); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO academic_session (board_id, id, source_id, title, kind, start_date, end_date, school_year)
			VALUES ($1, 'y', 'y', '2026-2027', 'schoolYear', '2026-08-31', '2027-07-01', '2027')`, tx.Board); err != nil {
			return err
		}
		if err := person.SaveClasses(ctx, tx, []person.Class{
			{ID: "c1", SourceID: "c1", SchoolID: "s1", CourseID: "m4", Title: "401", Status: person.Active},
			{ID: "c2", SourceID: "c2", SchoolID: "s2", CourseID: "m4", Title: "402", Status: person.Active},
			{ID: "c3", SourceID: "c3", SchoolID: "s1", Title: "vide", Status: person.Active},
		}); err != nil {
			return err
		}
		if err := roster(ctx, tx); err != nil {
			return err
		}
		p, err := catalogue.Add(ctx, tx, w.hand(), catalogue.Draft{Name: "Tabulou", Functions: []string{"mathematics"}})
		w.platform = p.ID
		return err
	})
	return w
}

func roster(ctx context.Context, tx *db.Tx) error {
	var people []person.Person
	var posts []person.Post
	var in []person.Enrollment
	put := func(id string, kind person.Kind, role person.Role, school, class string) {
		people = append(people, person.Person{ID: id, SourceID: "source-" + id, Kind: kind, GivenName: "Oriane-" + id, FamilyName: "Vaudrin-" + id,
			Email: id + "@eleves.example", Number: "N-" + id, Grade: "04", Status: person.Active})
		posts = append(posts, person.Post{PersonID: id, OrgID: school, Role: role})
		if class != "" {
			in = append(in, person.Enrollment{ID: "e-" + id, ClassID: class, PersonID: id, Role: role, Status: person.Active})
		}
	}
	for i, school := range []string{"s1", "s2"} {
		class := fmt.Sprintf("c%d", i+1)
		put(fmt.Sprintf("p%d", 3*i+1), person.Student, person.Pupil, school, class)
		put(fmt.Sprintf("p%d", 3*i+2), person.Student, person.Pupil, school, class)
		put(fmt.Sprintf("p%d", 3*i+3), person.Student, person.Pupil, school, "")
		put(fmt.Sprintf("t%d", i+1), person.Staff, person.Teacher, school, class)
	}
	put("t3", person.Staff, person.Teacher, "s1", "c3")
	if err := person.SaveAll(ctx, tx, people); err != nil {
		return err
	}
	if err := person.SavePosts(ctx, tx, posts); err != nil {
		return err
	}
	return person.SaveEnrollments(ctx, tx, in)
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

func (w *world) as(role policy.Role, at string) policy.Actor {
	return policy.Actor{ID: "a-" + string(role), Board: w.board, Lang: "fr", Via: "web", Pack: w.hand().Pack,
		Grants: []policy.Grant{{Role: role, Org: at}}}
}

// decides approves the platform for some kinds of information, as a request named them.
func (w *world) decides(status catalogue.Status, kinds string) {
	w.t.Helper()
	id := db.NewID()
	w.exec(`INSERT INTO account (board_id, id, login, name, created_at) VALUES ($1, $2, $2, 'x', $3)`, id, noon)
	w.exec(`INSERT INTO request (board_id, id, number, platform_id, org_id, author_id, author_role, data_kinds, state, state_at, created_at)
		VALUES ($1, $2, $2, $3, 's1', $2, 'teacher', $4, 'decided', $5, $5)`, id, string(w.platform), kinds, noon)
	w.exec(`INSERT INTO decision (board_id, id, request_id, platform_id, org_id, use_result, use_reasons, security_result, security_reasons, overall, decided_by, decided_at)
		VALUES ($1, $2, $2, $3, 's1', 'approved', '', 'approved', '', 'approved', $2, $4)`, id, string(w.platform), noon)
	w.write(func(ctx context.Context, tx *db.Tx) error {
		return catalogue.SetResult(ctx, tx, w.platform, status, "", catalogue.Quebec, id)
	})
}

// licence records one for the whole board, or as changed.
func (w *world) licence(change func(*licence.Licence)) licence.ID {
	w.t.Helper()
	l := licence.Licence{PlatformID: w.platform, Scope: licence.Board, Payer: licence.DDL,
		StartsOn: "2026-08-31", EndsOn: "2027-06-30", AccountKind: licence.LoginName}
	if change != nil {
		change(&l)
	}
	l, err := licence.New(w.DB, contract.Gate).Record(w.t.Context(), w.as(policy.EvaluationDirector, ""), l)
	w.must(err)
	return l.ID
}

func (w *world) terms(id licence.ID) (t disclosure.Terms, err error) {
	return t, w.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
		t, err = disclosure.TermsOf(ctx, tx, id)
		return err
	})
}

func (w *world) refresh(id licence.ID) {
	w.t.Helper()
	w.must(disclosure.Refresh(w.t.Context(), w.DB, w.board, id))
}

// shown is what is disclosed of a licence: kind and subject, with a minus when gone,
// to the pseudonym and the moment of the last change.
func (w *world) shown(id licence.ID) (list []string, values map[string]string, changed map[string]time.Time) {
	w.t.Helper()
	type line struct {
		name, value string
		at          time.Time
	}
	values, changed = map[string]string{}, map[string]time.Time{}
	w.must(w.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
		lines, err := db.All(ctx, tx, func(r db.Row) (l line, err error) {
			var status string
			if err = r.Scan(&l.name, &status, &l.value, &l.at); status == person.Gone {
				l.name = "-" + l.name
			}
			return l, err
		}, `SELECT kind || ':' || subject_id, status, value, changed_at FROM disclosed WHERE board_id = $1 AND licence_id = $2
			ORDER BY kind, subject_id, status`, tx.Board, string(id))
		for _, l := range lines {
			list = append(list, l.name)
			values[l.name], changed[l.name] = l.value, l.at
		}
		return err
	}))
	return list, values, changed
}

func (w *world) catchAll(domain string) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		return board.SetSettings(ctx, tx, policy.Settings{CatchAll: domain})
	})
}

// promise records, past the use case, an undertaking for some fields.
func (w *world) promise(fields string) {
	w.t.Helper()
	w.exec(`INSERT INTO undertaking (board_id, id, platform_id, kind, text, fields, starts_on, ends_on, recorded_by, recorded_at)
		VALUES ($1, $2, $3, 'agreement', 'x', $4, '2026-09-01', '2026-12-31', 'x', $5)`, db.NewID(), string(w.platform), fields, noon)
}
