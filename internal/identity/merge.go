package identity

import (
	"context"
	"slices"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/reveal"
)

// clause is the one under which the roster is kept.
const clause = "6.5d"

// Service is what who keeps the roster does.
type Service struct {
	DB      *db.DB
	Names   *pseudonym.Names
	Reveals *reveal.Service
	Rows    []person.Rows // that follow a pupil
	Also    []Follower    // that follows a pupil otherwise than by its row
}

// Follower passes what cannot be another's by its row alone, such as what is sealed
// for one pupil.
type Follower interface {
	Table() string
	IDsOf(ctx context.Context, tx *db.Tx, personID string) ([]string, error)
	Pass(ctx context.Context, tx *db.Tx, ids []string, from, to string) (passed []string, err error)
}

// Subject is an act as the trail names it.
func Subject(id string) string { return "identity:" + id }

// Merge makes two records of one child one: the first survives, and what was the
// second's is the first's. The second's source id leads to the first from now on, so
// that no import makes it anew. It refuses (Denied) who does not keep the roster;
// (Invalid) an answer that lacks; (Conflict) who is no pupil, and a record that was
// merged into another already.
func (s *Service) Merge(ctx context.Context, actor policy.Actor, m Merge) (a Act, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := s.begin(ctx, tx, actor); err != nil {
			return err
		}
		holds, err := s.Names.Holds(ctx, tx, []string{m.First, m.Second})
		if err != nil {
			return err
		}
		if err := m.check(holds[m.First] && holds[m.Second]); err != nil {
			return err
		}
		first, second, err := two(ctx, tx, m.First, m.Second)
		if err != nil {
			return err
		}
		a = Act{ID: db.NewID(), Kind: Merged, First: first.ID, Second: second.ID, DoneBy: actor.ID, DoneAt: tx.Now}
		c := &change{s: s, act: a}
		for _, step := range []func(context.Context, *db.Tx, person.Person, person.Person) error{
			c.logins(m, holds), c.rows, c.posts, c.audiences, c.sources, c.standing, c.pseudonyms,
		} {
			if err := step(ctx, tx, first, second); err != nil {
				return err
			}
		}
		if err := insert(ctx, tx, a, c.items); err != nil {
			return err
		}
		return told(ctx, tx, actor, a, "roster.merged")
	})
	return a, err
}

// begin asks whether they may, and takes the keys before anything else: one order everywhere.
func (s *Service) begin(ctx context.Context, tx *db.Tx, actor policy.Actor) error {
	if err := actor.Allow(policy.RosterMerge, policy.Scope{}); err != nil {
		return err
	}
	_, err := s.Names.Vault.Keys(ctx, tx)
	return err
}

// told writes the trail.
func told(ctx context.Context, tx *db.Tx, actor policy.Actor, a Act, action string) error {
	return audit.Write(ctx, tx, actor, action, "person:"+a.First, audit.Under(actor.Pack.First(clause, "D-28")),
		audit.Note(Subject(a.ID)+" other=person:"+a.Second))
}

// two reads the records of two pupils, neither of which was merged into another.
func two(ctx context.Context, tx *db.Tx, one, other string) (first, second person.Person, err error) {
	if first, err = standing(ctx, tx, one); err != nil {
		return first, second, err
	}
	if second, err = standing(ctx, tx, other); err != nil {
		return first, second, err
	}
	return first, second, pupils(first, second)
}

// standing reads a record that was not merged into another.
func standing(ctx context.Context, tx *db.Tx, id string) (person.Person, error) {
	p, err := person.Get(ctx, tx, id)
	if err != nil {
		return p, err
	}
	is, err := person.Survivor(ctx, tx, id)
	if err == nil && is != id {
		err = fault.New(fault.Conflict, "identity.merged_already")
	}
	return p, err
}

// change is an act on its way, and what it moved so far.
type change struct {
	s     *Service
	act   Act
	items []moved
}

func (c *change) note(item Item, was string, ids ...string) {
	for _, id := range ids {
		c.items = append(c.items, moved{item, id, was})
	}
}

// logins settles which login name stays. A pupil who had one only under the second
// record keeps that one.
func (c *change) logins(m Merge, holds map[string]bool) func(context.Context, *db.Tx, person.Person, person.Person) error {
	return func(ctx context.Context, tx *db.Tx, first, second person.Person) error {
		if !holds[second.ID] {
			return nil
		}
		if m.Login == OfSecond || !holds[first.ID] {
			if err := c.s.Names.Exchange(ctx, tx, first.ID, second.ID); err != nil {
				return err
			}
			if err := disclosure.LoginsChanged(ctx, tx, first.ID); err != nil {
				return err
			}
			c.note(LoginGiven, "", first.ID)
		}
		if !holds[first.ID] || m.Other == Keep {
			return nil
		}
		_, err := c.s.Names.LayDown(ctx, tx, second.ID)
		c.note(LoginClosed, i18n.DayOf(tx.Now), second.ID)
		return err
	}
}

// rows passes what other tables hold of the second.
func (c *change) rows(ctx context.Context, tx *db.Tx, first, second person.Person) error {
	for _, r := range c.s.Rows {
		ids, err := r.Of(ctx, tx, second.ID)
		if err != nil {
			return err
		}
		if err := r.Pass(ctx, tx, ids, second.ID, first.ID); err != nil {
			return err
		}
		c.note(Item(r.Table), "", ids...)
	}
	for _, f := range c.s.Also {
		ids, err := f.IDsOf(ctx, tx, second.ID)
		if err != nil {
			return err
		}
		if ids, err = f.Pass(ctx, tx, ids, second.ID, first.ID); err != nil {
			return err
		}
		c.note(Item(f.Table()), "", ids...)
	}
	return person.PassHistory(ctx, tx, second.ID, first.ID, c.act.ID)
}

func (c *change) posts(ctx context.Context, tx *db.Tx, first, second person.Person) error {
	theirs, err := person.Posts(ctx, tx, second.ID)
	if err != nil {
		return err
	}
	held, err := person.Posts(ctx, tx, first.ID)
	if err != nil {
		return err
	}
	var added []person.Post
	for _, p := range theirs {
		c.note(Role, "", postID(p))
		p.PersonID = first.ID
		if !slices.Contains(held, p) {
			added = append(added, p)
			c.note(RoleAdded, "", postID(p))
		}
	}
	if err := person.ClearPosts(ctx, tx, []string{second.ID}); err != nil {
		return err
	}
	return person.SavePosts(ctx, tx, added)
}

func (c *change) audiences(ctx context.Context, tx *db.Tx, first, second person.Person) error {
	theirs, err := licence.NamedFor(ctx, tx, second.ID)
	if err != nil {
		return err
	}
	held, err := licence.NamedFor(ctx, tx, first.ID)
	if err != nil {
		return err
	}
	for _, id := range theirs {
		was := ""
		if slices.Contains(held, id) {
			was = both
		}
		c.note(Audience, was, id)
	}
	if err := licence.Name(ctx, tx, theirs, first.ID); err != nil {
		return err
	}
	return licence.Unname(ctx, tx, theirs, second.ID)
}

// both says that an audience named the two of them.
const both = "both"

func (c *change) sources(ctx context.Context, tx *db.Tx, first, second person.Person) error {
	ids, err := person.AliasesOf(ctx, tx, second.ID)
	if err != nil {
		return err
	}
	ids = append(ids, second.SourceID)
	c.note(Source, second.ID, ids...)
	return person.Lead(ctx, tx, ids, first.ID)
}

// pseudonyms makes platforms that know the second by one know the first.
func (c *change) pseudonyms(ctx context.Context, tx *db.Tx, first, second person.Person) error {
	return disclosure.Move(ctx, tx, disclosure.OfUser, second.ID, first.ID)
}

// standing retires the second, and brings the first back where only the second was there.
func (c *change) standing(ctx context.Context, tx *db.Tx, first, second person.Person) error {
	c.note(Standing, second.Status, second.ID)
	if second.Status == person.Active && first.Status != person.Active {
		c.note(Standing, first.Status, first.ID)
		c.note(Grade, first.Grade, first.ID)
		first.Status, first.Grade = person.Active, second.Grade
	}
	second.Status = person.Gone
	if err := person.Stand(ctx, tx, first); err != nil {
		return err
	}
	return person.Stand(ctx, tx, second)
}
