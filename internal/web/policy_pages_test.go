package web

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aval/internal/access"
	"aval/internal/adoption"
	"aval/internal/assessment"
	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/catalogue"
	"aval/internal/classification"
	"aval/internal/condition"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/duty"
	"aval/internal/fault"
	"aval/internal/governance"
	"aval/internal/grade"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/inventory"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/request"
	"aval/internal/rights"
	"aval/internal/seal"
	"aval/internal/usage"
	"aval/internal/vault"
)

// byRole stands for the accounts: one person a role, whose login is the role.
type byRole struct {
	boards []board.Board
	actors map[string]policy.Actor
}

func (a byRole) SignIn(_ context.Context, _, login, _ string) (policy.Actor, error) {
	actor, ok := a.actors[login]
	if !ok {
		return policy.Actor{}, fault.New(fault.Invalid, "account.sign_in_refused")
	}
	return actor, nil
}

func (a byRole) Actor(_ context.Context, _, id string) (policy.Actor, error) {
	for _, actor := range a.actors {
		if actor.ID == id {
			return actor, nil
		}
	}
	return policy.Actor{}, fault.Missing()
}

func (a byRole) Boards(context.Context) ([]board.Board, error) { return a.boards, nil }

// policyHouse is the door over a board with a school, a department, an approved
// and a refused platform, and a request that its principal signed.
type policyHouse struct {
	*house
	staff             byRole
	board             string
	approved, refused string
	keys              *seal.Keys
}

func openPolicy(t *testing.T, d *db.DB) *policyHouse {
	t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	d.Clock = func() time.Time { return time.Date(2026, 11, 20, 19, 5, 0, 0, time.UTC) }
	h := &policyHouse{board: dbtest.Board(t, d)}
	h.staff = byRole{boards: []board.Board{{ID: h.board, Name: "Commission scolaire du Bois-Clair"}}, actors: map[string]policy.Actor{}}
	for _, role := range policy.Roles {
		place := map[policy.Role]string{policy.Teacher: "s1", policy.Professional: "s1", policy.Principal: "s1", policy.DepartmentHead: "d1"}
		h.staff.actors[string(role)] = policy.Actor{ID: "a-" + string(role), Board: h.board, Name: "Compte " + string(role), Lang: "", Via: "web",
			Pack: pack, Grants: []policy.Grant{{Role: role, Org: place[role]}}}
	}
	if h.keys, err = seal.Open(filepath.Join(t.TempDir(), "keys")); err != nil {
		t.Fatal(err)
	}
	err = d.Write(t.Context(), h.board, func(ctx context.Context, tx *db.Tx) error {
		for _, o := range [][3]string{{"s1", "school", "École du Méandre"}, {"d1", "department", "Service des arts"}} {
			if _, err := tx.Exec(ctx, `INSERT INTO org (board_id, id, source_id, kind, name, updated_at)
				VALUES ($1, $2, $3, $4, $5, $6)`, tx.Board, o[0], o[0], o[1], o[2], tx.Now); err != nil {
				return err
			}
		}
		for _, a := range h.staff.actors {
			if _, err := tx.Exec(ctx, `INSERT INTO account (board_id, id, login, name, email, lang, person_id, password, disabled, created_at)
				VALUES ($1, $2, $3, $4, '', 'fr', '', '', false, $5)`, tx.Board, a.ID, a.ID, a.Name, tx.Now); err != nil {
				return err
			}
		}
		hand := policy.System(h.board, pack, "cli")
		for name, status := range map[string]catalogue.Status{"Tabulou": catalogue.Approved, "Zibaline": catalogue.Refused} {
			p, err := catalogue.Add(ctx, tx, hand, catalogue.Draft{Name: name, Functions: []string{"mathematics"}})
			if err != nil {
				return err
			}
			if err := catalogue.SetResult(ctx, tx, p.ID, status, "", catalogue.Quebec, "x"); err != nil {
				return err
			}
			if status == catalogue.Refused {
				h.refused = string(p.ID)
			} else {
				h.approved = string(p.ID)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &Server{DB: d, Classification: &classification.Service{DB: d}, Inventory: &inventory.Service{DB: d}, Duties: &duty.Service{DB: d}, Accounts: h.staff, SignInTakes: time.Nanosecond, Log: slog.New(slog.DiscardHandler),
		Catalogue: catalogue.New(d), Licences: licence.New(d, contract.Gate), Contracts: &contract.Service{DB: d, Asked: assessment.Measures}, Access: access.New(d, nil), Requests: request.New(d), Usage: &usage.Service{DB: d}, Audit: &audit.Service{DB: d},
		Boards: &board.Service{DB: d}, Adoptions: &adoption.Service{DB: d}, Pseudonyms: &pseudonym.Service{DB: d, Names: &pseudonym.Names{Vault: vault.New(seal.LostMaster())}}, Keys: h.keys, Conditions: &condition.Service{DB: d}, Assessments: &assessment.Service{DB: d}, Incidents: &incident.Service{DB: d}, Governance: &governance.Service{DB: d}, Rights: &rights.Service{DB: d}}
	h.house = &house{Server: server, at: httptest.NewServer(server.Handler())}
	t.Cleanup(h.at.Close)
	return h
}

// as opens a session for a role.
func (h *policyHouse) as(t *testing.T, role policy.Role) *http.Client {
	t.Helper()
	c := browser(t)
	res, body := h.post(t, c, "/sign-in", "fr", url.Values{"login": {string(role)}, "password": {"x"}})
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign-in of %s: %d\n%s", role, res.StatusCode, body)
	}
	return c
}

// ask sends a signed principal's request for a platform.
func (h *policyHouse) ask(t *testing.T) request.Request {
	t.Helper()
	principal := h.staff.actors[string(policy.Principal)]
	r, err := h.Requests.Create(t.Context(), principal, request.Draft{PlatformID: catalogue.ID(h.refused), Org: "s1",
		Description: "Un site de calcul mental.", Usage: "Dix minutes par jour.", DataKinds: []string{"none"}, Pupils: 22})
	if err != nil {
		t.Fatal(err)
	}
	if r, err = h.Requests.Submit(t.Context(), principal, r.ID); err != nil {
		t.Fatal(err)
	}
	return r
}

func (h *policyHouse) marks(t *testing.T) int64 {
	t.Helper()
	var n int64
	err := h.DB.Read(t.Context(), h.board, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = db.One(ctx, tx, func(row db.Row) (n int64, err error) { return n, row.Scan(&n) },
			`SELECT count(*) FROM audit_record WHERE board_id = $1`, tx.Board)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestPolicyPagesRefuse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openPolicy(t, d)
		before := h.marks(t)
		licenceForm := url.Values{"platform": {h.approved}, "scope": {"board"}, "payer": {licence.DDL},
			"starts_on": {"2026-08-31"}, "ends_on": {"2027-06-30"}, "cost": {"1 250,50"}, "seats": {"40"}}
		for _, c := range []struct {
			name   string
			role   policy.Role
			path   string
			form   url.Values
			status int
		}{
			{"the trail, by a teacher", policy.Teacher, "/audit", nil, http.StatusForbidden},
			{"the trail, by the operator", policy.Operator, "/audit", nil, http.StatusForbidden},
			{"coverage, by a teacher", policy.Teacher, "/policy/coverage", nil, http.StatusForbidden},
			{"what stands behind a clause, by a teacher", policy.Teacher, "/policy/coverage/2.2b", nil, http.StatusForbidden},
			{"a clause that is a script", policy.Secretary, "/policy/coverage/" + url.PathEscape("<script>alert(1)</script>"), nil, http.StatusNotFound},
			{"a clause that is not", policy.Secretary, "/policy/coverage/9.9z", nil, http.StatusNotFound},
			{"a finding that is not", policy.Secretary, "/policy/coverage/2.2b?show=zz", nil, http.StatusNotFound},
			{"a place that is not", policy.Secretary, "/policy/coverage/2.2b?after=%3Cscript%3E", nil, http.StatusNotFound},
			{"a filter that is not", policy.Secretary, "/policy/coverage?show=%3Cscript%3E", nil, http.StatusNotFound},
			{"a role that is not", policy.Teacher, "/policy/roles?role=%3Cscript%3E", nil, http.StatusNotFound},
			{"the trail from nowhere", policy.Secretary, "/audit?before=-4", nil, http.StatusNotFound},
			{"a checkpoint, by a teacher", policy.Teacher, "/audit/checkpoint", url.Values{}, http.StatusForbidden},
			{"a checkpoint, by the privacy officer", policy.PrivacyOfficer, "/audit/checkpoint", url.Values{}, http.StatusForbidden},
			{"licences, by a teacher", policy.Teacher, "/licences", nil, http.StatusForbidden},
			{"page zero of the licences", policy.Principal, "/licences?page=0", nil, http.StatusNotFound},
			{"a licence form, by a teacher", policy.Teacher, "/licences/new", nil, http.StatusForbidden},
			{"a licence, by a teacher", policy.Teacher, "/licences/new", licenceForm, http.StatusNotFound},
			{"a licence for no platform", policy.EvaluationDirector, "/licences/new?platform=none", nil, http.StatusNotFound},
			{"the board's licence, by a principal", policy.Principal, "/licences/new", licenceForm, http.StatusNotFound},
			{"settings, by the director", policy.EvaluationDirector, "/settings", nil, http.StatusForbidden},
			{"settings kept by the director", policy.EvaluationDirector, "/settings", url.Values{"evaluator_decides": {"yes"}}, http.StatusForbidden},
			{"settings of no choice", policy.Operator, "/settings", url.Values{"evaluator_decides": {"<script>"}}, http.StatusUnprocessableEntity},
		} {
			client := h.as(t, c.role)
			var res reply
			var body string
			if c.form == nil {
				res, body = h.get(t, client, c.path, "fr")
			} else {
				res, body = h.post(t, client, c.path, "fr", c.form)
			}
			if res.StatusCode != c.status && (c.status != http.StatusNotFound || res.StatusCode != http.StatusForbidden) {
				t.Errorf("%s: %d, want %d", c.name, res.StatusCode, c.status)
			}
			if strings.Contains(body, "<script>alert") {
				t.Errorf("%s: the page carries the script", c.name)
			}
		}
		if after := h.marks(t); after != before {
			t.Errorf("refusals left %d records", after-before)
		}
	})
}

func TestLicenceFormIsRefusedBesideItsFields(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openPolicy(t, d)
		director := h.as(t, policy.EvaluationDirector)
		good := url.Values{"platform": {h.approved}, "scope": {"school"}, "org_id": {"s1"}, "payer": {"s1"},
			"starts_on": {"2026-08-31"}, "ends_on": {"2027-06-30"}, "cost": {"1 250,50"}, "seats": {"40"}}
		with := func(field, value string) url.Values {
			form := url.Values{}
			for k, v := range good {
				form[k] = slices.Clone(v)
			}
			form.Set(field, value)
			return form
		}
		for _, c := range []struct {
			name, field, value, at, fr, en string
		}{
			{"paid by the DDL for a school", "payer", licence.DDL, "payer", "Le DDL ne paie que ses licences", "The DDL pays only for"},
			{"paid by a script", "payer", "<script>", "payer", "Dites qui paie", "Say who pays"},
			{"without a scope", "scope", "", "scope", "Dites pour qui est la licence", "Say whom the licence is for"},
			{"for a school that is not", "org_id", "s9", "org_id", "Choisissez une école", "Choose a school"},
			{"from no day", "starts_on", "hier", "starts_on", "Écrivez une date", "Write a date"},
			{"that ends before it starts", "ends_on", "2026-08-30", "ends_on", "La fin ne peut pas", "The end cannot come"},
			{"of a cost that is none", "cost", "beaucoup", "cost", "Écrivez un nombre", "Write a number"},
			{"of seats below zero", "seats", "-3", "seats", "Écrivez un nombre", "Write a number"},
			{"for no platform", "platform", "", "platform", "Choisissez une plateforme", "Choose a platform"},
		} {
			for lang, want := range map[string]string{"fr": c.fr, "en": c.en} {
				res, body := h.post(t, director, "/licences/new", lang, with(c.field, c.value))
				if res.StatusCode != http.StatusUnprocessableEntity {
					t.Errorf("%s: %d", c.name, res.StatusCode)
					continue
				}
				contains(t, body, want, `id="`+c.at+`-error"`, `<a href="#`+c.at+`">`)
				if c.field != "cost" {
					contains(t, body, `value="1 250,50"`)
				}
				if strings.Contains(body, "<script>") {
					t.Errorf("%s: the page carries the script", c.name)
				}
			}
		}
		_, body := h.post(t, director, "/licences/new", "fr", with("payer", licence.DDL))
		contains(t, body, `href="/policy#4.2b"`)
		res, body := h.post(t, director, "/licences/new", "fr", with("platform", h.refused))
		if res.StatusCode != http.StatusConflict {
			t.Errorf("a licence for a refused platform: %d", res.StatusCode)
		}
		contains(t, body, "Cette plateforme n’est pas approuvée", `href="/policy#4.1"`, `value="1 250,50"`)

		res, _ = h.post(t, director, "/licences/new", "fr", good)
		one := res.Header.Get("Location")
		if !strings.HasPrefix(one, "/licences/") {
			t.Fatalf("a good licence is sent to %q", one)
		}
		_, body = h.get(t, director, one, "fr")
		contains(t, body, "La licence est inscrite.", "Licence de Tabulou", "École du Méandre, 0\u00a0élève", "1\u00a0250,50\u00a0$", "31\u00a0août\u00a02026", `href="/policy#4.2b"`)
		_, body = h.get(t, h.as(t, policy.Principal), "/licences", "en")
		contains(t, body, `href="`+one+`"`, "École du Méandre", "$1,250.50", "Running")
		if _, body = h.get(t, h.as(t, policy.DepartmentHead), "/licences", "en"); strings.Contains(body, "École du Méandre") {
			t.Error("a department sees a school's licence")
		}
		for role, want := range map[policy.Role]int{policy.DepartmentHead: http.StatusNotFound, policy.Teacher: http.StatusNotFound, policy.EvaluationDirector: http.StatusUnprocessableEntity} {
			if res, _ := h.post(t, h.as(t, role), one+"/end", "fr", url.Values{"on": {"2026-08-30"}}); res.StatusCode != want {
				t.Errorf("ending a licence before it began, as %s: %d, want %d", role, res.StatusCode, want)
			}
		}
		h.post(t, director, one+"/end", "fr", url.Values{"on": {"2026-11-19"}})
		_, body = h.get(t, director, one, "fr")
		contains(t, body, "La licence prend fin le 19\u00a0nov.\u00a02026.", "Terminée")
		if strings.Contains(body, one+"/end") {
			t.Error("a licence that ended may be ended again")
		}
	})
}

// The first step asks for the platform and the reach beside their fields; the second for what
// the reach needs, and for nothing else.
func TestLicenceFormHasTwoSteps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openPolicy(t, d)
		director, principal := h.as(t, policy.EvaluationDirector), h.as(t, policy.Principal)
		for _, c := range []struct{ query, at string }{
			{"scope=&platform=" + h.approved, "scope"}, {"scope=world&platform=" + h.approved, "scope"},
			{"scope=board&platform=", "platform"}, {"scope=school&org_id=d1&platform=" + h.approved, "org_id"},
			{"scope=board&org_id=s1&platform=" + h.approved, "org_id"},
		} {
			res, body := h.get(t, director, "/licences/new?"+c.query, "fr")
			if res.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", c.query, res.StatusCode)
			}
			contains(t, body, `id="`+c.at+`-error"`, `<a href="#`+c.at+`">`)
		}
		for scope, fields := range map[string][]string{"class": {"classes"}, "individual": {"people"}, "school": nil, "board": {"schools"}} {
			_, body := h.get(t, principal, "/licences/new?scope="+scope+"&platform="+h.approved, "fr")
			contains(t, body, `name="account_kind"`, `name="sign_in_url"`, `value="s1"`)
			for _, field := range []string{"schools", "classes", "people"} {
				if strings.Contains(body, `id="`+field+`-hint"`) || strings.Contains(body, `>Quels groupes`) && field == "classes" {
					if !slices.Contains(fields, field) {
						t.Errorf("a licence of %s asks for %s", scope, field)
					}
				} else if slices.Contains(fields, field) {
					t.Errorf("a licence of %s does not ask for %s", scope, field)
				}
			}
		}
		refused := url.Values{"platform": {h.approved}, "scope": {"class"}, "org_id": {"s1"}, "payer": {"s1"}, "starts_on": {"2026-08-31"}, "ends_on": {"2027-06-30"},
			"sign_in_url": {"http://tabulou.example"}, "account_kind": {"login_name"}, "columns": {"Username = mot"}}
		_, body := h.post(t, principal, "/licences/new", "fr", refused)
		contains(t, body, `id="classes-error"`, `id="sign_in_url-error"`, `id="columns-error"`, "Username = mot", `value="http://tabulou.example"`,
			`value="login_name" checked`)
		good := url.Values{"platform": {h.approved}, "scope": {"school"}, "org_id": {"s1"}, "payer": {"s1"}, "starts_on": {"2026-08-31"}, "ends_on": {"2027-06-30"},
			"sign_in_url": {"https://tabulou.example"}, "account_kind": {"login_name"}, "columns": {"Username = nom d’utilisateur\r\nPass = Password\r\nRole = « student »"}}
		res, _ := h.post(t, principal, "/licences/new", "fr", good)
		_, body = h.get(t, principal, res.Header.Get("Location"), "fr")
		contains(t, body, "Nom d’utilisateur donné par la commission scolaire", "https://tabulou.example", "Username = nom d’utilisateur", "Pass = mot de passe",
			"Role = «\u00a0student\u00a0»")
	})
}

func TestPolicyPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openPolicy(t, d)
		r := h.ask(t)
		for _, c := range []struct {
			role   policy.Role
			path   string
			fr, en []string
		}{
			{policy.Teacher, "/policy", []string{`id="2.2b"`, `id="A.accept"`, `id="QC-PIA-01"`, "Non vérifiée", "EC 2023-233", "8\u00a0juin\u00a02023", "Fait respecter"},
				[]string{`id="3.2.13"`, "Not verified", "Have the request authorised", "Enforces"}},
			{policy.Teacher, "/policy/roles", []string{"Qui peut faire quoi", "Autoriser, retourner ou refuser une demande", "Son école", `href="/policy#2.2b"`},
				[]string{"Who may do what", "Authorise, return or refuse a request", "Their school"}},
			{policy.Teacher, "/policy/roles?role=it", []string{"Réacheminer une demande"}, []string{"Redirect a request"}},
			{policy.Teacher, "/policy/matrix", []string{"Table des permissions", `id="decision.decide--evaluation_director"`, "Décider", `href="/policy#4.1"`},
				[]string{"Table of permissions", "Director of Digital Learning"}},
			{policy.Principal, "/policy/coverage", []string{"un contrôle en marche", "Aucun ne compte d’exception.", "Prévu", "Ententes et signatures", "/policy/coverage/2.2b?show=conform"},
				[]string{"a control at work", "None has an exception.", "Planned", "Agreements and signatures"}},
			{policy.Principal, "/policy/coverage?show=exceptions", []string{"Aucun article dans cette liste"}, []string{"No clause in this list"}},
			{policy.Evaluator, "/policy/coverage/2.2b", []string{"Demande " + r.Number + ", Zibaline", "Conforme"}, []string{"Request " + r.Number + ", Zibaline"}},
			{policy.Secretary, "/policy/coverage/7.2", []string{"Une demande", "Conformes"}, []string{"A request"}},
			{policy.Secretary, "/policy/coverage/1.3a", []string{"Cet article définit un mot"}, []string{"This clause defines a word"}},
			{policy.Secretary, "/policy/coverage/6.4", []string{"Sera porté par"}, []string{"To be carried by"}},
			{policy.Secretary, "/audit", []string{"Compte principal", "Demande autorisée", "Brouillon commencé", "L’exploitation, sur le serveur", `href="/policy#2.2b"`, "Télécharger un repère"},
				[]string{"Request authorised", "Draft begun", "The operator, on the server", "Download a checkpoint"}},
			{policy.PrivacyOfficer, "/audit", []string{"Demande " + r.Number + ", Zibaline"}, []string{"Request " + r.Number + ", Zibaline"}},
			{policy.EvaluationDirector, "/licences", []string{"Aucune licence inscrite"}, []string{"No licence recorded"}},
			{policy.EvaluationDirector, "/licences/new", []string{"Inscrire une licence", "Tabulou", "Toute la commission scolaire"}, []string{"Record a licence", "The whole board"}},
			{policy.EvaluationDirector, "/licences/new?scope=board&platform=" + h.approved, []string{"Inscrire la licence", "Le DDL"}, []string{"Record the licence", "The DDL"}},
			{policy.EvaluationDirector, "/licences/new?platform=" + h.refused, []string{"Cette plateforme n’est pas approuvée"}, []string{"This platform is not approved"}},
			{policy.Principal, "/licences/new?platform=" + h.approved, []string{"Inscrire une licence de Tabulou", "Des groupes"}, []string{"Record a licence for Tabulou"}},
			{policy.Principal, "/licences/new?scope=school&platform=" + h.approved, []string{"Inscrire la licence", `name="org_id" value="s1"`}, []string{"École du Méandre"}},
			{policy.Operator, "/settings", []string{"La personne qui a évalué peut-elle aussi décider?", `value="no" checked`, "Télécharger un repère"},
				[]string{"May the person who evaluated also decide?"}},
		} {
			client := h.as(t, c.role)
			for lang, want := range map[string][]string{"fr": c.fr, "en": c.en} {
				res, body := h.get(t, client, c.path, lang)
				if res.StatusCode != http.StatusOK {
					t.Errorf("%s as %s: %d\n%s", c.path, c.role, res.StatusCode, body)
					continue
				}
				for _, w := range want {
					if !strings.Contains(body, w) {
						t.Errorf("%s as %s in %s lacks %q", c.path, c.role, lang, w)
					}
				}
				if key := regexp.MustCompile(`>\s*(policy|audit|licence|settings|subject|request|org)\.[a-z_.0-9]+\s*<`).FindString(body); key != "" {
					t.Errorf("%s in %s shows a key: %s", c.path, lang, key)
				}
				if strings.Contains(body, "%!") {
					t.Errorf("%s in %s shows a broken sentence", c.path, lang)
				}
				for _, id := range twice(body) {
					t.Errorf("%s in %s has the id %q twice", c.path, lang, id)
				}
			}
		}
		if _, body := h.get(t, h.as(t, policy.Secretary), "/audit", "fr"); strings.Contains(body, r.Number) {
			t.Error("the trail shows a request to who may not read it")
		}
		if _, body := h.get(t, h.as(t, policy.PrivacyOfficer), "/audit", "fr"); strings.Contains(body, "/audit/checkpoint") {
			t.Error("the trail offers a checkpoint to who may not take it")
		}
	})
}

// twice lists the ids that stand more than once in a page.
func twice(body string) []string {
	seen, double := map[string]bool{}, []string{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		if seen[m[1]] {
			double = append(double, m[1])
		}
		seen[m[1]] = true
	}
	return double
}

func TestCheckpointIsDownloaded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openPolicy(t, d)
		for _, role := range []policy.Role{policy.Secretary, policy.Operator} {
			res, body := h.post(t, h.as(t, role), "/audit/checkpoint", "fr", url.Values{})
			if res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Content-Disposition"), "2026-11-20.txt") {
				t.Fatalf("%s: %d, %q", role, res.StatusCode, res.Header.Get("Content-Disposition"))
			}
			c, err := audit.ParseCheckpoint(h.keys.Verifier(h.board), []byte(body))
			if err != nil {
				t.Fatal(err)
			}
			report, err := audit.Verify(t.Context(), d, h.board, &c)
			if err != nil || !report.Whole() {
				t.Errorf("with the checkpoint of %s: %+v, %v", role, report, err)
			}
		}
	})
}

func TestSettingsAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openPolicy(t, d)
		c := h.as(t, policy.Operator)
		before := h.marks(t)
		for range 2 { // the second changes nothing
			res, _ := h.post(t, c, "/settings", "fr", url.Values{"evaluator_decides": {"yes"}, "singles_an_hour": {"60"}, "class_sets_an_hour": {"1"}})
			if res.Header.Get("Location") != "/settings" {
				t.Fatalf("sent to %q", res.Header.Get("Location"))
			}
		}
		_, body := h.get(t, c, "/settings", "fr")
		contains(t, body, "Les réglages sont enregistrés.")
		err := d.SystemRead(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			b, err := board.Get(ctx, tx, h.board)
			if err == nil && !b.Settings.JoinEvaluatorDecider {
				t.Error("the setting is not kept")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := h.marks(t) - before; n != 1 {
			t.Errorf("%d records of one change", n)
		}
	})
}

// The kinds of password and the blocked words are kept, and the page shows what is in force.
func TestSettingsOfNamesAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openPolicy(t, d)
		for _, path := range []string{"/settings/passwords", "/settings/words"} {
			if res, _ := h.get(t, h.as(t, policy.Secretary), path, "fr"); res.StatusCode != http.StatusForbidden {
				t.Errorf("a secretary reads %s: %d", path, res.StatusCode)
			}
		}
		c := h.as(t, policy.Operator)
		_, body := h.get(t, c, "/settings", "en")
		contains(t, body, `href="/settings/passwords"`, `href="/settings/words"`)
		_, body = h.get(t, c, "/settings/passwords", "fr")
		contains(t, body, "tortue-balise", "clocher-pommier-52", "<label for=\"grade_01\">", `name="version" value="0"`)
		for _, hidden := range []string{`name="grade_09"`, `name="grade_11"`} {
			if strings.Contains(body, hidden) {
				t.Errorf("the page asks %s, for which there is one kind", hidden)
			}
		}
		kinds := url.Values{"version": {"0"}}
		for _, each := range asked(grade.Quebec) {
			kinds.Set("grade_"+each, string(pseudonym.FourWords))
		}
		kinds.Set("grade_06", string(pseudonym.PictureAndWord))
		res, body := h.post(t, c, "/settings/passwords", "fr", kinds)
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("one that is easier to guess: %d", res.StatusCode)
		}
		contains(t, body, `id="grade_06-error"`, "plus facile à deviner")
		kinds.Set("grade_06", string(pseudonym.ThreeWords))
		if res, _ := h.post(t, c, "/settings/passwords", "fr", kinds); res.Header.Get("Location") != "/settings/passwords" {
			t.Errorf("sent to %q", res.Header.Get("Location"))
		}
		_, body = h.get(t, c, "/settings/passwords", "en")
		contains(t, body, `name="version" value="1"`, `<option value="three_words" selected>`, "Les réglages sont enregistrés.")

		if res, _ := h.post(t, c, "/settings/words", "fr", url.Values{"version": {"1"}, "words": {"bkr\r\n\r\nMîskaw"}}); res.Header.Get("Location") != "/settings/words" {
			t.Errorf("sent to %q", res.Header.Get("Location"))
		}
		_, body = h.get(t, c, "/settings/words", "fr")
		contains(t, body, "bkr\nMîskaw</textarea>", "50,0\u00a0%")
		_, body = h.get(t, h.as(t, policy.Secretary), "/audit", "fr")
		for _, word := range []string{"bkr", "M(î|.{1,8})skaw"} {
			if regexp.MustCompile(`\b` + word + `\b`).MatchString(body) { // within an id it is chance
				t.Errorf("the trail says %s", word)
			}
		}
	})
}

// Long trails and long lists of marks come a page at a time, each record once.
func TestTheTrailComesInPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := openPolicy(t, d)
		secretary := h.staff.actors[string(policy.Secretary)]
		err := d.Write(t.Context(), h.board, func(ctx context.Context, tx *db.Tx) error {
			for i := range 230 {
				if err := policy.Mark(ctx, tx, "roster.kept", "roster:"+strconv.Itoa(i), policy.Conform); err != nil {
					return err
				}
				if err := audit.Write(ctx, tx, secretary, "roster.imported", "roster:"+strconv.Itoa(i), audit.Under("6.3e")); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		c := h.as(t, policy.Secretary)
		next := regexp.MustCompile(`rel="next" href="([^"]*)"`)
		for start, want := range map[string]int64{"/audit": h.marks(t), "/policy/coverage/6.3e?show=conform": 230} {
			rows, pages := int64(0), 0
			for path := start; path != "" && pages < 10; pages++ {
				res, body := h.get(t, c, path, "fr")
				if res.StatusCode != http.StatusOK {
					t.Fatalf("%s: %d", path, res.StatusCode)
				}
				rows += int64(strings.Count(body, `role="rowheader"`))
				path = ""
				if m := next.FindStringSubmatch(body); m != nil {
					path = strings.ReplaceAll(m[1], "&amp;", "&")
				}
			}
			if rows != want || pages != 3 {
				t.Errorf("%s: %d rows in %d pages, want %d in 3", start, rows, pages, want)
			}
		}
	})
}

// Every act that the source writes in the trail has its words.
func TestEveryActHasItsWords(t *testing.T) {
	acts := map[string]string{}
	action := regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && e.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, word := range actsIn(n) {
				if action.MatchString(word) {
					acts[word] = path
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(acts) < 30 {
		t.Errorf("found only %d acts", len(acts))
	}
	for act, path := range acts {
		for _, lang := range i18n.Languages {
			if !i18n.For(lang).Has("audit.do." + act) {
				t.Errorf("%s writes %s, which has no words in %q", path, act, lang)
			}
		}
	}
}

// actsIn reads the acts that a call writes: the fourth argument of audit.Write,
// and the words given to the few functions that pass one on to it.
func actsIn(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.CallExpr:
		at, ok := map[string]int{"audit.Write": 3, "Write": 3, "keep": 4, "change": 3, "write": 3, "close": 3, "onRoute": 5}[called(n)]
		if ok && len(n.Args) > at {
			return literal(n.Args[at])
		}
	case *ast.AssignStmt:
		if name, ok := n.Lhs[0].(*ast.Ident); ok && name.Name == "action" && len(n.Rhs) == 1 {
			return literal(n.Rhs[0])
		}
	}
	return nil
}

func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && f.Sel.Name == "Write" {
			return x.Name + ".Write"
		}
		return f.Sel.Name
	}
	return ""
}

func literal(e ast.Expr) []string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if s, err := strconv.Unquote(lit.Value); err == nil {
			return []string{s}
		}
	}
	return nil
}
