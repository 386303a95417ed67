package governance_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/governance"
	"aval/internal/i18n"
	"aval/internal/policy"
)

type world struct {
	*evaluationtest.World
	t         *testing.T
	s         *governance.Service
	secretary policy.Actor
	now       time.Time
}

var pdf = []byte("%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n")

func build(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{World: evaluationtest.New(t, d), t: t}
	w.s = &governance.Service{DB: d, Blobs: w.Evaluations.Blobs, Agenda: []governance.Source{governance.OpenIncidents}}
	w.secretary = w.Director
	w.secretary.ID, w.secretary.Grants = "secretary", []policy.Grant{{Role: policy.Secretary}}
	w.now = d.Clock()
	d.Clock = func() time.Time { return w.now }
	w.Write(func(ctx context.Context, tx *db.Tx) error {
		for _, a := range []policy.Actor{w.Principal, w.OtherPrincipal, w.Director} {
			if _, err := tx.Exec(ctx, `INSERT INTO account_grant (board_id, account_id, role, org_id) VALUES ($1, $2, $3, $4)`,
				tx.Board, a.ID, string(a.Grants[0].Role), a.Grants[0].Org); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

func (w *world) today() string { return i18n.DayOf(w.now) }

func paper(name string, content []byte) governance.Upload {
	return governance.Upload{Name: name, Content: bytes.NewReader(content)}
}

// counts are those of a control, as the coverage page has them.
func (w *world) counts(control string) (conform, exceptions, waiting int64) {
	w.t.Helper()
	_, rows, err := policy.Coverage(w.t.Context(), w.DB, w.Director)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range rows {
		if r.Control == control {
			return r.Conform, r.Exceptions, r.Waiting
		}
	}
	w.t.Fatalf("no clause has %s", control)
	return 0, 0, 0
}

func (w *world) expect(control string, conform, exceptions, waiting int64) {
	w.t.Helper()
	if c, e, wait := w.counts(control); c != conform || e != exceptions || wait != waiting {
		w.t.Errorf("%s: %d conform, %d exceptions, %d waiting; want %d, %d, %d", control, c, e, wait, conform, exceptions, waiting)
	}
}

func (w *world) sweep() {
	w.t.Helper()
	if err := w.s.Sweep(w.t.Context(), policy.System(w.Board, w.Director.Pack, "job")); err != nil {
		w.t.Fatal(err)
	}
}

func is(err error, kind fault.Kind, clause string, fields ...string) bool {
	f, ok := fault.As(err)
	if !ok || f.Kind != kind || f.Clause != clause || len(f.Fields) != len(fields) {
		return false
	}
	return !slices.ContainsFunc(fields, func(name string) bool { return f.Fields[name].Key == "" })
}

func TestTheSecretaryAloneKeepsTheOfficialText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		of := governance.Official{Label: "EC 2023-233", Lang: "fr", InForceOn: "2023-06-08"}
		for name, c := range map[string]struct {
			actor policy.Actor
			of    governance.Official
			pages string
			file  governance.Upload
			kind  fault.Kind
			wrong []string
		}{
			"by the director":        {w.Director, of, "", paper("p.pdf", pdf), fault.Denied, nil},
			"by a teacher":           {w.Teacher, of, "", paper("p.pdf", pdf), fault.Denied, nil},
			"without a file":         {w.secretary, of, "", governance.Upload{}, fault.Invalid, []string{"file"}},
			"a text that is no PDF":  {w.secretary, of, "", paper("p.txt", []byte("Politique")), fault.Invalid, []string{"file"}},
			"what calls itself one":  {w.secretary, of, "", paper("p.pdf", []byte("<html>")), fault.Invalid, []string{"file"}},
			"an empty form":          {w.secretary, governance.Official{}, "", governance.Upload{}, fault.Invalid, []string{"label", "lang", "in_force_on", "file"}},
			"a page of no clause":    {w.secretary, of, "2.1 3\n9.9 4", paper("p.pdf", pdf), fault.Invalid, []string{"pages"}},
			"a day of no calendar":   {w.secretary, governance.Official{Label: "a", Lang: "fr", InForceOn: "hier"}, "", paper("p.pdf", pdf), fault.Invalid, []string{"in_force_on"}},
			"a language not spoken":  {w.secretary, governance.Official{Label: "a", Lang: "de", InForceOn: "2023-06-08"}, "", paper("p.pdf", pdf), fault.Invalid, []string{"lang"}},
			"a label without an end": {w.secretary, governance.Official{Label: strings.Repeat("a", 61), Lang: "fr", InForceOn: "2023-06-08"}, "", paper("p.pdf", pdf), fault.Invalid, []string{"label"}},
		} {
			if _, err := w.s.KeepOfficial(ctx, c.actor, c.of, c.pages, c.file); !is(err, c.kind, "7.1", c.wrong...) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.expect("policy.official", 0, 0, 0)
		first, err := w.s.KeepOfficial(ctx, w.secretary, of, "2.1 3\n2.2a: 4", paper("politique.pdf", pdf))
		if err != nil || first.Page("2.2a") != 4 || len(first.File.SHA256) != 64 {
			t.Fatalf("KeepOfficial: %+v %v", first, err)
		}
		if _, err := w.s.KeepOfficial(ctx, w.secretary, of, "", paper("autre.pdf", append(pdf, ' '))); !is(err, fault.Conflict, "7.1") {
			t.Errorf("the same version again: %v", err)
		}
		of.Label, of.InForceOn = "EC 2030-001", "2030-01-01"
		if _, err := w.s.KeepOfficial(ctx, w.secretary, of, "", paper("p.pdf", pdf)); err != nil {
			t.Fatal(err)
		}
		w.expect("policy.official", 2, 0, 0)
		kept, err := w.s.Officials(ctx, w.Teacher)
		if err != nil || len(kept) != 2 {
			t.Fatalf("Officials: %d %v", len(kept), err)
		}
		if now, ok := governance.Current(kept, "fr", w.today()); !ok || now.ID != first.ID {
			t.Errorf("in force today: %+v", now)
		}
		if _, ok := governance.Current(kept, "en", w.today()); ok {
			t.Error("a text is in force in English, and none was kept")
		}
		_, content, err := w.s.Official(ctx, w.Teacher, first.ID)
		if err != nil {
			t.Fatal(err)
		}
		same, err := io.ReadAll(content)
		if err != nil || !bytes.Equal(same, pdf) {
			t.Errorf("what a teacher reads is not what was kept: %v", err)
		}
		_ = content.Close()
		elsewhere := w.Teacher
		elsewhere.Board = dbtest.Board(t, d)
		if _, _, err := w.s.Official(ctx, elsewhere, first.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("from another board: %v", err)
		}
	})
}

func TestAnInterpretationIsNeverChanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		of := governance.Interpretation{Clause: "2.1", QuestionFr: "Un site que l’on consulte?", QuestionEn: "A site one reads?",
			AnswerFr: "Non, sans compte.", AnswerEn: "No, without an account.", GivenOn: w.today()}
		if _, err := w.s.Interpret(ctx, w.Principal, of, ""); !is(err, fault.Denied, "7.2") {
			t.Errorf("by a principal: %v", err)
		}
		if _, err := w.s.Interpret(ctx, w.Director, governance.Interpretation{Clause: "2.1", GivenOn: "2999-01-01"}, ""); !is(err, fault.Invalid, "7.2",
			"question_fr", "question_en", "answer_fr", "answer_en", "given_on") {
			t.Errorf("empty: %v", err)
		}
		unknown := of
		unknown.Clause = "9.9"
		if _, err := w.s.Interpret(ctx, w.Director, unknown, ""); !is(err, fault.Invalid, "", "clause") {
			t.Errorf("of no clause: %v", err)
		}
		first, err := w.s.Interpret(ctx, w.Director, of, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.s.Withdraw(ctx, w.Principal, first.ID, "Non."); !is(err, fault.Denied, "7.2") {
			t.Errorf("withdrawn by a principal: %v", err)
		}
		if err := w.s.Withdraw(ctx, w.Director, first.ID, " "); !is(err, fault.Invalid, "7.2", "why") {
			t.Errorf("withdrawn without a reason: %v", err)
		}
		second, err := w.s.Interpret(ctx, w.Director, of, first.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.Interpret(ctx, w.Director, of, first.ID); !is(err, fault.Conflict, "") {
			t.Errorf("in the place of one that stands no more: %v", err)
		}
		if err := w.s.Withdraw(ctx, w.Director, second.ID, "La politique le dit."); err != nil {
			t.Fatal(err)
		}
		all, _, err := w.s.Interpretations(ctx, w.Teacher)
		if err != nil || len(all) != 2 || slices.ContainsFunc(all, governance.Interpretation.Stands) {
			t.Fatalf("Interpretations: %+v %v", all, err)
		}
		elsewhere := w.Director
		elsewhere.Board = dbtest.Board(t, d)
		if err := w.s.Withdraw(ctx, elsewhere, second.ID, "Non."); !fault.Is(err, fault.NotFound) {
			t.Errorf("from another board: %v", err)
		}
	})
}

func TestAnActStandsUntilAnotherOrItsEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		for name, c := range map[string]struct {
			actor  policy.Actor
			act    governance.Act
			file   governance.Upload
			kind   fault.Kind
			clause string
			wrong  []string
		}{
			"by a principal":             {w.Principal, governance.Act{Kind: "officer", On: w.today(), Who: "A", Reference: "R"}, governance.Upload{}, fault.Denied, "7.2", nil},
			"of no kind":                 {w.secretary, governance.Act{Kind: "party", On: w.today()}, governance.Upload{}, fault.Invalid, "", []string{"kind"}},
			"of another province":        {w.secretary, governance.Act{Kind: "charter", On: w.today(), Reference: "R"}, governance.Upload{}, fault.Invalid, "", []string{"kind"}},
			"nobody named":               {w.secretary, governance.Act{Kind: "officer", On: w.today(), Reference: "R"}, governance.Upload{}, fault.Invalid, "QC-ROLE-01", []string{"who"}},
			"a day to come":              {w.secretary, governance.Act{Kind: "opinion", On: "2999-01-01", Note: "Oui."}, governance.Upload{}, fault.Invalid, "QC-ROLE-02", []string{"done_on"}},
			"an opinion without a word":  {w.secretary, governance.Act{Kind: "opinion", On: w.today(), Note: " "}, governance.Upload{}, fault.Invalid, "QC-ROLE-02", []string{"note"}},
			"rules without their text":   {w.secretary, governance.Act{Kind: "rules", On: w.today(), Reference: "R"}, governance.Upload{}, fault.Invalid, "QC-POL-02", []string{"file"}},
			"rules in a file of no kind": {w.secretary, governance.Act{Kind: "rules", On: w.today(), Reference: "R"}, paper("r.html", []byte("<html>")), fault.Invalid, "QC-POL-02", []string{"file"}},
			"a next review before":       {w.secretary, governance.Act{Kind: "security", On: w.today(), Note: "Vu.", DueOn: "2020-01-01"}, governance.Upload{}, fault.Invalid, "QC-SEC-01", []string{"due_on"}},
			"a schedule without codes":   {w.secretary, governance.Act{Kind: "schedule", On: w.today()}, governance.Upload{}, fault.Invalid, "QC-ARC-01", []string{"reference"}},
		} {
			if _, err := w.s.Record(ctx, c.actor, c.act, c.file); !is(err, c.kind, c.clause, c.wrong...) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.sweep()
		w.expect("governance.officer", 0, 0, 1)
		record := func(a governance.Act, file governance.Upload) governance.Act {
			t.Helper()
			a, err := w.s.Record(ctx, w.secretary, a, file)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		first := record(governance.Act{Kind: "officer", On: "2024-01-10", Who: "La directrice générale", Reference: "Lettre du 10 janvier"}, governance.Upload{})
		w.expect("governance.officer", 1, 0, 0)
		second := record(governance.Act{Kind: "officer", On: "2025-02-01", Who: "Le secrétaire général", Reference: "CC-2025-04"}, governance.Upload{})
		w.expect("governance.officer", 1, 0, 0)
		o, err := w.s.Overview(ctx, w.secretary)
		if err != nil || len(o.Groups[0].Standing) != 1 || o.Groups[0].Standing[0].ID != second.ID || len(o.Groups[0].Past) != 1 || o.Groups[0].Past[0].ID != first.ID {
			t.Fatalf("Overview: %+v %v", o.Groups[0], err)
		}
		for name, c := range map[string]struct {
			on, why string
			wrong   []string
		}{"without a word": {w.today(), "", []string{"why"}}, "before it began": {"2025-01-31", "Départ.", []string{"ended_on"}},
			"in days to come": {"2999-01-01", "Départ.", []string{"ended_on"}}} {
			if _, err := w.s.End(ctx, w.secretary, second.ID, c.on, c.why); !is(err, fault.Invalid, "QC-ROLE-01", c.wrong...) {
				t.Errorf("ended %s: %v", name, err)
			}
		}
		if _, err := w.s.End(ctx, w.Principal, second.ID, w.today(), "Départ."); !fault.Is(err, fault.NotFound) {
			t.Errorf("ended by who may not read it: %v", err)
		}
		if _, err := w.s.End(ctx, w.secretary, second.ID, w.today(), "Départ."); err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.End(ctx, w.secretary, second.ID, w.today(), "Départ."); !is(err, fault.Conflict, "") {
			t.Errorf("ended twice: %v", err)
		}
		w.expect("governance.officer", 0, 0, 1) // nobody is in charge: the one before was replaced
		rules := record(governance.Act{Kind: "rules", On: w.today(), Reference: "CC-2025-11"}, paper("regles.pdf", pdf))
		f, content, err := w.s.Paper(ctx, w.Director, rules.ID)
		if err != nil || f.Name != "regles.pdf" {
			t.Fatalf("Paper: %+v %v", f, err)
		}
		_ = content.Close()
		if _, _, err := w.s.Paper(ctx, w.Teacher, rules.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the file, to a teacher: %v", err)
		}
		if _, _, err := w.s.Paper(ctx, w.Director, first.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the file of an act without one: %v", err)
		}
		elsewhere := w.secretary
		elsewhere.Board = dbtest.Board(t, d)
		if _, _, err := w.s.Act(ctx, elsewhere, rules.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("from another board: %v", err)
		}
	})
}

func TestAnOverdueReviewIsAnException(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		a, err := w.s.Record(ctx, w.secretary, governance.Act{Kind: "security", On: w.today(), Note: "Mesures relues."}, governance.Upload{})
		if err != nil || a.DueOn != w.now.AddDate(0, 12, 0).Format(time.DateOnly) {
			t.Fatalf("Record: %s %v", a.DueOn, err)
		}
		w.now = w.now.AddDate(0, 12, 1)
		w.sweep()
		w.expect("security.kept", 0, 1, 0)
		w.now = w.now.AddDate(0, 0, 5)
		w.sweep()
		traced, err := policy.Trace(ctx, w.DB, w.Director)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(traced, func(c policy.Traced) bool { return c.ID == "QC-SEC-01" })
		if open := traced[at].Open; len(open) != 1 || open[0].Subject != a.Subject() || i18n.DayOf(open[0].At) != i18n.DayOf(w.now.AddDate(0, 0, -5)) {
			t.Errorf("the exception stands since %+v", open)
		}
		late, err := w.s.Overdue(ctx, w.Director)
		if err != nil || len(late) != 1 || late[0].ID != a.ID {
			t.Errorf("Overdue: %+v %v", late, err)
		}
		if late, err := w.s.Overdue(ctx, w.Principal); err != nil || late != nil {
			t.Errorf("Overdue for a principal: %+v %v", late, err)
		}
		if _, err := w.s.Record(ctx, w.secretary, governance.Act{Kind: "security", On: w.today(), Note: "Relues."}, governance.Upload{}); err != nil {
			t.Fatal(err)
		}
		w.expect("security.kept", 1, 0, 0)
	})
}

func TestAManagerAttestsOnceForEachPlaceAndYear(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		school := w.Principal.Grants[0].Org
		w.now = time.Date(2027, time.May, 10, 15, 0, 0, 0, time.UTC)
		word := governance.Attestation{Year: 2026, Org: school}
		if _, err := w.s.Attest(ctx, w.Teacher, word); !fault.Is(err, fault.NotFound) {
			t.Errorf("by a teacher: %v", err)
		}
		if _, err := w.s.Attest(ctx, w.OtherPrincipal, word); err == nil {
			t.Error("a principal attested for another school")
		}
		if _, err := w.s.Attest(ctx, w.Director, word); !is(err, fault.Denied, "7.2") {
			t.Errorf("by the director for a school: %v", err)
		}
		for _, y := range []governance.Year{2024, 2027} {
			if _, err := w.s.Attest(ctx, w.Principal, governance.Attestation{Year: y, Org: school}); !is(err, fault.Invalid, "7.2", "year") {
				t.Errorf("for %s: %v", y, err)
			}
		}
		w.sweep()
		waiting, y, err := w.s.Unattested(ctx, w.Principal)
		if err != nil || len(waiting) != 1 || y != 2026 || waiting[0].Org != school {
			t.Fatalf("Unattested: %+v %s %v", waiting, y, err)
		}
		if _, err := w.s.Attest(ctx, w.Principal, word); err != nil {
			t.Fatal(err)
		}
		if _, err := w.s.Attest(ctx, w.Principal, word); !is(err, fault.Conflict, "7.2") {
			t.Errorf("twice: %v", err)
		}
		if _, err := w.s.Attest(ctx, w.Director, governance.Attestation{Year: 2026, Exceptions: "Deux plateformes d’essai."}); err != nil {
			t.Fatal(err)
		}
		if waiting, _, err := w.s.Unattested(ctx, w.Principal); err != nil || len(waiting) != 0 {
			t.Errorf("Unattested, once attested: %+v %v", waiting, err)
		}
		places, err := w.s.Attestations(ctx, w.secretary, 2026)
		if err != nil || len(places) != 3 || places[0].Said == nil || places[0].Said.Exceptions == "" {
			t.Fatalf("Attestations: %+v %v", places, err)
		}
		if left := slices.IndexFunc(places, func(p governance.Place) bool { return p.Said == nil }); places[left].Org != w.OtherPrincipal.Grants[0].Org {
			t.Errorf("who has not attested: %+v", places[left])
		}
		if own, err := w.s.Attestations(ctx, w.OtherPrincipal, 2026); err != nil || len(own) != 1 {
			t.Errorf("of others, to a principal: %+v %v", own, err)
		}
		if _, err := w.s.Attestations(ctx, w.Teacher, 2026); !fault.Is(err, fault.Denied) {
			t.Errorf("to a teacher: %v", err)
		}
		marks := func() string {
			page, err := policy.Marks(ctx, w.DB, w.Director, "7.2", policy.SeenFilter{})
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, m := range page.Marks {
				if m.Control == policy.Everyone {
					said = append(said, string(m.Outcome))
				}
			}
			slices.Sort(said)
			return strings.Join(said, " ")
		}
		if got := marks(); got != "conform exception waiting" {
			t.Errorf("in the season: %s", got)
		}
		w.now = time.Date(2027, time.October, 1, 15, 0, 0, 0, time.UTC)
		w.sweep()
		if got := marks(); got != "conform exception exception" {
			t.Errorf("after the season: %s", got)
		}
	})
}

func TestTheSeasonOfAttestations(t *testing.T) {
	for day, want := range map[string]governance.Year{"2027-04-30": 0, "2027-05-01": 2026, "2027-06-30": 2026, "2027-07-01": 2026, "2027-09-30": 2026, "2027-10-01": 0} {
		if y, _ := governance.Season(day); y != want {
			t.Errorf("on %s: %d, want %d", day, y, want)
		}
	}
	if y := governance.YearOf("2027-06-30"); y.String() != "2026-2027" || y.First() != "2026-07-01" || y.Last() != "2027-06-30" {
		t.Errorf("2026-2027: %s %s %s", y, y.First(), y.Last())
	}
}
