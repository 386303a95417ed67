package account

import (
	"context"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
)

// Held is an account with the roles that it holds, those lent to it included.
type Held struct {
	Account
	Grants []policy.Grant
}

// Token is what is kept of a bearer token: never what opens a door.
type Token struct {
	ID        string // 16 hexadecimal digits
	Login     string
	Label     string
	CreatedAt time.Time
	RevokedAt time.Time // zero while it is good
}

// List answers every account of the board by login, disabled ones included.
func (s *Service) List(ctx context.Context, actor policy.Actor) (all []Held, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.AccountManage, policy.Scope{}); err != nil {
			return err
		}
		accounts, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM account WHERE board_id = $1 ORDER BY login`, tx.Board)
		if err != nil {
			return err
		}
		grants, err := grantsOfAll(ctx, tx)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			all = append(all, Held{Account: a, Grants: grants[a.ID]})
		}
		return nil
	})
	return all, err
}

// grantsOfAll reads, by account, the roles that each holds or is lent at this moment.
func grantsOfAll(ctx context.Context, tx *db.Tx) (map[string][]policy.Grant, error) {
	by := map[string][]policy.Grant{}
	_, err := db.All(ctx, tx, func(row db.Row) (none struct{}, err error) {
		var id string
		var g policy.Grant
		if err = row.Scan(&id, &g.Role, &g.Org, &g.From); err == nil {
			by[id] = append(by[id], g)
		}
		return none, err
	}, `SELECT account_id, role, org_id, '' AS from_id FROM account_grant WHERE board_id = $1
		UNION ALL
		SELECT to_id, role, org_id, from_id FROM delegation
			WHERE board_id = $1 AND starts_at <= $2 AND ends_at > $2 AND ended_at IS NULL
		ORDER BY 1, 4, 2, 3`, tx.Board, tx.Now)
	return by, err
}

// Tokens answers every token of the board, the newest first, revoked ones included.
func (s *Service) Tokens(ctx context.Context, actor policy.Actor) (all []Token, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.AccountManage, policy.Scope{}); err != nil {
			return err
		}
		all, err = db.All(ctx, tx, func(row db.Row) (t Token, err error) {
			err = row.Scan(&t.ID, &t.Login, &t.Label, &t.CreatedAt, db.When(&t.RevokedAt))
			return t, err
		}, `SELECT substr(t.hash, 1, 16), a.login, t.label, t.created_at, t.revoked_at
			FROM account_token t JOIN account a ON a.board_id = t.board_id AND a.id = t.account_id
			WHERE t.board_id = $1 ORDER BY t.created_at DESC, t.hash`, tx.Board)
		return err
	})
	return all, err
}

// RevokeToken makes a token open nothing from now on. NotFound when the board
// has no such token, or it was revoked already.
func (s *Service) RevokeToken(ctx context.Context, actor policy.Actor, id string) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.AccountManage, policy.Scope{}); err != nil {
			return err
		}
		owners, err := db.All(ctx, tx, func(row db.Row) (owner string, err error) {
			err = row.Scan(&owner)
			return owner, err
		}, `UPDATE account_token SET revoked_at = $3 WHERE board_id = $1 AND substr(hash, 1, 16) = $2 AND revoked_at IS NULL
			RETURNING account_id`, tx.Board, id, tx.Now)
		if err != nil {
			return err
		}
		if len(owners) == 0 {
			return fault.New(fault.NotFound, "account.token_unknown")
		}
		return audit.Write(ctx, tx, actor, "token.revoked", "account:"+owners[0])
	})
}
