package pseudonym_test

import (
	"context"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
)

// These are of PostgreSQL, where several write at once.

// number answers a count that names no board.
func (w *world) number(query string) (n int) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = db.One(ctx, tx, func(r db.Row) (n int, err error) {
			err = r.Scan(&n)
			return n, err
		}, query)
		return err
	})
	return n
}

// waiting is how many transactions of the database wait for another.
func (w *world) waiting() int {
	return w.number(`SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE NOT l.granted AND a.datname = current_database()`)
}

func (w *world) untilWaiting(n int) {
	for w.waiting() < n {
		w.must(w.t.Context().Err())
	}
}

// writer is a transaction that looks a name up, waits to be told, and gives
// another in its place.
type writer struct {
	holds chan struct{} // closed when it holds the keys
	end   chan struct{} // closed to let it end
	ended chan error
}

func (w *world) begin(person string) writer {
	wr := writer{make(chan struct{}), make(chan struct{}), make(chan error, 1)}
	program, _ := w.program()
	go func() {
		wr.ended <- w.Write(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
			if _, err := program.Of(ctx, tx, person); err != nil {
				return err
			}
			close(wr.holds)
			<-wr.end
			_, err := program.Replace(ctx, tx, person)
			return err
		})
	}()
	return wr
}

// passes waits until a writer holds the keys, or is one of two who wait.
func (w *world) passes(wr writer) bool {
	for {
		select {
		case <-wr.holds:
			return true
		case err := <-wr.ended:
			w.t.Fatalf("a writer ended early: %v", err)
		default:
			if w.waiting() >= 2 {
				return false
			}
		}
	}
}

// passed runs a change of the keys against writers each of whom begins before
// the one before ends, and answers how many of them went before the change
// though they came after it.
func (w *world) passed(ids []string, change func() error) (count int) {
	w.t.Helper()
	last := w.begin(ids[0])
	<-last.holds
	changed := make(chan error, 1)
	go func() { changed <- change() }()
	w.untilWaiting(1)
	for ; count < 20; count++ {
		next := w.begin(ids[(count+1)%len(ids)])
		before := w.passes(next)
		close(last.end)
		w.must(<-last.ended)
		last = next
		if !before {
			break
		}
	}
	close(last.end)
	w.must(<-changed)
	w.must(<-last.ended)
	return count
}

func TestWritersWithoutAGapLetTheKeysBeReplaced(t *testing.T) {
	w := open(t, dbtest.Open(t, db.Postgres))
	ids := w.pupils(w.school, 30)
	w.issue(ids)
	if n := w.passed(ids, func() error { return w.keys.Rotate(t.Context(), w.operator()) }); n > 0 {
		t.Errorf("%d writers that began after Rotate went before it", n)
	}
	if n := w.passed(ids, func() error { return w.keys.Reseal(t.Context(), w.board, w.board) }); n > 0 {
		t.Errorf("%d writers that began after the older keys were to go went before it", n)
	}
	w.must(w.keys.Reseal(t.Context(), w.board, w.board))
	if st := w.status(); len(st.Keys) != 1 || st.Older != 0 || len(w.named(ids)) != len(ids) {
		t.Errorf("in the end: %+v", st)
	}
}

// Who has looked a name up issues in the same transaction, whoever else waits
// to issue and whoever waits to replace the keys.
func TestTheKeysComeBeforeTheTurnToIssue(t *testing.T) {
	w := open(t, dbtest.Open(t, db.Postgres))
	ids, late := w.pupils(w.school, 2), w.pupils(w.school, 1)
	w.issue(ids)
	first := w.begin(ids[0])
	<-first.holds
	rotated, issued := make(chan error, 1), make(chan error, 1)
	go func() { rotated <- w.keys.Rotate(t.Context(), w.operator()) }()
	w.untilWaiting(1)
	go func() {
		program, _ := w.program()
		issued <- w.Write(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error { return program.Issue(ctx, tx, late) })
	}()
	w.untilWaiting(2)
	if n := w.number(`SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_database d ON d.oid = l.database
		WHERE c.relname = 'login_issue' AND d.datname = current_database()`); n != 0 {
		t.Error("who waits for the keys has the turn to issue: two wait for each other")
	}
	close(first.end)
	for what, ended := range map[string]chan error{"Of, then Replace": first.ended, "Rotate": rotated, "Issue": issued} {
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if names := w.named(append(ids, late...)); len(names) != 3 {
		t.Errorf("%d names, want 3", len(names))
	}
}
