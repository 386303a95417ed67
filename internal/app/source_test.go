package app_test

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"aval/internal/db/dbtest"
	"aval/internal/source"
)

// termsTyped is a source as it is typed; nothing answers at its address.
func (b *board) termsTyped() url.Values {
	return url.Values{"name": {b.brackets("source typed")}, "edition": {"1.2"}, "base_url": {"https://roster.invalid/v1p2"},
		"token_url": {"https://roster.invalid/token"}, "client_id": {b.brackets("client typed")}, "secret": {"un secret"}, "every": {"weekly"},
		"hour": {"4"}, "weekday": {"1"}, "full_days": {"7"}}
}

// source is a new one of the board.
func (b *board) source() source.ID {
	b.t.Helper()
	s, err := b.Sources.Add(b.t.Context(), b.as("it"), source.Terms{Name: "Bahut " + b.name("source "+strconv.Itoa(len(b.said))), Edition: source.V12,
		BaseURL: "https://roster.invalid/v1p2", TokenURL: "https://roster.invalid/token", ClientID: b.name("client"), Secret: "un secret",
		Every: source.Never, FullDays: 7})
	b.must(err)
	return s.ID
}

// held is a source whose last fetch waits for a person, and that fetch.
func (b *board) held() (source.ID, string) {
	b.t.Helper()
	id := b.source()
	p, err := b.Sources.Start(b.t.Context(), b.as("it"), id, true)
	b.must(err)
	dbtest.OwnerExec(b.t, b.DB, `UPDATE roster_pull SET state = 'held', trouble = 'retires_most' WHERE id = '`+p.ID+`'`)
	return id, p.ID
}

// sourceForms are those of the pages on the sources of the roster.
func (b *board) sourceForms(two *board) []form {
	b.t.Helper()
	theirs, theirPull := two.held()
	row := func(route string, id source.ID) form {
		return form{route: "POST /roster/sources/{id}" + route, who: "it", id: string(id), foreign: string(theirs), page: "/roster/sources/" + string(id)}
	}
	short := func(field string) []typed { return wrongs(field, field, strings.Repeat("é", 2000)) }
	wrong := slices.Concat(required("name"), short("name"), required("edition"), among("edition"), required("base_url"), short("base_url"),
		wrongs("base_url", "base_url", "http://roster.invalid", "https://127.0.0.1/v1p2", script), required("token_url"),
		wrongs("token_url", "token_url", "javascript:alert(1)", "https://10.0.0.1/token"), required("client_id"), short("client_id"),
		required("every"), among("every"), number("hour"), wrongs("hour", "hour", "24"), number("weekday"), wrongs("weekday", "weekday", "7"),
		number("full_days"), wrongs("full_days", "full_days", "0", "91"))
	add := form{route: "POST /roster/sources", who: "it", page: "/roster/sources/new", good: b.termsTyped(), wrong: append(wrong, typed{"secret", "", "secret"}),
		unseen: []string{"secret"}}
	id := b.source()
	edit := row("/edit", id)
	edit.page += "/edit"
	edit.good = merged(b.termsTyped(), "version", "1")
	edit.wrong = slices.Concat(wrong, wrongs("version", late, "", "x", "999999", script), wrongs("secret", "secret", strings.Repeat("x", 5000)))
	edit.unseen = []string{"secret"}
	fetch := row("/fetch", b.source())
	fetch.good, fetch.idle = url.Values{"whole": {"yes"}}, []string{"whole"}
	waiting := func(route string) form {
		id, pull := b.held()
		f := row(route, id)
		f.good, f.wrong = url.Values{"pull": {pull}}, known("pull", nowhere, theirPull)
		return f
	}
	return []form{add, edit, row("/test", b.source()), fetch, waiting("/accept"), waiting("/drop"), row("/remove", b.source())}
}
