package access

import (
	"context"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/person"
	"aval/internal/policy"
)

// Stand is how the accounts of the pupils of a school or of a class stand.
type Stand struct {
	ID, Title string
	Pupils    int // of the audience
	By        map[State]int
	Idle      map[Idle]int
}

// Lacking counts the pupils of the audience who have no account.
func (s Stand) Lacking() int {
	held := 0
	for _, n := range s.By {
		held += n
	}
	return s.Pupils - held
}

// All counts the accounts that seem to serve nobody.
func (s Stand) All() int { return s.Idle[Gone] + s.Idle[Unconfirmed] + s.Idle[Unseen] }

// SchoolStand is a school and its classes. A pupil of several classes is counted in
// each of them, and once in the school.
type SchoolStand struct {
	Stand
	Classes []Stand
}

// Standing is how the accounts of a licence stand, by school and by class. It names
// no pupil.
type Standing struct {
	Counts
	Licence licence.Listed
	Schools []SchoolStand // of the audience, by name
	Idle    map[Idle]int
	Watched bool // files of the platform tell who uses it
	MayLoad bool // the platform gives the names, and the actor may bring them
}

// AllIdle counts the accounts that seem to serve nobody.
func (st Standing) AllIdle() int {
	return st.Idle[Gone] + st.Idle[Unconfirmed] + st.Idle[Unseen]
}

// Standing answers it to who keeps the accounts of the licence.
func (s *Service) Standing(ctx context.Context, actor policy.Actor, id licence.ID) (st Standing, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := allowed(ctx, tx, actor, policy.AccessManage, id)
		if err != nil {
			return err
		}
		held, err := s.heldOf(ctx, tx, l)
		if err != nil {
			return err
		}
		if st.Counts, err = counted(ctx, tx, l); err != nil {
			return err
		}
		listed, err := licence.Seen(ctx, tx, actor, []string{string(id)})
		if err != nil {
			return err
		}
		st.Licence, st.Watched = listed[string(id)], held.watched
		st.MayLoad = l.AccountKind == licence.VendorName && actor.Can(policy.AccessProvision, l.Place())
		st.Idle = map[Idle]int{}
		for _, a := range held.accounts {
			if why := a.idle(tx.Now, held.in[a.LoginID] != "", held.watched); why != "" {
				st.Idle[why]++
			}
		}
		st.Schools, err = held.schools(ctx, tx)
		return err
	})
	return st, err
}

// held are the accounts of a licence that are not retired, beside its audience.
type held struct {
	licence.Listed
	accounts []Account
	people   []string          // of the audience
	in       map[string]string // the pupil of the audience by login name
	watched  bool
}

func (s *Accounts) heldOf(ctx context.Context, tx *db.Tx, l licence.Licence) (h held, err error) {
	h.Licence = l
	if h.accounts, err = ofLicence(ctx, tx, l.ID, unretired); err != nil {
		return h, err
	}
	if h.people, err = licence.Pupils(ctx, tx, l); err != nil {
		return h, err
	}
	rows, err := s.Names.RowsOf(ctx, tx, h.people)
	h.join(rows)
	return h, err
}

// join says whose of the audience each login name is.
func (h *held) join(rows map[string]string) {
	h.in, h.watched = make(map[string]string, len(h.people)), watched(h.accounts)
	for _, id := range h.people {
		if row := rows[id]; row != "" {
			h.in[row] = id
		}
	}
}

// unretired are the states of an account that is not over.
var unretired = []State{ToCreate, Sent, Confirmed, ResetPending, Suspended}

// kept answers, by platform, the licences with accounts that the actor keeps.
func (s *Accounts) kept(ctx context.Context, tx *db.Tx, actor policy.Actor) (list []held, err error) {
	ids, err := withAccounts(ctx, tx)
	if err != nil {
		return nil, err
	}
	return s.keptOf(ctx, tx, actor, ids)
}

// keptOf is kept for some licences, with or without accounts. Login names are
// looked for once for all of them.
func (s *Accounts) keptOf(ctx context.Context, tx *db.Tx, actor policy.Actor, ids []licence.ID) (list []held, err error) {
	if len(actor.Reach(policy.AccessManage).Rules) == 0 {
		return nil, actor.Allow(policy.AccessManage, policy.Scope{})
	}
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = string(id)
	}
	listed, err := licence.Seen(ctx, tx, actor, words)
	if err != nil {
		return nil, err
	}
	var everyone []string
	for _, l := range listed {
		if !actor.Can(policy.AccessManage, l.Place()) {
			continue
		}
		h := held{Listed: l}
		if h.Licence, err = licence.Get(ctx, tx, l.ID); err != nil {
			return nil, err
		}
		if h.accounts, err = ofLicence(ctx, tx, l.ID, unretired); err != nil {
			return nil, err
		}
		if h.people, err = licence.Pupils(ctx, tx, h.Licence); err != nil {
			return nil, err
		}
		list, everyone = append(list, h), append(everyone, h.people...)
	}
	slices.Sort(everyone)
	rows, err := s.Names.RowsOf(ctx, tx, slices.Compact(everyone))
	for i := range list {
		list[i].join(rows)
	}
	slices.SortFunc(list, func(a, b held) int {
		return strings.Compare(db.Fold(a.Platform)+a.Last()+string(a.ID), db.Fold(b.Platform)+b.Last()+string(b.ID))
	})
	return list, err
}

// schools counts the audience and its accounts by school and by class.
func (h held) schools(ctx context.Context, tx *db.Tx) (schools []SchoolStand, err error) {
	of := make(map[string]Account, len(h.accounts))
	for _, a := range h.accounts {
		if id := h.in[a.LoginID]; id != "" {
			of[id] = a
		}
	}
	in := make(map[string]bool, len(h.people))
	for _, id := range h.people {
		in[id] = true
	}
	at, err := schoolSeats(ctx, tx)
	if err != nil {
		return nil, err
	}
	rooms, err := classSeats(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, seat := range at {
		if !in[seat.person] || h.Scope.AtSchool() && seat.place != h.OrgID {
			continue
		}
		if n := len(schools); n == 0 || schools[n-1].ID != seat.place {
			schools = append(schools, SchoolStand{Stand: stand(seat)})
		}
		h.count(&schools[len(schools)-1].Stand, seat.person, of, tx)
	}
	by := map[string][]seat{}
	for _, seat := range rooms {
		if in[seat.person] {
			by[seat.school] = append(by[seat.school], seat)
		}
	}
	for i := range schools {
		school := &schools[i]
		for _, seat := range by[school.ID] {
			if n := len(school.Classes); n == 0 || school.Classes[n-1].ID != seat.place {
				school.Classes = append(school.Classes, stand(seat))
			}
			h.count(&school.Classes[len(school.Classes)-1], seat.person, of, tx)
		}
		slices.SortStableFunc(school.Classes, func(a, b Stand) int { return strings.Compare(db.Fold(a.Title), db.Fold(b.Title)) })
	}
	slices.SortStableFunc(schools, func(a, b SchoolStand) int { return strings.Compare(db.Fold(a.Title), db.Fold(b.Title)) })
	return schools, nil
}

func stand(at seat) Stand {
	return Stand{ID: at.place, Title: at.title, By: map[State]int{}, Idle: map[Idle]int{}}
}

// count adds a pupil of the audience.
func (h held) count(st *Stand, personID string, of map[string]Account, tx *db.Tx) {
	st.Pupils++
	a, ok := of[personID]
	if !ok {
		return
	}
	st.By[a.State]++
	if why := a.idle(tx.Now, true, h.watched); why != "" {
		st.Idle[why]++
	}
}

// Roll is the pupils of a class who are of a licence's audience or have an account
// on it, by name, and where their accounts stand.
type Roll struct {
	Licence licence.Listed
	Class   person.Class
	Lines   []RollLine
}

// RollLine is one pupil; without an account, AccountID is empty.
type RollLine struct {
	Pupil person.Person
	Place
	Idle Idle
}

// Roll answers it to who keeps the accounts of the licence and of the class; of a
// class of which the licence has no pupil, it is the one NotFound.
func (s *Service) Roll(ctx context.Context, actor policy.Actor, id licence.ID, classID string) (r Roll, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		l, err := allowed(ctx, tx, actor, policy.AccessManage, id)
		if err != nil {
			return err
		}
		if r.Class, err = person.GetClass(ctx, tx, classID); err != nil {
			return err
		}
		if r.Class.Status != person.Active || !actor.Can(policy.AccessManage, scopeOf(r.Class)) {
			return fault.Missing()
		}
		listed, err := licence.Seen(ctx, tx, actor, []string{string(id)})
		if err != nil {
			return err
		}
		r.Licence = listed[string(id)]
		if r.Lines, err = s.roll(ctx, tx, l, classID); err == nil && len(r.Lines) == 0 {
			return fault.Missing()
		}
		return err
	})
	return r, err
}

func (s *Accounts) roll(ctx context.Context, tx *db.Tx, l licence.Licence, classID string) (lines []RollLine, err error) {
	pupils, err := person.InClass(ctx, tx, classID)
	if err != nil {
		return nil, err
	}
	h, err := s.heldOf(ctx, tx, l)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(pupils))
	for i, p := range pupils {
		ids[i] = p.ID
	}
	rows, err := s.Names.RowsOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	by := make(map[string]Account, len(h.accounts))
	for _, a := range h.accounts {
		by[a.LoginID] = a
	}
	for _, p := range pupils {
		_, of := slices.BinarySearch(h.people, p.ID)
		a, has := by[rows[p.ID]]
		if !of && !has {
			continue
		}
		line := RollLine{Pupil: p}
		if has {
			line.Place, line.Idle = a.place(p.ID), a.idle(tx.Now, of, h.watched)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// place is where the account of a person stands.
func (a Account) place(personID string) Place {
	return Place{AccountID: a.ID, PersonID: personID, Licence: a.LicenceID, State: a.State, ByHand: a.ByHand, Why: a.Why}
}
