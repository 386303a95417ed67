package mail_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"aval/internal/fault"
	"aval/internal/mail"
	"aval/internal/mail/mailtest"
)

const from = "Aval <aval@board.example>"

func TestALetterArrivesAsItWasWritten(t *testing.T) {
	server := mailtest.Serve(t)
	s, err := mail.Open(server.URL, from)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
	want := "Bonjour,\n\nLa demande no 2026-0012 est à l’étude : voyez la page.\n\nhttps://aval.example/requests/" +
		strings.Repeat("x", 90) + "\n"
	subject := "Décision rendue : une plateforme au nom très long pour tenir sur une seule ligne d’en-tête"
	err = s.Send(t.Context(), mail.Message{To: "Zoé Tremblé <zoe@board.example>", Subject: subject, Text: want,
		Files: []mail.File{{Name: "pan.txt", Media: "text/plain; charset=utf-8", Data: []byte("— exact\n")}}})
	if err != nil {
		t.Fatal(err)
	}
	got := server.Wait(t, 1)[0]
	if got.From != "aval@board.example" || got.To != "zoe@board.example" {
		t.Errorf("envelope: %s to %s", got.From, got.To)
	}
	if got.Subject != subject {
		t.Errorf("subject: %q", got.Subject)
	}
	if strings.TrimRight(got.Text, "\n") != strings.TrimRight(want, "\n") {
		t.Errorf("text: %q", got.Text)
	}
	if got.Files["pan.txt"] != "— exact\n" {
		t.Errorf("files: %q", got.Files)
	}
	if got.Header.Get("Auto-Submitted") != "auto-generated" || got.Header.Get("Date") == "" || got.Header.Get("Message-Id") == "" {
		t.Errorf("header: %v", got.Header)
	}
}

func TestOneRefusedLetterDoesNotHoldUpTheOthers(t *testing.T) {
	server := mailtest.Serve(t)
	s, err := mail.Open(server.URL, from)
	if err != nil {
		t.Fatal(err)
	}
	letters := []mail.Message{
		{To: "gone@board.example", Subject: "s", Text: "t"},
		{To: "not an address", Subject: "s", Text: "t"},
		{To: "here@board.example", Subject: "s", Text: "t"},
	}
	server.Refuse("gone@board.example", 550)
	err = s.Send(t.Context(), letters...)
	if !errors.Is(err, mail.ErrRefused) {
		t.Errorf("Send: %v, want refused", err)
	}
	if strings.Contains(err.Error(), "@") || strings.Contains(err.Error(), "not an address") {
		t.Errorf("the error names an address: %v", err)
	}
	if got := server.Letters(); len(got) != 1 || got[0].To != "here@board.example" {
		t.Errorf("taken: %v", got)
	}

	server.Refuse("gone@board.example", 451)
	if err = s.Send(t.Context(), letters...); err == nil || errors.Is(err, mail.ErrRefused) || strings.Contains(err.Error(), "@") {
		t.Errorf("try later: %v, want a plain error", err)
	}
}

func TestASilentSenderSendsNothing(t *testing.T) {
	s, err := mail.Open("", "")
	if err != nil || !s.Silent() {
		t.Fatalf("Open: %v %v", s, err)
	}
	if err := s.Send(t.Context(), mail.Message{To: "a@b.example"}); err != nil {
		t.Error(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPasswords(t *testing.T) {
	server := mailtest.Serve(t)
	server.Require("aval", "s3cret&")
	host := strings.TrimPrefix(server.URL, "smtp://")
	letter := mail.Message{To: "here@board.example", Subject: "s", Text: "t"}
	for _, c := range []struct {
		name, url string
		ok        bool
	}{
		{"the right password", "smtp://aval:s3cret%26@" + host, true},
		{"a wrong password", "smtp://aval:other@" + host, false},
		{"no password", server.URL, false},
		{"encryption asked of a server without", "smtp://aval:s3cret%26@" + host + "?starttls=always", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := mail.Open(c.url, from)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(t.Context(), letter); (err == nil) != c.ok {
				t.Errorf("Send: %v, want ok %v", err, c.ok)
			} else if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct{ name, url, from, key string }{
		{"no host", "smtp://", from, "notice.server_invalid"},
		{"another scheme", "http://mail.example", from, "notice.server_invalid"},
		{"a bad port", "smtp://mail.example:99999", from, "notice.server_invalid"},
		{"an unknown policy", "smtp://mail.example?starttls=maybe", from, "notice.server_invalid"},
		{"a bare password across the network", "smtp://u:p@mail.example?starttls=never", from, "notice.server_invalid"},
		{"no sender", "smtp://mail.example", "", "notice.from_invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := mail.Open(c.url, c.from)
			if f, ok := fault.As(err); !ok || f.Key != c.key {
				t.Errorf("Open: %v, want %s", err, c.key)
			}
		})
	}
}

func TestAServerThatIsAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := mail.Open("smtp://"+address, from)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err == nil {
		t.Error("Check: nil, want an error")
	}
	if err := s.Send(t.Context(), mail.Message{To: "a@b.example", Subject: "s", Text: "t"}); err == nil || errors.Is(err, mail.ErrRefused) {
		t.Errorf("Send: %v, want a plain error", err)
	}
}
