package cli_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/job"
	"aval/internal/mail/mailtest"
	"aval/internal/roster/generate"
)

// A program that is killed while it does a job leaves it to the next one: the
// letter that a mail server was about to take goes out after all, once.
func TestAJobOutlivesItsProgram(t *testing.T) {
	t.Parallel()
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			dsn, server := dbtest.DSN(t, engine), mailtest.Serve(t)
			p := operator{t: t, env: append(os.Environ(), "AVAL_DB="+dsn, "AVAL_DATA="+filepath.Join(t.TempDir(), "data"),
				"AVAL_SMTP="+server.URL, "AVAL_MAIL_FROM=aval@commission.example", "AVAL_JOB_TIME=5s")}
			p.run("board", "create", "--pack", "csc-pan-2023", "--name", "Commission scolaire du Lac", "--id", "lac")
			p.run("user", "create", "--login", "secretary", "--name", "Secretary", "--email", "secretary@commission.example",
				"--role", "secretary")

			waiting, off := server.Hold()
			defer off()
			first := p.serve()
			select {
			case <-waiting:
			case <-time.After(time.Minute):
				t.Fatal("the weekly checkpoint was not begun")
			}
			first.kill(syscall.SIGKILL)
			off()
			if n := len(server.Letters()); n != 0 {
				t.Fatalf("the letter that was held came: %d", n)
			}

			d := p.open(dsn)
			if left, err := job.Left(t.Context(), d); err != nil || left["notice.checkpoint"] != 1 {
				t.Fatalf("left by the one that was killed: %v, %v", left, err)
			}
			second := p.serve()
			sent := server.WaitFor(t, "secretary@commission.example")
			second.kill(syscall.SIGTERM) // lets it write down what is done
			if tries := attempts(t, d); len(tries) != 1 || tries[0] < 2 {
				t.Errorf("attempts at letters: %v, want the second, or a later one, of one", tries)
			}
			if left, err := job.Left(t.Context(), d); err != nil || left["notice.checkpoint"] != 0 || len(server.Letters()) != 1 {
				t.Errorf("left at the end: %v, %v; %d letters, want one", left, err, len(server.Letters()))
			}
			anchor := filepath.Join(t.TempDir(), "anchor")
			for _, text := range sent.Files {
				if err := os.WriteFile(anchor, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p.run("audit", "verify", "--anchor", anchor)
		})
	}
}

// A program that is killed while it takes a roster in leaves the board as it was, and
// the next one takes it in: once, and whole.
func TestAnImportOutlivesItsProgram(t *testing.T) {
	t.Parallel()
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			dsn, data := dbtest.DSN(t, engine), filepath.Join(t.TempDir(), "data")
			p := operator{t: t, env: append(os.Environ(), "AVAL_DB="+dsn, "AVAL_DATA="+data)}
			p.run("board", "create", "--pack", "csc-pan-2023", "--name", "Commission scolaire du Lac", "--id", "lac")
			set := filepath.Join(t.TempDir(), "set.zip")
			if err := generate.Board(3, generate.Options{Pupils: 3000}).SaveZip(set); err != nil {
				t.Fatal(err)
			}
			p.run("roster", "import", set, "--later")

			d, first := p.open(dsn), p.serve()
			waitFor(t, d, "SELECT count(*) FROM roster_import WHERE board_id = $1 AND state IN ('staging', 'merging')")
			first.kill(syscall.SIGKILL)
			if n := counted(t, d, "SELECT count(*) FROM roster_import WHERE board_id = $1 AND state = 'done'"); n != 0 {
				t.Error("the import was quicker than the signal: give it a larger set")
			}
			whole := counted(t, d, "SELECT count(*) FROM person WHERE board_id = $1")
			if whole != 0 && whole < 3000 {
				t.Errorf("%d people of a part of the set", whole)
			}
			second := p.serve()
			waitFor(t, d, "SELECT count(*) FROM roster_import WHERE board_id = $1 AND state = 'done'")
			second.kill(syscall.SIGTERM)
			if n := counted(t, d, "SELECT count(*) FROM person WHERE board_id = $1 AND kind = 'student'"); n < 2500 {
				t.Errorf("%d pupils came in", n)
			}
			named := counted(t, d, "SELECT count(*) FROM login_name WHERE board_id = $1 AND retired_on = ''")
			if named == 0 {
				t.Error("nobody was given a login name")
			}
			if kept, err := filepath.Glob(filepath.Join(data, "rosters", "lac", "*")); err != nil || len(kept) != 0 {
				t.Errorf("sets that are still kept: %v, %v", kept, err)
			}
			if staged, err := filepath.Glob(strings.TrimPrefix(dsn, "sqlite:") + "-stage-*"); err != nil ||
				slices.ContainsFunc(staged, func(path string) bool { return !strings.HasSuffix(path, "-lock") }) {
				t.Errorf("rows that were left: %v, %v", staged, err)
			}
			p.run("audit", "verify", "--board", "lac")
		})
	}
}

func counted(t *testing.T, d *db.DB, query string) (n int) {
	t.Helper()
	err := d.Read(t.Context(), "lac", func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = db.One(ctx, tx, func(r db.Row) (n int, err error) {
			err = r.Scan(&n)
			return n, err
		}, query, tx.Board)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// waitFor waits for a count above zero.
func waitFor(t *testing.T, d *db.DB, query string) {
	t.Helper()
	for over := time.After(4 * time.Minute); counted(t, d, query) == 0; {
		select {
		case <-over:
			t.Fatalf("in vain: %s", query)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// attempts answers, for each job that mails a checkpoint, at which try it is.
func attempts(t *testing.T, d *db.DB) (tries []int) {
	t.Helper()
	err := d.SystemRead(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		tries, err = db.All(ctx, tx, func(row db.Row) (n int, err error) {
			err = row.Scan(&n)
			return n, err
		}, `SELECT attempt FROM river_job WHERE kind = 'notice.checkpoint' AND state = 'completed'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tries
}

// operator runs the built program.
type operator struct {
	t   *testing.T
	env []string
}

func (p operator) command(args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...) //nolint:gosec // the program that we built
	cmd.Env, cmd.Dir = p.env, p.t.TempDir()
	return cmd
}

func (p operator) run(args ...string) {
	p.t.Helper()
	if out, err := p.command(args...).CombinedOutput(); err != nil {
		p.t.Fatalf("aval %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (p operator) open(dsn string) *db.DB {
	p.t.Helper()
	d, err := db.Open(p.t.Context(), dsn, db.Conns(4))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = d.Close() }) // only looked into
	return d
}

// server is the program while it serves.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	log    *strings.Builder
	killed bool
}

func (p operator) serve() *server {
	p.t.Helper()
	s := &server{t: p.t, cmd: p.command("serve", "--listen", "127.0.0.1:0"), log: &strings.Builder{}}
	s.cmd.Stderr = s.log
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.kill(syscall.SIGKILL) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready ") {
		s.kill(syscall.SIGKILL)
		p.t.Fatalf("it said %q, %v: %s", line, err, s.log)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // it may say more
	return s
}

// kill sends a signal, once, and waits for the end.
func (s *server) kill(by syscall.Signal) {
	s.t.Helper()
	if s.killed {
		return
	}
	s.killed = true
	err := s.cmd.Process.Signal(by)
	if e := s.cmd.Wait(); err == nil && by == syscall.SIGTERM && e != nil {
		err = fmt.Errorf("%w: %s", e, s.log)
	}
	if err != nil {
		s.t.Error(err)
	}
}
