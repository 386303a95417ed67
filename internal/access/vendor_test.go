package access_test

import (
	"context"
	"strings"
	"testing"

	"aval/internal/access"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
)

func TestThePlatformsNamesAreLoaded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		load := func(actor policy.Actor, id licence.ID, text string) (int, error) {
			f, err := w.ReadVendorNames(t.Context(), actor, id, []byte(text))
			if err != nil || f.Wrong() == 0 {
				return f.Matched, err
			}
			if f.Sealed != "" || len(f.Slips) == 0 || f.Slips[0].Line == 0 {
				t.Errorf("of a file that is wrong: %+v", f)
			}
			return 0, fault.Form(map[string]string{"file": f.Slips[0].Key})
		}
		ours, id := w.made(nil), w.made(func(l *licence.Licence) { l.AccountKind = licence.VendorName })
		names := map[string]string{}
		w.read(func(ctx context.Context, tx *db.Tx) error {
			found, err := w.names.OfMany(ctx, tx, append(w.pupils, w.far[0]))
			for person, name := range found {
				names[person] = name.String()
			}
			return err
		})
		one, two := names[w.pupils[0]], names[w.pupils[1]]
		_, err := load(w.evaluator(), ours, one+",etoile-1")
		wants(t, "under a licence of login names", err, fault.Conflict, "access.vendor_names_unneeded", "A.0")
		_, err = load(w.as("p", policy.Principal, w.schools[0]), id, one+",etoile-1")
		wants(t, "by the principal", err, fault.Denied, "denied", "6.1e")
		for name, text := range map[string]string{
			"nothing":                            "",
			"one column":                         one,
			"no name":                            one + ", ",
			"a name too long":                    one + "," + strings.Repeat("é", 201),
			"a login name without an account":    one + ",etoile-1\n" + names[w.far[0]] + ",etoile-2",
			"what is no login name":              one + ",etoile-1\nsomebody,etoile-2",
			"one account twice":                  one + ",etoile-1\n" + one + ",etoile-2",
			"the pupil's own name":               one + ",etoile-1\n" + two + ",o.vaudrin1",
			"one name for two":                   one + ",etoile-1\n" + two + ",etoile-1",
			"quotes that do not end, after good": one + ",etoile-1\n\"" + two + ",etoile-2",
		} {
			_, err := load(w.evaluator(), id, text)
			if f, ok := fault.As(err); !ok || f.Fields["file"].Key == "" || strings.Contains(err.Error(), one) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if c := w.card(id, w.pupils[0]); c.UserName != "" {
			t.Fatal("a file that was refused was kept in part")
		}
		before := w.card(id, w.pupils[0])
		good := "\ufefflogin,user\r\n" + strings.ToUpper(one) + ",etoile-1\r\n" + two + ", étoile 2 \r\n"
		f, err := w.ReadVendorNames(t.Context(), w.evaluator(), id, []byte(good))
		if err != nil || f.Matched != 2 || f.Wrong() != 0 || strings.Contains(f.Sealed, "etoile") {
			t.Fatalf("what is right: %+v %v", f, err)
		}
		if w.card(id, w.pupils[0]).UserName != "" {
			t.Fatal("reading kept something")
		}
		other := w.as("a-2", policy.Evaluator, "")
		twin := w.made(func(l *licence.Licence) { l.AccountKind = licence.VendorName })
		for name, err := range map[string]error{
			"by another":         func() error { _, err := w.KeepVendorNames(t.Context(), other, id, f.Sealed); return err }(),
			"for another":        func() error { _, err := w.KeepVendorNames(t.Context(), w.evaluator(), twin, f.Sealed); return err }(),
			"what is no letters": func() error { _, err := w.KeepVendorNames(t.Context(), w.evaluator(), id, "?"); return err }(),
			"what was changed":   func() error { _, err := w.KeepVendorNames(t.Context(), w.evaluator(), id, f.Sealed[1:]); return err }(),
		} {
			wants(t, "KeepVendorNames "+name, err, fault.Conflict, "access.vendor_again", "")
		}
		_, err = w.KeepVendorNames(t.Context(), w.as("p", policy.Principal, w.schools[0]), id, f.Sealed)
		wants(t, "KeepVendorNames by the principal", err, fault.Denied, "denied", "6.1e")
		if n, err := w.KeepVendorNames(t.Context(), w.evaluator(), id, f.Sealed); n != 2 || err != nil {
			t.Fatalf("%d are kept, %v", n, err)
		}
		a, b := w.card(id, w.pupils[0]), w.card(id, w.pupils[1])
		if a.UserName != "etoile-1" || b.UserName != "étoile 2" || a.Password != before.Password || a.State != access.ToCreate {
			t.Error("the platform's names are not on the cards, or something else changed")
		}
		for _, cell := range w.cells() {
			if strings.Contains(cell, "etoile-1") {
				t.Error("the platform's name stands plainly in a table")
			}
		}
		_, err = w.LoadVendorNames(t.Context(), w.evaluator(), id, [][2]string{{one, "lune-1"}, {two, " "}})
		if f, ok := fault.As(err); !ok || f.Fields["file"].Key != "access.vendor_line" || w.card(id, w.pupils[0]).UserName != "etoile-1" {
			t.Errorf("a table with a broken line: %v", err)
		}
		if n, err := w.LoadVendorNames(t.Context(), w.evaluator(), id, [][2]string{{one, "lune-1"}}); n != 1 || err != nil || w.card(id, w.pupils[0]).UserName != "lune-1" {
			t.Errorf("a table: %d %v", n, err)
		}
	})
}

// What a platform may not name an account says whose it is: it is noted, and an
// hour has an end, whatever licence is tried.
func TestGuessingAtNamesHasAnEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		vendor := func(l *licence.Licence) { l.AccountKind = licence.VendorName }
		id, twin := w.made(vendor), w.made(vendor)
		var one string
		w.read(func(ctx context.Context, tx *db.Tx) error {
			found, err := w.names.OfMany(ctx, tx, w.pupils[1:2])
			one = found[w.pupils[1]].String()
			return err
		})
		guess := []byte("login,user\n" + one + ",o.vaudrin1")
		n := 0
		for ; n < 20; n++ {
			f, err := w.ReadVendorNames(t.Context(), w.evaluator(), id, guess)
			if err != nil {
				wants(t, "one file too many", err, fault.Conflict, "access.vendor_naming_often", "1.3e")
				break
			}
			if f.Naming != 1 {
				t.Fatalf("a guess that is right: %+v", f)
			}
		}
		if n*20 > policy.SinglesAnHour || n == 0 {
			t.Errorf("%d files were read", n)
		}
		for name, text := range map[string]string{"the same": string(guess), "a guess that is wrong": "login,user\n" + one + ",etoile-1"} {
			_, err := w.ReadVendorNames(t.Context(), w.evaluator(), twin, []byte(text))
			wants(t, name+" on another licence", err, fault.Conflict, "access.vendor_naming_often", "1.3e")
		}
		_, err := w.LoadVendorNames(t.Context(), w.evaluator(), id, [][2]string{{one, "etoile-1"}})
		wants(t, "by a program", err, fault.Conflict, "access.vendor_naming_often", "1.3e")
		if _, err := w.ReadVendorNames(t.Context(), w.as("a-2", policy.Evaluator, ""), id, []byte("login,user\n"+one+",etoile-1")); err != nil {
			t.Errorf("somebody else: %v", err)
		}
	})
}
