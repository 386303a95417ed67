package inventory

import (
	"context"
	"slices"

	"aval/internal/account"
	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/classification"
	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

// The controls that a platform found in use carries.
const (
	controlInventoried = "services.inventoried" // D-04
	controlAllowed     = "data.allowed"         // D-03
	controlWatchful    = "users.watchful"       // D-36
)

// Service is what people do with the inventory.
type Service struct{ DB *db.DB }

// List answers the platforms that were decided on, by name, to whoever may read the
// catalogue.
func (s *Service) List(ctx context.Context, actor policy.Actor, f Filter) (l List, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		l, err = list(ctx, tx, actor.Pack, f)
		return err
	})
	return l, err
}

func list(ctx context.Context, tx *db.Tx, pack *policy.Pack, f Filter) (l List, err error) {
	b, err := board.Get(ctx, tx, tx.Board)
	if err != nil {
		return l, err
	}
	l.Board = b.Name
	if l.Scheme, err = classification.SchemeOf(ctx, tx, pack); err != nil {
		return l, err
	}
	if f.Class != "" && l.Scheme.Place(f.Class) < 0 {
		return l, fault.Missing()
	}
	ceilings, err := classification.Ceilings(ctx, tx)
	if err != nil {
		return l, err
	}
	all, err := catalogue.List(ctx, tx, catalogue.Filter{})
	if err != nil {
		return l, err
	}
	all = slices.DeleteFunc(all, func(p catalogue.Platform) bool { return p.Status == catalogue.Unknown })
	published, err := decision.Items(ctx, tx, pack, all)
	if err != nil {
		return l, err
	}
	l.Total = len(published)
	for _, p := range published {
		item := Item{PublishedItem: p}
		if c, said := ceilings[p.ID]; said {
			item.Owner = c.Owner
			if level, known := l.Scheme.Level(c.Class); known {
				item.Class = &level
			}
		}
		if f.takes(item, l.Scheme) {
			l.Items = append(l.Items, item)
		}
	}
	return l, nil
}

// Note keeps that somebody saw a platform in use that nobody had asked for. It
// refuses (Conflict) one that is authorised for what was seen in it.
func (s *Service) Note(ctx context.Context, actor policy.Actor, in Seen) (f Found, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.InventoryNote, policy.Scope{Owner: actor.ID}); err != nil {
			return err
		}
		scheme, err := classification.SchemeOf(ctx, tx, actor.Pack)
		if err != nil {
			return err
		}
		if err := in.check(scheme, actor.Pack, i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		p, err := catalogue.FindOrAdd(ctx, tx, actor, catalogue.Draft{Name: in.Platform, URL: in.URL})
		if err != nil {
			return renamed(err)
		}
		f = Found{ID: db.NewID(), Platform: p.ID, Name: p.Name, NotedBy: actor.ID, NotedAt: tx.Now, SeenOn: in.On, Text: in.Text,
			Personal: in.Personal == "yes", Class: in.Class, State: Open}
		if err := f.mark(ctx, tx, actor, scheme, p); err != nil {
			return err
		}
		if err := insert(ctx, tx, f); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "inventory.noted", f.Subject(), audit.Under(clause(actor.Pack)))
	})
	return f, err
}

// mark says what the controls see of a platform in use, and refuses one that may
// be used for what was seen in it.
func (f Found) mark(ctx context.Context, tx *db.Tx, actor policy.Actor, s classification.Scheme, p catalogue.Platform) error {
	ceilings, err := classification.Ceilings(ctx, tx)
	if err != nil {
		return err
	}
	var ceiling *classification.Choice
	if c, said := ceilings[p.ID]; said {
		ceiling = &c
	}
	over := above(s, p, ceiling, f.Class)
	if p.Status.Usable() && !over {
		return fault.New(fault.Conflict, "inventory.authorised", p.Name).Under(clause(actor.Pack))
	}
	controls := []string{controlInventoried}
	if f.Personal {
		controls = append(controls, controlWatchful)
	}
	if over {
		controls = append(controls, controlAllowed)
	}
	for _, control := range controls {
		if err := policy.Mark(ctx, tx, control, f.Subject(), policy.Exception); err != nil {
			return err
		}
	}
	return nil
}

// Found answers what was found in use: all of it to who settles it, one's own to
// others, what awaits an answer first.
func (s *Service) Found(ctx context.Context, actor policy.Actor) (all []Found, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		wide := actor.Can(policy.InventoryRead, policy.Scope{})
		if !wide {
			if err := actor.Allow(policy.InventoryNote, policy.Scope{Owner: actor.ID}); err != nil {
				return err
			}
		}
		if all, err = found(ctx, tx, actor.ID, wide); err != nil || !wide {
			return err
		}
		ids := make([]string, len(all))
		for i, f := range all {
			ids[i] = f.NotedBy
		}
		names, err := account.Names(ctx, tx, ids)
		for i := range all {
			all[i].Noter = names[all[i].NotedBy]
		}
		return err
	})
	return all, err
}

// One answers a platform that was found in use to who settles it.
func (s *Service) One(ctx context.Context, actor policy.Actor, id string) (f Found, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if f, err = Get(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.InventorySettle, f.Scope()); err != nil {
			return err
		}
		names, err := account.Names(ctx, tx, []string{f.NotedBy})
		f.Noter = names[f.NotedBy]
		return err
	})
	return f, err
}

// Settlement is what became of a platform in use.
type Settlement struct {
	Outcome State
	Reason  string
}

// Settle closes what was found: a request for the platform has been made since, or
// its use was stopped. It refuses (Invalid) a request that nobody made.
func (s *Service) Settle(ctx context.Context, actor policy.Actor, id string, in Settlement) (f Found, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if f, err = Get(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.InventorySettle, f.Scope()); err != nil {
			return err
		}
		open, err := request.OpenFor(ctx, tx, f.Platform)
		if err != nil {
			return err
		}
		var asked request.ID
		if len(open) > 0 {
			asked = open[len(open)-1].ID
		}
		if err := f.settle(in.Outcome, in.Reason, asked, actor.ID, tx.Now, actor.Pack); err != nil {
			return err
		}
		if err := settle(ctx, tx, f); err != nil {
			return err
		}
		if err := policy.Mark(ctx, tx, controlInventoried, f.Subject(), policy.Conform); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "inventory.settled", f.Subject(), audit.Under(clause(actor.Pack)), audit.Note("outcome="+string(f.State)))
	})
	return f, err
}

// renamed gives the refusal of a platform's name the field of this form.
func renamed(err error) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	fields := map[string]fault.Message{}
	for name, m := range f.Fields {
		if name == "name" {
			name = "platform"
		}
		fields[name] = m
	}
	return fault.FormMsg(fields)
}
