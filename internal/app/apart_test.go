package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/policy"
	"aval/internal/request"
)

// invitation is the department's, to judge the use of an acknowledged request.
func (b *board) invitation(of string) evaluation.Invitation {
	b.t.Helper()
	i, err := b.Evaluations.Invite(b.t.Context(), b.as("evaluator"), b.to(request.Acknowledged).ID, evaluation.Use,
		evaluation.Invite{Org: b.department, DueOn: "2099-12-31", Note: "Votre œil, " + b.name(of)})
	b.must(err)
	return i
}

// judgement answers all that an invitation asks.
func (b *board) judgement(i evaluation.Invitation) evaluation.Answer {
	a := evaluation.Answer{Conclusion: "Elle sert le programme.", Ratings: map[string]evaluation.Judgement{}}
	for _, c := range i.Criteria {
		a.Ratings[c.ID] = evaluation.Judgement{Rating: evaluation.Met}
	}
	return a
}

// criterion is one of the board's own, that no evaluation asks any more.
func (b *board) criterion(of string) evaluation.Criterion {
	b.t.Helper()
	c, err := b.Evaluations.AddCriterion(b.t.Context(), b.as("evaluation_director"), evaluation.CriterionInput{Aspect: evaluation.Use,
		Name:     policy.Text{Fr: "Empreinte, " + b.name(of), En: "Footprint, " + b.said[of]},
		Question: policy.Text{Fr: "Que consomme-t-elle?", En: "What does it consume?"}})
	b.must(err)
	b.must(b.Evaluations.RetireCriterion(b.t.Context(), b.as("evaluation_director"), c.ID))
	return c
}

// again evaluates a decided platform again, to the next decision.
func (b *board) again(id decision.ID) error {
	b.t.Helper()
	ctx := b.t.Context()
	r, err := b.Decisions.Reevaluate(ctx, b.as("evaluator"), id, decision.Terms, "Le fournisseur change ses conditions.")
	if err != nil {
		return err
	}
	_, err = b.Requests.Acknowledge(ctx, b.as("evaluator"), r.ID)
	b.must(err)
	for _, aspect := range evaluation.Aspects {
		in := b.complete(aspect)
		for criterion := range in.Criteria {
			in.Confirm = append(in.Confirm, criterion)
		}
		v, err := b.Evaluations.View(ctx, b.as("evaluator"), r.ID, aspect)
		b.must(err)
		_, err = b.Evaluations.Finish(ctx, b.as("evaluator"), r.ID, aspect, in, v.Evaluation.Version)
		b.must(err)
	}
	b.must(b.classify(r.ID))
	b.must(b.privacy(r.ID))
	_, err = b.decide(r.ID, nil)
	return err
}

// walkInvitation tries an operation on invitations of the department as everybody.
func (b *board) walkInvitation(op operation, do policy.Action) {
	done := 0
	for who := range b.people {
		i := b.invitation("invitation of " + op.id + " for " + who)
		at := request.Request{OrgID: i.OrgID}
		done += b.tries(op, who, i.ID, b.permitted(who, do, &at), b.permitted(who, policy.InvitationRead, &at))
	}
	if done == 0 {
		b.t.Errorf("%s %s: nobody can do it", op.method, op.path)
	}
}

// walkCriterion tries an operation on criteria of the board as everybody, and leaves
// none that evaluations ask for.
func (b *board) walkCriterion(op operation, do policy.Action) {
	for who := range b.people {
		c, err := b.Evaluations.AddCriterion(b.t.Context(), b.as("evaluation_director"), evaluation.CriterionInput{Aspect: evaluation.Use,
			Name: policy.Text{Fr: b.name("criterion for " + who), En: b.said["criterion for "+who]}, Question: policy.Text{Fr: "Quoi?", En: "What?"}})
		b.must(err)
		b.tries(op, who, c.ID, b.permitted(who, do, nil), true)
		list, err := b.Evaluations.Criteria(b.t.Context(), b.as("evaluation_director"))
		b.must(err)
		for _, c := range list {
			if !c.Retired() {
				b.must(b.Evaluations.RetireCriterion(b.t.Context(), b.as("evaluation_director"), c.ID))
			}
		}
	}
}

// tries does an operation on a thing as somebody: who may does it, and who may not
// changes nothing and, where they may not read it, hears of no such thing.
func (b *board) tries(op operation, who, id string, may, reads bool) (done int) {
	sent := body(b, op.id)
	before := b.state()
	a := b.call(who, op.method, strings.ReplaceAll(op.path, "{id}", id), sent)
	if may {
		if a.status/100 != 2 {
			b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, a.status, short(a.body))
		}
		return 1
	}
	if a.status != http.StatusForbidden && a.status != http.StatusNotFound {
		b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, a.status, short(a.body))
	}
	if !reads {
		nobody := b.call(who, op.method, strings.ReplaceAll(op.path, "{id}", strings.Repeat("a", 26)), sent)
		if nobody.body != a.body {
			b.t.Errorf("%s as %s: not the answer of an id that nobody has\n%s\n%s", op.id, who, short(a.body), short(nobody.body))
		}
	}
	if after := b.state(); after != before {
		b.t.Errorf("%s as %s was refused and changed:\n%s", op.id, who, differs(before, after))
	}
	return 0
}

// apartForms are those of evaluations that more than one writes, of evaluating
// again, and of the board's own criteria and signers.
func (b *board) apartForms(two *board) []form {
	b.t.Helper()
	theirs := two.to(request.Acknowledged)
	page := func(does string, r request.Request) form {
		return form{route: "POST /requests/{id}/evaluation/{aspect}/" + does, who: "evaluator", id: string(r.ID), aspect: "use", foreign: string(theirs.ID)}
	}
	second := page("second", b.to(request.Acknowledged))
	second.who, second.page = "evaluation_director", "/requests/"+second.id+"/evaluation/use"
	second.good = url.Values{"second": {b.as(evaluator2).ID}}
	second.wrong = slices.Concat(required("second"), known("second", "second", b.as("teacher").ID, two.as("evaluator").ID))

	invite := page("invite", b.to(request.Acknowledged))
	invite.good = url.Values{"org": {b.department}, "due_on": {"2099-12-31"}, "note": {b.brackets("invitation typed")}, "criteria": {b.criteria(evaluation.Use)[0].ID}}
	invite.wrong = slices.Concat(required("org"), known("org", "org", b.school, two.department), day("due_on"), wrongs("due_on", "due_on", "", "2020-01-01"),
		tooLong("note"), known("criteria", "criteria"))

	i, other := b.invitation("judged by form"), two.invitation("judged by another board")
	judge := form{route: "POST /invitations/{id}", who: "department_head", id: i.ID, foreign: other.ID,
		good: url.Values{"version": {"1"}, "conclusion": {b.brackets("conclusion typed")}}}
	judge.wrong = slices.Concat(required("conclusion"), tooLong("conclusion"), wrongs("version", late, "", "x", "999999", script))
	for _, c := range i.Criteria {
		judge.good.Set("rating."+c.ID, "unmet")
		judge.good.Set("note."+c.ID, b.brackets("judgement of "+c.ID))
		judge.wrong = slices.Concat(judge.wrong, wrongs("rating."+c.ID, "rating."+c.ID, "", "great", script), tooLong("note." + c.ID)[:1])
	}
	judge.idle = []string{"reason"}
	j := b.invitation("declined by form")
	decline := form{route: "POST /invitations/{id}/decline", who: "department_head", id: j.ID, foreign: other.ID, page: "/invitations/" + j.ID,
		good: url.Values{"version": {"1"}, "reason": {b.brackets("reason to decline")}}}
	decline.idle = slices.DeleteFunc(b.fieldsOf(judge), func(name string) bool { return name == "version" || name == "reason" })
	decline.wrong = slices.Concat(required("reason"), tooLong("reason"), wrongs("version", late, "", "x", "999999", script))

	again := form{route: "POST /decisions/{id}/again", who: "evaluator", id: string(b.decisionOf(b.to(request.Decided).ID).ID),
		foreign: string(two.decisionOf(two.to(request.Decided).ID).ID),
		good:    url.Values{"cause": {"terms"}, "reason": {b.brackets("cause typed")}},
		wrong:   slices.Concat(required("cause"), among("cause"), required("reason"), tooLong("reason"))}
	add := form{route: "POST /settings/criteria", who: "evaluation_director",
		good: url.Values{"aspect": {"use"}, "name_fr": {"Empreinte"}, "name_en": {"Footprint"}, "question_fr": {"Quoi?"}, "question_en": {"What?"}}}
	add.wrong = slices.Concat(required("aspect"), among("aspect"))
	for _, field := range []string{"name_fr", "name_en", "question_fr", "question_en"} {
		add.wrong = slices.Concat(add.wrong, required(field), tooLong(field))
	}
	retire := form{route: "POST /criteria/{id}/retire", who: "evaluation_director", id: b.criterion("retired by form").ID, foreign: two.criterion("retired by another").ID, page: "/settings/criteria",
		idle: []string{"aspect", "name_fr", "name_en", "question_fr", "question_en"}}
	print := strings.Repeat("0a1b-", 7) + "0a1b"
	trust := form{route: "POST /settings/signers", who: "evaluation_director",
		good:  url.Values{"name": {b.brackets("signer typed")}, "fingerprint": {print}},
		wrong: slices.Concat(required("name"), tooLong("name"), required("fingerprint"), wrongs("fingerprint", "fingerprint", "0a1b", script, long))}
	b.must(b.Portable.Trust(b.t.Context(), b.as("evaluation_director"), strings.Repeat("1", 4)+print[4:], "Conseil des Aulnes"))
	forget := form{route: "POST /settings/signers/forget", who: "evaluation_director", page: "/settings/signers",
		good: url.Values{"of": {strings.Repeat("1", 4) + print[4:]}}, wrong: known("of", nowhere, ""), idle: []string{"name", "fingerprint"}}
	return []form{second, invite, judge, decline, again, add, retire, trust, forget}
}
