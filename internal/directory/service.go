package directory

import (
	"context"
	"slices"

	"aval/internal/audit"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

// Service is what people do with the directory.
type Service struct {
	DB *db.DB
}

// Numbers tells whether the actor may look for a pupil by number: who keeps the roster.
func Numbers(actor policy.Actor) bool { return actor.Can(policy.RosterImport, policy.Scope{}) }

// Search answers a page of the active pupils within the actor's reach whose name
// has words that begin so, by family name, and notes it. It refuses (Denied) who
// reaches nobody, (Invalid) what is no name, and (Conflict, under 6.3 e) beyond
// the hour's bound.
func (s *Service) Search(ctx context.Context, actor policy.Actor, ask Ask) (p Page, err error) {
	reach := actor.Reach(policy.DirectoryRead)
	if len(reach.Rules) == 0 {
		return p, actor.Allow(policy.DirectoryRead, policy.Scope{})
	}
	words, number, err := ask.words(Numbers(actor))
	if err != nil {
		return p, err
	}
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := look(ctx, tx, actor); err != nil {
			return err
		}
		q := pupils(tx, reach)
		q.named(words, number)
		q.at(ask.School, ask.Grade)
		if p, err = q.page(ctx, tx, ask.After); err != nil {
			return err
		}
		if err := p.place(ctx, tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "directory.searched", "account:"+actor.ID, audit.Under(clause),
			audit.Note(counted("found", p.Total)+" "+counted("shown", len(p.Found))))
	})
	if err != nil {
		return Page{}, err
	}
	return p, nil
}

// place puts in where those who were found are.
func (p *Page) place(ctx context.Context, tx *db.Tx) error {
	ids := make([]string, len(p.Found))
	for i, f := range p.Found {
		ids[i] = f.ID
	}
	posts, err := person.PostsOfMany(ctx, tx, ids)
	if err != nil {
		return err
	}
	names, err := orgNames(ctx, tx)
	if err != nil {
		return err
	}
	classes, err := person.ClassesOfMany(ctx, tx, ids)
	for i, f := range p.Found {
		for _, post := range posts[f.ID] {
			if post.Role == person.Pupil {
				p.Found[i].Schools = append(p.Found[i].Schools, names[post.OrgID])
			}
		}
		p.Found[i].Classes = classes[f.ID]
	}
	return err
}

// look notes that the actor opens names once more, or refuses.
func look(ctx context.Context, tx *db.Tx, actor policy.Actor) error {
	if err := tx.Alone(ctx, "directory "+actor.ID); err != nil {
		return err
	}
	if err := forget(ctx, tx, actor.ID); err != nil {
		return err
	}
	n, oldest, err := looks(ctx, tx, actor.ID)
	if err != nil {
		return err
	}
	if n >= AnHour {
		return fault.New(fault.Conflict, "directory.bound", AnHour, wait(oldest, tx.Now)).Under(clause)
	}
	return insertLook(ctx, tx, actor.ID)
}

// Schools answers the schools that the actor sees as a whole, by name, each with
// how its roster stands. It names no pupil. It refuses (Denied) who sees none.
func (s *Service) Schools(ctx context.Context, actor policy.Actor) (list []School, err error) {
	if !Whole(actor) {
		return nil, actor.Allow(policy.DirectoryRead, policy.Scope{})
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		all, err := org.List(ctx, tx, org.School)
		if err != nil {
			return err
		}
		counts, err := schoolCounts(ctx, tx)
		for _, o := range all {
			if actor.Can(policy.DirectoryRead, policy.Scope{Org: o.ID}) {
				one := counts[o.ID]
				one.Org = o
				list = append(list, one)
			}
		}
		return err
	})
	return list, err
}

// Whole tells whether the actor sees a school as a whole.
func Whole(actor policy.Actor) bool {
	return slices.ContainsFunc(actor.Reach(policy.DirectoryRead).Rules, func(r policy.ReachRule) bool { return r.Board || len(r.Orgs) > 0 })
}

// School answers a school's page to who sees it as a whole; to others it is not there.
func (s *Service) School(ctx context.Context, actor policy.Actor, id string) (v SchoolView, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		o, err := org.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if o.Kind != org.School || !actor.Can(policy.DirectoryRead, policy.Scope{Org: o.ID}) {
			return fault.Missing()
		}
		counts, err := schoolCounts(ctx, tx)
		if err != nil {
			return err
		}
		v.School = counts[o.ID]
		v.Org = o
		classes, err := person.ClassesOfSchool(ctx, tx, id)
		if err != nil {
			return err
		}
		if v.Groups, err = taught(ctx, tx, classes); err != nil {
			return err
		}
		if v.Staff, err = staff(ctx, tx, id); err != nil {
			return err
		}
		v.ByGrade, err = gradeCounts(ctx, tx, id)
		return err
	})
	return v, err
}

// Teachers answers the names of those who teach a class that the actor may read.
func (s *Service) Teachers(ctx context.Context, actor policy.Actor, classID string) (names []string, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		c, err := person.GetClass(ctx, tx, classID)
		if err != nil {
			return err
		}
		if !actor.Can(policy.ClassRead, policy.Scope{Org: c.SchoolID, Classes: []string{c.ID}}) {
			return fault.Missing()
		}
		groups, err := taught(ctx, tx, []person.Class{c})
		if len(groups) == 1 {
			names = groups[0].Teachers
		}
		return err
	})
	return names, err
}

// Pupil answers a pupil's page to who reaches them, and notes it; to others they
// are not there. Who left the roster is found by those who keep it.
func (s *Service) Pupil(ctx context.Context, actor policy.Actor, id string) (v PupilView, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if v, err = pupil(ctx, tx, actor, id); err != nil {
			return err
		}
		if err := look(ctx, tx, actor); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "directory.read", "person:"+id, audit.Under(clause),
			audit.As(actor.GrantFor(policy.DirectoryRead, v.Scope)))
	})
	if err != nil {
		return PupilView{}, err
	}
	return v, nil
}

func pupil(ctx context.Context, tx *db.Tx, actor policy.Actor, id string) (v PupilView, err error) {
	scope, p, err := Reached(ctx, tx, actor, policy.DirectoryRead, id)
	if err != nil {
		return v, err
	}
	v.Person, v.Scope = p, scope
	if !Numbers(actor) {
		v.Number = ""
	}
	v.Email = ""
	if p.Status != person.Active {
		return v, nil
	}
	posts, err := person.Posts(ctx, tx, id)
	if err != nil {
		return v, err
	}
	for _, post := range posts {
		if post.Role != person.Pupil {
			continue
		}
		o, err := org.Get(ctx, tx, post.OrgID)
		if err != nil {
			return v, err
		}
		v.Schools = append(v.Schools, o)
	}
	classes, err := person.ClassesOf(ctx, tx, id)
	if err != nil {
		return v, err
	}
	if v.Classes, err = taught(ctx, tx, classes); err != nil {
		return v, err
	}
	v.Platforms, err = knowing(ctx, tx, actor, id)
	return v, err
}

// Reached is a pupil to whom the actor may do this, and the scope under which
// they may; any other is the one NotFound. Who left the roster stands nowhere:
// only those who see the whole board reach them.
func Reached(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, id string) (policy.Scope, person.Person, error) {
	p, err := person.Get(ctx, tx, id)
	if err != nil {
		return policy.Scope{}, p, err
	}
	if p.Kind != person.Student {
		return policy.Scope{}, p, fault.Missing()
	}
	places := []policy.Scope{{}}
	if p.Status == person.Active {
		classes, err := person.ClassesOf(ctx, tx, id)
		if err != nil {
			return policy.Scope{}, p, err
		}
		in := make([]string, len(classes))
		for i, c := range classes {
			in[i] = c.ID
		}
		posts, err := person.Posts(ctx, tx, id)
		if err != nil {
			return policy.Scope{}, p, err
		}
		places = nil
		for _, post := range posts {
			if post.Role == person.Pupil {
				places = append(places, policy.Scope{Org: post.OrgID, Classes: in})
			}
		}
		places = append(places, policy.Scope{Classes: in})
	}
	for _, at := range places {
		if actor.Can(do, at) {
			return at, p, nil
		}
	}
	return policy.Scope{}, person.Person{}, fault.Missing()
}

// knowing are the licences that run and whose audience holds a pupil.
func knowing(ctx context.Context, tx *db.Tx, actor policy.Actor, id string) (list []Known, err error) {
	running, err := licence.Running(ctx, tx, i18n.DayOf(tx.Now))
	if err != nil {
		return nil, err
	}
	for _, l := range running {
		holds, err := licence.Holds(ctx, tx, l, id)
		if err != nil {
			return nil, err
		}
		if !holds {
			continue
		}
		p, err := catalogue.Get(ctx, tx, l.PlatformID)
		if err != nil {
			return nil, err
		}
		list = append(list, Known{Licence: l.ID, Platform: p.Name, Until: l.Last(), Read: actor.Can(policy.LicenceRead, l.Place())})
	}
	slices.SortFunc(list, func(a, b Known) int { return compare(a.Platform, b.Platform, string(a.Licence), string(b.Licence)) })
	return list, nil
}
