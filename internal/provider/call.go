package provider

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"aval/internal/credential"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/i18n"
)

// call is one request of an operation.
type call struct {
	*Server
	w http.ResponseWriter
	r *http.Request
	o op
	v credential.Version
	b credential.Bearer // who came
}

// run answers: to who was here a moment ago in one round trip, which looks for the
// token too; else once the token is found.
func (c *call) run() *refusal {
	token := c.token()
	expected := c.Credentials.Expect(token)
	allowed := expected != nil && c.allow(expected.Credential)
	if allowed {
		c.b = expected.Bearer
		if refused := c.answer(expected); refused == nil || expected.Holds() {
			return c.counted(refused)
		}
	}
	if refused := c.open(token); refused != nil {
		return refused
	}
	if expected == nil {
		allowed = c.allow(c.b.Credential)
	}
	if !allowed {
		return c.counted(tooMany)
	}
	return c.counted(c.answer(nil))
}

// counted notes a refusal.
func (c *call) counted(refused *refusal) *refusal {
	if refused != nil {
		c.count(c.r.Context(), c.b, 0, true)
	}
	return refused
}

func (c *call) token() string {
	scheme, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func (c *call) allow(credential string) bool {
	return c.rates.allow(credential, c.PerSecond, c.DB.Clock())
}

// open looks for who came with a token.
func (c *call) open(token string) *refusal {
	b, err := c.Credentials.Open(c.r.Context(), token)
	switch {
	case errors.Is(err, credential.ErrToken):
		return noToken
	case errors.Is(err, credential.ErrOver):
		return over
	case err != nil:
		return c.wrong(c.r.Context(), err)
	}
	c.b = b
	return nil
}

// answer writes what an operation answers to a bearer. To one who is only expected
// it tells nothing that does not hold: then, as for all that takes more than one
// look, the refusal is unsure and nothing is written.
func (c *call) answer(expected *credential.Expected) *refusal {
	if !credential.Opens(c.b.Scopes, c.v, c.o.needs()) {
		return noScope
	}
	if !isText(c.r.URL.Path) {
		return noObject
	}
	a, refused := read(c.o, c.v, c.b.Terms, parameters(c.r.URL.RawQuery))
	if refused != nil {
		return refused
	}
	out := newWriter(c.v, c.BaseURL+c.v.Path(), a.chosen, fillers(c.b.Lang))
	defer out.free()
	out.b = append(append(append(out.b, `{"`...), c.o.envelope()...), `":`...)
	p, err := c.body(out, a, expected)
	switch {
	case expected != nil && !expected.Holds():
		return unsure
	case fault.Is(err, fault.NotFound):
		return noObject
	case err != nil:
		return c.wrong(c.r.Context(), err)
	}
	if a.warns.token != "" {
		out.warn(a.warns, i18n.For(i18n.Choose(c.r.Header.Get("Accept-Language"))))
	}
	out.b = append(out.b, '}')
	if !c.o.one {
		p.headers(c.w.Header(), c.BaseURL+c.r.URL.Path, a)
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.Header().Set("Content-Length", strconv.Itoa(len(out.b)))
	_, _ = c.w.Write(out.b) // the caller has gone
	c.count(c.r.Context(), c.b, p.objects, false)
	return nil
}

// body writes what is asked for: in one statement where that is enough, else in a
// transaction, for which the bearer must be known.
func (c *call) body(out *writer, a asked, expected *credential.Expected) (p page, err error) {
	if c.o.only != "" {
		a.Only = []string{c.o.only}
	}
	if c.o.one {
		a.Value, a.Limit = c.r.PathValue("id"), 1
	}
	total, known := c.totals.known(totalOf{c.b.Board, c.b.Credential, c.r.URL.Path, a.filter}, c.DB.Clock())
	if c.simple() && (c.o.one || known) {
		begun := len(out.b)
		from := disclosure.Reader{DB: c.DB, Board: c.b.Board}
		if expected != nil {
			from.First = []db.Look{expected.Check}
		}
		p, err = c.page(c.r.Context(), from, out, a)
		if p.total = total; err != nil || !c.o.one || p.objects > 0 {
			return p, err
		}
		out.b = out.b[:begun]
	}
	if expected != nil && !expected.Holds() {
		return p, nil
	}
	err = c.DB.Read(c.r.Context(), c.b.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		from := disclosure.Reader{Tx: tx, Names: c.Names}
		if c.o.one {
			p, err = c.one(ctx, from, out, a)
		} else {
			p, err = c.many(ctx, from, out, a)
		}
		return err
	})
	return p, err
}

// simple tells whether one statement reads the objects.
func (c *call) simple() bool {
	return len(c.o.of) == 0 && !c.o.birth && (c.o.kind != disclosure.OfUser || !c.b.Terms.Fields[disclosure.LoginName])
}

// one writes the object of a pseudonym; one that was merged leads to the survivor.
func (c *call) one(ctx context.Context, from disclosure.Reader, out *writer, a asked) (p page, err error) {
	if p, err = c.page(ctx, from, out, a); err != nil || p.objects > 0 {
		return p, err
	}
	if a.Value, err = disclosure.Survivor(ctx, from.Tx, c.b.Terms, c.o.kind, a.Value); err != nil {
		return p, err
	}
	if p, err = c.page(ctx, from, out, a); err == nil && p.objects == 0 {
		err = fault.Missing()
	}
	return p, err
}

// many writes a page of objects, and counts them all.
func (c *call) many(ctx context.Context, from disclosure.Reader, out *writer, a asked) (p page, err error) {
	if err := belongs(ctx, from.Tx, c.b.Terms, c.o, c.r, &a); err != nil {
		return p, err
	}
	n, err := disclosure.Count(ctx, from.Tx, c.b.Terms, c.o.rows(), a.Query)
	if err != nil {
		return p, err
	}
	c.totals.keep(totalOf{c.b.Board, c.b.Credential, c.r.URL.Path, a.filter}, n, from.Tx.Now)
	p, err = c.page(ctx, from, out, a)
	p.total = n
	return p, err
}

// page writes the objects, between brackets when they are a collection.
func (c *call) page(ctx context.Context, from disclosure.Reader, out *writer, a asked) (p page, err error) {
	if !c.o.one {
		out.b = append(out.b, '[')
	}
	p, err = rows(ctx, from, out, c.b.Terms, c.o, a.Query)
	if !c.o.one {
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

// rows writes objects, with commas between them. One more than is asked for is read,
// for it to be known whether others follow: the count may be of a moment ago.
func rows(ctx context.Context, from disclosure.Reader, out *writer, t disclosure.Terms, o op, q disclosure.Query) (page, error) {
	most := q.Limit
	if !o.one {
		q.Limit++
	}
	switch o.rows() {
	case disclosure.OfBirth:
		list, err := from.Births(ctx, t, q)
		return each(out, list, most, err, out.birth, func(b disclosure.Birth) string { return b.Value })
	case disclosure.OfUser:
		list, err := from.Users(ctx, t, q)
		return each(out, list, most, err, out.user, func(u disclosure.User) string { return u.Value })
	case disclosure.OfOrg:
		list, err := from.Orgs(ctx, t, q)
		return each(out, list, most, err, out.org, func(o disclosure.Org) string { return o.Value })
	case disclosure.OfSession:
		list, err := from.Sessions(ctx, t, q)
		return each(out, list, most, err, out.session, func(s disclosure.Session) string { return s.Value })
	case disclosure.OfCourse:
		list, err := from.Courses(ctx, t, q)
		return each(out, list, most, err, out.course, func(c disclosure.Course) string { return c.Value })
	case disclosure.OfClass:
		list, err := from.Classes(ctx, t, q)
		return each(out, list, most, err, out.class, func(c disclosure.Class) string { return c.Value })
	}
	list, err := from.Enrollments(ctx, t, q)
	return each(out, list, most, err, out.enrollment, func(e disclosure.Enrollment) string { return e.Value })
}

func each[T any](out *writer, list []T, most int, err error, write func(T), value func(T) string) (p page, _ error) {
	p.more = len(list) > most
	for i, v := range list[:min(most, len(list))] {
		if i > 0 {
			out.b = append(out.b, ',')
		}
		write(v)
		p.last = value(v)
		p.objects++
	}
	return p, err
}
