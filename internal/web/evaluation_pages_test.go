package web

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/access"
	"aval/internal/account"
	"aval/internal/adoption"
	"aval/internal/assessment"
	"aval/internal/blob"
	"aval/internal/board"
	"aval/internal/classification"
	"aval/internal/condition"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/duty"
	"aval/internal/evaluation"
	"aval/internal/governance"
	"aval/internal/incident"
	"aval/internal/inventory"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/rights"
)

// anyPassword signs in without one: what is tested here comes after.
type anyPassword struct{ *account.Service }

func (a anyPassword) SignIn(ctx context.Context, board, login, _ string) (policy.Actor, error) {
	return a.Actor(ctx, board, login)
}

// file is a board with a school, its people, and the request that they work on.
type file struct {
	*house
	t     *testing.T
	board string
	now   time.Time
	who   map[string]*http.Client
	id    request.ID
}

// leaks is a message key that nobody wrote, or a verb without its value.
var leaks = regexp.MustCompile(`>\s*(evaluation|decision|contest|privacy|request|nav|ui)\.[a-z_.]+\s*<|%!`)

// openFile brings a request for Zibaline to the evaluators.
func openFile(t *testing.T, d *db.DB, settings policy.Settings) *file {
	t.Helper()
	f := &file{t: t, board: dbtest.Board(t, d), who: map[string]*http.Client{},
		now: time.Date(2026, time.November, 20, 15, 42, 0, 0, time.UTC)}
	d.Clock = func() time.Time { return f.now }
	people := map[string]policy.Grant{
		"maude": {Role: policy.Teacher, Org: "pin"}, "joel": {Role: policy.Principal, Org: "pin"},
		"eva": {Role: policy.Evaluator}, "sol": {Role: policy.EvaluationDirector}, "ines": {Role: policy.AppealAuthority},
	}
	err := d.Write(t.Context(), f.board, func(ctx context.Context, tx *db.Tx) error {
		if err := org.Save(ctx, tx, org.Org{ID: "pin", SourceID: "pin", Kind: org.School, Name: "École du Grand-Pin",
			Sector: org.Youth, Status: org.Active}); err != nil {
			return err
		}
		for id, g := range people {
			if _, err := tx.Exec(ctx, `INSERT INTO account (board_id, id, login, name, created_at) VALUES ($1, $2, $3, $4, $5)`,
				tx.Board, id, id, "Compte "+id, tx.Now); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, $2, $3, $4)`,
				tx.Board, id, string(g.Role), g.Org); err != nil {
				return err
			}
		}
		return board.SetSettings(ctx, tx, settings)
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	accounts := &account.Service{DB: d, Cost: account.Cheap}
	f.house = &house{Server: &Server{DB: d, Adoptions: &adoption.Service{DB: d}, Classification: &classification.Service{DB: d}, Inventory: &inventory.Service{DB: d}, Duties: &duty.Service{DB: d}, Accounts: anyPassword{accounts}, SignInTakes: time.Nanosecond, Log: slog.New(slog.DiscardHandler),
		Access: access.New(d, nil), Requests: request.New(d), Evaluations: &evaluation.Service{DB: d, Blobs: files}, Decisions: &decision.Service{DB: d}, Conditions: &condition.Service{DB: d, Blobs: files}, Assessments: &assessment.Service{DB: d, Blobs: files}, Incidents: &incident.Service{DB: d}, Governance: &governance.Service{DB: d}, Rights: &rights.Service{DB: d}}}
	f.at = httptest.NewServer(f.Handler())
	t.Cleanup(f.at.Close)

	ctx := t.Context()
	actors := map[string]policy.Actor{}
	for id := range people {
		if actors[id], err = accounts.Actor(ctx, f.board, id); err != nil {
			t.Fatal(err)
		}
		f.who[id] = browser(t)
		if res, body := f.post(t, f.who[id], "/sign-in", "fr", url.Values{"login": {id}, "password": {"x"}}); res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s signs in: %d\n%s", id, res.StatusCode, body)
		}
	}
	r, err := f.Requests.Create(ctx, actors["maude"], request.Draft{PlatformName: "Zibaline", Org: "pin",
		Description: "Des dictées en ligne.", Usage: "Deux fois par semaine.", DataKinds: []string{"full_name"}, Pupils: 22})
	if err == nil {
		_, err = f.Requests.Submit(ctx, actors["maude"], r.ID)
	}
	if err == nil {
		_, err = f.Requests.Authorise(ctx, actors["joel"], r.ID, "")
	}
	if err == nil {
		_, err = f.Requests.Acknowledge(ctx, actors["eva"], r.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.id = r.ID
	return f
}

// sees asks for a page and expects its status and words.
func (f *file) sees(who, path, lang string, status int, want ...string) string {
	f.t.Helper()
	f.speaks(who, lang)
	res, body := f.get(f.t, f.who[who], path, lang)
	f.check(who, path, lang, res, body, status, want)
	return body
}

// sends posts a form and expects the same; a redirect answers where it leads.
func (f *file) sends(who, path, lang string, form url.Values, status int, want ...string) (to, body string) {
	f.t.Helper()
	f.speaks(who, lang)
	res, body := f.post(f.t, f.who[who], path, lang, form)
	f.check(who, path, lang, res, body, status, want)
	return res.Header.Get("Location"), body
}

func (f *file) speaks(who, lang string) {
	f.t.Helper()
	f.post(f.t, f.who[who], "/language", lang, url.Values{"to": {lang}, "back": {"/"}})
}

func (f *file) check(who, path, lang string, res reply, body string, status int, want []string) {
	f.t.Helper()
	if res.StatusCode != status {
		f.t.Fatalf("%s at %s in %s: status %d, want %d\n%s", who, path, lang, res.StatusCode, status, body)
	}
	plain := html.UnescapeString(body)
	for _, w := range want {
		if !strings.Contains(plain, w) {
			f.t.Errorf("%s at %s in %s: the page lacks %q:\n%s", who, path, lang, w, body)
		}
	}
	if status == http.StatusOK && !strings.Contains(body, `<html lang="`) {
		return // a file
	}
	if leak := leaks.FindString(body); leak != "" {
		f.t.Errorf("%s at %s in %s shows %q", who, path, lang, leak)
	}
}

// uploads posts the form of an aspect with a file, as a browser does.
func (f *file) uploads(who, path, lang string, form url.Values, field, name, media, content string, status int, want ...string) string {
	f.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	head := textproto.MIMEHeader{}
	head.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q; filename=%q`, field, name))
	head.Set("Content-Type", media)
	part, err := w.CreatePart(head)
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	for _, key := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[key] {
			if err == nil {
				err = w.WriteField(key, value)
			}
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		f.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, f.at.URL+path, &b)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Accept-Language", lang)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, body := answer(f.t, f.who[who], r)
	f.check(who, path, lang, res, body, status, want)
	return body
}

func (f *file) path(more string) string { return "/requests/" + string(f.id) + more }

// rated fills every criterion of an aspect alike.
func (f *file) rated(aspect evaluation.Aspect, rating evaluation.Rating, version int) url.Values {
	f.t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		f.t.Fatal(err)
	}
	of, _ := pack.Aspect(string(aspect))
	form := url.Values{"version": {fmt.Sprint(version)}, "recommendation": {"approve"}, "summary": {"Rien à signaler."}, "then": {"finish"}}
	for _, c := range of.Criteria {
		form.Set("rating."+c.ID, string(rating))
		form.Set("note."+c.ID, "")
	}
	if aspect == evaluation.Security {
		form.Set("location", "qc")
	}
	return form
}

// evaluated finishes both aspects; version is that of use so far.
func (f *file) evaluated(version int) {
	f.t.Helper()
	f.sends("eva", f.path("/evaluation/use"), "fr", f.rated(evaluation.Use, evaluation.Met, version), http.StatusSeeOther)
	f.sends("eva", f.path("/evaluation/security"), "fr", f.rated(evaluation.Security, evaluation.Met, 0), http.StatusSeeOther)
}

// decide types a decision.
func decide(use, security decision.Result) url.Values {
	form := url.Values{"use_result": {string(use)}, "use_reasons": {"Suit le programme."},
		"security_result": {string(security)}, "security_reasons": {"Données au Québec."}}
	if security == decision.Conditional {
		form.Set("security_conditions", "Effacer après 12 mois\nPseudonymes seulement")
	}
	return form
}

func (f *file) decided(use, security decision.Result) string {
	f.t.Helper()
	f.evaluated(0)
	f.sends("eva", f.path("/privacy"), "fr", url.Values{"personal": {"yes"}, "pia_on": {"2026-11-10"}, "committee_on": {"2026-11-12"}},
		http.StatusSeeOther)
	to, _ := f.sends("sol", f.path("/decision"), "fr", decide(use, security), http.StatusSeeOther)
	return to
}

func TestEvaluationRefusals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := openFile(t, d, policy.Settings{})
		use := f.path("/evaluation/use")
		f.sees("maude", use, "fr", http.StatusNotFound, "Page introuvable")
		f.sends("maude", use, "fr", f.rated(evaluation.Use, evaluation.Met, 0), http.StatusForbidden)
		f.sees("maude", "/evaluations", "fr", http.StatusForbidden)
		f.sees("eva", f.path("/evaluation/beauty"), "fr", http.StatusNotFound)
		f.sees("eva", "/evidence/nothing", "en", http.StatusNotFound)
		f.sees("eva", f.path("/decision"), "fr", http.StatusForbidden)

		for lang, said := range map[string][]string{
			"fr": {"Erreur\u00a0:", "Dites ce qui manque.", "Donnez une appréciation", "Dites pourquoi, et à quelles conditions"},
			"en": {"Error:", "Say what is missing.", "Give a rating", "Say why, and under which conditions"},
		} {
			form := f.rated(evaluation.Use, evaluation.Met, 0)
			form.Set("rating.3.2.4", "unmet")
			form.Set("note.3.2.5", "Une note à garder <b>")
			form.Del("rating.3.2.9")
			form.Set("recommendation", "refuse")
			form.Set("summary", "")
			_, body := f.sends("eva", use, lang, form, http.StatusUnprocessableEntity, append(said, "Une note à garder <b>")...)
			contains(t, body, `name="rating.3.2.4" value="unmet" checked`, `id="note.3.2.4-error"`, `href="#note.3.2.4"`, "&lt;b&gt;")
		}

		// Somebody else wrote meanwhile.
		form := f.rated(evaluation.Use, evaluation.Met, 0)
		form.Set("then", "save")
		form.Set("note.3.2.1", "La première version")
		f.sends("eva", use, "fr", form, http.StatusSeeOther)
		form.Set("note.3.2.1", "Une autre version")
		_, body := f.sends("sol", use, "fr", form, http.StatusConflict, "Une autre version", "Satisfait\u00a0: La première version",
			"Enregistré entre-temps par quelqu’un d’autre")
		contains(t, body, `name="version" value="1"`)

		// A file that is not what it says costs none of the words.
		form = url.Values{"version": {"1"}, "then": {"finish"}, "note.3.2.2": {"Gardée malgré le fichier"}}
		body = f.uploads("eva", use, "fr", form, "file.3.2.2", "essai.pdf", "application/pdf", "MZ\x90\x00\x03 pas un PDF", http.StatusUnprocessableEntity,
			"Ce fichier n’est pas du type qu’il annonce", "Gardée malgré le fichier")
		contains(t, body, `id="file.3.2.2-error"`, `name="version" value="2"`)
		form.Set("version", "2")
		f.uploads("eva", use, "fr", form, "file.3.2.2", "long.txt", "text/plain", strings.Repeat("a", evaluation.MaxEvidence+1),
			http.StatusUnprocessableEntity, "Ce fichier est trop gros", "Gardée malgré le fichier")

		// Before the record on personal information, no decision.
		f.evaluated(3)
		f.sees("sol", f.path("/decision"), "fr", http.StatusOK, "Inscrivez d’abord si la plateforme touche", "§\u00a0QC-PIA-01")
		f.sends("sol", f.path("/decision"), "fr", decide(decision.Approved, decision.Approved), http.StatusConflict,
			"§\u00a0QC-PIA-01", "Suit le programme.", "Données au Québec.", f.path("/privacy"))
		f.sends("eva", f.path("/privacy"), "fr", url.Values{"personal": {"yes"}, "pia_on": {"2026-12-24"}}, http.StatusUnprocessableEntity,
			`value="2026-12-24"`)
		f.sends("maude", f.path("/privacy"), "fr", url.Values{"personal": {"no"}}, http.StatusForbidden)
		f.sends("eva", f.path("/privacy"), "fr", url.Values{"personal": {"yes"}, "pia_on": {"2026-11-10"}}, http.StatusSeeOther)
		f.sees("sol", f.path("/decision"), "en", http.StatusOK, "§\u00a0QC-PIA-02", "date on which the committee was consulted")
		f.sends("eva", f.path("/privacy"), "fr", url.Values{"personal": {"no"}}, http.StatusSeeOther)
		form = decide(decision.Approved, decision.Conditional)
		form.Del("security_conditions")
		f.sends("sol", f.path("/decision"), "en", form, http.StatusUnprocessableEntity, "Write at least one condition.",
			"Approved with conditions", "Suit le programme.")
		f.sends("eva", f.path("/decision"), "fr", decide(decision.Approved, decision.Approved), http.StatusForbidden)
	})
}

func TestWhoEvaluatedDecidesOnlyAsAnException(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, joined := range []bool{false, true} {
			f := openFile(t, dbtest.Open(t, d.Engine()), policy.Settings{JoinEvaluatorDecider: joined})
			f.sends("sol", f.path("/evaluation/use"), "fr", f.rated(evaluation.Use, evaluation.Met, 0), http.StatusSeeOther)
			f.sends("eva", f.path("/evaluation/security"), "fr", f.rated(evaluation.Security, evaluation.Met, 0), http.StatusSeeOther)
			f.sends("eva", f.path("/privacy"), "fr", url.Values{"personal": {"no"}}, http.StatusSeeOther)
			form := decide(decision.Approved, decision.Approved)
			if !joined {
				f.sees("sol", f.path("/decision"), "fr", http.StatusOK, "Qui a évalué une demande n’en décide pas.", "§\u00a04.1")
				f.sends("sol", f.path("/decision"), "fr", form, http.StatusForbidden)
			} else {
				f.sends("sol", f.path("/decision"), "fr", form, http.StatusUnprocessableEntity, "dites pourquoi vous en décidez aussi", `name="exception"`)
				form.Set("exception", "Nous sommes deux au service.")
				to, _ := f.sends("sol", f.path("/decision"), "fr", form, http.StatusSeeOther)
				f.sees("joel", to, "fr", http.StatusOK, "Nous sommes deux au service.")
			}
		}
	})
}

func TestFromEvaluationToLetter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := openFile(t, d, policy.Settings{})
		f.sees("eva", "/evaluations", "fr", http.StatusOK, "1 demande vous attend", "Évaluer Zibaline", f.path("/evaluation/use"), `aria-current="page"`)
		f.sees("sol", "/evaluations", "en", http.StatusOK, "Nothing is waiting for you", "Zibaline", "École du Grand-Pin")
		f.sees("eva", f.path("/evaluation/use"), "fr", http.StatusOK, "Zibaline\u00a0: usage", "Programme d’études", "§\u00a03.2.13", "Non considéré",
			`enctype="multipart/form-data"`)
		body := f.sees("eva", f.path("/evaluation/security"), "en", http.StatusOK, "Zibaline: security", "In Québec", "Unknown location", "§\u00a03.3\u00a0a", "No equivalent")
		if n := strings.Count(body, `class="av-criterion"`); n != 6 {
			t.Errorf("security shows %d criteria, want 6", n)
		}

		form := url.Values{"version": {"0"}, "then": {"save"}, "rating.3.3c": {"partly"}, "note.3.3c": {"Conservation à préciser."}}
		f.uploads("eva", f.path("/evaluation/security"), "fr", form, "file.3.3c", "réponse du fournisseur.txt", "text/plain",
			"Nous effaçons tout après douze mois.", http.StatusSeeOther)
		body = f.sees("eva", f.path("/evaluation/security"), "fr", http.StatusOK, "Brouillon enregistré à 10\u00a0h\u00a042", "Conservation à préciser.",
			"réponse du fournisseur.txt", "En partie")
		_, rest, _ := strings.Cut(body, `href="/evidence/`)
		evidence, _, _ := strings.Cut(rest, `"`)
		res, content := f.get(t, f.who["sol"], "/evidence/"+evidence, "fr")
		if got := res.Header.Get("Content-Disposition"); content != "Nous effaçons tout après douze mois." || !strings.HasPrefix(got, "attachment") ||
			res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("evidence: %d %q %q", res.StatusCode, got, content)
		}
		f.sees("maude", "/evidence/"+evidence, "fr", http.StatusNotFound)

		f.uploads("eva", f.path("/evaluation/security"), "fr", url.Values{"version": {"1"}, "then": {"save"}}, "file.3.3c", "brouillon.txt", "text/plain",
			"Déposé par erreur.", http.StatusSeeOther)
		body = f.sees("eva", f.path("/evaluation/security"), "fr", http.StatusOK, "brouillon.txt", "Retirer ce fichier")
		mistake := ""
		for _, m := range regexp.MustCompile(`name="withdraw" value="([^"]+)"`).FindAllStringSubmatch(body, -1) {
			if m[1] != evidence {
				mistake = m[1]
			}
		}
		form = url.Values{"version": {"2"}, "then": {"finish"}, "withdraw": {mistake}}
		_, body = f.sends("eva", f.path("/evaluation/security"), "fr", form, http.StatusUnprocessableEntity, "brouillon.txt")
		contains(t, body, `value="`+mistake+`" aria-describedby="withdraw.`+mistake+`-hint" checked`)
		f.sends("maude", f.path("/evaluation/security"), "fr", form, http.StatusForbidden)
		form.Set("then", "save")
		f.sends("eva", f.path("/evaluation/security"), "fr", form, http.StatusSeeOther)
		if body := f.sees("eva", f.path("/evaluation/security"), "fr", http.StatusOK, "réponse du fournisseur.txt"); strings.Contains(body, "brouillon.txt") {
			t.Error("a withdrawn file is shown")
		}
		f.sees("eva", "/evidence/"+mistake, "fr", http.StatusNotFound)

		security := f.rated(evaluation.Security, evaluation.Met, 3)
		security.Set("rating.3.3c", "partly")
		security.Set("note.3.3c", "Conservation à préciser.")
		security.Set("recommendation", "approve_conditions")
		security.Set("location", "ca")
		security.Set("location_reason", "Le Québec n’est pas offert.")
		f.sends("eva", f.path("/evaluation/security"), "fr", security, http.StatusSeeOther)
		f.sees("eva", f.path("/evaluation/security"), "fr", http.StatusOK, "Terminée le 20\u00a0nov.\u00a02026 par Compte eva", "Évaluer maintenant l’usage")
		again := f.path("/evaluation/use/reopen")
		f.sends("eva", again, "fr", nil, http.StatusConflict, "n’est pas terminé")
		f.sends("eva", f.path("/evaluation/use"), "en", f.rated(evaluation.Use, evaluation.Met, 0), http.StatusSeeOther)
		f.sends("maude", again, "fr", nil, http.StatusForbidden)
		f.sends("sol", again, "fr", nil, http.StatusForbidden, "Seule la personne qui a terminé")
		f.sends("eva", f.path("/evaluation/beauty/reopen"), "fr", nil, http.StatusNotFound)
		if body := f.sees("sol", f.path("/evaluation/use"), "fr", http.StatusOK, "Terminée le"); strings.Contains(body, again) {
			t.Error("the director is offered to reopen what another finished")
		}
		f.sees("eva", f.path("/evaluation/use"), "en", http.StatusOK, "Reopen this aspect", again)
		f.sends("eva", again, "fr", nil, http.StatusSeeOther)
		f.sees("eva", f.path("/evaluation/use"), "fr", http.StatusOK, "Cet aspect est rouvert", `name="version" value="2"`)
		f.sends("eva", f.path("/evaluation/use"), "en", f.rated(evaluation.Use, evaluation.Met, 2), http.StatusSeeOther)
		f.sees("eva", f.path("/privacy"), "fr", http.StatusOK, "§\u00a0QC-PIA-01", "§\u00a0QC-PIA-02", "Il manque une réponse")
		f.sends("eva", f.path("/privacy"), "en", url.Values{"personal": {"yes"}, "pia_on": {"2026-11-10"}, "committee_on": {"2026-11-12"}, "transfer": {"yes"}}, http.StatusSeeOther)
		f.sees("eva", f.path("/privacy"), "en", http.StatusOK, "It is recorded", "Ready for the decision", `value="2026-11-12"`)

		f.sees("sol", "/evaluations", "fr", http.StatusOK, "Décider pour Zibaline", f.path("/decision"))
		f.sees("sol", f.path("/decision"), "fr", http.StatusOK, "Approuver avec conditions", "Conservation à préciser.", "Le Québec n’est pas offert.", "Satisfait\u00a0: 13")
		f.sees("joel", "/requests", "fr", http.StatusOK, "À décider")
		to, _ := f.sends("sol", f.path("/decision"), "fr", decide(decision.Approved, decision.Conditional), http.StatusSeeOther)
		f.sees("joel", "/requests", "fr", http.StatusOK, "Approuvée avec conditions")
		f.sees("maude", "/requests", "en", http.StatusOK, "Approved with conditions")
		if !strings.HasPrefix(to, "/decisions/") {
			t.Fatalf("decided, sent to %q", to)
		}
		f.sees("joel", to, "fr", http.StatusOK, "Zibaline est approuvée, avec 2 conditions", "Effacer après 12 mois", "§\u00a04.2\u00a0b", "§\u00a03.2.13",
			"Accuser réception", "Dire mon désaccord", "?lang=en", "Ailleurs au Canada")
		f.sees("joel", to+"?lang=en", "fr", http.StatusOK, "Zibaline is approved, with 2 conditions", `<html lang="en"`, "?lang=fr", "Approved with conditions")
		f.sends("maude", to+"/acknowledge", "fr", nil, http.StatusForbidden)
		f.sends("joel", to+"/acknowledge", "fr", nil, http.StatusSeeOther)
		f.sees("joel", to, "fr", http.StatusOK, "La réception est confirmée.", "par Compte joel")
		f.sends("joel", to+"/acknowledge", "en", nil, http.StatusConflict, "already been acknowledged")
		if res, _ := f.get(t, f.who["sol"], f.path("/decision"), "fr"); res.Header.Get("Location") != to {
			t.Errorf("a decided request leads to %q", res.Header.Get("Location"))
		}
		f.sees("maude", to, "en", http.StatusOK)
	})
}

func TestDisagreement(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := openFile(t, d, policy.Settings{})
		to := f.decided(decision.Refused, decision.Approved)
		contest := to + "/contest"
		f.sees("maude", contest, "fr", http.StatusForbidden)
		f.sees("joel", contest, "fr", http.StatusOK, "Avec quoi n’êtes-vous pas d’accord?")
		f.sees("joel", contest+"?aspect=security", "fr", http.StatusOK, "ne se conteste pas", "§\u00a04.1\u00a0b", `name="new_security"`)
		f.sends("joel", contest, "en", url.Values{"aspect": {"security"}}, http.StatusUnprocessableEntity, "§\u00a04.1\u00a0b")
		f.sends("joel", contest, "en", url.Values{"aspect": {"beauty"}, "explanation": {"x"}}, http.StatusNotFound)
		f.sends("joel", contest, "fr", url.Values{"aspect": {"use"}, "explanation": {"Pas d’accord."}}, http.StatusUnprocessableEntity,
			"Pas d’accord.", "au moins 40 caractères")
		long := "Le travail d’écriture à deux n’a pas été regardé par l’évaluation."
		at, _ := f.sends("joel", contest, "fr", url.Values{"aspect": {"use"}, "explanation": {long}}, http.StatusSeeOther)
		f.sees("joel", at, "fr", http.StatusOK, "Votre explication est envoyée.", long, "En attente d’une réponse")
		f.sees("joel", contest+"?aspect=use", "fr", http.StatusOK, "Un désaccord est déjà inscrit")
		for who, waits := range map[string]bool{"ines": true, "sol": false, "eva": false, "joel": false, "maude": false} {
			if body := f.sees(who, "/desk", "fr", http.StatusOK); strings.Contains(body, at) != waits {
				t.Errorf("the disagreement is on the desk of %s: %t, want %t", who, !waits, waits)
			}
		}
		f.sees("ines", "/desk", "fr", http.StatusOK, "Répondre au désaccord\u00a0: Zibaline", "École du Grand-Pin", "Contestée", "§\u00a04.1\u00a0a")
		f.sees("ines", "/desk", "en", http.StatusOK, "Answer the disagreement: Zibaline", "Contested")
		f.sends("joel", at, "fr", url.Values{"talk_on": {"2026-11-20"}, "next_step": {"maintain"}, "answer": {"Non."}}, http.StatusForbidden)

		answer := url.Values{"talk_on": {"2026-11-21"}, "talk_note": {"Une note entre nous."}, "answer": {"On regarde de nouveau."}}
		f.sees("ines", at, "en", http.StatusOK, long, `name="talk_on"`, "Evaluate again")
		f.sends("ines", at, "fr", answer, http.StatusUnprocessableEntity, "n’a pas encore eu lieu", "Choisissez la suite.", "Une note entre nous.", "On regarde de nouveau.")
		answer.Set("talk_on", "2026-11-20")
		answer.Set("next_step", "reevaluate")
		f.sends("ines", at, "fr", answer, http.StatusSeeOther)
		f.sees("sol", at, "fr", http.StatusOK, "On regarde de nouveau.", "Une note entre nous.", "Évaluer de nouveau")
		if body := f.sees("ines", "/desk", "fr", http.StatusOK, "Rien ne vous attend"); strings.Contains(body, at) {
			t.Error("an answered disagreement stays on the desk")
		}
		if body := f.sees("joel", at, "en", http.StatusOK, "On regarde de nouveau.", "See the request that follows"); strings.Contains(body, "Une note entre nous.") {
			t.Error("the school reads the note of the talk")
		}
	})
}

func TestNewRequestAboutSecurity(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := openFile(t, d, policy.Settings{})
		to := f.decided(decision.Approved, decision.Refused)
		next, _ := f.sends("joel", to+"/contest", "en", url.Values{"aspect": {"security"}, "new_security": {"Sign-in with a pseudonym."}}, http.StatusSeeOther)
		if !strings.HasPrefix(next, "/requests/") || strings.Contains(next, string(f.id)) {
			t.Errorf("the new request stands at %q", next)
		}
		f.sees("eva", "/evaluations", "fr", http.StatusOK, "Accuser réception de la demande pour Zibaline")
	})
}

// That it prints is proved in the browser suite, which has Chromium.
func TestLetterAsPDF(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := openFile(t, d, policy.Settings{})
		to := f.decided(decision.Approved, decision.Approved)
		if res, _ := f.get(t, f.who["maude"], "/decisions/nothing.pdf", "fr"); res.StatusCode != http.StatusNotFound {
			t.Errorf("another letter: %d", res.StatusCode)
		}
		t.Setenv("PATH", t.TempDir())
		f.sees("joel", to+".pdf", "fr", http.StatusServiceUnavailable, "Il manque Chromium")
		f.sees("joel", to+".pdf?lang=en", "fr", http.StatusServiceUnavailable, "Chromium is missing")
	})
}
