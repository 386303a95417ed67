package cli_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/charmap"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/i18n"
	"aval/internal/mail/mailtest"
)

// program is the built aval that the stories run.
var program string

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "8") // a flag of testing's own; they mostly wait for the program
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "aval-stories-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }() // a leftover in a temporary place harms nothing
		program = filepath.Join(dir, "aval")
		if out, err := exec.Command("go", "build", "-ldflags=-w", "-o", program, "aval/cmd/aval").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build aval: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// TestStories runs stories/*.txtar against the built program, on both engines.
//
// Beside testscript's own commands they have:
//
//	serve                      starts "aval serve" and waits for its line; $URL is where
//	demo                       the same of "aval demo"
//	halt                       ends it, which must go well
//	roster FILE [moved]        writes a generated OneRoster 1.2 set; $SCHOOL, $TEACHER, $COLLEAGUE, $OTHER_SCHOOL, $OTHER_TEACHER
//	                           are source ids in it, $FAMILY is a pupil of $TEACHER; moved: the pupil went to the other school
//	api TOKEN METHOD PATH STATUS [FILE]
//	                           calls the API; the answer, which must have that status, is the output.
//	                           $NAMES in FILE are replaced; a FILE.zip is sent as it is
//	again COUNT TOKEN …        the same so many times; the last answer is the output
//	until TOKEN PATH WHERE VALUE
//	                           waits until the API's answer has this value there
//	browse LOGIN METHOD PATH STATUS [FIELD=VALUE…]
//	                           asks for a page as somebody, signed in with $LOGIN_PASSWORD; the page is the output
//	vendor FILE COUNT          gives a platform a file of so many accounts
//	enter NAME PASSWORD        signs in to the platform
//	json PATH VALUE            the last output has this value there; clauses/id=2.2b/conform finds in a list, warnings/len counts one
//	keep NAME [PATH]           puts the last output, or what it has there, in $NAME
//	mailbox                    runs a mail server, which the program finds in $AVAL_SMTP
//	letter ADDRESS FOLDER      waits for a letter to the address, whose text is the output; its files go to the folder
//	sql STATEMENT              changes the database around every guard of the program
//	empty SELECT               waits until a count is 0; with a !, until it is not
//	export FILE COUNT          writes what a platform would export of so many pupils; $PUPIL is the first one's family name
//	latin FILE                 writes a text again as an old system would: Latin-1, CRLF
//	oneroster serve            runs a OneRoster service, at $SOURCE_URL and $TOKEN_URL for $CLIENT_ID
//	oneroster hold COLLECTION NTH, held, let
//	                           keeps a request for a page waiting; waits until it came; answers again
//	oneroster asked            the pages that it gave since the last time are the output
//	oneroster rename COUNT, lose COUNT
//	                           so many pupils have another name, or are gone
//	backup, restore            copies the database; puts the copy in its place, as often as one likes
func TestStories(t *testing.T) {
	t.Parallel()
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			_ = dbtest.Empty(t, engine) // skips, or fails where both engines are wanted
			testscript.Run(t, testscript.Params{
				Dir:                 "../../stories",
				RequireExplicitExec: true,
				Setup:               func(env *testscript.Env) error { return setup(env, engine) },
				Condition: func(name string) (bool, error) {
					if name == string(db.SQLite) || name == string(db.Postgres) {
						return name == string(engine), nil
					}
					return false, fmt.Errorf("unknown condition %q", name)
				},
				Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
					"serve": start("serve", "--listen", "127.0.0.1:0"), "demo": start("demo"), "halt": leave,
					"roster": roster, "api": api, "json": compare, "keep": keep, "mailbox": mailbox, "letter": letter,
					"again": again, "until": until, "browse": browse, "vendor": vendor, "enter": enter,
					"sql": tamper, "backup": backup, "restore": restore, "export": export, "latin": latin, "oneroster": oneroster,
					"credential": takeCredential, "token": takeToken, "read": readAsPlatform, "walk": walkPages, "empty": empties,
				},
			})
		})
	}
}

// latin writes a text again as an old system would.
func latin(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: latin FILE")
	}
	text, err := charmap.ISO8859_1.NewEncoder().String(strings.ReplaceAll(ts.ReadFile(args[0]), "\n", "\r\n"))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

type runningKey struct{}

// running is the program while it serves.
type running struct {
	cmd  *exec.Cmd
	said chan error
}

func setup(env *testscript.Env, engine db.Engine) error {
	t, ok := env.T().(testing.TB)
	if !ok {
		return errors.New("testscript runs on something else than testing")
	}
	dsn := dbtest.Empty(t, engine)
	env.Values[runningKey{}], env.Values[mailKey{}] = &running{}, &mails{t: t}
	env.Values[sourceKey{}] = &services{t: t}
	env.Values[pupilsKey{}] = &pupils{t: t, browsers: map[string]*http.Client{}}
	env.Setenv("PATH", filepath.Dir(program)+string(os.PathListSeparator)+env.Getenv("PATH"))
	env.Setenv("AVAL_DATA", filepath.Join(env.WorkDir, "data"))
	env.Setenv("AVAL_LANG", "en")
	repo, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	env.Setenv("REPO", repo)
	env.Setenv("AVAL_DB", dsn)
	if engine == db.Postgres {
		env.Setenv("AVAL_DB_OWNER", dsn)
		env.Setenv("AVAL_DB", dsn+sep(dsn)+"role="+db.AppRole)
	}
	env.Setenv("TODAY", time.Now().In(i18n.Zone).Format(time.DateOnly))
	return nil
}

func sep(dsn string) string {
	if strings.Contains(dsn, "?") {
		return "&"
	}
	return "?"
}

// start starts the program in the background and waits until it listens.
func start(args ...string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, more []string) {
		if neg {
			ts.Fatalf("serve does not fail")
		}
		r := ts.Value(runningKey{}).(*running)
		cmd := exec.Command(program, append(slices.Clone(args), more...)...) //nolint:gosec // the program that we built
		cmd.Dir, cmd.Env = ts.MkAbs("."), environment(ts)
		var log strings.Builder
		cmd.Stderr = &log
		out, err := cmd.StdoutPipe()
		ts.Check(err)
		ts.Check(cmd.Start())
		r.cmd, r.said = cmd, make(chan error, 1)
		ts.Defer(func() { _ = halt(r) })
		line, err := bufio.NewReader(out).ReadString('\n')
		address, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
		if err != nil || !ok {
			ts.Fatalf("it said %q, %v: %s", line, err, log.String())
		}
		go func() {
			_, _ = io.Copy(io.Discard, out) // it may say more
			err := cmd.Wait()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, log.String())
			}
			r.said <- err
		}()
		ts.Setenv("URL", address)
	}
}

func environment(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "AVAL_DB", "AVAL_DATA", "AVAL_LANG", "AVAL_PACKS", "AVAL_SMTP", "AVAL_MAIL_FROM", "AVAL_PRIVATE_SOURCES"} {
		if said := ts.Getenv(name); said != "" {
			env = append(env, name+"="+said)
		}
	}
	return env
}

// halt asks the program to leave, as an operator does.
func halt(r *running) error {
	if r.cmd == nil {
		return nil
	}
	defer func() { r.cmd = nil }()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-r.said:
		return err
	case <-time.After(15 * time.Second):
		return errors.Join(errors.New("it does not leave"), r.cmd.Process.Kill())
	}
}

func leave(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(halt(ts.Value(runningKey{}).(*running)))
}

func api(ts *testscript.TestScript, _ bool, args []string) {
	_, err := io.WriteString(ts.Stdout(), call(ts, args...))
	ts.Check(err)
}

// at finds a value in JSON by names, numbers and name=value parted by slashes.
func at(text, path string) (string, error) {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return "", fmt.Errorf("not JSON: %w: %s", err, text)
	}
	for _, step := range strings.Split(path, "/") {
		var next any
		found := false
		switch in := v.(type) {
		case map[string]any:
			next, found = in[step]
		case []any:
			if step == "len" {
				next, found = float64(len(in)), true
				break
			}
			name, value, named := strings.Cut(step, "=")
			for i, item := range in {
				fields, _ := item.(map[string]any)
				if named && fmt.Sprint(fields[name]) == value || !named && strconv.Itoa(i) == step {
					next, found = item, true
					break
				}
			}
		}
		if !found {
			return "", fmt.Errorf("%s: there is no %s in %s", path, step, text)
		}
		v = next
	}
	if s, ok := v.(string); ok {
		return s, nil
	}
	out, err := json.Marshal(v)
	return string(out), err
}

func compare(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: json PATH VALUE")
	}
	text := ts.ReadFile("stdout")
	got, err := at(text, args[0])
	if neg {
		if err == nil && got == args[1] {
			ts.Fatalf("%s is %q", args[0], got)
		}
		return
	}
	ts.Check(err)
	if got != args[1] {
		ts.Fatalf("%s is %q, not %q: %s", args[0], got, args[1], text)
	}
}

func keep(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 && len(args) != 2 {
		ts.Fatalf("usage: keep NAME [PATH]")
	}
	value := strings.TrimSpace(ts.ReadFile("stdout"))
	if len(args) == 2 {
		var err error
		value, err = at(value, args[1])
		ts.Check(err)
	}
	ts.Setenv(args[0], value)
}

type mailKey struct{}

func mailbox(ts *testscript.TestScript, _ bool, _ []string) {
	m := ts.Value(mailKey{}).(*mails)
	m.server = mailtest.Serve(m.t)
	ts.Setenv("AVAL_SMTP", m.server.URL)
	ts.Setenv("AVAL_MAIL_FROM", "aval@commission.example")
}

// mails is the story's mail server.
type mails struct {
	t      testing.TB
	server *mailtest.Server
}

func letter(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: letter ADDRESS FOLDER")
	}
	m := ts.Value(mailKey{}).(*mails)
	got := m.server.WaitFor(m.t, args[0])
	ts.Check(os.MkdirAll(ts.MkAbs(args[1]), 0o700))
	for name, text := range got.Files {
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[1]), filepath.Base(name)), []byte(text), 0o600))
	}
	_, err := io.WriteString(ts.Stdout(), got.Text)
	ts.Check(err)
	m.server.Forget()
}

// tamper does what somebody with the file, or with the server's owner, could do.
func tamper(ts *testscript.TestScript, _ bool, args []string) {
	statement, ctx := strings.Join(args, " "), context.Background()
	if path, ok := strings.CutPrefix(ts.Getenv("AVAL_DB"), "sqlite:"); ok {
		file, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
		ts.Check(err)
		_, err = file.ExecContext(ctx, statement)
		ts.Check(errors.Join(err, file.Close()))
		return
	}
	conn, err := pgx.Connect(ctx, ts.Getenv("AVAL_DB_OWNER"))
	ts.Check(err)
	_, err = conn.Exec(ctx, statement)
	ts.Check(errors.Join(err, conn.Close(ctx)))
}

// backup copies a database that nobody uses.
func backup(ts *testscript.TestScript, _ bool, _ []string) {
	if path, ok := strings.CutPrefix(ts.Getenv("AVAL_DB"), "sqlite:"); ok {
		text, err := os.ReadFile(path) //nolint:gosec // the story's own file
		ts.Check(err)
		ts.Check(os.WriteFile(path+".backup", text, 0o600))
		return
	}
	onServer(ts, func(ctx context.Context, conn *pgx.Conn, name string) error {
		_, err := conn.Exec(ctx, `CREATE DATABASE `+name+`_backup TEMPLATE `+name)
		return err
	})
	ts.Defer(func() {
		onServer(ts, func(ctx context.Context, conn *pgx.Conn, name string) error {
			_, err := conn.Exec(ctx, `DROP DATABASE IF EXISTS `+name+`_backup WITH (FORCE)`)
			return err
		})
	})
}

// restore puts the copy in the database's place, and keeps the copy.
func restore(ts *testscript.TestScript, _ bool, _ []string) {
	if path, ok := strings.CutPrefix(ts.Getenv("AVAL_DB"), "sqlite:"); ok {
		for _, beside := range []string{"-wal", "-shm"} {
			if err := os.Remove(path + beside); err != nil && !os.IsNotExist(err) {
				ts.Check(err)
			}
		}
		text, err := os.ReadFile(path + ".backup") //nolint:gosec // the story's own file
		ts.Check(err)
		ts.Check(os.WriteFile(path, text, 0o600))
		return
	}
	onServer(ts, func(ctx context.Context, conn *pgx.Conn, name string) error {
		for _, s := range []string{`DROP DATABASE ` + name + ` WITH (FORCE)`, `CREATE DATABASE ` + name + ` TEMPLATE ` + name + `_backup`} {
			if _, err := conn.Exec(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// onServer works beside the story's PostgreSQL database.
func onServer(ts *testscript.TestScript, f func(ctx context.Context, conn *pgx.Conn, name string) error) {
	u, err := url.Parse(ts.Getenv("AVAL_DB_OWNER"))
	ts.Check(err)
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, u.String())
	ts.Check(err)
	ts.Check(errors.Join(f(ctx, conn, name), conn.Close(ctx)))
}
