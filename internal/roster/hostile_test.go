package roster_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/roster"
)

// packed writes a zip, member by member.
func packed(t testing.TB, write func(z *zip.Writer) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "set.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	z := zip.NewWriter(w)
	for _, step := range []func() error{func() error { return write(z) }, z.Close, w.Flush, f.Close} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// stuffed is small with one member that says the same thing again and again.
func stuffed(t testing.TB, name, head string, times int, line func(i int) string) string {
	return packed(t, func(z *zip.Writer) error {
		for other, text := range small() {
			if other == name {
				continue
			}
			w, err := z.Create(other)
			if err == nil {
				_, err = io.WriteString(w, text)
			}
			if err != nil {
				return err
			}
		}
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, head)
		}
		for i := 0; i < times && err == nil; i++ {
			_, err = io.WriteString(w, line(i))
		}
		return err
	})
}

// lying is small with users that declare a size of their own choice.
func lying(t testing.TB, declared uint64, bytesOf string, times int) string {
	return packed(t, func(z *zip.Writer) error {
		for other, text := range small() {
			if other == "users.csv" {
				continue
			}
			w, err := z.Create(other)
			if err == nil {
				_, err = io.WriteString(w, text)
			}
			if err != nil {
				return err
			}
		}
		data := []byte(strings.Repeat(bytesOf, times))
		w, err := z.CreateRaw(&zip.FileHeader{Name: "users.csv", Method: zip.Store, CRC32: crc32.ChecksumIEEE(data),
			CompressedSize64: uint64(len(data)), UncompressedSize64: declared})
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	})
}

// crowded is a zip whose list has far more entries than it says.
func crowded(t testing.TB, entries int) string {
	path := packed(t, func(z *zip.Writer) error {
		for i := range entries {
			if _, err := z.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("%06d-%s", i, strings.Repeat("x", 80))}); err != nil {
				return err
			}
		}
		return nil
	})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := bytes.LastIndex(data, []byte("PK\x05\x06"))
	binary.LittleEndian.PutUint16(data[end+8:], 7)
	binary.LittleEndian.PutUint16(data[end+10:], 7)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sparse is a folder whose users are ten gigabytes of nothing.
func sparse(t testing.TB) string {
	dir := folder(t, small())
	if err := os.Truncate(filepath.Join(dir, "users.csv"), 10<<30); err != nil {
		t.Fatal(err)
	}
	return dir
}

func inUTF16(text string, order binary.AppendByteOrder, mark bool) string {
	var out []byte
	if mark {
		out = order.AppendUint16(out, 0xfeff)
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

// A stranger's set is refused while it is read, in little memory, in one sentence
// of either language, and leaves nothing behind.
func TestHostileSetsAreRefusedInLittleMemory(t *testing.T) {
	with := func(name, text string) string { m := small(); m[name] = text; return zipped(t, m) }
	quarter := roster.Limits{Member: 1 << 20, Total: 2 << 20}
	random := func(i int) string {
		return fmt.Sprintf("%x,,,k1,s1,u%x,student,,,\n", uint64(i+1)*0x9e3779b97f4a7c15, i)
	}
	cases := []struct {
		name, path, key string
		limits          roster.Limits
	}{
		{"a bomb that says what it is", stuffed(t, "users.csv", users11, 3000, func(int) string { return strings.Repeat("0", 4096) }),
			"roster.set_too_large", roster.Limits{}},
		{"a member of a ratio that one of its size may not have", stuffed(t, "users.csv", users11, 600, func(int) string { return strings.Repeat(",", 4096) + "\n" }),
			"roster.set_too_large", roster.Limits{}},
		{"ten gigabytes declared", lying(t, 10<<30, "x", 100), "roster.set_too_large", roster.Limits{}},
		{"more than was declared", lying(t, 100, "u1,,,true,s1,student,u,,A,B,,,,,,,,\n", 40000), "", roster.Limits{}},
		{"ten gigabytes in a folder", sparse(t), "roster.set_too_large", roster.Limits{}},
		{"a member beyond its limit", stuffed(t, "enrollments.csv", enrollments, 40000, random), "roster.set_too_large", quarter},
		{"a set beyond its limit", with("results.csv", "x"), "roster.set_too_large", roster.Limits{Total: 100}},
		{"too many rows", stuffed(t, "enrollments.csv", enrollments, 40000, random), "roster.set_too_large", roster.Limits{Rows: 20000}},
		{"as many rows as the default allows, and one", stuffed(t, "enrollments.csv", enrollments, roster.DefaultLimits().Rows, func(i int) string {
			return fmt.Sprintf("%x,,,k1,s1,u1,student,,,\n", i)
		}), "roster.set_too_large", roster.Limits{}},
		{"as many users as that", stuffed(t, "users.csv", users11, roster.DefaultLimits().Rows/3, func(i int) string {
			return fmt.Sprintf("%x,,,true,s1,student,u,,A,B,,,,,,,,\n", i)
		}), "roster.set_too_large", roster.Limits{}},
		{"a list far longer than it says", crowded(t, 60000), "roster.set_too_large", roster.Limits{}},
		{"a quote that is never closed", stuffed(t, "enrollments.csv", enrollments+"\"", 40000, random), "roster.row_too_long", roster.Limits{}},
		{"a row of a million cells", with("users.csv", strings.Repeat(",", 1<<20)), "roster.row_too_long", roster.Limits{}},
		{"a header of a thousand and one columns", with("users.csv", strings.Repeat("a,", 1000)+"\nx\n"), "roster.row_too_long", roster.Limits{}},
		{"a manifest of one long row", with("manifest.csv", strings.Repeat("a", 1<<20)), "roster.row_too_long", roster.Limits{}},
		{"a name that climbs", with("x/../../users.csv", "x"), "roster.set_unsafe", roster.Limits{}},
		{"an absolute name", with("/users.csv", "x"), "roster.set_unsafe", roster.Limits{}},
		{"a name with a drive", with("C:users.csv", "x"), "roster.set_unsafe", roster.Limits{}},
		{"two files of one name but for its case", with("USERS.csv", "x"), "roster.file_twice", roster.Limits{}},
		{"two files of one name", packed(t, func(z *zip.Writer) error {
			_, err := z.Create("orgs.csv")
			if err == nil {
				_, err = z.Create("orgs.csv")
			}
			return err
		}), "roster.file_twice", roster.Limits{}},
		{"two files of one name that are not of the set", packed(t, func(z *zip.Writer) error {
			_, err := z.Create("notes.txt")
			if err == nil {
				_, err = z.Create("Notes.TXT")
			}
			return err
		}), "roster.name_twice", roster.Limits{}},
		{"rows that end as on old Macintoshes", with("users.csv", strings.ReplaceAll(small()["users.csv"], "\n", "\r")),
			"roster.file_line_ends", roster.Limits{}},
		{"a long file of them", with("enrollments.csv", strings.ReplaceAll(enrollments+strings.Repeat("e1,,,k1,s1,u1,student,,,\n", 20000), "\n", "\r")),
			"roster.file_line_ends", roster.Limits{}},
		{"a manifest of them", with("manifest.csv", strings.ReplaceAll(small()["manifest.csv"], "\n", "\r\r\r")), "roster.file_line_ends", roster.Limits{}},
		{"UTF-16 as Excel writes it", with("users.csv", inUTF16(small()["users.csv"], binary.LittleEndian, true)), "roster.file_utf16", roster.Limits{}},
		{"UTF-16 the other way round", with("users.csv", inUTF16(small()["users.csv"], binary.BigEndian, true)), "roster.file_utf16", roster.Limits{}},
		{"UTF-16 without a mark", with("users.csv", inUTF16(small()["users.csv"], binary.LittleEndian, false)), "roster.file_utf16", roster.Limits{}},
		{"a manifest in UTF-16", with("manifest.csv", inUTF16(small()["manifest.csv"], binary.LittleEndian, true)), "roster.file_utf16", roster.Limits{}},
	}
	for _, strict := range []bool{false, true} {
		for _, c := range cases {
			t.Run(fmt.Sprintf("%s, strict %v", c.name, strict), func(t *testing.T) {
				temporary := t.TempDir()
				t.Setenv("TMPDIR", temporary)
				var err error
				peak := memory(func() { _, err = roster.Validate(c.path, roster.Options{Strict: strict, Limits: c.limits}) })
				f, ok := fault.As(err)
				if !ok || f.Kind != fault.Invalid || c.key != "" && f.Key != c.key {
					t.Fatalf("Validate: %v, want %s", err, c.key)
				}
				for _, lang := range []string{"fr", "en"} {
					if said := i18n.For(lang).Fault(f); said == "" || strings.Contains(said, "roster.") || strings.Contains(said, "%") {
						t.Errorf("in %s: %q", lang, said)
					}
				}
				if peak > 64<<20 {
					t.Errorf("%d MB in use", peak>>20)
				}
				if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
					t.Errorf("left behind: %v %v", left, err)
				}
			})
		}
	}
}

// memory answers the most that a function had in use of memory, beyond what was in use before.
func memory(f func()) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(100)) // as the program runs, whatever the suite asks
	runtime.GC()
	debug.FreeOSMemory()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	stop, done := make(chan struct{}), make(chan int64)
	go func() {
		var most int64
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			runtime.ReadMemStats(&now)
			most = max(most, int64(now.HeapInuse)-int64(before.HeapInuse)) //nolint:gosec // far below
			select {
			case <-stop:
				done <- most
				return
			case <-tick.C:
			}
		}
	}()
	f()
	close(stop)
	return <-done
}

func TestAMillionDefectsAreCountedAndAThousandListed(t *testing.T) {
	path := stuffed(t, "enrollments.csv", enrollments, 1_000_000, func(i int) string {
		return fmt.Sprintf("e%d,,,k%d,s1,u1,student,,,\n", i, i+10)
	})
	for _, strict := range []bool{false, true} {
		var check roster.Check
		var err error
		peak := memory(func() { check, err = roster.Validate(path, roster.Options{Strict: strict}) })
		if err != nil || len(check.Defects) != 1000 || len(check.Found) != 1 || check.Found[0].Count != 1_000_000 {
			t.Errorf("strict %v: %d listed, %v, %v", strict, len(check.Defects), check.Found, err)
		}
		if codes(check.Warnings)["defects_not_listed"] != 999_000 {
			t.Errorf("warnings %v", check.Warnings)
		}
		if peak > 64<<20 {
			t.Errorf("strict %v: %d MB in use", strict, peak>>20)
		}
	}
}
