package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/roster"
)

// importsAt is where sets of the roster are sent; none is as small as other bodies.
const importsAt = "/api/v1/roster/imports"

// rosterRoutes are the operations on what comes into the roster.
func (s *Server) rosterRoutes(api huma.API) {
	handle(s, api, op("list-imports", http.MethodGet, importsAt, "Imports of the roster, the last first (6.3 e)"), s.imports)
	handle(s, api, accepted(set(op("begin-import", http.MethodPost, importsAt, "Send a OneRoster set, to be told what it would change"))), s.importBegin)
	handle(s, api, op("read-import", http.MethodGet, importsAt+"/{id}", "How far an import is, what it would change and what it did"), s.importRead)
	handle(s, api, accepted(op("confirm-import", http.MethodPost, importsAt+"/{id}/confirm", "Have a previewed set imported")), s.importConfirm)
	handle(s, api, op("cancel-import", http.MethodPost, importsAt+"/{id}/cancel", "End an import that does not merge yet, and remove its set"), s.importCancel)
}

// set is an operation that is sent a set of the roster.
func set(o huma.Operation) huma.Operation {
	o.RequestBody = &huma.RequestBody{Required: true, Description: "A zip of OneRoster CSV files, version 1.0, 1.1 or 1.2.",
		Content: map[string]*huma.MediaType{zipped: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
	return o
}

const zipped = "application/zip"

type whyJSON struct {
	Code   string `json:"code" doc:"Stable name of the reason."`
	Detail string `json:"detail" doc:"A sentence in the language that the program asked for."`
	Clause string `json:"clause,omitempty" doc:"The clause that says so."`
}

// why says a refusal that was kept.
func why(ctx context.Context, f *fault.Fault) *whyJSON {
	if f == nil {
		return nil
	}
	return &whyJSON{Code: f.Key, Detail: printer(ctx).Fault(f), Clause: who(ctx).Pack.Cite(f.Clause)}
}

type importJSON struct {
	ID         string          `json:"id"`
	At         time.Time       `json:"at"`
	EndedAt    *time.Time      `json:"ended_at,omitempty"`
	AskedBy    string          `json:"asked_by" doc:"Id of an account; of another import, who or what began it."`
	State      string          `json:"state" enum:"looking,previewed,waiting,staging,merging,naming,done,refused,cancelled,cut" doc:"previewed waits for confirm-import or cancel-import."`
	Rows       int             `json:"rows" doc:"That were read in this state; while naming, students who were given names."`
	Of         int             `json:"of,omitempty" doc:"As many as there are, once that is known."`
	RetireMost bool            `json:"retire_most,omitempty" doc:"It may retire as many students as the set no longer holds."`
	Stops      bool            `json:"stops,omitempty" doc:"Too many students would leave: it is confirmed with retire_most alone."`
	Refusal    *whyJSON        `json:"refusal,omitempty" doc:"Why it was refused."`
	Preview    *roster.Preview `json:"preview,omitempty" doc:"What it would change, when it is read by itself: counts and codes, nobody's name."`
	Report     *roster.Report  `json:"report,omitempty" doc:"What it did, when it is read by itself."`
}

func importOf(ctx context.Context, p roster.Progress) importJSON {
	return importJSON{ID: string(p.ID), At: p.At, EndedAt: moment(p.EndedAt), AskedBy: p.Actor, State: string(p.State), Rows: p.Rows, Of: p.Of,
		RetireMost: p.Most, Stops: p.Stops, Refusal: why(ctx, p.Refusal)}
}

type importsOut struct {
	Imports []importJSON `json:"imports"`
}

func (s *Server) imports(ctx context.Context, a policy.Actor, in *struct {
	Limit int `query:"limit" default:"20" minimum:"1" maximum:"100"`
}) (*answer[importsOut], error) {
	last, err := s.Rosters.Last(ctx, a, in.Limit)
	out := importsOut{Imports: []importJSON{}}
	for _, p := range last {
		out.Imports = append(out.Imports, importOf(ctx, p))
	}
	return body(out, err)
}

// importRead calls the schools of a preview by the names that the set, or the board, has for them.
func (s *Server) importRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[importJSON], error) {
	p, err := s.Rosters.Progress(ctx, a, roster.ImportID(in.ID))
	if err != nil {
		return nil, err
	}
	out := importOf(ctx, p)
	out.Preview, out.Report = p.Preview, p.Report
	if p.Preview == nil {
		return body(out, nil)
	}
	schools, err := s.Rosters.Schools(ctx, a)
	out.Preview.BySchool = slices.Clone(p.Preview.BySchool)
	for i, each := range out.Preview.BySchool {
		out.Preview.BySchool[i].Name = cmp.Or(each.Name, schools[each.School])
	}
	return body(out, err)
}

// setIn is a set that comes in as it is read: it is kept nowhere but sealed.
type setIn struct {
	zip  io.Reader
	line *http.ResponseController
}

// Resolve takes the body as it comes. It is asked by huma.
func (in *setIn) Resolve(ctx huma.Context) []error {
	if media, _, err := mime.ParseMediaType(ctx.Header("Content-Type")); err != nil || media != zipped {
		return []error{&Problem{Status: http.StatusUnsupportedMediaType, Code: "api.media_zip"}}
	}
	r, w := humago.Unwrap(ctx)
	in.zip, in.line = r.Body, http.NewResponseController(w)
	return nil
}

func (s *Server) importBegin(ctx context.Context, a policy.Actor, in *setIn) (*answer[importJSON], error) {
	if err := a.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return nil, err
	}
	until := time.Now().Add(roster.UploadTime)
	if err := errors.Join(in.line.SetReadDeadline(until), in.line.SetWriteDeadline(until)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fmt.Errorf("time for a set to come in: %w", err)
	}
	id, err := s.Rosters.UploadFrom(ctx, a, in.zip)
	if err != nil {
		return nil, err
	}
	return s.importRead(ctx, a, &ByID{ID: string(id)})
}

func (s *Server) importConfirm(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		RetireMost bool `json:"retire_most,omitempty" doc:"Let it retire as many students as the set no longer holds."`
	}
}) (*answer[importJSON], error) {
	var told []roster.Told
	if in.Body.RetireMost {
		told = append(told, roster.RetireMost)
	}
	if err := s.Rosters.Confirm(ctx, a, roster.ImportID(in.ID), told...); err != nil {
		return nil, err
	}
	return s.importRead(ctx, a, &in.ByID)
}

func (s *Server) importCancel(ctx context.Context, a policy.Actor, in *ByID) (*answer[importJSON], error) {
	if err := s.Rosters.Cancel(ctx, a, roster.ImportID(in.ID)); err != nil {
		return nil, err
	}
	return s.importRead(ctx, a, in)
}
