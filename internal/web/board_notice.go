package web

import (
	"net/url"
	"slices"
	"strconv"

	"aval/internal/catalogue"
	"aval/internal/i18n"
	"aval/internal/policy"
	"aval/internal/rights"
	"aval/internal/web/ui"
)

// boardNoticeRoutes are the pages on what the board tells people: its confidentiality
// policy, its notices of collection and those to parents.
func (s *Server) boardNoticeRoutes() []route {
	return []route{
		{pattern: "GET /notices", need: policy.NoticeRead, do: s.boardNotices},
		{pattern: "POST /notices", need: policy.NoticeWrite, do: s.boardNoticeBegin, form: s.boardNotices},
		{pattern: "GET /notices/{id}", need: policy.NoticeRead, do: s.boardNotice},
		{pattern: "POST /notices/{id}", need: policy.NoticeWrite, do: s.boardNoticeWrite, form: s.boardNotice},
		{pattern: "POST /notices/{id}/given", need: policy.NoticePublish, do: s.boardNoticeGive, form: s.boardNotice},
		{pattern: "GET /notices/{id}/print", need: policy.NoticeRead, do: s.boardNoticePrint},
		{pattern: "GET /public/{board}/confidentiality", need: anyone, do: s.publicConfidentiality, public: true},
	}
}

func boardNoticeAt(id rights.ID) string { return "/notices/" + string(id) }

func (s *Server) boardNotices(v *visit) error {
	l, err := s.Rights.Notices(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(boardNoticesPage(v, l))
}

func (s *Server) boardNoticeBegin(v *visit) error {
	n, err := s.Rights.Begin(v.ctx(), v.actor, rights.NoticeKind(v.form("kind")), catalogue.ID(v.form("platform")))
	if err != nil {
		return err
	}
	return v.redirect(boardNoticeAt(n.ID))
}

func (s *Server) boardNotice(v *visit) error {
	n, err := s.Rights.Notice(v.ctx(), v.actor, v.rightsID())
	if err != nil {
		return err
	}
	return v.render(boardNoticePage(v, n))
}

// boardNoticeWrite keeps the draft and, where it is asked, publishes it.
func (s *Server) boardNoticeWrite(v *visit) error {
	n, err := s.Rights.Notice(v.ctx(), v.actor, v.rightsID())
	if err != nil {
		return err
	}
	t := rights.NoticeText{Fields: map[string]rights.Words{}, Changes: typedWords(v, "changes")}
	for _, name := range n.Names {
		t.Fields[name] = typedWords(v, name)
	}
	kept, err := s.Rights.Write(v.ctx(), v.actor, n.ID, t, versionSent(v))
	if err != nil {
		return err
	}
	if v.form("then") == "publish" {
		if kept, err = s.Rights.Publish(v.ctx(), v.actor, n.ID); err != nil {
			return err
		}
		v.flash("rights.page.published")
	} else {
		v.flash("rights.page.written")
	}
	return v.redirect(boardNoticeAt(kept.ID))
}

func typedWords(v *visit, name string) rights.Words {
	return rights.Words{Fr: v.form(name + "_fr"), En: v.form(name + "_en")}
}

func (s *Server) boardNoticeGive(v *visit) error {
	n, err := s.Rights.Give(v.ctx(), v.actor, v.rightsID(), rights.Giving{On: v.form("sent_on"), Audience: v.form("audience"), Channel: v.form("channel")})
	if err != nil {
		return err
	}
	v.flash("rights.page.given")
	return v.redirect(boardNoticeAt(n.ID))
}

// boardNoticePrint shows a notice for paper, in the reader's language or the one asked for.
func (s *Server) boardNoticePrint(v *visit) error {
	n, err := s.Rights.Notice(v.ctx(), v.actor, v.rightsID())
	if err != nil {
		return err
	}
	if lang := v.query("lang"); slices.Contains(i18n.Languages, lang) {
		v.p = i18n.For(lang)
	}
	return v.render(boardNoticePaper(v, n))
}

// publicConfidentiality is the confidentiality policy as anyone reads it, with what
// each version changed.
func (s *Server) publicConfidentiality(v *visit) error {
	p, err := s.Rights.PublicPolicy(v.ctx(), v.path("board"))
	if err != nil {
		return err
	}
	return v.render(publicConfidentialityPage(v, v.path("board"), p))
}

func confidentialityAt(board, lang string) string {
	return "/public/" + url.PathEscape(board) + "/confidentiality" + withQuery("lang", lang)
}

// boardNoticeLook is how a notice stands.
func boardNoticeLook(n rights.Notice) (ui.Tone, string, string) {
	switch {
	case n.State == rights.Draft:
		return ui.Wait, "hourglass-split", "rights.page.draft"
	case n.SentOn != "":
		return ui.OK, "check-circle-fill", "rights.page.given_state"
	}
	return ui.OK, "check-circle-fill", "rights.page.published_state"
}

// toldLook is whether parents were told of a platform.
func toldLook(t rights.Told, today string) (ui.Tone, string, string) {
	switch {
	case t.Late(today) && t.SentOn != "":
		return ui.Stop, "exclamation-circle-fill", "rights.told.late"
	case t.Late(today):
		return ui.Stop, "exclamation-circle-fill", "rights.told.not"
	case t.SentOn == "":
		return ui.Wait, "hourglass-split", "rights.told.waiting"
	}
	return ui.OK, "check-circle-fill", "rights.told.yes"
}

// noticeKindTitle heads a kind of notice.
func noticeKindTitle(v *visit, k rights.NoticeKind) string { return v.T("rights.notice." + string(k)) }

// noticePlatforms are the platforms of which parents may be told.
func noticePlatforms(v *visit, l rights.Listing) []ui.Option {
	chosen := v.value("platform", v.query("platform"))
	options := []ui.Option{{Text: v.T("rights.page.no_platform")}}
	for _, p := range l.Platforms {
		options = append(options, ui.Option{Value: string(p.ID), Text: p.Name, Chosen: chosen == string(p.ID)})
	}
	return options
}

// noticeField is a field of a notice in a language.
func noticeField(v *visit, n rights.NoticeView, name, lang string) ui.Input {
	f := kindOf(v.input(name+"_"+lang, "rights.field."+string(n.Kind)+"."+name, "", n.Fields[name].In(lang)), "", rights.MaxText)
	f.Label = v.T("rights.page.in_language", f.Label, languageName(lang))
	f.Rows = 3
	return f
}

func changesField(v *visit, n rights.NoticeView, lang string) ui.Input {
	f := kindOf(v.input("changes_"+lang, "rights.field.changes", "", n.Changes.In(lang)), "", rights.MaxText)
	f.Label = v.T("rights.page.in_language", f.Label, languageName(lang))
	f.Optional = n.Number == 1
	f.Rows = 2
	return f
}

// versionText writes the version that was read, for the form to send back.
func versionText(n int64) string { return strconv.FormatInt(n, 10) }
