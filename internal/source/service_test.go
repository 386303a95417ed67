package source_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/roster"
	"aval/internal/roster/generate"
	"aval/internal/seal"
	"aval/internal/source"
	"aval/internal/source/sourcetest"
	"aval/internal/vault"
)

// house is a board with its hands: one that may fetch and one that may not.
type house struct {
	*source.Service
	t       *testing.T
	db      *db.DB
	board   string
	it      policy.Actor
	teacher policy.Actor
}

func each(t *testing.T, f func(t *testing.T, h house)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, open(t, d)) })
}

func open(t *testing.T, d *db.DB) house {
	t.Helper()
	pack, err := policy.Shipped("csc-pan-2023")
	if err != nil {
		t.Fatal(err)
	}
	master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	board, v := dbtest.Board(t, d), vault.New(master)
	actor := func(id string, role policy.Role) policy.Actor {
		return policy.Actor{ID: id, Board: board, Via: "web", Pack: pack, Grants: []policy.Grant{{Role: role}}}
	}
	rosters := roster.New(d, &pseudonym.Names{Vault: v})
	rosters.Folder = filepath.Join(t.TempDir(), "rosters")
	return house{&source.Service{DB: d, Vault: v, Rosters: rosters,
		Folder: filepath.Join(t.TempDir(), "sets"), Open: true, Patience: time.Millisecond},
		t, d, board, actor("a-it", policy.IT), actor("a-teacher", policy.Teacher)}
}

func terms(s *sourcetest.Server) source.Terms {
	t := source.Terms{Name: "Grics", Edition: source.V12, BaseURL: s.BaseURL, TokenURL: s.TokenURL, ClientID: sourcetest.ClientID,
		Secret: sourcetest.Secret, Every: source.Never, FullDays: 7}
	if strings.HasSuffix(s.BaseURL, "v1p1") {
		t.Edition = source.V11
	}
	return t
}

func (h house) add(s *sourcetest.Server) source.ID {
	h.t.Helper()
	made, err := h.Add(h.t.Context(), h.it, terms(s))
	if err != nil {
		h.t.Fatalf("Add: %v", err)
	}
	return made.ID
}

// pull fetches, and tells how it ended.
func (h house) pull(id source.ID, whole bool) source.Pull {
	h.t.Helper()
	p, err := h.Pull(h.t.Context(), h.it, id, whole)
	if err != nil {
		h.t.Fatalf("Pull: %v", err)
	}
	return p
}

// done fetches, which must go well.
func (h house) done(id source.ID, whole bool) source.Pull {
	h.t.Helper()
	p := h.pull(id, whole)
	if p.State != source.Done {
		h.t.Fatalf("the pull is %s for %s at %s: %v", p.State, p.Trouble, p.TroubleAt, p.Counts)
	}
	return p
}

func (h house) count(query string) (n int) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), h.board, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = db.One(ctx, tx, func(r db.Row) (n int, err error) {
			err = r.Scan(&n)
			return n, err
		}, query, tx.Board)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

const (
	people = `SELECT count(*) FROM person WHERE board_id = $1 AND status = 'active'`
	pages  = `SELECT count(*) FROM roster_page WHERE board_id = $1`
	oddly  = `SELECT count(*) FROM control_mark WHERE board_id = $1 AND control = 'roster.kept' AND outcome = 'exception' AND subject LIKE 'source:%'`
)

func small() generate.Set { return generate.Board(7, generate.Options{Pupils: 120}) }

func serve(t *testing.T, m sourcetest.Manners) *sourcetest.Server {
	t.Helper()
	s := sourcetest.Serve(t, m)
	s.Fill(small())
	return s
}

// imported is what the set brings by hand, on a board of its own.
func imported(t *testing.T, d *db.DB, set generate.Set) roster.Report {
	t.Helper()
	h := open(t, d)
	path := filepath.Join(t.TempDir(), "set.zip")
	if err := set.SaveZip(path); err != nil {
		t.Fatal(err)
	}
	r, err := h.Rosters.Import(t.Context(), h.it, path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOnlyWhoMayImportHasSources(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		s := serve(t, sourcetest.Manners{})
		id := h.add(s)
		ctx, who := t.Context(), h.teacher
		for name, try := range map[string]func() error{
			"list":   func() error { _, err := h.List(ctx, who); return err },
			"view":   func() error { _, err := h.View(ctx, who, id); return err },
			"add":    func() error { _, err := h.Add(ctx, who, terms(s)); return err },
			"edit":   func() error { return h.Edit(ctx, who, id, terms(s), 1) },
			"remove": func() error { return h.Remove(ctx, who, id) },
			"try":    func() error { _, err := h.Try(ctx, who, id); return err },
			"start":  func() error { _, err := h.Start(ctx, who, id, false); return err },
			"pull":   func() error { _, err := h.Pull(ctx, who, id, false); return err },
			"accept": func() error { return h.Accept(ctx, who, id, "x") },
			"drop":   func() error { return h.Drop(ctx, who, id, "x") },
		} {
			want := fault.NotFound // to them no source exists
			if name == "list" || name == "add" {
				want = fault.Denied
			}
			if err := try(); !fault.Is(err, want) {
				t.Errorf("%s by a teacher: %v", name, err)
			}
		}
		if n := len(s.Asked()); n > 0 {
			t.Errorf("the source was asked %d times", n)
		}
	})
}

func TestWhatIsWrongWithTheTermsStandsBesideIt(t *testing.T) {
	d := dbtest.Open(t, db.SQLite)
	h := open(t, d)
	h.Open = false
	good := source.Terms{Name: "Grics", Edition: source.V12, BaseURL: "https://roster.example/ims/oneroster/rostering/v1p2",
		TokenURL: "https://roster.example/token", ClientID: "aval", Secret: "x", Every: source.Daily, Hour: 4, FullDays: 7}
	if _, err := h.Add(t.Context(), h.it, good); err != nil {
		t.Fatalf("what is right is refused: %v", err)
	}
	for field, spoils := range map[string][]func(*source.Terms){
		"name":      {func(t *source.Terms) { t.Name = " \u00a0" }, func(t *source.Terms) { t.Name = strings.Repeat("é", 201) }},
		"edition":   {func(t *source.Terms) { t.Edition = "2.0" }},
		"client_id": {func(t *source.Terms) { t.ClientID = "" }},
		"secret":    {func(t *source.Terms) { t.Secret = "" }, func(t *source.Terms) { t.Secret = strings.Repeat("x", 5000) }},
		"token_url": {func(t *source.Terms) { t.TokenURL = "ftp://roster.example/token" }},
		"base_url": {
			func(t *source.Terms) { t.BaseURL = "http://roster.example/v1p2" }, func(t *source.Terms) { t.BaseURL = "https://" },
			func(t *source.Terms) { t.BaseURL = "http://127.0.0.1/v1p2" }, func(t *source.Terms) { t.BaseURL = "https://10.1.2.3/v1p2" },
			func(t *source.Terms) { t.BaseURL = "https://[::1]/v1p2" }, func(t *source.Terms) { t.BaseURL = "https://[::ffff:10.0.0.1]/" },
			func(t *source.Terms) { t.BaseURL = "https://169.254.169.254/latest" }, func(t *source.Terms) { t.BaseURL = "https://u:p@roster.example/" },
			func(t *source.Terms) { t.BaseURL = "https://roster.example/v1p2?x=1" }, func(t *source.Terms) { t.BaseURL = "https://roster.example/#a" },
			func(t *source.Terms) { t.BaseURL = "" },
		},
		"every":     {func(t *source.Terms) { t.Every = "often" }},
		"hour":      {func(t *source.Terms) { t.Hour = 24 }, func(t *source.Terms) { t.Hour = -1 }},
		"weekday":   {func(t *source.Terms) { t.Weekday = 7 }},
		"full_days": {func(t *source.Terms) { t.FullDays = 0 }, func(t *source.Terms) { t.FullDays = 91 }},
	} {
		for i, spoil := range spoils {
			wrong := good
			spoil(&wrong)
			_, err := h.Add(t.Context(), h.it, wrong)
			f, ok := fault.As(err)
			if !ok || f.Fields[field].Key == "" || len(f.Fields) != 1 {
				t.Errorf("%s, the %d. way: %v", field, i+1, err)
			}
		}
	}
}

func TestTheSecretIsSealedAndGoesNowhereElse(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		s := serve(t, sourcetest.Manners{})
		id := h.add(s)
		if n := h.count(`SELECT count(*) FROM roster_source WHERE board_id = $1 AND CAST(secret AS text) LIKE '%s%3A%'`); n != 0 {
			t.Error("the secret lies open")
		}
		v, err := h.View(t.Context(), h.it, id)
		if err != nil || v.Secret != "" {
			t.Errorf("View: the secret is %q, %v", v.Secret, err)
		}
		same := terms(s)
		same.Secret, same.Name = "", "Another name"
		if err := h.Edit(t.Context(), h.it, id, same, 1); err != nil {
			t.Fatalf("another name: %v", err)
		}
		if tried, err := h.Try(t.Context(), h.it, id); err != nil || tried.Trouble != "" {
			t.Errorf("the secret that was kept: %+v, %v", tried, err)
		}
		for name, move := range map[string]func(*source.Terms){
			"the token":  func(t *source.Terms) { t.TokenURL = "https://thief.example/token" },
			"the roster": func(t *source.Terms) { t.BaseURL = "https://thief.example/v1p2" },
		} {
			elsewhere := same
			move(&elsewhere)
			f, ok := fault.As(h.Edit(t.Context(), h.it, id, elsewhere, 2))
			if !ok || f.Fields["secret"].Key != "source.secret_again" {
				t.Errorf("%s elsewhere without the secret: %v", name, f)
			}
		}
		if err := h.Edit(t.Context(), h.it, id, same, 1); !fault.Is(err, fault.Conflict) {
			t.Errorf("somebody was faster: %v", err)
		}
	})
}

// Whatever the manners of a service, the same roster comes in as by hand.
func TestTheSameRosterComesWhateverTheManners(t *testing.T) {
	want := imported(t, dbtest.Open(t, db.SQLite), small())
	busy := func(w http.ResponseWriter, status int, after string) bool {
		w.Header().Set("Retry-After", after)
		w.WriteHeader(status)
		return true
	}
	for name, m := range map[string]sourcetest.Manners{
		"pages with links":               {},
		"small pages with links":         {Most: 50},
		"small pages without links":      {Most: 50, NoLink: true},
		"no count":                       {Most: 50, NoLink: true, NoTotal: true},
		"a count that is too small":      {Most: 50, NoLink: true, Total: -40},
		"a count that is too large":      {Most: 50, Total: 40},
		"links to another host":          {Most: 50, LinkHost: "inside.example:8443"},
		"a link that is forgotten":       {Most: 50, LinkLess: true},
		"the secret in the body":         {InBody: true},
		"the narrower scope":             {CoreScope: true},
		"a token that is over meanwhile": {Most: 50, TokenLives: 3},
		"no sort":                        {NoSort: true, Most: 50},
		"everything each time":           {NoLink: true, NoOffset: true},
		"records on two pages":           {Most: 50, Twice: true},
		"no courses and no sessions":     {Without: []string{"courses", "academicSessions"}},
		"busy at first": {Most: 50, Before: func(w http.ResponseWriter, _ *http.Request, _ string, n int) bool {
			return n == 1 && busy(w, http.StatusTooManyRequests, "0")
		}},
		"out of order now and then": {Most: 50, Before: func(w http.ResponseWriter, _ *http.Request, _ string, n int) bool {
			return n%3 == 2 && busy(w, http.StatusBadGateway, "")
		}},
		"cut in mid-body": {Most: 50, Before: func(w http.ResponseWriter, _ *http.Request, collection string, n int) bool {
			if collection != "users" || n != 2 {
				return false
			}
			w.Header().Set("Content-Length", "5000")
			_, _ = w.Write([]byte(`{"users":[{"sourcedId":"u1"`))
			panic(http.ErrAbortHandler)
		}},
		"cut JSON": {Most: 50, Before: func(w http.ResponseWriter, _ *http.Request, collection string, n int) bool {
			if collection != "users" || n != 2 {
				return false
			}
			_, _ = w.Write([]byte(`{"users":[{"sourcedId":"u1"`))
			return true
		}},
		"a page of its proxy": {Before: func(w http.ResponseWriter, _ *http.Request, collection string, n int) bool {
			if collection != "classes" || n != 1 {
				return false
			}
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(`<html>try later</html>`))
			return true
		}},
		"version 1.1":                      {Edition: "1.1", Most: 50},
		"version 1.1 as some write it":     {Edition: "1.1", Most: 50, Bare: true, NoLink: true},
		"version 1.1, a failure under 200": {Edition: "1.1", Before: failing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, dbtest.Open(t, db.SQLite))
			p := h.pull(h.add(serve(t, m)), false)
			if name == "version 1.1, a failure under 200" {
				if p.State != source.Failed || p.Trouble != "failure" {
					t.Errorf("it is %s for %s", p.State, p.Trouble)
				}
				return
			}
			if p.State != source.Done {
				t.Fatalf("it is %s for %s at %s: %v", p.State, p.Trouble, p.TroubleAt, p.Counts)
			}
			got := fmt.Sprint(p.Counts.Import["students"], p.Counts.Import["staff"], p.Counts.Import["schools"], p.Counts.Import["classes"],
				p.Counts.Import["enrollments"])
			if is := fmt.Sprint(want.Students, want.Staff, want.Schools, want.Classes, want.Enrollments); got != is {
				t.Errorf("it brought %s, not %s: %v", got, is, p.Counts)
			}
			if p.Counts.Defects > 0 {
				t.Errorf("%d defects: %v", p.Counts.Defects, p.Counts)
			}
			if n := h.count(pages); n != 0 {
				t.Errorf("%d pages stay", n)
			}
			if h.count(oddly) != 0 {
				t.Error("the roster is said not to be kept")
			}
		})
	}
}

func failing(w http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
	_, _ = w.Write([]byte(`{"imsx_codeMajor":"failure","imsx_description":"Kim Tremblay is unknown"}`))
	return true
}
