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
	"net/url"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"aval/internal/credential"
	"aval/internal/db"
	"aval/internal/disclosure"
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
	profile = flag.String("profile", "", "file for a CPU profile of the house, of the page that -only names")
)

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	if *dsn == "" {
		drop, err := ownDatabase(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, drop()) }()
	}
	return measure(ctx)
}

// ownDatabase makes a database on the server of scripts/pgtest.sh, and answers what drops it.
func ownDatabase(ctx context.Context) (drop func() error, err error) {
	server := os.Getenv("AVAL_TEST_POSTGRES")
	if text, err := os.ReadFile(server); err == nil { //nolint:gosec // the operator's own
		server = string(text)
	}
	address, err := url.Parse(server)
	if err != nil || server == "" {
		return nil, errors.New("no -db, and AVAL_TEST_POSTGRES names no server: run it by scripts/pgtest.sh")
	}
	name := "bench_" + db.NewID()
	do := func(statement string) error {
		conn, err := pgx.Connect(ctx, server)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, statement+` "`+name+`"`)
		return errors.Join(err, conn.Close(ctx))
	}
	if err := do(`CREATE DATABASE`); err != nil {
		return nil, err
	}
	address.Path = "/" + name
	*owner = address.String()
	q := address.Query()
	q.Set("role", db.AppRole)
	address.RawQuery = q.Encode()
	*dsn = address.String()
	return func() error { return do(`DROP DATABASE`) }, nil
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
	pages := []struct{ name, path string }{
		{"one user", users + "/" + value(deep)},
		{"100 users", users + "?limit=100"},
		{"100 users far down", users + fmt.Sprintf("?limit=100&offset=%d&after=%s", deep, value(deep))},
	}
	rates := map[string]float64{}
	for _, p := range pages {
		if *only != "" && *only != p.name {
			continue
		}
		bytes, err := get(house.URL+p.path, token)
		if err != nil {
			return err
		}
		bare, err := floor(ctx, d, p.name, deep, bytes)
		if err != nil {
			return err
		}
		low, ours, err := turns(bare.server.URL, house.URL+p.path, token)
		bare.close()
		if err != nil {
			return err
		}
		rates[p.name] = ours
		fmt.Printf("%-20s load %s: bare %7.0f/s   house %7.0f/s   ×%.2f (goal 0.50), %d bytes\n", p.name, busy(), low, ours, ours/low, len(bytes))
	}
	if *only == "" {
		fmt.Printf("a page at row %d takes ×%.2f of the first (goal 1.30)\n", deep, rates["100 users"]/rates["100 users far down"])
	}
	return nil
}

// turns are the rounds of one page: how often a second the bare handler and the house answer.
func turns(bare, house, token string) (low, ours float64, err error) {
	load(house, token, time.Second) // both are warm
	load(bare, token, time.Second)
	var lows, all []float64
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return 0, 0, err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return 0, 0, err
		}
		load(house, token, time.Duration(*seconds)*time.Second)
		pprof.StopCPUProfile()
	}
	for range *rounds {
		lows = append(lows, load(bare, token, time.Duration(*seconds)*time.Second))
		all = append(all, load(house, token, time.Duration(*seconds)*time.Second))
	}
	return median(lows), median(all), nil
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
	day := tx.Now.Format(time.DateOnly)
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
