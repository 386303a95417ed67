package app

import (
	"context"
	"time"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/policy"
)

const (
	daily      job.Kind = "clock.daily"
	sweeping   job.Kind = "licence.sweep"
	keeping    job.Kind = "access.sweep"
	fetching   job.Kind = "source.tick"
	disclosing job.Kind = "disclosure.sweep"
	reviewing  job.Kind = "notice.weekly" // left daily, so that a week's letters are written soon after its end
	mailing    job.Kind = "notice.checkpoint"
	resuming   job.Kind = "roster.resume"
)

const (
	mailedBy = "job"
	// mailedEvery is a week, less what the hour of the day may differ by.
	mailedEvery = 7*24*time.Hour - 6*time.Hour
)

// Daily is the handler of clock.daily: it leaves, for each board whose
// secretary was not mailed a checkpoint this week, the job that mails one.
// Nothing is left while earlier ones still wait.
func (a *App) Daily(ctx context.Context, _, _ string) error {
	if a.Mail.Silent() {
		return nil
	}
	left, err := job.Left(ctx, a.DB)
	if err != nil || left[mailing] > 0 {
		return err
	}
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		if err := a.DB.Write(ctx, b.ID, func(ctx context.Context, tx *db.Tx) error {
			last, err := audit.LastCheckpoint(ctx, tx, mailedBy)
			if err != nil || tx.Now.Sub(last) < mailedEvery {
				return err
			}
			return job.Enqueue(ctx, tx, mailing, b.ID)
		}); err != nil {
			return err
		}
	}
	return nil
}

// SweepLicences is the handler of licence.sweep: on each board it looks for the licences whose
// last day has passed, and takes away plain files that nobody imported.
func (a *App) SweepLicences(ctx context.Context, _, _ string) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		if err := a.Licences.Sweep(ctx, b.ID); err != nil {
			return err
		}
		if err := a.Mappings.Sweep(ctx, b.ID); err != nil {
			return err
		}
	}
	return nil
}

// SweepDisclosures is the handler of disclosure.sweep: on each board it brings what leaves for
// platforms to what the roster, the licences and the undertakings are that day.
func (a *App) SweepDisclosures(ctx context.Context, _, _ string) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		if err := a.Disclosures.Sweep(ctx, b.ID, ""); err != nil {
			return err
		}
	}
	return nil
}

// KeepAccounts is the handler of access.sweep: on each board it brings pupils' accounts to what
// the roster and the licences are that day.
func (a *App) KeepAccounts(ctx context.Context, _, _ string) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		if err := a.Access.Sweep(ctx, b.ID); err != nil {
			return err
		}
	}
	return nil
}

// ResumeImports is the handler of roster.resume: on each board it goes on with the imports that
// the end of a program cut.
func (a *App) ResumeImports(ctx context.Context, _, _ string) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		if err := a.Rosters.Resume(ctx, b.ID); err != nil {
			return err
		}
	}
	return nil
}

// FetchRosters is the handler of source.tick: on each board it begins what the schedules of its
// sources ask for.
func (a *App) FetchRosters(ctx context.Context, _, _ string) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		actor, err := a.clock(ctx, b.ID)
		if err != nil {
			return err
		}
		if err := a.Sources.Tick(ctx, actor); err != nil {
			return err
		}
	}
	return nil
}

// PullRoster is the handler of source.pull.
func (a *App) PullRoster(ctx context.Context, boardID, id string) error {
	actor, err := a.clock(ctx, boardID)
	if err != nil {
		return err
	}
	return a.Sources.Work(ctx, actor, id)
}

// BringRoster is the handler of source.import.
func (a *App) BringRoster(ctx context.Context, boardID, id string) error {
	actor, err := a.clock(ctx, boardID)
	if err != nil {
		return err
	}
	return a.Sources.Bring(ctx, actor, id)
}

// ReviewLooks is the handler of notice.weekly: on each board it leaves the letters about the
// unusual looks of the last week, once.
func (a *App) ReviewLooks(ctx context.Context, _, _ string) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		actor, err := a.clock(ctx, b.ID)
		if err != nil {
			return err
		}
		if err := a.Notices.Weekly(ctx, actor); err != nil {
			return err
		}
	}
	return nil
}

// clock is the actor of the jobs of a board.
func (a *App) clock(ctx context.Context, boardID string) (actor policy.Actor, err error) {
	var b board.Board
	err = a.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) (err error) {
		b, err = board.Get(ctx, tx, boardID)
		return err
	})
	if err != nil {
		return actor, err
	}
	pack, err := b.Policy()
	return policy.System(boardID, pack, mailedBy), err
}

// mailCheckpoint is the handler of notice.checkpoint.
func (a *App) mailCheckpoint(ctx context.Context, boardID, _ string) error {
	actor, err := a.clock(ctx, boardID)
	if err != nil {
		return err
	}
	err = a.MailCheckpoint(ctx, actor)
	if fault.Is(err, fault.Invalid) {
		return nil // nobody to write to yet: asked again tomorrow
	}
	return err
}

// MailCheckpoint signs the trail of the actor's board and mails the checkpoint
// to those who keep it; see notice.Service.Checkpoint for when it refuses.
func (a *App) MailCheckpoint(ctx context.Context, actor policy.Actor) error {
	return a.Notices.Checkpoint(ctx, actor.Board, func(ctx context.Context) ([]byte, error) {
		return a.Audit.Checkpoint(ctx, actor, a.Keys.Signer(actor.Board))
	})
}

// SendExports is the handler of export.hourly: on each board it sends what is due.
func (a *App) SendExports(ctx context.Context, _, _ string) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	return a.Exports.Hourly(ctx, boards)
}
