package app_test

import (
	"context"
	"testing"
	"time"

	"aval/internal/app"
	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/job"
	"aval/internal/mail"
	"aval/internal/policy"
)

// The clock leaves one letter a board and a week, none while one waits, and
// none where there is no mail server.
func TestTheClockMailsACheckpointAWeek(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
		d.Clock = func() time.Time { return now }
		h := open(t, d)
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"erables", "bouleaux"} {
			if _, err := h.Boards.Create(t.Context(), id, "Commission scolaire "+id, pack.ID); err != nil {
				t.Fatal(err)
			}
		}
		left := func(when string, want int) {
			t.Helper()
			if err := h.Daily(t.Context(), "", ""); err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			got, err := job.Left(t.Context(), d)
			if err != nil || got["notice.checkpoint"] != want {
				t.Errorf("%s: %v, %v, want %d letters", when, got, err, want)
			}
		}
		left("without a mail server", 0)
		post, err := mail.Open("smtp://127.0.0.1:1", "aval@commission.example")
		if err != nil {
			t.Fatal(err)
		}
		h.App = app.New(h.Config, d, h.Keys, h.master, h.Blobs, post)
		left("the first day", 2)
		left("while they wait", 2)
		dbtest.OwnerExec(t, d, `DELETE FROM river_job`)
		sign := func(id, via string) {
			t.Helper()
			actor := policy.System(id, pack, via)
			if _, err := h.Audit.Checkpoint(t.Context(), actor, h.Keys.Signer(id)); err != nil {
				t.Fatal(err)
			}
		}
		sign("erables", "job")
		sign("bouleaux", "cli")
		left("with one mailed and one taken by hand", 1)
		dbtest.OwnerExec(t, d, `DELETE FROM river_job`)
		sign("bouleaux", "job")
		now = now.AddDate(0, 0, 6)
		left("six days later", 0)
		now = now.Add(23 * time.Hour)
		left("a week later, an hour early", 2)
		err = d.Read(t.Context(), "erables", func(ctx context.Context, tx *db.Tx) error {
			at, err := audit.LastCheckpoint(ctx, tx, "web")
			if err == nil && !at.IsZero() {
				t.Errorf("last through the pages: %v, want never", at)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// The clock leaves a letter about a week's unusual looks to each who is told,
// once, on the boards where there are some, and none without a mail server.
func TestTheClockTellsOfUnusualLooksOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 24, 5, 0, 0, 0, time.UTC)
		d.Clock = func() time.Time { return now }
		h := open(t, d)
		b, quiet := h.build(t, "erables", "Vorn"), h.build(t, "bouleaux", "Tesk")
		for _, of := range []*board{b, quiet} {
			b.must(d.Write(t.Context(), of.id, func(ctx context.Context, tx *db.Tx) error {
				for range map[*board]int{b: 61, quiet: 10}[of] {
					if _, err := tx.Exec(ctx, `INSERT INTO reveal (board_id, id, at, actor_id, role, kind, reason, count)
						VALUES ($1, $2, $3, $4, 'teacher', 'name', 'conduct', 1)`, tx.Board, db.NewID(), now.AddDate(0, 0, -7), of.as("teacher").ID); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		left := func(when string, want int) {
			t.Helper()
			b.must(h.ReviewLooks(t.Context(), "", ""))
			got, err := job.Left(t.Context(), d)
			if err != nil || got["notice.outliers"] != want {
				t.Errorf("%s: %d letters, %v, want %d", when, got["notice.outliers"], err, want)
			}
		}
		left("without a mail server", 0)
		post, err := mail.Open("smtp://127.0.0.1:1", "aval@commission.example")
		b.must(err)
		h.App = app.New(h.Config, d, h.Keys, h.master, h.Blobs, post)
		left("the first day", 4) // two evaluators, their director, the privacy officer
		h.App = app.New(h.Config, d, h.Keys, h.master, h.Blobs, post)
		left("started again", 4)
		now = now.AddDate(0, 0, 5)
		left("the Sunday", 4)
		now = now.AddDate(0, 0, 1)
		left("after a quiet week", 4)
	})
}
