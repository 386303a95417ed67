package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/export"
	"aval/internal/licence"
	"aval/internal/policy"
)

// exportRoutes are the operations on the files that leave for the platform of a licence.
func (s *Server) exportRoutes(api huma.API) {
	const at = "/api/v1/licences/{id}/exports"
	handle(s, api, op("list-exports", http.MethodGet, at, "What left for the platform of a licence in files, and what is to, the last first"), s.exports)
	handle(s, api, accepted(op("ask-export", http.MethodPost, at, "Ask for a file of what the licence discloses; the guard looks at it first (6.1 e)")), s.exportAsk)
	handle(s, api, op("approve-export", http.MethodPost, at+"/{export}/approve", "Approve the file that another person asked for"), s.exportApprove)
	handle(s, api, exported(op("download-export", http.MethodPost, at+"/{export}/download", "Download the file, once, as who asked for it")), s.exportDownload)
}

// exported is an operation that answers the file of an export.
func exported(o huma.Operation) huma.Operation {
	binary := &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	o.Responses = map[string]*huma.Response{"200": {Description: "The file: a table of a plain profile, a zip of any other.",
		Content: map[string]*huma.MediaType{zipped: binary, "text/csv": {Schema: &huma.Schema{Type: "string"}}}}}
	return o
}

type exportColumnJSON struct {
	Title string `json:"title" doc:"Of the column, as the platform wants it."`
	Holds string `json:"holds" enum:"pseudonym,login_name,given_name,family_name,email,birth_date,grade,school,classes,text"`
	Text  string `json:"text,omitempty" doc:"The same in each row; only with text."`
}

// ShapeJSON is how the files of an export are written. It is exported because huma
// reads no embedded struct that is not.
type ShapeJSON struct {
	Profile string             `json:"profile" enum:"oneroster-1.2,oneroster-1.1,sds-2.1,plain" doc:"sds-2.1 is Microsoft School Data Sync; plain is one table of students."`
	Columns []exportColumnJSON `json:"columns,omitempty" doc:"Of a plain table."`
}

func (in ShapeJSON) shape() export.Shape {
	out := export.Shape{Profile: export.Profile(in.Profile)}
	for _, c := range in.Columns {
		out.Columns = append(out.Columns, export.Column{Title: c.Title, Holds: export.Held(c.Holds), Text: c.Text})
	}
	return out
}

func shapeOf(s export.Shape) ShapeJSON {
	out := ShapeJSON{Profile: string(s.Profile)}
	for _, c := range s.Columns {
		out.Columns = append(out.Columns, exportColumnJSON{Title: c.Title, Holds: string(c.Holds), Text: c.Text})
	}
	return out
}

type exportCountJSON struct {
	File string `json:"file"`
	Rows int    `json:"rows" doc:"Without its titles."`
}

type stopJSON struct {
	File   string `json:"file"`
	Column string `json:"column" doc:"Its title; its number, from 1, where the title itself stops."`
	Code   string `json:"code" enum:"name,birth_date,number,login,email,small_group"`
	Row    int    `json:"row" doc:"The first; the titles are row 1."`
	Rows   int    `json:"rows" doc:"How many stop; never what they hold."`
	Detail string `json:"detail"`
}

type exportJSON struct {
	ID        string `json:"id"`
	LicenceID string `json:"licence_id"`
	ShapeJSON
	State      string            `json:"state" enum:"asked,refused,stopped,ready,approved,sent,failed" doc:"asked: it is being made; stopped: by the guard; ready: another person may approve it."`
	Fields     []string          `json:"fields" doc:"That the licence lets out, beside the pseudonym."`
	Counts     []exportCountJSON `json:"counts"`
	Size       int64             `json:"size" doc:"In bytes."`
	SHA256     string            `json:"sha256,omitempty"`
	Stops      []stopJSON        `json:"stops,omitempty" doc:"Where the guard stopped it."`
	Refusal    *whyJSON          `json:"refusal,omitempty" doc:"Why it was refused, or failed."`
	AskedBy    string            `json:"asked_by"`
	AskedAt    time.Time         `json:"asked_at"`
	ApprovedBy string            `json:"approved_by,omitempty"`
	ApprovedAt *time.Time        `json:"approved_at,omitempty"`
	SentBy     string            `json:"sent_by,omitempty"`
	SentAt     *time.Time        `json:"sent_at,omitempty"`
	SentTo     string            `json:"sent_to,omitempty" doc:"A host and a path; none of a download."`
}

func exportOf(ctx context.Context, e export.Export) exportJSON {
	out := exportJSON{ID: string(e.ID), LicenceID: string(e.LicenceID), ShapeJSON: shapeOf(e.Shape), State: string(e.State),
		Fields: fieldNames(e.Fields), Counts: []exportCountJSON{}, Size: e.Size, SHA256: e.Digest, AskedBy: e.AskedBy, AskedAt: e.AskedAt,
		ApprovedBy: e.ApprovedBy, ApprovedAt: moment(e.ApprovedAt), SentBy: e.SentBy, SentAt: moment(e.SentAt), SentTo: e.SentTo}
	for _, c := range e.Counts {
		out.Counts = append(out.Counts, exportCountJSON(c))
	}
	for _, stop := range e.Stops {
		out.Stops = append(out.Stops, stopJSON{File: stop.File, Column: stop.Column, Code: string(stop.Code), Row: stop.Row, Rows: stop.Rows,
			Detail: printer(ctx).Message(stop.Message())})
	}
	if e.Why != "" {
		out.Refusal = &whyJSON{Code: e.Why, Detail: printer(ctx).T(e.Why)}
	}
	return out
}

type exportsOut struct {
	Nothing *whyJSON     `json:"nothing,omitempty" doc:"Why nothing leaves, when nothing does."`
	Exports []exportJSON `json:"exports" doc:"The last 50."`
}

func (s *Server) exports(ctx context.Context, a policy.Actor, in *ByID) (*answer[exportsOut], error) {
	v, err := s.Exports.View(ctx, a, licence.ID(in.ID))
	out := exportsOut{Nothing: why(ctx, v.Why), Exports: []exportJSON{}}
	for _, e := range v.Exports {
		out.Exports = append(out.Exports, exportOf(ctx, e))
	}
	return body(out, err)
}

func (s *Server) exportAsk(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body ShapeJSON
}) (*answer[exportJSON], error) {
	e, err := s.Exports.Ask(ctx, a, licence.ID(in.ID), in.Body.shape())
	return body(exportOf(ctx, e), err)
}

// ByExport is an export that the address names, of a licence.
type ByExport struct {
	ByID
	Export string `path:"export" maxLength:"64"`
}

func (s *Server) exportApprove(ctx context.Context, a policy.Actor, in *ByExport) (*answer[exportJSON], error) {
	e, err := s.Exports.Approve(ctx, a, licence.ID(in.ID), export.ID(in.Export))
	return body(exportOf(ctx, e), err)
}

func (s *Server) exportDownload(ctx context.Context, a policy.Actor, in *ByExport) (*sheetOut, error) {
	f, err := s.Exports.Download(ctx, a, licence.ID(in.ID), export.ID(in.Export))
	if err != nil {
		return nil, err
	}
	return &sheetOut{ContentType: f.Media, Disposition: `attachment; filename="` + f.Name + `"`, Body: f.Data}, nil
}
