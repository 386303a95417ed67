package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"aval/internal/catalogue"
	"aval/internal/condition"
	"aval/internal/desk"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// proofLimit is the largest form with a file: one that is too large for the use case
// is still read, so that what was typed beside it is not lost.
const proofLimit = 64 << 20

// conditionRoutes are the pages on what approvals ask for.
func (s *Server) conditionRoutes() []route {
	return []route{
		{pattern: "GET /conditions", need: policy.ConditionRead, do: s.conditionList},
		{pattern: "GET /conditions/{id}", need: policy.ConditionRead, do: s.condition},
		{pattern: "POST /conditions/{id}/assign", need: policy.ConditionManage, do: s.conditionAssign, form: s.condition},
		{pattern: "POST /conditions/{id}/note", need: policy.ConditionAnswer, do: s.conditionNote, form: s.condition},
		{pattern: "POST /conditions/{id}/meet", need: policy.ConditionAnswer, do: s.conditionMeet, form: s.condition, limit: proofLimit},
		{pattern: "POST /conditions/{id}/waive", need: policy.ConditionWaive, do: s.conditionWaive, form: s.condition},
		{pattern: "GET /proofs/{id}", need: policy.ConditionRead, do: s.conditionFile},
	}
}

// conditionFilters are what the list may be narrowed to; the first is what awaits somebody.
var conditionFilters = []string{"open", "overdue", "met", "waived", "lapsed", "all"}

// conditionList lists the conditions that the visitor may read, by platform and by day.
func (s *Server) conditionList(v *visit) error {
	show, part := v.query("show"), 1
	if show == "" {
		show = conditionFilters[0]
	}
	f := condition.Filter{State: condition.State(show), Platform: catalogue.ID(v.query("platform"))}
	switch show {
	case "all":
		f.State = ""
	case "overdue":
		f.State, f.Overdue = "", true
	}
	if typed := v.query("page"); typed != "" {
		n, err := strconv.Atoi(typed)
		if err != nil || n < 1 || n > 1_000_000 {
			return fault.Missing()
		}
		part = n
	}
	f.Part = part
	list, more, err := s.Conditions.Page(v.ctx(), v.actor, f)
	if err != nil {
		return err
	}
	at := func(n int) string {
		return "/conditions" + withQuery("show", show, "platform", string(f.Platform), "page", strconv.Itoa(n))
	}
	before, after := "", ""
	if part > 1 {
		before = at(part - 1)
	}
	if more {
		after = at(part + 1)
	}
	filters := make([]ui.Filter, len(conditionFilters))
	for i, name := range conditionFilters {
		text := "condition.filter." + name
		if name == "all" {
			text = "condition.all"
		}
		filters[i] = ui.Filter{Href: "/conditions" + withQuery("show", name, "platform", string(f.Platform)), Text: v.T(text),
			Count: -1, Current: name == show}
	}
	return v.render(conditionListPage(v, filters, byPlatform(list), before, after))
}

// platformConditions are the conditions of one platform.
type platformConditions struct {
	Platform string
	List     []condition.Listed
}

func byPlatform(list []condition.Listed) (groups []platformConditions) {
	for _, l := range list {
		if n := len(groups); n == 0 || groups[n-1].List[0].PlatformID != l.PlatformID {
			groups = append(groups, platformConditions{Platform: l.Platform})
		}
		last := &groups[len(groups)-1]
		last.List = append(last.List, l)
	}
	return groups
}

// condition shows one condition, with what may be done about it.
func (s *Server) condition(v *visit) error {
	c, err := s.Conditions.View(v.ctx(), v.actor, condition.ID(v.path("id")))
	if err != nil {
		return err
	}
	return v.render(conditionPage(v, c))
}

func (s *Server) conditionAssign(v *visit) error {
	c, err := s.Conditions.Assign(v.ctx(), v.actor, condition.ID(v.path("id")), condition.Assignment{
		Owner: condition.OwnerOf(v.form("owner")), DueOn: v.form("due_on"), Version: versionSent(v)})
	if err != nil {
		return err
	}
	v.flash("condition.assigned")
	return v.redirect(conditionAt(c.ID))
}

func (s *Server) conditionNote(v *visit) error {
	id := condition.ID(v.path("id"))
	if _, err := s.Conditions.Note(v.ctx(), v.actor, id, v.form("note")); err != nil {
		return err
	}
	v.flash("condition.noted")
	return v.redirect(conditionAt(id))
}

func (s *Server) conditionMeet(v *visit) error {
	id, proof := condition.ID(v.path("id")), condition.Proof{Note: v.form("met_note")}
	file, head, err := v.r.FormFile("file")
	switch {
	case err == nil:
		defer func() { _ = file.Close() }() // read whole, or refused
		proof.Name, proof.Media, proof.Content = head.Filename, head.Header.Get("Content-Type"), file
	case !errors.Is(err, http.ErrMissingFile) && !errors.Is(err, http.ErrNotMultipart):
		return unreadable(err)
	}
	if _, err := s.Conditions.Meet(v.ctx(), v.actor, id, proof); err != nil {
		return err
	}
	v.flash("condition.met")
	return v.redirect(conditionAt(id))
}

func (s *Server) conditionWaive(v *visit) error {
	id := condition.ID(v.path("id"))
	if _, err := s.Conditions.Waive(v.ctx(), v.actor, id, v.form("reason")); err != nil {
		return err
	}
	v.flash("condition.waived")
	return v.redirect(conditionAt(id))
}

// conditionFile gives the file that shows that a condition is met.
func (s *Server) conditionFile(v *visit) error {
	f, content, err := s.Conditions.File(v.ctx(), v.actor, v.path("id"))
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

func conditionAt(id condition.ID) string { return "/conditions/" + string(id) }

// conditionLook is the badge of a condition.
func (v *visit) conditionLook(state condition.State, late bool) (ui.Tone, string, string) {
	name := string(state)
	if late {
		name = "overdue"
	}
	tone, icon := ui.Look("condition." + name)
	return tone, icon, v.T("condition.state." + name)
}

// dueText is the day of a condition in words.
func (v *visit) dueText(day string) string {
	if day == "" {
		return v.T("condition.due_none")
	}
	return v.p.Day(day)
}

// ownerText is who sees to a condition.
func (v *visit) ownerText(l condition.Listed) string {
	switch {
	case l.Owner.Role != "":
		return v.actor.Pack.RoleTitle(l.Owner.Role).In(v.p.Lang)
	case l.OwnerName != "":
		return l.OwnerName
	}
	return v.T("condition.owner_none")
}

// ownerOptions are those who may be asked to see to conditions, nobody first.
func ownerOptions(v *visit, candidates []condition.Candidate, kept string) []ui.Option {
	options := []ui.Option{{Value: "", Text: v.T("decision.owner_none"), Chosen: kept == ""}}
	for _, c := range candidates {
		text := c.Name
		if c.Owner.Role != "" {
			text = v.actor.Pack.RoleTitle(c.Owner.Role).In(v.p.Lang)
		}
		options = append(options, ui.Option{Value: c.Owner.Code(), Text: text, Chosen: kept == c.Owner.Code()})
	}
	return options
}

// sentBy tells whether the form that came back is this one of the page.
func (v *visit) sentBy(act string) bool {
	return v.refused != nil && strings.HasSuffix(v.route.pattern, "/"+act)
}

// assigned is what a field of the assignment shows: what was typed when it came back,
// what is kept when another form of the page did.
func (v *visit) assigned(name, kept string) string {
	if v.sentBy("assign") {
		return v.form(name)
	}
	return kept
}

func conditionDueInput(v *visit, c condition.View) ui.Input {
	f := optional(kindOf(v.input("due_on", "condition.due_on", "condition.due_hint", ""), "date", 0))
	f.Value = v.assigned("due_on", c.DueOn)
	return f
}

func proofInput(v *visit) ui.Input {
	f := v.input("file", "condition.file", "condition.file_help", "")
	f.Accept = ".pdf,.png,.jpg,.jpeg,.txt,.docx"
	return f
}

// lateCard is an overdue condition on somebody's desk.
func (v *visit) lateCard(l condition.Listed, today string) ui.Card {
	tone, icon := ui.Look("overdue")
	return ui.Card{Days: desk.Days(l.DueOn, today), Late: true, Href: conditionAt(l.ID), Title: v.T("desk.do.condition", l.Platform), Text: l.Text,
		Tone: tone, Icon: icon, Badge: v.T("condition.due_by", v.p.Day(l.DueOn)), Clause: "4.1"}
}
