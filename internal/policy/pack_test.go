package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/packs"
)

// numbering is the policy's own, in its order.
var numbering = strings.Fields(`
	1.1a 1.1b 1.2 1.3a 1.3b 1.3c 1.3d 1.3e 1.3f 1.3g 1.3h
	2.1 2.2a 2.2b 2.2c 2.3
	3.1 3.2 3.2.1 3.2.2 3.2.3 3.2.4 3.2.5 3.2.6 3.2.7 3.2.8 3.2.9 3.2.10 3.2.11 3.2.12 3.2.13
	3.3 3.3a 3.3b 3.3c 3.3d 3.3e
	4.1 4.1a 4.1b 4.2 4.2a 4.2b
	5.1.1 5.1.2 5.2
	6.1a 6.1b 6.1c 6.1d 6.1e 6.1f 6.2a 6.2b 6.2c 6.2d 6.2e 6.2f 6.3a 6.3b 6.3c 6.3d 6.3e
	6.4 6.4a 6.4b 6.4c 6.5a 6.5b 6.5c 6.5d 6.6a 6.6b 6.6c 6.6d
	7.1 7.2
	A.0 A.1 A.2 A.3 A.4 A.5 A.6 A.consequence A.accept`)

func shippedPack(t *testing.T, id string) *Pack {
	t.Helper()
	p, err := Shipped(id)
	if err != nil {
		t.Fatalf("Shipped(%s): %v", id, explain(err))
	}
	return p
}

func explain(err error) string {
	if f, ok := fault.As(err); ok {
		return i18n.For("en").T(f.Key, f.Args...)
	}
	return fmt.Sprint(err)
}

func TestEveryShippedPackLoads(t *testing.T) {
	if ids := ShippedIDs(); !slices.Contains(ids, "csc-pan-2023") || !slices.Contains(ids, "qc-a21") {
		t.Errorf("ShippedIDs: %v", ids)
	}
	for _, id := range ShippedIDs() {
		p := shippedPack(t, id)
		if p.Verified() {
			t.Errorf("%s says that a person signed it off", id)
		}
		if again := shippedPack(t, id); again != p {
			t.Errorf("%s is read twice", id)
		}
	}
	if _, err := Shipped("conseil-inconnu"); !fault.Is(err, fault.Invalid) {
		t.Errorf("Shipped of an unknown pack: %v", err)
	}
}

func TestClausesAreThoseOfThePolicy(t *testing.T) {
	p := shippedPack(t, "csc-pan-2023")
	var ids []string
	for _, c := range p.Clauses {
		ids = append(ids, c.ID)
	}
	if !slices.Equal(ids, numbering) {
		t.Errorf("clauses: %v, want %v", ids, numbering)
	}
}

func TestEveryClauseIsCarried(t *testing.T) {
	for _, id := range ShippedIDs() {
		for _, c := range shippedPack(t, id).Clauses {
			_, carried := Controls[c.Control]
			switch {
			case c.Control == "":
				t.Errorf("%s: no control", c.ID)
			case c.Mode == Planned && (carried || !slices.Contains(Capabilities, c.Capability)):
				t.Errorf("%s: planned, but carried by %s, or for no capability (%q)", c.ID, c.Control, c.Capability)
			case c.Mode != Planned && (!carried || c.Capability != ""):
				t.Errorf("%s: %s is not a control, or %q is yet to come", c.ID, c.Control, c.Capability)
			// 1.3 e promises something besides: that the school knows who it is.
			case (c.Mode == Defines) != (strings.HasPrefix(c.ID, "1.3") && len(c.ID) == 4 && c.ID != "1.3e"):
				t.Errorf("%s: mode %s; only definitions define", c.ID, c.Mode)
			case c.Mode == Defines != strings.HasPrefix(c.Control, "term."):
				t.Errorf("%s: %s %s", c.ID, c.Mode, c.Control)
			}
		}
	}
	named := map[string]bool{}
	for _, c := range shippedPack(t, "csc-pan-2023").All() {
		named[c.Control] = true
	}
	for control := range Controls {
		if !named[control] {
			t.Errorf("control %s serves no clause", control)
		}
	}
}

func TestRequiresComposes(t *testing.T) {
	p := shippedPack(t, "csc-pan-2023")
	c, ok := p.Clause("QC-PIA-01")
	if !ok || c.Pack != "qc-a21" || c.Control != "privacy.assessed" || c.Cite.Fr == "" {
		t.Errorf("QC-PIA-01 under the policy: %+v, %v", c, ok)
	}
	if own, _ := p.Clause("2.2b"); own.Pack != "csc-pan-2023" {
		t.Errorf("2.2b is of %q", own.Pack)
	}
	if got, want := len(p.All()), len(p.Clauses)+len(p.Laws[0].Clauses); got != want {
		t.Errorf("All: %d clauses, want %d", got, want)
	}
}

func TestCriteriaAreClauses(t *testing.T) {
	p := shippedPack(t, "csc-pan-2023")
	for aspect, want := range map[string]int{"use": 13, "security": 5} {
		a, ok := p.Aspect(aspect)
		if !ok || len(a.Criteria) != want {
			t.Fatalf("%s: %d criteria, want %d", aspect, len(a.Criteria), want)
		}
		for _, criterion := range a.Criteria {
			if criterion.ID != criterion.Clause {
				t.Errorf("criterion %s cites %s", criterion.ID, criterion.Clause)
			}
			c, ok := p.Clause(criterion.Clause)
			if !ok || !strings.HasPrefix(c.Control, "evaluation.") {
				t.Errorf("criterion %s: clause %+v", criterion.ID, c)
			}
		}
	}
	if c, ok := p.Criterion("3.3a"); !ok || !c.Location {
		t.Errorf("3.3a: %+v, %v; want the one about location", c, ok)
	}
	var rungs []string
	for _, r := range p.Ladder {
		rungs = append(rungs, r.Code)
	}
	if !slices.Equal(rungs, []string{"qc", "ca", "elsewhere"}) {
		t.Errorf("ladder: %v", rungs)
	}
}

func TestEveryRoleAndActionHasItsRow(t *testing.T) {
	p := shippedPack(t, "csc-pan-2023")
	for _, role := range Roles {
		if p.RoleTitle(role) == (Text{Fr: string(role), En: string(role)}) {
			t.Errorf("%s has no title", role)
		}
		if !slices.ContainsFunc(p.Permissions, func(r Permission) bool { return r.Role == role }) {
			t.Errorf("%s may do nothing", role)
		}
	}
	for _, do := range Actions {
		if !slices.ContainsFunc(p.Permissions, func(r Permission) bool { return r.Do == do }) {
			t.Errorf("nobody may %s", do)
		}
	}
	seen := map[string]bool{}
	for _, r := range p.Permissions {
		key := fmt.Sprint(r.Role, r.Do, r.Relation)
		if seen[key] {
			t.Errorf("two rows: %s %s %s", r.Role, r.Do, r.Relation)
		}
		seen[key] = true
	}
}

// What the policy keeps apart, whoever edits the table later.
func TestWhatTheTableKeepsApart(t *testing.T) {
	p := shippedPack(t, "csc-pan-2023")
	early := []string{"draft", "submitted", "returned", "refused", "withdrawn"}
	for _, r := range p.Permissions {
		name := fmt.Sprintf("%s %s %s", r.Role, r.Do, r.Relation)
		area, _, _ := strings.Cut(string(r.Do), ".")
		if slices.Contains([]Role{Evaluator, EvaluationDirector, PrivacyOfficer, AppealAuthority}, r.Role) &&
			slices.Contains([]string{"request", "evaluation", "decision", "privacy", "contest"}, area) {
			if len(r.States) == 0 || slices.ContainsFunc(early, func(s string) bool { return slices.Contains(r.States, s) }) {
				t.Errorf("%s: reaches what is not authorised: %v", name, r.States)
			}
		}
		if slices.Contains([]Role{Principal, DepartmentHead}, r.Role) && r.Do == RequestRead && r.Relation != Own &&
			slices.Contains(r.States, "draft") {
			t.Errorf("%s: reads a draft of someone else", name)
		}
		if r.Relation == Joined && !strings.HasSuffix(string(r.Do), ".read") {
			t.Errorf("%s: joining lets only read", name)
		}
		if r.Do == DecisionDecide && r.Role != EvaluationDirector {
			t.Errorf("%s: only the director decides", name)
		}
		if r.Role == Operator && slices.Contains([]string{"request", "evaluation", "decision"}, area) {
			t.Errorf("%s: the operator takes no part in a request", name)
		}
	}
}

// The code's own ceilings hold also for a shipped pack that a board edited.
func TestAnEditedPackShowsNoPasswordToTheWholeBoard(t *testing.T) {
	text, err := packs.Files.ReadFile("csc-pan-2023.yaml")
	if err != nil {
		t.Fatal(err)
	}
	law, err := packs.Files.ReadFile("qc-a21.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []Action{RevealAccount, RevealClass} {
		edited := strings.Replace(string(text), "permissions:\n", fmt.Sprintf(
			"permissions:\n  - {roles: [evaluator], do: [%s], relations: [board], clause: \"6.2a\"}\n", do), 1)
		_, err := Load(fstest.MapFS{"csc-pan-2023.yaml": {Data: []byte(edited)}, "qc-a21.yaml": {Data: law}}, "csc-pan-2023")
		if !fault.Is(err, fault.Invalid) || !strings.Contains(explain(err), string(do)) {
			t.Errorf("Load with %s for the board: %q, want a refusal that names it", do, explain(err))
		}
		if System("b", shippedPack(t, "csc-pan-2023"), "cli").Can(do, Scope{Org: "s"}) {
			t.Errorf("the command line may %s", do)
		}
	}
}

func TestQuotasHaveACeiling(t *testing.T) {
	for _, c := range []struct {
		name          string
		s             Settings
		refused       bool
		singles, sets int
	}{
		{"a board that says nothing", Settings{}, false, 60, 1},
		{"a board at the ceiling", Settings{SinglesAnHour: 120, ClassSetsAnHour: 4}, false, 120, 4},
		{"singles above it", Settings{SinglesAnHour: 121}, true, 120, 1},
		{"class sets above it", Settings{ClassSetsAnHour: 5}, true, 60, 4},
		{"fewer than none", Settings{SinglesAnHour: -1, ClassSetsAnHour: -1}, true, 60, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.s.Check(); fault.Is(err, fault.Invalid) != c.refused {
				t.Errorf("Check: %v, want a refusal: %t", err, c.refused)
			}
			if c.s.Singles() != c.singles || c.s.ClassSets() != c.sets {
				t.Errorf("%d singles and %d sets, want %d and %d", c.s.Singles(), c.s.ClassSets(), c.singles, c.sets)
			}
		})
	}
}

func TestClosedVocabularies(t *testing.T) {
	p := shippedPack(t, "csc-pan-2023")
	if n := len(p.Functions); n < 40 || n > 60 {
		t.Errorf("%d functions", n)
	}
	if f, ok := p.Function("text_to_speech"); !ok || f.Family != "accessibility" || f.Title.In("fr") != "Synthèse vocale" {
		t.Errorf("text_to_speech: %+v, %v", f, ok)
	}
	for _, family := range p.Families {
		if !slices.ContainsFunc(p.Functions, func(f Term) bool { return f.Family == family.Code }) {
			t.Errorf("family %s is empty", family.Code)
		}
	}
	if k, ok := p.DataKind("none"); !ok || k.Personal {
		t.Errorf("none: %+v, %v", k, ok)
	}
	if k, ok := p.DataKind("full_name"); !ok || !k.Personal {
		t.Errorf("full_name: %+v, %v", k, ok)
	}
	if p.Name("evaluating").In("en") == "evaluating" {
		t.Error("the evaluating service has no name")
	}
	if got := p.InForceOn().Format("2006-01-02"); got != "2023-06-08" {
		t.Errorf("in force on %s", got)
	}
}

func TestWordsOfTheTableAreWritten(t *testing.T) {
	var keys []string
	for _, m := range []Mode{Defines, Enforces, Monitors, Records, Planned} {
		keys = append(keys, "policy.mode."+string(m))
	}
	for _, r := range Relations {
		keys = append(keys, "policy.relation."+string(r))
	}
	for _, a := range Actions {
		keys = append(keys, "policy.action."+string(a))
	}
	for _, c := range Capabilities {
		keys = append(keys, "policy.capability."+c)
	}
	for c := range Controls {
		keys = append(keys, "policy.control."+c)
	}
	for _, key := range keys {
		for _, lang := range []string{"fr", "en"} {
			if i18n.For(lang).T(key) == key {
				t.Errorf("%s is not written in %s", key, lang)
			}
		}
	}
}

func TestFrenchTypography(t *testing.T) {
	for _, id := range ShippedIDs() {
		data, err := packs.Files.ReadFile(id + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(data), "\n") {
			_, quoted, ok := strings.Cut(line, `fr: "`)
			if !ok {
				continue
			}
			fr, _, _ := strings.Cut(quoted, `"`)
			for _, bad := range []string{" :", " ;", " ?", " !", "« ", " »", "'", " %"} {
				if strings.Contains(fr, bad) {
					t.Errorf("%s.yaml:%d: %q in French", id, n+1, bad)
				}
			}
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	const head = "id: p\ntitle: {fr: Titre, en: Title}\n"
	const clause = "clauses:\n  - id: \"1\"\n    title: {fr: T, en: T}\n    text: {fr: T, en: T}\n    control: roster.kept\n    mode: records\n"
	const roles = "roles:\n  - {role: teacher, title: {fr: T, en: T}}\n"
	cases := map[string]struct{ yaml, want string }{
		"a key nobody knows, with its place": {head + "clausse: []\n", "p.yaml:3:1: the key “clausse” is unknown"},
		"a key nobody knows, deep inside": {
			head + "clauses:\n  - id: \"1\"\n    titel: {fr: T, en: T}\n", "p.yaml:5:5: the key “titel” is unknown"},
		"a key nobody knows, in a row":     {head + roles + "permissions:\n  - {role: teacher}\n", "p.yaml:6:6: the key “role” is unknown"},
		"a key written twice":              {head + "id: p\n", "p.yaml:3:1: the file cannot be read"},
		"what is not YAML":                 {head + "clauses: [\n", "p.yaml:3:"},
		"a list where a word should be":    {head + "version: [1]\n", "p.yaml:3:"},
		"another pack's name":              {"id: q\ntitle: {fr: T, en: T}\n", "says it is “q”"},
		"a text in one language":           {"id: p\ntitle: {fr: Titre}\n", "missing (title)"},
		"a clause twice":                   {head + clause + strings.TrimPrefix(clause, "clauses:\n"), "clause “1” stands twice"},
		"a control that nothing carries":   {head + strings.Replace(clause, "roster.kept", "roster.lost", 1), "names the control “roster.lost”"},
		"a plan without a capability":      {head + strings.Replace(clause, "records", "planned", 1), "capability “” is not known"},
		"a mode nobody knows":              {head + strings.Replace(clause, "records", "hopes", 1), "mode “hopes” is not known"},
		"a row for an unknown role":        {head + clause + row("janitor", "roster.read", "board", "1"), "role “janitor” is not known"},
		"a row for an unknown action":      {head + clause + roles + row("teacher", "roster.burn", "board", "1"), "action “roster.burn” is not known"},
		"a row for an unknown relation":    {head + clause + roles + row("teacher", "roster.read", "cousin", "1"), "relation “cousin” is not known"},
		"a row under an unknown clause":    {head + clause + roles + row("teacher", "roster.read", "board", "9"), "cites clause “9”"},
		"a class's accounts for the board": {head + clause + roles + row("teacher", "reveal.class", "board", "1"), "cannot have “reveal.class” for the whole board"},
		"a pupil's account for the board":  {head + clause + roles + row("teacher", "reveal.account", "board", "1"), "cannot have “reveal.account” for the whole board"},
		"a reason for what is not shown":   {head + "reveal_reasons:\n  - {code: help, for: [roster.read], title: {fr: T, en: T}}\n", "action “roster.read” is not known"},
		"a pack that it requires missing":  {head + "requires: [nowhere]\n", "“nowhere” is not there"},
		"a pack that requires itself":      {head + "requires: [p]\n", "p > p"},
		"a function without a family":      {head + "functions:\n  - {code: quiz, title: {fr: T, en: T}}\n", "family “” is not known"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Load(fstest.MapFS{"p.yaml": {Data: []byte(c.yaml)}}, "p")
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("Load: %v, want a refusal", err)
			}
			if got := explain(err); !strings.Contains(got, c.want) {
				t.Errorf("Load: %q, want %q", got, c.want)
			}
		})
	}
	if _, err := Load(fstest.MapFS{}, "../p"); !fault.Is(err, fault.Invalid) {
		t.Errorf("Load outside its folder: %v", err)
	}
}

func row(role, do, relation, clause string) string {
	return fmt.Sprintf("permissions:\n  - {roles: [%s], do: [%s], relations: [%s], clause: %q}\n", role, do, relation, clause)
}
