package web

import (
	"slices"
	"testing"

	"aval/internal/export"
)

// Columns are typed in the words of the page, in either language.
func TestExportColumns(t *testing.T) {
	for typed, want := range map[string]export.Column{
		"Numéro = pseudonyme":        {Title: "Numéro", Holds: export.HoldsPseudonym},
		"Number = Pseudonym":         {Title: "Number", Holds: export.HoldsPseudonym},
		"user=nom d'utilisateur":     {Title: "user", Holds: export.HoldsLogin},
		"user = login name":          {Title: "user", Holds: export.HoldsLogin},
		"user = login_name":          {Title: "user", Holds: export.HoldsLogin},
		"né = Date de naissance":     {Title: "né", Holds: export.HoldsBirth},
		"ecole = ecole":              {Title: "ecole", Holds: export.HoldsSchool},
		"rôle = \"=STUDENT\"":        {Title: "rôle", Holds: export.HoldsText, Text: "=STUDENT"},
		"rôle = «\u00a0élève\u00a0»": {Title: "rôle", Holds: export.HoldsText, Text: "élève"},
		"Numéro = n’importe quoi":    {Title: "Numéro", Holds: "n’importe quoi"},
		"une ligne qui ne dit rien":  {Title: "une ligne qui ne dit rien"},
		"  \u00a0 = classes":         {Holds: export.HoldsClasses},
	} {
		if got := exportColumns("\n" + typed + "\n"); !slices.Equal(got, []export.Column{want}) {
			t.Errorf("%q is %+v, want %+v", typed, got, want)
		}
	}
}
