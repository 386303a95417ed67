package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/reveal"
)

// more is what somebody asks for beyond their quota.
func (b *board) more(who string) string {
	b.t.Helper()
	a, err := b.Reveals.AskApproval(b.t.Context(), b.as(who), reveal.More{Extra: 5, Reason: "class_help"})
	b.must(err)
	return a.ID
}

// walkReveals has everybody look at a pupil of the first school, or allow more to
// its teacher. Who has the permission elsewhere hears that it is nobody's.
func (b *board) walkReveals(op operation, do policy.Action) {
	at := request.Request{OrgID: b.school}
	for who := range b.people {
		path := op.path
		if strings.Contains(path, "{id}") {
			path = strings.ReplaceAll(path, "{id}", b.more("teacher"))
		}
		sent := body(b, op.id)
		before := b.state()
		a := b.call(who, op.method, path, sent)
		changed := differs(before, b.state())
		switch {
		case b.permitted(who, do, &at) || who == "teacher" && do == policy.RevealName:
			if a.status != http.StatusOK {
				b.t.Errorf("%s as %s, who may: %d\n%s", op.id, who, a.status, short(a.body))
			}
		case a.status != http.StatusForbidden && a.status != http.StatusNotFound:
			b.t.Errorf("%s as %s, who may not: %d\n%s", op.id, who, a.status, short(a.body))
		case changed != "" && (do != policy.RevealName || !b.permitted(who, do, nil)): // a look in vain is noted
			b.t.Errorf("%s as %s was refused and changed:\n%s", op.id, who, changed)
		}
	}
}

// Whose a login name is stands in the answer alone: not in an address, and not on
// a page that one comes back to.
func TestWhoItIsIsShownOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		name := b.loginName("e00")
		sent := url.Values{"name": {strings.ToUpper(name)}, "reason": {"class_help"}}
		pupil := b.name("family e00")
		for _, c := range []struct {
			who    string
			status int
		}{{"department_head", http.StatusForbidden}, {otherTeacher, http.StatusNotFound}, {"teacher", http.StatusOK}} {
			a := b.send(c.who, "fr", "/reveals", sent, "", nil)
			if a.status != c.status || strings.Contains(a.body, pupil) != (c.status == http.StatusOK) {
				t.Errorf("as %s: %d\n%s", c.who, a.status, sentences(a.body))
			}
			if c.who == otherTeacher && !slices.Contains(b.readPage(a.body).links, "#name") {
				t.Errorf("no sentence leads to the field\n%s", sentences(a.body))
			}
		}
		if a := b.browse("teacher", http.MethodGet, "/reveals", nil); strings.Contains(a.body, pupil) || strings.Contains(a.body, name) {
			t.Error("the next page still says who it was")
		}
		if a := b.browse("teacher", http.MethodGet, "/reveals?name="+name+"&reason=class_help", nil); strings.Contains(a.body, pupil) {
			t.Error("an address is answered")
		}
	})
}

// Each field of a look, sent wrongly by a program, is refused beside itself.
func TestEachFieldOfALookIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		long := strings.Repeat("é", 11_000)
		b.refuses(t, "teacher", http.MethodPost, "/api/v1/reveals", body(b, "reveal"), []typed{
			{"kind", nil, "kind"}, {"kind", "all", "kind"}, {"kind", script, "kind"}, {"kind", 5, "kind"},
			{"kind", "account", "account"}, {"kind", "class", "class"}, {"kind", "class", "licence"},
			{"name", nil, "name"}, {"name", "Belloq", "name"}, {"name", script, "name"}, {"name", long, "name"}, {"name", 5, "name"},
			{"reason", nil, "reason"}, {"reason", "curious", "reason"}, {"reason", script, "reason"}, {"reason", 5, "reason"},
			{"note", long, "note"}, {"note", 5, "note"}, {"licence", 5, "licence"}, {"class", 5, "class"}, {"account", 5, "account"},
			{"person", "x", "person"},
		})
		b.refuses(t, "teacher", http.MethodPost, "/api/v1/reveals/approvals", body(b, "ask-approval"), []typed{
			{"extra", nil, "extra"}, {"extra", 0, "extra"}, {"extra", 61, "extra"}, {"extra", "six", "extra"}, {"sets", "x", "sets"},
			{"reason", nil, "reason"}, {"reason", "curious", "reason"}, {"reason", 5, "reason"}, {"note", long, "note"}, {"note", 5, "note"},
			{"org", b.other, ""}, {"org", script, ""}, {"org", 5, "org"},
		})
	})
}

// Over the quota, a page and a program are told when to look again.
func TestTheQuotaIsSaidAtBothDoors(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		settings := b.as("operator").Settings
		settings.SinglesAnHour = 1
		b.must(b.Boards.Change(t.Context(), b.as("operator"), settings))
		b.must(revealedBy(b, "teacher"))
		a := b.call("teacher", http.MethodPost, "/api/v1/reveals", body(b, "reveal"))
		if a.status != http.StatusConflict || !strings.Contains(a.body, `"clause":"1.3e"`) {
			t.Errorf("a program: %d\n%s", a.status, short(a.body))
		}
		page := b.send("teacher", "fr", "/reveals", url.Values{"name": {b.loginName("e00")}, "reason": {"class_help"}}, "", nil)
		if page.status != http.StatusConflict || !strings.Contains(page.body, "minutes") || strings.Contains(page.body, b.name("family e00")) {
			t.Errorf("a page: %d\n%s", page.status, sentences(page.body))
		}
	})
}

// revealedBy is a look through the door of programs.
func revealedBy(b *board, who string) error {
	if a := b.call(who, http.MethodPost, "/api/v1/reveals", body(b, "reveal")); a.status != http.StatusOK {
		return fmt.Errorf("reveal as %s: %d %s", who, a.status, a.body)
	}
	return nil
}

// Whose looks of last week are unusual is said to who reads all looks of their
// board, on the page and to programs, and to nobody else.
func TestAWeeksUnusualLooksAreReadByWhoMay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		b, two := h.build(t, "erables", "Vorn"), h.build(t, "bouleaux", "Tesk")
		b.must(d.Write(t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
			for range 61 {
				if _, err := tx.Exec(ctx, `INSERT INTO reveal (board_id, id, at, actor_id, role, kind, reason, note, count)
					VALUES ($1, $2, $3, $4, 'teacher', 'name', 'conduct', $5, 1)`, tx.Board, db.NewID(), tx.Now.AddDate(0, 0, -7),
					b.as("teacher").ID, b.name("note of a look")); err != nil {
					return err
				}
			}
			return nil
		}))
		for _, c := range []struct {
			of       *board
			who      string
			status   int  // of a program's answer
			reviewed bool // the page has the section
			listed   bool
		}{
			{b, "teacher", http.StatusForbidden, false, false},
			{b, "principal", http.StatusForbidden, false, false},
			{b, "evaluator", http.StatusForbidden, false, false},
			{b, "evaluation_director", http.StatusForbidden, false, false},
			{two, "privacy_officer", http.StatusOK, true, false},
			{b, "privacy_officer", http.StatusOK, true, true},
			{b, "secretary", http.StatusOK, true, true},
		} {
			page := c.of.browse(c.who, http.MethodGet, "/looks", nil)
			if page.status != http.StatusOK || strings.Contains(page.body, `id="outliers"`) != c.reviewed ||
				strings.Contains(page.body, "61 recherches dans la semaine") != c.listed {
				t.Errorf("the page, as %s: %d\n%s", c.who, page.status, sentences(page.body))
			}
			a := c.of.call(c.who, http.MethodGet, "/api/v1/reveals/outliers", nil)
			if a.status != c.status || strings.Contains(a.body, `"code":"alone","count":61,"most":60`) != c.listed {
				t.Errorf("a program, as %s: %d\n%s", c.who, a.status, short(a.body))
			}
			if strings.Contains(a.body, b.name("note of a look")) {
				t.Errorf("a program, as %s, is told what was written", c.who)
			}
		}
	})
}

// At the quota a lost password, whose page has no form to come back to, leads on too.
func TestTheQuotaLeadsToASecondPerson(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		cards, _, err := b.classCards(b.cards(), b.classes[0])
		b.must(err)
		settings := b.as("operator").Settings
		settings.SinglesAnHour = 1
		b.must(b.Boards.Change(t.Context(), b.as("operator"), settings))
		b.must(revealedBy(b, "teacher"))
		for path, sent := range map[string]url.Values{
			"/reveals":                               {"name": {b.loginName("e00")}, "reason": {"class_help"}},
			"/classes/" + b.classes[0] + "/password": {"account": {cards[0].AccountID}},
		} {
			a := b.browse("teacher", http.MethodPost, path, sent)
			links := b.readPage(a.body).links
			if a.status != http.StatusConflict || !slices.ContainsFunc(links, func(l string) bool {
				return strings.HasPrefix(l, "/reveals/more?") && strings.Contains(l, "what=singles")
			}) {
				t.Errorf("%s: %d, leads to %v", path, a.status, links)
			}
		}
		asked := b.browse("teacher", http.MethodPost, "/reveals/more", url.Values{"what": {"singles"}, "extra": {"3"}, "reason": {"lost_password"}})
		if asked.status != http.StatusSeeOther {
			t.Fatalf("asking for more: %d\n%s", asked.status, sentences(asked.body))
		}
		if desk := b.browse("principal", http.MethodGet, "/desk", nil); !strings.Contains(desk.body, "Permettre 3 recherches de plus") {
			t.Error("the principal does not find it on the desk")
		}
	})
}
