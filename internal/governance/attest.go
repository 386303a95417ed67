package governance

import (
	"context"
	"slices"
	"strings"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/org"
	"aval/internal/policy"
)

// Place is a school or department, or the evaluating service itself, and who
// answers for it.
type Place struct {
	Org      string // id; empty for the evaluating service
	Name     string // empty too
	Managers []string
	Said     *Attestation // for the year; nil when it was not attested
	Signer   string       // who attested
}

// Attest is a manager's word, once for each place and school year, that the
// policy was applied there; exceptions are what was not applied, or "". It refuses
// a year that is not among Attestable, and a place that attested already.
func (s *Service) Attest(ctx context.Context, actor policy.Actor, a Attestation) (Attestation, error) {
	err := s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.AttestationSign, placed(actor, a.Org)); err != nil {
			return err
		}
		wrong := form{}
		if !slices.Contains(Attestable(i18n.DayOf(tx.Now)), a.Year) {
			wrong.wrong("year", "governance.year_wrong")
		}
		a.Exceptions = i18n.Clean(a.Exceptions)
		wrong.text("exceptions", a.Exceptions, MaxText, false)
		if err := wrong.refuse(clauseApplied); err != nil {
			return err
		}
		a.ID, a.SignedBy, a.SignedAt = db.NewID(), actor.ID, tx.Now
		kept, err := insertAttestation(ctx, tx, a)
		switch {
		case err != nil:
			return err
		case !kept:
			return fault.New(fault.Conflict, "governance.attested").Under(clauseApplied)
		}
		outcome := policy.Conform
		if a.Exceptions != "" {
			outcome = policy.Exception
		}
		if err := policy.Mark(ctx, tx, policy.Everyone, a.Subject(), outcome); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "attestation.signed", a.Subject(), audit.Under(clauseApplied),
			audit.As(actor.GrantFor(policy.AttestationSign, placed(actor, a.Org))), audit.Note("exceptions="+yesNo(a.Exceptions != "")))
	})
	return a, err
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// placed is where a place stands for a permission: the evaluating service itself
// is its director's own.
func placed(actor policy.Actor, orgID string) policy.Scope {
	if orgID == "" {
		return policy.Scope{Owner: actor.ID}
	}
	return policy.Scope{Org: orgID}
}

// Attests says that an actor answers for a place.
func Attests(actor policy.Actor, orgID string) bool {
	return actor.Can(policy.AttestationSign, placed(actor, orgID))
}

// Attestations answers, for a year, the places of which the actor may read it.
func (s *Service) Attestations(ctx context.Context, actor policy.Actor, y Year) (places []Place, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if len(actor.Reach(policy.AttestationRead).Rules) == 0 {
			return actor.Allow(policy.AttestationRead, policy.Scope{})
		}
		if places, err = placesOf(ctx, tx, y); err != nil {
			return err
		}
		places = slices.DeleteFunc(places, func(p Place) bool { return !actor.Can(policy.AttestationRead, policy.Scope{Org: p.Org}) })
		return nil
	})
	return places, err
}

// Unattested answers the places for which the actor has still to attest in this
// season, and the year of the season.
func (s *Service) Unattested(ctx context.Context, actor policy.Actor) (places []Place, y Year, err error) {
	if len(actor.Reach(policy.AttestationSign).Rules) == 0 {
		return nil, 0, nil
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		var open bool
		if y, open, err = awaitedYear(ctx, tx); err != nil || !open {
			return err
		}
		if places, err = placesOf(ctx, tx, y); err != nil {
			return err
		}
		places = slices.DeleteFunc(places, func(p Place) bool { return p.Said != nil || !Attests(actor, p.Org) })
		return nil
	})
	return places, y, err
}

// awaitedYear is the year for which attestations are awaited, unless it ended
// before the board had aval.
func awaitedYear(ctx context.Context, tx *db.Tx) (Year, bool, error) {
	y, open := Season(i18n.DayOf(tx.Now))
	if !open {
		return 0, false, nil
	}
	b, err := board.Get(ctx, tx, tx.Board)
	return y, i18n.DayOf(b.CreatedAt) <= y.Last(), err
}

// placesOf reads the places that somebody answers for, and those that attested,
// by name; the evaluating service is first.
func placesOf(ctx context.Context, tx *db.Tx, y Year) (places []Place, err error) {
	by := map[string]*Place{}
	answer, err := managers(ctx, tx)
	if err != nil {
		return nil, err
	}
	said, err := attestations(ctx, tx, y)
	if err != nil {
		return nil, err
	}
	place := func(id string) *Place {
		if by[id] == nil {
			by[id] = &Place{Org: id}
		}
		return by[id]
	}
	for _, m := range answer {
		place(m.Org).Managers = append(place(m.Org).Managers, m.Name)
	}
	var signers []string
	for _, a := range said {
		place(a.Org).Said = &a
		signers = append(signers, a.SignedBy)
	}
	names, err := account.Names(ctx, tx, signers)
	if err != nil {
		return nil, err
	}
	all, err := org.All(ctx, tx)
	if err != nil {
		return nil, err
	}
	all = append([]org.Org{{}}, all...) // the evaluating service
	for _, o := range all {
		if p := by[o.ID]; p != nil && (o.ID == "" || o.Covered() || p.Said != nil) {
			p.Name = o.Name
			if p.Said != nil {
				p.Signer = names[p.Said.SignedBy]
			}
			places = append(places, *p)
		}
	}
	slices.SortStableFunc(places, func(a, b Place) int { return strings.Compare(db.Fold(a.Name), db.Fold(b.Name)) })
	return places, nil
}

// sweepAttestations marks who has still to attest: waiting in the season, an
// exception once it is over.
func sweepAttestations(ctx context.Context, tx *db.Tx) error {
	today := i18n.DayOf(tx.Now)
	b, err := board.Get(ctx, tx, tx.Board)
	if err != nil {
		return err
	}
	for _, y := range Attestable(today) {
		if i18n.DayOf(b.CreatedAt) > y.Last() {
			continue
		}
		outcome := policy.Waiting
		if today > y.Closes() {
			outcome = policy.Exception
		}
		places, err := placesOf(ctx, tx, y)
		if err != nil {
			return err
		}
		for _, p := range places {
			if p.Said != nil {
				continue
			}
			if err := policy.Mark(ctx, tx, policy.Everyone, attested(y, p.Org), outcome); err != nil {
				return err
			}
		}
	}
	return nil
}
