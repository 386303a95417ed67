// Command provider measures a page of 100 users and one user, as a platform's
// program asks for them, against a bare pgx handler that reads the same rows with the
// same joins and writes the same bytes; and a page far down against the first.
//
//	scripts/pgtest.sh go run ./bench/provider [-size 500000] [-seconds 5] [-rounds 3] [-profile FILE]
//
// It makes a database of its own on the server that AVAL_TEST_POSTGRES names; -db and
// -owner name another. Both handlers are of this process, over 16 connections each, in
// turns; a figure is the median of its rounds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"aval/bench/postgres"
	"aval/internal/credential"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/provider"
)

const (
	board = "bench"
	conns = 16
	users = "/ims/oneroster/rostering/v1p2/users"
)

var (
	dsn     = flag.String("db", "", "an empty PostgreSQL database, as the app (default: one of its own)")
	owner   = flag.String("owner", "", "the same, as its owner")
	size    = flag.Int("size", 500_000, "users of the licence")
	seconds = flag.Int("seconds", 5, "length of each turn")
	rounds  = flag.Int("rounds", 3, "turns of each handler")
	only    = flag.String("only", "", "only the page of this name")
	profile = flag.String("profile", "", "file for a CPU profile of the house with one user, or the page that -only names")
)

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	if *dsn == "" {
		var drop func() error
		if *dsn, *owner, drop, err = postgres.Own(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, drop()) }()
	}
	return measure(ctx)
}

func measure(ctx context.Context) error {
	if err := db.Migrate(ctx, *owner, ""); err != nil {
		return err
	}
	d, err := db.Open(ctx, *dsn, db.Conns(conns+4))
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }() // nothing is left to write
	token, err := furnish(ctx, d)
	if err != nil {
		return err
	}
	house := httptest.NewServer((&provider.Server{DB: d, Credentials: &credential.Service{DB: d}, PerSecond: 1e9,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}).Handler())
	defer house.Close()
	deep := *size * 4 / 5
	var pages []*page
	for _, p := range []*page{
		{name: "one user", path: users + "/" + value(deep)},
		{name: "100 users", path: users + "?limit=100"},
		{name: "100 users far down", path: users + fmt.Sprintf("?limit=100&offset=%d&after=%s", deep, value(deep))},
	} {
		if *only == "" || *only == p.name {
			pages = append(pages, p)
		}
	}
	if len(pages) == 0 {
		return fmt.Errorf("no page is called %q", *only)
	}
	if err := warm(ctx, d, house.URL, token, deep, pages); err != nil {
		return err
	}
	if *profile != "" {
		if err := profiled(pages[0], token); err != nil {
			return err
		}
	}
	long := time.Duration(*seconds) * time.Second
	for range *rounds {
		for _, p := range pages {
			p.lows = append(p.lows, load(p.bare.server.URL, token, long))
			p.ours = append(p.ours, load(p.url, token, long))
		}
	}
	rates := map[string]float64{}
	for _, p := range pages {
		low, ours := median(p.lows), median(p.ours)
		rates[p.name] = ours
		fmt.Printf("%-20s load %s: bare %7.0f/s   house %7.0f/s   ×%.2f (goal 0.50), %d bytes\n", p.name, busy(), low, ours, ours/low, p.bytes)
		p.bare.close()
	}
	if *only == "" {
		fmt.Printf("a page at row %d takes ×%.2f of the first (goal 1.30)\n", deep, rates["100 users"]/rates["100 users far down"])
	}
	return nil
}

// page is what is asked for, of the house and of its bare handler, and how often a
// second each of them answered.
type page struct {
	name, path string
	url        string // of the house's
	bytes      int
	bare       *bare
	lows, ours []float64
}

// warm makes the bare handlers, and lets both be asked for a while.
func warm(ctx context.Context, d *db.DB, house, token string, deep int, pages []*page) error {
	for _, p := range pages {
		p.url = house + p.path
		bytes, err := get(p.url, token)
		if err != nil {
			return err
		}
		p.bytes = len(bytes)
		if p.bare, err = floor(ctx, d, p.name, deep, bytes); err != nil {
			return err
		}
		load(p.url, token, time.Second)
		load(p.bare.server.URL, token, time.Second)
	}
	return nil
}

// profiled keeps a profile of a turn of the house.
func profiled(p *page, token string) error {
	f, err := os.Create(*profile)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	load(p.url, token, time.Duration(*seconds)*time.Second)
	pprof.StopCPUProfile()
	return f.Close()
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// busy is the machine's load of the last minute, where the system tells it.
func busy() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// value is the pseudonym of the nth user, in the order of pages.
func value(n int) string { return fmt.Sprintf("aaaaaaaaaaaaaaaaaa%08d", n) }

// furnish makes a board whose licence shows so many pupils of 80 schools, and answers a token.
func furnish(ctx context.Context, d *db.DB) (token string, err error) {
	err = d.System(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO board (id, name, pack, pack_version, created_at) VALUES ($1, 'Bench', 'csc-pan-2023', '1', $2)`, board, tx.Now)
		return err
	})
	if err != nil {
		return "", err
	}
	for from := 0; from < *size; from += 50_000 {
		err = d.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error { return pupils(ctx, tx, from, min(from+50_000, *size)) })
		if err != nil {
			return "", err
		}
	}
	if err := analyse(ctx); err != nil {
		return "", err
	}
	s := &credential.Service{DB: d}
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		return "", err
	}
	c, secret, err := s.Make(ctx, policy.System(board, pack, "cli"), "l1")
	if err != nil {
		return "", err
	}
	token, _, err = s.Grant(ctx, c.ID, secret, credential.Scopes())
	return token, err
}

func pupils(ctx context.Context, tx *db.Tx, from, to int) error {
	if from == 0 {
		if err := places(ctx, tx); err != nil {
			return err
		}
	}
	var people, roles, shown [][]any
	for i := from; i < to; i++ {
		id := fmt.Sprintf("p%08d", i)
		people = append(people, []any{id, id, "student", fmt.Sprintf("Prénom%d", i), fmt.Sprintf("Nom%d", i), "04", tx.Now})
		roles = append(roles, []any{id, fmt.Sprintf("s%d", i%80), "student"})
		shown = append(shown, []any{"l1", "user", value(i), id, "student", tx.Now})
	}
	if err := db.Bulk(ctx, tx, "person", []string{"id", "source_id", "kind", "given_name", "family_name", "grade", "updated_at"}, nil, people); err != nil {
		return err
	}
	if err := db.Bulk(ctx, tx, "person_role", []string{"person_id", "org_id", "role"}, nil, roles); err != nil {
		return err
	}
	return db.Bulk(ctx, tx, "disclosed", []string{"licence_id", "kind", "value", "subject_id", "role", "changed_at"}, nil, shown)
}

// places are the board, its schools, the platform and the licence.
func places(ctx context.Context, tx *db.Tx) error {
	day := i18n.DayOf(tx.Now)
	for _, s := range []string{
		`INSERT INTO platform (board_id, id, name, status, created_at) VALUES ($1, 'p1', 'Tabulou', 'approved', now())`,
		`INSERT INTO licence (board_id, id, platform_id, scope, org_id, payer, starts_on, ends_on, recorded_by, created_at)
			VALUES ($1, 'l1', 'p1', 'board', '', 'ddl', '` + day + `', '2099-01-01', 'bench', now())`,
		`INSERT INTO org (board_id, id, source_id, kind, name, updated_at) VALUES ($1, 'b', 'b', 'board', 'Bench', now())`,
		`INSERT INTO disclosed (board_id, licence_id, kind, value, subject_id, changed_at) VALUES ($1, 'l1', 'org', 'board', 'b', now())`,
	} {
		if _, err := tx.Exec(ctx, s, tx.Board); err != nil {
			return err
		}
	}
	var schools, shown [][]any
	for i := range 80 {
		id := fmt.Sprintf("s%d", i)
		schools = append(schools, []any{id, id, "school", "École " + id, "b", tx.Now})
		shown = append(shown, []any{"l1", "org", "school-" + id, id, tx.Now})
	}
	if err := db.Bulk(ctx, tx, "org", []string{"id", "source_id", "kind", "name", "parent_id", "updated_at"}, nil, schools); err != nil {
		return err
	}
	return db.Bulk(ctx, tx, "disclosed", []string{"licence_id", "kind", "value", "subject_id", "changed_at"}, nil, shown)
}

// analyse tells PostgreSQL what its tables hold, as its own autovacuum does in a day.
func analyse(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, *owner)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `VACUUM ANALYZE`)
	return errors.Join(err, conn.Close(ctx))
}

// floor is the bare handler: one statement, its rows, the same bytes.
func floor(ctx context.Context, d *db.DB, name string, deep int, bytes []byte) (*bare, error) {
	var text string
	var args []any
	q := disclosure.Query{Limit: 100}
	switch name {
	case "one user":
		q = disclosure.Query{Limit: 1, Value: value(deep)}
	case "100 users far down":
		q.After = value(deep)
	}
	err := d.Read(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		t, err := disclosure.TermsOf(ctx, tx, "l1")
		if err != nil {
			return err
		}
		text, args, err = disclosure.Reader{Tx: tx}.Statement(ctx, t, disclosure.OfUser, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(*dsn)
	if err != nil {
		return nil, err
	}
	config.MaxConns = conns
	config.ConnConfig.RuntimeParams["app.board"] = board
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rows, err := pool.Query(r.Context(), text, args...)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		for rows.Next() {
			if _, err := rows.Values(); err != nil {
				break
			}
		}
		rows.Close()
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(bytes) // the caller has gone
	}))
	return &bare{server, pool}, nil
}

// bare is the floor's handler with its connections.
type bare struct {
	server *httptest.Server
	pool   *pgxpool.Pool
}

func (b *bare) close() {
	b.server.Close()
	b.pool.Close()
}

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: conns, DisableCompression: true}}

func get(address, token string) ([]byte, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	bytes, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, bytes)
	}
	return bytes, errors.Join(err, answer.Body.Close())
}

// load asks over 16 connections, each as fast as it is answered, for so long.
func load(address, token string, long time.Duration) float64 {
	begun := time.Now()
	end := begun.Add(long)
	var n atomic.Int64
	var wait sync.WaitGroup
	for range conns {
		wait.Go(func() {
			for time.Now().Before(end) {
				if _, err := get(address, token); err != nil {
					log.Fatal(err)
				}
				n.Add(1)
			}
		})
	}
	wait.Wait()
	return float64(n.Load()) / time.Since(begun).Seconds()
}
