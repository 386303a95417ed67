package adoption_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aval/internal/adoption"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/packs"
)

// versionTwo is policy A under which its secretary may not move the board.
func versionTwo(t *testing.T) {
	t.Helper()
	text, err := packs.Files.ReadFile("csc-pan-2023.yaml")
	if err != nil {
		t.Fatal(err)
	}
	own := strings.NewReplacer(`version: "1"`, `version: "1bis"`,
		`  - {roles: [evaluation_director, secretary, operator], do: [policy.move]`, `  - {roles: [evaluation_director, operator], do: [policy.move]`,
	).Replace(string(text))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "csc-pan-2023.yaml"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := policy.Stock(dir); err != nil {
		t.Fatal(err)
	}
}

// world is the board of the evaluations, today.
func world(t *testing.T, d *db.DB) *evaluationtest.World {
	w := evaluationtest.New(t, d)
	w.Now = time.Now().UTC()
	return w
}

// day is so many days after that of the world.
func day(w *evaluationtest.World, after int) string { return i18n.DayOf(w.Now.AddDate(0, 0, after)) }

func as(w *evaluationtest.World, role policy.Role) policy.Actor {
	return policy.Actor{ID: "eva", Board: w.Board, Via: "web", Lang: "fr", Pack: w.Pack, Grants: []policy.Grant{{Role: role, Org: "pin"}}}
}

func ask(on string) adoption.Ask {
	return adoption.Ask{Pack: "csc-pan-2023", Version: "1bis", On: on}
}

func TestWhoMayNotMove(t *testing.T) {
	versionTwo(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := world(t, d)
		s := &adoption.Service{DB: d}
		for _, role := range policy.Roles {
			actor := as(w, role)
			_, shown := s.Show(t.Context(), actor, ask(day(w, 0)))
			_, listed := s.Versions(t.Context(), actor)
			_, moved := s.Move(t.Context(), actor, ask("2020-01-01"))
			may := actor.Can(policy.PolicyMove, policy.Scope{})
			for what, err := range map[string]error{"Show": shown, "Versions": listed, "Move": moved} {
				if fault.Is(err, fault.Denied) == may {
					t.Errorf("%s by %s: %v", what, role, err)
				}
			}
			if err := s.Cancel(t.Context(), actor, "nothing"); !fault.Is(err, fault.NotFound) {
				t.Errorf("Cancel by %s: %v", role, err)
			}
		}
	})
}

func TestMovesThatAreRefused(t *testing.T) {
	versionTwo(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := world(t, d)
		s := &adoption.Service{DB: d}
		director := w.Director
		for name, c := range map[string]struct {
			ask   adoption.Ask
			field string
			key   string
		}{
			"a day that is past":          {ask(day(w, -1)), "on", "adoption.past"},
			"no day":                      {ask("soon"), "on", "adoption.day"},
			"a version that is nowhere":   {adoption.Ask{Pack: "csc-pan-2023", Version: "9", On: day(w, 0)}, "to", "adoption.unknown"},
			"a law":                       {adoption.Ask{Pack: "qc-a21", Version: "2", On: day(w, 0)}, "to", "adoption.law"},
			"the version that it applies": {adoption.Ask{Pack: "csc-pan-2023", Version: "1", On: day(w, 0)}, "to", "adoption.same"},
		} {
			_, err := s.Move(t.Context(), director, c.ask)
			if f, ok := fault.As(err); !ok || f.Fields[c.field].Key != c.key {
				t.Errorf("%s: %v, want %s beside %s", name, err, c.key, c.field)
			}
		}
	})
}

func TestAMoveIsShownThenMade(t *testing.T) {
	versionTwo(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := world(t, d)
		s := &adoption.Service{DB: d}
		director := w.Director
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, $2, $3, '')`,
				tx.Board, w.Evaluator.ID, string(policy.Secretary))
			return err
		})
		r := w.Asked()
		plan, err := s.Show(t.Context(), director, ask(day(w, 0)))
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Files) != 1 || plan.Files[0].Number != r.Number || plan.Files[0].State != request.Authorised {
			t.Errorf("it shows the files %+v", plan.Files)
		}
		if len(plan.Changes) != 2 { // the version, and a row of permissions
			t.Errorf("it shows %+v", plan.Changes)
		}
		if len(plan.Lost) != 1 || plan.Lost[0].Role != policy.Secretary || plan.Lost[0].Do != policy.PolicyMove || plan.Lost[0].Holders != 1 {
			t.Errorf("it shows as lost %+v", plan.Lost)
		}
		if _, err := w.Requests.Acknowledge(t.Context(), w.Evaluator, r.ID); err != nil {
			t.Fatal(err)
		}
		shown := ask(day(w, 0))
		shown.Shown = plan.Shown
		if _, err := s.Move(t.Context(), director, shown); !fault.Is(err, fault.Conflict) {
			t.Fatalf("after a file went on: %v, want a conflict", err)
		}
		if all, err := s.Versions(t.Context(), director); err != nil || len(all) != 1 {
			t.Fatalf("%d versions after a conflict, %v", len(all), err)
		}
		if plan, err = s.Show(t.Context(), director, ask(day(w, 0))); err != nil {
			t.Fatal(err)
		}
		shown.Shown = plan.Shown
		if _, err := s.Move(t.Context(), director, shown); err != nil {
			t.Fatal(err)
		}
		all, err := s.Versions(t.Context(), director)
		if err != nil || len(all) != 2 || !all[1].Now || all[1].By == "" {
			t.Errorf("versions %+v, %v", all, err)
		}
		if missing, err := s.Missing(t.Context(), w.Board); err != nil || len(missing) > 0 {
			t.Errorf("missing %v, %v", missing, err)
		}
	})
}

func TestAPlannedMoveIsTakenBack(t *testing.T) {
	versionTwo(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := world(t, d)
		s := &adoption.Service{DB: d}
		director := w.Director
		if _, err := s.Move(t.Context(), director, ask(day(w, 30))); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Move(t.Context(), director, ask(day(w, 60))); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second plan: %v, want a conflict", err)
		}
		all, err := s.Versions(t.Context(), director)
		if err != nil || len(all) == 0 || !all[len(all)-1].Planned || all[len(all)-1].Now {
			t.Fatalf("versions %+v, %v", all, err)
		}
		planned := all[len(all)-1].ID
		if err := s.Cancel(t.Context(), director, planned); err != nil {
			t.Fatal(err)
		}
		if err := s.Cancel(t.Context(), director, planned); !fault.Is(err, fault.NotFound) {
			t.Errorf("twice: %v, want not found", err)
		}
		if _, err := s.Move(t.Context(), director, ask(day(w, 0))); err != nil {
			t.Fatal(err)
		}
		if all, err = s.Versions(t.Context(), director); err != nil {
			t.Fatal(err)
		}
		if err := s.Cancel(t.Context(), director, all[len(all)-1].ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("on its day: %v, want a conflict", err)
		}
	})
}

func TestAPersonSignsATextOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := world(t, d)
		s := &adoption.Service{DB: d}
		officer := w.PrivacyOfficer
		if err := s.Sign(t.Context(), w.Teacher, "csc-pan-2023@1"); !fault.Is(err, fault.Denied) {
			t.Errorf("a teacher signs: %v", err)
		}
		if err := s.Sign(t.Context(), policy.System(w.Board, w.Pack, "cli"), "csc-pan-2023@1"); !fault.Is(err, fault.Denied) {
			t.Errorf("nobody in person signs: %v", err)
		}
		for _, other := range []string{"conseil-infonuagique-2026@1", "csc-pan-2023@9", ""} {
			if err := s.Sign(t.Context(), officer, other); !fault.Is(err, fault.NotFound) {
				t.Errorf("%q is signed: %v", other, err)
			}
		}
		for _, named := range []string{"csc-pan-2023@1", "qc-a21@2"} {
			if err := s.Sign(t.Context(), officer, named); err != nil {
				t.Errorf("%s: %v", named, err)
			}
			if err := s.Sign(t.Context(), officer, named); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s twice: %v", named, err)
			}
		}
		all, err := s.Signatures(t.Context(), w.Board)
		if err != nil {
			t.Fatal(err)
		}
		if signed, ok := all.Of(w.Pack); !ok || signed.Role != policy.PrivacyOfficer || signed.By == "" {
			t.Errorf("signed %+v, %t", signed, ok)
		}
		reworded := *w.Pack
		reworded.Clauses = append([]policy.Clause(nil), w.Pack.Clauses...)
		reworded.Clauses[0].Text.En += " "
		if _, ok := all.Of(&reworded); ok {
			t.Error("the signature holds for other words")
		}
		if other, err := s.Signatures(t.Context(), dbtest.Board(t, d)); err != nil || len(other) > 0 {
			t.Errorf("another board has %d signatures, %v", len(other), err)
		}
	})
}
