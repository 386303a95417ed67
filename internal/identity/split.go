package identity

import (
	"context"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/person"
	"aval/internal/policy"
)

// postID writes a role that is held somewhere; postOf reads it.
func postID(p person.Post) string { return p.OrgID + ":" + string(p.Role) }

func postOf(id, personID string) person.Post {
	org, role, _ := strings.Cut(id, ":")
	return person.Post{PersonID: personID, OrgID: org, Role: person.Role(role)}
}

// Split makes two records of one that was two children, and moves what is said to
// be the second's. A record of which no source id is told apart is known to nobody
// but the board: no import retires it. It refuses what Merge refuses, and (NotFound)
// what is none of the record's.
func (s *Service) Split(ctx context.Context, actor policy.Actor, d Division) (a Act, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := s.begin(ctx, tx, actor); err != nil {
			return err
		}
		holds, err := s.Names.Holds(ctx, tx, []string{d.Person})
		if err != nil {
			return err
		}
		if err := d.check(holds[d.Person]); err != nil {
			return err
		}
		first, err := standing(ctx, tx, d.Person)
		if err != nil {
			return err
		}
		if err := pupils(first); err != nil {
			return err
		}
		h, err := s.heldBy(ctx, tx, first)
		if err != nil {
			return err
		}
		if err := d.within(h); err != nil {
			return err
		}
		second := person.Person{ID: db.NewID(), Kind: person.Student, GivenName: d.GivenName, FamilyName: d.FamilyName,
			Number: d.Number, Grade: d.Grade, Status: person.Active}
		a = Act{ID: db.NewID(), Kind: Split, First: first.ID, Second: second.ID, DoneBy: actor.ID, DoneAt: tx.Now}
		c := &change{s: s, act: a}
		if err := c.divide(ctx, tx, d, first, second); err != nil {
			return err
		}
		if err := insert(ctx, tx, a, c.items); err != nil {
			return err
		}
		if err := refresh(ctx, tx, first.ID); err != nil {
			return err
		}
		return told(ctx, tx, actor, a, "roster.split")
	})
	return a, err
}

// refresh leaves each licence that lets its platform know the pupil to be brought in step.
func refresh(ctx context.Context, tx *db.Tx, personID string) error {
	licences, err := db.All(ctx, tx, scanText, `SELECT DISTINCT licence_id FROM disclosed
		WHERE board_id = $1 AND kind = $2 AND subject_id = $3 ORDER BY licence_id`, tx.Board, string(disclosure.OfUser), personID)
	if err != nil {
		return err
	}
	for _, id := range licences {
		if err := job.Enqueue(ctx, tx, disclosure.RefreshJob, id); err != nil {
			return err
		}
	}
	return nil
}

// held is what a record has that could be the second child's.
type held struct {
	schools, enrollments, consents, sources []string
}

func (s *Service) heldBy(ctx context.Context, tx *db.Tx, p person.Person) (h held, err error) {
	posts, err := person.Posts(ctx, tx, p.ID)
	if err != nil {
		return h, err
	}
	for _, post := range posts {
		if post.Role == person.Pupil {
			h.schools = append(h.schools, post.OrgID)
		}
	}
	for table, into := range map[string]*[]string{"enrollment": &h.enrollments, "consent": &h.consents} {
		if *into, err = (person.Rows{Table: table}).Of(ctx, tx, p.ID); err != nil {
			return h, err
		}
	}
	h.sources, err = person.AliasesOf(ctx, tx, p.ID)
	h.sources = append(h.sources, p.SourceID)
	return h, err
}

// within refuses what the record does not have.
func (d Division) within(h held) error {
	for _, each := range []struct{ said, has []string }{{d.Schools, h.schools}, {d.Leaves, h.schools}, {d.Enrollments, h.enrollments},
		{d.Consents, h.consents}, {d.Sources, h.sources}} {
		for _, id := range each.said {
			if !slices.Contains(each.has, id) {
				return fault.Missing()
			}
		}
	}
	return nil
}

func (c *change) divide(ctx context.Context, tx *db.Tx, d Division, first, second person.Person) error {
	if err := c.part(ctx, tx, d, first, &second); err != nil {
		return err
	}
	for _, id := range d.Leaves {
		post := person.Post{PersonID: first.ID, OrgID: id, Role: person.Pupil}
		c.note(Role, "", postID(post))
		if err := person.DropPost(ctx, tx, post); err != nil {
			return err
		}
	}
	var posts []person.Post
	for _, id := range d.Schools {
		posts = append(posts, person.Post{PersonID: second.ID, OrgID: id, Role: person.Pupil})
	}
	if err := person.SavePosts(ctx, tx, posts); err != nil {
		return err
	}
	for _, r := range c.s.Rows {
		ids := map[string][]string{"enrollment": d.Enrollments, "consent": d.Consents}[r.Table]
		if err := r.Pass(ctx, tx, ids, first.ID, second.ID); err != nil {
			return err
		}
		c.note(Item(r.Table), "", ids...)
	}
	if d.Login == OfSecond {
		if err := c.s.Names.Exchange(ctx, tx, first.ID, second.ID); err != nil {
			return err
		}
		if err := disclosure.LoginsChanged(ctx, tx, first.ID); err != nil {
			return err
		}
		c.note(LoginGiven, "", second.ID)
	}
	return c.s.Names.Issue(ctx, tx, []string{first.ID, second.ID})
}

// part makes the second record, and says under which ids the source knows each.
func (c *change) part(ctx context.Context, tx *db.Tx, d Division, first person.Person, second *person.Person) error {
	second.SourceID = person.ByHand + second.ID
	var lead []string
	for _, id := range d.Sources {
		if id != first.SourceID {
			lead = append(lead, id)
			c.note(Source, first.ID, id)
		}
	}
	if own := first.SourceID; slices.Contains(d.Sources, own) {
		c.note(OwnSource, own, first.ID)
		first.SourceID, second.SourceID = person.ByHand+first.ID, own
	}
	if err := person.Stand(ctx, tx, first); err != nil {
		return err
	}
	if err := person.SaveAll(ctx, tx, []person.Person{*second}); err != nil {
		return err
	}
	return person.Lead(ctx, tx, lead, second.ID)
}
