package app_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/request"
)

// Each field of each form of the pages, typed wrongly, is refused beside itself
// in the reader's language, or is NotFound; nothing changes, and nothing that
// was typed is lost.
func TestEachFieldOfAFormIsRefusedBesideItself(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		b, two := h.build(t, "erables", "Vorn"), h.build(t, "bouleaux", "Zyqu")
		settings := b.as("operator").Settings
		settings.JoinEvaluatorDecider = true
		b.must(b.Boards.Change(t.Context(), b.as("operator"), settings))
		forms := b.forms(two)
		for _, op := range patterns(t) {
			if route := op.method + " " + op.path; op.method == http.MethodPost &&
				!slices.ContainsFunc(forms, func(f form) bool { return f.route == route }) {
				t.Errorf("%s is no row of the table", route)
			}
		}
		for _, f := range forms {
			t.Run(f.route+" "+f.who, func(t *testing.T) {
				b.t = t
				b.complains(f)
				b.strays(f)
				if len(f.good) > 0 && !f.keeps { // it was the field alone that was wrong
					if a := b.send(f.who, "fr", f.to(), f.good, "file", f.attach); a.status != f.done() {
						t.Errorf("what is right is refused: %d\n%s", a.status, sentences(a.body))
					}
				}
			})
		}
	})
}

// Those that only look for something take what is typed, or say what is missing.
func TestEachFieldOfASearchIsHeeded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		contest := "/decisions/" + string(b.decisionOf(b.to(request.Decided).ID).ID) + "/contest"
		for _, ask := range []struct {
			who, path, field, value string
			status                  int
		}{
			{"teacher", "/platforms", "q", "", http.StatusOK},
			{"teacher", "/platforms", "q", script, http.StatusOK},
			{"teacher", "/platforms", "q", long[:4000], http.StatusOK},
			{"teacher", "/platforms", "q", "\x00", http.StatusNotFound},
			{"teacher", "/platforms", "q", "\xff", http.StatusNotFound},
			{"principal", contest, "then", "next", http.StatusOK},
			{"principal", contest, "aspect", script, http.StatusNotFound},
			{"principal", contest, "aspect", "both", http.StatusNotFound},
		} {
			for _, lang := range []string{"fr", "en"} {
				r := httptest.NewRequest(http.MethodGet, ask.path+"?"+url.Values{ask.field: {ask.value}}.Encode(), nil)
				r.AddCookie(&http.Cookie{Name: "aval_language", Value: lang})
				r.AddCookie(b.cookie(ask.who))
				a := b.serve(r)
				p := b.readPage(a.body)
				if a.status != ask.status || p.lang != lang || strings.Contains(a.body, "<script>alert") {
					t.Errorf("%s with %s %.40q: %d in %q\n%s", ask.path, ask.field, ask.value, a.status, p.lang, sentences(a.body))
				}
				if ask.field == "q" && ask.status == http.StatusOK && p.forms["/platforms"][0].value != ask.value {
					t.Errorf("what was looked for is lost: %.40q", p.forms["/platforms"][0].value)
				}
				if said := p.beside(contest, "aspect"); ask.field == "then" && (!strings.HasSuffix(said, ".") || !slices.Contains(p.links, "#aspect")) {
					t.Errorf("no sentence beside the choice: %q", said)
				}
			}
		}
	})
}

// complains types each field wrongly, in both languages.
func (b *board) complains(f form) {
	b.t.Helper()
	fields := b.fieldsOf(f)
	for name := range f.good {
		if !slices.Contains(fields, name) && !slices.Contains(f.unseen, name) {
			b.t.Errorf("the page shows no field %s", name)
		}
	}
	for _, name := range fields {
		tried := slices.ContainsFunc(f.wrong, func(w typed) bool { return w.field == name })
		if !tried && !slices.Contains(f.idle, name) {
			b.t.Errorf("the field %s is not tried", name)
		}
	}
	langs := []string{"fr", "en"}
	if b.DB.Postgres() != nil {
		langs = langs[:1] // sentences do not hang on the engine
	}
	unasked, before := b.shows(f), b.state()
	for _, w := range f.wrong {
		said := map[string]string{}
		where := w.field + " = " + short(fmt.Sprintf("%.40q", w.value))
		for _, lang := range langs {
			sent, file := b.filled(f, w)
			at := w.field
			if file == nil {
				at, file = "file", f.attach
			}
			a := b.send(f.who, lang, f.to(), sent, at, file)
			said[lang] = b.heeds(f, w, lang+" "+where, a, sent)
			if a.status == http.StatusUnprocessableEntity {
				b.readPage(a.body).standsBeside(b.t, unasked, lang+" "+where, f.to(), sent)
			}
		}
		if said["fr"] != "" && said["fr"] == said["en"] {
			b.t.Errorf("%s: the same sentence in both languages: %s", where, said["fr"])
		}
		after := b.state()
		changed := f.minds(differs(before, after))
		if changed != "" {
			b.t.Errorf("%s: something changed:\n%s", where, changed)
		}
		before = after
	}
}

// filled is the form with one field typed wrongly.
func (b *board) filled(f form, w typed) (sent url.Values, file *upload) {
	b.t.Helper()
	sent = merged(f.good)
	switch value := w.value.(type) {
	case string:
		sent[w.field] = []string{value}
	case []string:
		sent[w.field] = value
	case upload:
		file = &value
	}
	if f.keeps {
		sent.Set("version", b.hidden(f, "version"))
	}
	return sent, file
}

// minds is what must not have changed of what did: a draft may have, where it is kept.
func (f form) minds(changed string) string {
	if !f.keeps {
		return changed
	}
	return strings.Join(slices.DeleteFunc(strings.Split(changed, "\n"), func(line string) bool {
		of, _, _ := strings.Cut(strings.TrimLeft(line, "+- "), " ")
		return of == "" || of == "audit" || of == "evaluation" || of == "told" || of == "request" && strings.Contains(line, " draft ")
	}), "\n")
}

// heeds looks at the answer to one field typed wrongly; it returns the sentence
// beside it.
func (b *board) heeds(f form, w typed, where string, a answer, sent url.Values) (sentence string) {
	b.t.Helper()
	lang, _, _ := strings.Cut(where, " ")
	if strings.Contains(a.body, "<script>alert") {
		b.t.Errorf("%s: a script comes through", where)
	}
	status := http.StatusUnprocessableEntity
	switch w.names {
	case ourPages:
		if to := a.header.Get("Location"); a.status != http.StatusSeeOther || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
			b.t.Errorf("%s: %d to %q", where, a.status, to)
		}
		return ""
	case nowhere:
		if a.status != http.StatusNotFound || !strings.Contains(a.body, `lang="`+lang+`"`) {
			b.t.Errorf("%s: %d, want the one NotFound\n%s", where, a.status, sentences(a.body))
		}
		return ""
	case late:
		status = http.StatusConflict
	}
	if a.status != status {
		b.t.Errorf("%s: %d, want %d\n%s", where, a.status, status, sentences(a.body))
		return ""
	}
	p := b.readPage(a.body)
	at := f.shown
	if at == "" {
		at = f.to()
	}
	if p.lang != lang {
		b.t.Errorf("%s: the page is in %q", where, p.lang)
	}
	if w.names != late {
		sentence = p.beside(at, w.names)
		if !strings.HasSuffix(strings.TrimSpace(sentence), ".") && !strings.HasSuffix(sentence, "?") {
			b.t.Errorf("%s: no sentence beside %s: %q\n%s", where, w.names, sentence, sentences(a.body))
		}
		if !slices.Contains(p.links, "#"+w.names) || !p.ids[w.names] {
			b.t.Errorf("%s: the summary does not lead to %s", where, w.names)
		}
	}
	if f.shown == "" {
		p.stillHolds(b.t, where, at, w.field, sent, f.unseen)
	}
	return sentence
}

// strays sends the form to addresses of what is not there for this person.
func (b *board) strays(f form) {
	b.t.Helper()
	var all []form
	if f.id != "" {
		for _, id := range []string{f.foreign, f.stranger, "nobody", url.PathEscape(script), strings.Repeat("a", 5000), "%00", "%ff"} {
			if id != "" {
				stray := f
				stray.id = id
				all = append(all, stray)
			}
		}
	}
	if strings.Contains(f.route, "{aspect}") {
		for _, aspect := range []string{"both", url.PathEscape(script), "%00"} {
			stray := f
			stray.aspect = aspect
			all = append(all, stray)
		}
	}
	before := b.state()
	for _, stray := range all {
		a := b.send(f.who, "en", stray.to(), f.good, "", nil)
		if a.status != http.StatusNotFound || strings.Contains(a.body, "<script>alert") {
			b.t.Errorf("%s: %d, want the one NotFound\n%s", short(stray.to()), a.status, sentences(a.body))
		}
		if after := b.state(); after != before {
			b.t.Errorf("%s: something changed:\n%s", short(stray.to()), differs(before, after))
			before = after
		}
	}
}

// send posts a form in a language, with a file or none.
func (b *board) send(who, lang, path string, sent url.Values, field string, file *upload) answer {
	b.t.Helper()
	r := b.post(path, sent)
	if file != nil {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for name, values := range sent {
			for _, value := range values {
				b.must(w.WriteField(name, value))
			}
		}
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename=%q`, field, file.name)}, "Content-Type": {file.media}})
		b.must(err)
		_, err = io.WriteString(part, file.content)
		b.must(err)
		b.must(w.Close())
		r = httptest.NewRequest(http.MethodPost, path, &body).WithContext(b.t.Context())
		r.Header.Set("Content-Type", w.FormDataContentType())
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.AddCookie(&http.Cookie{Name: "aval_language", Value: lang})
	if who != "" {
		r.AddCookie(b.cookie(who))
	}
	return b.serve(r)
}

// shows is the page on which a form stands.
func (b *board) shows(f form) page {
	b.t.Helper()
	at := f.page
	if at == "" {
		at = f.to()
		if f.aspect != "" && !strings.Contains(f.route, "{aspect}") {
			at += "?aspect=" + f.aspect
		} else if strings.HasSuffix(f.route, "/contest") {
			at += "?aspect=use"
		}
		for _, act := range []string{"/withdraw", "/acknowledge"} {
			at = strings.TrimSuffix(at, act)
		}
	}
	r := httptest.NewRequest(http.MethodGet, at, nil).WithContext(b.t.Context())
	if f.sent != nil {
		r = b.post(at, f.sent)
	}
	if f.who != "" {
		r.AddCookie(b.cookie(f.who))
	}
	a := b.serve(r)
	if a.status != http.StatusOK {
		b.t.Fatalf("GET %s as %s: %d to %q", at, f.who, a.status, a.header.Get("Location"))
	}
	return b.readPage(a.body)
}

// fieldsOf are the fields that the page of a form shows.
func (b *board) fieldsOf(f form) (names []string) {
	b.t.Helper()
	for _, c := range b.shows(f).forms[f.to()] {
		if !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
	}
	return names
}

// hidden is what a hidden field of the form holds now.
func (b *board) hidden(f form, name string) string {
	b.t.Helper()
	for _, c := range b.shows(f).forms[f.to()] {
		if c.name == name {
			return c.value
		}
	}
	return ""
}
