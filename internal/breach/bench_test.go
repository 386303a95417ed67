package breach_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/licence"
	"aval/internal/seal"
	"aval/internal/vault"
)

// TestALargeBoardIsAnswered asks about a platform of a board with $AVAL_BREACH_PUPILS
// pupils, 1,000 when it is not set, with eight classes each: under a licence that let
// nothing out yet, the slower way. make bench asks of 60,000 (goal: one minute).
func TestALargeBoardIsAnswered(t *testing.T) {
	pupils := 1000
	if set, err := strconv.Atoi(os.Getenv("AVAL_BREACH_PUPILS")); err == nil {
		pupils = set
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
		if err != nil {
			t.Fatal(err)
		}
		w := build(t, d, vault.New(master), "csc-pan-2023", pupils)
		w.licence(licence.NoAccount, nil)
		began := time.Now()
		a := w.ask().Answer
		took := time.Since(began)
		t.Logf("%s: %d pupils, %d classes, %d schools in %s", d.Engine(), a.Pupils, a.Classes, len(a.Schools), took)
		if a.Pupils != pupils {
			t.Errorf("%d of %d pupils", a.Pupils, pupils)
		}
	})
}
