package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/policy"
)

// Deletion is the vendor's word that it deleted the accounts of a licence that
// is over (3.3 c): asked for on the day it ended, and waited for.
type Deletion struct {
	Accounts   int
	AskedOn    string
	AttestedOn string // "" while it is waited for
	AttestedBy string // who wrote for the vendor
}

// patience is how long the vendor's word is waited for before it is an exception.
const patience = 30 * 24 * time.Hour

// longestAttester bounds who is said to have attested.
const longestAttester = 200

// attest is the rule: once, for a day that has come and not before it was asked for.
func (d *Deletion) attest(on, by, today string) error {
	fields := map[string]string{}
	if _, err := time.Parse(time.DateOnly, on); err != nil {
		fields["on"] = "licence.day_wrong"
	} else if on < d.AskedOn || on > today {
		fields["on"] = "access.attested_outside"
	}
	if by == "" || len([]rune(by)) > longestAttester || strings.ContainsFunc(by, func(r rune) bool { return r < ' ' }) {
		fields["by"] = "access.attester_required"
	}
	if err := fault.Form(fields); err != nil {
		return err
	}
	if d.AttestedOn != "" {
		return fault.New(fault.Conflict, "access.attested_already")
	}
	d.AttestedOn, d.AttestedBy = on, by
	return nil
}

// Attest records the vendor's written word that the accounts are deleted: its
// day, and who wrote.
func (s *Service) Attest(ctx context.Context, actor policy.Actor, id licence.ID, on, by string) error {
	return s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if _, err := allowed(ctx, tx, actor, policy.AccessManage, id); err != nil {
			return err
		}
		d, err := deletionOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := d.attest(strings.TrimSpace(on), strings.TrimSpace(by), i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		if err := attested(ctx, tx, id, d, actor.ID); err != nil {
			return err
		}
		if err := policy.Mark(ctx, tx, ControlDeletion, licence.Subject(id), policy.Conform); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "access.deletion_attested", licence.Subject(id), audit.Under("3.3c"),
			audit.Note(fmt.Sprintf("on=%s accounts=%d", d.AttestedOn, d.Accounts)))
	})
}

// Deletion answers how a licence's deletion stands, for who may read it; the one
// NotFound before its end, and of one of which the vendor was never told.
func (s *Service) Deletion(ctx context.Context, actor policy.Actor, id licence.ID) (d Deletion, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if _, err := seen(ctx, tx, actor, id); err != nil {
			return err
		}
		d, err = deletionOf(ctx, tx, id)
		return err
	})
	return d, err
}

// Sweep keeps the accounts of a board as the roster and the licences are
// (6.1 e): who left the audience is suspended, who came back goes on, newcomers
// get one; those of a licence that is over are retired, and the vendor's word
// is waited for.
func (s *Service) Sweep(ctx context.Context, boardID string) error {
	actor, err := s.clock(ctx, boardID)
	if err != nil {
		return err
	}
	var kept []licence.ID
	err = s.db.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) (err error) {
		if kept, err = withAccounts(ctx, tx); err != nil {
			return err
		}
		return overdue(ctx, tx, i18n.DayOf(tx.Now.Add(-patience)))
	})
	if err != nil {
		return err
	}
	for _, id := range kept {
		if err := s.sweep(ctx, actor, id); err != nil {
			return fmt.Errorf("keep accounts of %s: %w", id, err)
		}
	}
	return nil
}

// moves are the accounts of a licence that do not stand as they should.
type moves struct {
	over                     bool
	suspend, resume, retired []string
}

func (s *Service) sweep(ctx context.Context, actor policy.Actor, id licence.ID) error {
	m, err := s.compare(ctx, actor.Board, id)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		ids    []string
		action string
		rule   func(*Account) error
	}{
		{m.retired, "access.retired", func(a *Account) error { a.retire(); return nil }},
		{m.suspend, "access.left", func(a *Account) error { return a.suspend("") }},
		{m.resume, "access.back", (*Account).resume},
	} {
		for some := range slices.Chunk(step.ids, batch) {
			if err := s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
				return moveAll(ctx, tx, actor, id, some, step.action, step.rule)
			}); err != nil {
				return err
			}
		}
	}
	return s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if m.over {
			return s.ended(ctx, tx, actor, id)
		}
		return goOn(ctx, tx, id)
	})
}

// compare looks at the accounts of a licence beside its audience of today.
func (s *Service) compare(ctx context.Context, boardID string, id licence.ID) (m moves, err error) {
	err = s.db.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		l, err := licence.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		accounts, err := ofLicence(ctx, tx, id, unretired)
		if err != nil {
			return err
		}
		if m.over = l.Last() < i18n.DayOf(tx.Now); m.over {
			for _, a := range accounts {
				m.retired = append(m.retired, a.ID)
			}
			return nil
		}
		people, err := licence.Pupils(ctx, tx, l)
		if err != nil {
			return err
		}
		rows, err := s.Names.RowsOf(ctx, tx, people)
		if err != nil {
			return err
		}
		retired, err := retiredNames(ctx, tx, id)
		if err != nil {
			return err
		}
		c, err := counted(ctx, tx, l)
		if err != nil {
			return err
		}
		m.sort(accounts, rows, retired, c.Free())
		return nil
	})
	return m, err
}

// sort says what is to be done with each account: free seats are for those who
// came back (-1 is without limit). One whose login name was replaced is over:
// the pupil gets another.
func (m *moves) sort(accounts []Account, audience map[string]string, retired map[string]bool, free int) {
	in := make(map[string]bool, len(audience))
	for _, row := range audience {
		in[row] = true
	}
	for _, a := range accounts {
		switch {
		case retired[a.LoginID]:
			m.retired = append(m.retired, a.ID)
		case a.open() && !in[a.LoginID]:
			m.suspend = append(m.suspend, a.ID)
		case a.State == Suspended && !a.ByHand && in[a.LoginID] && (free < 0 || len(m.resume) < free):
			m.resume = append(m.resume, a.ID)
		}
	}
}

// goOn begins to make the accounts that a licence lacks, if it may have them and there is a seat;
// otherwise it keeps what its accounts show.
func goOn(ctx context.Context, tx *db.Tx, id licence.ID) error {
	l, err := licence.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	c, err := counted(ctx, tx, l)
	if err != nil {
		return err
	}
	if c.Lacking() == 0 || c.Free() == 0 || check(ctx, tx, l) != nil {
		return settle(ctx, tx, id)
	}
	if err := policy.Mark(ctx, tx, ControlKept, licence.Subject(id), policy.Waiting); err != nil {
		return err
	}
	return job.Enqueue(ctx, tx, CreateJob, string(id))
}

// moveAll does one thing to some accounts; one that moved meanwhile is left for the next time.
func moveAll(ctx context.Context, tx *db.Tx, actor policy.Actor, id licence.ID, ids []string, action string, rule func(*Account) error) error {
	if err := hold(ctx, tx, id); err != nil {
		return err
	}
	moved := 0
	for _, one := range ids {
		a, err := get(ctx, tx, one)
		if err != nil {
			return err
		}
		if a.State == Retired || rule(&a) != nil {
			continue
		}
		if err := update(ctx, tx, &a); err != nil {
			return err
		}
		moved++
	}
	return audit.Write(ctx, tx, actor, action, licence.Subject(id), audit.Under("6.1e"), audit.Note(fmt.Sprintf("accounts=%d", moved)))
}

// ended begins to wait for the vendor's word, if the vendor was ever told of an account.
func (s *Service) ended(ctx context.Context, tx *db.Tx, actor policy.Actor, id licence.ID) error {
	for _, control := range []string{ControlKept, ControlIdentifiers} {
		if err := policy.Unmark(ctx, tx, control, licence.Subject(id)); err != nil {
			return err
		}
	}
	n, err := everSent(ctx, tx, id)
	if err != nil || n == 0 {
		return err
	}
	asked, err := askDeletion(ctx, tx, id, n)
	if err != nil || !asked {
		return err
	}
	if err := policy.Mark(ctx, tx, ControlDeletion, licence.Subject(id), policy.Waiting); err != nil {
		return err
	}
	return audit.Write(ctx, tx, actor, "access.deletion_asked", licence.Subject(id), audit.Under("3.3c"), audit.Note(fmt.Sprintf("accounts=%d", n)))
}
