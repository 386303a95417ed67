package app_test

import (
	"net/http"
	"strings"
	"testing"

	"aval/internal/assessment"
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

// ontario are the proofs of what Ontario's law alone asks.
var ontario = map[string]proof{
	"ON-TECH-03": {act: concludes(), violate: func(b *board) error {
		return b.conclude(b.assessment(assessment.Risk{Text: "Un enfant est reconnu.", Likelihood: "likely", Consequence: "severe"}))
	}},
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
