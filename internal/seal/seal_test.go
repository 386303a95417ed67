package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"aval/internal/fault"
)

func TestKeysAreMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	roots := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range roots {
		wg.Go(func() {
			k, err := Open(dir)
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			roots[i] = k.root
		})
	}
	wg.Wait()
	for _, r := range roots {
		if len(r) != rootSize || !bytes.Equal(r, roots[0]) {
			t.Fatal("two that start at once have different keys")
		}
	}
	st, err := os.Stat(filepath.Join(dir, auditFile.name))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("key file: %v, %v, want mode 0600", st.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("directory holds %d files, want 1 (%v)", len(left), err)
	}
}

// private is a folder that is yet to be made.
func private(t *testing.T) string { return filepath.Join(t.TempDir(), "keys") }

// openers are both files: they are looked after alike.
var openers = map[string]func(dir string) error{
	"audit.key": func(dir string) error { _, err := Open(dir); return err },
	"vault.key": func(dir string) error { _, err := OpenMaster(dir); return err },
}

func TestOpenRefuses(t *testing.T) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) { refuses(t, name, open) })
	}
}

func refuses(t *testing.T, name string, open func(dir string) error) {
	whole := func(t *testing.T) string {
		dir := private(t)
		if err := open(dir); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, c := range []struct {
		name, key string
		do        func(path string) error
	}{
		{"a key readable by the group", "audit.key_open", func(p string) error { return os.Chmod(p, 0o640) }},
		{"a key writable by others", "audit.key_open", func(p string) error { return os.Chmod(p, 0o602) }},
		{"a folder readable by the group", "seal.folder_open", func(p string) error { return os.Chmod(filepath.Dir(p), 0o750) }},
		{"a folder in which others find what is there", "seal.folder_open", func(p string) error { return os.Chmod(filepath.Dir(p), 0o701) }},
		{"a folder in which others put a key", "seal.folder_open", func(p string) error {
			return errors.Join(os.Remove(p), os.Chmod(filepath.Dir(p), 0o777))
		}},
		{"an empty file", "audit.key_unreadable", func(p string) error { return os.Truncate(p, 0) }},
		{"half a key", "audit.key_unreadable", func(p string) error { return os.Truncate(p, 30) }},
		{"something else", "audit.key_unreadable", func(p string) error { return os.WriteFile(p, []byte("hello\nworld\n"), 0o600) }},
		{"the other key", "audit.key_unreadable", func(p string) error {
			for other, open := range openers {
				if other == name {
					continue
				}
				if err := errors.Join(open(filepath.Dir(p)), os.Rename(filepath.Join(filepath.Dir(p), other), p)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"a directory", "audit.key_unreadable", func(p string) error {
			if err := os.Remove(p); err != nil {
				return err
			}
			return os.Mkdir(p, 0o700)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := whole(t)
			if err := c.do(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			if f, ok := fault.As(open(dir)); !ok || f.Key != c.key {
				t.Errorf("open: %v, want %s", f, c.key)
			}
			if after, err := os.ReadDir(dir); err != nil || len(after) != len(before) {
				t.Errorf("a key was made all the same: %v, %v", after, err)
			}
		})
	}
}

func TestTheMasterKeyOpensWhatItWrapped(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, err := OpenMaster(dir)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := first.Encrypt([]byte("a keyset"), []byte("pan"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenMaster(dir)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Decrypt(wrapped, []byte("pan")); err != nil || string(plain) != "a keyset" {
		t.Errorf("the same file does not open it: %v", err)
	}
	if _, err := again.Decrypt(wrapped, []byte("pin")); err == nil {
		t.Error("another board opens it")
	}
	other, err := OpenMaster(private(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Decrypt(wrapped, []byte("pan")); err == nil {
		t.Error("another installation's key opens it")
	}
	if first.ID() != again.ID() || first.ID() == other.ID() || len(first.ID()) != 16 {
		t.Errorf("ids: %s, %s, and another's %s", first.ID(), again.ID(), other.ID())
	}
	st, err := os.Stat(filepath.Join(dir, "vault.key"))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, want mode 0600", err)
	}
}

func TestASignatureIsOfOneBoard(t *testing.T) {
	k, err := Open(private(t))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: "hello\n"}, k.Signer("pan"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(k.Verifier("pan"))); err != nil {
		t.Errorf("own board: %v", err)
	}
	public, err := note.NewVerifier(k.Public("pan"))
	if err != nil {
		t.Fatalf("public key: %v", err)
	}
	if _, err := note.Open(signed, note.VerifierList(public)); err != nil {
		t.Errorf("public key: %v", err)
	}
	if _, err := note.Open(signed, note.VerifierList(k.Verifier("pin"))); err == nil {
		t.Error("another board's key accepts it")
	}
	if _, err := note.Open(bytes.Replace(signed, []byte("hello"), []byte("hallo"), 1), note.VerifierList(k.Verifier("pan"))); err == nil {
		t.Error("a changed text is accepted")
	}
	other, err := Open(private(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(other.Verifier("pan"))); err == nil {
		t.Error("another installation's key accepts it")
	}
}
