package web

import (
	"slices"
	"strings"
	"time"

	"aval/internal/fault"
	"aval/internal/grade"
	"aval/internal/identity"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// identityRoutes are the pages on who is who on the roster.
func (s *Server) identityRoutes() []route {
	return []route{
		{pattern: "GET /roster/people", need: policy.RosterMerge, do: s.identityActs},
		{pattern: "POST /roster/people/acts/{id}/undo", need: policy.RosterMerge, do: s.identityUndo},
		{pattern: "GET /roster/people/suspicious", need: policy.RosterMerge, do: s.suspicious},
		{pattern: "GET /roster/people/compare", need: policy.RosterMerge, do: s.compareAsk},
		{pattern: "POST /roster/people/compare", need: policy.RosterMerge, do: s.compare},
		{pattern: "POST /roster/people/merge", need: policy.RosterMerge, do: s.identityMerge, form: s.compareAgain},
		{pattern: "POST /roster/people/part", need: policy.RosterMerge, do: s.identityPart},
		{pattern: "POST /roster/people/split", need: policy.RosterMerge, do: s.identitySplit, form: s.compareAgain},
	}
}

const (
	identityAt   = "/roster/people"
	suspiciousAt = "/roster/people/suspicious"
)

// identityActs lists what was decided, the last first.
func (s *Server) identityActs(v *visit) error {
	before, err := time.Parse(time.RFC3339Nano, v.query("before"))
	if err != nil && v.query("before") != "" {
		return fault.Missing()
	}
	list, err := s.Identity.Acts(v.ctx(), v.actor, before)
	if err != nil {
		return err
	}
	return v.render(identityActsPage(v, list))
}

func (s *Server) identityUndo(v *visit) error {
	if _, err := s.Identity.Undo(v.ctx(), v.actor, v.path("id")); err != nil {
		return err
	}
	v.flash("identity.undone_now")
	return v.redirect(identityAt)
}

// suspicious lists the records that bear a sign, without a name.
func (s *Server) suspicious(v *visit) error {
	only := identity.Sign(v.query("sign"))
	found, err := s.Identity.Candidates(v.ctx(), v.actor, only)
	if err != nil {
		return err
	}
	all := 0
	var filters []ui.Filter
	for _, sign := range identity.Signs {
		all += found.Counts[sign]
		filters = append(filters, ui.Filter{Href: suspiciousAt + "?sign=" + string(sign), Text: v.T("identity.sign." + string(sign)),
			Count: found.Counts[sign], Current: sign == only})
	}
	filters = append([]ui.Filter{{Href: suspiciousAt, Text: v.T("identity.all"), Count: all, Current: only == ""}}, filters...)
	return v.render(suspiciousPage(v, filters, found.List))
}

// compareAsk asks whether one, or two, records are to be shown.
func (s *Server) compareAsk(v *visit) error {
	glances, err := s.Identity.Glances(v.ctx(), v.actor, ids(v.query("a"), v.query("b"))...)
	if err != nil {
		return err
	}
	return v.render(compareAskPage(v, glances))
}

// ids are the records that an address or a form names.
func ids(a, b string) []string {
	if b == "" || a == b {
		return []string{a}
	}
	return []string{a, b}
}

// compare shows them, and what may be done. What it shows has no address.
func (s *Server) compare(v *visit) error {
	records, err := s.Identity.Compare(v.ctx(), v.actor, ids(v.form("a"), v.form("b"))...)
	if err != nil {
		return err
	}
	return v.render(comparePage(v, records))
}

// compareAgain shows a form that was refused, without the names: what was looked at is noted already.
func (s *Server) compareAgain(v *visit) error {
	records, err := s.Identity.Outlines(v.ctx(), v.actor, ids(v.form("a"), v.form("b"))...)
	if err != nil {
		return err
	}
	return v.render(comparePage(v, records))
}

func (s *Server) identityMerge(v *visit) error {
	first, second := v.form("first"), v.form("b")
	if !slices.Contains([]string{v.form("a"), v.form("b")}, first) {
		first = ""
	}
	if first == second {
		second = v.form("a")
	}
	_, err := s.Identity.Merge(v.ctx(), v.actor, identity.Merge{First: first, Second: second,
		Login: identity.Stays(v.form("login")), Other: identity.Rest(v.form("other"))})
	if err != nil {
		return err
	}
	v.flash("identity.merged_now")
	return v.redirect(identityAt)
}

func (s *Server) identityPart(v *visit) error {
	a, b := v.form("a"), v.form("b")
	if b == "" {
		b = a
	}
	if _, err := s.Identity.Part(v.ctx(), v.actor, a, b); err != nil {
		return err
	}
	v.flash("identity.parted_now")
	return v.redirect(suspiciousAt)
}

func (s *Server) identitySplit(v *visit) error {
	_, err := s.Identity.Split(v.ctx(), v.actor, identity.Division{Person: v.form("a"), GivenName: v.form("given_name"),
		FamilyName: v.form("family_name"), Number: v.form("number"), Grade: v.form("grade"), Schools: v.forms("schools"),
		Leaves: v.forms("leaves"), Enrollments: v.forms("enrollments"), Consents: v.forms("consents"), Sources: v.forms("sources"),
		Login: identity.Stays(v.form("login"))})
	if err != nil {
		return err
	}
	v.flash("identity.split_now")
	return v.redirect(identityAt)
}

// movedText says what an act moved.
func movedText(v *visit, a identity.Act) string {
	var parts []string
	for _, item := range identity.Shown {
		if n := a.Moved[item]; n > 0 {
			parts = append(parts, v.p.N("identity.moved."+string(item), n))
		}
	}
	if len(parts) == 0 {
		return v.T("identity.moved_none")
	}
	return strings.Join(parts, ", ")
}

// byText is who acted: the operator's own hand has no name.
func byText(v *visit, name string) string {
	if name == "" {
		return v.T("identity.operator")
	}
	return name
}

// actLook is how the state of an act looks.
func actLook(v *visit, a identity.Act) (ui.Tone, string, string) {
	switch {
	case a.UndoneBy != "":
		return ui.Plain, "archive", v.T("identity.undone", v.p.Date(a.UndoneAt), byText(v, a.Unby))
	case a.Open(v.s.DB.Clock()):
		return ui.Info, "clock-history", v.T("identity.open", v.p.Date(a.Until()))
	}
	return ui.Plain, "archive", v.T("identity.closed")
}

func glanceText(v *visit, g identity.Glance) string {
	schools := strings.Join(g.Schools, ", ")
	if schools == "" {
		schools = v.T("identity.no_school")
	}
	if name := v.grade(g.Grade); name != "" {
		schools += ", " + name
	}
	return v.T("identity.glance", schools, v.p.N("identity.glance_classes", g.Classes))
}

func goneText(v *visit, gone bool) string {
	if gone {
		return v.T("identity.gone")
	}
	return v.T("identity.active")
}

func placesText(v *visit, places []identity.Place) []string {
	if len(places) == 0 {
		return []string{v.T("identity.nothing")}
	}
	texts := make([]string, len(places))
	for i, p := range places {
		texts[i] = p.Name
		if p.Gone {
			texts[i] = v.T("identity.class_over", p.Name)
		}
	}
	return texts
}

// recordLine is one line of the page that compares: a word, and what each record has.
type recordLine struct {
	Word string
	Of   [][]string
}

func recordLines(v *visit, records []identity.Record) []recordLine {
	lines := []recordLine{}
	add := func(key string, of func(identity.Record) []string) {
		line := recordLine{Word: v.T(key)}
		for _, r := range records {
			line.Of = append(line.Of, of(r))
		}
		lines = append(lines, line)
	}
	or := func(text string) []string {
		if text == "" {
			text = v.T("identity.nothing")
		}
		return []string{text}
	}
	add("identity.name", func(r identity.Record) []string { return or(r.Name()) })
	if len(records) == 2 && records[0].Born != "" {
		add("identity.born", func(r identity.Record) []string { return []string{v.T("identity.born." + string(r.Born))} })
	}
	add("identity.number", func(r identity.Record) []string { return or(r.Number) })
	add("identity.grade", func(r identity.Record) []string { return or(v.grade(r.Grade)) })
	add("identity.status", func(r identity.Record) []string { return or(goneText(v, r.Status != person.Active)) })
	add("identity.schools", func(r identity.Record) []string { return placesText(v, r.Schools) })
	add("identity.classes", func(r identity.Record) []string { return placesText(v, r.Classes) })
	add("identity.sources", func(r identity.Record) []string { return r.Sources })
	add("identity.login", func(r identity.Record) []string { return or(loginText(v, r.Login)) })
	add("identity.consents", func(r identity.Record) []string { return or(v.p.Int(int64(r.Consents))) })
	add("identity.history", func(r identity.Record) []string { return historyText(v, r.Was) })
	return lines
}

func loginText(v *visit, has bool) string {
	if has {
		return v.T("identity.login_has")
	}
	return v.T("identity.login_none")
}

func historyText(v *visit, was []person.Was) []string {
	if len(was) == 0 {
		return []string{v.T("identity.nothing")}
	}
	texts := make([]string, len(was))
	for i, w := range was {
		value := w.Value
		if w.Attribute == "grade" {
			value = v.grade(w.Value)
		}
		if value == "" {
			value = v.T("identity.nothing")
		}
		texts[i] = v.T("identity.history_line", v.T("identity.was."+w.Attribute), value, v.p.Day(w.Until))
	}
	return texts
}

// recordName is how a record is called on its page.
func recordName(v *visit, records []identity.Record, i int) string {
	if len(records) == 1 {
		return v.T("identity.record")
	}
	return v.T([]string{"identity.record_a", "identity.record_b"}[i])
}

func firstOptions(v *visit, records []identity.Record) (options []ui.Option) {
	for i, r := range records {
		options = append(options, ui.Option{Value: r.ID, Text: recordName(v, records, i), Hint: strings.Join(placesText(v, r.Schools), ", "),
			Chosen: v.chosen("first", r.ID, false)})
	}
	return options
}

func staysOptions(v *visit, first, second string) []ui.Option {
	return []ui.Option{{Value: string(identity.OfFirst), Text: v.T(first), Chosen: v.chosen("login", string(identity.OfFirst), true)},
		{Value: string(identity.OfSecond), Text: v.T(second), Chosen: v.chosen("login", string(identity.OfSecond), false)}}
}

func restOptions(v *visit) []ui.Option {
	return []ui.Option{
		{Value: string(identity.Retire), Text: v.T("identity.other_retire"), Hint: v.T("identity.other_retire_hint"), Chosen: v.chosen("other", string(identity.Retire), true)},
		{Value: string(identity.Keep), Text: v.T("identity.other_keep"), Hint: v.T("identity.other_keep_hint"), Chosen: v.chosen("other", string(identity.Keep), false)}}
}

func ofPlaces(v *visit, name string, places []identity.Place) (options []ui.Option) {
	for i, text := range placesText(v, places) {
		if len(places) > 0 {
			options = append(options, ui.Option{Value: places[i].ID, Text: text, Chosen: v.ticked(name, places[i].ID, false)})
		}
	}
	return options
}

func textOptions(v *visit, name string, values, texts []string) (options []ui.Option) {
	for i, value := range values {
		options = append(options, ui.Option{Value: value, Text: texts[i], Chosen: v.ticked(name, value, false)})
	}
	return options
}

func consentTexts(v *visit, r identity.Record) (texts []string) {
	for i := range r.ConsentIDs() {
		texts = append(texts, v.T("identity.consent_nth", i+1))
	}
	return texts
}

func secondGradeOptions(v *visit, kept string) []ui.Option {
	options := []ui.Option{{Text: v.T("identity.grade_none"), Chosen: v.chosen("grade", "", kept == "")}}
	for _, g := range grade.Youth(v.actor.Pack.Jurisdiction) {
		options = append(options, ui.Option{Value: g, Text: v.grade(g), Chosen: v.chosen("grade", g, g == kept)})
	}
	return options
}
