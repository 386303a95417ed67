package roster

import (
	"archive/zip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"aval/internal/fault"
	"aval/internal/vault"
)

// A set that waits is kept in pieces, each AES-256-GCM under a key of its own set,
// which lies in roster_import under the board's keys. A piece opens only in its
// place, and the last one as the last. The key is forgotten with the import.
const (
	piece    = 256 << 10
	overhead = 16
)

func newBox(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// bind is the nonce of a piece, and what it is bound to: each key seals one set, so
// that no nonce comes twice.
func bind(n int64, last bool) (nonce, bound []byte) {
	nonce = binary.BigEndian.AppendUint64(make([]byte, 4, 12), uint64(n)) //nolint:gosec // a count
	return nonce, fmt.Appendf(nil, "aval-roster-set-1 %t", last)
}

// sealer seals what is written to it, piece by piece, until it is closed.
type sealer struct {
	to  io.Writer
	box cipher.AEAD
	buf []byte
	n   int64
}

// Write implements io.Writer.
func (s *sealer) Write(p []byte) (int, error) {
	all := len(p)
	for len(p) > 0 {
		if len(s.buf) == piece {
			if err := s.flush(false); err != nil {
				return 0, err
			}
		}
		some := min(len(p), piece-len(s.buf))
		s.buf, p = append(s.buf, p[:some]...), p[some:]
	}
	return all, nil
}

func (s *sealer) flush(last bool) error {
	nonce, bound := bind(s.n, last)
	_, err := s.to.Write(s.box.Seal(nil, nonce, s.buf, bound))
	s.buf, s.n = s.buf[:0], s.n+1
	return err
}

// unsealer reads a sealed set from anywhere in it. It holds one piece, and is for one goroutine.
type unsealer struct {
	from   io.ReaderAt
	box    cipher.AEAD
	size   int64 // of what was sealed
	pieces int64
	at     int64 // the piece that is held, or -1
	plain  []byte
}

func newUnsealer(from io.ReaderAt, sealed int64, box cipher.AEAD) (*unsealer, error) {
	pieces := (sealed + piece + overhead - 1) / (piece + overhead)
	if pieces == 0 || sealed < pieces*overhead {
		return nil, fault.New(fault.Conflict, "vault.unreadable")
	}
	return &unsealer{from: from, box: box, size: sealed - pieces*overhead, pieces: pieces, at: -1}, nil
}

// ReadAt implements io.ReaderAt.
func (u *unsealer) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && off < u.size {
		if err := u.hold(off / piece); err != nil {
			return n, err
		}
		some := copy(p[n:], u.plain[off%piece:])
		n, off = n+some, off+int64(some)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (u *unsealer) hold(at int64) error {
	if at == u.at {
		return nil
	}
	sealed := make([]byte, piece+overhead)
	n, err := u.from.ReadAt(sealed, at*(piece+overhead))
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the kept set: %w", err)
	}
	nonce, bound := bind(at, at == u.pieces-1)
	u.at = -1
	if u.plain, err = u.box.Open(u.plain[:0], nonce, sealed[:n], bound); err != nil {
		return fault.New(fault.Conflict, "vault.unreadable")
	}
	u.at = at
	return nil
}

func (s *Service) path(boardID string, id ImportID) string {
	return filepath.Join(s.Folder, boardID, string(id))
}

// pourer writes a set, as a zip.
type pourer func(w io.Writer) error

// keep seals a set into our folder. It answers the key, and refuses what is no set.
func (s *Service) keep(boardID string, id ImportID, pour pourer) (key []byte, err error) {
	if s.Folder == "" {
		return nil, errors.New("roster: no folder to keep sets in")
	}
	key = make([]byte, 32)
	_, _ = rand.Read(key) // never fails: the program ends instead
	box, err := newBox(key)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(s.path(boardID, id)), 0o700); err != nil {
		return nil, fmt.Errorf("keep the set: %w", err)
	}
	file, err := os.OpenFile(s.path(boardID, id), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep the set: %w", err)
	}
	w := &sealer{to: file, box: box}
	if err = pour(w); err == nil {
		err = w.flush(true)
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = s.opens(boardID, id, key)
	}
	if err != nil {
		return nil, errors.Join(err, s.discard(boardID, id))
	}
	return key, nil
}

// opens refuses what is no set.
func (s *Service) opens(boardID string, id ImportID, key []byte) error {
	pack, err := s.sealed(boardID, id, key)(s.Limits.orDefault(), &notes{})
	if err != nil {
		return err
	}
	return pack.done()
}

// zipped writes a zip as it is, and a folder as a zip of the set's own files.
func (s *Service) zipped(from string) pourer {
	return func(w io.Writer) error {
		pack, err := openPack(from, s.Limits.orDefault(), &notes{}) // refuses what is none
		if err != nil {
			return err
		}
		defer func() { _ = pack.done() }() // only read
		file, err := os.Open(from)         //nolint:gosec // the path comes from the operator or from our own upload folder
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // only read
		info, err := file.Stat()
		if err != nil {
			return err
		}
		if info.IsDir() {
			return zipFolder(w, pack)
		}
		_, err = io.Copy(w, file)
		return err
	}
}

func zipFolder(w io.Writer, pack *pack) error {
	z := zip.NewWriter(w)
	for name := range pack.members {
		to, err := z.Create(name + ".csv")
		if err != nil {
			return err
		}
		member, err := pack.open(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, member)
		if err = errors.Join(err, member.Close()); err != nil {
			return err
		}
	}
	return z.Close()
}

// discard removes a kept set; one that is not there is no mistake.
func (s *Service) discard(boardID string, id ImportID) error {
	if s.Folder == "" {
		return nil
	}
	if err := os.Remove(s.path(boardID, id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the kept set: %w", err)
	}
	return nil
}

// sealed opens a kept set with its key.
func (s *Service) sealed(boardID string, id ImportID, key []byte) opener {
	return func(l Limits, n *notes) (*pack, error) {
		box, err := newBox(key)
		if err != nil {
			return nil, err
		}
		file, err := os.Open(s.path(boardID, id))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.Invalid, "roster.set_lost")
		}
		if err != nil {
			return nil, err
		}
		info, err := file.Stat()
		if err == nil {
			var plain *unsealer
			if plain, err = newUnsealer(file, info.Size(), box); err == nil {
				var p *pack
				if p, err = openZip(plain, plain.size, l, n); err == nil {
					p.close = file.Close
					return p, nil
				}
			}
		}
		return nil, errors.Join(err, file.Close())
	}
}

func keyPlace(id ImportID) vault.Place {
	return vault.Place{Table: "roster_import", Column: "set_key", Row: string(id)}
}

// Sealed gives the vault the way to seal the keys of kept sets again.
func Sealed() vault.Resealer { return vault.Column{Table: "roster_import", Name: "set_key"} }
