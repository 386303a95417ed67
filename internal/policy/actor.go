package policy

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"aval/internal/db"
	"aval/internal/fault"
)

// Role is a part that someone plays in the policy. The pack gives its title.
type Role string

// The roles of the policies we run.
const (
	Teacher            Role = "teacher"
	Professional       Role = "professional"
	Principal          Role = "principal" // and vice-principals: policy A, 1.3 g
	DepartmentHead     Role = "department_head"
	Evaluator          Role = "evaluator"
	EvaluationDirector Role = "evaluation_director"
	AppealAuthority    Role = "appeal_authority"
	IT                 Role = "it"
	PrivacyOfficer     Role = "privacy_officer"
	Secretary          Role = "secretary"
	Operator           Role = "operator"
)

// Roles lists every role, in the order in which people read them.
var Roles = []Role{
	Teacher, Professional, Principal, DepartmentHead, Evaluator, EvaluationDirector,
	AppealAuthority, IT, PrivacyOfficer, Secretary, Operator,
}

// Action is something that a use case lets a role do.
type Action string

// The actions that permissions are written for.
const (
	RequestRead          Action = "request.read"
	RequestCreate        Action = "request.create"
	RequestEdit          Action = "request.edit"
	RequestSubmit        Action = "request.submit"
	RequestJoin          Action = "request.join"
	RequestAuthorise     Action = "request.authorise"
	RequestWithdraw      Action = "request.withdraw"
	RequestRedirect      Action = "request.redirect"
	RequestAcknowledge   Action = "request.acknowledge"
	PrivacyRecord        Action = "privacy.record"
	AssessmentRead       Action = "assessment.read"
	AssessmentWrite      Action = "assessment.write"
	AssessmentConclude   Action = "assessment.conclude"
	AssessmentConsult    Action = "assessment.consult"
	VettingRead          Action = "vetting.read"
	VettingAttach        Action = "vetting.attach"
	EvaluationRead       Action = "evaluation.read"
	EvaluationWrite      Action = "evaluation.write"
	EvaluationSecond     Action = "evaluation.second"
	EvaluationExport     Action = "evaluation.export"
	InvitationRead       Action = "invitation.read"
	InvitationAnswer     Action = "invitation.answer"
	CriterionManage      Action = "criterion.manage"
	SignerManage         Action = "signer.manage"
	DecisionRead         Action = "decision.read"
	DecisionDecide       Action = "decision.decide"
	DecisionAcknowledge  Action = "decision.acknowledge"
	DecisionContest      Action = "decision.contest"
	DecisionReevaluate   Action = "decision.reevaluate"
	ContestAnswer        Action = "contest.answer"
	ConditionRead        Action = "condition.read"
	ConditionManage      Action = "condition.manage"
	ConditionAnswer      Action = "condition.answer"
	ConditionWaive       Action = "condition.waive"
	CatalogueRead        Action = "catalogue.read"
	CatalogueEdit        Action = "catalogue.edit"
	ClassificationManage Action = "classification.manage"
	InventoryNote        Action = "inventory.note"
	InventoryRead        Action = "inventory.read"
	InventorySettle      Action = "inventory.settle"
	DutyAcknowledge      Action = "duty.acknowledge"
	DutyRead             Action = "duty.read"
	LicenceRead          Action = "licence.read"
	LicenceRecord        Action = "licence.record"
	ContractRead         Action = "contract.read"
	ContractManage       Action = "contract.manage"
	ContractWaive        Action = "contract.waive"
	DisclosureManage     Action = "disclosure.manage"
	ClassRead            Action = "class.read"
	RosterRead           Action = "roster.read"
	RosterImport         Action = "roster.import"
	DirectoryRead        Action = "directory.read"
	CorrectionRead       Action = "correction.read"
	CorrectionAsk        Action = "correction.ask"
	CorrectionSettle     Action = "correction.settle"
	RosterMerge          Action = "roster.merge"
	PolicyRead           Action = "policy.read"
	OfficialUpload       Action = "official.upload"
	InterpretationWrite  Action = "interpretation.write"
	AttestationRead      Action = "attestation.read"
	AttestationSign      Action = "attestation.sign"
	GovernanceRead       Action = "governance.read"
	GovernanceRecord     Action = "governance.record"
	PolicyMove           Action = "policy.move"
	PolicyVerify         Action = "policy.verify"
	CoverageRead         Action = "coverage.read"
	AuditRead            Action = "audit.read"
	AuditAnchor          Action = "audit.anchor"
	AccountManage        Action = "account.manage"
	DelegationCreate     Action = "delegation.create"
	SettingsEdit         Action = "settings.edit"
	VaultManage          Action = "vault.manage"
	RevealName           Action = "reveal.name"
	RevealAccount        Action = "reveal.account"
	RevealClass          Action = "reveal.class"
	RevealFile           Action = "reveal.file"
	RevealGuardians      Action = "reveal.guardians"
	RevealApprove        Action = "reveal.approve"
	RevealRead           Action = "reveal.read"
	AccessManage         Action = "access.manage"
	AccessReset          Action = "access.reset"
	AccessProvision      Action = "access.provision"
	AccessApprove        Action = "access.approve"
	CredentialManage     Action = "credential.manage" //nolint:gosec // the name of an act
	IncidentReport       Action = "incident.report"
	IncidentRead         Action = "incident.read"
	IncidentManage       Action = "incident.manage"
	BreachRead           Action = "breach.read"
	BreachAct            Action = "breach.act"
	RegisterRead         Action = "register.read"
	RightsRead           Action = "rights.read"
	RightsManage         Action = "rights.manage"
	RightsDispose        Action = "rights.dispose"
	NoticeRead           Action = "notice.read"
	NoticeWrite          Action = "notice.write"
	NoticePublish        Action = "notice.publish"
	ConsentRead          Action = "consent.read"
	ConsentRecord        Action = "consent.record"
	ConsentBasis         Action = "consent.basis"
	ConsentClass         Action = "consent.class"
)

// Actions lists every action.
var Actions = []Action{
	RequestRead, RequestCreate, RequestEdit, RequestSubmit, RequestJoin, RequestAuthorise, RequestWithdraw,
	AssessmentRead, AssessmentWrite, AssessmentConclude, AssessmentConsult, VettingRead, VettingAttach,
	RequestRedirect, RequestAcknowledge, PrivacyRecord, EvaluationRead, EvaluationWrite, EvaluationSecond,
	EvaluationExport, InvitationRead, InvitationAnswer, CriterionManage, SignerManage, DecisionRead,
	DecisionDecide, DecisionAcknowledge, DecisionContest, DecisionReevaluate, ContestAnswer,
	ConditionRead, ConditionManage, ConditionAnswer, ConditionWaive, CatalogueRead, CatalogueEdit,
	ContractRead, ContractManage, ContractWaive, DisclosureManage,
	ClassificationManage, InventoryNote, InventoryRead, InventorySettle, DutyAcknowledge, DutyRead,
	LicenceRead, LicenceRecord, ClassRead, RosterRead, RosterImport, RosterMerge,
	DirectoryRead, CorrectionRead, CorrectionAsk, CorrectionSettle, PolicyRead, PolicyMove, PolicyVerify,
	OfficialUpload, InterpretationWrite, AttestationRead, AttestationSign, GovernanceRead, GovernanceRecord, CoverageRead, AuditRead,
	AuditAnchor, AccountManage, DelegationCreate, SettingsEdit, VaultManage,
	RevealName, RevealAccount, RevealClass, RevealFile, RevealGuardians, RevealApprove, RevealRead,
	AccessManage, AccessReset, AccessProvision, AccessApprove, CredentialManage,
	IncidentReport,
	IncidentRead, IncidentManage, BreachRead, BreachAct, RegisterRead,
	RightsRead, RightsManage, RightsDispose, NoticeRead, NoticeWrite, NoticePublish,
	ConsentRead, ConsentRecord, ConsentBasis, ConsentClass,
}

// schoolsOnly are what nobody may do to a whole board, whatever a pack says: the
// passwords of a class are its school's to see.
var schoolsOnly = []Action{RevealAccount, RevealClass}

// Relation is how someone must stand to a thing for a permission to hold.
type Relation string

// From the narrowest to the widest. Class, school and department hold where the
// grant's organisation, or one of the person's classes, is the thing's own.
const (
	Own        Relation = "own"
	Class      Relation = "class"
	School     Relation = "school"
	Department Relation = "department"
	Board      Relation = "board"
)

// Grant gives a role at a place: a school or department, or the whole board
// when Org is empty. From is the account that delegated it while absent.
type Grant struct {
	Role Role
	Org  string
	From string
}

// Settings are a board's own choices beside its pack.
type Settings struct {
	// JoinEvaluatorDecider lets who evaluated also decide; each time is an exception.
	JoinEvaluatorDecider bool `json:"join_evaluator_decider,omitempty"`
	// SinglesAnHour and ClassSetsAnHour are how many single look-ups and class
	// sets one person is shown in an hour; 0 is the house's own number.
	SinglesAnHour   int `json:"singles_an_hour,omitempty"`
	ClassSetsAnHour int `json:"class_sets_an_hour,omitempty"`
	// PublicDecisions shows anyone the board's decisions on platforms.
	PublicDecisions bool `json:"public_decisions,omitempty"`
	// ReevaluateMonths is after how many months a decided platform is evaluated
	// again, and ReminderDays how many days before that it is said; 0 is never.
	ReevaluateMonths int `json:"reevaluate_months,omitempty"`
	ReminderDays     int `json:"reminder_days,omitempty"`
	// In how many days the board wants each step of a request done; 0 says nothing.
	AuthoriseDays   int `json:"authorise_days,omitempty"`
	AcknowledgeDays int `json:"acknowledge_days,omitempty"`
	EvaluateDays    int `json:"evaluate_days,omitempty"`
	DecideDays      int `json:"decide_days,omitempty"`
	AnswerDays      int `json:"answer_days,omitempty"` // to a disagreement
	// OwnAccessDays is in how many days the board answers a request of access to
	// personal information; 0 is as many as the law lets it.
	OwnAccessDays int `json:"access_days,omitempty"`
	// OwnSmallestGroup is of how many pupils a group is at least that a file may
	// describe when it leaves; 0 is the house's own number. PlainWords, a line each, are
	// no names in such a file, although somebody bears them.
	OwnSmallestGroup int    `json:"smallest_group,omitempty"`
	PlainWords       string `json:"plain_words,omitempty"`
	// CatchAll is a domain whose every address reaches the board: what platforms
	// are given in place of people's own addresses is of it. Empty where there is none.
	CatchAll string `json:"catch_all,omitempty"`
	// RetirePercent is how many pupils in a hundred a full set of the roster may
	// retire before it stops for a person; 0 is the house's own number.
	RetirePercent int `json:"retire_percent,omitempty"`
}

// RetirePercent is how many pupils in a hundred a set may retire when a board says nothing.
const RetirePercent = 5

// What one person is shown in an hour: when a board says nothing, and at most.
const (
	SinglesAnHour     = 60
	ClassSetsAnHour   = 1
	MostSinglesAnHour = 120
	MostClassSets     = 4
)

// Singles is how many single look-ups one person has in an hour.
func (s Settings) Singles() int { return quota(s.SinglesAnHour, SinglesAnHour, MostSinglesAnHour) }

// ClassSets is how many class sets one person has in an hour.
func (s Settings) ClassSets() int { return quota(s.ClassSetsAnHour, ClassSetsAnHour, MostClassSets) }

func quota(own, usual, most int) int {
	if own <= 0 {
		return usual
	}
	return min(own, most)
}

// Retires is how many pupils in a hundred a full set of the roster may retire
// before it stops for a person.
func (s Settings) Retires() int { return quota(s.RetirePercent, RetirePercent, 100) }

// SmallestGroup is of how many pupils a group is at least that a file may describe.
func (s Settings) SmallestGroup() int {
	return quota(s.OwnSmallestGroup, SmallestGroup, MostSmallestGroup)
}

// What a file may describe when a board says nothing, and the most that it may ask;
// of how many signs are the words that it may set apart, all together.
const (
	SmallestGroup     = 5
	MostSmallestGroup = 50
	LongestPlainWords = 4000
)

// AccessDays is in how many days a request of access to personal information is
// answered: the board's own number, never more than that of the policy or the law,
// which holds where the board says nothing; 0 where none does.
func (s Settings) AccessDays(p *Pack) int {
	t, bound := p.Threshold(accessRequest)
	switch {
	case s.OwnAccessDays == 0:
		return t.Value
	case bound:
		return min(s.OwnAccessDays, t.Value)
	}
	return s.OwnAccessDays
}

// accessRequest is the threshold of the answer to a request of access.
const accessRequest = "access_request"

// The most that a board may set: what is above is a slip of the hand.
const (
	MostTargetDays       = 365
	MostReevaluateMonths = 120
)

// Target is in how many days the board wants what awaits somebody done; 0 where
// it says nothing.
func (s Settings) Target(do Action) int {
	return map[Action]int{RequestAuthorise: s.AuthoriseDays, RequestAcknowledge: s.AcknowledgeDays,
		EvaluationWrite: s.EvaluateDays, DecisionDecide: s.DecideDays, ContestAnswer: s.AnswerDays}[do]
}

// Check refuses what is above the ceilings of the house, and what loosens a
// threshold of the policy or of a law under it.
func (s Settings) Check(p *Pack) error {
	fields := s.targets()
	for name, n := range map[string]struct{ own, most int }{
		"singles_an_hour":    {s.SinglesAnHour, MostSinglesAnHour},
		"class_sets_an_hour": {s.ClassSetsAnHour, MostClassSets},
	} {
		if n.own < 0 || n.own > n.most {
			fields[name] = fault.Message{Key: "settings.quota_ceiling", Args: []any{n.most}}
		}
	}
	if len(s.PlainWords) > LongestPlainWords {
		fields["plain_words"] = fault.Message{Key: "settings.words_long", Args: []any{LongestPlainWords}}
	}
	own := Threshold{Bound: AtMost, Value: s.OwnAccessDays, Unit: "days"}
	law, bound := p.Threshold(accessRequest)
	if _, wrong := fields["access_days"]; !wrong && bound && own.Value > 0 && own.loosens(law) {
		fields["access_days"] = fault.Message{Key: "settings.looser", Args: []any{law.Value, p.Cite(law.Clause)}}
	}
	err := fault.FormMsg(fields)
	if f, ok := fault.As(err); ok && len(fields) == 1 && fields["access_days"].Key == "settings.looser" {
		return f.Under(law.Clause)
	}
	return err
}

// targets refuses, field by field, a number of days or months out of reason.
func (s Settings) targets() map[string]fault.Message {
	fields := map[string]fault.Message{}
	for name, n := range map[string]struct{ own, most int }{
		"authorise_days": {s.AuthoriseDays, MostTargetDays}, "acknowledge_days": {s.AcknowledgeDays, MostTargetDays},
		"evaluate_days": {s.EvaluateDays, MostTargetDays}, "decide_days": {s.DecideDays, MostTargetDays},
		"answer_days": {s.AnswerDays, MostTargetDays}, "access_days": {s.OwnAccessDays, MostTargetDays},
		"reminder_days": {s.ReminderDays, MostTargetDays}, "reevaluate_months": {s.ReevaluateMonths, MostReevaluateMonths},
		"retire_percent": {s.RetirePercent, 100}, "smallest_group": {s.OwnSmallestGroup, MostSmallestGroup},
	} {
		if n.own < 0 || n.own > n.most {
			fields[name] = fault.Message{Key: "settings.none_or", Args: []any{n.most}}
		}
	}
	return fields
}

// Actor is who acts: a person signed in, a program with a token, the clock or
// the command line. It comes right after the context in every use case.
type Actor struct {
	ID       string
	Board    string
	Name     string
	Lang     string
	Person   string // the roster's person, or ""
	Via      string // web, api, cli or job
	Grants   []Grant
	Classes  []string // classes that the person teaches
	Pack     *Pack
	Earlier  []*Pack // versions that the board applied before, which its older files keep
	Settings Settings

	system bool
}

// Under is the actor before what began under a version of the policy; the same
// actor where it began under none.
func (a Actor) Under(p *Pack) Actor {
	if p != nil {
		a.Pack = p
	}
	return a
}

// System is the actor of the clock and of the command line: the operator's own
// hand, which may do what a role may on the whole board, and is named in the trail.
func System(board string, pack *Pack, via string) Actor {
	return Actor{ID: via, Board: board, Name: via, Lang: "fr", Via: via, Pack: pack, system: true,
		Grants: []Grant{{Role: Operator}}}
}

// Scope says where a thing stands, for the permission to be asked.
type Scope struct {
	Owner   string   // account that made it
	Also    []string // accounts that joined it
	Org     string   // school or department
	Classes []string // classes it touches
	State   string   // state of the thing, where rows depend on it
	Pack    *Pack    // version of the policy that it began under; nil: the actor's own
}

// Has tells whether the actor holds a role anywhere.
func (a Actor) Has(roles ...Role) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return slices.Contains(roles, g.Role) })
}

// Main is the role that speaks for the actor in heads and in the trail: the one
// that reaches furthest in the order of Roles.
func (a Actor) Main() Role {
	main := -1
	for _, g := range a.Grants {
		main = max(main, slices.Index(Roles, g.Role))
	}
	if main < 0 {
		return ""
	}
	return Roles[main]
}

// Orgs lists the schools and departments at which the actor holds a role.
func (a Actor) Orgs(roles ...Role) []string {
	var orgs []string
	for _, g := range a.Grants {
		if g.Org != "" && (len(roles) == 0 || slices.Contains(roles, g.Role)) && !slices.Contains(orgs, g.Org) {
			orgs = append(orgs, g.Org)
		}
	}
	return orgs
}

// Allow answers nil when a permission of the pack lets the actor do this to a
// thing that stands there; a Denied fault with the clause of the permission
// when another role could; and the one NotFound when the actor could not even
// read the thing. What stands nowhere yet hides nothing: it is denied.
func (a Actor) Allow(do Action, s Scope) error {
	if a.Can(do, s) {
		return nil
	}
	stands := s.Org != "" || s.Owner != "" || s.State != ""
	if read := readAction(do); stands && (read == do || a.known(read) && !a.Can(read, s)) {
		return fault.Missing()
	}
	return fault.New(fault.Denied, "denied").Under(a.Under(s.Pack).clause(do))
}

// Find is Allow for one thing of the board that is asked for by its id: to who may
// not, nothing has that id.
func (a Actor) Find(do Action) error {
	if a.Can(do, Scope{}) {
		return nil
	}
	return fault.Missing()
}

// readAction is the action with which one sees what another action is done to.
func readAction(do Action) Action {
	area, _, _ := strings.Cut(string(do), ".")
	if area == "privacy" {
		return RequestRead
	}
	return Action(area + ".read")
}

func (a Actor) known(do Action) bool {
	return slices.Contains(Actions, do)
}

func (a Actor) clause(do Action) string {
	for _, p := range a.Pack.Permissions {
		if p.Do == do && p.Clause != "" {
			return p.Clause
		}
	}
	return ""
}

// Can is Allow as an answer, for what a page offers.
func (a Actor) Can(do Action, s Scope) bool {
	_, ok := a.grantFor(do, s)
	return ok
}

// RoleFor is the role under which the actor does this, or "".
func (a Actor) RoleFor(do Action, s Scope) Role {
	g, _ := a.grantFor(do, s)
	return g.Role
}

// GrantFor is the grant under which the actor does this: its From says on whose behalf.
func (a Actor) GrantFor(do Action, s Scope) Grant {
	g, _ := a.grantFor(do, s)
	return g
}

// Hands are the accounts that act when the actor does this: the actor's own and,
// where the permission is lent, that of the person in whose place the actor stands.
func (a Actor) Hands(do Action, s Scope) []string {
	var hands []string
	for _, id := range []string{a.ID, a.GrantFor(do, s).From} {
		if id != "" {
			hands = append(hands, id)
		}
	}
	return hands
}

func (a Actor) grantFor(do Action, s Scope) (Grant, bool) {
	if a.system {
		return a.Grants[0], !slices.Contains(schoolsOnly, do)
	}
	if a = a.Under(s.Pack); a.Pack == nil {
		return Grant{}, false
	}
	for _, p := range a.Pack.Permissions {
		if p.Do != do || (len(p.States) > 0 && !slices.Contains(p.States, s.State)) {
			continue
		}
		for _, g := range a.Grants {
			if g.Role == p.Role && a.stands(p.Relation, g, s) {
				return g, true
			}
		}
	}
	return Grant{}, false
}

func (a Actor) stands(r Relation, g Grant, s Scope) bool {
	switch r {
	case Board:
		return true
	case School, Department:
		return g.Org != "" && g.Org == s.Org
	case Class:
		return slices.ContainsFunc(s.Classes, func(c string) bool { return slices.Contains(a.Classes, c) })
	case Own:
		return a.ID != "" && s.Owner == a.ID
	case Joined:
		return a.ID != "" && slices.Contains(s.Also, a.ID)
	}
	return false
}

// Reach is how far an actor sees in a list: the union of rules, each with the
// states it holds for.
type Reach struct {
	Rules   []ReachRule
	Earlier []EarlierReach // of what began under versions that the board applied before
}

// EarlierReach is how far an actor sees among what began under a version of the policy.
type EarlierReach struct {
	Pack  *Pack
	Rules []ReachRule
}

// ReachRule is one way to see: the whole board, one's own, or places.
type ReachRule struct {
	Board   bool
	Own     bool
	Joined  bool
	Orgs    []string
	Classes []string
	States  []string // all when empty
}

// Reach answers what Allow would, for lists.
func (a Actor) Reach(do Action) Reach {
	reach := Reach{Rules: a.rules(do)}
	for _, p := range a.Earlier {
		reach.Earlier = append(reach.Earlier, EarlierReach{Pack: p, Rules: a.Under(p).rules(do)})
	}
	return reach
}

func (a Actor) rules(do Action) (rules []ReachRule) {
	switch {
	case a.system && slices.Contains(schoolsOnly, do):
		return nil
	case a.system:
		return []ReachRule{{Board: true}}
	case a.Pack == nil:
		return nil
	}
	for _, p := range a.Pack.Permissions {
		if p.Do != do || !a.Has(p.Role) {
			continue
		}
		rule := ReachRule{States: p.States}
		switch p.Relation {
		case Board:
			rule.Board = true
		case Own:
			rule.Own = true
		case Joined:
			rule.Joined = true
		case School, Department:
			rule.Orgs = a.Orgs(p.Role)
		case Class:
			rule.Classes = a.Classes
		}
		if rule.Board || rule.Own || rule.Joined || len(rule.Orgs) > 0 || len(rule.Classes) > 0 {
			rules = append(rules, rule)
		}
	}
	return rules
}

// None says that the reach sees nothing, under any version.
func (r Reach) None() bool {
	return len(r.Rules) == 0 && !slices.ContainsFunc(r.Earlier, func(e EarlierReach) bool { return len(e.Rules) > 0 })
}

// Columns names the columns of a list that Where compares; an empty name means
// that the list has no such column.
type Columns struct {
	Owner string
	Also  string // an SQL condition in which %s is the actor's placeholder
	Org   string
	Class string
	State string
	// Pack and Version are those that a row began under; without them it stands
	// under the policy that applies now.
	Pack    string
	Version string
}

// Where writes the reach as an SQL condition whose placeholders begin at $next,
// and its arguments. A reach that sees nothing is FALSE.
func (r Reach) Where(a Actor, c Columns, next int) (string, []any) {
	now, args := where(r.Rules, a, c, next)
	if c.Pack == "" || len(r.Earlier) == 0 {
		return now, args
	}
	hold := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(next+len(args)-1)
	}
	var apart, ors []string
	for _, e := range r.Earlier {
		under := "(" + c.Pack + " = " + hold(e.Pack.ID) + " AND " + c.Version + " = " + hold(e.Pack.Version) + ")"
		sees, more := where(e.Rules, a, c, next+len(args))
		args = append(args, more...)
		apart = append(apart, "NOT "+under)
		ors = append(ors, "("+under+" AND "+sees+")")
	}
	ors = append(ors, "("+strings.Join(apart, " AND ")+" AND "+now+")")
	return "(" + strings.Join(ors, " OR ") + ")", args
}

func where(rules []ReachRule, a Actor, c Columns, next int) (string, []any) {
	var ors []string
	var args []any
	hold := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(next+len(args)-1)
	}
	list := func(values []string) string {
		marks := make([]string, len(values))
		for i, v := range values {
			marks[i] = hold(v)
		}
		return "(" + strings.Join(marks, ",") + ")"
	}
	for _, rule := range rules {
		var sees string
		switch {
		case rule.Board:
			sees = "1 = 1"
		case rule.Own && c.Owner != "":
			sees = c.Owner + " = " + hold(a.ID)
		case rule.Joined && c.Also != "":
			sees = strings.ReplaceAll(c.Also, "%s", hold(a.ID))
		case len(rule.Orgs) > 0 && c.Org != "":
			sees = c.Org + " IN " + list(rule.Orgs)
		case len(rule.Classes) > 0 && c.Class != "":
			sees = c.Class + " IN " + list(rule.Classes)
		default:
			continue
		}
		if len(rule.States) > 0 && c.State != "" {
			sees = "(" + sees + " AND " + c.State + " IN " + list(rule.States) + ")"
		}
		ors = append(ors, sees)
	}
	if len(ors) == 0 {
		return "1 = 0", nil
	}
	return "(" + strings.Join(ors, " OR ") + ")", args
}

// Outcome is what a control saw.
type Outcome string

// What a control may see of a subject.
const (
	Conform   Outcome = "conform"
	Exception Outcome = "exception"
	Waiting   Outcome = "waiting"
	Before    Outcome = "before" // done before aval and recorded since: counted apart, aval did not see it
)

// Mark keeps what a control saw of a subject, in place of what it saw before:
// the live counts of the coverage page are made of these marks. What still waits,
// or is still an exception, keeps the moment since which it does.
func Mark(ctx context.Context, tx *db.Tx, control, subject string, o Outcome) error {
	_, err := tx.Exec(ctx, `INSERT INTO control_mark (board_id, control, subject, outcome, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (board_id, control, subject) DO UPDATE SET outcome = excluded.outcome,
			at = CASE WHEN control_mark.outcome = excluded.outcome AND excluded.outcome IN ('waiting', 'exception')
				THEN control_mark.at ELSE excluded.at END`,
		tx.Board, control, subject, string(o), tx.Now)
	return err
}

// MarkAll is Mark of many subjects at once.
func MarkAll(ctx context.Context, tx *db.Tx, control string, subjects []string, o Outcome) error {
	if o == Exception { // few, and each since its day
		for _, s := range subjects {
			if err := Mark(ctx, tx, control, s, o); err != nil {
				return err
			}
		}
		return nil
	}
	rows := make([][]any, len(subjects))
	for i, s := range subjects {
		rows[i] = []any{control, s, string(o), tx.Now}
	}
	return db.Bulk(ctx, tx, "control_mark", []string{"control", "subject", "outcome", "at"}, []string{"control", "subject"}, rows)
}

// Unmark takes back what a control saw, as when a request is withdrawn.
func Unmark(ctx context.Context, tx *db.Tx, control, subject string) error {
	_, err := tx.Exec(ctx, `DELETE FROM control_mark WHERE board_id = $1 AND control = $2 AND subject = $3`,
		tx.Board, control, subject)
	return err
}
