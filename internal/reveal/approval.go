package reveal

import (
	"context"
	"fmt"
	"slices"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/org"
	"aval/internal/policy"
)

// The jobs that tell of an approval: who may give it, and who has it. Their id is its own.
const (
	Asking  job.Kind = "notice.asked"
	Allowed job.Kind = "notice.allowed"
)

// More is what someone asks a second person to allow beyond the quota.
type More struct {
	Org    string // school at which they look; empty for who looks at the whole board, or at one school only
	Sets   bool   // one class set or file, not single look-ups
	Extra  int
	Reason string
	Note   string
}

// AskApproval asks for more than the quota. It refuses (Denied) who may not look
// at that school at all.
func (s *Service) AskApproval(ctx context.Context, actor policy.Actor, m More) (a Approval, err error) {
	do := m.action(actor.Pack)
	at, err := place(actor, do, m.Org)
	if err != nil {
		return Approval{}, err
	}
	a = Approval{ID: db.NewID(), AskedBy: actor.ID, Org: at, Sets: m.Sets, Extra: m.Extra, Reason: m.Reason, Note: m.Note}
	if err := a.check(actor.Pack, do); err != nil {
		return Approval{}, err
	}
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		a.AskedAt = tx.Now
		if err := insertApproval(ctx, tx, a); err != nil {
			return err
		}
		if err := job.Enqueue(ctx, tx, Asking, a.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "reveal.approval_asked", "reveal_approval:"+a.ID, audit.Under("1.3e"),
			audit.Note(fmt.Sprintf("sets=%t extra=%d reason=%s", a.Sets, a.Extra, a.Reason)))
	})
	if err != nil {
		return Approval{}, err
	}
	return a, nil
}

// action is what is asked for: a set is a class's cards or a file, as the reason says.
func (m More) action(pack *policy.Pack) policy.Action {
	switch {
	case !m.Sets:
		return policy.RevealName
	case slices.Contains(pack.RevealReason(m.Reason).For, policy.RevealFile):
		return policy.RevealFile
	}
	return policy.RevealClass
}

// place is where an approval is to hold: the whole board for who looks at all of
// it, else the school that was named, or their only one.
func place(actor policy.Actor, do policy.Action, named string) (string, error) {
	schools, board := places(actor, do)
	switch {
	case board:
		return "", nil
	case len(schools) == 0:
		return "", actor.Allow(do, policy.Scope{})
	case named == "" && len(schools) == 1:
		return schools[0], nil
	case named == "":
		return "", fault.Form(map[string]string{"org": "reveal.org_required"})
	case !slices.Contains(schools, named):
		return "", fault.Missing()
	}
	return named, nil
}

// places are the schools at which someone looks, unless they look at the whole board.
func places(actor policy.Actor, do policy.Action) (schools []string, board bool) {
	for _, rule := range actor.Reach(do).Rules {
		switch {
		case rule.Board:
			return nil, true
		case len(rule.Classes) > 0:
			schools = append(schools, actor.Orgs(policy.Teacher, policy.Professional)...)
		default:
			schools = append(schools, rule.Orgs...)
		}
	}
	slices.Sort(schools)
	return slices.Compact(schools), false
}

// Places answers the schools for which the actor may ask for more; none for who
// looks at the whole board. It refuses (Denied) who may look nowhere.
func (s *Service) Places(ctx context.Context, actor policy.Actor) (list []org.Org, err error) {
	schools, board := places(actor, policy.RevealName)
	if !board && len(schools) == 0 {
		return nil, actor.Allow(policy.RevealName, policy.Scope{})
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		for _, id := range schools {
			o, err := org.Get(ctx, tx, id)
			if err != nil {
				return err
			}
			list = append(list, o)
		}
		return nil
	})
	return list, err
}

// Approve allows what was asked, for an hour. It refuses (Denied, under 1.3 e) who
// asked; (Conflict) what somebody allowed already, or what was asked a day ago.
func (s *Service) Approve(ctx context.Context, actor policy.Actor, id string) (a Approval, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if a, err = GetApproval(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.RevealApprove, a.scope()); err != nil {
			return err
		}
		if err := a.approve(actor, tx.Now); err != nil {
			return err
		}
		if err := keepApproved(ctx, tx, a); err != nil {
			return err
		}
		if err := job.Enqueue(ctx, tx, Allowed, a.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "reveal.approved", "reveal_approval:"+a.ID, audit.Under("1.3e"),
			audit.As(actor.GrantFor(policy.RevealApprove, a.scope())), audit.Note("for account:"+a.AskedBy))
	})
	if err != nil {
		return Approval{}, err
	}
	return a, nil
}

// Asked is an approval that awaits someone, with what people call who and where.
type Asked struct {
	Approval
	Asker  string
	School string // empty for the whole board
}

// Pending lists what the actor may allow: what others asked within a day, the
// oldest first. It refuses (Denied) who may allow nothing.
func (s *Service) Pending(ctx context.Context, actor policy.Actor) (list []Asked, err error) {
	if len(actor.Reach(policy.RevealApprove).Rules) == 0 {
		return nil, actor.Allow(policy.RevealApprove, policy.Scope{})
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		list, err = Awaiting(ctx, tx, actor)
		return err
	})
	return list, err
}

// Awaiting answers the same to who may allow something, and nothing to others.
func Awaiting(ctx context.Context, tx *db.Tx, actor policy.Actor) ([]Asked, error) {
	reach := actor.Reach(policy.RevealApprove)
	if len(reach.Rules) == 0 {
		return nil, nil
	}
	where, args := reach.Where(actor, policy.Columns{Org: "org_id"}, 4)
	asked, err := db.All(ctx, tx, scanApproval, `SELECT `+approvalColumns+` FROM reveal_approval
		WHERE board_id = $1 AND approved_by = '' AND asked_at > $2 AND asked_by <> $3 AND `+where+` ORDER BY asked_at, id`,
		append([]any{tx.Board, tx.Now.Add(-askedFor), actor.ID}, args...)...)
	if err != nil {
		return nil, err
	}
	return called(ctx, tx, asked)
}

func called(ctx context.Context, tx *db.Tx, asked []Approval) (list []Asked, err error) {
	ids := make([]string, len(asked))
	for i, a := range asked {
		ids[i] = a.AskedBy
	}
	names, err := account.Names(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	for _, a := range asked {
		line := Asked{Approval: a, Asker: names[a.AskedBy]}
		if a.Org != "" {
			at, err := org.Get(ctx, tx, a.Org)
			if err != nil {
				return nil, err
			}
			line.School = at.Name
		}
		list = append(list, line)
	}
	return list, nil
}
