package web

import (
	"strconv"
	"strings"

	"aval/internal/fault"
	"aval/internal/grade"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/web/assets"
	"aval/internal/web/ui"
)

func (s *Server) settingsRoutes() []route {
	return []route{
		{pattern: "GET /settings", need: policy.SettingsEdit, do: s.settingsForm},
		{pattern: "POST /settings", need: policy.SettingsEdit, do: s.settingsChange, form: s.settingsForm},
		{pattern: "GET /settings/passwords", need: policy.SettingsEdit, do: s.kindsForm},
		{pattern: "POST /settings/passwords", need: policy.SettingsEdit, do: s.kindsChange, form: s.kindsForm},
		{pattern: "GET /settings/words", need: policy.SettingsEdit, do: s.wordsForm},
		{pattern: "POST /settings/words", need: policy.SettingsEdit, do: s.wordsChange, form: s.wordsForm},
		{pattern: "GET /settings/words/replace", need: policy.SettingsEdit, do: s.shownForm},
		{pattern: "POST /settings/words/replace", need: policy.SettingsEdit, do: s.shownReplace, form: s.shownForm},
	}
}

// kindsForm asks for the kind of password of each grade.
func (s *Server) kindsForm(v *visit) error {
	kept, err := s.Pseudonyms.Settings(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(kindsPage(v, kept))
}

func (s *Server) kindsChange(v *visit) error {
	kinds := pseudonym.Choices{}
	for _, grade := range asked(v.actor.Pack.Jurisdiction) {
		kinds[grade] = pseudonym.Kind(v.form("grade_" + grade))
	}
	if err := s.Pseudonyms.ChooseKinds(v.ctx(), v.actor, kinds, versionSent(v)); err != nil {
		return err
	}
	v.flash("settings.kept")
	return v.redirect("/settings/passwords")
}

// asked are the grades for which there is something to choose.
func asked(jurisdiction string) (grades []string) {
	for _, each := range grade.Youth(jurisdiction) {
		if len(pseudonym.KindsFor(each)) > 1 {
			grades = append(grades, each)
		}
	}
	return grades
}

func kindOptions(v *visit, grade string, chosen pseudonym.Choices) (options []ui.Option) {
	kept := pseudonym.KindFor(grade, chosen)
	for i, kind := range pseudonym.KindsFor(grade) {
		text := v.T("pseudonym.kind." + string(kind))
		if i == 0 {
			text = v.T("settings.kind_usual", text)
		}
		options = append(options, ui.Option{Value: string(kind), Text: text, Chosen: v.chosen("grade_"+grade, string(kind), kind == kept)})
	}
	return options
}

// exampleOf is a password that is nobody's, in the reader's language, and its drawing.
func exampleOf(v *visit, kind pseudonym.Kind) (text, picture string) {
	p := pseudonym.Example(kind, v.p.Lang)
	if assets.HasPicture(p.Picture) {
		picture = assets.Picture(p.Picture)
	}
	return p.Text, picture
}

// wordsForm asks for the words that no login name may show.
func (s *Server) wordsForm(v *visit) error {
	b, err := s.Pseudonyms.Blocking(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(wordsPage(v, b))
}

func (s *Server) wordsChange(v *visit) error {
	if err := s.Pseudonyms.Block(v.ctx(), v.actor, strings.Split(v.form("words"), "\n"), versionSent(v)); err != nil {
		return err
	}
	v.flash("settings.kept")
	return v.redirect("/settings/words")
}

// shownForm asks whether the names that show a word are to be replaced, and says what follows.
func (s *Server) shownForm(v *visit) error {
	b, err := s.Pseudonyms.Blocking(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(shownPage(v, b.Held))
}

func (s *Server) shownReplace(v *visit) error {
	if v.form("sure") != "yes" {
		return fault.Form(map[string]string{"sure": "settings.sure_required"})
	}
	n, err := s.Pseudonyms.ReplaceShown(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	v.flash("settings.replaced", n)
	return v.redirect("/settings/words")
}

func wordsInput(v *visit, kept []string) ui.Input {
	f := v.input("words", "settings.words_label", "settings.words_hint", strings.Join(kept, "\n"))
	f.Rows, f.Optional = 10, true
	return f
}

// percent is a share as it is written, with one decimal.
func (v *visit) percent(share float64) string {
	whole, tenth, _ := strings.Cut(strconv.FormatFloat(100*share, 'f', 1, 64), ".")
	return v.T("settings.percent", whole, tenth)
}
