package web

import (
	"aval/internal/classification"
	"aval/internal/decision"
	"aval/internal/inventory"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// inventoryRoutes are the pages on what may be used, and on what is used all the same.
func (s *Server) inventoryRoutes() []route {
	return []route{
		{pattern: "GET /services", need: policy.CatalogueRead, do: s.services},
		{pattern: "GET /services/print", need: policy.CatalogueRead, do: s.servicesPrint},
		{pattern: "GET /services/file", need: policy.CatalogueRead, do: s.servicesFile},
		{pattern: "GET /services/found", need: policy.InventoryNote, do: s.foundList},
		{pattern: "POST /services/found", need: policy.InventoryNote, do: s.foundNote, form: s.foundList},
		{pattern: "GET /services/found/{id}", need: policy.InventorySettle, do: s.foundOne},
		{pattern: "POST /services/found/{id}/settle", need: policy.InventorySettle, do: s.foundSettle, form: s.foundOne},
	}
}

// ours is the key of the words for a board whose policy speaks of services, where
// there are some, or else of those for platforms.
func (v *visit) ours(key string) string {
	if v.actor.Pack != nil && len(v.actor.Pack.DataSubjects) > 0 && v.p.Has(key+".services") {
		return key + ".services"
	}
	return key
}

// servicesClause is what asks for the list.
func servicesClause(v *visit, ids ...string) string { return v.actor.Pack.First(append(ids, "2.1")...) }

func servicesFilter(v *visit) inventory.Filter {
	return inventory.Filter{Typed: v.query("q"), Class: v.query("class"), Refused: v.query("show") == "refused"}
}

func (s *Server) services(v *visit) error {
	f := servicesFilter(v)
	l, err := s.Inventory.List(v.ctx(), v.actor, f)
	if err != nil {
		return err
	}
	return v.render(servicesPage(v, l, f))
}

// servicesPrint shows the list for paper.
func (s *Server) servicesPrint(v *visit) error {
	f := servicesFilter(v)
	l, err := s.Inventory.List(v.ctx(), v.actor, f)
	if err != nil {
		return err
	}
	return v.render(servicesPrintPage(v, l, f))
}

// servicesFile answers the list in a file.
func (s *Server) servicesFile(v *visit) error {
	l, err := s.Inventory.List(v.ctx(), v.actor, servicesFilter(v))
	if err != nil {
		return err
	}
	f, err := l.File(v.actor.Pack, v.p.Lang, v.query("format"))
	if err != nil {
		return err
	}
	return v.send(f.Name, f.Media, f.Data)
}

// servicesAt is the address of the list as it is narrowed.
func servicesAt(path string, f inventory.Filter, more ...string) string {
	show := ""
	if f.Refused {
		show = "refused"
	}
	return path + withQuery(append([]string{"q", f.Typed, "class", f.Class, "show", show}, more...)...)
}

func servicesTabs(v *visit, f inventory.Filter, here string) []ui.Filter {
	tabs := []ui.Filter{
		{Href: "/services", Text: v.T(v.ours("inventory.tab.authorised")), Count: -1, Current: here == "services" && !f.Refused},
		{Href: "/services?show=refused", Text: v.T(v.ours("inventory.tab.refused")), Count: -1, Current: here == "services" && f.Refused},
	}
	if v.may(policy.InventoryNote) {
		tabs = append(tabs, ui.Filter{Href: "/services/found", Text: v.T("inventory.tab.found"), Count: -1, Current: here == "found"})
	}
	return tabs
}

// classTabs narrow the list to what may receive a class.
func classTabs(v *visit, l inventory.List, f inventory.Filter) []ui.Filter {
	tabs := []ui.Filter{{Href: servicesAt("/services", inventory.Filter{Typed: f.Typed}), Text: v.T("inventory.class_any"), Count: -1, Current: f.Class == ""}}
	for _, level := range l.Scheme.Levels {
		tabs = append(tabs, ui.Filter{Href: servicesAt("/services", inventory.Filter{Typed: f.Typed, Class: level.Code}), Text: level.Title(v.p.Lang),
			Count: -1, Current: f.Class == level.Code})
	}
	return tabs
}

func (v *visit) resultLook(r decision.Result) (ui.Tone, string, string) {
	tone, icon := ui.Look(string(r))
	return tone, icon, v.T("catalogue.status." + string(r))
}

// ---- what is found in use

func (s *Server) foundList(v *visit) error {
	all, err := s.Inventory.Found(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	classes, err := s.Classification.Settings(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(foundPage(v, all, classes.Scheme))
}

func (s *Server) foundNote(v *visit) error {
	if _, err := s.Inventory.Note(v.ctx(), v.actor, inventory.Seen{Platform: v.form("platform"), URL: v.form("url"), On: v.form("on"),
		Text: v.form("text"), Personal: v.form("personal"), Class: v.form("class")}); err != nil {
		return err
	}
	v.flash("inventory.noted")
	return v.redirect("/services/found")
}

// foundOne shows one, to be settled.
func (s *Server) foundOne(v *visit) error {
	f, err := s.Inventory.One(v.ctx(), v.actor, v.path("id"))
	if err != nil {
		return err
	}
	classes, err := s.Classification.Settings(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(foundOnePage(v, f, classes.Scheme))
}

func (s *Server) foundSettle(v *visit) error {
	if _, err := s.Inventory.Settle(v.ctx(), v.actor, v.path("id"), inventory.Settlement{Outcome: inventory.State(v.form("outcome")),
		Reason: v.form("reason")}); err != nil {
		return err
	}
	v.flash("inventory.settle_done")
	return v.redirect("/services/found")
}

func foundAt(f inventory.Found) string { return "/services/found/" + f.ID }

func (v *visit) foundLook(state inventory.State) (ui.Tone, string, string) {
	tone, icon := ui.Plain, "archive"
	if state == inventory.Open {
		tone, icon = ui.Wait, "hourglass-split"
	}
	return tone, icon, v.T("inventory.state." + string(state))
}

func levelText(v *visit, s classification.Scheme, code string) string {
	level, _ := s.Level(code)
	return level.Title(v.p.Lang)
}

func yesNo(v *visit, name string) []ui.Option {
	return []ui.Option{
		{Value: "yes", Text: v.T("inventory.yes"), Chosen: v.chosen(name, "yes", false)},
		{Value: "no", Text: v.T("inventory.no"), Chosen: v.chosen(name, "no", false)},
	}
}

// levelOptions are the levels of a scheme, in a list that may be left alone.
func levelOptions(v *visit, s classification.Scheme, none string) []ui.Option {
	options := []ui.Option{{Text: v.T(none)}}
	for _, l := range s.Levels {
		options = append(options, ui.Option{Value: l.Code, Text: l.Title(v.p.Lang), Chosen: v.chosen("class", l.Code, false)})
	}
	return options
}

func outcomeOptions(v *visit) (options []ui.Option) {
	for _, o := range inventory.Outcomes {
		options = append(options, ui.Option{Value: string(o), Text: v.T("inventory.outcome." + string(o)), Chosen: v.chosen("outcome", string(o), false)})
	}
	return options
}
