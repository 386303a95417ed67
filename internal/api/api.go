// Package api is the door for programs: JSON under /api/v1, bearer tokens, and
// refusals as application/problem+json (RFC 9457) with a stable code and, where
// a rule of the policy refused, its clause. The contract is /openapi.json
// (OpenAPI 3.1), made from the types here; it changes only with /v1.
package api

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"aval/internal/access"
	"aval/internal/account"
	"aval/internal/assessment"
	"aval/internal/audit"
	"aval/internal/breach"
	"aval/internal/catalogue"
	"aval/internal/classification"
	"aval/internal/condition"
	"aval/internal/contract"
	"aval/internal/correction"
	"aval/internal/credential"
	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/disclosure"
	"aval/internal/duty"
	"aval/internal/evaluation"
	"aval/internal/export"
	"aval/internal/fault"
	"aval/internal/governance"
	"aval/internal/i18n"
	"aval/internal/identity"
	"aval/internal/incident"
	"aval/internal/inventory"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/portable"
	"aval/internal/register"
	"aval/internal/request"
	"aval/internal/reveal"
	"aval/internal/rights"
	"aval/internal/roster"
	"aval/internal/schoolyear"
)

// Server answers programs. Every field is needed.
type Server struct {
	DB             *db.DB
	Accounts       *account.Service
	Catalogue      *catalogue.Service
	Licences       *licence.Service
	Contracts      *contract.Service
	Access         *access.Service
	Requests       *request.Service
	Evaluations    *evaluation.Service
	Portable       *portable.Service
	Decisions      *decision.Service
	Conditions     *condition.Service
	Identity       *identity.Service
	Years          *schoolyear.Service
	Assessments    *assessment.Service
	Reveals        *reveal.Service
	Disclosures    *disclosure.Service
	Incidents      *incident.Service
	Classification *classification.Service
	Inventory      *inventory.Service
	Duties         *duty.Service
	Registers      *register.Service
	Governance     *governance.Service
	Rights         *rights.Service
	Rosters        *roster.Service
	Exports        *export.Service
	Credentials    *credential.Service
	Corrections    *correction.Service
	Breaches       *breach.Service
	Audit          *audit.Service
	Log            *slog.Logger
	Version        string
	BaseURL        string
}

// Problem is a refusal as RFC 9457 writes it. Detail is a sentence in the
// language that the program asked for; Code is stable; Clause is the policy's own number.
type Problem struct {
	Title  string         `json:"title" doc:"Kind of refusal."`
	Status int            `json:"status"`
	Detail string         `json:"detail" doc:"A sentence that says what to do next."`
	Code   string         `json:"code" doc:"Stable name of the refusal."`
	Clause string         `json:"clause,omitempty" doc:"Clause of the policy that refused, such as 2.2b."`
	Errors []FieldProblem `json:"errors,omitempty"`
}

// FieldProblem is what must be mended in one field.
type FieldProblem struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error is the stable name.
func (p *Problem) Error() string { return p.Code }

// GetStatus is asked by huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is asked by huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

var statuses = map[fault.Kind]int{
	fault.Invalid:  http.StatusUnprocessableEntity,
	fault.Denied:   http.StatusForbidden,
	fault.NotFound: http.StatusNotFound,
	fault.Conflict: http.StatusConflict,
}

// problem makes the answer of a refusal; anything else is our mistake: logged,
// and said without its text.
func (s *Server) problem(ctx context.Context, err error) error {
	p := printer(ctx)
	f, ok := fault.As(err)
	if !ok {
		if errors.Is(err, context.Canceled) {
			return err
		}
		s.Log.ErrorContext(ctx, "api", "err", err)
		return &Problem{Title: http.StatusText(http.StatusInternalServerError), Status: http.StatusInternalServerError,
			Detail: p.T("api.mistake"), Code: "mistake"}
	}
	status := statuses[f.Kind]
	out := &Problem{Title: http.StatusText(status), Status: status, Detail: p.Fault(f), Code: f.Key, Clause: who(ctx).Pack.Cite(f.Clause)}
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
		m := f.Fields[name]
		out.Errors = append(out.Errors, FieldProblem{Field: field(name), Code: m.Key, Detail: p.Message(m)})
	}
	return out
}

type contextKey int

const (
	actorKey contextKey = iota
	printerKey
)

func printer(ctx context.Context) *i18n.Printer {
	if p, ok := ctx.Value(printerKey).(*i18n.Printer); ok {
		return p
	}
	return i18n.For("")
}

// who answers the actor whose token came with the call. The door put it there;
// use cases take it as an argument.
func who(ctx context.Context) policy.Actor {
	actor, _ := ctx.Value(actorKey).(policy.Actor) // the zero actor may do nothing
	return actor
}

// Handler answers /api/v1/… and /openapi.json.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	config := huma.DefaultConfig("aval", s.Version)
	config.Formats = map[string]huma.Format{"application/json": legible, "json": legible}
	config.CreateHooks = nil // no $schema with the caller's Host header in answers
	config.DocsPath = ""     // the description is served; pages that load scripts from elsewhere are not
	config.SchemasPath = ""
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "aval token create"},
	}
	config.Security = []map[string][]string{{"token": {}}}
	config.Info.Description = "Runs a school board's policy on digital learning platforms."
	api := humago.New(mux, config)
	api.UseMiddleware(s.authenticate(api))
	s.routes(api)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, r, http.StatusNotFound, "not_found")
	})
	return limitBody(mux)
}

// maxBody is the largest JSON that we read.
const maxBody = 1 << 20

// limitBody bounds every body but a set of the roster, which is bounded where it is read.
func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodPost || r.URL.Path != importsAt {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) authenticate(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		p := i18n.For(i18n.Choose(ctx.Header("Accept-Language")))
		ctx = huma.WithValue(ctx, printerKey, p)
		token, _ := strings.CutPrefix(ctx.Header("Authorization"), "Bearer ")
		actor, err := s.Accounts.ByToken(ctx.Context(), token)
		if err != nil {
			var problem *Problem
			if !fault.Is(err, fault.NotFound) && errors.As(s.problem(ctx.Context(), err), &problem) {
				s.write(api, ctx, problem)
				return
			}
			ctx.SetHeader("WWW-Authenticate", `Bearer realm="aval"`)
			s.write(api, ctx, &Problem{Title: http.StatusText(http.StatusUnauthorized), Status: http.StatusUnauthorized,
				Detail: p.T("api.token_needed"), Code: "api.token_needed"})
			return
		}
		next(huma.WithValue(ctx, actorKey, actor))
	}
}

func (s *Server) write(api huma.API, ctx huma.Context, p *Problem) {
	ctx.SetHeader("Content-Type", "application/problem+json")
	ctx.SetStatus(p.Status)
	if err := api.Marshal(ctx.BodyWriter(), "application/json", p); err != nil {
		s.Log.ErrorContext(ctx.Context(), "api", "err", err)
	}
}

func writeProblem(w http.ResponseWriter, r *http.Request, status int, code string) {
	p := i18n.For(i18n.Choose(r.Header.Get("Accept-Language")))
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = huma.DefaultJSONFormat.Marshal(w, &Problem{Title: http.StatusText(status), Status: status, Detail: p.T(code), Code: code}) // the caller has gone
}

// fields are the names that a program knows, where a page's form has another.
var fields = map[string]string{
	"data_kinds": "data", "cost": "cost_cents", "file": "names", "retire": "retire_most", "overlap": "overlap_days",
	"use_result": "use.result", "use_reasons": "use.reasons", "use_conditions": "use.conditions",
	"security_result": "security.result", "security_reasons": "security.reasons", "security_conditions": "security.conditions",
}

// field is how a program calls a field: rating.3.2.1 is criteria.3.2.1.rating.
func field(name string) string {
	if kind, criterion, ok := strings.Cut(name, "."); ok && (kind == "rating" || kind == "note" || kind == "reason") {
		return "criteria." + criterion + "." + kind
	}
	if own, ok := fields[name]; ok {
		return own
	}
	return name
}

// handle registers one operation: call a use case, turn its refusal into a problem.
func handle[I, O any](s *Server, api huma.API, op huma.Operation, f func(context.Context, policy.Actor, *I) (*O, error)) {
	op.Errors = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity}
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := f(ctx, who(ctx), in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}
