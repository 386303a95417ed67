package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
)

// Master is the key under which the keys of the boards lie in the database. It
// is authenticated encryption: Decrypt answers an error unless both texts are
// those of Encrypt. The associated data names what is wrapped and its board, so
// that no board's keys open another's.
//
// The file vault.key is the one we ship; a key service of the board can stand
// behind the same three methods.
type Master interface {
	// ID tells one master key from another and says nothing of either.
	ID() string
	Encrypt(plaintext, associatedData []byte) ([]byte, error)
	Decrypt(ciphertext, associatedData []byte) ([]byte, error)
}

// masterFile holds the root of the master key.
var masterFile = keyFile{name: "vault.key", header: "aval vault key 1"}

// fileMaster is AES-256-GCM under a key of the file's root.
type fileMaster struct {
	*subtle.AESGCM
	id string
}

// ID implements Master.
func (m fileMaster) ID() string { return m.id }

// OpenMaster reads the master key of a directory, and makes directory and key
// when there are none. It refuses what Open refuses.
func OpenMaster(dir string) (Master, error) {
	_, root, err := masterFile.open(dir)
	if err != nil {
		return nil, err
	}
	return newMaster(root)
}

// ReadMaster reads the master key of a directory. It refuses what Open refuses,
// and a key that is not there (fs.ErrNotExist).
func ReadMaster(dir string) (Master, error) {
	root, err := masterFile.read(dir)
	if err != nil {
		return nil, err
	}
	return newMaster(root)
}

// lost stands for a master key that is gone.
type lost struct{}

// LostMaster wraps and opens nothing: it is for what needs no master key, such as
// destroying the keys that a lost one guarded.
func LostMaster() Master { return lost{} }

var errLost = errors.New("seal: there is no master key")

// ID implements Master.
func (lost) ID() string { return "" }

// Encrypt implements Master.
func (lost) Encrypt(_, _ []byte) ([]byte, error) { return nil, errLost }

// Decrypt implements Master.
func (lost) Decrypt(_, _ []byte) ([]byte, error) { return nil, errLost }

// MasterPath is where the master key of a directory is, for a person who must
// look after it.
func MasterPath(dir string) string { return masterFile.path(dir) }

func newMaster(root []byte) (Master, error) {
	key, err := hkdf.Key(sha256.New, root, nil, "aval vault wrap", rootSize)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	id, err := hkdf.Key(sha256.New, root, nil, "aval vault id", 8)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	box, err := subtle.NewAESGCM(key)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return fileMaster{AESGCM: box, id: hex.EncodeToString(id)}, nil
}
