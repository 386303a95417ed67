package request_test

import (
	"slices"
	"testing"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

// on is somebody on a board whose policy asks whose data a platform would hold.
func on(t *testing.T, a policy.Actor) policy.Actor {
	t.Helper()
	pack, err := policy.Shipped("conseil-infonuagique-2026")
	if err != nil {
		t.Fatal(err)
	}
	a.Pack = pack
	return a
}

func TestARequestSaysWhoseData(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx, maude := t.Context(), on(t, w.maude)
		asked := request.Draft{PlatformName: "Dictavox", Description: "Écrit ce qu’on dit.", Usage: "Lire à voix haute.", DataKinds: []string{"voice"},
			Subjects: []string{"parents"}}
		if _, err := w.s.Create(ctx, maude, asked); !fault.Is(err, fault.Invalid) {
			t.Errorf("whose the policy does not know: %v", err)
		}
		asked.Subjects = nil
		r, err := w.s.Create(ctx, maude, asked)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.s.Submit(ctx, maude, r.ID)
		f, _ := fault.As(err)
		if f == nil || f.Fields["subjects"].Key != "request.subjects_required" {
			t.Fatalf("nobody’s: %v", err)
		}
		asked.Subjects = []string{"staff", "pupils", "staff"}
		if r, err = w.s.Edit(ctx, maude, r.ID, asked, r.Version); err != nil {
			t.Fatal(err)
		}
		_, err = w.s.Submit(ctx, maude, r.ID)
		if f, _ := fault.As(err); f == nil || f.Fields["classes"].Key != "request.classes_required" || f.Fields["subjects"].Key != "" {
			t.Errorf("about pupils, without a class: %v", err)
		}
		asked.Subjects = []string{"staff"}
		if r, err = w.s.Edit(ctx, maude, r.ID, asked, r.Version); err != nil {
			t.Fatal(err)
		}
		if r, err = w.s.Submit(ctx, maude, r.ID); err != nil || !slices.Equal(r.Subjects, []string{"staff"}) {
			t.Errorf("about staff alone: %v, %v", r.Subjects, err)
		}
	})
}

func TestAPolicyOnPupilsDoesNotAskWhoseData(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		_, err := w.s.Create(t.Context(), w.maude, request.Draft{PlatformName: "Dictavox", Subjects: []string{"pupils"}})
		if f, _ := fault.As(err); f == nil || f.Fields["subjects"].Key == "" {
			t.Errorf("said all the same: %v", err)
		}
	})
}
