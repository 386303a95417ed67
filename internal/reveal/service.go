package reveal

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"aval/internal/access"
	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/guardian"
	"aval/internal/job"
	"aval/internal/licence"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/pseudonym"
)

// Alert is the job that tells of someone who is at the quota; its id is the account's.
const Alert job.Kind = "notice.reveals"

// The controls of 1.3 e and 6.2 a.
const (
	known  = "pseudonym.known"
	handed = "login.handed"
)

// Service is what people do with it.
type Service struct {
	DB    *db.DB
	Names *pseudonym.Names
	Cards *access.Accounts
	Kin   *guardian.Register
}

// Reveal shows what is asked for, and notes it, or does neither. It refuses
// (Denied) who may look nowhere; (Conflict, under 1.3 e) beyond the hour's quota,
// saying until when; and with one sentence (NotFound) a login name that is
// nobody's and one of a pupil out of the actor's reach. That look counts too.
func (s *Service) Reveal(ctx context.Context, actor policy.Actor, ask Ask) (shown Shown, err error) {
	if err := ask.check(actor.Pack); err != nil {
		return Shown{}, err
	}
	do := ask.Kind.action()
	if len(actor.Reach(do).Rules) == 0 {
		return Shown{}, actor.Allow(do, policy.Scope{})
	}
	var refused error
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		shown, refused = Shown{}, nil
		if _, err := s.Names.Vault.Keys(ctx, tx); err != nil { // before the turn: one order everywhere
			return err
		}
		h, err := hourOf(ctx, tx, actor, ask.Kind == Class)
		if err != nil {
			return err
		}
		f, err := s.find(ctx, tx, actor, ask)
		if err != nil {
			return err
		}
		leave, refusal := h.allow(f.scope.Org)
		if refusal != nil {
			refused = refusal
			return h.alert(ctx, tx, actor)
		}
		refused = f.missing
		if ask.Renew && ask.Kind == Account {
			if err := s.Cards.Renew(ctx, tx, actor, ask.Account); err != nil {
				return err
			}
			if f.shown.Cards[0], err = s.Cards.CardOf(ctx, tx, ask.Account); err != nil {
				return err
			}
		}
		shown = f.shown
		shown.Kind, shown.At, shown.Left = ask.Kind, tx.Now, h.after(leave)
		return s.note(ctx, tx, actor, ask, f, h, leave)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Shown{}, err
	}
	return shown, nil
}

// found is what was asked for, before it is known whether it may be shown.
type found struct {
	shown   Shown
	missing error // nothing of the actor's
	person  string
	class   string
	licence licence.ID
	scope   policy.Scope // under which it is shown
}

func (s *Service) find(ctx context.Context, tx *db.Tx, actor policy.Actor, ask Ask) (found, error) {
	switch ask.Kind {
	case Account:
		return s.byAccount(ctx, tx, actor, ask.Account)
	case Class:
		return s.byClass(ctx, tx, actor, ask.Class, ask.Licence)
	case Guardians:
		return s.byPupil(ctx, tx, actor, ask.Person)
	default:
		return s.byName(ctx, tx, actor, ask.Name)
	}
}

// byName finds whose a login name is.
func (s *Service) byName(ctx context.Context, tx *db.Tx, actor policy.Actor, typed string) (found, error) {
	name, err := pseudonym.Parse(typed)
	if err != nil {
		return found{}, fault.Form(map[string]string{"name": "reveal.name_shape"})
	}
	id, err := s.Names.Who(ctx, tx, name)
	if fault.Is(err, fault.NotFound) || err == nil && id == "" {
		return found{missing: nobody()}, nil
	}
	if err != nil {
		return found{}, err
	}
	return within(ctx, tx, actor, policy.RevealName, id)
}

// nobody is said of a name that is nobody's, and of one out of reach.
func nobody() error {
	return beside("name", fault.New(fault.NotFound, "reveal.nobody"))
}

// beside puts what a refusal says at a field.
func beside(field string, f *fault.Fault) error {
	f.Fields = map[string]fault.Message{field: {Key: f.Key, Args: f.Args}}
	return f
}

// byAccount finds what one pupil's account is entered with. Nobody guesses an
// account's id: one out of reach is the one NotFound, and does not count.
func (s *Service) byAccount(ctx context.Context, tx *db.Tx, actor policy.Actor, id string) (found, error) {
	card, err := s.Cards.CardOf(ctx, tx, id)
	if err != nil {
		return found{}, err
	}
	f, err := within(ctx, tx, actor, policy.RevealAccount, card.PersonID)
	if err == nil && f.missing != nil {
		err = fault.Missing()
	}
	if err != nil {
		return found{}, err
	}
	f.shown.Cards = []access.Card{card}
	f.licence, err = licenceOf(ctx, tx, id)
	return f, err
}

// byClass finds the cards of a class for a licence.
func (s *Service) byClass(ctx context.Context, tx *db.Tx, actor policy.Actor, id string, of licence.ID) (found, error) {
	c, err := person.GetClass(ctx, tx, id)
	if err != nil {
		return found{}, err
	}
	f := found{class: c.ID, licence: of, scope: policy.Scope{Org: c.SchoolID, Classes: []string{c.ID}}}
	if !actor.Can(policy.RevealClass, f.scope) {
		return found{}, fault.Missing()
	}
	pupils, err := person.InClass(ctx, tx, id)
	if err != nil {
		return found{}, err
	}
	by, ids := map[string]person.Person{}, make([]string, len(pupils))
	for i, p := range pupils {
		by[p.ID], ids[i] = p, p.ID
	}
	if f.shown.Cards, err = s.Cards.CardsOf(ctx, tx, of, ids); err != nil {
		return found{}, err
	}
	if len(f.shown.Cards) == 0 {
		return found{}, fault.New(fault.Conflict, "reveal.no_accounts")
	}
	for _, card := range f.shown.Cards {
		f.shown.People = append(f.shown.People, personOf(by[card.PersonID], []person.Class{c}))
	}
	before, err := copies(ctx, tx, c.ID, of)
	f.shown.Copy = before + 1
	return f, err
}

// within finds a pupil in the actor's reach.
func within(ctx context.Context, tx *db.Tx, actor policy.Actor, do policy.Action, id string) (found, error) {
	id, err := person.Survivor(ctx, tx, id)
	if err != nil {
		return found{}, err
	}
	p, err := person.Get(ctx, tx, id)
	if fault.Is(err, fault.NotFound) {
		return found{missing: nobody()}, nil
	}
	if err != nil {
		return found{}, err
	}
	all, classes, err := scopes(ctx, tx, p)
	if err != nil {
		return found{}, err
	}
	for _, scope := range all {
		if actor.Can(do, scope) {
			return found{person: p.ID, scope: scope, shown: Shown{People: []Person{personOf(p, classes)}}}, nil
		}
	}
	return found{missing: nobody()}, nil
}

func personOf(p person.Person, classes []person.Class) Person {
	out := Person{ID: p.ID, GivenName: p.GivenName, FamilyName: p.FamilyName, Grade: p.Grade}
	for _, c := range classes {
		out.Classes = append(out.Classes, c.Title)
	}
	return out
}

// note keeps that something was shown, or looked for in vain.
func (s *Service) note(ctx context.Context, tx *db.Tx, actor policy.Actor, ask Ask, f found, h hour, leave Approval) error {
	grant := actor.GrantFor(ask.Kind.action(), f.scope)
	look := Look{ID: db.NewID(), At: tx.Now, Actor: actor.ID, Role: cmp.Or(grant.Role, actor.Main()), Kind: ask.Kind, Reason: ask.Reason, Note: ask.Note,
		Licence: f.licence, Class: f.class, Person: f.person, Org: f.scope.Org, Second: leave.ApprovedBy, Approval: leave.ID, Count: len(f.shown.People)}
	details := []audit.Detail{audit.Under(ask.Kind.clause()), audit.As(grant),
		audit.Note(fmt.Sprintf("kind=%s reason=%s count=%d", ask.Kind, ask.Reason, look.Count))}
	if f.licence != "" {
		details = append(details, audit.Note(licence.Subject(f.licence)))
	}
	if leave.ID != "" {
		details = append(details, audit.Note("approval="+leave.ID))
	}
	if err := insert(ctx, tx, look); err != nil {
		return err
	}
	if h.last(leave) {
		if err := h.alert(ctx, tx, actor); err != nil {
			return err
		}
	}
	if slices.Contains(toHandOver, ask.Reason) {
		if err := policy.MarkAll(ctx, tx, handed, f.shown.handed(), policy.Conform); err != nil {
			return err
		}
	}
	switch {
	case f.missing != nil:
		return audit.Write(ctx, tx, actor, "reveal.missed", "reveal:"+look.ID, details...)
	case ask.Kind == Class:
		return audit.Write(ctx, tx, actor, "reveal.shown", "class:"+f.class, details...)
	case ask.Kind == Account, ask.Kind == Guardians:
		return audit.Write(ctx, tx, actor, "reveal.shown", "person:"+f.person, details...)
	}
	if err := policy.Mark(ctx, tx, known, "person:"+f.person, policy.Conform); err != nil {
		return err
	}
	return audit.Write(ctx, tx, actor, "reveal.shown", "person:"+f.person, details...)
}
