package decision_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

type world struct {
	*evaluationtest.World
	s *decision.Service
}

func build(t *testing.T, d *db.DB) world {
	t.Helper()
	return world{evaluationtest.New(t, d), &decision.Service{DB: d}}
}

func good() decision.Input {
	return decision.Input{
		Use: decision.Verdict{Result: decision.Approved, Reasons: "Suit le programme d’études."},
		Security: decision.Verdict{
			Result: decision.Conditional, Reasons: "Les comptes inactifs sont gardés trop longtemps.",
			Conditions: "Effacer après 12 mois\nPseudonymes seulement",
		},
	}
}

// evaluated is a request ready to be decided, its privacy record whole.
func (w world) evaluated(t *testing.T) request.Request {
	t.Helper()
	r := w.Acknowledged()
	w.Evaluate(w.Evaluator, r.ID)
	if _, err := w.Requests.RecordPrivacy(t.Context(), w.PrivacyOfficer, r.ID,
		request.Privacy{Personal: "yes", PIAOn: "2026-10-20", CommitteeOn: "2026-10-27"}); err != nil {
		t.Fatal(err)
	}
	return r
}

func (w world) decided(t *testing.T, in decision.Input) decision.Decision {
	t.Helper()
	d, err := w.s.Decide(t.Context(), w.Director, w.evaluated(t).ID, in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWhoMayNotDecide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		r := w.Acknowledged()
		decide := func(by policy.Actor, in decision.Input) error {
			_, err := w.s.Decide(t.Context(), by, r.ID, in)
			return err
		}
		w.Refused("before the evaluation", decide(w.Director, good()), fault.Conflict, "3.1")
		w.Evaluate(w.Evaluator, r.ID)
		w.Refused("by the teacher who asked", decide(w.Teacher, good()), fault.Denied, "4.1")
		w.Refused("by an evaluator", decide(w.Evaluator2, good()), fault.Denied, "4.1")
		w.Refused("by another school", decide(w.OtherPrincipal, good()), fault.NotFound, "")
		as := func(a policy.Actor, from string) policy.Actor {
			a.Grants = append(slices.Clone(a.Grants), policy.Grant{Role: policy.EvaluationDirector, From: from})
			return a
		}
		w.Refused("by who asked, director or not", decide(as(w.Teacher, ""), good()), fault.Denied, "4.1")
		w.Refused("by who authorised", decide(as(w.Principal, ""), good()), fault.Denied, "4.1")
		w.Refused("in the place of who asked", decide(as(w.IT, w.Teacher.ID), good()), fault.Denied, "4.1")
		w.Refused("by who evaluated", decide(as(w.Evaluator, ""), good()), fault.Denied, "4.1")
		w.Refused("in the place of who evaluated", decide(as(w.IT, w.Evaluator.ID), good()), fault.Denied, "4.1")

		privacy := func(p request.Privacy) {
			t.Helper()
			if _, err := w.Requests.RecordPrivacy(t.Context(), w.PrivacyOfficer, r.ID, p); err != nil {
				t.Fatal(err)
			}
		}
		w.Refused("before privacy is spoken of", decide(w.Director, good()), fault.Conflict, "QC-PIA-01")
		privacy(request.Privacy{Personal: "yes"})
		w.Refused("before the assessment", decide(w.Director, good()), fault.Conflict, "QC-PIA-01")
		privacy(request.Privacy{Personal: "yes", PIAOn: "2026-10-20"})
		w.Refused("before the committee", decide(w.Director, good()), fault.Conflict, "QC-PIA-02")
		p, err := w.s.Prepare(t.Context(), w.Director, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.Refused("as the page says", p.Refusal, fault.Conflict, "QC-PIA-02")
		privacy(request.Privacy{Personal: "yes", PIAOn: "2026-10-20", CommitteeOn: "2026-10-27"})

		bare := good()
		bare.Use.Reasons = ""
		w.Refused("without a reason", decide(w.Director, bare), fault.Invalid, "")
		if _, err := w.s.ForRequest(t.Context(), w.Director, r.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("after refusals: %v, want nothing", err)
		}
		if got := w.Mark("decision.made", "request:"+string(r.ID)); got != "" {
			t.Errorf("decision.made: %q", got)
		}
	})
}

// Who wrote once on an aspect has evaluated, whoever wrote after them.
func TestWhoeverWroteDoesNotDecide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, write := range map[string]func(w world, by policy.Actor, id request.ID) error{
			"a draft": func(w world, by policy.Actor, id request.ID) error {
				_, err := w.Evaluations.Save(t.Context(), by, id, evaluation.Security, evaluation.Input{Summary: "À voir"}, 0)
				return err
			},
			"a file": func(w world, by policy.Actor, id request.ID) error {
				_, err := w.Evaluations.AddEvidence(t.Context(), by, id, evaluation.Security, "3.3b",
					evaluation.File{Name: "lettre.pdf", Media: "application/pdf", Content: strings.NewReader("%PDF-1.7\nLettre")})
				return err
			},
		} {
			w := build(t, d)
			lent := w.Evaluator2
			lent.Grants = append([]policy.Grant{{Role: policy.Evaluator, From: w.Appeal.ID}}, lent.Grants...)
			r := w.Acknowledged()
			if err := write(w, w.Director, r.ID); err != nil {
				t.Fatal(err)
			}
			page, err := w.Evaluations.View(t.Context(), w.Evaluator, r.ID, evaluation.Security)
			if err != nil {
				t.Fatal(err)
			}
			for aspect, version := range map[evaluation.Aspect]int64{evaluation.Use: 0, evaluation.Security: page.Evaluation.Version} {
				if _, err := w.Evaluations.Finish(t.Context(), lent, r.ID, aspect, w.Complete(aspect), version); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := w.Requests.RecordPrivacy(t.Context(), w.PrivacyOfficer, r.ID, request.Privacy{Personal: "no"}); err != nil {
				t.Fatal(err)
			}
			decide := func(by policy.Actor, in decision.Input) (decision.Decision, error) {
				return w.s.Decide(t.Context(), by, r.ID, in)
			}
			as := func(a policy.Actor, from string) policy.Actor {
				a.Grants = []policy.Grant{{Role: policy.EvaluationDirector, From: from}}
				return a
			}
			_, err = decide(w.Director, good())
			w.Refused(name+" and then another's words", err, fault.Denied, "4.1")
			_, err = decide(as(w.IT, w.Director.ID), good())
			w.Refused(name+", decided in their place", err, fault.Denied, "4.1")
			_, err = decide(as(w.Appeal, ""), good())
			w.Refused("evaluated in their place", err, fault.Denied, "4.1")
			alone := w.Director
			alone.Settings.JoinEvaluatorDecider = true
			_, err = decide(alone, good())
			w.Refused("where the board lets them, without saying why", err, fault.Invalid, "")
			in := good()
			in.Exception = "Une seule personne cette semaine."
			made, err := decide(alone, in)
			if err != nil || made.Exception != in.Exception || w.Mark("evaluation.finished", made.Subject()) != "exception" {
				t.Errorf("decided: %+v, %v", made, err)
			}
		}
	})
}

func TestDecide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		r := w.evaluated(t)
		before := w.Left(request.Notice)
		got, err := w.s.Decide(t.Context(), w.Director, r.ID, good())
		if err != nil {
			t.Fatal(err)
		}
		if got.Overall != decision.Conditional || got.DecidedBy != w.Director.ID || got.Exception != "" {
			t.Errorf("decision: %+v", got)
		}
		for control, want := range map[string]string{
			"decision.made": "conform", "decision.transmitted": "waiting",
		} {
			if seen := w.Mark(control, got.Subject()); seen != want {
				t.Errorf("%s: %q, want %q", control, seen, want)
			}
		}
		if left := w.Left(request.Notice) - before; left != 1 {
			t.Errorf("notices: %d, want 1", left)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			p, err := catalogue.Get(ctx, tx, w.Platform.ID)
			if p.Status != catalogue.Conditional || p.Hosting != catalogue.Quebec || p.DecisionID != string(got.ID) ||
				p.Conditions != "Effacer après 12 mois\nPseudonymes seulement" {
				t.Errorf("catalogue: %+v", p)
			}
			if err != nil {
				return err
			}
			last, there, err := decision.LastFor(ctx, tx, w.Platform.ID, r.OrgID)
			if !there || last.ID != got.ID || !last.NewSecurityRequired() {
				t.Errorf("LastFor: %+v, %t", last, there)
			}
			return err
		})
		_, err = w.s.Decide(t.Context(), w.Director, r.ID, good())
		w.Refused("a second time", err, fault.Conflict, "4.1")
		_, err = w.Evaluations.Reopen(t.Context(), w.Evaluator, r.ID, evaluation.Use)
		w.Refused("the evaluation reopened once decided", err, fault.Conflict, "3.1")
		if acts := w.Acts(got.Subject()); !slices.Equal(acts, []string{"decision.made"}) {
			t.Errorf("acts: %v", acts)
		}
	})
}

func TestTwoDecideAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		r := w.evaluated(t)
		var wait sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wait.Go(func() { _, errs[i] = w.s.Decide(t.Context(), w.Director, r.ID, good()) })
		}
		wait.Wait()
		done := 0
		for _, err := range errs {
			switch {
			case err == nil:
				done++
			case !fault.Is(err, fault.Conflict):
				t.Errorf("Decide: %v, want a conflict", err)
			}
		}
		if done != 1 {
			t.Errorf("decided %d times", done)
		}
	})
}

// Of who decides and who reopens the evaluation at once, one is told.
func TestReopenWhileOneDecides(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		for range 4 {
			r := w.evaluated(t)
			var wait sync.WaitGroup
			var reopened, decided error
			wait.Go(func() { _, reopened = w.Evaluations.Reopen(t.Context(), w.Evaluator, r.ID, evaluation.Use) })
			wait.Go(func() { _, decided = w.s.Decide(t.Context(), w.Director, r.ID, good()) })
			wait.Wait()
			now, err := w.Requests.View(t.Context(), w.Director, r.ID)
			switch {
			case err != nil:
				t.Fatal(err)
			case decided == nil && fault.Is(reopened, fault.Conflict) && now.State == request.Decided:
			case reopened == nil && fault.Is(decided, fault.Conflict) && now.State == request.Acknowledged:
				if _, err := w.Requests.Withdraw(t.Context(), w.Teacher, r.ID); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("decided: %v, reopened: %v, state %s", decided, reopened, now.State)
			}
			w.Write(func(ctx context.Context, tx *db.Tx) error { // a platform that may be asked for again
				p, err := catalogue.Add(ctx, tx, w.Director, catalogue.Draft{Name: "Récitou " + string(r.ID)})
				w.Platform = p
				return err
			})
		}
	})
}

// In a small service the same person may evaluate and decide, and says why.
func TestOnePersonIsAnException(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		r := w.Acknowledged()
		w.Evaluate(w.Director, r.ID)
		if _, err := w.Requests.RecordPrivacy(t.Context(), w.PrivacyOfficer, r.ID, request.Privacy{Personal: "no"}); err != nil {
			t.Fatal(err)
		}
		_, err := w.s.Decide(t.Context(), w.Director, r.ID, good())
		w.Refused("where they are kept apart", err, fault.Denied, "4.1")
		alone := w.Director
		alone.Settings.JoinEvaluatorDecider = true
		_, err = w.s.Decide(t.Context(), alone, r.ID, good())
		w.Refused("without saying why", err, fault.Invalid, "")
		in := good()
		in.Exception = "Nous ne sommes que deux au service."
		got, err := w.s.Decide(t.Context(), alone, r.ID, in)
		if err != nil || got.Exception != in.Exception {
			t.Fatalf("Decide: %+v, %v", got, err)
		}
		if seen := w.Mark("evaluation.finished", got.Subject()); seen != "exception" {
			t.Errorf("evaluation.finished: %q", seen)
		}
	})
}

func TestAcknowledge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		made := w.decided(t, good())
		receive := func(by policy.Actor) error {
			_, err := w.s.Acknowledge(t.Context(), by, made.ID)
			return err
		}
		w.Refused("by the teacher", receive(w.Teacher), fault.Denied, "4.1")
		w.Refused("by the evaluator", receive(w.Evaluator), fault.Denied, "4.1")
		w.Refused("by another school", receive(w.OtherPrincipal), fault.NotFound, "")
		w.Refused("by the IT service", receive(w.IT), fault.NotFound, "")
		if err := receive(w.Principal); err != nil {
			t.Fatal(err)
		}
		w.Refused("a second time", receive(w.Principal), fault.Conflict, "4.1")
		if seen := w.Mark("decision.transmitted", made.Subject()); seen != "conform" {
			t.Errorf("decision.transmitted: %q", seen)
		}
		v, err := w.s.ForRequest(t.Context(), w.Teacher, made.RequestID)
		if err != nil || v.Receiver != "Compte joel" || !v.Decision.Received() || v.May != (decision.May{}) {
			t.Errorf("view: %+v, %v", v, err)
		}
	})
}

const explanation = "L’exercice d’écriture à deux n’a pas été regardé, alors qu’il est au cœur de notre projet."

func TestContestOfUse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		in := good()
		in.Use = decision.Verdict{Result: decision.Refused, Reasons: "Ne suit pas le programme."}
		made := w.decided(t, in)
		contest := func(by policy.Actor, aspect evaluation.Aspect, text string) (decision.Contest, error) {
			return w.s.Contest(t.Context(), by, made.ID, aspect, text)
		}
		_, err := contest(w.Teacher, evaluation.Use, explanation)
		w.Refused("by the teacher", err, fault.Denied, "4.1a")
		_, err = contest(w.OtherPrincipal, evaluation.Use, explanation)
		w.Refused("by another school", err, fault.NotFound, "")
		_, err = contest(w.Principal, evaluation.Use, "Non.")
		w.Refused("without an explanation", err, fault.Invalid, "4.1a")
		_, err = contest(w.Principal, evaluation.Security, explanation)
		w.Refused("about security", err, fault.Conflict, "4.1b")

		c, err := contest(w.Principal, evaluation.Use, explanation)
		if err != nil {
			t.Fatal(err)
		}
		_, err = contest(w.Principal, evaluation.Use, explanation)
		w.Refused("a second time", err, fault.Conflict, "4.1a")
		if seen, left := w.Mark("contest.use", made.Subject()), w.Left(decision.NoticeContest); seen != "waiting" || left != 1 {
			t.Errorf("contest.use: %q, %d notices", seen, left)
		}

		answer := decision.Answer{TalkOn: "2026-11-02", TalkNote: "Entre nous.", NextStep: decision.Reevaluate, Answer: "On regarde de nouveau."}
		reply := func(by policy.Actor, a decision.Answer) (decision.Contest, error) {
			return w.s.AnswerContest(t.Context(), by, c.ID, a)
		}
		_, err = reply(w.Principal, answer)
		w.Refused("answered by who disagrees", err, fault.Denied, "4.1a")
		_, err = reply(w.Director, answer)
		w.Refused("answered by the director", err, fault.Denied, "4.1a")
		_, err = reply(w.OtherPrincipal, answer)
		w.Refused("answered by another school", err, fault.NotFound, "")
		lent := w.Director
		lent.Grants = append(slices.Clone(lent.Grants), policy.Grant{Role: policy.AppealAuthority, From: w.Appeal.ID})
		_, err = reply(lent, answer)
		w.Refused("answered by who decided, standing in", err, fault.Denied, "4.1a")
		_, err = reply(w.Appeal, decision.Answer{})
		w.Refused("answered without a talk", err, fault.Invalid, "4.1a")

		if c, err = reply(w.Appeal, answer); err != nil || c.FollowUp == "" {
			t.Fatalf("AnswerContest: %+v, %v", c, err)
		}
		_, err = reply(w.Appeal, answer)
		w.Refused("answered twice", err, fault.Conflict, "4.1a")
		if seen := w.Mark("contest.use", made.Subject()); seen != "conform" {
			t.Errorf("contest.use: %q", seen)
		}
		if acts := w.Acts(made.Subject()); !slices.Equal(acts, []string{"decision.made", "contest.opened", "contest.answered"}) {
			t.Errorf("acts: %v", acts)
		}
		v, err := w.s.ForContest(t.Context(), w.Principal, c.ID)
		if err != nil || v.Contest == nil || v.Contest.TalkNote != "" || v.Contest.Answer != answer.Answer {
			t.Errorf("seen by the school: %+v, %v", v.Contest, err)
		}
		w.again(t, c, made)
	})
}

// again goes through the re-evaluation to a decision of its own.
func (w world) again(t *testing.T, c decision.Contest, first decision.Decision) {
	t.Helper()
	if _, err := w.Requests.Acknowledge(t.Context(), w.Evaluator2, c.FollowUp); err != nil {
		t.Fatal(err)
	}
	w.Evaluate(w.Evaluator2, c.FollowUp)
	if _, err := w.Requests.RecordPrivacy(t.Context(), w.PrivacyOfficer, c.FollowUp, request.Privacy{Personal: "no"}); err != nil {
		t.Fatal(err)
	}
	second, err := w.s.Decide(t.Context(), w.Director, c.FollowUp, good())
	if err != nil {
		t.Fatal(err)
	}
	before, err := w.s.Letter(t.Context(), w.Principal, first.ID, "fr")
	if err != nil {
		t.Fatal(err)
	}
	after, err := w.s.Letter(t.Context(), w.Principal, second.ID, "fr")
	if err != nil || before.Later != after.Number || after.Earlier != before.Number {
		t.Errorf("letters: %s then %s, want %s then %s, %v", after.Earlier, before.Later, before.Number, after.Number, err)
	}
}

func TestOnlyNewSecurityRenews(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		made := w.decided(t, good())
		renew := func(by policy.Actor, text string) (request.Request, error) {
			return w.s.Renew(t.Context(), by, made.ID, text)
		}
		_, err := renew(w.Teacher, "Chiffrement au repos.")
		w.Refused("by the teacher", err, fault.Denied, "4.1a")
		_, err = renew(w.OtherPrincipal, "Chiffrement au repos.")
		w.Refused("by another school", err, fault.NotFound, "")
		_, err = renew(w.Principal, "  ")
		w.Refused("without anything new", err, fault.Invalid, "4.1b")
		r, err := renew(w.Principal, "Chiffrement au repos.")
		if err != nil || r.State != request.Authorised || r.FollowsID != made.RequestID {
			t.Fatalf("Renew: %+v, %v", r, err)
		}
		if seen := w.Mark("request.new_security", r.Subject()); seen != "conform" {
			t.Errorf("request.new_security: %q", seen)
		}
		_, err = renew(w.Principal, "Chiffrement au repos.")
		w.Refused("while one is open", err, fault.Conflict, "")
	})
}

// The list of requests shows the result, to who reads decisions.
func TestResultInTheList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := build(t, d), t.Context()
		r, err := w.Requests.Redirect(ctx, w.IT, request.Passed{PlatformID: w.Platform.ID, Org: "pin"})
		if err == nil {
			r, err = w.Requests.Edit(ctx, w.Principal, r.ID, request.Draft{Description: "Lecture à voix haute.",
				Usage: "Vingt minutes par jour.", DataKinds: []string{"first_name"}, Pupils: 24}, r.Version)
		}
		if err == nil {
			_, err = w.Requests.Authorise(ctx, w.Principal, r.ID, "")
		}
		if err == nil {
			_, err = w.Requests.Acknowledge(ctx, w.Evaluator, r.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		w.Evaluate(w.Evaluator, r.ID)
		if _, err := w.Requests.RecordPrivacy(ctx, w.PrivacyOfficer, r.ID, request.Privacy{Personal: "no"}); err != nil {
			t.Fatal(err)
		}
		shown := func(by policy.Actor, want catalogue.Status) {
			t.Helper()
			page, err := w.Requests.List(ctx, by, request.Filter{})
			if err != nil || len(page.Items) != 1 || page.Items[0].Result != want {
				t.Errorf("%s: %+v, %v, want %q", by.ID, page.Items, err, want)
			}
		}
		shown(w.Principal, "")
		if _, err := w.s.Decide(ctx, w.Director, r.ID, good()); err != nil {
			t.Fatal(err)
		}
		shown(w.IT, "") // passed it on, and reads no decision
		for _, by := range []policy.Actor{w.Principal, w.Evaluator, w.Director, w.Appeal, w.PrivacyOfficer} {
			shown(by, catalogue.Conditional)
		}
	})
}

func TestTwoRenewAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		made := w.decided(t, good())
		var wait sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			wait.Go(func() { _, errs[i] = w.s.Renew(t.Context(), w.Principal, made.ID, "Chiffrement au repos.") })
		}
		wait.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if f, ok := fault.As(err); !ok || f.Key != "request.open_exists" {
				t.Errorf("Renew: %v, want the sentence of the other", err)
			}
		}
		if done != 1 {
			t.Errorf("renewed %d times", done)
		}
	})
}

func TestLetter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		in := good()
		in.DueOn = "2026-12-15"
		made := w.decided(t, in)
		_, err := w.s.Letter(t.Context(), w.OtherPrincipal, made.ID, "fr")
		w.Refused("read by another school", err, fault.NotFound, "")
		for lang, want := range map[string][]string{
			"fr": {"Récitou est approuvée, avec 2 conditions", "Approuvée avec conditions", "2 novembre 2026", "13 critères satisfaits sur 13", "À remplir au plus tard le 15 décembre 2026."},
			"en": {"Récitou is approved, with 2 conditions", "Approved with conditions", "2 November 2026", "13 criteria met of 13", "To be met by 15 December 2026."},
		} {
			l, err := w.s.Letter(t.Context(), w.Teacher, made.ID, lang)
			if err != nil {
				t.Fatal(err)
			}
			plain := func(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }
			if got := []string{l.Title, l.Aspects[1].ResultText, plain(l.Date), l.Aspects[0].Tally, plain(l.Due)}; !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", lang, got, want)
			}
			var cited []string
			for _, items := range [][]decision.Item{l.Conditions, l.Next, l.Recourse} {
				for _, item := range items {
					if item.Text == "" {
						t.Errorf("%s: nothing said under %s", lang, item.Clause)
					}
					cited = append(cited, item.Clause)
				}
			}
			if want := strings.Fields("3.3 3.3 4.1 4.1 4.2a 4.2b 4.1a 4.1b"); !slices.Equal(cited, want) {
				t.Errorf("%s: cites %v, want %v", lang, cited, want)
			}
			if l.Org != "École du Grand-Pin" || l.Author != "Compte maude" || l.Decider != "Compte sol" ||
				!slices.Equal(l.Evaluators, []string{"Compte eva"}) || len(l.Aspects[0].Groups) != 1 ||
				len(l.Aspects[0].Groups[0].Criteria) != 13 || l.Aspects[1].Location == "" || l.Board == "" || l.Policy == "" {
				t.Errorf("%s: %+v", lang, l)
			}
		}
	})
}

func TestDecisionsStayOnTheirBoard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		made := w.decided(t, good())
		stranger := w.Director
		stranger.Board = dbtest.Board(t, d)
		_, view := w.s.View(t.Context(), stranger, made.ID)
		_, letter := w.s.Letter(t.Context(), stranger, made.ID, "fr")
		_, receipt := w.s.Acknowledge(t.Context(), stranger, made.ID)
		_, page := w.Evaluations.View(t.Context(), stranger, made.RequestID, evaluation.Use)
		for _, err := range []error{view, letter, receipt, page} {
			w.Refused("from another board", err, fault.NotFound, "")
		}
		if err := errors.Join(view, letter); strings.Contains(err.Error(), "Récitou") {
			t.Errorf("an error names the platform: %v", err)
		}
	})
}
