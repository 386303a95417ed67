package schoolyear

import (
	"context"
	"slices"
	"strings"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// Service is what people do with school years.
type Service struct{ DB *db.DB }

// Years answers the years that the roster knows, the last first, and the board's word
// on which is current, to who may read the roster.
func (s *Service) Years(ctx context.Context, actor policy.Actor) (list []Listed, own Setting, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *db.Tx) error {
		list, own, _, err = years(ctx, tx)
		return err
	})
	return list, own, err
}

// Current answers the year that runs.
func Current(ctx context.Context, tx *db.Tx) (Year, error) {
	list, _, _, err := years(ctx, tx)
	for _, l := range list {
		if l.Current {
			return l.Year, err
		}
	}
	return YearOf(i18n.DayOf(tx.Now)), err
}

func (s *Service) read(ctx context.Context, actor policy.Actor, f func(context.Context, *db.Tx) error) error {
	return s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if len(actor.Reach(policy.RosterRead).Rules) == 0 {
			return actor.Allow(policy.RosterRead, policy.Scope{})
		}
		return f(ctx, tx)
	})
}

func years(ctx context.Context, tx *db.Tx) (list []Listed, own Setting, sessions []Session, err error) {
	if own, err = setting(ctx, tx); err != nil {
		return nil, own, nil, err
	}
	if sessions, err = all(ctx, tx); err != nil {
		return nil, own, nil, err
	}
	classes, err := classesByYear(ctx, tx)
	if err != nil {
		return nil, own, nil, err
	}
	now := current(own.Year, sessions, i18n.DayOf(tx.Now))
	of := map[Year]*Listed{now: {Year: now, Current: true, Classes: classes[now]}}
	for _, each := range sessions {
		if of[each.Year] == nil {
			of[each.Year] = &Listed{Year: each.Year, Classes: classes[each.Year]}
		}
		of[each.Year].Sessions++
	}
	for _, l := range of {
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b Listed) int { return strings.Compare(string(b.Year), string(a.Year)) })
	return list, own, sessions, nil
}

// Overview answers a year and, of the one that runs, what it lacks, at the schools
// whose roster the actor may read. A year that the roster does not know has no session.
func (s *Service) Overview(ctx context.Context, actor policy.Actor, y Year) (o Overview, err error) {
	err = s.read(ctx, actor, func(ctx context.Context, tx *db.Tx) error {
		list, _, sessions, err := years(ctx, tx)
		if err != nil {
			return err
		}
		if !y.OK() {
			return fault.Missing()
		}
		o.Listed = Listed{Year: y}
		if at := slices.IndexFunc(list, func(l Listed) bool { return l.Year == y }); at >= 0 {
			o.Listed = list[at]
		}
		for _, each := range sessions {
			if each.Year == y {
				o.Sessions = append(o.Sessions, each)
			}
		}
		if !o.Current {
			return nil
		}
		return lacking(ctx, tx, actor, &o)
	})
	return o, err
}

func lacking(ctx context.Context, tx *db.Tx, actor policy.Actor, o *Overview) (err error) {
	if o.NoTeacher, err = withoutTeacher(ctx, tx, actor, o.Year); err != nil {
		return err
	}
	if o.NoAccount, err = withoutAccount(ctx, tx, actor); err != nil {
		return err
	}
	o.Between, err = between(ctx, tx, actor)
	return err
}

// Set keeps which year is the current one, or leaves it to the sessions. It is for who
// keeps the roster; (Conflict) a setting that changed since that version.
func (s *Service) Set(ctx context.Context, actor policy.Actor, to Setting) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
			return err
		}
		if err := to.check(); err != nil {
			return err
		}
		if err := keep(ctx, tx, to); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "settings.changed", "board:"+tx.Board, audit.Note("school_year="+string(to.Year)))
	})
}
