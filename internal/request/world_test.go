package request_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/request"
)

// world is a board with two schools of the youth sector, one of the other and a
// department, and people of every role.
type world struct {
	t     *testing.T
	db    *db.DB
	s     *request.Service
	board string
	now   time.Time

	maude, ghislain, zoe, joel, paula, dora, matt, carl, eva, sol, ti, priv policy.Actor
}

func build(t *testing.T, d *db.DB) *world {
	t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: d, s: request.New(d), board: dbtest.Board(t, d),
		now: time.Date(2026, time.November, 2, 15, 0, 0, 0, time.UTC)}
	d.Clock = func() time.Time { return w.now }
	w.write(func(ctx context.Context, tx *db.Tx) error {
		if err := org.SaveAll(ctx, tx, []org.Org{
			{ID: "pin", SourceID: "pin", Kind: org.School, Name: "École du Grand-Pin", Sector: org.Youth, Status: org.Active},
			{ID: "lac", SourceID: "lac", Kind: org.School, Name: "École du Lac-Vert", Sector: org.Youth, Status: org.Active},
			{ID: "fp", SourceID: "fp", Kind: org.School, Name: "Centre des Métiers", Sector: org.Other, Status: org.Active},
			{ID: "sped", SourceID: "sped", Kind: org.Department, Name: "Service pédagogique", Sector: org.Youth, UnderDeputy: true, Status: org.Active},
			{ID: "mat", SourceID: "mat", Kind: org.Department, Name: "Ressources matérielles", Sector: org.Youth, Status: org.Active},
		}); err != nil {
			return err
		}
		var classes []person.Class
		var enrolments []person.Enrollment
		for i, id := range []string{"401", "402", "403", "501"} {
			school := "pin"
			if id == "501" {
				school = "lac"
			}
			classes = append(classes, person.Class{ID: id, SourceID: id, SchoolID: school, Title: "Groupe " + id, Status: person.Active})
			for p := range 10 + i {
				pupil := fmt.Sprintf("e%d-%d", i, p)
				if id == "402" && p == 0 {
					pupil = "e0-0" // follows both
				} else if _, err := tx.Exec(ctx, `INSERT INTO person (board_id, id, source_id, kind, given_name, family_name, updated_at)
					VALUES ($1, $2, $3, 'student', 'Nova', 'Brindille', $4)`, tx.Board, pupil, pupil, tx.Now); err != nil {
					return err
				}
				enrolments = append(enrolments, person.Enrollment{ID: id + pupil, ClassID: id, PersonID: pupil,
					Role: person.Pupil, Status: person.Active})
			}
		}
		if err := person.SaveClasses(ctx, tx, classes); err != nil {
			return err
		}
		return person.SaveEnrollments(ctx, tx, enrolments)
	})
	account := func(id string, role policy.Role, at string, classes ...string) policy.Actor {
		w.write(func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO account (board_id, id, login, name, created_at) VALUES ($1, $2, $3, $4, $5)`,
				tx.Board, id, id, "Compte "+id, tx.Now); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, $2, $3, $4)`,
				tx.Board, id, string(role), at)
			return err
		})
		return policy.Actor{ID: id, Board: w.board, Name: "Compte " + id, Lang: "fr", Via: "web", Pack: pack,
			Grants: []policy.Grant{{Role: role, Org: at}}, Classes: classes}
	}
	w.maude = account("maude", policy.Teacher, "pin", "401", "402")
	w.ghislain = account("ghislain", policy.Teacher, "pin", "403")
	w.zoe = account("zoe", policy.Teacher, "lac", "501")
	w.joel = account("joel", policy.Principal, "pin")
	w.paula = account("paula", policy.Principal, "lac")
	w.dora = account("dora", policy.DepartmentHead, "sped")
	w.matt = account("matt", policy.DepartmentHead, "mat")
	w.carl = account("carl", policy.Teacher, "fp")
	w.eva = account("eva", policy.Evaluator, "")
	w.sol = account("sol", policy.EvaluationDirector, "")
	w.ti = account("ti", policy.IT, "")
	w.priv = account("priv", policy.PrivacyOfficer, "")
	return w
}

func (w *world) write(f func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), w.board, f); err != nil {
		w.t.Fatal(err)
	}
}

// mark is what a control saw of a subject, or "".
func (w *world) mark(control, subject string) string {
	w.t.Helper()
	got := ""
	err := w.db.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) (err error) {
		got, err = db.One(ctx, tx, func(row db.Row) (s string, err error) {
			err = row.Scan(&s)
			return s, err
		},
			`SELECT outcome FROM control_mark WHERE board_id = $1 AND control = $2 AND subject = $3`, tx.Board, control, subject)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		w.t.Fatal(err)
	}
	return got
}

func (w *world) marks(r request.Request, want map[string]string) {
	w.t.Helper()
	for control, outcome := range want {
		if got := w.mark(control, r.Subject()); got != outcome {
			w.t.Errorf("%s is %q, want %q", control, got, outcome)
		}
	}
}

// trail is what was written of a request, in order.
func (w *world) trail(r request.Request) string {
	w.t.Helper()
	var list []string
	if err := w.db.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) (err error) {
		list, err = db.All(ctx, tx, func(row db.Row) (s string, err error) {
			err = row.Scan(&s)
			return s, err
		},
			`SELECT action FROM audit_record WHERE board_id = $1 AND subject = $2 ORDER BY seq`, tx.Board, r.Subject())
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return strings.ReplaceAll(strings.Join(list, " "), "request.", "")
}

func good(platform string) request.Draft {
	return request.Draft{PlatformName: platform, Description: "Un jeu de tables", Usage: "À deux, quinze minutes",
		DataKinds: []string{"first_name", "results"}, Classes: []string{"401", "402"}, CostCents: 25200}
}

// draft, submitted, … bring a request of Maude's to a state.
func (w *world) draft(platform string) request.Request {
	w.t.Helper()
	return must(w.s.Create(w.t.Context(), w.maude, good(platform)))(w.t)
}

func (w *world) submitted(platform string) request.Request {
	w.t.Helper()
	return must(w.s.Submit(w.t.Context(), w.maude, w.draft(platform).ID))(w.t)
}

func (w *world) authorised(platform string) request.Request {
	w.t.Helper()
	return must(w.s.Authorise(w.t.Context(), w.joel, w.submitted(platform).ID, "Utile aux deux groupes."))(w.t)
}

func (w *world) acknowledged(platform string) request.Request {
	w.t.Helper()
	return must(w.s.Acknowledge(w.t.Context(), w.eva, w.authorised(platform).ID))(w.t)
}

func (w *world) decided(platform string) (r request.Request) {
	w.t.Helper()
	id := w.acknowledged(platform).ID
	w.write(func(ctx context.Context, tx *db.Tx) (err error) {
		if _, err = request.MarkEvaluated(ctx, tx, w.eva, id); err != nil {
			return err
		}
		r, err = request.MarkDecided(ctx, tx, w.sol, id)
		return err
	})
	return r
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused checks a refusal: "kind key clause".
func refused(t *testing.T, what string, err error, want string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok {
		t.Errorf("%s: %v, want %q", what, err, want)
		return
	}
	if !i18n.For("fr").Has(f.Key) {
		t.Errorf("%s: no text for %s", what, f.Key)
	}
	if got := strings.TrimSpace(f.Kind.String() + " " + f.Key + " " + f.Clause); got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// approve makes a platform approved; a licence for the board when licensed.
func (w *world) approve(name string, licensed bool) (id catalogue.ID) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		p, err := catalogue.Add(ctx, tx, w.eva, catalogue.Draft{Name: name})
		if err != nil {
			return err
		}
		id = p.ID
		if err := catalogue.SetResult(ctx, tx, id, catalogue.Approved, "", catalogue.Quebec, "d1"); err != nil || !licensed {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO licence (board_id, id, platform_id, scope, payer, starts_on, ends_on, recorded_by, created_at)
			VALUES ($1, $2, $3, 'board', 'ddl', '2026-07-01', '2027-06-30', 'eva', $4)`, tx.Board, db.NewID(), string(id), tx.Now)
		return err
	})
	return id
}
