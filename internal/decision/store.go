package decision

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/request"
)

const columns = `id, request_id, platform_id, org_id, use_result, use_reasons, use_conditions,
	security_result, security_reasons, security_conditions, overall, findings, exception, decided_by, decided_at,
	received_by, received_at, due_on, refusal_reasons, version`

func scan(row db.Row) (d Decision, err error) {
	var findings, because string
	if err := row.Scan(&d.ID, &d.RequestID, &d.PlatformID, &d.OrgID,
		&d.Use.Result, &d.Use.Reasons, &d.Use.Conditions,
		&d.Security.Result, &d.Security.Reasons, &d.Security.Conditions, &d.Overall, &findings, &d.Exception,
		&d.DecidedBy, &d.DecidedAt, &d.ReceivedBy, db.When(&d.ReceivedAt), &d.DueOn, &because, &d.Version); err != nil {
		return d, err
	}
	if err := json.Unmarshal([]byte(findings), &d.Findings); err != nil {
		return d, fmt.Errorf("findings of decision %s: %w", d.ID, err)
	}
	if err := json.Unmarshal([]byte(because), &d.Because); err != nil {
		return d, fmt.Errorf("reasons of decision %s: %w", d.ID, err)
	}
	return d, nil
}

// Get reads a decision, or answers NotFound.
func Get(ctx context.Context, tx *db.Tx, id ID) (Decision, error) {
	return db.One(ctx, tx, scan, `SELECT `+columns+` FROM decision WHERE board_id = $1 AND id = $2`, tx.Board, string(id))
}

// For reads the decision of a request; false when there is none.
func For(ctx context.Context, tx *db.Tx, requestID request.ID) (Decision, bool, error) {
	return perhaps(db.One(ctx, tx, scan, `SELECT `+columns+` FROM decision
		WHERE board_id = $1 AND request_id = $2`, tx.Board, string(requestID)))
}

// LastFor reads the last decision given to a school or department on a platform
// (4.1 b); false when there is none.
func LastFor(ctx context.Context, tx *db.Tx, platformID catalogue.ID, orgID string) (Decision, bool, error) {
	return perhaps(db.One(ctx, tx, scan, `SELECT `+columns+` FROM decision
		WHERE board_id = $1 AND platform_id = $2 AND org_id = $3 ORDER BY decided_at DESC, id LIMIT 1`,
		tx.Board, string(platformID), orgID))
}

// unfollowed reads the decisions that count and whose conditions nobody follows yet.
func unfollowed(ctx context.Context, tx *db.Tx) ([]Decision, error) {
	return db.All(ctx, tx, scan, `SELECT `+columns+` FROM decision d WHERE d.board_id = $1 AND d.overall = 'conditional'
		AND EXISTS (SELECT 1 FROM platform p WHERE p.board_id = d.board_id AND p.decision_id = d.id)
		AND NOT EXISTS (SELECT 1 FROM condition c WHERE c.board_id = d.board_id AND c.decision_id = d.id)
		ORDER BY d.id`, tx.Board)
}

// becauseOf reads why some decisions refuse.
func becauseOf(ctx context.Context, tx *db.Tx, ids []string) (map[string][]string, error) {
	because := map[string][]string{}
	for part := range slices.Chunk(ids, 500) {
		args := []any{tx.Board}
		for _, id := range part {
			args = append(args, id)
		}
		found, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM decision WHERE board_id = $1 AND overall = 'refused' AND id IN `+
			db.In(2, len(part)), args...)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			because[string(d.ID)] = d.Because
		}
	}
	return because, nil
}

func perhaps(d Decision, err error) (Decision, bool, error) {
	if fault.Is(err, fault.NotFound) {
		return Decision{}, false, nil
	}
	return d, err == nil, err
}

func insert(ctx context.Context, tx *db.Tx, d Decision) error {
	findings, err := json.Marshal(d.Findings)
	if err != nil {
		return fmt.Errorf("findings of decision %s: %w", d.ID, err)
	}
	because, err := json.Marshal(append([]string{}, d.Because...))
	if err != nil {
		return fmt.Errorf("reasons of decision %s: %w", d.ID, err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO decision (board_id, id, request_id, platform_id, org_id, use_result, use_reasons,
			use_conditions, security_result, security_reasons, security_conditions, overall, findings, exception,
			decided_by, decided_at, due_on, refusal_reasons)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		tx.Board, string(d.ID), string(d.RequestID), string(d.PlatformID), d.OrgID,
		string(d.Use.Result), d.Use.Reasons, d.Use.Conditions,
		string(d.Security.Result), d.Security.Reasons, d.Security.Conditions, string(d.Overall), string(findings), d.Exception,
		d.DecidedBy, d.DecidedAt, d.DueOn, string(because))
	return err
}

// update keeps the receipt, the only thing of a decision that comes after it,
// and says to others that something was done about it.
func update(ctx context.Context, tx *db.Tx, d *Decision) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE decision SET received_by = $4, received_at = $5, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, string(d.ID), d.Version, d.ReceivedBy,
		db.Moment(d.ReceivedAt)))
	if err == nil {
		d.Version++
	}
	return err
}

const contestColumns = `id, decision_id, explanation, opened_by, opened_at, talk_on, talk_note, next_step, answer,
	answered_by, answered_at, follow_up_id, version`

func scanContest(row db.Row) (c Contest, err error) {
	err = row.Scan(&c.ID, &c.DecisionID, &c.Explanation, &c.OpenedBy, &c.OpenedAt, &c.TalkOn, &c.TalkNote, &c.NextStep,
		&c.Answer, &c.AnsweredBy, db.When(&c.AnsweredAt), &c.FollowUp, &c.Version)
	return c, err
}

// GetContest reads a contest, or answers NotFound.
func GetContest(ctx context.Context, tx *db.Tx, id string) (Contest, error) {
	return db.One(ctx, tx, scanContest, `SELECT `+contestColumns+` FROM contest WHERE board_id = $1 AND id = $2`,
		tx.Board, id)
}

// contestOf reads the contest of a decision; false when nobody disagreed.
func contestOf(ctx context.Context, tx *db.Tx, id ID) (Contest, bool, error) {
	c, err := db.One(ctx, tx, scanContest, `SELECT `+contestColumns+` FROM contest
		WHERE board_id = $1 AND decision_id = $2 ORDER BY opened_at DESC LIMIT 1`, tx.Board, string(id))
	if fault.Is(err, fault.NotFound) {
		return Contest{}, false, nil
	}
	return c, err == nil, err
}

func insertContest(ctx context.Context, tx *db.Tx, c Contest) error {
	_, err := tx.Exec(ctx, `INSERT INTO contest (board_id, id, decision_id, explanation, opened_by, opened_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		tx.Board, c.ID, string(c.DecisionID), c.Explanation, c.OpenedBy, c.OpenedAt, c.Version)
	return err
}

func updateContest(ctx context.Context, tx *db.Tx, c *Contest) error {
	err := db.Changed(tx.Exec(ctx, `UPDATE contest SET talk_on = $4, talk_note = $5, next_step = $6, answer = $7,
			answered_by = $8, answered_at = $9, follow_up_id = $10, version = version + 1
		WHERE board_id = $1 AND id = $2 AND version = $3`, tx.Board, c.ID, c.Version, c.TalkOn, c.TalkNote,
		string(c.NextStep), c.Answer, c.AnsweredBy, db.Moment(c.AnsweredAt), string(c.FollowUp)))
	if err == nil {
		c.Version++
	}
	return err
}

// names reads what people and places in a letter are called.
type names struct{ board, org, orgKind, author, decider string }

func readNames(ctx context.Context, tx *db.Tx, r request.Request, d Decision) (n names, err error) {
	return db.One(ctx, tx, func(row db.Row) (n names, err error) {
		err = row.Scan(&n.board, &n.org, &n.orgKind, &n.author, &n.decider)
		return n, err
	}, `SELECT b.name, o.name, o.kind, a.name, COALESCE(d.name, '')
		FROM org o
		JOIN board b ON b.id = o.board_id
		JOIN account a ON a.board_id = o.board_id AND a.id = $3
		LEFT JOIN account d ON d.board_id = o.board_id AND d.id = $4
		WHERE o.board_id = $1 AND o.id = $2`, tx.Board, d.OrgID, r.AuthorID, d.DecidedBy)
}

// accountName reads a person's name; "" for nobody and for the command line.
func accountName(ctx context.Context, tx *db.Tx, id string) (string, error) {
	name, err := db.One(ctx, tx, func(row db.Row) (name string, err error) {
		err = row.Scan(&name)
		return name, err
	}, `SELECT name FROM account WHERE board_id = $1 AND id = $2`, tx.Board, id)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return name, err
}
