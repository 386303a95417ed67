// Package request is a school's or department's asking for a platform: from the
// first draft to the day a decision closes it (policy A, section 2).
//
//	draft --Submit--> submitted --Authorise--> authorised --Acknowledge--> acknowledged
//	      --MarkEvaluated--> evaluated --MarkDecided--> decided
//
//	submitted --Return--> returned --Submit--> submitted
//	evaluated --Reopen--> acknowledged
//	submitted --Refuse--> refused            any open state --Withdraw--> withdrawn
//	Redirect opens one at submitted, for a school or department to make its own
//	after a decision, Renew and Reevaluate open another that follows it
//
// What a principal or a department asks is authorised by its own signature: its
// Submit goes straight to authorised. Nothing earlier than authorised is seen by
// those who evaluate.
package request

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"aval/internal/catalogue"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
)

// ID names a request within its board.
type ID string

// State is where a request stands.
type State string

// The states, in the order of the path, then those beside it.
const (
	Drafted      State = "draft"
	Submitted    State = "submitted"
	Authorised   State = "authorised"
	Acknowledged State = "acknowledged"
	Evaluated    State = "evaluated"
	Decided      State = "decided"
	Returned     State = "returned"
	Refused      State = "refused"
	Withdrawn    State = "withdrawn"
)

// States lists every state in that order.
var States = []State{
	Drafted, Submitted, Authorised, Acknowledged, Evaluated, Decided, Returned, Refused, Withdrawn,
}

// Valid says that the state is one of them.
func (s State) Valid() bool { return slices.Contains(States, s) }

// open are the states in which an answer is awaited of others.
var open = []State{Submitted, Authorised, Acknowledged, Evaluated}

// Open says that the request is out of its author's hands and not closed.
func (s State) Open() bool { return slices.Contains(open, s) }

// Awaits is what is to be done to a request in that state; nothing while it is
// its author's or closed.
func (s State) Awaits() policy.Action {
	return map[State]policy.Action{Submitted: policy.RequestAuthorise, Authorised: policy.RequestAcknowledge,
		Acknowledged: policy.EvaluationWrite, Evaluated: policy.DecisionDecide}[s]
}

// Closed says that nothing more will happen to the request.
func (s State) Closed() bool { return s == Decided || s == Refused || s == Withdrawn }

// Kind says how much must be written.
type Kind string

// Full describes the platform; Short asks for one that the board has approved
// for others, whose description is known.
const (
	Full  Kind = "full"
	Short Kind = "short"
)

// NoData is the data kind of a platform that wants to know nothing of pupils.
const NoData = "none"

// How long each text may be, in characters; how large each number.
const (
	maxText   = 4000
	maxReason = 2000
	maxCost   = 100_000_000 // a million dollars, in cents
	maxPupils = 100_000
	maxKinds  = 50
	maxRooms  = 200
)

// Draft is what people type.
type Draft struct {
	PlatformID   catalogue.ID // of the catalogue, or else
	PlatformName string       // its name as typed, found in the catalogue or added to it
	URL          string       // the platform's site, for one that is added
	Org          string       // school or department; may be empty for who has only one
	Description  string
	Usage        string
	Missing      string // what the approved platforms that resemble it do not do
	DataKinds    []string
	Subjects     []string // whose data it would hold, where the board's policy asks
	CostCents    int64
	Classes      []string
	Pupils       int64 // where no class is named
	NewSecurity  string
	Follows      ID // the decided request that this one follows (4.1 b)
}

// Privacy is what the record says of personal information before a decision
// (obligations QC-PIA-01, QC-PIA-02 and QC-OUT-01). Days are written 2026-11-20. An
// assessment concluded here writes it; one done elsewhere is recorded by hand.
type Privacy struct {
	Personal    string // "yes", "no", or "" before anyone has said
	PIAOn       string // the day on which the privacy assessment was concluded
	CommitteeOn string // the day on which the committee was consulted
	Transfer    string // whether what leaves Québec is protected enough: "yes", "no", or "" where nobody has said
	Assessment  string // the concluded assessment that says so; "" for one done elsewhere
}

// Settled is true once all is said that the law under a policy asks for before a decision.
func (p Privacy) Settled(pack *policy.Pack) bool {
	return p.Personal == "no" || p.Personal == "yes" && p.PIAOn != "" && (p.CommitteeOn != "" || !asksCommittee(pack))
}

// asksCommittee tells whether that law asks to consult a committee; Ontario's has none.
func asksCommittee(pack *policy.Pack) bool {
	_, asked := pack.Clause("QC-PIA-02")
	return asked
}

// Request is one asking for one platform by one school or department.
type Request struct {
	ID             ID
	Number         string // "2026-0147"
	PlatformID     catalogue.ID
	OrgID          string
	AuthorID       string
	AuthorRole     policy.Role
	Kind           Kind
	Description    string
	Usage          string
	Missing        string
	DataKinds      []string
	CostCents      int64
	Pupils         int64
	NewSecurity    string
	FollowsID      ID
	State          State
	StateAt        time.Time
	Reason         string // of the last authorisation, return or refusal
	CreatedAt      time.Time
	SubmittedAt    time.Time // the first time; like those that follow, zero until then
	AuthorisedAt   time.Time
	AuthorisedBy   string
	AcknowledgedAt time.Time
	AcknowledgedBy string
	EvaluatedAt    time.Time
	DecidedAt      time.Time
	ClosedAt       time.Time
	RedirectedBy   string // who of the IT service passed it on (6.5 a)
	Privacy        Privacy
	PrivacyBy      string
	Version        int64
	Pack           *policy.Pack // version of the policy that it was submitted under, and keeps; nil before

	Classes  []string // the classes that would use it
	Subjects []string // whose data it would hold: codes of the pack's data_subjects
	Joiners  []string // accounts that asked for the same
}

// Scope says where the request stands, for a permission.
func (r Request) Scope() policy.Scope {
	also := slices.Clone(r.Joiners)
	if r.RedirectedBy != "" {
		also = append(also, r.RedirectedBy)
	}
	return policy.Scope{Owner: r.AuthorID, Also: also, Org: r.OrgID, Classes: r.Classes, State: string(r.State), Pack: r.Pack}
}

// Policy is the version of the policy that the request stands under: the one it
// was submitted under, else the one that its board applies now.
func (r Request) Policy(actor policy.Actor) *policy.Pack { return actor.Under(r.Pack).Pack }

// Subject names the request in the trail and in the marks of controls.
func (r Request) Subject() string { return "request:" + string(r.ID) }

// AskedBy says that this account asked for it, as its author or by joining.
func (r Request) AskedBy(account string) bool {
	return account != "" && (r.AuthorID == account || slices.Contains(r.Joiners, account))
}

// Party is true when the actor, or the person in whose place the actor stands,
// asked for it, joined it or authorised it: such a person neither receives,
// evaluates nor decides it.
func (r Request) Party(actor policy.Actor, do policy.Action) bool {
	return slices.ContainsFunc(actor.Hands(do, r.Scope()), func(id string) bool {
		return r.AskedBy(id) || r.AuthorisedBy == id
	})
}

// Signed says that the author's own signature authorises it: a principal's or a
// department's request (2.1, 2.2 b).
func (r Request) Signed() bool { return signs(r.AuthorRole) }

func signs(role policy.Role) bool { return role == policy.Principal || role == policy.DepartmentHead }

// orphan says that the IT service passed it on and nobody has made it theirs.
func (r Request) orphan() bool { return r.RedirectedBy != "" && r.AuthorID == r.RedirectedBy }

// check refuses, field by field, what could not be kept at all. known says
// whether a data kind is in the board's vocabulary.
func (d *Draft) check(known func(code string) bool) error {
	d.Description, d.Usage = clean(d.Description), clean(d.Usage)
	d.Missing, d.NewSecurity = clean(d.Missing), clean(d.NewSecurity)
	d.PlatformName, d.URL = clean(d.PlatformName), clean(d.URL)
	d.DataKinds, d.Classes, d.Subjects = tidy(d.DataKinds), tidy(d.Classes), tidy(d.Subjects)
	fields := map[string]fault.Message{}
	for field, text := range map[string]string{
		"description": d.Description, "usage": d.Usage, "missing": d.Missing, "new_security": d.NewSecurity,
	} {
		if utf8.RuneCountInString(text) > maxText {
			fields[field] = fault.Message{Key: "request.too_long", Args: []any{maxText}}
		}
	}
	if d.CostCents < 0 || d.CostCents > maxCost {
		fields["cost"] = fault.Message{Key: "request.cost_wrong"}
	}
	if d.Pupils < 0 || d.Pupils > maxPupils {
		fields["pupils"] = fault.Message{Key: "request.pupils_wrong"}
	}
	if len(d.DataKinds) > maxKinds || slices.ContainsFunc(d.DataKinds, func(code string) bool { return !known(code) }) {
		fields["data_kinds"] = fault.Message{Key: "request.data_kinds_unknown"}
	}
	if len(d.Classes) > maxRooms {
		fields["classes"] = fault.Message{Key: "request.class_unknown"}
	}
	return fault.FormMsg(fields)
}

// clean is a text that both engines can keep, without the space around it.
func clean(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
}

// tidy drops the empty and the repeated.
func tidy(list []string) []string {
	out := []string{}
	for _, s := range list {
		if s = clean(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// ParseCost reads an amount as people type it, "252", "1 250,50 $" or
// "$1,250.50", in cents. What is no amount is -1, which a draft refuses beside
// its field; nothing is 0.
func ParseCost(typed string) int64 {
	s := strings.NewReplacer("$", "", "\u00a0", "", "\u202f", "", " ", "").Replace(strings.TrimSpace(typed))
	if s == "" {
		return 0
	}
	whole, cents := s, ""
	if i := strings.LastIndexAny(s, ".,"); i >= 0 && len(s)-i-1 <= 2 {
		whole, cents = s[:i], s[i+1:]
	}
	whole = strings.NewReplacer(",", "", ".", "").Replace(whole)
	for len(cents) < 2 {
		cents += "0"
	}
	n, err := strconv.ParseInt(whole+cents, 10, 64)
	if err != nil || strings.ContainsAny(s, "+-") || strings.Trim(s, ".,") == "" || n > math.MaxInt64/2 {
		return -1
	}
	return n
}

// edit takes what was typed: by its author in a draft or a returned request; by
// whoever may authorise it, in one that the IT service passed on.
func (r *Request) edit(by string, d Draft) error {
	switch {
	case r.orphan() && r.State == Submitted && by != r.AuthorID:
	case by != r.AuthorID:
		return fault.New(fault.Denied, "request.author_only")
	case r.State != Drafted && r.State != Returned:
		return fault.New(fault.Conflict, "request.not_editable")
	}
	r.Description, r.Usage, r.Missing = d.Description, d.Usage, d.Missing
	r.DataKinds, r.CostCents, r.NewSecurity = d.DataKinds, d.CostCents, d.NewSecurity
	r.Classes, r.Pupils, r.Subjects = d.Classes, d.Pupils, d.Subjects
	return nil
}

// described refuses, field by field, a request that does not say what 2.2 a asks:
// the platform, and how pupils will use it; with the classes where the author
// teaches some; and, after a decision, the new security functions (4.1 b). A
// department does as a school does (6.6 d).
func (r Request) described(teaches bool) error {
	describe := "2.2a"
	if r.AuthorRole == policy.DepartmentHead {
		describe = "6.6d"
	}
	fields, clause := map[string]string{}, describe
	if r.FollowsID != "" && r.NewSecurity == "" {
		fields["new_security"], clause = "request.new_security_required", "4.1b"
	}
	if r.Usage == "" {
		fields["usage"] = "request.usage_required"
	}
	if r.Kind == Full && r.Description == "" {
		fields["description"] = "request.description_required"
	}
	if r.Kind == Full && len(r.DataKinds) == 0 {
		fields["data_kinds"] = "request.data_kinds_required"
	}
	if len(r.DataKinds) > 1 && slices.Contains(r.DataKinds, NoData) {
		fields["data_kinds"] = "request.data_kinds_none"
	}
	if teaches && len(r.Classes) == 0 {
		fields["classes"] = "request.classes_required"
	}
	err := fault.Form(fields)
	if f, ok := fault.As(err); ok {
		if len(fields) > 1 {
			clause = describe
		}
		return f.Under(clause)
	}
	return nil
}

// submit sends a described draft to whoever may authorise it, or straight to
// evaluation under the author's own signature.
func (r *Request) submit(by string, teaches bool, now time.Time) error {
	switch {
	case by != r.AuthorID:
		return fault.New(fault.Denied, "request.author_only")
	case r.State != Drafted && r.State != Returned:
		return fault.New(fault.Conflict, "request.not_draft").Under("2.2b")
	}
	if err := r.described(teaches); err != nil {
		return err
	}
	if r.SubmittedAt.IsZero() {
		r.SubmittedAt = now
	}
	r.move(Submitted, now)
	r.Reason = ""
	if r.Signed() {
		r.move(Authorised, now)
		r.AuthorisedAt, r.AuthorisedBy = now, by
	}
	return nil
}

// authorise lets it go to evaluation. Nobody authorises what they asked for. A
// request passed on by the IT service becomes that of the principal or
// department that authorises it: it must be described first.
func (r *Request) authorise(by string, role policy.Role, reason string, now time.Time) error {
	reason = clean(reason)
	switch {
	case r.State != Submitted:
		return fault.New(fault.Conflict, "request.not_submitted").Under("2.2b")
	case r.AskedBy(by):
		return fault.New(fault.Denied, "request.own_authorise").Under("2.2b")
	}
	if err := reasonFits(reason, false); err != nil {
		return err
	}
	if r.orphan() {
		if err := r.described(false); err != nil {
			return err
		}
		r.AuthorID, r.AuthorRole = by, role
	}
	r.move(Authorised, now)
	r.Reason, r.AuthorisedAt, r.AuthorisedBy = reason, now, by
	return nil
}

// sendBack returns it to its author, who reads why and may submit it again.
func (r *Request) sendBack(reason string, now time.Time) error {
	reason = clean(reason)
	switch {
	case r.State != Submitted:
		return fault.New(fault.Conflict, "request.not_submitted").Under("2.2b")
	case r.orphan():
		return fault.New(fault.Conflict, "request.redirected_return").Under("6.5a")
	}
	if err := reasonFits(reason, true); err != nil {
		return err
	}
	r.move(Returned, now)
	r.Reason = reason
	return nil
}

// refuse closes it without evaluation.
func (r *Request) refuse(reason string, now time.Time) error {
	reason = clean(reason)
	if r.State != Submitted {
		return fault.New(fault.Conflict, "request.not_submitted").Under("2.2b")
	}
	if err := reasonFits(reason, true); err != nil {
		return err
	}
	r.move(Refused, now)
	r.Reason = reason
	return nil
}

func reasonFits(reason string, required bool) error {
	fields := map[string]fault.Message{}
	switch {
	case required && reason == "":
		fields["reason"] = fault.Message{Key: "request.reason_required"}
	case utf8.RuneCountInString(reason) > maxReason:
		fields["reason"] = fault.Message{Key: "request.too_long", Args: []any{maxReason}}
	}
	err := fault.FormMsg(fields)
	if f, ok := fault.As(err); ok {
		return f.Under("2.2b")
	}
	return nil
}

// withdraw is the author's, until a decision or a refusal has closed it.
func (r *Request) withdraw(by string, now time.Time) error {
	switch {
	case by != r.AuthorID:
		return fault.New(fault.Denied, "request.author_only")
	case r.State.Closed():
		return fault.New(fault.Conflict, "request.closed")
	}
	r.move(Withdrawn, now)
	return nil
}

// join adds somebody of the same school who wants the same, and who has no hand
// in its evaluation (3.1).
func (r *Request) join(by string, evaluates bool) error {
	switch {
	case !r.State.Open():
		return fault.New(fault.Conflict, "request.not_open")
	case r.AskedBy(by):
		return fault.New(fault.Conflict, "request.already_yours")
	case evaluates || r.AcknowledgedBy == by:
		return fault.New(fault.Conflict, "request.join_evaluator").Under("3.1")
	}
	r.Joiners = append(r.Joiners, by)
	return nil
}

// acknowledge says that it has reached those who evaluate (2.2 c); a party to it
// is not one of them.
func (r *Request) acknowledge(by string, party bool, now time.Time) error {
	switch {
	case r.State != Authorised:
		return fault.New(fault.Conflict, "request.not_authorised").Under("2.2c")
	case party:
		return fault.New(fault.Denied, "request.own_evaluation").Under("2.2c")
	}
	r.move(Acknowledged, now)
	r.AcknowledgedAt, r.AcknowledgedBy = now, by
	return nil
}

// evaluated says that both aspects have been evaluated (3.1).
func (r *Request) evaluated(now time.Time) error {
	if r.State != Acknowledged {
		return fault.New(fault.Conflict, "request.not_acknowledged").Under("3.1")
	}
	r.move(Evaluated, now)
	r.EvaluatedAt = now
	return nil
}

// reopened says that one who evaluated has more to say before the decision (3.1).
func (r *Request) reopened(now time.Time) error {
	if r.State != Evaluated {
		return fault.New(fault.Conflict, "request.not_evaluated").Under("3.1")
	}
	r.move(Acknowledged, now)
	r.EvaluatedAt = time.Time{}
	return nil
}

// decided closes it (4.1).
func (r *Request) decided(now time.Time) error {
	if r.State != Evaluated {
		return fault.New(fault.Conflict, "request.not_evaluated").Under("4.1")
	}
	r.move(Decided, now)
	r.DecidedAt = now
	return nil
}

// privacy records what is known of personal information, while it is with
// those who evaluate; its days are past or today.
func (r *Request) privacy(p Privacy, by string, now time.Time) error {
	if r.State != Authorised && r.State != Acknowledged && r.State != Evaluated {
		return fault.New(fault.Conflict, "request.privacy_not_now").Under("QC-PIA-01")
	}
	if r.Privacy.Assessment != "" {
		return fault.New(fault.Conflict, "request.privacy_assessed").Under("QC-PIA-01")
	}
	fields := map[string]string{}
	p.Assessment = ""
	switch p.Personal {
	case "yes":
		if p.Transfer != "" && p.Transfer != "yes" && p.Transfer != "no" {
			fields["transfer"] = "request.transfer_unknown"
		}
		p.PIAOn, p.CommitteeOn = clean(p.PIAOn), clean(p.CommitteeOn)
		for field, day := range map[string]string{"pia_on": p.PIAOn, "committee_on": p.CommitteeOn} {
			if key := pastDay(day, now); key != "" {
				fields[field] = key
			}
		}
	case "no":
		p.PIAOn, p.CommitteeOn, p.Transfer = "", "", ""
	default:
		fields["personal"] = "request.personal_required"
	}
	err := fault.Form(fields)
	if f, ok := fault.As(err); ok {
		return f.Under("QC-PIA-01")
	}
	r.Privacy, r.PrivacyBy = p, by
	return nil
}

// pastDay answers what is wrong with a day, or "".
func pastDay(day string, now time.Time) string {
	if day == "" {
		return ""
	}
	at, err := time.Parse(time.DateOnly, day)
	switch {
	case err != nil || at.Year() < 2000:
		return "request.date_wrong"
	case day > i18n.DayOf(now):
		return "request.date_future"
	}
	return ""
}

func (r *Request) move(to State, now time.Time) {
	r.State, r.StateAt = to, now
	r.ClosedAt = time.Time{}
	if to.Closed() {
		r.ClosedAt = now
	}
}
