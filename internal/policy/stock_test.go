package policy

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aval/internal/fault"
	"aval/packs"
)

// ownFolder is a folder of an operator, with policy A changed in each file.
func ownFolder(t *testing.T, files map[string]*strings.Replacer) string {
	t.Helper()
	text, err := packs.Files.ReadFile("csc-pan-2023.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, change := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(change.Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func version(of string, more ...string) *strings.Replacer {
	return strings.NewReplacer(append([]string{`version: "1"`, "version: " + of}, more...)...)
}

func TestFoldersThatAreRefused(t *testing.T) {
	if err := Stock(filepath.Join(t.TempDir(), "nowhere")); !fault.Is(err, fault.Invalid) {
		t.Errorf("no folder: %v", err)
	}
	for name, c := range map[string]struct {
		files map[string]*strings.Replacer
		key   string
	}{
		"other content under a version that ships": {map[string]*strings.Replacer{
			"a.yaml": version(`"1"`, `resolution: "`, `resolution: "x`)}, "policy.pack_version_taken"},
		"other content under a version of the folder": {map[string]*strings.Replacer{
			"a.yaml": version(`"refused"`), "b.yaml": version(`"refused"`, `resolution: "`, `resolution: "x`)}, "policy.pack_version_taken"},
		"no version":             {map[string]*strings.Replacer{"a.yaml": version(``)}, "policy.pack_version"},
		"a version of two words": {map[string]*strings.Replacer{"a.yaml": version(`"1 b"`)}, "policy.pack_version"},
		"a key that is unknown":  {map[string]*strings.Replacer{"a.yaml": version(`"refused"`, "clauses:", "clausse: []\nclauses:")}, "policy.pack_key"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := ownFolder(t, c.files)
			err := Stock(dir)
			var problems Problems
			if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Key != c.key {
				t.Fatalf("%v, want %s", err, c.key)
			}
			if p := problems[0]; !strings.HasPrefix(p.File, dir) || p.Line < 2 || p.Column < 1 {
				t.Errorf("it stands at %s", p.Place())
			}
			if _, err := Find("csc-pan-2023", "refused"); !fault.Is(err, fault.Invalid) {
				t.Errorf("something of a folder that is refused is kept: %v", err)
			}
		})
	}
}

func TestVersionsStandBesideEachOther(t *testing.T) {
	dir := ownFolder(t, map[string]*strings.Replacer{
		"same.yaml":  version(`"1"`),
		"later.yaml": version(`"later"`),
		"other.yaml": version(`"first"`, "id: csc-pan-2023", "id: another-policy"),
	})
	for range 2 { // the same may be kept again
		if err := Stock(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, named := range []string{"csc-pan-2023@1", "csc-pan-2023@later", "another-policy@first"} {
		p, err := Named(named)
		if err != nil || p.Named() != named || len(p.Laws) != 1 {
			t.Errorf("%s: %v, %v", named, p, err)
		}
	}
	if p, err := Named("csc-pan-2023"); err != nil || p.Version != "1" {
		t.Errorf("an id alone is %v, %v; want the version that ships", p, err)
	}
	if p, err := Named("another-policy"); err != nil || p.Version != "first" {
		t.Errorf("an id alone is %v, %v; want the only one", p, err)
	}
	if _, err := Named("nothing"); !fault.Is(err, fault.Invalid) {
		t.Errorf("what is not there: %v", err)
	}
}

// A right asked for on what began under a version is that version's; lists agree.
func TestRightsAreThoseOfTheVersion(t *testing.T) {
	row := func(role Role, relation Relation) []Permission {
		return []Permission{{Role: role, Do: RequestRead, Relation: relation, Clause: "1"}}
	}
	now := &Pack{ID: "p", Version: "2", Permissions: row(Teacher, Own)}
	was := &Pack{ID: "p", Version: "1", Permissions: row(Teacher, School)}
	a := Actor{ID: "t", Pack: now, Earlier: []*Pack{was}, Grants: []Grant{{Role: Teacher, Org: "s"}}}
	theirs := Scope{Owner: "other", Org: "s"}
	if a.Can(RequestRead, theirs) {
		t.Error("what began now is read under the version before")
	}
	theirs.Pack = was
	if !a.Can(RequestRead, theirs) {
		t.Error("what began before is not read under its own version")
	}
	where, args := a.Reach(RequestRead).Where(a, Columns{Owner: "o", Org: "g", Pack: "p", Version: "v"}, 2)
	const want = `(((p = $3 AND v = $4) AND (g IN ($5))) OR (NOT (p = $3 AND v = $4) AND (o = $2)))`
	if where != want || len(args) != 4 {
		t.Errorf("%s %v, want %s", where, args, want)
	}
	if where, _ := a.Reach(RequestRead).Where(a, Columns{Owner: "o"}, 2); where != "(o = $2)" {
		t.Errorf("a list without versions is %s", where)
	}
}

func TestABoardIsNoLooserThanTheLaw(t *testing.T) {
	p := shippedPack(t, "csc-pan-2023")
	for name, c := range map[string]struct {
		s      Settings
		field  string
		clause string
	}{
		"more days than the law": {Settings{OwnAccessDays: 21}, "access_days", "QC-RIGHT-01"},
		"as many":                {Settings{OwnAccessDays: 20}, "", ""},
		"fewer":                  {Settings{OwnAccessDays: 5}, "", ""},
		"no such number of days": {Settings{EvaluateDays: 366}, "evaluate_days", ""},
		"fewer than none":        {Settings{DecideDays: -1}, "decide_days", ""},
		"a cycle of a lifetime":  {Settings{ReevaluateMonths: 121}, "reevaluate_months", ""},
	} {
		err := c.s.Check(p)
		f, refused := fault.As(err)
		if refused != (c.field != "") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, beside := fieldsIfAny(f)[c.field]; refused && (!beside || f.Clause != c.clause) {
			t.Errorf("%s: %v under %q, want beside %s under %q", name, err, f.Clause, c.field, c.clause)
		}
	}
	if got := (Settings{}).AccessDays(p); got != 20 {
		t.Errorf("a board that says nothing answers in %d days", got)
	}
	if got := (Settings{OwnAccessDays: 25}).AccessDays(p); got != 20 {
		t.Errorf("a board whose law became stricter answers in %d days", got)
	}
	if got := (Settings{OwnAccessDays: 10}).AccessDays(p); got != 10 {
		t.Errorf("a board that says ten answers in %d days", got)
	}
}

func fieldsIfAny(f *fault.Fault) map[string]fault.Message {
	if f == nil {
		return nil
	}
	return f.Fields
}
