package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"aval/internal/account"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/policy"
)

const password = "douze lettres ou plus"

type world struct {
	*testing.T
	s    *account.Service
	d    *db.DB
	hand policy.Actor
}

func each(t *testing.T, f func(w world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		board := dbtest.Board(t, d)
		err = d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(
				org.Save(ctx, tx, org.Org{ID: "pin", SourceID: "pin", Kind: org.School, Name: "École du Grand-Pin", Sector: org.Youth, Status: "active"}),
				org.Save(ctx, tx, org.Org{ID: "cap", SourceID: "cap", Kind: org.School, Name: "École du Cap", Sector: org.Youth, Status: "active"}))
		})
		if err != nil {
			t.Fatal(err)
		}
		f(world{T: t, s: &account.Service{DB: d, Cost: account.Cheap}, d: d, hand: policy.System(board, pack, "cli")})
	})
}

func (w world) create(n account.New) account.Account {
	w.Helper()
	n.Password = password
	a, _, err := w.s.Create(w.Context(), w.hand, n)
	if err != nil {
		w.Fatalf("Create %s: %v", n.Login, err)
	}
	return a
}

func (w world) signIn(login string) policy.Actor {
	w.Helper()
	a, err := w.s.SignIn(w.Context(), w.hand.Board, login, password)
	if err != nil {
		w.Fatalf("SignIn %s: %v", login, err)
	}
	return a
}

func principal(login, org string) account.New {
	return account.New{Login: login, Name: "Direction " + login, Grants: []policy.Grant{{Role: policy.Principal, Org: org}}}
}

func TestCreateRefuses(t *testing.T) {
	each(t, func(w world) {
		w.create(principal("ada", "pin"))
		for _, c := range []struct {
			name  string
			n     account.New
			field string
		}{
			{"without a login", account.New{Name: "A"}, "login"},
			{"a login with a space", account.New{Login: "a b", Name: "A"}, "login"},
			{"a login that is taken, in capitals", principal("ADA", "pin"), "login"},
			{"without a name", account.New{Login: "b"}, "name"},
			{"an address that is none", account.New{Login: "b", Name: "B", Email: "b@"}, "email"},
			{"a language that we do not speak", account.New{Login: "b", Name: "B", Lang: "de"}, "lang"},
			{"a short password", account.New{Login: "b", Name: "B", Password: "onze lettre"}, "password"},
			{"an unknown role", account.New{Login: "b", Name: "B", Grants: []policy.Grant{{Role: "king"}}}, "role"},
			{"a principal of nowhere", principal("b", ""), "org"},
			{"a principal of a school that is not there", principal("b", "nowhere"), "org"},
			{"a person who is not in the roster", account.New{Login: "b", Name: "B", Person: "nobody"}, "person"},
		} {
			_, _, err := w.s.Create(w.Context(), w.hand, c.n)
			if f, ok := fault.As(err); !ok || f.Kind != fault.Invalid || f.Fields[c.field].Key == "" {
				w.Errorf("%s: %v, want a refusal of the field %s", c.name, err, c.field)
			}
		}
		w.create(account.New{Login: "prof", Name: "P", Grants: []policy.Grant{{Role: policy.Teacher, Org: "pin"}}})
		teacher := w.signIn("prof")
		if _, _, err := w.s.Create(w.Context(), teacher, principal("mine", "pin")); !fault.Is(err, fault.Denied) {
			w.Errorf("a teacher makes an account: %v, want a denial", err)
		}
		if _, err := w.s.CreateToken(w.Context(), teacher, "ada", ""); !fault.Is(err, fault.Denied) {
			w.Errorf("a teacher makes a token: %v, want a denial", err)
		}
	})
}

func TestSignIn(t *testing.T) {
	each(t, func(w world) {
		w.create(principal("ada", "École du Grand-Pin"))
		for name, try := range map[string][2]string{
			"wrong password": {"ada", password + "x"},
			"no password":    {"ada", ""},
			"no such login":  {"nobody", password},
		} {
			_, err := w.s.SignIn(w.Context(), w.hand.Board, try[0], try[1])
			if f, ok := fault.As(err); !ok || f.Key != "account.sign_in_refused" {
				w.Errorf("%s: %v, want the one refusal", name, err)
			}
		}
		a := w.signIn(" ADA ")
		if !a.Has(policy.Principal) || a.Orgs()[0] != "pin" {
			w.Errorf("grants: %v, want principal of pin", a.Grants)
		}
		if _, err := w.s.SignIn(w.Context(), "no board's id", "ada", password); !fault.Is(err, fault.Invalid) {
			w.Errorf("a board that is none: %v, want the one refusal", err)
		}
		other := dbtest.Board(w.T, w.d)
		if _, err := w.s.SignIn(w.Context(), other, "ada", password); err == nil {
			w.Error("signed in to another board")
		}
	})
}

// A hash tells its cost: one of a cheaper board opens nothing at a served one.
func TestACostIsPartOfThePassword(t *testing.T) {
	each(t, func(w world) {
		w.create(principal("ada", "pin"))
		w.s.Cost = account.Served
		if _, err := w.s.SignIn(w.Context(), w.hand.Board, "ada", password); !fault.Is(err, fault.Invalid) {
			w.Errorf("a password hashed cheaply: %v, want the one refusal", err)
		}
		w.create(principal("eve", "cap"))
		w.signIn("eve")
		if _, err := w.s.SignIn(w.Context(), w.hand.Board, "eve", password+"x"); !fault.Is(err, fault.Invalid) {
			w.Errorf("wrong password: %v, want the one refusal", err)
		}
	})
}

func TestToken(t *testing.T) {
	each(t, func(w world) {
		a := w.create(principal("ada", "pin"))
		token, err := w.s.CreateToken(w.Context(), w.hand, "ada", "script")
		if err != nil {
			w.Fatal(err)
		}
		for name, bad := range map[string]string{
			"empty": "", "another's shape": "Bearer x", "cut": token[:len(token)-1], "changed": token[:len(token)-1] + "_",
			"another board's": "aval_other_" + token[len(token)-20:], "no board": "aval__x",
		} {
			if _, err := w.s.ByToken(w.Context(), bad); !fault.Is(err, fault.NotFound) {
				w.Errorf("%s token: %v, want not found", name, err)
			}
		}
		got, err := w.s.ByToken(w.Context(), token)
		if err != nil || got.ID != a.ID || got.Via != "api" {
			w.Errorf("ByToken: %v %v, want %s by the api", got.ID, err, a.ID)
		}
	})
}

func TestDelegation(t *testing.T) {
	each(t, func(w world) {
		now := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
		w.d.Clock = func() time.Time { return now }
		w.create(principal("ada", "pin"))
		bob := w.create(account.New{Login: "bob", Name: "Bob", Grants: []policy.Grant{{Role: policy.Teacher, Org: "pin"}}})
		away := w.create(account.New{Login: "eve", Name: "Eve", Grants: []policy.Grant{{Role: policy.Teacher, Org: "cap"}}})
		ada := w.signIn("ada")
		day := 24 * time.Hour
		for name, d := range map[string]struct {
			who          policy.Actor
			to           string
			starts, ends time.Time
		}{
			"to nobody":           {ada, "nobody", now, now.Add(day)},
			"to another school":   {ada, away.ID, now, now.Add(day)},
			"to oneself":          {ada, ada.ID, now, now.Add(day)},
			"ending before":       {ada, bob.ID, now, now.Add(-day)},
			"past":                {ada, bob.ID, now.Add(-2 * day), now.Add(-day)},
			"for two years":       {ada, bob.ID, now, now.Add(700 * day)},
			"by who has no power": {w.signIn("bob"), ada.ID, now, now.Add(day)},
		} {
			if _, err := w.s.Delegate(w.Context(), d.who, d.to, d.starts, d.ends); err == nil {
				w.Errorf("%s: lent", name)
			}
		}
		lent, err := w.s.Delegate(w.Context(), ada, bob.ID, now, now.Add(7*day))
		if err != nil {
			w.Fatal(err)
		}
		if got := w.signIn("bob"); !got.Has(policy.Principal) || got.Grants[1].From != ada.ID {
			w.Errorf("bob's grants: %v, want principal lent by ada", got.Grants)
		}
		if _, err := w.s.Delegate(w.Context(), w.signIn("bob"), ada.ID, now, now.Add(day)); err == nil {
			w.Error("what was lent was lent on")
		}
		now = now.Add(8 * day)
		if got := w.signIn("bob"); got.Has(policy.Principal) {
			w.Error("bob is still principal after the end")
		}
		now = now.Add(-7 * day)
		if err := w.s.EndDelegation(w.Context(), w.signIn("bob"), lent.ID); !fault.Is(err, fault.NotFound) {
			w.Errorf("bob ends ada's delegation: %v, want not found", err)
		}
		if err := w.s.EndDelegation(w.Context(), ada, lent.ID); err != nil {
			w.Fatal(err)
		}
		if got := w.signIn("bob"); got.Has(policy.Principal) {
			w.Error("bob is still principal after it was ended")
		}
	})
}
