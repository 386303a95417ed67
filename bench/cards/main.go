// Command cards measures a class of 30 as a print-ready page: the whole request
// of a teacher who is signed in, from the form to the last byte of the sheet, with
// the look noted and 30 accounts opened, in a board of 4,500 pupils. Where there
// is Chromium, it then measures the sheet read by the browser and printed as PDF.
//
//	go run ./bench/cards [-turns 50] [-prints 10]
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"aval/internal/account"
	"aval/internal/app"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/roster/generate"
)

var (
	turns  = flag.Int("turns", 50, "requests measured")
	prints = flag.Int("prints", 10, "sheets printed")
)

const (
	board    = "bench"
	login    = "teacher"
	password = "a long enough password"
	pupils   = 30
	goal     = 300 * time.Millisecond
)

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "aval-bench-cards-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	dsn := "sqlite:" + filepath.Join(dir, "aval.db")
	if err := db.Migrate(ctx, dsn, ""); err != nil {
		return err
	}
	a, err := app.Open(ctx, app.Config{DB: dsn, Data: filepath.Join(dir, "data"), BaseURL: "http://aval.example"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	a.Accounts.Cost = account.Cheap // signing in is not what is measured
	// An hour holds one class: the turns are hours of the last days.
	now := time.Now().Add(-time.Duration(*turns) * 2 * time.Hour)
	a.DB.Clock = func() time.Time { return now }
	class, form, err := furnish(ctx, a, dir)
	if err != nil {
		return err
	}

	var sheet []byte
	house := a.Handler(nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sheet" { // what was answered, for the browser to read again
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(sheet) // the browser's own error says it
			return
		}
		house.ServeHTTP(w, r)
	}))
	defer server.Close()
	var took []time.Duration
	for range *turns {
		now = now.Add(2 * time.Hour)
		one, answer, err := reveal(ctx, server.URL, class, form)
		if err != nil {
			return err
		}
		took, sheet = append(took, one), answer
	}
	say("request", took)
	browser, err := exec.LookPath("chromium")
	if err != nil {
		fmt.Println("print    no chromium in PATH: not measured")
		return nil
	}
	if took, err = pdfs(ctx, browser, server.URL+"/sheet"); err != nil {
		return err
	}
	say("print", took)
	return nil
}

func say(what string, took []time.Duration) {
	slices.Sort(took)
	worst := took[len(took)-1]
	fmt.Printf("%-8s %d turns  median %v  worst %v  (goal of the request %v)\n", what, len(took),
		took[len(took)/2].Round(time.Millisecond/10), worst.Round(time.Millisecond/10), goal)
}

// furnish makes the board, and the accounts of a school in which a class has 30
// pupils; it answers that class and the form that asks for its cards.
func furnish(ctx context.Context, a *app.App, dir string) (class string, form url.Values, err error) {
	if _, err := a.Boards.Create(ctx, board, "Bench", "csc-pan-2023"); err != nil {
		return "", nil, err
	}
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		return "", nil, err
	}
	hand := policy.System(board, pack, "cli")
	set := generate.Board(3, generate.Options{})
	school, teacher, class := fill(&set)
	folder := filepath.Join(dir, "roster.zip")
	if err := set.SaveZip(folder); err != nil {
		return "", nil, err
	}
	if _, err := a.Rosters.Import(ctx, hand, folder); err != nil {
		return "", nil, err
	}
	if _, _, err := a.Accounts.Create(ctx, hand, account.New{Login: login, Name: "Bench", Lang: "fr", Password: password, Person: teacher,
		Grants: []policy.Grant{{Role: policy.Teacher, Org: school}}}); err != nil {
		return "", nil, err
	}
	var platform catalogue.Platform
	var at org.Org
	if err := a.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		if at, err = org.BySource(ctx, tx, school); err != nil {
			return err
		}
		who, err := person.BySource(ctx, tx, teacher)
		if err != nil {
			return err
		}
		taught, err := person.ClassesOf(ctx, tx, who.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(taught, func(c person.Class) bool { return c.SourceID == class })
		if i < 0 {
			return errors.New("the class is not taught")
		}
		class = taught[i].ID
		if platform, err = catalogue.Add(ctx, tx, hand, catalogue.Draft{Name: "Tabulou", Functions: []string{"mathematics"}}); err != nil {
			return err
		}
		return catalogue.SetResult(ctx, tx, platform.ID, catalogue.Approved, "", catalogue.Quebec, "bench")
	}); err != nil {
		return "", nil, err
	}
	l, err := a.Licences.Record(ctx, hand, licence.Licence{PlatformID: platform.ID, Scope: licence.School, OrgID: at.ID, Payer: at.ID,
		StartsOn: i18n.DayOf(a.DB.Clock()), EndsOn: "2099-06-30", AccountKind: licence.LoginName, SignInURL: "https://eleves.tabulou.example"})
	if err != nil {
		return "", nil, err
	}
	if _, err := a.Access.Create(ctx, hand, l.ID); err != nil {
		return "", nil, err
	}
	form = url.Values{"licence": {string(l.ID)}, "who": {""}, "reason": {"printing"}, "paper": {"letter"}}
	return class, form, a.Access.Run(ctx, board, string(l.ID))
}

// fill brings the first class of the set to 30 pupils, with others of its school.
func fill(set *generate.Set) (school, teacher, class string) {
	i := slices.IndexFunc(set.Files, func(f generate.File) bool { return f.Name == "enrollments" })
	rows := set.Files[i].Rows // after three columns: class, school, user, role
	class, school, teacher = rows[0][3], rows[0][4], rows[0][5]
	var in []string
	for _, row := range rows {
		if row[3] == class && row[6] == "student" {
			in = append(in, row[5])
		}
	}
	for _, row := range slices.Clone(rows) {
		if row[4] == school && row[6] == "student" && !slices.Contains(in, row[5]) && len(in) < pupils {
			more := slices.Clone(row)
			more[0], more[3] = "more-"+row[0], class
			set.Files[i].Rows = append(set.Files[i].Rows, more)
			in = append(in, row[5])
		}
	}
	return school, teacher, class
}

// reveal signs in, and measures the request for the cards.
func reveal(ctx context.Context, address, class string, form url.Values) (time.Duration, []byte, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return 0, nil, err
	}
	client := &http.Client{Jar: jar}
	if _, err := post(ctx, client, address+"/sign-in", url.Values{"login": {login}, "password": {password}}); err != nil {
		return 0, nil, err
	}
	start := time.Now()
	sheet, err := post(ctx, client, address+"/classes/"+class+"/cards", form)
	took := time.Since(start)
	if n := bytes.Count(sheet, []byte(`class="av-ticket"`)); err == nil && n != pupils {
		err = fmt.Errorf("the sheet has %d cards", n)
	}
	return took, sheet, err
}

func post(ctx context.Context, client *http.Client, address string, form url.Values) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader([]byte(form.Encode())))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %d", req.URL.Path, res.StatusCode)
	}
	return text, nil
}

// pdfs has one browser read the sheet and print it, again and again.
func pdfs(ctx context.Context, browser, address string) (took []time.Duration, err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to run as root otherwise
	}
	within, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	tab, shut := chromedp.NewContext(within)
	defer shut()
	if err := chromedp.Do(tab, chromedp.Navigate("about:blank")); err != nil { // it starts
		return nil, err
	}
	for range *prints {
		start := time.Now()
		if err := chromedp.Do(tab, chromedp.Navigate(address)); err != nil {
			return nil, err
		}
		yes := true
		printed, err := chromedp.Run(tab, func(ctx context.Context, t *chromedp.Target) (page.PrintToPDFResult, error) {
			return cdp.Call(ctx, t, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: &yes, PrintBackground: &yes, GenerateTaggedPDF: &yes})
		})
		if err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(printed.Data, []byte("%PDF-")) {
			return nil, errors.New("the browser printed no PDF")
		}
		took = append(took, time.Since(start))
	}
	return took, nil
}
