package catalogue_test

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"aval/internal/catalogue"
	"aval/internal/catalogue/samples"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/policy"
)

// slipped makes a slip of the hand in a name: a letter lost, doubled, exchanged with its
// neighbour, or another in its place.
func slipped(r *rand.Rand, name []rune) []rune {
	i := r.IntN(len(name))
	out := append([]rune{}, name[:i]...)
	rest := name[i:]
	switch kind := r.IntN(5); {
	case kind == 0 && len(name) > 3:
		out = append(out, rest[1:]...)
	case kind == 1:
		out = append(append(out, rest[0]), rest...)
	case kind == 2 && len(rest) > 1:
		out = append(append(out, rest[1], rest[0]), rest[2:]...)
	case kind == 3:
		out = append(append(out, rune('a'+r.IntN(26))), rest...)
	default:
		out = append(append(out, rune('a'+r.IntN(26))), rest[1:]...)
	}
	return out
}

// sampleCatalogue keeps the invented platforms of the samples.
func sampleCatalogue(t *testing.T) (*catalogue.Service, policy.Actor) {
	t.Helper()
	d := dbtest.Open(t, db.SQLite)
	board := dbtest.Board(t, d)
	who := actor(t, board, policy.Grant{Role: policy.Evaluator})
	err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
		for _, sample := range samples.All() {
			if _, err := catalogue.Add(ctx, tx, who, sample.Draft); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return catalogue.New(d), who
}

// The queries were written by someone who had seen the names alone, never the
// search. 95 in 100 must find their platform among the first three.
func TestSearchFindsWhatPeopleType(t *testing.T) {
	text, err := os.ReadFile("testdata/queries.tsv")
	if err != nil {
		t.Fatal(err)
	}
	s, who := sampleCatalogue(t)
	asked, found := 0, 0
	for line := range strings.Lines(string(text)) {
		typed, want, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "\t")
		if !ok {
			t.Fatalf("line %d: no tab", asked+1)
		}
		asked++
		hits, err := s.Search(t.Context(), who, typed)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(hits[:min(3, len(hits))], func(h catalogue.Hit) bool { return h.Platform.Name == want }) {
			found++
		} else {
			t.Logf("%q is not %s", typed, want)
		}
	}
	t.Logf("%d of %d", found, asked)
	if asked < 300 || found*100 < asked*95 {
		t.Errorf("%d of %d queries find their platform in the first three, want 95 in 100 of at least 300", found, asked)
	}
}

func TestSearchForgivesTwoSlips(t *testing.T) {
	s, who := sampleCatalogue(t)
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same slips each time
	for i, least := range []float64{0.99, 0.97} {
		slips, asked, found := i+1, 0, 0
		for _, sample := range samples.All() {
			for range 5 {
				typed := []rune(sample.Name)
				for range slips {
					typed = slipped(r, typed)
				}
				hits, err := s.Search(t.Context(), who, string(typed))
				if err != nil {
					t.Fatal(err)
				}
				asked++
				in := false
				for _, h := range hits[:min(3, len(hits))] {
					in = in || h.Platform.Name == sample.Name
				}
				if in {
					found++
				} else {
					t.Logf("%d slips: %q is not %s", slips, string(typed), sample.Name)
				}
			}
		}
		if float64(found) < least*float64(asked) {
			t.Errorf("%d slips: found %d of %d", slips, found, asked)
		}
		t.Logf("%d slips: found %d of %d", slips, found, asked)
	}
}
