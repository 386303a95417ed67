package job_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/job"
)

const (
	received job.Kind = "request.received"
	other    job.Kind = "request.other"
)

// seen keeps what handlers were given.
type seen struct {
	sync.Mutex
	jobs []string
}

func (s *seen) handler(kind job.Kind) job.Handler {
	return func(_ context.Context, board, id string) error {
		s.Lock()
		defer s.Unlock()
		s.jobs = append(s.jobs, string(kind)+" "+board+" "+id)
		return nil
	}
}

func (s *seen) list() []string {
	s.Lock()
	defer s.Unlock()
	return append([]string(nil), s.jobs...)
}

func enqueue(t *testing.T, d *db.DB, board string, kind job.Kind, id string, then error) {
	t.Helper()
	err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
		return errors.Join(job.Enqueue(ctx, tx, kind, id), then)
	})
	if !errors.Is(err, then) || (err != nil) != (then != nil) {
		t.Fatal(err)
	}
}

// run does jobs until handlers were called so many times; none may be left then.
func run(t *testing.T, d *db.DB, handlers map[job.Kind]job.Handler, calls int) {
	t.Helper()
	called, counted := make(chan struct{}, 100), map[job.Kind]job.Handler{}
	for kind, h := range handlers {
		counted[kind] = func(ctx context.Context, board, id string) error {
			defer func() { called <- struct{}{} }()
			return h(ctx, board, id)
		}
	}
	stop, err := job.Run(t.Context(), d, counted, job.Options{})
	if err != nil {
		t.Fatal(err)
	}
	over := time.After(20 * time.Second)
	for range calls {
		select {
		case <-called:
		case <-over:
			t.Fatal("the jobs are not done")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
	if left, err := job.Left(t.Context(), d); err != nil || len(left) != 0 {
		t.Errorf("still left: %v, %v", left, err)
	}
}

func TestRun(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		enqueue(t, d, board, received, "undone", errors.New("ours"))
		left, err := job.Left(t.Context(), d)
		if err != nil || len(left) != 0 {
			t.Fatalf("left after an undone transaction: %v, %v", left, err)
		}
		enqueue(t, d, board, received, "one", nil)
		enqueue(t, d, board, other, "two", nil)
		left, err = job.Left(t.Context(), d)
		if err != nil || left[received] != 1 || left[other] != 1 {
			t.Fatalf("left: %v, %v", left, err)
		}
		var s seen
		run(t, d, map[job.Kind]job.Handler{received: s.handler(received), other: s.handler(other)}, 2)
		got := map[string]bool{}
		for _, j := range s.list() {
			got[j] = true
		}
		if len(got) != 2 || !got["request.received "+board+" one"] || !got["request.other "+board+" two"] {
			t.Errorf("done: %v", s.list())
		}
	})
}

func TestHandlersWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		var s seen
		next := func(ctx context.Context, board, id string) error {
			return d.Write(ctx, board, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO request_number (board_id, year, last) VALUES ($1, $2, $3)
					ON CONFLICT (board_id, year) DO UPDATE SET last = request_number.last + 1`, tx.Board, 2026, 1)
				return errors.Join(err, job.Enqueue(ctx, tx, other, id))
			})
		}
		enqueue(t, d, board, received, "one", nil)
		run(t, d, map[job.Kind]job.Handler{received: next, other: s.handler(other)}, 2)
		if got := s.list(); len(got) != 1 {
			t.Errorf("done: %v, want the job that the first one left", got)
		}
	})
}

// Of what is left once one waits at most, and one more when what had begun may not have
// seen the change.
func TestOnce(t *testing.T) {
	once := func(t *testing.T, d *db.DB, board, id string) {
		t.Helper()
		err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error { return job.Once(ctx, tx, received, id) })
		if err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one, two := dbtest.Board(t, d), dbtest.Board(t, d)
		for range 3 {
			once(t, d, one, "same")
		}
		once(t, d, one, "another")
		once(t, d, two, "same")
		if left, err := job.Left(t.Context(), d); err != nil || left[received] != 3 {
			t.Fatalf("left: %v, %v, want one of each", left, err)
		}
		var s seen
		run(t, d, map[job.Kind]job.Handler{received: func(ctx context.Context, board, id string) error {
			if board == one && id == "same" && !s.has(board, id) {
				once(t, d, board, id)
				once(t, d, board, id)
			}
			return s.handler(received)(ctx, board, id)
		}}, 4)
		again := 0
		for _, j := range s.list() {
			if j == "request.received "+one+" same" {
				again++
			}
		}
		if again != 2 {
			t.Errorf("done: %v, want the one that was left while it ran, once", s.list())
		}
	})
}

func (s *seen) has(board, id string) bool {
	return slices.Contains(s.list(), string(received)+" "+board+" "+id)
}

func TestFailures(t *testing.T) {
	cases := []struct {
		name  string
		err   error
		again bool
	}{
		{"a mistake is tried again", errors.New("ours"), true},
		{"a conflict is tried again", fault.New(fault.Conflict, "conflict.changed"), true},
		{"what is not there ends the job", fault.Missing(), false},
		{"a denial ends the job", fault.New(fault.Denied, "denied"), false},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				enqueue(t, d, board, received, "one", nil)
				var tries seen
				count := tries.handler(received)
				want := 1
				if c.again {
					want = 2
				}
				run(t, d, map[job.Kind]job.Handler{received: func(ctx context.Context, board, id string) error {
					if err := count(ctx, board, id); err != nil {
						return err
					}
					if len(tries.list()) == 1 {
						return c.err
					}
					return nil
				}}, want)
				if n := len(tries.list()); n != want {
					t.Errorf("tried %d times, want %d", n, want)
				}
			})
		}
	})
}

func TestStopCancels(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		enqueue(t, d, board, received, "long", nil)
		begun := make(chan struct{})
		var once sync.Once
		stop, err := job.Run(t.Context(), d, map[job.Kind]job.Handler{received: func(ctx context.Context, _, _ string) error {
			once.Do(func() { close(begun) })
			<-ctx.Done()
			return ctx.Err()
		}}, job.Options{})
		if err != nil {
			t.Fatal(err)
		}
		<-begun
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		left, err := job.Left(t.Context(), d)
		if err != nil || left[received] != 1 {
			t.Errorf("left: %v, %v, want the job cut off", left, err)
		}
	})
}

func TestTheClockLeavesItsJobsAtTheStart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		done := make(chan string, 1)
		stop, err := job.Run(t.Context(), d, map[job.Kind]job.Handler{"clock.daily": func(_ context.Context, board, id string) error {
			done <- board + id
			return nil
		}}, job.Options{Daily: []job.Kind{"clock.daily"}})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case of := <-done:
			if of != "" {
				t.Errorf("the clock's job is of %q, want no board and no id", of)
			}
		case <-time.After(20 * time.Second):
			t.Error("the clock left nothing")
		}
		if err := stop(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

func TestAJobThatTakesTooLongIsEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		enqueue(t, d, board, received, "long", nil)
		ended := make(chan error, 1)
		stop, err := job.Run(t.Context(), d, map[job.Kind]job.Handler{received: func(ctx context.Context, _, _ string) error {
			select {
			case <-ctx.Done():
				ended <- ctx.Err()
			case <-time.After(20 * time.Second):
				ended <- nil
			}
			return fault.Missing() // not again
		}}, job.Options{Timeout: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended by %v, want its time", err)
		}
		if err := stop(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

// A job that fails to be left dooms the transaction: the work would otherwise be forgotten.
func TestEnqueueDooms(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		board := dbtest.Board(t, d)
		err := d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			_ = job.Enqueue(ctx, tx, "not a kind", "one")
			return nil
		})
		if err == nil {
			t.Error("a transaction whose job was not left has committed")
		}
	})
}
