package web

import (
	"strconv"
	"strings"

	"aval/internal/catalogue"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/web/ui"
)

// licenceGroup is a platform and its licences.
type licenceGroup struct {
	ID       catalogue.ID
	Name     string
	Licences []licence.Listed
}

func (s *Server) licenceList(v *visit) error {
	id, part := catalogue.ID(v.query("platform")), 1
	if typed := v.query("page"); typed != "" {
		n, err := strconv.Atoi(typed)
		if err != nil || n < 1 || n > 1_000_000 {
			return fault.Missing()
		}
		part = n
	}
	list, more, err := s.Licences.Page(v.ctx(), v.actor, id, part)
	if err != nil {
		return err
	}
	var groups []licenceGroup
	for _, l := range list {
		if n := len(groups); n == 0 || groups[n-1].ID != l.PlatformID {
			groups = append(groups, licenceGroup{ID: l.PlatformID, Name: l.Platform})
		}
		g := &groups[len(groups)-1]
		g.Licences = append(g.Licences, l)
	}
	before, after := "", ""
	if part > 1 {
		before = "/licences" + withQuery("platform", string(id), "page", strconv.Itoa(part-1))
	}
	if more {
		after = "/licences" + withQuery("platform", string(id), "page", strconv.Itoa(part+1))
	}
	return v.render(licencesPage(v, id, groups, licence.Day(s.DB.Clock()), before, after))
}

func (s *Server) licenceForm(v *visit) error {
	id := catalogue.ID(v.value("fixed", v.query("platform")))
	choices, err := s.Licences.Choices(v.ctx(), v.actor, id)
	if err != nil {
		return err
	}
	return v.render(licenceFormPage(v, choices))
}

func (s *Server) licenceRecord(v *visit) error {
	if v.form("platform") == "" {
		return fault.Form(map[string]string{"platform": "licence.platform_required"})
	}
	l, err := s.Licences.Record(v.ctx(), v.actor, licence.Licence{
		PlatformID: catalogue.ID(v.form("platform")),
		Scope:      licence.Reach(v.form("scope")),
		OrgID:      v.form("org_id"),
		Payer:      v.form("payer"),
		Seats:      number(strings.NewReplacer(" ", "", "\u00a0", "").Replace(v.form("seats"))),
		CostCents:  request.ParseCost(v.form("cost")),
		StartsOn:   v.form("starts_on"),
		EndsOn:     v.form("ends_on"),
	})
	if err != nil {
		return err
	}
	v.flash("licence.recorded")
	return v.redirect("/licences" + withQuery("platform", string(l.PlatformID)))
}

// licenceWho says for whom a licence is.
func licenceWho(v *visit, l licence.Listed) string {
	if l.Org == "" {
		return v.T("licence.scope." + string(l.Scope))
	}
	return v.T("licence.scope_at", v.T("licence.scope."+string(l.Scope)), l.Org)
}

// licencePayer says who pays for it.
func licencePayer(v *visit, l licence.Listed) string {
	if l.Payer == licence.DDL {
		return v.T("licence.payer.ddl")
	}
	return l.PayerName
}

// licenceLook tells how a licence stands on a day.
func licenceLook(l licence.Listed, day string) (tone ui.Tone, icon, key string) {
	switch {
	case day < l.StartsOn:
		return ui.Info, "calendar-event", "licence.day_ahead"
	case day > l.EndsOn:
		return ui.Plain, "archive", "licence.day_past"
	default:
		return ui.OK, "check-circle-fill", "licence.day_now"
	}
}

func scopeOptions(v *visit) []ui.Option {
	var options []ui.Option
	for _, r := range licence.Reaches {
		options = append(options, ui.Option{Value: string(r), Text: v.T("licence.scope." + string(r)),
			Chosen: v.chosen("scope", string(r), false)})
	}
	return options
}

func orgOptions(v *visit, c licence.Choices) []ui.Option {
	options := []ui.Option{{Text: v.T("licence.org_none")}}
	for _, o := range c.Orgs {
		options = append(options, ui.Option{Value: o.ID, Text: orgText(v, o), Chosen: v.value("org_id", "") == o.ID})
	}
	return options
}

func payerOptions(v *visit, c licence.Choices) []ui.Option {
	options := []ui.Option{{Text: v.T("licence.payer_choose")}}
	if c.Board {
		options = append(options, ui.Option{Value: licence.DDL, Text: v.T("licence.payer.ddl"), Chosen: v.value("payer", "") == licence.DDL})
	}
	for _, o := range c.Orgs {
		options = append(options, ui.Option{Value: o.ID, Text: orgText(v, o), Chosen: v.value("payer", "") == o.ID})
	}
	return options
}

func orgText(v *visit, o org.Org) string {
	return v.T("licence.org_option", v.T("org.kind."+string(o.Kind)), o.Name)
}

func platformOptions(v *visit, c licence.Choices) []ui.Option {
	options := []ui.Option{{Text: v.T("licence.platform_choose")}}
	for _, p := range c.Platforms {
		options = append(options, ui.Option{Value: string(p.ID), Text: p.Name, Chosen: v.value("platform", "") == string(p.ID)})
	}
	return options
}

// kindOf gives a field of a form its kind and its longest answer.
func kindOf(f ui.Input, kind string, most int) ui.Input {
	f.Type, f.Max = kind, most
	return f
}

// citing gives a field the clause that asks for it.
func citing(f ui.Input, clause string) ui.Input {
	f.Clause = clause
	return f
}

// optional says that a field may stay empty.
func optional(f ui.Input) ui.Input {
	f.Optional = true
	return f
}

// mayRecordLicence tells whether the page offers to record one.
func (v *visit) mayRecordLicence() bool { return v.may(policy.LicenceRecord) }
