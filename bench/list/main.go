// Command list measures a page of 100 requests, with its session, its actor and
// its rows, against a bare handler that opens the same kind of transaction,
// reads the same rows and writes the same bytes.
//
//	go run ./bench/list [-db postgres://…?role=aval_app -owner postgres://…] [-seconds 5] [-rounds 3] [-profile FILE]
//
// Each handler is served by a process of its own, so that its memory is its own;
// the load comes from this one, over 16 connections, in turns.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"aval/internal/account"
	"aval/internal/app"
	"aval/internal/db"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/request"
)

const (
	board    = "bench"
	login    = "direction"
	password = "a long enough password"
	page     = "/requests"
	conns    = 16
)

var (
	dsn     = flag.String("db", "", "database (default: a SQLite file of its own)")
	owner   = flag.String("owner", "", "PostgreSQL owner's address, for the tables")
	seconds = flag.Int("seconds", 5, "length of each turn")
	rounds  = flag.Int("rounds", 3, "turns of each handler")
	serve   = flag.String("serve", "", "(for itself) house or bare")
	data    = flag.String("data", "", "(for itself) folder of the keys")
	profile = flag.String("profile", "", "file for the CPU profile of the house")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := error(nil)
	if *serve != "" {
		err = serveOne(ctx)
	} else {
		err = measure(ctx)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err) //nolint:gocritic // nothing is left to stop
	}
}

func measure(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "aval-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder of ours
	if *dsn == "" {
		*dsn = "sqlite:" + filepath.Join(dir, "bench.db")
	}
	if *owner == "" {
		*owner = *dsn
	}
	*data = filepath.Join(dir, "data")
	if err := db.Migrate(ctx, *owner, ""); err != nil {
		return err
	}
	if err := furnish(ctx); err != nil {
		return err
	}
	if err := analyse(ctx); err != nil {
		return err
	}
	house, err := start(ctx, "house", "")
	if err != nil {
		return err
	}
	defer house.stop()
	client, err := signIn(house.url)
	if err != nil {
		return err
	}
	bytes, err := get(client, house.url+page)
	if err != nil {
		return err
	}
	if n := strings.Count(string(bytes), "/requests/"); n < 100 {
		return fmt.Errorf("the page shows %d links to requests, want 100", n)
	}
	same := filepath.Join(dir, "page")
	if err := os.WriteFile(same, bytes, 0o600); err != nil {
		return err
	}
	bare, err := start(ctx, "bare", same)
	if err != nil {
		return err
	}
	defer bare.stop()
	fmt.Printf("%d bytes, %d connections, %d s a turn\n", len(bytes), conns, *seconds)
	var rates, tails []float64
	for range *rounds {
		floor := bare.load(client)
		ours := house.load(client)
		rates, tails = append(rates, ours.rate/floor.rate), append(tails, ours.p99.Seconds()/floor.p99.Seconds())
		fmt.Printf("bare  %v\nhouse %v   rate ×%.2f  p99 ×%.2f\n", floor, ours, rates[len(rates)-1], tails[len(tails)-1])
	}
	slices.Sort(rates)
	slices.Sort(tails)
	fmt.Printf("median: rate ×%.2f (goal 0.70), p99 ×%.2f (goal 1.50), resident %d MB (goal 150)\n",
		rates[len(rates)/2], tails[len(tails)/2], resident(house.pid))
	return nil
}

// furnish makes a board with a school and 150 drafts of its principal.
func furnish(ctx context.Context) error {
	a, err := app.Open(ctx, app.Config{DB: *dsn, Data: *data})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }() // what was written is committed
	b, err := a.Boards.Create(ctx, board, "Bench", "csc-pan-2023")
	if err != nil {
		return err
	}
	pack, err := b.Policy()
	if err != nil {
		return err
	}
	hand := policy.System(board, pack, "cli")
	err = a.DB.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
		return org.Save(ctx, tx, org.Org{ID: "ecole", SourceID: "ecole", Kind: org.School, Name: "École du Banc", Sector: org.Youth, Status: "active"})
	})
	if err != nil {
		return err
	}
	if _, _, err := a.Accounts.Create(ctx, hand, account.New{Login: login, Name: "Direction", Password: password,
		Grants: []policy.Grant{{Role: policy.Principal, Org: "ecole"}}}); err != nil {
		return err
	}
	who, err := a.Accounts.SignIn(ctx, board, login, password)
	if err != nil {
		return err
	}
	for i := range 150 {
		r, err := a.Requests.Create(ctx, who, request.Draft{PlatformName: fmt.Sprintf("Plateforme %03d", i),
			Description: strings.Repeat("Une plateforme de lecture. ", 8), Usage: strings.Repeat("En ateliers, deux fois par semaine. ", 6),
			DataKinds: []string{"grade"}, Pupils: 20})
		if err != nil {
			return err
		}
		if i%2 == 0 {
			if _, err := a.Requests.Submit(ctx, who, r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// analyse tells PostgreSQL what its tables hold, as its own autovacuum does in a day.
func analyse(ctx context.Context) error {
	if !strings.HasPrefix(*owner, "postgres") {
		return nil
	}
	conn, err := pgx.Connect(ctx, *owner)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `ANALYZE`)
	return errors.Join(err, conn.Close(ctx))
}

type process struct {
	url  string
	pid  int
	stop func()
}

// start runs this program again as one server, until the context ends.
func start(ctx context.Context, kind, file string) (p process, err error) {
	program, err := os.Executable()
	if err != nil {
		return p, err
	}
	cmd := exec.CommandContext(ctx, program, "-serve", kind, "-db", *dsn, "-data", *data, "-profile", *profile, file) //nolint:gosec // ourselves
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return p, err
	}
	if err := cmd.Start(); err != nil {
		return p, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return p, fmt.Errorf("%s did not start: %w", kind, err)
	}
	return process{url: strings.TrimSpace(line), pid: cmd.Process.Pid, stop: func() {
		_ = cmd.Cancel() // gone already
		_ = cmd.Wait()   // interrupted
	}}, nil
}

func serveOne(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if *serve == "house" {
		a, err := app.Open(ctx, app.Config{DB: *dsn, Data: *data})
		if err != nil {
			return err
		}
		if *profile != "" {
			out, err := os.Create(*profile)
			if err != nil {
				return err
			}
			if err := pprof.StartCPUProfile(out); err != nil {
				return err
			}
			defer pprof.StopCPUProfile()
		}
		fmt.Println("http://" + listener.Addr().String())
		return a.Serve(ctx, listener, "")
	}
	bytes, err := os.ReadFile(flag.Arg(0))
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, *dsn)
	if err != nil {
		return err
	}
	fmt.Println("http://" + listener.Addr().String())
	server := &http.Server{Handler: bare(d, bytes), ReadHeaderTimeout: time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // nothing is left to answer
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return d.Close()
}

// bare is the floor: the rows of the page in one transaction, and its bytes.
func bare(d *db.DB, bytes []byte) http.Handler {
	const columns = 38
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := d.Read(r.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			_, err := db.All(ctx, tx, func(row db.Row) (v [columns]any, err error) {
				into := make([]any, columns)
				for i := range into {
					into[i] = &v[i]
				}
				err = row.Scan(into...)
				return v, err
			}, `SELECT r.id, r.number, r.platform_id, r.org_id, r.author_id, r.author_role, r.kind, r.description, r.usage,
				r.missing, r.data_kinds, r.cost_cents, r.pupils, r.new_security, r.follows_id, r.state, r.state_at, r.reason,
				r.created_at, r.submitted_at, r.authorised_at, r.authorised_by, r.acknowledged_at, r.acknowledged_by,
				r.evaluated_at, r.decided_at, r.closed_at, r.redirected_by, r.personal, r.pia_on, r.committee_on,
				r.privacy_by, r.version, p.name, o.name, o.kind, a.name, r.board_id
				FROM request r
				JOIN platform p ON p.board_id = r.board_id AND p.id = r.platform_id
				JOIN org o ON o.board_id = r.board_id AND o.id = r.org_id
				JOIN account a ON a.board_id = r.board_id AND a.id = r.author_id
				WHERE r.board_id = $1 AND r.org_id = $2 ORDER BY r.created_at DESC, r.id DESC LIMIT 101`, tx.Board, "ecole")
			return err
		})
		if err != nil {
			http.Error(w, "database", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(bytes) // the caller has gone
	})
}

func signIn(base string) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: conns, DisableCompression: true}}
	answer, err := client.PostForm(base+"/sign-in", url.Values{"board": {board}, "login": {login}, "password": {password}})
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // read no further
	if answer.Request.URL.Path != "/desk" {
		return nil, fmt.Errorf("signing in led to %s (%s)", answer.Request.URL.Path, answer.Status)
	}
	return client, nil
}

func get(client *http.Client, address string) ([]byte, error) {
	answer, err := client.Get(address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // read to its end
	bytes, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(answer.Status)
	}
	return bytes, err
}

type figures struct {
	rate     float64
	p50, p99 time.Duration
	work     time.Duration // of the server's processors, for one answer
}

func (f figures) String() string {
	return fmt.Sprintf("%7.0f/s  p50 %8v  p99 %8v  work %8v", f.rate, f.p50, f.p99, f.work)
}

// load asks over 16 connections, each as fast as it is answered, for one turn.
func (p process) load(client *http.Client) figures {
	end := time.Now().Add(time.Duration(*seconds) * time.Second)
	begun, worked := time.Now(), p.worked()
	all := make([][]time.Duration, conns)
	var wait sync.WaitGroup
	for i := range conns {
		wait.Go(func() {
			for time.Now().Before(end) {
				at := time.Now()
				if _, err := get(client, p.url+page); err != nil {
					log.Fatal(err)
				}
				all[i] = append(all[i], time.Since(at))
			}
		})
	}
	wait.Wait()
	took := slices.Concat(all...)
	slices.Sort(took)
	at := func(p int) time.Duration { return took[min(len(took)-1, len(took)*p/100)].Round(10 * time.Microsecond) }
	return figures{rate: float64(len(took)) / time.Since(begun).Seconds(), p50: at(50), p99: at(99),
		work: ((p.worked() - worked) / time.Duration(len(took))).Round(10 * time.Microsecond)}
}

// worked is how long the processors have worked for a process, as Linux tells
// (in hundredths of a second): other programs do not change it much.
func (p process) worked() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var ticks time.Duration
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0
		}
		ticks += time.Duration(n)
	}
	return ticks * 10 * time.Millisecond
}

// resident is the memory of a process, in megabytes, as Linux tells.
func resident(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(text)) {
		var kb int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kb); err == nil {
			return kb / 1024
		}
	}
	return -1
}
