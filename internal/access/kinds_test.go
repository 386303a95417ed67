package access_test

import (
	"strings"
	"testing"

	"aval/internal/pseudonym"
)

// A password has the kind that the board chose for the grade, from then on: one
// in use stays as it is until it is replaced.
func TestAPasswordIsOfTheBoardsKind(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.made(nil)
		words := func(person string) int { return len(strings.Split(w.card(l, person).Password.Text, "-")) }
		digits := func(person string) bool { return strings.ContainsAny(w.card(l, person).Password.Text, "23456789") }
		if words(w.pupils[0]) != 3 || !digits(w.pupils[0]) {
			t.Fatal("grade 4 does not get two words and two digits")
		}
		settings := &pseudonym.Service{DB: w.DB, Names: w.names}
		w.must(settings.ChooseKinds(t.Context(), w.hand(), pseudonym.Choices{"04": pseudonym.FourWords}, 0))
		if words(w.pupils[0]) != 3 {
			t.Error("a password in use is another")
		}
		w.must(w.Reset(t.Context(), w.evaluator(), w.card(l, w.pupils[0]).AccountID))
		if words(w.pupils[0]) != 4 || digits(w.pupils[0]) || words(w.pupils[1]) != 3 {
			t.Error("a new password is not of the board's kind")
		}
		late := w.add(0, 1)
		w.create(l)
		if words(late[0]) != 4 {
			t.Error("a new account's password is not of the board's kind")
		}
	})
}
