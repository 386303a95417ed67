package provider_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/disclosure"
)

const scope12 = "https://purl.imsglobal.org/spec/or/v1p2/scope/"

func TestWhoGetsNoToken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		grant := url.Values{"grant_type": {"client_credentials"}}
		with := func(more ...string) url.Values {
			form := url.Values{"grant_type": {"client_credentials"}}
			for i := 0; i < len(more); i += 2 {
				form.Add(more[i], more[i+1])
			}
			return form
		}
		for _, c := range []struct {
			name, id, secret string
			form             url.Values
			status           int
			code             string
		}{
			{"nobody", "", "", grant, 401, "invalid_client"},
			{"a wrong secret", w.id, w.secret[1:] + "a", grant, 401, "invalid_client"},
			{"a client of nobody", w.board + ".nobody", w.secret, grant, 401, "invalid_client"},
			{"a client of another board", "other.nobody", w.secret, grant, 401, "invalid_client"},
			{"a client without a board", "nobody", w.secret, grant, 401, "invalid_client"},
			{"a client that is no text", w.board + ".%FF", w.secret, grant, 401, "invalid_client"},
			{"broken encoding", w.id, "%zz", grant, 401, "invalid_client"},
			{"two ways at once", w.id, w.secret, with("client_secret", w.secret), 400, "invalid_request"},
			{"two names", w.id, w.secret, with("client_id", "another"), 400, "invalid_request"},
			{"a parameter twice", w.id, w.secret, with("scope", "a", "scope", "b"), 400, "invalid_request"},
			{"no grant", w.id, w.secret, url.Values{}, 400, "invalid_request"},
			{"another grant", w.id, w.secret, url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type"},
			{"no scope of ours", w.id, w.secret, with("scope", "openid "+scope12+"gradebook.readonly"), 400, "invalid_scope"},
		} {
			a := w.ask(c.id, c.secret, c.form)
			if a.status != c.status || !strings.Contains(a.body, `"error":"`+c.code+`"`) || a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %s", c.name, a.status, a.body)
			}
			if (a.header.Get("WWW-Authenticate") != "") != (c.status == 401) {
				t.Errorf("%s: WWW-Authenticate %q", c.name, a.header.Get("WWW-Authenticate"))
			}
		}
		if a := w.get("", "/ims/oneroster/token"); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "POST" {
			t.Errorf("GET of a token: %d", a.status)
		}
	})
}

// Basic credentials come encoded as a form has them (RFC 6749, 2.3.1), or in the form.
func TestATokenIsGiven(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		encode := func(s string) string {
			return strings.NewReplacer("-", "%2D", ".", "%2E", "a", "%61").Replace(s)
		}
		for name, a := range map[string]answer{
			"plain":       w.ask(w.id, w.secret, url.Values{"grant_type": {"client_credentials"}}),
			"encoded":     w.ask(encode(w.id), encode(w.secret), url.Values{"grant_type": {"client_credentials"}}),
			"in the form": w.ask("", "", url.Values{"grant_type": {"client_credentials"}, "client_id": {w.id}, "client_secret": {w.secret}}),
			"named twice": w.ask(w.id, w.secret, url.Values{"grant_type": {"client_credentials"}, "client_id": {w.id}}),
		} {
			if a.status != 200 || !strings.Contains(a.body, `"token_type":"Bearer","expires_in":3600`) {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		a := w.ask(w.id, w.secret, url.Values{"grant_type": {"client_credentials"}, "scope": {scope12 + "roster-core.readonly openid " + scope12 + "gradebook.readonly"}})
		if !strings.Contains(a.body, `"scope":"`+scope12+`roster-core.readonly"`) {
			t.Errorf("asked for more: %s", a.body)
		}
	})
}

func TestWhoReadsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		all := w.token()
		core := w.token(scope12 + "roster-core.readonly")
		births := w.token(scope12 + "roster-demographics.readonly")
		old := w.token("https://purl.imsglobal.org/spec/or/v1p1/scope/roster.readonly")
		class, stranger := w.value("l1", disclosure.OfClass, "c1"), w.value("l2", disclosure.OfUser, "p20")
		mine := w.value("l1", disclosure.OfUser, "p10")
		for _, c := range []struct {
			name, token, path string
			status            int
			minor             string
		}{
			{"without a token", "", v12 + "users", 401, "unauthorisedrequest"},
			{"without a token, 1.1", "", v11 + "users", 401, "unauthorized"},
			{"with nobody's token", "x.y", v12 + "users", 401, "unauthorisedrequest"},
			{"with a cut token", all[:len(all)-1], v12 + "users", 401, "unauthorisedrequest"},
			{"the core opens no relation", core, v12 + "classes/" + class + "/students", 403, "forbidden"},
			{"1.2 opens no 1.1", core, v11 + "users", 403, "unauthorized"},
			{"1.1 opens no 1.2", old, v12 + "users", 403, "forbidden"},
			{"demographics open no user", births, v12 + "users", 403, "forbidden"},
			{"the core opens no demographics", core, v12 + "demographics", 403, "forbidden"},
			{"a user of nobody", all, v12 + "users/nobody", 404, "unknownobject"},
			{"a user of nobody, 1.1", all, v11 + "users/nobody", 404, "unknown object"},
			{"a user of another licence", all, v12 + "users/" + stranger, 404, "unknownobject"},
			{"the classes of one", all, v12 + "users/" + stranger + "/classes", 404, "unknownobject"},
			{"a pupil among teachers", all, v12 + "teachers/" + mine, 404, "unknownobject"},
			{"the demographics of one of whom none are known", all, v12 + "demographics/" + w.value("l1", disclosure.OfUser, "p12"), 404, "unknownobject"},
			{"the demographics of a teacher", all, v12 + "demographics/" + w.value("l1", disclosure.OfUser, "p13"), 404, "unknownobject"},
			{"the demographics of another licence's user", all, v12 + "demographics/" + stranger, 404, "unknownobject"},
			{"a filter on a day of birth", all, v12 + "demographics?filter=birthDate%3D'2016-05-06'", 400, "invalid_filter_field"},
			{"the same, 1.1", all, v11 + "demographics?filter=birthDate%3E'2016-05-06'", 400, "invalid_filter_field"},
			{"a board among schools", all, v12 + "schools/" + w.value("l1", disclosure.OfOrg, "b") + "/classes", 404, "unknownobject"},
			{"no operation", all, v12 + "resources", 404, "unknownobject"},
			{"no operation, 1.1", all, v11 + "resources", 404, "unknown object"},
			{"no version", all, "/ims/oneroster/v9/users", 404, "unknownobject"},
			{"a limit of nothing", all, v12 + "users?limit=0", 400, "invaliddata"},
			{"a limit of nothing, 1.1", all, v11 + "users?limit=0", 400, "invalid data"},
			{"a limit in words", all, v12 + "users?limit=ten", 400, "invaliddata"},
			{"a negative offset", all, v12 + "users?offset=-1", 400, "invaliddata"},
			{"an order of no kind", all, v12 + "users?orderBy=up", 400, "invaliddata"},
			{"a field that is none", all, v12 + "users?fields=givenName,shoeSize", 400, "invalid_selection_field"},
			{"an empty field", all, v12 + "users?fields=", 400, "invalid_selection_field"},
			{"an empty field, 1.1", all, v11 + "users?fields=", 400, "invalid_blank_selection_field"},
			{"a filter on no field", all, v12 + "users?filter=shoeSize%3D'secret@exemple.test'", 400, "invalid_filter_field"},
			{"a filter on a field of 1.1", all, v12 + "users?filter=role%3D'student'", 400, "invalid_filter_field"},
			{"a filter on a whole reference", all, v12 + "enrollments?filter=class%3D'" + class + "'", 400, "invalid_filter_field"},
			{"a filter on whole roles", all, v12 + "users?filter=roles%3D'student'", 400, "invalid_filter_field"},
			{"a filter on whole references, 1.1", all, v11 + "users?filter=orgs~'a'", 400, "invalid_filter_field"},
			{"a filter without quotes", all, v12 + "users?filter=status%3Dsecret@exemple.test", 400, "invaliddata"},
			{"three clauses", all, v12 + "users?filter=status%3D'a'%20AND%20status%3D'b'%20AND%20status%3D'c'", 400, "invaliddata"},
			{"and in small letters", all, v12 + "users?filter=status%3D'a'%20and%20status%3D'b'", 400, "invaliddata"},
			{"a moment that is none", all, v12 + "users?filter=dateLastModified%3E'yesterday'", 400, "invaliddata"},
			{"a broken cursor", all, v12 + "users?after=%27", 400, "invaliddata"},
		} {
			a := w.get(c.token, c.path)
			if a.status != c.status || a.minor() != c.minor || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %d %q %s, want %d %q", c.name, a.status, a.minor(), a.body, c.status, c.minor)
			}
			if strings.Contains(a.body, "secret@") || strings.Contains(a.body, stranger) {
				t.Errorf("%s: the answer repeats what was sent: %s", c.name, a.body)
			}
		}
		same := w.get(all, v12+"users/"+stranger).body == w.get(all, v12+"users/nobody").body
		if !same {
			t.Error("another licence's user and nobody are told apart")
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, w.url+v12+"users/x", http.NoBody)
		w.must(err)
		if a := w.send(r); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") == "" {
			t.Errorf("PUT: %d %v", a.status, a.header)
		}
		w.now = w.now.Add(time.Hour)
		if a := w.get(all, v12+"users"); a.status != 401 {
			t.Errorf("after an hour: %d", a.status)
		}
	})
}

// all41 are the operations, by the pseudonyms of the first school.
func (w *world) all41() map[string]string {
	id := func(kind disclosure.Kind, subject string) string { return w.value("l1", kind, subject) }
	class, school, pupil, teacher := id(disclosure.OfClass, "c1"), id(disclosure.OfOrg, "s1"), id(disclosure.OfUser, "p10"), id(disclosure.OfUser, "p13")
	course, term, seat := id(disclosure.OfCourse, "k"), id(disclosure.OfSession, "t"), id(disclosure.OfEnrollment, "e-p10")
	in := "schools/" + school + "/classes/" + class
	return map[string]string{
		"academicSessions": "academicSession 3", "academicSessions/" + term: "academicSession 1",
		"classes": "class 1", "classes/" + class: "class 1", "classes/" + class + "/students": "user 3", "classes/" + class + "/teachers": "user 1",
		"courses": "course 1", "courses/" + course: "course 1", "courses/" + course + "/classes": "class 1",
		"enrollments": "enrollment 4", "enrollments/" + seat: "enrollment 1",
		"gradingPeriods": "academicSession 1", "gradingPeriods/" + id(disclosure.OfSession, "g"): "academicSession 1",
		"orgs": "org 2", "orgs/" + school: "org 1",
		"schools": "org 1", "schools/" + school: "org 1", "schools/" + school + "/classes": "class 1", "schools/" + school + "/courses": "course 1",
		"schools/" + school + "/enrollments": "enrollment 4", "schools/" + school + "/students": "user 3", "schools/" + school + "/teachers": "user 1",
		"schools/" + school + "/terms": "academicSession 1", in + "/enrollments": "enrollment 4", in + "/students": "user 3", in + "/teachers": "user 1",
		"students": "user 3", "students/" + pupil: "user 1", "students/" + pupil + "/classes": "class 1",
		"teachers": "user 1", "teachers/" + teacher: "user 1", "teachers/" + teacher + "/classes": "class 1",
		"terms": "academicSession 1", "terms/" + term: "academicSession 1", "terms/" + term + "/classes": "class 1", "terms/" + term + "/gradingPeriods": "academicSession 1",
		"users": "user 4", "users/" + pupil: "user 1", "users/" + pupil + "/classes": "class 1",
		"demographics": "demographics 2", "demographics/" + pupil: "demographics 1",
	}
}

func TestTheFortyOneOperations(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.exec(`INSERT INTO class_term (board_id, class_id, session_id) VALUES ($1, 'c1', 't')`)
		token, all := w.token(), w.all41()
		if len(all) != 41 {
			t.Fatalf("%d operations", len(all))
		}
		for version, at := range map[string]string{"v1p2": v12, "v1p1": v11} {
			for path, want := range all {
				a := w.get(token, at+path)
				name, n, _ := strings.Cut(want, " ")
				list := w.objects(a)
				if a.status != 200 || fmt.Sprint(len(list)) != n {
					t.Errorf("%s %s: %d, %d objects, want %s: %s", version, path, a.status, len(list), n, a.body)
				}
				single := slices.Contains([]string{`{"` + name + `":{`}, a.body[:min(len(a.body), len(name)+5)])
				if parts := strings.Split(path, "/"); single != (len(parts) == 2) {
					t.Errorf("%s %s: the envelope is %.40s", version, path, a.body)
				}
				for _, o := range list {
					if wrong := invalid(version, name, o); wrong != nil {
						t.Errorf("%s %s: %v in %v", version, path, wrong, o)
					}
				}
			}
		}
	})
}

// The operations are called what the specification calls them, for who makes a client of
// the description.
func TestTheDescriptionNamesTheOperations(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		body := w.get("", v12+"discovery/onerosterv1p2rostersservice_openapi3_v1p0.json").body
		names := strings.Fields(`getAllAcademicSessions getAcademicSession getAllClasses getClass getAllCourses getCourse getAllDemographics
			getDemographics getAllEnrollments getEnrollment getAllGradingPeriods getGradingPeriod getAllOrgs getOrg getAllSchools getSchool
			getAllStudents getStudent getAllTeachers getTeacher getAllTerms getTerm getAllUsers getUser getClassesForCourse getClassesForSchool
			getClassesForStudent getClassesForTeacher getClassesForTerm getClassesForUser getCoursesForSchool getEnrollmentsForClassInSchool
			getEnrollmentsForSchool getGradingPeriodsForTerm getStudentsForClass getStudentsForClassInSchool getStudentsForSchool
			getTeachersForClass getTeachersForClassInSchool getTeachersForSchool getTermsForSchool`)
		if len(names) != 41 || strings.Count(body, `"operationId"`) != 41 {
			t.Fatalf("%d names", len(names))
		}
		for _, name := range names {
			if strings.Count(body, `"operationId":"`+name+`"`) != 1 {
				t.Errorf("%s is not described once", name)
			}
		}
	})
}

// Nothing that tells who somebody is leaves without an undertaking; with one, what
// it names does, and no number ever.
func TestEveryByteThatLeaves(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.decides(`["pseudonym","grade","full_name","email","birth_date","family_contact"]`)
		w.refresh()
		walk := func() {
			token := w.token()
			for path := range w.all41() {
				for _, at := range []string{v12, v11} {
					if a := w.get(token, at+path); a.status == http.StatusTooManyRequests {
						t.Fatal("the walk was cut short")
					}
					w.get(token, at+path+"?sort=familyName&orderBy=desc&fields=familyName,givenName,email,sourcedId")
				}
			}
		}
		walk()
		left := strings.ToLower(w.seen.String())
		for _, secret := range []string{"tamarin", "outarde", "7700", "adresse-", "eleves.example", "source-", "src-", "p10", "p13", w.secret} {
			if strings.Contains(left, strings.ToLower(secret)) {
				t.Errorf("%q left without an undertaking", secret)
			}
		}
		if !strings.Contains(left, `"givenname":"élève"`) || !strings.Contains(left, `"givenname":"personnel enseignant"`) {
			t.Error("nothing stands where a name is required")
		}
		w.undertakes(`["given_name","family_name","email"]`)
		w.refresh()
		w.seen.Reset()
		walk()
		left = w.seen.String()
		for _, shown := range []string{"Tamarinp10", "Outardep13", "adresse-p10@eleves.example"} {
			if !strings.Contains(left, shown) {
				t.Errorf("%q does not leave under its undertaking", shown)
			}
		}
		for _, secret := range []string{"7700", "source-", "p20", "Outardep20", "src-"} {
			if strings.Contains(left, secret) {
				t.Errorf("%q left", secret)
			}
		}
	})
}
