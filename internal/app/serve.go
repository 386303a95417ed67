package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"aval/internal/api"
	"aval/internal/db"
	"aval/internal/export"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/provider"
	"aval/internal/roster"
	"aval/internal/source"
	"aval/internal/web"
)

// Handler answers people, programs and platforms: pages, /api/v1, /openapi.json,
// /ims/oneroster, /healthz and /readyz. Metrics have a listener of their own.
func (a *App) Handler(metrics *prometheus.Registry) http.Handler {
	pages := &web.Server{
		DB: a.DB, Accounts: a.Accounts, Place: a.place,
		Secure: strings.HasPrefix(a.Config.BaseURL, "https://"),
		Log:    slog.Default(), Observe: observe(metrics),
		Catalogue: a.Catalogue, Licences: a.Licences, Contracts: a.Contracts, Credentials: a.Credentials, Disclosures: a.Disclosures, Access: a.Access,
		Directory: a.Directory, Corrections: a.Corrections, Requests: a.Requests, Evaluations: a.Evaluations, Decisions: a.Decisions, Portable: a.Portable,
		Conditions: a.Conditions, Assessments: a.Assessments, Reveals: a.Reveals, Usage: a.Usage, Identity: a.Identity, Grades: a.Grades, Years: a.Years,
		Pseudonyms: a.Pseudonyms, Incidents: a.Incidents, Breaches: a.Breaches, Registers: a.Registers, Rights: a.Rights, Governance: a.Governance,
		Classification: a.Classification, Inventory: a.Inventory, Duties: a.Duties, Rosters: a.Rosters, Mappings: a.Mappings, Sources: a.Sources, Exports: a.Exports,
		Audit: a.Audit, Delegations: a.Accounts, Boards: a.Boards, Adoptions: a.Adoptions, Keys: a.Keys, BaseURL: a.Config.BaseURL,
	}
	programs := (&api.Server{
		DB: a.DB, Accounts: a.Accounts, Catalogue: a.Catalogue, Licences: a.Licences, Contracts: a.Contracts, Disclosures: a.Disclosures, Access: a.Access,
		Requests: a.Requests, Evaluations: a.Evaluations, Decisions: a.Decisions, Portable: a.Portable, Conditions: a.Conditions,
		Assessments: a.Assessments, Reveals: a.Reveals, Identity: a.Identity, Years: a.Years, Incidents: a.Incidents, Registers: a.Registers, Rights: a.Rights,
		Governance: a.Governance, Classification: a.Classification, Inventory: a.Inventory, Duties: a.Duties, Rosters: a.Rosters, Exports: a.Exports, Credentials: a.Credentials, Corrections: a.Corrections,
		Breaches: a.Breaches, Audit: a.Audit, Log: slog.Default(), Version: Version(), BaseURL: a.Config.BaseURL,
	}).Handler()
	platforms := (&provider.Server{DB: a.DB, Credentials: a.Credentials, Names: a.Names, BaseURL: a.Config.BaseURL, Log: slog.Default()}).Handler()
	mux := http.NewServeMux()
	mux.Handle("/api/", programs)
	mux.Handle(provider.Root, platforms)
	mux.Handle("/openapi.json", programs)
	mux.Handle("/openapi.yaml", programs)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "ok") // the caller has gone
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if err := a.DB.SystemRead(ctx, func(context.Context, *db.Tx) error { return nil }); err != nil {
			http.Error(w, "database", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ready") // the caller has gone
	})
	mux.Handle("/", pages.Handler())
	return readable(mux)
}

// readable answers an address that is no text (a zero byte, broken UTF-8) as one
// that leads nowhere: no table could hold it. The platforms' door refuses in its own words.
func readable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, provider.Root) {
			next.ServeHTTP(w, r)
			return
		}
		if query, err := url.QueryUnescape(r.URL.RawQuery); err != nil || !isText(r.URL.Path) || !isText(query) {
			r.URL.Path, r.URL.RawPath, r.URL.RawQuery = "/no-such-page", "", ""
		}
		next.ServeHTTP(w, r)
	})
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// place says where an actor works, for the head of the page.
func (a *App) place(ctx context.Context, actor policy.Actor) (name string, err error) {
	orgs := actor.Orgs()
	if len(orgs) == 0 {
		return "", nil
	}
	err = a.DB.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		o, err := org.Get(ctx, tx, orgs[0])
		name = o.Name
		return err
	})
	return name, err
}

// Ready refuses (Invalid) to serve while a version of a policy that something of a
// board refers to is missing: files under it could not be read.
func (a *App) Ready(ctx context.Context) error {
	boards, err := a.Boards.List(ctx)
	if err != nil {
		return err
	}
	for _, b := range boards {
		missing, err := a.Adoptions.Missing(ctx, b.ID)
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			return fault.New(fault.Invalid, "adoption.missing", missing[0], b.ID)
		}
	}
	return nil
}

func observe(metrics *prometheus.Registry) func(string, int, time.Duration) {
	if metrics == nil {
		return nil
	}
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "aval_http_request_seconds", Help: "Time to answer, by route and class of status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
	}, []string{"route", "status"})
	metrics.MustRegister(seconds)
	return func(route string, status int, took time.Duration) {
		seconds.WithLabelValues(route, fmt.Sprintf("%dxx", status/100)).Observe(took.Seconds())
	}
}

// Serve answers on the listener until the context ends, works on what is left
// to do, and leaves within ten seconds.
func (a *App) Serve(ctx context.Context, listener net.Listener, metricsAddr string) (err error) {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	server := &http.Server{Handler: a.Handler(metrics), ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute}
	stopJobs, err := job.Run(ctx, a.DB, a.handlers(), job.Options{Timeout: a.Config.JobTime,
		Long:   map[job.Kind]time.Duration{roster.WorkJob: roster.WorkTime, source.ImportJob: roster.WorkTime},
		Daily:  []job.Kind{daily, sweeping, keeping, disclosing, reviewing, following, correcting, minding, governing, resuming},
		Hourly: []job.Kind{fetching, export.HourlyJob}})
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	var own *http.Server
	if metricsAddr != "" {
		own = &http.Server{Addr: metricsAddr, ReadHeaderTimeout: 10 * time.Second,
			Handler: promhttp.HandlerFor(metrics, promhttp.HandlerOpts{})}
		go func() { failed <- own.ListenAndServe() }()
	}
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if own != nil {
		err = errors.Join(err, own.Shutdown(leave))
	}
	err = errors.Join(err, server.Shutdown(leave), a.Credentials.Flush(leave, ""), stopJobs(leave))
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}
