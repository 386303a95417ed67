package pseudonym_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"aval/internal/db"
)

// forms are the ways in which a text could stand in a dump: plain, without its
// hyphen, in hexadecimal, and in base64 at each of its three phases.
func forms(s string) []string {
	all := []string{s, strings.ToUpper(s), hex.EncodeToString([]byte(s))}
	if bare := strings.ReplaceAll(s, "-", ""); bare != s {
		all = append(all, bare, strings.ToUpper(bare), hex.EncodeToString([]byte(bare)))
	}
	for phase := range 3 {
		// Without the groups that neighbours would share.
		coded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", phase) + s))
		all = append(all, coded[min(4, phase*4):len(coded)/4*4])
	}
	return all
}

// dump is every cell of a table as text, and as hexadecimal digits.
func (w *world) dump(table string) (cells []string) {
	w.t.Helper()
	w.read(func(ctx context.Context, tx *db.Tx) error {
		word := func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err }
		query := `SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1`
		if w.Engine() == db.SQLite {
			query = `SELECT name FROM pragma_table_info($1)`
		}
		columns, err := db.All(ctx, tx, word, query, table)
		if err != nil {
			return err
		}
		for _, column := range columns {
			some, err := db.All(ctx, tx, func(r db.Row) (cell any, err error) {
				err = r.Scan(&cell)
				return cell, err
			}, `SELECT "`+column+`" FROM `+table)
			if err != nil {
				return err
			}
			for _, cell := range some {
				b, ok := cell.([]byte)
				if !ok {
					b = fmt.Append(nil, cell)
				}
				cells = append(cells, string(b), hex.EncodeToString(b))
			}
		}
		return nil
	})
	return cells
}

func (w *world) tables() (tables []string) {
	w.t.Helper()
	query := `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`
	if w.Engine() == db.SQLite {
		query = `SELECT name FROM sqlite_schema WHERE type = 'table'`
	}
	w.read(func(ctx context.Context, tx *db.Tx) (err error) {
		tables, err = db.All(ctx, tx, func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err }, query)
		return err
	})
	return tables
}

// Who has the whole database, and not the master key, joins no pupil to a login
// name.
func TestADumpJoinsNobodyToAName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.pupils(w.school, 200)
		w.issue(ids)
		w.write(func(ctx context.Context, tx *db.Tx) error { // some history
			_, err := w.Replace(ctx, tx, ids[0])
			return err
		})
		w.must(w.keys.Rotate(t.Context(), w.operator()))
		w.must(w.keys.Reseal(t.Context(), w.board, w.board))
		names := w.named(ids)
		if len(names) != 200 {
			t.Fatalf("%d names", len(names))
		}

		var all []string
		for _, table := range w.tables() {
			all = append(all, w.dump(table)...)
		}
		whole := strings.Join(all, "\n")
		if !strings.Contains(whole, ids[7]) || !strings.Contains(whole, "Outarde7") {
			t.Fatal("the dump does not hold what stands in it plainly")
		}
		for _, name := range names {
			for _, form := range forms(name) {
				if strings.Contains(whole, form) {
					t.Errorf("a login name stands in the dump, as %d characters", len(form))
				}
			}
		}
		own := strings.Join(w.dump("login_name"), "\n")
		for _, id := range ids {
			for _, form := range forms(id) {
				if strings.Contains(own, form) {
					t.Error("the id of a pupil stands in login_name")
				}
			}
		}

		// A MAC is made again with nothing that stands in the database.
		w.macsHold(names, ids, all)

		if w.Engine() == db.SQLite {
			w.filesHold(names, ids[7])
		}
	})
}

// macsHold tries to make the MACs anew: by hashing alone, and with every cell
// of the dump as a key.
func (w *world) macsHold(names map[string]string, ids, cells []string) {
	w.t.Helper()
	macs := map[string]bool{}
	for _, both := range w.macs() {
		macs[both[:64]], macs[both[64:]] = true, true
	}
	keys := slices.Compact(slices.Sorted(slices.Values(cells)))
	tried := 0
	for _, id := range ids[:3] {
		for _, value := range []string{names[id], strings.ReplaceAll(names[id], "-", ""), id, "login_name.name" + names[id], w.board + names[id]} {
			sum := sha256.Sum256([]byte(value))
			made := [][]byte{sum[:]}
			for _, key := range keys {
				h := hmac.New(sha256.New, []byte(key))
				_, _ = h.Write([]byte(value)) // a hash never fails to write
				made = append(made, h.Sum(nil))
			}
			for _, m := range made {
				tried++
				if macs[hex.EncodeToString(m)] {
					w.t.Error("a MAC can be made without the keys")
				}
			}
		}
	}
	if tried < 1000 {
		w.t.Errorf("only %d tries", tried)
	}
}

// filesHold looks at the bytes of the file and of its log, where what was
// deleted may still be.
func (w *world) filesHold(names map[string]string, plain string) {
	w.t.Helper()
	var path string
	w.read(func(ctx context.Context, tx *db.Tx) (err error) {
		path, err = db.One(ctx, tx, func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err },
			`SELECT file FROM pragma_database_list WHERE name = 'main'`)
		return err
	})
	found := false
	for _, file := range []string{path, path + "-wal"} {
		b, err := os.ReadFile(file)
		w.must(err)
		if len(b) == 0 {
			w.t.Errorf("%s is empty", file)
		}
		found = found || bytes.Contains(b, []byte(plain))
		for _, name := range names {
			for _, form := range forms(name) {
				if bytes.Contains(b, []byte(form)) {
					w.t.Error("a login name stands in the file")
				}
			}
		}
	}
	if !found {
		w.t.Error("the files do not hold what stands in them plainly")
	}
}
