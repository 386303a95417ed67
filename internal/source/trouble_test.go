package source_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/roster"
	"aval/internal/roster/generate"
	"aval/internal/source"
	"aval/internal/source/sourcetest"
	"aval/internal/vault"
)

func always(status int) func(http.ResponseWriter, *http.Request, string, int) bool {
	return func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"imsx_description":"Kim Tremblay"}`))
		return true
	}
}

// What stays wrong fails with its own code, a sentence in both languages, nothing
// imported, and nothing said of what was read.
func TestATroubleThatStaysIsSaidByItsCode(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("our token went elsewhere") }))
	t.Cleanup(elsewhere.Close)
	unknown := httptest.NewTLSServer(http.NotFoundHandler()) // its certificate is nobody's
	t.Cleanup(unknown.Close)
	type spoil struct {
		manners sourcetest.Manners
		terms   func(*source.Terms)
		limits  source.Limits
		shut    bool // to private addresses
		empty   bool
	}
	for code, s := range map[string]spoil{
		"token_refused":       {terms: func(t *source.Terms) { t.Secret = "another" }},
		"not_found":           {manners: sourcetest.Manners{Without: []string{"users"}}},
		"forbidden":           {manners: sourcetest.Manners{Before: always(http.StatusForbidden)}},
		"unauthorised":        {manners: sourcetest.Manners{Before: always(http.StatusUnauthorized)}},
		"server_error":        {manners: sourcetest.Manners{Before: always(http.StatusInternalServerError)}},
		"busy":                {manners: sourcetest.Manners{Before: always(http.StatusTooManyRequests)}},
		"request_refused":     {manners: sourcetest.Manners{Before: always(http.StatusBadRequest)}},
		"paging_stands_still": {manners: sourcetest.Manners{NoLink: true, Before: same}},
		"too_many_records":    {limits: source.Limits{Records: 50}},
		"page_too_large":      {limits: source.Limits{Page: 500}},
		"too_long":            {limits: source.Limits{Pull: time.Nanosecond}},
		"nothing":             {empty: true},
		"unreadable":          {manners: sourcetest.Manners{Before: says(`<html>Kim Tremblay</html>`)}},
		"cut":                 {manners: sourcetest.Manners{Before: says(`{"orgs":[{"sourcedId":"Kim`)}},
		"failure":             {manners: sourcetest.Manners{Before: says(`{"imsx_codeMajor":"failure","imsx_description":"Kim Tremblay"}`)}},
		"unreachable":         {terms: func(t *source.Terms) { t.TokenURL = "http://127.0.0.1:1/token" }},
		"private_address":     {shut: true},
		"tls":                 {terms: func(t *source.Terms) { t.TokenURL = unknown.URL }},
		"redirected": {manners: sourcetest.Manners{Before: func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		}}},
	} {
		t.Run(code, func(t *testing.T) {
			h := open(t, dbtest.Open(t, db.SQLite))
			h.Limits = s.limits
			server := serve(t, s.manners)
			if s.empty {
				server.Put("users", nil)
			}
			of := terms(server)
			if s.terms != nil {
				s.terms(&of)
			}
			made, err := h.Add(t.Context(), h.it, of)
			if err != nil {
				t.Fatal(err)
			}
			h.Open = !s.shut
			p := h.pull(made.ID, false)
			if p.State != source.Failed || p.Trouble != code {
				t.Fatalf("it is %s for %q at %s: %v", p.State, p.Trouble, p.TroubleAt, p.Counts)
			}
			for _, lang := range i18n.Languages {
				if said := i18n.For(lang).T(p.Reason()); !strings.HasSuffix(said, ".") || said == p.Reason() {
					t.Errorf("%s has no sentence in %s: %q", code, lang, said)
				}
			}
			if h.count(people) != 0 || h.count(oddly) != 1 {
				t.Errorf("%d people came, %d exceptions", h.count(people), h.count(oddly))
			}
			if n := h.count(`SELECT count(*) FROM roster_pull WHERE board_id = $1 AND (counts LIKE '%Tremblay%' OR trouble LIKE '%Tremblay%')`); n != 0 {
				t.Error("what was read is kept in words")
			}
		})
	}
}

func says(text string) func(http.ResponseWriter, *http.Request, string, int) bool {
	return func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
		_, _ = w.Write([]byte(text))
		return true
	}
}

// same gives the same full page for ever.
func same(w http.ResponseWriter, _ *http.Request, collection string, _ int) bool {
	w.Header().Set("X-Total-Count", "5000")
	_, _ = w.Write([]byte(`{"` + collection + `":[{"sourcedId":"x","status":"active"}]}`))
	return true
}

// A pull that failed goes on from its last page: what came before is not asked again.
func TestAPullGoesOnFromItsLastPage(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		s := serve(t, sourcetest.Manners{Most: 50})
		id := h.add(s)
		s.Behave(sourcetest.Manners{Most: 50, Before: func(w http.ResponseWriter, r *http.Request, collection string, n int) bool {
			return collection == "users" && n > 2 && always(http.StatusBadGateway)(w, r, collection, n)
		}})
		p := h.pull(id, false)
		if p.State != source.Failed || p.Trouble != "server_error" || h.count(pages) == 0 {
			t.Fatalf("it is %s for %s, %d pages stay", p.State, p.Trouble, h.count(pages))
		}
		before := s.Asked()
		s.Behave(sourcetest.Manners{Most: 50})
		again := h.done(id, false)
		if again.ID != p.ID {
			t.Error("it is another pull")
		}
		after := s.Asked()
		for _, asked := range after {
			if slices.Contains(before, asked) || strings.HasPrefix(asked, "orgs?") {
				t.Errorf("%s is asked again", asked)
			}
		}
		if len(after) == 0 || h.count(pages) != 0 || h.count(oddly) != 0 {
			t.Errorf("%d pages asked, %d stay, %d exceptions", len(after), h.count(pages), h.count(oddly))
		}
	})
}

// A program that dies in the middle leaves its pages; another goes on, also after
// the keys were replaced.
func TestARestartGoesOnUnderNewKeys(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		s := serve(t, sourcetest.Manners{Most: 50})
		id := h.add(s)
		s.Hold("users", 3)
		ctx, die := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := h.Pull(ctx, h.it, id, false)
			ended <- err
		}()
		s.Held(t)
		die()
		if err := <-ended; err == nil {
			t.Fatal("it ended well")
		}
		asked := s.Asked()
		s.Let()
		if h.count(pages) == 0 {
			t.Fatal("no page stays")
		}
		keys := &vault.Service{Vault: h.Vault, DB: h.db, Rows: source.Sealed()}
		it := h.it
		it.Grants[0].Role = "operator"
		if err := keys.Rotate(t.Context(), it); err != nil {
			t.Fatal(err)
		}
		if err := keys.Reseal(t.Context(), h.board, h.board); err != nil {
			t.Fatal(err)
		}
		if st, err := keys.Status(t.Context(), it); err != nil || len(st.Keys) != 1 {
			t.Fatalf("the older keys stay: %+v, %v", st, err)
		}
		h.done(id, false)
		for _, again := range s.Asked() {
			if slices.Contains(asked, again) {
				t.Errorf("%s is asked again", again)
			}
		}
	})
}

// What changed since is asked for, and comes: a person renamed, one gone, a role
// lost, and not those who are absent from the answer.
func TestADeltaBringsWhatChanged(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		s := serve(t, sourcetest.Manners{Most: 100})
		id := h.add(s)
		h.done(id, false)
		before := h.count(people)
		roles := h.count(`SELECT count(*) FROM person_role WHERE board_id = $1`)
		s.Asked()
		done := 0
		s.Change("users", func(o sourcetest.Object) bool {
			of := o["roles"].([]sourcetest.Object)
			switch {
			case done == 0 && of[0]["role"] == "student":
				o["familyName"] = "Nouveaunom"
			case done == 1 && of[0]["role"] == "student":
				o["status"] = "tobedeleted"
			case done == 2 && of[0]["role"] == "teacher":
				o["roles"] = append(slices.Clone(of), sourcetest.Object{"roleType": "secondary", "role": "aide", "org": of[0]["org"]})
			default:
				return false
			}
			done++
			return true
		})
		p := h.done(id, false)
		if p.Whole || p.Counts.Records["users"] != 3 || p.Counts.Defects != 0 {
			t.Fatalf("whole %t: %v", p.Whole, p.Counts)
		}
		filtered := func(a string) bool { return strings.Contains(a, "filter=dateLastModified%3E%3D") }
		for _, asked := range s.Asked() {
			if filtered(asked) == (strings.HasPrefix(asked, "orgs?") || strings.HasPrefix(asked, "academicSessions?")) {
				t.Errorf("asked %s", asked)
			}
		}
		if is := h.count(people); is != before-1 {
			t.Errorf("%d people, not %d", is, before-1)
		}
		if n := h.count(`SELECT count(*) FROM person WHERE board_id = $1 AND family_name = 'Nouveaunom'`); n != 1 {
			t.Errorf("%d are renamed", n)
		}
		if is := h.count(`SELECT count(*) FROM person_role WHERE board_id = $1`); is != roles { // one more, and that of who is gone
			t.Errorf("%d roles, not %d", is, roles)
		}
		s.Change("users", func(o sourcetest.Object) bool {
			of := o["roles"].([]sourcetest.Object)
			o["roles"] = of[:1]
			return len(of) > 1 && of[1]["role"] == "aide"
		})
		h.done(id, false)
		if is := h.count(`SELECT count(*) FROM person_role WHERE board_id = $1`); is != roles-1 {
			t.Errorf("%d roles, not %d: the lost one stays", is, roles)
		}
	})
}

// A service that does not tell what changed is fetched whole, and not asked again.
func TestAServiceWithoutFiltersIsFetchedWhole(t *testing.T) {
	h := open(t, dbtest.Open(t, db.SQLite))
	s := serve(t, sourcetest.Manners{NoFilter: true, Most: 100})
	id := h.add(s)
	h.done(id, false)
	p := h.done(id, false)
	if !p.Whole || p.Counts.Warnings["changes_refused"] != 1 {
		t.Errorf("whole %t: %v", p.Whole, p.Counts)
	}
	s.Asked()
	h.done(id, false)
	for _, asked := range s.Asked() {
		if strings.Contains(asked, "filter=") {
			t.Errorf("asked %s", asked)
		}
	}
}

// Too many pupils gone wait for a person, who imports all the same or sets aside.
func TestAMassDeletionWaitsForAPerson(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		s := serve(t, sourcetest.Manners{})
		id := h.add(s)
		h.done(id, false)
		before := h.count(people)
		half := generate.Board(7, generate.Options{Pupils: 120})
		s.Fill(half)
		s.Change("users", func(o sourcetest.Object) bool {
			if of := o["roles"].([]sourcetest.Object); of[0]["role"] == "student" {
				o["status"] = "tobedeleted"
			}
			return false
		})
		gone := 0
		s.Change("users", func(o sourcetest.Object) bool {
			if of := o["roles"].([]sourcetest.Object); of[0]["role"] != "student" || gone >= 60 {
				return false
			}
			gone++
			o["status"] = "tobedeleted"
			return true
		})
		p := h.pull(id, true)
		if p.State != source.Held || p.Counts.Left != 60 || h.count(oddly) != 1 || h.count(people) != before {
			t.Fatalf("it is %s for %s, %d would leave, %d people", p.State, p.Trouble, p.Counts.Left, h.count(people))
		}
		if _, err := h.Start(t.Context(), h.it, id, false); !fault.Is(err, fault.Conflict) {
			t.Errorf("another begins: %v", err)
		}
		shown := h.previewed(p, true)
		if shown.State != roster.Previewed || !shown.Stops || shown.Preview.Pupils.Left != 60 {
			t.Errorf("its preview: %+v", shown)
		}
		if err := h.Drop(t.Context(), h.it, id, p.ID); err != nil {
			t.Fatal(err)
		}
		if shown = h.previewed(p, false); shown.State != roster.Cancelled {
			t.Errorf("the preview of what was set aside is %s", shown.State)
		}
		if err := h.Accept(t.Context(), h.it, id, p.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("what was set aside is accepted: %v", err)
		}
		if h.count(pages) != 0 || h.count(people) != before {
			t.Errorf("%d pages, %d people", h.count(pages), h.count(people))
		}
		p = h.pull(id, true)
		if err := h.Accept(t.Context(), h.it, id, p.ID); err != nil {
			t.Fatal(err)
		}
		if err := h.Bring(t.Context(), h.it, p.ID); err != nil {
			t.Fatal(err)
		}
		if is := h.count(people); is != before-60 || h.count(pages) != 0 || h.count(oddly) != 0 {
			t.Errorf("%d people, not %d; %d pages, %d exceptions", is, before-60, h.count(pages), h.count(oddly))
		}
	})
}

// previewed is the import that shows what a fetch would do, whose job is done first or not.
func (h house) previewed(p source.Pull, work bool) roster.Progress {
	h.t.Helper()
	if work {
		if err := h.Rosters.Work(h.t.Context(), h.board, p.Counts.Preview); err != nil {
			h.t.Fatal(err)
		}
	}
	is, err := h.Rosters.Progress(h.t.Context(), h.it, roster.ImportID(p.Counts.Preview))
	if err != nil {
		h.t.Fatal(err)
	}
	return is
}

// What a person has imported from the preview of a fetch ends the fetch: the next begins.
func TestAFetchIsOverWhenItsPreviewIsImported(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		s := serve(t, sourcetest.Manners{})
		s.Fill(generate.Board(7, generate.Options{Pupils: 120}))
		id := h.add(s)
		h.done(id, true)
		gone := 0
		s.Change("users", func(o sourcetest.Object) bool {
			if of := o["roles"].([]sourcetest.Object); of[0]["role"] != "student" || gone >= 60 {
				return false
			}
			gone++
			o["status"] = "tobedeleted"
			return true
		})
		p := h.pull(id, true)
		h.previewed(p, true)
		preview := roster.ImportID(p.Counts.Preview)
		if err := h.Imported(t.Context(), h.it, "another"); err != nil {
			t.Fatal(err)
		}
		if err := h.Imported(t.Context(), h.it, preview); err != nil || h.count(oddly) != 1 {
			t.Fatalf("before a person said so: %v, %d exceptions", err, h.count(oddly))
		}
		if err := h.Rosters.Confirm(t.Context(), h.it, preview, roster.RetireMost); err != nil {
			t.Fatal(err)
		}
		if is := h.previewed(p, true); is.State != roster.Finished {
			t.Fatalf("confirmed, it is %s", is.State)
		}
		for range 2 {
			if err := h.Imported(t.Context(), h.it, preview); err != nil {
				t.Fatal(err)
			}
		}
		if h.count(oddly) != 0 || h.count(pages) != 0 {
			t.Errorf("%d exceptions, %d pages", h.count(oddly), h.count(pages))
		}
		h.done(id, false)
	})
}

// The scopes that are asked for open the roster alone.
func TestDemographicsAreNeverAskedFor(t *testing.T) {
	for _, edition := range []string{"1.1", "1.2"} {
		h := open(t, dbtest.Open(t, db.SQLite))
		s := serve(t, sourcetest.Manners{Edition: edition})
		h.done(h.add(s), false)
		_, scopes := s.Tokens()
		at := map[string]string{"1.1": "v1p1", "1.2": "v1p2"}[edition]
		if want := []string{"https://purl.imsglobal.org/spec/or/" + at + "/scope/roster.readonly"}; !slices.Equal(scopes, want) {
			t.Errorf("%s: %v", edition, scopes)
		}
		for _, asked := range s.Asked() {
			if strings.HasPrefix(asked, "demographics") {
				t.Errorf("asked %s", asked)
			}
		}
	}
}

// A source that asks us to stay away is left alone until then.
func TestABusySourceIsLeftAlone(t *testing.T) {
	h := open(t, dbtest.Open(t, db.SQLite))
	s := serve(t, sourcetest.Manners{Before: func(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}})
	id := h.add(s)
	p, err := h.Start(t.Context(), h.it, id, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Work(t.Context(), h.it, p.ID); err != nil {
		t.Fatal(err)
	}
	v, err := h.View(t.Context(), h.it, id)
	if err != nil {
		t.Fatal(err)
	}
	if last := v.Pulls[0]; last.State != source.Fetching || time.Until(last.AgainAt) < 9*time.Minute || last.Trouble != "busy" {
		t.Errorf("it is %s for %s, again at %s", last.State, last.Trouble, last.AgainAt)
	}
	if n := h.count(`SELECT count(*) FROM river_job WHERE kind = 'source.pull' AND state = 'scheduled' AND $1 <> ''`); n != 1 {
		t.Errorf("%d jobs wait", n)
	}
	if err := h.Remove(t.Context(), h.it, id); err != nil {
		t.Fatal(err)
	}
	if err := h.Work(t.Context(), h.it, p.ID); err != nil {
		t.Errorf("the job of a source that is gone: %v", err)
	}
}
