package request

import (
	"context"
	"maps"
	"slices"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
)

// Where a policy asks whose data a platform would hold (policy B, the statement).
const (
	clauseSubjects  = "PB.e2"
	controlSubjects = "data.subjects"
)

// AboutPupils tells whether pupils' data are among those of the request: always,
// where the policy does not ask whose they are.
func (r Request) AboutPupils(pack *policy.Pack) bool {
	return len(pack.DataSubjects) == 0 || slices.Contains(r.Subjects, policy.Pupils)
}

// whose refuses a request that does not say whose data the platform would hold,
// where the policy asks.
func (r Request) whose(pack *policy.Pack) error {
	if len(pack.DataSubjects) == 0 || len(r.Subjects) > 0 {
		return nil
	}
	return fault.Under(fault.Form(map[string]string{"subjects": "request.subjects_required"}), clauseSubjects)
}

// knownSubjects refuses what is not among those that the policy speaks of.
func knownSubjects(pack *policy.Pack, codes []string) error {
	for _, code := range codes {
		if _, known := pack.DataSubject(code); !known {
			return fault.Form(map[string]string{"subjects": "request.subjects_unknown"})
		}
	}
	return nil
}

// with is a refusal of a form with the fields of another; the first keeps its clause.
func with(err, other error) error {
	first, ok1 := fault.As(err)
	second, ok2 := fault.As(other)
	switch {
	case err == nil:
		return other
	case !ok1 || !ok2 || len(first.Fields) == 0:
		return err
	}
	fields := maps.Clone(first.Fields)
	maps.Copy(fields, second.Fields)
	return fault.Under(fault.FormMsg(fields), first.Clause)
}

// setSubjects keeps whose data a request is about.
func setSubjects(ctx context.Context, tx *db.Tx, r Request) error {
	if _, err := tx.Exec(ctx, `DELETE FROM request_subject WHERE board_id = $1 AND request_id = $2`,
		tx.Board, string(r.ID)); err != nil {
		return err
	}
	for _, subject := range r.Subjects {
		if _, err := tx.Exec(ctx, `INSERT INTO request_subject (board_id, request_id, subject) VALUES ($1, $2, $3)`,
			tx.Board, string(r.ID), subject); err != nil {
			return err
		}
	}
	return nil
}
