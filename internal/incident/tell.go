package incident

import (
	"context"
	"slices"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// Draft writes a notice from what was entered, in French and in English, for a
// person to make their own: what lacks is marked. The risk is weighed first.
func (s *Service) Draft(ctx context.Context, actor policy.Actor, id ID, to To) (n Notice, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		i, err := managed(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if !slices.Contains(Tos, to) {
			return form{"to": "incident.to_required"}.refuse(i.Test.under(clausePeople))
		}
		if i.Risk == nil {
			return fault.New(fault.Conflict, "incident.risk_first").Under(i.Test.under(clauseRisk))
		}
		all, err := WordsOf(ctx, tx, i)
		if err != nil {
			return err
		}
		w := all[0]
		n = Notice{ID: db.NewID(), Incident: id, To: to, DraftedBy: actor.ID, DraftedAt: tx.Now, ChangedBy: actor.ID, ChangedAt: tx.Now, Version: 1}
		w.P = i18n.For("fr")
		n.Fr = draft(w, to)
		w.P = i18n.For("en")
		n.En = draft(w, to)
		if err := insertNotice(ctx, tx, n); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "incident.notice_drafted", i.Subject(), audit.Under(n.clause(i.Test)),
			audit.Note(detail("notice", n.ID, "to", string(to))))
	})
	return n, err
}

// notice is a notice that the actor may change, and its incident.
func notice(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID, of string) (i Incident, n Notice, err error) {
	if i, err = managed(ctx, tx, actor, id); err != nil {
		return i, n, err
	}
	n, err = getNotice(ctx, tx, id, of)
	return i, n, err
}

// Write replaces the texts of a notice that is not sent; the former version is
// kept. Seen is the version that was looked at.
func (s *Service) Write(ctx context.Context, actor policy.Actor, id ID, of, fr, en string, seen int64) (n Notice, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		i, found, err := notice(ctx, tx, actor, id, of)
		if err != nil {
			return err
		}
		n = found
		if err := n.write(i.Test, fr, en); err != nil {
			return err
		}
		if seen != n.Version {
			return db.Changed(0, nil)
		}
		n.ChangedBy, n.ChangedAt = actor.ID, tx.Now
		if err := updateText(ctx, tx, &n); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "incident.notice_written", i.Subject(), audit.Under(n.clause(i.Test)),
			audit.Note(detail("notice", n.ID, "version", version(n.Version))))
	})
	return n, err
}

// Sent notes the day on which a notice went out; a public one says why it was public.
func (s *Service) Sent(ctx context.Context, actor policy.Actor, id ID, of, on, reason string) (n Notice, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		i, found, err := notice(ctx, tx, actor, id, of)
		if err != nil {
			return err
		}
		n = found
		if err := n.send(i, on, reason, actor.ID, i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		if err := updateSent(ctx, tx, n); err != nil {
			return err
		}
		all, err := NoticesOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := i.mark(ctx, tx, all[id]); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "incident.notice_sent", i.Subject(), audit.Under(n.clause(i.Test)),
			audit.Note(detail("notice", n.ID, "to", string(n.To), "on", n.SentOn)))
	})
	return n, err
}
