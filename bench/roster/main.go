// Command roster measures what it costs to parse and validate a OneRoster set,
// to the letter and tolerantly, against a floor in the same run: archive/zip,
// encoding/csv and the same checks to the letter written plainly. It makes its own
// sets: of n pupils in eight classes each, about 10.8 rows for each pupil. Costs
// are CPU of this process (user and system), not time, for the machine may be shared.
//
//	go run ./bench/roster [-pupils 5000,100000] [-rounds 3] [-profile FILE]
//
// With -import it measures whole imports too, in time, since a server's work is no
// CPU of ours: of a new board, of the same set again with one row changed, and the
// floor with COPY (or, into SQLite, inserts by the hundred) into tables of its own,
// without a key and with one.
//
//	go run ./bench/roster -import [-db postgres://…?role=aval_app -owner postgres://…]
//	scripts/pgtest.sh go run ./bench/roster -import -postgres
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"aval/bench/postgres"
	"aval/internal/roster"
)

var (
	pupils  = flag.String("pupils", "5000,100000", "sizes of sets")
	rounds  = flag.Int("rounds", 3, "turns of each")
	whole   = flag.Bool("import", false, "measure whole imports")
	beside  = flag.Bool("floor", true, "measure the floor of -import too")
	dsn     = flag.String("db", "", "database of -import; a SQLite file of its own when empty")
	owner   = flag.String("owner", "", "PostgreSQL owner's address, for the tables")
	server  = flag.Bool("postgres", false, "-import into a PostgreSQL database of its own")
	profile = flag.String("profile", "", "file for a CPU profile of the strict turns")
)

func main() {
	flag.Parse()
	debug.SetMemoryLimit(roster.Memory) // as the program does
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() (err error) {
	dir, err := os.MkdirTemp("", "aval-bench-roster-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if *server {
		var drop func() error
		if *dsn, *owner, drop, err = postgres.Own(context.Background()); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, drop()) }()
	}
	for size := range strings.SplitSeq(*pupils, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, size+".zip")
		rows, err := generate(path, n)
		if err != nil {
			return err
		}
		if *whole {
			err = imports(context.Background(), dir, path, n, rows)
		} else {
			err = measure(path, n, rows)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// measure takes turns, so that what else the machine does falls on all alike.
func measure(path string, pupils, rows int) error {
	var floors, stricts, tolerants []time.Duration
	for range *rounds {
		cost, err := cpu(func() error {
			n, err := floor(path, nil)
			if err == nil && n != rows {
				err = fmt.Errorf("the floor read %d rows of %d", n, rows)
			}
			return err
		})
		if err != nil {
			return err
		}
		floors = append(floors, cost)
		for _, strict := range []bool{true, false} {
			if strict && *profile != "" {
				if err := begin(*profile); err != nil {
					return err
				}
			}
			cost, err := cpu(func() error { return house(path, strict, pupils) })
			pprof.StopCPUProfile()
			if err != nil {
				return err
			}
			if strict {
				stricts = append(stricts, cost)
			} else {
				tolerants = append(tolerants, cost)
			}
		}
	}
	f, s, t := median(floors), median(stricts), median(tolerants)
	fmt.Printf("%d pupils, %d rows, load %s: floor %v, strict %v ×%.2f, tolerant %v ×%.2f (goal 1.50)\n", pupils, rows, load(),
		f.Round(time.Millisecond), s.Round(time.Millisecond), s.Seconds()/f.Seconds(),
		t.Round(time.Millisecond), t.Seconds()/f.Seconds())
	return nil
}

func begin(path string) error {
	f, err := os.Create(path) //nolint:gosec // the operator's own flag
	if err != nil {
		return err
	}
	return pprof.StartCPUProfile(f)
}

func house(path string, strict bool, pupils int) error {
	check, err := roster.Validate(path, roster.Options{Strict: strict})
	if err != nil {
		return err
	}
	if len(check.Found)+len(check.Warnings) > 0 || check.Students != pupils {
		return fmt.Errorf("not what was generated: %+v", check)
	}
	return nil
}

// cpu is what a function costs.
func cpu(f func() error) (time.Duration, error) {
	runtime.GC()
	before, err := used()
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := used()
	return after - before, err
}

func used() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}
