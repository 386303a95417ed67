package account

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/org"
	"aval/internal/policy"
)

// Service is what people and operators do with accounts.
type Service struct {
	DB   *db.DB
	Cost Cost // of the passwords; tests give Cheap
}

// Boards answers the boards that one may sign in to.
func (s *Service) Boards(ctx context.Context) ([]board.Board, error) {
	return (&board.Service{DB: s.DB}).List(ctx)
}

// SignIn answers who this is. A wrong login and a wrong password are the same
// refusal and take the same time. The password is compared between two short
// transactions, because that is slow on purpose.
func (s *Service) SignIn(ctx context.Context, boardID, login, password string) (actor policy.Actor, err error) {
	refused := fault.New(fault.Invalid, "account.sign_in_refused")
	if !board.IsID(boardID) {
		return actor, refused
	}
	var a Account
	err = s.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		a, err = byLogin(ctx, tx, login)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return actor, err
	}
	hash := a.password
	if a.Disabled {
		hash = ""
	}
	if !s.Cost.is(hash, password) {
		return actor, refused
	}
	err = s.DB.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		if actor, err = Load(ctx, tx, a.ID, "web"); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "account.signed_in", "account:"+a.ID)
	})
	return actor, err
}

// Actor answers who a session belongs to; NotFound when the account is gone or disabled.
func (s *Service) Actor(ctx context.Context, boardID, id string) (actor policy.Actor, err error) {
	now := s.DB.Clock()
	found, err := db.ReadAll(ctx, s.DB, boardID, scanEntry, entriesOf, boardID, id, now, i18n.DayOf(now))
	if err != nil {
		return policy.Actor{}, err
	}
	if actor, err = actorOf(boardID, found, "web"); err != nil || found[0].moves < 2 {
		return actor, err
	}
	err = s.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) (err error) {
		actor.Earlier, err = board.Earlier(ctx, tx)
		return err
	})
	return actor, err
}

// ByToken answers who a program's bearer token acts for; NotFound when it is
// unknown or revoked.
func (s *Service) ByToken(ctx context.Context, token string) (actor policy.Actor, err error) {
	boardID, ok := boardOf(token)
	if !ok {
		return actor, fault.Missing()
	}
	err = s.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		id, err := tokenOwner(ctx, tx, hashToken(token))
		if err != nil {
			return err
		}
		actor, err = Load(ctx, tx, id, "api")
		return err
	})
	return actor, err
}

// Create makes an account and answers it with its password, which is shown once.
func (s *Service) Create(ctx context.Context, actor policy.Actor, n New) (a Account, password string, err error) {
	if err := n.check(); err != nil {
		return a, "", err
	}
	if password = n.Password; password == "" {
		password = randomText()
	}
	hash := s.Cost.hash(password) // slow on purpose: outside the transaction
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.AccountManage, policy.Scope{}); err != nil {
			return err
		}
		a = Account{ID: db.NewID(), Login: n.Login, Name: n.Name, Email: n.Email, Lang: n.Lang, CreatedAt: tx.Now, password: hash}
		if a.Person, err = personFor(ctx, tx, n); err != nil {
			return err
		}
		for i, g := range n.Grants {
			if g.Org == "" {
				continue
			}
			o, err := org.Find(ctx, tx, g.Org)
			if fault.Is(err, fault.NotFound) {
				return fault.Form(map[string]string{"org": "account.org_unknown"})
			}
			if err != nil {
				return err
			}
			n.Grants[i].Org = o.ID
		}
		if err := insert(ctx, tx, a, n.Grants); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "account.created", "account:"+a.ID)
	})
	return a, password, err
}

// CreateToken makes a bearer token for an account; it is shown once and only
// its hash is kept.
func (s *Service) CreateToken(ctx context.Context, actor policy.Actor, login, label string) (token string, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.AccountManage, policy.Scope{}); err != nil {
			return err
		}
		a, err := byLogin(ctx, tx, login)
		if err != nil {
			return err
		}
		var hash string
		token, hash = newToken(actor.Board)
		if err := insertToken(ctx, tx, a.ID, hash, label); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "token.created", "account:"+a.ID)
	})
	return token, err
}

// Delegate lets another account of the same place act in one's role between two
// moments. Only one's own role can be lent, not one that was lent.
func (s *Service) Delegate(ctx context.Context, actor policy.Actor, to string, starts, ends time.Time) (d Delegation, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		grant, ok := lendable(actor)
		if !ok {
			return fault.New(fault.Denied, "account.nothing_to_lend").Under("2.2b")
		}
		if err := actor.Allow(policy.DelegationCreate, policy.Scope{Owner: actor.ID, Org: grant.Org}); err != nil {
			return err
		}
		if !ends.After(starts) || !ends.After(tx.Now) || ends.Sub(starts) > 366*24*time.Hour {
			return fault.Form(map[string]string{"ends": "account.delegation_dates"})
		}
		colleagues, err := colleaguesOf(ctx, tx, grant.Org, actor.ID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(colleagues, func(a Account) bool { return a.ID == to })
		if at < 0 {
			return fault.Form(map[string]string{"to": "account.delegate_unknown"})
		}
		lent := colleagues[at]
		d = Delegation{ID: db.NewID(), From: actor.ID, FromName: actor.Name, To: lent.ID, ToName: lent.Name,
			Role: grant.Role, Org: grant.Org, Starts: starts, Ends: ends}
		if err := insertDelegation(ctx, tx, d); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "delegation.created", "account:"+lent.ID, audit.Under("2.2b"))
	})
	return d, err
}

func lendable(actor policy.Actor) (policy.Grant, bool) {
	for _, g := range actor.Grants {
		if g.From == "" && (g.Role == policy.Principal || g.Role == policy.DepartmentHead) {
			return g, true
		}
	}
	return policy.Grant{}, false
}

// EndDelegation takes one's role back before the day.
func (s *Service) EndDelegation(ctx context.Context, actor policy.Actor, id string) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		n, err := endDelegation(ctx, tx, id, actor.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Missing()
		}
		return audit.Write(ctx, tx, actor, "delegation.ended", "account:"+actor.ID)
	})
}

// Delegations answers those that the actor gave and that still run, and who of
// the same place could stand in.
func (s *Service) Delegations(ctx context.Context, actor policy.Actor) (running []Delegation, colleagues []Account, err error) {
	grant, ok := lendable(actor)
	if !ok {
		return nil, nil, fault.Missing()
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if running, err = delegationsFrom(ctx, tx, actor.ID); err != nil {
			return err
		}
		colleagues, err = colleaguesOf(ctx, tx, grant.Org, actor.ID)
		return err
	})
	return running, colleagues, err
}

// Load makes the actor of an account: roles held and lent, classes taught, and
// the board's pack and settings. NotFound when it is gone or disabled.
func Load(ctx context.Context, tx *db.Tx, id, via string) (policy.Actor, error) {
	found, err := db.All(ctx, tx, scanEntry, entriesOf, tx.Board, id, tx.Now, i18n.DayOf(tx.Now))
	if err != nil {
		return policy.Actor{}, err
	}
	actor, err := actorOf(tx.Board, found, via)
	if err == nil && found[0].moves > 1 {
		actor.Earlier, err = board.Earlier(ctx, tx)
	}
	return actor, err
}

func actorOf(boardID string, found []entry, via string) (actor policy.Actor, err error) {
	if len(found) == 0 || found[0].disabled {
		return policy.Actor{}, fault.Missing()
	}
	actor = found[0].actor
	actor.Board, actor.Via = boardID, via
	if actor.Pack, err = policy.Find(found[0].pack, found[0].version); err != nil {
		return policy.Actor{}, err
	}
	if err := json.Unmarshal([]byte(found[0].settings), &actor.Settings); err != nil {
		return policy.Actor{}, fmt.Errorf("settings of board %s: %w", boardID, err)
	}
	for _, e := range found {
		if e.grant.Role != "" {
			actor.Grants = append(actor.Grants, e.grant)
		}
		if e.class != "" {
			actor.Classes = append(actor.Classes, e.class)
		}
	}
	return actor, nil
}
