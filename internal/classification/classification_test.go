package classification_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"aval/internal/classification"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

type world struct {
	*evaluationtest.World
	s  *classification.Service
	on *policy.Pack // policy B, whose model holds four classes
}

func build(t *testing.T, d *db.DB) world {
	t.Helper()
	on, err := policy.Shipped("conseil-infonuagique-2026")
	if err != nil {
		t.Fatal(err)
	}
	w := world{evaluationtest.New(t, d), &classification.Service{DB: d}, on}
	return w
}

// b is somebody on a board of policy B.
func (w world) b(a policy.Actor) policy.Actor {
	a.Pack = w.on
	return a
}

func good(class string, tier classification.Tier) classification.Input {
	return classification.Input{Class: class, Owner: "principal", Reason: "Des prénoms.", Tier: tier, TierReason: "Peu de choses."}
}

func TestWhatAModelSuggestsAndHolds(t *testing.T) {
	on, err := policy.Shipped("conseil-infonuagique-2026")
	if err != nil {
		t.Fatal(err)
	}
	s := classification.Model(on)
	for _, c := range []struct {
		name  string
		kinds []string
		want  string
	}{
		{"nothing asked for", nil, ""},
		{"no information", []string{"none"}, "public"},
		{"a name", []string{"first_name"}, "confidential"},
		{"a name and a voice", []string{"voice", "first_name"}, "restricted"},
		{"what the scheme does not know", []string{"horoscope"}, ""},
	} {
		if got := s.Suggested(c.kinds); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		ceiling, class string
		want           bool
	}{
		{"confidential", "public", true}, {"confidential", "confidential", true}, {"confidential", "restricted", false},
		{"", "public", false}, {"restricted", "secret", false},
	} {
		if got := s.Holds(c.ceiling, c.class); got != c.want {
			t.Errorf("what may hold %q may hold %q: %v", c.ceiling, c.class, got)
		}
	}
	quebec, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	if len(classification.Model(quebec).Levels) > 0 {
		t.Error("the Québec policy ships classes whose names nobody retrieved")
	}
}

func TestClassifyRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		r := w.Acknowledged()
		classify := func(by policy.Actor, in classification.Input) error {
			_, err := w.s.Classify(t.Context(), by, r.ID, in)
			return err
		}
		w.Refused("where there is no scheme", classify(w.Evaluator, good("public", classification.Low)), fault.Conflict, "QC-SEC-02")
		w.Refused("by another school", classify(w.b(w.OtherPrincipal), good("public", classification.Low)), fault.NotFound, "")
		w.Refused("by who authorised it", classify(w.b(w.Principal), good("public", classification.Low)), fault.NotFound, "")
		for what, change := range map[string]func(*classification.Input){
			"a class of no scheme": func(in *classification.Input) { in.Class = "secret" },
			"no reason":            func(in *classification.Input) { in.Reason = " " },
			"no tier":              func(in *classification.Input) { in.Tier = "" },
			"no reason of a tier":  func(in *classification.Input) { in.TierReason = "" },
			"nobody answers":       func(in *classification.Input) { in.Owner = "" },
			"a stranger answers":   func(in *classification.Input) { in.Owner = w.Teacher.ID },
			"a long reason":        func(in *classification.Input) { in.Reason = strings.Repeat("é", 2001) },
		} {
			in := good("public", classification.Low)
			change(&in)
			w.Refused(what, classify(w.b(w.Evaluator), in), fault.Invalid, "D-02")
		}
		asked := w.b(w.Teacher)
		asked.Grants = append(slices.Clone(asked.Grants), policy.Grant{Role: policy.Evaluator})
		w.Refused("by who asked", classify(asked, good("public", classification.Low)), fault.Denied, "D-02")
		if got := w.Acts(r.Subject()); slices.Contains(got, "classification.chosen") {
			t.Errorf("the trail says that a class was chosen: %v", got)
		}
	})
}

func TestTheDecisionRestsOnTheClass(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		r := w.Acknowledged()
		w.Evaluate(w.Evaluator, r.ID)
		if _, err := w.Requests.RecordPrivacy(t.Context(), w.PrivacyOfficer, r.ID, request.Privacy{Personal: "no"}); err != nil {
			t.Fatal(err)
		}
		decisions := &decision.Service{DB: d}
		decide := func(by policy.Actor) error {
			_, err := decisions.Decide(t.Context(), by, r.ID, decision.Input{
				Use:      decision.Verdict{Result: decision.Approved, Reasons: "Suit le programme d’études."},
				Security: decision.Verdict{Result: decision.Approved, Reasons: "Elle protège ce qu’on y met."}})
			return err
		}
		w.Refused("without a class", decide(w.b(w.Director)), fault.Conflict, "D-02")
		if _, err := w.s.Classify(t.Context(), w.b(w.Evaluator), r.ID, good("restricted", classification.High)); err != nil {
			t.Fatal(err)
		}
		w.Refused("below the authority", decide(w.b(w.Director)), fault.Denied, "4.1")
		awaits := func(by policy.Actor, want bool) {
			t.Helper()
			got, err := w.s.Awaits(t.Context(), w.b(by), []request.ID{r.ID})
			if err != nil || got[r.ID] != want {
				t.Errorf("awaits %s: %v, %v", by.ID, got, err)
			}
		}
		awaits(w.Director, false)
		awaits(w.Appeal, true)
		if got := w.Mark("data.classified", r.Subject()); got != "conform" {
			t.Errorf("data.classified: %q", got)
		}
		if _, err := w.s.Classify(t.Context(), w.b(w.Evaluator), r.ID, good("confidential", classification.Medium)); err != nil {
			t.Fatal(err)
		}
		awaits(w.Director, true)
		awaits(w.Appeal, false)
		if err := decide(w.b(w.Director)); err != nil {
			t.Fatal(err)
		}
		after := func(class string, tier classification.Tier) error {
			_, err := w.s.Classify(t.Context(), w.b(w.Evaluator), r.ID, good(class, tier))
			return err
		}
		w.Refused("a higher class after the decision", after("restricted", classification.Medium), fault.Conflict, "D-02")
		w.Refused("another tier after the decision", after("internal", classification.Low), fault.Conflict, "D-02")
		if err := after("internal", classification.Medium); err != nil {
			t.Errorf("a lower class after the decision: %v", err)
		}
		v, err := w.s.View(t.Context(), w.b(w.Evaluator), r.ID)
		if err != nil || v.Choice == nil || v.Choice.Version != 3 || v.Choice.Class != "internal" {
			t.Errorf("the last choice: %+v, %v", v.Choice, err)
		}
	})
}

func TestWithoutASchemeNothingIsHeldUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		r := w.Acknowledged()
		w.Evaluate(w.Evaluator, r.ID)
		if _, err := w.Requests.RecordPrivacy(t.Context(), w.PrivacyOfficer, r.ID, request.Privacy{Personal: "no"}); err != nil {
			t.Fatal(err)
		}
		decisions := &decision.Service{DB: d}
		if _, err := decisions.Decide(t.Context(), w.Director, r.ID, decision.Input{
			Use:      decision.Verdict{Result: decision.Approved, Reasons: "Suit le programme d’études."},
			Security: decision.Verdict{Result: decision.Approved, Reasons: "Elle protège ce qu’on y met."}}); err != nil {
			t.Fatal(err)
		}
		if got := w.Mark("security.classified", r.Subject()); got != "waiting" {
			t.Errorf("security.classified: %q, want it to wait", got)
		}
	})
}

func level() classification.Level {
	return classification.Level{TitleFr: "Secrète", TitleEn: "Secret", Colour: "red", Owner: "privacy_officer", Keeper: "it",
		Decides: map[classification.Tier]policy.Role{classification.Low: policy.EvaluationDirector,
			classification.Medium: policy.EvaluationDirector, classification.High: policy.EvaluationDirector}}
}

func TestTheSchemeIsTheBoards(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		_, err := w.s.Put(ctx, w.b(w.Evaluator), level(), 5, 0)
		w.Refused("by an evaluator", err, fault.Denied, "D-02")
		for what, change := range map[string]func(*classification.Level, *int){
			"no name":          func(l *classification.Level, _ *int) { l.TitleFr = "" },
			"no English":       func(l *classification.Level, _ *int) { l.TitleEn = " " },
			"no colour":        func(l *classification.Level, _ *int) { l.Colour = "plaid" },
			"nobody answers":   func(l *classification.Level, _ *int) { l.Owner = "" },
			"nobody keeps":     func(l *classification.Level, _ *int) { l.Keeper = "nobody" },
			"who cannot":       func(l *classification.Level, _ *int) { l.Decides[classification.High] = policy.Teacher },
			"before the first": func(_ *classification.Level, at *int) { *at = 0 },
			"after the last":   func(_ *classification.Level, at *int) { *at = 6 },
		} {
			l, at := level(), 5
			change(&l, &at)
			_, err := w.s.Put(ctx, w.b(w.PrivacyOfficer), l, at, 0)
			w.Refused(what, err, fault.Invalid, "D-02")
		}
		unknown := level()
		unknown.Code = "nowhere"
		_, err = w.s.Put(ctx, w.b(w.PrivacyOfficer), unknown, 5, 0)
		w.Refused("a class that is not there", err, fault.NotFound, "")

		s, err := w.s.Put(ctx, w.b(w.PrivacyOfficer), level(), 5, 0)
		if err != nil || s.Version != 1 || len(s.Levels) != 5 || s.Levels[4].TitleEn != "Secret" {
			t.Fatalf("a fifth class: %+v, %v", s, err)
		}
		_, err = w.s.Put(ctx, w.b(w.Director), level(), 5, 0)
		w.Refused("by who looked at what was there before", err, fault.Conflict, "")
		edited := s.Levels[4]
		edited.TitleEn = "Most secret"
		if s, err = w.s.Put(ctx, w.b(w.PrivacyOfficer), edited, 1, 1); err != nil || s.Levels[0].TitleEn != "Most secret" || len(s.Levels) != 5 {
			t.Fatalf("moved first: %+v, %v", s, err)
		}
		r := w.Acknowledged()
		if _, err := w.s.Classify(ctx, w.b(w.Evaluator), r.ID, good(s.Levels[0].Code, classification.Low)); err != nil {
			t.Fatal(err)
		}
		_, err = w.s.Remove(ctx, w.b(w.PrivacyOfficer), s.Levels[0].Code, 2)
		w.Refused("removing what was given", err, fault.Conflict, "D-02")
		if s, err = w.s.Remove(ctx, w.b(w.PrivacyOfficer), "public", 2); err != nil || s.Place("public") >= 0 {
			t.Errorf("removed: %+v, %v", s, err)
		}
	})
}

func TestOfTwoWhoChangeTheSchemeAtOnceOneIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { _, errs[i] = w.s.Put(t.Context(), w.b(w.PrivacyOfficer), level(), 5, 0) })
		}
		all.Wait()
		kept := 0
		for _, err := range errs {
			switch {
			case err == nil:
				kept++
			case !fault.Is(err, fault.Conflict):
				t.Errorf("who came second: %v", err)
			}
		}
		if kept != 1 {
			t.Errorf("%d changes were kept of one and the same version", kept)
		}
	})
}
