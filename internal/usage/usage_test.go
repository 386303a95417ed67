package usage

import (
	"reflect"
	"testing"

	"aval/internal/fault"
)

const export = "Rang;Identifiant;Minutes;Réussite;Vu le\n" +
	"1;GXNP 2844;12,5;80 %;2026-11-20\n" +
	"2;wfgg-2442;40;;2026-11-19\n" +
	"3;bzsk9323;20;60 %;2026-11-18\n" +
	"4;quelqu’un;5;10 %;2026-11-18\n" +
	";;;;\n" +
	"5;gxnp-2844;7,5;100 %;2026-11-20\n"

func TestTheColumnOfNamesIsFound(t *testing.T) {
	n, err := read([]byte(export))
	if err != nil {
		t.Fatal(err)
	}
	if n.column != 1 || len(n.rows) != 4 || len(n.names()) != 3 {
		t.Errorf("column %d, %d rows, %d names", n.column, len(n.rows), len(n.names()))
	}
	for _, none := range []string{"Nom;Minutes\nLéa;12\nNoé;15\n", "Nom\ngxnp-2844\nLéa\nNoé\nZoé\n"} {
		if _, err := read([]byte(none)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", none, err)
		}
	}
}

func TestNamesAndProgressAreJoined(t *testing.T) {
	n, err := read([]byte(export))
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]pupil{"gxnp-2844": {"p1", "Naïm", "Belloq", "k1", "401"}, "bzsk-9323": {"p2", "Théo", "Lamirel", "k2", "402"}}
	table := n.joined(of, [3]string{"Nom", "Prénom", "Groupe"})
	want := [][]string{
		{"Belloq", "Naïm", "401", "1", "GXNP 2844", "12,5", "80 %", "2026-11-20"},
		{"", "", "", "2", "wfgg-2442", "40", "", "2026-11-19"},
		{"Lamirel", "Théo", "402", "3", "bzsk9323", "20", "60 %", "2026-11-18"},
		{"", "", "", "4", "quelqu’un", "5", "10 %", "2026-11-18"},
		{"Belloq", "Naïm", "401", "5", "gxnp-2844", "7,5", "100 %", "2026-11-20"},
	}
	if !reflect.DeepEqual(table.Rows, want) || table.Header[0] != "Nom" || table.Header[4] != "Identifiant" {
		t.Errorf("%q\n%q", table.Header, table.Rows)
	}
	got := n.progress(of)
	progress := []Progress{
		{Class: "k1", Title: "401", Seen: 1, Measures: []Measure{{"Rang", 3, 2, false}, {"Minutes", 10, 2, false}, {"Réussite", 90, 2, true}}},
		{Class: "k2", Title: "402", Seen: 1, Measures: []Measure{{"Rang", 3, 1, false}, {"Minutes", 20, 1, false}, {"Réussite", 60, 1, true}}},
	}
	if !reflect.DeepEqual(got, progress) {
		t.Errorf("%+v", got)
	}
}

func TestValue(t *testing.T) {
	for cell, want := range map[string]float64{"12": 12, "12,5": 12.5, "-3": -3, "80 %": 80, "1 200": 1200} {
		if got, ok := value(cell); !ok || got != want {
			t.Errorf("%q: %v, %v", cell, got, ok)
		}
	}
	for _, cell := range []string{"", "abc", "2026-11-20", "0x10", "NaN", "Inf", "1e3", "12:30"} {
		if got, ok := value(cell); ok {
			t.Errorf("%q is %v", cell, got)
		}
	}
}
