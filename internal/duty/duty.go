// Package duty is what everyone who uses platforms undertakes, once a school year,
// in the words of the board's pack (model directive D-36 of policy B; policy A, 2.1).
package duty

import (
	"context"
	"fmt"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// control carries D-36.
const control = "users.watchful"

// Clause is what asks a board for it.
func Clause(p *policy.Pack) string { return p.First("D-36", "2.1") }

// firstMonth of a school year is July, in Québec and in Ontario's calendars of boards.
const firstMonth = time.July

// Year is the school year of a moment, as 2026-2027.
func Year(now time.Time) string {
	now = now.In(i18n.Zone)
	first := now.Year()
	if now.Month() < firstMonth {
		first--
	}
	return fmt.Sprintf("%d-%d", first, first+1)
}

// Service is what people do about the users' duties.
type Service struct{ DB *db.DB }

// Mine is the actor's own standing.
type Mine struct {
	Year   string
	Duties []policy.Duty
	At     time.Time // zero until the actor acknowledged them this school year
	Before bool      // the actor acknowledged other words this school year
}

// Done tells whether nothing is left to acknowledge.
func (m Mine) Done() bool { return len(m.Duties) == 0 || !m.At.IsZero() && !m.Before }

// Mine answers the duties and whether the actor acknowledged them this school year.
func (s *Service) Mine(ctx context.Context, actor policy.Actor) (m Mine, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.DutyAcknowledge, policy.Scope{Owner: actor.ID}); err != nil {
			return err
		}
		m = Mine{Year: Year(tx.Now), Duties: actor.Pack.Duties}
		wording := ""
		m.At, wording, err = of(ctx, tx, actor.ID, m.Year)
		m.Before = !m.At.IsZero() && wording != actor.Pack.DutiesVersion
		return err
	})
	return m, err
}

// Acknowledge keeps that the actor read the duties of this school year; a second
// time changes nothing.
func (s *Service) Acknowledge(ctx context.Context, actor policy.Actor) (m Mine, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.DutyAcknowledge, policy.Scope{Owner: actor.ID}); err != nil {
			return err
		}
		if len(actor.Pack.Duties) == 0 {
			return fault.Missing()
		}
		m = Mine{Year: Year(tx.Now), Duties: actor.Pack.Duties, At: tx.Now}
		changed, err := keep(ctx, tx, actor.ID, m.Year, actor.Pack.DutiesVersion)
		if err != nil || !changed {
			return err
		}
		if err := policy.Mark(ctx, tx, control, "account:"+actor.ID, policy.Conform); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "duty.acknowledged", "account:"+actor.ID, audit.Under(Clause(actor.Pack)),
			audit.Note("year="+m.Year+" wording="+actor.Pack.DutiesVersion))
	})
	return m, err
}

// Person is somebody who has not acknowledged the duties of this school year.
type Person struct {
	Account string
	Name    string
	Org     string // name; empty for the whole board
	Role    policy.Role
}

// Missing lists who has not acknowledged the duties of this school year, by place
// and by name, where the actor may read it.
func (s *Service) Missing(ctx context.Context, actor policy.Actor) (year string, people []Person, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if len(actor.Reach(policy.DutyRead).Rules) == 0 {
			return actor.Allow(policy.DutyRead, policy.Scope{})
		}
		year = Year(tx.Now)
		people, err = missing(ctx, tx, actor, year)
		return err
	})
	return year, people, err
}

func of(ctx context.Context, tx *db.Tx, account, year string) (at time.Time, wording string, err error) {
	type row struct {
		at      time.Time
		wording string
	}
	found, err := db.All(ctx, tx, func(r db.Row) (out row, err error) {
		err = r.Scan(&out.at, &out.wording)
		return out, err
	}, `SELECT at, wording FROM duty WHERE board_id = $1 AND account_id = $2 AND year = $3`, tx.Board, account, year)
	if err != nil || len(found) == 0 {
		return at, "", err
	}
	return found[0].at, found[0].wording, nil
}

// keep answers whether anything changed.
func keep(ctx context.Context, tx *db.Tx, account, year, wording string) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO duty (board_id, account_id, year, wording, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (board_id, account_id, year) DO UPDATE SET wording = excluded.wording, at = excluded.at
		WHERE duty.wording <> excluded.wording`, tx.Board, account, year, wording, tx.Now)
	return n > 0, err
}

// missing reads the accounts of the actor's reach that have no row of the year.
func missing(ctx context.Context, tx *db.Tx, actor policy.Actor, year string) ([]Person, error) {
	where, args := actor.Reach(policy.DutyRead).Where(actor, policy.Columns{Org: "g.org_id"}, 4)
	return db.All(ctx, tx, func(r db.Row) (p Person, err error) {
		err = r.Scan(&p.Account, &p.Name, &p.Org, &p.Role)
		return p, err
	}, `SELECT a.id, a.name, COALESCE(o.name, ''), g.role FROM account a
		JOIN account_grant g ON g.board_id = a.board_id AND g.account_id = a.id
		LEFT JOIN org o ON o.board_id = g.board_id AND o.id = g.org_id
		WHERE a.board_id = $1 AND NOT a.disabled
			AND NOT EXISTS (SELECT 1 FROM duty d WHERE d.board_id = a.board_id AND d.account_id = a.id AND d.year = $2 AND d.wording = $3)
			AND `+where+` ORDER BY COALESCE(o.name, ''), a.name, a.id`, append([]any{tx.Board, year, actor.Pack.DutiesVersion}, args...)...)
}
