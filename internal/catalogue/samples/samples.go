// Package samples is a catalogue of sixty invented platforms, for the demonstration and
// for tests: no name, vendor or address here belongs to anyone. Their functions are words
// of the pack csc-pan-2023.
package samples

import (
	_ "embed" // the samples themselves
	"encoding/json"

	"aval/internal/catalogue"
)

//go:embed samples.json
var file []byte

// Sample is one invented platform, and where an evaluator would find its servers.
type Sample struct {
	catalogue.Draft
	Hosting catalogue.Hosting
}

// All gives the sixty samples, always in the same order; Tabulou, Zibaline, Plumarel, Récitou
// and Labozine come first.
func All() []Sample {
	var rows []struct {
		Name, Vendor, URL, Fr, En string
		Aliases, Functions        []string
		Hosting                   catalogue.Hosting
	}
	if err := json.Unmarshal(file, &rows); err != nil {
		panic(err) // embedded, and read by a test
	}
	all := make([]Sample, len(rows))
	for i, r := range rows {
		all[i] = Sample{Hosting: r.Hosting, Draft: catalogue.Draft{
			Name: r.Name, Vendor: r.Vendor, URL: r.URL, SummaryFr: r.Fr, SummaryEn: r.En,
			Aliases: r.Aliases, Functions: r.Functions,
		}}
	}
	return all
}
