package app_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"aval/internal/access"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/licence"
)

// kept records a licence of a kind whose accounts are made.
func (b *board) kept(kind licence.AccountKind) licence.ID {
	b.t.Helper()
	l := b.accounted()
	l.AccountKind = kind
	l, err := b.Licences.Record(b.t.Context(), b.as("principal"), l)
	b.must(err)
	b.make(l.ID)
	return l.ID
}

var sealedField = regexp.MustCompile(`name="read" value="([^"]+)"`)

// The evaluating service keeps the accounts of a licence from its pages, which join no
// pupil to what they sign in with.
func TestTheAccountsOfALicenceAreKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		id := b.kept(licence.LoginName)
		at := "/licences/" + string(id) + "/accounts"
		cards, pupils, err := b.classCards(id, b.classes[0])
		b.must(err)
		one := at + "/" + cards[0].AccountID
		pages := []string{at, at + "/classes/" + b.classes[0], at + "/idle", one, "/pupils/" + pupils[0].ID + "/accounts", "/licences/idle", "/licences/year"}
		for _, who := range []string{"teacher", "principal", otherPrincipal, "it", "privacy_officer", "operator"} {
			for _, page := range pages {
				if a := b.browse(who, http.MethodGet, page, nil); a.status != http.StatusNotFound && a.status != http.StatusForbidden || strings.Contains(a.body, pupils[0].FamilyName) {
					t.Errorf("%s reads %s: %d", who, page, a.status)
				}
			}
		}
		for _, page := range pages {
			a := b.browse("evaluator", http.MethodGet, page, nil)
			if a.status != http.StatusOK {
				t.Fatalf("%s: %d\n%s", page, a.status, sentences(a.body))
			}
			named := page == one || strings.Contains(page, "/classes/") || strings.HasPrefix(page, "/pupils/")
			if strings.Contains(html.UnescapeString(a.body), pupils[0].FamilyName) != named {
				t.Errorf("%s names pupils: %t, want %t", page, !named, named)
			}
			for _, c := range cards {
				if strings.Contains(a.body, c.UserName) || strings.Contains(a.body, c.Password.Text) {
					t.Errorf("%s shows what a pupil signs in with", page)
				}
			}
		}
		if a := b.browse("evaluator", http.MethodGet, at+"?school="+b.other, nil); a.status != http.StatusNotFound {
			t.Errorf("a school that has none of it: %d", a.status)
		}

		if a := b.browse("evaluator", http.MethodPost, one+"/suspend", url.Values{"why": {"exposed"}}); a.status != http.StatusSeeOther {
			t.Fatalf("suspend: %d\n%s", a.status, sentences(a.body))
		}
		said := html.UnescapeString(b.browse("evaluator", http.MethodGet, one, nil).body)
		if !strings.Contains(said, "Suspendu") || !strings.Contains(said, "connu d’autres personnes") || strings.Contains(said, one+"/suspend") {
			t.Errorf("the page of a suspended account says\n%s", sentences(said))
		}
		if a := b.browse("evaluator", http.MethodPost, one+"/resume", nil); a.status != http.StatusSeeOther {
			t.Errorf("resume: %d\n%s", a.status, sentences(a.body))
		}
		if a := b.browse("evaluator", http.MethodPost, one+"/resume", nil); a.status != http.StatusConflict {
			t.Errorf("resume of one that goes on: %d", a.status)
		}
	})
}

func TestThePlatformsNamesAreCheckedThenKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		id := b.kept(licence.VendorName)
		at := "/licences/" + string(id) + "/accounts/names"
		login := b.loginName("e00")
		check := func(content string) answer {
			return b.send("evaluator", "fr", at, nil, "file", &upload{"noms.csv", "text/csv", content})
		}
		a := check("login;nom\n" + login + ";etoile-7\n" + login + ";etoile-8\nnobody;etoile-9\n")
		if said := html.UnescapeString(a.body); a.status != http.StatusOK || !strings.Contains(said, "2 lignes sont à corriger") || sealedField.MatchString(said) {
			t.Errorf("what is wrong: %d\n%s", a.status, sentences(a.body))
		}
		a = check("login;nom\n" + login + ";" + b.said["given e00"] + "\n")
		if said := html.UnescapeString(a.body); !strings.Contains(said, "montre celui de l’élève") || strings.Contains(said, b.said["given e00"]) {
			t.Errorf("a name that shows the pupil's: %d\n%s", a.status, sentences(a.body))
		}
		a = check("login;nom\n" + login + ";etoile-7\n")
		read := sealedField.FindStringSubmatch(a.body)
		if a.status != http.StatusOK || read == nil || strings.Contains(a.body, "etoile-7") || strings.Contains(a.body, login) {
			t.Fatalf("what is right: %d\n%s", a.status, sentences(a.body))
		}
		for _, who := range []string{"principal", "teacher", evaluator2} {
			if a := b.browse(who, http.MethodPost, at+"/keep", url.Values{"read": {read[1]}}); a.status == http.StatusSeeOther {
				t.Errorf("%s keeps what the evaluator read", who)
			}
		}
		if a := b.browse("evaluator", http.MethodPost, at+"/keep", url.Values{"read": {read[1]}}); a.status != http.StatusSeeOther {
			t.Fatalf("keep: %d\n%s", a.status, sentences(a.body))
		}
		cards, pupils, err := b.classCards(id, b.classes[0])
		b.must(err)
		for i, p := range pupils {
			if (cards[i].UserName == "etoile-7") != (p.SourceID == "e00") {
				t.Errorf("the card of %s says %q", p.SourceID, cards[i].UserName)
			}
		}
	})
}

// A vendor that owes its word stands on the desk and on the page of the year's end, until a
// program records it.
func TestAnAttestationIsWaitedForUntilItIsRecorded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		l, err := b.Licences.Record(t.Context(), b.as("principal"), b.accounted())
		b.must(err)
		b.over(l.ID)
		leads := "/licences/" + string(l.ID) + "#deletion"
		shown := func(who, page string) bool {
			return strings.Contains(b.browse(who, http.MethodGet, page, nil).body, leads)
		}
		if !shown("evaluator", "/desk") || !shown("evaluator", "/licences/year") || shown("principal", "/desk") {
			t.Error("the attestation is not waited for where it should be")
		}
		api := "/api/v1/licences/" + string(l.ID) + "/attestation"
		if a := b.call("principal", http.MethodPost, api, map[string]any{"on": today(), "by": "Camille Ortega"}); a.status != http.StatusForbidden {
			t.Errorf("the principal attests: %d", a.status)
		}
		if a := b.call("evaluator", http.MethodPost, api, map[string]any{"on": today(), "by": "Camille Ortega"}); a.status != http.StatusOK || !strings.Contains(a.body, today()) {
			t.Fatalf("attest: %d\n%s", a.status, short(a.body))
		}
		if shown("evaluator", "/desk") || shown("evaluator", "/licences/year") {
			t.Error("what was attested is still waited for")
		}
	})
}

func TestIdleAccountsAreSuspendedTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		id := b.kept(licence.LoginName)
		dbtest.OwnerExec(t, d, `UPDATE pupil_account SET state = 'sent', sent_on = '2026-01-02' WHERE licence_id = '`+string(id)+`'`)
		at := "/licences/" + string(id) + "/accounts/idle"
		page := html.UnescapeString(b.browse("evaluator", http.MethodGet, at, nil).body)
		if !strings.Contains(page, "Suspendre ces 6 comptes") {
			t.Fatalf("the page says\n%s", sentences(page))
		}
		sent := url.Values{"idle": {string(access.Unconfirmed)}, "count": {"5"}}
		if a := b.browse("evaluator", http.MethodPost, at, sent); a.status != http.StatusConflict || !strings.Contains(html.UnescapeString(a.body), "6 comptes maintenant") {
			t.Errorf("another count: %d\n%s", a.status, sentences(a.body))
		}
		sent.Set("count", "6")
		if a := b.browse("evaluator", http.MethodPost, at, sent); a.status != http.StatusSeeOther {
			t.Fatalf("suspend: %d\n%s", a.status, sentences(a.body))
		}
		if page := html.UnescapeString(b.browse("evaluator", http.MethodGet, at, nil).body); !strings.Contains(page, "Aucun compte inactif") {
			t.Errorf("afterwards\n%s", sentences(page))
		}
	})
}
