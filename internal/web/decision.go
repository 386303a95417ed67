package web

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"aval/internal/condition"
	"aval/internal/decision"
	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/web/ui"
)

// decisionForm shows the director what was found, aspect by aspect, beside what
// is to be decided. A request that is decided leads to its letter.
func (s *Server) decisionForm(v *visit) error {
	id := request.ID(v.path("id"))
	p, err := s.Decisions.Prepare(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	v.under(p.Request.Pack)
	if p.Request.State == request.Decided && v.refused == nil {
		d, err := s.Decisions.ForRequest(v.ctx(), v.actor, id)
		if err != nil {
			return err
		}
		return v.redirect("/decisions/" + string(d.Decision.ID))
	}
	refusal, said := fault.As(p.Refusal)
	if p.Refusal != nil && !said {
		return p.Refusal
	}
	return v.render(decisionFormPage(v, p, refusal))
}

// decisionDecide gives the decision and leads to its letter.
func (s *Server) decisionDecide(v *visit) error {
	d, err := s.Decisions.Decide(v.ctx(), v.actor, request.ID(v.path("id")), decision.Input{
		Use: verdictTyped(v, evaluation.Use), Security: verdictTyped(v, evaluation.Security), Exception: v.form("exception"),
		DueOn: v.form("due_on"), Owner: condition.OwnerOf(v.form("owner")), Because: v.forms("because"),
	})
	if err != nil {
		return err
	}
	v.flash("decision.page.made")
	return v.redirect("/decisions/" + string(d.ID))
}

func verdictTyped(v *visit, a evaluation.Aspect) decision.Verdict {
	return decision.Verdict{Result: decision.Result(v.form(string(a) + "_result")),
		Reasons: v.form(string(a) + "_reasons"), Conditions: v.form(string(a) + "_conditions")}
}

// decisionLetter shows the letter, in the reader's language or in the one asked
// for; under the same address with .pdf at its end, it is printed to a file.
func (s *Server) decisionLetter(v *visit) error {
	name, pdf := strings.CutSuffix(v.path("id"), ".pdf")
	if lang := v.query("lang"); slices.Contains(i18n.Languages, lang) {
		v.p = i18n.For(lang).Citing(v.actor.Pack.Cite)
	}
	d, err := s.Decisions.View(v.ctx(), v.actor, decision.ID(name))
	if err != nil {
		return err
	}
	v.under(d.Request.Pack)
	l, err := s.Decisions.Letter(v.ctx(), v.actor, d.Decision.ID, v.p.Lang)
	if err != nil {
		return err
	}
	if pdf {
		return s.decisionPDF(v, d, l)
	}
	follow, err := s.Conditions.OfDecision(v.ctx(), v.actor, string(d.Decision.ID))
	if err != nil {
		return err
	}
	return v.render(decisionLetterPage(v, d, l, follow))
}

// decisionAcknowledge is the school's or department's receipt (4.1).
func (s *Server) decisionAcknowledge(v *visit) error {
	d, err := s.Decisions.Acknowledge(v.ctx(), v.actor, decision.ID(v.path("id")))
	if err != nil {
		return err
	}
	v.flash("decision.page.acknowledged")
	return v.redirect("/decisions/" + string(d.ID))
}

// decidable says that the form is worth showing: what stands in the way can be
// mended elsewhere first, or nothing does.
func decidable(v *visit, p decision.Preparation, refusal *fault.Fault) bool {
	return v.refused != nil || refusal == nil || refusal.Kind == fault.Conflict && p.Request.State == request.Evaluated
}

// overallTyped is the overall result of a form that came back, once both aspects have one.
func overallTyped(v *visit) decision.Result {
	use, security := decision.Result(v.form("use_result")), decision.Result(v.form("security_result"))
	if !slices.Contains(decision.Results, use) || !slices.Contains(decision.Results, security) {
		return ""
	}
	return decision.Overall(use, security)
}

func resultOptions(v *visit, field string) []ui.Option {
	options := make([]ui.Option, len(decision.Results))
	for i, one := range decision.Results {
		_, icon := ui.Look(string(one))
		options[i] = ui.Option{Value: string(one), Text: v.T("decision.page.result." + string(one)), Icon: icon,
			Chosen: v.chosen(field, string(one), false)}
	}
	return options
}

func areaInput(v *visit, name, label, hint string, rows int) ui.Input {
	f := v.input(name, label, hint, "")
	f.Rows, f.Max = rows, 10000
	return f
}

func conditionsInput(v *visit, aspect evaluation.Aspect) ui.Input {
	f := areaInput(v, string(aspect)+"_conditions", "decision.conditions", "decision.page.conditions_help", 3)
	f.Optional = true
	return f
}

func becauseOptions(v *visit) []ui.Option {
	options := make([]ui.Option, len(v.policy().RefusalReasons))
	for i, reason := range v.policy().RefusalReasons {
		options[i] = ui.Option{Value: reason.Code, Text: reason.Title.In(v.p.Lang), Chosen: v.ticked("because", reason.Code, false)}
	}
	return options
}

// talliesOf counts the criteria of an aspect by rating, in the order of the ratings.
func talliesOf(e evaluation.Evaluation) map[evaluation.Rating]int {
	n := map[evaluation.Rating]int{}
	for _, j := range e.Criteria {
		n[j.Rating]++
	}
	return n
}

// lacking are the criteria of an aspect that are not met, or in part.
func lacking(aspect policy.Aspect, e evaluation.Evaluation) []evaluation.Row {
	var rows []evaluation.Row
	criteria := e.Frame
	if len(criteria) == 0 {
		criteria = aspect.Criteria
	}
	for _, c := range criteria {
		if j := e.Criteria[c.ID]; j.Rating == evaluation.Unmet || j.Rating == evaluation.Partly {
			rows = append(rows, evaluation.Row{Criterion: c, Judgement: j})
		}
	}
	return rows
}

// recommendationLook is how a recommendation looks.
func recommendationLook(r evaluation.Recommendation) (ui.Tone, string) {
	switch r {
	case evaluation.Approve:
		return ui.Look("approved")
	case evaluation.ApproveConditions:
		return ui.Look("conditional")
	default:
		return ui.Look("refused")
	}
}

// privacyFirst is the refusal that asks for the record of personal information
// first, or nil.
func privacyFirst(v *visit, refusal *fault.Fault) *fault.Fault {
	for _, f := range []*fault.Fault{v.refused, refusal} {
		if f != nil && strings.HasPrefix(f.Clause, "QC-PIA") {
			return f
		}
	}
	return nil
}

// criterionEnd is what follows a criterion in a line of them.
func criterionEnd(c decision.LetterCriterion, last, noted bool) string {
	end := ""
	if noted && c.Note != "" {
		end = " (" + strings.Join(paragraphs(c.Note), " ") + ")"
	}
	if last {
		return end
	}
	return end + "; "
}

// lowerFirst writes a title as it stands inside a sentence.
func lowerFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[size:]
}
