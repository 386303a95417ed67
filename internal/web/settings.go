package web

import (
	"strconv"
	"strings"

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
	for name, n := range numbersOf(&settings) {
		*n = numberTyped(v.form(name))
	}
	settings.PlainWords = strings.TrimSpace(v.form("plain_words"))
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

// numbersOf are the numbers that a board may leave out, by their fields.
func numbersOf(s *policy.Settings) map[string]*int {
	return map[string]*int{"authorise_days": &s.AuthoriseDays, "acknowledge_days": &s.AcknowledgeDays,
		"evaluate_days": &s.EvaluateDays, "decide_days": &s.DecideDays, "answer_days": &s.AnswerDays,
		"access_days": &s.OwnAccessDays, "reevaluate_months": &s.ReevaluateMonths, "reminder_days": &s.ReminderDays,
		"retire_percent": &s.RetirePercent, "smallest_group": &s.OwnSmallestGroup}
}

// numberTyped is a number that may be left out; one that is none is refused as -1 is.
func numberTyped(typed string) int {
	if typed == "" {
		return 0
	}
	n, err := strconv.Atoi(typed)
	if err != nil {
		return -1
	}
	return n
}

// numberInput is the field of a number that may be left out.
func numberInput(v *visit, name string) ui.Input {
	settings, kept := v.actor.Settings, ""
	if n := *numbersOf(&settings)[name]; n > 0 {
		kept = strconv.Itoa(n)
	}
	return optional(kindOf(v.input(name, "settings."+name, "", kept), "number", 0))
}

// accessInput is the field of the time to answer a request of access, which the law bounds.
func accessInput(v *visit) ui.Input {
	f := numberInput(v, "access_days")
	if t, bound := v.actor.Pack.Threshold("access_request"); bound {
		f.Hint, f.Clause = v.T("settings.access_hint", t.Value), t.Clause
	}
	return f
}

// plainWordsInput is the field of the words that are no names in a file that leaves.
func plainWordsInput(v *visit) ui.Input {
	f := v.input("plain_words", "settings.plain_words", "settings.plain_words_hint", v.actor.Settings.PlainWords)
	f.Rows, f.Optional = 3, true
	return f
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
