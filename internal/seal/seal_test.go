package seal

import (
	"bytes"
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
	st, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("key file: %v, %v, want mode 0600", st.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("directory holds %d files, want 1 (%v)", len(left), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	whole := func(t *testing.T) string {
		dir := t.TempDir()
		if _, err := Open(dir); err != nil {
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
		{"an empty file", "audit.key_unreadable", func(p string) error { return os.Truncate(p, 0) }},
		{"half a key", "audit.key_unreadable", func(p string) error { return os.Truncate(p, 30) }},
		{"something else", "audit.key_unreadable", func(p string) error { return os.WriteFile(p, []byte("hello\nworld\n"), 0o600) }},
		{"a directory", "audit.key_unreadable", func(p string) error {
			if err := os.Remove(p); err != nil {
				return err
			}
			return os.Mkdir(p, 0o700)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := whole(t)
			if err := c.do(filepath.Join(dir, fileName)); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir)
			if f, ok := fault.As(err); !ok || f.Key != c.key {
				t.Errorf("Open: %v, want %s", err, c.key)
			}
		})
	}
}

func TestASignatureIsOfOneBoard(t *testing.T) {
	k, err := Open(t.TempDir())
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
	other, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(other.Verifier("pan"))); err == nil {
		t.Error("another installation's key accepts it")
	}
}
