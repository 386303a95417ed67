package reveal

import (
	"context"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/policy"
)

// hour is what is left to an actor of the last hour, while their other looks wait.
type hour struct {
	now     time.Time
	sets    bool
	quota   int
	spent   spent
	granted []Approval
	alerted time.Time
}

func hourOf(ctx context.Context, tx *db.Tx, actor policy.Actor, sets bool) (h hour, err error) {
	h = hour{now: tx.Now, sets: sets, quota: quotaOf(actor, sets)}
	if h.alerted, err = takeTurn(ctx, tx, actor.ID); err != nil {
		return h, err
	}
	if h.spent, err = spentBy(ctx, tx, actor.ID, sets); err != nil {
		return h, err
	}
	h.granted, err = granted(ctx, tx, actor.ID, sets)
	return h, err
}

func quotaOf(actor policy.Actor, sets bool) int {
	if sets {
		return actor.Settings.ClassSets()
	}
	return actor.Settings.Singles()
}

// allow answers the leave under which one more is shown at a school, which is
// none within the quota, or the refusal.
func (h hour) allow(school string) (leave Approval, refusal error) {
	if h.spent.left(h.quota) > 0 {
		return leave, nil
	}
	for _, a := range h.granted {
		if a.Used < a.Extra && (a.Org == "" || a.Org == school) {
			return a, nil
		}
	}
	key := "reveal.quota_singles"
	if h.sets {
		key = "reveal.quota_sets"
	}
	return leave, fault.New(fault.Conflict, key, h.spent.wait(h.quota, h.now), h.quota).Under("1.3e")
}

// last says that a look within the quota is the last of it.
func (h hour) last(leave Approval) bool {
	return !h.sets && leave.ID == "" && h.spent.left(h.quota) == 1
}

// after is how many single look-ups are left once this one is noted.
func (h hour) after(leave Approval) int {
	if h.sets {
		return 0
	}
	left := h.left() - 1
	return max(0, left)
}

// left is how many are left, those that others allow included.
func (h hour) left() int {
	left := h.spent.left(h.quota)
	for _, a := range h.granted {
		left += max(0, a.Extra-a.Used)
	}
	return left
}

// alert leaves word of someone at the quota, once an hour.
func (h hour) alert(ctx context.Context, tx *db.Tx, actor policy.Actor) error {
	if tx.Now.Sub(h.alerted) < window {
		return nil
	}
	if err := setAlerted(ctx, tx, actor.ID); err != nil {
		return err
	}
	if err := audit.Write(ctx, tx, actor, "reveal.quota", "account:"+actor.ID, audit.Under("1.3e")); err != nil {
		return err
	}
	return job.Enqueue(ctx, tx, Alert, actor.ID)
}

// Left is how many single look-ups are left to the actor at this moment. It
// refuses (Denied) who may look nowhere.
func (s *Service) Left(ctx context.Context, actor policy.Actor) (left int, err error) {
	if len(actor.Reach(policy.RevealName).Rules) == 0 {
		return 0, actor.Allow(policy.RevealName, policy.Scope{})
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		left, err = singlesLeft(ctx, tx, actor)
		return err
	})
	return left, err
}

func singlesLeft(ctx context.Context, tx *db.Tx, actor policy.Actor) (left int, err error) {
	h := hour{quota: quotaOf(actor, false)}
	if h.spent, err = spentBy(ctx, tx, actor.ID, false); err != nil {
		return 0, err
	}
	h.granted, err = granted(ctx, tx, actor.ID, false)
	return h.left(), err
}
