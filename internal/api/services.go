package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/classification"
	"aval/internal/inventory"
	"aval/internal/policy"
	"aval/internal/request"
)

// serviceRoutes are the operations on classes of information, on what may be used for
// each, and on what every user undertakes.
func (s *Server) serviceRoutes(api huma.API) {
	handle(s, api, op("list-services", http.MethodGet, "/api/v1/services", "Platforms that were decided on, and the class of information that each may receive"), s.services)
	handle(s, api, created(op("note-service", http.MethodPost, "/api/v1/services/found", "Note a platform that is in use and that nobody had asked for")), s.serviceNote)
	handle(s, api, op("list-found-services", http.MethodGet, "/api/v1/services/found", "Platforms found in use: all to who settles them, one's own to others"), s.servicesFound)
	handle(s, api, op("settle-service", http.MethodPost, "/api/v1/services/{id}/settle", "Say what became of it: a request was made, or the use was stopped"), s.serviceSettle)
	handle(s, api, op("classify-request", http.MethodPut, "/api/v1/requests/{id}/class", "Give what a request would hold its class, its owner and its tier of risk"), s.requestClassify)
	handle(s, api, op("acknowledge-duties", http.MethodPost, "/api/v1/duties", "Acknowledge the users' duties of this school year"), s.dutiesAcknowledge)
}

type serviceJSON struct {
	PlatformID string    `json:"platform_id"`
	Platform   string    `json:"platform"`
	Vendor     string    `json:"vendor,omitempty"`
	Result     string    `json:"result" enum:"approved,conditional,refused"`
	Class      string    `json:"class,omitempty" doc:"Code of the highest class of information that it may receive; none when nobody said."`
	ClassTitle string    `json:"class_title,omitempty"`
	Conditions []string  `json:"conditions,omitempty"`
	Because    []string  `json:"because,omitempty" doc:"Codes of the reasons of a refusal."`
	DecidedAt  time.Time `json:"decided_at"`
}

type levelJSON struct {
	Code   string `json:"code"`
	Title  string `json:"title"`
	About  string `json:"about,omitempty"`
	Colour string `json:"colour"`
}

type servicesOut struct {
	Classes  []levelJSON   `json:"classes" doc:"The board's scheme, the most open first."`
	Services []serviceJSON `json:"services"`
}

func (s *Server) services(ctx context.Context, a policy.Actor, in *struct {
	Q     string `query:"q" maxLength:"200"`
	Class string `query:"class" maxLength:"64" doc:"Only those that may receive this class."`
	Show  string `query:"show" enum:",authorised,refused"`
}) (*answer[servicesOut], error) {
	l, err := s.Inventory.List(ctx, a, inventory.Filter{Typed: in.Q, Class: in.Class, Refused: in.Show == "refused"})
	if err != nil {
		return nil, err
	}
	lang := printer(ctx).Lang
	out := servicesOut{Classes: []levelJSON{}, Services: []serviceJSON{}}
	for _, level := range l.Scheme.Levels {
		out.Classes = append(out.Classes, levelJSON{Code: level.Code, Title: level.Title(lang), About: level.About(lang), Colour: level.Colour})
	}
	for _, i := range l.Items {
		one := serviceJSON{PlatformID: string(i.ID), Platform: i.Name, Vendor: i.Vendor, Result: string(i.Result), ClassTitle: i.ClassTitle(lang),
			Conditions: i.Conditions, DecidedAt: i.DecidedAt}
		if i.Class != nil {
			one.Class = i.Class.Code
		}
		for _, r := range i.Because {
			one.Because = append(one.Because, r.Code)
		}
		out.Services = append(out.Services, one)
	}
	return body(out, nil)
}

type foundJSON struct {
	ID         string    `json:"id"`
	PlatformID string    `json:"platform_id"`
	Platform   string    `json:"platform"`
	SeenOn     string    `json:"seen_on" format:"date"`
	Text       string    `json:"text"`
	Personal   bool      `json:"personal"`
	Class      string    `json:"class,omitempty"`
	State      string    `json:"state" enum:"open,requested,stopped"`
	Request    string    `json:"request,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	NotedAt    time.Time `json:"noted_at"`
}

func foundOf(f inventory.Found) foundJSON {
	return foundJSON{ID: f.ID, PlatformID: string(f.Platform), Platform: f.Name, SeenOn: f.SeenOn, Text: f.Text, Personal: f.Personal,
		Class: f.Class, State: string(f.State), Request: string(f.Request), Reason: f.Reason, NotedAt: f.NotedAt}
}

func (s *Server) serviceNote(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Platform string `json:"platform" doc:"Its name."`
		URL      string `json:"url,omitempty"`
		On       string `json:"on" doc:"The day on which it was seen, as 2026-11-20."`
		Text     string `json:"text" doc:"Where, and what for."`
		Personal string `json:"personal" doc:"Whether someone's information was in it: yes or no."`
		Class    string `json:"class,omitempty" doc:"Code of the class of information that was in it."`
	}
}) (*answer[foundJSON], error) {
	f, err := s.Inventory.Note(ctx, a, inventory.Seen{Platform: in.Body.Platform, URL: in.Body.URL, On: in.Body.On, Text: in.Body.Text,
		Personal: in.Body.Personal, Class: in.Body.Class})
	return body(foundOf(f), err)
}

type foundOut struct {
	Found []foundJSON `json:"found"`
}

func (s *Server) servicesFound(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[foundOut], error) {
	all, err := s.Inventory.Found(ctx, a)
	if err != nil {
		return nil, err
	}
	out := foundOut{Found: []foundJSON{}}
	for _, f := range all {
		out.Found = append(out.Found, foundOf(f))
	}
	return body(out, nil)
}

func (s *Server) serviceSettle(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Outcome string `json:"outcome" doc:"requested or stopped."`
		Reason  string `json:"reason"`
	}
}) (*answer[foundJSON], error) {
	f, err := s.Inventory.Settle(ctx, a, in.ID, inventory.Settlement{Outcome: inventory.State(in.Body.Outcome), Reason: in.Body.Reason})
	return body(foundOf(f), err)
}

type classJSON struct {
	Class      string    `json:"class"`
	Owner      string    `json:"owner" doc:"Who answers for the information: a role or the id of an account."`
	Reason     string    `json:"reason"`
	Tier       string    `json:"tier" enum:"low,medium,high"`
	TierReason string    `json:"tier_reason"`
	ChosenAt   time.Time `json:"chosen_at"`
}

func (s *Server) requestClassify(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Class      string `json:"class" doc:"Code of a class of the board's scheme."`
		Owner      string `json:"owner" doc:"Who answers for the information: a role or the id of an account."`
		Reason     string `json:"reason"`
		Tier       string `json:"tier" doc:"low, medium or high."`
		TierReason string `json:"tier_reason"`
	}
}) (*answer[classJSON], error) {
	c, err := s.Classification.Classify(ctx, a, request.ID(in.ID), classification.Input{Class: in.Body.Class, Owner: in.Body.Owner,
		Reason: in.Body.Reason, Tier: classification.Tier(in.Body.Tier), TierReason: in.Body.TierReason})
	return body(classJSON{Class: c.Class, Owner: c.Owner, Reason: c.Reason, Tier: string(c.Tier), TierReason: c.TierReason, ChosenAt: c.At}, err)
}

type dutyJSON struct {
	Year string    `json:"year" doc:"The school year, as 2026-2027."`
	At   time.Time `json:"at"`
}

func (s *Server) dutiesAcknowledge(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[dutyJSON], error) {
	m, err := s.Duties.Acknowledge(ctx, a)
	return body(dutyJSON{Year: m.Year, At: m.At}, err)
}
