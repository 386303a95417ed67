package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/request"
)

// answer is what came back through a door.
type answer struct {
	status int
	header http.Header
	body   string
}

// heard is all that the caller sees of it.
func (a answer) heard() string {
	var b strings.Builder
	_ = a.header.Write(&b) // a builder never fails
	return b.String() + "\n" + a.body
}

func (h *house) serve(r *http.Request) answer {
	w := httptest.NewRecorder()
	h.door.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

// call asks the API as somebody; a body that is no text and no zip is sent as JSON.
func (b *board) call(who, method, path string, body any) answer {
	b.t.Helper()
	var sent []byte
	media := "application/json"
	switch body := body.(type) {
	case nil:
	case string:
		sent = []byte(body)
	case []byte:
		sent, media = body, "application/zip"
	default:
		var err error
		sent, err = json.Marshal(body)
		b.must(err)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(sent)).WithContext(b.t.Context())
	r.Header.Set("Authorization", "Bearer "+b.people[who].token)
	r.Header.Set("Accept-Language", "fr")
	if sent != nil {
		r.Header.Set("Content-Type", media)
	}
	return b.serve(r)
}

// browse asks the pages as somebody; a form is posted.
func (b *board) browse(who, method, path string, form url.Values) answer {
	b.t.Helper()
	r := httptest.NewRequest(method, path, nil).WithContext(b.t.Context())
	if method == http.MethodPost {
		r = b.post(path, form)
	}
	r.AddCookie(b.cookie(who))
	return b.serve(r)
}

// cookie is that of somebody's session.
func (b *board) cookie(who string) *http.Cookie {
	b.t.Helper()
	s := b.people[who]
	if s.cookie == nil {
		in := b.serve(b.post("/sign-in", url.Values{"board": {b.id}, "login": {s.login}, "password": {password}}))
		for _, c := range (&http.Response{Header: in.header}).Cookies() {
			if c.Name == "aval_session" {
				s.cookie = c
			}
		}
		if s.cookie == nil {
			b.t.Fatalf("%s cannot sign in: %d\n%s", who, in.status, in.body)
		}
	}
	return s.cookie
}

func (b *board) post(path string, form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode())).WithContext(b.t.Context())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if slices.Contains(multipartForms, shape(path)) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for name, values := range form {
			for _, value := range values {
				b.must(w.WriteField(name, value))
			}
		}
		b.must(w.Close())
		r = httptest.NewRequest(http.MethodPost, path, &body).WithContext(b.t.Context())
		r.Header.Set("Content-Type", w.FormDataContentType())
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// multipartForms are those that may carry files.
var multipartForms = []string{"/usage", "/requests/*/evaluation/use", "/requests/*/evaluation/security"}

var longID = regexp.MustCompile(`/[a-z2-7]{26}(/|$)`)

func shape(path string) string { return longID.ReplaceAllString(path, "/*$1") }

// operation is one that /openapi.json promises.
type operation struct {
	id, method, path string
	need             string // of a page: as its route writes it
}

// operations reads them from the description itself.
func (h *house) operations(t *testing.T) []operation {
	t.Helper()
	said := h.serve(httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	var doc struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			ID string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(said.body), &doc); err != nil || !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Fatalf("/openapi.json: version %q, %v", doc.OpenAPI, err)
	}
	var all []operation
	for path, methods := range doc.Paths {
		for method, op := range methods {
			all = append(all, operation{id: op.ID, method: strings.ToUpper(method), path: path})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	if len(all) < 20 {
		t.Fatalf("/openapi.json speaks of %d operations only", len(all))
	}
	return all
}

// patterns reads the routes of the pages from their list.
func patterns(t *testing.T) []operation {
	t.Helper()
	files, err := filepath.Glob("../web/*.go")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`\{pattern: "(GET|POST) ([^"]*)"(?:, need: ([\w.]+))?`)
	var all []operation
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range line.FindAllStringSubmatch(string(text), -1) {
			all = append(all, operation{method: m[1], path: m[2], need: m[3]})
		}
	}
	if len(all) < 6 {
		t.Fatalf("found %d routes of pages only", len(all))
	}
	return all
}

// ids are those of a board's things, by the word that an address has for them.
func (b *board) ids() map[string][]string {
	b.t.Helper()
	found := map[string][]string{}
	for word, query := range map[string]string{
		"requests":     `SELECT min(id) FROM request WHERE board_id = $1 AND state IN ('decided', 'submitted', 'acknowledged') GROUP BY state`,
		"invitations":  `SELECT id FROM invitation WHERE board_id = $1 ORDER BY id`,
		"criteria":     `SELECT id FROM criterion WHERE board_id = $1 ORDER BY id`,
		"evaluations":  `SELECT min(id) FROM request WHERE board_id = $1 AND state IN ('decided', 'evaluated') GROUP BY state`,
		"decisions":    `SELECT id FROM decision WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"contests":     `SELECT id FROM contest WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"evidence":     `SELECT id FROM evidence WHERE board_id = $1 ORDER BY id`,
		"platforms":    `SELECT id FROM platform WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"licences":     `SELECT id FROM licence WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"classes":      `SELECT id FROM class WHERE board_id = $1 ORDER BY source_id`,
		"reveals":      `SELECT id FROM reveal_approval WHERE board_id = $1 ORDER BY id`,
		"approvals":    `SELECT id FROM reveal_approval WHERE board_id = $1 ORDER BY id`,
		"pupils":       `SELECT id FROM person WHERE board_id = $1 AND kind = 'student' ORDER BY id LIMIT 2`,
		"assessments":  `SELECT id FROM assessment WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"breaches":     `SELECT id FROM breach WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"corrections":  `SELECT id FROM correction WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"schools":      `SELECT id FROM org WHERE board_id = $1 AND kind = 'school' ORDER BY id LIMIT 2`,
		"acts":         `SELECT id FROM identity_act WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"conditions":   `SELECT id FROM condition WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"sources":      `SELECT id FROM roster_source WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"imports":      `SELECT id FROM roster_import WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"mappings":     `SELECT id FROM roster_upload WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"undertakings": `SELECT id FROM undertaking WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"contracts":    `SELECT id FROM contract WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"earlier":      `SELECT id FROM earlier_decision WHERE board_id = $1 ORDER BY id`,
		"proofs":       `SELECT id FROM condition_file WHERE board_id = $1 ORDER BY id`,
		"policy":       `SELECT id FROM board_pack WHERE board_id = $1 ORDER BY seq`,
		"delegations":  `SELECT id FROM delegation WHERE board_id = $1 ORDER BY id`,
		"governance":   `SELECT id FROM governance_act WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"official":     `SELECT id FROM official_version WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"services":     `SELECT id FROM found_platform WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"incidents":    `SELECT id FROM incident WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"rights":       `SELECT id FROM rights_request WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"notices":      `SELECT id FROM board_notice WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"consents":     `SELECT id FROM consent WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"disposal":     `SELECT id FROM disposal WHERE board_id = $1 ORDER BY id LIMIT 2`,

		"interpretations":  `SELECT id FROM interpretation WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"board-notices":    `SELECT id FROM board_notice WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"disposals":        `SELECT id FROM disposal WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"assessment-files": `SELECT id FROM assessment_file WHERE board_id = $1 ORDER BY id`,
		"contract-files":   `SELECT id FROM contract_file WHERE board_id = $1 ORDER BY id LIMIT 2`,
		"incident-reports": `SELECT id FROM incident_report WHERE board_id = $1 ORDER BY id LIMIT 2`,
	} {
		b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) (err error) {
			found[word], err = db.All(ctx, tx, text, query, tx.Board)
			return err
		}))
		if len(found[word]) == 0 {
			b.t.Fatalf("the board has none of %s", word)
		}
	}
	return found
}

// state is what stands in the tables of a board: what a refusal must leave alone.
// Where nothing was written since the last look, that one still holds.
func (b *board) state() string {
	b.t.Helper()
	if writes := b.writes(); b.last.state == "" || b.last.writes != writes {
		b.last.writes, b.last.state = writes, b.tables()
	}
	return b.last.state
}

// writes tells by its change that something may have been written.
func (b *board) writes() (mark string) {
	b.t.Helper()
	if d := b.DB.SQLite(); d != nil {
		b.must(d.QueryRowContext(b.t.Context(), `SELECT total_changes()`).Scan(&mark))
	} else {
		b.must(b.DB.Postgres().QueryRow(b.t.Context(), `SELECT CAST(pg_current_snapshot() AS text)`).Scan(&mark))
	}
	return mark
}

func (b *board) tables() string {
	var all []string
	b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) (err error) {
		all, err = db.All(ctx, tx, text, strings.Join([]string{
			`SELECT 'audit ' || CAST(count(*) AS text) FROM audit_record WHERE board_id = $1 AND action NOT IN ('account.signed_in', 'access.vendor_naming')`,
			`SELECT 'mark ' || control || ' ' || outcome || ' ' || CAST(count(*) AS text) FROM control_mark
				WHERE board_id = $1 GROUP BY control, outcome`,
			`SELECT 'request ' || id || ' ' || state || ' ' || CAST(version AS text) FROM request WHERE board_id = $1`,
			`SELECT 'evaluation ' || id || ' ' || CAST(version AS text) FROM evaluation WHERE board_id = $1`,
			`SELECT 'opinion ' || evaluation_id || ' ' || CAST(version AS text) FROM evaluation_opinion WHERE board_id = $1`,
			`SELECT 'invitation ' || id || ' ' || state FROM invitation WHERE board_id = $1`,
			`SELECT 'criterion ' || id || ' ' || retired_by FROM criterion WHERE board_id = $1`,
			`SELECT 'signer ' || public_key || ' ' || name FROM trusted_signer WHERE board_id = $1`,
			`SELECT 'decision ' || id || ' ' || CAST(version AS text) FROM decision WHERE board_id = $1`,
			`SELECT 'contest ' || id || ' ' || CAST(version AS text) FROM contest WHERE board_id = $1`,
			`SELECT 'platform ' || id || ' ' || CAST(version AS text) FROM platform WHERE board_id = $1`,
			`SELECT 'licence ' || id || ' ' || CAST(version AS text) FROM licence WHERE board_id = $1`,
			`SELECT 'pupil account ' || id || ' ' || CAST(version AS text) FROM pupil_account WHERE board_id = $1`,
			`SELECT 'file ' || id || ' ' || CAST(version AS text) FROM provisioning WHERE board_id = $1`,
			`SELECT 'export ' || id || ' ' || CAST(version AS text) FROM export WHERE board_id = $1`,
			`SELECT 'route ' || id || ' ' || CAST(version AS text) FROM export_route WHERE board_id = $1`,
			`SELECT 'joiner ' || request_id || ' ' || account_id FROM request_joiner WHERE board_id = $1`,
			`SELECT 'evidence ' || id FROM evidence WHERE board_id = $1`,
			`SELECT 'delegation ' || id || ' ' || COALESCE(CAST(ended_at AS text), '') FROM delegation WHERE board_id = $1`,
			`SELECT 'account ' || id || ' ' || CAST(version AS text) FROM account WHERE board_id = $1`,
			`SELECT 'reveal ' || id || ' ' || person_id FROM reveal WHERE board_id = $1`,
			`SELECT 'approval ' || id || ' ' || approved_by FROM reveal_approval WHERE board_id = $1`,
			`SELECT 'usage ' || class_id || ' ' || day || ' ' || CAST(seen AS text) FROM usage_report WHERE board_id = $1`,
			`SELECT 'incident ' || id || ' ' || state || ' ' || CAST(version AS text) FROM incident WHERE board_id = $1`,
			`SELECT 'report ' || id || ' ' || answered_by FROM incident_report WHERE board_id = $1`,
			`SELECT 'notice ' || id || ' ' || sent_on || ' ' || CAST(version AS text) FROM incident_notice WHERE board_id = $1`,
			`SELECT 'act ' || id || ' ' || ended_on FROM governance_act WHERE board_id = $1`,
			`SELECT 'official ' || id FROM official_version WHERE board_id = $1`,
			`SELECT 'interpretation ' || id || ' ' || ended_by FROM interpretation WHERE board_id = $1`,
			`SELECT 'attestation ' || id FROM attestation WHERE board_id = $1`,
			`SELECT 'right ' || id || ' ' || state || ' ' || CAST(version AS text) FROM rights_request WHERE board_id = $1`,
			`SELECT 'told ' || id || ' ' || state || ' ' || CAST(version AS text) FROM board_notice WHERE board_id = $1`,
			`SELECT 'consent ' || id || ' ' || CAST(version AS text) FROM consent WHERE board_id = $1`,
			`SELECT 'basis ' || platform_id || ' ' || basis FROM collection_basis WHERE board_id = $1`,
			`SELECT 'rule ' || kind || ' ' || code FROM retention_rule WHERE board_id = $1`,
			`SELECT 'batch ' || id || ' ' || state FROM disposal WHERE board_id = $1`,
			`SELECT 'assessment ' || id || ' ' || state || ' ' || CAST(version AS text) FROM assessment WHERE board_id = $1`,
			`SELECT 'consultation ' || id FROM consultation WHERE board_id = $1`,
			`SELECT 'assessment file ' || id FROM assessment_file WHERE board_id = $1`,
			`SELECT 'condition ' || id || ' ' || state || ' ' || CAST(version AS text) FROM condition WHERE board_id = $1`,
			`SELECT 'contract ' || id || ' ' || state || ' ' || CAST(version AS text) FROM contract WHERE board_id = $1`,
			`SELECT 'undertaking ' || id || ' ' || ended_on FROM undertaking WHERE board_id = $1`,
			`SELECT 'sector ' || platform_id || ' ' || sector FROM platform_sector WHERE board_id = $1`,
			`SELECT 'contract file ' || id FROM contract_file WHERE board_id = $1`,
			`SELECT 'contract check ' || id || ' ' || done_on FROM contract_check WHERE board_id = $1`,
			`SELECT 'contract notice ' || id FROM contract_notice WHERE board_id = $1`,
			`SELECT 'source ' || id || ' ' || CAST(version AS text) FROM roster_source WHERE board_id = $1`,
			`SELECT 'pull ' || id || ' ' || state || ' ' || CAST(version AS text) FROM roster_pull WHERE board_id = $1`,
			`SELECT 'import ' || id || ' ' || state FROM roster_import WHERE board_id = $1`,
			`SELECT 'credential ' || id || ' ' || CAST(version AS text) FROM credential WHERE board_id = $1`,
			`SELECT 'secret ' || hash FROM credential_secret WHERE board_id = $1`,
			`SELECT 'correction ' || id || ' ' || state || ' ' || CAST(version AS text) FROM correction WHERE board_id = $1`,
			`SELECT 'breach ' || id || ' ' || state || ' ' || CAST(version AS text) FROM breach WHERE board_id = $1`,
			`SELECT 'earlier ' || id FROM earlier_decision WHERE board_id = $1`,
			`SELECT 'note ' || id FROM condition_note WHERE board_id = $1`,
			`SELECT 'proof ' || id FROM condition_file WHERE board_id = $1`,
			`SELECT 'scheme ' || COALESCE(CAST(max(version) AS text), '') FROM data_scheme WHERE board_id = $1`,
			`SELECT 'class ' || request_id || ' ' || CAST(version AS text) FROM data_class WHERE board_id = $1`,
			`SELECT 'found ' || id || ' ' || state FROM found_platform WHERE board_id = $1`,
			`SELECT 'duty ' || account_id FROM duty WHERE board_id = $1`,
			`SELECT 'settings ' || settings FROM board WHERE id = $1`,
		}, " UNION ALL "), tx.Board)
		return err
	}))
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// text reads a row of one text.
func text(row db.Row) (s string, err error) {
	err = row.Scan(&s)
	return s, err
}

// differs is what changed between two states.
func differs(before, after string) string {
	var lines []string
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, line := range was {
		if !slices.Contains(is, line) {
			lines = append(lines, "- "+line)
		}
	}
	for _, line := range is {
		if !slices.Contains(was, line) {
			lines = append(lines, "+ "+line)
		}
	}
	return strings.Join(lines, "\n")
}

// fill lives the whole story on the board: requests in every state, licences,
// evidence, a disagreement that is answered and one that waits, a stand-in.
func (b *board) fill() {
	b.t.Helper()
	ctx := b.t.Context()
	for _, state := range request.States {
		b.to(state)
	}
	b.toBy(otherTeacher, request.Decided)
	joined := b.to(request.Submitted)
	_, err := b.Requests.Join(ctx, b.as("professional"), joined.ID)
	b.must(err)
	for _, prove := range []string{"4.1a", "4.1b", "2.1", "6.5a", "6.6a", "1.3e", "6.2b"} {
		b.must(proofs[prove].act(b))
	}
	b.recordedID("review")
	b.interpreted()
	b.must(b.deposited("secretary"))
	b.more("teacher")
	b.told("teacher")
	b.sorted()
	b.foundID()
	b.must(b.classify(b.to(request.Acknowledged).ID))
	b.entered("open")
	b.entered("delete")
	b.known()
	b.bound()
	b.undertaken()
	b.exported(true)
	b.routed(true)
	b.held()
	b.plain()
	b.wrongName()
	b.kin()
	b.breached()
	_, err = b.Identity.Part(ctx, b.as("it"), b.pupil("e00"), b.pupil("e01"))
	b.must(err)
	_, err = b.contest(b.decisionOf(b.to(request.Decided).ID).ID)
	b.must(err)
	r := b.to(request.Acknowledged)
	_, err = b.Evaluations.AddEvidence(ctx, b.as("evaluator"), r.ID, evaluation.Security, b.criteria(evaluation.Security)[1].ID, evaluation.File{
		Name: "conditions-" + b.name("evidence") + ".txt", Media: "text/plain",
		Content: strings.NewReader("Les conditions du fournisseur, " + b.name("content of evidence"))})
	b.must(err)
	_, err = b.Decisions.Import(ctx, b.system(), []byte("platform,date,result,conditions,decided by,reference\n"+
		b.platform().Name+",2023-05-04,conditional,Sans nom "+b.name("earlier condition")+",Comité "+b.name("earlier decider")+",CE-"+b.name("earlier reference")+"\n"), false)
	b.must(err)
	b.invitation("note of an invitation")
	b.criterion("added criterion")
	c := b.condition("teacher", "professional")
	b.actID()
	_, err = b.Conditions.Note(ctx, b.as("principal"), c.ID, "Le fournisseur répond vendredi, "+b.name("note of a condition"))
	b.must(err)
	_, err = b.Conditions.Meet(ctx, b.as("professional"), c.ID, condition.Proof{Name: "courriel-" + b.name("proof") + ".txt",
		Content: strings.NewReader("C’est fait, " + b.name("content of a proof"))})
	b.must(err)
	_, err = b.Conditions.Waive(ctx, b.as("evaluation_director"), b.condition("teacher", "principal").ID, "Plus utile, "+b.name("waiver"))
	b.must(err)
	b.assess()
	l, err := b.Licences.Record(ctx, b.as("principal"), b.accounted())
	b.must(err)
	b.fileFor("confirm-provisioning", l.ID)
	_, err = b.Accounts.Delegate(ctx, b.as("principal"), b.as("professional").ID, time.Now(), time.Now().Add(48*time.Hour))
	b.must(err)
	lent := b.people["professional"]
	lent.Actor, err = b.Accounts.Actor(ctx, b.id, lent.ID)
	b.must(err)
}
