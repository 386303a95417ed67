package web

import (
	"strings"

	"aval/internal/breach"
	"aval/internal/catalogue"
	"aval/internal/disclosure"
	"aval/internal/incident"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// breachRoutes are the pages on a platform that was broken into.
func (s *Server) breachRoutes() []route {
	return []route{
		{pattern: "GET /breaches", need: policy.BreachRead, do: s.breaches},
		{pattern: "POST /breaches", need: policy.BreachAct, do: s.breachAsk, form: s.breaches},
		{pattern: "GET /breaches/{id}", need: policy.BreachRead, do: s.breach},
		{pattern: "POST /breaches/{id}/cut", need: policy.BreachAct, do: s.breachCut, form: s.breach},
		{pattern: "POST /breaches/{id}/incident", need: policy.BreachAct, do: s.breachOpen, form: s.breach},
	}
}

func breachAt(id breach.ID) string { return "/breaches/" + string(id) }

func (s *Server) breaches(v *visit) error {
	list, err := s.Breaches.List(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	platforms, err := s.Breaches.Platforms(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(breachListPage(v, list, platforms))
}

func (s *Server) breachAsk(v *visit) error {
	b, err := s.Breaches.Ask(v.ctx(), v.actor, catalogue.ID(v.form("platform")), incident.ID(v.form("incident")))
	if err != nil {
		return err
	}
	return v.redirect(breachAt(b.ID))
}

func (s *Server) breach(v *visit) error {
	b, err := s.Breaches.View(v.ctx(), v.actor, breach.ID(v.path("id")))
	if err != nil {
		return err
	}
	return v.render(breachPage(v, b))
}

func (s *Server) breachCut(v *visit) error {
	id, ticked := breach.ID(v.path("id")), func(name string) bool { return v.form(name) == "yes" }
	c := breach.Choice{Pseudonyms: ticked("pseudonyms"), Passwords: ticked("passwords"), Names: ticked("names"), Reason: v.form("reason")}
	if _, err := s.Breaches.Cut(v.ctx(), v.actor, id, c, versionSent(v)); err != nil {
		return err
	}
	v.flash("breach.cut_now")
	return v.redirect(breachAt(id))
}

func (s *Server) breachOpen(v *visit) error {
	i, err := s.Breaches.Open(v.ctx(), v.actor, breach.ID(v.path("id")))
	if err != nil {
		return err
	}
	v.flash("breach.entered")
	return v.redirect(incidentAt(i.ID) + "/edit")
}

func breachPlatforms(v *visit, platforms []catalogue.Platform) []ui.Option {
	options := []ui.Option{{Text: v.T("breach.choose")}}
	for _, p := range platforms {
		options = append(options, ui.Option{Value: string(p.ID), Text: p.Name, Chosen: v.value("platform", v.query("platform")) == string(p.ID)})
	}
	return options
}

// breachLook is how far a breach is.
func (v *visit) breachLook(state breach.State) (ui.Tone, string, string) {
	word := v.T("breach.state." + string(state))
	switch state {
	case breach.Cutting:
		return ui.Info, "hourglass-split", word
	case breach.Done:
		return ui.OK, "check-circle-fill", word
	}
	return ui.Wait, "exclamation-triangle-fill", word
}

func exposureTone(e breach.Exposure) ui.Tone {
	switch e {
	case breach.Pseudonyms:
		return ui.OK
	case breach.More:
		return ui.Stop
	}
	return ui.Wait
}

// fieldsText names the fields that left by aval.
func (v *visit) fieldsText(fields []disclosure.Field) string {
	var words []string
	for _, f := range fields {
		words = append(words, v.T("breach.field."+string(f)))
	}
	if len(words) == 0 {
		return v.T("breach.left_none")
	}
	return strings.Join(words, ", ")
}

func breachTick(v *visit, name string) ui.Input {
	f := tick(v, name, "breach.choice."+name)
	f.Hint = v.T("breach.choice." + name + "_hint")
	return f
}
