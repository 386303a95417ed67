package app_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"aval/internal/db"
	"aval/internal/mail"
	"aval/internal/request"
)

// written gathers what is logged.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// public are the names that are nobody's: of platforms and places.
var public = regexp.MustCompile(`^(platform|alias|vendor|board|school|other school|centre|department|course|class)\b`)

var attribute = regexp.MustCompile(`="([^"]*)"`)

// No personal name and nothing that somebody wrote is in a log line, a metric,
// an address, a job or the trail, whatever the day brings: people at every
// door, wrong passwords, a database that hears every word, a post that is gone.
func TestNoNameLeavesItsPlace(t *testing.T) {
	engines(t, func(t *testing.T, d *db.DB) {
		log := &written{}
		usual := slog.Default()
		slog.SetDefault(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		t.Cleanup(func() { slog.SetDefault(usual) })

		h := open(t, d)
		called := h.goneMail(t)
		b := h.build(t, "erables", "Vorn")
		b.fill()
		addresses := map[string]bool{}
		look := func(where string, a answer) {
			addresses[where] = true
			addresses[a.header.Get("Location")] = true
			for _, m := range attribute.FindAllStringSubmatchIndex(a.body, -1) {
				before := a.body[:m[0]]
				if strings.HasSuffix(before, "href") || strings.HasSuffix(before, "action") || strings.HasSuffix(before, "src") {
					addresses[a.body[m[2]:m[3]]] = true
				}
			}
		}
		operations, ids := h.operations(t), b.ids()
		for _, who := range []string{"teacher", "principal", "evaluation_director", "it", "operator"} {
			b.crawl(who, look)
			b.readAll(who, operations, ids, look)
		}
		teacher := b.people["teacher"]
		look("POST /pupils", b.asksForKin())
		b.sealedAway()
		wrong := b.serve(b.post("/sign-in", map[string][]string{"board": {b.id}, "login": {teacher.login}, "password": {b.name("wrong password")}}))
		look("POST /sign-in", wrong)
		b.call("teacher", http.MethodPost, "/api/v1/requests", map[string]any{"platform": strings.Repeat(b.name("account of teacher"), 50)})
		b.call("teacher", http.MethodPost, "/api/v1/requests", `{"usage": "`+b.name("usage")+`", "classes": "`+b.name("given e00")+`"}`)
		b.call("teacher", http.MethodGet, "/api/v1/requests/"+b.name("family e00"), nil)

		jobs := b.column(`SELECT CAST(args AS text) FROM river_job`)
		if len(jobs) < len(request.States) {
			t.Fatalf("the story left %d jobs only", len(jobs))
		}
		b.work(t, called)
		trail := b.column(`SELECT actor || ' ' || action || ' ' || subject || ' ' || detail FROM audit_record`)
		failures := b.column(`SELECT COALESCE(CAST(errors AS text), '') FROM river_job`)
		metrics, err := h.metrics.Gather()
		if err != nil || len(metrics) == 0 {
			t.Fatalf("metrics: %v, %v", metrics, err)
		}
		var all []string
		for address := range addresses {
			all = append(all, address)
		}
		places := map[string]string{
			"the log": log.String(), "the metrics": fmt.Sprint(metrics), "the addresses": strings.Join(all, "\n"),
			"the jobs": strings.Join(jobs, "\n"), "what jobs failed with": strings.Join(failures, "\n"), "the trail": strings.Join(trail, "\n"),
		}
		for where, text := range places {
			if len(text) < 100 {
				t.Errorf("%s say nothing: %q", where, text)
			}
			for of, name := range b.markers() {
				i := strings.Index(strings.ToLower(text), name)
				if i >= 0 && !public.MatchString(of) {
					t.Errorf("%s hold the %s: …%s…", where, of, text[max(0, i-120):min(len(text), i+60)])
				}
			}
		}
		if !slices.ContainsFunc(jobs, func(s string) bool { return strings.Contains(s, b.id) }) {
			t.Error("no job names its board")
		}
	})
}

// goneMail sends the letters to a server that hangs up on everyone, and answers
// a channel that tells of each time.
func (h *house) goneMail(t *testing.T) <-chan struct{} {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called, ended := make(chan struct{}, 1000), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			_ = c.Close() // that is all it does
			called <- struct{}{}
		}
	}()
	t.Cleanup(func() {
		_ = l.Close() // and with it the loop
		<-ended
	})
	if h.Notices.Mail, err = mail.Open("smtp://"+l.Addr().String(), "aval@aval.example"); err != nil {
		t.Fatal(err)
	}
	return called
}

// work runs the jobs until several have called the post in vain.
func (b *board) work(t *testing.T, called <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(ctx, l, "") }()
	for range 8 {
		select {
		case <-called:
		case err := <-ended:
			t.Fatalf("it served no longer: %v", err)
		}
	}
	stop()
	if err := <-ended; err != nil { // what ran has ended, and is written down
		t.Fatal(err)
	}
	if failed := len(b.column(`SELECT CAST(id AS text) FROM river_job WHERE errors IS NOT NULL`)); failed <= 3 {
		t.Errorf("%d jobs failed, want more than 3: their errors are what is looked at", failed)
	}
}

// column reads a text of every row, of every board.
func (b *board) column(query string) (all []string) {
	b.t.Helper()
	read := b.DB.SystemRead
	if strings.Contains(query, "audit_record") {
		read = func(ctx context.Context, f func(context.Context, *db.Tx) error) error { return b.DB.Read(ctx, b.id, f) }
	}
	b.must(read(b.t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		all, err = db.All(ctx, tx, text, query)
		return err
	}))
	return all
}
