package web

import (
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

func (s *Server) settingsForm(v *visit) error {
	if err := v.actor.Allow(policy.SettingsEdit, policy.Scope{}); err != nil {
		return err
	}
	return v.render(settingsPage(v))
}

func (s *Server) settingsChange(v *visit) error {
	settings := v.actor.Settings
	switch v.form("evaluator_decides") {
	case "no":
		settings.JoinEvaluatorDecider = false
	case "yes":
		settings.JoinEvaluatorDecider = true
	default:
		return fault.Form(map[string]string{"evaluator_decides": "settings.choose"})
	}
	if err := s.Boards.Change(v.ctx(), v.actor, settings); err != nil {
		return err
	}
	v.flash("settings.kept")
	return v.redirect("/settings")
}

func deciderOptions(v *visit) []ui.Option {
	joined := v.actor.Settings.JoinEvaluatorDecider
	return []ui.Option{
		{Value: "no", Text: v.T("settings.apart"), Hint: v.T("settings.apart_hint"), Icon: "people",
			Chosen: v.chosen("evaluator_decides", "no", !joined)},
		{Value: "yes", Text: v.T("settings.joined"), Hint: v.T("settings.joined_hint"), Icon: "person-check",
			Chosen: v.chosen("evaluator_decides", "yes", joined)},
	}
}
