package identity

import (
	"context"

	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/person"
	"aval/internal/policy"
)

// Part says that two records are two children, or, of one record given twice, that
// it is one child: no page shows them as candidates again.
func (s *Service) Part(ctx context.Context, actor policy.Actor, one, other string) (a Act, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := s.begin(ctx, tx, actor); err != nil {
			return err
		}
		if _, _, err := two(ctx, tx, one, other); err != nil {
			return err
		}
		a = Act{ID: db.NewID(), Kind: Parted, First: one, Second: other, DoneBy: actor.ID, DoneAt: tx.Now}
		if err := insert(ctx, tx, a, nil); err != nil {
			return err
		}
		return told(ctx, tx, actor, a, "roster.parted")
	})
	return a, err
}

// Undo puts back what an act moved. What came to the first record since a merge
// stays with it; what came to the second since a split goes to the first. It refuses
// (Conflict) an act that was undone, one of more than 30 days, and one of which
// another came after about the same records: that is undone first.
func (s *Service) Undo(ctx context.Context, actor policy.Actor, id string) (a Act, err error) {
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Find(policy.RosterMerge); err != nil {
			return err
		}
		if err := s.begin(ctx, tx, actor); err != nil {
			return err
		}
		if a, err = Get(ctx, tx, id); err != nil {
			return err
		}
		if err := a.undo(actor.ID, tx.Now); err != nil {
			return err
		}
		later, err := laterActs(ctx, tx, a)
		if err == nil && later > 0 {
			err = fault.New(fault.Conflict, "identity.later_first")
		}
		if err != nil {
			return err
		}
		if err := keepUndone(ctx, tx, a); err != nil {
			return err
		}
		if err := s.putBack(ctx, tx, a); err != nil {
			return err
		}
		return told(ctx, tx, actor, a, "roster."+string(a.Kind)+"_undone")
	})
	return a, err
}

func (s *Service) putBack(ctx context.Context, tx *db.Tx, a Act) error {
	if a.Kind == Parted {
		return nil
	}
	was, err := itemsOf(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	first, err := person.Get(ctx, tx, a.First)
	if err != nil {
		return err
	}
	second, err := person.Get(ctx, tx, a.Second)
	if err != nil {
		return err
	}
	if a.Kind == Merged {
		return s.unmerge(ctx, tx, a, was, first, second)
	}
	return s.rejoin(ctx, tx, a, was, first, second)
}

func (s *Service) unmerge(ctx context.Context, tx *db.Tx, a Act, was items, first, second person.Person) error {
	for _, m := range was[Standing] {
		if m.ID == first.ID {
			first.Status = m.Was
		} else {
			second.Status = m.Was
		}
	}
	for _, m := range was[Grade] {
		first.Grade = m.Was
	}
	for _, p := range []person.Person{first, second} {
		if err := person.Stand(ctx, tx, p); err != nil {
			return err
		}
	}
	for _, r := range s.Rows {
		if err := r.Pass(ctx, tx, was.ids(Item(r.Table)), first.ID, second.ID); err != nil {
			return err
		}
	}
	for _, f := range s.Also {
		if _, err := f.Pass(ctx, tx, was.ids(Item(f.Table())), first.ID, second.ID); err != nil {
			return err
		}
	}
	if err := person.ReturnHistory(ctx, tx, a.ID, second.ID); err != nil {
		return err
	}
	if err := unmergePosts(ctx, tx, was, first.ID, second.ID); err != nil {
		return err
	}
	if err := unmergeAudiences(ctx, tx, was, first.ID, second.ID); err != nil {
		return err
	}
	if err := unmergeSources(ctx, tx, was, second); err != nil {
		return err
	}
	if err := disclosure.MoveBack(ctx, tx, disclosure.OfUser, second.ID, first.ID); err != nil {
		return err
	}
	return s.unmergeLogins(ctx, tx, was, first.ID, second.ID)
}

func unmergePosts(ctx context.Context, tx *db.Tx, was items, first, second string) error {
	for _, id := range was.ids(RoleAdded) {
		if err := person.DropPost(ctx, tx, postOf(id, first)); err != nil {
			return err
		}
	}
	var posts []person.Post
	for _, id := range was.ids(Role) {
		posts = append(posts, postOf(id, second))
	}
	return person.SavePosts(ctx, tx, posts)
}

func unmergeAudiences(ctx context.Context, tx *db.Tx, was items, first, second string) error {
	var alone []string
	for _, m := range was[Audience] {
		if m.Was != both {
			alone = append(alone, m.ID)
		}
	}
	if err := licence.Name(ctx, tx, was.ids(Audience), second); err != nil {
		return err
	}
	return licence.Unname(ctx, tx, alone, first)
}

func unmergeSources(ctx context.Context, tx *db.Tx, was items, second person.Person) error {
	var lead []string
	for _, id := range was.ids(Source) {
		if id != second.SourceID {
			lead = append(lead, id)
		}
	}
	if err := person.Unlead(ctx, tx, []string{second.SourceID}); err != nil {
		return err
	}
	return person.Lead(ctx, tx, lead, second.ID)
}

func (s *Service) unmergeLogins(ctx context.Context, tx *db.Tx, was items, first, second string) error {
	for _, m := range was[LoginClosed] {
		if err := s.Names.TakeUp(ctx, tx, second, m.Was); err != nil {
			return err
		}
	}
	if len(was[LoginGiven]) > 0 {
		if err := s.Names.Exchange(ctx, tx, first, second); err != nil {
			return err
		}
		if err := disclosure.LoginsChanged(ctx, tx, first, second); err != nil {
			return err
		}
	}
	return s.Names.Issue(ctx, tx, []string{first, second})
}

// rejoin gives the first record all that is the second's by now.
func (s *Service) rejoin(ctx context.Context, tx *db.Tx, a Act, was items, first, second person.Person) error {
	if len(was[LoginGiven]) > 0 {
		if err := s.Names.Exchange(ctx, tx, first.ID, second.ID); err != nil {
			return err
		}
		if err := disclosure.LoginsChanged(ctx, tx, first.ID); err != nil {
			return err
		}
	}
	if _, err := s.Names.LayDown(ctx, tx, second.ID); err != nil {
		return err
	}
	c := &change{s: s, act: a}
	if err := c.rows(ctx, tx, first, second); err != nil {
		return err
	}
	if err := c.posts(ctx, tx, first, second); err != nil {
		return err
	}
	if err := c.audiences(ctx, tx, first, second); err != nil {
		return err
	}
	if err := c.pseudonyms(ctx, tx, first, second); err != nil {
		return err
	}
	var posts []person.Post
	for _, id := range was.ids(Role) {
		posts = append(posts, postOf(id, first.ID))
	}
	if err := person.SavePosts(ctx, tx, posts); err != nil {
		return err
	}
	return rejoinSources(ctx, tx, was, first, second)
}

func rejoinSources(ctx context.Context, tx *db.Tx, was items, first, second person.Person) error {
	lead, err := person.AliasesOf(ctx, tx, second.ID)
	if err != nil {
		return err
	}
	if err := person.Lead(ctx, tx, lead, first.ID); err != nil {
		return err
	}
	second.Status, second.SourceID = person.Gone, person.ByHand+second.ID
	if err := person.Stand(ctx, tx, second); err != nil {
		return err
	}
	for _, m := range was[OwnSource] {
		first.SourceID = m.Was
	}
	return person.Stand(ctx, tx, first)
}
