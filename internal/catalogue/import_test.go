package catalogue_test

import (
	"testing"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/policy"
)

func TestAListIsBroughtInWholeOrNotAtAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		board := dbtest.Board(t, d)
		system, s, ctx := policy.System(board, pack, "cli"), catalogue.New(d), t.Context()
		teacher := policy.Actor{ID: "maude", Board: board, Pack: pack, Grants: []policy.Grant{{Role: policy.Teacher, Org: "pin"}}}
		bring := func(text string, dry bool) catalogue.Report {
			t.Helper()
			report, err := s.Import(ctx, system, []byte(text), dry)
			if err != nil {
				t.Fatal(err)
			}
			return report
		}
		count := func() int {
			t.Helper()
			page, err := s.Page(ctx, system, catalogue.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			return len(page.Platforms)
		}
		const good = "name,vendor,site,fonctions\nTabulou,Éditions du Lac,tabulou.example,Mathématiques; vocabulary\nKastor,,,\n"
		if _, err := s.Import(ctx, teacher, []byte(good), false); !fault.Is(err, fault.Denied) {
			t.Errorf("brought in by a teacher: %v", err)
		}
		for name, text := range map[string]string{
			"no name of a platform": "vendor\nÉditions du Lac\n", "two names": "name,Nom\nTabulou,Tabulou\n", "no row": "name\n", "no table": "\x00\x01",
		} {
			if _, err := s.Import(ctx, system, []byte(text), false); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		report := bring(good+"Kastor,,,\n,,,Autre\nZib,,javascript:alert(1),\n", false)
		if len(report.Defects) != 4 || report.Defects[0].Row != 4 || report.Defects[0].Said.Key != "intake.row_twice" || count() != 0 {
			t.Errorf("a file with faults: %+v, and %d platforms", report.Defects, count())
		}
		if report := bring(good, true); report.Added != 2 || count() != 0 {
			t.Errorf("tried only: %+v, and %d platforms", report, count())
		}
		if report := bring(good, false); report.Added != 2 || report.Rows != 2 || count() != 2 {
			t.Errorf("brought in: %+v, and %d platforms", report, count())
		}
		hits, err := s.Search(ctx, system, "tabulou")
		if err != nil || len(hits[0].Platform.Functions) != 2 || hits[0].Platform.Domains[0] != "tabulou.example" || hits[0].Platform.Status != catalogue.Unknown {
			t.Errorf("what was brought in: %+v, %v", hits, err)
		}
		if report := bring(good, false); report.Added != 0 || report.Unchanged != 2 || count() != 2 {
			t.Errorf("twice: %+v, and %d platforms", report, count())
		}
		report = bring("name,site,secret\nTabuloux,,x\nTab Lou,www.tabulou.example,\n", false)
		keys := []string{}
		for _, w := range report.Warnings {
			keys = append(keys, w.Said.Key)
		}
		if report.Added != 1 || report.Unchanged != 1 || len(keys) != 3 || keys[0] != "intake.column_unknown" || keys[1] != "intake.near" || keys[2] != "intake.known_as" {
			t.Errorf("names that are near: %+v", report)
		}
	})
}
