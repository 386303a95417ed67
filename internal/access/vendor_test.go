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
			return w.LoadVendorNames(t.Context(), actor, id, []byte(text))
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
		n, err := load(w.evaluator(), id, "\ufefflogin,user\r\n"+strings.ToUpper(one)+",etoile-1\r\n"+two+", étoile 2 \r\n")
		if n != 2 || err != nil {
			t.Fatalf("%d are loaded, %v", n, err)
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
	})
}
