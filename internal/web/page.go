package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"aval/internal/adoption"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/web/ui"

	"github.com/a-h/templ"
	"github.com/alexedwards/scs/v2"
)

// visit is one request of one person: who asks, in which language, what was
// sent, and the answer as it takes shape.
type visit struct {
	w     http.ResponseWriter
	r     *http.Request
	s     *Server
	route route
	actor policy.Actor // without ID when nobody is signed in
	p     *i18n.Printer
	pack  *policy.Pack // version that what the page shows keeps; nil: the one that applies now

	signed adoption.Signatures // that the page tells of

	refused *fault.Fault // set while a form is shown again
	order   []string     // the fields sent, in the order of the form

	theme   string
	board   string // the board's name
	place   string // where the actor works
	said    []said
	session bool // the session is loaded

	status int
	body   *bytes.Buffer
}

const (
	plainLimit    = 4 << 20   // of words: what is too long for its field comes back beside it
	strangerLimit = 256 << 10 // before a session
	memoryLimit   = 12 << 20  // of a form with files: more than any file that is kept; the rest goes to the disk until the answer
)

// ---- what a handler asks

// ctx is the context of the use cases.
func (v *visit) ctx() context.Context { return v.r.Context() }

// T answers a sentence in the visitor's language.
func (v *visit) T(key string, args ...any) string { return v.p.T(key, args...) }

// path answers a part of the address by its name in the pattern.
func (v *visit) path(name string) string { return v.r.PathValue(name) }

// query answers a value of the address's query, trimmed.
func (v *visit) query(name string) string { return strings.TrimSpace(v.r.URL.Query().Get(name)) }

// form answers a field that was sent, trimmed, its lines ended by \n.
func (v *visit) form(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(v.r.PostForm.Get(name), "\r\n", "\n"))
}

// forms answers every value of a field.
func (v *visit) forms(name string) []string { return v.r.PostForm[name] }

// value is what a field shows: what was typed when its form comes back refused,
// otherwise, and when another form of the page does, what is kept.
func (v *visit) value(name, kept string) string {
	if v.cameBack(name) {
		return v.form(name)
	}
	return kept
}

// cameBack tells whether a field stands in the form that was refused.
func (v *visit) cameBack(name string) bool { return v.refused != nil && v.r.PostForm.Has(name) }

// typed tells whether something was typed in a field of a form that comes back.
func (v *visit) typed(name string) bool { return v.refused != nil && v.form(name) != "" }

// chosen tells whether an answer is the one of its field, in the same way.
func (v *visit) chosen(name, value string, kept bool) bool {
	if v.cameBack(name) {
		return slices.Contains(v.forms(name), value)
	}
	return kept
}

// ticked tells whether a box is, of which a form that comes back may hold none.
func (v *visit) ticked(name, value string, kept bool) bool {
	if v.refused != nil {
		return slices.Contains(v.forms(name), value)
	}
	return kept
}

// wrong is the sentence of a field that must be mended, or "".
func (v *visit) wrong(name string) string {
	if v.refused == nil {
		return ""
	}
	m, ok := v.refused.Fields[name]
	if !ok {
		return ""
	}
	return v.p.Message(m)
}

// input puts together a field for the pieces of ui: its label and hint by key
// (an empty hint has none), its value and its error. The page adds the rest.
func (v *visit) input(name, label, hint, kept string) ui.Input {
	f := ui.Input{Name: name, Label: v.T(label), Value: v.value(name, kept), Error: v.wrong(name)}
	if hint != "" {
		f.Hint = v.T(hint)
	}
	return f
}

// summary lists what must be mended, in the order of the form.
func (v *visit) summary(f *fault.Fault) []ui.Wrong {
	wrong := make([]ui.Wrong, 0, len(f.Fields))
	place := func(field string) int {
		if i := slices.Index(v.order, field); i >= 0 {
			return i
		}
		return len(v.order)
	}
	fields := slices.Sorted(maps.Keys(f.Fields))
	slices.SortStableFunc(fields, func(a, b string) int { return place(a) - place(b) })
	for _, field := range fields {
		wrong = append(wrong, ui.Wrong{Field: field, Text: v.p.Message(f.Fields[field])})
	}
	return wrong
}

// may tells whether the actor's roles have this permission somewhere: what a
// menu offers. About one thing, ask actor.Can with its scope.
func (v *visit) may(do policy.Action) bool { return holds(v.actor, do) }

func holds(a policy.Actor, do policy.Action) bool {
	switch {
	case do == anyone:
		return true
	case a.ID == "":
		return false
	case do == signedIn:
		return true
	case a.Pack == nil:
		return false
	}
	return slices.ContainsFunc(a.Pack.Permissions, func(p policy.Permission) bool {
		return p.Do == do && a.Has(p.Role)
	})
}

// title is what the browser's tab says; a form that came back says so first.
func (v *visit) title(page string) string {
	if v.refused != nil {
		return v.T("ui.error_prefix") + " " + page + " – aval"
	}
	return page + " – aval"
}

// ---- what a handler answers

// render answers a page.
func (v *visit) render(page templ.Component) error {
	v.body.Reset()
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := page.Render(v.ctx(), v.body); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return nil
}

// redirect sends the visitor on to another page of ours.
func (v *visit) redirect(to string) error {
	v.body.Reset()
	v.w.Header().Set("Location", local(to, "/"))
	v.status = http.StatusSeeOther
	return nil
}

// send answers a file to keep.
func (v *visit) send(name, media string, data []byte) error {
	v.body.Reset()
	v.w.Header().Set("Content-Type", media)
	v.w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	v.body.Write(data)
	return nil
}

// flash leaves a sentence for the next page: what was done.
func (v *visit) flash(key string, args ...any) { v.flashAs(ui.OK, key, args...) }

// flashAs is flash in another tone.
func (v *visit) flashAs(tone ui.Tone, key string, args ...any) {
	var left []said
	_ = json.Unmarshal([]byte(v.s.sessions.GetString(v.ctx(), keyFlash)), &left) // ours; none when empty
	text, err := json.Marshal(append(left, said{tone, v.T(key, args...)}))
	if err == nil {
		v.s.sessions.Put(v.ctx(), keyFlash, string(text))
	}
}

// back is the page that a form of the layout leads back to.
func (v *visit) back() string {
	if v.r.Method == http.MethodGet && v.status < http.StatusBadRequest {
		return v.r.URL.RequestURI()
	}
	return "/"
}

// local keeps an address to this site.
func local(to, otherwise string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(to, "/") ||
		strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return otherwise
	}
	return to
}

// ---- one place for every page

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// page makes a handler of a route: session, form, permission, answer.
func (s *Server) page(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		body := bodies.Get().(*bytes.Buffer)
		body.Reset()
		defer bodies.Put(body)
		v := &visit{w: w, r: r, s: s, route: rt, status: http.StatusOK, body: body, theme: "light"}
		v.speak("")
		if err := v.run(); err != nil {
			v.refuse(err)
		}
		v.finish()
		took := time.Since(began)
		if s.Observe != nil {
			s.Observe(rt.pattern, v.status, took)
		}
		s.Log.LogAttrs(r.Context(), slog.LevelDebug, "answered", slog.String("route", rt.pattern),
			slog.Int("status", v.status), slog.Duration("took", took))
	})
}

func (v *visit) run() (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares so too
				panic(cause)
			}
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	defer v.sweep()
	if v.route.public {
		return v.inTurn()
	}
	if err := v.open(); err != nil {
		return err
	}
	if v.route.need != anyone && v.actor.ID == "" {
		return v.redirect(signInFor(v.r))
	}
	if !v.route.unread {
		if err := v.read(); err != nil {
			return err
		}
	}
	// Where the address names a thing, only the use case knows whether it may be seen.
	if !strings.Contains(v.route.pattern, "{") && !v.may(v.route.need) {
		return v.actor.Allow(v.route.need, policy.Scope{})
	}
	err = v.route.do(v)
	f, refused := fault.As(err)
	if !refused || v.route.form == nil || f.Kind != fault.Invalid && f.Kind != fault.Conflict && len(f.Fields) == 0 {
		return err
	}
	v.refused, v.status = f, statusOf(f.Kind)
	return v.route.form(v)
}

// open loads the session, and with it the actor, the language and the look.
func (v *visit) open() error {
	if c, err := v.r.Cookie(cookieTheme); err == nil && c.Value == "dark" {
		v.theme = "dark"
	}
	token := ""
	if c, err := v.r.Cookie(v.s.sessions.Cookie.Name); err == nil {
		token = c.Value
	}
	ctx, err := v.s.sessions.Load(v.ctx(), token)
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	v.r, v.session = v.r.WithContext(ctx), true
	account := v.s.sessions.GetString(ctx, keyAccount)
	if account == "" {
		return v.hear()
	}
	v.actor, err = v.s.Accounts.Actor(ctx, v.s.sessions.GetString(ctx, keyBoard), account)
	if fault.Is(err, fault.NotFound) { // the account was closed meanwhile
		v.actor = policy.Actor{}
		return v.s.sessions.Destroy(ctx)
	}
	if err != nil {
		return fmt.Errorf("actor: %w", err)
	}
	v.speak(v.actor.Lang)
	v.place = v.s.sessions.GetString(ctx, keyPlace)
	if v.board, err = v.s.names.get(ctx, v.s.Accounts, v.actor.Board); err != nil {
		return fmt.Errorf("board: %w", err)
	}
	return v.hear()
}

// hear takes what the page before left to say; what is sent on says it later.
func (v *visit) hear() error {
	if v.r.Method != http.MethodGet || !v.s.sessions.Exists(v.ctx(), keyFlash) {
		return nil
	}
	text := v.s.sessions.PopString(v.ctx(), keyFlash)
	if err := json.Unmarshal([]byte(text), &v.said); err != nil {
		return fmt.Errorf("flash: %w", err)
	}
	return nil
}

// speak chooses the language: the switch, then the account, then the browser.
func (v *visit) speak(account string) {
	lang := account
	if c, err := v.r.Cookie(cookieLanguage); err == nil && slices.Contains(i18n.Languages, c.Value) {
		lang = c.Value
	}
	if lang == "" {
		lang = i18n.Choose(v.r.Header.Get("Accept-Language"))
	}
	v.p = i18n.For(lang).Citing(v.actor.Pack.Cite)
}

// under has the page speak of what began under a version of the policy.
func (v *visit) under(pack *policy.Pack) {
	v.pack = v.actor.Under(pack).Pack
	v.p = i18n.For(v.p.Lang).Citing(v.pack.Cite)
}

// policy is the version of the policy that the page speaks of.
func (v *visit) policy() *policy.Pack { return v.actor.Under(v.pack).Pack }

// read takes what was sent, up to the route's limit.
func (v *visit) read() error {
	if v.r.Method != http.MethodPost {
		v.r.PostForm = url.Values{}
		return nil
	}
	limit := v.route.limit
	switch {
	case limit > 0:
	case v.actor.ID == "":
		limit = strangerLimit
	default:
		limit = plainLimit
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, limit)
	media, _, _ := mime.ParseMediaType(v.r.Header.Get("Content-Type")) // none is no form
	var err error
	if media == "multipart/form-data" {
		err = v.r.ParseMultipartForm(memoryLimit)
	} else {
		err = v.readFields()
	}
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		v.r.PostForm = url.Values{}
		return fault.New(fault.Invalid, "error.too_large")
	case err != nil:
		v.r.PostForm = url.Values{}
		return fault.New(fault.Invalid, "error.unreadable")
	}
	for _, values := range v.r.PostForm {
		for i := range values {
			values[i] = legible(values[i])
		}
	}
	return nil
}

// sweep removes what of a form went to the disk: net/http does it for its own
// request alone, and the session made another of it.
func (v *visit) sweep() {
	if v.r.MultipartForm != nil {
		_ = v.r.MultipartForm.RemoveAll() // what is gone is gone
	}
}

// legible is what was typed without what no page shows and no database keeps:
// broken letters and zero bytes.
func legible(typed string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(typed, "\uFFFD"), "\x00", "")
}

// readFields reads an ordinary form and remembers the order of its fields.
func (v *visit) readFields() error {
	sent, err := io.ReadAll(v.r.Body)
	if err != nil {
		return err
	}
	for pair := range strings.SplitSeq(string(sent), "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err == nil && !slices.Contains(v.order, name) {
			v.order = append(v.order, name)
		}
	}
	v.r.Body = io.NopCloser(bytes.NewReader(sent))
	return v.r.ParseForm()
}

// refuse answers what could not be done: a refusal with its sentence, a mistake
// of ours with a number that the log has too.
func (v *visit) refuse(err error) {
	v.refused = nil
	v.w.Header().Del("Location")
	v.w.Header().Del("Content-Disposition")
	if f, ok := fault.As(err); ok {
		v.status = statusOf(f.Kind)
		if err := v.render(refusal(v, f)); err == nil {
			return
		}
	}
	if errors.Is(err, context.Canceled) && v.ctx().Err() != nil {
		v.status = 499 // the visitor left
		return
	}
	number := db.NewID()[:8]
	v.s.Log.LogAttrs(v.ctx(), slog.LevelError, "mistake", slog.String("number", number),
		slog.String("route", v.route.pattern), slog.String("error", err.Error()))
	v.status = http.StatusInternalServerError
	if err := v.render(mistake(v, number)); err != nil {
		v.body.Reset()
		v.body.WriteString(v.T("error.mistake", number))
	}
}

func statusOf(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Denied:
		return http.StatusForbidden
	case fault.Conflict:
		return http.StatusConflict
	default:
		return http.StatusNotFound
	}
}

// titleOf heads the page of a refusal.
func titleOf(k fault.Kind) string {
	switch k {
	case fault.Invalid:
		return "error.invalid_title"
	case fault.Denied:
		return "error.denied_title"
	case fault.Conflict:
		return "error.conflict_title"
	default:
		return "error.not_found_title"
	}
}

var zips = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is known to be good
	return z
}}

// smallest is the size below which a page is not worth compressing.
const smallest = 1 << 10

// finish keeps the session and sends the answer.
func (v *visit) finish() {
	if v.session {
		if err := v.keep(); err != nil {
			v.session = false
			v.refuse(fmt.Errorf("session: %w", err))
		}
	}
	h := v.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Cookie, Accept-Language, Accept-Encoding")
	if v.route.public && v.status == http.StatusOK {
		v.shared(h)
	}
	if v.status == http.StatusNotModified {
		v.w.WriteHeader(v.status)
		return
	}
	if v.body.Len() < smallest || !strings.Contains(v.r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Length", strconv.Itoa(v.body.Len()))
		v.w.WriteHeader(v.status)
		_, _ = v.w.Write(v.body.Bytes()) // the visitor left: nothing to tell them
		return
	}
	h.Set("Content-Encoding", "gzip")
	v.w.WriteHeader(v.status)
	z := zips.Get().(*gzip.Writer)
	defer zips.Put(z)
	z.Reset(v.w)
	_, _ = z.Write(v.body.Bytes()) // as above
	_ = z.Close()
}

// keep writes the session if it changed, and its cookie.
func (v *visit) keep() error {
	ctx := context.WithoutCancel(v.ctx()) // what was done stays done when the visitor leaves
	switch v.s.sessions.Status(ctx) {
	case scs.Modified:
		token, expiry, err := v.s.sessions.Commit(ctx)
		if err != nil {
			return err
		}
		v.s.sessions.WriteSessionCookie(ctx, v.w, token, expiry)
	case scs.Destroyed:
		v.s.sessions.WriteSessionCookie(ctx, v.w, "", time.Time{})
	}
	return nil
}

func notFound(*visit) error { return fault.Missing() }

func crossSite(*visit) error { return fault.New(fault.Denied, "error.cross_site") }
