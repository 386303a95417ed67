package policy

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

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
			case c.Mode == Defines != strings.HasPrefix(c.Control, "term."):
				t.Errorf("%s: %s %s", c.ID, c.Mode, c.Control)
			}
		}
	}
	named := map[string]bool{}
	for _, id := range ShippedIDs() {
		for _, c := range shippedPack(t, id).Clauses {
			named[c.Control] = true
		}
	}
	for control := range Controls {
		if !named[control] {
			t.Errorf("control %s serves no clause", control)
		}
	}
}

// The 72 obligations of the study of both provinces' laws and of both policies:
// each is a clause of its law, or is carried by clauses of its policy.
func TestEveryObligationHasItsClause(t *testing.T) {
	csc := "CSB-2.1 CSB-2.2 CSB-2.3 CSB-3.2 CSB-3.3 CSB-3.3a CSB-4.1 CSB-4.1a CSB-4.1b CSB-4.2 CSB-5.1 CSB-5.2 " +
		"CSB-6.1 CSB-6.2 CSB-6.3 CSB-6.4 CSB-6.5 CSB-6.6 CSB-7"
	quebec := "QC-PIA-01 QC-PIA-02 QC-PIA-03 QC-PIA-04 QC-OUT-01 QC-OUT-02 QC-CON-01 QC-CON-02 QC-CON-03 " +
		"QC-REG-COM QC-REG-FILES QC-TECH-01 QC-TECH-02 QC-TECH-03 QC-NOT-01 QC-POL-01 QC-POL-02 QC-ROLE-01 QC-ROLE-02 " +
		"QC-MIN-01 QC-MIN-02 QC-MIN-03 QC-INC-01 QC-INC-02 QC-INC-03 QC-INC-04 QC-INC-05 QC-INC-06 QC-INC-07 QC-INC-08 " +
		"QC-RET-01 QC-RIGHT-01 QC-SEC-01 QC-SEC-02 QC-SIG-01 QC-ARC-01"
	ontario := "ON-TECH-01 ON-TECH-02 ON-TECH-03 ON-CYB-01 ON-PIA-01 ON-BRE-01 ON-SAFE-01 ON-CON-01 ON-NOT-01 ON-MIN-01 ON-RIGHT-01 ON-SIG-01 ON-CHT-01"
	all := 0
	for id, want := range map[string]string{
		"csc-pan-2023": csc, "qc-a21": quebec, "on-mfippa-edsta": ontario, "conseil-infonuagique-2026": "CSO-B1 CSO-B2 CSO-B3 CSO-B4",
	} {
		p, asked := shippedPack(t, id), strings.Fields(want)
		all += len(asked)
		var carried []string
		for _, c := range p.Clauses {
			if p.Kind == OfLaw {
				carried = append(carried, c.ID)
			}
			carried = append(carried, c.Obligations...)
		}
		for _, o := range asked {
			if !slices.Contains(carried, o) {
				t.Errorf("%s: no clause carries %s", id, o)
			}
		}
		for _, o := range carried {
			if !slices.Contains(asked, o) {
				t.Errorf("%s: %s is no obligation of it", id, o)
			}
		}
	}
	if all != 72 {
		t.Errorf("%d obligations, want 72", all)
	}
}

// Policy B leaves its rules to directives: the 47 of the model stand in their
// sections, each says where it was seen, and all are marked as ours.
func TestTheDirectivesAreAModel(t *testing.T) {
	p := shippedPack(t, "conseil-infonuagique-2026")
	model := map[string]bool{}
	for _, s := range p.Sections {
		model[s.ID] = s.Model
	}
	var own []string
	directives := 0
	for _, c := range p.Clauses {
		if !strings.HasPrefix(c.ID, "D-") {
			own = append(own, c.ID)
			if model[c.Section] {
				t.Errorf("%s is the policy's own, and stands under a model", c.ID)
			}
			continue
		}
		directives++
		if c.ID != fmt.Sprintf("D-%02d", directives) || !model[c.Section] || c.Cite.Fr == "" {
			t.Errorf("%s, under %s: %+v", c.ID, c.Section, c.Cite)
		}
	}
	if want := strings.Fields("PB.p1 PB.p2 PB.p3 PB.p4 PB.e1 PB.e2 PB.e3"); !slices.Equal(own, want) || directives != 48 {
		t.Errorf("%v and %d directives", own, directives)
	}
	var aspects []string
	for _, a := range p.Aspects {
		aspects = append(aspects, a.ID)
	}
	if want := strings.Fields("use security personal_information legal location dependence"); !slices.Equal(aspects, want) {
		t.Errorf("aspects: %v, want %v", aspects, want)
	}
	if a, _ := p.Aspect("security"); len(a.Criteria) != 18 {
		t.Errorf("security is judged on %d criteria", len(a.Criteria))
	}
	if a, _ := p.Aspect("use"); len(a.Criteria) != 2 {
		t.Errorf("use is judged on %d criteria", len(a.Criteria))
	}
}

// What the program cites by the numbers of the policy it was first written for
// has its clause in each policy.
func TestEachPolicyAnswersToTheNumbersTheProgramCites(t *testing.T) {
	p := shippedPack(t, "conseil-infonuagique-2026")
	for _, id := range strings.Fields(`1.3b 1.3e 2.1 2.2a 2.2b 2.2c 3.1 3.2 3.3 3.3c 4.1 4.1a 4.1b 4.2 4.2a 4.2b
		5.1.1 5.1.2 5.2 6.1c 6.1d 6.1e 6.2a 6.2b 6.2c 6.2f 6.3b 6.3e 6.5a 6.5d 6.6a 6.6c 6.6d 7.1 7.2 A.0 QC-PIA-01`) {
		c, ok := p.Clause(id)
		if !ok || p.Cite(id) != c.ID || c.ID == id {
			t.Errorf("%s: %q, cited as %q", id, c.ID, p.Cite(id))
		}
	}
	if p.Cite("9.9") != "9.9" || p.Cite("") != "" || shippedPack(t, "csc-pan-2023").Cite("2.2b") != "2.2b" {
		t.Error("Cite changes a number that nothing stands for")
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
	for aspect, want := range map[string]int{"use": 13, "security": 6} {
		a, ok := p.Aspect(aspect)
		if !ok || len(a.Criteria) != want {
			t.Fatalf("%s: %d criteria, want %d", aspect, len(a.Criteria), want)
		}
		for _, criterion := range a.Criteria {
			if criterion.ID != criterion.Clause {
				t.Errorf("criterion %s cites %s", criterion.ID, criterion.Clause)
			}
			c, ok := p.Clause(criterion.Clause)
			if !ok || !strings.HasPrefix(c.Control, "evaluation.") && c.Mode != Planned {
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

// policies runs a test on each shipped policy.
func policies(t *testing.T, test func(t *testing.T, p *Pack)) {
	for _, id := range ShippedIDs() {
		if p := shippedPack(t, id); p.Kind == OfPolicy {
			t.Run(id, func(t *testing.T) { test(t, p) })
		}
	}
}

func TestEveryRoleAndActionHasItsRow(t *testing.T) {
	policies(t, everyRoleAndActionHasItsRow)
}

func everyRoleAndActionHasItsRow(t *testing.T, p *Pack) {
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
func TestWhatTheTableKeepsApart(t *testing.T) { policies(t, tableKeepsApart) }

func tableKeepsApart(t *testing.T, p *Pack) {
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
		if r.Do == DecisionDecide && !slices.Contains(p.Authorities, r.Role) {
			t.Errorf("%s: decides and is none of the pack’s authorities", name)
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
			if err := c.s.Check(shippedPack(t, "csc-pan-2023")); fault.Is(err, fault.Invalid) != c.refused {
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

// testdata/broken.txtar holds packs, each in its folder with the places and the
// sentences of everything that is wrong in it. Run with -update to write them
// anew, and read them.
func TestBrokenPacksAreRefusedWithEveryPlace(t *testing.T) {
	const path = "testdata/broken.txtar"
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]fstest.MapFS{}
	for _, f := range archive.Files {
		folder, name, _ := strings.Cut(f.Name, "/")
		if folders[folder] == nil {
			folders[folder] = fstest.MapFS{}
		}
		folders[folder][name] = &fstest.MapFile{Data: f.Data}
	}
	for i, f := range archive.Files {
		folder, name, _ := strings.Cut(f.Name, "/")
		if name != "want" {
			continue
		}
		t.Run(folder, func(t *testing.T) {
			_, err := Load(folders[folder], "p")
			var found Problems
			if !errors.As(err, &found) || !fault.Is(err, fault.Invalid) {
				t.Fatalf("Load: %v, want problems", err)
			}
			var got strings.Builder
			for _, p := range found {
				m := p.Message()
				if i18n.For("fr").Message(m) == m.Key || i18n.For("en").Message(m) == m.Key {
					t.Errorf("%s is not written", m.Key)
				}
				got.WriteString(i18n.For("en").Message(m) + "\n")
				if strings.Contains(got.String(), "%!") {
					t.Errorf("a sentence lacks a word: %s", got.String())
				}
			}
			if *update {
				archive.Files[i].Data = []byte(got.String())
				return
			}
			if got.String() != string(f.Data) {
				t.Errorf("Load:\n%swant:\n%s", got.String(), f.Data)
			}
		})
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

var update = flag.Bool("update", false, "write the files of testdata anew")

// What no file in testdata should be.
func TestAFileThatIsNoPackIsRefusedSoon(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("requires: &a0 [x]\n")
	for i := range 40 {
		fmt.Fprintf(&bomb, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i+1, i+1, i, i, i, i, i, i, i, i)
	}
	for name, c := range map[string]struct{ yaml, want string }{
		"fifty megabytes":   {strings.Repeat("# comment\n", 5<<20), "larger than 256 kB"},
		"a bomb of anchors": {bomb.String(), "the key “a1” is unknown"},
		"a bomb where a pack has lists": {
			"permissions:\n  - roles: &r [" + strings.Repeat("teacher, ", 300) + "teacher]\n    do: [roster.read]\n    relations: [board]\n" +
				strings.Repeat("  - {roles: *r, do: [roster.read], relations: [board]}\n", 1000), "too many levels or repeats"},
		"an anchor in itself":  {"sections: &s\n  - *s\n", "p.yaml:2:3: keys and their values belong here"},
		"keys without end":     {strings.Repeat("a: b\n", 50_000), "longer than 5,000 lines"},
		"brackets without end": {strings.Repeat("[\n", 4000), "too many levels"},
		"dashes without end":   {strings.Repeat(strings.Repeat("- ", 1900)+"\n", 60), "too many levels"},
		"one endless line":     {"id: " + strings.Repeat("a", 1<<17), "longer than 4,000 bytes"},
		"not UTF-8":            {"id: p\ntitle: {fr: \"\xe9t\xe9\"}\n", "p.yaml:2:14: this character is not UTF-8"},
		"nothing":              {"", "p.yaml:1:1: the identifier is missing (policy)"},
		"a word":               {"hello", "p.yaml:1:1: keys and their values belong here"},
		"bytes":                {"\x00\x01\x02", "p.yaml:1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := Read(fstest.MapFS{"p.yaml": {Data: []byte(c.yaml)}}, "p.yaml")
			var found Problems
			_ = errors.As(err, &found) // none are found to be missing below
			said := ""
			for _, p := range found {
				said += i18n.For("en").Message(p.Message()) + "\n"
			}
			if !strings.Contains(said, c.want) || len(found) > 200 {
				t.Errorf("Read: %d problems, %s; want %q", len(found), said[:min(len(said), 500)], c.want)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestLoadStaysInItsFolder(t *testing.T) {
	folder := fstest.MapFS{"p.yaml": {Data: []byte("id: p\ntitle: {fr: T, en: T}\nrequires: [../q]\n")}}
	for _, id := range []string{"../p", "", ".", "a/p"} {
		if _, err := Load(folder, id); !fault.Is(err, fault.Invalid) {
			t.Errorf("Load(%q): %v", id, err)
		}
	}
	if _, err := Load(folder, "p"); !strings.Contains(explain(err), "p.yaml:3:12: the required policy “../q” is not there") {
		t.Errorf("Load of a pack that requires one elsewhere: %s", explain(err))
	}
}

func FuzzLoad(f *testing.F) {
	for _, id := range ShippedIDs() {
		data, err := packs.Files.ReadFile(id + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:min(len(data), 4000)])
	}
	archive, err := txtar.ParseFile("testdata/broken.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		began := time.Now()
		p, err := Read(fstest.MapFS{"p.yaml": {Data: data}}, "p.yaml")
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
		var found Problems
		if err == nil && p == nil || err != nil && !errors.As(err, &found) {
			t.Fatalf("Read: %v, %v", p, err)
		}
		for _, p := range found {
			if p.Line < 1 || p.Column < 1 || p.Mark > len([]rune(p.Excerpt)) {
				t.Errorf("a problem stands nowhere: %+v", p)
			}
		}
	})
}
