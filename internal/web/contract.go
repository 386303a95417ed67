package web

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"

	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/contract"
	"aval/internal/desk"
	"aval/internal/fault"
	"aval/internal/incident"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// contractRoutes are the pages on what binds the vendors of platforms.
func (s *Server) contractRoutes() []route {
	return []route{
		{pattern: "GET /contracts", need: policy.ContractRead, do: s.contractList},
		{pattern: "GET /contracts/new", need: policy.ContractManage, do: s.contractNew},
		{pattern: "POST /contracts", need: policy.ContractManage, do: s.contractAdd, form: s.contractNew},
		{pattern: "GET /contracts/{id}", need: policy.ContractRead, do: s.contract},
		{pattern: "GET /contracts/{id}/print", need: policy.ContractRead, do: s.contractPrint},
		{pattern: "GET /contracts/{id}/edit", need: policy.ContractManage, do: s.contractTerms},
		{pattern: "POST /contracts/{id}/edit", need: policy.ContractManage, do: s.contractEdit, form: s.contractTerms},
		{pattern: "POST /contracts/{id}/clauses", need: policy.ContractManage, do: s.contractCheck, form: s.contract},
		{pattern: "POST /contracts/{id}/risks", need: policy.ContractWaive, do: s.contractAccept, form: s.contract},
		{pattern: "POST /contracts/{id}/undertakings", need: policy.ContractManage, do: s.contractUndertake, form: s.contract},
		{pattern: "POST /contracts/{id}/ground", need: policy.ContractManage, do: s.contractRest, form: s.contract},
		{pattern: "POST /contracts/{id}/mitigations", need: policy.ContractManage, do: s.contractMitigate, form: s.contract},
		{pattern: "POST /contracts/{id}/files", need: policy.ContractManage, do: s.contractAttach, form: s.contract, limit: proofLimit},
		{pattern: "POST /contracts/{id}/conclude", need: policy.ContractManage, do: s.contractConclude, form: s.contract},
		{pattern: "POST /contracts/{id}/end", need: policy.ContractManage, do: s.contractEnd, form: s.contract},
		{pattern: "POST /contracts/{id}/attestation", need: policy.ContractManage, do: s.contractAttest, form: s.contract},
		{pattern: "POST /contracts/{id}/checks", need: policy.ContractManage, do: s.contractPlan, form: s.contract},
		{pattern: "GET /contracts/{id}/checks/{check}", need: policy.ContractRead, do: s.contractVerification},
		{pattern: "POST /contracts/{id}/checks/{check}", need: policy.ContractManage, do: s.contractVerify, form: s.contractVerification},
		{pattern: "GET /contracts/{id}/notices/new", need: policy.ContractManage, do: s.contractWarning},
		{pattern: "POST /contracts/{id}/notices", need: policy.ContractManage, do: s.contractWarn, form: s.contractWarning},
		{pattern: "GET /contracts/{id}/exit", need: policy.ContractManage, do: s.contractExit},
		{pattern: "POST /contracts/{id}/exit", need: policy.ContractManage, do: s.contractLeave, form: s.contractExit},
		{pattern: "GET /contract-files/{id}", need: policy.ContractRead, do: s.contractFile},
	}
}

func (v *visit) contractID() contract.ID { return contract.ID(v.path("id")) }

func contractAt(id contract.ID) string { return "/contracts/" + string(id) }

// toContract leads back to the contract once something was done.
func (v *visit) toContract(id contract.ID, err error, said string) error {
	if err != nil {
		return err
	}
	v.flash(said)
	return v.redirect(contractAt(id))
}

func (s *Server) contractList(v *visit) error {
	l, err := s.Contracts.List(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(contractsPage(v, l))
}

func (s *Server) contractNew(v *visit) error {
	platforms, err := s.Contracts.Platforms(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(contractNewPage(v, platforms))
}

func (v *visit) termsSent() contract.Terms {
	return contract.Terms{Kind: contract.Kind(v.form("kind")), Contact: v.form("contact"), Reference: v.form("reference"),
		SignedOn: v.form("signed_on"), InForceOn: v.form("in_force_on"), EndsOn: v.form("ends_on")}
}

func (s *Server) contractAdd(v *visit) error {
	c, err := s.Contracts.Add(v.ctx(), v.actor, catalogue.ID(v.form("platform")), v.termsSent())
	return v.toContract(c.ID, err, "contract.page.added")
}

func (s *Server) contract(v *visit) error {
	c, err := s.Contracts.View(v.ctx(), v.actor, v.contractID())
	if err != nil {
		return err
	}
	return v.render(contractPage(v, c))
}

// contractPrint shows a contract for paper.
func (s *Server) contractPrint(v *visit) error {
	c, err := s.Contracts.View(v.ctx(), v.actor, v.contractID())
	if err != nil {
		return err
	}
	return v.render(contractPaper(v, c))
}

// kept is a contract that the visitor may change, for a page that changes it.
func (s *Server) kept(v *visit) (c contract.View, err error) {
	if c, err = s.Contracts.View(v.ctx(), v.actor, v.contractID()); err != nil {
		return c, err
	}
	return c, v.actor.Allow(policy.ContractManage, c.Scope())
}

func (s *Server) contractTerms(v *visit) error {
	c, err := s.kept(v)
	if err != nil {
		return err
	}
	return v.render(contractTermsPage(v, c))
}

func (s *Server) contractEdit(v *visit) error {
	_, err := s.Contracts.Edit(v.ctx(), v.actor, v.contractID(), v.termsSent(), versionSent(v))
	return v.toContract(v.contractID(), err, "contract.page.edited")
}

func (s *Server) contractCheck(v *visit) error {
	items := map[string]contract.Answer{}
	for _, i := range v.actor.Pack.Checklist() {
		items[i.Code] = contract.Answer{Where: v.form("where_" + i.Code), Absent: v.form("absent_"+i.Code) == "yes"}
	}
	_, err := s.Contracts.Check(v.ctx(), v.actor, v.contractID(), items, versionSent(v))
	return v.toContract(v.contractID(), err, "contract.page.checked")
}

func (s *Server) contractAccept(v *visit) error {
	_, err := s.Contracts.Accept(v.ctx(), v.actor, v.contractID(), v.form("risk_code"), v.form("risk_reason"))
	return v.toContract(v.contractID(), err, "contract.page.accepted")
}

func (s *Server) contractUndertake(v *visit) error {
	_, err := s.Contracts.Undertake(v.ctx(), v.actor, v.contractID(), contract.Choice(v.form("choice")), v.form("secrecy_reason"))
	return v.toContract(v.contractID(), err, "contract.page.undertaken")
}

func (s *Server) contractRest(v *visit) error {
	_, err := s.Contracts.Rest(v.ctx(), v.actor, v.contractID(), contract.Ground(v.form("ground")), v.form("ground_reason"))
	return v.toContract(v.contractID(), err, "contract.page.grounded")
}

func (s *Server) contractMitigate(v *visit) error {
	var list []contract.Mitigation
	for i := 1; v.r.PostForm.Has("measure_" + strconv.Itoa(i)); i++ {
		at := "_" + strconv.Itoa(i)
		list = append(list, contract.Mitigation{Text: v.form("measure" + at), Where: v.form("clause" + at)})
	}
	_, err := s.Contracts.Mitigate(v.ctx(), v.actor, v.contractID(), list, versionSent(v))
	return v.toContract(v.contractID(), err, "contract.page.mitigated")
}

func (s *Server) contractAttach(v *visit) error {
	sent := contract.Attachment{Role: contract.Role(v.form("role"))}
	file, head, err := v.r.FormFile("file")
	switch {
	case err == nil:
		defer func() { _ = file.Close() }() // read whole, or refused
		sent.Name, sent.Media, sent.Content = head.Filename, head.Header.Get("Content-Type"), file
	case !errors.Is(err, http.ErrMissingFile) && !errors.Is(err, http.ErrNotMultipart):
		return unreadable(err)
	}
	_, err = s.Contracts.Attach(v.ctx(), v.actor, v.contractID(), sent)
	return v.toContract(v.contractID(), err, "contract.page.attached")
}

func (s *Server) contractConclude(v *visit) error {
	_, err := s.Contracts.Conclude(v.ctx(), v.actor, v.contractID())
	return v.toContract(v.contractID(), err, "contract.page.concluded")
}

func (s *Server) contractEnd(v *visit) error {
	_, err := s.Contracts.End(v.ctx(), v.actor, v.contractID(), v.form("ended_on"))
	return v.toContract(v.contractID(), err, "contract.page.ended")
}

func (s *Server) contractAttest(v *visit) error {
	_, err := s.Contracts.Attest(v.ctx(), v.actor, v.contractID(), contract.Attestation{On: v.form("attested_on"), By: v.form("attested_by")})
	return v.toContract(v.contractID(), err, "contract.page.attested")
}

func (s *Server) contractPlan(v *visit) error {
	_, err := s.Contracts.Plan(v.ctx(), v.actor, v.contractID(), contract.Topic(v.form("topic")), v.form("due_on"))
	return v.toContract(v.contractID(), err, "contract.page.planned")
}

// contractVerification shows one verification, with the form of its result while it is awaited.
func (s *Server) contractVerification(v *visit) error {
	c, err := s.Contracts.View(v.ctx(), v.actor, v.contractID())
	if err != nil {
		return err
	}
	at := slices.IndexFunc(c.Checks, func(k contract.Check) bool { return k.ID == v.path("check") })
	if at < 0 {
		return fault.Missing()
	}
	return v.render(contractCheckPage(v, c, c.Checks[at]))
}

func (s *Server) contractVerify(v *visit) error {
	_, err := s.Contracts.Verify(v.ctx(), v.actor, v.contractID(), v.path("check"), contract.Check{DoneOn: v.form("done_on"),
		Result: v.form("result"), Findings: v.form("findings")})
	return v.toContract(v.contractID(), err, "contract.page.verified")
}

func (s *Server) contractWarning(v *visit) error {
	c, err := s.kept(v)
	if err != nil {
		return err
	}
	return v.render(contractWarningPage(v, c))
}

func (s *Server) contractWarn(v *visit) error {
	w := contract.Warning{ReceivedOn: v.form("received_on"), Told: v.form("told"), Kind: incident.Kind(v.form("kind")),
		Information: v.form("information"), From: v.form("from"), Count: -1}
	if typed := v.form("count"); typed != "" {
		w.Count = number(typed)
	}
	for _, g := range v.forms("groups") {
		w.Groups = append(w.Groups, incident.Group(g))
	}
	n, err := s.Contracts.Warn(v.ctx(), v.actor, v.contractID(), w)
	if err != nil {
		return err
	}
	v.flash("contract.page.warned", n.Number)
	return v.redirect(incidentAt(n.Incident))
}

func (s *Server) contractExit(v *visit) error {
	c, err := s.kept(v)
	if err != nil {
		return err
	}
	return v.render(contractExitPage(v, c))
}

func (s *Server) contractLeave(v *visit) error {
	x := contract.Plan{Substitutes: v.form("substitutes"), Format: v.form("format"), TestedOn: v.form("tested_on"),
		Reintegration: v.form("reintegration"), Steps: v.form("steps"), Owner: v.form("owner")}
	if typed := v.form("notice_days"); typed != "" {
		x.NoticeDays = number(typed)
	}
	for _, id := range v.forms("alternatives") {
		x.Alternatives = append(x.Alternatives, catalogue.ID(id))
	}
	_, err := s.Contracts.Leave(v.ctx(), v.actor, v.contractID(), x, versionSent(v))
	return v.toContract(v.contractID(), err, "contract.page.exit_kept")
}

// contractFile gives a file of a contract.
func (s *Server) contractFile(v *visit) error {
	f, content, err := s.Contracts.File(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // read whole, or not sent
	data, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	return v.send(f.Name, f.Media, data)
}

// ---- words and looks

// contractLook is how a contract stands today.
func (v *visit) contractLook(c contract.Contract, today string) (ui.Tone, string, string) {
	switch {
	case c.State == contract.Drafted:
		return ui.Wait, "pencil", v.T("contract.state.draft")
	case c.Over(today):
		return ui.Plain, "archive", v.T("contract.state.ended")
	case !c.Stands(today):
		return ui.Info, "calendar-event", v.T("contract.state.to_come")
	}
	return ui.OK, "check-circle-fill", v.T("contract.state.standing")
}

// contractCard is something about a vendor on somebody's desk.
func (v *visit) contractCard(t contract.Task, today string) ui.Card {
	tone, icon := ui.Look("overdue")
	c := ui.Card{Days: max(desk.Days(t.Since, today), 0), Late: true, Href: contractAt(t.ContractID), Title: v.T("desk.do.contract."+string(t.Kind), t.Platform),
		Tone: tone, Icon: icon, Badge: v.T("contract.task." + string(t.Kind)), Text: v.T("contract.since", v.p.Day(t.Since)), Clause: t.Clause}
	switch t.Kind {
	case contract.Lacking:
		c.Href = "/contracts/new" + withQuery("platform", t.PlatformID)
	case contract.Overdue:
		c.Text = v.T("contract.topic." + string(t.Topic))
	}
	return c
}

func contractKinds(v *visit, kept contract.Kind) (options []ui.Option) {
	for _, k := range contract.Kinds {
		options = append(options, ui.Option{Value: string(k), Text: v.T("contract.kind." + string(k)), Hint: v.T("contract.kind_hint." + string(k)),
			Chosen: v.chosen("kind", string(k), k == kept)})
	}
	return options
}

func contractPlatforms(v *visit, platforms []catalogue.Platform) []ui.Option {
	options := []ui.Option{{Text: v.T("contract.page.platform_none")}}
	for _, p := range platforms {
		options = append(options, ui.Option{Value: string(p.ID), Text: p.Name, Chosen: v.value("platform", v.query("platform")) == string(p.ID)})
	}
	return options
}

func choiceOptions(v *visit, c contract.View) (options []ui.Option) {
	for _, k := range contract.Choices {
		if k == contract.Waived && !c.May.Waive {
			continue
		}
		options = append(options, ui.Option{Value: string(k), Text: v.T("contract.choice." + string(k)),
			Chosen: v.chosen("choice", string(k), k == c.Undertakings.Choice)})
	}
	return options
}

func groundOptions(v *visit, kept contract.Ground) (options []ui.Option) {
	for _, g := range contract.Grounds {
		options = append(options, ui.Option{Value: string(g), Text: v.T("contract.ground." + string(g)), Chosen: v.chosen("ground", string(g), g == kept)})
	}
	return options
}

func roleOptions(v *visit) (options []ui.Option) {
	for _, r := range contract.FileRoles {
		options = append(options, ui.Option{Value: string(r), Text: v.T("contract.role." + string(r)), Chosen: v.chosen("role", string(r), false)})
	}
	return options
}

func topicOptions(v *visit) []ui.Option {
	options := []ui.Option{{Text: v.T("contract.page.topic_none")}}
	for _, t := range contract.Topics {
		options = append(options, ui.Option{Value: string(t), Text: v.T("contract.topic." + string(t)), Chosen: v.chosen("topic", string(t), false)})
	}
	return options
}

func checkResults(v *visit) (options []ui.Option) {
	for _, r := range []string{contract.Held, contract.NotHeld} {
		options = append(options, ui.Option{Value: r, Text: v.T("contract.result." + r), Chosen: v.chosen("result", r, false)})
	}
	return options
}

// absentOptions are the absent items whose risk nobody has accepted.
func absentOptions(v *visit, c contract.View) (options []ui.Option) {
	for _, i := range c.Checklist {
		if a := c.Items[i.Code]; !i.Required && a.Absent && a.Risk == "" {
			options = append(options, ui.Option{Value: i.Code, Text: i.Title.In(v.p.Lang), Chosen: v.chosen("risk_code", i.Code, false)})
		}
	}
	return options
}

func alternativeOptions(v *visit, c contract.View) (options []ui.Option) {
	for _, p := range c.Similar {
		options = append(options, ui.Option{Value: string(p.ID), Text: p.Name,
			Chosen: v.ticked("alternatives", string(p.ID), slices.Contains(c.Plan.Alternatives, p.ID))})
	}
	return options
}

func exitOwners(v *visit, c contract.View) []ui.Option {
	return ownerOptions(v, c.Candidates, v.value("owner", c.Plan.Owner))
}

// exitOwner is who sees to leaving, in words.
func exitOwner(v *visit, c contract.View) string {
	o := condition.OwnerOf(c.Plan.Owner)
	return v.ownerText(condition.Listed{Condition: condition.Condition{Owner: o}, OwnerName: c.People[o.Account]})
}

// measure is a line of the table of mitigations, as it is typed or kept.
type measure struct{ Text, Where ui.Input }

// measures are the mitigations that are kept or were typed, and two lines more.
func measures(v *visit, kept []contract.Mitigation) (lines []measure) {
	n := len(kept)
	for v.sentBy("mitigations") && v.r.PostForm.Has("measure_"+strconv.Itoa(n+1)) {
		n++
	}
	if !v.sentBy("mitigations") {
		n += 2
	}
	for i := range n {
		var m contract.Mitigation
		if i < len(kept) {
			m = kept[i]
		}
		at := "_" + strconv.Itoa(i+1)
		text, where := v.input("measure"+at, "contract.page.measure", "", ""), v.input("clause"+at, "contract.page.carried", "", "")
		text.Value, where.Value = v.kept("mitigations", "measure"+at, m.Text), v.kept("mitigations", "clause"+at, m.Where)
		text.Label, where.Label = v.T("contract.page.measure_n", i+1), v.T("contract.page.carried_n", i+1)
		lines = append(lines, measure{optional(text), optional(where)})
	}
	return lines
}

// kept is what a field shows: what was typed when its own form came back, what is kept
// when another form of the page did.
func (v *visit) kept(form, name, value string) string {
	if v.sentBy(form) {
		return v.form(name)
	}
	return value
}

// whereInput asks where an item of the checklist is found.
func whereInput(v *visit, i policy.ContractItem, a contract.Answer) ui.Input {
	f := v.input("where_"+i.Code, "contract.page.where", "", "")
	f.Label, f.Value, f.Clause = i.Title.In(v.p.Lang), v.kept("clauses", "where_"+i.Code, a.Where), i.Clause
	return optional(f)
}

// absentInput is the box of an item that is not found.
func absentInput(v *visit, i policy.ContractItem) ui.Input {
	f := v.input("absent_"+i.Code, "contract.page.absent", "", "")
	f.Label = v.T("contract.page.absent_of", i.Title.In(v.p.Lang))
	return f
}

func absentKept(v *visit, i policy.ContractItem, a contract.Answer) bool {
	if v.sentBy("clauses") {
		return v.form("absent_"+i.Code) == "yes"
	}
	return a.Absent
}

// contractVersion is the version that a form of the page was read in.
func contractVersion(v *visit, form string, c contract.View) string {
	return v.kept(form, "version", strconv.FormatInt(c.Version, 10))
}

// lineInput is a question of a contract in one line.
func lineInput(v *visit, name, kept string) ui.Input {
	hint := "contract.hint." + name
	if !v.p.Has(hint) {
		hint = ""
	}
	return v.input(name, "contract.field."+name, hint, kept)
}

// contractDay is a question of a contract answered with a day.
func contractDay(v *visit, name, kept string) ui.Input {
	return kindOf(lineInput(v, name, kept), "date", 0)
}

// contractArea is a question of a contract answered in a few lines.
func contractArea(v *visit, name, kept string, rows int) ui.Input {
	f := lineInput(v, name, kept)
	f.Rows = rows
	return f
}

// contractFileInput asks for a file.
func contractFileInput(v *visit) ui.Input {
	f := v.input("file", "contract.field.file", "condition.file_help", "")
	f.Accept = ".pdf,.png,.jpg,.jpeg,.txt,.docx"
	return f
}

func noticeDaysKept(p contract.Plan) string {
	if p.NoticeDays == 0 {
		return ""
	}
	return strconv.FormatInt(p.NoticeDays, 10)
}

// filesOf are the files of a contract that show one thing.
func filesOf(c contract.View, role contract.Role) (list []contract.File) {
	for _, f := range c.Files {
		if f.Role == role {
			list = append(list, f)
		}
	}
	return list
}

// checkLook is the badge of a verification.
func (v *visit) checkLook(k contract.Check, today string) (ui.Tone, string, string) {
	switch {
	case k.Result == contract.Held:
		return ui.OK, "check-circle-fill", v.T("contract.result.held")
	case k.Result == contract.NotHeld:
		return ui.Stop, "x-octagon-fill", v.T("contract.result.not_held")
	case k.Overdue(today):
		return ui.Stop, "alarm", v.T("contract.task.overdue")
	}
	return ui.Wait, "hourglass-split", v.T("contract.page.awaited")
}

// contractEnd is the last day of a contract in words.
func contractEnd(v *visit, c contract.Contract) string {
	if c.Last() == "" {
		return v.T("contract.page.no_end")
	}
	return v.p.Day(c.Last())
}

// lacksText says why a draft does not stand yet; "" when it lacks nothing.
func lacksText(v *visit, lacks error) string {
	f, ok := fault.As(lacks)
	switch {
	case !ok:
		return ""
	case len(f.Fields) > 0:
		return v.p.N("contract.page.items_left", len(f.Fields))
	}
	return v.T(f.Key, f.Args...)
}

// alternatives are the names of the platforms that a plan to leave names.
func alternatives(c contract.View) (names []string) {
	for _, p := range c.Similar {
		if slices.Contains(c.Plan.Alternatives, p.ID) {
			names = append(names, p.Name)
		}
	}
	return names
}
