package web

import (
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// contestForm is where a school or department disagrees: it chooses the aspect,
// then explains itself about use (4.1 a), or asks again about security (4.1 b).
func (s *Server) contestForm(v *visit) error {
	d, err := s.Decisions.View(v.ctx(), v.actor, decision.ID(v.path("id")))
	if err != nil {
		return err
	}
	if err := v.actor.Allow(policy.DecisionContest, d.Request.Scope()); err != nil {
		return err
	}
	v.under(d.Request.Pack)
	typed := v.query("aspect")
	if v.refused != nil {
		typed = v.form("aspect")
	}
	if typed == "" {
		return v.render(contestWhichPage(v, d))
	}
	aspect, err := evaluation.ParseAspect(typed)
	if err != nil {
		return err
	}
	return v.render(contestFormPage(v, d, aspect))
}

// whichInput asks about which aspect one disagrees; who went on without an answer is told so.
func whichInput(v *visit) ui.Input {
	f := ui.Input{Name: "aspect", Label: v.T("contest.page.which"), Large: true}
	if v.query("then") != "" {
		f.Error = v.T("contest.page.choose")
	}
	return f
}

// contestSend sends the disagreement about use, or the new request about security.
func (s *Server) contestSend(v *visit) error {
	id := decision.ID(v.path("id"))
	aspect, err := evaluation.ParseAspect(v.form("aspect"))
	if err != nil {
		return err
	}
	if aspect == evaluation.Security {
		r, err := s.Decisions.Renew(v.ctx(), v.actor, id, v.form("new_security"))
		if err != nil {
			return err
		}
		v.flash("contest.page.renewed", r.Number)
		return v.redirect("/requests/" + string(r.ID))
	}
	c, err := s.Decisions.Contest(v.ctx(), v.actor, id, aspect, v.form("explanation"))
	if err != nil {
		return err
	}
	v.flash("contest.page.sent")
	return v.redirect("/contests/" + c.ID)
}

// contestPage shows a disagreement, and to the appeal authority the form of its answer.
func (s *Server) contestPage(v *visit) error {
	d, err := s.Decisions.ForContest(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	v.under(d.Request.Pack)
	return v.render(contestAnswerPage(v, d))
}

// contestAnswer records the talk with the director and the next step (4.1 a).
func (s *Server) contestAnswer(v *visit) error {
	c, err := s.Decisions.AnswerContest(v.ctx(), v.actor, v.path("id"), decision.Answer{
		TalkOn: v.form("talk_on"), TalkNote: v.form("talk_note"),
		NextStep: decision.NextStep(v.form("next_step")), Answer: v.form("answer"),
	})
	if err != nil {
		return err
	}
	v.flash("contest.page.answered")
	return v.redirect("/contests/" + c.ID)
}

func nextOptions(v *visit) []ui.Option {
	options := make([]ui.Option, len(decision.NextSteps))
	for i, step := range decision.NextSteps {
		options[i] = ui.Option{Value: string(step), Text: v.T("decision.next." + string(step)),
			Chosen: v.chosen("next_step", string(step), false)}
	}
	return options
}

func explanationInput(v *visit) ui.Input {
	f := areaInput(v, "explanation", "decision.contest_explanation", "contest.page.explanation_help", 8)
	f.Clause = "4.1a"
	return f
}

func newSecurityInput(v *visit) ui.Input {
	f := v.input("new_security", "request.field.new_security", "decision.renew_help", "")
	f.Rows, f.Clause = 6, "4.1b"
	return f
}

// aspectOptions are the two ways to disagree, each with what it leads to.
func aspectOptions(v *visit) []ui.Option {
	options := make([]ui.Option, len(evaluation.Aspects))
	for i, a := range evaluation.Aspects {
		options[i] = ui.Option{Value: string(a), Text: v.T("evaluation.aspect." + string(a)), Hint: v.T("contest.page.leads." + string(a))}
	}
	return options
}

func talkNoteInput(v *visit) ui.Input {
	f := areaInput(v, "talk_note", "decision.talk_note", "decision.talk_note_help", 4)
	f.Optional = true
	return f
}
