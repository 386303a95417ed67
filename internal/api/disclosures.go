package api

import (
	"context"
	"time"

	"aval/internal/disclosure"
	"aval/internal/licence"
	"aval/internal/policy"
)

type disclosedFieldJSON struct {
	Field   string `json:"field" enum:"pseudonym,login_name,grade,groups,given_name,family_name,email,birth_date,guardians"`
	Passage string `json:"passage" enum:"leaves,withheld,unasked" doc:"withheld: the decision names it, and it stays; unasked: the decision does not name it."`
	Clause  string `json:"clause,omitempty" doc:"The clause that says so."`
}

type undertakingJSON struct {
	ID         string   `json:"id"`
	Form       string   `json:"form" enum:"policy_text,agreement"`
	Fields     []string `json:"fields"`
	Text       string   `json:"text"`
	Conditions string   `json:"conditions"`
	StartsOn   string   `json:"starts_on" format:"date"`
	EndsOn     string   `json:"ends_on" format:"date" doc:"Its last day."`
	EndedOn    string   `json:"ended_on,omitempty" format:"date" doc:"The day from which one that was ended early holds no more."`
	Holds      bool     `json:"holds" doc:"It is in force today."`
	RecordedAt string   `json:"recorded_at" format:"date-time"`
}

type disclosureJSON struct {
	Nothing      string               `json:"nothing,omitempty" doc:"Stable name of why nothing leaves, when nothing does."`
	Fields       []disclosedFieldJSON `json:"fields"`
	Pupils       int                  `json:"pupils"`
	Teachers     int                  `json:"teachers"`
	Classes      int                  `json:"classes"`
	AliasDomain  string               `json:"alias_domain,omitempty" doc:"Of the addresses that leave in place of people's own."`
	Undertakings []undertakingJSON    `json:"undertakings"`
}

// disclosureRead tells what leaves for the platform of a licence, and why.
func (s *Server) disclosureRead(ctx context.Context, a policy.Actor, in *ByID) (*answer[disclosureJSON], error) {
	v, err := s.Disclosures.View(ctx, a, licence.ID(in.ID))
	if err != nil {
		return nil, err
	}
	out := disclosureJSON{Pupils: v.Counts["student"], Teachers: v.Counts["teacher"], Classes: v.Counts["class"],
		AliasDomain: v.Terms.Aliases, Undertakings: []undertakingJSON{}}
	if v.Refusal != nil {
		out.Nothing = v.Refusal.Key
	}
	for _, l := range v.Lines() {
		field := string(l.Field)
		if field == "" {
			field = "pseudonym"
		}
		out.Fields = append(out.Fields, disclosedFieldJSON{Field: field, Passage: string(l.Passage), Clause: a.Pack.Cite(l.Clause)})
	}
	for _, u := range v.Undertakings {
		out.Undertakings = append(out.Undertakings, undertakingOf(u.Undertaking, v.Today))
	}
	return body(out, nil)
}

func undertakingOf(u disclosure.Undertaking, today string) undertakingJSON {
	out := undertakingJSON{ID: string(u.ID), Form: string(u.Form), Text: u.Text, Conditions: u.Conditions, StartsOn: u.StartsOn,
		EndsOn: u.EndsOn, EndedOn: u.EndedOn, Holds: u.Holds(today), RecordedAt: u.RecordedAt.Format(time.RFC3339)}
	for _, f := range u.Fields {
		out.Fields = append(out.Fields, string(f))
	}
	return out
}
