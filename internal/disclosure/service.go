package disclosure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/policy"
)

// Service is what people do about what leaves.
type Service struct{ DB *db.DB }

// Refresh is the handler of RefreshJob, and of licence.Changed.
func (s *Service) Refresh(ctx context.Context, boardID, id string) error {
	return Run(ctx, s.DB, boardID, id)
}

// Sweep is the handler of RosterJob, and the daily look at a board: it leaves a refresh
// of each licence that discloses, or that has still something to take back, and no
// longer counts the platforms whose undertakings are over.
func (s *Service) Sweep(ctx context.Context, boardID, _ string) error {
	return s.DB.Write(ctx, boardID, func(ctx context.Context, tx *db.Tx) error {
		licences, err := disclosing(ctx, tx)
		if err != nil {
			return err
		}
		platforms, err := promising(ctx, tx)
		if err != nil {
			return err
		}
		for _, id := range platforms {
			if err := mark(ctx, tx, id); err != nil {
				return err
			}
		}
		return leave(ctx, tx, licences)
	})
}

// mark counts a platform under 5.2 while an undertaking of it is in force.
func mark(ctx context.Context, tx *db.Tx, id catalogue.ID) error {
	promised, err := promisedFields(ctx, tx, id, i18n.DayOf(tx.Now))
	if err != nil {
		return err
	}
	if len(promised) == 0 {
		return policy.Unmark(ctx, tx, control, catalogue.Subject(id))
	}
	return policy.Mark(ctx, tx, control, catalogue.Subject(id), policy.Conform)
}

// Undertake records what a platform undertakes, so that a name or an address that the
// decision names may leave for it (5.2). It refuses (Invalid) one that does not say
// everything or speaks of fields that the decision does not name.
func (s *Service) Undertake(ctx context.Context, actor policy.Actor, id catalogue.ID, p Promise) (u Undertaking, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := may(actor); err != nil {
			return err
		}
		platform, err := catalogue.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		named, err := namedFields(ctx, tx, platform)
		if err != nil {
			return err
		}
		if err := p.check(named, i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		u = Undertaking{ID: UndertakingID(db.NewID()), PlatformID: id, Promise: p, RecordedBy: actor.ID, RecordedAt: tx.Now, Version: 1}
		if err := insertUndertaking(ctx, tx, u); err != nil {
			return err
		}
		return changed(ctx, tx, actor, u, "undertaking.recorded")
	})
	return u, err
}

// End ends an undertaking of a platform today: what left because of it leaves no more.
func (s *Service) End(ctx context.Context, actor policy.Actor, platform catalogue.ID, id UndertakingID, version int64) (u Undertaking, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := may(actor); err != nil {
			return err
		}
		if u, err = undertaking(ctx, tx, platform, id); err != nil {
			return err
		}
		if err := u.end(i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		u.Version = version
		if err := updateUndertaking(ctx, tx, &u); err != nil {
			return err
		}
		return changed(ctx, tx, actor, u, "undertaking.ended")
	})
	return u, err
}

// changed is what every act on an undertaking shares: what the control sees, the trail,
// and the licences that disclose something else from now on.
func changed(ctx context.Context, tx *db.Tx, actor policy.Actor, u Undertaking, act string) error {
	if err := mark(ctx, tx, u.PlatformID); err != nil {
		return err
	}
	fields := make([]string, len(u.Fields))
	for i, f := range u.Fields {
		fields[i] = string(f)
	}
	if err := audit.Write(ctx, tx, actor, act, u.Subject(), audit.Under(clause),
		audit.Note("platform="+string(u.PlatformID)+" fields="+strings.Join(fields, ","))); err != nil {
		return err
	}
	licences, err := licence.ForPlatform(ctx, tx, u.PlatformID)
	ids := make([]string, len(licences))
	for i, l := range licences {
		ids[i] = string(l.ID)
	}
	if err != nil {
		return err
	}
	return leave(ctx, tx, ids)
}

// Join lets a platform see the pseudonyms of another, as where both are one vendor's and
// a pupil is to be one person in both. It refuses (Conflict) once anything was issued to
// the platform: a sector never changes after.
func (s *Service) Join(ctx context.Context, actor policy.Actor, id, other catalogue.ID) error {
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := may(actor); err != nil {
			return err
		}
		if _, err := catalogue.Get(ctx, tx, id); err != nil {
			return err
		}
		if other == "" {
			return fault.Form(map[string]string{"platform": "disclosure.platform_required"})
		}
		if _, err := catalogue.Get(ctx, tx, other); err != nil {
			return err
		}
		issued, err := isIssued(ctx, tx, id)
		if err != nil {
			return err
		}
		if issued {
			return fault.New(fault.Conflict, "disclosure.sector_settled").Under("1.3e")
		}
		sector, rotation, err := sectorOf(ctx, tx, other)
		if err != nil {
			return err
		}
		if err := setSector(ctx, tx, id, sector, rotation, actor.ID); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "sector.chosen", catalogue.Subject(id), audit.Under("1.3e"), audit.Note("sector="+sector))
	})
}

// ChooseDomain keeps the domain of the addresses that leave in place of people's own;
// an empty one, that people's own leave again, under an undertaking.
func (s *Service) ChooseDomain(ctx context.Context, actor policy.Actor, domain string) error {
	domain, err := cleanDomain(domain)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.SettingsEdit, policy.Scope{}); err != nil {
			return err
		}
		b, err := board.Get(ctx, tx, tx.Board)
		if err != nil || b.Settings.CatchAll == domain {
			return err
		}
		b.Settings.CatchAll = domain
		if err := board.SetSettings(ctx, tx, b.Settings); err != nil {
			return err
		}
		if err := audit.Write(ctx, tx, actor, "settings.changed", "board:"+tx.Board, audit.Note("catch_all="+domain)); err != nil {
			return err
		}
		return RosterChanged(ctx, tx)
	})
}

// View is what leaves for the platform of a licence, as its page shows it.
type View struct {
	licence.Listed
	Terms        Terms
	Refusal      *fault.Fault // why nothing leaves; then there are no terms
	Named        map[Field]bool
	Promised     map[Field]bool
	Known        bool // the decision says which information the platform needs
	Counts       map[string]int
	SectorOf     string // name of the platform whose pseudonyms are seen, where it is another
	Undertakings []Recorded
	Others       []catalogue.Platform // whose sector it may still join
	May          bool
	Today        string
}

// Recorded is an undertaking and the name of who recorded it.
type Recorded struct {
	Undertaking
	By string
}

// Promisable lists the fields for which an undertaking may be recorded.
func (v View) Promisable() []Field {
	return slices.DeleteFunc(slices.Clone(Fields), func(f Field) bool { return !f.Shows() || !v.Named[f] })
}

// View shows what leaves to whoever may read the licence; any other is the one NotFound.
func (s *Service) View(ctx context.Context, actor policy.Actor, id licence.ID) (v View, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		seen, err := licence.Seen(ctx, tx, actor, []string{string(id)})
		if err != nil {
			return err
		}
		l, found := seen[string(id)]
		if !found {
			return fault.Missing()
		}
		v.Listed, v.Today, v.May = l, i18n.DayOf(tx.Now), may(actor) == nil
		return v.read(ctx, tx)
	})
	return v, err
}

func (v *View) read(ctx context.Context, tx *db.Tx) (err error) {
	p, err := catalogue.Get(ctx, tx, v.PlatformID)
	if err != nil {
		return err
	}
	if v.Terms, err = TermsOf(ctx, tx, v.ID); err != nil {
		refusal, ok := fault.As(err)
		if !ok || refusal.Kind != fault.Conflict {
			return err
		}
		v.Refusal = refusal
	}
	kinds, err := decided(ctx, tx, p.DecisionID)
	if err != nil {
		return err
	}
	v.Known = len(kinds) > 0
	if v.Named, err = namedFields(ctx, tx, p); err != nil {
		return err
	}
	if v.Promised, err = promisedFields(ctx, tx, p.ID, v.Today); err != nil {
		return err
	}
	if v.Counts, err = counts(ctx, tx, v.ID); err != nil {
		return err
	}
	if v.Undertakings, err = undertakings(ctx, tx, p.ID); err != nil {
		return err
	}
	return v.sector(ctx, tx, p)
}

// sector reads whose pseudonyms are seen, and which platforms' might still be.
func (v *View) sector(ctx context.Context, tx *db.Tx, p catalogue.Platform) error {
	sector, _, err := sectorOf(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if sector != string(p.ID) {
		other, err := catalogue.Get(ctx, tx, catalogue.ID(sector))
		if err != nil {
			return fmt.Errorf("sector of platform %s: %w", p.ID, err)
		}
		v.SectorOf = other.Name
	}
	if !v.May {
		return nil
	}
	issued, err := isIssued(ctx, tx, p.ID)
	if err != nil || issued {
		return err
	}
	v.Others, err = catalogue.List(ctx, tx, catalogue.Filter{Status: catalogue.Approved})
	v.Others = slices.DeleteFunc(v.Others, func(o catalogue.Platform) bool { return o.ID == p.ID })
	return err
}
