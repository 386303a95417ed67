package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/access"
	"aval/internal/licence"
	"aval/internal/policy"
)

type accountsJSON struct {
	LicenceID string         `json:"licence_id"`
	Pupils    int            `json:"pupils" doc:"Of the audience, today."`
	Seats     int64          `json:"seats" doc:"0 is without limit."`
	States    map[string]int `json:"states" doc:"Accounts by state: to_create, sent, confirmed, reset_pending, suspended, retired."`
	Lacking   int            `json:"lacking" doc:"Pupils of the audience without an account."`
	Unseated  int            `json:"unseated" doc:"Those of them for whom there is no seat."`
}

func accountsOf(id string, c access.Counts) accountsJSON {
	out := accountsJSON{LicenceID: id, Pupils: c.Pupils, Seats: c.Seats, States: map[string]int{}, Lacking: c.Lacking(), Unseated: c.Unseated()}
	for _, state := range access.States {
		out.States[string(state)] = c.By[state]
	}
	return out
}

func (s *Server) accountsCreate(ctx context.Context, a policy.Actor, in *ByID) (*answer[accountsJSON], error) {
	c, err := s.Access.Create(ctx, a, licence.ID(in.ID))
	return body(accountsOf(in.ID, c), err)
}

func (s *Server) accountsCount(ctx context.Context, a policy.Actor, in *ByID) (*answer[accountsJSON], error) {
	c, err := s.Access.Counts(ctx, a, licence.ID(in.ID))
	return body(accountsOf(in.ID, c), err)
}

type provisioningJSON struct {
	ID           string     `json:"id"`
	LicenceID    string     `json:"licence_id"`
	Kind         string     `json:"kind" enum:"delta,full"`
	Accounts     int        `json:"accounts"`
	PreparedAt   time.Time  `json:"prepared_at"`
	ApprovedAt   *time.Time `json:"approved_at,omitempty"`
	DownloadedAt *time.Time `json:"downloaded_at,omitempty"`
	ConfirmedAt  *time.Time `json:"confirmed_at,omitempty"`
}

func provisioningOf(f access.File) provisioningJSON {
	when := func(at time.Time) *time.Time {
		if at.IsZero() {
			return nil
		}
		return &at
	}
	return provisioningJSON{ID: string(f.ID), LicenceID: string(f.LicenceID), Kind: string(f.Kind), Accounts: f.Accounts, PreparedAt: f.PreparedAt,
		ApprovedAt: when(f.ApprovedAt), DownloadedAt: when(f.DownloadedAt), ConfirmedAt: when(f.ConfirmedAt)}
}

// ByFile is a file of accounts that the address names, of a licence.
type ByFile struct {
	ByID
	File string `path:"pid" maxLength:"64"`
}

func (s *Server) provisioningPrepare(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		Kind string `json:"kind" enum:"delta,full" doc:"What changed, or all accounts."`
	}
}) (*answer[provisioningJSON], error) {
	f, err := s.Access.Prepare(ctx, a, licence.ID(in.ID), access.FileKind(in.Body.Kind))
	return body(provisioningOf(f), err)
}

func (s *Server) provisioningApprove(ctx context.Context, a policy.Actor, in *ByFile) (*answer[provisioningJSON], error) {
	f, err := s.Access.Approve(ctx, a, licence.ID(in.ID), access.FileID(in.File))
	return body(provisioningOf(f), err)
}

func (s *Server) provisioningConfirm(ctx context.Context, a policy.Actor, in *ByFile) (*answer[provisioningJSON], error) {
	f, err := s.Access.Confirm(ctx, a, licence.ID(in.ID), access.FileID(in.File))
	return body(provisioningOf(f), err)
}

type sheetOut struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *Server) provisioningDownload(ctx context.Context, a policy.Actor, in *ByFile) (*sheetOut, error) {
	text, err := s.Access.Download(ctx, a, licence.ID(in.ID), access.FileID(in.File))
	return &sheetOut{ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="` + access.FileName + `"`, Body: text}, err
}

func accepted(o huma.Operation) huma.Operation {
	o.DefaultStatus = http.StatusAccepted
	return o
}

// sheet is an operation that answers a table.
func sheet(o huma.Operation) huma.Operation {
	o.Responses = map[string]*huma.Response{"200": {Description: "The file, by the licence's columns.",
		Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: "string"}}}}}
	return o
}
