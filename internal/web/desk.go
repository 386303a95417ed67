package web

import (
	"slices"
	"time"

	"aval/internal/decision"
	"aval/internal/desk"
	"aval/internal/grade"
	"aval/internal/i18n"
	"aval/internal/incident"
	"aval/internal/person"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/reveal"
	"aval/internal/web/ui"
)

// deskView is what a desk shows.
type deskView struct {
	Waiting []ui.Card
	Awaited []ui.Card
	Classes []person.Class
	Uses    map[string][]string // the platforms on which pupils of each class have accounts
	Pace    request.Clock
	Duties  bool // the users' duties of the school year are still to be read
}

func (s *Server) deskHome(v *visit) error {
	tasks, err := s.Requests.Waiting(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	awaited, err := s.Requests.Awaited(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	home, err := s.desk.Home(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	shown := deskView{Classes: home.Classes}
	if len(home.Classes) > 0 {
		if shown.Uses, err = s.Access.Platforms(v.ctx(), v.actor, home.Classes); err != nil {
			return err
		}
	}
	reports, err := s.Incidents.Waiting(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	for _, r := range reports {
		shown.Waiting = append(shown.Waiting, v.reportCard(r))
	}
	due, today, err := s.Rights.Due(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	for _, r := range due {
		shown.Waiting = append(shown.Waiting, v.rightCard(r, today))
	}
	for _, l := range home.Letters {
		shown.Waiting = append(shown.Waiting, v.letterCard(l))
	}
	for _, l := range home.Late {
		shown.Waiting = append(shown.Waiting, v.lateCard(l, i18n.DayOf(s.DB.Clock())))
	}
	for _, t := range home.Vendors {
		shown.Waiting = append(shown.Waiting, v.contractCard(t, v.today()))
	}
	if home.Wrong.Waiting > 0 {
		shown.Waiting = append(shown.Waiting, v.wrongCard(home.Wrong))
	}
	theirs, err := s.toDecide(v, tasks)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if t.Do != policy.DecisionDecide || theirs[t.ID] {
			shown.Waiting = append(shown.Waiting, v.taskCard(t))
		}
	}
	if v.may(policy.AccessManage) {
		late, err := s.Access.Chase(v.ctx(), v.actor)
		if err != nil {
			return err
		}
		for _, c := range late {
			shown.Waiting = append(shown.Waiting, v.chaseCard(c))
		}
	}
	beside, err := s.beside(v)
	if err != nil {
		return err
	}
	shown.Waiting = append(shown.Waiting, beside...)
	around, err := s.governanceCards(v)
	if err != nil {
		return err
	}
	shown.Waiting = append(shown.Waiting, around...)
	slices.SortStableFunc(shown.Waiting, func(a, b ui.Card) int { return b.Days - a.Days })
	for i, a := range home.More { // first of all: someone waits in a class
		shown.Waiting = slices.Insert(shown.Waiting, i, v.moreCard(a))
	}
	for _, t := range awaited {
		shown.Awaited = append(shown.Awaited, v.awaitedCard(t))
	}
	if v.may(policy.CatalogueRead) {
		if shown.Pace, err = s.Requests.Pace(v.ctx(), v.actor); err != nil {
			return err
		}
	}
	if v.may(policy.DutyAcknowledge) {
		mine, err := s.Duties.Mine(v.ctx(), v.actor)
		if err != nil {
			return err
		}
		shown.Duties = !mine.Done()
	}
	return v.render(deskPage(v, shown))
}

// toDecide tells which of the decisions that await somebody await the visitor.
func (s *Server) toDecide(v *visit, tasks []request.Task) (map[request.ID]bool, error) {
	var ids []request.ID
	for _, t := range tasks {
		if t.Do == policy.DecisionDecide {
			ids = append(ids, t.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.Classification.Awaits(v.ctx(), v.actor, ids)
}

// taskCard is a request that awaits the visitor.
func (v *visit) taskCard(t request.Task) ui.Card {
	tone, icon := ui.Look(string(t.State))
	c := ui.Card{Days: t.Days, Href: requestAt(t.ID), Title: v.T("desk.do."+string(t.Do), t.Platform), Tone: tone, Icon: icon,
		Badge: v.T("request.state." + string(t.State)), Clause: t.Clause, Text: v.T("desk.from", t.Author, t.Org)}
	switch {
	case t.State == request.Returned:
		c.Href, c.Title, c.Text = requestAt(t.ID)+"/edit", v.T("desk.do.returned", t.Platform), v.T("desk.returned", t.Reason)
	case t.Do == policy.RequestSubmit:
		c.Href, c.Text = requestAt(t.ID)+"/edit", v.T("desk.unsent")
	case t.Do == policy.RequestAuthorise:
		c.Href = requestAt(t.ID) + "/authorise"
	case t.Do == policy.EvaluationWrite:
		c.Href = requestAt(t.ID) + "/evaluation/use"
	case t.Do == policy.DecisionDecide:
		c.Href = requestAt(t.ID) + "/decision"
	case t.Do == policy.PrivacyRecord:
		c.Href = requestAt(t.ID) + "/privacy"
	}
	c.Target, c.Late = v.target(t.Do, t.StateAt)
	return c
}

// awaitedCard is a request that the visitor waits for.
func (v *visit) awaitedCard(t request.Task) ui.Card {
	tone, icon := ui.Look(string(t.State))
	c := ui.Card{Days: t.Days, Href: requestAt(t.ID), Title: t.Platform, Text: opening(v.with(t.Holder)), Tone: tone, Icon: icon,
		Badge: v.T("request.state." + string(t.State)), Clause: t.Clause}
	c.Target, c.Late = v.target(t.State.Awaits(), t.StateAt)
	return c
}

// target says in how many days the board wants something done, and whether that
// time is over; it is the board's own and no policy's. Nothing where it has none.
func (v *visit) target(do policy.Action, since time.Time) (text string, late bool) {
	days := v.actor.Settings.Target(do)
	if days == 0 || since.IsZero() {
		return "", false
	}
	if over := int(v.s.DB.Clock().Sub(since).Hours()/24) - days; over > 0 {
		return v.p.N("desk.target_late", over, days), true
	}
	return v.p.N("desk.target", days), false
}

// letterCard is a decision to acknowledge or a disagreement to answer.
func (v *visit) letterCard(l desk.Letter) ui.Card {
	tone, icon := ui.Look(string(l.Overall))
	c := ui.Card{Days: l.Days, Href: decisionAt(l.Decision), Title: v.T("desk.do.letter", l.Platform), Text: l.Org, Tone: tone,
		Icon: icon, Badge: v.T("catalogue.status." + string(l.Overall)), Clause: "4.1"}
	if l.Contest != "" {
		c.Href = "/contests/" + l.Contest
		c.Tone, c.Icon = ui.Look("contested")
		c.Title, c.Badge, c.Clause = v.T("desk.do.contest", l.Platform), v.T("desk.contested"), "4.1a"
		c.Target, c.Late = v.target(policy.ContestAnswer, l.At)
	}
	return c
}

// moreCard is what somebody asks for beyond their quota of look-ups.
func (v *visit) moreCard(a reveal.Asked) ui.Card {
	c := ui.Card{Href: "/approvals", Title: v.p.N("desk.do.allow_singles", a.Extra), Text: v.T("desk.allow", a.Asker, a.School),
		Tone: ui.Wait, Icon: "hourglass-split", Badge: v.T("desk.allow_badge"), Clause: "1.3e"}
	if a.Sets {
		c.Title = v.T("desk.do.allow_set")
	}
	if a.School == "" {
		c.Text = v.T("desk.allow_board", a.Asker)
	}
	return c
}

// reportCard is something that an employee told and that awaits an answer.
func (v *visit) reportCard(r incident.Report) ui.Card {
	tone, icon := reportLook(r.State)
	return ui.Card{Days: max(int(v.s.DB.Clock().Sub(r.At).Hours()/24), 0), Href: "/incident-reports/" + r.ID, Title: v.T("desk.do.incident"),
		Text: shortened(r.Told.Text), Tone: tone, Icon: icon, Badge: v.T("incident.report_state." + string(r.State)),
		Clause: incident.TestOf(v.actor.Pack).Clause("report")}
}

// decisionAt is the address of a decision's letter.
func decisionAt(id decision.ID) string { return "/decisions/" + string(id) }

// room says the grade and the size of a class.
func (v *visit) room(c person.Class) string {
	size := v.p.N("desk.pupils", c.Pupils)
	if grade := v.grade(c.Grade); grade != "" {
		return v.T("desk.room", grade, size)
	}
	return size
}

// grade is a grade as schools say it; one that nobody says is left out.
func (v *visit) grade(code string) string {
	if v.actor.Pack != nil && v.actor.Pack.Jurisdiction == grade.Ontario && v.p.Has("grade.on."+code) {
		return v.T("grade.on." + code)
	}
	if key := "grade." + code; v.p.Has(key) {
		return v.T(key)
	}
	return ""
}
