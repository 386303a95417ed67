// Package vault seals columns that must not be read from the tables alone.
//
// Each board has a keyset of its own: one set of AES-256-GCM keys to seal, one
// of HMAC-SHA-256 keys to look up. It lies in vault_key, wrapped by the master
// key (seal.Master), which is not in the database.
//
//	keys, err := v.Keys(ctx, tx)
//	name, err := keys.Seal(vault.Place{Table: "login_name", Column: "name", Row: id}, plain)
//	… WHERE board_id = $1 AND name_mac IN … keys.MACs("login_name", plain)
//
// A value opens only in the table, column, row and board it was sealed for:
// moved or changed it is refused. Two values that are the same have nothing in
// common but their MAC, so a MAC is kept only where one must find or compare.
//
// Keys are replaced while people work: Rotate adds new ones, under which
// everything is sealed from then on, a job seals the older rows again, and what
// no row needs is dropped. In between, one looks for the MACs of every key.
package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/seal"
)

// Place is where a sealed value stands. A value sealed for one place opens in
// no other.
type Place struct{ Table, Column, Row string }

// Vault opens the keysets of boards. It is safe for use by several goroutines.
type Vault struct {
	master seal.Master

	mu    sync.Mutex
	known map[string]known // by board
}

// known is a keyset that was opened, by what is kept of it: a keyset that was
// made in a transaction that did not commit is never taken for another.
type known struct {
	kept [sha256.Size]byte
	keys *Keys
}

// maxKnown bounds how many boards' keys are held in memory.
const maxKnown = 256

// New makes a vault over a master key.
func New(master seal.Master) *Vault { return &Vault{master: master, known: map[string]known{}} }

// Keys are the keys of the transaction's board. In a transaction that writes
// they stay the same until it ends, and are made when the board has none; in
// one that only reads, a board without keys has an empty set, which opens and
// finds nothing. It refuses (Conflict) a board that was shredded, and keys that
// another master key wrapped. It makes none (Conflict) under a master key that
// is not the appointed one.
//
// On PostgreSQL who changes the keys waits for transactions that hold them, and
// those that ask after it wait for it: ask before touching a row that others
// need, or they wait for each other until PostgreSQL sees it (a second).
func (v *Vault) Keys(ctx context.Context, tx *db.Tx) (*Keys, error) {
	kept, err := v.kept(ctx, tx)
	switch {
	case fault.Is(err, fault.NotFound):
		return &Keys{board: tx.Board}, nil
	case err != nil:
		return nil, err
	case kept.shredded():
		v.forget(tx.Board)
		return nil, fault.New(fault.Conflict, shredded)
	}
	sum := sha256.Sum256(bound(string(kept.aead), string(kept.prf)))
	v.mu.Lock()
	found, ok := v.known[tx.Board]
	v.mu.Unlock()
	if ok && found.kept == sum {
		return found.keys, nil
	}
	set, err := v.unwrap(tx.Board, kept)
	if err != nil {
		return nil, err
	}
	keys, err := set.keys(tx.Board)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.known) >= maxKnown {
		for board := range v.known { // any: the next use of it opens it again
			delete(v.known, board)
			break
		}
	}
	v.known[tx.Board] = known{kept: sum, keys: keys}
	return keys, nil
}

// kept reads what is kept of the board's keyset, and makes one where it may.
func (v *Vault) kept(ctx context.Context, tx *db.Tx) (row, error) {
	kept, err := read(ctx, tx)
	if !fault.Is(err, fault.NotFound) || tx.ReadOnly {
		return kept, err
	}
	if err := v.appointed(appoint(ctx, tx, v.master.ID())); err != nil {
		return row{}, err
	}
	set, err := newKeyset()
	if err != nil {
		return row{}, err
	}
	made, err := v.wrap(v.master, tx.Board, set)
	if err != nil {
		return row{}, err
	}
	if err := insert(ctx, tx, made); err != nil {
		return row{}, err
	}
	return read(ctx, tx) // ours, or that of who was first
}

// appointed refuses to make keys under a master key that is not the appointed
// one: the file was lost and made again, or has been replaced since.
func (v *Vault) appointed(id string, err error) error {
	if err == nil && id != v.master.ID() {
		return fault.New(fault.Conflict, "vault.master_replaced", id, v.master.ID())
	}
	return err
}

// Ready refuses what Keys would refuse in a transaction that writes, and makes
// nothing: it is asked before work that ends with sealing.
func (v *Vault) Ready(ctx context.Context, tx *db.Tx) error {
	kept, err := read(ctx, tx)
	switch {
	case fault.Is(err, fault.NotFound):
		err = v.appointed(master(ctx, tx))
		if fault.Is(err, fault.NotFound) { // the first board of all
			return nil
		}
	case err == nil && kept.shredded():
		return fault.New(fault.Conflict, shredded)
	case err == nil:
		_, err = v.unwrap(tx.Board, kept)
	}
	return err
}

// Sealed says that the transaction's board has keys: without their master key
// something is lost.
func Sealed(ctx context.Context, tx *db.Tx) (bool, error) {
	kept, err := read(ctx, tx)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil && !kept.shredded(), err
}

// ShreddedAt answers when the keys of the transaction's board were destroyed;
// zero while they are not.
func ShreddedAt(ctx context.Context, tx *db.Tx) (time.Time, error) {
	kept, err := read(ctx, tx)
	if fault.Is(err, fault.NotFound) {
		err = nil
	}
	return kept.gone, err
}

func (v *Vault) forget(board string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.known, board)
}

// Keys seal, open and look up for one board. They are safe for use by several goroutines.
type Keys struct {
	board  string
	box    tink.AEAD
	prefix []byte    // of what the newest key seals
	older  [][]byte  // of what the older keys sealed
	macs   []prf.PRF // the newest first
}

var errNoKeys = errors.New("vault: a board without keys seals nothing")

// Seal makes a value unreadable, for its place alone. Sealing the same value
// twice gives two texts.
func (k *Keys) Seal(p Place, plaintext []byte) ([]byte, error) {
	if k.box == nil {
		return nil, errNoKeys
	}
	sealed, err := k.box.Encrypt(plaintext, k.bound("aval-seal-1", p.Table, p.Column, p.Row))
	if err != nil {
		return nil, fmt.Errorf("seal %s.%s: %w", p.Table, p.Column, err)
	}
	return sealed, nil
}

// Open answers what was sealed for this place. It refuses (Conflict) what was
// changed since, what was sealed for another place or board, and what no key of
// the board opens.
func (k *Keys) Open(p Place, sealed []byte) ([]byte, error) {
	if k.box == nil {
		return nil, fault.New(fault.Conflict, "vault.unreadable")
	}
	plain, err := k.box.Decrypt(sealed, k.bound("aval-seal-1", p.Table, p.Column, p.Row))
	if err != nil { // why is nobody's business
		return nil, fault.New(fault.Conflict, "vault.unreadable")
	}
	return plain, nil
}

// MAC is what a value is found by, as 64 hexadecimal digits, under the newest
// key. The label says what the value is: under two labels it has two MACs.
func (k *Keys) MAC(label, value string) (string, error) {
	if len(k.macs) == 0 {
		return "", errNoKeys
	}
	return k.mac(k.macs[0], label, value)
}

// MACs are those under every key of the board, the newest first: what to look
// for, since a row may still be under an older one. Without keys there are none.
func (k *Keys) MACs(label, value string) ([]string, error) {
	all := make([]string, len(k.macs))
	for i, f := range k.macs {
		var err error
		if all[i], err = k.mac(f, label, value); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (k *Keys) mac(f prf.PRF, label, value string) (string, error) {
	sum, err := f.ComputePRF(k.bound("aval-mac-1", label, value), sha256.Size)
	if err != nil {
		return "", fmt.Errorf("look up %s: %w", label, err)
	}
	return hex.EncodeToString(sum), nil
}

// Prefix is how every value begins that the newest key sealed, for a statement
// that looks for older ones: substr(name, 1, 5) <> $2.
func (k *Keys) Prefix() []byte { return bytes.Clone(k.prefix) }

// Prefixes are how values begin that any key of the board sealed, the newest first.
// Without keys there are none.
func (k *Keys) Prefixes() [][]byte {
	if k.box == nil {
		return nil
	}
	all := [][]byte{k.Prefix()}
	for _, p := range k.older {
		all = append(all, bytes.Clone(p))
	}
	return all
}

// Current says that the newest key sealed a value.
func (k *Keys) Current(sealed []byte) bool { return k.box != nil && bytes.HasPrefix(sealed, k.prefix) }

// bound is a purpose, the board and some texts as one text that no others give.
func (k *Keys) bound(purpose string, texts ...string) []byte {
	return bound(append([]string{purpose, k.board}, texts...)...)
}

func bound(texts ...string) []byte {
	var b []byte
	for _, s := range texts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}
