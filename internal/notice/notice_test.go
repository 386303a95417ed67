package notice_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/mail"
	"aval/internal/mail/mailtest"
	"aval/internal/notice"
	"aval/internal/org"
)

// exec runs statements of test data for a board.
func exec(t *testing.T, d *db.DB, board string, f func(run func(sql string, args ...any))) {
	t.Helper()
	err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) (err error) {
		f(func(sql string, args ...any) {
			if err == nil {
				_, err = tx.Exec(ctx, sql, append([]any{tx.Board}, args...)...)
			}
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// school makes a board with a school, a department, one request of each and
// the people around them, each with an address of their own.
func school(t *testing.T, d *db.DB) (board string) {
	t.Helper()
	board = dbtest.Board(t, d)
	err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
		return org.SaveAll(ctx, tx, []org.Org{
			{ID: "s1", SourceID: "s1", Kind: org.School, Name: "École des Bouleaux", Sector: org.Youth, Status: org.Active},
			{ID: "s2", SourceID: "s2", Kind: org.School, Name: "École des Pins", Sector: org.Youth, Status: org.Active},
			{ID: "d1", SourceID: "d1", Kind: org.Department, Name: "Service du transport", Sector: org.Youth, Status: org.Active},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	exec(t, d, board, func(run func(string, ...any)) {
		for _, p := range []struct{ id, lang, role, org string }{
			{"author", "fr", "teacher", "s1"}, {"joiner", "en", "teacher", "s1"}, {"colleague", "fr", "teacher", "s1"},
			{"principal", "fr", "principal", "s1"}, {"stand-in", "en", "teacher", "s1"}, {"elsewhere", "fr", "principal", "s2"},
			{"head", "fr", "department_head", "d1"}, {"professional", "fr", "professional", "d1"},
			{"evaluator", "en", "evaluator", ""}, {"director", "fr", "evaluation_director", ""},
			{"deputy", "en", "appeal_authority", ""}, {"secretary", "fr", "secretary", ""},
		} {
			run(`INSERT INTO account (board_id, id, login, name, email, lang, created_at) VALUES ($1, $2, $2, $3, $4, $5, $6)`,
				p.id, "Personne Inventée", p.id+"@board.example", p.lang, d.Clock())
			run(`INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, $2, $3, $4)`, p.id, p.role, p.org)
		}
		run(`INSERT INTO delegation (board_id, id, from_id, to_id, role, org_id, starts_at, ends_at)
			VALUES ($1, 'x', 'principal', 'stand-in', 'principal', 's1', $2, $3)`, d.Clock().AddDate(0, 0, -1), d.Clock().AddDate(0, 0, 1))
		run(`INSERT INTO platform (board_id, id, name, created_at) VALUES ($1, 'p', $2, $3)`, "Lirelune", d.Clock())
		for _, r := range []struct{ id, number, org, author, role string }{
			{"r1", "2026-0012", "s1", "author", "teacher"}, {"r2", "2026-0013", "d1", "professional", "professional"},
		} {
			run(`INSERT INTO request (board_id, id, number, platform_id, org_id, author_id, author_role, description, usage, reason,
				state, state_at, created_at) VALUES ($1, $2, $3, 'p', $4, $5, $6, 'SECRET', 'SECRET', 'SECRET', 'draft', $7, $7)`,
				r.id, r.number, r.org, r.author, r.role, d.Clock())
		}
		run(`INSERT INTO request_joiner (board_id, request_id, account_id, joined_at) VALUES ($1, 'r1', 'joiner', $2)`, d.Clock())
	})
	return board
}

func post(t *testing.T, d *db.DB) (*notice.Service, *mailtest.Server) {
	t.Helper()
	server := mailtest.Serve(t)
	sender, err := mail.Open(server.URL, "aval@board.example")
	if err != nil {
		t.Fatal(err)
	}
	return &notice.Service{DB: d, Mail: sender, BaseURL: "https://aval.example/"}, server
}

// wrote answers to whom letters went, and checks what no letter may hold.
func wrote(t *testing.T, server *mailtest.Server, request, number string) string {
	t.Helper()
	to := map[string]bool{}
	for _, l := range server.Letters() {
		name, _, _ := strings.Cut(l.To, "@")
		to[name] = true
		all := l.Subject + l.Text
		for _, want := range []string{number, "Lirelune", "https://aval.example/requests/" + request + "\n"} {
			if !strings.Contains(all, want) {
				t.Errorf("letter to %s lacks %q: %s", name, want, all)
			}
		}
		for _, never := range []string{"SECRET", "Inventée", "notice.", "%!", "aval.example//"} {
			if strings.Contains(all, never) {
				t.Errorf("letter to %s holds %q: %s", name, never, all)
			}
		}
		if english := strings.HasPrefix(l.Text, "Hello"); english != slices.Contains([]string{"joiner", "stand-in", "evaluator", "deputy"}, name) {
			t.Errorf("letter to %s is in the wrong language", name)
		}
	}
	server.Forget()
	return strings.Join(slices.Sorted(maps.Keys(to)), " ")
}

func TestWhoIsToldOfARequest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := school(t, d)
		other := school(t, d) // the same ids at another board
		s, server := post(t, d)
		for _, c := range []struct{ request, state, want string }{
			{"r1", "draft", ""},
			{"r1", "submitted", "principal stand-in"},
			{"r1", "authorised", "evaluator"},
			{"r1", "acknowledged", "author joiner"},
			{"r1", "evaluated", "director"},
			{"r1", "decided", "author joiner principal stand-in"},
			{"r1", "returned", "author joiner"},
			{"r1", "refused", "author joiner"},
			{"r1", "withdrawn", ""},
			{"r2", "submitted", "head"},
			{"r2", "decided", "head professional"},
			{"none", "", ""},
		} {
			exec(t, d, board, func(run func(string, ...any)) {
				run(`UPDATE request SET state = $3 WHERE board_id = $1 AND id = $2`, c.request, c.state)
			})
			if err := s.Request(t.Context(), board, c.request); err != nil {
				t.Fatalf("%s %s: %v", c.request, c.state, err)
			}
			number := map[string]string{"r1": "2026-0012", "r2": "2026-0013"}[c.request]
			if got := wrote(t, server, c.request, number); got != c.want {
				t.Errorf("%s %s: told %q, want %q", c.request, c.state, got, c.want)
			}
		}
		if err := s.Request(t.Context(), other, "r1"); err != nil || len(server.Letters()) != 0 {
			t.Errorf("the other board's draft: %v, %d letters", err, len(server.Letters()))
		}
	})
}

func TestWhoAskedIsNotAskedToAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := school(t, d)
		s, server := post(t, d)
		exec(t, d, board, func(run func(string, ...any)) {
			run(`UPDATE request SET state = 'submitted' WHERE board_id = $1 AND id = 'r1'`)
			run(`UPDATE account SET email = '' WHERE board_id = $1 AND id = 'principal'`)
			run(`INSERT INTO request_joiner (board_id, request_id, account_id, joined_at) VALUES ($1, 'r1', 'stand-in', $2)`, d.Clock())
			run(`INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, 'colleague', 'principal', 's1')`)
		})
		server.Refuse("colleague@board.example", 550)
		if err := s.Request(t.Context(), board, "r1"); err != nil {
			t.Errorf("an address that is gone: %v, want no second try", err)
		}
		server.Refuse("colleague@board.example", 451)
		if err := s.Request(t.Context(), board, "r1"); err == nil {
			t.Error("a server that is busy: nil, want another try")
		}
		server.Refuse("colleague@board.example", 0)
		if err := s.Request(t.Context(), board, "r1"); err != nil {
			t.Error(err)
		}
		if got := wrote(t, server, "r1", "2026-0012"); got != "colleague" {
			t.Errorf("told %q, want the colleague alone", got)
		}
	})
}

func TestWhoIsToldOfADisagreement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := school(t, d)
		s, server := post(t, d)
		exec(t, d, board, func(run func(string, ...any)) {
			run(`UPDATE request SET state = 'decided' WHERE board_id = $1 AND id = 'r1'`)
			run(`INSERT INTO decision (board_id, id, request_id, platform_id, org_id, use_result, use_reasons, security_result,
				security_reasons, overall, decided_by, decided_at, received_by, received_at)
				VALUES ($1, 'k', 'r1', 'p', 's1', 'refused', 'SECRET', 'approved', 'SECRET', 'refused', 'director', $2, 'principal', $2)`, d.Clock())
			run(`INSERT INTO contest (board_id, id, decision_id, explanation, opened_by, opened_at)
				VALUES ($1, 'c', 'k', 'SECRET', 'principal', $2)`, d.Clock())
		})
		for want, change := range map[string]string{
			"deputy":    `UPDATE contest SET answered_at = NULL WHERE board_id = $1`,
			"principal": `UPDATE contest SET answer = 'SECRET', answered_at = opened_at WHERE board_id = $1`,
		} {
			exec(t, d, board, func(run func(string, ...any)) { run(change) })
			if err := s.Contest(t.Context(), board, "c"); err != nil {
				t.Fatal(err)
			}
			if got := wrote(t, server, "r1", "2026-0012"); got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		}
		if err := s.Request(t.Context(), board, "r1"); err != nil || len(server.Letters()) != 0 {
			t.Errorf("a decision that was received: %v, %d letters, want none", err, len(server.Letters()))
		}
		if err := s.Contest(t.Context(), board, "none"); err != nil {
			t.Errorf("a contest that is gone: %v", err)
		}
	})
}

func TestACheckpointIsSignedOnlyForSomeone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := school(t, d)
		s, server := post(t, d)
		silent, err := mail.Open("", "")
		if err != nil {
			t.Fatal(err)
		}
		gone, err := mail.Open("smtp://127.0.0.1:1", "aval@board.example")
		if err != nil {
			t.Fatal(err)
		}
		sign := func(context.Context) ([]byte, error) {
			t.Error("signed a checkpoint that stays here")
			return nil, nil
		}
		for name, post := range map[string]*mail.Sender{"without a server": silent, "a server that is not there": gone} {
			err := (&notice.Service{DB: d, Mail: post}).Checkpoint(t.Context(), board, sign)
			if _, refusal := fault.As(err); err == nil || refusal != (post == silent) {
				t.Errorf("%s: %v", name, err)
			}
		}
		exec(t, d, board, func(run func(string, ...any)) {
			run(`UPDATE account SET email = '' WHERE board_id = $1 AND id = 'secretary'`)
		})
		if err := s.Checkpoint(t.Context(), board, sign); !fault.Is(err, fault.Invalid) || len(server.Letters()) != 0 {
			t.Errorf("a secretary without an address: %v, %d letters", err, len(server.Letters()))
		}
	})
}

func TestACheckpointGoesOutAsItIs(t *testing.T) {
	d := dbtest.Open(t, db.SQLite)
	board := school(t, d)
	s, server := post(t, d)
	signed := "aval audit checkpoint\n" + board + "\n\n— aval/x AAAA\n"
	sign := func(context.Context) ([]byte, error) { return []byte(signed), nil }
	if err := s.Checkpoint(t.Context(), board, sign); err != nil {
		t.Fatal(err)
	}
	got := server.Wait(t, 1)
	if len(got) != 1 || got[0].To != "secretary@board.example" || got[0].Files["aval-"+board+".checkpoint"] != signed ||
		got[0].Subject != i18n.For("fr").T("notice.checkpoint.subject") {
		t.Errorf("letters: %+v", got)
	}
}

func TestWithoutAServerNothingIsRead(t *testing.T) {
	silent, err := mail.Open("", "")
	if err != nil {
		t.Fatal(err)
	}
	s := &notice.Service{Mail: silent}
	if err := s.Request(t.Context(), "b", "r"); err != nil {
		t.Error(err)
	}
	if err := s.Contest(t.Context(), "b", "c"); err != nil {
		t.Error(err)
	}
}
