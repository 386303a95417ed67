package access

import (
	"context"
	"slices"
	"strconv"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/policy"
)

// lastGrade is the fifth year of secondary school: those of the youth sector who
// are in it leave with the school year.
const lastGrade = "11"

// YearEnd is what the end of a school year will do to pupils' accounts, and what is
// left of the years before. It names no pupil.
type YearEnd struct {
	First, Last string // days of the school year: from the first of July to the end of June
	Ends        []YearLine
	GoOn        []YearLine
	Leaving     int // pupils in their last year
	Names       int // login names that stay with their pupils
	Waiting     []Chase
}

// YearLine is a licence with what the year's end does to its accounts.
type YearLine struct {
	licence.Listed
	Accounts int  // that are retired when it ends, or go on with it
	Told     int  // those of them of which the vendor knows, and must attest the deletion
	Leaving  int  // of pupils in their last year
	Over     bool // its last day has passed, and the night's work retires them
}

// Retired counts the accounts that the year's end retires.
func (y YearEnd) Retired() (n int) {
	for _, l := range y.Ends {
		n += l.Accounts
	}
	return n
}

// Chase is a licence that is over and whose vendor has not attested the deletion.
type Chase struct {
	licence.Listed
	Deletion
	Days int  // since it was asked for
	Late bool // longer than 3.3 c is waited for: an exception
}

// schoolYear answers the first and the last day of the school year of a day.
func schoolYear(day time.Time) (first, last string) {
	year := day.Year()
	if day.Month() < time.July {
		year--
	}
	return strconv.Itoa(year) + "-07-01", strconv.Itoa(year+1) + "-06-30"
}

// YearEnd answers it for the licences whose accounts the actor keeps.
func (s *Service) YearEnd(ctx context.Context, actor policy.Actor) (y YearEnd, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		y.First, y.Last = schoolYear(tx.Now)
		ids, err := unfinished(ctx, tx, i18n.DayOf(tx.Now))
		if err != nil {
			return err
		}
		held, err := s.keptOf(ctx, tx, actor, ids)
		if err != nil {
			return err
		}
		leaving, err := inGrade(ctx, tx, lastGrade)
		if err != nil {
			return err
		}
		y.Leaving = len(leaving)
		for _, h := range held {
			line := h.year(leaving, i18n.DayOf(tx.Now))
			if h.Last() <= y.Last {
				y.Ends = append(y.Ends, line)
			} else {
				y.GoOn = append(y.GoOn, line)
			}
		}
		if y.Names, err = namesKept(ctx, tx); err != nil {
			return err
		}
		y.Waiting, err = chased(ctx, tx, actor)
		return err
	})
	return y, err
}

// year counts what the year's end does to the accounts of a licence.
func (h held) year(leaving map[string]bool, today string) YearLine {
	line := YearLine{Listed: h.Listed, Accounts: len(h.accounts), Over: h.Last() < today}
	for _, a := range h.accounts {
		if a.SentOn != "" || h.AccountKind == licence.BoardEmail {
			line.Told++
		}
		if leaving[h.in[a.LoginID]] {
			line.Leaving++
		}
	}
	return line
}

// Chase answers the licences over whose vendor's word is waited for, the longest
// waited for first, to who keeps their accounts.
func (s *Service) Chase(ctx context.Context, actor policy.Actor) (list []Chase, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if len(actor.Reach(policy.AccessManage).Rules) == 0 {
			return actor.Allow(policy.AccessManage, policy.Scope{})
		}
		list, err = chased(ctx, tx, actor)
		return err
	})
	return list, err
}

func chased(ctx context.Context, tx *db.Tx, actor policy.Actor) (list []Chase, err error) {
	ids, err := unattested(ctx, tx)
	if err != nil {
		return nil, err
	}
	seen, err := licence.Seen(ctx, tx, actor, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		l, ok := seen[id]
		if !ok || !actor.Can(policy.AccessManage, l.Place()) {
			continue
		}
		d, err := deletionOf(ctx, tx, l.ID)
		if err != nil {
			return nil, err
		}
		asked, err := time.Parse(time.DateOnly, d.AskedOn)
		if err != nil {
			return nil, fault.Missing()
		}
		today, _ := time.Parse(time.DateOnly, i18n.DayOf(tx.Now)) // we wrote it
		list = append(list, Chase{Listed: l, Deletion: d, Days: int(today.Sub(asked).Hours() / 24),
			Late: d.AskedOn < i18n.DayOf(tx.Now.Add(-patience))})
	}
	slices.SortStableFunc(list, func(a, b Chase) int { return b.Days - a.Days })
	return list, nil
}

// unfinished lists the licences that are not over, or have accounts that are not retired.
func unfinished(ctx context.Context, tx *db.Tx, today string) ([]licence.ID, error) {
	return db.All(ctx, tx, scanLicence, `SELECT l.id FROM licence l WHERE l.board_id = $1 AND l.account_kind <> 'none'
		AND ((CASE WHEN l.ended_on = '' THEN l.ends_on ELSE l.ended_on END) >= $2
			OR EXISTS (SELECT 1 FROM pupil_account a WHERE a.board_id = l.board_id AND a.licence_id = l.id AND a.state <> 'retired'))
		ORDER BY l.id`, tx.Board, today)
}

// inGrade answers the active pupils of a grade.
func inGrade(ctx context.Context, tx *db.Tx, grade string) (map[string]bool, error) {
	list, err := db.All(ctx, tx, scanText, `SELECT id FROM person
		WHERE board_id = $1 AND kind = 'student' AND status = 'active' AND grade = $2`, tx.Board, grade)
	in := make(map[string]bool, len(list))
	for _, id := range list {
		in[id] = true
	}
	return in, err
}

func namesKept(ctx context.Context, tx *db.Tx) (int, error) {
	return db.One(ctx, tx, scanCount, `SELECT count(*) FROM login_name WHERE board_id = $1 AND retired_on = ''`, tx.Board)
}

// unattested lists the licences whose vendor's word is waited for.
func unattested(ctx context.Context, tx *db.Tx) ([]string, error) {
	return db.All(ctx, tx, scanText, `SELECT licence_id FROM account_deletion
		WHERE board_id = $1 AND attested_on = '' ORDER BY asked_on, licence_id`, tx.Board)
}
