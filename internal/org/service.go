package org

import (
	"context"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/policy"
)

// Service is what people do with organisations.
type Service struct {
	db *db.DB
}

// New makes the service over a database.
func New(d *db.DB) *Service { return &Service{db: d} }

// Get reads one organisation of the actor's board, for whom may read the roster.
func (s *Service) Get(ctx context.Context, actor policy.Actor, id string) (o Org, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if o, err = Get(ctx, tx, id); err != nil {
			return err
		}
		return actor.Allow(policy.RosterRead, o.Scope())
	})
	if err != nil {
		return Org{}, err
	}
	return o, nil
}

// List reads the active organisations of a kind, all kinds when it is empty.
func (s *Service) List(ctx context.Context, actor policy.Actor, kind Kind) (list []Org, err error) {
	if err := actor.Allow(policy.RosterRead, policy.Scope{}); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		list, err = List(ctx, tx, kind)
		return err
	})
	return list, err
}

// SetSector says whether a school (named as Find takes it) is of the youth sector,
// to which policy A applies. It refuses (Conflict) what is not a school.
func (s *Service) SetSector(ctx context.Context, actor policy.Actor, id string, sector Sector) (o Org, err error) {
	return s.change(ctx, actor, id, "org.sector_set", func(o *Org) error { return o.setSector(sector) },
		audit.Note("sector="+string(sector)))
}

// MarkUnderDeputy says whether a department (named as Find takes it) stands under
// the deputy director general (1.3 b). It refuses (Conflict) what is not a department.
func (s *Service) MarkUnderDeputy(ctx context.Context, actor policy.Actor, id string, under bool) (o Org, err error) {
	action := "org.deputy_unmarked"
	if under {
		action = "org.deputy_marked"
	}
	return s.change(ctx, actor, id, action, func(o *Org) error { return o.markUnderDeputy(under) }, audit.Under("1.3b"))
}

// AddDepartment adds a department that the roster does not know.
func (s *Service) AddDepartment(ctx context.Context, actor policy.Actor, name string, underDeputy bool) (o Org, err error) {
	if err := actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return Org{}, err
	}
	if o, err = newDepartment(name, underDeputy); err != nil {
		return Org{}, err
	}
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		o.ID = db.NewID()
		o.SourceID = ByHand + o.ID
		if err := Save(ctx, tx, o); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "org.department_added", "org:"+o.ID, audit.Under("1.3b"))
	})
	return o, err
}

// change gets, asks, applies the rule, keeps and says who did it.
func (s *Service) change(ctx context.Context, actor policy.Actor, id, action string, rule func(*Org) error, said audit.Detail) (o Org, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if o, err = Find(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.RosterImport, o.Scope()); err != nil {
			return err
		}
		if err := rule(&o); err != nil {
			return err
		}
		if err := Save(ctx, tx, o); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, action, "org:"+o.ID, said)
	})
	if err != nil {
		return Org{}, err
	}
	return o, nil
}
