package app_test

import (
	"net/url"
	"slices"

	"aval/internal/catalogue"
	"aval/internal/disclosure"
	"aval/internal/licence"
	"aval/internal/request"
)

// named is a licence of the school for a platform whose decision names the first name.
func (b *board) named() (licence.ID, catalogue.ID) {
	b.t.Helper()
	r := b.to(request.Decided)
	b.concluded(r.PlatformID)
	l, err := b.Licences.Record(b.t.Context(), b.as("principal"), b.licence(r.PlatformID))
	b.must(err)
	return l.ID, r.PlatformID
}

// promise is what a platform undertakes.
func (b *board) promise() disclosure.Promise {
	return disclosure.Promise{Form: disclosure.Agreement, Text: "Entente, " + b.name("text of an undertaking"), Fields: []disclosure.Field{disclosure.GivenName},
		Conditions: "Aucun usage commercial, " + b.name("conditions of an undertaking"), StartsOn: today(), EndsOn: "2099-12-31"}
}

// undertaken is an undertaking of a platform under licence.
func (b *board) undertaken() (licence.ID, disclosure.UndertakingID) {
	b.t.Helper()
	id, platform := b.named()
	u, err := b.Disclosures.Undertake(b.t.Context(), b.as("evaluator"), platform, b.promise())
	b.must(err)
	return id, u.ID
}

func init() {
	proofs["5.2"] = proof{
		act: func(b *board) error { b.undertaken(); return nil },
		violate: func(b *board) error {
			_, platform := b.named()
			p := b.promise()
			p.Conditions = ""
			_, err := b.Disclosures.Undertake(b.t.Context(), b.as("evaluator"), platform, p)
			return err
		}}
}

// disclosureForms are those of what leaves, which stand on its page.
func (b *board) disclosureForms(two *board) []form {
	b.t.Helper()
	at := func(id licence.ID) string { return "/licences/" + string(id) + "/disclosure" }
	id, _ := b.named()
	foreign, _ := two.named()
	record := form{route: "POST /licences/{id}/undertakings", who: "evaluator", id: string(id), foreign: string(foreign), page: at(id),
		good: url.Values{"form": {"agreement"}, "text": {b.brackets("text typed")}, "fields": {"given_name"},
			"conditions": {b.brackets("promise typed")}, "starts_on": {today()}, "ends_on": {"2099-12-31"}},
		wrong: slices.Concat(required("form"), among("form"), required("text"), tooLong("text"), required("fields"), among("fields"),
			wrongs("fields", "fields", "family_name", "grade"), required("conditions"), tooLong("conditions"), required("starts_on"), day("starts_on"),
			required("ends_on"), day("ends_on"), wrongs("ends_on", "ends_on", "2020-01-01"))}
	held, u := b.undertaken()
	theirs, _ := two.undertaken()
	end := form{route: "POST /licences/{id}/undertakings/{undertaking}/end", who: "evaluator", id: string(held), file: string(u), foreign: string(theirs),
		page: at(held), good: url.Values{"version": {"1"}}, wrong: wrongs("version", late, "", "x", "999999", script)}
	other := b.approved()
	join := form{route: "POST /licences/{id}/sector", who: "evaluator", id: string(id), foreign: string(foreign), page: at(id),
		good:  url.Values{"platform": {string(other.ID)}},
		wrong: slices.Concat(required("platform"), wrongs("platform", nowhere, "x", script, string(two.platform().ID)))}
	addresses := form{route: "POST /settings/addresses", who: "operator", page: "/settings", good: url.Values{"catch_all": {"alias.example"}},
		wrong: wrongs("catch_all", "catch_all", "alias", "a b.example", "x@y.example", script, long)}
	return []form{record, end, join, addresses}
}
