package web

import (
	"strings"

	"aval/internal/correction"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// correctionRoutes are the pages on what schools find wrong in the roster.
func (s *Server) correctionRoutes() []route {
	return []route{
		{pattern: "GET /corrections", need: policy.CorrectionRead, do: s.correctionList},
		{pattern: "GET /corrections/new", need: policy.CorrectionAsk, do: s.correctionNew},
		{pattern: "POST /corrections", need: policy.CorrectionAsk, do: s.correctionAsk, form: s.correctionNew},
		{pattern: "GET /corrections/{id}", need: policy.CorrectionRead, do: s.correction},
		{pattern: "POST /corrections/{id}/take", need: policy.CorrectionSettle, do: s.correctionTake, form: s.correction},
		{pattern: "POST /corrections/{id}/done", need: policy.CorrectionSettle, do: s.correctionDone, form: s.correction},
		{pattern: "POST /corrections/{id}/refuse", need: policy.CorrectionSettle, do: s.correctionRefuse, form: s.correction},
	}
}

func correctionAt(id correction.ID) string { return "/corrections/" + string(id) }

// correctionNewAt is the form of a new one: ids alone stand in its address.
func correctionNewAt(kind correction.Kind, pupil, class, school string) string {
	return "/corrections/new" + withQuery("kind", string(kind), "person", pupil, "class", class, "school", school)
}

// correctionFilters are what the list may be narrowed to.
var correctionFilters = []string{"all", "open", "taken", "overdue", "done", "refused"}

func (s *Server) correctionList(v *visit) error {
	show := v.query("show")
	if show == "" {
		show = correctionFilters[0]
	}
	f := correction.Filter{State: correction.State(show)}
	switch show {
	case "all":
		f.State = ""
	case "overdue":
		f.State, f.Overdue = "", true
	}
	list, err := s.Corrections.List(v.ctx(), v.actor, f)
	if err != nil {
		return err
	}
	filters := make([]ui.Filter, len(correctionFilters))
	for i, name := range correctionFilters {
		filters[i] = ui.Filter{Href: "/corrections" + withQuery("show", name), Text: v.T("correction.filter." + name), Count: -1, Current: name == show}
	}
	return v.render(correctionListPage(v, filters, list))
}

// asked is what a form of a new correction says; the form that comes back was posted.
func (v *visit) asked() correction.Ask {
	read := func(name string) string {
		if typed := v.form(name); typed != "" {
			return typed
		}
		if v.refused != nil {
			return ""
		}
		return v.query(name)
	}
	return correction.Ask{Kind: correction.Kind(read("kind")), Person: read("person"), Class: read("class"), School: read("school"),
		Other: v.form("other"), ToClass: v.form("to_class"), Given: v.form("given"), Family: v.form("family"), Grade: v.form("grade"), Text: v.form("text")}
}

func (s *Server) correctionNew(v *visit) error {
	f, err := s.Corrections.Form(v.ctx(), v.actor, v.asked())
	if err != nil {
		return err
	}
	return v.render(correctionFormPage(v, f))
}

func (s *Server) correctionAsk(v *visit) error {
	c, err := s.Corrections.Ask(v.ctx(), v.actor, v.asked())
	if err != nil {
		return err
	}
	v.flash("correction.sent")
	return v.redirect(correctionAt(c.ID))
}

func (s *Server) correction(v *visit) error {
	c, err := s.Corrections.View(v.ctx(), v.actor, correction.ID(v.path("id")))
	if err != nil {
		return err
	}
	return v.render(correctionPage(v, c))
}

func (s *Server) correctionTake(v *visit) error {
	c, err := s.Corrections.Take(v.ctx(), v.actor, correction.ID(v.path("id")))
	return v.settled(c, err, "correction.taken_now")
}

func (s *Server) correctionDone(v *visit) error {
	c, err := s.Corrections.Done(v.ctx(), v.actor, correction.ID(v.path("id")), v.form("note"))
	return v.settled(c, err, "correction.done_now")
}

func (s *Server) correctionRefuse(v *visit) error {
	c, err := s.Corrections.Refuse(v.ctx(), v.actor, correction.ID(v.path("id")), v.form("reason"))
	return v.settled(c, err, "correction.refused_now")
}

func (v *visit) settled(c correction.Correction, err error, said string) error {
	if err != nil {
		return err
	}
	v.flash(said)
	return v.redirect(correctionAt(c.ID))
}

// correctionLook is the badge of a correction.
func (v *visit) correctionLook(l correction.Listed) (ui.Tone, string, string) {
	name := string(l.State)
	switch {
	case l.Late:
		name = "overdue"
	case l.State == correction.Done && l.Shown == correction.No:
		name = "unshown"
	}
	tone, icon := ui.Look("correction." + name)
	return tone, icon, v.T("correction.state." + name)
}

// about is whom a correction is about, as a list says it.
func (v *visit) about(l correction.Listed) string {
	switch {
	case l.Pupil != "":
		return l.Pupil
	case l.Class != "":
		return l.Class
	}
	return l.Org
}

func offerOptions(v *visit, name, none, kept string, list []correction.Choice) []ui.Option {
	options := []ui.Option{{Text: v.T(none)}}
	for _, c := range list {
		options = append(options, ui.Option{Value: c.ID, Text: c.Name, Chosen: v.value(name, kept) == c.ID})
	}
	return options
}

func rightGrades(v *visit, grades []string) []ui.Option {
	options := []ui.Option{{Text: v.T("correction.choose")}}
	for _, g := range grades {
		options = append(options, ui.Option{Value: g, Text: gradeText(v, g), Chosen: v.value("grade", "") == g})
	}
	return options
}

// wantedText says what the roster should say, in words.
func (v *visit) wantedText(c correction.View) string {
	w := c.Words
	switch c.Kind {
	case correction.Name, correction.Missing:
		return strings.TrimSpace(w.Given + " " + w.Family)
	case correction.Grade:
		return gradeText(v, w.Grade)
	case correction.Class:
		switch {
		case c.To == "":
			return v.T("correction.out_of", c.Class)
		case c.Class == "":
			return v.T("correction.in_to", c.To)
		}
		return v.T("correction.from_to", c.Class, c.To)
	case correction.School:
		return c.ToOrg
	case correction.Left:
		return v.T("correction.wants.left", c.Org)
	case correction.Twice:
		if c.OtherOf != "" {
			return v.T("correction.wants.twice", c.OtherOf)
		}
	}
	return ""
}

// nowText says what the roster says of the same today.
func (v *visit) nowText(c correction.View) string {
	switch c.Kind {
	case correction.Missing:
		if c.Now.Named {
			return v.T("correction.now.named")
		}
		return v.T("correction.now.unnamed")
	case correction.Name:
		return c.Now.Person.Name()
	case correction.Grade:
		return gradeText(v, c.Now.Person.Grade)
	case correction.Class:
		return strings.Join(c.In, ", ")
	}
	if c.Now.Person.Status != person.Active {
		return v.T("directory.left")
	}
	return v.T("correction.now.here")
}

// wrongCard is what schools found wrong, on the desk of who keeps the source.
func (v *visit) wrongCard(n correction.Count) ui.Card {
	c := ui.Card{Days: n.Days, Href: "/corrections", Title: v.p.N("desk.do.corrections", n.Waiting), Text: v.T("desk.corrections"), Clause: "6.3e"}
	c.Tone, c.Icon = ui.Look("correction.open")
	c.Badge = v.T("correction.state.open")
	if n.Overdue > 0 {
		c.Late = true
		c.Tone, c.Icon = ui.Look("correction.overdue")
		c.Badge = v.p.N("correction.overdue", n.Overdue)
	}
	return c
}

// shownKey ends the key of whether the roster shows it.
func shownKey(s correction.Shown) string {
	if s == correction.Unseen {
		return "unseen"
	}
	return string(s)
}
