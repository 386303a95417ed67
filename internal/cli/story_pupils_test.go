package cli_test

import (
	"context"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"

	"aval/internal/access/accesstest"
	"aval/internal/roster/generate"
)

type pupilsKey struct{}

// pupils is what the stories of pupils' accounts have beside the program: the
// platform, and the browsers of those who are signed in to aval.
type pupils struct {
	t        testing.TB
	platform accesstest.Platform
	address  string
	browsers map[string]*http.Client
}

func atPlatform(ts *testscript.TestScript) *pupils {
	p := ts.Value(pupilsKey{}).(*pupils)
	if p.address == "" {
		p.platform.Login, p.platform.Password, p.platform.Group = "Username", "Password", "Class"
		p.address = p.platform.Serve(p.t)
	}
	return p
}

// vendor gives the platform a file of accounts.
func vendor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: vendor FILE COUNT")
	}
	n, err := atPlatform(ts).platform.Load([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	if strconv.Itoa(n) != args[1] {
		ts.Fatalf("the file speaks of %d accounts, not %s", n, args[1])
	}
}

// enter signs in to the platform as a pupil does.
func enter(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || args[0] == "" || args[1] == "" {
		ts.Fatalf("usage: enter NAME PASSWORD")
	}
	p := atPlatform(ts)
	status, _ := ask(ts, http.DefaultClient, http.MethodPost, p.address, url.Values{"login": {args[0]}, "password": {args[1]}})
	if in := status == http.StatusNoContent; in == neg {
		ts.Fatalf("the platform answers %d", status)
	}
}

// browse asks for a page as somebody, signed in with the password of $NAME_PASSWORD.
func browse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: browse LOGIN METHOD PATH STATUS [FIELD=VALUE…]")
	}
	form := url.Values{}
	for _, field := range args[4:] {
		name, value, _ := strings.Cut(field, "=")
		form.Add(name, value)
	}
	p, at := ts.Value(pupilsKey{}).(*pupils), ts.Getenv("URL")
	c := p.browsers[args[0]]
	if c == nil {
		jar, err := cookiejar.New(nil)
		ts.Check(err)
		c = &http.Client{Jar: jar, Timeout: 30 * time.Second}
		status, text := ask(ts, c, http.MethodPost, at+"/sign-in",
			url.Values{"login": {args[0]}, "password": {ts.Getenv(strings.ToUpper(args[0]) + "_PASSWORD")}})
		if status != http.StatusOK {
			ts.Fatalf("%s cannot sign in: %d %s", args[0], status, text)
		}
		p.browsers[args[0]] = c
	}
	status, text := ask(ts, c, args[1], at+args[2], form)
	if utf8.ValidString(text) { // a zip stays as it is
		text = html.UnescapeString(text)
	}
	_, err := io.WriteString(ts.Stdout(), text)
	ts.Check(err)
	if strconv.Itoa(status) != args[3] {
		ts.Fatalf("%s %s answers %d, not %s", args[1], args[2], status, args[3])
	}
}

// ask sends a form, or asks for a page, from the house's own pages.
func ask(ts *testscript.TestScript, c *http.Client, method, address string, form url.Values) (status int, text string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	ts.Check(err)
	req.Header.Set("Accept-Language", "en")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.Do(req)
	ts.Check(err)
	body, err := io.ReadAll(res.Body)
	ts.Check(errors.Join(err, res.Body.Close()))
	return res.StatusCode, string(body)
}

// until asks the API, again and again, until its answer has a value somewhere.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: until TOKEN PATH WHERE VALUE")
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var got string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-tick.C {
		text := call(ts, args[0], http.MethodGet, args[1], "200")
		var err error
		got, err = at(text, args[2])
		ts.Check(err)
		if got == args[3] {
			return
		}
	}
	ts.Fatalf("%s is still %q, not %q", args[2], got, args[3])
}

// again calls the API so many times, each time with the same answer; the last is the output.
func again(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 5 {
		ts.Fatalf("usage: again COUNT TOKEN METHOD PATH STATUS [FILE]")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	text := ""
	for range n {
		text = call(ts, args[1:]...)
	}
	_, err = io.WriteString(ts.Stdout(), text)
	ts.Check(err)
}

// elsewhere finds another school of a generated set, and who teaches its first class.
func elsewhere(set generate.Set, school string) (other, teacher string) {
	for _, row := range set.Rows("enrollments") { // after three columns: class, school, user, role
		if row[6] == "teacher" && row[4] != school {
			return row[4], row[5]
		}
	}
	return "", ""
}

// move takes a pupil of a generated set to the classes of the same codes at a school.
func move(set generate.Set, pupil, school string) {
	codes, there := map[string]string{}, map[string]string{}
	for _, row := range set.Rows("classes") { // title, grades, course, code, kind, location, school
		codes[row[0]] = row[6]
		if row[9] == school {
			there[row[6]] = row[0]
		}
	}
	for _, row := range set.Rows("enrollments") {
		if row[5] == pupil {
			row[0], row[3], row[4] = "moved-"+row[0], there[codes[row[3]]], school
		}
	}
	for _, row := range set.Rows("users") {
		if row[0] == pupil {
			row[20] = school
		}
	}
	for _, row := range set.Rows("roles") {
		if row[3] == pupil {
			row[8] = school
		}
	}
}

// roster writes the set and says whom the story speaks of: two teachers of one
// school of the youth sector, a pupil of the first one's class, and a teacher of
// another school, where that pupil has gone with "moved".
func roster(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 && (len(args) != 2 || args[1] != "moved") {
		ts.Fatalf("usage: roster FILE [moved]")
	}
	set := generate.Board(7, generate.Options{Pupils: 400})
	var teachers []string
	school, class, pupil := "", "", ""
	for _, row := range set.Rows("enrollments") { // after three columns: class, school, user, role
		switch {
		case row[6] == "teacher" && (school == "" || row[4] == school) && !slices.Contains(teachers, row[5]):
			if school == "" {
				class = row[3]
			}
			school, teachers = row[4], append(teachers, row[5])
		case row[6] == "student" && row[3] == class:
			pupil = row[5]
		}
	}
	if len(teachers) < 2 || pupil == "" {
		ts.Fatalf("the generated set has %d teachers", len(teachers))
	}
	for _, row := range set.Rows("users") {
		if row[0] == pupil {
			ts.Setenv("FAMILY", row[7])
		}
	}
	ts.Setenv("SCHOOL", school)
	ts.Setenv("TEACHER", teachers[0])
	ts.Setenv("COLLEAGUE", teachers[1])
	other, teacher := elsewhere(set, school)
	if len(args) == 2 {
		move(set, pupil, other)
	}
	ts.Setenv("OTHER_SCHOOL", other)
	ts.Setenv("OTHER_TEACHER", teacher)
	ts.Check(set.SaveZip(ts.MkAbs(args[0])))
}

// call calls the API; the answer must have the status.
func call(ts *testscript.TestScript, args ...string) string {
	if len(args) != 4 && len(args) != 5 {
		ts.Fatalf("usage: TOKEN METHOD PATH STATUS [FILE]")
	}
	var body io.Reader
	media := "application/json"
	switch {
	case len(args) == 5 && strings.HasSuffix(args[4], ".zip"):
		body, media = strings.NewReader(ts.ReadFile(args[4])), "application/zip"
	case len(args) == 5:
		body = strings.NewReader(os.Expand(ts.ReadFile(args[4]), ts.Getenv))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, args[1], ts.Getenv("URL")+args[2], body)
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+args[0])
	req.Header.Set("Accept-Language", "en")
	if body != nil {
		req.Header.Set("Content-Type", media)
	}
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	text, err := io.ReadAll(res.Body)
	ts.Check(errors.Join(err, res.Body.Close()))
	if want := args[3]; strconv.Itoa(res.StatusCode) != want {
		ts.Fatalf("%s %s answers %d, not %s: %s", args[1], args[2], res.StatusCode, want, text)
	}
	if kind := res.Header.Get("Content-Type"); res.StatusCode >= 400 && kind != "application/problem+json" {
		ts.Fatalf("a refusal of type %q", kind)
	}
	return string(text)
}
