package web

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"aval/internal/export"
)

// Columns are chosen row by row: those left empty are none, the others keep their order
// and what is amiss in them, to be refused.
func TestExportColumns(t *testing.T) {
	for name, c := range map[string]struct {
		sent url.Values
		want []export.Column
	}{
		"nothing": {url.Values{"columns": {" "}, "holds": {""}}, nil},
		"two, and an empty row between": {url.Values{"columns": {" Numéro "}, "holds": {"pseudonym"}, "columns.3": {"rôle"}, "holds.3": {"text"}, "text.3": {"=STUDENT"}},
			[]export.Column{{Title: "Numéro", Holds: export.HoldsPseudonym}, {Title: "rôle", Holds: export.HoldsText, Text: "=STUDENT"}}},
		"a title that holds nothing":    {url.Values{"columns.12": {"Numéro"}}, []export.Column{{Title: "Numéro"}}},
		"a text beside what holds none": {url.Values{"columns": {"N"}, "holds": {"grade"}, "text": {"3"}}, []export.Column{{Title: "N", Holds: export.HoldsGrade, Text: "3"}}},
		"a word that is none of them":   {url.Values{"columns": {"N"}, "holds": {"secret"}}, []export.Column{{Title: "N", Holds: "secret"}}},
		"a row that the form has not":   {url.Values{"columns.13": {"N"}, "holds.13": {"grade"}}, nil},
	} {
		v := &visit{r: &http.Request{PostForm: c.sent}}
		if got := v.shapeSent().Columns; !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
