package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/db/dbtest"
	"aval/internal/evaluation"
	"aval/internal/incident"
	"aval/internal/policy"
	"aval/internal/request"
)

// terms are what is typed of a contract that binds a vendor already.
func (b *board) terms() contract.Terms {
	return contract.Terms{Kind: contract.Signed, Contact: "Protection des renseignements, " + b.name("contact of a vendor"),
		Reference: "Contrat " + b.name("reference of a contract"), SignedOn: "2025-12-01", InForceOn: "2026-01-01", EndsOn: "2099-12-31"}
}

// drafted is a contract with the vendor of a platform.
func (b *board) drafted(p catalogue.ID) contract.ID {
	b.t.Helper()
	c, err := b.Contracts.Add(b.t.Context(), b.as("evaluator"), p, b.terms())
	b.must(err)
	for _, role := range []contract.Role{contract.Agreed, contract.Secrecy} {
		_, err = b.Contracts.Attach(b.t.Context(), b.as("evaluator"), c.ID, contract.Attachment{Role: role, Name: "contrat-" + b.name("contract file") + ".txt",
			Content: strings.NewReader("Article 1, " + b.name("content of a contract"))})
		b.must(err)
	}
	return c.ID
}

// found says where each item of the checklist is; those of but are absent.
func (b *board) found(but ...string) map[string]contract.Answer {
	items := map[string]contract.Answer{}
	for _, i := range b.system().Pack.Checklist() {
		items[i.Code] = contract.Answer{Where: "art. 4, " + b.name("article")}
		if slices.Contains(but, i.Code) {
			items[i.Code] = contract.Answer{Absent: true}
		}
	}
	return items
}

func (b *board) contractVersion(id contract.ID) int64 {
	b.t.Helper()
	v, err := b.Contracts.View(b.t.Context(), b.as("evaluator"), id)
	b.must(err)
	return v.Version
}

// filledIn is a draft that lacks nothing, but what is named: an item's code,
// "undertakings", "ground" or "mitigations".
func (b *board) filledIn(p catalogue.ID, but ...string) contract.ID {
	b.t.Helper()
	ctx, by, id := b.t.Context(), b.as("evaluator"), b.drafted(p)
	_, err := b.Contracts.Check(ctx, by, id, b.found(but...), b.contractVersion(id))
	b.must(err)
	if !slices.Contains(but, "undertakings") {
		_, err = b.Contracts.Undertake(ctx, by, id, contract.Attached, "")
		b.must(err)
	}
	if !slices.Contains(but, "ground") {
		_, err = b.Contracts.Rest(ctx, by, id, contract.Mission, "Servir l’école, "+b.name("reason of a ground"))
		b.must(err)
	}
	if !slices.Contains(but, "mitigations") {
		_, err = b.Contracts.Mitigate(ctx, by, id, []contract.Mitigation{{Text: "Chiffrement, " + b.name("mitigation of a transfer"), Where: "annexe B"}},
			b.contractVersion(id))
		b.must(err)
	}
	return id
}

// concluded is a contract that stands.
func (b *board) concluded(p catalogue.ID) contract.ID {
	b.t.Helper()
	id := b.filledIn(p)
	_, err := b.Contracts.Conclude(b.t.Context(), b.as("evaluator"), id)
	b.must(err)
	return id
}

// risky is an item of the checklist that may be absent; the first that may not, where
// the law requires them all.
func (b *board) risky() string {
	list := b.system().Pack.Checklist()
	if i := slices.IndexFunc(list, func(i policy.ContractItem) bool { return !i.Required }); i >= 0 {
		return list[i].Code
	}
	return list[0].Code
}

// contractFor brings a contract to where an operation takes it up; check is a
// verification of it.
func (b *board) contractFor(operation string) (id contract.ID, check string) {
	b.t.Helper()
	ctx, by, p := b.t.Context(), b.as("evaluator"), b.approved().ID
	switch operation {
	case "end-contract", "attest-contract":
		id = b.concluded(p)
		if operation == "attest-contract" {
			_, err := b.Contracts.End(ctx, by, id, today())
			b.must(err)
		}
	case "accept-contract-risk":
		id = b.filledIn(p, b.risky())
	case "conclude-contract":
		id = b.filledIn(p)
	default:
		id = b.drafted(p)
	}
	if operation != "attest-contract" {
		k, err := b.Contracts.Plan(ctx, by, id, "soc2", today())
		b.must(err)
		check = k.ID
	}
	return id, check
}

// walkContract tries an operation on a contract as everybody; who may not read it hears
// what they would of an id that nobody has.
func (b *board) walkContract(op operation, do policy.Action) {
	done := 0
	for who := range b.people {
		id, check := b.contractFor(op.id)
		sent := body(b, op.id)
		if m, ok := sent.(map[string]any); ok && m["version"] != nil {
			m["version"] = b.contractVersion(id)
		}
		before := b.state()
		a := b.call(who, op.method, strings.NewReplacer("{id}", string(id), "{check}", check).Replace(op.path), sent)
		switch {
		case b.permitted(who, do, nil):
			if a.status/100 != 2 && a.status != http.StatusConflict {
				b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, a.status, short(a.body))
			}
			done++
			continue
		case a.status != http.StatusForbidden && a.status != http.StatusNotFound:
			b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, a.status, short(a.body))
		case !b.permitted(who, policy.ContractRead, nil):
			nobody := b.call(who, op.method, strings.NewReplacer("{id}", strings.Repeat("a", 26), "{check}", check).Replace(op.path), sent)
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

// termsBody are terms as a program sends them.
func (b *board) termsBody(more ...any) map[string]any {
	sent := map[string]any{"kind": "signed", "contact": "Protection des renseignements", "signed_on": "2026-01-01", "in_force_on": "2026-01-02"}
	for i := 0; i < len(more); i += 2 {
		sent[more[i].(string)] = more[i+1]
	}
	return sent
}

// contractBodies are what the operations on contracts are sent.
func (b *board) contractBodies() map[string]any {
	items := map[string]any{}
	for code := range b.found() {
		items[code] = map[string]any{"where": "art. 4"}
	}
	return map[string]any{
		"add-contract":         b.termsBody("platform", string(b.nearby())),
		"edit-contract":        b.termsBody("version", 1),
		"check-contract":       map[string]any{"items": items, "version": 1},
		"accept-contract-risk": map[string]any{"risk_code": b.risky(), "risk_reason": "Le fournisseur n’en fait pas."},
		"settle-undertakings":  map[string]any{"choice": "attached"},
		"ground-contract":      map[string]any{"ground": "mission"},
		"mitigate-contract":    map[string]any{"mitigations": []map[string]any{{"text": "Chiffrement", "where": "annexe B"}}, "version": 1},
		"conclude-contract":    nil,
		"end-contract":         map[string]any{"ended_on": today()},
		"attest-contract":      map[string]any{"attested_on": today(), "attested_by": "Direction technique"},
		"plan-exit":            map[string]any{"format": "CSV", "steps": "Exporter, vérifier.", "version": 1},
		"attach-to-contract":   map[string]any{"role": "agreed", "name": "contrat.txt", "content": []byte("Article 1.")},
		"plan-check":           map[string]any{"topic": "soc2", "due_on": today()},
		"close-check":          map[string]any{"done_on": today(), "result": "held", "findings": "Rapport sans réserve."},
		"warn-contract": map[string]any{"received_on": today(), "told": "Un accès.", "kind": "access", "information": "Prénoms.", "from": "2026-01-02",
			"count": 3, "groups": []string{"students"}},
	}
}

// nearby is a platform of the board, added once.
func (b *board) nearby() catalogue.ID {
	if b.contracted == "" {
		b.contracted = b.platform().ID
	}
	return b.contracted
}

// contractFields types each field of what is done to a contract wrongly.
func (b *board) contractFields(t *testing.T, two *board) {
	t.Helper()
	var days []typed
	for _, name := range []string{"signed_on", "in_force_on"} {
		days = append(days, typed{name, nil, name}, typed{name, "", name}, typed{name, "hier", name}, typed{name, script, name}, typed{name, 5, name})
	}
	terms := slices.Concat(days, []typed{{"kind", nil, "kind"}, {"kind", "spoken", "kind"}, {"kind", 5, "kind"}, {"contact", nil, "contact"},
		{"contact", " ", "contact"}, {"contact", long, "contact"}, {"contact", 5, "contact"}, {"reference", long, "reference"},
		{"reference", 5, "reference"}, {"ends_on", "hier", "ends_on"}, {"ends_on", "2020-01-01", "ends_on"}, {"ends_on", 5, "ends_on"}})
	b.refuses(t, "evaluator", http.MethodPost, "/api/v1/contracts", body(b, "add-contract"), slices.Concat(terms, []typed{
		{"platform", "", "platform"}, {"platform", "nobody", ""}, {"platform", string(two.nearby()), ""}, {"platform", 5, "platform"}}))
	id := string(b.drafted(b.nearby()))
	at := "/api/v1/contracts/" + id
	version := []typed{{"version", nil, "version"}, {"version", "x", "version"}, {"version", 0, "version"}}
	b.refuses(t, "evaluator", http.MethodPut, at, body(b, "edit-contract"), slices.Concat(terms, version))
	code := b.risky()
	b.refuses(t, "evaluator", http.MethodPut, at+"/items", body(b, "check-contract"), slices.Concat(version, []typed{
		{"items", nil, "items"}, {"items", "x", "items"}, {"items", map[string]any{"nothing": map[string]any{"where": "x"}}, "items/nothing"},
		{"items", map[string]any{code: map[string]any{"where": long}}, "items/" + code},
		{"items", map[string]any{code: map[string]any{"where": "art. 1", "absent": true}}, "items/" + code}}))
	b.refuses(t, "privacy_officer", http.MethodPost, at+"/risks", body(b, "accept-contract-risk"), []typed{
		{"risk_code", nil, "risk_code"}, {"risk_code", "nothing", "risk_code"}, {"risk_code", 5, "risk_code"}, {"risk_reason", nil, "risk_reason"},
		{"risk_reason", 5, "risk_reason"}})
	b.refuses(t, "privacy_officer", http.MethodPost, at+"/undertakings", map[string]any{"choice": "waived", "secrecy_reason": "Seul."}, []typed{
		{"choice", nil, "choice"}, {"choice", "later", "choice"}, {"choice", 5, "choice"}, {"secrecy_reason", nil, "secrecy_reason"},
		{"secrecy_reason", " ", "secrecy_reason"}, {"secrecy_reason", long, "secrecy_reason"}, {"secrecy_reason", 5, "secrecy_reason"}})
	b.refuses(t, "evaluator", http.MethodPost, at+"/ground", map[string]any{"ground": "benefit", "ground_reason": "Lire."}, []typed{
		{"ground", nil, "ground"}, {"ground", "whim", "ground"}, {"ground", 5, "ground"}, {"ground_reason", nil, "ground_reason"},
		{"ground_reason", long, "ground_reason"}, {"ground_reason", 5, "ground_reason"}})
	b.refuses(t, "evaluator", http.MethodPut, at+"/mitigations", body(b, "mitigate-contract"), slices.Concat(version, []typed{
		{"mitigations", nil, "mitigations"}, {"mitigations", "x", "mitigations"},
		{"mitigations", []map[string]any{{"text": "", "where": "art. 1"}}, "mitigations"},
		{"mitigations", []map[string]any{{"text": long}}, "mitigations"}}))
	b.refuses(t, "evaluator", http.MethodPut, at+"/exit", body(b, "plan-exit"), slices.Concat(version, []typed{
		{"format", nil, "format"}, {"format", " ", "format"}, {"format", long, "format"}, {"steps", nil, "steps"}, {"steps", long, "steps"},
		{"tested_on", "2999-12-31", "tested_on"}, {"tested_on", "hier", "tested_on"}, {"notice_days", -1, "notice_days"}, {"notice_days", "x", "notice_days"},
		{"owner", "nobody", "owner"}, {"owner", two.as("evaluator").ID, "owner"}, {"substitutes", long, "substitutes"},
		{"reintegration", long, "reintegration"}, {"alternatives", []string{string(two.nearby())}, "alternatives"}}))
	b.refuses(t, "evaluator", http.MethodPost, at+"/files", body(b, "attach-to-contract"), []typed{
		{"role", nil, "role"}, {"role", "photo", "role"}, {"name", nil, "name"}, {"name", 5, "name"}, {"media", "application/pdf", "content"},
		{"content", nil, "content"}, {"content", "", "content"}, {"content", []byte("<html>"), "content"}})
	b.refuses(t, "evaluator", http.MethodPost, at+"/checks", body(b, "plan-check"), []typed{
		{"topic", nil, "topic"}, {"topic", "weather", "topic"}, {"due_on", nil, "due_on"}, {"due_on", "2020-01-01", "due_on"}, {"due_on", "hier", "due_on"}})
	k, err := b.Contracts.Plan(t.Context(), b.as("evaluator"), contract.ID(id), "soc2", today())
	b.must(err)
	b.refuses(t, "evaluator", http.MethodPost, at+"/checks/"+k.ID, body(b, "close-check"), []typed{
		{"done_on", nil, "done_on"}, {"done_on", "2999-12-31", "done_on"}, {"result", nil, "result"}, {"result", "so so", "result"},
		{"findings", nil, "findings"}, {"findings", " ", "findings"}, {"findings", long, "findings"}})
	b.refuses(t, "evaluator", http.MethodPost, at+"/notices", body(b, "warn-contract"), []typed{
		{"received_on", nil, "received_on"}, {"received_on", "2999-12-31", "received_on"}, {"told", nil, "told"}, {"told", " ", "told"}, {"told", long, "told"},
		{"kind", nil, "kind"}, {"kind", "theft", "kind"}, {"information", " ", "information"}, {"from", "hier", "from"}, {"count", -1, "count"},
		{"groups", []string{"cats"}, "groups"}})
	standing := string(b.concluded(b.approved().ID))
	b.refuses(t, "evaluator", http.MethodPost, "/api/v1/contracts/"+standing+"/end", body(b, "end-contract"), []typed{
		{"ended_on", nil, "ended_on"}, {"ended_on", "", "ended_on"}, {"ended_on", "2999-12-31", "ended_on"}, {"ended_on", "hier", "ended_on"}})
	over, _ := b.contractFor("attest-contract")
	b.refuses(t, "evaluator", http.MethodPost, "/api/v1/contracts/"+string(over)+"/attestation", body(b, "attest-contract"), []typed{
		{"attested_on", nil, "attested_on"}, {"attested_on", "2020-01-01", "attested_on"}, {"attested_on", "2999-12-31", "attested_on"},
		{"attested_by", nil, "attested_by"}, {"attested_by", " ", "attested_by"}, {"attested_by", long, "attested_by"}})
}

// outside is a platform that was decided on with its data outside Québec and that
// touches personal information.
func (b *board) outside() catalogue.ID { return b.to(request.Decided).PlatformID }

// watched plans a verification and does it, or lets it become overdue.
func (b *board) watched(late bool) error {
	ctx, by, id := b.t.Context(), b.as("evaluator"), b.concluded(b.approved().ID)
	k, err := b.Contracts.Plan(ctx, by, id, "pentest", today())
	b.must(err)
	if !late {
		_, err = b.Contracts.Verify(ctx, by, id, k.ID, contract.Check{DoneOn: today(), Result: contract.Held, Findings: "Vu, " + b.name("findings")})
		return err
	}
	dbtest.OwnerExec(b.t, b.DB, `UPDATE contract_check SET due_on = '2026-01-02' WHERE id = '`+k.ID+`'`)
	return b.Contracts.Sweep(ctx, b.id)
}

func (b *board) concludes(p catalogue.ID, but ...string) error {
	_, err := b.Contracts.Conclude(b.t.Context(), b.as("evaluator"), b.filledIn(p, but...))
	return err
}

func init() {
	concluded := func(b *board) error { b.concluded(b.outside()); return nil }
	without := func(but string) func(*board) error {
		return func(b *board) error { return b.concludes(b.outside(), but) }
	}
	proofs["QC-CON-01"] = proof{act: concluded, violate: func(b *board) error { return b.record("principal", b.outside(), nil) }}
	proofs["QC-CON-02"] = proof{act: concluded, violate: without("undertakings")}
	proofs["QC-CON-03"] = proof{act: func(b *board) error { return b.watched(false) }, violate: without("qc_verify")}
	proofs["QC-OUT-02"] = proof{act: concluded, violate: without("mitigations")}
	directives["ON-CON-01"] = proof{act: concluded, violate: func(b *board) error { return b.record("principal", b.outside(), nil) }}
	watched := proof{act: func(b *board) error { return b.watched(false) }, violate: func(b *board) error { return b.watched(true) }}
	directives["ON-SAFE-01"], directives["D-44"] = watched, watched
}

// contractForms are those of the pages on contracts.
func (b *board) contractForms(two *board) []form {
	b.t.Helper()
	platform, theirs := string(b.platform().ID), string(two.drafted(two.nearby()))
	terms := url.Values{"kind": {"click"}, "contact": {b.brackets("contact typed")}, "reference": {b.brackets("reference typed")}, "signed_on": {"2026-01-01"},
		"in_force_on": {"2026-01-02"}, "ends_on": {"2027-01-01"}}
	wrong := slices.Concat(required("kind"), among("kind"), required("contact"), tooLong("contact"), tooLong("reference"), required("signed_on"), day("signed_on"),
		required("in_force_on"), day("in_force_on"), day("ends_on"), wrongs("ends_on", "ends_on", "2020-01-01"))
	versions := wrongs("version", late, "", "x", "999999", script)
	row := func(route, who, operation, page string) form {
		id, check := b.contractFor(operation)
		f := form{route: "POST /contracts/{id}" + route, who: who, id: string(id), foreign: theirs, account: check}
		f.page = "/contracts/" + f.id + page
		return f
	}
	add := form{route: "POST /contracts", who: "evaluator", page: "/contracts/new", good: merged(terms, "platform", platform),
		wrong: slices.Concat(wrong, required("platform"), known("platform", nowhere, string(two.nearby())))}
	edit := row("/edit", "evaluator", "edit-contract", "/edit")
	edit.good, edit.wrong = merged(terms, "version", "1"), slices.Concat(wrong, versions)

	check := row("/clauses", "evaluator", "check-contract", "")
	check.good = url.Values{"version": {"1"}}
	for code := range b.found() {
		check.good.Set("where_"+code, "art. 4")
		check.idle = append(check.idle, "absent_"+code)
		check.wrong = append(check.wrong, tooLong("where_"+code)...)
	}
	check.wrong = append(check.wrong, versions...)
	first := b.risky()
	check.wrong = append(check.wrong, typed{"absent_" + first, "yes", "where_" + first})
	check.unseen = []string{"absent_" + first}
	undertake := row("/undertakings", "privacy_officer", "settle-undertakings", "")
	undertake.good = url.Values{"choice": {"waived"}, "secrecy_reason": {b.brackets("secrecy typed")}}
	undertake.wrong = slices.Concat(required("choice"), among("choice"), required("secrecy_reason"), tooLong("secrecy_reason"))
	ground := row("/ground", "evaluator", "ground-contract", "")
	ground.good = url.Values{"ground": {"other"}, "ground_reason": {b.brackets("ground typed")}}
	ground.wrong = slices.Concat(required("ground"), among("ground"), required("ground_reason"), tooLong("ground_reason"))
	mitigate := row("/mitigations", "evaluator", "mitigate-contract", "")
	mitigate.good = url.Values{"version": {"1"}, "measure_1": {b.brackets("measure typed")}, "clause_1": {"annexe B"}, "measure_2": {"Clés"}, "clause_2": {""}}
	mitigate.wrong = slices.Concat(versions, required("measure_1"), tooLong("measure_1"), tooLong("clause_1"), tooLong("measure_2"), tooLong("clause_2"))
	conclude := row("/conclude", "evaluator", "conclude-contract", "")
	end := row("/end", "evaluator", "end-contract", "")
	end.good = url.Values{"ended_on": {today()}}
	end.wrong = slices.Concat(required("ended_on"), day("ended_on"), wrongs("ended_on", "ended_on", "2999-12-31", "2020-01-01"))
	attest := row("/attestation", "privacy_officer", "attest-contract", "")
	attest.good = url.Values{"attested_on": {today()}, "attested_by": {b.brackets("attester typed")}}
	attest.wrong = slices.Concat(required("attested_on"), day("attested_on"), wrongs("attested_on", "attested_on", "2999-12-31", "2020-01-01"),
		required("attested_by"), tooLong("attested_by"))
	exit := row("/exit", "evaluator", "plan-exit", "/exit")
	exit.good = url.Values{"version": {"1"}, "alternatives": {string(b.approved().ID)}, "substitutes": {b.brackets("substitutes typed")}, "format": {b.brackets("format typed")},
		"tested_on": {today()}, "reintegration": {b.brackets("reintegration typed")}, "notice_days": {"60"}, "steps": {b.brackets("steps typed")}, "owner": {"evaluator"}}
	exit.wrong = slices.Concat(versions, known("alternatives", "alternatives", string(two.nearby())), tooLong("substitutes"), required("format"), tooLong("format"),
		day("tested_on"), wrongs("tested_on", "tested_on", "2999-12-31"), tooLong("reintegration"), number("notice_days"), required("steps"), tooLong("steps"),
		known("owner", "owner", two.as("evaluator").ID))
	attach := row("/files", "evaluator", "attach-to-contract", "")
	attach.good, attach.attach = url.Values{"role": {"proof"}}, &upload{"rapport.txt", "text/plain", "Rapport."}
	attach.wrong = slices.Concat(required("role"), among("role"))
	for _, file := range []upload{{"", "", ""}, {"vide.pdf", "application/pdf", ""}, {"gros.pdf", "application/pdf", "%PDF-1.7\n" + strings.Repeat("a", evaluation.MaxEvidence)},
		{"page.html", "text/html", "<!DOCTYPE html>" + script}} {
		attach.wrong = append(attach.wrong, typed{"file", file, "file"})
	}
	plan := row("/checks", "evaluator", "plan-check", "")
	plan.good = url.Values{"topic": {"mfa"}, "due_on": {today()}}
	plan.wrong = slices.Concat(required("topic"), among("topic"), required("due_on"), day("due_on"), wrongs("due_on", "due_on", "2020-01-01"))
	verify := row("/checks/{check}", "evaluator", "close-check", "")
	verify.page += "/checks/" + verify.account
	verify.good = url.Values{"done_on": {today()}, "result": {"not_held"}, "findings": {b.brackets("findings typed")}}
	verify.wrong = slices.Concat(required("done_on"), day("done_on"), wrongs("done_on", "done_on", "2999-12-31"), required("result"), among("result"),
		required("findings"), tooLong("findings"))
	warn := row("/notices", "privacy_officer", "warn-contract", "/notices/new")
	warn.good = url.Values{"received_on": {today()}, "told": {b.brackets("vendor typed")}, "kind": {"access"}, "information": {b.brackets("information of a vendor typed")},
		"from": {"2026-01-02"}, "count": {"3"}, "groups": {"students"}}
	warn.wrong = slices.Concat(required("received_on"), day("received_on"), wrongs("received_on", "received_on", "2999-12-31"), required("told"), tooLong("told"),
		required("kind"), among("kind"), required("information"), tooLong("information"), required("from"), day("from"), required("count"), number("count"),
		among("groups"))
	forms := []form{add, edit, check, undertake, ground, mitigate, conclude, end, attest, exit, attach, plan, verify, warn}
	return append(forms, b.riskForm(row))
}

// riskForm accepts the risk of an absent item; where the law requires each, the page
// has no such form.
func (b *board) riskForm(row func(route, who, operation, page string) form) form {
	risk := row("/risks", "privacy_officer", "accept-contract-risk", "")
	if list := b.system().Pack.Checklist(); !slices.ContainsFunc(list, func(i policy.ContractItem) bool { return !i.Required }) {
		return form{route: risk.route, who: risk.who, id: risk.id, foreign: risk.foreign, page: risk.page}
	}
	risk.good = url.Values{"risk_code": {b.risky()}, "risk_reason": {b.brackets("risk typed")}}
	risk.wrong = slices.Concat(required("risk_code"), known("risk_code", "risk_code"), required("risk_reason"), tooLong("risk_reason"))
	return risk
}

// bound fills the board with what is kept of vendors.
func (b *board) bound() {
	b.t.Helper()
	ctx, by := b.t.Context(), b.as("evaluator")
	id := b.concluded(b.approved().ID)
	_, err := b.Contracts.Plan(ctx, by, id, "soc2", today())
	b.must(err)
	_, err = b.Contracts.Warn(ctx, by, id, contract.Warning{ReceivedOn: today(), Told: "Un accès, " + b.name("notice of a vendor"), Kind: "access",
		Information: "Prénoms.", From: "2026-01-02", Count: 3, Groups: []incident.Group{"students"}})
	b.must(err)
	_, err = b.Contracts.Leave(ctx, by, id, contract.Plan{Format: "CSV, " + b.name("export format"), Steps: "Exporter, " + b.name("exit steps")}, b.contractVersion(id))
	b.must(err)
	b.must(b.watched(false))
	b.contractFor("attest-contract")
}
