package demo

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/internal/access"
	"aval/internal/catalogue"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/request"
)

// event is something that somebody does at a moment.
type event struct {
	at   time.Time
	what string
	do   func(ctx context.Context) error
}

// How far a request has come.
const (
	drafted      = "draft"
	submitted    = "submitted"
	returned     = "returned"
	refused      = "refused"
	withdrawn    = "withdrawn"
	authorised   = "authorised"
	acknowledged = "acknowledged"
	begun        = "begun" // acknowledged, and the evaluation half done
	evaluated    = "evaluated"
	decided      = "decided"
	received     = "received"
)

// ask is the life of one request. Its description is the catalogue's own.
type ask struct {
	platform, by string
	en           bool   // its people write in English
	ago          int    // days since the draft
	pace         [5]int // days to: authorisation (return, refusal, withdrawal), receipt, evaluation, decision, acknowledgement
	ends         string
	usage        string
	missing      string
	data         []string
	cents        int64
	classes      int
	pupils       int64
	reason       string   // of an authorisation, a return or a refusal
	joins        []string // who asks for the same
	split        bool     // one evaluates use, the other security
	second       bool     // the second evaluator has it
	weak         []string // criteria partly met
	unmet        []string // criteria not met
	aside        []string // criteria not considered
	half         bool     // the committee has not been consulted yet
	use, safe    decision.Verdict
	because      []string // of a refusal, as anyone may read it
}

// approved, conditional and no are verdicts with their reasons.
func approved(reasons string) decision.Verdict {
	return decision.Verdict{Result: decision.Approved, Reasons: reasons}
}

func conditional(reasons string, conditions ...string) decision.Verdict {
	return decision.Verdict{Result: decision.Conditional, Reasons: reasons, Conditions: strings.Join(conditions, "\n")}
}

func no(reasons string) decision.Verdict {
	return decision.Verdict{Result: decision.Refused, Reasons: reasons}
}

// thread is a request being lived.
type thread struct {
	ask
	n        int
	last     time.Time
	request  request.ID
	decision decision.ID
	contest  string
}

// live plans every request and does what was planned in the order of time.
func (t *teller) live(ctx context.Context) error {
	threads := map[string]*thread{}
	for i, a := range asks {
		th := &thread{ask: a, n: i}
		t.plan(th)
		threads[a.platform+" "+a.by] = th
	}
	t.aftermath(threads)
	t.incidents()
	t.criterion()
	t.governance()
	t.inventory()
	t.rights()
	t.leaving()
	t.corrections()
	slices.SortStableFunc(t.events, func(a, b event) int { return a.at.Compare(b.at) })
	for _, e := range t.events {
		if e.at.After(t.now) {
			return fmt.Errorf("demo: %s lies in the future", e.what)
		}
		t.at = e.at
		if err := e.do(ctx); err != nil {
			return fmt.Errorf("demo: %s: %w", e.what, err)
		}
	}
	return nil
}

// then plans the next thing of a request, never before the one that precedes it.
func (t *teller) then(th *thread, ago, hour int, what string, do func(ctx context.Context) error) {
	at := t.day(ago, hour, (th.n*17+len(t.events)*7)%60)
	if !at.After(th.last) {
		at = th.last.Add(23 * time.Minute)
	}
	th.last = at
	t.events = append(t.events, event{at: at, what: th.platform + ": " + what, do: do})
}

func (t *teller) plan(th *thread) {
	author, ago := t.people[th.by], th.ago
	t.then(th, ago, 8+th.n%4, "draft", func(ctx context.Context) error {
		classes := author.Classes
		if author.Main() != policy.Teacher {
			classes = nil
		}
		r, err := t.a.Requests.Create(ctx, author, request.Draft{
			PlatformID: t.platforms[th.platform].ID, Description: t.describe(th), Usage: th.usage, Missing: th.missing,
			DataKinds: th.data, CostCents: th.cents, Classes: classes[:min(th.classes, len(classes))], Pupils: th.pupils,
		})
		th.request = r.ID
		return err
	})
	if th.ends == drafted {
		return
	}
	t.then(th, ago, 8+th.n%4, "submit", func(ctx context.Context) error {
		_, err := t.a.Requests.Submit(ctx, author, th.request)
		return err
	})
	for i, who := range th.joins {
		t.then(th, max(ago-1-i, 1), 11, "join", func(ctx context.Context) error {
			_, err := t.a.Requests.Join(ctx, t.people[who], th.request)
			return err
		})
	}
	ago -= th.pace[0]
	signed := author.Main() == policy.Principal || author.Main() == policy.DepartmentHead
	head := t.people[t.authorisers[author.Orgs()[0]]]
	act := t.a.Requests.Authorise
	switch th.ends {
	case submitted:
		return
	case withdrawn:
		t.then(th, ago, 14, th.ends, func(ctx context.Context) error {
			_, err := t.a.Requests.Withdraw(ctx, author, th.request)
			return err
		})
		return
	case returned:
		act = t.a.Requests.Return
	case refused:
		act = t.a.Requests.Refuse
	}
	if !signed {
		t.then(th, ago, 15, "answer of the head", func(ctx context.Context) error {
			_, err := act(ctx, head, th.request, th.reason)
			return err
		})
	}
	if th.ends != returned && th.ends != refused && th.ends != authorised {
		t.examine(th, ago)
	}
}

// examine plans what the evaluating service does.
func (t *teller) examine(th *thread, ago int) {
	first, second := t.people["evaluator"], t.people["evaluator_2"]
	if th.second {
		first, second = second, first
	}
	if !th.split {
		second = first
	}
	ago -= th.pace[1]
	t.then(th, ago, 9, "receipt", func(ctx context.Context) error {
		_, err := t.a.Requests.Acknowledge(ctx, first, th.request)
		return err
	})
	if th.ends == acknowledged {
		return
	}
	before := ago - th.pace[2]/2
	t.then(th, before, 10, "privacy", func(ctx context.Context) error {
		if th.platform == weighed.platform {
			return t.assess(ctx, th)
		}
		p := request.Privacy{Personal: "no"}
		if !slices.Equal(th.data, []string{request.NoData}) {
			p = request.Privacy{Personal: "yes", PIAOn: t.at.AddDate(0, 0, -4).Format(time.DateOnly), CommitteeOn: t.at.AddDate(0, 0, -1).Format(time.DateOnly)}
		}
		if p.Personal == "yes" && t.hosting[th.platform] != catalogue.Quebec {
			p.Transfer = "yes"
		}
		if th.half {
			p.CommitteeOn = ""
		}
		_, err := t.a.Requests.RecordPrivacy(ctx, t.people["privacy_officer"], th.request, p)
		if err == nil && th.ends == begun && p.Personal == "yes" {
			err = t.assess(ctx, th)
		}
		return err
	})
	ago -= th.pace[2]
	t.then(th, ago+min(1, th.pace[2]), 13, "use", func(ctx context.Context) error {
		return t.evaluate(ctx, th, first, evaluation.Use, true)
	})
	t.then(th, ago, 14, "security", func(ctx context.Context) error {
		return t.evaluate(ctx, th, second, evaluation.Security, th.ends != begun)
	})
	if th.ends == begun {
		t.beside(th, ago)
	}
	if th.ends == evaluated || th.ends == begun {
		return
	}
	ago -= th.pace[3]
	t.then(th, ago, 11, "decision", func(ctx context.Context) error {
		d, err := t.a.Decisions.Decide(ctx, t.people["evaluation_director"], th.request, decision.Input{Use: th.use, Security: th.safe, Because: th.because})
		th.decision = d.ID
		return err
	})
	if th.ends == decided {
		return
	}
	head := t.authorisers[t.people[th.by].Orgs()[0]]
	t.then(th, ago-th.pace[4], 8, "acknowledgement", func(ctx context.Context) error {
		_, err := t.a.Decisions.Acknowledge(ctx, t.people[head], th.decision)
		return err
	})
}

// describe is the catalogue's summary in the author's language.
func (t *teller) describe(th *thread) string {
	lang := "fr"
	if th.en {
		lang = "en"
	}
	return t.platforms[th.platform].Summary(lang)
}

// evaluate writes one aspect, with a file of evidence now and then, and closes it or not.
func (t *teller) evaluate(ctx context.Context, th *thread, by policy.Actor, aspect evaluation.Aspect, finish bool) error {
	if aspect == evaluation.Security && th.n%4 == 0 {
		if _, err := t.a.Evaluations.AddEvidence(ctx, by, th.request, aspect, "3.3b", t.evidence(th)); err != nil {
			return err
		}
	}
	v, err := t.a.Evaluations.View(ctx, by, th.request, aspect)
	if err != nil {
		return err
	}
	in := t.findings(th, v)
	if !finish {
		for i, row := range v.Rows {
			if i > len(v.Rows)/2 {
				delete(in.Criteria, row.ID)
			}
		}
		in.Recommendation, in.Summary = evaluation.NoAdvice, ""
		_, err = t.a.Evaluations.Save(ctx, by, th.request, aspect, in, v.Evaluation.Version)
		return err
	}
	_, err = t.a.Evaluations.Finish(ctx, by, th.request, aspect, in, v.Evaluation.Version)
	return err
}

// findings rates every criterion of an aspect, with the words for each.
func (t *teller) findings(th *thread, v evaluation.View) evaluation.Input {
	words := notes["fr"]
	if th.en {
		words = notes["en"]
	}
	in := evaluation.Input{Criteria: map[string]evaluation.Judgement{}}
	for _, row := range v.Rows {
		rating := evaluation.Met
		switch {
		case row.Location && t.hosting[th.platform] == catalogue.Canada:
			rating = evaluation.Partly
		case row.Location && t.hosting[th.platform] == catalogue.Elsewhere, slices.Contains(th.unmet, row.ID):
			rating = evaluation.Unmet
		case slices.Contains(th.weak, row.ID):
			rating = evaluation.Partly
		case slices.Contains(th.aside, row.ID):
			rating = evaluation.NotConsidered
		}
		said := words[row.ID][rating]
		j := evaluation.Judgement{Rating: rating}
		if len(said) > 0 {
			j.Note = said[th.n%len(said)]
		}
		in.Criteria[row.ID] = j
	}
	verdict := th.use
	if evaluation.Aspect(v.Aspect.ID) == evaluation.Security {
		verdict = th.safe
		in.Location = evaluation.Location(t.hosting[th.platform])
		if in.Location != evaluation.Quebec {
			in.LocationReason = words["location"][evaluation.Rating(in.Location)][0]
		}
		for _, m := range v.Equivalents {
			in.Looked = append(in.Looked, string(m.Platform.ID))
		}
	}
	in.Recommendation = map[decision.Result]evaluation.Recommendation{
		decision.Conditional: evaluation.ApproveConditions, decision.Refused: evaluation.Refuse,
	}[verdict.Result]
	if in.Recommendation == evaluation.NoAdvice {
		in.Recommendation = evaluation.Approve
	}
	in.Summary = fmt.Sprintf(words[v.Aspect.ID][evaluation.Rating(in.Recommendation)][0], th.platform)
	return in
}

// evidence is what an evaluator copies from a vendor's pages.
func (t *teller) evidence(th *thread) evaluation.File {
	text := fmt.Sprintf("%s : extrait des conditions du fournisseur, relevé le %s.\n\n"+
		"Les comptes d’élèves sont créés par l’école. Les données servent au seul service offert et ne sont ni vendues ni louées.\n"+
		"Un compte inutilisé est effacé après douze mois. Une école peut demander une copie ou l’effacement en tout temps.\n",
		th.platform, i18n.DayOf(t.at))
	return evaluation.File{Name: "conditions-" + strings.ToLower(strings.ReplaceAll(th.platform, " ", "-")) + ".txt",
		Media: "text/plain", Content: bytes.NewReader([]byte(text))}
}

// open makes the accounts of a licence and prepares their file; where the vendor is told, another
// evaluator approves it, and it is downloaded and confirmed.
func (t *teller) open(ctx context.Context, id licence.ID, told bool) error {
	one, two := t.people["evaluator"], t.people["evaluator_2"]
	if _, err := t.a.Access.Create(ctx, one, id); err != nil {
		return err
	}
	if err := t.a.Access.Run(ctx, one.Board, string(id)); err != nil {
		return err
	}
	f, err := t.a.Access.Prepare(ctx, one, id, access.Delta)
	if err != nil || !told {
		return err
	}
	if _, err := t.a.Access.Approve(ctx, two, id, f.ID); err != nil {
		return err
	}
	if _, err := t.a.Access.Download(ctx, one, id, f.ID); err != nil {
		return err
	}
	_, err = t.a.Access.Confirm(ctx, one, id, f.ID)
	return err
}

// aftermath plans what follows some decisions: licences, disagreements, a new
// request with new security functions; and what the IT service passes on.
func (t *teller) aftermath(threads map[string]*thread) {
	for _, l := range licences {
		th := threads[l.of]
		if !slices.Equal(th.data, []string{request.NoData}) {
			t.then(th, l.ago, 12, "contract", func(ctx context.Context) error { return t.bind(ctx, t.platforms[th.platform]) })
		}
		var kept licence.Licence
		t.then(th, l.ago, 13, "licence", func(ctx context.Context) error {
			org := ""
			if l.scope != licence.Board {
				org = t.people[l.by].Orgs()[0]
			}
			payer := licence.DDL
			if !l.ddl {
				payer = t.people[l.by].Orgs()[0]
			}
			audience := licence.Audience{Grades: l.grades}
			for _, name := range l.schools {
				audience.Schools = append(audience.Schools, t.places[name])
			}
			if l.class != "" {
				audience.Classes = t.people[l.class].Classes[:1]
			}
			var err error
			kept, err = t.a.Licences.Record(ctx, t.people[l.by], licence.Licence{
				PlatformID: t.platforms[th.platform].ID, Scope: l.scope, OrgID: org, Payer: payer, Seats: l.seats, CostCents: l.cents,
				StartsOn: i18n.DayOf(t.at), EndsOn: i18n.DayOf(t.at.AddDate(l.years, 0, -1)), Audience: audience,
				AccountKind: l.account, SignInURL: l.at, Columns: l.columns,
			})
			return err
		})
		if l.reads {
			t.then(th, l.ago-3, 10, "access of the platform's program", func(ctx context.Context) error {
				_, _, err := t.a.Credentials.Make(ctx, t.people["evaluator"], kept.ID)
				return err
			})
		}
		if l.opens {
			t.then(th, l.ago-2, 14, "accounts", func(ctx context.Context) error { return t.open(ctx, kept.ID, l.told) })
		}
	}
	for _, c := range contests {
		th := threads[c.of]
		head := t.people[t.authorisers[t.people[th.by].Orgs()[0]]]
		t.then(th, c.ago, 10, "contest", func(ctx context.Context) error {
			opened, err := t.a.Decisions.Contest(ctx, head, th.decision, evaluation.Use, c.explanation)
			th.contest = opened.ID
			return err
		})
		if c.answer == "" {
			continue
		}
		t.then(th, c.answered, 16, "answer to the contest", func(ctx context.Context) error {
			_, err := t.a.Decisions.AnswerContest(ctx, t.people["appeal_authority"], th.contest, decision.Answer{
				TalkOn: i18n.DayOf(t.at.AddDate(0, 0, -1)), TalkNote: c.talk, NextStep: c.next, Answer: c.answer,
			})
			return err
		})
	}
	t.follow(threads)
	t.then(threads["Récitou professional"], 10, 11, "end of a contract", t.part)
	th := threads[renewal.of]
	t.then(th, renewal.ago, 9, "new security functions", func(ctx context.Context) error {
		head := t.people[t.authorisers[t.people[th.by].Orgs()[0]]]
		_, err := t.a.Decisions.Renew(ctx, head, th.decision, renewal.text)
		return err
	})
	t.then(&thread{ask: ask{platform: passed.platform}}, passed.ago, 10, "redirect", func(ctx context.Context) error {
		_, err := t.a.Requests.Redirect(ctx, t.people["it"], request.Passed{
			PlatformID: t.platforms[passed.platform].ID, Org: t.people[passed.to].Orgs()[0], Note: passed.note,
		})
		return err
	})
}
