package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"aval/internal/assessment"
	"aval/internal/condition"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/web/ui"
)

// assessmentRoutes are the pages on privacy assessments.
func (s *Server) assessmentRoutes() []route {
	return []route{
		{pattern: "GET /assessments", need: policy.AssessmentRead, do: s.assessmentList},
		{pattern: "POST /requests/{id}/assessment", need: policy.AssessmentWrite, do: s.assessmentOpen},
		{pattern: "GET /assessments/{id}", need: policy.AssessmentRead, do: s.assessment},
		{pattern: "GET /assessments/{id}/report", need: policy.AssessmentRead, do: s.assessmentReport},
		{pattern: "POST /assessments/{id}/write", need: policy.AssessmentWrite, do: s.assessmentWrite, form: s.assessment},
		{pattern: "POST /assessments/{id}/conclude", need: policy.AssessmentConclude, do: s.assessmentConclude, form: s.assessment},
		{pattern: "POST /assessments/{id}/correct", need: policy.AssessmentConclude, do: s.assessmentCorrect, form: s.assessment},
		{pattern: "POST /assessments/{id}/committee", need: policy.AssessmentConsult, do: s.assessmentConsult, form: s.assessment},
		{pattern: "POST /assessments/{id}/vetting", need: policy.VettingAttach, do: s.assessmentAttach, form: s.assessment, limit: proofLimit},
		{pattern: "GET /assessment-files/{id}", need: policy.AssessmentRead, do: s.assessmentFile},
	}
}

// assessmentList lists the assessments that the visitor may read.
func (s *Server) assessmentList(v *visit) error {
	show, part := v.query("show"), 1
	if typed := v.query("page"); typed != "" {
		n, err := strconv.Atoi(typed)
		if err != nil || n < 1 || n > 1_000_000 {
			return fault.Missing()
		}
		part = n
	}
	list, more, err := s.Assessments.Page(v.ctx(), v.actor, assessment.Filter{State: assessment.State(show), Part: part})
	if err != nil {
		return err
	}
	at := func(n int) string { return "/assessments" + withQuery("show", show, "page", strconv.Itoa(n)) }
	before, after := "", ""
	if part > 1 {
		before = at(part - 1)
	}
	if more {
		after = at(part + 1)
	}
	filters := []ui.Filter{{Href: "/assessments", Text: v.T("assessment.all"), Count: -1, Current: show == ""}}
	for _, state := range assessment.States {
		filters = append(filters, ui.Filter{Href: "/assessments" + withQuery("show", string(state)), Text: v.T("assessment.filter." + string(state)),
			Count: -1, Current: show == string(state)})
	}
	return v.render(assessmentListPage(v, filters, list, before, after))
}

// assessmentOpen begins the assessment of a request, or leads to the one that is begun.
func (s *Server) assessmentOpen(v *visit) error {
	a, err := s.Assessments.Open(v.ctx(), v.actor, request.ID(v.path("id")))
	if err != nil {
		return err
	}
	return v.redirect(assessmentAt(a.ID))
}

// assessment shows an edition: a draft as its form, a concluded one as it reads.
func (s *Server) assessment(v *visit) error {
	a, err := s.Assessments.View(v.ctx(), v.actor, assessment.ID(v.path("id")))
	if err != nil {
		return err
	}
	return v.render(assessmentPage(v, a))
}

// assessmentReport is the edition drawn for paper; printed to a file when asked.
func (s *Server) assessmentReport(v *visit) error {
	a, err := s.Assessments.View(v.ctx(), v.actor, assessment.ID(v.path("id")))
	if err != nil {
		return err
	}
	if v.query("as") != "pdf" {
		return v.render(assessmentReportPage(v, a))
	}
	file, err := printPDF(v.ctx(), assessmentReportPage(v, a))
	if errors.Is(err, errNoBrowser) {
		v.status = http.StatusServiceUnavailable
		return v.render(noBrowserPage(v, assessmentAt(a.ID)+"/report", v.T("assessment.report")))
	}
	if err != nil {
		return fmt.Errorf("print an assessment: %w", err)
	}
	return v.send("assessment-"+a.Number+"-"+strconv.FormatInt(a.Edition, 10)+".pdf", "application/pdf", file)
}

func (s *Server) assessmentWrite(v *visit) error {
	a, err := s.Assessments.Write(v.ctx(), v.actor, assessment.ID(v.path("id")), assessmentTyped(v))
	if err != nil {
		return err
	}
	v.flash("assessment.kept")
	return v.redirect(assessmentAt(a.ID))
}

func (s *Server) assessmentConclude(v *visit) error {
	a, err := s.Assessments.Conclude(v.ctx(), v.actor, assessment.ID(v.path("id")), assessmentTyped(v))
	if err != nil {
		return err
	}
	v.flash("assessment.is_concluded")
	return v.redirect(assessmentAt(a.ID))
}

// assessmentTyped is what the form of a draft holds.
func assessmentTyped(v *visit) assessment.Input {
	in := assessment.Input{Answers: map[string]string{}, Risks: []assessment.Risk{}, Version: versionSent(v)}
	for name := range v.r.PostForm {
		if code, ok := strings.CutPrefix(name, "answers."); ok {
			in.Answers[code] = v.form(name)
		}
	}
	for i := range v.riskRows() {
		at := riskField(i)
		r := assessment.Risk{Text: v.form(at("text")), Likelihood: v.form(at("likelihood")),
			Consequence: v.form(at("consequence")), Mitigation: v.form(at("mitigation")), Owner: v.form(at("owner"))}
		if r != (assessment.Risk{}) {
			in.Risks = append(in.Risks, r)
		}
	}
	return in
}

// riskRows counts the rows of risks that were sent.
func (v *visit) riskRows() int {
	n := 0
	for n < 100 && v.r.PostForm.Has(riskField(n)("text")) {
		n++
	}
	return n
}

// riskField names the fields of a row.
func riskField(i int) func(part string) string {
	return func(part string) string { return "risks." + strconv.Itoa(i) + "." + part }
}

func (s *Server) assessmentCorrect(v *visit) error {
	a, err := s.Assessments.Correct(v.ctx(), v.actor, assessment.ID(v.path("id")), v.form("reason"))
	if err != nil {
		return err
	}
	v.flash("assessment.is_corrected")
	return v.redirect(assessmentAt(a.ID))
}

func (s *Server) assessmentConsult(v *visit) error {
	id := assessment.ID(v.path("id"))
	c, err := s.Assessments.Consult(v.ctx(), v.actor, id, assessment.Consultation{HeldOn: v.form("held_on"), Present: v.form("present"),
		Opinion: v.form("opinion"), Measures: v.form("measures")})
	if err != nil {
		return err
	}
	if c.Late {
		v.flashAs(ui.Wait, "assessment.consulted_late")
	} else {
		v.flash("assessment.is_consulted")
	}
	return v.redirect(assessmentAt(id))
}

func (s *Server) assessmentAttach(v *visit) error {
	id := assessment.ID(v.path("id"))
	u, closing, err := uploaded(v)
	if err != nil {
		return err
	}
	defer closing()
	if _, err := s.Assessments.Attach(v.ctx(), v.actor, id, u); err != nil {
		return err
	}
	v.flash("assessment.attached")
	return v.redirect(assessmentAt(id))
}

// uploaded is the file of a form, if one was sent.
func uploaded(v *visit) (u assessment.Upload, closing func(), err error) {
	file, head, err := v.r.FormFile("file")
	switch {
	case err == nil:
		return assessment.Upload{Name: head.Filename, Media: head.Header.Get("Content-Type"), Content: file}, func() { _ = file.Close() }, nil // read whole, or refused
	case errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart):
		return u, func() {}, nil
	}
	return u, func() {}, unreadable(err)
}

// assessmentFile gives a file beside an assessment.
func (s *Server) assessmentFile(v *visit) error {
	f, content, err := s.Assessments.File(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // read whole, or not sent
	data, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	return v.send(f.Name, f.Media, data)
}

func assessmentAt(id assessment.ID) string { return "/assessments/" + string(id) }

// assessmentLook is the badge of an edition.
func (v *visit) assessmentLook(a assessment.Assessment) (ui.Tone, string, string) {
	name := string(a.State)
	if a.Replaced {
		name = "replaced"
	}
	tone, icon := ui.Look("assessment." + name)
	return tone, icon, v.T("assessment.state." + name)
}

// drafting tells whether the form that came back is the edition's own.
func (v *visit) drafting() bool { return v.sentBy("write") || v.sentBy("conclude") }

// answered is what a question shows: what was typed when its form came back, else
// what is kept.
func (v *visit) answered(a assessment.View, code string) string {
	if v.drafting() {
		return v.form("answers." + code)
	}
	return a.Answers[code].Value
}

// questionInput is a question of the form.
func questionInput(v *visit, a assessment.View, q policy.Question) ui.Input {
	name := "answers." + q.Code
	f := ui.Input{Name: name, Label: q.Title.In(v.p.Lang), Hint: q.Hint.In(v.p.Lang), Value: v.answered(a, q.Code), Error: v.wrong(name),
		Clause: q.Clause, Optional: !a.Required(a.Form, q), Rows: 2, Max: 10000}
	if len(q.When) > 0 && f.Hint == "" {
		f.Hint = v.T("assessment.if_so")
	}
	return f
}

// questionOptions are the answers of a question that has a few.
func questionOptions(v *visit, a assessment.View, q policy.Question) []ui.Option {
	options := []ui.Option{}
	for _, choice := range assessment.Choices(q) {
		options = append(options, ui.Option{Value: choice, Text: v.T("assessment.choice." + q.Kind + "." + choice), Chosen: v.answered(a, q.Code) == choice})
	}
	return options
}

// step are the questions of a step.
func step(form []policy.Question, n int) []policy.Question {
	return slices.DeleteFunc(slices.Clone(form), func(q policy.Question) bool { return q.Step != n })
}

// stepWithRisks is where the risks are written.
const stepWithRisks = 3

// riskRowsShown are the risks with a row or two more to fill in, or those that were sent.
func riskRowsShown(v *visit, a assessment.View) []assessment.Risk {
	kept := slices.Clone(a.Risks)
	if v.drafting() {
		kept = assessmentTyped(v).Risks
	}
	return append(kept, make([]assessment.Risk, 2)...)
}

// riskInput is a part of a row.
func riskInput(v *visit, i int, part, kept string) ui.Input {
	name := riskField(i)(part)
	return ui.Input{Name: name, Label: v.T("assessment.risk."+part, i+1), Value: kept, Error: v.wrong(name), Optional: true, Rows: 2, Max: 10000}
}

// riskOptions are the words for how likely a risk is, or what it would mean.
func riskOptions(v *visit, part, kept string, words []string) []ui.Option {
	options := []ui.Option{{Value: "", Text: v.T("assessment.risk.unsaid"), Chosen: kept == ""}}
	for _, word := range words {
		options = append(options, ui.Option{Value: word, Text: v.T("assessment.risk." + part + "." + word), Chosen: kept == word})
	}
	return options
}

// answerText is an answer as it reads.
func answerText(v *visit, a assessment.View, q policy.Question) string {
	said := a.Answers[q.Code].Value
	if said != "" && q.Kind != "" {
		return v.T("assessment.choice." + q.Kind + "." + said)
	}
	return said
}

// sourceWord says where an answer came from.
func sourceWord(v *visit, said assessment.Answer) string {
	if said.From == "" {
		return ""
	}
	from, _, _ := strings.Cut(said.From, ".")
	return v.T("assessment.from." + from)
}

// riskOwner is who sees to a mitigation.
func riskOwner(v *visit, a assessment.View, code string) string {
	at := slices.IndexFunc(a.Owners, func(c condition.Candidate) bool { return c.Owner.Code() == code })
	switch {
	case code == "" || at < 0:
		return v.T("condition.owner_none")
	case a.Owners[at].Owner.Role != "":
		return v.actor.Pack.RoleTitle(a.Owners[at].Owner.Role).In(v.p.Lang)
	}
	return a.Owners[at].Name
}

// heldInput is the day of a consultation.
func heldInput(v *visit) ui.Input {
	return kindOf(citing(v.input("held_on", "assessment.held_on", "", ""), assessment.ClauseCommittee), "date", 0)
}

// reportInput is where a file is chosen.
func reportInput(v *visit, label, hint string) ui.Input {
	f := v.input("file", label, hint, "")
	f.Accept = ".pdf,.png,.jpg,.jpeg,.txt,.docx"
	return f
}
