// Package blob keeps files, such as an evaluation's evidence, outside the
// database. A file's place is its board and its id: the name that a person
// gave it stays in the tables and never becomes a path.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	gcblob "gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"

	"aval/internal/fault"
)

// Store keeps files. It is safe to use at once.
type Store struct {
	bucket *gcblob.Bucket
}

// Open opens a folder, given as a path or as file:///…, and makes it when
// there is none.
func Open(place string) (*Store, error) {
	dir := place
	if strings.Contains(place, "://") {
		u, err := url.Parse(place)
		if err != nil || u.Scheme != "file" || (u.Host != "" && u.Host != "localhost") || u.Path == "" {
			return nil, fault.New(fault.Invalid, "audit.files_place", place)
		}
		dir = filepath.FromSlash(u.Path)
	}
	bucket, err := fileblob.OpenBucket(dir, &fileblob.Options{
		CreateDir:   true,
		DirFileMode: 0o700,
		NoTempDir:   true, // a rename must not cross file systems
		Metadata:    fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open files: %w", err)
	}
	return &Store{bucket: bucket}, nil
}

// Close lets the folder go.
func (s *Store) Close() error { return s.bucket.Close() }

// Put keeps what r gives under board and id, on disk when it returns, and
// answers its size and SHA-256 in hexadecimal. It refuses more than limit
// bytes and an id that is taken; then nothing is kept.
func (s *Store) Put(ctx context.Context, board, id string, r io.Reader, limit int64) (size int64, sum string, err error) {
	key, err := place(board, id)
	if err != nil {
		return 0, "", err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var file *os.File
	w, err := s.bucket.NewWriter(ctx, key, &gcblob.WriterOptions{
		ContentType: "application/octet-stream",
		IfNotExist:  true,
		BeforeWrite: func(as func(any) bool) error { as(&file); return nil },
	})
	if err != nil {
		return 0, "", fmt.Errorf("keep file %s: %w", id, err)
	}
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(w, h), io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		err = fmt.Errorf("keep file %s: %w", id, err)
	case size > limit:
		err = fault.New(fault.Invalid, "audit.file_too_large", limit>>20)
	case file != nil:
		err = file.Sync()
	}
	if err != nil {
		cancel() // closing a cancelled writer leaves nothing behind
		_ = w.Close()
		return 0, "", err
	}
	if err := w.Close(); err != nil {
		return 0, "", fmt.Errorf("keep file %s: %w", id, err)
	}
	return size, hex.EncodeToString(h.Sum(nil)), nil
}

// Get opens a file; who calls closes it.
func (s *Store) Get(ctx context.Context, board, id string) (io.ReadCloser, error) {
	key, err := place(board, id)
	if err != nil {
		return nil, err
	}
	r, err := s.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, fmt.Errorf("open file %s: %w", id, err)
	}
	return r, nil
}

// Delete removes a file; one that is not there is no mistake.
func (s *Store) Delete(ctx context.Context, board, id string) error {
	key, err := place(board, id)
	if err != nil {
		return err
	}
	if err := s.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("delete file %s: %w", id, err)
	}
	return nil
}

// place refuses anything but the ids that the house makes.
func place(board, id string) (string, error) {
	for _, part := range []string{board, id} {
		if part == "" || len(part) > 64 || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return "", errors.New("not the id of a file")
		}
	}
	return board + "/" + id, nil
}
