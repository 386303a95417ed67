package decision

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

// Cause is why a decided platform is evaluated again.
type Cause string

// The causes. A correction is how a decided evaluation is put right: the decision
// keeps the findings it was made on, and a new one is made.
const (
	Cycle      Cause = "cycle"      // so many months have passed
	Terms      Cause = "terms"      // the vendor changed its terms
	Renewing   Cause = "renewal"    // a licence is about to be renewed (2.3)
	Inspection Cause = "inspection" // something else was seen of it since
	Incident   Cause = "incident"
	Correction Cause = "correction"
	OtherCause Cause = "other"
)

// Causes are the choices, in the order shown.
var Causes = []Cause{Cycle, Terms, Renewing, Inspection, Incident, Correction, OtherCause}

const (
	controlRenewed = "renewal.evaluated"
	clauseRenewed  = "D-45"
)

// renewal is the clause that asks for evaluating again: a policy of its own may,
// else it is the evaluation's.
func renewal(pack *policy.Pack, cause Cause) string {
	if _, known := pack.Clause(clauseRenewed); known {
		return clauseRenewed
	}
	if cause == Renewing {
		return "2.3"
	}
	return "3.1"
}

// Reevaluate opens the request by which a decided platform is evaluated again, for
// a cause and in words. It begins with what the earlier evaluation found, to be
// confirmed or changed criterion by criterion; the decision that it leads to takes
// the place of this one, which stands until then. It is refused (Conflict) where
// another decision counts already, or another request is open.
func (s *Service) Reevaluate(ctx context.Context, actor policy.Actor, id ID, cause Cause, reason string) (r request.Request, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		a, err := read(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.DecisionReevaluate, a.request.Scope()); err != nil {
			return err
		}
		clause := renewal(actor.Pack, cause)
		if a.request.Party(actor, policy.DecisionReevaluate) {
			return fault.New(fault.Denied, "evaluation.asked").Under("3.1")
		}
		if reason, err = checkCause(cause, reason, clause); err != nil {
			return err
		}
		last, _, err := LastFor(ctx, tx, a.PlatformID, a.OrgID)
		if err != nil {
			return err
		}
		if last.ID != id {
			return fault.New(fault.Conflict, "decision.superseded").Under(clause)
		}
		if r, err = request.EvaluateAgain(ctx, tx, actor, a.request, clause); err != nil {
			return err
		}
		if err := evaluation.CarryOver(ctx, tx, r.Policy(actor), a.RequestID, r.ID, evaluation.Source{
			Request: a.RequestID, Number: a.request.Number, Kind: string(cause), Reason: reason}); err != nil {
			return err
		}
		if err := insertAgain(ctx, tx, again{request: r.ID, decision: id, cause: cause, reason: reason, by: actor.ID}); err != nil {
			return err
		}
		if err := policy.Mark(ctx, tx, controlRenewed, a.Subject(), policy.Waiting); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "decision.reevaluated", a.Subject(), audit.Under(clause),
			audit.Note(fmt.Sprintf("request=%s cause=%s", r.ID, cause)))
	})
	return r, err
}

func mayReevaluate(ctx context.Context, tx *db.Tx, actor policy.Actor, a about) (bool, error) {
	if !actor.Can(policy.DecisionReevaluate, a.request.Scope()) || a.request.Party(actor, policy.DecisionReevaluate) {
		return false, nil
	}
	last, _, err := LastFor(ctx, tx, a.PlatformID, a.OrgID)
	return last.ID == a.ID, err
}

func checkCause(cause Cause, reason, clause string) (string, error) {
	fields := map[string]string{}
	switch {
	case cause == "":
		fields["cause"] = "decision.cause_required"
	case !slices.Contains(Causes, cause):
		fields["cause"] = "decision.cause_unknown"
	}
	switch reason = i18n.Clean(reason); {
	case reason == "":
		fields["reason"] = "decision.again_reason"
	case utf8.RuneCountInString(reason) > maxText:
		fields["reason"] = "decision.text_long"
	}
	err := fault.Form(fields)
	if refusal, ok := fault.As(err); ok {
		return reason, refusal.Under(clause)
	}
	return reason, err
}

// renewed says, of a decision that follows another, that the platform was evaluated again.
func renewed(ctx context.Context, tx *db.Tx, d Decision) error {
	a, found, err := AgainFor(ctx, tx, d.RequestID)
	if err != nil || !found {
		return err
	}
	return policy.Mark(ctx, tx, controlRenewed, "decision:"+string(a.Decision), policy.Conform)
}

// Due is a decided platform whose turn has come to be evaluated again, by the
// board's own cycle.
type Due struct {
	Decision ID
	Platform string
	Org      string // name
	On       string // the day, as 2006-01-02
	Overdue  bool
	Clause   string // that asks for it
}

// due answers the decisions that count and whose day has come, or comes within the
// board's reminder, oldest first. A board that has no cycle has none.
func due(ctx context.Context, tx *db.Tx, settings policy.Settings) ([]Due, error) {
	if settings.ReevaluateMonths <= 0 {
		return nil, nil
	}
	now := tx.Now.In(i18n.Zone)
	soon := now.AddDate(0, -settings.ReevaluateMonths, max(settings.ReminderDays, 0)+1)
	found, err := standing(ctx, tx, soon)
	if err != nil {
		return nil, err
	}
	today := now.Format(time.DateOnly)
	list := found[:0]
	for _, d := range found {
		d.On = d.decidedAt.In(i18n.Zone).AddDate(0, settings.ReevaluateMonths, 0).Format(time.DateOnly)
		d.Overdue = d.On < today
		if d.On <= now.AddDate(0, 0, max(settings.ReminderDays, 0)).Format(time.DateOnly) {
			list = append(list, d)
		}
	}
	all := make([]Due, len(list))
	for i, d := range list {
		all[i] = d.Due
	}
	return all, nil
}

// Due answers what the actor may evaluate again, because the board's own cycle asks for it.
func (s *Service) Due(ctx context.Context, actor policy.Actor) (list []Due, err error) {
	if !actor.Can(policy.DecisionReevaluate, policy.Scope{State: string(request.Decided)}) {
		return nil, nil
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		list, err = due(ctx, tx, actor.Settings)
		for i := range list {
			list[i].Clause = renewal(actor.Pack, Cycle)
		}
		return err
	})
	return list, err
}

// SweepDue marks, of the board's decisions, those whose turn has come (waiting) and
// those whose day has passed (an exception).
func (s *Service) SweepDue(ctx context.Context, board string, settings policy.Settings) error {
	return s.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		list, err := due(ctx, tx, settings)
		if err != nil {
			return err
		}
		for _, d := range list {
			outcome := policy.Waiting
			if d.Overdue {
				outcome = policy.Exception
			}
			if err := policy.Mark(ctx, tx, controlRenewed, "decision:"+string(d.Decision), outcome); err != nil {
				return err
			}
		}
		return nil
	})
}

// Again is why a request evaluates a platform again, for its page.
type Again struct {
	Cause    Cause
	Reason   string
	Decision ID // that stands until the next
}

// AgainFor answers why a request evaluates a platform again; false of any other request.
func AgainFor(ctx context.Context, tx *db.Tx, id request.ID) (a Again, found bool, err error) {
	list, err := db.All(ctx, tx, func(row db.Row) (a Again, err error) {
		err = row.Scan(&a.Cause, &a.Reason, &a.Decision)
		return a, err
	}, `SELECT kind, reason, decision_id FROM reevaluation WHERE board_id = $1 AND request_id = $2`, tx.Board, string(id))
	if err != nil || len(list) == 0 {
		return a, false, err
	}
	return list[0], true, nil
}

type again struct {
	request  request.ID
	decision ID
	cause    Cause
	reason   string
	by       string
}

func insertAgain(ctx context.Context, tx *db.Tx, a again) error {
	_, err := tx.Exec(ctx, `INSERT INTO reevaluation (board_id, request_id, decision_id, kind, reason, opened_by, opened_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, tx.Board, string(a.request), string(a.decision), string(a.cause), a.reason, a.by, tx.Now)
	return err
}

// standingDecision is a decision that counts in the catalogue.
type standingDecision struct {
	Due
	decidedAt time.Time
}

// standing reads the decisions that count, were made before a moment, and that
// nothing under way evaluates again.
func standing(ctx context.Context, tx *db.Tx, before time.Time) ([]standingDecision, error) {
	return db.All(ctx, tx, func(row db.Row) (d standingDecision, err error) {
		err = row.Scan(&d.Decision, &d.Platform, &d.Org, &d.decidedAt)
		return d, err
	}, `SELECT d.id, p.name, o.name, d.decided_at FROM decision d
		JOIN platform p ON p.board_id = d.board_id AND p.id = d.platform_id AND p.decision_id = d.id
		JOIN org o ON o.board_id = d.board_id AND o.id = d.org_id
		WHERE d.board_id = $1 AND d.overall <> 'refused' AND d.decided_at < $2
			AND NOT EXISTS (SELECT 1 FROM reevaluation v
				JOIN request r ON r.board_id = v.board_id AND r.id = v.request_id
				WHERE v.board_id = d.board_id AND v.decision_id = d.id
					AND r.state IN ('authorised', 'acknowledged', 'evaluated'))
		ORDER BY d.decided_at, d.id`, tx.Board, before)
}
