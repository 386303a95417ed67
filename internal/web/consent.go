package web

import (
	"strconv"

	"aval/internal/catalogue"
	"aval/internal/policy"
	"aval/internal/rights"
	"aval/internal/web/ui"
)

// consentRoutes are the pages on consents.
func (s *Server) consentRoutes() []route {
	return []route{
		{pattern: "GET /consents", need: policy.ConsentRead, do: s.consents},
		{pattern: "GET /consents/new", need: policy.ConsentRecord, do: s.consentNew},
		{pattern: "POST /consents", need: policy.ConsentRecord, do: s.consentRecord, form: s.consentNew},
		{pattern: "GET /consents/bases", need: policy.ConsentBasis, do: s.bases},
		{pattern: "POST /consents/bases", need: policy.ConsentBasis, do: s.basisChoose, form: s.bases},
		{pattern: "GET /consents/{id}", need: policy.ConsentRead, do: s.consent},
		{pattern: "POST /consents/{id}/withdraw", need: policy.ConsentRecord, do: s.consentWithdraw, form: s.consent},
		{pattern: "GET /classes/{id}/consents", need: policy.ConsentClass, do: s.classConsents},
	}
}

func consentAt(id rights.ID) string { return "/consents/" + string(id) }

func (s *Server) consents(v *visit) error {
	l, err := s.Rights.Consents(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(consentsPage(v, l))
}

func (s *Server) consentNew(v *visit) error {
	l, err := s.Rights.Consents(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(consentFormPage(v, l))
}

func (s *Server) consentRecord(v *visit) error {
	c, err := s.Rights.Consent(v.ctx(), v.actor, rights.Consenting{Pupil: v.form("person"), Platform: v.form("platform"), Purpose: v.form("purpose"),
		Instrument: v.form("instrument"), Answer: v.form("answer"), Born: v.form("born"), Band: v.form("band"), Capacity: v.form("capacity"),
		Signer: v.form("signer"), Method: v.form("method"), TextVersion: v.form("text_version"), GivenOn: v.form("given_on"),
		ExpiresOn: v.form("expires_on"), Alternative: v.form("alternative")})
	if err != nil {
		return err
	}
	v.flash("consent.page.recorded." + c.Answer)
	return v.redirect(consentAt(c.ID))
}

func (s *Server) consent(v *visit) error {
	c, err := s.Rights.ConsentOf(v.ctx(), v.actor, v.rightsID())
	if err != nil {
		return err
	}
	return v.render(consentPage(v, c))
}

func (s *Server) consentWithdraw(v *visit) error {
	c, err := s.Rights.Withdraw(v.ctx(), v.actor, v.rightsID(), v.form("withdrawn_on"))
	if err != nil {
		return err
	}
	v.flash("consent.page.withdrawn")
	return v.redirect(consentAt(c.ID))
}

func (s *Server) bases(v *visit) error {
	l, err := s.Rights.Consents(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(basesPage(v, l))
}

func (s *Server) basisChoose(v *visit) error {
	if _, err := s.Rights.Choose(v.ctx(), v.actor, rights.Basis{Platform: catalogue.ID(v.form("platform")), Basis: v.form("basis"), Reason: v.form("reason")}); err != nil {
		return err
	}
	v.flash("consent.page.basis_kept")
	return v.redirect("/consents/bases")
}

func (s *Server) classConsents(v *visit) error {
	a, err := s.Rights.OfClass(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	return v.render(classConsentsPage(v, a))
}

// consentLook is how a consent stands.
func consentLook(c rights.Consent, today string) (ui.Tone, string, string) {
	switch {
	case c.Answer == "no":
		return ui.Stop, "x-lg", "consent.state.refused"
	case c.WithdrawnOn != "":
		return ui.Plain, "archive", "consent.state.withdrawn"
	case c.Holds(today):
		return ui.OK, "check-circle-fill", "consent.state.holds"
	}
	return ui.Plain, "archive", "consent.state.over"
}

// bandText is how a band of ages is called.
func (v *visit) bandText(b rights.Band) string {
	for _, each := range rights.Bands(v.actor.Pack) {
		if each.From == b.From {
			b = each
		}
	}
	switch {
	case b.From == 0:
		return v.T("consent.band.under", b.Until+1)
	case b.Until == 0:
		return v.T("consent.band.from", b.From)
	}
	return v.T("consent.band.between", b.From, b.Until)
}

func bandOptions(v *visit) (options []ui.Option) {
	for _, b := range rights.Bands(v.actor.Pack) {
		from := strconv.Itoa(b.From)
		options = append(options, ui.Option{Value: from, Text: v.bandText(b), Chosen: v.chosen("band", from, false)})
	}
	return options
}

func consentPlatforms(v *visit, l rights.Consents) []ui.Option {
	options := []ui.Option{{Text: v.T("rights.page.choose")}}
	for _, p := range l.Platforms {
		options = append(options, ui.Option{Value: string(p.ID), Text: p.Name, Chosen: v.value("platform", v.query("platform")) == string(p.ID)})
	}
	return options
}

// holdsKey is what a teacher reads of a pupil on a platform.
func holdsKey(a rights.ClassAnswer, pupil string, platform catalogue.ID) (ui.Tone, string, string) {
	yes, known := a.Holds[pupil][platform]
	switch {
	case yes:
		return ui.OK, "check-circle-fill", "consent.page.yes"
	case known:
		return ui.Stop, "x-lg", "consent.page.no"
	}
	return ui.Plain, "hourglass-split", "consent.page.none_yet"
}
