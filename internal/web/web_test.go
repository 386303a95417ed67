package web

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aval/internal/adoption"
	"aval/internal/board"
	"aval/internal/classification"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/duty"
	"aval/internal/fault"
	"aval/internal/inventory"
	"aval/internal/policy"
	"aval/internal/web/assets"
	"aval/internal/web/ui"

	"github.com/a-h/templ"
)

// staff stands for the accounts: one person a board, one password.
type staff struct {
	boards []board.Board
	closed bool
	tries  int
}

const goodPassword = "une longue phrase"

func (a *staff) SignIn(_ context.Context, b, login, password string) (policy.Actor, error) {
	a.tries++
	if a.closed || login != "mquessy" || password != goodPassword {
		return policy.Actor{}, fault.New(fault.Invalid, "account.sign_in_refused")
	}
	return teacher(b), nil
}

func (a *staff) Actor(_ context.Context, b, id string) (policy.Actor, error) {
	if a.closed || id != "t1" {
		return policy.Actor{}, fault.Missing()
	}
	return teacher(b), nil
}

func (a *staff) Boards(context.Context) ([]board.Board, error) { return a.boards, nil }

func teacher(b string) policy.Actor {
	return policy.Actor{ID: "t1", Board: b, Name: "Maude Quessy", Lang: "fr", Via: "web",
		Grants: []policy.Grant{{Role: policy.Teacher, Org: "o1"}},
		Pack: &policy.Pack{InForce: "2023-06-08",
			Roles: []policy.RoleName{{Role: policy.Teacher, Title: policy.Text{Fr: "Enseignante", En: "Teacher"}}},
			Permissions: []policy.Permission{
				{Role: policy.Teacher, Do: policy.RequestCreate, Relation: policy.Own},
				{Role: policy.Operator, Do: policy.AuditRead, Relation: policy.Board, Clause: "7.2"},
			}}}
}

type house struct {
	*Server
	staff *staff
	late  atomic.Int64 // how far the house's clock is ahead
	at    *httptest.Server
	also  *http.ServeMux // routes of the test
}

// open serves the door over a database, with routes of the test's own.
func open(t *testing.T, d *db.DB, more ...route) *house {
	t.Helper()
	h := &house{staff: &staff{boards: []board.Board{{ID: "bois-clair", Name: "Commission scolaire du Bois-Clair"}}}}
	d.Clock = func() time.Time { return time.Now().Add(time.Duration(h.late.Load())) }
	h.Server = &Server{DB: d, Adoptions: &adoption.Service{DB: d}, Classification: &classification.Service{DB: d}, Inventory: &inventory.Service{DB: d}, Duties: &duty.Service{DB: d}, Accounts: h.staff, SignInTakes: time.Nanosecond,
		Log: slog.New(slog.DiscardHandler)}
	door := h.Handler()
	h.also = http.NewServeMux()
	h.also.Handle("/", door)
	for _, rt := range more {
		h.also.Handle(rt.pattern, h.page(rt))
	}
	h.at = httptest.NewServer(h.also)
	t.Cleanup(h.at.Close)
	return h
}

// browser keeps cookies and follows nothing by itself.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (h *house) get(t *testing.T, c *http.Client, path, lang string) (reply, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, h.at.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Language", lang)
	return answer(t, c, r)
}

func (h *house) post(t *testing.T, c *http.Client, path, lang string, form url.Values) (reply, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, h.at.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept-Language", lang)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return answer(t, c, r)
}

// reply is what remains of an answer once its body is read.
type reply struct {
	StatusCode int
	Header     http.Header
	Cookies    []*http.Cookie
}

func answer(t *testing.T, c *http.Client, r *http.Request) (reply, string) {
	t.Helper()
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, res.Cookies()}, string(body)
}

func (h *house) signedIn(t *testing.T) *http.Client {
	t.Helper()
	c := browser(t)
	res, body := h.post(t, c, "/sign-in", "fr", url.Values{"login": {"mquessy"}, "password": {goodPassword}})
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/desk" {
		t.Fatalf("sign-in: %d to %q\n%s", res.StatusCode, res.Header.Get("Location"), body)
	}
	return c
}

func contains(t *testing.T, body string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(body, w) {
			t.Errorf("the page lacks %q:\n%s", w, body)
		}
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		const want = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'"
		for _, path := range []string{"/", "/sign-in", "/nowhere", assets.Path("app.css")} {
			res, _ := h.get(t, browser(t), path, "fr")
			if got := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(got, want) {
				t.Errorf("%s: policy %q, want %q", path, got, want)
			}
			if got := res.Header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("%s: X-Content-Type-Options %q", path, got)
			}
		}
	})
}

func TestSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		for lang, want := range map[string][]string{
			"fr": {`<html lang="fr"`, "Cet identifiant et ce mot de passe ne vont pas ensemble.", "<title>Erreur\u00a0: Ouvrir une session", "Une réponse à revoir"},
			"en": {`<html lang="en"`, "This login and this password do not go together.", "<title>Error: Sign in"},
		} {
			for _, login := range []string{"mquessy", "personne-" + lang} {
				res, body := h.post(t, browser(t), "/sign-in", lang, url.Values{"login": {login}, "password": {"autre chose"}})
				if res.StatusCode != http.StatusUnprocessableEntity {
					t.Errorf("%s: status %d", login, res.StatusCode)
				}
				contains(t, body, want...)
				contains(t, body, `value="`+login+`"`, `aria-describedby="login-error"`)
				if strings.Contains(body, "autre chose") {
					t.Error("the password is sent back")
				}
			}
		}
		res, body := h.post(t, browser(t), "/sign-in", "fr", url.Values{})
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("empty: status %d", res.StatusCode)
		}
		contains(t, body, "2 réponses à revoir", "Inscrivez votre identifiant.", "Inscrivez votre mot de passe.")

		c := h.signedIn(t)
		var cookie *http.Cookie
		res, _ = h.post(t, browser(t), "/sign-in", "fr", url.Values{"login": {"mquessy"}, "password": {goodPassword}, "next": {"/requests?page=2"}})
		for _, one := range res.Cookies {
			if one.Name == "aval_session" {
				cookie = one
			}
		}
		if cookie == nil || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Secure {
			t.Errorf("session cookie %+v", cookie)
		}
		if to := res.Header.Get("Location"); to != "/requests?page=2" {
			t.Errorf("signed in, sent to %q", to)
		}
		if res, _ = h.get(t, c, "/", "fr"); res.Header.Get("Location") != "/desk" {
			t.Errorf("home of who is signed in: %q", res.Header.Get("Location"))
		}
		if res, _ = h.get(t, browser(t), "/", "fr"); res.Header.Get("Location") != "/sign-in" {
			t.Errorf("home of a stranger: %q", res.Header.Get("Location"))
		}

		if res, _ = h.post(t, c, "/sign-out", "fr", nil); res.Header.Get("Location") != "/sign-in" {
			t.Errorf("signed out, sent to %q", res.Header.Get("Location"))
		}
		_, body = h.get(t, c, "/sign-in", "fr")
		contains(t, body, "Votre session est fermée.")
		if _, body = h.get(t, c, "/sign-in", "fr"); strings.Contains(body, "Votre session est fermée.") {
			t.Error("a message is shown twice")
		}
		if res, _ = h.get(t, c, "/", "fr"); res.Header.Get("Location") != "/sign-in" {
			t.Errorf("home after signing out: %q", res.Header.Get("Location"))
		}
	})
}

func TestSessionTableHoldsNoCookie(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		c := h.signedIn(t)
		at, err := url.Parse(h.at.URL)
		if err != nil {
			t.Fatal(err)
		}
		token := c.Jar.Cookies(at)[0].Value
		_, found, err := (sessionStore{d}).FindCtx(t.Context(), token)
		if err != nil || found {
			t.Errorf("the cookie's own token is in the table: %v, %v", found, err)
		}
	})
}

func TestTooManyTriesMakeALoginWait(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		try := func(login, password, lang string) string {
			_, body := h.post(t, browser(t), "/sign-in", lang, url.Values{"login": {login}, "password": {password}})
			return body
		}
		for range freeTries {
			contains(t, try("mquessy", "faux", "fr"), "ne vont pas ensemble")
		}
		before := h.staff.tries
		contains(t, try("MQuessy ", goodPassword, "fr"), "Trop d’essais pour cet identifiant. Attendez 1\u00a0minute")
		contains(t, try("mquessy", goodPassword, "en"), "Too many tries for this login. Wait 1 minute")
		if h.staff.tries != before {
			t.Error("a login that must wait was compared")
		}
		contains(t, try("unautre", "faux", "fr"), "ne vont pas ensemble")
		h.late.Store(int64(firstWait))
		h.signedIn(t)
		contains(t, try("mquessy", "faux", "fr"), "ne vont pas ensemble")
	})
}

func TestAttemptsStayFew(t *testing.T) {
	now := time.Now()
	a := newAttempts(func() time.Time { return now })
	for i := range mostAttempts + 10 {
		a.failed("b", fmt.Sprint(i))
	}
	if len(a.by) > mostAttempts {
		t.Errorf("%d logins are remembered, want at most %d", len(a.by), mostAttempts)
	}
}

func TestBoardIsAskedForWhereThereAreSeveral(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		if _, body := h.get(t, browser(t), "/sign-in", "fr"); strings.Contains(body, "<select") {
			t.Error("the board is asked for though there is one")
		}
		h.staff.boards = append(h.staff.boards, board.Board{ID: "val", Name: "Commission scolaire du Val"})
		_, body := h.get(t, browser(t), "/sign-in", "en")
		contains(t, body, `<option value="bois-clair"`, "Commission scolaire du Val", "Choose from the list")
		res, body := h.post(t, browser(t), "/sign-in", "fr", url.Values{"board": {"autre"}, "login": {"mquessy"}, "password": {goodPassword}})
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("unknown board: %d", res.StatusCode)
		}
		contains(t, body, "Choisissez votre organisme scolaire.")
		h.staff.boards = nil
		_, body = h.get(t, browser(t), "/sign-in", "fr")
		contains(t, body, "aval board create")
	})
}

func TestAnotherSiteCannotPost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		c := h.signedIn(t)
		for lang, want := range map[string]string{"fr": "Cet envoi venait d’un autre site", "en": "This was sent from another site"} {
			r, err := http.NewRequest(http.MethodPost, h.at.URL+"/sign-out", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.AddCookie(&http.Cookie{Name: cookieLanguage, Value: lang})
			res, body := answer(t, c, r)
			if res.StatusCode != http.StatusForbidden {
				t.Errorf("status %d, want 403", res.StatusCode)
			}
			contains(t, body, want)
		}
		if res, _ := h.get(t, c, "/", "fr"); res.Header.Get("Location") != "/desk" {
			t.Error("another site signed someone out")
		}
	})
}

func TestAssets(t *testing.T) {
	if !assets.Built() {
		t.Fatal("the front-end build was not run: make assets")
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		_, page := h.get(t, browser(t), "/sign-in", "fr")
		total := 0
		for _, name := range []string{"app.css", "app.js", "icons.svg", "mark.svg",
			"noto-sans-latin-400-normal.woff2", "noto-sans-latin-600-normal.woff2"} {
			r, err := http.NewRequest(http.MethodGet, h.at.URL+assets.Path(name), nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept-Encoding", "gzip")
			res, body := answer(t, browser(t), r)
			if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
				t.Errorf("%s: %d, cache %q", name, res.StatusCode, res.Header.Get("Cache-Control"))
			}
			if font := strings.HasSuffix(name, ".woff2"); font == (res.Header.Get("Content-Encoding") == "gzip") {
				t.Errorf("%s: encoding %q", name, res.Header.Get("Content-Encoding"))
			}
			total += len(body)
		}
		r, err := http.NewRequest(http.MethodGet, h.at.URL+"/sign-in", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "gzip")
		_, packed := answer(t, browser(t), r)
		z, err := gzip.NewReader(strings.NewReader(packed))
		if err != nil {
			t.Fatalf("the page is not compressed: %v", err)
		}
		if plain, err := io.ReadAll(z); err != nil || len(plain) < smallest {
			t.Errorf("compressed page: %d bytes, %v", len(plain), err)
		}
		if total += len(packed); total > 150_000 {
			t.Errorf("a first visit takes %d bytes", total)
		}
		t.Logf("a first visit takes %d bytes, its page %d", total, len(packed))
		for _, m := range regexp.MustCompile(`#([a-z0-9-]+)"></use>`).FindAllStringSubmatch(page, -1) {
			if !assets.HasIcon(m[1]) {
				t.Errorf("the sprite lacks %q", m[1])
			}
		}
		if res, _ := h.get(t, browser(t), "/assets/../go.mod", "fr"); res.StatusCode == http.StatusOK {
			t.Error("a file outside is served")
		}
	})
}

func TestEveryIconOfTheCodeIsInTheSprite(t *testing.T) {
	for _, place := range places {
		if !assets.HasIcon(place.icon) {
			t.Errorf("navigation: the sprite lacks %q", place.icon)
		}
	}
	for _, state := range []string{"draft", "submitted", "returned", "authorised", "acknowledged", "evaluated", "decided",
		"withdrawn", "approved", "conditional", "refused", "contested", "overdue", "chase", "unverified", "?"} {
		if _, icon := ui.Look(state); !assets.HasIcon(icon) {
			t.Errorf("state %s: the sprite lacks %q", state, icon)
		}
	}
}

// A form that was refused comes back with what was typed.
func TestRefusedFormKeepsWhatWasTyped(t *testing.T) {
	show := func(v *visit) error {
		return v.render(templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			return layout(v, "Demande").Render(templ.WithChildren(ctx, templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				return ui.Area(v.p, v.input("purpose", "ui.menu", "ui.close", "kept")).Render(ctx, w)
			})), w)
		}))
	}
	fail := error(nil)
	rts := []route{
		{pattern: "GET /form", need: policy.RequestCreate, do: show},
		{pattern: "POST /form", need: policy.RequestCreate, form: show, limit: 2000,
			do: func(v *visit) error {
				if fail != nil {
					return fail
				}
				v.flash("signin.out")
				return v.redirect("/form")
			}},
		{pattern: "GET /audit-page", need: policy.AuditRead, do: show},
		{pattern: "GET /things/{id}", need: policy.RequestCreate, do: notFound},
		{pattern: "GET /broken", need: signedIn, do: func(*visit) error { panic("Maude wrote this") }},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d, rts...)
		c := h.signedIn(t)
		typed := url.Values{"other": {"x"}, "purpose": {"  <b>Jouer</b>\r\nà deux  "}}

		fail = fault.Form(map[string]string{"purpose": "signin.login_required", "other": "signin.password_required"})
		res, body := h.post(t, c, "/form", "fr", typed)
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("status %d", res.StatusCode)
		}
		contains(t, body, "&lt;b&gt;Jouer&lt;/b&gt;\nà deux</textarea>", `<a href="#purpose">Inscrivez votre identifiant.</a>`, `aria-invalid="true"`)
		if strings.Index(body, `href="#other"`) > strings.Index(body, `href="#purpose"`) {
			t.Error("the summary does not follow the order of the form")
		}

		fail = fault.New(fault.Conflict, "conflict.changed").Under("2.2b")
		res, body = h.post(t, c, "/form", "fr", typed)
		if res.StatusCode != http.StatusConflict {
			t.Errorf("status %d", res.StatusCode)
		}
		contains(t, body, "Quelqu’un a modifié cette page", "Jouer", `href="/policy#2.2b"`)

		fail = fault.New(fault.Denied, "denied").Under("2.2b")
		res, body = h.post(t, c, "/form", "fr", typed)
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("status %d", res.StatusCode)
		}
		contains(t, body, "Votre rôle ne permet pas ce geste", `href="/policy#2.2b"`)

		res, body = h.post(t, c, "/form", "fr", url.Values{"purpose": {strings.Repeat("x", 3000)}})
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("too large: status %d", res.StatusCode)
		}
		contains(t, body, "Cet envoi dépasse la taille")

		fail = nil
		if res, _ = h.post(t, c, "/form", "fr", typed); res.Header.Get("Location") != "/form" {
			t.Errorf("sent to %q", res.Header.Get("Location"))
		}
		_, body = h.get(t, c, "/form", "fr")
		contains(t, body, "Votre session est fermée.", "kept", "Maude Quessy", "Enseignante", "Commission scolaire du Bois-Clair")

		if res, _ = h.get(t, browser(t), "/form", "fr"); res.Header.Get("Location") != "/sign-in?next=%2Fform" {
			t.Errorf("a stranger is sent to %q", res.Header.Get("Location"))
		}
		res, body = h.get(t, c, "/audit-page", "fr")
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("a page of another role: %d", res.StatusCode)
		}
		contains(t, body, `href="/policy#7.2"`)
		_, wrong := h.get(t, c, "/things/aaaa", "fr")
		if _, none := h.get(t, c, "/thingz/aaaa", "fr"); wrong != none {
			t.Error("a thing that does not exist and a page that does not exist differ")
		}
		res, body = h.get(t, c, "/broken", "en")
		if res.StatusCode != http.StatusInternalServerError || strings.Contains(body, "Maude wrote") {
			t.Errorf("a mistake of ours: %d\n%s", res.StatusCode, body)
		}

		h.staff.closed = true
		if res, _ = h.get(t, c, "/form", "fr"); !strings.HasPrefix(res.Header.Get("Location"), "/sign-in") {
			t.Errorf("a closed account is sent to %q", res.Header.Get("Location"))
		}
	})
}

func TestLanguageAndAppearanceAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		c := browser(t)
		_, body := h.get(t, c, "/sign-in", "fr")
		contains(t, body, `<html lang="fr" data-bs-theme="light"`, ">English</button>")
		res, _ := h.post(t, c, "/language", "fr", url.Values{"to": {"en"}, "back": {"/sign-in?next=%2Frequests"}})
		if to := res.Header.Get("Location"); to != "/sign-in?next=%2Frequests" {
			t.Errorf("sent to %q", to)
		}
		h.post(t, c, "/appearance", "fr", url.Values{"to": {"dark"}})
		_, body = h.get(t, c, "/sign-in", "fr")
		contains(t, body, `<html lang="en" data-bs-theme="dark"`, ">Français</button>", "Sign in")
	})
}

func TestLocalAddresses(t *testing.T) {
	for to, want := range map[string]string{
		"/requests/1?x=y#2.2b": "/requests/1?x=y#2.2b", "": "/", "//evil.example": "/", "https://evil.example/": "/",
		"/\\evil.example": "/", "requests": "/", "/a\r\nSet-Cookie: x": "/", "javascript:alert(1)": "/",
	} {
		if got := local(to, "/"); got != want {
			t.Errorf("local(%q) = %q, want %q", to, got, want)
		}
	}
}

func TestEveryRouteHasAPermission(t *testing.T) {
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	for _, rt := range (&Server{}).routes() {
		if rt.need == anyone || rt.need == signedIn {
			continue
		}
		if !slices.ContainsFunc(pack.Permissions, func(p policy.Permission) bool { return p.Do == rt.need }) {
			t.Errorf("%s needs %q, which no row of the pack gives", rt.pattern, rt.need)
		}
	}
}
