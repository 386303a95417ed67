package web

import (
	"strconv"

	"aval/internal/access"
	"aval/internal/fault"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// accountsRoutes are the pages of who keeps pupils' accounts.
func (s *Server) accountsRoutes() []route {
	return []route{
		{pattern: "GET /licences/year", need: policy.AccessManage, do: s.yearEnd},
		{pattern: "GET /licences/idle", need: policy.AccessManage, do: s.idleOfBoard},
		{pattern: "GET /licences/{id}/accounts", need: policy.AccessManage, do: s.accounts},
		{pattern: "GET /licences/{id}/accounts/classes/{class}", need: policy.AccessManage, do: s.accountsRoll},
		{pattern: "GET /licences/{id}/accounts/idle", need: policy.AccessManage, do: s.idle},
		{pattern: "POST /licences/{id}/accounts/idle", need: policy.AccessManage, do: s.idleSuspend},
		{pattern: "GET /licences/{id}/accounts/names", need: policy.AccessProvision, do: s.vendorNames},
		{pattern: "POST /licences/{id}/accounts/names", need: policy.AccessProvision, do: s.vendorNamesRead, form: s.vendorNames, unread: true},
		{pattern: "POST /licences/{id}/accounts/names/keep", need: policy.AccessProvision, do: s.vendorNamesKeep, limit: namesLimit},
		{pattern: "GET /licences/{id}/accounts/{account}", need: policy.AccessManage, do: s.account},
		{pattern: "POST /licences/{id}/accounts/{account}/suspend", need: policy.AccessManage, do: s.accountSuspend, form: s.account},
		{pattern: "POST /licences/{id}/accounts/{account}/resume", need: policy.AccessManage, do: s.accountResume},
		{pattern: "GET /pupils/{id}/accounts", need: policy.AccessManage, do: s.pupilAccounts},
	}
}

// namesLimit is the largest file of a platform's names as it is sent back sealed.
const namesLimit = 20 << 20

// accountsAt is where the accounts of a licence are kept.
func accountsAt(id licence.ID) string { return "/licences/" + string(id) + "/accounts" }

func accountAt(p access.Place) string { return accountsAt(p.Licence) + "/" + p.AccountID }

func (s *Server) accounts(v *visit) error {
	st, err := s.Access.Standing(v.ctx(), v.actor, v.licenceID())
	if err != nil {
		return err
	}
	var at *access.SchoolStand
	for i, school := range st.Schools {
		if asked := v.query("school"); school.ID == asked || asked == "" && len(st.Schools) == 1 {
			at = &st.Schools[i]
		}
	}
	if at == nil && v.query("school") != "" {
		return fault.Missing()
	}
	return v.render(accountsPage(v, st, at))
}

func schoolStands(st access.Standing) []access.Stand {
	stands := make([]access.Stand, len(st.Schools))
	for i, school := range st.Schools {
		stands[i] = school.Stand
	}
	return stands
}

// standColumns are those of the figures; idle accounts have theirs where there are some.
func standColumns(v *visit, st access.Standing, of string) []ui.Column {
	columns := []ui.Column{{Text: of}}
	for _, key := range []string{"desk.students", "access.col_waiting", "access.col_open", "access.col_stopped", "access.col_lacking"} {
		columns = append(columns, ui.Column{Text: v.T(key), Number: true})
	}
	if st.AllIdle() > 0 {
		columns = append(columns, ui.Column{Text: v.T("access.col_idle"), Number: true})
	}
	return columns
}

func (s *Server) accountsRoll(v *visit) error {
	r, err := s.Access.Roll(v.ctx(), v.actor, v.licenceID(), v.path("class"))
	if err != nil {
		return err
	}
	return v.render(rollPage(v, r))
}

// ---- one account

func (s *Server) account(v *visit) error {
	p, err := s.Access.One(v.ctx(), v.actor, v.licenceID(), v.path("account"))
	if err != nil {
		return err
	}
	return v.render(accountPage(v, p, p.Accounts[0]))
}

func (s *Server) accountSuspend(v *visit) error {
	if err := s.Access.Suspend(v.ctx(), v.actor, v.licenceID(), v.path("account"), access.Why(v.form("why"))); err != nil {
		return err
	}
	v.flash("access.suspended_now")
	return v.redirect(accountsAt(v.licenceID()) + "/" + v.path("account"))
}

func (s *Server) accountResume(v *visit) error {
	if err := s.Access.Resume(v.ctx(), v.actor, v.licenceID(), v.path("account")); err != nil {
		return err
	}
	v.flash("access.resumed_now")
	return v.redirect(accountsAt(v.licenceID()) + "/" + v.path("account"))
}

func whyOptions(v *visit) (options []ui.Option) {
	for _, why := range access.Whys {
		options = append(options, ui.Option{Value: string(why), Text: v.T("access.why." + string(why)), Chosen: v.chosen("why", string(why), false)})
	}
	return options
}

func (s *Server) pupilAccounts(v *visit) error {
	p, err := s.Access.Of(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	return v.render(pupilAccountsPage(v, p))
}

// ---- accounts that serve nobody

func (s *Server) idle(v *visit) error {
	st, err := s.Access.Standing(v.ctx(), v.actor, v.licenceID())
	if err != nil {
		return err
	}
	return v.render(idlePage(v, st))
}

func (s *Server) idleSuspend(v *visit) error {
	shown, err := strconv.Atoi(v.form("count"))
	if err != nil {
		shown = -1 // never as many as there are
	}
	n, err := s.Access.SuspendIdle(v.ctx(), v.actor, v.licenceID(), access.Idle(v.form("idle")), shown)
	if err != nil {
		return err
	}
	v.flash("access.idle_suspended", n)
	return v.redirect(accountsAt(v.licenceID()) + "/idle")
}

func (s *Server) idleOfBoard(v *visit) error {
	list, err := s.Access.IdleOfBoard(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(idleBoardPage(v, list))
}

// idleDays is how many days make an account one that serves nobody.
func idleDays(i access.Idle) int {
	switch i {
	case access.Unconfirmed:
		return access.UnconfirmedDays
	case access.Unseen:
		return access.UnseenDays
	}
	return 0
}

// ---- the names that the platform gives

func (s *Server) vendorNames(v *visit) error {
	st, err := s.Access.Standing(v.ctx(), v.actor, v.licenceID())
	if err != nil {
		return err
	}
	if !st.MayLoad {
		return fault.Missing()
	}
	return v.render(vendorNamesPage(v, st, nil))
}

func (s *Server) vendorNamesRead(v *visit) error {
	data, err := v.sheetSent("file")
	if err != nil {
		return err
	}
	f, err := s.Access.ReadVendorNames(v.ctx(), v.actor, v.licenceID(), data)
	if err != nil {
		return err
	}
	st, err := s.Access.Standing(v.ctx(), v.actor, v.licenceID())
	if err != nil {
		return err
	}
	return v.render(vendorNamesPage(v, st, &f))
}

func (s *Server) vendorNamesKeep(v *visit) error {
	n, err := s.Access.KeepVendorNames(v.ctx(), v.actor, v.licenceID(), v.form("read"))
	if err != nil {
		return err
	}
	v.flash("access.vendor_kept", n)
	return v.redirect(accountsAt(v.licenceID()))
}

// ---- the end of the school year

func (s *Server) yearEnd(v *visit) error {
	y, err := s.Access.YearEnd(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(yearEndPage(v, y))
}

// againAt is the form of a licence like another, for the next year.
func againAt(l licence.Licence) string {
	return "/licences/new" + withQuery("platform", string(l.PlatformID), "scope", string(l.Scope), "org_id", l.OrgID)
}

// schoolYear is a school year as it is said: 2026-2027.
func schoolYear(y access.YearEnd) string { return y.First[:4] + "-" + y.Last[:4] }

// stopText says why an account stopped.
func stopText(v *visit, p access.Place) string {
	switch {
	case p.State != access.Suspended:
		return ""
	case !p.ByHand:
		return v.T("access.why.left")
	case p.Why != "":
		return v.T("access.why." + string(p.Why))
	}
	return ""
}

// sheetMedia is what a field for a table takes.
const sheetMedia = ".csv,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// accepting says which files a field takes.
func accepting(f ui.Input, media string) ui.Input {
	f.Accept = media
	return f
}

// chaseCard is a vendor whose attestation is waited for.
func (v *visit) chaseCard(c access.Chase) ui.Card {
	return ui.Card{Days: c.Days, Late: c.Late, Href: "/licences/" + string(c.ID) + "#deletion", Title: v.T("access.chase", c.Platform),
		Text: v.p.N("access.chase_text", c.Accounts), Tone: ui.Stop, Icon: "exclamation-triangle-fill", Badge: v.T("access.chase_badge"), Clause: "3.3c"}
}

// standText sums up the accounts of a school.
func standText(v *visit, st access.Stand) string {
	text := v.p.N("desk.pupils", st.Pupils)
	if n := st.Lacking(); n > 0 {
		text = v.T("access.school_sum", text, v.p.N("class.lacking", n))
	}
	return text
}
