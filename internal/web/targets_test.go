package web

import (
	"context"
	"strings"
	"testing"

	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/policy"
)

// What the board wants is shown as its own, and a file over it is late.
func TestAFileOverTheBoardsTargetIsLate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := openSchool(t, d)
		form := whole()
		form.Set("platform_id", string(s.platforms["Zibaline"]))
		at := s.does("maude", "/requests", with(form, "then", "submit"))
		if body := s.says("joel", "/desk", "Autoriser Zibaline?"); strings.Contains(body, "Cible du conseil") {
			t.Error("a board that set none has a target")
		}
		s.write(d, func(ctx context.Context, tx *db.Tx) error {
			return board.SetSettings(ctx, tx, policy.Settings{AuthoriseDays: 3})
		})
		const target = "Cible du conseil\u00a0: 3 jours. Fixée par le conseil, pas par la politique."
		if body := s.says("joel", "/desk", target); strings.Contains(body, "is-late") {
			t.Error("it is late on its first day")
		}
		s.says("maude", at, target)
		s.write(d, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE request SET state_at = $1 WHERE board_id = $2`, tx.Now.AddDate(0, 0, -5), tx.Board)
			return err
		})
		const late = "2 jours de plus que la cible du conseil (3)."
		s.says("joel", "/desk", late, "is-late")
		s.says("maude", "/desk", late)
		s.says("maude", at, late, "En retard")
	})
}
