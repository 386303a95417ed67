package governance_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/fault"
	"aval/internal/governance"
	"aval/internal/request"
)

func TestTheCouncilReadsWhatTheYearHolds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		year := governance.YearOf(w.today())
		r := w.Acknowledged()
		w.now = w.now.AddDate(0, 0, 12)
		w.Evaluate(w.Evaluator, r.ID)
		if _, err := w.Requests.RecordPrivacy(ctx, w.PrivacyOfficer, r.ID, request.Privacy{Personal: "no"}); err != nil {
			t.Fatal(err)
		}
		decisions := &decision.Service{DB: d}
		if _, err := decisions.Decide(ctx, w.Director, r.ID, decision.Input{
			Use:      decision.Verdict{Result: decision.Refused, Reasons: "Rien du programme."},
			Security: decision.Verdict{Result: decision.Approved, Reasons: "Sûre."},
			Because:  []string{"not_curriculum"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.Yearly(ctx, w.Principal, year); !is(err, fault.Denied, "7.2") {
			t.Errorf("to a principal: %v", err)
		}
		for _, y := range []governance.Year{1999, year + 1} {
			if _, err := w.s.Yearly(ctx, w.secretary, y); !is(err, fault.Invalid, "7.2", "year") {
				t.Errorf("of %s: %v", y, err)
			}
		}
		report, err := w.s.Yearly(ctx, w.secretary, year)
		if err != nil {
			t.Fatal(err)
		}
		var school governance.Line
		for _, l := range report.Lines {
			if l.Org == r.OrgID {
				school = l
			}
		}
		if school.Requests != 1 || school.Refused != 1 || school.Decided() != 1 || school.Days < 12 || school.Days > 30 || !school.Attests || school.Attested != "" {
			t.Errorf("the school: %+v", school)
		}
		if report.Total.Requests != 1 || report.Total.Refused != 1 || report.Total.Days != school.Days {
			t.Errorf("the whole: %+v", report.Total)
		}
		if len(report.Refused) != 1 || report.Refused[0].Platform != w.Platform.Name {
			t.Fatalf("refused: %+v", report.Refused)
		}
		if why := strings.Join(report.Refused[0].Said("fr", w.Director.Pack), ""); why != "Elle sert peu le programme d’études" {
			t.Errorf("why: %q", why)
		}
		before, err := w.s.Yearly(ctx, w.secretary, year-1)
		if err != nil || before.Total.Requests != 0 || len(before.Refused) != 0 || before.Until != (year-1).Last() {
			t.Errorf("the year before: %+v %v", before.Total, err)
		}
		f, err := report.File("json", "en", w.Director.Pack)
		var said struct {
			Since   string `json:"since"`
			Refused []struct{ Reasons []string }
		}
		if err != nil || json.Unmarshal(f.Data, &said) != nil || len(said.Refused) != 1 || said.Since == "" {
			t.Errorf("as JSON: %v\n%s", err, f.Data)
		}
		if _, err := time.Parse(time.DateOnly, said.Since); err != nil {
			t.Errorf("since %q", said.Since)
		}
		if _, err := report.File("exe", "en", w.Director.Pack); !is(err, fault.Invalid, "", "format") {
			t.Errorf("as a program: %v", err)
		}
	})
}
