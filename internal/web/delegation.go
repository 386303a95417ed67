package web

import (
	"time"

	"aval/internal/account"
	"aval/internal/fault"
	"aval/internal/i18n"
	"aval/internal/web/ui"
)

func (s *Server) delegations(v *visit) error {
	running, colleagues, err := s.Delegations.Delegations(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	options := []ui.Option{{Text: v.T("ask.choose")}}
	for _, c := range colleagues {
		options = append(options, ui.Option{Value: c.ID, Text: c.Name, Chosen: v.chosen("to", c.ID, false)})
	}
	return v.render(delegationPage(v, running, options, s.DB.Clock()))
}

// delegate lends one's role from the first day to the last, both whole.
func (s *Server) delegate(v *visit) error {
	fields := map[string]string{}
	if v.form("to") == "" {
		fields["to"] = "account.delegate_unknown"
	}
	starts, err := time.ParseInLocation(time.DateOnly, v.form("starts"), i18n.Zone)
	if err != nil {
		fields["starts"] = "delegation.day_wrong"
	}
	ends, err := time.ParseInLocation(time.DateOnly, v.form("ends"), i18n.Zone)
	if err != nil {
		fields["ends"] = "delegation.day_wrong"
	}
	if err := fault.Form(fields); err != nil {
		return err
	}
	d, err := s.Delegations.Delegate(v.ctx(), v.actor, v.form("to"), starts, ends.AddDate(0, 0, 1))
	if err != nil {
		return err
	}
	v.flash("delegation.made", d.ToName, d.Starts, lastDay(d))
	return v.redirect("/delegations")
}

func (s *Server) delegationEnd(v *visit) error {
	if err := s.Delegations.EndDelegation(v.ctx(), v.actor, v.path("id")); err != nil {
		return err
	}
	v.flash("delegation.ended")
	return v.redirect("/delegations")
}

// lastDay is the last day on which a role is lent.
func lastDay(d account.Delegation) time.Time { return d.Ends.Add(-time.Second) }
