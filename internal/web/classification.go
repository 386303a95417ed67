package web

import (
	"strconv"

	"aval/internal/classification"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/web/ui"
)

// classificationRoutes are the pages on classes of information.
func (s *Server) classificationRoutes() []route {
	return []route{
		{pattern: "GET /requests/{id}/class", need: policy.EvaluationRead, do: s.requestClass},
		{pattern: "POST /requests/{id}/class", need: policy.EvaluationWrite, do: s.requestClassify, form: s.requestClass},
		{pattern: "GET /settings/classes", need: policy.ClassificationManage, do: s.classes},
		{pattern: "POST /settings/classes", need: policy.ClassificationManage, do: s.classPut, form: s.classes},
		{pattern: "POST /settings/classes/remove", need: policy.ClassificationManage, do: s.classRemove, form: s.classes},
	}
}

func dataClassAt(id request.ID) string { return requestAt(id) + "/class" }

// requestClass shows the class of what a request would hold, to be chosen.
func (s *Server) requestClass(v *visit) error {
	c, err := s.Classification.View(v.ctx(), v.actor, request.ID(v.path("id")))
	if err != nil {
		return err
	}
	return v.render(requestClassPage(v, c))
}

func (s *Server) requestClassify(v *visit) error {
	id := request.ID(v.path("id"))
	if _, err := s.Classification.Classify(v.ctx(), v.actor, id, classification.Input{Class: v.form("class"), Owner: v.form("owner"),
		Reason: v.form("reason"), Tier: classification.Tier(v.form("tier")), TierReason: v.form("tier_reason")}); err != nil {
		return err
	}
	v.flash("classification.chosen")
	return v.redirect(dataClassAt(id))
}

// classEdited is the level that the page of the scheme edits, and its place; a new
// one stands last.
type classEdited struct {
	classification.Level
	Place int
}

// classes shows the scheme, and one level to edit or a new one.
func (s *Server) classes(v *visit) error {
	settings, err := s.Classification.Settings(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	if err := v.actor.Allow(policy.ClassificationManage, policy.Scope{}); err != nil {
		return err
	}
	edited := classEdited{Place: len(settings.Scheme.Levels) + 1}
	code := v.query("class")
	if v.refused != nil {
		code = v.form("code")
	}
	if level, known := settings.Scheme.Level(code); known {
		edited = classEdited{level, settings.Scheme.Place(code) + 1}
	}
	return v.render(classesPage(v, settings, edited))
}

func (s *Server) classPut(v *visit) error {
	l := classification.Level{Code: v.form("code"), TitleFr: v.form("title_fr"), TitleEn: v.form("title_en"), AboutFr: v.form("about_fr"),
		AboutEn: v.form("about_en"), Colour: v.form("colour"), Owner: v.form("owner"), Keeper: v.form("keeper"),
		Decides: map[classification.Tier]policy.Role{}}
	for _, t := range classification.Tiers {
		l.Decides[t] = policy.Role(v.form("decides_" + string(t)))
	}
	if _, err := s.Classification.Put(v.ctx(), v.actor, l, int(number(v.form("place"))), versionSent(v)); err != nil {
		return err
	}
	v.flash("classification.kept")
	return v.redirect("/settings/classes")
}

func (s *Server) classRemove(v *visit) error {
	if _, err := s.Classification.Remove(v.ctx(), v.actor, v.form("code"), versionSent(v)); err != nil {
		return err
	}
	v.flash("classification.removed")
	return v.redirect("/settings/classes")
}

// candidateName is how somebody who answers for information is called.
func candidateName(v *visit, c classification.Candidate) string {
	if c.Name != "" {
		return c.Name
	}
	return v.actor.Pack.RoleTitle(policy.Role(c.Code)).In(v.p.Lang)
}

func candidateText(v *visit, list []classification.Candidate, code string) string {
	for _, c := range list {
		if c.Code == code {
			return candidateName(v, c)
		}
	}
	return ""
}

func candidateOptions(v *visit, list []classification.Candidate, field, kept string) []ui.Option {
	options := []ui.Option{{Text: v.T("ask.choose")}}
	for _, c := range list {
		options = append(options, ui.Option{Value: c.Code, Text: candidateName(v, c), Chosen: v.chosen(field, c.Code, c.Code == kept)})
	}
	return options
}

// levelChoices are the levels as tiles; none is chosen before a person has.
func levelChoices(v *visit, c classification.View) (options []ui.Option) {
	for _, l := range c.Scheme.Levels {
		options = append(options, ui.Option{Value: l.Code, Text: l.Title(v.p.Lang), Hint: l.About(v.p.Lang),
			Chosen: v.chosen("class", l.Code, c.Choice != nil && c.Choice.Class == l.Code)})
	}
	return options
}

func tierChoices(v *visit, c classification.View) (options []ui.Option) {
	for _, t := range classification.Tiers {
		options = append(options, ui.Option{Value: string(t), Text: v.T("classification.tier." + string(t)), Hint: v.T("classification.tier_hint." + string(t)),
			Chosen: v.chosen("tier", string(t), c.Choice != nil && c.Choice.Tier == t)})
	}
	return options
}

// keptChoice is what the form shows of the last choice.
func keptChoice(c classification.View) classification.Choice {
	if c.Choice == nil {
		return classification.Choice{}
	}
	return *c.Choice
}

func colourOptions(v *visit, kept string) (options []ui.Option) {
	for _, colour := range classification.Colours {
		options = append(options, ui.Option{Value: colour, Text: v.T("classification.colour." + colour), Chosen: v.chosen("colour", colour, colour == kept)})
	}
	return options
}

func authorityOptions(v *visit, field string, kept policy.Role) (options []ui.Option) {
	for _, r := range v.actor.Pack.Authorities {
		options = append(options, ui.Option{Value: string(r), Text: v.actor.Pack.RoleTitle(r).In(v.p.Lang), Chosen: v.chosen(field, string(r), r == kept)})
	}
	return options
}

func placeInput(v *visit, place int) ui.Input {
	return kindOf(v.input("place", "classification.field.place", "classification.field.place_hint", strconv.Itoa(place)), "number", 0)
}
