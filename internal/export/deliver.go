package export

import (
	"context"
	"errors"
	"fmt"
	"os"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/vault"
)

// HourlyJob is left by the clock, to be given to the handler Hourly.
const HourlyJob job.Kind = "export.hourly"

// Record keeps where files of a licence are to go, and with which secret, which is
// sealed and never shown again. It waits for a second person.
func (s *Service) Record(ctx context.Context, actor policy.Actor, r Route, secret string) (Route, error) {
	err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if _, err := allowed(ctx, tx, actor, policy.AccessProvision, r.LicenceID); err != nil {
			return err
		}
		r = r.tidy()
		if err := r.check(secret); err != nil {
			return err
		}
		t, err := disclosure.TermsOf(ctx, tx, r.LicenceID)
		if err != nil {
			return err
		}
		if err := r.allowed(t); err != nil {
			return err
		}
		keys, err := s.Names.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		r.ID, r.RecordedBy, r.RecordedAt, r.Version = RouteID(db.NewID()), actor.ID, tx.Now, 1
		if r.sealed, err = keys.Seal(r.place(), []byte(secret)); err != nil {
			return err
		}
		if err := insertRoute(ctx, tx, r); err != nil {
			return err
		}
		return r.write(ctx, tx, actor, "export.route_recorded")
	})
	return r, err
}

// place is where the secret is sealed for.
func (r *Route) place() vault.Place {
	return vault.Place{Table: "export_route", Column: "secret", Row: string(r.ID)}
}

func (r *Route) write(ctx context.Context, tx *db.Tx, actor policy.Actor, act string) error {
	return audit.Write(ctx, tx, actor, act, licence.Subject(r.LicenceID), audit.Under("6.1e"),
		audit.Note(fmt.Sprintf("route:%s profile=%s to=%s every=%s key=%s", r.ID, r.Profile, r.To(), r.Every, r.Fingerprint())))
}

// onRoute does one thing with a route of a licence.
func (s *Service) onRoute(ctx context.Context, actor policy.Actor, do policy.Action, id licence.ID, route RouteID, act string,
	rule func(ctx context.Context, tx *db.Tx, l licence.Licence, r *Route) error) (r Route, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := allowed(ctx, tx, actor, do, id)
		if err != nil {
			return err
		}
		if r, err = getRoute(ctx, tx, route); err != nil {
			return err
		}
		if r.LicenceID != id {
			return fault.Missing()
		}
		if err := rule(ctx, tx, l, &r); err != nil {
			return err
		}
		if err := updateRoute(ctx, tx, &r); err != nil {
			return err
		}
		return r.write(ctx, tx, actor, act)
	})
	return r, err
}

// ApproveRoute is a second person's word that files may go there by themselves.
func (s *Service) ApproveRoute(ctx context.Context, actor policy.Actor, id licence.ID, route RouteID) (Route, error) {
	return s.onRoute(ctx, actor, policy.AccessApprove, id, route, "export.route_approved", func(_ context.Context, tx *db.Tx, l licence.Licence, r *Route) error {
		return r.approve(actor, actor.Hands(policy.AccessApprove, l.Place()), tx.Now)
	})
}

// EndRoute ends a route, and forgets its secret.
func (s *Service) EndRoute(ctx context.Context, actor policy.Actor, id licence.ID, route RouteID) (Route, error) {
	return s.onRoute(ctx, actor, policy.AccessProvision, id, route, "export.route_ended", func(_ context.Context, tx *db.Tx, _ licence.Licence, r *Route) error {
		return r.end(actor, tx.Now)
	})
}

// Send sends a file on its route now. It refuses (Conflict) a route that nobody approved.
func (s *Service) Send(ctx context.Context, actor policy.Actor, id licence.ID, route RouteID) (e Export, err error) {
	_, err = s.onRoute(ctx, actor, policy.AccessProvision, id, route, "export.route_used", func(ctx context.Context, tx *db.Tx, _ licence.Licence, r *Route) error {
		if err := r.goes(); err != nil {
			return err
		}
		e, err = ask(ctx, tx, actor, id, r.Shape, r.ID)
		return err
	})
	return e, err
}

// Hourly is the handler of HourlyJob: on each board it asks for the files of the
// routes whose hour has come. An hour that was missed is made up for once.
func (s *Service) Hourly(ctx context.Context, boards []board.Board) error {
	var errs []error
	for _, b := range boards {
		actor, err := s.clock(ctx, b.ID)
		if err == nil {
			err = s.DB.Write(ctx, b.ID, func(ctx context.Context, tx *db.Tx) error { return onRoutes(ctx, tx, actor) })
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func onRoutes(ctx context.Context, tx *db.Tx, actor policy.Actor) error {
	routes, err := due(ctx, tx)
	if err != nil {
		return err
	}
	for _, r := range routes {
		r.NextAt = r.Next(tx.Now)
		_, err := ask(ctx, tx, actor, r.LicenceID, r.Shape, r.ID)
		if f, ok := fault.As(err); ok { // kept as one that was refused, so that it is seen
			e := Export{ID: ID(db.NewID()), LicenceID: r.LicenceID, Route: r.ID, Shape: r.Shape, State: Refused, AskedBy: actor.ID, AskedAt: tx.Now, Version: 1}
			if err = insert(ctx, tx, e); err == nil {
				e.Why = f.Key
				if len(f.Args) > 0 {
					e.Why = "export.terms_changed"
				}
				err = update(ctx, tx, &e)
			}
		}
		if err != nil {
			return err
		}
		if err := updateRoute(ctx, tx, &r); err != nil {
			return err
		}
	}
	return nil
}

// mostTries are how often a file is sent before a person is asked to look.
const mostTries = 8

// deliver sends a file on its route. An attempt that fails is made again by the job,
// each time after a longer wait.
func (s *Service) deliver(ctx context.Context, actor policy.Actor, e Export, file *os.File, made Made) error {
	if len(made.Stops) > 0 {
		e.take(made, Stopped)
		return s.close(ctx, actor, e, "export."+string(e.State))
	}
	r, secret, err := s.opened(ctx, actor.Board, e.Route)
	if f, ok := fault.As(err); ok {
		e.State, e.Why = Refused, f.Key
		return s.close(ctx, actor, e, "export.refused")
	}
	if err != nil {
		return err
	}
	e.Tries++
	e.SentTo = r.To()
	var failed attempt
	switch err := r.upload(ctx, secret, made, file); {
	case errors.As(err, &failed) && !failed.lasting() && e.Tries < mostTries:
		e.Why = failed.key
		return errors.Join(failed, s.close(ctx, actor, e, "export.delayed"))
	case errors.As(err, &failed):
		e.Why = failed.key
		e.take(made, Failed)
		return s.close(ctx, actor, e, "export.failed")
	case err != nil:
		return err
	}
	e.Why = ""
	e.take(made, Sent)
	e.SentBy = e.AskedBy
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		e.SentAt = tx.Now
		if err := update(ctx, tx, &e); err != nil {
			return err
		}
		return e.write(ctx, tx, actor, "export.sent")
	})
}

// opened is a route that may send, and its secret.
func (s *Service) opened(ctx context.Context, boardID string, id RouteID) (r Route, secret string, err error) {
	err = s.DB.Read(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		if r, err = getRoute(ctx, tx, id); err != nil {
			return err
		}
		if err := r.goes(); err != nil {
			return err
		}
		keys, err := s.Names.Vault.Keys(ctx, tx)
		if err != nil {
			return err
		}
		text, err := keys.Open(r.place(), r.sealed)
		secret = string(text)
		return err
	})
	return r, secret, err
}

// Sealed is the table with the secrets of routes, for the keys to be replaced.
func Sealed() vault.Resealer { return vault.Column{Table: "export_route", Name: "secret"} }
