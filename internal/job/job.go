// Package job is work left for later.
//
// A use case leaves a job in its own transaction: no commit, no work.
//
//	return job.Enqueue(ctx, tx, Received, string(r.ID))
//
// A job says a kind, a board and an id, never data: when it runs, the truth is
// in the tables. It may run twice (after a crash, or when it fails), so a
// handler does no harm the second time. All handlers are given to Run by
// package app; nothing registers itself.
//
// River does the work underneath, in the same database; only this package
// knows.
package job

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"aval/internal/db"
	"aval/internal/fault"
)

// Kind is what is to be done, named after its subject: "request.received".
type Kind string

var kindPattern = regexp.MustCompile(`^[a-z][a-z_]*\.[a-z][a-z_]*$`)

func (k Kind) check() error {
	if !kindPattern.MatchString(string(k)) {
		return fmt.Errorf("%q is not the kind of a job, as subject.what", string(k))
	}
	return nil
}

// Handler does one job: what it needs it reads in transactions of its own. An
// error makes it run again later, each time after a longer wait. A refusal
// that time does not change (Invalid, Denied, NotFound) ends the job.
type Handler func(ctx context.Context, board, id string) error

const workers = 8

// Options are how jobs are run.
type Options struct {
	// Timeout ends the context of a job that takes too long; DefaultTimeout
	// when zero. A job whose program died is done again once a sixth more has
	// passed and River has looked, which it does every half minute.
	Timeout time.Duration
	// Long are the kinds that may take another time. One whose program died is
	// done again that much later: who leaves it should leave another at the start.
	Long map[Kind]time.Duration
	// Daily are left by the clock, without a board or an id: when the program
	// starts, then once a day.
	Daily []Kind
	// Hourly are left in the same way, once an hour.
	Hourly []Kind
}

// DefaultTimeout is how long a job may take.
const DefaultTimeout = time.Minute

func (o Options) timeout() time.Duration {
	if o.Timeout <= 0 {
		return DefaultTimeout
	}
	return o.Timeout
}

// rescueAfter gives back the jobs of a program that died; before the timeout it
// would run one twice at a time.
func (o Options) rescueAfter() time.Duration { return o.timeout() * 7 / 6 }

func (o Options) periodic() []*river.PeriodicJob {
	var jobs []*river.PeriodicJob
	for every, kinds := range map[time.Duration][]Kind{24 * time.Hour: o.Daily, time.Hour: o.Hourly} {
		for _, kind := range kinds {
			jobs = append(jobs, river.NewPeriodicJob(river.PeriodicInterval(every),
				func() (river.JobArgs, *river.InsertOpts) { return args{kind: kind}, nil },
				&river.PeriodicJobOpts{RunOnStart: true}))
		}
	}
	return jobs
}

// args are one type for all kinds: the kind is known by River and not repeated inside.
type args struct {
	kind  Kind
	Board string `json:"board"`
	ID    string `json:"id"`
}

// Kind implements river.JobArgs.
func (a args) Kind() string { return string(a.kind) }

// The clients that only add jobs have no pool: they join the caller's transaction.
var (
	addSQLite   = adding(riversqlite.New(nil))
	addPostgres = adding(riverpgxv5.New(nil))
)

func adding[T any](driver riverdriver.Driver[T]) *river.Client[T] {
	c, err := river.NewClient(driver, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(fmt.Sprintf("job: %v", err)) // only a configuration that River refuses: every test would see it
	}
	return c
}

// Enqueue leaves a job of the transaction's board, to be done once it has committed.
func Enqueue(ctx context.Context, tx *db.Tx, kind Kind, id string) error {
	return Later(ctx, tx, kind, id, time.Time{})
}

// Once is Enqueue unless the same job waits already, to be done at once. One that has
// begun does not count: it may have read what the transaction changes. One that waits
// begins only after the transaction has committed.
func Once(ctx context.Context, tx *db.Tx, kind Kind, id string) error {
	waiting, err := tx.Exec(ctx, `UPDATE river_job SET priority = priority
		WHERE kind = $1 AND state = 'available' AND args->>'board' = $2 AND args->>'id' = $3`, string(kind), tx.Board, id)
	if err != nil {
		return fmt.Errorf("look for a waiting %s: %w", kind, err)
	}
	if waiting > 0 {
		return nil
	}
	return Enqueue(ctx, tx, kind, id)
}

// Later is Enqueue for a job that is not to be done before a moment.
func Later(ctx context.Context, tx *db.Tx, kind Kind, id string, at time.Time) error {
	a, o := args{kind: kind, Board: tx.Board, ID: id}, &river.InsertOpts{ScheduledAt: at}
	err := kind.check()
	if err == nil {
		if pg := tx.Postgres(); pg != nil {
			_, err = addPostgres.InsertTx(ctx, pg, a, o)
		} else {
			_, err = addSQLite.InsertTx(ctx, tx.SQLite(), a, o)
		}
	}
	if err != nil {
		return tx.Doom(fmt.Errorf("enqueue %s: %w", kind, err))
	}
	return nil
}

// Run starts doing the jobs of d, those left before included. The returned
// stop lets running jobs end; when its context ends first, it cancels theirs.
// On SQLite the jobs share the one writing connection of d.
func Run(ctx context.Context, d *db.DB, handlers map[Kind]Handler, o Options) (stop func(context.Context) error, err error) {
	if pool := d.Postgres(); pool != nil {
		stop, err = run(ctx, riverpgxv5.New(pool), handlers, o)
	} else {
		stop, err = run(ctx, riversqlite.New(d.SQLite()), handlers, o)
	}
	if err != nil {
		return nil, fmt.Errorf("run jobs: %w", err)
	}
	return stop, nil
}

func run[T any](ctx context.Context, driver riverdriver.Driver[T], handlers map[Kind]Handler, o Options) (
	func(context.Context) error, error) {
	ws := river.NewWorkers()
	for kind, h := range handlers {
		if err := kind.check(); err != nil {
			return nil, err
		}
		river.AddWorkerArgs(ws, args{kind: kind}, &worker{handle: h, time: o.Long[kind]})
	}
	c, err := river.NewClient(driver, &river.Config{
		Logger:               slog.New(warnings{slog.Default().Handler()}),
		JobTimeout:           o.timeout(),
		RescueStuckJobsAfter: o.rescueAfter(),
		PeriodicJobs:         o.periodic(),
		ReindexerSchedule:    river.NeverSchedule(), // the app does not own the indexes
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		Workers:              ws,
	})
	if err != nil {
		return nil, err
	}
	// Only stop ends it: the context that starts the program may end before its jobs have.
	if err := c.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		err := c.Stop(ctx)
		if err != nil && ctx.Err() != nil {
			cancelled, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			err = c.StopAndCancel(cancelled)
		}
		return err
	}, nil
}

type worker struct {
	river.WorkerDefaults[args]
	handle Handler
	time   time.Duration // that it may take, of a kind of its own
}

// Timeout implements river.Worker.
func (w *worker) Timeout(*river.Job[args]) time.Duration { return w.time }

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, j *river.Job[args]) error {
	err := w.handle(ctx, j.Args.Board, j.Args.ID)
	if f, ok := fault.As(err); ok && f.Kind != fault.Conflict {
		return river.JobCancel(err)
	}
	return err
}

// Left counts the jobs that are still to be done, by kind.
func Left(ctx context.Context, d *db.DB) (map[Kind]int, error) {
	left := map[Kind]int{}
	type line struct {
		kind Kind
		n    int
	}
	err := d.SystemRead(ctx, func(ctx context.Context, tx *db.Tx) error {
		lines, err := db.All(ctx, tx, func(r db.Row) (l line, err error) {
			err = r.Scan(&l.kind, &l.n)
			return l, err
		},
			`SELECT kind, count(*) FROM river_job
			WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled') GROUP BY kind`)
		for _, l := range lines {
			left[l.kind] = l.n
		}
		return err
	})
	return left, err
}

// warnings keeps River's daily talk out of the log.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
