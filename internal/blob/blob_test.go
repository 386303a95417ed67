package blob

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"aval/internal/fault"
)

func files(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			found = append(found, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAFileIsKeptAndFound(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	size, sum, err := s.Put(ctx, "pan", "abc123", strings.NewReader("hello"), 5)
	if err != nil || size != 5 || sum != "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" {
		t.Fatalf("Put: %d %s %v", size, sum, err)
	}
	r, err := s.Get(ctx, "pan", "abc123")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || string(got) != "hello" {
		t.Errorf("Get: %q %v", got, err)
	}
	if got := files(t, dir); len(got) != 1 || got[0] != "pan/abc123" {
		t.Errorf("on disk: %v, want pan/abc123 alone", got)
	}
	if _, err := s.Get(ctx, "pin", "abc123"); !fault.Is(err, fault.NotFound) {
		t.Errorf("another board: %v, want not found", err)
	}
	if _, _, err := s.Put(ctx, "pan", "abc123", strings.NewReader("other"), 5); err == nil {
		t.Error("an id that is taken was written over")
	}
	for range 2 {
		if err := s.Delete(ctx, "pan", "abc123"); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if _, err := s.Get(ctx, "pan", "abc123"); !fault.Is(err, fault.NotFound) {
		t.Errorf("after Delete: %v, want not found", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("line cut") }

func TestNothingIsKeptOfARefusedFile(t *testing.T) {
	dir := t.TempDir()
	s, err := Open("file://" + filepath.ToSlash(dir))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if _, _, err := s.Put(ctx, "pan", "big", strings.NewReader("123456"), 5); !fault.Is(err, fault.Invalid) {
		t.Errorf("too large: %v, want invalid", err)
	}
	if _, _, err := s.Put(ctx, "pan", "cut", io.MultiReader(strings.NewReader("12"), failing{}), 5); err == nil {
		t.Error("a cut upload was kept")
	}
	for _, id := range []string{"", "../x", "a/b", "é", "a.pdf", "con:", strings.Repeat("a", 65)} {
		if _, _, err := s.Put(ctx, "pan", id, strings.NewReader("x"), 5); err == nil {
			t.Errorf("id %q was taken", id)
		}
		if _, err := s.Get(ctx, id, "x"); err == nil {
			t.Errorf("board %q was taken", id)
		}
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("on disk: %v, want nothing", got)
	}
	for _, place := range []string{"s3://bucket", "file://elsewhere/x", "file://"} {
		if _, err := Open(place); !fault.Is(err, fault.Invalid) {
			t.Errorf("Open(%q): %v, want invalid", place, err)
		}
	}
}
