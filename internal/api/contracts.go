package api

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/catalogue"
	"aval/internal/contract"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/policy"
)

// contractRoutes are the operations on what binds the vendors of platforms.
func (s *Server) contractRoutes(api huma.API) {
	at := "/api/v1/contracts/{id}"
	handle(s, api, op("list-contracts", http.MethodGet, "/api/v1/contracts", "Contracts with vendors, by platform, and what awaits who keeps them"), s.contracts)
	handle(s, api, created(op("add-contract", http.MethodPost, "/api/v1/contracts", "Record a contract with the vendor of a platform, as a draft")), s.contractAdd)
	handle(s, api, op("read-contract", http.MethodGet, at, "Read a contract, its files, verifications and notices"), s.contractRead)
	handle(s, api, op("edit-contract", http.MethodPut, at, "Correct its kind, its contact and its days"), s.contractEdit)
	handle(s, api, op("check-contract", http.MethodPut, at+"/items", "Say where each item of the checklist is found, or that it is absent"), s.contractCheck)
	handle(s, api, op("accept-contract-risk", http.MethodPost, at+"/risks", "Accept the risk of an absent item, with the reason"), s.contractAccept)
	handle(s, api, op("settle-undertakings", http.MethodPost, at+"/undertakings", "Undertakings of secrecy: attached, waived with a reason, or not asked for"), s.contractUndertake)
	handle(s, api, op("ground-contract", http.MethodPost, at+"/ground", "Choose on what the release of personal information rests"), s.contractRest)
	handle(s, api, op("mitigate-contract", http.MethodPut, at+"/mitigations", "Name the mitigations of a transfer and the clause that carries each"), s.contractMitigate)
	handle(s, api, op("conclude-contract", http.MethodPost, at+"/conclude", "Let it stand, once it holds all that the law asks for"), s.contractConclude)
	handle(s, api, op("end-contract", http.MethodPost, at+"/end", "End it"), s.contractEnd)
	handle(s, api, op("attest-contract", http.MethodPost, at+"/attestation", "Keep the vendor's word that nothing is kept"), s.contractAttest)
	handle(s, api, op("plan-exit", http.MethodPut, at+"/exit", "Write how the board would leave the platform"), s.contractLeave)
	handle(s, api, created(op("attach-to-contract", http.MethodPost, at+"/files", "Attach the contract, undertakings, or what a verification rests on")), s.contractAttach)
	handle(s, api, created(op("plan-check", http.MethodPost, at+"/checks", "Plan a verification of the vendor")), s.contractPlan)
	handle(s, api, op("close-check", http.MethodPost, at+"/checks/{check}", "Keep the result of a verification"), s.contractVerify)
	handle(s, api, created(op("warn-contract", http.MethodPost, at+"/notices", "Record what the vendor tells of a violation; it opens an incident")), s.contractWarn)
}

// ContractTerms are the kind, the contact and the days of a contract.
type ContractTerms struct {
	Kind      string `json:"kind" enum:"signed,click" doc:"click: terms accepted by a click, flagged wherever they are shown."`
	Contact   string `json:"contact" doc:"The vendor's role to write to; no name is needed."`
	Reference string `json:"reference,omitempty"`
	SignedOn  string `json:"signed_on" doc:"A day, as 2026-08-31."`
	InForceOn string `json:"in_force_on"`
	EndsOn    string `json:"ends_on,omitempty" doc:"Its last day; none for no end."`
}

func (in ContractTerms) terms() contract.Terms {
	return contract.Terms{Kind: contract.Kind(in.Kind), Contact: in.Contact, Reference: in.Reference, SignedOn: in.SignedOn,
		InForceOn: in.InForceOn, EndsOn: in.EndsOn}
}

// ItemAnswer says where an item of the checklist is found, or that it is absent.
type ItemAnswer struct {
	Where  string `json:"where,omitempty" doc:"Page or article in which it is found."`
	Absent bool   `json:"absent,omitempty"`
}

type itemOutJSON struct {
	Code     string `json:"code"`
	Clause   string `json:"clause"`
	Required bool   `json:"required"`
	Title    string `json:"title"`
	ItemAnswer
	Risk   string `json:"risk,omitempty" doc:"Why the risk of its absence was accepted."`
	RiskBy string `json:"risk_by,omitempty"`
}

type mitigationJSON struct {
	Text  string `json:"text"`
	Where string `json:"where,omitempty" doc:"Clause of the contract that carries it."`
}

// ExitPlan is how the board would leave a platform.
type ExitPlan struct {
	Alternatives  []string `json:"alternatives,omitempty" doc:"Ids of platforms."`
	Substitutes   string   `json:"substitutes,omitempty" doc:"How far they take its place."`
	Format        string   `json:"format" doc:"Of the export."`
	TestedOn      string   `json:"tested_on,omitempty" doc:"The day on which the export was tried."`
	Reintegration string   `json:"reintegration,omitempty"`
	NoticeDays    int64    `json:"notice_days,omitempty"`
	Steps         string   `json:"steps"`
	Owner         string   `json:"owner,omitempty" doc:"evaluator, evaluation_director, or the id of an account of the evaluating service."`
}

// ContractSummary is a contract as lists show it.
type ContractSummary struct {
	ID           string           `json:"id"`
	PlatformID   string           `json:"platform_id"`
	Platform     string           `json:"platform,omitempty"`
	State        string           `json:"state" enum:"draft,standing,ended"`
	Stands       bool             `json:"stands" doc:"It binds the vendor today."`
	Terms        ContractTerms    `json:"terms"`
	EndedOn      string           `json:"ended_on,omitempty"`
	Undertakings string           `json:"undertakings,omitempty" enum:",attached,waived,public_body,professional"`
	Ground       string           `json:"ground,omitempty" enum:",mission,consent,benefit,other"`
	Mitigations  []mitigationJSON `json:"mitigations"`
	AttestedOn   string           `json:"attested_on,omitempty" doc:"The vendor's word that nothing is kept."`
	Version      int64            `json:"version"`
}

func contractOf(c contract.Contract, today string) ContractSummary {
	out := ContractSummary{ID: string(c.ID), PlatformID: string(c.PlatformID), State: string(c.State), Stands: c.Stands(today),
		Terms: ContractTerms{Kind: string(c.Kind), Contact: c.Contact, Reference: c.Reference, SignedOn: c.SignedOn, InForceOn: c.InForceOn,
			EndsOn: c.EndsOn}, EndedOn: c.EndedOn, Undertakings: string(c.Undertakings.Choice), Ground: string(c.Basis.Ground),
		Mitigations: []mitigationJSON{}, AttestedOn: c.Attestation.On, Version: c.Version}
	for _, m := range c.Mitigations {
		out.Mitigations = append(out.Mitigations, mitigationJSON(m))
	}
	return out
}

func (s *Server) contractBody(c contract.Contract, err error) (*answer[ContractSummary], error) {
	return body(contractOf(c, i18n.DayOf(s.DB.Clock())), err)
}

type contractsOut struct {
	Contracts []ContractSummary `json:"contracts"`
	Tasks     []taskJSON        `json:"tasks" doc:"What awaits who keeps contracts."`
}

type taskJSON struct {
	Kind       string `json:"kind" enum:"lacking,overdue,destruction"`
	Contract   string `json:"contract,omitempty"`
	PlatformID string `json:"platform_id"`
	Since      string `json:"since" format:"date"`
}

func (s *Server) contracts(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[contractsOut], error) {
	l, err := s.Contracts.List(ctx, a)
	out := contractsOut{Contracts: []ContractSummary{}, Tasks: []taskJSON{}}
	for _, c := range l.Contracts {
		shown := contractOf(c.Contract, l.Today)
		shown.Platform = c.Platform
		out.Contracts = append(out.Contracts, shown)
	}
	for _, t := range l.Tasks {
		out.Tasks = append(out.Tasks, taskJSON{Kind: string(t.Kind), Contract: string(t.ContractID), PlatformID: t.PlatformID, Since: t.Since})
	}
	return body(out, err)
}

func (s *Server) contractAdd(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Platform string `json:"platform" maxLength:"64" doc:"Its id."`
		ContractTerms
	}
}) (*answer[ContractSummary], error) {
	return s.contractBody(s.Contracts.Add(ctx, a, catalogue.ID(in.Body.Platform), in.Body.terms()))
}

type contractWhole struct {
	ContractSummary
	Items   []itemOutJSON     `json:"items"`
	Exit    *ExitPlan         `json:"exit,omitempty"`
	Files   []contractFile    `json:"files"`
	Checks  []checkJSON       `json:"checks"`
	Notices []vendorNotice    `json:"notices"`
	Awaited []awaitedDeletion `json:"deletions" doc:"What is awaited for the accounts of its licences."`
}

type contractFile struct {
	ID     string    `json:"id"`
	Role   string    `json:"role" enum:"agreed,secrecy,proof"`
	Name   string    `json:"name"`
	Media  string    `json:"media"`
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256"`
	At     time.Time `json:"at"`
}

type checkJSON struct {
	ID       string `json:"id"`
	Topic    string `json:"topic"`
	DueOn    string `json:"due_on" format:"date"`
	Overdue  bool   `json:"overdue"`
	DoneOn   string `json:"done_on,omitempty"`
	Result   string `json:"result,omitempty" enum:",held,not_held"`
	Findings string `json:"findings,omitempty"`
	By       string `json:"reviewed_by,omitempty"`
}

type vendorNotice struct {
	ID         string `json:"id"`
	ReceivedOn string `json:"received_on" format:"date"`
	Told       string `json:"told"`
	Incident   string `json:"incident"`
}

type awaitedDeletion struct {
	Licence    string `json:"licence"`
	AskedOn    string `json:"asked_on" format:"date"`
	AttestedOn string `json:"attested_on,omitempty"`
}

func checkOf(k contract.Check, today string) checkJSON {
	return checkJSON{ID: k.ID, Topic: string(k.Topic), DueOn: k.DueOn, Overdue: k.Overdue(today), DoneOn: k.DoneOn, Result: k.Result,
		Findings: k.Findings, By: k.ReviewedBy}
}

func fileOf(f contract.File) contractFile {
	return contractFile{ID: f.ID, Role: string(f.Role), Name: f.Name, Media: f.Media, Size: f.Size, SHA256: f.SHA256, At: f.AddedAt}
}

func (s *Server) contractRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[contractWhole], error) {
	v, err := s.Contracts.View(ctx, a, contract.ID(in.ID))
	if err != nil {
		return nil, err
	}
	out := contractWhole{ContractSummary: contractOf(v.Contract, v.Today), Items: []itemOutJSON{}, Files: []contractFile{}, Checks: []checkJSON{},
		Notices: []vendorNotice{}, Awaited: []awaitedDeletion{}}
	out.Platform = v.Platform.Name
	for _, i := range v.Checklist {
		x := v.Items[i.Code]
		out.Items = append(out.Items, itemOutJSON{Code: i.Code, Clause: i.Clause, Required: i.Required, Title: i.Title.In(printer(ctx).Lang),
			ItemAnswer: ItemAnswer{Where: x.Where, Absent: x.Absent}, Risk: x.Risk, RiskBy: x.RiskBy})
	}
	if x := v.Plan; x.Written() {
		out.Exit = &ExitPlan{Substitutes: x.Substitutes, Format: x.Format, TestedOn: x.TestedOn, Reintegration: x.Reintegration,
			NoticeDays: x.NoticeDays, Steps: x.Steps, Owner: x.Owner}
		for _, id := range x.Alternatives {
			out.Exit.Alternatives = append(out.Exit.Alternatives, string(id))
		}
	}
	for _, f := range v.Files {
		out.Files = append(out.Files, fileOf(f))
	}
	for _, k := range v.Checks {
		out.Checks = append(out.Checks, checkOf(k, v.Today))
	}
	for _, n := range v.Notices {
		out.Notices = append(out.Notices, vendorNotice{ID: n.ID, ReceivedOn: n.ReceivedOn, Told: n.Told, Incident: string(n.Incident)})
	}
	for _, d := range v.Deletions {
		out.Awaited = append(out.Awaited, awaitedDeletion(d))
	}
	return body(out, nil)
}

func (s *Server) contractEdit(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		ContractTerms
		Version int64 `json:"version" minimum:"1" doc:"That was read."`
	}
}) (*answer[ContractSummary], error) {
	return s.contractBody(s.Contracts.Edit(ctx, a, contract.ID(in.ID), in.Body.terms(), in.Body.Version))
}

func (s *Server) contractCheck(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Items   map[string]ItemAnswer `json:"items" doc:"By the code of the item; one that is left out is unread."`
		Version int64                 `json:"version" minimum:"1" doc:"That was read."`
	}
}) (*answer[ContractSummary], error) {
	items := map[string]contract.Answer{}
	for code, i := range in.Body.Items {
		items[code] = contract.Answer{Where: i.Where, Absent: i.Absent}
	}
	c, err := s.Contracts.Check(ctx, a, contract.ID(in.ID), items, in.Body.Version)
	return s.contractBody(c, inItems(err))
}

// inItems gives what is wrong with an item the name that a program knows it by.
func inItems(err error) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	said := *f
	said.Fields = map[string]fault.Message{}
	for name, m := range f.Fields {
		if code, of := strings.CutPrefix(name, "where_"); of {
			name = "items/" + code
		}
		said.Fields[name] = m
	}
	return &said
}

func (s *Server) contractAccept(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Code   string `json:"risk_code" doc:"Of the absent item."`
		Reason string `json:"risk_reason"`
	}
}) (*answer[ContractSummary], error) {
	return s.contractBody(s.Contracts.Accept(ctx, a, contract.ID(in.ID), in.Body.Code, in.Body.Reason))
}

func (s *Server) contractUndertake(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Choice string `json:"choice" enum:"attached,waived,public_body,professional" doc:"waived is for the privacy officer."`
		Reason string `json:"secrecy_reason,omitempty" doc:"Of a waiver."`
	}
}) (*answer[ContractSummary], error) {
	return s.contractBody(s.Contracts.Undertake(ctx, a, contract.ID(in.ID), contract.Choice(in.Body.Choice), in.Body.Reason))
}

func (s *Server) contractRest(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Ground string `json:"ground" enum:"mission,consent,benefit,other"`
		Reason string `json:"ground_reason,omitempty" doc:"Of benefit and other."`
	}
}) (*answer[ContractSummary], error) {
	return s.contractBody(s.Contracts.Rest(ctx, a, contract.ID(in.ID), contract.Ground(in.Body.Ground), in.Body.Reason))
}

func (s *Server) contractMitigate(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Mitigations []mitigationJSON `json:"mitigations"`
		Version     int64            `json:"version" minimum:"1" doc:"That was read."`
	}
}) (*answer[ContractSummary], error) {
	var list []contract.Mitigation
	for _, m := range in.Body.Mitigations {
		list = append(list, contract.Mitigation(m))
	}
	c, err := s.Contracts.Mitigate(ctx, a, contract.ID(in.ID), list, in.Body.Version)
	return s.contractBody(c, inMitigations(err))
}

// inMitigations says that the list is wrong, whichever of its lines is.
func inMitigations(err error) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	said := *f
	said.Fields = map[string]fault.Message{}
	for _, m := range f.Fields {
		said.Fields["mitigations"] = m
	}
	return &said
}

func (s *Server) contractConclude(ctx context.Context, a policy.Actor, in *ByID) (*answer[ContractSummary], error) {
	c, err := s.Contracts.Conclude(ctx, a, contract.ID(in.ID))
	return s.contractBody(c, inItems(err))
}

func (s *Server) contractEnd(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		On string `json:"ended_on" doc:"Its last day, included."`
	}
}) (*answer[ContractSummary], error) {
	return s.contractBody(s.Contracts.End(ctx, a, contract.ID(in.ID), in.Body.On))
}

func (s *Server) contractAttest(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		On string `json:"attested_on"`
		By string `json:"attested_by" doc:"The role that wrote for the vendor."`
	}
}) (*answer[ContractSummary], error) {
	return s.contractBody(s.Contracts.Attest(ctx, a, contract.ID(in.ID), contract.Attestation{On: in.Body.On, By: in.Body.By}))
}

func (s *Server) contractLeave(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		ExitPlan
		Version int64 `json:"version" minimum:"1" doc:"That was read."`
	}
}) (*answer[ContractSummary], error) {
	x := contract.Plan{Substitutes: in.Body.Substitutes, Format: in.Body.Format, TestedOn: in.Body.TestedOn,
		Reintegration: in.Body.Reintegration, NoticeDays: in.Body.NoticeDays, Steps: in.Body.Steps, Owner: in.Body.Owner}
	for _, id := range in.Body.Alternatives {
		x.Alternatives = append(x.Alternatives, catalogue.ID(id))
	}
	return s.contractBody(s.Contracts.Leave(ctx, a, contract.ID(in.ID), x, in.Body.Version))
}

func (s *Server) contractAttach(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Role    string `json:"role" enum:"agreed,secrecy,proof"`
		Name    string `json:"name" doc:"Of the file."`
		Media   string `json:"media,omitempty" doc:"Its media type; else it is known by its content."`
		Content []byte `json:"content" doc:"The file in base64: PDF, PNG, JPEG, plain text or Word. Above 700 kB, send it from the pages."`
	}
}) (*answer[contractFile], error) {
	f, err := s.Contracts.Attach(ctx, a, contract.ID(in.ID), contract.Attachment{Role: contract.Role(in.Body.Role), Name: in.Body.Name,
		Media: in.Body.Media, Content: bytes.NewReader(in.Body.Content)})
	return body(fileOf(f), inProof(err))
}

func (s *Server) contractPlan(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Topic string `json:"topic" enum:"soc2,pentest,mfa,subprocessors,retention,remote,other"`
		DueOn string `json:"due_on"`
	}
}) (*answer[checkJSON], error) {
	k, err := s.Contracts.Plan(ctx, a, contract.ID(in.ID), contract.Topic(in.Body.Topic), in.Body.DueOn)
	return body(checkOf(k, i18n.DayOf(s.DB.Clock())), err)
}

func (s *Server) contractVerify(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Check string `path:"check" maxLength:"64"`
	Body  struct {
		DoneOn   string `json:"done_on"`
		Result   string `json:"result" enum:"held,not_held"`
		Findings string `json:"findings"`
	}
}) (*answer[checkJSON], error) {
	k, err := s.Contracts.Verify(ctx, a, contract.ID(in.ID), in.Check, contract.Check{DoneOn: in.Body.DoneOn, Result: in.Body.Result,
		Findings: in.Body.Findings})
	return body(checkOf(k, i18n.DayOf(s.DB.Clock())), err)
}

func (s *Server) contractWarn(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		ReceivedOn  string   `json:"received_on" doc:"The day on which the board became aware."`
		Told        string   `json:"told" doc:"What the vendor wrote."`
		Kind        string   `json:"kind" enum:"access,use,release,loss,other"`
		Information string   `json:"information" doc:"Personal information concerned, or why it cannot be described."`
		From        string   `json:"from" doc:"The day on which it happened, or about."`
		Count       int64    `json:"count" doc:"Of people concerned, or about."`
		Groups      []string `json:"groups,omitempty" doc:"students, parents, staff, others."`
	}
}) (*answer[vendorNotice], error) {
	w := contract.Warning{ReceivedOn: in.Body.ReceivedOn, Told: in.Body.Told, Kind: incident.Kind(in.Body.Kind), Information: in.Body.Information,
		From: in.Body.From, Count: in.Body.Count}
	for _, g := range in.Body.Groups {
		w.Groups = append(w.Groups, incident.Group(g))
	}
	n, err := s.Contracts.Warn(ctx, a, contract.ID(in.ID), w)
	return body(vendorNotice{ID: n.ID, ReceivedOn: n.ReceivedOn, Told: n.Told, Incident: string(n.Incident)}, err)
}
