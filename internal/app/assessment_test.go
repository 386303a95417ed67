package app_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"aval/internal/assessment"
	"aval/internal/db"
	"aval/internal/policy"
	"aval/internal/request"
)

// assessed is what is answered to each question of the board's form when nothing
// leaves Québec and nobody is recognised, changed by pairs.
func (b *board) assessed(changes ...string) map[string]string {
	said := map[string]string{}
	for _, q := range b.system().Pack.AssessmentForm() {
		said[q.Code] = map[string]string{"yesno": "no", "weight": "low", "depth": "short", "place": "qc"}[q.Kind]
		switch {
		case q.Code == "portable":
			said[q.Code] = "yes"
		case q.Kind == "" && len(q.When) == 0:
			said[q.Code] = "Vu, " + b.name("answer of an assessment")
		}
	}
	for i := 0; i < len(changes); i += 2 {
		said[changes[i]] = changes[i+1]
	}
	if said["portable_format"] == "" && said["portable"] == "yes" && !strings.Contains(strings.Join(changes, " "), "portable_format") {
		said["portable_format"] = "CSV"
	}
	return said
}

// assessment is one of a request of the teacher's, written and ready to be concluded.
func (b *board) assessment(risk assessment.Risk, changes ...string) assessment.Assessment {
	b.t.Helper()
	ctx, officer := b.t.Context(), b.as("privacy_officer")
	a, err := b.Assessments.Open(ctx, officer, b.to(request.Acknowledged).ID)
	b.must(err)
	a, err = b.Assessments.Write(ctx, officer, a.ID, assessment.Input{Answers: b.assessed(changes...), Risks: []assessment.Risk{risk}, Version: a.Version})
	b.must(err)
	return a
}

// low is a risk of little weight.
func (b *board) low() assessment.Risk {
	return assessment.Risk{Text: "Un mot de passe perdu, " + b.name("risk"), Likelihood: "possible", Consequence: "minor", Mitigation: "Un autre.", Owner: "evaluator"}
}

func (b *board) conclude(a assessment.Assessment) error {
	_, err := b.Assessments.Conclude(b.t.Context(), b.as("privacy_officer"), a.ID, assessment.Input{Version: a.Version})
	return err
}

// concludes concludes an assessment changed from what is complete.
func concludes(changes ...string) func(*board) error {
	return func(b *board) error { return b.conclude(b.assessment(b.low(), changes...)) }
}

// weighed concludes one of a platform hosted in Ontario.
func weighed(b *board) error {
	changes := []string{"place_hosting", "ca", "transfer_adequate", "yes"}
	for _, code := range []string{"places", "sensitivity", "purpose", "protections", "law", "reason"} {
		changes = append(changes, "transfer_"+code, "Pesé.")
	}
	return concludes(changes...)(b)
}

func init() {
	whole := concludes()
	for id, missing := range map[string][]string{
		"QC-PIA-03": {"depth_reason", ""}, "QC-PIA-04": {"portable_format", ""}, "QC-TECH-01": {"identifies", "yes"},
		"QC-TECH-02": {"public", "yes"}, "QC-TECH-03": {"decides_alone", "yes"},
	} {
		proofs[id] = proof{act: whole, violate: concludes(missing...)}
	}
	proofs["QC-OUT-01"] = proof{act: weighed, violate: undecided(request.Privacy{Personal: "yes", PIAOn: "2026-01-15", CommitteeOn: "2026-01-15"})}
}

func init() {
	maps.Copy(directives, map[string]proof{
		"ON-TECH-03": {act: concludes(), violate: func(b *board) error {
			return b.conclude(b.assessment(assessment.Risk{Text: "Un enfant est reconnu.", Likelihood: "likely", Consequence: "severe"}))
		}},
	})
}

// report is a confidential report beside an assessment.
func (b *board) report(id assessment.ID) assessment.File {
	b.t.Helper()
	f, err := b.Assessments.Attach(b.t.Context(), b.as("evaluator"), id, assessment.Upload{Name: "rapport-" + b.name("report") + ".txt",
		Content: strings.NewReader("Confidentiel, " + b.name("content of a report"))})
	b.must(err)
	return f
}

// assess fills the board with an assessment, the committee's opinion, a confidential
// report and the file of an assessment done without aval.
func (b *board) assess() {
	b.t.Helper()
	ctx, officer := b.t.Context(), b.as("privacy_officer")
	a := b.assessment(b.low())
	b.report(a.ID)
	b.must(b.conclude(a))
	if _, asked := officer.Pack.Clause("QC-PIA-02"); asked {
		_, err := b.Assessments.Consult(ctx, officer, a.ID, assessment.Consultation{HeldOn: today(), Present: "Comité, " + b.name("committee"),
			Opinion: "Favorable, " + b.name("opinion"), Measures: "Former, " + b.name("measures")})
		b.must(err)
	}
	_, err := b.Assessments.Correct(ctx, officer, a.ID, "Une faute, "+b.name("correction"))
	b.must(err)
	_, err = b.Assessments.RecordOutside(ctx, officer, b.to(request.Acknowledged).ID, request.Privacy{Personal: "yes", PIAOn: today()},
		assessment.Upload{Name: "efvp-" + b.name("outside") + ".txt", Content: strings.NewReader("Faite ailleurs, " + b.name("content of outside"))})
	b.must(err)
}

// assessmentBodies are what the operations on assessments are sent when they are to
// be well taken.
func (b *board) assessmentBodies() map[string]any {
	return map[string]any{
		"write-assessment":    map[string]any{"answers": map[string]any{"purpose": "Lire."}, "version": 2},
		"conclude-assessment": map[string]any{"version": 2},
		"correct-assessment":  map[string]any{"reason": "Une faute."},
		"consult-committee":   map[string]any{"held_on": today(), "present": "Trois membres", "opinion": "Favorable"},
		"attach-vetting":      map[string]any{"name": "rapport.txt", "content": []byte("Confidentiel.")},
	}
}

// walkAssessment tries an operation on an assessment as everybody; to who may not read
// assessments, and to who may not read the report, there is nothing.
func (b *board) walkAssessment(op operation, do policy.Action) {
	_, committee := b.system().Pack.Clause("QC-PIA-02")
	done := 0
	for who := range b.people {
		a := b.assessment(b.low())
		if op.id == "correct-assessment" {
			b.must(b.conclude(a))
		}
		id, sent := string(a.ID), body(b, op.id)
		if op.id == "read-assessment-file" {
			id = b.report(a.ID).ID
		}
		if op.id == "open-assessment" {
			sent = map[string]any{"request": string(b.to(request.Acknowledged).ID)}
		}
		r := b.read(a.RequestID)
		before := b.state()
		got := b.call(who, op.method, strings.ReplaceAll(op.path, "{id}", id), sent)
		if b.permitted(who, do, &r) {
			if got.status/100 != 2 && (op.id != "consult-committee" || committee || got.status != http.StatusConflict) {
				b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, got.status, short(got.body))
			}
			done++
			continue
		}
		if got.status != http.StatusForbidden && got.status != http.StatusNotFound {
			b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, got.status, short(got.body))
		}
		if !b.permitted(who, policy.AssessmentRead, &r) && strings.Contains(op.path, "{id}") {
			nobody := b.call(who, op.method, strings.ReplaceAll(op.path, "{id}", strings.Repeat("a", 26)), sent)
			if nobody.body != got.body {
				b.t.Errorf("%s as %s: not the answer of an id that nobody has\n%s\n%s", op.id, who, short(got.body), short(nobody.body))
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

// assessmentForms are those of an assessment, which stand on its page, and the one
// that begins it.
func (b *board) assessmentForms(two *board) []form {
	b.t.Helper()
	foreign := string(two.assessment(two.low()).ID)
	row := func(does, who string, id assessment.ID) form {
		return form{route: "POST /assessments/{id}/" + does, who: who, id: string(id), foreign: foreign, page: "/assessments/" + string(id)}
	}
	write, conclude := row("write", "evaluator", b.assessment(b.low()).ID), row("conclude", "privacy_officer", b.assessment(b.low()).ID)
	write.good = url.Values{"version": {"2"}, "risks.0.text": {b.brackets("risk typed")}, "risks.0.owner": {"evaluator"},
		"risks.0.likelihood": {"likely"}, "risks.0.consequence": {"minor"}, "risks.0.mitigation": {b.brackets("mitigation typed")}}
	write.wrong = slices.Concat(wrongs("version", late, "", "x", "999999", script), wrongs("risks.0.text", "risks.0.text", "", " ", long),
		among("risks.0.likelihood"), among("risks.0.consequence"), tooLong("risks.0.mitigation"),
		known("risks.0.owner", "risks.0.owner", b.as(otherTeacher).ID, two.as("evaluator").ID))
	for _, q := range b.system().Pack.AssessmentForm() {
		field := "answers." + q.Code
		if q.Kind == "" {
			write.good.Set(field, b.brackets("answer typed"))
			write.wrong = append(write.wrong, tooLong(field)...)
		} else {
			write.good.Set(field, assessment.Choices(q)[0])
			write.wrong = append(write.wrong, among(field)...)
		}
	}
	for _, i := range []string{"1", "2"} { // rows to fill in
		for _, part := range []string{"text", "likelihood", "consequence", "mitigation", "owner"} {
			write.idle = append(write.idle, "risks."+i+"."+part)
		}
	}
	conclude.shown, conclude.unseen, conclude.good = conclude.page+"/write", []string{"version"}, url.Values{"version": {"2"}}
	conclude.wrong = slices.Concat(wrongs("version", late, "", "x", "999999", script), wrongs("answers.depth_reason", "answers.depth_reason", "", " "),
		wrongs("answers.portable_format", "answers.portable_format", ""), wrongs("answers.identifies", "answers.notice_fr", "yes"))
	committee, vetting := row("committee", "privacy_officer", b.assessment(b.low()).ID), row("vetting", "evaluator", b.assessment(b.low()).ID)
	committee.good = url.Values{"held_on": {today()}, "present": {b.brackets("present typed")}, "opinion": {b.brackets("opinion typed")},
		"measures": {b.brackets("measures typed")}}
	committee.wrong = slices.Concat(required("held_on"), day("held_on"), wrongs("held_on", "held_on", "2999-12-31"), required("present"), tooLong("present"),
		required("opinion"), tooLong("opinion"), tooLong("measures"))
	vetting.wrong = slices.Concat([]typed{{"file", upload{}, "file"}}, files("file"))
	concluded := b.assessment(b.low())
	b.must(b.conclude(concluded))
	correct := row("correct", "privacy_officer", concluded.ID)
	correct.good, correct.wrong = url.Values{"reason": {b.brackets("correction typed")}}, slices.Concat(required("reason"), tooLong("reason"))
	asked := b.to(request.Acknowledged)
	return []form{write, conclude, committee, vetting, correct, {route: "POST /requests/{id}/assessment", who: "privacy_officer", id: string(asked.ID),
		foreign: string(two.to(request.Acknowledged).ID), page: "/requests/" + string(asked.ID) + "/privacy"}}
}

// A confidential report is not in what the public, those who asked, the letters and
// the exports show: neither its name, nor its words, nor that there is one.
func TestAConfidentialReportIsShownToNobodyElse(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		b := h.build(t, "erables", "Vorn")
		settings := b.as("operator").Settings
		settings.PublicDecisions = true
		b.must(b.Boards.Change(t.Context(), b.as("operator"), settings))
		b.fill()
		r := b.to(request.Evaluated)
		a, err := b.Assessments.Open(t.Context(), b.as("privacy_officer"), r.ID)
		b.must(err)
		report := b.report(a.ID)
		_, err = b.decide(r.ID, nil)
		b.must(err)
		marks := []string{report.ID, strings.ToLower(report.Name), strings.ToLower(b.said["content of a report"]), "/assessment-files/", "rapports confidentiels", "confidential report"}
		check := func(where string, a answer) {
			said := strings.ToLower(a.heard())
			for _, mark := range marks {
				if strings.Contains(said, strings.ToLower(mark)) {
					t.Errorf("%s says %q of a confidential report", where, mark)
				}
			}
		}
		operations, ids := h.operations(t), b.ids()
		for _, who := range []string{"teacher", "professional", "principal", "department_head", "it", "appeal_authority", otherPrincipal} {
			b.crawl(who, func(where string, a answer) { check(where+" as "+who, a) })
			b.readAll(who, operations, ids, func(where string, a answer) { check(where+" as "+who, a) })
		}
		for _, path := range []string{"/public/" + b.id, "/public/" + b.id + "/platforms/" + string(r.PlatformID), "/public/" + b.id + "/feed.json"} {
			page := b.serve(httptest.NewRequest(http.MethodGet, path, nil))
			if check(path, page); page.status != http.StatusOK {
				t.Errorf("%s: %d", path, page.status)
			}
		}
		letter := "/decisions/" + string(b.decisionOf(r.ID).ID)
		for who := range b.people {
			check(letter+" as "+who, b.browse(who, http.MethodGet, letter, nil))
			for _, kind := range policy.Registers {
				check("register "+kind+" as "+who, b.call(who, http.MethodGet, "/api/v1/registers/"+kind, nil))
			}
		}
		if got := b.browse("evaluator", http.MethodGet, "/assessments/"+string(a.ID), nil); !strings.Contains(got.heard(), report.Name) {
			t.Errorf("who evaluates is not shown the report: %d", got.status)
		}
	})
}

// assessmentFields types each field of what is done to an assessment wrongly.
func (b *board) assessmentFields(t *testing.T, two *board) {
	t.Helper()
	long := strings.Repeat("é", 11_000)
	at := "/api/v1/assessments/" + string(b.assessment(b.low()).ID)
	risk := func(field string, value any) []map[string]any {
		return []map[string]any{{"text": "Un risque.", field: value}}
	}
	b.refuses(t, "evaluator", http.MethodPut, at, body(b, "write-assessment"), []typed{
		{"answers", 5, "answers"}, {"answers", map[string]any{"colour": "red"}, "answers"}, {"answers/portable", "maybe", "answers.portable"},
		{"answers/place_hosting", script, "answers.place_hosting"}, {"answers/purpose", long, "answers.purpose"},
		{"risks", []map[string]any{{"text": " ", "likelihood": "rare"}}, "risks.0.text"}, {"risks", risk("text", long), "risks.0.text"}, {"risks", risk("likelihood", "maybe"), "risks.0.likelihood"},
		{"risks", risk("consequence", script), "risks.0.consequence"}, {"risks", risk("mitigation", long), "risks.0.mitigation"},
		{"risks", risk("owner", two.as("evaluator").ID), "risks.0.owner"}, {"risks", "x", "risks"}, {"version", nil, "version"}, {"version", "x", "version"},
	})
	b.refuses(t, "privacy_officer", http.MethodPost, at+"/committee", body(b, "consult-committee"), []typed{
		{"held_on", nil, "held_on"}, {"held_on", "hier", "held_on"}, {"held_on", "2999-12-31", "held_on"}, {"held_on", 5, "held_on"},
		{"present", nil, "present"}, {"present", " ", "present"}, {"present", long, "present"}, {"opinion", nil, "opinion"}, {"opinion", long, "opinion"},
		{"measures", long, "measures"}, {"measures", 5, "measures"},
	})
	b.refuses(t, "evaluator", http.MethodPost, at+"/vetting", body(b, "attach-vetting"), []typed{
		{"name", nil, "name"}, {"media", "application/pdf", "content"}, {"content", nil, "content"}, {"content", "", "content"}, {"content", []byte("<html>"), "content"},
	})
	concluded := b.assessment(b.low())
	b.must(b.conclude(concluded))
	b.refuses(t, "privacy_officer", http.MethodPost, "/api/v1/assessments/"+string(concluded.ID)+"/correct", body(b, "correct-assessment"), []typed{
		{"reason", nil, "reason"}, {"reason", " ", "reason"}, {"reason", long, "reason"}, {"reason", 5, "reason"},
	})
}
