package policy

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
)

// Controls are what in the code carries a clause, and what marks each. A clause
// of a pack that names none of them is refused, unless a later capability is to
// carry it.
var Controls = map[string]string{
	"term.evaluating":   "the evaluation roles bear the title of the evaluating service",
	"term.department":   "org.under_deputy says which departments the word means; a request of another is refused",
	"term.platform":     "catalogue.Platform is what a request, an evaluation and a decision are about",
	"term.licence":      "licence.Licence is a right of access, free or paid",
	"term.roster":       "roster.Import ties pupils to schools, grades and classes",
	"term.principal":    "a vice-principal of the roster is granted the role of principal",
	"term.social":       "the word that criterion 3.3 d is judged with",
	"policy.person":     "every mark of every other control, and managers’ attestations: waiting in their season, an exception after it or when one says what was not applied",
	"policy.official":   "the secretary keeps the signed text of a version; refused: to any other, and a version that is kept already",
	"policy.reviewed":   "a review of the policy is recorded with its result; an exception while the next is overdue",
	"decision.made":     "a decision is made on a request; an exception when it lets in what an evaluator advised to refuse",
	"decision.protects": "a decision rests on a security evaluation; an exception when it goes against its advice to refuse",
	"privacy.assessed":  "a decision finds the date of a concluded privacy assessment, or that nothing personal is touched",
	"privacy.consulted": "a decision finds the date of the committee's consultation, or that nothing personal is touched",

	"assessment.depth":     "a privacy assessment is concluded with its five factors, its depth and the reason of a person; waiting since it was opened",
	"assessment.portable":  "a concluded assessment says in what format information is given back; an exception where it cannot be; waiting since it was opened",
	"assessment.mitigated": "an assessment is concluded, its high risks each with a mitigation and who sees to it; waiting since it was opened; refused: one that lacks either",
	"transfer.assessed":    "what leaves Québec was weighed and a person said whether its protection is adequate; refused: approving before, or where it is not",
	"technology.told":      "an assessment says whether the tool identifies, locates or profiles, with the notice if it does; waiting since it was opened",
	"technology.defaults":  "an assessment says whether students are the public and which settings protect by default; waiting since it was opened",
	"technology.decides":   "an assessment says whether software decides alone, with who reviews and the notice if it does; waiting since it was opened",

	"catalogue.preapproved": "someone types the name of a platform that a board licence already gives them",
	"data.subjects":         "a request says whose data the platform would hold; refused: sending one that does not",
	"data.classified":       "a request is given its class of information by a person, with an owner; refused: deciding before",
	"security.classified":   "the same, by the scheme that the board made of the government’s model; waiting while the board has none",
	"data.allowed":          "an approved platform may receive information up to its class; an exception where a class was seen in one that may not",
	"services.inventoried":  "a platform that is decided on is in the inventory with what it receives; an exception while one is found in use that nobody asked for",
	"users.watchful":        "a person acknowledges the users’ duties of the school year; an exception where someone’s information was seen in a platform that is not authorised",
	"notice.refused":        "a refusal is shown to everyone with its reasons; an exception where it gives none",

	"request.described":       "a request is submitted with the platform and its use described",
	"request.authorised":      "a principal or department head authorises a request; waiting since its submission",
	"request.acknowledged":    "the evaluating service acknowledges a request; waiting since its authorisation",
	"request.redirected":      "IT redirects a request received by mail",
	"request.new_security":    "a new request after a security refusal lists new security functions",
	"request.before_purchase": "a principal authorises a request before the platform is bought",

	"request.before_purchase.department": "a department head authorises a request before the platform is bought",
	"request.department_process":         "a department's request goes through the same description and evaluation",

	"evaluation.finished":   "both aspects of an evaluation are finished before the decision; an exception where who evaluated also decided",
	"evaluation.use":        "the use aspect is finished; waiting since the acknowledgement",
	"evaluation.use.1":      "use criterion 1 is rated or set aside",
	"evaluation.use.2":      "use criterion 2 is rated or set aside",
	"evaluation.use.3":      "use criterion 3 is rated or set aside",
	"evaluation.use.4":      "use criterion 4 is rated or set aside",
	"evaluation.use.5":      "use criterion 5 is rated or set aside",
	"evaluation.use.6":      "use criterion 6 is rated or set aside",
	"evaluation.use.7":      "use criterion 7 is rated or set aside",
	"evaluation.use.8":      "use criterion 8 is rated or set aside",
	"evaluation.use.9":      "use criterion 9 is rated or set aside",
	"evaluation.use.10":     "use criterion 10 is rated or set aside",
	"evaluation.use.11":     "use criterion 11 is rated or set aside",
	"evaluation.use.12":     "use criterion 12 is rated or set aside",
	"evaluation.use.13":     "use criterion 13 is rated or set aside",
	"evaluation.security":   "the security aspect is finished; waiting since the acknowledgement",
	"evaluation.location":   "the location criterion is rated with its rung, reason and equivalents",
	"evaluation.security.b": "the legislation criterion is rated or set aside",
	"evaluation.security.c": "the data security criterion is rated or set aside; accounts of a licence that is over wait for the vendor’s word that they are deleted, an exception after thirty days",
	"evaluation.security.d": "the social media criterion is rated or set aside",
	"evaluation.security.e": "the cookies criterion is rated or set aside",

	"evaluation.minimum":        "the data minimum criterion is rated or set aside",
	"evaluation.reach":          "the reach into the device criterion is rated or set aside",
	"evaluation.commercial":     "the advertising and trade criterion is rated or set aside",
	"evaluation.models":         "the artificial intelligence criterion is rated or set aside",
	"evaluation.terms":          "the terms of use criterion is rated or set aside",
	"evaluation.encryption":     "the encryption criterion is rated or set aside",
	"evaluation.mfa":            "the signing in criterion is rated or set aside",
	"evaluation.remote":         "the remote support criterion is rated or set aside",
	"evaluation.evidence":       "the evidence criterion is rated or set aside",
	"evaluation.subcontractors": "the subcontractors criterion is rated or set aside",
	"evaluation.ownership":      "the ownership criterion is rated or set aside",
	"evaluation.contract":       "the contract criterion is rated or set aside",
	"evaluation.retention":      "the clearing criterion is rated or set aside",
	"evaluation.change":         "the changes criterion is rated or set aside",

	"department.judged": "a department gives its own judgement on an aspect; waiting since it was invited; an exception when it declines or is late",
	"renewal.evaluated": "a platform is evaluated again; waiting since that was opened or is due; an exception when it is overdue",

	"decision.transmitted":  "a school or department acknowledges the letter, or a condition is met; waiting since the decision; an exception while a licence runs for what was refused, or a condition is overdue",
	"contest.use":           "the appeal authority answers a written disagreement about use; waiting since it was sent",
	"contract.written":      "a contract stands that holds what the law requires, or the vendor attests that nothing is kept after its end; waiting before; an exception for terms accepted by a click, and for a licence that runs without a contract; refused: a licence without one",
	"contract.undertakings": "a contract stands with undertakings of secrecy, or the privacy officer’s reasoned waiver; refused: with neither",
	"contract.verified":     "the vendor tells of a violation, or a verification is noted with its result; an exception when one is overdue; refused: a contract that does not allow it",
	"contract.terms":        "a contract stands with each expected term found in it; an exception when the risk of one that is absent was accepted, and for a licence that runs without a contract",
	"contract.overseen":     "a verification of the vendor is noted with its result; an exception when one is overdue",
	"transfer.agreed":       "the contract of a platform outside Québec stands with a clause for each mitigation; refused: without",
	"licence.payer":         "a licence is recorded with the payer that its scope asks for",
	"pseudonym.assigned":    "a pupil of the youth sector is given a login name; refused: taking it away without another",
	"pseudonym.random":      "a login name is drawn at random and sealed; refused: the keys to whom may not manage them",
	"pseudonym.conditions":  "a platform that insists on a name or an address gave an undertaking that is in force; refused: an undertaking without its conditions, or a name without one",
	"pseudonym.known":       "someone is shown whose a login name is, within their reach; refused: to whom has none",
	"student.helped":        "a pupil who lost a password is given another; refused: by who neither teaches the pupil nor heads the school",
	"login.handed":          "a pupil’s user name and password are shown to be handed over, on a card or to help; refused: to who neither teaches the pupil nor heads the school",
	"login.kept":            "each pupil of a licence’s audience is given an account; waiting while they are made; an exception while one has none; refused: accounts under a licence that does not run",
	"login.identifiers":     "an account is made that is entered with the board’s address, a login name or the platform’s name; refused: accounts on a licence that names none of them",
	"progress.followed":     "a platform’s file is read with the pupils’ names, for a class; refused: to whom has no class, school or board to follow",
	"roster.kept":           "a roster is imported; an exception when it holds defects",

	"governance.officer":   "a person in charge of personal information is named; waiting while none is; refused: one without the writing that names them",
	"governance.committee": "a member, a meeting or an opinion of the committee is recorded; waiting while it has no member; refused: an opinion without its words",
	"governance.rules":     "governance rules are approved, with their text; waiting while none are; refused: rules without the file",
	"governance.standards": "common standards are set, with their next review; an exception while it is overdue",
	"governance.target":    "a usual time to answer is published; waiting while none is",
	"governance.charter":   "the charter is adopted, with its resolution",
	"retention.schedule":   "a retention schedule is adopted, with its rule codes; waiting while none is; refused: one without its codes",
	"security.kept":        "security measures are reviewed; waiting while they never were, an exception while the next review is overdue",
	"security.maturity":    "a contact for cyber security is named, and maturity assessed; waiting before, an exception while the next assessment is overdue",
	"incident.planned":     "the plan for incidents is tested; waiting while it never was, an exception while the next test is overdue",

	"incident.registered":  "an incident is entered in the register; waiting since an employee told of it; refused: one without its eight elements",
	"incident.risk_tested": "a person answers the risk test of the law with its factors and reasons; waiting since the incident was opened; refused: closing it before",
	"incident.notified":    "the commission and the people concerned were told of a serious incident; waiting since its risk was found serious; refused: closing it before",
	"incident.measured":    "a measure is noted with its day; waiting since the incident was opened; refused: closing it before",
	"register.kept":        "an incident is kept in the register, and a register is exported; refused: deleting an incident within five years of the awareness of it",

	"rights.answered":     "a request for access or correction is answered within its time limit; waiting since it was entered; an exception once the limit has passed; refused: an extension out of time",
	"retention.destroyed": "what has served is destroyed under the board’s rule, with a second person’s approval; waiting since it was proposed; refused: approving one’s own proposal",
	"notice.policy":       "a version of the confidentiality policy is published; refused: with a field left empty, or without saying what changes",
	"notice.collection":   "a notice of collection is published; refused: with a field left empty, or without a position, an address and a number",
	"notice.parents":      "parents are told of a platform before its licence begins; waiting while no licence runs; an exception when one began before",
	"consent.signer":      "a consent is kept with who signed and in which capacity; refused: a signer who has not the age or the capacity",
	"consent.quality":     "a consent is kept for one purpose, with the text that was read and its end; refused: several purposes at once, or no end",
	"consent.child":       "a person chooses what lets a platform collect from children; refused: the child’s benefit without its reason",
	"consent.kept":        "the answer of a parent or a student is kept; refused: a refusal without another activity",
}

// Capabilities are what later parts of the system will carry; a planned clause names one.
var Capabilities = []string{
	"renewals", "login_names", "agreements", "support", "official_versions", "incidents", "inspection",
	"assessment", "contracts", "registers", "notices", "consent", "rights", "retention", "governance", "security",
}

// Everyone is the control of the clause that asks each person to follow all the
// others (policy A, 7.2): it counts their marks, and its own.
const Everyone = "policy.person"

// CoverageRow is a clause, what carries it, and what was seen of it so far.
type CoverageRow struct {
	ID         string
	Pack       string // the policy's, or that of a law under it
	Control    string
	Mode       string
	Capability string // of a planned clause
	Conform    int64
	Exceptions int64
	Waiting    int64
	Before     int64 // recorded from before aval, in none of the others
}

type counts struct{ conform, exceptions, waiting, before int64 }

// Coverage lists every clause of the board's policy, then of the laws under it,
// with live counts. It is for those who answer for the policy (7.2).
func Coverage(ctx context.Context, d *db.DB, a Actor) (packID string, rows []CoverageRow, err error) {
	if err := a.Allow(CoverageRead, Scope{}); err != nil {
		return "", nil, err
	}
	var seen map[string]counts
	err = d.Read(ctx, a.Board, func(ctx context.Context, tx *db.Tx) error {
		seen, err = countMarks(ctx, tx)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	for _, c := range a.Pack.All() {
		rows = append(rows, rowOf(c, seen[c.Control]))
	}
	return a.Pack.ID, rows, nil
}

// countMarks counts the marks of each control, and all of them under Everyone.
func countMarks(ctx context.Context, tx *db.Tx) (map[string]counts, error) {
	type group struct {
		control string
		outcome Outcome
		n       int64
	}
	groups, err := db.All(ctx, tx, func(row db.Row) (g group, err error) {
		err = row.Scan(&g.control, &g.outcome, &g.n)
		return g, err
	}, `SELECT control, outcome, count(*) FROM control_mark WHERE board_id = $1 GROUP BY control, outcome`, tx.Board)
	if err != nil {
		return nil, err
	}
	seen := map[string]counts{}
	for _, g := range groups {
		of := []string{g.control, Everyone}
		if g.control == Everyone {
			of = of[1:]
		}
		for _, control := range of {
			n := seen[control]
			switch g.outcome {
			case Conform:
				n.conform += g.n
			case Exception:
				n.exceptions += g.n
			case Waiting:
				n.waiting += g.n
			case Before:
				n.before += g.n
			}
			seen[control] = n
		}
	}
	return seen, nil
}

// Seen is what a control saw of one subject, and when.
type Seen struct {
	Control string
	Subject string
	Outcome Outcome
	At      time.Time
}

// SeenFilter says which marks of a clause are listed, and from where.
type SeenFilter struct {
	Outcome Outcome // all when empty
	After   string  // Next of the page before
}

// SeenPage is a part of the marks behind a clause's counts, the newest first;
// Next begins the following part, or is empty.
type SeenPage struct {
	Row   CoverageRow
	Marks []Seen
	Next  string
}

// seenPage is how many marks a page lists.
const seenPage = 100

// Marks answers what stands behind the counts of one clause, for the same
// people as Coverage; NotFound for a clause that the policy does not have.
func Marks(ctx context.Context, d *db.DB, a Actor, clause string, f SeenFilter) (page SeenPage, err error) {
	if err := a.Allow(CoverageRead, Scope{}); err != nil {
		return page, err
	}
	c, ok := a.Pack.Clause(clause)
	if !ok || f.Outcome != "" && !slices.Contains([]Outcome{Conform, Exception, Waiting, Before}, f.Outcome) {
		return page, fault.Missing()
	}
	query := `SELECT control, subject, outcome, at FROM control_mark WHERE board_id = $1`
	args := []any{a.Board}
	hold := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	if c.Control != Everyone {
		query += ` AND control = ` + hold(c.Control)
	}
	if f.Outcome != "" {
		query += ` AND outcome = ` + hold(string(f.Outcome))
	}
	if f.After != "" {
		at, control, subject, ok := seenPlace(f.After)
		if !ok {
			return page, fault.Missing()
		}
		query += ` AND (at, control, subject) < (` + hold(at) + `, ` + hold(control) + `, ` + hold(subject) + `)`
	}
	query += ` ORDER BY at DESC, control DESC, subject DESC LIMIT ` + hold(seenPage+1)
	var seen map[string]counts
	err = d.Read(ctx, a.Board, func(ctx context.Context, tx *db.Tx) error {
		if seen, err = countMarks(ctx, tx); err != nil {
			return err
		}
		page.Marks, err = db.All(ctx, tx, func(row db.Row) (m Seen, err error) {
			err = row.Scan(&m.Control, &m.Subject, &m.Outcome, &m.At)
			return m, err
		}, query, args...)
		return err
	})
	if err != nil {
		return SeenPage{}, err
	}
	page.Row = rowOf(c, seen[c.Control])
	if len(page.Marks) > seenPage {
		page.Marks = page.Marks[:seenPage]
		last := page.Marks[seenPage-1]
		page.Next = base64.RawURLEncoding.EncodeToString([]byte(
			last.At.UTC().Format(time.RFC3339Nano) + " " + last.Control + " " + last.Subject))
	}
	return page, nil
}

// seenPlace reads where a page ended.
func seenPlace(typed string) (at time.Time, control, subject string, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(typed)
	if err != nil {
		return at, "", "", false
	}
	parts := strings.SplitN(string(text), " ", 3)
	if len(parts) != 3 {
		return at, "", "", false
	}
	at, err = time.Parse(time.RFC3339Nano, parts[0])
	return at, parts[1], parts[2], err == nil
}

func rowOf(c Clause, n counts) CoverageRow {
	return CoverageRow{
		ID: c.ID, Pack: c.Pack, Control: c.Control, Mode: string(c.Mode), Capability: c.Capability,
		Conform: n.conform, Exceptions: n.exceptions, Waiting: n.waiting, Before: n.before,
	}
}
