package api

import (
	"context"
	"time"

	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/reveal"
)

type revealIn struct {
	Kind    string `json:"kind" enum:"name,account,class"`
	Licence string `json:"licence,omitempty" maxLength:"64" doc:"Of a class set."`
	Class   string `json:"class,omitempty" maxLength:"64"`
	Account string `json:"account,omitempty" maxLength:"64"`
	Name    string `json:"name,omitempty" maxLength:"64" doc:"Login name, as it was typed."`
	Reason  string `json:"reason" maxLength:"64" doc:"Code of the policy pack's reveal_reasons."`
	Note    string `json:"note,omitempty" doc:"At most 300 characters."`
}

type revealedPerson struct {
	ID         string   `json:"id"`
	GivenName  string   `json:"given_name"`
	FamilyName string   `json:"family_name"`
	Classes    []string `json:"classes,omitempty" doc:"Titles."`
	Grade      string   `json:"grade,omitempty"`
}

type revealedCard struct {
	AccountID string `json:"account_id"`
	PersonID  string `json:"person_id"`
	UserName  string `json:"user_name"`
	Password  string `json:"password,omitempty"`
	Picture   string `json:"picture,omitempty" doc:"The picture that stands for a part of the password."`
	State     string `json:"state"`
}

type revealedJSON struct {
	Kind   string           `json:"kind" enum:"name,account,class"`
	People []revealedPerson `json:"people"`
	Cards  []revealedCard   `json:"cards,omitempty"`
	Left   int              `json:"left" doc:"Single look-ups left this hour."`
	At     time.Time        `json:"at"`
	Copy   int              `json:"copy,omitempty" doc:"Which set of this class for this licence, from 1."`
}

func (s *Server) reveal(ctx context.Context, a policy.Actor, in *struct{ Body revealIn }) (*answer[revealedJSON], error) {
	shown, err := s.Reveals.Reveal(ctx, a, reveal.Ask{Kind: reveal.Kind(in.Body.Kind), Licence: licence.ID(in.Body.Licence),
		Class: in.Body.Class, Account: in.Body.Account, Name: in.Body.Name, Reason: in.Body.Reason, Note: in.Body.Note})
	out := revealedJSON{Kind: string(shown.Kind), People: []revealedPerson{}, Left: shown.Left, At: shown.At, Copy: shown.Copy}
	for _, p := range shown.People {
		out.People = append(out.People, revealedPerson(p))
	}
	for _, c := range shown.Cards {
		out.Cards = append(out.Cards, revealedCard{AccountID: c.AccountID, PersonID: c.PersonID, UserName: c.UserName,
			Password: c.Password.Text, Picture: c.Password.Picture, State: string(c.State)})
	}
	return body(out, err)
}

type lookJSON struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"Account, or cli."`
	Role    string    `json:"role"`
	Kind    string    `json:"kind" enum:"name,account,class,file,record,guardians"`
	Reason  string    `json:"reason"`
	Note    string    `json:"note,omitempty"`
	Licence string    `json:"licence,omitempty"`
	Class   string    `json:"class,omitempty"`
	Person  string    `json:"person,omitempty" doc:"Nobody was shown where neither this nor class is given."`
	Second  string    `json:"second,omitempty" doc:"Who allowed more than the quota."`
	Count   int       `json:"count" doc:"People shown."`
}

type looksOut struct {
	Looks []lookJSON `json:"looks"`
	Next  string     `json:"next,omitempty" doc:"Give it as after for those that follow."`
}

func (s *Server) looks(ctx context.Context, a policy.Actor, in *struct {
	Actor string `query:"actor" maxLength:"64"`
	After string `query:"after" maxLength:"64"`
}) (*answer[looksOut], error) {
	looks, err := s.Reveals.List(ctx, a, reveal.Filter{Actor: in.Actor, After: in.After})
	out := looksOut{Looks: []lookJSON{}}
	for _, l := range looks {
		out.Looks = append(out.Looks, lookJSON{ID: l.ID, At: l.At, Actor: l.Actor, Role: string(l.Role), Kind: string(l.Kind),
			Reason: l.Reason, Note: l.Note, Licence: string(l.Licence), Class: l.Class, Person: l.Person, Second: l.Second, Count: l.Count})
	}
	if len(looks) == reveal.PageSize {
		out.Next = looks[len(looks)-1].ID
	}
	return body(out, err)
}

type signJSON struct {
	Code  string `json:"code" enum:"many,alone,same_pupil,off_hours,in_vain,at_quota"`
	Count int    `json:"count"`
	Most  int    `json:"most" doc:"How many are nothing unusual."`
	Text  string `json:"text" doc:"The sign as a sentence, in the account's language."`
}

type outlierJSON struct {
	Actor string     `json:"actor" doc:"Account, or cli."`
	Role  string     `json:"role"`
	Looks int        `json:"looks" doc:"In the week."`
	Signs []signJSON `json:"signs" doc:"At least one. A sign is no fault: it is a question to ask."`
}

type outliersOut struct {
	From     string        `json:"from" format:"date" doc:"Monday of the last complete week."`
	To       string        `json:"to" format:"date" doc:"Its Sunday."`
	Outliers []outlierJSON `json:"outliers"`
}

func (s *Server) outliers(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[outliersOut], error) {
	week, list, err := s.Reveals.Outliers(ctx, a)
	out := outliersOut{From: week.From.Format(time.DateOnly), To: week.LastDay().Format(time.DateOnly), Outliers: []outlierJSON{}}
	for _, o := range list {
		one := outlierJSON{Actor: o.Actor, Role: string(o.Role), Looks: o.Looks}
		for _, sign := range o.Signs {
			one.Signs = append(one.Signs, signJSON{Code: string(sign.Code), Count: sign.Count, Most: sign.Most,
				Text: i18n.For(a.Lang).Message(sign.Message())})
		}
		out.Outliers = append(out.Outliers, one)
	}
	return body(out, err)
}

type moreIn struct {
	Org    string `json:"org,omitempty" maxLength:"64" doc:"School; may be left out by who looks at one school, or at the whole board."`
	Sets   bool   `json:"sets,omitempty" doc:"One class set, and no single look-ups."`
	Extra  int    `json:"extra" doc:"How many; 1 of class sets."`
	Reason string `json:"reason" maxLength:"64"`
	Note   string `json:"note,omitempty"`
}

type approvalJSON struct {
	ID         string     `json:"id"`
	AskedBy    string     `json:"asked_by"`
	AskedAt    time.Time  `json:"asked_at"`
	Org        string     `json:"org,omitempty"`
	Sets       bool       `json:"sets"`
	Extra      int        `json:"extra"`
	Reason     string     `json:"reason"`
	Note       string     `json:"note,omitempty"`
	ApprovedBy string     `json:"approved_by,omitempty"`
	ApprovedAt *time.Time `json:"approved_at,omitempty" doc:"It holds for an hour from then."`
}

func approvalOf(a reveal.Approval) approvalJSON {
	return approvalJSON{ID: a.ID, AskedBy: a.AskedBy, AskedAt: a.AskedAt, Org: a.Org, Sets: a.Sets, Extra: a.Extra, Reason: a.Reason,
		Note: a.Note, ApprovedBy: a.ApprovedBy, ApprovedAt: moment(a.ApprovedAt)}
}

func (s *Server) approvalAsk(ctx context.Context, a policy.Actor, in *struct{ Body moreIn }) (*answer[approvalJSON], error) {
	made, err := s.Reveals.AskApproval(ctx, a, reveal.More(in.Body))
	return body(approvalOf(made), err)
}

func (s *Server) approvalGive(ctx context.Context, a policy.Actor, in *ByID) (*answer[approvalJSON], error) {
	given, err := s.Reveals.Approve(ctx, a, in.ID)
	return body(approvalOf(given), err)
}
