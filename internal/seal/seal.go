// Package seal keeps the installation's keys outside the database, so that who
// can write the tables can neither sign for the house nor make its signature
// up again, and who can read them cannot read what is sealed in them.
//
// Two roots of 32 random bytes stand in a directory that the operator chooses,
// readable by the house's own user alone. From audit.key each board has its
// own Ed25519 key: a signature of one board says nothing for another. Losing
// that file loses no data; it ends the comparison with older checkpoints.
// vault.key is the master key, under which the keys of each board's sealed
// columns lie in the database. Losing that file loses what is sealed.
package seal

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// auditFile holds the root of the signing keys.
var auditFile = keyFile{name: "audit.key", header: "aval audit key 1"}

// Keys are the installation's keys. They are safe to use at once.
type Keys struct {
	path string
	root []byte
}

// Open reads the keys of a directory, and makes directory and keys when there
// are none. It refuses a folder or a file that other users of the machine have
// any right to, and a file that is not a key.
func Open(dir string) (*Keys, error) {
	path, root, err := auditFile.open(dir)
	if err != nil {
		return nil, err
	}
	return &Keys{path: path, root: root}, nil
}

// Path is where the keys are, for a person who must look after them.
func (k *Keys) Path() string { return k.path }

// Signer signs what the house says of a board, such as a checkpoint of its trail.
func (k *Keys) Signer(board string) note.Signer { return k.of(board) }

// Verifier recognises what Signer of the same board signed.
func (k *Keys) Verifier(board string) note.Verifier { return k.of(board) }

// Public is the board's verification key as text, for who keeps checkpoints
// away from this machine: golang.org/x/mod/sumdb/note reads it.
func (k *Keys) Public(board string) string {
	b := k.of(board)
	return fmt.Sprintf("%s+%08x+%s", b.name, b.hash, base64.StdEncoding.EncodeToString(b.blob()))
}

// ed25519Alg is the note format's number for Ed25519.
const ed25519Alg = 1

// boardKey is a board's key; it is both note.Signer and note.Verifier.
type boardKey struct {
	name string
	hash uint32
	key  ed25519.PrivateKey
}

func (k *Keys) of(board string) boardKey {
	seed, err := hkdf.Key(sha256.New, k.root, nil, "aval audit checkpoint "+board, ed25519.SeedSize)
	if err != nil {
		panic(err) // only lengths that we never ask for
	}
	b := boardKey{name: "aval/" + board, key: ed25519.NewKeyFromSeed(seed)}
	sum := sha256.Sum256(append([]byte(b.name+"\n"), b.blob()...))
	b.hash = binary.BigEndian.Uint32(sum[:])
	return b
}

func (b boardKey) blob() []byte {
	public := b.key[ed25519.PrivateKeySize-ed25519.PublicKeySize:]
	return append([]byte{ed25519Alg}, public...)
}

func (b boardKey) Name() string                    { return b.name }
func (b boardKey) KeyHash() uint32                 { return b.hash }
func (b boardKey) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(b.key, msg), nil }
func (b boardKey) Verify(msg, sig []byte) bool {
	return ed25519.Verify(ed25519.PublicKey(b.blob()[1:]), msg, sig)
}
