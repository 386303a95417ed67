package web

import (
	"slices"
	"strconv"
	"strings"

	"aval/internal/catalogue"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/web/ui"
)

func (s *Server) licenceList(v *visit) error {
	id, part := catalogue.ID(v.query("platform")), 1
	if typed := v.query("page"); typed != "" {
		n, err := strconv.Atoi(typed)
		if err != nil || n < 1 || n > 1_000_000 {
			return fault.Missing()
		}
		part = n
	}
	list, more, err := s.Licences.Page(v.ctx(), v.actor, id, part)
	if err != nil {
		return err
	}
	before, after := "", ""
	if part > 1 {
		before = "/licences" + withQuery("platform", string(id), "page", strconv.Itoa(part-1))
	}
	if more {
		after = "/licences" + withQuery("platform", string(id), "page", strconv.Itoa(part+1))
	}
	return v.render(licencesPage(v, id, list, i18n.DayOf(s.DB.Clock()), before, after))
}

func (s *Server) licence(v *visit) error {
	shown, err := s.Licences.View(v.ctx(), v.actor, licence.ID(v.path("id")))
	if err != nil {
		return err
	}
	accounts, err := s.Access.View(v.ctx(), v.actor, shown.ID)
	if err != nil {
		return err
	}
	follow, err := s.Conditions.OfPlatform(v.ctx(), v.actor, shown.PlatformID)
	if err != nil {
		return err
	}
	told, err := s.Rights.ToldOf(v.ctx(), v.actor, shown.PlatformID)
	if err != nil {
		return err
	}
	contracts, err := s.Contracts.OfPlatform(v.ctx(), v.actor, shown.PlatformID)
	if err != nil {
		return err
	}
	return v.render(licencePage(v, shown, accounts, follow, told, contracts, i18n.DayOf(s.DB.Clock())))
}

func (s *Server) licenceEnd(v *visit) error {
	l, err := s.Licences.End(v.ctx(), v.actor, licence.ID(v.path("id")), v.form("on"))
	if err != nil {
		return err
	}
	v.flash("licence.ended", v.p.Day(l.EndedOn))
	return v.redirect("/licences/" + string(l.ID))
}

// licenceDraft is the form of a licence in two steps: first the platform and the reach, sent in
// the address; then what that reach needs.
type licenceDraft struct {
	licence.Choices
	begun licence.Licence // its platform, reach, and school or department
	first bool            // the first step
}

func (s *Server) licenceForm(v *visit) (err error) {
	var f licenceDraft
	sent := v.refused == nil && v.r.URL.Query().Has("scope")
	if sent { // the first step, whose fields stand in the address
		v.r.PostForm = v.r.URL.Query()
	}
	read := func(name string) string {
		if sent || v.refused != nil {
			return v.form(name)
		}
		return v.query(name)
	}
	f.begun = licence.Licence{PlatformID: catalogue.ID(read("platform")), Scope: licence.Reach(read("scope")), OrgID: read("org_id")}
	if f.Choices, err = s.Licences.Choices(v.ctx(), v.actor, f.begun); err != nil {
		return err
	}
	if v.refused == nil {
		f.begun.OrgID = f.Own(f.begun)
		err := f.Begins(f.begun)
		f.first = err != nil
		if refusal, ok := fault.As(err); ok && sent {
			v.refused, v.status, v.order = refusal, statusOf(refusal.Kind), []string{"platform", "scope", "org_id"}
		}
	}
	return v.render(licenceFormPage(v, f))
}

// settled tells that the first step stands: it is shown as facts.
func (f licenceDraft) settled(v *visit) bool {
	return !f.first && v.wrong("platform") == "" && v.wrong("scope") == "" && v.wrong("org_id") == ""
}

// asks tells whether a part of the audience is asked for; what was typed is shown again.
func (f licenceDraft) asks(v *visit, field string) bool {
	of := map[string][]licence.Reach{
		"schools": {licence.Board, licence.Department},
		"grades":  {licence.Board, licence.Department, licence.School},
		"classes": {licence.Class},
		"people":  {licence.Individual},
	}
	if field == "grades" && len(f.Grades) == 0 && v.wrong(field) == "" {
		return false
	}
	return slices.Contains(of[field], f.begun.Scope) || v.refused != nil && v.form(field) != ""
}

// payerClause is the paragraph of 4.2 that the payer of the reach comes from.
func (f licenceDraft) payerClause() string {
	if f.begun.Scope == licence.Board {
		return "4.2a"
	}
	return "4.2b"
}

// boxID gives the first box the field's own id, so that the summary of errors leads to it.
func boxID(field string, group, box int) string {
	if group+box == 0 {
		return field
	}
	return field + "-" + strconv.Itoa(group) + "-" + strconv.Itoa(box)
}

// schoolsHint is what naming no school means.
func (f licenceDraft) schoolsHint() string {
	switch f.begun.Scope {
	case licence.Board, licence.Department:
		return "licence.form_schools_hint." + string(f.begun.Scope)
	}
	return ""
}

// place is the name of the school or department.
func (f licenceDraft) place() string {
	for _, o := range f.Orgs {
		if o.ID == f.begun.OrgID {
			return o.Name
		}
	}
	return ""
}

func (s *Server) licenceRecord(v *visit) error {
	if v.form("platform") == "" {
		return fault.Form(map[string]string{"platform": "licence.platform_required"})
	}
	l, err := s.Licences.Record(v.ctx(), v.actor, licence.Licence{
		PlatformID: catalogue.ID(v.form("platform")),
		Scope:      licence.Reach(v.form("scope")),
		OrgID:      v.form("org_id"),
		Payer:      v.form("payer"),
		Seats:      number(strings.NewReplacer(" ", "", "\u00a0", "").Replace(v.form("seats"))),
		CostCents:  request.ParseCost(v.form("cost")),
		StartsOn:   v.form("starts_on"),
		EndsOn:     v.form("ends_on"),
		Audience: licence.Audience{Schools: v.forms("schools"), Grades: v.forms("grades"), Classes: v.forms("classes"),
			People: strings.FieldsFunc(v.form("people"), func(r rune) bool { return strings.ContainsRune(" \u00a0,;\n\t", r) })},
		AccountKind: licence.AccountKind(v.form("account_kind")),
		SignInURL:   v.form("sign_in_url"),
		Columns:     typedColumns(v.form("columns")),
	})
	if err != nil {
		return err
	}
	v.flash("licence.recorded")
	return v.redirect("/licences/" + string(l.ID))
}

// typedColumns reads one column a line: its title, the sign =, and in either language the word
// for what it holds, or a text between quotes.
func typedColumns(typed string) (columns []licence.Column) {
	for line := range strings.Lines(typed) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		title, word, _ := strings.Cut(line, "=")
		c := licence.Column{Name: strings.TrimSpace(title)}
		word = strings.TrimSpace(word)
		if text := strings.Trim(word, "\"“”«» \u00a0"); text != word {
			c.Holds, c.Text = licence.HoldsText, text
		}
		for _, held := range licence.Helds {
			for _, lang := range i18n.Languages {
				if held != licence.HoldsText && db.Fold(word) == db.Fold(i18n.For(lang).T("licence.holds."+string(held))) {
					c.Holds = held
				}
			}
		}
		columns = append(columns, c)
	}
	return columns
}

// columnText says what a column of the accounts' file holds.
func columnText(v *visit, c licence.Column) string {
	if c.Holds == licence.HoldsText {
		return v.T("licence.column_text", c.Name, c.Text)
	}
	return v.T("licence.column", c.Name, v.T("licence.holds."+string(c.Holds)))
}

// licenceWho says for whom a licence is, without counting its pupils.
func licenceWho(v *visit, l licence.Listed) string {
	a, parts := l.Audience, []string{}
	switch {
	case l.Org != "":
		parts = append(parts, l.Org)
	case len(a.Schools) == 0:
		parts = append(parts, v.T("licence.scope."+string(l.Scope)))
	}
	if n := len(a.Schools); n > 0 {
		parts = append(parts, v.p.N("licence.schools", n))
	}
	parts = append(parts, gradeTexts(v, a.Grades)...)
	if n := len(a.Classes); n > 0 {
		parts = append(parts, v.p.N("licence.classes", n))
	}
	if n := len(a.People); n > 0 {
		parts = append(parts, v.p.N("licence.people", n))
	}
	return strings.Join(parts, ", ")
}

// gradeTexts says grades in few words: kindergartens, years of primary, years of secondary.
func gradeTexts(v *visit, grades []string) (parts []string) {
	var primary, secondary []int
	for _, g := range grades {
		n, err := strconv.Atoi(g)
		switch {
		case err == nil && n >= 1 && n <= 6:
			primary = append(primary, n)
		case err == nil && n >= 7 && n <= 11:
			secondary = append(secondary, n)
		default:
			parts = append(parts, gradeText(v, g))
		}
	}
	if n := len(primary); n > 0 {
		parts = append(parts, v.p.N("grade.primary", n, years(v, primary)))
	}
	if n := len(secondary); n > 0 {
		parts = append(parts, v.p.N("grade.secondary", n, years(v, secondary)))
	}
	return parts
}

// gradeText is one grade; a word that we do not know is shown as the roster has it.
func gradeText(v *visit, g string) string {
	if v.p.Has("grade." + g) {
		return v.T("grade." + g)
	}
	return g
}

// years says some years in order: 1re à 4e, or 1re, 3e et 4e.
func years(v *visit, grades []int) string {
	words := make([]string, len(grades))
	for i, n := range grades {
		words[i] = v.T("grade.nth." + strconv.Itoa(n))
	}
	if n := len(grades); n > 2 && grades[n-1]-grades[0] == n-1 {
		return v.T("grade.range", words[0], words[n-1])
	}
	return and(v, words)
}

// and joins words as a sentence does.
func and(v *visit, words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return v.T("ui.and", strings.Join(words[:last], ", "), words[last])
}

// licencePayer says who pays for it.
func licencePayer(v *visit, l licence.Listed) string {
	if l.Payer == licence.DDL {
		return v.T("licence.payer.ddl")
	}
	return l.PayerName
}

// licenceClause is the paragraph under which they pay.
func licenceClause(l licence.Listed) string {
	if l.Payer == licence.DDL {
		return "4.2a"
	}
	return "4.2b"
}

// licenceDates says until when a licence runs, or from when to when.
func licenceDates(v *visit, l licence.Listed, day string) string {
	if day < l.StartsOn {
		return v.T("licence.from_to", v.p.Day(l.StartsOn), v.p.Day(l.Last()))
	}
	return v.T("licence.until", v.p.Day(l.Last()))
}

func licenceSeats(v *visit, l licence.Listed) string {
	if l.Seats == 0 {
		return v.T("licence.seats_free")
	}
	return v.p.Int(l.Seats)
}

func licenceCost(v *visit, l licence.Listed) string {
	if l.CostCents == 0 {
		return v.T("licence.cost_free")
	}
	return v.p.Money(l.CostCents)
}

// licenceLook tells how a licence stands on a day.
func licenceLook(l licence.Listed, day string) (tone ui.Tone, icon, key string) {
	switch {
	case day > l.Last():
		return ui.Plain, "archive", "licence.day_past"
	case day < l.StartsOn:
		return ui.Info, "calendar-event", "licence.day_ahead"
	default:
		return ui.OK, "check-circle-fill", "licence.day_now"
	}
}

// scopeOptions are the reaches that the places of the actor allow.
func scopeOptions(v *visit, f licenceDraft) []ui.Option {
	var options []ui.Option
	for _, r := range licence.Reaches {
		if r.AtSchool() && f.count(org.School) == 0 || r == licence.Department && f.count(org.Department) == 0 {
			continue
		}
		options = append(options, ui.Option{Value: string(r), Text: v.T("licence.scope." + string(r)),
			Hint: v.T("licence.scope_hint." + string(r)), Chosen: v.chosen("scope", string(r), false)})
	}
	return options
}

func (f licenceDraft) count(kind org.Kind) (n int) {
	for _, o := range f.Orgs {
		if o.Kind == kind {
			n++
		}
	}
	return n
}

// many tells that the school or department has to be chosen.
func (f licenceDraft) many(v *visit) bool {
	return f.count(org.School) > 1 || f.count(org.Department) > 1 || v.wrong("org_id") != ""
}

func orgOptions(v *visit, f licenceDraft) []ui.Option {
	options := []ui.Option{{Text: v.T("licence.org_none")}}
	for _, o := range f.Orgs {
		options = append(options, ui.Option{Value: o.ID, Text: o.Name, Chosen: v.value("org_id", "") == o.ID})
	}
	return options
}

// payerOptions are those who may pay for the reach (4.2).
func payerOptions(v *visit, f licenceDraft) []ui.Option {
	var payers []ui.Option
	if f.Board && (f.begun.Scope == licence.Board || v.refused != nil) {
		payers = append(payers, ui.Option{Value: licence.DDL, Text: v.T("licence.payer.ddl")})
	}
	for _, o := range f.Orgs {
		if v.refused != nil || f.Pays(f.begun, o) {
			payers = append(payers, ui.Option{Value: o.ID, Text: o.Name})
		}
	}
	for i := range payers {
		payers[i].Chosen = v.value("payer", "") == payers[i].Value || v.refused == nil && len(payers) == 1
	}
	return append([]ui.Option{{Text: v.T("licence.payer_choose")}}, payers...)
}

func platformOptions(v *visit, f licenceDraft) []ui.Option {
	options := []ui.Option{{Text: v.T("licence.platform_choose")}}
	for _, p := range f.Platforms {
		options = append(options, ui.Option{Value: string(p.ID), Text: p.Name, Chosen: v.value("platform", "") == string(p.ID)})
	}
	return options
}

func schoolOptions(v *visit, f licenceDraft) (options []ui.Option) {
	for _, o := range f.Schools {
		options = append(options, ui.Option{Value: o.ID, Text: o.Name, Chosen: v.ticked("schools", o.ID, false)})
	}
	return options
}

func gradeOptions(v *visit, f licenceDraft) (options []ui.Option) {
	for _, g := range f.Grades {
		options = append(options, ui.Option{Value: g, Text: gradeText(v, g), Chosen: v.ticked("grades", g, false)})
	}
	return options
}

// classGrade is the classes of a school in one grade, folded until one is ticked.
type classGrade struct {
	title string
	open  bool
	boxes []ui.Option
}

// byGrade puts the school's classes under their grades.
func (f licenceDraft) byGrade(v *visit) (all []classGrade) {
	in := map[string]*classGrade{}
	for _, g := range append(slices.Clone(f.Grades), "") {
		in[g] = &classGrade{title: gradeText(v, g)}
	}
	in[""].title = v.T("licence.form_other")
	for _, c := range f.Classes {
		g := in[c.Grade]
		if g == nil {
			g = in[""]
		}
		box := ui.Option{Value: c.ID, Text: c.Title, Hint: v.p.N("licence.pupils", c.Pupils), Chosen: v.ticked("classes", c.ID, false)}
		g.boxes, g.open = append(g.boxes, box), g.open || box.Chosen
	}
	for _, g := range append(slices.Clone(f.Grades), "") {
		if len(in[g].boxes) > 0 {
			all = append(all, *in[g])
		}
	}
	if len(all) > 0 && (v.wrong("classes") != "" || len(all) == 1) { // the summary of errors leads to the first box
		all[0].open = true
	}
	return all
}

func accountOptions(v *visit) (options []ui.Option) {
	for _, k := range licence.AccountKinds {
		options = append(options, ui.Option{Value: string(k), Text: v.T("licence.account." + string(k)),
			Hint: v.T("licence.account_hint." + string(k)), Chosen: v.chosen("account_kind", string(k), k == licence.NoAccount)})
	}
	return options
}

// kindOf gives a field of a form its kind and its longest answer.
func kindOf(f ui.Input, kind string, most int) ui.Input {
	f.Type, f.Max = kind, most
	return f
}

// citing gives a field the clause that asks for it.
func citing(f ui.Input, clause string) ui.Input {
	f.Clause = clause
	return f
}

// optional says that a field may stay empty.
func optional(f ui.Input) ui.Input {
	f.Optional = true
	return f
}

// mayRecordLicence tells whether the page offers to record one.
func (v *visit) mayRecordLicence() bool { return v.may(policy.LicenceRecord) }
