package web

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"aval/internal/catalogue"
	"aval/internal/decision"
	"aval/internal/desk"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/web/ui"
)

// requestRoutes are the pages of who asks, authorises and passes on.
func (s *Server) requestRoutes() []route {
	return []route{
		{pattern: "GET /desk", need: signedIn, do: s.deskHome},
		{pattern: "GET /platforms", need: policy.CatalogueRead, do: s.platforms},
		{pattern: "GET /platforms/{id}", need: policy.CatalogueRead, do: s.platform},
		{pattern: "GET /requests", need: policy.RequestRead, do: s.requestList},
		{pattern: "GET /requests/new", need: policy.RequestCreate, do: s.requestNew},
		{pattern: "POST /requests", need: policy.RequestCreate, do: s.requestCreate, form: s.requestNew},
		{pattern: "GET /requests/{id}", need: policy.RequestRead, do: s.requestView},
		{pattern: "GET /requests/{id}/edit", need: policy.RequestEdit, do: s.requestEditForm},
		{pattern: "POST /requests/{id}/edit", need: policy.RequestEdit, do: s.requestEdit, form: s.requestEditForm},
		{pattern: "POST /requests/{id}/submit", need: policy.RequestSubmit, do: s.requestSubmit, form: s.requestEditForm},
		{pattern: "POST /requests/{id}/join", need: policy.RequestJoin, do: s.requestJoin},
		{pattern: "POST /requests/{id}/withdraw", need: policy.RequestWithdraw, do: s.requestWithdraw},
		{pattern: "POST /requests/{id}/acknowledge", need: policy.RequestAcknowledge, do: s.requestAcknowledge},
		{pattern: "GET /requests/{id}/authorise", need: policy.RequestAuthorise, do: s.requestAuthoriseForm},
		{pattern: "POST /requests/{id}/authorise", need: policy.RequestAuthorise, do: s.requestAuthorise, form: s.requestAuthoriseForm},
		{pattern: "GET /redirect", need: policy.RequestRedirect, do: s.redirectForm},
		{pattern: "POST /redirect", need: policy.RequestRedirect, do: s.redirect, form: s.redirectForm},
		{pattern: "GET /delegations", need: policy.DelegationCreate, do: s.delegations},
		{pattern: "POST /delegations", need: policy.DelegationCreate, do: s.delegate, form: s.delegations},
		{pattern: "POST /delegations/{id}/end", need: policy.DelegationCreate, do: s.delegationEnd},
	}
}

// requestAt is the address of a request's page.
func requestAt(id request.ID) string { return "/requests/" + string(id) }

// ---- the list

func (s *Server) requestList(v *visit) error {
	f := request.Filter{State: request.State(v.query("state")), Mine: v.query("mine") != "", After: v.query("after")}
	if f.State != "" && !f.State.Valid() {
		return fault.Missing()
	}
	page, err := s.Requests.List(v.ctx(), v.actor, f)
	if err != nil {
		return err
	}
	return v.render(requestListPage(v, f, page))
}

func (v *visit) requestFilters(f request.Filter) []ui.Filter {
	filters := []ui.Filter{{Href: "/requests", Text: v.T("list.all"), Count: -1, Current: f.State == "" && !f.Mine}}
	if v.may(policy.RequestCreate) {
		filters = append(filters, ui.Filter{Href: "/requests?mine=1", Text: v.T("request.mine"), Count: -1, Current: f.Mine})
	}
	for _, state := range v.seenStates() {
		filters = append(filters, ui.Filter{Href: "/requests?state=" + string(state), Text: v.T("request.state." + string(state)),
			Count: -1, Current: f.State == state})
	}
	return filters
}

// seenStates are those in which the visitor may see a request at all.
func (v *visit) seenStates() []request.State {
	rules := v.actor.Reach(policy.RequestRead).Rules
	return slices.DeleteFunc(slices.Clone(request.States), func(state request.State) bool {
		return !slices.ContainsFunc(rules, func(r policy.ReachRule) bool {
			return len(r.States) == 0 || slices.Contains(r.States, string(state))
		})
	})
}

func (v *visit) requestColumns() []ui.Column {
	return []ui.Column{{Text: v.T("list.platform")}, {Text: v.T("list.number")}, {Text: v.T("list.org")},
		{Text: v.T("list.author")}, {Text: v.T("list.state")}, {Text: v.T("list.when")}}
}

func (v *visit) requestLines(items []request.Item) []ui.Line {
	lines := make([]ui.Line, 0, len(items))
	for _, r := range items {
		tone, icon, state := v.stateLook(string(r.State), r.Result)
		lines = append(lines, ui.Line{Href: requestAt(r.ID), Name: r.Platform, Entries: []ui.Entry{
			{Text: r.Number, Whole: true}, {Text: r.Org}, {Text: r.Author}, {Text: state, Tone: tone, Icon: icon},
			{Text: v.p.Date(r.StateAt)}}})
	}
	return lines
}

// requestsAfter is the address of the page that follows.
func requestsAfter(f request.Filter, next string) string {
	if next == "" {
		return ""
	}
	to := "/requests?"
	if f.Mine {
		to += "mine=1&"
	}
	if f.State != "" {
		to += "state=" + string(f.State) + "&"
	}
	return to + "after=" + next
}

// ---- one request

// requestDetail is a request with its decision, once the reader may know it.
type requestDetail struct {
	request.Detail
	Letter *decision.View
}

func (s *Server) requestView(v *visit) error {
	d, err := s.Requests.View(v.ctx(), v.actor, request.ID(v.path("id")))
	if err != nil {
		return err
	}
	v.under(d.Pack)
	shown := requestDetail{Detail: d}
	if d.State == request.Decided {
		letter, err := s.Decisions.ForRequest(v.ctx(), v.actor, d.ID)
		switch _, refused := fault.As(err); {
		case err == nil:
			shown.Letter = &letter
		case !refused: // who may not read the letter reads the rest
			return err
		}
	}
	return v.render(requestPage(v, shown))
}

// look is the badge of a request: its state, or the result once it is decided.
func (d requestDetail) look(v *visit) (tone ui.Tone, icon, word string) {
	var result catalogue.Status
	if d.Letter != nil {
		result = catalogue.Status(d.Letter.Decision.Overall)
	}
	return v.stateLook(string(d.State), result)
}

// steps puts the path of a request in words.
func (d requestDetail) steps(v *visit) []ui.Step {
	shown := make([]ui.Step, 0, len(d.Steps))
	for i, one := range d.Steps {
		step := ui.Step{Number: i + 1, Clause: one.Clause, State: ui.Next, Title: v.T(d.word("request.step.", one.Key))}
		switch {
		case one.Now && !one.Done && d.State == request.Returned:
			step.State, step.Title, step.Clause = ui.Back, v.T("request.state.returned"), "2.2b"
			step.Text = v.p.Date(one.At) + ". " + v.quoted(d.Reason)
		case one.Now && !one.Done:
			step.State, step.Title = ui.Now, v.T(d.word("list.now.", one.Key))
			step.Text = v.T("list.since", one.At)
		case one.Done:
			step.State, step.Text = ui.Done, v.p.Date(one.At)
			if one.Key == "refused" || one.Key == "withdrawn" {
				step.State = ui.Back
			}
			if one.By != "" {
				step.Text = v.T("list.by", one.At, one.By)
			}
			if one.Note != "" {
				step.Text += ". " + v.quoted(one.Note)
			}
		}
		shown = append(shown, step)
	}
	return shown
}

// word is the key of a step; a department's has its own where the words differ.
func (d requestDetail) word(prefix, key string) string {
	if key == "authorised" && d.OrgKind == "department" {
		return prefix + "authorised.department"
	}
	return prefix + key
}

// quoted puts what a person wrote between the quotation marks of the language.
func (v *visit) quoted(text string) string {
	if text == "" {
		return ""
	}
	return v.T("list.quoted", text)
}

// clock is what the honest clock says of a request.
func (d requestDetail) clock(v *visit) ui.Time {
	return ui.Time{Days: d.Clock.Age, Half: d.Clock.Median, Most: d.Clock.P90, Closed: d.Clock.Closed, Enough: !d.Clock.TooFew,
		Holder: v.with(d.Clock.Holder)}
}

// with says whom a request is with: « chez Joël Thiffault, à la direction de l’école ».
func (v *visit) with(h request.Holder) string {
	if h.Role == "" {
		return ""
	}
	if len(h.Names) == 0 {
		return v.T("with.nobody", v.actor.Pack.RoleTitle(h.Role).In(v.p.Lang))
	}
	names := strings.Join(h.Names[:min(len(h.Names), 2)], ", ")
	if more := len(h.Names) - 2; more > 0 {
		names = v.p.N("with.more", more, names)
	}
	key := "with." + string(h.Role)
	if !v.p.Has(key) {
		key = "with.author"
	}
	return v.T(key, names)
}

// capital writes the first letter large.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// opening makes a sentence of words: its first letter large, and its full stop.
func opening(s string) string {
	if s == "" {
		return ""
	}
	return capital(s) + "."
}

// subjects are those whose data a request is about.
func (v *visit) subjects(codes []string) string {
	titles := make([]string, len(codes))
	for i, code := range codes {
		subject, _ := v.actor.Pack.DataSubject(code)
		titles[i] = subject.Title.In(v.p.Lang)
	}
	return strings.Join(titles, ", ")
}

// dataKinds names what a platform wants to know of pupils.
func (v *visit) dataKinds(codes []string) string {
	var words []string
	for _, code := range codes {
		if kind, ok := v.policy().DataKind(code); ok {
			words = append(words, kind.Title.In(v.p.Lang))
		}
	}
	return strings.Join(words, ", ")
}

// functions names what a platform does.
func (v *visit) functions(codes []string) []string {
	var words []string
	for _, code := range codes {
		if f, ok := v.actor.Pack.Function(code); ok {
			words = append(words, f.Title.In(v.p.Lang))
		}
	}
	slices.Sort(words)
	return words
}

// ---- what is done to a request

func (s *Server) requestJoin(v *visit) error {
	r, err := s.Requests.Join(v.ctx(), v.actor, request.ID(v.path("id")))
	if err != nil {
		return err
	}
	v.flash("request.joined")
	return v.redirect(requestAt(r.ID))
}

func (s *Server) requestWithdraw(v *visit) error {
	r, err := s.Requests.Withdraw(v.ctx(), v.actor, request.ID(v.path("id")))
	if err != nil {
		return err
	}
	v.flash("request.withdrawn")
	return v.redirect(requestAt(r.ID))
}

func (s *Server) requestAcknowledge(v *visit) error {
	r, err := s.Requests.Acknowledge(v.ctx(), v.actor, request.ID(v.path("id")))
	if err != nil {
		return err
	}
	v.flash("request.acknowledged")
	return v.redirect(requestAt(r.ID))
}

// ---- the authorisation

func (s *Server) requestAuthoriseForm(v *visit) error {
	id := request.ID(v.path("id"))
	d, err := s.Requests.View(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	v.under(d.Pack)
	w, err := s.desk.Weigh(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	if !d.May.Authorise && v.refused == nil { // answered meanwhile, or the actor's own
		return v.redirect(requestAt(id))
	}
	return v.render(requestAuthorisePage(v, d, w))
}

func (s *Server) requestAuthorise(v *visit) (err error) {
	id, reason, said := request.ID(v.path("id")), v.form("reason"), ""
	switch v.form("answer") {
	case "authorise":
		_, err = s.Requests.Authorise(v.ctx(), v.actor, id, reason)
		said = "request.authorised"
	case "return":
		_, err = s.Requests.Return(v.ctx(), v.actor, id, reason)
		said = "request.returned"
	case "refuse":
		_, err = s.Requests.Refuse(v.ctx(), v.actor, id, reason)
		said = "request.refused"
	default:
		err = fault.Form(map[string]string{"answer": "authorise.answer_required"})
	}
	if err != nil {
		return err
	}
	v.flash(said)
	return v.redirect(requestAt(id))
}

// weight is the sentence that an authorisation page begins with.
func (v *visit) weight(w desk.Weight) string {
	if w.Nearest == nil {
		if w.Pupils == 0 {
			return v.T("authorise.does_none")
		}
		return v.p.N("authorise.alone", w.Pupils)
	}
	m := *w.Nearest
	switch {
	case w.Pupils == 0 && len(m.Missing) == 0:
		return v.T("authorise.does_all", m.Platform.Name)
	case w.Pupils == 0:
		return v.T("authorise.does", m.Platform.Name, len(m.Shared), m.Total)
	case w.Covered && len(m.Missing) == 0:
		return v.p.N("authorise.covered_all", w.Pupils, m.Platform.Name)
	case w.Covered:
		return v.p.N("authorise.covered", w.Pupils, m.Platform.Name, len(m.Shared), m.Total)
	case len(m.Missing) == 0:
		return v.p.N("authorise.near_all", w.Pupils, m.Platform.Name)
	}
	return v.p.N("authorise.near", w.Pupils, m.Platform.Name, len(m.Shared), m.Total)
}

// ---- what the IT service passes on

func (s *Server) redirectForm(v *visit) error {
	places, err := s.desk.Places(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	options := []ui.Option{{Text: v.T("ask.choose")}}
	for _, p := range places {
		options = append(options, ui.Option{Value: p.ID, Text: p.Name, Chosen: v.chosen("org", p.ID, false)})
	}
	return v.render(redirectPage(v, options))
}

func (s *Server) redirect(v *visit) error {
	r, err := s.Requests.Redirect(v.ctx(), v.actor, request.Passed{
		PlatformID: catalogue.ID(v.form("platform_id")), PlatformName: v.form("platform"), URL: v.form("url"),
		Org: v.form("org"), Note: v.form("note"),
	})
	if err != nil {
		return err
	}
	v.flash("request.redirected")
	return v.redirect(requestAt(r.ID))
}

// ---- words and pieces of these pages

// dots is how many pupils of a class are drawn.
const dots = 40

// stateLook is the badge of a state, or of the result once it is decided and known.
func (v *visit) stateLook(state string, result catalogue.Status) (tone ui.Tone, icon, word string) {
	if result != "" {
		tone, icon = ui.Look(string(result))
		return tone, icon, v.T("catalogue.status." + string(result))
	}
	tone, icon = ui.Look(state)
	if state == string(request.Decided) {
		tone, icon = ui.Plain, "check-lg"
	}
	return tone, icon, v.T("request.state." + state)
}

// conditions are those of the decision, one by one.
func (d requestDetail) conditions() []string {
	return append(d.Letter.Decision.Use.List(), d.Letter.Decision.Security.List()...)
}

// pupils says who would use the platform.
func (v *visit) pupils(d request.Detail) string {
	count := v.p.N("desk.pupils", int(d.Pupils))
	var rooms []string
	for _, c := range d.Rooms {
		rooms = append(rooms, c.Title)
	}
	if len(rooms) == 0 {
		if d.Pupils == 0 {
			return v.T("authorise.unsaid")
		}
		return count
	}
	return v.T("list.rooms", count, strings.Join(rooms, ", "))
}

// compareAt is the page that sets a platform beside those that are approved.
func compareAt(name string) string { return "/platforms?" + url.Values{"q": {name}}.Encode() }

// lacks names what the nearest platform does not do.
func (v *visit) lacks(w desk.Weight) string {
	return strings.Join(v.functions(w.Nearest.Missing), ", ")
}

func (v *visit) answerInput() ui.Input {
	f := v.input("answer", "authorise.answer", "authorise.means", "")
	f.Large = true
	return f
}

// answers are what may be answered to a request; one that the IT service passed on cannot go back to it.
func (v *visit) answers(d request.Detail) []ui.Option {
	options := []ui.Option{{Value: "authorise", Text: v.T("authorise.authorise")}}
	if d.May.Return || !d.May.Authorise {
		options = append(options, ui.Option{Value: "return", Text: v.T("authorise.return", d.Author)})
	}
	options = append(options, ui.Option{Value: "refuse", Text: v.T("authorise.refuse")})
	for i := range options {
		options[i].Chosen = v.chosen("answer", options[i].Value, false)
	}
	return options
}

// buyClause is the clause by which nothing is bought before the decision.
func buyClause(d request.Detail) string {
	if d.OrgKind == "department" {
		return "6.6a"
	}
	return "6.3b"
}

// requestsBefore is the address of the list's first page, from one that follows it.
func requestsBefore(f request.Filter) string {
	switch {
	case f.After == "":
		return ""
	case f.Mine:
		return "/requests?mine=1"
	case f.State != "":
		return "/requests?state=" + string(f.State)
	}
	return "/requests"
}

// sub says how much the form asks.
func (f requestForm) sub(v *visit) string {
	if f.Short {
		return v.T("ask.sub_short")
	}
	return v.T("ask.sub")
}

// missing asks what the approved platform that resembles it does not do.
func (f requestForm) missing(v *visit) ui.Input {
	in := v.input("missing", "request.field.missing", "", f.Kept.Missing)
	if f.Nearest != "" {
		in.Label = v.T("ask.missing", f.Nearest)
		in.Hint = v.T("ask.missing_hint")
	}
	return in
}

func rows(f ui.Input, n int) ui.Input {
	f.Rows = n
	return f
}

func dated(f ui.Input) ui.Input {
	f.Type = "date"
	return f
}

func mayBeEmpty(f ui.Input) ui.Input {
	f.Optional = true
	return f
}

func resting(f ui.Input, clause string) ui.Input {
	f.Clause = clause
	return f
}
