package web

import (
	"slices"

	"aval/internal/policy"
)

// Needs that no permission of a pack gives: pages before a session, and those
// that every account of the board has.
const (
	anyone   policy.Action = "anyone"
	signedIn policy.Action = "signed in"
)

// route is one line of the door: what is asked for, the permission row that
// someone needs to be there at all (the use case asks again, about the thing
// itself), and the handler.
type route struct {
	pattern string
	need    policy.Action
	do      func(*visit) error
	form    func(*visit) error // shows the form again when do refuses what was typed
	limit   int64              // largest form, in bytes; 4 MB when zero, 256 kB before a session
	unread  bool               // what was sent is left unread
	public  bool               // the same for everyone: no session, no cookie, kept by caches
}

// routes lists every page and every form of the door.
func (s *Server) routes() []route {
	return slices.Concat([]route{
		{pattern: "GET /{$}", need: anyone, do: s.home},
		{pattern: "GET /sign-in", need: anyone, do: s.signInForm},
		{pattern: "POST /sign-in", need: anyone, do: s.signIn, form: s.signInForm},
		{pattern: "POST /sign-out", need: anyone, do: s.signOut},
		{pattern: "POST /language", need: anyone, do: s.setLanguage},
		{pattern: "POST /appearance", need: anyone, do: s.setAppearance},
	}, s.requestRoutes(), s.classRoutes(), s.directoryRoutes(), s.correctionRoutes(), s.usageRoutes(), s.identityRoutes(), s.yearRoutes(), s.evaluationRoutes(), s.apartRoutes(), s.portableRoutes(), s.policyRoutes(), s.governanceRoutes(), s.revealRoutes(), s.accountsRoutes(), s.credentialRoutes(), s.exportRoutes(), s.incidentRoutes(), s.breachRoutes(), s.rightsRoutes(), s.boardNoticeRoutes(), s.consentRoutes(),
		s.assessmentRoutes(), s.contractRoutes(), s.rosterRoutes(), s.sourceRoutes(), s.mappingRoutes(), s.disclosureRoutes(), s.conditionRoutes(), s.inventoryRoutes(), s.classificationRoutes(), s.dutyRoutes(), s.earlierRoutes(), s.publicRoutes())
}
