package policy

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"aval/internal/i18n"
	"aval/packs"
)

// edited reads the shipped policy with some of its words replaced, each of which must be there.
func edited(t *testing.T, oldnew ...string) *Pack {
	t.Helper()
	data, err := packs.Files.ReadFile("csc-pan-2023.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for i := 0; i+1 < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("the pack does not say %q", oldnew[i])
		}
		text = strings.Replace(text, oldnew[i], oldnew[i+1], 1)
	}
	p, err := Read(fstest.MapFS{"draft.yaml": {Data: []byte(text)}}, "draft.yaml")
	if err != nil {
		t.Fatal(explain(err))
	}
	return p
}

func TestDiff(t *testing.T) {
	before := shippedPack(t, "csc-pan-2023")
	if same := Diff(before, edited(t)); len(same) != 0 {
		t.Errorf("a pack differs from itself: %+v", same)
	}
	const added = `  - id: "2.4"
    section: "2"
    title: {fr: "Dire merci", en: "Say thanks"}
    text: {fr: "On remercie.", en: "One says thanks."}
    control: thanks.said
    mode: planned
    capability: support

  # 3. Evaluation
`
	after := edited(t,
		`version: "1"`, `version: "2"`,
		"  # 3. Evaluation\n", added,
		"Have the request authorised", "Get the request authorised",
		"    control: usage.reported\n    mode: planned\n    capability: support\n", "    control: policy.person\n    mode: monitors\n",
		"L’élève et l’enseignant s’y retrouvent-ils sans aide?", "S’y retrouve-t-on sans aide?",
		"  - {roles: [principal], do: [reveal.approve], relations: [school], clause: \"1.3e\"}\n",
		"  - {roles: [principal], do: [reveal.approve], relations: [school], clause: \"6.2a\"}\n",
		"  - {roles: [operator], do: [vault.manage], relations: [board], clause: \"5.1.2\"}\n", "",
		"  - code: ca\n", "  - code: canada\n",
		"thresholds: []", "thresholds:\n  - {code: access_request, clause: QC-RIGHT-01, bound: at_most, value: 15, unit: days}",
	)
	want := []Change{
		{How: Changed, What: "pack", ID: "csc-pan-2023", Field: "version", Old: "1", New: "2"},
		{How: Reworded, What: "clause", ID: "2.2b", Field: "title", Lang: "en", Old: "Have the request authorised", New: "Get the request authorised"},
		{How: Added, What: "clause", ID: "2.4"},
		{How: Changed, What: "clause", ID: "6.1d", Field: "control", Old: "usage.reported", New: "policy.person"},
		{How: Changed, What: "clause", ID: "6.1d", Field: "mode", Old: "planned", New: "monitors"},
		{How: Changed, What: "clause", ID: "6.1d", Field: "capability", Old: "support"},
		{How: Reworded, What: "criterion", ID: "3.2.2", Field: "question", Lang: "fr",
			Old: "L’élève et l’enseignant s’y retrouvent-ils sans aide?", New: "S’y retrouve-t-on sans aide?"},
		{How: Added, What: "rung", ID: "canada"},
		{How: Added, What: "threshold", ID: "access_request"},
		{How: Changed, What: "permission", ID: "principal reveal.approve school", Field: "clause", Old: "1.3e", New: "6.2a"},
		{How: Removed, What: "rung", ID: "ca"},
		{How: Removed, What: "permission", ID: "operator vault.manage board"},
	}
	if got := Diff(before, after); !slices.Equal(got, want) {
		t.Errorf("Diff:\n%+v\nwant:\n%+v", got, want)
	}
	back := Diff(after, before)
	if len(back) != len(want) {
		t.Errorf("the way back has %d changes, want %d", len(back), len(want))
	}
}

// Whatever differs has its words.
func TestWordsOfADiffAreWritten(t *testing.T) {
	keys := []string{"policy.diff.added", "policy.diff.removed", "policy.diff.reworded", "policy.diff.changed", "policy.diff.none"}
	for _, id := range ShippedIDs() {
		for _, p := range partsOf(shippedPack(t, id)) {
			keys = append(keys, "policy.kind."+p.what)
			for _, f := range p.fields {
				keys = append(keys, "policy.field."+f.name)
			}
		}
	}
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		for _, lang := range i18n.Languages {
			if !i18n.For(lang).Has(key) {
				t.Errorf("%s is not written in %s", key, lang)
			}
		}
	}
}
