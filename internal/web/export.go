package web

import (
	"strconv"
	"strings"

	"aval/internal/export"
	"aval/internal/licence"
	"aval/internal/policy"
	"aval/internal/web/ui"
)

// exportRoutes are the pages on the files that leave for the platform of a licence.
func (s *Server) exportRoutes() []route {
	return []route{
		{pattern: "GET /licences/{id}/exports", need: policy.LicenceRead, do: s.exports},
		{pattern: "POST /licences/{id}/exports", need: policy.AccessProvision, do: s.exportAsk, form: s.exports},
		{pattern: "POST /licences/{id}/exports/{export}/approve", need: policy.AccessApprove, do: s.exportApprove},
		{pattern: "POST /licences/{id}/exports/{export}/download", need: policy.AccessProvision, do: s.exportDownload},
		{pattern: "GET /licences/{id}/routes", need: policy.AccessProvision, do: s.exportRouteNew},
		{pattern: "POST /licences/{id}/routes", need: policy.AccessProvision, do: s.exportRouteAdd, form: s.exportRouteNew},
		{pattern: "POST /licences/{id}/routes/{route}/approve", need: policy.AccessApprove, do: s.exportRouteApprove},
		{pattern: "POST /licences/{id}/routes/{route}/send", need: policy.AccessProvision, do: s.exportRouteSend},
		{pattern: "POST /licences/{id}/routes/{route}/end", need: policy.AccessProvision, do: s.exportRouteEnd},
	}
}

func exportsAt(id licence.ID) string { return "/licences/" + string(id) + "/exports" }

// toExports leads back to the exports once something was done.
func (v *visit) toExports(err error, said string) error {
	if err != nil {
		return err
	}
	v.flash(said)
	return v.redirect(exportsAt(v.licenceID()))
}

func (s *Server) exports(v *visit) error {
	x, err := s.Exports.View(v.ctx(), v.actor, v.licenceID())
	if err != nil {
		return err
	}
	l, err := s.Licences.View(v.ctx(), v.actor, v.licenceID())
	if err != nil {
		return err
	}
	return v.render(exportsPage(v, l, x))
}

func (v *visit) shapeSent() export.Shape {
	var columns []export.Column
	for _, c := range exportColumns(v) {
		if c != (export.Column{}) {
			columns = append(columns, c)
		}
	}
	return export.Shape{Profile: export.Profile(v.form("profile")), Columns: columns}
}

// columnRows is how many columns of a plain table the form asks for.
const columnRows = 12

// exportColumns are the rows of the form, also those left empty; a text that stands
// beside what holds none is kept, to be refused.
func exportColumns(v *visit) []export.Column {
	columns := make([]export.Column, columnRows)
	for i := range columns {
		columns[i] = export.Column{Title: v.form(columnName("columns", i)), Holds: export.Held(v.form(columnName("holds", i))), Text: v.form(columnName("text", i))}
	}
	return columns
}

// columnName is the name of a field of a row: the titles are columns, columns.2 and so on.
func columnName(field string, row int) string {
	if row == 0 {
		return field
	}
	return field + "." + strconv.Itoa(row+1)
}

// exportColumnsOpen tells whether the columns are to be seen at once.
func exportColumnsOpen(v *visit) bool {
	return export.Profile(v.form("profile")) == export.Plain || v.wrong("columns") != ""
}

func exportHolds(v *visit, chosen export.Held) []ui.Option {
	options := []ui.Option{{Text: v.T("export.holds_none"), Chosen: chosen == ""}}
	for _, held := range export.Helds {
		options = append(options, ui.Option{Value: string(held), Text: v.T("export.holds." + string(held)), Chosen: held == chosen})
	}
	return options
}

func (s *Server) exportAsk(v *visit) error {
	_, err := s.Exports.Ask(v.ctx(), v.actor, v.licenceID(), v.shapeSent())
	return v.toExports(err, "export.said.asked")
}

func (s *Server) exportApprove(v *visit) error {
	_, err := s.Exports.Approve(v.ctx(), v.actor, v.licenceID(), export.ID(v.path("export")))
	return v.toExports(err, "export.said.approved")
}

func (s *Server) exportDownload(v *visit) error {
	f, err := s.Exports.Download(v.ctx(), v.actor, v.licenceID(), export.ID(v.path("export")))
	if err != nil {
		return err
	}
	return v.send(f.Name, f.Media, f.Data)
}

func (s *Server) exportRouteNew(v *visit) error {
	x, err := s.Exports.View(v.ctx(), v.actor, v.licenceID())
	if err != nil {
		return err
	}
	if err := v.actor.Allow(policy.AccessProvision, x.Licence.Place()); err != nil {
		return err
	}
	return v.render(exportRoutePage(v, x))
}

func (s *Server) exportRouteAdd(v *visit) error {
	r := export.Route{LicenceID: v.licenceID(), Shape: v.shapeSent(), Host: v.form("host"), Port: number64(v.form("port"), 22), Login: v.form("login"),
		HostKey: v.form("host_key"), Folder: v.form("folder"), Secret: export.SecretKind(v.form("secret_kind")), Every: export.Every(v.form("every")),
		Weekday: number64(v.form("weekday"), 0), Hour: number64(v.form("hour"), 0)}
	_, err := s.Exports.Record(v.ctx(), v.actor, r, v.r.PostForm.Get("secret"))
	return v.toExports(err, "export.said.recorded")
}

// number64 is a number that may be left out; one that is none is refused as -1 is.
func number64(typed string, usual int64) int64 {
	if typed == "" {
		return usual
	}
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func (v *visit) routeID() export.RouteID { return export.RouteID(v.path("route")) }

func (s *Server) exportRouteApprove(v *visit) error {
	_, err := s.Exports.ApproveRoute(v.ctx(), v.actor, v.licenceID(), v.routeID())
	return v.toExports(err, "export.said.route_approved")
}

func (s *Server) exportRouteSend(v *visit) error {
	_, err := s.Exports.Send(v.ctx(), v.actor, v.licenceID(), v.routeID())
	return v.toExports(err, "export.said.asked")
}

func (s *Server) exportRouteEnd(v *visit) error {
	_, err := s.Exports.EndRoute(v.ctx(), v.actor, v.licenceID(), v.routeID())
	return v.toExports(err, "export.said.route_ended")
}

func exportProfiles(v *visit) (options []ui.Option) {
	for _, p := range export.Profiles {
		options = append(options, ui.Option{Value: string(p), Text: v.T("export.profile." + string(p)), Hint: v.T("export.profile_hint." + string(p)),
			Chosen: v.chosen("profile", string(p), p == export.OneRoster12)})
	}
	return options
}

func exportEverys(v *visit) (options []ui.Option) {
	for _, e := range export.Everys {
		options = append(options, ui.Option{Value: string(e), Text: v.T("export.every." + string(e)), Chosen: v.chosen("every", string(e), e == export.OnDemand)})
	}
	return options
}

func exportSecrets(v *visit) (options []ui.Option) {
	for _, k := range []export.SecretKind{export.Password, export.PrivateKey} {
		options = append(options, ui.Option{Value: string(k), Text: v.T("export.secret." + string(k)), Chosen: v.chosen("secret_kind", string(k), k == export.Password)})
	}
	return options
}

func exportWeekdays(v *visit) (options []ui.Option) {
	for day := range 7 {
		n := strconv.Itoa(day)
		options = append(options, ui.Option{Value: n, Text: v.T("export.weekday." + n), Chosen: v.chosen("weekday", n, day == 0)})
	}
	return options
}

// exportLook is how far an export has come.
func exportLook(e export.Export) (tone ui.Tone, icon, key string) {
	key = "export.state." + string(e.State)
	switch e.State {
	case export.Sent:
		return ui.OK, "check-circle", key
	case export.Stopped, export.Refused, export.Failed:
		return ui.Stop, "exclamation-circle-fill", key
	case export.Asked, export.Ready, export.Approved:
	}
	return ui.Wait, "hourglass-split", key
}

func exportFields(v *visit, e export.Export) string {
	names := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		names[i] = fieldName(v, f)
	}
	if len(names) == 0 {
		return v.T("export.pseudonyms")
	}
	return strings.Join(names, ", ")
}

// routeLook is how a route stands.
func routeLook(r export.Route) (tone ui.Tone, icon, key string) {
	switch {
	case !r.EndedAt.IsZero():
		return ui.Plain, "slash-circle", "export.route.ended"
	case r.ApprovedAt.IsZero():
		return ui.Wait, "hourglass-split", "export.route.waits"
	}
	return ui.OK, "check-circle", "export.route.goes"
}

// routeSecretInput is a field whose text is never sent back.
func routeSecretInput(v *visit) ui.Input {
	f := v.input("secret", "export.secret", "export.secret_hint", "")
	f.Value, f.Rows = "", 4
	return f
}
