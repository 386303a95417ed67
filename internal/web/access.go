package web

import (
	"aval/internal/access"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// accessRoutes are the forms of a licence's accounts, which stand on its page.
func (s *Server) accessRoutes() []route {
	return []route{
		{pattern: "POST /licences/{id}/accounts", need: policy.AccessManage, do: s.accountsCreate},
		{pattern: "POST /licences/{id}/files", need: policy.AccessProvision, do: s.filePrepare, form: s.licence},
		{pattern: "POST /licences/{id}/files/{file}/approve", need: policy.AccessApprove, do: s.fileApprove},
		{pattern: "POST /licences/{id}/files/{file}/download", need: policy.AccessProvision, do: s.fileDownload},
		{pattern: "POST /licences/{id}/files/{file}/confirm", need: policy.AccessProvision, do: s.fileConfirm},
		{pattern: "POST /licences/{id}/deletion", need: policy.AccessManage, do: s.deletionAttest, form: s.licence},
	}
}

func (v *visit) licenceID() licence.ID { return licence.ID(v.path("id")) }

func (v *visit) toLicence() error { return v.redirect("/licences/" + v.path("id")) }

func (s *Server) accountsCreate(v *visit) error {
	c, err := s.Access.Create(v.ctx(), v.actor, v.licenceID())
	if err != nil {
		return err
	}
	if c.Lacking() == 0 {
		v.flash("access.nobody_lacks")
	} else {
		v.flash("access.being_made", c.Lacking())
	}
	return v.toLicence()
}

func (s *Server) filePrepare(v *visit) error {
	f, err := s.Access.Prepare(v.ctx(), v.actor, v.licenceID(), access.FileKind(v.form("kind")))
	if err != nil {
		return err
	}
	v.flash("access.prepared", f.Accounts)
	return v.toLicence()
}

func (s *Server) fileApprove(v *visit) error {
	if _, err := s.Access.Approve(v.ctx(), v.actor, v.licenceID(), access.FileID(v.path("file"))); err != nil {
		return err
	}
	v.flash("access.approved")
	return v.toLicence()
}

func (s *Server) fileDownload(v *visit) error {
	text, err := s.Access.Download(v.ctx(), v.actor, v.licenceID(), access.FileID(v.path("file")))
	if err != nil {
		return err
	}
	return v.send(access.FileName, "text/csv; charset=utf-8", text)
}

func (s *Server) fileConfirm(v *visit) error {
	if _, err := s.Access.Confirm(v.ctx(), v.actor, v.licenceID(), access.FileID(v.path("file"))); err != nil {
		return err
	}
	v.flash("access.confirmed")
	return v.toLicence()
}

func (s *Server) deletionAttest(v *visit) error {
	if err := s.Access.Attest(v.ctx(), v.actor, v.licenceID(), v.form("on"), v.form("by")); err != nil {
		return err
	}
	v.flash("access.attested")
	return v.toLicence()
}

func fileOptions(v *visit) (options []ui.Option) {
	for _, k := range access.FileKinds {
		options = append(options, ui.Option{Value: string(k), Text: v.T("access.file." + string(k)), Hint: v.T("access.file_hint." + string(k)),
			Chosen: v.chosen("kind", string(k), k == access.Delta)})
	}
	return options
}

// fileLook is how far a file of accounts has come.
func fileLook(f access.File) (tone ui.Tone, icon, key string) {
	switch {
	case !f.ConfirmedAt.IsZero():
		return ui.OK, "check-circle", "access.file_state.confirmed"
	case !f.DownloadedAt.IsZero():
		return ui.Wait, "download", "access.file_state.downloaded"
	case !f.ApprovedAt.IsZero():
		return ui.Wait, "person-check", "access.file_state.approved"
	}
	return ui.Wait, "hourglass-split", "access.file_state.prepared"
}
