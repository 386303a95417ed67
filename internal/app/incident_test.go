package app_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"aval/internal/incident"
	"aval/internal/policy"
	"aval/internal/register"
)

// entry is what an officer types of an incident: long ago, so that it may be deleted.
func (b *board) entry() incident.Entry {
	return incident.Entry{Kind: "release", Information: "Prénoms, " + b.name("information"), Circumstances: "Une liste, " + b.name("circumstances"),
		Cause: "Une erreur, " + b.name("cause"), From: "2020-01-08", AwareOn: "2020-01-10", Count: 24, Groups: []incident.Group{"students"},
		Schools: []string{b.school}, Contact: "Le secrétariat, " + b.name("contact")}
}

func (b *board) weighed(answer string) incident.Risk {
	return incident.Risk{Sensitivity: "Peu, " + b.name("sensitivity"), Misuse: "Aucun, " + b.name("misuse"), Consequences: "Peu, " + b.name("consequences"),
		Likelihood: "Peu, " + b.name("likelihood"), Mitigation: "Peu, " + b.name("mitigation"), Answer: answer, Reasons: "Vu, " + b.name("reasons of risk")}
}

// told is a report of somebody's.
func (b *board) told(who string) incident.Report {
	b.t.Helper()
	r, err := b.Incidents.Report(b.t.Context(), b.as(who), incident.Told{NoticedOn: today(), Text: "Une feuille, " + b.name("report")})
	b.must(err)
	return r
}

// entered is an incident brought to where an act may be done: "" is just opened.
func (b *board) entered(act string) (incident.ID, string) {
	b.t.Helper()
	ctx, officer, answer := b.t.Context(), b.as("privacy_officer"), "no"
	i, err := b.Incidents.Open(ctx, officer, b.entry(), "")
	b.must(err)
	if act == "" {
		return i.ID, ""
	}
	_, err = b.Incidents.Assess(ctx, officer, i.ID, b.weighed(answer))
	b.must(err)
	_, err = b.Incidents.Measure(ctx, officer, i.ID, incident.Measure{On: "2020-01-11", Text: "Rappel, " + b.name("measure"),
		Recipient: "Service " + b.name("recipient"), Given: "La liste"}, 0)
	b.must(err)
	n, err := b.Incidents.Draft(ctx, officer, i.ID, incident.Public)
	b.must(err)
	if act == "delete" {
		_, err = b.Incidents.Close(ctx, officer, i.ID, "Réglé, "+b.name("closing"))
		b.must(err)
	}
	return i.ID, n.ID
}

// pursue enters an incident known today and does some things about it.
func (b *board) pursue(acts ...string) error {
	ctx, officer, e := b.t.Context(), b.as("privacy_officer"), b.entry()
	e.AwareOn = today()
	i, err := b.Incidents.Open(ctx, officer, e, "")
	b.must(err)
	measure := incident.Measure{On: today(), Text: "Rappel, " + b.name("measure")}
	for _, act := range acts {
		switch act {
		case "assessed":
			_, err = b.Incidents.Assess(ctx, officer, i.ID, b.weighed("no"))
		case "serious":
			_, err = b.Incidents.Assess(ctx, officer, i.ID, b.weighed("yes"))
		case "measured":
			_, err = b.Incidents.Measure(ctx, officer, i.ID, measure, 0)
		case "helped":
			measure.Recipient, measure.Given = "Service "+b.name("recipient"), "La liste"
			_, err = b.Incidents.Measure(ctx, officer, i.ID, measure, 0)
		case "helped by nobody":
			measure.Given = "La liste"
			_, err = b.Incidents.Measure(ctx, officer, i.ID, measure, 0)
		case "commission", "people":
			var n incident.Notice
			n, err = b.Incidents.Draft(ctx, officer, i.ID, incident.To(act))
			b.must(err)
			_, err = b.Incidents.Sent(ctx, officer, i.ID, n.ID, today(), "")
		case "closed":
			_, err = b.Incidents.Close(ctx, officer, i.ID, "Réglé, "+b.name("closing"))
		case "deleted":
			err = b.Incidents.Delete(ctx, officer, i.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exported is the proof of a register: who answers for it exports it, a teacher may
// not. Where the board's law asks for another, it is the last that it asks for.
func exported(kind register.Kind) proof {
	as := func(who string) func(*board) error {
		return func(b *board) error {
			kinds, err := b.Registers.Kinds(b.as("secretary"))
			b.must(err)
			of := kind
			if !slices.Contains(kinds, of) {
				of = kinds[len(kinds)-1]
			}
			_, err = b.Registers.Export(b.t.Context(), b.as(who), of, register.Filter{}, "fr", register.CSV)
			return err
		}
	}
	return proof{act: as("secretary"), violate: as("teacher")}
}

// incidentNeeds are the operations about one incident or report, and what prepares it.
var incidentNeeds = map[string]string{"read-incident": "open", "correct-incident": "open", "assess-incident": "open", "add-measure": "open",
	"draft-notice": "open", "write-notice": "open", "send-notice": "open", "close-incident": "open", "delete-incident": "delete"}

// walkIncidents tries an operation on an incident or a report as everybody; who may
// not read it hears what they would of an id that nobody has.
func (b *board) walkIncidents(op operation, do policy.Action) {
	done := 0
	for who := range b.people {
		var id, notice string
		if strings.Contains(op.path, "incident-reports") {
			id = b.told("it").ID
		} else {
			made, n := b.entered(incidentNeeds[op.id])
			id, notice = string(made), n
		}
		sent := body(b, op.id)
		if op.id == "correct-incident" {
			sent.(map[string]any)["version"] = 3
		}
		before := b.state()
		a := b.call(who, op.method, strings.NewReplacer("{id}", id, "{notice}", notice).Replace(op.path), sent)
		switch {
		case b.permitted(who, do, nil):
			if a.status/100 != 2 {
				b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, a.status, short(a.body))
			}
			done++
			continue
		case a.status != http.StatusForbidden && a.status != http.StatusNotFound:
			b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, a.status, short(a.body))
		case !b.permitted(who, policy.IncidentRead, nil):
			nobody := b.call(who, op.method, strings.NewReplacer("{id}", strings.Repeat("a", 26), "{notice}", notice).Replace(op.path), sent)
			if nobody.body != a.body {
				b.t.Errorf("%s as %s: not the answer of an id that nobody has\n%s\n%s", op.id, who, short(a.body), short(nobody.body))
			}
		}
		if after := b.state(); after != before {
			b.t.Errorf("%s as %s was refused and changed:\n%s", op.id, who, differs(before, after))
		}
	}
	if done == 0 {
		b.t.Errorf("%s %s: nobody can do it", op.method, op.path)
	}
}

// entryBody is an entry as a program sends it.
func (b *board) entryBody(more ...any) map[string]any {
	e := b.entry()
	sent := map[string]any{"kind": "release", "information": e.Information, "circumstances": e.Circumstances, "from": e.From, "aware_on": e.AwareOn,
		"count": 24, "groups": []string{"students"}, "schools": []string{b.school}}
	for i := 0; i < len(more); i += 2 {
		sent[more[i].(string)] = more[i+1]
	}
	return sent
}

// incidentBodies are what the operations on incidents are sent.
func (b *board) incidentBodies() map[string]any {
	return map[string]any{
		"report-incident":  map[string]any{"noticed_on": today(), "text": "Une feuille oubliée."},
		"set-report-aside": map[string]any{"reason": "Aucun renseignement."},
		"open-incident":    b.entryBody(),
		"correct-incident": b.entryBody("why", "Recompté.", "version", 1),
		"assess-incident": map[string]any{"sensitivity": "Peu.", "misuse": "Aucun.", "consequences": "Peu.", "likelihood": "Peu.", "mitigation": "Peu.", "answer": "no",
			"reasons": "Vu.", "consulted_on": today()},
		"add-measure":     map[string]any{"on": today(), "text": "Rappel."},
		"draft-notice":    map[string]any{"to": "people"},
		"write-notice":    map[string]any{"text_fr": "Madame, Monsieur", "text_en": "Madam, Sir", "version": 1},
		"send-notice":     map[string]any{"sent_on": today(), "reason": "Adresses inconnues."},
		"close-incident":  map[string]any{"closing": "Réglé."},
		"delete-incident": nil,
	}
}

// incidentForms are those of the pages on incidents and registers.
func (b *board) incidentForms(two *board) []form {
	b.t.Helper()
	foreign, _ := two.entered("open")
	theirs := string(foreign)
	foreignPlatform, platform := string(two.platform().ID), string(b.platform().ID)
	entry := url.Values{"kind": {"release"}, "information": {b.brackets("information typed")}, "circumstances": {b.brackets("circumstances typed")},
		"cause": {b.brackets("cause typed")}, "platform": {platform}, "from": {"2020-01-08"}, "until": {"2020-01-09"}, "days_about": {"yes"},
		"aware_on": {"2020-01-10"}, "count": {"24"}, "count_about": {"yes"}, "groups": {"students"}, "schools": {b.school},
		"advice": {b.brackets("advice typed")}, "contact": {"Le secrétariat"}, "held": {b.brackets("held typed")}}
	wrong := slices.Concat(required("kind"), among("kind"), required("information"), tooLong("information"), required("circumstances"), tooLong("circumstances"),
		tooLong("cause"), known("platform", nowhere, foreignPlatform), required("from"), day("from"), wrongs("from", "from", "2999-12-31"),
		day("until"), wrongs("until", "until", "2020-01-07"), required("aware_on"), day("aware_on"), wrongs("aware_on", "aware_on", "2020-01-07", "2999-12-31"),
		required("count"), number("count"), among("groups"), known("schools", "schools", two.school), tooLong("advice"), tooLong("contact"), tooLong("held"))
	boxes := []string{"days_about", "count_about"} // ticked or not: no answer is wrong
	report := b.told("teacher").ID
	measured, notice := b.entered("open")
	at := "/incidents/" + string(measured)
	closing, _ := b.entered("open")
	deleting, _ := b.entered("delete")
	corrected, _ := b.entered("")
	weighed, _ := b.entered("")
	forms := []form{
		{route: "POST /incidents/report", who: "teacher",
			good:  url.Values{"text": {b.brackets("report typed")}, "noticed_on": {today()}, "platform": {b.brackets("platform told")}},
			wrong: slices.Concat(required("text"), tooLong("text"), required("noticed_on"), day("noticed_on"), wrongs("noticed_on", "noticed_on", "2999-12-31"), tooLong("platform"))},
		{route: "POST /incident-reports/{id}", who: "privacy_officer", id: b.told("teacher").ID, foreign: two.told("teacher").ID,
			good: url.Values{"reason": {b.brackets("aside typed")}}, wrong: slices.Concat(required("reason"), tooLong("reason"))},
		{route: "POST /incidents", who: "privacy_officer", page: "/incidents/new?report=" + report, good: merged(entry, "report", report), idle: boxes,
			wrong: slices.Concat(wrong, known("report", nowhere, two.told("teacher").ID))},
		{route: "POST /incidents/{id}/edit", who: "evaluator", id: string(corrected), foreign: theirs, idle: boxes,
			good:  merged(entry, "version", "1", "why", b.brackets("why typed")),
			wrong: slices.Concat(wrong, required("why"), tooLong("why"), wrongs("version", late, "0", "x", "999999", script))},
		{route: "POST /incidents/{id}/risk", who: "evaluation_director", id: string(weighed), foreign: theirs,
			good: url.Values{"sensitivity": {b.brackets("sensitivity typed")}, "misuse": {b.brackets("misuse typed")}, "consequences": {"Peu."},
				"likelihood": {"Peu."}, "answer": {"yes"}, "reasons": {b.brackets("reasons typed")}, "consulted_on": {today()}},
			wrong: slices.Concat(required("sensitivity"), tooLong("sensitivity"), required("misuse"), tooLong("misuse"), required("consequences"), tooLong("consequences"),
				required("likelihood"), tooLong("likelihood"), required("answer"), among("answer"), required("reasons"), tooLong("reasons"),
				required("consulted_on"), day("consulted_on"), wrongs("consulted_on", "consulted_on", "2020-01-09", "2999-12-31"))},
		{route: "POST /incidents/{id}/measures", who: "privacy_officer", id: string(measured), foreign: theirs, page: at,
			good: url.Values{"on": {today()}, "text": {b.brackets("measure typed")}, "recipient": {"Le fournisseur"}, "given": {b.brackets("given typed")}, "replaces": {"1"}},
			wrong: slices.Concat(required("on"), day("on"), wrongs("on", "on", "2020-01-07", "2999-12-31"), required("text"), tooLong("text"), required("recipient"),
				tooLong("recipient"), required("given"), tooLong("given"), wrongs("replaces", "replaces", "2", "-1", "six", script, long))},
		{route: "POST /incidents/{id}/notices", who: "privacy_officer", id: string(measured), foreign: theirs, page: at,
			good: url.Values{"to": {"people"}}, wrong: slices.Concat(required("to"), among("to"))},
		{route: "POST /incidents/{id}/notices/{notice}", who: "privacy_officer", id: string(measured), file: notice, foreign: theirs, page: at + "/notices/" + notice,
			good:  url.Values{"text_fr": {b.brackets("notice typed")}, "text_en": {b.brackets("english typed")}, "version": {"1"}},
			wrong: slices.Concat(required("text_fr"), wrongs("text_fr", "text_fr", long+long), required("text_en"), wrongs("text_en", "text_en", long+long), wrongs("version", late, "0", "x", script))},
		{route: "POST /incidents/{id}/notices/{notice}/sent", who: "privacy_officer", id: string(measured), file: notice, foreign: theirs, page: at + "/notices/" + notice,
			good:  url.Values{"sent_on": {today()}, "reason": {b.brackets("public typed")}},
			wrong: slices.Concat(required("sent_on"), day("sent_on"), wrongs("sent_on", "sent_on", "2020-01-09", "2999-12-31"), required("reason"), tooLong("reason"))},
		{route: "POST /incidents/{id}/close", who: "privacy_officer", id: string(closing), foreign: theirs, page: "/incidents/" + string(closing),
			good: url.Values{"closing": {b.brackets("closing typed")}}, wrong: slices.Concat(required("closing"), tooLong("closing"))},
		{route: "POST /incidents/{id}/delete", who: "privacy_officer", id: string(deleting), foreign: theirs, page: "/incidents/" + string(deleting)},
	}
	return append(forms, form{route: "POST /registers/{kind}", who: "secretary", file: "releases", page: "/registers/releases", shows: true,
		good:  url.Values{"from": {"2020-01-01"}, "to": {today()}, "format": {"csv"}},
		wrong: slices.Concat(day("from"), day("to"), wrongs("to", "to", "2019-12-31"), wrongs("format", "format", "", "exe", script))})
}

// incidentFields types each field of an incident wrongly.
func (b *board) incidentFields(t *testing.T, two *board) {
	t.Helper()
	long := strings.Repeat("é", 11_000)
	bodies := b.incidentBodies()
	entry := []typed{
		{"kind", "flood", "kind"}, {"kind", nil, "kind"}, {"kind", 5, "kind"}, {"information", " ", "information"}, {"information", nil, "information"},
		{"information", long, "information"}, {"circumstances", "", "circumstances"}, {"circumstances", 5, "circumstances"}, {"cause", long, "cause"},
		{"from", "hier", "from"}, {"from", nil, "from"}, {"from", "2999-12-31", "from"}, {"until", "2020-01-07", "until"}, {"until", 5, "until"},
		{"aware_on", "2020-01-07", "aware_on"}, {"aware_on", "2999-12-31", "aware_on"}, {"aware_on", nil, "aware_on"}, {"count", -1, "count"},
		{"count", nil, "count"}, {"count", "six", "count"}, {"groups", []string{}, "groups"}, {"groups", "students", "groups"},
		{"schools", []string{two.school}, "schools"}, {"platform_id", "nobody", ""}, {"platform_id", string(two.platform().ID), ""},
		{"days_about", "oui", "days_about"}, {"count_about", 5, "count_about"}, {"advice", long, "advice"}, {"contact", long, "contact"}, {"held", long, "held"},
	}
	b.refuses(t, "privacy_officer", http.MethodPost, "/api/v1/incidents", bodies["open-incident"],
		append(slices.Clone(entry), typed{"report", "nobody", ""}, typed{"report", two.told("teacher").ID, ""}))
	id, notice := b.entered("open")
	at := "/api/v1/incidents/" + string(id)
	corrected := copied(t, bodies["correct-incident"])
	corrected["version"] = 3
	b.refuses(t, "privacy_officer", http.MethodPut, at, corrected, append(slices.Clone(entry), typed{"why", "", "why"}, typed{"why", long, "why"}, typed{"why", nil, "why"},
		typed{"version", "x", "version"}))
	b.refuses(t, "evaluator", http.MethodPut, at+"/risk", bodies["assess-incident"], []typed{
		{"sensitivity", "", "sensitivity"}, {"sensitivity", nil, "sensitivity"}, {"misuse", "", "misuse"}, {"consequences", long, "consequences"},
		{"likelihood", " ", "likelihood"}, {"mitigation", 5, "mitigation"}, {"answer", "maybe", "answer"}, {"answer", nil, "answer"}, {"reasons", "", "reasons"},
		{"reasons", long, "reasons"}, {"consulted_on", "", "consulted_on"}, {"consulted_on", "hier", "consulted_on"}})
	b.refuses(t, "privacy_officer", http.MethodPost, at+"/measures", bodies["add-measure"], []typed{
		{"on", "", "on"}, {"on", "2999-12-31", "on"}, {"text", "", "text"}, {"text", long, "text"}, {"recipient", "Le fournisseur", "given"},
		{"given", "La liste", "recipient"}, {"replaces", 9, "replaces"}, {"replaces", "x", "replaces"}})
	b.refuses(t, "privacy_officer", http.MethodPost, at+"/notices", bodies["draft-notice"], []typed{{"to", "press", "to"}, {"to", nil, "to"}, {"to", 5, "to"}})
	b.refuses(t, "privacy_officer", http.MethodPut, at+"/notices/"+notice, bodies["write-notice"], []typed{
		{"text_fr", "", "text_fr"}, {"text_en", " ", "text_en"}, {"text_fr", long + long, "text_fr"}, {"text_en", nil, "text_en"}, {"version", "x", "version"}})
	b.refuses(t, "privacy_officer", http.MethodPost, at+"/notices/"+notice+"/sent", bodies["send-notice"], []typed{
		{"sent_on", "", "sent_on"}, {"sent_on", "2020-01-09", "sent_on"}, {"sent_on", nil, "sent_on"}, {"reason", "", "reason"}, {"reason", long, "reason"}})
	b.refuses(t, "privacy_officer", http.MethodPost, at+"/close", bodies["close-incident"], []typed{{"closing", "", "closing"}, {"closing", long, "closing"}, {"closing", nil, "closing"}})
	b.refuses(t, "teacher", http.MethodPost, "/api/v1/incident-reports", bodies["report-incident"], []typed{
		{"text", "", "text"}, {"text", long, "text"}, {"text", nil, "text"}, {"noticed_on", "hier", "noticed_on"}, {"noticed_on", "2999-12-31", "noticed_on"},
		{"noticed_on", nil, "noticed_on"}, {"platform", long, "platform"}})
	b.refuses(t, "privacy_officer", http.MethodPost, "/api/v1/incident-reports/"+b.told("teacher").ID+"/set-aside", bodies["set-report-aside"],
		[]typed{{"reason", "", "reason"}, {"reason", long, "reason"}, {"reason", nil, "reason"}})
	for path, field := range map[string]string{"/api/v1/registers/releases?format=exe": "query.format", "/api/v1/registers/releases?from=hier": "from",
		"/api/v1/registers/releases?from=2026-02-01&to=2026-01-01": "to"} {
		a := b.call("secretary", http.MethodGet, path, nil)
		var problem struct {
			Errors []struct{ Field, Detail string }
		}
		if err := json.Unmarshal([]byte(a.body), &problem); err != nil || a.status != http.StatusUnprocessableEntity || len(problem.Errors) != 1 || problem.Errors[0].Field != field {
			t.Errorf("%s: %d %v\n%s", path, a.status, err, short(a.body))
		}
	}
}
