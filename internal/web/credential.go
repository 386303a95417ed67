package web

import (
	"time"

	"aval/internal/credential"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// credentialRoutes are the page of what a platform's program signs in with.
func (s *Server) credentialRoutes() []route {
	const at = "/licences/{id}/credential"
	return []route{
		{pattern: "GET " + at, need: policy.CredentialManage, do: s.credential},
		{pattern: "POST " + at, need: policy.CredentialManage, do: s.credentialMake, form: s.credential},
		{pattern: "POST " + at + "/rotate", need: policy.CredentialManage, do: s.credentialRotate, form: s.credential},
		{pattern: "POST " + at + "/revoke", need: policy.CredentialManage, do: s.credentialRevoke, form: s.credential},
	}
}

func credentialAt(id licence.ID) string { return "/licences/" + string(id) + "/credential" }

func (s *Server) credential(v *visit) error { return s.credentialShow(v, "") }

// credentialShow shows the page, with a secret if one was just made: it is kept
// nowhere, and not shown again.
func (s *Server) credentialShow(v *visit, secret string) error {
	l, err := s.Licences.View(v.ctx(), v.actor, v.licenceID())
	if err != nil {
		return err
	}
	c, err := s.Credentials.View(v.ctx(), v.actor, l.ID)
	if err != nil {
		return err
	}
	return v.render(credentialPage(v, l, c, secret, s.BaseURL))
}

func (s *Server) credentialMake(v *visit) error {
	_, secret, err := s.Credentials.Make(v.ctx(), v.actor, v.licenceID())
	if err != nil {
		return err
	}
	return s.credentialShow(v, secret)
}

func (s *Server) credentialRotate(v *visit) error {
	_, secret, err := s.Credentials.Rotate(v.ctx(), v.actor, v.licenceID(), overlapOf(v.form("overlap")))
	if err != nil {
		return err
	}
	return s.credentialShow(v, secret)
}

func (s *Server) credentialRevoke(v *visit) error {
	id := v.licenceID()
	if err := s.Credentials.Revoke(v.ctx(), v.actor, id); err != nil {
		return err
	}
	v.flash("credential.revoked")
	return v.redirect(credentialAt(id))
}

// overlapNames are the periods as the form names them.
var overlapNames = []string{"0", "1", "7", "30"}

// overlapOf reads one; what is none is refused further down.
func overlapOf(typed string) time.Duration {
	for i, name := range overlapNames {
		if typed == name {
			return credential.Overlaps[i]
		}
	}
	return -1
}

func overlapOptions(v *visit) (options []ui.Option) {
	for _, name := range overlapNames {
		options = append(options, ui.Option{Value: name, Text: v.T("credential.overlap." + name), Chosen: v.chosen("overlap", name, name == "7")})
	}
	return options
}
