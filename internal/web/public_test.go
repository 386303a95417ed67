package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/policy"
)

// answered is what came back beside the body.
type answered struct {
	status int
	header http.Header
}

// TestThePublicPageIsTheSameForEveryone reads it as somebody without an account.
func TestThePublicPageIsTheSameForEveryone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := openFile(t, d, policy.Settings{})
		ask := func(path string, header ...string) (answered, string) {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.at.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i+1 < len(header); i += 2 {
				r.Header.Set(header[i], header[i+1])
			}
			res, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil || res.Body.Close() != nil {
				t.Fatal(err)
			}
			return answered{res.StatusCode, res.Header}, string(body)
		}
		at := "/public/" + f.board
		_, nobody := ask("/public/nowhere")
		for _, path := range []string{at, at + "/feed.json", at + "/platforms/x", "/public/%00", "/public/" + strings.Repeat("a", 500)} {
			if res, body := ask(path); res.status != http.StatusNotFound || body != nobody || res.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s of a board that shows nothing: %d, or not the answer of no board", path, res.status)
			}
		}
		if err := d.Write(t.Context(), f.board, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO platform (board_id, id, name, search, status, conditions, decision_id, decided_at, created_at)
				VALUES ($1, 'shown', 'Kastor <b>', 'kastor', 'conditional', 'Sans nom', 'd', $2, $2)`, tx.Board, tx.Now); err != nil {
				return err
			}
			return board.SetSettings(ctx, tx, policy.Settings{PublicDecisions: true})
		}); err != nil {
			t.Fatal(err)
		}

		res, body := ask(at, "Accept-Language", "fr", "Cookie", "aval_language=en; aval_appearance=dark; aval_session=x")
		contains(t, body, `lang="fr"`, "Kastor &lt;b&gt;", "Sans nom", "Approuvée avec conditions", `data-bs-theme="light"`)
		if res.status != http.StatusOK || len(res.header.Values("Set-Cookie")) > 0 || res.header.Get("Cache-Control") != publicKept ||
			strings.Contains(res.header.Get("Vary"), "Cookie") {
			t.Errorf("the page: %d %v", res.status, res.header)
		}
		if again, body := ask(at, "Accept-Language", "fr", "If-None-Match", res.header.Get("ETag")); again.status != http.StatusNotModified || body != "" {
			t.Errorf("asked again: %d", again.status)
		}
		_, body = ask(at+"?lang=en&q=castor&result=conditional", "Accept-Language", "fr")
		contains(t, body, `lang="en"`, "Kastor", `value="castor"`, "1 decision")
		_, body = ask(at + "?lang=en&q=%3Cscript%3Ealert&function=x&family=%00")
		contains(t, body, "No decision matches", "&lt;script&gt;")
		if strings.Contains(body, "<script>alert") {
			t.Error("a script comes through")
		}
		_, body = ask(at + "/platforms/shown?lang=en")
		contains(t, body, "Kastor &lt;b&gt;", "on the conditions that follow", "Sans nom")
		if res, _ := ask(at + "/platforms/nobody"); res.status != http.StatusNotFound {
			t.Errorf("the sheet of nothing: %d", res.status)
		}

		res, body = ask(at + "/feed.json?lang=fr")
		var feed feedJSON
		if err := json.Unmarshal([]byte(body), &feed); err != nil || !strings.HasPrefix(res.header.Get("Content-Type"), "application/feed+json") {
			t.Fatalf("the feed: %v", err)
		}
		if len(feed.Items) != 1 || feed.Items[0].Decision.Result != "conditional" || feed.Items[0].Decision.Conditions[0] != "Sans nom" || feed.Language != "fr" {
			t.Errorf("the feed: %+v", feed)
		}
	})
}
