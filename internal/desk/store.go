package desk

import (
	"context"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/policy"
	"aval/internal/request"
)

// most is how many letters a desk shows at once.
const most = 100

// columns are those of a request that a permission compares.
var columns = policy.Columns{
	Owner: "r.author_id",
	Also: `EXISTS (SELECT 1 FROM request_joiner j
		WHERE j.board_id = r.board_id AND j.request_id = r.id AND j.account_id = %s)`,
	Org:     "r.org_id",
	State:   "r.state",
	Pack:    "r.pack",
	Version: "r.pack_version",
}

// letters reads the decisions whose receipt is the actor's to give.
func letters(ctx context.Context, tx *db.Tx, actor policy.Actor) ([]Letter, error) {
	reach := actor.Reach(policy.DecisionAcknowledge)
	if reach.None() {
		return nil, nil
	}
	where, args := reach.Where(actor, columns, 3)
	return db.All(ctx, tx, func(row db.Row) (l Letter, err error) {
		var at time.Time
		err = row.Scan(&l.Decision, &l.Platform, &l.Org, &l.Overall, &at)
		l.Days, l.At = days(at, tx.Now), at
		return l, err
	}, `SELECT d.id, p.name, o.name, d.overall, d.decided_at FROM decision d
		JOIN request r ON r.board_id = d.board_id AND r.id = d.request_id
		JOIN platform p ON p.board_id = d.board_id AND p.id = d.platform_id
		JOIN org o ON o.board_id = d.board_id AND o.id = d.org_id
		WHERE d.board_id = $1 AND d.received_at IS NULL AND `+where+`
		ORDER BY d.decided_at, d.id LIMIT $2`, append([]any{tx.Board, most}, args...)...)
}

// disputes reads the disagreements that await the actor's answer.
func disputes(ctx context.Context, tx *db.Tx, actor policy.Actor) ([]Letter, error) {
	reach := actor.Reach(policy.ContestAnswer)
	if reach.None() {
		return nil, nil
	}
	where, args := reach.Where(actor, columns, 3)
	return db.All(ctx, tx, func(row db.Row) (l Letter, err error) {
		var at time.Time
		err = row.Scan(&l.Contest, &l.Decision, &l.Platform, &l.Org, &l.Overall, &at)
		l.Days, l.At = days(at, tx.Now), at
		return l, err
	}, `SELECT c.id, d.id, p.name, o.name, d.overall, c.opened_at FROM contest c
		JOIN decision d ON d.board_id = c.board_id AND d.id = c.decision_id
		JOIN request r ON r.board_id = d.board_id AND r.id = d.request_id
		JOIN platform p ON p.board_id = d.board_id AND p.id = d.platform_id
		JOIN org o ON o.board_id = d.board_id AND o.id = d.org_id
		WHERE c.board_id = $1 AND c.answered_at IS NULL AND `+where+`
		ORDER BY c.opened_at, c.id LIMIT $2`, append([]any{tx.Board, most}, args...)...)
}

// standing reads what already stands for a platform at these places.
func standing(ctx context.Context, tx *db.Tx, actor policy.Actor, id catalogue.ID, places []string) (*Standing, error) {
	args := []any{tx.Board, string(id), actor.ID}
	for _, p := range places {
		args = append(args, p)
	}
	found, err := db.All(ctx, tx, func(row db.Row) (request.ID, error) {
		var id request.ID
		err := row.Scan(&id)
		return id, err
	}, `SELECT r.id FROM request r WHERE r.board_id = $1 AND r.platform_id = $2
		AND (r.state IN ('submitted', 'authorised', 'acknowledged', 'evaluated')
			OR r.state IN ('draft', 'returned') AND r.author_id = $3)
		AND r.org_id IN `+db.In(4, len(places))+` ORDER BY r.created_at, r.id`, args...)
	if err != nil {
		return nil, err
	}
	var first *Standing
	for _, id := range found {
		r, err := request.Get(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		one := &Standing{ID: r.ID, Number: r.Number, State: r.State, Org: r.OrgID,
			Mine: r.AskedBy(actor.ID) || actor.Can(policy.RequestRead, r.Scope())}
		if r.AskedBy(actor.ID) {
			return one, nil
		}
		if first == nil || one.Mine && !first.Mine {
			first = one
		}
	}
	return first, nil
}

// asked reads the requests for a platform that the actor may read, the newest first.
func asked(ctx context.Context, tx *db.Tx, actor policy.Actor, id catalogue.ID) ([]Line, error) {
	where, args := actor.Reach(policy.RequestRead).Where(actor, columns, 4)
	decided := len(actor.Reach(policy.DecisionRead).Rules) > 0
	return db.All(ctx, tx, func(row db.Row) (l Line, err error) {
		err = row.Scan(&l.ID, &l.Number, &l.State, &l.StateAt, &l.Org, &l.Result)
		if !decided {
			l.Result = ""
		}
		return l, err
	}, `SELECT r.id, r.number, r.state, r.state_at, o.name, COALESCE(d.overall, '') FROM request r
		JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id
		LEFT JOIN decision d ON d.board_id = r.board_id AND d.request_id = r.id
		WHERE r.board_id = $1 AND r.platform_id = $2 AND `+where+`
		ORDER BY r.created_at DESC, r.id DESC LIMIT $3`, append([]any{tx.Board, string(id), most}, args...)...)
}
