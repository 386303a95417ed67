package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"aval/internal/credential"
	"aval/internal/licence"
	"aval/internal/policy"
)

// credentialRoutes are the operations on what a platform's program signs in with.
func (s *Server) credentialRoutes(api huma.API) {
	const at = "/api/v1/licences/{id}/credential"
	handle(s, api, op("read-credential", http.MethodGet, at, "The credential of a licence, and how much was read with it"), s.credentialRead)
	handle(s, api, created(op("make-credential", http.MethodPost, at, "Let the platform's program read what the licence discloses (6.1 e)")), s.credentialMake)
	handle(s, api, op("rotate-credential", http.MethodPost, at+"/rotate", "Make another secret, and let the one before it open for a while"), s.credentialRotate)
	handle(s, api, op("revoke-credential", http.MethodPost, at+"/revoke", "Make the credential and its tokens open nothing from now on"), s.credentialRevoke)
}

type credentialJSON struct {
	LicenceID string        `json:"licence_id"`
	ClientID  string        `json:"client_id,omitempty" doc:"None while the licence has no credential."`
	Runs      bool          `json:"runs" doc:"The licence runs."`
	TokenURL  string        `json:"token_url" doc:"Where the program is given its tokens (OAuth 2.0 client credentials)."`
	RosterURL string        `json:"roster_url" doc:"Where it reads OneRoster 1.2."`
	Roster1p1 string        `json:"roster_url_1p1" doc:"Where it reads OneRoster 1.1."`
	MadeBy    string        `json:"made_by,omitempty"`
	MadeAt    *time.Time    `json:"made_at,omitempty"`
	Secrets   []secretJSON  `json:"secrets" doc:"Those that open, the newest first; not what they are."`
	Use       []readingJSON `json:"use" doc:"How much was read, by day, the last day first."`
}

type secretJSON struct {
	MadeBy string     `json:"made_by"`
	MadeAt time.Time  `json:"made_at"`
	EndsAt *time.Time `json:"ends_at,omitempty" doc:"None while no other was made."`
}

type readingJSON struct {
	Day      string    `json:"day" format:"date"`
	Requests int64     `json:"requests"`
	Objects  int64     `json:"objects"`
	Refused  int64     `json:"refused" doc:"Wrong secrets, and requests beyond the rate."`
	LastAt   time.Time `json:"last_at"`
}

func (s *Server) credentialRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[credentialJSON], error) {
	v, err := s.Credentials.View(ctx, a, licence.ID(in.ID))
	out := credentialJSON{LicenceID: in.ID, ClientID: v.ID, Runs: v.Runs, TokenURL: s.BaseURL + credential.TokenPath,
		RosterURL: s.BaseURL + credential.V1p2.Path(), Roster1p1: s.BaseURL + credential.V1p1.Path(),
		MadeBy: v.MadeBy, MadeAt: moment(v.MadeAt), Secrets: []secretJSON{}, Use: []readingJSON{}}
	for _, each := range v.Secrets {
		out.Secrets = append(out.Secrets, secretJSON{MadeBy: each.MadeBy, MadeAt: each.MadeAt, EndsAt: moment(each.EndsAt)})
	}
	for _, u := range v.Use {
		out.Use = append(out.Use, readingJSON(u))
	}
	return body(out, err)
}

type credentialMadeJSON struct {
	LicenceID string `json:"licence_id"`
	ClientID  string `json:"client_id"`
	Secret    string `json:"client_secret" doc:"Shown this once, and kept nowhere."`
}

func (s *Server) credentialMake(ctx context.Context, a policy.Actor, in *ByID) (*answer[credentialMadeJSON], error) {
	c, secret, err := s.Credentials.Make(ctx, a, licence.ID(in.ID))
	return body(credentialMadeJSON{LicenceID: in.ID, ClientID: c.ID, Secret: secret}, err)
}

func (s *Server) credentialRotate(ctx context.Context, a policy.Actor, in *struct {
	ByID
	Body struct {
		OverlapDays int64 `json:"overlap_days" minimum:"0" maximum:"30" doc:"For how long the secret before it still opens: 0, 1, 7 or 30."`
	}
}) (*answer[credentialMadeJSON], error) {
	c, secret, err := s.Credentials.Rotate(ctx, a, licence.ID(in.ID), time.Duration(in.Body.OverlapDays)*24*time.Hour)
	return body(credentialMadeJSON{LicenceID: in.ID, ClientID: c.ID, Secret: secret}, err)
}

func (s *Server) credentialRevoke(ctx context.Context, a policy.Actor, in *ByID) (*answer[credentialJSON], error) {
	if err := s.Credentials.Revoke(ctx, a, licence.ID(in.ID)); err != nil {
		return nil, err
	}
	return s.credentialRead(ctx, a, in)
}
