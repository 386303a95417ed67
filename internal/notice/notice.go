// Package notice tells people by mail that something awaits them or has been
// answered. A letter says which request and where to read it, and no more: no
// pupil, no person, nothing that someone wrote but the platform's name.
//
//	submitted           → those who may authorise it, and who stands in for them
//	authorised          → the evaluators
//	acknowledged        → its author and who joined
//	evaluated           → the directors who decide
//	decided             → its author and who joined; those who acknowledge it for the school or
//	                      department, until they have
//	returned, refused   → its author and who joined
//	contested           → the appeal authority; once answered, who contested
//	a quota of looks    → the evaluating service and the privacy officers
//	a week of unusual looks → the same, and the secretaries where those alone would read
//	                      about themselves
//	more looks asked    → the school's principals; where there are none, and for the whole
//	                      board, the directors of evaluation and the privacy officers
//	more looks allowed  → who asked
//	an incident told    → the same
//	something wrong in the roster → who keeps its source; once closed, who said it
//	a checkpoint        → the secretaries, once a week
//
// Letters go out by jobs. A job looks at the request as it stands when it runs;
// one that runs twice sends twice, which does no harm.
package notice

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"aval/internal/account"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/mail"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/request"
)

// Service writes the letters and hands them to the post.
type Service struct {
	DB      *db.DB
	Mail    *mail.Sender
	BaseURL string // where people reach the house
}

// Request is the handler of notice.request: it tells whom a request now
// concerns. A request that is gone concerns nobody.
func (s *Service) Request(ctx context.Context, board, id string) error {
	return s.tell(ctx, board, id, func(ctx context.Context, tx *db.Tx) (list, error) {
		r, err := request.Get(ctx, tx, request.ID(id))
		if err != nil {
			return list{}, err
		}
		return stateOf(ctx, tx, r)
	})
}

// Contest is the handler of notice.contest: it tells the appeal authority of a
// disagreement, and who disagreed of the answer.
func (s *Service) Contest(ctx context.Context, board, id string) error {
	return s.tell(ctx, board, id, func(ctx context.Context, tx *db.Tx) (l list, err error) {
		c, err := decision.GetContest(ctx, tx, id)
		if err != nil {
			return l, err
		}
		d, err := decision.Get(ctx, tx, c.DecisionID)
		if err != nil {
			return l, err
		}
		if l.about, err = request.Get(ctx, tx, d.RequestID); err != nil {
			return l, err
		}
		if c.Answered() {
			return l, l.add(ctx, tx, "notice.answered", c.OpenedBy)
		}
		return l, l.addHolders(ctx, tx, "notice.contested", policy.AppealAuthority, "", c.OpenedBy)
	})
}

// Checkpoint mails a checkpoint of a board's trail to the secretaries, who keep
// it (policy A, 7.1). It is signed once they can be reached, so that the trail
// tells of none that stayed here. Refuses when there is no mail server, or no
// secretary with an address.
func (s *Service) Checkpoint(ctx context.Context, board string, sign func(context.Context) ([]byte, error)) error {
	if s.Mail.Silent() {
		return fault.New(fault.Invalid, "notice.server_none")
	}
	var keepers []account.Account
	err := s.DB.Read(ctx, board, func(ctx context.Context, tx *db.Tx) (err error) {
		keepers, err = account.Holders(ctx, tx, policy.Secretary, "")
		return err
	})
	if err != nil {
		return err
	}
	keepers = slices.DeleteFunc(keepers, func(a account.Account) bool { return a.Email == "" })
	if len(keepers) == 0 {
		return fault.New(fault.Invalid, "notice.keeper_none").Under("7.1")
	}
	if err := s.Mail.Check(ctx); err != nil {
		return err
	}
	signed, err := sign(ctx)
	if err != nil {
		return err
	}
	letters := make([]mail.Message, len(keepers))
	for i, a := range keepers {
		p := i18n.For(a.Lang)
		letters[i] = mail.Message{
			To: a.Email, Subject: p.T("notice.checkpoint.subject"),
			Text:  p.T("notice.hello") + "\n\n" + p.T("notice.checkpoint.text") + "\n",
			Files: []mail.File{{Name: "aval-" + board + ".checkpoint", Media: "text/plain; charset=utf-8", Data: signed}},
		}
	}
	return s.Mail.Send(ctx, letters...)
}

// list is who is told what about a request.
type list struct {
	about request.Request
	tell  []told
}

type told struct {
	account account.Account
	key     string
}

// stateOf lists whom a request concerns as it stands.
func stateOf(ctx context.Context, tx *db.Tx, r request.Request) (list, error) {
	l := list{about: r}
	asked := append([]string{r.AuthorID}, r.Joiners...)
	switch r.State {
	case request.Submitted:
		return l, l.addSigners(ctx, tx, "notice.submitted")
	case request.Authorised:
		return l, l.addHolders(ctx, tx, "notice.authorised", policy.Evaluator, "", asked...)
	case request.Acknowledged:
		return l, l.add(ctx, tx, "notice.acknowledged", asked...)
	case request.Evaluated:
		return l, l.addHolders(ctx, tx, "notice.evaluated", policy.EvaluationDirector, "", asked...)
	case request.Decided:
		d, found, err := decision.For(ctx, tx, r.ID)
		if err != nil || (found && d.Received()) {
			return l, err // everyone knows
		}
		if err := l.addSigners(ctx, tx, "notice.received"); err != nil {
			return l, err
		}
		return l, l.add(ctx, tx, "notice.decided", asked...)
	case request.Returned:
		return l, l.add(ctx, tx, "notice.returned", asked...)
	case request.Refused:
		return l, l.add(ctx, tx, "notice.refused", asked...)
	}
	return l, nil
}

// addSigners adds those who sign for the request's school or department: who
// asked may not authorise it, but does receive the decision.
func (l *list) addSigners(ctx context.Context, tx *db.Tx, key string) error {
	at, err := org.Get(ctx, tx, l.about.OrgID)
	if err != nil {
		return err
	}
	role := policy.Principal
	if at.Kind == org.Department {
		role = policy.DepartmentHead
	}
	if l.about.State == request.Decided {
		return l.addHolders(ctx, tx, key, role, at.ID)
	}
	return l.addHolders(ctx, tx, key, role, at.ID, append([]string{l.about.AuthorID}, l.about.Joiners...)...)
}

func (l *list) addHolders(ctx context.Context, tx *db.Tx, key string, role policy.Role, orgID string, except ...string) error {
	holders, err := account.Holders(ctx, tx, role, orgID)
	for _, a := range holders {
		if !slices.Contains(except, a.ID) {
			l.put(a, key)
		}
	}
	return err
}

func (l *list) add(ctx context.Context, tx *db.Tx, key string, ids ...string) error {
	for _, id := range ids {
		a, err := account.Get(ctx, tx, id)
		if fault.Is(err, fault.NotFound) {
			continue // gone, or the clock's own hand
		}
		if err != nil {
			return err
		}
		l.put(a, key)
	}
	return nil
}

// put keeps the first thing that someone is told, and leaves out whom no letter reaches.
func (l *list) put(a account.Account, key string) {
	known := slices.ContainsFunc(l.tell, func(t told) bool { return t.account.ID == a.ID })
	if !known && !a.Disabled && a.Email != "" {
		l.tell = append(l.tell, told{a, key})
	}
}

// tell reads whom to write to, ends the transaction, and sends.
func (s *Service) tell(ctx context.Context, board, id string, whom func(context.Context, *db.Tx) (list, error)) error {
	if s.Mail.Silent() {
		return nil
	}
	var l list
	var platform catalogue.Platform
	err := s.DB.Read(ctx, board, func(ctx context.Context, tx *db.Tx) (err error) {
		if l, err = whom(ctx, tx); err != nil {
			return err
		}
		platform, err = catalogue.Get(ctx, tx, l.about.PlatformID)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	letters := make([]mail.Message, len(l.tell))
	for i, t := range l.tell {
		letters[i] = s.letter(t, l.about, platform.Name)
	}
	return s.send(ctx, board, id, letters)
}

// send hands letters to the post. What a server refuses for good is logged and
// left; for the rest the job tries again.
func (s *Service) send(ctx context.Context, board, id string, letters []mail.Message) error {
	err := s.Mail.Send(ctx, letters...)
	if errors.Is(err, mail.ErrRefused) {
		slog.WarnContext(ctx, "letters refused by the mail server", "board", board, "subject", id, "error", err)
		return nil
	}
	return err
}

func (s *Service) link(path string) string { return strings.TrimRight(s.BaseURL, "/") + path }

func (s *Service) letter(t told, r request.Request, platform string) mail.Message {
	p := i18n.For(t.account.Lang)
	platform = oneLine(platform)
	link := s.link("/requests/" + string(r.ID))
	return mail.Message{
		To:      t.account.Email,
		Subject: p.T(t.key+".subject", r.Number, platform),
		Text: p.T("notice.hello") + "\n\n" + p.T(t.key+".text", r.Number, platform, link) + "\n\n-- \n" +
			p.T("notice.foot") + "\n",
	}
}
