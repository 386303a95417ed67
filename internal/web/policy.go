package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"aval/internal/desk"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// policyRoutes are the pages on the policy, its proof, the trail, licences and settings.
func (s *Server) policyRoutes() []route {
	return append(append([]route{
		{pattern: "GET /policy", need: policy.PolicyRead, do: s.policyText},
		{pattern: "GET /policy/roles", need: policy.PolicyRead, do: s.policyRoles},
		{pattern: "GET /policy/matrix", need: policy.PolicyRead, do: s.policyMatrix},
		{pattern: "GET /policy/coverage", need: policy.CoverageRead, do: s.policyCoverage},
		{pattern: "GET /policy/coverage/{clause}", need: policy.CoverageRead, do: s.policyMarks},
		{pattern: "GET /audit", need: policy.AuditRead, do: s.auditList},
		{pattern: "POST /audit/checkpoint", need: policy.AuditAnchor, do: s.auditCheckpoint},
		{pattern: "GET /licences", need: policy.LicenceRead, do: s.licenceList},
		{pattern: "GET /licences/new", need: policy.LicenceRecord, do: s.licenceForm},
		{pattern: "POST /licences/new", need: policy.LicenceRecord, do: s.licenceRecord, form: s.licenceForm},
		{pattern: "GET /licences/{id}", need: policy.LicenceRead, do: s.licence},
		{pattern: "POST /licences/{id}/end", need: policy.LicenceRecord, do: s.licenceEnd, form: s.licence},
	}, s.versionRoutes()...), append(s.settingsRoutes(), s.accessRoutes()...)...)
}

// clauseGroup is a section of the policy, or of a law under it, and its clauses.
type clauseGroup struct {
	Anchor  string
	Title   string
	Law     *policy.Pack // set for a section of a law
	Model   bool         // our proposal, not the board's text
	Clauses []policy.Clause
}

// clauseGroups puts the clauses of the pack, then of its laws, under their sections.
func clauseGroups(v *visit) []clauseGroup {
	var groups []clauseGroup
	for _, pack := range append([]*policy.Pack{v.actor.Pack}, v.actor.Pack.Laws...) {
		for _, section := range pack.Sections {
			g := clauseGroup{Anchor: "section-" + section.ID, Title: sectionTitle(v, section), Model: section.Model}
			if pack != v.actor.Pack {
				g.Law = pack
			}
			for _, c := range pack.Clauses {
				if c.Section == section.ID {
					g.Clauses = append(g.Clauses, c)
				}
			}
			if len(g.Clauses) > 0 {
				groups = append(groups, g)
			}
		}
	}
	return groups
}

// sectionTitle says a section's number before its title where it has one.
func sectionTitle(v *visit, s policy.Section) string {
	if _, err := strconv.Atoi(s.ID); err == nil {
		return s.ID + ". " + s.Title.In(v.p.Lang)
	}
	return s.Title.In(v.p.Lang)
}

func (s *Server) policyText(v *visit) error {
	if err := v.actor.Allow(policy.PolicyRead, policy.Scope{}); err != nil {
		return err
	}
	a, err := s.aroundPolicy(v)
	if err != nil {
		return err
	}
	if v.signed, err = s.Adoptions.Signatures(v.ctx(), v.actor.Board); err != nil {
		return err
	}
	return v.render(policyPage(v, v.actor.Pack, a, clauseGroups(v)))
}

// ruleLine is what a role may do, to what, in which states, and why.
type ruleLine struct {
	Role      string
	Relations []string
	States    []string
	Clause    string
}

// actionRules is an action and who may do it.
type actionRules struct {
	Do    policy.Action
	Rules []ruleLine
}

// policyRoles prints the table of permissions as the pack holds it.
func (s *Server) policyRoles(v *visit) error {
	if err := v.actor.Allow(policy.PolicyRead, policy.Scope{}); err != nil {
		return err
	}
	only := policy.Role(v.query("role"))
	if only != "" && !slices.Contains(policy.Roles, only) {
		return fault.Missing()
	}
	filters := []ui.Filter{{Href: "/policy/roles", Text: v.T("policy.page_roles_all"), Count: -1, Current: only == ""}}
	for _, r := range v.actor.Pack.Roles {
		filters = append(filters, ui.Filter{Href: "/policy/roles?" + url.Values{"role": {string(r.Role)}}.Encode(),
			Text: r.Title.In(v.p.Lang), Count: -1, Current: only == r.Role})
	}
	var err error
	if v.signed, err = s.Adoptions.Signatures(v.ctx(), v.actor.Board); err != nil {
		return err
	}
	return v.render(policyRolesPage(v, filters, rulesOf(v, only)))
}

// rulesOf reads the permission rows by action; rows that differ in their relation alone are one line.
func rulesOf(v *visit, only policy.Role) []actionRules {
	var all []actionRules
	for _, do := range policy.Actions {
		a := actionRules{Do: do}
		for _, p := range v.actor.Pack.Permissions {
			if p.Do != do || only != "" && p.Role != only {
				continue
			}
			line := ruleLine{Role: v.actor.Pack.RoleTitle(p.Role).In(v.p.Lang), States: p.States, Clause: p.Clause}
			relation := v.T("policy.relation." + string(p.Relation))
			at := slices.IndexFunc(a.Rules, func(r ruleLine) bool {
				return r.Role == line.Role && r.Clause == line.Clause && slices.Equal(r.States, line.States)
			})
			if at < 0 {
				at = len(a.Rules)
				a.Rules = append(a.Rules, line)
			}
			a.Rules[at].Relations = append(a.Rules[at].Relations, relation)
		}
		if len(a.Rules) > 0 {
			all = append(all, a)
		}
	}
	return all
}

// matrixLine is an action and what each role of the pack may do of it, in the pack's order.
type matrixLine struct {
	Do    policy.Action
	Cells [][]policy.Permission
}

// policyMatrix prints the table of permissions on one sheet.
func (s *Server) policyMatrix(v *visit) error {
	if err := v.actor.Allow(policy.PolicyRead, policy.Scope{}); err != nil {
		return err
	}
	var lines []matrixLine
	for _, do := range policy.Actions {
		l := matrixLine{Do: do, Cells: make([][]policy.Permission, len(v.actor.Pack.Roles))}
		for _, p := range v.actor.Pack.Permissions {
			at := slices.IndexFunc(v.actor.Pack.Roles, func(r policy.RoleName) bool { return r.Role == p.Role })
			if p.Do == do && at >= 0 {
				l.Cells[at] = append(l.Cells[at], p)
			}
		}
		lines = append(lines, l)
	}
	var err error
	if v.signed, err = s.Adoptions.Signatures(v.ctx(), v.actor.Board); err != nil {
		return err
	}
	return v.render(policyMatrixPage(v, lines))
}

func matrixColumns(v *visit) []ui.Column {
	columns := []ui.Column{{Text: v.T("policy.matrix_do")}}
	for _, r := range v.actor.Pack.Roles {
		columns = append(columns, ui.Column{Text: r.Title.In(v.p.Lang)})
	}
	return columns
}

// stateWords are the states of requests as people read them.
func stateWords(v *visit, states []string) []string {
	words := make([]string, len(states))
	for i, state := range states {
		words[i] = v.T("request.state." + state)
	}
	return words
}

// coverageGroup is a section and its rows.
type coverageGroup struct {
	Title string
	Rows  []coverageLine
}

// coverageLine is a row with the clause's own title.
type coverageLine struct {
	policy.CoverageRow
	Title string
}

// counted tells whether the row's figures mean something.
func (l coverageLine) counted() bool {
	return l.Mode != string(policy.Planned) && l.Mode != string(policy.Defines)
}

// coverageTotals are the figures at the head of the page.
type coverageTotals struct {
	All, Running, Clean, Exceptions, Waiting, Planned int
}

func (s *Server) policyCoverage(v *visit) error {
	_, rows, err := policy.Coverage(v.ctx(), s.DB, v.actor)
	if err != nil {
		return err
	}
	if v.signed, err = s.Adoptions.Signatures(v.ctx(), v.actor.Board); err != nil {
		return err
	}
	show := v.query("show")
	shown := map[string]func(policy.CoverageRow) bool{
		"":           func(policy.CoverageRow) bool { return true },
		"exceptions": func(r policy.CoverageRow) bool { return r.Exceptions > 0 },
		"waiting":    func(r policy.CoverageRow) bool { return r.Waiting > 0 },
		"planned":    func(r policy.CoverageRow) bool { return r.Mode == string(policy.Planned) },
	}
	wanted, ok := shown[show]
	if !ok {
		return fault.Missing()
	}
	by := map[string]policy.CoverageRow{}
	totals := coverageTotals{All: len(rows)}
	for _, r := range rows {
		by[r.ID] = r
		switch {
		case shown["planned"](r):
			totals.Planned++
		case r.Exceptions > 0:
			totals.Exceptions++
		default:
			totals.Clean++
		}
		if r.Waiting > 0 {
			totals.Waiting++
		}
	}
	totals.Running = totals.All - totals.Planned
	var groups []coverageGroup
	for _, g := range clauseGroups(v) {
		group := coverageGroup{Title: g.Title}
		for _, c := range g.Clauses {
			if r := by[c.ID]; wanted(r) {
				group.Rows = append(group.Rows, coverageLine{CoverageRow: r, Title: c.Title.In(v.p.Lang)})
			}
		}
		if len(group.Rows) > 0 {
			groups = append(groups, group)
		}
	}
	filters := []ui.Filter{
		{Href: "/policy/coverage", Text: v.T("policy.cover_all"), Count: totals.All, Current: show == ""},
		{Href: "/policy/coverage?show=exceptions", Text: v.T("policy.cover_exceptions"), Count: totals.Exceptions, Current: show == "exceptions"},
		{Href: "/policy/coverage?show=waiting", Text: v.T("policy.cover_waiting"), Count: totals.Waiting, Current: show == "waiting"},
		{Href: "/policy/coverage?show=planned", Text: v.T("policy.cover_planned"), Count: totals.Planned, Current: show == "planned"},
	}
	return v.render(coveragePage(v, totals, filters, groups, s.DB.Clock()))
}

// policyMarks lists the subjects behind the counts of one clause.
func (s *Server) policyMarks(v *visit) error {
	f := policy.SeenFilter{Outcome: policy.Outcome(v.query("show")), After: v.query("after")}
	page, err := policy.Marks(v.ctx(), s.DB, v.actor, v.path("clause"), f)
	if err != nil {
		return err
	}
	subjects := make([]string, len(page.Marks))
	for i, m := range page.Marks {
		subjects[i] = m.Subject
	}
	naming, err := desk.Name(v.ctx(), s.DB, v.actor, subjects, nil)
	if err != nil {
		return err
	}
	here := "/policy/coverage/" + url.PathEscape(page.Row.ID)
	all := page.Row.Conform + page.Row.Exceptions + page.Row.Waiting + page.Row.Before
	filters := []ui.Filter{{Href: here, Text: v.T("policy.marks_all"), Count: int(all), Current: f.Outcome == ""}}
	type count struct {
		outcome policy.Outcome
		n       int64
	}
	counts := []count{{policy.Conform, page.Row.Conform}, {policy.Exception, page.Row.Exceptions}, {policy.Waiting, page.Row.Waiting}}
	if page.Row.Before > 0 {
		counts = append(counts, count{policy.Before, page.Row.Before})
	}
	for _, o := range counts {
		filters = append(filters, ui.Filter{Href: here + "?show=" + string(o.outcome),
			Text: v.T("policy.outcomes." + string(o.outcome)), Count: int(o.n), Current: f.Outcome == o.outcome})
	}
	first, next := "", ""
	if f.After != "" {
		first = here + withQuery("show", string(f.Outcome))
	}
	if page.Next != "" {
		next = here + withQuery("show", string(f.Outcome), "after", page.Next)
	}
	clause, _ := v.actor.Pack.Clause(page.Row.ID) // Marks found it
	return v.render(marksPage(v, clause, page, naming, filters, first, next))
}

// withQuery writes pairs of names and values as the query of an address, the empty ones left out.
func withQuery(pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// modeIcon is the icon of what the system does for a clause.
func modeIcon(mode string) string {
	switch policy.Mode(mode) {
	case policy.Defines:
		return "book"
	case policy.Enforces:
		return "shield-check"
	case policy.Monitors:
		return "eye"
	case policy.Records:
		return "journal-check"
	default:
		return "calendar-event"
	}
}

// outcomeLook is the tone and the icon of what a control saw.
func outcomeLook(o policy.Outcome) (ui.Tone, string) {
	switch o {
	case policy.Conform:
		return ui.OK, "check-circle-fill"
	case policy.Exception:
		return ui.Stop, "exclamation-circle-fill"
	case policy.Before:
		return ui.Plain, "archive"
	default:
		return ui.Wait, "hourglass-split"
	}
}

// subjectText says what a mark or a record is about.
func subjectText(v *visit, s desk.Subject) string {
	key := "subject." + s.Kind
	if !v.p.Has(key) {
		return v.T("subject.other")
	}
	switch {
	case s.Number != "":
		return v.T(key+"_named", s.Number, s.Name)
	case s.Name != "":
		return v.T(key+"_named", s.Name)
	}
	return v.T(key)
}

// share is a part of the whole as a width of a bar.
func share(n, all int) string {
	if all == 0 {
		return "0%"
	}
	return strconv.FormatFloat(float64(n)*100/float64(all), 'f', 1, 64) + "%"
}

// leads tells whether the door has the page of such an address.
func (v *visit) leads(href string) bool {
	path, _, _ := strings.Cut(href, "?")
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(parts) == 1 {
		return v.s.pages["GET /"+parts[0]]
	}
	return v.s.pages["GET /"+parts[0]+"/{id}"]
}
