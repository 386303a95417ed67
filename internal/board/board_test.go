package board_test

import (
	"context"
	"strings"
	"testing"

	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/policy"
)

const pack = "csc-pan-2023"

func TestIsID(t *testing.T) {
	for id, want := range map[string]bool{
		"lac": true, "csc-2": true, strings.Repeat("a", 40): true,
		"": false, "Lac": false, "lac_2": false, "lac 2": false, "éclair": false, "a'b": false, strings.Repeat("a", 41): false, "lac\n": false,
	} {
		if got := board.IsID(id); got != want {
			t.Errorf("IsID(%q): %v, want %v", id, got, want)
		}
	}
}

func TestCreate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &board.Service{DB: d}
		made, err := s.Create(t.Context(), "lac", "  Commission scolaire du Lac ", pack)
		if err != nil || made.ID != "lac" || made.Name != "Commission scolaire du Lac" || made.Pack != pack || made.PackVersion == "" {
			t.Fatalf("Create: %+v, %v", made, err)
		}
		for _, c := range []struct {
			name, id, called, pack string
			kind                   fault.Kind
		}{
			{"a pack that is none", "baie", "Commission scolaire de la Baie", "none", fault.Invalid},
			{"without a name", "baie", " ", pack, fault.Invalid},
			{"a name that is too long", "baie", strings.Repeat("b", 201), pack, fault.Invalid},
			{"an id that is none", "La Baie", "Commission scolaire de la Baie", pack, fault.Invalid},
			{"an id that is taken", "lac", "Commission scolaire de la Baie", pack, fault.Conflict},
		} {
			if _, err := s.Create(t.Context(), c.id, c.called, c.pack); !fault.Is(err, c.kind) {
				t.Errorf("%s: %v, want kind %d", c.name, err, c.kind)
			}
		}
		chance, err := s.Create(t.Context(), "", "Commission scolaire de la Baie", pack)
		if err != nil || !board.IsID(chance.ID) {
			t.Errorf("without an id: %q, %v", chance.ID, err)
		}
		all, err := s.List(t.Context())
		if err != nil || len(all) != 2 || all[0].ID != chance.ID || all[1] != made {
			t.Errorf("List: %+v, %v, want both by name, as they were made", all, err)
		}
	})
}

func TestABoardsOwnChoices(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &board.Service{DB: d}
		for _, id := range []string{"lac", "baie"} {
			if _, err := s.Create(t.Context(), id, "Commission scolaire "+id, pack); err != nil {
				t.Fatal(err)
			}
		}
		shipped, err := policy.Shipped(pack)
		if err != nil {
			t.Fatal(err)
		}
		actor := func(r policy.Role) policy.Actor {
			return policy.Actor{ID: "a", Board: "lac", Via: "web", Pack: shipped, Grants: []policy.Grant{{Role: r, Org: "s1"}}}
		}
		choice := policy.Settings{JoinEvaluatorDecider: true}
		if err := s.Change(t.Context(), actor(policy.Teacher), choice); !fault.Is(err, fault.Denied) {
			t.Errorf("by a teacher: %v, want a denial", err)
		}
		for range 2 { // the second changes nothing
			if err := s.Change(t.Context(), policy.System("lac", shipped, "cli"), choice); err != nil {
				t.Fatal(err)
			}
		}
		for id, want := range map[string]policy.Settings{"lac": choice, "baie": {}} {
			err := d.Read(t.Context(), id, func(ctx context.Context, tx *db.Tx) error {
				b, err := board.Get(ctx, tx, id)
				if err == nil && b.Settings != want {
					t.Errorf("%s: %+v, want %+v", id, b.Settings, want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		records, err := (&audit.Service{DB: d}).List(t.Context(), actor(policy.Secretary), -1, 10)
		if err != nil || len(records) != 1 || records[0].Action != "settings.changed" || records[0].Subject != "board:lac" {
			t.Errorf("the trail: %+v, %v, want the one change", records, err)
		}
		err = d.SystemRead(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := board.Get(ctx, tx, "mer")
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("Get of none: %v, want NotFound", err)
		}
	})
}
