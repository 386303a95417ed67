package app_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"aval/internal/evaluation"
	"aval/internal/governance"
	"aval/internal/policy"
)

const signedPDF = "%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"

func sentPaper(name, content string) governance.Upload {
	return governance.Upload{Name: name, Content: strings.NewReader(content)}
}

// act is one that says what its kind must.
func (b *board) act(kind string) governance.Act {
	return governance.Act{Kind: kind, On: today(), Who: "Camille " + b.name("who governs"), Reference: "CC-" + b.name("resolution"), Note: "Vu, " + b.name("note of an act")}
}

// recorded records one with a file where its kind takes one.
func (b *board) recorded(kind string) (governance.Act, error) {
	return b.Governance.Record(b.t.Context(), b.as("secretary"), b.act(kind), sentPaper("acte-"+b.name("paper")+".pdf", signedPDF))
}

func (b *board) recordedID(kind string) string {
	b.t.Helper()
	a, err := b.recorded(kind)
	b.must(err)
	return string(a.ID)
}

// deposited is an official text of a version of its own.
func (b *board) deposited(who string) error {
	b.versions++
	_, err := b.Governance.KeepOfficial(b.t.Context(), b.as(who), governance.Official{Label: "EC-" + strconv.Itoa(b.versions) + " " + b.name("version"),
		Lang: "fr", InForceOn: "2023-06-08"}, "", sentPaper("politique-"+b.name("official paper")+".pdf", signedPDF))
	return err
}

// interpreted is how a clause is understood.
func (b *board) interpreted() string {
	b.t.Helper()
	i, err := b.Governance.Interpret(b.t.Context(), b.as("evaluation_director"), governance.Interpretation{Clause: "2.1", GivenOn: today(),
		QuestionFr: "Un essai, " + b.name("question"), QuestionEn: "A trial, " + b.name("question"), AnswerFr: "Oui, " + b.name("answer"),
		AnswerEn: "Yes, " + b.name("answer")}, "")
	b.must(err)
	return i.ID
}

// governed is the proof of a kind of act: one recorded, and one that says nothing.
func governed(kind string) proof {
	return proof{
		act: func(b *board) error { _, err := b.recorded(kind); return err },
		violate: func(b *board) error {
			_, err := b.Governance.Record(b.t.Context(), b.as("secretary"), governance.Act{Kind: kind, On: today()}, governance.Upload{})
			return err
		},
	}
}

func init() {
	maps.Copy(directives, map[string]proof{
		"ON-CYB-01": governed("maturity"), "ON-CHT-01": governed("charter"), "D-08": governed("standards"), "D-13": governed("target"),
		"D-46": governed("review"), "D-47": governed("incident_plan"),
	})
}

// walkGoverning tries an operation on an act or an interpretation as everybody.
func (b *board) walkGoverning(op operation, do policy.Action) {
	done := 0
	for who := range b.people {
		id := b.interpreted()
		if op.id == "end-act" {
			id = b.recordedID("review")
		}
		sent, before := body(b, op.id), b.state()
		a := b.call(who, op.method, strings.ReplaceAll(op.path, "{id}", id), sent)
		switch {
		case b.permitted(who, do, nil):
			if a.status/100 != 2 {
				b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, a.status, short(a.body))
			}
			done++
			continue
		case a.status != http.StatusForbidden && a.status != http.StatusNotFound:
			b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, a.status, short(a.body))
		}
		if after := b.state(); after != before {
			b.t.Errorf("%s as %s was refused and changed:\n%s", op.id, who, differs(before, after))
		}
	}
	if done == 0 {
		b.t.Errorf("%s %s: nobody can do it", op.method, op.path)
	}
}

// governanceBodies are what the operations around the policy are sent.
func (b *board) governanceBodies() map[string]any {
	b.versions++
	return map[string]any{
		"record-act": map[string]any{"kind": "review", "done_on": today(), "who": "Le comité", "note": "Rien à changer."},
		"end-act":    map[string]any{"ended_on": today(), "why": "Mandat achevé."},
		"keep-official": map[string]any{"label": "API-" + strconv.Itoa(b.versions), "lang": "fr", "in_force_on": "2023-06-08", "name": "p.pdf",
			"content": []byte(signedPDF)},
		"interpret": map[string]any{"clause": "2.1", "given_on": today(), "question_fr": "Un essai?", "question_en": "A trial?", "answer_fr": "Oui.",
			"answer_en": "Yes."},
		"withdraw-interpretation": map[string]any{"why": "La politique le dit."},
		"attest":                  map[string]any{"year": int(governance.Attestable(today())[0]), "org": b.school},
	}
}

// governanceForms are those of the pages around the policy.
func (b *board) governanceForms(two *board) []form {
	b.t.Helper()
	ended, replaced, withdrawn := b.recordedID("opinion"), b.interpreted(), b.interpreted()
	year := strconv.Itoa(int(governance.Attestable(today())[0]))
	pdf := &upload{"politique.pdf", "application/pdf", signedPDF}
	var files []typed
	for _, file := range []upload{
		{"", "", ""}, {"vide.pdf", "application/pdf", ""}, {"gros.pdf", "application/pdf", "%PDF-1.7\n" + strings.Repeat("a", evaluation.MaxEvidence)},
		{"programme.pdf", "application/pdf", "\x7fELF\x02\x01\x01\x00"}, {"page.html", "text/html", "<!DOCTYPE html>" + script},
	} {
		files = append(files, typed{"file", file, "file"})
	}
	return []form{
		{route: "POST /governance/new", who: "secretary", page: "/governance/new?kind=rules", attach: pdf,
			good: url.Values{"kind": {"rules"}, "done_on": {today()}, "reference": {b.brackets("resolution typed")}, "note": {b.brackets("note of rules")},
				"due_on": {"2099-01-01"}},
			wrong: slices.Concat(known("kind", nowhere, "charter"), required("done_on"), day("done_on"), wrongs("done_on", "done_on", "2999-12-31"),
				required("reference"), tooLong("reference"), tooLong("note"), day("due_on"), wrongs("due_on", "due_on", "2020-01-01"), files)},
		{route: "POST /governance/new", who: "privacy_officer", page: "/governance/new?kind=officer",
			good: url.Values{"kind": {"officer"}, "done_on": {today()}, "who": {b.brackets("officer typed")}, "reference": {"CC-1"}, "note": {"Par écrit."}},
			idle: []string{"kind", "done_on", "note", "file"}, wrong: slices.Concat(required("who"), tooLong("who"), required("reference"))},
		{route: "POST /governance/{id}/end", who: "secretary", id: ended, foreign: two.recordedID("opinion"), page: "/governance/" + ended,
			good:  url.Values{"ended_on": {today()}, "why": {b.brackets("why it ends")}},
			wrong: slices.Concat(required("ended_on"), day("ended_on"), wrongs("ended_on", "ended_on", "2020-01-01", "2999-12-31"), required("why"), tooLong("why"))},
		{route: "POST /official", who: "secretary", attach: pdf,
			good: url.Values{"label": {"EC <b>2023</b>-233"}, "lang": {"fr"}, "in_force_on": {"2023-06-08"}, "pages": {"2.1 3\n4.1: 5"}},
			wrong: slices.Concat(required("label"), tooLong("label"), required("lang"), among("lang"), required("in_force_on"), day("in_force_on"),
				wrongs("pages", "pages", "2.1", "9.9 3", "2.1 zéro", "2.1 0", "2.1 99999", script, long), files,
				[]typed{{"file", upload{"politique.txt", "text/plain", "Politique"}, "file"}})},
		{route: "POST /interpretations/new", who: "evaluation_director", page: "/interpretations/new?replaces=" + replaced,
			good: url.Values{"replaces": {replaced}, "clause": {"2.1"}, "given_on": {today()}, "question_fr": {b.brackets("question typed")},
				"question_en": {"A trial?"}, "answer_fr": {b.brackets("answer typed")}, "answer_en": {"Yes."}},
			wrong: slices.Concat(known("replaces", nowhere, two.interpreted()), required("clause"), among("clause"), required("given_on"), day("given_on"),
				wrongs("given_on", "given_on", "2999-12-31"), required("question_fr"), tooLong("question_fr"), required("question_en"), tooLong("question_en"),
				required("answer_fr"), tooLong("answer_fr"), required("answer_en"), tooLong("answer_en"))},
		{route: "POST /interpretations/{id}/withdraw", who: "evaluation_director", id: withdrawn, foreign: two.interpreted(), page: "/interpretations/" + withdrawn,
			good: url.Values{"why": {b.brackets("why withdrawn")}}, wrong: slices.Concat(required("why"), tooLong("why"))},
		{route: "POST /attestations", who: "principal",
			good:  url.Values{"year": {year}, "org": {b.school}, "exceptions": {b.brackets("what was not applied")}},
			wrong: slices.Concat(known("year", nowhere, "1999", "2099"), known("org", nowhere, b.other, two.school), tooLong("exceptions"))},
	}
}

// governanceFields types each field of what is sent around the policy wrongly.
func (b *board) governanceFields(t *testing.T, two *board) {
	t.Helper()
	bodies := b.governanceBodies()
	rules := map[string]any{"kind": "rules", "done_on": today(), "reference": "CC-1", "name": "r.pdf", "content": []byte(signedPDF)}
	b.refuses(t, "secretary", http.MethodPost, "/api/v1/governance", rules, []typed{
		{"kind", "party", "kind"}, {"kind", nil, "kind"}, {"kind", 5, "kind"}, {"done_on", "hier", "done_on"}, {"done_on", nil, "done_on"},
		{"done_on", "2999-12-31", "done_on"}, {"reference", "", "reference"}, {"reference", long, "reference"}, {"reference", 5, "reference"},
		{"note", long, "note"}, {"note", 5, "note"}, {"who", 5, "who"}, {"due_on", "2020-01-01", "due_on"}, {"due_on", "hier", "due_on"}, {"due_on", 5, "due_on"},
		{"content", []byte("<html>"), "content"}, {"content", 5, "content"}, {"media", "image/png", "content"}, {"media", 5, "media"}, {"name", 5, "name"}})
	b.refuses(t, "secretary", http.MethodPost, "/api/v1/governance/"+b.recordedID("opinion")+"/end", bodies["end-act"], []typed{
		{"ended_on", "hier", "ended_on"}, {"ended_on", "2020-01-01", "ended_on"}, {"ended_on", nil, "ended_on"}, {"why", "", "why"}, {"why", long, "why"},
		{"why", nil, "why"}})
	b.refuses(t, "secretary", http.MethodPost, "/api/v1/official", bodies["keep-official"], []typed{
		{"label", "", "label"}, {"label", long, "label"}, {"label", nil, "label"}, {"lang", "de", "lang"}, {"lang", nil, "lang"}, {"in_force_on", "hier", "in_force_on"},
		{"in_force_on", nil, "in_force_on"}, {"pages", "9.9 1", "pages"}, {"pages", 5, "pages"}, {"content", []byte("Politique"), "content"}, {"content", 5, "content"}})
	b.refuses(t, "evaluation_director", http.MethodPost, "/api/v1/interpretations", bodies["interpret"], []typed{
		{"clause", "9.9", "clause"}, {"clause", nil, "clause"}, {"given_on", "2999-12-31", "given_on"}, {"given_on", nil, "given_on"},
		{"question_fr", "", "question_fr"}, {"question_en", long, "question_en"}, {"answer_fr", " ", "answer_fr"}, {"answer_en", nil, "answer_en"},
		{"replaces", "nobody", ""}, {"replaces", two.interpreted(), ""}})
	b.refuses(t, "evaluation_director", http.MethodPost, "/api/v1/interpretations/"+b.interpreted()+"/withdraw", bodies["withdraw-interpretation"], []typed{
		{"why", "", "why"}, {"why", long, "why"}, {"why", nil, "why"}})
	b.refuses(t, "principal", http.MethodPost, "/api/v1/attestations", bodies["attest"], []typed{
		{"year", 1999, "year"}, {"year", "x", "year"}, {"year", nil, "year"}, {"org", b.other, ""}, {"org", two.school, ""}, {"org", 5, "org"},
		{"exceptions", long, "exceptions"}, {"exceptions", 5, "exceptions"}})
}
