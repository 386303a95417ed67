// Package accesstest is a platform on this machine that makes its pupils'
// accounts from a file of aval's, and lets in who signs in with what stood there.
package accesstest

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Platform keeps accounts as platforms do: it cannot say a password again. The
// zero Platform takes files of aval's own columns.
type Platform struct {
	Login, Password, Group string // titles of its columns, where they are its own

	mu       sync.Mutex
	accounts map[string]account
}

type account struct {
	password [sha256.Size]byte
	group    string
}

// Load makes the accounts that a file speaks of, or changes them, and answers of
// how many it spoke. It refuses a file without its columns or without a row.
func (p *Platform) Load(file []byte) (int, error) {
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		return 0, err
	}
	if len(rows) < 2 {
		return 0, errors.New("accesstest: the file speaks of nobody")
	}
	column := func(title, ours string) int {
		if title == "" {
			title = ours
		}
		return slices.Index(rows[0], title)
	}
	login, password, group := column(p.Login, "login_name"), column(p.Password, "password"), column(p.Group, "group")
	if min(login, password, group) < 0 {
		return 0, errors.New("accesstest: the file lacks a column")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.accounts == nil {
		p.accounts = map[string]account{}
	}
	for _, row := range rows[1:] {
		if row[login] == "" || row[password] == "" {
			return 0, errors.New("accesstest: a row opens no account")
		}
		p.accounts[row[login]] = account{password: sha256.Sum256([]byte(row[password])), group: row[group]}
	}
	return len(rows) - 1, nil
}

// Enters tells whether a name and a password open an account.
func (p *Platform) Enters(login, password string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.accounts[login]
	return ok && a.password == sha256.Sum256([]byte(password))
}

// GroupOf answers the group that the last file gave an account.
func (p *Platform) GroupOf(login string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accounts[login].group
}

// Serve answers the address of its sign-in page until the test ends: a form with
// login and password is let in (204), or refused (401).
func (p *Platform) Serve(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !p.Enters(r.PostFormValue("login"), r.PostFormValue("password")) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
