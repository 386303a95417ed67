package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/licence"
	"aval/internal/request"
)

const script = `<script>alert("aval")</script>`

// typed is one field sent wrongly, and what the refusal names; "" is for what
// does not exist, which is NotFound.
type typed struct {
	field string
	value any
	names string
}

// set puts a value at use.result, or takes the field out when it is nil.
func set(body map[string]any, field string, value any) {
	at := body
	parts := strings.Split(field, "/")
	for _, part := range parts[:len(parts)-1] {
		next, ok := at[part].(map[string]any)
		if !ok {
			return
		}
		at = next
	}
	if last := parts[len(parts)-1]; value == nil {
		delete(at, last)
	} else {
		at[last] = value
	}
}

// copied is a body of its own for each try.
func copied(t *testing.T, sent any) map[string]any {
	t.Helper()
	text, err := json.Marshal(sent)
	out := map[string]any{}
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEachFieldIsRefusedBesideItself(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		b, two := h.build(t, "erables", "Vorn"), h.build(t, "bouleaux", "Zyqu")
		long := strings.Repeat("é", 11_000)
		foreign := two.to(request.Decided)
		approved := b.approved()
		b.must(b.record("principal", approved.ID, nil))

		draft := []typed{
			{"platform", nil, "platform"}, {"platform", "", "platform"}, {"platform", " \u00a0", "platform"}, {"platform", long, "platform"},
			{"platform", 5, "platform"}, {"platform_id", "nobody", ""}, {"platform_id", script, ""}, {"platform_id", long, ""},
			{"platform_id", string(foreign.PlatformID), ""}, {"platform_id", 5, "platform_id"},
			{"url", "javascript:alert(1)", "url"}, {"url", long, "url"}, {"url", script, "url"}, {"url", 5, "url"},
			{"org", b.other, ""}, {"org", two.school, ""}, {"org", script, ""}, {"org", long, ""}, {"org", 5, "org"},
			{"data", []string{script}, "data"}, {"data", []string{long}, "data"}, {"data", "first_name", "data"},
			{"classes", []string{b.classes[2]}, "classes"}, {"classes", []string{two.classes[0]}, "classes"},
			{"classes", []string{script}, "classes"}, {"classes", []string{long}, "classes"}, {"classes", b.classes[0], "classes"},
			{"pupils", -1, "pupils"}, {"pupils", 100_000_000, "pupils"}, {"pupils", "six", "pupils"},
			{"cost_cents", -1, "cost_cents"}, {"cost_cents", 100_000_000_000, "cost_cents"}, {"cost_cents", script, "cost_cents"},
			{"follows", "nobody", ""}, {"follows", string(foreign.ID), ""}, {"follows", script, ""}, {"follows", 5, "follows"},
			{"password", "x", "password"},
			{"platform", "\x00", "platform"}, {"platform_id", "\x00x", ""}, {"org", "\x00x", ""}, {"follows", "\x00x", ""},
			{"data", []string{"\x00x"}, "data"}, {"classes", []string{"\x00x"}, "classes"},
		}
		for _, text := range []string{"description", "usage", "missing", "new_security"} {
			draft = append(draft, typed{text, long, text}, typed{text, 5, text}, typed{text, []string{"x"}, text})
		}
		b.refuses(t, "teacher", http.MethodPost, "/api/v1/requests", body(b, "create-request"), draft)

		mine := b.to(request.Drafted)
		var again []typed
		for _, f := range draft {
			switch f.field {
			case "platform", "platform_id", "url", "org", "follows": // fixed once it is drafted
			default:
				again = append(again, f)
			}
		}
		again = append(again, typed{"version", "x", "version"})
		b.refuses(t, "teacher", http.MethodPut, "/api/v1/requests/"+string(mine.ID), body(b, "edit-request"), again)

		asked := b.to(request.Acknowledged)
		security := map[string]any{"criteria": map[string]any{"3.3a": map[string]any{"rating": "met"}}, "location": "qc", "version": 0}
		b.refuses(t, "evaluator", http.MethodPut, "/api/v1/requests/"+string(asked.ID)+"/evaluations/security", security, []typed{
			{"criteria", nil, "criteria"}, {"criteria", "x", "criteria"}, {"criteria", map[string]any{script: map[string]any{"rating": "met"}}, "criteria"},
			{"criteria", map[string]any{"3.2.1": map[string]any{"rating": "met"}}, "criteria"},
			{"criteria/3.3a/rating", "great", "criteria.3.3a.rating"}, {"criteria/3.3a/rating", 5, "criteria.3.3a.rating"},
			{"criteria/3.3a/rating", script, "criteria.3.3a.rating"}, {"criteria/3.3a/note", long, "criteria.3.3a.note"},
			{"criteria/3.3a/note", 5, "criteria.3.3a.note"},
			{"location", "mars", "location"}, {"location", script, "location"}, {"location", 5, "location"},
			{"location_reason", long, "location_reason"}, {"location_reason", 5, "location_reason"},
			{"looked", "x", "looked"}, {"recommendation", "maybe", "recommendation"}, {"recommendation", 5, "recommendation"},
			{"summary", long, "summary"}, {"summary", 5, "summary"}, {"version", "x", "version"}, {"finish", "yes", "finish"},
		})
		use := map[string]any{"criteria": map[string]any{}, "version": 0}
		b.refuses(t, "evaluator", http.MethodPut, "/api/v1/requests/"+string(asked.ID)+"/evaluations/use", use, []typed{{"location", "qc", "location"}})

		evaluated := b.to(request.Evaluated)
		var decide []typed
		for _, aspect := range []string{"use", "security"} {
			decide = append(decide, typed{aspect, nil, aspect}, typed{aspect, "approved", aspect})
			for _, value := range []any{nil, "", "maybe", script, 5} {
				decide = append(decide, typed{aspect + "/result", value, aspect + ".result"})
			}
			for _, value := range []any{nil, "", " ", long, 5} {
				decide = append(decide, typed{aspect + "/reasons", value, aspect + ".reasons"})
			}
			decide = append(decide, typed{aspect + "/result", "conditional", aspect + ".conditions"},
				typed{aspect + "/conditions", "Sans nom.", aspect + ".conditions"}, typed{aspect + "/conditions", long, aspect + ".conditions"},
				typed{aspect + "/conditions", 5, aspect + ".conditions"})
		}
		decide = append(decide, typed{"exception", 5, "exception"}, typed{"due_on", "hier", "due_on"}, typed{"due_on", today(), "due_on"},
			typed{"due_on", 5, "due_on"}, typed{"owner", "nobody", "owner"}, typed{"owner", 5, "owner"}, typed{"because", []string{"weather"}, "because"},
			typed{"because", []string{"cost"}, "because"}, typed{"because", "cost", "because"})
		b.refuses(t, "evaluation_director", http.MethodPost, "/api/v1/requests/"+string(evaluated.ID)+"/decision", body(b, "decide"), decide)

		for _, act := range []string{"return", "refuse"} {
			submitted := b.to(request.Submitted)
			b.refuses(t, "principal", http.MethodPost, "/api/v1/requests/"+string(submitted.ID)+"/"+act, map[string]any{"reason": "Parce que."},
				[]typed{{"reason", nil, "reason"}, {"reason", " ", "reason"}, {"reason", long, "reason"}, {"reason", 5, "reason"}})
		}

		b.licenceFields(t, two)
		b.incidentFields(t, two)
		b.governanceFields(t, two)
		b.conditionFields(t, two)
		b.assessmentFields(t, two)
		b.contractFields(t, two)
		b.rosterFields(t, two)

		for _, sent := range []struct {
			body   string
			status int
			code   string
		}{
			{`{"platform": `, http.StatusBadRequest, "api.shape"},
			{`[]`, http.StatusUnprocessableEntity, "api.shape"},
			{`{"platform": "` + strings.Repeat("a", 2<<20) + `"}`, http.StatusRequestEntityTooLarge, "api.too_large"},
		} {
			before := b.state()
			a := b.call("teacher", http.MethodPost, "/api/v1/requests", sent.body)
			var problem struct{ Code, Detail string }
			if err := json.Unmarshal([]byte(a.body), &problem); err != nil || a.status != sent.status || problem.Code != sent.code ||
				!strings.HasSuffix(problem.Detail, ".") || !strings.Contains(problem.Detail, "envoyé") {
				t.Errorf("%.20s: %d %v\n%s", sent.body, a.status, err, short(a.body))
			}
			if after := b.state(); after != before {
				t.Errorf("%.20s: something changed:\n%s", sent.body, differs(before, after))
			}
		}

		// A text that looks like a script is a text: kept as it is, shown as it is.
		sent := copied(t, body(b, "create-request"))
		sent["platform"], sent["usage"], sent["description"] = "Tabulou "+script, script, script
		a := b.call("teacher", http.MethodPost, "/api/v1/requests", sent)
		var kept struct{ ID string }
		if err := json.Unmarshal([]byte(a.body), &kept); err != nil || a.status != http.StatusCreated {
			t.Fatalf("a text of brackets: %d %v\n%s", a.status, err, a.body)
		}
		if page := b.browse("teacher", http.MethodGet, "/requests/"+kept.ID, nil); page.status != http.StatusOK || strings.Contains(page.body, "<script>alert") {
			t.Errorf("the page of a text of brackets: %d, or it lets a script through", page.status)
		}
	})
}

// conditionFields types each field of what is done to a condition wrongly.
func (b *board) conditionFields(t *testing.T, two *board) {
	t.Helper()
	long := strings.Repeat("é", 11_000)
	at := "/api/v1/conditions/" + string(b.condition("teacher", "professional").ID)
	b.refuses(t, "evaluator", http.MethodPost, at+"/assign", body(b, "assign-condition"), []typed{
		{"owner", "nobody", "owner"}, {"owner", script, "owner"}, {"owner", two.as("evaluator").ID, "owner"}, {"owner", 5, "owner"},
		{"due_on", "hier", "due_on"}, {"due_on", "2020-01-01", "due_on"}, {"due_on", script, "due_on"}, {"due_on", 5, "due_on"},
		{"version", nil, "version"}, {"version", "x", "version"},
	})
	b.refuses(t, "principal", http.MethodPost, at+"/notes", body(b, "note-condition"), []typed{
		{"note", nil, "note"}, {"note", " ", "note"}, {"note", long, "note"}, {"note", 5, "note"},
	})
	b.refuses(t, "principal", http.MethodPost, at+"/meet", body(b, "meet-condition"), []typed{
		{"name", nil, "name"}, {"name", 5, "name"}, {"media", "application/pdf", "content"}, {"media", 5, "media"},
		{"content", nil, "content"}, {"content", "", "content"}, {"content", 5, "content"}, {"content", []byte("<html>"), "content"},
		{"note", long, "note"}, {"note", 5, "note"},
	})
	b.refuses(t, "evaluation_director", http.MethodPost, at+"/waive", body(b, "waive-condition"), []typed{
		{"reason", nil, "reason"}, {"reason", " ", "reason"}, {"reason", long, "reason"}, {"reason", 5, "reason"},
	})
}

// licenceFields types each field of a licence wrongly.
func (b *board) licenceFields(t *testing.T, two *board) {
	t.Helper()
	long := strings.Repeat("é", 11_000)
	foreign := string(two.approved().ID)
	good := bought(b)
	column := func(name, holds string) []map[string]any { return []map[string]any{{"name": name, "holds": holds}} }
	b.refuses(t, "evaluator", http.MethodPost, "/api/v1/licences", good, []typed{
		{"platform_id", nil, "platform_id"}, {"platform_id", "nobody", ""}, {"platform_id", foreign, ""}, {"platform_id", script, ""}, {"platform_id", 5, "platform_id"},
		{"scope", nil, "scope"}, {"scope", "world", "scope"}, {"scope", script, "scope"}, {"scope", 5, "scope"},
		{"scope", "board", "org_id"}, {"scope", "department", "org_id"}, {"scope", "class", "audience.classes"}, {"scope", "individual", "audience.people"},
		{"org_id", nil, "org_id"}, {"org_id", two.school, "org_id"}, {"org_id", b.department, "org_id"}, {"org_id", script, "org_id"}, {"org_id", 5, "org_id"},
		{"payer", nil, "payer"}, {"payer", "ddl", "payer"}, {"payer", b.other, "payer"}, {"payer", two.school, "payer"}, {"payer", script, "payer"}, {"payer", 5, "payer"},
		{"seats", -1, "seats"}, {"seats", 2_000_000_000, "seats"}, {"seats", "six", "seats"},
		{"cost_cents", -1, "cost_cents"}, {"cost_cents", 2_000_000_000, "cost_cents"}, {"cost_cents", script, "cost_cents"},
		{"starts_on", nil, "starts_on"}, {"starts_on", "2026-02-30", "starts_on"}, {"starts_on", script, "starts_on"}, {"starts_on", 5, "starts_on"},
		{"ends_on", nil, "ends_on"}, {"ends_on", "2025-12-31", "ends_on"}, {"ends_on", long, "ends_on"}, {"ends_on", 5, "ends_on"},
		{"audience", "all", "audience"}, {"audience/schools", []string{b.school}, "audience.schools"}, {"audience/schools", 5, "audience.schools"},
		{"audience/grades", []string{"11"}, "audience.grades"}, {"audience/grades", []string{script}, "audience.grades"}, {"audience/grades", "04", "audience.grades"},
		{"audience/classes", []string{b.classes[2]}, "audience.classes"}, {"audience/classes", []string{two.classes[0]}, ""}, {"audience/classes", []string{script}, ""},
		{"audience/people", []string{"Ne00"}, "audience.people"}, {"audience/people", 5, "audience.people"},
		{"account_kind", "face", "account_kind"}, {"account_kind", script, "account_kind"}, {"account_kind", 5, "account_kind"},
		{"account_kind", "none", "columns"}, {"account_kind", "board_email", "columns"},
		{"sign_in_url", "http://kastor.example", "sign_in_url"}, {"sign_in_url", "javascript:alert(1)", "sign_in_url"}, {"sign_in_url", script, "sign_in_url"},
		{"sign_in_url", "https://" + long, "sign_in_url"}, {"sign_in_url", 5, "sign_in_url"},
		{"columns", column("", "login_name"), "columns"}, {"columns", column("First", "given_name"), "columns"}, {"columns", column("Group", "group"), "columns"},
		{"columns", column(long, "login_name"), "columns"}, {"columns", "x", "columns"}, {"password", "x", "password"},
	})
	l, err := b.Licences.Record(t.Context(), b.as("principal"), b.accounted())
	b.must(err)
	b.make(l.ID)
	b.refuses(t, "evaluator", http.MethodPost, "/api/v1/licences/"+string(l.ID)+"/provisioning", map[string]any{"kind": "delta"}, []typed{
		{"kind", nil, "kind"}, {"kind", "all", "kind"}, {"kind", script, "kind"}, {"kind", 5, "kind"},
	})
	accounts := "/api/v1/licences/" + string(l.ID) + "/accounts/" + b.accountFor("read-account", l.ID)
	b.refuses(t, "evaluator", http.MethodPost, accounts+"/suspend", map[string]any{"why": "asked"}, []typed{
		{"why", nil, "why"}, {"why", "", "why"}, {"why", "because", "why"}, {"why", script, "why"}, {"why", 5, "why"},
	})
	names := func(login, name string) []map[string]any {
		return []map[string]any{{"login_name": login, "vendor_name": name}}
	}
	vendor := b.accounted()
	vendor.AccountKind = licence.VendorName
	vendor, err = b.Licences.Record(t.Context(), b.as("principal"), vendor)
	b.must(err)
	b.make(vendor.ID)
	known := b.loginName("e00")
	b.refuses(t, "evaluator", http.MethodPut, "/api/v1/licences/"+string(vendor.ID)+"/vendor-names", map[string]any{"names": names(known, "etoile-7")}, []typed{
		{"names", nil, "names"}, {"names", []any{}, "names"}, {"names", names("nobody", "etoile-7"), "names"}, {"names", names(known, " "), "names"},
		{"names", names(known, long), "names"}, {"names", names(known, b.said["given e00"]), "names"}, {"names", 5, "names"}, {"names", script, "names"},
	})
	ended, err := b.Licences.Record(t.Context(), b.as("principal"), b.accounted())
	b.must(err)
	b.over(ended.ID)
	b.refuses(t, "evaluator", http.MethodPost, "/api/v1/licences/"+string(ended.ID)+"/attestation", map[string]any{"on": today(), "by": "Camille Ortega"}, []typed{
		{"on", nil, "on"}, {"on", "hier", "on"}, {"on", "2025-12-31", "on"}, {"on", "2100-01-01", "on"}, {"on", script, "on"}, {"on", 5, "on"},
		{"by", nil, "by"}, {"by", " ", "by"}, {"by", long, "by"}, {"by", 5, "by"},
	})
	b.refuses(t, "principal", http.MethodPost, "/api/v1/licences/"+string(l.ID)+"/end", map[string]any{"on": today()}, []typed{
		{"on", nil, "on"}, {"on", "hier", "on"}, {"on", "2025-12-31", "on"}, {"on", "2100-01-01", "on"}, {"on", script, "on"}, {"on", 5, "on"},
	})
}

// refuses sends a good body with one field wrong, for each.
func (b *board) refuses(t *testing.T, who, method, path string, good any, all []typed) {
	t.Helper()
	before := b.state()
	for _, f := range all {
		sent := copied(t, good)
		set(sent, f.field, f.value)
		text, err := json.Marshal(f.value)
		if err != nil {
			t.Fatal(err)
		}
		where := method + " " + kind(path) + " with " + f.field + " " + short(string(text[:min(len(text), 40)]))
		a := b.call(who, method, path, sent)
		var problem struct {
			Code, Detail string
			Errors       []struct{ Field, Detail string }
		}
		if err := json.Unmarshal([]byte(a.body), &problem); err != nil || a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d is no problem: %v\n%s", where, a.status, err, short(a.body))
		}
		if after := b.state(); after != before {
			t.Errorf("%s: %d, and something changed:\n%s", where, a.status, differs(before, after))
			before = after
		}
		if f.names == "" {
			if a.status != http.StatusNotFound {
				t.Errorf("%s: %d, want the one NotFound\n%s", where, a.status, short(a.body))
			}
			continue
		}
		named := false
		for _, e := range problem.Errors {
			named = named || (e.Field == f.names || strings.HasPrefix(e.Field, f.names+"[")) && strings.HasSuffix(e.Detail, ".")
		}
		if strings.Contains(a.body, "expected") {
			t.Errorf("%s: a French caller is answered in English\n%s", where, short(a.body))
		}
		if a.status != http.StatusUnprocessableEntity || !named || problem.Detail == "" {
			t.Errorf("%s: %d, want 422 beside %s\n%s", where, a.status, f.names, short(a.body))
		}
		if strings.Contains(a.body, "alert(") {
			t.Errorf("%s: what was typed is said back", where)
		}
	}
}
