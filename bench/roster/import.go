package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/roster"
	"aval/internal/seal"
	"aval/internal/vault"
)

// imports measures, on a board of its own, the floor, the first import, and the
// import of the same set with one row changed.
func imports(ctx context.Context, dir, path string, pupils, rows int) error {
	d, err := database(ctx, filepath.Join(dir, fmt.Sprint(pupils)))
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }() // thrown away
	var floors [2]time.Duration
	for i, key := range []string{"", " PRIMARY KEY"} {
		if !*beside {
			break
		}
		if floors[i], err = took(func() error { return copied(ctx, d.Engine(), dir, path, key, rows) }); err != nil {
			return err
		}
	}
	parse, err := took(func() error {
		_, err := roster.Validate(path, roster.Options{Limits: roster.LimitsOf(2 * rows)})
		return err
	})
	if err != nil {
		return err
	}
	s, actor, err := service(ctx, d, dir, rows)
	if err != nil {
		return err
	}
	if *profile != "" {
		if err := begin(*profile); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	first, most, err := merged(ctx, s, actor, path)
	if err != nil {
		return err
	}
	log.Printf("%d pupils are in after %v", pupils, first.Round(time.Millisecond))
	changed := filepath.Join(dir, "changed.zip")
	if _, err := generateChanged(changed, pupils); err != nil {
		return err
	}
	again, mostAgain, err := merged(ctx, s, actor, changed)
	if err != nil {
		return err
	}
	fmt.Printf("%d pupils, %d rows, %s, load %s: floor without keys %v, with %v, import %v %s and %s (goal ×2.00), parse %v, again with one row changed %v ×%.2f (goal 2.50), most memory %d and %d MB (goal 512)\n",
		pupils, rows, d.Engine(), load(), floors[0].Round(time.Millisecond), floors[1].Round(time.Millisecond), first.Round(time.Millisecond),
		times(first, floors[0]), times(first, floors[1]),
		parse.Round(time.Millisecond), again.Round(time.Millisecond), again.Seconds()/parse.Seconds(), most>>10, mostAgain>>10)
	return nil
}

// forgetPeak lets the most memory that this process takes be counted from now on.
func forgetPeak() error {
	debug.FreeOSMemory()
	return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600)
}

// peak is the most memory that this process took since forgetPeak, in kilobytes.
func peak() (kilobytes int, err error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	_, err = fmt.Sscan(after, &kilobytes)
	return kilobytes, err
}

// times is how many floors something took; nothing where none was measured.
func times(of, floor time.Duration) string {
	if floor == 0 {
		return "-"
	}
	return fmt.Sprintf("×%.2f", of.Seconds()/floor.Seconds())
}

func took(f func() error) (time.Duration, error) {
	start := time.Now()
	err := f()
	return time.Since(start), err
}

func database(ctx context.Context, path string) (*db.DB, error) {
	at := cmp.Or(*dsn, "sqlite:"+path+".db")
	if err := db.Migrate(ctx, cmp.Or(*owner, at), ""); err != nil {
		return nil, err
	}
	return db.Open(ctx, at)
}

func service(ctx context.Context, d *db.DB, dir string, rows int) (*roster.Service, policy.Actor, error) {
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		return nil, policy.Actor{}, err
	}
	master, err := seal.OpenMaster(filepath.Join(dir, "keys"))
	if err != nil {
		return nil, policy.Actor{}, err
	}
	b, err := (&board.Service{DB: d}).Create(ctx, "", "Commission scolaire du Banc", "csc-pan-2023")
	s := roster.New(d, &pseudonym.Names{Vault: vault.New(master)})
	s.Limits = roster.LimitsOf(2 * rows)
	return s, policy.System(b.ID, pack, "bench"), err
}

// merged is how long an import takes until the roster is in step, and the most memory
// in kilobytes: login names, which come after it, are the matter of another bench.
func merged(ctx context.Context, s *roster.Service, actor policy.Actor, path string) (time.Duration, int, error) {
	if err := forgetPeak(); err != nil {
		return 0, 0, err
	}
	start, done := time.Now(), make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, err := s.Import(ctx, actor, path)
		done <- err
	}()
	for {
		select {
		case err := <-done:
			most, e := peak()
			return time.Since(start), most, errors.Join(err, e)
		case <-time.After(200 * time.Millisecond):
		}
		last, err := s.Last(ctx, actor, 1)
		if err != nil {
			return 0, 0, err
		}
		if len(last) > 0 && last[0].State == roster.Naming && last[0].At.After(start) {
			took := time.Since(start)
			most, err := peak()
			cancel()
			<-done //nolint:errcheck // it was cut among the names
			return took, most, err
		}
	}
}

// generateChanged is generate with one pupil of another grade.
func generateChanged(path string, n int) (int, error) {
	odd = n / 2
	defer func() { odd = -1 }()
	return generate(path, n)
}

// odd is the pupil who is in another grade, or none.
var odd = -1

func gradeOf(i int, usual string) string {
	if i == odd && usual != "" {
		return "05"
	}
	return usual
}
