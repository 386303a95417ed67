package vault

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"aval/internal/fault"
	"aval/internal/seal"
)

// set is a board's keyset, open: the keys that seal and those that look up.
// They are made, replaced and dropped together.
type set struct{ aead, prf *keyset.Handle }

func newKeyset() (set, error) {
	box, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return set{}, fmt.Errorf("make keys: %w", err)
	}
	look, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return set{}, fmt.Errorf("make keys: %w", err)
	}
	return set{aead: box, prf: look}, nil
}

// rotated is the keyset with new keys, under which everything is sealed from now on.
func (s set) rotated() (set, error) {
	box, err := withNew(s.aead, aead.AES256GCMKeyTemplate())
	if err != nil {
		return set{}, err
	}
	look, err := withNew(s.prf, prf.HMACSHA256PRFKeyTemplate())
	return set{aead: box, prf: look}, err
}

func withNew(h *keyset.Handle, template *tinkpb.KeyTemplate) (*keyset.Handle, error) {
	m := keyset.NewManagerFromHandle(h)
	id, err := m.Add(template)
	if err == nil {
		err = m.SetPrimary(id)
	}
	if err != nil {
		return nil, fmt.Errorf("add key: %w", err)
	}
	return m.Handle()
}

// newest is the keyset without its older keys.
func (s set) newest() (set, error) {
	box, err := withoutOlder(s.aead)
	if err != nil {
		return set{}, err
	}
	look, err := withoutOlder(s.prf)
	return set{aead: box, prf: look}, err
}

func withoutOlder(h *keyset.Handle) (*keyset.Handle, error) {
	m := keyset.NewManagerFromHandle(h)
	for i := range h.Len() {
		e, err := h.Entry(i)
		if err == nil && !e.IsPrimary() {
			err = m.Delete(e.KeyID())
		}
		if err != nil {
			return nil, fmt.Errorf("drop key: %w", err)
		}
	}
	return m.Handle()
}

// ids are the keys that seal, the newest first.
func (s set) ids() ([]string, error) {
	var ids []string
	for i := range s.aead.Len() {
		e, err := s.aead.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("read keys: %w", err)
		}
		id := fmt.Sprintf("%08x", e.KeyID())
		if e.IsPrimary() {
			ids = append([]string{id}, ids...)
		} else {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (s set) keys(board string) (*Keys, error) {
	k := &Keys{board: board}
	var err error
	if k.box, err = aead.New(s.aead); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	first, err := s.aead.Primary()
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	k.prefix = prefix(first.KeyID())
	for i := range s.aead.Len() {
		e, err := s.aead.Entry(i)
		if err != nil {
			return nil, fmt.Errorf("open keys: %w", err)
		}
		if !e.IsPrimary() {
			k.older = append(k.older, prefix(e.KeyID()))
		}
	}
	look, err := prf.NewPRFSet(s.prf)
	if err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	k.macs = append(k.macs, look.PRFs[look.PrimaryID])
	for id, f := range look.PRFs {
		if id != look.PrimaryID {
			k.macs = append(k.macs, f)
		}
	}
	return k, nil
}

// prefix is how tink begins what a key sealed.
func prefix(key uint32) []byte { return binary.BigEndian.AppendUint32([]byte{1}, key) }

// The two halves of a keyset are wrapped apart, each named to the master key.
const (
	halfAEAD = "aead"
	halfPRF  = "prf"
)

func (v *Vault) wrap(master seal.Master, board string, s set) (row, error) {
	kept := row{master: master.ID()}
	for half, to := range map[string]struct {
		from *keyset.Handle
		into *[]byte
	}{halfAEAD: {s.aead, &kept.aead}, halfPRF: {s.prf, &kept.prf}} {
		var b bytes.Buffer
		if err := to.from.WriteWithAssociatedData(keyset.NewBinaryWriter(&b), master, bound("aval-keyset-1", board, half)); err != nil {
			return row{}, fmt.Errorf("wrap keys: %w", err)
		}
		*to.into = b.Bytes()
	}
	return kept, nil
}

func (v *Vault) unwrap(board string, kept row) (set, error) {
	open := func(wrapped []byte, half string) (*keyset.Handle, error) {
		return keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(wrapped)), v.master, bound("aval-keyset-1", board, half))
	}
	box, err := open(kept.aead, halfAEAD)
	look, err2 := open(kept.prf, halfPRF)
	switch {
	case errors.Join(err, err2) == nil:
		return set{aead: box, prf: look}, nil
	case kept.master != v.master.ID():
		return set{}, fault.New(fault.Conflict, "vault.master_other", kept.master, v.master.ID())
	}
	return set{}, fault.New(fault.Conflict, "vault.keys_changed")
}
