package app_test

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	tables "aval/internal/sheet"
)

// followable is a platform whose licence covers the first school.
func (b *board) followable() catalogue.ID {
	b.t.Helper()
	l, err := b.Licences.Record(b.t.Context(), b.as("principal"), b.accounted())
	b.must(err)
	return l.PlatformID
}

// The names stand in the answer alone, which holds the file too: nothing is on a
// page that one comes back to, at an address, or on the disk of the server.
func TestAFileWithNamesIsInItsAnswerAlone(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		platform, pupil := b.followable(), b.name("family e00")
		line := b.loginName("e00") + ";" + strings.Repeat("a", 1000) + "\n"
		large := "Login;Texte\n" + strings.Repeat(line, 1600) // more than a form keeps in memory
		sent := url.Values{"platform": {string(platform)}, "reason": {"progress"}}
		a := b.send("teacher", "fr", "/usage", sent, "file", &upload{"suivi.csv", "text/csv", large})
		if a.status != http.StatusOK || !strings.Contains(a.body, "1 sur 3") || !strings.Contains(a.body, pupil) {
			t.Fatalf("the answer: %d\n%s", a.status, sentences(a.body))
		}
		table, format := "", ""
		for _, c := range b.readPage(a.body).forms["/usage/file"] {
			switch c.name {
			case "table":
				table = c.value
			case "format":
				format = c.value
			}
		}
		for _, as := range []string{format, "xlsx"} {
			file := b.browse("teacher", http.MethodPost, "/usage/file", url.Values{"table": {table}, "format": {as}})
			got, err := tables.Read([]byte(file.body))
			if err != nil || string(got.Format) != as || len(got.Rows) != 1600 || got.Rows[9][0] != pupil || got.Header[0] != "Nom" || got.Header[3] != "Login" {
				t.Errorf("the file as %s: %d, %v, %q", as, file.status, err, got.Header)
			}
			if !strings.HasPrefix(file.header.Get("Content-Disposition"), "attachment") {
				t.Errorf("it is shown, not saved: %v", file.header)
			}
		}
		for _, page := range []string{"/usage", "/usage?platform=" + string(platform), "/platforms/" + string(platform), "/usage/file"} {
			if a := b.browse("teacher", http.MethodGet, page, nil); strings.Contains(a.body, pupil) {
				t.Errorf("%s says who it was", page)
			}
		}
		if a := b.browse("teacher", http.MethodGet, "/platforms/"+string(platform), nil); !strings.Contains(a.body, "1 sur 3") {
			t.Errorf("the platform's page does not tell of its use\n%s", sentences(a.body))
		}
		if a := b.browse(otherTeacher, http.MethodGet, "/platforms/"+string(platform), nil); strings.Contains(a.body, "1 sur 3") {
			t.Error("another school's teacher reads of it")
		}
		kept, err := os.ReadDir(folder)
		b.must(err)
		for _, file := range kept {
			text, err := os.ReadFile(folder + "/" + file.Name())
			if err == nil && (bytes.Contains(text, []byte(pupil)) || bytes.Contains(text, []byte(line[:9]))) {
				t.Errorf("the file is on the disk: %s", file.Name())
			}
		}
	})
}

// The file is joined for whom may: over the quota nothing comes, and a refusal says when.
func TestTheQuotaOfFilesIsSaid(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := open(t, d).build(t, "erables", "Vorn")
		sent := url.Values{"platform": {string(b.followable())}, "reason": {"progress"}}
		file := &upload{"suivi.csv", "text/csv", "Login\n" + b.loginName("e00") + "\n"}
		first := b.send("principal", "fr", "/usage", sent, "file", file)
		if first.status != http.StatusOK {
			t.Fatalf("the first: %d\n%s", first.status, sentences(first.body))
		}
		again := b.send("principal", "fr", "/usage", sent, "file", file)
		if again.status != http.StatusConflict || !strings.Contains(again.body, "minutes") || strings.Contains(again.body, b.name("family e00")) {
			t.Errorf("the second: %d\n%s", again.status, sentences(again.body))
		}
	})
}
