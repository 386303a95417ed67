package notice_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/incident"
	"aval/internal/policy"
)

// Who answers for privacy hears that something was told, not what nor by whom, and
// nothing once it is answered.
func TestWhoAnswersForPrivacyHearsOfAReport(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := school(t, d)
		exec(t, d, board, func(run func(string, ...any)) {
			run(`INSERT INTO account (board_id, id, login, name, email, lang, created_at) VALUES ($1, 'privacy', 'privacy', 'P', $2, 'fr', $3)`,
				"privacy@board.example", d.Clock())
			run(`INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, 'privacy', 'privacy_officer', '')`)
		})
		s, server := post(t, d)
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		incidents, hand := &incident.Service{DB: d}, policy.System(board, pack, "cli")
		r, err := incidents.Report(t.Context(), hand, incident.Told{NoticedOn: "2026-01-05", Text: "SECRET"})
		if err != nil {
			t.Fatal(err)
		}
		told := func() []string {
			t.Helper()
			if err := s.Incident(t.Context(), board, r.ID); err != nil {
				t.Fatal(err)
			}
			to := map[string]bool{}
			for _, l := range server.Letters() {
				name, _, _ := strings.Cut(l.To, "@")
				to[name] = true
				if !strings.Contains(l.Text, "https://aval.example/incidents") {
					t.Errorf("letter to %s: %s", name, l.Text)
				}
				for _, never := range []string{"SECRET", "notice.", "%!"} {
					if strings.Contains(l.Subject+l.Text, never) {
						t.Errorf("letter to %s holds %q: %s", name, never, l.Text)
					}
				}
			}
			server.Forget()
			return slices.Sorted(maps.Keys(to))
		}
		if got := told(); !slices.Equal(got, []string{"director", "evaluator", "privacy"}) {
			t.Errorf("told: %v", got)
		}
		if _, err := incidents.SetAside(t.Context(), hand, r.ID, "Rien"); err != nil {
			t.Fatal(err)
		}
		if got := told(); len(got) != 0 {
			t.Errorf("once answered, told: %v", got)
		}
		if err := s.Incident(t.Context(), board, "gone"); err != nil {
			t.Errorf("of a report that is gone: %v", err)
		}
	})
}
