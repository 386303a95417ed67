package contract

import (
	"context"
	"slices"
	"strings"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/policy"
)

// The controls that contracts carry.
const (
	ControlWritten      = "contract.written"      // QC-CON-01
	ControlUndertakings = "contract.undertakings" // QC-CON-02
	ControlVerified     = "contract.verified"     // QC-CON-03
	ControlTransfer     = "transfer.agreed"       // QC-OUT-02
	ControlTerms        = "contract.terms"        // ON-CON-01
	ControlOverseen     = "contract.overseen"     // ON-SAFE-01, D-44
)

// Gate is what a licence asks before it is kept (licence.Gate): where personal
// information is touched, a contract stands on the day it begins. A board whose law
// requires the contract refuses otherwise (QC-CON-01); elsewhere the licence is an
// exception until one stands (ON-CON-01).
func Gate(ctx context.Context, tx *db.Tx, actor policy.Actor, l licence.Licence) error {
	if !asks(actor.Pack, clauseWritten) && !asks(actor.Pack, clauseTerms) {
		return nil
	}
	lacks, err := lacks(ctx, tx, l)
	switch {
	case err != nil || !lacks:
		return err
	case asks(actor.Pack, clauseWritten):
		return fault.New(fault.Conflict, "contract.needed").Under(clauseWritten)
	}
	return except(ctx, tx, []string{licence.Subject(l.ID)})
}

// lacks tells whether a licence needs a contract and has none that stands, today or on
// the day it begins if that is later.
func lacks(ctx context.Context, tx *db.Tx, l licence.Licence) (bool, error) {
	touched, err := personal(ctx, tx, l.PlatformID)
	if err != nil || !touched {
		return false, err
	}
	stands, err := stands(ctx, tx, l.PlatformID, max(l.StartsOn, i18n.DayOf(tx.Now)))
	return !stands, err
}

// stands tells whether a contract with the vendor of a platform stands on a day.
func stands(ctx context.Context, tx *db.Tx, id catalogue.ID, day string) (bool, error) {
	list, err := ForPlatform(ctx, tx, id)
	return slices.ContainsFunc(list, func(c Contract) bool { return c.Stands(day) }), err
}

// except marks licences that run without a contract; a board counts it under its own clause.
func except(ctx context.Context, tx *db.Tx, subjects []string) error {
	for _, control := range []string{ControlWritten, ControlTerms} {
		if err := policy.MarkAll(ctx, tx, control, subjects, policy.Exception); err != nil {
			return err
		}
	}
	return nil
}

// relook marks the licences that lack a contract, and takes back those that no longer do.
func relook(ctx context.Context, tx *db.Tx) error {
	list, err := lacking(ctx, tx)
	if err != nil {
		return err
	}
	subjects := make([]string, len(list))
	for i, l := range list {
		subjects[i] = licence.Subject(l.Licence)
	}
	before, err := marked(ctx, tx)
	if err != nil {
		return err
	}
	for _, subject := range before {
		if slices.Contains(subjects, subject) {
			continue
		}
		for _, control := range []string{ControlWritten, ControlTerms} {
			if err := policy.Unmark(ctx, tx, control, subject); err != nil {
				return err
			}
		}
	}
	return except(ctx, tx, subjects)
}

// Sweep looks again at a board: licences that run without a contract, contracts whose
// last day has passed, and verifications that are overdue are exceptions or awaited.
func (s *Service) Sweep(ctx context.Context, board string) error {
	return s.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		if err := relook(ctx, tx); err != nil {
			return err
		}
		list, err := all(ctx, tx)
		if err != nil {
			return err
		}
		for _, l := range list {
			if l.Over(i18n.DayOf(tx.Now)) {
				if err := mark(ctx, tx, l.Contract); err != nil {
					return err
				}
			}
		}
		late, err := overdue(ctx, tx, i18n.DayOf(tx.Now))
		if err != nil {
			return err
		}
		subjects := make([]string, len(late))
		for i, k := range late {
			subjects[i] = k.Subject()
		}
		for _, control := range []string{ControlVerified, ControlOverseen} {
			if err := policy.MarkAll(ctx, tx, control, subjects, policy.Exception); err != nil {
				return err
			}
		}
		return nil
	})
}

// mark says what the controls saw of a contract.
func mark(ctx context.Context, tx *db.Tx, c Contract) error {
	p, err := catalogue.Get(ctx, tx, c.PlatformID)
	if err != nil {
		return err
	}
	saw := map[string]policy.Outcome{ControlWritten: policy.Waiting, ControlTerms: policy.Waiting}
	switch {
	case c.Over(i18n.DayOf(tx.Now)):
		gone, err := settled(ctx, tx, c)
		if err != nil {
			return err
		}
		if gone {
			saw[ControlWritten], saw[ControlTerms] = policy.Conform, policy.Conform
		}
	case c.State == Standing:
		saw[ControlWritten], saw[ControlTerms], saw[ControlUndertakings] = policy.Conform, policy.Conform, policy.Conform
		if c.Kind == Click {
			saw[ControlWritten] = policy.Exception
		}
		if c.Accepted() {
			saw[ControlTerms] = policy.Exception
		}
		if Outside(p.Hosting) && c.mitigated() {
			saw[ControlTransfer] = policy.Conform
		}
	}
	for _, control := range []string{ControlWritten, ControlTerms, ControlUndertakings, ControlTransfer} {
		outcome, seen := saw[control]
		switch {
		case seen:
			err = policy.Mark(ctx, tx, control, c.Subject(), outcome)
		case c.State == Drafted:
			err = policy.Unmark(ctx, tx, control, c.Subject())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// destroyed tells whether the vendor's word that nothing is kept has come: for each
// licence whose accounts it knew, or for the contract where there is none.
func destroyed(ctx context.Context, tx *db.Tx, c Contract) (bool, error) {
	list, err := deletions(ctx, tx, c.PlatformID)
	if err != nil || len(list) == 0 {
		return c.Attestation.On != "", err
	}
	return !slices.ContainsFunc(list, func(d Deletion) bool { return d.AttestedOn == "" }), nil
}

// Waiting answers what awaits who keeps contracts, the oldest first; nothing to others.
func Waiting(ctx context.Context, tx *db.Tx, actor policy.Actor) (tasks []Task, err error) {
	if !actor.Can(policy.ContractManage, policy.Scope{}) {
		return nil, nil
	}
	list, err := all(ctx, tx)
	if err != nil {
		return nil, err
	}
	if tasks, err = lackingTasks(ctx, tx, actor.Pack); err != nil {
		return nil, err
	}
	late, err := overdue(ctx, tx, i18n.DayOf(tx.Now))
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		for _, k := range late {
			if k.ContractID == l.ID {
				tasks = append(tasks, Task{Kind: Overdue, ContractID: l.ID, PlatformID: string(l.PlatformID), Platform: l.Platform, Topic: k.Topic,
					Since: k.DueOn, Clause: under(actor.Pack, clauseVerified, clauseOverseen)})
			}
		}
		gone, err := settled(ctx, tx, l.Contract)
		if err != nil {
			return nil, err
		}
		if !gone {
			tasks = append(tasks, Task{Kind: Destruction, ContractID: l.ID, PlatformID: string(l.PlatformID), Platform: l.Platform,
				Since: l.Last(), Clause: written(actor.Pack)})
		}
	}
	slices.SortStableFunc(tasks, func(a, b Task) int { return strings.Compare(a.Since, b.Since) })
	return tasks, nil
}

// settled tells that nothing is awaited of the vendor: the contract is not over,
// another took its place, or its word has come.
func settled(ctx context.Context, tx *db.Tx, c Contract) (bool, error) {
	if !c.Over(i18n.DayOf(tx.Now)) {
		return true, nil
	}
	renewed, err := stands(ctx, tx, c.PlatformID, i18n.DayOf(tx.Now))
	if err != nil || renewed {
		return renewed, err
	}
	return destroyed(ctx, tx, c)
}

// lackingTasks are the platforms whose licences run without a contract, each once.
func lackingTasks(ctx context.Context, tx *db.Tx, pack *policy.Pack) (tasks []Task, err error) {
	if written(pack) == "" {
		return nil, nil
	}
	list, err := lacking(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		at := slices.IndexFunc(tasks, func(t Task) bool { return t.PlatformID == l.PlatformID })
		if at >= 0 {
			tasks[at].Since = min(tasks[at].Since, l.Since)
			continue
		}
		tasks = append(tasks, Task{Kind: Lacking, PlatformID: l.PlatformID, Platform: l.Platform, Since: l.Since, Clause: written(pack)})
	}
	return tasks, nil
}
