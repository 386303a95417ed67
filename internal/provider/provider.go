// Package provider is the door for platforms: OneRoster 1.2 and 1.1 rostering over
// REST, read only, for what a licence lets its platform know (docs/adr/0018).
//
//	POST /ims/oneroster/token                        client credentials → bearer token
//	GET  /ims/oneroster/rostering/v1p2/users?limit=… pages of objects
//	GET  /ims/oneroster/v1p1/users?limit=…           the same for older consumers
//
// Everything shown comes from package disclosure, under the terms of the licence
// whose credential came: pseudonyms, and the fields that its decision names. What a
// licence does not show does not exist.
package provider

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"aval/internal/credential"
	"aval/internal/db"
	"aval/internal/i18n"
	"aval/internal/pseudonym"
)

// Root is where everything of this door begins.
const Root = credential.Root

// versions are those that are spoken.
var versions = []credential.Version{credential.V1p2, credential.V1p1}

// Server answers platforms.
type Server struct {
	DB          *db.DB
	Credentials *credential.Service
	Names       *pseudonym.Names
	BaseURL     string // that platforms type; references begin with it
	Log         *slog.Logger
	// PerSecond is how many requests a credential may make, twice as many at once;
	// zero is 50.
	PerSecond float64

	rates  rates
	totals totals
}

// Handler puts the door together.
func (s *Server) Handler() http.Handler {
	if s.Log == nil {
		s.Log = slog.Default()
	}
	if s.PerSecond == 0 {
		s.PerSecond = 50
	}
	m := http.NewServeMux()
	m.HandleFunc(credential.TokenPath, s.token)
	for _, v := range versions {
		base := v.Path()
		for _, o := range operations() {
			m.Handle("GET "+base+"/"+o.path, s.operation(o, v))
			m.Handle(base+"/"+o.path, refuse(noMethod, v))
		}
		m.Handle(base+"/", refuse(noObject, v))
	}
	for _, name := range discoveryNames {
		m.HandleFunc("GET "+credential.V1p2.Path()+"/discovery/"+name, s.discovery)
	}
	m.Handle(Root, refuse(noObject, credential.V1p2))
	return headers(m)
}

// headers are those of every answer: nothing of it is kept on the way.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

func refuse(f *refusal, v credential.Version) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.write(w, r, v) })
}

// operation is the handler of one of the 41.
func (s *Server) operation(o op, v credential.Version) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Server: s, w: w, r: r, o: o, v: v}
		if refused := c.run(); refused != nil {
			refused.write(w, r, v)
		}
	})
}

// count notes a request, or one that was refused.
func (s *Server) count(ctx context.Context, b credential.Bearer, objects int, refused bool) {
	if err := s.Credentials.Count(ctx, b, objects, refused); err != nil {
		s.wrong(ctx, err)
	}
}

// wrong logs a mistake of ours.
func (s *Server) wrong(ctx context.Context, err error) *refusal {
	if errors.Is(err, context.Canceled) {
		return forgotten
	}
	s.Log.ErrorContext(ctx, "oneroster", "err", err)
	return ourFault
}

// fillers stand where the schema requires a name and none leaves, in the board's language.
func fillers(lang string) words {
	p := i18n.For(lang)
	return words{Pupil: p.T("provider.pupil"), Teacher: p.T("provider.teacher")}
}
