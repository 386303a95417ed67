package access

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/vault"
)

// CreateJob is left by Create, to be given to the handler Run.
const CreateJob job.Kind = "access.create"

// The controls that accounts carry.
const (
	ControlHelped      = "student.helped"        // 6.2 f
	ControlKept        = "login.kept"            // 6.1 e: waiting or an exception while a pupil has no account
	ControlIdentifiers = "login.identifiers"     // A.0
	ControlDeletion    = "evaluation.security.c" // 3.3 c: waiting until the vendor attests that accounts are deleted
)

// Service is what people do with pupils' accounts.
type Service struct {
	*Accounts
	db *db.DB
}

// New gives the accounts of every board in the database.
func New(d *db.DB, a *Accounts) *Service { return &Service{Accounts: a, db: d} }

// seen is a licence that the actor may read; any other is the one NotFound.
func seen(ctx context.Context, tx *db.Tx, actor policy.Actor, id licence.ID) (licence.Licence, error) {
	l, err := licence.Get(ctx, tx, id)
	if err == nil && !actor.Can(policy.LicenceRead, l.Place()) {
		return licence.Licence{}, fault.Missing()
	}
	return l, err
}

// allowed is seen for someone who may also do this to its accounts.
func allowed(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, id licence.ID) (licence.Licence, error) {
	l, err := seen(ctx, tx, actor, id)
	if err != nil {
		return l, err
	}
	return l, actor.Allow(do, l.Place())
}

// check is usable for a kept licence.
func check(ctx context.Context, tx *db.Tx, l licence.Licence) error {
	p, err := catalogue.Get(ctx, tx, l.PlatformID)
	if err != nil {
		return err
	}
	return usable(l, p.Status, i18n.DayOf(tx.Now))
}

// Create begins to make an account for each pupil of the licence's audience who
// has none (6.1 e), and answers how they stand: a job makes them, up to the
// seats. It refuses a licence that does not run (2.1), and one of a platform
// that is not approved (4.1).
func (s *Service) Create(ctx context.Context, actor policy.Actor, id licence.ID) (c Counts, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := allowed(ctx, tx, actor, policy.AccessManage, id)
		if err != nil {
			return err
		}
		if err := check(ctx, tx, l); err != nil {
			return err
		}
		if c, err = counted(ctx, tx, l); err != nil {
			return err
		}
		if c.Lacking() > 0 && c.Free() == 0 {
			return fault.New(fault.Conflict, "access.seats_taken", c.Unseated()).Under("6.1e")
		}
		if err := policy.Mark(ctx, tx, ControlKept, licence.Subject(id), policy.Waiting); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "access.asked", licence.Subject(id), audit.Under("6.1e"),
			audit.Note(fmt.Sprintf("pupils=%d lacking=%d", c.Pupils, c.Lacking()))); err != nil {
			return err
		}
		return job.Enqueue(ctx, tx, CreateJob, string(id))
	})
	return c, err
}

// Counts answers how the accounts of a licence stand, for who may read it.
func (s *Service) Counts(ctx context.Context, actor policy.Actor, id licence.ID) (c Counts, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := seen(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		c, err = counted(ctx, tx, l)
		return err
	})
	return c, err
}

const (
	// batch is how many accounts one transaction makes.
	batch = 250
	// spell is how long one job works before it leaves the rest to another.
	spell = 30 * time.Second
)

// clock is the actor of the jobs of a board.
func (s *Service) clock(ctx context.Context, boardID string) (actor policy.Actor, err error) {
	var b board.Board
	err = s.db.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) (err error) {
		b, err = board.Get(ctx, tx, boardID)
		return err
	})
	if err != nil {
		return actor, err
	}
	pack, err := b.Policy()
	return policy.System(boardID, pack, "job"), err
}

// Run is the handler of CreateJob: it makes the accounts that a licence lacks in
// short transactions. It may be cut anywhere and begun again. A licence that may
// have no accounts any more gets none.
func (s *Service) Run(ctx context.Context, boardID, id string) error {
	actor, err := s.clock(ctx, boardID)
	if err != nil {
		return err
	}
	lacking, err := s.lacking(ctx, boardID, licence.ID(id))
	if err != nil {
		return err
	}
	until := time.Now().Add(spell)
	for some := range slices.Chunk(lacking, batch) {
		if time.Now().After(until) {
			return s.db.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
				return job.Enqueue(ctx, tx, CreateJob, id)
			})
		}
		full := false
		err := s.db.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) (err error) {
			full, err = s.give(ctx, tx, actor, licence.ID(id), some)
			return err
		})
		if refused(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("make accounts: %w", err)
		}
		if full {
			break
		}
	}
	return s.db.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error { return settle(ctx, tx, licence.ID(id)) })
}

// refused tells that a rule says no: what a job cannot change by trying again.
func refused(err error) bool {
	f, ok := fault.As(err)
	return ok && strings.HasPrefix(f.Key, "access.")
}

// lacking answers the pupils of the audience who have no account, in an order
// that is not the roster's: ids are chance.
func (s *Service) lacking(ctx context.Context, boardID string, id licence.ID) (people []string, err error) {
	err = s.db.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		l, err := licence.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		ids, err := licence.Pupils(ctx, tx, l)
		if err != nil {
			return err
		}
		people, err = s.without(ctx, tx, l, ids)
		return err
	})
	return people, err
}

// without answers those of some people who have a login name and no account on the licence.
func (s *Service) without(ctx context.Context, tx *db.Tx, l licence.Licence, ids []string) (people []string, err error) {
	rows, err := s.Names.RowsOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	has, err := loginsOf(ctx, tx, l.ID)
	for _, id := range ids {
		if row, ok := rows[id]; ok && !has[row] {
			people = append(people, id)
		}
	}
	return people, err
}

// give makes accounts for some people, up to the seats; full says that no seat is left.
func (s *Service) give(ctx context.Context, tx *db.Tx, actor policy.Actor, id licence.ID, people []string) (full bool, err error) {
	if _, err := s.Names.Vault.Keys(ctx, tx); err != nil { // before the licence's turn: one order everywhere
		return false, err
	}
	if err := hold(ctx, tx, id); err != nil {
		return false, err
	}
	l, err := licence.Get(ctx, tx, id)
	if err != nil {
		return false, err
	}
	if err := check(ctx, tx, l); err != nil {
		return false, err
	}
	c, err := counted(ctx, tx, l)
	if err != nil {
		return false, err
	}
	if people, err = s.without(ctx, tx, l, people); err != nil {
		return false, err
	}
	made, full, err := s.drawn(ctx, tx, l, people, c.Free())
	if err != nil || len(made) == 0 {
		return full, err
	}
	if err := insert(ctx, tx, made); err != nil {
		return false, err
	}
	return full, audit.Write(ctx, tx, actor, "access.created", licence.Subject(id), audit.Under("6.1e"), audit.Note(fmt.Sprintf("accounts=%d", len(made))))
}

// drawn are new accounts of some people, at most free of them (-1 is without
// limit). Whose address shows their name gets none (5.1.2).
func (s *Service) drawn(ctx context.Context, tx *db.Tx, l licence.Licence, people []string, free int) (made []Account, full bool, err error) {
	by, err := pupils(ctx, tx, people)
	if err != nil {
		return nil, false, err
	}
	rows, err := s.Names.RowsOf(ctx, tx, people)
	if err != nil {
		return nil, false, err
	}
	keys, err := s.Names.Vault.Keys(ctx, tx)
	if err != nil {
		return nil, false, err
	}
	kinds, err := s.Names.Kinds(ctx, tx)
	if err != nil {
		return nil, false, err
	}
	for _, id := range people {
		p := by[id]
		if l.AccountKind == licence.BoardEmail && (p.Email == "" || licence.ShowsName(p.Given, p.Family, p.Email)) {
			continue
		}
		if free >= 0 && len(made) >= free {
			full = true
			break
		}
		a, err := p.account(keys, kinds, l, rows[id], i18n.DayOf(tx.Now))
		if err != nil {
			return nil, false, err
		}
		made = append(made, a)
	}
	slices.SortFunc(made, func(a, b Account) int { return strings.Compare(a.ID, b.ID) }) // ids are chance: so is the order
	return made, full, nil
}

// account is a new one. The board's own addresses are known to the platform by
// the board's sign-in: nothing is sent.
func (p pupil) account(keys *vault.Keys, kinds pseudonym.Choices, l licence.Licence, loginID, today string) (Account, error) {
	a := Account{ID: db.NewID(), LicenceID: l.ID, LoginID: loginID, State: ToCreate, ChangedOn: today}
	var plain sealed
	if ours(l.AccountKind) {
		var err error
		if plain.Password, err = p.password(kinds); err != nil {
			return a, err
		}
	} else {
		a.State = Confirmed
	}
	return a, a.seal(keys, plain)
}

// password draws one of the board's kind for the pupil's grade, in the language of the school.
func (p pupil) password(kinds pseudonym.Choices) (pseudonym.Password, error) {
	lang := "fr"
	if strings.HasPrefix(p.Lang, "en") {
		lang = "en"
	}
	drawn, err := pseudonym.Generate(rand.Reader, pseudonym.KindFor(p.Grade, kinds), lang)
	if err != nil {
		return drawn, fmt.Errorf("draw password: %w", err)
	}
	return drawn, nil
}

// settle keeps what the accounts of a licence show of 6.1 e: whole, or an
// exception while pupils of its audience have none.
func settle(ctx context.Context, tx *db.Tx, id licence.ID) error {
	l, err := licence.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	c, err := counted(ctx, tx, l)
	if err != nil {
		return err
	}
	outcome := policy.Conform
	if c.Lacking() > 0 {
		outcome = policy.Exception
	}
	if err := policy.Mark(ctx, tx, ControlKept, licence.Subject(id), outcome); err != nil || c.Live() == 0 {
		return err
	}
	return policy.Mark(ctx, tx, ControlIdentifiers, licence.Subject(id), policy.Conform)
}

// Reset gives an account another password, which the pupil's teacher or
// principal may ask for all year (6.2 a), and the evaluating service. The
// platform learns it from the next file.
func (s *Service) Reset(ctx context.Context, actor policy.Actor, accountID string) error {
	return s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		return s.Renew(ctx, tx, actor, accountID)
	})
}

// Renew is Reset within a transaction.
func (s *Accounts) Renew(ctx context.Context, tx *db.Tx, actor policy.Actor, accountID string) error {
	return s.change(ctx, tx, actor, policy.AccessReset, accountID, func(ctx context.Context, tx *db.Tx, a *Account, l licence.Licence) error {
		if err := a.reset(l.AccountKind); err != nil {
			return err
		}
		if err := s.another(ctx, tx, a); err != nil {
			return err
		}
		p, err := s.whose(ctx, tx, *a)
		if err != nil {
			return err
		}
		return policy.Mark(ctx, tx, ControlHelped, "person:"+p.ID, policy.Conform)
	}, "access.reset", "6.2f")
}

// Suspend stops an account of a licence until Resume, for a reason.
func (s *Service) Suspend(ctx context.Context, actor policy.Actor, id licence.ID, accountID string, why Why) error {
	return s.manage(ctx, actor, id, accountID, func(a *Account) error {
		if !slices.Contains(Whys, why) {
			return fault.Form(map[string]string{"why": "access.why_required"})
		}
		return a.suspend(why)
	}, "access.suspended")
}

// Resume lets an account of a licence go on that somebody suspended. One whose
// pupil left the audience goes on by itself when the pupil is back.
func (s *Service) Resume(ctx context.Context, actor policy.Actor, id licence.ID, accountID string) error {
	return s.manage(ctx, actor, id, accountID, (*Account).letOn, "access.resumed")
}

// manage does something to one account, for who keeps those of its licence.
func (s *Service) manage(ctx context.Context, actor policy.Actor, id licence.ID, accountID string, rule func(*Account) error, action string) error {
	return s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if _, err := allowed(ctx, tx, actor, policy.AccessManage, id); err != nil {
			return err
		}
		return s.change(ctx, tx, actor, policy.AccessManage, accountID, func(_ context.Context, _ *db.Tx, a *Account, l licence.Licence) error {
			if l.ID != id {
				return fault.Missing()
			}
			return rule(a)
		}, action, "6.1e")
	})
}

// change does something to one account. The trail names the person and the
// licence, never the account or its login name.
func (s *Accounts) change(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, accountID string,
	rule func(context.Context, *db.Tx, *Account, licence.Licence) error, action, clause string) error {
	if len(actor.Reach(do).Rules) == 0 {
		return actor.Allow(do, policy.Scope{})
	}
	a, err := get(ctx, tx, accountID)
	if err != nil {
		return err
	}
	p, err := s.whose(ctx, tx, a)
	if err != nil {
		return err
	}
	if err := may(ctx, tx, actor, do, p.ID); err != nil {
		return err
	}
	if err := hold(ctx, tx, a.LicenceID); err != nil {
		return err
	}
	l, err := licence.Get(ctx, tx, a.LicenceID)
	if err != nil {
		return err
	}
	if err := rule(ctx, tx, &a, l); err != nil {
		return err
	}
	if err := update(ctx, tx, &a); err != nil {
		return err
	}
	note := licence.Subject(a.LicenceID)
	if a.Why != "" {
		note += " why=" + string(a.Why)
	}
	return audit.Write(ctx, tx, actor, action, "person:"+p.ID, audit.Under(clause), audit.Note(note))
}

// whose is the pupil of an account; empty of one whose person was purged.
func (s *Accounts) whose(ctx context.Context, tx *db.Tx, a Account) (pupil, error) {
	held, err := s.Names.ByRow(ctx, tx, []string{a.LoginID})
	if err != nil {
		return pupil{}, err
	}
	by, err := pupils(ctx, tx, []string{held[a.LoginID].Person})
	return by[held[a.LoginID].Person], err
}

// may wants the permission at one of the pupil's schools or in one of their
// classes; to anyone else the pupil's account does not exist.
func may(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, personID string) error {
	posts, err := person.Posts(ctx, tx, personID)
	if err != nil {
		return err
	}
	classes, err := person.ClassesOf(ctx, tx, personID)
	if err != nil {
		return err
	}
	var stands policy.Scope
	for _, c := range classes {
		stands.Classes = append(stands.Classes, c.ID)
	}
	ok := actor.Can(do, stands)
	for _, p := range posts {
		stands.Org = p.OrgID
		ok = ok || p.Role == person.Pupil && actor.Can(do, stands)
	}
	if !ok {
		return fault.Missing()
	}
	return nil
}

// View is how the accounts of a licence stand, as its page shows it.
type View struct {
	Counts
	Files      []File
	Deletion   Deletion          // without a day it was asked on before the licence is over
	People     map[string]string // names of those who prepared and approved, by account
	MayCreate  bool              // while the licence may have accounts
	MayPrepare bool
	MayApprove bool
	MayAttest  bool
}

// View answers how the accounts of a licence stand, for who may read it.
func (s *Service) View(ctx context.Context, actor policy.Actor, id licence.ID) (v View, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := seen(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if v.Counts, err = counted(ctx, tx, l); err != nil {
			return err
		}
		if v.Files, err = filesOf(ctx, tx, id); err != nil {
			return err
		}
		if v.Deletion, err = deletionOf(ctx, tx, id); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		var hands []string
		for _, f := range v.Files {
			hands = append(hands, f.PreparedBy, f.ApprovedBy)
		}
		if v.People, err = account.Names(ctx, tx, hands); err != nil {
			return err
		}
		may := check(ctx, tx, l)
		if may != nil && !refused(may) {
			return may
		}
		v.MayApprove = actor.Can(policy.AccessApprove, l.Place())
		v.MayAttest = actor.Can(policy.AccessManage, l.Place())
		v.MayCreate = may == nil && v.MayAttest
		v.MayPrepare = may == nil && ours(l.AccountKind) && actor.Can(policy.AccessProvision, l.Place())
		return nil
	})
	return v, err
}
