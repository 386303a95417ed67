// Package sourcetest is a OneRoster service on this machine, of version 1.1 or
// 1.2, with the manners that such services really have, for tests of what fetches
// from one.
package sourcetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"aval/internal/roster/generate"
)

// What opens the service. Both have signs that must be percent-encoded.
const (
	ClientID = "aval:pan"
	Secret   = "s%3A p/ë+1" //nolint:gosec // invented
)

// Object is one record of a collection.
type Object = map[string]any

// Manners are how the service behaves.
type Manners struct {
	Edition    string // 1.2 when empty
	Most       int    // largest page it gives; 0 for what is asked
	NoLink     bool   // no Link header: by offset alone
	NoTotal    bool
	Total      int           // X-Total-Count is that far from the truth
	LinkHost   string        // host that Link names, when it is not its own
	LinkLess   bool          // the last page but one says nothing of the next
	InBody     bool          // the client's secret is taken in the body alone
	CoreScope  bool          // knows the narrower scope alone
	TokenLives int           // requests that a token opens; 0 for any
	NoSort     bool          // refuses sort
	NoFilter   bool          // refuses filter
	NoOffset   bool          // gives everything each time
	Without    []string      // collections that it does not have
	Twice      bool          // each page begins with the last record of the one before (with links)
	Bare       bool          // 1.1 as some write it: true for "true", null for nothing, one value for a list
	Slow       time.Duration // before each page

	// Before, if any, may answer in its place: true when it did. n counts the
	// requests for the collection, from one.
	Before func(w http.ResponseWriter, r *http.Request, collection string, n int) bool
}

// Server is a running service.
type Server struct {
	BaseURL  string
	TokenURL string

	mu      sync.Mutex
	manners Manners
	objects map[string][]Object
	asked   []string // collection?query of each page that was given
	times   map[string]int
	tokens  int // given
	left    map[string]int
	scopes  []string // asked for
	held    chan struct{}
	holding string
	came    chan struct{}
}

// Serve runs a service until the test ends.
func Serve(t testing.TB, m Manners) *Server {
	t.Helper()
	s := &Server{manners: m, objects: map[string][]Object{}, times: map[string]int{}, left: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.BaseURL, s.TokenURL = server.URL+"/ims/oneroster/rostering/v1p2", server.URL+"/token"
	if m.Edition == "1.1" {
		s.BaseURL = server.URL + "/ims/oneroster/v1p1"
	}
	return s
}

// Behave gives it other manners.
func (s *Server) Behave(m Manners) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Edition = s.manners.Edition
	s.manners, s.times = m, map[string]int{}
}

// Hold keeps the next request for a page of the collection, from the nth, waiting
// until Let; Held answers once it came.
func (s *Server) Hold(collection string, nth int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held, s.came, s.holding = make(chan struct{}), make(chan struct{}), fmt.Sprintf("%s %d", collection, s.times[collection]+nth)
}

// Held waits until a request is kept waiting.
func (s *Server) Held(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	came := s.came
	s.mu.Unlock()
	select {
	case <-came:
	case <-time.After(time.Minute):
		t.Fatal("sourcetest: nobody asked")
	}
}

// Let answers again.
func (s *Server) Let() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil {
		close(s.held)
		s.held, s.holding = nil, ""
	}
}

// Asked are the pages that were given since the last time, as collection?query.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// Tokens is how many tokens were given, and Scopes what they were asked for.
func (s *Server) Tokens() (n int, scopes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens, slices.Clone(s.scopes)
}

// Put gives a collection other records.
func (s *Server) Put(collection string, list []Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[collection] = list
}

// Change lets f change a copy of each record of a collection, dated now where it
// answers true.
func (s *Server) Change(collection string, f func(Object) bool) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, o := range s.objects[collection] {
		same := Object{}
		for k, v := range o {
			same[k] = v
		}
		if f(same) {
			same["dateLastModified"] = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
			s.objects[collection][i] = same
			n++
		}
	}
	return n
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" {
		s.token(w, r)
		return
	}
	collection := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	s.mu.Lock()
	s.times[collection]++
	n, m := s.times[collection], s.manners
	held, came := s.held, s.came
	if held != nil && s.holding != fmt.Sprintf("%s %d", collection, n) {
		held = nil
	}
	s.mu.Unlock()
	if held != nil {
		close(came)
		select {
		case <-held:
		case <-r.Context().Done():
			return
		}
	}
	time.Sleep(m.Slow)
	if m.Before != nil && m.Before(w, r, collection, n) {
		return
	}
	if !s.opens(r) {
		s.refuse(w, http.StatusUnauthorized, "unauthorisedrequest")
		return
	}
	s.page(w, r, collection, m)
}

// opens tells whether the token opens, and wears it.
func (s *Server) opens(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	defer s.mu.Unlock()
	left, known := s.left[token]
	if !ok || !known || left == 0 {
		return false
	}
	s.left[token]--
	return true
}

// refuse writes the error payload of the version.
func (s *Server) refuse(w http.ResponseWriter, status int, token string) {
	if s.manners.Edition == "1.1" {
		token = map[string]string{"unauthorisedrequest": "unauthorized", "unknownobject": "unknown object", "server_busy": "server busy"}[token]
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Object{"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": "the secret name of a pupil",
		"imsx_CodeMinor": Object{"imsx_codeMinorField": []Object{{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": token}}}})
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = r.ParseForm()
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		if s.manners.InBody {
			s.deny(w, http.StatusUnauthorized, "invalid_client")
			return
		}
		id, _ = url.QueryUnescape(user) // RFC 6749 2.3.1
		secret, _ = url.QueryUnescape(password)
	}
	scope := r.PostForm.Get("scope")
	s.scopes = append(s.scopes, scope)
	switch {
	case r.PostForm.Get("grant_type") != "client_credentials":
		s.deny(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	case id != ClientID || secret != Secret:
		s.deny(w, http.StatusUnauthorized, "invalid_client")
		return
	case s.manners.CoreScope && !strings.HasSuffix(scope, "roster-core.readonly"):
		s.deny(w, http.StatusBadRequest, "invalid_scope")
		return
	}
	s.tokens++
	token := "token-" + strconv.Itoa(s.tokens)
	s.left[token] = -1
	if s.manners.TokenLives > 0 {
		s.left[token] = s.manners.TokenLives
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Object{"access_token": token, "token_type": "bearer", "expires_in": 3600})
}

func (s *Server) deny(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Object{"error": code, "error_description": "the secret is " + Secret})
}

// page gives a part of a collection.
func (s *Server) page(w http.ResponseWriter, r *http.Request, collection string, m Manners) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, ok := s.objects[collection]
	q := r.URL.Query()
	switch {
	case !ok || slices.Contains(m.Without, collection):
		s.refuse(w, http.StatusNotFound, "unknownobject")
		return
	case m.NoSort && q.Has("sort"), m.NoFilter && q.Has("filter"):
		s.refuse(w, http.StatusBadRequest, "invalid_filter_field")
		return
	}
	list = since(list, q.Get("filter"))
	limit, _ := strconv.Atoi(q.Get("limit"))
	offset, _ := strconv.Atoi(q.Get("offset"))
	if limit < 1 {
		limit = 100
	}
	if m.Most > 0 {
		limit = min(limit, m.Most)
	}
	if m.NoOffset {
		offset, limit = 0, len(list)
	}
	total := len(list)
	from, to := min(offset, total), min(offset+limit, total)
	part := slices.Clone(list[from:to])
	if m.Twice && from > 0 && len(part) > 0 {
		part = append([]Object{list[from-1]}, part...)
	}
	s.asked = append(s.asked, collection+"?"+r.URL.RawQuery)
	if !m.NoTotal {
		w.Header().Set("X-Total-Count", strconv.Itoa(total+m.Total))
	}
	if !m.NoLink {
		w.Header().Set("Link", link(r, m, limit, to, total))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Object{collection: part})
}

func link(r *http.Request, m Manners, limit, to, total int) string {
	at := func(offset int, rel string) string {
		q := r.URL.Query()
		q.Set("limit", strconv.Itoa(limit))
		q.Set("offset", strconv.Itoa(offset))
		host := r.Host
		if m.LinkHost != "" {
			host = m.LinkHost
		}
		return fmt.Sprintf(`<http://%s%s?%s>; rel="%s"; title="a, b"`, host, r.URL.Path, q.Encode(), rel)
	}
	links := []string{at(0, "first")}
	if to < total && (!m.LinkLess || to+limit < total) {
		links = append(links, at(to, "next"))
	}
	return strings.Join(links, ", ")
}

func since(list []Object, filter string) []Object {
	at, ok := strings.CutPrefix(filter, "dateLastModified>='")
	if !ok {
		return list
	}
	at = strings.TrimSuffix(at, "'")
	return slices.DeleteFunc(slices.Clone(list), func(o Object) bool { return fmt.Sprint(o["dateLastModified"]) < at })
}

// Fill gives the service the records of a generated set, dated two days ago.
func (s *Server) Fill(set generate.Set) {
	dated := time.Now().Add(-48 * time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	roles := map[string][]Object{}
	orgs := map[string]string{}
	for _, o := range lines(set, "orgs") {
		orgs[o["sourcedId"]] = o["type"]
	}
	for _, l := range lines(set, "roles") {
		roles[l["userSourcedId"]] = append(roles[l["userSourcedId"]], Object{"roleType": l["roleType"], "role": l["role"],
			"org": ref(l["orgSourcedId"], "org")})
	}
	for _, collection := range []string{"orgs", "academicSessions", "courses", "classes", "users", "enrollments"} {
		var list []Object
		for _, l := range lines(set, collection) {
			o := Object{"sourcedId": l["sourcedId"], "status": "active", "dateLastModified": dated}
			fill(o, l)
			if collection == "users" {
				o["roles"] = roles[l["sourcedId"]]
			}
			if s.manners.Edition == "1.1" {
				s.older(o, collection)
			}
			list = append(list, o)
		}
		s.Put(collection, list)
	}
}

// lines are the rows of a file by their columns.
func lines(set generate.Set, file string) (all []map[string]string) {
	for _, f := range set.Files {
		if f.Name != file {
			continue
		}
		for _, row := range f.Rows {
			l := map[string]string{}
			for i, column := range f.Columns {
				l[column] = row[i]
			}
			all = append(all, l)
		}
	}
	return all
}

// fill writes the cells of a line as version 1.2 names them over REST.
func fill(o Object, l map[string]string) {
	for column, value := range l {
		if value == "" || column == "sourcedId" || column == "status" || column == "dateLastModified" {
			continue
		}
		name, meta := strings.CutPrefix(column, "metadata.")
		switch {
		case meta:
			kept, _ := o["metadata"].(Object)
			if kept == nil {
				kept = Object{}
			}
			kept[name] = value
			o["metadata"] = kept
		case column == "grades" || column == "subjects" || column == "subjectCodes" || column == "periods":
			o[column] = strings.Split(value, ",")
		case column == "termSourcedIds":
			var terms []Object
			for id := range strings.SplitSeq(value, ",") {
				terms = append(terms, ref(id, "academicSession"))
			}
			o["terms"] = terms
		case strings.HasSuffix(column, "SourcedId"):
			name := strings.TrimSuffix(column, "SourcedId")
			o[name] = ref(value, name)
		case column == "password" || column == "userIds":
		default:
			o[column] = value
		}
	}
}

func ref(id, kind string) Object {
	return Object{"sourcedId": id, "type": kind, "href": "https://roster.example/" + kind + "/" + id}
}

// older writes a record as version 1.1 does, or as some do.
func (s *Server) older(o Object, collection string) {
	if collection == "users" {
		roles, _ := o["roles"].([]Object)
		delete(o, "roles")
		var orgs []Object
		for _, r := range roles {
			o["role"] = r["role"]
			switch r["role"] {
			case "principal", "districtAdministrator", "siteAdministrator", "systemAdministrator":
				o["role"] = "administrator"
			case "counselor":
				o["role"] = "aide"
			}
			orgs = append(orgs, r["org"].(Object))
		}
		o["orgs"] = orgs
		o["enabledUser"] = true
	}
	if !s.manners.Bare {
		return
	}
	o["status"], o["metadata"] = nil, nil
	if grades, ok := o["grades"].([]string); ok && len(grades) == 1 {
		o["grades"] = grades[0]
	}
	if primary, ok := o["primary"].(string); ok {
		o["primary"] = primary == "true"
	}
	if school, ok := o["school"].(Object); ok {
		o["school"] = []Object{school} // a list where one is meant
	}
	if year, ok := o["schoolYear"].(string); ok {
		n, _ := strconv.Atoi(year)
		o["schoolYear"] = n
	}
}
