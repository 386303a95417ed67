package app_test

import (
	"fmt"
	"net/url"
	"slices"

	"aval/internal/export"
	"aval/internal/licence"
)

// serverKey is that of no server.
const serverKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"

// pseudonymsAlone is a table that every licence may send.
var pseudonymsAlone = export.Shape{Profile: export.Plain, Columns: []export.Column{{Title: "Numéro", Holds: export.HoldsPseudonym}}}

// exported is a file of a licence that waits for a second person, or for who asked.
func (b *board) exported(approved bool) (licence.ID, export.ID) {
	b.t.Helper()
	id, _ := b.named()
	asks, approves := b.as(evaluator2), b.as("evaluator")
	if approved {
		asks, approves = approves, asks
	}
	e, err := b.Exports.Ask(b.t.Context(), asks, id, pseudonymsAlone)
	b.must(err)
	b.must(b.Exports.Make(b.t.Context(), b.id, string(e.ID)))
	if approved {
		_, err = b.Exports.Approve(b.t.Context(), approves, id, e.ID)
		b.must(err)
	}
	return id, e.ID
}

// routed is where the files of a licence go, recorded by one and approved by another or not yet.
func (b *board) routed(approved bool) (licence.ID, export.RouteID) {
	b.t.Helper()
	id, _ := b.named()
	r, err := b.Exports.Record(b.t.Context(), b.as(evaluator2), export.Route{LicenceID: id, Shape: pseudonymsAlone, Host: "depot.invalid",
		Login: "aval", HostKey: serverKey, Secret: export.Password, Every: export.OnDemand}, "un secret")
	b.must(err)
	if approved {
		_, err = b.Exports.ApproveRoute(b.t.Context(), b.as("evaluator"), id, r.ID)
		b.must(err)
	}
	return id, r.ID
}

// exportForms are those of the files of a licence, and of where they go by themselves.
func (b *board) exportForms(two *board) []form {
	b.t.Helper()
	theirs, _ := two.routed(true)
	row := func(does string, id licence.ID, thing string) form {
		return form{route: "POST /licences/{id}/" + does, who: "evaluator", id: string(id), file: thing, foreign: string(theirs),
			page: "/licences/" + string(id) + "/exports"}
	}
	shape := url.Values{"profile": {"plain"}, "columns": {"Numéro"}, "holds": {"pseudonym"}}
	shaped := slices.Concat(required("profile"), among("profile"), wrongs("profile", "columns", "sds-2.1"),
		wrongs("columns", "columns", "", " \u00a0\r\n", long), wrongs("holds", "columns", "", "secret", script, long), wrongs("text", "columns", "beside a pseudonym", script))
	id, _ := b.named()
	ask := row("exports", id, "")
	ask.good, ask.wrong = shape, shaped
	for row := 2; row <= 12; row++ {
		ask.idle = append(ask.idle, fmt.Sprintf("columns.%d", row), fmt.Sprintf("holds.%d", row), fmt.Sprintf("text.%d", row))
	}
	add := row("routes", id, "")
	add.page = "/licences/" + string(id) + "/routes"
	add.good = merged(shape, "host", "depot.invalid", "port", "2222", "login", b.brackets("login typed"), "host_key", serverKey, "folder", "depot",
		"secret_kind", "password", "secret", "un secret", "every", "weekly", "weekday", "1", "hour", "4")
	add.idle = ask.idle
	add.wrong = slices.Concat(shaped, required("host"), wrongs("host", "host", "un depot", "depot.invalid/x", script, long), number("port"),
		wrongs("port", "port", "0x", "65536"), required("login"), tooLong("login"), required("host_key"), wrongs("host_key", "host_key", script, long),
		wrongs("folder", "folder", "../ailleurs", long), required("secret_kind"), among("secret_kind"), wrongs("secret_kind", "secret", "key"),
		wrongs("secret", "secret", "", long), required("every"), among("every"), number("weekday"), wrongs("weekday", "weekday", "7"),
		number("hour"), wrongs("hour", "hour", "24"))

	waits, file := b.exported(false)
	leaves, approved := b.exported(true)
	download := row("exports/{export}/download", leaves, string(approved))
	download.shows = true
	unread, fresh := b.routed(false)
	goes, read := b.routed(true)
	over, last := b.routed(true)
	return []form{ask, row("exports/{export}/approve", waits, string(file)), download, add, row("routes/{route}/approve", unread, string(fresh)),
		row("routes/{route}/send", goes, string(read)), row("routes/{route}/end", over, string(last))}
}
