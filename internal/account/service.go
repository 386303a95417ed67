package account

import (
	"context"
	"slices"
	"time"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
)

// Service is what people and operators do with accounts.
type Service struct{ DB *db.DB }

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
	if hash == "" || a.Disabled {
		hash = nobody
	}
	if !passwordIs(hash, password) || hash == nobody {
		return actor, refused
	}
	err = s.DB.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		if actor, err = load(ctx, tx, a, "web"); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "account.signed_in", "account:"+a.ID)
	})
	return actor, err
}

// Actor answers who a session belongs to; NotFound when the account is gone or disabled.
func (s *Service) Actor(ctx context.Context, boardID, id string) (actor policy.Actor, err error) {
	err = s.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		actor, err = Load(ctx, tx, id, "web")
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
	hash := hashPassword(password) // slow on purpose: outside the transaction
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
			o, err := findOrg(ctx, tx, g.Org)
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
// the board's pack and settings.
func Load(ctx context.Context, tx *db.Tx, id, via string) (policy.Actor, error) {
	a, err := Get(ctx, tx, id)
	if err != nil {
		return policy.Actor{}, err
	}
	return load(ctx, tx, a, via)
}

func load(ctx context.Context, tx *db.Tx, a Account, via string) (policy.Actor, error) {
	if a.Disabled {
		return policy.Actor{}, fault.Missing()
	}
	b, err := board.Get(ctx, tx, tx.Board)
	if err != nil {
		return policy.Actor{}, err
	}
	pack, err := policy.Shipped(b.Pack)
	if err != nil {
		return policy.Actor{}, err
	}
	actor := policy.Actor{ID: a.ID, Board: tx.Board, Name: a.Name, Lang: a.Lang, Person: a.Person, Via: via,
		Pack: pack, Settings: b.Settings}
	if actor.Grants, err = grantsOf(ctx, tx, a.ID); err != nil {
		return policy.Actor{}, err
	}
	if a.Person != "" {
		if actor.Classes, err = classesTaught(ctx, tx, a.Person); err != nil {
			return policy.Actor{}, err
		}
	}
	return actor, nil
}
