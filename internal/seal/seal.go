// Package seal keeps the installation's keys outside the database, so that who
// can write the tables can neither sign for the house nor make its signature
// up again.
//
// One root of 32 random bytes stands in audit.key, in a directory that the
// operator chooses, readable by the house's own user alone. From it each board
// has its own Ed25519 key: a signature of one board says nothing for another.
// Losing the file loses no data; it ends the comparison with older checkpoints.
package seal

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"aval/internal/fault"
)

const (
	fileName = "audit.key"
	header   = "aval audit key 1"
	rootSize = 32
)

// Keys are the installation's keys. They are safe to use at once.
type Keys struct {
	path string
	root []byte
}

// Open reads the keys of a directory, and makes directory and keys when there
// are none. It refuses a file that other users of the machine can read or
// write, and one that is not a key.
func Open(dir string) (*Keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make key directory: %w", err)
	}
	path := filepath.Join(dir, fileName)
	root, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(dir, path); err != nil {
			return nil, err
		}
		root, err = read(path)
	}
	if err != nil {
		return nil, err
	}
	return &Keys{path: path, root: root}, nil
}

// Path is where the keys are, for a person who must look after them.
func (k *Keys) Path() string { return k.path }

func read(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the directory is the operator's own choice
	if err != nil {
		return nil, fmt.Errorf("open key: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at key: %w", err)
	}
	if !st.Mode().IsRegular() {
		return nil, fault.New(fault.Conflict, "audit.key_unreadable", path)
	}
	if runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0 { // Windows has no such bits
		return nil, fault.New(fault.Conflict, "audit.key_open", path)
	}
	data := make([]byte, 256)
	n, err := f.Read(data)
	if err != nil {
		return nil, fault.New(fault.Conflict, "audit.key_unreadable", path)
	}
	first, second, _ := strings.Cut(strings.TrimSpace(string(data[:n])), "\n")
	root, err := base64.StdEncoding.DecodeString(strings.TrimSpace(second))
	if err != nil || strings.TrimSpace(first) != header || len(root) != rootSize {
		return nil, fault.New(fault.Conflict, "audit.key_unreadable", path)
	}
	return root, nil
}

// create writes a new key under another name and gives it its own only when
// whole: of two that start at once one wins, and both read the same key.
func create(dir, path string) error {
	root := make([]byte, rootSize)
	if _, err := rand.Read(root); err != nil {
		return fmt.Errorf("draw key: %w", err)
	}
	f, err := os.CreateTemp(dir, fileName+".*") // 0600
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // the link below stays
	_, err = fmt.Fprintf(f, "%s\n%s\n", header, base64.StdEncoding.EncodeToString(root))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keep key: %w", err)
	}
	return nil
}

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
