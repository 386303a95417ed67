package web

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"

	"aval/internal/desk"
	"aval/internal/fault"
	"aval/internal/governance"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// governanceRoutes are the pages on what stands around the policy.
func (s *Server) governanceRoutes() []route {
	return []route{
		{pattern: "GET /governance", need: policy.GovernanceRead, do: s.governance},
		{pattern: "GET /governance/new", need: policy.GovernanceRecord, do: s.actForm},
		{pattern: "POST /governance/new", need: policy.GovernanceRecord, do: s.actRecord, form: s.actForm, limit: proofLimit},
		{pattern: "GET /governance/{id}", need: policy.GovernanceRead, do: s.act},
		{pattern: "GET /governance/{id}/file", need: policy.GovernanceRead, do: s.actFile},
		{pattern: "POST /governance/{id}/end", need: policy.GovernanceRecord, do: s.actEnd, form: s.act},
		{pattern: "GET /official", need: policy.PolicyRead, do: s.officials},
		{pattern: "POST /official", need: policy.OfficialUpload, do: s.officialKeep, form: s.officials, limit: proofLimit},
		{pattern: "GET /official/{id}", need: policy.PolicyRead, do: s.official},
		{pattern: "GET /interpretations", need: policy.PolicyRead, do: s.interpretations},
		{pattern: "GET /interpretations/new", need: policy.InterpretationWrite, do: s.interpretationForm},
		{pattern: "POST /interpretations/new", need: policy.InterpretationWrite, do: s.interpret, form: s.interpretationForm},
		{pattern: "GET /interpretations/{id}", need: policy.PolicyRead, do: s.interpretation},
		{pattern: "POST /interpretations/{id}/withdraw", need: policy.InterpretationWrite, do: s.interpretationWithdraw, form: s.interpretation},
		{pattern: "GET /attestations", need: policy.AttestationRead, do: s.attestations},
		{pattern: "POST /attestations", need: policy.AttestationSign, do: s.attest, form: s.attestations},
		{pattern: "GET /policy/trace", need: policy.CoverageRead, do: s.policyTrace},
		{pattern: "GET /policy/report", need: policy.GovernanceRead, do: s.reports},
		{pattern: "GET /policy/report/{year}", need: policy.GovernanceRead, do: s.report},
	}
}

func actAt(id governance.ID) string { return "/governance/" + string(id) }

func (s *Server) governance(v *visit) error {
	o, err := s.Governance.Overview(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(governancePage(v, o))
}

// actForm asks what the chosen kind of act must say.
func (s *Server) actForm(v *visit) error {
	if err := v.actor.Allow(policy.GovernanceRecord, policy.Scope{}); err != nil {
		return err
	}
	code := v.query("kind")
	if v.refused != nil {
		code = v.form("kind")
	}
	kinds := governance.KindsOf(v.actor.Pack)
	at := slices.IndexFunc(kinds, func(k governance.Kind) bool { return k.Code == code })
	if at < 0 {
		return v.render(actKindsPage(v, kinds))
	}
	return v.render(actFormPage(v, kinds[at]))
}

func (s *Server) actRecord(v *visit) error {
	if !slices.ContainsFunc(governance.KindsOf(v.actor.Pack), func(k governance.Kind) bool { return k.Code == v.form("kind") }) {
		return fault.Missing() // the page names it, not the person
	}
	paper, shut, err := v.sentFile()
	if err != nil {
		return err
	}
	defer shut()
	a, err := s.Governance.Record(v.ctx(), v.actor, governance.Act{Kind: v.form("kind"), On: v.form("done_on"), Who: v.form("who"),
		Reference: v.form("reference"), Note: v.form("note"), DueOn: v.form("due_on")}, paper)
	if err != nil {
		return err
	}
	v.flash("governance.page.recorded")
	return v.redirect(actAt(a.ID))
}

// sentFile is the file of a form in its field « file », or none; who calls shuts it.
func (v *visit) sentFile() (u governance.Upload, shut func(), err error) {
	file, head, err := v.r.FormFile("file")
	switch {
	case err == nil:
		return governance.Upload{Name: head.Filename, Media: head.Header.Get("Content-Type"), Content: file}, func() { _ = file.Close() }, nil // read whole, or refused
	case !errors.Is(err, http.ErrMissingFile) && !errors.Is(err, http.ErrNotMultipart):
		return u, nil, unreadable(err)
	}
	return u, func() {}, nil
}

func (s *Server) act(v *visit) error {
	a, people, err := s.Governance.Act(v.ctx(), v.actor, governance.ID(v.path("id")))
	if err != nil {
		return err
	}
	return v.render(actPage(v, a, people))
}

// actFile gives the file of an act, never to be opened in place.
func (s *Server) actFile(v *visit) error {
	f, content, err := s.Governance.Paper(v.ctx(), v.actor, governance.ID(v.path("id")))
	if err != nil {
		return err
	}
	return v.sendFile(f, content)
}

func (v *visit) sendFile(f governance.File, content io.ReadCloser) error {
	defer func() { _ = content.Close() }() // read whole, or not sent
	data, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	return v.send(f.Name, f.Media, data)
}

func (s *Server) actEnd(v *visit) error {
	a, err := s.Governance.End(v.ctx(), v.actor, governance.ID(v.path("id")), v.form("ended_on"), v.form("why"))
	if err != nil {
		return err
	}
	v.flash("governance.page.ended")
	return v.redirect(actAt(a.ID))
}

// ---- the official text

func (s *Server) officials(v *visit) error {
	kept, err := s.Governance.Officials(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(officialPage(v, kept))
}

func (s *Server) officialKeep(v *visit) error {
	paper, shut, err := v.sentFile()
	if err != nil {
		return err
	}
	defer shut()
	o, err := s.Governance.KeepOfficial(v.ctx(), v.actor, governance.Official{Label: v.form("label"), Lang: v.form("lang"),
		InForceOn: v.form("in_force_on")}, v.form("pages"), paper)
	if err != nil {
		return err
	}
	v.flash("governance.official.kept", o.Label)
	return v.redirect("/official")
}

func (s *Server) official(v *visit) error {
	o, content, err := s.Governance.Official(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	return v.sendFile(o.File, content)
}

// around is what stands beside the clauses of the policy: the official texts in
// force, and how clauses are understood.
type around struct {
	Official       []governance.Official // one a language, the visitor's first
	Interpretation map[string][]governance.Interpretation
	Target         string
}

func (s *Server) aroundPolicy(v *visit) (a around, err error) {
	kept, err := s.Governance.Officials(v.ctx(), v.actor)
	if err != nil {
		return a, err
	}
	for _, lang := range []string{v.p.Lang, v.p.Other()} {
		if o, found := governance.Current(kept, lang, v.today()); found {
			a.Official = append(a.Official, o)
		}
	}
	all, _, err := s.Governance.Interpretations(v.ctx(), v.actor)
	if err != nil {
		return a, err
	}
	a.Interpretation = map[string][]governance.Interpretation{}
	for _, i := range all {
		if i.Stands() {
			a.Interpretation[i.Clause] = append(a.Interpretation[i.Clause], i)
		}
	}
	a.Target, err = s.Governance.Target(v.ctx(), v.actor)
	return a, err
}

// ---- how clauses are understood

func (s *Server) interpretations(v *visit) error {
	all, people, err := s.Governance.Interpretations(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(interpretationsPage(v, all, people))
}

// interpretationOf finds the one that the address names.
func (s *Server) interpretationOf(v *visit, id string) (i governance.Interpretation, people map[string]string, err error) {
	all, people, err := s.Governance.Interpretations(v.ctx(), v.actor)
	if err != nil {
		return i, nil, err
	}
	at := slices.IndexFunc(all, func(i governance.Interpretation) bool { return i.ID == id })
	if at < 0 {
		return i, nil, fault.Missing()
	}
	return all[at], people, nil
}

func (s *Server) interpretation(v *visit) error {
	i, people, err := s.interpretationOf(v, v.path("id"))
	if err != nil {
		return err
	}
	return v.render(interpretationPage(v, i, people))
}

func (s *Server) interpretationForm(v *visit) error {
	if err := v.actor.Allow(policy.InterpretationWrite, policy.Scope{}); err != nil {
		return err
	}
	kept := governance.Interpretation{Clause: v.query("clause"), GivenOn: v.today()}
	replaces := v.query("replaces")
	if v.refused != nil {
		replaces = v.form("replaces")
	}
	if replaces != "" {
		former, _, err := s.interpretationOf(v, replaces)
		if err != nil {
			return err
		}
		kept.Clause, kept.QuestionFr, kept.QuestionEn = former.Clause, former.QuestionFr, former.QuestionEn
	}
	return v.render(interpretationFormPage(v, kept, replaces))
}

func (s *Server) interpret(v *visit) error {
	i, err := s.Governance.Interpret(v.ctx(), v.actor, governance.Interpretation{Clause: v.form("clause"), QuestionFr: v.form("question_fr"),
		QuestionEn: v.form("question_en"), AnswerFr: v.form("answer_fr"), AnswerEn: v.form("answer_en"), GivenOn: v.form("given_on")}, v.form("replaces"))
	if err != nil {
		return err
	}
	v.flash("governance.interpretation.given", v.p.Clause(i.Clause))
	return v.redirect("/interpretations/" + i.ID)
}

func (s *Server) interpretationWithdraw(v *visit) error {
	if err := s.Governance.Withdraw(v.ctx(), v.actor, v.path("id"), v.form("why")); err != nil {
		return err
	}
	v.flash("governance.interpretation.withdrawn")
	return v.redirect("/interpretations/" + v.path("id"))
}

func clauseOptions(v *visit, kept string) []ui.Option {
	kept = v.value("clause", kept)
	options := []ui.Option{{Value: "", Text: v.T("governance.interpretation.choose"), Chosen: kept == ""}}
	for _, c := range v.actor.Pack.All() {
		options = append(options, ui.Option{Value: c.ID, Text: v.p.Clause(c.ID) + " " + c.Title.In(v.p.Lang), Chosen: kept == c.ID})
	}
	return options
}

// ---- attestations

// attestations lists, for a year, the places that the visitor may know of, with a
// form for each of their own that has not attested.
func (s *Server) attestations(v *visit) error {
	years := governance.Attestable(v.today())
	year := years[0]
	typed := v.query("year")
	if v.refused != nil {
		typed = v.form("year")
	}
	if n, err := strconv.Atoi(typed); err == nil && n > 2000 && n < 3000 {
		year = governance.Year(n)
	}
	places, err := s.Governance.Attestations(v.ctx(), v.actor, year)
	if err != nil {
		return err
	}
	var filters []ui.Filter
	for n := range 3 {
		y := years[0] - governance.Year(n)
		filters = append(filters, ui.Filter{Href: "/attestations?year=" + strconv.Itoa(int(y)), Text: y.String(), Count: -1, Current: y == year})
	}
	var own []governance.Place
	if slices.Contains(years, year) {
		for _, p := range places {
			if p.Said == nil && governance.Attests(v.actor, p.Org) {
				own = append(own, p)
			}
		}
	}
	return v.render(attestationsPage(v, year, filters, places, own))
}

func (s *Server) attest(v *visit) error {
	year, err := strconv.Atoi(v.form("year"))
	if err != nil || !slices.Contains(governance.Attestable(v.today()), governance.Year(year)) {
		return fault.Missing() // the page names it, not the person
	}
	a, err := s.Governance.Attest(v.ctx(), v.actor, governance.Attestation{Year: governance.Year(year), Org: v.form("org"), Exceptions: v.form("exceptions")})
	if err != nil {
		return err
	}
	v.flash("governance.attest.done", a.Year.String())
	return v.redirect("/attestations?year=" + strconv.Itoa(int(a.Year)))
}

// placeName is how a place that attests is called: the evaluating service has the
// policy's own word.
func (v *visit) placeName(p governance.Place) string {
	if p.Org == "" {
		return v.actor.Pack.Name("evaluating").In(v.p.Lang)
	}
	return p.Name
}

// ---- desk cards

// attestCard is an attestation that awaits the visitor.
func (v *visit) attestCard(p governance.Place, y governance.Year) ui.Card {
	return ui.Card{Href: "/attestations?year=" + strconv.Itoa(int(y)), Title: v.T("desk.do.attest", y.String()), Text: v.placeName(p), Tone: ui.Wait,
		Icon: "hourglass-split", Badge: v.T("governance.attest.badge", v.p.Day(y.Closes())), Clause: "7.2"}
}

// overdueCard is an act whose next is overdue.
func (v *visit) overdueCard(a governance.Act) ui.Card {
	tone, icon := ui.Look("overdue")
	c := ui.Card{Late: true, Href: "/governance/new?kind=" + a.Kind, Title: v.T("governance.kind." + a.Kind), Text: v.T("governance.page.last", v.p.Day(a.On)),
		Tone: tone, Icon: icon, Badge: v.T("condition.due_by", v.p.Day(a.DueOn))}
	for _, k := range governance.KindsOf(v.actor.Pack) {
		if k.Code == a.Kind {
			c.Clause = k.Clause(v.actor.Pack)
		}
	}
	return c
}

// governanceCards are what awaits the visitor around the policy.
func (s *Server) governanceCards(v *visit) (cards []ui.Card, err error) {
	late, err := s.Governance.Overdue(v.ctx(), v.actor)
	if err != nil {
		return nil, err
	}
	for _, a := range late {
		c := v.overdueCard(a)
		c.Days = desk.Days(a.DueOn, v.today())
		cards = append(cards, c)
	}
	places, y, err := s.Governance.Unattested(v.ctx(), v.actor)
	for _, p := range places {
		c := v.attestCard(p, y)
		c.Days = desk.Days(y.Opens(), v.today())
		cards = append(cards, c)
	}
	return cards, err
}

// yearTyped is the year of the form, as it was sent when it comes back.
func (v *visit) yearTyped(y governance.Year) string { return v.value("year", strconv.Itoa(int(y))) }
