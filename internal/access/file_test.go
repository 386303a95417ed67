package access_test

import (
	"context"
	"strings"
	"testing"

	"aval/internal/access"
	"aval/internal/access/accesstest"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/person"
	"aval/internal/policy"
)

// vendor is a platform that makes its accounts from the file.
type vendor struct{ accesstest.Platform }

func (v *vendor) load(t *testing.T, text []byte) int {
	t.Helper()
	n, err := v.Load(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (v *vendor) enters(c access.Card) bool { return v.Enters(c.UserName, c.Password.Text) }

// file takes a file through its four hands but the last.
func (w *world) file(id licence.ID, kind access.FileKind) (access.FileID, []byte) {
	w.t.Helper()
	f, err := w.Prepare(w.t.Context(), w.evaluator(), id, kind)
	w.must(err)
	_, err = w.Approve(w.t.Context(), w.as("a-2", policy.Evaluator, ""), id, f.ID)
	w.must(err)
	text, err := w.Download(w.t.Context(), w.evaluator(), id, f.ID)
	w.must(err)
	return f.ID, text
}

func TestAFileIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, one, two := t.Context(), w.evaluator(), w.as("a-2", policy.Evaluator, "")
		empty := w.licence(nil)
		_, err := w.Prepare(ctx, one, empty, access.Delta)
		wants(t, "Prepare of nothing", err, fault.Conflict, "access.file_empty", "")
		mail := w.made(func(l *licence.Licence) { l.AccountKind = licence.BoardEmail })
		_, err = w.Prepare(ctx, one, mail, access.Full)
		wants(t, "Prepare of addresses", err, fault.Conflict, "access.file_unneeded", "A.0")
		id := w.made(nil)
		_, err = w.Prepare(ctx, one, id, "all")
		wants(t, "Prepare of no kind", err, fault.Invalid, "", "")
		_, err = w.Prepare(ctx, w.as("p", policy.Principal, w.schools[0]), id, access.Delta)
		wants(t, "Prepare by the principal", err, fault.Denied, "denied", "6.1e")
		_, err = w.Prepare(ctx, w.as("t", policy.Teacher, w.schools[0]), id, access.Delta)
		wants(t, "Prepare by a teacher", err, fault.NotFound, "", "")

		f, err := w.Prepare(ctx, one, id, access.Delta)
		w.must(err)
		_, err = w.Download(ctx, one, id, f.ID)
		wants(t, "Download before it is approved", err, fault.Conflict, "access.file_unapproved", "6.1e")
		_, err = w.Approve(ctx, one, id, f.ID)
		wants(t, "Approve by who prepared", err, fault.Conflict, "access.file_own", "6.1e")
		_, err = w.Approve(ctx, two, empty, f.ID)
		wants(t, "Approve under another licence", err, fault.NotFound, "", "")
		_, err = w.Approve(ctx, two, id, f.ID)
		w.must(err)
		_, err = w.Approve(ctx, two, id, f.ID)
		wants(t, "Approve twice", err, fault.Conflict, "access.file_approved", "")
		_, err = w.Download(ctx, two, id, f.ID)
		wants(t, "Download by who approved", err, fault.Conflict, "access.file_other", "6.1e")
		_, err = w.Confirm(ctx, one, id, f.ID)
		wants(t, "Confirm before the download", err, fault.Conflict, "access.file_not_downloaded", "")
		w.add(0, 1)
		w.create(id)
		_, err = w.Download(ctx, one, id, f.ID)
		wants(t, "Download of more than was approved", err, fault.Conflict, "access.file_changed", "")

		again, text := w.file(id, access.Delta)
		_, err = w.Approve(ctx, two, id, f.ID)
		wants(t, "Approve of one that was replaced", err, fault.NotFound, "", "")
		if len(text) == 0 {
			t.Fatal("nothing is downloaded")
		}
		_, err = w.Download(ctx, one, id, again)
		wants(t, "Download twice", err, fault.Conflict, "access.file_downloaded", "")
		_, err = w.Confirm(ctx, one, id, again)
		w.must(err)
		_, err = w.Confirm(ctx, one, id, again)
		wants(t, "Confirm twice", err, fault.Conflict, "access.file_confirmed", "")
		w.refuse()
		w.must(w.Reset(ctx, one, w.card(id, w.pupils[0]).AccountID))
		_, err = w.Prepare(ctx, one, id, access.Delta)
		wants(t, "Prepare for a refused platform", err, fault.Conflict, "access.platform_not_approved", "4.1")
	})
}

// A platform makes its accounts from the file, and pupils sign in with what
// their cards say, before and after a password is replaced.
func TestAPlatformTakesTheFile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.made(everyone)
		var v vendor
		file, text := w.file(id, access.Delta)
		if n := v.load(t, text); n != 8 {
			t.Fatalf("%d accounts are loaded, want 8", n)
		}
		for _, c := range w.cards(id, append(w.pupils, w.far...)...) {
			if !v.enters(c) || c.State != access.Sent {
				t.Errorf("a pupil does not get in, in state %s", c.State)
			}
		}
		_, err := w.Confirm(t.Context(), w.evaluator(), id, file)
		w.must(err)
		if c := w.counts(id); c.By[access.Confirmed] != 8 {
			t.Errorf("after Confirm: %+v", c)
		}

		old := w.card(id, w.pupils[0])
		w.must(w.Reset(t.Context(), w.evaluator(), old.AccountID))
		if v.enters(w.card(id, w.pupils[0])) || !v.enters(old) {
			t.Error("the platform knows of the new password before it is told")
		}
		file, text = w.file(id, access.Delta)
		if n := v.load(t, text); n != 1 {
			t.Errorf("the difference has %d accounts, want 1", n)
		}
		if !v.enters(w.card(id, w.pupils[0])) || v.enters(old) {
			t.Error("the new password does not get in, or the old one does")
		}
		_, err = w.Confirm(t.Context(), w.evaluator(), id, file)
		w.must(err)
		if c := w.counts(id); c.By[access.Confirmed] != 8 {
			t.Errorf("in the end: %+v", c)
		}
		if _, text := w.file(id, access.Full); v.load(t, text) != 8 || w.counts(id).By[access.Confirmed] != 8 {
			t.Error("a full file does not speak of everyone, or changes what is confirmed")
		}
	})
}

func TestWhatAFileHolds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(func(ctx context.Context, tx *db.Tx) error {
			return person.SaveAll(ctx, tx, []person.Person{{ID: db.NewID(), SourceID: "t1", Kind: person.Staff, GivenName: "Marelle",
				FamilyName: "Vantadour", Status: person.Active}})
		})
		w.exec(`UPDATE class SET title = '=401' WHERE board_id = $1 AND id = $2`, w.classes[0])
		w.exec(`UPDATE class SET code = 'VANTADOUR2' WHERE board_id = $1 AND id = $2`, w.classes[1])
		columns := []licence.Column{{Name: "login_name", Holds: licence.HoldsLogin}, {Name: "Role", Holds: licence.HoldsText, Text: "+student"},
			{Name: "group", Holds: licence.HoldsGroup}, {Name: "password", Holds: licence.HoldsPassword}}
		id := w.made(func(l *licence.Licence) { everyone(l); l.Columns = columns })
		_, text := w.file(id, access.Full)
		said := string(text)
		if !strings.HasPrefix(said, "login_name,Role,group,password\r\n") || strings.Count(said, "'+student") != 8 {
			t.Error("the file does not follow the licence's columns, or a cell is a formula")
		}
		for _, name := range []string{"Oriane", "Vaudrin", "antadour", "ANTADOUR", "Marelle", "eleves.example"} {
			if strings.Contains(said, name) {
				t.Errorf("%s stands in the file", name)
			}
		}
		var v vendor
		v.load(t, text)
		group := func(p string) string { return v.GroupOf(w.card(id, p).UserName) }
		if group(w.pupils[0]) != "'=401" || group(w.pupils[4]) != "" || !strings.HasPrefix(group(w.far[0]), "g-") ||
			group(w.far[0]) != group(w.far[2]) {
			t.Errorf("groups are %q %q %q %q", group(w.pupils[0]), group(w.pupils[4]), group(w.far[0]), group(w.far[2]))
		}
		label := group(w.far[0])
		_, text = w.file(id, access.Full)
		v.load(t, text)
		if group(w.far[0]) != label {
			t.Error("a label is another in the next file")
		}
	})
}
