package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/breach"
	"aval/internal/catalogue"
	"aval/internal/disclosure"
	"aval/internal/incident"
	"aval/internal/policy"
)

// breachRoutes are the operations on a platform that was broken into.
func (s *Server) breachRoutes(api huma.API) {
	const at = "/api/v1/breaches"
	handle(s, api, op("list-breaches", http.MethodGet, at, "Platforms that were broken into, the latest first"), s.breaches)
	handle(s, api, created(op("ask-breach", http.MethodPost, at, "Ask what a platform knows, in counts; asked again, the answer is made anew")), s.breachAsk)
	handle(s, api, op("read-breach", http.MethodGet, at+"/{id}", "Read what the platform knew, and how far it is cut off"), s.breachRead)
	handle(s, api, accepted(op("cut-breach", http.MethodPost, at+"/{id}/cut", "Make the platform's pseudonyms, passwords or login names anew")), s.breachCut)
	handle(s, api, created(op("enter-breach", http.MethodPost, at+"/{id}/incident", "Begin the entry of the register with the facts of the answer; notices are drafted from it")), s.breachEnter)
}

type knownLicenceJSON struct {
	ID          string `json:"id"`
	StartsOn    string `json:"starts_on" format:"date"`
	LastOn      string `json:"last_on" format:"date"`
	AccountKind string `json:"account_kind" enum:"none,login_name,vendor_name,board_email"`
	Disclosed   bool   `json:"disclosed" doc:"aval let rows out under it; else its audience of today is counted."`
}

type knownSchoolJSON struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty" doc:"When the breach is read by itself."`
	Pupils  int    `json:"pupils"`
	Classes int    `json:"classes"`
}

type lastExportJSON struct {
	At      time.Time `json:"at"`
	Profile string    `json:"profile"`
	Fields  []string  `json:"fields"`
	Rows    int       `json:"rows"`
}

type lastReadJSON struct {
	At      time.Time `json:"at"`
	Objects int64     `json:"objects" doc:"That day."`
}

type knewJSON struct {
	Exposure  string             `json:"exposure" enum:"pseudonyms,more,unknown" doc:"unknown: it was decided on before aval, without a list."`
	Pupils    int                `json:"pupils"`
	Teachers  int                `json:"teachers"`
	Classes   int                `json:"classes"`
	Passwords int                `json:"passwords" doc:"Accounts whose password can be made anew."`
	Schools   []knownSchoolJSON  `json:"schools" doc:"Those with the most students first."`
	Licences  []knownLicenceJSON `json:"licences"`
	Declared  []string           `json:"declared" doc:"Codes of the kinds of information that the decision names."`
	Left      []string           `json:"left" doc:"Fields that left by aval."`
	Since     string             `json:"since,omitempty" format:"date" doc:"First day of the first licence."`
	Changed   *time.Time         `json:"changed,omitempty" doc:"When what it sees last changed."`
	Export    *lastExportJSON    `json:"export,omitempty" doc:"The last file that left for it."`
	Read      *lastReadJSON      `json:"read,omitempty" doc:"The last time that it read by itself."`
	Shared    []string           `json:"shared" doc:"Ids of platforms that see the same pseudonyms."`
}

func fieldNames(fields []disclosure.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = string(f)
	}
	return out
}

func knewOf(a breach.Answer, schools map[string]string) knewJSON {
	out := knewJSON{Exposure: string(a.Exposure), Pupils: a.Pupils, Teachers: a.Teachers, Classes: a.Classes, Passwords: a.Passwords,
		Schools: []knownSchoolJSON{}, Licences: []knownLicenceJSON{}, Declared: list(a.Declared), Left: fieldNames(a.Left), Since: a.Since,
		Changed: moment(a.Changed), Shared: []string{}}
	for _, each := range a.Schools {
		out.Schools = append(out.Schools, knownSchoolJSON{ID: each.ID, Name: schools[each.ID], Pupils: each.Pupils, Classes: each.Classes})
	}
	for _, l := range a.Licences {
		out.Licences = append(out.Licences, knownLicenceJSON{ID: string(l.ID), StartsOn: l.Starts, LastOn: l.Last, AccountKind: string(l.Accounts), Disclosed: l.Disclosed})
	}
	if x := a.Export; x != nil {
		out.Export = &lastExportJSON{At: x.At, Profile: string(x.Profile), Fields: fieldNames(x.Fields), Rows: x.Rows}
	}
	if r := a.Read; r != nil {
		out.Read = &lastReadJSON{At: r.At, Objects: r.Objects}
	}
	for _, p := range a.Shared {
		out.Shared = append(out.Shared, string(p))
	}
	return out
}

type breachJSON struct {
	ID         string     `json:"id"`
	PlatformID string     `json:"platform_id"`
	Platform   string     `json:"platform,omitempty" doc:"Its name, when breaches are read."`
	IncidentID string     `json:"incident_id,omitempty" doc:"Of the register; none until there is one."`
	State      string     `json:"state" enum:"asked,cutting,done"`
	Answer     knewJSON   `json:"answer"`
	AskedBy    string     `json:"asked_by"`
	AskedAt    time.Time  `json:"asked_at"`
	Pseudonyms bool       `json:"pseudonyms" doc:"They are made anew."`
	Passwords  bool       `json:"passwords"`
	Names      bool       `json:"names" doc:"Login names, which other platforms share."`
	Reason     string     `json:"reason,omitempty" doc:"Why login names are."`
	CutBy      string     `json:"cut_by,omitempty"`
	CutAt      *time.Time `json:"cut_at,omitempty"`
	Done       int        `json:"done" doc:"Made anew so far."`
	Total      int        `json:"total"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	Version    int64      `json:"version"`
}

func breachOf(b breach.Breach, called string, schools map[string]string) breachJSON {
	return breachJSON{ID: string(b.ID), PlatformID: string(b.Platform), Platform: called, IncidentID: string(b.Incident), State: string(b.State),
		Answer: knewOf(b.Answer, schools), AskedBy: b.AskedBy, AskedAt: b.AskedAt, Pseudonyms: b.Pseudonyms, Passwords: b.Passwords, Names: b.Names,
		Reason: b.Reason, CutBy: b.CutBy, CutAt: moment(b.CutAt), Done: b.Done, Total: b.Total, EndedAt: moment(b.EndedAt), Version: b.Version}
}

type breachesOut struct {
	Breaches []breachJSON `json:"breaches" doc:"The last 100."`
}

func (s *Server) breaches(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[breachesOut], error) {
	list, err := s.Breaches.List(ctx, a)
	out := breachesOut{Breaches: []breachJSON{}}
	for _, l := range list {
		out.Breaches = append(out.Breaches, breachOf(l.Breach, l.Called, nil))
	}
	return body(out, err)
}

func (s *Server) breachAsk(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Platform string `json:"platform" doc:"Id of the platform."`
		Incident string `json:"incident,omitempty" doc:"Id of an incident of the register, whose measures will say what is cut."`
	}
}) (*answer[breachJSON], error) {
	b, err := s.Breaches.Ask(ctx, a, catalogue.ID(in.Body.Platform), incident.ID(in.Body.Incident))
	return body(breachOf(b, "", nil), err)
}

func (s *Server) breachRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[breachJSON], error) {
	v, err := s.Breaches.View(ctx, a, breach.ID(in.ID))
	return body(breachOf(v.Breach, v.Called, v.Schools), err)
}

func (s *Server) breachCut(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Pseudonyms bool   `json:"pseudonyms,omitempty"`
		Passwords  bool   `json:"passwords,omitempty" doc:"Of the platform's accounts."`
		Names      bool   `json:"names,omitempty" doc:"Login names, which other platforms share: with a reason alone."`
		Reason     string `json:"reason,omitempty"`
		Version    int64  `json:"version"`
	}
}) (*answer[breachJSON], error) {
	b, err := s.Breaches.Cut(ctx, a, breach.ID(in.ID), breach.Choice{Pseudonyms: in.Body.Pseudonyms, Passwords: in.Body.Passwords,
		Names: in.Body.Names, Reason: in.Body.Reason}, in.Body.Version)
	return body(breachOf(b, "", nil), err)
}

func (s *Server) breachEnter(ctx context.Context, a policy.Actor, in *ByID) (*answer[IncidentJSON], error) {
	i, err := s.Breaches.Open(ctx, a, breach.ID(in.ID))
	return body(incidentOf(i), err)
}
