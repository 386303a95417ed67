package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is what trying one password takes (argon2id); Served when zero.
type Cost struct {
	Time    uint32 // passes
	Memory  uint32 // KiB
	Threads uint8
}

// Served is the cost of a board that is served: RFC 9106, second choice,
// lowered in memory as OWASP does. Cheap is for tests that are not about
// passwords: it protects nothing.
var (
	Served = Cost{Time: 2, Memory: 19 * 1024, Threads: 1}
	Cheap  = Cost{Time: 1, Memory: 8, Threads: 1}
)

const argonKey = 32

// hash answers the PHC string of a password.
func (c Cost) hash(password string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: crypto/rand
	return c.phc(password, salt)
}

func (c Cost) phc(password string, salt []byte) string {
	if c == (Cost{}) {
		c = Served
	}
	key := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, argonKey)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// is tells whether a hash is of the password, made at this cost. Without a
// hash it takes as long to say no.
func (c Cost) is(hash, password string) bool {
	salt := make([]byte, 16)
	parts := strings.Split(hash, "$")
	if len(parts) == 6 {
		read, err := base64.RawStdEncoding.DecodeString(parts[4])
		if err == nil {
			salt = read
		}
	}
	return subtle.ConstantTimeCompare([]byte(c.phc(password, salt)), []byte(hash)) == 1
}
