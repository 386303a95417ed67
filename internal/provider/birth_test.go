package provider_test

import (
	"strings"
	"testing"
	"time"

	"aval/internal/birth"
	"aval/internal/disclosure"
)

// A day of birth leaves where the decision names it, and there alone; when it is found to
// be another, the platform is told so.
func TestADayOfBirthLeavesWhereTheDecisionNamesIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.value("l1", disclosure.OfUser, "p10")
		for _, at := range []string{v12, v11} {
			a := w.get(w.token(), at+"demographics/"+first+"?fields=birthDate")
			if a.body != `{"demographics":{"birthDate":"2016-05-06"}}` {
				t.Errorf("%s: %d %s", at, a.status, a.body)
			}
		}
		all := w.get(w.token(), v12+"demographics?limit=1")
		if all.header.Get("X-Total-Count") != "2" || !strings.Contains(all.header.Get("Link"), `rel="next"`) {
			t.Errorf("a page: %v", all.header)
		}
		w.now = w.now.Add(time.Minute)
		since := w.now.Format("2006-01-02T15:04:05Z")
		w.bear(birth.Row{SourceID: "source-p11", Day: "2016-07-18"})
		w.refresh()
		changed := w.objects(w.get(w.token(), v12+"demographics?filter=dateLastModified%3E%3D'"+since+"'"))
		if len(changed) != 1 || changed[0]["birthDate"] != "2016-07-18" {
			t.Errorf("what changed: %v", changed)
		}
		w.exec(`UPDATE disclosed SET status = 'tobedeleted' WHERE board_id = $1 AND subject_id = 'p11'`)
		if a := w.get(w.token(), v12+"demographics"); strings.Contains(a.body, "2016-07") {
			t.Errorf("of who left: %s", a.body)
		}

		w.decides(`["pseudonym","grade","full_name"]`)
		w.refresh()
		w.seen.Reset()
		token := w.token()
		for path := range w.all41() {
			for _, at := range []string{v12, v11} {
				w.get(token, at+path)
			}
		}
		if left := w.seen.String(); strings.Contains(left, "2016-") || strings.Contains(left, "birthDate") {
			t.Error("a day of birth left that no decision names")
		}
	})
}
