package api

import (
	"context"
	"slices"
	"time"

	"aval/internal/condition"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/policy"
	"aval/internal/request"
)

type judgementJSON struct {
	Rating string `json:"rating" enum:",met,partly,unmet,not_considered"`
	Note   string `json:"note,omitempty"`
	Reason string `json:"reason,omitempty" doc:"Why it is not what both of two evaluators had written."`
}

// An embedded struct would be left out of the description, and refused.
type evaluationIn struct {
	Criteria       map[string]judgementJSON `json:"criteria" doc:"By the criterion's own number: 3.2.1, 3.3a."`
	Location       string                   `json:"location,omitempty" enum:",qc,ca,elsewhere,unknown"`
	LocationReason string                   `json:"location_reason,omitempty"`
	Looked         []string                 `json:"looked,omitempty" doc:"Approved equivalents in Québec or Canada that were looked at (3.3 a)."`
	Recommendation string                   `json:"recommendation,omitempty" enum:",approve,approve_conditions,refuse"`
	Summary        string                   `json:"summary,omitempty"`
	Version        int64                    `json:"version,omitempty" doc:"0 before anything was written; else the version that was read."`
	Confirm        []string                 `json:"confirm,omitempty" doc:"Criteria whose carried-over judgement still holds."`
	Finish         bool                     `json:"finish,omitempty" doc:"Close the aspect: every criterion must be rated or set aside."`
}

type evaluationOut struct {
	Criteria       map[string]judgementJSON `json:"criteria"`
	Location       string                   `json:"location,omitempty" enum:",qc,ca,elsewhere,unknown"`
	LocationReason string                   `json:"location_reason,omitempty"`
	Looked         []string                 `json:"looked,omitempty"`
	Recommendation string                   `json:"recommendation,omitempty" enum:",approve,approve_conditions,refuse"`
	Summary        string                   `json:"summary,omitempty"`
	Version        int64                    `json:"version"`
	Aspect         string                   `json:"aspect" enum:"use,security"`
	Evaluator      string                   `json:"evaluator,omitempty"`
	FinishedAt     *time.Time               `json:"finished_at,omitempty"`
	Carried        []string                 `json:"carried,omitempty" doc:"Criteria carried over, that nobody has confirmed yet."`
	Changed        []string                 `json:"changed,omitempty" doc:"Criteria that say something else than the earlier evaluation."`
	Opinions       []opinionJSON            `json:"opinions,omitempty" doc:"What each of two evaluators wrote, once both have finished."`
	Source         string                   `json:"source,omitempty" doc:"The request, or the signer, that it was carried over from."`
	Equivalents    []string                 `json:"equivalents,omitempty" doc:"Approved platforms in Québec or Canada that share its functions."`
}

func evaluationOf(e evaluation.Evaluation) evaluationOut {
	out := evaluationOut{Aspect: string(e.Aspect), Evaluator: e.EvaluatorID, FinishedAt: moment(e.FinishedAt)}
	out.Criteria = map[string]judgementJSON{}
	for id, j := range e.Criteria {
		out.Criteria[id] = judgementJSON{Rating: string(j.Rating), Note: j.Note, Reason: j.Reason}
		if j.Carried {
			out.Carried = append(out.Carried, id)
		}
		if j.Changed() {
			out.Changed = append(out.Changed, id)
		}
	}
	slices.Sort(out.Carried)
	slices.Sort(out.Changed)
	out.Location, out.LocationReason, out.Looked = string(e.Location), e.LocationReason, e.Looked
	out.Recommendation, out.Summary, out.Version = string(e.Recommendation), e.Summary, e.Version
	return out
}

// ByAspect is one aspect of a request, embedded as ByID is.
type ByAspect struct {
	ByID
	Aspect string `path:"aspect" maxLength:"20"`
}

func (s *Server) evaluationRead(ctx context.Context, a policy.Actor, in *ByAspect) (*answer[evaluationOut], error) {
	aspect, err := evaluation.ParseAspect(in.Aspect)
	if err != nil {
		return nil, err
	}
	v, err := s.Evaluations.View(ctx, a, request.ID(in.ID), aspect)
	if err != nil {
		return nil, err
	}
	out := evaluationOf(v.Evaluation)
	out.Aspect = in.Aspect
	for _, o := range v.Opinions {
		out.Opinions = append(out.Opinions, opinionOf(o))
	}
	out.Source = v.Evaluation.Source.Number
	if v.Evaluation.Source.Foreign() {
		out.Source = v.Evaluation.Source.Fingerprint
	}
	for _, m := range v.Equivalents {
		out.Equivalents = append(out.Equivalents, string(m.Platform.ID))
	}
	return body(out, nil)
}

func (s *Server) evaluationWrite(ctx context.Context, a policy.Actor, in *struct {
	ByAspect
	Body evaluationIn
}) (*answer[evaluationOut], error) {
	aspect, err := evaluation.ParseAspect(in.Aspect)
	if err != nil {
		return nil, err
	}
	typed := evaluation.Input{Criteria: map[string]evaluation.Judgement{}, Location: evaluation.Location(in.Body.Location),
		LocationReason: in.Body.LocationReason, Looked: in.Body.Looked,
		Recommendation: evaluation.Recommendation(in.Body.Recommendation), Summary: in.Body.Summary, Confirm: in.Body.Confirm}
	for id, j := range in.Body.Criteria {
		typed.Criteria[id] = evaluation.Judgement{Rating: evaluation.Rating(j.Rating), Note: j.Note, Reason: j.Reason}
	}
	write := s.Evaluations.Save
	if in.Body.Finish {
		write = s.Evaluations.Finish
	}
	e, err := write(ctx, a, request.ID(in.ID), aspect, typed, in.Body.Version)
	return body(evaluationOf(e), err)
}

type verdictJSON struct {
	Result     string `json:"result" enum:"approved,conditional,refused"`
	Reasons    string `json:"reasons"`
	Conditions string `json:"conditions,omitempty" doc:"One a line; only with a conditional result."`
}

func (v verdictJSON) verdict() decision.Verdict {
	return decision.Verdict{Result: decision.Result(v.Result), Reasons: v.Reasons, Conditions: v.Conditions}
}

func verdict(v decision.Verdict) verdictJSON {
	return verdictJSON{Result: string(v.Result), Reasons: v.Reasons, Conditions: v.Conditions}
}

type decisionJSON struct {
	ID         string      `json:"id"`
	Request    string      `json:"request"`
	PlatformID string      `json:"platform_id"`
	Org        string      `json:"org"`
	Use        verdictJSON `json:"use"`
	Security   verdictJSON `json:"security"`
	Overall    string      `json:"overall" enum:"approved,conditional,refused" doc:"The stricter of the two."`
	DueOn      string      `json:"due_on,omitempty" format:"date" doc:"Day by which the conditions were asked for."`
	Because    []string    `json:"because,omitempty" doc:"Why it was refused: codes of the policy's own list."`
	Exception  string      `json:"exception,omitempty" doc:"Why who evaluated also decided."`
	DecidedBy  string      `json:"decided_by"`
	DecidedAt  time.Time   `json:"decided_at"`
	ReceivedAt *time.Time  `json:"received_at,omitempty"`
	Contest    string      `json:"contest,omitempty"`
}

func decisionOf(d decision.Decision) decisionJSON {
	return decisionJSON{ID: string(d.ID), Request: string(d.RequestID), PlatformID: string(d.PlatformID), Org: d.OrgID,
		Use: verdict(d.Use), Security: verdict(d.Security), Overall: string(d.Overall), DueOn: d.DueOn, Because: d.Because, Exception: d.Exception,
		DecidedBy: d.DecidedBy, DecidedAt: d.DecidedAt, ReceivedAt: moment(d.ReceivedAt)}
}

func (s *Server) decide(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Use       verdictJSON `json:"use"`
		Security  verdictJSON `json:"security"`
		DueOn     string      `json:"due_on,omitempty" doc:"Last day to meet the conditions."`
		Owner     string      `json:"owner,omitempty" doc:"Who sees to the conditions: a role or the id of an account."`
		Because   []string    `json:"because,omitempty" doc:"Why it is refused, for the public page: codes of the policy's own list."`
		Exception string      `json:"exception,omitempty"`
	}
}) (*answer[decisionJSON], error) {
	d, err := s.Decisions.Decide(ctx, a, request.ID(in.ID), decision.Input{
		Use: in.Body.Use.verdict(), Security: in.Body.Security.verdict(), Exception: in.Body.Exception,
		DueOn: in.Body.DueOn, Owner: condition.OwnerOf(in.Body.Owner), Because: in.Body.Because})
	return body(decisionOf(d), err)
}

func (s *Server) decisionRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[decisionJSON], error) {
	v, err := s.Decisions.ForRequest(ctx, a, request.ID(in.ID))
	if err != nil {
		return nil, err
	}
	out := decisionOf(v.Decision)
	if v.Contest != nil {
		out.Contest = v.Contest.ID
	}
	return body(out, nil)
}

func (s *Server) decisionReceive(ctx context.Context, a policy.Actor, in *ByID) (*answer[decisionJSON], error) {
	v, err := s.Decisions.ForRequest(ctx, a, request.ID(in.ID))
	if err != nil {
		return nil, err
	}
	d, err := s.Decisions.Acknowledge(ctx, a, v.Decision.ID)
	return body(decisionOf(d), err)
}

type contestJSON struct {
	ID       string `json:"id"`
	Decision string `json:"decision"`
	NextStep string `json:"next_step,omitempty" enum:",maintain,reevaluate,other"`
	FollowUp string `json:"follow_up,omitempty" doc:"Request by which it is evaluated again."`
}

func contestOf(c decision.Contest) contestJSON {
	return contestJSON{ID: c.ID, Decision: string(c.DecisionID), NextStep: string(c.NextStep), FollowUp: string(c.FollowUp)}
}

func (s *Server) contest(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Aspect      string `json:"aspect" enum:"use,security"`
		Explanation string `json:"explanation,omitempty"`
	}
}) (*answer[contestJSON], error) {
	v, err := s.Decisions.ForRequest(ctx, a, request.ID(in.ID))
	if err != nil {
		return nil, err
	}
	c, err := s.Decisions.Contest(ctx, a, v.Decision.ID, evaluation.Aspect(in.Body.Aspect), in.Body.Explanation)
	return body(contestOf(c), err)
}

func (s *Server) renew(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		NewSecurity string `json:"new_security,omitempty" doc:"Security functions that are new since the decision."`
	}
}) (*answer[requestJSON], error) {
	v, err := s.Decisions.ForRequest(ctx, a, request.ID(in.ID))
	if err != nil {
		return nil, err
	}
	r, err := s.Decisions.Renew(ctx, a, v.Decision.ID, in.Body.NewSecurity)
	return body(plain(r), err)
}

func (s *Server) contestAnswer(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		TalkOn   string `json:"talk_on" doc:"Day of the talk with the director."`
		TalkNote string `json:"talk_note,omitempty"`
		NextStep string `json:"next_step" enum:"maintain,reevaluate,other"`
		Answer   string `json:"answer"`
	}
}) (*answer[contestJSON], error) {
	c, err := s.Decisions.AnswerContest(ctx, a, in.ID, decision.Answer{TalkOn: in.Body.TalkOn, TalkNote: in.Body.TalkNote,
		NextStep: decision.NextStep(in.Body.NextStep), Answer: in.Body.Answer})
	return body(contestOf(c), err)
}

type coverageOut struct {
	Pack    string       `json:"pack"`
	Clauses []clauseJSON `json:"clauses"`
}

type clauseJSON struct {
	ID         string `json:"id" doc:"The policy's own number."`
	Control    string `json:"control"`
	Mode       string `json:"mode" enum:"defines,enforces,monitors,records,planned"`
	Conform    int64  `json:"conform"`
	Exceptions int64  `json:"exceptions"`
	Waiting    int64  `json:"waiting"`
	Before     int64  `json:"before,omitempty" doc:"Recorded from before aval; counted in none of the others."`
	Pack       string `json:"pack" doc:"The policy, or a law under it."`
	Capability string `json:"capability,omitempty" doc:"What will carry a planned clause."`
}

func (s *Server) coverage(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[coverageOut], error) {
	pack, rows, err := policy.Coverage(ctx, s.DB, a)
	out := coverageOut{Pack: pack, Clauses: []clauseJSON{}}
	for _, r := range rows {
		out.Clauses = append(out.Clauses, clauseJSON{ID: r.ID, Control: r.Control, Mode: r.Mode, Conform: r.Conform,
			Exceptions: r.Exceptions, Waiting: r.Waiting, Before: r.Before, Pack: r.Pack, Capability: r.Capability})
	}
	return body(out, err)
}

type auditOut struct {
	Records []recordJSON `json:"records"`
	Next    int64        `json:"next" doc:"Give it as after for the records that follow."`
}

type recordJSON struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Role    string    `json:"role"`
	Via     string    `json:"via"`
	Action  string    `json:"action"`
	Subject string    `json:"subject"`
	Clause  string    `json:"clause,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

func (s *Server) audit(ctx context.Context, a policy.Actor, in *struct {
	After int64 `query:"after" default:"-1" minimum:"-1" doc:"Number of the last record that was read; -1 for all."`
	Limit int   `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}) (*answer[auditOut], error) {
	records, err := s.Audit.List(ctx, a, in.After, in.Limit)
	out := auditOut{Records: []recordJSON{}, Next: in.After}
	for _, r := range records {
		out.Records = append(out.Records, recordJSON{Seq: r.Seq, At: r.At, Actor: r.Actor, Role: r.Role, Via: r.Via,
			Action: r.Action, Subject: r.Subject, Clause: r.Clause, Detail: r.Detail})
		out.Next = r.Seq
	}
	return body(out, err)
}
