package roster_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/job"
	"aval/internal/person"
	"aval/internal/roster"
)

// folderOf gives the house a folder for the sets that wait.
func folderOf(t *testing.T, h house) string {
	t.Helper()
	h.Folder = filepath.Join(t.TempDir(), "rosters")
	return h.Folder
}

// left are the sets that are kept.
func left(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (h house) work(id roster.ImportID) roster.Progress {
	h.t.Helper()
	if err := h.Work(h.t.Context(), h.board, string(id)); err != nil {
		h.t.Fatalf("Work: %v", err)
	}
	p, err := h.Progress(h.t.Context(), h.it, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func TestOnlyWhoMayImportsBringsASet(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		folder := folderOf(t, h)
		if _, err := h.Upload(t.Context(), h.teacher, zipped(t, small())); !fault.Is(err, fault.Denied) {
			t.Errorf("Upload by a teacher: %v", err)
		}
		if _, err := h.UploadFrom(t.Context(), h.it, strings.NewReader("no zip")); !fault.Is(err, fault.Invalid) {
			t.Errorf("Upload of no set: %v, want Invalid", err)
		}
		cut := io.MultiReader(strings.NewReader("PK\x03\x04"), iotest.ErrReader(io.ErrUnexpectedEOF))
		if _, err := h.UploadFrom(t.Context(), h.it, cut); !fault.Is(err, fault.Invalid) {
			t.Errorf("Upload of a set that is cut short: %v, want Invalid", err)
		}
		if files := left(t, folder); len(files) != 0 {
			t.Errorf("a refused set is kept: %v", files)
		}
		id, err := h.Upload(t.Context(), h.it, zipped(t, small()))
		if err != nil {
			t.Fatal(err)
		}
		for name, do := range map[string]func() error{
			"Confirm": func() error { return h.Confirm(t.Context(), h.teacher, id) },
			"Cancel":  func() error { return h.Cancel(t.Context(), h.teacher, id) },
			"Progress": func() error {
				_, err := h.Progress(t.Context(), h.teacher, id)
				return err
			},
		} {
			if err := do(); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s by a teacher: %v", name, err)
			}
		}
		if err := h.Confirm(t.Context(), h.it, id); !fault.Is(err, fault.Conflict) {
			t.Errorf("Confirm before the preview: %v, want Conflict", err)
		}
		if err := h.Confirm(t.Context(), h.it, "none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("Confirm of none: %v, want NotFound", err)
		}
	})
}

func TestASetIsLookedAtThenConfirmedThenIn(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		kept := folderOf(t, h)
		id, err := h.Upload(t.Context(), h.it, folder(t, small()))
		if err != nil {
			t.Fatal(err)
		}
		files := left(t, kept)
		if len(files) != 1 {
			t.Fatalf("kept: %v, want one set", files)
		}
		if text, err := os.ReadFile(files[0]); err != nil || bytes.Contains(text, []byte("users.csv")) {
			t.Errorf("the set lies open (%v)", err)
		}
		p := h.work(id)
		if p.State != roster.Previewed || p.Preview == nil || p.Preview.Pupils.Added != 2 || p.Stops {
			t.Fatalf("after looking: %+v", p)
		}
		if _, err := h.last(); err == nil {
			t.Error("a preview wrote people")
		}
		if again := h.work(id); again.State != roster.Previewed {
			t.Errorf("looked at twice: %s", again.State)
		}
		if err := h.Confirm(t.Context(), h.it, id); err != nil {
			t.Fatal(err)
		}
		p = h.work(id)
		if p.State != roster.Finished || p.Report == nil || p.Report.Students != 2 || p.EndedAt.IsZero() {
			t.Fatalf("at the end: %+v", p)
		}
		if h.person("u1").Status != person.Active {
			t.Error("nobody came in")
		}
		if files := left(t, kept); len(files) != 0 {
			t.Errorf("the set is still kept: %v", files)
		}
		if again := h.work(id); again.State != roster.Finished {
			t.Errorf("done twice: %s", again.State)
		}
		if err := h.Cancel(t.Context(), h.it, id); !fault.Is(err, fault.Conflict) {
			t.Errorf("Cancel of what is over: %v, want Conflict", err)
		}
		jobs, err := job.Left(t.Context(), h.DB)
		if err != nil || jobs[roster.Imported] != 1 {
			t.Errorf("jobs left: %v, %v, want the news of one import", jobs, err)
		}
		h.read(func(ctx context.Context, tx *db.Tx) error {
			trail, err := audit.ForSubject(ctx, tx, "roster:"+string(id))
			if len(trail) != 3 || trail[2].Action != "roster.imported" || trail[2].Actor != h.it.ID {
				t.Errorf("trail: %+v", trail)
			}
			return err
		})
	})
}

// last answers the person of small's first pupil, if there is one.
func (h house) last() (p person.Person, err error) {
	err = h.Read(h.t.Context(), h.board, func(ctx context.Context, tx *db.Tx) (err error) {
		p, err = person.BySource(ctx, tx, "u1")
		return err
	})
	return p, err
}

func TestACancelledSetIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		folder := folderOf(t, h)
		id, err := h.Begin(t.Context(), h.it, zipped(t, small()))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Cancel(t.Context(), h.it, id); err != nil {
			t.Fatal(err)
		}
		if p := h.work(id); p.State != roster.Cancelled || len(left(t, folder)) != 0 {
			t.Errorf("%s, kept %v", p.State, left(t, folder))
		}
		if _, err := h.last(); err == nil {
			t.Error("a cancelled import wrote people")
		}
	})
}

func TestAnImportThatRetiresManyWaitsForAPerson(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		folderOf(t, h)
		h.bring(folder(t, crowd(198)))
		id, err := h.Begin(t.Context(), h.it, zipped(t, crowd(100)))
		if err != nil {
			t.Fatal(err)
		}
		p := h.work(id)
		if p.State != roster.Previewed || !p.Stops || p.Preview.Leaving() != 49 || p.Preview.Percent != 5 {
			t.Fatalf("it did not stop: %+v %+v", p, p.Preview)
		}
		err = h.Confirm(t.Context(), h.it, id)
		if f, ok := fault.As(err); !ok || f.Fields["retire"].Key != "roster.retire_unconfirmed" {
			t.Errorf("Confirm without the box: %v", err)
		}
		if err := h.Confirm(t.Context(), h.it, id, roster.RetireMost); err != nil {
			t.Fatal(err)
		}
		if p = h.work(id); p.State != roster.Finished || h.person("x150").Status == person.Active {
			t.Errorf("confirmed: %s", p.State)
		}
	})
}

func TestASetThatWasChangedOrLostIsRefused(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		for want, harm := range map[string]func(path string) error{
			"roster.set_unreadable": func(path string) error {
				text, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				text[len(text)/2] ^= 1
				return os.WriteFile(path, text, 0o600)
			},
			"roster.set_lost": os.Remove,
		} {
			kept := folderOf(t, h)
			id, err := h.Begin(t.Context(), h.it, zipped(t, small()))
			if err == nil {
				err = harm(left(t, kept)[0])
			}
			if err != nil {
				t.Fatal(err)
			}
			if p := h.work(id); p.State != roster.Refused || p.Refusal == nil || p.Refusal.Key != want || len(left(t, kept)) != 0 {
				t.Errorf("%s: %s %+v, kept %v", want, p.State, p.Refusal, left(t, kept))
			}
		}
		if _, err := h.last(); err == nil {
			t.Error("a harmed set wrote people")
		}
	})
}

func TestAnImportGoesOnAfterItsProgramEnded(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		folder := folderOf(t, h)
		id, err := h.Begin(t.Context(), h.it, zipped(t, small()))
		if err != nil {
			t.Fatal(err)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if err := h.Work(ended, h.board, string(id)); !errors.Is(err, context.Canceled) {
			t.Fatalf("Work that is cut: %v", err)
		}
		if err := h.Resume(t.Context(), h.board); err != nil {
			t.Fatal(err)
		}
		jobs, err := job.Left(t.Context(), h.DB)
		if err != nil || jobs[roster.WorkJob] != 2 || len(left(t, folder)) != 1 {
			t.Errorf("left: %v, %v; kept %v", jobs, err, left(t, folder))
		}
		if p := h.work(id); p.State != roster.Finished {
			t.Errorf("at the end: %s", p.State)
		}
	})
}

func TestWhatSaysTheSameIsNotTouched(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.bring(folder(t, crowd(50)))
		before := h.stamps()
		h.bring(folder(t, crowd(50)))
		if after := h.stamps(); after != before {
			t.Errorf("the same set again touched something:\n%s\n%s", before, after)
		}
		set := crowd(50)
		swap("users.csv", "x7,,Ursande,Follebruine,,X7,,,,,03,", "x7,,Ursande,Follebruine,,X7,,,,,04,")(t, set)
		h.bring(folder(t, set))
		h.read(func(ctx context.Context, tx *db.Tx) error {
			n, err := db.One(ctx, tx, func(r db.Row) (n [2]int, err error) {
				err = r.Scan(&n[0], &n[1])
				return n, err
			}, `SELECT (SELECT count(DISTINCT updated_at) FROM person WHERE board_id = $1),
				(SELECT count(*) FROM person WHERE board_id = $1 AND updated_at = (SELECT max(updated_at) FROM person WHERE board_id = $1))`, tx.Board)
			if n != [2]int{2, 1} {
				t.Errorf("moments and people of the last: %v, want two, and one", n)
			}
			was, e := db.All(ctx, tx, func(r db.Row) (s string, err error) {
				var attribute, was, source string
				err = r.Scan(&source, &attribute, &was)
				return source + " " + attribute + " " + was, err
			}, `SELECT p.source_id, w.attribute, w.was FROM person_was w JOIN person p ON p.board_id = w.board_id AND p.id = w.person_id WHERE w.board_id = $1`, tx.Board)
			if len(was) != 1 || was[0] != "x7 grade 03" {
				t.Errorf("history: %v", was)
			}
			return errors.Join(err, e)
		})
	})
}

// stamps are when each table last changed.
func (h house) stamps() (all string) {
	h.read(func(ctx context.Context, tx *db.Tx) error {
		for _, table := range []string{"org", "academic_session", "course", "class", "person", "enrollment"} {
			at, err := db.All(ctx, tx, func(r db.Row) (s string, err error) {
				err = r.Scan(&s)
				return s, err
			}, `SELECT DISTINCT CAST(updated_at AS text) FROM `+table+` WHERE board_id = $1 ORDER BY 1`, tx.Board)
			if err != nil {
				return err
			}
			all += table + " " + strings.Join(at, " ") + "\n"
		}
		return nil
	})
	return all
}
