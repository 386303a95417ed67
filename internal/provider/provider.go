// Package provider is the door for platforms: OneRoster 1.2 and 1.1 rostering over
// REST, read only, for what a licence lets its platform know (docs/adr/0018).
//
//	POST /ims/oneroster/token                        client credentials → bearer token
//	GET  /ims/oneroster/rostering/v1p2/users?limit=… pages of objects
//	GET  /ims/oneroster/v1p1/users?limit=…           the same for older consumers
//
// Everything shown comes from package disclosure, under the terms of the licence
// whose credential came: pseudonyms, and the fields that its decision names. What a
// licence does not show does not exist.
package provider

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"aval/internal/credential"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/pseudonym"
)

// Root is where everything of this door begins.
const Root = credential.Root

// versions are those that are spoken.
var versions = []credential.Version{credential.V1p2, credential.V1p1}

// Server answers platforms.
type Server struct {
	DB          *db.DB
	Credentials *credential.Service
	Names       *pseudonym.Names
	BaseURL     string // that platforms type; references begin with it
	Log         *slog.Logger
	// PerSecond is how many requests a credential may make, twice as many at once;
	// zero is 50.
	PerSecond float64

	rates  rates
	totals totals
}

// Handler puts the door together.
func (s *Server) Handler() http.Handler {
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if s.PerSecond == 0 {
		s.PerSecond = 50
	}
	m := http.NewServeMux()
	m.HandleFunc(credential.TokenPath, s.token)
	for _, v := range versions {
		base := v.Path()
		for _, o := range operations() {
			m.Handle("GET "+base+"/"+o.path, s.operation(o, v))
			m.Handle(base+"/"+o.path, refuse(noMethod, v))
		}
		m.Handle(base+"/", refuse(noObject, v))
	}
	for _, name := range discoveryNames {
		m.HandleFunc("GET "+credential.V1p2.Path()+"/discovery/"+name, s.discovery)
	}
	m.Handle(Root, refuse(noObject, credential.V1p2))
	return headers(m)
}

// headers are those of every answer: nothing of it is kept on the way.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

func refuse(f *refusal, v credential.Version) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.write(w, r, v) })
}

// operation is the handler of one of the 41.
func (s *Server) operation(o op, v credential.Version) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, refused := s.who(r)
		if refused == nil {
			if refused = s.answer(w, r, o, v, b); refused != nil {
				s.count(r.Context(), b, 0, true)
			}
		}
		if refused != nil {
			refused.write(w, r, v)
		}
	})
}

// who answers whose token came.
func (s *Server) who(r *http.Request) (b credential.Bearer, refused *refusal) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return b, noToken
	}
	b, err := s.Credentials.Open(r.Context(), strings.TrimSpace(token))
	switch {
	case errors.Is(err, credential.ErrToken):
		return b, noToken
	case errors.Is(err, credential.ErrOver):
		return b, over
	case err != nil:
		return b, s.wrong(r.Context(), err)
	}
	if !s.rates.allow(b.Credential, s.PerSecond, s.DB.Clock()) {
		s.count(r.Context(), b, 0, true)
		return b, tooMany
	}
	return b, nil
}

// count notes a request, or one that was refused.
func (s *Server) count(ctx context.Context, b credential.Bearer, objects int, refused bool) {
	if err := s.Credentials.Count(ctx, b, objects, refused); err != nil {
		s.wrong(ctx, err)
	}
}

// wrong logs a mistake of ours.
func (s *Server) wrong(ctx context.Context, err error) *refusal {
	if errors.Is(err, context.Canceled) {
		return forgotten
	}
	s.Log.ErrorContext(ctx, "oneroster", "err", err)
	return ourFault
}

// answer writes what an operation answers to a bearer.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, o op, v credential.Version, b credential.Bearer) *refusal {
	if !credential.Opens(b.Scopes, v, o.needs()) {
		return noScope
	}
	a, refused := read(o, v, parameters(r.URL.RawQuery))
	if refused != nil {
		return refused
	}
	out := &writer{version: v, base: s.BaseURL + v.Path(), chosen: a.chosen, words: fillers(b.Lang)}
	out.b = append(append(out.b, `{"`...), o.envelope()+`":`...)
	p, err := s.body(r, out, b, o, a)
	switch {
	case fault.Is(err, fault.NotFound):
		return noObject
	case err != nil:
		return s.wrong(r.Context(), err)
	}
	if a.warns.token != "" {
		out.warn(a.warns, i18n.For(i18n.Choose(r.Header.Get("Accept-Language"))))
	}
	out.b = append(out.b, '}')
	if !o.one {
		p.headers(w.Header(), s.BaseURL+r.URL.Path, a)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(out.b)))
	_, _ = w.Write(out.b) // the caller has gone
	s.count(r.Context(), b, p.objects, false)
	return nil
}

// body writes what is asked for: in one statement where that is enough, else in a
// transaction.
func (s *Server) body(r *http.Request, out *writer, b credential.Bearer, o op, a asked) (p page, err error) {
	if o.only != "" {
		a.Only = []string{o.only}
	}
	if o.one {
		a.Value, a.Limit = r.PathValue("id"), 1
	}
	total, known := s.totals.known(totalOf{b.Board, b.Credential, r.URL.Path, a.filter}, s.DB.Clock())
	if len(o.of) == 0 && !o.birth && (o.one || known) && (o.kind != disclosure.OfUser || !b.Terms.Fields[disclosure.LoginName]) {
		begun := len(out.b)
		p, err = s.page(r.Context(), disclosure.Reader{DB: s.DB, Board: b.Board}, out, b, o, a)
		if p.total = total; err != nil || !o.one || p.objects > 0 {
			return p, err
		}
		out.b = out.b[:begun]
	}
	err = s.DB.Read(r.Context(), b.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		from := disclosure.Reader{Tx: tx, Names: s.Names}
		if o.one {
			p, err = s.one(ctx, from, out, b, o, a)
		} else {
			p, err = s.many(ctx, from, out, b, o, r, a)
		}
		return err
	})
	return p, err
}

// one writes the object of a pseudonym; one that was merged leads to the survivor.
func (s *Server) one(ctx context.Context, from disclosure.Reader, out *writer, b credential.Bearer, o op, a asked) (p page, err error) {
	if o.birth { // no birth date is kept
		return p, fault.Missing()
	}
	if p, err = s.page(ctx, from, out, b, o, a); err != nil || p.objects > 0 {
		return p, err
	}
	if a.Value, err = disclosure.Survivor(ctx, from.Tx, b.Terms, o.kind, a.Value); err != nil {
		return p, err
	}
	if p, err = s.page(ctx, from, out, b, o, a); err == nil && p.objects == 0 {
		err = fault.Missing()
	}
	return p, err
}

// many writes a page of objects, and counts them all.
func (s *Server) many(ctx context.Context, from disclosure.Reader, out *writer, b credential.Bearer, o op, r *http.Request, a asked) (p page, err error) {
	if err := belongs(ctx, from.Tx, b.Terms, o, r, &a); err != nil {
		return p, err
	}
	if o.birth { // no birth date is kept
		out.b = append(out.b, "[]"...)
		return p, nil
	}
	n, err := disclosure.Count(ctx, from.Tx, b.Terms, o.kind, a.Query)
	if err != nil {
		return p, err
	}
	s.totals.keep(totalOf{b.Board, b.Credential, r.URL.Path, a.filter}, n, from.Tx.Now)
	p, err = s.page(ctx, from, out, b, o, a)
	p.total = n
	return p, err
}

// page writes the objects, between brackets when they are a collection.
func (s *Server) page(ctx context.Context, from disclosure.Reader, out *writer, b credential.Bearer, o op, a asked) (p page, err error) {
	if !o.one {
		out.b = append(out.b, '[')
	}
	p.last, p.objects, err = rows(ctx, from, out, b.Terms, o, a.Query)
	if !o.one {
		out.b = append(out.b, ']')
	}
	return p, err
}

// belongs looks for the objects of the path, each shown and of the next, and keeps
// the rows to those of the first.
func belongs(ctx context.Context, tx *db.Tx, t disclosure.Terms, o op, r *http.Request, a *asked) error {
	for i, is := range o.of {
		q := disclosure.Query{Value: r.PathValue(is.name)}
		if is.only != "" {
			q.Only = []string{is.only}
		}
		if i+1 < len(o.of) {
			next := o.of[i+1]
			q.Of = []disclosure.Ref{{Kind: next.kind, Value: r.PathValue(next.name)}}
		}
		shown, err := disclosure.Shows(ctx, tx, t, is.kind, q)
		if err != nil {
			return err
		}
		if !shown {
			return fault.Missing()
		}
		if i == 0 {
			a.Of = []disclosure.Ref{{Kind: is.kind, Value: q.Value, Role: o.seat}}
		}
	}
	return nil
}

// rows writes objects, with commas between them, and answers the last one's
// pseudonym and how many there were.
func rows(ctx context.Context, from disclosure.Reader, out *writer, t disclosure.Terms, o op, q disclosure.Query) (string, int, error) {
	switch o.kind {
	case disclosure.OfUser:
		list, err := from.Users(ctx, t, q)
		return each(out, list, err, out.user, func(u disclosure.User) string { return u.Value })
	case disclosure.OfOrg:
		list, err := from.Orgs(ctx, t, q)
		return each(out, list, err, out.org, func(o disclosure.Org) string { return o.Value })
	case disclosure.OfSession:
		list, err := from.Sessions(ctx, t, q)
		return each(out, list, err, out.session, func(s disclosure.Session) string { return s.Value })
	case disclosure.OfCourse:
		list, err := from.Courses(ctx, t, q)
		return each(out, list, err, out.course, func(c disclosure.Course) string { return c.Value })
	case disclosure.OfClass:
		list, err := from.Classes(ctx, t, q)
		return each(out, list, err, out.class, func(c disclosure.Class) string { return c.Value })
	}
	list, err := from.Enrollments(ctx, t, q)
	return each(out, list, err, out.enrollment, func(e disclosure.Enrollment) string { return e.Value })
}

func each[T any](out *writer, list []T, err error, write func(T), value func(T) string) (last string, n int, _ error) {
	for i, v := range list {
		if i > 0 {
			out.b = append(out.b, ',')
		}
		write(v)
		last = value(v)
	}
	return last, len(list), err
}

// fillers stand where the schema requires a name and none leaves, in the board's language.
func fillers(lang string) words {
	p := i18n.For(lang)
	return words{Pupil: p.T("provider.pupil"), Teacher: p.T("provider.teacher")}
}
