package identity

import (
	"context"
	"slices"
	"time"

	"aval/internal/account"
	"aval/internal/birth"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

// Candidate is a sign in the data that two records are one child, or one two. It
// names nobody: that is for Compare, which notes who looked.
type Candidate struct {
	Sign   Sign
	First  Glance
	Second Glance // the same as First where the sign is of one record
}

// One says that the sign is of one record.
func (c Candidate) One() bool { return c.First.ID == c.Second.ID }

// Glance is a record without a name.
type Glance struct {
	ID      string
	Schools []string // names
	Grade   string
	Gone    bool
	Classes int
}

// Suspicion is what the data makes one look at.
type Suspicion struct {
	Counts map[Sign]int
	List   []Candidate // at most a hundred of each sign, the surest first
}

// Candidates answers the records that bear a sign, or one sign alone, to who keeps the roster.
func (s *Service) Candidates(ctx context.Context, actor policy.Actor, only Sign) (found Suspicion, err error) {
	if only != "" && !slices.Contains(Signs, only) {
		return found, fault.Missing()
	}
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RosterMerge, policy.Scope{}); err != nil {
			return err
		}
		found.Counts = map[Sign]int{}
		for _, sign := range Signs {
			if found.Counts[sign], err = countBearing(ctx, tx, sign); err != nil {
				return err
			}
			if only != "" && sign != only {
				continue
			}
			list, err := bearing(ctx, tx, sign)
			if err != nil {
				return err
			}
			for _, p := range list {
				found.List = append(found.List, Candidate{Sign: sign, First: Glance{ID: p.first}, Second: Glance{ID: p.second}})
			}
		}
		return glance(ctx, tx, found.List)
	})
	return found, err
}

// glance fills what may be seen without a name.
func glance(ctx context.Context, tx *db.Tx, list []Candidate) error {
	var ids []string
	for _, c := range list {
		ids = append(ids, c.First.ID, c.Second.ID)
	}
	slices.Sort(ids)
	of := map[string]Glance{}
	for some := range slices.Chunk(slices.Compact(ids), 500) {
		if err := glances(ctx, tx, some, of); err != nil {
			return err
		}
	}
	for i := range list {
		list[i].First, list[i].Second = of[list[i].First.ID], of[list[i].Second.ID]
	}
	return nil
}

func glances(ctx context.Context, tx *db.Tx, ids []string, of map[string]Glance) error {
	people, err := person.Many(ctx, tx, ids)
	if err != nil {
		return err
	}
	posts, err := person.PostsOfMany(ctx, tx, ids)
	if err != nil {
		return err
	}
	classes, err := person.ClassesOfMany(ctx, tx, ids)
	if err != nil {
		return err
	}
	names, err := orgNames(ctx, tx)
	for _, id := range ids {
		p := people[id]
		of[id] = Glance{ID: id, Grade: p.Grade, Gone: p.Status != person.Active, Classes: len(classes[id]), Schools: schoolsOf(posts[id], names)}
	}
	return err
}

func orgNames(ctx context.Context, tx *db.Tx) (map[string]string, error) {
	all, err := org.All(ctx, tx)
	names := make(map[string]string, len(all))
	for _, o := range all {
		names[o.ID] = o.Name
	}
	return names, err
}

func schoolsOf(posts []person.Post, names map[string]string) (schools []string) {
	for _, p := range posts {
		if p.Role == person.Pupil {
			schools = append(schools, names[p.OrgID])
		}
	}
	return schools
}

// Record is all that the roster holds of a pupil, to tell whether they are the same child.
type Record struct {
	person.Person
	Sources  []string // ids under which the source knows them
	Schools  []Place
	Classes  []Place // by enrolment
	Consents int
	Login    bool // they have a login name
	Born     Born // beside the other record
	Was      []person.Was
	consents []string
}

// Born says whether two records were born on one day; which one, it does not.
type Born string

// A day that is not known of both is neither.
const (
	SameDay  Born = "same"
	OtherDay Born = "other"
	Unknown  Born = "unknown"
)

// Place is a school, or a class by the id of its enrolment.
type Place struct {
	ID   string
	Name string
	Gone bool
}

// ConsentIDs are the consents that are the record's.
func (r Record) ConsentIDs() []string { return r.consents }

// Compare shows one record, or two beside each other, and notes the look for each
// pupil, or does neither. It refuses (Denied) who does not keep the roster, and
// (Conflict, under 1.3 e) beyond the hour's quota.
func (s *Service) Compare(ctx context.Context, actor policy.Actor, ids ...string) (records []Record, err error) {
	var refused error
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := s.begin(ctx, tx, actor); err != nil {
			return err
		}
		if records, err = s.records(ctx, tx, ids); err != nil {
			return err
		}
		if err := s.births(ctx, tx, records); err != nil {
			return err
		}
		refused, err = s.Reveals.Records(ctx, tx, actor, policy.RosterMerge, slices.Compact(slices.Clone(ids)))
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, err
	}
	return records, nil
}

// births compares when two records were born.
func (s *Service) births(ctx context.Context, tx *db.Tx, records []Record) error {
	if len(records) != 2 {
		return nil
	}
	first, second := records[0].ID, records[1].ID
	days, err := (&birth.Register{Vault: s.Names.Vault}).Of(ctx, tx, []string{first, second})
	is := OtherDay
	switch {
	case days[first] == "" || days[second] == "":
		is = Unknown
	case days[first] == days[second]:
		is = SameDay
	}
	records[0].Born, records[1].Born = is, is
	return err
}

// Outlines answers the same without what says who they are (names, number, what they
// were), for a form that comes back: no look is noted.
func (s *Service) Outlines(ctx context.Context, actor policy.Actor, ids ...string) (records []Record, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RosterMerge, policy.Scope{}); err != nil {
			return err
		}
		records, err = s.records(ctx, tx, ids)
		for i := range records {
			r := &records[i]
			r.GivenName, r.FamilyName, r.Number, r.Email, r.Was = "", "", "", "", nil
		}
		return err
	})
	return records, err
}

func (s *Service) records(ctx context.Context, tx *db.Tx, ids []string) (list []Record, err error) {
	names, err := orgNames(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Compact(slices.Clone(ids)) {
		p, err := standing(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if err := pupils(p); err != nil {
			return nil, err
		}
		r, err := s.record(ctx, tx, p, names)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

func (s *Service) record(ctx context.Context, tx *db.Tx, p person.Person, names map[string]string) (r Record, err error) {
	r.Person = p
	h, err := s.heldBy(ctx, tx, p)
	if err != nil {
		return r, err
	}
	r.Sources, r.Consents, r.consents = h.sources, len(h.consents), h.consents
	for _, id := range h.schools {
		r.Schools = append(r.Schools, Place{ID: id, Name: names[id]})
	}
	if r.Classes, err = enrolled(ctx, tx, p.ID); err != nil {
		return r, err
	}
	holds, err := s.Names.Holds(ctx, tx, []string{p.ID})
	if err != nil {
		return r, err
	}
	r.Login = holds[p.ID]
	r.Was, err = person.History(ctx, tx, p.ID)
	for i, w := range r.Was {
		if w.Attribute == "school" && names[w.Value] != "" {
			r.Was[i].Value = names[w.Value]
		}
	}
	return r, err
}

// enrolled reads someone's enrolments, also those that are over, by class.
func enrolled(ctx context.Context, tx *db.Tx, personID string) ([]Place, error) {
	return db.All(ctx, tx, func(r db.Row) (p Place, err error) {
		var status string
		err = r.Scan(&p.ID, &p.Name, &status)
		p.Gone = status != person.Active
		return p, err
	}, `SELECT e.id, c.title, e.status FROM enrollment e JOIN class c ON c.board_id = e.board_id AND c.id = e.class_id
		WHERE e.board_id = $1 AND e.person_id = $2 AND e.role = 'student' ORDER BY e.status, c.title, e.id`, tx.Board, personID)
}

// Acts answers what was decided before a moment, the last first, at most a hundred; before
// the zero time, the last. It names who did it and no pupil.
func (s *Service) Acts(ctx context.Context, actor policy.Actor, before time.Time) (list []Act, err error) {
	err = s.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RosterMerge, policy.Scope{}); err != nil {
			return err
		}
		if before.IsZero() {
			before = tx.Now.Add(time.Hour)
		}
		if list, err = acts(ctx, tx, before); err != nil {
			return err
		}
		return named(ctx, tx, list)
	})
	return list, err
}

// named puts in who did each act, and how much it moved.
func named(ctx context.Context, tx *db.Tx, list []Act) error {
	var ids, people []string
	for _, a := range list {
		ids, people = append(ids, a.ID), append(people, a.DoneBy, a.UndoneBy)
	}
	counts, err := counted(ctx, tx, ids)
	if err != nil {
		return err
	}
	names, err := account.Names(ctx, tx, people)
	for i, a := range list {
		list[i].Moved, list[i].By, list[i].Unby = counts[a.ID], names[a.DoneBy], names[a.UndoneBy]
	}
	return err
}
