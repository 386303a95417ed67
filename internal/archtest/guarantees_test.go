package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// cited is a test as docs/guarantees.md names it: a file, and what stands in it.
var cited = regexp.MustCompile("`((?:internal|stories|e2e)/[^` ]+)(?: ([^`]+))?`")

// A promise whose proof is gone is no promise: each paragraph names tests that exist.
func TestEveryGuaranteeNamesItsProof(t *testing.T) {
	text, err := os.ReadFile("../../docs/guarantees.md")
	if err != nil {
		t.Fatal(err)
	}
	promises := 0
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(string(text), "\n", " "), "  ") {
		title, is := strings.CutPrefix(paragraph, "**")
		if !is {
			continue
		}
		promises++
		title, _, _ = strings.Cut(title, "**")
		_, proof, _ := strings.Cut(paragraph, "Proof: ")
		tests := cited.FindAllStringSubmatch(proof, -1)
		if len(tests) == 0 {
			t.Errorf("%q names no proof", title)
		}
		for _, m := range tests {
			checkCited(t, title, m[1], strings.TrimSpace(m[2]))
		}
	}
	if promises < 15 {
		t.Errorf("only %d promises were read", promises)
	}
}

func checkCited(t *testing.T, title, path, what string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", filepath.FromSlash(path)))
	if err != nil {
		t.Errorf("%q: %v", title, err)
		return
	}
	if strings.HasSuffix(path, ".go") {
		what = "func " + what + "(t *testing.T)"
	}
	if !strings.Contains(string(text), what) {
		t.Errorf("%q: %s has no %q", title, path, what)
	}
}
