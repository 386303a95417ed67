package web

import (
	"aval/internal/duty"
	"aval/internal/policy"
)

// dutyRoutes are the pages on what every user undertakes.
func (s *Server) dutyRoutes() []route {
	return []route{
		{pattern: "GET /duties", need: policy.DutyAcknowledge, do: s.duties},
		{pattern: "POST /duties", need: policy.DutyAcknowledge, do: s.dutiesAcknowledge, form: s.duties},
	}
}

// duties shows what everyone undertakes and, to who may read it, who has not yet.
func (s *Server) duties(v *visit) error {
	mine, err := s.Duties.Mine(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	var missing []duty.Person
	reads := len(v.actor.Reach(policy.DutyRead).Rules) > 0
	if reads {
		if _, missing, err = s.Duties.Missing(v.ctx(), v.actor); err != nil {
			return err
		}
	}
	return v.render(dutiesPage(v, mine, missing, reads))
}

func (s *Server) dutiesAcknowledge(v *visit) error {
	if _, err := s.Duties.Acknowledge(v.ctx(), v.actor); err != nil {
		return err
	}
	v.flash("duty.kept")
	return v.redirect("/duties")
}
