package web

import (
	"aval/internal/policy"
	"aval/internal/portable"
	"aval/internal/request"
)

// portableRoutes are the pages of evaluations that leave the board, and of whose it recognises.
func (s *Server) portableRoutes() []route {
	return []route{
		{pattern: "GET /evaluations/{id}/export", need: policy.EvaluationExport, do: s.evaluationExport},
		{pattern: "GET /settings/signers", need: policy.SignerManage, do: s.signersForm},
		{pattern: "POST /settings/signers", need: policy.SignerManage, do: s.signersTrust, form: s.signersForm},
		{pattern: "POST /settings/signers/forget", need: policy.SignerManage, do: s.signersForget, form: s.signersForm},
	}
}

func (s *Server) evaluationExport(v *visit) error {
	name, data, err := s.Portable.Export(v.ctx(), v.actor, request.ID(v.path("id")))
	if err != nil {
		return err
	}
	return v.send(name, "application/json", data)
}

// signersForm lists the signers that the board knows by name, and names one more.
func (s *Server) signersForm(v *visit) error {
	list, err := s.Portable.Signers(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(signersPage(v, list))
}

func (s *Server) signersTrust(v *visit) error {
	if err := s.Portable.Trust(v.ctx(), v.actor, v.form("fingerprint"), v.form("name")); err != nil {
		return err
	}
	v.flash("portable.trusted")
	return v.redirect("/settings/signers")
}

func (s *Server) signersForget(v *visit) error {
	if err := s.Portable.Forget(v.ctx(), v.actor, v.form("of")); err != nil {
		return err
	}
	v.flash("portable.forgotten")
	return v.redirect("/settings/signers")
}

// signerText says whether the board knows who signed an evaluation.
func (s *Server) signerText(v *visit, fingerprint string) (string, error) {
	known, err := s.Portable.Known(v.ctx(), v.actor, fingerprint)
	if err != nil || known == "" {
		return v.T("portable.unknown"), err
	}
	return v.T("portable.known", known), nil
}

// ofSigner is a line of the list.
func ofSigner(v *visit, s portable.Signer) string {
	if s.Own {
		return v.T("portable.own", s.Name)
	}
	return s.Name
}
