package rights

import (
	"context"
	"fmt"
	"strings"

	"aval/internal/audit"
	"aval/internal/birth"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/reveal"
)

// Exports tells whether what aval keeps may be gathered for a request: it asks for
// access, is about a pupil of the roster, and is not closed.
func (r Request) Exports() bool { return r.Kind == Access && r.PersonID != "" && r.State != Closed }

// Held is one thing that aval keeps about a pupil: what it is, by its key, what is
// kept, and the day it speaks of, if any.
type Held struct{ Key, Text, On string }

// Export answers what aval keeps about the pupil whom a request for access is about:
// the roster's facts, who looked at their name and why, consents, and earlier requests.
// Their login name and accounts are sealed and are in no export: package reveal alone
// shows them. Nor is who signed or asked, who are other people. The export is noted.
func (s *Service) Export(ctx context.Context, actor policy.Actor, id ID) (r Request, held []Held, err error) {
	v, err := s.Request(ctx, actor, id)
	if err != nil {
		return r, nil, err
	}
	if err := actor.Allow(policy.RightsManage, v.Scope()); err != nil {
		return r, nil, err
	}
	if !v.Exports() {
		return r, nil, fault.New(fault.Conflict, "rights.no_export").Under(answering(actor.Pack))
	}
	pupil, err := s.Reveals.Pupil(ctx, actor, v.PersonID)
	if err != nil {
		return r, nil, err
	}
	err = s.DB.Write(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if held, err = s.facts(ctx, tx, v.PersonID, pupil); err != nil {
			return err
		}
		more, err := answersOf(ctx, tx, v.PersonID)
		if err != nil {
			return err
		}
		held = append(held, more...)
		return audit.Write(ctx, tx, actor, "rights.exported", v.Subject(), audit.Under(answering(actor.Pack)), audit.Note(fmt.Sprintf("rows=%d", len(held))))
	})
	return v.Request, held, err
}

// facts are those of the roster, then the looks at the pupil's name.
func (s *Service) facts(ctx context.Context, tx *db.Tx, id string, pupil reveal.Pupil) ([]Held, error) {
	p, err := person.Get(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	classes, err := person.ClassesOf(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	born, err := (&birth.Register{Vault: s.Vault}).Of(ctx, tx, []string{id})
	if err != nil {
		return nil, err
	}
	held := []Held{{Key: "given_name", Text: p.GivenName}, {Key: "family_name", Text: p.FamilyName}, {Key: "number", Text: p.Number},
		{Key: "email", Text: p.Email}, {Key: "grade", Text: p.Grade}, {Key: "schools", Text: strings.Join(pupil.Schools, ", ")}}
	if day := born[id]; day != "" {
		held = append(held, Held{Key: "born", Text: day})
	}
	for _, c := range classes {
		held = append(held, Held{Key: "class", Text: c.Title})
	}
	for _, l := range pupil.Looks {
		held = append(held, Held{Key: "look", Text: l.By + " – " + l.Reason, On: l.At.In(i18n.Zone).Format("2006-01-02")})
	}
	return held, nil
}

// answersOf are the pupil's consents, and the requests about them.
func answersOf(ctx context.Context, tx *db.Tx, id string) (held []Held, err error) {
	given, err := db.All(ctx, tx, scanConsent, `SELECT `+consentColumns+` FROM consent c WHERE c.board_id = $1 AND c.person_id = $2
		ORDER BY c.given_on, c.id`, tx.Board, id)
	if err != nil {
		return nil, err
	}
	for _, c := range given {
		p, err := catalogue.Get(ctx, tx, c.Platform)
		if err != nil {
			return nil, err
		}
		held = append(held, Held{Key: "consent_" + c.Answer, Text: p.Name + " – " + c.Purpose, On: c.GivenOn})
	}
	asked, err := db.All(ctx, tx, scanRequest, `SELECT `+requestColumns+` FROM rights_request WHERE board_id = $1 AND person_id = $2
		ORDER BY received_on, id`, tx.Board, id)
	for _, r := range asked {
		held = append(held, Held{Key: "request", Text: r.Number, On: r.ReceivedOn})
	}
	return held, err
}
