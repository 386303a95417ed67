package assessment

import (
	"context"
	"maps"
	"slices"
	"strings"

	"aval/internal/db"
	"aval/internal/evaluation"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/request"
)

// known is what the request and its evaluation say, for the form.
type known struct {
	filled map[string]Answer   // by question
	place  evaluation.Location // where a finished evaluation found the pupils' data; Unsaid before
}

// fill reads what may be filled in beforehand. Nothing that a person must decide is.
func fill(ctx context.Context, tx *db.Tx, actor policy.Actor, r request.Request) (k known, err error) {
	security, err := found(ctx, tx, r.ID)
	if err != nil {
		return k, err
	}
	k.filled, k.place = map[string]Answer{}, security.Location
	for _, q := range actor.Pack.AssessmentForm() {
		if q.Decide {
			continue
		}
		for _, source := range q.From {
			if says := sourceText(actor, r, security, source); says != "" {
				k.filled[q.Code] = Answer{Value: says, From: source}
				break
			}
		}
	}
	return k, nil
}

// found is the finished evaluation of security; an empty one before.
func found(ctx context.Context, tx *db.Tx, id request.ID) (evaluation.Evaluation, error) {
	all, err := evaluation.Of(ctx, tx, id)
	if e := all[evaluation.Security]; err == nil && e.Finished() {
		return e, nil
	}
	return evaluation.Evaluation{}, err
}

// sourceText is what a source says: of the request, the place of the evaluation, or
// what the evaluator noted under the criteria of a control.
func sourceText(actor policy.Actor, r request.Request, security evaluation.Evaluation, source string) string {
	switch source {
	case "request.usage":
		return r.Usage
	case "request.audience":
		if r.Pupils == 0 {
			return ""
		}
		return i18n.For(actor.Lang).N("assessment.pupils", int(r.Pupils))
	case "request.data_kinds":
		var names []string
		for _, code := range r.DataKinds {
			if kind, ok := actor.Pack.DataKind(code); ok {
				names = append(names, kind.Title.In(actor.Lang))
			}
		}
		return strings.Join(names, ", ")
	case "evaluation.place":
		return string(security.Location)
	}
	return noted(actor.Pack, security, source)
}

// noted is what the evaluator wrote under the criteria that a control carries.
func noted(pack *policy.Pack, e evaluation.Evaluation, control string) string {
	of, _ := pack.Aspect(string(evaluation.Security))
	var notes []string
	for _, criterion := range of.Criteria {
		clause, _ := pack.Clause(criterion.Clause)
		if note := e.Criteria[criterion.ID].Note; note != "" && clause.Control == control {
			notes = append(notes, note)
		}
	}
	return strings.Join(notes, "\n")
}

// with is the edition as it reads with what was filled in beforehand, where a person
// has not answered.
func (a Assessment) with(k known) Assessment {
	answers := maps.Clone(a.Answers)
	if answers == nil {
		answers = map[string]Answer{}
	}
	for code, f := range k.filled {
		if _, said := answers[code]; !said && a.State == Draft {
			answers[code] = f
		}
	}
	a.Answers, a.Risks = answers, slices.Clone(a.Risks)
	return a
}
