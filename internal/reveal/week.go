package reveal

import (
	"context"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/job"
	"aval/internal/policy"
)

// Weekly is the job that tells one person of a week's outliers; its id is that
// of their letter.
const Weekly job.Kind = "notice.outliers"

// Outliers answers those of the last week that is over, to who may read every
// look of the board. It refuses (Denied) others.
func (s *Service) Outliers(ctx context.Context, actor policy.Actor) (w Week, list []Outlier, err error) {
	if err := actor.Allow(policy.RevealRead, policy.Scope{}); err != nil {
		return Week{}, nil, err
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		w = LastWeek(tx.Now)
		list, err = OutliersOf(ctx, tx, w)
		return err
	})
	return w, list, err
}

// OutliersOf answers those of a week that is over, with their names.
func OutliersOf(ctx context.Context, tx *db.Tx, w Week) ([]Outlier, error) {
	looks, err := looksIn(ctx, tx, w)
	if err != nil {
		return nil, err
	}
	var before []Tally
	for i := range weeksBefore {
		some, err := tallies(ctx, tx, w.before(i+1))
		if err != nil {
			return nil, err
		}
		before = append(before, some...)
	}
	quota, err := quotas(ctx, tx, w)
	if err != nil {
		return nil, err
	}
	list := Outliers(looks, before, quota)
	ids := make([]string, len(list))
	for i, o := range list {
		ids[i] = o.Actor
	}
	names, err := account.Names(ctx, tx, ids)
	for i, o := range list {
		list[i].By = names[o.Actor]
	}
	return list, err
}

// Letter is one that tells an account of the outliers of a week.
type Letter struct {
	ID      string
	Account string
	Week    Week
}

// Write leaves each of some accounts a letter about a week, with the job that
// sends it. Who has one of that week is left none: it may be called every day.
func Write(ctx context.Context, tx *db.Tx, actor policy.Actor, w Week, accounts []string) error {
	left := 0
	for _, id := range accounts {
		l := Letter{ID: db.NewID(), Account: id, Week: w}
		made, err := insertLetter(ctx, tx, l)
		if err != nil {
			return err
		}
		if !made {
			continue
		}
		left++
		if err := job.Enqueue(ctx, tx, Weekly, l.ID); err != nil {
			return err
		}
	}
	if left == 0 {
		return nil
	}
	return audit.Write(ctx, tx, actor, "reveal.outliers", "board:"+tx.Board, audit.Under("1.3e"), audit.Note("week="+w.key()))
}
