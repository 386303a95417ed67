package request

import (
	"flag"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aval/internal/policy"
)

// path is where each act may lead from each state, written without looking at the
// rules: it is what the policy says of a request (2.1 to 4.1).
var path = map[string]map[State]State{
	"edit":        {Drafted: Drafted, Returned: Returned, Submitted: Submitted},
	"submit":      {Drafted: Submitted, Returned: Submitted},
	"sign":        {Drafted: Authorised, Returned: Authorised}, // a submit by who may authorise
	"authorise":   {Submitted: Authorised},
	"return":      {Submitted: Returned},
	"refuse":      {Submitted: Refused},
	"withdraw":    {Drafted: Withdrawn, Returned: Withdrawn, Submitted: Withdrawn, Authorised: Withdrawn, Acknowledged: Withdrawn, Evaluated: Withdrawn},
	"join":        {Submitted: Submitted, Authorised: Authorised, Acknowledged: Acknowledged, Evaluated: Evaluated},
	"acknowledge": {Authorised: Acknowledged},
	"evaluate":    {Acknowledged: Evaluated},
	"reopen":      {Evaluated: Acknowledged},
	"decide":      {Evaluated: Decided},
}

// ways are the acts: the permission that a use case asks for, then its rule.
var ways = map[string]struct {
	do   policy.Action
	rule func(r *Request, a policy.Actor, now time.Time) error
}{
	"edit": {policy.RequestEdit, func(r *Request, a policy.Actor, _ time.Time) error {
		return r.edit(a.ID, Draft{Description: "Lire", Usage: "Le matin", DataKinds: []string{"first_name"}, Classes: []string{"k1"}})
	}},
	"submit": {policy.RequestSubmit, func(r *Request, a policy.Actor, now time.Time) error {
		return r.submit(a.ID, len(a.Classes) > 0, now)
	}},
	"authorise": {policy.RequestAuthorise, func(r *Request, a policy.Actor, now time.Time) error {
		return r.authorise(a.ID, a.RoleFor(policy.RequestAuthorise, r.Scope()), "", now)
	}},
	"return": {policy.RequestAuthorise, func(r *Request, _ policy.Actor, now time.Time) error { return r.sendBack("Dites-en plus.", now) }},
	"refuse": {policy.RequestAuthorise, func(r *Request, _ policy.Actor, now time.Time) error { return r.refuse("Pas cette année.", now) }},
	"withdraw": {policy.RequestWithdraw, func(r *Request, a policy.Actor, now time.Time) error {
		return r.withdraw(a.ID, now)
	}},
	"join": {policy.RequestJoin, func(r *Request, a policy.Actor, _ time.Time) error {
		return r.join(a.ID, a.Can(policy.EvaluationWrite, r.Scope()))
	}},
	"acknowledge": {policy.RequestAcknowledge, func(r *Request, a policy.Actor, now time.Time) error {
		return r.acknowledge(a.ID, r.Party(a, policy.RequestAcknowledge), now)
	}},
	"evaluate": {policy.EvaluationWrite, func(r *Request, _ policy.Actor, now time.Time) error { return r.evaluated(now) }},
	"reopen":   {policy.EvaluationWrite, func(r *Request, _ policy.Actor, now time.Time) error { return r.reopened(now) }},
	"decide":   {policy.DecisionDecide, func(r *Request, _ policy.Actor, now time.Time) error { return r.decided(now) }},
}

// cast are the people of a school and a department; some have two parts, and one
// stands in the principal's place.
func cast(pack *policy.Pack) []policy.Actor {
	who := func(id string, grants ...policy.Grant) policy.Actor {
		return policy.Actor{ID: id, Board: "b", Pack: pack, Grants: grants}
	}
	at := func(role policy.Role, org string) policy.Grant { return policy.Grant{Role: role, Org: org} }
	teacher := who("teacher", at(policy.Teacher, "s1"))
	teacher.Classes = []string{"k1"}
	return []policy.Actor{
		teacher,
		who("colleague", at(policy.Teacher, "s1")),
		who("principal", at(policy.Principal, "s1")),
		who("deputy", policy.Grant{Role: policy.Principal, Org: "s1", From: "principal"}, at(policy.EvaluationDirector, "")),
		who("elsewhere", at(policy.Principal, "s2")),
		who("head", at(policy.DepartmentHead, "d1"), at(policy.Evaluator, "")),
		who("evaluator", at(policy.Evaluator, "")),
		who("teaching principal", at(policy.Teacher, "s1"), at(policy.Principal, "s1")),
		who("teaching evaluator", at(policy.Teacher, "s1"), at(policy.Evaluator, ""), at(policy.EvaluationDirector, "")),
		who("director", at(policy.EvaluationDirector, "")),
		who("officer", at(policy.PrivacyOfficer, "")),
		who("helper", at(policy.IT, "")),
	}
}

// lived is what has truly happened to a request, kept beside it.
type lived struct {
	asked      map[string]bool // by whom
	authorised string
	done       []State
}

// TestNoSequenceLeavesThePath tries sequences of acts by anyone on one request: no
// state but those of the policy follow one another, no step is skipped, and who
// asked or authorised is known as a party to it, whatever their other part.
func TestNoSequenceLeavesThePath(t *testing.T) {
	if err := flag.Set("rapid.checks", "100000"); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"csc-pan-2023", "conseil-infonuagique-2026"} {
		t.Run(id, func(t *testing.T) {
			pack, err := policy.Shipped(id)
			if err != nil {
				t.Fatal(err)
			}
			people, ends := cast(pack), map[State]int{}
			rapid.Check(t, func(t *rapid.T) { ends[walk(t, people)]++ })
			for _, end := range []State{Drafted, Submitted, Returned, Refused, Withdrawn, Authorised, Acknowledged, Evaluated, Decided} {
				if ends[end] == 0 {
					t.Errorf("no sequence ends %s: %v", end, ends)
				}
			}
		})
	}
}

// walk is one sequence; it answers where it ended.
func walk(t *rapid.T, people []policy.Actor) State {
	now := time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)
	r, l := begin(rapid.SampledFrom(asking(people)).Draw(t, "author"), now)
	acts := []string{"submit", "authorise", "acknowledge", "evaluate", "decide", "edit", "return", "refuse", "withdraw", "join", "reopen"}
	for range rapid.IntRange(0, 24).Draw(t, "acts") {
		act := acts[min(rapid.IntRange(0, 40).Draw(t, "act"), len(acts)-1)]
		if ahead := rapid.IntRange(0, 3).Draw(t, "ahead"); ahead > 0 { // most often what comes next on the path
			act = map[State]string{Drafted: "submit", Returned: "submit", Submitted: "authorise", Authorised: "acknowledge",
				Acknowledged: "evaluate", Evaluated: "decide"}[r.State]
		}
		if act == "" {
			act = "edit"
		}
		now = now.Add(time.Hour)
		try(t, &r, l, act, rapid.SampledFrom(people).Draw(t, "actor"), now)
	}
	return r.State
}

func begin(author policy.Actor, now time.Time) (Request, *lived) {
	g := author.Grants[0]
	return Request{ID: "r", OrgID: g.Org, AuthorID: author.ID, AuthorRole: g.Role, Kind: Full, Description: "Lire", Usage: "Le matin",
		DataKinds: []string{"first_name"}, Classes: []string{"k1"}, State: Drafted, CreatedAt: now}, &lived{asked: map[string]bool{author.ID: true}}
}

// try does an act as its use case would: permission, who may judge, then the rule.
func try(t *rapid.T, r *Request, l *lived, act string, a policy.Actor, now time.Time) {
	way, before := ways[act], *r
	judges := act == "evaluate" || act == "reopen" || act == "decide"
	if !a.Can(way.do, r.Scope()) || judges && r.Party(a, way.do) {
		return
	}
	if err := way.rule(r, a, now); err == nil {
		l.happened(t, before, *r, act, a)
	} else if r.State != before.State || len(r.Joiners) != len(before.Joiners) || r.AuthorisedBy != before.AuthorisedBy {
		t.Fatalf("%s by %s is refused, and changed it: %v", act, a.ID, err)
	}
}

// happened compares what an act did with what the policy says.
func (l *lived) happened(t *rapid.T, before, after Request, act string, a policy.Actor) {
	if act == "submit" && after.State == Authorised {
		act = "sign"
	}
	to, legal := path[act][before.State]
	if !legal || to != after.State {
		t.Fatalf("%s by %s leads from %s to %s", act, a.ID, before.State, after.State)
	}
	party := l.asked[a.ID] || l.authorised == a.ID
	switch act {
	case "submit":
		l.done = []State{Submitted}
	case "sign":
		l.done, l.authorised = []State{Submitted, Authorised}, a.ID
	case "authorise":
		if l.asked[a.ID] {
			t.Fatalf("%s authorised what they asked", a.ID)
		}
		l.done, l.authorised = append(l.done, Authorised), a.ID
	case "join":
		l.asked[a.ID] = true
	case "reopen":
		l.done = l.done[:len(l.done)-1]
	case "acknowledge", "evaluate", "decide":
		if party {
			t.Fatalf("%s did %s, and asked or authorised it", a.ID, act)
		}
		l.done = append(l.done, after.State)
	}
	if steps := []State{Submitted, Authorised, Acknowledged, Evaluated, Decided}; !slices.Equal(l.done, steps[:len(l.done)]) {
		t.Fatalf("after %s the steps are %v", act, l.done)
	}
}

// asking are those whose first part is at a school or a department.
func asking(people []policy.Actor) []policy.Actor {
	return slices.DeleteFunc(slices.Clone(people), func(a policy.Actor) bool { return a.Grants[0].Org == "" })
}
