package assessment_test

import (
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"aval/internal/assessment"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
)

type world struct {
	*evaluationtest.World
	t         *testing.T
	s         *assessment.Service
	decisions *decision.Service
}

func build(t *testing.T, d *db.DB) world {
	t.Helper()
	w := world{evaluationtest.New(t, d), t, nil, &decision.Service{DB: d}}
	w.s = &assessment.Service{DB: d, Blobs: w.Evaluations.Blobs}
	return w
}

// answers are those of an assessment of Québec in which nothing leaves it.
func answers() map[string]string {
	return map[string]string{
		"purpose": "Apprendre à lire.", "audience": "24 élèves", "necessity": "Le prénom suffit.",
		"sensitivity": "low", "finality": "low", "quantity": "low", "distribution": "low", "medium": "low",
		"depth": "short", "depth_reason": "Un prénom, une classe.",
		"information": "Prénom.", "retention": "Un an.", "portable": "yes", "portable_format": "CSV",
		"place_hosting": "qc", "place_backup": "qc", "place_support": "none", "place_subprocessors": "none",
		"identifies": "no", "locates": "no", "profiles": "no", "public": "no", "decides_alone": "no",
		"conclusion": "Les risques sont connus et petits.",
	}
}

// abroad are those that more is asked of where something leaves Québec.
func abroad(adequate string) map[string]string {
	return map[string]string{"place_hosting": "ca", "transfer_places": "Ontario", "transfer_sensitivity": "Faible.", "transfer_purpose": "L’hébergement.",
		"transfer_protections": "Chiffrement, contrat.", "transfer_law": "LAIMPVP.", "transfer_adequate": adequate, "transfer_reason": "Le contrat le dit."}
}

// with is a set of answers changed by others.
func with(said map[string]string, changes ...string) map[string]string {
	out := maps.Clone(said)
	for i := 0; i+1 < len(changes); i += 2 {
		out[changes[i]] = changes[i+1]
	}
	return out
}

// written opens the assessment of a request, or another edition, and writes it.
func (w world) written(id request.ID, said map[string]string, risks ...assessment.Risk) assessment.Assessment {
	w.t.Helper()
	a, err := w.s.Open(w.t.Context(), w.PrivacyOfficer, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.write(a, said, risks...)
}

func (w world) write(a assessment.Assessment, said map[string]string, risks ...assessment.Risk) assessment.Assessment {
	w.t.Helper()
	a, err := w.s.Write(w.t.Context(), w.PrivacyOfficer, a.ID, assessment.Input{Answers: said, Risks: risks, Version: a.Version})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w world) conclude(a assessment.Assessment) (assessment.Assessment, error) {
	return w.s.Conclude(w.t.Context(), w.PrivacyOfficer, a.ID, assessment.Input{Version: a.Version})
}

func (w world) concluded(a assessment.Assessment) assessment.Assessment {
	w.t.Helper()
	a, err := w.conclude(a)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// fields are those that a refusal names.
func fields(err error) string {
	f, ok := fault.As(err)
	if !ok {
		return ""
	}
	return strings.Join(slices.Sorted(maps.Keys(f.Fields)), " ")
}

func TestNobodyElseAssesses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx, r := t.Context(), w.Acknowledged()
		_, err := w.s.Open(ctx, w.Teacher, r.ID)
		w.Refused("by who asked", err, fault.NotFound, "")
		a := w.written(r.ID, answers())
		_, err = w.s.View(ctx, w.Principal, a.ID)
		w.Refused("read by the school", err, fault.NotFound, "")
		_, err = w.s.Conclude(ctx, w.Director, a.ID, assessment.Input{Version: a.Version})
		w.Refused("concluded by the director", err, fault.Denied, "QC-PIA-01")
		_, err = w.s.Write(ctx, w.Evaluator, a.ID, assessment.Input{Version: 1})
		w.Refused("over another’s writing", err, fault.Conflict, "")
		_, _, err = w.s.Page(ctx, w.Teacher, assessment.Filter{})
		w.Refused("listed by a teacher", err, fault.Denied, "QC-PIA-01")
		list, more, err := w.s.Page(ctx, w.Evaluator, assessment.Filter{State: assessment.Draft})
		if err != nil || more || len(list) != 1 || list[0].Platform != "Récitou" || list[0].Number != r.Number || list[0].Org != "École du Grand-Pin" {
			t.Errorf("listed: %+v, %v", list, err)
		}
		asker := w.PrivacyOfficer
		asker.ID = w.Teacher.ID
		_, err = w.s.View(ctx, asker, a.ID)
		w.Refused("read by a privacy officer who asked", err, fault.NotFound, "")
	})
}

func TestWhatALawWantsIsAskedBeforeItIsConcluded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		a := w.written(w.Acknowledged().ID, answers())
		for _, c := range []struct {
			name   string
			said   map[string]string
			fields string
			clause string
		}{
			{"no reason for the depth", with(answers(), "depth_reason", " "), "answers.depth_reason", "QC-PIA-03"},
			{"a factor unweighed", with(answers(), "quantity", ""), "answers.quantity", "QC-PIA-03"},
			{"the full form asks more", with(answers(), "depth", "full"),
				"answers.access answers.flows answers.measures answers.parties answers.security answers.sources risks", "QC-PIA-01"},
			{"no word on giving back", with(answers(), "portable", ""), "answers.portable", "QC-PIA-04"},
			{"given back in no format", with(answers(), "portable_format", ""), "answers.portable_format", "QC-PIA-04"},
			{"not given back, and nothing done", with(answers(), "portable", "no"), "answers.portable_without", "QC-PIA-04"},
			{"support abroad, unweighed", with(answers(), "place_support", "elsewhere"),
				"answers.transfer_adequate answers.transfer_law answers.transfer_places answers.transfer_protections answers.transfer_purpose answers.transfer_reason answers.transfer_sensitivity", "QC-OUT-01"},
			{"it identifies, and nobody is told", with(answers(), "identifies", "yes"), "answers.notice_en answers.notice_fr answers.off_by_default", "QC-TECH-01"},
			{"on from the start, without a reason", with(answers(), "locates", "yes", "notice_fr", "Avis.", "notice_en", "Notice.", "off_by_default", "no"),
				"answers.not_off_reason", "QC-TECH-01"},
			{"students are the public, no setting", with(answers(), "public", "yes"), "answers.settings", "QC-TECH-02"},
			{"it decides alone", with(answers(), "decides_alone", "yes"), "answers.decides_notice answers.reviewer", "QC-TECH-03"},
			{"no conclusion", with(answers(), "conclusion", ""), "answers.conclusion", "QC-PIA-01"},
		} {
			a = w.write(a, with(answers(), "not_off_reason", "", "notice_fr", "", "notice_en", "", "off_by_default", "", "identifies", "no"))
			a = w.write(a, c.said)
			_, err := w.conclude(a)
			w.Refused(c.name, err, fault.Invalid, c.clause)
			if got := fields(err); got != c.fields {
				t.Errorf("%s: %q, want %q", c.name, got, c.fields)
			}
		}
		a = w.write(a, with(answers(), "not_off_reason", "", "notice_fr", "", "notice_en", "", "off_by_default", "", "locates", "no"))
		high := assessment.Risk{Text: "Un enfant est reconnu.", Likelihood: "possible", Consequence: "severe"}
		a = w.write(a, nil, high, assessment.Risk{})
		_, err := w.conclude(a)
		w.Refused("a high risk let be", err, fault.Invalid, "QC-PIA-01")
		if got := fields(err); got != "risks.0.mitigation risks.0.owner" {
			t.Errorf("a high risk let be: %s", got)
		}
		high.Mitigation, high.Owner = "Noms de connexion.", "evaluator"
		if a = w.concluded(w.write(a, nil, high)); a.State != assessment.Concluded || a.ConcludedBy != "priv" {
			t.Errorf("concluded: %+v", a)
		}
	})
}

func TestWordsThatNoFormOffersAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		a := w.written(w.Acknowledged().ID, nil)
		for name, c := range map[string]struct {
			in    assessment.Input
			names string
		}{
			"a question of nowhere":  {assessment.Input{Answers: map[string]string{"colour": "red"}}, "answers"},
			"a choice of nowhere":    {assessment.Input{Answers: map[string]string{"portable": "maybe"}}, "answers.portable"},
			"a book":                 {assessment.Input{Answers: map[string]string{"purpose": strings.Repeat("é", 10_001)}}, "answers.purpose"},
			"a risk without words":   {assessment.Input{Risks: []assessment.Risk{{Likelihood: "rare"}}}, "risks.0.text"},
			"a likelihood unheard":   {assessment.Input{Risks: []assessment.Risk{{Text: "x", Likelihood: "maybe", Consequence: "bad"}}}, "risks.0.consequence risks.0.likelihood"},
			"an owner of nowhere":    {assessment.Input{Risks: []assessment.Risk{{Text: "x", Owner: "paula"}}}, "risks.0.owner"},
			"more risks than a book": {assessment.Input{Risks: make([]assessment.Risk, 51)}, "risks"},
		} {
			c.in.Version = a.Version
			_, err := w.s.Write(t.Context(), w.Evaluator, a.ID, c.in)
			w.Refused(name, err, fault.Invalid, "")
			if got := fields(err); got != c.names {
				t.Errorf("%s: %q, want %q", name, got, c.names)
			}
		}
	})
}

func TestWhatIsKnownIsFilledInAndMarked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		r := w.Acknowledged()
		in := w.Complete(evaluation.Security)
		in.Location, in.LocationReason = evaluation.Canada, "Pas offert ici."
		in.Criteria["3.3c"] = evaluation.Judgement{Rating: evaluation.Met, Note: "Effacé après un an."}
		if _, err := w.Evaluations.Finish(t.Context(), w.Evaluator, r.ID, evaluation.Security, in, 0); err != nil {
			t.Fatal(err)
		}
		a := w.written(r.ID, map[string]string{"purpose": r.Usage, "audience": "Deux classes"})
		v, err := w.s.View(t.Context(), w.Evaluator, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		for code, want := range map[string]assessment.Answer{
			"purpose": {Value: r.Usage, From: "request.usage"}, "audience": {Value: "Deux classes"}, "information": {Value: "Prénom", From: "request.data_kinds"},
			"place_hosting": {Value: "ca", From: "evaluation.place"}, "retention": {Value: "Effacé après un an.", From: "evaluation.security.c"},
			"transfer_adequate": {}, "depth": {}, "conclusion": {}, "sensitivity": {},
		} {
			if v.Answers[code] != want {
				t.Errorf("%s: %+v, want %+v", code, v.Answers[code], want)
			}
		}
		if v.Suggested(v.Form) != "" {
			t.Errorf("a depth suggested before the factors: %s", v.Suggested(v.Form))
		}
		for value, want := range map[string]string{"high": "full", "medium": "full", "low": "short"} {
			a = w.write(a, map[string]string{"sensitivity": value, "finality": value, "quantity": "low", "distribution": "low", "medium": "low"})
			if got := a.Suggested(v.Form); got != want || a.Depth(v.Form) != "" {
				t.Errorf("%s: %s suggested, %s chosen", value, got, a.Depth(v.Form))
			}
		}
	})
}

func TestNothingLeavesQuebecUnweighed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx, r := t.Context(), w.Acknowledged()
		a := w.concluded(w.written(r.ID, answers()))
		if _, err := w.s.Consult(ctx, w.PrivacyOfficer, a.ID, assessment.Consultation{HeldOn: "2026-10-20", Present: "Trois membres", Opinion: "Favorable"}); err != nil {
			t.Fatal(err)
		}
		for _, aspect := range evaluation.Aspects {
			in := w.Complete(aspect)
			if aspect == evaluation.Security {
				in.Location, in.LocationReason = evaluation.Canada, "En Ontario seulement."
			}
			if _, err := w.Evaluations.Finish(ctx, w.Evaluator, r.ID, aspect, in, 0); err != nil {
				t.Fatal(err)
			}
		}
		decide := func(result decision.Result) error {
			v := decision.Verdict{Result: result, Reasons: "Vu."}
			_, err := w.decisions.Decide(ctx, w.Director, r.ID, decision.Input{Use: v, Security: v})
			return err
		}
		w.Refused("a place that nobody weighed", decide(decision.Approved), fault.Conflict, "QC-OUT-01")
		if p, err := w.decisions.Prepare(ctx, w.Director, r.ID); err != nil || p.Approval == nil || p.Refusal != nil {
			t.Errorf("the director reads %v and %v, %v", p.Refusal, p.Approval, err)
		}
		again := func(adequate string) {
			b, err := w.s.Correct(ctx, w.PrivacyOfficer, a.ID, "L’hébergement est en Ontario.")
			if err != nil {
				t.Fatal(err)
			}
			if adequate == "no" {
				_, err = w.conclude(b)
				w.Refused("concluded at another place than the evaluation’s", err, fault.Invalid, "QC-OUT-01")
			}
			a = w.concluded(w.write(b, abroad(adequate), assessment.Risk{Text: "Une copie se perd.", Likelihood: "rare",
				Consequence: "minor", Mitigation: "Les clés restent au Québec."}))
		}
		again("no")
		w.Refused("found inadequate", decide(decision.Approved), fault.Conflict, "QC-OUT-01")
		again("yes")
		if got := w.Mark("transfer.assessed", "request:"+string(r.ID)); got != "conform" {
			t.Errorf("transfer.assessed: %q", got)
		}
		if err := decide(decision.Approved); err != nil {
			t.Errorf("found adequate: %v", err)
		}
		contracts := &contract.Service{DB: d, Asked: assessment.Measures}
		c, err := contracts.Add(ctx, w.Evaluator, w.Platform.ID, contract.Terms{Kind: contract.Kinds[0], Contact: "Responsable de la vie privée",
			SignedOn: "2026-11-01", InForceOn: "2026-11-02", EndsOn: "2027-11-01"})
		if err != nil || len(c.Mitigations) == 0 || c.Mitigations[0].Text != a.Risks[0].Mitigation || c.Mitigations[0].Where != "" {
			t.Errorf("a contract made after begins with %+v, %v", c.Mitigations, err)
		}
	})
}

func TestAPlatformMayBeRefusedUnweighed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx, r := t.Context(), w.Acknowledged()
		for _, aspect := range evaluation.Aspects {
			in := w.Complete(aspect)
			if aspect == evaluation.Security {
				in.Location, in.LocationReason = evaluation.Canada, "En Ontario seulement."
			}
			if _, err := w.Evaluations.Finish(ctx, w.Evaluator, r.ID, aspect, in, 0); err != nil {
				t.Fatal(err)
			}
		}
		outside := request.Privacy{Personal: "yes", PIAOn: "2026-10-20", CommitteeOn: "2026-10-20"}
		if _, err := w.Requests.RecordPrivacy(ctx, w.PrivacyOfficer, r.ID, outside); err != nil {
			t.Fatal(err)
		}
		in := decision.Input{Use: decision.Verdict{Result: decision.Approved, Reasons: "Utile."}, Security: decision.Verdict{Result: decision.Approved, Reasons: "Sûre."}}
		_, err := w.decisions.Decide(ctx, w.Director, r.ID, in)
		w.Refused("approved", err, fault.Conflict, "QC-OUT-01")
		in.Security = decision.Verdict{Result: decision.Refused, Reasons: "Trop loin."}
		if _, err := w.decisions.Decide(ctx, w.Director, r.ID, in); err != nil {
			t.Errorf("refused: %v", err)
		}
	})
}

func TestWhatIsConcludedIsNotRewritten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx, r := t.Context(), w.Acknowledged()
		a := w.written(r.ID, answers())
		_, err := w.s.Correct(ctx, w.PrivacyOfficer, a.ID, "Parce que.")
		w.Refused("a draft corrected", err, fault.Conflict, "QC-PIA-01")
		a = w.concluded(a)
		kept, err := w.Requests.View(ctx, w.Evaluator, r.ID)
		if err != nil || kept.Privacy != (request.Privacy{Personal: "yes", PIAOn: "2026-11-02", Assessment: string(a.ID)}) {
			t.Errorf("the request says %+v, %v", kept.Privacy, err)
		}
		_, err = w.s.Write(ctx, w.PrivacyOfficer, a.ID, assessment.Input{Answers: map[string]string{"purpose": "Autre."}, Version: a.Version})
		w.Refused("written again", err, fault.Conflict, "QC-PIA-01")
		_, err = w.conclude(a)
		w.Refused("concluded again", err, fault.Conflict, "QC-PIA-01")
		_, err = w.Requests.RecordPrivacy(ctx, w.PrivacyOfficer, r.ID, request.Privacy{Personal: "no"})
		w.Refused("said otherwise by hand", err, fault.Conflict, "QC-PIA-01")
		_, err = w.s.Correct(ctx, w.PrivacyOfficer, a.ID, " ")
		w.Refused("corrected without a reason", err, fault.Invalid, "")
		b, err := w.s.Correct(ctx, w.PrivacyOfficer, a.ID, "Une faute.")
		if err != nil || b.Corrects != a.ID || b.Edition != 2 || b.Answers["purpose"] != a.Answers["purpose"] {
			t.Fatalf("the correction: %+v, %v", b, err)
		}
		_, err = w.s.Correct(ctx, w.PrivacyOfficer, a.ID, "Une autre.")
		w.Refused("corrected twice at once", err, fault.Conflict, "")
		b = w.concluded(w.write(b, map[string]string{"purpose": "Apprendre à lire mieux."}))
		_, err = w.s.Correct(ctx, w.PrivacyOfficer, a.ID, "Une autre.")
		w.Refused("the earlier one corrected", err, fault.Conflict, "QC-PIA-01")
		v, err := w.s.View(ctx, w.Evaluator, a.ID)
		if err != nil || v.Answers["purpose"].Value != "Apprendre à lire." || !v.Replaced || len(v.Editions) != 2 || v.Editions[0].ID != b.ID {
			t.Errorf("the earlier one: %+v, %v", v.Assessment, err)
		}
		if got := w.Acts(assessment.Subject(b.ID)); !slices.Equal(got, []string{"assessment.corrected", "assessment.written", "assessment.concluded"}) {
			t.Errorf("the trail: %v", got)
		}
	})
}

func TestTheCommitteeIsHeardBeforeTheDecision(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx, r := t.Context(), w.Acknowledged()
		a := w.concluded(w.written(r.ID, answers()))
		said := assessment.Consultation{HeldOn: "2026-11-01", Present: "Trois membres", Opinion: "Favorable", Measures: "Former les enseignants"}
		for name, change := range map[string]func(*assessment.Consultation){
			"held_on": func(c *assessment.Consultation) { c.HeldOn = "2026-11-03" }, "present": func(c *assessment.Consultation) { c.Present = " " },
			"opinion": func(c *assessment.Consultation) { c.Opinion = "" },
		} {
			c := said
			change(&c)
			_, err := w.s.Consult(ctx, w.PrivacyOfficer, a.ID, c)
			w.Refused("without "+name, err, fault.Invalid, "QC-PIA-02")
			if got := fields(err); got != name {
				t.Errorf("%s is refused beside %s", name, got)
			}
		}
		_, err := w.s.Consult(ctx, w.Evaluator, a.ID, said)
		w.Refused("by an evaluator", err, fault.Denied, "QC-PIA-01")
		w.Evaluate(w.Evaluator, r.ID)
		v := decision.Verdict{Result: decision.Approved, Reasons: "Vu."}
		_, err = w.decisions.Decide(ctx, w.Director, r.ID, decision.Input{Use: v, Security: v})
		w.Refused("decided before", err, fault.Conflict, "QC-PIA-02")
		if _, err := w.s.Consult(ctx, w.PrivacyOfficer, a.ID, said); err != nil {
			t.Fatal(err)
		}
		if _, err = w.decisions.Decide(ctx, w.Director, r.ID, decision.Input{Use: v, Security: v}); err != nil {
			t.Fatal(err)
		}
		w.Now = w.Now.AddDate(0, 0, 3)
		said.HeldOn = "2026-11-04"
		if c, err := w.s.Consult(ctx, w.PrivacyOfficer, a.ID, said); err != nil || !c.Late {
			t.Errorf("held after the decision: %+v, %v", c, err)
		}
		if got := w.Mark("privacy.consulted", "request:"+string(r.ID)); got != "conform" {
			t.Errorf("consulted before, and once more after: %s", got)
		}
	})
}

func TestAConfidentialReportIsForFewAndNoted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx, r := t.Context(), w.Acknowledged()
		a := w.written(r.ID, answers())
		report := func() assessment.Upload {
			return assessment.Upload{Name: "vetting.txt", Media: "text/plain", Content: strings.NewReader("Confidentiel")}
		}
		_, err := w.s.Attach(ctx, w.Principal, a.ID, report())
		w.Refused("attached by a school", err, fault.NotFound, "")
		_, err = w.s.Attach(ctx, w.Evaluator, a.ID, assessment.Upload{})
		w.Refused("no file", err, fault.Invalid, "")
		f, err := w.s.Attach(ctx, w.Evaluator, a.ID, report())
		if err != nil {
			t.Fatal(err)
		}
		for name, by := range map[string]policy.Actor{"who asked": w.Teacher, "who authorised": w.Principal, "the appeal authority": w.Appeal, "IT": w.IT} {
			_, _, err := w.s.File(ctx, by, f.ID)
			w.Refused("opened by "+name, err, fault.NotFound, "")
		}
		got, content, err := w.s.File(ctx, w.Director, f.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := content.Close(); err != nil {
				t.Error(err)
			}
		}()
		if text, err := io.ReadAll(content); err != nil || string(text) != "Confidentiel" || got.Name != "vetting.txt" {
			t.Errorf("opened: %q %v", text, err)
		}
		if acts := w.Acts(f.Subject()); !slices.Equal(acts, []string{"vetting.attached", "vetting.opened"}) {
			t.Errorf("the trail: %v", acts)
		}
		if v, err := w.s.View(ctx, w.Evaluator, a.ID); err != nil || len(v.Vetting) != 1 {
			t.Errorf("shown: %+v, %v", v.Vetting, err)
		}
	})
}

func TestAnAssessmentDoneWithoutAvalIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx, r := t.Context(), w.Acknowledged()
		report := func() assessment.Upload {
			return assessment.Upload{Name: "efvp.txt", Content: strings.NewReader("Faite à l’automne")}
		}
		p := request.Privacy{Personal: "yes", PIAOn: "2026-10-20", CommitteeOn: "2026-10-20", Transfer: "yes"}
		_, err := w.s.RecordOutside(ctx, w.Teacher, r.ID, p, report())
		w.Refused("by who asked", err, fault.Denied, "QC-PIA-01")
		_, err = w.s.RecordOutside(ctx, w.PrivacyOfficer, r.ID, request.Privacy{Personal: "yes", PIAOn: "2026-12-20"}, report())
		w.Refused("on a day to come", err, fault.Invalid, "QC-PIA-01")
		kept, err := w.s.RecordOutside(ctx, w.PrivacyOfficer, r.ID, p, report())
		if err != nil || kept.Privacy != p || kept.PrivacyBy != "priv" {
			t.Fatalf("kept: %+v, %v", kept.Privacy, err)
		}
		o, err := w.s.OfRequest(ctx, w.Evaluator, r.ID)
		if err != nil || len(o.Files) != 1 || o.Latest != nil || !o.May {
			t.Errorf("beside the request: %+v, %v", o, err)
		}
		if o, err := w.s.OfRequest(ctx, w.Teacher, r.ID); err != nil || len(o.Files) != 0 || o.May {
			t.Errorf("beside the request, to who asked: %+v, %v", o, err)
		}
	})
}

func TestOntarioAsksItsTenElements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		pack, err := policy.Shipped("conseil-infonuagique-2026")
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range []*policy.Actor{&w.Teacher, &w.Principal, &w.Evaluator, &w.Director, &w.PrivacyOfficer} {
			a.Pack = pack
		}
		ctx, r := t.Context(), w.Acknowledged()
		said := map[string]string{"authority": "Loi sur l’éducation.", "uses": "Lire.", "access_roles": "L’enseignant.", "limits": "Aucune publicité.",
			"retention": "Un an.", "safeguards": "Chiffrement.", "mitigation": "Noms de connexion.", "conclusion": "Acceptable."}
		low := assessment.Risk{Text: "Un mot de passe perdu.", Likelihood: "likely", Consequence: "minor"}
		a := w.written(r.ID, with(said, "authority", "", "limits", ""), low)
		_, err = w.conclude(a)
		w.Refused("two elements missing", err, fault.Invalid, "ON-PIA-01")
		if got := fields(err); got != "answers.authority answers.limits" {
			t.Errorf("missing: %s", got)
		}
		high := assessment.Risk{Text: "Un enfant est reconnu.", Likelihood: "likely", Consequence: "serious", Owner: "it"}
		_, err = w.conclude(w.write(a, said, low, high))
		w.Refused("a high risk without a mitigation", err, fault.Invalid, "ON-TECH-03")
		high.Mitigation = "Noms de connexion."
		if a, err = w.s.Open(ctx, w.PrivacyOfficer, r.ID); err != nil {
			t.Fatal(err)
		}
		a = w.concluded(w.write(a, nil, low, high))
		if a.Answers["purpose"].From != "request.usage" {
			t.Errorf("the purpose: %+v", a.Answers["purpose"])
		}
		_, err = w.s.Consult(ctx, w.PrivacyOfficer, a.ID, assessment.Consultation{HeldOn: "2026-11-01", Present: "x", Opinion: "y"})
		w.Refused("a committee that the law does not know", err, fault.Conflict, "")
		if got := w.Mark("assessment.mitigated", "request:"+string(r.ID)); got != "conform" {
			t.Errorf("assessment.mitigated: %q", got)
		}
	})
}
