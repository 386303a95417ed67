package access

import (
	"context"
	"slices"
	"strings"
	"time"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/vault"
)

// Place is where an account stands, and whose it is: nothing that opens it.
type Place struct {
	AccountID string
	PersonID  string
	Licence   licence.ID
	State     State
	ByHand    bool // suspended by somebody
	Why       Why
}

// Set is the accounts of a class on one licence.
type Set struct {
	Licence  licence.Licence
	Platform string
	By       map[State]int
	Of       map[string]Place // by pupil; those without one are left out
}

// Room is a class, its pupils by name, and their accounts by platform.
type Room struct {
	Class  person.Class
	School org.Org
	Pupils []person.Person
	Sets   []Set

	ShreddedAt time.Time // when the board's login names were destroyed, and the accounts with them; zero while they are not
}

// Find answers the set and the pupil of an account of the room, and whether there is one.
func (r Room) Find(accountID string) (Set, person.Person, bool) {
	for _, set := range r.Sets {
		for _, p := range r.Pupils {
			if set.Of[p.ID].AccountID == accountID && accountID != "" {
				return set, p, true
			}
		}
	}
	return Set{}, person.Person{}, false
}

// Set answers the room's accounts on a licence, and whether it has any.
func (r Room) Set(id licence.ID) (Set, bool) {
	i := slices.IndexFunc(r.Sets, func(s Set) bool { return s.Licence.ID == id })
	if i < 0 {
		return Set{}, false
	}
	return r.Sets[i], true
}

// Resets tells whether the password of an account may be replaced here.
func (s Set) Resets(p Place) bool {
	return ours(s.Licence.AccountKind) && (&Account{State: p.State}).reset(s.Licence.AccountKind) == nil
}

// Room answers a class that the actor may read; any other is the one NotFound.
func (s *Service) Room(ctx context.Context, actor policy.Actor, classID string) (r Room, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if r.Class, err = person.GetClass(ctx, tx, classID); err != nil {
			return err
		}
		if r.Class.Status != person.Active || !actor.Can(policy.ClassRead, scopeOf(r.Class)) {
			return fault.Missing()
		}
		if r.School, err = org.Get(ctx, tx, r.Class.SchoolID); err != nil {
			return err
		}
		if r.Pupils, err = person.InClass(ctx, tx, classID); err != nil {
			return err
		}
		if r.ShreddedAt, err = vault.ShreddedAt(ctx, tx); err != nil {
			return err
		}
		r.Sets, err = s.sets(ctx, tx, r.Pupils)
		return err
	})
	return r, err
}

// Rooms answers the active classes that the actor may read, by title: their own,
// and those of the schools where their role reads all; and the names of the
// platforms on which pupils of each have accounts.
func (s *Service) Rooms(ctx context.Context, actor policy.Actor) (rooms []person.Class, platforms map[string][]string, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if rooms, err = readable(ctx, tx, actor); err != nil {
			return err
		}
		platforms, err = s.platforms(ctx, tx, rooms)
		return err
	})
	return rooms, platforms, err
}

// Platforms is what Rooms answers beside some of the classes that the actor may read.
func (s *Service) Platforms(ctx context.Context, actor policy.Actor, classes []person.Class) (by map[string][]string, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		by, err = s.platforms(ctx, tx, slices.DeleteFunc(slices.Clone(classes), func(c person.Class) bool {
			return !actor.Can(policy.ClassRead, scopeOf(c))
		}))
		return err
	})
	return by, err
}

func scopeOf(c person.Class) policy.Scope {
	return policy.Scope{Org: c.SchoolID, Classes: []string{c.ID}}
}

func readable(ctx context.Context, tx *db.Tx, actor policy.Actor) ([]person.Class, error) {
	var ids, schools []string
	for _, rule := range actor.Reach(policy.ClassRead).Rules {
		ids, schools = append(ids, rule.Classes...), append(schools, rule.Orgs...)
	}
	all, err := person.Classes(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	slices.Sort(schools)
	for _, school := range slices.Compact(schools) {
		some, err := person.ClassesOfSchool(ctx, tx, school)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b person.Class) int {
		if a.Title != b.Title {
			return strings.Compare(a.Title, b.Title)
		}
		return strings.Compare(a.ID, b.ID)
	})
	all = slices.CompactFunc(all, func(a, b person.Class) bool { return a.ID == b.ID })
	return slices.DeleteFunc(all, func(c person.Class) bool { return c.Status != person.Active }), nil
}

// platforms names the platforms of each class.
func (s *Service) platforms(ctx context.Context, tx *db.Tx, classes []person.Class) (map[string][]string, error) {
	in, all := make([][]person.Person, len(classes)), []person.Person{}
	for i, c := range classes {
		var err error
		if in[i], err = person.InClass(ctx, tx, c.ID); err != nil {
			return nil, err
		}
		all = append(all, in[i]...)
	}
	slices.SortFunc(all, func(a, b person.Person) int { return strings.Compare(a.ID, b.ID) })
	all = slices.CompactFunc(all, func(a, b person.Person) bool { return a.ID == b.ID })
	sets, err := s.sets(ctx, tx, all)
	if err != nil {
		return nil, err
	}
	by := make(map[string][]string, len(classes))
	for i, c := range classes {
		for _, set := range sets {
			if slices.ContainsFunc(in[i], func(p person.Person) bool { _, has := set.Of[p.ID]; return has }) {
				by[c.ID] = append(by[c.ID], set.Platform)
			}
		}
		by[c.ID] = slices.Compact(by[c.ID])
	}
	return by, nil
}

// sets answers the accounts of some pupils that are not retired, by platform;
// none of a board that was shredded, which joins no account to a pupil any more.
func (s *Service) sets(ctx context.Context, tx *db.Tx, pupils []person.Person) ([]Set, error) {
	if at, err := vault.ShreddedAt(ctx, tx); err != nil || !at.IsZero() {
		return nil, err
	}
	ids := make([]string, len(pupils))
	for i, p := range pupils {
		ids[i] = p.ID
	}
	places, err := s.places(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	var sets []Set
	for _, p := range places {
		i := slices.IndexFunc(sets, func(s Set) bool { return s.Licence.ID == p.Licence })
		if i < 0 {
			set := Set{By: map[State]int{}, Of: map[string]Place{}}
			if set.Licence, err = licence.Get(ctx, tx, p.Licence); err != nil {
				return nil, err
			}
			on, err := catalogue.Get(ctx, tx, set.Licence.PlatformID)
			if err != nil {
				return nil, err
			}
			set.Platform = on.Name
			sets, i = append(sets, set), len(sets)
		}
		sets[i].By[p.State]++
		sets[i].Of[p.PersonID] = p
	}
	slices.SortFunc(sets, func(a, b Set) int {
		return strings.Compare(db.Fold(a.Platform)+string(a.Licence.ID), db.Fold(b.Platform)+string(b.Licence.ID))
	})
	return sets, nil
}

// places answers where the accounts of some people stand; nothing of them is opened.
func (s *Accounts) places(ctx context.Context, tx *db.Tx, personIDs []string) ([]Place, error) {
	rows, err := s.Names.RowsOf(ctx, tx, personIDs)
	if err != nil {
		return nil, err
	}
	whose, logins := make(map[string]string, len(rows)), make([]string, 0, len(rows))
	for id, login := range rows {
		whose[login], logins = id, append(logins, login)
	}
	var all []Place
	for part := range slices.Chunk(logins, 500) {
		some, err := db.All(ctx, tx, func(r db.Row) (p Place, err error) {
			err = r.Scan(&p.AccountID, &p.PersonID, &p.Licence, &p.State, &p.ByHand, &p.Why)
			return p, err
		}, `SELECT id, login_id, licence_id, state, by_hand, why FROM pupil_account
			WHERE board_id = $1 AND state <> 'retired' AND login_id IN `+db.In(2, len(part)), db.Args(part, tx.Board)...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	for i, p := range all {
		all[i].PersonID = whose[p.PersonID]
	}
	return all, nil
}
