package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// cited is a test as docs/guarantees.md names it: a file, and what stands in it.
var cited = regexp.MustCompile("`((?:internal|stories|e2e)/[^` ]+)(?: ([^`]+))?`")

// A promise whose proof is gone is no promise: each paragraph names tests that
// exist, and the two languages promise the same.
func TestEveryGuaranteeNamesItsProof(t *testing.T) {
	french := guarantees(t, "guarantees.fr.md", "Preuve\u00a0: ")
	english := guarantees(t, "guarantees.md", "Proof: ")
	if len(english) < 15 || len(english) != len(french) {
		t.Fatalf("%d promises in English, %d in French", len(english), len(french))
	}
	for i, proof := range english {
		if len(proof) == 0 || !slices.EqualFunc(proof, french[i], slices.Equal) {
			t.Errorf("promise %d names no proof, or others than in French", i+1)
		}
		for _, m := range proof {
			checkCited(t, m[1], strings.TrimSpace(m[2]))
		}
	}
}

// guarantees reads the proofs of each promise of a document.
func guarantees(t *testing.T, name, mark string) (proofs [][][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", name))
	if err != nil {
		t.Fatal(err)
	}
	for paragraph := range strings.SplitSeq(string(text), "\n\n") {
		if strings.HasPrefix(paragraph, "**") {
			_, proof, _ := strings.Cut(paragraph, mark)
			proofs = append(proofs, cited.FindAllStringSubmatch(strings.ReplaceAll(proof, "\n", " "), -1))
		}
	}
	return proofs
}

func checkCited(t *testing.T, path, what string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", filepath.FromSlash(path)))
	if err != nil {
		t.Error(err)
		return
	}
	if strings.HasSuffix(path, ".go") {
		what = "func " + what + "(t *testing.T)"
	}
	if !strings.Contains(string(text), what) {
		t.Errorf("%s has no %q", path, what)
	}
}
