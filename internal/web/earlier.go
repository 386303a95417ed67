package web

import (
	"aval/internal/condition"
	"aval/internal/decision"
	"aval/internal/policy"
)

// earlierRoutes are the pages on what the board decided before aval.
func (s *Server) earlierRoutes() []route {
	return []route{{pattern: "GET /earlier/{id}", need: policy.CatalogueRead, do: s.earlier}}
}

// earlier shows a decision from before aval, in the place of a letter.
func (s *Server) earlier(v *visit) error {
	e, err := s.Decisions.Earlier(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	var follow []condition.Public
	if e.Counts() {
		if follow, err = s.Conditions.OfPlatform(v.ctx(), v.actor, e.PlatformID); err != nil {
			return err
		}
	}
	return v.render(earlierPage(v, e, follow))
}

// earlierBy is who decided, as the list says.
func earlierBy(v *visit, e decision.EarlierView) string {
	if e.By == "" {
		return v.T("earlier.by_unsaid")
	}
	return e.By
}
