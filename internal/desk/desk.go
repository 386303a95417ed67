// Package desk reads what several parts of the house know together, for who
// asks, authorises or passes on: the classes and places one may name, what
// decisions and questions await, which request already stands for a platform, and what a
// request weighs before it is authorised. It writes nothing.
package desk

import (
	"context"
	"slices"
	"time"

	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/contract"
	"aval/internal/correction"
	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/reveal"
)

// Service is what pages read.
type Service struct{ db *db.DB }

// New reads from every board in the database.
func New(d *db.DB) *Service { return &Service{db: d} }

// Letter is a decision or a disagreement that awaits somebody.
type Letter struct {
	Decision decision.ID
	Contest  string // the disagreement to answer; empty for a decision to acknowledge
	Platform string
	Org      string
	Overall  decision.Result
	Days     int
	At       time.Time // since when it awaits
}

// Home is what a desk shows beside its requests.
type Home struct {
	Classes []person.Class     // those that the actor teaches
	Letters []Letter           // the oldest first
	Late    []condition.Listed // conditions that are overdue, the oldest first
	Vendors []contract.Task    // what awaits who keeps contracts, the oldest first
	Wrong   correction.Count   // what schools found wrong in the roster, for who keeps its source
	More    []reveal.Asked     // look-ups beyond the quota that the actor may allow, the oldest first
}

// Home answers what the actor finds on their desk.
func (s *Service) Home(ctx context.Context, actor policy.Actor) (h Home, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if h.Classes, err = person.Classes(ctx, tx, actor.Classes); err != nil {
			return err
		}
		h.Classes = slices.DeleteFunc(h.Classes, func(c person.Class) bool { return c.Status != person.Active })
		if h.Letters, err = letters(ctx, tx, actor); err != nil {
			return err
		}
		if h.Late, err = condition.Late(ctx, tx, actor); err != nil {
			return err
		}
		if h.Vendors, err = contract.Waiting(ctx, tx, actor); err != nil {
			return err
		}
		if h.Wrong, err = correction.Waiting(ctx, tx, actor); err != nil {
			return err
		}
		disputes, err := disputes(ctx, tx, actor)
		if err != nil {
			return err
		}
		h.Letters = append(h.Letters, disputes...)
		h.More, err = reveal.Awaiting(ctx, tx, actor)
		return err
	})
	slices.SortStableFunc(h.Letters, func(a, b Letter) int { return b.Days - a.Days })
	return h, err
}

// Ask is what the form of a request offers to choose from.
type Ask struct {
	Places []org.Org      // the schools and departments for which the actor may ask
	Rooms  []person.Class // the classes that a request of the place may name
}

// askers are the roles that ask, each at its place.
var askers = []policy.Role{policy.Teacher, policy.Professional, policy.Principal, policy.DepartmentHead}

// Ask answers what a request for a place may name: a teacher's own classes, all
// those of the school for others; a department counts pupils instead. Without a
// place it is that of who has only one.
func (s *Service) Ask(ctx context.Context, actor policy.Actor, place string) (a Ask, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		for _, id := range actor.Orgs(askers...) {
			o, err := org.Get(ctx, tx, id)
			if err != nil {
				return err
			}
			a.Places = append(a.Places, o)
		}
		if request.Wide(actor) {
			departments, err := org.List(ctx, tx, org.Department)
			if err != nil {
				return err
			}
			a.Places = append(a.Places, slices.DeleteFunc(departments, func(o org.Org) bool {
				return !request.Speaks(actor.Pack, o) || slices.ContainsFunc(a.Places, func(p org.Org) bool { return p.ID == o.ID })
			})...)
		}
		if place == "" && len(a.Places) == 1 {
			place = a.Places[0].ID
		}
		a.Rooms, err = rooms(ctx, tx, actor, place)
		return err
	})
	return a, err
}

func rooms(ctx context.Context, tx *db.Tx, actor policy.Actor, place string) ([]person.Class, error) {
	holds := func(roles ...policy.Role) bool {
		return place != "" && slices.Contains(actor.Orgs(roles...), place)
	}
	switch {
	case holds(policy.Principal, policy.Professional):
		return person.ClassesOfSchool(ctx, tx, place)
	case holds(policy.Teacher) || place == "":
		taught, err := person.Classes(ctx, tx, actor.Classes)
		return slices.DeleteFunc(taught, func(c person.Class) bool {
			return c.Status != person.Active || place != "" && c.SchoolID != place
		}), err
	}
	return nil, nil
}

// Places answers the schools and departments to which a request may be passed on.
func (s *Service) Places(ctx context.Context, actor policy.Actor) (places []org.Org, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.RequestRedirect, policy.Scope{}); err != nil {
			return err
		}
		all, err := org.List(ctx, tx, "")
		places = slices.DeleteFunc(all, func(o org.Org) bool {
			return !request.Speaks(actor.Pack, o)
		})
		return err
	})
	return places, err
}

// Standing is a request that already stands for a platform where the actor asks.
type Standing struct {
	ID     request.ID
	Number string
	State  request.State
	Org    string
	Mine   bool // the actor asked for it, joined it or may authorise it: it can be opened
}

// Standing answers the request that already stands for a platform in one of the
// actor's schools or departments: their own, even a draft, before a colleague's
// that can be joined. Nil when there is none. Of a colleague's it tells no more
// than that it is there, which is what joining needs.
func (s *Service) Standing(ctx context.Context, actor policy.Actor, id catalogue.ID) (found *Standing, err error) {
	places := actor.Orgs(askers...)
	if len(places) == 0 {
		return nil, nil
	}
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if err := actor.Allow(policy.CatalogueRead, policy.Scope{}); err != nil {
			return err
		}
		found, err = standing(ctx, tx, actor, id, places)
		return err
	})
	return found, err
}

// Line is a request for a platform, in few words.
type Line struct {
	ID      request.ID
	Number  string
	State   request.State
	StateAt time.Time
	Org     string
	Result  catalogue.Status // of the decision; empty before it, and to who reads no decisions
}

// Asked answers the requests for a platform that the actor may read, the newest first.
func (s *Service) Asked(ctx context.Context, actor policy.Actor, id catalogue.ID) (lines []Line, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		lines, err = asked(ctx, tx, actor, id)
		return err
	})
	return lines, err
}

// Names answers how schools and departments of the board are called.
func (s *Service) Names(ctx context.Context, actor policy.Actor, ids ...string) (names map[string]string, err error) {
	names = map[string]string{}
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		for _, id := range ids {
			if names[id] != "" || id == "" {
				continue
			}
			o, err := org.Get(ctx, tx, id)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			names[id] = o.Name
		}
		return nil
	})
	return names, err
}

// Room is a class that a request names, and whether a licence covers it already.
type Room struct {
	person.Class
	Covered bool
}

// Weight is what a request weighs before it is authorised: the approved platform
// that comes nearest, and whether the pupils may use it already.
type Weight struct {
	Nearest *catalogue.Match // the nearest approved platform, a licensed one first; nil when none shares a function
	Licence licence.Licence  // that covers the school, when Covered
	Covered bool
	Rooms   []Room
	Pupils  int // of the classes, each once; else as the request says
	Able    int // of those, how many may use the nearest already
}

// Weigh answers what a request weighs, to who may authorise it.
func (s *Service) Weigh(ctx context.Context, actor policy.Actor, id request.ID) (w Weight, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		r, err := request.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := actor.Allow(policy.RequestRead, r.Scope()); err != nil {
			return err
		}
		if err := actor.Allow(policy.RequestAuthorise, r.Scope()); err != nil {
			return err
		}
		classes, err := person.Classes(ctx, tx, r.Classes)
		if err != nil {
			return err
		}
		p, err := catalogue.Get(ctx, tx, r.PlatformID)
		if err != nil {
			return err
		}
		similar, err := catalogue.Similar(ctx, tx, p.Functions, p.ID)
		if err != nil {
			return err
		}
		w.Pupils = int(r.Pupils)
		groups, err := licence.Groups(ctx, tx, r.Classes, []string{r.OrgID})
		if err != nil {
			return err
		}
		if err := w.choose(ctx, tx, similar, groups, i18n.DayOf(tx.Now)); err != nil {
			return err
		}
		for _, c := range classes {
			w.Rooms = append(w.Rooms, Room{Class: c, Covered: w.Covered})
		}
		if w.Covered {
			w.Able = w.Pupils
		}
		return nil
	})
	return w, err
}

// choose takes the nearest platform that a licence covers for the pupils, if it does enough; else the nearest.
func (w *Weight) choose(ctx context.Context, tx *db.Tx, similar []catalogue.Match, groups []licence.Group, day string) error {
	for i, m := range similar {
		l, covered, err := licence.Covers(ctx, tx, m.Platform.ID, groups, day)
		if err != nil {
			return err
		}
		if covered && (Near(m) || len(m.Shared) == len(similar[0].Shared)) {
			w.Nearest, w.Licence, w.Covered = &similar[i], l, true
			return nil
		}
	}
	if len(similar) == 0 {
		return nil
	}
	var err error
	w.Nearest = &similar[0]
	w.Licence, w.Covered, err = licence.Covers(ctx, tx, similar[0].Platform.ID, groups, day)
	return err
}

// Near tells that a platform does at least half of what is wanted: one that does
// less is no reason to put the question aside.
func Near(m catalogue.Match) bool { return 2*len(m.Shared) >= m.Total }

// Days counts the calendar days from one day to another, written 2026-11-20.
func Days(from, to string) int {
	first, err1 := time.Parse(time.DateOnly, from)
	last, err2 := time.Parse(time.DateOnly, to)
	if err1 != nil || err2 != nil {
		return 0
	}
	return days(first, last)
}

// days counts whole days between two moments.
func days(from, to time.Time) int { return max(int(to.Sub(from)/(24*time.Hour)), 0) }
