package decision

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

func TestOverallIsTheStricter(t *testing.T) {
	cases := []struct{ use, security, want Result }{
		{Approved, Approved, Approved},
		{Approved, Conditional, Conditional},
		{Conditional, Approved, Conditional},
		{Conditional, Conditional, Conditional},
		{Refused, Approved, Refused},
		{Approved, Refused, Refused},
		{Conditional, Refused, Refused},
		{Refused, Refused, Refused},
	}
	for _, c := range cases {
		if got := Overall(c.use, c.security); got != c.want {
			t.Errorf("Overall(%s, %s): %s, want %s", c.use, c.security, got, c.want)
		}
	}
}

func TestCheck(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Input)
		field  string
		key    string
	}{
		{"no result", func(in *Input) { in.Use.Result = "" }, "use_result", "decision.result_required"},
		{"a result of nowhere", func(in *Input) { in.Security.Result = "perhaps" }, "security_result", "decision.result_unknown"},
		{"no reason", func(in *Input) { in.Security.Reasons = "  " }, "security_reasons", "decision.reasons_required"},
		{"conditions without conditions", func(in *Input) { in.Use.Result = Conditional }, "use_conditions", "decision.conditions_required"},
		{"a lone dash for conditions", func(in *Input) { in.Use.Result, in.Use.Conditions = Conditional, " - \n" },
			"use_conditions", "decision.conditions_required"},
		{"conditions on what is refused", func(in *Input) { in.Use.Result, in.Use.Conditions = Refused, "Une" },
			"use_conditions", "decision.conditions_idle"},
		{"a book", func(in *Input) { in.Use.Reasons = strings.Repeat("x", maxText+1) }, "use_reasons", "decision.text_long"},
		{"a day of no calendar", func(in *Input) { in.DueOn = "2026-02-30" }, "due_on", "condition.day_wrong"},
		{"a day that is past", func(in *Input) { in.DueOn = "2026-11-19" }, "due_on", "condition.day_past"},
		{"a day for no condition", func(in *Input) { in.DueOn = "2026-11-20" }, "due_on", "decision.due_idle"},
		{"nobody of the place", func(in *Input) { in.Owner.Account = "someone" }, "owner", "condition.owner_unknown"},
		{"a reason that the pack has not", func(in *Input) { in.Use.Result, in.Because = Refused, []string{"weather"} },
			"because", "decision.because_unknown"},
		{"the reason of a refusal for an approval", func(in *Input) { in.Because = []string{"cost"} }, "because", "decision.because_idle"},
		{"both said", func(*Input) {}, "", ""},
	}
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := Input{Use: Verdict{Result: Approved, Reasons: "Bien"}, Security: Verdict{Result: Approved, Reasons: "Bien"}}
			c.change(&in)
			err := in.check(Preparation{}, pack, "2026-11-20")
			if c.key == "" {
				if err != nil {
					t.Fatalf("check: %v", err)
				}
				return
			}
			refusal, ok := fault.As(err)
			if !ok || refusal.Fields[c.field].Key != c.key {
				t.Fatalf("check: %v, want %s=%s", err, c.field, c.key)
			}
		})
	}
}

func TestConditionsOneByOne(t *testing.T) {
	v := Verdict{Conditions: "- Effacer après 12 mois\n\n• Pseudonymes seulement\r\nsans courriel"}
	want := []string{"Effacer après 12 mois", "Pseudonymes seulement", "sans courriel"}
	if got := v.List(); !slices.Equal(got, want) {
		t.Fatalf("List: %q, want %q", got, want)
	}
}

func TestExceptionIsSaid(t *testing.T) {
	pack, good := &policy.Pack{}, Verdict{Result: Approved, Reasons: "Bien"}
	in := Input{Use: good, Security: good}
	if refusal, ok := fault.As(in.check(Preparation{SamePerson: true}, pack, "2026-11-20")); !ok || refusal.Fields["exception"].Key != "decision.exception_required" {
		t.Errorf("check without a reason: %v", refusal)
	}
	in.Exception = "Nous sommes deux au service."
	if err := in.check(Preparation{SamePerson: true}, pack, "2026-11-20"); err != nil || in.Exception == "" {
		t.Errorf("check with a reason: %v", err)
	}
	if err := in.check(Preparation{}, pack, "2026-11-20"); err != nil || in.Exception != "" {
		t.Errorf("where nobody is both: %v, %q", err, in.Exception)
	}
}

func TestPrivacy(t *testing.T) {
	quebec := &policy.Pack{Clauses: []policy.Clause{{ID: clausePIA}, {ID: clauseCommittee}}}
	now := time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC) // still the 19th in Québec
	cases := []struct {
		name   string
		pack   *policy.Pack
		record request.Privacy
		clause string
	}{
		{"nothing said", quebec, request.Privacy{}, clausePIA},
		{"touched, and nothing done", quebec, request.Privacy{Personal: "yes"}, clausePIA},
		{"assessed tomorrow", quebec, request.Privacy{Personal: "yes", PIAOn: "2026-11-20", CommitteeOn: "2026-11-01"}, clausePIA},
		{"assessed on no day", quebec, request.Privacy{Personal: "yes", PIAOn: "bientôt", CommitteeOn: "2026-11-01"}, clausePIA},
		{"assessed, committee not consulted", quebec, request.Privacy{Personal: "yes", PIAOn: "2026-11-19"}, clauseCommittee},
		{"committee consulted tomorrow", quebec, request.Privacy{Personal: "yes", PIAOn: "2026-11-19", CommitteeOn: "2026-11-20"}, clauseCommittee},
		{"both done", quebec, request.Privacy{Personal: "yes", PIAOn: "2026-11-19", CommitteeOn: "2026-11-19"}, ""},
		{"nothing personal", quebec, request.Privacy{Personal: "no"}, ""},
		{"another province", &policy.Pack{}, request.Privacy{}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := privacy(c.pack, c.record, now)
			if c.clause == "" {
				if err != nil {
					t.Fatalf("privacy: %v", err)
				}
				return
			}
			if refusal, ok := fault.As(err); !ok || refusal.Kind != fault.Conflict || refusal.Clause != c.clause {
				t.Fatalf("privacy: %v, want a conflict under %s", err, c.clause)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	long := "L’exercice d’écriture à deux n’a pas été regardé."
	cases := []struct {
		name   string
		aspect evaluation.Aspect
		text   string
		kind   fault.Kind
		clause string
	}{
		{"about security, however well said", evaluation.Security, long, fault.Conflict, "4.1b"},
		{"about nothing that there is", "price", long, fault.Invalid, "4.1a"},
		{"without a word", evaluation.Use, "   ", fault.Invalid, "4.1a"},
		{"in three words", evaluation.Use, "Pas d’accord.", fault.Invalid, "4.1a"},
		{"in a book", evaluation.Use, strings.Repeat("x", maxText+1), fault.Invalid, "4.1a"},
		{"with an explanation", evaluation.Use, long, 0, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(Decision{}, c.aspect, c.text)
			if c.kind == 0 {
				if err != nil {
					t.Fatalf("open: %v", err)
				}
				return
			}
			if refusal, ok := fault.As(err); !ok || refusal.Kind != c.kind || refusal.Clause != c.clause {
				t.Fatalf("open: %v, want kind %v under %s", err, c.kind, c.clause)
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	now := time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)
	good := Answer{TalkOn: "2026-11-20", NextStep: Maintain, Answer: "La décision tient."}
	cases := []struct {
		name       string
		change     func(*Answer)
		field, key string
	}{
		{"without a talk", func(a *Answer) { a.TalkOn = "" }, "talk_on", "decision.talk_required"},
		{"a talk on no day", func(a *Answer) { a.TalkOn = "hier" }, "talk_on", "decision.day_wrong"},
		{"a talk tomorrow", func(a *Answer) { a.TalkOn = "2026-11-21" }, "talk_on", "decision.talk_future"},
		{"a talk before the disagreement", func(a *Answer) { a.TalkOn = "2026-11-09" }, "talk_on", "decision.talk_early"},
		{"no next step", func(a *Answer) { a.NextStep = "" }, "next_step", "decision.next_required"},
		{"a step of nowhere", func(a *Answer) { a.NextStep = "wait" }, "next_step", "decision.next_unknown"},
		{"no answer", func(a *Answer) { a.Answer = "" }, "answer", "decision.answer_required"},
		{"all said", func(*Answer) {}, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			contest, a := Contest{OpenedAt: now.AddDate(0, 0, -10)}, good
			c.change(&a)
			err := contest.answer(a, now)
			if c.key == "" {
				if err != nil || !contest.Answered() {
					t.Fatalf("answer: %v", err)
				}
				if err := contest.answer(a, now); !fault.Is(err, fault.Conflict) {
					t.Fatalf("a second answer: %v, want a conflict", err)
				}
				return
			}
			if refusal, ok := fault.As(err); !ok || refusal.Fields[c.field].Key != c.key || refusal.Clause != "4.1a" {
				t.Fatalf("answer: %v, want %s=%s", err, c.field, c.key)
			}
		})
	}
}
