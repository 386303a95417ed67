package evaluation

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"aval/internal/fault"
)

func zipOf(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSniff(t *testing.T) {
	word := zipOf(t, "[Content_Types].xml", "word/document.xml")
	cases := []struct {
		name    string
		content []byte
		claimed string
		want    string // "" is refused
	}{
		{"a PDF", []byte("%PDF-1.7\n1 0 obj"), "application/pdf", "application/pdf"},
		{"a PDF that the browser does not name", []byte("%PDF-1.7\n"), "application/octet-stream", "application/pdf"},
		{"a picture", []byte("\x89PNG\r\n\x1a\nrest"), "image/png", "image/png"},
		{"a photograph", []byte("\xff\xd8\xff\xe0rest"), "image/jpeg", "image/jpeg"},
		{"a text", []byte("Lettre du fournisseur : données au Québec."), "text/plain; charset=utf-8", "text/plain"},
		{"a Word document", word, docx, docx},
		{"a page that says it is a text", []byte("<html><script>alert(1)</script>"), "text/plain", ""},
		{"a picture that says it is a PDF", []byte("\x89PNG\r\n\x1a\nrest"), "application/pdf", ""},
		{"an archive that says it is a Word document", zipOf(t, "virus.exe"), docx, ""},
		{"a program", []byte("\x7fELF\x02\x01\x01\x00\x00"), "application/octet-stream", ""},
		{"a text with hidden controls", []byte("bon\x1bjour\x08"), "text/plain", ""},
		{"a drawing that runs", []byte(`<?xml version="1.0"?><svg onload="x()"/>`), "image/png", ""},
		{"nothing that we know", []byte{0, 1, 2, 3, 4, 5}, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := sniff(c.content, c.claimed)
			if got != c.want || (c.want == "") != fault.Is(err, fault.Invalid) {
				t.Fatalf("sniff: %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestFileName(t *testing.T) {
	cases := []struct{ sent, media, want string }{
		{"rapport.pdf", "application/pdf", "rapport.pdf"},
		{"Rapport final.PDF", "application/pdf", "Rapport final.pdf"},
		{"../../etc/passwd", "text/plain", "passwd.txt"},
		{`C:\Users\x\photo.jpeg`, "image/jpeg", "photo.jpg"},
		{"page.html", "text/plain", "page.html.txt"},
		{"gpj.\u202exe.pdf", "application/pdf", "gpj.xe.pdf"},
		{"a\r\nSet-Cookie: b.pdf", "application/pdf", "aSet-Cookie b.pdf"},
		{"..", "application/pdf", "document.pdf"},
		{"", "application/pdf", "document.pdf"},
		{strings.Repeat("é", 300) + ".pdf", "application/pdf", strings.Repeat("é", 120) + ".pdf"},
	}
	for _, c := range cases {
		if got := fileName(c.sent, c.media); got != c.want {
			t.Errorf("fileName(%q): %q, want %q", c.sent, got, c.want)
		}
	}
}

func FuzzFileName(f *testing.F) {
	f.Add("../../x.pdf")
	f.Fuzz(func(t *testing.T, sent string) {
		got := fileName(sent, "application/pdf")
		if strings.ContainsAny(got, "/\\\x00\r\n\"") || len([]rune(got)) > 130 || strings.HasPrefix(got, ".") {
			t.Fatalf("unsafe: %q", got)
		}
	})
}
