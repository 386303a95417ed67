package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/identity"
	"aval/internal/policy"
	"aval/internal/schoolyear"
)

// identityRoutes are the operations on who is who on the roster, and on its years.
func (s *Server) identityRoutes(api huma.API) {
	handle(s, api, op("list-candidates", http.MethodGet, "/api/v1/roster/candidates", "Records that may be one student, or one that may be two; nobody is named"), s.candidates)
	handle(s, api, op("list-identity-acts", http.MethodGet, "/api/v1/roster/acts", "Records that were joined or separated, the last first"), s.identityActs)
	handle(s, api, created(op("merge-records", http.MethodPost, "/api/v1/roster/merges", "Join two records of one student")), s.mergeRecords)
	handle(s, api, op("undo-identity-act", http.MethodPost, "/api/v1/roster/acts/{id}/undo", "Put back what an act moved, within 30 days"), s.undoAct)
	handle(s, api, op("list-school-years", http.MethodGet, "/api/v1/roster/years", "School years that the roster knows, the last first"), s.schoolYears)
	handle(s, api, op("read-school-year", http.MethodGet, "/api/v1/roster/years/{year}", "A school year and, of the current one, what it lacks"), s.schoolYear)
}

type candidateJSON struct {
	Sign   string `json:"sign" enum:"number,known,returned,renamed,schools"`
	First  string `json:"first" doc:"Id of a student."`
	Second string `json:"second" doc:"Of the other record; the same where the sign is of one."`
}

type candidatesOut struct {
	Candidates []candidateJSON `json:"candidates" doc:"At most 100 of each sign."`
	Counts     map[string]int  `json:"counts" doc:"How many there are, by sign."`
}

func (s *Server) candidates(ctx context.Context, a policy.Actor, in *struct {
	Sign string `query:"sign" enum:",number,known,returned,renamed,schools"`
}) (*answer[candidatesOut], error) {
	found, err := s.Identity.Candidates(ctx, a, identity.Sign(in.Sign))
	out := candidatesOut{Candidates: []candidateJSON{}, Counts: map[string]int{}}
	for _, c := range found.List {
		out.Candidates = append(out.Candidates, candidateJSON{Sign: string(c.Sign), First: c.First.ID, Second: c.Second.ID})
	}
	for sign, n := range found.Counts {
		out.Counts[string(sign)] = n
	}
	return body(out, err)
}

type identityActJSON struct {
	ID       string         `json:"id"`
	Kind     string         `json:"kind" enum:"merge,split,part"`
	First    string         `json:"first" doc:"Who stays after a merge, or was there before a split."`
	Second   string         `json:"second"`
	DoneBy   string         `json:"done_by"`
	DoneAt   time.Time      `json:"done_at"`
	Until    time.Time      `json:"until" doc:"The moment from which it can no longer be undone."`
	UndoneBy string         `json:"undone_by,omitempty"`
	UndoneAt *time.Time     `json:"undone_at,omitempty"`
	Moved    map[string]int `json:"moved,omitempty" doc:"How many of each it moved, in the list."`
}

func identityActOf(a identity.Act) identityActJSON {
	out := identityActJSON{ID: a.ID, Kind: string(a.Kind), First: a.First, Second: a.Second, DoneBy: a.DoneBy, DoneAt: a.DoneAt,
		Until: a.Until(), UndoneBy: a.UndoneBy, UndoneAt: moment(a.UndoneAt)}
	for _, item := range identity.Shown {
		if n := a.Moved[item]; n > 0 {
			if out.Moved == nil {
				out.Moved = map[string]int{}
			}
			out.Moved[string(item)] = n
		}
	}
	return out
}

type identityActsOut struct {
	Acts []identityActJSON `json:"acts"`
}

func (s *Server) identityActs(ctx context.Context, a policy.Actor, in *struct {
	Before time.Time `query:"before" doc:"Those before this moment; the last ones when it is left out."`
}) (*answer[identityActsOut], error) {
	list, err := s.Identity.Acts(ctx, a, in.Before)
	out := identityActsOut{Acts: []identityActJSON{}}
	for _, each := range list {
		out.Acts = append(out.Acts, identityActOf(each))
	}
	return body(out, err)
}

func (s *Server) mergeRecords(ctx context.Context, a policy.Actor, in *struct {
	Body struct {
		First  string `json:"first" doc:"Id of the student whose record stays."`
		Second string `json:"second" doc:"Of the record that is joined to it."`
		Login  string `json:"login" doc:"Whose login name the student keeps: first or second."`
		Other  string `json:"other" doc:"What becomes of the other login name: retire, or keep (who asks whose it is gets the answer)."`
	}
}) (*answer[identityActJSON], error) {
	act, err := s.Identity.Merge(ctx, a, identity.Merge{First: in.Body.First, Second: in.Body.Second,
		Login: identity.Stays(in.Body.Login), Other: identity.Rest(in.Body.Other)})
	return body(identityActOf(act), err)
}

func (s *Server) undoAct(ctx context.Context, a policy.Actor, in *ByID) (*answer[identityActJSON], error) {
	act, err := s.Identity.Undo(ctx, a, in.ID)
	return body(identityActOf(act), err)
}

type schoolYearJSON struct {
	Year      string        `json:"year" doc:"The calendar year in which it ends."`
	Current   bool          `json:"current"`
	Classes   int           `json:"classes"`
	Sessions  []sessionJSON `json:"sessions,omitempty"`
	NoTeacher int           `json:"classes_without_teacher"`
	NoAccount int           `json:"teachers_without_account"`
	Between   int           `json:"pupils_in_two_schools"`
}

type sessionJSON struct {
	Title   string `json:"title"`
	Kind    string `json:"kind"`
	Start   string `json:"start" format:"date"`
	End     string `json:"end" format:"date" doc:"The first day after it."`
	Classes int    `json:"classes"`
	Gone    bool   `json:"gone,omitempty"`
}

type schoolYearsOut struct {
	Years []schoolYearJSON `json:"years"`
}

func (s *Server) schoolYears(ctx context.Context, a policy.Actor, _ *struct{}) (*answer[schoolYearsOut], error) {
	list, _, err := s.Years.Years(ctx, a)
	out := schoolYearsOut{Years: []schoolYearJSON{}}
	for _, l := range list {
		out.Years = append(out.Years, schoolYearJSON{Year: string(l.Year), Current: l.Current, Classes: l.Classes})
	}
	return body(out, err)
}

func (s *Server) schoolYear(ctx context.Context, a policy.Actor, in *struct {
	Year string `path:"year" maxLength:"4" doc:"The calendar year in which it ends."`
}) (*answer[schoolYearJSON], error) {
	o, err := s.Years.Overview(ctx, a, schoolyear.Year(in.Year))
	out := schoolYearJSON{Year: string(o.Year), Current: o.Current, Classes: o.Classes, NoTeacher: len(o.NoTeacher), NoAccount: len(o.NoAccount)}
	for _, each := range o.Sessions {
		out.Sessions = append(out.Sessions, sessionJSON{Title: each.Title, Kind: each.Kind, Start: each.Start, End: each.End,
			Classes: each.Classes, Gone: each.Gone})
	}
	for _, b := range o.Between {
		out.Between += b.Pupils
	}
	return body(out, err)
}
