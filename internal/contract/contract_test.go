package contract_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/assessment"
	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/evaluation/evaluationtest"
	"aval/internal/fault"
	"aval/internal/incident"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/request"
)

type world struct {
	*evaluationtest.World
	t         *testing.T
	s         *contract.Service
	licences  *licence.Service
	incidents *incident.Service
}

func build(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{World: evaluationtest.New(t, d), t: t, licences: licence.New(d, contract.Gate), incidents: &incident.Service{DB: d}}
	w.s = &contract.Service{DB: d, Blobs: w.Evaluations.Blobs, Asked: assessment.Measures}
	return w
}

// ontario gives the people of the board the other policy.
func (w *world) ontario() {
	w.t.Helper()
	pack, err := policy.Shipped("conseil-infonuagique-2026")
	w.must(err)
	for _, a := range []*policy.Actor{&w.Evaluator, &w.Director, &w.PrivacyOfficer, &w.Principal} {
		a.Pack = pack
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// decided approves the platform, which touches personal information or not.
func (w *world) decided(personal string) {
	w.t.Helper()
	ctx := w.t.Context()
	r := w.Acknowledged()
	for _, aspect := range evaluation.Aspects {
		in := w.Complete(aspect)
		if aspect == evaluation.Security {
			in.Location, in.LocationReason = evaluation.Canada, "Pas offert ici."
		}
		_, err := w.Evaluations.Finish(ctx, w.Evaluator, r.ID, aspect, in, 0)
		w.must(err)
	}
	p := request.Privacy{Personal: personal}
	if personal == "yes" {
		p.PIAOn, p.CommitteeOn, p.Transfer = "2026-11-01", "2026-10-01", "yes"
	}
	_, err := w.Requests.RecordPrivacy(ctx, w.PrivacyOfficer, r.ID, p)
	w.must(err)
	yes := decision.Verdict{Result: decision.Approved, Reasons: "Bien."}
	_, err = (&decision.Service{DB: w.DB}).Decide(ctx, w.Director, r.ID, decision.Input{Use: yes, Security: yes})
	w.must(err)
}

func (w *world) licence() error {
	_, err := w.licences.Record(w.t.Context(), w.Director, licence.Licence{PlatformID: w.Platform.ID, Scope: licence.Board, Payer: licence.DDL,
		StartsOn: "2026-11-01", EndsOn: "2027-06-30"})
	return err
}

func terms() contract.Terms {
	return contract.Terms{Kind: contract.Signed, Contact: "Protection des renseignements", Reference: "C-12", SignedOn: "2026-10-01",
		InForceOn: "2026-10-15", EndsOn: "2028-06-30"}
}

func (w *world) add() contract.ID {
	w.t.Helper()
	c, err := w.s.Add(w.t.Context(), w.Evaluator, w.Platform.ID, terms())
	w.must(err)
	return c.ID
}

func (w *world) attach(id contract.ID, role contract.Role) {
	w.t.Helper()
	_, err := w.s.Attach(w.t.Context(), w.Evaluator, id, contract.Attachment{Role: role, Name: "contrat.txt", Content: strings.NewReader("Article 1.")})
	w.must(err)
}

// found says that each item is found, but some.
func (w *world) found(but ...string) map[string]contract.Answer {
	items := map[string]contract.Answer{}
	for _, i := range w.Evaluator.Pack.Checklist() {
		items[i.Code] = contract.Answer{Where: "art. 4"}
		if slices.Contains(but, i.Code) {
			items[i.Code] = contract.Answer{Absent: true}
		}
	}
	return items
}

func (w *world) version(id contract.ID) int64 {
	w.t.Helper()
	v, err := w.s.View(w.t.Context(), w.Evaluator, id)
	w.must(err)
	return v.Version
}

// ready is a contract that lacks nothing.
func (w *world) ready() contract.ID {
	w.t.Helper()
	ctx, id := w.t.Context(), w.add()
	w.attach(id, contract.Agreed)
	_, err := w.s.Check(ctx, w.Evaluator, id, w.found(), w.version(id))
	w.must(err)
	_, err = w.s.Undertake(ctx, w.PrivacyOfficer, id, contract.Waived, "Le fournisseur n’a qu’un employé.")
	w.must(err)
	_, err = w.s.Rest(ctx, w.Evaluator, id, contract.Mission, "")
	w.must(err)
	_, err = w.s.Mitigate(ctx, w.Evaluator, id, []contract.Mitigation{{Text: "Chiffrement", Where: "annexe B"}}, w.version(id))
	w.must(err)
	return id
}

func (w *world) standing() contract.ID {
	w.t.Helper()
	id := w.ready()
	_, err := w.s.Conclude(w.t.Context(), w.Evaluator, id)
	w.must(err)
	return id
}

func (w *world) tasks(by policy.Actor) (tasks []contract.Task) {
	w.t.Helper()
	w.must(w.DB.Read(w.t.Context(), w.Board, func(ctx context.Context, tx *db.Tx) (err error) {
		tasks, err = contract.Waiting(ctx, tx, by)
		return err
	}))
	return tasks
}

func TestALicenceThatTouchesPersonalInformationWaitsForItsContract(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		w.decided("yes")
		w.Refused("a licence without a contract", w.licence(), fault.Conflict, "QC-CON-01")
		id := w.ready()
		w.Refused("a licence beside a draft", w.licence(), fault.Conflict, "QC-CON-01")
		_, err := w.s.Conclude(t.Context(), w.Evaluator, id)
		w.must(err)
		w.must(w.licence())
		if got := w.Mark(contract.ControlWritten, "contract:"+string(id)) + w.Mark(contract.ControlTransfer, "contract:"+string(id)); got != "conformconform" {
			t.Errorf("a contract that stands is marked %q", got)
		}
		if got := w.tasks(w.Evaluator); len(got) > 0 {
			t.Errorf("tasks beside a standing contract: %+v", got)
		}
		_, err = w.s.End(t.Context(), w.Evaluator, id, "2026-11-02")
		w.must(err)
		w.Refused("a licence after the contract", w.licence(), fault.Conflict, "QC-CON-01")
		got := w.tasks(w.PrivacyOfficer)
		if len(got) != 2 || got[0].Kind != contract.Lacking || got[1].Kind != contract.Destruction || len(w.tasks(w.Principal)) != 0 {
			t.Errorf("tasks once it ended: %+v", got)
		}
	})
}

func TestALicenceWithoutPersonalInformationNeedsNoContract(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		w.decided("no")
		w.must(w.licence())
	})
}

func TestALicenceFromBeforeIsAnExceptionUntilItsContractStands(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		w.decided("yes")
		before := licence.New(d, func(context.Context, *db.Tx, policy.Actor, licence.Licence) error { return nil })
		l, err := before.Record(t.Context(), w.Director, licence.Licence{PlatformID: w.Platform.ID, Scope: licence.Board, Payer: licence.DDL,
			StartsOn: "2026-09-01", EndsOn: "2027-06-30"})
		w.must(err)
		w.must(w.s.Sweep(t.Context(), w.Board))
		if got := w.Mark(contract.ControlWritten, licence.Subject(l.ID)); got != "exception" {
			t.Errorf("a licence without a contract is marked %q", got)
		}
		if got := w.tasks(w.Evaluator); len(got) != 1 || got[0].Kind != contract.Lacking || got[0].Since != "2026-09-01" {
			t.Errorf("its task: %+v", got)
		}
		w.standing()
		if got := w.Mark(contract.ControlWritten, licence.Subject(l.ID)); got != "" {
			t.Errorf("once its contract stands it is marked %q", got)
		}
	})
}

func TestElsewhereALicenceWithoutAContractIsAWarning(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		w.decided("yes")
		w.ontario()
		w.must(w.licence())
		list, err := w.licences.List(t.Context(), w.Director, w.Platform.ID)
		w.must(err)
		if got := w.Mark(contract.ControlTerms, licence.Subject(list[0].ID)); got != "exception" {
			t.Errorf("a licence without a contract is marked %q", got)
		}
		ctx, id := t.Context(), w.add()
		w.attach(id, contract.Agreed)
		_, err = w.s.Check(ctx, w.Evaluator, id, w.found("on_noads", "on_remote"), 1)
		w.must(err)
		_, err = w.s.Conclude(ctx, w.Evaluator, id)
		w.Refused("with a term absent", err, fault.Invalid, "ON-CON-01")
		_, err = w.s.Accept(ctx, w.Evaluator, id, "on_noads", "Peu.")
		w.Refused("a risk accepted by an evaluator", err, fault.Denied, "ON-CON-01")
		_, err = w.s.Accept(ctx, w.Director, id, "on_noads", " ")
		w.Refused("a risk accepted without a reason", err, fault.Invalid, "ON-CON-01")
		_, err = w.s.Accept(ctx, w.Director, id, "on_scope", "Peu.")
		w.Refused("the risk of a term that is there", err, fault.Invalid, "ON-CON-01")
		for _, code := range []string{"on_noads", "on_remote"} {
			_, err = w.s.Accept(ctx, w.Director, id, code, "Le fournisseur n’en fait pas.")
			w.must(err)
		}
		_, err = w.s.Conclude(ctx, w.Evaluator, id)
		w.must(err)
		if got := w.Mark(contract.ControlTerms, "contract:"+string(id)); got != "exception" {
			t.Errorf("a contract with an accepted risk is marked %q", got)
		}
		if got := w.Mark(contract.ControlTerms, licence.Subject(list[0].ID)); got != "" {
			t.Errorf("the licence is still marked %q", got)
		}
	})
}

func TestAContractStandsWithAllThatTheLawRequires(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		w.decided("yes")
		ctx, id := t.Context(), w.add()
		conclude := func() error { _, err := w.s.Conclude(ctx, w.Evaluator, id); return err }
		check := func(but ...string) {
			t.Helper()
			_, err := w.s.Check(ctx, w.Evaluator, id, w.found(but...), w.version(id))
			w.must(err)
		}
		w.Refused("without its file", conclude(), fault.Conflict, "QC-CON-01")
		w.attach(id, contract.Agreed)
		w.Refused("unread", conclude(), fault.Invalid, "QC-CON-01")
		check("qc_no_keep")
		w.Refused("with what the law requires absent", conclude(), fault.Invalid, "QC-CON-01")
		_, err := w.s.Accept(ctx, w.PrivacyOfficer, id, "qc_no_keep", "Tant pis.")
		w.Refused("the risk of what the law requires", err, fault.Conflict, "QC-CON-01")
		check("qc_verify")
		w.Refused("without verification", conclude(), fault.Invalid, "QC-CON-03")
		check()
		w.Refused("without undertakings", conclude(), fault.Conflict, "QC-CON-02")
		_, err = w.s.Undertake(ctx, w.Evaluator, id, contract.Attached, "")
		w.Refused("undertakings without their file", err, fault.Invalid, "QC-CON-02")
		_, err = w.s.Undertake(ctx, w.Evaluator, id, contract.Waived, "Non.")
		w.Refused("a waiver by an evaluator", err, fault.Denied, "QC-CON-02")
		_, err = w.s.Undertake(ctx, w.PrivacyOfficer, id, contract.Waived, " ")
		w.Refused("a waiver without a reason", err, fault.Invalid, "QC-CON-02")
		_, err = w.s.Undertake(ctx, w.PrivacyOfficer, id, "later", "")
		w.Refused("a third choice", err, fault.Invalid, "QC-CON-02")
		w.attach(id, contract.Secrecy)
		_, err = w.s.Undertake(ctx, w.Evaluator, id, contract.Attached, "")
		w.must(err)
		w.Refused("without a ground", conclude(), fault.Conflict, "QC-CON-01")
		_, err = w.s.Rest(ctx, w.Evaluator, id, "", "")
		w.Refused("a ground that nobody chose", err, fault.Invalid, "QC-CON-01")
		_, err = w.s.Rest(ctx, w.Evaluator, id, contract.Benefit, "")
		w.Refused("a benefit without a reason", err, fault.Invalid, "QC-CON-01")
		_, err = w.s.Rest(ctx, w.Evaluator, id, contract.Mission, "")
		w.must(err)
		w.Refused("outside Québec without a mitigation", conclude(), fault.Conflict, "QC-OUT-02")
		_, err = w.s.Mitigate(ctx, w.Evaluator, id, []contract.Mitigation{{Text: "Chiffrement"}}, w.version(id))
		w.must(err)
		w.Refused("with a mitigation in no clause", conclude(), fault.Conflict, "QC-OUT-02")
		_, err = w.s.Mitigate(ctx, w.Evaluator, id, []contract.Mitigation{{Text: "Chiffrement", Where: "annexe B"}}, 1)
		w.Refused("after somebody faster", err, fault.Conflict, "")
		_, err = w.s.Mitigate(ctx, w.Evaluator, id, []contract.Mitigation{{Text: "Chiffrement", Where: "annexe B"}}, w.version(id))
		w.must(err)
		w.must(conclude())
		w.Refused("twice", conclude(), fault.Conflict, "QC-CON-01")
		_, err = w.s.Check(ctx, w.Evaluator, id, w.found("qc_use_only"), w.version(id))
		w.Refused("a standing contract made to fall", err, fault.Invalid, "QC-CON-01")

		w.must(d.Write(ctx, w.Board, func(ctx context.Context, tx *db.Tx) error {
			return contract.Mitigations(ctx, tx, w.Evaluator, w.Platform.ID, []string{"Chiffrement", "Clés gardées au Canada", " "})
		}))
		v, err := w.s.View(ctx, w.Evaluator, id)
		if err != nil || v.State != contract.Drafted || len(v.Mitigations) != 2 || v.Mitigations[0].Where != "annexe B" || v.Lacks == nil {
			t.Errorf("once the assessment asks for more: %+v, %v", v.Contract, err)
		}
		if trail := w.Acts(v.Subject()); trail[len(trail)-1] != "contract.mitigated" {
			t.Errorf("the trail ends with %q", trail)
		}
		long := []contract.Mitigation{{Text: strings.Repeat("é", 10_000)}}
		_, err = w.s.Mitigate(ctx, w.Evaluator, id, long, w.version(id))
		w.must(err)
		_, err = w.s.Mitigate(ctx, w.Evaluator, id, []contract.Mitigation{{Text: long[0].Text + "é"}}, w.version(id))
		w.Refused("a measure longer than an assessment's", err, fault.Invalid, "QC-OUT-02")
	})
}

func TestWhoKeepsContracts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx := t.Context()
		for name, change := range map[string]func(*contract.Terms){
			"kind":        func(x *contract.Terms) { x.Kind = "spoken" },
			"contact":     func(x *contract.Terms) { x.Contact = " " },
			"signed_on":   func(x *contract.Terms) { x.SignedOn = "hier" },
			"in_force_on": func(x *contract.Terms) { x.InForceOn = "" },
			"ends_on":     func(x *contract.Terms) { x.EndsOn = "2020-01-01" },
			"reference":   func(x *contract.Terms) { x.Reference = strings.Repeat("é", 301) },
		} {
			x := terms()
			change(&x)
			_, err := w.s.Add(ctx, w.Evaluator, w.Platform.ID, x)
			if f, ok := fault.As(err); !ok || f.Fields[name].Key == "" || f.Clause != "QC-CON-01" {
				t.Errorf("a contract with a wrong %s: %v", name, err)
			}
		}
		_, err := w.s.Add(ctx, w.Evaluator, "nobody", terms())
		w.Refused("of nobody's platform", err, fault.NotFound, "")
		_, err = w.s.Add(ctx, w.Principal, w.Platform.ID, terms())
		w.Refused("recorded by a school", err, fault.Denied, "QC-CON-01")
		id := w.add()
		_, err = w.s.View(ctx, w.Principal, id)
		w.Refused("read by a school", err, fault.NotFound, "")
		_, err = w.s.List(ctx, w.IT)
		w.Refused("listed by IT", err, fault.Denied, "QC-CON-01")
		_, err = w.s.Edit(ctx, w.Evaluator, id, terms(), 7)
		w.Refused("edited after somebody faster", err, fault.Conflict, "")
		_, err = w.s.Attach(ctx, w.Evaluator, id, contract.Attachment{Role: "photo", Content: strings.NewReader("x")})
		w.Refused("a file of no kind", err, fault.Invalid, "QC-CON-01")
		_, err = w.s.Attach(ctx, w.Principal, id, contract.Attachment{Role: contract.Agreed, Name: "c.txt", Content: strings.NewReader("x")})
		w.Refused("a file of a school's", err, fault.NotFound, "")
		_, err = w.s.Attach(ctx, w.Evaluator, id, contract.Attachment{Role: contract.Agreed, Name: "c.pdf", Media: "application/pdf", Content: strings.NewReader("<html>")})
		w.Refused("a page as a contract", err, fault.Invalid, "")
		w.attach(id, contract.Agreed)
		v, err := w.s.View(ctx, w.Evaluator, id)
		if err != nil || len(v.Files) != 1 || v.Board == "" || !v.May.Manage || v.May.Waive {
			t.Errorf("what an evaluator reads: %+v, %v", v, err)
		}
		f, content, err := w.s.File(ctx, w.PrivacyOfficer, v.Files[0].ID)
		w.must(err)
		w.must(content.Close())
		if f.Role != contract.Agreed || f.Media != "text/plain" {
			t.Errorf("the file: %+v", f)
		}
		if _, _, err := w.s.File(ctx, w.Teacher, v.Files[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("the file, to a teacher: %v", err)
		}
	})
}

func TestTheVendorIsWatched(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		w.decided("yes")
		ctx, id := t.Context(), w.standing()
		_, err := w.s.Plan(ctx, w.Evaluator, id, "weather", "2026-12-01")
		w.Refused("what is not verified", err, fault.Invalid, "QC-CON-03")
		_, err = w.s.Plan(ctx, w.Evaluator, id, "soc2", "2026-11-01")
		w.Refused("by a day that is past", err, fault.Invalid, "QC-CON-03")
		k, err := w.s.Plan(ctx, w.Evaluator, id, "soc2", "2026-11-10")
		w.must(err)
		w.Now = time.Date(2026, 11, 11, 15, 0, 0, 0, time.UTC)
		w.must(w.s.Sweep(ctx, w.Board))
		if got := w.Mark(contract.ControlVerified, k.Subject()) + w.Mark(contract.ControlOverseen, k.Subject()); got != "exceptionexception" {
			t.Errorf("an overdue verification is marked %q", got)
		}
		if got := w.tasks(w.Evaluator); len(got) != 1 || got[0].Kind != contract.Overdue || got[0].Topic != "soc2" {
			t.Errorf("its task: %+v", got)
		}
		done := contract.Check{DoneOn: "2026-11-11", Result: contract.Held, Findings: "Rapport de type II, sans réserve."}
		for name, change := range map[string]func(*contract.Check){
			"done_on":  func(k *contract.Check) { k.DoneOn = "2026-11-12" },
			"result":   func(k *contract.Check) { k.Result = "so so" },
			"findings": func(k *contract.Check) { k.Findings = "" },
		} {
			wrong := done
			change(&wrong)
			_, err := w.s.Verify(ctx, w.Evaluator, id, k.ID, wrong)
			if f, ok := fault.As(err); !ok || f.Fields[name].Key == "" {
				t.Errorf("a verification with a wrong %s: %v", name, err)
			}
		}
		_, err = w.s.Verify(ctx, w.Principal, id, k.ID, done)
		w.Refused("verified by a school", err, fault.NotFound, "")
		_, err = w.s.Verify(ctx, w.Evaluator, id, k.ID, done)
		w.must(err)
		_, err = w.s.Verify(ctx, w.Evaluator, id, k.ID, done)
		w.Refused("verified twice", err, fault.Conflict, "QC-CON-03")
		if got := w.Mark(contract.ControlVerified, k.Subject()); got != "conform" {
			t.Errorf("a verification that is done is marked %q", got)
		}
	})
}

func TestWhatTheVendorTellsOpensAnIncident(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		w.decided("yes")
		ctx, id := t.Context(), w.standing()
		told := contract.Warning{ReceivedOn: "2026-11-02", Told: "Un accès non autorisé.", Kind: "access", Information: "Prénoms.", From: "2026-10-30",
			Count: 24, Groups: []incident.Group{"students"}}
		for name, change := range map[string]func(*contract.Warning){
			"received_on": func(x *contract.Warning) { x.ReceivedOn = "2026-11-03" },
			"told":        func(x *contract.Warning) { x.Told = "" },
			"information": func(x *contract.Warning) { x.Information = " " },
			"kind":        func(x *contract.Warning) { x.Kind = "" },
		} {
			wrong := told
			change(&wrong)
			_, err := w.s.Warn(ctx, w.Evaluator, id, wrong)
			if f, ok := fault.As(err); !ok || f.Fields[name].Key == "" {
				t.Errorf("a notice with a wrong %s: %v", name, err)
			}
		}
		_, err := w.s.Warn(ctx, w.Principal, id, told)
		w.Refused("told by a school", err, fault.NotFound, "")
		n, err := w.s.Warn(ctx, w.Evaluator, id, told)
		w.must(err)
		i, err := w.incidents.View(ctx, w.PrivacyOfficer, n.Incident, 0)
		if err != nil || i.AwareOn != "2026-11-02" || i.Incident.Platform != w.Platform.ID || i.Circumstances != told.Told {
			t.Errorf("the incident that it opened: %+v, %v", i.Incident, err)
		}
		if got := w.Mark(contract.ControlVerified, "contract_notice:"+n.ID); got != "conform" {
			t.Errorf("the notice is marked %q", got)
		}
		v, err := w.s.View(ctx, w.Evaluator, id)
		if err != nil || len(v.Notices) != 1 || v.Notices[0].Number == "" {
			t.Errorf("the notices of the contract: %+v, %v", v.Notices, err)
		}
	})
}

func TestAtTheEndNothingIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		w.decided("yes")
		ctx, id := t.Context(), w.standing()
		word := contract.Attestation{On: "2026-11-02", By: "Direction technique"}
		_, err := w.s.Attest(ctx, w.Evaluator, id, word)
		w.Refused("attested before the end", err, fault.Conflict, "QC-CON-01")
		_, err = w.s.End(ctx, w.Evaluator, id, "2026-11-03")
		w.Refused("ended in the future", err, fault.Invalid, "QC-CON-01")
		_, err = w.s.End(ctx, w.Evaluator, id, "2026-11-01")
		w.must(err)
		_, err = w.s.End(ctx, w.Evaluator, id, "2026-11-01")
		w.Refused("ended twice", err, fault.Conflict, "QC-CON-01")
		_, err = w.s.Rest(ctx, w.Evaluator, id, contract.Consent, "")
		w.Refused("changed after its end", err, fault.Conflict, "QC-CON-01")
		if got := w.Mark(contract.ControlWritten, "contract:"+string(id)); got != "waiting" {
			t.Errorf("before the attestation it is marked %q", got)
		}
		_, err = w.s.Attest(ctx, w.Evaluator, id, contract.Attestation{On: "2026-10-01"})
		w.Refused("attested by nobody before the end", err, fault.Invalid, "QC-CON-01")
		_, err = w.s.Attest(ctx, w.Evaluator, id, word)
		w.must(err)
		_, err = w.s.Attest(ctx, w.Evaluator, id, word)
		w.Refused("attested twice", err, fault.Conflict, "QC-CON-01")
		if got := w.Mark(contract.ControlWritten, "contract:"+string(id)); got != "conform" || len(w.tasks(w.Evaluator)) > 0 {
			t.Errorf("once attested it is marked %q, with tasks %v", got, w.tasks(w.Evaluator))
		}
	})
}

func TestThePlanToLeave(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := build(t, d)
		ctx, id := t.Context(), w.add()
		x := contract.Plan{Alternatives: []catalogue.ID{w.Nearby.ID}, Substitutes: "À moitié.", Format: "CSV", TestedOn: "2026-10-20", Reintegration: "Dans le portail.",
			NoticeDays: 60, Steps: "Exporter, vérifier, prévenir.", Owner: "evaluator"}
		for name, change := range map[string]func(*contract.Plan){
			"alternatives": func(x *contract.Plan) { x.Alternatives = []catalogue.ID{w.Platform.ID} },
			"format":       func(x *contract.Plan) { x.Format = "" },
			"tested_on":    func(x *contract.Plan) { x.TestedOn = "2027-01-01" },
			"notice_days":  func(x *contract.Plan) { x.NoticeDays = -1 },
			"steps":        func(x *contract.Plan) { x.Steps = "" },
			"owner":        func(x *contract.Plan) { x.Owner = "nobody" },
		} {
			wrong := x
			change(&wrong)
			_, err := w.s.Leave(ctx, w.Evaluator, id, wrong, 1)
			if f, ok := fault.As(err); !ok || f.Fields[name].Key == "" {
				t.Errorf("a plan with a wrong %s: %v", name, err)
			}
		}
		if _, err := w.s.Leave(ctx, w.Evaluator, id, x, 1); err != nil {
			t.Fatal(err)
		}
		v, err := w.s.View(ctx, w.Evaluator, id)
		if err != nil || v.Plan.NoticeDays != 60 || len(v.Similar) != 1 || !v.Plan.Written() {
			t.Errorf("the plan: %+v, %v", v.Plan, err)
		}
	})
}
