package web

import (
	"net/url"
	"slices"
	"strconv"

	"aval/internal/catalogue"
	"aval/internal/desk"
	"aval/internal/fault"
	"aval/internal/org"
	"aval/internal/policy"
	"aval/internal/request"
	"aval/internal/web/ui"
)

// requestForm is a request as its form shows it.
type requestForm struct {
	Kept     request.Request    // what is kept; empty for a new one
	Platform catalogue.Platform // of the catalogue; without id when its name is still to be typed
	Name     string             // the name to begin with, when it is typed
	Short    bool
	Ask      desk.Ask
	Nearest  string // an approved platform that resembles it, or ""
	Passed   bool   // the IT service passed it on: whoever authorises it completes it
	Signs    bool   // the author's own signature authorises it
}

// action is where the form is sent.
func (f requestForm) action() string {
	if f.Kept.ID == "" {
		return "/requests"
	}
	return requestAt(f.Kept.ID) + "/edit"
}

// back is the page that the form came from.
func (f requestForm) back() (href, key string) {
	if f.Kept.ID == "" {
		return "/platforms", "platform.title"
	}
	return requestAt(f.Kept.ID), "ask.back"
}

func (f requestForm) title(v *visit) string {
	switch {
	case f.Platform.ID == "":
		return v.T("request.new")
	case f.Kept.ID == "":
		return v.T("ask.title", f.Platform.Name)
	}
	return v.T("ask.edit", f.Platform.Name)
}

// sends is what the button of the form says.
func (f requestForm) sends(v *visit) string {
	switch {
	case f.Signs:
		return v.T("ask.sign")
	case len(f.Ask.Places) > 0 && f.Ask.Places[0].Kind == org.Department:
		return v.T("ask.send.department")
	}
	return v.T("ask.send")
}

// requestNew shows an empty form; when a draft was kept of what was sent, it is the draft's.
func (s *Server) requestNew(v *visit) error {
	if v.path("id") != "" {
		return s.requestEditForm(v)
	}
	f := requestForm{Name: v.query("name")}
	if id := catalogue.ID(v.value("platform_id", v.query("platform"))); id != "" {
		p, err := s.Catalogue.Platform(v.ctx(), v.actor, id)
		if err != nil {
			return err
		}
		f.Platform, f.Short = p, p.Status.Usable()
	}
	return s.showForm(v, f, v.value("org", v.query("org")))
}

func (s *Server) requestEditForm(v *visit) error {
	d, err := s.Requests.View(v.ctx(), v.actor, request.ID(v.path("id")))
	if err != nil {
		return err
	}
	if !d.May.Edit && v.refused == nil {
		return v.redirect(requestAt(d.ID))
	}
	f := requestForm{Kept: d.Request, Short: d.Kind == request.Short, Passed: d.May.Authorise}
	if f.Platform, err = s.Catalogue.Platform(v.ctx(), v.actor, d.PlatformID); err != nil {
		return err
	}
	return s.showForm(v, f, d.OrgID)
}

func (s *Server) showForm(v *visit, f requestForm, place string) (err error) {
	if f.Ask, err = s.desk.Ask(v.ctx(), v.actor, place); err != nil {
		return err
	}
	if f.Platform.ID != "" {
		similar, err := s.Catalogue.Similar(v.ctx(), v.actor, f.Platform.ID)
		if err != nil {
			return err
		}
		if len(similar) > 0 {
			f.Nearest = similar[0].Platform.Name
		}
	}
	f.Signs = f.Kept.Signed()
	if f.Kept.ID == "" {
		f.Signs = v.actor.Has(policy.Principal, policy.DepartmentHead)
	}
	return v.render(requestFormPage(v, f))
}

// typedDraft reads a draft from what was sent.
func typedDraft(v *visit) request.Draft {
	return request.Draft{
		PlatformID: catalogue.ID(v.form("platform_id")), PlatformName: v.form("platform"), URL: v.form("url"),
		Org: v.form("org"), Description: v.form("description"), Usage: v.form("usage"), Missing: v.form("missing"),
		DataKinds: v.forms("data_kinds"), Subjects: v.forms("subjects"), CostCents: request.ParseCost(v.form("cost")), Classes: v.forms("classes"),
		Pupils: number(v.form("pupils")), NewSecurity: v.form("new_security"), Follows: request.ID(v.form("follows")),
	}
}

// number reads a count; what is none is -1, which is refused beside its field.
func number(typed string) int64 {
	if typed == "" {
		return 0
	}
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// figure writes a count in a field; zero is left empty.
func figure(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// amount writes cents in a field; zero is left empty.
func amount(v *visit, cents int64) string {
	if cents == 0 {
		return ""
	}
	return v.p.Money(cents)
}

// sentAs is what the form of a request would send of it.
func sentAs(v *visit, r request.Request) url.Values {
	return url.Values{
		"description": {r.Description}, "usage": {r.Usage}, "missing": {r.Missing}, "new_security": {r.NewSecurity},
		"data_kinds": r.DataKinds, "subjects": r.Subjects, "classes": r.Classes, "pupils": {figure(r.Pupils)}, "cost": {amount(v, r.CostCents)},
	}
}

func (s *Server) requestCreate(v *visit) error {
	r, err := s.Requests.Create(v.ctx(), v.actor, typedDraft(v))
	if err != nil {
		return err
	}
	return s.sendOn(v, r)
}

func (s *Server) requestEdit(v *visit) error {
	r, err := s.Requests.Edit(v.ctx(), v.actor, request.ID(v.path("id")), typedDraft(v), number(v.form("version")))
	if err != nil {
		return err
	}
	return s.sendOn(v, r)
}

// sendOn sends a request whose draft was just kept, when that is what was asked.
// A refusal shows the form again: it is then the draft's.
func (s *Server) sendOn(v *visit, r request.Request) error {
	switch v.form("then") {
	case "submit":
		if _, err := s.Requests.Submit(v.ctx(), v.actor, r.ID); err != nil {
			v.r.SetPathValue("id", string(r.ID))
			return err
		}
		v.flash("request.submitted")
	case "authorise":
		v.flash("request.edited")
		return v.redirect(requestAt(r.ID) + "/authorise")
	default:
		v.flash("request.drafted")
	}
	return v.redirect(requestAt(r.ID))
}

// requestSubmit sends what is kept; what it lacks is asked for in its form.
func (s *Server) requestSubmit(v *visit) error {
	r, err := s.Requests.Submit(v.ctx(), v.actor, request.ID(v.path("id")))
	if err != nil {
		v.r.PostForm = sentAs(v, r)
		return err
	}
	v.flash("request.submitted")
	return v.redirect(requestAt(r.ID))
}

// other is the request that stands in the way of this one, where the refusal names it.
func (v *visit) other() (id request.ID, number string, joins bool) {
	if v.refused == nil || v.refused.Kind != fault.Conflict || len(v.refused.Args) != 2 {
		return "", "", false
	}
	first, _ := v.refused.Args[0].(string)
	second, _ := v.refused.Args[1].(string)
	switch v.refused.Key {
	case "request.open_exists":
		return request.ID(first), second, v.may(policy.RequestJoin)
	case "request.yours_exists":
		return request.ID(first), second, false
	}
	return "", "", false
}

func (v *visit) placeOptions(f requestForm) []ui.Option {
	options := []ui.Option{{Text: v.T("ask.choose")}}
	for _, p := range f.Ask.Places {
		options = append(options, ui.Option{Value: p.ID, Text: p.Name, Chosen: v.chosen("org", p.ID, p.ID == v.query("org"))})
	}
	return options
}

func (v *visit) roomOptions(f requestForm) []ui.Option {
	var options []ui.Option
	for _, c := range f.Ask.Rooms {
		options = append(options, ui.Option{Value: c.ID, Text: c.Title, Hint: v.room(c),
			Chosen: v.ticked("classes", c.ID, slices.Contains(f.Kept.Classes, c.ID))})
	}
	return options
}

// subjectOptions are those whose data a platform may hold, where the policy asks.
func (v *visit) subjectOptions(f requestForm) []ui.Option {
	var options []ui.Option
	for _, s := range v.actor.Pack.DataSubjects {
		options = append(options, ui.Option{Value: s.Code, Text: s.Title.In(v.p.Lang),
			Chosen: v.ticked("subjects", s.Code, slices.Contains(f.Kept.Subjects, s.Code))})
	}
	return options
}

func (v *visit) kindOptions(f requestForm) []ui.Option {
	var options []ui.Option
	for _, k := range v.actor.Pack.DataKinds {
		options = append(options, ui.Option{Value: k.Code, Text: k.Title.In(v.p.Lang),
			Chosen: v.ticked("data_kinds", k.Code, slices.Contains(f.Kept.DataKinds, k.Code))})
	}
	return options
}
