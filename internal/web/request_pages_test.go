package web

import (
	"aval/internal/access"
	"aval/internal/adoption"
	"aval/internal/assessment"
	"aval/internal/classification"
	"aval/internal/contract"
	"aval/internal/duty"
	"aval/internal/governance"
	"aval/internal/incident"
	"aval/internal/inventory"
	"aval/internal/pseudonym"
	"aval/internal/rights"
	"aval/internal/seal"
	"aval/internal/vault"
	"path/filepath"

	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"aval/internal/account"
	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/usage"
)

// school is a door over real use cases: two schools, a department, and who works there.
type school struct {
	*house
	t         *testing.T
	board     string
	platforms map[string]catalogue.ID
	clients   map[string]*http.Client
}

func (s *school) write(d *db.DB, f func(ctx context.Context, tx *db.Tx) error) {
	s.t.Helper()
	if err := d.Write(s.t.Context(), s.board, f); err != nil {
		s.t.Fatal(err)
	}
}

func openSchool(t *testing.T, d *db.DB) *school {
	t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	s := &school{t: t, board: dbtest.Board(t, d), platforms: map[string]catalogue.ID{}, clients: map[string]*http.Client{}}
	system := policy.System(s.board, pack, "cli")
	s.write(d, func(ctx context.Context, tx *db.Tx) error {
		if err := org.SaveAll(ctx, tx, []org.Org{
			{ID: "pin", SourceID: "pin", Kind: org.School, Name: "École du Grand-Pin", Sector: org.Youth, Status: org.Active},
			{ID: "lac", SourceID: "lac", Kind: org.School, Name: "École du Lac-Vert", Sector: org.Youth, Status: org.Active},
			{ID: "sped", SourceID: "sped", Kind: org.Department, Name: "Service pédagogique", Sector: org.Youth, UnderDeputy: true, Status: org.Active},
		}); err != nil {
			return err
		}
		var people []person.Person
		var classes []person.Class
		var enrolments []person.Enrollment
		for _, c := range []struct{ id, school, teacher string }{{"401", "pin", "maude"}, {"402", "pin", "ghislain"}, {"501", "lac", "zoe"}} {
			classes = append(classes, person.Class{ID: c.id, SourceID: c.id, SchoolID: c.school, Title: "Groupe " + c.id, Grade: "04", Status: person.Active})
			people = append(people, person.Person{ID: c.teacher, SourceID: c.teacher, Kind: person.Staff, GivenName: c.teacher, Status: person.Active})
			enrolments = append(enrolments, person.Enrollment{ID: "t" + c.id, ClassID: c.id, PersonID: c.teacher,
				Role: person.Teacher, Status: person.Active})
			for i := range 12 {
				pupil := fmt.Sprintf("e%s-%d", c.id, i)
				people = append(people, person.Person{ID: pupil, SourceID: pupil, Kind: person.Student, GivenName: "Nova", FamilyName: "Brindille", Status: person.Active})
				enrolments = append(enrolments, person.Enrollment{ID: pupil, ClassID: c.id, PersonID: pupil, Role: person.Pupil, Status: person.Active})
			}
		}
		if err := person.SaveAll(ctx, tx, people); err != nil {
			return err
		}
		if err := person.SaveClasses(ctx, tx, classes); err != nil {
			return err
		}
		if err := person.SaveEnrollments(ctx, tx, enrolments); err != nil {
			return err
		}
		for _, p := range []struct {
			name   string
			status catalogue.Status
			does   []string
		}{
			{"Tabulou", catalogue.Conditional, []string{"mathematics", "exercises"}},
			{"Récitou", catalogue.Approved, []string{"reading_practice"}},
			{"Plumarel", catalogue.Refused, []string{"text_editing"}},
			{"Zibaline", catalogue.Unknown, []string{"mathematics", "exercises", "educational_games"}},
		} {
			added, err := catalogue.Add(ctx, tx, system, catalogue.Draft{Name: p.name, URL: "https://" + db.Fold(p.name) + ".example", Functions: p.does})
			if err != nil {
				return err
			}
			s.platforms[p.name] = added.ID
			if p.status == catalogue.Unknown {
				continue
			}
			conditions := ""
			if p.status == catalogue.Conditional {
				conditions = "Laisser le classement public désactivé."
			}
			if err := catalogue.SetResult(ctx, tx, added.ID, p.status, conditions, catalogue.Quebec, "d0"); err != nil {
				return err
			}
		}
		return nil
	})
	_, err = licence.New(d, contract.Gate).Record(t.Context(), system, licence.Licence{PlatformID: s.platforms["Tabulou"], Scope: licence.Board,
		Payer: licence.DDL, StartsOn: "2020-01-01", EndsOn: "2099-06-30"})
	if err != nil {
		t.Fatal(err)
	}
	accounts := &account.Service{DB: d, Cost: account.Cheap}
	for _, a := range []struct {
		login string
		role  policy.Role
		org   string
	}{
		{"maude", policy.Teacher, "pin"}, {"ghislain", policy.Teacher, "pin"}, {"zoe", policy.Teacher, "lac"},
		{"joel", policy.Principal, "pin"}, {"paula", policy.Principal, "lac"}, {"dora", policy.DepartmentHead, "sped"},
		{"eva", policy.Evaluator, ""}, {"ti", policy.IT, ""},
	} {
		n := account.New{Login: a.login, Name: "Compte " + a.login, Lang: "fr", Password: goodPassword, Grants: []policy.Grant{{Role: a.role, Org: a.org}}}
		if a.role == policy.Teacher {
			n.Person = a.login
		}
		if _, _, err := accounts.Create(t.Context(), system, n); err != nil {
			t.Fatal(err)
		}
	}
	master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	pupils := &access.Accounts{Names: &pseudonym.Names{Vault: vault.New(master)}}
	server := &Server{DB: d, Adoptions: &adoption.Service{DB: d}, Classification: &classification.Service{DB: d}, Inventory: &inventory.Service{DB: d}, Duties: &duty.Service{DB: d}, Accounts: accounts, SignInTakes: time.Nanosecond, Log: slog.New(slog.DiscardHandler),
		Catalogue: catalogue.New(d), Licences: licence.New(d, contract.Gate), Contracts: &contract.Service{DB: d, Asked: assessment.Measures}, Access: access.New(d, pupils), Requests: request.New(d), Usage: &usage.Service{DB: d}, Evaluations: &evaluation.Service{DB: d},
		Decisions: &decision.Service{DB: d}, Conditions: &condition.Service{DB: d}, Assessments: &assessment.Service{DB: d}, Delegations: accounts, Incidents: &incident.Service{DB: d}, Governance: &governance.Service{DB: d}, Rights: &rights.Service{DB: d}}
	s.house = &house{Server: server}
	s.at = httptest.NewServer(server.Handler())
	t.Cleanup(s.at.Close)
	return s
}

// as is the browser of somebody signed in.
func (s *school) as(login string) *http.Client {
	s.t.Helper()
	if c, ok := s.clients[login]; ok {
		return c
	}
	c := browser(s.t)
	res, body := s.post(s.t, c, "/sign-in", "fr", url.Values{"login": {login}, "password": {goodPassword}})
	if res.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("%s does not sign in: %d\n%s", login, res.StatusCode, body)
	}
	s.clients[login] = c
	return c
}

// says shows a page and looks at what it says.
func (s *school) says(login, path string, want ...string) string {
	s.t.Helper()
	res, body := s.get(s.t, s.as(login), path, "fr")
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s reads %s: %d\n%s", login, path, res.StatusCode, body)
	}
	contains(s.t, body, want...)
	return body
}

// does sends a form and answers where it leads.
func (s *school) does(login, path string, form url.Values) string {
	s.t.Helper()
	res, body := s.post(s.t, s.as(login), path, "fr", form)
	if res.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("%s sends %s: %d\n%s", login, path, res.StatusCode, body)
	}
	return res.Header.Get("Location")
}

// refuses sends a form that comes back, with what it must say.
func (s *school) refuses(login, path string, form url.Values, status int, want ...string) string {
	s.t.Helper()
	res, body := s.post(s.t, s.as(login), path, "fr", form)
	if res.StatusCode != status {
		s.t.Errorf("%s sends %s: %d, want %d\n%s", login, path, res.StatusCode, status, body)
	}
	contains(s.t, body, want...)
	return body
}

func whole() url.Values {
	return url.Values{"platform": {"Zibaline"}, "description": {"Un jeu de tables."}, "usage": {"En équipes de deux."},
		"classes": {"401"}, "data_kinds": {"pseudonym"}, "cost": {"252,50"}}
}

func with(form url.Values, name string, values ...string) url.Values {
	form[name] = values
	return form
}

func TestRequestPagesRefuse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := openSchool(t, d)
		at := s.does("maude", "/requests", with(whole(), "then", "submit"))

		// What is another school's, or nobody's, is not there.
		for _, path := range []string{at, at + "/edit", at + "/authorise", "/requests/x", "/requests/x/edit", "/requests/x/authorise",
			"/platforms/x", "/requests/new?platform=x", "/requests?state=x", "/requests?after=x", "/platforms?status=x"} {
			for _, login := range []string{"zoe", "paula", "dora"} {
				if res, body := s.get(t, s.as(login), path, "fr"); res.StatusCode != http.StatusNotFound || strings.Contains(body, "Zibaline") {
					t.Errorf("%s reads %s: %d", login, path, res.StatusCode)
				}
			}
		}
		for _, act := range []string{"/submit", "/edit", "/withdraw", "/acknowledge", "/authorise", "/join"} {
			for _, login := range []string{"zoe", "paula", "dora"} {
				s.refuses(login, at+act, url.Values{"answer": {"authorise"}, "usage": {"x"}}, http.StatusNotFound)
			}
		}
		s.refuses("joel", "/delegations/x/end", nil, http.StatusNotFound)

		// What a role does not give is refused with its clause.
		for login, path := range map[string]string{"maude": "/delegations", "joel": "/redirect", "eva": "/requests/new"} {
			if res, _ := s.get(t, s.as(login), path, "fr"); res.StatusCode != http.StatusForbidden {
				t.Errorf("%s reads %s: %d", login, path, res.StatusCode)
			}
		}
		s.refuses("maude", at+"/authorise", url.Values{"answer": {"authorise"}}, http.StatusForbidden, "2.2b")

		// What is typed wrong comes back as it was typed, the sentence beside its field.
		long := strings.Repeat("z", 4001)
		for _, c := range []struct {
			name  string
			login string
			form  url.Values
			field string
			want  string
		}{
			{"no platform", "ghislain", with(with(whole(), "classes", "402"), "platform", ""), "platform", "Écrivez le nom de la plateforme."},
			{"too long a name", "ghislain", with(with(whole(), "classes", "402"), "platform", strings.Repeat("z", 300)), "platform", "120 caractères au plus"},
			{"a script for an address", "ghislain", with(with(with(whole(), "classes", "402"), "platform", "Labozine"), "url", "javascript:alert(1)"), "url", "Écrivez une adresse Web complète"},
			{"too long a text", "ghislain", with(whole(), "usage", long), "usage", "Ce texte est trop long"},
			{"a colleague’s class", "ghislain", with(whole(), "classes", "401"), "classes", "Choisissez des groupes de la liste."},
			{"another school’s class", "joel", with(whole(), "classes", "501"), "classes", "Choisissez des groupes de la liste."},
			{"an unknown data kind", "ghislain", with(with(whole(), "classes", "402"), "data_kinds", "<script>"), "data_kinds", "Choisissez les renseignements dans la liste."},
			{"no amount", "ghislain", with(with(whole(), "classes", "402"), "cost", "beaucoup"), "cost", "Écrivez un montant en dollars"},
			{"no number", "dora", with(with(whole(), "classes"), "pupils", "-4"), "pupils", "Écrivez un nombre d’élèves"},
		} {
			t.Run(c.name, func(t *testing.T) {
				in := *s
				in.t = t
				body := in.refuses(c.login, "/requests", with(c.form, "missing", "<script>alert(2)</script>"), http.StatusUnprocessableEntity,
					c.want, `href="#`+c.field+`"`, `id="`+c.field+`-error"`, "&lt;script&gt;alert(2)&lt;/script&gt;", "Un jeu de tables.", "Erreur\u00a0:")
				if strings.Contains(body, "<script>alert") {
					t.Error("what was typed is not escaped")
				}
			})
		}
		s.refuses("zoe", "/requests", with(with(whole(), "classes"), "org", "pin"), http.StatusNotFound)
		s.refuses("zoe", "/requests", with(with(whole(), "classes"), "platform_id", "x"), http.StatusNotFound)

		// A platform that needs no request, or for which one stands.
		s.refuses("zoe", "/requests", with(with(whole(), "classes", "501"), "platform", "tabulou"), http.StatusConflict,
			"aucune demande n’est nécessaire", "En équipes de deux.")
		s.refuses("ghislain", "/requests", with(whole(), "classes", "402"), http.StatusConflict, "Joignez-vous à elle", at+"/join")

		// A form sent too early keeps the draft, and what it lacks is asked for.
		body := s.refuses("zoe", "/requests", url.Values{"platform": {"Labozine"}, "missing": {"Le <b>son</b>"}, "then": {"submit"}},
			http.StatusUnprocessableEntity, "4 réponses à revoir", "Dites à quoi elle servira.", "est gardé tel que vous l’avez écrit",
			"Le &lt;b&gt;son&lt;/b&gt;", `name="version"`)
		draft := regexp.MustCompile(`action="(/requests/[a-z0-9]+)/edit"`).FindStringSubmatch(body)
		if draft == nil {
			t.Fatalf("the form is not that of the draft:\n%s", body)
		}
		s.refuses("zoe", draft[1]+"/submit", nil, http.StatusUnprocessableEntity, "4 réponses à revoir", "Le &lt;b&gt;son&lt;/b&gt;")
		s.refuses("zoe", draft[1]+"/edit", url.Values{"usage": {"Mon long texte."}, "version": {"77"}}, http.StatusConflict,
			"Quelqu’un a modifié cette page", "Mon long texte.")

		// The answer of an authorisation.
		s.refuses("joel", at+"/authorise", url.Values{"reason": {"Mon motif."}}, http.StatusUnprocessableEntity, "Choisissez votre réponse.", "Mon motif.")
		s.refuses("joel", at+"/authorise", url.Values{"answer": {"refuse"}}, http.StatusUnprocessableEntity, "Écrivez le motif", `id="reason-error"`)
		s.refuses("joel", at+"/authorise", url.Values{"answer": {"return"}, "reason": {strings.Repeat("z", 2001)}}, http.StatusUnprocessableEntity, "Ce texte est trop long")
		s.does("joel", at+"/authorise", url.Values{"answer": {"refuse"}, "reason": {"Non."}})
		s.refuses("joel", at+"/authorise", url.Values{"answer": {"authorise"}, "reason": {"Mon second motif."}}, http.StatusConflict, "Mon second motif.")

		// What is passed on, and who stands in.
		s.refuses("ti", "/redirect", url.Values{"platform": {"Labozine"}, "note": {"Vu <i>hier</i>"}}, http.StatusUnprocessableEntity, "Choisissez l’école ou le service", "Vu &lt;i&gt;hier&lt;/i&gt;")
		s.refuses("ti", "/redirect", url.Values{"platform": {""}, "org": {"pin"}}, http.StatusUnprocessableEntity, "Écrivez le nom de la plateforme.")
		s.refuses("ti", "/redirect", url.Values{"platform": {"Labozine"}, "org": {"x"}}, http.StatusNotFound)
		s.refuses("joel", "/delegations", nil, http.StatusUnprocessableEntity, "3 réponses à revoir", "Écrivez une date comme 2026-11-20.")
		s.refuses("joel", "/delegations", url.Values{"to": {"x"}, "starts": {"2020-01-01"}, "ends": {"2020-01-02"}}, http.StatusUnprocessableEntity, "Choisissez une fin après le début")
	})
}

// bare is a key that nobody wrote, or an argument that found no place.
var bare = regexp.MustCompile(`[>" ](desk|platform|before|ask|list|with|authorise|redirect|delegation|request|catalogue|grade|ui|nav|account|days)\.[a-z_]+(\.[a-z_]+)*[<" ]|%!|%\[`)

// inBoth shows a page in both languages and looks for what a page must have.
func (s *school) inBoth(login string, paths ...string) {
	s.t.Helper()
	for _, path := range paths {
		for _, lang := range []string{"fr", "en"} {
			s.does(login, "/language", url.Values{"to": {lang}, "back": {"/desk"}})
			body := s.says(login, path, `<html lang="`+lang+`"`, "</html>")
			if strings.Count(body, "<h1>") != 1 {
				s.t.Errorf("%s in %q has %d h1", path, lang, strings.Count(body, "<h1>"))
			}
			if n := strings.Count(body, `class="btn btn-primary`); n > 1 {
				s.t.Errorf("%s in %q has %d primary buttons", path, lang, n)
			}
			if found := bare.FindString(body); found != "" {
				s.t.Errorf("%s in %q shows %q", path, lang, found)
			}
		}
		s.does(login, "/language", url.Values{"to": {"fr"}, "back": {"/desk"}})
	}
}

func TestRequestPagesOfAGoodDay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := openSchool(t, d)

		// A teacher looks a platform up before she asks.
		s.says("maude", "/desk", "Rien ne vous attend", "Vous n’attendez rien", "Groupe 401", "4e année")
		s.says("maude", "/platforms?q=tabulou", "Vous pouvez utiliser Tabulou dès aujourd’hui.", "Laisser le classement public désactivé.", "§\u00a02.1")
		s.says("maude", "/platforms?q=zibalinne", "Tabulou fait 2 des 3 choses que Zibaline promet", "Fonction par fonction", "Demander «\u00a0zibalinne\u00a0»")
		s.says("maude", "/platforms?q=R%C3%A9citou", "Récitou est approuvée\u00a0: une courte demande suffit.")
		s.says("maude", "/platforms?q=plumarel", "Plumarel a été refusée le")
		s.says("maude", "/platforms?q=Qwxyzz", "Nous ne connaissons pas «\u00a0Qwxyzz\u00a0».", "name=Qwxyzz")
		s.says("maude", "/platforms?q=%3Cscript%3E", "&lt;script&gt;")
		s.says("maude", "/platforms", "Tabulou", "Récitou", "Plumarel", "Zibaline")
		if body := s.says("maude", "/platforms?status=refused", "Plumarel"); strings.Contains(body, "Récitou") {
			t.Error("the filter keeps what it should leave out")
		}
		zibaline := "/platforms/" + string(s.platforms["Zibaline"])
		s.inBoth("maude", "/desk", "/platforms", "/platforms?q=tabulou", "/platforms?q=zibaline", "/platforms?q=lecture", "/platforms?q=qwxyzz",
			"/platforms?q=plumarel", "/platforms?q=", zibaline, "/platforms/"+string(s.platforms["Tabulou"]), "/requests", "/requests?mine=1",
			"/requests/new?name=Labozine", "/requests/new?platform="+string(s.platforms["Récitou"]))

		// She keeps a draft, then completes and sends it.
		form := whole()
		form.Set("platform_id", string(s.platforms["Zibaline"]))
		at := s.does("maude", "/requests", with(form, "then", "draft"))
		s.inBoth("maude", at, at+"/edit")
		s.says("maude", "/platforms?q=zibaline", "Vous avez déjà une demande pour Zibaline.")
		s.says("maude", at+"/edit", "En équipes de deux.", "252,50\u00a0$", `value="401" checked`)
		if to := s.does("maude", at+"/edit", with(with(whole(), "version", "1"), "then", "submit")); to != at {
			t.Errorf("sent, then led to %q", to)
		}
		s.says("maude", at, "La demande est envoyée.", "Elle est chez Compte joel, à la direction de l’école.", "trop peu pour dire", "12\u00a0élèves", "Retirer la demande")
		s.inBoth("maude", at, "/desk")

		// A colleague joins it; the principal returns it, she adds to it, the principal authorises it.
		s.says("ghislain", zibaline, at+"/join")
		s.does("ghislain", at+"/join", nil)
		s.says("ghislain", at, "vous recevrez les mêmes nouvelles")
		s.says("joel", "/desk", "Autoriser Zibaline?", at+"/authorise")
		s.inBoth("joel", "/desk", at, at+"/authorise", "/requests", "/delegations", zibaline)
		s.says("joel", at+"/authorise", "12\u00a0élèves peuvent déjà utiliser Tabulou, qui fait 2 des 3 choses demandées.", "252,50\u00a0$ par an", "§\u00a06.3\u00a0b")
		s.does("joel", at+"/authorise", url.Values{"answer": {"return"}, "reason": {"Quels soirs?"}})
		s.says("maude", "/desk", "Préciser votre demande\u00a0: Zibaline", "Quels soirs?")
		s.says("maude", at, "La demande vous est retournée.", "«\u00a0Quels soirs?\u00a0»")
		s.inBoth("maude", at)
		s.does("maude", at+"/submit", nil)
		s.does("joel", at+"/authorise", url.Values{"answer": {"authorise"}, "reason": {"Utile."}})
		s.says("joel", at, "La demande est autorisée", "par Compte joel. «\u00a0Utile.\u00a0»")
		s.does("eva", at+"/acknowledge", nil)
		s.says("maude", at, "Elle est chez Compte eva, au service qui évalue.", "En évaluation")
		s.inBoth("eva", "/desk", at, "/requests", "/requests?state=acknowledged", "/platforms?q=zibaline")

		// The IT service passes one on; the principal makes it the school's own.
		s.inBoth("ti", "/desk", "/redirect")
		passed := s.does("ti", "/redirect", url.Values{"platform": {"Labozine"}, "org": {"pin"}, "note": {"Reçu par courriel."}})
		s.says("joel", passed+"/authorise", "Le Service des TI a reçu cette demande", "La demande ne dit pas combien d’élèves")
		s.refuses("joel", passed+"/authorise", url.Values{"answer": {"authorise"}}, http.StatusUnprocessableEntity, `href="#usage"`, `id="usage"`)
		s.inBoth("joel", passed, passed+"/edit", passed+"/authorise")
		form = with(with(whole(), "version", "1"), "then", "authorise")
		if to := s.does("joel", passed+"/edit", form); to != passed+"/authorise" {
			t.Errorf("completed, then led to %q", to)
		}
		s.does("joel", passed+"/authorise", url.Values{"answer": {"authorise"}})

		// The department's own signature sends its request to evaluation; it may be withdrawn.
		s.says("dora", "/requests/new", "Signer et envoyer à l’évaluation")
		own := s.does("dora", "/requests", with(with(with(whole(), "classes"), "pupils", "40"), "then", "submit"))
		s.says("dora", own, "Autorisée", "40\u00a0élèves")
		s.inBoth("dora", own, "/desk", "/delegations")
		s.does("dora", own+"/withdraw", nil)
		s.says("dora", own, "La demande est retirée.")

		// The principal has a colleague stand in, then takes the role back.
		day := time.Now().AddDate(0, 0, 3).Format(time.DateOnly)
		body := s.says("joel", "/delegations", "Personne ne vous remplace.")
		to := regexp.MustCompile(`<option value="([a-z0-9]+)">Compte maude`).FindStringSubmatch(body)
		if to == nil {
			t.Fatalf("a colleague is not offered:\n%s", body)
		}
		s.does("joel", "/delegations", url.Values{"to": {to[1]}, "starts": {time.Now().AddDate(0, 0, -1).Format(time.DateOnly)}, "ends": {day}})
		body = s.says("joel", "/delegations", "Compte maude vous remplace du")
		s.inBoth("joel", "/delegations")
		end := regexp.MustCompile(`action="(/delegations/[a-z0-9]+/end)"`).FindStringSubmatch(body)
		if end == nil {
			t.Fatalf("it cannot be ended:\n%s", body)
		}
		s.refuses("paula", end[1], nil, http.StatusNotFound)
		s.does("joel", end[1], nil)
		s.says("joel", "/delegations", "Le remplacement est terminé.", "Personne ne vous remplace.")
	})
}
