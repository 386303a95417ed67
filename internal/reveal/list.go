package reveal

import (
	"context"

	"aval/internal/account"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

// Filter narrows a list of looks.
type Filter struct {
	Actor string // account; everyone when empty
	After string // id of the last look of the page before
}

// PageSize is how many looks a page of List holds.
const PageSize = 100

// List answers the looks that the actor may read, the newest first. It refuses
// (Denied) who may read none.
func (s *Service) List(ctx context.Context, actor policy.Actor, f Filter) (looks []Look, err error) {
	reach := actor.Reach(policy.RevealRead)
	if len(reach.Rules) == 0 {
		return nil, actor.Allow(policy.RevealRead, policy.Scope{})
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		where, args := reach.Where(actor, policy.Columns{Owner: "actor_id", Org: "org_id"}, 5)
		looks, err = db.All(ctx, tx, scan, `SELECT `+columns+` FROM reveal WHERE board_id = $1
			AND (CAST($2 AS text) = '' OR actor_id = $2)
			AND (CAST($3 AS text) = '' OR (at, id) < (SELECT at, id FROM reveal WHERE board_id = $1 AND id = $3))
			AND `+where+` ORDER BY at DESC, id DESC LIMIT $4`, append([]any{tx.Board, f.Actor, f.After, PageSize}, args...)...)
		if err != nil {
			return err
		}
		return name(ctx, tx, looks)
	})
	return looks, err
}

// Pupil is what a pupil's page holds: where they are, and who looked.
type Pupil struct {
	Person
	Schools []string // names
	Looks   []Look   // the newest first
	Kin     bool     // the actor may ask who answers for the pupil
}

// mostSeen bounds the looks on a pupil's page.
const mostSeen = 200

// Pupil answers the page of a pupil to those who may read who looked at them:
// their teachers, their school's principals, and who reads it for the board. To
// others, the pupil is not there.
func (s *Service) Pupil(ctx context.Context, actor policy.Actor, id string) (p Pupil, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		who, err := person.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		all, classes, err := scopes(ctx, tx, who)
		if err != nil {
			return err
		}
		if who.Kind != person.Student || !canAny(actor, policy.RevealRead, all) {
			return fault.Missing()
		}
		p.Person, p.Kin = personOf(who, classes), canAny(actor, policy.RevealGuardians, all)
		for _, at := range all {
			if at.Org == "" {
				continue
			}
			o, err := org.Get(ctx, tx, at.Org)
			if err != nil {
				return err
			}
			p.Schools = append(p.Schools, o.Name)
		}
		p.Looks, err = seen(ctx, tx, id, classes)
		return err
	})
	if err != nil {
		return Pupil{}, err
	}
	return p, nil
}

func canAny(actor policy.Actor, do policy.Action, all []policy.Scope) bool {
	for _, scope := range all {
		if actor.Can(do, scope) {
			return true
		}
	}
	return false
}

func seen(ctx context.Context, tx *db.Tx, id string, classes []person.Class) ([]Look, error) {
	in := make([]string, len(classes))
	for i, c := range classes {
		in[i] = c.ID
	}
	looks, err := about(ctx, tx, id, in, mostSeen)
	if err != nil {
		return nil, err
	}
	return looks, name(ctx, tx, looks)
}

// name puts in who looked, and who allowed more.
func name(ctx context.Context, tx *db.Tx, looks []Look) error {
	var ids []string
	for _, l := range looks {
		ids = append(ids, l.Actor, l.Second)
	}
	names, err := account.Names(ctx, tx, ids)
	for i, l := range looks {
		looks[i].By, looks[i].Allowed = names[l.Actor], names[l.Second]
	}
	return err
}
