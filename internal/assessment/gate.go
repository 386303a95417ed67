package assessment

import (
	"context"

	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

// MayApprove refuses to approve a platform for which something leaves Québec while
// nobody has found its protection adequate (QC-OUT-01): place is where the
// evaluation found the pupils' data. To refuse a platform stays possible.
func MayApprove(ctx context.Context, tx *db.Tx, pack *policy.Pack, r request.Request, place evaluation.Location) error {
	if _, asked := pack.Clause(ClauseTransfer); !asked || r.Privacy.Personal == "no" {
		return nil
	}
	leaves := outside(place)
	if r.Privacy.Assessment != "" {
		a, err := get(ctx, tx, ID(r.Privacy.Assessment))
		if err != nil {
			return err
		}
		if leaves && a.Answers[askHosting].Value != string(place) {
			return fault.New(fault.Conflict, "assessment.place_changed").Under(ClauseTransfer)
		}
		leaves = leaves || a.Leaves(pack.AssessmentForm())
	}
	switch {
	case r.Privacy.Transfer == "no":
		return fault.New(fault.Conflict, "assessment.transfer_inadequate").Under(ClauseTransfer)
	case leaves && r.Privacy.Transfer == "":
		return fault.New(fault.Conflict, "assessment.transfer_missing").Under(ClauseTransfer)
	}
	return nil
}
