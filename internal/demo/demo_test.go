package demo_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"aval/internal/app"
	"aval/internal/audit"
	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/demo"
	"aval/internal/identity"
	"aval/internal/policy"
	"aval/internal/request"
)

// The board is made whole: every state of a request, a trail that verifies, a
// clock that has enough to speak, and a login for every role.
func TestTheBoardIsWhole(t *testing.T) {
	a, err := app.Open(t.Context(), app.Config{DB: dbtest.DSN(t, db.SQLite), Data: t.TempDir(), BaseURL: "http://demo.example"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	began := time.Now()
	sheet, err := demo.Make(t.Context(), a, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("made in %s", time.Since(began).Round(10*time.Millisecond))

	for _, role := range policy.Roles {
		if role == policy.Operator {
			continue
		}
		login, ok := sheet.Roles[string(role)]
		if !ok {
			t.Errorf("no login for %s", role)
			continue
		}
		actor, err := a.Accounts.ByToken(t.Context(), login.Token)
		if err != nil || !actor.Has(role) {
			t.Errorf("the token of %s answers %v, %v", role, actor.Grants, err)
		}
	}
	actor, err := a.Accounts.SignIn(t.Context(), sheet.Board, "teacher", sheet.Roles["teacher"].Password)
	if err != nil || len(actor.Classes) == 0 {
		t.Errorf("the teacher signs in with %d classes, %v", len(actor.Classes), err)
	}

	states := map[request.State]int{}
	err = a.DB.Read(t.Context(), sheet.Board, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.All(ctx, tx, func(row db.Row) (s request.State, err error) {
			err = row.Scan(&s)
			return s, err
		}, `SELECT state FROM request WHERE board_id = $1`, tx.Board)
		for _, s := range found {
			states[s]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range request.States {
		if states[s] == 0 {
			t.Errorf("no request is %s", s)
		}
	}
	if states[request.Decided] < 12 {
		t.Errorf("%d requests are decided: the clock may have too few", states[request.Decided])
	}
	evaluator, err := a.Accounts.ByToken(t.Context(), sheet.Roles["evaluator"].Token)
	if err != nil {
		t.Fatal(err)
	}
	late, _, err := a.Conditions.Page(t.Context(), evaluator, condition.Filter{Overdue: true})
	if err != nil || len(late) != 1 || late[0].Platform != "Récitou" {
		t.Errorf("overdue conditions: %+v, %v", late, err)
	}
	shown, err := a.Decisions.Published(t.Context(), sheet.Board, decision.PublishedFilter{})
	if err != nil || len(shown.Items) < 15 {
		t.Errorf("%d decisions are shown to anyone, %v", len(shown.Items), err)
	}
	keeper, err := a.Accounts.ByToken(t.Context(), sheet.Roles["it"].Token)
	if err != nil {
		t.Fatal(err)
	}
	doubtful, err := a.Identity.Candidates(t.Context(), keeper, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, sign := range identity.Signs {
		if doubtful.Counts[sign] != 1 {
			t.Errorf("%d records bear the sign %s, want 1", doubtful.Counts[sign], sign)
		}
	}
	report, err := audit.Verify(t.Context(), a.DB, sheet.Board, nil)
	if err != nil || report.Problem != "" {
		t.Errorf("the trail: %+v, %v", report, err)
	}
}

func TestTheSheetIsTheOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demo.json")
	want := demo.Sheet{Address: "http://127.0.0.1:1", Board: demo.BoardID, Roles: map[string]demo.Login{"teacher": {Login: "teacher"}}}
	if err := want.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := demo.ReadSheet(path)
	if err != nil || got.Roles["teacher"].Login != "teacher" {
		t.Errorf("read %+v, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := demo.ReadSheet(path + ".none"); err == nil {
		t.Error("a sheet that is not there was read")
	}
}
