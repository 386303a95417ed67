package licence

import (
	"context"
	"slices"
	"strings"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/job"
	orgs "aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

// The controls that licences carry.
const (
	ControlPayer       = "licence.payer"         // 4.2, 4.2 a, 4.2 b
	ControlPreapproved = "catalogue.preapproved" // 2.1
	ControlAbided      = "decision.transmitted"  // 4.1: an exception while it runs for what was refused
)

// Changed is left when a licence was recorded or ended, and for each licence of a
// platform that was decided on: what it discloses is not what it was. Its id is the licence's.
const Changed job.Kind = "licence.changed"

// Gate is asked of each licence before it is kept, in its transaction: what must stand
// for one to begin, and a room above this one knows (contract.Gate).
type Gate func(ctx context.Context, tx *db.Tx, actor policy.Actor, l Licence) error

// Service is what people do with licences.
type Service struct {
	db   *db.DB
	gate Gate
}

// New gives the licences of every board in the database; none begins that the gate refuses.
func New(d *db.DB, gate Gate) *Service { return &Service{db: d, gate: gate} }

// Subject names a licence in the trail and in the marks of controls.
func Subject(id ID) string { return "licence:" + string(id) }

// Record keeps a licence for an approved platform (otherwise a Conflict, see unapproved), paid by
// who may pay for it (otherwise refused under 4.2 b), for pupils of its reach, who do not sign in
// with an address that shows their name (otherwise refused under 5.1.2), and that the gate lets begin.
func (s *Service) Record(ctx context.Context, actor policy.Actor, l Licence) (kept Licence, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		kept, err = s.record(ctx, tx, actor, l)
		return err
	})
	return kept, err
}

func (s *Service) record(ctx context.Context, tx *db.Tx, actor policy.Actor, l Licence) (Licence, error) {
	l = l.tidy()
	p, err := catalogue.Get(ctx, tx, l.PlatformID)
	if err != nil {
		return l, err
	}
	if err := l.may(ctx, tx, actor, p); err != nil {
		return l, err
	}
	if l.Audience, err = l.belongs(ctx, tx); err != nil {
		return l, err
	}
	l.ID, l.RecordedBy, l.CreatedAt, l.Version, l.EndedOn = ID(db.NewID()), actor.ID, tx.Now, 1, ""
	if err := insert(ctx, tx, l); err != nil {
		return l, err
	}
	if err := l.discreet(ctx, tx); err != nil {
		return l, err
	}
	if err := s.gate(ctx, tx, actor, l); err != nil {
		return l, err
	}
	if err := policy.Mark(ctx, tx, ControlPayer, Subject(l.ID), policy.Conform); err != nil {
		return l, err
	}
	if l.Scope != Individual && l.Scope != Department {
		if err := policy.Mark(ctx, tx, ControlPreapproved, Subject(l.ID), policy.Conform); err != nil {
			return l, err
		}
	}
	if err := job.Enqueue(ctx, tx, Changed, string(l.ID)); err != nil {
		return l, err
	}
	return l, audit.Write(ctx, tx, actor, "licence.recorded", Subject(l.ID), audit.Under(l.clause()))
}

// tidy is a licence as it is kept: without blanks around what was typed.
func (l Licence) tidy() Licence {
	for _, s := range []*string{&l.OrgID, &l.Payer, &l.StartsOn, &l.EndsOn, &l.SignInURL} {
		*s = strings.TrimSpace(*s)
	}
	l.Audience = l.Audience.tidy()
	l.Columns = slices.Clone(l.Columns)
	for i := range l.Columns {
		c := &l.Columns[i]
		c.Name, c.Text = strings.TrimSpace(c.Name), strings.TrimSpace(c.Text)
	}
	if l.AccountKind == "" {
		l.AccountKind = NoAccount
	}
	return l
}

// may refuses a licence that is wrong by itself, that the actor may not record, that makes
// somebody else pay, or for a platform that is not approved.
func (l Licence) may(ctx context.Context, tx *db.Tx, actor policy.Actor, p catalogue.Platform) error {
	if len(actor.Reach(policy.LicenceRecord).Rules) == 0 { // nowhere: what was typed is not looked at
		return actor.Allow(policy.LicenceRecord, l.Place())
	}
	named, err := places(ctx, tx, l)
	if err != nil {
		return err
	}
	if err := l.check(named); err != nil {
		return err
	}
	if err := actor.Allow(policy.LicenceRecord, l.Place()); err != nil {
		return err
	}
	if err := l.pays(named); err != nil {
		return err
	}
	if l.Payer != DDL && !actor.Can(policy.LicenceRecord, policy.Scope{Org: l.Payer}) {
		return wrongPayer("licence.payer_not_yours")
	}
	if !p.Status.Usable() {
		return fault.New(fault.Conflict, "licence.platform_not_approved").Under(l.unapproved(p.Status, named))
	}
	return nil
}

// discreet is the rule of 5.1.2: an address that shows a pupil's name is not what they sign in with.
func (l Licence) discreet(ctx context.Context, tx *db.Tx) error {
	if l.AccountKind != BoardEmail {
		return nil
	}
	n, err := l.addressesShow(ctx, tx)
	if err != nil || n == 0 {
		return err
	}
	f := fault.New(fault.Invalid, "licence.address_shows", n).Under("5.1.2")
	f.Fields = map[string]fault.Message{"account_kind": {Key: f.Key, Args: f.Args}}
	return f
}

// End stops a licence before the day that was foreseen: on is its last day, included.
func (s *Service) End(ctx context.Context, actor policy.Actor, id ID, on string) (l Licence, err error) {
	err = s.db.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if l, err = seen(ctx, tx, actor, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.LicenceRecord, l.Place()); err != nil {
			return err
		}
		today := i18n.DayOf(tx.Now)
		if err := l.end(strings.TrimSpace(on), today); err != nil {
			return err
		}
		if err := updateEnd(ctx, tx, &l); err != nil {
			return err
		}
		if l.EndedOn <= today { // its last day is here: nobody lets it run any longer
			if err := policy.Unmark(ctx, tx, ControlAbided, Subject(id)); err != nil {
				return err
			}
		}
		if err := job.Enqueue(ctx, tx, Changed, string(id)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "licence.ended", Subject(id), audit.Under(l.clause()), audit.Note("on="+l.EndedOn))
	})
	return l, err
}

// seen is a licence that the actor may read; any other is the one NotFound.
func seen(ctx context.Context, tx *db.Tx, actor policy.Actor, id ID) (Licence, error) {
	l, err := Get(ctx, tx, id)
	if err == nil && !actor.Can(policy.LicenceRead, l.Place()) {
		return Licence{}, fault.Missing()
	}
	return l, err
}

// AfterDecision looks again at a platform's licences once a decision was made on it, in the
// decision's transaction: each that is not over is an exception to 4.1 while the platform is
// refused, and no longer one when it is approved again.
func AfterDecision(ctx context.Context, tx *db.Tx, id catalogue.ID) error {
	p, err := catalogue.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	all, err := ForPlatform(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, l := range all {
		switch {
		case l.Last() < i18n.DayOf(tx.Now):
			continue
		case p.Status == catalogue.Refused:
			err = policy.Mark(ctx, tx, ControlAbided, Subject(l.ID), policy.Exception)
		default:
			err = policy.Unmark(ctx, tx, ControlAbided, Subject(l.ID))
		}
		if err != nil {
			return err
		}
		if err := job.Enqueue(ctx, tx, Changed, string(l.ID)); err != nil {
			return err
		}
	}
	return nil
}

// Sweep takes back the exception of each licence of a board whose last day has passed.
func (s *Service) Sweep(ctx context.Context, board string) error {
	return s.db.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		over, err := overButMarked(ctx, tx, i18n.DayOf(tx.Now))
		if err != nil {
			return err
		}
		for _, id := range over {
			if err := policy.Unmark(ctx, tx, ControlAbided, Subject(id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// View is one licence as its page shows it.
type View struct {
	Listed
	Status    catalogue.Status // of its platform
	Schools   []string         // names of those that its audience names
	Classes   []string         // titles
	Pupils    int              // whom it is for today
	Exception bool             // it runs although its platform was refused (4.1)
	May       bool             // the actor may end it
}

// Crowded tells that there are fewer seats than pupils: accounts stop at the seats.
func (v View) Crowded() bool {
	return v.Seats > 0 && v.AccountKind != NoAccount && int64(v.Pupils) > v.Seats
}

// View answers a licence that the actor may read.
func (s *Service) View(ctx context.Context, actor policy.Actor, id ID) (v View, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := seen(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		named, err := Seen(ctx, tx, actor, []string{string(id)})
		if err != nil {
			return err
		}
		v.Listed = named[string(id)]
		v.May = l.Last() >= i18n.DayOf(tx.Now) && l.EndedOn == "" && actor.Can(policy.LicenceRecord, l.Place())
		if v.Pupils, err = Size(ctx, tx, l); err != nil {
			return err
		}
		if v.Exception, err = marked(ctx, tx, id); err != nil {
			return err
		}
		return v.names(ctx, tx)
	})
	return v, err
}

// names reads how the platform stands, and how what the audience names is called.
func (v *View) names(ctx context.Context, tx *db.Tx) error {
	p, err := catalogue.Get(ctx, tx, v.PlatformID)
	if err != nil {
		return err
	}
	v.Status = p.Status
	all, err := orgs.All(ctx, tx)
	if err != nil {
		return err
	}
	for _, o := range all {
		if slices.Contains(v.Audience.Schools, o.ID) {
			v.Schools = append(v.Schools, o.Name)
		}
	}
	for part := range chunks(v.Audience.Classes) {
		classes, err := person.Classes(ctx, tx, part)
		if err != nil {
			return err
		}
		for _, c := range classes {
			v.Classes = append(v.Classes, c.Title)
		}
	}
	slices.Sort(v.Schools)
	return nil
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
		licences = slices.DeleteFunc(all, func(l Licence) bool { return !actor.Can(policy.LicenceRead, l.Place()) })
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
// are approved), the schools and departments within the actor's reach, and whether the board is;
// and, once its reach is known, who may be named in its audience.
type Choices struct {
	Platform  catalogue.Platform
	Platforms []catalogue.Platform
	Orgs      []orgs.Org
	Board     bool

	Schools []orgs.Org // of the youth sector
	Grades  []string   // of their pupils
	Classes []person.Class
}

// Begins refuses a first step that does not say the platform, the reach and, where the reach
// has one, the school or department.
func (c Choices) Begins(l Licence) error {
	fields := map[string]string{}
	if l.PlatformID == "" {
		fields["platform"] = "licence.platform_required"
	}
	var places []org
	for _, o := range c.Orgs {
		places = append(places, org{ID: o.ID, Kind: string(o.Kind)})
	}
	l.checkReach(places, fields)
	return fault.Form(fields)
}

// Own is the school or department of a licence that is begun: the only one that fits its
// reach, when none was named.
func (c Choices) Own(l Licence) string {
	kind := orgs.School
	if l.Scope == Department {
		kind = orgs.Department
	}
	if l.OrgID != "" || !l.Scope.AtSchool() && l.Scope != Department {
		return l.OrgID
	}
	own := ""
	for _, o := range c.Orgs {
		switch {
		case o.Kind != kind:
		case own != "":
			return ""
		default:
			own = o.ID
		}
	}
	return own
}

// Pays tells whether a school or department may pay for a licence that is begun (4.2 b).
func (c Choices) Pays(l Licence, o orgs.Org) bool {
	l.Payer = o.ID
	return l.pays([]org{{ID: o.ID, Kind: string(o.Kind)}}) == nil
}

// Choices answers what the actor may choose from when they record a licence, of which the
// platform, the reach and its school or department may be known already.
func (s *Service) Choices(ctx context.Context, actor policy.Actor, begun Licence) (c Choices, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if len(actor.Reach(policy.LicenceRecord).Rules) == 0 {
			return actor.Allow(policy.LicenceRecord, policy.Scope{})
		}
		c.Board = actor.Can(policy.LicenceRecord, policy.Scope{})
		all, err := orgs.List(ctx, tx, "")
		if err != nil {
			return err
		}
		for _, o := range all {
			if o.Kind != orgs.Board && actor.Can(policy.LicenceRecord, o.Scope()) {
				c.Orgs = append(c.Orgs, o)
			}
			if o.Kind == orgs.School && o.Sector == orgs.Youth {
				c.Schools = append(c.Schools, o)
			}
		}
		if err := c.platforms(ctx, tx, begun.PlatformID); err != nil {
			return err
		}
		begun.OrgID = c.Own(begun)
		return c.named(ctx, tx, begun)
	})
	return c, err
}

func (c *Choices) platforms(ctx context.Context, tx *db.Tx, id catalogue.ID) (err error) {
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
}

// named reads the grades, and the classes of the school; none of a school out of reach.
func (c *Choices) named(ctx context.Context, tx *db.Tx, begun Licence) (err error) {
	school := ""
	if begun.Scope.AtSchool() {
		school = begun.OrgID
		if !slices.ContainsFunc(c.Orgs, func(o orgs.Org) bool { return o.ID == school && o.Kind == orgs.School }) {
			school = ""
		}
		if c.Classes, err = person.ClassesOfSchool(ctx, tx, school); err != nil {
			return err
		}
	}
	c.Grades, err = grades(ctx, tx, school)
	return err
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
	groups, err := Groups(ctx, tx, actor.Classes, actor.Orgs())
	if err != nil {
		return a, err
	}
	l, covered, err := Covers(ctx, tx, id, groups, i18n.DayOf(tx.Now))
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
		groups, err := Groups(ctx, tx, actor.Classes, actor.Orgs())
		if err != nil {
			return err
		}
		covered, err := covering(ctx, tx, ids, groups, i18n.DayOf(tx.Now))
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
