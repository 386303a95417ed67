package api

import (
	"context"
	"slices"

	"aval/internal/catalogue"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
)

type audienceJSON struct {
	Schools []string `json:"schools,omitempty" doc:"Only pupils of these schools."`
	Grades  []string `json:"grades,omitempty" doc:"Only pupils in these grades, in the words of the roster: KG, 04."`
	Classes []string `json:"classes,omitempty" doc:"And the pupils of these classes."`
	People  []string `json:"people,omitempty" doc:"And these pupils; when recording, by id or by number."`
}

type columnJSON struct {
	Name  string `json:"name" doc:"Title of the column, as the platform wants it."`
	Holds string `json:"holds" enum:"login_name,password,group,text"`
	Text  string `json:"text,omitempty" doc:"The same in each row; only with text."`
}

type licenceIn struct {
	PlatformID  string       `json:"platform_id" maxLength:"64"`
	Scope       string       `json:"scope" enum:"individual,class,school,department,board"`
	OrgID       string       `json:"org_id,omitempty" maxLength:"64" doc:"School or department; none for the whole board."`
	Payer       string       `json:"payer" doc:"ddl, or the id of a school or department (4.2)."`
	Seats       int64        `json:"seats,omitempty" doc:"0 is without limit; accounts stop at the seats."`
	CostCents   int64        `json:"cost_cents,omitempty"`
	StartsOn    string       `json:"starts_on" doc:"First day, as 2026-08-31."`
	EndsOn      string       `json:"ends_on" doc:"Last day, included."`
	Audience    audienceJSON `json:"audience,omitempty" doc:"Narrows the reach; one class and one person are always named."`
	AccountKind string       `json:"account_kind,omitempty" enum:"none,login_name,vendor_name,board_email" doc:"none when it is left out."`
	SignInURL   string       `json:"sign_in_url,omitempty" doc:"Address of https where pupils sign in."`
	Columns     []columnJSON `json:"columns,omitempty" doc:"Of the accounts' file, in the platform's order."`
}

func (in licenceIn) licence() licence.Licence {
	l := licence.Licence{PlatformID: catalogue.ID(in.PlatformID), Scope: licence.Reach(in.Scope), OrgID: in.OrgID, Payer: in.Payer,
		Seats: in.Seats, CostCents: in.CostCents, StartsOn: in.StartsOn, EndsOn: in.EndsOn, Audience: licence.Audience(in.Audience),
		AccountKind: licence.AccountKind(in.AccountKind), SignInURL: in.SignInURL}
	for _, c := range in.Columns {
		l.Columns = append(l.Columns, licence.Column{Name: c.Name, Holds: licence.Held(c.Holds), Text: c.Text})
	}
	return l
}

type licenceJSON struct {
	ID          string       `json:"id"`
	PlatformID  string       `json:"platform_id"`
	Platform    string       `json:"platform,omitempty"`
	Scope       string       `json:"scope" enum:"individual,class,school,department,board"`
	OrgID       string       `json:"org_id,omitempty"`
	Org         string       `json:"org,omitempty"`
	Payer       string       `json:"payer"`
	Seats       int64        `json:"seats" doc:"0 is without limit."`
	CostCents   int64        `json:"cost_cents"`
	StartsOn    string       `json:"starts_on" format:"date"`
	EndsOn      string       `json:"ends_on" format:"date"`
	EndedOn     string       `json:"ended_on,omitempty" format:"date" doc:"Last day of one that was ended before."`
	Audience    audienceJSON `json:"audience"`
	AccountKind string       `json:"account_kind" enum:"none,login_name,vendor_name,board_email"`
	SignInURL   string       `json:"sign_in_url,omitempty"`
	Columns     []columnJSON `json:"columns,omitempty"`
	Pupils      *int         `json:"pupils,omitempty" doc:"Whom it is for today; when it is read by itself."`
	Exception   bool         `json:"exception,omitempty" doc:"It runs although its platform was refused (4.1)."`
}

func licenceOf(l licence.Licence) licenceJSON {
	out := licenceJSON{ID: string(l.ID), PlatformID: string(l.PlatformID), Scope: string(l.Scope), OrgID: l.OrgID, Payer: l.Payer,
		Seats: l.Seats, CostCents: l.CostCents, StartsOn: l.StartsOn, EndsOn: l.EndsOn, EndedOn: l.EndedOn,
		Audience: audienceJSON(l.Audience), AccountKind: string(l.AccountKind), SignInURL: l.SignInURL}
	for _, c := range l.Columns {
		out.Columns = append(out.Columns, columnJSON{Name: c.Name, Holds: string(c.Holds), Text: c.Text})
	}
	return out
}

func licenceListed(l licence.Listed) licenceJSON {
	out := licenceOf(l.Licence)
	out.Platform, out.Org = l.Platform, l.Org
	return out
}

type licencesOut struct {
	Licences []licenceJSON `json:"licences"`
	Next     int           `json:"next,omitempty" doc:"Give it as page for those that follow."`
}

func (s *Server) licences(ctx context.Context, a policy.Actor, in *struct {
	Platform string `query:"platform" maxLength:"64"`
	Page     int    `query:"page" default:"1" minimum:"1" maximum:"1000000"`
}) (*answer[licencesOut], error) {
	list, more, err := s.Licences.Page(ctx, a, catalogue.ID(in.Platform), in.Page)
	out := licencesOut{Licences: []licenceJSON{}}
	for _, l := range list {
		out.Licences = append(out.Licences, licenceListed(l))
	}
	if more {
		out.Next = in.Page + 1
	}
	return body(out, err)
}

func (s *Server) licenceRecord(ctx context.Context, a policy.Actor, in *struct{ Body licenceIn }) (*answer[licenceJSON], error) {
	l, err := s.Licences.Record(ctx, a, in.Body.licence())
	return body(licenceOf(l), inAudience(err))
}

// inAudience gives the parts of an audience the names that a program knows them by.
func inAudience(err error) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	said := *f
	said.Fields = map[string]fault.Message{}
	for name, m := range f.Fields {
		if slices.Contains([]string{"schools", "grades", "classes", "people"}, name) {
			name = "audience." + name
		}
		said.Fields[name] = m
	}
	return &said
}

func (s *Server) licenceRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[licenceJSON], error) {
	v, err := s.Licences.View(ctx, a, licence.ID(in.ID))
	if err != nil {
		return nil, err
	}
	out := licenceListed(v.Listed)
	out.Pupils, out.Exception = &v.Pupils, v.Exception
	return body(out, nil)
}

func (s *Server) licenceEnd(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		On string `json:"on" doc:"Its last day, included."`
	}
}) (*answer[licenceJSON], error) {
	l, err := s.Licences.End(ctx, a, licence.ID(in.ID), in.Body.On)
	return body(licenceOf(l), err)
}
