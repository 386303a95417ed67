// Package mail sends plain letters over SMTP. An installation without a server
// sends nothing, and says so to whom asks (Silent): nobody's work stops for it.
//
// Errors carry codes and counts, never an address: they end in logs.
package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	stdmail "net/mail"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"aval/internal/fault"
)

// Message is a letter to one person, in plain text.
type Message struct {
	To      string
	Subject string
	Text    string
	Files   []File
}

// File goes with a letter.
type File struct {
	Name  string
	Media string
	Data  []byte
}

// Sender sends letters. It is safe to use at once.
type Sender struct {
	host string // empty: silent
	from *stdmail.Address
	opts []gomail.Option
}

// timeout bounds one conversation with the server.
const timeout = 30 * time.Second

// Open reads where letters go and from whom:
//
//	""                                  nowhere
//	smtp://host:port                    STARTTLS where the server offers it
//	smtp://host:port?starttls=always    or "never"
//	smtp://user:password@host           always STARTTLS, unless the host is this machine
//	smtps://user:password@host:465      TLS from the first byte
//
// It refuses an address that is none of these.
func Open(server, from string) (*Sender, error) {
	if server == "" {
		return &Sender{}, nil
	}
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") || (u.Path != "" && u.Path != "/") {
		return nil, fault.New(fault.Invalid, "notice.server_invalid")
	}
	address, err := stdmail.ParseAddress(from)
	if err != nil {
		return nil, fault.New(fault.Invalid, "notice.from_invalid")
	}
	s := &Sender{host: u.Hostname(), from: address}
	s.opts = []gomail.Option{
		gomail.WithTimeout(timeout),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}),
	}
	port := map[string]int{"smtp": 25, "smtps": 465}[u.Scheme]
	if u.User != nil {
		password, _ := u.User.Password()
		auth := gomail.SMTPAuthAutoDiscover
		if local(s.host) && u.Scheme == "smtp" {
			auth = gomail.SMTPAuthPlain // which discovery sees only behind TLS
		}
		s.opts = append(s.opts, gomail.WithUsername(u.User.Username()), gomail.WithPassword(password),
			gomail.WithSMTPAuth(auth))
		if u.Scheme == "smtp" {
			port = 587
		}
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 {
			return nil, fault.New(fault.Invalid, "notice.server_invalid")
		}
	}
	s.opts = append(s.opts, gomail.WithPort(port))
	if u.Scheme == "smtps" {
		s.opts = append(s.opts, gomail.WithSSL())
		return s, nil
	}
	policy, err := starttls(u)
	if err != nil {
		return nil, err
	}
	s.opts = append(s.opts, gomail.WithTLSPolicy(policy))
	return s, nil
}

func starttls(u *url.URL) (gomail.TLSPolicy, error) {
	switch u.Query().Get("starttls") {
	case "always":
		return gomail.TLSMandatory, nil
	case "never":
		if u.User == nil || local(u.Hostname()) {
			return gomail.NoTLS, nil
		}
	case "":
		if u.User != nil && !local(u.Hostname()) {
			return gomail.TLSMandatory, nil // a password does not travel bare
		}
		return gomail.TLSOpportunistic, nil
	}
	return 0, fault.New(fault.Invalid, "notice.server_invalid")
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Silent tells that no server is configured: letters are dropped.
func (s *Sender) Silent() bool { return s.host == "" }

// Check opens a conversation with the server and ends it.
func (s *Sender) Check(ctx context.Context) error {
	if s.Silent() {
		return nil
	}
	c, err := gomail.NewClient(s.host, s.opts...)
	if err != nil {
		return fmt.Errorf("prepare mail: %w", err)
	}
	if err := c.DialWithContext(ctx); err != nil {
		return fmt.Errorf("reach mail server: %w", err)
	}
	return c.Close()
}

// ErrRefused is answered when the server will not take a letter, now or later:
// sending it again would not help.
var ErrRefused = errors.New("letter refused")

// Send sends letters over one connection, each on its own: one that is refused
// does not hold up the others. The error is ErrRefused when nothing is left
// that a second try could send.
func (s *Sender) Send(ctx context.Context, letters ...Message) error {
	if s.Silent() || len(letters) == 0 {
		return nil
	}
	refused, failed, code := 0, 0, 0
	var msgs []*gomail.Msg
	for _, l := range letters {
		m, err := s.compose(l)
		if err != nil {
			refused++ // its address is none
			continue
		}
		msgs = append(msgs, m)
	}
	if len(msgs) > 0 {
		c, err := gomail.NewClient(s.host, s.opts...)
		if err != nil {
			return fmt.Errorf("prepare mail: %w", err)
		}
		if err := c.DialWithContext(ctx); err != nil {
			return fmt.Errorf("reach mail server: %w", err)
		}
		_ = c.Send(msgs...) // each message keeps its own error, read below; the whole names addresses
		_ = c.Close()       // what the server took, it took
	}
	for _, m := range msgs {
		var se *gomail.SendError
		switch {
		case m.IsDelivered():
		case errors.As(m.SendError(), &se) && se.ErrorCode() >= 500:
			refused, code = refused+1, se.ErrorCode()
		default:
			failed++
		}
	}
	switch {
	case failed > 0:
		return fmt.Errorf("mail: %d of %d letters not sent", failed, len(letters))
	case refused > 0:
		return fmt.Errorf("mail: %d of %d (last code %d): %w", refused, len(letters), code, ErrRefused)
	}
	return nil
}

func (s *Sender) compose(l Message) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(s.from)
	if err := m.To(l.To); err != nil {
		return nil, err
	}
	m.Subject(l.Subject)
	m.SetDate()
	m.SetMessageID()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // keeps absence answers away
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	for _, f := range l.Files {
		err := m.AttachReader(f.Name, bytes.NewReader(f.Data), gomail.WithFileContentType(gomail.ContentType(f.Media)))
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}
