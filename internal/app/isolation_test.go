package app_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/evaluation"
)

// The crawl of one person ends after so many pages, and looks at so many that
// differ in their id, clause or query alone.
const maxPages, maxAlike = 400, 20

var link = regexp.MustCompile(`="(/[^"#]*)`)

// links are where a page leads: the addresses of its href and action.
func links(page string) (all []string) {
	for _, m := range link.FindAllStringSubmatchIndex(page, -1) {
		if before := page[:m[0]]; strings.HasSuffix(before, "href") || strings.HasSuffix(before, "action") {
			all = append(all, strings.ReplaceAll(page[m[2]:m[3]], "&amp;", "&"))
		}
	}
	return all
}

// crawl follows every link from somebody's desk and gives each answer to see.
func (b *board) crawl(who string, see func(where string, a answer)) (pages int) {
	b.t.Helper()
	queue := []string{"/desk", "/platforms", "/requests", "/licences", "/policy", "/audit", "/settings", "/sign-in", "/"}
	seen, alike := map[string]bool{}, map[string]int{}
	for len(queue) > 0 && pages < maxPages {
		at := queue[0]
		queue = queue[1:]
		if seen[at] || strings.HasPrefix(at, "/assets/") || strings.Contains(at, "pdf") { // a print is the page's own text
			continue
		}
		seen[at] = true
		if alike[kind(at)]++; alike[kind(at)] > maxAlike {
			continue
		}
		pages++
		a := b.browse(who, http.MethodGet, at, nil)
		see("GET "+at, a)
		if to := a.header.Get("Location"); strings.HasPrefix(to, "/") {
			queue = append(queue, to)
		}
		if strings.Contains(a.header.Get("Content-Type"), "html") {
			queue = append(queue, links(a.body)...)
		}
	}
	return pages
}

// kind is what pages that differ in their id, clause or query alone share.
func kind(path string) string {
	path, query, _ := strings.Cut(path, "?")
	if query != "" {
		query, _, _ = strings.Cut(query, "=")
	}
	if strings.HasPrefix(path, "/policy/coverage/") {
		path = "/policy/coverage/*"
	}
	return shape(path) + "?" + query
}

// readAll asks every GET of the API for everything of the board.
func (b *board) readAll(who string, operations []operation, ids map[string][]string, see func(where string, a answer)) {
	b.t.Helper()
	for _, op := range operations {
		if op.method != http.MethodGet {
			continue
		}
		for _, path := range with(op.path, ids) {
			see("GET "+path, b.call(who, http.MethodGet, path, nil))
		}
	}
	for _, typed := range []string{"lecture", "vocabulaire", "Kastor"} {
		path := "/api/v1/platforms?q=" + typed
		see("GET "+path, b.call(who, http.MethodGet, path, nil))
	}
}

// with puts the ids of the things that a path speaks of in their place.
func with(path string, ids map[string][]string) []string {
	if !strings.Contains(path, "{id}") {
		if strings.Contains(path, "{") {
			return []string{strings.NewReplacer("{clause}", "2.2b", "{kind}", "incidents", "{year}", "2026", "{$}", "").Replace(path)}
		}
		return []string{path}
	}
	word := thingOf(path)
	var all []string
	for _, id := range ids[word] {
		filled := strings.ReplaceAll(path, "{id}", id)
		if strings.Contains(filled, "{aspect}") {
			all = append(all, strings.ReplaceAll(filled, "{aspect}", "use"), strings.ReplaceAll(filled, "{aspect}", "security"))
			continue
		}
		all = append(all, filled)
	}
	return all
}

// thingOf is the word that an address has for the thing it names.
func thingOf(path string) string {
	words := strings.Split(strings.TrimPrefix(path, "/api/v1"), "/")
	switch {
	case words[1] == "roster" && words[2] == "people":
		return words[3]
	case words[1] == "roster", words[1] == "directory":
		return words[2]
	}
	return words[1]
}

func TestOneBoardNeverSeesAnother(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		one, two := h.build(t, "erables", "Vorn"), h.build(t, "bouleaux", "Zyqu")
		one.fill()
		two.fill()
		markers := two.markers()
		if len(markers) < 50 {
			t.Fatalf("the other board has %d names and texts only", len(markers))
		}
		operations, pages := h.operations(t), patterns(t)
		ours, theirs := one.ids(), two.ids()

		// The same eyes see them where they belong.
		found := map[string]bool{}
		look := func(_ string, a answer) {
			said := strings.ToLower(a.heard())
			for of, marker := range markers {
				found[of] = found[of] || strings.Contains(said, marker)
			}
		}
		for who := range two.people {
			two.readAll(who, operations, theirs, look)
		}
		for _, who := range []string{"principal", "evaluation_director", "appeal_authority"} {
			two.crawl(who, look)
		}
		seen := 0
		for of := range markers {
			if found[of] {
				seen++
			}
		}
		if seen < 50 {
			t.Errorf("its own people see %d of %d names and texts only", seen, len(markers))
		}

		before := two.state()
		for who := range one.people {
			check := func(where string, a answer) {
				said := strings.ToLower(a.heard())
				for of, marker := range markers {
					if strings.Contains(said, marker) {
						t.Errorf("%s as %s says the other board's %s", where, who, of)
					}
				}
				if a.status >= http.StatusInternalServerError {
					t.Errorf("%s as %s: %d", where, who, a.status)
				}
			}
			one.crawl(who, check)
			one.readAll(who, operations, ours, check)
			one.readAll(who, operations, theirs, check)
			for _, of := range []string{"platform 1", "platform 2", "alias 3", "vendor"} {
				path := "/api/v1/platforms?q=" + url.QueryEscape(two.said[of])
				check("GET "+path, one.call(who, http.MethodGet, path, nil))
			}
			for _, op := range operations {
				one.stranger(who, op, theirs, func(path string) answer {
					return one.call(who, op.method, path, body(one, op.id))
				})
			}
			for _, op := range pages {
				one.stranger(who, op, theirs, func(path string) answer {
					return one.browse(who, op.method, path, everyField(one))
				})
			}
		}
		if after := two.state(); after != before {
			t.Errorf("the other board changed:\n%s", differs(before, after))
		}
	})
}

// stranger asks for the other board's things: the answer is that of an id that
// nobody has, to the byte.
func (b *board) stranger(who string, op operation, theirs map[string][]string, ask func(path string) answer) {
	b.t.Helper()
	if !strings.Contains(op.path, "{id}") {
		return
	}
	word := thingOf(op.path)
	if len(theirs[word]) == 0 {
		b.t.Errorf("%s %s: the test knows no %s", op.method, op.path, word)
		return
	}
	nobody := with(op.path, map[string][]string{word: {strings.Repeat("a", 26)}})
	want := map[string]answer{}
	for _, path := range nobody {
		a := ask(path)
		want[path[strings.LastIndexByte(path, '/'):]] = a
		if a.status != http.StatusNotFound {
			b.t.Errorf("%s %s as %s: %d for an id that nobody has\n%s", op.method, path, who, a.status, short(a.body))
		}
	}
	for _, path := range with(op.path, theirs) {
		last := path[strings.LastIndexByte(path, '/'):]
		if _, ok := want[last]; !ok {
			last = "/" + strings.Repeat("a", 26)
		}
		if got := ask(path); got.status != want[last].status || got.body != want[last].body || !sameHeader(got, want[last]) {
			b.t.Errorf("%s %s as %s: %d, want the %d of an id that nobody has\n%s", op.method, path, who, got.status, want[last].status, short(got.body))
		}
	}
}

func sameHeader(a, b answer) bool {
	for _, name := range []string{"Content-Type", "Location", "Content-Length"} {
		if a.header.Get(name) != b.header.Get(name) {
			return false
		}
	}
	return true
}

func short(s string) string {
	if len(s) > 600 {
		return s[:600] + " …"
	}
	return s
}

// markers are the board's names and texts as they are looked for.
func (b *board) markers() map[string]string {
	all := map[string]string{}
	for of, name := range b.said {
		all[of] = strings.ToLower(name)
	}
	return all
}

// body is what an operation is sent when it is to be well taken.
func body(b *board, operation string) any {
	verdict := map[string]any{"result": "approved", "reasons": "Elle convient."}
	answers := map[string]any{}
	for _, c := range b.criteria(evaluation.Use) {
		answers[c.ID] = map[string]any{"rating": "met"}
	}
	bodies := map[string]any{
		"create-request":        map[string]any{"platform": "Kastor", "usage": "Lire.", "description": "Une plateforme.", "data": []string{"first_name"}},
		"edit-request":          map[string]any{"platform": "Kastor", "usage": "Lire mieux.", "description": "Une plateforme.", "data": []string{"first_name"}, "version": 1},
		"authorise-request":     map[string]any{"reason": "Utile."},
		"return-request":        map[string]any{"reason": "Dire pourquoi."},
		"refuse-request":        map[string]any{"reason": "Trop cher."},
		"record-privacy":        map[string]any{"personal": "no"},
		"write-evaluation":      map[string]any{"criteria": answers, "recommendation": "approve", "summary": "Bien.", "version": 0},
		"decide":                map[string]any{"use": verdict, "security": verdict},
		"contest":               map[string]any{"aspect": "use", "explanation": "L’exercice d’écriture à deux n’a pas été regardé de près."},
		"renew":                 map[string]any{"new_security": "Chiffrement de bout en bout."},
		"answer-contest":        map[string]any{"talk_on": today(), "next_step": "maintain", "answer": "On maintient."},
		"end-licence":           map[string]any{"on": today()},
		"prepare-provisioning":  map[string]any{"kind": "delta"},
		"create-accounts":       nil,
		"suspend-account":       map[string]any{"why": "asked"},
		"resume-account":        nil,
		"load-vendor-names":     map[string]any{"names": []map[string]any{{"login_name": b.loginName("e00"), "vendor_name": "etoile-7"}}},
		"attest-deletion":       map[string]any{"on": today(), "by": "Camille Ortega, données"},
		"approve-provisioning":  nil,
		"download-provisioning": nil,
		"confirm-provisioning":  nil,
		"reveal":                map[string]any{"kind": "name", "name": b.loginName("e00"), "reason": "class_help"},
		"ask-approval":          map[string]any{"extra": 5, "reason": "class_help"},
		"approve-reveals":       nil,
		"note-service":          map[string]any{"platform": "Argo", "on": today(), "text": "Dans une classe.", "personal": "no"},
		"merge-records":         map[string]any{"first": b.twoPupils()[0], "second": b.twoPupils()[1], "login": "first", "other": "retire"},
		"undo-identity-act":     nil,
		"settle-service":        map[string]any{"outcome": "stopped", "reason": "On ne s’en sert plus."},
		"classify-request":      map[string]any{"class": b.firstClass(), "owner": "principal", "reason": "Peu.", "tier": "low", "tier_reason": "Peu."},
		"acknowledge-duties":    nil,
		"assign-condition":      map[string]any{"owner": "evaluator", "due_on": today(), "version": 2},
		"note-condition":        map[string]any{"note": "Le fournisseur répond vendredi."},
		"meet-condition":        map[string]any{"name": "courriel.txt", "content": []byte("Fait.")},
		"waive-condition":       map[string]any{"reason": "Plus utile."},
		"ask-second":            map[string]any{"second": b.as(evaluator2).ID},
		"invite":                map[string]any{"org": b.department, "due_on": "2099-12-31", "note": "Votre œil."},
		"judge":                 map[string]any{"ratings": answers, "conclusion": "Elle sert le programme.", "version": 1},
		"decline-invitation":    map[string]any{"reason": "Personne n’est libre.", "version": 1},
		"reevaluate":            map[string]any{"cause": "terms", "reason": "Le fournisseur change ses conditions."},
		"add-criterion": map[string]any{"aspect": "use", "name": map[string]any{"fr": "Empreinte", "en": "Footprint"},
			"question": map[string]any{"fr": "Que consomme-t-elle?", "en": "What does it consume?"}},
		"retire-criterion":    nil,
		"submit-request":      nil,
		"withdraw-request":    nil,
		"acknowledge-request": nil,
		"join-request":        nil,
		"receive-decision":    nil,
	}
	switch operation {
	case "record-licence":
		return bought(b)
	case "begin-import":
		return b.zip()
	}
	maps.Copy(bodies, b.incidentBodies())
	maps.Copy(bodies, b.governanceBodies())
	maps.Copy(bodies, b.rightsBodies())
	maps.Copy(bodies, b.assessmentBodies())
	maps.Copy(bodies, b.contractBodies())
	maps.Copy(bodies, b.rosterBodies())
	sent, known := bodies[operation]
	if !known && !slices.Contains(reads, operation) {
		b.t.Errorf("the test knows no body for %s", operation)
	}
	return sent
}

// bought is a licence of the board that a school pays for: each that records licences may where
// they stand, the principal of the school among them.
func bought(b *board) map[string]any {
	return map[string]any{"platform_id": b.anyApproved(), "scope": "school", "org_id": b.school, "payer": b.school,
		"starts_on": "2026-01-01", "ends_on": "2099-12-31", "audience": map[string]any{"grades": []string{"04"}},
		"account_kind": "login_name", "sign_in_url": "https://kastor.example",
		"columns": []map[string]any{{"name": "Username", "holds": "login_name"}}}
}

// anyApproved is a platform that the board has approved.
func (b *board) anyApproved() (approved string) {
	b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.All(ctx, tx, text, `SELECT id FROM platform WHERE board_id = $1 AND status = 'approved' ORDER BY id LIMIT 1`, tx.Board)
		if len(found) > 0 {
			approved = found[0]
		}
		return err
	}))
	if approved == "" {
		approved = string(b.approved().ID)
	}
	return approved
}

// reads are the operations that take nothing and change nothing, and the one that takes a request of its own.
var reads = []string{"me", "search-platforms", "list-licences", "read-licence", "read-disclosure", "count-accounts", "read-account", "read-attestation", "list-requests", "read-request", "read-evaluation", "read-decision", "coverage", "read-audit", "list-reveals", "list-outliers",
	"list-incident-reports", "list-incidents", "read-incident", "export-register", "list-acts", "list-official", "list-interpretations", "list-attestations", "trace", "yearly-report", "list-candidates", "list-identity-acts", "list-school-years", "read-school-year", "list-conditions", "read-condition", "list-services", "list-found-services", "list-invitations", "read-invitation", "export-evaluation", "list-criteria",
	"list-rights", "read-right", "list-board-notices", "read-board-notice", "list-consents", "read-consent", "list-disposals",
	"list-assessments", "read-assessment", "read-assessment-file", "open-assessment",
	"list-contracts", "read-contract",
	"list-imports", "read-import", "list-exports", "read-credential", "list-corrections", "read-correction", "list-breaches", "read-breach"}

// everyField fills in any form of the pages.
func everyField(b *board) url.Values {
	form := url.Values{
		"platform": {"Kastor"}, "name": {"Kastor"}, "org": {b.school}, "description": {"Une plateforme."}, "usage": {"Lire."},
		"data_kinds": {"first_name"}, "data": {"first_name"}, "classes": {b.classes[0]}, "cost": {"252"}, "reason": {"Utile."},
		"personal": {"no"}, "recommendation": {"approve"}, "summary": {"Bien."}, "location": {"qc"}, "version": {"1"},
		"use_result": {"approved"}, "use_reasons": {"Elle convient."}, "security_result": {"approved"}, "security_reasons": {"Elle protège."},
		"aspect": {"use"}, "explanation": {"L’exercice d’écriture à deux n’a pas été regardé de près."}, "talk_on": {today()},
		"next_step": {"maintain"}, "answer": {"On maintient."}, "do": {"authorise"}, "to": {b.as("professional").ID},
		"on": {today()}, "text": {"Vu."}, "outcome": {"stopped"}, "class": {b.firstClass()}, "tier": {"low"}, "tier_reason": {"Peu."},
		"why": {"asked"}, "idle": {"unconfirmed"}, "count": {"1"},
		"note": {"Le fournisseur répond vendredi."}, "due_on": {today()}, "owner": {"evaluator"},
		"starts": {today()}, "ends": {"2099-12-31"}, "new_security": {"Chiffrement de bout en bout."},
	}
	for _, c := range b.criteria(evaluation.Use) {
		form.Set("rating."+c.ID, "met")
	}
	return form
}
