package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/fault"
	"aval/internal/policy"
)

// conditionRoutes are the operations on what approvals ask for.
func (s *Server) conditionRoutes(api huma.API) {
	handle(s, api, op("list-conditions", http.MethodGet, "/api/v1/conditions", "Conditions of approvals that one may see, by platform and by day"), s.conditions)
	handle(s, api, op("read-condition", http.MethodGet, "/api/v1/conditions/{id}", "Read a condition, its notes and its files"), s.conditionRead)
	handle(s, api, op("assign-condition", http.MethodPost, "/api/v1/conditions/{id}/assign", "Say who sees to it, and by when (4.1)"), s.conditionAssign)
	handle(s, api, created(op("note-condition", http.MethodPost, "/api/v1/conditions/{id}/notes", "Note how it goes")), s.conditionNote)
	handle(s, api, op("meet-condition", http.MethodPost, "/api/v1/conditions/{id}/meet", "Declare it met, with the file that shows it"), s.conditionMeet)
	handle(s, api, op("waive-condition", http.MethodPost, "/api/v1/conditions/{id}/waive", "Waive it with a reason, as who decides"), s.conditionWaive)
}

type conditionJSON struct {
	ID         string     `json:"id"`
	PlatformID string     `json:"platform_id"`
	Platform   string     `json:"platform,omitempty"`
	Decision   string     `json:"decision"`
	Request    string     `json:"request,omitempty" doc:"None for a decision from before aval."`
	Org        string     `json:"org,omitempty"`
	Aspect     string     `json:"aspect,omitempty" enum:",use,security"`
	Text       string     `json:"text"`
	State      string     `json:"state" enum:"open,met,waived,lapsed"`
	Owner      string     `json:"owner,omitempty" doc:"A role (principal, department_head, evaluator, evaluation_director) or the id of an account."`
	DueOn      string     `json:"due_on,omitempty" format:"date" doc:"Its last day."`
	Overdue    bool       `json:"overdue"`
	ClosedAt   *time.Time `json:"closed_at,omitempty"`
	Reason     string     `json:"reason,omitempty" doc:"Why it was waived."`
	Version    int64      `json:"version"`
	Notes      []noteJSON `json:"notes,omitempty"`
	Files      []fileJSON `json:"files,omitempty"`
}

type noteJSON struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`
	Text string    `json:"text"`
}

type fileJSON struct {
	Name   string    `json:"name"`
	Media  string    `json:"media"`
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256"`
	At     time.Time `json:"at"`
}

func conditionOf(c condition.Condition) conditionJSON {
	return conditionJSON{ID: string(c.ID), PlatformID: string(c.PlatformID), Decision: c.DecisionID, Request: string(c.RequestID), Org: c.OrgID,
		Aspect: string(c.Aspect), Text: c.Text, State: string(c.State), Owner: c.Owner.Code(), DueOn: c.DueOn, ClosedAt: moment(c.ClosedAt),
		Reason: c.Reason, Version: c.Version}
}

func conditionListed(l condition.Listed) conditionJSON {
	out := conditionOf(l.Condition)
	out.Platform, out.Overdue = l.Platform, l.Late
	return out
}

type conditionsOut struct {
	Conditions []conditionJSON `json:"conditions"`
	Next       int             `json:"next,omitempty" doc:"Give it as page for those that follow."`
}

func (s *Server) conditions(ctx context.Context, a policy.Actor, in *struct {
	State    string `query:"state" enum:",open,met,waived,lapsed"`
	Overdue  bool   `query:"overdue" doc:"Only those that are open and whose day has passed."`
	Platform string `query:"platform" maxLength:"64"`
	Page     int    `query:"page" default:"1" minimum:"1" maximum:"1000000"`
}) (*answer[conditionsOut], error) {
	list, more, err := s.Conditions.Page(ctx, a, condition.Filter{State: condition.State(in.State), Overdue: in.Overdue,
		Platform: catalogue.ID(in.Platform), Part: in.Page})
	out := conditionsOut{Conditions: []conditionJSON{}}
	for _, l := range list {
		out.Conditions = append(out.Conditions, conditionListed(l))
	}
	if more {
		out.Next = in.Page + 1
	}
	return body(out, err)
}

func (s *Server) conditionRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[conditionJSON], error) {
	v, err := s.Conditions.View(ctx, a, condition.ID(in.ID))
	if err != nil {
		return nil, err
	}
	out := conditionListed(v.Listed)
	for _, n := range v.Notes {
		out.Notes = append(out.Notes, noteJSON{At: n.At, By: n.Author, Text: n.Text})
	}
	for _, f := range v.Files {
		out.Files = append(out.Files, fileJSON{Name: f.Name, Media: f.Media, Size: f.Size, SHA256: f.SHA256, At: f.AddedAt})
	}
	return body(out, nil)
}

func (s *Server) conditionAssign(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Owner   string `json:"owner,omitempty" doc:"A role or the id of an account, of the school or department that asked or of the evaluating service; none for nobody."`
		DueOn   string `json:"due_on,omitempty" doc:"Its last day, as 2026-12-15; none for no day."`
		Version int64  `json:"version" doc:"That was read."`
	}
}) (*answer[conditionJSON], error) {
	c, err := s.Conditions.Assign(ctx, a, condition.ID(in.ID), condition.Assignment{Owner: condition.OwnerOf(in.Body.Owner),
		DueOn: in.Body.DueOn, Version: in.Body.Version})
	return body(conditionOf(c), err)
}

func (s *Server) conditionNote(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Note string `json:"note"`
	}
}) (*answer[noteJSON], error) {
	n, err := s.Conditions.Note(ctx, a, condition.ID(in.ID), in.Body.Note)
	return body(noteJSON{At: n.At, By: n.Author, Text: n.Text}, err)
}

func (s *Server) conditionMeet(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Name    string `json:"name" doc:"Of the file."`
		Media   string `json:"media,omitempty" doc:"Its media type; else it is known by its content."`
		Content []byte `json:"content" doc:"The file in base64: PDF, PNG, JPEG, plain text or Word. Above 700 kB, send it from the pages."`
		Note    string `json:"note,omitempty" doc:"What the file shows."`
	}
}) (*answer[conditionJSON], error) {
	c, err := s.Conditions.Meet(ctx, a, condition.ID(in.ID), condition.Proof{Name: in.Body.Name, Media: in.Body.Media, Note: in.Body.Note,
		Content: bytes.NewReader(in.Body.Content)})
	return body(conditionOf(c), inProof(err))
}

// inProof gives the parts of a proof the names that a program knows them by.
func inProof(err error) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	said := *f
	said.Fields = map[string]fault.Message{}
	for name, m := range f.Fields {
		said.Fields[map[string]string{"file": "content", "met_note": "note"}[name]] = m
	}
	return &said
}

func (s *Server) conditionWaive(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Reason string `json:"reason"`
	}
}) (*answer[conditionJSON], error) {
	c, err := s.Conditions.Waive(ctx, a, condition.ID(in.ID), in.Body.Reason)
	return body(conditionOf(c), err)
}
