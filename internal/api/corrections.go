package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/correction"
	"aval/internal/policy"
)

// correctionRoutes are the operations on what schools find wrong in the roster.
func (s *Server) correctionRoutes(api huma.API) {
	const at = "/api/v1/corrections"
	handle(s, api, op("list-corrections", http.MethodGet, at, "What schools find wrong in the roster, what waits first; nobody is named (6.3 e)"), s.corrections)
	handle(s, api, created(op("ask-correction", http.MethodPost, at, "Say that the roster is wrong about a student")), s.correctionAsk)
	handle(s, api, op("read-correction", http.MethodGet, at+"/{id}", "Read a correction and what was said of it"), s.correctionRead)
	handle(s, api, op("take-correction", http.MethodPost, at+"/{id}/take", "Say that one sees to it at the source"), s.correctionTake)
	handle(s, api, op("finish-correction", http.MethodPost, at+"/{id}/done", "Say that it was mended at the source; the next import says whether the roster shows it"), s.correctionDone)
	handle(s, api, op("refuse-correction", http.MethodPost, at+"/{id}/refuse", "Leave the roster as it is, and say why"), s.correctionRefuse)
}

// CorrectionJSON is a correction as it stands. It is exported because huma reads no
// embedded struct that is not.
type CorrectionJSON struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind" enum:"name,grade,class,school,left,twice,missing"`
	Person   string     `json:"person,omitempty" doc:"Id of the student; none of one who is missing."`
	Other    string     `json:"other,omitempty" doc:"Id of the other record of the same student."`
	Class    string     `json:"class,omitempty" doc:"Id of the class in which the student is wrongly, or from which one is missing."`
	ToClass  string     `json:"to_class,omitempty" doc:"Id of the class in which the student should be."`
	Org      string     `json:"org" doc:"Id of the school that says it."`
	ToSchool string     `json:"to_school,omitempty" doc:"Id of the school at which the student should be."`
	State    string     `json:"state" enum:"open,taken,done,refused"`
	AskedBy  string     `json:"asked_by"`
	AskedAt  time.Time  `json:"asked_at"`
	DueOn    string     `json:"due_on" format:"date"`
	TakenBy  string     `json:"taken_by,omitempty"`
	TakenAt  *time.Time `json:"taken_at,omitempty"`
	ClosedBy string     `json:"closed_by,omitempty" doc:"None when an import showed it."`
	ClosedAt *time.Time `json:"closed_at,omitempty"`
	Shown    string     `json:"shown,omitempty" enum:"yes,no" doc:"Whether the roster shows it, once an import came after it was done."`
}

func correctionOf(c correction.Correction) CorrectionJSON {
	return CorrectionJSON{ID: string(c.ID), Kind: string(c.Kind), Person: c.PersonID, Other: c.OtherID, Class: c.ClassID, ToClass: c.ToClassID,
		Org: c.OrgID, ToSchool: c.ToOrgID, State: string(c.State), AskedBy: c.AskedBy, AskedAt: c.AskedAt, DueOn: c.DueOn,
		TakenBy: c.TakenBy, TakenAt: moment(c.TakenAt), ClosedBy: c.ClosedBy, ClosedAt: moment(c.ClosedAt), Shown: string(c.Shown)}
}

type correctionsOut struct {
	Corrections []CorrectionJSON `json:"corrections" doc:"At most 200."`
}

func (s *Server) corrections(ctx context.Context, a policy.Actor, in *struct {
	State   string `query:"state" enum:",open,taken,done,refused"`
	Overdue bool   `query:"overdue" doc:"Only those whose day has passed."`
}) (*answer[correctionsOut], error) {
	list, err := s.Corrections.List(ctx, a, correction.Filter{State: correction.State(in.State), Overdue: in.Overdue})
	out := correctionsOut{Corrections: []CorrectionJSON{}}
	for _, l := range list {
		out.Corrections = append(out.Corrections, correctionOf(l.Correction))
	}
	return body(out, err)
}

func (s *Server) correctionAsk(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Kind    string `json:"kind" enum:"name,grade,class,school,left,twice,missing" doc:"twice: two records of one student; left: the roster still holds them."`
		Person  string `json:"person,omitempty" doc:"Id of the student; none of one who is missing."`
		Other   string `json:"other,omitempty" doc:"Of twice: id of the other record."`
		Class   string `json:"class,omitempty" doc:"Of class: id of the one in which the student is wrongly; of missing: from which."`
		ToClass string `json:"to_class,omitempty" doc:"Of class: id of the one in which the student should be."`
		School  string `json:"school,omitempty" doc:"Of school: id of the one at which the student should be; of missing without a class: from which."`
		Given   string `json:"given,omitempty" doc:"The right given name, or that of who is missing."`
		Family  string `json:"family,omitempty" doc:"The right family name, or that of who is missing."`
		Grade   string `json:"grade,omitempty" doc:"The right grade, in the words of the roster: KG, 04."`
		Text    string `json:"text,omitempty"`
	}
}) (*answer[CorrectionJSON], error) {
	b := in.Body
	c, err := s.Corrections.Ask(ctx, a, correction.Ask{Kind: correction.Kind(b.Kind), Person: b.Person, Other: b.Other, Class: b.Class,
		ToClass: b.ToClass, School: b.School, Given: b.Given, Family: b.Family, Grade: b.Grade, Text: b.Text})
	return body(correctionOf(c), err)
}

type correctionReadOut struct {
	CorrectionJSON
	SourceID string `json:"source_id,omitempty" doc:"Id by which the source of the roster knows the student."`
	Given    string `json:"given,omitempty" doc:"The right given name, or that of who is missing."`
	Family   string `json:"family,omitempty" doc:"The right family name, or that of who is missing."`
	Grade    string `json:"grade,omitempty" doc:"The right grade."`
	Text     string `json:"text,omitempty"`
	Answer   string `json:"answer,omitempty" doc:"Why it was refused, or what was done."`
}

func (s *Server) correctionRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[correctionReadOut], error) {
	v, err := s.Corrections.View(ctx, a, correction.ID(in.ID))
	return body(correctionReadOut{CorrectionJSON: correctionOf(v.Correction), SourceID: v.Now.Person.SourceID, Given: v.Words.Given,
		Family: v.Words.Family, Grade: v.Words.Grade, Text: v.Words.Text, Answer: v.Words.Answer}, err)
}

func (s *Server) correctionTake(ctx context.Context, a policy.Actor, in *ByID) (*answer[CorrectionJSON], error) {
	c, err := s.Corrections.Take(ctx, a, correction.ID(in.ID))
	return body(correctionOf(c), err)
}

func (s *Server) correctionDone(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Note string `json:"note,omitempty"`
	}
}) (*answer[CorrectionJSON], error) {
	c, err := s.Corrections.Done(ctx, a, correction.ID(in.ID), in.Body.Note)
	return body(correctionOf(c), err)
}

func (s *Server) correctionRefuse(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Reason string `json:"reason"`
	}
}) (*answer[CorrectionJSON], error) {
	c, err := s.Corrections.Refuse(ctx, a, correction.ID(in.ID), in.Body.Reason)
	return body(correctionOf(c), err)
}
