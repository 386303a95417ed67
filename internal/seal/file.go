package seal

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"aval/internal/fault"
)

const rootSize = 32

// keyFile is a file that holds one root: a line that says which, and the root.
type keyFile struct{ name, header string }

func (k keyFile) path(dir string) string { return filepath.Join(dir, k.name) }

// open reads the root of a directory, and makes directory and root when there
// are none.
func (k keyFile) open(dir string) (path string, root []byte, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("make key directory: %w", err)
	}
	path = k.path(dir)
	root, err = k.read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := k.create(dir, path); err != nil {
			return "", nil, err
		}
		root, err = k.read(dir)
	}
	return path, root, err
}

// others are the rights of everyone but the owner.
const others = 0o077

// exposed tells whether others of the machine have a right to a file or folder.
// Windows has no such bits.
func exposed(st fs.FileInfo) bool { return runtime.GOOS != "windows" && st.Mode().Perm()&others != 0 }

// guarded refuses a folder that others may enter or write: they could put a key
// of their own there, or read a copy that somebody left beside it. It is not
// mended here, as it is whichever folder the operator named.
func guarded(dir string) error {
	st, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at key directory: %w", err)
	}
	if exposed(st) {
		return fault.New(fault.Conflict, "seal.folder_open", dir)
	}
	return nil
}

func (k keyFile) read(dir string) ([]byte, error) {
	if err := guarded(dir); err != nil {
		return nil, err
	}
	path := k.path(dir)
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
	if exposed(st) {
		return nil, fault.New(fault.Conflict, "audit.key_open", path)
	}
	data := make([]byte, 256)
	n, err := f.Read(data)
	if err != nil {
		return nil, fault.New(fault.Conflict, "audit.key_unreadable", path)
	}
	first, second, _ := strings.Cut(strings.TrimSpace(string(data[:n])), "\n")
	root, err := base64.StdEncoding.DecodeString(strings.TrimSpace(second))
	if err != nil || strings.TrimSpace(first) != k.header || len(root) != rootSize {
		return nil, fault.New(fault.Conflict, "audit.key_unreadable", path)
	}
	return root, nil
}

// create writes a new root under another name and gives it its own only when
// whole: of two that start at once one wins, and both read the same root.
func (k keyFile) create(dir, path string) error {
	root := make([]byte, rootSize)
	if _, err := rand.Read(root); err != nil {
		return fmt.Errorf("draw key: %w", err)
	}
	f, err := os.CreateTemp(dir, k.name+".*") // 0600
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // the link below stays
	_, err = fmt.Fprintf(f, "%s\n%s\n", k.header, base64.StdEncoding.EncodeToString(root))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keep key: %w", err)
	}
	return keepFolder(dir)
}

// keepFolder has the disk keep the folder's new name: what is sealed under a key
// must not outlive it in a power cut.
func keepFolder(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the directory is the operator's own choice
	if err != nil {
		return fmt.Errorf("keep key: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("keep key: %w", err)
	}
	return nil
}
