package governance

import (
	"context"
	"io"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// ControlOfficial carries the clause on the official text.
const ControlOfficial = "policy.official"

const pdf = "application/pdf"

// KeepOfficial keeps the signed text of a version, a PDF, with its digest; it is
// the secretary's to do (7.1). Pages are lines of a clause and its page, or "". It
// refuses (Conflict) a version that is kept in that language already: a text is
// never overwritten, a newer one takes its place.
func (s *Service) KeepOfficial(ctx context.Context, actor policy.Actor, o Official, pages string, paper Upload) (Official, error) {
	if err := actor.Allow(policy.OfficialUpload, policy.Scope{}); err != nil {
		return o, err
	}
	wrong := form{}
	o.check(actor.Pack, pages, wrong)
	f, content, err := paper.read()
	if err := wrong.take(err); err != nil {
		return o, err
	}
	switch {
	case wrong["file"].Key != "":
	case f.ID == "":
		wrong.wrong("file", "governance.file_required")
	case f.Media != pdf:
		wrong.wrong("file", "governance.pdf_required")
	}
	if err := wrong.refuse(clauseOfficial); err != nil {
		return o, err
	}
	err = s.keep(ctx, actor.Board, f, content, func(ctx context.Context, tx *db.Tx, f File) error {
		o.ID, o.File, o.UploadedBy, o.UploadedAt = f.ID, f, actor.ID, tx.Now
		kept, err := insertOfficial(ctx, tx, o)
		switch {
		case err != nil:
			return err
		case !kept:
			return fault.New(fault.Conflict, "governance.official_kept").Under(clauseOfficial)
		}
		if err := policy.Mark(ctx, tx, ControlOfficial, o.Subject(), policy.Conform); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "official.uploaded", o.Subject(), audit.Under(clauseOfficial),
			audit.Note("lang="+o.Lang+" in_force="+o.InForceOn+digest(f)))
	})
	return o, err
}

// Officials answers the official texts that the board keeps, the newest in force
// first, to whoever may read the policy.
func (s *Service) Officials(ctx context.Context, actor policy.Actor) (kept []Official, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.PolicyRead, policy.Scope{}); err != nil {
			return err
		}
		kept, err = officials(ctx, tx)
		return err
	})
	return kept, err
}

// Official opens an official text for whoever may read the policy; who calls
// closes it.
func (s *Service) Official(ctx context.Context, actor policy.Actor, id string) (o Official, content io.ReadCloser, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.PolicyRead, policy.Scope{}); err != nil {
			return err
		}
		o, err = getOfficial(ctx, tx, id)
		return err
	})
	if err != nil {
		return Official{}, nil, err
	}
	content, err = s.Blobs.Get(ctx, actor.Board, o.ID)
	return o, content, err
}

// Interpret says how a clause is understood, in the place of another where
// replaces names one that stands; it is the director's to say (7.2).
func (s *Service) Interpret(ctx context.Context, actor policy.Actor, i Interpretation, replaces string) (Interpretation, error) {
	err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.InterpretationWrite, policy.Scope{}); err != nil {
			return err
		}
		c, known := actor.Pack.Clause(i.Clause)
		if !known {
			return fault.Form(map[string]string{"clause": "governance.clause_unknown"})
		}
		i.Clause = c.ID
		if err := i.check(i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		i.ID, i.GivenBy, i.GivenAt = db.NewID(), actor.ID, tx.Now
		if err := insertInterpretation(ctx, tx, i); err != nil {
			return err
		}
		if replaces != "" {
			if err := end(ctx, tx, actor, replaces, "", i.ID); err != nil {
				return err
			}
		}
		return audit.Write(ctx, tx, actor, "interpretation.given", i.Subject(), audit.Under(clauseApplied), audit.Note("clause="+i.Clause))
	})
	return i, err
}

// Withdraw says that an interpretation stands no more, and why.
func (s *Service) Withdraw(ctx context.Context, actor policy.Actor, id, why string) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if _, err := getInterpretation(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.InterpretationWrite, policy.Scope{}); err != nil {
			return err
		}
		why, wrong := i18n.Clean(why), form{}
		wrong.text("why", why, MaxText, true)
		if err := wrong.refuse(clauseApplied); err != nil {
			return err
		}
		if err := end(ctx, tx, actor, id, why, ""); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "interpretation.withdrawn", "interpretation:"+id, audit.Under(clauseApplied))
	})
}

// end ends an interpretation that stands, withdrawn or replaced.
func end(ctx context.Context, tx *db.Tx, actor policy.Actor, id, why, by string) error {
	i, err := getInterpretation(ctx, tx, id)
	if err != nil {
		return err
	}
	if !i.Stands() {
		return fault.New(fault.Conflict, "governance.interpretation_ended")
	}
	i.EndedBy, i.EndedAt, i.EndedWhy, i.ReplacedBy = actor.ID, tx.Now, why, by
	return endInterpretation(ctx, tx, i)
}

// Interpretations answers how clauses are and were understood, the latest first,
// and who said so, to whoever may read the policy.
func (s *Service) Interpretations(ctx context.Context, actor policy.Actor) (all []Interpretation, people map[string]string, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.PolicyRead, policy.Scope{}); err != nil {
			return err
		}
		if all, err = interpretations(ctx, tx); err != nil {
			return err
		}
		var ids []string
		for _, i := range all {
			ids = append(ids, i.GivenBy, i.EndedBy)
		}
		people, err = account.Names(ctx, tx, ids)
		return err
	})
	return all, people, err
}
