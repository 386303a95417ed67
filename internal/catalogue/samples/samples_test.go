package samples_test

import (
	"testing"

	"aval/internal/catalogue/samples"
	"aval/internal/policy"
)

func TestSamplesAreWhole(t *testing.T) {
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	all := samples.All()
	if len(all) != 60 {
		t.Errorf("%d samples, want 60", len(all))
	}
	for _, s := range all {
		if s.Name == "" || s.Vendor == "" || s.URL == "" || s.SummaryFr == "" || s.SummaryEn == "" || !s.Hosting.Valid() {
			t.Errorf("%s lacks something", s.Name)
		}
		if len(s.Functions) < 2 || len(s.Functions) > 5 {
			t.Errorf("%s has %d functions, want two to five", s.Name, len(s.Functions))
		}
		for _, f := range s.Functions {
			if _, ok := pack.Function(f); !ok {
				t.Errorf("%s: the pack has no function %q", s.Name, f)
			}
		}
	}
}
