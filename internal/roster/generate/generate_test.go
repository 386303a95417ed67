package generate_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"aval/internal/roster"
	"aval/internal/roster/generate"
)

func TestOneSeedGivesOneBoard(t *testing.T) {
	var a, b, c bytes.Buffer
	for seed, w := range map[uint64]*bytes.Buffer{1: &a, 2: &c} {
		if err := generate.Board(seed, generate.Options{}).WriteZip(w); err != nil {
			t.Fatal(err)
		}
	}
	if err := generate.Board(1, generate.Options{}).WriteZip(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("one seed gave two boards")
	}
	if bytes.Equal(a.Bytes(), c.Bytes()) {
		t.Error("two seeds gave one board")
	}
}

func TestTheSetIsStrict(t *testing.T) {
	set := generate.Board(1, generate.Options{})
	if got := len(set.Rows("manifest")); got != 2+21+2 {
		t.Errorf("manifest of %d rows, want every file", got)
	}
	for _, f := range set.Files {
		if len(f.Rows) == 0 {
			t.Errorf("%s has no row", f.Name)
		}
		for _, row := range f.Rows {
			if len(row) != len(f.Columns) {
				t.Fatalf("%s: %d cells for %d columns", f.Name, len(row), len(f.Columns))
			}
			if f.Name != "manifest" && row[1]+row[2] != "" {
				t.Fatalf("%s: a bulk row carries a status", f.Name)
			}
		}
	}
	folder := t.TempDir()
	path := filepath.Join(t.TempDir(), "set.zip")
	if err := set.SaveFolder(folder); err != nil {
		t.Fatal(err)
	}
	if err := set.SaveZip(path); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{folder, path} {
		read, err := roster.Read(from)
		if err != nil {
			t.Fatal(err)
		}
		if len(read.Warnings()) > 0 || len(read.Defects()) > 0 {
			t.Errorf("warnings %v, defects %v", read.Warnings(), read.Defects())
		}
		pupils := 0
		for _, u := range read.Users {
			if u.Kind == "student" {
				pupils++
			}
		}
		if pupils < 4200 || pupils > 4800 {
			t.Errorf("%d pupils, want about 4,500", pupils)
		}
		words := []string{"student", "teacher", "professional", "principal", "department_head", "administrator"}
		for _, r := range read.Roles {
			if !slices.Contains(words, string(r.Role)) {
				t.Fatalf("a role %q", r.Role)
			}
		}
	}
}
