// Package evaluationtest makes a small board where a school's request has
// reached those who evaluate, for the tests of what follows.
package evaluationtest

import (
	"context"
	"strings"
	"testing"
	"time"

	"aval/internal/blob"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/request"
)

// World is a board with a school and a department, and people of every part.
type World struct {
	T     testing.TB
	DB    *db.DB
	Board string
	Now   time.Time
	Pack  *policy.Pack

	Requests    *request.Service
	Evaluations *evaluation.Service

	Teacher, Principal, OtherPrincipal, Head    policy.Actor
	Evaluator, Evaluator2, Director, Appeal, IT policy.Actor
	PrivacyOfficer                              policy.Actor

	Platform catalogue.Platform // asked for
	Nearby   catalogue.Platform // approved in Québec, sharing a function
}

// New makes the board.
func New(t testing.TB, d *db.DB) *World {
	t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	files, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() }) // the folder goes with the test
	w := &World{
		T: t, DB: d, Board: dbtest.Board(t, d), Pack: pack, Now: time.Date(2026, 11, 2, 15, 0, 0, 0, time.UTC),
		Requests: request.New(d), Evaluations: &evaluation.Service{DB: d, Blobs: files},
	}
	d.Clock = func() time.Time { return w.Now }
	w.Teacher = w.account("maude", policy.Teacher, "pin")
	w.Principal = w.account("joel", policy.Principal, "pin")
	w.OtherPrincipal = w.account("paula", policy.Principal, "lac")
	w.Head = w.account("dora", policy.DepartmentHead, "sped")
	w.Evaluator = w.account("eva", policy.Evaluator, "")
	w.Evaluator2 = w.account("rosa", policy.Evaluator, "")
	w.Director = w.account("sol", policy.EvaluationDirector, "")
	w.Appeal = w.account("dga", policy.AppealAuthority, "")
	w.IT = w.account("ti", policy.IT, "")
	w.PrivacyOfficer = w.account("priv", policy.PrivacyOfficer, "")
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		if err := org.SaveAll(ctx, tx, []org.Org{
			{ID: "pin", SourceID: "pin", Kind: org.School, Name: "École du Grand-Pin", Sector: org.Youth, Status: org.Active},
			{ID: "lac", SourceID: "lac", Kind: org.School, Name: "École du Lac-Vert", Sector: org.Youth, Status: org.Active},
			{ID: "sped", SourceID: "sped", Kind: org.Department, Name: "Service pédagogique", Sector: org.Youth, UnderDeputy: true, Status: org.Active},
		}); err != nil {
			return err
		}
		functions := []string{pack.Functions[0].Code, pack.Functions[1].Code}
		if w.Platform, err = catalogue.Add(ctx, tx, w.Director, catalogue.Draft{Name: "Récitou", Functions: functions}); err != nil {
			return err
		}
		if w.Nearby, err = catalogue.Add(ctx, tx, w.Director, catalogue.Draft{Name: "Tabulou", Functions: functions[:1]}); err != nil {
			return err
		}
		return catalogue.SetResult(ctx, tx, w.Nearby.ID, catalogue.Approved, "", catalogue.Quebec, "earlier")
	})
	return w
}

// Write runs f for the board, and ends the test when it fails.
func (w *World) Write(f func(ctx context.Context, tx *db.Tx) error) {
	w.T.Helper()
	if err := w.DB.Write(w.T.Context(), w.Board, f); err != nil {
		w.T.Fatal(err)
	}
}

func (w *World) account(id string, role policy.Role, at string) policy.Actor {
	w.T.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO account (board_id, id, login, name, created_at) VALUES ($1, $2, $3, $4, $5)`,
			tx.Board, id, id, "Compte "+id, tx.Now)
		return err
	})
	return policy.Actor{
		ID: id, Board: w.Board, Name: "Compte " + id, Lang: "fr", Via: "web", Pack: w.Pack,
		Grants: []policy.Grant{{Role: role, Org: at}},
	}
}

// Asked is the teacher's request, authorised by the principal.
func (w *World) Asked() request.Request {
	w.T.Helper()
	draft := request.Draft{
		PlatformID: w.Platform.ID, Description: "Lecture à voix haute.", Usage: "Vingt minutes par jour, en 4e année.",
		DataKinds: []string{"first_name"}, Pupils: 24,
	}
	if len(w.Teacher.Pack.DataSubjects) > 0 {
		draft.Subjects = []string{policy.Pupils}
	}
	r, err := w.Requests.Create(w.T.Context(), w.Teacher, draft)
	if err == nil {
		r, err = w.Requests.Submit(w.T.Context(), w.Teacher, r.ID)
	}
	if err == nil {
		r, err = w.Requests.Authorise(w.T.Context(), w.Principal, r.ID, "")
	}
	if err != nil {
		w.T.Fatal(err)
	}
	return r
}

// Acknowledged is the same request, received by an evaluator.
func (w *World) Acknowledged() request.Request {
	w.T.Helper()
	r, err := w.Requests.Acknowledge(w.T.Context(), w.Evaluator, w.Asked().ID)
	if err != nil {
		w.T.Fatal(err)
	}
	return r
}

// Complete is what an evaluator types when every criterion is met, in Québec.
func (w *World) Complete(aspect evaluation.Aspect) evaluation.Input {
	of, _ := w.Pack.Aspect(string(aspect))
	in := evaluation.Input{Criteria: map[string]evaluation.Judgement{}, Recommendation: evaluation.Approve}
	for _, c := range of.Criteria {
		in.Criteria[c.ID] = evaluation.Judgement{Rating: evaluation.Met}
	}
	if aspect == evaluation.Security {
		in.Location = evaluation.Quebec
	}
	return in
}

// Evaluate finishes both aspects of a request by an evaluator; own are criteria that
// the board added to its use.
func (w *World) Evaluate(by policy.Actor, id request.ID, own ...string) {
	w.T.Helper()
	for _, aspect := range evaluation.Aspects {
		in := w.Complete(aspect)
		for _, c := range own {
			if aspect == evaluation.Use {
				in.Criteria[c] = evaluation.Judgement{Rating: evaluation.Met}
			}
		}
		if _, err := w.Evaluations.Finish(w.T.Context(), by, id, aspect, in, 0); err != nil {
			w.T.Fatal(err)
		}
	}
}

// Mark is what a control saw of a subject, or "".
func (w *World) Mark(control, subject string) string {
	w.T.Helper()
	got := w.text(`SELECT outcome FROM control_mark WHERE board_id = $1 AND control = $2 AND subject = $3`, control, subject)
	return strings.Join(got, " ")
}

// Acts lists what the trail says was done to a subject, oldest first.
func (w *World) Acts(subject string) []string {
	w.T.Helper()
	return w.text(`SELECT action FROM audit_record WHERE board_id = $1 AND subject = $2 ORDER BY seq`, subject)
}

// Left counts the jobs that wait, by kind.
func (w *World) Left(kind job.Kind) int {
	w.T.Helper()
	left, err := job.Left(w.T.Context(), w.DB)
	if err != nil {
		w.T.Fatal(err)
	}
	return left[kind]
}

func (w *World) text(query string, args ...any) (got []string) {
	w.T.Helper()
	err := w.DB.Read(w.T.Context(), w.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		got, err = db.All(ctx, tx, func(row db.Row) (s string, err error) {
			err = row.Scan(&s)
			return s, err
		},
			query, append([]any{tx.Board}, args...)...)
		return err
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return got
}

// Refused ends the test unless err is a refusal of that kind under that clause.
func (w *World) Refused(what string, err error, kind fault.Kind, clause string) {
	w.T.Helper()
	f, ok := fault.As(err)
	if !ok || f.Kind != kind || f.Clause != clause {
		w.T.Fatalf("%s: %v, want %v under %q", what, err, kind, clause)
	}
}
