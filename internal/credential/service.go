package credential

import (
	"context"
	"slices"
	"time"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/policy"
)

// Service is what people and programs do with credentials.
type Service struct {
	DB *db.DB

	known  knownTerms
	counts counts
}

// View is what the page of a licence shows.
type View struct {
	Credential        // whose ID is "" when there is none
	May        bool   // the actor may make, replace and revoke
	Runs       bool   // the licence runs: one may be made
	Today      string // 2026-11-20
}

// View answers the credential of a licence. It refuses who may not manage it.
func (s *Service) View(ctx context.Context, actor policy.Actor, id licence.ID) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		_, err := theirs(ctx, tx, actor, id)
		return err
	})
	if err != nil {
		return v, err
	}
	if err := s.Flush(ctx, actor.Board); err != nil {
		return v, err
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := theirs(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		v.Today = i18n.DayOf(tx.Now)
		v.May, v.Runs = true, l.Runs(v.Today)
		if v.Credential, err = ofLicence(ctx, tx, id); fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if v.Secrets, err = secrets(ctx, tx, v.ID); err != nil {
			return err
		}
		v.Use, err = uses(ctx, tx, v.ID)
		return err
	})
	return v, err
}

// theirs is a licence whose credential the actor may manage.
func theirs(ctx context.Context, tx *db.Tx, actor policy.Actor, id licence.ID) (licence.Licence, error) {
	l, err := licence.Get(ctx, tx, id)
	if err != nil {
		return l, err
	}
	if !actor.Can(policy.LicenceRead, l.Place()) {
		return licence.Licence{}, fault.Missing()
	}
	return l, actor.Allow(policy.CredentialManage, l.Place())
}

// Make gives a licence its credential and answers the secret, which is shown once.
// It leaves a refresh of what the licence discloses. It refuses (Conflict) a licence that does not run or that has one already.
func (s *Service) Make(ctx context.Context, actor policy.Actor, id licence.ID) (c Credential, secret string, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := theirs(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if !l.Runs(i18n.DayOf(tx.Now)) {
			return fault.New(fault.Conflict, "credential.licence_over")
		}
		switch _, err := ofLicence(ctx, tx, id); {
		case err == nil:
			return fault.New(fault.Conflict, "credential.exists")
		case !fault.Is(err, fault.NotFound):
			return err
		}
		c = Credential{ID: newName(tx.Board, db.NewID()), Licence: id, MadeBy: actor.ID, MadeAt: tx.Now, Version: 1}
		secret = newSecret()
		if err := insert(ctx, tx, c); err != nil {
			return err
		}
		if err := insertSecret(ctx, tx, c.ID, secret, actor.ID); err != nil {
			return err
		}
		if err := job.Enqueue(ctx, tx, disclosure.RefreshJob, string(id)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "credential.made", licence.Subject(id))
	})
	return c, secret, err
}

// Rotate makes another secret and lets the ones before it open for a while yet, one
// of Overlaps; for no while at all, what tokens they were given ends with them. It
// answers the new one, which is shown once.
func (s *Service) Rotate(ctx context.Context, actor policy.Actor, id licence.ID, overlap time.Duration) (c Credential, secret string, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if c, err = managed(ctx, tx, actor, id); err != nil {
			return err
		}
		if !slices.Contains(Overlaps, overlap) {
			return fault.Form(map[string]string{"overlap": "credential.overlap_wrong"})
		}
		if err := endSecrets(ctx, tx, c.ID, tx.Now.Add(overlap)); err != nil {
			return err
		}
		if overlap == 0 {
			if err := endTokens(ctx, tx, c.ID); err != nil {
				return err
			}
		}
		secret = newSecret()
		if err := insertSecret(ctx, tx, c.ID, secret, actor.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "credential.rotated", licence.Subject(id))
	})
	return c, secret, err
}

// Revoke makes a credential and its tokens open nothing from now on.
func (s *Service) Revoke(ctx context.Context, actor policy.Actor, id licence.ID) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		c, err := managed(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		c.RevokedBy, c.RevokedAt = actor.ID, tx.Now
		if err := revoke(ctx, tx, c); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "credential.revoked", licence.Subject(id))
	})
}

// managed is the credential of a licence, for who may manage it; without one, a Conflict.
func managed(ctx context.Context, tx *db.Tx, actor policy.Actor, id licence.ID) (c Credential, err error) {
	if _, err := theirs(ctx, tx, actor, id); err != nil {
		return c, err
	}
	if c, err = ofLicence(ctx, tx, id); fault.Is(err, fault.NotFound) {
		return c, fault.New(fault.Conflict, "credential.none")
	}
	return c, err
}
