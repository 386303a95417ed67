package web

import (
	"slices"
	"strconv"
	"strings"

	"aval/internal/catalogue"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// incidentRoutes are the pages on confidentiality incidents and on the registers.
func (s *Server) incidentRoutes() []route {
	return []route{
		{pattern: "GET /incidents", need: policy.IncidentRead, do: s.incidents},
		{pattern: "GET /incidents/report", need: policy.IncidentReport, do: s.incidentReportForm},
		{pattern: "POST /incidents/report", need: policy.IncidentReport, do: s.incidentReport, form: s.incidentReportForm},
		{pattern: "GET /incidents/new", need: policy.IncidentManage, do: s.incidentNew},
		{pattern: "POST /incidents", need: policy.IncidentManage, do: s.incidentOpen, form: s.incidentNew},
		{pattern: "GET /incidents/{id}", need: policy.IncidentRead, do: s.incident},
		{pattern: "GET /incidents/{id}/edit", need: policy.IncidentManage, do: s.incidentEdit},
		{pattern: "POST /incidents/{id}/edit", need: policy.IncidentManage, do: s.incidentCorrect, form: s.incidentEdit},
		{pattern: "GET /incidents/{id}/risk", need: policy.IncidentManage, do: s.incidentRisk},
		{pattern: "POST /incidents/{id}/risk", need: policy.IncidentManage, do: s.incidentAssess, form: s.incidentRisk},
		{pattern: "POST /incidents/{id}/measures", need: policy.IncidentManage, do: s.incidentMeasure, form: s.incident},
		{pattern: "POST /incidents/{id}/notices", need: policy.IncidentManage, do: s.noticeDraft, form: s.incident},
		{pattern: "GET /incidents/{id}/notices/{notice}", need: policy.IncidentRead, do: s.notice},
		{pattern: "POST /incidents/{id}/notices/{notice}", need: policy.IncidentManage, do: s.noticeWrite, form: s.notice},
		{pattern: "POST /incidents/{id}/notices/{notice}/sent", need: policy.IncidentManage, do: s.noticeSent, form: s.notice},
		{pattern: "GET /incidents/{id}/notices/{notice}/print", need: policy.IncidentRead, do: s.noticePrint},
		{pattern: "POST /incidents/{id}/close", need: policy.IncidentManage, do: s.incidentClose, form: s.incident},
		{pattern: "POST /incidents/{id}/delete", need: policy.IncidentManage, do: s.incidentDelete, form: s.incident},
		{pattern: "GET /incident-reports/{id}", need: policy.IncidentManage, do: s.incidentReported},
		{pattern: "POST /incident-reports/{id}", need: policy.IncidentManage, do: s.incidentAside, form: s.incidentReported},
		{pattern: "GET /registers", need: policy.RegisterRead, do: s.registers},
		{pattern: "GET /registers/{kind}", need: policy.RegisterRead, do: s.register},
		{pattern: "GET /registers/{kind}/print", need: policy.RegisterRead, do: s.registerPrint},
		{pattern: "POST /registers/{kind}", need: policy.RegisterRead, do: s.registerExport, form: s.register},
	}
}

// incidentAt is the address of an incident's page.
func incidentAt(id incident.ID) string { return "/incidents/" + string(id) }

func noticeAt(n incident.Notice) string { return incidentAt(n.Incident) + "/notices/" + n.ID }

func (v *visit) incidentID() incident.ID { return incident.ID(v.path("id")) }

// ---- what an employee tells

func (s *Server) incidentReportForm(v *visit) error {
	mine, err := s.Incidents.Mine(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(incidentReportPage(v, mine))
}

func (s *Server) incidentReport(v *visit) error {
	if _, err := s.Incidents.Report(v.ctx(), v.actor, incident.Told{
		NoticedOn: v.form("noticed_on"), Text: v.form("text"), Platform: v.form("platform"),
	}); err != nil {
		return err
	}
	v.flash("incident.page.reported")
	return v.redirect("/incidents/report")
}

func (s *Server) incidentReported(v *visit) error {
	r, err := s.Incidents.ReportToTake(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	return v.render(incidentReportedPage(v, r))
}

func (s *Server) incidentAside(v *visit) error {
	if _, err := s.Incidents.SetAside(v.ctx(), v.actor, v.path("id"), v.form("reason")); err != nil {
		return err
	}
	v.flash("incident.page.aside_done")
	return v.redirect("/incidents")
}

// reportLook is how a report stands.
func reportLook(s incident.ReportState) (ui.Tone, string) {
	switch s {
	case incident.Received:
		return ui.Wait, "hourglass-split"
	case incident.Taken:
		return ui.Info, "clipboard-check"
	case incident.Done:
		return ui.OK, "check-circle-fill"
	}
	return ui.Plain, "archive"
}

// ---- the register's entries

func (s *Server) incidents(v *visit) error {
	l, err := s.Incidents.List(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(incidentsPage(v, l))
}

// incidentDraft is the form of an entry: a new one, perhaps from a report, or a correction.
type incidentDraft struct {
	incident.Choices
	Kept   incident.Entry
	At     string // where it is sent
	Report *incident.Report
	Number string // of the incident that is corrected
	Seen   int64  // version
	Back   string
}

func (s *Server) incidentNew(v *visit) (err error) {
	f := incidentDraft{At: "/incidents", Back: "/incidents"}
	if f.Choices, err = s.Incidents.Choices(v.ctx(), v.actor); err != nil {
		return err
	}
	id := v.query("report")
	if v.refused != nil {
		id = v.form("report")
	}
	if id != "" {
		r, err := s.Incidents.ReportToTake(v.ctx(), v.actor, id)
		if err != nil {
			return err
		}
		f.Report, f.Back = &r, "/incident-reports/"+r.ID
	}
	return v.render(incidentFormPage(v, f))
}

func (s *Server) incidentOpen(v *visit) error {
	i, err := s.Incidents.Open(v.ctx(), v.actor, typedEntry(v), v.form("report"))
	if err != nil {
		return err
	}
	v.flash("incident.page.opened", i.Number)
	return v.redirect(incidentAt(i.ID))
}

// typedEntry reads an entry from what was sent.
func typedEntry(v *visit) incident.Entry {
	e := incident.Entry{
		Kind: incident.Kind(v.form("kind")), Information: v.form("information"), Circumstances: v.form("circumstances"), Cause: v.form("cause"),
		From: v.form("from"), Until: v.form("until"), DaysAbout: v.form("days_about") == "yes", AwareOn: v.form("aware_on"),
		Count: persons(v.form("count")), CountAbout: v.form("count_about") == "yes", Schools: v.forms("schools"),
		Platform: catalogue.ID(v.form("platform")), Advice: v.form("advice"), Contact: v.form("contact"), Held: v.form("held"),
	}
	for _, g := range v.forms("groups") {
		e.Groups = append(e.Groups, incident.Group(g))
	}
	return e
}

// persons reads a count that may not be left empty.
func persons(typed string) int64 {
	if typed == "" {
		return -1
	}
	return number(typed)
}

func (s *Server) incidentEdit(v *visit) (err error) {
	i, err := s.Incidents.View(v.ctx(), v.actor, v.incidentID(), 0)
	if err != nil {
		return err
	}
	f := incidentDraft{Kept: i.Entry, At: incidentAt(i.ID) + "/edit", Number: i.Number, Seen: i.Version, Back: incidentAt(i.ID)}
	if f.Choices, err = s.Incidents.Choices(v.ctx(), v.actor); err != nil {
		return err
	}
	return v.render(incidentFormPage(v, f))
}

func (s *Server) incidentCorrect(v *visit) error {
	i, err := s.Incidents.Correct(v.ctx(), v.actor, v.incidentID(), typedEntry(v), v.form("why"), versionSent(v))
	if err != nil {
		return err
	}
	v.flash("incident.page.corrected")
	return v.redirect(incidentAt(i.ID))
}

func (s *Server) incident(v *visit) error {
	former, _ := strconv.ParseInt(v.query("version"), 10, 64) // what is no number is the one that stands
	i, err := s.Incidents.View(v.ctx(), v.actor, v.incidentID(), max(former, 0))
	if err != nil {
		return err
	}
	i.Words.P = v.p
	return v.render(incidentPage(v, i))
}

func (s *Server) incidentRisk(v *visit) error {
	i, err := s.Incidents.View(v.ctx(), v.actor, v.incidentID(), 0)
	if err != nil {
		return err
	}
	if err := v.actor.Allow(policy.IncidentManage, i.Scope()); err != nil {
		return err
	}
	return v.render(incidentRiskPage(v, i))
}

func (s *Server) incidentAssess(v *visit) error {
	i, err := s.Incidents.Assess(v.ctx(), v.actor, v.incidentID(), incident.Risk{
		Sensitivity: v.form("sensitivity"), Misuse: v.form("misuse"), Consequences: v.form("consequences"), Likelihood: v.form("likelihood"),
		Mitigation: v.form("mitigation"), Answer: v.form("answer"), Reasons: v.form("reasons"), ConsultedOn: v.form("consulted_on"),
	})
	if err != nil {
		return err
	}
	v.flash("incident.page.assessed")
	return v.redirect(incidentAt(i.ID))
}

func (s *Server) incidentMeasure(v *visit) error {
	replaces := number(v.form("replaces"))
	if replaces > 1_000_000 {
		replaces = -1
	}
	i, err := s.Incidents.Measure(v.ctx(), v.actor, v.incidentID(), incident.Measure{
		On: v.form("on"), Text: v.form("text"), Recipient: v.form("recipient"), Given: v.form("given"),
	}, int(replaces))
	if err != nil {
		return err
	}
	v.flash("incident.page.measured")
	return v.redirect(incidentAt(i.ID))
}

func (s *Server) incidentClose(v *visit) error {
	i, err := s.Incidents.Close(v.ctx(), v.actor, v.incidentID(), v.form("closing"))
	if err != nil {
		return err
	}
	v.flash("incident.page.closed", i.Number)
	return v.redirect(incidentAt(i.ID))
}

func (s *Server) incidentDelete(v *visit) error {
	if err := s.Incidents.Delete(v.ctx(), v.actor, v.incidentID()); err != nil {
		return err
	}
	v.flash("incident.page.deleted")
	return v.redirect("/incidents")
}

// ---- notices

func (s *Server) noticeDraft(v *visit) error {
	n, err := s.Incidents.Draft(v.ctx(), v.actor, v.incidentID(), incident.To(v.form("to")))
	if err != nil {
		return err
	}
	v.flash("incident.page.drafted")
	return v.redirect(noticeAt(n))
}

func (s *Server) notice(v *visit) error {
	n, err := s.Incidents.Notice(v.ctx(), v.actor, v.incidentID(), v.path("notice"))
	if err != nil {
		return err
	}
	return v.render(noticePage(v, n))
}

// noticePrint shows a notice for paper, in the reader's language or the one asked for.
func (s *Server) noticePrint(v *visit) error {
	n, err := s.Incidents.Notice(v.ctx(), v.actor, v.incidentID(), v.path("notice"))
	if err != nil {
		return err
	}
	if lang := v.query("lang"); slices.Contains(i18n.Languages, lang) {
		v.p = i18n.For(lang)
	}
	return v.render(noticePaper(v, n))
}

func (s *Server) noticeWrite(v *visit) error {
	n, err := s.Incidents.Write(v.ctx(), v.actor, v.incidentID(), v.path("notice"), v.form("text_fr"), v.form("text_en"), versionSent(v))
	if err != nil {
		return err
	}
	v.flash("incident.page.written")
	return v.redirect(noticeAt(n))
}

func (s *Server) noticeSent(v *visit) error {
	n, err := s.Incidents.Sent(v.ctx(), v.actor, v.incidentID(), v.path("notice"), v.form("sent_on"), v.form("reason"))
	if err != nil {
		return err
	}
	v.flash("incident.page.sent")
	return v.redirect(incidentAt(n.Incident))
}

// ---- words and looks

// incidentLook is how an incident stands.
func incidentLook(s incident.State) (ui.Tone, string) {
	if s == incident.Closed {
		return ui.OK, "check-circle-fill"
	}
	return ui.Wait, "hourglass-split"
}

// incidentSteps are what the law asks, in order, and how far it is.
func incidentSteps(v *visit, i incident.View) []ui.Step {
	done := []bool{true, i.Risk != nil, len(i.Measures) > 0, i.Notified(), i.State == incident.Closed}
	keys, clauses := []string{"opened", "risk", "measures", "notices", "closed"}, []string{"register", "risk", "measures", "people", ""}
	next := slices.Index(done, false)
	steps := make([]ui.Step, len(keys))
	for n, key := range keys {
		steps[n] = ui.Step{State: ui.Next, Number: n + 1, Title: v.T("incident.step." + key)}
		if clauses[n] != "" {
			steps[n].Clause = i.Test.Clause(clauses[n])
		}
		switch {
		case done[n]:
			steps[n].State = ui.Done
		case n == next:
			steps[n].State = ui.Now
		}
	}
	switch {
	case i.Risk == nil:
		steps[3].Text = v.T("incident.step.notices_risk")
	case !i.Risk.Serious():
		steps[3].Text = v.T("incident.step.notices_none")
	}
	steps[0].Text = v.T("incident.step.opened_on", v.p.Date(i.OpenedAt), v.whose(i, i.OpenedBy))
	return steps
}

// whose is how an account of an incident is called.
func (v *visit) whose(i incident.View, id string) string {
	if name := i.People[id]; name != "" {
		return name
	}
	return v.T("subject.other")
}

func incidentKindOptions(v *visit, kept incident.Kind) (options []ui.Option) {
	for _, k := range incident.Kinds {
		options = append(options, ui.Option{Value: string(k), Text: v.T("incident.kind." + string(k)), Chosen: v.chosen("kind", string(k), k == kept)})
	}
	return options
}

func groupOptions(v *visit, kept []incident.Group) (options []ui.Option) {
	for _, g := range incident.Groups {
		options = append(options, ui.Option{Value: string(g), Text: capital(v.T("incident.group." + string(g))),
			Chosen: v.ticked("groups", string(g), slices.Contains(kept, g))})
	}
	return options
}

func (f incidentDraft) schools(v *visit) (options []ui.Option) {
	for _, o := range f.Schools {
		options = append(options, ui.Option{Value: o.ID, Text: o.Name, Chosen: v.ticked("schools", o.ID, slices.Contains(f.Kept.Schools, o.ID))})
	}
	return options
}

func (f incidentDraft) platforms(v *visit) []ui.Option {
	options := []ui.Option{{Text: v.T("incident.page.no_platform")}}
	for _, p := range f.Platforms {
		options = append(options, ui.Option{Value: string(p.ID), Text: p.Name, Chosen: v.value("platform", string(f.Kept.Platform)) == string(p.ID)})
	}
	return options
}

// awareOn begins a new entry with the day on which an employee noticed.
func (f incidentDraft) awareOn() string {
	if f.Report != nil && f.Kept.AwareOn == "" {
		return f.Report.Told.NoticedOn
	}
	return f.Kept.AwareOn
}

// countKept writes the number of people of an entry that has one.
func (f incidentDraft) countKept() string {
	if f.Number == "" {
		return ""
	}
	return strconv.FormatInt(f.Kept.Count, 10)
}

// incidentArea is a question of an incident answered in a few lines.
func incidentArea(v *visit, name, kept string, rows int) ui.Input {
	hint := "incident.hint." + name
	if !v.p.Has(hint) {
		hint = ""
	}
	f := v.input(name, "incident.field."+name, hint, kept)
	f.Rows = rows
	return f
}

// incidentDay is a question of an incident answered with a day.
func incidentDay(v *visit, name, kept string) ui.Input {
	hint := "incident.hint." + name
	if !v.p.Has(hint) {
		hint = ""
	}
	return dayInput(v, name, "incident.field."+name, hint, kept, "")
}

// consultedInput asks who is not the privacy officer when they were consulted.
func consultedInput(v *visit, kept string) ui.Input {
	f := incidentDay(v, "consulted_on", kept)
	f.Optional = v.actor.Has(policy.PrivacyOfficer)
	return f
}

// tick is a box whose label is a sentence.
func tick(v *visit, name, label string) ui.Input { return v.input(name, label, "", "") }

func answerOptions(v *visit, t incident.Test, kept *incident.Risk) []ui.Option {
	options := []ui.Option{{Value: "yes"}, {Value: "no"}}
	for n := range options {
		o := &options[n]
		o.Text = v.T("incident.answer." + o.Value + "." + string(t))
		o.Chosen = v.chosen("answer", o.Value, kept != nil && kept.Answer == o.Value)
	}
	return options
}

func toOptions(v *visit, t incident.Test) (options []ui.Option) {
	for _, to := range incident.Tos {
		options = append(options, ui.Option{Value: string(to), Text: v.T("incident.to." + string(to) + "." + string(t)), Chosen: v.chosen("to", string(to), false)})
	}
	return options
}

func replaceOptions(v *visit, list []incident.Measure) []ui.Option {
	options := []ui.Option{{Text: v.T("incident.page.replaces_none")}}
	for n, m := range list {
		value := strconv.Itoa(n + 1)
		options = append(options, ui.Option{Value: value, Text: v.T("incident.page.replaces", v.p.Day(m.On), shortened(m.Text)), Chosen: v.chosen("replaces", value, false)})
	}
	return options
}

// shortened is the beginning of a text, on one line.
func shortened(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// today is the day as date fields write it.
func (v *visit) today() string { return v.s.DB.Clock().In(i18n.Zone).Format("2006-01-02") }

func noticeArea(v *visit, name, kept string) ui.Input {
	f := v.input(name, "incident.page."+name, "", kept)
	f.Rows = 18
	return f
}

// noticeLines are the paragraphs of a notice, each with its lines.
func noticeLines(text string) (all [][]string) {
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		all = append(all, paragraphs(paragraph))
	}
	return all
}
