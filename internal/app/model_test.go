package app_test

import (
	"context"
	"flag"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"aval/internal/account"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

// file is what has truly happened to a request, kept beside the database by
// somebody who read the policy and not the code.
type file struct {
	*board
	id         request.ID
	state      request.State
	asked      []string // who, by their name on the board
	authorised string
	finished   map[evaluation.Aspect]bool
	wrote      []string
	privacy    bool
}

// TestNoSequenceLeavesThePath has anyone do anything to a request, through the use
// cases and on the database: no step of the policy is skipped, nobody decides on
// what they asked, authorised or evaluated, and what is refused changes nothing.
func TestNoSequenceLeavesThePath(t *testing.T) {
	t.Parallel()
	if err := flag.Set("rapid.checks", strconv.Itoa(sequences)); err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		for i, pack := range policies {
			t.Run(pack, func(t *testing.T) {
				b := h.buildOn(t, []string{"erables", "sapins"}[i], []string{"Vorn", "Pilk"}[i], pack)
				b.double("teaching principal", policy.Grant{Role: policy.Teacher, Org: "s1"}, policy.Grant{Role: policy.Principal, Org: "s1"})
				b.double("teaching director", policy.Grant{Role: policy.Teacher, Org: "s1"}, policy.Grant{Role: policy.Evaluator},
					policy.Grant{Role: policy.EvaluationDirector})
				ends := map[request.State]int{}
				rapid.Check(t, func(t *rapid.T) { ends[b.live(t)]++ })
				if ends[request.Decided] < sequences/20 {
					t.Errorf("the sequences end too early: %v", ends)
				}
			})
		}
	})
}

// double is somebody with two parts on the board.
func (b *board) double(who string, grants ...policy.Grant) {
	b.t.Helper()
	login := "double." + strconv.Itoa(len(b.people))
	made, _, err := b.Accounts.Create(b.t.Context(), b.system(), account.New{Login: login, Name: "Camille " + b.name(who), Email: login + "@personnel.example",
		Lang: "fr", Password: password, Grants: grants})
	b.must(err)
	s := &someone{login: login}
	s.Actor, err = b.Accounts.Actor(b.t.Context(), b.id, made.ID)
	b.must(err)
	b.people[who] = s
}

// deed is one act on the file, and who would do it on the shortest way to a decision.
type deed struct {
	do   func(context.Context, *file, policy.Actor) error
	next []request.State
	by   string
}

var deeds = map[string]deed{
	"submit": {func(ctx context.Context, f *file, a policy.Actor) error {
		_, err := f.Requests.Submit(ctx, a, f.id)
		return err
	}, []request.State{request.Drafted, request.Returned}, ""},
	"authorise": {func(ctx context.Context, f *file, a policy.Actor) error {
		_, err := f.Requests.Authorise(ctx, a, f.id, "")
		return err
	}, []request.State{request.Submitted}, "principal"},
	"acknowledge": {func(ctx context.Context, f *file, a policy.Actor) error {
		_, err := f.Requests.Acknowledge(ctx, a, f.id)
		return err
	}, []request.State{request.Authorised}, "evaluator"},
	"use":      {finishing(evaluation.Use), []request.State{request.Acknowledged}, "evaluator"},
	"security": {finishing(evaluation.Security), []request.State{request.Acknowledged}, "evaluator"},
	"privacy": {func(ctx context.Context, f *file, a policy.Actor) error {
		_, err := f.Requests.RecordPrivacy(ctx, a, f.id, request.Privacy{Personal: "yes", PIAOn: today(), CommitteeOn: today(), Transfer: "yes"})
		return err
	}, []request.State{request.Evaluated}, "privacy_officer"},
	"decide": {func(ctx context.Context, f *file, a policy.Actor) error {
		_, err := f.Decisions.Decide(ctx, a, f.id, decision.Input{
			Use:      decision.Verdict{Result: decision.Approved, Reasons: "Utile."},
			Security: decision.Verdict{Result: decision.Approved, Reasons: "Sûre."}})
		return err
	}, []request.State{request.Evaluated}, "evaluation_director"},
	"return": {func(ctx context.Context, f *file, a policy.Actor) error {
		_, err := f.Requests.Return(ctx, a, f.id, "Dites-en plus.")
		return err
	}, nil, ""},
	"refuse": {func(ctx context.Context, f *file, a policy.Actor) error {
		_, err := f.Requests.Refuse(ctx, a, f.id, "Pas cette année.")
		return err
	}, nil, ""},
	"withdraw": {func(ctx context.Context, f *file, a policy.Actor) error {
		_, err := f.Requests.Withdraw(ctx, a, f.id)
		return err
	}, nil, ""},
	"join": {func(ctx context.Context, f *file, a policy.Actor) error {
		_, err := f.Requests.Join(ctx, a, f.id)
		return err
	}, nil, ""},
	"reopen": {func(ctx context.Context, f *file, a policy.Actor) error {
		_, err := f.Evaluations.Reopen(ctx, a, f.id, evaluation.Use)
		return err
	}, nil, ""},
}

func finishing(aspect evaluation.Aspect) func(context.Context, *file, policy.Actor) error {
	return func(ctx context.Context, f *file, a policy.Actor) error {
		of := map[evaluation.Aspect]evaluation.Evaluation{}
		f.must(f.DB.Read(ctx, f.board.id, func(ctx context.Context, tx *db.Tx) (err error) {
			of, err = evaluation.Of(ctx, tx, f.id)
			return err
		}))
		_, err := f.Evaluations.Finish(ctx, a, f.id, aspect, f.complete(aspect), of[aspect].Version)
		if err == nil && aspect == evaluation.Security {
			f.must(f.classify(f.id))
		}
		return err
	}
}

// live is one sequence; it answers where it ended.
func (b *board) live(t *rapid.T) request.State {
	author := rapid.SampledFrom([]string{"teacher", "professional", "department_head", "principal", "teaching principal", "teaching director"}).Draw(t, "author")
	f := &file{board: b, id: b.ask(author).ID, state: request.Drafted, asked: []string{author}, finished: map[evaluation.Aspect]bool{}}
	everyone, acts := sorted(b.people), sorted(deeds)
	for range rapid.IntRange(1, 22).Draw(t, "acts") {
		act, who := rapid.SampledFrom(acts).Draw(t, "act"), rapid.SampledFrom(everyone).Draw(t, "actor")
		if ahead, next, by := rapid.IntRange(0, 3).Draw(t, "ahead"), "", ""; ahead > 0 {
			if next, by = f.next(); next != "" {
				act, who = next, by
			}
			if ahead == 1 { // what comes next, by somebody with two parts
				who = rapid.SampledFrom([]string{"teaching director", "teaching principal"}).Draw(t, "double")
			}
		}
		f.try(t, act, who)
	}
	return f.state
}

func sorted[V any](m map[string]V) []string {
	return slices.Sorted(func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	})
}

// next is the act that brings the file closer to a decision, and who does it.
func (f *file) next() (act, by string) {
	switch {
	case f.state == request.Drafted || f.state == request.Returned:
		return "submit", f.asked[0]
	case f.state == request.Acknowledged && !f.finished[evaluation.Use]:
		return "use", "evaluator"
	case f.state == request.Acknowledged:
		return "security", "evaluator"
	case f.state == request.Evaluated && !f.privacy:
		return "privacy", "privacy_officer"
	}
	for act, d := range deeds {
		if slices.Contains(d.next, f.state) && act != "privacy" {
			return act, d.by
		}
	}
	return "", ""
}

// try has somebody do it, and holds what the house says against the policy.
func (f *file) try(t *rapid.T, act, who string) {
	err := deeds[act].do(f.t.Context(), f, f.as(who))
	now := f.read(f.id)
	if _, refused := fault.As(err); err != nil && !refused {
		t.Fatalf("%s by %s fails: %v", act, who, err)
	}
	if err != nil {
		if now.State != f.state {
			t.Fatalf("%s by %s is refused (%v), and leads from %s to %s", act, who, err, f.state, now.State)
		}
		if next, by := f.next(); next == act && by == who && !f.party(who) && (act != "decide" || !f.wroteBy(who)) {
			t.Fatalf("%s by %s is what comes next after %s, and is refused: %v", act, who, f.state, err)
		}
		return
	}
	f.happened(t, act, who, now.State)
}

// party says whether somebody asked for it, or authorised it.
func (f *file) party(who string) bool { return slices.Contains(f.asked, who) || f.authorised == who }

// happened holds an act that went through against the policy.
func (f *file) happened(t *rapid.T, act, who string, to request.State) {
	from := f.state
	f.state = to
	wrong := func(why string) { t.Helper(); t.Fatalf("%s by %s leads from %s to %s: %s", act, who, from, to, why) }
	leads := func(a, b request.State) bool { return from == a && to == b }
	switch act {
	case "submit":
		signs := slices.Contains([]string{"principal", "department_head", "teaching principal"}, who)
		if f.asked[0] != who || from != request.Drafted && from != request.Returned || to != request.Submitted && (to != request.Authorised || !signs) {
			wrong("a draft is sent by its author (2.2 b)")
		}
		if to == request.Authorised {
			f.authorised = who
		}
	case "authorise":
		if !leads(request.Submitted, request.Authorised) || slices.Contains(f.asked, who) {
			wrong("another than who asked authorises (2.2 b)")
		}
		f.authorised = who
	case "return", "refuse":
		if !leads(request.Submitted, map[string]request.State{"return": request.Returned, "refuse": request.Refused}[act]) {
			wrong("what is not authorised is sent back or refused (2.2 b)")
		}
	case "withdraw":
		if from.Closed() || to != request.Withdrawn || f.asked[0] != who {
			wrong("its author alone withdraws it")
		}
	case "join":
		if to != from || !from.Open() || f.wroteBy(who) {
			wrong("an open request is joined, by who has no hand in its evaluation")
		}
		f.asked = append(f.asked, who)
	default:
		f.judged(act, who, from, to, wrong)
	}
}

func (f *file) wroteBy(who string) bool { return slices.Contains(f.wrote, who) }

// judged holds an act of those who evaluate and decide against the policy.
func (f *file) judged(act, who string, from, to request.State, wrong func(string)) {
	if f.party(who) && act != "privacy" {
		wrong("who asked or authorised neither evaluates nor decides (3.1, 4.1)")
	}
	if f.authorised == "" {
		wrong("nothing is seen before it is authorised (2.2 b)")
	}
	switch act {
	case "acknowledge":
		if from != request.Authorised || to != request.Acknowledged {
			wrong("what is authorised is acknowledged (2.2 c)")
		}
	case "use", "security":
		f.finished[evaluation.Aspect(act)] = true
		f.wrote = append(f.wrote, who)
		both := f.finished[evaluation.Use] && f.finished[evaluation.Security]
		if from != request.Acknowledged || both != (to == request.Evaluated) {
			wrong("it is evaluated once both aspects are (3.1)")
		}
	case "reopen":
		f.finished[evaluation.Use] = false
		if to != request.Acknowledged || !f.wroteBy(who) {
			wrong("who finished an aspect reopens it (3.1)")
		}
	case "privacy":
		f.privacy = true
		if to != from {
			wrong("it changes no state")
		}
	case "decide":
		if from != request.Evaluated || to != request.Decided || !f.privacy || f.wroteBy(who) {
			wrong("another than who evaluated decides, on what is evaluated and looked at for privacy (4.1, QC-PIA-01)")
		}
	}
}
