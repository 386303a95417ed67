package web

import (
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/web/ui"
)

// privacyPage shows what the record says of personal information before a
// decision (QC-PIA-01, QC-PIA-02), to fill in while the request is open.
func (s *Server) privacyPage(v *visit) error {
	d, err := s.Requests.View(v.ctx(), v.actor, request.ID(v.path("id")))
	if err != nil {
		return err
	}
	if err := v.actor.Allow(policy.PrivacyRecord, d.Scope()); err != nil {
		return err
	}
	v.under(d.Pack)
	of, err := s.Assessments.OfRequest(v.ctx(), v.actor, d.ID)
	if err != nil {
		return err
	}
	return v.render(privacyRecordPage(v, d, of))
}

// privacyKeep records what was typed of an assessment done without aval, with its
// file if there is one.
func (s *Server) privacyKeep(v *visit) error {
	id := request.ID(v.path("id"))
	p := request.Privacy{Personal: v.form("personal"), PIAOn: v.form("pia_on"), CommitteeOn: v.form("committee_on"), Transfer: v.form("transfer")}
	file, closing, err := uploaded(v)
	if err != nil {
		return err
	}
	defer closing()
	if file.Content != nil {
		_, err = s.Assessments.RecordOutside(v.ctx(), v.actor, id, p, file)
	} else {
		_, err = s.Requests.RecordPrivacy(v.ctx(), v.actor, id, p)
	}
	if err != nil {
		return err
	}
	v.flash("privacy.page.saved")
	return v.redirect("/requests/" + string(id) + "/privacy")
}

func personalOptions(v *visit, kept string) []ui.Option {
	return []ui.Option{
		{Value: "yes", Text: v.T("privacy.page.yes"), Chosen: v.chosen("personal", "yes", kept == "yes")},
		{Value: "no", Text: v.T("privacy.page.no"), Chosen: v.chosen("personal", "no", kept == "no")},
	}
}

// transferOptions are what may be said of what leaves Québec; nothing where nothing does.
func transferOptions(v *visit, kept string) []ui.Option {
	options := []ui.Option{{Value: "", Text: v.T("privacy.page.transfer_none"), Chosen: v.value("transfer", kept) == ""}}
	for _, said := range []string{"yes", "no"} {
		options = append(options, ui.Option{Value: said, Text: v.T("privacy.page.transfer_" + said), Chosen: v.value("transfer", kept) == said})
	}
	return options
}

// dayInput is a question answered with a calendar day.
func dayInput(v *visit, name, label, hint, kept, clause string) ui.Input {
	f := v.input(name, label, hint, kept)
	f.Type, f.Clause = "date", clause
	return f
}

func personalInput(v *visit, kept string) ui.Input {
	f := v.input("personal", "request.field.personal", "privacy.page.personal_help", kept)
	f.Clause = "QC-PIA-01"
	return f
}

// dataKindNames are the kinds of information that the request names, the
// personal ones first.
func dataKindNames(v *visit, codes []string) (personal, others []string) {
	for _, code := range codes {
		kind, ok := v.policy().DataKind(code)
		switch {
		case !ok:
		case kind.Personal:
			personal = append(personal, kind.Title.In(v.p.Lang))
		default:
			others = append(others, kind.Title.In(v.p.Lang))
		}
	}
	return personal, others
}
