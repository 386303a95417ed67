// Package credential is what a platform's program signs in with to read what its
// licence lets it know (docs/adr/0018): a client of the licence and its secret,
// which a person makes, hands over and takes back, and the bearer tokens that the
// program is given for them (OAuth 2.0 client credentials, RFC 6749, 4.4).
//
//	made --Rotate--> two secrets for a while --> one
//	made --Revoke--> revoked; or over with its licence
//
// Secrets and tokens are 256 bits of chance. They are shown once; what is kept is
// their hash, which needs no slowness, for there is nothing to guess.
package credential

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/disclosure"
	"aval/internal/licence"
)

// Right is a part of what a licence discloses.
type Right string

// The rights, after the scopes of OneRoster.
const (
	Core         Right = "roster-core"         // the objects by themselves
	Roster       Right = "roster"              // and what belongs to what
	Demographics Right = "roster-demographics" // birth dates, where the decision names them
)

// Rights lists them in that order.
var Rights = []Right{Core, Roster, Demographics}

// Version is a version of OneRoster, as its addresses write it.
type Version string

// The versions that are spoken.
const (
	V1p1 Version = "v1p1"
	V1p2 Version = "v1p2"
)

// Root is where the addresses for platforms' programs begin, TokenPath where tokens
// are given.
const (
	Root      = "/ims/oneroster/"
	TokenPath = Root + "token"
)

// Path is where the operations of a version begin.
func (v Version) Path() string {
	if v == V1p1 {
		return Root + "v1p1"
	}
	return Root + "rostering/v1p2"
}

// Scope is a right in one version: what a token opens.
type Scope struct {
	Version Version
	Right   Right
}

const scopeBase = "https://purl.imsglobal.org/spec/or/"

// String is the scope's address.
func (s Scope) String() string {
	return scopeBase + string(s.Version) + "/scope/" + string(s.Right) + ".readonly"
}

// Scopes lists every scope.
func Scopes() (all []Scope) {
	for _, v := range []Version{V1p2, V1p1} {
		for _, r := range Rights {
			all = append(all, Scope{v, r})
		}
	}
	return all
}

// ParseScopes reads the scopes of a list with blanks between them; what is none of
// ours is left out.
func ParseScopes(list string) (found []Scope) {
	words := strings.Fields(list)
	for _, s := range Scopes() {
		if slices.Contains(words, s.String()) {
			found = append(found, s)
		}
	}
	return found
}

// JoinScopes writes what ParseScopes reads.
func JoinScopes(scopes []Scope) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = s.String()
	}
	return strings.Join(words, " ")
}

// Opens tells whether one of some scopes opens what a right of a version is needed
// for: the roster holds its core.
func Opens(scopes []Scope, v Version, r Right) bool {
	return slices.Contains(scopes, Scope{v, r}) || r == Core && slices.Contains(scopes, Scope{v, Roster})
}

// Life is how long a token opens.
const Life = time.Hour

// Overlaps are for how long a secret still opens once another was made.
var Overlaps = []time.Duration{0, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}

// Credential is a licence's client. Its secret is not in it.
type Credential struct {
	ID        string // the client id; it begins with the board's
	Licence   licence.ID
	MadeBy    string
	MadeAt    time.Time
	RevokedBy string
	RevokedAt time.Time // zero while it is not
	Version   int64
	Secrets   []Secret // those that open, the newest first
	Use       []Use    // by day, the newest first
}

// Secret is what is told of a secret.
type Secret struct {
	MadeBy string
	MadeAt time.Time
	EndsAt time.Time // zero: until another is made
}

// Use is how much was read in one day.
type Use struct {
	Day      string // 2026-11-20
	Requests int64
	Objects  int64
	Refused  int64 // wrong secrets, and requests beyond the rate
	LastAt   time.Time
}

// Bearer is a program that came with a token, and what it may read.
type Bearer struct {
	Board      string
	Credential string
	Scopes     []Scope
	Terms      disclosure.Terms
	Lang       string // the board's
	Day        string // of the request
}

// newName makes what leads to a board before a credential is known: the board's
// id and chance, in letters that no encoding touches.
func newName(boardID, random string) string { return boardID + "." + random }

// newSecret is 256 bits of chance in lower-case letters and digits.
func newSecret() string { return db.NewID() + db.NewID() }

// chance is what random names are made of.
const chance = "abcdefghijklmnopqrstuvwxyz0123456789"

// boardOf reads the board in a client id or a token.
func boardOf(name string) (string, bool) {
	id, random, ok := strings.Cut(name, ".")
	return id, ok && random != "" && strings.Trim(random, chance) == "" && board.IsID(id)
}

func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// granted is what of the scopes that were asked for the terms let out: the roster, and
// birth dates where the decision names them.
func granted(t disclosure.Terms, asked []Scope) (scopes []Scope) {
	for _, s := range Scopes() {
		if slices.Contains(asked, s) && (s.Right != Demographics || t.Fields[disclosure.BirthDate]) {
			scopes = append(scopes, s)
		}
	}
	return scopes
}
