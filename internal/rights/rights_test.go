package rights_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aval/internal/birth"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/db/dbtest"
	"aval/internal/fault"
	"aval/internal/incident"
	"aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/reveal"
	"aval/internal/rights"
	"aval/internal/seal"
	"aval/internal/vault"
)

var start = time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)

// world is a board with two schools, two pupils and an approved platform.
type world struct {
	*rights.Service
	t        *testing.T
	db       *db.DB
	board    string
	pack     *policy.Pack
	now      time.Time
	platform catalogue.Platform
}

func each(t *testing.T, pack string, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p, err := policy.Shipped(pack)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, db: d, pack: p, now: start}
		d.Clock = func() time.Time { return w.now }
		w.board = dbtest.Board(t, d)
		master, err := seal.OpenMaster(filepath.Join(t.TempDir(), "keys"))
		w.must(err)
		w.Service = &rights.Service{DB: d, Vault: vault.New(master), Reveals: &reveal.Service{DB: d}}
		w.fill(w.board)
		f(t, w)
	})
}

func (w *world) fill(board string) {
	w.must(w.db.Write(w.t.Context(), board, func(ctx context.Context, tx *db.Tx) error {
		for _, id := range []string{"s1", "s2"} {
			w.must(org.Save(ctx, tx, org.Org{ID: id, SourceID: id, Kind: org.School, Name: "École " + id, Sector: org.Youth, Status: org.Active}))
		}
		w.must(person.SaveAll(ctx, tx, []person.Person{
			{ID: "p1", SourceID: "p1", Kind: person.Student, GivenName: "Ana", FamilyName: "Vorn", Number: "10", Grade: "04", Status: person.Active},
			{ID: "p2", SourceID: "p2", Kind: person.Student, GivenName: "Béa", FamilyName: "Zyqu", Number: "20", Grade: "10", Status: person.Active},
			{ID: "t1", SourceID: "t1", Kind: person.Staff, GivenName: "Cléo", FamilyName: "Prof", Number: "30", Status: person.Active}}))
		w.must(person.SavePosts(ctx, tx, []person.Post{{PersonID: "p1", OrgID: "s1", Role: person.Pupil}, {PersonID: "p2", OrgID: "s2", Role: person.Pupil}}))
		w.must(person.SaveClasses(ctx, tx, []person.Class{{ID: "k1", SourceID: "k1", SchoolID: "s1", Title: "4e année", Kind: "homeroom", Status: person.Active}}))
		w.must(person.SaveEnrollments(ctx, tx, []person.Enrollment{{ID: "e1", ClassID: "k1", PersonID: "p1", Role: person.Pupil, Status: person.Active}}))
		var err error
		w.platform, err = catalogue.Add(ctx, tx, w.as(policy.Operator), catalogue.Draft{Name: "Récitou", Vendor: "Récit inc."})
		w.must(err)
		return catalogue.SetResult(ctx, tx, w.platform.ID, catalogue.Approved, "", catalogue.Canada, "d1")
	}))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) as(role policy.Role) policy.Actor {
	a := policy.Actor{ID: "a-" + string(role), Board: w.board, Lang: "fr", Via: "web", Pack: w.pack, Grants: []policy.Grant{{Role: role}}}
	switch role {
	case policy.Principal, policy.Teacher:
		a.Grants[0].Org = "s1"
	}
	if role == policy.Teacher {
		a.Classes = []string{"k1"}
	}
	return a
}

// refused says whether an error is a refusal of a kind, under a clause, of some fields.
func (w *world) refused(what string, err error, kind fault.Kind, clause string, fields ...string) {
	w.t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Kind != kind || f.Clause != clause {
		w.t.Errorf("%s: %v; want %s under %q", what, err, kind, clause)
		return
	}
	for _, field := range fields {
		if _, said := f.Fields[field]; !said {
			w.t.Errorf("%s: %v; want a sentence beside %s", what, err, field)
		}
	}
	if len(f.Fields) != len(fields) {
		w.t.Errorf("%s: %v; want sentences beside %v alone", what, err, fields)
	}
}

func (w *world) mark(control, subject string) (outcome string) {
	w.t.Helper()
	w.must(w.db.Read(w.t.Context(), w.board, func(ctx context.Context, tx *db.Tx) error {
		found, err := db.All(ctx, tx, func(row db.Row) (s string, err error) {
			err = row.Scan(&s)
			return s, err
		}, `SELECT outcome FROM control_mark WHERE board_id = $1 AND control = $2 AND subject = $3`, tx.Board, control, subject)
		outcome = strings.Join(found, " ")
		return err
	}))
	return outcome
}

func asked(kind rights.Kind) rights.Request {
	return rights.Request{Kind: kind, PersonID: "10", ReceivedOn: "2026-11-02",
		Private: rights.Private{Asker: "Mme SECRETE", Contact: "12, rue SECRETE", Wanted: "Tout, dit SECRETE"}}
}

func TestARequestIsAnsweredInTime(t *testing.T) {
	each(t, "csc-pan-2023", func(t *testing.T, w *world) {
		ctx, officer := t.Context(), w.as(policy.PrivacyOfficer)
		const clause = "QC-RIGHT-01"
		_, err := w.Enter(ctx, w.as(policy.Teacher), asked(rights.Access))
		w.refused("by a teacher", err, fault.Denied, clause)
		_, err = w.Enter(ctx, officer, rights.Request{Kind: "gift", ReceivedOn: "2999-01-01"})
		w.refused("with nothing right", err, fault.Invalid, clause, "kind", "asker", "about", "received_on")
		wrong := asked(rights.Access)
		wrong.PersonID = "30"
		_, err = w.Enter(ctx, officer, wrong)
		w.refused("about staff by number", err, fault.Invalid, clause, "person")

		r, err := w.Enter(ctx, officer, asked(rights.Access))
		w.must(err)
		if r.DueOn != "2026-11-22" || r.PersonID != "p1" || r.State != rights.Open || w.mark(rights.ControlAnswered, r.Subject()) != "waiting" {
			t.Fatalf("entered: %+v", r)
		}
		v, err := w.Request(ctx, officer, r.ID)
		if err != nil || v.Private.Asker != "Mme SECRETE" || v.Pupil != "Ana Vorn" || v.Extends != 10 || !v.May {
			t.Errorf("its page: %+v, %v", v, err)
		}
		_, err = w.Request(ctx, w.as(policy.Principal), r.ID)
		w.refused("read by a principal", err, fault.NotFound, "")
		_, err = w.Extend(ctx, officer, r.ID, "2026-11-23", 11)
		w.refused("extended too late and too long", err, fault.Invalid, clause, "notified_on", "days")
		_, err = w.Extend(ctx, w.as(policy.Secretary), r.ID, "2026-11-19", 5)
		w.refused("extended by the secretary", err, fault.Denied, clause)
		r, err = w.Extend(ctx, officer, r.ID, "2026-11-19", 10)
		if err != nil || r.DueOn != "2026-12-02" {
			t.Fatalf("extended: %+v, %v", r, err)
		}
		_, err = w.Extend(ctx, officer, r.ID, "2026-11-19", 1)
		w.refused("extended twice", err, fault.Conflict, clause)
		_, err = w.Answer(ctx, officer, r.ID, rights.Answer{Outcome: "refused", On: "2026-11-01"})
		w.refused("refused without reasons", err, fault.Invalid, clause, "reasons", "recourse", "answered_on")
		r, err = w.Answer(ctx, officer, r.ID, rights.Answer{Outcome: "partly", Reasons: "Un tiers.", Recourse: "La CAI, 30 jours.", On: "2026-11-20"})
		if err != nil || r.State != rights.Answered || w.mark(rights.ControlAnswered, r.Subject()) != "conform" {
			t.Fatalf("answered: %+v, %v", r, err)
		}
		_, err = w.Answer(ctx, officer, r.ID, rights.Answer{Outcome: "granted", On: "2026-11-20"})
		w.refused("answered twice", err, fault.Conflict, clause)
		if r, err = w.Close(ctx, officer, r.ID, "", "2026-11-20"); err != nil || r.State != rights.Closed {
			t.Fatalf("closed: %+v, %v", r, err)
		}
		_, err = w.Close(ctx, officer, r.ID, "", "2026-11-20")
		w.refused("closed twice", err, fault.Conflict, clause)
	})
}

func TestWhatIsKeptAboutAPupilIsGathered(t *testing.T) {
	each(t, "csc-pan-2023", func(t *testing.T, w *world) {
		ctx, officer := t.Context(), w.as(policy.PrivacyOfficer)
		r, err := w.Enter(ctx, officer, asked(rights.Access))
		w.must(err)
		complaint, err := w.Enter(ctx, officer, asked(rights.Complaint))
		w.must(err)
		_, err = w.Consent(ctx, w.as(policy.Principal), w.consenting(nil))
		w.must(err)
		_, _, err = w.Export(ctx, officer, complaint.ID)
		w.refused("for a complaint", err, fault.Conflict, "QC-RIGHT-01")
		_, _, err = w.Export(ctx, w.as(policy.Secretary), r.ID)
		w.refused("by the secretary", err, fault.Denied, "QC-RIGHT-01")
		_, _, err = w.Export(ctx, w.as(policy.Principal), r.ID)
		w.refused("by a principal", err, fault.NotFound, "")
		w.must(w.db.Write(ctx, w.board, func(ctx context.Context, tx *db.Tx) error {
			return (&birth.Register{Vault: w.Vault}).Begin(nil).Keep(ctx, tx, []birth.Row{{SourceID: "p1", Day: "2016-05-06"}})
		}))
		_, held, err := w.Export(ctx, officer, r.ID)
		w.must(err)
		found := map[string]string{}
		for _, h := range held {
			found[h.Key] = h.Text
			if strings.Contains(h.Text, "SECRET") {
				t.Errorf("it names who asks or signs: %+v", h)
			}
		}
		if found["given_name"] != "Ana" || found["class"] != "4e année" || found["born"] != "2016-05-06" || found["consent_yes"] != "Récitou – Lire en ligne" || found["request"] == "" {
			t.Errorf("gathered: %+v", held)
		}
	})
}

func TestALateRequestIsAnException(t *testing.T) {
	each(t, "csc-pan-2023", func(t *testing.T, w *world) {
		ctx, officer := t.Context(), w.as(policy.PrivacyOfficer)
		r, err := w.Enter(ctx, officer, asked(rights.Correction))
		w.must(err)
		withdrawn, err := w.Enter(ctx, officer, asked(rights.Access))
		w.must(err)
		complaint, err := w.Enter(ctx, officer, asked(rights.Complaint))
		w.must(err)
		if complaint.DueOn != "" || w.mark(rights.ControlAnswered, complaint.Subject()) != "" {
			t.Errorf("a complaint has a time limit: %+v", complaint)
		}
		_, err = w.Extend(ctx, officer, complaint.ID, "2026-11-20", 1)
		w.refused("a complaint extended", err, fault.Conflict, "QC-RIGHT-01")
		w.now = w.now.AddDate(0, 0, 3)
		w.must(w.Sweep(ctx, policy.System(w.board, w.pack, "job")))
		if got := w.mark(rights.ControlAnswered, r.Subject()); got != "exception" {
			t.Errorf("a late request: %q", got)
		}
		due, today, err := w.Due(ctx, officer)
		if err != nil || len(due) != 3 || !due[1].Late(today) && !due[0].Late(today) || due[0].Private.Asker != "" {
			t.Errorf("due: %+v, %v", due, err)
		}
		if due, _, err := w.Due(ctx, w.as(policy.Secretary)); err != nil || len(due) != 0 {
			t.Errorf("due of who does not answer: %+v, %v", due, err)
		}
		if v, err := w.Request(ctx, officer, r.ID); err != nil || v.Extends != 0 {
			t.Errorf("a late request may be extended by %d, %v", v.Extends, err)
		}
		if _, err = w.Answer(ctx, officer, r.ID, rights.Answer{Outcome: "granted", On: "2026-11-23"}); err != nil || w.mark(rights.ControlAnswered, r.Subject()) != "exception" {
			t.Errorf("answered late: %v", err)
		}
		_, err = w.Close(ctx, officer, withdrawn.ID, "", "2026-11-23")
		w.refused("closed without a word", err, fault.Invalid, "QC-RIGHT-01", "why")
		if _, err = w.Close(ctx, officer, withdrawn.ID, "Retirée.", "2026-11-23"); err != nil || w.mark(rights.ControlAnswered, withdrawn.Subject()) != "" {
			t.Errorf("withdrawn: %v", err)
		}
	})
}

func TestTheLawOfTheBoardSetsTheDays(t *testing.T) {
	each(t, "conseil-infonuagique-2026", func(t *testing.T, w *world) {
		ctx, officer := t.Context(), w.as(policy.PrivacyOfficer)
		r, err := w.Enter(ctx, officer, asked(rights.Access))
		if err != nil || r.DueOn != "2026-12-02" {
			t.Fatalf("thirty days in Ontario: %+v, %v", r, err)
		}
		_, err = w.Extend(ctx, officer, r.ID, "2026-11-20", 5)
		w.refused("extended in Ontario", err, fault.Conflict, "ON-RIGHT-01")
		if kinds := rights.NoticeKinds(w.pack); slices.Contains(kinds, rights.Confidentiality) {
			t.Errorf("notices of an Ontario board: %v", kinds)
		}
		_, err = w.Begin(ctx, officer, rights.Confidentiality, "")
		w.refused("a confidentiality policy in Ontario", err, fault.Invalid, "", "kind")
	})
}

// filled are the fields of a notice as an officer fills them in.
func filled(n rights.Notice, p *policy.Pack) rights.NoticeText {
	t := rights.NoticeText{Fields: map[string]rights.Words{}, Changes: rights.Words{Fr: "Un tiers de plus.", En: "One more party."}}
	for _, name := range n.Kind.Fields(p) {
		t.Fields[name] = rights.Words{Fr: "Texte " + name, En: "Text " + name}
	}
	t.Fields["phone"] = rights.Words{Fr: "819 555-0100", En: "819 555-0100"}
	t.Fields["address"] = rights.Words{Fr: "12, rue du Parc", En: "12 Park Street"}
	return t
}

func TestAPolicyIsPublishedWhole(t *testing.T) {
	each(t, "csc-pan-2023", func(t *testing.T, w *world) {
		ctx, officer := t.Context(), w.as(policy.PrivacyOfficer)
		const clause = "QC-POL-01"
		_, err := w.Begin(ctx, w.as(policy.Secretary), rights.Confidentiality, "")
		w.refused("begun by the secretary", err, fault.Denied, "QC-NOT-01")
		_, err = w.PublicPolicy(ctx, w.board)
		w.refused("read before it is published", err, fault.NotFound, "")
		n, err := w.Begin(ctx, officer, rights.Confidentiality, "")
		w.must(err)
		if !strings.Contains(n.Fields["third_parties"].Fr, "Récitou (Récit inc.)") || !strings.Contains(n.Fields["outside_quebec"].En, "Canada") || n.Fields["security"].Fr == "" {
			t.Errorf("what aval knows: %+v", n.Fields)
		}
		if again, err := w.Begin(ctx, officer, rights.Confidentiality, ""); err != nil || again.ID != n.ID {
			t.Errorf("begun twice: %+v, %v", again, err)
		}
		_, err = w.Publish(ctx, officer, n.ID)
		f, _ := fault.As(err)
		if f == nil || f.Clause != clause || f.Fields["purposes_fr"].Key != "rights.field_empty" || f.Fields["third_parties_fr"].Key != "rights.field_unfinished" {
			t.Fatalf("published with empty fields: %v", err)
		}
		text := filled(n, w.pack)
		text.Fields["complaint"] = rights.Words{Fr: "[ à compléter ]", En: "See."}
		n, err = w.Write(ctx, officer, n.ID, text, n.Version)
		w.must(err)
		_, err = w.Publish(ctx, officer, n.ID)
		w.refused("published to be completed", err, fault.Invalid, clause, "complaint_fr")
		_, err = w.Write(ctx, officer, n.ID, filled(n, w.pack), n.Version-1)
		w.refused("written over another", err, fault.Conflict, "")
		n, err = w.Write(ctx, officer, n.ID, filled(n, w.pack), n.Version)
		w.must(err)
		n, err = w.Publish(ctx, officer, n.ID)
		if err != nil || w.mark(rights.ControlPolicy, n.Subject()) != "conform" {
			t.Fatalf("published: %v", err)
		}
		_, err = w.Write(ctx, officer, n.ID, filled(n, w.pack), n.Version)
		w.refused("changed once published", err, fault.Conflict, clause)
		next, err := w.Begin(ctx, officer, rights.Confidentiality, "")
		if err != nil || next.Number != 2 || next.Fields["body"].Fr != "Texte body" {
			t.Fatalf("the next version: %+v, %v", next, err)
		}
		_, err = w.Publish(ctx, officer, next.ID)
		w.refused("published without its changes", err, fault.Invalid, clause, "changes_fr", "changes_en")
		next, err = w.Write(ctx, officer, next.ID, filled(next, w.pack), next.Version)
		w.must(err)
		_, err = w.Publish(ctx, officer, next.ID)
		w.must(err)
		p, err := w.PublicPolicy(ctx, w.board)
		if err != nil || p.Current.Number != 2 || len(p.Versions) != 2 || p.Current.Changes.En != "One more party." {
			t.Errorf("read by anyone: %+v, %v", p, err)
		}
		_, err = w.PublicPolicy(ctx, "../"+w.board)
		w.refused("of no board", err, fault.NotFound, "")
	})
}

func TestANoticeOfCollectionNamesAPosition(t *testing.T) {
	for pack, clause := range map[string]string{"csc-pan-2023": "QC-NOT-01", "conseil-infonuagique-2026": "ON-NOT-01"} {
		each(t, pack, func(t *testing.T, w *world) {
			ctx, officer := t.Context(), w.as(policy.PrivacyOfficer)
			n, err := w.Begin(ctx, officer, rights.Collection, "")
			w.must(err)
			text := filled(n, w.pack)
			text.Fields["phone"] = rights.Words{Fr: "555-0100", En: "819 555-0100"}
			text.Fields["address"] = rights.Words{Fr: "12, rue du Parc", En: "the school"}
			n, err = w.Write(ctx, officer, n.ID, text, n.Version)
			w.must(err)
			_, err = w.Publish(ctx, officer, n.ID)
			w.refused("without a number and an address", err, fault.Invalid, clause, "phone_fr", "address_en")
			n, err = w.Write(ctx, officer, n.ID, filled(n, w.pack), n.Version)
			w.must(err)
			_, err = w.Give(ctx, officer, n.ID, rights.Giving{On: "2026-11-20", Audience: "Parents", Channel: "letter"})
			w.refused("given before it is published", err, fault.Conflict, clause)
			if n, err = w.Publish(ctx, officer, n.ID); err != nil || w.mark(rights.ControlCollection, n.Subject()) != "conform" {
				t.Errorf("published: %v", err)
			}
		})
	}
}

func (w *world) licence(from string) {
	dbtest.OwnerExec(w.t, w.db, `INSERT INTO licence (board_id, id, platform_id, scope, payer, starts_on, ends_on, recorded_by, created_at)
		VALUES ('`+w.board+`', 'l1', '`+string(w.platform.ID)+`', 'board', 'ddl', '`+from+`', '2027-06-30', 'x', '2026-11-01T00:00:00Z')`)
}

func TestParentsAreToldBefore(t *testing.T) {
	each(t, "conseil-infonuagique-2026", func(t *testing.T, w *world) {
		ctx, officer, subject := t.Context(), w.as(policy.PrivacyOfficer), catalogue.Subject(w.platform.ID)
		sweep := func() string {
			t.Helper()
			w.must(w.Sweep(ctx, policy.System(w.board, w.pack, "job")))
			return w.mark(rights.ControlParents, subject)
		}
		if got := sweep(); got != "waiting" {
			t.Errorf("before a licence: %q", got)
		}
		w.licence("2026-12-01")
		if got := sweep(); got != "waiting" {
			t.Errorf("before it runs: %q", got)
		}
		_, err := w.Begin(ctx, officer, rights.Parents, "")
		w.refused("of no platform", err, fault.Invalid, "ON-TECH-02", "platform")
		n, err := w.Begin(ctx, officer, rights.Parents, w.platform.ID)
		w.must(err)
		if n.Fields["vendor"].Fr != "Récitou (Récit inc.)" || n.Fields["place"].En == "" || n.Fields["contact"].Fr != "" {
			t.Errorf("what aval knows: %+v", n.Fields)
		}
		n, err = w.Write(ctx, officer, n.ID, filled(n, w.pack), n.Version)
		w.must(err)
		n, err = w.Publish(ctx, officer, n.ID)
		w.must(err)
		_, err = w.Give(ctx, officer, n.ID, rights.Giving{On: "2999-01-01", Channel: "pigeon"})
		w.refused("given wrongly", err, fault.Invalid, "ON-TECH-02", "sent_on", "audience", "channel")
		_, err = w.Give(ctx, officer, n.ID, rights.Giving{On: "2026-11-20", Audience: "Parents de l’école", Channel: "letter"})
		w.must(err)
		if got := w.mark(rights.ControlParents, subject); got != "conform" {
			t.Errorf("told before it runs: %q", got)
		}
		_, err = w.Give(ctx, officer, n.ID, rights.Giving{On: "2026-11-20", Audience: "Parents", Channel: "letter"})
		w.refused("given twice", err, fault.Conflict, "ON-TECH-02")
		told, err := w.ToldOf(ctx, w.as(policy.Teacher), w.platform.ID)
		if err != nil || told.SentOn != "2026-11-20" {
			t.Errorf("what a teacher sees: %+v, %v", told, err)
		}
	})
	each(t, "conseil-infonuagique-2026", func(t *testing.T, w *world) {
		w.licence("2026-11-01")
		w.must(w.Sweep(t.Context(), policy.System(w.board, w.pack, "job")))
		if got := w.mark(rights.ControlParents, catalogue.Subject(w.platform.ID)); got != "exception" {
			t.Errorf("running, untold: %q", got)
		}
	})
	each(t, "csc-pan-2023", func(t *testing.T, w *world) {
		w.licence("2026-11-01")
		w.must(w.Sweep(t.Context(), policy.System(w.board, w.pack, "job")))
		if got := w.mark(rights.ControlParents, catalogue.Subject(w.platform.ID)); got != "" {
			t.Errorf("where no clause asks: %q", got)
		}
	})
}

func (w *world) consenting(change func(*rights.Consenting)) rights.Consenting {
	c := rights.Consenting{Pupil: "10", Platform: string(w.platform.ID), Purpose: "Lire en ligne", Instrument: "privacy", Answer: "yes", Band: "0",
		Capacity: "parent", Signer: "M. SECRET", Method: "paper", TextVersion: "2026-1", GivenOn: "2026-11-10", ExpiresOn: "2027-06-30"}
	if change != nil {
		change(&c)
	}
	return c
}

func TestWhoMaySign(t *testing.T) {
	qc, err1 := policy.Shipped("csc-pan-2023")
	on, err2 := policy.Shipped("conseil-infonuagique-2026")
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for _, c := range []struct {
		name string
		p    *policy.Pack
		as   rights.Instrument
		born string
		want []rights.Capacity
	}{
		{"Québec, the day before 14", qc, rights.Privacy, "2012-11-21", []rights.Capacity{rights.Parent, rights.Tutor}},
		{"Québec, on the 14th birthday", qc, rights.Privacy, "2012-11-20", rights.Capacities},
		{"Québec, 17", qc, rights.Privacy, "2009-01-01", rights.Capacities},
		{"Québec, 18", qc, rights.Privacy, "2008-11-20", []rights.Capacity{rights.Pupil}},
		{"Ontario, 15", on, rights.Privacy, "2010-11-21", rights.Capacities},
		{"Ontario, 16", on, rights.Privacy, "2010-11-20", []rights.Capacity{rights.Pupil}},
		{"Ontario, 17, student record", on, rights.StudentRecord, "2009-01-01", []rights.Capacity{rights.Parent, rights.Tutor}},
		{"Ontario, 18, student record", on, rights.StudentRecord, "2008-01-01", []rights.Capacity{rights.Pupil}},
		{"born on 29 February, the day before 14", qc, rights.Privacy, "2012-02-29", rights.Capacities},
	} {
		b, known := rights.BandOf(c.p, c.born, "2026-11-20")
		if got := rights.Signers(c.p, c.as, b); !known || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v (%+v), want %v", c.name, got, b, c.want)
		}
	}
	if _, known := rights.BandOf(qc, "2027-01-01", "2026-11-20"); known {
		t.Error("born later, and of an age")
	}
}

func TestAConsentIsRefusedUnderItsClause(t *testing.T) {
	each(t, "csc-pan-2023", func(t *testing.T, w *world) {
		ctx, head := t.Context(), w.as(policy.Principal)
		for _, c := range []struct {
			name   string
			change func(*rights.Consenting)
			clause string
			fields []string
		}{
			{"by a pupil of 9", func(c *rights.Consenting) { c.Capacity = "pupil" }, "QC-MIN-01", []string{"capacity"}},
			{"by the parent of an adult", func(c *rights.Consenting) { c.Band = "18" }, "QC-MIN-01", []string{"capacity"}},
			{"by a pupil born in 2015", func(c *rights.Consenting) { c.Band, c.Born, c.Capacity = "18", "2015-01-01", "pupil" }, "QC-MIN-01", []string{"capacity"}},
			{"by nobody", func(c *rights.Consenting) { c.Capacity = "neighbour" }, "QC-MIN-01", []string{"capacity"}},
			{"for two purposes", func(c *rights.Consenting) { c.Purpose = "Lire; publier des photos" }, "QC-MIN-02", []string{"purpose"}},
			{"for no purpose", func(c *rights.Consenting) { c.Purpose = " " }, "QC-MIN-02", []string{"purpose"}},
			{"without an end", func(c *rights.Consenting) { c.ExpiresOn = "" }, "QC-MIN-02", []string{"expires_on"}},
			{"ended before it began", func(c *rights.Consenting) { c.ExpiresOn = c.GivenOn }, "QC-MIN-02", []string{"expires_on"}},
			{"without the text", func(c *rights.Consenting) { c.TextVersion = "" }, "QC-MIN-02", []string{"text_version"}},
			{"with no age", func(c *rights.Consenting) { c.Band = "" }, "QC-MIN-02", []string{"band"}},
			{"born tomorrow", func(c *rights.Consenting) { c.Born = "2026-11-21" }, "QC-MIN-02", []string{"born"}},
			{"of a pupil elsewhere", func(c *rights.Consenting) { c.Pupil = "20" }, "QC-MIN-02", []string{"person"}},
			{"of nobody", func(c *rights.Consenting) { c.Pupil = "99" }, "QC-MIN-02", []string{"person"}},
			{"a refusal without another activity", func(c *rights.Consenting) { c.Answer = "no" }, "QC-MIN-02", []string{"alternative"}},
			{"for a record of Ontario", func(c *rights.Consenting) { c.Instrument = "student_record" }, "QC-MIN-02", []string{"instrument"}},
		} {
			_, err := w.Consent(ctx, head, w.consenting(c.change))
			w.refused(c.name, err, fault.Invalid, c.clause, c.fields...)
		}
		_, err := w.Consent(ctx, w.as(policy.Teacher), w.consenting(nil))
		w.refused("recorded by a teacher", err, fault.Denied, "QC-MIN-01")
		_, err = w.Choose(ctx, w.as(policy.PrivacyOfficer), rights.Basis{Platform: w.platform.ID, Basis: "benefit"})
		w.refused("the child’s benefit without a reason", err, fault.Invalid, "QC-MIN-03", "reason")
		_, err = w.Choose(ctx, head, rights.Basis{Platform: w.platform.ID, Basis: "consent"})
		w.refused("chosen by a principal", err, fault.Denied, "QC-MIN-03")
		b, err := w.Choose(ctx, w.as(policy.PrivacyOfficer), rights.Basis{Platform: w.platform.ID, Basis: "benefit", Reason: "Apprendre à lire."})
		if err != nil || w.mark(rights.ControlChild, catalogue.Subject(b.Platform)) != "conform" {
			t.Errorf("chosen: %v", err)
		}
	})
	each(t, "conseil-infonuagique-2026", func(t *testing.T, w *world) {
		_, err := w.Consent(t.Context(), w.as(policy.Principal), w.consenting(func(c *rights.Consenting) { c.Answer = "no" }))
		w.refused("a refusal without another activity", err, fault.Invalid, "D-39", "alternative")
		_, err = w.Consent(t.Context(), w.as(policy.Principal), w.consenting(func(c *rights.Consenting) { c.Band = "16" }))
		w.refused("a parent for a pupil of 16", err, fault.Invalid, "ON-MIN-01", "capacity")
	})
}

func TestAConsentIsKeptSeenAndWithdrawn(t *testing.T) {
	each(t, "csc-pan-2023", func(t *testing.T, w *world) {
		ctx, head, teacher := t.Context(), w.as(policy.Principal), w.as(policy.Teacher)
		c, err := w.Consent(ctx, head, w.consenting(nil))
		w.must(err)
		for _, control := range []string{rights.ControlSigner, rights.ControlQuality, rights.ControlKept} {
			if got := w.mark(control, c.Subject()); got != "conform" {
				t.Errorf("%s: %q", control, got)
			}
		}
		if c.OrgID != "s1" || !strings.HasPrefix(c.Rule, "QC-MIN-01 (qc-a21") {
			t.Errorf("kept: %+v", c)
		}
		holds := func() (yes, known bool) {
			t.Helper()
			a, err := w.OfClass(ctx, teacher, "k1")
			w.must(err)
			yes, known = a.Holds["p1"][w.platform.ID]
			return yes, known
		}
		if yes, _ := holds(); !yes {
			t.Error("the teacher does not see the yes")
		}
		_, err = w.Consent(ctx, head, w.consenting(func(c *rights.Consenting) {
			c.Answer, c.Purpose, c.Alternative, c.GivenOn = "no", "Publier sa voix", "Lire à un adulte.", "2026-11-09"
		}))
		w.must(err)
		if yes, known := holds(); yes || !known {
			t.Error("one purpose was refused, and the teacher sees a yes")
		}
		_, err = w.OfClass(ctx, w.as(policy.Evaluator), "k1")
		w.refused("a class read by an evaluator", err, fault.NotFound, "")
		_, err = w.Consents(ctx, teacher)
		w.refused("listed by a teacher", err, fault.Denied, "QC-MIN-01")
		elsewhere := head
		elsewhere.Grants = []policy.Grant{{Role: policy.Principal, Org: "s2"}}
		if l, err := w.Consents(ctx, elsewhere); err != nil || len(l.Rows) != 0 {
			t.Errorf("listed by another school: %+v, %v", l.Rows, err)
		}
		_, err = w.ConsentOf(ctx, elsewhere, c.ID)
		w.refused("read by another school", err, fault.NotFound, "")
		_, err = w.Withdraw(ctx, elsewhere, c.ID, "2026-11-20")
		w.refused("withdrawn by another school", err, fault.NotFound, "")
		if l, err := w.Consents(ctx, head); err != nil || len(l.Rows) != 2 || l.Rows[0].Signer != "" || l.Rows[0].Pupil != "Ana Vorn" {
			t.Errorf("listed: %+v, %v", l.Rows, err)
		}
		if r, err := w.ConsentOf(ctx, head, c.ID); err != nil || r.Signer != "M. SECRET" || !r.Withdraw {
			t.Errorf("read: %+v, %v", r, err)
		}
		_, err = w.Withdraw(ctx, head, c.ID, "2026-11-01")
		w.refused("withdrawn before it was given", err, fault.Invalid, "QC-MIN-02", "withdrawn_on")
		_, err = w.Withdraw(ctx, head, c.ID, "2026-11-20")
		w.must(err)
		_, err = w.Withdraw(ctx, head, c.ID, "2026-11-20")
		w.refused("withdrawn twice", err, fault.Conflict, "QC-MIN-02")
	})
}

func TestWhatHasServedIsDestroyedByTwo(t *testing.T) {
	each(t, "csc-pan-2023", func(t *testing.T, w *world) {
		ctx, officer, secretary := t.Context(), w.as(policy.PrivacyOfficer), w.as(policy.Secretary)
		const clause = "QC-RET-01"
		old := asked(rights.Access)
		old.ReceivedOn = "2020-01-10"
		r, err := w.Enter(ctx, officer, old)
		w.must(err)
		_, err = w.Close(ctx, officer, r.ID, "Retirée.", "2020-01-12")
		w.must(err)
		_, err = w.Propose(ctx, officer, rights.OldRequests)
		w.refused("without a rule", err, fault.Conflict, clause)
		_, err = w.SetRule(ctx, w.as(policy.Principal), rights.Rule{Record: rights.OldRequests, Code: "2-01", Years: 3})
		w.refused("set by a principal", err, fault.Denied, clause)
		_, err = w.SetRule(ctx, officer, rights.Rule{Record: "photos", Years: 101})
		w.refused("of nothing", err, fault.Invalid, clause, "record", "code", "years")
		_, err = w.SetRule(ctx, officer, rights.Rule{Record: rights.OldIncidents, Code: "2-02", Years: 4})
		w.refused("shorter than the law", err, fault.Invalid, "QC-INC-08", "years")
		_, err = w.SetRule(ctx, officer, rights.Rule{Record: rights.OldRequests, Code: "2-01", Years: 3})
		w.must(err)
		young, err := w.Enter(ctx, officer, asked(rights.Access))
		w.must(err)
		_, err = w.Close(ctx, officer, young.ID, "Retirée.", "2026-11-19")
		w.must(err)
		b, err := w.Propose(ctx, officer, rights.OldRequests)
		if err != nil || b.Count != 1 || w.mark(rights.ControlDestroyed, b.Subject()) != "waiting" {
			t.Fatalf("proposed: %+v, %v", b, err)
		}
		_, err = w.Propose(ctx, officer, rights.OldRequests)
		w.refused("proposed twice", err, fault.Conflict, clause)
		_, err = w.Decide(ctx, officer, b.ID, "approve")
		w.refused("approved by who proposed", err, fault.Conflict, clause)
		_, err = w.Decide(ctx, w.as(policy.Teacher), b.ID, "approve")
		w.refused("approved by a teacher", err, fault.NotFound, "")
		_, err = w.Decide(ctx, secretary, b.ID, "perhaps")
		w.refused("answered otherwise", err, fault.Invalid, clause, "answer")
		b, err = w.Decide(ctx, secretary, b.ID, "approve")
		if err != nil || b.State != rights.Destroyed || b.Count != 1 || w.mark(rights.ControlDestroyed, b.Subject()) != "conform" {
			t.Fatalf("destroyed: %+v, %v", b, err)
		}
		_, err = w.Request(ctx, officer, r.ID)
		w.refused("read once destroyed", err, fault.NotFound, "")
		if _, err = w.Request(ctx, officer, young.ID); err != nil {
			t.Errorf("one whose time has not come: %v", err)
		}
		_, err = w.Decide(ctx, secretary, b.ID, "refuse")
		w.refused("answered twice", err, fault.Conflict, clause)
		page, err := w.Retention(ctx, secretary)
		if err != nil || len(page.Batches) != 1 || len(page.Rules) != 1 || page.Due[rights.OldRequests] != 0 {
			t.Errorf("the page: %+v, %v", page, err)
		}
	})
}

func TestOldConsentsAndIncidentsAreDestroyed(t *testing.T) {
	each(t, "csc-pan-2023", func(t *testing.T, w *world) {
		ctx, officer, secretary := t.Context(), w.as(policy.PrivacyOfficer), w.as(policy.Secretary)
		_, err := w.Consent(ctx, w.as(policy.Principal), w.consenting(func(c *rights.Consenting) { c.GivenOn, c.ExpiresOn = "2020-01-01", "2020-06-30" }))
		w.must(err)
		incidents := &incident.Service{DB: w.db}
		i, err := incidents.Open(ctx, officer, incident.Entry{Kind: "loss", Information: "Une liste", Circumstances: "Perdue", From: "2020-01-08",
			AwareOn: "2020-01-10", Count: 3, Groups: []incident.Group{"students"}}, "")
		w.must(err)
		for record, code := range map[rights.Record]string{rights.OldConsents: "2-03", rights.OldIncidents: "2-02"} {
			_, err = w.SetRule(ctx, officer, rights.Rule{Record: record, Code: code, Years: 5})
			w.must(err)
		}
		_, err = w.Propose(ctx, officer, rights.OldIncidents)
		w.refused("an incident that is open", err, fault.Conflict, "QC-RET-01")
		dbtest.OwnerExec(t, w.db, `UPDATE incident SET state = 'closed' WHERE id = '`+string(i.ID)+`'`)
		for _, record := range []rights.Record{rights.OldConsents, rights.OldIncidents} {
			b, err := w.Propose(ctx, officer, record)
			w.must(err)
			refused, err := w.Decide(ctx, officer, b.ID, "refuse")
			if err != nil || refused.State != rights.Refused || w.mark(rights.ControlDestroyed, b.Subject()) != "" {
				t.Fatalf("refused: %+v, %v", refused, err)
			}
			b, err = w.Propose(ctx, officer, record)
			w.must(err)
			if b, err = w.Decide(ctx, secretary, b.ID, "approve"); err != nil || b.Count != 1 {
				t.Errorf("%s destroyed: %+v, %v", record, b, err)
			}
		}
		if _, err := incidents.View(ctx, officer, i.ID, 0); !fault.Is(err, fault.NotFound) {
			t.Errorf("an incident that was destroyed: %v", err)
		}
	})
}

// What says who asks and who signs is in no table and no trail, and follows its keys.
func TestWhoAsksAndWhoSignsIsSealed(t *testing.T) {
	each(t, "csc-pan-2023", func(t *testing.T, w *world) {
		ctx, officer := t.Context(), w.as(policy.PrivacyOfficer)
		r, err := w.Enter(ctx, officer, asked(rights.Access))
		w.must(err)
		_, err = w.Answer(ctx, officer, r.ID, rights.Answer{Outcome: "refused", Reasons: "Au nom de SECRETE", Recourse: "La CAI, dit SECRETE", On: "2026-11-20"})
		w.must(err)
		c, err := w.Consent(ctx, w.as(policy.Principal), w.consenting(nil))
		w.must(err)
		w.must(w.db.Read(ctx, w.board, func(ctx context.Context, tx *db.Tx) error {
			text := func(row db.Row) (s string, err error) {
				var b []byte
				err = row.Scan(&b)
				return string(b), err
			}
			found, err := db.All(ctx, tx, text, `SELECT sealed FROM rights_request WHERE board_id = $1`, tx.Board)
			w.must(err)
			more, err := db.All(ctx, tx, text, `SELECT signer FROM consent WHERE board_id = $1`, tx.Board)
			w.must(err)
			trail, err := db.All(ctx, tx, text, `SELECT CAST(subject || ' ' || detail AS text) FROM audit_record WHERE board_id = $1`, tx.Board)
			for _, s := range slices.Concat(found, more, trail) {
				if strings.Contains(s, "SECRET") {
					t.Errorf("readable: %q", s)
				}
			}
			if len(found) != 1 || len(more) != 1 || len(trail) < 3 {
				t.Errorf("looked at %d, %d and %d rows", len(found), len(more), len(trail))
			}
			return err
		}))
		if w.db.Engine() == db.SQLite {
			files, err := filepath.Glob(w.file() + "*")
			w.must(err)
			for _, file := range files {
				content, err := os.ReadFile(file)
				w.must(err)
				if bytes.Contains(content, []byte("SECRET")) {
					t.Errorf("%s holds it", filepath.Base(file))
				}
			}
			if len(files) == 0 {
				t.Error("no database file was read")
			}
		}
		keys := &vault.Service{Vault: w.Vault, DB: w.db, Rows: rights.Sealed()}
		operator := policy.System(w.board, w.pack, "cli")
		w.must(keys.Rotate(ctx, operator))
		if st, err := keys.Status(ctx, operator); err != nil || st.Older != 2 {
			t.Errorf("older rows: %+v, %v", st, err)
		}
		w.must(keys.Reseal(ctx, w.board, w.board))
		if st, err := keys.Status(ctx, operator); err != nil || st.Older != 0 || len(st.Keys) != 1 {
			t.Errorf("sealed again: %+v, %v", st, err)
		}
		if v, err := w.Request(ctx, officer, r.ID); err != nil || v.Private.Asker != "Mme SECRETE" || v.Private.Recourse == "" {
			t.Errorf("read under the new key: %+v, %v", v, err)
		}
		if v, err := w.ConsentOf(ctx, officer, c.ID); err != nil || v.Signer != "M. SECRET" {
			t.Errorf("read under the new key: %+v, %v", v, err)
		}
		other := officer
		other.Board = dbtest.Board(t, w.db)
		_, err = w.Request(ctx, other, r.ID)
		w.refused("from another board", err, fault.NotFound, "")
		_, err = w.ConsentOf(ctx, other, c.ID)
		w.refused("from another board", err, fault.NotFound, "")
	})
}

// file is the path of a SQLite database.
func (w *world) file() (path string) {
	w.t.Helper()
	rows, err := w.db.SQLite().QueryContext(w.t.Context(), "PRAGMA database_list")
	w.must(err)
	defer func() { w.must(rows.Close()) }()
	for rows.Next() {
		var seq, name string
		w.must(rows.Scan(&seq, &name, &path))
	}
	w.must(rows.Err())
	return path
}
