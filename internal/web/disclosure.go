package web

import (
	"aval/internal/catalogue"
	"aval/internal/disclosure"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// disclosureRoutes are the pages on what leaves for the platform of a licence.
func (s *Server) disclosureRoutes() []route {
	return []route{
		{pattern: "GET /licences/{id}/disclosure", need: policy.LicenceRead, do: s.disclosure},
		{pattern: "POST /licences/{id}/undertakings", need: policy.DisclosureManage, do: s.undertake, form: s.disclosure},
		{pattern: "POST /licences/{id}/undertakings/{undertaking}/end", need: policy.DisclosureManage, do: s.undertakingEnd, form: s.disclosure},
		{pattern: "POST /licences/{id}/sector", need: policy.DisclosureManage, do: s.sectorJoin, form: s.disclosure},
		{pattern: "POST /settings/addresses", need: policy.SettingsEdit, do: s.addressesChoose, form: s.settingsForm},
	}
}

func disclosureAt(id licence.ID) string { return "/licences/" + string(id) + "/disclosure" }

func (s *Server) disclosure(v *visit) error {
	shown, err := s.Disclosures.View(v.ctx(), v.actor, licence.ID(v.path("id")))
	if err != nil {
		return err
	}
	return v.render(disclosurePage(v, shown))
}

// platformOf is that of the licence in the address, which the visitor may read.
func (s *Server) platformOf(v *visit) (catalogue.ID, error) {
	l, err := s.Licences.View(v.ctx(), v.actor, licence.ID(v.path("id")))
	return l.PlatformID, err
}

func (s *Server) undertake(v *visit) error {
	id, err := s.platformOf(v)
	if err != nil {
		return err
	}
	p := disclosure.Promise{Form: disclosure.Form(v.form("form")), Text: v.form("text"), Conditions: v.form("conditions"),
		StartsOn: v.form("starts_on"), EndsOn: v.form("ends_on")}
	for _, f := range v.forms("fields") {
		p.Fields = append(p.Fields, disclosure.Field(f))
	}
	_, err = s.Disclosures.Undertake(v.ctx(), v.actor, id, p)
	return v.toDisclosure(err, "disclosure.recorded")
}

func (s *Server) undertakingEnd(v *visit) error {
	id, err := s.platformOf(v)
	if err != nil {
		return err
	}
	_, err = s.Disclosures.End(v.ctx(), v.actor, id, disclosure.UndertakingID(v.path("undertaking")), versionSent(v))
	return v.toDisclosure(err, "disclosure.ended")
}

func (s *Server) sectorJoin(v *visit) error {
	id, err := s.platformOf(v)
	if err != nil {
		return err
	}
	err = s.Disclosures.Join(v.ctx(), v.actor, id, catalogue.ID(v.form("platform")))
	return v.toDisclosure(err, "disclosure.joined")
}

// toDisclosure leads back to what leaves once something was done.
func (v *visit) toDisclosure(err error, said string) error {
	if err != nil {
		return err
	}
	v.flash(said)
	return v.redirect(disclosureAt(licence.ID(v.path("id"))))
}

func (s *Server) addressesChoose(v *visit) error {
	if err := s.Disclosures.ChooseDomain(v.ctx(), v.actor, v.form("catch_all")); err != nil {
		return err
	}
	v.flash("settings.kept")
	return v.redirect("/settings")
}

// fieldName names what leaves.
func fieldName(v *visit, f disclosure.Field) string {
	if f == "" {
		return v.T("disclosure.field.pseudonym")
	}
	return v.T("disclosure.field." + string(f))
}

func passageLook(v *visit, p disclosure.Passage) (ui.Tone, string, string) {
	word := v.T("disclosure.passage." + string(p))
	switch p {
	case disclosure.Leaves:
		return ui.Info, "box-arrow-up-right", word
	case disclosure.Stays:
		return ui.Wait, "pause-circle", word
	}
	return ui.Plain, "dash-circle", word
}

// whyText is why something leaves or stays.
func whyText(v *visit, d disclosure.View, l disclosure.Line) string {
	if l.Why == "disclosure.why.alias" {
		return v.T(l.Why, d.Terms.Aliases)
	}
	return v.T(l.Why)
}

func undertakingLook(v *visit, u disclosure.Undertaking, day string) (ui.Tone, string, string) {
	switch {
	case u.Over(day):
		return ui.Plain, "dash-circle", v.T("disclosure.undertaking.over")
	case u.Holds(day):
		return ui.OK, "check-circle-fill", v.T("disclosure.undertaking.holds")
	}
	return ui.Wait, "hourglass-split", v.T("disclosure.undertaking.to_come")
}

func undertakingDates(v *visit, u disclosure.Undertaking) string {
	if u.EndedOn != "" {
		return v.T("disclosure.from_ended", v.p.Day(u.StartsOn), v.p.Day(u.EndedOn))
	}
	return v.T("licence.from_to", v.p.Day(u.StartsOn), v.p.Day(u.EndsOn))
}

func formOptions(v *visit) (options []ui.Option) {
	for _, f := range disclosure.Forms {
		key := "disclosure.form." + string(f)
		options = append(options, ui.Option{Value: string(f), Text: v.T(key), Hint: v.T(key + "_hint"), Chosen: v.chosen("form", string(f), false)})
	}
	return options
}

func fieldOptions(v *visit, d disclosure.View) (options []ui.Option) {
	for _, f := range d.Promisable() {
		options = append(options, ui.Option{Value: string(f), Text: fieldName(v, f), Chosen: v.ticked("fields", string(f), !d.Promised[f])})
	}
	return options
}

func sectorOptions(v *visit, others []catalogue.Platform) []ui.Option {
	options := []ui.Option{{Value: "", Text: v.T("disclosure.sector_own")}}
	for _, p := range others {
		options = append(options, ui.Option{Value: string(p.ID), Text: p.Name, Chosen: v.chosen("platform", string(p.ID), false)})
	}
	return options
}
