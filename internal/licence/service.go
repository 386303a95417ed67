package licence

import (
	"context"
	"slices"
	"strings"
	"time"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	orgs "aval/internal/org"
	"aval/internal/policy"
)

// The controls that licences carry.
const (
	ControlPayer       = "licence.payer"         // 4.2, 4.2 a, 4.2 b
	ControlPreapproved = "catalogue.preapproved" // 2.1
)

// Service is what people do with licences.
type Service struct {
	db *db.DB
}

// New gives the licences of every board in the database.
func New(d *db.DB) *Service { return &Service{db: d} }

// Subject names a licence in the trail and in the marks of controls.
func Subject(id ID) string { return "licence:" + string(id) }

// Record keeps a licence for an approved platform (otherwise a Conflict, see unapproved), paid by
// who may pay for it (otherwise refused under 4.2 b).
func (s *Service) Record(ctx context.Context, actor policy.Actor, l Licence) (kept Licence, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		kept, err = Record(ctx, tx, actor, l)
		return err
	})
	return kept, err
}

// Record is the use case within a transaction.
func Record(ctx context.Context, tx *db.Tx, actor policy.Actor, l Licence) (Licence, error) {
	l.OrgID, l.Payer = strings.TrimSpace(l.OrgID), strings.TrimSpace(l.Payer)
	l.StartsOn, l.EndsOn = strings.TrimSpace(l.StartsOn), strings.TrimSpace(l.EndsOn)
	p, err := catalogue.Get(ctx, tx, l.PlatformID)
	if err != nil {
		return l, err
	}
	if len(actor.Reach(policy.LicenceRecord).Rules) == 0 { // nowhere: what was typed is not looked at
		return l, actor.Allow(policy.LicenceRecord, l.place())
	}
	named, err := places(ctx, tx, l)
	if err != nil {
		return l, err
	}
	if err := l.check(named); err != nil {
		return l, err
	}
	if err := actor.Allow(policy.LicenceRecord, l.place()); err != nil {
		return l, err
	}
	if l.Payer != DDL && !actor.Can(policy.LicenceRecord, policy.Scope{Org: l.Payer}) {
		return l, payerRefused("licence.payer_other")
	}
	if !p.Status.Usable() {
		return l, fault.New(fault.Conflict, "licence.platform_not_approved").Under(l.unapproved(p.Status, named))
	}
	l.ID, l.RecordedBy, l.CreatedAt, l.Version = ID(db.NewID()), actor.ID, tx.Now, 1
	if err := insert(ctx, tx, l); err != nil {
		return l, err
	}
	if err := policy.Mark(ctx, tx, ControlPayer, Subject(l.ID), policy.Conform); err != nil {
		return l, err
	}
	if l.Scope == Board || l.Scope == School {
		if err := policy.Mark(ctx, tx, ControlPreapproved, Subject(l.ID), policy.Conform); err != nil {
			return l, err
		}
	}
	return l, audit.Write(ctx, tx, actor, "licence.recorded", Subject(l.ID), audit.Under(l.clause()))
}

// List answers the licences of a platform that the actor may read, the one that ends last first.
func (s *Service) List(ctx context.Context, actor policy.Actor, id catalogue.ID) (licences []Licence, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		if _, err := catalogue.Get(ctx, tx, id); err != nil {
			return err
		}
		all, err := ForPlatform(ctx, tx, id)
		if err != nil {
			return err
		}
		licences = slices.DeleteFunc(all, func(l Licence) bool { return !actor.Can(policy.LicenceRead, l.place()) })
		return nil
	})
	return licences, err
}

// Page answers a part of the licences that the actor may read, by platform, the one that ends
// last first; of one platform when id is not empty. Part counts from one; more says that
// another follows.
func (s *Service) Page(ctx context.Context, actor policy.Actor, id catalogue.ID, part int) (list []Listed, more bool, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if len(actor.Reach(policy.LicenceRead).Rules) == 0 {
			return actor.Allow(policy.LicenceRead, policy.Scope{})
		}
		list, err = listed(ctx, tx, actor, id, (max(part, 1)-1)*pageSize)
		return err
	})
	if len(list) > pageSize {
		return list[:pageSize], true, err
	}
	return list, false, err
}

// Choices is what a licence may be recorded for: a platform (one that was named, or those that
// are approved), the schools and departments within the actor's reach, and whether the board is.
type Choices struct {
	Platform  catalogue.Platform
	Platforms []catalogue.Platform
	Orgs      []orgs.Org
	Board     bool
}

// Choices answers what the actor may choose from when they record a licence.
func (s *Service) Choices(ctx context.Context, actor policy.Actor, id catalogue.ID) (c Choices, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if len(actor.Reach(policy.LicenceRecord).Rules) == 0 {
			return actor.Allow(policy.LicenceRecord, policy.Scope{})
		}
		c.Board = actor.Can(policy.LicenceRecord, policy.Scope{})
		all, err := orgs.List(ctx, tx, "")
		if err != nil {
			return err
		}
		c.Orgs = slices.DeleteFunc(all, func(o orgs.Org) bool {
			return o.Kind == orgs.Board || !actor.Can(policy.LicenceRecord, o.Scope())
		})
		if id != "" {
			c.Platform, err = catalogue.Get(ctx, tx, id)
			return err
		}
		for _, status := range []catalogue.Status{catalogue.Approved, catalogue.Conditional} {
			approved, err := catalogue.List(ctx, tx, catalogue.Filter{Status: status})
			if err != nil {
				return err
			}
			c.Platforms = append(c.Platforms, approved...)
		}
		slices.SortFunc(c.Platforms, func(a, b catalogue.Platform) int {
			return strings.Compare(db.Fold(a.Name)+" "+string(a.ID), db.Fold(b.Name)+" "+string(b.ID))
		})
		return nil
	})
	return c, err
}

// Answer tells a person, before she asks, what is known of a platform for her pupils: whether
// she may use it now (2.1), must ask shortly or fully, or that it was refused; and which
// approved platforms do some of the same.
func (s *Service) Answer(ctx context.Context, actor policy.Actor, id catalogue.ID) (a Answer, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		if a, err = Look(ctx, tx, actor, id); err != nil {
			return err
		}
		a.Similar, err = catalogue.Similar(ctx, tx, a.Platform.Functions, id)
		return err
	})
	return a, err
}

// Look is Answer within a transaction, without what is similar: a request that is made asks
// it which kind it is.
func Look(ctx context.Context, tx *db.Tx, actor policy.Actor, id catalogue.ID) (a Answer, err error) {
	if a.Platform, err = catalogue.Get(ctx, tx, id); err != nil {
		return a, err
	}
	if a.Schools, err = Schools(ctx, tx, actor); err != nil {
		return a, err
	}
	l, covered, err := Covers(ctx, tx, id, a.Schools, Day(tx.Now))
	if err != nil {
		return a, err
	}
	if a.Standing = standing(a.Platform, covered); a.Standing == Licensed {
		a.Licence = l
	}
	return a, nil
}

// Standings answers the standing of many platforms for one person, for a page of results.
func (s *Service) Standings(ctx context.Context, actor policy.Actor, ids []catalogue.ID) (by map[catalogue.ID]Standing, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		platforms, err := catalogue.ByID(ctx, tx, ids)
		if err != nil {
			return err
		}
		schools, err := Schools(ctx, tx, actor)
		if err != nil {
			return err
		}
		covered, err := covering(ctx, tx, ids, schools, Day(tx.Now))
		if err != nil {
			return err
		}
		by = map[catalogue.ID]Standing{}
		for id, p := range platforms {
			_, licensed := covered[id]
			by[id] = standing(p, licensed)
		}
		return nil
	})
	return by, err
}

// Schools are those of a person's pupils: of the classes she teaches; without classes, the
// places where she has a role.
func Schools(ctx context.Context, tx *db.Tx, actor policy.Actor) ([]string, error) {
	if len(actor.Classes) == 0 {
		return actor.Orgs(), nil
	}
	return schoolsOf(ctx, tx, actor.Classes)
}

// Day is the day of a moment, as licences write it.
func Day(t time.Time) string { return t.In(i18n.Zone).Format(time.DateOnly) }
