package catalogue

import (
	"context"
	"slices"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
)

// Service is what people do with the catalogue.
type Service struct {
	db *db.DB
}

// New gives the catalogue of every board in the database.
func New(d *db.DB) *Service { return &Service{db: d} }

// Subject names a platform in the trail and in the marks of controls.
func Subject(id ID) string { return "platform:" + string(id) }

// Platform answers one platform.
func (s *Service) Platform(ctx context.Context, actor policy.Actor, id ID) (p Platform, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		p, err = Get(ctx, tx, id)
		return err
	})
	return p, err
}

// Search answers the platforms that a person may have meant: by name first, however it
// is spelt, then by what they do. Nothing typed answers nothing.
func (s *Service) Search(ctx context.Context, actor policy.Actor, typed string) (hits []Hit, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		hits, err = Search(ctx, tx, actor.Pack, typed)
		return err
	})
	return hits, err
}

// Search is the search of the use case, within a transaction.
func Search(ctx context.Context, tx *db.Tx, pack *policy.Pack, typed string) ([]Hit, error) {
	q := newQuery(typed)
	if len(q.forms) == 0 {
		return nil, nil
	}
	platforms, err := all(ctx, tx)
	if err != nil {
		return nil, err
	}
	does := q.functions(pack.Functions)
	codes := make([]string, 0, len(does))
	for code := range does {
		codes = append(codes, code)
	}
	have, err := owners(ctx, tx, codes)
	if err != nil {
		return nil, err
	}
	doing := map[ID]float64{}
	for _, o := range have {
		doing[o.platform] = max(doing[o.platform], does[o.function])
	}
	hits := q.among(platforms, doing)
	found := make([]Platform, len(hits))
	for i, h := range hits {
		found[i] = h.Platform
	}
	if err := withFunctions(ctx, tx, found); err != nil {
		return nil, err
	}
	for i := range hits {
		hits[i].Platform = found[i]
	}
	return hits, nil
}

// Page is a part of the catalogue's list; Next begins the following part, or is empty.
type Page struct {
	Platforms []Platform
	Next      ID
}

// The size of a page when none is asked for, and the largest.
const (
	pageSize    = 50
	largestPage = 200
)

// Page lists the catalogue by name.
func (s *Service) Page(ctx context.Context, actor policy.Actor, f Filter) (page Page, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		if f.Status != "" && !f.Status.Valid() {
			return fault.Form(map[string]string{"status": "catalogue.status_wrong"})
		}
		if f.Limit <= 0 {
			f.Limit = pageSize
		}
		size := min(f.Limit, largestPage)
		f.Limit = size + 1
		if page.Platforms, err = List(ctx, tx, f); err != nil {
			return err
		}
		if len(page.Platforms) > size {
			page.Platforms = page.Platforms[:size]
			page.Next = page.Platforms[size-1].ID
		}
		return nil
	})
	return page, err
}

// Similar answers the approved platforms that do some of what this one does, nearest first
// (policy A, 3.3 a when rungs are given). They are suggested, never imposed.
func (s *Service) Similar(ctx context.Context, actor policy.Actor, id ID, rungs ...Hosting) (matches []Match, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		p, err := Get(ctx, tx, id)
		if err != nil {
			return err
		}
		matches, err = Similar(ctx, tx, p.Functions, p.ID, rungs...)
		return err
	})
	return matches, err
}

// FindOrAdd answers the platform that bears this name or has this site, or else adds it: of
// several people who name it at once, one adds it.
func FindOrAdd(ctx context.Context, tx *db.Tx, actor policy.Actor, d Draft) (Platform, error) {
	if p, found, err := FindByName(ctx, tx, d.Name, d.URL); err != nil || found {
		return p, err
	}
	if err := board.Hold(ctx, tx); err != nil {
		return Platform{}, err
	}
	if p, found, err := FindByName(ctx, tx, d.Name, d.URL); err != nil || found {
		return p, err
	}
	return Add(ctx, tx, actor, d)
}

// Add puts a platform in the catalogue, without a result. It refuses a name that the
// catalogue already has.
func Add(ctx context.Context, tx *db.Tx, actor policy.Actor, d Draft) (Platform, error) {
	if err := d.clean(knownTo(actor.Pack)); err != nil {
		return Platform{}, err
	}
	if err := unique(ctx, tx, d, ""); err != nil {
		return Platform{}, err
	}
	p := Platform{ID: ID(db.NewID()), Draft: d, Status: Unknown, Hosting: HostingUnknown, CreatedAt: tx.Now, Version: 1}
	if err := insert(ctx, tx, p); err != nil {
		return Platform{}, err
	}
	return p, audit.Write(ctx, tx, actor, "platform.added", Subject(p.ID))
}

// knownTo says which functions are in the pack's vocabulary.
func knownTo(pack *policy.Pack) func(string) bool {
	return func(code string) bool {
		return slices.ContainsFunc(pack.Functions, func(t policy.Term) bool { return t.Code == code })
	}
}

// unique refuses a name that another platform bears, and lets nobody take it meanwhile.
func unique(ctx context.Context, tx *db.Tx, d Draft, self ID) error {
	if err := board.Hold(ctx, tx); err != nil {
		return err
	}
	platforms, err := all(ctx, tx)
	if err != nil {
		return err
	}
	name := compact(d.Name)
	if slices.ContainsFunc(platforms, func(p Platform) bool { return p.ID != self && p.is(name, "") }) {
		return fault.Form(map[string]string{"name": "catalogue.exists"})
	}
	return nil
}

// AddPlatform puts a platform in the catalogue; a teacher's request for an unknown name
// does the same by Add, within its own transaction.
func (s *Service) AddPlatform(ctx context.Context, actor policy.Actor, d Draft) (p Platform, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueEdit, policy.Scope{}); err != nil {
			return err
		}
		p, err = Add(ctx, tx, actor, d)
		return err
	})
	return p, err
}

// Edit changes what people write about a platform; its result comes from decisions alone.
// The version is the one that was read: a Conflict says that somebody was faster.
func (s *Service) Edit(ctx context.Context, actor policy.Actor, id ID, version int64, d Draft) (p Platform, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if p, err = Get(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.CatalogueEdit, policy.Scope{}); err != nil {
			return err
		}
		if err := d.clean(knownTo(actor.Pack)); err != nil {
			return err
		}
		if err := unique(ctx, tx, d, id); err != nil {
			return err
		}
		p.Draft, p.Version = d, version
		if err := update(ctx, tx, &p); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "platform.edited", Subject(p.ID))
	})
	return p, err
}
