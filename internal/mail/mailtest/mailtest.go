// Package mailtest is a real SMTP server on this machine that keeps what it
// takes, for tests of what sends letters.
package mailtest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Letter is what the server took, read as a person's program reads it.
type Letter struct {
	From    string // of the envelope
	To      string // of the envelope
	Header  mail.Header
	Subject string
	Text    string
	Files   map[string]string // name to content
}

// Server keeps the letters that it takes.
type Server struct {
	URL string // smtp://127.0.0.1:port

	mu       sync.Mutex
	letters  []Letter
	refuse   map[string]int
	user     string
	password string
	held     chan struct{} // closed when letters are taken again
	waiting  chan struct{} // has one as soon as a letter is held
	came     chan struct{} // closed and made anew when a letter comes
}

// Serve runs a server until the test ends.
func Serve(t testing.TB) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("mailtest: %v", err)
	}
	s := &Server{URL: "smtp://" + l.Addr().String(), refuse: map[string]int{}, came: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }))
	server.Domain = "mailtest.invalid"
	server.AllowInsecureAuth = true
	server.ReadTimeout, server.WriteTimeout = 10*time.Second, 10*time.Second
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close() // conversations end with the test
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("mailtest: %v", err)
		}
	})
	return s
}

// Refuse makes the server answer a code, such as 550 or 451, to letters for an
// address; 0 takes them again.
func (s *Server) Refuse(address string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse[address] = code
}

// Hold makes the server leave senders without an answer as they begin a letter,
// until it is called off; those who waited are then sent away. The channel tells
// that one waits.
func (s *Server) Hold() (waiting <-chan struct{}, off func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := make(chan struct{})
	s.held, s.waiting = held, make(chan struct{}, 1)
	return s.waiting, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.held == held {
			s.held = nil
			close(held)
		}
	}
}

// Require makes the server ask for a user and a password.
func (s *Server) Require(user, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user, s.password = user, password
}

// Letters answers what was taken until now.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Letter(nil), s.letters...)
}

// Wait answers the letters as soon as there are n, and fails the test when
// they do not come within ten seconds.
func (s *Server) Wait(t testing.TB, n int) []Letter {
	t.Helper()
	var got []Letter
	s.until(t, 10*time.Second, func(letters []Letter) bool {
		got = letters
		return len(letters) >= n
	})
	return got
}

// WaitFor answers the first letter to an address, and fails the test when none
// comes within a minute.
func (s *Server) WaitFor(t testing.TB, address string) (l Letter) {
	t.Helper()
	s.until(t, time.Minute, func(letters []Letter) bool {
		i := slices.IndexFunc(letters, func(l Letter) bool { return l.To == address })
		if i >= 0 {
			l = letters[i]
		}
		return i >= 0
	})
	return l
}

// until looks at the letters each time that one comes.
func (s *Server) until(t testing.TB, most time.Duration, enough func([]Letter) bool) {
	t.Helper()
	over := time.After(most)
	for {
		s.mu.Lock()
		letters, came := slices.Clone(s.letters), s.came
		s.mu.Unlock()
		if enough(letters) {
			return
		}
		select {
		case <-came:
		case <-over:
			t.Fatalf("mailtest: %d letters came, and not those awaited", len(letters))
		}
	}
}

// Forget drops the letters taken until now.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letters = nil
}

type session struct {
	server   *Server
	known    bool
	from, to string
}

func (c *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		c.server.mu.Lock()
		defer c.server.mu.Unlock()
		if user != c.server.user || password != c.server.password {
			return smtp.ErrAuthFailed
		}
		c.known = true
		return nil
	}), nil
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.server.mu.Lock()
	held, waiting := c.server.held, c.server.waiting
	c.server.mu.Unlock()
	if held != nil {
		select {
		case waiting <- struct{}{}:
		default: // it is known
		}
		<-held
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "come again"}
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.server.user != "" && !c.known {
		return smtp.ErrAuthRequired
	}
	c.from = from
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if code := c.server.refuse[to]; code != 0 {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "not <" + to + ">"}
	}
	c.to = to
	return nil
}

func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	l, err := read(raw)
	if err != nil {
		return err
	}
	l.From, l.To = c.from, c.to
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.letters = append(c.server.letters, l)
	close(c.server.came)
	c.server.came = make(chan struct{})
	return nil
}

func (c *session) Reset()        { c.from, c.to = "", "" }
func (c *session) Logout() error { return nil }

func read(raw []byte) (Letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Letter{}, fmt.Errorf("read letter: %w", err)
	}
	l := Letter{Header: m.Header, Files: map[string]string{}}
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return Letter{}, fmt.Errorf("read subject: %w", err)
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return Letter{}, fmt.Errorf("read media: %w", err)
	}
	if !strings.HasPrefix(media, "multipart/") {
		l.Text, err = decode(m.Header.Get("Content-Transfer-Encoding"), m.Body)
		return l, err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return Letter{}, fmt.Errorf("read part: %w", err)
		}
		text, err := decode(p.Header.Get("Content-Transfer-Encoding"), p)
		if err != nil {
			return Letter{}, err
		}
		if name := p.FileName(); name != "" {
			l.Files[name] = text
		} else {
			l.Text += text
		}
	}
}

func decode(encoding string, r io.Reader) (string, error) {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("read text: %w", err)
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n"), nil
}
