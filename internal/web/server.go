package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"aval/internal/access"
	"aval/internal/account"
	"aval/internal/adoption"
	"aval/internal/assessment"
	"aval/internal/audit"
	"aval/internal/board"
	"aval/internal/breach"
	"aval/internal/catalogue"
	"aval/internal/classification"
	"aval/internal/condition"
	"aval/internal/contract"
	"aval/internal/correction"
	"aval/internal/credential"
	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/desk"
	"aval/internal/directory"
	"aval/internal/disclosure"
	"aval/internal/duty"
	"aval/internal/evaluation"
	"aval/internal/export"
	"aval/internal/governance"
	"aval/internal/grade"
	"aval/internal/identity"
	"aval/internal/incident"
	"aval/internal/inventory"
	"aval/internal/licence"
	"aval/internal/mapping"
	"aval/internal/policy"
	"aval/internal/portable"
	"aval/internal/pseudonym"
	"aval/internal/register"
	"aval/internal/request"
	"aval/internal/reveal"
	"aval/internal/rights"
	"aval/internal/roster"
	"aval/internal/schoolyear"
	"aval/internal/seal"
	"aval/internal/source"
	"aval/internal/usage"
	"aval/internal/web/assets"

	"github.com/alexedwards/scs/v2"
)

// Accounts answers who signs in and who a session belongs to. A refusal of
// SignIn is a fault; so is an account that is gone.
type Accounts interface {
	SignIn(ctx context.Context, board, login, password string) (policy.Actor, error)
	Actor(ctx context.Context, board, accountID string) (policy.Actor, error)
	Boards(ctx context.Context) ([]board.Board, error)
}

// Server is the door. Its use cases are given before Handler is called.
type Server struct {
	DB             *db.DB
	Accounts       Accounts
	Catalogue      *catalogue.Service
	Licences       *licence.Service
	Contracts      *contract.Service
	Credentials    *credential.Service
	Disclosures    *disclosure.Service
	Access         *access.Service
	Directory      *directory.Service
	Corrections    *correction.Service
	Exports        *export.Service
	Requests       *request.Service
	Evaluations    *evaluation.Service
	Decisions      *decision.Service
	Portable       *portable.Service
	Conditions     *condition.Service
	Assessments    *assessment.Service
	Sources        *source.Service
	Reveals        *reveal.Service
	Usage          *usage.Service
	Identity       *identity.Service
	Grades         *grade.Service
	Years          *schoolyear.Service
	Pseudonyms     *pseudonym.Service
	Incidents      *incident.Service
	Breaches       *breach.Service
	Classification *classification.Service
	Inventory      *inventory.Service
	Duties         *duty.Service
	Registers      *register.Service
	Governance     *governance.Service
	Rights         *rights.Service
	Rosters        *roster.Service
	Mappings       *mapping.Service
	Audit          *audit.Service
	Delegations    *account.Service
	Adoptions      *adoption.Service
	Boards         *board.Service
	Keys           *seal.Keys // sign checkpoints of the trail

	// BaseURL is the address that people type, for what names its own pages; "" leaves it out.
	BaseURL string
	// Secure says that people come over HTTPS: cookies are kept to it.
	Secure bool
	// Log receives mistakes, and each answer at debug level; nil is slog.Default.
	Log *slog.Logger
	// Observe, if any, is told of each answer: the route's pattern, never the address.
	Observe func(pattern string, status int, took time.Duration)
	// Place, if any, says where an actor works, for the head of the page.
	Place func(ctx context.Context, actor policy.Actor) (string, error)
	// SignInTakes is how long a refused sign-in takes at least; zero is 300 ms.
	SignInTakes time.Duration

	desk     *desk.Service
	sessions *scs.SessionManager
	attempts *attempts
	names    boardNames
	hashing  chan struct{} // passwords compared at once: each takes memory
	reading  chan struct{} // public pages made at once: strangers do not slow those at work
	pages    map[string]bool
}

// contentPolicy lets a page load from its own origin alone, and nothing inline.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; " +
	"img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Handler puts the door together.
func (s *Server) Handler() http.Handler {
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if s.SignInTakes == 0 {
		s.SignInTakes = 300 * time.Millisecond
	}
	if !assets.Built() {
		s.Log.Warn("the front-end build was not run (make assets): pages have no style")
	}
	s.desk = desk.New(s.DB)
	s.sessions = newSessions(s.DB, s.Secure)
	s.attempts = newAttempts(s.DB.Clock)
	s.hashing = make(chan struct{}, 4)
	s.reading = make(chan struct{}, 2)
	s.pages = map[string]bool{}

	m := http.NewServeMux()
	for _, rt := range s.routes() {
		m.Handle(rt.pattern, s.page(rt))
		s.pages[rt.pattern] = true
	}
	m.Handle("GET "+assets.Prefix, assets.Handler())
	m.Handle("/", s.page(route{pattern: "/", need: anyone, do: notFound}))

	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(s.page(route{pattern: "cross-site", need: anyone, do: crossSite, unread: true}))
	return s.headers(origin.Handler(m))
}

// headers are those of every answer.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
