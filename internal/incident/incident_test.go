package incident_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/org"
	"aval/internal/policy"
)

var now = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// world is a board with a school, and people of every role on the board.
type world struct {
	*incident.Service
	t     *testing.T
	board string
	pack  *policy.Pack
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		d.Clock = func() time.Time { return now }
		pack, err := policy.Shipped("csc-pan-2023")
		if err != nil {
			t.Fatal(err)
		}
		w := &world{Service: &incident.Service{DB: d}, t: t, board: dbtest.Board(t, d), pack: pack}
		w.must(d.Write(t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
			return org.Save(ctx, tx, org.Org{ID: "s1", SourceID: "s1", Kind: org.School, Name: "École des Outardes", Sector: org.Youth, Status: org.Active})
		}))
		f(t, w)
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) as(role policy.Role) policy.Actor {
	return policy.Actor{ID: "a-" + string(role), Board: w.board, Lang: "fr", Via: "web", Pack: w.pack, Grants: []policy.Grant{{Role: role}}}
}

func entry() incident.Entry {
	return incident.Entry{Kind: "release", Information: "Prénoms et niveaux", Circumstances: "Une liste est partie à la mauvaise école.",
		From: "2026-11-10", AwareOn: "2026-11-12", Count: 24, CountAbout: true, Groups: []incident.Group{"students"}, Schools: []string{"s1"}}
}

func weighed(answer string) incident.Risk {
	return incident.Risk{Sensitivity: "Peu sensibles", Misuse: "Aucun connu", Consequences: "De la gêne", Likelihood: "Faible",
		Answer: answer, Reasons: "La liste est détruite.", ConsultedOn: "2026-11-13"}
}

func (w *world) open() incident.Incident {
	w.t.Helper()
	i, err := w.Open(w.t.Context(), w.as(policy.PrivacyOfficer), entry(), "")
	w.must(err)
	return i
}

func (w *world) assess(i incident.Incident, answer string) {
	w.t.Helper()
	_, err := w.Assess(w.t.Context(), w.as(policy.PrivacyOfficer), i.ID, weighed(answer))
	w.must(err)
}

func (w *world) measure(i incident.Incident) {
	w.t.Helper()
	_, err := w.Measure(w.t.Context(), w.as(policy.PrivacyOfficer), i.ID, incident.Measure{On: "2026-11-12", Text: "La liste est détruite."}, 0)
	w.must(err)
}

func (w *world) tell(i incident.Incident, to incident.To, reason string) {
	w.t.Helper()
	n, err := w.Draft(w.t.Context(), w.as(policy.PrivacyOfficer), i.ID, to)
	w.must(err)
	_, err = w.Sent(w.t.Context(), w.as(policy.PrivacyOfficer), i.ID, n.ID, "2026-11-14", reason)
	w.must(err)
}

// marks are what controls saw of a subject.
func (w *world) marks(subject string) map[string]string {
	w.t.Helper()
	seen := map[string]string{}
	w.must(w.DB.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.All(ctx, tx, func(row db.Row) (p [2]string, err error) {
			err = row.Scan(&p[0], &p[1])
			return p, err
		}, `SELECT control, outcome FROM control_mark WHERE board_id = $1 AND subject = $2`, tx.Board, subject)
		for _, p := range found {
			seen[p[0]] = p[1]
		}
		return err
	}))
	return seen
}

func (w *world) trail(subject string) (actions []string) {
	w.t.Helper()
	w.must(w.DB.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.All(ctx, tx, func(row db.Row) (s string, err error) {
			err = row.Scan(&s)
			return s, err
		}, `SELECT action FROM audit_record WHERE board_id = $1 AND subject = $2 ORDER BY seq`, tx.Board, subject)
		actions = found
		return err
	}))
	return actions
}

func refused(t *testing.T, err error, kind fault.Kind, key, clause string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Kind != kind || f.Clause != clause {
		t.Errorf("got %v, want kind %d %s under %q", err, kind, key, clause)
		return
	}
	if f.Key == key {
		return
	}
	for _, m := range f.Fields {
		if m.Key == key {
			return
		}
	}
	t.Errorf("got %v, want %s", err, key)
}

func TestWhoMayNot(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		i := w.open()
		for _, role := range []policy.Role{policy.Teacher, policy.Principal, policy.IT, policy.Operator} {
			if _, err := w.List(t.Context(), w.as(role)); !fault.Is(err, fault.Denied) {
				t.Errorf("%s lists: %v", role, err)
			}
			if _, err := w.View(t.Context(), w.as(role), i.ID, 0); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s reads: %v", role, err)
			}
			if _, err := w.Open(t.Context(), w.as(role), entry(), ""); !fault.Is(err, fault.Denied) {
				t.Errorf("%s opens: %v", role, err)
			}
			if _, err := w.Assess(t.Context(), w.as(role), i.ID, weighed("no")); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s assesses: %v", role, err)
			}
			if err := w.Delete(t.Context(), w.as(role), i.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s deletes: %v", role, err)
			}
		}
		secretary := w.as(policy.Secretary) // reads, and changes nothing
		if _, err := w.View(t.Context(), secretary, i.ID, 0); err != nil {
			t.Error(err)
		}
		if _, err := w.Close(t.Context(), secretary, i.ID, "fini"); !fault.Is(err, fault.Denied) {
			t.Errorf("the secretary closes: %v", err)
		}
		nobody := w.as(policy.Teacher)
		nobody.Grants = nil
		if _, err := w.Report(t.Context(), nobody, incident.Told{NoticedOn: "2026-11-20", Text: "Une liste"}); err == nil {
			t.Error("one without a role reports")
		}
	})
}

func TestWhatIsWrong(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		officer := w.as(policy.PrivacyOfficer)
		long := strings.Repeat("é", incident.MaxText+1)
		for name, c := range map[string]struct {
			change func(*incident.Entry)
			field  string
			key    string
		}{
			"without a kind":              {func(e *incident.Entry) { e.Kind = "flood" }, "kind", "incident.kind_required"},
			"without information":         {func(e *incident.Entry) { e.Information = " \u00a0\n" }, "information", "incident.information_required"},
			"without circumstances":       {func(e *incident.Entry) { e.Circumstances = "" }, "circumstances", "incident.circumstances_required"},
			"too long":                    {func(e *incident.Entry) { e.Cause = long }, "cause", "incident.text_long"},
			"without a date":              {func(e *incident.Entry) { e.From = "" }, "from", "incident.day_required"},
			"of a day that is none":       {func(e *incident.Entry) { e.From = "2026-02-30" }, "from", "incident.day_wrong"},
			"that ends before it begins":  {func(e *incident.Entry) { e.Until = "2026-11-09" }, "until", "incident.until_early"},
			"known before it happened":    {func(e *incident.Entry) { e.AwareOn = "2026-11-09" }, "aware_on", "incident.aware_early"},
			"known tomorrow":              {func(e *incident.Entry) { e.AwareOn = "2026-11-21" }, "aware_on", "incident.day_future"},
			"of fewer than no people":     {func(e *incident.Entry) { e.Count = -1 }, "count", "incident.count_required"},
			"of nobody in particular":     {func(e *incident.Entry) { e.Groups = nil }, "groups", "incident.groups_required"},
			"of a kind of people unknown": {func(e *incident.Entry) { e.Groups = []incident.Group{"ghosts"} }, "groups", "incident.groups_required"},
			"at a school of elsewhere":    {func(e *incident.Entry) { e.Schools = []string{"s9"} }, "schools", "incident.schools_wrong"},
		} {
			e := entry()
			c.change(&e)
			_, err := w.Open(t.Context(), officer, e, "")
			if f, ok := fault.As(err); !ok || f.Fields[c.field].Key != c.key || len(f.Fields) != 1 || f.Clause != "QC-INC-07" {
				t.Errorf("%s: %v, want %s beside %s", name, err, c.key, c.field)
			}
		}
		e := entry()
		e.Platform = "nothing"
		if _, err := w.Open(t.Context(), officer, e, ""); !fault.Is(err, fault.NotFound) {
			t.Errorf("a platform that is not there: %v", err)
		}
		i := w.open()
		_, err := w.Assess(t.Context(), officer, i.ID, incident.Risk{Answer: "perhaps", ConsultedOn: "2026-11-01"})
		f, ok := fault.As(err)
		for _, field := range []string{"sensitivity", "misuse", "consequences", "likelihood", "answer", "reasons", "consulted_on"} {
			if !ok || f.Fields[field].Key == "" {
				t.Errorf("a test without an answer: %v, want %s", err, field)
			}
		}
		unheard := weighed("no")
		unheard.ConsultedOn = ""
		_, err = w.Assess(t.Context(), w.as(policy.Evaluator), i.ID, unheard)
		refused(t, err, fault.Invalid, "incident.day_required", "QC-INC-03")
		_, err = w.Measure(t.Context(), officer, i.ID, incident.Measure{On: "2026-11-09", Recipient: "Le fournisseur"}, 0)
		f, ok = fault.As(err)
		if !ok || f.Fields["on"].Key != "incident.before_event" || f.Fields["text"].Key == "" || f.Fields["given"].Key == "" {
			t.Errorf("a measure: %v", err)
		}
		_, err = w.Measure(t.Context(), officer, i.ID, incident.Measure{On: "2026-11-12", Text: "Rappel"}, 1)
		refused(t, err, fault.Invalid, "incident.replaces_wrong", "QC-INC-02")
		_, err = w.Report(t.Context(), w.as(policy.Teacher), incident.Told{NoticedOn: "2026-11-21"})
		refused(t, err, fault.Invalid, "incident.told_required", "QC-INC-01")
		_, err = w.Draft(t.Context(), officer, i.ID, "press")
		refused(t, err, fault.Invalid, "incident.to_required", "QC-INC-05")
	})
}

func TestAReportReachesWhoAnswersAndItsAuthorSeesItsStateAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		teacher, officer := w.as(policy.Teacher), w.as(policy.PrivacyOfficer)
		r, err := w.Report(t.Context(), teacher, incident.Told{NoticedOn: "2026-11-19", Text: "Une liste affichée\x00 au mur", Platform: "Tabulou"})
		w.must(err)
		if got := w.marks(r.Subject()); got[incident.ControlRegistered] != "waiting" {
			t.Errorf("a report: %v", got)
		}
		l, err := w.List(t.Context(), officer)
		if err != nil || len(l.Reports) != 1 || l.Reports[0].Told.Text != "Une liste affichée au mur" {
			t.Errorf("%+v, %v", l.Reports, err)
		}
		state := func(of policy.Actor) (states []incident.ReportState) {
			mine, err := w.Mine(t.Context(), of)
			w.must(err)
			for _, r := range mine {
				if r.Incident != "" || r.Reason != "" || r.AnsweredBy != "" {
					t.Errorf("the author is told more than the state: %+v", r)
				}
				states = append(states, r.State)
			}
			return states
		}
		if got := state(teacher); !slices.Equal(got, []incident.ReportState{incident.Received}) {
			t.Errorf("%v", got)
		}
		if got := state(w.as(policy.Principal)); got != nil {
			t.Errorf("another sees it: %v", got)
		}
		if _, err := w.SetAside(t.Context(), teacher, r.ID, "Rien"); !fault.Is(err, fault.NotFound) {
			t.Errorf("its author sets it aside: %v", err)
		}
		if _, err := w.SetAside(t.Context(), officer, r.ID, " "); !fault.Is(err, fault.Invalid) {
			t.Errorf("without a reason: %v", err)
		}
		i, err := w.Open(t.Context(), officer, entry(), r.ID)
		w.must(err)
		if got := state(teacher); !slices.Equal(got, []incident.ReportState{incident.Taken}) {
			t.Errorf("taken up: %v", got)
		}
		if got := w.marks(r.Subject()); len(got) != 0 {
			t.Errorf("a report taken up still waits: %v", got)
		}
		if _, err := w.Open(t.Context(), officer, entry(), r.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("taken up twice: %v", err)
		}
		w.assess(i, "no")
		w.measure(i)
		_, err = w.Close(t.Context(), officer, i.ID, "Réglé")
		w.must(err)
		if got := state(teacher); !slices.Equal(got, []incident.ReportState{incident.Done}) {
			t.Errorf("closed: %v", got)
		}
		other, err := w.Report(t.Context(), teacher, incident.Told{NoticedOn: "2026-11-19", Text: "Un doute"})
		w.must(err)
		_, err = w.SetAside(t.Context(), officer, other.ID, "Aucun renseignement n’est touché.")
		w.must(err)
		if got := state(teacher); !slices.Contains(got, incident.Aside) {
			t.Errorf("set aside: %v", got)
		}
	})
}

func TestClosingWaitsForWhatTheLawAsks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		officer, i := w.as(policy.PrivacyOfficer), w.open()
		closing := func() error {
			_, err := w.Close(t.Context(), officer, i.ID, "Tout est fait.")
			return err
		}
		refused(t, closing(), fault.Conflict, "incident.risk_first", "QC-INC-03")
		_, err := w.Draft(t.Context(), officer, i.ID, incident.People)
		refused(t, err, fault.Conflict, "incident.risk_first", "QC-INC-03")
		w.assess(i, "yes")
		refused(t, closing(), fault.Conflict, "incident.measure_first", "QC-INC-02")
		w.measure(i)
		refused(t, closing(), fault.Conflict, "incident.commission_first", "QC-INC-04")
		w.tell(i, incident.Commission, "")
		refused(t, closing(), fault.Conflict, "incident.people_first", "QC-INC-05")
		if got := w.marks(i.Subject()); got[incident.ControlNotified] != "waiting" || got[incident.ControlMeasured] != "conform" {
			t.Errorf("before the people are told: %v", got)
		}
		n, err := w.Draft(t.Context(), officer, i.ID, incident.Public)
		w.must(err)
		_, err = w.Sent(t.Context(), officer, i.ID, n.ID, "2026-11-14", "")
		refused(t, err, fault.Invalid, "incident.public_reason", "QC-INC-05")
		_, err = w.Sent(t.Context(), officer, i.ID, n.ID, "2026-11-11", "Adresses inconnues")
		refused(t, err, fault.Invalid, "incident.before_aware", "QC-INC-05")
		_, err = w.Sent(t.Context(), officer, i.ID, n.ID, "2026-11-14", "Adresses inconnues")
		w.must(err)
		_, err = w.Sent(t.Context(), officer, i.ID, n.ID, "2026-11-15", "Encore")
		refused(t, err, fault.Conflict, "incident.notice_sent", "QC-INC-05")
		_, err = w.Close(t.Context(), officer, i.ID, "")
		refused(t, err, fault.Invalid, "incident.closing_required", "QC-INC-07")
		w.must(closing())
		refused(t, closing(), fault.Conflict, "incident.closed_already", "")
		for control, want := range map[string]string{incident.ControlRegistered: "conform", incident.ControlRisk: "conform",
			incident.ControlNotified: "conform", incident.ControlMeasured: "conform", incident.ControlKept: "conform"} {
			if got := w.marks(i.Subject()); got[control] != want {
				t.Errorf("%s: %v", control, got)
			}
		}
		want := []string{"incident.opened", "incident.assessed", "incident.measured", "incident.notice_drafted", "incident.notice_sent",
			"incident.notice_drafted", "incident.notice_sent", "incident.closed"}
		if got := w.trail(i.Subject()); !slices.Equal(got, want) {
			t.Errorf("the trail: %v", got)
		}
	})
}

// What was not serious needs no notice; found serious later, it is open again.
func TestAClosedEntryThatNoLongerHoldsIsOpenAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		officer, i := w.as(policy.PrivacyOfficer), w.open()
		w.assess(i, "no")
		w.measure(i)
		closed, err := w.Close(t.Context(), officer, i.ID, "Réglé")
		w.must(err)
		if closed.State != incident.Closed || closed.ClosedBy != officer.ID {
			t.Errorf("%+v", closed)
		}
		again, err := w.Assess(t.Context(), officer, i.ID, weighed("yes"))
		if err != nil || again.State != incident.Opened || !again.ClosedAt.IsZero() {
			t.Errorf("%+v, %v", again, err)
		}
	})
}

func TestACorrectionKeepsTheFormerVersion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		officer, i := w.as(policy.PrivacyOfficer), w.open()
		w.measure(i)
		v, err := w.View(t.Context(), officer, i.ID, 0)
		w.must(err)
		e := v.Entry
		e.Count, e.AwareOn = 31, "2026-11-11"
		_, err = w.Correct(t.Context(), officer, i.ID, e, "", v.Version)
		refused(t, err, fault.Invalid, "incident.why_required", "QC-INC-07")
		if _, err := w.Correct(t.Context(), officer, i.ID, e, "Recompté", v.Version-1); !fault.Is(err, fault.Conflict) {
			t.Errorf("of an older version: %v", err)
		}
		_, err = w.Correct(t.Context(), officer, i.ID, e, "Recompté avec l’école", v.Version)
		w.must(err)
		after, err := w.View(t.Context(), officer, i.ID, 0)
		if err != nil || after.Count != 31 || len(after.Measures) != 1 || after.Why != "Recompté avec l’école" || after.Days != 9 {
			t.Errorf("%+v, %v", after.Incident, err)
		}
		former, err := w.View(t.Context(), officer, i.ID, v.Version)
		if err != nil || former.Count != 24 || former.Current || len(former.Versions) != 3 {
			t.Errorf("the former: %+v, %v", former.Incident, err)
		}
		if _, err := w.View(t.Context(), officer, i.ID, 99); !fault.Is(err, fault.NotFound) {
			t.Errorf("a version that never was: %v", err)
		}
		_, err = w.Measure(t.Context(), officer, i.ID, incident.Measure{On: "2026-11-13", Text: "Liste reprise"}, 1)
		w.must(err)
		after, err = w.View(t.Context(), officer, i.ID, 0)
		if err != nil || len(after.Measures) != 1 || after.Measures[0].Text != "Liste reprise" {
			t.Errorf("a measure put in place of another: %+v, %v", after.Measures, err)
		}
	})
}

func TestTheRegisterIsKeptFiveYearsFromAwareness(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		officer, i := w.as(policy.PrivacyOfficer), w.open()
		w.assess(i, "no")
		w.measure(i)
		_, err := w.Close(t.Context(), officer, i.ID, "Réglé")
		w.must(err)
		w.DB.Clock = func() time.Time { return time.Date(2031, 11, 11, 17, 0, 0, 0, time.UTC) }
		refused(t, w.Delete(t.Context(), officer, i.ID), fault.Conflict, "incident.kept", "QC-INC-08")
		w.DB.Clock = func() time.Time { return time.Date(2031, 11, 12, 17, 0, 0, 0, time.UTC) }
		w.must(w.Delete(t.Context(), officer, i.ID))
		if _, err := w.View(t.Context(), officer, i.ID, 0); !fault.Is(err, fault.NotFound) {
			t.Errorf("it is still there: %v", err)
		}
		if got := w.marks(i.Subject()); len(got) != 0 {
			t.Errorf("its marks: %v", got)
		}
	})
}

func TestNoticesAreDraftedFromWhatWasEntered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		officer, i := w.as(policy.PrivacyOfficer), w.open()
		w.assess(i, "yes")
		w.measure(i)
		n, err := w.Draft(t.Context(), officer, i.ID, incident.Commission)
		w.must(err)
		for _, say := range []string{"Commission d’accès à l’information", "Prénoms et niveaux", "environ 24 personnes", "École des Outardes",
			"12\u00a0nov.\u00a02026", "Il y a un risque de préjudice sérieux.", "La liste est détruite.", "[À compléter]"} {
			if !strings.Contains(n.Fr, say) {
				t.Errorf("the French draft does not say %q:\n%s", say, n.Fr)
			}
		}
		if !strings.Contains(n.En, "There is a risk of serious injury.") || strings.Contains(n.En, "[À compléter]") {
			t.Errorf("the English draft:\n%s", n.En)
		}
		_, err = w.Write(t.Context(), officer, i.ID, n.ID, "", "Madam, Sir", n.Version)
		refused(t, err, fault.Invalid, "incident.notice_required", "QC-INC-04")
		_, err = w.Write(t.Context(), officer, i.ID, n.ID, "Madame, Monsieur", "Madam, Sir", n.Version)
		w.must(err)
		if _, err := w.Write(t.Context(), officer, i.ID, n.ID, "Autre", "Other", n.Version); !fault.Is(err, fault.Conflict) {
			t.Errorf("of an older version: %v", err)
		}
		v, err := w.Notice(t.Context(), officer, i.ID, n.ID)
		if err != nil || v.Text("en") != "Madam, Sir" || len(v.Versions) != 2 || v.Versions[1].Fr != n.Fr {
			t.Errorf("%+v, %v", v, err)
		}
		_, err = w.Sent(t.Context(), officer, i.ID, n.ID, "2026-11-20", "")
		w.must(err)
		_, err = w.Write(t.Context(), officer, i.ID, n.ID, "Autre", "Other", v.Version)
		refused(t, err, fault.Conflict, "incident.notice_sent", "QC-INC-04")
		if _, err := w.Notice(t.Context(), officer, "another", n.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("under another incident: %v", err)
		}
	})
}

// An Ontario board answers another test, under another law.
func TestOntarioAsksForARealRiskOfSignificantHarm(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ontario := *w.pack
		ontario.Jurisdiction = "CA-ON"
		w.pack = &ontario
		evaluator := w.as(policy.Evaluator)
		i, err := w.Open(t.Context(), evaluator, entry(), "")
		w.must(err)
		_, err = w.Assess(t.Context(), evaluator, i.ID, incident.Risk{Answer: "yes"})
		f, ok := fault.As(err)
		if !ok || f.Clause != "ON-BRE-01" || f.Fields["mitigation"].Key == "" || f.Fields["misuse"].Key != "" || f.Fields["consulted_on"].Key != "" {
			t.Errorf("%v", err)
		}
		_, err = w.Assess(t.Context(), evaluator, i.ID, incident.Risk{Sensitivity: "Low", Likelihood: "Low", Mitigation: "Destroyed", Answer: "yes", Reasons: "Lists"})
		w.must(err)
		n, err := w.Draft(t.Context(), evaluator, i.ID, incident.Commission)
		if err != nil || !strings.Contains(n.En, "Information and Privacy Commissioner") || !strings.Contains(n.En, "real risk of significant harm") {
			t.Errorf("%v\n%s", err, n.En)
		}
	})
}

func TestDaysAreCountedFromAwarenessAndNeverDown(t *testing.T) {
	i := incident.Incident{Entry: incident.Entry{AwareOn: "2026-11-12"}, State: incident.Opened}
	if got := i.Days("2026-12-31"); got != 49 {
		t.Errorf("open: %d", got)
	}
	i.State, i.ClosedAt = incident.Closed, time.Date(2026, 11, 20, 12, 0, 0, 0, i18n.Zone)
	if got := i.Days("2026-12-31"); got != 8 {
		t.Errorf("closed: %d", got)
	}
	if i.KeptUntil() != "2031-11-12" {
		t.Errorf("kept until %s", i.KeptUntil())
	}
}
