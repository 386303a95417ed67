package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/credential"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/provider"
)

var nextLink = regexp.MustCompile(`<([^>]*)>; rel="next"`)

// ids are the pseudonyms of an answer, in its order.
func (w *world) ids(a answer) (ids []string) {
	w.t.Helper()
	for _, o := range w.objects(a) {
		ids = append(ids, fmt.Sprint(o["sourcedId"]))
	}
	return ids
}

// Page after page, by the address that each names, everything is there once,
// although someone comes and someone goes meanwhile.
func TestPagesFollowEachOther(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		for _, at := range []string{v12, v11} {
			all := w.ids(w.get(token, at+"enrollments?limit=10000"))
			if len(all) != 4 || !slices.IsSorted(all) {
				t.Fatalf("all at once: %v", all)
			}
			var walked []string
			next := at + "enrollments?limit=3&filter=" + "status%3D'active'"
			for next != "" {
				a := w.get(token, next)
				if a.status != http.StatusOK || a.header.Get("X-Total-Count") != "4" {
					t.Fatalf("%s: %d, %s in all", next, a.status, a.header.Get("X-Total-Count"))
				}
				walked, next = append(walked, w.ids(a)...), ""
				if m := nextLink.FindStringSubmatch(a.header.Get("Link")); m != nil {
					next = m[1]
				}
			}
			if !slices.Equal(walked, all) {
				t.Errorf("walked %v, want %v", walked, all)
			}
		}
		a := w.get(token, v12+"users?limit=1&offset=2&sort=familyName")
		for _, want := range []string{`limit=1&offset=3&sort=familyName>; rel="next"`, `offset=3&sort=familyName>; rel="last"`,
			`offset=0&sort=familyName>; rel="first"`, `offset=1&sort=familyName>; rel="prev"`, "<" + base + "/ims/"} {
			if !strings.Contains(a.header.Get("Link"), want) {
				t.Errorf("Link %s has no %s", a.header.Get("Link"), want)
			}
		}
		if a := w.get(token, v12+"users?offset=4"); a.status != 200 || a.body != `{"users":[]}` || strings.Contains(a.header.Get("Link"), "next") {
			t.Errorf("beyond the end: %d %s %s", a.status, a.body, a.header.Get("Link"))
		}
	})
}

// Filters come encoded and as they are, with one clause or two.
func TestFilters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		school, pupil := w.value("l1", disclosure.OfOrg, "s1"), w.value("l1", disclosure.OfUser, "p10")
		for _, c := range []struct {
			path string
			want int
		}{
			{v12 + "users?filter=roles.role='student'", 3},
			{v12 + "users?filter=roles.role%3D%27student%27", 3},
			{v12 + "users?filter=roles.role+%3D+'teacher'", 1},
			{v12 + "users?filter=roles.role='student'%20AND%20status='active'", 3},
			{v12 + "users?filter=roles.role='student'%20OR%20roles.role='teacher'", 4},
			{v12 + "users?filter=roles.role='student'%20AND%20roles.role='teacher'", 0},
			{v12 + "users?filter=roles.org.sourcedId='" + school + "'", 4},
			{v12 + "users?filter=sourcedId='" + pupil + "'", 1},
			{v12 + "users?filter=sourcedId!='" + pupil + "'", 3},
			{v12 + "users?filter=sourcedId>='" + pupil + "'%20AND%20sourcedId<='" + pupil + "'", 1},
			{v12 + "users?filter=grades~'0'", 3},
			{v12 + "users?filter=enabledUser='true'", 4},
			{v12 + "users?filter=givenName='Tamarinp10'", 0},
			{v12 + "users?filter=familyName!='x'", 0},
			{v12 + "users?filter=email~'@'", 0},
			{v12 + "users?filter=phone='5'", 0},
			{v12 + "users?filter=familyName='d'Aulne'", 0},
			{v12 + "users?filter=dateLastModified>'2026-11-19'", 4},
			{v12 + "users?filter=dateLastModified>'2026-11-20T15:00:00.000Z'", 0},
			{v12 + "users?filter=dateLastModified>='2026-11-20T10:00:00-05:00'", 4},
			{v12 + "users?filter=dateLastModified>='2026-11-20T16:00:00+01:00'", 4},
			{v12 + "classes?filter=school.sourcedId='" + school + "'", 1},
			{v12 + "enrollments?filter=role='teacher'%20AND%20primary='true'", 1},
			{v12 + "enrollments?filter=user.sourcedId='" + pupil + "'", 1},
			{v12 + "orgs?filter=type='district'", 1},
			{v12 + "academicSessions?filter=type='term'", 1},
			{v11 + "users?filter=role='student'", 3},
			{v11 + "users?filter=orgs.sourcedId='" + school + "'", 4},
		} {
			a := w.get(token, c.path)
			if a.status != http.StatusOK || len(w.objects(a)) != c.want || a.header.Get("X-Total-Count") != fmt.Sprint(c.want) {
				t.Errorf("%s: %d, %s in all, %s", c.path, a.status, a.header.Get("X-Total-Count"), a.body)
			}
		}
	})
}

// Two clauses that are joined otherwise than by the words of OneRoster are refused: to
// answer that nobody fulfils them would tell a careless client that everybody left.
func TestAFilterThatIsNotReadIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		for _, filter := range []string{
			"status='active'%20and%20roles.role='student'",
			"status='active'%20or%20status='tobedeleted'",
			"status='active'AND%20roles.role='student'",
			"status='active'%20%20AND%20roles.role='student'",
			"status='active'%20%26%26%20roles.role='student'",
			"status='active',roles.role~%20'student'",
		} {
			if a := w.get(token, v12+"users?filter="+filter); a.status != 400 || a.minor() != "invaliddata" {
				t.Errorf("%s: %d %s", filter, a.status, a.body)
			}
		}
		for _, filter := range []string{"familyName='d'Aulne'", "familyName='='", "familyName='d'Aulne%20=%20e'", "status='active'%20AND%20%20familyName='d'Aulne'"} {
			if a := w.get(token, v12+"users?filter="+filter); a.status != 200 {
				t.Errorf("%s: %d %s", filter, a.status, a.body)
			}
		}
	})
}

// A user name that is the pseudonym, as 1.1 shows it, is found; a login name is sealed, and
// who looks for one is told so, not that nobody has it.
func TestAUserNameInAFilter(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.value("l1", disclosure.OfUser, "p10")
		for at, want := range map[string]int{v12: 0, v11: 1} {
			a := w.get(w.token(), at+"users?filter=username='"+id+"'")
			if a.status != 200 || len(w.objects(a)) != want {
				t.Errorf("%s: %d %s", at, a.status, a.body)
			}
		}
		w.exec(`UPDATE licence SET account_kind = 'login_name', version = version + 1 WHERE board_id = $1`)
		w.refresh()
		for _, at := range []string{v12, v11} {
			a := w.get(w.token(), at+"users?filter=username='bkrt-4827'")
			if a.status != 400 || a.minor() != "invalid_filter_field" || strings.Contains(a.body, "bkrt") {
				t.Errorf("%s: %d %s", at, a.status, a.body)
			}
		}
	})
}

// What the model has is a field of it, also where nothing of it is ever shown.
func TestEveryPathOfTheModelIsAField(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		for path, want := range map[string]int{
			v12 + "users?filter=roles.roleType='primary'":          4,
			v12 + "users?sort=roles.roleType":                      4,
			v12 + "users?filter=roles.roleType='secondary'":        0,
			v12 + "users?filter=primaryOrg.sourcedId='x'":          0,
			v12 + "users?filter=agents.sourcedId='x'":              0,
			v12 + "users?filter=userIds.identifier='x'":            0,
			v12 + "orgs?filter=children.sourcedId='x'":             0,
			v12 + "academicSessions?filter=children.sourcedId='x'": 0,
			v12 + "courses?filter=schoolYear.sourcedId='x'":        0,
			v12 + "classes?filter=resources.sourcedId='x'":         0,
			v11 + "users?filter=agents.sourcedId='x'":              0,
		} {
			if a := w.get(token, path); a.status != 200 || len(w.objects(a)) != want {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	})
}

func TestFieldsAndOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		for _, o := range w.objects(w.get(token, v12+"users?fields=sourcedId,roles,phone")) {
			if len(o) != 2 || o["sourcedId"] == nil || o["roles"] == nil {
				t.Errorf("some fields: %v", o)
			}
		}
		up, down := w.ids(w.get(token, v12+"users")), w.ids(w.get(token, v12+"users?orderBy=desc"))
		slices.Reverse(down)
		if !slices.Equal(up, down) {
			t.Errorf("%v is not %v the other way around", up, down)
		}
		if byNothing := w.ids(w.get(token, v12+"users?sort=shoeSize")); !slices.Equal(byNothing, up) {
			t.Errorf("by no field: %v", byNothing)
		}
		a := w.get(token, v11+"users?sort=shoeSize")
		if a.status != 200 || !slices.Equal(w.ids(a), up) || !strings.Contains(a.body, `"imsx_severity":"warning"`) || !strings.Contains(a.body, "invalid_sort_field") {
			t.Errorf("by no field, 1.1: %d %s", a.status, a.body)
		}
		a = w.get(token, v11+"users?fields=shoeSize")
		if a.status != 200 || len(w.objects(a)[0]) < 5 || !strings.Contains(a.body, "invalid_selection_field") {
			t.Errorf("no field, 1.1: %d %s", a.status, a.body)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+v12+"users?limit=10000", strings.NewReader(`{"a":1}`))
		w.must(err)
		r.Header.Set("Authorization", "bearer "+token)
		if a := w.send(r); a.status != 200 {
			t.Errorf("a GET with a body: %d", a.status)
		}
	})
}

// What a strict client and a careless one may send beside the usual.
func TestOddRequests(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		odd := func(method, path string) answer {
			r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, http.NoBody)
			w.must(err)
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("Accept", "application/xml")
			return w.send(r)
		}
		for _, c := range []struct {
			path   string
			status int
			minor  string
		}{
			{v12 + "users/%00", 404, "unknownobject"},
			{v12 + "users/%FF/classes", 404, "unknownobject"},
			{v11 + "users/%FF", 404, "unknown object"},
			{v12 + "users/", 404, "unknownobject"},
			{v12 + "users?filter=familyName='%00'", 400, "invaliddata"},
			{v11 + "users?filter=familyName='%FF'", 400, "invalid data"},
			{v12 + "users?fields=%FF", 400, "invaliddata"},
			{v12 + "users?offset=99999999999", 400, "invaliddata"},
			{v12 + "users?filter=status='active'%20AND%20", 400, "invaliddata"},
			{v12 + "users?filter=='active'", 400, "invaliddata"},
			{v12 + "users?filter=familyName='50%'", 200, ""},
			{v12 + "users?filter=", 200, ""},
			{v12 + "users?limit=10001", 200, ""},
		} {
			if a := odd(http.MethodGet, c.path); a.status != c.status || a.minor() != c.minor || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %d %q %s", c.path, a.status, a.minor(), a.body)
			}
		}
		for _, at := range []string{v12, v11} {
			for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
				if a := odd(method, at+"users"); a.status != 405 || a.header.Get("Allow") != "GET, HEAD" || a.minor() == "" {
					t.Errorf("%s: %d %s", method, a.status, a.body)
				}
			}
		}
		for path, status := range map[string]int{v12 + "users": 200, v12 + "users/nobody": 404} {
			a := odd(http.MethodHead, path)
			if a.status != status || a.body != "" || status == 200 && (a.header.Get("X-Total-Count") != "4" || a.header.Get("Link") == "" || a.header.Get("Content-Length") == "0") {
				t.Errorf("HEAD %s: %d %v %q", path, a.status, a.header, a.body)
			}
		}
		for range 2 { // the second time the count is known
			a := odd(http.MethodGet, v12+"users?offset=1000")
			if a.body != `{"users":[]}` || a.header.Get("X-Total-Count") != "4" || !strings.Contains(a.header.Get("Link"), `offset=900>; rel="prev"`) {
				t.Errorf("far beyond the end: %v %s", a.header, a.body)
			}
		}
	})
}

// Secrets overlap while one takes the other's place; what is revoked, over or
// refused reads nothing, at once.
func TestTheEndOfACredential(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.secret
		_, second, err := w.credentials.Rotate(t.Context(), w.hand(), w.licence, 24*time.Hour)
		w.must(err)
		for _, secret := range []string{first, second} {
			w.secret = secret
			w.token()
		}
		w.now = w.now.Add(24 * time.Hour)
		form := map[string][]string{"grant_type": {"client_credentials"}}
		if a := w.ask(w.id, first, form); a.status != 401 {
			t.Errorf("the old secret after its day: %d", a.status)
		}
		token := w.token()
		w.exec(`UPDATE platform SET status = 'refused', version = version + 1 WHERE board_id = $1`)
		if a := w.get(token, v12+"users"); a.status != 403 || a.minor() != "forbidden" {
			t.Errorf("a refused platform: %d %s", a.status, a.body)
		}
		if a := w.ask(w.id, second, form); a.status != 400 || !strings.Contains(a.body, "unauthorized_client") {
			t.Errorf("a token for a refused platform: %d %s", a.status, a.body)
		}
		w.exec(`UPDATE platform SET status = 'approved', version = version + 1 WHERE board_id = $1`)
		if a := w.get(token, v12+"users"); a.status != 200 {
			t.Errorf("approved again: %d", a.status)
		}
		w.exec(`UPDATE licence SET ended_on = '2026-11-20', version = version + 1 WHERE board_id = $1 AND id = 'l1'`)
		if a := w.get(token, v12+"users"); a.status != 403 {
			t.Errorf("a licence that ended: %d", a.status)
		}
		w.exec(`UPDATE licence SET ended_on = '', version = version + 1 WHERE board_id = $1 AND id = 'l1'`)
		w.must(w.credentials.Revoke(t.Context(), w.hand(), w.licence))
		if a := w.get(token, v12+"users"); a.status != 401 {
			t.Errorf("a revoked credential: %d", a.status)
		}
		if a := w.ask(w.id, second, form); a.status != 401 {
			t.Errorf("a token for a revoked credential: %d", a.status)
		}
	})
}

// A secret that serves no more takes the tokens along that were got with it.
func TestASecretThatEndsAtOnceEndsItsTokens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		_, next, err := w.credentials.Rotate(t.Context(), w.hand(), w.licence, 24*time.Hour)
		w.must(err)
		if a := w.get(token, v12+"users"); a.status != 200 {
			t.Errorf("while the old secret serves: %d", a.status)
		}
		w.secret = next
		token = w.token()
		_, w.secret, err = w.credentials.Rotate(t.Context(), w.hand(), w.licence, 0)
		w.must(err)
		if a := w.get(token, v12+"users"); a.status != 401 {
			t.Errorf("after it: %d", a.status)
		}
		if a := w.get(w.token(), v12+"users"); a.status != 200 {
			t.Errorf("with the new secret: %d", a.status)
		}
	})
}

// What a class is called once the licence shows it no more is not told, and what is told
// is a class to the letter.
func TestAClassThatIsGoneHasNoTitle(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id, token := w.value("l1", disclosure.OfClass, "c1"), w.token()
		w.exec(`UPDATE enrollment SET status = 'tobedeleted' WHERE board_id = $1 AND class_id = 'c1'`)
		w.refresh()
		w.exec(`UPDATE class SET title = 'Groupe de Vantadour' WHERE board_id = $1 AND id = 'c1'`)
		for version, at := range map[string]string{"v1p2": v12, "v1p1": v11} {
			a := w.get(token, at+"classes/"+id)
			list := w.objects(a)
			if len(list) != 1 || list[0]["status"] != "tobedeleted" || strings.Contains(a.body, "Vantadour") {
				t.Fatalf("%s: %d %s", version, a.status, a.body)
			}
			if wrong := invalid(version, "class", list[0]); wrong != nil {
				t.Errorf("%s: %v in %s", version, wrong, a.body)
			}
			if n := len(w.objects(w.get(token, at+"classes?filter=title~'Vantadour'"))); n != 0 {
				t.Errorf("%s: found by its title", version)
			}
		}
	})
}

// What a platform asks for since a moment holds a class whose session is another.
func TestAClassThatMovesToAnotherTermHasChanged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.now = w.now.Add(time.Minute)
		since := w.now.Format("2006-01-02T15:04:05.000Z")
		changed := func() []map[string]any {
			return w.objects(w.get(w.token(), v12+"classes?filter=dateLastModified>='"+since+"'"))
		}
		w.refresh()
		if n := len(changed()); n != 0 {
			t.Fatalf("%d classes changed", n)
		}
		w.exec(`INSERT INTO class_term (board_id, class_id, session_id) VALUES ($1, 'c1', 't')`)
		w.refresh()
		if n := len(changed()); n != 1 {
			t.Errorf("%d classes are given in another session", n)
		}
		w.now = w.now.Add(time.Minute)
		since = w.now.Format("2006-01-02T15:04:05.000Z")
		w.exec(`UPDATE academic_session SET status = 'tobedeleted' WHERE board_id = $1 AND id = 't'`)
		w.refresh()
		if n := len(changed()); n != 1 {
			t.Errorf("%d classes are given in a session less", n)
		}
	})
}

// At the turn of the year a class goes with its session; what is told of it is still a
// class to the letter.
func TestAClassThatGoesWithItsTermIsWhole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.exec(`INSERT INTO class_term (board_id, class_id, session_id) VALUES ($1, 'c1', 't')`)
		w.refresh()
		id, term := w.value("l1", disclosure.OfClass, "c1"), w.value("l1", disclosure.OfSession, "t")
		for _, c := range []struct {
			name, what string
			shown      bool
		}{
			{"the term alone is gone", `UPDATE academic_session SET status = 'tobedeleted' WHERE board_id = $1 AND id = 't'`, false},
			{"and the class", `UPDATE enrollment SET status = 'tobedeleted' WHERE board_id = $1 AND class_id = 'c1'`, true},
			{"and the year", `UPDATE academic_session SET status = 'tobedeleted' WHERE board_id = $1`, true},
		} {
			w.exec(c.what)
			w.refresh()
			a := w.get(w.token(), v12+"classes/"+id)
			list := w.objects(a)
			if wrong := invalid("v1p2", "class", list[0]); wrong != nil || strings.Contains(a.body, term) != c.shown {
				t.Errorf("%s: %v in %s", c.name, wrong, a.body)
			}
		}
	})
}

// OneRoster requires a course of every class: one that has none, or whose course is gone,
// is its own, under a pseudonym that is not the class's.
func TestEveryClassHasACourse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		class, was := w.value("l1", disclosure.OfClass, "c1"), w.value("l1", disclosure.OfCourse, "k")
		for _, c := range []struct {
			name, what, title string
			own               bool
		}{
			{"it has none", `UPDATE class SET course_id = '' WHERE board_id = $1`, "Groupe 40s1", true},
			{"it has one", `UPDATE class SET course_id = 'k' WHERE board_id = $1`, "Mathématique 4", false},
			{"its course is gone", `UPDATE course SET status = 'tobedeleted' WHERE board_id = $1`, "Groupe 40s1", true},
			{"the class is gone too", `UPDATE enrollment SET status = 'tobedeleted' WHERE board_id = $1 AND class_id = 'c1'`, "", true},
		} {
			w.now = w.now.Add(time.Minute)
			w.exec(c.what)
			w.refresh()
			token := w.token()
			a := w.get(token, v12+"classes/"+class)
			one := w.objects(a)[0]
			if wrong := invalid("v1p2", "class", one); wrong != nil {
				t.Fatalf("%s: the class %v: %s", c.name, wrong, a.body)
			}
			id := fmt.Sprint(one["course"].(map[string]any)["sourcedId"])
			if id == class || (id == was) == c.own {
				t.Errorf("%s: its course is %s; the class %s, the other course %s", c.name, id, class, was)
			}
			b := w.get(token, v12+"courses/"+id)
			course := w.objects(b)[0]
			if wrong := invalid("v1p2", "course", course); wrong != nil || c.title != "" && course["title"] != c.title || strings.Contains(b.body, "Groupe") != (c.title == "Groupe 40s1") {
				t.Errorf("%s: the course %v: %s", c.name, wrong, b.body)
			}
			list := w.get(token, v12+"courses/"+id+"/classes")
			if there := strings.Contains(list.body, class); there != (c.title != "") {
				t.Errorf("%s: classes of its course: %d %s", c.name, list.status, list.body)
			}
			school := w.value("l1", disclosure.OfOrg, "s1")
			if of := w.get(token, v12+"schools/"+school+"/courses"); !strings.Contains(of.body, id) {
				t.Errorf("%s: courses of its school: %s", c.name, of.body)
			}
		}
	})
}

// The addresses of other pages repeat what OneRoster knows and no more: a token that
// was put into an address is not passed on.
func TestLinksRepeatNothingElse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		link := w.get(token, v12+"users?limit=1&sort=role&access_token="+token+"&filter=status%3D'active'").header.Get("Link")
		if strings.Contains(link, token) || !strings.Contains(link, "filter=status") || !strings.Contains(link, "sort=role") {
			t.Errorf("the links are %s", link)
		}
	})
}

// A count of a moment ago, even that there was nothing, cuts no walk short.
func TestAWalkGoesToItsEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		seats := func() (n int) {
			for next := v12 + "enrollments?limit=2"; next != ""; {
				a := w.get(token, next)
				n, next = n+len(w.ids(a)), ""
				if m := nextLink.FindStringSubmatch(a.header.Get("Link")); m != nil {
					next = m[1]
				}
			}
			return n
		}
		if n := seats(); n != 4 {
			t.Fatalf("%d enrolments", n)
		}
		w.exec(`UPDATE enrollment SET status = 'tobedeleted' WHERE board_id = $1 AND id <> 'e-p10'`)
		w.exec(`INSERT INTO enrollment (board_id, id, class_id, person_id, role)
			SELECT board_id, id || '-again', class_id, person_id, role FROM enrollment WHERE board_id = $1 AND id <> 'e-p10'`)
		w.refresh()
		if n := seats(); n != 7 {
			t.Errorf("%d enrolments of 7, three of which are gone", n)
		}
		empty := v12 + "enrollments?filter=" + "status%3D'active'%20AND%20role%3D'student'"
		w.exec(`UPDATE disclosed SET status = 'tobedeleted' WHERE board_id = $1`)
		if a := w.get(token, empty); a.header.Get("X-Total-Count") != "0" {
			t.Errorf("%s of nobody", a.header.Get("X-Total-Count"))
		}
		w.exec(`UPDATE disclosed SET status = 'active' WHERE board_id = $1`)
		if a := w.get(token, empty); a.header.Get("X-Total-Count") == "0" {
			t.Error("a page has more objects than there are")
		}
	})
}

// Another process, which knows a token well and looks for it in the same breath as
// for the rows, tells nothing once the token, its licence or its decision is over,
// and not a field more than the decision names.
func TestTheEndOfACredentialInAnotherProcess(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := httptest.NewServer((&provider.Server{DB: w.DB, Credentials: &credential.Service{DB: w.DB}, BaseURL: base}).Handler())
		t.Cleanup(other.Close)
		id := w.value("l1", disclosure.OfUser, "p10")
		asked := map[string]string{"one": v12 + "users/" + id, "a page": v12 + "users", "pupils": v12 + "students"}
		token := w.token()
		all := func(when string, status int, minor string) (bodies string) {
			t.Helper()
			for range 2 { // the second time the token is known
				for name, path := range asked {
					a := w.get(token, other.URL+path)
					if a.status != status || minor != "" && a.minor() != minor {
						t.Errorf("%s, %s: %d %q", when, name, a.status, a.minor())
					}
					bodies += a.body
				}
			}
			return bodies
		}
		refuse := func(platform string) {
			w.exec(`UPDATE platform SET status = $2, version = version + 1 WHERE board_id = $1`, platform)
		}
		w.decides(`["pseudonym","full_name"]`)
		w.undertakes(`["given_name","family_name"]`)
		if !strings.Contains(all("named", 200, ""), "Tamarinp10") {
			t.Error("no name leaves under an undertaking")
		}
		w.exec(`UPDATE undertaking SET ended_on = '2026-11-20', version = version + 1 WHERE board_id = $1`)
		if bodies := all("without its undertaking", 200, ""); strings.Contains(bodies, "Tamarin") {
			t.Errorf("a name leaves: %s", bodies)
		}
		for _, path := range []string{"users/nobody", "users?fields=shoeSize", "users/" + id + "/classes"} {
			if a, b := w.get(token, other.URL+v12+path), w.get(w.token(), v12+path); a.status != b.status || a.body != b.body {
				t.Errorf("%s: %d %s, to a stranger %d %s", path, a.status, a.body, b.status, b.body)
			}
		}
		refuse("refused")
		all("a refused platform", 403, "forbidden")
		refuse("approved")
		all("approved again", 200, "")
		w.must(w.credentials.Revoke(t.Context(), w.hand(), w.licence))
		all("revoked", 401, "unauthorisedrequest")
	})
}

// What was read is counted by day, and shown to who manages it alone.
func TestReadsAreCounted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		for range 3 {
			w.get(token, v12+"users")
		}
		w.get(token, v12+"users/nobody")
		w.ask(w.id, "wrong", map[string][]string{"grant_type": {"client_credentials"}})
		director := w.hand()
		v, err := w.credentials.View(t.Context(), director, w.licence)
		w.must(err)
		want := credential.Use{Day: "2026-11-20", Requests: 3, Objects: 12, Refused: 2, LastAt: w.now}
		if len(v.Use) != 1 || v.Use[0] != want {
			t.Errorf("counted %+v, want %+v", v.Use, want)
		}
		principal := policy.Actor{ID: "a", Board: w.board, Via: "web", Pack: director.Pack, Grants: []policy.Grant{{Role: policy.Principal, Org: "s1"}}}
		if _, err := w.credentials.View(t.Context(), principal, w.licence); !fault.Is(err, fault.Denied) {
			t.Errorf("a principal looks at a credential: %v", err)
		}
		if _, _, err := w.credentials.Make(t.Context(), principal, "l2"); err == nil {
			t.Error("a principal makes a credential")
		}
		if _, _, err := w.credentials.Make(t.Context(), director, w.licence); err == nil {
			t.Error("a second credential is made")
		}
	})
}

// Secrets and tokens are in no cell of the tables.
func TestNoSecretIsKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		for _, table := range []string{"credential", "credential_secret", "credential_token"} {
			for _, column := range []string{"credential_id", "hash", "id", "scopes"} {
				if table == "credential" && column != "id" || table != "credential" && column == "id" || table == "credential_secret" && column == "scopes" {
					continue
				}
				w.write(func(ctx context.Context, tx *db.Tx) error {
					cells, err := db.All(ctx, tx, func(r db.Row) (s string, err error) {
						err = r.Scan(&s)
						return s, err
					}, `SELECT `+column+` FROM `+table+` WHERE board_id = $1`, tx.Board)
					for _, cell := range cells {
						if strings.Contains(cell, w.secret) || strings.Contains(cell, token) {
							t.Errorf("%s.%s keeps a secret", table, column)
						}
					}
					return err
				})
			}
		}
	})
}

// Beyond its rate a credential is told to wait, and another is not.
func TestTheRateOfACredential(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.token()
		slow := httptest.NewServer((&provider.Server{DB: w.DB, Credentials: w.credentials, BaseURL: base, PerSecond: 2}).Handler())
		t.Cleanup(slow.Close)
		for i := range 5 {
			a := w.get(token, slow.URL+v12+"orgs")
			if busy := i == 4; busy != (a.status == http.StatusTooManyRequests) || busy && (a.minor() != "server_busy" || a.header.Get("Retry-After") != "1") {
				t.Errorf("request %d: %d %s", i+1, a.status, a.body)
			}
		}
		w.now = w.now.Add(time.Second)
		if a := w.get(token, slow.URL+v12+"orgs"); a.status != http.StatusOK {
			t.Errorf("a second later: %d", a.status)
		}
	})
}
