package app_test

import (
	"context"
	"net/url"
	"slices"

	"aval/internal/breach"
	"aval/internal/correction"
	"aval/internal/db"
)

// pupil is the id of whom the roster calls so.
func (b *board) pupil(source string) (id string) {
	b.t.Helper()
	b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) (err error) {
		id, err = db.One(ctx, tx, text, `SELECT id FROM person WHERE board_id = $1 AND source_id = $2`, b.id, source)
		return err
	}))
	return id
}

// wrongName is what the teacher says of a pupil's name.
func (b *board) wrongName() correction.Correction {
	b.t.Helper()
	c, err := b.Corrections.Ask(b.t.Context(), b.as("teacher"), correction.Ask{Kind: correction.Name, Person: b.pupil("e00"),
		Given: b.name("right given"), Family: b.name("right family"), Text: b.name("what is wrong")})
	b.must(err)
	return c
}

// breached asks what a platform of its own knows.
func (b *board) breached() breach.Breach {
	b.t.Helper()
	br, err := b.Breaches.Ask(b.t.Context(), b.as("privacy_officer"), b.approved().ID, "")
	b.must(err)
	return br
}

// schoolForms are those of the directory, of what schools find wrong, and of a
// platform that was broken into.
func (b *board) schoolForms(two *board) []form {
	b.t.Helper()
	pupil, theirs := b.pupil("e00"), string(two.wrongName().ID)
	settled := func(does string) form {
		id := string(b.wrongName().ID)
		return form{route: "POST /corrections/{id}/" + does, who: "it", id: id, foreign: theirs, page: "/corrections/" + id}
	}
	take, done, refuse := settled("take"), settled("done"), settled("refuse")
	done.good, done.wrong = url.Values{"note": {b.brackets("note at the source")}}, tooLong("note")
	refuse.good, refuse.wrong = url.Values{"reason": {b.brackets("refusal typed")}}, slices.Concat(required("reason"), tooLong("reason"))
	broken, entering := b.breached(), b.breached()
	foreign, incident := string(two.breached().ID), func() string { id, _ := two.entered("open"); return string(id) }()
	return []form{
		{route: "POST /directory", who: "principal", shows: true, good: url.Values{"name": {b.mark}, "grade": {"04"}},
			wrong: slices.Concat(required("name"), tooLong("name"), wrongs("name", "name", "é", "123"), among("grade"))},
		{route: "POST /corrections", who: "teacher", page: "/corrections/new?kind=name&person=" + pupil,
			good: url.Values{"kind": {"name"}, "person": {pupil}, "given": {b.brackets("given typed")}, "family": {b.brackets("family typed")},
				"text": {b.brackets("wrong typed")}},
			wrong: slices.Concat(wrongs("kind", nowhere, "", "maybe", script), known("person", nowhere, two.pupil("e00"), b.pupil("e20")),
				required("given"), tooLong("given"), required("family"), tooLong("family"), tooLong("text"))},
		take, done, refuse,
		{route: "POST /breaches", who: "privacy_officer", good: url.Values{"platform": {string(b.platform().ID)}},
			wrong: slices.Concat(required("platform"), known("platform", nowhere, string(two.platform().ID)), known("incident", nowhere, incident))},
		{route: "POST /breaches/{id}/cut", who: "evaluation_director", id: string(broken.ID), foreign: foreign, page: "/breaches/" + string(broken.ID),
			idle: []string{"passwords", "names"}, good: url.Values{"pseudonyms": {"yes"}, "reason": {b.brackets("cut typed")}, "version": {"2"}},
			wrong: slices.Concat(wrongs("pseudonyms", "pseudonyms", "", "maybe"), tooLong("reason"), wrongs("version", late, "", "x", "999999", script))},
		{route: "POST /breaches/{id}/incident", who: "privacy_officer", id: string(entering.ID), foreign: foreign, page: "/breaches/" + string(entering.ID)},
	}
}
