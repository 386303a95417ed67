package cli_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The commands of a platform's program, which knows OneRoster and nothing of ours:
//
//	credential              keeps the $CLIENT_ID and $CLIENT_SECRET of the last page
//	token STATUS [SCOPE…]   asks for a token with them, in $PLATFORM_TOKEN
//	read PATH STATUS   asks for PATH; its body is the output
//	walk PATH LIMIT         asks for every page of PATH, as each names the next; all bytes, headers too, are the output

var codeShown = regexp.MustCompile(`<code class="text-break">([^<]+)</code>`)

func takeCredential(ts *testscript.TestScript, _ bool, _ []string) {
	found := codeShown.FindAllStringSubmatch(ts.ReadFile("stdout"), 2)
	if len(found) != 2 {
		ts.Fatalf("the page shows no credential")
	}
	ts.Setenv("CLIENT_ID", found[0][1])
	ts.Setenv("CLIENT_SECRET", found[1][1])
}

func takeToken(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: token STATUS [SCOPE…]")
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(args) > 1 {
		form.Set("scope", strings.Join(args[1:], " "))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, ts.Getenv("URL")+"/ims/oneroster/token", strings.NewReader(form.Encode()))
	ts.Check(err)
	req.SetBasicAuth(url.QueryEscape(ts.Getenv("CLIENT_ID")), url.QueryEscape(ts.Getenv("CLIENT_SECRET")))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, _, body := answered(ts, req)
	var got struct {
		Token string `json:"access_token"`
	}
	ts.Check(json.Unmarshal([]byte(body), &got))
	ts.Setenv("PLATFORM_TOKEN", got.Token)
	tell(ts, body)
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("the token address answers %d, not %s: %s", status, args[0], body)
	}
}

func readAsPlatform(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: read PATH STATUS")
	}
	status, _, body := fetch(ts, ts.Getenv("URL")+"/ims/oneroster/"+args[0])
	tell(ts, body)
	if strconv.Itoa(status) != args[1] {
		ts.Fatalf("%s answers %d, not %s: %s", args[0], status, args[1], body)
	}
}

var following = regexp.MustCompile(`<([^>]+)>; *rel="next"`)

func walkPages(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: walk PATH LIMIT")
	}
	next, pages := ts.Getenv("URL")+"/ims/oneroster/"+args[0]+"?limit="+args[1], 0
	for next != "" {
		status, header, body := fetch(ts, next)
		if status != http.StatusOK {
			ts.Fatalf("%s answers %d: %s", next, status, body)
		}
		tell(ts, fmt.Sprint(header), body)
		next, pages = "", pages+1
		if m := following.FindStringSubmatch(header.Get("Link")); m != nil {
			next = m[1]
		}
	}
	tell(ts, fmt.Sprintf("pages: %d", pages))
}

func fetch(ts *testscript.TestScript, address string) (int, http.Header, string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+ts.Getenv("PLATFORM_TOKEN"))
	return answered(ts, req)
}

func answered(ts *testscript.TestScript, req *http.Request) (int, http.Header, string) {
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	body, err := io.ReadAll(res.Body)
	ts.Check(err)
	ts.Check(res.Body.Close())
	return res.StatusCode, res.Header, string(body)
}

func tell(ts *testscript.TestScript, lines ...string) {
	_, err := io.WriteString(ts.Stdout(), strings.Join(lines, "\n")+"\n")
	ts.Check(err)
}

// empties waits until what jobs leave in the database counts nothing or, with a !, something.
func empties(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: empty SELECT")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	engine, dsn := "pgx", ts.Getenv("AVAL_DB_OWNER")
	if path, ok := strings.CutPrefix(ts.Getenv("AVAL_DB"), "sqlite:"); ok {
		engine, dsn = "sqlite", path
	}
	file, err := sql.Open(engine, dsn)
	ts.Check(err)
	defer func() { _ = file.Close() }() // nothing was written
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for count := -1; count < 0 || (count == 0) == neg; <-tick.C {
		if err := file.QueryRowContext(ctx, args[0]).Scan(&count); err != nil {
			ts.Fatalf("%s: %v", args[0], err)
		}
	}
}
