package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/catalogue"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/policy"
	"aval/internal/register"
)

// incidentRoutes are those of confidentiality incidents and of the registers.
func (s *Server) incidentRoutes(api huma.API) {
	const incidents, reports = "/api/v1/incidents", "/api/v1/incident-reports"
	handle(s, api, created(op("report-incident", http.MethodPost, reports, "Tell of something that may be an incident")), s.incidentReport)
	handle(s, api, op("list-incident-reports", http.MethodGet, reports, "What one told, and its state"), s.incidentReports)
	handle(s, api, op("set-report-aside", http.MethodPost, reports+"/{id}/set-aside", "Answer a report that tells of no incident"), s.reportAside)
	handle(s, api, op("list-incidents", http.MethodGet, incidents, "Incidents, the latest first, and the reports to answer"), s.incidents)
	handle(s, api, created(op("open-incident", http.MethodPost, incidents, "Enter an incident in the register")), s.incidentOpen)
	handle(s, api, op("read-incident", http.MethodGet, incidents+"/{id}", "Read an incident and its notices"), s.incidentRead)
	handle(s, api, op("correct-incident", http.MethodPut, incidents+"/{id}", "Correct what was entered; the former version is kept"), s.incidentCorrect)
	handle(s, api, op("delete-incident", http.MethodDelete, incidents+"/{id}", "Delete an entry that was kept long enough"), s.incidentDelete)
	handle(s, api, op("assess-incident", http.MethodPut, incidents+"/{id}/risk", "Answer the risk test of the board's law"), s.incidentAssess)
	handle(s, api, op("add-measure", http.MethodPost, incidents+"/{id}/measures", "Note something that was done"), s.incidentMeasure)
	handle(s, api, created(op("draft-notice", http.MethodPost, incidents+"/{id}/notices", "Draft a notice from what was entered")), s.noticeDraft)
	handle(s, api, op("write-notice", http.MethodPut, incidents+"/{id}/notices/{notice}", "Write the texts of a notice; the former version is kept"), s.noticeWrite)
	handle(s, api, op("send-notice", http.MethodPost, incidents+"/{id}/notices/{notice}/sent", "Note the day on which a notice went out"), s.noticeSent)
	handle(s, api, op("close-incident", http.MethodPost, incidents+"/{id}/close", "Close an incident once all is done"), s.incidentClose)
	handle(s, api, file(op("export-register", http.MethodGet, "/api/v1/registers/{kind}", "Export a register; it is noted")), s.registerExport)
}

// ToldJSON is what an employee tells. Like the others here, it is exported because huma
// reads no embedded struct that is not.
type ToldJSON struct {
	NoticedOn string `json:"noticed_on" doc:"Day on which it was noticed, as 2026-11-20."`
	Text      string `json:"text" doc:"What happened, without pupils' names."`
	Platform  string `json:"platform,omitempty" doc:"As one calls it."`
}

type reportJSON struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	State string    `json:"state" enum:"received,taken,done,aside"`
	ToldJSON
}

func reportOf(r incident.Report) reportJSON {
	return reportJSON{ID: r.ID, At: r.At, State: string(r.State), ToldJSON: ToldJSON(r.Told)}
}

func reportsOf(list []incident.Report) []reportJSON {
	out := []reportJSON{}
	for _, r := range list {
		out = append(out, reportOf(r))
	}
	return out
}

func (s *Server) incidentReport(ctx context.Context, a policy.Actor, in *struct{ Body ToldJSON }) (*answer[reportJSON], error) {
	r, err := s.Incidents.Report(ctx, a, incident.Told(in.Body))
	return body(reportOf(r), err)
}

type reportsOut struct {
	Reports []reportJSON `json:"reports"`
}

func (s *Server) incidentReports(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[reportsOut], error) {
	mine, err := s.Incidents.Mine(ctx, a)
	return body(reportsOut{reportsOf(mine)}, err)
}

func (s *Server) reportAside(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Reason string `json:"reason"`
	}
}) (*answer[reportJSON], error) {
	r, err := s.Incidents.SetAside(ctx, a, in.ID, in.Body.Reason)
	return body(reportOf(r), err)
}

// EntryJSON is what is entered of an incident.
type EntryJSON struct {
	Kind          string   `json:"kind" enum:"access,use,release,loss,other"`
	Information   string   `json:"information" doc:"Personal information concerned, or why it cannot be described."`
	Circumstances string   `json:"circumstances"`
	Cause         string   `json:"cause,omitempty"`
	From          string   `json:"from" doc:"Day of the incident, or the first of its period."`
	Until         string   `json:"until,omitempty"`
	DaysAbout     bool     `json:"days_about,omitempty" doc:"The days are an approximation."`
	AwareOn       string   `json:"aware_on" doc:"Day on which the board became aware."`
	Count         int64    `json:"count" doc:"People concerned; never their names."`
	CountAbout    bool     `json:"count_about,omitempty"`
	Groups        []string `json:"groups,omitempty" enum:"students,parents,staff,others"`
	Schools       []string `json:"schools,omitempty" doc:"Ids of schools and departments."`
	PlatformID    string   `json:"platform_id,omitempty" maxLength:"64"`
	Advice        string   `json:"advice,omitempty" doc:"What those concerned may do themselves."`
	Contact       string   `json:"contact,omitempty"`
	Held          string   `json:"held,omitempty" doc:"Why those concerned are not told yet."`
}

func (in EntryJSON) entry() incident.Entry {
	e := incident.Entry{Kind: incident.Kind(in.Kind), Information: in.Information, Circumstances: in.Circumstances, Cause: in.Cause,
		From: in.From, Until: in.Until, DaysAbout: in.DaysAbout, AwareOn: in.AwareOn, Count: in.Count, CountAbout: in.CountAbout,
		Schools: in.Schools, Platform: catalogue.ID(in.PlatformID), Advice: in.Advice, Contact: in.Contact, Held: in.Held}
	for _, g := range in.Groups {
		e.Groups = append(e.Groups, incident.Group(g))
	}
	return e
}

func entryOf(e incident.Entry) EntryJSON {
	out := EntryJSON{Kind: string(e.Kind), Information: e.Information, Circumstances: e.Circumstances, Cause: e.Cause, From: e.From,
		Until: e.Until, DaysAbout: e.DaysAbout, AwareOn: e.AwareOn, Count: e.Count, CountAbout: e.CountAbout, Schools: e.Schools,
		PlatformID: string(e.Platform), Advice: e.Advice, Contact: e.Contact, Held: e.Held}
	for _, g := range e.Groups {
		out.Groups = append(out.Groups, string(g))
	}
	return out
}

type riskJSON struct {
	Sensitivity  string `json:"sensitivity"`
	Misuse       string `json:"misuse,omitempty" doc:"Québec."`
	Consequences string `json:"consequences,omitempty" doc:"Québec."`
	Likelihood   string `json:"likelihood"`
	Mitigation   string `json:"mitigation,omitempty" doc:"Ontario."`
	Answer       string `json:"answer" enum:"yes,no"`
	Reasons      string `json:"reasons"`
	ConsultedOn  string `json:"consulted_on,omitempty" doc:"Québec: day on which the privacy officer was consulted, when another answers."`
}

// MeasureJSON is something that was done.
type MeasureJSON struct {
	On        string `json:"on"`
	Text      string `json:"text"`
	Recipient string `json:"recipient,omitempty" doc:"Who able to lessen the harm was told."`
	Given     string `json:"given,omitempty" doc:"Which information they were given."`
}

type noticeJSON struct {
	ID      string `json:"id"`
	To      string `json:"to" enum:"commission,people,public"`
	TextFr  string `json:"text_fr"`
	TextEn  string `json:"text_en"`
	SentOn  string `json:"sent_on,omitempty"`
	Reason  string `json:"reason,omitempty" doc:"Why it is public."`
	Version int64  `json:"version"`
}

func noticeOf(n incident.Notice) noticeJSON {
	return noticeJSON{ID: n.ID, To: string(n.To), TextFr: n.Fr, TextEn: n.En, SentOn: n.SentOn, Reason: n.Reason, Version: n.Version}
}

// IncidentJSON is an incident as it stands.
type IncidentJSON struct {
	ID        string `json:"id"`
	Number    string `json:"number"`
	State     string `json:"state" enum:"open,closed"`
	Test      string `json:"test" enum:"serious,significant" doc:"Risk of serious injury (Québec) or real risk of significant harm (Ontario)."`
	KeptUntil string `json:"kept_until" format:"date" doc:"First day on which it may be deleted."`
	EntryJSON
	Risk     *riskJSON     `json:"risk,omitempty"`
	Measures []MeasureJSON `json:"measures"`
	Version  int64         `json:"version"`
}

func incidentOf(i incident.Incident) IncidentJSON {
	out := IncidentJSON{ID: string(i.ID), Number: i.Number, State: string(i.State), Test: string(i.Test), KeptUntil: i.KeptUntil(),
		EntryJSON: entryOf(i.Entry), Measures: []MeasureJSON{}, Version: i.Version}
	if r := i.Risk; r != nil {
		out.Risk = &riskJSON{r.Sensitivity, r.Misuse, r.Consequences, r.Likelihood, r.Mitigation, r.Answer, r.Reasons, r.ConsultedOn}
	}
	for _, m := range i.Measures {
		out.Measures = append(out.Measures, MeasureJSON(m))
	}
	return out
}

type incidentsOut struct {
	Incidents []IncidentJSON `json:"incidents"`
	Reports   []reportJSON   `json:"reports" doc:"To answer."`
}

func (s *Server) incidents(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[incidentsOut], error) {
	l, err := s.Incidents.List(ctx, a)
	out := incidentsOut{Incidents: []IncidentJSON{}, Reports: reportsOf(l.Reports)}
	for _, i := range l.Incidents {
		out.Incidents = append(out.Incidents, incidentOf(i))
	}
	return body(out, err)
}

func (s *Server) incidentOpen(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		EntryJSON
		Report string `json:"report,omitempty" maxLength:"64" doc:"The report that it answers."`
	}
}) (*answer[IncidentJSON], error) {
	i, err := s.Incidents.Open(ctx, a, in.Body.entry(), in.Body.Report)
	return body(incidentOf(i), err)
}

type incidentReadOut struct {
	IncidentJSON
	Days    int          `json:"days" doc:"Since the board became aware."`
	Notices []noticeJSON `json:"notices"`
}

func (s *Server) incidentRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[incidentReadOut], error) {
	v, err := s.Incidents.View(ctx, a, incident.ID(in.ID), 0)
	out := incidentReadOut{IncidentJSON: incidentOf(v.Incident), Days: v.Days, Notices: []noticeJSON{}}
	for _, n := range v.Words.Notices {
		out.Notices = append(out.Notices, noticeOf(n))
	}
	return body(out, err)
}

func (s *Server) incidentCorrect(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		EntryJSON
		Why     string `json:"why" doc:"What has changed or was wrong."`
		Version int64  `json:"version"`
	}
}) (*answer[IncidentJSON], error) {
	i, err := s.Incidents.Correct(ctx, a, incident.ID(in.ID), in.Body.entry(), in.Body.Why, in.Body.Version)
	return body(incidentOf(i), err)
}

func (s *Server) incidentDelete(ctx context.Context, a policy.Actor, in *ByID) (*struct{}, error) {
	return &struct{}{}, s.Incidents.Delete(ctx, a, incident.ID(in.ID))
}

func (s *Server) incidentAssess(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body riskJSON
}) (*answer[IncidentJSON], error) {
	r := in.Body
	i, err := s.Incidents.Assess(ctx, a, incident.ID(in.ID), incident.Risk{Sensitivity: r.Sensitivity, Misuse: r.Misuse,
		Consequences: r.Consequences, Likelihood: r.Likelihood, Mitigation: r.Mitigation, Answer: r.Answer, Reasons: r.Reasons, ConsultedOn: r.ConsultedOn})
	return body(incidentOf(i), err)
}

func (s *Server) incidentMeasure(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		MeasureJSON
		Replaces int `json:"replaces,omitempty" doc:"The measure that it takes the place of, from 1."`
	}
}) (*answer[IncidentJSON], error) {
	i, err := s.Incidents.Measure(ctx, a, incident.ID(in.ID), incident.Measure(in.Body.MeasureJSON), in.Body.Replaces)
	return body(incidentOf(i), err)
}

func (s *Server) noticeDraft(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		To string `json:"to" enum:"commission,people,public"`
	}
}) (*answer[noticeJSON], error) {
	n, err := s.Incidents.Draft(ctx, a, incident.ID(in.ID), incident.To(in.Body.To))
	return body(noticeOf(n), err)
}

// ByNotice is a notice that the address names.
type ByNotice struct {
	ByID
	Notice string `path:"notice" maxLength:"64"`
}

func (s *Server) noticeWrite(ctx context.Context, a policy.Actor, in *struct {
	ByNotice
	Body struct {
		TextFr  string `json:"text_fr"`
		TextEn  string `json:"text_en"`
		Version int64  `json:"version"`
	}
}) (*answer[noticeJSON], error) {
	n, err := s.Incidents.Write(ctx, a, incident.ID(in.ID), in.Notice, in.Body.TextFr, in.Body.TextEn, in.Body.Version)
	return body(noticeOf(n), err)
}

func (s *Server) noticeSent(ctx context.Context, a policy.Actor, in *struct {
	ByNotice
	Body struct {
		SentOn string `json:"sent_on"`
		Reason string `json:"reason,omitempty" doc:"Why a public one is public."`
	}
}) (*answer[noticeJSON], error) {
	n, err := s.Incidents.Sent(ctx, a, incident.ID(in.ID), in.Notice, in.Body.SentOn, in.Body.Reason)
	return body(noticeOf(n), err)
}

func (s *Server) incidentClose(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Closing string `json:"closing" doc:"How it ends."`
	}
}) (*answer[IncidentJSON], error) {
	i, err := s.Incidents.Close(ctx, a, incident.ID(in.ID), in.Body.Closing)
	return body(incidentOf(i), err)
}

func (s *Server) registerExport(ctx context.Context, a policy.Actor, in *struct {
	Kind   string `path:"kind" enum:"incidents,releases,files,refusals,inventory"`
	Format string `query:"format" enum:"json,csv,xlsx" default:"json"`
	From   string `query:"from" maxLength:"10" doc:"First day, as 2026-11-20."`
	To     string `query:"to" maxLength:"10" doc:"Last day, included."`
	Lang   string `query:"lang" enum:"fr,en" doc:"Language of the words; that of Accept-Language when it is left out."`
}) (*sheetOut, error) {
	p := printer(ctx)
	if in.Lang != "" {
		p = i18n.For(in.Lang)
	}
	t, err := s.Registers.Export(ctx, a, register.Kind(in.Kind), register.Filter{From: in.From, To: in.To}, p.Lang, register.Format(in.Format))
	if err != nil {
		return nil, err
	}
	f, err := t.File(register.Format(in.Format))
	return &sheetOut{ContentType: f.Media, Disposition: `attachment; filename="` + f.Name + `"`, Body: f.Data}, err
}

// file is an operation that answers a file in one of several formats.
func file(o huma.Operation) huma.Operation {
	text := func() *huma.MediaType { return &huma.MediaType{Schema: &huma.Schema{Type: "string"}} }
	o.Responses = map[string]*huma.Response{"200": {Description: "The file.", Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Type: "object"}}, "text/csv": text(),
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": text()}}}
	return o
}
