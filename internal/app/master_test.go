package app_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aval/internal/app"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/org"
	"aval/internal/person"
)

// vaultOf is what the doctor says of the master key.
func vaultOf(t *testing.T, c app.Config) app.Check {
	t.Helper()
	return checkOf(t, c, "vault")
}

// checkOf is what the doctor says of one thing.
func checkOf(t *testing.T, c app.Config, name string) app.Check {
	t.Helper()
	for _, check := range app.Doctor(t.Context(), c) {
		if check.Name == name {
			return check
		}
	}
	t.Fatalf("the doctor does not look at %s", name)
	return app.Check{}
}

// Nobody starts over keys that others of the machine can come at.
func TestKeysThatOthersComeAtAreRefused(t *testing.T) {
	t.Parallel()
	c := app.Config{DB: dbtest.DSN(t, db.SQLite), Data: t.TempDir(), BaseURL: "http://aval.example"}
	a, err := app.Open(t.Context(), c)
	if err = errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct {
		path, key    string
		open, closed fs.FileMode
	}{
		{"keys", "seal.folder_open", 0o755, 0o700},
		{"keys/audit.key", "audit.key_open", 0o644, 0o600},
		{"keys/vault.key", "audit.key_open", 0o640, 0o600},
	} {
		path := filepath.Join(c.Data, at.path)
		if err := os.Chmod(path, at.open); err != nil {
			t.Fatal(err)
		}
		a, err := app.Open(t.Context(), c)
		if f, ok := fault.As(err); !ok || f.Key != at.key || len(f.Args) != 1 || f.Args[0] != path {
			t.Errorf("Open with %s at %o: %v", at.path, at.open, err)
		}
		_ = a.Close() // it did not open
		keys, master := checkOf(t, c, "keys"), checkOf(t, c, "vault")
		if (keys.State != app.Bad || keys.Key != at.key) && (master.State != app.Bad || master.Key != at.key) {
			t.Errorf("the doctor finds %s, then %s, with %s at %o", keys.Key, master.Key, at.path, at.open)
		}
		if err := os.Chmod(path, at.closed); err != nil {
			t.Fatal(err)
		}
	}
	if keys, master := checkOf(t, c, "keys"), checkOf(t, c, "vault"); keys.State != app.OK || master.State != app.OK {
		t.Errorf("closed again: %s, %s", keys.Key, master.Key)
	}
}

// A master key that is lost is missed at once, and no other is made.
func TestALostMasterKeyIsMissed(t *testing.T) {
	t.Parallel()
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			c := app.Config{DB: dbtest.DSN(t, engine), Data: t.TempDir(), BaseURL: "http://aval.example"}
			key := filepath.Join(c.Data, "keys", "vault.key")
			a, err := app.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = a.Close() }) // the database goes with the test
			if _, err := os.Stat(key); err != nil {
				t.Errorf("the first start made no master key: %v", err)
			}
			again := func() error {
				a, err := app.Open(t.Context(), c)
				return errors.Join(err, a.Close())
			}
			forget := func() {
				if err := os.Remove(key); err != nil {
					t.Fatal(err)
				}
			}

			// Nothing is sealed yet: another is as good.
			board := dbtest.Board(t, a.DB)
			forget()
			if err := again(); err != nil {
				t.Errorf("Open without a key that opens anything: %v", err)
			}
			a2, err := app.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = a2.Close() }) // the database goes with the test
			if err := a2.DB.Write(t.Context(), board, sealing(a2)); err != nil {
				t.Errorf("first keys under a key that was made again: %v", err)
			}
			if check := vaultOf(t, c); check.State != app.OK {
				t.Errorf("the doctor: %+v", check)
			}

			forget()
			if f, ok := fault.As(again()); !ok || f.Key != "vault.master_missing" || f.Kind != fault.Conflict {
				t.Errorf("Open without the key of what is sealed: %+v", f)
			}
			if check := vaultOf(t, c); check.State != app.Bad || check.Key != "vault.master_missing" {
				t.Errorf("the doctor: %+v", check)
			}
			if _, err := os.Stat(key); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("another master key was made: %v", err)
			}
		})
	}
}

// sealing makes the keys of a board.
func sealing(a *app.App) func(context.Context, *db.Tx) error {
	return func(ctx context.Context, tx *db.Tx) error {
		_, err := a.Vault.Keys(ctx, tx)
		return err
	}
}

// A login name that was tampered with in the database is found by the doctor.
func TestTheDoctorFindsNamesThatWereChanged(t *testing.T) {
	t.Parallel()
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			c := app.Config{DB: dbtest.DSN(t, engine), Data: t.TempDir(), BaseURL: "http://aval.example"}
			a, err := app.Open(t.Context(), c)
			t.Cleanup(func() { _ = a.Close() }) // the database goes with the test
			if err != nil {
				t.Fatal(err)
			}
			board, school, pupil := dbtest.Board(t, a.DB), db.NewID(), db.NewID()
			err = a.DB.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
				return errors.Join(
					org.SaveAll(ctx, tx, []org.Org{{ID: school, SourceID: "s1", Kind: org.School, Name: "École des Outardes", Sector: org.Youth, Status: org.Active}}),
					person.SaveAll(ctx, tx, []person.Person{{ID: pupil, SourceID: "e1", Kind: person.Student, GivenName: "Camille", Status: person.Active}}),
					person.SavePosts(ctx, tx, []person.Post{{PersonID: pupil, OrgID: school, Role: person.Pupil}}),
					a.Names.Issue(ctx, tx, []string{pupil}))
			})
			if err != nil {
				t.Fatal(err)
			}
			if check := checkOf(t, c, "names"); check.State != app.OK {
				t.Errorf("before: %+v", check)
			}
			dbtest.OwnerExec(t, a.DB, `UPDATE login_name SET retired_on = '2026-09-01'`)
			check := checkOf(t, c, "names")
			if check.State != app.Bad || check.Key != "doctor.names_bad" || len(check.Args) != 2 || check.Args[0] != 1 || check.Args[1] != board {
				t.Errorf("after: %+v", check)
			}
			for _, lang := range []string{"fr", "en"} {
				if said := i18n.For(lang).T(check.Key, check.Args...); strings.Contains(said, "%!") || !strings.Contains(said, board) {
					t.Errorf("said: %s", said)
				}
			}
		})
	}
}
