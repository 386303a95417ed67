package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/web/assets"

	"github.com/a-h/templ"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// browsers are the names under which systems install Chromium.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// errNoBrowser says that this machine has no Chromium to print with.
var errNoBrowser = errors.New("no Chromium in PATH")

// printing lets one letter at a time be printed: a browser takes memory.
var printing = make(chan struct{}, 1)

// decisionPDF answers the letter as a file, or a page that says what is missing.
func (s *Server) decisionPDF(v *visit, d decision.View, l decision.Letter) error {
	file, err := printPDF(v.ctx(), decisionLetterPage(v, d, l, nil))
	if errors.Is(err, errNoBrowser) {
		v.status = http.StatusServiceUnavailable
		return v.render(noBrowserPage(v, decisionAt(d.Decision.ID), v.T("decision.letter")))
	}
	if err != nil {
		return fmt.Errorf("print a letter: %w", err)
	}
	return v.send("decision-"+l.Number+"-"+l.Lang+".pdf", "application/pdf", file)
}

// findBrowser is where Chromium stands.
func findBrowser() (string, error) {
	for _, name := range browsers {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errNoBrowser
}

// printPDF prints a page with Chromium. The browser reads it once, under an
// address that nobody can guess, from this machine alone, and reaches nothing else.
func printPDF(ctx context.Context, c templ.Component) (file []byte, err error) {
	browser, err := findBrowser()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	select {
	case printing <- struct{}{}:
		defer func() { <-printing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var html bytes.Buffer
	if err := c.Render(ctx, &html); err != nil {
		return nil, err
	}
	address, closing, err := lend(ctx, html.Bytes())
	if err != nil {
		return nil, err
	}
	defer closing()

	// The browser is ended before it tidies: what it lays down is ours to remove.
	dir, err := os.MkdirTemp("", "aval-print-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in a temporary place harms nothing
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.Env("TMPDIR="+dir),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to run as root otherwise
	}
	within, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	tab, shut := chromedp.NewContext(within)
	defer shut()
	if err := chromedp.Do(tab, chromedp.Navigate(address)); err != nil {
		return nil, err
	}
	return chromedp.Run(tab, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		yes := true
		printed, err := cdp.Call(ctx, t, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: &yes, GenerateTaggedPDF: &yes})
		return printed.Data, err
	})
}

// lend shows a page once on this machine, and the assets that it loads.
func lend(ctx context.Context, html []byte) (address string, closing func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	var taken atomic.Bool
	secret := "/" + db.NewID()
	mux := http.NewServeMux()
	mux.Handle("GET "+assets.Prefix, assets.Handler())
	mux.HandleFunc("GET "+secret, func(w http.ResponseWriter, r *http.Request) {
		if taken.Swap(true) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", contentPolicy)
		_, _ = w.Write(html) // the browser left: its own error says so
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends when it is closed
	return "http://" + listener.Addr().String() + secret, func() { _ = server.Close() }, nil
}
