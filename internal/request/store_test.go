package request

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestPlainList(t *testing.T) {
	for _, list := range [][]string{{"grade"}, {"grade", "image"}, {""}, {"", ""}, {"a,b", "["}, {"é l"}} {
		text, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := plainList(string(text)); !ok || !slices.Equal(got, list) {
			t.Errorf("%s: %q, %v, want %q", text, got, ok, list)
		}
	}
	for _, text := range []string{"", "[]", "null", `["`, `["a`, `["a" , "b"]`, `["a","b", "c"]`, `[ "a"]`, `["a\"b"]`, `["\u00e9"]`, `["a",1,"b"]`} {
		if got, ok := plainList(text); ok {
			t.Errorf("%s: %q, want it left to package json", text, got)
		}
	}
}
