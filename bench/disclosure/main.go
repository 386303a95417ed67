// Command disclosure measures how long it takes to bring what a licence of a whole
// board lets its platform know in step with the roster: the first time, when nothing
// changed, and when one pupil did. It makes its own roster: pupils in eight classes
// each, a teacher for every group of 25. Another writer works meanwhile, and the
// longest that it had to wait is told.
//
//	go run ./bench/disclosure [-pupils 20000] [-profile FILE]
//	go run ./bench/disclosure -db postgres://…?role=aval_app -owner postgres://…
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"aval/internal/db"
	"aval/internal/disclosure"
)

var (
	pupils  = flag.Int("pupils", 20_000, "pupils of the board")
	dsn     = flag.String("db", "", "PostgreSQL database, as the app; a SQLite file of its own when empty")
	owner   = flag.String("owner", "", "the same, as its owner")
	profile = flag.String("profile", "", "file for a CPU profile of the refreshes")
)

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "aval-bench-disclosure-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	at := cmp.Or(*dsn, "sqlite:"+filepath.Join(dir, "aval.db"))
	if err := db.Migrate(ctx, cmp.Or(*owner, at), ""); err != nil {
		return err
	}
	d, err := db.Open(ctx, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := furnish(ctx, d, *pupils); err != nil {
		return err
	}
	if *profile != "" {
		f, err := os.Create(*profile) //nolint:gosec // the operator's own flag
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	return measure(ctx, d)
}

func measure(ctx context.Context, d *db.DB) error {
	fmt.Printf("%s, %d pupils, load %s\n", d.Engine(), *pupils, load())
	for _, turn := range []struct {
		name, goal string
		before     string
	}{
		{"first", "under 20 s for 20,000 pupils on SQLite", ""},
		{"nothing changed", "under 2 s", ""},
		{"one pupil changed", "", `UPDATE person SET grade = '05' WHERE board_id = $1 AND id = $2`},
		{"licence over", "", `UPDATE licence SET ended_on = '2026-09-01' WHERE board_id = $1 AND id = 'l1' AND $2 <> ''`},
	} {
		if turn.before != "" {
			if err := d.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, turn.before, tx.Board, someone)
				return err
			}); err != nil {
				return err
			}
		}
		if err := analyse(ctx); err != nil {
			return err
		}
		waits := beside(ctx, d)
		began, before := time.Now(), used()
		if err := disclosure.Refresh(ctx, d, board, "l1"); err != nil {
			return err
		}
		took, cost := time.Since(began), used()-before
		n, longest, err := waits()
		if err != nil {
			return err
		}
		fmt.Printf("%-18s %8v (goal: %s), our CPU %v; another writer: %d writes, the longest %v\n", turn.name,
			took.Round(time.Millisecond), cmp.Or(turn.goal, "none"), cost.Round(time.Millisecond), n, longest.Round(time.Millisecond))
	}
	return nil
}

// beside writes a row again and again until it is asked how often, and how long the
// longest write took.
func beside(ctx context.Context, d *db.DB) func() (n int, longest time.Duration, err error) {
	stop, done := make(chan struct{}), make(chan struct{})
	var n int
	var longest time.Duration
	var err error
	go func() {
		defer close(done)
		for err == nil {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			began := time.Now()
			err = d.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE platform SET conditions = $2 WHERE board_id = $1 AND id = 'p1'`, tx.Board, fmt.Sprint(n))
				return err
			})
			n, longest = n+1, max(longest, time.Since(began))
		}
	}()
	return func() (int, time.Duration, error) {
		close(stop)
		<-done
		return n, longest, err
	}
}

// used is the CPU that this process has had: on SQLite, all that a refresh costs.
func used() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}
