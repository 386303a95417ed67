package web

import (
	"bytes"
	"strconv"

	"aval/internal/policy"
	"aval/internal/rights"
	tables "aval/internal/sheet"
	"aval/internal/web/ui"
)

// rightsRoutes are the pages on what people ask of the board about themselves, and on
// what is destroyed.
func (s *Server) rightsRoutes() []route {
	return []route{
		{pattern: "GET /rights", need: policy.RightsRead, do: s.rightsList},
		{pattern: "GET /rights/new", need: policy.RightsManage, do: s.rightNew},
		{pattern: "POST /rights", need: policy.RightsManage, do: s.rightEnter, form: s.rightNew},
		{pattern: "GET /rights/{id}", need: policy.RightsRead, do: s.right},
		{pattern: "POST /rights/{id}/extend", need: policy.RightsManage, do: s.rightExtend, form: s.right},
		{pattern: "POST /rights/{id}/answer", need: policy.RightsManage, do: s.rightAnswer, form: s.right},
		{pattern: "POST /rights/{id}/close", need: policy.RightsManage, do: s.rightClose, form: s.right},
		{pattern: "POST /rights/{id}/export", need: policy.RightsManage, do: s.rightExport, form: s.right},
		{pattern: "GET /disposal", need: policy.RightsDispose, do: s.disposal},
		{pattern: "POST /disposal", need: policy.RightsDispose, do: s.disposalPropose, form: s.disposal},
		{pattern: "GET /disposal/rules", need: policy.RightsDispose, do: s.disposalRules},
		{pattern: "POST /disposal/rules", need: policy.RightsDispose, do: s.disposalRule, form: s.disposalRules},
		{pattern: "GET /disposal/{id}", need: policy.RightsDispose, do: s.disposalBatch},
		{pattern: "POST /disposal/{id}", need: policy.RightsDispose, do: s.disposalDecide, form: s.disposalBatch},
	}
}

func (v *visit) rightsID() rights.ID { return rights.ID(v.path("id")) }

func rightAt(id rights.ID) string { return "/rights/" + string(id) }

func (s *Server) rightsList(v *visit) error {
	list, today, err := s.Rights.Requests(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(rightsPage(v, list, today))
}

func (s *Server) rightNew(v *visit) error { return v.render(rightFormPage(v)) }

func (s *Server) rightEnter(v *visit) error {
	r, err := s.Rights.Enter(v.ctx(), v.actor, rights.Request{Kind: rights.Kind(v.form("kind")), PersonID: v.form("person"), ReceivedOn: v.form("received_on"),
		Private: rights.Private{Asker: v.form("asker"), Contact: v.form("contact"), About: v.form("about"), Wanted: v.form("wanted")}})
	if err != nil {
		return err
	}
	v.flash("rights.page.entered", r.Number)
	return v.redirect(rightAt(r.ID))
}

func (s *Server) right(v *visit) error {
	r, err := s.Rights.Request(v.ctx(), v.actor, v.rightsID())
	if err != nil {
		return err
	}
	return v.render(rightPage(v, r))
}

func (s *Server) rightExtend(v *visit) error {
	r, err := s.Rights.Extend(v.ctx(), v.actor, v.rightsID(), v.form("notified_on"), number(v.form("days")))
	if err != nil {
		return err
	}
	v.flash("rights.page.extended", v.p.Day(r.DueOn))
	return v.redirect(rightAt(r.ID))
}

func (s *Server) rightAnswer(v *visit) error {
	r, err := s.Rights.Answer(v.ctx(), v.actor, v.rightsID(), rights.Answer{Outcome: rights.Outcome(v.form("outcome")), Reasons: v.form("reasons"),
		Recourse: v.form("recourse"), On: v.form("answered_on")})
	if err != nil {
		return err
	}
	v.flash("rights.page.answered")
	return v.redirect(rightAt(r.ID))
}

func (s *Server) rightClose(v *visit) error {
	r, err := s.Rights.Close(v.ctx(), v.actor, v.rightsID(), v.form("why"), v.form("closed_on"))
	if err != nil {
		return err
	}
	v.flash("rights.page.closed", r.Number)
	return v.redirect(rightAt(r.ID))
}

// rightExport sends what aval keeps about the pupil of a request, as a table.
func (s *Server) rightExport(v *visit) error {
	r, held, err := s.Rights.Export(v.ctx(), v.actor, v.rightsID())
	if err != nil {
		return err
	}
	t := tables.Table{Format: tables.CSV, Comma: ',', Header: []string{v.T("rights.export.what"), v.T("rights.export.text"), v.T("rights.export.on")}}
	if v.p.Lang == "fr" {
		t.Comma = ';'
	}
	for _, h := range held {
		t.Rows = append(t.Rows, []string{v.T("rights.export." + h.Key), h.Text, h.On})
	}
	var b bytes.Buffer
	if err := t.Write(&b); err != nil {
		return err
	}
	return v.send(r.Number+".csv", t.Format.Media(), b.Bytes())
}

// rightLook is how a request stands.
func rightLook(r rights.Request, today string) (ui.Tone, string, string) {
	switch {
	case r.Late(today):
		return ui.Stop, "exclamation-circle-fill", "rights.state.late"
	case r.State == rights.Open:
		return ui.Wait, "hourglass-split", "rights.state.open"
	case r.State == rights.Answered:
		return ui.OK, "check-circle-fill", "rights.state.answered"
	}
	return ui.Plain, "archive", "rights.state.closed"
}

// rightLeft says how much time remains.
func (v *visit) rightLeft(r rights.Request, today string) string {
	switch left := r.Left(today); {
	case r.DueOn == "" || r.State != rights.Open:
		return ""
	case left < 0:
		return v.p.N("rights.page.late_by", -left)
	default:
		return v.p.N("rights.page.left", left)
	}
}

// rightCard is a request that awaits who answers for privacy.
func (v *visit) rightCard(r rights.Request, today string) ui.Card {
	tone, icon, state := rightLook(r, today)
	return ui.Card{Href: rightAt(r.ID), Title: v.T("rights.desk."+string(r.Kind), r.Number), Text: v.rightLeft(r, today), Tone: tone, Icon: icon,
		Badge: v.T(state), Clause: v.actor.Pack.First("QC-RIGHT-01", "ON-RIGHT-01"), Days: max(-r.Left(today), 0)}
}

// choices are the answers of a closed list, by the key of their words.
func choices[T ~string](v *visit, name, key string, kept string, list []T) (options []ui.Option) {
	for _, each := range list {
		options = append(options, ui.Option{Value: string(each), Text: v.T(key + string(each)), Chosen: v.chosen(name, string(each), kept == string(each))})
	}
	return options
}

// picks are the same for a list that opens, whose first line is no answer.
func picks[T ~string](v *visit, name, key string, kept string, list []T) []ui.Option {
	return append([]ui.Option{{Text: v.T("rights.page.choose")}}, choices(v, name, key, kept, list)...)
}

// line is a question answered in a line.
func line(v *visit, name, label, hint, kept string) ui.Input {
	return kindOf(v.input(name, label, hint, kept), "", rights.MaxLine)
}

// ---- destruction

func (s *Server) disposal(v *visit) error {
	r, err := s.Rights.Retention(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(disposalPage(v, r))
}

func (s *Server) disposalRules(v *visit) error {
	r, err := s.Rights.Retention(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(disposalRulesPage(v, r))
}

func (s *Server) disposalRule(v *visit) error {
	years, err := strconv.ParseInt(v.form("years"), 10, 64)
	if err != nil {
		years = -1
	}
	if _, err := s.Rights.SetRule(v.ctx(), v.actor, rights.Rule{Record: rights.Record(v.form("record")), Code: v.form("code"), Years: years}); err != nil {
		return err
	}
	v.flash("rights.page.rule_kept")
	return v.redirect("/disposal")
}

func (s *Server) disposalPropose(v *visit) error {
	b, err := s.Rights.Propose(v.ctx(), v.actor, rights.Record(v.form("record")))
	if err != nil {
		return err
	}
	v.flash("rights.page.proposed")
	return v.redirect("/disposal/" + string(b.ID))
}

func (s *Server) disposalBatch(v *visit) error {
	r, err := s.Rights.Batch(v.ctx(), v.actor, v.rightsID())
	if err != nil {
		return err
	}
	return v.render(disposalBatchPage(v, r))
}

func (s *Server) disposalDecide(v *visit) error {
	b, err := s.Rights.Decide(v.ctx(), v.actor, v.rightsID(), v.form("answer"))
	if err != nil {
		return err
	}
	v.flash("rights.page.batch_" + b.State)
	return v.redirect("/disposal")
}

// batchLook is how a batch stands.
func batchLook(b rights.Batch) (ui.Tone, string) {
	switch b.State {
	case rights.Proposed:
		return ui.Wait, "hourglass-split"
	case rights.Destroyed:
		return ui.OK, "check-circle-fill"
	}
	return ui.Plain, "x-lg"
}
