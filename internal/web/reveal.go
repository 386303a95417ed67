package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/pseudonym"
	"aval/internal/reveal"
	"aval/internal/web/ui"
)

// revealRoutes are the pages on whose a login name is, and who was told.
func (s *Server) revealRoutes() []route {
	return []route{
		{pattern: "GET /reveals", need: policy.RevealName, do: s.revealForm},
		{pattern: "POST /reveals", need: policy.RevealName, do: s.reveal, form: s.revealForm},
		{pattern: "GET /reveals/more", need: policy.RevealName, do: s.moreForm},
		{pattern: "POST /reveals/more", need: policy.RevealName, do: s.moreAsk, form: s.moreForm},
		{pattern: "GET /approvals", need: policy.RevealApprove, do: s.approvals},
		{pattern: "POST /approvals/{id}", need: policy.RevealApprove, do: s.approve},
		{pattern: "GET /looks", need: policy.RevealRead, do: s.looks},
		{pattern: "GET /pupils/{id}", need: policy.RevealRead, do: s.pupil},
		{pattern: "GET /pupils/{id}/guardians", need: policy.RevealGuardians, do: s.guardiansForm},
		{pattern: "POST /pupils/{id}/guardians", need: policy.RevealGuardians, do: s.guardians, form: s.guardiansForm},
	}
}

func (s *Server) revealForm(v *visit) error {
	left, err := s.Reveals.Left(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(whoPage(v, left, nil))
}

// reveal shows its answer at once: nothing of it is kept for a later page.
func (s *Server) reveal(v *visit) error {
	shown, err := s.Reveals.Reveal(v.ctx(), v.actor,
		reveal.Ask{Kind: reveal.Name, Name: v.form("name"), Reason: v.form("reason")})
	if err != nil {
		return err
	}
	return v.render(whoPage(v, shown.Left, &shown))
}

// loginTyped is the login name that was typed, as it is printed.
func (v *visit) loginTyped() string {
	name, err := pseudonym.Parse(v.form("name"))
	if err != nil {
		return ""
	}
	return name.String()
}

// whoSub tells how far the visitor's looks reach.
func (v *visit) whoSub() string {
	for _, rule := range v.actor.Reach(policy.RevealName).Rules {
		switch {
		case rule.Board:
			return v.T("reveal.sub_board")
		case len(rule.Orgs) > 0:
			return v.T("reveal.sub_school")
		}
	}
	return v.T("reveal.sub_class")
}

// nameInput is the field of a login name; after an answer it is empty for another.
func (v *visit) nameInput(again bool) ui.Input {
	label := "reveal.name_label"
	if again {
		label = "reveal.name_again"
	}
	f := v.input("name", label, "reveal.name_hint", "")
	f.Complete, f.Max = "off", 64
	return f
}

func (v *visit) reasonOptions(do policy.Action) (options []ui.Option) {
	kept := cmp.Or(v.form("reason"), v.query("reason"))
	for _, r := range v.actor.Pack.ReasonsFor(do) {
		options = append(options, ui.Option{Value: r.Code, Text: r.Title.In(v.p.Lang), Chosen: kept == r.Code})
	}
	return options
}

// whereText says where a pupil is: their classes, their grade.
func whereText(v *visit, p reveal.Person) string {
	parts := slices.Clone(p.Classes)
	if p.Grade != "" {
		parts = append(parts, gradeText(v, p.Grade))
	}
	return strings.Join(parts, ", ")
}

// ---- more than the quota

// wayOn is where a visitor who is at the quota asks for more of the same; "" for others.
func (v *visit) wayOn(f *fault.Fault) string {
	what := map[string]string{"reveal.quota_singles": "singles", "reveal.quota_sets": "set"}[f.Key]
	if what == "" || !v.may(policy.RevealName) {
		return ""
	}
	return "/reveals/more" + withQuery("what", what, "reason", v.form("reason"))
}

func (s *Server) moreForm(v *visit) error {
	schools, err := s.Reveals.Places(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	options := []ui.Option{{Text: v.T("reveal.org_choose")}}
	for _, o := range schools {
		options = append(options, ui.Option{Value: o.ID, Text: o.Name, Chosen: v.chosen("org", o.ID, false)})
	}
	return v.render(morePage(v, options))
}

func (s *Server) moreAsk(v *visit) error {
	extra, err := strconv.Atoi(v.form("extra"))
	if err != nil {
		extra = 0 // the use case says what is wrong with it
	}
	kind := v.form("what")
	if kind != "singles" && kind != "set" {
		return fault.Form(map[string]string{"what": "reveal.what_required"})
	}
	m := reveal.More{Org: v.form("org"), Sets: kind == "set", Extra: extra, Reason: v.form("reason"), Note: v.form("note")}
	if m.Sets {
		m.Extra = 1
	}
	if _, err := s.Reveals.AskApproval(v.ctx(), v.actor, m); err != nil {
		return err
	}
	v.flash("reveal.more_asked")
	if m.Sets {
		return v.redirect("/classes")
	}
	return v.redirect("/reveals")
}

func (v *visit) moreOptions() []ui.Option {
	options := []ui.Option{{Value: "singles", Text: v.T("reveal.what_singles"), Chosen: v.chosen("what", "singles", v.query("what") != "set")}}
	if v.may(policy.RevealClass) || v.may(policy.RevealFile) {
		options = append(options, ui.Option{Value: "set", Text: v.T("reveal.what_set"), Chosen: v.chosen("what", "set", v.query("what") == "set")})
	}
	return options
}

// moreReasons are the reasons of every kind of look that the visitor makes.
func (v *visit) moreReasons() (options []ui.Option) {
	for _, do := range []policy.Action{policy.RevealName, policy.RevealAccount, policy.RevealClass, policy.RevealFile, policy.RevealGuardians} {
		if !v.may(do) {
			continue
		}
		for _, o := range v.reasonOptions(do) {
			if !slices.ContainsFunc(options, func(known ui.Option) bool { return known.Value == o.Value }) {
				options = append(options, o)
			}
		}
	}
	return options
}

func (s *Server) approvals(v *visit) error {
	list, err := s.Reveals.Pending(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(approvalsPage(v, list))
}

func (s *Server) approve(v *visit) error {
	if _, err := s.Reveals.Approve(v.ctx(), v.actor, v.path("id")); err != nil {
		return err
	}
	v.flash("reveal.approved")
	return v.redirect("/approvals")
}

// askedText says what is asked for.
func askedText(v *visit, a reveal.Asked) string {
	if a.Sets {
		return v.T("reveal.what_set")
	}
	return v.p.N("reveal.singles", a.Extra)
}

// ---- who looked

// lookView is what the page of looks shows.
type lookView struct {
	Looks    []reveal.Look
	Next     string
	Reviewed bool // the visitor reads the outliers of the last week, and is on the first page
	Week     reveal.Week
	Outliers []reveal.Outlier
}

func (s *Server) looks(v *visit) (err error) {
	after := v.query("after")
	shown := lookView{Reviewed: after == "" && v.actor.Can(policy.RevealRead, policy.Scope{})}
	if shown.Looks, err = s.Reveals.List(v.ctx(), v.actor, reveal.Filter{After: after}); err != nil {
		return err
	}
	if len(shown.Looks) == reveal.PageSize {
		shown.Next = "/looks" + withQuery("after", shown.Looks[len(shown.Looks)-1].ID)
	}
	if shown.Reviewed {
		if shown.Week, shown.Outliers, err = s.Reveals.Outliers(v.ctx(), v.actor); err != nil {
			return err
		}
	}
	return v.render(looksPage(v, shown))
}

func (s *Server) pupil(v *visit) error {
	p, err := s.Reveals.Pupil(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	return v.render(pupilPage(v, p))
}

// lookWhat says what was shown.
func lookWhat(v *visit, l reveal.Look) string {
	if l.Count == 0 {
		return v.T("reveal.kind_missed")
	}
	return v.T("reveal.kind." + string(l.Kind))
}

// lookBy is who looked.
func lookBy(v *visit, name string) string {
	if name == "" {
		return v.T("reveal.by_operator")
	}
	return name
}

// mayOpenPupil tells whether the page of a pupil would open for a visitor who was
// shown that pupil: whose looks reach pupils, not only their own looks.
func (v *visit) mayOpenPupil() bool {
	return slices.ContainsFunc(v.actor.Reach(policy.RevealRead).Rules, func(r policy.ReachRule) bool { return !r.Own })
}
