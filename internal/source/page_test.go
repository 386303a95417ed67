package source

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"aval/internal/i18n"
)

func TestPagesAreReadHoweverTheyAreWritten(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		ids  []string
		code string
		dirt []string
	}{
		"as the standard has it":         {body: `{"users":[{"sourcedId":"a"},{"sourcedId":"b"}]}`, ids: []string{"a", "b"}},
		"nobody":                         {body: `{"users":[]}`},
		"null":                           {body: `{"users":null}`, dirt: []string{"null_value"}},
		"a byte order mark":              {body: "\ufeff" + `{"users":[{"sourcedId":"a"}]}`, ids: []string{"a"}},
		"no envelope":                    {body: `[{"sourcedId":"a"}]`, ids: []string{"a"}, dirt: []string{"envelope_form"}},
		"an envelope of another name":    {body: `{"Users":[{"sourcedId":"a"}],"warnings":[]}`, ids: []string{"a"}, dirt: []string{"envelope_form"}},
		"an object for a list":           {body: `{"users":{"sourcedId":"a"}}`, ids: []string{"a"}, dirt: []string{"object_for_list"}},
		"an envelope each":               {body: `{"users":[{"user":{"sourcedId":"a"}}]}`, ids: []string{"a"}, dirt: []string{"envelope_form"}},
		"a number for an identifier":     {body: `{"users":[{"sourcedId":12}]}`, ids: []string{"12"}, dirt: []string{"number_for_text"}},
		"a record that is none":          {body: `{"users":[7,{"sourcedId":"a"}]}`, ids: []string{"a"}, dirt: []string{"record_form"}},
		"a failure":                      {body: `{"imsx_codeMajor":"failure"}`, code: failure},
		"a warning":                      {body: `{"imsx_codeMajor":"success","users":[{"sourcedId":"a"}]}`, ids: []string{"a"}},
		"two lists, neither of the name": {body: `{"a":[{}],"b":[{}]}`, code: unreadable},
		"text":                           {body: `hello`, code: unreadable},
		"nothing":                        {body: ``, code: unreadable},
		"cut":                            {body: `{"users":[{"sourcedId":"a"`, code: cut},
		"two texts":                      {body: `{"users":[]}{"users":[]}`, code: unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			d := dirt{}
			list, err := readPage("users", []byte(c.body), d)
			var why *trouble
			if code := ""; errors.As(err, &why) || err == nil {
				if why != nil {
					code = why.code
				}
				if code != c.code {
					t.Fatalf("refused with %q, not %q", code, c.code)
				}
			} else {
				t.Fatal(err)
			}
			var ids []string
			for _, r := range list {
				ids = append(ids, r.text("sourcedId"))
			}
			if !slices.Equal(ids, c.ids) {
				t.Errorf("read %v", ids)
			}
			for _, code := range c.dirt {
				if d[code] != 1 {
					t.Errorf("%s is not counted: %v", code, d)
				}
			}
			if len(d) != len(c.dirt) {
				t.Errorf("counted %v", d)
			}
		})
	}
}

// A user of version 1.1 becomes one of 1.2: a role in each organisation, names as
// CSV spells them, and nothing that aval does not keep.
func TestAUserOfVersion11BecomesOneOf12(t *testing.T) {
	d := dirt{}
	list, err := readPage("users", []byte(`{"users":[{"sourcedId":"u1","status":"inactive","dateLastModified":"2026-09-01T10:00:00-04:00",
		"enabledUser":true,"username":"kt","givenName":"Kim","familyName":"T","preferredFirstName":"K","role":"administrator",
		"orgs":[{"sourcedId":"s1"},{"sourcedId":"s2"}],"agents":[{"sourcedId":"p1"}],"grades":["04","05"],"phone":"514","sms":"514","password":"p"}]}`), d)
	if err != nil {
		t.Fatal(err)
	}
	all := mapper{edition: V11, dirt: d}.records("users", list)
	want := row{"sourcedId": "u1", "status": "tobedeleted", "dateLastModified": "2026-09-01T14:00:00.000Z", "enabledUser": "true",
		"username": "kt", "givenName": "Kim", "familyName": "T", "preferredGivenName": "K", "agentSourcedIds": "p1", "grades": "04,05",
		"primaryOrgSourcedId": "s1"}
	got := all["users"][0]
	for name, value := range got {
		if value != want[name] {
			t.Errorf("%s is %q, not %q", name, value, want[name])
		}
	}
	var at []string
	for _, r := range all["roles"] {
		at = append(at, r["role"]+" "+r["roleType"]+" "+r["orgSourcedId"]+" "+r["userSourcedId"]+" "+r["status"])
	}
	if !slices.Equal(at, []string{"siteAdministrator primary s1 u1 tobedeleted", "siteAdministrator primary s2 u1 tobedeleted"}) {
		t.Errorf("roles %v", at)
	}
	if d["status_form"] != 1 || d["moment_form"] != 1 {
		t.Errorf("counted %v", d)
	}
}

func TestLinksLeadToTheNextPageAlone(t *testing.T) {
	for header, want := range map[string]string{
		`<https://x.example/users?limit=2&offset=2>; rel="next"`:                                      "limit=2&offset=2",
		`<https://x.example/a?o=1>; rel="first", <https://x.example/a?o=2,3>; title="a, b"; rel=next`: "o=2,3",
		`<https://x.example/a?o=1>; rel="prev last"`:                                                  "",
		`<https://x.example/a?o=1>; rel="last next"`:                                                  "o=1",
		`<https://x.example/a>; rel="next"`:                                                           "",
		`garbage`:                                                                                     "",
		`<unclosed`:                                                                                   "",
	} {
		if query, _ := nextOf([]string{header}); query != want {
			t.Errorf("%s leads to %q, not %q", header, query, want)
		}
	}
}

func TestASourceIsDueOnceByItsSchedule(t *testing.T) {
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, i18n.Zone) }
	made := at(1, 0, 0)
	for name, c := range map[string]struct {
		every     Every
		weekday   int
		last, now time.Time
		due       bool
	}{
		"never":                       {every: Never, now: at(20, 5, 0)},
		"every hour, an hour ago":     {every: Hourly, last: at(20, 4, 10), now: at(20, 5, 0), due: true},
		"every hour, in this one":     {every: Hourly, last: at(20, 5, 1), now: at(20, 5, 50)},
		"daily, before its hour":      {every: Daily, last: at(19, 4, 5), now: at(20, 3, 59)},
		"daily, after its hour":       {every: Daily, last: at(19, 4, 5), now: at(20, 4, 0), due: true},
		"daily, done today":           {every: Daily, last: at(20, 4, 5), now: at(20, 23, 0)},
		"daily, never fetched":        {every: Daily, now: at(20, 3, 0), due: true},
		"weekly, on its day":          {every: Weekly, weekday: 5, last: at(13, 4, 5), now: at(20, 4, 0), due: true}, // a Friday
		"weekly, the day before":      {every: Weekly, weekday: 5, last: at(13, 4, 5), now: at(19, 23, 0)},
		"weekly, missed while asleep": {every: Weekly, weekday: 5, last: at(13, 4, 5), now: at(22, 9, 0), due: true},
		"daily, made after that hour": {every: Daily, now: at(1, 3, 0)},
	} {
		s := Source{Terms: Terms{Every: c.every, Hour: 4, Weekday: c.weekday}, MadeAt: made}
		if got := s.due(c.last, c.now); got != c.due {
			t.Errorf("%s: due %t", name, got)
		}
		if next := s.nextDue(c.now); c.every != Never && !next.After(c.now) {
			t.Errorf("%s: next at %s", name, next)
		}
	}
}

// Whatever a source answers, reading it ends in records or a code, and what is
// counted has its sentence.
func FuzzPage(f *testing.F) {
	for _, body := range []string{`{"users":[{"sourcedId":"a","roles":[{"role":"student","org":{"sourcedId":"s"}}],"grades":["1"]}]}`,
		`{"users":[{"sourcedId":1,"orgs":{"sourcedId":"s"},"role":"teacher","enabledUser":true,"status":null}]}`, `[{"x":[[[]]]}]`, `{"users":{}}`,
		`{"imsx_codeMajor":"failure"}`, "\ufeff{}", `{"users":[{"sourcedId":"a","dateLastModified":"2026-01-02"}]}`} {
		f.Add(body)
	}
	p := i18n.For("fr")
	f.Fuzz(func(t *testing.T, body string) {
		for _, collection := range collections {
			d := dirt{}
			list, err := readPage(collection, []byte(body), d)
			var why *trouble
			if err != nil && (!errors.As(err, &why) || !p.Has("source.trouble."+why.code)) {
				t.Fatalf("%s: %v", collection, err)
			}
			for _, edition := range Editions {
				all := mapper{edition: edition, dirt: d}.records(collection, list)
				for _, line := range all[collection] {
					if line["sourcedId"] == "" || line["status"] != active && line["status"] != gone {
						t.Fatalf("%s: a line without its mark: %v", collection, len(line))
					}
				}
			}
			for code := range d {
				if !p.Has("source.warning." + code) {
					t.Fatalf("%s has no sentence", code)
				}
			}
			if _, err := json.Marshal(Counts{Warnings: d}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
