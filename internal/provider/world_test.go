package provider_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aval/internal/birth"
	"aval/internal/catalogue"
	"aval/internal/credential"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/disclosure"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/provider"
	"aval/internal/pseudonym"
	"aval/internal/seal"
	"aval/internal/vault"
)

// world is a board with two schools of three pupils and a teacher each, a platform
// with a licence for the first school, and that licence's credential.
type world struct {
	*db.DB
	t           *testing.T
	board       string
	now         time.Time
	platform    catalogue.ID
	licence     licence.ID
	credentials *credential.Service
	id, secret  string
	url         string
	names       *pseudonym.Names
	seen        *strings.Builder // every byte that left
}

const base = "https://aval.example"

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, open(t, d)) })
}

func open(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{DB: d, t: t, board: dbtest.Board(t, d), now: time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC), licence: "l1", seen: &strings.Builder{}}
	d.Clock = func() time.Time { return w.now }
	master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
	w.must(err)
	w.names = &pseudonym.Names{Vault: vault.New(master)}
	w.write(func(ctx context.Context, tx *db.Tx) error { return w.furnish(ctx, tx) })
	w.decides(`["pseudonym","grade","birth_date"]`)
	w.credentials = &credential.Service{DB: d}
	s := httptest.NewServer((&provider.Server{DB: d, Credentials: w.credentials, Names: w.names, BaseURL: base, PerSecond: 1e6}).Handler())
	t.Cleanup(s.Close)
	w.url = s.URL
	w.bear(birth.Row{SourceID: "source-p10", Day: "2016-05-06"}, birth.Row{SourceID: "source-p11", Day: "2016-07-08"},
		birth.Row{SourceID: "source-p20", Day: "2013-09-10"})
	w.refresh()
	c, secret, err := w.credentials.Make(t.Context(), w.hand(), w.licence)
	w.must(err)
	w.id, w.secret = c.ID, secret
	return w
}

func (w *world) furnish(ctx context.Context, tx *db.Tx) error {
	orgs := []org.Org{{ID: "b", SourceID: "b", Kind: org.Board, Name: "Conseil des Aulnes", Sector: org.Youth, Status: org.Active}}
	var people []person.Person
	var posts []person.Post
	var classes []person.Class
	var seats []person.Enrollment
	for s := 1; s <= 2; s++ {
		school, class := fmt.Sprintf("s%d", s), fmt.Sprintf("c%d", s)
		orgs = append(orgs, org.Org{ID: school, SourceID: "src-" + school, Kind: org.School, Name: "École " + school, ParentID: "b", Sector: org.Youth, Status: org.Active})
		classes = append(classes, person.Class{ID: class, SourceID: class, SchoolID: school, CourseID: "k", Title: "Groupe 40" + school, Grade: "04",
			Kind: "scheduled", Status: person.Active})
		for i := range 4 {
			id, kind, role := fmt.Sprintf("p%d%d", s, i), person.Student, person.Pupil
			if i == 3 {
				kind, role = person.Staff, person.Teacher
			}
			people = append(people, person.Person{ID: id, SourceID: "source-" + id, Kind: kind, GivenName: "Tamarin" + id, FamilyName: "Outarde" + id,
				Email: "adresse-" + id + "@eleves.example", Number: "7700" + id, Grade: "04", Status: person.Active})
			posts = append(posts, person.Post{PersonID: id, OrgID: school, Role: role})
			seats = append(seats, person.Enrollment{ID: "e-" + id, ClassID: class, PersonID: id, Role: role, Main: role == person.Teacher, Status: person.Active})
		}
	}
	for _, err := range []error{org.SaveAll(ctx, tx, orgs), w.plain(ctx, tx), person.SaveAll(ctx, tx, people), person.SavePosts(ctx, tx, posts),
		person.SaveClasses(ctx, tx, classes), person.SaveEnrollments(ctx, tx, seats)} {
		if err != nil {
			return err
		}
	}
	p, err := catalogue.Add(ctx, tx, w.hand(), catalogue.Draft{Name: "Tabulou", Functions: []string{"mathematics"}})
	w.platform = p.ID
	if err != nil {
		return err
	}
	for i, school := range []string{"s1", "s2"} {
		if _, err := tx.Exec(ctx, `INSERT INTO licence (board_id, id, platform_id, scope, org_id, payer, starts_on, ends_on, recorded_by, created_at)
			VALUES ($1, $2, $3, 'school', $4, $4, '2026-08-31', '2027-06-30', 'someone', $5)`,
			tx.Board, fmt.Sprintf("l%d", i+1), string(p.ID), school, tx.Now); err != nil {
			return err
		}
	}
	return nil
}

// plain are the course and the sessions.
func (w *world) plain(ctx context.Context, tx *db.Tx) error {
	if _, err := tx.Exec(ctx, `INSERT INTO course (board_id, id, source_id, org_id, title, code) VALUES ($1, 'k', 'k', 'b', 'Mathématique 4', '')`, tx.Board); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO academic_session (board_id, id, source_id, title, kind, start_date, end_date, school_year, parent_id) VALUES
		($1, 'y', 'y', '2026-2027', 'schoolYear', '2026-08-31', '2027-07-01', '2027', ''),
		($1, 't', 't', 'Étape 1', 'term', '2026-08-31', '2026-11-15', '2027', 'y'),
		($1, 'g', 'g', 'Bulletin 1', 'gradingPeriod', '2026-08-31', '2026-10-15', '2027', 't')`, tx.Board)
	return err
}

// bear tells when some pupils were born.
func (w *world) bear(rows ...birth.Row) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		return (&birth.Register{Vault: w.names.Vault}).Begin(nil).Keep(ctx, tx, rows)
	})
}

func (w *world) hand() policy.Actor {
	pack, err := policy.Shipped("csc-pan-2023")
	w.must(err)
	return policy.System(w.board, pack, "cli")
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(f func(context.Context, *db.Tx) error) {
	w.t.Helper()
	w.must(w.Write(w.t.Context(), w.board, f))
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, append([]any{tx.Board}, args...)...)
		return err
	})
}

func (w *world) refresh() {
	w.t.Helper()
	for _, id := range []licence.ID{"l1", "l2"} {
		w.must(disclosure.Refresh(w.t.Context(), w.DB, w.board, id))
	}
}

// decides approves the platform for some kinds of information.
func (w *world) decides(kinds string) {
	w.t.Helper()
	id, at := db.NewID(), w.now
	w.exec(`INSERT INTO account (board_id, id, login, name, created_at) VALUES ($1, $2, $2, 'x', $3)`, id, at)
	w.exec(`INSERT INTO request (board_id, id, number, platform_id, org_id, author_id, author_role, data_kinds, state, state_at, created_at)
		VALUES ($1, $2, $2, $3, 's1', $2, 'teacher', $4, 'decided', $5, $5)`, id, string(w.platform), kinds, at)
	w.exec(`INSERT INTO decision (board_id, id, request_id, platform_id, org_id, use_result, use_reasons, security_result, security_reasons, overall, decided_by, decided_at)
		VALUES ($1, $2, $2, $3, 's1', 'approved', 'x', 'approved', 'x', 'approved', $2, $4)`, id, string(w.platform), at)
	w.exec(`UPDATE platform SET status = 'approved', decision_id = $3, version = version + 1 WHERE board_id = $1 AND id = $2`, string(w.platform), id)
}

// undertakes records that some fields may leave.
func (w *world) undertakes(fields string) {
	w.t.Helper()
	w.exec(`INSERT INTO undertaking (board_id, id, platform_id, kind, text, fields, starts_on, ends_on, recorded_by, recorded_at)
		VALUES ($1, $2, $3, 'agreement', 'x', $4, '2026-09-01', '2027-06-30', 'someone', $5)`, db.NewID(), string(w.platform), fields, w.now)
}

// value is the pseudonym of a subject for a licence.
func (w *world) value(id licence.ID, kind disclosure.Kind, subject string) string {
	w.t.Helper()
	var values []string
	w.write(func(ctx context.Context, tx *db.Tx) (err error) {
		values, err = db.All(ctx, tx, func(r db.Row) (s string, err error) {
			err = r.Scan(&s)
			return s, err
		}, `SELECT value FROM disclosed WHERE board_id = $1 AND licence_id = $2 AND kind = $3 AND subject_id = $4`,
			tx.Board, string(id), string(kind), subject)
		return err
	})
	if len(values) != 1 {
		w.t.Fatalf("%s %s has %d pseudonyms", kind, subject, len(values))
	}
	return values[0]
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (w *world) send(r *http.Request) answer {
	w.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	w.must(err)
	body, err := io.ReadAll(resp.Body)
	w.must(err)
	w.must(resp.Body.Close())
	fmt.Fprintf(w.seen, "%v\n%s\n", resp.Header, body)
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func (a answer) minor() string {
	var p struct {
		Major string `json:"imsx_codeMajor"`
		Minor struct {
			Fields []struct {
				Name  string `json:"imsx_codeMinorFieldName"`
				Value string `json:"imsx_codeMinorFieldValue"`
			} `json:"imsx_codeMinorField"`
		} `json:"imsx_CodeMinor"`
	}
	if json.Unmarshal([]byte(a.body), &p) != nil || p.Major != "failure" || len(p.Minor.Fields) != 1 || p.Minor.Fields[0].Name != "TargetEndSystem" {
		return ""
	}
	return p.Minor.Fields[0].Value
}

// ask sends a form to the token address, with a Basic header unless id is empty.
func (w *world) ask(id, secret string, form url.Values) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+provider.Root+"token", strings.NewReader(form.Encode()))
	w.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(id+":"+secret)))
	}
	return w.send(r)
}

// token gets one for some scopes, for all without any.
func (w *world) token(scopes ...string) string {
	w.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	a := w.ask(w.id, w.secret, form)
	var got struct {
		Token string `json:"access_token"`
	}
	w.must(json.Unmarshal([]byte(a.body), &got))
	if got.Token == "" {
		w.t.Fatalf("no token: %d %s", a.status, a.body)
	}
	return got.Token
}

const (
	v12 = "/ims/oneroster/rostering/v1p2/"
	v11 = "/ims/oneroster/v1p1/"
)

func (w *world) get(token, address string) answer {
	w.t.Helper()
	if !strings.HasPrefix(address, "http") {
		address = w.url + address
	}
	address = strings.Replace(address, base, w.url, 1)
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, address, http.NoBody)
	w.must(err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return w.send(r)
}

// objects reads a collection or an object.
func (w *world) objects(a answer) []map[string]any {
	w.t.Helper()
	var body map[string]json.RawMessage
	w.must(json.Unmarshal([]byte(a.body), &body))
	for name, text := range body {
		if name == "statusInfoSet" {
			continue
		}
		var list []map[string]any
		if json.Unmarshal(text, &list) == nil {
			return list
		}
		one := map[string]any{}
		w.must(json.Unmarshal(text, &one))
		return []map[string]any{one}
	}
	return nil
}
