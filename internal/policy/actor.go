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
	RequestRead         Action = "request.read"
	RequestCreate       Action = "request.create"
	RequestEdit         Action = "request.edit"
	RequestSubmit       Action = "request.submit"
	RequestJoin         Action = "request.join"
	RequestAuthorise    Action = "request.authorise"
	RequestWithdraw     Action = "request.withdraw"
	RequestRedirect     Action = "request.redirect"
	RequestAcknowledge  Action = "request.acknowledge"
	PrivacyRecord       Action = "privacy.record"
	EvaluationRead      Action = "evaluation.read"
	EvaluationWrite     Action = "evaluation.write"
	DecisionRead        Action = "decision.read"
	DecisionDecide      Action = "decision.decide"
	DecisionAcknowledge Action = "decision.acknowledge"
	DecisionContest     Action = "decision.contest"
	ContestAnswer       Action = "contest.answer"
	ConditionRead       Action = "condition.read"
	ConditionManage     Action = "condition.manage"
	ConditionAnswer     Action = "condition.answer"
	ConditionWaive      Action = "condition.waive"
	CatalogueRead       Action = "catalogue.read"
	CatalogueEdit       Action = "catalogue.edit"
	LicenceRead         Action = "licence.read"
	LicenceRecord       Action = "licence.record"
	ContractRead        Action = "contract.read"
	ContractManage      Action = "contract.manage"
	ContractWaive       Action = "contract.waive"
	ClassRead           Action = "class.read"
	RosterRead          Action = "roster.read"
	RosterImport        Action = "roster.import"
	PolicyRead          Action = "policy.read"
	CoverageRead        Action = "coverage.read"
	AuditRead           Action = "audit.read"
	AuditAnchor         Action = "audit.anchor"
	AccountManage       Action = "account.manage"
	DelegationCreate    Action = "delegation.create"
	SettingsEdit        Action = "settings.edit"
	VaultManage         Action = "vault.manage"
	RevealName          Action = "reveal.name"
	RevealAccount       Action = "reveal.account"
	RevealClass         Action = "reveal.class"
	RevealFile          Action = "reveal.file"
	RevealApprove       Action = "reveal.approve"
	RevealRead          Action = "reveal.read"
	AccessManage        Action = "access.manage"
	AccessReset         Action = "access.reset"
	AccessProvision     Action = "access.provision"
	AccessApprove       Action = "access.approve"
	IncidentReport      Action = "incident.report"
	IncidentRead        Action = "incident.read"
	IncidentManage      Action = "incident.manage"
	RegisterRead        Action = "register.read"
)

// Actions lists every action.
var Actions = []Action{
	RequestRead, RequestCreate, RequestEdit, RequestSubmit, RequestJoin, RequestAuthorise, RequestWithdraw,
	RequestRedirect, RequestAcknowledge, PrivacyRecord, EvaluationRead, EvaluationWrite, DecisionRead,
	DecisionDecide, DecisionAcknowledge, DecisionContest, ContestAnswer,
	ConditionRead, ConditionManage, ConditionAnswer, ConditionWaive, CatalogueRead, CatalogueEdit,
	LicenceRead, LicenceRecord, ContractRead, ContractManage, ContractWaive, ClassRead, RosterRead, RosterImport, PolicyRead, CoverageRead, AuditRead,
	AuditAnchor, AccountManage, DelegationCreate, SettingsEdit, VaultManage,
	RevealName, RevealAccount, RevealClass, RevealFile, RevealApprove, RevealRead,
	AccessManage, AccessReset, AccessProvision, AccessApprove,
	IncidentReport, IncidentRead, IncidentManage, RegisterRead,
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
}

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

// Check refuses what is above the ceilings of the house.
func (s Settings) Check() error {
	fields := map[string]fault.Message{}
	for name, n := range map[string]struct{ own, most int }{
		"singles_an_hour":    {s.SinglesAnHour, MostSinglesAnHour},
		"class_sets_an_hour": {s.ClassSetsAnHour, MostClassSets},
	} {
		if n.own < 0 || n.own > n.most {
			fields[name] = fault.Message{Key: "settings.quota_ceiling", Args: []any{n.most}}
		}
	}
	return fault.FormMsg(fields)
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
	Settings Settings

	system bool
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
	return fault.New(fault.Denied, "denied").Under(a.clause(do))
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
	if a.Pack == nil {
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
	var reach Reach
	switch {
	case a.system && slices.Contains(schoolsOnly, do):
		return reach
	case a.system:
		return Reach{Rules: []ReachRule{{Board: true}}}
	case a.Pack == nil:
		return reach
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
			reach.Rules = append(reach.Rules, rule)
		}
	}
	return reach
}

// Columns names the columns of a list that Where compares; an empty name means
// that the list has no such column.
type Columns struct {
	Owner string
	Also  string // an SQL condition in which %s is the actor's placeholder
	Org   string
	Class string
	State string
}

// Where writes the reach as an SQL condition whose placeholders begin at $next,
// and its arguments. A reach that sees nothing is FALSE.
func (r Reach) Where(a Actor, c Columns, next int) (string, []any) {
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
	for _, rule := range r.Rules {
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
// the live counts of the coverage page are made of these marks.
func Mark(ctx context.Context, tx *db.Tx, control, subject string, o Outcome) error {
	_, err := tx.Exec(ctx, `INSERT INTO control_mark (board_id, control, subject, outcome, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (board_id, control, subject) DO UPDATE SET outcome = excluded.outcome, at = excluded.at`,
		tx.Board, control, subject, string(o), tx.Now)
	return err
}

// MarkAll is Mark of many subjects at once.
func MarkAll(ctx context.Context, tx *db.Tx, control string, subjects []string, o Outcome) error {
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
