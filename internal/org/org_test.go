package org_test

import (
	"context"
	"strings"
	"testing"

	"aval/internal/audit"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/policy"
)

func TestWhatABoardSaysOfItsOrganisations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		board := dbtest.Board(t, d)
		it := policy.Actor{ID: "a-it", Board: board, Via: "web", Pack: pack, Grants: []policy.Grant{{Role: policy.IT}}}
		teacher := it
		teacher.Grants = []policy.Grant{{Role: policy.Teacher}}
		s := org.New(d)
		school := org.Org{ID: db.NewID(), SourceID: "s1", Kind: org.School, Name: "École Atikush", Sector: org.Youth, Status: org.Active}
		err = d.Write(t.Context(), board, func(ctx context.Context, tx *db.Tx) error { return org.Save(ctx, tx, school) })
		if err != nil {
			t.Fatal(err)
		}

		if _, err := s.SetSector(t.Context(), teacher, school.ID, org.Other); !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Denied) {
			t.Errorf("SetSector by a teacher: %v", err)
		}
		if _, err := s.SetSector(t.Context(), it, "elsewhere", org.Other); !fault.Is(err, fault.NotFound) {
			t.Errorf("SetSector of nothing: %v, want NotFound", err)
		}
		if _, err := s.SetSector(t.Context(), it, school.ID, "night"); !fault.Is(err, fault.Invalid) {
			t.Errorf("SetSector to a sector that is none: %v, want Invalid", err)
		}
		if _, err := s.MarkUnderDeputy(t.Context(), it, school.ID, true); !fault.Is(err, fault.Conflict) {
			t.Errorf("MarkUnderDeputy of a school: %v, want Conflict", err)
		}
		for _, name := range []string{" ", strings.Repeat("é", 201)} {
			if _, err := s.AddDepartment(t.Context(), it, name, true); !fault.Is(err, fault.Invalid) {
				t.Errorf("AddDepartment: %v, want Invalid", err)
			}
		}

		changed, err := s.SetSector(t.Context(), it, school.ID, org.Other)
		if err != nil || changed.Sector != org.Other {
			t.Errorf("SetSector: %s %v", changed.Sector, err)
		}
		added, err := s.AddDepartment(t.Context(), it, "  Service   des arts ", false)
		if err != nil || added.Name != "Service des arts" {
			t.Fatalf("AddDepartment: %q %v", added.Name, err)
		}
		if _, err := s.SetSector(t.Context(), it, added.ID, org.Other); !fault.Is(err, fault.Conflict) {
			t.Errorf("SetSector of a department: %v, want Conflict", err)
		}
		marked, err := s.MarkUnderDeputy(t.Context(), it, added.ID, true)
		if err != nil || !marked.UnderDeputy {
			t.Errorf("MarkUnderDeputy: %v", err)
		}
		list, err := s.List(t.Context(), it, org.Department)
		if err != nil || len(list) != 1 || !list[0].UnderDeputy {
			t.Errorf("List: %+v %v", list, err)
		}
		if got, err := s.Get(t.Context(), it, school.ID); err != nil || got.Sector != org.Other {
			t.Errorf("Get: %s %v", got.Sector, err)
		}
		err = d.Read(t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
			trail, err := audit.ForSubject(ctx, tx, "org:"+added.ID)
			if len(trail) != 2 || trail[1].Action != "org.deputy_marked" || trail[1].Clause != "1.3b" {
				t.Errorf("trail %+v", trail)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
