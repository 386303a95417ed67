package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/assessment"
	"aval/internal/policy"
	"aval/internal/request"
)

// assessmentRoutes are the operations on privacy assessments.
func (s *Server) assessmentRoutes(api huma.API) {
	handle(s, api, op("list-assessments", http.MethodGet, "/api/v1/assessments", "Privacy assessments that one may see, the last written first"), s.assessments)
	handle(s, api, op("open-assessment", http.MethodPost, "/api/v1/assessments", "Begin the assessment of a request, or read the one that is begun"), s.assessmentOpen)
	handle(s, api, op("read-assessment", http.MethodGet, "/api/v1/assessments/{id}", "Read an edition, with what was filled in beforehand"), s.assessmentRead)
	handle(s, api, op("write-assessment", http.MethodPut, "/api/v1/assessments/{id}", "Write on a draft, which may be incomplete"), s.assessmentWrite)
	handle(s, api, op("conclude-assessment", http.MethodPost, "/api/v1/assessments/{id}/conclude", "Conclude it, as the privacy officer (QC-PIA-01)"), s.assessmentConclude)
	handle(s, api, created(op("correct-assessment", http.MethodPost, "/api/v1/assessments/{id}/correct", "Begin a new edition of a concluded one, with the reason")), s.assessmentCorrect)
	handle(s, api, created(op("consult-committee", http.MethodPost, "/api/v1/assessments/{id}/committee", "Record what the committee said (QC-PIA-02)")), s.assessmentConsult)
	handle(s, api, created(op("attach-vetting", http.MethodPost, "/api/v1/assessments/{id}/vetting", "Attach a confidential report on the platform")), s.vettingAttach)
	handle(s, api, op("read-assessment-file", http.MethodGet, "/api/v1/assessment-files/{id}", "Open a file beside an assessment; the trail keeps each opening of a confidential report"), s.assessmentFile)
}

type answerJSON struct {
	Value string `json:"value"`
	From  string `json:"from,omitempty" doc:"What filled it in; none for a person."`
}

type mitigatedJSON struct {
	Text        string `json:"text"`
	Likelihood  string `json:"likelihood,omitempty" doc:"rare, possible or likely."`
	Consequence string `json:"consequence,omitempty" doc:"minor, serious or severe."`
	Mitigation  string `json:"mitigation,omitempty"`
	Owner       string `json:"owner,omitempty" doc:"Who sees to it: a role or the id of an account."`
}

type consultationJSON struct {
	HeldOn     string    `json:"held_on" doc:"A day such as 2026-11-20."`
	Present    string    `json:"present" doc:"Who took part."`
	Opinion    string    `json:"opinion"`
	Measures   string    `json:"measures,omitempty" doc:"That it suggested."`
	Late       bool      `json:"late,omitempty" doc:"Held after the decision." readOnly:"true"`
	RecordedAt time.Time `json:"recorded_at,omitzero" readOnly:"true"`
}

type assessmentJSON struct {
	ID          string                `json:"id"`
	Request     string                `json:"request"`
	PlatformID  string                `json:"platform_id"`
	Platform    string                `json:"platform,omitempty"`
	Edition     int64                 `json:"edition"`
	Corrects    string                `json:"corrects,omitempty" doc:"The edition that it takes the place of."`
	Why         string                `json:"why,omitempty"`
	State       string                `json:"state" enum:"draft,concluded"`
	Replaced    bool                  `json:"replaced,omitempty" doc:"A later edition is concluded."`
	Depth       string                `json:"depth,omitempty" enum:",short,full"`
	Suggested   string                `json:"suggested,omitempty" enum:",short,full" doc:"The depth that the factors point to; a person chooses."`
	Answers     map[string]answerJSON `json:"answers,omitempty" doc:"By question of the law's form."`
	Risks       []mitigatedJSON       `json:"risks,omitempty"`
	Committee   []consultationJSON    `json:"committee,omitempty"`
	ConcludedAt *time.Time            `json:"concluded_at,omitempty"`
	Version     int64                 `json:"version"`
}

func assessmentOf(a assessment.Assessment, form []policy.Question) assessmentJSON {
	out := assessmentJSON{ID: string(a.ID), Request: string(a.RequestID), PlatformID: string(a.PlatformID), Edition: a.Edition,
		Corrects: string(a.Corrects), Why: a.Why, State: string(a.State), Replaced: a.Replaced, Depth: a.Depth(form), Suggested: a.Suggested(form),
		ConcludedAt: moment(a.ConcludedAt), Version: a.Version, Answers: map[string]answerJSON{}}
	for code, said := range a.Answers {
		if said.Value != "" {
			out.Answers[code] = answerJSON{Value: said.Value, From: said.From}
		}
	}
	for _, r := range a.Risks {
		out.Risks = append(out.Risks, mitigatedJSON(r))
	}
	return out
}

func (s *Server) edition(a policy.Actor, e assessment.Assessment, err error) (*answer[assessmentJSON], error) {
	if err != nil {
		return nil, err
	}
	return body(assessmentOf(e, a.Pack.AssessmentForm()), nil)
}

type assessmentsOut struct {
	Assessments []assessmentJSON `json:"assessments"`
	Next        int              `json:"next,omitempty" doc:"Give it as page for those that follow."`
}

func (s *Server) assessments(ctx context.Context, a policy.Actor, in *struct {
	State string `query:"state" enum:",draft,concluded"`
	Page  int    `query:"page" default:"1" minimum:"1" maximum:"1000000"`
}) (*answer[assessmentsOut], error) {
	list, more, err := s.Assessments.Page(ctx, a, assessment.Filter{State: assessment.State(in.State), Part: in.Page})
	out := assessmentsOut{Assessments: []assessmentJSON{}}
	for _, l := range list {
		each := assessmentOf(l.Assessment, a.Pack.AssessmentForm())
		each.Platform, each.Answers, each.Risks = l.Platform, nil, nil
		out.Assessments = append(out.Assessments, each)
	}
	if more {
		out.Next = in.Page + 1
	}
	return body(out, err)
}

func (s *Server) assessmentOpen(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		Request string `json:"request" doc:"Id of the request."`
	}
}) (*answer[assessmentJSON], error) {
	e, err := s.Assessments.Open(ctx, a, request.ID(in.Body.Request))
	return s.edition(a, e, err)
}

func (s *Server) assessmentRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[assessmentJSON], error) {
	v, err := s.Assessments.View(ctx, a, assessment.ID(in.ID))
	if err != nil {
		return nil, err
	}
	out := assessmentOf(v.Assessment, v.Form)
	out.Platform = v.Platform
	for _, c := range v.Committee {
		out.Committee = append(out.Committee, consultationOf(c))
	}
	return body(out, nil)
}

func (s *Server) assessmentWrite(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Answers map[string]string `json:"answers,omitempty" doc:"By question; those left out stay as they are."`
		Risks   *[]mitigatedJSON  `json:"risks,omitempty" doc:"All of them; left out, they stay as they are."`
		Version int64             `json:"version" doc:"That was read."`
	}
}) (*answer[assessmentJSON], error) {
	typed := assessment.Input{Answers: in.Body.Answers, Version: in.Body.Version}
	if in.Body.Risks != nil {
		typed.Risks = []assessment.Risk{}
		for _, r := range *in.Body.Risks {
			typed.Risks = append(typed.Risks, assessment.Risk(r))
		}
	}
	e, err := s.Assessments.Write(ctx, a, assessment.ID(in.ID), typed)
	return s.edition(a, e, err)
}

func (s *Server) assessmentConclude(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Version int64 `json:"version" doc:"That was read."`
	}
}) (*answer[assessmentJSON], error) {
	e, err := s.Assessments.Conclude(ctx, a, assessment.ID(in.ID), assessment.Input{Version: in.Body.Version})
	return s.edition(a, e, err)
}

func (s *Server) assessmentCorrect(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Reason string `json:"reason"`
	}
}) (*answer[assessmentJSON], error) {
	e, err := s.Assessments.Correct(ctx, a, assessment.ID(in.ID), in.Body.Reason)
	return s.edition(a, e, err)
}

func consultationOf(c assessment.Consultation) consultationJSON {
	return consultationJSON{HeldOn: c.HeldOn, Present: c.Present, Opinion: c.Opinion, Measures: c.Measures, Late: c.Late, RecordedAt: c.RecordedAt}
}

func (s *Server) assessmentConsult(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		HeldOn   string `json:"held_on" doc:"A day such as 2026-11-20."`
		Present  string `json:"present" doc:"Who took part."`
		Opinion  string `json:"opinion"`
		Measures string `json:"measures,omitempty" doc:"That it suggested."`
	}
}) (*answer[consultationJSON], error) {
	c, err := s.Assessments.Consult(ctx, a, assessment.ID(in.ID), assessment.Consultation{HeldOn: in.Body.HeldOn, Present: in.Body.Present,
		Opinion: in.Body.Opinion, Measures: in.Body.Measures})
	return body(consultationOf(c), err)
}

type assessmentFileJSON struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Media   string    `json:"media"`
	Size    int64     `json:"size"`
	SHA256  string    `json:"sha256"`
	At      time.Time `json:"at"`
	Content []byte    `json:"content,omitempty" doc:"The file in base64."`
}

func assessmentFileOf(f assessment.File) assessmentFileJSON {
	return assessmentFileJSON{ID: f.ID, Name: f.Name, Media: f.Media, Size: f.Size, SHA256: f.SHA256, At: f.AddedAt}
}

func (s *Server) vettingAttach(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Name    string `json:"name" doc:"Of the file."`
		Media   string `json:"media,omitempty" doc:"Its media type; else it is known by its content."`
		Content []byte `json:"content" doc:"The file in base64: PDF, PNG, JPEG, plain text or Word. Above 700 kB, send it from the pages."`
	}
}) (*answer[assessmentFileJSON], error) {
	f, err := s.Assessments.Attach(ctx, a, assessment.ID(in.ID), assessment.Upload{Name: in.Body.Name, Media: in.Body.Media,
		Content: bytes.NewReader(in.Body.Content)})
	return body(assessmentFileOf(f), inProof(err))
}

func (s *Server) assessmentFile(ctx context.Context, a policy.Actor, in *ByID) (*answer[assessmentFileJSON], error) {
	f, content, err := s.Assessments.File(ctx, a, in.ID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = content.Close() }() // read whole, or not sent
	out := assessmentFileOf(f)
	if out.Content, err = io.ReadAll(content); err != nil {
		return nil, err
	}
	return body(out, nil)
}
