package web

import (
	"slices"
	"strings"

	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/i18n"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/web/ui"
)

// apartRoutes are the pages of evaluations that more than one writes, of the board's
// own criteria, and of evaluating again.
func (s *Server) apartRoutes() []route {
	return []route{
		{pattern: "POST /requests/{id}/evaluation/{aspect}/second", need: policy.EvaluationSecond, do: s.secondAsk, form: s.evaluationPage},
		{pattern: "GET /requests/{id}/evaluation/{aspect}/invite", need: policy.EvaluationWrite, do: s.inviteForm},
		{pattern: "POST /requests/{id}/evaluation/{aspect}/invite", need: policy.EvaluationWrite, do: s.inviteSend, form: s.inviteForm},
		{pattern: "GET /invitations/{id}", need: policy.InvitationRead, do: s.invitation},
		{pattern: "POST /invitations/{id}", need: policy.InvitationAnswer, do: s.invitationJudge, form: s.invitation},
		{pattern: "POST /invitations/{id}/decline", need: policy.InvitationAnswer, do: s.invitationDecline, form: s.invitation},
		{pattern: "GET /decisions/{id}/again", need: policy.DecisionReevaluate, do: s.againForm},
		{pattern: "POST /decisions/{id}/again", need: policy.DecisionReevaluate, do: s.againOpen, form: s.againForm},
		{pattern: "GET /settings/criteria", need: policy.CriterionManage, do: s.criteriaForm},
		{pattern: "POST /settings/criteria", need: policy.CriterionManage, do: s.criteriaAdd, form: s.criteriaForm},
		{pattern: "POST /criteria/{id}/retire", need: policy.CriterionManage, do: s.criteriaRetire, form: s.criteriaForm},
	}
}

func (s *Server) secondAsk(v *visit) error {
	id, aspect, err := evaluationOf(v)
	if err != nil {
		return err
	}
	if err := s.Evaluations.AskSecond(v.ctx(), v.actor, id, aspect, v.form("second")); err != nil {
		return err
	}
	v.flash("evaluation.second_done")
	return v.redirect("/requests/" + string(id) + "/evaluation/" + string(aspect))
}

// inviteForm asks which department is to judge what, and by when.
func (s *Server) inviteForm(v *visit) error {
	id, aspect, err := evaluationOf(v)
	if err != nil {
		return err
	}
	e, err := s.Evaluations.View(v.ctx(), v.actor, id, aspect)
	if err != nil {
		return err
	}
	departments, err := s.Evaluations.Departments(v.ctx(), v.actor, id, aspect)
	if err != nil {
		return err
	}
	return v.render(invitePage(v, e, departments))
}

func (s *Server) inviteSend(v *visit) error {
	id, aspect, err := evaluationOf(v)
	if err != nil {
		return err
	}
	i, err := s.Evaluations.Invite(v.ctx(), v.actor, id, aspect, evaluation.Invite{
		Org: v.form("org"), Criteria: v.forms("criteria"), DueOn: v.form("due_on"), Note: v.form("note")})
	if err != nil {
		return err
	}
	v.flash("evaluation.invite_done", i.Org)
	return v.redirect("/requests/" + string(id) + "/evaluation/" + string(aspect))
}

// invitation shows a department what it is asked to judge, or what it answered.
func (s *Server) invitation(v *visit) error {
	i, err := s.Evaluations.Invitation(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	return v.render(invitationPage(v, i))
}

func (s *Server) invitationJudge(v *visit) error {
	in := evaluation.Answer{Conclusion: v.form("conclusion"), Ratings: map[string]evaluation.Judgement{}}
	for field := range v.r.PostForm {
		if id, ok := strings.CutPrefix(field, "rating."); ok {
			in.Ratings[id] = evaluation.Judgement{Rating: evaluation.Rating(v.form(field)), Note: v.form("note." + id)}
		}
	}
	i, err := s.Evaluations.Judge(v.ctx(), v.actor, v.path("id"), in, versionSent(v))
	if err != nil {
		return err
	}
	v.flash("evaluation.judged_done")
	return v.redirect("/invitations/" + i.ID)
}

func (s *Server) invitationDecline(v *visit) error {
	i, err := s.Evaluations.Decline(v.ctx(), v.actor, v.path("id"), v.form("reason"), versionSent(v))
	if err != nil {
		return err
	}
	v.flash("evaluation.declined_done")
	return v.redirect("/invitations/" + i.ID)
}

// againForm asks why a decided platform is evaluated again.
func (s *Server) againForm(v *visit) error {
	d, err := s.Decisions.View(v.ctx(), v.actor, decision.ID(v.path("id")))
	if err != nil {
		return err
	}
	if err := v.actor.Allow(policy.DecisionReevaluate, d.Request.Scope()); err != nil {
		return err
	}
	return v.render(againPage(v, d))
}

func (s *Server) againOpen(v *visit) error {
	r, err := s.Decisions.Reevaluate(v.ctx(), v.actor, decision.ID(v.path("id")), decision.Cause(v.form("cause")), v.form("reason"))
	if err != nil {
		return err
	}
	v.flash("decision.again_done", r.Number)
	return v.redirect("/requests/" + string(r.ID))
}

// criteriaForm lists what the board looks at beside its policy, and adds to it.
func (s *Server) criteriaForm(v *visit) error {
	list, err := s.Evaluations.Criteria(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(criteriaPage(v, list))
}

func (s *Server) criteriaAdd(v *visit) error {
	if _, err := s.Evaluations.AddCriterion(v.ctx(), v.actor, evaluation.CriterionInput{Aspect: evaluation.Aspect(v.form("aspect")),
		Name:     policy.Text{Fr: v.form("name_fr"), En: v.form("name_en")},
		Question: policy.Text{Fr: v.form("question_fr"), En: v.form("question_en")}}); err != nil {
		return err
	}
	v.flash("evaluation.criterion_added")
	return v.redirect("/settings/criteria")
}

func (s *Server) criteriaRetire(v *visit) error {
	if err := s.Evaluations.RetireCriterion(v.ctx(), v.actor, v.path("id")); err != nil {
		return err
	}
	v.flash("evaluation.criterion_gone")
	return v.redirect("/settings/criteria")
}

func criterionAspects(v *visit) (options []ui.Option) {
	for _, a := range evaluation.Aspects {
		options = append(options, ui.Option{Value: string(a), Text: v.T("evaluation.aspect." + string(a)), Chosen: v.chosen("aspect", string(a), false)})
	}
	return options
}

func secondOptions(v *visit, people []evaluation.Person) []ui.Option {
	options := []ui.Option{{Text: v.T("evaluation.second_choose")}}
	for _, p := range people {
		options = append(options, ui.Option{Value: p.ID, Text: p.Name, Chosen: v.chosen("second", p.ID, false)})
	}
	return options
}

func departmentOptions(v *visit, departments []org.Org) []ui.Option {
	options := []ui.Option{{Text: v.T("evaluation.invite_choose")}}
	for _, o := range departments {
		options = append(options, ui.Option{Value: o.ID, Text: o.Name, Chosen: v.chosen("org", o.ID, false)})
	}
	return options
}

func criteriaOptions(v *visit, rows []evaluation.Row) (options []ui.Option) {
	for _, r := range rows {
		options = append(options, ui.Option{Value: r.ID, Text: r.Name.In(v.p.Lang), Hint: r.Question.In(v.p.Lang), Chosen: v.ticked("criteria", r.ID, false)})
	}
	return options
}

func causeOptions(v *visit) (options []ui.Option) {
	for _, c := range decision.Causes {
		options = append(options, ui.Option{Value: string(c), Text: v.T("decision.cause." + string(c)), Chosen: v.chosen("cause", string(c), false)})
	}
	return options
}

// judgedOptions are the answers of a department to a criterion.
func judgedOptions(v *visit, id string) []ui.Option {
	return ratingOptions(v, evaluation.Row{Criterion: policy.Criterion{ID: id}})
}

func reasonOf(v *visit, r evaluation.Row) ui.Input {
	f := v.input("reason."+r.ID, "evaluation.reason", "evaluation.reason_help", r.Reason)
	f.Rows, f.Max, f.Optional = 2, 4000, true
	return f
}

// conclusionInput is a text of a department about all of what it judged.
func conclusionInput(v *visit) ui.Input {
	f := v.input("conclusion", "evaluation.conclusion", "evaluation.conclusion_help", "")
	f.Rows, f.Max = 5, 10000
	return f
}

func dueInput(v *visit) ui.Input {
	return kindOf(v.input("due_on", "evaluation.invite_due", "evaluation.invite_due_help", ""), "date", 0)
}

// invitationCard is an invitation on a desk: to answer, or unanswered.
func (v *visit) invitationCard(i evaluation.InvitationView) ui.Card {
	tone, icon, badge := invitationLook(v, i.Invitation, i.Late)
	c := ui.Card{Days: max(int(v.s.DB.Clock().Sub(i.InvitedAt).Hours()/24), 0), Href: "/invitations/" + i.ID,
		Title: v.T("evaluation.invite_task", i.Platform.Name), Text: v.T("evaluation.invite_by", v.p.Day(i.DueOn)),
		Tone: tone, Icon: icon, Badge: badge, Clause: "6.6c"}
	if !i.MayAnswer {
		c.Title = v.T("evaluation.invite_left", i.Org, i.Platform.Name)
		c.Href = "/requests/" + string(i.RequestID) + "/evaluation/" + string(i.Aspect)
	}
	return c
}

// dueCard is a platform whose turn has come by the board's own cycle.
func (v *visit) dueCard(d decision.Due) ui.Card {
	c := ui.Card{Href: decisionAt(d.Decision) + "/again", Title: v.T("decision.due_task", d.Platform),
		Text: v.T("decision.due_text", v.p.Day(d.On)), Tone: ui.Info, Icon: "clock-history", Badge: v.T("decision.due_badge"),
		Clause: d.Clause}
	if d.Overdue {
		c.Tone, c.Icon, c.Badge = ui.Wait, "hourglass-split", v.T("decision.due_late")
	}
	return c
}

func invitationLook(v *visit, i evaluation.Invitation, late bool) (tone ui.Tone, icon, text string) {
	switch {
	case late:
		return ui.Wait, "hourglass-split", v.T("evaluation.invite_state.late")
	case i.State == evaluation.Judged:
		return ui.OK, "check-circle-fill", v.T("evaluation.invite_state.given")
	case i.State == evaluation.Declined:
		return ui.Stop, "x-octagon-fill", v.T("evaluation.invite_state.declined")
	}
	return ui.Info, "clipboard-check", v.T("evaluation.invite_state.open")
}

// isLate says that an invitation's day has passed.
func (v *visit) isLate(i evaluation.Invitation) bool { return i.Late(i18n.DayOf(v.s.DB.Clock())) }

// beside are the cards of the desk that come from others' evaluations.
func (s *Server) beside(v *visit) (cards []ui.Card, err error) {
	asked, err := s.Evaluations.Awaiting(v.ctx(), v.actor)
	if err != nil {
		return nil, err
	}
	for _, i := range asked {
		cards = append(cards, v.invitationCard(i))
	}
	due, err := s.Decisions.Due(v.ctx(), v.actor)
	for _, d := range due {
		cards = append(cards, v.dueCard(d))
	}
	return cards, err
}

// sourceText says where the judgements were carried over from.
func sourceText(v *visit, s evaluation.Source) string {
	if s.Foreign() {
		return v.T("evaluation.source_foreign", s.Board, s.Fingerprint, v.p.Day(s.SignedOn))
	}
	return v.T("evaluation.source_own", s.Number, strings.ToLower(v.T("decision.cause."+s.Kind)))
}

// mayDiffer says that a row of the page shows what each of two wrote.
func mayDiffer(e evaluation.View, id string) bool {
	return len(e.Opinions) == 2 && slices.ContainsFunc(e.Opinions, func(o evaluation.Opinion) bool { return o.Criteria[id] != evaluation.Judgement{} })
}

// exportable says that the evaluation may be given away, signed.
func exportable(v *visit, r request.Request) bool {
	return v.actor.Can(policy.EvaluationExport, r.Scope())
}
