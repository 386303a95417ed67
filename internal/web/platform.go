package web

import (
	"net/url"
	"slices"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/decision"
	"aval/internal/desk"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/usage"
	"aval/internal/web/ui"
)

// listSize is how many platforms a page of the catalogue shows.
const listSize = 100

// platforms is the catalogue's list; with something typed, what is known before anyone asks.
func (s *Server) platforms(v *visit) error {
	if v.r.URL.Query().Has("q") {
		return s.before(v, v.query("q"))
	}
	f := catalogue.Filter{Status: catalogue.Status(v.query("status")), After: catalogue.ID(v.query("after")), Limit: listSize}
	if f.Status != "" && !f.Status.Valid() {
		return fault.Missing()
	}
	page, err := s.Catalogue.Page(v.ctx(), v.actor, f)
	if err != nil {
		return err
	}
	return v.render(platformListPage(v, f, page))
}

func (v *visit) platformFilters(f catalogue.Filter) []ui.Filter {
	filters := []ui.Filter{{Href: "/platforms", Text: v.T("list.all"), Count: -1, Current: f.Status == ""}}
	for _, status := range catalogue.Statuses {
		filters = append(filters, ui.Filter{Href: "/platforms?status=" + string(status),
			Text: v.T("platform.filter." + string(status)), Count: -1, Current: f.Status == status})
	}
	return filters
}

// platformsAfter is the address of the page that follows.
func platformsAfter(f catalogue.Filter, next catalogue.ID) string {
	if next == "" {
		return ""
	}
	q := url.Values{"after": {string(next)}}
	if f.Status != "" {
		q.Set("status", string(f.Status))
	}
	return "/platforms?" + q.Encode()
}

// platformsBefore is the address of the list's first page, from one that follows it.
func platformsBefore(f catalogue.Filter) string {
	switch {
	case f.After == "":
		return ""
	case f.Status != "":
		return "/platforms?status=" + string(f.Status)
	}
	return "/platforms"
}

// firstOf cuts a list short.
func firstOf(words []string, n int) []string {
	if len(words) > n {
		return append(slices.Clone(words[:n]), "…")
	}
	return words
}

// seats says how many may use a licence.
func (v *visit) seats(l licence.Licence) string {
	if l.Seats == 0 {
		return v.T("platform.seats_any")
	}
	return v.p.Int(l.Seats)
}

// ---- before asking

// beforeView is what is known of what somebody typed, before they ask.
type beforeView struct {
	Typed    string
	Meant    *catalogue.Platform // the platform that bears that name; nil when none does
	Sure     bool                // it bears it letter for letter, accents and case aside
	Answer   licence.Answer
	Standing *desk.Standing
	Nearest  *catalogue.Match // the approved platform that comes nearest, one that may be used now first
	Ready    licence.Answer   // what is known of the nearest
	Hits     []catalogue.Hit  // what else was found
	Stand    map[catalogue.ID]licence.Standing
	Pace     request.Clock
}

func (s *Server) before(v *visit, typed string) error {
	b := beforeView{Typed: typed}
	hits, err := s.Catalogue.Search(v.ctx(), v.actor, typed)
	if err != nil {
		return err
	}
	if b.Pace, err = s.Requests.Pace(v.ctx(), v.actor); err != nil {
		return err
	}
	if len(hits) > 0 && named(hits[0].Why) {
		b.Meant, b.Sure = &hits[0].Platform, db.Fold(hits[0].Platform.Name) == db.Fold(typed)
		hits = hits[1:]
		if err := s.known(v, &b); err != nil {
			return err
		}
	}
	b.Hits = hits
	ids := make([]catalogue.ID, len(hits))
	for i, h := range hits {
		ids[i] = h.Platform.ID
	}
	if b.Stand, err = s.Licences.Standings(v.ctx(), v.actor, ids); err != nil {
		return err
	}
	return v.render(beforePage(v, b))
}

// named tells that a platform was found by what it is called, not by what it does.
func named(why catalogue.Why) bool {
	return why == catalogue.ByName || why == catalogue.ByAlias || why == catalogue.ByDomain
}

// known reads what is known of the platform that was meant.
func (s *Server) known(v *visit, b *beforeView) (err error) {
	if b.Answer, err = s.Licences.Answer(v.ctx(), v.actor, b.Meant.ID); err != nil {
		return err
	}
	if b.Standing, err = s.desk.Standing(v.ctx(), v.actor, b.Meant.ID); err != nil {
		return err
	}
	similar := b.Answer.Similar
	if len(similar) == 0 {
		return nil
	}
	ids := make([]catalogue.ID, len(similar))
	for i, m := range similar {
		ids[i] = m.Platform.ID
	}
	by, err := s.Licences.Standings(v.ctx(), v.actor, ids)
	if err != nil {
		return err
	}
	at := max(slices.IndexFunc(similar, func(m catalogue.Match) bool {
		return by[m.Platform.ID] == licence.Licensed && (desk.Near(m) || len(m.Shared) == len(similar[0].Shared))
	}), 0)
	b.Nearest = &similar[at]
	b.Ready, err = s.Licences.Answer(v.ctx(), v.actor, b.Nearest.Platform.ID)
	return err
}

// kind names the answer.
func (b beforeView) kind() string {
	switch {
	case b.Meant == nil && len(b.Hits) > 0:
		return "suggest"
	case b.Meant == nil:
		return "none"
	case b.Answer.Standing == licence.Licensed:
		return "licensed"
	case b.Standing != nil && b.Standing.Mine:
		return "mine"
	case b.Standing != nil:
		return "join"
	case b.Answer.Standing == licence.ApprovedElsewhere:
		return "approved"
	case b.Ready.Standing == licence.Licensed && desk.Near(*b.Nearest):
		return "similar"
	case b.Answer.Standing == licence.Refused:
		return "refused"
	}
	return "unknown"
}

// title is the answer, in a sentence.
func (b beforeView) title(v *visit) string {
	switch b.kind() {
	case "suggest":
		return v.p.N("before.suggest", len(b.Hits), b.Typed)
	case "none":
		return v.T("before.none", b.Typed)
	case "similar":
		if len(b.Nearest.Missing) == 0 {
			return v.T("before.similar_all", b.Nearest.Platform.Name, b.Meant.Name)
		}
		return v.T("before.similar", b.Nearest.Platform.Name, len(b.Nearest.Shared), b.Nearest.Total, b.Meant.Name)
	case "refused":
		return v.T("before.refused", b.Meant.Name, b.Meant.DecidedAt)
	}
	return v.T("before."+b.kind(), b.Meant.Name)
}

// says is the sentence under the answer.
func (b beforeView) says(v *visit) string {
	switch b.kind() {
	case "similar":
		if b.Meant.Status == catalogue.Refused {
			return v.T("before.says.similar_refused", b.Meant.Name, b.Nearest.Platform.Name)
		}
		return v.T("before.says.similar", b.Meant.Name, b.Nearest.Platform.Name)
	case "mine", "join":
		return v.T("before.says."+b.kind(), b.Standing.Number, v.T("request.state."+string(b.Standing.State)))
	}
	return v.T("before.says." + b.kind())
}

// ready is the platform that may be used now, and what is known of it.
func (b beforeView) ready() *licence.Answer {
	switch b.kind() {
	case "licensed":
		return &b.Answer
	case "similar":
		return &b.Ready
	}
	return nil
}

// asks tells whether the visitor may ask for what was typed: unless it needs no request or one stands.
func (b beforeView) asks(v *visit) bool {
	switch b.kind() {
	case "licensed", "mine", "join":
		return false
	}
	return v.may(policy.RequestCreate)
}

// askAt is the address of the form that asks for a platform, or for a name that is not in the catalogue.
func askAt(p *catalogue.Platform, typed string) string {
	if p != nil {
		return "/requests/new?" + url.Values{"platform": {string(p.ID)}}.Encode()
	}
	return "/requests/new?" + url.Values{"name": {typed}}.Encode()
}

// badge is how a platform stands for the visitor.
func (v *visit) badge(s licence.Standing, p catalogue.Platform) (tone ui.Tone, icon, word string) {
	switch s {
	case licence.Licensed:
		return ui.OK, "check-circle-fill", v.T("before.badge.licensed")
	case licence.ApprovedElsewhere:
		return ui.Info, "list-check", v.T("before.badge.approved")
	}
	return v.statusLook(p)
}

// statusLook is the badge of a platform's result.
func (v *visit) statusLook(p catalogue.Platform) (tone ui.Tone, icon, word string) {
	word = v.T("catalogue.status." + string(p.Status))
	if p.Status == catalogue.Unknown {
		return ui.Plain, "circle", word
	}
	tone, icon = ui.Look(string(p.Status))
	return tone, icon, word
}

// licenceText says for whom a licence is, and until when.
func (v *visit) licenceText(l licence.Licence, orgs map[string]string) string {
	if name := orgs[l.OrgID]; name != "" {
		return v.T("platform.licence_at", name, v.p.Day(l.Last()))
	}
	return v.T("platform.licence."+string(l.Scope), v.p.Day(l.Last()))
}

// ---- one platform

// platformView is what the board knows of a platform.
type platformView struct {
	catalogue.Platform
	Answer   licence.Answer
	Standing *desk.Standing
	Licences []licence.Licence
	Orgs     map[string]string
	Asked    []desk.Line
	Letter   bool // its decision may be read by the visitor
	Reports  []usage.Report
}

func (s *Server) platform(v *visit) (err error) {
	var shown platformView
	if shown.Platform, err = s.Catalogue.Platform(v.ctx(), v.actor, catalogue.ID(v.path("id"))); err != nil {
		return err
	}
	id := shown.ID
	if shown.Answer, err = s.Licences.Answer(v.ctx(), v.actor, id); err != nil {
		return err
	}
	if shown.Standing, err = s.desk.Standing(v.ctx(), v.actor, id); err != nil {
		return err
	}
	if shown.Licences, err = s.Licences.List(v.ctx(), v.actor, id); err != nil {
		return err
	}
	var orgs []string
	for _, l := range shown.Licences {
		orgs = append(orgs, l.OrgID)
	}
	if shown.Orgs, err = s.desk.Names(v.ctx(), v.actor, orgs...); err != nil {
		return err
	}
	if shown.Asked, err = s.desk.Asked(v.ctx(), v.actor, id); err != nil {
		return err
	}
	if shown.DecisionID != "" {
		_, err := s.Decisions.View(v.ctx(), v.actor, decision.ID(shown.DecisionID))
		if _, refused := fault.As(err); err != nil && !refused {
			return err
		}
		shown.Letter = err == nil
	}
	if shown.Reports, err = s.Usage.Reports(v.ctx(), v.actor, id); err != nil {
		return err
	}
	return v.render(platformPage(v, shown))
}

// says is what the board's knowledge means for the visitor.
func (p platformView) says(v *visit) string {
	switch p.Answer.Standing {
	case licence.Licensed:
		return v.T("before.licensed", p.Name)
	case licence.ApprovedElsewhere:
		return v.T("before.approved", p.Name)
	case licence.Refused:
		return v.T("before.refused", p.Name, p.DecidedAt)
	}
	return v.T("before.unknown", p.Name)
}

// asks tells whether the visitor may ask for it.
func (p platformView) asks(v *visit) bool {
	return p.Answer.Standing != licence.Licensed && p.Standing == nil && v.may(policy.RequestCreate)
}
