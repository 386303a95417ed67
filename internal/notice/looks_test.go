package notice_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/i18n"
	"aval/internal/job"
	"aval/internal/mail/mailtest"
	"aval/internal/notice"
	"aval/internal/policy"
	"aval/internal/reveal"
)

// monday begins a week of looks; the clock of the tests stands in the next.
var monday = time.Date(2026, 11, 16, 0, 0, 0, 0, i18n.Zone)

// person makes an account with a role, under a name that letters may say.
func person(t *testing.T, d *db.DB, board, id, role, org string) {
	t.Helper()
	exec(t, d, board, func(run func(string, ...any)) {
		run(`INSERT INTO account (board_id, id, login, name, email, lang, created_at) VALUES ($1, $2, $2, $3, $4, 'fr', $5)`,
			id, "Nom de "+id, id+"@board.example", d.Clock())
		run(`INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, $2, $3, $4)`, id, role, org)
	})
}

// looked keeps looks of somebody at one pupil, on the Tuesday of the week.
func looked(t *testing.T, d *db.DB, board, who, role string, n int) {
	t.Helper()
	exec(t, d, board, func(run func(string, ...any)) {
		for range n {
			run(`INSERT INTO reveal (board_id, id, at, actor_id, role, kind, reason, note, person_id, count)
				VALUES ($1, $2, $3, $4, $5, 'name', 'conduct', 'SECRET', 'pupil-x', 1)`, db.NewID(), monday.Add(34*time.Hour), who, role)
		}
	})
}

// sent does every job that awaits, once, and answers to whom letters went and what they said.
func sent(t *testing.T, d *db.DB, s *notice.Service, server *mailtest.Server) (to []string, text string) {
	t.Helper()
	left, err := job.Left(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	awaited := left[reveal.Weekly] + left[reveal.Asking] + left[reveal.Allowed]
	done := make(chan error, 100)
	counted := func(h job.Handler) job.Handler {
		return func(ctx context.Context, board, id string) error {
			err := h(ctx, board, id)
			done <- err
			return err
		}
	}
	stop, err := job.Run(t.Context(), d, map[job.Kind]job.Handler{
		reveal.Weekly: counted(s.Outliers), reveal.Asking: counted(s.Asked), reveal.Allowed: counted(s.Allowed)}, job.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range awaited {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, l := range server.Letters() {
		name, _, _ := strings.Cut(l.To, "@")
		to = append(to, name)
		text += l.Subject + "\n" + l.Text
	}
	for _, never := range []string{"SECRET", "pupil-x", "notice.", "reveal.", "%!"} {
		if strings.Contains(text, never) {
			t.Errorf("a letter holds %q: %s", never, text)
		}
	}
	server.Forget()
	slices.Sort(to)
	return to, text
}

// A letter about a quota names who looked; the look's pupil and note stay where they are.
func TestWhoIsToldOfAQuota(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := school(t, d)
		exec(t, d, board, func(run func(string, ...any)) {
			run(`INSERT INTO account (board_id, id, login, name, email, lang, created_at) VALUES ($1, 'privacy', 'privacy', 'P', $2, 'fr', $3)`,
				"privacy@board.example", d.Clock())
			run(`INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, 'privacy', 'privacy_officer', '')`)
			run(`INSERT INTO reveal (board_id, id, at, actor_id, role, kind, reason, note, person_id, count)
				VALUES ($1, 'x', $2, 'author', 'teacher', 'name', 'conduct', 'SECRET', 'pupil-x', 1)`, d.Clock())
		})
		s, server := post(t, d)
		for _, who := range []string{"author", "cli"} {
			if err := s.Reveals(t.Context(), board, who); err != nil {
				t.Fatal(err)
			}
			to := map[string]bool{}
			for _, l := range server.Letters() {
				name, _, _ := strings.Cut(l.To, "@")
				to[name] = true
				called := map[string]string{"author": "Personne Inventée", "cli": "cli"}[who]
				if !strings.Contains(l.Text, called) || !strings.Contains(l.Text, "https://aval.example/looks") {
					t.Errorf("letter to %s: %s", name, l.Text)
				}
				for _, never := range []string{"SECRET", "pupil-x", "notice.", "%!"} {
					if strings.Contains(l.Subject+l.Text, never) {
						t.Errorf("letter to %s holds %q: %s", name, never, l.Text)
					}
				}
			}
			server.Forget()
			if got := slices.Sorted(maps.Keys(to)); !slices.Equal(got, []string{"director", "evaluator", "privacy"}) {
				t.Errorf("about %s, told: %v", who, got)
			}
		}
	})
}

func hand(t *testing.T, board string) policy.Actor {
	t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	return policy.System(board, pack, "job")
}

// The watchers have one letter about a week, whatever day the clock comes by,
// and however often the program is started.
func TestAWeekOfUnusualLooksIsToldOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := monday.AddDate(0, 0, 7)
		d.Clock = func() time.Time { return now }
		board := school(t, d)
		other := school(t, d)
		person(t, d, board, "privacy", "privacy_officer", "")
		s, server := post(t, d)
		told := func(when string, want ...string) string {
			t.Helper()
			for _, id := range []string{board, other} {
				if err := s.Weekly(t.Context(), hand(t, id)); err != nil {
					t.Fatalf("%s: %v", when, err)
				}
			}
			to, text := sent(t, d, s, server)
			if !slices.Equal(to, want) {
				t.Errorf("%s, told: %v, want %v", when, to, want)
			}
			return text
		}
		told("a week without looks")
		looked(t, d, board, "author", "teacher", 10)
		told("a week with few")
		looked(t, d, board, "author", "teacher", 2)
		text := told("the Monday after", "director", "evaluator", "privacy")
		for _, want := range []string{"Personne Inventée", "12 recherches", "16\u00a0novembre 2026", "22\u00a0novembre 2026", "sur un même élève", "12 look-ups of one student",
			"https://aval.example/looks"} {
			if !strings.Contains(text, want) {
				t.Errorf("the letters lack %q: %s", want, text)
			}
		}
		s = &notice.Service{DB: s.DB, Mail: s.Mail, BaseURL: s.BaseURL}
		told("the same day, after a restart")
		now = now.AddDate(0, 0, 6).Add(23 * time.Hour)
		told("the Sunday")
		now = now.Add(time.Hour)
		told("the Monday of the next week")
	})
}

func TestALetterThatWasNotTakenIsSentAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Clock = func() time.Time { return monday.AddDate(0, 0, 8) }
		board := school(t, d)
		looked(t, d, board, "author", "teacher", 12)
		s, server := post(t, d)
		if err := s.Weekly(t.Context(), hand(t, board)); err != nil {
			t.Fatal(err)
		}
		var ids []string
		err := d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) (err error) {
			ids, err = db.All(ctx, tx, func(r db.Row) (id string, err error) {
				err = r.Scan(&id)
				return id, err
			}, `SELECT id FROM outlier_letter WHERE board_id = $1 ORDER BY account_id`, tx.Board)
			return err
		})
		if err != nil || len(ids) != 2 {
			t.Fatalf("letters: %v, %v, want those of the director and the evaluator", ids, err)
		}
		server.Refuse("director@board.example", 451)
		if err := s.Outliers(t.Context(), board, ids[0]); err == nil {
			t.Error("a server that is busy: nil, want another try")
		}
		server.Refuse("director@board.example", 0)
		if to, _ := sent(t, d, s, server); !slices.Equal(to, []string{"director", "evaluator"}) {
			t.Errorf("told: %v", to)
		}
	})
}

// Whoever is listed is not the only one to read it.
func TestNobodyReadsOnlyAboutThemselves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, c := range []struct {
			name     string
			listed   []string
			watchers bool // there is another than the evaluator
			want     []string
		}{
			{"an evaluator, among watchers", []string{"evaluator"}, true, []string{"director"}},
			{"an evaluator, alone", []string{"evaluator"}, false, []string{"secretary"}},
			{"an evaluator, alone, and a teacher", []string{"evaluator", "author"}, false, []string{"evaluator", "secretary"}},
			{"the operator's own hand", []string{"cli"}, true, []string{"director", "evaluator"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				d.Clock = func() time.Time { return monday.AddDate(0, 0, 7) }
				board := school(t, d)
				if !c.watchers {
					exec(t, d, board, func(run func(string, ...any)) {
						run(`UPDATE account SET disabled = true WHERE board_id = $1 AND id = 'director'`)
					})
				}
				exec(t, d, board, func(run func(string, ...any)) {
					run(`UPDATE account SET name = 'Eva' WHERE board_id = $1 AND id = 'evaluator'`)
				})
				for _, who := range c.listed {
					looked(t, d, board, who, "x", 12)
				}
				s, server := post(t, d)
				if err := s.Weekly(t.Context(), hand(t, board)); err != nil {
					t.Fatal(err)
				}
				to, text := sent(t, d, s, server)
				if !slices.Equal(to, c.want) {
					t.Errorf("told: %v, want %v", to, c.want)
				}
				if lines := strings.Count(text, "Eva"); c.listed[0] == "evaluator" && lines != 1 {
					t.Errorf("the evaluator is named %d times, want to the other alone: %s", lines, text)
				}
			})
		}
	})
}

// What somebody asks beyond their quota finds who may allow it; the answer finds them.
func TestWhoIsToldOfMoreLooks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := school(t, d)
		person(t, d, board, "privacy", "privacy_officer", "")
		s, server := post(t, d)
		ask := func(id, by, org string, sets bool) {
			exec(t, d, board, func(run func(string, ...any)) {
				run(`INSERT INTO reveal_approval (board_id, id, asked_by, asked_at, org_id, sets, extra, reason, note)
					VALUES ($1, $2, $3, $4, $5, $6, 1, 'printing', 'SECRET')`, id, by, d.Clock(), org, sets)
			})
		}
		ask("a1", "author", "s1", true)
		ask("a2", "principal", "s1", false)
		ask("a3", "elsewhere", "s2", false)
		ask("a4", "evaluator", "", false)
		for _, c := range []struct {
			what string
			do   func(context.Context, string, string) error
			id   string
			want string
		}{
			{"a teacher's", s.Asked, "a1", "principal stand-in"},
			{"a principal's, of a school with a stand-in", s.Asked, "a2", "stand-in"},
			{"the only principal's", s.Asked, "a3", "director privacy"},
			{"an evaluator's, for the board", s.Asked, "a4", "director privacy"},
			{"one that is gone", s.Asked, "none", ""},
		} {
			if err := c.do(t.Context(), board, c.id); err != nil {
				t.Fatalf("%s: %v", c.what, err)
			}
			if got := read(t, server, "https://aval.example/approvals"); got != c.want {
				t.Errorf("%s: told %q, want %q", c.what, got, c.want)
			}
		}
		exec(t, d, board, func(run func(string, ...any)) {
			run(`UPDATE reveal_approval SET approved_by = 'principal', approved_at = $2 WHERE board_id = $1`, d.Clock())
		})
		if err := s.Asked(t.Context(), board, "a1"); err != nil || len(server.Letters()) != 0 {
			t.Errorf("what was allowed meanwhile: %v, %d letters, want none", err, len(server.Letters()))
		}
		for id, link := range map[string]string{"a1": "https://aval.example/classes", "a3": "https://aval.example/reveals"} {
			if err := s.Allowed(t.Context(), board, id); err != nil {
				t.Fatal(err)
			}
			if got, want := read(t, server, link), map[string]string{"a1": "author", "a3": "elsewhere"}[id]; got != want {
				t.Errorf("%s, allowed: told %q, want %q", id, got, want)
			}
		}
	})
}

// read answers to whom letters went, and checks what they hold.
func read(t *testing.T, server *mailtest.Server, link string) string {
	t.Helper()
	to := map[string]bool{}
	for _, l := range server.Letters() {
		name, _, _ := strings.Cut(l.To, "@")
		to[name] = true
		if !strings.Contains(l.Text, link) {
			t.Errorf("the letter to %s does not lead to %s: %s", name, link, l.Text)
		}
		for _, never := range []string{"SECRET", "notice.", "%!"} {
			if strings.Contains(l.Subject+l.Text, never) {
				t.Errorf("the letter to %s holds %q: %s", name, never, l.Text)
			}
		}
	}
	server.Forget()
	return strings.Join(slices.Sorted(maps.Keys(to)), " ")
}
