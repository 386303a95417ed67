package app_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/incident"
	"aval/internal/licence"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/reveal"
	"aval/internal/usage"
)

// proof shows that a clause lives: an act that its control counts as conform,
// and a violation that is refused under the clause or counted as an exception.
type proof struct {
	act     func(*board) error
	violate func(*board) error
	law     string // of 1.2, which is the law underneath: the law's own clause is cited
}

func criterion(aspect evaluation.Aspect, id string) proof {
	return proof{
		act: func(b *board) error { return b.finish(b.to(request.Acknowledged).ID, aspect, nil) },
		violate: func(b *board) error {
			return b.finish(b.to(request.Acknowledged).ID, aspect, func(in *evaluation.Input) { delete(in.Criteria, id) })
		},
	}
}

func aspectProof(aspect evaluation.Aspect) proof {
	p := criterion(aspect, "")
	p.violate = func(b *board) error {
		return b.finish(b.to(request.Acknowledged).ID, aspect, func(in *evaluation.Input) { in.Recommendation = "" })
	}
	return p
}

// against decides for a platform that the evaluator advised to refuse.
func against(aspect evaluation.Aspect) func(*board) error {
	return func(b *board) error {
		r := b.to(request.Acknowledged)
		for _, each := range evaluation.Aspects {
			b.must(b.finish(r.ID, each, func(in *evaluation.Input) {
				if each == aspect {
					in.Recommendation = evaluation.Refuse
				}
			}))
		}
		b.must(b.privacy(r.ID))
		_, err := b.decide(r.ID, nil)
		return err
	}
}

func decided(b *board) error {
	_, err := b.decide(b.to(request.Evaluated).ID, nil)
	return err
}

// undecided brings a request to the director without one answer about privacy.
func undecided(p request.Privacy) func(*board) error {
	return func(b *board) error {
		r := b.to(request.Acknowledged)
		for _, aspect := range evaluation.Aspects {
			b.must(b.finish(r.ID, aspect, nil))
		}
		if p.Personal != "" {
			_, err := b.Requests.RecordPrivacy(b.t.Context(), b.as("privacy_officer"), r.ID, p)
			b.must(err)
		}
		_, err := b.decide(r.ID, nil)
		return err
	}
}

func licensed(b *board) error { return b.record("principal", b.approved().ID, nil) }

// accounts makes those of a new licence.
func (b *board) accounts(kind licence.AccountKind, change func(*licence.Licence)) error {
	l := b.licence(b.approved().ID)
	l.AccountKind = kind
	if change != nil {
		change(&l)
	}
	l, err := b.Licences.Record(b.t.Context(), b.as("principal"), l)
	b.must(err)
	if _, err := b.Access.Create(b.t.Context(), b.as("evaluator"), l.ID); err != nil {
		return err
	}
	return b.Access.Run(b.t.Context(), b.id, string(l.ID))
}

// accounted is a licence whose pupils sign in with their login name.
func (b *board) accounted() licence.Licence {
	l := b.licence(b.approved().ID)
	l.AccountKind = licence.LoginName
	return l
}

// make makes the accounts of a licence.
func (b *board) make(id licence.ID) {
	b.t.Helper()
	_, err := b.Access.Create(b.t.Context(), b.as("evaluator"), id)
	b.must(err)
	b.must(b.Access.Run(b.t.Context(), b.id, string(id)))
}

func imported(b *board) error {
	_, err := b.Rosters.Import(b.t.Context(), b.as("it"), b.roster(nil))
	return err
}

// importedWrong brings a roster of which a pupil's class is not on it.
func importedWrong(b *board) error {
	_, err := b.Rosters.Import(b.t.Context(), b.as("it"), b.roster(func(file string, row map[string]string) {
		if file == "enrollments" && row["sourcedId"] == "k1e00" {
			row["classSourcedId"] = "k9"
		}
	}))
	return err
}

// newcomer brings a roster with a pupil whom the board has not seen yet.
func newcomer(b *board) error {
	id := "e00-" + db.NewID()
	_, err := b.Rosters.Import(b.t.Context(), b.as("it"), b.roster(func(_ string, row map[string]string) {
		for column, value := range row {
			if value == "e00" {
				row[column] = id
			}
		}
	}))
	return err
}

// nameless takes a pupil's login name away without giving another.
func nameless(b *board) error {
	return b.DB.Write(b.t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
		pupil, err := person.BySource(ctx, tx, "e01")
		if err != nil {
			return err
		}
		return b.Names.Retire(ctx, tx, pupil.ID)
	})
}

// revealed asks whose the login name of a pupil of the first school is.
func revealed(who string) func(*board) error {
	return func(b *board) error {
		_, err := b.Reveals.Reveal(b.t.Context(), b.as(who), reveal.Ask{Kind: reveal.Name, Name: b.loginName("e00"), Reason: "class_help"})
		return err
	}
}

// printed shows the cards of a class that has accounts on a new platform.
func (b *board) printed(who string) error {
	_, err := b.Reveals.Reveal(b.t.Context(), b.as(who), reveal.Ask{Kind: reveal.Class, Class: b.classes[0], Licence: b.cards(), Reason: "printing"})
	return err
}

// helped has somebody give another password to a pupil who lost it.
func helped(who string) func(*board) error {
	return func(b *board) error {
		return b.Access.Reset(b.t.Context(), b.as(who), b.accountFor("read-account", b.cards()))
	}
}

func departmentAsks(b *board) error {
	_, err := b.Requests.Submit(b.t.Context(), b.as("department_head"), b.ask("department_head").ID)
	return err
}

// followed has somebody read a platform's file about a pupil of the first school.
func followed(who string) func(*board) error {
	return func(b *board) error {
		l, err := b.Licences.Record(b.t.Context(), b.as("principal"), b.accounted())
		b.must(err)
		_, err = b.Usage.Rosetta(b.t.Context(), b.as(who), usage.Ask{Platform: l.PlatformID, Reason: "progress",
			File: []byte("Login;Minutes\n" + b.loginName("e02") + ";12\n")})
		return err
	}
}

var proofs = map[string]proof{
	"1.1a": {act: decided, violate: against(evaluation.Use)},
	"1.1b": {act: decided, violate: against(evaluation.Security)},
	"1.2":  {act: decided, violate: undecided(request.Privacy{}), law: "QC-PIA-01"},
	"1.3e": {act: revealed("teacher"), violate: revealed("department_head")},
	"2.1": {act: licensed, violate: func(b *board) error {
		p := b.approved()
		b.must(b.record("principal", p.ID, nil))
		_, err := b.Requests.Create(b.t.Context(), b.as("teacher"), b.draft("teacher", p.ID))
		return err
	}},
	"2.2a": {
		act: func(b *board) error { b.to(request.Submitted); return nil },
		violate: func(b *board) error {
			d := b.draft("teacher", b.platform().ID)
			d.Usage = ""
			r, err := b.Requests.Create(b.t.Context(), b.as("teacher"), d)
			b.must(err)
			_, err = b.Requests.Submit(b.t.Context(), b.as("teacher"), r.ID)
			return err
		}},
	"2.2b": {
		act: func(b *board) error { b.to(request.Authorised); return nil },
		violate: func(b *board) error {
			_, err := b.Requests.Authorise(b.t.Context(), b.as("teacher"), b.to(request.Submitted).ID, "")
			return err
		}},
	"2.2c": {
		act: func(b *board) error { b.to(request.Acknowledged); return nil },
		violate: func(b *board) error {
			return b.finish(b.to(request.Authorised).ID, evaluation.Use, nil)
		}},
	"3.1": {
		act: func(b *board) error { b.to(request.Evaluated); return nil },
		violate: func(b *board) error {
			r := b.to(request.Acknowledged)
			b.must(b.finish(r.ID, evaluation.Use, nil))
			b.must(b.privacy(r.ID))
			_, err := b.decide(r.ID, nil)
			return err
		}},
	"3.2": aspectProof(evaluation.Use),
	"3.3": aspectProof(evaluation.Security),
	"3.3a": {
		act: func(b *board) error { b.to(request.Evaluated); return nil },
		violate: func(b *board) error {
			return b.finish(b.to(request.Acknowledged).ID, evaluation.Security, func(in *evaluation.Input) { in.LocationReason = "" })
		}},
	"3.3b": criterion(evaluation.Security, "3.3b"),
	"3.3c": criterion(evaluation.Security, "3.3c"),
	"3.3d": criterion(evaluation.Security, "3.3d"),
	"3.3e": criterion(evaluation.Security, "3.3e"),
	"4.1": {
		act: func(b *board) error {
			_, err := b.Decisions.Acknowledge(b.t.Context(), b.as("principal"), b.decisionOf(b.to(request.Decided).ID).ID)
			return err
		},
		violate: func(b *board) error { // buying what was refused
			r := b.to(request.Evaluated)
			_, err := b.decide(r.ID, func(in *decision.Input) {
				in.Use = decision.Verdict{Result: decision.Refused, Reasons: "Rien du programme."}
			})
			b.must(err)
			return b.record("principal", r.PlatformID, nil)
		}},
	"4.1a": {
		act: func(b *board) error {
			c, err := b.contest(b.decisionOf(b.to(request.Decided).ID).ID)
			b.must(err)
			_, err = b.answer(c.ID)
			return err
		},
		violate: func(b *board) error {
			d := b.decisionOf(b.to(request.Decided).ID)
			_, err := b.Decisions.Contest(b.t.Context(), b.as("principal"), d.ID, evaluation.Use, "Non.")
			return err
		}},
	"4.1b": {
		act: func(b *board) error {
			d := b.decisionOf(b.to(request.Decided).ID)
			_, err := b.Decisions.Renew(b.t.Context(), b.as("principal"), d.ID, "Chiffrement de bout en bout, "+b.name("new security"))
			return err
		},
		violate: func(b *board) error {
			d := b.decisionOf(b.to(request.Decided).ID)
			_, err := b.Decisions.Renew(b.t.Context(), b.as("principal"), d.ID, " ")
			return err
		}},
	"4.2": {act: licensed, violate: func(b *board) error {
		return b.record("principal", b.approved().ID, func(l *licence.Licence) { l.Payer = "" })
	}},
	"4.2a": {
		act: func(b *board) error {
			return b.record("evaluation_director", b.approved().ID, func(l *licence.Licence) {
				l.Scope, l.OrgID, l.Payer = licence.Board, "", licence.DDL
			})
		},
		violate: func(b *board) error { // a school has the DDL pay
			return b.record("principal", b.approved().ID, func(l *licence.Licence) {
				l.Scope, l.OrgID, l.Payer = licence.Board, "", licence.DDL
			})
		}},
	"4.2b": {act: licensed, violate: func(b *board) error {
		return b.record("evaluation_director", b.approved().ID, func(l *licence.Licence) { l.Payer = licence.DDL })
	}},
	"5.1.1": {act: newcomer, violate: nameless},
	"5.1.2": {act: newcomer, violate: func(b *board) error {
		return b.Vault.Rotate(b.t.Context(), b.as("teacher"))
	}},
	"6.1e": {act: func(b *board) error { return b.accounts(licence.LoginName, nil) }, violate: func(b *board) error {
		return b.accounts(licence.LoginName, func(l *licence.Licence) { l.Seats = 2 })
	}},
	"6.2b": {act: followed("principal"), violate: followed("department_head")},
	"6.2a": {
		act:     func(b *board) error { return b.printed("teacher") },
		violate: func(b *board) error { return b.printed("it") }},
	"6.2f": {act: helped("teacher"), violate: helped("it")},
	"6.3b": {
		act:     func(b *board) error { b.to(request.Authorised); return nil },
		violate: func(b *board) error { return b.record("principal", b.platform().ID, nil) }},
	"6.3e": {act: imported, violate: importedWrong},
	"6.5a": {
		act: func(b *board) error {
			_, err := b.Requests.Redirect(b.t.Context(), b.as("it"), request.Passed{PlatformID: b.platform().ID, Org: b.school})
			return err
		},
		violate: func(b *board) error {
			_, err := b.Requests.Redirect(b.t.Context(), b.as("secretary"), request.Passed{PlatformID: b.platform().ID, Org: b.school})
			return err
		}},
	"6.5d": {act: imported, violate: func(b *board) error {
		_, err := b.Rosters.Import(b.t.Context(), b.as("teacher"), b.roster(nil))
		return err
	}},
	"6.6a": {act: departmentAsks, violate: func(b *board) error {
		return b.record("department_head", b.platform().ID, func(l *licence.Licence) {
			l.Scope, l.OrgID, l.Payer = licence.Department, b.department, b.department
		})
	}},
	"6.6d": {act: departmentAsks, violate: func(b *board) error {
		d := b.draft("department_head", b.platform().ID)
		d.Description = ""
		r, err := b.Requests.Create(b.t.Context(), b.as("department_head"), d)
		b.must(err)
		_, err = b.Requests.Submit(b.t.Context(), b.as("department_head"), r.ID)
		return err
	}},
	"A.0": {act: func(b *board) error { return b.accounts(licence.BoardEmail, nil) }, violate: func(b *board) error {
		return b.accounts(licence.NoAccount, nil)
	}},
	"7.2": {act: licensed, violate: func(b *board) error {
		_, _, err := policy.Coverage(b.t.Context(), b.DB, b.as("teacher"))
		return err
	}},
	"QC-REG-COM":   exported("releases"),
	"QC-REG-FILES": exported("files"),
	"QC-INC-01": {act: func(b *board) error { return b.pursue("opened") }, violate: func(b *board) error {
		_, err := b.Incidents.Report(b.t.Context(), b.as("teacher"), incident.Told{NoticedOn: today()})
		return err
	}},
	"QC-INC-02": {act: func(b *board) error { return b.pursue("measured") }, violate: func(b *board) error { return b.pursue("assessed", "closed") }},
	"QC-INC-03": {act: func(b *board) error { return b.pursue("assessed") }, violate: func(b *board) error { return b.pursue("measured", "closed") }},
	"QC-INC-04": {act: func(b *board) error { return b.pursue("serious", "commission", "people") }, violate: func(b *board) error {
		return b.pursue("serious", "measured", "people", "closed")
	}},
	"QC-INC-05": {act: func(b *board) error { return b.pursue("serious", "commission", "people") }, violate: func(b *board) error {
		return b.pursue("serious", "measured", "commission", "closed")
	}},
	"QC-INC-06": {act: func(b *board) error { return b.pursue("helped") }, violate: func(b *board) error { return b.pursue("helped by nobody") }},
	"QC-INC-07": {act: func(b *board) error { return b.pursue("opened") }, violate: func(b *board) error {
		e := b.entry()
		e.Information = ""
		_, err := b.Incidents.Open(b.t.Context(), b.as("privacy_officer"), e, "")
		return err
	}},
	"QC-INC-08": {act: func(b *board) error { return b.pursue("opened") }, violate: func(b *board) error {
		return b.pursue("assessed", "measured", "closed", "deleted")
	}},
	"QC-PIA-01": {act: decided, violate: undecided(request.Privacy{Personal: "yes"})},
	"QC-PIA-02": {act: decided, violate: undecided(request.Privacy{Personal: "yes", PIAOn: "2026-01-15"})},
}

// otherProofs are those of clauses that only the other policy and its laws have.
var otherProofs = map[string]proof{}

func init() {
	for n := 1; n <= 13; n++ {
		id := fmt.Sprintf("3.2.%d", n)
		proofs[id] = criterion(evaluation.Use, id)
	}
}

// proofOf is the proof of a clause: its own; that of the clause by which the
// program knows it, or of one with the same control; of a criterion, that it is
// rated or missed.
func (b *board) proofOf(c policy.Clause) (p proof, proved bool) {
	if b.pack == "csc-pan-2023" {
		p, proved = proofs[c.ID]
		return p, proved
	}
	if p, proved = otherProofs[c.ID]; proved {
		return p, true
	}
	for _, aspect := range evaluation.Aspects {
		of, _ := b.system().Pack.Aspect(string(aspect))
		for _, each := range of.Criteria {
			if each.Clause == c.ID {
				return criterion(aspect, each.ID), true
			}
		}
	}
	first, err := policy.Shipped("csc-pan-2023")
	b.must(err)
	for _, same := range first.All() {
		if same.Control == c.Control && (len(c.KnownAs) == 0 || slices.Contains(c.KnownAs, same.ID)) {
			if p, proved = proofs[same.ID]; proved {
				return p, true
			}
		}
	}
	return p, false
}

func TestEveryClauseIsProved(t *testing.T) {
	t.Parallel()
	eachPolicy(t, func(t *testing.T, b *board) {
		known := map[string]bool{}
		for _, c := range b.system().Pack.All() {
			known[c.ID] = true
			p, proved := b.proofOf(c)
			switch {
			case c.Mode == policy.Planned && c.Capability == "":
				t.Errorf("%s is planned for no capability", c.ID)
			case c.Mode == policy.Planned || c.Mode == policy.Defines:
				if proved {
					t.Errorf("%s is %s, and has a proof all the same", c.ID, c.Mode)
				}
			case !proved:
				t.Errorf("%s (%s) has no proof: neither an act that conforms nor a violation", c.ID, c.Control)
			default:
				t.Run(c.ID, func(t *testing.T) { b.prove(t, c, p) })
			}
		}
		for id := range proofs {
			if !known[id] && b.pack == "csc-pan-2023" {
				t.Errorf("%s is proved and is no clause", id)
			}
		}
	})
}

func (b *board) prove(t *testing.T, c policy.Clause, p proof) {
	before := b.coverage(c.ID)
	if err := p.act(b); err != nil {
		t.Fatalf("the act: %v", err)
	}
	after := b.coverage(c.ID)
	if after.Conform <= before.Conform || after.Exceptions != before.Exceptions {
		t.Errorf("the act left %s at %d conform and %d exceptions, from %d and %d",
			c.Control, after.Conform, after.Exceptions, before.Conform, before.Exceptions)
	}
	err := p.violate(b)
	cites := c.ID
	if p.law != "" {
		law, _ := b.system().Pack.Clause(p.law)
		if cites = law.ID; law.Control != c.Control {
			t.Errorf("%s and %s have not one control", c.ID, p.law)
		}
	}
	if f, refused := fault.As(err); refused {
		of, _ := b.system().Pack.Clause(f.Clause)
		if of.ID != cites && (b.pack == "csc-pan-2023" || of.Control != c.Control) {
			t.Errorf("the violation was refused under %q: %v", f.Clause, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("the violation: %v", err)
	}
	if now := b.coverage(c.ID); now.Exceptions <= after.Exceptions {
		t.Errorf("the violation was let through: %s stays at %d exceptions", c.Control, now.Exceptions)
	}
}

func (b *board) coverage(clause string) policy.CoverageRow {
	b.t.Helper()
	_, rows, err := policy.Coverage(b.t.Context(), b.DB, b.as("evaluation_director"))
	b.must(err)
	for _, row := range rows {
		if row.ID == clause {
			return row
		}
	}
	b.t.Fatalf("coverage does not speak of %s", clause)
	return policy.CoverageRow{}
}

// The trail says under which clause each thing was done, and no other.
func TestTheTrailCitesClausesOfThePack(t *testing.T) {
	t.Parallel()
	eachPolicy(t, func(t *testing.T, b *board) {
		b.must(proofs["4.1a"].act(b))
		b.must(licensed(b))
		b.must(b.DB.Read(t.Context(), b.id, func(ctx context.Context, tx *db.Tx) error {
			cited, err := db.All(ctx, tx, func(row db.Row) (s string, err error) {
				err = row.Scan(&s)
				return s, err
			},
				`SELECT DISTINCT clause FROM audit_record WHERE board_id = $1 AND clause <> ''`, tx.Board)
			for _, id := range cited {
				if c, _ := b.system().Pack.Clause(id); c.ID != id {
					t.Errorf("the trail cites %s, which is no clause", id)
				}
			}
			if len(cited) < 6 {
				t.Errorf("the trail cites only %s", strings.Join(cited, ", "))
			}
			return err
		}))
	})
}
