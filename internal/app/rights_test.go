package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"aval/internal/catalogue"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/rights"
)

// inquiry is what somebody asks about a pupil of the school.
func (b *board) inquiry(received string) rights.Request {
	return rights.Request{Kind: rights.Access, PersonID: "Ne00", ReceivedOn: received, Private: rights.Private{
		Asker: "Camille " + b.name("asker"), Contact: "Rue " + b.name("contact of asker"), Wanted: "Tout, " + b.name("wanted")}}
}

// asked is a request brought to where an act may be done.
func (b *board) asked(state rights.State) rights.Request {
	b.t.Helper()
	ctx, officer := b.t.Context(), b.as("privacy_officer")
	r, err := b.Rights.Enter(ctx, officer, b.inquiry(today()))
	b.must(err)
	if state == rights.Answered {
		r, err = b.Rights.Answer(ctx, officer, r.ID, rights.Answer{Outcome: "granted", On: today()})
		b.must(err)
	}
	return r
}

// texts are the fields of a notice, all filled in.
func (b *board) texts(k rights.NoticeKind) rights.NoticeText {
	t := rights.NoticeText{Fields: map[string]rights.Words{}, Changes: rights.Words{Fr: "Un ajout, " + b.name("change"), En: "An addition, " + b.name("change")}}
	for _, name := range k.Fields(b.system().Pack) {
		t.Fields[name] = rights.Words{Fr: "Texte " + name + ", " + b.name("notice"), En: "Text " + name + ", " + b.name("notice")}
	}
	t.Fields["phone"] = rights.Words{Fr: "819 555-0100", En: "819 555-0100 x1"}
	t.Fields["address"] = rights.Words{Fr: "12, rue du Parc", En: "12 Park Street"}
	return t
}

// noticed is a notice brought to where an act may be done; of the policy and of the
// collection there is one draft at a time.
func (b *board) noticed(k rights.NoticeKind, platform catalogue.ID, state rights.NoticeState) (n rights.Notice, err error) {
	b.t.Helper()
	ctx, officer := b.t.Context(), b.as("privacy_officer")
	if n, err = b.Rights.Begin(ctx, officer, k, platform); err != nil {
		return n, err
	}
	n, err = b.Rights.Write(ctx, officer, n.ID, b.texts(k), n.Version)
	b.must(err)
	if state == rights.Published {
		return b.Rights.Publish(ctx, officer, n.ID)
	}
	return n, nil
}

func publishes(k rights.NoticeKind) proof {
	return proof{
		act: func(b *board) error {
			_, err := b.noticed(k, "", rights.Published)
			return err
		},
		violate: func(b *board) error {
			n, err := b.noticed(k, "", rights.Draft)
			b.must(err)
			t := b.texts(k)
			t.Fields["purpose"], t.Fields["purposes"] = rights.Words{}, rights.Words{}
			n, err = b.Rights.Write(b.t.Context(), b.as("privacy_officer"), n.ID, t, n.Version)
			b.must(err)
			_, err = b.Rights.Publish(b.t.Context(), b.as("privacy_officer"), n.ID)
			return err
		},
	}
}

// tellsParents is a platform of which they are told, and one that runs without.
var tellsParents = proof{
	act: func(b *board) error {
		n, err := b.noticed(rights.Parents, b.approved().ID, rights.Published)
		b.must(err)
		_, err = b.Rights.Give(b.t.Context(), b.as("privacy_officer"), n.ID, rights.Giving{On: today(), Audience: "Parents", Channel: "letter"})
		return err
	},
	violate: func(b *board) error {
		b.must(b.record("principal", b.approved().ID, nil))
		return b.Rights.Sweep(b.t.Context(), b.system())
	},
}

// answers is a consent of a parent's, changed.
func (b *board) answers(change func(*rights.Consenting)) (rights.Consent, error) {
	t := rights.Consenting{Pupil: "Ne00", Platform: b.anyApproved(), Purpose: "Lire en ligne, " + b.name("purpose"), Instrument: "privacy",
		Answer: "yes", Band: "0", Capacity: "parent", Signer: "Camille " + b.name("signer"), Method: "paper", TextVersion: "2026-1",
		GivenOn: today(), ExpiresOn: time.Now().AddDate(0, 6, 0).Format(time.DateOnly)}
	if change != nil {
		change(&t)
	}
	return b.Rights.Consent(b.t.Context(), b.as("principal"), t)
}

func consents(change func(*rights.Consenting)) proof {
	return proof{
		act: func(b *board) error {
			_, err := b.answers(nil)
			return err
		},
		violate: func(b *board) error {
			_, err := b.answers(change)
			return err
		},
	}
}

func (b *board) basis(basis, reason string) error {
	_, err := b.Rights.Choose(b.t.Context(), b.as("privacy_officer"), rights.Basis{Platform: b.approved().ID, Basis: basis, Reason: reason})
	return err
}

// served is a batch of one request that was closed long ago, proposed by somebody.
func (b *board) served(who string) rights.Batch {
	b.t.Helper()
	ctx, officer := b.t.Context(), b.as("privacy_officer")
	r, err := b.Rights.Enter(ctx, officer, b.inquiry("2020-01-08"))
	b.must(err)
	_, err = b.Rights.Close(ctx, officer, r.ID, "Retirée, "+b.name("why closed"), "2020-01-10")
	b.must(err)
	_, err = b.Rights.SetRule(ctx, officer, rights.Rule{Record: rights.OldRequests, Code: "2-01", Years: 3})
	b.must(err)
	batch, err := b.Rights.Propose(ctx, b.as(who), rights.OldRequests)
	b.must(err)
	return batch
}

func (b *board) disposes(proposed, approved string) error {
	_, err := b.Rights.Decide(b.t.Context(), b.as(approved), b.served(proposed).ID, "approve")
	return err
}

func init() {
	for id, p := range map[string]proof{
		"QC-RIGHT-01": {
			act: func(b *board) error {
				b.asked(rights.Answered)
				return nil
			},
			violate: func(b *board) error {
				_, err := b.Rights.Enter(b.t.Context(), b.as("privacy_officer"), b.inquiry("2026-01-08"))
				return err
			},
		},
		"QC-RET-01": {
			act:     func(b *board) error { return b.disposes("privacy_officer", "secretary") },
			violate: func(b *board) error { return b.disposes("privacy_officer", "privacy_officer") },
		},
		"QC-POL-01":  publishes(rights.Confidentiality),
		"QC-NOT-01":  publishes(rights.Collection),
		"ON-TECH-02": tellsParents,
		"D-42":       tellsParents,
		"QC-MIN-01":  consents(func(t *rights.Consenting) { t.Capacity = "pupil"; t.Band = "18"; t.Born = "2015-01-01" }),
		"QC-MIN-02":  consents(func(t *rights.Consenting) { t.Purpose = "Lire; publier" }),
		"QC-MIN-03": {
			act:     func(b *board) error { return b.basis("benefit", "Apprendre à lire.") },
			violate: func(b *board) error { return b.basis("benefit", "") },
		},
		"D-39": consents(func(t *rights.Consenting) { t.Answer = "no" }),
	} {
		proofs[id] = p
	}
	proofs["ON-MIN-01"] = consents(func(t *rights.Consenting) { t.Band = "16" })
}

// consented is a consent of a pupil's of the school.
func (b *board) consented() rights.Consent {
	b.t.Helper()
	c, err := b.answers(nil)
	b.must(err)
	return c
}

// known brings what people ask, are told and consent to on the board.
func (b *board) known() {
	b.t.Helper()
	b.asked(rights.Answered)
	b.asked(rights.Open)
	_, err := b.noticed(rights.Parents, b.approved().ID, rights.Published)
	b.must(err)
	_, err = b.noticed(rights.Collection, "", rights.Draft)
	b.must(err)
	b.consented()
	b.must(b.basis("benefit", "Lire, "+b.name("reason of a basis")))
	b.served("secretary")
}

// rightsThings are the operations about one thing, and what prepares it and who may read it.
func (b *board) rightsThing(op string) (id string, read policy.Action) {
	b.t.Helper()
	switch op {
	case "read-right", "extend-right", "answer-right", "close-right", "export-right":
		return string(b.asked(rights.Open).ID), policy.RightsRead
	case "read-consent", "withdraw-consent":
		return string(b.consented().ID), policy.ConsentRead
	}
	state := rights.Draft
	if op == "give-board-notice" {
		state = rights.Published
	}
	n, err := b.noticed(rights.Parents, b.approved().ID, state)
	b.must(err)
	return string(n.ID), policy.NoticeRead
}

// walkRights tries an operation on a request, a notice, a consent or a batch as everybody; who
// may not read it hears what they would of an id that nobody has.
func (b *board) walkRights(op operation, do policy.Action) {
	done, at := 0, &request.Request{OrgID: b.school}
	for who := range b.people {
		if op.id == "extend-right" && b.pack != "csc-pan-2023" {
			return // no extension there
		}
		var id string
		read := policy.RightsDispose
		if op.id == "decide-disposal" {
			proposer := "secretary"
			if who == proposer {
				proposer = "privacy_officer"
			}
			id = string(b.served(proposer).ID)
		} else {
			id, read = b.rightsThing(op.id)
		}
		sent := body(b, op.id)
		before := b.state()
		a := b.call(who, op.method, strings.ReplaceAll(op.path, "{id}", id), sent)
		switch {
		case b.permitted(who, do, at):
			if a.status/100 != 2 {
				b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, a.status, short(a.body))
			}
			done++
			continue
		case a.status != http.StatusForbidden && a.status != http.StatusNotFound:
			b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, a.status, short(a.body))
		case !b.permitted(who, read, at):
			nobody := b.call(who, op.method, strings.ReplaceAll(op.path, "{id}", strings.Repeat("a", 26)), sent)
			if nobody.body != a.body {
				b.t.Errorf("%s as %s: not the answer of an id that nobody has\n%s\n%s", op.id, who, short(a.body), short(nobody.body))
			}
		}
		if after := b.state(); after != before {
			b.t.Errorf("%s as %s was refused and changed:\n%s", op.id, who, differs(before, after))
		}
	}
	if done == 0 {
		b.t.Errorf("%s %s: nobody can do it", op.method, op.path)
	}
}

// walkConsents records a consent as everybody: of a pupil of their own school, where they may.
func (b *board) walkConsents(op operation, do policy.Action) {
	for who := range b.people {
		sent := body(b, op.id).(map[string]any)
		if who == otherPrincipal {
			sent["person"] = "Ne20"
		}
		before := b.state()
		a := b.call(who, op.method, op.path, sent)
		switch {
		case b.permitted(who, do, nil):
			if a.status/100 != 2 {
				b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, a.status, short(a.body))
			}
		case a.status != http.StatusForbidden:
			b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, a.status, short(a.body))
		default:
			if after := b.state(); after != before {
				b.t.Errorf("%s as %s was refused and changed:\n%s", op.id, who, differs(before, after))
			}
		}
	}
}

// ofRights says whether an operation is about one thing of this package.
func ofRights(path string) bool {
	for _, begins := range []string{"/api/v1/rights/{id}", "/api/v1/board-notices/{id}", "/api/v1/consents/{id}", "/api/v1/disposals/{id}"} {
		if strings.HasPrefix(path, begins) {
			return true
		}
	}
	return false
}

// rightsBodies are what the operations are sent.
func (b *board) rightsBodies() map[string]any {
	fields := map[string]any{}
	for name, w := range b.texts(rights.Parents).Fields {
		fields[name] = map[string]any{"fr": w.Fr, "en": w.En}
	}
	return map[string]any{
		"enter-right":          map[string]any{"kind": "access", "person": "Ne00", "asker": "Camille", "received_on": today()},
		"extend-right":         map[string]any{"notified_on": today(), "days": 5},
		"answer-right":         map[string]any{"outcome": "refused", "reasons": "Un tiers.", "recourse": "La commission.", "answered_on": today()},
		"close-right":          map[string]any{"why": "Retirée.", "closed_on": today()},
		"export-right":         nil,
		"begin-board-notice":   map[string]any{"kind": "collection"},
		"write-board-notice":   map[string]any{"fields": fields, "version": 2},
		"publish-board-notice": nil,
		"give-board-notice":    map[string]any{"sent_on": today(), "audience": "Parents", "channel": "letter"},
		"record-consent": map[string]any{"person": "Ne00", "platform_id": b.anyApproved(), "purpose": "Lire.", "instrument": "privacy", "answer": "yes",
			"band": "0", "capacity": "parent", "signer": "Camille", "method": "paper", "text_version": "1", "given_on": today(), "expires_on": "2099-01-01"},
		"withdraw-consent":   map[string]any{"withdrawn_on": today()},
		"choose-basis":       map[string]any{"platform_id": b.anyApproved(), "basis": "consent"},
		"set-retention-rule": map[string]any{"record": "requests", "code": "2-01", "years": 3},
		"propose-disposal":   map[string]any{"record": "requests"},
		"decide-disposal":    map[string]any{"answer": "approve"},
	}
}

// rightsForms are those of the pages.
func (b *board) rightsForms(two *board) []form {
	b.t.Helper()
	foreign, foreignConsent := string(two.asked(rights.Open).ID), string(two.consented().ID)
	foreignNotice, err := two.noticed(rights.Parents, two.approved().ID, rights.Draft)
	b.must(err)
	foreignBatch := string(two.served("secretary").ID)
	platform, elsewhere := string(b.approved().ID), string(two.approved().ID)
	last := "2999-12-31"

	open, closing := string(b.asked(rights.Open).ID), string(b.asked(rights.Open).ID)
	forms := []form{
		{route: "POST /rights", who: "privacy_officer", page: "/rights/new",
			good: url.Values{"kind": {"access"}, "received_on": {today()}, "asker": {b.brackets("asker typed")}, "contact": {b.brackets("contact typed")},
				"person": {"Ne00"}, "about": {""}, "wanted": {b.brackets("wanted typed")}},
			wrong: slices.Concat(required("kind"), among("kind"), required("received_on"), day("received_on"), wrongs("received_on", "received_on", last),
				required("asker"), tooLong("asker"), tooLong("contact"), tooLong("wanted"), wrongs("person", "person", "nobody", script, "N"), wrongs("person", "about", ""),
				wrongs("about", "about", b.brackets("about typed")), tooLong("about"))},
		{route: "POST /rights/{id}/export", who: "privacy_officer", id: closing, foreign: foreign, page: "/rights/" + closing, shows: true},
		{route: "POST /rights/{id}/extend", who: "privacy_officer", id: open, foreign: foreign, page: "/rights/" + open,
			good: url.Values{"notified_on": {today()}, "days": {"5"}},
			wrong: slices.Concat(required("notified_on"), day("notified_on"), wrongs("notified_on", "notified_on", last, "2020-01-01"), number("days"),
				wrongs("days", "days", "0", "11"))},
		{route: "POST /rights/{id}/answer", who: "privacy_officer", id: open, foreign: foreign, page: "/rights/" + open,
			good: url.Values{"outcome": {"refused"}, "reasons": {b.brackets("reasons typed")}, "recourse": {b.brackets("recourse typed")}, "answered_on": {today()}},
			wrong: slices.Concat(required("outcome"), among("outcome"), required("reasons"), tooLong("reasons"), required("recourse"), tooLong("recourse"),
				required("answered_on"), day("answered_on"), wrongs("answered_on", "answered_on", last, "2020-01-01"))},
		{route: "POST /rights/{id}/close", who: "privacy_officer", id: closing, foreign: foreign, page: "/rights/" + closing,
			good:  url.Values{"why": {b.brackets("why typed")}, "closed_on": {today()}},
			wrong: slices.Concat(required("why"), tooLong("why"), required("closed_on"), day("closed_on"), wrongs("closed_on", "closed_on", last, "2020-01-01"))},

		{route: "POST /disposal/rules", who: "secretary", good: url.Values{"record": {"incidents"}, "code": {"2-02"}, "years": {"7"}},
			wrong: slices.Concat(required("record"), among("record"), required("code"), tooLong("code"), required("years"), number("years"),
				wrongs("years", "years", "101", "4"))},
		{route: "POST /disposal", who: "secretary", good: url.Values{"record": {"requests"}}, wrong: slices.Concat(required("record"), among("record"))},
	}
	batch := string(b.served("privacy_officer").ID)
	forms = append(forms, form{route: "POST /disposal/{id}", who: "secretary", id: batch, foreign: foreignBatch, page: "/disposal/" + batch,
		good: url.Values{"answer": {"approve"}}, wrong: slices.Concat(required("answer"), among("answer"))})
	r, err := b.Rights.Enter(b.t.Context(), b.as("privacy_officer"), b.inquiry("2020-01-08")) // to be proposed
	b.must(err)
	_, err = b.Rights.Close(b.t.Context(), b.as("privacy_officer"), r.ID, "Retirée, "+b.name("why closed"), "2020-01-10")
	b.must(err)

	consent := string(b.consented().ID)
	forms = append(forms,
		form{route: "POST /consents", who: "principal", page: "/consents/new", idle: []string{"expires_on"},
			good: url.Values{"person": {"Ne00"}, "platform": {platform}, "purpose": {b.brackets("purpose typed")}, "instrument": {"privacy"}, "answer": {"no"},
				"born": {""}, "band": {"0"}, "capacity": {"parent"}, "signer": {b.brackets("signer typed")}, "method": {"paper"},
				"text_version": {b.brackets("version typed")}, "given_on": {today()}, "expires_on": {""}, "alternative": {b.brackets("alternative typed")}},
			wrong: slices.Concat(required("person"), wrongs("person", "person", "nobody", script, "Ne20"), tooLong("person"), known("platform", nowhere, "", elsewhere),
				required("purpose"), tooLong("purpose"), wrongs("purpose", "purpose", "Lire; publier", "Lire\r\nPublier"), required("answer"), among("answer"),
				wrongs("answer", "expires_on", "yes"), wrongs("born", "born", "hier", last, script), wrongs("born", "capacity", "1990-01-01"),
				wrongs("band", "band", "", "13", script), wrongs("band", "capacity", "18"), required("capacity"), among("capacity"),
				wrongs("capacity", "capacity", "pupil"), required("signer"), tooLong("signer"), required("method"), among("method"),
				required("text_version"), tooLong("text_version"), required("given_on"), day("given_on"), wrongs("given_on", "given_on", last),
				required("alternative"), tooLong("alternative"), among("instrument"))},
		form{route: "POST /consents", who: "privacy_officer", page: "/consents/new",
			idle: []string{"person", "platform", "purpose", "instrument", "answer", "born", "band", "capacity", "signer", "method", "text_version", "given_on", "alternative"},
			good: url.Values{"person": {"Ne00"}, "platform": {platform}, "purpose": {"Lire"}, "instrument": {"privacy"}, "answer": {"yes"}, "band": {"0"},
				"capacity": {"parent"}, "signer": {"Camille"}, "method": {"in_person"}, "text_version": {"1"}, "given_on": {today()}, "expires_on": {"2099-01-01"}},
			wrong: slices.Concat(required("expires_on"), day("expires_on"), wrongs("expires_on", "expires_on", "2020-01-01", today()))},
		form{route: "POST /consents/{id}/withdraw", who: "principal", id: consent, foreign: foreignConsent, page: "/consents/" + consent,
			good:  url.Values{"withdrawn_on": {today()}},
			wrong: slices.Concat(required("withdrawn_on"), day("withdrawn_on"), wrongs("withdrawn_on", "withdrawn_on", last, "2020-01-01"))},
		form{route: "POST /consents/bases", who: "privacy_officer", good: url.Values{"platform": {platform}, "basis": {"benefit"}, "reason": {b.brackets("reason of basis")}},
			wrong: slices.Concat(known("platform", nowhere, "", elsewhere), required("basis"), among("basis"), required("reason"), tooLong("reason"))},
	)
	return append(forms, b.noticeForms(string(foreignNotice.ID), elsewhere)...)
}

// noticeForms are those of the notices: a draft that is kept, one that is published, and
// one that is given.
func (b *board) noticeForms(foreign, elsewhere string) []form {
	b.t.Helper()
	platform := string(b.approved().ID)
	draft, err := b.noticed(rights.Parents, b.approved().ID, rights.Draft)
	b.must(err)
	publishing, err := b.noticed(rights.Collection, "", rights.Draft)
	b.must(err)
	given, err := b.noticed(rights.Parents, b.approved().ID, rights.Published)
	b.must(err)
	row := func(n rights.Notice, then string) form {
		f := form{route: "POST /notices/{id}", who: "privacy_officer", id: string(n.ID), foreign: foreign, page: "/notices/" + string(n.ID), unseen: []string{"then"},
			good: url.Values{"version": {versionOf(n)}, "then": {then}}}
		t := b.texts(n.Kind)
		t.Fields["changes"] = t.Changes
		for _, name := range append(n.Kind.Fields(b.system().Pack), "changes") {
			f.good.Set(name+"_fr", t.Fields[name].Fr)
			f.good.Set(name+"_en", t.Fields[name].En)
			for _, lang := range []string{"_fr", "_en"} {
				if then == "keep" {
					f.wrong = append(f.wrong, tooLong(name+lang)...)
				} else if name != "changes" {
					f.wrong = append(f.wrong, wrongs(name+lang, name+lang, "", "[À compléter]")...)
				}
			}
		}
		return f
	}
	keep, publish := row(draft, "keep"), row(publishing, "publish")
	keep.wrong = append(keep.wrong, wrongs("version", late, "", "x", "999999", script)...)
	publish.keeps, publish.idle = true, []string{"version", "changes_fr", "changes_en"}
	return []form{
		{route: "POST /notices", who: "privacy_officer", page: "/notices", good: url.Values{"kind": {"parents"}, "platform": {platform}},
			wrong: slices.Concat(required("kind"), among("kind"), wrongs("kind", "platform", "collection"), wrongs("platform", "platform", ""),
				wrongs("platform", nowhere, "nobody", script, elsewhere))},
		keep, publish,
		{route: "POST /notices/{id}/given", who: "privacy_officer", id: string(given.ID), foreign: foreign, page: "/notices/" + string(given.ID),
			good: url.Values{"sent_on": {today()}, "audience": {b.brackets("audience typed")}, "channel": {"portal"}},
			wrong: slices.Concat(required("sent_on"), day("sent_on"), wrongs("sent_on", "sent_on", "2999-12-31"), required("audience"), tooLong("audience"),
				required("channel"), among("channel"))},
	}
}

func versionOf(n rights.Notice) string { return strconv.FormatInt(n.Version, 10) }
