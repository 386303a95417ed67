package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/policy"
	"aval/internal/request"
)

func (s *Server) apartRoutes(api huma.API) {
	handle(s, api, op("ask-second", http.MethodPost, "/api/v1/requests/{id}/evaluations/{aspect}/second", "Have an aspect written by a second evaluator too (3.1)"), s.second)
	handle(s, api, created(op("invite", http.MethodPost, "/api/v1/requests/{id}/evaluations/{aspect}/invitations", "Invite a department to its own judgement (6.6 c)")), s.invite)
	handle(s, api, op("list-invitations", http.MethodGet, "/api/v1/invitations", "Invitations that await an answer, were declined or are late"), s.invitations)
	handle(s, api, op("read-invitation", http.MethodGet, "/api/v1/invitations/{id}", "Read an invitation"), s.invitationRead)
	handle(s, api, op("judge", http.MethodPost, "/api/v1/invitations/{id}/judgement", "Give a department's judgement (6.6 c)"), s.judge)
	handle(s, api, op("decline-invitation", http.MethodPost, "/api/v1/invitations/{id}/decline", "Say why a department gives no judgement"), s.decline)
	handle(s, api, created(op("reevaluate", http.MethodPost, "/api/v1/requests/{id}/reevaluate", "Evaluate a decided platform again")), s.reevaluate)
	handle(s, api, op("export-evaluation", http.MethodGet, "/api/v1/requests/{id}/evaluation-file", "The signed file of an evaluation"), s.evaluationFile)
	handle(s, api, op("list-criteria", http.MethodGet, "/api/v1/criteria", "The board's own criteria"), s.criteria)
	handle(s, api, created(op("add-criterion", http.MethodPost, "/api/v1/criteria", "Add a criterion of the board's own")), s.criterionAdd)
	handle(s, api, op("retire-criterion", http.MethodPost, "/api/v1/criteria/{id}/retire", "Retire a criterion of the board's own"), s.criterionRetire)
}

type opinionJSON struct {
	Evaluator      string                   `json:"evaluator"`
	Criteria       map[string]judgementJSON `json:"criteria"`
	Recommendation string                   `json:"recommendation"`
	Summary        string                   `json:"summary,omitempty"`
}

func opinionOf(o evaluation.Opinion) opinionJSON {
	return opinionJSON{Evaluator: o.EvaluatorID, Criteria: judgementsOf(o.Criteria), Recommendation: string(o.Recommendation), Summary: o.Summary}
}

func judgementsOf(all map[string]evaluation.Judgement) map[string]judgementJSON {
	out := map[string]judgementJSON{}
	for id, j := range all {
		out[id] = judgementJSON{Rating: string(j.Rating), Note: j.Note}
	}
	return out
}

func (s *Server) second(ctx context.Context, a policy.Actor, in *struct {
	ByAspect
	Body struct {
		Second string `json:"second" doc:"Account of the second evaluator."`
	}
}) (*answer[evaluationOut], error) {
	aspect, err := evaluation.ParseAspect(in.Aspect)
	if err != nil {
		return nil, err
	}
	if err := s.Evaluations.AskSecond(ctx, a, request.ID(in.ID), aspect, in.Body.Second); err != nil {
		return nil, err
	}
	return s.evaluationRead(ctx, a, &in.ByAspect)
}

type invitationJSON struct {
	ID         string                   `json:"id"`
	Request    string                   `json:"request"`
	Aspect     string                   `json:"aspect" enum:"use,security"`
	Org        string                   `json:"org"`
	Criteria   []string                 `json:"criteria"`
	DueOn      string                   `json:"due_on"`
	Note       string                   `json:"note,omitempty"`
	State      string                   `json:"state" enum:"open,given,declined"`
	Late       bool                     `json:"late,omitempty"`
	Ratings    map[string]judgementJSON `json:"ratings,omitempty"`
	Conclusion string                   `json:"conclusion,omitempty"`
	Reason     string                   `json:"reason,omitempty" doc:"Why it was declined."`
	AnsweredAt *time.Time               `json:"answered_at,omitempty"`
	Version    int64                    `json:"version"`
}

func invitationOf(i evaluation.Invitation) invitationJSON {
	out := invitationJSON{ID: i.ID, Request: string(i.RequestID), Aspect: string(i.Aspect), Org: i.OrgID, Criteria: []string{}, DueOn: i.DueOn,
		Note: i.Note, State: string(i.State), Conclusion: i.Conclusion, Reason: i.Reason, AnsweredAt: moment(i.AnsweredAt), Version: i.Version}
	for _, c := range i.Criteria {
		out.Criteria = append(out.Criteria, c.ID)
	}
	if len(i.Ratings) > 0 {
		out.Ratings = judgementsOf(i.Ratings)
	}
	return out
}

func (s *Server) invite(ctx context.Context, a policy.Actor, in *struct {
	ByAspect
	Body struct {
		Org      string   `json:"org" doc:"Department that is invited."`
		Criteria []string `json:"criteria,omitempty" doc:"All of the aspect when none."`
		DueOn    string   `json:"due_on" doc:"Day by which it answers, as 2026-12-15."`
		Note     string   `json:"note,omitempty"`
	}
}) (*answer[invitationJSON], error) {
	aspect, err := evaluation.ParseAspect(in.Aspect)
	if err != nil {
		return nil, err
	}
	i, err := s.Evaluations.Invite(ctx, a, request.ID(in.ID), aspect, evaluation.Invite{Org: in.Body.Org, Criteria: in.Body.Criteria,
		DueOn: in.Body.DueOn, Note: in.Body.Note})
	return body(invitationOf(i), err)
}

type invitationsOut struct {
	Invitations []invitationJSON `json:"invitations"`
}

func (s *Server) invitations(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[invitationsOut], error) {
	list, err := s.Evaluations.Awaiting(ctx, a)
	out := invitationsOut{Invitations: []invitationJSON{}}
	for _, v := range list {
		one := invitationOf(v.Invitation)
		one.Late = v.Late
		out.Invitations = append(out.Invitations, one)
	}
	return body(out, err)
}

func (s *Server) invitationRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[invitationJSON], error) {
	v, err := s.Evaluations.Invitation(ctx, a, in.ID)
	out := invitationOf(v.Invitation)
	out.Late = v.Late
	return body(out, err)
}

func (s *Server) judge(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Ratings    map[string]judgementJSON `json:"ratings"`
		Conclusion string                   `json:"conclusion"`
		Version    int64                    `json:"version" doc:"That was read."`
	}
}) (*answer[invitationJSON], error) {
	given := evaluation.Answer{Conclusion: in.Body.Conclusion, Ratings: map[string]evaluation.Judgement{}}
	for id, j := range in.Body.Ratings {
		given.Ratings[id] = evaluation.Judgement{Rating: evaluation.Rating(j.Rating), Note: j.Note}
	}
	i, err := s.Evaluations.Judge(ctx, a, in.ID, given, in.Body.Version)
	return body(invitationOf(i), err)
}

func (s *Server) decline(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Reason  string `json:"reason"`
		Version int64  `json:"version" doc:"That was read."`
	}
}) (*answer[invitationJSON], error) {
	i, err := s.Evaluations.Decline(ctx, a, in.ID, in.Body.Reason, in.Body.Version)
	return body(invitationOf(i), err)
}

func (s *Server) reevaluate(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Cause  string `json:"cause" enum:"cycle,terms,renewal,inspection,incident,correction,other"`
		Reason string `json:"reason"`
	}
}) (*answer[requestJSON], error) {
	v, err := s.Decisions.ForRequest(ctx, a, request.ID(in.ID))
	if err != nil {
		return nil, err
	}
	r, err := s.Decisions.Reevaluate(ctx, a, v.Decision.ID, decision.Cause(in.Body.Cause), in.Body.Reason)
	return body(plain(r), err)
}

type signedOut struct {
	Name    string `json:"name"`
	Content []byte `json:"content" doc:"The file, as aval evaluation verify reads it."`
}

func (s *Server) evaluationFile(ctx context.Context, a policy.Actor, in *ByID) (*answer[signedOut], error) {
	name, data, err := s.Portable.Export(ctx, a, request.ID(in.ID))
	return body(signedOut{Name: name, Content: data}, err)
}

type textJSON struct {
	Fr string `json:"fr"`
	En string `json:"en"`
}

type criterionJSON struct {
	ID        string     `json:"id"`
	Aspect    string     `json:"aspect" enum:"use,security"`
	Name      textJSON   `json:"name"`
	Question  textJSON   `json:"question"`
	RetiredAt *time.Time `json:"retired_at,omitempty"`
}

func criterionOf(c evaluation.Criterion) criterionJSON {
	return criterionJSON{ID: c.ID, Aspect: string(c.Aspect), Name: textJSON(c.Name), Question: textJSON(c.Question), RetiredAt: moment(c.RetiredAt)}
}

type criteriaOut struct {
	Criteria []criterionJSON `json:"criteria"`
}

func (s *Server) criteria(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[criteriaOut], error) {
	list, err := s.Evaluations.Criteria(ctx, a)
	out := criteriaOut{Criteria: []criterionJSON{}}
	for _, c := range list {
		out.Criteria = append(out.Criteria, criterionOf(c))
	}
	return body(out, err)
}

func (s *Server) criterionAdd(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Aspect   string   `json:"aspect" enum:"use,security"`
		Name     textJSON `json:"name"`
		Question textJSON `json:"question"`
	}
}) (*answer[criterionJSON], error) {
	c, err := s.Evaluations.AddCriterion(ctx, a, evaluation.CriterionInput{Aspect: evaluation.Aspect(in.Body.Aspect),
		Name: policy.Text(in.Body.Name), Question: policy.Text(in.Body.Question)})
	return body(criterionOf(c), err)
}

func (s *Server) criterionRetire(ctx context.Context, a policy.Actor, in *ByID) (*answer[criteriaOut], error) {
	if err := s.Evaluations.RetireCriterion(ctx, a, in.ID); err != nil {
		return nil, err
	}
	return s.criteria(ctx, a, nil)
}
