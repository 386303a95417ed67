package export_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/export"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/roster"
)

// server is a vendor's SFTP server over a folder. It lets one login in, and can be
// told to hang up after so many bytes.
type server struct {
	t      *testing.T
	dir    string
	host   ssh.Signer
	client ssh.PublicKey
	at     *net.TCPAddr
	stop   net.Listener

	mu    sync.Mutex
	limit int64 // bytes that a connection may send; 0 is all
	calls sync.WaitGroup
}

const vendorPassword = "Zq7!tablier"

func vendor(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, dir: t.TempDir(), host: signer(t)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.stop, s.at = l, l.Addr().(*net.TCPAddr)
	go s.serve()
	t.Cleanup(func() {
		_ = l.Close()
		s.calls.Wait()
	})
	return s
}

func signer(t *testing.T) ssh.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func (s *server) serve() {
	for {
		conn, err := s.stop.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		c := conn
		if s.limit > 0 {
			c = &cut{Conn: conn, left: s.limit}
		}
		s.mu.Unlock()
		s.calls.Go(func() { s.answer(c) })
	}
}

func (s *server) answer(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	config := &ssh.ServerConfig{
		PasswordCallback: func(m ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if m.User() == "aval" && string(password) == vendorPassword {
				return nil, nil
			}
			return nil, errors.New("no")
		},
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.client != nil && m.User() == "aval" && bytes.Equal(key.Marshal(), s.client.Marshal()) {
				return nil, nil
			}
			return nil, errors.New("no")
		},
	}
	config.AddHostKey(s.host)
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, in, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range in {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		served, err := sftp.NewServer(channel, sftp.WithServerWorkingDirectory(s.dir))
		if err != nil {
			return
		}
		_ = served.Serve()
		_ = served.Close()
	}
}

// cut is a connection that breaks after so many bytes.
type cut struct {
	net.Conn
	left int64
}

func (c *cut) Read(p []byte) (int, error) {
	if c.left <= 0 {
		_ = c.Close()
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Conn.Read(p)
	c.left -= int64(n)
	return n, err
}

func (s *server) hangUpAfter(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = n
}

// there lists what lies in the folder.
func (s *server) there() (names []string) {
	s.t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (s *server) route(id licence.ID) export.Route {
	return export.Route{LicenceID: id, Shape: export.Shape{Profile: export.OneRoster12}, Host: s.at.IP.String(), Port: int64(s.at.Port),
		Login: "aval", HostKey: "vendor.example " + string(ssh.MarshalAuthorizedKey(s.host.PublicKey())), Secret: export.Password, Every: export.OnDemand}
}

// approved is a route that two people stand behind.
func (w *world) approved(r export.Route, secret string) export.Route {
	w.t.Helper()
	r, err := w.Record(w.t.Context(), w.one(), r, secret)
	w.must(err)
	r, err = w.ApproveRoute(w.t.Context(), w.two(), r.LicenceID, r.ID)
	w.must(err)
	return r
}

// sent is an export that was sent on a route, as far as it came.
func (w *world) sent(r export.Route) (export.Export, error) {
	w.t.Helper()
	e, err := w.Send(w.t.Context(), w.one(), r.LicenceID, r.ID)
	w.must(err)
	err = w.Make(w.t.Context(), w.board, string(e.ID))
	return w.get(r.LicenceID, e.ID), err
}

func TestWhereAFileMayNotGo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, id, v := t.Context(), w.licence(`["grade"]`), vendor(t)
		for _, c := range []struct {
			name   string
			change func(*export.Route)
			secret string
			field  string
		}{
			{"without a host key", func(r *export.Route) { r.HostKey = "" }, "x", "host_key"},
			{"a host key that is none", func(r *export.Route) { r.HostKey = "ssh-ed25519 AAAA" }, "x", "host_key"},
			{"without a secret", func(*export.Route) {}, "", "secret"},
			{"a key that is none", func(r *export.Route) { r.Secret = export.PrivateKey }, "x", "secret"},
			{"without a server", func(r *export.Route) { r.Host = " " }, "x", "host"},
			{"a server with a path", func(r *export.Route) { r.Host = "a/b" }, "x", "host"},
			{"without a login", func(r *export.Route) { r.Login = "" }, "x", "login"},
			{"a folder that climbs", func(r *export.Route) { r.Folder = "a/../../b" }, "x", "folder"},
			{"an hour that no clock has", func(r *export.Route) { r.Every, r.Hour = export.Daily, 24 }, "x", "hour"},
			{"no rhythm", func(r *export.Route) { r.Every = "" }, "x", "every"},
			{"a port that is none", func(r *export.Route) { r.Port = 70_000 }, "x", "port"},
			{"no profile", func(r *export.Route) { r.Profile = "" }, "x", "profile"},
		} {
			r := v.route(id)
			c.change(&r)
			_, err := w.Record(ctx, w.one(), r, c.secret)
			w.refused(c.name, err, "form_invalid")
			if err == nil || !strings.Contains(err.Error(), c.field+"=") {
				t.Errorf("%s: %v, want it beside %s", c.name, err, c.field)
			}
		}
		_, err := w.Record(ctx, w.as("x", policy.Teacher), v.route(id), "x")
		w.refused("by a teacher", err, "not_found")
		r, err := w.Record(ctx, w.one(), v.route(id), vendorPassword)
		w.must(err)
		_, err = w.Send(ctx, w.one(), id, r.ID)
		w.refused("on a route that nobody approved", err, "export.route_unapproved")
		_, err = w.ApproveRoute(ctx, w.one(), id, r.ID)
		w.refused("approved by who recorded it", err, "export.own")
		_, err = w.EndRoute(ctx, w.one(), id, r.ID)
		w.must(err)
		_, err = w.ApproveRoute(ctx, w.two(), id, r.ID)
		w.refused("a route that ended", err, "export.route_ended")
		if names := v.there(); len(names) > 0 {
			t.Errorf("the server has %v", names)
		}
	})
}

func TestAFileGoesOverSFTP(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := vendor(t)
		r := w.approved(v.route(w.licence(`["grade"]`)), vendorPassword)
		for range 2 { // the second takes the place of the first
			e, err := w.sent(r)
			if err != nil || e.State != export.Sent || e.SentTo != "127.0.0.1:oneroster-1-2.zip" || e.Tries != 1 || e.SentBy != "a-1" {
				t.Fatalf("%+v, %v", e, err)
			}
		}
		if names := strings.Join(v.there(), " "); names != "oneroster-1-2.zip" {
			t.Errorf("the server has %s", names)
		}
		check, err := roster.Validate(filepath.Join(v.dir, "oneroster-1-2.zip"), roster.Options{Strict: true})
		if err != nil || check.Refused || check.Students != 12 {
			t.Errorf("what arrived: %v %+v", err, check)
		}
	})
}

func TestSignedInWithAKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := vendor(t)
		_, key, err := ed25519.GenerateKey(rand.Reader)
		w.must(err)
		block, err := ssh.MarshalPrivateKey(key, "")
		w.must(err)
		sig, err := ssh.NewSignerFromKey(key)
		w.must(err)
		v.client = sig.PublicKey()
		route := v.route(w.licence(`["grade"]`))
		route.Secret = export.PrivateKey
		if e, err := w.sent(w.approved(route, string(pem.EncodeToMemory(block)))); err != nil || e.State != export.Sent {
			t.Errorf("%s %s, %v", e.State, e.Why, err)
		}
	})
}

// Nothing is said to a server that shows another key, not even the password.
func TestAnotherServer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := vendor(t)
		route := v.route(w.licence(`["grade"]`))
		route.HostKey = string(ssh.MarshalAuthorizedKey(signer(t).PublicKey()))
		e, err := w.sent(w.approved(route, vendorPassword))
		if err != nil || e.State != export.Failed || e.Why != "export.host_key_differs" || len(v.there()) > 0 {
			t.Errorf("%s %s, %v; the server has %v", e.State, e.Why, err, v.there())
		}
		e, err = w.sent(w.approved(v.route(route.LicenceID), "wrong"))
		if err != nil || e.State != export.Failed || e.Why != "export.login_refused" {
			t.Errorf("a wrong password: %s %s, %v", e.State, e.Why, err)
		}
	})
}

func TestALineThatIsCut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := vendor(t)
		r := w.approved(v.route(w.licence(`["grade"]`)), vendorPassword)
		v.hangUpAfter(5_000)
		e, err := w.sent(r)
		if err == nil || e.State != export.Asked || e.Tries != 1 || e.Why == "" || strings.Contains(err.Error(), vendorPassword) {
			t.Fatalf("a line that was cut: %s after %d tries, %v", e.State, e.Tries, err)
		}
		for _, name := range v.there() {
			if !strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".part") {
				t.Errorf("a part lies there as %s", name)
			}
		}
		v.hangUpAfter(0)
		w.must(w.Make(t.Context(), w.board, string(e.ID)))
		if e = w.get(r.LicenceID, e.ID); e.State != export.Sent || e.Tries != 2 || e.Why != "" {
			t.Errorf("the next attempt: %s after %d tries, %s", e.State, e.Tries, e.Why)
		}
		if check, err := roster.Validate(filepath.Join(v.dir, "oneroster-1-2.zip"), roster.Options{Strict: true}); err != nil || check.Refused {
			t.Errorf("what arrived: %v %+v", err, check)
		}
		w.must(w.Make(t.Context(), w.board, string(e.ID))) // done twice is done
	})
}

// What an attempt left on the server is gone on with, not sent again.
func TestAPartIsGoneOnWith(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := vendor(t)
		id := w.licence(`["grade"]`)
		var whole bytes.Buffer
		e, err := w.WriteOut(t.Context(), w.hand(), id, export.Shape{Profile: export.OneRoster12}, &whole)
		w.must(err)
		part := filepath.Join(v.dir, ".oneroster-1-2.zip."+e.Digest[:16]+".part")
		begin := bytes.Repeat([]byte{'x'}, 100) // wrong on purpose, so that it is seen to be kept
		w.must(os.WriteFile(part, begin, 0o600))
		if e, err := w.sent(w.approved(v.route(id), vendorPassword)); err != nil || e.State != export.Sent {
			t.Fatalf("%s %s, %v", e.State, e.Why, err)
		}
		got, err := os.ReadFile(filepath.Join(v.dir, "oneroster-1-2.zip"))
		w.must(err)
		if !bytes.Equal(got[:100], begin) || !bytes.Equal(got[100:], whole.Bytes()[100:]) {
			t.Error("the part was not gone on with")
		}
	})
}

func TestNobodyAnswers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		v := vendor(t)
		r := w.approved(v.route(w.licence(`["grade"]`)), vendorPassword)
		w.must(v.stop.Close())
		e, err := w.sent(r)
		for tries := int64(1); tries < 8; tries++ {
			if err == nil || e.State != export.Asked || e.Tries != tries {
				t.Fatalf("try %d: %s after %d, %v", tries, e.State, e.Tries, err)
			}
			err = w.Make(t.Context(), w.board, string(e.ID))
			e = w.get(r.LicenceID, e.ID)
		}
		if err != nil || e.State != export.Failed || e.Why != "export.unreachable" {
			t.Errorf("the last try: %s %s, %v", e.State, e.Why, err)
		}
	})
}

func TestOnASchedule(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, id, v := t.Context(), w.licence(`["grade"]`), vendor(t)
		route := v.route(id)
		route.Every, route.Hour = export.Daily, 2
		r := w.approved(route, vendorPassword)
		boards := []board.Board{{ID: w.board}}
		asked := func() (ids []export.ID) {
			view, err := w.View(ctx, w.one(), id)
			w.must(err)
			for _, e := range view.Exports {
				ids = append(ids, e.ID)
			}
			return ids
		}
		w.must(w.Hourly(ctx, boards))
		if n := asked(); len(n) != 0 {
			t.Errorf("%d exports before the hour", len(n))
		}
		w.now = noon.Add(17 * time.Hour) // the hour was missed
		for range 2 {
			w.must(w.Hourly(ctx, boards))
		}
		n := asked()
		if len(n) != 1 {
			t.Fatalf("%d exports after the hour", len(n))
		}
		w.must(w.Make(ctx, w.board, string(n[0])))
		if e := w.get(id, n[0]); e.State != export.Sent || e.SentBy != "job" {
			t.Errorf("%s by %s", e.State, e.SentBy)
		}

		w.now = w.now.Add(24 * time.Hour)
		w.exec(`UPDATE class SET title = 'Groupe de Vantadour' WHERE board_id = $1 AND id = 'c1'`)
		w.must(w.Hourly(ctx, boards))
		if n = asked(); len(n) != 2 {
			t.Fatalf("%d exports on the second day", len(n))
		}
		w.must(w.Make(ctx, w.board, string(n[0])))
		if e := w.get(id, n[0]); e.State != export.Stopped {
			t.Errorf("by itself, with a name in it: %s", e.State)
		}

		w.now = w.now.Add(24 * time.Hour)
		w.exec(`UPDATE platform SET status = 'refused' WHERE board_id = $1`)
		w.must(w.Hourly(ctx, boards))
		if e := w.get(id, asked()[0]); e.State != export.Refused || e.Why != "disclosure.not_approved" {
			t.Errorf("of a platform that is refused: %s %s", e.State, e.Why)
		}
		_, err := w.EndRoute(ctx, w.one(), id, r.ID)
		w.must(err)
		w.now = w.now.Add(24 * time.Hour)
		w.must(w.Hourly(ctx, boards))
		if n := asked(); len(n) != 3 {
			t.Errorf("%d exports after the route ended", len(n))
		}
	})
}

// The secret lies sealed, follows the keys, and is gone with the route.
func TestTheSecretIsSealed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, v := t.Context(), vendor(t)
		r := w.approved(v.route(w.licence(`["grade"]`)), vendorPassword)
		kept := func() []byte {
			var secret []byte
			w.must(w.Read(ctx, w.board, func(ctx context.Context, tx *db.Tx) (err error) {
				secret, err = db.One(ctx, tx, func(row db.Row) (b []byte, err error) {
					err = row.Scan(&b)
					return b, err
				}, `SELECT secret FROM export_route WHERE board_id = $1`, tx.Board)
				return err
			}))
			return secret
		}
		was := kept()
		if bytes.Contains(was, []byte(vendorPassword)) {
			t.Error("the secret can be read")
		}
		w.must(w.keys.Rotate(ctx, w.hand()))
		w.must(w.keys.Reseal(ctx, w.board, ""))
		if bytes.Equal(kept(), was) {
			t.Error("the secret was not sealed again")
		}
		if e, err := w.sent(r); err != nil || e.State != export.Sent {
			t.Errorf("with other keys: %s %s, %v", e.State, e.Why, err)
		}
		_, err := w.EndRoute(ctx, w.one(), r.LicenceID, r.ID)
		w.must(err)
		if len(kept()) > 0 {
			t.Error("the secret outlives the route")
		}
	})
}
