package web

import (
	"strconv"

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
	settings.SinglesAnHour = quotaTyped(v.form("singles_an_hour"))
	settings.ClassSetsAnHour = quotaTyped(v.form("class_sets_an_hour"))
	if err := s.Boards.Change(v.ctx(), v.actor, settings); err != nil {
		return err
	}
	v.flash("settings.kept")
	return v.redirect("/settings")
}

// quotaTyped is a number that was typed; one that is none is refused as -1 is.
func quotaTyped(typed string) int {
	n, err := strconv.Atoi(typed)
	if err != nil || n == 0 {
		return -1
	}
	return n
}

// quotaInput is the field of a quota.
func quotaInput(v *visit, name, label string, kept int) ui.Input {
	f := kindOf(v.input(name, label, label+"_hint", strconv.Itoa(kept)), "number", 0)
	f.Clause = "1.3e"
	return f
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
