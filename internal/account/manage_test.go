package account_test

import (
	"strings"
	"testing"
	"time"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/policy"
)

func TestListAnswersEveryAccountOfTheBoard(t *testing.T) {
	each(t, func(w world) {
		w.create(account.New{Login: "zoe", Name: "Z", Grants: []policy.Grant{{Role: policy.Evaluator}, {Role: policy.Principal, Org: "pin"}}})
		w.create(account.New{Login: "prof", Name: "P", Email: "p@personnel.example", Grants: []policy.Grant{{Role: policy.Teacher, Org: "pin"}}})
		gone := w.create(principal("ada", "cap"))
		dbtest.OwnerExec(w.T, w.d, `UPDATE account SET disabled = true WHERE id = '`+gone.ID+`'`)
		if _, err := w.s.List(w.Context(), w.signIn("prof")); !fault.Is(err, fault.Denied) {
			w.Errorf("by a teacher: %v, want a denial", err)
		}
		all, err := w.s.List(w.Context(), w.hand)
		if err != nil || len(all) != 3 {
			w.Fatalf("List: %d accounts, %v, want 3", len(all), err)
		}
		if all[0].Login != "ada" || !all[0].Disabled || all[1].Login != "prof" || all[1].Email != "p@personnel.example" || all[2].Login != "zoe" {
			w.Errorf("List: %+v, want ada, disabled, prof and zoe", all)
		}
		if g := all[2].Grants; len(g) != 2 || g[0].Role != policy.Evaluator || g[1] != (policy.Grant{Role: policy.Principal, Org: "pin"}) {
			w.Errorf("roles of zoe: %v", g)
		}
		elsewhere := policy.System(dbtest.Board(w.T, w.d), w.hand.Pack, "cli")
		if all, err := w.s.List(w.Context(), elsewhere); err != nil || len(all) != 0 {
			w.Errorf("at another board: %v, %v", all, err)
		}
	})
}

func TestARevokedTokenOpensNothing(t *testing.T) {
	each(t, func(w world) {
		now := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
		w.d.Clock = func() time.Time { return now }
		ada := w.create(principal("ada", "pin"))
		teacher := w.create(account.New{Login: "prof", Name: "P", Grants: []policy.Grant{{Role: policy.Teacher, Org: "pin"}}})
		token := func(label string) string {
			made, err := w.s.CreateToken(w.Context(), w.hand, "ada", label)
			if err != nil {
				w.Fatal(err)
			}
			now = now.Add(time.Hour)
			return made
		}
		first, second := token("first"), token("second")
		prof := w.signIn(teacher.Login)
		if _, err := w.s.Tokens(w.Context(), prof); !fault.Is(err, fault.Denied) {
			w.Errorf("listed by a teacher: %v, want a denial", err)
		}
		all, err := w.s.Tokens(w.Context(), w.hand)
		if err != nil || len(all) != 2 || all[0].Label != "second" || all[1].Label != "first" || all[1].Login != "ada" || !all[1].RevokedAt.IsZero() {
			w.Fatalf("Tokens: %+v, %v, want both, the newest first", all, err)
		}
		id := all[1].ID
		if len(id) != 16 || strings.Contains(first, id) {
			w.Errorf("id %q of a token, want 16 digits that are not its own", id)
		}
		elsewhere := policy.System(dbtest.Board(w.T, w.d), w.hand.Pack, "cli")
		for name, try := range map[string]struct {
			who  policy.Actor
			id   string
			kind fault.Kind
		}{
			"by a teacher": {prof, id, fault.Denied}, "by another board": {elsewhere, id, fault.NotFound},
			"one that is none": {w.hand, "0000000000000000", fault.NotFound}, "no id": {w.hand, "", fault.NotFound},
		} {
			if err := w.s.RevokeToken(w.Context(), try.who, try.id); !fault.Is(err, try.kind) {
				w.Errorf("%s: %v, want kind %d", name, err, try.kind)
			}
		}
		if err := w.s.RevokeToken(w.Context(), w.hand, id); err != nil {
			w.Fatal(err)
		}
		if err := w.s.RevokeToken(w.Context(), w.hand, id); !fault.Is(err, fault.NotFound) {
			w.Errorf("revoked again: %v, want not found", err)
		}
		if _, err := w.s.ByToken(w.Context(), first); !fault.Is(err, fault.NotFound) {
			w.Errorf("ByToken of the one revoked: %v, want not found", err)
		}
		if got, err := w.s.ByToken(w.Context(), second); err != nil || got.ID != ada.ID {
			w.Errorf("ByToken of the other: %q, %v", got.ID, err)
		}
		if all, err = w.s.Tokens(w.Context(), w.hand); err != nil || !all[1].RevokedAt.Equal(now) {
			w.Errorf("Tokens: %+v, %v, want the day on which it was revoked", all, err)
		}
		w.create(account.New{Login: "clerk", Name: "C", Grants: []policy.Grant{{Role: policy.Secretary}}})
		records, err := (&audit.Service{DB: w.d}).Latest(w.Context(), w.signIn("clerk"), 0, 3)
		if err != nil || len(records) != 3 || records[2].Action != "token.revoked" || records[2].Subject != "account:"+ada.ID {
			w.Errorf("the trail: %+v, %v", records, err)
		}
	})
}
