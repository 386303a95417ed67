package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/catalogue"
	"aval/internal/policy"
	"aval/internal/request"
)

// routes lists every operation, one line each.
func (s *Server) routes(api huma.API) {
	handle(s, api, op("me", http.MethodGet, "/api/v1/me", "Who the token acts for"), s.me)
	handle(s, api, op("search-platforms", http.MethodGet, "/api/v1/platforms", "Look a platform up by name, or by what it does"), s.platforms)
	handle(s, api, op("list-licences", http.MethodGet, "/api/v1/licences", "Licences that one may see, by platform"), s.licences)
	handle(s, api, created(op("record-licence", http.MethodPost, "/api/v1/licences", "Record a licence for an approved platform (4.2)")), s.licenceRecord)
	handle(s, api, op("read-licence", http.MethodGet, "/api/v1/licences/{id}", "Read a licence"), s.licenceRead)
	handle(s, api, op("read-disclosure", http.MethodGet, "/api/v1/licences/{id}/disclosure", "What leaves the board for the platform of a licence, and why (5.2)"), s.disclosureRead)
	handle(s, api, op("end-licence", http.MethodPost, "/api/v1/licences/{id}/end", "End a licence before the day that was foreseen"), s.licenceEnd)
	handle(s, api, accepted(op("create-accounts", http.MethodPost, "/api/v1/licences/{id}/accounts", "Make an account for each pupil of the audience (6.1 e)")), s.accountsCreate)
	handle(s, api, op("count-accounts", http.MethodGet, "/api/v1/licences/{id}/accounts", "Accounts of a licence, by state"), s.accountsCount)
	handle(s, api, op("read-account", http.MethodGet, "/api/v1/licences/{id}/accounts/{account}", "Where a pupil's account stands"), s.accountRead)
	handle(s, api, op("suspend-account", http.MethodPost, "/api/v1/licences/{id}/accounts/{account}/suspend", "Stop a pupil's account, for a reason (6.1 e)"), s.accountSuspend)
	handle(s, api, op("resume-account", http.MethodPost, "/api/v1/licences/{id}/accounts/{account}/resume", "Let it go on"), s.accountResume)
	handle(s, api, op("load-vendor-names", http.MethodPut, "/api/v1/licences/{id}/vendor-names", "Keep the names that the platform gave, all or none (schedule A)"), s.vendorNames)
	handle(s, api, op("read-attestation", http.MethodGet, "/api/v1/licences/{id}/attestation", "How the deletion of a licence's accounts stands (3.3 c)"), s.deletion)
	handle(s, api, op("attest-deletion", http.MethodPost, "/api/v1/licences/{id}/attestation", "Record the vendor's word that the accounts are deleted (3.3 c)"), s.deletionAttest)
	handle(s, api, created(op("prepare-provisioning", http.MethodPost, "/api/v1/licences/{id}/provisioning", "Prepare a file of accounts for the vendor (6.1 e)")), s.provisioningPrepare)
	handle(s, api, op("approve-provisioning", http.MethodPost, "/api/v1/licences/{id}/provisioning/{pid}/approve", "Approve the file that another person prepared"), s.provisioningApprove)
	handle(s, api, sheet(op("download-provisioning", http.MethodPost, "/api/v1/licences/{id}/provisioning/{pid}/download", "Download the file, once, as who prepared it")), s.provisioningDownload)
	handle(s, api, op("confirm-provisioning", http.MethodPost, "/api/v1/licences/{id}/provisioning/{pid}/confirm", "Say that the vendor took the file"), s.provisioningConfirm)
	handle(s, api, op("list-requests", http.MethodGet, "/api/v1/requests", "Requests that one may see, the newest first"), s.requests)
	handle(s, api, created(op("create-request", http.MethodPost, "/api/v1/requests", "Keep a draft (2.2 a)")), s.requestCreate)
	handle(s, api, op("read-request", http.MethodGet, "/api/v1/requests/{id}", "Read a request, its path and its clock"), s.requestRead)
	handle(s, api, op("edit-request", http.MethodPut, "/api/v1/requests/{id}", "Write a draft again"), s.requestEdit)
	handle(s, api, op("submit-request", http.MethodPost, "/api/v1/requests/{id}/submit", "Send to who authorises (2.2 b)"), s.act((*request.Service).Submit))
	handle(s, api, op("authorise-request", http.MethodPost, "/api/v1/requests/{id}/authorise", "Authorise (2.2 b)"), s.reason((*request.Service).Authorise))
	handle(s, api, op("return-request", http.MethodPost, "/api/v1/requests/{id}/return", "Send back with a reason (2.2 b)"), s.reason((*request.Service).Return))
	handle(s, api, op("refuse-request", http.MethodPost, "/api/v1/requests/{id}/refuse", "Refuse with a reason (2.2 b)"), s.reason((*request.Service).Refuse))
	handle(s, api, op("withdraw-request", http.MethodPost, "/api/v1/requests/{id}/withdraw", "Withdraw one's own"), s.act((*request.Service).Withdraw))
	handle(s, api, op("acknowledge-request", http.MethodPost, "/api/v1/requests/{id}/acknowledge", "Say that it reached the evaluating service (2.2 c)"), s.act((*request.Service).Acknowledge))
	handle(s, api, op("join-request", http.MethodPost, "/api/v1/requests/{id}/join", "Ask for the same"), s.act((*request.Service).Join))
	handle(s, api, op("record-privacy", http.MethodPut, "/api/v1/requests/{id}/privacy", "Say what an assessment done without aval says (QC-PIA-01, -02, QC-OUT-01)"), s.privacy)
	handle(s, api, op("write-evaluation", http.MethodPut, "/api/v1/requests/{id}/evaluations/{aspect}", "Write or finish an aspect (3.2, 3.3)"), s.evaluationWrite)
	handle(s, api, op("read-evaluation", http.MethodGet, "/api/v1/requests/{id}/evaluations/{aspect}", "Read an aspect"), s.evaluationRead)
	handle(s, api, created(op("decide", http.MethodPost, "/api/v1/requests/{id}/decision", "Decide, aspect by aspect (4.1)")), s.decide)
	handle(s, api, op("read-decision", http.MethodGet, "/api/v1/requests/{id}/decision", "Read the decision"), s.decisionRead)
	handle(s, api, op("receive-decision", http.MethodPost, "/api/v1/requests/{id}/decision/receipt", "Acknowledge the decision (4.1)"), s.decisionReceive)
	handle(s, api, created(op("contest", http.MethodPost, "/api/v1/requests/{id}/contest", "Disagree about use (4.1 a)")), s.contest)
	handle(s, api, created(op("renew", http.MethodPost, "/api/v1/requests/{id}/renewal", "Ask again, with new security functions (4.1 b)")), s.renew)
	handle(s, api, op("answer-contest", http.MethodPost, "/api/v1/contests/{id}/answer", "Record the talk and the next step (4.1 a)"), s.contestAnswer)
	s.assessmentRoutes(api)
	s.conditionRoutes(api)
	s.identityRoutes(api)
	s.apartRoutes(api)
	s.serviceRoutes(api)
	s.contractRoutes(api)
	s.rosterRoutes(api)
	s.exportRoutes(api)
	s.credentialRoutes(api)
	s.correctionRoutes(api)
	s.breachRoutes(api)
	handle(s, api, op("reveal", http.MethodPost, "/api/v1/reveals", "Be shown whose a login name is, an account or a class's accounts; it is noted (1.3 e)"), s.reveal)
	handle(s, api, op("list-reveals", http.MethodGet, "/api/v1/reveals", "Who was shown what, the newest first"), s.looks)
	handle(s, api, op("list-outliers", http.MethodGet, "/api/v1/reveals/outliers", "Whose looks of the last complete week are unusual, and why"), s.outliers)
	handle(s, api, created(op("ask-approval", http.MethodPost, "/api/v1/reveals/approvals", "Ask a second person for more than the hour's quota")), s.approvalAsk)
	handle(s, api, op("approve-reveals", http.MethodPost, "/api/v1/reveals/approvals/{id}/approve", "Allow what someone else asked, for an hour"), s.approvalGive)
	handle(s, api, op("coverage", http.MethodGet, "/api/v1/policy/coverage", "Every clause, its control and live counts"), s.coverage)
	handle(s, api, op("read-audit", http.MethodGet, "/api/v1/audit", "The trail, in order"), s.audit)
	s.incidentRoutes(api)
	s.governanceRoutes(api)
	s.rightsRoutes(api)
}

func op(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary}
}

func created(o huma.Operation) huma.Operation {
	o.DefaultStatus = http.StatusCreated
	return o
}

// answer is a body alone.
type answer[T any] struct{ Body T }

func body[T any](v T, err error) (*answer[T], error) { return &answer[T]{Body: v}, err }

// ByID is a thing that the address names. It is exported because huma reads no
// embedded struct that is not.
type ByID struct {
	ID string `path:"id" maxLength:"64"`
}

type meJSON struct {
	ID      string      `json:"id"`
	Board   string      `json:"board"`
	Name    string      `json:"name"`
	Lang    string      `json:"lang"`
	Grants  []grantJSON `json:"grants"`
	Classes []string    `json:"classes" doc:"Classes that the person teaches."`
}

type grantJSON struct {
	Role     string `json:"role"`
	Org      string `json:"org,omitempty"`
	LentFrom string `json:"lent_from,omitempty" doc:"Account that lent the role while away."`
}

func (s *Server) me(_ context.Context, a policy.Actor, _ *struct{}) (*answer[meJSON], error) {
	out := meJSON{ID: a.ID, Board: a.Board, Name: a.Name, Lang: a.Lang, Grants: []grantJSON{}, Classes: list(a.Classes)}
	for _, g := range a.Grants {
		out.Grants = append(out.Grants, grantJSON{Role: string(g.Role), Org: g.Org, LentFrom: g.From})
	}
	return body(out, nil)
}

// list is never null in JSON.
func list(v []string) []string {
	if v == nil {
		return []string{}
	}
	return v
}

type platformJSON struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Vendor     string   `json:"vendor,omitempty"`
	URL        string   `json:"url,omitempty"`
	Functions  []string `json:"functions"`
	Status     string   `json:"status" enum:"unknown,approved,conditional,refused"`
	Hosting    string   `json:"hosting,omitempty"`
	Conditions string   `json:"conditions,omitempty"`
	DecidedOn  string   `json:"decided_on,omitempty" format:"date"`
	Before     bool     `json:"before_aval,omitempty" doc:"The board decided it before aval: there is no request and no letter."`
	Score      float64  `json:"score,omitempty" doc:"1 is what was typed, letter for letter."`
}

func platform(p catalogue.Platform) platformJSON {
	out := platformJSON{ID: string(p.ID), Name: p.Name, Vendor: p.Vendor, URL: p.URL, Functions: list(p.Functions),
		Status: string(p.Status), Hosting: string(p.Hosting), Conditions: p.Conditions, Before: p.Before}
	if !p.DecidedAt.IsZero() {
		out.DecidedOn = p.DecidedAt.Format(time.DateOnly)
	}
	return out
}

type platformsIn struct {
	Q      string `query:"q" maxLength:"200" doc:"Name, alias, address, or what it does; forgives accents, case and two slips."`
	Status string `query:"status" enum:"unknown,approved,conditional,refused"`
	After  string `query:"after" maxLength:"400" doc:"next of the page before."`
}

type platformsOut struct {
	Platforms []platformJSON `json:"platforms"`
	Next      string         `json:"next,omitempty"`
}

func (s *Server) platforms(ctx context.Context, a policy.Actor, in *platformsIn) (*answer[platformsOut], error) {
	out := platformsOut{Platforms: []platformJSON{}}
	if in.Q != "" {
		hits, err := s.Catalogue.Search(ctx, a, in.Q)
		for _, h := range hits {
			p := platform(h.Platform)
			p.Score = h.Score
			out.Platforms = append(out.Platforms, p)
		}
		return body(out, err)
	}
	page, err := s.Catalogue.Page(ctx, a, catalogue.Filter{Status: catalogue.Status(in.Status), After: catalogue.ID(in.After)})
	for _, p := range page.Platforms {
		out.Platforms = append(out.Platforms, platform(p))
	}
	out.Next = string(page.Next)
	return body(out, err)
}

type requestJSON struct {
	ID             string     `json:"id"`
	Number         string     `json:"number"`
	PlatformID     string     `json:"platform_id"`
	Platform       string     `json:"platform,omitempty"`
	Org            string     `json:"org"`
	OrgName        string     `json:"org_name,omitempty"`
	Author         string     `json:"author"`
	Kind           string     `json:"kind" enum:"full,short"`
	State          string     `json:"state" enum:"draft,submitted,authorised,acknowledged,evaluated,decided,returned,refused,withdrawn"`
	StateAt        time.Time  `json:"state_at"`
	Reason         string     `json:"reason,omitempty"`
	Description    string     `json:"description"`
	Usage          string     `json:"usage"`
	Missing        string     `json:"missing,omitempty"`
	Data           []string   `json:"data"`
	Subjects       []string   `json:"subjects,omitempty" doc:"Whose data it would hold, where the board's policy asks."`
	Classes        []string   `json:"classes"`
	Pupils         int64      `json:"pupils"`
	CostCents      int64      `json:"cost_cents"`
	NewSecurity    string     `json:"new_security,omitempty"`
	Follows        string     `json:"follows,omitempty"`
	Joiners        int        `json:"joiners"`
	Personal       string     `json:"personal,omitempty" enum:",yes,no"`
	PIAOn          string     `json:"pia_on,omitempty"`
	CommitteeOn    string     `json:"committee_on,omitempty"`
	Transfer       string     `json:"transfer,omitempty" enum:",yes,no" doc:"Whether what leaves Québec is protected enough."`
	Assessment     string     `json:"assessment,omitempty" doc:"The concluded assessment that says so; none for one done elsewhere."`
	SubmittedAt    *time.Time `json:"submitted_at,omitempty"`
	AuthorisedAt   *time.Time `json:"authorised_at,omitempty"`
	AcknowledgedAt *time.Time `json:"acknowledged_at,omitempty"`
	EvaluatedAt    *time.Time `json:"evaluated_at,omitempty"`
	DecidedAt      *time.Time `json:"decided_at,omitempty"`
	Version        int64      `json:"version"`
	Clock          *clockJSON `json:"clock,omitempty"`
	Steps          []stepJSON `json:"steps,omitempty"`
}

type clockJSON struct {
	Closed  int      `json:"closed" doc:"Requests closed within a year."`
	TooFew  bool     `json:"too_few" doc:"Under ten closed: no median is told."`
	Median  int      `json:"median_days,omitempty"`
	P90     int      `json:"p90_days,omitempty"`
	Age     int      `json:"age_days"`
	Waiting []string `json:"waiting_for" doc:"Accounts whom it waits for."`
	Role    string   `json:"waiting_role,omitempty"`
}

type stepJSON struct {
	Step   string     `json:"step"`
	Clause string     `json:"clause,omitempty"`
	Done   bool       `json:"done"`
	Now    bool       `json:"now,omitempty"`
	At     *time.Time `json:"at,omitempty"`
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func plain(r request.Request) requestJSON {
	return requestJSON{
		ID: string(r.ID), Number: r.Number, PlatformID: string(r.PlatformID), Org: r.OrgID, Author: r.AuthorID,
		Kind: string(r.Kind), State: string(r.State), StateAt: r.StateAt, Reason: r.Reason, Description: r.Description,
		Usage: r.Usage, Missing: r.Missing, Data: list(r.DataKinds), Subjects: r.Subjects, Classes: list(r.Classes), Pupils: r.Pupils,
		CostCents: r.CostCents, NewSecurity: r.NewSecurity, Follows: string(r.FollowsID), Joiners: len(r.Joiners),
		Personal: r.Privacy.Personal, PIAOn: r.Privacy.PIAOn, CommitteeOn: r.Privacy.CommitteeOn,
		Transfer: r.Privacy.Transfer, Assessment: r.Privacy.Assessment,
		SubmittedAt: moment(r.SubmittedAt), AuthorisedAt: moment(r.AuthorisedAt), AcknowledgedAt: moment(r.AcknowledgedAt),
		EvaluatedAt: moment(r.EvaluatedAt), DecidedAt: moment(r.DecidedAt), Version: r.Version,
	}
}

func item(i request.Item) requestJSON {
	out := plain(i.Request)
	out.Platform, out.OrgName = i.Platform, i.Org
	return out
}

type requestsIn struct {
	State string `query:"state" maxLength:"20"`
	Org   string `query:"org" maxLength:"64"`
	Mine  bool   `query:"mine"`
	After string `query:"after" maxLength:"400" doc:"next of the page before."`
	Limit int    `query:"limit" minimum:"0" maximum:"100"`
}

type requestsOut struct {
	Requests []requestJSON `json:"requests"`
	Next     string        `json:"next,omitempty"`
}

func (s *Server) requests(ctx context.Context, a policy.Actor, in *requestsIn) (*answer[requestsOut], error) {
	page, err := s.Requests.List(ctx, a, request.Filter{State: request.State(in.State), Org: in.Org, Mine: in.Mine, After: in.After, Limit: in.Limit})
	out := requestsOut{Requests: []requestJSON{}, Next: page.Next}
	for _, i := range page.Items {
		out.Requests = append(out.Requests, item(i))
	}
	return body(out, err)
}

type draftJSON struct {
	PlatformID  string   `json:"platform_id,omitempty" doc:"A platform of the catalogue; or else its name."`
	Platform    string   `json:"platform,omitempty" doc:"Its name as typed: found in the catalogue, or added to it."`
	URL         string   `json:"url,omitempty"`
	Org         string   `json:"org,omitempty" doc:"School or department; not needed by who has only one."`
	Description string   `json:"description,omitempty"`
	Usage       string   `json:"usage,omitempty" doc:"How pupils will use it."`
	Missing     string   `json:"missing,omitempty" doc:"What the approved platforms that resemble it do not do."`
	Data        []string `json:"data,omitempty" doc:"Kinds of information it wants, from the pack's vocabulary."`
	Subjects    []string `json:"subjects,omitempty" doc:"Whose data it would hold (board, schools, pupils, staff), where the board's policy asks."`
	Classes     []string `json:"classes,omitempty"`
	Pupils      int64    `json:"pupils,omitempty"`
	CostCents   int64    `json:"cost_cents,omitempty"`
	NewSecurity string   `json:"new_security,omitempty"`
	Follows     string   `json:"follows,omitempty"`
	Version     int64    `json:"version,omitempty" doc:"The version that was read, when writing again."`
}

func (d draftJSON) draft() request.Draft {
	return request.Draft{
		PlatformID: catalogue.ID(d.PlatformID), PlatformName: d.Platform, URL: d.URL, Org: d.Org, Description: d.Description,
		Usage: d.Usage, Missing: d.Missing, DataKinds: d.Data, Subjects: d.Subjects, CostCents: d.CostCents, Classes: d.Classes, Pupils: d.Pupils,
		NewSecurity: d.NewSecurity, Follows: request.ID(d.Follows),
	}
}

func (s *Server) requestCreate(ctx context.Context, a policy.Actor, in *struct{ Body draftJSON }) (*answer[requestJSON], error) {
	r, err := s.Requests.Create(ctx, a, in.Body.draft())
	return body(plain(r), err)
}

func (s *Server) requestEdit(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body draftJSON
}) (*answer[requestJSON], error) {
	r, err := s.Requests.Edit(ctx, a, request.ID(in.ID), in.Body.draft(), in.Body.Version)
	return body(plain(r), err)
}

func (s *Server) requestRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[requestJSON], error) {
	d, err := s.Requests.View(ctx, a, request.ID(in.ID))
	if err != nil {
		return nil, err
	}
	out := item(d.Item)
	out.Clock = &clockJSON{Closed: d.Clock.Closed, TooFew: d.Clock.TooFew, Median: d.Clock.Median, P90: d.Clock.P90,
		Age: d.Clock.Age, Waiting: list(d.Clock.Holder.IDs), Role: string(d.Clock.Holder.Role)}
	for _, step := range d.Steps {
		out.Steps = append(out.Steps, stepJSON{Step: step.Key, Clause: d.Policy(a).Cite(step.Clause), Done: step.Done, Now: step.Now, At: moment(step.At)})
	}
	return body(out, nil)
}

// act is an operation that takes nothing but the request.
func (s *Server) act(
	use func(*request.Service, context.Context, policy.Actor, request.ID) (request.Request, error),
) func(context.Context, policy.Actor, *ByID) (*answer[requestJSON], error) {
	return func(ctx context.Context, a policy.Actor, in *ByID) (*answer[requestJSON], error) {
		r, err := use(s.Requests, ctx, a, request.ID(in.ID))
		return body(plain(r), err)
	}
}

type reasonIn struct {
	ByID
	Body *struct {
		Reason string `json:"reason,omitempty"`
	}
}

// reason is an operation that may take a reason.
func (s *Server) reason(
	use func(*request.Service, context.Context, policy.Actor, request.ID, string) (request.Request, error),
) func(context.Context, policy.Actor, *reasonIn) (*answer[requestJSON], error) {
	return func(ctx context.Context, a policy.Actor, in *reasonIn) (*answer[requestJSON], error) {
		why := ""
		if in.Body != nil {
			why = in.Body.Reason
		}
		r, err := use(s.Requests, ctx, a, request.ID(in.ID), why)
		return body(plain(r), err)
	}
}

func (s *Server) privacy(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Personal    string `json:"personal" enum:"yes,no"`
		PIAOn       string `json:"pia_on,omitempty" doc:"Day on which the privacy assessment was concluded."`
		CommitteeOn string `json:"committee_on,omitempty" doc:"Day on which the committee was consulted."`
		Transfer    string `json:"transfer,omitempty" enum:",yes,no" doc:"Whether what leaves Québec is protected enough (QC-OUT-01); none where nothing does."`
	}
}) (*answer[requestJSON], error) {
	r, err := s.Requests.RecordPrivacy(ctx, a, request.ID(in.ID),
		request.Privacy{Personal: in.Body.Personal, PIAOn: in.Body.PIAOn, CommitteeOn: in.Body.CommitteeOn, Transfer: in.Body.Transfer})
	return body(plain(r), err)
}
