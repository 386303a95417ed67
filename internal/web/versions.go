package web

import (
	"strings"

	"aval/internal/adoption"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// versionRoutes are the pages on the versions of the policy, and its signature.
func (s *Server) versionRoutes() []route {
	return []route{
		{pattern: "GET /policy/versions", need: policy.PolicyMove, do: s.versionList},
		{pattern: "POST /policy/versions", need: policy.PolicyMove, do: s.versionChoose, form: s.versionList},
		{pattern: "GET /policy/versions/move", need: policy.PolicyMove, do: s.versionPlan},
		{pattern: "POST /policy/versions/move", need: policy.PolicyMove, do: s.versionMove, form: s.versionPlan},
		{pattern: "POST /policy/versions/{id}/cancel", need: policy.PolicyMove, do: s.versionCancel, form: s.versionList},
		{pattern: "POST /policy/verify", need: policy.PolicyVerify, do: s.policyVerify, form: s.policyText},
	}
}

// versionList shows which version applies from which day, and asks for another.
func (s *Server) versionList(v *visit) error {
	all, err := s.Adoptions.Versions(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(versionListPage(v, all))
}

// versionChoose leads to what the move would change.
func (s *Server) versionChoose(v *visit) error {
	ask := moveTyped(v.form)
	if _, err := s.Adoptions.Show(v.ctx(), v.actor, ask); err != nil {
		return err
	}
	return v.redirect("/policy/versions/move" + withQuery("to", v.form("to"), "on", ask.On))
}

// versionPlan shows what a move would change, before it is made.
func (s *Server) versionPlan(v *visit) error {
	read := v.query
	if v.refused != nil {
		read = v.form
	}
	p, err := s.Adoptions.Show(v.ctx(), v.actor, moveTyped(read))
	if v.refused != nil && err != nil {
		return s.versionList(v) // which asks for it again
	}
	if err != nil {
		return err
	}
	return v.render(versionPlanPage(v, p))
}

// versionMove makes the move that was shown.
func (s *Server) versionMove(v *visit) error {
	ask := moveTyped(v.form)
	if ask.Shown = v.form("shown"); ask.Shown == "" {
		ask.Shown = "-" // it was not shown
	}
	p, err := s.Adoptions.Move(v.ctx(), v.actor, ask)
	if err != nil {
		return err
	}
	v.flash("adoption.made", p.To.Named(), v.p.Day(p.On))
	return v.redirect("/policy/versions")
}

// versionCancel takes back a move before its day.
func (s *Server) versionCancel(v *visit) error {
	if err := s.Adoptions.Cancel(v.ctx(), v.actor, v.path("id")); err != nil {
		return err
	}
	v.flash("adoption.taken_back")
	return v.redirect("/policy/versions")
}

// policyVerify signs that a pack was compared with the texts.
func (s *Server) policyVerify(v *visit) error {
	if err := s.Adoptions.Sign(v.ctx(), v.actor, v.form("pack")); err != nil {
		return err
	}
	v.flash("adoption.thanks")
	return v.redirect("/policy")
}

func moveTyped(read func(string) string) adoption.Ask {
	id, version, _ := strings.Cut(read("to"), "@")
	return adoption.Ask{Pack: id, Version: version, On: read("on")}
}

// versionOptions are the policies that the board may move to.
func versionOptions(v *visit, now adoption.Version) []ui.Option {
	var options []ui.Option
	for _, p := range policy.Stocked() {
		if p.Kind == policy.OfPolicy && p != now.Policy {
			options = append(options, ui.Option{Value: p.Named(), Text: v.T("adoption.option", p.Title.In(v.p.Lang), p.Version),
				Chosen: v.chosen("to", p.Named(), false)})
		}
	}
	return options
}

// changeText says what became of a part of the policy.
func changeText(v *visit, c policy.Change) string {
	return v.T("policy.diff."+string(c.How), v.T("policy.kind."+c.What), c.ID, v.T("policy.field."+c.Field), c.Lang)
}

// changeCounts are how many clauses, criteria and permissions a move changes.
func changeCounts(p adoption.Plan) (clauses, criteria, permissions, others int) {
	for _, c := range p.Changes {
		switch c.What {
		case "clause":
			clauses++
		case "criterion":
			criteria++
		case "permission":
			permissions++
		default:
			others++
		}
	}
	return clauses, criteria, permissions, others
}

// lostText says whose right ends.
func lostText(v *visit, p adoption.Plan, l adoption.Lost) string {
	role := p.From.RoleTitle(l.Role).In(v.p.Lang)
	if l.Do == "" {
		return v.p.N("adoption.lost_role", l.Holders, role)
	}
	return v.p.N("adoption.lost_right", l.Holders, role, v.T("policy.action."+string(l.Do)))
}

func countText(v *visit, c adoption.Count) string {
	if c.Contest {
		return v.T("adoption.contested")
	}
	return v.T("request.state." + string(c.State))
}

// verified tells whether a person signed that a pack was compared with the texts.
func (v *visit) verified(p *policy.Pack) bool {
	_, signed := v.signed.Of(p)
	return signed || p.Verified()
}

// verifiedText says who compared a pack with the texts, and when.
func (v *visit) verifiedText(p *policy.Pack) string {
	if s, signed := v.signed.Of(p); signed {
		return v.T("policy.signed_by", s.By, v.actor.Pack.RoleTitle(s.Role).In(v.p.Lang), v.p.Date(s.At))
	}
	if p.Verified() {
		return v.T("policy.page_verified_by", p.VerifiedBy, v.p.Day(p.VerifiedOn))
	}
	return v.T("policy.not_verified")
}

// publicVerified says in what role somebody compared a pack with the texts, to anyone.
func (v *visit) publicVerified(p *policy.Pack) string {
	if s, signed := v.signed.Of(p); signed {
		return v.T("policy.signed_public", p.RoleTitle(s.Role).In(v.p.Lang), v.p.Date(s.At))
	}
	if p.Verified() {
		return v.T("policy.signed_public", p.VerifiedBy, v.p.Day(p.VerifiedOn))
	}
	return v.T("policy.not_verified_public")
}
