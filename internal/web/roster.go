package web

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/policy"
	"aval/internal/roster"
	"aval/internal/web/ui"
)

// rosterRoutes are the pages of what comes into the roster.
func (s *Server) rosterRoutes() []route {
	return []route{
		{pattern: "GET /roster", need: policy.RosterRead, do: s.rosterPage},
		{pattern: "GET /roster/import", need: policy.RosterImport, do: s.rosterForm},
		{pattern: "POST /roster/import", need: policy.RosterImport, do: s.rosterUpload, form: s.rosterForm, unread: true},
		{pattern: "GET /roster/imports/{id}", need: policy.RosterRead, do: s.rosterImport},
		{pattern: "POST /roster/imports/{id}/confirm", need: policy.RosterImport, do: s.rosterConfirm, form: s.rosterImport},
		{pattern: "POST /roster/imports/{id}/cancel", need: policy.RosterImport, do: s.rosterCancel, form: s.rosterImport},
	}
}

// rosterShown is how many imports the page lists.
const rosterShown = 20

func (s *Server) rosterPage(v *visit) error {
	imports, err := s.Rosters.Last(v.ctx(), v.actor, rosterShown)
	if err != nil {
		return err
	}
	return v.render(rosterListPage(v, imports))
}

func (s *Server) rosterForm(v *visit) error {
	if err := v.actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return err
	}
	return v.render(rosterFormPage(v))
}

// rosterUpload hands the file on as it comes: it is kept nowhere but sealed.
func (s *Server) rosterUpload(v *visit) error {
	if err := v.actor.Allow(policy.RosterImport, policy.Scope{}); err != nil {
		return err
	}
	line, until := http.NewResponseController(v.w), time.Now().Add(roster.UploadTime)
	if err := errors.Join(line.SetReadDeadline(until), line.SetWriteDeadline(until)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("time for a set to come in: %w", err)
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, s.Rosters.MaxUpload()+plainLimit)
	parts, err := v.r.MultipartReader()
	if err != nil {
		return noSet()
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return noSet()
		}
		if err != nil {
			return unreadable(err)
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		id, err := s.Rosters.UploadFrom(v.ctx(), v.actor, part)
		if f, ok := fault.As(err); ok && f.Kind == fault.Invalid && len(f.Fields) == 0 {
			return fault.FormMsg(map[string]fault.Message{"file": {Key: f.Key, Args: f.Args}})
		}
		if err != nil {
			return err
		}
		return v.redirect(importAt(id))
	}
}

func noSet() error { return fault.Form(map[string]string{"file": "roster.set_required"}) }

func importAt(id roster.ImportID) string { return "/roster/imports/" + string(id) }

// rosterImport shows an import as far as it is; while something is being done the
// page asks again by itself, also without a script.
func (s *Server) rosterImport(v *visit) error {
	p, err := s.Rosters.Progress(v.ctx(), v.actor, roster.ImportID(v.path("id")))
	if err != nil {
		return err
	}
	schools := map[string]string{}
	if p.Preview != nil {
		if schools, err = s.Rosters.Schools(v.ctx(), v.actor); err != nil {
			return err
		}
	}
	r, err := s.Mappings.ReportOf(v.ctx(), v.actor, p.ID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if !p.State.Over() && p.State != roster.Previewed {
		v.w.Header().Set("Refresh", "3")
	}
	return v.render(rosterImportPage(v, p, schools, r.Mapping != ""))
}

func (s *Server) rosterConfirm(v *visit) error {
	id := roster.ImportID(v.path("id"))
	var told []roster.Told
	if v.form("retire") == "yes" {
		told = append(told, roster.RetireMost)
	}
	if err := s.Rosters.Confirm(v.ctx(), v.actor, id, told...); err != nil {
		return err
	}
	return v.redirect(importAt(id))
}

func (s *Server) rosterCancel(v *visit) error {
	if err := s.Rosters.Cancel(v.ctx(), v.actor, roster.ImportID(v.path("id"))); err != nil {
		return err
	}
	v.flash("roster.cancelled")
	return v.redirect("/roster")
}

// importBy is who asked for an import: the program's own hands are named in words.
func (v *visit) importBy(p roster.Progress) string {
	if p.Who != p.Actor {
		return p.Who
	}
	return byText(v, "")
}

// importLook is the badge of an import.
func (v *visit) importLook(p roster.Progress) (ui.Tone, string, string) {
	look := map[roster.State]struct {
		tone ui.Tone
		icon string
	}{
		roster.Finished: {ui.OK, "check-circle-fill"}, roster.Previewed: {ui.Info, "hand-index"},
		roster.Refused: {ui.Stop, "x-octagon-fill"}, roster.Cancelled: {ui.Plain, "dash-circle"}, roster.Cut: {ui.Stop, "x-octagon-fill"},
	}[p.State]
	if look.icon == "" {
		look.tone, look.icon = ui.Wait, "hourglass-split"
	}
	return look.tone, look.icon, v.T("roster.state." + string(p.State))
}

// schoolName is how the board calls a school of a set, or the roster if it is new.
func schoolName(schools map[string]string, s roster.SchoolChanges) string {
	return cmp.Or(s.Name, schools[s.School], s.School)
}

func byName(schools map[string]string, by []roster.SchoolChanges) []roster.SchoolChanges {
	return slices.SortedStableFunc(slices.Values(by), func(a, b roster.SchoolChanges) int {
		return cmp.Compare(db.Fold(schoolName(schools, a)), db.Fold(schoolName(schools, b)))
	})
}

// changesOf are the rows of the table of what would change.
func changesOf(p *roster.Preview) []struct {
	key string
	roster.Changes
} {
	return []struct {
		key string
		roster.Changes
	}{{"roster.pupils", p.Pupils}, {"roster.staff", p.Others}}
}

// reportOf are the counts of an import, by the keys of their words.
func reportOf(r roster.Report) []struct {
	key string
	n   int
} {
	return []struct {
		key string
		n   int
	}{{"roster.pupils", r.Students}, {"roster.staff", r.Staff}, {"roster.schools", r.Schools}, {"roster.classes", r.Classes},
		{"roster.enrollments", r.Enrollments}, {"roster.births", r.Births}}
}

func (v *visit) num(n int) string { return v.p.Int(int64(n)) }

// moment is a day and an hour.
func (v *visit) moment(at time.Time) string { return v.T("roster.moment", v.p.Date(at), v.p.Time(at)) }

// defectsShown is how many defects a page lists; all are counted.
const defectsShown = 50

func firstDefects(all []roster.Defect) []roster.Defect { return all[:min(len(all), defectsShown)] }

func sumOf(list []roster.Warning) (n int) {
	for w := range slices.Values(list) {
		n += w.Count
	}
	return n
}

func rowText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
