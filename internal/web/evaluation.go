package web

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/web/ui"
)

// evaluationRoutes are the pages of who evaluates, of who decides, and of who
// receives the decision.
func (s *Server) evaluationRoutes() []route {
	return []route{
		{pattern: "GET /evaluations", need: policy.EvaluationWrite, do: s.evaluationList},
		{pattern: "GET /requests/{id}/evaluation/{aspect}", need: policy.EvaluationRead, do: s.evaluationPage},
		{pattern: "POST /requests/{id}/evaluation/{aspect}", need: policy.EvaluationWrite,
			do: s.evaluationKeep, form: s.evaluationPage, unread: true},
		{pattern: "POST /requests/{id}/evaluation/{aspect}/reopen", need: policy.EvaluationWrite, do: s.evaluationReopen},
		{pattern: "GET /evidence/{id}", need: policy.EvaluationRead, do: s.evidence},
		{pattern: "GET /requests/{id}/privacy", need: policy.PrivacyRecord, do: s.privacyPage},
		{pattern: "POST /requests/{id}/privacy", need: policy.PrivacyRecord, do: s.privacyKeep, form: s.privacyPage, limit: proofLimit},
		{pattern: "GET /requests/{id}/decision", need: policy.DecisionDecide, do: s.decisionForm},
		{pattern: "POST /requests/{id}/decision", need: policy.DecisionDecide, do: s.decisionDecide, form: s.decisionForm},
		{pattern: "GET /decisions/{id}", need: policy.DecisionRead, do: s.decisionLetter},
		{pattern: "POST /decisions/{id}/acknowledge", need: policy.DecisionAcknowledge, do: s.decisionAcknowledge},
		{pattern: "GET /decisions/{id}/contest", need: policy.DecisionContest, do: s.contestForm},
		{pattern: "POST /decisions/{id}/contest", need: policy.DecisionContest, do: s.contestSend, form: s.contestForm},
		{pattern: "GET /contests/{id}", need: policy.DecisionRead, do: s.contestPage},
		{pattern: "POST /contests/{id}", need: policy.ContestAnswer, do: s.contestAnswer, form: s.contestPage},
	}
}

// evaluationList shows what is to receive, to evaluate or to decide, the oldest
// first, then what is with colleagues.
func (s *Server) evaluationList(v *visit) error {
	waiting, err := s.Requests.Waiting(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	waiting = slices.DeleteFunc(waiting, func(t request.Task) bool {
		return t.Do != policy.RequestAcknowledge && t.Do != policy.EvaluationWrite && t.Do != policy.DecisionDecide
	})
	var others []request.Item
	for _, state := range []request.State{request.Authorised, request.Acknowledged, request.Evaluated} {
		page, err := s.Requests.List(v.ctx(), v.actor, request.Filter{State: state})
		if err != nil {
			return err
		}
		for _, i := range page.Items {
			if !slices.ContainsFunc(waiting, func(t request.Task) bool { return t.ID == i.ID }) {
				others = append(others, i)
			}
		}
	}
	slices.SortStableFunc(others, func(a, b request.Item) int { return a.StateAt.Compare(b.StateAt) })
	return v.render(evaluationListPage(v, waiting, others))
}

// evaluationCard is one request that waits for the visitor.
func evaluationCard(v *visit, t request.Task) ui.Card {
	href := "/requests/" + string(t.ID)
	switch t.Do {
	case policy.EvaluationWrite:
		href += "/evaluation/" + string(evaluation.Use)
	case policy.DecisionDecide:
		href += "/decision"
	}
	tone, icon := ui.Look(string(t.State))
	return ui.Card{
		Days: t.Days, Href: href, Title: v.T("evaluation.page.do."+string(t.Do), t.Platform),
		Text: v.T("evaluation.page.of", t.Number, t.Org), Tone: tone, Icon: icon,
		Badge: v.T("request.state." + string(t.State)), Clause: t.Clause,
	}
}

// evaluationOf reads which aspect of which request the address names.
func evaluationOf(v *visit) (request.ID, evaluation.Aspect, error) {
	aspect, err := evaluation.ParseAspect(v.path("aspect"))
	return request.ID(v.path("id")), aspect, err
}

// evaluationPage shows one aspect: to fill in for who may, to read for the others.
func (s *Server) evaluationPage(v *visit) error {
	id, aspect, err := evaluationOf(v)
	if err != nil {
		return err
	}
	e, err := s.Evaluations.View(v.ctx(), v.actor, id, aspect)
	if err != nil {
		return err
	}
	v.under(e.Request.Pack)
	known := ""
	if e.Evaluation.Source.Foreign() {
		if known, err = s.signerText(v, e.Evaluation.Source.Fingerprint); err != nil {
			return err
		}
	}
	return v.render(evaluationAspectPage(v, e, known))
}

// evaluationKeep saves or finishes an aspect. The files come first: a browser
// does not send them a second time. Where one is refused, what was typed is
// saved as a draft and shown again with the file's error.
func (s *Server) evaluationKeep(v *visit) error {
	id, aspect, err := evaluationOf(v)
	if err != nil {
		return err
	}
	wrong, err := s.evidenceSent(v, id, aspect)
	if err != nil {
		return err
	}
	shown, err := s.Evaluations.View(v.ctx(), v.actor, id, aspect)
	if _, refused := fault.As(err); err != nil && !refused { // what is refused to be read is refused below
		return err
	}
	v.under(shown.Request.Pack)
	in, version := evaluationTyped(v, shown.Rows)
	v.order = evaluationFields(shown.Rows)
	finish := v.form("then") == "finish" && len(wrong) == 0
	var e evaluation.Evaluation
	if finish {
		e, err = s.Evaluations.Finish(v.ctx(), v.actor, id, aspect, in, version)
	} else {
		e, err = s.Evaluations.Save(v.ctx(), v.actor, id, aspect, in, version)
	}
	if err != nil {
		if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
			for field, m := range wrong {
				f.Fields[field] = m
			}
		}
		return err
	}
	if len(wrong) > 0 {
		return fault.FormMsg(wrong)
	}
	to := "/requests/" + string(id) + "/evaluation/"
	if !finish {
		v.flash("evaluation.page.saved", v.p.Time(e.UpdatedAt))
		return v.redirect(to + string(aspect))
	}
	v.flash("evaluation.page.finished."+string(aspect), v.p.T("evaluation.recommendation."+string(e.Recommendation)))
	return v.redirect(to + string(aspect))
}

// evaluationReopen lets who finished an aspect write on it again.
func (s *Server) evaluationReopen(v *visit) error {
	id, aspect, err := evaluationOf(v)
	if err != nil {
		return err
	}
	if _, err := s.Evaluations.Reopen(v.ctx(), v.actor, id, aspect); err != nil {
		return err
	}
	v.flash("evaluation.page.reopened")
	return v.redirect("/requests/" + string(id) + "/evaluation/" + string(aspect))
}

// evaluationTyped reads the form of an aspect; a criterion that was not sent stays as it is.
func evaluationTyped(v *visit, rows []evaluation.Row) (in evaluation.Input, version int64) {
	in = evaluation.Input{
		Criteria: map[string]evaluation.Judgement{}, Location: evaluation.Location(v.form("location")),
		LocationReason: v.form("location_reason"), Looked: v.forms("looked"),
		Recommendation: evaluation.Recommendation(v.form("recommendation")), Summary: v.form("summary"),
		Withdraw: v.forms("withdraw"), Confirm: v.forms("confirm"),
	}
	for _, c := range rows {
		if v.forms("note."+c.ID) != nil || v.forms("rating."+c.ID) != nil {
			in.Criteria[c.ID] = evaluation.Judgement{
				Rating: evaluation.Rating(v.form("rating." + c.ID)), Note: v.form("note." + c.ID), Reason: v.form("reason." + c.ID),
			}
		}
	}
	return in, versionSent(v)
}

// evaluationFields are the fields of an aspect's form, as they stand on the page:
// an answer that was not given is not sent, and has its place all the same.
func evaluationFields(rows []evaluation.Row) (fields []string) {
	for _, c := range rows {
		if c.Location {
			fields = append(fields, "location", "location_reason", "looked")
		}
		fields = append(fields, "note."+c.ID, "rating."+c.ID, "reason."+c.ID, "file."+c.ID)
	}
	return append(fields, "recommendation", "summary")
}

// versionSent is the version of the thing that the form showed; none is none.
func versionSent(v *visit) int64 {
	n, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// evidence sends a file, never to be opened in place.
func (s *Server) evidence(v *visit) (err error) {
	file, content, err := s.Evaluations.Evidence(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // read whole, or not sent
	data, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	return v.send(file.Name, file.Media, data)
}

// ratingLook is how a rating looks wherever it stands.
func ratingLook(r evaluation.Rating) (tone ui.Tone, icon, key string) {
	key = "evaluation.rating." + string(r)
	switch r {
	case evaluation.Met:
		return ui.OK, "check-circle-fill", key
	case evaluation.Partly:
		return ui.Wait, "dash-circle-fill", key
	case evaluation.Unmet:
		return ui.Stop, "x-octagon-fill", key
	case evaluation.NotConsidered:
		return ui.Plain, "slash-circle", key
	default:
		return ui.Plain, "circle", "evaluation.rating.none"
	}
}

// judged is the rating that a criterion shows: what was typed when the form came
// back, otherwise what is kept.
func judged(v *visit, r evaluation.Row) evaluation.Rating {
	rating := evaluation.Rating(v.value("rating."+r.ID, string(r.Rating)))
	if !slices.Contains(evaluation.Ratings, rating) {
		return evaluation.Unrated
	}
	return rating
}

// unfolded says that a criterion shows its inside at once: what is to fill in or
// to mend for who writes, what is not met for who reads.
func unfolded(v *visit, r evaluation.Row, writes bool) bool {
	switch rating := judged(v, r); {
	case v.wrong("rating."+r.ID) != "" || v.wrong("note."+r.ID) != "" || v.wrong("reason."+r.ID) != "" || v.wrong("file."+r.ID) != "":
		return true
	case meanwhile(v, r) != "":
		return true
	case r.Location && (v.wrong("location") != "" || v.wrong("location_reason") != "" || v.wrong("looked") != ""):
		return true
	case writes:
		return rating == evaluation.Unrated || r.Carried
	default:
		return rating == evaluation.Partly || rating == evaluation.Unmet || r.Changed()
	}
}

// letterOf is the last part of a criterion's number: "a" of 3.3a, "13" of 3.2.13.
func letterOf(id string) string {
	last := id[strings.LastIndex(id, ".")+1:]
	if letter := strings.TrimLeft(last, "0123456789"); letter != "" {
		return letter
	}
	return last
}

// ratingOptions are the four answers of a criterion.
func ratingOptions(v *visit, r evaluation.Row) []ui.Option {
	options := make([]ui.Option, len(evaluation.Ratings))
	for i, rating := range evaluation.Ratings {
		options[i] = ui.Option{Value: string(rating), Text: v.T("evaluation.rating." + string(rating)),
			Chosen: v.chosen("rating."+r.ID, string(rating), r.Rating == rating)}
	}
	return options
}

func recommendationOptions(v *visit, kept evaluation.Recommendation) []ui.Option {
	options := make([]ui.Option, len(evaluation.Recommendations))
	for i, one := range evaluation.Recommendations {
		options[i] = ui.Option{Value: string(one), Text: v.T("evaluation.recommendation." + string(one)),
			Chosen: v.chosen("recommendation", string(one), kept == one)}
	}
	return options
}

func lookedOptions(v *visit, e evaluation.View) []ui.Option {
	options := make([]ui.Option, len(e.Equivalents))
	for i, m := range e.Equivalents {
		id := string(m.Platform.ID)
		options[i] = ui.Option{Value: id, Text: m.Platform.Name, Chosen: v.ticked("looked", id, slices.Contains(e.Evaluation.Looked, id)),
			Hint: v.p.N("evaluation.equivalent_shares", len(m.Shared), m.Total)}
	}
	return options
}

// rungWord is where a rung stands on the ladder.
func rungWord(i, n int) string {
	switch i {
	case 0:
		return "evaluation.location.first"
	case n - 1:
		return "evaluation.location.last"
	default:
		return "evaluation.location.else"
	}
}

// locationText says where the data are, in the words of the pack.
func locationText(v *visit, l string) string {
	if rung, ok := v.policy().Rung(l); ok {
		return rung.Title.In(v.p.Lang)
	}
	return v.T("evaluation.location.unknown")
}

// overtaken says that the form came back because somebody else wrote meanwhile.
func overtaken(v *visit) bool { return v.refused != nil && v.refused.Kind == fault.Conflict }

// meanwhile is what somebody else wrote on a criterion since the form was shown;
// "" where it is what was typed.
func meanwhile(v *visit, r evaluation.Row) string {
	if !overtaken(v) || string(r.Rating) == v.form("rating."+r.ID) && r.Note == v.form("note."+r.ID) {
		return ""
	}
	_, _, key := ratingLook(r.Rating)
	return labelled(v, v.T(key), r.Note)
}

// meanwhileLocation is meanwhile for the ladder.
func meanwhileLocation(v *visit, e evaluation.Evaluation) string {
	if !overtaken(v) || e.Location == "" || string(e.Location) == v.form("location") && e.LocationReason == v.form("location_reason") {
		return ""
	}
	return labelled(v, locationText(v, string(e.Location)), e.LocationReason)
}

// meanwhileAdvice is meanwhile for the recommendation and its summary.
func meanwhileAdvice(v *visit, e evaluation.Evaluation) string {
	if !overtaken(v) || string(e.Recommendation) == v.form("recommendation") && e.Summary == v.form("summary") {
		return ""
	}
	if e.Recommendation == "" {
		return e.Summary
	}
	return labelled(v, v.T("evaluation.recommendation."+string(e.Recommendation)), e.Summary)
}

// labelled is a word and, after it, the text that goes with it.
func labelled(v *visit, word, text string) string {
	if text == "" {
		return word
	}
	return v.T("evaluation.page.label", word) + " " + text
}

// waitingTitle says how much awaits the visitor.
func waitingTitle(v *visit, n int) string {
	if n == 0 {
		return v.T("evaluation.page.none")
	}
	return v.p.N("evaluation.page.list_title", n)
}

// paragraphs cuts a text where its writer left a line.
func paragraphs(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// rungID gives the first rung the field's own id, so that the summary of errors leads to it.
func rungID(i int) string {
	if i == 0 {
		return "location"
	}
	return "location-" + strconv.Itoa(i+1)
}

func noteInput(v *visit, r evaluation.Row) ui.Input {
	f := v.input("note."+r.ID, "evaluation.note", "evaluation.note_help", r.Note)
	f.Rows, f.Max = 3, 4000
	return f
}

func reasonInput(v *visit, kept string) ui.Input {
	f := v.input("location_reason", "evaluation.location_reason", "evaluation.location_reason_help", kept)
	f.Rows, f.Max = 3, 4000
	return f
}

func adviceInput(v *visit, kept string) ui.Input {
	f := v.input("summary", "evaluation.summary", "evaluation.summary_help", kept)
	f.Rows, f.Max = 4, 10000
	return f
}

func fileInput(v *visit, r evaluation.Row) ui.Input {
	f := v.input("file."+r.ID, "evaluation.evidence_add", "evaluation.evidence_help", "")
	f.Optional, f.Multiple, f.Accept = true, true, ".pdf,.png,.jpg,.jpeg,.txt,.docx"
	return f
}

// workPage is one page of the work on a request.
type workPage struct{ path, key string }

// evaluationParts are the pages of the work on a request that the visitor reaches.
func evaluationParts(v *visit, r request.Request) []workPage {
	var parts []workPage
	if v.actor.Can(policy.EvaluationRead, r.Scope()) {
		for _, a := range evaluation.Aspects {
			parts = append(parts, workPage{"evaluation/" + string(a), "evaluation.aspect." + string(a)})
		}
	}
	if v.actor.Can(policy.EvaluationRead, r.Scope()) && v.actor.Pack.First("D-02", "QC-SEC-02") != "" {
		parts = append(parts, workPage{"class", "classification.tab"})
	}
	if v.actor.Can(policy.PrivacyRecord, r.Scope()) {
		parts = append(parts, workPage{"privacy", "privacy.page.tab"})
	}
	if v.actor.Can(policy.DecisionDecide, r.Scope()) {
		parts = append(parts, workPage{"decision", "decision.result"})
	}
	return parts
}

// backToWork leads who evaluates to their list, and the others to the request.
func backToWork(v *visit, id request.ID) (href, text string) {
	if v.may(policy.EvaluationWrite) {
		return "/evaluations", v.T("evaluation.title")
	}
	return "/requests/" + string(id), v.T("evaluation.page.to_request")
}
