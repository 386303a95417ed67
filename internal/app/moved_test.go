package app_test

import (
	"net/http"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
)

// A pupil moves to another school: from the moment that the roster says so, who had
// the pupil is shown nothing any more, and who has the pupil is.
func TestAMovedPupilIsTheNewTeachersAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		l := b.accounted()
		l.Scope, l.OrgID, l.Payer = "board", "", "ddl"
		l, err := b.Licences.Record(t.Context(), b.as("evaluator"), l)
		b.must(err)
		b.make(l.ID)
		cards, pupils, err := b.classCards(l.ID, b.classes[0])
		b.must(err)
		login, account := b.loginName("e00"), ""
		for i, p := range pupils {
			if p.SourceID == "e00" {
				account = cards[i].AccountID
			}
		}
		asks := map[string]map[string]any{
			"whose the name is": {"kind": "name", "name": login, "reason": "class_help"},
			"the account":       {"kind": "account", "account": account, "reason": "new_pupil"},
		}
		look := func(who, what string) answer { return b.call(who, http.MethodPost, "/api/v1/reveals", asks[what]) }
		for what := range asks {
			if a := look("teacher", what); a.status != http.StatusOK || !strings.Contains(a.body, b.name("family e00")) {
				t.Fatalf("before, who has the pupil is not shown %s: %d\n%s", what, a.status, short(a.body))
			}
			if a := look(otherTeacher, what); a.status != http.StatusNotFound && a.status != http.StatusUnprocessableEntity {
				t.Fatalf("before, another is shown %s: %d\n%s", what, a.status, short(a.body))
			}
		}
		dbtest.OwnerExec(t, d, `UPDATE person_role SET org_id = '`+b.other+`' WHERE role = 'student' AND person_id = (SELECT id FROM person WHERE source_id = 'e00' AND board_id = '`+b.id+`')`)
		dbtest.OwnerExec(t, d, `UPDATE enrollment SET class_id = '`+b.as(otherTeacher).Classes[0]+`' WHERE person_id = (SELECT id FROM person WHERE source_id = 'e00' AND board_id = '`+b.id+`')`)
		for what := range asks {
			for _, who := range []string{"teacher", "principal"} {
				if a := look(who, what); a.status == http.StatusOK || strings.Contains(a.body, b.name("family e00")) {
					t.Errorf("%s, who had the pupil, is shown %s: %d\n%s", who, what, a.status, short(a.body))
				}
			}
			if a := look(otherTeacher, what); a.status != http.StatusOK || !strings.Contains(a.body, b.name("family e00")) {
				t.Errorf("who has the pupil is not shown %s: %d\n%s", what, a.status, short(a.body))
			}
		}
		if page := b.browse("teacher", http.MethodGet, "/classes/"+b.classes[0], nil); strings.Contains(page.body, b.name("family e00")) || strings.Contains(page.body, account) {
			t.Error("the page of the class still shows the pupil")
		}
		if page := b.browse(otherTeacher, http.MethodGet, "/classes/"+b.as(otherTeacher).Classes[0], nil); !strings.Contains(page.body, account) {
			t.Error("the page of the new class does not show the pupil's account")
		}
		if b.loginName("e00") != login {
			t.Error("the pupil has another login name")
		}
	})
}
