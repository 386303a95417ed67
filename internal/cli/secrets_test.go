//go:build long

package cli_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"aval/internal/app"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/mail/mailtest"
	"aval/internal/policy"
	"aval/internal/roster/generate"
)

// Ten thousand passwords and their login names go through everything that is done
// with them: made, sent, printed, replaced, looked up, sealed again, with the
// program killed three times. After, none of them, and no password or token of who
// did it, stands in the database's files, its write-ahead log, its dump, the trail,
// the jobs, the logs, the letters or what is left in temporary folders.
func TestNoSecretIsLeftAnywhere(t *testing.T) {
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			w := newWhole(t, engine)
			w.live()
			if len(w.opened) < 10_000 {
				t.Fatalf("only %d accounts were opened", len(w.opened))
			}
			w.scan()
		})
	}
}

const (
	schoolBoard = 1400 // pupils, of whom some are adults
	platforms   = 8
)

// whole is a board run by the built program, and where it may leave something.
type whole struct {
	operator
	engine   db.Engine
	dsn      string
	folder   string // data, tmp, logs, and the SQLite database
	roster   string
	mail     *mailtest.Server
	address  string
	cmd      *exec.Cmd
	said     chan struct{} // closed when what it says was written down
	runs     int
	tokens   map[string]string
	licences []string
	opened   []string // a password for each account that was opened or renewed
	names    map[string]bool
	pupil    string // family name of one
}

func newWhole(t *testing.T, engine db.Engine) *whole {
	w := &whole{engine: engine, dsn: dbtest.DSN(t, engine), folder: t.TempDir(), mail: mailtest.Serve(t), tokens: map[string]string{}, names: map[string]bool{}}
	for _, sub := range []string{"data", "tmp", "logs"} {
		must(t, os.Mkdir(w.at(sub), 0o700))
	}
	w.operator = operator{t: t, env: append(os.Environ(), "AVAL_DB="+w.dsn, "AVAL_DATA="+w.at("data"), "TMPDIR="+w.at("tmp"), "AVAL_LANG=en",
		"AVAL_SMTP="+w.mail.URL, "AVAL_MAIL_FROM=aval@commission.example")}
	t.Cleanup(func() { w.stop(syscall.SIGKILL) })
	w.build()
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *whole) at(name string) string { return filepath.Join(w.folder, name) }

// build makes the board, its people, and licences for platforms that were approved.
func (w *whole) build() {
	t, ctx := w.t, w.t.Context()
	set := generate.Board(11, generate.Options{Pupils: schoolBoard})
	w.roster = filepath.Join(t.TempDir(), "roster")
	must(t, os.Mkdir(w.roster, 0o700))
	must(t, set.SaveFolder(w.roster))
	w.run("board", "create", "--pack", "csc-pan-2023", "--name", "Commission scolaire du Lac", "--id", "lac")
	w.run("roster", "import", w.roster)
	var schools []string
	for _, row := range set.Rows("enrollments") { // after three columns: class, school, user, role
		if row[6] == "teacher" && !slices.Contains(schools, row[4]) && len(schools) < 4 {
			schools = append(schools, row[4])
			w.hire(fmt.Sprintf("teacher%d", len(schools)), "teacher@"+row[4], "--person", row[5])
		}
	}
	for _, login := range []string{"evaluator", "second"} {
		w.hire(login, "evaluator")
	}
	w.hire("privacy", "privacy_officer")

	a, err := app.Open(ctx, app.Config{DB: w.dsn, Data: w.at("data")})
	must(t, err)
	defer func() { must(t, a.Close()) }()
	pack, err := policy.Shipped("csc-pan-2023")
	must(t, err)
	hand, today := policy.System("lac", pack, "cli"), time.Now().In(i18n.Zone).Format(time.DateOnly)
	for n := range platforms {
		p, err := a.Catalogue.AddPlatform(ctx, hand, catalogue.Draft{Name: fmt.Sprintf("Tabulou %c", 'A'+n), Functions: []string{"mathematics"}})
		must(t, err)
		must(t, a.DB.Write(ctx, "lac", func(ctx context.Context, tx *db.Tx) error {
			return catalogue.SetResult(ctx, tx, p.ID, catalogue.Approved, "", catalogue.Quebec, "earlier")
		}))
		l, err := a.Licences.Record(ctx, hand, licence.Licence{PlatformID: p.ID, Scope: licence.Board, Payer: licence.DDL, StartsOn: today,
			EndsOn: "2099-06-30", AccountKind: licence.LoginName})
		must(t, err)
		w.licences = append(w.licences, string(l.ID))
	}
}

const passphrase = "une longue phrase de passe"

func (w *whole) hire(login, role string, more ...string) {
	cmd := w.command(append([]string{"user", "create", "--login", login, "--name", "Personne " + login, "--email", login + "@commission.example",
		"--role", role, "--password-stdin"}, more...)...)
	cmd.Stdin = strings.NewReader(passphrase)
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s: %v %s", login, err, out)
	}
	token, err := w.command("token", "create", "--login", login).Output()
	must(w.t, err)
	w.tokens[login] = strings.TrimSpace(string(token))
}

// start serves; what the program says goes to files.
func (w *whole) start() {
	w.t.Helper()
	w.runs++
	w.cmd = w.command("serve", "--listen", "127.0.0.1:0")
	log, err := os.Create(w.at(fmt.Sprintf("logs/stderr%d", w.runs)))
	must(w.t, err)
	heard, err := os.Create(w.at(fmt.Sprintf("logs/stdout%d", w.runs)))
	must(w.t, err)
	w.cmd.Stderr = log
	out, err := w.cmd.StdoutPipe()
	must(w.t, err)
	must(w.t, w.cmd.Start())
	ready, said := make(chan string, 1), make(chan struct{})
	w.said = said
	go func() {
		defer close(said)
		line := make([]byte, 256)
		n, _ := out.Read(line) // it says one line at once, or ends
		_, _ = heard.Write(line[:n])
		ready <- string(line[:n])
		_, _ = io.Copy(heard, out)
		_ = errors.Join(heard.Close(), log.Close())
	}()
	address, ok := strings.CutPrefix(strings.TrimSpace(<-ready), "ready ")
	if !ok {
		w.t.Fatalf("it is not ready: %q", address)
	}
	w.address = address
}

func (w *whole) stop(by syscall.Signal) {
	if w.cmd == nil {
		return
	}
	_ = w.cmd.Process.Signal(by) // it may have ended: Wait says so
	<-w.said
	if err := w.cmd.Wait(); err != nil && by == syscall.SIGTERM {
		w.t.Error(err)
	}
	w.cmd = nil
}

func (w *whole) api(who, method, path string, status int, sent any) []byte {
	w.t.Helper()
	text, err := json.Marshal(sent)
	must(w.t, err)
	if raw, ok := sent.(string); ok {
		text = []byte(raw)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.address+"/api/v1"+path, bytes.NewReader(text))
	must(w.t, err)
	req.Header.Set("Authorization", "Bearer "+w.tokens[who])
	if sent != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	must(w.t, err)
	body, err := io.ReadAll(res.Body)
	must(w.t, errors.Join(err, res.Body.Close()))
	if res.StatusCode != status {
		w.t.Fatalf("%s %s as %s: %d, not %d: %s", method, path, who, res.StatusCode, status, body)
	}
	return body
}

func read[T any](t *testing.T, text []byte) (v T) {
	t.Helper()
	must(t, json.Unmarshal(text, &v))
	return v
}

// until asks again and again, as often as a clock ticks, until it is so.
func (w *whole) until(what string, is func() bool) {
	w.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(5 * time.Minute); !is(); <-tick.C {
		if time.Now().After(end) {
			w.t.Fatalf("%s: not within five minutes", what)
		}
	}
}

func (w *whole) lacking(id string) int {
	return read[struct{ Lacking int }](w.t, w.api("evaluator", "GET", "/licences/"+id+"/accounts", 200, nil)).Lacking
}

// live is the story.
func (w *whole) live() {
	w.start()
	for _, id := range w.licences {
		w.api("evaluator", "POST", "/licences/"+id+"/accounts", 202, nil)
	}
	w.until("the accounts of a licence", func() bool { return w.lacking(w.licences[0]) == 0 })
	w.stop(syscall.SIGKILL) // while the others are made
	w.start()
	for _, id := range w.licences {
		w.api("evaluator", "POST", "/licences/"+id+"/accounts", 202, nil)
	}
	for _, id := range w.licences {
		w.until("all accounts", func() bool { return w.lacking(id) == 0 })
		w.file(id, nil)
	}
	for n := range 4 {
		w.cards(fmt.Sprintf("teacher%d", n+1), w.licences[n])
	}
	w.run("vault", "rotate")
	w.until("older rows sealed again", func() bool {
		out, err := w.command("vault", "status", "--json").Output()
		must(w.t, err)
		return bytes.Contains(out, []byte(`"older":0`))
	})
	w.file(w.licences[0], func() { // the program dies between the approval and the download
		w.stop(syscall.SIGKILL)
		w.start()
	})
	w.rosetta()
	w.operate()
	w.stop(syscall.SIGKILL)
}

// file sends what a platform does not know yet, and learns every secret in it.
func (w *whole) file(id string, between func()) {
	at := "/licences/" + id + "/provisioning"
	made := read[struct{ ID string }](w.t, w.api("evaluator", "POST", at, 201, map[string]string{"kind": "delta"}))
	w.api("second", "POST", at+"/"+made.ID+"/approve", 200, nil)
	if between != nil {
		between()
	}
	rows, err := csv.NewReader(bytes.NewReader(w.api("evaluator", "POST", at+"/"+made.ID+"/download", 200, nil))).ReadAll()
	must(w.t, err)
	login, password := slices.Index(rows[0], "login_name"), slices.Index(rows[0], "password")
	for _, row := range rows[1:] {
		w.names[row[login]] = true
		w.opened = append(w.opened, row[password])
	}
	w.api("evaluator", "POST", at+"/"+made.ID+"/confirm", 200, nil)
}

type card struct {
	AccountID string `json:"account_id"`
	UserName  string `json:"user_name"`
	Password  string
}

type shown struct {
	People []struct {
		FamilyName string `json:"family_name"`
	}
	Cards []card
}

// cards prints a class's cards, replaces passwords, and looks names up, rightly and wrongly.
func (w *whole) cards(teacher, licenceID string) {
	t := w.t
	class := read[struct{ Classes []string }](t, w.api(teacher, "GET", "/me", 200, nil)).Classes[0]
	set := read[shown](t, w.api(teacher, "POST", "/reveals", 200,
		map[string]string{"kind": "class", "class": class, "licence": licenceID, "reason": "printing"}))
	w.pupil = set.People[0].FamilyName
	browser := w.signedIn(teacher)
	for _, c := range set.Cards {
		page := w.post(browser, "/classes/"+class+"/password", url.Values{"account": {c.AccountID}})
		renewed := read[shown](t, w.api(teacher, "POST", "/reveals", 200,
			map[string]string{"kind": "account", "account": c.AccountID, "reason": "class_help"})).Cards[0]
		if !strings.Contains(page, renewed.Password) || !slices.Contains(w.opened, c.Password) {
			t.Fatal("the story does not know its secrets")
		}
		w.opened = append(w.opened, renewed.Password)
		w.post(browser, "/classes/"+class+"/cards", url.Values{"licence": {licenceID}, "who": {c.AccountID}, "reason": {"new_pupil"}, "paper": {"a4"}})
		w.post(browser, "/reveals", url.Values{"name": {c.UserName}, "reason": {"class_help"}})
		w.post(browser, "/reveals", url.Values{"name": {c.UserName}, "note": {"lost"}})
		w.api(teacher, "POST", "/reveals", 422, map[string]string{"kind": "name", "name": c.UserName, "reason": "curious"})
		w.api(teacher, "POST", "/reveals", 422, map[string]string{"kind": "name", "name": c.Password, "reason": "class_help"})
		w.api(teacher, "POST", "/reveals", 400, `{"kind": "name", "name": "`+c.UserName+`", "reason`)
		w.api(teacher, "POST", "/reveals", 404, map[string]string{"kind": "account", "account": c.UserName, "reason": "class_help"})
	}
}

func (w *whole) signedIn(login string) *http.Client {
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	browser := &http.Client{Jar: jar}
	w.post(browser, "/sign-in", url.Values{"login": {login}, "password": {passphrase}})
	return browser
}

// rosetta has a platform's file of every login name come back with names, at both
// doors; what they answer is the asker's, and outside of where secrets are looked for.
func (w *whole) rosetta() {
	t := w.t
	export := filepath.Join(t.TempDir(), "export.csv")
	names := slices.Sorted(maps.Keys(w.names))
	must(t, os.WriteFile(export, []byte("User,Minutes\n"+strings.Join(names, ",10\n")+",10\n"), 0o600))
	few := filepath.Join(t.TempDir(), "few.csv")
	must(t, os.WriteFile(few, []byte("User,Minutes\n"+strings.Join(names[:100], ",10\n")+",10\n"), 0o600))
	for i, file := range []string{export, few} {
		out, err := w.command("pseudonym", "rosetta", file, "--platform", "Tabulou A", "--out", filepath.Join(t.TempDir(), "named.csv"),
			"--reason", "progress").CombinedOutput()
		if (err != nil) == (file == few) {
			t.Fatalf("rosetta of file %d: %v %s", i, err, out)
		}
		must(t, os.WriteFile(w.at(fmt.Sprintf("logs/rosetta%d", i)), out, 0o600))
	}
	text, err := os.ReadFile(export)
	must(t, err)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "export.csv")
	must(t, err)
	_, err = part.Write(append(text, bytes.Repeat([]byte("\n"), 1<<20)...)) // so long that a careless door would put it on the disk
	must(t, err)
	must(t, form.Close())
	w.send(w.signedIn("teacher1"), "/usage", form.FormDataContentType(), &body)
}

func (w *whole) post(browser *http.Client, path string, form url.Values) string {
	return w.send(browser, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

func (w *whole) send(browser *http.Client, path, media string, body io.Reader) string {
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.address+path, body)
	must(w.t, err)
	req.Header.Set("Content-Type", media)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := browser.Do(req)
	must(w.t, err)
	text, err := io.ReadAll(res.Body)
	must(w.t, errors.Join(err, res.Body.Close()))
	if res.StatusCode >= 500 {
		w.t.Fatalf("POST %s: %d", path, res.StatusCode)
	}
	return string(text)
}

// operate is what an operator does; what is said goes to the logs.
func (w *whole) operate() {
	name := slices.Sorted(maps.Keys(w.names))[0]
	for i, args := range [][]string{{"pseudonym", "find", name, "--reason", "support"}, {"pseudonym", "find", name, "--reason", "curious"},
		{"doctor"}, {"audit", "verify"}, {"policy", "coverage"}, {"roster", "import", w.roster}} {
		out, err := w.command(args...).CombinedOutput()
		if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
			w.t.Fatal(err)
		}
		must(w.t, os.WriteFile(w.at(fmt.Sprintf("logs/operator%d", i)), out, 0o600))
	}
}

// scan looks for every secret everywhere, then proves that it would find one.
func (w *whole) scan() {
	t := w.t
	secrets := append(slices.Sorted(maps.Keys(w.names)), w.opened...)
	secrets = append(append(secrets, slices.Collect(maps.Values(w.tokens))...), passphrase)
	slices.Sort(secrets)
	secrets = w.meaningless(slices.Compact(secrets))
	s, total, plain, kept := newScanner(secrets), 0, 0, false
	w.everywhere(func(name string, b []byte) {
		total += len(b)
		if name == "dump" { // the trail, the jobs and the looks are in it
			kept = bytes.Contains(b, []byte("reveal.shown")) && bytes.Contains(b, []byte("access.create")) && bytes.Contains(b, []byte("class_help"))
		}
		plain += bytes.Count(b, []byte(w.pupil))
		if found := s.in(b); len(found) > 0 {
			t.Errorf("%s holds %d secrets", name, len(found))
		}
	})
	t.Logf("%d passwords and %d login names, %d different texts, in %d MB", len(w.opened), len(w.names), len(secrets), total>>20)
	if plain == 0 || !kept {
		t.Error("what stands plainly in the database was not found: the scan looks elsewhere")
	}

	w.owner(`CREATE TABLE scratch (said text)`, `INSERT INTO scratch VALUES ('`+secrets[len(secrets)/2]+`')`)
	where := map[string]bool{}
	w.everywhere(func(name string, b []byte) {
		if found := s.in(b); len(found) == 1 && found[0] == len(secrets)/2 {
			where[regexp.MustCompile(`^\w+`).FindString(name)] = true
		}
	})
	if !where["dump"] || !where["database"] {
		t.Errorf("a secret that stands in clear was found only in %v", where)
	}
}

// meaningless drops the secrets that stand in the program itself or in the roster:
// two words of ours that make a word of the language. They must be next to none.
func (w *whole) meaningless(secrets []string) []string {
	s, drop := newScanner(secrets), map[int]bool{}
	for _, root := range []string{program, w.roster} {
		must(w.t, walk(root, func(_ string, b []byte) {
			for _, i := range s.in(b) {
				drop[i] = true
			}
		}))
	}
	if len(drop) > len(secrets)/1000 {
		w.t.Fatalf("%d secrets are words of the program", len(drop))
	}
	var kept []string
	for i, secret := range secrets {
		if !drop[i] {
			kept = append(kept, secret)
		}
	}
	return kept
}

// everywhere shows all that the program left behind, by name.
func (w *whole) everywhere(show func(name string, b []byte)) {
	t := w.t
	for _, sub := range []string{"data", "tmp", "logs"} {
		must(t, walk(w.at(sub), show))
	}
	for _, l := range w.mail.Letters() {
		show("letter", []byte(l.Subject+"\n"+l.Text))
	}
	if path, ok := strings.CutPrefix(w.dsn, "sqlite:"); ok {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			b, err := os.ReadFile(path + suffix)
			must(t, err)
			if len(b) == 0 {
				t.Errorf("the database has no %q file", suffix)
			}
			show("database"+suffix, b)
		}
		show("dump", w.cells(path))
		return
	}
	server := w.on("postgres")
	conn, err := pgx.Connect(t.Context(), server)
	must(t, err)
	var folder string
	_, err = conn.Exec(t.Context(), `CHECKPOINT`)
	must(t, err)
	must(t, conn.QueryRow(t.Context(), `SHOW data_directory`).Scan(&folder))
	must(t, conn.Close(t.Context()))
	found := 0
	must(t, walk(folder, func(name string, b []byte) {
		found++
		show("database "+name, b)
	}))
	if found < 100 {
		t.Fatalf("%d files of the server are read: start it by scripts/pgtest.sh", found)
	}
	dump, err := exec.CommandContext(t.Context(), pgDump(t), "--dbname", w.on("")).Output()
	must(t, err)
	show("dump", dump)
}

// walk shows the files under a root, or the root itself.
func walk(root string, show func(name string, b []byte)) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // a server's own temporary file
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			show(strings.TrimPrefix(path, filepath.Dir(root)+"/"), b)
		}
		return err
	})
}

// cells is every cell of a SQLite database, a line each: the trail and the jobs too.
func (w *whole) cells(path string) []byte {
	t, ctx := w.t, w.t.Context()
	file, err := sql.Open("sqlite", path)
	must(t, err)
	defer func() { must(t, file.Close()) }()
	tables := column(t, ctx, file, `SELECT name FROM sqlite_schema WHERE type = 'table'`)
	var all bytes.Buffer
	for _, table := range tables {
		for _, name := range column(t, ctx, file, `SELECT name FROM pragma_table_info('`+table+`')`) {
			for _, cell := range column(t, ctx, file, `SELECT COALESCE(CAST("`+name+`" AS TEXT), '') FROM "`+table+`"`) {
				all.WriteString(cell)
				all.WriteByte('\n')
			}
		}
	}
	return all.Bytes()
}

func column(t *testing.T, ctx context.Context, file *sql.DB, query string) (list []string) {
	rows, err := file.QueryContext(ctx, query)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	for rows.Next() {
		var one string
		must(t, rows.Scan(&one))
		list = append(list, one)
	}
	must(t, rows.Err())
	return list
}

// on is the address of a database of the server as its owner; the story's own when empty.
func (w *whole) on(name string) string {
	u, err := url.Parse(w.dsn)
	must(w.t, err)
	q := u.Query()
	q.Del("role")
	u.RawQuery = q.Encode()
	if name != "" {
		u.Path = "/" + name
	}
	return u.String()
}

// owner does what somebody with the file, or with the server, could do.
func (w *whole) owner(statements ...string) {
	ctx := w.t.Context()
	if path, ok := strings.CutPrefix(w.dsn, "sqlite:"); ok {
		file, err := sql.Open("sqlite", path)
		must(w.t, err)
		for _, s := range statements {
			_, err = file.ExecContext(ctx, s)
			must(w.t, err)
		}
		// A reader that stays keeps the write-ahead log from being put away.
		w.t.Cleanup(func() { _ = file.Close() })
		return
	}
	conn, err := pgx.Connect(ctx, w.on(""))
	must(w.t, err)
	for _, s := range statements {
		_, err = conn.Exec(ctx, s)
		must(w.t, err)
	}
	must(w.t, conn.Close(ctx))
}

func pgDump(t *testing.T) string {
	if found, err := exec.LookPath("pg_dump"); err == nil {
		return found
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	if err != nil || len(found) == 0 {
		t.Fatal("pg_dump is not installed")
	}
	return found[len(found)-1]
}
