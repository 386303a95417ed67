package evaluation

import (
	"testing"
	"time"

	"aval/internal/fault"
	"aval/internal/policy"
)

func securityFacts() facts {
	return facts{
		Criteria: []policy.Criterion{
			{ID: "3.3a", Clause: "3.3a", Location: true},
			{ID: "3.3b", Clause: "3.3b"},
			{ID: "3.3c", Clause: "3.3c"},
		},
		Ladder: []policy.Rung{
			{Code: "qc"},
			{Code: "ca", Reason: true},
			{Code: "elsewhere", Reason: true, Equivalents: true},
		},
		PupilData: true,
	}
}

func securityDraft() Evaluation {
	return Evaluation{
		Aspect: Security,
		Criteria: map[string]Judgement{
			"3.3a": {Rating: Met}, "3.3b": {Rating: Unmet, Note: "Rien n’est dit."}, "3.3c": {Rating: NotConsidered},
		},
		Location:       Quebec,
		Recommendation: Approve,
	}
}

func TestFinish(t *testing.T) {
	now := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
	cases := []struct {
		name    string
		change  func(*Evaluation, *facts)
		field   string
		key     string
		clause  string
		outcome policy.Outcome
	}{
		{"a criterion without an answer", func(e *Evaluation, _ *facts) { delete(e.Criteria, "3.3c") },
			"rating.3.3c", "evaluation.rating_required", "3.3c", ""},
		{"not met, without a word", func(e *Evaluation, _ *facts) { e.Criteria["3.3b"] = Judgement{Rating: Unmet} },
			"note.3.3b", "evaluation.note_required", "3.3b", ""},
		{"met in part, without a word", func(e *Evaluation, _ *facts) { e.Criteria["3.3b"] = Judgement{Rating: Partly} },
			"note.3.3b", "evaluation.note_required", "3.3b", ""},
		{"pupils' data somewhere nobody says", func(e *Evaluation, _ *facts) { e.Location = Unsaid },
			"location", "evaluation.location_required", "3.3a", ""},
		{"pupils' data, location left aside", func(e *Evaluation, _ *facts) { e.Criteria["3.3a"] = Judgement{Rating: NotConsidered} },
			"rating.3.3a", "evaluation.location_considered", "3.3a", ""},
		{"Canada without saying why not Québec", func(e *Evaluation, _ *facts) { e.Location = Canada },
			"location_reason", "evaluation.location_reason_required", "3.3a", ""},
		{"elsewhere without a reason", func(e *Evaluation, _ *facts) { e.Location = Elsewhere },
			"location_reason", "evaluation.location_reason_abroad", "3.3a", ""},
		{"unknown without a reason", func(e *Evaluation, _ *facts) { e.Location = Unknown },
			"location_reason", "evaluation.location_reason_abroad", "3.3a", ""},
		{"elsewhere, an equivalent not looked at", func(e *Evaluation, f *facts) {
			e.Location, e.LocationReason, f.Equivalents = Elsewhere, "Rien d’autre ne lit le syllabique.", []string{"p1", "p2"}
			e.Looked = []string{"p1"}
		}, "looked", "evaluation.looked_required", "3.3a", ""},
		{"no recommendation", func(e *Evaluation, _ *facts) { e.Recommendation = NoAdvice },
			"recommendation", "evaluation.recommendation_required", "3.3", ""},
		{"a refusal advised without a word", func(e *Evaluation, _ *facts) { e.Recommendation = Refuse },
			"summary", "evaluation.summary_required", "3.3", ""},

		{"in Québec", func(*Evaluation, *facts) {}, "", "", "", policy.Conform},
		{"in Canada, with a reason", func(e *Evaluation, _ *facts) { e.Location, e.LocationReason = Canada, "Pas offert." },
			"", "", "", policy.Conform},
		{"elsewhere, equivalents looked at", func(e *Evaluation, f *facts) {
			e.Location, e.LocationReason, f.Equivalents = Elsewhere, "Pas offert.", []string{"p1"}
			e.Looked = []string{"p1"}
		}, "", "", "", policy.Exception},
		{"unknown, with a reason", func(e *Evaluation, _ *facts) { e.Location, e.LocationReason = Unknown, "Sans réponse." },
			"", "", "", policy.Exception},
		{"no pupils' data and no location", func(e *Evaluation, f *facts) { e.Location, f.PupilData = Unsaid, false },
			"", "", "", policy.Conform},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e, f := securityDraft(), securityFacts()
			c.change(&e, &f)
			err := e.finish(now, f)
			if c.key == "" {
				if err != nil || !e.Finished() {
					t.Fatalf("finish: %v, want none", err)
				}
				if got := e.locationOutcome(f); got != c.outcome {
					t.Fatalf("outcome: %s, want %s", got, c.outcome)
				}
				return
			}
			refusal, ok := fault.As(err)
			if !ok || refusal.Fields[c.field].Key != c.key || refusal.Clause != c.clause || len(refusal.Fields) != 1 {
				t.Fatalf("finish: %v, want %s=%s (%s)", err, c.field, c.key, c.clause)
			}
			if e.Finished() {
				t.Fatal("a refused finish must leave a draft")
			}
		})
	}
}

func TestFillKeepsADraft(t *testing.T) {
	e, f := securityDraft(), securityFacts()
	f.Equivalents = []string{"p1"}
	in := Input{
		Criteria: map[string]Judgement{"3.3b": {Rating: Partly, Note: "  à voir "}},
		Location: Elsewhere, Looked: []string{"p1"},
	}
	if err := e.fill(in, f); err != nil {
		t.Fatalf("fill: %v", err)
	}
	if got := e.Criteria["3.3b"]; got != (Judgement{Rating: Partly, Note: "à voir"}) {
		t.Errorf("3.3b: %+v", got)
	}
	if got := e.Criteria["3.3a"].Rating; got != Met {
		t.Errorf("what was not sent: %q, want kept", got)
	}
	if len(e.Looked) != 1 || e.Looked[0] != "p1" {
		t.Errorf("looked: %v", e.Looked)
	}
	in.Looked = []string{"p1", "nothing of ours"}
	if refusal, ok := fault.As(e.fill(in, f)); !ok || refusal.Fields["looked"].Key != "evaluation.looked_unknown" {
		t.Errorf("looked at what is no equivalent: %v", refusal)
	}
}

func TestFillRefuses(t *testing.T) {
	long := string(make([]rune, maxNote+1))
	cases := []struct {
		name, field, key string
		aspect           Aspect
		in               Input
	}{
		{"a criterion of nowhere", "criteria", "evaluation.criterion_unknown", Security,
			Input{Criteria: map[string]Judgement{"9.9": {}}}},
		{"a rating of nowhere", "rating.3.3b", "evaluation.rating_unknown", Security,
			Input{Criteria: map[string]Judgement{"3.3b": {Rating: "<script>"}}}},
		{"too long a note", "note.3.3b", "evaluation.note_long", Security,
			Input{Criteria: map[string]Judgement{"3.3b": {Note: long}}}},
		{"a place of nowhere", "location", "evaluation.location_unknown", Security, Input{Location: "moon"}},
		{"a place for use", "location", "evaluation.location_unknown", Use, Input{Location: Quebec}},
		{"an advice of nowhere", "recommendation", "evaluation.recommendation_unknown", Security,
			Input{Recommendation: "maybe"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := Evaluation{Aspect: c.aspect}
			refusal, ok := fault.As(e.fill(c.in, securityFacts()))
			if !ok || refusal.Fields[c.field].Key != c.key {
				t.Fatalf("fill: %v, want %s=%s", refusal, c.field, c.key)
			}
		})
	}
	t.Run("a finished aspect", func(t *testing.T) {
		e := securityDraft()
		e.FinishedAt = time.Now()
		if err := e.fill(Input{}, securityFacts()); !fault.Is(err, fault.Conflict) {
			t.Fatalf("fill: %v, want a conflict", err)
		}
	})
}
