package desk_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/desk"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/policy"
)

// TestWhatAwaitsAndWhom looks at a decision, a disagreement and a request from
// each side: a desk shows what is its own school's, and nothing of another's.
func TestWhatAwaitsAndWhom(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, time.November, 20, 15, 0, 0, 0, time.UTC)
		d.Clock = func() time.Time { return now }
		board, other := dbtest.Board(t, d), dbtest.Board(t, d)
		actor := func(board, id string, role policy.Role, at string) policy.Actor {
			return policy.Actor{ID: id, Board: board, Pack: pack, Grants: []policy.Grant{{Role: role, Org: at}}}
		}
		for _, b := range []string{board, other} {
			err := d.Write(t.Context(), b, func(ctx context.Context, tx *db.Tx) error { return fill(ctx, tx, now) })
			if err != nil {
				t.Fatal(err)
			}
		}
		s := desk.New(d)
		for _, c := range []struct {
			name     string
			actor    policy.Actor
			letters  int
			contests int
			standing string // number of the request that stands; "-" for one that cannot be opened
		}{
			{"another school's principal", actor(board, "paula", policy.Principal, "lac"), 0, 0, ""},
			{"a teacher of another school", actor(board, "zoe", policy.Teacher, "lac"), 0, 0, ""},
			{"an evaluator", actor(board, "eva", policy.Evaluator, ""), 0, 0, ""},
			{"the principal", actor(board, "joel", policy.Principal, "pin"), 1, 0, "2026-0002"},
			{"a colleague", actor(board, "ghislain", policy.Teacher, "pin"), 0, 0, "-"},
			{"the author", actor(board, "maude", policy.Teacher, "pin"), 0, 0, "2026-0002"},
			{"the appeal authority", actor(board, "dga", policy.AppealAuthority, ""), 0, 1, ""},
		} {
			h, err := s.Home(t.Context(), c.actor)
			if err != nil {
				t.Fatal(err)
			}
			letters, contests := 0, 0
			for _, l := range h.Letters {
				if l.Platform != "Zibaline" || l.Org != "École pin" || l.Days != 4 {
					t.Errorf("%s is shown %+v", c.name, l)
				}
				if l.Contest != "" {
					contests++
				} else {
					letters++
				}
			}
			if letters != c.letters || contests != c.contests {
				t.Errorf("%s: %d letters, %d disagreements; want %d and %d", c.name, letters, contests, c.letters, c.contests)
			}
			found, err := s.Standing(t.Context(), c.actor, "p1")
			got := ""
			switch {
			case err != nil:
				t.Fatal(err)
			case found != nil && found.Mine:
				got = found.Number
			case found != nil:
				got = "-"
			}
			if got != c.standing {
				t.Errorf("%s: %q stands, want %q", c.name, got, c.standing)
			}
		}
		_, err = s.Weigh(t.Context(), actor(board, "paula", policy.Principal, "lac"), "r2")
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("weighed by another school: %v", err)
		}
		_, err = s.Places(t.Context(), actor(board, "maude", policy.Teacher, "pin"))
		if !fault.Is(err, fault.Denied) {
			t.Errorf("places for a teacher: %v", err)
		}
		places, err := s.Places(t.Context(), actor(board, "ti", policy.IT, ""))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range places {
			if p.ID == "mat" {
				t.Error("a request may be passed on to a department that is not under the deputy")
			}
		}
		w, err := s.Weigh(t.Context(), actor(board, "joel", policy.Principal, "pin"), "r2")
		if err != nil || w.Nearest != nil || w.Pupils != 22 || w.Covered {
			t.Errorf("weighed %+v, %v", w, err)
		}
	})
}

// Who may allow more look-ups finds it on their desk: that of their school, not
// their own, not what somebody allowed, not what is a day old.
func TestMoreLooksAwaitWhoMayAllowThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, time.November, 20, 15, 0, 0, 0, time.UTC)
		d.Clock = func() time.Time { return now }
		board := dbtest.Board(t, d)
		err = d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			if err := fill(ctx, tx, now); err != nil {
				return err
			}
			for _, a := range []struct {
				id, by, org, given string
				at                 time.Time
			}{
				{"a1", "maude", "pin", "", now}, {"a2", "joel", "pin", "", now}, {"a3", "maude", "pin", "joel", now},
				{"a4", "maude", "pin", "", now.AddDate(0, 0, -1)}, {"a5", "eva", "", "", now},
			} {
				if _, err := tx.Exec(ctx, `INSERT INTO reveal_approval (board_id, id, asked_by, asked_at, org_id, sets, extra, reason, approved_by)
					VALUES ($1, $2, $3, $4, $5, true, 1, 'printing', $6)`, tx.Board, a.id, a.by, a.at, a.org, a.given); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			id   string
			role policy.Role
			org  string
			want string
		}{
			{"paula", policy.Principal, "lac", ""},
			{"maude", policy.Teacher, "pin", ""},
			{"eva", policy.Evaluator, "", ""},
			{"joel", policy.Principal, "pin", "a1"},
			{"sol", policy.EvaluationDirector, "", "a1 a2 a5"},
		} {
			h, err := desk.New(d).Home(t.Context(), policy.Actor{ID: c.id, Board: board, Pack: pack, Grants: []policy.Grant{{Role: c.role, Org: c.org}}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range h.More {
				got = append(got, a.ID)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s finds %v, want %s", c.id, got, c.want)
			}
		}
	})
}

// fill makes a decided request with a disagreement, and one that is submitted.
func fill(ctx context.Context, tx *db.Tx, now time.Time) error {
	for _, id := range []string{"pin", "lac"} {
		if err := org.Save(ctx, tx, org.Org{ID: id, SourceID: id, Kind: org.School, Name: "École " + id, Sector: org.Youth, Status: org.Active}); err != nil {
			return err
		}
	}
	if err := org.Save(ctx, tx, org.Org{ID: "mat", SourceID: "mat", Kind: org.Department, Name: "Ressources matérielles", Status: org.Active}); err != nil {
		return err
	}
	for _, id := range []string{"maude", "joel"} {
		if _, err := tx.Exec(ctx, `INSERT INTO account (board_id, id, login, name, created_at) VALUES ($1, $2, $3, $4, $5)`,
			tx.Board, id, id, "Compte "+id, now); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO platform (board_id, id, name, search, status, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		tx.Board, "p1", "Zibaline", "zibaline", string(catalogue.Unknown), now); err != nil {
		return err
	}
	for id, state := range map[string]string{"r1": "decided", "r2": "submitted"} {
		if _, err := tx.Exec(ctx, `INSERT INTO request (board_id, id, number, platform_id, org_id, author_id, author_role, kind, state,
			state_at, created_at, submitted_at, pupils) VALUES ($1, $2, $3, 'p1', 'pin', 'maude', 'teacher', 'full', $4, $5, $5, $5, 22)`,
			tx.Board, id, "2026-000"+id[1:], state, now); err != nil {
			return err
		}
	}
	then := now.AddDate(0, 0, -4)
	if _, err := tx.Exec(ctx, `INSERT INTO decision (board_id, id, request_id, platform_id, org_id, use_result, use_reasons, security_result,
		security_reasons, overall, decided_by, decided_at) VALUES ($1, 'd1', 'r1', 'p1', 'pin', 'refused', 'x', 'approved', 'x', 'refused', 'sol', $2)`,
		tx.Board, then); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO contest (board_id, id, decision_id, explanation, opened_by, opened_at) VALUES ($1, 'c1', 'd1', 'x', 'joel', $2)`,
		tx.Board, then)
	return err
}
