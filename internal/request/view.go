package request

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"aval/internal/account"
	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	orgs "aval/internal/org"
	"aval/internal/person"
	"aval/internal/policy"
)

// pageSize is how many requests a list shows at once.
const pageSize = 100

// Item is a request with the names that a list shows.
type Item struct {
	Request
	Platform string
	Org      string
	OrgKind  string // school or department
	Author   string
	Result   catalogue.Status // of the decision; empty before it, and to who reads no decisions
}

// Filter says which of the requests that one may see are listed, and from where.
type Filter struct {
	State State  // all when empty
	Org   string // all when empty
	Mine  bool   // asked or joined by the actor
	After string // Next of the page before
	Limit int    // 100 when zero, and at most
}

// Page is a part of a list, the newest first; Next begins the following part, or is empty.
type Page struct {
	Items []Item
	Next  string
}

// List answers the requests that the actor may see.
func (s *Service) List(ctx context.Context, actor policy.Actor, f Filter) (page Page, err error) {
	size := f.Limit
	if size <= 0 || size > pageSize {
		size = pageSize
	}
	reach, args := actor.Reach(policy.RequestRead).Where(actor, reachColumns, 2)
	args = append([]any{actor.Board}, args...)
	hold := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	where := ` WHERE r.board_id = $1 AND ` + reach
	if f.State != "" {
		if !f.State.Valid() {
			return page, fault.Form(map[string]string{"state": "request.state_unknown"})
		}
		where += ` AND r.state = ` + hold(string(f.State))
	}
	if f.Org != "" {
		where += ` AND r.org_id = ` + hold(f.Org)
	}
	if f.Mine {
		me := hold(actor.ID)
		where += ` AND (r.author_id = ` + me + ` OR ` + strings.ReplaceAll(reachColumns.Also, "%s", me) + `)`
	}
	if f.After != "" {
		at, id, ok := position(f.After)
		if !ok {
			return page, fault.Missing()
		}
		where += ` AND (r.created_at, r.id) < (` + hold(at) + `, ` + hold(id) + `)`
	}
	// A number, no argument: SQLite plans a statement anew for each limit it is given.
	where += ` ORDER BY r.created_at DESC, r.id DESC LIMIT ` + strconv.Itoa(size+1)
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		page.Items, err = db.All(ctx, tx, scanItem, `SELECT `+columns+itemColumns+itemFrom+where, args...)
		return err
	})
	if len(actor.Reach(policy.DecisionRead).Rules) == 0 {
		for i := range page.Items {
			page.Items[i].Result = ""
		}
	}
	if len(page.Items) > size {
		page.Items = page.Items[:size]
		last := page.Items[size-1]
		page.Next = cursor(last.CreatedAt, last.ID)
	}
	return page, err
}

// cursor names the last request of a page.
func cursor(at time.Time, id ID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(at.UTC().Format(time.RFC3339Nano) + " " + string(id)))
}

// position reads a cursor.
func position(typed string) (at time.Time, id string, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(typed)
	if err != nil {
		return at, "", false
	}
	when, id, ok := strings.Cut(string(text), " ")
	at, err = time.Parse(time.RFC3339Nano, when)
	return at, id, ok && err == nil
}

// May says what the actor may do to a request now, for a page to offer.
type May struct {
	Edit        bool
	Submit      bool
	Authorise   bool // and refuse
	Return      bool
	Withdraw    bool
	Acknowledge bool
	Join        bool
	Privacy     bool
	Evaluate    bool
	Decide      bool
}

func mayDo(actor policy.Actor, r Request) May {
	can := func(do policy.Action, in ...State) bool {
		return slices.Contains(in, r.State) && actor.Can(do, r.Scope())
	}
	mine, asked := r.AuthorID == actor.ID, r.AskedBy(actor.ID)
	apart := func(do policy.Action) bool { return !r.Party(actor, do) }
	m := May{
		Edit:        mine && can(policy.RequestEdit, Drafted, Returned),
		Submit:      mine && can(policy.RequestSubmit, Drafted, Returned),
		Authorise:   !asked && can(policy.RequestAuthorise, Submitted),
		Withdraw:    mine && !r.State.Closed() && actor.Can(policy.RequestWithdraw, r.Scope()),
		Acknowledge: apart(policy.RequestAcknowledge) && can(policy.RequestAcknowledge, Authorised),
		Join: !asked && r.AcknowledgedBy != actor.ID && can(policy.RequestJoin, open...) &&
			!could(actor, policy.RequestAuthorise, r, Submitted),
		Privacy:  can(policy.PrivacyRecord, Authorised, Acknowledged, Evaluated),
		Evaluate: apart(policy.EvaluationWrite) && can(policy.EvaluationWrite, Acknowledged, Evaluated),
		Decide:   apart(policy.DecisionDecide) && can(policy.DecisionDecide, Evaluated),
	}
	m.Return = m.Authorise && !r.orphan()
	m.Edit = m.Edit || m.Authorise && r.orphan()
	return m
}

// Step is a stage of the path of a request.
type Step struct {
	Key    string // asked, authorised, acknowledged, evaluated, decided; refused or withdrawn at its end
	Clause string
	Done   bool
	Now    bool
	At     time.Time // when it was done, or since when it is the stage
	By     string    // name of who did it
	Note   string    // what they wrote
}

// steps draws the path: what was done, where it stands, what comes.
func steps(r Request, names map[string]string) []Step {
	asker := names[r.AuthorID]
	if r.RedirectedBy != "" {
		asker = names[r.RedirectedBy]
	}
	path := []Step{
		{Key: "asked", Clause: "2.2a", At: r.SubmittedAt, By: asker},
		{Key: "authorised", Clause: "2.2b", At: r.AuthorisedAt, By: names[r.AuthorisedBy]},
		{Key: "acknowledged", Clause: "2.2c", At: r.AcknowledgedAt, By: names[r.AcknowledgedBy]},
		{Key: "evaluated", Clause: "3.1", At: r.EvaluatedAt},
		{Key: "decided", Clause: "4.1", At: r.DecidedAt},
	}
	if !r.AuthorisedAt.IsZero() {
		path[1].Note = r.Reason
	}
	done := 0
	for i := range path {
		if path[i].At.IsZero() || i == 0 && (r.State == Drafted || r.State == Returned) {
			path[i].At = time.Time{}
			break
		}
		path[i].Done, done = true, i+1
	}
	switch {
	case r.State == Refused || r.State == Withdrawn:
		end := Step{Key: string(r.State), Done: true, Now: true, At: r.ClosedAt, By: asker}
		if r.State == Refused {
			end.Clause, end.Note, end.By = "2.2b", r.Reason, ""
		}
		return append(path[:done], end)
	case done < len(path):
		path[done].Now, path[done].At = true, r.StateAt
	}
	return path
}

// Detail is all that the page of a request shows of it.
type Detail struct {
	Item
	PlatformStatus catalogue.Status
	AuthorisedName string
	Rooms          []person.Class // the classes named, with their pupils
	Steps          []Step
	Clock          Clock
	May            May
	Personal       bool // a data kind that it names is personal information
}

// View answers a request to whoever may read it.
func (s *Service) View(ctx context.Context, actor policy.Actor, id ID) (d Detail, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		if d.Item, err = item(ctx, tx, id); err != nil {
			return err
		}
		if err := actor.Allow(policy.RequestRead, d.Scope()); err != nil {
			return err
		}
		p, err := catalogue.Get(ctx, tx, d.PlatformID)
		if err != nil {
			return err
		}
		d.PlatformStatus = p.Status
		if d.Rooms, err = person.Classes(ctx, tx, d.Classes); err != nil {
			return err
		}
		people, err := names(ctx, tx, d.AuthorID, d.AuthorisedBy, d.AcknowledgedBy, d.RedirectedBy)
		if err != nil {
			return err
		}
		d.AuthorisedName, d.Steps, d.May = people[d.AuthorisedBy], steps(d.Request, people), mayDo(actor, d.Request)
		d.Personal = slices.ContainsFunc(d.DataKinds, func(code string) bool {
			kind, _ := d.Policy(actor).DataKind(code)
			return kind.Personal
		})
		d.Clock, err = clock(ctx, tx, d.Request)
		return err
	})
	return d, err
}

// item answers a request with the names that a list shows, its classes and joiners.
func item(ctx context.Context, tx *db.Tx, id ID) (Item, error) {
	i, err := db.One(ctx, tx, scanItem, `SELECT `+columns+itemColumns+itemFrom+` WHERE r.board_id = $1 AND r.id = $2`, tx.Board, string(id))
	if err != nil {
		return i, err
	}
	err = withPeople(ctx, tx, &i.Request)
	return i, err
}

// holder answers whom a request waits for; nobody once it is closed.
func holder(ctx context.Context, tx *db.Tx, r Request) (h Holder, err error) {
	org := ""
	switch r.State {
	case Drafted, Returned:
		h.Role, h.IDs = r.AuthorRole, []string{r.AuthorID}
	case Acknowledged:
		h.Role, h.IDs = policy.Evaluator, []string{r.AcknowledgedBy}
	case Authorised:
		h.Role = policy.Evaluator
	case Evaluated:
		h.Role = policy.EvaluationDirector
	case Submitted:
		h.Role, org = policy.Principal, r.OrgID
		at, err := orgs.Get(ctx, tx, r.OrgID)
		if err != nil {
			return h, err
		}
		if at.Kind == orgs.Department {
			h.Role = policy.DepartmentHead
		}
	default:
		return h, nil
	}
	if len(h.IDs) > 0 {
		found, err := names(ctx, tx, h.IDs...)
		h.Names = []string{found[h.IDs[0]]}
		return h, err
	}
	h.Org = org
	holders, err := account.Holders(ctx, tx, h.Role, org)
	for _, a := range holders {
		if !r.AskedBy(a.ID) && a.ID != r.AuthorisedBy {
			h.IDs, h.Names = append(h.IDs, a.ID), append(h.Names, a.Name)
		}
	}
	return h, err
}

// Task is a request on somebody's desk.
type Task struct {
	Item
	Do     policy.Action // what awaits the actor: request.authorise, evaluation.write, …; empty where others are awaited
	Clause string
	Days   int // whole days in this state
	Holder Holder
}

// waits are the ways in which a request may await somebody, and the clause of each.
var waits = []struct {
	do     policy.Action
	state  State
	clause string
	where  string // %s is the actor
}{
	{policy.RequestSubmit, Returned, "2.2b", `r.author_id = %s`},
	{policy.RequestSubmit, Drafted, "2.2a", `r.author_id = %s`},
	{policy.RequestAuthorise, Submitted, "2.2b", notAsked},
	{policy.RequestAcknowledge, Authorised, "2.2c", notAsked},
	{policy.EvaluationWrite, Acknowledged, "3.1", notAsked + ` AND r.acknowledged_by = %s`},
	{policy.DecisionDecide, Evaluated, "4.1", notAsked},
	{policy.PrivacyRecord, Acknowledged, "QC-PIA-01", unsettled},
	{policy.PrivacyRecord, Evaluated, "QC-PIA-01", unsettled},
}

const (
	notAsked = `r.author_id <> %s AND r.authorised_by <> %s AND NOT EXISTS (SELECT 1 FROM request_joiner j
		WHERE j.board_id = r.board_id AND j.request_id = r.id AND j.account_id = %s)`
	unsettled = `r.author_id <> %s AND (r.personal = '' OR r.personal = 'yes' AND (r.pia_on = '' OR r.committee_on = ''))`

	unsettledAlone = `r.author_id <> %s AND (r.personal = '' OR r.personal = 'yes' AND r.pia_on = '')` // where no committee is asked for
)

// Waiting answers what awaits the actor, the oldest first.
func (s *Service) Waiting(ctx context.Context, actor policy.Actor) (tasks []Task, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		for _, w := range waits {
			if w.do == policy.PrivacyRecord && !actor.Has(policy.PrivacyOfficer) {
				continue // evaluators meet it where they evaluate
			}
			reach := actor.Reach(w.do)
			if reach.None() {
				continue
			}
			if w.where == unsettled && !asksCommittee(actor.Pack) {
				w.where = unsettledAlone
			}
			where, args := reach.Where(actor, reachColumns, 4)
			args = append([]any{tx.Board, string(w.state), actor.ID}, args...)
			items, err := db.All(ctx, tx, scanItem, `SELECT `+columns+itemColumns+itemFrom+` WHERE r.board_id = $1 AND r.state = $2
				AND `+strings.ReplaceAll(w.where, "%s", "$3")+` AND `+where+` ORDER BY r.state_at, r.id LIMIT `+strconv.Itoa(pageSize), args...)
			if err != nil {
				return err
			}
			for _, i := range items {
				tasks = append(tasks, Task{Item: i, Do: w.do, Clause: w.clause, Days: days(i.StateAt, tx.Now)})
			}
		}
		return nil
	})
	slices.SortStableFunc(tasks, func(a, b Task) int { return a.StateAt.Compare(b.StateAt) })
	return tasks, err
}

// Awaited answers what the actor waits for, the oldest first, and of whom: what
// they asked, joined, passed on or authorised, while it is with others.
func (s *Service) Awaited(ctx context.Context, actor policy.Actor) (tasks []Task, err error) {
	err = s.db.Read(ctx, actor.Board, func(ctx context.Context, tx *db.Tx) error {
		items, err := db.All(ctx, tx, scanItem, `SELECT `+columns+itemColumns+itemFrom+` WHERE r.board_id = $1
			AND r.state IN ('submitted', 'authorised', 'acknowledged', 'evaluated')
			AND (r.author_id = $2 OR r.authorised_by = $2 OR `+strings.ReplaceAll(reachColumns.Also, "%s", "$2")+`)
			ORDER BY r.submitted_at, r.id LIMIT `+strconv.Itoa(pageSize), tx.Board, actor.ID)
		if err != nil {
			return err
		}
		for _, i := range items {
			h, err := holder(ctx, tx, i.Request)
			if err != nil {
				return err
			}
			clause := map[State]string{Submitted: "2.2b", Authorised: "2.2c", Acknowledged: "3.1", Evaluated: "4.1"}[i.State]
			tasks = append(tasks, Task{Item: i, Clause: clause, Days: i.Age(tx.Now), Holder: h})
		}
		return nil
	})
	return tasks, err
}
