package app_test

import (
	"time"

	"aval/internal/catalogue"
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
	t := rights.Consenting{Pupil: "Ne00", Platform: string(b.approved().ID), Purpose: "Lire en ligne, " + b.name("purpose"), Instrument: "privacy",
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
