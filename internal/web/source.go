package web

import (
	"maps"
	"slices"
	"strconv"

	"aval/internal/policy"
	"aval/internal/source"
	"aval/internal/web/ui"
)

// sourceRoutes are the pages on the systems from which the roster is fetched.
func (s *Server) sourceRoutes() []route {
	return []route{
		{pattern: "GET /roster/sources", need: policy.RosterImport, do: s.sourceList},
		{pattern: "GET /roster/sources/new", need: policy.RosterImport, do: s.sourceNew},
		{pattern: "POST /roster/sources", need: policy.RosterImport, do: s.sourceAdd, form: s.sourceNew},
		{pattern: "GET /roster/sources/{id}", need: policy.RosterImport, do: s.source},
		{pattern: "GET /roster/sources/{id}/edit", need: policy.RosterImport, do: s.sourceTerms},
		{pattern: "POST /roster/sources/{id}/edit", need: policy.RosterImport, do: s.sourceEdit, form: s.sourceTerms},
		{pattern: "POST /roster/sources/{id}/test", need: policy.RosterImport, do: s.sourceTry, form: s.source},
		{pattern: "POST /roster/sources/{id}/fetch", need: policy.RosterImport, do: s.sourceFetch, form: s.source},
		{pattern: "POST /roster/sources/{id}/accept", need: policy.RosterImport, do: s.sourceAccept, form: s.source},
		{pattern: "POST /roster/sources/{id}/drop", need: policy.RosterImport, do: s.sourceDrop, form: s.source},
		{pattern: "POST /roster/sources/{id}/remove", need: policy.RosterImport, do: s.sourceRemove, form: s.source},
	}
}

const sourcesAt = "/roster/sources"

func sourceAt(id source.ID) string { return sourcesAt + "/" + string(id) }

func (v *visit) sourceID() source.ID { return source.ID(v.path("id")) }

// toSource leads back to the source once something was done.
func (v *visit) toSource(err error, said string) error {
	if err != nil {
		return err
	}
	v.flash(said)
	return v.redirect(sourceAt(v.sourceID()))
}

func (s *Server) sourceList(v *visit) error {
	list, err := s.Sources.List(v.ctx(), v.actor)
	if err != nil {
		return err
	}
	return v.render(sourcesPage(v, list))
}

func (s *Server) sourceNew(v *visit) error {
	return v.render(sourceNewPage(v))
}

// sourceSent is what was typed of a source; a number that is none is refused as -1 is.
func (v *visit) sourceSent() source.Terms {
	t := source.Terms{Name: v.form("name"), Edition: source.Edition(v.form("edition")), BaseURL: v.form("base_url"),
		TokenURL: v.form("token_url"), ClientID: v.form("client_id"), Secret: v.r.PostForm.Get("secret"), Every: source.Every(v.form("every"))}
	for name, into := range map[string]*int{"hour": &t.Hour, "weekday": &t.Weekday, "full_days": &t.FullDays} {
		*into = numberTyped(v.form(name))
	}
	return t
}

func (s *Server) sourceAdd(v *visit) error {
	made, err := s.Sources.Add(v.ctx(), v.actor, v.sourceSent())
	if err != nil {
		return err
	}
	v.flash("source.page.added")
	return v.redirect(sourceAt(made.ID))
}

func (s *Server) source(v *visit) error {
	one, err := s.Sources.View(v.ctx(), v.actor, v.sourceID())
	if err != nil {
		return err
	}
	return v.render(sourcePage(v, one))
}

func (s *Server) sourceTerms(v *visit) error {
	one, err := s.Sources.View(v.ctx(), v.actor, v.sourceID())
	if err != nil {
		return err
	}
	return v.render(sourceTermsPage(v, one.Source))
}

func (s *Server) sourceEdit(v *visit) error {
	return v.toSource(s.Sources.Edit(v.ctx(), v.actor, v.sourceID(), v.sourceSent(), versionSent(v)), "source.page.edited")
}

// sourceTry tests the connection, and says at once what it found.
func (s *Server) sourceTry(v *visit) error {
	tried, err := s.Sources.Try(v.ctx(), v.actor, v.sourceID())
	switch {
	case err != nil:
		return err
	case tried.Trouble != "":
		v.flashAs(ui.Stop, "source.trouble."+tried.Trouble)
	case tried.Orgs < 0:
		v.flash("source.page.tried")
	default:
		v.flash("source.page.tried_count", v.p.N("source.orgs", tried.Orgs))
	}
	return v.redirect(sourceAt(v.sourceID()))
}

func (s *Server) sourceFetch(v *visit) error {
	_, err := s.Sources.Start(v.ctx(), v.actor, v.sourceID(), v.form("whole") == "yes")
	return v.toSource(err, "source.page.started")
}

func (s *Server) sourceAccept(v *visit) error {
	return v.toSource(s.Sources.Accept(v.ctx(), v.actor, v.sourceID(), v.form("pull")), "source.page.accepted")
}

func (s *Server) sourceDrop(v *visit) error {
	return v.toSource(s.Sources.Drop(v.ctx(), v.actor, v.sourceID(), v.form("pull")), "source.page.dropped")
}

func (s *Server) sourceRemove(v *visit) error {
	if err := s.Sources.Remove(v.ctx(), v.actor, v.sourceID()); err != nil {
		return err
	}
	v.flash("source.page.removed")
	return v.redirect(sourcesAt)
}

// ---- words and looks

// pullLook is how a fetch stands.
func (v *visit) pullLook(p source.Pull) (ui.Tone, string, string) {
	word := v.T("source.state." + string(p.State))
	switch p.State {
	case source.Done:
		return ui.OK, "check-circle-fill", word
	case source.Failed:
		return ui.Stop, "x-octagon-fill", word
	case source.Held:
		return ui.Stop, "exclamation-circle-fill", word
	case source.Dropped:
		return ui.Plain, "archive", word
	}
	return ui.Wait, "hourglass-split", word
}

// pullWords say what happened last, or what is to be done.
func (v *visit) pullWords(p source.Pull) string {
	switch {
	case p.State == source.Held:
		return v.T("source.page.held", p.Counts.Left, p.Counts.Active)
	case p.Trouble != "":
		return v.T(p.Reason())
	}
	return ""
}

// pullScope tells a fetch of everything from one of what changed.
func (v *visit) pullScope(p source.Pull) string {
	if p.Whole {
		return v.T("source.page.whole")
	}
	return v.T("source.page.changes")
}

// counted is a count and what it counts.
type counted struct {
	Text string
	N    int
}

// pullRecords are the records that were read, by collection in the standard's order.
func (v *visit) pullRecords(p source.Pull) (all []counted) {
	for _, name := range []string{"orgs", "academicSessions", "courses", "classes", "users", "enrollments"} {
		if n, ok := p.Counts.Records[name]; ok {
			all = append(all, counted{v.T("source.records." + name), n})
		}
	}
	return all
}

// pullWarnings are what was taken though it was written otherwise.
func (v *visit) pullWarnings(p source.Pull) (all []counted) {
	for _, code := range slices.Sorted(maps.Keys(p.Counts.Warnings)) {
		all = append(all, counted{v.T("source.warning." + code), p.Counts.Warnings[code]})
	}
	return all
}

// sourceEvery is how often a source is fetched.
func (v *visit) sourceEvery(s source.Source) string {
	switch s.Every {
	case source.Daily:
		return v.T("source.every.daily_at", s.Hour)
	case source.Weekly:
		return v.T("source.every.weekly_at", v.T("source.weekday."+strconv.Itoa(s.Weekday)), s.Hour)
	}
	return v.T("source.every." + string(s.Every))
}

func sourceInput(v *visit, name, kept string) ui.Input {
	hint := "source.hint." + name
	if !v.p.Has(hint) {
		hint = ""
	}
	return v.input(name, "source.field."+name, hint, kept)
}

func sourceNumber(v *visit, name string, kept int) ui.Input {
	return kindOf(sourceInput(v, name, strconv.Itoa(kept)), "number", 0)
}

// secretInput is typed and never shown again, not even when the form comes back.
func secretInput(v *visit, kept bool) ui.Input {
	f := ui.Input{Name: "secret", Label: v.T("source.field.secret"), Hint: v.T("source.hint.secret"), Error: v.wrong("secret"),
		Type: "password", Complete: "off"}
	if kept {
		f.Hint, f.Optional = v.T("source.hint.secret_kept"), true
	}
	return f
}

func editionOptions(v *visit, kept source.Edition) (options []ui.Option) {
	for _, e := range source.Editions {
		options = append(options, ui.Option{Value: string(e), Text: "OneRoster " + string(e), Chosen: v.chosen("edition", string(e), e == kept)})
	}
	return options
}

func everyOptions(v *visit, kept source.Every) (options []ui.Option) {
	for _, e := range source.Frequencies {
		options = append(options, ui.Option{Value: string(e), Text: v.T("source.every." + string(e)), Chosen: v.chosen("every", string(e), e == kept)})
	}
	return options
}

func weekdayOptions(v *visit, kept int) (options []ui.Option) {
	for n := range 7 {
		day := strconv.Itoa(n)
		options = append(options, ui.Option{Value: day, Text: v.T("source.weekday." + day), Chosen: v.chosen("weekday", day, n == kept)})
	}
	return options
}
