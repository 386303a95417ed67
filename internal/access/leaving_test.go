package access_test

import (
	"context"
	"strings"
	"testing"

	"aval/internal/access"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/guard"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/policy"
)

// stopped refuses a file by the guard, and answers how that is said.
func stopped(t *testing.T, what string, err error) string {
	t.Helper()
	wants(t, what, err, fault.Conflict, "guard.stopped", "1.3e")
	f, _ := fault.As(err)
	if f == nil {
		return ""
	}
	said := i18n.For("en").Fault(f)
	for _, name := range []string{"Oriane", "Vaudrin", "eleves.example"} {
		if strings.Contains(said, name) || strings.Contains(err.Error(), name) {
			t.Errorf("%s: the refusal tells somebody: %q", what, said)
		}
	}
	return strings.ReplaceAll(said, "\u00a0", " ")
}

func TestTheGuardStopsAFileOfAccounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, one := t.Context(), w.evaluator()
		w.exec(`UPDATE person SET number = '04123' || substr(source_id, 2, 3) WHERE board_id = $1`)
		columns := func(text string) func(*licence.Licence) {
			return func(l *licence.Licence) {
				everyone(l)
				l.Columns = []licence.Column{{Name: "login_name", Holds: licence.HoldsLogin}, {Name: "password", Holds: licence.HoldsPassword},
					{Name: "class", Holds: licence.HoldsGroup}, {Name: "note", Holds: licence.HoldsText, Text: text}}
			}
		}
		for _, c := range []struct {
			name, text, title, want string
		}{
			{"a class called after its pupil", "", "Group of Vaudrin1", "comptes.csv, column “class”, row "},
			{"a class called after somebody else", "", "Oriane4 Vaudrin4", "column “class”"},
			{"a birth date as a title", "", "2015-02-01", "a possible birth date (3 rows in all)"},
			{"an address in the text of a column", "oriane@eleves.example", "401", "column “note”, row 2: an e-mail address"},
		} {
			w.exec(`UPDATE class SET title = $2, code = '' WHERE board_id = $1 AND id = $3`, c.title, w.classes[0])
			id := w.made(columns(c.text))
			_, err := w.Prepare(ctx, one, id, access.Full)
			if said := stopped(t, c.name, err); !strings.Contains(said, c.want) {
				t.Errorf("%s: %q, want %q", c.name, said, c.want)
			}
			if files, err := w.Files(ctx, one, id); err != nil || len(files) > 0 {
				t.Errorf("%s: %d files wait (%v)", c.name, len(files), err)
			}
		}
	})
}

// What is mended leaves; what became wrong after it was approved does not, and is sent to nobody.
func TestTheGuardLooksAgainAtTheDownload(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, one := t.Context(), w.evaluator()
		id := w.made(everyone)
		f, err := w.Prepare(ctx, one, id, access.Delta)
		w.must(err)
		_, err = w.Approve(ctx, w.as("a-2", policy.Evaluator, ""), id, f.ID)
		w.must(err)
		w.exec(`UPDATE class SET title = 'Vaudrin2', code = '' WHERE board_id = $1 AND id = $2`, w.classes[0])
		text, err := w.Download(ctx, one, id, f.ID)
		if said := stopped(t, "a title that changed meanwhile", err); text != nil || !strings.Contains(said, "column “group”") {
			t.Errorf("%d bytes leave; %q", len(text), said)
		}
		if c := w.counts(id); c.By[access.Sent] != 0 {
			t.Errorf("%d accounts are sent with a file that was stopped", c.By[access.Sent])
		}
		var notes []string
		w.read(func(ctx context.Context, tx *db.Tx) (err error) {
			notes, err = db.All(ctx, tx, func(r db.Row) (s string, err error) { err = r.Scan(&s); return s, err },
				`SELECT detail FROM audit_record WHERE board_id = $1 AND action = 'access.file_stopped' AND subject = $2`, tx.Board, licence.Subject(id))
			return err
		})
		if len(notes) != 1 || !strings.Contains(notes[0], access.FileName+"/"+string(guard.Name)+" rows=3") || strings.Contains(notes[0], "Vaudrin") {
			t.Errorf("the trail says %q", notes)
		}
		w.exec(`UPDATE class SET title = '402' WHERE board_id = $1 AND id = $2`, w.classes[0])
		text, err = w.Download(ctx, one, id, f.ID)
		w.must(err)
		if !strings.Contains(string(text), "402") {
			t.Error("what was mended does not leave")
		}
	})
}

// A word that the board knows for one does not stop: its settings hold here too.
func TestTheBoardsPlainWords(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.exec(`UPDATE class SET title = 'Vaudrin1', code = '' WHERE board_id = $1 AND id = $2`, w.classes[0])
		id, actor := w.made(nil), w.evaluator()
		_, err := w.Prepare(t.Context(), actor, id, access.Full)
		stopped(t, "the word alone", err)
		actor.Settings.PlainWords = "vaudrin1"
		_, err = w.Prepare(t.Context(), actor, id, access.Full)
		w.must(err)
	})
}
