// Package account is who may sign in: staff of the board, what they are (a
// role at a place), the tokens of their programs, and who stands in for them
// while they are away.
package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/board"
	"aval/internal/fault"
	"aval/internal/policy"
)

// Account is someone of the staff who may sign in.
type Account struct {
	ID        string
	Login     string
	Name      string
	Email     string
	Lang      string
	Person    string // the roster's person, or ""
	Disabled  bool
	CreatedAt time.Time

	password string
}

// New is what an operator gives to make an account.
type New struct {
	Login    string
	Name     string
	Email    string
	Lang     string
	Password string // made when empty
	Person   string // source id or internal id of the roster's person, or ""
	Grants   []policy.Grant
}

// minPassword is the shortest password that we take (NIST SP 800-63B: 8; staff
// who open children's records: 12).
const minPassword = 12

func (n *New) check() error {
	fields := map[string]string{}
	n.Login = strings.ToLower(strings.TrimSpace(n.Login))
	n.Name = strings.TrimSpace(n.Name)
	if n.Login == "" || utf8.RuneCountInString(n.Login) > 100 || strings.ContainsAny(n.Login, " \t\r\n") {
		fields["login"] = "account.login_shape"
	}
	if n.Name == "" || utf8.RuneCountInString(n.Name) > 200 {
		fields["name"] = "account.name_required"
	}
	if n.Email != "" {
		if a, err := mail.ParseAddress(n.Email); err != nil || a.Address != n.Email {
			fields["email"] = "account.email_shape"
		}
	}
	if n.Lang == "" {
		n.Lang = "fr"
	}
	if n.Lang != "fr" && n.Lang != "en" {
		fields["lang"] = "account.lang_unknown"
	}
	if n.Password != "" && utf8.RuneCountInString(n.Password) < minPassword {
		fields["password"] = "account.password_short"
	}
	for _, g := range n.Grants {
		if !known(g.Role) {
			fields["role"] = "account.role_unknown"
		}
		if needsOrg(g.Role) && g.Org == "" {
			fields["org"] = "account.org_required"
		}
	}
	return fault.Form(fields)
}

func known(r policy.Role) bool {
	for _, role := range policy.Roles {
		if r == role {
			return true
		}
	}
	return false
}

// needsOrg tells the roles that are held at a school or department.
func needsOrg(r policy.Role) bool {
	switch r {
	case policy.Teacher, policy.Professional, policy.Principal, policy.DepartmentHead:
		return true
	}
	return false
}

// Delegation lets someone act in a role for a person who is away (policy A,
// 2.2 b says who authorises; an absence must not stop a request).
type Delegation struct {
	ID       string
	From     string
	FromName string
	To       string
	ToName   string
	Role     policy.Role
	Org      string
	Starts   time.Time
	Ends     time.Time
}

// randomText answers 160 random bits to type or to copy.
func randomText() string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // never fails: crypto/rand
	return base64.RawURLEncoding.EncodeToString(b)
}

// A token names its board, so that it can be looked up behind the board's wall.
const tokenPrefix = "aval_"

func newToken(boardID string) (token, hash string) {
	token = tokenPrefix + boardID + "_" + strings.ReplaceAll(randomText(), "_", "-")
	return token, hashToken(token)
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// boardOf reads the board's name in a token.
func boardOf(token string) (string, bool) {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok {
		return "", false
	}
	i := strings.LastIndexByte(rest, '_')
	if i < 0 || !board.IsID(rest[:i]) {
		return "", false
	}
	return rest[:i], true
}
