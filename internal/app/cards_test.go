package app_test

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/access"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/person"
)

// cards gives the pupils of the school accounts on a new platform.
func (b *board) cards() licence.ID {
	b.t.Helper()
	l := b.licence(b.approved().ID)
	l.AccountKind, l.SignInURL = licence.LoginName, "https://connexion.example/eleves"
	l, err := b.Licences.Record(b.t.Context(), b.as("principal"), l)
	b.must(err)
	_, err = b.Access.Create(b.t.Context(), b.as("evaluator"), l.ID)
	b.must(err)
	b.must(b.Access.Run(b.t.Context(), b.id, string(l.ID)))
	return l.ID
}

// classCards reads what the cards of a class must say, past every rule, and whose they are.
func (b *board) classCards(id licence.ID, class string) (cards []access.Card, pupils []person.Person, err error) {
	b.t.Helper()
	err = b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) (err error) {
		if pupils, err = person.InClass(ctx, tx, class); err != nil {
			return err
		}
		ids := make([]string, len(pupils))
		for i, p := range pupils {
			ids[i] = p.ID
		}
		cards, err = b.Access.CardsOf(ctx, tx, id, ids)
		return err
	})
	return cards, pupils, err
}

// looks counts the looks that were noted.
func (b *board) looks() int {
	b.t.Helper()
	var rows []string
	b.must(b.DB.Read(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) (err error) {
		rows, err = db.All(ctx, tx, text, `SELECT id FROM reveal WHERE board_id = $1`, tx.Board)
		return err
	}))
	return len(rows)
}

func TestATeacherPrintsTheCardsOfHerClassAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		set := b.cards()
		cards, pupils, err := b.classCards(set, b.classes[0])
		b.must(err)
		if len(cards) != 3 {
			t.Fatalf("%d cards, want 3", len(cards))
		}
		at := "/classes/" + b.classes[0]
		sent := url.Values{"licence": {string(set)}, "who": {""}, "reason": {"printing"}, "paper": {"a4"}}

		// Who may not: no other school, no other service, and nothing by an address.
		for _, who := range []string{otherTeacher, otherPrincipal, "evaluator", "it", "privacy_officer", "operator"} {
			for _, path := range []string{at, at + "/cards?licence=" + string(set)} {
				if a := b.browse(who, http.MethodGet, path, nil); a.status != http.StatusNotFound {
					t.Errorf("%s reads %s: %d", who, path, a.status)
				}
			}
			if a := b.browse(who, http.MethodPost, at+"/cards", sent); a.status != http.StatusNotFound || strings.Contains(a.body, cards[0].UserName) {
				t.Errorf("%s prints: %d", who, a.status)
			}
			if a := b.browse(who, http.MethodPost, at+"/password", url.Values{"account": {cards[0].AccountID}}); a.status != http.StatusNotFound {
				t.Errorf("%s replaces a password: %d", who, a.status)
			}
		}
		if n := b.looks(); n != 0 {
			t.Fatalf("%d looks were noted of those who saw nothing", n)
		}

		// Three clicks: the desk leads to the class, the class to its cards.
		desk := b.browse("teacher", http.MethodGet, "/desk", nil)
		page := b.browse("teacher", http.MethodGet, at, nil)
		for _, c := range cards {
			if strings.Contains(desk.body+page.body, c.UserName) || strings.Contains(page.body, c.Password.Text) {
				t.Error("a page shows what nobody asked to see")
			}
		}
		if !strings.Contains(desk.body, `href="`+at+`"`) || !strings.Contains(page.body, at+"/cards?licence="+string(set)) {
			t.Error("the desk does not lead to the class, or the class to its cards")
		}

		sheet := b.browse("teacher", http.MethodPost, at+"/cards", sent)
		if sheet.status != http.StatusOK || sheet.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("the sheet: %d, %q", sheet.status, sheet.header.Get("Cache-Control"))
		}
		said := html.UnescapeString(sheet.body)
		for i, c := range cards {
			for _, want := range []string{c.UserName, c.Password.Text, pupils[i].GivenName, pupils[i].FamilyName} {
				if !strings.Contains(said, want) {
					t.Errorf("card %d lacks %q", i+1, want)
				}
			}
		}
		for _, want := range []string{"copie 1", "is-a4", "«\u00a0Impression des cartes\u00a0»"} {
			if !strings.Contains(said, want) {
				t.Errorf("the sheet lacks %q", want)
			}
		}
		if n := b.looks(); n != 1 {
			t.Errorf("%d looks noted, want 1", n)
		}

		// The hour holds one class; the form comes back with the reason why.
		again := b.browse("teacher", http.MethodPost, at+"/cards", sent)
		if again.status != http.StatusConflict || strings.Contains(again.body, cards[0].Password.Text) || b.looks() != 1 {
			t.Errorf("a second class within the hour: %d", again.status)
		}
		if links := b.readPage(again.body).links; !slices.Contains(links, "/reveals/more?reason=printing&what=set") {
			t.Errorf("the refusal does not lead to a second person: %v", links)
		}
		if copied := b.browse("principal", http.MethodPost, at+"/cards", sent); !strings.Contains(copied.body, "copie 2") {
			t.Errorf("the principal's print is not the second copy: %d", copied.status)
		}
	})
}

func TestALostPasswordIsReplacedAndItsCardShown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		set := b.cards()
		before, pupils, err := b.classCards(set, b.classes[0])
		b.must(err)
		at := "/classes/" + b.classes[0]

		one := b.browse("teacher", http.MethodPost, at+"/cards",
			url.Values{"licence": {string(set)}, "who": {before[1].AccountID}, "reason": {"new_pupil"}, "paper": {"letter"}})
		if one.status != http.StatusOK || !strings.Contains(one.body, before[1].Password.Text) || strings.Contains(one.body, before[0].UserName) {
			t.Errorf("one pupil's card: %d", one.status)
		}

		renewed := b.browse("teacher", http.MethodPost, at+"/password", url.Values{"account": {before[1].AccountID}})
		after, _, err := b.classCards(set, b.classes[0])
		b.must(err)
		switch {
		case renewed.status != http.StatusOK:
			t.Fatalf("a new password: %d\n%s", renewed.status, sentences(renewed.body))
		case after[1].Password.Text == before[1].Password.Text || after[0].Password.Text != before[0].Password.Text:
			t.Error("another password was replaced, or none")
		case after[1].UserName != before[1].UserName:
			t.Error("the login name changed with the password")
		case !strings.Contains(renewed.body, after[1].Password.Text) || strings.Contains(renewed.body, before[1].Password.Text):
			t.Error("the card does not bear the new password alone")
		case renewed.header.Get("Cache-Control") != "no-store" || renewed.header.Get("Location") != "":
			t.Error("the card has an address, or is kept")
		}
		if title := regexp.MustCompile(`<title>.*</title>`).FindString(renewed.body); strings.Contains(title, pupils[1].FamilyName) {
			t.Errorf("the browser remembers %q", title)
		}
	})
}

// A board whose login names were destroyed is calm about it: the desk works, the
// class says so and when, and nothing leads to what is gone.
func TestAShreddedBoardSaysSoCalmly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		set := b.cards()
		cards, _, err := b.classCards(set, b.classes[0])
		b.must(err)
		at := "/classes/" + b.classes[0]
		b.must(b.Vault.Shred(t.Context(), b.system()))
		for _, lang := range []string{"fr", "en"} {
			read := func(who, path string, want int) string {
				r := httptest.NewRequest(http.MethodGet, path, nil).WithContext(t.Context())
				r.AddCookie(&http.Cookie{Name: "aval_language", Value: lang})
				r.AddCookie(b.cookie(who))
				a := b.serve(r)
				if a.status != want {
					t.Errorf("%s reads %s: %d, want %d\n%s", who, path, a.status, want, sentences(a.body))
				}
				return html.UnescapeString(a.body)
			}
			for _, who := range []string{"teacher", "principal"} {
				desk, list, page := read(who, "/desk", http.StatusOK), read(who, "/classes", http.StatusOK), read(who, at, http.StatusOK)
				if leads := at + "/cards"; strings.Contains(desk+list+page, leads) || strings.Contains(page, `method="post" action="`+at) {
					t.Errorf("a page leads %s to what is gone", who)
				}
				if want := i18n.For(lang).T("class.shredded", time.Now()); !strings.Contains(page, want) {
					t.Errorf("the class does not say %q\n%s", want, sentences(page))
				}
			}
			read("teacher", at+"/cards?licence="+string(set), http.StatusNotFound)
			read("evaluator", "/licences/"+string(set), http.StatusOK)
			read("operator", "/settings/words", http.StatusOK)
		}
		for path, sent := range map[string]url.Values{
			at + "/password": {"account": {cards[0].AccountID}},
			at + "/cards":    {"licence": {string(set)}, "reason": {"printing"}, "paper": {"a4"}},
		} {
			if a := b.browse("teacher", http.MethodPost, path, sent); a.status != http.StatusNotFound {
				t.Errorf("%s: %d, want the one NotFound", path, a.status)
			}
		}
	})
}
